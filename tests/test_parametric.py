"""Steps of the marginal cost of a growing demand agree with many single solves."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import SolverInputError
from solvers.flow import solve_flow
from solvers.parametric import linear_pieces, parametric_flow


def table(*rows, **columns):
    """Return arcs from (label, tail, head, cost, capacity)."""
    frame = pd.DataFrame(rows, columns=["label", "tail", "head", "cost", "capacity"]).set_index("label")
    return frame.assign(**columns)


def demand(*rows, **columns):
    """Return demands from (label, origin, destination, quantity)."""
    frame = pd.DataFrame(rows, columns=["label", "origin", "destination", "quantity"]).set_index("label")
    return frame.assign(**columns)


def cost_at(steps, theta):
    """Return the cost of all growth up to theta."""
    width = np.clip(theta - steps["theta_from"], 0, steps["theta_to"] - steps["theta_from"])
    return (width * steps["marginal_cost"])[width > 0].sum()


def solved(arcs, demands, growth, theta, **options):
    quantity = demands["quantity"] + theta * pd.Series(growth).reindex(demands.index).fillna(0)
    return solve_flow(arcs, demands.assign(quantity=quantity), gap=1e-10, **options)


def agrees(arcs, demands, growth, upto, points=60, **options):
    """Hold the steps against solves at many points, kinks included; return the steps."""
    steps = parametric_flow(arcs, demands, growth, upto=upto, **options)
    assert steps["theta_from"].iloc[0] == 0 and steps["theta_to"].iloc[-1] == upto
    assert (steps["theta_from"].to_numpy()[1:] == steps["theta_to"].to_numpy()[:-1]).all()
    assert (np.diff(steps["marginal_cost"].to_numpy()) > 0).all() or len(steps) < 3
    base = solved(arcs, demands, growth, 0.0, **options).objective
    limit = steps.loc[np.isfinite(steps["marginal_cost"]), "theta_to"].max()
    for theta in [*np.linspace(0, upto, points), *steps["theta_to"]]:
        if theta < limit * (1 - 1e-6) or limit == upto:
            value = solved(arcs, demands, growth, theta, **options).objective
            assert base + cost_at(steps, theta) == pytest.approx(value, rel=1e-6, abs=1e-6), theta
        elif theta > limit * (1 + 1e-6):
            assert solved(arcs, demands, growth, theta, **options).status == "infeasible", theta
    return steps


PARALLEL = [("a", "o", "d", 1.0, 10.0), ("b", "o", "d", 3.0, 5.0), ("c", "o", "d", 7.0, math.inf)]


def test_parallel_arcs_fill_from_the_cheapest():
    steps = agrees(table(*PARALLEL), demand(("x", "o", "d", 0.0)), {"x": 1.0}, 40.0)
    assert steps["theta_to"].tolist() == pytest.approx([10, 15, 40])
    assert steps["marginal_cost"].tolist() == pytest.approx([1, 3, 7])
    assert steps["binds"].tolist() == [[("arc", "a")], [("arc", "b")], []]
    assert steps["worth"].tolist() == [pytest.approx([2.0]), pytest.approx([4.0]), []]


def test_the_last_row_says_where_no_more_can_be_served_and_why():
    steps = agrees(table(*PARALLEL[:2]), demand(("x", "o", "d", 0.0)), {"x": 1.0}, 40.0)
    assert steps["theta_to"].tolist() == pytest.approx([10, 15, 40])
    assert steps["marginal_cost"].tolist() == pytest.approx([1, 3, math.inf])
    assert steps["binds"].tolist() == [[("arc", "a")], [("arc", "b")], []]
    assert steps["worth"].iloc[1] == [math.inf]


def test_what_is_not_served_costs_its_penalty():
    steps = agrees(table(*PARALLEL[:2]), demand(("x", "o", "d", 0.0)), {"x": 1.0}, 40.0, unmet_penalty=5.0)
    assert steps["marginal_cost"].tolist() == pytest.approx([1, 3, 5])
    assert steps["worth"].iloc[1] == pytest.approx([2.0])


def test_growth_from_a_kink_takes_the_cost_of_its_right_side():
    steps = agrees(table(*PARALLEL), demand(("x", "o", "d", 10.0)), {"x": 1.0}, 20.0)
    assert steps["marginal_cost"].tolist() == pytest.approx([3, 7])


def test_growth_to_a_kink_ends_there():
    steps = agrees(table(*PARALLEL), demand(("x", "o", "d", 0.0)), {"x": 1.0}, 10.0)
    assert steps[["theta_to", "marginal_cost"]].to_numpy().tolist() == [pytest.approx([10, 1])]


def test_a_closed_arc_is_no_way():
    arcs = table(("shut", "o", "d", 0.0, 0.0), *PARALLEL)
    steps = agrees(arcs, demand(("x", "o", "d", 0.0)), {"x": 1.0}, 30.0)
    assert steps["marginal_cost"].tolist() == pytest.approx([1, 3, 7])


def test_nothing_can_be_served_at_all():
    arcs = table(("a", "o", "d", 1.0, 0.0), ("b", "o", "d", math.inf, 5.0))
    steps = parametric_flow(arcs, demand(("x", "o", "d", 0.0)), {"x": 1.0}, upto=9.0)
    assert steps[["theta_from", "theta_to", "marginal_cost"]].to_numpy().tolist() == [[0, 9, math.inf]]


def test_copies_of_an_arc_share_a_group():
    arcs = table(
        ("a1", "o", "p", 1.0, math.inf),
        ("a2", "q", "d", 1.0, math.inf),
        ("pd", "p", "d", 0.0, math.inf),
        ("oq", "o", "q", 0.5, math.inf),
        ("sea", "o", "d", 4.0, math.inf),
        group=["line", "line", None, None, None],
        group_capacity=[6.0, 6.0, math.nan, math.nan, math.nan],
    )
    steps = agrees(arcs, demand(("x", "o", "d", 0.0)), {"x": 1.0}, 20.0)
    assert steps["theta_to"].tolist() == pytest.approx([6, 20])
    assert steps["binds"].iloc[0] == [("group", "line")] and steps["worth"].iloc[0] == pytest.approx([3.0])


def test_other_goods_are_moved_out_of_the_way():
    """Growth of x drives y, which stays the same, from the arc that both like to a dearer one."""
    arcs = table(
        ("x-in", "ox", "m", 0.0, math.inf),
        ("y-in", "oy", "m", 0.0, math.inf),
        ("shared", "m", "n", 1.0, 10.0),
        ("x-out", "n", "dx", 0.0, math.inf),
        ("y-out", "n", "dy", 0.0, math.inf),
        ("y-by", "oy", "dy", 3.0, math.inf),
        ("x-by", "ox", "dx", 9.0, math.inf),
    )
    steps = agrees(arcs, demand(("x", "ox", "dx", 0.0), ("y", "oy", "dy", 4.0)), {"x": 1.0}, 25.0)
    assert steps["theta_to"].tolist() == pytest.approx([6, 10, 25])
    assert steps["marginal_cost"].tolist() == pytest.approx([1, 3, 9])
    assert steps["binds"].tolist() == [[("arc", "shared")], [], []], "the second step ends as y is all gone"


def test_classes_use_capacity_at_their_rates():
    arcs = table(*PARALLEL, cost_heavy=[2.0, 4.0, 9.0], rate_heavy=[2.0, 1.0, 1.0])
    demands = demand(("x", "o", "d", 0.0), **{"class": ["heavy"], "rate": [0.5]})
    steps = agrees(arcs, demands, {"x": 2.0}, 40.0)
    assert steps["theta_to"].tolist() == pytest.approx([5, 10, 40])
    assert steps["marginal_cost"].tolist() == pytest.approx([4, 8, 18])


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_random_networks_agree_with_a_grid_of_solves(seed):
    draw = np.random.default_rng(seed)
    n, m = 6, 16
    arcs = pd.DataFrame(
        {
            "tail": draw.integers(0, n, m),
            "head": draw.integers(0, n, m),
            "cost": draw.integers(0, 9, m).astype(float),
            "capacity": np.where(draw.random(m) < 0.2, np.inf, draw.integers(0, 9, m)),
        }
    )
    arcs = pd.concat([arcs, arcs.assign(tail=np.arange(m) % n, head=(np.arange(m) + 1) % n)], ignore_index=True)
    number = draw.integers(0, 3, len(arcs))
    room = draw.integers(4, 20, 3).astype(float)
    grouped = draw.random(len(arcs)) < 0.5
    arcs["group"] = pd.Series([f"g{k}" if inside else None for k, inside in zip(number, grouped, strict=True)])
    arcs["group_capacity"] = np.where(grouped, room[number], np.nan)
    demands = pd.DataFrame(
        {"origin": [0, 1, 2], "destination": [3, 4, 5], "quantity": draw.integers(0, 3, 3).astype(float)}
    )
    growth = {j: float(draw.integers(0, 3)) for j in range(3)} | {0: 1.0}
    options = {"unmet_penalty": 12.0} if draw.random() < 0.4 else {}
    if solved(arcs, demands, growth, 0.0, **options).status == "infeasible":
        with pytest.raises(SolverInputError, match="even before they grow"):
            parametric_flow(arcs, demands, growth, upto=30.0)
        return
    agrees(arcs, demands, growth, 30.0, points=15, **options)


lines = st.lists(st.tuples(st.integers(-20, 20), st.integers(-50, 50)), min_size=1, max_size=8)


@given(lines, st.randoms(use_true_random=False))
def test_linear_pieces_finds_every_piece_whatever_the_slope_at_kinks(chosen, pick):
    def evaluate(x):
        value = max(a * x + b for a, b in chosen)
        tight = [a for a, b in chosen if a * x + b >= value - 1e-12 * (1 + abs(value))]
        return value, pick.choice([min(tight), max(tight), (min(tight) + max(tight)) / 2])

    pieces = linear_pieces(evaluate, -3.0, 7.0)
    assert pieces[0][0] == -3 and pieces[-1][1] == 7
    slopes = [slope for *_, slope in pieces]
    assert slopes == sorted(set(slopes))
    for start, end, slope in pieces:
        assert evaluate(end)[0] - evaluate(start)[0] == pytest.approx(slope * (end - start), abs=1e-6)
        middle = evaluate((start + end) / 2)
        assert middle[0] == pytest.approx((evaluate(start)[0] + evaluate(end)[0]) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"growth": {"y": 1.0}}, "'y' is no row of demands"),
        ({"growth": {"x": -1.0}}, "expected zero or more"),
        ({"growth": {"x": 0.0}}, "zero for all demands"),
        ({"growth": {"x": math.nan}}, "zero for all demands"),
        ({"upto": 0.0}, "upto: got 0.0"),
        ({"upto": math.inf}, "upto: got inf"),
        ({"arcs": table(*PARALLEL, lower=[1.0, 0.0, 0.0])}, "'lower' is not known"),
        ({"arcs": table(*PARALLEL).drop(columns="head")}, "'head' is missing"),
        ({"demands": demand(("x", "o", "nowhere", 0.0))}, "nowhere"),
        ({"demands": demand(("x", "d", "o", 1.0))}, "even before they grow"),
    ],
)
def test_what_is_wrong_is_named(changes, words):
    given = {"arcs": table(*PARALLEL), "demands": demand(("x", "o", "d", 0.0)), "growth": {"x": 1.0}, "upto": 5.0}
    given |= changes
    with pytest.raises(SolverInputError, match=words):
        parametric_flow(given["arcs"], given["demands"], given["growth"], upto=given["upto"])
