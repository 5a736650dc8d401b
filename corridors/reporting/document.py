"""What a report holds: an answer, then sections of text, tables, charts and maps; nothing of how it looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DIGITS", "Block", "Chart", "Column", "Drawn", "Figures", "Report", "Section", "Table", "Text", "Tile"]

DIGITS = "digits"
_MANY = 100


@dataclass(frozen=True)
class Column:
    """How a column of a table is shown.

    Attributes
    ----------
    name : str
        Of the frame.
    head : str
        With the unit.
    form : str or callable, optional
        Format of numbers, such as ``,.0f``, or `DIGITS` for those that say something, or what makes text of a cell;
        numbers stand at the right, text at the left.
    """

    name: str
    head: str
    form: str | Callable[[Any], str] = ""

    @property
    def right(self) -> bool:
        """Whether it holds numbers."""
        return isinstance(self.form, str) and bool(self.form)

    def text(self, value: Any) -> str:
        """Return a cell as text; nothing where nothing is known."""
        if callable(self.form):
            return self.form(value)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if not self.form:
            return str(value)
        if math.isinf(value):
            return "no limit" if value > 0 else "-∞"
        form = self.form if self.form != DIGITS else ",.0f" if abs(value) >= _MANY else ",.3g"
        told = format(value, form)
        nothing = not any(c in "123456789" for c in told)
        return told.lstrip("+-") if nothing else told.replace("-", "−", 1) if told[0] == "-" else told


@dataclass(frozen=True, eq=False)
class Table:
    """A table: some columns and rows are shown, all can be taken away as CSV.

    Attributes
    ----------
    name : str
        Of the file.
    caption : str
        What it shows, with perimeter and counterfactual.
    frame : DataFrame
        Plain columns, the rows that matter most first.
    columns : sequence of Column
        What is shown.
    note : str
        Below.
    most : int
        Rows that are shown at once.
    link : str
        Column with the id of a link or pipe, which a click on the row shows on the map.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    columns: Sequence[Column]
    note: str = ""
    most: int = 12
    link: str = ""

    @property
    def rows(self) -> list[list[tuple[str, Any]]]:
        """Cells as text, with the value by which they are sorted."""
        cells = [[(column.text(value), value) for value in self.frame[column.name]] for column in self.columns]
        return [list(row) for row in zip(*cells, strict=True)]


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure by matplotlib.

    Attributes
    ----------
    name : str
        Of the file.
    caption : str
        What it shows.
    draw : callable
        Gives the figure.
    words : str
        The same for those who do not see it.
    frame : DataFrame, optional
        What is drawn, for CSV.
    note : str
        Below.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]
    words: str
    frame: pd.DataFrame | None = None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Something that brings its own markup, safe to write as it is, such as a map.

    Attributes
    ----------
    name, caption, note
        As of `Chart`.
    draw : callable
        Is told the name, gives the markup.
    frame : DataFrame, optional
        What is drawn, for CSV.
    """

    name: str
    caption: str
    draw: Callable[[str], str]
    frame: pd.DataFrame | None = None
    note: str = ""


@dataclass(frozen=True)
class Text:
    """Paragraphs, or points of a list."""

    lines: Sequence[str]
    points: bool = False


@dataclass(frozen=True)
class Figures:
    """Facts in two columns: what, and which."""

    rows: Sequence[tuple[str, str]]


Block = Table | Chart | Drawn | Text | Figures


@dataclass(frozen=True)
class Tile:
    """A number at the top: of the run, of its counterfactual, and what lies between.

    Attributes
    ----------
    group : str
        Connectivity, decarbonisation or resilience.
    what : str
        With its unit.
    now : str
    before : str
        Empty without a counterfactual.
    change : str
    """

    group: str
    what: str
    now: str
    before: str = ""
    change: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading of its own.

    Attributes
    ----------
    name : str
        Of the anchor.
    title : str
    blocks : sequence of Block
    """

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A report: answer first.

    Attributes
    ----------
    kind : str
        freight, gas or investment, with the year.
    title, question : str
        Of the scenario.
    headline : str
        The answer: a number with its unit, year and range.
    points : sequence of str
        What else the answer says.
    tiles : sequence of Tile
    chart : Block, optional
        The one chart.
    table : Table, optional
        The one table, of five to eight rows.
    switching : sequence of Block
        What would change the answer.
    limits : sequence of str
        What is not modelled.
    grades : sequence of Block
        What the answer rests on.
    facts : sequence of (str, str)
        Run id, version, command.
    annexes : sequence of Section
    """

    kind: str
    title: str
    question: str
    headline: str
    points: Sequence[str]
    tiles: Sequence[Tile] = ()
    chart: Block | None = None
    table: Table | None = None
    switching: Sequence[Block] = ()
    limits: Sequence[str] = ()
    grades: Sequence[Block] = ()
    facts: Sequence[tuple[str, str]] = ()
    annexes: Sequence[Section] = field(default=())
