"""Demand of a year by country, tier and day, and the storages in service, as the solver takes them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from networks import DataError, GasTables

from .edits import FloatArray
from .energy import gcv, gwh
from .season import days_of, smooth_days, tiers_by_day

__all__ = ["TIERS", "day_of", "demand_rows", "fill_shares", "in_service", "outages", "storage_rows"]

TIERS = ("protected", "industry", "power")


def demand_rows(tables: GasTables, year: int, growth: pd.Series[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of demand and their rates by day.

    Parameters
    ----------
    tables : GasTables
    year : int
        A year after the last on record takes the last, times the growth.
    growth : Series by country
        Share a year, for what is beyond the record; 0 where a country is not in it.

    Returns
    -------
    demands : DataFrame
        ``node``, ``country``, ``tier``, ``title``, ``grade`` by ``demand_id`` ("TR.industry"; where a country has
        several places, the place is added).
    daily : DataFrame, days by demands
        GWh a day.
    """
    known = tables.demand[tables.demand["year"] <= year]
    if known.empty:
        raise DataError([f"{year}: no gas demand is on record for it or before; the first is {_first_year(tables)}"])
    last = known.groupby("place_id")["year"].transform("max")
    rows = known[known["year"] == last].copy()
    rows["gwh"] = gwh(rows["bcm"], gcv(tables.bases, rows["basis_id"]))
    rows["gwh"] *= (1.0 + rows["country_id"].map(growth).fillna(0.0)) ** (year - rows["year"])
    sites = rows.groupby(["country_id", "place_id"], sort=False).agg(
        gwh=("gwh", "sum"), grade=("grade", "max"), months=("months", "first")
    )
    shape = tables.demand_months.pivot_table(index="month", columns="country_id", values="share_pct") / 100.0
    shares = tables.tiers.pivot_table(index="tier", columns="country_id", values="share_pct") / 100.0
    days = days_of(year)
    several = sites.groupby(level="country_id").size()
    found, daily = [], {}
    for (country, place), site in sites.iterrows():
        months = _by_month(shape[_shaped(country, shape)], site["months"])[:, None] * site["gwh"]
        by_day = np.maximum(smooth_days(months, year)[:, 0], 0.0) if not site["months"] else _steps(months, days)
        tiers = tiers_by_day(by_day, shares[_shaped(country, shares)])
        for tier in TIERS:
            name = f"{country}.{tier}" if several[country] == 1 else f"{country}.{place}.{tier}"
            found.append((name, place, country, tier, site["grade"]))
            daily[name] = tiers[tier].to_numpy()
    columns = ["demand_id", "node", "country", "tier", "grade"]
    return pd.DataFrame(found, columns=columns).set_index("demand_id"), pd.DataFrame(daily, index=days)


def _steps(months: FloatArray, days: pd.DatetimeIndex) -> FloatArray:
    """Return daily rates that are the same all month: what begins on a date is not smoothed into the time before."""
    found: FloatArray = months[days.month - 1, 0] / days.days_in_month
    return np.asarray(found)


def _by_month(shape: pd.Series[float], only: tuple[str, ...]) -> FloatArray:
    """Return shares of the year by month, of some months only if it was taken in those alone."""
    taken = shape.where(shape.index.astype(int).astype(str).isin(only), 0.0) if only else shape
    found: FloatArray = (taken / taken.sum()).to_numpy()
    return found


def _first_year(tables: GasTables) -> int:
    return int(tables.demand["year"].min())


def _shaped(country: str, table: pd.DataFrame) -> str:
    """Return the country, if its shape is on record."""
    if country not in table.columns:
        raise DataError([f"{country}: months or tiers of its gas demand are not on record"])
    return country


def in_service(opens: pd.Series[str], closes: pd.Series[str], status: pd.Series[str], year: int) -> FloatArray:
    """Return on which days things are in service, shape (days, rows), 1 or 0.

    What is existing or idle-by-date serves from the day it opens to the day before it closes; what is planned, proposed
    or destroyed does not, whatever its dates: it is opened by a scenario.
    """
    days = days_of(year).date
    first = np.array([day_of(text, date.min) for text in opens])
    last = np.array([day_of(text, date.max) for text in closes])
    on = (days[:, None] >= first[None, :]) & (days[:, None] < last[None, :])
    return np.where(np.isin(status, ("existing",))[None, :], on, False).astype(float)


def day_of(text: str, default: date) -> date:
    """Return the first day that a year, month or day names."""
    return date.fromisoformat(f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"[:10]) if text else default


def outages(text: pd.Series[str], year: int) -> FloatArray:
    """Return the share in service by day, shape (days, rows), of outages written ``from/to:percent`` and ``;``."""
    days = days_of(year)
    found = np.ones((len(days), len(text)))
    for column, cell in enumerate(text):
        for part in filter(None, cell.split(";")):
            window, _, percent = part.rpartition(":")
            first, _, last = window.partition("/")
            found[(days >= first) & (days <= last), column] = float(percent) / 100.0
    return found


def storage_rows(tables: GasTables, year: int) -> pd.DataFrame:
    """Return the storages that serve in a year, the stages of one place as one.

    Returns
    -------
    DataFrame by place
        ``node``, ``country``, ``title``, ``working`` (GWh), ``injection``, ``withdrawal`` (GWh a day), ``loss`` (share
        of what is injected: fuel of compressors), ``start`` and ``end`` (GWh), ``grade``.
    """
    rows = tables.storages.copy()
    rows = rows[in_service(rows["opens"], rows["opens"] * 0, rows["status"], year).all(axis=0)]
    kwh = gcv(tables.bases, rows["basis_id"])
    rows["working"] = gwh(rows["working_bcm"], kwh)
    for rate in ("withdrawal", "injection"):
        rows[rate] = rows[f"{rate}_mcm_per_day"] * kwh
    rows["grade"] = rows[["working_grade", "withdrawal_grade", "injection_grade"]].max(axis=1)
    first = {"country_id": "first", "title": "first", "fuel_pct": "first", "grade": "max"}
    sums = {"working": "sum", "withdrawal": "sum", "injection": "sum"}
    found = rows.groupby("place_id", sort=False).agg({**first, **sums})
    found = found.rename(columns={"country_id": "country"}).assign(node=found.index, loss=found["fuel_pct"] / 100.0)
    for column, day in (("start", f"{year}-01-01"), ("end", f"{year + 1}-01-01")):
        found[column] = found["working"] * found["country"].map(fill_shares(tables, day))
    return found.drop(columns="fuel_pct")


def _years(tables: GasTables) -> range:
    return range(int(tables.supplies["year"].min()), int(tables.supplies["year"].max()) + 1)


def fill_shares(tables: GasTables, day: str) -> pd.Series[float]:
    """Return how full storages are on a day, share of working gas by country.

    The level of the EU between its readings, plus what a country was above or below it at its own readings, that too
    drawn out straight between them. Where a country has no reading: the level of the EU for members, for others the
    mean of its levels on that day of the years on record.
    """
    fill = tables.fill.assign(at=pd.to_datetime(tables.fill["date"]).map(pd.Timestamp.toordinal))
    fill = fill.sort_values("at")
    union = fill[fill["country_id"] == ""]
    asked = pd.Timestamp(day).toordinal()
    level = float(np.interp(asked, union["at"], union["fill_pct"]))
    same_days = [pd.Timestamp(f"{year}{day[4:]}").toordinal() for year in _years(tables)]
    usual = float(np.interp(same_days, union["at"], union["fill_pct"]).mean())
    found = {}
    for country in dict.fromkeys(tables.storages["country_id"]):
        own = fill[fill["country_id"] == country]
        above = own["fill_pct"].to_numpy() - np.interp(own["at"], union["at"], union["fill_pct"])
        if len(own):
            found[country] = level + float(np.interp(asked, own["at"], above))
        else:
            found[country] = level if "EU" in tables.countries.at[country, "groups"] else usual
    return pd.Series(found, name="fill").clip(0.0, 100.0) / 100.0
