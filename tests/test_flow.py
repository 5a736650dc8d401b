"""What the flow optimiser promises beyond the optimum: words, ranges, limits, errors, other solvers, warm starts."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pulp
import pytest

import solvers._path_flow
import solvers._problem
import solvers._solver
import solvers.flow
from solvers import FlowCheckError, SolverInputError, solve_flow

ARCS = pd.DataFrame(
    {
        "tail": ["Aktau", "Aktau", "Alat", "Alat", "Poti", "Kars"],
        "head": ["Alat", "Kars", "Poti", "Kars", "Sea", "Sea"],
        "cost": [10.0, 50.0, 5.0, 6.0, 1.0, 2.0],
        "capacity": [10.0, 4.0, 6.0, 10.0, 8.0, 3.0],
    },
    index=list("abcdef"),
)
DEMANDS = pd.DataFrame({"origin": ["Aktau", "Alat"], "destination": ["Sea", "Sea"], "quantity": [8.0, 3.0]})
METHODS = ("arc", "path")


def network(n=60, k=60, seed=3, squeeze=0.5):
    """Random grid of both ways with capacities below what cheapest paths would load."""
    rng = np.random.default_rng(seed)
    side = int(n**0.5)
    pairs = [(v, v + 1) for v in range(side * side) if (v + 1) % side] + [
        (v, v + side) for v in range(side * (side - 1))
    ]
    pairs += [(b, a) for a, b in pairs]
    arcs = pd.DataFrame(pairs, columns=["tail", "head"])
    arcs["cost"] = rng.uniform(1, 10, len(arcs))
    arcs["capacity"] = np.round(rng.uniform(5, 40, len(arcs)) * squeeze, 1)
    od = rng.integers(0, side * side, (k, 2))
    od = od[od[:, 0] != od[:, 1]]
    demands = pd.DataFrame(
        {"origin": od[:, 0], "destination": od[:, 1], "quantity": rng.integers(1, 10, len(od)) * 1.0}
    )
    return arcs, demands


@pytest.mark.parametrize("method", METHODS)
def test_what_stays_unserved_is_explained_by_the_arcs_around_it(method):
    found = solve_flow(ARCS, DEMANDS, method=method, unmet_penalty=100)
    # 9 of 11 pass the cut {c, f}: 6 x (5 + 1) + 3 x (6 + 2), 10 more for each from Aktau, 100 for each of 2 left.
    assert found.objective == pytest.approx(36 + 24 + 60 + 200)
    text = found.explain()
    assert "2 of 11 units stay unserved" in text
    assert "Aktau -> Sea: 2 of 8" in text
    assert "Alat -> Poti (arc 'c'), capacity 6" in text and "Kars -> Sea (arc 'f'), capacity 3" in text
    assert "(arc 'a')" not in text


@pytest.mark.parametrize("method", METHODS)
def test_infeasible_input_gives_no_numbers_but_the_cut(method):
    found = solve_flow(ARCS, DEMANDS, method=method)
    assert found.status == "infeasible"
    assert np.isnan(found.objective) and found.arc_flow.isna().all() and found.paths.empty
    assert "2 of 11 units cannot be served" in found.explain()
    assert "Alat -> Poti (arc 'c'), capacity 6" in found.explain()


@pytest.mark.parametrize("method", METHODS)
def test_a_closed_arc_is_named_when_it_stands_in_the_way(method):
    shut = ARCS.assign(capacity=[0.0, 0.0, 6.0, 10.0, 8.0, 3.0])
    text = solve_flow(shut, DEMANDS.iloc[:1], method=method).explain()
    assert "8 of 8 units cannot be served" in text
    assert "Closed, and in the way of Aktau -> Sea" in text and "Aktau -> Alat (arc 'a')" in text
    backwards = pd.DataFrame({"origin": ["Sea"], "destination": ["Alat"], "quantity": [1.0]})
    assert "No arc leads on" in solve_flow(ARCS, backwards, method=method).explain()


@pytest.mark.parametrize("method", METHODS)
def test_a_least_load_that_cannot_be_reached_is_named(method):
    found = solve_flow(ARCS.assign(lower=[0, 4, 0, 0, 0, 0.0]), DEMANDS.iloc[1:], method=method)
    assert found.status == "infeasible"
    assert "Aktau -> Kars (arc 'b') must carry at least 4" in found.explain()


def test_dear_ways_are_told_from_full_ones():
    found = solve_flow(ARCS, DEMANDS.iloc[:1], unmet_penalty=12)
    assert found.unmet.sum() == pytest.approx(8)
    assert "every way costs more than not serving" in found.explain()


def test_all_served_is_said_so():
    found = solve_flow(ARCS, DEMANDS.assign(quantity=[5.0, 3.0]))
    assert found.status == "optimal" and found.explain() == "All demand is served."
    assert "optimal" in repr(found)


@pytest.mark.parametrize("method", METHODS)
def test_a_price_holds_between_its_breakpoints_and_not_beyond(method):
    found = solve_flow(ARCS, DEMANDS, method=method, unmet_penalty=100)
    span = found.price_range("c")
    assert (span.low, span.high) == pytest.approx((84.0, 84.0))
    assert (span.capacity_from, span.capacity_to) == pytest.approx((0.0, 8.0))
    assert span.unique and "worth 84, from 0 up to 8" in str(span)

    def cost(capacity):
        arcs = ARCS.copy()
        arcs.loc["c", "capacity"] = capacity
        return solve_flow(arcs, DEMANDS, method=method, unmet_penalty=100).objective

    assert cost(0) - cost(8) == pytest.approx(8 * 84)
    assert cost(8) - cost(9) < 84 - 1e-6


def test_a_price_that_is_not_unique_has_two_sides():
    # Exactly as much capacity as is asked for: one more is worth nothing, one less must take the dear way.
    arcs = pd.DataFrame({"tail": ["A", "A"], "head": ["B", "B"], "cost": [1.0, 5.0], "capacity": [4.0, 2.0]})
    span = solve_flow(arcs, pd.DataFrame({"origin": ["A"], "destination": ["B"], "quantity": [4.0]})).price_range(0)
    assert (span.low, span.high) == pytest.approx((0.0, 4.0))
    assert (span.capacity_from, span.capacity_to) == pytest.approx((2.0, np.inf))
    assert not span.unique and "not unique" in str(span)


def test_less_than_what_must_be_served_needs_costs_without_limit():
    arcs = pd.DataFrame({"tail": ["A"], "head": ["B"], "cost": [1.0], "capacity": [4.0]})
    span = solve_flow(arcs, pd.DataFrame({"origin": ["A"], "destination": ["B"], "quantity": [4.0]})).price_range(0)
    assert span.low == 0 and span.high == np.inf and span.capacity_from == pytest.approx(4)
    assert "unserved" in str(span)


def test_price_range_refuses_what_it_cannot_answer():
    with pytest.raises(SolverInputError, match="arc: got 'z'"):
        solve_flow(ARCS, DEMANDS, unmet_penalty=100).price_range("z")
    with pytest.raises(SolverInputError, match="infeasible"):
        solve_flow(ARCS, DEMANDS).price_range("a")


@pytest.mark.parametrize("method", METHODS)
def test_steps_are_paid_one_after_another(method):
    arcs = pd.DataFrame(
        {"tail": ["A"], "head": ["B"], "cost": [1.0], "capacity": [10.0], "steps": [[(3, 2.0), (5, 4.0)]]}
    )
    demand = pd.DataFrame({"origin": ["A"], "destination": ["B"], "quantity": [7.0]})
    assert solve_flow(arcs, demand, method=method).objective == pytest.approx(7 + 2 * 2 + 2 * 4)
    # At a penalty between the steps the load stops where the dear one begins.
    assert solve_flow(arcs, demand, method=method, unmet_penalty=4).arc_flow[0] == pytest.approx(5)


@pytest.mark.parametrize("method", METHODS)
def test_goods_share_a_capacity_at_their_rates(method):
    arcs = pd.DataFrame(
        {"tail": ["A"], "head": ["B"], "cost": [1.0], "capacity": [10.0], "rate_box": [2.0], "cost_grain": [3.0]}
    )
    demands = pd.DataFrame(
        {"origin": ["A", "A"], "destination": ["B", "B"], "quantity": [4.0, 4.0], "class": ["box", "grain"]}
    )
    found = solve_flow(arcs, demands, method=method, unmet_penalty=10)
    # A box saves 9 for 2 units of room, grain 7 for 1: grain goes first, then 3 boxes.
    assert found.unmet.tolist() == pytest.approx([1.0, 0.0])
    assert found.arc_flow[0] == pytest.approx(10)
    assert found.flow_by_class.loc[0].to_dict() == pytest.approx({"box": 3.0, "grain": 4.0})
    assert found.shadow_price[0] == pytest.approx(4.5)


def test_a_warm_start_proves_the_same_and_changes_nothing_else():
    arcs, demands = network()
    first = solve_flow(arcs, demands, method="path", unmet_penalty=200)
    changed = arcs.copy()
    changed.loc[first.shadow_price.idxmax(), "capacity"] *= 0.5
    changed = changed.drop(index=changed.index[0])
    changed.loc["new"] = [0, 11, 4.0, 9.0]
    fewer = demands.iloc[3:]
    cold = solve_flow(changed, fewer, method="path", unmet_penalty=200)
    warm = solve_flow(changed, fewer, method="path", unmet_penalty=200, previous=first)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-6)
    assert warm.gap <= 1e-6 and warm.rounds <= cold.rounds
    again = solve_flow(changed, fewer, method="path", unmet_penalty=200, previous=first)
    pd.testing.assert_frame_equal(again.paths, warm.paths)
    pd.testing.assert_series_equal(again.shadow_price, warm.shadow_price)


def test_a_stop_in_time_is_honest():
    arcs, demands = network(400, 300, 5, 0.3)
    exact = solve_flow(arcs, demands, method="path", unmet_penalty=300)
    stopped = solve_flow(arcs, demands, method="path", unmet_penalty=300, time_limit_s=0.05)
    assert stopped.status == "time_limit"
    assert stopped.gap > 1e-6
    assert stopped.bound <= exact.objective * (1 + 1e-9) <= stopped.objective * (1 + 1e-6)
    assert (stopped.arc_flow <= arcs["capacity"] + 1e-6).all()
    loose = solve_flow(arcs, demands, method="path", unmet_penalty=300, gap=0.05)
    assert loose.status == "optimal" and loose.gap <= 0.05
    at_once = solve_flow(arcs, demands, method="path", unmet_penalty=300, time_limit_s=1e-9)
    assert at_once.status == "time_limit"
    assert at_once.bound <= exact.objective * (1 + 1e-9) <= at_once.objective * (1 + 1e-6)


@pytest.mark.parametrize(
    "name", [n for n in ("PULP_CBC_CMD", "COIN_CMD") if n in pulp.listSolvers(onlyAvailable=True)][:1]
)
@pytest.mark.parametrize("method", METHODS)
def test_other_solvers_find_the_same(name, method):
    arcs, demands = network(25, 12)
    ours = solve_flow(arcs, demands, method=method, unmet_penalty=100)
    theirs = solve_flow(arcs, demands, method=method, unmet_penalty=100, solver=name)
    assert theirs.objective == pytest.approx(ours.objective, rel=1e-6)
    assert theirs.gap <= 1e-6
    assert solve_flow(ARCS, DEMANDS, method=method, solver=name).status == "infeasible"


@pytest.mark.parametrize(
    ("arcs", "demands", "message"),
    [
        ({"capacity": [-1.0, 4, 6, 10, 8, 3]}, {}, "arcs row 'a', column 'capacity': got -1.0"),
        ({"cost": [np.nan, 4, 6, 10, 8, 3]}, {}, "arcs row 'a', column 'cost': got nan"),
        ({"lower": [11.0, 0, 0, 0, 0, 0]}, {}, "arcs row 'a', column 'lower': got 11.0, expected at most its capacity"),
        ({"steps": [[(5, 1), (3, 2)], *[None] * 5]}, {}, "arcs row 'a', column 'steps'"),
        ({"steps": ["dear", *[None] * 5]}, {}, "arcs row 'a', column 'steps': got 'dear'"),
        ({"group": ["g", "g", *[None] * 4], "group_capacity": [1.0, 2, 0, 0, 0, 0]}, {}, "column 'group_capacity'"),
        ({}, {"origin": ["Aktaw", "Alat"]}, r"demands row 0: origin 'Aktaw' is unknown.*'Aktau'"),
        ({}, {"quantity": [-1.0, 2.0]}, "demands row 0, column 'quantity': got -1.0"),
        ({"rate_box": 2.0}, {"class": ["bocks", "bocks"]}, "no column 'rate_bocks'.*'rate_box'"),
        ({"head": ["Alat", "Kars", "Poti", "Kars", "Sea", "Alat"], "cost": [1.0, 1, 1, 1, 1, -9]}, {}, "negative cost"),
    ],
)
def test_wrong_input_gets_one_clear_message(arcs, demands, message):
    for method in METHODS:
        with pytest.raises(SolverInputError, match=message):
            solve_flow(ARCS.assign(**arcs), DEMANDS.assign(**demands), method=method, unmet_penalty=5)


def test_an_unbounded_problem_says_where_it_falls_without_end():
    arcs = ARCS.assign(capacity=np.inf)
    arcs.loc["z"] = ["Sea", "Aktau", -30.0, np.inf]
    with pytest.raises(SolverInputError, match=r"going round .*costs -1[0-9].*without end: the problem is unbounded"):
        solve_flow(arcs, DEMANDS)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "method: got 'magic'"),
        ({"gap": -1}, "gap: got -1"),
        ({"time_limit_s": "soon"}, "time_limit_s: got 'soon'"),
        ({"unmet_penalty": -1}, "unmet_penalty: got -1"),
        ({"solver": "hihgs"}, "solver: got 'hihgs'.*nearest: HiGHS"),
        ({"previous": 3}, "previous: got int"),
    ],
)
def test_wrong_arguments_get_one_clear_message(wrong, message):
    with pytest.raises(SolverInputError, match=message):
        solve_flow(ARCS, DEMANDS, **wrong)
    with pytest.raises(SolverInputError, match="demands: column 'quantity' is missing"):
        solve_flow(ARCS, DEMANDS.drop(columns="quantity"))
    with pytest.raises(SolverInputError, match="appears 2 times"):
        solve_flow(ARCS.rename(index={"b": "a"}), DEMANDS)


def test_a_solver_that_lies_is_caught(monkeypatch):
    """A flow above capacity, or of another cost, does not leave the gate."""
    true = solvers.flow.solve_path

    def twice(*args, **kwargs):
        raw = true(*args, **kwargs)
        raw.x = raw.x * np.where(np.arange(len(raw.x)) < args[0].k, 0.0, 1.5)
        return raw

    monkeypatch.setattr(solvers.flow, "solve_path", twice)
    monkeypatch.setattr(solvers.flow._Report, "_tidy", lambda self, columns, x: (x, np.zeros(self.problem.k)))
    with pytest.raises(FlowCheckError):
        solve_flow(ARCS, DEMANDS, method="path", unmet_penalty=100)


@pytest.mark.parametrize("method", METHODS)
def test_runs_that_serve_nobody_are_listed_and_checked(method, monkeypatch):
    """A least load beyond the demand is filled by going round; load and cost of that are recomputed too."""
    arcs = pd.DataFrame(
        {
            "tail": ["A", "B"],
            "head": ["B", "A"],
            "cost": [1.0, 2.0],
            "capacity": [10.0, 10.0],
            "lower": [8.0, 0.0],
            "rate_box": [2.0, 1.0],
        }
    )
    demands = pd.DataFrame({"origin": ["A"], "destination": ["B"], "quantity": [3.0], "class": ["box"]})
    found = solve_flow(arcs, demands, method=method)
    # Three boxes load A-B with 6; one more goes there and back.
    assert found.objective == pytest.approx(3 * 1 + 1 * (1 + 2))
    assert found.arc_flow.tolist() == pytest.approx([8.0, 1.0])
    assert found.circulation["flow"].tolist() == pytest.approx([1.0])
    assert found.circulation["class"].tolist() == ["box"]
    assert sorted(found.circulation["cycle"][0]) == [0, 1]
    true = solvers.flow._Report._circulation
    monkeypatch.setattr(
        solvers.flow._Report, "_circulation", lambda *args: true(*args).assign(flow=lambda frame: frame["flow"] * 0.5)
    )
    with pytest.raises(FlowCheckError):
        solve_flow(arcs, demands, method=method)


def test_a_bound_above_the_cost_is_caught(monkeypatch):
    true = solvers.flow.solve_path

    def boast(*args, **kwargs):
        raw = true(*args, **kwargs)
        raw.bound *= 1.01
        return raw

    monkeypatch.setattr(solvers.flow, "solve_path", boast)
    with pytest.raises(FlowCheckError, match="bound"):
        solve_flow(ARCS, DEMANDS, method="path", unmet_penalty=100)


def test_a_solver_that_fails_is_not_called_out_of_time(monkeypatch):
    failed = solvers._solver.Outcome("failed", np.zeros(0), np.zeros(0))
    monkeypatch.setattr(solvers._solver.Model, "run", lambda *args, **kwargs: failed)
    for method in METHODS:
        found = solve_flow(ARCS, DEMANDS, method=method, unmet_penalty=100)
        assert found.status == "inaccurate" and found.gap > 0
        assert (found.arc_flow <= ARCS["capacity"] + 1e-9).all()


def test_solving_writes_nothing_to_the_standard_output():
    code = (
        "import pandas as pd, solvers; a = pd.DataFrame({'tail': [0], 'head': [1], 'cost': [1.0], 'capacity': [1.0]}); "
        "d = pd.DataFrame({'origin': [0], 'destination': [1], 'quantity': [2.0]}); "
        "[solvers.solve_flow(a, d, method=m, unmet_penalty=3.0) for m in ('arc', 'path')]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b""


@pytest.mark.parametrize(("off", "status"), [(0.0, "optimal"), (1.0, "inaccurate")])
def test_a_bound_that_proves_less_than_was_asked_is_told(off, status):
    arcs = pd.DataFrame({"tail": ["a"], "head": ["b"], "cost": [-5.0], "capacity": [9.0]})
    demands = pd.DataFrame({"origin": ["a"], "destination": ["b"], "quantity": [1.0]})
    problem = solvers._problem.read_problem(arcs, demands, None)
    raw = solvers._path_flow.solve_path(problem, solver=solvers._solver.solver_name("highs"), gap=1e-6, deadline=np.inf)
    report = solvers.flow._Report(problem, replace(raw, bound=raw.bound - off), arcs, demands)
    found = report.solution({"unmet_penalty": None, "solver": "highs", "method": "path"}, 1e-6, 0.0)
    assert (found.status, found.objective, found.bound) == (status, -5.0, -5.0 - off)
