"""Cost of a growing demand: every step of the marginal cost of a least-cost flow, exactly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from ._graph import Graph
from .errors import BoolArray, FloatArray, SolverInputError, check_table, numbers

if TYPE_CHECKING:
    from .flow_solution import FlowSolution

_SAME = 1e-9
"""Relative difference of two values, or slopes, that are taken as equal."""

_CLOSED = 1e-8
"""Largest gap of a flow that counts as solved."""

_ROUNDS = 200

_Price = tuple[str, Hashable, float]
"""Kind ("arc" or "group"), label and worth of one more unit."""


class Tangent(NamedTuple):
    """Value and slope of a convex function at one point; any subgradient serves as slope."""

    at: float
    value: float
    slope: float

    def __call__(self, x: float) -> float:
        """Return the value of the tangent at `x`."""
        return self.value + self.slope * (x - self.at)


def linear_pieces(
    evaluate: Callable[[float], tuple[float, float]], low: float, high: float, *, tolerance: float = _SAME
) -> list[tuple[float, float, float]]:
    """Find all pieces of a convex piecewise linear function.

    Parameters
    ----------
    evaluate : callable
        Returns value and slope at a point; at a kink any slope between those of its sides.
    low, high : float
        Where to begin and end.
    tolerance : float
        Relative difference of values that counts as none.

    Returns
    -------
    list of (from, to, slope)
        In order; neighbours differ in slope.

    Notes
    -----
    Eisner and Severance (1976), "Mathematical techniques for efficient record segmentation in large shared
    databases", Journal of the ACM 23(4), 619-635: a tangent that meets the function at both ends of an
    interval is the function there; otherwise the function is evaluated where the tangents of both ends
    meet, which finds a kink or a new tangent. The number of evaluations is at most about twice that of
    the pieces. Since a tangent counts as soon as it meets the function at the other end, the slope at a
    kink may be that of either side or any between.
    """
    found: list[tuple[float, float, float]] = []
    todo = [(Tangent(low, *evaluate(low)), Tangent(high, *evaluate(high)))]
    while todo:
        left, right = todo.pop()
        slack = tolerance * (1 + max(abs(left.value), abs(right.value)))
        if left(right.at) >= right.value - slack:
            found.append((left.at, right.at, left.slope))
        elif right(left.at) >= left.value - slack:
            found.append((left.at, right.at, right.slope))
        else:
            x = (right(0.0) - left(0.0)) / (left.slope - right.slope)
            x = min(max(x, left.at), right.at)
            middle = Tangent(x, *evaluate(x))
            if middle.value <= left(x) + slack or not left.at < x < right.at:
                found += [(left.at, x, left.slope), (x, right.at, right.slope)]
            else:
                todo += [(middle, right), (left, middle)]
    return _merged(found)


def _merged(pieces: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    kept: list[tuple[float, float, float]] = []
    for start, end, slope in pieces:
        if end <= start:
            continue
        if kept and abs(kept[-1][2] - slope) <= _SAME * (1 + abs(slope)):
            kept[-1] = (kept[-1][0], end, kept[-1][2])
        else:
            kept.append((start, end, slope))
    return kept


def parametric_flow(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    growth: Mapping[Hashable, float] | pd.Series[float],
    *,
    upto: float,
    unmet_penalty: float | None = None,
    method: Literal["auto", "arc", "path"] = "auto",
) -> pd.DataFrame:
    """Return the steps of the marginal cost of a least-cost flow while demands grow.

    Demand j is ``quantity + theta * growth[j]``, with theta from 0 to `upto`. The least cost is convex and
    piecewise linear in theta; each row is one piece of it.

    Parameters
    ----------
    arcs, demands : DataFrame
        As in `solve_flow`, without the columns ``lower`` and ``steps``, and costs of zero or more.
    growth : Series or mapping
        Growth of demands by label, zero or more, in units of quantity per unit of theta; those not named do
        not grow.
    upto : float
        Largest theta, above zero.
    unmet_penalty : float, optional
        As in `solve_flow`: cost of a unit that is not served. Without it everything must be served, and the
        last row is where that ends.
    method : str
        As in `solve_flow`.

    Returns
    -------
    DataFrame
        ``theta_from``, ``theta_to``, ``marginal_cost`` (of one more unit of all growth together, in the unit
        of the arcs' cost; inf where no more can be served), ``binds`` (list of ("arc", label) and ("group",
        label) that become scarce at ``theta_to``, dearest first), ``worth`` (list: what one more unit of the
        capacity of each saves on the next step; inf where there is no next step) and ``flow`` (the
        `FlowSolution` at ``theta_to``; between two ends any mix of theirs is a least-cost flow).

    Raises
    ------
    SolverInputError
        Wrong tables, growth or `upto`; or the demands cannot be served even before they grow.
    RuntimeError
        A flow could not be solved.

    Notes
    -----
    Parametric linear programming by tangents, see `linear_pieces`: the value is that of `solve_flow`, the
    slope the cost of the cheapest path of each demand at arc costs plus shadow prices. The largest theta
    that can be served is the zero of the least unserved quantity, itself convex and piecewise linear in
    theta, found by Newton's method from above, which ends exactly. Prices are read in the middle of each
    step, where the slope is unique; an arc counts as newly scarce when it has a price on the next step and
    room on this one. A step may end without one: where goods can no longer be moved out of the way.
    """
    growing = _growth(demands, growth)
    if not 0 < upto < np.inf:
        raise SolverInputError(f"upto: got {upto!r}, expected a number above zero")
    flows = _Flows(_plain(arcs), demands, growing, unmet_penalty, method)
    start = flows.at(0.0)
    if start.status == "infeasible":
        raise SolverInputError(f"demands: cannot be served even before they grow: {start.explain()}")
    limit: float = upto
    cut: list[_Price] = []
    if flows.must.any():
        limit, cut = flows.furthest(upto)
    rows: list[tuple[Any, ...]] = []
    if limit > 0:
        # A hair inside, lest rounding makes the last point infeasible.
        pieces = linear_pieces(flows.evaluate, 0.0, limit if limit == upto else limit * (1 - _SAME))
        middles = [flows.at((a + b) / 2) for a, b, _ in pieces]
        for i, (a, b, _) in enumerate(pieces):
            last = i + 1 == len(pieces)
            binds = flows.roomy(middles[i], cut) if last else flows.roomy(middles[i], flows.prices(middles[i + 1]))
            named, worth = [x[:2] for x in binds], [x[2] for x in binds]
            rows.append((a, limit if last else b, flows.slope(middles[i]), named, worth, flows.at(b)))
    if limit < upto:
        rows.append((limit, upto, np.inf, [], [], None))
    return pd.DataFrame(rows, columns=["theta_from", "theta_to", "marginal_cost", "binds", "worth", "flow"])


def _growth(demands: pd.DataFrame, growth: Any) -> pd.Series[float]:
    check_table(demands, ("origin", "destination", "quantity"), "demands")
    given = pd.Series(growth, dtype=float)
    unknown = [label for label in given.index if label not in demands.index]
    if unknown:
        raise SolverInputError(f"growth: {unknown[0]!r} is no row of demands")
    series = given.reindex(demands.index).fillna(0.0)
    bad = series[~((series >= 0) & (series < np.inf))]
    if len(bad) or not series.sum() > 0:
        what = f"{bad.iloc[0]!r} for {bad.index[0]!r}" if len(bad) else "zero for all demands"
        raise SolverInputError(f"growth: got {what}, expected zero or more, and more for one at least")
    return series


def _plain(arcs: pd.DataFrame) -> pd.DataFrame:
    check_table(arcs, ("tail", "head", "cost", "capacity"))
    for column in ("lower", "steps"):
        if column in arcs and any(not pd.api.types.is_scalar(x) or (pd.notna(x) and x != 0) for x in arcs[column]):
            raise SolverInputError(f"arcs: column {column!r} is not known to parametric_flow, expected arcs without it")
    return arcs.drop(columns=["lower", "steps"], errors="ignore")


@dataclass
class _Flows:
    """Solves the flow at any theta and reads slopes and prices."""

    arcs: pd.DataFrame
    demands: pd.DataFrame
    growth: pd.Series[float]
    unmet_penalty: float | None
    method: Literal["auto", "arc", "path"]

    def __post_init__(self) -> None:
        from .flow import solve_flow

        self.solve_flow = solve_flow
        capacity = self.arcs["capacity"].to_numpy(dtype=float)
        self.open: BoolArray = capacity > 0
        self.grouped = self.arcs["group"].notna().to_numpy() if "group" in self.arcs else np.zeros(len(capacity), bool)
        if self.grouped.any():
            self.open &= ~(self.grouped & (self.arcs["group_capacity"].to_numpy(dtype=float) <= 0))
        self.penalty: FloatArray = np.full(len(self.demands), np.inf)
        if "unmet_penalty" in self.demands:
            self.penalty = numbers(self.demands, "unmet_penalty", 0, np.inf, "a number of zero or more", "demands")
        elif self.unmet_penalty is not None:
            self.penalty = np.full(len(self.demands), float(self.unmet_penalty))
        self.must: BoolArray = np.isinf(self.penalty)
        self.known: dict[float, FlowSolution] = {}
        self.graphs: dict[Any, tuple[Graph, FloatArray]] = {}

    def at(self, theta: float) -> FlowSolution:
        """Return the flow at theta."""
        if theta not in self.known:
            near = min(self.known, key=lambda other: abs(other - theta), default=None)
            previous = None if near is None else self.known[near]
            self.known[theta] = self._solved(self.arcs, self._demands(theta, self.penalty), previous)
        return self.known[theta]

    def evaluate(self, theta: float) -> tuple[float, float]:
        """Return least cost and slope at theta."""
        solution = self.at(theta)
        if not solution.gap <= _CLOSED:
            raise RuntimeError(f"the flow at theta = {theta:g} was not solved: {solution.status}, gap {solution.gap:g}")
        return float(solution.objective), self.slope(solution)

    def slope(self, solution: FlowSolution, *, free: bool = False) -> float:
        """Return what one more unit of growth costs at the prices of a solution; `free`: by its phase one."""
        toll = self._toll(solution)
        penalty = np.where(self.must, 1.0, 0.0) if free else self.penalty
        total = 0.0
        for keys, rows in self._kinds():
            graph, load = self._graph(keys, free=free)
            graph = graph.with_cost(graph.cost + load * toll)
            for origin, group in self.demands.iloc[rows].groupby("origin", sort=False):
                tree = graph.tree(graph.node(origin, "origin"))
                for label in group.index:
                    j = self.demands.index.get_loc(label)
                    far = tree.cost[graph.node(group.at[label, "destination"], "destination")]
                    total += self.growth.iloc[j] * min(far, penalty[j])
        return float(total)

    def prices(self, solution: FlowSolution, least: float | None = None) -> list[_Price]:
        """Return what has a price, dearest first; prices up to `least` are taken as rounding."""
        if least is None:
            finite = self.arcs["cost"].to_numpy(dtype=float)
            least = 1e-7 * (1 + float(np.abs(finite[np.isfinite(finite)]).max(initial=0.0)))
        found: list[_Price] = [("arc", label, price) for label, price in solution.shadow_price.items()]
        found += [("group", label, price) for label, price in solution.group_price.items()]
        return sorted((x for x in found if x[2] > least), key=lambda x: -x[2])

    def roomy(self, solution: FlowSolution, prices: list[_Price]) -> list[_Price]:
        """Return those that have room left in a solution."""
        load = solution.arc_flow.to_numpy()
        labels, groups = self.arcs.index, self.arcs.get("group")
        kept = []
        for kind, label, price in prices:
            mine = np.asarray(labels == label if kind == "arc" or groups is None else groups == label)
            column = "capacity" if kind == "arc" else "group_capacity"
            if load[mine].sum() < self.arcs[column].to_numpy(dtype=float)[mine][0] * (1 - 1e-7):
                kept.append((kind, label, price))
        return kept

    def furthest(self, upto: float) -> tuple[float, list[_Price]]:
        """Return the largest theta at which all can be served, at most `upto`, and what stops it there."""
        free = self.arcs.copy()
        for column in free.columns[free.columns.map(str).str.match(r"cost(?:_|$)")]:
            free[column] = np.where(np.isfinite(free[column].to_numpy(dtype=float)), 0.0, np.inf)
        penalty = np.where(self.must, 1.0, 0.0)
        theta: float = upto
        cut: list[_Price] = []
        for _ in range(_ROUNDS):
            demands = self._demands(theta, penalty)
            solution = self._solved(free, demands)
            short = float(solution.objective)
            if short <= _SAME * demands["quantity"].sum():
                return theta, cut
            slope = self.slope(solution, free=True)
            cut = [(kind, label, np.inf) for kind, label, _ in self.prices(solution, 1e-7)]
            theta = max(theta - short / slope, 0.0) if slope > 0 else 0.0
            if theta == 0.0:
                return 0.0, cut
        raise RuntimeError("the largest demand that can be served was not found")

    def _solved(self, arcs: pd.DataFrame, demands: pd.DataFrame, previous: FlowSolution | None = None) -> FlowSolution:
        usable = previous is not None and previous.memory is not None
        return self.solve_flow(arcs, demands, method=self.method, gap=1e-10, previous=previous if usable else None)

    def _demands(self, theta: float, penalty: FloatArray) -> pd.DataFrame:
        quantity = self.demands["quantity"].to_numpy(dtype=float) + theta * self.growth.to_numpy()
        return self.demands.assign(quantity=quantity, unmet_penalty=penalty)

    def _toll(self, solution: FlowSolution) -> FloatArray:
        toll: FloatArray = solution.shadow_price.to_numpy(dtype=float).copy()
        if self.grouped.any():
            toll += self.arcs["group"].map(solution.group_price).fillna(0.0).to_numpy(dtype=float)
        return toll

    def _kinds(self) -> list[tuple[tuple[Any, float], list[int]]]:
        """Return class and rate of demands that grow, each with their rows."""
        classes = self.demands["class"].tolist() if "class" in self.demands else [None] * len(self.demands)
        rates = self.demands["rate"].tolist() if "rate" in self.demands else [1.0] * len(self.demands)
        found: dict[tuple[Any, float], list[int]] = {}
        for row, key in enumerate(zip(classes, rates, strict=True)):
            if self.growth.iloc[row] > 0:
                found.setdefault(key, []).append(row)
        return list(found.items())

    def _graph(self, kind: tuple[Any, float], *, free: bool) -> tuple[Graph, FloatArray]:
        if (kind, free) in self.graphs:
            return self.graphs[kind, free]
        name, rate = kind
        own_cost, own_rate = f"cost_{name}", f"rate_{name}"
        cost = self.arcs[own_cost if own_cost in self.arcs else "cost"].to_numpy(dtype=float)
        load = self.arcs[own_rate].to_numpy(dtype=float) * rate if own_rate in self.arcs else np.full(len(cost), rate)
        usable = np.isfinite(cost) & self.open
        shown = np.where(usable & (not free), cost, 0.0)
        self.graphs[kind, free] = Graph.from_arcs(self.arcs.assign(cost=shown)).only(usable), load
        return self.graphs[kind, free]
