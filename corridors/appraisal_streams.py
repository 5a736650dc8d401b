"""Streams of an appraisal: capital cost spread over years, residual value, worth of avoided emissions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError

__all__ = ["carbon_value", "residual", "residual_of_benefits", "spend"]

_PROFILES: dict[str, Callable[[float], float]] = {
    "even": lambda part: part,
    "front": lambda part: 2 * part - part**2,
    "s-curve": lambda part: 3 * part**2 - 2 * part**3,
}
"""Share spent by each part of the lead time."""

_FloatArray = npt.NDArray[np.float64]

_MILLION = 1e6
_TOLERANCE = 1e-9


def spend(
    capex: float,
    start: int,
    lead_years: float,
    profile: str | Sequence[float] = "even",
    *,
    slippage: float = 1.0,
    overrun: float = 1.0,
) -> pd.Series[float]:
    r"""Spread a capital cost over the years of construction.

    Parameters
    ----------
    capex : float
        Planned cost, of any unit.
    start : int
        First year of spending.
    lead_years : float
        Planned years from the first spending to the opening.
    profile : str or sequence of float
        ``even``; ``front``: falling in a straight line to nothing at the opening; ``s-curve``: slow, fast, slow; or
        shares of equally long parts of the lead time, which sum to one, such as a share a year.
    slippage : float
        Years that it takes for one year planned. The profile is stretched.
    overrun : float
        What is spent for one planned.

    Returns
    -------
    Series by year
        Cost of each year, from `start` on; the works open in the year after the last. It sums to capex x overrun.

    Raises
    ------
    DataError
        A profile is unknown, shares do not sum to one or are negative, or lead time, slippage or overrun are not
        above zero.

    Notes
    -----
    With :math:`F(x)` spent by part x of a lead time of L years, year k takes :math:`F(\min((k+1)/L, 1)) - F(k/L)`.
    F is x for ``even``, :math:`2x - x^2` for ``front`` and :math:`3x^2 - 2x^3`, the beta distribution with both
    parameters 2, for ``s-curve``: over four years 25, 25, 25, 25 %; 43.75, 31.25, 18.75, 6.25 %; 15.6, 34.4, 34.4,
    15.6 %. The curves are conventions of ours, not estimates: give shares where they are known.
    """
    for name, value in (("lead_years", lead_years), ("slippage", slippage), ("overrun", overrun)):
        if not 0 < value < math.inf:
            raise DataError([f"spending has {name} = {value!r}; expected a number above zero"])
    length = lead_years * slippage
    years = math.ceil(length - _TOLERANCE)
    ends = np.minimum(np.arange(years + 1) / length, 1.0)
    ends[-1] = 1.0
    by = _cumulated(profile, ends)
    index = pd.Index(range(start, start + years), name="year")
    return pd.Series(capex * overrun * np.diff(by), index=index, name="capex")


def residual(capex: float, life_years: float, opened: int, end: int) -> float:
    r"""Return the residual value of works by straight line.

    Parameters
    ----------
    capex : float
        What was spent, of any unit.
    life_years : float
        Life of the works.
    opened : int
        First year of use.
    end : int
        Last year of the appraisal, in which the value is entered; it is a year of use.

    Returns
    -------
    float
        :math:`K \max(0, 1 - n / L)` after :math:`n = \mathrm{end} - \mathrm{opened} + 1` years of use; all of it if
        the works open later. Undiscounted.

    Raises
    ------
    DataError
        The life is not above zero.
    """
    if not life_years > 0:
        raise DataError([f"works have a life of {life_years!r} years; expected a number above zero"])
    used = max(end - opened + 1, 0)
    return capex * max(0.0, 1 - used / life_years)


def residual_of_benefits(
    net_benefit: float, life_years: int, opened: int, end: int, rate: float, growth: float = 0.0
) -> float:
    r"""Return the residual value of works as what their remaining years of use are worth.

    Parameters
    ----------
    net_benefit : float
        Benefits less costs of operation in the last year of the appraisal, renewals to come taken off.
    life_years : int
        Life of the works.
    opened, end : int
        First year of use and last year of the appraisal.
    rate : float
        Discount rate.
    growth : float
        Of the net benefit, a year.

    Returns
    -------
    float
        :math:`\sum_{k=1}^{m} b\,((1 + g)/(1 + r))^k` for the m years of life that remain after `end`: a value of the
        year `end`, to be entered there.

    Notes
    -----
    The rule of the European Union for assets that outlive the appraisal: Commission Delegated Regulation (EU) No
    480/2014, article 18(1); European Commission (2014), Guide to Cost-Benefit Analysis. It depends on the discount
    rate, so that each rate needs streams of its own, and it trusts the last year's benefits for decades more.
    """
    remaining = max(life_years - max(end - opened + 1, 0), 0)
    ratio = (1 + growth) / (1 + rate)
    return float(net_benefit * np.sum(ratio ** np.arange(1, remaining + 1)))


def carbon_value(
    t_co2e_avoided: pd.Series[float],
    price_per_t: pd.Series[float],
    beyond: Literal["refuse", "hold"] = "refuse",
) -> pd.Series[float]:
    """Return what avoided emissions are worth.

    Parameters
    ----------
    t_co2e_avoided : Series by year
        Tonnes of CO2 equivalent, without the project less with it: negative if it emits more.
    price_per_t : Series by year
        Shadow price of a tonne; years between two of it are interpolated in a straight line. In the price year of the
        other streams.
    beyond : str
        What happens to years outside the price path: ``refuse``, or ``hold`` its first or last price.

    Returns
    -------
    Series by year
        Millions of the currency of the price: the column ``carbon`` of `Streams`.

    Raises
    ------
    DataError
        A price is missing, a year comes twice or lies outside the path.
    """
    path = price_per_t.sort_index()
    if path.empty or path.index.has_duplicates or not np.isfinite(path.to_numpy(dtype=float)).all():
        raise DataError(["carbon price: expected one price for each of its years, every one a number"])
    first, last = path.index[0], path.index[-1]
    outside = [year for year in t_co2e_avoided.index if not first <= year <= last]
    if outside and beyond == "refuse":
        raise DataError(
            [f"carbon price: runs from {first} to {last}, year {outside[0]} is outside; hold it or extend it"]
        )
    prices = np.interp(t_co2e_avoided.index.to_numpy(dtype=float), path.index.to_numpy(dtype=float), path.to_numpy())
    return (t_co2e_avoided * prices / _MILLION).rename("carbon")


def _cumulated(profile: str | Sequence[float], parts: _FloatArray) -> _FloatArray:
    """Return the share spent by each part of the lead time."""
    if isinstance(profile, str):
        if profile not in _PROFILES:
            raise DataError([f"spending has profile {profile!r}; expected {', '.join(_PROFILES)} or shares"])
        return np.array([_PROFILES[profile](part) for part in parts])
    shares = np.asarray(profile, dtype=float)
    if not len(shares) or not (shares >= 0).all() or abs(shares.sum() - 1) > _TOLERANCE:
        raise DataError([f"spending has shares {list(profile)}; expected numbers from 0 that sum to 1"])
    spent: _FloatArray = np.interp(
        parts, np.arange(len(shares) + 1) / len(shares), np.concatenate([[0.0], np.cumsum(shares)])
    )
    return spent
