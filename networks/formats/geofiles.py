"""GeoParquet, GeoJSON and GraphML: the network written for other tools, and read back.

What each format holds, and where its description stands: GeoParquet 1.1.0 (geoparquet.org), GeoJSON
(RFC 7946), GraphML (graphml.graphdrawing.org).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError
from ..exchange import links_gdf, places_gdf
from ..given import given_text
from ..tables import NETWORK, Tables, load_tables
from .cells import at_points, checked, credit, flat, kinds, left_out
from .whole import whole_file, whole_folder

__all__ = ["read_geojson", "read_geoparquet", "read_graphml", "write_geojson", "write_geoparquet", "write_graphml"]

_BACK = "/back"
_ENDS = {"places": ("place_id", "lon", "lat"), "links": ("link_id", "from_place_id", "to_place_id")}
_DECIMALS = 7
_XML_NOT_ALLOWED = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]))


def write_geoparquet(tables: Tables, folder: str | Path) -> list[str]:
    """Write a folder with one Parquet file per table, places and links as GeoParquet 1.1.0.

    Parameters
    ----------
    tables : Tables
        The network.
    folder : path
        A new or empty folder, or one written before. Lists are lists of text, missing numbers null;
        links have a column ``bbox``, by which readers skip what lies outside a window.

    Returns
    -------
    list of str
        What the format cannot carry: nothing.

    Raises
    ------
    DataError
        The folder holds something else or cannot be written to.
    """
    frames = {"places": places_gdf(tables), "links": links_gdf(tables)}
    with whole_folder(Path(folder), "links.parquet") as part:
        for name in NETWORK:
            file = part / f"{name}.parquet"
            plain = flat(name, frames.get(name, getattr(tables, name)), delimiter=None)
            if name in frames:
                plain.attrs["attribution"] = credit(plain)
                plain.to_parquet(file, index=False, schema_version="1.1.0", write_covering_bbox=True)
            else:
                plain.to_parquet(file, index=False)
    return []


def read_geoparquet(folder: str | Path) -> Tables:
    """Read tables from a folder written by `write_geoparquet`, edited or not.

    The position of a place is that of its point; columns that are not of our tables are not read.

    Raises
    ------
    DataError
        A file is missing or unreadable, or a value is wrong.
    """
    import geopandas as gpd
    from pyarrow import ArrowException

    frames: dict[str, pd.DataFrame] = {}
    for name in NETWORK:
        file = Path(folder) / f"{name}.parquet"
        try:
            frames[name] = gpd.read_parquet(file) if name in _ENDS else pd.read_parquet(file)
        except FileNotFoundError:
            raise DataError([f"{file}: no such file"]) from None
        except (ArrowException, ValueError, OSError) as error:
            raise DataError([f"{file}: is not a readable GeoParquet file ({str(error).splitlines()[0]})"]) from None
    frames["places"] = at_points(frames["places"])
    return checked(frames, Path(folder))


def write_geojson(tables: Tables, path: str | Path) -> list[str]:
    """Write places and links as one FeatureCollection, RFC 7946.

    Parameters
    ----------
    tables : Tables
        The network.
    path : path
        File. Features have as ``id`` their place or link id, as property ``table`` "places" or "links",
        and the columns of the table; lines are cut at the antimeridian and rounded to 1e-7 degrees.

    Returns
    -------
    list of str
        What the format cannot carry.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    links = links_gdf(tables)
    features = [*_features("places", places_gdf(tables)), *_features("links", links)]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features)
    with whole_file(Path(path)) as part:
        head = json.dumps({"type": "FeatureCollection", "attribution": credit(links)}, ensure_ascii=False)
        text = f'{head[:-1]}, "features": [\n{lines}\n]}}\n'
        part.write_text(text, encoding="utf-8", newline="")
    return left_out(tables, ("places", "links"), "GeoJSON")


def read_geojson(path: str | Path, tables: Tables | None = None) -> Tables:
    """Read places and links from a file written by `write_geojson`.

    Parameters
    ----------
    path : path
        The file. The position of a place is that of its point; what is not of our tables is not read.
    tables : Tables, optional
        Where rates, stops, borders and the rest are taken from; without it, the toolkit's.

    Raises
    ------
    DataError
        No such file, no such features, or a value is wrong.
    """
    file = Path(path)
    try:
        features = json.loads(_text(file))["features"]
        rows = [_row(feature) for feature in features]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        wanted = "expected a FeatureCollection whose features have an id and the property 'table'"
        raise DataError([f"{file}: {wanted} ({type(error).__name__}: {error})"]) from None
    found = {name: pd.DataFrame([row for table, row in rows if table == name]) for name in _ENDS}
    return _network(found, file, tables)


def write_graphml(tables: Tables, path: str | Path) -> list[str]:
    """Write places and links as a GraphML file by networkx.

    Parameters
    ----------
    tables : Tables
        The network.
    path : path
        File. Nodes have ``x``, ``y`` (degrees), edges ``length`` (metres) and ``geometry`` (WKT), both the
        columns of their table; lists are text joined with ``;``, and what is missing is not there. There
        is one edge for each direction that may be used; the one against a link has the id of the link
        and "/back".

    Returns
    -------
    list of str
        What the format cannot carry.

    Raises
    ------
    DataError
        A text has a character that XML has no place for, or the file cannot be written.
    """
    import networkx as nx

    graph = _graph(tables)
    with whole_file(Path(path)) as part:
        nx.write_graphml(graph, part)
    return left_out(tables, ("places", "links"), "GraphML")


def read_graphml(path: str | Path, tables: Tables | None = None) -> Tables:
    """Read places and links from a file written by `write_graphml`; parameters as of `read_geojson`.

    A link that stands in one direction only becomes ``forward``; its length is that of the edge.

    Raises
    ------
    DataError
        No such file, no such graph, or a value is wrong.
    """
    from xml.etree.ElementTree import ParseError

    import networkx as nx

    file = Path(path)
    try:
        graph = nx.parse_graphml(_text(file), edge_key_type=str, force_multigraph=True)
    except (ParseError, nx.NetworkXError, ValueError, KeyError) as error:
        raise DataError([f"{file}: is not a readable GraphML file ({error})"]) from None
    places = [{**data, "place_id": p, "lon": data.get("x"), "lat": data.get("y")} for p, data in graph.nodes(data=True)]
    return _network({"places": pd.DataFrame(places), "links": _links(graph)}, file, tables)


def _links(graph: Any) -> pd.DataFrame:
    """Return the links of a graph: edges of one ``link_id`` are the two directions of a link."""
    rows: dict[str, dict[str, Any]] = {}
    for tail, head, key, data in graph.edges(keys=True, data=True):
        row = rows.setdefault(data.get("link_id", key), {"link_id": key, **data, "ways": {}})
        row["ways"][key != row["link_id"]] = (tail, head)
    for row in rows.values():
        ways = row["ways"]
        row["from_place_id"], row["to_place_id"] = ways.get(False) or ways[True]
        row["direction"] = "both" if len(ways) == 2 else "forward"
        km, metres = row.get("length_km", math.nan), row.get("length", math.nan)
        row["length_km"] = km if math.isclose(metres, km * 1000, rel_tol=1e-12) else metres / 1000
    return pd.DataFrame(sorted(rows.values(), key=lambda row: row.get("row", math.inf)))


def _features(name: str, frame: Any) -> list[dict[str, Any]]:
    import shapely

    plain = flat(name, frame, delimiter=None)
    shapes = plain.pop("geometry")
    if name == "links":
        shapes = [shapely.transform(shape, lambda xy: xy.round(_DECIMALS)) for shape in shapes]
    key, *ends = _ENDS[name]
    names = plain.pop(key)
    dropped = ends if name == "places" else []
    rows = plain.drop(columns=dropped).astype(object).where(plain.notna(), None).to_dict("records")
    return [
        {"type": "Feature", "id": i, "geometry": shapely.geometry.mapping(s), "properties": {"table": name, **row}}
        for i, s, row in zip(names, shapes, rows, strict=True)
    ]


def _row(feature: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    values = dict(feature["properties"])
    name = values.pop("table")
    row = {**values, _ENDS[name][0]: feature["id"]}
    if name == "places":
        row["lon"], row["lat"] = feature["geometry"]["coordinates"][:2]
    return name, row


def _graph(tables: Tables) -> Any:
    import networkx as nx
    import shapely

    plain = flat("links", links_gdf(tables))
    graph: Any = nx.MultiDiGraph(crs="EPSG:4326", name="corridors", attribution=credit(plain))
    for row in flat("places", tables.places).to_dict("records"):
        place, x, y = row.pop("place_id"), row.pop("lon"), row.pop("lat")
        graph.add_node(place, x=x, y=y, **_held("places", place, row))
    wkt = shapely.to_wkt(plain.pop("geometry").to_numpy(), rounding_precision=_DECIMALS)
    for number, (row, line) in enumerate(zip(plain.to_dict("records"), wkt, strict=True)):
        start, end, both = row.pop("from_place_id"), row.pop("to_place_id"), row.pop("direction") == "both"
        data = _held("links", row["link_id"], row) | {"length": row["length_km"] * 1000, "row": number}
        for back in (False, True)[: 2 if both else 1]:
            key = row["link_id"] + (_BACK if back else "")
            ends = (end, start) if back else (start, end)
            graph.add_edge(*ends, key, geometry=line, **data)
    return graph


def _held(name: str, key: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row that are there, all of which XML can hold."""
    held = {column: value for column, value in row.items() if value == value and value != ""}
    for column, value in held.items():
        if isinstance(value, str) and set(value) & set(_XML_NOT_ALLOWED):
            raise DataError([f"{name} {key}, column {column}: {value!r} has a control character, which GraphML cannot"])
    return held


def _network(found: dict[str, pd.DataFrame], file: Path, tables: Tables | None) -> Tables:
    for name, frame in found.items():
        if frame.empty:
            raise DataError([f"{file}: holds no {name}"])
        known = list(kinds(name))
        found[name] = frame[[column for column in known if column in frame]]
    return checked(found, file, tables or load_tables())


def _text(file: Path) -> str:
    try:
        return given_text(file)
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
