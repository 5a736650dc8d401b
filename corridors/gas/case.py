"""The gas network of one year, by day or by month, ready to be solved, with what a scenario changes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError, GasTables, load_gas_tables
from networks.errors import nearest
from solvers import GasFlow, solve_gas_flow

from .bans import layered
from .demand_tables import demand_rows, storage_rows
from .edits import FloatArray, GasBan, GasEdit
from .energy import gcv, gwh, per_day
from .pipe_tables import pipe_rows, tolerance
from .season import days_of
from .supply_tables import contract_rows, lng_rows, pipeline_rows, series_prices

__all__ = ["HUB", "STEPS", "GasCase", "gas_case"]

STEPS = ("day", "month")
_HUB_PRICE = "ttf"
HUB = "hub"
_TABLE = {
    "pipe": ("pipes", "capacity"),
    "reverse": ("pipes", "reverse_capacity"),
    "supply": ("supplies", "capacity"),
    "price": ("supplies", "price"),
    "withdrawal": ("storages", "withdrawal"),
    "injection": ("storages", "injection"),
}
"""Figures that may change by day, with the table and column of their usual value."""


@dataclass(frozen=True, eq=False)
class GasCase:
    """Tables of a year for `solvers.solve_gas_flow`; GWh, GWh a day, USD per MWh, so that costs are thousand USD.

    Attributes
    ----------
    year : int
    step : str
        ``day`` or ``month``.
    nodes, pipes, supplies, demands, storages, contracts : DataFrame
        What the solver takes, and what things are called, whose they are, grades.
    daily : mapping of str to DataFrame, days by rows
        What changes by day: ``pipe``, ``reverse``, ``supply``, ``plan``, ``price``, ``demand``, ``withdrawal``,
        ``injection``.
    bans : tuple of GasBan
        Who refuses whose gas.
    first_day, last_day : int
        Days of the year on which the horizon begins, and before which it ends.
    tables : GasTables
    """

    year: int
    step: str
    nodes: pd.DataFrame
    pipes: pd.DataFrame
    supplies: pd.DataFrame
    demands: pd.DataFrame
    storages: pd.DataFrame
    contracts: pd.DataFrame
    daily: Mapping[str, pd.DataFrame]
    bans: tuple[GasBan, ...]
    first_day: int
    last_day: int
    tables: GasTables

    @property
    def days(self) -> pd.DatetimeIndex:
        """Days of the horizon."""
        return days_of(self.year)[self.first_day : self.last_day]

    @property
    def periods(self) -> pd.Series[float]:
        """Lengths of the periods in days, by their first day (index ``period``)."""
        days = self.days
        if self.step == "day":
            return pd.Series(1.0, days.rename("period"))
        starts = pd.Series(days, days).groupby(days.month).min()
        return pd.Series(days.to_series().groupby(days.month).size().to_numpy(float), pd.Index(starts, name="period"))

    def profiles(self) -> dict[str, pd.DataFrame]:
        """Return what changes by period: means over its days.

        Returns
        -------
        dict of str to DataFrame
            Figure (``pipe``, ``demand`` and others of ``daily``) to its values, periods by elements.
        """
        found = {}
        for name, frame in self.daily.items():
            mine = frame.iloc[self.first_day : self.last_day]
            if self.step == "month":
                mine = mine.groupby(mine.index.month).mean()
            found[name] = mine.set_axis(self.periods.index)
        return found

    def solver_tables(self) -> dict[str, Any]:
        """Return the keyword arguments of `solvers.solve_gas_flow`, bans as layers of the network included."""
        profiles = self.profiles()
        call = {
            "nodes": self.nodes,
            "pipes": self.pipes,
            "supplies": self.supplies,
            "demands": self.demands,
            "storages": self.storages,
            "contracts": self.contracts,
            "periods": self.periods,
            "profiles": profiles,
        }
        return layered(call, self) if self.bans else call

    def solve(
        self, sharing: str = "least_cost", *, solver: str = "highs", time_limit_s: float | None = None
    ) -> GasFlow:
        """Find the least-cost flow of the case.

        Parameters
        ----------
        sharing, solver, time_limit_s
            As of `solvers.solve_gas_flow`.

        Returns
        -------
        GasFlow
            In GWh and USD.
        """
        return solve_gas_flow(**self.solver_tables(), sharing=sharing, solver=solver, time_limit_s=time_limit_s)

    def going_on(self, day: int, plan: GasFlow) -> GasCase:
        """Return what is left of the case from a day on, after a plan was followed until then.

        Parameters
        ----------
        day : int
            Day of the year; by month, the first of a month.
        plan : GasFlow
            Solution of the case from its first day.

        Returns
        -------
        GasCase
            Storages stand as the plan left them, what supplies gave and contracts took is deducted, and no more LNG
            than planned comes before its lead is over.
        """
        done = plan.days.cumsum() <= day - self.first_day + 1e-9
        before = plan.days.where(done, 0.0)
        given = plan.supply.mul(before, axis=0).sum()
        moved = plan.forward.mul(before, axis=0).sum()
        taken = moved.groupby(moved.index.astype(str).str.split("|").str[0]).sum()  # refused gas counts with its pipe
        least = (self.contracts["least"] - self.contracts["pipe"].map(taken)).clip(lower=0.0)
        start = plan.level[done].iloc[-1] if done.any() else self.storages["start"]
        lng = self.supplies.index[self.supplies["carrier"] == "lng"]
        planned = plan.supply[lng].reindex(days_of(self.year), method="ffill").bfill()
        return replace(
            self,
            supplies=self.supplies.assign(most_total=(self.supplies["most_total"] - given).clip(lower=0.0)),
            contracts=self.contracts.assign(least=least),
            storages=self.storages.assign(start=np.clip(start, 0.0, self.storages["working"])),
            daily={**self.daily, "plan": planned},
            first_day=day,
        )

    def built(self, projects: Sequence[str]) -> GasCase:
        """Return the case with projects in service all year.

        Parameters
        ----------
        projects : sequence of str
            Of ``gas_project_pipes.csv``.

        Raises
        ------
        DataError
            A project that adds no capacity of a pipe on record.
        """
        rows = self.tables.project_pipes
        known = list(dict.fromkeys(rows["project_id"]))
        wrong = [p for p in projects if p not in known]
        if wrong:
            raise DataError([f"{wrong[0]!r} is no project of gas_project_pipes.csv{nearest(wrong[0], known)}"])
        mine = rows[rows["project_id"].isin(list(projects))]
        pipes = raised(self.pipes, self.tables, mine)
        return replace(self, pipes=pipes).opened(list(dict.fromkeys(mine["pipe_id"])))

    def opened(self, pipes: Sequence[str]) -> GasCase:
        """Return the case with pipes in service all year, with the capacity on record, whatever their status.

        Parameters
        ----------
        pipes : sequence of str
            Ids of pipes.

        Raises
        ------
        DataError
            No such pipe, or one without a capacity on record.
        """
        wrong = [p for p in pipes if p not in self.pipes.index]
        if wrong:
            raise DataError([f"no gas pipe is called {wrong[0]!r}{nearest(wrong[0], list(self.pipes.index))}"])
        daily = dict(self.daily)
        for figure, column in (("pipe", "capacity"), ("reverse", "reverse_capacity")):
            values = {p: np.full(len(days_of(self.year)), self.pipes.at[p, column]) for p in pipes}
            kept = daily[figure].drop(columns=[p for p in pipes if p in daily[figure]])
            daily[figure] = pd.concat([kept, pd.DataFrame(values, index=days_of(self.year))], axis=1)
        return replace(self, daily=daily)

    def supplied(self, supply: str, bcm: float, basis_id: str) -> GasCase:
        """Return the case with another volume of the year of a source, the best day of it as usual above the mean.

        Parameters
        ----------
        supply : str
            Id of the source.
        bcm : float
            Volume of the year, billion m3.
        basis_id : str
            Row of ``gas_bases.csv``: what a m3 is.

        Raises
        ------
        DataError
            No such source or basis.
        """
        if supply not in self.supplies.index:
            raise DataError([f"no gas supply is called {supply!r}{nearest(supply, list(self.supplies.index))}"])
        total = float(gwh(bcm, gcv(self.tables.bases, [basis_id]))[0])
        swing = 1.0 + self.tables.parameter("gas_swing_pct") / 100.0
        supplies = self.supplies.copy()
        supplies.loc[supply, ["most_total", "capacity"]] = total, float(per_day(total)) * swing
        return replace(self, supplies=supplies)

    def edited(self, edits: Sequence[GasEdit], bans: Sequence[GasBan] = ()) -> GasCase:
        """Return the case with changes, in their order.

        Parameters
        ----------
        edits : sequence of GasEdit
            What changes.
        bans : sequence of GasBan
            Who no longer uses whose gas; added to those that hold already.

        Raises
        ------
        DataError
            A row that is not there.
        """
        found = self
        for edit in edits:
            found = _edited(found, edit)
        return replace(found, bans=(*found.bans, *bans))


def gas_case(
    year: int,
    step: str = "month",
    *,
    folder: str | Path | None = None,
    growth: Mapping[str, float] | None = None,
    prices: Mapping[str, float] | None = None,
) -> GasCase:
    """Return the gas network of a year as it is on record, with the projects that are open.

    Parameters
    ----------
    year : int
        From 2023 on; beyond the record supplies and prices are those of the last year, demand grows by `growth`.
    step : str
        ``day`` or ``month``.
    folder : path, optional
        Tables of your own.
    growth : mapping of str to float, optional
        Share a year by country, beyond the record.
    prices : mapping of str to float, optional
        Series of gas_prices.csv with other values, USD per MWh.

    Returns
    -------
    GasCase
        Energies in GWh, money in USD.

    Raises
    ------
    DataError
        Wrong tables, a year before the record, an unknown step or series.
    """
    if step not in STEPS:
        raise DataError([f"step: got {step!r}, expected {' or '.join(STEPS)}{nearest(step, STEPS)}"])
    tables = load_gas_tables(folder)
    hub = series_prices(tables, year, tables.parameter("usd_per_eur"))
    for series, value in (prices or {}).items():
        if series not in hub.index:
            raise DataError([f"no gas price is called {series!r}{nearest(series, list(hub.index))}"])
        hub[series] = value
    pipes, service = pipe_rows(tables, year)
    pipes = _with_projects(pipes, tables, year)
    demands, demand = demand_rows(tables, year, pd.Series(dict(growth or {}), dtype=float))
    demands, demand = _with_hubs(demands, demand, tables, year)
    demands["penalty"] = [tables.parameter(f"gas_penalty_{_ranked(tier)}_usd_per_mwh") for tier in demands["tier"]]
    demands["quantity"] = demand.mean().to_numpy()
    lng, room = lng_rows(tables, year, float(hub[_HUB_PRICE]))
    supplies = pd.concat([pipeline_rows(tables, year, hub), lng])
    storages = storage_rows(tables, year)
    storages["end_price"] = tables.parameter("gas_end_price_usd_per_mwh")
    daily = {
        "demand": demand,
        "pipe": _scaled(service, pipes["capacity"]),
        "reverse": _scaled(service, pipes["reverse_capacity"]),
        "supply": room * lng["capacity"],
    }
    places = tables.places
    nodes = pd.DataFrame({"node": places.index, "group": places["country_id"], "name": places["name"]}, places.index)
    contracts = contract_rows(tables, year, hub)
    span = (0, len(days_of(year)))
    return GasCase(year, step, nodes, pipes, supplies, demands, storages, contracts, daily, (), *span, tables)


def _ranked(tier: str) -> str:
    """Return the tier whose penalty counts: a hub, which is never short, stands with the first."""
    return "protected" if tier == HUB else tier


def _with_hubs(
    demands: pd.DataFrame, demand: pd.DataFrame, tables: GasTables, year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return demand with that of hubs: half of what they can have, so that gas which comes is worth their price."""
    hubs = tables.places.index[tables.places["kind"] == HUB]
    supplies = pipeline_rows(tables, year, {})
    rows, rates = {}, {}
    for place in hubs:
        name = f"{tables.places.at[place, 'country_id']}.{HUB}"
        rows[name] = {"node": place, "country": tables.places.at[place, "country_id"], "tier": HUB, "grade": "EST"}
        rates[name] = supplies.loc[supplies["node"] == place, "most_total"].sum() / 2 / len(demand)
    more = pd.DataFrame.from_dict(rows, orient="index").rename_axis("demand_id")
    return pd.concat([demands, more]), demand.assign(**rates)


def _scaled(service: pd.DataFrame, capacity: pd.Series[float]) -> pd.DataFrame:
    """Return capacities by day of pipes that are not in service all the year."""
    partly = service.columns[(service < 1).any()]
    values = np.where(service[partly] > 0, capacity[partly].to_numpy()[None, :], 0.0)
    return pd.DataFrame(values, service.index, partly)


def _with_projects(pipes: pd.DataFrame, tables: GasTables, year: int) -> pd.DataFrame:
    """Return pipes with what projects in service by the year have added to them since the nameplates on record."""
    from networks import read_table

    projects = read_table("projects").set_index("project_id")
    rows = tables.project_pipes
    opened = projects["commission_year"].reindex(rows["project_id"]).to_numpy()
    state = projects["state"].reindex(rows["project_id"]).to_numpy()
    return raised(pipes, tables, rows[(opened <= year) & np.isin(state, ("operating", "under_construction"))])


def raised(pipes: pd.DataFrame, tables: GasTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return pipes with nameplates raised to those after the projects of rows of gas_project_pipes."""
    after = pd.Series(per_day(gwh(rows["capacity_after_bcm"], gcv(tables.bases, rows["basis_id"]))), rows["pipe_id"])
    most = after.groupby(level=0).max().reindex(pipes.index)
    above = tolerance(tables, pipes["line"])
    nameplate = pipes["nameplate"].where(~(most > pipes["nameplate"]), most)
    capacity = pipes["capacity"].where(~(most * above > pipes["capacity"]), most * above)
    return pipes.assign(capacity=capacity, nameplate=nameplate)


def _edited(case: GasCase, edit: GasEdit) -> GasCase:
    if edit.figure == "demand":
        return _demand_edited(case, edit)
    if edit.figure == "lead":
        lead = case.supplies["lead_days"].copy()
        lead[list(edit.rows)] = _changed(lead[list(edit.rows)].to_numpy(), edit, 1.0)
        return replace(case, supplies=case.supplies.assign(lead_days=lead))
    if edit.figure in ("tariff", "working"):
        table, column = ("pipes", "cost") if edit.figure == "tariff" else ("storages", "working")
        frame = getattr(case, table).copy()
        _known(edit, frame.index)
        share = float(edit.strength.mean())
        frame.loc[list(edit.rows), column] = _changed(frame.loc[list(edit.rows), column].to_numpy(), edit, share)
        if edit.figure == "working":
            frame["start"] = np.minimum(frame["start"], frame["working"])
            frame["end"] = np.minimum(frame["end"], frame["working"])
        return replace(case, **{table: frame})
    table, column = _TABLE[edit.figure]
    usual = getattr(case, table)[column]
    _known(edit, usual.index)
    profile = case.daily.get(edit.figure, pd.DataFrame(index=days_of(case.year)))
    now = {r: profile[r].to_numpy() if r in profile else np.full(len(profile), usual[r]) for r in edit.rows}
    values = {r: np.maximum(_changed(now[r], edit, edit.strength), 0.0) for r in edit.rows}
    others = profile.drop(columns=[r for r in edit.rows if r in profile])
    frame = pd.concat([others, pd.DataFrame(values, index=profile.index)], axis=1)
    found = replace(case, daily={**case.daily, edit.figure: frame})
    return _with_total(found, edit, now, values) if edit.figure == "supply" else found


def _with_total(
    case: GasCase, edit: GasEdit, before: Mapping[str, FloatArray], after: Mapping[str, FloatArray]
) -> GasCase:
    """Return the case with the totals of sources as their rates: a rate that is set is the mean, others add to it.

    Rates that are lowered limit by themselves.
    """
    total = case.supplies["most_total"].copy()
    mine = slice(case.first_day, case.last_day)
    part = edit.strength[mine]
    for row, rates in after.items():
        if edit.kind == "set":
            total[row] = total[row] * (1.0 - part.mean()) + edit.value * part.sum()
        else:
            total[row] += max(float((rates - before[row])[mine].sum()), 0.0)
    return replace(case, supplies=case.supplies.assign(most_total=total))


def _demand_edited(case: GasCase, edit: GasEdit) -> GasCase:
    demand = case.daily["demand"].copy()
    countries = case.demands["country"]
    _known(edit, dict.fromkeys(countries))
    for country in edit.rows:
        mine = countries.index[countries == country]
        total = demand[mine].sum(axis=1).to_numpy()
        wanted = np.maximum(_changed(total, edit, edit.strength), 0.0)
        scale = np.divide(wanted, total, out=np.ones_like(total), where=total > 0)
        demand[mine] = demand[mine].mul(scale, axis=0)
    return replace(case, daily={**case.daily, "demand": demand})


def _known(edit: GasEdit, known: Any) -> None:
    for row in edit.rows:
        if row not in known:
            raise DataError([f"{edit.name}: {row!r} is not in the gas network of the year{nearest(row, list(known))}"])


def _changed(values: FloatArray, edit: GasEdit, strength: FloatArray | float) -> FloatArray:
    if edit.kind == "factor":
        # inf times a factor that shuts is not a number: what has no limit on record is shut whole or not at all.
        factor = 1.0 + np.asarray(strength) * (edit.value - 1.0)
        finite = np.where(np.isinf(values), 0.0, values) * factor
        return np.where(np.isinf(values) & (factor > 0), values, finite)
    if edit.kind == "add":
        return np.asarray(values + np.asarray(strength) * edit.value)
    part = np.asarray(strength, dtype=float)
    bounded = np.where(np.isinf(values), edit.value, values)
    return np.where(part > 0, (1.0 - part) * bounded + part * edit.value, values)
