"""A network of one's own made a study: from GMNS, a GeoPackage, or what `networks.formats.export` wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from networks import DataError, Tables, load_tables
from networks.formats import read_geojson, read_geopackage, read_geoparquet, read_gmns, read_graphml
from networks.study_rows import add_rows, make_study

__all__ = ["Imported", "import_network"]

_SOURCE = "IMPORT"
_WHOLE: dict[str, Callable[[Path], Tables]] = {
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".graphml": read_graphml,
    ".parquet": read_geoparquet,
    ".geoparquet": read_geoparquet,
}
_LAYERS = {"node": ("node", "nodes", "places"), "link": ("link", "links", "edges")}


@dataclass(frozen=True)
class Imported:
    """What was imported.

    Attributes
    ----------
    places, links : int
        How many.
    notes : tuple of str
        What was assumed or left out.
    """

    places: int
    links: int
    notes: tuple[str, ...]


def import_network(
    source: str | Path,
    study: str | Path,
    *,
    crs: str | None = None,
    length_unit: str | None = None,
    speed_unit: str | None = None,
    country: str | None = None,
    modes: Mapping[str, str] | None = None,
    rates: Mapping[str, str] | None = None,
) -> Imported:
    """Make a study folder with a network of its own.

    Parameters
    ----------
    source : path
        Folder with GMNS files (``node.csv``, ``link.csv``); GeoPackage with layers of nodes and links, with GMNS'
        columns, or as written by ``corridors export``; GeoJSON, GraphML or GeoParquet as written by it.
    study : path
        Folder; ``study.yaml`` with ``base: none`` is written, and ``places.csv``, ``links.csv`` and the tables that
        they need.
    crs, length_unit, speed_unit, country, modes, rates
        As of `networks.formats.read_gmns`.

    Returns
    -------
    Imported

    Raises
    ------
    DataError
        The source cannot be read, a value is wrong, or the folder is a study already; then nothing is written.
    """
    path = Path(source)
    options: dict[str, Any] = {
        "crs": crs, "length_unit": length_unit, "speed_unit": speed_unit,
        "country": country, "modes": modes, "rates": rates,
    }  # fmt: skip
    tables, notes = _read(path, options)
    home = Path(study)
    fresh = not home.exists()
    make_study(home, title=f"Network of {path.name}", base="none")
    try:
        add_rows(home, _own_rows(tables, path))
    except DataError:
        (home / "study.yaml").unlink()
        if fresh:
            home.rmdir()
        raise
    return Imported(len(tables.places), len(tables.links), tuple(notes))


def _read(path: Path, options: dict[str, Any]) -> tuple[Tables, Iterable[str]]:
    ending = path.suffix.lower()
    if not path.exists():
        raise DataError([f"{path}: no such file or folder"])
    if ending in _WHOLE:
        return _WHOLE[ending](path), ()
    if ending == ".gpkg":
        return _from_geopackage(path, options)
    if path.is_dir():
        found = read_gmns(path, **options)
        return found.tables, found.notes
    raise DataError([f"{path}: expected a GMNS folder, a GeoPackage, or what corridors export wrote"])


def _from_geopackage(path: Path, options: dict[str, Any]) -> tuple[Tables, Iterable[str]]:
    """Read our own GeoPackage, or layers of nodes and links with the columns of GMNS."""
    import geopandas as gpd

    layers = set(gpd.list_layers(path)["name"])
    if {"places", "links", "rates"} <= layers:
        return read_geopackage(path), ()
    named = {kind: next((name for name in names if name in layers), None) for kind, names in _LAYERS.items()}
    if None in named.values():
        raise DataError([f"{path}: expected layers node and link, got {', '.join(sorted(layers))}"])
    with tempfile.TemporaryDirectory() as made:
        for kind, layer in named.items():
            frame = gpd.read_file(path, layer=layer)
            options = {**options, "crs": options["crs"] or (frame.crs.to_string() if frame.crs is not None else None)}
            _as_gmns(kind, frame).to_csv(Path(made) / f"{kind}.csv", index=False)
        try:
            found = read_gmns(made, **options)
        except DataError as error:
            raise DataError(f"{path}: {problem.replace(f'{made}/', '')}" for problem in error.problems) from None
    return found.tables, found.notes


def _as_gmns(kind: str, frame: Any) -> pd.DataFrame:
    """Return a layer as a GMNS table: points become coordinates, lines become text."""
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name)) if hasattr(frame, "geometry") else frame
    if kind == "node":
        return plain.assign(x_coord=frame.geometry.x, y_coord=frame.geometry.y)
    return plain.assign(geometry=frame.geometry.to_wkt())


def _own_rows(tables: Tables, path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a network of its own needs beside what holds for any."""
    known = load_tables()
    source = {"source_id": _SOURCE, "publisher": "(import)", "title": f"Network of {path.name}", "grade": "EST"}
    rows = {"sources": [source]}
    for name in ("countries", "rates", "sources", "goods"):
        frame = getattr(tables, name)
        new = frame[~frame.index.isin(getattr(known, name).index)]
        if len(new):
            rows.setdefault(name, []).extend(new.reset_index().to_dict("records"))
    for name in ("places", "links", "borders", "stops"):
        frame = getattr(tables, name)
        if name == "stops":
            frame = frame[frame["place_id"] != ""]
        if len(frame):
            rows[name] = frame.reset_index().to_dict("records")
    return rows
