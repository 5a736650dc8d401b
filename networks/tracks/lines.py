"""Lines of any geodata file as ways: GeoParquet, GeoPackage, GeoJSON, shapefiles, or a frame in memory."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .assemble import KEYS, assemble, class_key, classes_of, text_of, ways_table
from .graph import TrackGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_lines"]

_PER_DEGREE = 1e7  # about a centimetre: OpenStreetMap keeps no more
_ALSO = {"gauge": ("gauge_mm",), "maxspeed": ("maxspeed_kmh",), "osm_id": ("osmid",)}


def read_lines(source: Any, mode: str = "rail", *, classes: Collection[str] | None = None) -> TrackGraph:
    """Read lines that meet where they have a vertex in common.

    Parameters
    ----------
    source : path or GeoDataFrame
        LineStrings or MultiLineStrings, in any system of coordinates that is stated, else in degrees. What is no line
        is left out. Columns are read where they are there: gauge, electrified, tracks, maxspeed, usage, service, name,
        oneway, junction, osm_id, with values as in OpenStreetMap.
    mode : str
        rail, road or ferry.
    classes : collection of str, optional
        Which values of the column railway, highway or route (or fclass) to keep, see `assemble.CLASSES`. Without such
        a column all lines are kept.

    Returns
    -------
    TrackGraph
        Vertices are the same if they are after rounding to 1e-7 degrees.

    Raises
    ------
    DataError
        The file cannot be read, has no lines of the mode, or coordinates that are not degrees.
    """
    wanted = classes_of(mode, classes)
    label = str(source) if isinstance(source, str | Path) else "lines"
    frame = _degrees(_loaded(Path(source)) if isinstance(source, str | Path) else source)
    column = next((name for name in (class_key(mode), "fclass") if name in frame.columns), None)
    if column is not None:
        frame = frame[frame[column].isin(wanted)]
    frame = frame[frame.geom_type.isin(["LineString", "MultiLineString"]) & ~frame.is_empty]
    frame = frame.explode(index_parts=False, ignore_index=True)
    if not len(frame):
        what = f" with {column} = {', '.join(wanted)}" if column else ""
        raise DataError([f"{label}: no lines{what} in it"])
    places, first = _vertices(label, frame)
    ways, backward = ways_table(mode, _raw(frame, class_key(mode), column), len(frame))
    for way in np.flatnonzero(backward):
        places[first[way] : first[way + 1]] = places[first[way] : first[way + 1]][::-1].copy()
    return assemble(*_noded(places, first), ways)


def _loaded(file: Path) -> Any:
    import geopandas as gpd

    if not file.is_file():
        raise DataError([f"{file}: no such file"])
    try:
        return gpd.read_parquet(file) if file.suffix in (".parquet", ".geoparquet") else gpd.read_file(file)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        expected = "expected GeoParquet, GeoPackage, GeoJSON or a shapefile"
        raise DataError([f"{file}: not a readable file of lines ({reason}); {expected}"]) from None


def _degrees(frame: Any) -> Any:
    if not hasattr(frame, "geom_type"):
        raise DataError([f"lines: a table without geometry ({type(frame).__name__}), expected a path or GeoDataFrame"])
    return frame if frame.crs is None or frame.crs.equals(4326, ignore_axis_order=True) else frame.to_crs(4326)


def _vertices(label: str, frame: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return longitude and latitude (k, 2) of all vertices, and where each line begins."""
    import shapely

    shapes = shapely.force_2d(frame.geometry.to_numpy())
    places = shapely.get_coordinates(shapes)
    wrong = ~(np.abs(places) <= [180.0, 90.0]).all(axis=1)
    if wrong.any():
        x, y = places[wrong][0]
        raise DataError([f"{label}: a vertex at ({x:g}, {y:g}), expected degrees of longitude and latitude"])
    first = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(shapes))])
    return places, first.astype(np.int64)


def _noded(
    places: NDArray[np.float64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.rint(places * _PER_DEGREE).astype(np.int64).T
    cells, refs = np.unique((x << 32) + (y + 2**31), return_inverse=True)
    lon = np.asarray((cells >> 32) / _PER_DEGREE, dtype=np.float64)
    lat = np.asarray(((cells & (2**32 - 1)) - 2**31) / _PER_DEGREE, dtype=np.float64)
    return refs.astype(np.int64), first, lon, lat


def _raw(frame: Any, key: str, column: str | None) -> dict[str, Any]:
    names = {name: next((n for n in (name, *_ALSO.get(name, ())) if n in frame.columns), None) for name in KEYS}
    names[key] = column
    raw: dict[str, Any] = {
        name: np.array([text_of(value) for value in frame[found]], dtype=object)
        for name, found in names.items()
        if found
    }
    number = next((n for n in ("osm_id", *_ALSO["osm_id"]) if n in frame.columns), None)
    if number is not None:
        texts = [text_of(value) for value in frame[number]]
        if all(text.lstrip("-").isdigit() for text in texts):
            raw["osm_id"] = np.array([int(text) for text in texts], dtype=np.int64)
    return raw
