"""Why demand is not served, in words: who goes short, by how much, and the full or closed arcs around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from ._problem import LOWER, sums

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import BoolArray, FloatArray
    from .flow_solution import FlowSolution

_SHOWN = 10
_TRACE = 1e-6


@dataclass(frozen=True)
class _Barrier:
    """What separates the origin of a commodity from its destination."""

    full: tuple[int, ...]  # arcs at capacity, or in groups at capacity
    closed: tuple[int, ...]  # arcs of no capacity or where this class may not go
    dear: bool  # there is a way, but it costs more than the penalty


def explain(solution: FlowSolution) -> str:
    """Return the explanation of a solution, see `FlowSolution.explain`."""
    problem, raw = solution.problem, solution.raw
    if solution.status == "no_solution":
        return "No flow was found, and it was not proved that there is none: allow more time."
    infeasible = solution.status == "infeasible"
    short = raw.short if infeasible else _unmet(solution)
    lines = _least_loads(problem, raw.missing) if infeasible else []
    rows = np.flatnonzero(short > _TRACE * problem.quantity)
    if not len(rows) and not lines:
        return "All demand is served."
    if len(rows):
        lines = [*_shortage(problem, short, rows, infeasible=infeasible), *lines]
        lines += _barriers(solution, short, rows, raw.row_price)
    return "\n".join(lines)


def _unmet(solution: FlowSolution) -> FloatArray:
    """Return what each commodity lacks."""
    problem = solution.problem
    inside = problem.commodity >= 0
    return sums(problem.commodity[inside], solution.unmet.to_numpy()[inside], problem.k)


def _shortage(problem: Problem, short: FloatArray, rows: IntArray, *, infeasible: bool) -> list[str]:
    total, need = float(short[rows].sum()), float(problem.quantity.sum())
    verb = "cannot be served" if infeasible else "stay unserved"
    head = f"{_amount(total)} of {_amount(need)} units {verb} ({len(rows)} of {problem.k} pairs):"
    order = rows[np.argsort(-short[rows], kind="stable")]
    lines = [
        f"  {_pair(problem, k)}: {_amount(short[k])} of {_amount(problem.quantity[k])}" for k in order[:_SHOWN].tolist()
    ]
    return [head, *lines, *_more(len(order))]


def _least_loads(problem: Problem, missing: FloatArray) -> list[str]:
    least = np.flatnonzero(problem.rows.kind == LOWER)
    return [
        f"Arc {_arc(problem, int(problem.rows.owner[r]))} must carry at least {_amount(-problem.rows.rhs[r])}, "
        f"and the goods that may go there fall short by {_amount(lack)}."
        for r, lack in zip(least.tolist(), missing.tolist(), strict=False)
        if lack > _TRACE * max(1.0, -problem.rows.rhs[r])
    ]


def _barriers(solution: FlowSolution, short: FloatArray, rows: IntArray, price: FloatArray) -> list[str]:
    """Say once for each barrier whom it stops."""
    problem = solution.problem
    stopped: dict[_Barrier, list[int]] = {}
    for k in rows[np.argsort(-short[rows], kind="stable")].tolist():
        stopped.setdefault(_barrier(problem, price, k), []).append(k)
    lines = []
    for barrier, who in sorted(stopped.items(), key=lambda item: -short[item[1]].sum())[:_SHOWN]:
        names = ", ".join(_pair(problem, k) for k in who[:3]) + (f" and {len(who) - 3} more" if len(who) > 3 else "")
        if barrier.dear:
            lines.append(f"There is room from {names}, but every way costs more than not serving.")
        if barrier.full:
            lines.append(f"Full, and in the way of {names}:")
            lines += [f"  {_load(problem, a)}" for a in barrier.full[:_SHOWN]] + _more(len(barrier.full))
        if barrier.closed:
            lines.append(f"Closed, and in the way of {names}:")
            lines += [f"  {_arc(problem, a)}" for a in barrier.closed[:_SHOWN]] + _more(len(barrier.closed))
        if not (barrier.dear or barrier.full or barrier.closed):
            lines.append(f"No arc leads on towards the destination: {names}.")
    return lines


def _barrier(problem: Problem, price: FloatArray, k: int) -> _Barrier:
    """Find the fewest arcs that part origin and destination, at one distance by prices of capacity alone."""
    g, o, d = int(problem.kind[k]), int(problem.origin[k]), int(problem.destination[k])
    usable = np.isfinite(problem.cost[g]) & ~problem.closed
    reached = _reached(problem, usable, o)
    if not reached[d]:
        back = _reached(problem, usable, d, backward=True)
        shut = np.flatnonzero(reached[problem.tail] & ~reached[problem.head] & ~usable)
        ahead = shut[back[problem.head[shut]]]
        arcs = np.unique(problem.arc[ahead if len(ahead) else shut]).tolist()
        return _Barrier((), tuple(arcs), dear=False)
    toll = np.maximum(problem.rows.incidence.T @ price, 0.0) * problem.load[g]
    far = _distances(problem, np.where(usable, toll, np.inf), o)
    if far[d] <= 1e-9 * max(1.0, float(toll.max(initial=0.0))):
        return _Barrier((), (), dear=True)
    far = np.minimum(far, far[d])
    best: tuple[int, ...] = ()
    for level in np.unique(far[far < far[d] * (1 - 1e-9)]).tolist():
        inside = far <= level + 1e-9 * far[d]
        crossing = usable & inside[problem.tail] & ~inside[problem.head]
        arcs = tuple(np.unique(problem.arc[crossing]).tolist())
        if (toll[crossing] > 1e-9 * far[d]).all() and (not best or len(arcs) < len(best)):
            best = arcs
    return _Barrier(best, (), dear=False)


def _reached(problem: Problem, usable: BoolArray, root: int, *, backward: bool = False) -> BoolArray:
    ends = (problem.head, problem.tail) if backward else (problem.tail, problem.head)
    pairs = (ends[0][usable], ends[1][usable])
    graph = csr_array((np.ones(int(usable.sum())), pairs), shape=(problem.n, problem.n))
    found = np.zeros(problem.n, dtype=bool)
    found[breadth_first_order(graph, root, return_predecessors=False)] = True
    return found


def _distances(problem: Problem, length: FloatArray, root: int) -> FloatArray:
    from ._graph import Graph

    known = np.isfinite(length)
    graph = Graph.from_arrays(problem.n, problem.tail, problem.head, np.where(known, length, 0.0))
    return graph.only(known).tree(root).cost


def _pair(problem: Problem, k: int) -> str:
    label = problem.classes[problem.class_of_kind[problem.kind[k]]]
    goods = "" if label is None else f" ({label})"
    return f"{problem.nodes[problem.origin[k]]} -> {problem.nodes[problem.destination[k]]}{goods}"


def _arc(problem: Problem, arc: int) -> str:
    segment = int(np.searchsorted(problem.arc, arc))
    ends = f"{problem.nodes[problem.tail[segment]]} -> {problem.nodes[problem.head[segment]]}"
    return f"{ends} (arc {problem.arcs[arc]!r})"


def _load(problem: Problem, arc: int) -> str:
    capacity = problem.arc_capacity[arc]
    return f"{_arc(problem, arc)}" + (f", capacity {_amount(capacity)}" if np.isfinite(capacity) else "")


def _more(count: int) -> list[str]:
    return [f"  and {count - _SHOWN} more"] if count > _SHOWN else []


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.6g}"
