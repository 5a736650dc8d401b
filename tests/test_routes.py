"""Routes keep their promises: steps, what is avoided, optimality, money, time and words."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import groupby, pairwise
from unittest.mock import patch

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, vstack

import corridors
from corridors import finder, load_catalogue, route_checks
from corridors.catalogue import Filters
from corridors.search import gateways
from networks import DataError, PlaceError, generalised_cost, goods_prices
from solvers import k_shortest_paths

PAIRS = [
    ("CN_XIA", "DE_DUI"),
    ("DE_DUI", "CN_XIA"),
    ("IN_NSA", "RU_MOW"),
    ("RU_LED", "IN_NSA"),
    ("CN_SHA", "NL_RTM"),
    ("UZ_TAS", "TR_MER"),
    ("CN_CTU", "RO_CND"),
    ("UZ_TAS", "AZ_BAK"),
    ("RU_MOW", "IR_THR"),
]
MODES = ["rail", "road", "sea", "feeder", "ferry", "inland"]
LATE = 2040


def visited(arcs):
    """Return the places of a route in order, each stay once."""
    order = [arcs["from_place_id"].iloc[0]]
    order += [place for place in arcs["to_place_id"] if place != order[-1]]
    return [place for i, place in enumerate(order) if i == 0 or place != order[i - 1]]


def steps_of(comparison, corridor):
    """Return the steps of a corridor as sets of places, in the direction of the comparison."""
    tables = comparison.network.tables
    filters = Filters(comparison.network)
    steps = [filters.places(step) for step in corridor.via]
    home = tables.places["country_id"]
    one, other = (filters.countries(side) for side in corridor.between)
    ends = home[comparison.origin], home[comparison.destination]
    return steps if ends[0] in one and ends[1] in other else steps[::-1]


def routes_of(comparison):
    return [(corridor, route) for corridor, found in comparison.found.values() for route in found]


# ---- what a route is


@pytest.mark.parametrize(("origin", "destination"), PAIRS)
def test_routes_pass_their_steps_in_order_and_keep_clear(compare, network, origin, destination):
    """Every corridor, three alternatives each, with all projects open."""
    comparison = compare(origin, destination, k=3, year=LATE)
    home = network.tables.places["country_id"]
    assert routes_of(comparison)
    for corridor, route in routes_of(comparison):
        arcs = comparison.network.arcs.iloc[list(route)]
        places = visited(arcs)
        at = 0
        for step in steps_of(comparison, corridor):
            at = next((i for i in range(at, len(places)) if places[i] in step), None)
            assert at is not None, f"{corridor.corridor_id}: {step} not in {places}"
        groups = Filters(comparison.network).groups
        for word in corridor.avoid:
            banned = groups.get(word, frozenset())
            assert not banned & set(home[places]), corridor.corridor_id
            assert not banned & {c for ids in arcs["via_country_ids"] for c in ids}, corridor.corridor_id
            assert word not in set(arcs["mode"])


@pytest.mark.parametrize(("origin", "destination"), PAIRS)
def test_a_route_joins_the_ends_and_visits_no_place_twice(compare, origin, destination):
    comparison = compare(origin, destination, k=3, year=LATE)
    for corridor, route in routes_of(comparison):
        arcs = comparison.network.arcs.iloc[list(route)]
        assert (arcs["head"].to_numpy()[:-1] == arcs["tail"].to_numpy()[1:]).all()
        places = visited(arcs)
        assert (places[0], places[-1]) == (origin, destination)
        assert len(set(places)) == len(places), corridor.corridor_id
        assert (arcs["kind"].iloc[0], arcs["kind"].iloc[-1]) == ("load", "unload")


def test_every_corridor_of_the_catalogue_has_a_route_for_some_pair(compare):
    found = set()
    for pair in PAIRS:
        found |= {corridor.corridor_id for corridor, _ in routes_of(compare(*pair, k=3, year=LATE))}
    assert found == set(load_catalogue())


@pytest.mark.parametrize(("origin", "destination"), PAIRS)
def test_alternatives_cost_no_less_and_differ_in_gateways(compare, origin, destination):
    comparison = compare(origin, destination, k=3, year=LATE)
    table = comparison.table()
    for _, part in table[table["rank"].notna()].groupby("corridor_id"):
        assert part["rank"].tolist() == [1, 2, 3][: len(part)]
        assert all(a <= b + 1e-9 for a, b in pairwise(part["cost_usd_per_teu"]))
    for corridor, found in comparison.found.values():
        assert len({gateways(comparison.network, route) for route in found}) == len(found), corridor.corridor_id


def test_the_first_of_three_is_the_one_route(compare):
    one, three = (compare("CN_XIA", "DE_DUI", k=k, year=LATE) for k in (1, 3))
    assert {c: found[:1] for c, (_, found) in three.found.items()} == {c: found for c, (_, found) in one.found.items()}


# ---- what is avoided

words = st.one_of(
    st.sampled_from(["RU", "IR", "KZ", "AZ", "TM", "EU", "EAEU", "Schengen", "EG"]),
    st.sampled_from(MODES),
    st.sampled_from(["KZ_DOS", "KZ_AKU", "TR_KAR", "EG_SUZ", "PL_MAL", "SG_SIN", "GE_PTI"]),
    st.sampled_from(["CN_AKL-KZ_DOS-rail", "KZ_AKU-AZ_ALT-feeder", "BY_BRE-PL_MAL-rail", "XZ_BAM-EG_SUZ-sea"]),
)


@given(
    pair=st.sampled_from(PAIRS),
    avoid=st.lists(words, min_size=1, max_size=3, unique=True),
    year=st.sampled_from([2026, 2030]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_route_uses_what_is_avoided(tables, network, pair, avoid, year):
    with patch.object(finder, "load_tables", lambda _: tables), patch.object(finder, "build", lambda _: network):
        comparison = corridors.compare_routes(*pair, avoid=avoid, year=year)
    groups = Filters(network).groups
    home = tables.places["country_id"]
    for _, route in routes_of(comparison):
        arcs = network.arcs.iloc[list(route)]
        places = {*arcs["from_place_id"], *arcs["to_place_id"]}
        passed = {*home[list(places)], *(c for ids in arcs["via_country_ids"] for c in ids)}
        for word in avoid:
            assert word not in places
            assert word not in set(arcs["mode"])
            assert word not in set(arcs["link_id"])
            assert not groups.get(word, frozenset()) & passed
        assert (arcs["opens_year"] <= year).all()
    table = comparison.table()
    closed = table[table["rank"].isna()]
    assert set(closed["corridor_id"]) == {c for c, (_, found) in comparison.found.items() if not found}
    assert closed["status"].map(bool).all()
    assert closed["status"].str.contains("closed: needs|not open before|no opening date|no route").all()
    assert closed[["km", "days_p50", "tariff_usd_per_teu", "cost_usd_per_teu"]].isna().all(axis=None)
    assert (table.loc[table["rank"].notna(), "cost_usd_per_teu"] > 0).all()


def test_a_closed_corridor_says_what_it_needs(compare):
    comparison = compare("CN_XIA", "DE_DUI", avoid=("RU", "Suez Canal"))
    assert comparison.reasons["northern-kazakhstan"] == "closed: needs RU"
    assert comparison.reasons["sea-suez"] == "closed: needs Suez Canal"
    assert comparison.reasons["northern-sea-route"] == "closed: needs RU"
    assert "middle-aktau-kars" not in comparison.reasons
    table = comparison.table()
    assert table["rank"].notna().tolist() == sorted(table["rank"].notna(), reverse=True)


def test_avoiding_can_only_make_a_corridor_dearer(compare):
    free, bound = compare("CN_XIA", "DE_DUI"), compare("CN_XIA", "DE_DUI", avoid=("KZ_DOS", "AT"))
    cost = [c.table().set_index("corridor_id")["cost_usd_per_teu"] for c in (free, bound)]
    assert (cost[1] - cost[0]).dropna().ge(-1e-9).all()
    assert cost[1]["northern-kazakhstan"] > cost[0]["northern-kazakhstan"]


# ---- the best is the best


def allowed_arcs(comparison, corridor):
    """Return arcs open to a corridor, worked out row by row from the words of the catalogue."""
    network = comparison.network
    countries, places = network.tables.countries, network.tables.places
    arcs = network.arcs[network.arcs["opens_year"] <= comparison.year]
    names = Filters(network).names
    for word in corridor.avoid:
        if word in MODES:
            arcs = arcs[arcs["mode"] != word]
            continue
        members = {c for c in countries.index if word == c or word in countries.at[c, "groups"]}
        banned = set(places.index[places["country_id"].isin(members)]) if members else {names.find(word)}
        ends = arcs["from_place_id"].isin(banned) | arcs["to_place_id"].isin(banned)
        arcs = arcs[~ends & arcs["via_country_ids"].map(lambda ids, m=members: not m & set(ids))]
    return arcs


def layered(comparison, corridor):
    """Return a networkx graph of (node, steps passed) from "start" to "end", its arcs being keyed by number."""
    network = comparison.network
    steps = steps_of(comparison, corridor)
    place = network.nodes["place_id"].tolist()
    cost = comparison.arc_costs["cost_usd_per_teu"]

    def entered(node, passed):
        while passed < len(steps) and place[node] in steps[passed]:
            passed += 1
        return node, passed

    graph = nx.MultiDiGraph()
    starts, _ = network.ends(comparison.origin, handling=True)
    _, finishes = network.ends(comparison.destination, handling=True)
    for node in starts:
        graph.add_edge("start", entered(node, 0), key=-1, weight=0.0)
    for node in finishes:
        graph.add_edge((node, len(steps)), "end", key=-1, weight=0.0)
    for arc in allowed_arcs(comparison, corridor).itertuples():
        for passed in range(len(steps) + 1):
            graph.add_edge((arc.tail, passed), entered(arc.head, passed), key=arc.Index, weight=cost[arc.Index])
    return graph


def simple_optimum(comparison, corridor, graph, limit):
    """Return the cost of the best route that enters no place twice, by integer programming.

    Only arcs on some walk that costs no more than `limit` are kept: a better route has no others.
    """
    ahead = nx.single_source_dijkstra_path_length(graph, "start")
    behind = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), "end")
    kept = [
        (u, v, key, w)
        for u, v, key, w in graph.edges(keys=True, data="weight")
        if ahead.get(u, math.inf) + w + behind.get(v, math.inf) <= limit + 1e-6
    ]
    number = {node: i for i, node in enumerate({n: None for u, v, *_ in kept for n in (u, v)})}
    columns = np.arange(len(kept))
    balance = coo_array(
        (
            np.concatenate([np.ones(len(kept)), -np.ones(len(kept))]),
            ([number[u] for u, *_ in kept] + [number[v] for _, v, *_ in kept], np.concatenate([columns, columns])),
        ),
        shape=(len(number), len(kept)),
    )
    need = np.zeros(len(number))
    need[number["start"]], need[number["end"]] = 1, -1
    arcs = comparison.network.arcs
    places = {p: i for i, p in enumerate(comparison.network.tables.places.index)}
    moves = [i for i, (_, _, key, _) in enumerate(kept) if key >= 0 and arcs.at[key, "kind"] == "link"]
    entering = [places[arcs.at[kept[i][2], "to_place_id"]] for i in moves]
    enters = coo_array((np.ones(len(moves)), (entering, moves)), shape=(len(places), len(kept)))
    most = np.ones(len(places))
    most[places[comparison.origin]] = 0
    weights = np.array([w for *_, w in kept])
    solved = milp(
        weights,
        integrality=np.ones(len(kept)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            vstack([balance, enters]).tocsr(),
            np.concatenate([need, np.zeros(len(places))]),
            np.concatenate([need, most]),
        ),
        options={"mip_rel_gap": 0},
    )
    assert solved.success, corridor.corridor_id
    return solved.fun


@pytest.mark.parametrize(("origin", "destination"), PAIRS)
def test_the_best_route_of_every_corridor_is_the_cheapest(compare, origin, destination):
    """No walk is cheaper (networkx), or else no route that enters each place once is (integer programming)."""
    comparison = compare(origin, destination, k=3, year=LATE)
    for corridor, found in comparison.found.values():
        if not found:
            continue
        claimed = comparison.arc_costs["cost_usd_per_teu"].iloc[list(found[0])].sum()
        graph = layered(comparison, corridor)
        best = nx.dijkstra_path_length(graph, "start", "end")
        if best < claimed - 1e-6:
            best = simple_optimum(comparison, corridor, graph, claimed)
        assert claimed == pytest.approx(best, rel=1e-9), corridor.corridor_id


def test_a_corridor_without_steps_to_pass_is_the_shortest_path(network, tables, tmp_path):
    """The only step is the country of the origin, which every route passes; no place is entered twice."""
    path = tmp_path / "any.yaml"
    path.write_text("any:\n  title: Any way\n  via: [CN]\n  between: [[CN], [Europe, RU]]\n", encoding="utf-8")
    cost = generalised_cost(network.arcs, goods_prices(tables))["cost_usd_per_teu"]
    arcs = network.arcs[network.arcs["opens_year"] <= tables.parameter("base_year")].assign(cost=cost)
    cheapest = arcs.sort_values("cost").drop_duplicates(["tail", "head"])
    for origin, destination in (("CN_XIA", "DE_DUI"), ("CN_SHA", "NL_RTM"), ("CN_URC", "RU_OVB"), ("CN_CTU", "RU_MOW")):
        for handling in (True, False):
            starts, _ = network.ends(origin, handling=handling)
            _, finishes = network.ends(destination, handling=handling)
            graph = nx.DiGraph()
            graph.add_weighted_edges_from(("start", node, 0.0) for node in starts)
            graph.add_weighted_edges_from((node, "end", 0.0) for node in finishes)
            graph.add_weighted_edges_from(cheapest[["tail", "head", "cost"]].itertuples(index=False))
            for path_of_nodes in nx.shortest_simple_paths(graph, "start", "end", weight="weight"):
                stays = [place for place, _ in groupby(network.nodes["place_id"].loc[path_of_nodes[1:-1]])]
                if len(stays) == len(set(stays)):
                    break
            best = nx.path_weight(graph, path_of_nodes, "weight")
            table = corridors.routes(
                origin, destination, corridors=["any", "sea-suez"], catalogue=path, handling=handling
            )
            claimed = table.set_index("corridor_id").at["any", "cost_usd_per_teu"]
            assert claimed == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (("CN_XIA", "yard"), ("DE_DUI", "yard")),
        (("DE_DUI", "yard"), ("CN_XIA", "yard")),
        (("KZ_DOS", "rail:1520"), ("BY_BRE", "rail:1520")),
        (("CN_SHA", "yard"), ("NL_RTM", "yard")),
        (("IN_NSA", "yard"), ("RU_MOW", "yard")),
    ],
)
def test_k_shortest_paths_on_the_network_equal_those_of_networkx(network, tables, source, target):
    cost = generalised_cost(network.arcs, goods_prices(tables))["cost_usd_per_teu"]
    arcs = network.arcs[["tail", "head"]].assign(cost=cost).groupby(["tail", "head"], as_index=False)["cost"].min()
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(arcs.itertuples(index=False))
    ends = [network.node_number[end] for end in (source, target)]
    found = k_shortest_paths(arcs, *ends, 10)
    promised = []
    for path in nx.shortest_simple_paths(graph, *ends, weight="weight"):
        promised.append(sum(graph.edges[step]["weight"] for step in pairwise(path)))
        if len(promised) == 10:
            break
    assert found["cost"].tolist() == pytest.approx(promised, rel=1e-9)


# ---- break-even


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_at_the_break_even_both_corridors_cost_the_same(compare, currency):
    comparison = compare("CN_XIA", "DE_DUI", currency=currency, carbon_price=80)
    pairs = comparison.break_even()
    value = f"break_even_{currency.lower()}_per_teu_h"
    crossing = pairs[pairs[value].notna()]
    assert len(crossing) > 5
    daily = value.replace("_teu_h", "_teu_d")
    assert crossing[daily].tolist() == pytest.approx((crossing[value] * 24).tolist())
    for row in crossing.to_dict("records"):
        for factor, order in ((1.0, 0), (0.9, -1), (1.1, 1)):
            hour = row[value] / comparison.rate * factor
            prices = replace(comparison.prices, value_of_time_usd_per_teu_h=hour)
            cheap, fast = (
                generalised_cost(comparison.arcs_of(row[side]), prices)["cost_usd_per_teu"].sum()
                for side in ("cheaper", "faster")
            )
            if order == 0:
                assert cheap == pytest.approx(fast, rel=1e-9)
            else:
                assert (cheap - fast) * order > 0


def test_every_pair_of_open_corridors_has_a_row(compare):
    comparison = compare("CN_XIA", "DE_DUI")
    n = sum(1 for _, found in comparison.found.values() if found)
    pairs = comparison.break_even()
    assert len(pairs) == n * (n - 1) // 2
    beaten = pairs[pairs.iloc[:, 2].isna()]
    assert (beaten["cheaper"] == beaten["faster"]).all() and (pairs.iloc[:, 2].dropna() >= 0).all()


def test_one_corridor_alone_has_an_answer_and_no_break_even():
    comparison = corridors.compare_routes("Xi'an", "Duisburg", corridors=["sea-suez"])
    assert comparison.break_even().empty
    assert "Sea by Suez has the lowest generalised cost" in comparison.answer
    assert "Sea by Suez" in repr(comparison) and "<table" in comparison._repr_html_()


def test_the_answer_names_the_cheapest_its_cost_and_the_rival(compare):
    comparison = compare("CN_XIA", "DE_DUI", corridors=("northern-kazakhstan", "sea-cape"))
    best = comparison.table().iloc[0]
    promised = f"{best['corridor']} has the lowest generalised cost, {best['cost_usd_per_teu']:,.0f} USD/TEU"
    assert best["corridor_id"] == "northern-kazakhstan" and promised in comparison.answer
    value = comparison.break_even()["break_even_usd_per_teu_h"].item()
    assert f"below {value:.2f} Sea by the Cape is cheaper" in comparison.answer
    turned = compare("CN_XIA", "DE_DUI", corridors=("northern-kazakhstan", "sea-cape"), value_of_time=value / 2)
    assert "Sea by the Cape has the lowest" in turned.answer
    value = turned.break_even()["break_even_usd_per_teu_h"].item()
    assert f"above {value:.2f} Northern, Dostyk/Khorgos and Russia is" in turned.answer


def test_a_winner_open_for_months_only_is_not_the_answer(compare):
    comparison = compare("CN_XIA", "DE_DUI", value_of_time=3.0, corridors=("northern-sea-route", "northern-kazakhstan"))
    table = comparison.table()
    assert table["corridor_id"].tolist() == ["northern-sea-route", "northern-kazakhstan"]
    assert "Northern, Dostyk/Khorgos and Russia has the lowest" in comparison.answer
    assert re.search(r"Northern Sea Route would cost [\d,]+, in .*months 7-10 only", comparison.answer)


def test_no_route_at_all_is_said_in_words():
    comparison = corridors.compare_routes("Xi'an", "Duisburg", avoid=["CN_XIA"], corridors=["sea-suez", "sea-cape"])
    assert comparison.answer.endswith("no corridor has a route.")
    assert comparison.break_even().empty and comparison.tcd().empty
    assert comparison.table()["status"].tolist() == ["closed: needs CN_XIA"] * 2


# ---- years


def test_2030_opens_what_2026_does_not_have(compare):
    now, later = (compare("CN_XIA", "DE_DUI", year=year) for year in (2026, 2030))
    opened = set(now.reasons) - set(later.reasons)
    assert {"china-kyrgyzstan-uzbekistan"} <= opened
    for corridor_id in opened:
        year = int(now.reasons[corridor_id].removeprefix("not open before "))
        assert 2026 < year <= 2030
        assert later.arcs_of(corridor_id)["opens_year"].max() == year
    years = now.network.arcs["opens_year"]
    for comparison in (now, later):
        assert all((years.iloc[list(route)] <= comparison.year).all() for _, route in routes_of(comparison))


def test_the_base_year_is_that_of_the_tables(compare, tables):
    assert compare("CN_XIA", "DE_DUI").year == tables.parameter("base_year")


# ---- money, goods, handling, direction


def test_euros_are_dollars_over_the_rate(compare, tables):
    usd, eur = (compare("CN_XIA", "DE_DUI", currency=c) for c in ("USD", "EUR"))
    rate = tables.parameter("usd_per_eur")
    dollars = usd.table()
    euros = eur.table().set_axis(dollars.columns, axis=1)
    money = [c for c in dollars if "_usd_" in c]
    assert len(money) == 5 and [c.replace("_usd_", "_eur_") for c in money] == [c for c in eur.table() if "_eur_" in c]
    pd.testing.assert_frame_equal(euros[money], dollars[money] / rate)
    pd.testing.assert_frame_equal(euros.drop(columns=money), dollars.drop(columns=money))
    assert all(eur.table().attrs["units"][c.replace("_usd_", "_eur_")] == "EUR/TEU" for c in money)
    one, other = usd.tcd(), eur.tcd()
    assert other["eur_cum"].tolist() == pytest.approx((one["usd_cum"] / rate).tolist())
    assert eur.break_even().iloc[:, 2].dropna().tolist() == pytest.approx(
        (usd.break_even().iloc[:, 2].dropna() / rate).tolist()
    )


def test_prices_typed_are_in_the_currency(compare, tables):
    usd = compare("CN_XIA", "DE_DUI", value_of_time=10 * tables.parameter("usd_per_eur"), carbon_price=113.0)
    eur = compare(
        "CN_XIA", "DE_DUI", value_of_time=10, carbon_price=113.0 / tables.parameter("usd_per_eur"), currency="EUR"
    )
    assert eur.prices.value_of_time_usd_per_teu_h == pytest.approx(usd.prices.value_of_time_usd_per_teu_h)
    assert eur.prices.carbon_price_usd_per_t == pytest.approx(113.0)


def test_goods_change_value_of_time_and_load(compare):
    general, heavy = (compare("CN_XIA", "DE_DUI", goods=g) for g in ("general", "heavy"))
    assert heavy.prices.value_of_time_usd_per_teu_h < general.prices.value_of_time_usd_per_teu_h / 10
    tables = [c.table().set_index("corridor_id") for c in (general, heavy)]
    hourly = [t["time_usd_per_teu"].dropna().min() for t in tables]
    assert hourly[1] < hourly[0] / 5
    for comparison in (general, heavy):
        for corridor_id, (_, found) in comparison.found.items():
            if found:
                kg = (
                    comparison.arcs_of(corridor_id)["kgco2e_per_t"].sum()
                    * {"general": 7.9, "heavy": 18.2}[comparison.prices.goods]
                )
                assert comparison.table().set_index("corridor_id").at[corridor_id, "kgco2e_per_teu"] == pytest.approx(
                    kg
                )


def test_parts_of_the_table_sum_to_its_cost(compare):
    table = compare("CN_XIA", "DE_DUI", carbon_price=100).table()
    parts = [f"{p}_usd_per_teu" for p in ("tariff", "time", "reliability", "carbon")]
    assert (table["carbon_usd_per_teu"].dropna() > 0).all()
    pd.testing.assert_series_equal(table[parts].sum(axis=1, skipna=False), table["cost_usd_per_teu"], check_names=False)


def test_without_handling_loading_and_unloading_are_left_out(compare):
    whole, bare = (compare("CN_XIA", "DE_DUI", handling=h) for h in (True, False))
    cost = [c.table().set_index("corridor_id")["cost_usd_per_teu"] for c in (whole, bare)]
    assert (cost[1] < cost[0]).loc[cost[0].dropna().index].all()
    for _, route in routes_of(bare):
        ends = bare.network.arcs["kind"].iloc[[route[0], route[-1]]].tolist()
        assert ends[0] not in ("load", "unload") and ends[1] not in ("load", "unload")
    inner = whole.arcs_of("northern-kazakhstan").iloc[1:-1]
    assert inner["cost_usd_per_teu"].sum() == pytest.approx(cost[1]["northern-kazakhstan"])


def test_direction_matters(compare):
    west, east = compare("CN_XIA", "DE_DUI"), compare("DE_DUI", "CN_XIA")
    there, back = (c.table().set_index("corridor_id") for c in (west, east))
    both = there["cost_usd_per_teu"].notna() & back["cost_usd_per_teu"].reindex(there.index).notna()
    assert both.sum() > 8
    alike = there.index[both & (there["tariff_usd_per_teu"] == back["tariff_usd_per_teu"].reindex(there.index))]
    assert alike.empty
    assert back.at["northern-kazakhstan", "days_p50"] < there.at["northern-kazakhstan", "days_p50"]
    assert back.at["sea-suez", "tariff_usd_per_teu"] < there.at["sea-suez", "tariff_usd_per_teu"]


@pytest.mark.parametrize(("origin", "destination"), PAIRS)
def test_quantiles_are_those_of_a_lognormal_time(compare, origin, destination):
    from scipy.stats import lognorm

    comparison = compare(origin, destination, k=3, year=LATE)
    table = comparison.table().set_index(["corridor_id", "rank"])
    for corridor, found in comparison.found.values():
        for rank, _ in enumerate(found, 1):
            arcs = comparison.arcs_of(corridor.corridor_id, rank)
            mean, spread = arcs["hours"].sum() / 24, math.sqrt((arcs["spread_h"] ** 2).sum()) / 24
            row = table.loc[(corridor.corridor_id, rank)]
            assert row["days_p50"] <= row["days_p90"] and row["days_p50"] < mean
            width = math.sqrt(math.log(1 + (spread / mean) ** 2))
            promised = lognorm(width, scale=mean * math.exp(-(width**2) / 2)).ppf([0.5, 0.9])
            assert [row["days_p50"], row["days_p90"]] == pytest.approx(promised)


# ---- counts


def test_counts_of_known_routes(compare):
    """Of goods that go by rail: slower ones leave the train at Mersin."""
    table = compare("CN_XIA", "DE_DUI", goods="rail").table().set_index("corridor_id")
    counts = table[["transhipments", "gauge_changes"]].T
    for northern in ("northern-kazakhstan", "northern-manzhouli", "northern-erenhot"):
        assert counts[northern].tolist() == [0, 2]
    assert counts["sea-cape"].tolist()[1] == 0 and counts["sea-cape"].tolist()[0] >= 1
    assert counts["middle-aktau-kars"].tolist() == [2, 2], (
        "on and off the Caspian ship; at the border and at Akhalkalaki"
    )
    assert counts["middle-aktau-black-sea"].tolist() == [4, 1], "on and off two ships"


def test_borders_of_known_routes(compare):
    northern = compare(
        "KZ_DOS", "BY_BRE", corridors=("northern-kazakhstan", "northern-erenhot", "sea-suez"), handling=False
    )
    assert northern.found["northern-kazakhstan"][1] == [] or northern.table()["borders"].notna().any()
    table = compare("CN_SHA", "NL_RTM").table().set_index("corridor_id")
    assert table.at["sea-suez", "borders"] >= 1 and table.at["sea-cape", "borders"] == 1
    whole = compare("CN_XIA", "DE_DUI")
    home = whole.network.tables.places["country_id"]
    arcs = whole.arcs_of("northern-kazakhstan")
    countries = [home[p] for p in visited(arcs)]
    crossed = sum(a != b for a, b in pairwise(countries))
    assert whole.table().set_index("corridor_id").at["northern-kazakhstan", "borders"] == crossed == 5


def test_a_grade_is_the_worst_and_the_share_of_estimates_is_counted(compare):
    comparison = compare("CN_XIA", "DE_DUI")
    for row in comparison.table().dropna(subset="rank").itertuples():
        arcs = comparison.arcs_of(row.corridor_id)
        assert row.worst_grade == max(arcs["grade"], key=["A", "B", "C", "EST"].index)
        assert row.estimates_pct == pytest.approx(100 * arcs["estimates"].sum() / arcs["figures"].sum())


# ---- mistakes


@pytest.mark.parametrize(
    ("origin", "destination", "options", "error", "words"),
    [
        ("Xi'an", "XIAN", {}, DataError, ["origin and destination", "Xi'an"]),
        ("Xi'an", "CNSIA", {}, DataError, ["origin and destination"]),
        ("Astara", "Duisburg", {}, PlaceError, ["ambiguous", "AZ_AST", "IR_AST"]),
        ("Xi'an", "Duisborg", {}, PlaceError, ["'Duisborg'", "Duisburg"]),
        ("", "Duisburg", {}, PlaceError, ["''"]),
        ("Xi'an", "Duisburg", {"goods": "generall"}, DataError, ["'generall'", "nearest: general"]),
        ("Xi'an", "Duisburg", {"currency": "GBP"}, DataError, ["'GBP'", "USD, EUR"]),
        ("Xi'an", "Duisburg", {"k": 0}, DataError, ["k: got 0"]),
        ("Xi'an", "Duisburg", {"corridors": ["sea-sues"]}, DataError, ["'sea-sues'", "nearest: sea-suez"]),
        ("Xi'an", "Duisburg", {"avoid": ["XX"]}, DataError, ["'XX'"]),
        ("Xi'an", "Duisburg", {"value_of_time": -1}, DataError, ["value_of_time", "-1"]),
        ("Xi'an", "Duisburg", {"carbon_price": float("nan")}, DataError, ["carbon_price", "nan"]),
        ("Xi'an", "Duisburg", {"folder": "/no/such/folder"}, DataError, ["/no/such/folder", "no such folder"]),
    ],
)
def test_mistakes_are_named(origin, destination, options, error, words):
    with pytest.raises(error) as caught:
        corridors.compare_routes(origin, destination, **options)
    assert all(word in str(caught.value) for word in words)


def test_a_price_too_large_to_search_with_is_refused():
    with pytest.raises(DataError, match="value_of_time"):
        corridors.compare_routes("Xi'an", "Duisburg", value_of_time=1e308)


def test_a_route_that_is_not_there_is_named(compare):
    comparison = compare("CN_XIA", "DE_DUI")
    for wanted in (("middle-aktau", 1), ("sea-suez", 2), ("sea-suez", 0), ("china-kyrgyzstan-uzbekistan", 1)):
        with pytest.raises(DataError) as caught:
            comparison.arcs_of(*wanted)
        assert repr(wanted[0]) in str(caught.value) and "northern-kazakhstan" in str(caught.value)
    with pytest.raises(DataError, match="no route here"):
        comparison.tcd(["middle-aktau"])


# ---- time/cost-distance


def test_running_totals_end_at_those_of_the_route(compare):
    comparison = compare("CN_XIA", "DE_DUI")
    legs = comparison.tcd()
    table = comparison.table().set_index("corridor_id")
    assert set(legs["corridor_id"]) == set(table.index[table["rank"].notna()])
    for corridor_id, part in legs.groupby("corridor_id"):
        last = part.iloc[-1]
        arcs = comparison.arcs_of(corridor_id)
        assert part["seq"].tolist() == list(range(1, len(arcs) + 1))
        assert last["km_cum"] == pytest.approx(table.at[corridor_id, "km"])
        assert last["h_cum"] == pytest.approx(arcs["hours"].sum())
        assert last["usd_cum"] == pytest.approx(table.at[corridor_id, "tariff_usd_per_teu"])
        for one, running in (("km", "km_cum"), ("h", "h_cum"), ("usd_per_teu", "usd_cum")):
            assert part[running].tolist() == pytest.approx(part[one].cumsum().tolist())


def test_stops_are_vertical_and_links_are_named_by_their_ends(compare):
    legs = compare("CN_XIA", "DE_DUI").tcd(["middle-aktau-kars"])
    stops = legs[legs["kind"] != "link"]
    assert (stops["km"] == 0).all() and (legs.loc[legs["kind"] == "link", "km"] > 0).all()
    assert (
        legs["name"].iloc[0] == "Xi'an" and legs["country_id"].iloc[0] == "CN" and legs["country_id"].iloc[-1] == "DE"
    )
    assert legs.loc[legs["kind"] == "link", "name"].str.contains(" - ").all()
    middle = legs[(legs["kind"] == "link") & legs["mode"].isin(["feeder", "ferry"])]
    assert middle["name"].str.endswith("Alat (Port of Baku)").any()


# ---- checks against sourced routes


def test_modelled_routes_stand_up_to_sourced_ones():
    checks = route_checks()
    assert np.isfinite(checks["model"]).all() and (checks["model"] > 0).all()
    assert checks["ratio"].tolist() == pytest.approx(
        (checks["model"] / ((checks["low"] + checks["high"]) / 2)).tolist()
    )
    held_out = checks[checks["role"] == "held_out"]
    assert held_out["inside"].sum() >= 12
    fitted = checks[checks["role"] == "fitted"]
    assert fitted["inside"].all() and len(fitted)
    outside = checks[~checks["inside"]]
    assert (outside["note"].str.len() > 30).all(), outside["check_id"].tolist()
    tolerance = checks["measure"].map({"time_d": 0.25, "tariff_usd_per_teu": 0.3, "km": 0.1})
    assert (checks["inside"] == ((checks["ratio"] - 1).abs() <= tolerance)).all()
