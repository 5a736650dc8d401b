"""Arc model of a network design: decisions, share of each commodity on each arc, and strong rows that join them.

Columns are the decisions y, then for each commodity and arc that it may take the share of its quantity there, then the
share of each commodity that is not served. The model holds balances, capacities times y and the conditions on y; the
strong rows, share of one commodity between two nodes at most y, are many and come in as they are violated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack, vstack
from scipy.sparse.csgraph import shortest_path

from . import _solver
from ._design_input import ALWAYS, NEVER
from ._problem import CAPACITY, sums

if TYPE_CHECKING:
    from scipy.sparse import csc_array

    from ._design_input import Design
    from ._problem import IntArray, Problem
    from .errors import FloatArray


class Strong(NamedTuple):
    """Rows ``entries @ shares <= room * y[switch]``."""

    entries: csr_array  # (rows, pairs)
    switch: IntArray
    room: FloatArray
    needed: IntArray  # rows of shares that take no room, which nothing else holds


@dataclass(frozen=True, eq=False)
class Formulation:
    """The model as arrays.

    Attributes
    ----------
    commodity, segment : ndarray of int, shape (pairs,)
        Of each column of shares.
    load : ndarray of float, shape (pairs,)
        Units of capacity that the whole commodity takes of the arc.
    may : ndarray of int
        Commodities that may stay unserved.
    cost : ndarray of float
        Of all columns.
    balance, rooms : csr_array and ndarray
        Equalities, and the rest that is always there, on all columns, with right-hand sides `sent` and `room`; of the
        rest the first `n_own` rows are capacities of one arc times its decision.
    strong : Strong
        Rows that come in when they are violated.
    """

    design: Design
    commodity: IntArray
    segment: IntArray
    load: FloatArray
    may: IntArray
    cost: FloatArray
    balance: csr_array
    sent: FloatArray
    rooms: csr_array
    room: FloatArray
    n_own: int
    strong: Strong

    @classmethod
    def of(cls, design: Design) -> Formulation:
        """Write down the model of a design."""
        flow = design.flow
        commodity, segment = _pairs(design)
        load = flow.load[flow.kind[commodity], segment] * flow.quantity[commodity]
        may = np.flatnonzero(np.isfinite(flow.penalty))
        price = flow.cost[flow.kind[commodity], segment] * flow.quantity[commodity]
        balance, sent = _balance(flow, commodity, segment, may, design.n_decisions)
        rooms, room, n_own = _rooms(design, commodity, segment, load, len(may))
        return cls(
            design=design,
            commodity=commodity,
            segment=segment,
            load=load,
            may=may,
            cost=np.concatenate([design.cost, price, (flow.penalty * flow.quantity)[may]]),
            balance=balance,
            sent=sent,
            rooms=rooms,
            room=room,
            n_own=n_own,
            strong=_strong(design, commodity, segment, load),
        )

    @property
    def n_pairs(self) -> int:
        """Number of columns of shares."""
        return len(self.commodity)

    def strong_rows(self, which: IntArray) -> csc_array:
        """Return strong rows on all columns; their right-hand side is zero."""
        strong = self.strong
        index = np.arange(len(which))
        y = coo_array((-strong.room[which], (index, strong.switch[which])), shape=(len(which), self.design.n_decisions))
        rest = csr_array((len(which), len(self.may)))
        return hstack([y, strong.entries[which], rest], format="csc")

    def violated(self, x: FloatArray, least: float) -> IntArray:
        """Return the strong rows that a point violates by more than `least`, the worst first."""
        n = self.design.n_decisions
        over = self.strong.entries @ x[n : n + self.n_pairs] - self.strong.room * x[self.strong.switch]
        found = np.flatnonzero(over > least)
        return found[np.argsort(-over[found], kind="stable")]

    def columns(self, upper: FloatArray) -> IntArray:
        """Return the columns that are left where decisions are closed by an upper bound of zero."""
        shut = np.concatenate([upper == 0, [False, False]])[self.design.switch[self.segment]]
        n, pairs = self.design.n_decisions, self.n_pairs
        return np.concatenate([np.arange(n), n + np.flatnonzero(~shut), np.arange(n + pairs, len(self.cost))])

    def model(self, solver: str, strong: IntArray, lower: FloatArray, upper: FloatArray) -> _solver.Model:
        """Build the model with some strong rows and decisions between bounds, on the columns that these leave."""
        model = _solver.Model(solver)
        model.add_rows(self.sent, equal=True)
        model.add_rows(self.room, equal=False)
        model.add_rows(np.zeros(len(strong)), equal=False)
        entries = vstack([self.balance, self.rooms, self.strong_rows(strong)], format="csc")
        n = self.design.n_decisions
        model.add_columns(self.cost[:n], lower, upper, entries[:, :n], integer=True)
        rest = self.columns(upper)[n:]
        model.add_columns(self.cost[rest], np.zeros(len(rest)), np.ones(len(rest)), entries[:, rest])
        return model

    def lagrangian(self, row_dual: FloatArray) -> tuple[float, FloatArray]:
        """Return a bound and what it rises by, at least, if a decision is turned round from the side it prefers.

        Balances, conditions and shared capacities are priced; what is left falls apart into a knapsack of shares for
        each arc. Decisions at a cost above zero prefer not to be made, and are given a rise above zero.
        """
        n, flow = self.design.n_decisions, self.design.flow
        first = len(self.sent) + self.n_own
        price = np.minimum(row_dual[first : len(self.sent) + len(self.room)], 0.0)
        pi = row_dual[: len(self.sent)]
        reduced = self.cost - self.balance.T @ pi - self.rooms[self.n_own :].T @ price
        bound = float(self.sent @ pi + self.room[self.n_own :] @ price)
        share, y = reduced[n : n + self.n_pairs], reduced[:n].copy()
        switch = self.design.switch[self.segment]
        bound += float(np.minimum(reduced[n + self.n_pairs :], 0.0).sum() + np.minimum(share[switch < 0], 0.0).sum())
        wanted = np.flatnonzero((switch >= 0) & (share < 0))
        worth = share[wanted] / np.maximum(self.load[wanted], 1e-300)
        left = flow.capacity.copy()
        for j in wanted[np.argsort(worth, kind="stable")].tolist():
            a, load = self.segment[j], self.load[j]
            part = min(1.0, left[a] / load) if load > 0 else 1.0
            y[switch[j]] += share[j] * part
            left[a] -= load * part
        return bound + float(np.minimum(y, 0.0).sum()), y


def _pairs(design: Design) -> tuple[IntArray, IntArray]:
    """Return commodities and arcs of all shares that can be of use: on a path, and cheaper than the penalty."""
    flow = design.flow
    there = ~flow.closed & (design.switch != NEVER) & (flow.tail != flow.head)
    commodities, segments = [], []
    for kind in range(len(flow.cost)):
        mine = np.flatnonzero(flow.kind == kind)
        use = np.flatnonzero(there & np.isfinite(flow.cost[kind]))
        if not len(mine) or not len(use):
            continue
        tail, head, cost = flow.tail[use], flow.head[use], flow.cost[kind, use]
        starts, from_row = np.unique(flow.origin[mine], return_inverse=True)
        ends, to_row = np.unique(flow.destination[mine], return_inverse=True)
        out = _distances(flow.n, tail, head, cost, starts)
        back = _distances(flow.n, head, tail, cost, ends)
        for k, i, j in zip(mine.tolist(), from_row.tolist(), to_row.tolist(), strict=True):
            through = out[i, tail] + cost + back[j, head]
            limit = flow.penalty[k] + 1e-9 * abs(flow.penalty[k]) if np.isfinite(flow.penalty[k]) else np.inf
            good = np.isfinite(through) & (through <= limit)
            good &= (head != flow.origin[k]) & (tail != flow.destination[k])
            commodities.append(np.full(int(good.sum()), k))
            segments.append(use[good])
    none = [np.zeros(0, dtype=np.int64)]
    return np.concatenate(none + commodities), np.concatenate(none + segments)


def _distances(n: int, tail: IntArray, head: IntArray, cost: FloatArray, roots: IntArray) -> FloatArray:
    """Return costs of cheapest paths, shape (roots, n); of parallel arcs the cheapest counts."""
    order = np.lexsort((cost, head, tail))
    first = np.append(True, np.diff(tail[order] * n + head[order]) != 0)
    kept = order[first]
    start = np.searchsorted(tail[kept], np.arange(n + 1))
    graph = csr_array((cost[kept], head[kept], start), shape=(n, n))
    method = "D" if (cost >= 0).all() else "BF"
    found: FloatArray = shortest_path(graph, method=method, indices=roots)
    return found


def _balance(
    flow: Problem, commodity: IntArray, segment: IntArray, may: IntArray, n_decisions: int
) -> tuple[csr_array, FloatArray]:
    """Return what leaves minus what enters each node of each commodity but its destination, as shares."""
    pairs = len(commodity)
    column = n_decisions + np.arange(pairs)
    leave = commodity * flow.n + flow.tail[segment]
    enter = commodity * flow.n + flow.head[segment]
    inner = flow.head[segment] != flow.destination[commodity]
    start = np.arange(flow.k) * flow.n + flow.origin
    key = np.concatenate([leave, enter[inner], start[may]])
    number = np.concatenate([column, column[inner], n_decisions + pairs + np.arange(len(may))])
    value = np.concatenate([np.ones(pairs), -np.ones(int(inner.sum())), np.ones(len(may))])
    rows, row = np.unique(np.concatenate([key, start]), return_inverse=True)
    shape = (len(rows), n_decisions + pairs + len(may))
    sent = np.zeros(len(rows))
    sent[row[len(key) :]] = 1.0
    return csr_array(coo_array((value, (row[: len(key)], number)), shape=shape)), sent


def _rooms(
    design: Design, commodity: IntArray, segment: IntArray, load: FloatArray, unserved: int
) -> tuple[csr_array, FloatArray, int]:
    """Return capacities, of arcs to be opened times their decision, and the conditions on decisions."""
    flow, n = design.flow, design.n_decisions
    pairs = len(commodity)
    column = n + np.arange(pairs)
    width = n + pairs + unserved
    own = np.full(len(flow.tail), -1)
    most = sums(segment, load, len(flow.tail))
    need = np.flatnonzero((most > 0) & (design.switch >= 0))
    own[need] = np.arange(len(need))
    size = np.minimum(flow.capacity[need], most[need])
    mine = np.flatnonzero(own[segment] >= 0)
    row = np.concatenate([own[segment[mine]], np.arange(len(need))])
    value = np.concatenate([load[mine] / size[own[segment[mine]]], -np.ones(len(need))])
    number = np.concatenate([column[mine], design.switch[need]])
    opened = coo_array((value, (row, number)), shape=(len(need), width))
    fixed = np.flatnonzero((flow.rows.kind != CAPACITY) | (design.switch[flow.rows.owner] < 0))
    weight = coo_array((load, (segment, column)), shape=(len(flow.tail), width))
    scale = np.maximum(flow.rows.rhs[fixed], 1e-9)
    members = csr_array(flow.rows.incidence[fixed])
    key = _common_switch(design, members)
    common = np.flatnonzero(key >= 0)
    by_y = coo_array((-np.ones(len(common)), (common, key[common])), shape=(len(fixed), width))
    others = (members @ csr_array(weight)).multiply(1 / scale[:, None]) + by_y
    conditions = hstack([design.rows, csr_array((len(design.rhs), width - n))])
    entries = vstack([opened, others, conditions], format="csr")
    right = np.concatenate([np.zeros(len(need)), np.where(key >= 0, 0.0, 1.0), design.rhs])
    return entries, right, len(need)


def _common_switch(design: Design, members: csr_array) -> IntArray:
    """Return for each row of arcs the decision that they all need, ALWAYS where they need different ones."""
    switch = design.switch[members.indices]
    key = np.full(members.shape[0], ALWAYS)
    filled = np.flatnonzero(np.diff(members.indptr))
    if len(filled):
        least = np.minimum.reduceat(switch, members.indptr[filled])
        most = np.maximum.reduceat(switch, members.indptr[filled])
        key[filled] = np.where(least == most, most, ALWAYS)
    return key


def _strong(design: Design, commodity: IntArray, segment: IntArray, load: FloatArray) -> Strong:
    """Return a row for each commodity, pair of nodes and decision that some arc between them needs.

    A commodity goes one way between two nodes, as cycles save nothing. So all that it sends, to and fro, over arcs
    between them that need the same decision is at most one times that decision.
    """
    flow = design.flow
    mine = np.flatnonzero(design.switch[segment] >= 0)
    ends = np.sort(np.column_stack([flow.tail[segment[mine]], flow.head[segment[mine]]]), axis=1)
    place = (commodity[mine] * flow.n + ends[:, 0]) * flow.n + ends[:, 1]
    switch = design.switch[segment[mine]]
    keys, row = np.unique(np.column_stack([place, switch]), axis=0, return_inverse=True)
    shape = (len(keys), len(commodity))
    entries = csr_array(coo_array((np.ones(len(mine)), (row.ravel(), mine)), shape=shape))
    fits = np.zeros(len(commodity))
    fits[mine] = np.where(load[mine] > 0, flow.capacity[segment[mine]] / np.maximum(load[mine], 1e-300), 1.0)
    total = entries @ np.minimum(fits, 1.0)
    several = np.diff(entries.indptr) > 1
    useful = np.flatnonzero((total >= 1 - 1e-9) | several)
    free = entries[useful] @ (load == 0).astype(float)
    return Strong(entries[useful], keys[useful, 1], np.minimum(total[useful], 1.0), np.flatnonzero(free > 0))
