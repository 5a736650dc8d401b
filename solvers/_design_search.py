"""Search for the best design: strong rows at the root, a search in the kernel, then branch and bound on what is left.

The kernel is the decisions that the relaxation makes or nearly makes (kernel search: Angelelli, Mansini and Speranza
2010). Its best point closes decisions, with their columns, that a Lagrangian bound shows to cost too much.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.csgraph import breadth_first_order

from . import _solver
from ._design_model import Formulation

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ._design_input import Design
    from ._problem import IntArray
    from .errors import BoolArray, FloatArray

_CUT = 1e-4  # violation from which a row comes in
_BOUNDED = 1e-7
_KERNEL = 1.3  # decisions in the kernel, as a multiple of those that the relaxation makes
_KERNEL_GAP, _KERNEL_NODES = 2e-3, 1  # where the search in the kernel stops
_CLOSE = 0.015  # gap up to which a point is a start, and nothing better is looked for but by branching
_FEW = 1500  # strong rows of arcs in use up to which all of them go to branch and bound


@dataclass
class Found:
    """What a search ended with: decisions (None: none found), and what no design costs less than."""

    status: str
    chosen: BoolArray | None
    bound: float
    budget_price: FloatArray


class Search:
    """Search over one design, which keeps its linear relaxation for the next question."""

    def __init__(self, design: Design, solver: str, deadline: float) -> None:
        self.design, self.solver, self.deadline = design, solver, deadline
        self.formulation = Formulation.of(design)
        self.n = design.n_decisions
        self.strong: IntArray = self.formulation.strong.needed
        self.bound = -np.inf
        self.budget_price: FloatArray = np.zeros(len(design.budgets))
        self.relaxed: _solver.Model | None = None
        self.relaxed_y: FloatArray = np.zeros(self.n)
        self.safe_bound = -np.inf
        self.rise: FloatArray = np.zeros(self.n)

    def best(self, gap: float, start: BoolArray | None = None) -> Found:
        """Find the best decisions."""
        formulation = self.formulation
        if not len(formulation.cost):
            return self._nothing_to_choose()
        status = self._root()
        if status != _solver.OPTIMAL:
            if status == _solver.INFEASIBLE:
                return Found(status, None, np.inf, self.budget_price)
            return Found(status, self._plain(start), -np.inf, self.budget_price)
        if not self.n:
            return Found(_solver.OPTIMAL, np.zeros(0, dtype=bool), self.bound, self.budget_price)
        known = self._kernel(None if start is None else self._point_near(start))
        least = np.inf if known is None else float(formulation.cost @ known)
        lower, upper = self._sides(least)
        ended = self._branch(lower, upper, gap, known)
        if ended.status == _solver.INFEASIBLE and known is None:
            return Found(ended.status, None, np.inf, self.budget_price)
        x = self._better(known, ended.x)
        chosen = self._plain(start) if x is None else x[: self.n] > 0.5
        status = _solver.OPTIMAL if ended.status == _solver.INFEASIBLE else ended.status
        bound = min(max(ended.bound, self.bound), least)
        return Found(status, chosen, bound, self.budget_price)

    def cheapest(self, value: float, gap: float, start: BoolArray) -> BoolArray:
        """Return the decisions that cost least among those whose objective is at most `value`, with the gap in it."""
        if not self.n:
            return start
        scale = max(1.0, abs(value))
        model = self.formulation.model(self.solver, self.strong, np.zeros(self.n), np.ones(self.n))
        entries = csc_array(self.formulation.cost[None, :] / scale)
        model.add_rows(np.array([value / scale + gap]), equal=False, entries=entries)
        model.cost = np.zeros(len(model.cost))
        model.cost[: self.n] = self.design.spent / max(1.0, self.design.spent.max(initial=0.0))
        ended = model.run_integer(self.deadline, gap, self._point_near(start), presolve=False)
        return start if ended.x is None else ended.x[: self.n] > 0.5

    def _kernel(self, known: FloatArray | None) -> FloatArray | None:
        """Return the best point with the decisions that the relaxation makes or nearly makes, or one known before."""
        made = self.relaxed_y > _BOUNDED
        near = np.argsort(np.where(made, -np.inf, self.rise), kind="stable")[: int(_KERNEL * made.sum())]
        upper = np.zeros(self.n)
        upper[near] = 1.0
        if upper.all():
            return known
        whole, now = self.deadline, time.perf_counter()
        self.deadline = min(whole, now + 0.3 * (whole - now))
        ended = self._branch(np.zeros(self.n), upper, _KERNEL_GAP, None, nodes=_KERNEL_NODES)
        self.deadline = whole
        return self._better(known, ended.x)

    def _is_close(self, point: FloatArray) -> bool:
        value = float(self.formulation.cost @ point)
        return value - self.safe_bound <= _CLOSE * abs(value)

    def _better(self, *points: FloatArray | None) -> FloatArray | None:
        """Return the cheapest of the points that there are."""
        there = [x for x in points if x is not None]
        return min(there, key=lambda x: float(self.formulation.cost @ x), default=None)

    def _sides(self, least: float) -> tuple[FloatArray, FloatArray]:
        """Return bounds of decisions that cost too much to turn round for a design better than `least`."""
        beyond = self.safe_bound + np.abs(self.rise) > least + 1e-7 * abs(least)
        lower, upper = beyond & (self.rise < 0), ~(beyond & (self.rise > 0))
        return lower.astype(float), upper.astype(float)

    def _branch(
        self, lower: FloatArray, upper: FloatArray, gap: float, known: FloatArray | None, nodes: int | None = None
    ) -> _solver.IntegerOutcome:
        """Branch and bound with decisions between bounds; the point is given for all columns."""
        columns = self.formulation.columns(upper)
        model = self._branching(columns, lower, upper)
        close = known is not None and self._is_close(known)
        # Searches of the solver round a point that is far off take long and lead nowhere.
        start = known[columns] if known is not None and close else None
        # Nothing is left to reduce, and what presolve tries takes longer than the search.
        ended = model.run_integer(self.deadline, gap, start, presolve=False, heuristics=not close, nodes=nodes)
        if ended.x is None:
            return ended
        x = np.zeros(len(self.formulation.cost))
        x[columns] = ended.x
        return _solver.IntegerOutcome(ended.status, x, ended.bound)

    def _branching(self, columns: IntArray, lower: FloatArray, upper: FloatArray) -> _solver.Model:
        """Return the model with the strong rows, of the columns that decisions between bounds leave."""
        formulation = self.formulation
        if self.relaxed is None or not self.relaxed.warm:
            return formulation.model(self.solver, self.strong, lower, upper)
        low, high = np.zeros(len(columns)), np.ones(len(columns))
        low[: self.n], high[: self.n] = lower, upper
        rows = len(formulation.sent) + len(formulation.room)
        return self.relaxed.branching(rows, formulation.strong_rows(self.strong), columns, low, high)

    def _plain(self, start: BoolArray | None) -> BoolArray | None:
        """Return decisions at hand when time is over: those given, all or none, whichever is allowed."""
        trials = [np.ones(self.n, dtype=bool), np.zeros(self.n, dtype=bool)]
        return next((t for t in ([] if start is None else [start]) + trials if self.design.allows(t)), None)

    def _nothing_to_choose(self) -> Found:
        """Report that there is nothing to build and no way to send anything, be it that nothing is to be sent."""
        if len(self.formulation.sent):
            return Found(_solver.INFEASIBLE, None, np.inf, self.budget_price)
        return Found(_solver.OPTIMAL, np.zeros(0, dtype=bool), 0.0, self.budget_price)

    def _root(self) -> str:
        """Solve the linear relaxation, bringing in strong rows until none is violated; return the status."""
        formulation = self.formulation
        strong = formulation.strong.needed
        model = formulation.model(self.solver, strong, np.zeros(self.n), np.ones(self.n))
        outcome = model.run(self.deadline)
        while outcome.status == _solver.OPTIMAL:
            self.bound = float(formulation.cost @ outcome.x)
            new = formulation.violated(outcome.x, _CUT)
            if not len(new) or time.perf_counter() > self.deadline:
                break
            model.add_rows(np.zeros(len(new)), equal=False, entries=formulation.strong_rows(new))
            strong = np.concatenate([strong, new])
            last, outcome = outcome, model.run(self.deadline)
            if outcome.status == _solver.STOPPED:
                outcome = last
                break
        if outcome.status != _solver.OPTIMAL:
            return outcome.status
        first = len(formulation.sent) + len(formulation.room) - len(self.design.budgets)
        price = np.maximum(-outcome.row_dual[first : first + len(self.design.budgets)], 0.0)
        self.budget_price = price / self.design.budget_scale
        self.strong = self._worth_keeping(strong, outcome)
        self.relaxed_y = outcome.x[: self.n]
        self.safe_bound, self.rise = formulation.lagrangian(outcome.row_dual)
        self.relaxed = model
        return _solver.OPTIMAL

    def _worth_keeping(self, strong: IntArray, outcome: _solver.Outcome) -> IntArray:
        """Return the strong rows to branch with: those of arcs in use if they are few, else those with a price."""
        in_use = np.flatnonzero(outcome.x[self.formulation.strong.switch] > _BOUNDED)
        if len(in_use) <= _FEW:
            return np.union1d(in_use, self.formulation.strong.needed)
        priced = outcome.row_dual[len(self.formulation.sent) + len(self.formulation.room) :][: len(strong)] < -_BOUNDED
        return np.union1d(strong[: len(priced)][priced], self.formulation.strong.needed)

    def _point_near(self, start: BoolArray) -> FloatArray | None:
        """Return the best point with these decisions, or with one of them and all that need it taken away."""
        needs = self.design.needs()
        trials = [start]
        if not self.design.allows(start):
            trials = [start & ~dependents(needs, j) for j in np.flatnonzero(start).tolist()]
        best: FloatArray | None = None
        least = np.inf
        model = self.relaxed
        every = np.arange(self.n)
        for chosen in trials:
            if model is None or not self.design.allows(chosen) or time.perf_counter() > self.deadline:
                continue
            fixed = chosen.astype(float)
            model.set_bounds(every, fixed, fixed)
            outcome = model.run(self.deadline)
            if outcome.status == _solver.OPTIMAL and (value := float(self.formulation.cost @ outcome.x)) < least:
                best, least = outcome.x, value
        if model is not None:
            model.set_bounds(every, np.zeros(self.n), np.ones(self.n))
        return best


def dependents(needs: csr_array, decision: int) -> BoolArray:
    """Return the decision and all that need it."""
    found = np.zeros(needs.shape[0], dtype=bool)
    found[breadth_first_order(needs.T, decision, return_predecessors=False)] = True
    return found
