"""What a flow must satisfy, and its least cost by an LP of its own: nothing here comes from the package."""

from itertools import pairwise

import networkx as nx
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array


def column_of(frame, name, default):
    """Return a column as an array of floats, or the default for each row."""
    return frame[name].to_numpy(dtype=float) if name in frame else np.full(len(frame), float(default))


def costs_and_rates(arcs, demands):
    """Return what a unit of each demand pays and takes on each arc, both of shape (demands, arcs)."""
    classes = demands["class"].tolist() if "class" in demands else [None] * len(demands)
    base = arcs["cost"].to_numpy(dtype=float)
    shape = (len(demands), len(arcs))
    cost = [column_of(arcs, f"cost_{c}", 0) if f"cost_{c}" in arcs else base for c in classes]
    rate = [column_of(arcs, f"rate_{c}", 1) for c in classes]
    weight = column_of(demands, "rate", 1)
    return np.array(cost).reshape(shape), np.array(rate).reshape(shape) * weight[:, None]


def open_costs(arcs, cost, rate):
    """Return costs with inf where an arc or its group has no room at all for what takes some."""
    shut = arcs["capacity"].to_numpy(dtype=float) == 0
    if "group" in arcs:
        shut = shut | (arcs["group"].notna() & (arcs["group_capacity"] == 0)).to_numpy()
    return np.where(shut & (rate > 0), np.inf, cost)


def penalties(demands, unmet_penalty=None):
    """Return the penalty of each demand, inf where it must be served."""
    return column_of(demands, "unmet_penalty", np.inf if unmet_penalty is None else unmet_penalty)


def pruned(arcs, demands):
    """Say which demand can use which arc: one on some walk from its origin to its destination."""
    graph = nx.MultiDiGraph(list(zip(arcs["tail"], arcs["head"], strict=True)))
    graph.add_nodes_from([*demands["origin"], *demands["destination"]])
    keep = []
    for o, d in demands[["origin", "destination"]].itertuples(index=False):
        after, before = nx.descendants(graph, o) | {o}, nx.ancestors(graph, d) | {d}
        keep.append((arcs["tail"].isin(after) & arcs["head"].isin(before)).to_numpy())
    return np.array(keep, dtype=bool).reshape(len(demands), len(arcs))


def arc_lp(arcs, demands, unmet_penalty=None, usable=None):
    """Return the least cost by one LP with a column per demand and arc, or None if it is infeasible.

    Written from the definition, with nothing of the package: each row of demands is a commodity of its own, also where
    it has nothing to send; each step of an arc is a column of extra load.
    """
    cost, rate = costs_and_rates(arcs, demands)
    usable = np.isfinite(cost) if usable is None else usable & np.isfinite(cost)
    k, a = np.nonzero(usable)
    nodes = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"], *demands["origin"]]))}
    for v in demands["destination"]:
        nodes.setdefault(v, len(nodes))
    n, m = len(nodes), len(arcs)
    tail, head = (arcs[side].map(nodes).to_numpy(dtype=int) for side in ("tail", "head"))
    origin, destination = (demands[side].map(nodes).to_numpy(dtype=int) for side in ("origin", "destination"))
    quantity, penalty = demands["quantity"].to_numpy(dtype=float), penalties(demands, unmet_penalty)

    step_arc, step_from, step_cost = [], [], []
    if "steps" in arcs:
        for i, steps in enumerate(arcs["steps"]):
            extras = [0.0, *(extra for _, extra in steps or [])]
            for (start, _), (below, extra) in zip(steps or [], pairwise(extras), strict=True):
                step_arc.append(i)
                step_from.append(start)
                step_cost.append(extra - below)
    flows, rows, steps = len(k), len(demands), len(step_arc)
    columns = flows + rows + steps
    objective = np.concatenate([cost[k, a], np.where(np.isfinite(penalty), penalty, 0), step_cost])
    most = np.concatenate([np.full(flows, np.inf), np.where(np.isfinite(penalty), quantity, 0), np.full(steps, np.inf)])

    # Out minus in at each node, plus what is not sent at the origin, is what is to be sent.
    every = np.arange(rows)
    at = np.concatenate([k * n + tail[a], k * n + head[a], every * n + origin, every * n + destination])
    of = np.concatenate([np.arange(flows), np.arange(flows), flows + every, flows + every])
    sign = np.repeat([1.0, -1.0, 1.0, -1.0], [flows, flows, rows, rows])
    balance = csr_array(coo_array((sign, (at, of)), shape=(rows * n, columns)))
    sent = np.zeros(rows * n)
    np.add.at(sent, every * n + origin, quantity)
    np.add.at(sent, every * n + destination, -quantity)

    load = csr_array(coo_array((rate[k, a], (a, np.arange(flows))), shape=(m, columns)))
    upper, right = [], []
    capacity, lower = arcs["capacity"].to_numpy(dtype=float), column_of(arcs, "lower", 0)
    bounded = np.isfinite(capacity)
    upper.append(load[bounded])
    right.append(capacity[bounded])
    upper.append(-load[lower > 0])
    right.append(-lower[lower > 0])
    if "group" in arcs:
        for _, members in arcs[arcs["group"].notna()].groupby("group", sort=False):
            place = np.flatnonzero(arcs.index.isin(members.index))
            if np.isfinite(members["group_capacity"].iloc[0]):
                upper.append(csr_array(np.ones((1, len(place)))) @ load[place])
                right.append(members["group_capacity"].to_numpy(dtype=float)[:1])
    if steps:
        over = coo_array((np.ones(steps), (np.arange(steps), flows + rows + np.arange(steps))), shape=(steps, columns))
        upper.append(load[step_arc] - csr_array(over))
        right.append(np.array(step_from))
    entries = [coo_array(part) for part in upper]
    starts = np.cumsum([0, *(part.shape[0] for part in entries)])
    place = [part.row + start for part, start in zip(entries, starts, strict=False)]
    stacked = (np.concatenate(place), np.concatenate([part.col for part in entries]))
    limits = coo_array((np.concatenate([p.data for p in entries]), stacked), shape=(int(starts[-1]), columns))
    if not columns:
        return 0.0 if (lower <= 0).all() else None
    solved = linprog(
        objective,
        A_ub=csr_array(limits) if starts[-1] else None,
        b_ub=np.concatenate(right) if starts[-1] else None,
        A_eq=balance,
        b_eq=sent,
        bounds=np.column_stack([np.zeros(columns), most]),
        method="highs",
    )
    assert solved.status in {0, 2}, solved.message
    return float(solved.fun) if solved.status == 0 else None


def shortest(arcs, weight, origin):
    """Return the cost from one node to each by Bellman and Ford, by label; negative costs welcome."""
    numbers = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"], origin]))}
    tail, head = (arcs[side].map(numbers).to_numpy(dtype=int) for side in ("tail", "head"))
    cost = np.full(len(numbers), np.inf)
    cost[numbers[origin]] = 0.0
    for _ in numbers:
        np.minimum.at(cost, head, cost[tail] + weight)
    return dict(zip(numbers, cost.tolist(), strict=True))


def dual_value(arcs, demands, unmet_penalty, shadow_price, group_price):
    """Return the lower bound that prices prove, for arcs without steps and least loads.

    Each unit goes the cheapest way at costs plus prices of what it takes, or is not sent; what the prices take for all
    the room there is, is given back. Arcs without room are left out: their prices are each for itself, what a first
    unit on it would save while the others stay shut.
    """
    cost, rate = costs_and_rates(arcs, demands)
    cost = open_costs(arcs, cost, rate)
    price = shadow_price.reindex(arcs.index).to_numpy(dtype=float).copy()
    room = arcs["capacity"].to_numpy(dtype=float)
    value = -float(np.sum(room[price > 0] * price[price > 0]))
    if "group" in arcs:
        shared = dict(group_price.items())
        inside = arcs["group"].notna().to_numpy()
        price[inside] += arcs.loc[inside, "group"].map(shared).to_numpy(dtype=float)
        rooms = dict(zip(arcs.loc[inside, "group"], arcs.loc[inside, "group_capacity"], strict=True))
        value -= sum(room * shared[label] for label, room in rooms.items() if shared[label] > 0)
    ends = demands[["origin", "destination", "quantity"]].itertuples(index=False)
    for k, ((o, d, quantity), penalty) in enumerate(zip(ends, penalties(demands, unmet_penalty), strict=True)):
        if quantity:
            value += quantity * min(penalty, shortest(arcs, cost[k] + rate[k] * price, o).get(d, np.inf))
    return value


def step_costs(arcs, load):
    """Return what loads pay on top because of steps."""
    total = 0.0
    for steps, x in zip(arcs["steps"] if "steps" in arcs else [None] * len(arcs), load, strict=True):
        extras = [0.0, *(extra for _, extra in steps or [])]
        for (start, _), (below, extra) in zip(steps or [], pairwise(extras), strict=True):
            total += (extra - below) * max(0.0, x - start)
    return total


def check_flow(arcs, demands, solution, unmet_penalty=None, tolerance=1e-6):
    """Assert that a flow is one: whole paths that carry what is served, loads within bounds, and the cost they have."""
    cost, rate = costs_and_rates(arcs, demands)
    quantity = demands["quantity"].to_numpy(dtype=float)
    near = tolerance * max(1.0, quantity.max(initial=0.0))
    place = {label: i for i, label in enumerate(arcs.index.tolist())}
    row = {label: k for k, label in enumerate(demands.index.tolist())}
    tail, head = arcs["tail"].tolist(), arcs["head"].tolist()
    origin, destination = demands["origin"].tolist(), demands["destination"].tolist()
    assert solution.unmet.index.tolist() == list(row)
    assert solution.arc_flow.index.tolist() == list(place)
    unmet, load = solution.unmet.to_numpy(dtype=float), solution.arc_flow.to_numpy(dtype=float)

    sent, carried, paid = np.zeros(len(row)), np.zeros(len(place)), 0.0
    for demand, path, flow in solution.paths[["demand", "path", "flow"]].itertuples(index=False):
        k, rows = row[demand], [place[a] for a in path]
        nodes = [origin[k], *(head[a] for a in rows)]
        assert flow > 0, "a path without flow"
        assert [tail[a] for a in rows] == nodes[:-1] and nodes[-1] == destination[k], "a path with a gap"
        assert len(set(nodes)) == len(nodes), "a path with a loop"
        assert np.isfinite(cost[k, rows]).all(), "a path over a forbidden arc"
        sent[k] += flow
        np.add.at(carried, rows, flow * rate[k, rows])
        paid += flow * cost[k, rows].sum()
    np.testing.assert_allclose(sent, quantity - unmet, rtol=0, atol=near, err_msg="sent plus unmet is the quantity")
    assert ((unmet >= -near) & (unmet <= quantity + near)).all()
    penalty = penalties(demands, unmet_penalty)
    assert unmet[np.isinf(penalty)].max(initial=0.0) <= near, "not served though it must be"
    paid += float(np.where(np.isinf(penalty), 0.0, penalty) @ unmet)

    capacity, lower = arcs["capacity"].to_numpy(dtype=float), column_of(arcs, "lower", 0)
    size = near * max(1.0, rate.max(initial=0.0))
    assert (load <= capacity + size).all(), "more than the capacity"
    assert (load >= lower - size).all(), "less than the least load"
    if "group" in arcs:
        for label, members in arcs[arcs["group"].notna()].groupby("group", sort=False):
            together = solution.arc_flow[members.index].sum()
            assert together <= members["group_capacity"].iloc[0] + size, f"more than group {label!r} can take"
    if not (lower > 0).any():
        np.testing.assert_allclose(load, carried, rtol=1e-7, atol=size, err_msg="loads are those of the paths")
        paid += step_costs(arcs, load)
        assert abs(paid - solution.objective) <= 10 * tolerance * max(1.0, abs(paid)), "the objective is what is paid"
