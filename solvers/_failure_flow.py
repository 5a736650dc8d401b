"""The cheapest flow that answers to failures: a master over paths, kept warm from one set of failures to the next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import dijkstra

from . import _solver
from ._columns import Columns, add_bulk
from ._master import Master
from ._pricing import Pricer
from .errors import FlowCheckError
from .failure_search import Answer

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import FloatArray

__all__ = ["FlowRecourse", "last_resort"]

_GAP = 1e-9
_DOUBT = 1e-5  # of a cost that the solver calls the least, by which it may be above what is proved
_FLOOR = 1e-9  # of all penalties, by which cost and bound may differ
_MANY = 40  # columns for each commodity from which the master begins anew


class FlowRecourse:
    """Least-cost flow of a problem without some of its segments.

    Parameters
    ----------
    problem : Problem
        Every demand has a penalty.
    takes : csr_array of bool, shape (elements, segments)
        What each element takes along when it fails.
    ceiling : ndarray of float, shape (commodities,)
        What a unit costs at most, whatever fails: see `last_resort`.
    solver : str
        PuLP's name.
    """

    def __init__(self, problem: Problem, takes: csr_array, ceiling: FloatArray, solver: str) -> None:
        self.problem, self.takes, self.ceiling, self._solver = problem, takes, ceiling, solver
        self.pricer = Pricer(problem)
        self._open_cost = self.pricer.cost.copy()
        self._of_segment = csr_array(takes.T)
        self._floor = _FLOOR * float(problem.quantity @ problem.penalty)
        self._begin()

    def _begin(self) -> None:
        problem = self.problem
        self.columns = Columns(problem, problem.penalty)
        self._cost = self.columns.cost.copy()
        self._touch = csr_array((problem.k, self.takes.shape[0]))
        nothing = np.zeros(len(problem.rows.rhs))
        self.pricer.cost = self._open_cost.copy()
        free = self.pricer.price(nothing)
        self.columns.add(free.paths(np.flatnonzero(free.cost < problem.penalty)))
        add_bulk(self.pricer, self.columns, nothing)
        self.master = Master(self.pricer, self.columns, self._solver, np.zeros(0, dtype=np.int64), 0.0, self._floor)

    def answer(self, failed: IntArray, deadline: float) -> Answer | None:
        """Return the cheapest flow without some elements; None when the time is over."""
        k = self.problem.k
        if not k:
            return Answer(0.0, 0.0, np.zeros(self.takes.shape[0]))
        if len(self.columns) > _MANY * k + 10_000:
            self._begin()
        self._shut(failed)
        result = self.master.solve(_GAP, deadline, -np.inf, None)
        if result.status not in (_solver.OPTIMAL, _solver.STOPPED):
            self._begin()
            self._shut(failed)
            result = self.master.solve(_GAP, deadline, -np.inf, None)
        if result.status != _solver.OPTIMAL:
            if time.perf_counter() > deadline:
                return None
            told = f"elements {failed.tolist()}" if len(failed) else "failures"
            raise FlowCheckError(f"the flow without {told} was not solved: the solver {result.status}")
        self._learn()
        used = result.x > 0
        cost = float(self._cost[used] @ result.x[used])
        if cost - result.bound > _DOUBT * abs(cost) + self._floor:
            raise FlowCheckError(
                f"a flow costs {cost:g}, but {result.bound:g} is all that is proved: the solver is wrong"
            )
        paths = used.copy()
        paths[:k] = False
        given_up = np.maximum(self.ceiling[self.columns.commodity[paths]] - self._cost[paths], 0.0) * result.x[paths]
        harm = np.asarray(self._touch[np.flatnonzero(paths)].T @ given_up)
        return Answer(cost, min(result.bound, cost), harm)

    def _learn(self) -> None:
        """Note costs of the columns that are new, and which elements they need."""
        known, columns = len(self._cost), self.columns
        if known == len(columns):
            return
        self._cost = np.concatenate([self._cost, columns.cost[known:]])
        first = columns.start[known]
        start, segments = columns.start[known:] - first, columns.segments[first:]
        shape = (len(columns) - known, len(self.problem.tail))
        needs = csr_array((np.ones(len(segments)), segments, start), shape=shape) @ self._of_segment
        needs.data[:] = 1.0
        self._touch = vstack([self._touch, needs], format="csr")

    def _shut(self, failed: IntArray) -> None:
        """Take failed elements from the paths at hand and from those that are searched."""
        self._learn()
        columns = self.columns
        gone = np.zeros(self.takes.shape[0])
        gone[failed] = 1.0
        closed = (self._of_segment @ gone) > 0
        self.pricer.cost = np.where(closed, np.inf, self._open_cost)
        stopped = (self._touch @ gone) > 0
        columns.cost = np.where(stopped, np.inf, self._cost)
        upper = np.where(stopped, 0.0, np.inf)[: self.master.taken]
        changed = np.flatnonzero(upper != self.master.model.upper)
        self.master.model.set_bounds(changed, np.zeros(len(changed)), upper[changed])


def last_resort(problem: Problem, takes: csr_array, most: int) -> FloatArray:
    """Return what a unit of each commodity costs at most, whatever fails, shape (commodities,).

    Where there are more ways of which no two share an element than can fail, and no capacity is on them, one of them is
    always left: nothing is ever worth leaving unserved at a penalty above the dearest. Ways are taken one after the
    other, each the cheapest that is left.
    """
    pricer = Pricer(problem)
    bound = np.asarray(np.abs(problem.rows.incidence).sum(axis=0)).ravel() > 0
    of_segment = csr_array(takes.T)
    ceiling = problem.penalty.copy()
    if pricer.potential:
        return ceiling
    for g in pricer.kinds:
        open_cost = np.where(bound, np.inf, pricer.cost[g])
        best, segment = pricer._cheapest_of_pairs(open_cost)
        for root in pricer.roots[g].tolist():
            mine = np.flatnonzero((problem.kind == g) & (problem.origin == root))
            first = _tree(pricer, best, root)
            for k in mine.tolist():
                ceiling[k] = min(ceiling[k], _dearest(pricer, open_cost, (first, segment), k, of_segment, most))
    return ceiling


def _tree(pricer: Pricer, best: FloatArray, root: int) -> tuple[FloatArray, IntArray]:
    size = pricer.problem.n
    graph = csr_array((best, pricer._head, pricer._indptr), shape=(size, size))
    far, before = dijkstra(graph, indices=root, return_predecessors=True)
    return far, before


def _dearest(
    pricer: Pricer,
    open_cost: FloatArray,
    first: tuple[tuple[FloatArray, IntArray], IntArray],
    k: int,
    of_segment: csr_array,
    most: int,
) -> float:
    """Return the cost of the dearest of one way more than can fail; inf if there are not so many."""
    problem = pricer.problem
    root, goal, limit = int(problem.origin[k]), int(problem.destination[k]), float(problem.penalty[k])
    (far, before), segment = first
    cost = open_cost
    for turn in range(most + 1):
        if turn:
            best, segment = pricer._cheapest_of_pairs(cost)
            far, before = _tree(pricer, best, root)
        if not far[goal] < limit:
            return float(np.inf)
        way, v = [], goal
        while v != root:
            u = int(before[v])
            way.append(int(segment[np.searchsorted(pricer.pair, u * problem.n + v)]))
            v = u
        taken = np.unique(of_segment[way].indices)
        if not len(taken):
            return float(far[goal])
        gone = np.zeros(of_segment.shape[1])
        gone[taken] = 1.0
        cost = np.where((of_segment @ gone) > 0, np.inf, cost)
    return float(far[goal])
