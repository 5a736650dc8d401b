"""Worst failures: equal to enumeration, on random networks and on those of freight and gas, and to the literature."""

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import corridors
import networks
from corridors.planner import design_case
from solvers import SolverInputError, solve_flow, solve_gas_flow, worst_failures, worst_gas_failures
from solvers.failure_search import _most

from .flow_checks import arc_lp

PENALTY = 1000.0


def random_case(seed, nodes=6, arcs=14, demands=4):
    rng = np.random.default_rng(seed)
    ends = [rng.choice(nodes, 2, replace=False) for _ in range(arcs)]
    frame = pd.DataFrame(ends, columns=["tail", "head"])
    frame["cost"] = rng.integers(1, 100, arcs).astype(float)
    frame["capacity"] = np.where(rng.random(arcs) < 0.5, np.inf, rng.integers(1, 12, arcs))
    pairs = [rng.choice(nodes, 2, replace=False) for _ in range(demands)]
    wanted = pd.DataFrame(pairs, columns=["origin", "destination"])
    wanted["quantity"] = rng.integers(1, 10, demands).astype(float)
    known = set(frame["tail"]) | set(frame["head"])
    kept = wanted["origin"].isin(known) & wanted["destination"].isin(known)
    return frame, wanted[kept].reset_index(drop=True)


def cost_without(arcs, demands, lost):
    left = arcs.copy()
    left.loc[list(lost), "capacity"] = 0.0
    return arc_lp(left, demands, PENALTY)


def enumerated(names, cost, most):
    """Return the greatest cost over all sets of at most so many names."""
    return max(cost(lost) for size in range(most + 1) for lost in itertools.combinations(names, size))


# Against enumeration


@pytest.mark.parametrize("k", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_both_methods_equal_enumeration(seed, k):
    arcs, demands = random_case(seed)
    cost = cache(lambda lost: cost_without(arcs, demands, lost))
    truth = enumerated(arcs.index, cost, k)
    for method in ("search", "programme"):
        found = worst_failures(arcs, demands, k, unmet_penalty=PENALTY, method=method)
        assert found.status == "optimal"
        assert found.objective == pytest.approx(truth, rel=1e-6)
        assert found.bound >= truth * (1 - 1e-6) and found.gap <= 1e-6
        assert len(found.failed) <= k
        assert cost(tuple(sorted(found.failed))) == pytest.approx(truth, rel=1e-6)
        assert found.without == pytest.approx(cost(()), rel=1e-6)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_methods_agree_and_hurt_more_the_more_fails(seed, k):
    arcs, demands = random_case(seed, nodes=7, arcs=18, demands=5)
    found = worst_failures(arcs, demands, k, unmet_penalty=PENALTY)
    other = worst_failures(arcs, demands, k, unmet_penalty=PENALTY, method="programme")
    assert found.objective == pytest.approx(other.objective, rel=1e-6, abs=1e-6)
    fewer = worst_failures(arcs, demands, k - 1, unmet_penalty=PENALTY)
    assert found.objective >= fewer.objective - 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_budget_of_attack_equals_enumeration(seed):
    arcs, demands = random_case(seed)
    price = pd.Series(np.random.default_rng(seed).integers(1, 5, len(arcs)).astype(float), arcs.index)
    truth = max(
        cost_without(arcs, demands, lost)
        for size in range(4)
        for lost in itertools.combinations(arcs.index, size)
        if price[list(lost)].sum() <= 4
    )
    told = worst_failures(arcs, demands, unmet_penalty=PENALTY, attack_cost=price, budget=4)
    assert told.objective == pytest.approx(truth, rel=1e-6)
    by_programme = worst_failures(arcs, demands, unmet_penalty=PENALTY, attack_cost=price, budget=4, method="programme")
    assert by_programme.objective == pytest.approx(truth, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_what_a_rest_of_the_budget_may_buy_is_never_underrated(seed):
    rng = np.random.default_rng(seed)
    harm, price, left = rng.uniform(0, 10, (4, 7)), rng.uniform(0.2, 5, 7), 6.0
    may = rng.random(7) < 0.8
    best = [-linprog(-row, A_ub=[price], b_ub=[left], bounds=[(0, float(m)) for m in may]).fun for row in harm]
    np.testing.assert_allclose(_most(harm, may, price, left), best)


@pytest.mark.parametrize(("k", "protect"), [(1, 1), (1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_protected_equals_enumeration(seed, k, protect):
    arcs, demands = random_case(seed, arcs=9)
    cost = cache(lambda lost: cost_without(arcs, demands, lost))
    truth = min(
        enumerated([a for a in arcs.index if a not in kept], cost, k)
        for kept in itertools.combinations(arcs.index, protect)
    )
    found = worst_failures(arcs, demands, k, unmet_penalty=PENALTY, protect=protect)
    assert found.objective == pytest.approx(truth, rel=1e-6)
    assert len(found.protected) <= protect and not set(found.protected) & set(found.failed)


def test_elements_take_several_arcs_along():
    arcs, demands = random_case(1)
    elements = {"first": [0, 1, 2], "second": [3, 4], "third": [2, 5, 6], "idle": []}

    def cost(lost):
        return cost_without(arcs, demands, [a for name in lost for a in elements[name]])

    for k in (1, 2):
        found = worst_failures(arcs, demands, k, unmet_penalty=PENALTY, elements=elements)
        assert found.objective == pytest.approx(enumerated(elements, cost, k), rel=1e-6)


def test_shared_capacities_classes_and_own_penalties():
    arcs = pd.DataFrame(
        {
            "tail": ["A", "B", "A", "C", "A"],
            "head": ["B", "D", "C", "D", "D"],
            "cost": [0.0] * 5,
            "cost_slow": [2.0, 2, 3, 3, 30],
            "cost_fast": [5.0, 5, 4, 4, 12],
            "rate_fast": [2.0] * 5,
            "capacity": [10.0, 10, 8, 8, np.inf],
            "group": ["x", None, "x", None, None],
            "group_capacity": [14.0, np.nan, 14.0, np.nan, np.nan],
        }
    )
    demands = pd.DataFrame(
        {
            "origin": ["A", "A"],
            "destination": ["D", "D"],
            "quantity": [9.0, 4.0],
            "class": ["slow", "fast"],
            "unmet_penalty": [50.0, 25.0],
        }
    )
    for k in (1, 2, 3):
        truth = 0.0
        for lost in itertools.combinations(arcs.index, k):
            left = arcs.copy()
            left.loc[list(lost), "capacity"] = 0.0
            truth = max(truth, arc_lp(left, demands))
        assert worst_failures(arcs, demands, k).objective == pytest.approx(truth, rel=1e-6)


@cache
def freight():
    """Return the trade by land between eight pairs on the toolkit's network, and what may fail around the Caspian."""
    case = design_case("central", year=2030)
    arcs = case.arcs[case.arcs["project"].isna()]
    demands = case.demands.sort_values("quantity", ascending=False).drop_duplicates(["origin", "destination"]).head(8)
    base = networks.build(networks.load_tables()).arcs
    inside = arcs[arcs["base"] >= 0]
    named = {
        "Aktau": ("place", "KZ_AKU"),
        "Alat": ("place", "AZ_ALT"),
        "Poti": ("place", "GE_PTI"),
        "Dostyk": ("place", "KZ_DOS"),
        "Singapore": ("place", "SG_SIN"),
        "Wuhan-Zhengzhou": ("link", "CN_WUH-CN_CGO-rail"),
        "Brest-Malaszewicze": ("link", "BY_BRE-PL_MAL-rail"),
        "Khorgos": ("place", "KZ_KHG"),
    }
    of = inside["base"].to_numpy()
    elements = {}
    for name, (kind, ident) in named.items():
        columns = ["link_id"] if kind == "link" else ["from_place_id", "to_place_id"]
        hit = np.logical_or.reduce([(base[c].to_numpy()[of] == ident) for c in columns])
        elements[name] = inside.index[hit].tolist()
    assert all(elements.values())
    return arcs, demands, elements, case.unmet_penalty


def test_the_freight_network_equals_enumeration_for_three_failures():
    arcs, demands, elements, penalty = freight()
    rows = {name: arcs.index.get_indexer(pd.Index(inside, dtype=object)) for name, inside in elements.items()}

    def cost(lost):
        capacity = arcs["capacity"].to_numpy(copy=True)
        for name in lost:
            capacity[rows[name]] = 0.0
        return solve_flow(arcs.assign(capacity=capacity), demands, unmet_penalty=penalty).objective

    known = cache(cost)
    for k in (1, 2, 3):
        found = worst_failures(arcs, demands, k, unmet_penalty=penalty, elements=elements)
        assert found.status == "optimal"
        assert found.objective == pytest.approx(enumerated(elements, known, k), rel=1e-6)


def test_the_whole_freight_network_is_proved_and_the_failures_cost_what_is_said():
    arcs, demands, _, penalty = freight()
    base = networks.build(networks.load_tables()).arcs
    inside = arcs[arcs["base"] >= 0]
    link = base["link_id"].to_numpy()[inside["base"]]
    elements = {name: inside.index[link == name].tolist() for name in sorted(set(link) - {""})}
    found = worst_failures(arcs, demands, 2, unmet_penalty=penalty, elements=elements)
    assert found.status == "optimal" and len(found.failed) == 2
    lost = [a for name in found.failed for a in elements[name]]
    left = arcs.assign(capacity=arcs["capacity"].mask(arcs.index.isin(lost), 0.0))
    assert solve_flow(left, demands, unmet_penalty=penalty).objective == pytest.approx(found.objective, rel=1e-6)


@cache
def january():
    """Return the tables of the gas network in January 2025."""
    call = corridors.gas_case(2025).solver_tables()
    call["periods"] = call["periods"].iloc[:1]
    call["profiles"] = {name: frame.iloc[:1] for name, frame in call["profiles"].items()}
    call["storages"] = call["storages"].assign(end=0.0)
    call["contracts"] = None
    return call


def test_the_gas_network_equals_enumeration_for_three_failures():
    call = january()
    names = ["SCP", "TANAP_ESK", "BAUM_AT", "SAGU_TBIL", "SIV_ANK", "ANK_KAR", "ANK_IZM"]
    assert set(names) <= set(call["pipes"].index)

    @cache
    def cost(lost):
        pipes = call["pipes"].copy()
        pipes.loc[list(lost), ["capacity", "reverse_capacity"]] = 0.0
        profiles = dict(call["profiles"])
        for table in ("pipe", "reverse"):
            if table in profiles:
                frame = profiles[table].copy()
                frame.loc[:, [c for c in lost if c in frame]] = 0.0
                profiles[table] = frame
        return solve_gas_flow(**{**call, "pipes": pipes, "profiles": profiles}).objective

    for k in (1, 2, 3):
        found = worst_gas_failures(**call, k=k, elements={name: [("pipe", name)] for name in names})
        assert found.status == "optimal"
        assert found.objective == pytest.approx(enumerated(names, cost, k), rel=1e-6)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_gas_with_storages_whose_rates_fall_equals_enumeration(seed, k):
    rng = np.random.default_rng(seed)
    nodes = pd.DataFrame({"node": list("ABCD")})
    ends = [("A", "B"), ("B", "C"), ("A", "C"), ("C", "D"), ("B", "D")]
    pipes = pd.DataFrame(ends, columns=["tail", "head"], index=[f"p{i}" for i in range(len(ends))])
    pipes["capacity"] = rng.integers(10, 60, len(ends)).astype(float)
    pipes["reverse_capacity"] = rng.integers(0, 2, len(ends)) * 20.0
    pipes["cost"] = rng.integers(1, 6, len(ends)).astype(float)
    pipes["loss"] = 0.01
    supplies = pd.DataFrame(
        {"node": ["A", "D"], "price": [2.0, 9.0], "capacity": rng.integers(20, 80, 2).astype(float)}, index=["s", "lng"]
    )
    demands = pd.DataFrame({"node": ["C", "D", "D"], "quantity": [30.0, 20.0, 15.0], "penalty": [100.0, 150.0, 60.0]})
    storages = pd.DataFrame(
        {
            "node": ["C"],
            "working": [900.0],
            "start": [float(rng.integers(0, 900))],
            "end": [float(rng.integers(0, 300))],
            "end_price": [40.0],
            "injection": [15.0],
            "withdrawal": [25.0],
            "withdrawal_empty": [float(rng.integers(0, 25))],
        },
        index=["cave"],
    )
    call = {"nodes": nodes, "pipes": pipes, "supplies": supplies, "demands": demands, "storages": storages}
    call["periods"] = pd.Series([30.0, 30.0, 30.0], ["summer", "autumn", "winter"])
    seasons = np.outer([0.4, 1.0, 1.8], demands["quantity"])
    call["profiles"] = {"demand": pd.DataFrame(seasons, call["periods"].index, demands.index)}
    elements = {p: [("pipe", p)] for p in pipes.index} | {"lng": [("supply", "lng")], "cave": [("storage", "cave")]}

    def cost(lost):
        shut = pipes.copy()
        shut.loc[[p for p in lost if p in pipes.index], ["capacity", "reverse_capacity"]] = 0.0
        dry = supplies.assign(capacity=supplies["capacity"].mask(supplies.index.isin(lost), 0.0))
        closed = storages.copy()
        if "cave" in lost:
            closed[["injection", "withdrawal", "withdrawal_empty"]] = 0.0
        return solve_gas_flow(**{**call, "pipes": shut, "supplies": dry, "storages": closed}).objective

    truth = enumerated(list(elements), cache(cost), k)
    found = worst_gas_failures(**call, k=k, elements=elements)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(truth, rel=1e-6)


def test_gas_supplies_and_storages_may_fail_and_be_protected():
    nodes = pd.DataFrame({"node": ["field", "town"]})
    pipes = pd.DataFrame({"tail": ["field"], "head": ["town"], "capacity": [50.0]}, index=["pipe"])
    supplies = pd.DataFrame(
        {"node": ["field", "town"], "price": [1.0, 5.0], "capacity": [60.0, 30.0]}, index=["f", "lng"]
    )
    demands = pd.DataFrame({"node": ["town"], "quantity": [60.0], "penalty": [100.0]})
    storages = pd.DataFrame(
        {
            "node": ["town"],
            "working": [20.0],
            "injection": [5.0],
            "withdrawal": [20.0],
            "end": [0.0],
            "end_price": [9.0],
        },
        index=["cave"],
    )
    call = {"nodes": nodes, "pipes": pipes, "supplies": supplies, "demands": demands, "storages": storages}
    elements = {"F": [("pipe", "pipe")], "L": [("supply", "lng")], "C": [("storage", "cave")]}
    usual = solve_gas_flow(**call).objective
    assert usual == pytest.approx(40 * 1 + 0 * 5)  # twenty come out of the storage
    two = worst_gas_failures(**call, k=2, elements=elements)
    assert sorted(two.failed) == ["F", "L"] and two.objective == pytest.approx(40 * 100)
    kept = worst_gas_failures(**call, k=2, elements=elements, protect=1)
    assert kept.protected == ["F"] and kept.objective == pytest.approx(50 + 10 * 100)


# Published optima


def network(rows):
    """Return arcs named tail-head of rows (name, cost, capacity)."""
    frame = pd.DataFrame(
        [(*name.split("-"), c, u) for name, c, u in rows], columns=["tail", "head", "cost", "capacity"]
    )
    return frame.set_axis([name for name, _, _ in rows])


def asked(origin, destination, quantity):
    return pd.DataFrame({"origin": [origin], "destination": [destination], "quantity": [float(quantity)]})


GALLERY = ("Start-B", "Start-C", "C-B", "B-End", "C-D", "D-End")


@pytest.mark.parametrize("method", ["search", "programme"])
@pytest.mark.parametrize(("k", "optimum", "failed"), [(0, 5, []), (1, 17, ["B-End"]), (2, 100, None)])
def test_published_shortest_path_interdiction(k, optimum, failed, method):
    """PyomoGallery, network_interdiction/shortest_path (Dimitrov and others, Sandia, 2015), printed run."""
    arcs = network(list(zip(GALLERY, [10.0, 2, 2, 1, 7, 8], [np.inf] * 6, strict=True)))
    found = worst_failures(arcs, asked("Start", "End", 1), k, unmet_penalty=100, method=method)
    assert found.objective == pytest.approx(optimum)
    assert failed is None or found.failed == failed


@pytest.mark.parametrize("method", ["search", "programme"])
@pytest.mark.parametrize(("k", "flow", "failed"), [(0, 80, []), (1, 10, ["Start-C"]), (2, 0, None)])
def test_published_maximum_flow_interdiction(k, flow, failed, method):
    """PyomoGallery, network_interdiction/max_flow, printed run: what is not sent costs one, what is sent nothing."""
    arcs = network(list(zip(GALLERY, [0.0] * 6, [10.0, 70, 30, 100, 40, 50], strict=True)))
    found = worst_failures(arcs, asked("Start", "End", 500), k, unmet_penalty=1, method=method)
    assert 500 - found.objective == pytest.approx(flow)
    assert failed is None or found.failed == failed


@pytest.mark.parametrize("method", ["search", "programme"])
@pytest.mark.parametrize(("k", "optimum", "failed"), [(0, 700, []), (1, 7300, ["Start-C"]), (2, 21000, None)])
def test_published_minimum_cost_flow_interdiction(k, optimum, failed, method):
    """PyomoGallery, network_interdiction/min_cost_flow, printed run; supplies by arcs that cannot fail."""
    rows = list(zip(GALLERY, [0.0, 10, 30, 0, 20, 70], [10.0, 70, 30, 100, 40, 50], strict=True))
    arcs = network([*rows, ("S-Start", 0.0, 20.0), ("S-C", 0.0, 10.0)])
    elements = {name: [name] for name in GALLERY}
    found = worst_failures(arcs, asked("S", "End", 30), k, unmet_penalty=700, elements=elements, method=method)
    assert found.objective == pytest.approx(optimum)
    assert failed is None or found.failed == failed


@pytest.mark.parametrize("method", ["search", "programme"])
def test_published_shortest_path_interdiction_with_delays(method):
    """Jayaswal and Sinha, Shortest-Path-Interdiction-AMPL, SPI_5_5.dat: a twin stands for an arc that is delayed."""
    rows = [("1-2", 3, 3), ("2-3", 1, 4), ("3-5", 8, 5), ("2-4", 4, 1), ("4-5", 6, 3)]
    arcs = network([(name, float(long), np.inf) for name, long, _ in rows])
    twins = network([(name, float(long + delay), np.inf) for name, long, delay in rows])
    both = pd.concat([arcs, twins.set_axis([f"{name} late" for name in twins.index])])
    elements = {name: [name] for name, _, _ in rows}
    call = {"unmet_penalty": 1000, "elements": elements, "attack_cost": dict.fromkeys(elements, 1.0), "budget": 2}
    found = worst_failures(both, asked("1", "5", 1), method=method, **call)
    assert found.objective == pytest.approx(16)
    assert set(found.failed) in ({"1-2", "3-5"}, {"1-2", "2-3"}, {"3-5", "4-5"}, {"2-3", "4-5"})


@pytest.mark.parametrize("method", ["search", "programme"])
@pytest.mark.parametrize(("k", "optimum"), [(0, 3600), (1, 9600), (2, 143_000)])
def test_published_multicommodity_flow_interdiction(k, optimum, method):
    """PyomoGallery, network_interdiction/multi_commodity_flow, printed run of 2017: rice and corn share capacities."""
    names = ("Start-B", "Start-C", "C-B", "B-End", "B-D", "C-D", "D-End")
    rice = [0.0, 10, 30, 0, 40, 20, 70]
    arcs = network(list(zip(names, [0.0] * 7, [20.0, 70, 30, 100, 20, 40, 50], strict=True)))
    arcs = arcs.assign(cost_rice=rice, cost_corn=[10 * c for c in rice])
    demands = pd.DataFrame(
        {"origin": ["Start", "C"], "destination": ["D", "End"], "quantity": [20.0, 10.0], "class": ["rice", "corn"]}
    )
    found = worst_failures(arcs, demands, k, unmet_penalty=7000, method=method)
    assert found.objective == pytest.approx(optimum)


# What is refused


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"k": None}, "k, budget"),
        ({"k": 2, "budget": 3.0}, "k, budget"),
        ({"k": -1}, "k: got -1"),
        ({"k": True}, "k: got True"),
        ({"unmet_penalty": None}, "unmet_penalty: some demand must be served"),
        ({"method": "guess"}, "method: got 'guess'"),
        ({"elements": {"x": [99]}}, "elements 'x': 99 is no row of arcs"),
        ({"elements": [1]}, "elements: got list"),
        ({"attack_cost": {0: 2.0}}, "attack_cost: has no meaning"),
        ({"k": None, "budget": 2.0, "attack_cost": {77: 1.0}}, "attack_cost: 77 is nothing that may fail"),
        ({"k": None, "budget": 2.0, "attack_cost": {0: 0.0}}, "attack_cost 0: got 0.0"),
        ({"protect": -1}, "protect: got -1"),
        ({"protect": 1, "method": "programme"}, "protect: method 'programme'"),
    ],
)
def test_wrong_arguments_are_told(change, told):
    arcs, demands = random_case(0)
    call = {"k": 1, "unmet_penalty": PENALTY, **change}
    with pytest.raises(SolverInputError, match=told):
        worst_failures(arcs, demands, **call)


def test_least_loads_and_storages_that_must_be_full_are_refused():
    arcs, demands = random_case(0)
    with pytest.raises(SolverInputError, match="least loads"):
        worst_failures(arcs.assign(lower=0.5, capacity=5.0), demands, 1, unmet_penalty=PENALTY)
    call = january()
    with pytest.raises(SolverInputError, match="end_price"):
        worst_gas_failures(**{**call, "storages": call["storages"].drop(columns="end_price")}, k=1)
    with pytest.raises(SolverInputError, match="there is no pipe 'nowhere'"):
        worst_gas_failures(**call, k=1, elements={"x": [("pipe", "nowhere")]})


def test_nothing_to_send_and_a_stop_before_the_proof():
    arcs, demands = random_case(2)
    nothing = worst_failures(arcs, demands.assign(quantity=0.0), 2, unmet_penalty=PENALTY)
    assert nothing.objective == 0 and nothing.failed == []
    arcs, demands = random_case(5, nodes=25, arcs=140, demands=25)
    stopped = worst_failures(arcs, demands, 6, unmet_penalty=PENALTY, time_limit_s=0.3)
    assert stopped.status == "time_limit" and stopped.gap > 0 and stopped.bound > stopped.objective
    assert stopped.objective == pytest.approx(cost_without(arcs, demands, stopped.failed), rel=1e-6)
