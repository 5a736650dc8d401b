"""Restricted master by simplex: columns and rows come in as they are needed, until no path is cheaper."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import block_diag, coo_array, csc_array, vstack

from . import _solver
from ._columns import add_bulk
from ._pricing import Paths
from ._problem import LOWER
from ._solver import Basis

if TYPE_CHECKING:
    from ._columns import Columns
    from ._pricing import Cycle, Priced, Pricer
    from ._problem import IntArray, Problem
    from .errors import FloatArray

_PIVOTS = 1000
_FEASIBLE = 1e-9  # overload that brings a row into the master, relative


@dataclass
class MasterResult:
    """What the restricted master ended with.

    `short` is how far each row with a least load stays below it.
    """

    status: str
    x: FloatArray
    row_price: FloatArray
    bound: float
    best_price: FloatArray
    short: FloatArray
    rounds: int
    basis: Basis | None
    rows: IntArray


class Master:
    """Restricted master over a pool of columns, kept warm between its rounds.

    Columns of the model are first one for the shortfall of each least load, then those of the pool; rows
    are first one for each commodity, then those of the problem in order of arrival.
    """

    def __init__(
        self, pricer: Pricer, columns: Columns, solver: str, rows: IntArray, shortfall: float, floor: float
    ) -> None:
        self.pricer, self.columns = pricer, columns
        self.problem: Problem = pricer.problem
        self.floor = floor
        self.model = _solver.Model(solver)
        least = np.flatnonzero(self.problem.rows.kind == LOWER)
        self.rows = np.concatenate([least, np.setdiff1d(rows, least)])
        self.short = len(least)
        problem = self.problem
        self.model.add_rows(problem.quantity, equal=True)
        self.model.add_rows(problem.rows.rhs[self.rows], equal=False)
        free = np.full(self.short, np.inf)
        column = np.arange(self.short)
        eye = coo_array((-np.ones(self.short), (problem.k + column, column)), shape=(len(self.model.rhs), self.short))
        self.model.add_columns(np.full(self.short, shortfall), np.zeros(self.short), free, eye)
        self.taken = 0
        self.steps: int | None = None
        self._take_columns(problem.k)
        self.model.hand_over()
        self._take_columns(len(columns))

    def start_from(self, basis: Basis) -> None:
        """Begin at a basis given for the columns of the pool, and for commodities and rows."""
        columns = np.concatenate([np.zeros(self.short, dtype=bool), basis.columns])
        rows = np.zeros(len(self.model.rhs), dtype=bool)
        rows[: len(basis.rows)] = basis.rows
        self.model.start_from(Basis(np.append(columns, np.zeros(self.taken + self.short - len(columns), bool)), rows))

    def solve(
        self, gap: float, deadline: float, bound: float, price: FloatArray | None, *, rounds_at_most: int | None = None
    ) -> MasterResult:
        """Generate columns until the gap to the best bound is closed or no path is cheaper.

        With a limit on rounds there is also one on pivots, so that a start that turns out to be of no use
        is given up soon.
        """
        self.steps = None if rounds_at_most is None else _PIVOTS + len(self.model.rhs)
        best, best_price = bound, np.zeros(len(self.problem.rows.rhs)) if price is None else price
        x, row_price, short = np.zeros(0), best_price, np.zeros(self.short)
        rounds, fresh = 0, False
        while True:
            rounds += 1
            outcome = self._feasible_run(deadline, primal=fresh)
            if outcome.status != _solver.OPTIMAL:
                return self._result(outcome.status, x, row_price, best, best_price, short, rounds)
            x, short = outcome.x[self.short :], outcome.x[: self.short]
            row_price = np.zeros(len(self.problem.rows.rhs))
            row_price[self.rows] = np.maximum(-outcome.row_dual[self.problem.k :], 0.0)
            worth = outcome.row_dual[: self.problem.k]
            value = float(self.model.cost @ outcome.x)
            priced = self.pricer.price(row_price, self.columns.at_hand(row_price))
            at = self._bound(priced, row_price)
            if at >= best - 1e-12 * abs(best):
                best, best_price = max(best, at), row_price
            if value - best <= max(gap * abs(value), self.floor) and not priced.cycles:
                return self._result(_solver.OPTIMAL, x, row_price, best, best_price, short, rounds)
            if not self._extend(priced, worth, row_price):
                return self._result(_solver.OPTIMAL, x, row_price, best, best_price, short, rounds)
            if time.perf_counter() > deadline or rounds == rounds_at_most:
                return self._result(_solver.STOPPED, x, row_price, best, best_price, short, rounds)
            fresh = True

    def _result(
        self,
        status: str,
        x: FloatArray,
        row_price: FloatArray,
        bound: float,
        best_price: FloatArray,
        short: FloatArray,
        rounds: int,
    ) -> MasterResult:
        basis = self.model.basis()
        known = np.zeros(len(self.columns))
        known[: len(x)] = x
        return MasterResult(status, known, row_price, bound, best_price, short, rounds, basis, self.rows)

    def _feasible_run(self, deadline: float, *, primal: bool) -> _solver.Outcome:
        """Run, bring in rows that are overloaded, and run again until there are none."""
        while True:
            outcome = self.model.run(deadline, primal=primal, steps=self.steps)
            if outcome.status != _solver.OPTIMAL:
                return outcome
            load = self.columns.row_load(outcome.x[self.short :])
            rhs = self.problem.rows.rhs
            over = load > rhs + _FEASIBLE * np.maximum(np.abs(rhs), 1.0)
            over[self.rows] = False
            if not over.any():
                return outcome
            new = np.flatnonzero(over)
            empty = csc_array((len(new), self.short))
            entries = block_diag([empty, self.columns.crossing[:, new].T], format="csc")
            shape = (len(new), self.short + len(self.columns))
            self.model.add_rows(rhs[new], equal=False, entries=csc_array(entries[-len(new) :], shape=shape))
            self.rows = np.concatenate([self.rows, new])
            primal = False

    def _bound(self, priced: Priced, row_price: FloatArray) -> float:
        if priced.cycles:
            return -np.inf
        out = self.columns.cost[: self.problem.k]
        return float(self.problem.quantity @ np.minimum(priced.cost, out) - row_price @ self.problem.rows.rhs)

    def _extend(self, priced: Priced, worth: FloatArray, row_price: FloatArray) -> bool:
        """Add the paths that are cheaper than their commodity's worth, and cycles; say whether any is new."""
        columns, problem = self.columns, self.problem
        for cycle in priced.cycles:
            columns.add(_as_paths(cycle), kind=np.array([cycle.kind]))
        out = columns.cost[: problem.k]
        cheaper = priced.cost < np.minimum(worth, out) - 1e-9 * np.maximum(np.abs(worth), 1e-3)
        if columns.add(priced.paths(np.flatnonzero(cheaper))) and not problem.has_lower:
            add_bulk(self.pricer, columns, row_price)
        return self._take_columns(len(columns))

    def _take_columns(self, end: int) -> bool:
        """Bring the columns of the pool up to number `end` that are not there yet into the model."""
        begin = self.taken
        if begin == end:
            return False
        who = self.columns.commodity[begin:end]
        new = np.arange(end - begin)
        served = who >= 0
        shape = (self.problem.k, end - begin)
        convex = coo_array((np.ones(served.sum()), (who[served], new[served])), shape=shape)
        entries = vstack([convex, self.columns.crossing[begin:end][:, self.rows].T], format="csc")
        free = np.full(end - begin, np.inf)
        self.model.add_columns(self.columns.cost[begin:end], np.zeros(end - begin), free, entries)
        self.taken = end
        return True


def _as_paths(cycle: Cycle) -> Paths:
    return Paths(np.array([-1]), np.array([0, len(cycle.segments)]), cycle.segments)
