"""Pool of columns of the restricted master: paths, cycles, and what is not served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from ._problem import sums

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._pricing import Paths, Pricer
    from ._problem import IntArray, Problem
    from .errors import FloatArray

_BULK = 400  # paths of bulky commodities that one round may add
_SALT = np.uint64(0x9E3779B97F4A7C15)


class Columns:
    """Columns in order of arrival; the first k stand for what each commodity leaves unserved.

    Attributes
    ----------
    commodity : ndarray of int, shape (columns,)
        Commodity of each column, -1 for a cycle.
    kind : ndarray of int, shape (columns,)
        Kind of goods on each column.
    cost : ndarray of float, shape (columns,)
        Cost of one unit.
    start, segments : ndarray of int
        Segments of column j: ``segments[start[j]:start[j + 1]]``.
    crossing : csr_array of float, shape (columns, rows)
        What one unit of each column takes of each row.
    """

    def __init__(self, problem: Problem, penalty: FloatArray) -> None:
        self.problem = problem
        k = problem.k
        self.commodity: IntArray = np.arange(k)
        self.kind: IntArray = problem.kind.copy()
        self.cost: FloatArray = penalty.copy()
        self.start: IntArray = np.zeros(k + 1, dtype=np.int64)
        self.segments: IntArray = np.zeros(0, dtype=np.int64)
        self.crossing: csr_array = csr_array((k, len(problem.rows.rhs)))
        self._mark: npt.NDArray[np.uint64] = np.zeros(k, dtype=np.uint64)
        self._known: set[int] = set()
        draws = np.random.default_rng(20240501).integers(0, 2**63, len(problem.tail), dtype=np.uint64)
        self._draws: npt.NDArray[np.uint64] = draws

    def __len__(self) -> int:
        return len(self.commodity)

    @property
    def lengths(self) -> IntArray:
        """Number of segments of each column."""
        return np.diff(self.start)

    def add(self, paths: Paths, kind: IntArray | None = None) -> int:
        """Append the paths that are not there yet; return how many."""
        if not len(paths.commodity):
            return 0
        kinds = self.problem.kind[paths.commodity] if kind is None else kind
        salt = (paths.commodity + 2 + len(self.problem.quantity) * kinds).astype(np.uint64) * _SALT
        mark = np.add.reduceat(self._draws[paths.segments], paths.start[:-1]) + salt
        new = np.zeros(len(mark), dtype=bool)
        for i, known in enumerate(mark.tolist()):
            new[i] = known not in self._known
            self._known.add(known)
        if not new.any():
            return 0
        lengths = np.diff(paths.start)
        segments = paths.segments[np.repeat(new, lengths)]
        lengths = lengths[new]
        start = np.concatenate([[0], np.cumsum(lengths)])
        by_segment = np.repeat(kinds[new], lengths), segments
        cost = self.problem.cost[by_segment]
        self.crossing = _below(self.crossing, self._crossed(self.problem.load[by_segment], segments, start))
        self._mark = np.concatenate([self._mark, mark[new]])
        self.commodity = np.concatenate([self.commodity, paths.commodity[new]])
        self.kind = np.concatenate([self.kind, kinds[new]])
        self.cost = np.concatenate([self.cost, np.add.reduceat(cost, start[:-1])])
        self.start = np.concatenate([self.start, self.start[-1] + start[1:]])
        self.segments = np.concatenate([self.segments, segments])
        return int(new.sum())

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Drop the columns where `kept` is false."""
        lengths = self.lengths
        self.segments = self.segments[np.repeat(kept, lengths)]
        self.start = np.concatenate([[0], np.cumsum(lengths[kept])])
        self.commodity, self.kind = self.commodity[kept], self.kind[kept]
        self.cost, self._mark = self.cost[kept], self._mark[kept]
        self._known = set(self._mark.tolist())
        self.crossing = self.crossing[np.flatnonzero(kept)]

    def segment_load(self, flow: FloatArray) -> FloatArray:
        """Return the load on each segment, in units of capacity."""
        lengths = self.lengths
        load = self.problem.load[np.repeat(self.kind, lengths), self.segments]
        return sums(self.segments, load * np.repeat(flow, lengths), len(self.problem.tail))

    def row_load(self, flow: FloatArray) -> FloatArray:
        """Return the left-hand side of each row."""
        total: FloatArray = self.crossing.T @ flow
        return total

    def priced(self, row_price: FloatArray) -> FloatArray:
        """Return the cost of one unit of each column when each unit of load on row r costs ``row_price[r]`` more."""
        total: FloatArray = self.cost + self.crossing @ row_price
        return total

    def at_hand(self, row_price: FloatArray) -> FloatArray:
        """Return the priced cost of the cheapest column of each commodity."""
        least: FloatArray = np.full(self.problem.k, np.inf)
        served = self.commodity >= 0
        np.minimum.at(least, self.commodity[served], self.priced(row_price)[served])
        return least

    def _crossed(self, load: FloatArray, segments: IntArray, start: IntArray) -> csr_array:
        rows = self.problem.rows.incidence
        return csr_array((load, segments, start), shape=(len(start) - 1, rows.shape[1])) @ rows.T


def _below(upper: csr_array, lower: csr_array) -> csr_array:
    """Return one matrix above the other."""
    pointer = np.concatenate([upper.indptr, upper.indptr[-1] + lower.indptr[1:]])
    index = np.concatenate([upper.indices, lower.indices])
    shape = (upper.shape[0] + lower.shape[0], upper.shape[1])
    return csr_array((np.concatenate([upper.data, lower.data]), index, pointer), shape=shape)


def add_bulk(pricer: Pricer, columns: Columns, row_price: FloatArray) -> int:
    """Add for each bulky commodity a set of paths that together could carry it; return how many are new."""
    most = max(2, _BULK // max(1, len(pricer.bulky)))
    return sum(columns.add(pricer.spread(row_price, k, most)) for k in pricer.bulky.tolist())
