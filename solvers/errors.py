"""What the solvers raise for wrong input, and the checks of tables and arrays that raise it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_SEARCHED = 50_000
_MAX_COST = 1e300  # leaves room for sums along a path


class SolverInputError(ValueError):
    """A table, array or label given to a solver is wrong; the message says where."""

    @classmethod
    def at(cls, row: Hashable, column: Hashable, value: object, expected: str, table: str = "arcs") -> SolverInputError:
        """Build the error for one wrong value of a table.

        Parameters
        ----------
        row : hashable
            Label of the row.
        column : hashable
            Name of the column.
        value : object
            What stands there.
        expected : str
            What should stand there.
        table : str
            Which table: arcs or demands.

        Returns
        -------
        SolverInputError
            The error, ready to raise.
        """
        return cls(f"{table} row {row!r}, column {column!r}: got {value!r}, expected {expected}")

    @classmethod
    def unknown_node(cls, role: str, label: object, known: Iterable[Hashable]) -> SolverInputError:
        """Build the error for a label that is no node of the graph, with its nearest labels.

        Parameters
        ----------
        role : str
            What the label was given as, e.g. ``"source"``.
        label : object
            The unknown label.
        known : iterable of hashable
            Labels of the graph; the first 50 000 are compared, as strings.

        Returns
        -------
        SolverInputError
            The error, ready to raise.
        """
        by_text: dict[str, Hashable] = {}
        for node in islice(known, _SEARCHED):
            by_text.setdefault(str(node), node)
        near = [repr(by_text[text]) for text in get_close_matches(str(label), by_text, n=3)]
        hint = f"nearest labels: {', '.join(near)}" if near else "no label is close to it"
        return cls(f"{role} {label!r} is unknown, expected a label in columns 'tail' or 'head' of arcs; {hint}")


def hashes(label: Any) -> bool:
    """Say whether a value can be a label."""
    try:
        hash(label)
    except TypeError:  # a tuple holding a list has __hash__ but no hash
        return False
    return True


def check_table(frame: Any, needed: Sequence[Hashable], table: str = "arcs", kinds: str = "a DataFrame") -> None:
    """Raise unless the table has the needed columns, once each, and a unique index."""
    if not isinstance(frame, pd.DataFrame):
        raise SolverInputError(f"{table}: got {type(frame).__name__}, expected {kinds}")
    columns: list[Any] = frame.columns.tolist()
    for column in needed:
        times = columns.count(column)
        if times != 1:
            state = "is missing" if times == 0 else f"appears {times} times"
            names = " and ".join([", ".join(map(repr, needed[:-1])), repr(needed[-1])])
            raise SolverInputError(f"{table}: column {column!r} {state}, expected {names} once each; found {columns!r}")
    if not frame.index.is_unique:
        row = frame.index[frame.index.duplicated()].tolist()[0]
        times = frame.index.tolist().count(row)
        raise SolverInputError(f"{table} row {row!r}: its label appears {times} times in the index, expected once")


def node_labels(frame: pd.DataFrame, column: str, rows: Sequence[Hashable], table: str = "arcs") -> list[Hashable]:
    """Return the labels in a column, one per row; raise for a missing or unhashable one."""
    values: list[Hashable] = frame[column].tolist()
    for i in np.flatnonzero(frame[column].isna().to_numpy())[:1]:
        raise SolverInputError.at(rows[i], column, values[i], "a node label", table)
    for row, value in zip(rows, values, strict=True):
        if not hashes(value):
            raise SolverInputError.at(row, column, value, "a hashable node label", table)
    return values


def demand_nodes(demands: pd.DataFrame, side: str, ids: Mapping[Hashable, int]) -> npt.NDArray[np.int64]:
    """Return the node numbers of origins or destinations; raise for a label that is no node."""
    rows: list[Hashable] = demands.index.tolist()
    labels = node_labels(demands, side, rows, "demands")
    for row, label in zip(rows, labels, strict=True):
        if label not in ids:
            raise SolverInputError.unknown_node(f"demands row {row!r}: {side}", label, ids)
    return np.array([ids[label] for label in labels], dtype=np.int64)


def numbers(
    frame: pd.DataFrame, column: Hashable, low: float, high: float, expected: str, table: str = "arcs"
) -> FloatArray:
    """Return a column as a new float array; raise for what is no number from `low` to `high`."""
    raw = frame[column]
    if pd.api.types.is_numeric_dtype(raw):
        found: FloatArray = raw.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    else:
        found = np.array([float(x) if isinstance(x, Real) else np.nan for x in raw], dtype=np.float64)
    for i in np.flatnonzero(~((found >= low) & (found <= high)))[:1].tolist():
        raise SolverInputError.at(frame.index.tolist()[i], column, raw.tolist()[i], expected, table)
    return found


def check_ends(name: str, side: npt.NDArray[Any], n: int, m: int) -> None:
    """Raise unless an array has m integers in 0..n-1."""
    if side.shape != (m,) or (m and side.dtype.kind not in "iu"):
        got = f"{side.dtype} of shape {side.shape}"
        raise SolverInputError(f"{name}: got {got}, expected integers of shape ({m},)")
    for i in np.flatnonzero((side < 0) | (side >= n))[:1].tolist():
        raise SolverInputError.at(i, name, side[i].item(), f"a node in 0..{n - 1}")


def check_costs(values: Any, rows: Sequence[Hashable], column: Hashable) -> FloatArray:
    """Return costs as a new float array, one per row; raise for one that is no number in 0..1e300."""
    raw = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))
    if len(raw) != len(rows):
        raise SolverInputError(f"{column!r}: got {len(raw)} costs, expected {len(rows)}, one per arc")
    if pd.api.types.is_numeric_dtype(raw):
        cost: FloatArray = raw.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    else:
        cost = np.array([float(x) if isinstance(x, Real) else np.nan for x in raw], dtype=np.float64)
    for i in np.flatnonzero(~((cost >= 0) & (cost <= _MAX_COST)))[:1].tolist():
        raise SolverInputError.at(rows[i], column, raw.tolist()[i], f"a number from 0 to {_MAX_COST:g}")
    return cost


def check_mask(values: npt.ArrayLike, m: int) -> BoolArray:
    """Return a copy of a boolean mask of m arcs; raise for another type or shape."""
    mask: BoolArray = np.array(values)
    if mask.dtype != np.bool_ or mask.shape != (m,):
        raise SolverInputError(f"mask: got {mask.dtype} of shape {mask.shape}, expected bool of shape ({m},)")
    return mask


def deadline_of(begin: float, time_limit_s: float | None) -> float:
    """Return when to stop; raise for a limit that is no number of seconds from 0."""
    if time_limit_s is None:
        return np.inf
    if isinstance(time_limit_s, bool) or not isinstance(time_limit_s, Real) or not time_limit_s >= 0:
        raise SolverInputError(f"time_limit_s: got {time_limit_s!r}, expected a number from 0")
    return begin + float(time_limit_s)


class FlowCheckError(RuntimeError):
    """The answer of a solver failed the check against the tables; no number of it is handed out."""
