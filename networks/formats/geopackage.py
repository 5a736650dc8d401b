"""GeoPackage: one layer per table, with styles by which QGIS shows links by mode and places by kind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import pandas as pd

import seeds

from ..errors import DataError
from ..exchange import links_gdf, places_gdf
from ..tables import NETWORK, Tables
from .cells import at_points, checked, credit, flat
from .whole import whole_file

__all__ = ["read_geopackage", "write_geopackage"]

_GEOMETRY = {"places": "Point", "links": "MultiLineString"}
_COLUMN = "geom"

_LINES = {
    "rail": ("#222222", "0.46", "solid"),
    "road": ("#D55E00", "0.46", "dot"),
    "sea": ("#0072B2", "0.36", "dash"),
    "feeder": ("#56B4E9", "0.36", "dash"),
    "ferry": ("#009E73", "0.46", "dash"),
    "inland": ("#CC79A7", "0.46", "dash dot"),
}
"""Colour, width in mm and dashes of each mode."""

_MARKERS = {
    "port": ("#0072B2", "2.6", "circle"),
    "rail_terminal": ("#222222", "2.4", "square"),
    "dry_port": ("#E69F00", "2.6", "diamond"),
    "border_crossing": ("#D55E00", "2.4", "triangle"),
    "gauge_break": ("#CC79A7", "2.8", "star"),
    "junction": ("#777777", "1.4", "circle"),
    "strait": ("#56B4E9", "2.2", "pentagon"),
}
"""Colour, size in mm and shape of each kind of place."""

_STYLES_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT CURRENT_TIMESTAMP)
"""


def write_geopackage(tables: Tables, path: str | Path) -> list[str]:
    """Write every table as a layer of a GeoPackage.

    Parameters
    ----------
    tables : Tables
        The network.
    path : path
        File ending in ``.gpkg``. Places are points and links lines, EPSG:4326, the others tables without
        geometry; lists are text joined with ``;`` and missing numbers null.

    Returns
    -------
    list of str
        What the format cannot carry: nothing.

    Raises
    ------
    DataError
        Another ending, or the file cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() != ".gpkg":
        raise DataError([f"{file}: cannot be a GeoPackage, expected a name that ends in .gpkg"])
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        with whole_file(file) as part:
            for name in ("places", "links", *(n for n in NETWORK if n not in _GEOMETRY)):
                _write_layer(tables, name, part)
            with closing(sqlite3.connect(part)) as base, base:
                _write_styles(base)
    except (DataSourceError, DataLayerError, sqlite3.Error) as error:  # what GDAL and SQLite say of a full disk
        told = " ".join(str(error).split())[:100]
        raise DataError([f"{file}: cannot be written; is the disk full? ({told})"]) from None
    return []


def read_geopackage(path: str | Path) -> Tables:
    """Read tables from a GeoPackage written by `write_geopackage`, edited or not.

    Parameters
    ----------
    path : path
        The file. The position of a place is that of its point; lines of links are not read.

    Columns that are not of our tables are not read.

    Raises
    ------
    DataError
        No such file, a layer is missing, or a value is wrong.
    """
    import pyogrio

    file = Path(path)
    if not file.exists():
        raise DataError([f"{file}: no such file"])
    try:
        there = {str(layer) for layer, _ in pyogrio.list_layers(file)}
        missing = [name for name in NETWORK if name not in there]
        if missing:
            raise DataError(f"{file}: has no layer {name!r}" for name in missing)
        frames = {name: pyogrio.read_dataframe(file, layer=name) for name in NETWORK if name != "links"}
        frames["links"] = pyogrio.read_dataframe(file, layer="links", read_geometry=False)
    except pyogrio.errors.DataSourceError as error:
        raise DataError([f"{file}: is not a readable GeoPackage ({error})"]) from None
    return checked({**frames, "places": at_points(frames["places"])}, file)


def _write_layer(tables: Tables, name: str, file: Path) -> None:
    import pyogrio

    made = {"places": places_gdf, "links": links_gdf}
    frame = flat(name, made[name](tables) if name in made else getattr(tables, name))
    geometry = {"geometry_type": _GEOMETRY.get(name), "promote_to_multi": name == "links"} if name in made else {}
    title = ". ".join(filter(None, (seeds.descriptor()[name]["title"], credit(frame) if name == "links" else "")))
    options = {"DESCRIPTION": title, "GEOMETRY_NAME": _COLUMN}
    pyogrio.write_dataframe(
        pd.DataFrame(frame) if name not in made else frame,
        file,
        layer=name,
        driver="GPKG",
        append=file.exists(),
        layer_options=options if name in made else {"DESCRIPTION": options["DESCRIPTION"]},
        **geometry,
    )


def _write_styles(base: sqlite3.Connection) -> None:
    base.execute(_STYLES_TABLE)
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes', ?)",
        ["layer_styles"],
    )
    insert = (
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
        "styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '')"
    )
    base.execute(insert, ["links", _COLUMN, "by mode", _qml("mode", "line", _LINES), "links by mode"])
    base.execute(insert, ["places", _COLUMN, "by kind", _qml("kind", "marker", _MARKERS), "places by kind"])


def _qml(column: str, shape: str, looks: dict[str, tuple[str, str, str]]) -> str:
    """Return a style of QGIS with one symbol per value of a column."""
    root = Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0", enableorderby="0"
    )
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, (value, look) in enumerate(looks.items()):
        label = value.replace("_", " ")
        SubElement(categories, "category", symbol=str(number), value=value, label=label, render="true", type="string")
        symbol = SubElement(symbols, "symbol", type=shape, name=str(number), alpha="1", clip_to_extent="1")
        kind = "SimpleLine" if shape == "line" else "SimpleMarker"
        layer = SubElement(symbol, "layer", {"class": kind, "pass": "0", "enabled": "1", "locked": "0"})
        options = SubElement(layer, "Option", type="Map")
        for name, text in (_line_options if shape == "line" else _marker_options)(*look).items():
            SubElement(options, "Option", name=name, type="QString", value=text)
    body = tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}"


def _line_options(colour: str, width: str, dashes: str) -> dict[str, str]:
    line = {"line_color": _rgba(colour), "line_style": dashes, "line_width": width, "line_width_unit": "MM"}
    return {**line, "capstyle": "round", "joinstyle": "round"}


def _marker_options(colour: str, size: str, shape: str) -> dict[str, str]:
    outline = {"outline_color": "255,255,255,255", "outline_style": "solid", "outline_width": "0.2"}
    return {"name": shape, "color": _rgba(colour), "size": size, "size_unit": "MM", **outline}


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"
