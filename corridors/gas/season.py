"""Demand of a year by day: months as they are known, days between them without steps, tiers by season."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.sparse import bmat, coo_array, diags, identity
from scipy.sparse.linalg import splu

from .edits import FloatArray

__all__ = ["days_of", "smooth_days", "tiers_by_day"]

_STIFF = 1e-9  # keeps the system regular: what differences leave free
_LEAST_PROTECTED = 0.1  # of a day's demand: what homes and services take in summer too


def days_of(year: int) -> pd.DatetimeIndex:
    """Return the days of a calendar year."""
    return pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D", name="day")


def smooth_days(monthly: FloatArray, year: int) -> FloatArray:
    """Return daily rates whose sums by month are given and that change least from day to day.

    Parameters
    ----------
    monthly : ndarray, shape (12, k)
        Amounts by month, one column for each series.
    year : int
        Calendar year.

    Returns
    -------
    ndarray, shape (365 or 366, k)

    Notes
    -----
    Least sum of squared differences between days, the last of the year next to the first: J. C. G. Boot, W. Feibes,
    J. H. C. Lisman, "Further methods of derivation of quarterly figures from annual data", Applied Statistics 16
    (1967) 65-75.
    """
    days = days_of(year)
    solve, count = _smoother(tuple(days.days_in_month[days.is_month_start].tolist()))
    amounts = np.asarray(monthly, dtype=float)
    found: FloatArray = solve(np.vstack([np.zeros((count, amounts.shape[1])), amounts]))[:count]
    return found


@lru_cache(maxsize=4)
def _smoother(lengths: tuple[int, ...]) -> tuple[Callable[[FloatArray], FloatArray], int]:
    count = sum(lengths)
    step = diags([1.0, -1.0], [0, 1], shape=(count, count), format="lil")
    step[count - 1, 0] = -1.0
    rough = (step.T @ step).tocsc() + _STIFF * identity(count)
    month = np.repeat(np.arange(len(lengths)), lengths)
    sums = coo_array((np.ones(count), (month, np.arange(count))), shape=(len(lengths), count))
    return splu(bmat([[rough, sums.T], [sums, None]], format="csc")).solve, count


def tiers_by_day(daily: FloatArray, shares: pd.Series[float]) -> pd.DataFrame:
    """Split the demand of a country by day into tiers.

    Parameters
    ----------
    daily : ndarray, shape (days,)
        Demand.
    shares : Series
        Share of the year of tiers ``protected``, ``industry``, ``power``.

    Returns
    -------
    DataFrame, days by tiers
        Industry and power take the same each day; homes and services, who heat, take the rest, at least a tenth of
        the day's demand.
    """
    flat = shares[["industry", "power"]].to_numpy(dtype=float) * daily.mean()
    room = daily * (1.0 - _LEAST_PROTECTED)
    fits = np.minimum(1.0, np.divide(room, flat.sum(), out=np.ones_like(room), where=flat.sum() > 0))
    table = pd.DataFrame(fits[:, None] * flat[None, :], columns=["industry", "power"])
    table.insert(0, "protected", daily - table.sum(axis=1).to_numpy())
    return table
