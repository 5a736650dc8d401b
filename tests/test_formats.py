"""Formats of other programs: what goes out comes back, GMNS validates, networks of others are read right."""

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import networks
import solvers
from networks import formats
from networks.tables import NETWORK

ROOT = Path(__file__).resolve().parent.parent
WAYS = {
    "gmns": ("net", lambda path, _: formats.read_gmns(path).tables),
    "geopackage": ("net.gpkg", lambda path, _: formats.read_geopackage(path)),
    "geoparquet": ("net.parquet", lambda path, _: formats.read_geoparquet(path)),
    "geojson": ("net.geojson", formats.read_geojson),
    "graphml": ("net.graphml", formats.read_graphml),
}


@pytest.fixture(scope="module")
def written(tables: networks.Tables, tmp_path_factory: Any) -> tuple[Path, dict[str, list[str]]]:
    """Return a folder with the toolkit's network in every format, and what each says that it cannot carry."""
    folder = tmp_path_factory.mktemp("formats")
    return folder, {kind: formats.export(tables, folder / name) for kind, (name, _) in WAYS.items()}


def assert_same(found: networks.Tables, expected: networks.Tables) -> None:
    for name in NETWORK:
        ours = getattr(expected, name)
        pd.testing.assert_frame_equal(
            getattr(found, name),
            ours,
            check_exact=True,
            check_dtype=len(ours) > 0,
            check_index_type=len(ours) > 0,
            obj=name,
        )


# -- there and back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WAYS)
def test_the_network_comes_back_as_it_was(kind: str, written: Any, tables: networks.Tables) -> None:
    name, read = WAYS[kind]
    assert_same(read(written[0] / name, tables), tables)


def test_every_format_is_tested() -> None:
    assert set(WAYS) == set(formats.FORMATS)


words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters=";"), min_size=1, max_size=8)
words = words.map(str.strip).filter(bool)
lists = st.lists(words, max_size=3).map(tuple)
missing = st.just(float("nan"))


@pytest.fixture(scope="module")
def few(tables: networks.Tables) -> networks.Tables:
    """Return the toolkit's tables with a few rows each."""
    links = tables.links.iloc[:4]
    ends = pd.unique(links[["from_place_id", "to_place_id"]].to_numpy().ravel())
    some = {"places": tables.places.loc[["CN_SHA", *ends]], "links": links}
    some |= {name: getattr(tables, name).iloc[:0] for name in ("borders", "stops", "goods", "parameters")}
    some["rates"] = tables.rates.loc[some["links"]["rate_id"].unique()]
    named = {x for frame in some.values() for c in frame.filter(like="source_id") for x in frame[c].explode().dropna()}
    some["sources"] = tables.sources[tables.sources.index.isin(named)]
    some["countries"] = tables.countries[tables.countries.index.isin(["CN", "KZ"])]
    return networks.Tables(**{**vars(tables), **some})


@pytest.mark.parametrize("kind", WAYS)
def test_what_is_there_is_replaced(kind: str, few: networks.Tables, tmp_path: Path) -> None:
    name, read = WAYS[kind]
    renamed = few.places["name"].mask(few.places.index == "CN_SHA", "上海 «Ş»")
    formats.export(few, tmp_path / name)
    formats.export(networks.Tables(**{**vars(few), "places": few.places.assign(name=renamed)}), tmp_path / name)
    assert read(tmp_path / name, few).places.at["CN_SHA", "name"] == "上海 «Ş»"
    assert [file.name for file in tmp_path.iterdir()] == [name]


@st.composite
def small_tables(draw: Any, tables: networks.Tables) -> networks.Tables:
    """Return a few places and links with any text and any numbers that the tables allow."""
    count = draw(st.integers(1, 3))
    keys = [f"KZ_{letter * 3}" for letter in "ABC"[:count]]
    names = draw(st.lists(words, min_size=count, max_size=count, unique=True))
    places = tables.places.iloc[:count].assign(
        name=names,
        aliases=draw(st.lists(lists, min_size=count, max_size=count)),
        note=draw(st.lists(words | st.just(""), min_size=count, max_size=count)),
        lon=draw(st.lists(st.floats(-180, 180), min_size=count, max_size=count)),
        lat=draw(st.lists(st.floats(-80, 80), min_size=count, max_size=count)),
        capacity=draw(st.lists(st.floats(0, 1e12) | missing, min_size=count, max_size=count)),
    )
    places = places.set_axis(pd.Index(keys, name="place_id", dtype="str"))
    size = draw(st.integers(1, 4))
    ends = st.lists(st.sampled_from(keys), min_size=size, max_size=size)
    ids = draw(st.lists(words, min_size=size, max_size=size, unique=True))
    links = tables.links.iloc[:size].assign(
        from_place_id=draw(ends),
        to_place_id=draw(ends),
        direction=draw(st.lists(st.sampled_from(["both", "forward"]), min_size=size, max_size=size)),
        length_km=draw(st.lists(st.floats(0.1, 1e5), min_size=size, max_size=size)),
        speed_kmh=draw(st.lists(st.floats(1, 120) | missing, min_size=size, max_size=size)),
        gauge_mm=draw(st.lists(st.sampled_from([(), ("1435",), ("1435", "1520")]), min_size=size, max_size=size)),
        note=draw(st.lists(words | st.just(""), min_size=size, max_size=size)),
        status=draw(st.lists(st.sampled_from(["existing", "planned"]), min_size=size, max_size=size)),
    )
    links = links.set_axis(pd.Index(ids, name="link_id", dtype="str"))
    text = dict.fromkeys(("from_place_id", "to_place_id", "direction", "status", "note"), "str")
    frames = {"places": places.astype({"name": "str", "note": "str"}), "links": links.astype(text)}
    return networks.Tables(**{**vars(tables), **frames})


@given(data=st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", WAYS)
def test_any_network_comes_back_as_it_was(kind: str, data: Any, few: networks.Tables, tmp_path: Path) -> None:
    name, read = WAYS[kind]
    made = data.draw(small_tables(few))
    formats.export(made, tmp_path / name)
    assert_same(read(tmp_path / name, made), made)


def test_each_says_what_it_cannot_carry(written: Any, tables: networks.Tables) -> None:
    lost = written[1]
    assert lost["geopackage"] == lost["geoparquet"] == []
    assert f"GeoJSON does not carry the table stops ({len(tables.stops):,} rows)." in lost["geojson"]
    planned = (tables.links["status"] != "existing").sum()
    assert f"{planned} links that are planned or under construction: GMNS has no status." in lost["gmns"]
    assert any("border crossings" in sentence for sentence in lost["gmns"])


# -- each as its own programs read it ------------------------------------------------------------------


def test_qgis_finds_layers_and_their_styles(written: Any, tables: networks.Tables) -> None:
    with closing(sqlite3.connect(written[0] / "net.gpkg")) as base:
        layers = dict(base.execute("SELECT table_name, data_type FROM gpkg_contents"))
        shapes = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        query = "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles WHERE useAsDefault"
        styles = {name: (column, ElementTree.fromstring(qml)) for name, column, qml in base.execute(query)}
        counts = {name: base.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in NETWORK}
    assert layers == dict.fromkeys([*NETWORK, "layer_styles"], "attributes") | dict.fromkeys(shapes, "features")
    assert set(shapes) == set(styles) == {"places", "links"}
    assert counts == {name: len(getattr(tables, name)) for name in NETWORK}
    for name, column, values in (("links", "mode", tables.links["mode"]), ("places", "kind", tables.places["kind"])):
        assert styles[name][0] == shapes[name]
        renderer = styles[name][1].find("renderer-v2")
        assert renderer is not None and renderer.get("attr") == column
        symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
        categories = {c.get("value"): c.get("symbol") for c in renderer.iter("category")}
        assert set(values) <= set(categories) and set(categories.values()) == symbols


def test_a_place_moved_on_the_map_moves(few: networks.Tables, tmp_path: Path) -> None:
    import geopandas
    import shapely

    file = tmp_path / "net.gpkg"
    formats.write_geopackage(few, file)
    places = geopandas.read_file(file, layer="places")
    places.loc[places["place_id"] == "CN_SHA", "geometry"] = shapely.Point(80.5, 45.5)
    places.to_file(file, layer="places", driver="GPKG")
    place = formats.read_geopackage(file).places.loc["CN_SHA"]
    assert (place["lon"], place["lat"]) == (80.5, 45.5)


def test_geoparquet_is_of_version_1_1_with_boxes(written: Any, tables: networks.Tables) -> None:
    import geopandas
    import pyarrow.parquet

    for name in ("places", "links"):
        file = written[0] / "net.parquet" / f"{name}.parquet"
        about = json.loads(pyarrow.parquet.read_schema(file).metadata[b"geo"])
        assert about["version"] == "1.1.0" and "bbox" in about["columns"]["geometry"]["covering"]
        assert geopandas.read_parquet(file).crs.to_epsg() == 4326
    some = geopandas.read_parquet(written[0] / "net.parquet" / "places.parquet", bbox=(49, 40, 52, 42))
    inside = tables.places["lon"].between(49, 52) & tables.places["lat"].between(40, 42)
    assert set(some["place_id"]) == set(tables.places.index[inside])


def test_geojson_keeps_to_rfc_7946(written: Any, tables: networks.Tables) -> None:
    import shapely

    found = json.loads((written[0] / "net.geojson").read_text(encoding="utf-8"))
    assert set(found) == {"type", "attribution", "features"} and found["type"] == "FeatureCollection"
    assert [f["id"] for f in found["features"]] == [*tables.places.index, *tables.links.index]
    for feature in found["features"]:
        west, south, east, north = shapely.geometry.shape(feature["geometry"]).bounds
        assert -180 <= west <= east <= 180 and -90 <= south <= north <= 90
        for part in getattr(shapely.geometry.shape(feature["geometry"]), "geoms", []):
            assert (np.abs(np.diff(np.asarray(part.coords)[:, 0])) <= 180).all()


def test_graphml_is_a_graph_to_route_on(written: Any, tables: networks.Tables) -> None:
    import networkx as nx

    graph = nx.read_graphml(written[0] / "net.graphml", force_multigraph=True)
    ours = networks.to_networkx(tables)
    assert (len(graph), graph.size()) == (len(ours), ours.size())
    keys = [key for _, _, key in graph.edges(keys=True)]
    assert len(set(keys)) == len(keys)
    lengths = [nx.dijkstra_path_length(g, "CN_XIA", "DE_DUI", weight="length") for g in (graph, ours)]
    assert lengths[0] == pytest.approx(lengths[1])


def test_graphml_refuses_what_xml_cannot_hold(tables: networks.Tables, tmp_path: Path) -> None:
    notes = tables.places["note"].mask(tables.places.index == "CN_SHA", "a\x0bb")
    broken = networks.Tables(**{**vars(tables), "places": tables.places.assign(note=notes)})
    with pytest.raises(networks.DataError, match=r"places CN_SHA, column note: 'a\\x0bb' has a control character"):
        formats.export(broken, tmp_path / "net.graphml")
    assert not list(tmp_path.iterdir())


# -- GMNS that we write --------------------------------------------------------------------------------


def schemas() -> Path:
    gmnspy = pytest.importorskip("gmnspy", reason="gmnspy, which carries the schema of GMNS, is not installed")
    return Path(gmnspy.__file__).parent / "spec"


@pytest.mark.parametrize("name", ["node", "link", "geometry", "use_definition"])
def test_gmns_validates(name: str, written: Any) -> None:
    frictionless = pytest.importorskip("frictionless")
    schema = json.loads((schemas() / f"{name}.schema.json").read_text(encoding="utf-8"))
    schema = frictionless.Schema.from_descriptor(schema)
    report = frictionless.Resource(path=f"{name}.csv", basepath=str(written[0] / "net"), schema=schema).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])[:5]


def test_gmns_keys_lead_to_rows(written: Any) -> None:
    node, link, geometry, uses = (
        pd.read_csv(written[0] / "net" / f"{name}.csv", dtype=str)
        for name in ("node", "link", "geometry", "use_definition")
    )
    assert node["node_id"].is_unique and link["link_id"].is_unique and geometry["geometry_id"].is_unique
    assert set(link["from_node_id"]) | set(link["to_node_id"]) <= set(node["node_id"])
    assert set(link["geometry_id"]) == set(geometry["geometry_id"])
    assert set(link["allowed_uses"]) <= set(uses["use"])


def test_gmns_has_existing_links_in_both_directions(written: Any, tables: networks.Tables) -> None:
    link = pd.read_csv(written[0] / "net" / "link.csv", index_col="link_id")
    ahead, back = link.loc["KZ_DOS-KZ_AKT-rail"], link.loc["KZ_DOS-KZ_AKT-rail/back"]
    assert (ahead["from_node_id"], ahead["to_node_id"], ahead["dir_flag"]) == ("KZ_DOS", "KZ_AKT", 1)
    assert (back["from_node_id"], back["to_node_id"], back["dir_flag"]) == ("KZ_AKT", "KZ_DOS", -1)
    assert ahead["length"] == back["length"] == tables.links.at["KZ_DOS-KZ_AKT-rail", "length_km"]
    existing = tables.links[tables.links["status"] == "existing"]
    assert len(link) == len(existing) + (existing["direction"] == "both").sum()
    assert link["directed"].all() and link["free_speed"].between(1, 120).all()


def test_what_was_changed_in_gmns_files_is_read(few: networks.Tables, tmp_path: Path) -> None:
    formats.write_gmns(few, tmp_path)
    change(tmp_path / "node.csv", "node_id", "CN_SHA", name="Shanghai port", x_coord="121.6")
    change(tmp_path / "link.csv", "link_id", "CN_TAO-CN_CGO-rail/back", length="310.5")
    read = formats.read_gmns(tmp_path)
    assert read.places.loc["CN_SHA", ["name", "lon"]].tolist() == ["Shanghai port", 121.6]
    assert read.links.at["CN_TAO-CN_CGO-rail", "length_km"] == 310.5
    pd.testing.assert_frame_equal(read.links.drop(columns="length_km"), few.links.drop(columns="length_km"))


def test_gmns_files_that_disagree_with_the_tables_are_refused(few: networks.Tables, tmp_path: Path) -> None:
    formats.write_gmns(few, tmp_path)
    change(tmp_path / "link.csv", "link_id", "CN_TAO-CN_CGO-rail", free_speed="99")
    with pytest.raises(
        networks.DataError, match=r"column free_speed: 99.0 is not what links.csv gives, [0-9.]+; change"
    ):
        formats.read_gmns(tmp_path)
    change(tmp_path / "link.csv", "link_id", "CN_TAO-CN_CGO-rail", free_speed="40", length="1")
    change(tmp_path / "link.csv", "link_id", "CN_TAO-CN_CGO-rail/back", length="2")
    with pytest.raises(networks.DataError, match=r"'CN_TAO-CN_CGO-rail' and .* differ, expected one length"):
        formats.read_gmns(tmp_path)
    frame = pd.read_csv(tmp_path / "link.csv", dtype=str, keep_default_na=False)
    frame.iloc[1:].to_csv(tmp_path / "link.csv", index=False)
    with pytest.raises(networks.DataError, match=r"'CN_LYG-CN_CGO-rail' of links.csv is missing"):
        formats.read_gmns(tmp_path)


def test_what_we_write_can_be_read_as_a_network_of_others(tables: networks.Tables, tmp_path: Path) -> None:
    formats.write_gmns(tables, tmp_path)
    (tmp_path / "places.csv").unlink()
    read = formats.read_gmns(tmp_path)
    assert read.places.index.tolist() == tables.places.index.tolist()
    for column in ("name", "lon", "lat", "kind"):
        assert read.places[column].tolist() == tables.places[column].tolist()
    existing = tables.links[tables.links["status"] == "existing"]
    both = read.links.loc[existing.index]
    for column in ("from_place_id", "to_place_id", "mode"):
        assert both[column].tolist() == existing[column].tolist()
    assert both["length_km"].tolist() == pytest.approx(existing["length_km"].tolist())
    same = (read.places["country_id"] == tables.places["country_id"]).mean()
    assert same > 0.9, "border posts and sea gates aside, polygons give the country that the table states"


def change(file: Path, key: str, row: str, **cells: str) -> None:
    frame = pd.read_csv(file, dtype=str, keep_default_na=False).set_index(key)
    for column, cell in cells.items():
        frame.loc[row, column] = cell
    frame.reset_index().to_csv(file, index=False)


# -- GMNS of others ------------------------------------------------------------------------------------

NODES = """node_id,name,x_coord,y_coord,node_type
1,Горный,500000,4800000,
2,,510000,4800000,rail terminal
3;x,,510000,4810000,
4,Горный,520000,4810000,
"""
LINKS = """link_id,name,from_node_id,to_node_id,directed,geometry_id,length,facility_type,free_speed,allowed_uses
10,A2,1,2,true,,6.3,arterial,50,"auto, truck"
11,A2,2,1,TRUE,,6.3,arterial,50,vehicles
12,,2,3;x,0,,6.4,,,rail
13,,3;x,4,1,g1,,,,truck;rail
14,,1,4,1,,9,path,3,"walk, bike"
15,,4,4,1,,1,,,truck
16,,4,1,1,,,freeway,100,
17,,2,4,1,,7,Ferry,10,auto
"""
SHAPES = 'geometry_id,geometry\ng1,"LINESTRING (510000 4810000, 515000 4815000, 520000 4810000)"\n'
GROUPS = 'use_group,uses,description\nvehicles,"auto, heavy",\nheavy,"truck, bus",\n'
CONFIG = "dataset_name,long_length,speed,crs\nsmall,mile,mph,32643\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a small network of others in Kazakhstan, in UTM metres, miles and mph."""
    return write_small(tmp_path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: Any) -> formats.GmnsNetwork:
    """Return that network as read."""
    return formats.read_gmns(write_small(tmp_path_factory.mktemp("small")))


def write_small(folder: Path) -> Path:
    files = {"node": NODES, "link": LINKS, "geometry": SHAPES, "use_group": GROUPS, "config": CONFIG}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_nodes_of_others_are_places(small: formats.GmnsNetwork) -> None:
    places = small.places
    assert places.index.tolist() == ["KZ_AAA", "KZ_AAB", "KZ_AAC", "KZ_AAD"]
    assert places["name"].tolist() == ["Горный (1)", "node 2", "node 3;x", "Горный (4)"]
    assert places["aliases"].tolist() == [("1",), ("2",), ("3,x",), ("4",)]
    assert places["note"].tolist() == ["GMNS node 1", "GMNS node 2", "GMNS node 3;x", "GMNS node 4"]
    assert places["kind"].tolist() == ["junction", "rail_terminal", "junction", "junction"]
    assert places.at["KZ_AAA", "lon"] == pytest.approx(75) and places.at["KZ_AAA", "lat"] == pytest.approx(
        43.352, abs=1e-3
    )


def test_links_of_others_have_our_units_modes_and_directions(small: formats.GmnsNetwork) -> None:
    links = small.links
    assert links.index.tolist() == ["10", "11", "12", "13", "13-road", "16", "17"]
    assert links["mode"].tolist() == ["road", "road", "rail", "rail", "road", "road", "ferry"]
    assert links["direction"].tolist() == ["forward", "forward", "both", *["forward"] * 4]
    assert links.loc["10", ["from_place_id", "to_place_id"]].tolist() == ["KZ_AAA", "KZ_AAB"]
    assert links.at["10", "length_km"] == pytest.approx(6.3 * 1.609344)
    assert links.at["10", "speed_kmh"] == pytest.approx(50 * 1.609344)
    assert links.at["16", "speed_kmh"] == 120 and np.isnan(links.at["12", "speed_kmh"])
    assert links.at["13", "length_km"] == pytest.approx(np.sqrt(2) * 10 / 0.9996, rel=1e-3)
    assert links.at["16", "length_km"] == pytest.approx(np.sqrt(5) * 10 / 0.9996, rel=1e-3)
    assert links.at["13-road", "note"] == "GMNS link 13" and links.at["10", "note"] == "A2"
    assert links["gauge_mm"].map(len).tolist() == [0, 0, 1, 1, 0, 0, 0]


def test_columns_are_those_of_our_tables_and_build(
    small: formats.GmnsNetwork, tables: networks.Tables, tmp_path: Path
) -> None:
    read = small
    for name in ("places", "links"):
        frame, ours = getattr(read, name), getattr(tables, name)
        assert list(frame) == list(ours) and frame.index.name == ours.index.name
        assert frame.index.is_unique
    assert len(networks.build(read.tables).arcs) > len(read.links)
    formats.export(read.tables, tmp_path / "again.gpkg")
    assert_same(formats.read_geopackage(tmp_path / "again.gpkg"), read.tables)


def test_notes_say_what_was_left_out(small: formats.GmnsNetwork) -> None:
    notes = " ".join(small.notes)
    assert "1 links are open to no mode of ours and left out; uses: walk, bike." in notes
    assert "1 links end where they start" in notes and "2 links had no length" in notes
    assert "1 links are faster than 120 km/h" in notes and "Links by ferry have" in notes


def test_modes_rates_units_and_country_can_be_stated(folder: Path) -> None:
    read = formats.read_gmns(
        folder,
        length_unit="km",
        speed_unit="knots",
        modes={"walk": "road", "truck": ""},
        rates={"road": "road_carec"},
        country="US",
        source_id="EST-R",
    )
    assert read.links.at["10", "length_km"] == 6.3 and read.links.at["10", "speed_kmh"] == pytest.approx(92.6)
    assert read.links.at["14", "mode"] == "road" and "13-road" not in read.links.index
    assert set(read.links.loc[read.links["mode"] == "road", "rate_id"]) == {"road_carec"}
    assert read.places["country_id"].eq("US").all() and "US" in read.tables.countries.index
    assert read.places["position_source_id"].tolist() == [("EST-R",)] * 4


def test_countries_come_from_polygons_the_nearest_coast_or_the_high_seas(folder: Path) -> None:
    rows = [("DE_XYZ", 10.0, 50.0), ("b", 51.0, 42.5), ("c", 75.0, -20.0), ("d", 3.0, 51.8)]
    text = "node_id,x_coord,y_coord\n" + "".join(f"{key},{x},{y}\n" for key, x, y in rows)
    (folder / "node.csv").write_text(text, encoding="utf-8")
    (folder / "link.csv").write_text("link_id,from_node_id,to_node_id\n1,b,c\n", encoding="utf-8")
    (folder / "config.csv").unlink()
    places = formats.read_gmns(folder).places
    assert places["country_id"].tolist()[:3:2] == ["DE", "XZ"]
    assert places.index[0] == "DE_XYZ" and places["country_id"].iloc[1] in ("KZ", "AZ", "TM")
    assert places["country_id"].iloc[3] in ("NL", "BE")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "config",
            ",32643",
            ",",
            r"node.csv, row 2, column x_coord: 500000, 4800000 are not degrees; state .* by crs=",
        ),
        ("config", ",32643", ",4326", r"is not a place on earth in the coordinate system 4326"),
        ("config", ",32643", ",EPSG:xx", r"crs: 'EPSG:xx' is not a coordinate system"),
        ("config", "mile,", "mils,", r"length_unit: 'mils' is not one of km, .*; nearest: mile"),
        ("config", "mile,", "foot,", r"links are 0.000\d+ times as long .* 'foot' of config.csv .* 'mile' would fit"),
        (
            "config",
            "mile,",
            ",",
            r"column length has no unit; state it by length_unit= or as long_length in config.csv",
        ),
        ("config", "mph,", "warp,", r"speed_unit: 'warp' is not one of km/h"),
        ("config", "small", "small,1,1,1\nsmall", r"config.csv: has 2 rows, expected one"),
        ("link", "1,2,true", "1,22,true", r"link.csv, row 2, column to_node_id: '22' is not in node.csv; nearest: 2"),
        ("link", "1,2,true", "1,2,maybe", r"link.csv, row 2, column directed: 'maybe', expected true or false"),
        ("link", "true,,6.3", "true,,far", r"link.csv, row 2, column length: 'far' is not a number, 0 or more"),
        ("link", "11,A2", "10,A2", r"link.csv, row 3, column link_id: '10' stands twice"),
        ("link", "from_node_id", "from_node_", r"column 'from_node_id' is missing; nearest: from_node_"),
        ("node", "500000", "", r"node.csv, row 2, column x_coord: is empty"),
        ("geometry", "LINESTRING", "LINE", r"link.csv, row 5, column geometry: 'LINE \(.*' is not WKT"),
    ],
)
def test_wrong_files_are_refused_with_a_reason(folder: Path, file: str, old: str, new: str, message: str) -> None:
    path = folder / f"{file}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(networks.DataError, match=message):
        formats.read_gmns(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modes": {"auto": "raod"}}, "modes: 'raod' of 'auto' is not one of .*; nearest: road"),
        ({"rates": {"rail": "rail_ez"}}, "rates: 'rail_ez' is not one of rail, .*; nearest: rail_"),
        ({"country": "usa"}, "country: 'usa' is not a code"),
        ({"source_id": "NOWHERE"}, "source_id: 'NOWHERE' is not in sources.csv"),
        ({"crs": "EPSG:32618"}, "lies where boundaries.geojson has no country; state it by country="),
    ],
)
def test_wrong_options_are_refused_with_a_reason(folder: Path, options: Any, message: str) -> None:
    with pytest.raises(networks.DataError, match=message):
        formats.read_gmns(folder, **options)


def example() -> Path:
    stated = os.environ.get("CORRIDORS_GMNS_EXAMPLE")
    found = Path(stated) if stated else ROOT.parent / "shared" / "geodata" / "gmns"
    if not found.is_dir():
        pytest.skip("no GMNS example; set CORRIDORS_GMNS_EXAMPLE to a folder of github.com/zephyr-data-specs/GMNS")
    return found


def test_a_published_network_is_read_and_routed_on() -> None:
    """Published examples say mile in config.csv where lengths are feet; the message says so."""
    import networkx as nx

    folder = example()
    try:
        read = formats.read_gmns(folder, country="US")
    except networks.DataError as error:
        unit = re.search("state it by length_unit=, '(.*)' would fit", str(error))
        assert unit, error
        read = formats.read_gmns(folder, length_unit=unit[1], country="US")
    assert len(read.places) == len(pd.read_csv(folder / "node.csv"))
    links = read.links.reset_index()
    arcs = links.rename(columns={"from_place_id": "tail", "to_place_id": "head", "length_km": "cost"})
    graph = nx.from_pandas_edgelist(arcs, "tail", "head", "cost", create_using=nx.MultiDiGraph)
    start = str(links["from_place_id"].iloc[0])
    expected = nx.single_source_dijkstra_path_length(graph, start, weight="cost")
    found = solvers.shortest_paths(arcs, start).set_index("target")["cost"]
    reached = found[np.isfinite(found)]
    assert set(reached.index) == set(expected)
    assert reached.to_numpy() == pytest.approx([expected[place] for place in reached.index])


# -- choosing, and files that cannot be ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("net.gpgk", None, "no format has the ending '.gpgk', expected one of .*; nearest: .gpkg"),
        ("net.gpkg", "geopackages", "'geopackages' is not a format, expected one of .*; nearest: geopackage"),
        ("net.sqlite", "geopackage", "cannot be a GeoPackage, expected a name that ends in .gpkg"),
        ("nowhere/net.geojson", None, "the folder .*nowhere does not exist"),
        ("nowhere/net", None, "the folder .*nowhere does not exist"),
        ("full", None, "holds other files and no node.csv; expected a new folder"),
        ("full", "geoparquet", "holds other files and no links.parquet"),
        ("full", "geojson", "cannot be written"),
        ("file", None, "is a file, expected a folder"),
    ],
)
def test_wrong_paths_are_refused(few: networks.Tables, tmp_path: Path, name: str, kind: Any, message: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "links.csv").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(networks.DataError, match=message):
        formats.export(few, tmp_path / name, kind)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "full", "links.csv"]


@pytest.mark.parametrize("kind", WAYS)
def test_files_that_are_not_there_or_not_readable_are_refused(kind: str, tmp_path: Path) -> None:
    name, read = WAYS[kind]
    with pytest.raises(networks.DataError, match="no such f"):
        read(tmp_path / name, None)
    (tmp_path / name).write_text("nonsense {")
    with pytest.raises(
        networks.DataError, match=r"not a readable|expected a FeatureCollection|no such f|cannot be read"
    ):
        read(tmp_path / name, None)


def test_wrong_values_in_a_file_are_named(written: Any, tables: networks.Tables, tmp_path: Path) -> None:
    text = (written[0] / "net.geojson").read_text(encoding="utf-8")
    (tmp_path / "net.geojson").write_text(text.replace('"kind": "port"', '"kind": "prot"', 1), encoding="utf-8")
    with pytest.raises(networks.DataError, match=r"net.geojson: places, row 2, column kind: 'prot' .*; nearest: port"):
        formats.read_geojson(tmp_path / "net.geojson", tables)
