"""Multicut decomposition: shares of projects first, then whole ones, until the best choice is proved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import _solver
from ._benders_master import Master, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._benders_master import Terms
    from ._benders_recourse import Recourse
    from ._benders_risk import Risk
    from .errors import FloatArray

_SHARE = 0.1  # of the gap asked for, that flows of scenarios may be off
_MIP = 0.3  # of the gap asked for, that the master of whole projects may be off
_RELAXED = 0.2  # of the gap asked for, at which shares are good enough
_STALE = 12  # rounds in which neither the bound nor the best shares move before shares are good enough
_EXACT = 1e-6  # units by which any two numbers may differ for want of accuracy
_FAR = 0.5  # first step from the best shares at hand towards those of the master


@dataclass
class Found:
    """Best choice, its costs by scenario, and the proof.

    `status` is ``optimal``, ``time_limit`` or ``inaccurate``; `objective` is inf and `built` None if no choice that
    serves what must be is known.
    """

    status: str
    built: FloatArray | None
    cost: FloatArray
    objective: float
    bound: float
    rounds: int


class Search:
    """Search for the best choice of projects.

    Notes
    -----
    L-shaped method with a cut per scenario (Van Slyke and Wets 1969; Birge and Louveaux 1988, European Journal of
    Operational Research 34(3), 384-392). Cuts are first sought for shares, between those that the master wants and
    the best at hand (in-out: Ben-Ameur and Neto 2007, Networks 49(1), 3-17), then for whole projects.
    """

    def __init__(
        self,
        recourses: list[Recourse],
        risk: Risk,
        terms: Terms,
        gap: float,
        solver: str,
        deadline: float,
        like: Recourse | None = None,
    ) -> None:
        self.recourses, self.risk, self.terms = recourses, risk, terms
        self.gap, self.solver, self.deadline = gap, solver, deadline
        self.best = Found("time_limit", None, np.full(len(recourses), np.inf), np.inf, -np.inf, 0)
        self.rounds = 0
        self.inside = terms.interior()  # the best shares at hand
        self.tried: dict[bytes, float] = {}  # measure of each choice tried, inf if it does not serve what must be
        for recourse in recourses:
            if not len(recourse.cuts):
                if like is not None:
                    recourse.begin_like(like)
                everything = np.ones(len(terms.price))
                size = abs(recourse.solve(everything, np.inf, deadline).cost)
                recourse.solve(everything, _SHARE * gap * size if np.isfinite(size) else np.inf, deadline)
            like = recourse
        least = np.array([r.cuts.at(np.ones(len(terms.price))).max() for r in recourses])
        self.unit = max(float(np.abs(least).max()), 1e-9) / 1e3

    def run(self, known: Iterable[FloatArray] = ()) -> Found:
        """Search, from choices that are known to be good."""
        self._try(np.zeros(len(self.terms.price)), np.inf)
        for built in known:
            if self.terms.allow(built):
                self._try(built, self.deadline)
        master = Master(self.recourses, self.risk, self.terms, self.unit, self.solver)
        near = self._shares(master)
        if near is not None and not self._closed():
            self._try(self._rounded(near.built), self.deadline)
            self._whole(master, near)
        self.best.rounds = self.rounds
        if self._closed():
            self.best.status = "optimal"
        elif self._late():
            self.best.status = "time_limit"
        else:
            self.best.status = "inaccurate"
        return self.best

    def _late(self) -> bool:
        return time.perf_counter() > self.deadline

    def _tolerance(self) -> float:
        """Return how far the measure may be from its bound."""
        size = abs(self.best.objective)
        wanted = max(self.gap * (size if np.isfinite(size) else 1e3 * self.unit), _EXACT * self.unit)
        return wanted if self.best.built is None else wanted + self.risk.doubt(self.best.cost)

    def _closed(self) -> bool:
        return self.best.objective - self.best.bound <= self._tolerance()

    def _floor(self) -> float:
        """Return how far the cost of a scenario may be from its bound."""
        return max(_SHARE * self._tolerance(), 1e-7 * self.unit)

    def _raise_bound(self, bound: float) -> None:
        self.best.bound = min(max(self.best.bound, bound), self.best.objective)

    def _try(self, built: FloatArray, deadline: float) -> None:
        """Evaluate whole projects; keep them if they are the best yet."""
        self.rounds += 1
        flows = [r.evaluate(built, self._floor(), deadline) for r in self.recourses]
        cost = np.array([flow.cost for flow in flows])
        value = float(self.terms.price @ built) + self.risk.measure(cost)
        served = all(r.serves(flow) for r, flow in zip(self.recourses, flows, strict=True))
        self.tried[built.tobytes()] = value if served else np.inf
        if served and value < self.best.objective:
            self.best.built, self.best.cost, self.best.objective = built, cost, value

    def _shares(self, master: Master) -> Proposal | None:
        """Find cuts for shares of projects; return the last optimum of the master, None if time is up."""
        inside, at_most = self.inside, np.inf
        stale, before, near = 0, -np.inf, None
        while not self._late():
            outer = master.relaxed(self.deadline)
            if outer.status != _solver.OPTIMAL:
                return near
            near = outer
            self._raise_bound(outer.bound)
            off = _RELAXED * self._tolerance()
            if at_most - outer.bound <= off or self._closed() or stale >= _STALE:
                return near
            step = 0.0 if not np.isfinite(at_most) else _FAR if stale < _STALE / 2 else 1.0
            point = step * outer.built + (1 - step) * inside
            value = self._measure(point)
            self.rounds += 1
            moved = outer.bound > before + 0.1 * off or value < at_most - 0.1 * off
            stale, before = 0 if moved else stale + 1, max(before, outer.bound)
            if value < at_most:
                self.inside = inside = point
                at_most = value
        return near

    def _measure(self, share: FloatArray) -> float:
        """Return the measure for shares of projects, and add the cuts that prove it."""
        cost = np.array([r.solve(share, self._floor(), self.deadline).cost for r in self.recourses])
        return float(self.terms.price @ share) + self.risk.measure(cost)

    def _rounded(self, share: FloatArray) -> FloatArray:
        """Return a choice of whole projects: those with the greatest shares as long as all rules are kept."""
        built = np.zeros(len(share))
        for p in np.argsort(-share, kind="stable").tolist():
            built[p] = float(share[p] > 1e-6)
            if not self.terms.allow(built):
                built[p] = 0.0
        return built

    def _whole(self, master: Master, near: Proposal) -> None:
        """Propose and evaluate whole projects until the best choice is proved."""
        master.settle()
        gap, tried = _MIP * self.gap, set()
        while not self._late():
            proposal = master.whole(near, gap, self.deadline, self.best.built)
            self._raise_bound(proposal.bound)
            if (proposal.status in (_solver.STOPPED, _solver.FAILED) and not proposal.built.any()) or self._closed():
                return
            again = proposal.built.tobytes() in tried
            if again and gap < 1e-9:
                return
            gap = 0.1 * gap if again else gap
            tried.add(proposal.built.tobytes())
            self._try(proposal.built, self.deadline)
            if self._closed():
                return
            # Cuts at whole projects say little about those that are not built: others are sought nearby.
            self._measure(0.5 * (proposal.built + self.inside))
