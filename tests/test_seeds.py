"""The tables say what their description promises, agree with each other and with geography."""

from __future__ import annotations

import csv
import json
import math
import re
import time
from collections import Counter, defaultdict
from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pycountry
import pytest
import yaml

import networks
import seeds

PACKAGE = json.loads((seeds.FOLDER / "datapackage.json").read_text(encoding="utf-8"))
NAMES = [resource["name"] for resource in PACKAGE["resources"]]

ELSEWHERE = {
    ("places", "position_source_id"): ("lon", "lat"),
    ("rates", "emission_source_id"): ("gco2e_per_tkm", "gco2e_per_tkm_electric"),
    ("goods", "rate_source_id"): ("value_of_time_pct_per_day",),
    ("goods", "value_source_id"): ("value_usd_per_teu",),
    ("gas_places", "position_source_id"): ("lon", "lat"),
    ("gas_pipes", "life_source_id"): ("opens", "closes"),
    ("gas_compressors", "life_source_id"): ("status", "opens"),
    ("gas_contracts", "share_source_id"): ("take_or_pay_share",),
    ("gas_supplies", "available_source_id"): ("available_bcm", "most_mcm_per_day"),
}
"""Source columns whose figures do not begin with the same word."""

ROUND_LAND = {
    "TR_MER-GE_PTI-feeder": "Mersin and Poti lie on two sides of Anatolia; ships pass both straits",
}
"""Links that may be longer than `LONGEST_DETOUR` great circles, with the reason."""

LONGEST_DETOUR = 2.6

UNJOINED_GAUGES: dict[str, str] = {}
"""Places where two gauges meet and cargo cannot pass from one to the other, with the reason."""

DEAD_ENDS: dict[str, str] = {}
"""Places that cannot reach, or be reached from, all others, with the reason."""


FOR_OWN = {"demand_cells"}
"""Tables that are empty in the toolkit and stand for tables of the user's own."""


@pytest.fixture(scope="module")
def everything() -> dict[str, pd.DataFrame]:
    """Every table of the package, checked value by value."""
    return {name: networks.read_table(name) for name in NAMES}


@pytest.fixture(scope="module")
def boundaries() -> Any:
    """Country polygons by ISO code."""
    geopandas = pytest.importorskip("geopandas")
    return geopandas.read_file(seeds.FOLDER / "boundaries.geojson")


def fields_of(name: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a table by name."""
    return {field["name"]: field for field in seeds.descriptor()[name]["schema"]["fields"]}


def references_of(name: str) -> dict[str, tuple[str, str]]:
    """Return column -> (table, column) for foreign keys and for lists of references."""
    schema = seeds.descriptor()[name]["schema"]
    found = {f["name"]: tuple(f["references"].split(".")) for f in schema["fields"] if "references" in f}
    for key in schema.get("foreignKeys", ()):
        assert len(key["fields"]) == len(key["reference"]["fields"]) == 1, f"{name}: key of several columns"
        found[key["fields"][0]] = (key["reference"]["resource"], key["reference"]["fields"][0])
    return found


def figures_of(name: str) -> dict[str, list[str]]:
    """Return source column -> number columns that it documents."""
    fields = fields_of(name)
    found = {}
    for column in fields:
        if column.endswith("_source_id"):
            word = column.removesuffix("_source_id")
            same = [c for c, f in fields.items() if f["type"] in ("number", "integer") and _begins(c, word)]
            found[column] = list(ELSEWHERE.get((name, column), same))
    return found


def _begins(column: str, word: str) -> bool:
    return column == word or column.startswith(word + "_")


def shown(rows: Any) -> str:
    """Return rows one under the other, for messages."""
    return "\n" + "\n".join(map(str, rows))


# -- the description ---------------------------------------------------------------------------------


def test_description_is_a_data_package_2() -> None:
    assert PACKAGE["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert len(set(NAMES)) == len(NAMES), "two resources have the same name"
    for resource in PACKAGE["resources"]:
        assert re.fullmatch(r"[a-z0-9._/-]+", resource["name"]), resource["name"]
        assert resource["schema"]["primaryKey"], f"{resource['name']}: no primary key"


def test_every_csv_file_is_described() -> None:
    described = {resource["path"] for resource in PACKAGE["resources"]}
    present = {path.name for path in seeds.FOLDER.glob("*.csv")}
    assert described == present, f"only described: {described - present}; only present: {present - described}"


@pytest.mark.parametrize("name", NAMES)
def test_header_is_that_of_the_schema(name: str) -> None:
    with seeds.table_path(name).open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == list(fields_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_as_many_cells_as_the_header(name: str) -> None:
    with seeds.table_path(name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    wrong = [number for number, row in enumerate(rows, 2) if len(row) != len(header)]
    assert not wrong, f"{name}.csv: rows {wrong}"


@pytest.mark.parametrize("name", NAMES)
def test_fields_are_described_and_numbers_have_units(name: str) -> None:
    for column, field in fields_of(name).items():
        assert field.get("description", "").strip(), f"{name}.{column}: no description"
        if field["type"] in ("number", "integer"):
            assert field.get("unit", "").strip(), f"{name}.{column}: no unit"
        unit = field.get("unit", "")
        named = unit in fields_of(name)
        assert named or not unit.endswith("_unit"), f"{name}.{column}: unit column {unit} does not exist"


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_read_and_have_rows(name: str) -> None:
    frame = networks.read_table(name)
    assert len(frame) or name in FOR_OWN, f"{name}.csv is empty"
    key = seeds.descriptor()[name]["schema"]["primaryKey"]
    assert not frame.duplicated(key).any(), f"{name}.csv: {key} is not unique"


@pytest.mark.parametrize("name", NAMES)
def test_figures_in_units_of_another_column_have_one(name: str, everything: dict[str, pd.DataFrame]) -> None:
    frame, fields = everything[name], fields_of(name)
    for column, field in fields.items():
        if field.get("unit") in fields:
            bare = frame[frame[column].notna() & (frame[field["unit"]] == "")]
            assert bare.empty, f"{name}.{column} without {field['unit']}: rows {list(bare.index + 2)}"


# -- references ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_references_resolve(name: str, everything: dict[str, pd.DataFrame]) -> None:
    frame = everything[name]
    wrong = []
    for column, (table, target) in references_of(name).items():
        known = set(everything[table][target])
        cells = frame[column].explode()
        lost = cells[cells.notna() & (cells != "") & ~cells.isin(known)]
        wrong += [f"{name}.csv, row {row + 2}, {column}: {value!r} not in {table}" for row, value in lost.items()]
    assert not wrong, shown(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_ids_are_declared_as_references(name: str) -> None:
    own = seeds.descriptor()[name]["schema"]["primaryKey"]
    free = {"group_id", "corridor_id", "element_ids", "pipe_ids"}
    ids = [c for c in fields_of(name) if re.search(r"_ids?$", c) and c not in own and c not in free]
    undeclared = [c for c in ids if c not in references_of(name)]
    assert not undeclared, f"{name}: {undeclared}"


def test_elements_of_events_exist(everything: dict[str, pd.DataFrame]) -> None:
    events = everything["events"]
    known = {kind: set(everything[kind].iloc[:, 0]) for kind in ("places", "links", "countries")}
    wrong = []
    for event in events.itertuples():
        if event.element_kind in known:
            if not event.element_ids:
                wrong.append(f"{event.event_id}: no {event.element_kind} named")
            strange = set(event.element_ids) - known[event.element_kind]
            wrong += [f"{event.event_id}: {element!r} is not one of {event.element_kind}" for element in strange]
        elif event.element_ids:
            wrong.append(f"{event.event_id}: elements named for a {event.element_kind}")
    assert not wrong, shown(wrong)


def test_elements_of_claims_exist(everything: dict[str, pd.DataFrame]) -> None:
    known = {
        "place": set(everything["places"]["place_id"]),
        "link": set(everything["links"]["link_id"]),
        "package": set(everything["packages"]["package_id"]),
        "event": set(everything["events"]["event_id"]) | set(everything["events"]["group_id"]),
        "project": set(everything["projects"]["project_id"]),
        "corridor": set(_corridors()),
    }
    wrong = []
    for claim in everything["claims"].itertuples():
        for element in claim.model_element:
            kind, _, value = element.partition(":")
            if kind in known and value not in known[kind]:
                wrong.append(f"{claim.claim_id}: {element}")
            elif kind not in (*known, "parameter", "scenario", "context"):
                wrong.append(f"{claim.claim_id}: {element}: unknown kind")
    assert not wrong, shown(wrong)


def test_corridors_of_route_checks_exist(everything: dict[str, pd.DataFrame]) -> None:
    named = set(everything["route_checks"]["corridor_id"]) - {""}
    assert named <= set(_corridors()), named - set(_corridors())


def _corridors() -> dict[str, Any]:
    path = seeds.FOLDER.parent / "corridors" / "catalogue.yaml"
    if not path.exists():
        pytest.skip("no catalogue of corridors beside the tables")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_sources_are_used(everything: dict[str, pd.DataFrame]) -> None:
    used: set[str] = set()
    for name, frame in everything.items():
        if name == "sources":
            continue
        for column, (table, _) in references_of(name).items():
            if table == "sources":
                used.update(frame[column].explode().dropna())
        texts = [c for c, f in fields_of(name).items() if f["type"] == "string"]
        used.update(re.findall(r"\w+(?:-\w+)*", " ".join(frame[texts].to_numpy().ravel())))
    used.update(re.findall(r"\w+", (seeds.FOLDER / "backtest.yaml").read_text(encoding="utf-8")))
    unused = sorted(set(everything["sources"]["source_id"]) - used)
    assert not unused, f"sources that no table names: {unused}"


def test_sources_named_in_remarks_exist(everything: dict[str, pd.DataFrame]) -> None:
    known = set(everything["sources"]["source_id"])
    wrong = []
    for name, frame in everything.items():
        columns = [c for c in ("note", "derivation", "observed_response") if c in frame]
        for column in columns:
            for row, text in frame[column].items():
                inside = " ".join(re.findall(r"\(([^()]*)\)", text))
                codes = re.findall(r"\b(?:[A-Z]{3,}\d{2}[A-Z]?|S\d{3})\b", inside)
                wrong += [f"{name}.csv, row {row + 2}, {column}: {c}" for c in codes if c not in known]
    assert not wrong, shown(wrong)


# -- figures and their grades ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_figures_have_sources_and_grades(name: str, everything: dict[str, pd.DataFrame]) -> None:
    frame, wrong = everything[name], []
    for column, figures in figures_of(name).items():
        assert figures, f"{name}.{column} documents no figure"
        word = column.removesuffix("_source_id")
        given = (frame[figures].notna() & (frame[figures] != "")).any(axis=1)
        sourced = frame[column].map(len) > 0
        wrong += [f"{name}.csv, row {r + 2}: {word} without {column}" for r in frame.index[given & ~sourced]]
        wrong += [f"{name}.csv, row {r + 2}: {column} without {word}" for r in frame.index[~given & sourced]]
        if f"{word}_grade" in frame:
            graded = frame[f"{word}_grade"] != ""
            wrong += [f"{name}.csv, row {r + 2}: {word} without grade" for r in frame.index[given & ~graded]]
            wrong += [f"{name}.csv, row {r + 2}: grade without {word}" for r in frame.index[~given & graded]]
        else:
            assert column == "season_source_id", f"{name}.{column} has no grade column"
    assert not wrong, shown(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_sourced(name: str) -> None:
    """No number column stands without a source column, save the year that another figure holds for."""
    fields = fields_of(name)
    if "source_id" in fields or name == "sources":
        return
    covered = {c for figures in figures_of(name).values() for c in figures}
    numbers = [c for c, f in fields.items() if f["type"] in ("number", "integer")]
    key = set(seeds.descriptor()[name]["schema"]["primaryKey"])
    bare = set(numbers) - covered - {"tracks"} - key
    spread_of = {"spread_h": "derivation"}
    bare -= {c for c, where in spread_of.items() if where in fields}
    assert not bare, f"{name}: no source column for {sorted(bare)}"


@pytest.mark.parametrize("name", [n for n in NAMES if "derivation" in fields_of(n)])
def test_estimates_are_derived(name: str, everything: dict[str, pd.DataFrame]) -> None:
    """Grade EST needs a derivation, unless its source is a stated rule (EST-R, EST-GC)."""
    frame, wrong = everything[name], []
    rules = {"EST-R", "EST-GC"}
    for column in [c for c in frame if c == "grade" or c.endswith("_grade")]:
        sources = column.replace("grade", "source_id")
        for row in frame.index[(frame[column] == "EST") & (frame["derivation"] == "")]:
            if not rules.intersection(frame.at[row, sources]):
                key = frame.iloc[row, 0]
                wrong.append(f"{name}.csv, row {row + 2}, {key}: {column} EST by {frame.at[row, sources]}")
    assert not wrong, shown(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_no_grade_is_better_than_its_own_estimate(name: str, everything: dict[str, pd.DataFrame]) -> None:
    """A figure that only our own estimate documents is graded EST."""
    frame, wrong = everything[name], []
    own = {"EST", "EST-R", "EST-GC"}
    for column in [c for c in frame if c == "grade" or c.endswith("_grade")]:
        sources = column.replace("grade", "source_id")
        if name == "sources" or sources not in frame:
            continue
        only_own = frame[sources].map(lambda ids: bool(ids) and set(ids) <= own).astype(bool)
        rows = frame.index[only_own & (frame[column] != "EST")]
        wrong += [f"{name}.csv, row {row + 2}, {column}: {frame.at[row, column]}" for row in rows]
    assert not wrong, shown(wrong)


# -- places ------------------------------------------------------------------------------------------


def test_country_codes_are_iso_3166(tables: networks.Tables) -> None:
    known = {country.alpha_2 for country in pycountry.countries} | {"XZ"}
    assert set(tables.countries.index) <= known, set(tables.countries.index) - known
    gas = set(networks.load_gas_tables().places["country_id"])
    unused = set(tables.countries.index) - set(tables.places["country_id"]) - gas
    assert not unused, f"countries without places: {sorted(unused)}"


def test_ids_and_locodes_begin_with_the_country(tables: networks.Tables) -> None:
    places = tables.places
    wrong = [p for p in places.index if p[:2] != places.at[p, "country_id"] and p[:2] != "XZ"]
    assert not wrong, wrong
    coded = places[places["locode"] != ""]
    wrong = [f"{p}: {coded.at[p, 'locode']}" for p in coded.index if coded.at[p, "locode"][:2] != p[:2]]
    assert not wrong, shown(wrong)
    twice = coded.index[coded["locode"].duplicated(keep=False)]
    assert twice.empty, f"the same UN/LOCODE: {list(twice)}"


def test_places_lie_in_their_country(tables: networks.Tables, boundaries: Any) -> None:
    shapes = boundaries.set_index("iso_a2").geometry
    wrong = []
    for place in tables.places[tables.places["kind"] != "strait"].itertuples():
        off = _km_outside(shapes[place.country_id], place.lon, place.lat)
        if off > 25:
            wrong.append(f"{place.Index} ({place.lon}, {place.lat}) is {off:.0f} km outside {place.country_id}")
    assert not wrong, shown(wrong)


def test_inland_places_do_not_lie_deep_in_another_country(tables: networks.Tables, boundaries: Any) -> None:
    from shapely import Point

    shapes = boundaries.set_index("iso_a2").geometry
    wrong = []
    for place in tables.places[tables.places["kind"].isin(["junction", "rail_terminal", "dry_port"])].itertuples():
        inside = shapes[shapes.contains(Point(place.lon, place.lat))].index
        off = _km_outside(shapes[place.country_id], place.lon, place.lat)
        if len(inside) and place.country_id not in inside and off > 5:
            wrong.append(f"{place.Index} lies {off:.0f} km inside {inside[0]}")
    assert not wrong, shown(wrong)


def test_no_two_places_share_a_position(tables: networks.Tables) -> None:
    twice = tables.places.duplicated(["lon", "lat"], keep=False)
    assert not twice.any(), list(tables.places.index[twice])


def _km_outside(shape: Any, lon: float, lat: float) -> float:
    from shapely import Point, affinity
    from shapely.ops import nearest_points

    point = Point(lon, lat)
    if shape.contains(point):
        return 0.0
    flat = affinity.scale(shape, xfact=math.cos(math.radians(lat)), origin=(lon, lat))
    near = affinity.scale(nearest_points(flat, point)[0], xfact=1 / math.cos(math.radians(lat)), origin=(lon, lat))
    return networks.distance_km((lon, lat), (near.x, near.y))


# -- links ---------------------------------------------------------------------------------------------


def test_links_are_not_shorter_than_the_geodesic(tables: networks.Tables) -> None:
    ratio = _detours(tables)
    short = [f"{k}: {tables.links.at[k, 'length_km']} km, {ratio[k]:.3f} of it" for k in ratio[ratio < 1].index]
    assert not short, shown(short)


def test_links_are_not_much_longer_than_the_geodesic(tables: networks.Tables) -> None:
    ratio = _detours(tables)
    straight = tables.links["length_km"] / ratio
    rounding_km = 1
    long = set(ratio.index[tables.links["length_km"] > LONGEST_DETOUR * straight + rounding_km])
    extra = [f"{k}: {tables.links.at[k, 'length_km']} km, {ratio[k]:.2f} times it" for k in sorted(long)]
    assert long <= set(ROUND_LAND), shown(extra)
    assert set(ROUND_LAND) <= long, f"no longer needed: {set(ROUND_LAND) - long}"


def test_lengths_by_the_stated_detour_factor_follow_it(tables: networks.Tables) -> None:
    links = tables.links
    factor = {"rail": 1.22, "road": 1.25, "inland": 1.5}
    ratio = _detours(tables)
    ruled = [k for k in links.index if links.at[k, "length_source_id"] == ("EST-GC",)]
    wrong = [f"{k}: {ratio[k]:.3f}" for k in ruled if abs(ratio[k] / factor[links.at[k, "mode"]] - 1) > 0.02]
    assert ruled and not wrong, shown(wrong)


def _detours(tables: networks.Tables) -> pd.Series:
    at = {p.Index: (p.lon, p.lat) for p in tables.places.itertuples()}
    straight = {
        k.Index: networks.distance_km(at[k.from_place_id], at[k.to_place_id]) for k in tables.links.itertuples()
    }
    return tables.links["length_km"] / pd.Series(straight)


def test_link_ids_say_where_they_run(tables: networks.Tables) -> None:
    links = tables.links
    wanted = links["from_place_id"] + "-" + links["to_place_id"] + "-" + links["mode"]
    plain = links.index.to_series().str.fullmatch(r"[A-Z]{2}_[A-Z]{3}-[A-Z]{2}_[A-Z]{3}-[a-z]+(-\w+)?")
    wrong = [k for k in links.index if not k.startswith(wanted[k]) or not plain[k]]
    assert not wrong, wrong
    selfish = links.index[links["from_place_id"] == links["to_place_id"]]
    assert selfish.empty, list(selfish)


def test_no_way_is_drawn_twice(tables: networks.Tables) -> None:
    ways: Counter[tuple[str, str, str]] = Counter()
    for link in tables.links.itertuples():
        ways[link.from_place_id, link.to_place_id, link.mode] += 1
        if link.direction == "both":
            ways[link.to_place_id, link.from_place_id, link.mode] += 1
    twice = [way for way, count in ways.items() if count > 1]
    assert not twice, shown(twice)


def test_links_use_a_rate_of_their_mode(tables: networks.Tables) -> None:
    modes = tables.links["rate_id"].map(tables.rates["mode"])
    wrong = tables.links.index[modes != tables.links["mode"]]
    assert wrong.empty, list(wrong)
    unused = set(tables.rates.index) - set(tables.links["rate_id"])
    assert not unused, f"rates that no link uses: {sorted(unused)}"


def test_gauges_and_tracks_are_of_railways(tables: networks.Tables) -> None:
    rail = tables.links["mode"] == "rail"
    gauged = tables.links["gauge_mm"].map(len) > 0
    assert not (rail & ~gauged).any(), list(tables.links.index[rail & ~gauged])
    assert not (~rail & gauged).any(), list(tables.links.index[~rail & gauged])
    tracked = tables.links["tracks"].notna() | (tables.links["electrified"] != "")
    assert not (~rail & tracked).any(), list(tables.links.index[~rail & tracked])


def test_ships_call_at_ports_and_straits(tables: networks.Tables) -> None:
    kind = tables.places["kind"]
    afloat = tables.links[tables.links["mode"].isin(["sea", "feeder", "ferry"])]
    for end in ("from_place_id", "to_place_id"):
        ashore = afloat[~afloat[end].map(kind).isin(["port", "strait"])]
        assert ashore.empty, f"{end} is no port: {list(ashore.index)}"
    straits = set(kind[kind == "strait"].index)
    others = tables.links[tables.links["mode"] != "sea"]
    touched = others[others["from_place_id"].isin(straits) | others["to_place_id"].isin(straits)]
    assert touched.empty, list(touched.index)


def test_timetabled_ships_have_sailings(tables: networks.Tables) -> None:
    timetabled = tables.links["mode"].isin(["ferry", "feeder"])
    sailing = tables.links["sailings_per_week"].notna()
    assert not (timetabled & ~sailing).any(), list(tables.links.index[timetabled & ~sailing])
    assert not (~timetabled & sailing).any(), list(tables.links.index[~timetabled & sailing])


def test_links_to_come_have_a_year_or_are_planned(tables: networks.Tables) -> None:
    links, base = tables.links, tables.parameter("base_year")
    building = links[(links["status"] == "under_construction") & links["opens_year"].isna()]
    assert building.empty, f"under construction without a year: {list(building.index)}"
    past = links[(links["status"] != "existing") & (links["opens_year"] < base)]
    assert past.empty, f"should have opened before {base:.0f}: {list(past.index)}"
    late = links[(links["status"] == "existing") & (links["opens_year"] > base)]
    assert late.empty, f"exist and open later: {list(late.index)}"


def test_seasons_are_whole(tables: networks.Tables) -> None:
    first, last = tables.links["season_first_month"], tables.links["season_last_month"]
    assert (first.notna() == last.notna()).all(), list(tables.links.index[first.notna() != last.notna()])


def test_projects_and_links_agree_on_what_is_open(everything: dict[str, pd.DataFrame]) -> None:
    links = everything["links"].set_index("link_id")
    wrong = []
    for project in everything["projects"].itertuples():
        if project.effect == "opens" and project.state not in ("operating", "done"):
            wrong += [
                f"{project.project_id}: {k} exists" for k in project.link_ids if links.at[k, "status"] == "existing"
            ]
        elif project.effect == "opens":
            wrong += [
                f"{project.project_id}: {k} is to come" for k in project.link_ids if links.at[k, "status"] != "existing"
            ]
    assert not wrong, shown(wrong)


# -- money -------------------------------------------------------------------------------------------------


UNDATED_KINDS = {"finance", "programme"}
"""Kinds of projects that build nothing: no usual life or lead time."""

INDEX = {"EUR": "eu-hicp", "USD": "us-gdp-deflator"}
"""Price index of a currency; others are turned into dollars of their year first."""


def test_costs_have_a_price_year(everything: dict[str, pd.DataFrame]) -> None:
    projects = everything["projects"]
    wrong = projects[projects["capex_m"].notna() != projects["price_year"].notna()]
    assert wrong.empty, list(wrong["project_id"])


def test_costs_can_be_brought_to_one_currency_and_year(everything: dict[str, pd.DataFrame]) -> None:
    index = everything["price_indices"].set_index(["series", "year"])["value"]
    target = everything["parameters"].set_index("parameter_id").at["appraisal_price_year", "value"]
    missing = set()
    for project in everything["projects"].itertuples():
        if not project.capex_m > 0 or project.kind in UNDATED_KINDS:
            continue
        wanted = {(INDEX.get(project.currency, INDEX["USD"]), year) for year in (project.price_year, target)}
        if project.currency != "EUR":
            wanted.add(("usd-per-eur", target))
        if project.currency not in INDEX:
            wanted.add((f"{project.currency.lower()}-per-usd", project.price_year))
        missing |= {f"{project.project_id}: {series} of {year:.0f}" for series, year in wanted - set(index.index)}
    assert not missing, shown(sorted(missing))


def test_kinds_of_projects_have_usual_figures(everything: dict[str, pd.DataFrame]) -> None:
    usual, kinds = set(everything["appraisal"]["kind"]), set(everything["projects"]["kind"])
    assert kinds - usual <= UNDATED_KINDS, kinds - usual - UNDATED_KINDS
    assert usual <= kinds, f"kinds of no project: {usual - kinds}"


def test_spending_adds_up(everything: dict[str, pd.DataFrame]) -> None:
    usual = everything["appraisal"].set_index("kind")
    whole = usual[[c for c in usual if re.fullmatch(r"spend_q\d", c)]].sum(axis=1)
    assert np.allclose(whole, 1.0), whole[~np.isclose(whole, 1.0)].to_dict()


def test_alternatives_and_shared_money_hold_both_ways(everything: dict[str, pd.DataFrame]) -> None:
    for table, key, column in (("projects", "project_id", "excludes"), ("packages", "package_id", "overlaps")):
        others = everything[table].set_index(key)[column]
        wrong = [
            f"{one}: {other} does not name it"
            for one in others.index
            for other in others[one]
            if one not in others[other]
        ]
        assert not wrong, f"{table}.{column}{shown(wrong)}"


def test_no_project_needs_itself_or_its_alternative(everything: dict[str, pd.DataFrame]) -> None:
    projects = everything["projects"].set_index("project_id")
    needs = nx.DiGraph()
    needs.add_nodes_from(projects.index)
    for column in ("requires", "requires_any"):
        needs.add_edges_from((one, other) for one in projects.index for other in projects.at[one, column])
    assert nx.is_directed_acyclic_graph(needs), nx.find_cycle(needs)
    strict = nx.DiGraph([(one, other) for one in projects.index for other in projects.at[one, "requires"]])
    for one in strict:
        needed = {one, *nx.descendants(strict, one)}
        clash = [(a, b) for a in sorted(needed) for b in projects.at[a, "excludes"] if b in needed]
        assert not clash, f"{one} needs alternatives: {clash}"


def test_parts_of_a_programme_are_no_programmes(everything: dict[str, pd.DataFrame]) -> None:
    """What contains others is never added to them, so one level is enough and no part stands in two."""
    inside = everything["projects"].set_index("project_id")["contains"]
    parts = [part for one in inside for part in one]
    assert parts and len(set(parts)) == len(parts), Counter(parts).most_common(1)
    nested = [part for part in parts if inside[part]]
    assert not nested, nested


def test_projects_lie_where_their_links_end(everything: dict[str, pd.DataFrame]) -> None:
    home = everything["places"].set_index("place_id")["country_id"]
    links = everything["links"].set_index("link_id")[["from_place_id", "to_place_id"]]
    wrong = []
    for project in everything["projects"].itertuples():
        there = {home[end] for link in project.link_ids for end in links.loc[link]}
        if there and project.kind != "fleet" and not (project.countries and set(project.countries) <= there):
            wrong.append(f"{project.project_id}: {project.countries}, its links lie in {sorted(there)}")
    assert not wrong, shown(wrong)


def test_lines_that_may_pay_are_for_the_sector_and_the_country(everything: dict[str, pd.DataFrame]) -> None:
    packages, wrong = everything["packages"].set_index("package_id"), []
    for project in everything["projects"].itertuples():
        for line in project.line_ids:
            states = set(packages.at[line, "geography"].split(";"))
            if project.sector not in packages.at[line, "sectors"] or not states & set(project.countries):
                wrong.append(f"{project.project_id}: {line}")
    assert not wrong, shown(wrong)


def test_carbon_prices_have_no_gaps_and_do_not_fall(everything: dict[str, pd.DataFrame]) -> None:
    for path, rows in everything["carbon_prices"].sort_values("year").groupby(["path", "level"]):
        assert (rows["year"].diff().dropna() == 1).all(), f"{path}: years are missing"
        assert (rows["value"].diff().dropna() >= 0).all(), f"{path}: the price falls"


# -- borders and gauges ----------------------------------------------------------------------------------


def test_every_border_is_in_the_table_once_each_way(tables: networks.Tables) -> None:
    country = tables.places["country_id"]
    wanted = {}
    for link in tables.links[tables.links["mode"].isin(["rail", "road"])].itertuples():
        if country[link.from_place_id] == country[link.to_place_id]:
            continue
        ways = [(link.from_place_id, link.to_place_id)]
        ways += [ways[0][::-1]] if link.direction == "both" else []
        for start, end in ways:
            wanted[f"{start}>{end}-{link.mode}"] = (link.Index, start, end, link.mode)
    rows = tables.borders[["link_id", "from_place_id", "to_place_id", "mode"]]
    given = {str(row[0]): tuple(row[1:]) for row in rows.itertuples()}
    missing = [key for key in wanted if key not in given]
    extra = [key for key in given if key not in wanted]
    other = [key for key in given.keys() & wanted.keys() if given[key] != wanted[key]]
    assert not missing, f"no row for{shown(missing)}"
    assert not extra, f"no link crosses a border for{shown(extra)}"
    assert not other, f"row does not fit its link for{shown(other)}"


def test_eaeu_borders_cost_less_than_others(tables: networks.Tables) -> None:
    """Within one customs territory nothing is declared; a mistaken row would show here."""
    union = {c for c in tables.countries.index if "EAEU" in tables.countries.at[c, "groups"]}
    country = tables.places["country_id"]
    rail = tables.borders[tables.borders["mode"] == "rail"]
    inner = rail["from_place_id"].map(country).isin(union) & rail["to_place_id"].map(country).isin(union)
    assert inner.any() and rail.loc[inner, "hours"].max() < rail.loc[~inner, "hours"].median()


def test_gauges_that_meet_are_joined(tables: networks.Tables) -> None:
    """Where two gauges meet, cargo passes in both directions: there, at the next place, or over a terminal."""
    meeting, partner = _gauges(tables)
    changes = _gauge_changes(tables)
    terminals = {"port", "dry_port", "rail_terminal"}
    wrong = []
    for place, gauges in meeting.items():
        if place in UNJOINED_GAUGES or tables.places.at[place, "kind"] in terminals:
            continue
        for before, after in permutations(sorted(gauges), 2):
            where = {place, *partner[place, frozenset((before, after))]}
            if not any((spot, before, after) in changes for spot in where):
                wrong.append(f"{place}: no way from {before} to {after} mm")
    assert not wrong, shown(wrong)
    stale = [p for p in UNJOINED_GAUGES if len(meeting.get(p, ())) < 2]
    assert not stale, f"no longer needed: {stale}"


def test_gauge_changes_stand_where_both_gauges_are(tables: networks.Tables) -> None:
    meeting, _ = _gauges(tables)
    dead = [c for c in _gauge_changes(tables) if not {c[1], c[2]} <= meeting.get(c[0], set())]
    assert not dead, shown(dead)


def test_links_with_two_gauges_cross_a_border(tables: networks.Tables) -> None:
    country = tables.places["country_id"]
    two = tables.links[tables.links["gauge_mm"].map(len) > 1]
    domestic = two[two["from_place_id"].map(country) == two["to_place_id"].map(country)]
    by_border = [
        k
        for k in domestic.index
        if not any(
            tables.places.at[domestic.at[k, e], "kind"] == "border_crossing" for e in ("from_place_id", "to_place_id")
        )
    ]
    assert not by_border, by_border


def _gauges(
    tables: networks.Tables,
) -> tuple[dict[str, set[str]], dict[tuple[str, frozenset[str]], set[str]]]:
    """Gauges at each place, and the places at the other end of links that carry both of a pair."""
    meeting: dict[str, set[str]] = defaultdict(set)
    partner: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    for link in tables.links[tables.links["mode"] == "rail"].itertuples():
        for here, there in permutations((link.from_place_id, link.to_place_id)):
            meeting[here].update(link.gauge_mm)
            if len(link.gauge_mm) == 2:
                partner[here, frozenset(link.gauge_mm)].add(there)
    return meeting, partner


def _gauge_changes(tables: networks.Tables) -> set[tuple[str, str, str]]:
    rows = tables.stops[tables.stops["activity"] == "gauge_change"]
    return set(zip(rows["place_id"], rows["from_gauge_mm"], rows["to_gauge_mm"], strict=True))


# -- stops -----------------------------------------------------------------------------------------------


def test_stops_have_a_place_or_a_kind(tables: networks.Tables) -> None:
    stops = tables.stops
    both = (stops["place_id"] != "") == (stops["kind"] != "")
    assert not both.any(), list(stops.index[both])
    gauged = (stops["from_gauge_mm"] != "") & (stops["to_gauge_mm"] != "")
    wrong = stops.index[gauged != (stops["activity"] == "gauge_change")]
    assert wrong.empty, list(wrong)
    same = stops.index[gauged & (stops["from_gauge_mm"] == stops["to_gauge_mm"])]
    assert same.empty, list(same)


def test_stops_are_not_given_twice(tables: networks.Tables) -> None:
    what = ["place_id", "kind", "activity", "mode", "from_gauge_mm", "to_gauge_mm"]
    twice = tables.stops.duplicated(what, keep=False)
    assert not twice.any(), list(tables.stops.index[twice])


def test_stops_are_of_a_mode_that_calls(tables: networks.Tables) -> None:
    links = tables.links
    calls = set(zip(links["from_place_id"], links["mode"], strict=True))
    calls |= set(zip(links["to_place_id"], links["mode"], strict=True))
    own = tables.stops[tables.stops["place_id"] != ""]
    dead = [s.Index for s in own.itertuples() if (s.place_id, s.mode) not in calls]
    assert not dead, dead


def test_cargo_can_start_and_end_wherever_a_mode_calls(tables: networks.Tables) -> None:
    """A place needs a stop of its own or a default of its kind; otherwise the mode passes it unusable."""
    kind, stops = tables.places["kind"], tables.stops
    known = set(zip(stops["place_id"], stops["activity"], stops["mode"], strict=True))
    known |= set(zip(stops["kind"], stops["activity"], stops["mode"], strict=True))
    calls = [tables.links[[end, "mode"]].to_numpy().tolist() for end in ("from_place_id", "to_place_id")]
    wrong = [
        f"{place} ({kind[place]}): no {activity} stop for {mode}"
        for place, mode in sorted({(place, mode) for way in calls for place, mode in way})
        for activity in ("load", "unload")
        if kind[place] != "strait" and not {(place, activity, mode), (kind[place], activity, mode)} & known
    ]
    assert not wrong, shown(wrong)


# -- connectivity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gauge", "places"),
    [
        ("1435", ["CN_SHA", "CN_TXG", "CN_CKG", "CN_XIA", "CN_URC", "CN_KHG", "CN_AKL", "CN_HRG", "CN_ERC", "CN_MZL", "CN_SFH"]),  # noqa: E501
        ("1435", ["NL_RTM", "BE_ANR", "DE_HAM", "DE_DUI", "PL_MAL", "AT_VIE", "HU_BUD", "RO_CND", "BG_SOF", "GR_PIR",
                  "IT_TRS", "TR_KAP", "TR_HAL", "TR_ANK", "TR_MER", "TR_KAR", "GE_AKH", "TR_TAT"]),
        ("1435", ["IR_BND", "IR_THR", "IR_TBZ", "IR_MHD", "IR_SAR", "IR_INC", "IR_AMD", "IR_RAS", "IR_BIK", "IR_JOL", "TR_VAN"]),  # noqa: E501
        ("1520", ["KZ_DOS", "KZ_ALK", "KZ_AKU", "KZ_KUR", "KZ_SEM", "RU_MOW", "RU_VVO", "RU_NVS", "RU_LED", "BY_BRE", "UZ_TAS", "UZ_AND",  # noqa: E501
                  "UZ_TER", "TM_TKB", "TM_ASB", "TM_SAR", "AF_MZR", "AF_TOR", "MN_ULN", "AZ_ALT", "AZ_AST", "GE_PTI", "GE_AKH",  # noqa: E501
                  "AM_EVN", "LT_KUN", "RU_KGD"]),
        ("1520", ["UA_ODS", "UA_CHM", "UA_KBP", "UA_CHO", "PL_SLA"]),
        ("1676", ["IN_NSA", "IN_MUN", "IN_DEL"]),
        ("1676", ["PK_KHI", "PK_QTA", "PK_TAF", "PK_PEW", "IR_ZAH"]),
    ],
)  # fmt: skip
def test_railways_of_one_gauge_hang_together(tables: networks.Tables, gauge: str, places: list[str]) -> None:
    net = _rail(tables, gauge)
    parts = {place: min(nx.node_connected_component(net, place)) for place in places if place in net}
    assert len(parts) == len(places), f"no open railway of {gauge} mm at {set(places) - set(parts)}"
    main = Counter(parts.values()).most_common(1)[0][0]
    cut_off = [place for place, part in parts.items() if part != main]
    assert not cut_off, f"{gauge} mm: {cut_off} cut off from {main}"


def test_russian_and_ukrainian_railways_do_not_meet(tables: networks.Tables) -> None:
    country = tables.places["country_id"]
    ends = tables.links[["from_place_id", "to_place_id"]].apply(lambda column: column.map(country))
    across = ends.isin(["RU", "BY"]).any(axis=1) & ends.eq("UA").any(axis=1)
    assert not (across & (tables.links["status"] == "existing")).any(), list(tables.links.index[across])


def test_every_open_railway_leads_to_a_terminal(tables: networks.Tables) -> None:
    """A piece of railway without a port, a terminal or a gauge change would serve nobody."""
    useful = set(tables.places.index[tables.places["kind"].isin(["port", "dry_port", "rail_terminal"])])
    useful |= {place for place, _, _ in _gauge_changes(tables)}
    for gauge in ("1435", "1520", "1676"):
        lost = [part for part in nx.connected_components(_rail(tables, gauge)) if not part & useful]
        assert not lost, f"{gauge} mm: {lost}"


def _rail(tables: networks.Tables, gauge: str) -> nx.Graph:
    links = tables.links
    is_open = (links["status"] == "existing") | (links["opens_year"] <= tables.parameter("base_year"))
    rail = links[is_open & links["gauge_mm"].map(lambda gauges: gauge in gauges)]
    return nx.Graph(zip(rail["from_place_id"], rail["to_place_id"], strict=True))


def test_deep_sea_network_is_connected(tables: networks.Tables) -> None:
    sea = nx.DiGraph()
    for link in tables.links[tables.links["mode"] == "sea"].itertuples():
        sea.add_edge(link.from_place_id, link.to_place_id)
        if link.direction == "both":
            sea.add_edge(link.to_place_id, link.from_place_id)
    assert nx.is_strongly_connected(sea), shown(list(nx.strongly_connected_components(sea)))


def test_headhaul_leads_west_and_has_a_way_back(tables: networks.Tables) -> None:
    links = tables.links
    forward = links[links["rate_id"] == "sea_headhaul"]
    back = links[links["rate_id"] == "sea_backhaul"]
    ways = set(zip(forward["from_place_id"], forward["to_place_id"], forward["length_km"], strict=True))
    returns = set(zip(back["to_place_id"], back["from_place_id"], back["length_km"], strict=True))
    assert ways == returns, ways ^ returns


def test_everywhere_can_be_reached_from_everywhere(tables: networks.Tables) -> None:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    network = networks.build(tables)
    places = [p for p in tables.places.index if tables.places.at[p, "kind"] != "strait"]
    ends = {place: network.ends(place, handling=True) for place in places}
    mute = [p for p, (starts, finishes) in ends.items() if not starts or not finishes]
    assert not mute, f"cargo can neither start nor end at {mute}"
    size = len(network.nodes)
    tails = [*network.arcs["tail"], *(size + i for i, p in enumerate(places) for _ in ends[p][0])]
    heads = [*network.arcs["head"], *(node for p in places for node in ends[p][0])]
    shape = (size + len(places), size + len(places))
    graph = coo_matrix((np.ones(len(tails)), (tails, heads)), shape=shape).tocsr()
    unreached: dict[str, list[str]] = {}
    for i, start in enumerate(places):
        seen = set(breadth_first_order(graph, size + i, return_predecessors=False).tolist())
        lost = [p for p in places if p != start and not seen.intersection(ends[p][1])]
        if lost:
            unreached[start] = lost
    lost_from = Counter(p for lost in unreached.values() for p in lost)
    bad = {p for p, count in lost_from.items() if count > len(places) / 2}
    bad |= {p for p, lost in unreached.items() if len(lost) > len(places) / 2}
    bad |= {p for p, lost in unreached.items() if not bad.issuperset(lost)}
    assert bad <= set(DEAD_ENDS), f"cut off: {sorted(bad)}; {dict(list(unreached.items())[:3])}"
    assert set(DEAD_ENDS) <= bad, f"no longer needed: {set(DEAD_ENDS) - bad}"


# -- boundaries ----------------------------------------------------------------------------------------------


def test_boundaries_are_light(boundaries: Any) -> None:
    import geopandas

    path = seeds.FOLDER / "boundaries.geojson"
    assert path.stat().st_size <= 700_000
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        geopandas.read_file(path)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3
    assert boundaries.crs.to_epsg() == 4326
    assert boundaries["name"].is_unique and boundaries["iso_a2"].dropna().is_unique


def test_boundaries_have_the_codes_that_the_source_lacks(boundaries: Any) -> None:
    code = boundaries.set_index("name")["iso_a2"]
    assert (code["France"], code["Norway"], code["Kosovo"]) == ("FR", "NO", "XK")
    known = {country.alpha_2 for country in pycountry.countries} | {"XK"}
    assert set(code.dropna()) <= known, set(code.dropna()) - known


@pytest.mark.parametrize(
    ("name", "lon", "lat"),
    [
        ("Ukraine", 34.1, 44.95),
        ("Kazakhstan", 51.21, 43.66),
        ("Kosovo", 21.16, 42.66),
        ("Russia", 178.5, 67.0),
    ],
)
def test_boundaries_hold_the_right_towns(boundaries: Any, name: str, lon: float, lat: float) -> None:
    from shapely import Point

    assert list(boundaries[boundaries.contains(Point(lon, lat))]["name"]) == [name]


def test_caspian_is_water(boundaries: Any) -> None:
    from shapely import Point

    assert not boundaries.intersects(Point(50.5, 42.0)).any()
    assert not boundaries.intersects(Point(51.5, 39.0)).any()


def test_neighbours_share_edges(boundaries: Any) -> None:
    import shapely

    shapes = boundaries.geometry.to_numpy()
    assert shapely.is_valid(shapes).all(), list(boundaries["name"][~shapely.is_valid(shapes)])
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    overlap = shapely.area(shapely.intersection(shapes[left[pairs]], shapes[right[pairs]]))
    wide = np.flatnonzero(overlap > 1e-6)
    names = boundaries["name"]
    named = [f"{names[left[pairs][i]]}, {names[right[pairs][i]]}: {overlap[i]:.2g} deg2" for i in wide]
    assert pairs.sum() > 200, "neighbours do not touch"
    assert not named, shown(named)
    assert shapely.coverage_is_valid(shapes)


def test_neighbours_leave_no_slivers(boundaries: Any) -> None:
    """Between two countries there is land or sea, not a crack left by simplifying each alone."""
    import shapely

    whole = shapely.union_all(boundaries.geometry.to_numpy())
    rings = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    thin = [ring for ring in rings if ring.area < 0.003]
    assert not thin, shown(ring.wkt for ring in thin)
