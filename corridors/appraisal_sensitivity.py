"""What an appraisal depends on: switching values, critical variables, tornado."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from networks import GRADES, DataError

__all__ = ["GRADE_HALF_WIDTHS", "Evaluate", "critical_variables", "grade_ranges", "switching_values", "tornado"]

Evaluate = Callable[[Mapping[str, Any]], Any]
"""From values of all variables, by name, to the ENPV."""

GRADE_HALF_WIDTHS: Mapping[str, float] = {"A": 0.05, "B": 0.15, "C": 0.30, "EST": 0.50}
"""Half width of the range of a figure by its grade, relative: a judgement, not a measurement."""

_STEP = 0.01  # of the variable, by which the European Commission's guide tells critical ones
_POINTS = 65  # at which a change of sign is looked for
_LINEAR = 1e-9
_ROUNDING = 1e-9


def switching_values(
    evaluate: Evaluate,
    variables: Mapping[str, float] | Iterable[str],
    bracket: tuple[float, float] | Mapping[str, tuple[float, float]] = (0.0, 5.0),
) -> pd.DataFrame:
    """Return the value of each variable at which the ENPV is zero, the others as they are.

    Parameters
    ----------
    evaluate : callable
        Takes a mapping of all variables to numbers and returns the ENPV.
    variables : mapping or iterable of str
        Base value by variable; names alone are multipliers with base 1.
    bracket : pair of float, or mapping
        Where to look: multiples of each base value, or values themselves by variable.

    Returns
    -------
    DataFrame by variable
        ``base``, ``switching_value`` (the one closest to the base; NaN if there is none), ``change_pct`` from the base,
        ``reason`` (why there is none; empty otherwise).

    Raises
    ------
    DataError
        A bracket is not two rising numbers, one is missing, or a value of the ENPV is not a number.

    Notes
    -----
    Where the ENPV is a straight line, exact; otherwise Brent's method between the neighbouring points of a grid over
    the bracket at which its sign changes. Definition: European Commission (2014), Guide to Cost-Benefit Analysis of
    Investment Projects, section 2.9; Asian Development Bank (1997), Guidelines for the Economic Analysis of Projects,
    appendix 21. The reciprocal of the relative change is the ADB's sensitivity indicator, if the ENPV is a line.
    """
    base = _base(variables)
    rows = {}
    for name, value in base.items():
        low, high = _bracket(name, value, bracket)

        def enpv(at: float, name: str = name) -> float:
            return _number(evaluate, {**base, name: at})

        root = _nearest_root(enpv, value, low, high)
        rows[name] = {
            "base": value,
            "switching_value": root,
            "change_pct": 100 * (root / value - 1) if value else np.nan,
            "reason": f"ENPV does not change sign from {low:g} to {high:g}" if np.isnan(root) else "",
        }
    columns = ["base", "switching_value", "change_pct", "reason"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("variable")


def critical_variables(evaluate: Evaluate, variables: Mapping[str, float] | Iterable[str]) -> pd.DataFrame:
    """Return how much the ENPV answers to one per cent of each variable.

    Parameters
    ----------
    evaluate, variables
        As in `switching_values`.

    Returns
    -------
    DataFrame by variable
        ``base``, ``enpv_minus_1pct``, ``enpv_plus_1pct``, ``elasticity`` (per cent of the ENPV for one per cent of the
        variable: the stronger of both directions, with its sign), ``critical`` (elasticity of at least 1 in size). The
        strongest first. With an ENPV of zero, elasticities are infinite.

    Notes
    -----
    European Commission (2014), Guide to Cost-Benefit Analysis of Investment Projects, section 2.9: a variable is
    critical if a change of 1 % makes the NPV change by more than 1 %; counted here from 1 % on.
    """
    base = _base(variables)
    centre = _number(evaluate, base)
    rows = {}
    for name, value in base.items():
        down, up = (_number(evaluate, {**base, name: value * (1 + step)}) for step in (-_STEP, _STEP))
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = np.array([centre - down, up - centre]) / np.abs(centre) / _STEP
        strongest = float(sides[np.argmax(np.abs(sides))])
        rows[name] = {
            "base": value,
            "enpv_minus_1pct": down,
            "enpv_plus_1pct": up,
            "elasticity": strongest,
            "critical": bool(abs(strongest) >= 1 - _ROUNDING),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("variable")
    return table.sort_values("elasticity", key=np.abs, ascending=False, kind="stable")


def tornado(
    evaluate: Evaluate, ranges: Mapping[str, tuple[float, float]], base: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return what the ENPV is at both ends of each variable's range, the others at their base.

    Parameters
    ----------
    evaluate : callable
        As in `switching_values`.
    ranges : mapping of str to (low, high)
        Values of each variable, as from `grade_ranges`.
    base : mapping, optional
        Base value by variable; 1, a multiplier, where left out.

    Returns
    -------
    DataFrame by variable
        ``low``, ``base``, ``high`` (values of the variable), ``enpv_low``, ``enpv_base``, ``enpv_high``, ``width``
        (from the least to the largest of the three); the widest first.
    """
    centre = dict.fromkeys(ranges, 1.0) | dict(base or {})
    at_base = _number(evaluate, centre)
    rows = {}
    for name, (low, high) in ranges.items():
        ends = [_number(evaluate, {**centre, name: end}) for end in (low, high)]
        rows[name] = {
            "low": low,
            "base": centre[name],
            "high": high,
            "enpv_low": ends[0],
            "enpv_base": at_base,
            "enpv_high": ends[1],
            "width": max(*ends, at_base) - min(*ends, at_base),
        }
    columns = ["low", "base", "high", "enpv_low", "enpv_base", "enpv_high", "width"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("variable")
    return table.sort_values("width", ascending=False, kind="stable")


def grade_ranges(
    grades: Mapping[str, str],
    base: Mapping[str, float] | None = None,
    half_widths: Mapping[str, float] = GRADE_HALF_WIDTHS,
) -> dict[str, tuple[float, float]]:
    """Return the range of each variable that its grade stands for.

    Parameters
    ----------
    grades : mapping of str to str
        A, B, C or EST by variable.
    base : mapping, optional
        Base value by variable; 1 where left out.
    half_widths : mapping of str to float
        Relative half width by grade. The defaults, 5, 15, 30 and 50 %, are a judgement: nobody has measured how far
        figures of a grade are off.

    Returns
    -------
    dict
        Variable to its low and high value.

    Raises
    ------
    DataError
        A grade that has no range.
    """
    unknown = next((grade for grade in grades.values() if grade not in half_widths), None)
    if unknown is not None:
        raise DataError([f"grade {unknown!r} has no range; expected one of {', '.join(GRADES)}"])
    centre = dict.fromkeys(grades, 1.0) | dict(base or {})
    found = {}
    for name, grade in grades.items():
        spread = abs(centre[name]) * half_widths[grade]
        found[name] = (centre[name] - spread, centre[name] + spread)
    return found


def _base(variables: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    if isinstance(variables, Mapping):
        return {name: float(value) for name, value in variables.items()}
    return dict.fromkeys(variables, 1.0)


def _number(evaluate: Evaluate, at: Mapping[str, float]) -> float:
    value = float(evaluate(at))
    if np.isnan(value):
        raise DataError([f"ENPV is no number at {dict(at)}"])
    return value


def _bracket(
    name: str, value: float, bracket: tuple[float, float] | Mapping[str, tuple[float, float]]
) -> tuple[float, float]:
    if isinstance(bracket, Mapping):
        if name not in bracket:
            raise DataError([f"switching value of {name!r}: no bracket given"])
        low, high = bracket[name]
    else:
        low, high = sorted(value * factor for factor in bracket)
    if not low < high:
        raise DataError([f"switching value of {name!r}: bracket from {low!r} to {high!r}; expected two rising numbers"])
    return low, high


def _nearest_root(enpv: Callable[[float], float], base: float, low: float, high: float) -> float:
    """Return the root closest to the base; NaN if there is none."""
    grid = np.linspace(low, high, _POINTS)
    at_ends = np.array([enpv(low), enpv(high)])
    straight = _straight_root(enpv, low, high, at_ends)
    if straight is not None:
        return straight
    worth = np.array([at_ends[0], *(enpv(at) for at in grid[1:-1]), at_ends[1]])
    roots = list(grid[worth == 0])
    changes = np.flatnonzero(worth[:-1] * worth[1:] < 0)
    roots += [brentq(enpv, grid[at], grid[at + 1], xtol=1e-13 * max(1.0, abs(high))) for at in changes]
    return float(min(roots, key=lambda root: abs(root - base))) if roots else np.nan


def _straight_root(enpv: Callable[[float], float], low: float, high: float, at_ends: np.ndarray) -> float | None:
    """Return the root of a straight line, NaN if it lies outside; None if the ENPV is not one."""
    parts = np.array([0.25, 0.5, 0.6180339887])
    inside = np.array([enpv(low + part * (high - low)) for part in parts])
    line = at_ends[0] + parts * (at_ends[1] - at_ends[0])
    if not np.allclose(inside, line, rtol=0, atol=_LINEAR * np.abs(at_ends).max()):
        return None
    rise = at_ends[1] - at_ends[0]
    if rise == 0 or at_ends[0] * at_ends[1] > 0:
        return np.nan
    return float(low - at_ends[0] * (high - low) / rise)
