"""Pipes of a year as the solver takes them: what they carry a day, what it costs, what is lost on the way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from networks import GasTables

from .demand_tables import in_service
from .edits import FloatArray
from .energy import gcv, gwh, per_day, usd_per_mwh

__all__ = ["pipe_rows", "tolerance"]

_KM = 100.0


def pipe_rows(tables: GasTables, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pipes and on which days each is in service.

    Returns
    -------
    pipes : DataFrame by pipe_id
        ``tail``, ``head``, ``line``, ``title``, ``capacity`` and ``reverse_capacity`` (GWh a day: nameplate times one
        plus the tolerance on record; inf where none is known), ``tariff`` (USD per MWh that enters), ``cost`` (the
        part of it that decides the way), ``loss`` (share: fuel gas), ``nameplate`` and ``reverse_nameplate`` (GWh a
        day), ``kwh_per_m3``, ``length_km``, ``from_country``, ``to_country``, ``status``, ``grade`` (of its
        capacity), ``tariff_grade``. All pipes, whatever their status.
    service : DataFrame, days by pipes
        1 or 0.
    """
    rows = tables.pipes
    kwh = gcv(tables.bases, rows["basis_id"])
    above = tolerance(tables, rows["line"])
    country = tables.places["country_id"]
    nameplate = per_day(gwh(rows["capacity_bcm_per_year"].to_numpy(), kwh))
    back = _reverse(rows, nameplate, kwh)
    found = pd.DataFrame(
        {
            "tail": rows["from_place_id"],
            "head": rows["to_place_id"],
            "line": rows["line"],
            "title": rows["title"],
            "capacity": np.where(np.isnan(nameplate), np.inf, nameplate * above),
            "reverse_capacity": np.where(np.isnan(back), np.inf, back * above),
            "nameplate": nameplate,
            "reverse_nameplate": back,
            "kwh_per_m3": kwh,
            "length_km": rows["length_km"].fillna(0.0),
            "status": rows["status"],
            "from_country": rows["from_place_id"].map(country),
            "to_country": rows["to_place_id"].map(country),
            "grade": rows["capacity_grade"].where(rows["capacity_grade"] != "", "EST"),
        },
        index=rows.index,
    )
    found["tariff"], found["tariff_grade"] = _tariffs(tables, found)
    found["cost"] = found["tariff"] * tables.parameter("gas_variable_tariff_share")
    found["loss"] = tables.parameter("gas_fuel_pct_per_1000km") / 100.0 * found["length_km"] / 1000.0
    service = in_service(rows["opens"], rows["closes"], rows["status"], year)
    days = pd.date_range(f"{year}-01-01", periods=len(service), freq="D", name="day")
    return found, pd.DataFrame(service, days, found.index)


def tolerance(tables: GasTables, lines: pd.Series[str]) -> FloatArray:
    """Return what nameplates are multiplied with: by the line, where its hydraulics say, or for all."""
    usual = tables.parameter("gas_nameplate_tolerance_pct")
    found: FloatArray = 1.0 + lines.map(tables.lines["tolerance_pct"]).fillna(usual).to_numpy(dtype=float) / 100.0
    return found


def _reverse(rows: pd.DataFrame, nameplate: FloatArray, kwh: FloatArray) -> FloatArray:
    """Return capacity the other way: its own; as much as ahead where a pipe is said to work both ways; else none."""
    own = per_day(gwh(rows["reverse_capacity_bcm_per_year"].to_numpy(), kwh))
    either = np.where((rows["both_ways"] == "yes").to_numpy(), nameplate, 0.0)
    return np.where(np.isnan(own), either, own)


def _tariffs(tables: GasTables, pipes: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[str]]:
    """Return tariffs, USD per MWh, and their grades: its own, or so much a kilometre."""
    rows = tables.pipes
    usual = tables.parameter("gas_tariff_usd_per_1000m3_100km") * pipes["length_km"] / _KM
    price = rows["tariff_usd_per_1000m3"].fillna(usual)
    grade = rows["tariff_grade"].where(rows["tariff_usd_per_1000m3"].notna(), "EST")
    return pd.Series(usd_per_mwh(price, pipes["kwh_per_m3"]), pipes.index), grade
