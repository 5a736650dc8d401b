"""Assignments keep quantities, capacities and aversions, and say what they rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from corridors.assignment import ShipperClass, assign
from corridors.catalogue import Filters, load_catalogue
from corridors.finder import PairSearch
from corridors.route_sets import route_sets
from networks import DataError, PlaceError, build, generalised_cost, goods_prices, load_tables

PENALTY = 20_000.0


@pytest.fixture(scope="module")
def demand():
    """China to Europe, enough to fill Malaszewicze, and back, and one pair that no corridor is meant for."""
    rows = [
        (origin, goal, goods, teu)
        for origin in ("Xi'an", "Shanghai")
        for goal in ("Duisburg", "Rotterdam", "Malaszewicze")
        for goods, teu in (("general", 900_000.0), ("parts", 60_000.0))
    ]
    rows += [("Hamburg", "Chengdu", "rail", 30_000.0), ("Moscow", "Astana", "general", 1_000.0)]
    return pd.DataFrame(rows, columns=["origin", "destination", "goods", "teu_per_year"])


@pytest.fixture(scope="module")
def logit(demand):
    return assign(demand, scale=0.002, unmet_penalty=PENALTY, gap=1e-7)


@pytest.fixture(scope="module")
def optimum(demand):
    return assign(demand, method="optimum", unmet_penalty=PENALTY)


def over_capacity(found) -> float:
    rooms = found.bottlenecks()
    return float((rooms["teu_per_year"] / rooms["capacity_teu_per_year"]).max()) - 1


@pytest.mark.parametrize("method", ["logit", "optimum"])
def test_quantities_and_capacities(method, demand, request):
    found = request.getfixturevalue(method)
    assert found.status in ("converged", "optimal")
    assert found.flows()["teu_per_year"].sum() + found.unmet_teu_per_year == pytest.approx(demand["teu_per_year"].sum())
    assert over_capacity(found) < 1e-6
    assert found.flows()["share"].sum() == pytest.approx(1)
    assert found.totals()["teu_per_year"] == pytest.approx(found.demand_teu_per_year - found.unmet_teu_per_year)
    assert 0 < found.estimates < 1
    by_pair = found.flows(["origin", "destination", "goods"])["teu_per_year"]
    assert (by_pair <= demand["teu_per_year"].max() * (1 + 1e-9)).all()


def test_waiting_only_where_it_is_full(logit):
    rooms = logit.bottlenecks()
    full = rooms["utilisation"] > 1 - 1e-6
    assert (rooms.loc[~full, "scarcity_usd_per_teu"] < 1e-6).all()
    assert (rooms.loc[full, "scarcity_usd_per_teu"] > 0).any()


def test_plan_costs_no_more_than_choice(logit, optimum):
    def social(found):
        totals = found.totals()
        return totals["cost_usd_per_year"] + PENALTY * totals["unmet_teu_per_year"]

    assert social(optimum) <= social(logit) * (1 + 1e-9)


def test_pair_that_no_corridor_serves_gets_a_way(logit, optimum):
    for found in (logit, optimum):
        table = found.routes()
        assert table.loc[table["origin"] == "RU_MOW", "teu_per_year"].sum() > 0


def test_pair_that_the_wanted_corridors_do_not_serve_stays_at_home(demand):
    found = assign(demand, scale=0.002, unmet_penalty=PENALTY, corridors=["sea-suez"])
    assert set(found.routes()["corridor"]) == {"sea-suez"}
    assert found.unmet_teu_per_year >= 1_000.0


def test_corridor_of_a_path_is_named_by_its_filter(optimum):
    arcs, places = optimum.network.arcs, optimum.network.tables.places
    for row in optimum.routes().itertuples():
        countries = set(places.loc[arcs["to_place_id"].iloc[list(row.path)], "country_id"])
        assert (row.family == "northern") <= ("RU" in countries)
        assert (row.family == "middle") <= ("AZ" in countries)


def test_averse_shippers_cross_no_border_of_what_they_avoid(demand):
    averse = [ShipperClass(goods, 0.4) for goods in ("general", "parts", "rail")]
    averse += [ShipperClass(goods, 0.6, None, ("RU", "BY")) for goods in ("general", "parts", "rail")]
    for found in (
        assign(demand, scale=0.002, unmet_penalty=PENALTY, shippers=averse),
        assign(demand, method="optimum", unmet_penalty=PENALTY, shippers=averse),
    ):
        arcs, places = found.network.arcs, found.network.tables.places
        shares = found.flows("class")["teu_per_year"]
        assert shares.loc[3:].sum() > 0
        for row in found.routes().itertuples():
            if row._4 < 3:  # a column named class has no attribute of its own
                continue
            countries = set(places.loc[arcs["to_place_id"].iloc[list(row.path)], "country_id"])
            assert not countries & {"RU", "BY"}


def test_short_closure_leaves_a_queue_that_is_worked_off(logit):
    """What came while it was shut waits, and clears at what the capacity has to spare."""
    rooms = logit.bottlenecks()
    group = rooms.index[(rooms["utilisation"] > 0.2) & (rooms["utilisation"] < 0.9)][0]
    comes, goes = (rooms.at[group, c] / 8760 for c in ("teu_per_year", "capacity_teu_per_year"))
    queue = logit.queue(group, 48)
    assert queue.longest == pytest.approx(48 * comes)
    assert queue.clears_hour == pytest.approx(48 + 48 * comes / (goes - comes))
    assert queue.longest_wait_h == pytest.approx(48)
    assert logit.queue(group, 0).longest == 0
    with pytest.raises(DataError, match="nearest"):
        logit.queue(group + "x", 48)
    with pytest.raises(DataError, match="closed_h: got -1"):
        logit.queue(group, -1)


def test_constants_and_scale_turn_the_choice(demand, logit):
    liked = assign(demand, scale=0.002, unmet_penalty=PENALTY, constants={"middle": -3000.0})
    assert liked.flows()["teu_per_year"]["middle"] > 2 * logit.flows()["teu_per_year"]["middle"]
    own = assign(demand, scale=0.002, unmet_penalty=PENALTY, constants={"middle": -3000.0, "middle-aktau-kars": 9000.0})
    by = own.flows("corridor")["teu_per_year"]
    assert by["middle-aktau-kars"] < by["middle-aktau-black-sea"]


def test_sharp_choice_takes_the_cheapest(demand):
    few = demand.assign(teu_per_year=1.0)
    found = assign(few, scale=5.0, unmet_penalty=1e6)
    table = found.routes()
    cheapest = found.table.groupby(["origin", "destination", "goods"])["cost_usd_per_teu"].min()
    mean = table.assign(paid=table["cost_usd_per_teu"] * table["teu_per_year"])
    paid = mean.groupby(["origin", "destination", "goods"])["paid"].sum()
    np.testing.assert_allclose(paid, cheapest.reindex(paid.index), rtol=1e-3)


def test_route_sets_are_the_cheapest_routes_of_their_corridors():
    tables = load_tables()
    filters = Filters(build(tables))
    cost = generalised_cost(filters.network.arcs, goods_prices(tables))["cost_usd_per_teu"].to_numpy()
    known = load_catalogue()
    pairs = [("CN_XIA", "DE_DUI"), ("DE_HAM", "CN_CTU"), ("UZ_TAS", "TR_MER"), ("IN_NSA", "RU_MOW")]
    found = route_sets(filters, pairs, {"general": cost}, list(known.values()), year=2026)
    assert len(found) >= 20
    for row in found.itertuples():
        search = PairSearch(filters, row.origin, row.destination, cost, (), 2026, True)
        best = search.routes(known[row.corridor], 1)[0]
        assert cost[list(row.path)].sum() == pytest.approx(cost[list(best)].sum())
    for pair in pairs:
        served = [c for c in known.values() if PairSearch(filters, *pair, cost, (), 2026, True).serves(c)]
        routes = {c.corridor_id for c in served if PairSearch(filters, *pair, cost, (), 2026, True).routes(c, 1)}
        here = (found["origin"] == pair[0]) & (found["destination"] == pair[1])
        assert set(found.loc[here, "corridor"]) == routes


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"method": "logitt"}, "method: got 'logitt'"),
        ({}, {"scale": None}, "scale: expected"),
        ({"goods": "partz"}, {}, "column goods: 'partz' is unknown"),
        ({"teu_per_year": -1.0}, {}, "got -1.0, expected zero or more TEU"),
        ({"destination": "Xi'an"}, {}, "origin and destination are both Xi'an"),
        ({}, {"constants": {"northen": 1.0}}, "no corridor or family is called 'northen'"),
        ({}, {"corridors": ["sea-sues"]}, "no corridor is called 'sea-sues'"),
        ({}, {"shippers": [ShipperClass("general", 0.5)]}, "shares sum to 0.5"),
        ({}, {"shippers": [ShipperClass("general", 1.0, None, ("RX",))]}, "RX"),
        ({}, {"method": "optimum"}, "belong to method 'logit'"),
        ({}, {"unmet_penalty": float("inf")}, "unmet_penalty: got inf"),
        ({}, {"unmet_penalty": -1.0}, "unmet_penalty: got -1.0"),
    ],
)
def test_wrong_input(change, options, words):
    table = pd.DataFrame(
        {"origin": ["Xi'an"], "destination": ["Duisburg"], "goods": ["general"], "teu_per_year": [1.0]}
    ).assign(**change)
    with pytest.raises(DataError) as caught:
        assign(table, **{"scale": 0.002, "unmet_penalty": PENALTY, **options})
    assert words in str(caught.value)


def test_missing_column_and_unknown_place():
    with pytest.raises(DataError, match="column 'goods' is missing"):
        assign(pd.DataFrame({"origin": [], "destination": [], "teu_per_year": []}), scale=1.0, unmet_penalty=1.0)
    table = pd.DataFrame(
        {"origin": ["Xiann"], "destination": ["Duisburg"], "goods": ["general"], "teu_per_year": [1.0]}
    )
    with pytest.raises(PlaceError, match="Xiann"):
        assign(table, scale=0.002, unmet_penalty=PENALTY)
