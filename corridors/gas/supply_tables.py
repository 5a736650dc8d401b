"""Supplies and contracts of a year as the solver takes them: pipeline sources, LNG terminals, take or pay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from networks import DataError, GasTables

from .demand_tables import day_of, in_service, outages
from .edits import FloatArray
from .energy import DAYS_A_YEAR, gcv, gwh, per_day
from .season import days_of

__all__ = ["contract_rows", "lng_rows", "pipeline_rows", "series_prices"]

_EUR, _USD = "EUR/MWh", "USD/MWh"


def series_prices(tables: GasTables, year: int, usd_per_eur: float) -> pd.Series[float]:
    """Return the price of each series in a year, USD per MWh; a year beyond the record has the last."""
    known = tables.prices[tables.prices["year"] <= year]
    if known.empty:
        raise DataError([f"{year}: no gas price is on record for it or before"])
    last = known.sort_values("year").drop_duplicates("series", keep="last").set_index("series")
    return last["value"] * np.where(last["unit"] == _EUR, usd_per_eur, 1.0)


def pipeline_rows(tables: GasTables, year: int, prices: Mapping[str, float]) -> pd.DataFrame:
    """Return the sources of a year.

    Parameters
    ----------
    prices : mapping
        USD per MWh by series.

    Returns
    -------
    DataFrame by supply_id
        ``node``, ``title``, ``country``, ``carrier``, ``price`` (USD per MWh), ``capacity`` (GWh a day), ``most_total``
        (GWh of the year), ``lead_days`` and ``plan`` (what may come before the lead is over: any), ``grade``. A year
        beyond the record has what the last one had.
    """
    known = tables.supplies[tables.supplies["year"] <= year]
    if known.empty:
        raise DataError([f"{year}: no gas supply is on record for it or before"])
    rows = known.sort_values("year").drop_duplicates("supply_id", keep="last").set_index("supply_id")
    rows = rows.loc[[s for s in dict.fromkeys(tables.supplies["supply_id"]) if s in rows.index]]
    kwh = gcv(tables.bases, rows["basis_id"])
    total = gwh(rows["available_bcm"], kwh)
    swing = 1.0 + tables.parameter("gas_swing_pct") / 100.0
    usual = per_day(total) * swing
    most = rows["most_mcm_per_day"].to_numpy() * kwh
    return pd.DataFrame(
        {
            "node": rows["place_id"],
            "title": rows["title"],
            "country": rows["seller_country_id"],
            "carrier": rows["carrier"],
            "price": _price(rows, prices),
            "capacity": np.where(np.isnan(most), usual, most),
            "most_total": total * len(days_of(year)) / DAYS_A_YEAR,
            "lead_days": 0.0,
            "plan": np.inf,
            "grade": rows["available_grade"],
        },
        index=rows.index,
    )


def _price(rows: pd.DataFrame, prices: Mapping[str, float]) -> FloatArray:
    series = rows["price_series"].map(prices).fillna(0.0) * rows["price_factor"].fillna(0.0)
    found: FloatArray = (series + rows["price_usd_per_mwh"].fillna(0.0)).to_numpy(dtype=float)
    return found


def lng_rows(tables: GasTables, year: int, hub: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return LNG at the terminals of a year, as a curve: the fuller a terminal, the dearer its cargoes.

    Parameters
    ----------
    hub : float
        Price that LNG follows, USD per MWh.

    Returns
    -------
    supplies : DataFrame by supply_id
        As of `pipeline_rows`; ids are ``<place>.base``, ``.more`` and ``.most``.
    room : DataFrame, days by supplies
        Share of the send-out that is in service: ships that came or were away.
    """
    rows = tables.terminals
    service = in_service(rows["opens"], rows["closes"], rows["status"], year) * outages(rows["outages"], year)
    rows, service = rows[service.any(axis=0)], service[:, service.any(axis=0)]
    kwh = gcv(tables.bases, rows["basis_id"])
    sendout = rows["sendout_mcm_per_day"].to_numpy() * kwh
    yearly = gwh(rows["capacity_bcm_per_year"].to_numpy(), kwh) * service.mean(axis=0)
    base, more = (tables.parameter(f"gas_lng_{name}_share_pct") / 100.0 for name in ("base", "more"))
    parts, rooms = [], {}
    for name, share in (("base", base), ("more", more), ("most", 1.0 - base - more)):
        frame = pd.DataFrame(
            {
                "place": rows["place_id"].to_numpy(),
                "title": "LNG at " + rows["title"].to_numpy().astype(object),
                "country": "LNG",
                "carrier": "lng",
                "price": hub * tables.parameter(f"gas_lng_{name}_factor"),
                "sendout": sendout * share,
                "most_total": yearly * share,
                "lead_days": rows["lead_days"].to_numpy(),
                "grade": rows["capacity_grade"].to_numpy(),
            }
        )
        whole = frame.groupby("place", sort=False).agg(
            {"title": "first", "country": "first", "carrier": "first", "price": "first", "sendout": "sum",
             "most_total": "sum", "lead_days": "max", "grade": "max"}
        )  # fmt: skip
        for place in whole.index:
            mine = (rows["place_id"] == place).to_numpy()
            rooms[f"{place}.{name}"] = service[:, mine] @ sendout[mine] / sendout[mine].sum()
        whole.insert(0, "node", whole.index)
        whole["plan"] = np.inf  # what is ordered before the year begins
        parts.append(whole.rename(columns={"sendout": "capacity"}).set_index(whole.index + f".{name}"))
    found = pd.concat(parts).rename_axis("supply_id")
    return found, pd.DataFrame(rooms, index=days_of(year))[list(found.index)]


def contract_rows(tables: GasTables, year: int, prices: Mapping[str, float]) -> pd.DataFrame:
    """Return what must be taken or paid for in a year, in proportion to the days that contracts hold.

    Returns
    -------
    DataFrame by contract_id
        ``pipe``, ``title``, ``least`` (GWh), ``price`` (USD per MWh not taken), ``seller``, ``buyer``, ``grade``.
    """
    rows = tables.contracts
    days = days_of(year).date
    first = np.array([day_of(text, date.min) for text in rows["start"]])
    last = np.array([day_of(text, date.max) for text in rows["end"]])
    held = ((days[:, None] >= first) & (days[:, None] < last)).mean(axis=0)
    least = gwh(rows["acq_bcm_per_year"].to_numpy(), gcv(tables.bases, rows["basis_id"])) * rows["take_or_pay_share"]
    found = pd.DataFrame(
        {
            "pipe": rows["pipe_id"],
            "title": rows["title"],
            "least": least.to_numpy() * held * len(days) / DAYS_A_YEAR,
            "price": _price(rows, prices),
            "seller": rows["seller_country_id"],
            "buyer": rows["buyer_country_id"],
            "grade": rows[["acq_grade", "share_grade"]].max(axis=1),
        },
        index=rows.index,
    )
    return _by_pipe(found[found["least"] > 0])


def _by_pipe(rows: pd.DataFrame) -> pd.DataFrame:
    """Return contracts with those by one pipe as one: what each wants is to be taken beside what the others want."""
    paid = (rows["least"] * rows["price"]).groupby(rows["pipe"]).sum()
    total = rows.groupby("pipe")["least"].sum()
    titles = rows.groupby("pipe")["title"].agg("; ".join)
    kept = rows.drop_duplicates("pipe")
    return kept.assign(
        title=kept["pipe"].map(titles), least=kept["pipe"].map(total), price=kept["pipe"].map(paid / total)
    )
