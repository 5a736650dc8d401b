"""Routes of all pairs at once: sparse incidence of routes and arcs, the flow on each, arcs in the order of travel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from .errors import BoolArray, FloatArray

IntArray = npt.NDArray[np.int64]


class RouteSet(NamedTuple):
    """Routes without cycles, sorted by pair; every pair has at least one.

    Attributes
    ----------
    pair : ndarray of int, shape (p,)
        Pair of each route, rising.
    arcs : csr_array, shape (p, m)
        One where a route takes an arc.
    flow : ndarray of float, shape (p,)
        Quantity on each route.
    """

    pair: IntArray
    arcs: csr_array
    flow: FloatArray

    @property
    def first(self) -> IntArray:
        """First route of each pair."""
        return starts(self.pair)

    def load(self) -> FloatArray:
        """Return the flow on each arc, shape (m,)."""
        total: FloatArray = self.arcs.T @ self.flow
        return total

    def only(self, kept: BoolArray) -> RouteSet:
        """Return the routes where the mask is true."""
        return self if kept.all() else RouteSet(self.pair[kept], self.arcs[np.flatnonzero(kept)], self.flow[kept])

    def with_new(self, pair: IntArray, arcs: csr_array) -> RouteSet:
        """Return the set with more routes, which have no flow yet."""
        if not len(pair):
            return self
        owner = np.concatenate([self.pair, pair])
        order = np.argsort(owner, kind="stable")
        flow = np.concatenate([self.flow, np.zeros(len(pair))])
        return RouteSet(owner[order], vstack([self.arcs, arcs], format="csr")[order], flow[order])


def starts(sorted_labels: IntArray) -> IntArray:
    """Return where each run of equal labels starts."""
    change = np.append(True, sorted_labels[1:] != sorted_labels[:-1])
    return np.flatnonzero(change[: len(sorted_labels)]).astype(np.int64)


def incidence(route: IntArray, arc: IntArray, count: int, m: int) -> csr_array:
    """Return the incidence, shape (count, m), of routes given as pairs of a route and one of its arcs."""
    key = np.sort(route * m + arc)
    ends = np.searchsorted(key, np.arange(count + 1) * m).astype(np.int32)
    return csr_array((np.ones(len(key)), (key % max(m, 1)).astype(np.int32), ends), shape=(count, m))


def in_order(arcs: csr_array, tail: IntArray, head: IntArray, origin: IntArray) -> IntArray:
    """Return the arcs of all routes, one route after the other, each in the order in which it is travelled.

    `tail` and `head` are the ends of the arcs in 0..n-1, `origin` is where each route starts.
    """
    n = int(max(tail.max(initial=0), head.max(initial=0))) + 1
    length = np.diff(arcs.indptr)
    arc = arcs.indices.astype(np.int64)
    key = np.repeat(np.arange(len(length)), length) * n + tail[arc]
    order = np.argsort(key)
    key, arc = key[order], arc[order]
    found = np.empty(len(arc), dtype=np.int64)
    who, at = np.arange(len(length)), origin.copy()
    for step in range(int(length.max(initial=0))):
        on = length[who] > step
        who, at = who[on], at[on]
        taken = arc[np.searchsorted(key, who * n + at)]  # a route without cycles leaves a node once
        found[arcs.indptr[who] + step] = taken
        at = head[taken]
    return found
