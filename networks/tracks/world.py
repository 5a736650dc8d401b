"""The world's railways, main roads and sea lanes, as packages of the registry ship them."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import DataError
from .graph import TrackGraph, distances_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CANALS", "read_sea_lanes", "read_world"]

CANALS = {"volga-don": (43.0, 46.0, 48.8, 49.0)}
"""Boxes (west, south, east, north) of ways between seas that the lanes do not label."""

_FILES = {"rail": "world_railways.py", "road": "world_highways.py"}


def read_world(mode: str, within: tuple[float, float, float, float]) -> TrackGraph:
    """Read the railways (``rail``) or main roads (``road``) inside a box.

    Parameters
    ----------
    mode : str
        rail or road.
    within : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    TrackGraph
        Without tags: the source has neither gauge nor names. Every vertex is a node, to three decimals of a degree.

    Raises
    ------
    DataError
        The package is not installed.

    Notes
    -----
    scgraph-data 2.0.0, package under MIT, content (c) OpenStreetMap contributors under ODbL. The file is read
    as text and not imported: it needs a version of scgraph that has no other use here.
    """
    text = _file(_FILES[mode]).read_text(encoding="utf-8")
    nodes = np.array(json.loads(_line(text, "nodes")), dtype=float)
    tail, head, km = _ways(_line(text, "graph"))
    lat, lon = nodes.T
    west, south, east, north = within
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    kept = (tail < head) & inside[tail] & inside[head]
    used = np.unique(np.concatenate([tail[kept], head[kept]]))
    number = np.full(len(lon), -1)
    number[used] = np.arange(len(used))
    tail, head = number[tail[kept]], number[head[kept]]
    return TrackGraph(
        lon[used], lat[used], tail, head, km[kept], _untagged(mode, len(tail)), np.empty((0, 2)),
        np.zeros(len(tail) + 1, dtype=np.int64),
    )  # fmt: skip


def read_sea_lanes() -> TrackGraph:
    """Read the lanes of ships that searoute ships, as ways of the mode ``sea``.

    Returns
    -------
    TrackGraph
        With the column ``passage``: suez, panama, northwest, bosporus, ..., or a name of `CANALS`; empty elsewhere.

    Raises
    ------
    DataError
        The package is not installed.

    Notes
    -----
    searoute 1.6, Apache-2.0, after the marnet of Eurostat. Its own search is not used: restrictions are shared by
    all callers, a closed way comes back with length 0, and the Volga-Don canal is open to all.
    """
    try:
        from searoute.searoute import setup_M
    except ImportError:
        raise DataError(["sea lanes were not found; they come with: pip install 'corridors[geometry]'"]) from None
    lanes = setup_M("networkx")
    number: dict[tuple[float, float], int] = {}
    rows = []
    for start, end, data in lanes.edges(data=True):
        ends = [(float((lon + 180) % 360 - 180), float(lat)) for lon, lat in (start, end)]
        tail, head = (number.setdefault(point, len(number)) for point in ends)
        rows.append((tail, head, str(data.get("passage") or "")))
    lon, lat = np.array(list(number), dtype=float).T
    tail, head = np.array([row[:2] for row in rows], dtype=np.int64).T
    ways = _untagged("sea", len(rows)).assign(passage=[_passage(row, lon, lat) for row in rows])
    km = distances_km(lon[tail], lat[tail], lon[head], lat[head])
    return TrackGraph(lon, lat, tail, head, km, ways, np.empty((0, 2)), np.zeros(len(rows) + 1, dtype=np.int64))


def _passage(row: tuple[int, int, str], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> str:
    ends = list(row[:2])
    for name, (west, south, east, north) in CANALS.items():
        inside = (lon[ends] >= west) & (lon[ends] <= east) & (lat[ends] >= south) & (lat[ends] <= north)
        if inside.all():
            return name
    return row[2]


def _file(name: str) -> Path:
    spec = find_spec("scgraph_data")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise DataError([f"{name} was not found; it comes with: pip install 'corridors[geometry]'"])


def _line(text: str, name: str) -> str:
    start = text.index(f"\n{name}=") + len(name) + 2
    return text[start : text.index("\n", start)]


def _ways(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return tail, head and km of every arc in a list of dictionaries, one per node, from neighbour to km."""
    heads = np.array(re.findall(r"(\d+):", text), dtype=np.int64)
    km = np.array(re.findall(r": ([\d.e-]+)", text), dtype=float)
    counts = np.array([part.count(":") for part in text.split("{")[1:]])
    return np.repeat(np.arange(len(counts)), counts), heads, km


def _untagged(mode: str, count: int) -> pd.DataFrame:
    columns = {
        "mode": mode, "direction": "both", "gauge_mm": "", "electrified": "", "tracks": np.nan,
        "maxspeed_kmh": np.nan, "usage": "", "name": "", "bridged": False,
    }  # fmt: skip
    return pd.DataFrame(columns, index=range(count))
