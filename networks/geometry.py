"""Lines between places: great circles on WGS 84, cut where they cross the antimeridian."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pyproj import Geod
    from shapely import LineString, MultiLineString

__all__ = ["distance_km", "great_circle"]

Point = tuple[float, float]


@cache
def _geod() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_km(start: Point, end: Point) -> float:
    """Return the geodesic distance in km between two (lon, lat) points in degrees."""
    return float(_geod().inv(*start, *end)[2]) / 1000


def great_circle(start: Point, end: Point, step_km: float = 100.0) -> LineString | MultiLineString:
    """Return the geodesic between two (lon, lat) points.

    Parameters
    ----------
    start, end : tuple of float
        Longitude and latitude in degrees.
    step_km : float
        Greatest distance between vertices, km.

    Returns
    -------
    LineString or MultiLineString
        Degrees; two parts where it crosses the antimeridian.
    """
    from shapely import LineString, MultiLineString

    steps = max(int(distance_km(start, end) // step_km), 0)
    between = _geod().npts(*start, *end, steps) if steps else []
    points = np.array([start, *between, end], dtype=float)
    jump = np.flatnonzero(np.abs(np.diff(points[:, 0])) > 180)
    if not len(jump):
        return LineString(points)
    cut = int(jump[0])
    (lon0, lat0), (lon1, lat1) = points[cut], points[cut + 1]
    side = np.copysign(180.0, lon0)
    gap = lon1 + 2 * side - lon0
    lat = lat0 + (lat1 - lat0) * (side - lon0) / gap if gap else lat0
    west = np.vstack([points[: cut + 1], (side, lat)])
    east = np.vstack([(-side, lat), points[cut + 1 :]])
    return MultiLineString([LineString(west), LineString(east)])
