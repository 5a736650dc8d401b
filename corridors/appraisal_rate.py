"""Discounting, and the rate of return at which yearly flows are worth nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from networks import DataError

__all__ = ["RateOfReturn", "discount_factors", "rate_of_return"]

_FloatArray = npt.NDArray[np.float64]
_SEEN = (-0.99, 10.0)  # rates that are searched when there may be several
_POINTS = 4000
_WIDEST = 60.0  # of the logarithm of 1 + rate


@dataclass(frozen=True)
class RateOfReturn:
    """A rate of return, or why there is none.

    Attributes
    ----------
    rate : float
        0.1 for 10 % a year; NaN without a single meaningful rate.
    reason : str
        Why there is none, or why it is the only one although flows change sign more than once; empty otherwise.
    roots : tuple of float
        Rates at which the present value is zero; where there may be several, those from -99 to 1000 % a year.
    """

    rate: float
    reason: str
    roots: tuple[float, ...]


def discount_factors(years: Iterable[int], rate: float, base_year: int) -> _FloatArray:
    """Return :math:`(1 + r)^{-(t - t_0)}` of each year t; DataError for a rate that is not above -100 %."""
    if not rate > -1:
        raise DataError([f"discount rate is {rate!r}; expected a number above -1, such as 0.03"])
    factors: _FloatArray = (1.0 + rate) ** -(np.asarray(years, dtype=float) - base_year)
    return factors


def rate_of_return(flows: pd.Series[float]) -> RateOfReturn:
    """Return the internal rate of return of yearly flows: the economic one, if flows are economic.

    Parameters
    ----------
    flows : Series by year
        Benefits less costs, years without gap.

    Returns
    -------
    RateOfReturn

    Raises
    ------
    DataError
        Years are missing, or a flow is no finite number.

    Notes
    -----
    The root of the present value, by Brent's method (Brent 1973, Algorithms for Minimization without Derivatives) on
    the logarithm of 1 + rate. With one change of sign, costs first, Descartes' rule leaves exactly one, above -100 %.
    With more, Norstrom (1972, Journal of Financial and Quantitative Analysis 7(3), 1835-1839) shows that there is
    exactly one above zero if cumulated flows change sign once. Otherwise no rate is given, however many the search
    finds: decide by the ENPV. Flows that bring benefits first have no return, as a higher rate makes them better.
    """
    values = flows.to_numpy(dtype=float)
    if (np.diff(flows.index) != 1).any() or not np.isfinite(values).all():
        raise DataError(["rate of return: expected a finite flow for each year, years without gap"])
    signs = _signs(values)
    if not len(signs):
        return RateOfReturn(np.nan, "all flows are zero", ())
    if len(signs) == 1:
        what = "costs" if signs[0] > 0 else "benefits"
        return RateOfReturn(np.nan, f"net flows never change sign: there are no years of net {what}", ())
    if len(signs) == 2:
        root = _single(values)
        if signs[0] > 0:
            return RateOfReturn(np.nan, "benefits come before costs, so that a higher rate makes them better", (root,))
        return RateOfReturn(root, "", (root,))
    changes = len(signs) - 1
    total = _signs(np.cumsum(values))
    roots = _search(values)
    if signs[0] < 0 and len(total) == 2 and values.sum() > 0:
        rate = _positive(values)
        return RateOfReturn(rate, f"{changes} changes of sign, one rate above zero (Norstrom)", roots)
    found = ", ".join(f"{root:.2%}" for root in roots)
    where = f"ENPV is zero at {found}" if roots else "ENPV is zero at no rate from -99 to 1000 %"
    return RateOfReturn(np.nan, f"net flows change sign {changes} times and {where}; decide by the ENPV", roots)


def _signs(values: _FloatArray) -> _FloatArray:
    """Return signs in order, zeros and repetitions left out."""
    signs: _FloatArray = np.sign(values[values != 0])
    return signs[np.concatenate([[True], np.diff(signs) != 0])] if len(signs) else signs


def _worth(log_growth: float, values: _FloatArray) -> float:
    """Return the present value up to a positive factor that keeps it within numbers."""
    powers = -log_growth * np.arange(len(values))
    return float(values @ np.exp(powers - powers.max()))


def _single(values: _FloatArray) -> float:
    """Return the only root of flows with one change of sign."""
    reach = 0.1
    while np.sign(_worth(-reach, values)) == np.sign(_worth(reach, values)) and reach < _WIDEST:
        reach *= 2
    return float(np.expm1(brentq(_worth, -reach, reach, args=(values,), xtol=1e-14)))


def _positive(values: _FloatArray) -> float:
    """Return the only root above zero."""
    reach = 0.1
    while _worth(reach, values) > 0 and reach < _WIDEST:
        reach *= 2
    return float(np.expm1(brentq(_worth, 0.0, reach, args=(values,), xtol=1e-14)))


def _search(values: _FloatArray) -> tuple[float, ...]:
    """Return roots between the rates that are looked at."""
    grid = np.linspace(np.log1p(_SEEN[0]), np.log1p(_SEEN[1]), _POINTS)
    worth = np.array([_worth(at, values) for at in grid])
    roots = list(grid[worth == 0])
    roots += [
        brentq(_worth, grid[at], grid[at + 1], args=(values,), xtol=1e-14)
        for at in np.flatnonzero(worth[:-1] * worth[1:] < 0)
    ]
    return tuple(float(np.expm1(root)) for root in sorted(roots))
