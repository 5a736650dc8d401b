"""What every table on a terminal shares: the console, the look of a table, numbers as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["PLAIN_WIDTH", "console_here", "dim", "figure", "maybe", "signed", "table_of"]

PLAIN_WIDTH = 170


def console_here() -> Console:
    """Return the terminal, or plain text of a fixed width where there is none."""
    console = Console(soft_wrap=False)
    return console if console.is_terminal else Console(width=PLAIN_WIDTH, no_color=True)


def table_of(columns: Sequence[tuple[str, Any]], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of columns (head, side) and rows of text."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, side in columns:
        table.add_column(name, justify=side, overflow="fold", min_width=34 if name == "Corridor" else None)
    for row in rows:
        table.add_row(*(_escaped(cell) for cell in row))
    return table


def _escaped(cell: str) -> str:
    from rich.markup import escape

    return escape(cell)


def dim(console: Console, text: str) -> None:
    """Print a remark."""
    console.print(text, highlight=False, markup=False, style="dim")


def maybe(value: float, form: str) -> str:
    """Return a number in a format, nothing where there is none."""
    return "" if _none(value) else format(value, form)


def figure(value: float) -> str:
    """Return a number with the digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def signed(value: float | None) -> str:
    """Return a share as a signed percentage, nothing where there is none."""
    return "" if value is None or _none(value) else f"{value:+.1%}" if abs(value) < 10 else f"{value:+,.0%}"


def _none(value: float) -> bool:
    return value != value  # NaN; told without pandas, which is slow to load
