"""Lines between places: great circles on WGS 84, cut where they cross the antimeridian."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import Geod
    from shapely import LineString, MultiLineString

__all__ = ["cut_at_antimeridian", "distance_km", "great_circle", "line_km"]

Point = tuple[float, float]
_HALVINGS = 60


@cache
def _geod() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_km(start: Point, end: Point) -> float:
    """Return the geodesic distance in km between two points on the WGS84 ellipsoid.

    Parameters
    ----------
    start, end : pair of float
        Longitude and latitude, degrees.

    Returns
    -------
    float
        Length in km.
    """
    return float(_geod().inv(*start, *end)[2]) / 1000


def line_km(points: NDArray[np.float64]) -> float:
    """Return the geodesic length in km of a line through (lon, lat) points (n, 2), degrees."""
    return float(_geod().line_length(points[:, 0], points[:, 1])) / 1000


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
    steps = max(int(distance_km(start, end) // step_km), 0)
    between = _geod().npts(*start, *end, steps) if steps else []
    points = np.array([start, *between, end], dtype=float)
    return cut_at_antimeridian(points)


def cut_at_antimeridian(points: NDArray[np.float64]) -> LineString | MultiLineString:
    """Return the line through points (n, 2), degrees; cut in parts where it crosses the antimeridian."""
    from shapely import LineString, MultiLineString

    jumps = np.flatnonzero(np.abs(np.diff(points[:, 0])) > 180)
    if not len(jumps):
        return LineString(points)
    parts, first = [], points[:1]
    for before, cut in zip([0, *(jumps + 1)], [*jumps, len(points) - 1], strict=True):
        part = np.vstack([first, points[before + (before == 0) : cut + 1]])
        if cut < len(points) - 1:
            here, there = (tuple(points[i].tolist()) for i in (cut, cut + 1))
            side = float(np.copysign(180.0, here[0]))
            lat = _latitude_at(side, here, there)
            part = np.vstack([part, (side, lat)])
            first = np.array([(-side, lat)])
        parts.append(part)
    return MultiLineString([LineString(part) for part in parts])


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
