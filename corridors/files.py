"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from networks import DataError
from networks.errors import nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["save_figure", "write_text"]

_FORMATS = (".png", ".svg", ".pdf")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8; an error leaves what was there before.

    Raises
    ------
    DataError
        The folder does not exist or cannot be written to.
    """
    _replace(path, lambda part: part.write_text(text, encoding="utf-8", newline=""))


def save_figure(path: Path, draw: Callable[[], Figure]) -> None:
    """Draw a figure and write it in the format of the file's ending, PNG, SVG or PDF.

    Raises
    ------
    DataError
        Another ending, or the folder cannot be written to; nothing is drawn then.
    """
    ending = path.suffix.lower()
    if ending not in _FORMATS:
        wanted = f"expected one of {', '.join(_FORMATS)}{nearest(ending, _FORMATS)}"
        raise DataError([f"{path}: cannot write {ending or 'a file without ending'}, {wanted}"])
    _replace(path, lambda part: draw().savefig(part, format=ending[1:], dpi=150))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    if not path.parent.is_dir():
        raise DataError([f"{path}: the folder {path.parent} does not exist"])
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise DataError([f"{path}: cannot be written ({error.strerror})"]) from None
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise DataError([f"{path}: cannot be written ({error.strerror})"]) from None
    finally:
        part.unlink(missing_ok=True)
