"""The way of each link over the map: tracks, lanes and own ways as stored, great circles where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import seeds

from .errors import DataError
from .geometry import cut_at_antimeridian, distance_km, great_circle
from .given import given_text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from shapely import LineString, MultiLineString

__all__ = ["BASES", "CREDIT", "FILES", "HEADS", "Way", "added_ways", "line_of", "lines_of", "read_ways", "way_text"]

BASES = {
    "track": "along the railway",
    "road": "along roads",
    "ferry": "along the ferry line",
    "lane": "along lanes of ships",
    "water": "over water, keeping off land",
    "towns": "straight between towns on the way",
    "straight": "great circle",
}
"""What a line on the map follows, best first."""

CREDIT = "Railways and roads © OpenStreetMap contributors, ODbL 1.0"
"""What a map says that shows them."""

FILES = {"track": "ways_osm.geojson", "road": "ways_osm.geojson", "ferry": "ways_osm.geojson"}
"""Files of the ways that come from OpenStreetMap and are under its licence; all others stand in ``ways.geojson``."""

_OTHER = "ways.geojson"

HEADS = {
    "ways_osm.geojson": {"licence": "ODbL-1.0, https://opendatacommons.org/licenses/odbl/1-0/", "credit": CREDIT},
    _OTHER: {
        "licence": "CC-BY-4.0, https://creativecommons.org/licenses/by/4.0/",
        "credit": "The Corridors authors; lanes of searoute (Apache-2.0), coasts of Natural Earth, towns of GeoNames",
    },
}
"""Licence and credit of each file of ways."""
_NEAR_KM = 2.0
_STEP_DEG = 0.5

Point = tuple[float, float]


@dataclass(frozen=True)
class Way:
    """One stored way.

    Attributes
    ----------
    link_id : str
    basis : str
        One of `BASES`.
    length_km : float
        Along the source, before it was simplified.
    gap_km : float
        Gaps in the source that were closed by straight lines, among it.
    points : array (n, 2)
        Longitude and latitude from the first place of the link to the last, degrees, EPSG:4326.
    """

    link_id: str
    basis: str
    length_km: float
    gap_km: float
    points: NDArray[np.float64]


def read_ways(network: str = "freight", folder: str | Path | None = None) -> dict[str, Way]:
    """Return the stored ways, by link or pipe id.

    Parameters
    ----------
    network : str
        freight or gas.
    folder : path, optional
        Folder with tables of your own; ways in it go before those of the toolkit.

    Returns
    -------
    dict of str to Way
        Links without a stored way are not in it.

    Raises
    ------
    DataError
        A file of ways in the folder cannot be read.
    """
    ways: dict[str, Way] = {}
    for home in (seeds.FOLDER, *([Path(folder)] if folder is not None else [])):
        for name in (_OTHER, *sorted(set(FILES.values()))):
            file = home / name
            if file.is_file():
                found = _read(file, file.stat().st_mtime_ns)[1]
                ways |= {way.link_id: way for of, way in found if of == network}
    return ways


@lru_cache(maxsize=8)
def _read(file: Path, _changed: int) -> tuple[dict[str, str], tuple[tuple[str, Way], ...]]:
    """Return the head of a file of ways, and its ways with their network."""
    try:
        data = json.loads(given_text(file))
        found: list[tuple[str, Way]] = []
        for feature in data["features"]:
            about = feature["properties"]
            points = np.array(feature["geometry"]["coordinates"], dtype=float).reshape(-1, 2)
            way = Way(about["link_id"], about["basis"], about["length_km"], about["gap_km"], points)
            found.append((str(about["network"]), way))
        head = {key: str(value) for key, value in data.items() if key not in ("type", "features")}
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError([f"{file}: not a file of ways as `corridors geometry build` writes it ({error})"]) from None
    return head, tuple(found)


def line_of(way: Way | None, start: Point, end: Point) -> tuple[LineString | MultiLineString, str]:
    """Return the line of a link and its basis: the way if it joins both places, else the great circle.

    Parameters
    ----------
    way : Way, optional
        As stored, in either direction.
    start, end : tuple of float
        Longitude and latitude of the places, degrees.

    Returns
    -------
    LineString or MultiLineString, str
        From start to end; two parts where it crosses the antimeridian. One of `BASES`.
    """
    if way is None or len(way.points) < 2:
        return great_circle(start, end), "straight"
    points = way.points
    if not _joins(points, start, end):
        if not _joins(points[::-1], start, end):
            return great_circle(start, end), "straight"
        points = points[::-1]
    return cut_at_antimeridian(_dense(np.vstack([start, points[1:-1], end]))), way.basis


def _dense(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points with more between those far apart: straight in degrees, as ways were kept off land."""
    steps = np.diff(points, axis=0)
    steps[:, 0] = (steps[:, 0] + 180) % 360 - 180
    parts = np.maximum(np.ceil(np.abs(steps).max(axis=1) / _STEP_DEG), 1).astype(int)
    which = np.repeat(np.arange(len(parts)), parts)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[which]
    found = points[which] + steps[which] * share[:, None]
    beyond = np.abs(found[:, 0]) > 180
    found[beyond, 0] = (found[beyond, 0] + 180) % 360 - 180
    return np.vstack([found, points[-1:]])


def _joins(points: NDArray[np.float64], start: Point, end: Point) -> bool:
    first, last = (float(x) for x in points[0]), (float(x) for x in points[-1])
    return distance_km(tuple(first), start) <= _NEAR_KM and distance_km(tuple(last), end) <= _NEAR_KM  # type: ignore[arg-type]


def lines_of(
    link_ids: Iterable[str],
    starts: Iterable[str],
    ends: Iterable[str],
    places: pd.DataFrame,
    folder: str | Path | None = None,
    network: str = "freight",
) -> list[tuple[LineString | MultiLineString, str]]:
    """Return the line and its basis of each link, from its start to its end, as `line_of` does.

    Parameters
    ----------
    link_ids, starts, ends : iterable of str
        Links and their places in the direction that is wanted.
    places : DataFrame
        By place id, with ``lon`` and ``lat``.
    folder, network
        As in `read_ways`.

    Returns
    -------
    list of (LineString or MultiLineString, str)
        In the order of the links: the line, in degrees, and what it follows, one of `BASES`.

    Raises
    ------
    DataError
        As of `read_ways`.
    """
    stored = read_ways(network, folder)
    at = dict(
        zip(places.index, zip(places["lon"].astype(float), places["lat"].astype(float), strict=True), strict=True)
    )
    return [line_of(stored.get(k), at[a], at[b]) for k, a, b in zip(link_ids, starts, ends, strict=True)]


def added_ways(new: Iterable[tuple[str, Way]], folder: str | Path, sources: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the files of ways of a folder, with new ways in them; those that change.

    Parameters
    ----------
    new : iterable of (network, Way)
        They take the place of what the folder has of the same links, in whichever file.
    folder : path
    sources : mapping
        File name to where the new ways in it come from, which is added to the source that the file names.

    Raises
    ------
    DataError
        A file of the folder cannot be read.
    """
    fresh = list(new)
    replaced = {(network, way.link_id) for network, way in fresh}
    texts = {}
    for name, usual in HEADS.items():
        file = Path(folder) / name
        head, old = _read(file, file.stat().st_mtime_ns) if file.is_file() else ({}, ())
        kept = [pair for pair in old if (pair[0], pair[1].link_id) not in replaced]
        mine = [pair for pair in fresh if FILES.get(pair[1].basis, _OTHER) == name]
        if mine or len(kept) < len(old):
            named = [*head.get("source", "").split("; "), *([sources[name]] if mine else [])]
            source = "; ".join(dict.fromkeys(word for word in named if word))
            texts[name] = way_text([*kept, *mine], {**usual, **head, "source": source})
    return texts


def way_text(ways: Iterable[tuple[str, Way]], about: Mapping[str, Any]) -> str:
    """Return GeoJSON text of ways: one line for each.

    Parameters
    ----------
    ways : iterable of (network, Way)
    about : mapping
        Members of the collection: licence, credit, source.
    """
    lines = []
    for network, way in sorted(ways, key=lambda pair: (pair[0], pair[1].link_id)):
        properties = {
            "network": network,
            "link_id": way.link_id,
            "basis": way.basis,
            "length_km": round(way.length_km, 1),
            "gap_km": round(way.gap_km, 1),
        }
        geometry = {"type": "LineString", "coordinates": way.points.tolist()}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = json.dumps({"type": "FeatureCollection", **about}, ensure_ascii=False)[:-1]
    return head + ', "features": [\n' + "".join(f"{line},\n" for line in lines)[:-2] + "\n]}\n"
