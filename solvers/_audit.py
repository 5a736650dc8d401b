"""The gate between solver and user: a flow is checked against the tables before a number is handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._problem import sums
from .errors import FlowCheckError

if TYPE_CHECKING:
    from ._problem import IntArray
    from .errors import FloatArray
    from .flow_solution import FlowSolution

_TOLERANCE = 1e-6


def audit(solution: FlowSolution) -> None:
    """Check paths, balance, capacities, groups, least loads, cost and bound of a flow.

    Raises
    ------
    FlowCheckError
        Something does not fit; the message says what.
    """
    problem = solution.problem
    index = {label: i for i, label in enumerate(problem.arcs)}
    paths = [[index[a] for a in path] for path in solution.paths["path"]]
    demand = {label: i for i, label in enumerate(problem.demands)}
    owner = np.array([demand[d] for d in solution.paths["demand"]], dtype=np.int64)
    rings = [[index[a] for a in ring] for ring in solution.circulation["cycle"]]
    _check_ways(solution, paths, owner, rings)
    _check_balance(solution, owner, solution.paths["flow"].to_numpy())
    _check_loads(solution, *_recomputed(solution, paths, owner, rings))
    if not solution.bound <= solution.objective + _TOLERANCE * max(1.0, abs(solution.objective)):
        raise FlowCheckError(f"bound {solution.bound:g} lies above the cost {solution.objective:g}")


def _check_ways(solution: FlowSolution, paths: list[list[int]], owner: IntArray, rings: list[list[int]]) -> None:
    """Check that each path leads without a break from origin to destination, each cycle back to its start."""
    arcs, demands = solution.arcs, solution.demands
    tails, heads = arcs["tail"].tolist(), arcs["head"].tolist()
    origins, destinations = demands["origin"].tolist(), demands["destination"].tolist()
    for path, d in zip(paths, owner.tolist(), strict=True):
        at = origins[d]
        for a in path:
            if tails[a] != at:
                raise FlowCheckError(f"a path of demand {solution.problem.demands[d]!r} breaks off at {at!r}")
            at = heads[a]
        if at != destinations[d]:
            raise FlowCheckError(f"a path of demand {solution.problem.demands[d]!r} ends at {at!r}")
    for ring in rings:
        if any(heads[a] != tails[b] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)):
            raise FlowCheckError("a cycle does not close")


def _check_balance(solution: FlowSolution, owner: IntArray, flow: FloatArray) -> None:
    """Check that what is sent and what is not served add up to each demand."""
    problem = solution.problem
    sent = sums(owner, flow, len(problem.amount))
    unmet = solution.unmet.to_numpy()
    if flow.min(initial=0.0) < 0 or unmet.min(initial=0.0) < 0:
        raise FlowCheckError("a flow is negative")
    wrong = np.abs(sent + unmet - problem.amount) > _TOLERANCE * np.maximum(1.0, problem.amount)
    for d in np.flatnonzero(wrong)[:1].tolist():
        raise FlowCheckError(
            f"demand {problem.demands[d]!r}: {sent[d]:g} sent and {unmet[d]:g} unmet do not make {problem.amount[d]:g}"
        )


def _check_loads(solution: FlowSolution, load: FloatArray, cost: float) -> None:
    """Check that loads recomputed from paths and cycles fit capacities, and that they cost what was said."""
    problem = solution.problem
    capacity = problem.arc_capacity
    slack = _TOLERANCE * np.maximum(1.0, np.where(np.isfinite(capacity), capacity, 1.0))
    for a in np.flatnonzero(load > capacity + slack)[:1].tolist():
        raise FlowCheckError(f"arc {problem.arcs[a]!r} carries {load[a]:g}, above its capacity of {capacity[a]:g}")
    if np.abs(load - solution.arc_flow.to_numpy()).max(initial=0.0) > _TOLERANCE * max(1.0, load.max(initial=0.0)):
        raise FlowCheckError("flows on arcs are not the sums of flows on paths")
    if "lower" in solution.arcs:
        lower = solution.arcs["lower"].to_numpy(dtype=float)
        for a in np.flatnonzero(load < lower - _TOLERANCE * np.maximum(1.0, lower))[:1].tolist():
            raise FlowCheckError(f"arc {problem.arcs[a]!r} carries {load[a]:g}, below its least load of {lower[a]:g}")
    if "group" in solution.arcs:
        used = solution.arcs.assign(load=load).dropna(subset="group").groupby("group", sort=False)
        for label, members in used:
            room = float(members["group_capacity"].iloc[0])
            if members["load"].sum() > room + _TOLERANCE * max(1.0, room):
                raise FlowCheckError(f"group {label!r} carries {members['load'].sum():g}, above its {room:g}")
    if abs(cost - solution.objective) > _TOLERANCE * max(1.0, abs(cost)):
        raise FlowCheckError(f"the flow costs {cost:g}, the solver said {solution.objective:g}")


def _recomputed(
    solution: FlowSolution, paths: list[list[int]], owner: IntArray, rings: list[list[int]]
) -> tuple[FloatArray, float]:
    """Return the load of each arc, and the cost of the flow with steps and penalties, from the tables."""
    arcs, demands, problem = solution.arcs, solution.demands, solution.problem
    group = demands["class"].tolist() if "class" in demands else [None] * len(demands)
    weight = demands["rate"].tolist() if "rate" in demands else [1.0] * len(demands)
    rate = {c: _column(solution, f"rate_{c}", None) for c in set(group)}
    price = {c: _column(solution, f"cost_{c}", "cost") for c in set(group)}
    served = [(path, group[d], weight[d]) for path, d in zip(paths, owner.tolist(), strict=True)]
    circling = zip(rings, solution.circulation["class"], solution.circulation["rate"], strict=True)
    flows = [*solution.paths["flow"], *solution.circulation["flow"]]
    load, cost = np.zeros(len(arcs)), 0.0
    for (way, label, units), flow in zip([*served, *circling], flows, strict=True):
        load[way] += flow * units * rate[label][way]
        cost += flow * float(price[label][way].sum())
    if "steps" in arcs:
        cost += sum(_surcharge(steps, x) for steps, x in zip(arcs["steps"].tolist(), load.tolist(), strict=True))
    unmet = solution.unmet.to_numpy()
    lost = unmet > 0
    penalty = np.zeros(len(demands))
    in_one = problem.commodity >= 0
    penalty[in_one] = problem.penalty[problem.commodity[in_one]]
    return load, cost + float(penalty[lost] @ unmet[lost])


def _column(solution: FlowSolution, name: str, otherwise: str | None) -> FloatArray:
    if name not in solution.arcs and otherwise is None:
        return np.ones(len(solution.arcs))
    found: FloatArray = solution.arcs[name if name in solution.arcs else otherwise].to_numpy(dtype=float)
    return found


def _surcharge(steps: object, load: float) -> float:
    """Return what the steps of an arc add to the cost of a load."""
    if not isinstance(steps, list | tuple):
        return 0.0
    total, paid = 0.0, 0.0
    for start, extra in steps:
        total += (extra - paid) * max(0.0, load - start)
        paid = extra
    return total
