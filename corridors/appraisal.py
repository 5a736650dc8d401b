"""What a project is worth: ENPV, benefits by costs, EIRR and payback of yearly costs and benefits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest

from .appraisal_rate import RateOfReturn, discount_factors, rate_of_return

__all__ = ["BENEFITS", "COSTS", "Appraisal", "Streams", "appraise", "present_value"]

COSTS = ("capex", "o_and_m")
"""Columns that are costs: positive is spent, negative is saved."""

BENEFITS = ("shippers_surplus", "carbon", "other_benefits", "residual")
"""Columns that are benefits: positive is gained, negative is lost."""


_MONEY = ("pv_costs", "pv_benefits", "enpv")
_SHOWN = ("rate_pct", *_MONEY, "bc_ratio", "eirr_pct", "payback_years", "discounted_payback_years")
_ROUNDING = 1e-12
_NEVER = "costs are not recovered within the years of the appraisal (residual value left out)"


@dataclass(frozen=True, eq=False)
class Streams:
    """Costs and benefits by year, with the project less without it.

    Attributes
    ----------
    table : DataFrame by year
        Millions of one currency at constant prices of one year, undiscounted. Any of ``capex``, ``o_and_m`` (costs:
        positive is spent), ``shippers_surplus``, ``carbon``, ``other_benefits`` and ``residual`` (benefits: positive
        is gained); what is left out is zero. Years follow each other without gap.
    currency : str
        Such as EUR.
    price_year : int
        Year whose prices all columns are in.

    Raises
    ------
    DataError
        A column is unknown, a year is missing, twice or no whole number, or a value is not a finite number.
    """

    table: pd.DataFrame
    currency: str
    price_year: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", _checked(self.table))

    @property
    def unit(self) -> str:
        """Unit of all columns, in words."""
        return f"million {self.currency}, prices of {self.price_year}"

    @property
    def costs(self) -> pd.Series[float]:
        """Costs by year, million."""
        return self.table[list(COSTS)].sum(axis=1).rename("costs")

    @property
    def benefits(self) -> pd.Series[float]:
        """Benefits by year, million, the residual value included."""
        return self.table[list(BENEFITS)].sum(axis=1).rename("benefits")

    @property
    def net(self) -> pd.Series[float]:
        """Benefits less costs by year, million."""
        return (self.benefits - self.costs).rename("net")

    def evaluator(self, rate: float, base_year: int | None = None) -> Callable[[Mapping[str, Any]], Any]:
        """Return a function from multipliers of columns to the ENPV, for sensitivities and draws.

        Parameters
        ----------
        rate : float
            Discount rate, 0.03 for 3 %.
        base_year : int, optional
            As in `appraise`.

        Returns
        -------
        callable
            Takes multipliers by column, numbers or arrays; columns that are left out count once.

        Raises
        ------
        DataError
            By the function: no such column.
        """
        factors = discount_factors(self.table.index, rate, self._base(base_year))
        worth = {name: float(self.table[name] @ factors) * (-1 if name in COSTS else 1) for name in self.table}

        def evaluate(multipliers: Mapping[str, Any]) -> Any:
            unknown = next((name for name in multipliers if name not in worth), None)
            if unknown is not None:
                raise DataError([f"streams have no column {unknown!r}{nearest(unknown, worth)}"])
            return sum(value * multipliers.get(name, 1.0) for name, value in worth.items())

        return evaluate

    def _base(self, base_year: int | None) -> int:
        return int(self.table.index[0]) if base_year is None else base_year


@dataclass(frozen=True, eq=False)
class Appraisal:
    """What a project is worth at several discount rates.

    Attributes
    ----------
    streams : Streams
        Costs and benefits.
    base_year : int
        Year that is worth what it says; later years are discounted to it.
    rates : tuple of float
        Discount rates.
    by_rate : DataFrame by rate
        ``pv_costs``, ``pv_benefits``, ``enpv`` (million), ``bc_ratio``, ``payback_years`` (the same in all rows),
        ``discounted_payback_years``.
    rate_of_return : RateOfReturn
        The EIRR, or why there is none.
    reasons : dict
        Why a figure is NaN: name of the figure, with ``@ rate`` where it depends on the rate, to the reason.
    """

    streams: Streams
    base_year: int
    rates: tuple[float, ...]
    by_rate: pd.DataFrame = field(repr=False)
    rate_of_return: RateOfReturn
    reasons: Mapping[str, str]

    @property
    def eirr(self) -> float:
        """Rate at which the ENPV is zero, 0.1 for 10 %; NaN where `reasons` says why."""
        return self.rate_of_return.rate

    def enpv(self, rate: float) -> float:
        """Return the economic net present value at one of the rates, million.

        Parameters
        ----------
        rate : float
            One of ``rates``, 0.03 for 3 %.
        """
        return float(self.by_rate.loc[rate, "enpv"])

    def table(self) -> pd.DataFrame:
        """Return one row per discount rate, units in the columns.

        Returns
        -------
        DataFrame
            ``rate_pct``, ``pv_costs_million_<cur>``, ``pv_benefits_million_<cur>``, ``enpv_million_<cur>``,
            ``bc_ratio``, ``eirr_pct`` (the same in all rows), ``payback_years``, ``discounted_payback_years``. The
            currency and the price year are in ``attrs["unit"]``.
        """
        money = f"million_{self.streams.currency.lower()}"
        table = self.by_rate.assign(rate_pct=100 * np.array(self.rates), eirr_pct=100 * self.eirr)[list(_SHOWN)]
        table = table.rename(columns={name: f"{name}_{money}" for name in _MONEY}).reset_index(drop=True)
        table.attrs["unit"] = self.streams.unit
        return table

    def present_values(self) -> pd.DataFrame:
        """Return what each column of the streams is worth at each rate.

        Returns
        -------
        DataFrame, ``stream`` by ``rate``
            Million.
        """
        worth = {
            rate: self.streams.table.mul(discount_factors(self.streams.table.index, rate, self.base_year), axis=0).sum()
            for rate in self.rates
        }
        return pd.DataFrame(worth).rename_axis(index="stream", columns="rate")

    def __repr__(self) -> str:
        """Return the ENPV at each rate and the EIRR."""
        worth = ", ".join(f"{self.enpv(rate):,.1f} at {rate:.1%}" for rate in self.rates)
        eirr = f"EIRR {self.eirr:.1%}" if np.isfinite(self.eirr) else f"no EIRR: {self.rate_of_return.reason}"
        return f"Appraisal(ENPV {worth}; {eirr}; {self.streams.unit}, base year {self.base_year})"


def present_value(flows: pd.Series[float], rate: float, base_year: int) -> float:
    r"""Return what yearly flows are worth in the base year.

    Parameters
    ----------
    flows : Series by year
    rate : float
        Discount rate, 0.03 for 3 %.
    base_year : int
        Flows of this year count as they are; earlier ones are compounded.

    Returns
    -------
    float
        :math:`\sum_t f_t (1 + r)^{-(t - t_0)}`, in the unit of the flows.
    """
    return float(flows.to_numpy(dtype=float) @ discount_factors(flows.index, rate, base_year))


def appraise(streams: Streams, rates: Sequence[float] = (0.03, 0.06, 0.09), base_year: int | None = None) -> Appraisal:
    r"""Appraise yearly costs and benefits at each discount rate.

    Parameters
    ----------
    streams : Streams
        Costs and benefits by year, constant prices.
    rates : sequence of float
        Real discount rates. By default the 3 % of the Economic Appraisal Vademecum 2021-2027, 6 % and the 9 % that
        the ADB asks for (Guidelines for the Economic Analysis of Projects, 2017).
    base_year : int, optional
        Year that flows are discounted to; the first by default. Spreadsheets whose function discounts the first year
        too have the year before it.

    Returns
    -------
    Appraisal

    Raises
    ------
    DataError
        A rate is not above -100 % or comes twice, or there is none.

    Notes
    -----
    :math:`\mathrm{ENPV} = \sum_t (B_t - C_t) (1 + r)^{-(t - t_0)}`. C is capital and operating cost, B all else, the
    residual value included as an inflow of the last year: it is not taken off the capital cost. So
    :math:`\mathrm{B/C} = \mathrm{PV}(B) / \mathrm{PV}(C)`, and what a project saves in operation makes the divisor
    smaller. The ratio depends on such choices, as the ADB's guidelines of 1997 warn (paragraph 132); ENPV and EIRR do
    not. The EIRR is described in `rate_of_return`.

    Payback is counted from the beginning of the first year until costs are recovered for good, flows spread evenly
    over each year; the residual value does not count, as nothing is sold. Definitions: European Commission (2014),
    Guide to Cost-Benefit Analysis of Investment Projects, doi 10.2776/97516.
    """
    asked = tuple(float(rate) for rate in rates)
    if not asked or len(set(asked)) < len(asked) or any(not rate > -1 for rate in asked):
        raise DataError([f"discount rates are {list(asked)}; expected different numbers above -1, such as 0.03"])
    base = streams._base(base_year)
    found = rate_of_return(streams.net)
    payback = _payback(streams.net - streams.table["residual"])
    reasons = {} if np.isfinite(found.rate) else {"eirr": found.reason}
    if np.isnan(payback):
        reasons["payback_years"] = _NEVER
    rows = {}
    for rate in asked:
        rows[rate], why = _row(streams, rate, base, payback)
        reasons |= {f"{name} @ {rate:g}": reason for name, reason in why.items()}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("rate")
    return Appraisal(streams, base, asked, table, found, reasons)


def _row(streams: Streams, rate: float, base: int, payback: float) -> tuple[dict[str, float], dict[str, str]]:
    costs, benefits = (present_value(flows, rate, base) for flows in (streams.costs, streams.benefits))
    used = (streams.net - streams.table["residual"]) * discount_factors(streams.table.index, rate, base)
    row = {
        "pv_costs": costs,
        "pv_benefits": benefits,
        "enpv": benefits - costs,
        "bc_ratio": benefits / costs if costs > 0 else np.nan,
        "payback_years": payback,
        "discounted_payback_years": _payback(used),
    }
    reasons = {} if costs > 0 else {"bc_ratio": "present value of costs is not above zero"}
    if np.isnan(row["discounted_payback_years"]):
        reasons["discounted_payback_years"] = _NEVER
    return row, reasons


def _payback(net: pd.Series[float]) -> float:
    """Return years until the cumulated flows are above zero for good; NaN if they never are."""
    total = np.concatenate([[0.0], np.cumsum(net.to_numpy(dtype=float))])
    below = np.flatnonzero(total < -_ROUNDING * np.abs(total).max())
    if not len(below):
        return 0.0
    last = int(below[-1])
    if last == len(total) - 1:
        return np.nan
    return float(last - total[last] / (total[last + 1] - total[last]))


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with all columns, as floats by whole years; list what is wrong with it."""
    known = (*COSTS, *BENEFITS)
    problems = [f"streams have an unknown column {c!r}{nearest(str(c), known)}" for c in table if c not in known]
    if table.empty:
        problems.append("streams are empty; expected a row for each year")
    years = pd.to_numeric(pd.Series(table.index), errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(years).all() or (years % 1).any():
        problems.append(f"streams are indexed by {list(table.index[:3])}…; expected whole years")
    elif (np.diff(years) != 1).any():
        at = int(np.flatnonzero(np.diff(years) != 1)[0])
        problems.append(f"streams go from year {years[at]:.0f} to {years[at + 1]:.0f}; expected the next year")
    for name in table.columns.intersection(known):
        values = pd.to_numeric(table[name], errors="coerce")
        problems += [
            f"streams, year {year}, {name}: {table.at[year, name]!r}; expected a number"
            for year in table.index[~np.isfinite(values)]
        ]
    if problems:
        raise DataError(problems)
    full = table.reindex(columns=list(known), fill_value=0.0).astype(float)
    return full.set_axis(pd.Index(years.astype(int), name="year"))
