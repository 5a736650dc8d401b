"""Network design: equal to trying every design, to what the literature publishes, and honest about what it knows."""

import itertools
import math
import os
import re

import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solvers import SolverInputError, design_steps, solve_design, solve_flow

from . import instances
from .flow_checks import arc_lp
from .instances import DATA
from .test_flow_properties import networks

GAP = 1e-9
slow = pytest.mark.skipif(not os.environ.get("CORRIDORS_SLOW_TESTS"), reason="set CORRIDORS_SLOW_TESTS to run it")


AVAILABLE = set(pulp.listSolvers(onlyAvailable=True))


# Every design there is, each priced by an LP that has nothing of the package


def project_of(arcs):
    """Return the label of each arc's project, None for one that is there already."""
    named = [None] * len(arcs)
    if "project" in arcs:
        named = [p if there else None for p, there in zip(arcs["project"], arcs["project"].notna(), strict=True)]
    cost = arcs["fixed_cost"].fillna(0).tolist()
    rows = zip(arcs.index.tolist(), named, cost, strict=True)
    return [row if name is None and price > 0 else name for row, name, price in rows]


class Projects:
    """The table of projects as a dictionary by column, with what it leaves out filled in."""

    def __init__(self, arcs, table):
        self.of_arc = project_of(arcs)
        listed = [] if table is None else table.index.tolist()
        self.labels = list(dict.fromkeys([*listed, *(p for p in self.of_arc if p is not None)]))
        known = pd.DataFrame(index=[]) if table is None else table
        charge = dict.fromkeys(self.labels, 0.0)
        for label, price in zip(self.of_arc, arcs["fixed_cost"].fillna(0), strict=True):
            if label is not None:
                charge[label] += price
        stated = known["fixed_cost"].dropna().to_dict() if "fixed_cost" in known else {}
        self.cost = {**charge, **stated}
        self.requires, self.excludes, self.line, self.lead = (
            {p: known[c].get(p, empty) if c in known else empty for p in self.labels}
            for c, empty in (("requires", []), ("excludes", []), ("line", None), ("lead", 0))
        )


def designs(projects, periods, budget):
    """Yield the designs that are allowed: for each project the number of the period it is decided in, or None."""
    lead = projects.lead if periods is not None else dict.fromkeys(projects.labels, 0)
    count = 1 if periods is None else len(periods)
    options = [[None, *range(max(0, count - lead[p]))] for p in projects.labels]
    money = None if periods is None or "budget" not in periods else np.cumsum(periods["budget"].to_numpy())
    for choice in itertools.product(*options):
        when = dict(zip(projects.labels, choice, strict=True))
        built = [p for p in when if when[p] is not None]
        opens = {p: math.inf if when[p] is None else when[p] + lead[p] for p in when}
        if any(opens[p] < opens[q] for p in built for q in projects.requires[p]):
            continue
        if any(q in built for p in built for q in projects.excludes[p]):
            continue
        spent = pd.Series({p: projects.cost[p] for p in built}, dtype=float)
        if isinstance(budget, dict):
            if any(
                spent[[p for p in built if projects.line[p] == line]].sum() > m + 1e-9 for line, m in budget.items()
            ):
                continue
        elif budget is not None and spent.sum() > budget + 1e-9:
            continue
        if money is not None and any(
            spent[[p for p in built if when[p] <= t]].sum() > money[t] + 1e-9 for t in range(count)
        ):
            continue
        yield opens, float(spent.sum())


def best_by_trying(arcs, demands, penalty=None, projects=None, budget=None, periods=None):
    """Return the least objective over all designs, None if none serves, and the least money that buys it."""
    known = Projects(arcs, projects)
    paid = budget is None and (periods is None or "budget" not in periods)
    weights = [1.0] if periods is None else periods["weight"].tolist()
    parts = [demands] if periods is None else [demands[demands["period"] == label] for label in periods.index]
    priced = {}

    def cost(t, opened):
        if (t, opened) not in priced:
            there = [p is None or p in opened for p in known.of_arc]
            priced[t, opened] = arc_lp(arcs[there], parts[t], penalty)
        return priced[t, opened]

    found = []
    for opens, spent in designs(known, periods, budget):
        costs = [cost(t, frozenset(p for p in opens if opens[p] <= t)) for t in range(len(weights))]
        if None not in costs:
            found.append((float(np.dot(weights, costs)) + paid * spent, spent))
    if not found:
        return None, None
    least = min(value for value, _ in found)
    return least, min(spent for value, spent in found if value <= least + 1e-7 * max(1.0, abs(least)))


def check(arcs, demands, penalty=None, **options):
    """Solve, hold the solution to the best of all designs, and to what it says of itself."""
    least, _ = best_by_trying(arcs, demands, penalty, **options)
    found = solve_design(arcs, demands, unmet_penalty=penalty, gap=GAP, **options)
    if least is None:
        assert found.status == "infeasible"
        assert math.isinf(found.bound) and np.isnan(found.objective)
        return found
    assert found.status == "optimal"
    assert found.objective == pytest.approx(least, rel=1e-6, abs=1e-6)
    assert found.bound <= least + 1e-6 * max(1.0, abs(least))
    assert 0 <= found.gap <= 1e-6
    known = Projects(arcs, options.get("projects"))
    built = found.projects.index[found.projects["built"]].tolist()
    assert found.projects.index.tolist() == known.labels
    assert found.fixed_cost == pytest.approx(sum(known.cost[p] for p in built))
    assert found.built.tolist() == [p is not None and p in built for p in known.of_arc]
    return found


def drawn(seed, *, nodes=6, arcs=14, projects=6, demands=5, periods=0, budget=None, listed=False, squeeze=1.0):
    """Draw a small instance; arcs of one project may be several, some projects require or exclude others."""
    rng = np.random.default_rng(seed)
    ends = np.array([rng.choice(nodes, 2, replace=False) for _ in range(arcs)])
    fixed = rng.integers(1, 30, arcs).astype(float)
    label = [f"p{i}" for i in rng.integers(0, projects, arcs)]
    there = rng.random(arcs) < 0.3
    table = pd.DataFrame(
        {
            "tail": ends[:, 0],
            "head": ends[:, 1],
            "cost": rng.integers(0, 10, arcs).astype(float),
            "capacity": np.where(rng.random(arcs) < 0.2, np.inf, rng.integers(2, 12, arcs) * squeeze),
            "fixed_cost": np.where(there, 0.0, fixed),
            "project": [None if old else name for old, name in zip(there, label, strict=True)],
        },
        index=[f"a{i}" for i in range(arcs)],
    )
    od = np.array([rng.choice(nodes, 2, replace=False) for _ in range(demands)])
    wanted = pd.DataFrame(
        {"origin": od[:, 0], "destination": od[:, 1], "quantity": rng.integers(1, 9, demands).astype(float)},
        index=[("d", i) for i in range(demands)],
    )
    wanted = wanted[wanted[["origin", "destination"]].isin(ends.ravel()).all(axis=1)]
    options = {}
    if listed:
        names = [f"p{i}" for i in range(projects)] + ["study"]
        others = {p: [q for q in names if q != p] for p in names}
        options["projects"] = pd.DataFrame(
            {
                "fixed_cost": np.where(rng.random(len(names)) < 0.5, np.nan, rng.integers(1, 60, len(names))),
                "requires": [[str(rng.choice(others[p]))] if rng.random() < 0.35 else [] for p in names],
                "excludes": [[str(rng.choice(others[p]))] if rng.random() < 0.25 else [] for p in names],
                "line": [str(rng.choice(["rail", "sea"])) for _ in names],
                "lead": rng.integers(0, 2, len(names)),
            },
            index=names,
        )
    if periods:
        labels = [2030 + 5 * t for t in range(periods)]
        wanted["period"] = [labels[i] for i in rng.integers(0, periods, len(wanted))]
        options["periods"] = pd.DataFrame({"weight": rng.integers(1, 4, periods).astype(float)}, index=labels)
        if budget == "by period":
            options["periods"]["budget"] = rng.integers(0, 40, periods).astype(float)
    if budget == "total":
        options["budget"] = float(rng.integers(10, 80))
    if budget == "by line":
        options["budget"] = {"rail": float(rng.integers(10, 60)), "sea": float(rng.integers(10, 60))}
    return table, wanted, options


@pytest.mark.parametrize("penalty", [40.0, None])
@pytest.mark.parametrize("budget", [None, "total"])
@pytest.mark.parametrize("seed", range(12))
def test_equals_trying_every_design(seed, budget, penalty):
    arcs, demands, options = drawn(seed, projects=8, budget=budget)
    check(arcs, demands, penalty, **options)


@pytest.mark.parametrize("budget", [None, "total", "by line"])
@pytest.mark.parametrize("seed", range(12))
def test_projects_that_require_and_exclude(seed, budget):
    arcs, demands, options = drawn(100 + seed, listed=True, budget=budget)
    check(arcs, demands, 40.0, **options)


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("budget", [None, "total", "by period"])
@pytest.mark.parametrize("seed", range(8))
def test_periods(seed, budget, listed):
    arcs, demands, options = drawn(200 + seed, projects=4, periods=3, listed=listed, budget=budget)
    found = check(arcs, demands, 40.0, **options)
    assert found.arc_flow.shape == (len(arcs), 3)
    assert found.arc_flow.columns.tolist() == options["periods"].index.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_twelve_projects(seed):
    arcs, demands, options = drawn(300 + seed, nodes=7, arcs=18, projects=12)
    check(arcs, demands, 40.0, **options)


@st.composite
def choices(draw):
    """Draw a network of any labels, classes and groups, with projects on some of its arcs."""
    base = draw(networks(steps=False))
    count = len(base.arcs)
    assume(count)
    fixed = [draw(st.sampled_from([0.0, math.nan, 1.0, 2.5, 6.0, 15.0])) for _ in range(count)]
    name = [draw(st.sampled_from([None, None, "one", ("two", 2)])) for _ in range(count)]
    column = np.empty(count, dtype=object)
    column[:] = name
    arcs = base.arcs.assign(fixed_cost=fixed, project=column)
    budget = draw(st.sampled_from([None, None, 0.0, 5.0, 20.0]))
    assume(len(Projects(arcs, None).labels) <= 6)
    return arcs, base.demands, base.unmet_penalty, budget


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(choices())
def test_any_network_equals_trying_every_design(drawn_choice):
    arcs, demands, penalty, budget = drawn_choice
    check(arcs, demands, penalty, budget=budget)


def test_goods_that_take_no_capacity_need_the_arc_built():
    arcs = pd.DataFrame(
        {"tail": ["a"], "head": ["b"], "cost": [0.0], "capacity": [0.5], "rate_box": [0.0], "fixed_cost": [1.0]}
    )
    demands = pd.DataFrame({"origin": ["a"], "destination": ["b"], "quantity": [0.5], "class": ["box"]})
    found = solve_design(arcs, demands, gap=GAP)
    assert (found.objective, found.built.tolist()) == (1.0, [True])


def steps_by_trying(arcs, demands, penalty, low=0.0, high=math.inf):
    """Return budgets and objectives of all steps between two limits, by every design there is."""
    known = Projects(arcs, None)
    found = []
    for opens, spent in designs(known, None, None):
        there = [p is None or opens[p] == 0 for p in known.of_arc]
        least = arc_lp(arcs[there], demands, penalty)
        if least is not None and spent <= high:
            found.append((spent, least))
    steps = []
    for spent, least in sorted(found):
        if steps and least >= steps[-1][1] - 1e-6:
            continue
        if spent <= low:
            steps.clear()
        steps.append((spent, least))
    return steps


@pytest.mark.parametrize(("budgets", "penalty"), [(None, 40.0), ((20.0, 60.0), 40.0), (None, None)])
@pytest.mark.parametrize("seed", range(6))
def test_steps_are_all_steps(seed, budgets, penalty):
    arcs, demands, _ = drawn(400 + seed, projects=7)
    table = design_steps(arcs, demands, budgets, unmet_penalty=penalty, gap=GAP)
    expected = steps_by_trying(arcs, demands, penalty, *(budgets or ()))
    assert table["budget"].tolist() == pytest.approx([spent for spent, _ in expected])
    assert table["objective"].tolist() == pytest.approx([least for _, least in expected])
    assert (table["bound"] <= table["objective"]).all()
    known = Projects(arcs, None)
    built: list[str] = []
    for row in table.itertuples():
        assert row.status == "optimal"
        assert sum(known.cost[p] for p in row.built) == pytest.approx(row.budget)
        assert set(row.built) == (set(built) - set(row.left)) | set(row.entered)
        built = row.built


# What the literature publishes


def transport(supplies, demands, rates, charges):
    """Return a fixed-charge transportation problem as a network with one origin."""
    rows = [("origin", f"s{i}", 0.0, supply, 0.0) for i, supply in enumerate(supplies)]
    for (i, supply), (j, demand) in itertools.product(enumerate(supplies), enumerate(demands)):
        rows.append((f"s{i}", f"t{j}", rates[i][j], min(supply, demand), charges[i][j]))
    arcs = pd.DataFrame(rows, columns=["tail", "head", "cost", "capacity", "fixed_cost"])
    wanted = [("origin", f"t{j}", demand) for j, demand in enumerate(demands)]
    return arcs, pd.DataFrame(wanted, columns=["origin", "destination", "quantity"])


def test_balinski():
    """The example that goes by Balinski (1961, Naval Research Logistics Quarterly 8), as it is quoted."""
    rates = [(2, 3, 4), (3, 2, 1), (1, 4, 3), (4, 5, 2)]
    found = solve_design(*transport((10, 30, 40, 20), (20, 50, 30), rates, [(10, 30, 20)] * 4), gap=GAP)
    assert (found.status, found.objective) == ("optimal", pytest.approx(350.0, rel=1e-9))


CANAD = [
    ("c33", 423_848.0),
    ("c35", 371_475.0),
    ("c41", 429_398.0),
    ("c25_100_10_V_L_5", 14_712.0),
    pytest.param("c36", 643_036.0, marks=slow),
    pytest.param("c42", 586_077.0, marks=slow),
    pytest.param("c43", 464_509.0, marks=slow),
    pytest.param("c44", 604_198.0, marks=slow),
    pytest.param("c25_100_10_F_L_5", 14_941.0, marks=slow),
    pytest.param("c25_100_10_F_T_5", 49_899.0, marks=slow),
    pytest.param("c25_100_30_V_T_5", 365_272.0, marks=slow),
    pytest.param("c25_100_30_F_T_5", 85_530.0, marks=slow),
]


@pytest.mark.parametrize(("name", "optimum"), CANAD)
def test_canad(name, optimum):
    """Crainic, Frangioni and Gendron's instances; optima as in Hewitt, Nemhauser and Savelsbergh 2010, IJOC 22."""
    path = DATA / "canad" / f"{name}.dow"
    if not path.exists():
        pytest.skip(f"{name} is not here; CORRIDORS_TESTDATA says where")
    found = solve_design(*instances.read_canad(path))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(optimum, rel=1e-6)
    assert found.bound == pytest.approx(optimum, rel=1e-6)


def read_fcnet(path):
    """Read a network of one commodity without capacities, as charges and rates of arcs and needs of nodes."""
    text = path.read_text(encoding="ascii")

    def entries(name):
        body = re.search(rf"Parameter {name}\(.*?\) /(.*?)/", text, re.DOTALL).group(1).splitlines()
        cells = [line.split() for line in body if line.strip() and not line.startswith("$")]
        return {tuple(cell[:-1]): float(cell[-1]) for cell in cells}

    charges, rates, needs = entries("fcost"), entries("vcost"), entries("demand")
    sign = -1 if "demand(n) = -demand(n)" in text else 1
    arcs = [
        (tail, head, rates.get((tail, head, copy), 0.0), math.inf, charges.get((tail, head, copy), 0.0))
        for tail, head, copy in dict.fromkeys([*charges, *rates])
        if charges.get((tail, head, copy), 0.0) >= 0
    ]
    arcs += [("source", node, 0.0, -sign * need, 0.0) for (node,), need in needs.items() if sign * need < 0]
    wanted = [("source", node, sign * need) for (node,), need in needs.items() if sign * need > 0]
    columns = ["tail", "head", "cost", "capacity", "fixed_cost"]
    demands = pd.DataFrame(wanted, columns=["origin", "destination", "quantity"])
    return pd.DataFrame(arcs, columns=columns), demands


FCNET = [
    ("k10x90", 568.0),
    ("k14x182b", 11_042.0),
    ("sp50x100", 50_968.0),
    ("sp80x160", 19_549.0),
    ("sp90x250", 23_571.0),
    pytest.param("k14x182", 8_491.0, marks=slow),
    pytest.param("r20x100", 15_603.0, marks=slow),
    pytest.param("p50x288", 6_134.0, marks=slow),
]


@pytest.mark.parametrize(("name", "optimum"), FCNET)
def test_fixed_cost_network_flow_library(name, optimum):
    """Ortega and Wolsey's single-commodity networks 2003, Networks 41; optima as in the README of FCNetLib."""
    path = DATA / "fcnet" / "includes" / f"{name}.inc"
    if not path.exists():
        pytest.skip(f"{name} is not here; CORRIDORS_TESTDATA says where")
    found = solve_design(*read_fcnet(path))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(optimum, rel=1e-6)


# What a solution says


def ladder():
    """Return three parallel ways whose capacity comes in steps, and one demand."""
    arcs = pd.DataFrame(
        {
            "tail": "a",
            "head": "b",
            "cost": [10.0, 1.0, 1.0],
            "capacity": [100.0, 4.0, 4.0],
            "fixed_cost": [0.0, 12.0, 20.0],
        },
        index=["road", "track", "second track"],
    )
    demands = pd.DataFrame({"origin": ["a"], "destination": ["b"], "quantity": [10.0]})
    return arcs, demands


def test_a_design_by_hand():
    arcs, demands = ladder()
    found = solve_design(arcs, demands)
    assert found.built.to_dict() == {"road": False, "track": True, "second track": True}
    assert found.objective == pytest.approx(2 * 10 + 8 * 1 + 32)
    assert found.fixed_cost == 32.0
    assert found.arc_flow.to_dict() == pytest.approx({"road": 2.0, "track": 4.0, "second track": 4.0})
    assert found.shadow_price.to_dict() == pytest.approx({"road": 0.0, "track": 9.0, "second track": 9.0})
    assert found.projects.loc["track"].to_dict() == {"built": True, "period": None, "fixed_cost": 12.0, "line": None}
    assert found.budget_price.empty
    assert "2 of 2 projects" in repr(found)


def test_steps_of_capacity_and_the_price_of_money():
    arcs, demands = ladder()
    arcs.loc["track", "fixed_cost"] = 30.0
    table = pd.DataFrame({"requires": [["track"]]}, index=["second track"])
    found = solve_design(arcs, demands, projects=table, budget=25.0)
    assert not found.projects["built"].any()
    assert found.objective == pytest.approx(100.0)
    assert found.budget_price.index.tolist() == ["total"]
    # The relaxation builds the track only, then both at once: 36 saved for 30, then 72 for 50.
    assert found.budget_price["total"] == pytest.approx(72 / 50)
    both = solve_design(arcs, demands, projects=table, budget=50.0)
    assert both.built.sum() == 2
    assert both.objective == pytest.approx(28.0)


def test_money_is_not_spent_on_what_carries_nothing():
    arcs, demands = ladder()
    demands["quantity"] = 3.0
    found = solve_design(arcs, demands, budget=1000.0)
    assert found.built.sum() == 1
    assert found.objective == pytest.approx(3.0)


def test_periods_by_hand():
    arcs, demands = ladder()
    demands = pd.concat([demands.assign(period="now"), demands.assign(period="later")], ignore_index=True)
    periods = pd.DataFrame({"weight": [1.0, 3.0], "budget": [12.0, 20.0]}, index=["now", "later"])
    found = solve_design(arcs, demands, periods=periods, projects=pd.DataFrame({"lead": [1]}, index=["track"]))
    # Nothing is open now: the track waits a period; what is saved pays for the second track later.
    assert found.projects["period"].to_dict() == {"track": "now", "second track": "later"}
    assert found.arc_flow["now"].to_dict() == pytest.approx({"road": 10.0, "track": 0.0, "second track": 0.0})
    assert found.objective == pytest.approx(100.0 + 3 * 28.0)
    assert found.budget_price.index.tolist() == ["now", "later"]
    assert found.paths.groupby("demand")["flow"].sum().tolist() == pytest.approx([10.0, 10.0])
    assert set(itertools.chain(*found.paths["path"])) == {"road", "track", "second track"}


def test_the_flow_is_the_best_over_the_design():
    arcs, demands, _ = drawn(7, projects=8)
    found = solve_design(arcs, demands, unmet_penalty=40.0)
    there = found.built | (Projects(arcs, None).of_arc == np.full(len(arcs), None))
    alone = solve_flow(arcs.assign(capacity=arcs["capacity"].where(there, 0.0)), demands, unmet_penalty=40.0)
    assert alone.objective + found.fixed_cost == pytest.approx(found.objective)
    assert alone.unmet.sum() == pytest.approx(found.unmet.sum())


def test_infeasible_says_whether_building_all_would_do():
    arcs, demands = ladder()
    arcs.loc["road", "capacity"] = 2.0
    short = solve_design(arcs, demands, budget=15.0)
    assert short.status == "infeasible"
    assert "budget" in short.explain()
    demands["quantity"] = 11.0
    assert "Even if everything were built" in solve_design(arcs, demands).explain()


def test_a_previous_design_changes_nothing_but_time():
    arcs, demands, _ = drawn(8, projects=8)
    first = solve_design(arcs, demands, unmet_penalty=40.0, gap=GAP)
    more = demands.assign(quantity=demands["quantity"] * 1.3)
    fresh = solve_design(arcs, more, unmet_penalty=40.0, gap=GAP)
    again = solve_design(arcs, more, unmet_penalty=40.0, gap=GAP, previous=first)
    assert again.objective == pytest.approx(fresh.objective, rel=1e-8)


def test_without_time_a_design_with_a_gap_or_none():
    arcs, demands, _ = drawn(9, projects=8)
    found = solve_design(arcs, demands, unmet_penalty=40.0, time_limit_s=0.0)
    exact = solve_design(arcs, demands, unmet_penalty=40.0)
    assert found.status in {"time_limit", "optimal"}
    assert found.bound <= exact.objective <= found.objective + 1e-9


@pytest.mark.skipif(not {"COIN_CMD", "PULP_CBC_CMD"} & AVAILABLE, reason="CBC is not here")
def test_another_solver_finds_the_same():
    arcs, demands, options = drawn(103, listed=True, budget="by line")
    found = solve_design(arcs, demands, unmet_penalty=40.0, solver="cbc", **options)
    assert found.objective == pytest.approx(best_by_trying(arcs, demands, 40.0, **options)[0])


def test_same_input_same_design():
    arcs, demands, options = drawn(105, listed=True, budget="total")
    one, two = (solve_design(arcs, demands, unmet_penalty=40.0, **options) for _ in range(2))
    pd.testing.assert_frame_equal(one.projects, two.projects)
    pd.testing.assert_series_equal(one.arc_flow, two.arc_flow)


WRONG = {
    "no charge at all": ({"drop": "fixed_cost"}, {}, "'fixed_cost' and 'project' are missing"),
    "a negative charge": ({"fixed_cost": -1.0}, {}, "column 'fixed_cost': got -1.0"),
    "steps": ({"steps": [[(1.0, 2.0)], None, None]}, {}, "row 'road', column 'steps'"),
    "least loads": ({"lower": 1.0}, {}, "column 'lower'"),
    "two meanings of a label": ({"project": ["track", None, None]}, {}, "row 'track', column 'project'"),
    "an unknown project": ({}, {"projects": {"requires": [["trakc"]]}}, "nearest: track"),
    "a string for a list": ({}, {"projects": {"requires": ["track"]}}, "expected a list of labels"),
    "itself": ({}, {"projects": {"excludes": [["track"]]}}, "labels of other projects"),
    "half a period": ({}, {"projects": {"lead": [0.5]}}, "a whole number of periods"),
    "a column that is misspelt": ({}, {"projects": {"require": [["track"]]}}, "did you mean 'requires'"),
    "no line": ({}, {"budget": {"rail": 5.0}}, "project 'track' has no line, expected one of ['rail']"),
    "a budget that is none": ({}, {"budget": -5.0}, "budget: got -5.0"),
    "words for money": ({}, {"budget": "much"}, "budget: got 'much'"),
    "no weight": ({}, {"periods": {"budget": [1.0]}}, "column 'weight' is missing"),
    "no period of demands": ({}, {"periods": {"weight": [1.0]}}, "column 'period' is missing"),
    "a gap above one": ({}, {"gap": 2.0}, "gap: got 2.0"),
    "no solution before": ({}, {"previous": 1}, "expected a DesignSolution"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_refused_in_words(name):
    change, options, message = WRONG[name]
    arcs, demands = ladder()
    arcs = arcs.drop(columns=change["drop"]) if "drop" in change else arcs.assign(**change)
    tables = {
        key: pd.DataFrame(value, index=["track"]) if isinstance(value, dict) and key != "budget" else value
        for key, value in options.items()
    }
    with pytest.raises(SolverInputError) as refused:
        solve_design(arcs, demands, **tables)
    assert message in str(refused.value)


@pytest.mark.parametrize("budgets", [(5.0, 1.0), 7.0, (1.0,), (-1.0, 2.0)])
def test_wrong_limits_of_money_are_refused(budgets):
    with pytest.raises(SolverInputError, match="budgets: got"):
        design_steps(*ladder(), budgets)
