"""Waiting costs and prices of a logit assignment: a projected Newton method on its dual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csc_array, csr_array, eye_array, vstack

from ._solver import OPTIMAL, Model, solver_name

if TYPE_CHECKING:
    from ._logit_problem import Choice, LogitProblem
    from ._problem import IntArray
    from .errors import FloatArray

_INF = float("inf")
_DESCENT = 1e-4  # share of the promised descent that a step must bring (Armijo)
_HALVINGS = 60
_BLUNT = 10.0  # scale times spread of costs at which the search begins
_SHARPEN = 3.0
_LOOSE = 1e-3  # residual at which the scale is sharpened
_ABOVE_COST = 1e6  # waiting, in spreads of cost, that no flow could need: the search ends
_SHORT = 1e-7  # unserved share of all that counts as some
_FALL = 0.1  # to what part a step may bring down a price that rises with load: at zero it has no slope


def waiting_costs(
    problem: LogitProblem, residual: float, max_rounds: int, start: FloatArray | None = None
) -> tuple[Choice, float, int]:
    """Return the choice at the waiting costs found, its residual and the steps taken.

    The scale is sharpened by and by: where cost decides sharply, shares far from the answer are all or nothing and tell
    no direction; from the answer of a blunter choice, or from that of a like problem, they do.
    """
    steps = 0
    if start is not None:
        found, left, steps = _newton(problem, np.maximum(start, problem.least()), residual, max_rounds)
        if left <= residual:
            return found, left, steps
    wait = _first_prices(problem)
    blunt = 1.0 if not len(problem.scale) else min(1.0, _BLUNT / (float(problem.scale.max()) * problem.spread()))
    while blunt < 1.0:
        rough, _, taken = _newton(problem.blunted(blunt), wait, max(residual, _LOOSE), max_rounds)
        wait = rough.wait
        steps += taken
        blunt *= _SHARPEN
    found, left, taken = _newton(problem, wait, residual, max_rounds)
    return found, left, steps + taken


def can_be_carried(problem: LogitProblem) -> bool:
    """Say by a linear programme whether the alternatives have room for all that is sent."""
    routes, demands = len(problem.demand), len(problem.quantity)
    model = Model(solver_name("highs"))
    model.add_rows(problem.quantity, equal=True)
    limits = np.flatnonzero(~problem.rising())
    model.add_rows(problem.rhs[limits], equal=False)
    owner = csr_array((np.ones(routes), (problem.demand, np.arange(routes))), shape=(demands, routes))
    taken = problem.load[:, limits].T[:, problem.way] * problem.rate[problem.demand]
    sent = csc_array(vstack([owner, taken]))
    short = csc_array(vstack([eye_array(demands), csr_array((len(limits), demands))]))
    for cost, entries in ((0.0, sent), (1.0, short)):
        count = entries.shape[1]
        model.add_columns(np.full(count, cost), np.zeros(count), np.full(count, _INF), entries)
    outcome = model.run(_INF)
    return outcome.status != OPTIMAL or float(outcome.x[routes:].sum()) <= _SHORT * float(problem.quantity.sum())


def _newton(problem: LogitProblem, wait: FloatArray, residual: float, max_rounds: int) -> tuple[Choice, float, int]:
    """Improve waiting costs; return the choice at the last, its residual and the steps taken."""
    at, most = problem.choose(wait), _ABOVE_COST * problem.spread()
    for rounds in range(max_rounds + 1):
        flow = problem.flow(at)
        load = problem.loads(flow)
        left = problem.residual(at.wait, load)
        if left <= residual or at.wait.max(initial=0.0) > most or rounds == max_rounds:
            break
        slope = problem.room(at.wait) - load
        free = np.flatnonzero((at.wait > problem.least()) | (slope < 0))
        second = problem.curvature(flow, free) + np.diag(problem.stiffness(at.wait)[free])
        moved = _step(problem, at, slope, free, _newton_direction(second, slope[free]))
        if moved is None:  # projected, Newton's direction may lead up; the scaled gradient never does
            moved = _step(problem, at, slope, free, -slope[free] / _scaling(second))
        if moved is None:  # where prices let hardly anything flow both reach beyond what halving brings back
            reach = at.wait[free]
            near = np.clip(-slope[free] / _scaling(second), -reach, np.maximum(reach, 1.0))
            moved = _step(problem, at, slope, free, near)
        if moved is None:
            break
        at = moved
    return at, left, rounds


def _first_prices(problem: LogitProblem) -> FloatArray:
    """Return prices below those of the answer, from which Newton's steps do not fall to zero."""
    price = np.zeros(len(problem.rhs))
    for _ in ("above", "below"):
        price = problem.price_of(problem.loads(problem.flow(problem.choose(price))))
    return np.maximum(price, problem.least())


def _newton_direction(second: FloatArray, slope: FloatArray) -> FloatArray:
    size = _scaling(second)
    for ridge in (1e-12, 1e-9, 1e-6, 1e-3, 1.0):
        try:
            found: FloatArray = cho_solve(cho_factor(second + np.diag(ridge * size)), -slope)
        except LinAlgError:
            continue
        return found
    steepest: FloatArray = -slope / size
    return steepest


def _scaling(second: FloatArray) -> FloatArray:
    found: FloatArray = np.maximum(np.diag(second), 1e-12 * np.abs(second).max(initial=0.0) + 1e-300)
    return found


def _step(problem: LogitProblem, at: Choice, slope: FloatArray, free: IntArray, direction: FloatArray) -> Choice | None:
    """Return a point that is lower along the projected direction, or None if rounding leaves none."""
    wait, value = at.wait, problem.value(at)
    floor = np.where(problem.rising(), np.maximum(_FALL * wait, problem.least()), 0.0)[free]
    share = 1.0
    for _ in range(_HALVINGS):
        trial = wait.copy()
        trial[free] = np.maximum(wait[free] + share * direction, floor)
        promised = float(slope @ (trial - wait))
        if promised < 0:
            found = problem.choose(trial)
            if problem.value(found) <= value + _DESCENT * promised + 1e-15 * abs(value):
                return found if (trial != wait).any() else None
        share /= 2
    return None
