"""What the great lines carry by their hydraulics, with compressor stations out too, and whether routing keeps to it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError, GasTables, load_gas_tables
from networks.errors import nearest
from solvers import Gas, LineCapacity, line_capacity

from .energy import DAYS_A_YEAR
from .outcome import GasOutcome

__all__ = ["line_sections", "pipeline_capacity", "pipeline_checks", "pipeline_outages"]

_SECONDS_A_YEAR = 86_400.0 * DAYS_A_YEAR
_VARIED = {
    "inlet_bar": ("inlet_low_bar", "inlet_high_bar"),
    "outlet_bar": ("outlet_low_bar", "outlet_high_bar"),
}
_ROUGHNESS_MM, _RATIO = (0.005, 0.02), (1.5, 1.8)


def pipeline_capacity(
    line: str,
    *,
    out: Collection[str] = (),
    year: int = 2026,
    folder: str | Path | None = None,
    inlet_bar: float | None = None,
    outlet_bar: float | None = None,
    roughness_mm: float | None = None,
    max_ratio: float | None = None,
) -> LineCapacity:
    """Find the most that a line carries in steady flow, with compressor stations out.

    Parameters
    ----------
    line : str
        Of gas_lines: scp, tanap or tap.
    out : collection of str
        Stations of gas_compressors that are out.
    year : int
        Stations that are open at its end are there.
    folder : path, optional
        Tables of your own.
    inlet_bar, outlet_bar, roughness_mm, max_ratio : float, optional
        Instead of those on record.

    Returns
    -------
    LineCapacity
        See `solvers.line_capacity`.

    Raises
    ------
    DataError
        No such line or station.

    Notes
    -----
    Darcy-Weisbach with the friction of Colebrook, heights of gas_profiles; strings side by side count as one of
    the diameter with the same flow, (sum of D^2.5)^0.4. Each station runs with one unit in reserve, up to the highest
    pressure of the line, its power (where on record) and a pressure ratio. Pressures at the ends are estimates: see
    `pipeline_outages` for what that makes of the figure.
    """
    tables = load_gas_tables(folder)
    sections = line_sections(tables, line, year, out)
    row = tables.lines.loc[line]
    sections["roughness_mm"] = tables.parameter("gas_line_roughness_mm") if roughness_mm is None else roughness_mm
    sections["max_ratio"] = tables.parameter("gas_line_max_ratio") if max_ratio is None else max_ratio
    sections["efficiency"] = tables.parameter("gas_line_efficiency")
    return line_capacity(
        sections,
        inlet_bar=float(row["inlet_bar"]) if inlet_bar is None else inlet_bar,
        outlet_bar=float(row["outlet_bar"]) if outlet_bar is None else outlet_bar,
        gas=_gas(tables),
    )


def pipeline_outages(
    line: str, *, year: int = 2026, folder: str | Path | None = None, ranges: bool = True
) -> pd.DataFrame:
    """Return what a line carries with each station out, and with all.

    Parameters
    ----------
    line : str
        Of gas_lines.
    year : int
        As of `pipeline_capacity`.
    folder : path, optional
        Tables of your own.
    ranges : bool
        Whether what is estimated is varied, one at a time: pressures at the ends, roughness, pressure ratio.

    Returns
    -------
    DataFrame by what is out
        ``bcm`` (a year), ``share`` (of all in service), ``share_low``, ``share_high``, ``limit`` (what limits the
        stations that run).

    Raises
    ------
    DataError
        No such line.
    """
    tables = load_gas_tables(folder)
    stations = list(_stations(tables, line, year).index)
    cases = [()] + [c for n in range(1, len(stations) + 1) for c in combinations(stations, n)]
    central = {c: pipeline_capacity(line, out=c, year=year, folder=folder) for c in cases}
    full = central[()].kg_per_s
    shares = {c: [found.kg_per_s / full] for c, found in central.items()}
    for changed in _variants(tables, line) if ranges else ():
        whole = pipeline_capacity(line, year=year, folder=folder, **changed).kg_per_s
        for c in cases[1:]:
            part = pipeline_capacity(line, out=c, year=year, folder=folder, **changed).kg_per_s
            shares[c].append(part / whole)
    rows = {
        " + ".join(c) or "nothing": {
            "bcm": _bcm(tables, line, found),
            "share": shares[c][0],
            "share_low": min(shares[c]),
            "share_high": max(shares[c]),
            "limit": ", ".join(f"{n}: {x}" for n, x in found.sections["limit"].items() if x) or "pressure at the ends",
        }
        for c, found in central.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("out")


def pipeline_checks(outcome: GasOutcome) -> pd.DataFrame:
    """Hold the flows of a year against what lines carry by their hydraulics, and say where the routing fails.

    Parameters
    ----------
    outcome : GasOutcome
        By day or by month.

    Returns
    -------
    DataFrame by line
        ``nameplate_bcm``, ``allowed_bcm`` (the limit of the routing, with its tolerance), ``hydraulic_bcm`` with
        ``low_bcm`` and ``high_bcm`` (what is estimated varied, one at a time), ``highest_bcm`` (rate a year of the
        fullest period), ``periods_beyond`` (days or months in which the flow is more than the highest that hydraulics
        may give) and ``holds``.
    """
    tables, pipes = outcome.case.tables, outcome.case.pipes
    flow, year = outcome.flow, outcome.case.year
    names = flow.forward.columns.astype(str).str.split("|").str[0]
    rows = {}
    for line in map(str, tables.lines.index):
        first = [w.partition("@")[0] for w in tables.lines.at[line, "strings"] if w.endswith("@0")]
        per_bcm = DAYS_A_YEAR / (float(pipes.loc[first, "kwh_per_m3"].iloc[0]) * 1000.0)
        rate = flow.forward.loc[:, names.isin(first)].sum(axis=1) * per_bcm
        most = _bcm(tables, line, pipeline_capacity(line, year=year))
        varied = [_bcm(tables, line, pipeline_capacity(line, year=year, **v)) for v in _variants(tables, line)]
        beyond = int((rate > max(most, *varied) * (1 + 1e-6)).sum())
        rows[line] = {
            "nameplate_bcm": pipes.loc[first, "nameplate"].sum() * per_bcm,
            "allowed_bcm": pipes.loc[first, "capacity"].sum() * per_bcm,
            "hydraulic_bcm": most,
            "low_bcm": min(most, *varied),
            "high_bcm": max(most, *varied),
            "highest_bcm": float(rate.max()),
            "periods_beyond": beyond,
            "holds": beyond == 0,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("line")


def line_sections(tables: GasTables, line: str, year: int, out: Collection[str] = ()) -> pd.DataFrame:
    """Return the sections of a line as `solvers.line_capacity` takes them, between heights, stations and strings.

    Raises
    ------
    DataError
        No such line or station.
    """
    stations = _stations(tables, line, year)
    wrong = [word for word in out if word not in stations.index]
    if wrong:
        raise DataError([f"{line} has no compressor station {wrong[0]!r}{nearest(wrong[0], list(stations.index))}"])
    strings = _strings(tables, line)
    end = float(strings["stop"].max())
    heights = tables.profiles[tables.profiles["line"] == line].drop_duplicates("km")
    inside = heights["km"][(heights["km"] > 0) & (heights["km"] < end)]
    cuts = sorted({0.0, end, *strings["start"], *strings["stop"], *stations["position_km"], *inside} - {np.inf})
    cuts = [km for km in cuts if 0 <= km <= end]
    ground = np.interp(cuts, heights["km"], heights["elevation_m"])
    row = tables.lines.loc[line]
    offtake = 0.0 if pd.isna(row["offtake_bcm"]) else _kg_per_s(tables, float(row["offtake_bcm"]), str(row["basis_id"]))
    rows = []
    for start, stop, low, high in zip(cuts[:-1], cuts[1:], ground[:-1], ground[1:], strict=True):
        here = strings[(strings["start"] < stop) & (strings["stop"] > start)]
        station = stations[stations["position_km"] == start]
        name = str(station.index[0]) if len(station) else f"{start:g} km"
        rows.append(
            {
                "name": name,
                "length_km": stop - start,
                "diameter_mm": float((here["diameter_mm"] ** 2.5).sum() ** 0.4),
                "rise_m": float(high - low),
                "offtake_kg_per_s": offtake if stop == row["offtake_km"] else 0.0,
                "max_discharge_bar": float(station["discharge_max_bar"].iloc[0]) if len(station) else np.nan,
                "max_power_mw": float(station["power_mw"].iloc[0]) if len(station) else np.nan,
                "in_service": name not in out,
            }
        )
    return pd.DataFrame(rows).set_index("name")


def _strings(tables: GasTables, line: str) -> pd.DataFrame:
    if line not in tables.lines.index:
        raise DataError([f"no line with hydraulics is called {line!r}{nearest(line, list(tables.lines.index))}"])
    wall = 1.0 - tables.parameter("gas_line_wall_pct") / 100.0
    rows = []
    for word in tables.lines.at[line, "strings"]:
        pipe, _, km = word.partition("@")
        length, diameter = tables.pipes.loc[pipe, ["length_km", "diameter_mm"]]
        if pd.isna(diameter):
            raise DataError([f"gas_lines.csv: {pipe} of {line} has no diameter on record in gas_pipes.csv"])
        rows.append((float(km), float(km) + float(length), float(diameter) * wall))
    return pd.DataFrame(rows, columns=["start", "stop", "diameter_mm"])


def _stations(tables: GasTables, line: str, year: int) -> pd.DataFrame:
    """Return the stations of a line by the first row of each: where, pressure, power with one unit in reserve."""
    end = float(_strings(tables, line)["stop"].max())
    rows = tables.compressors[(tables.compressors["line"] == line) & (tables.compressors["status"] == "existing")]
    rows = rows[rows["position_km"].notna() & (rows["opens"].str[:4] <= str(year))]
    found = {}
    for km, units in rows.groupby("position_km", sort=True):
        count = units["power_units"].sum()
        one = units["power_unit_mw"].max()
        found[units.index[0]] = {
            "position_km": min(float(km), end),
            "discharge_max_bar": units["discharge_max_bar"].fillna(tables.lines.at[line, "pmax_bar"]).max(),
            "power_mw": (count - 1) * one if count > 1 and pd.notna(one) else np.nan,
        }
    return pd.DataFrame.from_dict(found, orient="index")


def _variants(tables: GasTables, line: str) -> list[dict[str, Any]]:
    row = tables.lines.loc[line]
    found: list[dict[str, Any]] = [
        {name: float(row[column])} for name, columns in _VARIED.items() for column in columns
    ]
    found += [{"roughness_mm": value} for value in _ROUGHNESS_MM] + [{"max_ratio": value} for value in _RATIO]
    return [f for f in found if f.get("inlet_bar") != row["inlet_bar"] and f.get("outlet_bar") != row["outlet_bar"]]


def _gas(tables: GasTables) -> Gas:
    return Gas(molar_mass_kg_per_kmol=tables.parameter("gas_line_molar_mass_kg_per_kmol"))


def _kg_per_s(tables: GasTables, bcm: float, basis_id: str) -> float:
    return (
        bcm
        * 1e9
        * _gas(tables).density_at(float(tables.bases.at[basis_id, "reference_temperature_c"]))
        / _SECONDS_A_YEAR
    )


def _bcm(tables: GasTables, line: str, found: LineCapacity) -> float:
    celsius = float(tables.bases.at[tables.lines.at[line, "basis_id"], "reference_temperature_c"])
    return found.mcm_per_day(celsius) * DAYS_A_YEAR / 1000.0
