"""The supernetwork says what the tables say, once, in the right direction."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import networks
import seeds
from solvers import Graph, k_shortest_paths, shortest_paths

TOTALS = ["km", "hours", "tariff_usd_per_teu", "kgco2e_per_t"]


def read(name):
    """Read a table as rows of text by key, with nothing but the csv module."""
    with seeds.table_path(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    key = next(iter(rows[0]))
    return {row[key]: row for row in rows}


def priced(network, vot=6.0):
    """Return the arcs with a cost column, as the solvers want them."""
    prices = replace(networks.goods_prices(network.tables), value_of_time_usd_per_teu_h=vot)
    return network.arcs.assign(cost=networks.generalised_cost(network.arcs, prices)["cost_usd_per_teu"])


def between(network, origin, destination, allowed=None, k=1, layer="yard"):
    """Return the arcs of the k cheapest paths between the `layer` nodes of two places."""
    source, target = (network.node_number[place, layer] for place in (origin, destination))
    paths = k_shortest_paths(priced(network), source, target, k, allowed=allowed)["path"]
    return [network.arcs.loc[path] for path in paths]


def kinds(arcs):
    return Counter(arcs["kind"])


# ---- links


def test_every_link_has_one_arc_per_direction_and_gauge(network):
    links = network.arcs[network.arcs["kind"] == "link"]
    made = Counter(zip(links["link_id"], links["from_place_id"], links["to_place_id"], strict=True))
    promised = Counter()
    for link_id, row in read("links").items():
        gauges = max(1, len([g for g in row["gauge_mm"].split(";") if g.strip()]))
        ends = row["from_place_id"], row["to_place_id"]
        promised[(link_id, *ends)] += gauges
        if row["direction"] == "both":
            promised[(link_id, *ends[::-1])] += gauges
    assert made == promised


def test_parallel_gauges_of_a_link_lie_on_different_layers(network):
    arcs = network.arcs[(network.arcs["link_id"] == "CN_AKL-KZ_DOS-rail") & (network.arcs["kind"] == "link")]
    tails = {
        (place, network.nodes.at[node, "layer"])
        for place, node in zip(arcs["from_place_id"], arcs["tail"], strict=True)
    }
    assert tails == {(place, f"rail:{gauge}") for place in ("CN_AKL", "KZ_DOS") for gauge in (1435, 1520)}


def test_a_forward_link_cannot_be_used_backwards(network):
    forward = [link_id for link_id, row in read("links").items() if row["direction"] == "forward"]
    links = network.arcs[(network.arcs["kind"] == "link") & network.arcs["link_id"].isin(forward)]
    begins = network.tables.links["from_place_id"]
    assert len(forward) > 10 and set(links["link_id"]) == set(forward)
    assert (links["from_place_id"] == links["link_id"].map(begins)).all()


def test_the_back_haul_by_sea_costs_less_than_the_head_haul(network):
    fees = network.arcs[network.arcs["kind"] == "link"].groupby("link_id")["tariff_usd_per_teu"].first()
    assert fees["SG_SIN-CN_SHA-sea"] < fees["CN_SHA-SG_SIN-sea"]


def test_a_link_takes_its_own_speed_before_that_of_its_rate(tables):
    links = tables.links.copy()
    links.loc["CN_LYG-CN_CGO-rail", ["speed_kmh", "speed_grade"]] = [11.0, "B"]
    links.at["CN_LYG-CN_CGO-rail", "speed_source_id"] = ("EST",)
    arcs = networks.build(replace(tables, links=links)).arcs
    hours = arcs[(arcs["link_id"] == "CN_LYG-CN_CGO-rail") & (arcs["kind"] == "link")]["hours"]
    assert hours.tolist() == pytest.approx([572 / 11] * 2)


def test_a_planned_link_opens_in_its_year_and_an_existing_one_is_open(network):
    rows = read("links")
    links = network.arcs[network.arcs["kind"] == "link"]
    for link_id, opens in links.groupby("link_id")["opens_year"].first().items():
        row = rows[link_id]
        dated = float(row["opens_year"]) if row["opens_year"] else math.inf
        assert opens == (-math.inf if row["status"] == "existing" else dated), link_id


def test_countries_that_a_link_passes_stand_on_its_arcs(network):
    arcs = network.arcs[(network.arcs["link_id"] == "XZ_BER-XZ_KAR-sea") & (network.arcs["kind"] == "link")]
    assert len(arcs) and set(arcs["via_country_ids"]) == {("RU",)}
    assert set(arcs["season"]) == {"7-10"}


# ---- values


@pytest.mark.parametrize("column", ["km", "hours", "spread_h", "tariff_usd_per_teu", "kgco2e_per_t"])
def test_no_arc_has_a_missing_or_negative_figure(network, column):
    values = network.arcs[column].to_numpy(dtype=float)
    assert np.isfinite(values).all() and (values >= 0).all()


def test_every_link_takes_time_and_has_a_length(network):
    links = network.arcs[network.arcs["kind"] == "link"]
    assert (links[["km", "hours", "kgco2e_per_t"]] > 0).all(axis=None)


def test_every_arc_is_graded_sourced_and_names_known_things(network):
    arcs, tables = network.arcs, network.tables
    assert set(arcs["kind"]) <= {"link", "border", "gauge_change", "load", "unload", "wait", "passage"}
    assert set(arcs["grade"]) <= {"A", "B", "C", "EST"}
    assert ((arcs["estimates"] >= 0) & (arcs["estimates"] <= arcs["figures"]) & (arcs["figures"] > 0)).all()
    assert ((arcs["estimates"] > 0) == (arcs["grade"] == "EST")).all()
    assert set().union(*arcs["source_ids"]) <= set(tables.sources.index) and arcs["source_ids"].map(len).all()
    assert {*arcs["from_place_id"], *arcs["to_place_id"]} <= set(tables.places.index)
    assert set(arcs["link_id"]) - {""} <= set(tables.links.index)
    assert not arcs["mode"].isna().any() and (arcs["mode"] != "").all()


def test_an_arc_lies_between_nodes_of_its_places(network):
    place = network.nodes["place_id"]
    assert (place.loc[network.arcs["tail"]].to_numpy() == network.arcs["from_place_id"].to_numpy()).all()
    assert (place.loc[network.arcs["head"]].to_numpy() == network.arcs["to_place_id"].to_numpy()).all()
    assert not network.nodes.duplicated().any()
    stays = network.arcs["kind"] != "link"
    assert ((network.arcs["from_place_id"] == network.arcs["to_place_id"]) == stays).all()


# ---- borders


def test_borders_have_the_hours_and_fees_of_the_table_in_both_directions(network):
    rows = read("borders")
    arcs = network.arcs[network.arcs["kind"] == "border"]
    assert set(arcs["stop_id"]) == set(rows)
    for arc in arcs.itertuples():
        row = rows[arc.stop_id]
        assert (arc.to_place_id, arc.mode) == (row["to_place_id"], row["mode"])
        promised = [float(row[c]) for c in ("hours", "spread_h", "fee_usd_per_teu")]
        assert [arc.hours, arc.spread_h, arc.tariff_usd_per_teu] == promised, arc.stop_id
    assert {
        f"{b}>{a}-{m}" for a, b, m in ((r["from_place_id"], r["to_place_id"], r["mode"]) for r in rows.values())
    } == set(rows)


@pytest.mark.parametrize(("chinese", "kazakh"), [("CN_AKL", "KZ_DOS"), ("CN_HRG", "KZ_ALK"), ("CN_TAC", "KZ_BAK")])
def test_the_border_of_china_and_kazakhstan_is_not_the_same_both_ways(network, chinese, kazakh):
    arcs = network.arcs[network.arcs["kind"] == "border"].drop_duplicates("stop_id").set_index("stop_id")
    west, east = arcs.loc[f"{chinese}>{kazakh}-rail"], arcs.loc[f"{kazakh}>{chinese}-rail"]
    assert west["hours"] > 2 * east["hours"]
    assert west["tariff_usd_per_teu"] != east["tariff_usd_per_teu"]


def test_nobody_enters_by_a_link_with_a_border_and_leaves_it_out(network):
    rows = network.tables.borders
    links = network.arcs[network.arcs["kind"] == "link"]
    keys = links["from_place_id"] + ">" + links["to_place_id"] + "-" + links["mode"]
    crossing = links[keys.isin(rows.index)]
    after = network.arcs.groupby("tail")["kind"].agg(list)
    assert len(crossing) == (network.arcs["kind"] == "border").sum()
    assert after.loc[crossing["head"]].map(lambda found: found == ["border"]).all()


# ---- places passed


def test_a_through_train_pays_nothing_at_junctions_and_terminals(network):
    """A rail path A-B-C is two link arcs, whatever B is."""
    rail = network.arcs[(network.arcs["kind"] == "link") & (network.arcs["mode"] == "rail")]
    plain = rail[network.nodes["layer"].loc[rail["head"]].str.startswith("rail:").to_numpy()]
    terminal = network.tables.places["kind"].isin(["port", "dry_port", "rail_terminal"])
    into = plain[terminal.loc[plain["to_place_id"]].to_numpy()]
    onward = into.merge(plain, left_on="head", right_on="tail")
    onward = onward[onward["from_place_id_x"] != onward["to_place_id_y"]]
    assert onward["to_place_id_x"].nunique() > 30


def test_a_path_over_a_terminal_has_only_link_arcs(network):
    assert network.tables.places.at["CN_CGO", "kind"] == "rail_terminal"
    (route,) = between(network, "CN_LYG", "CN_XIA", network.arcs["mode"] == "rail", layer="rail:1435")
    assert "CN_CGO" in set(route["to_place_id"])
    assert set(route["kind"]) == {"link"} and route["tariff_usd_per_teu"].sum() == pytest.approx(
        0.2 * route["km"].sum()
    )


@pytest.mark.parametrize(
    ("origin", "destination"),
    [("CN_XIA", "KZ_ALA"), ("KZ_ALA", "CN_XIA"), ("CN_URC", "KZ_AKU"), ("KZ_AKU", "CN_URC"), ("CN_CKG", "KZ_DOS")],
)
def test_the_gauge_is_changed_and_paid_once_between_china_and_kazakhstan(network, origin, destination):
    home = network.tables.places["country_id"].isin(["CN", "KZ"])
    inside = home.loc[network.arcs["from_place_id"]].to_numpy() & home.loc[network.arcs["to_place_id"]].to_numpy()
    layers = {layer for place, layer in network.node_number if place == destination}
    to_rail = "rail:1520" if destination.startswith("KZ") else "rail:1435"
    assert to_rail in layers
    source = network.node_number[origin, "rail:1435" if origin.startswith("CN") else "rail:1520"]
    through = ~network.arcs["kind"].isin(["load", "unload"])  # a yard may reload between gauges too
    rail = inside & (through & (network.arcs["mode"] == "rail")).to_numpy()
    paths = k_shortest_paths(priced(network), source, network.node_number[destination, to_rail], 8, allowed=rail)
    assert len(paths) == 8
    fee = {"KZ_DOS": 219, "KZ_ALK": 219, "CN_AKL": 84, "CN_HRG": 84, "CN_TAC": 80}
    for path in paths["path"]:
        changes = network.arcs.loc[path].query("kind == 'gauge_change'")
        assert changes["tariff_usd_per_teu"].tolist() == [fee[p] for p in changes["to_place_id"]]
        assert len(changes) == 1


def test_reloading_at_the_border_is_not_paid_on_both_sides(network):
    changes = network.arcs[network.arcs["kind"] == "gauge_change"]
    ways = {(p, network.nodes.at[h, "layer"]) for p, h in zip(changes["to_place_id"], changes["head"], strict=True)}
    assert ("KZ_DOS", "rail:1520") in ways and ("CN_AKL", "rail:1435") in ways
    assert ("KZ_DOS", "rail:1435") not in ways and ("CN_AKL", "rail:1520") not in ways


@pytest.mark.parametrize(("origin", "destination"), [("CN_SHA", "NL_RTM"), ("NL_RTM", "CN_SHA"), ("SG_SIN", "TR_AMB")])
def test_ships_pay_the_suez_passage_once(network, origin, destination):
    at_sea = (network.arcs["mode"] == "sea") & ~network.arcs["to_place_id"].isin(["XZ_COG", "XZ_BER"])
    for route in between(network, origin, destination, at_sea, k=3):
        passed = route[route["kind"] == "passage"]
        assert passed["stop_id"].tolist() == ["EG_SUZ-passage-sea"]
        assert passed[["hours", "tariff_usd_per_teu"]].to_numpy().tolist() == [[16.0, 42.0]]


def test_cargo_is_not_loaded_in_a_strait(network):
    straits = network.tables.places.index[network.tables.places["kind"] == "strait"]
    there = network.arcs[network.arcs["from_place_id"].isin(straits) & network.arcs["to_place_id"].isin(straits)]
    assert set(there["kind"]) == {"link", "passage"} and len(straits) >= 4


# ---- ships by timetable


def test_cargo_waits_half_the_time_between_sailings(network):
    rows = read("links")
    waits = network.arcs[network.arcs["kind"] == "wait"]
    served = {link_id for link_id, row in rows.items() if row["mode"] in ("feeder", "ferry")}
    assert set(waits["link_id"]) == served and len(waits) == 2 * len(served)
    for wait in waits.itertuples():
        headway = 7 * 24 / float(rows[wait.link_id]["sailings_per_week"])
        assert wait.hours == pytest.approx(headway / 2)
        assert wait.spread_h == pytest.approx(headway / math.sqrt(12))
        assert (wait.km, wait.tariff_usd_per_teu, wait.kgco2e_per_t) == (0, 0, 0)


def test_cargo_lands_between_two_ships(network):
    """From Turkmenbashi over Aktau to Alat by feeder: unloaded, loaded and waited for again."""
    arcs = network.arcs
    afloat = arcs["mode"].isin(["feeder", "ferry"]) & ~arcs["link_id"].str.startswith("TM_TKB-AZ_ALT")
    (route,) = between(network, "TM_TKB", "AZ_ALT", afloat)
    voyages = kinds(route)["link"]
    assert voyages >= 2
    assert kinds(route) == {"link": voyages, "wait": voyages, "load": voyages, "unload": voyages}
    order = "".join({"load": "l", "wait": "w", "link": "s", "unload": "u"}[kind] for kind in route["kind"])
    assert order == "lwsu" * voyages


def test_no_ship_is_boarded_without_waiting(network):
    links = network.arcs[(network.arcs["kind"] == "link") & network.arcs["mode"].isin(networks.supernetwork.SERVICES)]
    before = network.arcs.groupby("head")["kind"].agg(set)
    after = network.arcs.groupby("tail")["kind"].agg(set)
    assert before.loc[links["tail"]].map(lambda found: found == {"wait"}).all()
    landed = after.reindex(links["head"]).dropna()
    assert landed.map(lambda found: found <= {"unload", "border"}).all() and len(landed) == len(links)


# ---- where cargo starts and ends


def test_cargo_starts_on_the_ground_with_handling_and_on_board_without(network):
    starts, finishes = network.ends("CN_XIA", handling=True)
    layer = network.nodes["layer"]
    assert [layer[s] for s in starts] == [layer[f] for f in finishes] == ["yard"]
    on_board, _ = network.ends("KZ_AKU", handling=False)
    assert {layer[s] for s in on_board} >= {"rail:1520", "dock:feeder", "dock:ferry"} and "yard" not in set(
        layer[on_board]
    )
    _, landed = network.ends("KZ_AKU", handling=False)
    assert {layer[s] for s in landed} >= {"rail:1520", "landed:feeder", "landed:ferry"}


def test_modes_change_only_over_the_yard_of_a_terminal(network):
    terminal = network.tables.places["kind"].isin(["port", "dry_port", "rail_terminal"])
    yards = network.nodes[network.nodes["layer"] == "yard"]["place_id"]
    assert terminal.loc[yards].all()
    grounds = network.nodes[network.nodes["layer"].isin(["in", "out"])]
    assert not terminal.loc[grounds["place_id"]].any()
    leaves = set(network.arcs["tail"])
    assert not leaves & set(grounds.index[grounds["layer"] == "in"])


# ---- totals by hand

URUMQI_POTI = [
    ("rail_terminal-load-rail", "stop"),
    ("CN_URC-CN_JHE-rail", "link"),
    ("CN_JHE-CN_AKL-rail", "link"),
    ("CN_AKL-KZ_DOS-rail", "link"),
    ("CN_AKL>KZ_DOS-rail", "border"),
    ("KZ_DOS-gauge_change-rail-1435-1520", "stop"),
    ("KZ_DOS-KZ_AKT-rail", "link"),
    ("KZ_AKT-KZ_MOI-rail", "link"),
    ("KZ_MOI-KZ_ZHR-rail", "link"),
    ("KZ_ZHR-KZ_KZZ-rail", "link"),
    ("KZ_KZZ-KZ_ZHE-rail", "link"),
    ("KZ_ZHE-KZ_SAK-rail", "link"),
    ("KZ_SHA-KZ_SAK-rail", "link"),
    ("KZ_SHA-KZ_BEY-rail", "link"),
    ("KZ_BEY-KZ_MAN-rail", "link"),
    ("KZ_MAN-KZ_AKU-rail", "link"),
    ("port-unload-rail", "stop"),
    ("KZ_AKU-load-feeder", "stop"),
    ("KZ_AKU-AZ_ALT-feeder", "wait"),
    ("KZ_AKU-AZ_ALT-feeder", "link"),
    ("AZ_ALT-unload-feeder", "stop"),
    ("port-load-rail", "stop"),
    ("AZ_ALT-AZ_HJG-rail", "link"),
    ("AZ_HJG-AZ_UJR-rail", "link"),
    ("AZ_UJR-AZ_YEV-rail", "link"),
    ("AZ_YEV-AZ_GAN-rail", "link"),
    ("AZ_GAN-AZ_BKK-rail", "link"),
    ("AZ_BKK-GE_GAR-rail", "link"),
    ("AZ_BKK>GE_GAR-rail", "border"),
    ("GE_GAR-GE_TBS-rail", "link"),
    ("GE_TBS-GE_KHA-rail", "link"),
    ("GE_KHA-GE_ZES-rail", "link"),
    ("GE_ZES-GE_SAM-rail", "link"),
    ("GE_SAM-GE_PTI-rail", "link"),
    ("port-unload-rail", "stop"),
]


def by_hand(step, kind, tables):
    """Return km, hours, USD/TEU, kg/t and variance of one step, from the text of the tables alone."""
    if kind in ("stop", "border"):
        row = tables["stops" if kind == "stop" else "borders"][step]
        return 0.0, float(row["hours"]), float(row["fee_usd_per_teu"]), 0.0, float(row["spread_h"]) ** 2
    link = tables["links"][step]
    if kind == "wait":
        headway = 168 / float(link["sailings_per_week"])
        return 0.0, headway / 2, 0.0, 0.0, headway**2 / 12
    rate = tables["rates"][link["rate_id"]]
    km = float(link["length_km"])
    gram = rate["gco2e_per_tkm_electric"] if link["electrified"] == "yes" else ""
    return (
        km,
        km / float(link["speed_kmh"] or rate["speed_kmh"]),
        float(rate["tariff_fixed_usd_per_teu"]) + km * float(rate["tariff_usd_per_teu_km"]),
        km * float(gram or rate["gco2e_per_tkm"]) / 1000,
        float(rate["spread_h_at_1000km"]) ** 2 * km / 1000,
    )


def test_totals_of_a_path_equal_those_by_hand(network):
    """Urumqi to Poti over Dostyk, Aktau and Alat, summed from the text of the CSV tables."""
    text = {name: read(name) for name in ("links", "rates", "stops", "borders")}
    promised = np.sum([by_hand(step, kind, text) for step, kind in URUMQI_POTI], axis=0)
    ids = network.arcs["link_id"].where(network.arcs["kind"].isin(["link", "wait"]), network.arcs["stop_id"])
    grouped = network.arcs["kind"].where(network.arcs["kind"].isin(["link", "wait", "border"]), "stop")
    node, found = network.node_number["CN_URC", "yard"], []
    for number, (step, kind) in enumerate(URUMQI_POTI):
        arc = network.arcs[(network.arcs["tail"] == node) & (ids == step) & (grouped == kind)]
        assert len(arc) == 1, f"step {number}: {step}"
        found.append(arc)
        node = int(arc["head"].iloc[0])
    assert node == network.node_number["GE_PTI", "yard"]
    arcs = pd.concat(found)
    modelled = [*arcs[TOTALS].sum(), (arcs["spread_h"] ** 2).sum()]
    assert modelled == pytest.approx(promised, rel=1e-9)


# ---- order of rows

PAIRS = [("CN_XIA", "DE_DUI"), ("DE_DUI", "CN_XIA"), ("CN_SHA", "NL_RTM"), ("IN_NSA", "RU_LED"), ("UZ_TAS", "TR_MER")]


def cheapest(network):
    arcs = priced(network)
    graph = Graph.from_arcs(arcs[arcs["opens_year"] == -np.inf])
    number = network.node_number
    return [shortest_paths(graph, number[a, "yard"], number[b, "yard"])["cost"].iloc[0] for a, b in PAIRS]


@given(order=st.randoms(use_true_random=False))
@example(order=None)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_in_links_does_not_matter(tables, network, order):
    numbers = list(range(len(tables.links)))[::-1]
    if order is not None:
        order.shuffle(numbers)
    turned = networks.build(replace(tables, links=tables.links.iloc[numbers]))
    assert len(turned.arcs) == len(network.arcs)
    assert cheapest(turned) == pytest.approx(cheapest(network), rel=1e-12)


# ---- capacity


def capacities(network, link_id):
    """Return group to (TEU a year, grade, directions, arcs) of one link."""
    arcs = network.arcs[(network.arcs["kind"] == "link") & (network.arcs["link_id"] == link_id)]
    return {
        group: (
            part["capacity_teu_per_year"].iloc[0],
            part["capacity_grade"].iloc[0],
            part["to_place_id"].nunique(),
            len(part),
        )
        for group, part in arcs.groupby("capacity_group")
    }


def with_link(tables, **changes):
    """Return the network with other figures for one link of two gauges."""
    links = tables.links.copy()
    for column, value in changes.items():
        links.at["CN_AKL-KZ_DOS-rail", column] = value
    return networks.build(replace(tables, links=links))


@pytest.mark.parametrize(
    ("unit", "per_unit"),
    [
        ("TEU/yr", 1),
        ("Mt/yr", 1e6 / 14),
        ("trains/d", 107 * 365),
        ("trains/yr", 107),
        ("trucks/d", 1.43 * 365),
        ("trucks/yr", 1.43),
    ],
)
def test_a_line_has_one_capacity_for_both_directions_and_all_gauges(tables, unit, per_unit):
    network = with_link(tables, capacity=20.0, capacity_unit=unit, capacity_grade="B")
    grade = "B" if unit == "TEU/yr" else "EST"
    group = capacities(network, "CN_AKL-KZ_DOS-rail")
    assert group == {"CN_AKL-KZ_DOS-rail": (pytest.approx(20 * per_unit), grade, 2, 4)}


def test_of_a_train_pair_each_direction_has_one_train(tables):
    network = with_link(tables, capacity=20.0, capacity_unit="train pairs/d", capacity_grade="A")
    one_way = (pytest.approx(20 * 107 * 365), "EST", 1, 2)
    assert capacities(network, "CN_AKL-KZ_DOS-rail") == {
        "CN_AKL-KZ_DOS-rail>KZ_DOS": one_way,
        "CN_AKL-KZ_DOS-rail>CN_AKL": one_way,
    }


def test_a_capacity_without_a_grade_counts_as_an_estimate(tables):
    network = with_link(tables, capacity=20.0, capacity_unit="TEU/yr", capacity_grade="")
    assert capacities(network, "CN_AKL-KZ_DOS-rail")["CN_AKL-KZ_DOS-rail"][1] == "EST"


@pytest.mark.parametrize("unit", ["", "vessels/d"])
def test_a_capacity_in_no_known_unit_is_an_error(tables, unit):
    with pytest.raises(networks.DataError, match=f"CN_AKL-KZ_DOS-rail: got '20 ?{unit}', expected a unit of"):
        with_link(tables, capacity=20.0, capacity_unit=unit)


def test_every_capacity_of_a_link_is_on_its_arcs_and_no_other(network):
    rows = read("links")
    known = {link_id for link_id, row in rows.items() if row["capacity"]}
    links = network.arcs[network.arcs["kind"] == "link"]
    finite = np.isfinite(links["capacity_teu_per_year"])
    assert set(links.loc[finite, "link_id"]) == known and len(known) > 40
    assert (finite == (links["capacity_group"] != "")).all() and (finite == (links["capacity_grade"] != "")).all()
    caspian = capacities(network, "KZ_AKU-AZ_ALT-feeder")
    assert caspian == {"KZ_AKU-AZ_ALT-feeder": (89_000, "B", 2, 2)}


def test_a_port_limits_what_its_ships_load_and_unload(network):
    arcs = network.arcs[network.arcs["capacity_group"] == "AZ_ALT"]
    assert set(arcs["kind"]) == {"load", "unload"} and set(arcs["mode"]) == {"feeder"}, "boxes are lifted, ferries roll"
    assert set(arcs["capacity_teu_per_year"]) == {150_000} and set(arcs["capacity_grade"]) == {"B"}
    by_weight = network.arcs[network.arcs["capacity_group"] == "KZ_AKU"]
    assert set(by_weight["mode"]) == {"feeder", "ferry"}
    assert set(by_weight["capacity_teu_per_year"]) == {11e6 / 14}


def test_all_arcs_of_a_group_tell_the_same_capacity(network):
    told = network.arcs[["capacity_group", "capacity_teu_per_year", "capacity_grade"]].drop_duplicates()
    assert told["capacity_group"].is_unique


def test_capacity_does_not_change_the_grade_of_a_route(tables, network):
    plain = with_link(tables, capacity=np.nan)
    for column in ("grade", "estimates", "figures", "source_ids"):
        assert plain.arcs[column].tolist() == network.arcs[column].tolist()
