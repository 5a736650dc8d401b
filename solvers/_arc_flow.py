"""Arc method: the textbook model in PuLP with a flow on every arc for every origin, and its split into paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order

from . import _solver
from ._columns import Columns
from ._path_flow import RawFlow, best_at_hand, prove_impossible, true_bound
from ._pricing import Paths, Pricer

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import FloatArray

_TRACE = 1e-9  # share of the largest flow below which a flow is rounding


def arc_size(problem: Problem, pricer: Pricer) -> int:
    """Return how many flow variables the arc model has."""
    return sum(len(segments) for _, _, segments in _roots(problem, pricer))


def solve_arc(problem: Problem, *, solver: str, deadline: float) -> RawFlow:
    """Solve a problem by the arc model, commodities of one kind and origin as one flow."""
    pricer = Pricer(problem)
    free = pricer.price(np.zeros(len(problem.rows.rhs)))
    if (np.isinf(problem.penalty) & np.isinf(free.cost)).any():
        return prove_impossible(problem, solver, deadline)
    roots = list(_roots(problem, pricer))
    model, sizes = _model(problem, roots, solver)
    outcome = model.run(deadline)
    if outcome.status == _solver.INFEASIBLE:
        verdict = prove_impossible(problem, solver, deadline)
        if verdict.status == "infeasible":
            return verdict
    if outcome.status != _solver.OPTIMAL:
        return best_at_hand(problem, pricer, outcome.status)
    row_price = np.maximum(-outcome.row_dual[len(outcome.row_dual) - len(problem.rows.rhs) :], 0.0)
    columns = Columns(problem, problem.penalty)
    served = problem.quantity.copy()
    served[np.isfinite(problem.penalty)] -= outcome.x[sum(sizes) :]
    x = _split(problem, columns, roots, np.split(outcome.x[: sum(sizes)], np.cumsum(sizes)[:-1]), served)
    return RawFlow("optimal", columns, x, row_price, true_bound(problem, pricer, row_price), 1)


def _roots(problem: Problem, pricer: Pricer) -> list[tuple[int, int, IntArray]]:
    """Return kind, origin and usable segments of each flow; goods may go in circles where least loads ask."""
    graph = {}
    for g in pricer.kinds:
        use = pricer.usable[g]
        ends = (problem.tail[use], problem.head[use])
        graph[g] = csr_array((np.ones(int(use.sum())), ends), shape=(problem.n, problem.n))
    found = []
    for g in pricer.kinds:
        for o in pricer.roots[g].tolist():
            reached = np.zeros(problem.n, dtype=bool)
            reached[breadth_first_order(graph[g], o, return_predecessors=False)] = True
            use = pricer.usable[g] & (reached[problem.tail] | problem.has_lower)
            found.append((g, o, np.flatnonzero(use)))
    return found


def _model(problem: Problem, roots: list[tuple[int, int, IntArray]], solver: str) -> tuple[_solver.Model, list[int]]:
    """Build balances first, then the rows of the problem; flows first, then what is not served."""
    model = _solver.Model(solver)
    n = problem.n
    number = {(g, o): i for i, (g, o, _) in enumerate(roots)}
    pairs = zip(problem.kind.tolist(), problem.origin.tolist(), strict=True)
    root = np.array([number[pair] for pair in pairs], dtype=np.int64)
    balance = np.zeros(len(roots) * n)
    np.add.at(balance, root * n + problem.origin, problem.quantity)
    np.add.at(balance, root * n + problem.destination, -problem.quantity)
    model.add_rows(balance, equal=True)
    model.add_rows(problem.rows.rhs, equal=False)
    rows = len(model.rhs)
    crossing = problem.rows.incidence.tocsc()
    for i, (g, _, segments) in enumerate(roots):
        j = np.arange(len(segments))
        weighed = (crossing[:, segments] * problem.load[g, segments]).tocoo()
        row = np.concatenate(
            [i * n + problem.tail[segments], i * n + problem.head[segments], len(balance) + weighed.row]
        )
        column = np.concatenate([j, j, weighed.col])
        value = np.concatenate([np.ones(len(j)), -np.ones(len(j)), weighed.data])
        entries = coo_array((value, (row, column)), shape=(rows, len(j))).tocsc()
        model.add_columns(problem.cost[g, segments], np.zeros(len(j)), np.full(len(j), np.inf), entries)
    may = np.flatnonzero(np.isfinite(problem.penalty))
    j = np.arange(len(may))
    row = np.concatenate([root[may] * n + problem.origin[may], root[may] * n + problem.destination[may]])
    value = np.concatenate([np.ones(len(may)), -np.ones(len(may))])
    entries = coo_array((value, (row, np.concatenate([j, j]))), shape=(rows, len(may))).tocsc()
    model.add_columns(problem.penalty[may], np.zeros(len(may)), problem.quantity[may], entries)
    return model, [len(segments) for _, _, segments in roots]


def _split(
    problem: Problem,
    columns: Columns,
    roots: list[tuple[int, int, IntArray]],
    flows: list[FloatArray],
    wanted: FloatArray,
) -> FloatArray:
    """Split the flows of all origins into paths and cycles; return the flow of each column."""
    amounts: list[float] = []
    served = np.zeros(problem.k)
    for (g, o, segments), flow in zip(roots, flows, strict=True):
        mine = np.flatnonzero((problem.kind == g) & (problem.origin == o))
        sheet = _Sheet(problem, segments, flow)
        for k in mine.tolist():
            for way, amount in sheet.paths(o, int(problem.destination[k]), float(wanted[k])):
                if columns.add(Paths(np.array([k]), np.array([0, len(way)]), np.array(way))):
                    amounts.append(amount)
                else:  # the same way once more
                    amounts[_place(columns, k, way)] += amount
                served[k] += amount
        if problem.has_lower:
            for ring, amount in sheet.rings():
                if columns.add(Paths(np.array([-1]), np.array([0, len(ring)]), np.array(ring)), kind=np.array([g])):
                    amounts.append(amount)
                else:
                    amounts[_place(columns, -1, ring)] += amount
    return np.concatenate([np.maximum(problem.quantity - served, 0.0), np.array(amounts)])


def _place(columns: Columns, k: int, way: list[int]) -> int:
    first = columns.problem.k
    for j in np.flatnonzero(columns.commodity[first:] == k).tolist():
        ends = columns.start[first + j], columns.start[first + j + 1]
        if sorted(columns.segments[ends[0] : ends[1]].tolist()) == sorted(way):
            return j
    raise AssertionError("a path that is there was not found")


class _Sheet:
    """Flow of one origin on its segments, taken away path by path."""

    def __init__(self, problem: Problem, segments: IntArray, flow: FloatArray) -> None:
        self.trace = _TRACE * max(1.0, float(flow.max(initial=0.0)))
        self.flow = {s: f for s, f in zip(segments.tolist(), flow.tolist(), strict=True) if f > self.trace}
        self.tail, self.head = problem.tail, problem.head
        self.cancelled: list[tuple[list[int], float]] = []
        self.into: dict[int, list[int]] = {}
        for s in self.flow:
            self.into.setdefault(int(problem.head[s]), []).append(s)

    def _fullest(self, node: int) -> int | None:
        live = [s for s in self.into.get(node, ()) if self.flow[s] > self.trace]
        return max(live, key=lambda s: (self.flow[s], -s)) if live else None

    def _take(self, way: list[int], amount: float) -> None:
        for s in way:
            self.flow[s] -= amount

    def paths(self, origin: int, destination: int, wanted: float) -> list[tuple[list[int], float]]:
        """Take paths between two nodes until `wanted` is reached or no flow is left, cancelling cycles met."""
        found: list[tuple[list[int], float]] = []
        while wanted > self.trace:
            way, seen, v = [], {destination: 0}, destination
            while v != origin:
                s = self._fullest(v)
                if s is None:
                    return found
                way.append(s)
                v = int(self.tail[s])
                if v in seen:
                    ring = way[seen[v] :]
                    self._cancel(ring)
                    way = way[: seen[v]]
                    seen = {u: i for u, i in seen.items() if i <= len(way)}
                seen[v] = len(way)
            amount = min(wanted, *(self.flow[s] for s in way))
            self._take(way, amount)
            found.append((way[::-1], amount))
            wanted -= amount
        return found

    def _cancel(self, ring: list[int]) -> None:
        amount = min(self.flow[s] for s in ring)
        self._take(ring, amount)
        self.cancelled.append((ring[::-1], amount))

    def rings(self) -> list[tuple[list[int], float]]:
        """Return the cycles met before, and those that are left."""
        found = list(self.cancelled)
        for begin in list(self.flow):
            while self.flow[begin] > self.trace:
                way, v, seen = [begin], int(self.tail[begin]), {int(self.head[begin]): 0}
                while v not in seen:
                    seen[v] = len(way)
                    s = self._fullest(v)
                    if s is None:
                        self.flow[begin] = 0.0
                        break
                    way.append(s)
                    v = int(self.tail[s])
                else:
                    ring = way[seen[v] :]
                    amount = min(self.flow[s] for s in ring)
                    self._take(ring, amount)
                    found.append((ring[::-1], amount))
        return found
