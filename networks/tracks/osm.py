"""Extracts of OpenStreetMap: railways, roads and ferries out of .osm and .osm.pbf files of any size."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .assemble import KEYS, assemble, class_key, classes_of, ways_table
from .graph import TrackGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_osm"]

Box = tuple[float, float, float, float]

_SUFFIXES = "expected .osm or .osm.pbf, or .osm.gz or .osm.bz2"
_CUT = ("EOF", "unclosed token", "no element found", "truncated", "gzip error", "bzip2 error", "uncompress", "inflate")
_SCALE = 1e7  # OpenStreetMap keeps whole numbers of 1e-7 degrees
_STORED = np.dtype([("id", "=u8"), ("x", "=i4"), ("y", "=i4")])
_NOWHERE = 2**31 - 1  # also fills what the store has not used
_SMALL_BYTES = 2**25  # all points of such a file are kept on disk, which is quicker than to choose
_BLOCK_BITS, _BLOCKS = 25, 128  # a filter of ids holds 4 MB for each block of ids that it touches


def read_osm(
    path: str | Path, mode: str = "rail", *, within: Box | None = None, classes: Collection[str] | None = None
) -> TrackGraph:
    """Read the ways of one mode from an extract.

    Parameters
    ----------
    path : path
        ``.osm``, ``.osm.pbf``, or ``.osm.gz``, ``.osm.bz2``.
    mode : str
        rail (tracks of stations, yards and sidings too, see the column ``usage``; neither light rail nor what is not
        built yet), road (motorways to tertiary roads), or ferry.
    within : tuple of float, optional
        West, south, east, north, degrees: points outside are left out, ways are cut there.
    classes : collection of str, optional
        Values of ``railway``, ``highway`` or ``route`` to read instead, see `assemble.CLASSES`.

    Returns
    -------
    TrackGraph
        Nodes are ends of ways and points that several share; the column ``osm_id`` is the number of the way. Lengths
        are great circles on the sphere. Ways are cut where the extract lacks a point.

    Raises
    ------
    DataError
        The file is not there, not OpenStreetMap, cut short, or has no such way; or pyosmium is not installed.

    Notes
    -----
    Ways are read first, then the points that they have, which are kept on disk until they are sorted. Memory goes
    with the ways of the mode, not with the file.
    """
    wanted = classes_of(mode, classes)
    file = _checked(Path(path))
    osmium = _osmium()
    try:
        refs, first, raw = _ways(osmium, file, class_key(mode), wanted)
        if len(first) == 1:
            raise DataError([f"{file}: no way with {class_key(mode)} = {', '.join(wanted)} in it"])
        ids = np.unique(refs)
        known, lon, lat = _positions(osmium, file, ids)
    except RuntimeError as error:
        raise DataError([_told(file, str(error))]) from None
    if within is not None:
        west, south, east, north = within
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        known, lon, lat = known[inside], lon[inside], lat[inside]
    ways, backward = ways_table(mode, raw, len(first) - 1)
    graph = assemble(_turned(_rows(refs, known), first, backward), first, lon, lat, ways)
    if not len(graph.tail):
        where = f"the box {within}" if within is not None else "the file"
        raise DataError([f"{file}: {len(first) - 1} ways of mode {mode!r}, but none has two points within {where}"])
    return graph


def _osmium() -> Any:
    try:
        return import_module("osmium")
    except ImportError:
        raise DataError(["pyosmium was not found; it comes with: pip install 'corridors[geometry]'"]) from None


def _checked(file: Path) -> Path:
    if file.is_dir():
        raise DataError([f"{file}: is a folder; {_SUFFIXES}"])
    if not file.exists():
        raise DataError([f"{file}: no such file"])
    if not file.stat().st_size:
        raise DataError([f"{file}: is empty; {_SUFFIXES}"])
    return file


def _told(file: Path, message: str) -> str:
    if any(word in message for word in _CUT):
        return f"{file}: is cut short or damaged ({message}); was the download finished?"
    return f"{file}: not a file of OpenStreetMap ({message}); {_SUFFIXES}"


def _ways(
    osmium: Any, file: Path, key: str, wanted: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, Any]]:
    """Return the points of all ways by their numbers, where each way begins, and tags."""
    refs, first, ids = array("q"), array("q", [0]), array("q")
    keys = (key, *KEYS)
    columns: list[list[str]] = [[] for _ in keys]
    same: dict[str, str] = {}
    chosen = osmium.filter.TagFilter(*((key, value) for value in wanted))
    for way in osmium.FileProcessor(str(file), osmium.osm.WAY).with_filter(chosen):
        refs.extend([node.ref for node in way.nodes])
        first.append(len(refs))
        ids.append(way.id)
        tags = way.tags
        for column, name in zip(columns, keys, strict=True):
            value = tags.get(name, "")
            column.append(same.setdefault(value, value))
    raw: dict[str, Any] = {name: np.array(column, dtype=object) for name, column in zip(keys, columns, strict=True)}
    raw["osm_id"] = np.array(ids, dtype=np.int64)
    return np.array(refs, dtype=np.int64), np.array(first, dtype=np.int64), raw


def _positions(
    osmium: Any, file: Path, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return which of the points are in the file, sorted, and where they lie, degrees."""
    if len(ids) and ids[0] < 0:
        return _unsaved(osmium, file, set(ids.tolist()))
    with tempfile.TemporaryDirectory(prefix="corridors-") as folder:
        store = Path(folder) / "points"
        index = osmium.index.create_map(f"sparse_file_array,{store}")
        small = file.stat().st_size < _SMALL_BYTES
        filters = [()] if small else ((osmium.filter.IdFilter(array("q", part.tobytes())),) for part in _parts(ids))
        for chosen in filters:
            nodes = osmium.io.Reader(str(file), osmium.osm.NODE)
            osmium.apply(nodes, *chosen, osmium.NodeLocationsForWays(index))
            nodes.close()
        del index
        found = np.fromfile(store, dtype=_STORED)
    found = found[np.isin(found["id"].astype(np.int64), ids) & (found["x"] != _NOWHERE)]
    known, at = np.unique(found["id"].astype(np.int64), return_index=True)
    return known, found["x"][at] / _SCALE, found["y"][at] / _SCALE


def _parts(ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield sorted ids in parts that touch few blocks, since a filter over all of them may take gigabytes."""
    block = np.cumsum(np.diff(ids >> _BLOCK_BITS, prepend=-1) != 0) - 1
    for number in range(0, int(block[-1]) + 1 if len(ids) else 0, _BLOCKS):
        yield ids[(block >= number) & (block < number + _BLOCKS)]


def _unsaved(
    osmium: Any, file: Path, ids: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the same for files of an editor, whose new points have negative numbers."""
    found = {
        node.id: (node.lon, node.lat)
        for node in osmium.FileProcessor(str(file), osmium.osm.NODE)
        if node.id in ids and node.location.valid()
    }
    known = np.array(sorted(found), dtype=np.int64)
    lon, lat = np.array([found[one] for one in known.tolist()], dtype=float).reshape(-1, 2).T
    return known, lon, lat


def _rows(refs: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of the points stands among the known ones, -1 where it does not."""
    if not len(known):
        return np.full(len(refs), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, refs), len(known) - 1)
    return np.where(known[at] == refs, at, -1)


def _turned(refs: NDArray[np.int64], first: NDArray[np.int64], backward: NDArray[np.bool_]) -> NDArray[np.int64]:
    turned = refs.copy()
    for way in np.flatnonzero(backward):
        turned[first[way] : first[way + 1]] = refs[first[way] : first[way + 1]][::-1]
    return turned
