"""Network design as arrays: one flow problem with a copy of the network per period, and decisions that open arcs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ._problem import IntArray, Problem, read_problem
from ._projects import Budget, Projects, read_budget, read_projects
from .errors import BoolArray, FloatArray, SolverInputError, check_table, numbers

ALWAYS, NEVER = -1, -2
"""Instead of the number of a decision: an arc that is there in any case, and one that cannot be."""

_MAX = 1e15


@dataclass(frozen=True, eq=False)
class Periods:
    """Periods in order; one that is nameless if the user gives none."""

    labels: list[Hashable]
    weight: FloatArray
    money: FloatArray | None  # that is there up to and in each period
    given: bool

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Design:
    """Choice of decisions y in {0, 1} with ``rows @ y <= rhs``, each of which opens arcs of a flow problem.

    A decision says that a project is decided in its period or before, so that decisions on one project rise with
    time, and money spent by a period is ``fixed_cost @ y`` over the decisions of that period.

    Attributes
    ----------
    flow : Problem
        All arcs of all periods, as if built; periods are copies of the network that share no node.
    arcs, demands : DataFrame
        The same as tables; rows of arcs in the order of periods, then of the user's arcs.
    switch : ndarray of int, shape (segments,)
        Decision that each arc needs, ALWAYS or NEVER.
    project, period : ndarray of int, shape (c,)
        Of each decision.
    cost : ndarray of float, shape (c,)
        What each adds to the objective: nothing if budgets limit it.
    spent : ndarray of float, shape (c,)
        Fixed cost, at the last decision of each project.
    rows, rhs : csr_array of shape (r, c), ndarray of shape (r,)
        Conditions; the last ones are budgets, named `budgets`, in units of `budget_scale`.
    """

    flow: Problem
    arcs: pd.DataFrame
    demands: pd.DataFrame
    projects: Projects
    periods: Periods
    switch: IntArray
    project: IntArray
    period: IntArray
    cost: FloatArray
    spent: FloatArray
    rows: csr_array
    rhs: FloatArray
    budgets: Sequence[Hashable]
    budget_scale: float

    @property
    def n_decisions(self) -> int:
        """Number of decisions."""
        return len(self.project)

    def open_segments(self, chosen: BoolArray) -> BoolArray:
        """Say which arcs of which periods are open."""
        return np.concatenate([chosen, [False, True]])[self.switch]

    def allows(self, chosen: BoolArray) -> bool:
        """Say whether the decisions break no condition."""
        return bool((self.rows @ chosen.astype(float) <= self.rhs + 1e-9 * np.maximum(1.0, np.abs(self.rhs))).all())

    def needs(self) -> csr_array:
        """Return the matrix whose entry (i, j) says that decision i needs decision j."""
        lengths = np.diff(self.rows.indptr)
        pairs = np.flatnonzero((lengths == 2) & (self.rhs == 0))
        place = self.rows.indptr[pairs][:, None] + np.arange(2)
        column, value = self.rows.indices[place], self.rows.data[place]
        ordered = (value.min(axis=1, initial=0.0) == -1) & (value.max(axis=1, initial=0.0) == 1)
        column, value = column[ordered], value[ordered]
        who = column[np.arange(len(column)), value.argmax(axis=1)]
        whom = column[np.arange(len(column)), value.argmin(axis=1)]
        return csr_array((np.ones(len(who)), (who, whom)), shape=(self.n_decisions, self.n_decisions))

    def tables_with(self, chosen: BoolArray) -> pd.DataFrame:
        """Return the table of arcs of all periods with those that are not open closed."""
        return self.arcs.assign(capacity=np.where(self.open_segments(chosen), self.arcs["capacity"], 0.0))


def read_design(
    arcs: pd.DataFrame, demands: pd.DataFrame, projects: Any, budget: Any, unmet_penalty: Any, periods: Any
) -> Design:
    """Check all tables and turn them into arrays; see `solvers.solve_design` for what they hold.

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.
    """
    flow = read_problem(arcs, demands, unmet_penalty)
    _refuse_what_is_not_linear(arcs)
    chosen = read_projects(arcs, projects)
    when = _read_periods(periods)
    limits = read_budget(budget, chosen)
    if when.given:
        arcs, demands = _copies(arcs, demands, unmet_penalty, when)
        flow = read_problem(arcs, demands, None)
    lead = chosen.lead if when.given else np.zeros_like(chosen.lead)
    number = _numbers(lead, len(when))
    project, period = np.nonzero(number >= 0)
    spent = np.where(period == len(when) - 1 - lead[project], chosen.fixed_cost[project], 0.0)
    opened = np.full((len(chosen) + 1, len(when)), NEVER)
    for p in range(len(chosen)):
        opened[p, lead[p] :] = number[p, : max(0, len(when) - lead[p])]
    opened[-1] = ALWAYS
    conditions = _Conditions(len(project))
    _order(conditions, chosen, number, opened)
    scale = float(chosen.fixed_cost.max(initial=0.0)) or 1.0
    names = _budgets(conditions, chosen, when, limits, number, scale)
    rows, rhs = conditions.matrix()
    return Design(
        flow=flow,
        arcs=arcs,
        demands=demands,
        projects=chosen,
        periods=when,
        switch=opened[chosen.of_arc].T.ravel(),
        project=project,
        period=period,
        cost=np.zeros(len(project)) if names is not None else spent,
        spent=spent,
        rows=rows,
        rhs=rhs,
        budgets=names or [],
        budget_scale=scale,
    )


def _refuse_what_is_not_linear(arcs: pd.DataFrame) -> None:
    for column, empty in (("steps", None), ("lower", 0.0)):
        if column not in arcs:
            continue
        for row, value in zip(arcs.index.tolist(), arcs[column].tolist(), strict=True):
            if value is not None and value != empty and (isinstance(value, list | tuple) or not pd.isna(value)):
                raise SolverInputError.at(row, column, value, f"nothing: a design takes no column {column!r}")


def _read_periods(periods: Any) -> Periods:
    if periods is None:
        return Periods([None], np.ones(1), None, given=False)
    check_table(periods, ("weight",), "periods")
    if not len(periods):
        raise SolverInputError("periods: got no row, expected one for each period")
    weight = numbers(periods, "weight", 0, _MAX, "a number of zero or more", "periods")
    money = None
    if "budget" in periods:
        text = "a number of zero or more, or inf"
        money = np.cumsum(numbers(periods, "budget", 0, np.inf, text, "periods"))
    return Periods(periods.index.tolist(), weight, money, given=True)


def _copies(
    arcs: pd.DataFrame, demands: pd.DataFrame, unmet_penalty: Any, periods: Periods
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one table of arcs with a copy of the network per period, and demands that go over their copies."""
    check_table(demands, ("period",), "demands")
    place = {label: t for t, label in enumerate(periods.labels)}
    when = []
    for row, label in zip(demands.index.tolist(), demands["period"].tolist(), strict=True):
        if label not in place:
            raise SolverInputError.at(row, "period", label, f"one of {periods.labels!r}", "demands")
        when.append(place[label])
    priced = [c for c in arcs.columns if c == "cost" or str(c).startswith("cost_")]
    copies = []
    for t, weight in enumerate(periods.weight.tolist()):
        copy = arcs.set_axis(pd.RangeIndex(t * len(arcs), (t + 1) * len(arcs)), axis=0)
        for column in priced:
            copy[column] = _weighted(arcs[column].to_numpy(dtype=float), weight)
        for column in ("tail", "head", *(["group"] if "group" in arcs else [])):
            copy[column] = _marked(arcs[column], [t] * len(arcs), copy.index)
        copies.append(copy)
    moved = demands.drop(columns="period")
    for side in ("origin", "destination"):
        moved[side] = _marked(demands[side], when, demands.index)
    penalty = np.full(len(demands), np.inf if unmet_penalty is None else float(unmet_penalty))
    if "unmet_penalty" in demands:
        penalty = demands["unmet_penalty"].to_numpy(dtype=float)
    moved["unmet_penalty"] = _weighted(penalty, periods.weight[when])
    return pd.concat(copies), moved


def _weighted(values: FloatArray, weight: Any) -> FloatArray:
    """Return values times weights; what is infinite stays so whatever the weight."""
    finite = np.isfinite(values)
    product: FloatArray = np.where(finite, np.where(finite, values, 0.0) * weight, values)
    return product


def _marked(labels: pd.Series[Any], when: list[int], index: pd.Index[Any]) -> pd.Series[Any]:
    """Return pairs of period and label, None where there is no label."""
    there = labels.notna().tolist()
    pairs = [(t, v) if known else None for t, v, known in zip(when, labels.tolist(), there, strict=True)]
    series: pd.Series[Any] = pd.Series(pairs, index, dtype=object)
    return series


def _numbers(lead: IntArray, periods: int) -> IntArray:
    """Return numbers of decisions, shape (p, periods), -1 for those too late to open anything."""
    number = np.full((len(lead), periods), -1)
    in_time = np.arange(periods) < (periods - lead)[:, None]
    number[in_time] = np.arange(in_time.sum())
    return number


class _Conditions:
    """Rows ``sum of coefficient times decision <= rhs`` as they are gathered."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.entries: list[tuple[IntArray, FloatArray]] = []
        self.rhs: list[float] = []

    def add(self, columns: Sequence[int] | IntArray, values: Sequence[float] | FloatArray, rhs: float) -> None:
        self.entries.append((np.asarray(columns, dtype=np.int64), np.asarray(values, dtype=float)))
        self.rhs.append(rhs)

    def matrix(self) -> tuple[csr_array, FloatArray]:
        none: list[IntArray] = [np.zeros(0, dtype=np.int64)]
        start = np.concatenate([[0], np.cumsum([len(c) for c, _ in self.entries])]).astype(np.int64)
        column = np.concatenate(none + [c for c, _ in self.entries])
        value = np.concatenate([np.zeros(0)] + [v for _, v in self.entries])
        return csr_array((value, column, start), shape=(len(self.rhs), self.columns)), np.array(self.rhs, dtype=float)


def _order(conditions: _Conditions, projects: Projects, number: IntArray, opened: IntArray) -> None:
    """Add that a decision stands, that what is open has open what it requires, and that alternatives exclude."""
    for row in number.tolist():
        made = [j for j in row if j >= 0]
        for before, after in pairwise(made):
            conditions.add([before, after], [1.0, -1.0], 0.0)
    for i, j in projects.requires.tolist():
        for mine, other in zip(opened[i].tolist(), opened[j].tolist(), strict=True):
            if mine >= 0 and other >= 0:
                conditions.add([mine, other], [1.0, -1.0], 0.0)
            elif mine >= 0:
                conditions.add([mine], [1.0], 0.0)
    last = number.max(axis=1, initial=-1)
    for i, j in {(min(pair), max(pair)) for pair in projects.excludes.tolist()}:
        if last[i] >= 0 and last[j] >= 0:
            conditions.add([last[i], last[j]], [1.0, 1.0], 1.0)


def _budgets(
    conditions: _Conditions, projects: Projects, periods: Periods, limits: Budget | None, number: IntArray, scale: float
) -> list[Hashable] | None:
    """Add the limits on money, the last conditions, and return their names; None: money is a cost."""
    names: list[Hashable] = []
    last = number.max(axis=1, initial=-1)
    may = last >= 0
    if limits is not None:
        for name, member, limit in zip(limits.names, limits.member, limits.limit.tolist(), strict=True):
            mine = np.flatnonzero(member & may)
            conditions.add(last[mine], projects.fixed_cost[mine] / scale, min(limit, _MAX) / scale)
            names.append(name)
    if periods.money is not None:
        for t, limit in enumerate(periods.money.tolist()):
            by = number[:, : t + 1].max(axis=1, initial=-1)
            mine = np.flatnonzero(by >= 0)
            conditions.add(by[mine], projects.fixed_cost[mine] / scale, min(limit, _MAX) / scale)
            names.append(periods.labels[t])
    return None if limits is None and periods.money is None else names
