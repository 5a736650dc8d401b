"""Tables as the sheets of an xlsx file: text stays text, numbers keep 16 digits, the same give the same file."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .document import Column

__all__ = ["Sheet", "Shown", "number_format", "plain", "sheet_names", "xlsx"]

_MOST_LETTERS, _MOST_NAME = 32_767, 31  # of a cell and of a sheet's name, as Excel counts: in UTF-16
_CANNOT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what a reader of xlsx takes for the number of a letter
_FORMULA = ("=", "+", "-", "@")
_NARROW, _WIDE, _HEAD = 8, 60, 16  # letters
_DIGITS, _MOST_DECIMALS = 3, 6
_NOISE = 1e-9  # of the largest number, or of 1
_LINE_PT = 15
_FIRST = (1980, 1, 1, 0, 0, 0)  # day that a zip file knows first


class Shown(NamedTuple):
    """A cell with a number format of its own, or that leads to another sheet."""

    value: Any
    form: str = ""
    sheet: str = ""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table of a workbook.

    Attributes
    ----------
    name : str
        Made legal and unique by `sheet_names`.
    frame : DataFrame
        Written whole.
    columns : sequence of Column
        In order: names of the frame, heads with units, formats of numbers as in Python.
    caption, note : str
        What it shows; not in the sheet itself, whose first row holds the heads.
    wraps : bool
        Whether it is text to be read: long lines are broken and rows are not to be filtered.
    """

    name: str
    frame: pd.DataFrame
    columns: Sequence[Column]
    caption: str = ""
    note: str = ""
    wraps: bool = False


def xlsx(sheets: Sequence[Sheet], title: str, made: datetime | None = None) -> bytes:
    """Return an xlsx file.

    Parameters
    ----------
    sheets : sequence of Sheet
        With names as from `sheet_names`.
    title : str
        Of the document.
    made : datetime, optional
        When, in UTC, for the properties of the document; the file itself is the same for the same arguments.

    Returns
    -------
    bytes
        Of each sheet: heads in the first row, frozen, with a filter. Text is never a formula: its type is string, and
        what begins with ``=``, ``+``, ``-`` or ``@`` says so. Letters that XML cannot hold are left out, texts are cut
        at 32,767. Infinite numbers and NaN are empty.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    book.properties.title = plain(title)[:255]
    book.properties.creator = "corridors"
    if made is not None:
        book.properties.created = made.replace(tzinfo=None)
    held = io.BytesIO()
    book.save(held)
    return _timeless(held.getvalue(), made)


def sheet_names(names: Iterable[str]) -> list[str]:
    """Return names that sheets may have: none twice, at most 31 letters, no brackets, colons, slashes, `*` or `?`."""
    found: list[str] = []
    taken = {"history"}  # Excel keeps it for itself
    for name in names:
        legal = re.sub(r"[\[\]:*?/\\\s]+", " ", _CANNOT.sub("", name)).strip(" '") or "sheet"
        tries = (_cut(legal, _MOST_NAME - len(end)).rstrip(" '") + end for end in _endings())
        chosen = next(one for one in tries if one.lower() not in taken)
        taken.add(chosen.lower())
        found.append(chosen)
    return found


def _endings() -> Iterator[str]:
    yield ""
    yield from (f" {number}" for number in count(2))


def plain(text: str) -> str:
    """Return text as a cell can hold it."""
    held = _CANNOT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    held = _ESCAPED.sub("_x005F_", held)
    return held if _letters(held) <= _MOST_LETTERS else f"{_cut(held, _MOST_LETTERS - 1)}…"


def _letters(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, most: int) -> str:
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore")


def number_format(values: Sequence[float], form: str = "") -> str:
    """Return the format that shows the digits of numbers that matter.

    Parameters
    ----------
    values : sequence of float
        Finite.
    form : str
        As of `format`: ``%`` and ``+`` are kept, and decimals at least as many.

    Returns
    -------
    str
        Three digits of the middle of the numbers at least, rounding errors apart; years without commas.
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    percent = form.endswith("%")
    whole = bool((sizes == np.round(sizes)).all())
    if not form and whole and len(sizes) and bool(((sizes >= 1900) & (sizes <= 2100)).all()):
        return "0"
    told = sizes[sizes > _NOISE * max(sizes.max(initial=0.0), 1.0)] * (100 if percent else 1)
    middle = float(np.median(told)) if len(told) else 100.0
    needed = 0 if whole and not percent else _DIGITS - 1 - math.floor(math.log10(middle))
    if needed > _MOST_DECIMALS:
        return "0.00E+00"
    asked = re.search(r"\.(\d+)[f%]", form)
    decimals = max(needed, int(asked[1]) if asked else 0, 0)
    base = f"#,##0{'.' if decimals else ''}{'0' * decimals}{'%' if percent else ''}"
    return f"+{base};-{base};{base}" if form.startswith("+") else base


def _fill(place: Any, sheet: Sheet) -> None:
    """Write a table to an empty sheet."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    head = {
        "font": Font(bold=True),
        "fill": PatternFill("solid", fgColor="EEF1F4"),
        "border": Border(bottom=Side("thin", color="8A949E")),
        "alignment": Alignment(wrap_text=True, vertical="top"),
    }
    body = Alignment(wrap_text=True, vertical="top") if sheet.wraps else None
    lines = 1
    for number, column in enumerate(sheet.columns, 1):
        values = [_value(cell) for cell in sheet.frame[column.name]]
        forms = _forms(values, column)
        top = place.cell(1, number)
        _put(top, column.head, "")
        for what, style in head.items():
            setattr(top, what, style)
        for row, (value, form) in enumerate(zip(values, forms, strict=True), 2):
            cell = place.cell(row, number)
            _put(cell, value, form)
            if body is not None:
                cell.alignment = body
        width = _width(column.head, values, forms)
        if sheet.wraps:
            width = max(width, 30) if number == 1 else 110
        place.column_dimensions[get_column_letter(number)].width = width
        lines = max(lines, math.ceil(len(column.head) / max(width - 3, 1)) + (len(column.head) > width))
    place.row_dimensions[1].height = _LINE_PT * min(lines, 5)
    place.freeze_panes = "A2"
    if not sheet.wraps:
        place.auto_filter.ref = f"A1:{get_column_letter(max(len(sheet.columns), 1))}{len(sheet.frame) + 1}"


def _forms(values: Sequence[Any], column: Column) -> list[str]:
    """Return the number format of each cell: one for all, or, as of ``g``, where each row may have another unit."""
    form = column.form if isinstance(column.form, str) else ""
    numbers = [value for value in values if _is_number(value)]
    if form.endswith("g"):
        return [number_format([value], form) if _is_number(value) else "" for value in values]
    return [number_format(numbers, form) if numbers else ""] * len(values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(cell: Any) -> Any:
    """Return what a cell holds: a number, a truth, a text, or nothing."""
    if isinstance(cell, Shown):
        return cell._replace(value=_value(cell.value))
    if isinstance(cell, tuple | list | set | frozenset):
        return ", ".join(map(str, cell))
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    if isinstance(cell, int | np.integer):
        return int(cell)
    if isinstance(cell, float | np.floating):
        return float(cell) if math.isfinite(cell) else None
    return None if cell is None or pd.isna(cell) else str(cell)


def _put(cell: Any, value: Any, form: str) -> None:
    """Write a value, text as text."""
    if isinstance(value, Shown):
        _put(cell, value.value, value.form)
        if value.sheet:
            _lead(cell, value.sheet)
        return
    if value is None or value == "":
        return
    if not isinstance(value, str):
        cell.value = value
        if form and not isinstance(value, bool):
            cell.number_format = form
        return
    text = plain(value)
    cell.value = text
    cell.data_type = "s"
    if text.lstrip().startswith(_FORMULA):
        cell.quotePrefix = True


def _lead(cell: Any, sheet: str) -> None:
    """Let a cell lead to the top of another sheet."""
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    name = sheet.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1")
    cell.font = Font(color="1F5FA8", underline="single")


def _width(head: str, values: Sequence[Any], forms: Sequence[str]) -> float:
    """Return the width of a column in letters: the longest word of its head, and its cells as they are shown."""
    longest = max((len(word) for word in head.split()), default=0)
    needed = max(longest, min(len(head), _HEAD)) + 3  # the arrow of the filter
    shown = (_shown_letters(v, form) for v, form in zip(values, forms, strict=True) if v is not None)
    cells = max(shown, default=0) + 2
    return float(min(max(needed, cells, _NARROW), _WIDE))


def _shown_letters(value: Any, form: str) -> int:
    if isinstance(value, Shown):
        return _shown_letters(value.value, value.form)
    if not _is_number(value):
        return len(str(value)[: _WIDE + 1])
    decimals = len(form.split(";")[0].rstrip("%").partition(".")[2]) if "E" not in form else 0
    size = value * (100 if "%" in form else 1)
    return len(f"{size:,.{decimals}f}") + ("%" in form) + ("+" in form)


def _timeless(data: bytes, made: datetime | None) -> bytes:
    """Return an xlsx file whose parts do not tell when they were written."""
    day = _FIRST if made is None else max(_FIRST, made.timetuple()[:6])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "docProps/core.xml":
                which = b"modified" if made is not None else b"(?:modified|created)"
                text = re.sub(rb"<dcterms:" + which + rb"[^>]*>[^<]*</[^>]*>", b"", text)
            new.writestr(zipfile.ZipInfo(name, day), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()
