"""What may be built: projects of arcs with what they cost, require and exclude, and the money there is for them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import BoolArray, FloatArray, SolverInputError, check_table, hashes, numbers

IntArray = npt.NDArray[np.int64]

_MAX = 1e15
_TABLE = "projects"


@dataclass(frozen=True, eq=False)
class Projects:
    """Projects as arrays, in order of the table of projects, then of the arcs that name others.

    Attributes
    ----------
    labels : list of p labels
        Of the projects.
    of_arc : ndarray of int, shape (m,)
        Project of each arc, -1 for an arc that is there already.
    fixed_cost : ndarray of float, shape (p,)
        Paid once if built.
    requires : ndarray of int, shape (r, 2)
        Pairs: who is built needs the other built too.
    excludes : ndarray of int, shape (e, 2)
        Pairs of which one at most is built.
    line : list of p labels
        Budget line of each project, None for none.
    lead : ndarray of int, shape (p,)
        Whole periods between decision and opening.
    """

    labels: list[Hashable]
    of_arc: IntArray
    fixed_cost: FloatArray
    requires: IntArray
    excludes: IntArray
    line: list[Hashable | None]
    lead: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def index(self) -> pd.Index[Any]:
        """The labels as an index, tuples kept whole."""
        return pd.Index(self.labels, name="project", tupleize_cols=False)

    def open_arcs(self, built: BoolArray) -> BoolArray:
        """Say which arcs are there if the projects marked in `built`, shape (p,), are built."""
        return np.append(built, True)[self.of_arc]

    def allows(self, built: BoolArray) -> bool:
        """Say whether a set of projects, shape (p,), breaks no `requires` or `excludes`."""
        lacks = built[self.requires[:, 0]] & ~built[self.requires[:, 1]]
        return not lacks.any() and not built[self.excludes].all(axis=1).any()


class Budget(NamedTuple):
    """Limits on fixed costs: ``member @ (fixed_cost * built) <= limit``."""

    names: list[Hashable]  # lines, or "total"
    member: BoolArray  # (rows, p)
    limit: FloatArray


def read_projects(arcs: pd.DataFrame, projects: pd.DataFrame | None) -> Projects:
    """Check columns ``fixed_cost`` and ``project`` of arcs and the table of projects; see `solvers.solve_design`.

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.
    """
    check_table(arcs, ())
    if "fixed_cost" not in arcs and "project" not in arcs:
        raise SolverInputError(
            "arcs: columns 'fixed_cost' and 'project' are missing, expected one of them at least: which arcs may be "
            f"built; found {arcs.columns.tolist()!r}"
        )
    if projects is not None:
        check_table(projects, (), _TABLE)
        _refuse_unknown_columns(projects)
    charge = _charges(arcs, "fixed_cost", "arcs") if "fixed_cost" in arcs else np.zeros(len(arcs))
    charge = np.where(np.isnan(charge), 0.0, charge)
    number: dict[Hashable, int] = {label: i for i, label in enumerate([] if projects is None else projects.index)}
    listed = len(number)
    of_arc = _projects_of_arcs(arcs, charge, number)
    total = np.bincount(of_arc[of_arc >= 0], charge[of_arc >= 0], minlength=len(number)).astype(float)
    line: list[Hashable | None] = [None] * len(number)
    lead = np.zeros(len(number), dtype=np.int64)
    requires = excludes = np.zeros((0, 2), dtype=np.int64)
    if projects is not None:
        if "fixed_cost" in projects:
            stated = _charges(projects, "fixed_cost", _TABLE)
            total[:listed] = np.where(np.isnan(stated), total[:listed], stated)
        if "line" in projects:
            line[:listed] = _labels(projects, "line", _TABLE)
        if "lead" in projects:
            lead[:listed] = _leads(projects)
        requires, excludes = (_pairs(projects, column, number) for column in ("requires", "excludes"))
    return Projects(list(number), of_arc, total, requires, excludes, line, lead)


def read_budget(budget: Any, projects: Projects) -> Budget | None:
    """Return the limits that a number or a mapping by line sets; None: there are none, fixed costs are a cost.

    Raises
    ------
    SolverInputError
        It is neither, or a project that costs something has no line in the mapping.
    """
    if budget is None:
        return None
    if isinstance(budget, pd.Series):
        if not budget.index.is_unique:
            raise SolverInputError(f"budget: got a Series whose index {budget.index.tolist()!r} names a line twice")
        budget = dict(budget.items())
    if not isinstance(budget, Mapping):
        return Budget(["total"], np.ones((1, len(projects)), dtype=bool), np.array([_money(budget, "budget")]))
    lines = list(budget)
    limit = np.array([_money(budget[line], f"budget of line {line!r}") for line in lines], dtype=float)
    for label, line, cost in zip(projects.labels, projects.line, projects.fixed_cost.tolist(), strict=True):
        if cost > 0 and line not in budget:
            has = "no line" if line is None else f"line {line!r}"
            raise SolverInputError(
                f"budget: project {label!r} has {has}, expected one of {lines!r} for each project that costs something"
            )
    member = np.array([[line is not None and line == name for line in projects.line] for name in lines], dtype=bool)
    return Budget(lines, member.reshape(len(lines), len(projects)), limit)


def _money(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value >= 0:
        expected = "a number of zero or more" + (", or such numbers by line" if name == "budget" else "")
        raise SolverInputError(f"{name}: got {value!r}, expected {expected}")
    return float(value)


def _refuse_unknown_columns(projects: pd.DataFrame) -> None:
    """Raise for a column that is nearly one of those that are read; others are the user's own."""
    known = ("fixed_cost", "requires", "excludes", "line", "lead")
    for column in projects.columns:
        near = get_close_matches(str(column), known, 1, 0.8)
        if near and column not in known:
            raise SolverInputError(f"projects: column {column!r} is unknown; did you mean {near[0]!r}?")


def _charges(frame: pd.DataFrame, column: str, table: str) -> FloatArray:
    """Return fixed costs, NaN where none is stated."""
    check_table(frame, (column,), table)
    stated = frame[column].notna().to_numpy()
    found = np.full(len(frame), np.nan)
    found[stated] = numbers(frame[stated], column, 0, _MAX, "a number of zero or more, or NaN", table)
    return found


def _labels(frame: pd.DataFrame, column: str, table: str) -> list[Hashable | None]:
    check_table(frame, (column,), table)
    values = frame[column].tolist()
    for row, value in zip(frame.index.tolist(), values, strict=True):
        if not hashes(value):
            raise SolverInputError.at(row, column, value, "a hashable label, or None", table)
    there = frame[column].notna().tolist()
    return [value if given else None for value, given in zip(values, there, strict=True)]


def _projects_of_arcs(arcs: pd.DataFrame, charge: FloatArray, number: dict[Hashable, int]) -> IntArray:
    """Return the project of each arc (-1: none), numbering those that are not in the table of projects."""
    rows: list[Hashable] = arcs.index.tolist()
    named = _labels(arcs, "project", "arcs") if "project" in arcs else [None] * len(arcs)
    shared = {label for label in named if label is not None}
    found = np.full(len(arcs), -1, dtype=np.int64)
    for i, (row, label, cost) in enumerate(zip(rows, named, charge.tolist(), strict=True)):
        if label is None and cost > 0:
            if row in shared:
                expected = f"another label, as {row!r} is both this arc's own and the project of other arcs"
                raise SolverInputError.at(row, "project", None, expected)
            found[i] = number.setdefault(row, len(number))
        elif label is not None:
            found[i] = number.setdefault(label, len(number))
    return found


def _leads(projects: pd.DataFrame) -> IntArray:
    check_table(projects, ("lead",), _TABLE)
    filled = projects[["lead"]].astype(object).where(projects[["lead"]].notna(), 0)
    text = "a whole number of periods, zero or more"
    lead = numbers(filled, "lead", 0, 1e6, text, _TABLE)
    for i in np.flatnonzero(lead != np.floor(lead))[:1].tolist():
        raise SolverInputError.at(projects.index.tolist()[i], "lead", float(lead[i]), text, _TABLE)
    return lead.astype(np.int64)


def _pairs(projects: pd.DataFrame, column: str, number: dict[Hashable, int]) -> IntArray:
    """Return who names whom in a column of lists of labels, each pair once."""
    if column not in projects:
        return np.zeros((0, 2), dtype=np.int64)
    check_table(projects, (column,), _TABLE)
    found: dict[tuple[int, int], None] = {}
    for row, value in zip(projects.index.tolist(), projects[column].tolist(), strict=True):
        for label in _listed(row, column, value):
            if not hashes(label) or label not in number:
                near = get_close_matches(str(label), [str(known) for known in number], 3)
                hint = f"; nearest: {', '.join(near)}" if near else ""
                raise SolverInputError.at(row, column, label, f"labels of projects{hint}", _TABLE)
            if number[label] != number[row]:
                found[number[row], number[label]] = None
            elif column == "excludes":
                raise SolverInputError.at(row, column, label, "labels of other projects", _TABLE)
    return np.array(list(found), dtype=np.int64).reshape(-1, 2)


def _listed(row: Hashable, column: str, value: Any) -> Iterable[Any]:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise SolverInputError.at(row, column, value, "a list of labels of projects, or None", _TABLE)
    return value
