"""Quickest routes of all pairs at given arc times: one Dijkstra per origin, routes read back side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ._route_set import incidence
from .errors import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Quickest:
    """Quickest routes at one set of times.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Time of the quickest route of each pair, inf where there is none.
    """

    time: FloatArray
    _before: npt.NDArray[np.int32]
    _arc: IntArray
    _search: RouteSearch

    def routes(self, wanted: IntArray) -> csr_array:
        """Return the quickest routes of some pairs, which must have one, shape (len(wanted), m): one for each arc."""
        search = self._search
        who, at = np.arange(len(wanted)), search.destination[wanted]
        row, goal = search.root[wanted], search.origin[wanted]
        owners, arcs = [who[:0]], [who[:0]]
        while len(who):
            came = self._before[row, at].astype(np.int64)
            owners.append(who)
            arcs.append(self._arc[np.searchsorted(search.ends, came * search.n + at)])
            on = came != goal
            who, at, row, goal = who[on], came[on], row[on], goal[on]
        return incidence(np.concatenate(owners), np.concatenate(arcs), len(wanted), search.m)


class RouteSearch:
    """Finds the quickest routes of pairs of nodes 0..n-1 over arcs given by their ends.

    Notes
    -----
    Dijkstra (1959), "A note on two problems in connexion with graphs", Numerische Mathematik 1, 269-271, run by
    scipy. Of parallel arcs the quickest is taken, of equally quick ones the first.
    """

    def __init__(self, n: int, tail: IntArray, head: IntArray, origin: IntArray, destination: IntArray) -> None:
        self.n, self.m, self.origin, self.destination = n, len(tail), origin, destination
        self.roots, root = np.unique(origin, return_inverse=True)
        self.root = root.ravel()
        key = tail * n + head
        self._order = np.argsort(key, kind="stable")
        self.ends, self._first = np.unique(key[self._order], return_index=True)
        self._head = (self.ends % n).astype(np.int32)
        self._indptr = np.searchsorted(self.ends // n, np.arange(n + 1)).astype(np.int32)

    def quickest(self, time: FloatArray) -> Quickest:
        """Search at the given time of each arc, zero or more."""
        best, arc = self._of_parallel(time)
        # Given as CSR, stored zeros stay arcs that take no time.
        graph = csr_array((best, self._head, self._indptr), shape=(self.n, self.n))
        if not len(self.roots):
            return Quickest(np.zeros(0), np.zeros((0, self.n), dtype=np.int32), arc, self)
        far, before = dijkstra(graph, indices=self.roots, return_predecessors=True)
        return Quickest(far[self.root, self.destination], before, arc, self)

    def _of_parallel(self, time: FloatArray) -> tuple[FloatArray, IntArray]:
        ordered = time[self._order]
        if len(self.ends) == len(ordered):
            return ordered, self._order
        best = np.minimum.reduceat(ordered, self._first)
        times = np.diff(np.append(self._first, len(ordered)))
        hits = np.flatnonzero(ordered == np.repeat(best, times))
        return best, self._order[hits[np.searchsorted(hits, self._first)]]
