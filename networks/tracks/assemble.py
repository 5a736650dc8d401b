"""Ways as lists of points, cut where they meet, as a graph; their tags as OpenStreetMap writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from .graph import TrackGraph, distances_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES", "KEYS", "assemble", "class_key", "classes_of", "text_of", "ways_table"]

_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")

CLASSES = {
    "rail": ("railway", ("rail", "narrow_gauge")),
    "road": ("highway", (*_ROADS, *(f"{road}_link" for road in _ROADS))),
    "ferry": ("route", ("ferry",)),
}
"""For each mode the key of OpenStreetMap, and its values that are read unless others are asked for."""

KEYS = ("gauge", "electrified", "tracks", "maxspeed", "usage", "service", "name", "oneway", "junction")
"""Keys that are read besides that of the mode."""

_GAUGES_MM = (300, 3000)
_WIRED = {"contact_line", "rail", "4th_rail", "ground-level_power_supply", "yes"}
_KMH = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_FORWARD = {"yes", "true", "1", "F"}  # F, T, B: extracts of Geofabrik as shapes
_BACKWARD = {"-1", "reverse", "T"}
_AT_ONCE = 500_000


def class_key(mode: str) -> str:
    """Return the key of OpenStreetMap that says what a way of the mode is.

    Raises
    ------
    DataError
        No such mode.
    """
    if mode not in CLASSES:
        raise DataError([f"mode {mode!r} is not known, expected one of {', '.join(CLASSES)}{nearest(mode, CLASSES)}"])
    return CLASSES[mode][0]


def classes_of(mode: str, asked: Collection[str] | None) -> tuple[str, ...]:
    """Return the values of the mode's key that are read.

    Raises
    ------
    DataError
        No such mode, one text instead of several, or none.
    """
    key = class_key(mode)
    if asked is None:
        return CLASSES[mode][1]
    if isinstance(asked, str) or not asked:
        raise DataError(
            [f"classes {asked!r}: expected a list of values of {key}, such as {list(CLASSES[mode][1][:2])}"]
        )
    return tuple(asked)


def assemble(
    refs: NDArray[np.int64],
    first: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    ways: pd.DataFrame,
) -> TrackGraph:
    """Cut ways at their ends and wherever they meet; what is between are bends.

    Parameters
    ----------
    refs : array (k,) of int
        Points of the ways, way after way, as rows of `lon` and `lat`; -1 where the place of a point is not known:
        the way is cut there.
    first : array (w + 1,) of int
        Points of way ``i`` are ``refs[first[i]:first[i + 1]]``.
    lon, lat : array
        Degrees.
    ways : DataFrame (w rows)
        As `ways_table` gives it.

    Returns
    -------
    TrackGraph
        Lengths are great circles on the sphere of `distances_km`.
    """
    owner = np.repeat(np.arange(len(ways)), np.diff(first))
    refs, owner, run = _runs(refs, owner)
    begins = np.diff(run, prepend=-1) != 0
    ends = np.diff(run, append=-1) != 0
    met = begins | ends | (np.bincount(refs, minlength=len(lon))[refs] > 1)
    at = np.flatnonzero(met)
    same = run[at[:-1]] == run[at[1:]]
    tail, head = at[:-1][same], at[1:][same]
    along = np.concatenate([[0.0], np.cumsum(_steps_km(lon[refs], lat[refs], begins))])
    used, number = np.unique(refs[met], return_inverse=True)
    node = np.full(len(refs), -1, dtype=np.int64)
    node[at] = number
    bends = refs[~met]
    before = np.concatenate([[0], np.cumsum(~met)])
    return TrackGraph(
        lon[used],
        lat[used],
        node[tail],
        node[head],
        along[head + 1] - along[tail + 1],
        ways.take(owner[tail]).reset_index(drop=True),
        np.column_stack([lon[bends], lat[bends]]),
        np.append(before[tail], len(bends)).astype(np.int64),
    )


def _runs(
    refs: NDArray[np.int64], owner: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return points, their ways, and the number of the unbroken part of a way that each belongs to."""
    fresh = np.ones(len(refs), dtype=bool)
    fresh[1:] = (np.diff(refs) != 0) | (np.diff(owner) != 0)
    refs, owner = refs[fresh], owner[fresh]
    known = refs >= 0
    broken = np.diff(owner, prepend=-1) != 0
    broken |= ~known
    run = np.cumsum(broken)
    refs, owner, run = refs[known], owner[known], run[known]
    _, run, points = np.unique(run, return_inverse=True, return_counts=True)
    long = points[run] > 1
    return refs[long], owner[long], run[long]


def _steps_km(lon: NDArray[np.float64], lat: NDArray[np.float64], begins: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the way from the point before to each point, km; 0 where a way begins."""
    km = np.zeros(len(lon))
    for start in range(1, len(lon), _AT_ONCE):
        here = slice(start, min(start + _AT_ONCE, len(lon)))
        back = slice(here.start - 1, here.stop - 1)
        km[here] = distances_km(lon[back], lat[back], lon[here], lat[here])
    return np.where(begins, 0.0, km)


def ways_table(mode: str, raw: Mapping[str, Any], count: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Read the tags of ways.

    Parameters
    ----------
    mode : str
        rail, road or ferry.
    raw : mapping of str to sequence of str
        Values of `KEYS`, of the mode's own key and of ``osm_id`` (int) where known, one per way; empty without a value.
    count : int
        Number of ways.

    Returns
    -------
    DataFrame (w rows)
        Columns of `graph.TAGS`, and ``osm_id`` if given. ``usage`` of a road is its class; of a siding, yard or spur
        its ``service``.
    array (w,) of bool
        Ways that may be used only against the order of their points, to be turned round.
    """
    blank = np.full(count, "", dtype=object)
    text = {key: np.asarray(raw.get(key, blank), dtype=object) for key in (*KEYS, class_key(mode))}
    usage = text["highway"] if mode == "road" else np.where(text["service"] != "", text["service"], text["usage"])
    direction, backward = _directions(mode, text)
    table = pd.DataFrame(
        {
            "mode": np.full(count, mode, dtype=object),
            "direction": direction,
            "gauge_mm": _parsed(text["gauge"], _gauges, object),
            "electrified": _parsed(text["electrified"], _electrified, object),
            "tracks": _parsed(text["tracks"], _tracks, float),
            "maxspeed_kmh": _parsed(text["maxspeed"], _kmh, float),
            "usage": usage,
            "name": text["name"],
            "bridged": np.zeros(count, dtype=bool),
        }
    )
    return (table.assign(osm_id=raw["osm_id"]) if "osm_id" in raw else table), backward


def _directions(mode: str, text: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    count = len(text["oneway"])
    if mode == "rail":  # trains run both ways; the tag tells the usual one
        return np.full(count, "both", dtype=object), np.zeros(count, dtype=bool)
    backward = np.isin(text["oneway"].astype(str), list(_BACKWARD))
    forward = np.isin(text["oneway"].astype(str), list(_FORWARD)) | backward
    if mode == "road":
        implied = np.isin(text["junction"].astype(str), ["roundabout", "circular"]) | (text["highway"] == "motorway")
        forward |= implied & (text["oneway"] == "")
    return np.where(forward, "forward", "both").astype(object), backward


def _parsed(values: NDArray[Any], parse: Callable[[str], Any], kind: type) -> NDArray[Any]:
    codes, found = pd.factorize(values)
    return np.array([parse(value) for value in found], dtype=kind)[codes] if len(found) else np.empty(0, dtype=kind)


def _gauges(value: str) -> str:
    words = [word.removesuffix("mm").strip() for word in re.split(r"[;,|]", value)]
    low, high = _GAUGES_MM
    return ";".join(dict.fromkeys(w for w in words if re.fullmatch(r"[0-9]+", w) and low <= int(w) <= high))


def _electrified(value: str) -> str:
    words = {word.strip() for word in value.split(";")}
    if words & _WIRED:
        return "yes"
    return "no" if words == {"no"} else ""


def _tracks(value: str) -> float:
    return float(value) if re.fullmatch(r"[1-9][0-9]?", value.strip()) else np.nan


def _kmh(value: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z/]*)", value.strip())
    unit = _KMH.get(found[2]) if found else None
    speed = float(found[1]) * unit if found and unit else 0.0
    return speed if 0 < speed <= 600 else np.nan


def text_of(value: Any) -> str:
    """Return a value of a tag as text: lists as ``a;b``, whole numbers without a fraction, nothing as an empty one."""
    if isinstance(value, list | tuple | set | np.ndarray):
        return ";".join(dict.fromkeys(text for text in map(text_of, value) if text))
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
