"""OpenStreetMap in: rules on hand-written files, routes on real ones as osmnx finds them."""

import bz2
import gzip
import itertools
import json
import socket
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from networks import DataError
from networks.tracks.assemble import ways_table
from networks.tracks.graph import TAGS, distances_km
from networks.tracks.lines import read_lines
from networks.tracks.osm import read_osm
from networks.tracks.osmnx_graph import download, from_osmnx, to_osmnx
from networks.tracks.stored import cached, load_graph, save_graph

GEODATA = Path(__file__).resolve().parent.parent.parent / "shared" / "geodata"
EXTRACTS = GEODATA / "osm_extracts"
RAILWAYS = GEODATA / "osm_rail"

needs_osmium = pytest.mark.skipif(find_spec("osmium") is None, reason="pyosmium is not installed")
needs_extracts = pytest.mark.skipif(not EXTRACTS.is_dir(), reason=f"{EXTRACTS} with extracts is not there")
needs_railways = pytest.mark.skipif(not RAILWAYS.is_dir(), reason=f"{RAILWAYS} with railways is not there")

AT = {1: (50.0, 40.0), 2: (50.1, 40.0), 3: (50.2, 40.0), 4: (50.3, 40.0), 5: (50.1, 40.1), 6: (50.2, 40.1)}
RAIL = {"railway": "rail"}


def xml(ways, at=None):
    """Return an OpenStreetMap file of ways, each a list of points and its tags."""
    rows = [f'<node id="{n}" lon="{lon}" lat="{lat}" version="1"/>' for n, (lon, lat) in (at or AT).items()]
    for number, (points, tags) in enumerate(ways, 100):
        refs = "".join(f'<nd ref="{point}"/>' for point in points)
        rows.append(f'<way id="{number}" version="1">{refs}{"".join(map(tag, tags.items()))}</way>')
    return '<?xml version="1.0"?>\n<osm version="0.6">\n' + "\n".join(rows) + "\n</osm>\n"


def tag(pair):
    return f'<tag k="{pair[0]}" v="{pair[1]}"/>'


@pytest.fixture
def read(tmp_path):
    """Return a function that reads ways written by hand."""
    pytest.importorskip("osmium", reason="pyosmium is not installed")

    def reader(ways, mode="rail", at=None, **options):
        file = tmp_path / "small.osm"
        file.write_text(xml(ways, at), encoding="utf-8")
        return read_osm(file, mode, **options)

    return reader


def lines_of(graph):
    """Return the points of every way as a set of tuples."""
    turned = np.zeros(1, dtype=bool)
    return {tuple(map(tuple, graph.line(np.array([way]), turned).tolist())) for way in range(len(graph.tail))}


def line(*points):
    return tuple(AT[point] for point in points)


def test_ways_are_cut_where_they_meet_and_nowhere_else(read):
    graph = read([([1, 2, 3, 4], RAIL), ([5, 3, 6], RAIL)])
    assert lines_of(graph) == {line(1, 2, 3), line(3, 4), line(5, 3), line(3, 6)}
    assert graph.size == 5
    assert list(graph.ways["osm_id"]) == [100, 100, 101, 101]
    assert list(graph.ways.columns) == [*TAGS, "osm_id"]
    along = distances_km(*np.array([line(1, 2), line(2, 3)]).reshape(2, 4).T).sum()
    assert graph.length_km[0] == pytest.approx(along, rel=1e-12)


def test_ends_that_meet_join_and_rings_and_loops_stay_whole(read):
    graph = read([([1, 2], RAIL), ([2, 3], RAIL), ([4, 5, 6, 4], RAIL)])
    assert graph.size == 4
    assert lines_of(graph) == {line(1, 2), line(2, 3), line(4, 5, 6, 4)}
    assert (graph.tail == graph.head).sum() == 1
    crossing = read([([1, 2, 5, 6, 2, 3], RAIL)])
    assert lines_of(crossing) == {line(1, 2), line(2, 5, 6, 2), line(2, 3)}


def test_points_said_twice_count_once(read):
    graph = read([([1, 2, 2, 3], RAIL)])
    assert lines_of(graph) == {line(1, 2, 3)}


def test_only_ways_of_the_mode_are_read(read):
    ways = [([1, 2], RAIL), ([2, 3], {"railway": "construction"}), ([3, 4], {"railway": "light_rail"})]
    ways += [([4, 5], {"railway": "narrow_gauge"}), ([1, 5], {"highway": "trunk_link"}), ([1, 6], {"route": "ferry"})]
    ways += [([5, 6], {"highway": "residential"})]
    assert list(read(ways).ways["osm_id"]) == [100, 103]
    assert list(read(ways, "road").ways["osm_id"]) == [104]
    assert list(read(ways, "ferry").ways["osm_id"]) == [105]
    assert list(read(ways, "road", classes=["residential"]).ways["usage"]) == ["residential"]
    assert list(read(ways, classes=["light_rail", "rail"]).ways["osm_id"]) == [100, 102]


def test_tags_are_read_and_nonsense_is_dropped(read):
    full = {"gauge": "1520; 1435", "electrified": "contact_line", "tracks": "2", "maxspeed": "60 mph"}
    first = read([([1, 2], {**RAIL, **full, "usage": "main", "name": "Хазар &amp; Co"})]).ways.iloc[0]
    assert first["gauge_mm"] == "1520;1435"
    assert (first["electrified"], first["tracks"], first["usage"], first["name"]) == ("yes", 2.0, "main", "Хазар & Co")
    assert first["maxspeed_kmh"] == pytest.approx(96.56, abs=0.01)
    assert (first["mode"], first["direction"], first["bridged"]) == ("rail", "both", False)
    none = read([([1, 2], {**RAIL, "gauge": "broad;15;1520", "tracks": "many", "maxspeed": "RU:urban"})]).ways.iloc[0]
    assert none["gauge_mm"] == "1520"
    assert np.isnan(none["tracks"]) and np.isnan(none["maxspeed_kmh"])
    assert none["electrified"] == none["usage"] == none["name"] == ""


@pytest.mark.parametrize(
    ("key", "column", "values"),
    [
        ("electrified", "electrified", {"rail": "yes", "4th_rail": "yes", "yes": "yes", "no": "no", "unknown": ""}),
        (
            "maxspeed",
            "maxspeed_kmh",
            {"80": 80, "100 km/h": 100, "12.5": 12.5, "none": np.nan, "0": np.nan, "-5": np.nan},
        ),
        ("gauge", "gauge_mm", {"1520": "1520", "1520 mm": "1520", "1520;1520": "1520", "standard": "", "99999": ""}),
        ("tracks", "tracks", {"1": 1, "0": np.nan, "1.5": np.nan, "1;2": np.nan}),
        ("service", "usage", {"yard": "yard", "siding": "siding"}),
    ],
)
def test_values_of_tags(key, column, values):
    table, _ = ways_table("rail", {key: list(values)}, len(values))
    assert list(table[column]) == pytest.approx(list(values.values()), nan_ok=True)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, {(1, 2, 3): "both"}),
        ({"oneway": "yes"}, {(1, 2, 3): "forward"}),
        ({"oneway": "-1"}, {(3, 2, 1): "forward"}),
        ({"oneway": "no"}, {(1, 2, 3): "both"}),
        ({"junction": "roundabout"}, {(1, 2, 3): "forward"}),
        ({"highway": "motorway"}, {(1, 2, 3): "forward"}),
        ({"highway": "motorway", "oneway": "no"}, {(1, 2, 3): "both"}),
    ],
)
def test_directions_of_roads(read, tags, expected):
    graph = read([([1, 2, 3], {"highway": "primary", **tags})], "road")
    (points, direction) = next(iter(expected.items()))
    assert lines_of(graph) == {line(*points)}
    assert list(graph.ways["direction"]) == [direction]
    assert (graph.route(line(3)[0], line(1)[0], within_km=1) is None) == (
        points == (1, 2, 3) and direction == "forward"
    )


def test_trains_run_both_ways_whatever_the_usual_one(read):
    assert list(read([([1, 2], {**RAIL, "oneway": "yes"})]).ways["direction"]) == ["both"]


def test_a_way_is_cut_where_the_extract_lacks_a_point(read):
    at = {n: place for n, place in AT.items() if n != 3}
    graph = read([([1, 2, 3, 4, 5, 6], RAIL)], at=at)
    assert lines_of(graph) == {line(1, 2), line(4, 5, 6)}
    assert lines_of(read([([1, 2, 3, 4], RAIL)], within=(50.05, 39.0, 50.25, 41.0))) == {line(2, 3)}
    with pytest.raises(DataError, match=r"1 ways of mode 'rail', but none has two points within the file"):
        read([([3, 1], RAIL)], at=at)
    with pytest.raises(DataError, match=r"within the box \(0, 0, 1, 1\)"):
        read([([3, 1], RAIL)], within=(0, 0, 1, 1))


def test_points_of_an_editor_have_negative_numbers(read):
    at = {-n: place for n, place in AT.items()}
    assert lines_of(read([([-1, -2, -3], RAIL)], at=at)) == {line(1, 2, 3)}


@needs_osmium
def test_numbers_far_apart_are_found_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("networks.tracks.osm._SMALL_BYTES", 0)
    monkeypatch.setattr("networks.tracks.osm._BLOCKS", 2)
    far = {n * 2_000_000_000: place for n, place in AT.items()}
    file = tmp_path / "far.osm"
    file.write_text(xml([(list(far), RAIL)], {**far, 7: (0.0, 0.0)}), encoding="utf-8")
    assert lines_of(read_osm(file)) == {line(1, 2, 3, 4, 5, 6)}


@needs_osmium
def test_compressed_files_are_read(tmp_path):
    text = xml([([1, 2, 3], RAIL)]).encode()
    for suffix, pack in ((".gz", gzip.compress), (".bz2", bz2.compress)):
        file = tmp_path / f"small.osm{suffix}"
        file.write_bytes(pack(text))
        assert lines_of(read_osm(str(file))) == {line(1, 2, 3)}


@needs_osmium
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.osm", b"", "is empty"),
        ("a.osm", xml([([1, 2], RAIL)]).encode()[:300], "is cut short or damaged"),
        ("a.osm.gz", gzip.compress(xml([([1, 2], RAIL)] * 500).encode())[:900], "is cut short or damaged"),
        ("a.osm", b"<html><body/></html>", "not a file of OpenStreetMap .*html"),
        ("a.osm.pbf", b"some words " * 50, "not a file of OpenStreetMap"),
        ("a.csv", b"id,lon,lat\n", "not a file of OpenStreetMap .*expected .osm"),
        ("a.osm", xml([]).encode(), "no way with railway = rail, narrow_gauge"),
        ("a.osm", xml([([1, 2], {"railway": "tram"})]).encode(), "no way with railway"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, name, content, told):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=f"{name}: {told}"):
        read_osm(file)


def test_wrong_arguments_are_told(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"mode 'rial' is not known, expected one of rail, road, ferry; nearest: rail"):
        read_osm(tmp_path, "rial")
    with pytest.raises(DataError, match="is a folder"):
        read_osm(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        read_osm(tmp_path / "none.osm")
    with pytest.raises(DataError, match="expected a list of values of highway"):
        read_osm(tmp_path, "road", classes="primary")
    file = tmp_path / "a.osm"
    file.write_text(xml([([1, 2], RAIL)]), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(DataError, match=r"pip install 'corridors\[geometry\]'"):
        read_osm(file)


def frame_of(shapes, **columns):
    import geopandas as gpd
    from shapely import LineString

    return gpd.GeoDataFrame(columns, geometry=[LineString(points) for points in shapes], crs="EPSG:4326")


def test_lines_give_what_an_extract_of_the_same_ways_gives(read, tmp_path):
    tags = {"gauge": ["1520", None], "electrified": ["yes", "no"], "tracks": [1.0, np.nan], "osm_id": [100, 101]}
    frame = frame_of([line(1, 2, 3, 4), line(5, 3, 6)], railway=["rail", "rail"], **tags)
    ways = [([1, 2, 3, 4], {**RAIL, "gauge": "1520", "electrified": "yes", "tracks": "1"})]
    expected = read([*ways, ([5, 3, 6], {**RAIL, "electrified": "no"})])
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_file(tmp_path / "a.gpkg")
    frame.to_file(tmp_path / "a.geojson")
    for source in (frame, tmp_path / "a.parquet", tmp_path / "a.gpkg", tmp_path / "a.geojson", frame.to_crs(3857)):
        found = read_lines(source)
        assert lines_of(found) == lines_of(expected)
        pd.testing.assert_frame_equal(found.ways, expected.ways)
        np.testing.assert_allclose(found.length_km, expected.length_km, rtol=1e-7)


def test_lines_meet_within_a_centimetre_and_may_be_turned():
    near = [(50.0, 40.0), (50.1, 40.0)], [(50.1 + 2e-8, 40.0 - 2e-8), (50.2, 40.0)]
    assert read_lines(frame_of(near)).size == 3
    roads = read_lines(frame_of(near, highway=["primary"] * 2, oneway=["-1", "yes"]), "road")
    assert roads.route((50.2, 40.0), (50.0, 40.0), within_km=1) is None
    assert roads.lon[roads.head].tolist() == pytest.approx([50.0, 50.2])


def test_wrong_lines_are_told(tmp_path):
    import geopandas as gpd
    from shapely import Point

    (tmp_path / "a.geojson").write_text("nothing", encoding="utf-8")
    (tmp_path / "a.parquet").write_text("nothing", encoding="utf-8")
    for name in ("a.geojson", "a.parquet"):
        with pytest.raises(DataError, match=f"{name}: not a readable file of lines"):
            read_lines(tmp_path / name)
    with pytest.raises(DataError, match="no such file"):
        read_lines(tmp_path / "b.gpkg")
    with pytest.raises(DataError, match="no lines in it"):
        read_lines(gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=4326))
    with pytest.raises(DataError, match="no lines with railway = rail"):
        read_lines(frame_of([line(1, 2)], railway=["tram"]))
    with pytest.raises(DataError, match=r"a vertex at \(5e\+06, 4e\+06\), expected degrees"):
        read_lines(frame_of([[(5e6, 4e6), (5.1e6, 4e6)]]).set_crs(None, allow_override=True))
    with pytest.raises(DataError, match="a table without geometry"):
        read_lines(pd.DataFrame({"railway": ["rail"]}))


def test_graphs_go_to_osmnx_and_back(read):
    import osmnx

    tags = {"highway": "primary", "maxspeed": "90", "name": "M1"}
    graph = read([([1, 2, 3, 4], tags), ([5, 3, 6], {**tags, "oneway": "yes"}), ([5, 6], tags)], "road")
    there = to_osmnx(graph)
    assert len(there.edges) == 2 * 3 + 2
    assert there.edges[0, 1, 0]["geometry"].coords[1] == pytest.approx(AT[2])
    back = from_osmnx(there, "road")
    order = np.argsort([there.edges[e]["way"] for e in there.edges if not there.edges[e]["reversed"]])
    assert lines_of(back) == lines_of(graph)
    np.testing.assert_allclose(back.length_km[order], graph.length_km, rtol=1e-12)
    pd.testing.assert_frame_equal(back.ways.take(order).reset_index(drop=True), graph.ways)
    flat = osmnx.projection.project_graph(there)
    assert len(from_osmnx(flat, "road").tail) == 5
    assert osmnx.distance.nearest_nodes(flat, flat.nodes[2]["x"] + 3, flat.nodes[2]["y"]) == 2
    assert osmnx.stats.basic_stats(there)["street_segment_count"] == 5
    timed = osmnx.routing.add_edge_travel_times(osmnx.routing.add_edge_speeds(there))
    assert timed.edges[0, 1, 0]["speed_kph"] == 90
    assert osmnx.routing.shortest_path(there, 0, 2, weight="length") == [0, 1, 2]


def test_wrong_graphs_of_osmnx_are_told():
    import networkx as nx

    empty = nx.MultiDiGraph(crs="epsg:4326")
    with pytest.raises(DataError, match="has no edges"):
        from_osmnx(empty)
    empty.add_node(1)
    with pytest.raises(DataError, match="a node without 'x'"):
        from_osmnx(empty)


def paths_agree(graph, theirs, count=20):
    """Compare shortest lengths between random pairs of nodes that are connected, by networkx on either graph."""
    import networkx as nx

    ours = to_osmnx(graph)
    at = {(data["x"], data["y"]): node for node, data in theirs.nodes(data=True)}
    names = [at[place] for place in zip(graph.lon.tolist(), graph.lat.tolist(), strict=True)]
    rng = np.random.default_rng(7)
    largest = np.flatnonzero(graph.parts == np.bincount(graph.parts).argmax())
    found = 0
    for start in rng.choice(largest, count):
        ends = rng.choice(largest, count)
        here = nx.single_source_dijkstra_path_length(ours, int(start), weight="length")
        there = nx.single_source_dijkstra_path_length(theirs, names[start], weight="length")
        for end in ends:
            assert (int(end) in here) == (names[end] in there)
            if int(end) in here:
                assert here[int(end)] == pytest.approx(there[names[end]], rel=1e-3, abs=1e-6)
                found += start != end
    assert found > count


@needs_osmium
@needs_extracts
@pytest.mark.parametrize("bidirectional", [True, False])
def test_routes_in_munich_are_those_of_osmnx(bidirectional):
    import osmnx

    file = EXTRACTS / "planet_10.068,48.135_10.071,48.137.osm"
    theirs = osmnx.graph_from_xml(file, simplify=False, retain_all=True, bidirectional=bidirectional)
    classes = sorted({str(data["highway"]) for _, _, data in theirs.edges(data=True) if "highway" in data})
    others = [(u, v) for u, v, data in theirs.edges(data=True) if "highway" not in data]
    theirs.remove_edges_from(others)
    ours = read_osm(file, "road", classes=classes)
    paths_agree(ours, theirs)
    total = sum(data["length"] for _, _, data in theirs.edges(data=True)) / 2000
    assert ours.length_km.sum() == pytest.approx(total, rel=1e-6)
    assert from_osmnx(theirs, "road").length_km.sum() == pytest.approx(total, rel=1e-9)
    paths_agree(from_osmnx(theirs, "road"), theirs)


@needs_osmium
@needs_extracts
@pytest.mark.parametrize("extract", ["liechtenstein", "Helsinki"])
@pytest.mark.parametrize("mode", ["rail", "road"])
def test_routes_in_an_extract_are_those_of_osmnx(tmp_path, extract, mode):
    import osmium
    import osmnx

    from networks.tracks.assemble import CLASSES

    file, text = EXTRACTS / f"{extract}.osm.pbf", tmp_path / "part.osm"
    key, classes = CLASSES[mode]
    wanted = osmium.filter.TagFilter(*((key, value) for value in classes))
    at = {node.id: (node.lon, node.lat) for node in osmium.FileProcessor(str(file), osmium.osm.NODE)}
    ways = []
    for way in osmium.FileProcessor(str(file), osmium.osm.WAY).with_filter(wanted):
        tags = {tag.k: tag.v for tag in way.tags if tag.k in (key, "oneway", "junction")}
        for known, points in itertools.groupby((node.ref for node in way.nodes), at.__contains__):
            ways += [(list(points), tags)] if known else []  # osmnx does not read ways with points that are missing
    used = {point for points, _ in ways for point in points}
    text.write_text(xml(ways, {point: at[point] for point in used}), encoding="utf-8")
    theirs = osmnx.graph_from_xml(text, simplify=False, retain_all=True, bidirectional=mode == "rail")
    ours = read_osm(file, mode)
    paths_agree(ours, theirs)
    assert read_osm(text, mode).length_km.sum() == pytest.approx(ours.length_km.sum(), rel=1e-9)


@needs_railways
@pytest.mark.parametrize(
    ("country", "start", "end", "known_km"),
    [
        ("azerbaijan", "Baku Central Railway Station", (44.7993, 41.7218), 549),
        ("turkmenistan", "Türkmenbaşy", "Türkmenabat", 1146),
        ("uzbekistan", "Tashkent-Passenger", "Bukhara 1", 567),
    ],
)
def test_railways_are_as_long_as_known(country, start, end, known_km):
    stations = pd.read_csv(RAILWAYS / "stations_eurasia.csv.gz").drop_duplicates("name").set_index("name")
    ends = [
        tuple(stations.loc[place, ["lon", "lat"]].astype(float)) if isinstance(place, str) else place
        for place in (start, end)
    ]
    graph = read_lines(RAILWAYS / f"rail_{country}.parquet")
    found = graph.route(*ends, within_km=3)
    assert found.from_km + found.to_km < 1
    assert found.length_km == pytest.approx(known_km, rel=0.01)


@needs_railways
def test_routes_along_lines_are_those_of_networkx():
    import networkx as nx

    graph = read_lines(RAILWAYS / "rail_azerbaijan.parquet")
    there = to_osmnx(graph)
    nodes = np.flatnonzero(graph.parts == np.bincount(graph.parts).argmax())
    for start, end in np.random.default_rng(3).choice(nodes, (5, 2)).tolist():
        metres = nx.shortest_path_length(there, start, end, weight="length")
        places = [(graph.lon[node], graph.lat[node]) for node in (start, end)]
        assert graph.route(*places, within_km=1e-6).length_km == pytest.approx(metres / 1000, rel=1e-9)


def test_a_stored_graph_is_the_same(read, tmp_path):
    graph = read([([1, 2, 3, 4], {**RAIL, "name": "Ş, Ж", "tracks": "2"}), ([5, 3, 6], RAIL)])
    save_graph(graph, tmp_path / "new" / "a.npz")
    found = load_graph(tmp_path / "new" / "a.npz")
    pd.testing.assert_frame_equal(found.ways, graph.ways)
    for name in ("lon", "lat", "tail", "head", "length_km", "bends", "first_bend"):
        np.testing.assert_array_equal(getattr(found, name), getattr(graph, name))
        assert getattr(found, name).dtype == getattr(graph, name).dtype


def test_a_graph_is_stored_whole_or_not_at_all(read, tmp_path, monkeypatch):
    graph = read([([1, 2], RAIL)])
    file = save_graph(graph, tmp_path / "a" / "a.npz")
    before = file.read_bytes()

    def full(out, **_):
        out.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DataError, match=r"a\.npz: cannot be written \(No space left"):
        save_graph(graph, file)
    assert file.read_bytes() == before
    assert [found.name for found in file.parent.iterdir()] == ["a.npz"]


def test_wrong_stored_graphs_are_told(tmp_path, monkeypatch, read):
    (tmp_path / "text.npz").write_text("nothing", encoding="utf-8")
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    file = save_graph(read([([1, 2], RAIL)]), tmp_path / "a.npz")
    (tmp_path / "half.npz").write_bytes(file.read_bytes()[:700])
    for name in ("text", "other", "half"):
        with pytest.raises(DataError, match=f"{name}.npz: not a graph"):
            load_graph(tmp_path / f"{name}.npz")
    with pytest.raises(DataError, match="no such file"):
        load_graph(tmp_path / "none.npz")
    monkeypatch.setattr("networks.tracks.stored._VERSION", 99)
    with pytest.raises(DataError, match="has format 1, expected 99"):
        load_graph(file)


@needs_osmium
def test_an_extract_is_read_once_until_it_changes(tmp_path):
    count = []

    def reader(path, mode, **options):
        count.append(path.name)
        return read_osm(path, mode, **options)

    one, two, kept = tmp_path / "one.osm", tmp_path / "two.osm", tmp_path / "kept"
    one.write_text(xml([([1, 2], RAIL)]), encoding="utf-8")
    two.write_text("<osm", encoding="utf-8")
    cached(one, "rail", kept, reader)
    with pytest.raises(DataError, match=r"two\.osm"):
        cached(two, "rail", kept, reader)
    assert len(list(kept.iterdir())) == 1
    assert lines_of(cached(one, "rail", kept, reader)) == {line(1, 2)}
    assert count == ["one.osm", "two.osm"]
    cached(one, "rail", kept, reader, within=(0, 0, 90, 90))
    one.write_text(xml([([1, 2, 3], RAIL)]), encoding="utf-8")
    assert lines_of(cached(one, "rail", kept, reader)) == {line(1, 2, 3)}
    assert len(count) == 4
    for file in kept.iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert lines_of(cached(one, "rail", kept, reader)) == {line(1, 2, 3)}
    with pytest.raises(DataError, match="no such file"):
        cached(tmp_path / "none.osm", "rail", kept, reader)


class Overpass(BaseHTTPRequestHandler):
    """Answers as Overpass does, with the same ways whatever the area; keeps what it was asked."""

    asked: list[str] = []  # noqa: RUF012
    ways: list = []  # noqa: RUF012

    def do_GET(self):
        self.answer(
            "text/plain", "Connected as: 1\nCurrent time: now\nAnnounced\nRate limit: 2\n2 slots available now.\n"
        )

    def do_POST(self):
        query = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["data"][0]
        self.asked.append(query)
        found = [{"type": "node", "id": n, "lon": lon, "lat": lat} for n, (lon, lat) in AT.items()] if self.ways else []
        found += [{"type": "way", "id": n, "nodes": p, "tags": t} for n, (p, t) in enumerate(self.ways, 100)]
        self.answer("application/json", json.dumps({"elements": found}))

    def answer(self, kind, text):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def overpass(monkeypatch):
    """Return a server on this machine that osmnx asks instead of Overpass."""
    import osmnx

    server = ThreadingHTTPServer(("127.0.0.1", 0), Overpass)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)  # osmnx puts its own there
    monkeypatch.setattr(osmnx.settings, "overpass_url", f"http://127.0.0.1:{server.server_port}/api")
    monkeypatch.setattr(osmnx.settings, "use_cache", False)
    monkeypatch.setattr(Overpass, "asked", [])
    yield Overpass
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_is_what_an_extract_gives(read, overpass, monkeypatch):
    import osmnx

    tags = {"gauge": "1520", "electrified": "contact_line", "maxspeed": "60 mph", "tracks": "2", "usage": "main"}
    ways = [([1, 2, 3, 4], {**RAIL, **tags}), ([5, 3, 6], {**RAIL, "service": "siding"})]
    monkeypatch.setattr(overpass, "ways", ways)
    before = {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")}
    found = download((49.9, 39.9, 50.4, 40.2))
    assert {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")} == before
    assert '["railway"~"^(rail|narrow_gauge)$"]' in overpass.asked[0]
    expected = read(ways)
    assert lines_of(found) == lines_of(expected)
    by_way = ["osm_id", "maxspeed_kmh"]
    pd.testing.assert_frame_equal(
        found.ways.sort_values(by_way, ignore_index=True), expected.ways.sort_values(by_way, ignore_index=True)
    )
    assert found.length_km.sum() == pytest.approx(expected.length_km.sum(), rel=1e-12)


def test_downloaded_roads_keep_their_directions(read, overpass, monkeypatch):
    road = {"highway": "primary"}
    ways = [([1, 2, 3], {**road, "oneway": "-1"}), ([3, 4], {"highway": "motorway"}), ([5, 6, 4], road)]
    ways += [([5, 2, 6, 5], {**road, "junction": "roundabout"})]
    monkeypatch.setattr(overpass, "ways", ways)
    found, expected = download((49.9, 39.9, 50.4, 40.2), "road"), read(ways, "road")
    assert lines_of(found) == lines_of(expected)
    for graph in (found, expected):
        assert sorted(zip(graph.ways["osm_id"], graph.ways["direction"], strict=True)) == [
            (100, "forward"), (100, "forward"), (101, "forward"), (102, "both"), (102, "both"),
            (103, "forward"), (103, "forward"), (103, "forward"),
        ]  # fmt: skip


def test_what_is_wrong_with_a_download_is_said(overpass, monkeypatch):
    import osmnx
    from shapely import box

    monkeypatch.setattr(overpass, "ways", [])
    with pytest.raises(DataError, match="no ways of mode 'ferry' were found"):
        download(box(49.9, 39.9, 50.4, 40.2), "ferry")
    with pytest.raises(DataError, match=r"expected \(west, south, east, north\)"):
        download((1, 2, 3))
    monkeypatch.setattr(osmnx.settings, "overpass_url", "http://127.0.0.1:9/api")
    monkeypatch.setattr(osmnx.settings, "nominatim_url", "http://127.0.0.1:9/")
    for area in ((49.9, 39.9, 50.4, 40.2), "Baku"):
        with pytest.raises(DataError, match=r"no answer \(ConnectionError\).*read_osm"):
            download(area)
