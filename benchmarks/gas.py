"""The same year of gas by this project and by PyPSA: one linear programme, written twice.

PyPSA gets it in its own terms: a bus for each node, a link for each way of a pipe, generators for supplies and for
demand not served, loads, and storage units. What it has no word for is added through linopy: take or pay, storages
whose rates fall with the level or that may end short of gas, a charge for injection, and pipes that share a capacity.
"""

from __future__ import annotations

import logging
import math
import time
import warnings
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from .peers import Answer, NotTriedError

__all__ = ["GasYear", "gas_year", "ours", "pypsa", "small"]

FloatArray = npt.NDArray[np.float64]

_YEAR = 2026
_BACK = " back"
_UNMET = " unmet"


@dataclass(frozen=True)
class GasYear:
    """What both are given.

    Attributes
    ----------
    tables : dict
        Keyword arguments of `solvers.solve_gas_flow`.
    """

    tables: dict[str, Any]
    known: ClassVar[None] = None

    @property
    def counts(self) -> dict[str, int]:
        """Number of periods, and of rows of each table."""
        names = ("periods", "nodes", "pipes", "supplies", "demands", "storages", "contracts")
        return {name: len(self.tables[name]) for name in names}

    @property
    def size(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count:,} {what}" for what, count in self.counts.items())


def gas_year(step: str, days: int | None = None) -> GasYear:
    """Return the built-in gas network of a year, whole.

    Parameters
    ----------
    step : str
        ``day`` or ``month``.
    days : int, optional
        Only that many from the first of January, with the contracts and storages of the year.
    """
    from corridors import gas_case

    case = gas_case(_YEAR, step)
    return GasYear((replace(case, last_day=days) if days else case).solver_tables())


def small() -> GasYear:
    """Make a network of five nodes and four periods in which everything that the solver knows is used."""
    index = pd.Index(["december", "january", "april", "july"], name="period")
    nodes = pd.DataFrame({"node": ["field", "port", "hub", "town", "mill"]})
    pipes = pd.DataFrame(
        {
            "tail": ["field", "field", "port", "hub", "hub"],
            "head": ["hub", "hub", "hub", "town", "mill"],
            "capacity": [60.0, 30.0, np.inf, 45.0, 40.0],
            "reverse_capacity": [10.0, 10.0, 0.0, 20.0, 15.0],
            "cost": [2.0, 1.5, 0.5, 1.0, 1.5],
            "reverse_cost": [1.0, 1.0, np.nan, 0.5, np.nan],
            "loss": [0.02, 0.02, 0.0, 0.01, 0.01],
            "shares": [None, "main", None, None, None],
        },
        index=["main", "layer", "jetty", "ring", "spur"],
    )
    supplies = pd.DataFrame(
        {
            "node": ["field", "field", "port", "mill"],
            "price": [6.0, 9.0, 14.0, 5.0],
            "capacity": [40.0, 30.0, 50.0, 20.0],
            "most_total": [2600.0, np.inf, 1500.0, np.inf],
            "lead_days": [0.0, 0.0, 15.0, 0.0],
            "plan": [np.inf, np.inf, 5.0, np.inf],
        },
        index=["old", "new", "cargoes", "digester"],
    )
    demands = pd.DataFrame(
        {"node": ["town", "town", "mill"], "quantity": [40.0, 10.0, 30.0], "penalty": [500.0, 90.0, 200.0]},
        index=["homes", "power", "steel"],
    )
    storages = pd.DataFrame(
        {
            "node": ["hub", "town"],
            "working": [1500.0, 400.0],
            "start": [1200.0, 300.0],
            "end": [1400.0, 300.0],
            "end_price": [7.0, np.inf],
            "withdrawal": [5.0, 12.0],
            "injection": [20.0, 10.0],
            "withdrawal_empty": [1.0, 4.0],
            "injection_full": [6.0, 3.0],
            "loss": [0.01, 0.02],
            "cost": [0.3, 0.1],
            "withdrawal_cost": [0.2, 0.0],
        },
        index=["cavern", "tank"],
    )
    contracts = pd.DataFrame(
        {"pipe": ["main", None], "supply": [None, "cargoes"], "least": [3900.0, 1300.0], "price": [7.0, 3.0]},
        index=["by-pipe", "by-ship"],
    )
    profiles = {
        "pipe": pd.DataFrame({"main": [60.0, 60.0, 30.0, 60.0], "jetty": [np.inf, 0.0, np.inf, np.inf]}, index),
        "reverse": pd.DataFrame({"main": [4.0, 10.0, 10.0, 6.0]}, index),
        "supply": pd.DataFrame({"new": [8.0, 25.0, 30.0, 10.0]}, index),
        "price": pd.DataFrame({"cargoes": [7.0, 20.0, 14.0, 11.0]}, index),
        "demand": pd.DataFrame({"homes": [50.0, 70.0, 35.0, 12.0], "steel": [30.0, 35.0, 30.0, 10.0]}, index),
        "withdrawal": pd.DataFrame({"cavern": [5.0, 5.0, 4.0, 5.0]}, index),
        "injection": pd.DataFrame({"cavern": [20.0, 20.0, 20.0, 15.0]}, index),
    }
    periods = pd.Series([10.0, 15.0, 30.0, 30.0], index)
    return GasYear(
        {
            "nodes": nodes,
            "pipes": pipes,
            "supplies": supplies,
            "demands": demands,
            "storages": storages,
            "contracts": contracts,
            "periods": periods,
            "profiles": profiles,
        }
    )


def ours(year: GasYear, limit_s: float) -> Answer:
    """Solve by `solvers.solve_gas_flow`."""
    from solvers import solve_gas_flow

    started = time.perf_counter()
    found = solve_gas_flow(**year.tables, sharing="least_cost", time_limit_s=limit_s)
    seconds = time.perf_counter() - started
    if found.status != "optimal":
        return Answer(math.nan, seconds, found.status)
    return Answer(float(found.objective), seconds, gap=float(found.gap))


def pypsa(year: GasYear, limit_s: float, *, solver: str = "choose", whole: bool = False) -> Answer:
    """Solve in PyPSA by HiGHS, with flows, levels and prices read back into its tables.

    Parameters
    ----------
    year : GasYear
    limit_s : float
    solver : str
        Option of HiGHS: ``choose`` is its default, ``ipm`` an interior point method with crossover.
    whole : bool
        By `Network.optimize` with its post-processing, which looks for grids and voltage angles.
    """
    import pypsa as psa

    _quiet()
    started = time.perf_counter()
    given = _Given(year.tables)
    network = _network(psa.Network(), given)
    how = {"io_api": "direct", "progress": False, "solver": solver, "time_limit": limit_s, "output_flag": False}
    solve = _optimized if whole else _solved
    status, condition = solve(network, given, how)
    seconds = time.perf_counter() - started
    if (status, condition) != ("ok", "optimal"):
        return Answer(math.nan, seconds, condition.replace("_", " "))
    model = network.model
    return Answer(float(model.objective.value), seconds, f"{model.nvars:,} columns, {model.ncons:,} rows")


def _optimized(network: Any, given: _Given, how: dict[str, Any]) -> tuple[str, str]:
    found: tuple[str, str] = network.optimize(
        solver_name="highs",
        include_objective_constant=False,
        extra_functionality=lambda n, snapshots: _extra(n.model, given),
        **how,
    )
    return found


def _solved(network: Any, given: _Given, how: dict[str, Any]) -> tuple[str, str]:
    """Do what `Network.optimize` does, but for its checks and post-processing."""
    model = network.optimize.create_model(consistency_check=False, include_objective_constant=False)
    _extra(model, given)
    found: tuple[str, str] = model.solve("highs", **how)
    if found[0] == "ok":
        network.optimize.assign_solution()
        network.optimize.assign_duals()
    return found


def _quiet() -> None:
    """Keep the notes on coming changes of PyPSA, and on variables that are not of its own, to itself."""
    warnings.simplefilter("ignore", FutureWarning)
    for name in ("pypsa", "linopy"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _Given:
    """The tables with names for PyPSA, what is optional filled in, and what changes by period as arrays."""

    def __init__(self, tables: dict[str, Any]) -> None:
        names = ("nodes", "pipes", "supplies", "demands", "storages", "contracts")
        self.nodes, self.pipes, self.supplies, self.demands, self.storages, self.contracts = (
            tables[name].set_axis(tables[name].index.astype(str)) for name in names
        )
        self.periods: pd.Series[float] = tables["periods"]
        self.days = self.periods.to_numpy()
        self._profiles = {
            name: frame.set_axis(frame.columns.astype(str), axis=1) for name, frame in tables["profiles"].items()
        }

    def by_period(self, profile: str, table: pd.DataFrame, column: str, default: float = 0.0) -> FloatArray:
        """Return a column of a table for every period, with what its profile says instead."""
        found = np.tile(filled(table, column, default), (len(self.days), 1))
        frame = self._profiles.get(profile)
        if frame is not None:
            found[:, table.index.get_indexer(frame.columns)] = frame.to_numpy()
        return found

    def series(self, values: FloatArray, names: Any) -> pd.DataFrame:
        """Return values by period and name as PyPSA takes them."""
        return pd.DataFrame(values, self.periods.index, names)

    def room_of_supplies(self) -> FloatArray:
        """Return the most that comes a day: before its lead is over, no more than was planned."""
        room = self.by_period("supply", self.supplies, "capacity")
        plan = self.by_period("plan", self.supplies, "plan")
        begins = np.cumsum(self.days) - self.days
        early = begins[:, None] < filled(self.supplies, "lead_days", 0.0) - 1e-9
        return np.where(early, np.minimum(room, plan), room)


def filled(table: pd.DataFrame, column: str, default: Any) -> FloatArray:
    """Return an optional column, with a default where there is nothing."""
    if column not in table:
        return np.broadcast_to(np.asarray(default, dtype=float), len(table)).copy()
    return np.asarray(np.where(table[column].isna(), default, table[column]), dtype=float)


def _rated(given: _Given, room: FloatArray, names: Any) -> dict[str, Any]:
    """Return a capacity by period as PyPSA has it: the greatest, and shares of it."""
    most = room.max(axis=0, initial=0.0)
    endless = np.isinf(most)
    if (endless & np.isfinite(room) & (room > 0)).any():
        raise NotTriedError("a capacity is limited on some days and not on others")
    usual = np.where(endless | (most == 0), 1.0, most)
    share = np.where(endless, room > 0, np.where(endless, 0.0, room) / usual)
    varies = ((share != 1.0) & (most > 0)).any()
    return {"p_nom": most, **({"p_max_pu": given.series(share, names)} if varies else {})}


def _network(network: Any, given: _Given) -> Any:
    """Fill a PyPSA network."""
    network.set_snapshots(given.periods.index)
    for weighting in ("objective", "generators", "stores"):
        network.snapshot_weightings[weighting] = given.days
    network.add("Carrier", "gas")
    network.add("Bus", given.nodes["node"].astype(str).to_list(), carrier="gas")
    _add_pipes(network, given)
    _add_supplies(network, given)
    _add_demands(network, given)
    if len(given.storages):
        _add_storages(network, given)
    return network


def _add_pipes(network: Any, given: _Given) -> None:
    pipes = given.pipes
    cost, kept = filled(pipes, "cost", 0.0), 1.0 - filled(pipes, "loss", 0.0)
    ways = {
        "": ("tail", "head", given.by_period("pipe", pipes, "capacity"), cost),
        _BACK: (
            "head",
            "tail",
            given.by_period("reverse", pipes, "reverse_capacity"),
            filled(pipes, "reverse_cost", cost),
        ),
    }
    for suffix, (tail, head, room, price) in ways.items():
        used = room.max(axis=0, initial=0.0) > 0 if suffix else np.ones(len(pipes), dtype=bool)
        if not used.any():
            continue
        names = pipes.index[used] + suffix
        network.add(
            "Link",
            names,
            carrier="gas",
            bus0=pipes[tail].astype(str).to_numpy()[used],
            bus1=pipes[head].astype(str).to_numpy()[used],
            efficiency=kept[used],
            marginal_cost=price[used],
            **_rated(given, room[:, used], names),
        )


def _add_supplies(network: Any, given: _Given) -> None:
    supplies = given.supplies
    price = given.by_period("price", supplies, "price")
    varies = (price != price[0]).any()
    network.add(
        "Generator",
        supplies.index,
        carrier="gas",
        bus=supplies["node"].astype(str).to_numpy(),
        marginal_cost=given.series(price, supplies.index) if varies else price[0],
        e_sum_max=filled(supplies, "most_total", np.inf),
        **_rated(given, given.room_of_supplies(), supplies.index),
    )


def _add_demands(network: Any, given: _Given) -> None:
    demands = given.demands
    wanted = given.by_period("demand", demands, "quantity")
    bus = demands["node"].astype(str).to_numpy()
    network.add("Load", demands.index, bus=bus, p_set=given.series(wanted, demands.index))
    names = demands.index + _UNMET
    network.add(
        "Generator",
        names,
        carrier="gas",
        bus=bus,
        marginal_cost=demands["penalty"].to_numpy(dtype=float),
        **_rated(given, wanted, names),
    )


def _add_storages(network: Any, given: _Given) -> None:
    """Add storages as storage units: out of and into one and the same, at rates that differ."""
    storages = given.storages
    out, into = (given.by_period(way, storages, way) for way in ("withdrawal", "injection"))
    most = np.maximum(out, into).max(axis=0)
    most = np.where(most > 0, most, 1.0)
    working = storages["working"].to_numpy(dtype=float)
    network.add(
        "StorageUnit",
        storages.index,
        carrier="gas",
        bus=storages["node"].astype(str).to_numpy(),
        p_nom=most,
        p_max_pu=given.series(out / most, storages.index),
        p_min_pu=given.series(-into / most, storages.index),
        max_hours=working / most,
        efficiency_store=1.0 - filled(storages, "loss", 0.0),
        marginal_cost=filled(storages, "withdrawal_cost", 0.0),
        state_of_charge_initial=filled(storages, "start", working),
    )


def _extra(model: Any, given: _Given) -> None:
    """Add what PyPSA has no word for."""
    _share_pipes(model, given)
    _take_or_pay(model, given)
    if len(given.storages):
        _charge_injection(model, given)
        _falling_rates(model, given)
        _last_levels(model, given)


def _sharing(given: _Given) -> pd.Series:
    """Return the pipe whose capacity each pipe uses, for those that share."""
    shares = given.pipes["shares"] if "shares" in given.pipes else pd.Series(dtype=object)
    return shares.dropna().astype(str)


def _share_pipes(model: Any, given: _Given) -> None:
    """Limit what goes through pipes that share a capacity, each way."""
    shares = _sharing(given)
    flow = model.variables["Link-p"]
    ways = {
        "": given.by_period("pipe", given.pipes, "capacity"),
        _BACK: given.by_period("reverse", given.pipes, "reverse_capacity"),
    }
    links = set(flow.indexes["name"])
    for leader, users in shares.groupby(shares):
        for suffix, room in ways.items():
            limit = room[:, given.pipes.index.get_loc(leader)]
            mine = [p + suffix for p in (leader, *users.index) if p + suffix in links]
            if mine and np.isfinite(limit).all():
                load = flow.sel(name=mine).sum("name")
                model.add_constraints(load <= _by_snapshot(flow, limit), name=f"shared-{leader}{suffix}")


def _by_snapshot(variable: Any, values: FloatArray) -> Any:
    import xarray as xr

    return xr.DataArray(values, coords=[variable.indexes["snapshot"]])


def _take_or_pay(model: Any, given: _Given) -> None:
    """Add what each contract lacks, paid for, to what is taken over the horizon."""
    shares = _sharing(given)
    for kind, variable in (("pipe", "Link-p"), ("supply", "Generator-p")):
        if kind not in given.contracts:
            continue
        rows = given.contracts[given.contracts[kind].notna()]
        if not len(rows):
            continue
        taken = [[str(p), *(shares.index[shares == str(p)] if kind == "pipe" else [])] for p in rows[kind]]
        total = _totals(model.variables[variable], given.days, rows.index, taken)
        least, price = (pd.Series(rows[c].to_numpy(dtype=float), total.indexes["contract"]) for c in ("least", "price"))
        lacking = model.add_variables(lower=0, coords=[total.indexes["contract"]], name=f"lacking_{kind}")
        model.add_constraints(total + lacking >= least, name=f"taken-{kind}")
        model.objective += (lacking * price).sum()


def _totals(flow: Any, days: FloatArray, contracts: pd.Index, parts: list[list[str]]) -> Any:
    """Return the amount over the horizon of the parts of each contract."""
    import linopy as lp

    amount = flow * _by_snapshot(flow, days)
    sums = [amount.sel(name=names).sum(["name", "snapshot"]) for names in parts]
    found = lp.merge(sums, dim="contract", cls=type(sums[0]))
    return found.assign_coords(contract=contracts.rename("contract"))


def _charge_injection(model: Any, given: _Given) -> None:
    cost = filled(given.storages, "cost", 0.0)
    if cost.any():
        into = model.variables["StorageUnit-p_store"]
        model.objective += (into * _by_snapshot(into, given.days) * pd.Series(cost, into.indexes["name"])).sum()


def _falling_rates(model: Any, given: _Given) -> None:
    """Let rates fall with the level at the start of a period."""
    storages = given.storages
    working, start = storages["working"].to_numpy(dtype=float), filled(storages, "start", storages["working"])
    for rate, limit, sign, variable in (
        ("withdrawal", "withdrawal_empty", -1.0, "StorageUnit-p_dispatch"),
        ("injection", "injection_full", 1.0, "StorageUnit-p_store"),
    ):
        usual = storages[rate].to_numpy(dtype=float)
        share = filled(storages, limit, usual) / np.where(usual > 0, usual, 1.0)
        falls = np.flatnonzero((share < 1.0) & (usual > 0) & (working > 0))
        if len(falls):
            room = given.by_period(rate, storages, rate)[:, falls]
            slope = sign * room * (1.0 - share[falls]) / working[falls]
            base = room * (share[falls] if sign < 0 else 1.0)
            _rate_rows(model, variable, storages.index[falls], slope, base, start[falls])


def _rate_rows(
    model: Any, variable: str, names: pd.Index, slope: FloatArray, base: FloatArray, start: FloatArray
) -> None:
    """Keep a rate plus slope times the level before it at or below its base."""
    import xarray as xr

    rate, level = (model.variables[v].sel(name=names) for v in (variable, "StorageUnit-state_of_charge"))
    time_index, name_index = rate.indexes["snapshot"], rate.indexes["name"]
    first = xr.DataArray(base[0] - slope[0] * start, coords=[name_index])
    model.add_constraints(rate.isel(snapshot=0) <= first, name=f"{variable}-first")
    coords = [time_index[1:], name_index]
    before = level.isel(snapshot=slice(None, -1)).assign_coords(snapshot=time_index[1:])
    later = rate.isel(snapshot=slice(1, None)) + before * xr.DataArray(slope[1:], coords=coords)
    model.add_constraints(later <= xr.DataArray(base[1:], coords=coords), name=f"{variable}-later")


def _last_levels(model: Any, given: _Given) -> None:
    """Ask for a level at the end, of which some may lack at a price."""
    level = model.variables["StorageUnit-state_of_charge"].isel(snapshot=-1)
    names = level.indexes["name"]
    storages = given.storages.loc[names]
    end = pd.Series(filled(storages, "end", filled(storages, "start", storages["working"])), names)
    price = filled(storages, "end_price", np.inf)
    soft = np.isfinite(price)
    lacking = model.add_variables(
        lower=0, upper=pd.Series(np.where(soft, end, 0.0), names), coords=[names], name="lacking_end"
    )
    model.add_constraints(level + lacking >= end, name="last-level")
    model.objective += (lacking * pd.Series(np.where(soft, price, 0.0), names)).sum()
