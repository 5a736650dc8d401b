"""The network as a networkx MultiDiGraph in osmnx conventions, and as GeoDataFrames; and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .tables import Tables
from .ways import line_of, lines_of, read_ways

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx

__all__ = ["CRS", "from_networkx", "links_gdf", "places_gdf", "to_networkx"]

CRS = "EPSG:4326"


def to_networkx(tables: Tables) -> nx.MultiDiGraph[Any]:
    """Return places and links as a graph that osmnx functions accept.

    Parameters
    ----------
    tables : Tables
        The network.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are place ids with ``x``, ``y`` (degrees) and the columns of ``places.csv``; edges are
        keyed by link id, one for each direction that may be used, with ``length`` in metres (of the table),
        ``geometry`` and ``basis`` as in `links_gdf`, and the columns of ``links.csv``. ``graph["crs"]`` is EPSG:4326.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph(crs=CRS, name="corridors")
    for row in tables.places.reset_index().to_dict("records"):
        graph.add_node(row["place_id"], x=row["lon"], y=row["lat"], **_text_keys(row, "place_id"))
    at = {p: (d["x"], d["y"]) for p, d in graph.nodes(data=True)}
    stored = read_ways(folder=tables.folder)
    for row in tables.links.reset_index().to_dict("records"):
        start, end = row["from_place_id"], row["to_place_id"]
        ways = [(start, end)] if row["direction"] == "forward" else [(start, end), (end, start)]
        for tail, head in ways:
            line, basis = line_of(stored.get(row["link_id"]), at[tail], at[head])
            data = _text_keys(row, "from_place_id", "to_place_id") | {"geometry": line, "basis": basis}
            graph.add_edge(tail, head, row["link_id"], length=row["length_km"] * 1000, **data)
    return graph


def from_networkx(graph: nx.MultiDiGraph[Any], tables: Tables) -> Tables:
    """Return tables whose places and links are those of a graph written by `to_networkx` and changed.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        Nodes with ``x``, ``y`` and the columns of ``places.csv``; edges keyed by link id with ``length``
        in metres and the columns of ``links.csv``. A link that stands in one direction only becomes
        ``forward``.
    tables : Tables
        Where rates, stops, borders and the rest are taken from.

    Returns
    -------
    Tables
        With borders and stops of the links and places that are left.

    Raises
    ------
    KeyError
        A node or an edge lacks a column.
    """
    from dataclasses import replace

    nodes = [{**data, "place_id": place, "lon": data["x"], "lat": data["y"]} for place, data in graph.nodes(data=True)]
    places = pd.DataFrame(nodes).set_index("place_id")[list(tables.places.columns)]
    rows: dict[str, dict[str, Any]] = {}
    for tail, head, key, data in graph.edges(keys=True, data=True):
        way = (tail, head)
        if key not in rows:
            rows[key] = {**data, "link_id": key, "ways": [way]}
        else:
            rows[key]["ways"].append(way)
    links = [_link(row, tables) for row in rows.values()]
    frame = pd.DataFrame(links).set_index("link_id")[list(tables.links.columns)]
    kept = tables.borders[tables.borders["link_id"].isin(frame.index)]
    stops = tables.stops[tables.stops["place_id"].isin(["", *places.index])]
    return replace(tables, places=places, links=frame, borders=kept, stops=stops)


def places_gdf(tables: Tables) -> gpd.GeoDataFrame:
    """Return ``places.csv`` as points, EPSG:4326, indexed by place id.

    Parameters
    ----------
    tables : Tables
        Whose ``places`` are drawn.
    """
    import geopandas as gpd

    points = gpd.points_from_xy(tables.places["lon"], tables.places["lat"])
    return gpd.GeoDataFrame(tables.places, geometry=points, crs=CRS)


def links_gdf(tables: Tables) -> gpd.GeoDataFrame:
    """Return ``links.csv`` with the way of each link, indexed by link id.

    Parameters
    ----------
    tables : Tables
        With ways of their own where their folder has them.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, from the first place to the last, cut at the antimeridian. ``basis`` says what the line follows, as
        in `networks.ways.BASES`; ``way_km`` is its geodesic length, which is not that of the table: that one counts.
    """
    import geopandas as gpd
    from pyproj import Geod

    links = tables.links
    found = lines_of(links.index, links["from_place_id"], links["to_place_id"], tables.places, tables.folder)
    geod = Geod(ellps="WGS84")
    km = [geod.geometry_length(line) / 1000 for line, _ in found]
    columns = links.assign(basis=[basis for _, basis in found], way_km=km)
    return gpd.GeoDataFrame(columns, geometry=[line for line, _ in found], crs=CRS)


def _text_keys(row: dict[Any, Any], *left_out: str) -> dict[str, Any]:
    return {str(column): value for column, value in row.items() if column not in left_out}


def _link(row: dict[str, Any], tables: Tables) -> dict[str, Any]:
    key, ways = row["link_id"], row["ways"]
    known = key in tables.links.index
    start = (tables.links.at[key, "from_place_id"], tables.links.at[key, "to_place_id"]) if known else ways[0]
    way = start if start in ways else ways[0]
    both = (way[1], way[0]) in ways
    return {
        **row,
        "from_place_id": way[0],
        "to_place_id": way[1],
        "direction": "both" if both else "forward",
        "length_km": row["length"] / 1000,
    }
