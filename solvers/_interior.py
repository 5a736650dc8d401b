"""Interior-point restricted master: prices near the central path make column generation converge in few rounds."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.linalg.blas import dsyrk
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.sparse import csc_array, csr_array
from threadpoolctl import threadpool_limits

from ._columns import add_bulk
from ._problem import sums
from ._solver import Basis

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._columns import Columns
    from ._pricing import Pricer
    from ._problem import IntArray
    from .errors import FloatArray

_STEPS = 2  # Newton steps between two pricings, once there are columns to speak of
_BEGINNING = 2  # rounds with one step each, in which no row is left out again
_FIT = 0.5  # power of the share of a path that fits which its first flow is cut by
_SHRINK = 0.4  # of the mean complementarity, aimed at by new columns
_ENTRY = 0.3  # share of its commodity that a new column may take over at once
_ROOM = 5.0  # a new column may overload a row by so many times its slack
_GAIN = 0.5  # gain over columns at hand, in reduced costs that are central, that brings in a new one
_REACH = 0.97  # share of the way to the boundary
_STALE = 25  # rounds without a better bound or smaller products before it gives up
_PATIENCE = 8  # steps that lead nowhere before it gives up
_OVERLOAD = 1.0  # of a row, up to which the flow may count as closed
_FAINT = 1.0  # flow over reduced cost, both relative, below which a column is dropped in the end
_NEAR = 0.9  # load from which a row is kept in the end
_OFF = 0.1  # slack from which a row without a price is left out
_PAIRS = 5_000_000  # products of entries up to which their pattern is kept between steps
_DENSE = 1 / 240  # time of a product of dense entries, of one of sparse entries


@dataclass
class InteriorPoint:
    """Primal-dual point of the restricted master, moved by Newton steps between pricings.

    The master is: least ``cost @ x`` with the columns of each commodity summing to its quantity and
    ``matrix @ x + slack = rhs`` on the rows that are on. Dual feasibility is kept exactly: the price of a
    commodity never exceeds that of its cheapest path.

    Notes
    -----
    Primal-dual column generation: the master is solved only roughly, so that its prices stay central
    and columns are of use (Gondzio, Gonzalez-Brevis and Munari 2016, "Large-scale optimization with the
    primal-dual column generation method", Mathematical Programming Computation 8, 47-82). Steps are
    Mehrotra's predictor and corrector (1992, SIAM Journal on Optimization 2(4), 575-601). The columns of a
    commodity are measured from the one with most flow, which leaves in the normal equations a Schur
    complement over the rows that are on, and only where alternatives differ.
    """

    pricer: Pricer
    columns: Columns
    x: FloatArray
    slack: FloatArray
    row_price: FloatArray
    on: npt.NDArray[np.bool_]
    worth: FloatArray  # dual of each commodity
    aim: float  # complementarity aimed at
    best_bound: float = -np.inf
    best_price: FloatArray = field(default_factory=lambda: np.zeros(0))
    rounds: int = 0
    stuck: int = 0

    @classmethod
    def start(cls, pricer: Pricer, columns: Columns) -> InteriorPoint:
        """Begin with nine tenths of each commodity on its columns at hand, the rest unserved."""
        problem = pricer.problem
        k = problem.k
        paths = np.bincount(columns.commodity[k:], minlength=k)
        share = np.where(np.arange(len(columns)) < k, 0.1, 0.9 / np.maximum(paths, 1)[columns.commodity])
        share[:k][paths == 0] = 1.0
        x = share * problem.quantity[columns.commodity]
        load, rhs = columns.row_load(x), problem.rows.rhs
        fits = np.minimum(1.0, rhs / np.maximum(load, 1e-300)) ** _FIT
        x[k:] *= _least(columns, problem.rows.incidence.T.tocsr(), fits, k)
        x[:k] = problem.quantity - sums(columns.commodity[k:], x[k:], k)
        load = columns.row_load(x)
        on = load > 0.9 * rhs
        aim = 0.1 * np.abs(columns.cost @ x) / (len(x) + on.sum()) + 1e-12
        slack = np.where(on, np.maximum(rhs - load, 0.3 * rhs), 1.0)
        return cls(pricer, columns, x, slack, np.where(on, aim / slack, 0.0), on, np.full(k, np.inf), aim)

    def solve(self, gap: float, floor: float, deadline: float) -> None:
        """Move until primal and dual differ by at most `gap` (relative) or `floor`, or nothing moves any more.

        Linear algebra runs in one thread: results do not depend on how many there are, and threads that wait
        for each other on a busy machine cost more than they save on matrices of this size.
        """
        # What overflows is not finite, and steps that are not finite are refused.
        with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
            self._solve(gap, floor, deadline)

    def _solve(self, gap: float, floor: float, deadline: float) -> None:
        least, since = np.inf, 0
        while time.perf_counter() < deadline and self.stuck < _PATIENCE and since < _STALE:
            self.rounds += 1
            bound = self.best_bound
            self._leave_rows()
            self._take_columns()
            self._take_rows()
            matrix = self.columns.crossing.T.tocsr()[np.flatnonzero(self.on)]
            shifted = _Shifted.of(matrix, self.columns.commodity, self.pricer.problem.k, self.x)
            value = abs(float(self.columns.cost @ self.x))
            for _ in range(1 if self.rounds <= _BEGINNING else _STEPS):
                self.stuck = 0 if self._newton(shifted, max(gap * value, floor)) else self.stuck + 1
            if self._close(gap, floor):
                return
            better = self.best_bound > bound + 1e-9 * abs(bound) or self.aim < 0.99 * least
            least, since = min(least, self.aim), 0 if better else since + 1

    def _close(self, gap: float, floor: float) -> bool:
        rhs = self.pricer.problem.rows.rhs
        over = (self.columns.row_load(self.x) - rhs) / np.maximum(rhs, 1e-300)
        value = float(self.columns.cost @ self.x)
        return bool(over.max(initial=0.0) < _OVERLOAD and value - self.best_bound <= max(gap * abs(value), floor))

    def settle(self) -> tuple[IntArray, Basis]:
        """Drop columns that carry nothing; return the rows that are on, and a guess at an optimal basis."""
        columns, problem = self.columns, self.pricer.problem
        worth = np.maximum(np.abs(self.worth), 1e-12)[columns.commodity]
        share = self.x / problem.quantity[columns.commodity]
        standing = share / np.maximum(self._reduced() / worth, 1e-300)
        kept = standing > _FAINT
        kept[: problem.k] = True
        columns.keep(kept)
        self.x, standing = self.x[kept], standing[kept]
        rows = np.flatnonzero(self.on | (columns.row_load(self.x) > _NEAR * problem.rows.rhs))
        rhs = np.maximum(problem.rows.rhs[rows], 1e-300)
        scale = max(float(np.median(np.abs(self.worth))), 1e-12)
        loose = (self.slack[rows] / rhs) / (np.maximum(self.row_price[rows], 1e-300) / scale)
        best = np.zeros(problem.k)
        np.maximum.at(best, columns.commodity, standing)
        rank = np.concatenate([np.where(standing >= best[columns.commodity], np.inf, standing), loose])
        basic = np.zeros(len(rank), dtype=bool)
        basic[np.argsort(-rank, kind="stable")[: problem.k + len(rows)]] = True
        of_rows = np.concatenate([np.zeros(problem.k, dtype=bool), basic[len(columns) :]])
        return rows, Basis(basic[: len(columns)], of_rows)

    def _leave_rows(self) -> None:
        if self.rounds <= _BEGINNING:
            return
        rhs = self.pricer.problem.rows.rhs
        load = self.columns.row_load(self.x)
        idle = self.on & (np.minimum(self.slack, rhs - load) > _OFF * rhs)
        idle &= self.row_price * self.slack <= 3 * self.aim
        self.on[idle] = False
        self.row_price[idle] = 0.0

    def _take_columns(self) -> None:
        """Price, keep the bound, add the cheapest paths and give them a little flow."""
        columns, problem = self.columns, self.pricer.problem
        at_hand = columns.at_hand(self.row_price)
        priced = self.pricer.price(self.row_price, at_hand)
        bound = float(problem.quantity @ priced.cost - self.row_price @ problem.rows.rhs)
        if bound > self.best_bound:
            self.best_bound, self.best_price = bound, self.row_price.copy()
        self.worth = np.minimum(self.worth, priced.cost - self.aim / problem.quantity)
        before = len(columns)
        # A path that is hardly cheaper than one at hand can wait until the aim is finer.
        worthwhile = priced.cost < at_hand - _GAIN * self.aim / problem.quantity
        added = columns.add(priced.paths(np.flatnonzero(worthwhile)))
        added += add_bulk(self.pricer, columns, self.row_price)
        reduced = self._reduced()
        if added:
            self._enter(before, reduced)
        self._prune(reduced)

    def _enter(self, before: int, reduced: FloatArray) -> None:
        """Give columns from number `before` on some flow of their commodities, as far as rows have room."""
        columns, problem = self.columns, self.pricer.problem
        who = columns.commodity[before:]
        wish = np.zeros(len(columns))
        wish[before:] = np.minimum(_ENTRY * problem.quantity[who], self.aim / reduced[before:])
        rhs = problem.rows.rhs
        load = columns.row_load(np.append(self.x, np.zeros(len(who))))
        room = np.where(self.on, self.slack, np.maximum(rhs - load, 0.1 * rhs))
        extra = columns.row_load(wish)
        fits = np.minimum(1.0, _ROOM * room / np.maximum(extra, 1e-300))
        least = _least(columns, problem.rows.incidence.T.tocsr(), fits, before)
        flow = np.maximum(wish[before:] * least, 1e-12 * problem.quantity[who])
        moved = sums(who, flow / problem.quantity[who], problem.k)
        self.x = np.concatenate([self.x * (1 - moved[columns.commodity[:before]]), flow])

    def _prune(self, reduced: FloatArray) -> None:
        columns, problem = self.columns, self.pricer.problem
        quantity = problem.quantity[columns.commodity]
        dead = (self.x < 1e-6 * quantity) & (reduced > 1e3 * self.aim / quantity)
        dead[: problem.k] = False
        if dead.any():
            columns.keep(~dead)
            self.x = self._served(self.x[~dead])

    def _take_rows(self) -> None:
        rhs = self.pricer.problem.rows.rhs
        load = self.columns.row_load(self.x)
        new = ~self.on & (load > rhs)
        self.on |= new
        self.slack[new] = np.maximum(rhs - load, 0.05 * rhs)[new]
        self.row_price[new] = self.aim / self.slack[new]

    def _reduced(self) -> FloatArray:
        reduced: FloatArray = self._priced() - self.worth[self.columns.commodity]
        return reduced

    def _priced(self) -> FloatArray:
        return self.columns.priced(self.row_price)

    def _served(self, x: FloatArray) -> FloatArray:
        """Scale flows so that those of each commodity sum to its quantity."""
        problem, commodity = self.pricer.problem, self.columns.commodity
        scaled: FloatArray = x * (problem.quantity / sums(commodity, x, problem.k))[commodity]
        return scaled

    def _newton(self, shifted: _Shifted, close: float) -> bool:
        """Take one step, predicted and corrected; say whether it went anywhere."""
        on = np.flatnonzero(self.on)
        tiny = 1e-14 * np.abs(self.worth)[self.columns.commodity] + 1e-300
        at = _Point(self.x, self.slack[on], np.maximum(self._reduced(), tiny), self.row_price[on])
        system = _Newton.build(shifted, at)
        if system is None:
            return False
        residual = self.pricer.problem.rows.rhs[on] - shifted.matrix @ at.x - at.slack
        enough = 0.05 * close / at.pairs
        mean = at.mean()
        move = system.solve(-at.x * at.reduced, -at.slack * at.price, residual)
        after = at.moved(move, *at.reach(move)).mean()
        aim = max(min(1.0, max((after / mean) ** 2, 1e-2)) * mean, min(enough, mean))
        move = system.solve(
            aim - at.x * at.reduced - move.x * move.reduced,
            aim - at.slack * at.price - move.slack * move.price,
            residual,
        )
        if not all(np.isfinite(part).all() for part in move):
            return False
        to, back = (min(1.0, _REACH * share) for share in at.reach(move))
        new = at.moved(move, to, back)
        if not (np.isfinite(new.mean()) and new.mean() > 0):
            return False
        self.x = self._served(np.maximum(new.x, 1e-300))
        self.slack[on], self.row_price[on] = new.slack, new.price
        self.worth = self.worth + back * move.worth
        self.aim = max(_SHRINK * new.mean(), enough)
        return max(to, back) > 1e-3


class _Move(NamedTuple):
    """Changes of flows, slacks, reduced costs, row prices and worths of commodities."""

    x: FloatArray
    slack: FloatArray
    reduced: FloatArray
    price: FloatArray
    worth: FloatArray


class _Point(NamedTuple):
    """Pairs whose products vanish at the optimum: flows and reduced costs, slacks and row prices."""

    x: FloatArray
    slack: FloatArray
    reduced: FloatArray
    price: FloatArray

    @property
    def pairs(self) -> int:
        return len(self.x) + len(self.slack)

    def mean(self) -> float:
        return float(self.x @ self.reduced + self.slack @ self.price) / self.pairs

    def reach(self, move: _Move) -> tuple[float, float]:
        """Return the shares, at most one, by which flows and prices can move without turning negative."""
        to = min(_reach(self.x, move.x), _reach(self.slack, move.slack))
        return to, min(_reach(self.reduced, move.reduced), _reach(self.price, move.price))

    def moved(self, move: _Move, to: float, back: float) -> _Point:
        return _Point(
            self.x + to * move.x,
            self.slack + to * move.slack,
            self.reduced + back * move.reduced,
            self.price + back * move.price,
        )


@lru_cache(maxsize=512)
def _triangle(size: int) -> tuple[IntArray, IntArray]:
    """Return rows and columns of the lower triangle of a square."""
    return np.tril_indices(size)


class _Squares(NamedTuple):
    """Lower triangle of every column times itself: column j of `flat` is that of column ``order[j]``."""

    flat: csc_array
    order: IntArray

    @classmethod
    def of(cls, entries: csr_array) -> _Squares | None:
        """Find the pattern, or None if it would be very large."""
        sheet = entries.tocsc()
        sheet.sort_indices()
        m, n = sheet.shape
        size = np.diff(sheet.indptr)
        many = size * (size + 1) // 2
        if many.sum(dtype=np.int64) > _PAIRS:
            return None
        order = np.argsort(size, kind="stable")
        start = np.concatenate([[0], np.cumsum(many[order])]).astype(np.int32)
        cells, signs = np.empty(start[-1], dtype=np.int32), np.empty(start[-1])
        length, first = np.unique(size[order], return_index=True)
        for long, begin, end in zip(length.tolist(), first.tolist(), [*first[1:].tolist(), n], strict=True):
            if not long:
                continue
            low, high = _triangle(long)
            place = sheet.indptr[order[begin:end]][:, None] + np.arange(long, dtype=np.int32)
            rows, values = sheet.indices[place], sheet.data[place]
            mine, shape = slice(start[begin], start[end]), (-1, len(low))
            np.add((rows * m)[:, low], rows[:, high], out=cells[mine].reshape(shape))
            np.multiply(values[:, low], values[:, high], out=signs[mine].reshape(shape))
        return cls(csc_array((signs, cells, start), shape=(m * m, n)), order)

    def weighted(self, weight: FloatArray) -> FloatArray:
        """Return the lower triangle of the sum of all, each times its weight."""
        m = math.isqrt(self.flat.shape[0])
        total: FloatArray = (self.flat @ weight[self.order]).reshape(m, m)
        return total


@dataclass(frozen=True)
class _Shifted:
    """Columns as they differ from one of their commodity.

    Where columns of a commodity agree nothing is left, and nothing is lost to rounding when one of them has
    nearly all the weight. What is found here serves every point of the same columns and rows.
    """

    matrix: csr_array
    commodity: IntArray
    k: int
    first: csr_array  # of each commodity, transposed
    entries: csr_array
    across: csc_array  # entries, transposed
    squares: _Squares | None

    @classmethod
    def of(cls, matrix: csr_array, commodity: IntArray, k: int, x: FloatArray) -> _Shifted:
        """Measure the columns of each commodity from the one with most flow."""
        order = np.lexsort((-x, commodity))
        first = matrix[:, order[np.append(True, commodity[order][1:] != commodity[order][:-1])]]
        entries = (matrix - first[:, commodity]).tocsr()
        entries.eliminate_zeros()
        return cls(matrix, commodity, k, first.T.tocsr(), entries, entries.T, _Squares.of(entries))

    def normal(self, weight: FloatArray, total: FloatArray) -> FloatArray:
        """Return the Schur complement over the rows, without their slacks; only the lower triangle counts."""
        if self.squares is None:
            heavy = self.entries.copy()
            heavy.data = heavy.data * weight[heavy.indices]
            full: FloatArray = (heavy @ self.across).toarray()
        else:
            full = self.squares.weighted(weight)
        n = len(weight)
        owner = csr_array((weight, self.commodity, np.arange(n + 1)), shape=(n, self.k))
        centre = (self.entries @ owner).tocsc()
        size = np.diff(centre.indptr)
        some = np.flatnonzero(size)
        centre = centre[:, some]
        centre.data = centre.data / np.repeat(np.sqrt(total[some]), size[some])
        if _DENSE * len(full) ** 2 * len(some) < float(size @ size):
            # LAPACK reads rows as columns, so that its upper triangle is the lower one here.
            lower: FloatArray = dsyrk(-1.0, centre.toarray(order="F"), beta=1.0, c=full.T, overwrite_c=1).T
            return lower
        full -= (centre @ centre.T).toarray()
        return full


@dataclass(frozen=True)
class _Newton:
    """Factored normal equations of one point."""

    columns: _Shifted
    at: _Point
    weight: FloatArray
    total: FloatArray
    factor: Any

    @classmethod
    def build(cls, columns: _Shifted, at: _Point) -> _Newton | None:
        """Factor the Schur complement; None if it is not positive definite in spite of a ridge."""
        weight = at.x / at.reduced
        total = sums(columns.commodity, weight, columns.k)
        normal = columns.normal(weight, total)
        diagonal = np.einsum("ii->i", normal)
        diagonal += at.slack / at.price
        scale = diagonal.copy()
        for ridge in (1e-12, 1e-9, 1e-6):
            diagonal[:] = scale * (1 + ridge)
            factor, failed = dpotrf(normal.T, clean=0)
            if not failed:
                return cls(columns, at, weight, total, factor)
        return None

    def solve(self, gap_x: FloatArray, gap_slack: FloatArray, residual: FloatArray) -> _Move:
        """Return the move that changes the products by the gaps and takes the residual of the rows away."""
        at = self.at
        v = gap_x / at.reduced
        entries, commodity, k = self.columns.entries, self.columns.commodity, self.columns.k
        lacking = sums(commodity, v, k)
        right = entries @ (v - self.weight * (lacking / self.total)[commodity])
        right += gap_slack / at.price - residual
        price = dpotrs(self.factor, right)[0] if len(right) else right
        toll = self.columns.across @ price
        worth = (sums(commodity, self.weight * toll, k) - lacking) / self.total
        reduced = toll - worth[commodity]
        slack = (gap_slack - at.slack * price) / at.price
        worth = worth + self.columns.first @ price
        return _Move(v - self.weight * reduced, slack, reduced, price, worth)


def _reach(value: FloatArray, change: FloatArray) -> float:
    """Return the share of a change, at most one, that leaves all values at or above zero."""
    falls = change < 0
    return float(min(1.0, (-value[falls] / change[falls]).min())) if falls.any() else 1.0


def _least(columns: Columns, rows_of: csr_array, fits: FloatArray, before: int) -> FloatArray:
    """Return for each column from `before` on the least of `fits` over the rows that it crosses."""
    per_segment = np.ones(rows_of.shape[0])
    filled = np.flatnonzero(np.diff(rows_of.indptr))
    if len(filled):
        per_segment[filled] = np.minimum.reduceat(fits[rows_of.indices], rows_of.indptr[filled])
    first = columns.start[before]
    least: FloatArray = np.minimum.reduceat(per_segment[columns.segments[first:]], columns.start[before:-1] - first)
    return least
