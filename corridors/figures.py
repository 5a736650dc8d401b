"""Figures of a route comparison: time/cost-distance chart and map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .route_map import RouteMap
from .tcd_chart import TcdChart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .comparison import RouteComparison

__all__ = ["Plots"]


@dataclass(frozen=True)
class Plots:
    """Draws figures of one comparison; never shows and never saves."""

    comparison: RouteComparison

    def tcd(self, corridors: Iterable[str] | None = None, focus: str | None = None) -> Figure:
        """Draw time and cost against distance.

        Parameters
        ----------
        corridors : iterable of str, optional
            Corridor ids. Otherwise the best overland corridor of each family, the next best up to three, and
            all by sea.
        focus : str, optional
            Corridor whose stops are numbered and listed; otherwise the Middle Corridor if it is drawn,
            else the cheapest.

        Returns
        -------
        matplotlib Figure
            Links are slopes, stops are vertical steps. A route by sea is a horizontal line: the value to
            beat, since its length would squeeze the others.

        Raises
        ------
        DataError
            A corridor has no route, or none is left to draw.
        """
        return TcdChart(self.comparison).draw(corridors, focus)

    def map(self, corridors: Iterable[str] | None = None) -> Figure:
        """Draw the best routes over borders.

        Parameters
        ----------
        corridors : iterable of str, optional
            Corridor ids; otherwise every corridor that has a route.

        Returns
        -------
        matplotlib Figure
            Lambert azimuthal equal-area projection; great circles between places; colour by family, line
            style by mode.
        """
        return RouteMap(self.comparison).draw(corridors)
