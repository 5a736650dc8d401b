"""Files that a user hands in: looked at before they are read, so that no device, pipe or trick in YAML holds us up."""

from __future__ import annotations

import csv
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import DataError

__all__ = ["check_given", "check_table", "given_text", "given_yaml"]

_BLOCK = 1 << 20
_MOST_YAML = 1_000_000  # bytes
_MOST_DEPTH = 50
_MOST_NODES = 100_000


def check_given(file: Path) -> None:
    """Raise unless a file is a regular one without NUL bytes; one that is not there is left to whoever reads it.

    Parameters
    ----------
    file : Path
        CSV, YAML or another text.

    Raises
    ------
    DataError
        A folder, device or pipe; links in a circle; not readable; holds NUL bytes, as UTF-16 and binary files do.
    """
    try:
        kind = file.stat().st_mode
        if stat.S_ISDIR(kind):
            raise DataError([f"{file}: cannot be read: is a folder, expected a file"])
        if not stat.S_ISREG(kind):
            raise DataError([f"{file}: cannot be read: is a device or a pipe, expected a file"])
        at = 0
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                if (found := block.find(b"\0")) >= 0:
                    raise DataError([f"{file}: byte {at + found} is NUL; is it UTF-16 or no text? Save it as UTF-8"])
                at += len(block)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None


def check_table(file: Path) -> None:
    """Raise unless every row of a CSV table has as many cells as its header.

    Parameters
    ----------
    file : Path

    Raises
    ------
    DataError
        As of `check_given`; not UTF-8; semicolons between columns; rows that are longer or shorter.
    """
    check_given(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream)
            head = next(rows, [])
            odd = [(n, len(row)) for n, row in enumerate(rows, 2) if row and len(row) != len(head) and any(row)]
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise DataError([f"{file}: byte {error.start} is not UTF-8; save the file as CSV UTF-8"]) from None
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError([f"{file}: not a readable CSV table ({reason})"]) from None
    if any(";" in name for name in head):
        raise DataError([f"{file}: expected commas between columns, got semicolons; save it as CSV with commas"])
    if odd:
        raise DataError(_odd_row(file, number, cells, len(head)) for number, cells in odd)


def _odd_row(file: Path, number: int, cells: int, wanted: int) -> str:
    has = f"row {number} has {cells} cells, the header {wanted}"
    if cells > wanted:
        return f"{file}: rows have more cells than the header; is a text with a comma not quoted? ({has})"
    return f"{file}: rows have fewer cells than the header; is the file cut off, or a comma lost? ({has})"


def given_text(file: Path, most: int | None = None) -> str:
    """Return a text in UTF-8; `FileNotFoundError` where there is no such file.

    Parameters
    ----------
    file : Path
    most : int, optional
        Bytes that it may have.

    Raises
    ------
    DataError
        As of `check_given`; not UTF-8; too large.
    """
    check_given(file)
    try:
        if most is not None and (size := file.stat().st_size) > most:
            raise DataError([f"{file}: has {size:,} bytes, expected {most:,} at most"])
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise DataError([f"{file}: byte {error.start} is not UTF-8; save it as UTF-8"]) from None
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None


def given_yaml(file: Path) -> Any:
    """Return what a YAML file holds; `FileNotFoundError` where there is no such file.

    Raises
    ------
    DataError
        As of `given_text`; not YAML; too deep, or too much once its aliases are followed.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    text = given_text(file, _MOST_YAML)
    try:
        if told := _trick(YAML(typ="safe").parse(text)):
            raise DataError([f"{file}, {told}"])
        return YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError([f"{file}: cannot be read: not readable as YAML: {_short(error)}"]) from None


def _trick(events: Iterable[Any]) -> str:
    """Return what is wrong: aliases that lead nowhere or in circles, too deep, or too much once they are followed.

    Nothing if the text may be read.
    """
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

    sizes: dict[str, int | None] = {}  # of anchors, None while they are open
    inside: list[tuple[str | None, int]] = []  # anchor, and how many values there were before
    count = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, (CollectionStartEvent, ScalarEvent)):
            if event.anchor in sizes:
                return f"line {line}: anchor &{_short(event.anchor)} stands twice; give each a name of its own"
            if event.anchor:
                sizes[event.anchor] = None
            inside.append((event.anchor, count))
            count += 1
        if isinstance(event, AliasEvent):
            name = _short(event.anchor)
            if event.anchor not in sizes:
                return f"line {line}: no anchor is called &{name}; text that begins with * needs quotes"
            size = sizes[event.anchor]
            if size is None:
                return f"line {line}: *{name} stands within what &{name} names, without end"
            count += size
        if isinstance(event, (CollectionEndEvent, ScalarEvent)):
            anchor, before = inside.pop()
            if anchor:
                sizes[anchor] = count - before
        if len(inside) > _MOST_DEPTH:
            return f"line {line}: is nested deeper than {_MOST_DEPTH} levels"
        if count > _MOST_NODES:
            return f"line {line}: holds more than {_MOST_NODES:,} values once aliases are followed"
    return ""


def _short(error: object) -> str:
    told = " ".join(str(error).split())
    return "".join(c if c.isprintable() else "?" for c in told)[:300]
