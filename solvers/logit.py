"""Logit assignment: shares of given routes under capacities, whose multipliers are waiting costs."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csc_array, csr_array, eye_array, vstack

from ._problem import read_groups, sums
from ._solver import OPTIMAL, Model, solver_name
from .errors import FloatArray, SolverInputError, check_table, numbers

if TYPE_CHECKING:
    from ._problem import IntArray

__all__ = ["LogitSolution", "assign_logit"]

_INF = float("inf")
_MAX = 1e15
_DESCENT = 1e-4  # share of the promised descent that a step must bring (Armijo)
_HALVINGS = 60
_BLUNT = 10.0  # scale times spread of costs at which the search begins
_SHARPEN = 3.0
_LOOSE = 1e-3  # residual at which the scale is sharpened
_ABOVE_COST = 1e6  # waiting, in spreads of cost, that no flow could need: the search ends
_SHORT = 1e-7  # unserved share of all that counts as some


@dataclass(frozen=True, eq=False)
class LogitSolution:
    """Flows of a logit assignment and what their capacities make shippers wait.

    Attributes
    ----------
    status : str
        ``converged``: `residual` is within what was asked. ``unconverged``: the best that was found.
        ``infeasible``: the routes cannot carry what must be served; there are no flows.
    routes : DataFrame by route
        ``demand``, ``path``, ``cost`` as given, ``waiting_cost``, ``path_size``, ``share`` of its demand,
        ``flow`` (quantity).
    arc_flow : Series by arc
        Load in units of capacity.
    waiting : Series by arc
        Cost of waiting for one unit of load on the arc, its group's included; zero where there is room.
    unmet : Series by demand
        Quantity that prefers the penalty.
    expected_cost : Series by demand
        Expected least cost of a unit, waiting included, as the demand's shippers feel it: -logsum / scale.
        It may lie below the cheapest route, since variety is worth something.
    residual : float
        Largest overload, or gap between load and capacity where there is waiting, relative to the capacity.
    rounds : int
        Newton steps.
    """

    status: str
    routes: pd.DataFrame
    arc_flow: pd.Series[float]
    waiting: pd.Series[float]
    unmet: pd.Series[float]
    expected_cost: pd.Series[float]
    residual: float
    rounds: int

    def __repr__(self) -> str:
        """Return status, residual and counts."""
        short = float(self.unmet.sum())
        full = int((self.waiting > 0).sum())
        return (
            f"LogitSolution({self.status}, {len(self.routes)} routes, residual {self.residual:.1e}, "
            f"waiting on {full} arcs, unmet {short:.6g}; {self.rounds} rounds)"
        )


def assign_logit(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    *,
    scale: float | None = None,
    path_size: float = 1.0,
    unmet_penalty: float | None = None,
    residual: float = 1e-8,
    max_rounds: int = 200,
) -> LogitSolution:
    r"""Split demands over given routes by a path-size logit, so that no capacity is exceeded.

    Parameters
    ----------
    arcs : DataFrame
        ``capacity`` (inf allowed) and, if wanted, ``length`` (what overlap is measured in; otherwise every arc
        counts alike), ``group`` and ``group_capacity`` (arcs of a group share a capacity).
    demands : DataFrame
        ``quantity`` and, if wanted, ``scale`` (instead of the argument), ``rate`` (units of capacity that a
        unit takes), ``unmet_penalty`` (inf: must be served).
    routes : DataFrame
        ``demand`` (row of demands), ``path`` (list of rows of arcs) and ``cost`` of a unit, constants of
        preference included.
    scale : float
        How sharply cost decides, per unit of cost.
    path_size : float
        Weight of the logarithm of the path size; zero for a plain logit.
    unmet_penalty : float, optional
        Cost of a unit that is not sent, an alternative like a route, without capacity or overlap. None: all
        must be sent.
    residual : float
        Relative to the capacities, at which the assignment counts as converged.
    max_rounds : int
        Newton steps, at most.

    Returns
    -------
    LogitSolution

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.

    Notes
    -----
    Shares are :math:`P_r \propto \mathrm{PS}_r^\beta \exp(-\theta (c_r + w_r))` with the path size
    :math:`\mathrm{PS}_r = \sum_{a \in r} (l_a / L_r) / N_a`, :math:`N_a` the routes of the demand over arc a
    (Ben-Akiva and Bierlaire 1999, "Discrete choice methods and their applications to short term travel
    decisions", Handbook of Transportation Science, 5-33). The waiting costs w are the multipliers of the
    capacities in Fisk's (1980, Transportation Research Part B 14(3), 243-255) entropy programme, as queueing
    delays are in Bell (1995, Transportation Research Part B 29(2), 125-137). Its dual, smooth and convex in
    the multipliers alone, is solved by a projected Newton method (Bertsekas 1982, SIAM Journal on Control and
    Optimization 20(2), 221-246). Flows are unique; waiting costs are where no two full capacities serve
    exactly the same routes.
    """
    problem = _read(arcs, demands, routes, scale, path_size, unmet_penalty)
    if problem.stuck:
        return _infeasible(arcs, demands, routes, 0)
    wait, rounds = _waiting(problem, residual, max_rounds)
    flow = problem.flow(wait)
    left = problem.residual(wait, flow)
    if left > residual and not _can_be_carried(problem):
        return _infeasible(arcs, demands, routes, rounds)
    return _solution(problem, arcs, demands, routes, wait, flow, left, residual, rounds)


class _Problem(NamedTuple):
    """Alternatives (routes, and not being sent) in order of their demands, as arrays."""

    quantity: FloatArray  # of each demand that has any
    scale: FloatArray
    demand: IntArray  # of each alternative
    first: IntArray  # alternative of each demand
    cost: FloatArray
    utility: FloatArray  # without waiting
    size: FloatArray
    load: csr_array  # (alternatives, rows): units of capacity of a unit sent
    rhs: FloatArray
    route: IntArray  # row of routes of each alternative, -1 for what is not sent
    number: IntArray  # row of demands of each demand that has any
    stuck: bool  # a demand that must be served has every route shut
    row_of_arc: IntArray
    row_of_group: IntArray  # of each arc's group

    def utilities(self, wait: FloatArray) -> FloatArray:
        total: FloatArray = self.utility - self.scale[self.demand] * (self.load @ wait)
        return total

    def blunted(self, by: float) -> _Problem:
        """Return the same choice with a scale so many times as sharp."""
        return self._replace(scale=self.scale * by, utility=self.utility * by)

    def logsum(self, wait: FloatArray) -> FloatArray:
        """Return the logsum of each demand."""
        utility = self.utilities(wait)
        top = np.maximum.reduceat(utility, self.first) if len(utility) else utility
        total: FloatArray = top + np.log(sums(self.demand, np.exp(utility - top[self.demand]), len(top)))
        return total

    def share(self, wait: FloatArray) -> FloatArray:
        found: FloatArray = np.exp(self.utilities(wait) - self.logsum(wait)[self.demand])
        return found

    def flow(self, wait: FloatArray) -> FloatArray:
        found: FloatArray = self.quantity[self.demand] * self.share(wait)
        return found

    def value(self, wait: FloatArray) -> float:
        """Return the dual objective, to be made least."""
        return float(self.quantity @ (self.logsum(wait) / self.scale) + wait @ self.rhs)

    def curvature(self, flow: FloatArray, rows: IntArray) -> FloatArray:
        """Return second derivatives of the value over some rows."""
        load = self.load[:, rows]
        theta = self.scale[self.demand]
        heavy = load.copy()
        heavy.data = heavy.data * np.repeat(theta * flow, np.diff(load.indptr))
        owner = csr_array((flow, (self.demand, np.arange(len(flow)))), shape=(len(self.quantity), len(flow)))
        mean = (owner @ load).tocsr()
        scaled = mean.copy()
        scaled.data = scaled.data * np.repeat(self.scale / self.quantity, np.diff(mean.indptr))
        second: FloatArray = (load.T @ heavy - mean.T @ scaled).toarray()
        return second

    def residual(self, wait: FloatArray, flow: FloatArray) -> float:
        excess = self.load.T @ flow - self.rhs
        off = np.where(wait > 0, np.abs(excess), np.maximum(excess, 0.0))
        return float((off[self.rhs > 0] / self.rhs[self.rhs > 0]).max(initial=0.0))

    def spread(self) -> float:
        """Return how far costs lie apart, with the width of the logit."""
        costs = np.append(self.cost, self.cost[:1])
        return float(np.ptp(costs) if len(costs) else 0.0) + float((1 / self.scale).max(initial=0.0)) + 1e-300


def _waiting(problem: _Problem, residual: float, max_rounds: int) -> tuple[FloatArray, int]:
    """Return waiting costs and the steps taken, for a scale that is sharpened by and by.

    Where cost decides sharply, shares far from the answer are all or nothing and tell no direction; from the
    answer of a blunter choice they do.
    """
    wait, steps = np.zeros(len(problem.rhs)), 0
    blunt = 1.0 if not len(problem.scale) else min(1.0, _BLUNT / (float(problem.scale.max()) * problem.spread()))
    while blunt < 1.0:
        wait, taken = _newton(problem.blunted(blunt), wait, max(residual, _LOOSE), max_rounds)
        steps += taken
        blunt *= _SHARPEN
    wait, taken = _newton(problem, wait, residual, max_rounds)
    return wait, steps + taken


def _can_be_carried(problem: _Problem) -> bool:
    """Say by a linear programme whether the alternatives have room for all that is sent."""
    routes, demands = len(problem.demand), len(problem.quantity)
    model = Model(solver_name("highs"))
    model.add_rows(problem.quantity, equal=True)
    model.add_rows(problem.rhs, equal=False)
    owner = csr_array((np.ones(routes), (problem.demand, np.arange(routes))), shape=(demands, routes))
    sent = csc_array(vstack([owner, problem.load.T]))
    short = csc_array(vstack([eye_array(demands), csr_array((len(problem.rhs), demands))]))
    for cost, entries in ((0.0, sent), (1.0, short)):
        count = entries.shape[1]
        model.add_columns(np.full(count, cost), np.zeros(count), np.full(count, _INF), entries)
    outcome = model.run(_INF)
    return outcome.status != OPTIMAL or float(outcome.x[routes:].sum()) <= _SHORT * float(problem.quantity.sum())


def _newton(problem: _Problem, wait: FloatArray, residual: float, max_rounds: int) -> tuple[FloatArray, int]:
    """Improve waiting costs; return them and the steps taken."""
    for rounds in range(max_rounds):
        flow = problem.flow(wait)
        slope = problem.rhs - problem.load.T @ flow
        if problem.residual(wait, flow) <= residual or wait.max(initial=0.0) > _ABOVE_COST * problem.spread():
            return wait, rounds
        free = np.flatnonzero((wait > 0) | (slope < 0))
        moved = _step(problem, wait, slope, free, _direction(problem, flow, slope, free))
        if moved is None:
            return wait, rounds
        wait = moved
    return wait, max_rounds


def _direction(problem: _Problem, flow: FloatArray, slope: FloatArray, free: IntArray) -> FloatArray:
    second = problem.curvature(flow, free)
    size = np.maximum(np.diag(second), 1e-12 * np.abs(second).max(initial=0.0) + 1e-300)
    for ridge in (1e-12, 1e-9, 1e-6, 1e-3, 1.0):
        try:
            found: FloatArray = cho_solve(cho_factor(second + np.diag(ridge * size)), -slope[free])
        except LinAlgError:
            continue
        return found
    steepest: FloatArray = -slope[free] / size
    return steepest


def _step(
    problem: _Problem, wait: FloatArray, slope: FloatArray, free: IntArray, direction: FloatArray
) -> FloatArray | None:
    """Return a point that is lower along the projected direction, or None if rounding leaves none."""
    value = problem.value(wait)
    share = 1.0
    for _ in range(_HALVINGS):
        trial = wait.copy()
        trial[free] = np.maximum(wait[free] + share * direction, 0.0)
        promised = float(slope @ (trial - wait))
        if promised < 0 and problem.value(trial) <= value + _DESCENT * promised + 1e-15 * abs(value):
            return trial if (trial != wait).any() else None
        share /= 2
    return None


def _read(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    scale: float | None,
    path_size: float,
    unmet_penalty: float | None,
) -> _Problem:
    """Check the tables and turn them into arrays."""
    check_table(arcs, ("capacity",))
    check_table(demands, ("quantity",), "demands")
    check_table(routes, ("demand", "path", "cost"), "routes")
    quantity = numbers(demands, "quantity", 0, _MAX, "a number of zero or more", "demands")
    scales = _scales(demands, scale)
    penalty = _penalties(demands, unmet_penalty)
    if not 0 <= path_size < _INF:
        raise SolverInputError(f"path_size: got {path_size!r}, expected a number of zero or more")
    cost = numbers(routes, "cost", -_MAX, _MAX, "a number", "routes")
    owner = _owners(routes, demands)
    crossing = _crossing(routes, arcs)
    size = _path_size(crossing, owner, _lengths(arcs))
    sent = quantity > 0
    _refuse_unserved(demands, sent, owner, penalty)
    rows, rhs, row_of_arc, row_of_group = _capacities(arcs)
    load = csr_array(crossing @ rows.T)
    load.data = load.data * np.repeat(_rates(demands)[owner], np.diff(load.indptr))
    # No waiting cost brings a flow to nothing: routes over what is shut are left out.
    shut = load @ (rhs == 0).astype(float) > 0
    used = np.flatnonzero(sent[owner] & ~shut)
    out = np.flatnonzero(sent & np.isfinite(penalty))
    number, demand = np.unique(np.concatenate([owner[used], out]), return_inverse=True)
    order = np.argsort(demand, kind="stable")
    demand = demand[order]
    all_cost = np.concatenate([cost[used], penalty[out]])[order]
    all_size = np.concatenate([size[used], np.ones(len(out))])[order]
    return _Problem(
        quantity=quantity[number],
        scale=scales[number],
        demand=demand,
        first=np.flatnonzero(np.append(True, demand[1:] != demand[:-1])),
        cost=all_cost,
        utility=-scales[number][demand] * all_cost + path_size * np.log(all_size),
        size=all_size,
        load=csr_array(vstack([load[used], csr_array((len(out), len(rhs)))]))[order],
        rhs=rhs,
        route=np.concatenate([used, np.full(len(out), -1)])[order],
        number=number,
        stuck=bool((quantity > 0).sum() > len(number)),
        row_of_arc=row_of_arc,
        row_of_group=row_of_group,
    )


def _scales(demands: pd.DataFrame, scale: float | None) -> FloatArray:
    if "scale" in demands:
        return numbers(demands, "scale", 1e-300, _MAX, "a number above zero", "demands")
    if scale is None or not 0 < scale < _INF:
        raise SolverInputError(f"scale: got {scale!r}, expected a number above zero, or a column 'scale' of demands")
    return np.full(len(demands), float(scale))


def _penalties(demands: pd.DataFrame, unmet_penalty: float | None) -> FloatArray:
    if "unmet_penalty" in demands:
        text = "a number of zero or more, or inf where it must be served"
        return numbers(demands, "unmet_penalty", 0, _INF, text, "demands")
    if unmet_penalty is not None and not unmet_penalty >= 0:
        raise SolverInputError(f"unmet_penalty: got {unmet_penalty!r}, expected None or a number of zero or more")
    return np.full(len(demands), _INF if unmet_penalty is None else float(unmet_penalty))


def _rates(demands: pd.DataFrame) -> FloatArray:
    if "rate" not in demands:
        return np.ones(len(demands))
    return numbers(demands, "rate", 0, _MAX, "a number of zero or more", "demands")


def _lengths(arcs: pd.DataFrame) -> FloatArray:
    return numbers(arcs, "length", 0, _MAX, "a number of zero or more") if "length" in arcs else np.ones(len(arcs))


def _owners(routes: pd.DataFrame, demands: pd.DataFrame) -> IntArray:
    """Return the row number of the demand of each route."""
    labels: list[Hashable] = routes["demand"].tolist()
    found: IntArray = np.asarray(demands.index.get_indexer(pd.Index(labels)), dtype=np.int64)
    for i in np.flatnonzero(found < 0)[:1].tolist():
        expected = f"a row of demands{_near(labels[i], demands.index)}"
        raise SolverInputError.at(routes.index.tolist()[i], "demand", labels[i], expected, "routes")
    return found


def _crossing(routes: pd.DataFrame, arcs: pd.DataFrame) -> csr_array:
    """Return which arcs each route crosses, shape (routes, arcs)."""
    number = {label: i for i, label in enumerate(arcs.index.tolist())}
    steps, start = [], [0]
    for row, path in zip(routes.index.tolist(), routes["path"].tolist(), strict=True):
        if not isinstance(path, list | tuple) or not path:
            raise SolverInputError.at(row, "path", path, "a list of rows of arcs, at least one", "routes")
        for label in path:
            if label not in number:
                expected = f"rows of arcs only; {label!r} is none{_near(label, arcs.index)}"
                raise SolverInputError.at(row, "path", path, expected, "routes")
            steps.append(number[label])
        start.append(len(steps))
    return csr_array((np.ones(len(steps)), np.array(steps, dtype=np.int64), start), shape=(len(routes), len(arcs)))


def _near(label: Any, known: pd.Index[Any]) -> str:
    near = get_close_matches(str(label), [str(k) for k in known.tolist()], n=1)
    return f"; nearest: {near[0]!r}" if near else ""


def _path_size(crossing: csr_array, owner: IntArray, length: FloatArray) -> FloatArray:
    """Return the share of each route's length that it does not owe to other routes of its demand."""
    if not len(owner):
        return np.zeros(0)
    routes = np.repeat(np.arange(len(owner)), np.diff(crossing.indptr))
    cells = owner[routes] * len(length) + crossing.indices
    _, which, times = np.unique(cells, return_inverse=True, return_counts=True)
    long = length[crossing.indices]
    total = np.add.reduceat(long, crossing.indptr[:-1])
    alone = np.add.reduceat(long / times[which], crossing.indptr[:-1])
    even = np.add.reduceat(1.0 / times[which], crossing.indptr[:-1]) / np.diff(crossing.indptr)
    size: FloatArray = np.where(total > 0, alone / np.maximum(total, 1e-300), even)
    return size


def _refuse_unserved(demands: pd.DataFrame, sent: Any, owner: IntArray, penalty: FloatArray) -> None:
    stuck = sent & np.isinf(penalty)
    stuck[owner] = False
    for i in np.flatnonzero(stuck)[:1].tolist():
        row = demands.index.tolist()[i]
        raise SolverInputError(f"routes: demand {row!r} has no route, expected one at least, or an unmet_penalty")


def _capacities(arcs: pd.DataFrame) -> tuple[csr_array, FloatArray, IntArray, IntArray]:
    """Return incidence (rows, arcs) and limits of arcs and groups, and the row of each arc and its group, or -1."""
    capacity = numbers(arcs, "capacity", 0, _INF, "a number of zero or more, or inf")
    own = np.flatnonzero(np.isfinite(capacity))
    row_of_arc = np.full(len(arcs), -1)
    row_of_arc[own] = np.arange(len(own))
    _, group, shared = read_groups(arcs)
    finite = np.flatnonzero(np.isfinite(shared))
    place = np.full(len(shared) + 1, -1)  # the last stands for no group
    place[finite] = len(own) + np.arange(len(finite))
    row_of_group = place[group]
    rhs = np.concatenate([capacity[own], shared[finite]])
    arc = np.concatenate([own, np.flatnonzero(row_of_group >= 0)])
    row = np.concatenate([row_of_arc[own], row_of_group[row_of_group >= 0]])
    return csr_array((np.ones(len(arc)), (row, arc)), shape=(len(rhs), len(arcs))), rhs, row_of_arc, row_of_group


def _solution(
    problem: _Problem,
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    wait: FloatArray,
    flow: FloatArray,
    left: float,
    asked: float,
    rounds: int,
) -> LogitSolution:
    there = problem.route >= 0
    place = problem.route[there]
    table = _empty_routes(routes)
    for column, values in (
        ("waiting_cost", problem.load @ wait),
        ("path_size", problem.size),
        ("share", problem.share(wait)),
        ("flow", flow),
    ):
        table.iloc[place, table.columns.get_loc(column)] = values[there]
    unmet = np.zeros(len(demands))
    unmet[problem.number[problem.demand[~there]]] = flow[~there]
    expected = np.zeros(len(demands))
    expected[problem.number] = -problem.logsum(wait) / problem.scale
    padded = np.append(wait, 0.0)
    loads = _crossing(routes, arcs).T @ (table["flow"].to_numpy() * _rates(demands)[_owners(routes, demands)])
    return LogitSolution(
        status="converged" if left <= asked else "unconverged",
        routes=table,
        arc_flow=pd.Series(loads, arcs.index, name="arc_flow"),
        waiting=pd.Series(padded[problem.row_of_arc] + padded[problem.row_of_group], arcs.index, name="waiting"),
        unmet=pd.Series(unmet, demands.index, name="unmet"),
        expected_cost=pd.Series(expected, demands.index, name="expected_cost"),
        residual=left,
        rounds=rounds,
    )


def _empty_routes(routes: pd.DataFrame) -> pd.DataFrame:
    return routes[["demand", "path", "cost"]].assign(waiting_cost=0.0, path_size=1.0, share=0.0, flow=0.0)


def _infeasible(arcs: pd.DataFrame, demands: pd.DataFrame, routes: pd.DataFrame, rounds: int) -> LogitSolution:
    none = pd.Series(np.nan, arcs.index)
    zero = pd.Series(np.nan, demands.index)
    table = _empty_routes(routes).assign(waiting_cost=np.nan, share=np.nan, flow=np.nan)
    return LogitSolution("infeasible", table, none, none, zero, zero, _INF, rounds)
