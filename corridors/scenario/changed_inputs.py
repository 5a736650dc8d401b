"""The series of a year that a scenario changes: rates of trains and ships, quotas, shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from networks import DataError, table_of

from ..past import PAST_YEARS, year_inputs
from .units import Change

__all__ = ["changed_inputs"]


def changed_inputs(prices: Mapping[str, Change], year: int, folder: str | Path | None) -> dict[str, float]:
    """Return the series of a year that a scenario changes, in their own units; DataError for what is wrong."""
    table = year_inputs(folder=folder)
    known = min(year, PAST_YEARS[-1])
    found, problems = {}, []
    units = _units_of_series(folder)
    for series, change in prices.items():
        if series not in table:
            continue  # told by the check of words
        wrong = _misfit(change, units[series])
        if wrong:
            problems.append(f"prices.{series}: {wrong}")
            continue
        old = float(table[series].get(known, np.nan))
        value = _series(change, old)
        if value is None:
            problems.append(f"prices.{series}: has no value in {known}; set one, without sign or factor")
        elif not 0 < value <= _most(units[series]) and not (value == 0 and units[series].startswith("%")):
            problems.append(f"prices.{series}: {change.text!r} makes it {value:g} {units[series]}")
        else:
            found[series] = value
    if problems:
        raise DataError(problems)
    return found


def _units_of_series(folder: str | Path | None) -> dict[str, str]:
    rows = table_of("year_inputs", folder)
    return dict(zip(rows["series"], rows["unit"], strict=True))


def _misfit(change: Change, unit: str) -> str:
    """Return what is wrong with the unit of a change of a series, or nothing."""
    wanted = {"USD/FEU": "USD/TEU", "d": "time", "TEU/yr": "TEU/time"}.get(unit, "share")
    if change.kind == "factor" or change.quantity.dimension == wanted:
        return ""
    return f"{change.text!r} is in another unit than the series, {unit}"


def _most(unit: str) -> float:
    return 100.0 if unit.startswith("%") else math.inf


def _series(change: Change, old: float) -> float | None:
    """Return the new value of a series in the units of year_inputs.csv: USD/FEU, d, %, TEU/yr."""
    if change.kind == "factor":
        return None if math.isnan(old) else old * change.value
    size = {"USD/TEU": 2.0, "time": 1 / 24, "share": 100.0, "TEU/time": 8760.0}[change.quantity.dimension]
    value = change.value * size
    if change.kind == "set":
        return value
    return None if math.isnan(old) else old + value
