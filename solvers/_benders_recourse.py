"""Cheapest flow of one scenario for any set of projects, whole or in part, and the cuts that bound it from below."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, eye_array, vstack

from . import _solver
from ._benders_pool import PairPricer, Pool
from ._pricing import Paths
from ._problem import sums

if TYPE_CHECKING:
    from ._problem import IntArray, Problem
    from .errors import FloatArray

_FEASIBLE = 1e-9  # overload that brings a row into the model, relative
_WORSE = 1e-9  # reduced cost that does not bring in a column, relative
_SHARED = 1e-4  # share of a commodity by which a pair must be overloaded to come in
_ROUGH = 0.3  # of the accuracy asked for, that a cut may give away for speed
_MANY = 12  # columns for each commodity from which those of little use are dropped
_SHORT = 1e-7  # unserved share of a commodity that counts as some
_BATCH = 400  # columns of the pool that come in at once


class Flow(NamedTuple):
    """Cost of the best flow found, what no flow costs less than, and what is unserved by commodity."""

    cost: float
    bound: float
    unserved: FloatArray


class Cuts:
    """Lower bounds on the cost of a scenario: ``constant - slope @ built`` for each."""

    def __init__(self, projects: int) -> None:
        self._constant: list[float] = []
        self._slope: list[FloatArray] = []
        self._sheet = np.zeros((0, projects + 1))

    def __len__(self) -> int:
        return len(self._constant)

    def add(self, constant: float, slope: FloatArray) -> None:
        """Append a cut."""
        self._constant.append(constant)
        self._slope.append(slope)

    @property
    def sheet(self) -> FloatArray:
        """All cuts, shape (cuts, 1 + projects): constant, then slopes."""
        new = len(self._sheet)
        if new < len(self):
            fresh = np.column_stack([self._constant[new:], np.array(self._slope[new:])])
            self._sheet = np.vstack([self._sheet, fresh])
        return self._sheet

    def at(self, built: FloatArray) -> FloatArray:
        """Return the value of each cut."""
        sheet = self.sheet
        values: FloatArray = sheet[:, 0] - sheet[:, 1:] @ built
        return values


class _Master(_solver.Model):
    """Restricted master whose right-hand sides change."""

    def set_rhs(self, rows: IntArray, rhs: FloatArray) -> None:
        """Give rows ``<=`` other right-hand sides."""
        self.rhs[rows] = rhs
        if self._live is not None:
            self._live.changeRowsBounds(len(rows), rows.astype(np.int32), np.full(len(rows), -np.inf), rhs)


class Recourse:
    """One scenario: a restricted master kept warm, which draws columns from a pool that all scenarios share.

    The flow of a project's arcs is limited by their capacity times the share that is built, and so is what one
    commodity sends over one of them, at most all of it: a *pair*. Prices of all rows and pairs, whatever they are as
    long as none is negative, prove that the scenario costs at least ``sum_k q_k min(d_k, p_k) - mu u`` (see
    `solvers.solve_flow`), where the terms of projects are linear in their shares: so each set of prices is a cut.
    Closed arcs are priced like open ones.

    Rows have the number of their row in the problem, pairs come after them.
    """

    def __init__(
        self, problem: Problem, project: IntArray, count: int, pool: Pool, penalty: FloatArray, solver: str
    ) -> None:
        self.problem, self.pool, self.penalty = problem, pool, penalty
        self.must = np.isinf(problem.penalty)
        self.pricer = PairPricer(problem)
        self.project, self.count = project, count
        self.cuts = Cuts(count)
        self.known: dict[bytes, Flow] = {}
        self._solver = solver
        self._price = np.where(problem.closed, np.inf, problem.cost)
        self._cost = np.zeros(0)
        self._built = np.ones(count)
        self._begin()

    def _begin(self) -> None:
        """Begin with nothing but what is not served."""
        problem = self.problem
        self.model = _Master(self._solver)
        self.model.add_rows(problem.quantity, equal=True)
        eye = eye_array(problem.k, format="csc")
        self.model.add_columns(self.penalty, np.zeros(problem.k), np.full(problem.k, np.inf), eye)
        self.model.hand_over()
        self.rows = np.zeros(0, dtype=np.int64)
        self.columns = np.arange(problem.k)
        self._outside = np.ones(len(self.pool), dtype=bool)
        self._outside[: problem.k] = False
        self._add_rows(np.flatnonzero(self.project >= 0))

    def begin_like(self, other: Recourse) -> None:
        """Begin with the columns, rows and basis that another scenario ended with."""
        basis = other.model.basis()
        usable = np.isfinite(self._costs()[other.columns])
        self._add_rows(other.rows[len(self.rows) :])
        self._take(other.columns[usable][self.problem.k :])
        if basis is not None:
            self.model.start_from(_solver.Basis(basis.columns[usable], basis.rows))

    def evaluate(self, built: FloatArray, floor: float, deadline: float) -> Flow:
        """Find the cheapest flow for whole projects, once."""
        key = built.tobytes()
        known = self.known.get(key)
        if known is None or known.cost - known.bound > floor:
            self.known[key] = known = self.solve(built, floor, deadline)
        return known

    def solve(self, built: FloatArray, floor: float, deadline: float) -> Flow:
        """Find the cheapest flow for shares that are built, add the cut that proves it, and return both costs.

        Columns are generated until cost and bound differ by at most `floor`. If time is up before there is a flow,
        its cost is inf.
        """
        k = self.problem.k
        if not k:
            self.cuts.add(0.0, np.zeros(self.count))
            return Flow(0.0, 0.0, np.zeros(0))
        self._open(built)
        best, cut, cost, x = float(self.cuts.at(built).max(initial=-np.inf)), None, np.inf, np.zeros(0)
        primal = False
        while True:
            outcome = self._run(deadline, primal=primal)
            if outcome.status != _solver.OPTIMAL:
                cost = np.inf
                break
            x, primal = outcome.x, True
            cost = float(self.model.cost @ x)
            if cost - best <= floor:
                break
            worth = outcome.row_dual[:k]
            row_price, pair_price = self._prices(outcome.row_dual[k:])
            reduced = self._costs() + self.pool.priced_with(row_price, pair_price)
            if self._take(self._cheaper(reduced, worth)):
                continue
            found, paths = self._cut(row_price, pair_price, reduced, worth, _ROUGH * floor)
            at = float(found[0] - found[1:] @ built)
            if at > best:
                best, cut = at, found
            if cost - best <= floor or time.perf_counter() > deadline:
                break
            if not self.pool.add(paths):
                break
            reduced = self._costs() + self.pool.priced_with(row_price, pair_price)
            if not self._take(self._cheaper(reduced, worth)):
                break
        if cut is None and not len(self.cuts):
            cut, _ = self._cut(np.zeros(len(self.project)), np.zeros(self.pool.pairs), self._costs(), self.penalty, 0.0)
            best = float(cut[0] - cut[1:] @ built)
        if cut is not None:
            self.cuts.add(float(cut[0]), cut[1:])
        self._drop(outcome)
        return Flow(cost, min(best, cost), x[:k] if np.isfinite(cost) else np.zeros(k))

    def serves(self, flow: Flow) -> bool:
        """Say whether a flow serves all that must be."""
        return not (self.must & (flow.unserved > _SHORT * self.problem.quantity)).any() and np.isfinite(flow.cost)

    def _full(self, rows: IntArray) -> tuple[FloatArray, IntArray]:
        """Return the right-hand sides of rows and pairs if everything is built, and their projects (-1: none)."""
        problem, size = self.problem, len(self.project)
        rhs, owner = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
        single = rows < size
        rhs[single], owner[single] = problem.rows.rhs[rows[single]], self.project[rows[single]]
        k, number = np.divmod(rows[~single] - size, len(self.pool.taken))
        segment = self.pool.taken[number]
        load = problem.load[problem.kind[k], segment]
        fits = np.where(load > 0, problem.capacity[segment] / np.maximum(load, 1e-300), np.inf)
        rhs[~single], owner[~single] = np.minimum(problem.quantity[k], fits), self.pool.of_taken[number]
        return rhs, owner

    def _limits(self, rows: IntArray) -> FloatArray:
        rhs, owner = self._full(rows)
        limits: FloatArray = rhs * np.append(self._built, 1.0)[owner]
        return limits

    def _open(self, built: FloatArray) -> None:
        """Give the rows of projects the capacity of the share that is built."""
        self._built = built
        self.model.set_rhs(self.problem.k + np.arange(len(self.rows)), self._limits(self.rows))

    def _prices(self, dual: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return prices of all rows and of all pairs."""
        size = len(self.project)
        price = np.zeros(size + self.pool.pairs)
        price[self.rows] = np.maximum(-dual, 0.0)
        return price[:size], price[size:]

    def _run(self, deadline: float, *, primal: bool) -> _solver.Outcome:
        """Run, bring in rows and pairs that are overloaded, and run again until there are none."""
        every = self._limits(np.arange(len(self.project)))
        while True:
            outcome = self.model.run(deadline, primal=primal)
            if outcome.status == _solver.FAILED:
                inside = self.columns[self.problem.k :]
                self._begin()
                self._take(inside)
                outcome = self.model.run(deadline)
            if outcome.status != _solver.OPTIMAL:
                return outcome
            x = np.zeros(len(self.pool))
            x[self.columns] = outcome.x
            over = self.pool.row_load(x) > every + _FEASIBLE * np.maximum(every, 1.0)
            over[self.rows[self.rows < len(every)]] = False
            new = np.concatenate([np.flatnonzero(over), self._overloaded(x)])
            if not len(new):
                return outcome
            self._add_rows(new)
            primal = False

    def _overloaded(self, x: FloatArray) -> IntArray:
        """Return the pairs that carry more than the share built of their project allows."""
        flow = x[self.pool.owner]
        used = np.flatnonzero(flow > 0)
        pair, number = np.unique(self.pool.pair[used], return_inverse=True)
        rows = pair + len(self.project)
        k = pair // len(self.pool.taken)
        over = sums(number, flow[used], len(pair)) > self._limits(rows) + _SHARED * self.problem.quantity[k]
        return np.setdiff1d(rows[over], self.rows)

    def _entries(self, rows: IntArray, columns: IntArray) -> csr_array:
        """Return the entries of some rows and pairs in some columns, shape (rows, columns)."""
        size = len(self.project)
        single = np.flatnonzero(rows < size)
        crossing = coo_array(self.pool.crossing[columns][:, rows[single]].T)
        pair, owner = self.pool.pairs_of(columns)
        place = np.full(self.pool.pairs, -1, dtype=np.int64)
        double = np.flatnonzero(rows >= size)
        place[rows[double] - size] = double
        column = np.full(len(self.pool), -1, dtype=np.int64)
        column[columns] = np.arange(len(columns))
        mine = place[pair] >= 0
        row = np.concatenate([single[crossing.row], place[pair[mine]]])
        number = np.concatenate([crossing.col, column[owner[mine]]])
        value = np.concatenate([crossing.data, np.ones(int(mine.sum()))])
        return coo_array((value, (row, number)), shape=(len(rows), len(columns))).tocsr()

    def _add_rows(self, new: IntArray) -> None:
        self.model.add_rows(self._limits(new), equal=False, entries=csc_array(self._entries(new, self.columns)))
        self.rows = np.concatenate([self.rows, new])

    def _take(self, new: IntArray) -> bool:
        """Bring columns of the pool into the model; say whether there were any."""
        if not len(new):
            return False
        who = self.pool.commodity[new]
        shape = (self.problem.k, len(new))
        convex = coo_array((np.ones(len(new)), (who, np.arange(len(new)))), shape=shape)
        entries = vstack([convex, self._entries(self.rows, new)], format="csc")
        self.model.add_columns(self._costs()[new], np.zeros(len(new)), np.full(len(new), np.inf), entries)
        self.columns = np.concatenate([self.columns, new])
        self._outside[new] = False
        return True

    def _drop(self, outcome: _solver.Outcome) -> None:
        """Build the model anew, without columns and rows of little use, once it has many."""
        k = self.problem.k
        basis = self.model.basis()
        if outcome.status != _solver.OPTIMAL or basis is None or len(self.columns) <= _MANY * k:
            return
        row_price, pair_price = self._prices(outcome.row_dual[k:])
        reduced = (self._costs() + self.pool.priced_with(row_price, pair_price))[self.columns]
        reduced -= outcome.row_dual[:k][self.pool.commodity[self.columns]]
        order = np.argsort(np.where(basis.columns, -np.inf, reduced), kind="stable")
        kept = np.zeros(len(order), dtype=bool)
        kept[order[: _MANY * k // 2]] = True
        kept |= basis.columns
        kept[:k] = True
        old = self.rows
        held = ~basis.rows[k:]
        first = int((self.project >= 0).sum())
        held[:first] = True
        columns = self.columns[kept]
        self._begin()
        self._add_rows(old[first:][held[first:]])
        self._take(columns[k:])
        self.model.start_from(
            _solver.Basis(basis.columns[kept], np.concatenate([basis.rows[:k], basis.rows[k:][held]]))
        )

    def _costs(self) -> FloatArray:
        """Return the cost of each column of the pool here, inf where it may not be used."""
        pool, known = self.pool, max(len(self._cost), self.problem.k)
        if len(self._cost) < len(pool):
            fresh = np.zeros(0)
            if len(pool) > known:
                first = pool.start[known]
                kinds = np.repeat(pool.kind[known:], np.diff(pool.start[known:]))
                fresh = np.add.reduceat(self._price[kinds, pool.segments[first:]], pool.start[known:-1] - first)
            self._cost = np.concatenate([self._cost if len(self._cost) else self.penalty, fresh])
            grown = np.ones(len(pool), dtype=bool)
            grown[: len(self._outside)] = self._outside
            self._outside = grown
        return self._cost

    def _cheaper(self, priced: FloatArray, worth: FloatArray) -> IntArray:
        """Return columns of the pool that are cheaper than their commodity's worth, the most so first."""
        reduced = priced - worth[self.pool.commodity]
        found = np.flatnonzero(self._outside & (reduced < -_WORSE * self.penalty[self.pool.commodity]))
        if len(found) <= _BATCH:
            return found
        gain = reduced[found] * self.problem.quantity[self.pool.commodity[found]]
        return found[np.argsort(gain, kind="stable")[:_BATCH]]

    def _cut(
        self, row_price: FloatArray, pair_price: FloatArray, priced: FloatArray, worth: FloatArray, slack: float
    ) -> tuple[FloatArray, Paths]:
        """Return the cut of some prices, constant first, and paths that are cheaper than their commodity's worth.

        The constant may be lower than it need be by as much as the slack.
        """
        problem, k = self.problem, self.problem.k
        at_hand = np.full(k, np.inf)
        np.minimum.at(at_hand, self.pool.commodity[k:], priced[k:])
        common = self.pricer.price(row_price, at_hand)
        cost = common.cost.copy()
        limit = worth - _WORSE * self.penalty
        by_commodity = pair_price.reshape(k, len(self.pool.taken))
        own = np.flatnonzero(by_commodity.any(axis=1))
        cost[own] = np.minimum(at_hand, self.penalty)[own]
        lost = problem.quantity[own] * np.maximum(cost[own] - common.cost[own], 0.0)
        order = np.argsort(lost, kind="stable")
        # What pays more than others costs no less than at common prices: good enough where little is lost by it.
        rough = own[order[np.cumsum(lost[order]) <= slack]]
        cost[rough] = np.minimum(cost, common.cost)[rough]
        ways = []
        tolled = self.pricer.tolled(row_price)
        for i in np.setdiff1d(own, rough).tolist():
            dearer = tolled[problem.kind[i]].copy()
            dearer[self.pool.taken] += by_commodity[i]
            found, way = self.pricer.alone(i, dearer, cost[i], limit[i])
            cost[i] = min(found, cost[i])
            if way:
                ways.append((i, way))
        shared = common.cost < limit
        shared[own] = False
        rows = np.concatenate([np.arange(len(self.project)), len(self.project) + np.flatnonzero(pair_price)])
        full, owner = self._full(rows)
        rent = full * np.concatenate([row_price, pair_price[pair_price != 0]])
        served = float(problem.quantity @ np.minimum(cost, self.penalty))
        ours = owner >= 0
        slope = sums(owner[ours], rent[ours], self.count)
        cut = np.concatenate([[served - rent[~ours].sum()], slope])
        return cut, _joined(common.paths(np.flatnonzero(shared)), ways)


def _joined(paths: Paths, ways: list[tuple[int, list[int]]]) -> Paths:
    """Return paths with more of them."""
    if not ways:
        return paths
    commodity = np.concatenate([paths.commodity, [k for k, _ in ways]]).astype(np.int64)
    lengths = np.concatenate([np.diff(paths.start), [len(way) for _, way in ways]])
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Paths(commodity, start, np.concatenate([paths.segments, *(way for _, way in ways)]).astype(np.int64))
