"""Time/cost-distance chart of a comparison of routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .tcd_figure import TcdFigure, usual_corridors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .comparison import RouteComparison

__all__ = ["TcdChart"]


@dataclass(frozen=True)
class TcdChart:
    """Draws the chart of one comparison."""

    comparison: RouteComparison

    def draw(self, corridors: Iterable[str] | None = None, focus: str | None = None) -> Figure:
        """Draw the chart; parameters as in `Plots.tcd`."""
        found = self.comparison.found
        family: dict[str, str] = {name: corridor.family for name, (corridor, _) in found.items()}
        chosen = self._chosen(corridors, family)
        names = self.comparison.network.tables.places["name"]
        ends = f"{names[self.comparison.origin]} - {names[self.comparison.destination]}"
        title = f"{ends}, one TEU, network of {self.comparison.year}"
        return TcdFigure(
            self.comparison.tcd(chosen),
            family,
            {name: corridor.title for name, (corridor, _) in found.items()},
            str(names[self.comparison.origin]),
            self.comparison.currency,
            f"{title}: slopes are links, vertical steps are stops",
            "Rail and road solid and dotted, ships dashed. Mean times; prices of 2018-2025, not deflated. "
            f"{self._estimates()}",
        ).draw(focus)

    def _chosen(self, corridors: Iterable[str] | None, family: dict[str, str]) -> list[str]:
        having = self.comparison.having(corridors)
        if corridors is not None:
            return having
        table = self.comparison.table()
        return usual_corridors(list(table.loc[table["rank"] == 1, "corridor_id"]), family)

    def _estimates(self) -> str:
        table = self.comparison.table()
        share = table.loc[table["rank"] == 1, "estimates_pct"].mean()
        return f"{share:.0f} % of the figures behind these routes are estimates (grade EST)."
