"""Gas flow: exact against a model written plainly, balance and duality, storage, contracts, LNG, sharing, tracing."""

import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import SolverInputError, solve_gas_flow

TIERS = (("protected", 0.4, 1500.0), ("industry", 0.35, 400.0), ("power", 0.25, 150.0))


def chain():
    """Azerbaijan to Turkey to Greece and Bulgaria, Greece to Italy; one day; every country wants gas."""
    nodes = pd.DataFrame({"node": ["AZ", "TR", "GR", "BG", "IT"]})
    pipes = pd.DataFrame(
        {
            "tail": ["AZ", "TR", "GR", "GR"],
            "head": ["TR", "GR", "BG", "IT"],
            "capacity": [90.0, 60.0, 20.0, 60.0],
            "cost": [2.0, 1.0, 0.5, 1.0],
        },
        index=["tanap", "border", "igb", "tap"],
    )
    wanted = {"TR": 40.0, "GR": 20.0, "BG": 10.0, "IT": 20.0}
    demands = pd.DataFrame(
        [(n, t, q * s, p) for n, q in wanted.items() for t, s, p in TIERS],
        columns=["node", "tier", "quantity", "penalty"],
    )
    supplies = pd.DataFrame({"node": ["AZ"], "price": [5.0], "capacity": [200.0]}, index=["shah-deniz"])
    return nodes, pipes, supplies, demands


def tiers_wide(series):
    return series.rename("value").reset_index().pivot_table(index="group", columns="tier", values="value")


def test_one_day_by_hand():
    nodes, pipes, supplies, demands = chain()
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands)
    assert flow.unmet_total() == pytest.approx(0.0, abs=1e-9)
    assert flow.flow.iloc[0].to_dict() == pytest.approx({"tanap": 90.0, "border": 50.0, "igb": 10.0, "tap": 20.0})
    assert flow.objective == pytest.approx(90 * 5 + 90 * 2 + 50 + 5 + 20)
    assert flow.price.iloc[0].to_dict() == pytest.approx({"AZ": 5, "TR": 7, "GR": 8, "BG": 8.5, "IT": 9}, abs=150)
    assert flow.gap < 1e-9 and flow.balance_error < 1e-9


def test_nodes_alone_are_enough():
    nodes = pd.DataFrame(
        {
            "node": ["Baku", "Erzurum"],
            "supply": [60.0, 0.0],
            "price": [6.0, 0.0],
            "demand": [20.0, 50.0],
            "penalty": [200.0, 200.0],
        }
    )
    pipes = pd.DataFrame({"tail": ["Baku"], "head": ["Erzurum"], "capacity": [45.0], "cost": [2.0]})
    flow = solve_gas_flow(nodes, pipes)
    assert flow.unmet_total() == pytest.approx(10.0)
    assert flow.price.iloc[0].tolist() == pytest.approx([200.0, 200.0]) or flow.price.iloc[0, 1] == pytest.approx(200)


def test_half_the_capacity_shared_by_both_rules():
    nodes, pipes, supplies, demands = chain()
    pipes.loc["tanap", "capacity"] = 45.0
    cooperative = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands, sharing="cooperative")
    rates = cooperative.by_group().groupby(["group", "tier"])[["demand", "unmet"]].sum()
    rate = tiers_wide(rates["unmet"] / rates["demand"])
    # 45 of 90 are lost: power (22.5) and, of 31.5 of industry, 22.5, the same share everywhere.
    assert rate["power"].tolist() == pytest.approx([1.0] * 4)
    assert rate["industry"].tolist() == pytest.approx([22.5 / 31.5] * 4)
    assert rate["protected"].tolist() == pytest.approx([0.0] * 4)
    own = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands, sharing="own_first")
    short = own.by_group().groupby("group")["unmet"].sum()
    assert short["TR"] == pytest.approx(0.0, abs=1e-6)
    assert short.sum() == pytest.approx(45.0, rel=1e-6)
    assert own.order["TR"] < own.order["GR"] < own.order["IT"]
    assert own.objective >= cooperative.objective - 1e-6 >= cooperative.least_cost - 2e-6
    for flow in (cooperative, own):
        assert flow.costs.sum() == pytest.approx(flow.objective)
        assert flow.gap < 1e-6
        assert (flow.price.to_numpy() <= 1500 + 1e-6).all()


def test_equal_rates_only_as_far_as_pipes_allow():
    nodes, pipes, supplies, demands = chain()
    pipes.loc["igb", "capacity"] = 2.0  # Bulgaria is short of 8 whatever the others do
    pipes.loc["tanap", "capacity"] = 72.0  # 18 lack in all, 8 of them there
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands, sharing="cooperative")
    short = tiers_wide(flow.by_group().groupby(["group", "tier"])["unmet"].sum())
    assert short.loc["BG"].sum() == pytest.approx(8.0)
    others = short.drop(index=["BG"]).loc[["TR", "GR", "IT"], "power"] / [10.0, 5.0, 5.0]
    assert others.tolist() == pytest.approx([0.5] * 3)


def test_storage_carries_summer_gas_into_winter():
    nodes = pd.DataFrame({"node": ["field", "town"]})
    pipes = pd.DataFrame({"tail": ["field"], "head": ["town"], "capacity": [10.0], "cost": [1.0], "loss": [0.1]})
    months = pd.Series([30.0, 30.0], index=["summer", "winter"])
    demand = pd.DataFrame({"d": [4.0, 13.0]}, index=months.index)
    demands = pd.DataFrame({"node": ["town"], "quantity": [0.0], "penalty": [100.0]}, index=["d"])
    store = pd.DataFrame(
        {"node": ["town"], "working": [200.0], "injection": [9.0], "withdrawal": [9.0], "start": [0.0], "cost": [0.1]}
    )
    supplies = pd.DataFrame({"node": ["field"], "price": [2.0], "capacity": [50.0]})
    call = {"supplies": supplies, "demands": demands, "periods": months, "profiles": {"demand": demand}}
    flow = solve_gas_flow(nodes, pipes, storages=store, **call)
    assert flow.level[0].tolist() == pytest.approx([120.0, 0.0])
    assert flow.unmet_total() == pytest.approx(0.0, abs=1e-6)
    without = solve_gas_flow(nodes, pipes, **call)
    assert without.unmet_total() == pytest.approx(120.0)
    # A unit in winter costs what it takes to bring one in summer, and to store it.
    assert flow.price["town"].tolist() == pytest.approx([3.0 / 0.9, 3.0 / 0.9 + 0.1])


def test_storage_gives_less_when_it_is_empty():
    nodes = pd.DataFrame({"node": ["town"]})
    pipes = pd.DataFrame({"tail": [], "head": [], "capacity": []})
    demands = pd.DataFrame({"node": ["town"], "quantity": [10.0], "penalty": [100.0]})
    store = pd.DataFrame(
        {
            "node": ["town"],
            "working": [100.0],
            "injection": [0.0],
            "withdrawal": [10.0],
            "withdrawal_empty": [2.0],
            "end": [0.0],
        }
    )
    flow = solve_gas_flow(nodes, pipes, demands=demands, storages=store, periods=3)
    # 10, then 2 + 8 * 0.9, then 2 + 8 * 0.808
    assert flow.withdrawal[0].tolist() == pytest.approx([10.0, 9.2, 2 + 8 * 0.808])


def test_what_is_asked_at_the_end_has_a_price_or_must_be():
    nodes = pd.DataFrame({"node": ["town"]})
    pipes = pd.DataFrame({"tail": [], "head": [], "capacity": []})
    demands = pd.DataFrame({"node": ["town"], "quantity": [10.0], "penalty": [100.0]})
    store = pd.DataFrame(
        {"node": ["town"], "working": [100.0], "injection": [0.0], "withdrawal": [10.0], "start": 50.0}
    )
    kept = solve_gas_flow(nodes, pipes, demands=demands, storages=store)
    assert kept.unmet_total() == pytest.approx(10.0)
    used = solve_gas_flow(nodes, pipes, demands=demands, storages=store.assign(end_price=40.0))
    assert used.unmet_total() == pytest.approx(0.0, abs=1e-9) and used.end_lacking[0] == pytest.approx(10.0)
    never = solve_gas_flow(nodes, pipes, demands=demands, storages=store.assign(end=90.0))
    assert never.status == "infeasible" and never.bound == np.inf


def test_take_or_pay():
    nodes = pd.DataFrame({"node": ["hub", "town"]})
    pipes = pd.DataFrame({"tail": ["hub"], "head": ["town"], "capacity": [30.0], "cost": [0.0]}, index=["line"])
    supplies = pd.DataFrame(
        {"node": ["hub", "town"], "price": [20.0, 12.0], "capacity": [30.0, 30.0]}, index=["contract", "spot"]
    )
    demands = pd.DataFrame({"node": ["town"], "quantity": [10.0], "penalty": [500.0]})
    call = {"supplies": supplies, "demands": demands, "periods": 10}
    free = solve_gas_flow(nodes, pipes, **call)
    assert free.total(free.supply).to_dict() == pytest.approx({"contract": 0.0, "spot": 100.0})
    for about in ("supply", "pipe"):
        contract = pd.DataFrame(
            {about: ["contract" if about == "supply" else "line"], "least": [60.0], "price": [20.0]}
        )
        bound = solve_gas_flow(nodes, pipes, contracts=contract, **call)
        assert bound.total(bound.supply).to_dict() == pytest.approx({"contract": 60.0, "spot": 40.0})
    cheap = solve_gas_flow(nodes, pipes, contracts=contract.assign(price=5.0), **call)
    assert cheap.not_taken.tolist() == pytest.approx([60.0]) and cheap.costs["not_taken"] == pytest.approx(300.0)


def test_cargoes_come_after_their_lead():
    nodes = pd.DataFrame({"node": ["terminal"]})
    pipes = pd.DataFrame({"tail": [], "head": [], "capacity": []})
    supplies = pd.DataFrame(
        {"node": ["terminal"], "price": [30.0], "capacity": [20.0], "plan": [4.0], "lead_days": [20.0]}
    )
    demands = pd.DataFrame({"node": ["terminal"], "quantity": [10.0], "penalty": [200.0]})
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands, periods=30)
    assert flow.supply[0].tolist() == pytest.approx([4.0] * 20 + [10.0] * 10)


def test_gas_flows_back():
    nodes = pd.DataFrame({"node": ["north", "south"]})
    pipes = pd.DataFrame(
        {"tail": ["north"], "head": ["south"], "capacity": [50.0], "cost": [1.0], "reverse_capacity": [8.0]}
    )
    supplies = pd.DataFrame({"node": ["south"], "price": [10.0], "capacity": [100.0]})
    demands = pd.DataFrame({"node": ["north"], "quantity": [12.0], "penalty": [90.0]})
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands)
    assert flow.flow[0].tolist() == pytest.approx([-8.0])
    assert flow.worth[0].tolist() == pytest.approx([90 - 11])


def test_two_kinds_of_gas_share_a_pipe():
    nodes = pd.DataFrame({"node": ["entry", "exit", "entry.r", "exit.r"]})
    pipes = pd.DataFrame(
        {"tail": ["entry", "entry.r"], "head": ["exit", "exit.r"], "capacity": 30.0, "shares": [None, "line"]},
        index=["line", "line.r"],
    )
    supplies = pd.DataFrame({"node": ["entry", "entry.r"], "price": [9.0, 5.0], "capacity": 100.0})
    demands = pd.DataFrame({"node": ["exit", "exit.r"], "quantity": [25.0, 20.0], "penalty": [100.0, 60.0]})
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands)
    assert flow.forward.iloc[0].tolist() == pytest.approx([25.0, 5.0])
    assert flow.worth["line"].tolist() == pytest.approx([55.0])
    assert flow.bound == pytest.approx(flow.objective)


def test_origins_and_transits():
    nodes = pd.DataFrame({"node": ["AZ", "RU", "TR", "BG", "GR"]})
    pipes = pd.DataFrame({"tail": ["AZ", "RU", "TR", "TR"], "head": ["TR", "TR", "BG", "GR"], "capacity": 100.0})
    supplies = pd.DataFrame({"node": ["AZ", "RU", "BG"], "price": [1.0, 1.0, 1.0], "capacity": [30.0, 10.0, 5.0]})
    demands = pd.DataFrame({"node": ["TR", "BG", "GR"], "quantity": [20.0, 15.0, 10.0], "penalty": 100.0})
    flow = solve_gas_flow(nodes, pipes, supplies=supplies, demands=demands)
    mixed = flow.origins()
    assert mixed.loc["TR"].tolist() == pytest.approx([0.75, 0.25, 0.0, 0.0])
    assert mixed.loc["BG"].tolist() == pytest.approx([0.5, 0.5 / 3, 1 / 3, 0.0])
    through = flow.transits()
    assert through.loc["GR", "TR"] == pytest.approx(1.0) and through.loc["BG", "TR"] == pytest.approx(2 / 3)
    assert through.loc["TR"].sum() == pytest.approx(0.0)


@st.composite
def cases(draw):
    """Small networks with everything in them."""
    n = draw(st.integers(2, 5))
    whole = lambda low, high: st.integers(low, high).map(float)  # noqa: E731
    names = [f"n{i}" for i in range(n)]
    ends = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=7))
    ends = [(a, b) for a, b in ends if a != b] or [(0, 1)]
    m = len(ends)
    take = lambda low, high, size: [draw(whole(low, high)) for _ in range(size)]  # noqa: E731
    pipes = pd.DataFrame(
        {
            "tail": [names[a] for a, _ in ends],
            "head": [names[b] for _, b in ends],
            "capacity": take(0, 20, m),
            "cost": take(0, 5, m),
            "loss": [x / 50 for x in take(0, 5, m)],
            "reverse_capacity": take(0, 10, m),
        }
    )
    k = draw(st.integers(1, 4))
    supplies = pd.DataFrame(
        {
            "node": [draw(st.sampled_from(names)) for _ in range(k)],
            "price": take(1, 30, k),
            "capacity": take(0, 20, k),
            "most_total": take(5, 60, k),
        }
    )
    d = draw(st.integers(1, 4))
    demands = pd.DataFrame(
        {
            "node": [draw(st.sampled_from(names)) for _ in range(d)],
            "quantity": take(0, 15, d),
            "penalty": take(40, 90, d),
        }
    )
    g = draw(st.integers(0, 2))
    storages = pd.DataFrame(
        {
            "node": [draw(st.sampled_from(names)) for _ in range(g)],
            "working": take(10, 40, g),
            "injection": take(1, 8, g),
            "withdrawal": take(4, 8, g),
            "start": take(0, 10, g),
            "end": [0.0] * g,
            "withdrawal_empty": take(1, 4, g),
            "loss": [x / 50 for x in take(0, 5, g)],
            "cost": take(0, 2, g),
        }
    )
    contracts = pd.DataFrame({"supply": [0], "least": take(0, 30, 1), "price": take(1, 60, 1)})
    days = pd.Series(take(1, 3, draw(st.integers(1, 4))))
    return pd.DataFrame({"node": names}), pipes, supplies, demands, storages, contracts, days


def plain(nodes, pipes, supplies, demands, storages, contracts, days):
    """Least cost by a model written row by row."""
    problem = pulp.LpProblem("gas", pulp.LpMinimize)
    cost, level = [], {}
    new = lambda name, high: problem.add_variable(name, 0, high)  # noqa: E731
    taken = []
    sold = {s: [] for s in supplies.index}
    for t, length in days.items():
        balance = {node: [] for node in nodes["node"]}
        for a, pipe in pipes.iterrows():
            for way, (start, stop) in {"": (pipe["tail"], pipe["head"]), "r": (pipe["head"], pipe["tail"])}.items():
                f = new(f"f{way}_{a}_{t}", pipe["reverse_capacity" if way else "capacity"])
                balance[start].append(-f)
                balance[stop].append((1 - pipe["loss"]) * f)
                cost.append(length * pipe["cost"] * f)
        for s, supply in supplies.iterrows():
            x = new(f"s_{s}_{t}", supply["capacity"])
            balance[supply["node"]].append(x)
            cost.append(length * supply["price"] * x)
            sold[s].append(length * x)
            if s == 0:
                taken.append(length * x)
        for d, demand in demands.iterrows():
            u = new(f"u_{d}_{t}", demand["quantity"])
            balance[demand["node"]] += [u, -demand["quantity"]]
            cost.append(length * demand["penalty"] * u)
        for g, store in storages.iterrows():
            into, out = new(f"i_{g}_{t}", store["injection"]), new(f"w_{g}_{t}", store["withdrawal"])
            before = level.get(g, store["start"])
            level[g] = new(f"l_{g}_{t}", store["working"])
            problem += level[g] == before + length * ((1 - store["loss"]) * into - out)
            share = (store["withdrawal"] - store["withdrawal_empty"]) / store["working"]
            problem += out <= store["withdrawal_empty"] + share * before
            balance[store["node"]] += [out, -into]
            cost.append(length * store["cost"] * into)
        for node, terms in balance.items():
            if terms and any(not isinstance(x, float) for x in terms):
                problem += pulp.lpSum(terms) == 0, f"b_{node}_{t}"
    for s, parts in sold.items():
        problem += pulp.lpSum(parts) <= supplies["most_total"][s]
    lack = new("lack", None)
    problem += pulp.lpSum(taken) + lack >= contracts["least"][0]
    problem.setObjective(pulp.lpSum([*cost, contracts["price"][0] * lack]))
    problem.solve(pulp.getSolver("HiGHS", msg=False))
    return pulp.value(problem.objective)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_as_cheap_as_a_model_written_plainly(case):
    nodes, pipes, supplies, demands, storages, contracts, days = case
    flow = solve_gas_flow(
        nodes, pipes, supplies=supplies, demands=demands, storages=storages, contracts=contracts, periods=days
    )
    assert flow.status == "optimal"
    assert flow.objective == pytest.approx(plain(*case), rel=1e-7, abs=1e-6)
    assert flow.bound == pytest.approx(flow.objective, rel=1e-7, abs=1e-5)
    assert flow.balance_error < 1e-6


@given(cases(), st.sampled_from(["cooperative", "own_first"]))
@settings(max_examples=40, deadline=None)
def test_sharing_leaves_no_more_unserved_for_free(case, rule):
    nodes, pipes, supplies, demands, storages, contracts, days = case
    call = {
        "supplies": supplies,
        "demands": demands.assign(tier=1),
        "storages": storages,
        "contracts": contracts,
        "periods": days,
    }
    least = solve_gas_flow(nodes, pipes, **call)
    flow = solve_gas_flow(nodes, pipes, sharing=rule, **call)
    assert flow.status == "optimal"
    assert flow.least_cost == pytest.approx(least.objective, rel=1e-7, abs=1e-6)
    assert flow.objective >= least.objective - 1e-5
    assert flow.balance_error < 1e-6
    assert (flow.unmet.to_numpy() <= demands["quantity"].to_numpy() + 1e-9).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["pipes"].__setitem__("capacity", -1.0), "pipes row 'tanap', column 'capacity': got -1.0"),
        (lambda c: c["pipes"].__setitem__("head", "TRR"), "nearest: TR"),
        (lambda c: c["pipes"].__setitem__("loss", 1.5), "a share from 0 to 0.99"),
        (lambda c: c["pipes"].__setitem__("shares", "border"), "a pipe that shares with no other itself"),
        (lambda c: c["supplies"].__setitem__("node", "Baku"), "supplies row 'shah-deniz', column 'node'"),
        (lambda c: c["demands"].__setitem__("penalty", float("nan")), "column 'penalty'"),
        (lambda c: c.__setitem__("sharing", "fair"), "least_cost, cooperative or own_first"),
        (lambda c: c.__setitem__("periods", 0), "periods: got 0"),
        (lambda c: c.__setitem__("profiles", {"wind": pd.DataFrame()}), "profiles: got 'wind'"),
        (lambda c: c.__setitem__("profiles", {"pipe": pd.DataFrame({"tanapp": [1.0]})}), "nearest: tanap"),
        (
            lambda c: c.__setitem__("contracts", pd.DataFrame({"pipe": ["tap1"], "least": [1.0], "price": [1.0]})),
            "contracts row 0, column 'pipe': got 'tap1'",
        ),
        (
            lambda c: c.__setitem__("contracts", pd.DataFrame({"pipe": [None], "least": [1.0], "price": [1.0]})),
            "either a pipe or a supply",
        ),
        (
            lambda c: c.__setitem__(
                "storages",
                pd.DataFrame({"node": ["TR"], "working": [5.0], "injection": 1, "withdrawal": 1, "start": [9.0]}),
            ),
            "column 'start': got 9.0, expected at most 'working'",
        ),
    ],
)
def test_wrong_input_gets_one_message(change, message):
    nodes, pipes, supplies, demands = chain()
    call = {"pipes": pipes, "supplies": supplies, "demands": demands}
    change(call)
    with pytest.raises(SolverInputError, match=message.replace("(", r"\(")):
        solve_gas_flow(nodes, call.pop("pipes"), **call)
