"""Capacities in one unit: TEU a year, from train pairs, trains, trucks and tonnes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from .errors import DataError, nearest
from .tables import GRADES, Tables

__all__ = ["EACH_WAY", "with_capacity"]

EACH_WAY = ("train pairs/d",)
"""Units that count each direction for itself; all others count both together."""

_BY_TRAIN, _BY_TRUCK = {"teu_per_train": 1, "days_per_year": 1}, {"teu_per_truck": 1, "days_per_year": 1}
_FACTORS: dict[str, tuple[float, Mapping[str, int]]] = {
    "TEU/yr": (1.0, {}),
    "Mt/yr": (1e6, {"t_per_teu": -1}),
    "train pairs/d": (1.0, _BY_TRAIN),
    "trains/d": (1.0, _BY_TRAIN),
    "trains/yr": (1.0, {"teu_per_train": 1}),
    "trucks/d": (1.0, _BY_TRUCK),
    "trucks/yr": (1.0, {"teu_per_truck": 1}),
}
"""For each unit a number and powers of parameters, whose product is TEU a year."""


def with_capacity(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return the rows with their capacity as TEU a year and the grade of that.

    Parameters
    ----------
    rows : DataFrame
        Columns ``capacity`` (NaN: not known), ``capacity_unit``, ``capacity_grade``.
    tables : Tables
        Where the parameters ``t_per_teu``, ``teu_per_train``, ``teu_per_truck``, ``days_per_year`` stand.

    Returns
    -------
    DataFrame
        The rows with ``capacity_teu_per_year`` (inf where none is known) and ``capacity_grade`` (worst of
        the capacity's and those of the parameters used; empty where none is known).

    Raises
    ------
    DataError
        A capacity has no unit, or one that is not in containers, trains, trucks or tonnes.
    """
    known = rows["capacity"].notna()
    units = rows["capacity_unit"]
    wrong = known & ~units.isin(list(_FACTORS))
    for row in rows.index[wrong][:1]:
        got, expected = f"{rows.at[row, 'capacity']:g} {units[row]}".strip(), ", ".join(_FACTORS)
        hint = nearest(units[row], _FACTORS)
        raise DataError([f"capacity of {row}: got {got!r}, expected a unit of {expected}{hint}"])
    factor = {unit: _factor(unit, tables) for unit in units[known].unique()}
    grade = {unit: _grade(unit, tables) for unit in factor}
    given = rows["capacity_grade"].where(rows["capacity_grade"] != "", "EST")
    worst = [max(a, b, key=GRADES.index) for a, b in zip(given[known], units[known].map(grade), strict=True)]
    grades = pd.Series("", index=rows.index, dtype=object)
    grades[known] = worst
    return rows.assign(
        capacity_teu_per_year=(rows["capacity"] * units.map(factor).astype(float)).where(known, np.inf),
        capacity_grade=grades,
    )


def _factor(unit: str, tables: Tables) -> float:
    scale, powers = _FACTORS[unit]
    return scale * math.prod(tables.parameter(name) ** power for name, power in powers.items())


def _grade(unit: str, tables: Tables) -> str:
    grades: list[str] = tables.parameters.loc[list(_FACTORS[unit][1]), "grade"].tolist()
    return max(grades, key=GRADES.index, default="A")
