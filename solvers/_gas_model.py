"""The linear programme of gas flow: its columns and rows, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array, csc_array

from ._gas_input import GasProblem, IntArray
from ._solver import Model
from .errors import FloatArray

__all__ = ["GasModel"]


@dataclass(eq=False)
class _Entries:
    """Entries of a matrix, collected part by part."""

    rows: list[IntArray] = field(default_factory=list)
    columns: list[IntArray] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)

    def add(self, rows: IntArray, columns: IntArray, values: float | FloatArray) -> None:
        rows, columns = np.broadcast_arrays(rows, columns)
        self.rows.append(rows.ravel())
        self.columns.append(columns.ravel())
        self.values.append(np.broadcast_to(np.asarray(values, dtype=float), rows.shape).ravel())

    def matrix(self, shape: tuple[int, int]) -> csc_array:
        place = (np.concatenate(self.rows), np.concatenate(self.columns))
        found: csc_array = coo_array((np.concatenate(self.values), place), shape=shape).tocsc()
        return found


class GasModel:
    r"""Columns and rows of a gas flow problem.

    By period, columns are forward and backward flow that enters each pipe, supply, unmet demand, injection,
    withdrawal and level at the end of each storage; then what each contract lacks and what each storage lacks at the
    end. Rows: balance of each node, level of each storage, withdrawal and injection that fall with the level, totals
    of supplies, contracts and levels at the end.
    """

    def __init__(self, problem: GasProblem, solver: str) -> None:
        self.problem, self.solver = problem, solver
        p, periods = problem, problem.n_periods
        self.back = np.flatnonzero((p.reverse_capacity > 0).any(axis=0))
        sizes = {
            "forward": len(p.pipes),
            "backward": len(self.back),
            "supply": len(p.supplies),
            "unmet": len(p.demands),
            "injection": len(p.storages),
            "withdrawal": len(p.storages),
            "level": len(p.storages),
        }
        self.columns: dict[str, IntArray] = {}
        width, first = sum(sizes.values()), 0
        for name, size in sizes.items():
            self.columns[name] = np.arange(periods)[:, None] * width + first + np.arange(size)[None, :]
            first += size
        for name, size in (("lacking", len(p.contracts)), ("end_lacking", len(p.storages))):
            start = periods * width if name == "lacking" else periods * width + len(p.contracts)
            self.columns[name] = np.arange(start, start + size)[None, :]
        self.n_columns = periods * width + len(p.contracts) + len(p.storages)
        self._build()

    def _build(self) -> None:
        p, periods = self.problem, self.problem.n_periods
        entries = _Entries()
        self._rhs: list[FloatArray] = []
        self._equal: list[bool] = []
        self.n_rows = 0
        self.balance = self._rows(p.n_periods * len(p.nodes), True, self._node_demand()).reshape(periods, len(p.nodes))
        self._balance_entries(entries)
        self._shared_rows(entries)
        if p.storages:
            self._storage_rows(entries)
        limited = np.flatnonzero(np.isfinite(p.supply_total))
        if len(limited):
            rows = self._rows(len(limited), False, p.supply_total[limited])
            entries.add(rows[None, :], self.columns["supply"][:, limited], p.days[:, None])
        if p.contracts:
            self._contract_rows(entries)
        self.matrix = entries.matrix((self.n_rows, self.n_columns))
        self.cost, self.lower, self.upper = self._costs_and_bounds()

    def _rows(self, count: int, equal: bool, rhs: FloatArray) -> IntArray:
        found = np.arange(self.n_rows, self.n_rows + count)
        self.n_rows += count
        self._rhs.append(np.asarray(rhs, dtype=float).ravel())
        self._equal.append(equal)
        return found

    def _node_demand(self) -> FloatArray:
        p = self.problem
        wanted = np.zeros((p.n_periods, len(p.nodes)))
        for d, node in enumerate(p.demand_node.tolist()):
            wanted[:, node] += p.quantity[:, d]
        return wanted

    def _balance_entries(self, entries: _Entries) -> None:
        p, at, c = self.problem, self.balance, self.columns
        kept = 1.0 - p.loss
        entries.add(at[:, p.tail], c["forward"], -1.0)
        entries.add(at[:, p.head], c["forward"], kept[None, :])
        entries.add(at[:, p.head[self.back]], c["backward"], -1.0)
        entries.add(at[:, p.tail[self.back]], c["backward"], kept[None, self.back])
        entries.add(at[:, p.supply_node], c["supply"], 1.0)
        entries.add(at[:, p.demand_node], c["unmet"], 1.0)
        entries.add(at[:, p.storage_node], c["injection"], -1.0)
        entries.add(at[:, p.storage_node], c["withdrawal"], 1.0)

    def _shared_rows(self, entries: _Entries) -> None:
        """Let what goes through pipes that share a capacity be no more than it, each way."""
        p, c = self.problem, self.columns
        place = {int(pipe): i for i, pipe in enumerate(self.back)}
        self.shared: dict[tuple[int, str], IntArray] = {}
        for leader in dict.fromkeys(p.shares[p.shares >= 0].tolist()):
            users = [leader, *np.flatnonzero(p.shares == leader).tolist()]
            for name, capacity in (("forward", p.pipe_capacity), ("backward", p.reverse_capacity)):
                mine = users if name == "forward" else [place[u] for u in users if u in place]
                if not mine or not np.isfinite(capacity[:, leader]).all():
                    continue
                rows = self._rows(p.n_periods, False, capacity[:, leader])
                entries.add(rows[:, None], c[name][:, mine], 1.0)
                self.shared[leader, name] = rows

    def _storage_rows(self, entries: _Entries) -> None:
        p, periods, c = self.problem, self.problem.n_periods, self.columns
        count = len(p.storages)
        begun = np.zeros((periods, count))
        begun[0] = p.start
        rows = self._rows(periods * count, True, begun).reshape(periods, count)
        entries.add(rows, c["level"], 1.0)
        entries.add(rows[1:], c["level"][:-1], -1.0)
        entries.add(rows, c["injection"], -p.days[:, None] * p.kept[None, :])
        entries.add(rows, c["withdrawal"], p.days[:, None])
        for name, share, rate in (
            ("withdrawal", p.empty_share, p.withdrawal),
            ("injection", p.full_share, p.injection),
        ):
            self._rate_rows(entries, name, share, rate)
        rows = self._rows(count, False, -p.end)
        entries.add(rows, c["level"][-1], -1.0)
        entries.add(rows, c["end_lacking"][0], -1.0)

    def _rate_rows(self, entries: _Entries, name: str, share: FloatArray, rate: FloatArray) -> None:
        """Let a rate fall with the level at the start of the period, from full to its share when empty (or full)."""
        p, periods, c = self.problem, self.problem.n_periods, self.columns
        falling = np.flatnonzero((share < 1.0) & (p.working > 0))
        if not len(falling):
            return
        slope = rate[:, falling] * (1.0 - share[falling]) / p.working[falling]
        least = rate[:, falling] * (share[falling] if name == "withdrawal" else 1.0)
        sign = -1.0 if name == "withdrawal" else 1.0
        rhs = least.copy()
        rhs[0] -= sign * slope[0] * p.start[falling]
        rows = self._rows(periods * len(falling), False, rhs).reshape(periods, len(falling))
        entries.add(rows, c[name][:, falling], 1.0)
        entries.add(rows[1:], c["level"][:-1, falling], sign * slope[1:])

    def _contract_rows(self, entries: _Entries) -> None:
        p, c = self.problem, self.columns
        rows = self._rows(len(p.contracts), False, -p.contract_least)
        entries.add(rows, c["lacking"][0], -1.0)
        on_pipe, on_supply = np.flatnonzero(p.contract_pipe >= 0), np.flatnonzero(p.contract_supply >= 0)
        for contract in on_pipe:
            pipe = p.contract_pipe[contract]
            counted = [pipe, *np.flatnonzero(p.shares == pipe)]
            entries.add(rows[[contract]][None, :], c["forward"][:, counted], -p.days[:, None])
        entries.add(rows[on_supply][None, :], c["supply"][:, p.contract_supply[on_supply]], -p.days[:, None])

    def _costs_and_bounds(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        p, c, days = self.problem, self.columns, self.problem.days[:, None]
        cost, lower, upper = np.zeros(self.n_columns), np.zeros(self.n_columns), np.full(self.n_columns, np.inf)
        cost[c["forward"]] = days * p.pipe_cost
        cost[c["backward"]] = days * p.reverse_cost[self.back]
        cost[c["supply"]] = days * p.supply_price
        cost[c["unmet"]] = days * p.penalty
        cost[c["injection"]] = days * p.injection_cost
        cost[c["withdrawal"]] = days * p.withdrawal_cost
        cost[c["lacking"]] = p.contract_price
        soft = np.isfinite(p.end_price)
        cost[c["end_lacking"]] = np.where(soft, p.end_price, 0.0)
        upper[c["forward"]] = p.pipe_capacity
        upper[c["backward"]] = p.reverse_capacity[:, self.back]
        upper[c["supply"]] = p.supply_capacity
        upper[c["unmet"]] = p.quantity
        upper[c["injection"]] = p.injection
        upper[c["withdrawal"]] = p.withdrawal
        upper[c["level"]] = p.working
        upper[c["end_lacking"]] = np.where(soft, np.inf, 0.0)
        return cost, lower, upper

    @property
    def rhs(self) -> FloatArray:
        """Right-hand sides of all rows."""
        return np.concatenate(self._rhs)

    def live(self, cost: FloatArray | None = None, lower: FloatArray | None = None) -> Model:
        """Return the programme for the solver, with other costs or least values if given."""
        model = Model(self.solver)
        for rhs, equal in zip(self._rhs, self._equal, strict=True):
            model.add_rows(rhs, equal=equal)
        cost = self.cost if cost is None else cost
        model.add_columns(cost, self.lower if lower is None else lower, self.upper.copy(), self.matrix)
        return model

    def reduced_cost(self, row_dual: FloatArray) -> FloatArray:
        """Return what one more unit of each column would add to the objective."""
        found: FloatArray = self.cost - self.matrix.T @ row_dual
        return found
