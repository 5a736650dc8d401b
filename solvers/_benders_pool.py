"""Columns that all scenarios share, which projects' arcs they take, and cheapest paths of single commodities."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ._columns import Columns
from ._pricing import Paths, Pricer

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import FloatArray


class Pool(Columns):
    """Pool of columns that knows for each the pairs of commodity and project's segment it stands for.

    A pair of commodity k and the i-th of the projects' segments has the number ``k * len(segments) + i``.
    """

    def __init__(self, problem: Problem, penalty: FloatArray, of_project: IntArray) -> None:
        super().__init__(problem, penalty)
        self.taken: IntArray = np.flatnonzero(of_project >= 0)  # segments of projects
        self.of_taken: IntArray = of_project[self.taken]
        self._place: IntArray = np.full(len(of_project), -1, dtype=np.int64)
        self._place[self.taken] = np.arange(len(self.taken))
        self.pair: IntArray = np.zeros(0, dtype=np.int64)
        self.owner: IntArray = np.zeros(0, dtype=np.int64)  # column of each pair
        self._paired = problem.k

    @property
    def pairs(self) -> int:
        """How many pairs there can be."""
        return self.problem.k * len(self.taken)

    def add(self, paths: Paths, kind: IntArray | None = None) -> int:
        """Append the paths that are not there yet; return how many."""
        added = super().add(paths, kind)
        if added:
            pair, owner = self.pairs_of(np.arange(self._paired, len(self)))
            self.pair, self.owner = np.concatenate([self.pair, pair]), np.concatenate([self.owner, owner])
            self._paired = len(self)
        return added

    def pairs_of(self, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Return the pairs of some columns, and the column of each."""
        lengths = self.lengths[columns]
        ends = np.cumsum(lengths)
        place = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.start[columns] - (ends - lengths), lengths)
        number, owner = self._place[self.segments[place]], np.repeat(columns, lengths)
        number, owner = number[number >= 0], owner[number >= 0]
        return self.commodity[owner] * len(self.taken) + number, owner

    def priced_with(self, row_price: FloatArray, pair_price: FloatArray) -> FloatArray:
        """Return what rows and pairs add to the cost of one unit of each column."""
        total: FloatArray = self.crossing @ row_price
        return total + np.bincount(self.owner, pair_price[self.pair], minlength=len(self))


class PairPricer(Pricer):
    """Finds cheapest paths when some commodities pay more on some segments than others."""

    def tolled(self, row_price: FloatArray) -> FloatArray:
        """Return the cost of each kind of goods on each segment at some prices of rows, shape (kinds, segments)."""
        problem = self.problem
        priced: FloatArray = self.cost + problem.load * (problem.rows.incidence.T @ row_price)
        for g, shift in self.potential.items():
            priced[g] = np.maximum(priced[g] + shift[problem.tail] - shift[problem.head], 0.0)
        return priced

    def alone(self, k: int, tolled: FloatArray, limit: float, below: float) -> tuple[float, list[int]]:
        """Find the cheapest path of one commodity up to a limit (else inf), listed only if it costs less than `below`.

        `tolled`, shape (segments,): costs as `tolled` gives them, and what this commodity pays beside.
        """
        problem = self.problem
        origin, v = int(problem.origin[k]), int(problem.destination[k])
        shift = self.potential.get(int(problem.kind[k]))
        change = 0.0 if shift is None else float(shift[v] - shift[origin])
        best, segment = self._cheapest_of_pairs(tolled)
        self._graph.data[:] = best
        reach = limit - change + 1e-9 * (abs(limit) + abs(change)) if np.isfinite(limit) else np.inf
        far, before = dijkstra(self._graph, indices=origin, return_predecessors=True, limit=max(reach, 0.0))
        cost, way = float(far[v]) + change, []
        while cost < below and v != origin:
            u = int(before[v])
            way.append(int(segment[np.searchsorted(self.pair, u * problem.n + v)]))
            v = u
        return cost, way[::-1]

    @cached_property
    def _graph(self) -> csr_array:
        shape = (self.problem.n, self.problem.n)
        return csr_array((np.zeros(len(self.pair)), self._head, self._indptr), shape=shape)
