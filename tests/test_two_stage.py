"""Two-stage design against one plain model of all scenarios, and against numbers that can be worked out by hand."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solvers import SolverInputError, solve_flow, solve_two_stage

GAP = 1e-7
RISKS = ("expected", "cvar", "worst", "regret")


class Case(NamedTuple):
    """What solve_two_stage is asked."""

    arcs: pd.DataFrame
    demands: pd.DataFrame
    scenarios: pd.DataFrame
    projects: pd.DataFrame | None
    budget: float | dict[str, float] | None


def random_case(seed, *, nodes=6, offered=5, scenarios=4, budget="number", classes=False):
    """Make a small network with roads that are there, projects, and scenarios that change all that may change."""
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(nodes) for j in range(nodes) if i != j]
    drawn = [pairs[i] for i in rng.choice(len(pairs), 2 * nodes + 2 * offered)]
    m = len(drawn)
    arcs = pd.DataFrame(drawn, columns=["tail", "head"], index=[f"a{i}" for i in range(m)])
    arcs["cost"] = rng.integers(1, 12, m).astype(float)
    arcs["capacity"] = rng.choice([2.0, 4.0, 6.0, math.inf], m)
    new = np.r_[np.repeat(np.arange(offered), 2)[: 2 * offered], np.full(m - 2 * offered, -1)]
    arcs["project"] = [f"p{p}" if p >= 0 else None for p in new]
    arcs["fixed_cost"] = [float(rng.integers(1, 9)) if p >= 0 else 0.0 for p in new]
    arcs.loc[new >= 0, "cost"] = rng.integers(0, 5, int((new >= 0).sum())).astype(float)
    held = rng.random(m) < 0.25
    arcs["group"] = ["g" if h else None for h in held]
    arcs["group_capacity"] = np.where(held, 7.0, np.nan)
    k = int(rng.integers(2, 6))
    ends = [pairs[i] for i in rng.choice(len(pairs), k)]
    demands = pd.DataFrame(ends, columns=["origin", "destination"], index=[f"d{i}" for i in range(k)])
    demands["quantity"] = rng.integers(1, 8, k).astype(float)
    demands["unmet_penalty"] = rng.choice([15.0, 30.0], k)
    if classes:
        demands["class"] = rng.choice(["box", "bulk"], k)
        for name in set(demands["class"]):
            arcs[f"cost_{name}"] = arcs["cost"] + rng.integers(0, 3, m)
            arcs[f"rate_{name}"] = rng.choice([1.0, 2.0], m)
    known = set(arcs["tail"]) | set(arcs["head"])
    demands = demands[demands["origin"].isin(known) & demands["destination"].isin(known)]
    table = pd.DataFrame({"probability": rng.dirichlet(np.ones(scenarios))}, [f"s{i}" for i in range(scenarios)])
    drawn = lambda share: [a for a in arcs.index if rng.random() < share]  # noqa: E731
    table["capacity"] = [{a: float(rng.integers(0, 5)) for a in drawn(0.2)} for _ in range(scenarios)]
    table["closed"] = [drawn(0.15) if rng.random() < 0.8 else None for _ in range(scenarios)]
    column = f"cost_{demands['class'].iloc[0]}" if classes else "cost"
    table[column] = [{a: float(rng.integers(0, 15)) for a in drawn(0.15)} if i % 2 else None for i in range(scenarios)]
    table["quantity"] = [{d: float(rng.integers(0, 10)) for d in demands.index[:1]} for _ in range(scenarios)]
    table["group_capacity"] = [
        {"g": float(rng.integers(0, 8))} if held.any() and i == 1 else np.nan for i in range(scenarios)
    ]
    projects = pd.DataFrame(index=[f"p{i}" for i in range(offered)])
    projects["line"] = [("rail", "road")[i % 2] for i in range(offered)]
    projects["requires"] = [["p0"] if i == 1 and offered > 1 else None for i in range(offered)]
    projects["excludes"] = [["p2"] if i == 3 else None for i in range(offered)]
    total = float(arcs["fixed_cost"].sum())
    limit = {"number": 0.4 * total, "lines": {"rail": 0.3 * total, "road": 0.2 * total}, "none": None}[budget]
    return Case(arcs, demands, table, projects, limit)


def stated(value):
    """Return a mapping or list, empty for None and NaN."""
    return value if isinstance(value, dict | list) else {}


def tables_in(case, label):
    """Return arcs and demands of one scenario, written out."""
    row, arcs, demands = case.scenarios.loc[label], case.arcs.copy(), case.demands.copy()
    for column in [c for c in case.scenarios if c == "capacity" or c.startswith("cost")]:
        for arc, value in stated(row[column]).items():
            arcs.loc[arc, column] = value
    for arc in stated(row.get("closed")):
        arcs.loc[arc, "capacity"] = 0.0
    for group, value in stated(row.get("group_capacity")).items():
        arcs.loc[arcs["group"] == group, "group_capacity"] = value
    for demand, value in stated(row.get("quantity")).items():
        demands.loc[demand, "quantity"] = value
    return arcs, demands


class Extensive:
    """All scenarios in one mixed-integer model with a flow on every arc for every demand."""

    def __init__(self, case, labels):
        self.case, self.labels = case, labels
        self.model = pulp.LpProblem("extensive", pulp.LpMinimize)
        arcs = case.arcs
        own = arcs["project"] if "project" in arcs else pd.Series(None, arcs.index, dtype=object)
        paid = arcs.get("fixed_cost", pd.Series(0.0, arcs.index)).fillna(0.0)
        self.of = {a: own[a] if own[a] is not None else a for a in arcs.index if own[a] is not None or paid[a] > 0}
        names = list(dict.fromkeys([*(case.projects.index if case.projects is not None else []), *self.of.values()]))
        self.y = {p: self.model.add_variable(f"y{i}", cat="Binary") for i, p in enumerate(names)}
        charge = {p: sum(paid[a] for a, q in self.of.items() if q == p) for p in names}
        self.fixed = pulp.lpSum(charge[p] * y for p, y in self.y.items())
        self._rules(charge)
        self.cost = {s: self._scenario(i, s) for i, s in enumerate(labels)}

    def _rules(self, charge):
        case = self.case
        if case.projects is not None:
            for p, row in case.projects.iterrows():
                for other in stated(row.get("requires")):
                    self.model.addConstraint(self.y[p] <= self.y[other])
                for other in stated(row.get("excludes")):
                    self.model.addConstraint(self.y[p] + self.y[other] <= 1)
        if isinstance(case.budget, dict):
            for line, limit in case.budget.items():
                mine = [p for p in self.y if case.projects["line"].get(p) == line]
                self.model.addConstraint(pulp.lpSum(charge[p] * self.y[p] for p in mine) <= limit)
        elif case.budget is not None:
            self.model.addConstraint(self.fixed <= case.budget)

    def _scenario(self, number, label):
        arcs, demands = tables_in(self.case, label)
        most = float(demands["quantity"].sum())
        load = {a: [] for a in arcs.index}
        cost = []
        for k, (_, demand) in enumerate(demands.iterrows()):
            kind = demand.get("class")
            prices = arcs[f"cost_{kind}"] if kind is not None else arcs["cost"]
            rates = arcs[f"rate_{kind}"] if kind is not None else pd.Series(1.0, arcs.index)
            unmet = self.model.add_variable(f"u{number}_{k}", 0)
            cost.append(demand["unmet_penalty"] * unmet)
            balance = {v: [] for v in {*arcs["tail"], *arcs["head"]}}
            for j, (a, arc) in enumerate(arcs.iterrows()):
                x = self.model.add_variable(f"x{number}_{k}_{j}", 0)
                balance[arc["tail"]].append(x)
                balance[arc["head"]].append(-x)
                load[a].append(rates[a] * x)
                cost.append(prices[a] * x)
            for v, terms in balance.items():
                out = int(v == demand["origin"]) - int(v == demand["destination"])
                left = pulp.lpSum(terms) + out * unmet
                self.model.addConstraint(left == out * demand["quantity"], f"b{number}_{k}_{v}")
        for a, arc in arcs.iterrows():
            room = min(arc["capacity"], 4 * most)
            there = self.y[self.of[a]] if a in self.of else 1
            self.model.addConstraint(pulp.lpSum(load[a]) <= room * there)
        for group in set(arcs["group"].dropna()) if "group" in arcs else ():
            inside = arcs.index[arcs["group"] == group]
            room = float(arcs["group_capacity"][inside].iloc[0])
            self.model.addConstraint(pulp.lpSum(x for a in inside for x in load[a]) <= room)
        return pulp.lpSum(cost)

    def least(self, measure):
        """Minimise a measure of the costs, with fixed costs unless there is a budget."""
        self.model.setObjective(measure + (self.fixed if self.case.budget is None else 0))
        self.model.solve(pulp.HiGHS(msg=False, gapRel=1e-9))
        assert self.model.status == 1
        return float(pulp.value(self.model.objective))


def optimum(case, risk, level, weight):
    """Return the optimum of the extensive form for a measure of risk."""
    labels, chance = case.scenarios.index.tolist(), case.scenarios["probability"]
    form = Extensive(case, labels)
    expected = pulp.lpSum(chance[s] * form.cost[s] for s in labels)
    if risk == "expected":
        return form.least(expected)
    top = form.model.add_variable("top")
    if risk == "cvar":
        above = {s: form.model.add_variable(f"above{i}", 0) for i, s in enumerate(labels)}
        for s in labels:
            form.model.addConstraint(above[s] >= form.cost[s] - top)
        tail = top + pulp.lpSum(chance[s] / (1 - level) * above[s] for s in labels)
        return form.least((1 - weight) * expected + weight * tail)
    for s in labels:
        best = Extensive(case, [s])
        form.model.addConstraint(top >= form.cost[s] - (best.least(best.cost[s]) if risk == "regret" else 0))
    return form.least(top)


def check(case, risk, **options):
    """Solve and compare with the extensive form; return the solution."""
    found = solve_two_stage(*case[:3], projects=case.projects, budget=case.budget, risk=risk, gap=GAP, **options)
    best = optimum(case, risk, options.get("level", 0.95), options.get("weight", 1.0))
    assert found.status == "optimal"
    size = max(1.0, abs(best), found.worst)
    assert abs(found.objective - best) <= 1e-5 * size
    assert found.bound <= best + 1e-5 * size
    return found


@pytest.mark.parametrize("budget", ["number", "lines", "none"])
@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("seed", range(4))
def test_same_as_the_extensive_form(seed, risk, budget):
    check(random_case(seed, budget=budget, classes=seed % 2 == 1), risk, level=0.6, weight=0.7, values=False)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    nodes=st.integers(2, 7),
    offered=st.integers(1, 7),
    scenarios=st.integers(1, 5),
    budget=st.sampled_from(["number", "lines", "none"]),
    classes=st.booleans(),
    risk=st.sampled_from(RISKS),
    level=st.sampled_from([0.0, 0.5, 0.8, 0.95]),
    weight=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_same_as_the_extensive_form_whatever_the_case(seed, nodes, offered, scenarios, budget, classes, risk, **tail):
    case = random_case(seed, nodes=nodes, offered=offered, scenarios=scenarios, budget=budget, classes=classes)
    check(case, risk, values=False, **tail)


def two_ways(**columns):
    """Return a short way that closes half of the time, a project beside it, and a dear way that is always there."""
    arcs = pd.DataFrame(
        [("o", "d", 1.0, 10.0, None), ("o", "d", 2.0, 10.0, "tunnel"), ("o", "d", 5.0, 10.0, None)],
        columns=["tail", "head", "cost", "capacity", "project"],
        index=["pass", "tunnel", "detour"],
    )
    arcs["fixed_cost"] = [0.0, 12.0, 0.0]
    demands = pd.DataFrame({"origin": ["o"], "destination": ["d"], "quantity": [10.0]}, ["goods"])
    scenarios = pd.DataFrame({"probability": [0.5, 0.5], "closed": [None, ["pass"]]}, ["open", "shut"])
    return arcs, demands, scenarios.assign(**columns)


def test_worked_by_hand():
    """The tunnel saves 10 (5 - 2) = 30 half of the time, for 12; the mean scenario has half a pass: it saves 15."""
    found = solve_two_stage(*two_ways())
    assert found.projects["built"].tolist() == [True] and found.built.tolist() == [True, True, True]
    assert found.by_scenario["cost"].tolist() == pytest.approx([10.0, 20.0])
    assert found.objective == pytest.approx(12 + 15) and found.bound == pytest.approx(27)
    assert (found.expected, found.worst, found.fixed_cost) == pytest.approx((15.0, 20.0, 12.0))
    # Knowing that the pass stays open, nobody builds: 10, and 32 when it shuts; the mean scenario builds too.
    assert found.by_scenario["best_cost"].tolist() == pytest.approx([10.0, 32.0])
    assert found.by_scenario["regret"].tolist() == pytest.approx([12.0, 0.0], abs=1e-6)
    assert found.value_of_perfect_information == pytest.approx(27 - 21)
    assert found.value_of_stochastic_solution == pytest.approx(0.0, abs=1e-6)


def test_mean_scenario_misleads():
    """A pass that shuts one time in four is half empty on average, so that the mean scenario builds no tunnel."""
    arcs, demands, scenarios = two_ways(probability=[0.75, 0.25])
    arcs.loc["pass", "capacity"] = 20.0
    arcs.loc["tunnel", "fixed_cost"] = 6.0
    found = solve_two_stage(arcs, demands, scenarios)
    # Built: 6 + 0.75 x 10 + 0.25 x 20 = 18.5; not built: 0.75 x 10 + 0.25 x 50 = 20.
    assert found.objective == pytest.approx(18.5)
    # The pass counts as 10 units at most, all that may go over it: 7.5 on average, the tunnel saves 2.5 x 3 for 6.
    assert found.value_of_stochastic_solution == pytest.approx(0.0, abs=1e-6)
    arcs.loc["tunnel", "fixed_cost"] = 7.499
    assert solve_two_stage(arcs, demands, scenarios).value_of_stochastic_solution == pytest.approx(0.0, abs=1e-6)
    scenarios["quantity"] = [None, {"goods": 10.0}]
    demands["quantity"] = 2.0
    found = solve_two_stage(arcs.assign(fixed_cost=[0.0, 4.0, 0.0]), demands, scenarios)
    # The mean scenario sends 4 over a pass of 7.5 and does not build: 0.75 x 2 + 0.25 x 50 = 14 instead of 10.5.
    assert found.objective == pytest.approx(4 + 0.75 * 2 + 0.25 * 20)
    assert found.value_of_stochastic_solution == pytest.approx(14.0 - 10.5)
    low, high = found.value_of_stochastic_solution_between
    assert low <= 3.5 + 1e-9 and high >= 3.5 - 1e-9


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("seed", range(3))
def test_values_and_table_fit_the_solution(seed, risk):
    case = random_case(seed + 50)
    found = check(case, risk, level=0.5)
    table = found.by_scenario
    assert (table["best_bound"] <= table["best_cost"] + 1e-6).all()
    assert (table["best_cost"] <= table["cost"] + 1e-5).all()
    for label in case.scenarios.index:
        form = Extensive(case, [label])
        assert table.loc[label, "best_cost"] == pytest.approx(form.least(form.cost[label]), rel=1e-5)
        arcs, demands = tables_in(case, label)
        flow = solve_flow(arcs[found.built], demands)
        assert table.loc[label, "cost"] == pytest.approx(flow.objective, rel=1e-6)
        assert table.loc[label, "unmet"] == pytest.approx(flow.unmet.sum(), abs=1e-5)
    paid = found.projects["fixed_cost"][found.projects["built"]].sum()
    assert found.fixed_cost == paid <= case.budget + 1e-9
    order = table.sort_values("cost", ascending=False)
    left, tail = 0.5, 0.0
    for _, row in order.iterrows():
        part = min(left, row["probability"])
        left, tail = left - part, tail + part * row["cost"]
    assert found.cvar == pytest.approx(tail / 0.5)
    assert found.expected <= found.cvar + 1e-9 <= found.worst + 1e-8
    assert found.value_of_stochastic_solution >= 0 and found.value_of_perfect_information >= -1e-5
    if risk == "regret":
        assert found.objective == pytest.approx(table["regret"].max(), abs=1e-5)


def test_steps_and_what_must_be_served():
    arcs, demands, scenarios = two_ways()
    arcs["steps"] = [None, [(5.0, 2.5)], None]
    found = solve_two_stage(arcs, demands, scenarios, gap=GAP)
    # With the tunnel 12 + (10 + 5 x 2 + 5 x 4.5) / 2 = 33.25, without it (10 + 50) / 2 = 30.
    assert found.objective == pytest.approx(30.0) and not found.projects["built"].any()
    short = arcs.drop(columns="steps").assign(capacity=[10.0, 10.0, 4.0])
    found = solve_two_stage(short, demands, scenarios, gap=GAP)
    assert found.objective == pytest.approx(27.0) and found.by_scenario["unmet"].sum() == 0
    with pytest.raises(SolverInputError, match="no choice of projects"):
        solve_two_stage(short, demands, scenarios, budget=5.0)
    with pytest.raises(SolverInputError, match=r"'shut'.*even if everything is built"):
        solve_two_stage(short.assign(capacity=[10.0, 5.0, 4.0]), demands, scenarios)
    assert solve_two_stage(short, demands, scenarios, budget=5.0, unmet_penalty=9.0).expected == pytest.approx(42.0)


def test_other_solver_previous_and_time_limit():
    case = random_case(3)
    options = {"projects": case.projects, "budget": case.budget}
    found = solve_two_stage(*case[:3], **options, gap=GAP)
    other = solve_two_stage(*case[:3], **options, gap=GAP, solver="cbc", values=False)
    again = solve_two_stage(*case[:3], **options, gap=GAP, previous=found, values=False)
    assert other.objective == pytest.approx(found.objective, rel=1e-6)
    assert again.objective == pytest.approx(found.objective, rel=1e-6)
    assert math.isnan(other.value_of_stochastic_solution) and other.by_scenario["best_cost"].isna().all()
    hasty = solve_two_stage(*case[:3], **options, time_limit_s=0.0)
    assert hasty.status in ("time_limit", "optimal") and hasty.bound <= found.objective + 1e-6
    assert hasty.objective >= found.bound - 1e-6


def test_same_input_same_output():
    case = random_case(8)
    one, two = (solve_two_stage(*case[:3], projects=case.projects, budget=case.budget) for _ in range(2))
    assert one.objective == two.objective and one.bound == two.bound and one.built.equals(two.built)


def test_nothing_to_send_and_nothing_to_build():
    arcs, demands, scenarios = two_ways()
    found = solve_two_stage(arcs, demands.assign(quantity=0.0), scenarios)
    assert found.objective == 0 and not found.projects["built"].any()
    found = solve_two_stage(arcs.assign(project=None, fixed_cost=0.0), demands, scenarios)
    assert found.objective == pytest.approx(15.0) and len(found.projects) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probability": [0.5, 0.4]}, "sums to 0.9, expected 1"),
        ({"probability": [1.5, -0.5]}, "row 'open', column 'probability': got 1.5"),
        ({"closed": [None, ["pas"]]}, "row 'shut', column 'closed': got 'pas'.*nearest: pass"),
        ({"closed": [None, "pass"]}, "expected a list of labels"),
        ({"capacity": [{"pass": -1.0}, None]}, "got -1.0, expected a number of zero or more for arc 'pass'"),
        ({"capacity": [3.0, None]}, "expected a mapping"),
        ({"quantity": [{"goodies": 1.0}, None]}, "labels of demands; nearest: goods"),
        ({"group_capacity": [{"g": 1.0}, None]}, "labels of groups"),
        ({"quantitys": [None, None]}, "did you mean 'quantity'"),
    ],
)
def test_what_is_wrong_with_scenarios_is_said(changes, message):
    with pytest.raises(SolverInputError, match=message):
        solve_two_stage(*two_ways(**changes))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"risk": "mean"}, "risk: got 'mean', expected one of expected, cvar, worst, regret"),
        ({"level": 1.0}, "level: got 1"),
        ({"weight": 2.0}, "weight: got 2.0"),
        ({"gap": -1.0}, "gap: got -1.0"),
        ({"previous": 1}, "previous: got int"),
    ],
)
def test_what_is_wrong_with_arguments_is_said(options, message):
    with pytest.raises(SolverInputError, match=message):
        solve_two_stage(*two_ways(), **options)


def test_least_loads_are_refused():
    arcs, demands, scenarios = two_ways()
    with pytest.raises(SolverInputError, match="least loads do not go with scenarios"):
        solve_two_stage(arcs.assign(lower=[1.0, 0.0, 0.0]), demands, scenarios)
