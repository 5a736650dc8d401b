"""Files written whole or not at all, and CSV files of any kind read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from networks import DataError
from networks.errors import nearest
from networks.given import check_given
from networks.safely import beside, check_target, real, replace_all, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "HTML",
    "XLSX",
    "checked_path",
    "csv_rows",
    "save_figure",
    "write_folder",
    "write_text",
    "write_texts",
    "write_whole",
]

HTML, XLSX = (".html", ".htm"), (".xlsx",)
"""Endings of reports and workbooks."""

_FORMATS = (".png", ".svg", ".pdf")
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # the same figure has the same bytes


def checked_path(path: str | Path, endings: Sequence[str], what: str) -> Path:
    """Return the path of a file that may be written.

    Parameters
    ----------
    path : path
    endings : sequence of str
        With their dots; the first is proposed.
    what : str
        What is written, with an article.

    Raises
    ------
    DataError
        It ends in something else, or the folder is not there.
    """
    target = Path(path)
    if target.suffix.lower() not in endings:
        raise DataError(
            [f"{target}: {what} ends in {endings[0]}: write for example {target.stem or 'report'}{endings[0]}"]
        )
    if not target.parent.is_dir():
        raise DataError([f"{target}: the folder {target.parent} does not exist"])
    if target.is_dir():
        raise DataError([f"{target}: is a folder; give the name of a file"])
    return target


def csv_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file in UTF-8 that are not empty, with their numbers, cells without spaces around.

    Raises
    ------
    DataError
        The file cannot be read.
    """
    check_given(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = [[cell.strip() for cell in row] for row in csv.reader(text)]
    except UnicodeDecodeError as error:
        raise DataError([f"{path}: byte {error.start} is not UTF-8; save the file as CSV UTF-8"]) from None
    except (OSError, csv.Error) as error:
        raise DataError([f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"]) from None
    return [(number, row) for number, row in enumerate(rows, 1) if any(row)]


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8; an error leaves what was there before.

    Raises
    ------
    DataError
        The folder does not exist or cannot be written to.
    """
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline=""))


def save_figure(path: Path, draw: Callable[[], Figure]) -> None:
    """Draw a figure in the house style and write it in the format of the file's ending, PNG, SVG or PDF.

    Raises
    ------
    DataError
        Another ending, or the folder cannot be written to; nothing is drawn then.
    """
    ending = path.suffix.lower()
    if ending not in _FORMATS:
        wanted = f"expected one of {', '.join(_FORMATS)}{nearest(ending, _FORMATS)}"
        raise DataError([f"{path}: cannot write {ending or 'a file without ending'}, {wanted}"])
    from .style import house_style, pyplot

    def write(part: Path) -> None:
        figure = draw()
        drawn = io.BytesIO()  # so that a full disk is met by us, not by the library
        figure.savefig(drawn, format=ending[1:], dpi=150, metadata=_UNDATED.get(ending))
        part.write_bytes(drawn.getvalue())
        pyplot().close(figure)

    with house_style():
        write_whole(path, write)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file and put it in the place of `path`; an error leaves what was there before.

    Parameters
    ----------
    path : path
    write : callable
        Gets the path of an empty file beside it.

    Raises
    ------
    DataError
        The folder does not exist or cannot be written to.
    """
    target = check_target(path)
    with _beside(target) as part:
        write(part)
        part.replace(target)


def write_texts(files: Mapping[Path, str]) -> None:
    """Write several texts as UTF-8, all or none.

    Raises
    ------
    DataError
        A folder does not exist or cannot be written to.
    """
    files = {check_target(path): text for path, text in files.items()}
    with ExitStack() as stack:
        parts = {path: stack.enter_context(_beside(path)) for path in files}
        for path, part in parts.items():
            part.write_text(files[path], encoding="utf-8", newline="")
        replace_all(parts)


def write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts as UTF-8 to files of a folder, all or none; the folder is made where there is none.

    Raises
    ------
    DataError
        It cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError([f"{folder}: cannot be written: is no folder"])
    if folder.exists():
        write_texts({folder / name: text for name, text in texts.items()})
        return
    home = real(folder)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError([f"{folder}: cannot be written ({error.strerror})"]) from None
    with replacing(home) as part:
        for name, text in texts.items():
            (part / name).write_text(text, encoding="utf-8", newline="")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield an empty file of the name of another, which is gone afterwards."""
    with beside(path) as folder:
        part = folder / path.name
        part.touch()
        yield part
