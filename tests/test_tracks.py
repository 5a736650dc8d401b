"""Graphs of tracks and ways over water: routes against networkx, gaps, snapping, borders, land kept off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
from networks.tracks.follow import Follower, Rules, report
from networks.tracks.graph import TAGS, TrackGraph, distances_km
from networks.tracks.lands import Lands
from networks.tracks.seaways import Seaways
from networks.tracks.water import Water


def graph_of(
    points: list[tuple[float, float]], ways: list[tuple[int, int]], tags: dict[str, list[Any]] | None = None
) -> TrackGraph:
    """Return straight ways between points; other tags as given."""
    lon, lat = np.array(points, dtype=float).T
    tail, head = (np.array([way[end] for way in ways], dtype=np.int64) for end in (0, 1))
    usual: dict[str, Any] = dict.fromkeys(TAGS, "") | {
        "mode": "rail", "direction": "both", "tracks": np.nan, "maxspeed_kmh": np.nan, "bridged": False,
    }  # fmt: skip
    frame = pd.DataFrame({**usual, **(tags or {})}, index=range(len(ways)))
    km = distances_km(lon[tail], lat[tail], lon[head], lat[head])
    return TrackGraph(lon, lat, tail, head, km, frame, np.empty((0, 2)), np.zeros(len(ways) + 1, dtype=np.int64))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_routes_are_as_short_as_those_of_networkx(data: st.DataObject) -> None:
    import networkx as nx

    count = data.draw(st.integers(3, 9))
    spots = st.tuples(st.integers(0, 40), st.integers(0, 40))
    points = data.draw(st.lists(spots, min_size=count, max_size=count, unique=True))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    ways = data.draw(st.lists(pairs, min_size=2, max_size=20))
    oneway = data.draw(st.lists(st.booleans(), min_size=len(ways), max_size=len(ways)))
    places = [(50 + x / 4, 40 + y / 4) for x, y in points]
    graph = graph_of(places, ways, {"direction": ["forward" if one else "both" for one in oneway]})
    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(count))
    for (a, b), km, one in zip(ways, graph.length_km, oneway, strict=True):
        peer.add_edge(a, b, weight=km)
        if not one:
            peer.add_edge(b, a, weight=km)
    start, end = 0, count - 1
    found = graph.route(places[start], places[end], within_km=1.0)
    used = {node for way in ways for node in way}
    if start not in used or end not in used or not nx.has_path(peer, start, end):
        assert found is None
        return
    assert found is not None
    assert found.length_km == pytest.approx(nx.shortest_path_length(peer, start, end, weight="weight"), abs=1e-6)
    along = distances_km(*found.points[:-1].T, *found.points[1:].T).sum()
    assert along == pytest.approx(found.length_km, rel=1e-6, abs=1e-6)
    assert tuple(found.points[0]) == places[start] and tuple(found.points[-1]) == places[end]


def test_a_place_beside_the_track_is_snapped_to_it() -> None:
    graph = graph_of([(50.0, 40.0), (51.0, 40.0)], [(0, 1)])
    start, end = (50.5, 40.02), (51.0, 40.0)
    assert graph.route(start, end, within_km=10) is None  # only ends of ways are nodes
    found = graph.split(4.0).route(start, end, within_km=10)
    assert found is not None and found.length_km == pytest.approx(42.6, abs=4.1)
    assert 2.0 < found.from_km < 4.0 and found.to_km == pytest.approx(0.0, abs=1e-9)


def test_splitting_changes_no_length() -> None:
    graph = graph_of([(50.0, 40.0), (51.0, 41.0), (50.5, 42.0)], [(0, 1), (1, 2)])
    fine = graph.split(5.0)
    assert fine.length_km.sum() == pytest.approx(graph.length_km.sum()) and fine.length_km.max() <= 5.0
    assert len(set(fine.parts)) == 1 and fine.size == graph.size + len(fine.tail) - len(graph.tail)
    again = fine.route((50.0, 40.0), (50.5, 42.0))
    assert again is not None and again.length_km == pytest.approx(graph.length_km.sum())


def test_gaps_are_closed_between_parts_and_count_as_gaps() -> None:
    points = [(50.0, 40.0), (50.5, 40.0), (50.6, 40.0), (51.0, 40.0)]
    graph = graph_of(points, [(0, 1), (2, 3)])
    assert graph.route(points[0], points[3], within_km=1) is None
    assert graph.with_bridges(5.0) is graph
    joined = graph.with_bridges(10.0)
    bridged = joined.ways["bridged"].to_numpy(dtype=bool)
    assert bridged.sum() == 1 and joined.length_km[bridged][0] == pytest.approx(8.5, abs=0.1)
    found = joined.route(points[0], points[3], within_km=1)
    assert found is not None and found.length_km == pytest.approx(85.2, abs=0.3)


def test_a_way_of_another_gauge_is_taken_only_where_there_is_no_other() -> None:
    points = [(50.0, 40.0), (50.5, 40.01), (50.5, 40.4), (51.0, 40.0)]
    ways = [(0, 1), (1, 3), (0, 2), (2, 3)]
    graph = graph_of(points, ways, {"gauge_mm": ["1435", "1435", "1520", ""]})
    tables = networks.load_tables()
    link = tables.links[tables.links["mode"] == "rail"].iloc[[0]].assign(length_km=90.0)
    link["gauge_mm"] = [("1520",)]
    first, last = link["from_place_id"].iloc[0], link["to_place_id"].iloc[0]
    places = tables.places.copy()
    places.loc[[first, last], ["lon", "lat"]] = [points[0], points[3]]
    from dataclasses import replace

    found = Follower(graph).follow(replace(tables, places=places, links=link), link.index[0])
    assert not found.problem and found.gauges == ("1520",) and 0.4 < found.known_gauge < 0.6
    assert report([found]).loc[link.index[0], "gauge_mm"] == "1520"
    narrow = Follower(graph, rules=Rules(longest=0.9)).follow(replace(tables, places=places, links=link), link.index[0])
    assert narrow.problem.endswith("another line")


def test_countries_are_those_of_the_polygons() -> None:
    lands = Lands.shipped()
    lon, lat = np.array([49.87, 44.8, 51.2, 51.0]), np.array([40.4, 41.7, 43.65, 42.0])
    assert list(lands.country(lon, lat))[:3] == ["AZ", "GE", "KZ"]
    assert list(lands.near({"AZ"}, lon, lat, 0.0)) == [True, False, False, False]
    assert lands.near({"GE"}, np.array([45.2]), np.array([41.3]), 30.0).all()


SQUARE = shapely.box(50.0, 40.0, 51.0, 41.0)


@settings(max_examples=6, deadline=None)
@given(st.floats(49.0, 49.9), st.floats(39.5, 41.5), st.floats(51.1, 52.0), st.floats(39.5, 41.5))
def test_a_way_over_water_goes_round_land(x: float, y: float, u: float, v: float) -> None:
    water = Water((SQUARE,))
    points = water.path((x, y), (u, v))
    assert tuple(points[0]) == (x, y) and tuple(points[-1]) == (u, v)
    assert water.over_land_km(points) < 5.0  # a cell is a kilometre
    corners = [(50.0, 40.0), (51.0, 40.0)], [(50.0, 41.0), (51.0, 41.0)]
    straight = shapely.LineString([(x, y), (u, v)])
    lines = (
        [straight] if not straight.intersects(SQUARE) else [shapely.LineString([(x, y), *c, (u, v)]) for c in corners]
    )
    best = min(_km(np.array(line.coords)) for line in lines)
    assert _km(points) < 1.05 * best + 3.0


def test_lines_over_land_are_bent_round_it_and_others_stay() -> None:
    water = Water((SQUARE,))
    free = np.array([[48.0, 39.0], [49.0, 39.5], [52.0, 39.5]])
    assert np.array_equal(water.kept_off_land(free), free)
    crossing = np.array([[48.0, 40.5], [49.5, 40.5], [51.5, 40.5], [53.0, 40.5]])
    bent = water.kept_off_land(crossing)
    assert water.over_land_km(crossing) > 80 and water.over_land_km(bent) < 2.0
    assert bent[0].tolist() == [48.0, 40.5] and bent[-1].tolist() == [53.0, 40.5]
    inland = water.kept_off_land(np.array([[49.0, 40.5], [50.05, 40.5]]))
    assert inland[-1] == pytest.approx([50.05, 40.5]) and water.over_land_km(inland) < 10.0


def test_a_strait_is_passed_only_by_links_that_end_there() -> None:
    points = [(32.0, 31.5), (32.5, 29.9), (33.0, 28.0), (10.0, -35.0), (60.0, 0.0)]
    lanes = graph_of(points, [(0, 1), (1, 2), (0, 3), (3, 4), (4, 2)])
    lanes = TrackGraph(
        lanes.lon, lanes.lat, lanes.tail, lanes.head, lanes.length_km,
        lanes.ways.assign(passage=["suez", "", "", "", ""]), lanes.bends, lanes.first_bend,
    )  # fmt: skip
    ways = Seaways(lanes, Water(()))
    short = ways.between(("GR_PIR", "EG_SUZ"), points[0], points[1])
    assert short is not None and short[2] == "lane" and short[1] < 200
    long = ways.between(("GR_PIR", "IN_NSA"), points[0], points[2])
    assert long is not None and long[1] > 15_000
    own = ways.between(("KZ_AKU", "AZ_ALT"), (51.2, 43.6), (49.6, 40.0))
    assert own is not None and own[2] == "water"


def _km(points: Any) -> float:
    return float(distances_km(*points[:-1].T, *points[1:].T).sum())


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_contracted_graph_has_the_same_routes_and_fewer_nodes(data: st.DataObject) -> None:
    from networks.tracks.contract import contracted

    count = data.draw(st.integers(3, 8))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    ways = data.draw(st.lists(pairs, min_size=2, max_size=9))
    points = [(50 + i, 40 + (i * 7) % 5) for i in range(count)]
    words = {
        "direction": data.draw(
            st.lists(st.sampled_from(["both", "both", "forward"]), min_size=len(ways), max_size=len(ways))
        ),
        "gauge_mm": data.draw(
            st.lists(st.sampled_from(["1520", "1520", "1435"]), min_size=len(ways), max_size=len(ways))
        ),
    }
    graph = graph_of(points, ways, words)
    short = contracted(graph)
    assert short.length_km.sum() == pytest.approx(graph.length_km.sum()) and len(short.tail) <= len(graph.tail)
    for way in range(len(short.tail)):
        line = short.line(np.array([way]), np.array([False]))
        assert _km(line) == pytest.approx(short.length_km[way])
    kept = list(zip(short.lon.tolist(), short.lat.tolist(), strict=True))
    for start in kept[:3]:
        for end in kept[-3:]:
            one, other = (g.route(start, end, within_km=1.0) for g in (graph, short))
            assert (one is None) == (other is None)
            assert one is None or other is None or one.length_km == pytest.approx(other.length_km, abs=1e-6)


def test_only_a_change_of_tags_or_a_junction_keeps_a_node() -> None:
    from networks.tracks.contract import contracted

    points = [(50.0, 40.0), (50.5, 40.2), (51.0, 40.0), (51.5, 40.0), (52.0, 40.0)]
    graph = graph_of(points, [(0, 1), (2, 1), (2, 3), (3, 4)], {"gauge_mm": ["1520", "1520", "1520", "1435"]})
    short = contracted(graph)
    assert short.size == 3 and sorted(short.ways["gauge_mm"]) == ["1435", "1520"]
    assert sorted(map(tuple, short.bends.tolist())) == [points[1], points[2]]
