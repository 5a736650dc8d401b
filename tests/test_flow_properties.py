"""Least-cost flows on small random networks: what holds for every flow, price and bound, whatever the network."""

import math
from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solvers import solve_flow

from .flow_checks import arc_lp, check_flow, costs_and_rates, dual_value, open_costs, penalties, shortest

LABELS = (0, "a", ("x", 1), frozenset("z"), -1, "0", 2.5, b"7")
GAP = 1e-9
TOLERANCE = 1e-6
METHODS = ("arc", "path")


class Network(NamedTuple):
    """Arcs, demands and what a unit that is not sent costs."""

    arcs: pd.DataFrame
    demands: pd.DataFrame
    unmet_penalty: float | None


def objects(values):
    """Make a column that keeps labels and lists as they are."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@st.composite
def networks(draw, *, classes=True, groups=True, steps=True, lower=False, penalty=None, whole=False, least_arcs=0):
    """Draw a network that may have any of the features that are allowed."""
    some, chance = st.integers(0, 4), st.integers(0, 3).map(lambda x: x == 0)
    nodes = LABELS[: draw(st.integers(2, 6))]
    node = st.integers(0, len(nodes) - 1)
    ends = draw(st.lists(st.tuples(node, node), min_size=least_arcs, max_size=10))
    # Costs are whole numbers of zero or more plus a difference of potentials: no cycle has a negative cost.
    height = draw(st.lists(st.integers(0, 3), min_size=len(nodes), max_size=len(nodes)))
    rise = np.array([height[i] - height[j] for i, j in ends], dtype=float)
    forbidden = [draw(chance) and draw(chance) for _ in ends]
    room = st.sampled_from([0, 1, 2, 3, 5, 8, math.inf] if whole else [0, 0.5, 1, 2, 3, 5, math.inf])
    arcs = pd.DataFrame(
        {
            "tail": objects([nodes[i] for i, _ in ends]),
            "head": objects([nodes[j] for _, j in ends]),
            "cost": rise + np.array([math.inf if no else draw(st.integers(0, 6)) for no in forbidden], dtype=float),
            "capacity": np.array([draw(room) for _ in ends], dtype=float),
        },
        index=[f"arc {i}" for i in range(len(ends))],
    )
    count = draw(st.integers(1, 5))
    amount = st.integers(0, 6) if whole else st.integers(0, 12).map(lambda x: x / 2)
    pairs = [(draw(node), draw(node)) for _ in range(count)]
    used = sorted({v for pair in (*ends, *pairs) for v in pair} - {v for pair in ends for v in pair})
    demands = pd.DataFrame(
        {
            "origin": objects([nodes[i] for i, _ in pairs]),
            "destination": objects([nodes[j] for _, j in pairs]),
            "quantity": np.array([draw(amount) for _ in pairs], dtype=float),
        },
        index=[f"demand {i}" for i in range(count)],
    )
    if used:
        # A node of demands must be known to arcs: an arc to itself makes it so.
        known = pd.DataFrame({"tail": objects([nodes[v] for v in used]), "head": objects([nodes[v] for v in used])})
        known = known.assign(cost=0.0, capacity=0.0).set_axis([f"known {v}" for v in used], axis=0)
        arcs, rise = pd.concat([arcs, known]), np.r_[rise, np.zeros(len(used))]
    m = len(arcs)
    if classes and draw(st.booleans()):
        names = [draw(st.sampled_from(["box", "bulk"])) for _ in range(count)]
        demands["class"] = names
        for name in sorted(set(names)):
            if draw(st.booleans()):
                arcs[f"cost_{name}"] = rise + np.array([draw(st.integers(0, 6)) for _ in range(m)], dtype=float)
            if draw(st.booleans()):
                arcs[f"rate_{name}"] = [draw(st.sampled_from([1.0, 0.0, 0.5, 2.0, 3.0])) for _ in range(m)]
        if draw(st.booleans()):
            demands["rate"] = [draw(st.sampled_from([1.0, 0.5, 2.0, 0.0])) for _ in range(count)]
    if groups and draw(st.booleans()):
        group = [draw(st.sampled_from([None, "g", ("h", 1)])) for _ in range(m)]
        shared = {"g": draw(st.sampled_from([0.0, 1.0, 2.0, 4.0, math.inf])), ("h", 1): draw(some.map(float))}
        arcs["group"] = objects(group)
        arcs["group_capacity"] = [shared.get(label, math.nan) for label in group]
    if steps and draw(st.booleans()):
        rising = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True).map(sorted)
        column = []
        for _ in range(m):
            starts = draw(rising) if draw(st.booleans()) else []
            extras = np.cumsum([draw(st.integers(0, 3)) for _ in starts]).tolist()
            column.append([(float(x), float(c)) for x, c in zip(starts, extras, strict=True)] or None)
        arcs["steps"] = objects(column)
    if lower:
        least = [min(c, draw(st.sampled_from([0.0, 0.0, 0.5, 1.0]))) for c in arcs["capacity"]]
        ring = [t == h for t, h in zip(arcs["tail"], arcs["head"], strict=True)]  # labels of several types
        arcs["lower"] = np.where(ring, 0.0, least)
    # What takes no room might pass where there is none; whether it may is left open here.
    shut = arcs["capacity"] == 0
    if "group" in arcs:
        shut |= arcs["group_capacity"] == 0
    for name in [c for c in arcs if c.startswith("rate_")]:
        arcs.loc[shut & (arcs[name] == 0), name] = 1.0
    if "rate" in demands and shut.any():
        demands["rate"] = demands["rate"].replace(0.0, 1.0)
    if penalty is None:
        penalty = draw(st.sampled_from([None, 0.0, 7.0, 20.0, "by row"]))
    if penalty == "by row":
        demands["unmet_penalty"] = [draw(st.sampled_from([0.0, 5.0, 20.0, math.inf])) for _ in range(count)]
        penalty = None
    return Network(arcs, demands, penalty)


def solve(network, method="path", **options):
    """Solve to a gap that is nothing beside the tolerance."""
    arcs, demands, penalty = network
    return solve_flow(arcs, demands, method=method, unmet_penalty=penalty, gap=GAP, **options)


def least_cost(network):
    """Return the least cost by the LP of the tests, inf if there is no flow."""
    least = arc_lp(*network)
    return math.inf if least is None else least


def cost_of(solution):
    """Return what a solution costs, inf if there is none."""
    return solution.objective if solution.status == "optimal" else math.inf


def near(x, scale=0.0):
    """Compare within the tolerance."""
    return pytest.approx(x, rel=TOLERANCE, abs=TOLERANCE * max(1.0, scale))


def over(*strategies, **options):
    """Run a test over random cases, without a clock: a linear programme may wait for a busy machine."""
    calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], **options)
    return lambda test: calm(given(*strategies)(test))


def has_goods(network):
    """Say whether anything must leave its place: whether nothing but circles can fill a least load is left open."""
    demands = network.demands
    return any(q > 0 and o != d for o, d, q in demands[["origin", "destination", "quantity"]].itertuples(index=False))


# The optimum


@over(networks())
def test_both_methods_and_an_independent_lp_agree(network):
    """Statuses, objectives and bounds; each flow is one and costs what it says."""
    least = least_cost(network)
    for method in METHODS:
        found = solve(network, method)
        assert found.status == ("infeasible" if least == math.inf else "optimal"), method
        if least < math.inf:
            assert found.objective == near(least), method
            assert found.bound <= least + TOLERANCE * max(1.0, abs(least))
            check_flow(*network[:2], found, network.unmet_penalty)


@over(networks(lower=True, classes=False))
def test_least_loads(network):
    """Committed trains run, full or in circles, at the cost of an LP that lets goods go in circles too."""
    assume(has_goods(network))
    least = least_cost(network)
    for method in METHODS:
        found = solve(network, method)
        assert found.status == ("infeasible" if least == math.inf else "optimal"), method
        if least < math.inf:
            assert found.objective == near(least), method
            check_flow(*network[:2], found, network.unmet_penalty)


@over(networks(classes=False, groups=False, steps=False, penalty=1000.0, whole=True))
def test_one_commodity_equals_network_simplex(network):
    """Whole numbers, one pair: networkx finds the same cost, with a dear arc for what is not sent."""
    arcs, demands, penalty = network
    arcs, demands = arcs[np.isfinite(arcs["cost"])], demands.iloc[:1]
    origin, destination, quantity = demands.iloc[0][["origin", "destination", "quantity"]]
    assume(origin != destination and {origin, destination} <= {*arcs["tail"], *arcs["head"]})
    graph = nx.MultiDiGraph()
    graph.add_node(origin, demand=-int(quantity))
    graph.add_node(destination, demand=int(quantity))
    for tail, head, cost, capacity in arcs[["tail", "head", "cost", "capacity"]].itertuples(index=False):
        graph.add_edge(tail, head, weight=int(cost), **({} if capacity == math.inf else {"capacity": int(capacity)}))
    graph.add_edge(origin, destination, weight=int(penalty))
    least, _ = nx.network_simplex(graph)
    for method in METHODS:
        assert solve(Network(arcs, demands, penalty), method).objective == near(least)


@over(networks(classes=False, groups=False))
def test_steps_equal_parallel_arcs(network):
    """An arc whose load costs more and more is as many arcs side by side, each as wide as its step."""
    arcs, demands, penalty = network
    assume("steps" in arcs)
    rows = []
    for _, arc in arcs.iterrows():
        begins, paid = 0.0, 0.0
        for start, extra in [*(arc["steps"] or []), (math.inf, 0.0)]:
            ends = min(start, arc["capacity"])
            rows.append((arc["tail"], arc["head"], arc["cost"] + paid, max(ends - begins, 0.0)))
            begins, paid = max(begins, ends), extra
    apart = pd.DataFrame(rows, columns=["tail", "head", "cost", "capacity"])
    assert cost_of(solve(network)) == near(cost_of(solve(Network(apart, demands, penalty))))


@over(networks(), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_nodes_do_not_matter(network, random):
    """The same network told in another way costs the same, and prices of it prove the same."""
    arcs, demands, penalty = network
    other = {v: f"node {i}" for i, v in enumerate(random.sample(LABELS, len(LABELS)))}
    renamed = arcs.assign(tail=arcs["tail"].map(other), head=arcs["head"].map(other))
    moved = demands.assign(origin=demands["origin"].map(other), destination=demands["destination"].map(other))
    renamed = renamed.loc[random.sample(renamed.index.tolist(), len(renamed))]
    moved = moved.loc[random.sample(moved.index.tolist(), len(moved))]
    for method in METHODS:
        assert cost_of(solve(Network(renamed, moved, penalty), method)) == near(cost_of(solve(network, method)))


@over(networks(), st.sampled_from([0.125, 3.0, 1024.0]))
def test_costs_scale(network, factor):
    """Another currency changes the objective and the prices by its rate."""
    arcs, demands, penalty = network
    priced = arcs.copy()
    for name in [c for c in arcs if str(c).startswith("cost")]:
        priced[name] = arcs[name] * factor
    if "steps" in arcs:
        priced["steps"] = objects([[(x, c * factor) for x, c in steps] if steps else None for steps in arcs["steps"]])
    due = demands.copy()
    if "unmet_penalty" in demands:
        due["unmet_penalty"] = demands["unmet_penalty"] * factor
    found = solve(Network(priced, due, None if penalty is None else penalty * factor))
    base = solve(network)
    assert found.status == base.status
    assert cost_of(found) == near(cost_of(base) * factor, scale=factor)


@over(networks(steps=False), st.sampled_from([0.25, 10.0, 1000.0]))
def test_quantities_scale(network, factor):
    """Kilograms for tons: quantities and capacities times a factor, so is the objective."""
    arcs, demands, penalty = network
    wide = arcs.assign(capacity=arcs["capacity"] * factor)
    if "group" in arcs:
        wide["group_capacity"] = arcs["group_capacity"] * factor
    found = solve(Network(wide, demands.assign(quantity=demands["quantity"] * factor), penalty))
    assert cost_of(found) == near(cost_of(solve(network)) * factor, scale=factor)


@over(networks(least_arcs=1), st.data())
def test_more_capacity_never_raises_cost(network, data):
    """Nor does another arc, a wider group, or less to send where nothing must be gained by sending."""
    arcs, demands, penalty = network
    base = cost_of(solve(network))
    wider = arcs.copy()
    wider.loc[data.draw(st.sampled_from(arcs.index.tolist())), "capacity"] += data.draw(
        st.sampled_from([1.0, math.inf])
    )
    if "group" in arcs:
        wider["group_capacity"] = arcs["group_capacity"] + 1.0
    more = cost_of(solve(Network(wider, demands, penalty)))
    assert more <= base + TOLERANCE * max(1.0, abs(base)) or base == math.inf


@over(networks())
def test_a_demand_in_two_rows_costs_the_same(network):
    """Repeated pairs are as many demands."""
    arcs, demands, penalty = network
    halves = pd.concat([demands.assign(quantity=demands["quantity"] / 2)] * 2)
    halves.index = pd.MultiIndex.from_product([["first", "second"], demands.index])
    for method in METHODS:
        found = solve(Network(arcs, halves, penalty), method)
        assert cost_of(found) == near(cost_of(solve(network, method)))
        if found.status == "optimal":
            check_flow(arcs, halves, found, penalty)


@over(networks(lower=True))
def test_the_same_again(network):
    """The same input gives the same output, and is left as it was."""
    arcs, demands = network.arcs.copy(deep=True), network.demands.copy(deep=True)
    for method in METHODS:
        one, two = solve(network, method), solve(network, method)
        assert one.status == two.status
        pd.testing.assert_frame_equal(network.arcs, arcs)
        pd.testing.assert_frame_equal(network.demands, demands)
        if one.status == "optimal":
            assert one.objective == two.objective
            pd.testing.assert_series_equal(one.arc_flow, two.arc_flow, check_exact=True)
            pd.testing.assert_series_equal(one.shadow_price, two.shadow_price, check_exact=True)
            pd.testing.assert_series_equal(one.unmet, two.unmet, check_exact=True)
            pd.testing.assert_frame_equal(one.paths, two.paths, check_exact=True)


@over(networks(lower=True, classes=False), st.data())
def test_a_solution_to_start_from_changes_nothing(network, data):
    """Costs, capacities and quantities change; the optimum is that of a fresh start."""
    arcs, demands, penalty = network
    assume(has_goods(network))
    before = solve(network)
    times = st.sampled_from([1.0, 1.0, 2.0, 0.5])
    later = arcs.assign(capacity=[c * max(1.0, data.draw(times)) for c in arcs["capacity"]], cost=arcs["cost"] * 2)
    due = demands.assign(quantity=[q * data.draw(times) for q in demands["quantity"]])
    network = Network(later, due, penalty)
    found = solve(network, previous=before)
    least = least_cost(network)
    assert found.status == ("infeasible" if least == math.inf else "optimal")
    assert cost_of(found) == near(least)


# Prices


@over(networks(steps=False))
def test_prices_prove_the_optimum(network):
    """Dual objective by shortest paths at priced costs: never above the objective, and equal to it."""
    arcs, demands, penalty = network
    for method in METHODS:
        found = solve(network, method)
        if found.status != "optimal":
            continue
        assert (found.shadow_price >= 0).all() and (found.group_price >= 0).all()
        proved = dual_value(arcs, demands, penalty, found.shadow_price, found.group_price)
        assert proved <= found.objective + TOLERANCE * max(1.0, abs(found.objective)), method
        assert proved == near(found.objective), method


@over(networks(steps=False))
def test_complementary_slackness(network):
    """A price only where no room is left, only cheapest paths at priced costs, unmet only what is not worth it."""
    arcs, demands, penalty = network
    cost, rate = costs_and_rates(arcs, demands)
    cost = open_costs(arcs, cost, rate)
    for method in METHODS:
        found = solve(network, method)
        if found.status != "optimal":
            continue
        slight = 10 * TOLERANCE * max(1.0, abs(found.objective))
        room = arcs["capacity"] - found.arc_flow
        assert (found.shadow_price[room > slight] <= slight).all()
        price = found.shadow_price.to_numpy(dtype=float).copy()
        if "group" in arcs:
            inside = arcs["group"].notna().to_numpy()
            price[inside] += arcs.loc[inside, "group"].map(dict(found.group_price.items())).to_numpy(dtype=float)
            for label, members in arcs[inside].groupby("group", sort=False):
                left = members["group_capacity"].iloc[0] - found.arc_flow[members.index].sum()
                assert left <= slight or found.group_price[label] <= slight
        row = {label: k for k, label in enumerate(demands.index)}
        place = {label: i for i, label in enumerate(arcs.index)}
        unserved = penalties(demands, penalty)
        for label, path, flow in found.paths[["demand", "path", "flow"]].itertuples(index=False):
            k = row[label]
            weight = cost[k] + rate[k] * price
            length = sum(weight[place[a]] for a in path)
            cheapest = shortest(arcs, weight, demands.loc[label, "origin"])[demands.loc[label, "destination"]]
            assert flow * (length - min(cheapest, unserved[k])) <= slight
        for k, (o, d, _) in enumerate(demands[["origin", "destination", "quantity"]].itertuples(index=False)):
            cheapest = shortest(arcs, cost[k] + rate[k] * price, o).get(d, math.inf)
            if found.unmet.iloc[k] > slight:
                assert found.unmet.iloc[k] * max(0.0, unserved[k] - cheapest) <= slight


@over(networks(classes=True, lower=True, penalty=20.0, least_arcs=1), st.data())
def test_a_price_bounds_what_other_capacity_is_worth(network, data):
    """The cost is convex in a capacity: no change of it, up or down, gains more than the price says.

    This holds with steps and least loads too, and for groups.
    """
    arcs, demands, penalty = network
    assume("class" not in demands or "lower" not in arcs or not (arcs["lower"] > 0).any())
    method = data.draw(st.sampled_from(METHODS))
    found = solve(network, method)
    if found.status != "optimal":
        return
    label = data.draw(st.sampled_from(arcs.index.tolist()))
    change = data.draw(st.sampled_from([0.5, 2.0, -0.5, -2.0]))
    other = arcs.copy()
    if "group" in arcs and pd.notna(arcs.loc[label, "group"]) and data.draw(st.booleans()):
        group = arcs.loc[label, "group"]
        inside = [x == group for x in arcs["group"]]
        other.loc[inside, "group_capacity"] += change
        price = found.group_price[group]
        assume((other.loc[inside, "group_capacity"] >= 0).all())
    else:
        other.loc[label, "capacity"] += change
        price = found.shadow_price[label]
        assume(other.loc[label, "capacity"] >= (arcs.loc[label, "lower"] if "lower" in arcs else 0))
    worth = found.objective - least_cost(Network(other, demands, penalty))
    assert worth <= price * change + 10 * TOLERANCE * max(1.0, abs(found.objective))


# Corners


def corner(arcs, demands, penalty=None, **columns):
    """Make a network of a few rows."""
    names = ["tail", "head", "cost", "capacity", "lower"][: len(arcs[0])]
    demands = pd.DataFrame(demands, columns=["origin", "destination", "quantity"])
    return Network(pd.DataFrame(arcs, columns=names), demands.assign(**columns), penalty)


def grouped(network, label, room):
    """Put all arcs of a network in one group."""
    arcs = network.arcs.assign(group_capacity=room)
    arcs["group"] = objects([label] * len(arcs))
    return network._replace(arcs=arcs)


CORNERS = {
    "nothing to send": corner([(0, 1, 1.0, 5.0)], [(0, 1, 0.0)]),
    "nowhere to go": corner([(0, 1, 1.0, 5.0)], [(0, 0, 2.0)]),
    "no demands": corner([(0, 1, 1.0, 5.0)], []),
    "no room": corner([(0, 1, 1.0, 0.0)], [(0, 1, 2.0)], 20.0),
    "no room, must be served": corner([(0, 1, 1.0, 0.0)], [(0, 1, 2.0)]),
    "forbidden": corner([(0, 1, math.inf, 5.0)], [(0, 1, 2.0)], 20.0),
    "one pair, two penalties": corner([(0, 1, 0.0, 2.0)], [(0, 1, 0.5), (0, 1, 2.0)], unmet_penalty=[0.0, math.inf]),
    "one pair, three penalties": corner(
        [(0, 1, 0.0, 2.0)], [(0, 1, 1.0), (0, 1, 1.0), (0, 1, 1.0)], unmet_penalty=[5.0, 3.0, 9.0]
    ),
    "a circle beside a demand": corner([(0, 1, 0.0, 0.5, 0.0), (1, 0, 0.0, 0.5, 0.5)], [(0, 1, 0.5)], 20.0),
    "a circle that pays": corner([(0, 1, 1.0, 3.0, 0.0), (1, 0, 2.0, 3.0, 1.5)], [(0, 1, 1.0)], 20.0),
    "a group named by a tuple": grouped(corner([(0, 1, 1.0, 5.0)], [(0, 1, 4.0)], 20.0), ("h", 1), 3.0),
    "a group without room": grouped(corner([(0, 1, 1.0, 5.0)], [(0, 1, 4.0)], 20.0), "g", 0.0),
    "dear gains": corner([(0, 1, -3.0, 2.0), (1, 2, 1.0, math.inf), (0, 2, 0.0, math.inf)], [(0, 2, 5.0)]),
}


@pytest.mark.parametrize("method", [*METHODS, "auto"])
@pytest.mark.parametrize("name", CORNERS)
def test_corner(name, method):
    """What is easily forgotten: its status and cost, the flow itself, and what one more unit of room is worth."""
    arcs, demands, penalty = network = CORNERS[name]
    found, least = solve(network, method), least_cost(network)
    assert found.status == ("infeasible" if least == math.inf else "optimal")
    assert found.explain().strip()
    if least == math.inf:
        return
    assert found.objective == near(least)
    check_flow(arcs, demands, found, penalty)
    # Costs are convex in room: more of it cannot save more than the prices say.
    for column, price in (("capacity", found.shadow_price), ("group_capacity", found.group_price)):
        if column in arcs and len(price):
            wider = arcs.assign(**{column: arcs[column] + 0.5})
            saved = (least - least_cost(network._replace(arcs=wider))) / 0.5
            assert price.sum() >= saved - TOLERANCE


@over(networks(penalty=9.0))
def test_what_cannot_be_reached_is_unmet(network):
    """A pair without a way costs its penalty; a pair that is there already costs nothing."""
    arcs, demands, _ = network
    for method in METHODS:
        found = solve(network, method)
        assert found.status == "optimal"
        for label, (o, d, quantity) in demands[["origin", "destination", "quantity"]].iterrows():
            if o == d:
                assert found.unmet[label] == 0
                assert not any(found.paths.loc[found.paths["demand"] == label, "path"])
            elif math.isinf(shortest(arcs, np.zeros(len(arcs)), o).get(d, math.inf)):
                assert found.unmet[label] == quantity


@over(st.integers(0, 10**6), max_examples=30)
def test_larger_networks(seed):
    """Dozens of nodes and demands, tight capacities, two classes, groups of opposite arcs: both methods and the LP."""
    rng = np.random.default_rng(seed)
    n, m, k = int(rng.integers(8, 25)), int(rng.integers(40, 90)), int(rng.integers(5, 25))
    arcs = pd.DataFrame({"tail": rng.integers(0, n, m), "head": rng.integers(0, n, m)})
    known = pd.DataFrame({"tail": range(n), "head": np.roll(range(n), -1)})
    arcs = pd.concat([arcs, known], ignore_index=True)
    m += n
    arcs["cost"] = rng.integers(0, 50, m).astype(float)
    arcs["capacity"] = rng.choice([0.0, 3.0, 10.0, 20.0, math.inf], m, p=[0.1, 0.3, 0.3, 0.2, 0.1])
    arcs["cost_bulk"] = rng.integers(0, 50, m).astype(float)
    arcs["rate_bulk"] = rng.choice([0.5, 1.0, 2.5], m)
    arcs["group"] = objects([f"pair {min(t, h)}-{max(t, h)}" for t, h in zip(arcs["tail"], arcs["head"], strict=True)])
    arcs["group_capacity"] = 12.0
    demands = pd.DataFrame({"origin": rng.integers(0, n, k), "destination": rng.integers(0, n, k)})
    demands = demands.assign(quantity=rng.integers(0, 15, k) / 2)
    demands["class"] = ["bulk", *rng.choice(["bulk", "box"], k - 1)]
    network = Network(arcs, demands, 200.0)
    least = least_cost(network)
    for method in METHODS:
        found = solve(network, method)
        assert found.objective == near(least)
        check_flow(arcs, demands, found, 200.0)
        proved = dual_value(arcs, demands, 200.0, found.shadow_price, found.group_price)
        assert proved == near(found.objective)
