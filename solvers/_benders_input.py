"""Scenarios as arrays: one problem for each, all with the same nodes, segments, commodities and rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from ._problem import CAPACITY, GROUP, Problem, Rows, read_groups, read_problem, sums
from .errors import SolverInputError, check_table, hashes, numbers

if TYPE_CHECKING:
    from ._problem import IntArray
    from ._projects import Projects
    from .errors import BoolArray, FloatArray

_TABLE = "scenarios"
_MAPPINGS = ("capacity", "cost", "quantity", "group_capacity")


@dataclass(frozen=True, eq=False)
class Scenarios:
    """What may happen, as arrays and as tables.

    Attributes
    ----------
    index : Index of s labels
        Of the scenarios.
    probability : ndarray of float, shape (s,)
        Their sum is one.
    tables : list of s pairs of DataFrame
        Arcs and demands of each scenario, every project built.
    shared : Problem
        Greatest capacities and quantities of all scenarios; its rows are those of every scenario.
    problems : list of s Problem
        Each scenario, every project built; penalties that are inf are left so.
    mean : Problem
        Expected capacities, costs and quantities. Where an arc may not be used at any cost its capacity counts
        as none; where it has no limit, as the load of all that could go over it.
    project : ndarray of int, shape (rows,)
        Project whose building the capacity of each row depends on, -1 for none.
    """

    index: pd.Index[Any]
    probability: FloatArray
    tables: list[tuple[pd.DataFrame, pd.DataFrame]]
    shared: Problem
    problems: list[Problem]
    mean: Problem
    project: IntArray

    def __len__(self) -> int:
        return len(self.problems)


def read_scenarios(
    arcs: pd.DataFrame, demands: pd.DataFrame, scenarios: Any, projects: Projects, unmet_penalty: Any
) -> Scenarios:
    """Check the table of scenarios and turn each into a problem; see `solvers.solve_two_stage`.

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.
    """
    read_problem(arcs, demands, unmet_penalty)
    if "lower" in arcs and (arcs["lower"] > 0).any():
        row = arcs.index[(arcs["lower"] > 0).to_numpy()][0]
        raise SolverInputError.at(row, "lower", arcs["lower"][row], "0: least loads do not go with scenarios")
    check_table(scenarios, ("probability",), _TABLE)
    if not len(scenarios):
        raise SolverInputError("scenarios: the table is empty, expected one row at least")
    classes = set(demands["class"].tolist()) if "class" in demands else set()
    columns = [*_MAPPINGS, *(f"cost_{c}" for c in classes if f"cost_{c}" in arcs)]
    _refuse_unknown_columns(scenarios, [*columns, "probability", "closed"])
    probability = numbers(scenarios, "probability", 0, 1, "a number from 0 to 1", _TABLE)
    if abs(probability.sum() - 1) > 1e-6:
        raise SolverInputError(f"scenarios: column 'probability' sums to {probability.sum():.9g}, expected 1")
    groups, _, room = read_groups(arcs)
    tables = [
        (
            _changed_arcs(arcs, scenarios, row, [c for c in columns if c.startswith("cost")], groups),
            _changed(demands, "quantity", _mapping(scenarios, row, "quantity", demands.index, "demand")),
        )
        for row in range(len(scenarios))
    ]
    capacity = np.array([a["capacity"].to_numpy(dtype=float) for a, _ in tables])
    quantity = np.array([d["quantity"].to_numpy(dtype=float) for _, d in tables])
    held = np.array([read_groups(a)[2] for a, _ in tables]).reshape(len(tables), len(room))
    widest = arcs.assign(capacity=capacity.max(axis=0))
    base = read_problem(widest, demands.assign(quantity=quantity.max(axis=0)), unmet_penalty)
    dearer = [any(_given(scenarios, c, row) for c in columns if c.startswith("cost")) for row in range(len(tables))]
    cost = [
        read_problem(a.assign(capacity=widest["capacity"]), d, unmet_penalty).cost if other else base.cost
        for (a, d), other in zip(tables, dearer, strict=True)
    ]
    if any(c.shape != base.cost.shape for c in cost):
        raise SolverInputError("scenarios: costs by class need demands of the same classes in all scenarios")
    maker = _Maker(base, projects, capacity.min(axis=0), held)
    amounts = [_by_commodity(base, q) for q in quantity]
    problems = [maker.problem(*each) for each in zip(capacity, cost, held, amounts, strict=True)]
    return Scenarios(
        index=scenarios.index,
        probability=probability / probability.sum(),
        tables=tables,
        shared=maker.problem(capacity.max(axis=0), base.cost, held.max(axis=0), base.quantity),
        problems=problems,
        mean=maker.mean(probability, capacity, cost, held, np.array(amounts)),
        project=maker.project,
    )


class _Maker:
    """Makes problems that differ in numbers only."""

    def __init__(self, base: Problem, projects: Projects, least: FloatArray, held: FloatArray) -> None:
        self.base = base
        first = np.searchsorted(base.arc, base.arc)
        before = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(base.capacity), base.capacity, 0.0))])
        self.begins: FloatArray = before[:-1] - before[first]  # load of its arc at which each segment begins
        of_segment = projects.of_arc[base.arc]
        self.most = self._most(base.quantity)
        narrow = self._widths(least) < self.most
        single = np.flatnonzero(((of_segment >= 0) & (base.capacity > 0)) | narrow)
        inside = np.flatnonzero(base.group >= 0)
        total = sums(base.group[inside], self.most[inside], len(base.groups))
        shared = np.flatnonzero(held.min(axis=0) < total)
        place = np.full(len(base.groups), -1, dtype=np.int64)
        place[shared] = np.arange(len(shared))
        inside = inside[place[base.group[inside]] >= 0]
        self.single, self.shared = single, shared
        self.kind = np.repeat([CAPACITY, GROUP], [len(single), len(shared)])
        self.owner = np.concatenate([single, shared]).astype(np.int64)
        row = np.concatenate([np.arange(len(single)), len(single) + place[base.group[inside]]])
        segment = np.concatenate([single, inside])
        shape = (len(self.kind), len(base.arc))
        self.incidence = coo_array((np.ones(len(row)), (row, segment)), shape=shape).tocsr()
        self.project = np.concatenate([of_segment[single], np.full(len(shared), -1)]).astype(np.int64)

    def _most(self, quantity: FloatArray) -> FloatArray:
        """Return the load of each segment if every commodity went over it once."""
        most: FloatArray = sums(self.base.kind, quantity, len(self.base.load)) @ self.base.load
        return most

    def _widths(self, capacity: FloatArray) -> FloatArray:
        """Return the capacity of each segment for capacities of arcs."""
        return np.clip(capacity[self.base.arc] - self.begins, 0.0, self.base.capacity)

    def problem(self, capacity: FloatArray, cost: FloatArray, held: FloatArray, quantity: FloatArray) -> Problem:
        base, width = self.base, self._widths(capacity)
        shut = (base.group >= 0) & np.append(held == 0, False)[base.group]
        rhs = np.minimum(np.concatenate([width[self.single], held[self.shared]]), self._enough(quantity))
        return replace(
            base,
            cost=cost,
            capacity=width,
            closed=(width == 0) | shut,
            group_shut=shut,
            arc_capacity=capacity,
            quantity=quantity,
            rows=Rows(self.incidence, rhs, self.kind, self.owner),
        )

    def _enough(self, quantity: FloatArray) -> FloatArray:
        """Return a capacity of each row that no flow on simple paths uses up: what is built needs a finite one."""
        enough: FloatArray = self.incidence @ self._most(quantity)
        return enough

    def mean(
        self, weight: FloatArray, capacity: FloatArray, cost: list[FloatArray], held: FloatArray, amount: FloatArray
    ) -> Problem:
        base = self.base
        costs = np.array(cost)
        usable: BoolArray = np.isfinite(costs)
        share = weight[:, None, None] * usable
        total = share.sum(axis=0)
        priced = (share * np.where(usable, costs, 0.0)).sum(axis=0)
        expected = np.where(total > 0, priced / np.where(total > 0, total, 1.0), np.inf)
        most = np.zeros(len(base.arcs))
        np.maximum.at(most, base.arc, self.most)
        first = np.searchsorted(base.arc, np.arange(len(base.arcs)))  # steps add to a cost, but bar nothing
        room = np.where(np.any(usable, axis=1)[:, first], np.minimum(capacity, most), 0.0)
        inside = base.group >= 0
        whole = sums(base.group[inside], self.most[inside], len(base.groups))
        return self.problem(weight @ room, expected, weight @ np.minimum(held, whole), weight @ amount)


def _by_commodity(problem: Problem, quantity: FloatArray) -> FloatArray:
    sent = problem.commodity >= 0
    return sums(problem.commodity[sent], quantity[sent], problem.k)


def _changed_arcs(
    arcs: pd.DataFrame, scenarios: pd.DataFrame, row: int, costs: list[str], groups: list[Hashable]
) -> pd.DataFrame:
    """Return the arcs of one scenario."""
    changed = _changed(arcs, "capacity", _mapping(scenarios, row, "capacity", arcs.index, "arc"))
    for column in costs:
        mapping = _mapping(scenarios, row, column, arcs.index, "arc", low=-np.inf)
        changed = _changed(changed, column, mapping)
    held = _mapping(scenarios, row, "group_capacity", groups, "group")
    if held:
        rooms = [held.get(group, room) for group, room in zip(arcs["group"], arcs["group_capacity"], strict=True)]
        changed = changed.assign(group_capacity=rooms)
    closed = _closed(scenarios, row, arcs.index)
    return _changed(changed, "capacity", dict.fromkeys(closed, 0.0)) if closed else changed


def _changed(table: pd.DataFrame, column: str, values: dict[Hashable, float]) -> pd.DataFrame:
    """Return a table with some values of a column changed."""
    if not values:
        return table
    column_of = table[column].to_numpy(dtype=float, copy=True)
    column_of[table.index.get_indexer(pd.Index(list(values), tupleize_cols=False))] = list(values.values())
    return table.assign(**{column: column_of})


def _given(scenarios: pd.DataFrame, column: str, row: int) -> bool:
    if column not in scenarios:
        return False
    value = scenarios[column].tolist()[row]
    return value is not None and value is not pd.NA and not (isinstance(value, float) and np.isnan(value))


def _mapping(
    scenarios: pd.DataFrame, row: int, column: str, labels: Any, what: str, low: float = 0.0
) -> dict[Hashable, float]:
    """Return what a scenario states for a column; empty if nothing."""
    if not _given(scenarios, column, row):
        return {}
    value, label = scenarios[column].tolist()[row], scenarios.index.tolist()[row]
    if isinstance(value, pd.Series):
        value = dict(value.items())
    if not isinstance(value, Mapping):
        raise SolverInputError.at(label, column, value, f"a mapping of labels of {what}s to numbers, or None", _TABLE)
    known = labels if isinstance(labels, pd.Index) else set(labels)
    for key, number in value.items():
        _check_label(label, column, key, known, what)
        if isinstance(number, bool) or not isinstance(number, int | float | np.number) or not number >= low:
            expected = "a number" + (" of zero or more" if low == 0 else "")
            raise SolverInputError.at(label, column, number, f"{expected} for {what} {key!r}", _TABLE)
    return {key: float(number) for key, number in value.items()}


def _closed(scenarios: pd.DataFrame, row: int, known: pd.Index[Any]) -> list[Hashable]:
    if not _given(scenarios, "closed", row):
        return []
    value, label = scenarios["closed"].tolist()[row], scenarios.index.tolist()[row]
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset | np.ndarray | pd.Index):
        raise SolverInputError.at(label, "closed", value, "a list of labels of arcs, or None", _TABLE)
    listed = list(value)
    for key in listed:
        _check_label(label, "closed", key, known, "arc")
    return listed


def _check_label(row: Hashable, column: str, key: Any, known: Any, what: str) -> None:
    if not hashes(key) or key not in known:
        near = get_close_matches(str(key), [str(k) for k in known], 3)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise SolverInputError.at(row, column, key, f"labels of {what}s{hint}", _TABLE)


def _refuse_unknown_columns(scenarios: pd.DataFrame, known: list[str]) -> None:
    """Raise for a column that is nearly one of those that are read; others are the user's own."""
    for column in scenarios.columns:
        near = get_close_matches(str(column), known, 1, 0.8)
        if near and column not in known:
            raise SolverInputError(f"scenarios: column {column!r} is unknown; did you mean {near[0]!r}?")
