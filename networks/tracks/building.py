"""Builds the ways of all links and pipes from packages of the registry: ``ways_osm.geojson`` and ``ways.geojson``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..geometry import distance_km, line_km
from ..ways import FILES, HEADS, Way, way_text
from .follow import Followed, Follower, Rules
from .lands import Lands
from .seaways import Seaways
from .water import Water
from .world import read_sea_lanes, read_world

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..gas_tables import GasTables
    from ..tables import Tables

__all__ = ["SOURCES", "Built", "build_ways", "built_in", "simplified", "texts"]

Point = tuple[float, float]

_BOX = (-12.0, -5.0, 145.0, 75.0)  # west, south, east, north of the railways and roads that are read
_GAPS_KM = {"rail": (15.0, 60.0), "road": (5.0, 60.0)}  # the second only where the first leads nowhere
_PIECE_KM = 4.0
_BASIS = {"rail": "track", "road": "road"}
_TOLERANCE_DEG = 0.004
_DECIMALS = 3

SOURCES = {
    "ways_osm.geojson": "world_railways and world_highways of scgraph-data 2.0.0 (PyPI), derived from OpenStreetMap",
    "ways.geojson": "searoute 1.6 (PyPI), Natural Earth 5.1.1 and the towns of way_points.csv",
}
"""Where the ways that are built from packages come from, by file."""


@dataclass
class Built:
    """What was built.

    Attributes
    ----------
    ways : list of (network, Way)
        Links that have a better line than the great circle.
    report : DataFrame
        One row per link and pipe, indexed by network and id: mode, basis, table_km, way_km (along the source, with
        connectors), straight_km, difference_pct of way to table, gap_km, off_track_km, gauge_mm and the share
        of the way that has one, and the problem.
    """

    ways: list[tuple[str, Way]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def report(self) -> pd.DataFrame:
        """Return the report as a table."""
        return pd.DataFrame(self.rows).set_index(["network", "link_id"]).sort_index()

    def add(self, network: str, link_id: str, mode: str, basis: str, found: Followed) -> None:
        """Take a way that was found, or note why there is none."""
        taken = not found.problem and len(found.points) > 1
        self.rows.append(
            {
                "network": network,
                "link_id": link_id,
                "mode": mode,
                "basis": basis if taken else "straight",
                "table_km": found.table_km,
                "way_km": found.length_km + found.off_km,
                "straight_km": found.straight_km,
                "difference_pct": 100 * ((found.length_km + found.off_km) / found.table_km - 1),
                "gap_km": found.gap_km,
                "off_track_km": found.off_km,
                "gauge_mm": ";".join(found.gauges),
                "gauge_known_pct": 100 * found.known_gauge,
                "problem": found.problem,
            }
        )
        if taken:
            points = simplified(found.points)
            self.ways.append((network, Way(link_id, basis, found.length_km + found.off_km, found.gap_km, points)))


def build_ways(
    tables: Tables, gas: GasTables | None, points: pd.DataFrame, lands: Lands, say: Callable[[str], None] = print
) -> Built:
    """Find the way of every link and offshore pipe.

    Parameters
    ----------
    tables, gas : Tables, GasTables
        The networks.
    points : DataFrame
        Rows of ``way_points.csv``.
    lands : Lands
        Countries at 1:10m.
    say : callable
        Told what is being done.

    Raises
    ------
    DataError
        A package is missing.
    """
    built = Built()
    via = {key: _stations(rows) for key, rows in points.groupby(["network", "link_id"])}
    for mode in ("rail", "road"):
        say(f"{mode}: reading")
        _on_land(built, tables, mode, via, lands)
    say("sea")
    ways = Seaways(read_sea_lanes(), Water(_polygons(lands)))
    _at_sea(built, tables, via, ways)
    if gas is not None:
        say("gas")
        _pipes(built, gas, via, ways)
    return built


def texts(built: Built) -> dict[str, str]:
    """Return the text of each file of ways, by file name."""
    found = {}
    for name, head in HEADS.items():
        chosen = [pair for pair in built.ways if FILES.get(pair[1].basis, "ways.geojson") == name]
        found[name] = way_text(chosen, {**head, "source": SOURCES[name]})
    return found


def simplified(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of a line without those that lie within about 400 m of it, to three decimals; ends stay."""
    import shapely

    east = np.degrees(np.unwrap(np.radians(points[:, 0])))
    line = shapely.LineString(np.column_stack([east, points[:, 1]])).simplify(_TOLERANCE_DEG)
    rounded = np.round(shapely.get_coordinates(line), _DECIMALS)
    rounded[[0, -1]] = np.column_stack([east, points[:, 1]])[[0, -1]].round(4)
    rounded[:, 0] = np.round((rounded[:, 0] + 180) % 360 - 180, 4)
    moved = np.append((np.diff(rounded, axis=0) != 0).any(axis=1), True)
    return rounded[moved] if moved.sum() > 1 else rounded[[0, -1]]


def _on_land(built: Built, tables: Tables, mode: str, via: dict[Any, list[Point]], lands: Lands) -> None:
    bare = read_world(mode, _BOX).split(_PIECE_KM)
    tight, wide = (Follower(bare.with_bridges(gap), lands, Rules()) for gap in _GAPS_KM[mode])
    for link_id in tables.links.index[tables.links["mode"] == mode]:
        stations = via.get(("freight", link_id), [])
        found = tight.follow(tables, link_id, stations)
        if found.problem:
            found = min(found, wide.follow(tables, link_id, stations), key=lambda f: bool(f.problem))
        if found.problem and stations:
            towns = _by_towns(found, _ends(tables.places, tables.links.loc[link_id]), stations)
            built.add("freight", str(link_id), mode, "towns", towns)
        else:
            built.add("freight", str(link_id), mode, _BASIS[mode], found)


def _at_sea(built: Built, tables: Tables, via: dict[Any, list[Point]], ways: Seaways) -> None:
    known: dict[Any, Any] = {}
    afloat = tables.links[~tables.links["mode"].isin(list(_BASIS))]
    for link in afloat.itertuples():
        link_id, ends = str(link.Index), (str(link.from_place_id), str(link.to_place_id))
        start, end = _ends(tables.places, tables.links.loc[link_id])
        stations = via.get(("freight", link_id), [])
        plain = _nothing(link_id, float(link.length_km), start, end)
        if link.mode == "inland":
            built.add("freight", link_id, str(link.mode), "towns", _by_towns(plain, (start, end), stations))
            continue
        turned = ends[0] > ends[1]  # both directions of a pair of ports get one line
        key, first, last, step = ((ends[1], ends[0]), end, start, -1) if turned else (ends, start, end, 1)
        if key not in known:
            known[key] = ways.between(key, first, last, stations[::step])
        found = _at(known[key], plain, turned)
        built.add("freight", link_id, str(link.mode), known[key][2] if known[key] else "lane", found)


def _nothing(link_id: str, table_km: float, start: Point, end: Point) -> Followed:
    return Followed(link_id, "no way", np.empty((0, 2)), np.nan, 0.0, 0.0, table_km, distance_km(start, end))


def _at(found: Any, plain: Followed, turned: bool) -> Followed:
    if found is None:
        return plain
    points, length, _ = found
    return Followed(
        plain.link_id, "", points[::-1] if turned else points, length, 0.0, 0.0, plain.table_km, plain.straight_km
    )


def _pipes(built: Built, gas: GasTables, via: dict[Any, list[Point]], ways: Seaways) -> None:
    for pipe_id, pipe in gas.pipes.iterrows():
        start, end = _ends(gas.places, pipe)
        plain = _nothing(str(pipe_id), float(pipe["length_km"]), start, end)
        stations = via.get(("gas", pipe_id), [])
        if stations:
            built.add("gas", str(pipe_id), "pipe", "towns", _by_towns(plain, (start, end), stations))
        elif pipe["offshore"] == "yes":
            points = ways.water.path(start, end)
            found = _at((points, line_km(points), ""), plain, turned=False)
            built.add("gas", str(pipe_id), "pipe", "water", found)
        else:
            built.add("gas", str(pipe_id), "pipe", "straight", plain)


def _by_towns(found: Followed, ends: tuple[Point, Point], stations: list[Point]) -> Followed:
    if not stations:
        return found
    points = np.array([ends[0], *stations, ends[1]])
    return Followed(found.link_id, "", points, line_km(points), 0.0, 0.0, found.table_km, found.straight_km)


def _ends(places: pd.DataFrame, link: pd.Series[Any]) -> tuple[Point, Point]:
    first, last = (places.loc[link[end]] for end in ("from_place_id", "to_place_id"))
    return (float(first["lon"]), float(first["lat"])), (float(last["lon"]), float(last["lat"]))


def _stations(rows: pd.DataFrame) -> list[Point]:
    ordered = rows.sort_values("seq")
    return list(zip(ordered["lon"].astype(float), ordered["lat"].astype(float), strict=True))


def _polygons(lands: Lands) -> tuple[Any, ...]:
    import shapely

    return tuple(shapely.get_parts(list(lands.shapes.values())))


def built_in(say: Callable[[str], None] = print, tables: Tables | None = None) -> Built:
    """Build the ways of the toolkit's own links and pipes; takes about a minute and 2 GB.

    Parameters
    ----------
    say : callable
        Told what is being done.
    tables : Tables, optional
        Links of a study instead, without pipes.

    Raises
    ------
    DataError
        A package is missing.
    """
    from seeds.build_boundaries import source_path

    from ..gas_tables import load_gas_tables
    from ..tables import load_tables, table_of

    try:
        source = source_path()
    except FileNotFoundError as error:
        raise DataError([str(error)]) from None
    lands = Lands.natural_earth(source)
    if tables is not None:
        return build_ways(tables, None, table_of("way_points", tables.folder), lands, say)
    return build_ways(load_tables(), load_gas_tables(), table_of("way_points"), lands, say)
