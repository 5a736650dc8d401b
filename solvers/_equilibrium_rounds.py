"""Rounds of the equilibrium: find quickest routes, add them to those known, move flows, until the gap is closed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ._equilibrium_input import EquilibriumInput
from ._route_set import RouteSet
from ._route_shift import Shifter
from .errors import FloatArray

_STEPS = 5  # moves a round, at most
_ENOUGH = 0.02  # share of the gap at which known routes are balanced well enough to look for others
_PATIENCE = 20  # rounds without a smaller gap after which rounding is to blame
_QUICKER = 1e-12  # by which a route must be quicker than those known


@dataclass(frozen=True, eq=False)
class Balance:
    """Flows and how far from equilibrium they are.

    Attributes
    ----------
    status : str
        ``optimal``, ``time_limit`` or ``inaccurate``.
    routes : RouteSet
        Routes with their flows.
    flow, time : ndarray of float, shape (m,)
        Of each arc.
    total, excess : float
        Flow x time of all arcs, and how much of it quickest routes would save.
    objective, bound : float
        Beckmann's objective and the best bound.
    rounds : int
        Searches for quickest routes.
    """

    status: str
    routes: RouteSet
    flow: FloatArray
    time: FloatArray
    total: float
    excess: float
    objective: float
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """Excess as a share of the total."""
        return self.excess / self.total if self.excess > 0 else 0.0


def balance(problem: EquilibriumInput, rel_gap: float, deadline: float) -> Balance:
    """Start with all on the quickest routes of the empty network and go on to the gap or the deadline.

    By convexity Beckmann's objective is nowhere below its value less the excess of time, at any flow; the best of
    these bounds is kept.
    """
    search = problem.search()
    found = search.quickest(problem.times.time(np.zeros(len(problem.tail))))
    every = np.arange(len(problem.origin))
    routes = RouteSet(every, found.routes(every), problem.quantity.copy())
    best: Balance | None = None
    bound, since, rounds = 0.0, 0, 0
    while True:
        rounds += 1
        flow = routes.load()
        times = problem.times.time(flow)
        found = search.quickest(times)
        total = float(flow @ times)
        excess = max(total - float(problem.quantity @ found.time), 0.0)
        objective = problem.times.integral(flow)
        bound = max(bound, objective - excess)
        here = Balance("optimal", routes, flow, times, total, excess, objective, min(bound, objective), rounds)
        if here.gap <= rel_gap:
            return here
        since = 0 if best is None or here.gap < best.gap else since + 1
        best = here if since == 0 or best is None else best
        late = time.perf_counter() >= deadline
        if late or since >= _PATIENCE:
            return _stopped(best, "time_limit" if late else "inaccurate", bound, rounds)
        known = np.minimum.reduceat(routes.arcs @ times, routes.first)
        wanted = np.flatnonzero(known - found.time > _QUICKER * found.time)
        routes = routes.with_new(wanted, found.routes(wanted))
        routes = _moved(problem, routes, _ENOUGH * max(excess, 0.0), deadline)


def _moved(problem: EquilibriumInput, routes: RouteSet, enough: float, deadline: float) -> RouteSet:
    shifter = Shifter(routes, problem.times)
    for _ in range(_STEPS):
        if shifter.step() <= enough or time.perf_counter() >= deadline:
            break
    flow = routes.flow.copy()
    flow[shifter.several] = shifter.flow
    return routes._replace(flow=flow).only(flow > 0)


def _stopped(best: Balance, status: str, bound: float, rounds: int) -> Balance:
    return Balance(
        status,
        best.routes,
        best.flow,
        best.time,
        best.total,
        best.excess,
        best.objective,
        min(bound, best.objective),
        rounds,
    )
