"""Path method: column generation from central prices, finished by simplex, with a proven bound."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from . import _solver
from ._columns import Columns, add_bulk
from ._interior import InteriorPoint
from ._master import Master
from ._memory import Memory, recall
from ._pricing import Pricer
from ._problem import LOWER, sums

if TYPE_CHECKING:
    from ._master import MasterResult
    from ._memory import Start
    from ._problem import Problem
    from .errors import FloatArray

_TRIES = 12  # rounds that a start from before gets before central prices are sought
_FEW = 40  # overloaded rows up to which simplex alone is quicker
_HANDOVER = 5e-3  # gap at which simplex takes over
_SHORT = 1e-7  # unserved share of a commodity that counts as some


@dataclass
class RawFlow:
    """A flow as columns and amounts, before it is checked and named.

    Attributes
    ----------
    status : str
        ``optimal``, ``time_limit``, ``infeasible`` or ``no_solution``.
    columns, x : Columns and ndarray
        Columns and their flows; None and empty unless there is a feasible flow.
    row_price : ndarray of float, shape (rows,)
        Prices that prove `bound`; for an infeasible problem, that prove that it is.
    bound : float
        No flow costs less.
    short, missing : ndarray of float
        For an infeasible problem, units of each commodity, and of each least load, that the best flow lacks.
    """

    status: str
    columns: Columns | None
    x: FloatArray
    row_price: FloatArray
    bound: float
    rounds: int = 0
    memory: Memory | None = None
    short: FloatArray = field(default_factory=lambda: np.zeros(0))
    missing: FloatArray = field(default_factory=lambda: np.zeros(0))


def solve_path(
    problem: Problem, *, solver: str, gap: float, deadline: float, previous: Memory | None = None, floor: float = 1e-9
) -> RawFlow:
    """Solve a problem by column generation."""
    pricer = Pricer(problem)
    nothing = np.zeros(len(problem.rows.rhs))
    must = np.isinf(problem.penalty)
    columns = Columns(problem, problem.penalty)
    start = None if previous is None else recall(previous, columns)
    if start is None or must.any():
        free = pricer.price(nothing)
        if (must & np.isinf(free.cost)).any():
            return prove_impossible(problem, solver, deadline)
        columns.cost[: problem.k] = np.where(must, _stand_in(free.cost, problem.penalty), problem.penalty)
        columns.add(free.paths(np.flatnonzero(free.cost < columns.cost[: problem.k])))
        add_bulk(pricer, columns, nothing)
    penalty = columns.cost[: problem.k]
    shortfall = 10.0 * max(1.0, float(np.abs(penalty).max(initial=0.0)), float(_largest(problem)))
    rounds, feasible = 0, False
    while True:
        result = _generate(pricer, columns, solver, gap, deadline, shortfall, floor, start)
        rounds += result.rounds
        start = None
        if result.status != _solver.OPTIMAL:
            return _cut_short(problem, pricer, columns, result, rounds)
        k = problem.k
        lacking = must & (result.x[:k] > _SHORT * problem.quantity)
        missing = result.short > _SHORT * np.maximum(1.0, np.abs(problem.rows.rhs[problem.rows.kind == LOWER]))
        if not lacking.any() and not missing.any():
            return _finished(problem, pricer, columns, result, rounds, gap, floor)
        if not feasible:
            verdict = prove_impossible(problem, solver, deadline)
            if verdict.status != "feasible":
                return verdict
            feasible = True
        columns.cost[:k][lacking] *= 8.0
        shortfall *= 8.0


def _generate(
    pricer: Pricer,
    columns: Columns,
    solver: str,
    gap: float,
    deadline: float,
    shortfall: float,
    floor: float,
    start: Start | None = None,
) -> MasterResult:
    """Generate columns: from a start that is given, else from central prices if many rows are crowded."""
    problem = pricer.problem
    rounds = 0
    crowded = not problem.has_lower and not len(pricer.bulky) and _crowded(columns)
    if start is not None:
        master = Master(pricer, columns, solver, start.rows, shortfall, floor)
        if start.basis is not None:
            master.start_from(start.basis)
        result = master.solve(gap, deadline, -np.inf, None, rounds_at_most=_TRIES if crowded else None)
        if result.status != _solver.STOPPED or not crowded or time.perf_counter() > deadline:
            return result
        rounds = result.rounds
    point = InteriorPoint.start(pricer, columns) if crowded else None
    if point is not None:
        point.solve(_HANDOVER, floor, deadline)
    if point is None or not point.rounds:  # without time for a round there are no prices to go on from
        master = Master(pricer, columns, solver, np.zeros(0, dtype=np.int64), shortfall, floor)
        return master.solve(gap, deadline, -np.inf, None)
    rows, basis = point.settle()
    master = Master(pricer, columns, solver, rows, shortfall, floor)
    master.start_from(basis)
    result = master.solve(gap, deadline, point.best_bound, point.best_price)
    result.rounds += rounds + point.rounds
    return result


def _crowded(columns: Columns) -> bool:
    """Say whether many rows would be overloaded if each commodity took all of its paths in full."""
    k = columns.problem.k
    everything = np.zeros(len(columns))
    everything[k:] = columns.problem.quantity[np.maximum(columns.commodity[k:], 0)]
    return int((columns.row_load(everything) > columns.problem.rows.rhs).sum()) > _FEW


def _finished(
    problem: Problem, pricer: Pricer, columns: Columns, result: MasterResult, rounds: int, gap: float, floor: float
) -> RawFlow:
    """Report the flow with the tidiest prices that prove it: those of the last basis if they are good enough."""
    value = float(columns.cost @ result.x)
    known = np.isfinite(problem.penalty).all()  # no penalty was stood in for: the master's bound is the true one
    for price in (result.row_price, result.best_price):
        bound = result.bound if known and price is result.best_price else true_bound(problem, pricer, price)
        if value - bound <= max(gap * abs(value), floor):
            break
    memory = Memory(problem, columns, result.rows, result.basis)
    return RawFlow("optimal", columns, result.x, price, bound, rounds, memory)


def _cut_short(problem: Problem, pricer: Pricer, columns: Columns, result: MasterResult, rounds: int) -> RawFlow:
    """Report what there is when the solver ended early: the last flow, made feasible by serving less."""
    if not result.x.any() or problem.has_lower:
        return best_at_hand(problem, pricer, result.status, result.best_price)
    x = serve_less(columns, result.x)
    if (np.isinf(problem.penalty) & (x[: problem.k] > 0)).any():
        return best_at_hand(problem, pricer, result.status, result.best_price)
    bound = true_bound(problem, pricer, result.best_price)
    memory = Memory(problem, columns, result.rows, None)
    return RawFlow(_ended(result.status), columns, x, result.best_price, bound, rounds, memory)


def _ended(status: str) -> str:
    """Return how a flow is called that the solver left unproved: only a stop is one by time."""
    return "time_limit" if status == _solver.STOPPED else "inaccurate"


def best_at_hand(problem: Problem, pricer: Pricer, status: str, price: FloatArray | None = None) -> RawFlow:
    """Report the flow on cheapest paths as far as capacities allow, if such a flow is feasible at all."""
    price = np.zeros(len(problem.rows.rhs)) if price is None else price
    bound = true_bound(problem, pricer, price)
    columns = Columns(problem, problem.penalty)
    priced = pricer.price(price)
    if not priced.cycles:
        columns.add(priced.paths(np.flatnonzero(priced.cost < problem.penalty)))
    x = np.where(np.arange(len(columns)) < problem.k, 0.0, problem.quantity[columns.commodity])
    x = serve_less(columns, x)
    if problem.has_lower or (np.isinf(problem.penalty) & (x[: problem.k] > 0)).any():
        return RawFlow("no_solution", None, np.zeros(0), price, bound)
    return RawFlow(_ended(status), columns, x, price, bound)


def true_bound(problem: Problem, pricer: Pricer, price: FloatArray) -> float:
    """Return the Lagrangian bound at the given prices of rows."""
    priced = pricer.price(price)
    if priced.cycles:
        return -np.inf
    return float(problem.quantity @ np.minimum(priced.cost, problem.penalty) - price @ problem.rows.rhs)


def serve_less(columns: Columns, x: FloatArray) -> FloatArray:
    """Cut the flows of columns that cross overloaded rows, so that none is; the rest stays unserved."""
    problem = columns.problem
    k = problem.k
    load, rhs = columns.row_load(x), problem.rows.rhs
    fits = np.where(load > rhs, rhs / np.maximum(load, 1e-300), 1.0)
    crossing = columns.crossing
    share = np.ones(len(x))
    filled = np.flatnonzero(np.diff(crossing.indptr))
    if len(filled):
        share[filled] = np.minimum.reduceat(fits[crossing.indices], crossing.indptr[filled])
    less: FloatArray = np.maximum(x, 0.0) * share
    less[:k] = 0.0
    less[:k] = np.maximum(problem.quantity - sums(columns.commodity, less, k), 0.0)
    return less


def prove_impossible(problem: Problem, solver: str, deadline: float) -> RawFlow:
    """Find out whether all that must be served can be: least shortage at no cost."""
    cost = np.where(np.isfinite(problem.cost), 0.0, np.inf)
    penalty = np.where(np.isinf(problem.penalty), 1.0, 0.0)
    total = float(problem.quantity @ penalty) + float(np.abs(problem.rows.rhs[problem.rows.kind == LOWER]).sum())
    eased = problem.with_penalty(cost, penalty)
    pricer = Pricer(eased)
    columns = Columns(eased, penalty)
    free = pricer.price(np.zeros(len(problem.rows.rhs)))
    columns.add(free.paths(np.flatnonzero(free.cost < penalty)))
    add_bulk(pricer, columns, np.zeros(len(problem.rows.rhs)))
    result = _generate(pricer, columns, solver, 1e-6, deadline, 1.0, 1e-9 * total)
    if result.status != _solver.OPTIMAL:
        return RawFlow("no_solution", None, np.zeros(0), np.zeros(0), -np.inf, result.rounds)
    short, missing = result.x[: problem.k] * penalty, result.short
    if short.sum() + missing.sum() <= _SHORT * total:
        return RawFlow("feasible", columns, result.x, result.row_price, -np.inf, result.rounds)
    return RawFlow(
        "infeasible",
        None,
        np.zeros(0),
        result.best_price,
        np.inf,
        result.rounds,
        short=short,
        missing=missing,
    )


def _stand_in(cost: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return penalties that make not serving dearer than any likely way, yet leave prices near the truth."""
    known = np.abs(cost[np.isfinite(cost)])
    scale = float(known.max(initial=0.0)) or 1.0
    guess = np.where(np.isfinite(cost), cost + np.abs(cost), 0.0) + 0.05 * scale
    return np.where(np.isinf(penalty), guess, penalty)


def _largest(problem: Problem) -> float:
    return float(np.abs(problem.cost[np.isfinite(problem.cost)]).max(initial=0.0)) * problem.n
