"""The network in formats of other programs: one table of formats, `export` to each and readers back.

====================  ==========================  ==================================================
Kind                  Name of the path            What is in it
====================  ==========================  ==================================================
``gmns``              folder                      GMNS 0.96, and beside it what GMNS cannot carry
``geopackage``        ``.gpkg``                   every table as a layer, with styles for QGIS
``geoparquet``        folder ``.parquet``         every table as a file, GeoParquet 1.1.0
``geojson``           ``.geojson``, ``.json``     places and links, RFC 7946
``graphml``           ``.graphml``                places and links as a graph, one edge per direction
====================  ==========================  ==================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, nearest
from ..tables import Tables
from .geofiles import (
    read_geojson,
    read_geoparquet,
    read_graphml,
    write_geojson,
    write_geoparquet,
    write_graphml,
)
from .geopackage import read_geopackage, write_geopackage
from .gmns import GmnsNetwork, read_gmns, write_gmns

__all__ = [
    "FORMATS",
    "Format",
    "GmnsNetwork",
    "export",
    "read_geojson",
    "read_geopackage",
    "read_geoparquet",
    "read_gmns",
    "read_graphml",
    "write_geojson",
    "write_geopackage",
    "write_geoparquet",
    "write_gmns",
    "write_graphml",
]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    title : str
        What it is, for people.
    endings : tuple of str
        Endings of names that choose it; "" is a folder.
    write : callable
        Takes tables and a path, returns what the format cannot carry.
    """

    title: str
    endings: tuple[str, ...]
    write: Callable[[Tables, Path], list[str]]


FORMATS = {
    "gmns": Format("GMNS 0.96, a folder of CSV files", ("",), write_gmns),
    "geopackage": Format("GeoPackage with styles for QGIS", (".gpkg",), write_geopackage),
    "geoparquet": Format("GeoParquet 1.1.0, a folder", (".parquet", ".geoparquet"), write_geoparquet),
    "geojson": Format("GeoJSON, RFC 7946", (".geojson", ".json"), write_geojson),
    "graphml": Format("GraphML", (".graphml",), write_graphml),
}
"""Every format that `export` writes, by kind."""


def export(tables: Tables, path: str | Path, kind: str | None = None) -> list[str]:
    """Write the network in the format that the name of the path asks for.

    Parameters
    ----------
    tables : Tables
        The network.
    path : path
        File or folder to write; what was there is replaced, or stays whole if something goes wrong.
    kind : str, optional
        One of `FORMATS`, whatever the name ends in.

    Returns
    -------
    list of str
        Sentences on what the format cannot carry; empty if a reader gives the same tables.

    Raises
    ------
    DataError
        No such kind or ending, or the path cannot be written.
    """
    target = Path(path)
    if kind is None:
        kind = _kind_of(target)
    if kind not in FORMATS:
        raise DataError([f"{kind!r} is not a format, expected one of {', '.join(FORMATS)}{nearest(kind, FORMATS)}"])
    return FORMATS[kind].write(tables, target)


def _kind_of(path: Path) -> str:
    by_ending = {ending: kind for kind, one in FORMATS.items() for ending in one.endings}
    ending = "" if path.is_dir() and path.suffix.lower() not in by_ending else path.suffix.lower()
    if ending not in by_ending:
        wanted = f"expected one of {', '.join(e for e in by_ending if e)}, or a folder for GMNS"
        raise DataError([f"{path}: no format has the ending {ending!r}, {wanted}{nearest(ending, by_ending)}"])
    return by_ending[ending]
