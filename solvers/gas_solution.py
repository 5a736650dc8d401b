"""What solve_gas_flow gives back: flows, levels, prices, who is short, and where gas at a node comes from."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, identity
from scipy.sparse.linalg import splu

from ._gas_input import GasProblem, IntArray
from ._problem import sums
from .errors import FloatArray

__all__ = ["GasFlow"]

_NOTHING = 1e-9  # of a rate, below which no gas moves


@dataclass(frozen=True, eq=False)
class GasFlow:
    """A least-cost flow of gas with its proof; rates in units a day, prices in money a unit.

    Attributes
    ----------
    status : str
        ``optimal``, ``time_limit``, ``infeasible`` (the levels asked at the end cannot be reached) or ``failed``.
        Only the first carries numbers; the tables of the others are empty.
    objective : float
        Cost over the horizon, penalties included, of the flow as it is shared.
    least_cost : float
        The same however what lacks falls: what sharing costs is the difference.
    bound, gap : float
        What no flow that is shared so costs less than, from the dual prices, and the relative difference.
    forward, backward : DataFrame, periods by pipes
        What enters each pipe at its tail and at its head.
    supply : DataFrame, periods by supplies
    unmet : DataFrame, periods by demands
    injection, withdrawal, level : DataFrame, periods by storages
        Level at the end of each period.
    price : DataFrame, periods by nodes
        What one more unit costs there.
    worth : DataFrame, periods by pipes
        What one more unit of capacity a day is worth, either way, a unit.
    not_taken : Series by contract
        What was paid for and not taken.
    end_lacking : Series by storage
        What lacks at the end of what was asked.
    costs : Series
        ``transport``, ``supply``, ``storage``, ``not_taken``, ``end_lacking``, ``unmet``; they add up to the objective.
    sharing : str
        Rule by which what lacks was shared.
    order : Series by group
        For ``own_first``: who comes first, from 0.
    balance_error : float
        Largest gap between what comes to a node and what leaves it, in any period, as recomputed.
    seconds : float
        Wall time.
    """

    status: str
    objective: float
    least_cost: float
    bound: float
    gap: float
    forward: pd.DataFrame
    backward: pd.DataFrame
    supply: pd.DataFrame
    unmet: pd.DataFrame
    injection: pd.DataFrame
    withdrawal: pd.DataFrame
    level: pd.DataFrame
    price: pd.DataFrame
    worth: pd.DataFrame
    not_taken: pd.Series[float]
    end_lacking: pd.Series[float]
    costs: pd.Series[float]
    sharing: str
    order: pd.Series[int]
    balance_error: float
    seconds: float
    problem: GasProblem = field(repr=False)

    def __repr__(self) -> str:
        short = f", unmet {float(self.unmet_total()):g}" if self.status == "optimal" else ""
        return f"GasFlow({self.status}, objective {self.objective:.10g}{short}; {self.sharing}, {self.seconds:.2f} s)"

    @property
    def days(self) -> pd.Series[float]:
        """Length of each period in days, by period."""
        return pd.Series(self.problem.days, self.problem.periods, name="days")

    @property
    def flow(self) -> pd.DataFrame:
        """Net flow, units a day, periods by pipes; positive from tail to head.

        What enters at the tail less what enters at the head.
        """
        return self.forward - self.backward

    def total(self, rates: pd.DataFrame) -> pd.Series[float]:
        """Return amounts over the horizon of a table of rates by period.

        Parameters
        ----------
        rates : DataFrame, periods by anything
            Units a day, such as `supply` or `unmet`.

        Returns
        -------
        Series by column of `rates`
            Units.
        """
        return rates.mul(self.days, axis=0).sum()

    def unmet_total(self) -> float:
        """Return what is not served over the horizon."""
        return float(self.total(self.unmet).sum())

    def spent(self, before: Hashable) -> float:
        """Return what was paid until a period, penalties included; what contracts and levels lack is told at the end.

        Parameters
        ----------
        before : hashable
            Label of the first period that does not count.

        Returns
        -------
        float
            Money.
        """
        p = self.problem
        n = self.days.index.get_loc(before)
        parts = (
            self.forward.to_numpy() * p.pipe_cost,
            self.backward.to_numpy() * p.reverse_cost,
            self.supply.to_numpy() * p.supply_price,
            self.unmet.to_numpy() * p.penalty,
            self.injection.to_numpy() * p.injection_cost,
            self.withdrawal.to_numpy() * p.withdrawal_cost,
        )
        return float(sum((p.days[:n] @ part[:n]).sum() for part in parts))

    def by_group(self) -> pd.DataFrame:
        """Return demand, what is served and what is not.

        Returns
        -------
        DataFrame by period, ``group`` (country) and ``tier``
            ``demand``, ``served``, ``unmet``: units a day.
        """
        p = self.problem
        keys = {"group": [p.groups[n] for n in p.demand_node.tolist()], "tier": p.tiers}
        rows = pd.MultiIndex.from_product([p.periods, range(len(p.demands))])
        frame = pd.DataFrame({"demand": p.quantity.ravel(), "unmet": self.unmet.to_numpy().ravel()}, rows)
        by = [rows.get_level_values(0), *(np.asarray(k, dtype=object)[rows.get_level_values(1)] for k in keys.values())]
        found = frame.groupby(by, sort=False).sum().rename_axis([p.periods.name, *keys])
        return found.assign(served=found["demand"] - found["unmet"])[["demand", "served", "unmet"]]

    def origins(self) -> pd.DataFrame:
        """Trace gas over the horizon from where it enters to where it is used, mixed in proportion at each node.

        Returns
        -------
        DataFrame, nodes by supplies
            Share of each supply in the gas at a node; what storages give more than they take in counts as column
            ``storage``. Rows add up to 1 where gas passes, else 0.

        Notes
        -----
        Proportional sharing as in the tracing of electricity: J. Bialek, "Tracing the flow of electricity", IEE
        Proceedings - Generation, Transmission and Distribution 143 (1996) 313-320. Amounts are those of the whole
        horizon, so that gas from storage has the mix of the horizon where it lies.
        """
        mixed, _ = self._traced()
        return mixed

    def transits(self) -> pd.DataFrame:
        """Trace which part of the gas at each node has passed through each group on its way.

        Returns
        -------
        DataFrame, nodes by groups
            Share of the gas at a node that entered the pipes outside its group and passed through a group that is
            neither that of its supply nor that of the node; by proportional mixing, see `origins`.
        """
        p = self.problem
        mixed, passes = self._traced()
        groups = list(dict.fromkeys(p.groups))
        of_node = np.array([groups.index(g) for g in p.groups])
        found = np.zeros((len(p.nodes), len(groups)))
        supply_group = np.array([of_node[n] for n in p.supply_node.tolist()], dtype=int)
        shares = mixed.to_numpy()[:, : len(p.supplies)]
        for number in range(len(groups)):
            # Gas that reaches a node through others only: what is left when this group lets nothing through.
            around = self._without(of_node == number, passes)
            through = np.maximum(shares - around, 0.0)
            through[:, supply_group == number] = 0.0
            found[:, number] = through.sum(axis=1)
            found[of_node == number, number] = 0.0
        return pd.DataFrame(found, pd.Index(p.nodes, name="node"), pd.Index(groups, name="group"))

    def _amounts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what enters pipes at the tail and at the head, and what each supply gives, over the horizon."""
        days = self.problem.days
        return days @ self.forward.to_numpy(), days @ self.backward.to_numpy(), days @ self.supply.to_numpy()

    def _moves(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]:
        """Return arcs of gas that arrives (from, to, amount), what each node gets in all, and storage's net part."""
        p = self.problem
        ahead, back, supply = self._amounts()
        kept = 1.0 - p.loss
        net = ahead - back  # gas that only goes to and fro is not traced
        start: IntArray = np.where(net >= 0, p.tail, p.head)
        stop: IntArray = np.where(net >= 0, p.head, p.tail)
        amount: FloatArray = np.abs(net) * kept
        drawn = p.days @ (self.withdrawal.to_numpy() - self.injection.to_numpy())
        n = len(p.nodes)
        stored = sums(p.storage_node, np.maximum(drawn, 0.0), n)
        gets = sums(stop, amount, n) + sums(p.supply_node, supply, n) + stored
        return start, stop, amount, gets, stored

    def _traced(self) -> tuple[pd.DataFrame, tuple[Any, FloatArray]]:
        p = self.problem
        start, stop, amount, gets, stored = self._moves()
        n = len(p.nodes)
        some = gets > _NOTHING * max(1.0, float(gets.max(initial=0.0)))
        share = np.divide(amount, gets[stop], out=np.zeros_like(amount), where=some[stop])
        mixing = coo_array((share, (stop, start)), shape=(n, n)).tocsc()
        own = np.zeros((n, len(p.supplies) + 1))
        _, _, supply = self._amounts()
        part = np.divide(supply, gets[p.supply_node], out=np.zeros_like(supply), where=some[p.supply_node])
        np.add.at(own, (p.supply_node, np.arange(len(p.supplies))), part)
        own[:, -1] = np.divide(stored, gets, out=np.zeros(n), where=some)
        found = splu((identity(n, format="csc") - mixing).tocsc()).solve(own)
        columns = pd.Index([*p.supplies, "storage"], name="supply")
        return pd.DataFrame(found, pd.Index(p.nodes, name="node"), columns), (mixing, own)

    def _without(self, shut: Any, passes: tuple[Any, FloatArray]) -> FloatArray:
        """Return the shares that reach nodes when some nodes hand nothing on."""
        mixing, own = passes
        n = len(self.problem.nodes)
        leaves = mixing.multiply(np.where(shut, 0.0, 1.0)[None, :]).tocsc()
        found: FloatArray = splu((identity(n, format="csc") - leaves).tocsc()).solve(own)
        return found[:, : len(self.problem.supplies)]

    def net_exports(self) -> pd.DataFrame:
        """Return what each group sends to each other over the horizon, net.

        Returns
        -------
        DataFrame, groups ``from`` by groups ``to``
            Units; rows send, columns get.
        """
        p = self.problem
        ahead, back, _ = self._amounts()
        frame = pd.DataFrame(
            {"from": [p.groups[i] for i in p.tail], "to": [p.groups[i] for i in p.head], "amount": ahead - back}
        )
        frame = frame[frame["from"] != frame["to"]]
        groups: list[Hashable] = list(dict.fromkeys(p.groups))
        number = {g: i for i, g in enumerate(groups)}
        sent = np.zeros((len(groups), len(groups)))
        np.add.at(sent, (frame["from"].map(number), frame["to"].map(number)), frame["amount"])
        net = np.maximum(sent - sent.T, 0.0)
        return pd.DataFrame(net, pd.Index(groups, name="from"), pd.Index(groups, name="to"))
