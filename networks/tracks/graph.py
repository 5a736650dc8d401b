"""Ways on the ground as arrays: nodes, ways between them, their bends and tags; snapping and routing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

__all__ = ["EARTH_KM", "TAGS", "Found", "TrackGraph", "distances_km"]

EARTH_KM = 6371.0088
"""Mean radius of the Earth, km (IUGG)."""

TAGS = ("mode", "direction", "gauge_mm", "electrified", "tracks", "maxspeed_kmh", "usage", "name", "bridged")
"""Columns that every way has: what it is for, which way it may be used, and tags as OpenStreetMap gives them."""

_OFF_TRACK = 3.0  # a km from a place to the track counts as this many, so that the near track is taken


@dataclass(frozen=True)
class Found:
    """One route along ways.

    Attributes
    ----------
    ways : array of int
        Rows of `TrackGraph.ways`, in order.
    backwards : array of bool
        Whether each is used from its head to its tail.
    length_km : float
        Of the ways, without the connectors from the places to the track.
    from_km, to_km : float
        Connectors at either end.
    points : array (n, 2)
        Longitude and latitude along the route, from the first place to the last.
    """

    ways: NDArray[np.int64]
    backwards: NDArray[np.bool_]
    length_km: float
    from_km: float
    to_km: float
    points: NDArray[np.float64]


@dataclass(frozen=True)
class TrackGraph:
    """Ways between nodes.

    Attributes
    ----------
    lon, lat : array (n,)
        Nodes, degrees, EPSG:4326.
    tail, head : array (m,)
        Ends of each way, row numbers of nodes.
    length_km : array (m,)
        Length of each way along its bends.
    ways : DataFrame (m rows)
        Columns `TAGS`: ``mode`` (rail, road, ferry), ``direction`` (both, or forward from tail to head),
        ``gauge_mm`` (text, several as ``1520;1435``, empty where unknown), ``electrified`` (yes, no, empty),
        ``tracks``, ``maxspeed_kmh`` (float, NaN where unknown), ``usage``, ``name`` (text), ``bridged`` (bool:
        a gap that was closed and is no track). Readers may add columns.
    bends : array (b, 2)
        Longitude and latitude of the points between the ends of ways, way after way, from tail to head.
    first_bend : array (m + 1,)
        Bends of way ``i`` are ``bends[first_bend[i]:first_bend[i + 1]]``.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_km: NDArray[np.float64]
    ways: pd.DataFrame
    bends: NDArray[np.float64]
    first_bend: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.lon)

    def line(self, ways: NDArray[np.int64], backwards: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the points (n, 2) along ways that follow each other, each end once."""
        parts = [self._points(int(way), bool(turned)) for way, turned in zip(ways, backwards, strict=True)]
        if not parts:
            return np.empty((0, 2))
        points = np.vstack(parts)
        moved = np.ones(len(points), dtype=bool)
        moved[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
        return points[moved]

    def _points(self, way: int, turned: bool) -> NDArray[np.float64]:
        ends = np.array([self.tail[way], self.head[way]])
        between = self.bends[self.first_bend[way] : self.first_bend[way + 1]]
        at = np.column_stack([self.lon[ends], self.lat[ends]])
        points = np.vstack([at[:1], between, at[1:]])
        return points[::-1] if turned else points

    def split(self, longest_km: float) -> TrackGraph:
        """Return the graph with straight ways cut into parts of at most `longest_km`, so that places snap to them.

        Ways that have bends stay as they are.
        """
        straight = np.diff(self.first_bend) == 0
        parts = np.where(straight, np.ceil(np.maximum(self.length_km / longest_km, 1)), 1).astype(np.int64)
        way = np.repeat(np.arange(len(parts)), parts)
        step = np.arange(len(way)) - np.repeat(np.cumsum(parts) - parts, parts)
        inner = step > 0
        share = (step / parts[way])[inner]
        points = np.column_stack([self.lon, self.lat])
        start, end = points[self.tail[way[inner]]], points[self.head[way[inner]]]
        new = start + (end - start) * share[:, None]
        number = np.full(len(way), -1)
        number[inner] = self.size + np.arange(inner.sum())
        tail = np.where(inner, number, self.tail[way])
        last = np.append(way[1:] != way[:-1], True)
        head = np.where(last, self.head[way], np.append(number[1:], -1))
        counts = np.diff(self.first_bend)[way]
        return replace(
            self,
            lon=np.concatenate([self.lon, new[:, 0]]),
            lat=np.concatenate([self.lat, new[:, 1]]),
            tail=tail,
            head=head,
            length_km=(self.length_km / parts)[way],
            ways=self.ways.iloc[way].reset_index(drop=True),
            first_bend=np.concatenate([[0], np.cumsum(counts)]),
        )

    def with_bridges(self, within_km: float, same_part: bool = True) -> TrackGraph:
        """Return the graph with straight ways over gaps: from dead ends to the nearest tracks that they do not meet.

        Parameters
        ----------
        within_km : float
            Widest gap.
        same_part : bool
            Whether also between two dead ends of one connected part.
        """
        pairs = self._gaps(within_km, same_part)
        if not len(pairs):
            return self
        tail, head = pairs.T
        km = distances_km(self.lon[tail], self.lat[tail], self.lon[head], self.lat[head])
        blank = {"mode": str(self.ways["mode"].iloc[0]), "direction": "both", "bridged": True}
        rows = pd.DataFrame([{**_UNKNOWN, **blank}] * len(pairs)).reindex(columns=self.ways.columns)
        return replace(
            self,
            tail=np.concatenate([self.tail, tail]),
            head=np.concatenate([self.head, head]),
            length_km=np.concatenate([self.length_km, km]),
            ways=pd.concat([self.ways, rows], ignore_index=True),
            first_bend=np.concatenate([self.first_bend, np.full(len(pairs), self.first_bend[-1])]),
        )

    def _gaps(self, within_km: float, same_part: bool) -> NDArray[np.int64]:
        ends = np.flatnonzero(np.bincount(np.concatenate([self.tail, self.head]), minlength=self.size) == 1)
        if not len(ends):
            return np.empty((0, 2), dtype=np.int64)
        dead = np.zeros(self.size, dtype=bool)
        dead[ends] = True
        part = self.parts
        reach, near = self._tree.query(_on_sphere(self.lon[ends], self.lat[ends]), k=min(64, self.size))
        found: set[tuple[int, int]] = set()
        for end, distances, others in zip(ends, reach, near, strict=True):
            close = others[(distances * EARTH_KM <= within_km) & (others != end)]
            apart = close[part[close] != part[end]]
            loose = close[dead[close] & (part[close] == part[end])] if same_part else close[:0]
            for other in (*apart[:1], *apart[dead[apart]][:1], *loose[:1]):
                found.add((min(int(end), int(other)), max(int(end), int(other))))
        return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)

    @cached_property
    def parts(self) -> NDArray[np.int64]:
        """Number of the connected part of each node."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        links = coo_array((np.ones(len(self.tail)), (self.tail, self.head)), shape=(self.size, self.size))
        return np.asarray(connected_components(links, directed=False)[1])

    @cached_property
    def _tree(self) -> cKDTree:
        from scipy.spatial import cKDTree

        return cKDTree(_on_sphere(self.lon, self.lat))

    def near(self, lon: float, lat: float, within_km: float, count: int = 40) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return nodes near a point, nearest first, and their distances in km."""
        chord, nodes = self._tree.query(_on_sphere(np.array([lon]), np.array([lat])), k=min(count, self.size))
        km, nodes = np.atleast_1d(np.squeeze(chord)) * EARTH_KM, np.atleast_1d(np.squeeze(nodes))
        close = km <= within_km
        return nodes[close], km[close]

    @cached_property
    def _arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Tail, head and way of every arc, both directions where both may be used; backwards arcs as ``~way``."""
        way = np.arange(len(self.tail))
        back = way[(self.ways["direction"] != "forward").to_numpy(dtype=bool)]
        tail = np.concatenate([self.tail, self.head[back]])
        head = np.concatenate([self.head, self.tail[back]])
        return tail, head, np.concatenate([way, ~back])

    def route(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        within_km: float = 25.0,
        allowed: NDArray[np.bool_] | None = None,
        factor: NDArray[np.float64] | None = None,
    ) -> Found | None:
        """Return the shortest route along ways between two points, or None where there is none.

        Parameters
        ----------
        start, end : tuple of float
            Longitude and latitude, degrees.
        within_km : float
            How far off the track the points may lie.
        allowed : array (m,) of bool, optional
            Ways that may be used.
        factor : array (m,), optional
            What a km of each way counts as, for example more over gaps.
        """
        tail, head, way = self._arcs
        cost = (self.length_km if factor is None else self.length_km * factor)[np.where(way < 0, ~way, way)]
        if allowed is not None:
            kept = allowed[np.where(way < 0, ~way, way)]
            tail, head, way, cost = tail[kept], head[kept], way[kept], cost[kept]
        usable = np.zeros(self.size, dtype=bool)
        usable[tail] = usable[head] = True
        first, first_km = self._usable(start, within_km, usable)
        last, last_km = self._usable(end, within_km, usable)
        if not len(first) or not len(last):
            return None
        source, target = self.size, self.size + 1
        tail = np.concatenate([tail, np.full(len(first), source), last])
        head = np.concatenate([head, first, np.full(len(last), target)])
        cost = np.concatenate([cost, first_km * _OFF_TRACK, last_km * _OFF_TRACK])
        way = np.concatenate([way, np.full(len(first) + len(last), len(self.tail))])
        nodes = _cheapest(tail, head, cost, way, source, target, self.size + 2)
        if nodes is None:
            return None
        taken, stations = nodes
        inner = taken[1:-1]
        ways = np.where(inner < 0, ~inner, inner)
        points = self.line(ways, inner < 0)
        ends = np.vstack([start, points, end]) if len(points) else np.array([start, end])
        return Found(
            ways,
            inner < 0,
            float(self.length_km[ways].sum()),
            float(first_km[first == stations[1]][0]),
            float(last_km[last == stations[-2]][0]),
            ends,
        )

    def _usable(
        self, point: tuple[float, float], within_km: float, usable: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        nodes, km = self.near(*point, within_km)
        on = usable[nodes]
        return nodes[on], km[on]


_UNKNOWN: dict[str, Any] = {
    "gauge_mm": "",
    "electrified": "",
    "tracks": np.nan,
    "maxspeed_kmh": np.nan,
    "usage": "",
    "name": "",
}


def _cheapest(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    cost: NDArray[np.float64],
    way: NDArray[np.int64],
    source: int,
    target: int,
    size: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the arcs' ways and the nodes of the cheapest path, or None; of parallel arcs the cheapest counts."""
    from scipy.sparse.csgraph import dijkstra

    order = np.lexsort((cost, head, tail))
    tail, head, cost, way = tail[order], head[order], cost[order], way[order]
    fresh = np.ones(len(tail), dtype=bool)
    fresh[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    tail, head, cost, way = tail[fresh], head[fresh], cost[fresh], way[fresh]
    matrix = _matrix(tail, head, np.maximum(cost, 1e-9), size)
    reach, before = dijkstra(matrix, indices=source, return_predecessors=True)
    if not np.isfinite(reach[target]):
        return None
    nodes = [target]
    while nodes[-1] != source:
        nodes.append(int(before[nodes[-1]]))
    stations = np.array(nodes[::-1], dtype=np.int64)
    keys = tail * size + head
    return way[np.searchsorted(keys, stations[:-1] * size + stations[1:])], stations


def _matrix(tail: NDArray[np.int64], head: NDArray[np.int64], cost: NDArray[np.float64], size: int) -> csr_array:
    """Return sorted arcs as a sparse matrix."""
    from scipy.sparse import csr_array

    starts = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=size))])
    return csr_array((cost, head, starts), shape=(size, size))


def _on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points on the unit sphere; distances between near ones are chords."""
    east, north = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def distances_km(
    lon1: NDArray[np.float64], lat1: NDArray[np.float64], lon2: NDArray[np.float64], lat2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return great-circle distances between pairs of points on a sphere, km; within 0.6 % of the geodesic."""
    chord = np.linalg.norm(_on_sphere(lon1, lat1) - _on_sphere(lon2, lat2), axis=1)
    return np.asarray(2 * EARTH_KM * np.arcsin(np.minimum(chord / 2, 1.0)))
