"""The network goes to networkx, osmnx and geopandas and comes back the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

import networks
from networks import distance_km, great_circle

GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def graph(tables: networks.Tables) -> Any:
    """The whole network; tests that change it take a copy."""
    return networks.to_networkx(tables)


# -- networkx ----------------------------------------------------------------------------------------


def test_graph_has_what_osmnx_expects(graph: Any, tables: networks.Tables) -> None:
    assert graph.is_directed() and graph.is_multigraph()
    assert graph.graph["crs"] == "EPSG:4326"
    for place, data in graph.nodes(data=True):
        assert (data["x"], data["y"]) == (tables.places.at[place, "lon"], tables.places.at[place, "lat"])
        assert set(tables.places.columns) <= set(data)
    for tail, head, key, data in graph.edges(keys=True, data=True):
        link = tables.links.loc[key]
        assert data["length"] == pytest.approx(1000 * link["length_km"])
        assert {tail, head} == {link["from_place_id"], link["to_place_id"]}
        assert not data["geometry"].is_empty and data["geometry"].is_valid


def test_edges_run_every_way_that_may_be_used(graph: Any, tables: networks.Tables) -> None:
    both = (tables.links["direction"] == "both").sum()
    assert graph.number_of_edges() == len(tables.links) + both
    assert graph.number_of_nodes() == len(tables.places)
    for key, link in tables.links.iterrows():
        assert graph.has_edge(link["from_place_id"], link["to_place_id"], key)
        back = graph.has_edge(link["to_place_id"], link["from_place_id"], key)
        assert back == (link["direction"] == "both"), key


def test_lines_run_from_tail_to_head(graph: Any) -> None:
    for tail, head, data in graph.edges(data=True):
        points = _points(data["geometry"])
        assert points[0] == (graph.nodes[tail]["x"], graph.nodes[tail]["y"])
        assert points[-1] == (graph.nodes[head]["x"], graph.nodes[head]["y"])


def test_osmnx_makes_frames_and_paths_of_it(graph: Any) -> None:
    osmnx = pytest.importorskip("osmnx")
    nodes, edges = osmnx.convert.graph_to_gdfs(graph)
    assert len(nodes) == graph.number_of_nodes() and len(edges) == graph.number_of_edges()
    assert nodes.crs.to_epsg() == edges.crs.to_epsg() == 4326
    again = osmnx.convert.graph_from_gdfs(nodes, edges)
    assert set(again.edges(keys=True)) == set(graph.edges(keys=True))
    route = _route(graph, "CN_XIA", "DE_DUI")
    assert route[0] == "CN_XIA" and route[-1] == "DE_DUI" and len(route) > 5
    frame = osmnx.routing.route_to_gdf(graph, route, weight="length")
    assert 7_000_000 < frame["length"].sum() < 12_000_000


def test_path_of_osmnx_is_that_of_networkx(graph: Any) -> None:
    nx = pytest.importorskip("networkx")
    route = _route(graph, "CN_SHA", "NL_RTM")
    km = sum(min(d["length"] for d in graph[a][b].values()) for a, b in pairwise(route))
    assert km == pytest.approx(nx.dijkstra_path_length(graph, "CN_SHA", "NL_RTM", weight="length"))


def test_osmnx_keeps_it_in_a_file(graph: Any, tmp_path: Any) -> None:
    osmnx = pytest.importorskip("osmnx")
    osmnx.io.save_graphml(graph, tmp_path / "corridors.graphml")
    again = osmnx.io.load_graphml(tmp_path / "corridors.graphml", node_dtypes={"osmid": str})
    assert set(again.edges(keys=True)) == set(graph.edges(keys=True))
    assert all(data["length"] > 0 for _, _, data in again.edges(data=True))


def _route(graph: Any, start: str, end: str) -> list[str]:
    """Shortest route by osmnx, which takes a bare string for a list of places."""
    osmnx = pytest.importorskip("osmnx")
    [route] = osmnx.routing.shortest_path(graph, [start], [end], weight="length", cpus=1)
    return route


# -- and back ----------------------------------------------------------------------------------------


def test_round_trip_gives_the_same_tables(graph: Any, tables: networks.Tables) -> None:
    back = networks.from_networkx(graph, tables)
    for name in ("countries", "rates", "borders", "stops", "goods", "parameters", "sources"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(tables, name))
    pd.testing.assert_frame_equal(back.places, tables.places)
    pd.testing.assert_frame_equal(back.links.loc[tables.links.index], tables.links)
    assert len(back.links) == len(tables.links)


def test_round_trip_gives_the_same_arcs(graph: Any, tables: networks.Tables) -> None:
    order = ["kind", "from_place_id", "to_place_id", "link_id", "stop_id", "km"]
    arcs = [
        networks.build(t).arcs.sort_values(order, ignore_index=True).drop(columns=["tail", "head"])
        for t in (tables, networks.from_networkx(graph, tables))
    ]
    pd.testing.assert_frame_equal(arcs[0], arcs[1])


@pytest.mark.parametrize("backwards", [False, True])
def test_link_kept_in_one_direction_becomes_forward(graph: Any, tables: networks.Tables, backwards: bool) -> None:
    key = "KZ_DOS-KZ_AKT-rail"
    start, end = ("KZ_AKT", "KZ_DOS") if backwards else ("KZ_DOS", "KZ_AKT")
    one_way = graph.copy()
    one_way.remove_edge(end, start, key)
    link = networks.from_networkx(one_way, tables).links.loc[key]
    assert (link["from_place_id"], link["to_place_id"], link["direction"]) == (start, end, "forward")
    arcs = networks.build(networks.from_networkx(one_way, tables)).arcs
    ways = arcs[(arcs["link_id"] == key) & (arcs["kind"] == "link")]
    assert set(zip(ways["from_place_id"], ways["to_place_id"], strict=True)) == {(start, end)}


def test_border_link_kept_in_one_direction_still_builds(graph: Any, tables: networks.Tables) -> None:
    key = "CN_AKL-KZ_DOS-rail"
    one_way = graph.copy()
    one_way.remove_edge("KZ_DOS", "CN_AKL", key)
    arcs = networks.build(networks.from_networkx(one_way, tables)).arcs
    borders = arcs[(arcs["link_id"] == key) & (arcs["kind"] == "border")]
    assert len(borders) and set(borders["to_place_id"]) == {"KZ_DOS"}


def test_changed_length_comes_back(graph: Any, tables: networks.Tables) -> None:
    key, changed = "KZ_DOS-KZ_AKT-rail", graph.copy()
    for tail, head in (("KZ_DOS", "KZ_AKT"), ("KZ_AKT", "KZ_DOS")):
        changed.edges[tail, head, key]["length"] = 400_000.0
    assert networks.from_networkx(changed, tables).links.at[key, "length_km"] == 400


def test_places_taken_out_take_their_links_borders_and_stops(graph: Any, tables: networks.Tables) -> None:
    smaller = graph.copy()
    smaller.remove_node("KZ_DOS")
    back = networks.from_networkx(smaller, tables)
    assert "KZ_DOS" not in back.places.index
    assert not back.links[["from_place_id", "to_place_id"]].eq("KZ_DOS").any(axis=None)
    assert not back.borders[["from_place_id", "to_place_id"]].eq("KZ_DOS").any(axis=None)
    assert not back.stops["place_id"].eq("KZ_DOS").any()
    assert len(networks.build(back).arcs) < len(networks.build(tables).arcs)


def test_missing_column_is_named(graph: Any, tables: networks.Tables) -> None:
    broken = graph.copy()
    for _, data in broken.nodes(data=True):
        del data["kind"]
    with pytest.raises(KeyError, match="kind"):
        networks.from_networkx(broken, tables)


# -- geopandas ---------------------------------------------------------------------------------------


def test_frames_have_a_crs_and_the_columns_of_the_tables(tables: networks.Tables) -> None:
    places, links = networks.places_gdf(tables), networks.links_gdf(tables)
    assert places.crs.to_epsg() == links.crs.to_epsg() == 4326
    assert list(places.index) == list(tables.places.index) and list(links.index) == list(tables.links.index)
    assert set(tables.links.columns) < set(links.columns) and "geometry" not in tables.links.columns
    assert (places.geometry.x == tables.places["lon"]).all() and (places.geometry.y == tables.places["lat"]).all()


def test_lines_are_as_long_as_they_say_and_no_shorter_than_the_geodesic(tables: networks.Tables) -> None:
    links = networks.links_gdf(tables)
    at = {p.Index: (p.lon, p.lat) for p in tables.places.itertuples()}
    for link in links.itertuples():
        km, straight = (
            GEOD.geometry_length(link.geometry) / 1000,
            distance_km(at[link.from_place_id], at[link.to_place_id]),
        )
        assert km == pytest.approx(link.way_km, rel=1e-9), link.Index
        assert km >= straight * (1 - 1e-4), link.Index
        assert link.basis != "straight" or km == pytest.approx(straight, rel=1e-4), link.Index


def test_frames_can_be_written(tables: networks.Tables, tmp_path: Any) -> None:
    import geopandas

    links = networks.links_gdf(tables)
    lists = [c for c in links if links[c].map(lambda cell: isinstance(cell, tuple)).any()]
    links[lists] = links[lists].map(";".join)
    links.to_file(tmp_path / "links.gpkg")
    assert len(geopandas.read_file(tmp_path / "links.gpkg")) == len(tables.links)


# -- great circles -----------------------------------------------------------------------------------


def test_distance_is_in_km() -> None:
    assert distance_km((0, 0), (0, 1)) == pytest.approx(110.574, abs=0.001)
    assert distance_km((0, 0), (1, 0)) == pytest.approx(111.320, abs=0.001)


def test_vertices_are_close_together() -> None:
    points = _points(great_circle((121.5, 31.4), (4.1, 51.95), step_km=50))
    steps = [distance_km(a, b) for a, b in pairwise(points)]
    assert max(steps) <= 50 + 1e-6 and min(steps) > 10


def test_short_lines_have_two_points() -> None:
    assert _points(great_circle((10, 50), (10.1, 50))) == [(10, 50), (10.1, 50)]


@pytest.mark.parametrize(
    ("start", "end"),
    [((121.56, 29.87), (-169.0, 66.0)), ((-169.0, 66.0), (121.56, 29.87)), ((179.0, 0.0), (-179.0, 10.0))],
)
def test_lines_over_the_antimeridian_are_cut_there(start: Any, end: Any) -> None:
    line = great_circle(start, end)
    assert line.geom_type == "MultiLineString" and len(line.geoms) == 2
    assert (np.abs(np.asarray(_points(line))[:, 0]) <= 180).all()
    first, second = (np.asarray(part.coords) for part in line.geoms)
    assert tuple(first[0]) == start and tuple(second[-1]) == end
    assert abs(first[-1, 0]) == abs(second[0, 0]) == 180 and first[-1, 0] == -second[0, 0]
    assert first[-1, 1] == second[0, 1]
    assert GEOD.geometry_length(line) / 1000 == pytest.approx(distance_km(start, end), rel=1e-4)


def test_arctic_link_of_the_network_is_cut(tables: networks.Tables) -> None:
    links = networks.links_gdf(tables)
    cut = set(links.index[links.geom_type == "MultiLineString"])
    assert {"CN_NGB-XZ_BER-sea", "XZ_BER-CN_NGB-sea", "XZ_BER-XZ_KAR-sea"} == cut
    west, south, east, north = links.total_bounds
    assert west >= -180 and east <= 180 and -90 <= south < north <= 90


lons, lats = st.floats(-180, 180), st.floats(-80, 80)


@given(start=st.tuples(lons, lats), end=st.tuples(lons, lats))
@example(start=(110.5, 65.0), end=(-70.0, 0.0))  # past the pole, where the longitude turns round within a step
def test_any_line_stays_on_the_map_and_keeps_its_length(start: Any, end: Any) -> None:
    line = great_circle(start, end)
    points = np.asarray(_points(line))
    assert (np.abs(points[:, 0]) <= 180).all() and (np.abs(points[:, 1]) <= 90).all()
    for part in getattr(line, "geoms", [line]):
        assert (np.abs(np.diff(np.asarray(part.coords)[:, 0])) <= 180).all()
    assert GEOD.geometry_length(line) / 1000 == pytest.approx(distance_km(start, end), rel=1e-3, abs=1e-6)


def _points(line: Any) -> list[tuple[float, float]]:
    return [point for part in getattr(line, "geoms", [line]) for point in part.coords]
