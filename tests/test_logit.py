"""The logit assignment keeps its formula, its capacities and its optimality conditions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from solvers import LogitModel, SolverInputError, assign_logit, path_sizes, solve_flow


def two_routes(capacity=np.inf, quantity=100.0):
    arcs = pd.DataFrame({"capacity": [capacity, np.inf]}, index=["short", "long"])
    demands = pd.DataFrame({"quantity": [quantity]}, index=["d"])
    routes = pd.DataFrame({"demand": ["d", "d"], "path": [["short"], ["long"]], "cost": [10.0, 20.0]})
    return arcs, demands, routes


def random_case(seed, rate=False):
    rng = np.random.default_rng(seed)
    count, pairs = int(rng.integers(4, 30)), int(rng.integers(1, 25))
    arcs = pd.DataFrame({"capacity": rng.uniform(1, 60, count), "length": rng.uniform(1, 5, count)})
    arcs.loc[rng.random(count) < 0.2, "capacity"] = np.inf
    demands = pd.DataFrame({"quantity": rng.uniform(0, 20, pairs)})
    if rate:
        demands["rate"] = rng.uniform(0.5, 2, pairs)
    rows = []
    for k in range(pairs):
        for _ in range(int(rng.integers(1, 6))):
            path = rng.choice(count, int(rng.integers(1, min(count, 7))), replace=False).tolist()
            rows.append((k, path, float(arcs["length"][path].sum() * 10)))
    return arcs, demands, pd.DataFrame(rows, columns=["demand", "path", "cost"])


def test_shares_by_hand():
    found = assign_logit(*two_routes(), scale=0.1)
    assert found.routes["share"].tolist() == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
    assert found.waiting.eq(0).all()
    assert found.expected_cost["d"] == pytest.approx(-np.log(np.exp(-1) + np.exp(-2)) / 0.1)


def test_waiting_by_hand():
    # 30 of 100 fit: the short route must feel worse by the logit of its share.
    found = assign_logit(*two_routes(capacity=30), scale=0.1)
    assert found.routes["flow"].tolist() == pytest.approx([30, 70])
    assert found.waiting["short"] == pytest.approx(10 - np.log(0.3 / 0.7) / 0.1)
    assert found.routes["waiting_cost"].tolist() == pytest.approx([found.waiting["short"], 0])


def test_routes_that_overlap_share_what_one_would_get():
    # Two of three routes are the same but for nothing: together they are one (path size one half each).
    arcs = pd.DataFrame({"capacity": np.inf, "length": [5.0, 5.0]}, index=["a", "b"])
    demands = pd.DataFrame({"quantity": [1.0]})
    routes = pd.DataFrame({"demand": 0, "path": [["a"], ["a"], ["b"]], "cost": 7.0})
    assert assign_logit(arcs, demands, routes, scale=1).routes["share"].tolist() == pytest.approx([0.25, 0.25, 0.5])
    plain = assign_logit(arcs, demands, routes, scale=1, path_size=0)
    assert plain.routes["share"].tolist() == pytest.approx([1 / 3] * 3)


def test_unmet_is_an_alternative():
    arcs, demands, routes = two_routes()
    found = assign_logit(arcs, demands, routes, scale=0.1, unmet_penalty=20.0)
    weights = np.exp(-0.1 * np.array([10, 20, 20]))
    assert found.unmet["d"] == pytest.approx(100 * weights[2] / weights.sum())
    assert found.arc_flow.sum() + found.unmet.sum() == pytest.approx(100)


def test_shut_routes_carry_nothing():
    arcs, demands, routes = two_routes(capacity=0)
    found = assign_logit(arcs, demands, routes, scale=0.1)
    assert found.routes["flow"].tolist() == pytest.approx([0, 100])


def test_too_little_capacity_is_said():
    arcs, demands, routes = two_routes(capacity=30)
    arcs["capacity"] = [30.0, 40.0]
    assert assign_logit(arcs, demands, routes, scale=0.1).status == "infeasible"
    arcs["capacity"] = 0.0
    assert assign_logit(arcs, demands, routes, scale=0.1).status == "infeasible"
    arcs["capacity"] = [1e-6, 1e-6]
    demands["quantity"] = 1e8
    assert assign_logit(arcs, demands, routes, scale=0.002).status == "infeasible"


def test_groups_share_a_capacity():
    arcs, demands, routes = two_routes()
    arcs = arcs.assign(group=["g", "g"], group_capacity=60.0)
    found = assign_logit(arcs, demands, routes, scale=0.1, unmet_penalty=30.0)
    assert found.arc_flow.sum() == pytest.approx(60)
    assert found.waiting["short"] == pytest.approx(found.waiting["long"])
    assert found.waiting["short"] > 0


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.001, 0.01, 0.1, 1.0]), rate=st.booleans())
def test_optimality_conditions(seed, scale, rate):
    """Shares follow the formula with waiting in; loads fit; waiting only where it is full."""
    arcs, demands, routes = random_case(seed, rate)
    found = assign_logit(arcs, demands, routes, scale=scale, unmet_penalty=300.0)
    assert found.status == "converged"
    flow = found.routes.groupby("demand")["flow"].sum().reindex(demands.index, fill_value=0.0)
    np.testing.assert_allclose(flow + found.unmet, demands["quantity"], rtol=1e-9, atol=1e-9)
    slack = arcs["capacity"] - found.arc_flow
    assert (slack >= -1e-6 * arcs["capacity"].replace(np.inf, 1)).all()
    waits = found.waiting > 0
    np.testing.assert_allclose(slack[waits], 0, atol=1e-6 * 60)
    assert (found.waiting >= 0).all()
    table = found.routes[found.routes["flow"] > 1e-200]
    felt = np.log(table["path_size"]) - scale * (table["cost"] + table["waiting_cost"])
    constant = (np.log(table["flow"]) - felt).groupby(table["demand"])
    np.testing.assert_allclose(constant.max(), constant.min(), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_entropy_programme(seed):
    """An independent solver of Fisk's primal programme finds the same flows."""
    arcs, demands, routes = random_case(seed)
    demands["quantity"] += 1.0
    scale, penalty = 0.05, 200.0
    found = assign_logit(arcs, demands, routes, scale=scale, unmet_penalty=penalty, path_size=0)
    n, k = len(routes), len(demands)
    owner = np.concatenate([routes["demand"].to_numpy(), np.arange(k)])
    cost = np.concatenate([routes["cost"].to_numpy(), np.full(k, penalty)])
    cross = np.zeros((len(arcs), n + k))
    for r, path in enumerate(routes["path"]):
        cross[path, r] = 1
    tight = np.isfinite(arcs["capacity"].to_numpy())
    room = arcs["capacity"].to_numpy()[tight]
    balance = (np.arange(k)[:, None] == owner[None, :]).astype(float)
    quantity = demands["quantity"].to_numpy()
    start = np.where(np.arange(n + k) < n, 1e-3, quantity[owner])

    def value(x):
        return cost @ x + (x * (np.log(np.maximum(x, 1e-300)) - 1)).sum() / scale

    best = minimize(
        value,
        start,
        jac=lambda x: cost + np.log(np.maximum(x, 1e-300)) / scale,
        method="SLSQP",
        bounds=[(1e-12, None)] * (n + k),
        constraints=[
            {"type": "eq", "fun": lambda x: balance @ x - quantity, "jac": lambda x: balance},
            {"type": "ineq", "fun": lambda x: room - cross[tight] @ x, "jac": lambda x: -cross[tight]},
        ],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    ours = np.concatenate([found.routes["flow"], found.unmet])
    assert value(ours) <= best.fun + 1e-5 * abs(best.fun)
    np.testing.assert_allclose(ours, best.x, atol=0.02 * quantity.max())


@pytest.mark.parametrize("seed", range(5))
def test_sharp_choice_is_the_least_cost_flow(seed):
    """As cost decides ever more sharply, the assignment becomes the optimum over the same routes."""
    arcs, demands, routes = random_case(seed)
    penalty = 300.0
    found = assign_logit(arcs, demands, routes, scale=20.0, unmet_penalty=penalty, path_size=0)
    cost = float(found.routes["cost"] @ found.routes["flow"]) + penalty * float(found.unmet.sum())
    # Each route as one arc with its own group of capacities is no network; so its optimum is a plain programme.
    import pulp

    problem = pulp.LpProblem("routes", pulp.LpMinimize)
    flow = [problem.add_variable(f"f{i:04d}", 0) for i in range(len(routes))]
    short = [problem.add_variable(f"u{i:04d}", 0) for i in range(len(demands))]
    problem.setObjective(
        pulp.lpSum(c * f for c, f in zip(routes["cost"], flow, strict=True)) + penalty * pulp.lpSum(short)
    )
    for k, quantity in enumerate(demands["quantity"]):
        own = [f for f, owner in zip(flow, routes["demand"], strict=True) if owner == k]
        problem.addConstraint(pulp.lpSum(own) + short[k] == float(quantity), f"d{k}")
    for a, room in enumerate(arcs["capacity"]):
        over = [f for f, path in zip(flow, routes["path"], strict=True) if a in path]
        if np.isfinite(room) and over:
            problem.addConstraint(pulp.lpSum(over) <= float(room), f"a{a}")
    problem.solve(pulp.getSolver("HiGHS", msg=False))
    assert cost == pytest.approx(pulp.value(problem.objective), rel=5e-3)


def test_agrees_with_the_optimiser_on_parallel_lines():
    """On routes of one arc each, a sharp choice is what solve_flow finds."""
    rng = np.random.default_rng(3)
    arcs = pd.DataFrame({"tail": "A", "head": "B", "cost": rng.uniform(1, 9, 8), "capacity": rng.uniform(1, 9, 8)})
    demands = pd.DataFrame({"origin": ["A"], "destination": ["B"], "quantity": [20.0]})
    best = solve_flow(arcs, demands, unmet_penalty=8.0)
    routes = pd.DataFrame({"demand": 0, "path": [[a] for a in arcs.index], "cost": arcs["cost"]})
    found = assign_logit(arcs, demands, routes, scale=50.0, unmet_penalty=8.0)
    np.testing.assert_allclose(found.arc_flow, best.arc_flow, atol=0.3)


def test_order_of_routes_does_not_matter():
    arcs, demands, routes = random_case(7)
    one = assign_logit(arcs, demands, routes, scale=0.1, unmet_penalty=300.0)
    mixed = routes.sample(frac=1, random_state=1)
    other = assign_logit(arcs, demands, mixed, scale=0.1, unmet_penalty=300.0)
    np.testing.assert_allclose(other.routes["flow"].sort_index(), one.routes["flow"], atol=1e-6)


def test_nothing_to_send():
    arcs, demands, routes = two_routes(quantity=0.0)
    found = assign_logit(arcs, demands, routes, scale=1.0)
    assert found.status == "converged"
    assert found.routes["flow"].eq(0).all() and found.unmet.eq(0).all()


def with_cell(table, column, row, value):
    """Return a copy of a table with one cell changed."""
    cells = table[column].tolist()
    cells[row] = value
    return table.assign(**{column: cells})


@pytest.mark.parametrize(
    ("which", "change", "words"),
    [
        ("arcs", lambda t: t.drop(columns="capacity"), "arcs: column 'capacity' is missing"),
        ("demands", lambda t: with_cell(t, "quantity", 0, -1.0), "demands row 'd', column 'quantity': got -1.0"),
        ("routes", lambda t: with_cell(t, "demand", 1, "e"), "routes row 1, column 'demand': got 'e'"),
        ("routes", lambda t: with_cell(t, "path", 1, ["lond"]), "'lond' is none; nearest: 'long'"),
        ("routes", lambda t: with_cell(t, "path", 1, []), "a list of rows of arcs, at least one"),
        ("routes", lambda t: with_cell(t, "cost", 0, np.nan), "routes row 0, column 'cost': got nan"),
        ("routes", lambda t: t.iloc[:0], "demand 'd' has no route"),
    ],
)
def test_wrong_tables(which, change, words):
    tables = dict(zip(("arcs", "demands", "routes"), two_routes(), strict=True))
    tables[which] = change(tables[which])
    with pytest.raises(SolverInputError) as caught:
        assign_logit(**tables, scale=0.1)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": 0}, "scale: got 0, expected a number above zero"),
        ({"scale": None}, "scale: got None"),
        ({"path_size": -1}, "path_size: got -1"),
        ({"unmet_penalty": -1}, "unmet_penalty: got -1"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(SolverInputError) as caught:
        assign_logit(*two_routes(), **{"scale": 0.1, **options})
    assert words in str(caught.value)


def test_a_price_that_rises_with_load_by_hand():
    # 60 of 100 take the short route at a capacity of 40: its price is 2 (60/40)^2 = 4.5, as its logit must feel.
    arcs, demands, routes = two_routes(capacity=40)
    wanted = 0.6
    scale = np.log(wanted / (1 - wanted)) / (20 - 10 - 4.5)
    found = assign_logit(arcs.assign(price=[2.0, np.inf]), demands, routes, scale=scale, price_power=2)
    assert found.routes["flow"].tolist() == pytest.approx([60, 40])
    assert found.waiting.tolist() == pytest.approx([4.5, 0])


@pytest.mark.parametrize("seed", [364, 383])
def test_it_comes_back_from_prices_at_which_nothing_flows(seed):
    """The first price of a full arc is far above the penalty here, where slope and curvature all but vanish."""
    arcs, demands, routes = random_case(seed, True)
    assert assign_logit(arcs, demands, routes, scale=1.0, unmet_penalty=300.0).status == "converged"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(1, 4), st.floats(0.01, 5))
def test_prices_that_rise_agree_with_the_flows_that_they_cause(seed, power, scale):
    arcs, demands, routes = random_case(seed, rate=True)
    rng = np.random.default_rng(seed)
    soft = np.isfinite(arcs["capacity"])
    arcs["price"] = np.where(soft, 10 ** rng.uniform(-1, 3, len(arcs)), np.inf)
    found = assign_logit(arcs, demands, routes, scale=scale, price_power=power, residual=1e-9)
    if found.waiting.max() > 1e6:  # a forced load far beyond its capacity: doubles do not resolve the others
        assert found.status in ("converged", "unconverged")
        return
    assert found.status == "converged"
    full = (found.waiting / arcs["price"]) ** (1 / power)
    assert full[soft].tolist() == pytest.approx(
        (found.arc_flow / arcs["capacity"])[soft].tolist(), abs=1e-6 + 1e-16 ** (1 / power)
    )
    felt = found.routes["cost"] + found.routes["waiting_cost"]
    weight = found.routes["path_size"] * np.exp(-scale * (felt - felt.groupby(routes["demand"]).transform("min")))
    share = weight / weight.groupby(routes["demand"]).transform("sum")
    sent = routes["demand"].map(demands["quantity"]) > 0
    assert found.routes["share"][sent].tolist() == pytest.approx(share[sent].tolist(), abs=1e-8)


def test_a_price_needs_a_capacity_that_it_is_meant_for():
    arcs, demands, routes = two_routes()
    with pytest.raises(SolverInputError, match=r"short.*capacity.*inf.*where there is a price"):
        assign_logit(arcs.assign(price=3.0), demands, routes, scale=1)


def test_a_model_with_other_figures_is_that_model():
    arcs, demands, routes = random_case(7)
    arcs["price"] = np.where(np.isfinite(arcs["capacity"]), 5.0, np.inf)
    model = LogitModel(arcs, demands, routes, scale=0.3)
    changed = arcs.assign(price=arcs["price"] * 2, capacity=arcs["capacity"] * 1.5)
    cost, quantity = routes["cost"].to_numpy() + 3, demands["quantity"].to_numpy() * 2
    scale = np.full(len(demands), 0.7)
    again = model.with_(
        cost=cost,
        quantity=quantity,
        scale=scale,
        price=changed["price"].to_numpy(),
        capacity=changed["capacity"].to_numpy(),
    )
    fresh = assign_logit(changed, demands.assign(quantity=quantity), routes.assign(cost=cost), scale=0.7)
    assert again.flow().tolist() == pytest.approx(fresh.routes["flow"].tolist())
    assert again.solve().routes["flow"].tolist() == pytest.approx(fresh.routes["flow"].tolist())


def test_units_of_a_route_by_hand():
    # A box that takes two units of a short route of capacity 30: 15 of 100 go by it.
    arcs, demands, routes = two_routes(capacity=30)
    found = assign_logit(arcs, demands, routes.assign(units=[[2.0], [1.0]]), scale=0.1)
    assert found.routes["flow"].tolist() == pytest.approx([15, 85])
    assert found.routes["waiting_cost"].tolist() == pytest.approx([10 - np.log(0.15 / 0.85) / 0.1, 0])
    with pytest.raises(SolverInputError, match="units"):
        assign_logit(arcs, demands, routes.assign(units=[[2.0, 1.0], [1.0]]), scale=0.1)


def test_path_sizes_are_those_of_the_assignment():
    arcs, demands, routes = random_case(3)
    found = assign_logit(arcs.assign(capacity=np.inf), demands, routes, scale=1)
    assert path_sizes(arcs, routes).tolist() == pytest.approx(found.routes["path_size"].tolist())
