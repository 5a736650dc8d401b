"""A network of one's own made a study: from GMNS, a GeoPackage, or what `networks.formats.export` wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from networks import DataError, Tables, load_tables
from networks.formats import read_geojson, read_geopackage, read_geoparquet, read_gmns, read_graphml
from networks.study import STUDY_FILE
from networks.study_rows import add_rows, make_study, text_of_cell
from networks.tables import NETWORK

from .files import write_folder

__all__ = ["Imported", "import_network"]

_SOURCE = "IMPORT"
_WHOLE: dict[str, Callable[[Path], Tables]] = {
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".graphml": read_graphml,
    ".parquet": read_geoparquet,
    ".geoparquet": read_geoparquet,
}
_ITS_OWN = ("places", "links", "borders")
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
    path, home = Path(source), Path(study)
    if (home / STUDY_FILE).exists():
        raise DataError([f"{home / STUDY_FILE}: is there already"])
    options: dict[str, Any] = {
        "crs": crs, "length_unit": length_unit, "speed_unit": speed_unit,
        "country": country, "modes": modes, "rates": rates,
    }  # fmt: skip
    tables, notes = _read(path, options)
    with tempfile.TemporaryDirectory() as made:
        part = Path(made) / "study"
        make_study(part, title=f"Network of {path.name}", base="none", remove=_without(tables))
        try:
            add_rows(part, _own_rows(tables, path))
        except DataError as error:
            raise DataError(f"{path}: {problem.replace(f'{part}/', '')}" for problem in error.problems) from None
        files = {file.name: file.read_text(encoding="utf-8") for file in sorted(part.iterdir())}
    there = [home / name for name in files if (home / name).exists()]
    if there:
        raise DataError([f"{there[0]}: is there already; expected a new folder, or one without tables"])
    write_folder(home, files)
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
        ours = (path / "places.csv").exists()  # written by us, with sources of its own
        return found.tables if ours else _cited(found.tables), found.notes
    raise DataError([f"{path}: expected a GMNS folder, a GeoPackage, or what corridors export wrote"])


def _from_geopackage(path: Path, options: dict[str, Any]) -> tuple[Tables, Iterable[str]]:
    """Read our own GeoPackage, or layers of nodes and links with the columns of GMNS."""
    import geopandas as gpd
    import pyogrio

    try:
        layers = {str(name) for name, _ in pyogrio.list_layers(path)}
        if {"places", "links", "rates"} <= layers:
            return read_geopackage(path), ()
        named = {kind: next((name for name in names if name in layers), None) for kind, names in _LAYERS.items()}
        if None in named.values():
            raise DataError([f"{path}: expected layers node and link, got {', '.join(sorted(layers)) or 'none'}"])
        frames = {kind: gpd.read_file(path, layer=layer) for kind, layer in named.items()}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise DataError([f"{path}: not a readable GeoPackage ({error})"]) from None
    tables = {kind: _as_gmns(path, kind, frame, options["crs"]) for kind, frame in frames.items()}
    with tempfile.TemporaryDirectory() as made:
        for kind, table in tables.items():
            table.to_csv(Path(made) / f"{kind}.csv", index=False)
        try:
            found = read_gmns(made, **{**options, "crs": "EPSG:4326"})
        except DataError as error:
            raise DataError(f"{path}: {problem.replace(f'{made}/', '')}" for problem in error.problems) from None
    return _cited(found.tables), found.notes


def _as_gmns(path: Path, kind: str, frame: Any, crs: str | None) -> pd.DataFrame:
    """Return a layer as a GMNS table in degrees: points become coordinates, lines become text."""
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame):
        if kind == "link":
            return pd.DataFrame(frame)
        raise DataError([f"{path}: the layer of nodes has no points"])
    if frame.crs is None and crs is None:
        raise DataError([f"{path}: the layer of {kind}s has no coordinate system; state it by crs="])
    placed = (frame if frame.crs is not None else frame.set_crs(crs)).to_crs("EPSG:4326")
    plain = pd.DataFrame(placed.drop(columns=placed.geometry.name))
    if kind == "link":
        return plain.assign(geometry=placed.geometry.to_wkt())
    parts = placed.geometry.explode(index_parts=False)
    if len(parts) != len(placed) or not (parts.geom_type == "Point").all():
        raise DataError([f"{path}: the layer of nodes has other things than single points"])
    return plain.assign(x_coord=parts.x, y_coord=parts.y)


def _cited(tables: Tables) -> Tables:
    """Return a foreign network whose positions, lengths and speeds cite the import."""
    cited = {
        "places": tables.places.assign(position_source_id=[(_SOURCE,)] * len(tables.places)),
        "links": tables.links.assign(
            length_source_id=[(_SOURCE,)] * len(tables.links),
            speed_source_id=[(_SOURCE,) if known else () for known in tables.links["speed_kmh"].notna()],
        ),
    }
    return replace(tables, **cited)


def _own_rows(tables: Tables, path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a network of its own that a study of it does not have from the toolkit as they are."""
    known = load_tables()
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in NETWORK:
        ours, theirs = (_texts(getattr(t, name)) for t in (known, tables))
        kept = {} if name in _ITS_OWN else ours
        if name == "stops":
            kept = {key: row for key, row in ours.items() if not row["place_id"]}
        rows[name] = [row for key, row in theirs.items() if kept.get(key) != row]
    if any(_SOURCE in row.values() for name in ("places", "links") for row in rows[name]):
        source = {"source_id": _SOURCE, "publisher": "(import)", "title": f"Network of {path.name}", "grade": "EST"}
        rows["sources"].append(source)
    return {name: new for name, new in rows.items() if new}


def _without(tables: Tables) -> dict[str, list[str]]:
    """Return the general stops of the toolkit that the network does without."""
    stops = load_tables().stops
    gone = [str(key) for key in stops.index[stops["place_id"] == ""] if key not in tables.stops.index]
    return {"stops": gone} if gone else {}


def _texts(frame: pd.DataFrame) -> dict[str, dict[str, str]]:
    rows = frame.reset_index().to_dict("records")
    key = frame.index.name
    return {str(row[key]): {str(column): text_of_cell(value) for column, value in row.items()} for row in rows}
