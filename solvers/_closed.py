"""Worth of a first unit of capacity on arcs and groups that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ._pricing import Pricer

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import FloatArray


def closed_worth(problem: Problem, row_price: FloatArray) -> FloatArray:
    """Return the least price per unit of load at which each closed segment stays unused, shape (segments,).

    Zero for open ones. It is what the best path over the segment would save, at the prices of all others.
    """
    worth = np.zeros(len(problem.tail))
    shut = np.flatnonzero(problem.closed & (problem.tail != problem.head))
    if not len(shut) or not problem.k:
        return worth
    pricer = Pricer(problem)
    priced = pricer.price(row_price)
    if priced.cycles:
        return worth
    value = np.minimum(priced.cost, problem.penalty)
    toll = problem.rows.incidence.T @ row_price
    for g in pricer.kinds:
        mine = np.flatnonzero((problem.kind == g) & np.isfinite(value))
        may = shut[np.isfinite(problem.cost[g, shut]) & (problem.load[g, shut] > 0)]
        if not len(mine) or not len(may):
            continue
        cost = np.where(pricer.usable[g], problem.cost[g] + problem.load[g] * toll, np.inf)
        there = _far(pricer, g, cost, problem.origin[mine], backward=False)
        back = _far(pricer, g, cost, problem.destination[mine], backward=True)
        for s in may.tolist():
            through = there[:, problem.tail[s]] + problem.cost[g, s] + problem.load[g, s] * toll[s]
            saved = (value[mine] - through - back[:, problem.head[s]]) / problem.load[g, s]
            worth[s] = max(worth[s], float(saved.max()))
    return worth


def _far(pricer: Pricer, kind: int, cost: FloatArray, ends: IntArray, *, backward: bool) -> FloatArray:
    """Return distances from (or, backward, to) the node of each commodity, shape (commodities, nodes)."""
    problem = pricer.problem
    shift = pricer.potential.get(kind, np.zeros(problem.n))
    use = np.isfinite(cost)
    tail, head = problem.tail[use], problem.head[use]
    length = np.maximum(cost[use] + shift[tail] - shift[head], 0.0)
    near, far = (head, tail) if backward else (tail, head)
    order = np.argsort(near, kind="stable")
    start = np.searchsorted(near[order], np.arange(problem.n + 1))
    graph = csr_array((length[order], far[order], start), shape=(problem.n, problem.n))
    roots, number = np.unique(ends, return_inverse=True)
    found = dijkstra(graph, indices=roots)
    own = shift[roots][:, None] - shift
    distances: FloatArray = (found + (own if backward else -own))[number]
    return distances
