"""To and from graphs of osmnx, and downloads through it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .assemble import KEYS, assemble, class_key, classes_of, text_of, ways_table
from .graph import TrackGraph, distances_km

if TYPE_CHECKING:
    from networkx import MultiDiGraph
    from numpy.typing import NDArray

__all__ = ["download", "from_osmnx", "to_osmnx"]

_CRS = "epsg:4326"
_TAGS = {"gauge_mm": "gauge", "electrified": "electrified", "tracks": "tracks", "maxspeed_kmh": "maxspeed",
         "usage": "usage", "name": "name"}  # fmt: skip
_KNOCK_S = 10.0


def to_osmnx(graph: TrackGraph) -> MultiDiGraph:
    """Return a graph as osmnx has them: edges in both directions where a way may be used in both.

    Parameters
    ----------
    graph : TrackGraph

    Returns
    -------
    MultiDiGraph
        Nodes are the row numbers of the graph's, with ``x``, ``y``, ``street_count``. Edges have ``length`` (m),
        ``oneway``, ``reversed``, ``osmid`` (negative: not a way of OpenStreetMap), ``way`` (row of `graph.ways`),
        ``geometry`` where there are bends, and tags as in OpenStreetMap.
    """
    import networkx as nx
    import osmnx

    found = nx.MultiDiGraph(crs=_CRS, simplified=True)
    found.add_nodes_from(
        (node, {"x": x, "y": y}) for node, (x, y) in enumerate(zip(graph.lon.tolist(), graph.lat.tolist(), strict=True))
    )
    for tail, head, both, data in _edges(graph):
        found.add_edge(tail, head, **data)
        if both:
            shape = {"geometry": data["geometry"].reverse()} if "geometry" in data else {}
            found.add_edge(head, tail, **{**data, **shape, "reversed": True})
    nx.set_node_attributes(found, osmnx.stats.count_streets_per_node(found), "street_count")
    return found


def _edges(graph: TrackGraph) -> Iterator[tuple[int, int, bool, dict[str, Any]]]:
    from shapely import LineString

    both = (graph.ways["direction"] != "forward").tolist()
    length = (graph.length_km * 1000).tolist()
    for way, (row, tail, head) in enumerate(
        zip(graph.ways.to_dict("records"), graph.tail.tolist(), graph.head.tolist(), strict=True)
    ):
        data = _tags(row) | {"way": way, "length": length[way], "oneway": not both[way], "reversed": False}
        osm_id = row.get("osm_id")
        data["osmid"] = int(osm_id) if osm_id is not None and osm_id == osm_id else -1 - way
        bends = graph.bends[graph.first_bend[way] : graph.first_bend[way + 1]]
        if len(bends):
            ends = [(graph.lon[node], graph.lat[node]) for node in (tail, head)]
            data["geometry"] = LineString(np.vstack([ends[:1], bends, ends[1:]]))
        yield tail, head, both[way], data


def _tags(row: dict[str, Any]) -> dict[str, Any]:
    texts = {tag: text_of(row[column]) for column, tag in _TAGS.items()}
    tags: dict[str, Any] = {tag: text for tag, text in texts.items() if text}
    match str(row["mode"]):
        case "road":
            tags["highway"] = tags.pop("usage", "road")
        case "rail":
            tags["railway"] = "rail"
        case "ferry":
            tags["route"] = "ferry"
    return tags | ({"bridged": True} if row["bridged"] else {})


def from_osmnx(graph: MultiDiGraph, mode: str = "rail") -> TrackGraph:
    """Return a graph of osmnx, simplified or not, as arrays.

    Parameters
    ----------
    graph : MultiDiGraph
        With ``x`` and ``y`` of nodes, in the coordinates of its ``crs``; ``length`` (m), ``geometry`` and tags of
        edges are used where they are there.
    mode : str
        What the ways are for: rail, road, ferry.

    Returns
    -------
    TrackGraph
        Node ``i`` is the ``i``-th of ``graph.nodes``. An edge and the one back become a way for both directions; an
        edge without one is for one direction.

    Raises
    ------
    DataError
        No such mode, nodes without coordinates, or no edges.
    """
    class_key(mode)
    graph = _in_degrees(graph)
    rows = {node: row for row, node in enumerate(graph.nodes)}
    try:
        places = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)], dtype=float).reshape(-1, 2)
    except KeyError as error:
        raise DataError([f"graph: a node without {error}, expected x and y in degrees, as osmnx gives them"]) from None
    kept, both = _paired(graph)
    if not kept:
        raise DataError(["graph: has no edges"])
    tail = np.array([rows[u] for u, _, _ in kept], dtype=np.int64)
    head = np.array([rows[v] for _, v, _ in kept], dtype=np.int64)
    parts = [_bends(data) for _, _, data in kept]
    ways, _ = ways_table(mode, _raw(mode, [data for _, _, data in kept]), len(kept))
    ways["direction"] = np.where(both, "both", "forward").astype(object)
    ways["bridged"] = [data.get("bridged") in (True, "True") for _, _, data in kept]
    lon, lat = places.T.copy()
    first = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    given = np.array([data.get("length", np.nan) for _, _, data in kept], dtype=float) / 1000
    for way in np.flatnonzero(np.isnan(given)):
        x, y = np.vstack([places[tail[way]], parts[way], places[head[way]]]).T
        given[way] = distances_km(x[:-1], y[:-1], x[1:], y[1:]).sum()
    return TrackGraph(lon, lat, tail, head, given, ways, np.vstack(parts), first)


def _in_degrees(graph: MultiDiGraph) -> MultiDiGraph:
    import osmnx
    from pyproj import CRS

    if CRS(graph.graph.get("crs", _CRS)).equals(_CRS, ignore_axis_order=True):
        return graph
    return osmnx.projection.project_graph(graph, to_latlong=True)


def _paired(graph: MultiDiGraph) -> tuple[list[tuple[Any, Any, dict[str, Any]]], NDArray[np.bool_]]:
    """Return each edge without the one back, and whether there was one."""
    kept: list[tuple[Any, Any, dict[str, Any]]] = []
    both: list[bool] = []
    waiting: dict[Any, list[int]] = {}
    for u, v, data in sorted(graph.edges(data=True), key=lambda edge: edge[2].get("reversed") is True):
        if data.get("oneway") not in (True, "True", "yes"):
            ids = ";".join(sorted(text_of(data.get("osmid")).split(";")))
            metres = round(float(data.get("length", 0.0)), 3)
            back = waiting.get((v, u, ids, metres))
            if back:
                both[back.pop()] = True
                continue
            waiting.setdefault((u, v, ids, metres), []).append(len(kept))
        kept.append((u, v, data))
        both.append(False)
    return kept, np.array(both, dtype=bool)


def _bends(data: dict[str, Any]) -> NDArray[np.float64]:
    shape = data.get("geometry")
    return np.empty((0, 2)) if shape is None else np.asarray(shape.coords, dtype=float)[1:-1, :2]


def _raw(mode: str, edges: list[dict[str, Any]]) -> dict[str, Any]:
    keys = (class_key(mode), *KEYS)
    raw: dict[str, Any] = {key: np.array([text_of(data.get(key)) for data in edges], dtype=object) for key in keys}
    numbers = [data.get("osmid") for data in edges]
    if all(isinstance(number, int) and number > 0 for number in numbers):
        raw["osm_id"] = np.array(numbers, dtype=np.int64)
    return raw


def download(area: Any, mode: str = "rail", *, classes: Collection[str] | None = None) -> TrackGraph:
    """Fetch the ways of one mode from OpenStreetMap as it is now, through Overpass.

    Parameters
    ----------
    area : polygon, tuple or str
        A polygon of shapely in degrees; a box (west, south, east, north) in degrees; or a name that Nominatim knows.
    mode : str
        rail, road or ferry.
    classes : collection of str, optional
        As of `read_osm`.

    Returns
    -------
    TrackGraph
        As `read_osm` gives it from an extract of that area.

    Raises
    ------
    DataError
        No network, no such area, or no ways in it.

    Notes
    -----
    Server, cache and pauses are those of ``osmnx.settings``, which are as before afterwards. They belong to the
    process: do not download in two threads.
    """
    import osmnx

    failures = (import_module("requests").RequestException, OSError)
    wanted = "|".join(re.escape(value) for value in classes_of(mode, classes))
    options = {
        "custom_filter": f'["{class_key(mode)}"~"^({wanted})$"]',
        "simplify": False,
        "retain_all": True,
        "truncate_by_edge": True,
    }
    tags = [class_key(mode), *KEYS]
    reached = {} if _answers(osmnx.settings) else {"overpass_rate_limit": False, "doh_url_template": None}
    # all_oneway keeps the tag as it stands, and each way once, in the order of its points or of travel
    with _settings(osmnx.settings, all_oneway=True, useful_tags_way=tags, **reached):
        try:
            if isinstance(area, str):
                found = osmnx.graph_from_place(area, **options)
            else:
                found = osmnx.graph_from_polygon(_polygon(area), **options)
        except failures as error:
            server = osmnx.settings.overpass_url
            raise DataError(
                [f"{server}: no answer ({type(error).__name__}); without a network, read an extract with read_osm"]
            ) from None
        except (ValueError, TypeError) as error:
            raise DataError([f"area {str(area)[:80]!r}: no ways of mode {mode!r} were found ({error})"]) from None
    return _chained(found, mode)


def _answers(settings: Any) -> bool:
    """Say whether the server can be reached: osmnx would wait a minute before it says that it cannot."""
    requests = import_module("requests")
    url = settings.overpass_url.rstrip("/") + "/status"
    try:
        requests.get(url, timeout=min(_KNOCK_S, settings.requests_timeout), **settings.requests_kwargs)
    except requests.RequestException:
        return False
    return True


@contextmanager
def _settings(settings: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _polygon(area: Any) -> Any:
    import shapely

    if not isinstance(area, tuple | list):
        return area
    try:
        west, south, east, north = map(float, area)
    except (TypeError, ValueError):
        raise DataError([f"area {area!r}: expected (west, south, east, north), a polygon or a name"]) from None
    return shapely.box(west, south, east, north)


def _chained(graph: MultiDiGraph, mode: str) -> TrackGraph:
    """Return a graph in which each piece of a way is an edge, once, with pieces of one way joined to lines."""
    rows = {node: row for row, node in enumerate(graph.nodes)}
    edges = [(rows[u], rows[v], data) for u, v, data in graph.edges(data=True)]
    enters: dict[int, list[int]] = {}
    leaves: dict[int, list[int]] = {}
    for number, (u, v, _) in enumerate(edges):
        leaves.setdefault(u, []).append(number)
        enters.setdefault(v, []).append(number)
    after = {}
    for node, before in enters.items():
        onward = leaves.get(node, [])
        if len(before) == len(onward) == 1 and edges[before[0]][2]["osmid"] == edges[onward[0]][2]["osmid"]:
            after[before[0]] = onward[0]
    inner = set(after.values())
    refs: list[int] = []
    first, taken, data = [0], set[int](), []
    for start in (*(e for e in range(len(edges)) if e not in inner), *range(len(edges))):  # last come rings
        if start in taken:
            continue
        refs.append(edges[start][0])
        data.append(edges[start][2])
        edge: int | None = start
        while edge is not None and edge not in taken:
            taken.add(edge)
            refs.append(edges[edge][1])
            edge = after.get(edge)
        first.append(len(refs))
    ways, _ = ways_table(mode, _raw(mode, data), len(data))
    lon, lat = np.array([(at["x"], at["y"]) for _, at in graph.nodes(data=True)], dtype=float).T
    return assemble(np.array(refs, dtype=np.int64), np.array(first, dtype=np.int64), lon, lat, ways)
