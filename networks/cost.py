"""Generalised cost of arcs and its parts: tariff, time, reliability, carbon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .errors import DataError, nearest
from .tables import Tables

__all__ = ["PARTS", "Prices", "generalised_cost", "goods_prices"]

_MAX_PRICE = 1e6

PARTS = ("tariff_usd_per_teu", "time_usd_per_teu", "reliability_usd_per_teu", "carbon_usd_per_teu")
"""Columns whose sum is the generalised cost."""


@dataclass(frozen=True)
class Prices:
    """What a shipper's hour, unreliability and carbon cost, for one class of goods.

    Attributes
    ----------
    goods : str
        Name of the class.
    load_t_per_teu : float
        Load that emissions are counted for, t/TEU.
    value_of_time_usd_per_teu_h : float
        Worth of one hour less, USD per TEU and hour.
    reliability_ratio : float
        Worth of one hour less of standard deviation over the worth of one hour less.
    reference_spread_h : float
        Standard deviation at which the additive reliability cost equals the usual one, h.
    carbon_price_usd_per_t : float
        USD per tonne of CO2e.
    """

    goods: str
    load_t_per_teu: float
    value_of_time_usd_per_teu_h: float
    reliability_ratio: float
    reference_spread_h: float
    carbon_price_usd_per_t: float

    def __post_init__(self) -> None:
        """Refuse prices that no search could use."""
        for name in ("value_of_time_usd_per_teu_h", "reliability_ratio", "carbon_price_usd_per_t"):
            value = getattr(self, name)
            if not 0 <= value <= _MAX_PRICE:
                raise DataError([f"{name}: got {value}, expected a number of zero or more (at most {_MAX_PRICE:,.0f})"])
        for name in ("load_t_per_teu", "reference_spread_h"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise DataError([f"{name}: got {value}, expected a number above zero"])


def goods_prices(
    tables: Tables,
    goods: str = "general",
    *,
    value_of_time_usd_per_teu_h: float | None = None,
    carbon_price_usd_per_t: float | None = None,
) -> Prices:
    """Return the prices of a class of goods.

    Parameters
    ----------
    tables : Tables
        Where goods and parameters stand.
    goods : str
        Row of ``goods.csv``. Its value of time is its value x its loss per day / 24.
    value_of_time_usd_per_teu_h, carbon_price_usd_per_t : float, optional
        Used instead of the tables' values.

    Returns
    -------
    Prices
        What `generalised_cost` counts with.

    Raises
    ------
    DataError
        Unknown goods, or a negative price.
    """
    if goods not in tables.goods.index:
        known = ", ".join(tables.goods.index)
        raise DataError([f"goods {goods!r} is unknown, expected one of {known}{nearest(goods, tables.goods.index)}"])
    row: Any = tables.goods.loc[goods]
    hourly = float(row["value_usd_per_teu"]) * float(row["value_of_time_pct_per_day"]) / 100 / 24
    carbon = tables.parameter("carbon_price_usd_per_t")
    return Prices(
        goods=goods,
        load_t_per_teu=float(row["load_t_per_teu"]),
        value_of_time_usd_per_teu_h=hourly if value_of_time_usd_per_teu_h is None else value_of_time_usd_per_teu_h,
        reliability_ratio=tables.parameter("reliability_ratio"),
        reference_spread_h=tables.parameter("reference_spread_h"),
        carbon_price_usd_per_t=carbon if carbon_price_usd_per_t is None else carbon_price_usd_per_t,
    )


def generalised_cost(arcs: pd.DataFrame, prices: Prices) -> pd.DataFrame:
    r"""Return the generalised cost of each arc and its parts.

    Parameters
    ----------
    arcs : DataFrame
        Columns ``tariff_usd_per_teu``, ``hours``, ``spread_h`` (standard deviation), ``kgco2e_per_t``.
    prices : Prices
        Worth of time, reliability and carbon.

    Returns
    -------
    DataFrame
        Same index; the columns of `PARTS` and their sum ``cost_usd_per_teu``, all USD/TEU.

    Notes
    -----
    .. math:: c = m + v\,t + \rho\,v\,\sigma^2/\sigma_0 + p\,e

    with tariff m, value of time v, hours t, reliability ratio :math:`\rho`, standard deviation
    :math:`\sigma`, its reference :math:`\sigma_0`, carbon price p and emission e. Standard deviations do
    not add along a route but variances of independent delays do, so the variance is priced (Fosgerau and
    Engelson 2011, Transportation Research Part B 45(1), 1-8): the shortest path stays exact, and a route
    whose standard deviation is :math:`\sigma_0` pays what the usual :math:`\rho v \sigma` says.
    """
    hour = prices.value_of_time_usd_per_teu_h
    per_variance = prices.reliability_ratio * hour / prices.reference_spread_h
    per_kg = prices.load_t_per_teu * prices.carbon_price_usd_per_t / 1000
    parts = pd.DataFrame(
        {
            "tariff_usd_per_teu": arcs["tariff_usd_per_teu"],
            "time_usd_per_teu": hour * arcs["hours"],
            "reliability_usd_per_teu": per_variance * arcs["spread_h"] ** 2,
            "carbon_usd_per_teu": per_kg * arcs["kgco2e_per_t"],
        }
    )
    return parts.assign(cost_usd_per_teu=parts.sum(axis=1))
