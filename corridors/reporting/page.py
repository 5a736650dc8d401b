"""A report as one HTML file: everything in it, nothing fetched, all text escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError

from .document import Block, Chart, Drawn, Figures, Report, Table, Text
from .svg import inline_svg

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["html"]

_STYLES = ("report.css", "map.css")
_SCRIPTS = ("report.js", "map.js")
_LONG = 140  # letters of a heading
_CELL = 400  # letters; the whole is in the CSV
_WORD = 26  # letters after which a word of a table may break
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_KINDS: dict[type[Any], str] = {Table: "table", Chart: "chart", Drawn: "drawn", Text: "text", Figures: "figures"}


def html(report: Report) -> str:
    """Return a report as an HTML page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        A whole page. Its policy forbids every request, and every script but its own; text of users is written as text.
        The same report gives the same page.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    script = "\n".join(_asset(name) for name in _SCRIPTS)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"shortened": _shortened, "cell": _cell_value, "broken": _broken, "id": id}
    environment.globals |= {"kind_of": lambda block: _KINDS[type(block)]}
    template = environment.from_string(_asset("report.html.j2"))
    named = _Names()
    drawn = {id(block): Markup(_markup(block, named.of(block))) for block in _every(report, Chart, Drawn)}
    data = {named.of(block): _data(block.frame) for block in _every(report, Table, Chart, Drawn)}
    return template.render(
        report=report,
        style=Markup("\n".join(_asset(name) for name in _STYLES)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        drawn=drawn,
        data={name: Markup(text) for name, text in data.items() if text},
        name_of=named.of,
        anchor_of=_Names("").of,
    )


class _Names:
    """Names of blocks or sections as ids: letters, digits and hyphens, numbered where one is there already."""

    def __init__(self, start: str = "fig-") -> None:
        self._start = start
        self._known: dict[int, str] = {}

    def of(self, part: Any) -> str:
        if id(part) not in self._known:
            plain = f"{self._start}{_slug(part.name)}"
            taken = set(self._known.values())
            names = (plain if n == 1 else f"{plain}-{n}" for n in count(1))
            self._known[id(part)] = next(name for name in names if name not in taken)
        return self._known[id(part)]


def _every(report: Report, *kinds: type[Any]) -> Iterator[Any]:
    """Yield the blocks of a report that are of these kinds, in order."""
    first = [block for block in (report.chart, report.table) if block is not None]
    parts: list[Block] = [*first, *report.switching, *report.grades]
    parts += [block for section in report.annexes for block in section.blocks]
    yield from (block for block in parts if isinstance(block, kinds))


def _markup(block: Chart | Drawn, name: str) -> str:
    """Return the markup of a drawing; in words why there is none where there is nothing to draw."""
    try:
        return block.draw(name) if isinstance(block, Drawn) else inline_svg(block.draw(), name, block.words)
    except DataError as error:
        from markupsafe import escape

        return f"<p>Not drawn: {escape(str(error))}</p>"


def _data(frame: pd.DataFrame | None) -> str:
    """Return a table as CSV in a JSON text that cannot end its script element; empty without a table."""
    if frame is None:
        return ""
    plain = frame.map(_safe_cell) if len(frame) else frame
    text = plain.to_csv(index=False, lineterminator="\r\n", float_format="%.10g")
    told = json.dumps(text, ensure_ascii=True)
    return told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _safe_cell(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, tuple | list):
        cell = ", ".join(map(str, cell))
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _cell_value(value: Any) -> str:
    """Return by what a cell is sorted: a number as such, text in small letters."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        number = getattr(value, "item", None)
        if number is None:
            return str(value).casefold()[:60]
        value = number()
    return "" if value != value else f"{value:.10g}" if isinstance(value, float) else str(value)


def _broken(text: str) -> Markup:
    """Return the beginning of a text as markup in which words that are too long for a cell may break."""
    from markupsafe import Markup, escape

    told = str(text)
    told = told if len(told) <= _CELL else f"{told[: _CELL - 1]}…"
    parts = [re.findall(f".{{1,{_WORD}}}", word) or [word] for word in re.split(r"(\s+)", told)]
    return Markup("").join(Markup("<wbr>").join(escape(part) for part in word) for word in parts)


def _shortened(text: str, most: int = _LONG) -> str:
    """Return a text of one line, cut where it is too long for a heading."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
