"""Range of capacity over which a shadow price holds: the breakpoints on both sides, by solving again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._problem import CAPACITY
from .errors import SolverInputError

if TYPE_CHECKING:
    from .flow_solution import FlowSolution

_SAME = 1e-9
_TURNS = 200


@dataclass(frozen=True)
class PriceRange:
    """Worth of capacity around what there is now.

    Attributes
    ----------
    arc : hashable
        Label of the arc.
    name : str
        Its ends in words.
    capacity : float
        Its capacity now.
    price : float
        Shadow price reported by the solution.
    low, high : float
        Fall of cost per unit more, and rise of cost per unit less; equal where the price is unique. `high`
        is inf where less capacity leaves demand that must be served unserved.
    capacity_from, capacity_to : float
        Down to where `high` holds, and up to where `low` holds.
    """

    arc: Hashable
    name: str
    capacity: float
    price: float
    low: float
    high: float
    capacity_from: float
    capacity_to: float

    @property
    def unique(self) -> bool:
        """Whether one more and one less are worth the same."""
        return bool(np.isfinite(self.high)) and abs(self.high - self.low) <= 1e-6 * max(1.0, abs(self.high))

    def __str__(self) -> str:
        up = "without limit" if np.isinf(self.capacity_to) else f"up to {self.capacity_to:,.6g}"
        if self.high <= 1e-6 * max(1.0, self.price):
            return f"{self.name}: one more unit of capacity is worth nothing (down to {self.capacity_from:,.6g})."
        if self.unique:
            return (
                f"{self.name}: one more unit of capacity is worth {self.low:,.6g}, "
                f"from {self.capacity_from:,.6g} {up}; the capacity is {self.capacity:,.6g}."
            )
        loss = "leaves demand unserved that must be" if np.isinf(self.high) else f"costs {self.high:,.6g}"
        return (
            f"{self.name}: one more unit of capacity is worth {self.low:,.6g} ({up}), one less {loss} "
            f"(down to {self.capacity_from:,.6g}); at {self.capacity:,.6g} the price is not unique."
        )


class _Point(NamedTuple):
    """Value of a convex function, and one of its slopes there."""

    at: float
    value: float
    slope: float

    def line(self, at: float) -> float:
        return self.value + self.slope * (at - self.at)


def price_range(solution: FlowSolution, arc: Hashable) -> PriceRange:
    """Find the range; see `FlowSolution.price_range`."""
    if arc not in solution.arcs.index:
        raise SolverInputError(f"arc: got {arc!r}, expected a label in the index of arcs")
    if not np.isfinite(solution.objective):
        raise SolverInputError(f"price_range: the solution is {solution.status}, expected one with a flow")
    cost = _Cost(solution, arc)
    capacity = float(solution.arcs.loc[arc, "capacity"])
    price = float(solution.shadow_price.loc[arc])
    ends = f"{solution.arcs.loc[arc, 'tail']} -> {solution.arcs.loc[arc, 'head']}"
    if np.isinf(capacity):
        flow = float(solution.arc_flow.loc[arc])
        return PriceRange(arc, ends, capacity, price, 0.0, 0.0, flow, capacity)
    here = cost(capacity)
    ample = cost(np.inf)
    # Beyond what it carries when it has no limit, more is worth nothing.
    far = _Point(max(cost.carried, capacity), ample.value, 0.0)
    up = _edge(cost, here, far)
    least = cost.least()
    down = _edge(cost, here, cost(least)) if least < capacity else _Point(capacity, here.value, -np.inf)
    to = np.inf if up.slope >= -_SAME * max(1.0, abs(here.value)) else up.at
    low, high = max(-up.slope, 0.0) + 0.0, max(-down.slope, 0.0) + 0.0
    return PriceRange(arc, ends, capacity, price, low, high, down.at, to)


class _Cost:
    """Least cost as a function of the capacity of one arc: convex and piecewise linear."""

    def __init__(self, solution: FlowSolution, arc: Hashable) -> None:
        self.solution, self.arc = solution, arc
        self.carried = 0.0

    def solve(self, capacity: float) -> FlowSolution:
        from .flow import solve_flow

        arcs = self.solution.arcs.copy()
        arcs["capacity"] = arcs["capacity"].astype(float)
        arcs.loc[self.arc, "capacity"] = capacity
        previous = self.solution if self.solution.memory is not None else None
        return solve_flow(arcs, self.solution.demands, gap=1e-10, previous=previous, **self.solution.call)

    def __call__(self, capacity: float) -> _Point:
        found = self.solve(capacity)
        self.carried = float(found.arc_flow.loc[self.arc])
        return _Point(capacity, found.objective, -float(found.shadow_price.loc[self.arc]))

    def least(self) -> float:
        """Return the least capacity with which everything that must be served can be (Newton's method)."""
        capacity = float(self.solution.arcs.loc[self.arc, "capacity"])
        least = float(self.solution.arcs["lower"].loc[self.arc]) if "lower" in self.solution.arcs else 0.0
        for _ in range(_TURNS):
            found = self.solve(least)
            if found.status != "infeasible":
                return least
            short = float(found.raw.short.sum() + found.raw.missing.sum())
            price = _relief(found, self.arc)
            # An arc without any capacity has no price: a trace of it has.
            least = least + short / price if price > 0 else 1e-6 * capacity if least == 0 else capacity
        return least


def _relief(found: FlowSolution, arc: Hashable) -> float:
    """Return how much less goes short per unit more of an arc's capacity, by the prices that prove it infeasible."""
    problem = found.problem
    mine = np.flatnonzero(problem.rows.kind == CAPACITY)
    mine = mine[problem.arc[problem.rows.owner[mine]] == problem.arcs.index(arc)][-1:]
    return float(found.raw.row_price[mine].sum())


def _edge(cost: Callable[[float], _Point], here: _Point, end: _Point) -> _Point:
    """Return how far the piece of the function towards `end` that begins at `here` goes, and its slope.

    Tangents that meet above the function are replaced by the one where they meet; each turn takes a piece
    away (Eisner and Severance 1976, Journal of the ACM 23(4), 619-635).
    """
    scale = _SAME * max(1.0, abs(here.value), abs(end.value)) * 10
    near, far = here, end
    for _ in range(_TURNS):
        if abs(far.at - here.at) <= 1e-12 * max(1.0, abs(here.at)):
            return far
        if abs(far.line(here.at) - here.value) <= scale:
            if far is end or abs(far.slope - near.slope) <= 1e-15:
                return far
            near, far = _Point(here.at, here.value, far.slope), end  # the slope on this side
            continue
        meet = (far.value - near.value + near.slope * near.at - far.slope * far.at) / (near.slope - far.slope)
        point = cost(meet)
        if abs(point.value - near.line(meet)) <= scale:
            return _Point(meet, point.value, near.slope)
        far = point
    return far
