"""Ways of ships between two places: lanes on the oceans, own ways over closed seas, always kept off land."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import line_km
from .graph import TrackGraph
from .water import Water

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["CLOSED_SEAS", "Seaways"]

Point = tuple[float, float]

CLOSED_SEAS = {"Caspian": (46.5, 36.0, 55.5, 47.5), "Black Sea": (27.3, 40.9, 42.0, 46.8)}
"""Boxes (west, south, east, north) of seas where lanes are too coarse: ways between ports in one are our own."""

_GATES = {"suez": "EG_SUZ", "babalmandab": "XZ_BAM", "ormuz": "XZ_HOR"}
_SHUT = ("panama", "northwest", "volga-don", "segment", "segment2")  # the last two cut across Chukotka
_PORT_KM = (60.0, 400.0)  # how far off the lanes a port may lie; the second only where the first finds none
_MARMARA_SOUTH_OF = 41.2  # the Sea of Marmara lies inside the box of the Black Sea


@dataclass(frozen=True, eq=False)
class Seaways:
    """Finds ways of ships.

    Attributes
    ----------
    lanes : TrackGraph
        From `read_sea_lanes`.
    water : Water
    """

    lanes: TrackGraph
    water: Water

    def between(
        self, places: tuple[str, str], start: Point, end: Point, via: Sequence[Point] = ()
    ) -> tuple[NDArray[np.float64], float, str] | None:
        """Return the points from start to end, the length in km and the basis; None where no lane joins them.

        Parameters
        ----------
        places : tuple of str
            Place ids: a strait or canal with a place of its own is passed only by links that end there.
        start, end : tuple of float
            Longitude and latitude, degrees.
        via : sequence of (lon, lat)
            Points of the fairway; with them no lanes are used.
        """
        if via or _one_sea(start, end):
            points = self._over_water([start, *via, end])
            return points, line_km(points), "water"
        passage = self.lanes.ways["passage"].to_numpy(dtype=object)
        shut = [*_SHUT, *(name for name, place in _GATES.items() if place not in places)]
        allowed = ~np.isin(passage, shut)
        for within in _PORT_KM:
            found = self.lanes.route(start, end, within_km=within, allowed=allowed)
            if found is not None:
                points = self.water.kept_off_land(found.points)
                return points, line_km(points), "lane"
        return None

    def _over_water(self, stations: list[Point]) -> NDArray[np.float64]:
        legs = []
        for leg in pairwise(stations):
            if abs(leg[0][0] - leg[1][0]) > 180:  # over the antimeridian: open sea
                legs.append(np.array(leg))
            else:
                legs.append(self.water.path(*leg))
        return np.vstack([legs[0], *(leg[1:] for leg in legs[1:])])


def _one_sea(start: Point, end: Point) -> bool:
    return any(_inside(start, box) and _inside(end, box) for box in CLOSED_SEAS.values())


def _inside(point: Point, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    if not (west <= point[0] <= east and south <= point[1] <= north):
        return False
    return not (point[0] < 30.0 and point[1] < _MARMARA_SOUTH_OF)
