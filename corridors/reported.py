"""What every result has in common that people read: a report, a workbook, and how it looks in a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from .reporting.more_sections import More

__all__ = ["Reported", "notebook_html"]


def notebook_html(said: str, table: pd.DataFrame) -> str:
    """Return words and a table as a notebook shows them."""
    html: str = table.to_html(escape=True)
    return f"<p>{escape(said)}</p>{html}"


class Reported:
    """A result of which there is a report."""

    def report(self, path: str | Path, *more: More) -> Path:
        """Write a report to an HTML file that needs no network; see `corridors.report`.

        Parameters
        ----------
        path : path
            Ending in ``.html``.
        more : Criticality, Uncertainty, Recovery, WorstLoss, Backtest or Frontier
            What was asked beside it: a section each.

        Returns
        -------
        Path

        Raises
        ------
        DataError
            Another ending, or the file cannot be written.
        """
        from .reporting.reports import report

        mine: Any = self
        return report(mine, *more, path=path)

    def to_excel(self, path: str | Path, *more: More) -> Path:
        """Write the numbers of the report to a workbook, with all rows of its tables; see `corridors.report`.

        Parameters
        ----------
        path : path
            Ending in ``.xlsx``.
        more : Criticality, Uncertainty, Recovery, WorstLoss, Backtest or Frontier
            What was asked beside it: a sheet for each of its tables.

        Returns
        -------
        Path

        Raises
        ------
        DataError
            Another ending, or the file cannot be written.
        """
        from .reporting.workbook import write_workbook

        mine: Any = self
        return write_workbook(path, mine, *more)
