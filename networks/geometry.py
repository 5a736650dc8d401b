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
_HALVINGS = 60


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
    side = np.copysign(180.0, points[cut, 0])
    lat = _latitude_at(side, tuple(points[cut].tolist()), tuple(points[cut + 1].tolist()))
    west = np.vstack([points[: cut + 1], (side, lat)])
    east = np.vstack([(-side, lat), points[cut + 1 :]])
    return MultiLineString([LineString(west), LineString(east)])


def _latitude_at(side: float, start: Point, end: Point) -> float:
    """Return where the geodesic between two points on either side of the antimeridian crosses it, by halving.

    A straight line in degrees would do but close to a pole, where the longitude turns round within a few km.
    """
    azimuth, _, metres = _geod().inv(*start, *end)
    beyond = np.sign(_east_of(side, end[0]))
    low, high, lat = 0.0, metres, start[1]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        lon, lat, _ = _geod().fwd(*start, azimuth, middle)
        low, high = (low, middle) if np.sign(_east_of(side, lon)) == beyond else (middle, high)
    return float(lat)


def _east_of(side: float, lon: float) -> float:
    """Return how far a longitude lies east of another, -180 to 180."""
    return (lon - side + 180) % 360 - 180
