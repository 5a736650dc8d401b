"""Master of the decomposition: which projects to build, at least at what cost in each scenario by the cuts so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csc_array

from . import _solver

if TYPE_CHECKING:
    from ._benders_recourse import Recourse
    from ._benders_risk import Risk
    from ._problem import IntArray
    from ._projects import Budget, Projects
    from .errors import FloatArray

_VIOLATED = 1e-6  # units by which a cut must be broken to come in
_ROOM = 5.0  # units by which a cut may be loose at the relaxed optimum and yet come in at once
_PASSES = 200


class Proposal(NamedTuple):
    """What to build, the cost of each scenario by the cuts, and what no choice costs less than."""

    status: str
    built: FloatArray
    cost: FloatArray
    bound: float


class Terms(NamedTuple):
    """Rules about what is built, as rows ``entries @ built <= rhs``, and what building costs."""

    entries: FloatArray
    rhs: FloatArray
    price: FloatArray  # zero where a budget limits fixed costs instead

    @classmethod
    def of(cls, projects: Projects, budget: Budget | None) -> Terms:
        """Write budget lines, requirements and exclusions as rows."""
        count = len(projects)
        needs, bars = projects.requires, projects.excludes
        pairs = np.zeros((len(needs) + len(bars), count))
        either = len(needs) + np.arange(len(bars))
        np.add.at(pairs, (np.arange(len(needs)), needs[:, 0]), 1.0)
        np.add.at(pairs, (np.arange(len(needs)), needs[:, 1]), -1.0)
        np.add.at(pairs, (either, bars[:, 0]), 1.0)
        np.add.at(pairs, (either, bars[:, 1]), 1.0)
        ends = np.concatenate([np.zeros(len(needs)), np.ones(len(bars))])
        if budget is None:
            return cls(pairs, ends, projects.fixed_cost)
        limited = np.isfinite(budget.limit)
        # In units of the dearest project, so that tolerances mean the same whatever the currency.
        unit = max(float(projects.fixed_cost.max(initial=0.0)), 1e-300)
        money = (budget.member * projects.fixed_cost)[limited] / unit
        entries = np.vstack([pairs, money])
        used = entries.any(axis=1)
        ends = np.concatenate([ends, budget.limit[limited] / unit])
        return cls(entries[used], ends[used], np.zeros(count))

    def allow(self, built: FloatArray) -> bool:
        """Say whether the rules are kept."""
        return bool((self.entries @ built <= self.rhs + 1e-9 * np.maximum(1.0, np.abs(self.rhs))).all())

    def interior(self) -> FloatArray:
        """Return equal shares of all projects that leave room in all rules."""
        need = self.entries.sum(axis=1)
        most = (self.rhs[need > 0] / need[need > 0]).min(initial=1.0)
        return np.full(len(self.price), 0.5 * most)


class Master:
    """Least measure of the costs of scenarios that the cuts allow, over shares of projects or whole ones.

    Columns are a share for each project, a cost for each scenario, then those of the measure of risk. Costs are
    counted in a unit that makes them about a thousand.
    """

    def __init__(self, recourses: list[Recourse], risk: Risk, terms: Terms, unit: float, solver: str) -> None:
        self.recourses, self.risk, self.terms, self.unit = recourses, risk, terms, unit
        self.solver = solver
        self.p, self.s = len(terms.price), len(recourses)
        everything = np.ones(self.p)
        self.floor = np.array([r.cuts.at(everything).max() for r in recourses])
        self.inside = [np.zeros(len(r.cuts), dtype=bool) for r in recourses]
        self.wanted = [np.zeros(0, dtype=np.int64)] * self.s  # cuts that proposals of whole projects broke
        self.late = [0] * self.s  # cuts from here on come in at once whatever they are worth
        self.relaxed_model = self._model(integer=False)

    def _model(self, *, integer: bool) -> _solver.Model:
        """Build the model without cuts."""
        p, s, risk = self.p, self.s, self.risk
        model = _solver.Model(self.solver)
        model.add_rows(self.terms.rhs, equal=False)
        price = self.terms.price / self.unit
        model.add_columns(price, np.zeros(p), np.ones(p), csc_array(self.terms.entries), integer=integer)
        weight = np.zeros(s)
        if risk.kind == "expected":
            weight = risk.probability
        elif risk.kind == "cvar":
            weight = (1 - risk.weight) * risk.probability
        empty = csc_array((len(model.rhs), s))
        model.add_columns(weight, self.floor / self.unit, np.full(s, np.inf), empty)
        if risk.kind == "cvar":
            self._add_tail(model)
        elif risk.kind in ("worst", "regret"):
            self._add_peak(model)
        return model

    def _add_tail(self, model: _solver.Model) -> None:
        """Add the conditional value at risk: a quantile and how far each scenario is above it."""
        s, risk = self.s, self.risk
        cost = np.concatenate([[risk.weight], risk.weight * risk.probability / (1 - risk.level)])
        low = np.concatenate([[-np.inf], np.zeros(s)])
        model.add_columns(cost, low, np.full(s + 1, np.inf), csc_array((len(model.rhs), s + 1)))
        each = np.arange(s)
        row, one = np.tile(each, 3), np.ones(s)
        column = np.concatenate([self.p + each, np.full(s, self.p + s), self.p + s + 1 + each])
        entries = coo_array((np.concatenate([one, -one, -one]), (row, column)), shape=(s, len(model.cost)))
        model.add_rows(np.zeros(s), equal=False, entries=csc_array(entries))

    def _add_peak(self, model: _solver.Model) -> None:
        """Add the greatest cost, or the greatest difference to the most that the best of each scenario costs."""
        s = self.s
        against = self.risk.most / self.unit if self.risk.kind == "regret" else np.zeros(s)
        model.add_columns(np.ones(1), np.full(1, -np.inf), np.full(1, np.inf), csc_array((len(model.rhs), 1)))
        each = np.arange(s)
        column = np.concatenate([self.p + each, np.full(s, self.p + s)])
        values = np.concatenate([np.ones(s), -np.ones(s)])
        entries = coo_array((values, (np.tile(each, 2), column)), shape=(s, len(model.cost)))
        model.add_rows(against, equal=False, entries=csc_array(entries))

    def _add_cuts(self, model: _solver.Model, chosen: list[IntArray]) -> None:
        """Add some cuts of each scenario: ``constant - slope @ built <= cost``."""
        who = np.repeat(np.arange(self.s), [len(c) for c in chosen])
        if not len(who):
            return
        sheet = np.vstack([r.cuts.sheet[c] for r, c in zip(self.recourses, chosen, strict=True)]) / self.unit
        entries = np.zeros((len(who), len(model.cost)))
        entries[:, : self.p] = -sheet[:, 1:]
        entries[np.arange(len(who)), self.p + who] = -1.0
        model.add_rows(-sheet[:, 0], equal=False, entries=csc_array(entries))

    def _broken(self, built: FloatArray, cost: FloatArray) -> list[IntArray]:
        """Return for each scenario the cut at hand that is broken most, if any is."""
        chosen = []
        for i, recourse in enumerate(self.recourses):
            value = recourse.cuts.at(built)
            self.inside[i] = np.concatenate([self.inside[i], np.zeros(len(value) - len(self.inside[i]), dtype=bool)])
            value[self.inside[i]] = -np.inf
            best = int(np.argmax(value))
            broken = value[best] > cost[i] + _VIOLATED * self.unit
            chosen.append(np.array([best] if broken else [], dtype=np.int64))
            self.inside[i][chosen[-1]] = True
        return chosen

    def relaxed(self, deadline: float) -> Proposal:
        """Solve for shares, with all cuts at hand."""
        for _ in range(_PASSES):
            outcome = self.relaxed_model.run(deadline)
            if outcome.status != _solver.OPTIMAL:
                return Proposal(outcome.status, np.zeros(self.p), np.zeros(self.s), -np.inf)
            built = np.clip(outcome.x[: self.p], 0.0, 1.0)
            cost = outcome.x[self.p : self.p + self.s] * self.unit
            chosen = self._broken(built, cost)
            if not any(map(len, chosen)):
                break
            self._add_cuts(self.relaxed_model, chosen)
        return Proposal(_solver.OPTIMAL, built, cost, float(self.relaxed_model.cost @ outcome.x) * self.unit)

    def settle(self) -> None:
        """Take all cuts that come from now on into the models of whole projects."""
        self.late = [len(r.cuts) for r in self.recourses]

    def whole(self, near: Proposal, gap: float, deadline: float, start: FloatArray | None) -> Proposal:
        """Solve for whole projects, with the cuts that count near a relaxed optimum and all that this one breaks."""
        chosen = []
        for i, recourse in enumerate(self.recourses):
            mine = recourse.cuts.at(near.built) > near.cost[i] - _ROOM * self.unit
            mine[self.wanted[i]] = True
            mine[self.late[i] :] = True
            chosen.append(np.flatnonzero(mine))
        outcome = self._integer(chosen, gap, deadline, start)
        if outcome.x is None:
            return Proposal(outcome.status, np.zeros(self.p), np.zeros(self.s), outcome.bound * self.unit)
        built = np.round(outcome.x[: self.p]) + 0.0  # no zeros of negative sign, so that equal choices are equal bytes
        cost = self._seen(built, chosen)
        self._want_broken(built, cost)
        return Proposal(outcome.status, built, cost, outcome.bound * self.unit)

    def _integer(
        self, chosen: list[IntArray], gap: float, deadline: float, start: FloatArray | None
    ) -> _solver.IntegerOutcome:
        """Solve for whole projects with some cuts."""
        model = self._model(integer=True)
        self._add_cuts(model, chosen)
        if start is None:
            return model.run_integer(deadline, gap)
        outcome = model.run_integer(deadline, gap, self._point(start, self._seen(start, chosen), len(model.cost)))
        if outcome.status == _solver.OPTIMAL and outcome.x is not None:
            cost = float(model.cost @ outcome.x)
            if cost - outcome.bound > gap * abs(cost) + _VIOLATED:
                # HiGHS has improved the start only in the space that its presolve left, and hands back the old one.
                return self._integer(chosen, gap, deadline, None)
        return outcome

    def _seen(self, built: FloatArray, chosen: list[IntArray]) -> FloatArray:
        """Return the least cost of each scenario that some cuts allow."""
        at = [r.cuts.at(built)[c].max(initial=-np.inf) for r, c in zip(self.recourses, chosen, strict=True)]
        seen: FloatArray = np.maximum(np.array(at), self.floor)
        return seen

    def _want_broken(self, built: FloatArray, cost: FloatArray) -> None:
        """Remember for each scenario the cut that a proposal breaks most."""
        for i, recourse in enumerate(self.recourses):
            value = recourse.cuts.at(built)
            if value.max() > cost[i] + _VIOLATED * self.unit:
                self.wanted[i] = np.union1d(self.wanted[i], int(np.argmax(value)))

    def _point(self, built: FloatArray, cost: FloatArray, size: int) -> FloatArray:
        """Return values of all columns for a choice and the cost of each scenario."""
        x = np.zeros(size)
        x[: self.p], x[self.p : self.p + self.s] = built, cost / self.unit
        risk = self.risk
        if risk.kind == "cvar":
            order = np.argsort(-cost, kind="stable")
            tail = np.cumsum(risk.probability[order]) >= 1 - risk.level - 1e-12
            quantile = cost[order][int(np.argmax(tail))]
            x[self.p + self.s] = quantile / self.unit
            x[self.p + self.s + 1 :] = np.maximum(cost - quantile, 0.0) / self.unit
        elif risk.kind == "worst":
            x[-1] = cost.max() / self.unit
        elif risk.kind == "regret":
            x[-1] = (cost - risk.most).max() / self.unit
        return x
