"""A gas network as a folder of CSV files that PyPSA reads: buses, links, generators, loads, stores, what changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .case import GasCase
from .edits import FloatArray
from .pypsa_files import MW, PypsaTables, filled, further_buses, kept_columns, write_folder

__all__ = ["write_pypsa"]

_MWH = 1000.0  # GWh
_HOURS = 24.0
_BACK = " back"
_UNITS = {"power": "MW", "energy": "MWh", "cost": "USD", "weightings": "h", "position": "degrees, WGS 84"}
_ENOUGH = 10.0  # times all that can be wanted at once stands for a capacity without limit


def write_pypsa(case: GasCase, folder: str | Path) -> list[str]:
    """Write the gas network of a case as a PyPSA network, for ``pypsa.Network(folder)``.

    Parameters
    ----------
    case : GasCase
    folder : path
        Where the CSV files go, a new folder in one that is there; a PyPSA network that stands there is replaced.

    Returns
    -------
    list of str
        Sentences: what PyPSA does not carry, and what stands in its files in another form.

    Raises
    ------
    DataError
        The folder cannot be written, or holds files that belong to no PyPSA network.

    Notes
    -----
    MW, MWh, hours and USD, as PyPSA has it: a GWh a day is 1,000/24 MW, a snapshot is a period of the case with its
    hours as weightings, and the objective is 1,000 times that of `GasCase.solve` by least cost, which is in thousand
    USD. Pipes are links, one each way; supplies are generators; each demand is a load beside a generator at the
    penalty of its tier; a storage is a store behind a link in and a link out.

    Take or pay is a bus that gets as much as goes through the pipe: a store there must hold what was agreed at the
    end, and a generator fills it at the price of what is not taken. Pipes that share a capacity draw on a bus with a
    generator of that capacity. Gas that a storage may lack at the end comes from a generator in the last snapshot.
    """
    network = _Network(case)
    network.add_buses()
    network.add_pipes()
    network.add_supplies()
    network.add_demands()
    network.add_storages()
    network.add_contracts()
    notes = network.notes()
    about = {"made_by": "corridors", "year": case.year, "step": case.step, "units": _UNITS, "notes": notes}
    write_folder(folder, network.texts(f"Gas network of {case.year} by {case.step}", about))
    return notes


class _Network(PypsaTables):
    """Tables of a PyPSA network, filled part by part."""

    def __init__(self, case: GasCase) -> None:
        tables = case.solver_tables()
        names = ("nodes", "pipes", "supplies", "demands", "storages", "contracts")
        self.nodes, self.pipes, self.supplies, self.demands, self.storages, self.contracts = (
            tables[name].set_axis(tables[name].index.astype(str)) for name in names
        )
        self.case = case
        self.days = tables["periods"].to_numpy(dtype=float)
        super().__init__(tables["periods"].index, self.days * _HOURS)
        self._profiles: Mapping[str, pd.DataFrame] = tables["profiles"]
        self._bare: list[str] = []
        wanted = self.by_period("demand", self.demands, "quantity").sum(axis=1)
        stored = self.by_period("injection", self.storages, "injection").sum(axis=1)
        self.much = float(np.ceil((wanted + stored).max(initial=0.0) * _ENOUGH))  # GWh a day

    def by_period(self, profile: str, table: pd.DataFrame, column: str, default: float = 0.0) -> FloatArray:
        """Return a column of a table for every period, with what its profile says instead, shape (T, rows)."""
        found = np.tile(filled(table, column, default), (len(self.days), 1))
        frame = self._profiles.get(profile)
        if frame is not None and len(frame.columns):
            found[:, table.index.get_indexer(frame.columns.astype(str))] = frame.to_numpy(dtype=float)
        return found

    def add_buses(self) -> None:
        """Add a bus for each node that anything is at, at its place."""
        ends = [
            self.pipes["tail"],
            self.pipes["head"],
            *(t["node"] for t in (self.supplies, self.demands, self.storages)),
        ]
        served = self.nodes["node"].isin(pd.concat(ends))
        self._bare = self.nodes.loc[~served, "name"].tolist()
        nodes = self.nodes[served]
        at = self._position(nodes["node"])
        self.add("buses", nodes["node"], x=at["x"], y=at["y"], unit="MW", country=nodes["group"], title=nodes["name"])

    def add_pipes(self) -> None:
        """Add a link for each way of a pipe that carries anything."""
        pipes = self.pipes
        cost, kept = filled(pipes, "cost", 0.0), 1.0 - filled(pipes, "loss", 0.0)
        back_cost = filled(pipes, "reverse_cost", cost)
        forth, back = (
            self.by_period(way, pipes, column)
            for way, column in (("pipe", "capacity"), ("reverse", "reverse_capacity"))
        )
        rooms = self._rooms({"": forth, _BACK: back})
        contracts = self._gauges()
        for suffix, room, price in (("", forth, cost), (_BACK, back, back_cost)):
            tail, head = ("head", "tail") if suffix else ("tail", "head")
            used = (room > 0).any(axis=0) if suffix else np.ones(len(pipes), dtype=bool)
            mine, names = pipes[used], pipes.index[used] + suffix
            ports = [(rooms[suffix], -1.0), *([] if suffix else [(where, 1.0) for where in contracts])]
            self.add(
                "links",
                names,
                carrier="pipe",
                bus0=mine[tail],
                bus1=mine[head],
                efficiency=kept[used],
                marginal_cost=price[used],
                **further_buses(mine.index, ports),
                **self.rated(room[:, used], names),
                **kept_columns(mine, "title", "grade"),
            )

    def _rooms(self, rooms: Mapping[str, FloatArray]) -> dict[str, dict[str, str]]:
        """Add the buses that pipes with a common capacity draw on; return those of each pipe, by way."""
        shares = self.pipes["shares"].dropna().astype(str) if "shares" in self.pipes else pd.Series(dtype=object)
        found: dict[str, dict[str, str]] = {suffix: {} for suffix in rooms}
        for leader in dict.fromkeys(shares):
            for suffix, room in rooms.items():
                mine = room[:, [self.pipes.index.get_loc(leader)]]
                if not np.isfinite(mine).all():
                    continue
                bus, kind = f"{leader}{suffix} room", "shared capacity"
                at = self._position(self.pipes.loc[[leader], "tail"])
                self.add("buses", [bus], carrier=kind, x=at["x"], y=at["y"], unit="MW")
                self.add("generators", [bus], carrier=kind, bus=bus, **self.rated(mine, [bus]))
                found[suffix] |= dict.fromkeys([leader, *shares.index[shares == leader]], bus)
        return found

    def _contracted(self) -> pd.DataFrame:
        """Return the contracts by pipes."""
        rows = self.contracts
        return rows[rows["pipe"].notna()] if "pipe" in rows else rows.iloc[:0]

    def _gauges(self) -> list[dict[str, str]]:
        """Return the bus of what a contract is given, by pipe; a second for pipes with a second contract, and so on."""
        rows = self._contracted()
        shares = self.pipes["shares"].astype(object) if "shares" in self.pipes else pd.Series(None, self.pipes.index)
        found: list[dict[str, str]] = []
        for pipe, contracts in rows.groupby(rows["pipe"].astype(str)).groups.items() if len(rows) else ():
            for number, contract in enumerate(contracts):
                found += [{}] * (number == len(found))
                found[number] = found[number] | dict.fromkeys(
                    [pipe, *shares.index[shares == pipe]], f"{contract} taken"
                )
        return found

    def _position(self, labels: Any) -> dict[str, FloatArray]:
        """Return longitude and latitude of nodes; those of layers and uses lie at their place."""
        places = [re.split(r"[|!]", str(label))[0] for label in labels]
        at = self.case.tables.places[["lon", "lat"]].reindex(places)
        return {"x": at["lon"].to_numpy(dtype=float), "y": at["lat"].to_numpy(dtype=float)}

    def add_supplies(self) -> None:
        """Add a generator for each supply, with what may come in all and what was planned before its lead is over."""
        supplies = self.supplies
        room = self.by_period("supply", supplies, "capacity")
        plan = self.by_period("plan", supplies, "plan")
        begins = np.cumsum(self.days) - self.days
        early = begins[:, None] < filled(supplies, "lead_days", 0.0) - 1e-9
        price = self.by_period("price", supplies, "price")
        self.add(
            "generators",
            supplies.index,
            carrier=supplies.get("carrier", "supply"),
            bus=supplies["node"],
            marginal_cost=price if (price != price[0]).any() else price[0],
            e_sum_max=filled(supplies, "most_total", np.inf) * _MWH,
            **self.rated(np.where(early, np.minimum(room, plan), room), supplies.index),
            **kept_columns(supplies, "country", "title", "grade"),
        )

    def add_demands(self) -> None:
        """Add a load for each demand, and what is not served as a generator at its penalty."""
        demands = self.demands
        wanted = self.by_period("demand", demands, "quantity")
        told = kept_columns(demands, "country", "grade")
        self.add("loads", demands.index, carrier=demands["tier"], bus=demands["node"], p_set=wanted * MW, **told)
        names = demands.index + " unmet"
        self.add(
            "generators",
            names,
            carrier="unmet " + demands["tier"].astype(str).to_numpy().astype(object),
            bus=demands["node"],
            marginal_cost=demands["penalty"],
            **self.rated(wanted, names),
            **told,
        )

    def add_storages(self) -> None:
        """Add a store for each storage, with a link in and one out, and what may lack at the end."""
        storages = self.storages
        bus = storages.index + " store"
        at = self._position(storages["node"])
        working = storages["working"].to_numpy(dtype=float)
        start = filled(storages, "start", working)
        end = filled(storages, "end", start)
        told = kept_columns(storages, "country", "title", "grade")
        self.add("buses", bus, carrier="gas storage", x=at["x"], y=at["y"], unit="MW", **told)
        least = np.zeros((len(self.days), len(storages)))
        least[-1] = np.divide(end, working, out=np.zeros_like(end), where=working > 0)
        self.add(
            "stores",
            storages.index,
            carrier="gas storage",
            bus=bus,
            e_nom=working * _MWH,
            e_initial=start * _MWH,
            e_min_pu=least,
            **told,
        )
        ways = {
            "injection": (storages["node"], bus, 1.0 - filled(storages, "loss", 0.0), "cost"),
            "withdrawal": (bus, storages["node"], 1.0, "withdrawal_cost"),
        }
        for way, (bus0, bus1, kept, cost) in ways.items():
            names = storages.index + f" {way}"
            rates = self.rated(self.by_period(way, storages, way), names)
            price = filled(storages, cost, 0.0)
            self.add(
                "links", names, carrier=way, bus0=bus0, bus1=bus1, efficiency=kept, marginal_cost=price, **rates, **told
            )
        self._add_lacking(bus, end)

    def _add_lacking(self, bus: pd.Index, end: FloatArray) -> None:
        """Let a storage end short of gas at its price, in the last snapshot."""
        price = filled(self.storages, "end_price", np.inf)
        soft = np.isfinite(price) & (end > 0)
        last = np.zeros((len(self.days), int(soft.sum())))
        last[-1] = 1.0
        self.add(
            "generators",
            self.storages.index[soft] + " lacking",
            carrier="lacking at the end",
            bus=bus[soft],
            marginal_cost=price[soft],
            p_nom=end[soft] / self.days[-1] * MW,
            p_max_pu=last,
        )

    def add_contracts(self) -> None:
        """Add a bus for what each contract by a pipe has been given, or is paid for."""
        rows = self._contracted()
        if not len(rows):
            return
        bus = rows.index + " taken"
        at = self._position(self.pipes["tail"].reindex(rows["pipe"].astype(str)))
        self.add(
            "buses", bus, carrier="take or pay", x=at["x"], y=at["y"], unit="MW", **kept_columns(rows, "title", "grade")
        )
        held = np.zeros((len(self.days), len(rows)))
        held[-1] = 1.0
        kind, least = "take or pay", rows["least"].to_numpy(dtype=float) * _MWH
        self.add("stores", rows.index, carrier=kind, bus=bus, e_nom=least, e_initial=0.0, e_min_pu=held)
        self.add(
            "generators", rows.index + " not taken", carrier=kind, bus=bus, p_nom=np.inf, marginal_cost=rows["price"]
        )
        self.add("generators", rows.index + " above", carrier=kind, bus=bus, p_nom=np.inf, sign=-1.0)

    def notes(self) -> list[str]:
        """Return what is not carried, and what stands in another form."""
        said = [
            "PyPSA leaves short whoever is cheapest to leave short (least_cost); that countries serve their own demand "
            "first, or share what lacks by equal rates, is not carried."
        ]
        falling = [c for c in ("withdrawal_empty", "injection_full") if c in self.storages]
        if falling:
            said.append(f"Rates of storages that fall with the level are not carried: {' and '.join(falling)}.")
        lost = self.contracts.index.difference(self._contracted().index)
        if len(lost):
            said.append(f"Take or pay from a supply instead of by a pipe is not carried: {', '.join(lost)}.")
        if len(self._contracted()):
            said.append(
                f"Take or pay of {len(self._contracted())} contracts is carried by buses, stores and generators of "
                "carrier 'take or pay', which hold no gas."
            )
        if "shares" in self.pipes and self.pipes["shares"].notna().any():
            said.append(
                "Gas that some refuse has buses and links of its own ('|' in their names); pipes that it shares with "
                "other gas draw on buses of carrier 'shared capacity', which hold no gas."
            )
        if self._bare:
            said.append(
                f"Places without pipe, supply, demand or storage in the year are left out: {', '.join(self._bare)}."
            )
        if self.bounded:
            said.append(
                f"Without limit on some days and shut or limited on others, and so given {self.much * MW:,.0f} MW, "
                f"{_ENOUGH:g} times all that can be wanted at once: {', '.join(self.bounded)}."
            )
        return said
