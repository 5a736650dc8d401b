"""Links of our tables along ways on the ground: snapped, routed, compared with the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..geometry import distance_km
from .graph import Found, TrackGraph
from .lands import Lands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..tables import Tables

__all__ = ["Followed", "Follower", "Rules", "report"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Rules:
    """What is accepted as the way of a link.

    Attributes
    ----------
    snap_km : float
        How far a place may lie off the track.
    border_km : float
        How far a way may leave the countries of its link: lines cross a corner of a neighbour.
    gap_factor, abroad_factor, gauge_factor : float
        What a km counts as over a closed gap, outside the countries of the link, on another gauge.
    longest, shortest : float
        Ratios of the length found to that of the table beyond which the way is taken for another line.
    gap_share : float
        Greatest share of the way that may be closed gaps.
    """

    snap_km: float = 25.0
    border_km: float = 15.0
    gap_factor: float = 4.0
    abroad_factor: float = 1.5
    gauge_factor: float = 20.0
    longest: float = 1.4
    shortest: float = 0.5
    gap_share: float = 0.25


@dataclass(frozen=True)
class Followed:
    """One link along ways, or why not.

    Attributes
    ----------
    link_id : str
    problem : str
        Empty where the way is accepted.
    points : array (n, 2)
        From the first place to the last; empty where there is none.
    length_km, gap_km, off_km, table_km, straight_km : float
        Along the ways; closed gaps among it; from the places to the ways; the table's; the great circle's. km.
    gauges : tuple of str
        Gauges of the ways, mm, where tagged.
    known_gauge : float
        Share of the length that has a gauge.
    """

    link_id: str
    problem: str
    points: NDArray[np.float64]
    length_km: float
    gap_km: float
    off_km: float
    table_km: float
    straight_km: float
    gauges: tuple[str, ...] = ()
    known_gauge: float = 0.0


@dataclass
class Follower:
    """Routes links of one mode along a graph.

    Attributes
    ----------
    graph : TrackGraph
        With bridges over gaps, if wanted.
    lands : Lands, optional
        Countries; without them ways may go anywhere.
    rules : Rules
    """

    graph: TrackGraph
    lands: Lands | None = None
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        self._bridged = self.graph.ways["bridged"].to_numpy(dtype=bool)
        self._gauges = [frozenset(text.split(";")) - {""} for text in self.graph.ways["gauge_mm"].astype(str)]
        self._masks: dict[frozenset[str], tuple[NDArray[np.bool_], NDArray[np.float64]]] = {}

    def follow(self, tables: Tables, link_id: str, via: Sequence[Point] = ()) -> Followed:
        """Return the way of a link.

        Parameters
        ----------
        tables : Tables
            Places and links.
        link_id : str
        via : sequence of (lon, lat)
            Points that the way must pass, in the direction of the link.
        """
        link = tables.links.loc[link_id]
        first, last = (tables.places.loc[link[end]] for end in ("from_place_id", "to_place_id"))
        stations = [(float(first["lon"]), float(first["lat"])), *via, (float(last["lon"]), float(last["lat"]))]
        codes = frozenset({str(first["country_id"]), str(last["country_id"]), *link["via_country_ids"]})
        found = self._legs(stations, codes, frozenset(map(str, link["gauge_mm"])))
        straight = distance_km(stations[0], stations[-1])
        table_km = float(link["length_km"])
        if found is None:
            return Followed(link_id, "no way", np.empty((0, 2)), np.nan, 0.0, 0.0, table_km, straight)
        return self._judged(link_id, found, table_km, straight)

    def _legs(self, stations: list[Point], codes: frozenset[str], gauges: frozenset[str]) -> list[Found] | None:
        allowed, factor = self._mask(codes)
        if gauges and any(self._gauges):
            factor = factor * np.array([self.rules.gauge_factor if g and not g & gauges else 1.0 for g in self._gauges])
        legs: list[Found] = []
        for start, end in pairwise(stations):
            nearby = allowed | self._around((start, end))
            leg = self.graph.route(start, end, within_km=self.rules.snap_km, allowed=nearby, factor=factor)
            if leg is None:
                return None
            legs.append(leg)
        return legs

    def _mask(self, codes: frozenset[str]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return which ways links of these countries may use, and what a km of them counts as."""
        if codes not in self._masks:
            factor = np.where(self._bridged, self.rules.gap_factor, 1.0)
            allowed = np.ones(len(factor), dtype=bool)
            if self.lands is not None:
                graph = self.graph
                wide = self.lands.near(set(codes), graph.lon, graph.lat, self.rules.border_km)
                inside = self.lands.near(set(codes), graph.lon, graph.lat, 0.0)
                allowed = wide[graph.tail] & wide[graph.head]
                at_home = inside[graph.tail] & inside[graph.head]
                factor = factor * np.where(at_home, 1.0, self.rules.abroad_factor)
            self._masks[codes] = allowed, factor
        return self._masks[codes]

    def _around(self, points: Iterable[Point]) -> NDArray[np.bool_]:
        close = np.zeros(self.graph.size, dtype=bool)
        for point in points:
            nodes, _ = self.graph.near(*point, self.rules.snap_km, count=400)
            close[nodes] = True
        return close[self.graph.tail] & close[self.graph.head]

    def _judged(self, link_id: str, legs: list[Found], table_km: float, straight: float) -> Followed:
        ways = np.concatenate([leg.ways for leg in legs])
        km = self.graph.length_km[ways]
        length, gap = float(km.sum()), float(km[self._bridged[ways]].sum())
        off = legs[0].from_km + legs[-1].to_km
        points = np.vstack([legs[0].points, *(leg.points[1:] for leg in legs[1:])])
        if len(legs) > 1:
            points = _without_spurs(points)
        tagged = np.array([bool(self._gauges[way]) for way in ways], dtype=bool)
        gauges = sorted({gauge for way in ways for gauge in self._gauges[way]})
        problem = self._problem(length + off, gap, table_km, straight)
        known = float(km[tagged].sum() / length) if length else 0.0
        return Followed(link_id, problem, points, length, gap, off, table_km, straight, tuple(gauges), known)

    def _problem(self, length: float, gap: float, table_km: float, straight: float) -> str:
        slack = 2 * self.rules.snap_km  # short links: places lie off the track
        if length > self.rules.longest * table_km + slack / 5:
            return f"{length:,.0f} km found, {table_km:,.0f} in the table: another line"
        if length < self.rules.shortest * table_km - slack / 5:
            return f"{length:,.0f} km found, {table_km:,.0f} in the table: another line"
        if gap > self.rules.gap_share * length and gap > 5:
            return f"{gap:,.0f} of {length:,.0f} km are gaps"
        return ""


def _without_spurs(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points without excursions to a via point and back by the same track."""
    kept: list[tuple[float, float]] = []
    at: dict[tuple[float, float], int] = {}
    for x, y in points.tolist():
        if (x, y) in at and len(kept) - at[x, y] < 60:
            for gone in kept[at[x, y] + 1 :]:
                at.pop(gone, None)
            del kept[at[x, y] + 1 :]
        else:
            at[x, y] = len(kept)
            kept.append((x, y))
    return np.array(kept)


def report(found: Iterable[Followed]) -> pd.DataFrame:
    """Return one row per link: lengths found and of the table, their difference in %, gaps, gauges, the problem."""
    rows: list[dict[str, Any]] = [
        {
            "link_id": f.link_id,
            "table_km": f.table_km,
            "found_km": f.length_km,
            "difference_pct": 100 * (f.length_km + f.off_km - f.table_km) / f.table_km,
            "straight_km": f.straight_km,
            "gap_km": f.gap_km,
            "off_track_km": f.off_km,
            "gauge_mm": ";".join(f.gauges),
            "gauge_known_pct": 100 * f.known_gauge,
            "problem": f.problem,
        }
        for f in found
    ]
    return pd.DataFrame(rows).set_index("link_id")
