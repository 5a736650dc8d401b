"""Study folders: rows laid over the toolkit's tables, networks of one's own through every command, extracts."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import networks
from corridors.cli import app
from networks.errors import DataError
from networks.study_rows import add_rows, check_study, make_study

RAIL = Path(__file__).resolve().parents[2] / "shared" / "geodata" / "osm_rail"


def corridors(*words: object) -> str:
    """Run the command line in this process; its output, or what it says of a mistake."""
    found = CliRunner().invoke(app, [str(word) for word in words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return str(found.output)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    corridors("study", "new", tmp_path / "mine", "--title", "Mine: a 'test'")
    return tmp_path / "mine"


# ---- rows over the toolkit's


def test_a_study_without_rows_is_the_toolkit(study: Path) -> None:
    ours, mine = networks.load_tables(), networks.load_tables(study)
    for name in ("places", "links", "stops", "sources"):
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(mine, name))
    assert check_study(study) == {}


def test_a_place_and_its_links_are_added_and_used(study: Path) -> None:
    said = corridors("places", "add", "KZ_NEW", "name=New port", "lon=51.3", "lat=43.2", "kind=port", "--data", study)
    assert "country_id KZ" in said and "position_source_id OWN" in said
    corridors("links", "add", "KZ_NEW-KZ_AKU-rail", "from=KZ_NEW", "to=Aktau", "mode=rail", "--data", study)
    like = ("--like", "KZ_KUR-AZ_ALT-ferry", "--data", study)
    corridors("links", "add", "KZ_NEW-AZ_ALT-ferry", "from=KZ_NEW", "to=Alat", "mode=ferry", "length_km=410", *like)
    tables = networks.load_tables(study)
    rail, ferry = tables.links.loc["KZ_NEW-KZ_AKU-rail"], tables.links.loc["KZ_NEW-AZ_ALT-ferry"]
    assert rail["gauge_mm"] == ("1520",) and rail["rate_id"] == "rail_1520" and rail["length_source_id"] == ("EST-GC",)
    assert ferry["length_km"] == 410 and ferry["length_source_id"] == ("OWN",) and ferry["sailings_per_week"] > 0
    assert len(tables.links) == len(networks.load_tables().links) + 2
    assert "New port to Alat" in corridors("routes", "New port", "Alat", "--data", study)
    assert "New port" in corridors("list", "places", "New port", "--data", study)
    assert corridors("study", "check", study).strip().endswith("ok: links 2, places 1, sources 1")


def test_a_row_with_a_known_key_replaces_the_one_of_the_toolkit(study: Path) -> None:
    like = ("--like", "KZ_AKU-AZ_ALT-ferry", "--data", study)
    corridors("links", "add", "KZ_AKU-AZ_ALT-ferry", "length_km=999", *like)
    ours, mine = networks.load_tables().links, networks.load_tables(study).links
    assert mine.at["KZ_AKU-AZ_ALT-ferry", "length_km"] == 999 and len(mine) == len(ours)
    rest = [key for key in ours.index if key != "KZ_AKU-AZ_ALT-ferry"]
    pd.testing.assert_frame_equal(mine.loc[rest], ours.loc[rest])


def test_a_link_like_another_keeps_nothing_that_is_of_its_way(study: Path) -> None:
    corridors("places", "add", "KZ_NEW", "name=New port", "lon=51.3", "lat=43.2", "kind=port", "--data", study)
    words = ("from=KZ_NEW", "to=Alat", "mode=ferry", "--like", "KZ_KUR-AZ_ALT-ferry", "--data", study)
    corridors("links", "add", "KZ_NEW-AZ_ALT-ferry", *words)
    corridors("links", "add", "KZ_AKU-AZ_ALT-ferry", "length_km=500", "--data", study)
    links, old = networks.load_tables(study).links, networks.load_tables().links
    new = links.loc["KZ_NEW-AZ_ALT-ferry"]
    assert new["length_km"] == pytest.approx(391 * 1.03, abs=12) and new["length_source_id"] == ("EST-GC",)
    assert new["derivation"].endswith("otherwise as KZ_KUR-AZ_ALT-ferry") and new["sailings_per_week"] == 6.9
    changed, before = links.loc["KZ_AKU-AZ_ALT-ferry"], old.loc["KZ_AKU-AZ_ALT-ferry"]
    assert changed["length_km"] == 500 and changed["length_source_id"] == ("OWN",)
    assert changed["derivation"] == f"length: as given; before: {before['derivation']}"
    rest = [c for c in links if not c.startswith(("length", "derivation"))]
    assert changed[rest].astype(str).tolist() == before[rest].astype(str).tolist()


def test_nothing_of_a_table_is_lost_when_a_row_is_added(study: Path) -> None:
    head = "place_id,name,country_id,lon,lat,kind,position_source_id,position_grade"
    row = "KZ_NEW,New,KZ,51,43,port,GEO,B"
    new = ("places", "add", "KZ_NEX", "name=Newer", "lon=51", "lat=43.1", "kind=port", "--data", study)
    for text, said in (
        (f"{head},remark\n{row},mine\n", "places.csv: unknown column 'remark'"),
        (f"{head}\n{row},mine\n", "rows have more cells than the header"),
        (f"{head}\n{row}\n{row}\n", "'KZ_NEW' stands twice"),
        (f"{head}\n{row}\n".replace(",", ";"), "expected commas between columns"),
    ):
        (study / "places.csv").write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=said) as caught:
            corridors(*new)
        assert ".add-" not in str(caught.value)
        assert (study / "places.csv").read_text(encoding="utf-8") == text


def test_the_check_follows_references_of_every_table(study: Path) -> None:
    (study / "demand.csv").write_text(
        "demand_id,market_id,year,part,value,source_id,grade,derivation\nx,nomarket,2025,rail,5,GEO,EST,made up\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=r"demand\.csv, row 2, column market_id: 'nomarket' is not in markets\.csv"):
        corridors("study", "check", study)
    with pytest.raises(DataError, match="no study here"):
        corridors("study", "check", study.parent)


def test_projects_sources_and_any_other_table_take_rows(study: Path) -> None:
    corridors("sources", "add", "ME26", "publisher=Me", "title=My survey", "year=2026", "grade=C", "--data", study)
    words = ("title=New yard", "kind=rail", "effect=upgrades", "state=planned", "sector=freight", "capex_m=10")
    more = ("currency=USD", "--source", "ME26", "--grade", "C", "--data", study)
    corridors("projects", "add", "MINE1", *words, *more)
    table = networks.table_of("projects", study).set_index("project_id")
    assert table.at["MINE1", "capex_source_id"] == ("ME26",) and table.at["MINE1", "capex_grade"] == "C"
    first = networks.table_of("stops")["stop_id"].iloc[0]
    corridors("study", "add", "stops", first, "hours=77", "--like", first, "--data", study)
    assert networks.load_tables(study).stops.at[first, "hours"] == 77
    assert "MINE1" in corridors("list", "projects", "yard", "--data", study)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("places", "add", "KZ_XX", "name=a", "lon=50", "lat=43", "kind=port"), r"'KZ_XX' is not allowed"),
        (("places", "add", "KZ_XXX", "name=a", "lon=500", "lat=43", "kind=port"), r"column lon: '500' is not allowed"),
        (("places", "add", "KZ_XXX", "nam=a"), "there is no column 'nam'; nearest: name"),
        (("links", "add", "L1", "from=Aktua", "to=Alat", "mode=rail"), "Aktua"),
        (("links", "add", "L1", "from=KZ_AKU", "to=AZ_ALT", "mode=rial"), r"'rial' is not allowed.*nearest: rail"),
        (("links", "add", "L1", "--like", "KZ_AKU-AZ_ALT-fery"), "nearest: KZ_AKU-AZ_ALT-ferry"),
        (("places", "add", "KZ_AKX", "name=Aktau", "lon=51", "lat=43", "kind=port"), "'Aktau' stands in the toolkit's"),
        (("places", "add", "KZ_OCN", "name=a", "lon=-150", "lat=0", "kind=port"), "no country is known at -150, 0"),
        (("projects", "add", "P1", "--like", "I01", "link_ids=NOPE"), r"column link_ids: 'NOPE' is not in links\.csv"),
        (("study", "add", "gas_tiers", "IT", "--like", "IT"), "rows have country_id 'IT', told apart by tier"),
        (("study", "add", "plcaes", "X"), "there is no table 'plcaes'; nearest: places"),
        (("projects", "add", "P1", "title=x", "--source", "NONE"), "'NONE' is not in sources.csv|is empty"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(study: Path, words: tuple[str, ...], said: str) -> None:
    before = sorted(study.iterdir())
    with pytest.raises((DataError, networks.PlaceError), match=said):
        corridors(*words, "--data", study)
    assert sorted(study.iterdir()) == before


def test_a_folder_without_study_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no study here; make it one with: corridors study new"):
        add_rows(tmp_path, {"sources": []})
    make_study(tmp_path)
    with pytest.raises(DataError, match="is there already"):
        make_study(tmp_path)
    with pytest.raises(DataError, match="expected toolkit or none"):
        make_study(tmp_path / "b", base="tolkit")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bse: none", r"bse: Extra inputs.*nearest: base"),
        ("base: some", "base: Input should be 'toolkit' or 'none'"),
        ("remove: {link: [x]}", "there is no table 'link'; nearest: links"),
        ("remove: {links: [KZ_AKU-AZ_ALT-fery]}", "links has no 'KZ_AKU-AZ_ALT-fery'; nearest: KZ_AKU-AZ_ALT-ferry"),
        ("remove: {places: [KZ_AKU]}", "rows of places cannot go, expected one of links.*remove its links instead"),
        ("remove: {gas_pipes: [BLUES]}", "rows of gas_pipes cannot go.*put a changed row into gas_pipes.csv"),
        ("- a", "expected keys such as title and base"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_wrong_study_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        networks.load_tables(tmp_path)


def test_what_is_removed_goes_with_what_hangs_on_it(study: Path) -> None:
    (study / "study.yaml").write_text("remove: {links: [GE_KRT-TR_KAR-rail]}", encoding="utf-8")
    tables = networks.load_tables(study)
    assert "GE_KRT-TR_KAR-rail" not in tables.links.index
    assert "GE_KRT-TR_KAR-rail" not in set(tables.borders["link_id"])
    assert "GE_KRT-TR_KAR-rail" in set(networks.load_tables().borders["link_id"])
    projects = networks.table_of("projects", study)["link_ids"]
    assert not projects.map(lambda ids: "GE_KRT-TR_KAR-rail" in ids).any()
    assert check_study(study) == {}
    (study / "study.yaml").write_text("remove:\n", encoding="utf-8")
    assert check_study(study) == {}


def test_a_table_saved_by_a_spreadsheet_is_read_and_added_to(study: Path) -> None:
    head = "place_id,name,country_id,lon,lat,kind,position_source_id,position_grade\n"
    (study / "places.csv").write_text(f'{head}KZ_NEW,"New, ""port""",KZ,51,43,port,GEO,B\n', encoding="utf-8-sig")
    corridors("places", "add", "KZ_NEX", 'name=Üst, "x"', "lon=51", "lat=43.1", "kind=port", "--data", study)
    places = networks.load_tables(study).places
    assert places.at["KZ_NEW", "name"] == 'New, "port"' and places.at["KZ_NEX", "name"] == 'Üst, "x"'
    assert "KZ_NEX" in corridors("list", "places", "Üst", "--data", study)


def test_what_is_remembered_of_a_study_goes_with_all_its_files(study: Path) -> None:
    from corridors.scenario.saving import data_hash

    seen = {data_hash(study)}
    for name, text in (("study.yaml", "remove: {links: [GE_KRT-TR_KAR-rail]}"), ("corridors.yaml", BY_MUNICH)):
        (study / name).write_text(text, encoding="utf-8")
        assert data_hash(study) not in seen
        seen.add(data_hash(study))


def test_a_table_in_another_encoding_is_told(study: Path) -> None:
    (study / "places.csv").write_bytes("place_id,name\nKZ_NEW,Жаңа".encode("cp1251", "replace"))
    with pytest.raises(DataError, match="not UTF-8"):
        add_rows(study, {"places": [{"place_id": "KZ_OLD", "name": "Old"}]})
    (study / "places.csv").unlink()
    (study / "corridors.yaml").write_text("mine: {tilte: x, via: [Aktau]}", encoding="utf-8")
    with pytest.raises(DataError, match=r"corridors\.yaml, mine, tilte"):
        corridors("study", "check", study)


def test_rows_of_a_study_are_told_by_file_and_row(study: Path) -> None:
    rows = [{"place_id": "KZ_NEW", "name": "New"}]
    with pytest.raises(DataError, match=r"places\.csv, row 2, column country_id: is empty"):
        add_rows(study, {"places": rows})
    add_rows(study, {"sources": [{"source_id": "S", "publisher": "p", "title": "t", "grade": "C"}]})
    link = networks.load_tables().links.loc["KZ_AKU-AZ_ALT-ferry"].to_dict()
    with pytest.raises(DataError, match=r"links\.csv, row 2, column to_place_id: 'AZ_ALX' is not in places\.csv"):
        add_rows(study, {"links": [{**link, "link_id": "x", "to_place_id": "AZ_ALX"}]})
    assert not (study / "links.csv").exists()


def test_gas_tables_of_a_study_are_laid_over_too(study: Path) -> None:
    pipe = networks.table_of("gas_pipes").set_index("pipe_id").loc["TCP"].to_dict()
    add_rows(study, {"gas_pipes": [{**pipe, "pipe_id": "TCP", "capacity_bcm_per_year": 12.5}]})
    mine, ours = networks.load_gas_tables(study).pipes, networks.load_gas_tables().pipes
    assert mine.at["TCP", "capacity_bcm_per_year"] == 12.5 and len(mine) == len(ours)
    with pytest.raises(DataError, match=r"gas_pipes\.csv, row 2: TCP begins and ends at one place"):
        add_rows(study, {"gas_pipes": [{**pipe, "pipe_id": "TCP", "to_place_id": pipe["from_place_id"]}]})


# ---- networks of one's own


NODES = """node_id,name,x_coord,y_coord
1,Zurich,8.54,47.38
2,Innsbruck,11.40,47.26
3,Vienna,16.37,48.21
4,Munich,11.56,48.14
5,Milan,9.19,45.46
"""
LINKS = """link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed,allowed_uses
a,1,2,false,290,rail,80,rail
b,2,3,false,480,rail,90,rail
c,1,4,false,310,rail,80,rail
d,4,3,false,400,rail,100,rail
e,1,3,false,740,road,70,truck
f,1,5,false,280,rail,80,rail
g,5,3,false,870,rail,80,rail
"""
DEMAND = """origin,destination,goods,quantity
Zurich,Vienna,general,9000
Milan,Vienna,parts,4000
Munich,Milan,general,1500
"""
BY_MUNICH = (
    "by-munich: {title: By Munich, via: [Munich]}\nany: {title: Any way, via: [[Zurich, Milan, Vienna, Munich]]}\n"
)


@pytest.fixture(scope="module")
def alps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network read from GMNS, with demand from a matrix, a corridor and a scenario of its own."""
    home = tmp_path_factory.mktemp("alps")
    (home / "gmns").mkdir()
    (home / "gmns" / "node.csv").write_text(NODES, encoding="utf-8")
    (home / "gmns" / "link.csv").write_text(LINKS, encoding="utf-8")
    (home / "od.csv").write_text(DEMAND, encoding="utf-8")
    corridors("import", home / "gmns", home / "alps", "--length-unit", "km", "--speed-unit", "km/h")
    alps = home / "alps"
    (alps / "corridors.yaml").write_text(BY_MUNICH, encoding="utf-8")
    about = ("--market", "alps", "--title", "Over the Alps", "--year", "2026", "--data", alps)
    corridors("demand", "import", home / "od.csv", *about)
    (alps / "usual.yaml").write_text(
        "schema: 1\nname: usual\ntitle: As usual\nquestion: Which way?\nstudy: {years: [2026], markets: [alps]}\n",
        encoding="utf-8",
    )
    (alps / "shut.yaml").write_text(
        "schema: 1\nname: shut\ntitle: Munich shut\nquestion: What if Munich is shut?\n"
        "extends: usual\nagainst: usual\n"
        "disruptions: {munich: {where: {place: Munich}, effect: {use: closed}, when: {from: 2026-01}}}\n"
        "vary: {disruptions.munich.enabled: [true, false]}\n",
        encoding="utf-8",
    )
    line = ("from=Innsbruck", "to=Munich", "mode=rail", "length_km=130", "status=planned")
    corridors("links", "add", "tunnel", *line, "--data", alps)
    words = "title=Tunnel kind=rail effect=opens state=planned sector=freight link_ids=tunnel from_place_id=AT_AAA"
    more = "to_place_id=DE_AAA capex_m=900 currency=EUR price_year=2025 lead_years=2 life_years=50 countries=AT"
    corridors("projects", "add", "TUNNEL", *f"{words} {more} commission_year=2026".split(), "--data", alps)
    (alps / "build.yaml").write_text(
        "schema: 1\nname: build\ntitle: A tunnel\nquestion: Is it worth it?\nextends: usual\nagainst: usual\n"
        "investments:\n  budget: 2 bn EUR\n"
        "  projects: {tunnel: {record: TUNNEL, decision: choose, effect: {use: open}}}\n",
        encoding="utf-8",
    )
    return alps


def test_a_network_of_ones_own_has_nothing_of_the_toolkits(alps: Path) -> None:
    tables = networks.load_tables(alps)
    assert sorted(tables.places["name"]) == ["Innsbruck", "Milan", "Munich", "Vienna", "Zurich"]
    assert len(tables.links) == 8 and tables.borders.empty and (tables.stops["place_id"] == "").all()
    assert set(tables.places["country_id"]) == {"CH", "AT", "DE", "IT"}
    found = networks.links_gdf(tables)
    assert (found["basis"] == "straight").all()


def test_the_route_is_that_of_any_other_solver(alps: Path) -> None:
    import networkx as nx

    graph = networks.to_networkx(networks.load_tables(alps))
    ids = {data["name"]: node for node, data in graph.nodes(data=True)}
    km = nx.shortest_path_length(graph, ids["Zurich"], ids["Vienna"], weight="length") / 1000
    assert km == 710
    table = corridors("routes", "Zurich", "Vienna", "--data", alps, "--csv")
    rows = {row["corridor_id"]: row for row in csv.DictReader(table.splitlines())}
    assert float(rows["by-munich"]["km"]) == 710


@pytest.mark.parametrize(
    "words",
    [
        ("headroom", "Zurich", "Vienna", "--corridor", "by-munich", "--against", "any"),
        ("forecast", "2026", "--market", "alps"),
        ("check", "{alps}/shut.yaml"),
        ("explain", "{alps}/shut.yaml"),
        ("run", "{alps}/shut.yaml"),
        ("compare", "{alps}/shut.yaml"),
        ("criticality", "{alps}/usual.yaml", "--days", "180"),
        ("uncertainty", "{alps}/shut.yaml", "--draws", "8"),
        ("recover", "{alps}/shut.yaml", "--days", "60"),
        ("frontier", "{alps}/build.yaml"),
        ("sweep", "{alps}/shut.yaml", "--out", "{alps}/../sweep"),
        ("list", "corridors"),
        ("study", "check", "{alps}"),
        ("export", "{alps}/../alps.gpkg"),
        ("export", "{alps}/../gmns-again"),
        ("geometry", "report"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_takes_a_network_of_ones_own(
    alps: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(alps.parent)  # some write a chart beside them
    found = [word.format(alps=alps) for word in words]
    said = corridors(*found, *([] if words[0] == "study" else ["--data", alps]))
    assert said.strip() and "Traceback" not in said


def test_what_a_closure_does_there(alps: Path) -> None:
    import corridors as toolkit

    run = toolkit.run(alps / "shut.yaml", folder=alps)
    flows = run.flows("corridor").loc[2026, "teu_per_year"]
    assert flows.to_dict() == pytest.approx({"any": 13_000, "unmet": 1_500})  # what begins at Munich stays there
    assert run.answer.startswith("Munich shut, 2026") and "1,500 less" in run.answer


def test_a_geopackage_of_nodes_and_links_is_read_like_gmns(tmp_path: Path, alps: Path) -> None:
    import geopandas as gpd
    from shapely import LineString

    nodes = pd.DataFrame([line.split(",") for line in NODES.split()[1:]], columns=["node_id", "name", "x", "y"])
    at = {row.node_id: (float(row.x), float(row.y)) for row in nodes.itertuples()}
    links = pd.DataFrame([line.split(",") for line in LINKS.split()[1:]], columns=LINKS.split()[0].split(","))
    lines = [LineString([at[a], at[b]]) for a, b in zip(links["from_node_id"], links["to_node_id"], strict=True)]
    points = gpd.points_from_xy(nodes["x"].astype(float), nodes["y"].astype(float))
    file = tmp_path / "alps.gpkg"
    nodes_gdf = gpd.GeoDataFrame(nodes[["node_id", "name"]], geometry=points, crs=4326).to_crs(3857)
    nodes_gdf.to_file(file, layer="nodes")
    gpd.GeoDataFrame(links, geometry=lines, crs=4326).to_crs(3857).to_file(file, layer="links")
    corridors("import", file, tmp_path / "again", "--length-unit", "km", "--speed-unit", "km/h")
    one, other = networks.load_tables(alps), networks.load_tables(tmp_path / "again")
    assert list(one.places["name"]) == list(other.places["name"])
    assert one.places[["lon", "lat"]].to_numpy() == pytest.approx(other.places[["lon", "lat"]].to_numpy(), abs=1e-6)
    assert list(one.links["length_km"][:7]) == list(other.links["length_km"])
    nodes_gdf.to_file(tmp_path / "only.gpkg", layer="nodes")
    with pytest.raises(DataError, match="expected layers node and link"):
        corridors("import", tmp_path / "only.gpkg", tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_what_was_exported_comes_back_as_a_study(tmp_path: Path) -> None:
    corridors("export", tmp_path / "whole.gpkg")
    corridors("import", tmp_path / "whole.gpkg", tmp_path / "study")
    ours, again = networks.load_tables(), networks.load_tables(tmp_path / "study")
    pd.testing.assert_frame_equal(ours.links.sort_index(), again.links.sort_index())
    pd.testing.assert_frame_equal(ours.places.sort_index(), again.places.sort_index())
    assert len(again.borders) == len(ours.borders) and len(again.stops) == len(ours.stops)


def test_what_was_edited_outside_comes_back_too(tmp_path: Path) -> None:
    import sqlite3

    corridors("export", tmp_path / "whole.gpkg")
    base = sqlite3.connect(tmp_path / "whole.gpkg")
    base.execute("update rates set speed_kmh = 99 where rate_id = 'rail_cn'")
    base.execute("update parameters set value = 3 where parameter_id = 'usd_per_eur'")
    stop = networks.load_tables().stops.query("place_id == ''").index[0]
    base.execute("delete from stops where stop_id = ?", (stop,))
    base.commit()
    base.close()
    corridors("import", tmp_path / "whole.gpkg", tmp_path / "study")
    again = networks.load_tables(tmp_path / "study")
    assert again.rates.at["rail_cn", "speed_kmh"] == 99 and again.parameter("usd_per_eur") == 3
    assert stop not in again.stops.index and len(again.stops) == len(networks.load_tables().stops) - 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("link.csv", LINKS.replace("rail,80,rail", "rail,80,rail,x", 1), "rows have more cells than the header"),
        ("link.csv", LINKS.splitlines()[0], "holds no links"),
        ("use_group.csv", "use_group,use\na,b\n", r"use_group\.csv: column 'uses' is missing; nearest: use"),
        ("geometry.csv", "id,geometry\n1,x\n", r"geometry\.csv: column 'geometry_id' is missing"),
    ],
)
def test_a_wrong_gmns_folder_is_told(tmp_path: Path, name: str, text: str, said: str) -> None:
    files = {"node.csv": NODES, "link.csv": LINKS.replace(",290,", ",,"), name: text}
    for file, content in files.items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        corridors("import", tmp_path, tmp_path / "study", "--length-unit", "km", "--speed-unit", "km/h")
    assert not (tmp_path / "study").exists()


def test_an_import_leaves_alone_what_is_there(tmp_path: Path, study: Path) -> None:
    (tmp_path / "bad.gpkg").write_text("no base", encoding="utf-8")
    with pytest.raises(DataError, match="not a readable GeoPackage"):
        corridors("import", tmp_path / "bad.gpkg", tmp_path / "new")
    corridors("export", tmp_path / "whole.gpkg")
    with pytest.raises(DataError, match=r"study\.yaml: is there already"):
        corridors("import", tmp_path / "whole.gpkg", study)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "places.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"places\.csv: is there already"):
        corridors("import", tmp_path / "whole.gpkg", tmp_path / "full")
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["places.csv"]


def test_a_build_keeps_what_it_does_not_replace(tmp_path: Path) -> None:
    import json
    import shutil

    import seeds

    shutil.copy(seeds.FOLDER / "ways.geojson", tmp_path)
    places = networks.load_tables().places
    ends = [places.loc[place, ["lon", "lat"]].tolist() for place in ("AT_VIE", "HU_BUD")]
    line = {"type": "LineString", "coordinates": ends}
    lines = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": line}]}
    (tmp_path / "l.geojson").write_text(json.dumps(lines), encoding="utf-8")
    before = (tmp_path / "ways.geojson").read_bytes()
    for mode in ("rail", "road"):
        corridors("geometry", "build", "--osm", tmp_path / "l.geojson", "--mode", mode, "--out", tmp_path)
    assert (tmp_path / "ways.geojson").read_bytes() == before
    written = json.loads((tmp_path / "ways_osm.geojson").read_text(encoding="utf-8"))
    assert "ODbL" in written["licence"] and written["source"] == "OpenStreetMap: l.geojson"
    report = pd.read_csv(tmp_path / "geometry.csv")
    assert set(report["mode"]) == {"rail", "road"} and "gauge_mm" in report
    with pytest.raises(DataError, match="writes into a study"):
        corridors("geometry", "build", "--osm", tmp_path / "l.geojson", "--out", tmp_path / "no", "--adopt-lengths")
    with pytest.raises(DataError, match="belong to an extract"):
        corridors("geometry", "build", "--out", tmp_path / "no", "--mode", "rail")
    assert not (tmp_path / "no").exists()


# ---- extracts


@pytest.mark.skipif(not RAIL.is_dir(), reason=f"needs the extracts in {RAIL.parent.name}, which are not shipped")
def test_lengths_and_lines_of_an_extract_are_adopted(study: Path) -> None:
    words = ("geometry", "build", "--osm", RAIL / "rail_azerbaijan.parquet", "--data", study, "--gap", "3")
    said = corridors(*words, "--adopt-lengths")
    assert "follow a track" in said and "no way" in said
    report = pd.read_csv(study / "geometry.csv").set_index("link_id")
    good = report[report["problem"].isna()]
    assert len(good) > 10 and (good["difference_pct"].abs() < 60).mean() > 0.9
    mine = networks.load_tables(study)
    taken = mine.links[mine.links["length_source_id"] == ("OSM-WAYS",)]
    assert 5 < len(taken) <= len(good) and (taken["length_grade"] == "B").all()
    lines = networks.links_gdf(mine).loc[taken.index]
    assert (lines["basis"] == "track").all() and (lines["way_km"] / taken["length_km"] - 1).abs().max() < 0.1
    kept = list((study / ".ways").iterdir())
    assert len(kept) == 1
    stamp = kept[0].stat().st_mtime_ns
    corridors(*words)
    assert kept[0].stat().st_mtime_ns == stamp


def test_an_extract_far_from_every_link_is_told(study: Path, tmp_path: Path) -> None:
    osm = (
        '<osm version="0.6"><node id="1" lat="0.0" lon="-30.0"/><node id="2" lat="0.1" lon="-30.0"/>'
        '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="railway" v="rail"/></way></osm>'
    )
    (tmp_path / "sea.osm").write_text(osm, encoding="utf-8")
    pytest.importorskip("osmium")
    with pytest.raises(DataError, match="no link has both its places in the extract"):
        corridors("geometry", "build", "--osm", tmp_path / "sea.osm", "--data", study)
    with pytest.raises(DataError, match="expected one of rail, road, ferry"):
        corridors("geometry", "build", "--osm", tmp_path / "sea.osm", "--mode", "rial", "--data", study)
    with pytest.raises(DataError, match="say where files go"):
        corridors("geometry", "build", "--osm", tmp_path / "sea.osm")


def test_two_extracts_that_meet_at_a_node_are_one_graph(tmp_path: Path) -> None:
    pytest.importorskip("osmium")
    from networks.tracks.conflation import read_extracts

    for name, ends in (("a", (10.0, 10.5)), ("b", (10.5, 11.0))):
        nodes = "".join(f'<node id="{i}" lat="50.0" lon="{lon}"/>' for i, lon in enumerate(ends, 1))
        way = '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="railway" v="rail"/><tag k="gauge" v="1435"/></way>'
        (tmp_path / f"{name}.osm").write_text(f'<osm version="0.6">{nodes}{way}</osm>', encoding="utf-8")
    files: list[Any] = [tmp_path / "a.osm", tmp_path / "b.osm"]
    graph = read_extracts(files, ["rail", "road"], tmp_path / "kept")["rail"]
    assert graph.size == 3 and len(graph.tail) == 2 and len(set(graph.parts)) == 1
    found = graph.route((10.0, 50.0), (11.0, 50.0))
    assert found is not None and found.length_km == pytest.approx(71.6, abs=0.2)
    assert found.points[0].tolist() == [10.0, 50.0] and found.points[-1].tolist() == [11.0, 50.0]
