"""Cheapest paths of all commodities at priced costs: one Dijkstra per kind of goods and origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ._problem import CAPACITY
from .errors import FloatArray, SolverInputError

if TYPE_CHECKING:
    from ._problem import IntArray, Problem


_GROUPS, _GROUP = 8, 16  # sets of origins that are searched together, at most, and origins of a set, at least
_ROUNDING = 1e-9  # by which the sum of a path may differ from what a search finds

SPLITS = 20
"""Full arcs of middling capacity that a bulky commodity would take."""


class Paths(NamedTuple):
    """Paths as one list of segments, those of path i from ``start[i]`` to ``start[i + 1]``."""

    commodity: IntArray
    start: IntArray
    segments: IntArray


class Cycle(NamedTuple):
    """A cycle whose priced cost is negative."""

    kind: int
    segments: IntArray


@dataclass(frozen=True, eq=False)
class Priced:
    """Cheapest paths at one set of prices.

    Attributes
    ----------
    cost : ndarray of float, shape (k,)
        Priced cost of the cheapest path of each commodity, inf where there is none.
    cycles : list of Cycle
        Cycles of negative priced cost; while there are any, no cost of their kind is known.
    """

    cost: FloatArray
    cycles: list[Cycle]
    _before: dict[int, IntArray]
    _segment: dict[int, IntArray]
    _pricer: Pricer

    def paths(self, wanted: IntArray) -> Paths:
        """Return the cheapest paths of some commodities, which must have one."""
        pricer, problem = self._pricer, self._pricer.problem
        segments, owners = [], []
        for kind, before in self._before.items():
            who = np.flatnonzero(problem.kind[wanted] == kind)
            at, root = problem.destination[wanted[who]], pricer.root[wanted[who]]
            goal = problem.origin[wanted[who]]
            while len(who):
                came = before[root, at].astype(np.int64)
                pair = np.searchsorted(pricer.pair, came * problem.n + at)
                segments.append(self._segment[kind][pair])
                owners.append(who)
                on = came != goal
                who, at, root, goal = who[on], came[on], root[on], goal[on]
        if not owners:
            return Paths(wanted[:0], np.zeros(1, dtype=np.int64), wanted[:0])
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")[::-1]  # from origin to destination
        owner = owner[order]
        found, first = np.unique(-owner, return_index=True)
        start = np.append(first, len(owner))
        return Paths(wanted[-found], start.astype(np.int64), np.concatenate(segments)[order])


class Pricer:
    """Finds the cheapest paths of a problem at any prices on its rows.

    Notes
    -----
    Dijkstra (1959) run by scipy on CSR arrays. Negative costs are first made non-negative by node
    potentials (Bellman 1958; Johnson 1977, "Efficient algorithms for shortest paths in sparse networks",
    Journal of the ACM 24(1), 1-13): prices of capacities only raise costs, so that one set of potentials
    serves all rounds; prices of least loads lower them, and potentials are then found anew each round.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.usable = np.isfinite(problem.cost) & ~problem.closed & (problem.tail != problem.head)
        self.cost = np.where(self.usable, problem.cost, np.inf)
        key = problem.tail * problem.n + problem.head
        self.order = np.argsort(key, kind="stable")
        self.pair, self._first = np.unique(key[self.order], return_index=True)
        self._single = len(self.pair) == len(key)
        self._head = (self.pair % problem.n).astype(np.int32)
        self._indptr = np.searchsorted(self.pair // problem.n, np.arange(problem.n + 1)).astype(np.int32)
        self.kinds = np.unique(problem.kind).tolist()
        self.roots = {g: np.unique(problem.origin[problem.kind == g]) for g in self.kinds}
        self.root = np.zeros(problem.k, dtype=np.int64)
        for g, roots in self.roots.items():
            mine = problem.kind == g
            self.root[mine] = np.searchsorted(roots, problem.origin[mine])
        self.potential: dict[int, FloatArray] = {}
        for g in range(len(self.cost)):
            if (self.cost[g] < 0).any():
                found = self._potentials(self.cost[g])
                if not isinstance(found, np.ndarray):
                    raise _negative(problem, g, found[0])
                self.potential[g] = found

    def price(self, row_price: FloatArray, at_most: FloatArray | None = None) -> Priced:
        """Find the cheapest paths when each unit of load on row r costs ``row_price[r]`` more.

        With `at_most`, the priced cost of some path at hand or of not serving each commodity, the search
        goes no further than that.
        """
        problem = self.problem
        toll = problem.rows.incidence.T @ row_price
        cost = np.full(problem.k, np.inf)
        before, segment, cycles = {}, {}, []
        for g in self.kinds:
            priced = self.cost[g] + problem.load[g] * toll
            shift = self.potential.get(g)
            if problem.has_lower and (toll < 0).any():
                found = self._potentials(priced)
                if not isinstance(found, np.ndarray):
                    cycles += [Cycle(g, c) for c in found]
                    continue
                shift = found
            if shift is not None:
                # Rounding may leave a trace below zero on arcs that are tight.
                priced = np.maximum(priced + shift[problem.tail] - shift[problem.head], 0.0)
            best, segment[g] = self._cheapest_of_pairs(priced)
            graph = csr_array((best, self._head, self._indptr), shape=(problem.n, problem.n))
            mine = np.flatnonzero(problem.kind == g)
            o, d = problem.origin[mine], problem.destination[mine]
            change = 0.0 if shift is None else shift[d] - shift[o]
            reach = np.full(len(self.roots[g]), np.inf)
            if at_most is not None:
                reach[:] = 0.0
                far_enough = at_most[mine] - change + _ROUNDING * (np.abs(at_most[mine]) + np.abs(change))
                np.maximum.at(reach, self.root[mine], far_enough)
            far, before[g] = _trees(graph, self.roots[g], reach)
            cost[mine] = far[self.root[mine], d] + change
        if at_most is not None:
            cost = np.minimum(cost, at_most)
        return Priced(cost, cycles, before, segment, self)

    def spread(self, row_price: FloatArray, k: int, at_most: int) -> Paths:
        """Return paths of one commodity that together could carry it: each fills what the ones before left.

        Cheapest first at the given prices; an arc that is full is not used again.
        """
        problem = self.problem
        g, o, d = int(problem.kind[k]), int(problem.origin[k]), int(problem.destination[k])
        priced = self.cost[g] + problem.load[g] * (problem.rows.incidence.T @ row_price)
        shift = self.potential.get(g)
        if shift is not None:
            priced = np.maximum(priced + shift[problem.tail] - shift[problem.head], 0.0)
        room = np.where(problem.load[g] > 0, problem.capacity / np.maximum(problem.load[g], 1e-300), np.inf)
        left = float(problem.quantity[k])
        segments, start = [], [0]
        while left > 0 and len(start) <= at_most:
            best, segment = self._cheapest_of_pairs(priced)
            graph = csr_array((best, self._head, self._indptr), shape=(problem.n, problem.n))
            far, before = dijkstra(graph, indices=o, return_predecessors=True)
            if not np.isfinite(far[d]):
                break
            way, v = [], d
            while v != o:
                u = int(before[v])
                way.append(int(segment[np.searchsorted(self.pair, u * problem.n + v)]))
                v = u
            amount = min(left, float(room[way].min()))
            room[way] -= amount
            priced[way] = np.where(room[way] <= 1e-9 * amount, np.inf, priced[way])
            left -= amount
            segments += way[::-1]
            start.append(len(segments))
            if not np.isfinite(amount):
                break
        count = len(start) - 1
        return Paths(np.full(count, k), np.array(start, dtype=np.int64), np.array(segments, dtype=np.int64))

    @cached_property
    def bulky(self) -> IntArray:
        """Commodities so large that they must spread over very many paths."""
        problem = self.problem
        tight = problem.rows.rhs[(problem.rows.kind == CAPACITY) & (problem.rows.rhs > 0)]
        if not len(tight):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(problem.quantity > SPLITS * float(np.median(tight)))

    def _cheapest_of_pairs(self, priced: FloatArray) -> tuple[FloatArray, IntArray]:
        """Return the cost and the segment of the cheapest of parallel segments."""
        if self._single:
            return priced[self.order], self.order
        ordered = priced[self.order]
        best = np.minimum.reduceat(ordered, self._first)
        times = np.diff(np.append(self._first, len(ordered)))
        hits = np.flatnonzero(ordered == np.repeat(best, times))
        place = np.searchsorted(hits, self._first)
        return best, self.order[hits[place]]

    def _potentials(self, cost: FloatArray) -> FloatArray | list[IntArray]:
        """Return node potentials that make all costs non-negative, or negative cycles if there are none."""
        problem = self.problem
        use = np.flatnonzero(np.isfinite(cost))
        use = use[np.argsort(problem.head[use], kind="stable")]
        tail, head, length = problem.tail[use], problem.head[use], cost[use]
        heads, first = np.unique(head, return_index=True)
        times = np.diff(np.append(first, len(head)))
        far = np.zeros(problem.n)
        came = np.full(problem.n, -1, dtype=np.int64)
        slack = 1e-12 * (1 + np.abs(length).max(initial=0.0))
        for turn in range(problem.n + 1):
            through = far[tail] + length
            best = np.minimum.reduceat(through, first) if len(first) else np.zeros(0)
            better = best < far[heads] - slack
            if not better.any():
                return far
            hits = np.flatnonzero(through == np.repeat(best, times))
            came[heads[better]] = use[hits[np.searchsorted(hits, first)]][better]
            far[heads[better]] = best[better]
            if turn % 16 == 15 or turn == problem.n:
                cycles = _cycles(came, problem.tail, cost)
                if cycles:
                    return cycles
        return far


def _trees(graph: csr_array, roots: IntArray, reach: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return distances and predecessors from some roots, each searched about as far as its reach."""
    order = np.argsort(reach, kind="stable")
    groups = np.array_split(order, max(1, min(_GROUPS, len(roots) // _GROUP)))
    if len(groups) == 1 or not np.isfinite(reach[order[0]]):
        groups = [np.arange(len(roots))]
    found = [dijkstra(graph, indices=roots[g], return_predecessors=True, limit=reach[g].max()) for g in groups]
    if len(found) == 1:
        far, before = found[0]
        return far, before
    place = np.argsort(np.concatenate(groups))
    return np.concatenate([far for far, _ in found])[place], np.concatenate([came for _, came in found])[place]


def _cycles(came: IntArray, tail: IntArray, cost: FloatArray) -> list[IntArray]:
    """Return the cycles of negative cost among arcs that each lead to the node they improved last."""
    mark = np.zeros(len(came), dtype=np.int64)
    cycles = []
    for begin in range(len(came)):
        walk, v = [], begin
        while came[v] >= 0 and mark[v] == 0:
            mark[v] = begin + 1
            walk.append(v)
            v = int(tail[came[v]])
        if came[v] >= 0 and mark[v] == begin + 1:
            ring = [int(came[u]) for u in walk[walk.index(v) :]]
            if cost[ring].sum() < 0:
                cycles.append(np.array(ring[::-1], dtype=np.int64))
    return cycles


def _negative(problem: Problem, kind: int, cycle: IntArray) -> SolverInputError:
    names = [repr(problem.nodes[v]) for v in (*problem.tail[cycle], problem.tail[cycle[0]])]
    rows = ", ".join(repr(problem.arcs[a]) for a in problem.arc[cycle])
    total = problem.cost[kind][cycle].sum()
    label = problem.classes[problem.class_of_kind[kind]]
    goods = "" if label is None else f" for class {label!r}"
    room = problem.capacity[cycle].min()
    much = "without end: the problem is unbounded" if np.isinf(room) else f"until its capacity of {room:g} is full"
    return SolverInputError(
        f"arcs rows {rows}: going round {' -> '.join(names)} costs {total:g}{goods}, so that circling without any "
        f"cargo would lower the cost {much}; expected no cycle of negative cost"
    )
