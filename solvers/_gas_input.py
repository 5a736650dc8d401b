"""Gas flow problem as arrays: the checked tables of nodes, pipes, supplies, demands, storages and contracts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import FloatArray, SolverInputError, check_table, hashes, node_labels, numbers

__all__ = ["GasProblem", "read_gas"]

IntArray = npt.NDArray[np.int64]

_MAX = 1e15
_INF = float("inf")
_AMOUNT = "a number from 0 on"
_FINITE = f"a number from 0 to {_MAX:g}"
_COST = "a number"
_NEEDED = {
    "nodes": ("node",),
    "pipes": ("tail", "head", "capacity"),
    "supplies": ("node", "price", "capacity"),
    "demands": ("node", "quantity", "penalty"),
    "storages": ("node", "working", "injection", "withdrawal"),
    "contracts": ("least", "price"),
}
PROFILES = {
    "pipe": "pipes",
    "reverse": "pipes",
    "supply": "supplies",
    "plan": "supplies",
    "price": "supplies",
    "demand": "demands",
    "withdrawal": "storages",
    "injection": "storages",
}
"""What may change by period, and the table whose rows name the columns."""


@dataclass(frozen=True, eq=False)
class GasProblem:
    """Arrays of a gas flow problem; T periods, rates in units a day.

    Attributes
    ----------
    periods : Index
        Labels of the periods.
    days : ndarray, shape (T,)
        Length of each.
    nodes, groups : sequences
        Labels of the nodes, and whose each is.
    pipe_capacity, reverse_capacity : ndarray, shape (T, pipes)
        Most that enters a day.
    supply_capacity, supply_price : ndarray, shape (T, supplies)
    quantity : ndarray, shape (T, demands)
    withdrawal, injection : ndarray, shape (T, storages)
    shares : ndarray of int, shape (pipes,)
        Pipe whose capacity each uses too, -1 for none.
    contract_pipe, contract_supply : ndarray of int, shape (contracts,)
        Row of the table that the contract is about, -1 for none.
    """

    periods: pd.Index[Any]
    days: FloatArray
    nodes: list[Hashable]
    groups: list[Hashable]
    pipes: list[Hashable]
    tail: IntArray
    head: IntArray
    pipe_capacity: FloatArray
    reverse_capacity: FloatArray
    pipe_cost: FloatArray
    reverse_cost: FloatArray
    loss: FloatArray
    shares: IntArray
    supplies: list[Hashable]
    supply_node: IntArray
    supply_capacity: FloatArray
    supply_price: FloatArray
    supply_total: FloatArray
    demands: list[Hashable]
    demand_node: IntArray
    tiers: list[Hashable]
    quantity: FloatArray
    penalty: FloatArray
    storages: list[Hashable]
    storage_node: IntArray
    working: FloatArray
    start: FloatArray
    end: FloatArray
    end_price: FloatArray
    withdrawal: FloatArray
    injection: FloatArray
    empty_share: FloatArray
    full_share: FloatArray
    kept: FloatArray
    injection_cost: FloatArray
    withdrawal_cost: FloatArray
    contracts: list[Hashable]
    contract_pipe: IntArray
    contract_supply: IntArray
    contract_least: FloatArray
    contract_price: FloatArray

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return len(self.days)


def read_gas(
    nodes: pd.DataFrame,
    pipes: pd.DataFrame,
    supplies: pd.DataFrame | None,
    demands: pd.DataFrame | None,
    storages: pd.DataFrame | None,
    contracts: pd.DataFrame | None,
    periods: Any,
    profiles: Mapping[str, pd.DataFrame] | None,
) -> GasProblem:
    """Check all tables and turn them into arrays; see `solvers.solve_gas_flow` for what they hold.

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.
    """
    check_table(nodes, ("node",), "nodes")
    names = node_labels(nodes, "node", nodes.index.tolist(), "nodes")
    ids: dict[Hashable, int] = {}
    for row, name in zip(nodes.index.tolist(), names, strict=True):
        if name in ids:
            raise SolverInputError.at(row, "node", name, "each node once", "nodes")
        ids[name] = len(ids)
    if supplies is None:
        supplies = _at_nodes(nodes, {"supply": "capacity", "price": "price"}, {"price": 0.0})
    if demands is None:
        demands = _at_nodes(nodes, {"demand": "quantity", "penalty": "penalty"}, {"penalty": 1e6})
    storages = _empty("storages") if storages is None else storages
    contracts = _empty("contracts") if contracts is None else contracts
    tables = {"pipes": pipes, "supplies": supplies, "demands": demands, "storages": storages, "contracts": contracts}
    for table, frame in tables.items():
        check_table(frame, _NEEDED[table], table)
    index, days = _periods(periods)
    shapes = _Profiles(profiles, tables, index)
    pipe_capacity = shapes.take("pipe", _column(pipes, "capacity", "pipes", high=_INF))
    reverse = shapes.take("reverse", _column(pipes, "reverse_capacity", "pipes", 0.0, high=_INF))
    cost = _column(pipes, "cost", "pipes", 0.0, low=-_MAX, said=_COST)
    working = _column(storages, "working", "storages")
    start = _column(storages, "start", "storages", working)
    end = _column(storages, "end", "storages", start)
    _at_most(storages, "start", start, working)
    _at_most(storages, "end", end, working)
    withdrawal, injection = (_column(storages, c, "storages") for c in ("withdrawal", "injection"))
    empty = _column(storages, "withdrawal_empty", "storages", withdrawal)
    full = _column(storages, "injection_full", "storages", injection)
    _at_most(storages, "withdrawal_empty", empty, withdrawal)
    _at_most(storages, "injection_full", full, injection)
    which = _contracts(contracts, pipes, supplies)
    penalty = _column(demands, "penalty", "demands")
    return GasProblem(
        periods=index,
        days=days,
        nodes=names,
        groups=nodes["group"].tolist() if "group" in nodes else names,
        pipes=pipes.index.tolist(),
        tail=_node_numbers(pipes, "tail", ids, "pipes"),
        head=_node_numbers(pipes, "head", ids, "pipes"),
        pipe_capacity=pipe_capacity,
        reverse_capacity=reverse,
        pipe_cost=cost,
        reverse_cost=_column(pipes, "reverse_cost", "pipes", cost, low=-_MAX, said=_COST),
        loss=_column(pipes, "loss", "pipes", 0.0, high=0.99, said="a share from 0 to 0.99"),
        shares=_shares(pipes),
        supplies=supplies.index.tolist(),
        supply_node=_node_numbers(supplies, "node", ids, "supplies"),
        supply_capacity=_supply_capacity(supplies, shapes, days),
        supply_price=shapes.take("price", _column(supplies, "price", "supplies", low=-_MAX, said=_COST)),
        supply_total=_column(supplies, "most_total", "supplies", _INF, high=_INF),
        demands=demands.index.tolist(),
        demand_node=_node_numbers(demands, "node", ids, "demands"),
        tiers=demands["tier"].tolist() if "tier" in demands else penalty.tolist(),
        quantity=shapes.take("demand", _column(demands, "quantity", "demands")),
        penalty=penalty,
        storages=storages.index.tolist(),
        storage_node=_node_numbers(storages, "node", ids, "storages"),
        working=working,
        start=start,
        end=end,
        end_price=_column(storages, "end_price", "storages", _INF, high=_INF),
        withdrawal=shapes.take("withdrawal", withdrawal),
        injection=shapes.take("injection", injection),
        empty_share=np.divide(empty, withdrawal, out=np.ones_like(empty), where=withdrawal > 0),
        full_share=np.divide(full, injection, out=np.ones_like(full), where=injection > 0),
        kept=1.0 - _column(storages, "loss", "storages", 0.0, high=0.99, said="a share from 0 to 0.99"),
        injection_cost=_column(storages, "cost", "storages", 0.0),
        withdrawal_cost=_column(storages, "withdrawal_cost", "storages", 0.0),
        contracts=contracts.index.tolist(),
        contract_pipe=which["pipe"],
        contract_supply=which["supply"],
        contract_least=_column(contracts, "least", "contracts"),
        contract_price=_column(contracts, "price", "contracts"),
    )


def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=float) for column in _NEEDED[table]})


def _at_nodes(nodes: pd.DataFrame, columns: Mapping[str, str], default: Mapping[str, float]) -> pd.DataFrame:
    """Return supplies or demands that stand in columns of the nodes, those that are something."""
    amount = next(iter(columns))
    if amount not in nodes:
        return pd.DataFrame({c: pd.Series(dtype=float) for c in ("node", *columns.values())})
    some = nodes[nodes[amount].fillna(0.0) != 0]
    found = {to: some[column] if column in some else default[column] for column, to in columns.items()}
    return pd.DataFrame({"node": some["node"], **found}).set_index(some["node"].rename("row"))


def _periods(periods: Any) -> tuple[pd.Index[Any], FloatArray]:
    if isinstance(periods, (int, np.integer)) and not isinstance(periods, bool):
        if periods < 1:
            raise SolverInputError(f"periods: got {periods}, expected at least one")
        return pd.RangeIndex(int(periods), name="period"), np.ones(int(periods))
    lengths = periods if isinstance(periods, pd.Series) else pd.Series(periods, dtype=float)
    if not lengths.index.is_unique:
        raise SolverInputError("periods: a label appears twice, expected each period once")
    days = numbers(lengths.to_frame("days"), "days", 1e-9, _MAX, "a number of days above 0", "periods")
    if not len(days):
        raise SolverInputError("periods: none given, expected at least one")
    return lengths.index.rename(lengths.index.name or "period"), days


def _column(
    frame: pd.DataFrame,
    column: str,
    table: str,
    default: float | FloatArray | None = None,
    *,
    low: float = 0.0,
    high: float = _MAX,
    said: str | None = None,
) -> FloatArray:
    """Return a column; one that is missing, and in optional columns an empty cell, has the default."""
    filled = np.full(len(frame), 0.0 if default is None else default, dtype=float)
    if default is not None:
        if column not in frame:
            return filled
        there = frame[column].notna().to_numpy()
        if not there.all():
            frame = frame.assign(**{column: frame[column].where(there, pd.Series(filled, frame.index))})
    expected = said or (_AMOUNT if high == _INF else _FINITE)
    return numbers(frame, column, low, high, expected, table)


def _at_most(storages: pd.DataFrame, column: str, values: FloatArray, most: FloatArray) -> None:
    limit = "injection" if column == "injection_full" else "withdrawal" if "withdrawal" in column else "working"
    for i in np.flatnonzero(values > most * (1 + 1e-12))[:1].tolist():
        row = storages.index.tolist()[i]
        raise SolverInputError.at(row, column, float(values[i]), f"at most {limit!r}, {most[i]:g}", "storages")


def _node_numbers(frame: pd.DataFrame, column: str, ids: Mapping[Hashable, int], table: str) -> IntArray:
    rows = frame.index.tolist()
    labels = node_labels(frame, column, rows, table)
    for row, label in zip(rows, labels, strict=True):
        if label not in ids:
            near = get_close_matches(str(label), [str(n) for n in ids], n=3)
            hint = f"nearest: {', '.join(near)}" if near else "none is close to it"
            raise SolverInputError.at(row, column, label, f"a node of table nodes; {hint}", table)
    return np.array([ids[label] for label in labels], dtype=np.int64)


def _shares(pipes: pd.DataFrame) -> IntArray:
    """Return the pipe with which each shares a capacity, which may not share one itself."""
    found = _rows_named(pipes, "shares", pipes, "pipes")
    for i in np.flatnonzero((found >= 0) & (found[found] >= 0))[:1].tolist():
        row, label = pipes.index.tolist()[i], pipes["shares"].tolist()[i]
        raise SolverInputError.at(row, "shares", label, "a pipe that shares with no other itself", "pipes")
    return found


def _rows_named(frame: pd.DataFrame, column: str, others: pd.DataFrame, table: str) -> IntArray:
    """Return which row of another table each cell of a column names, -1 for an empty cell or no such column."""
    place = {label: i for i, label in enumerate(others.index.tolist())}
    found = np.full(len(frame), -1, dtype=np.int64)
    values = frame[column].tolist() if column in frame else []
    for i, (row, label) in enumerate(zip(frame.index.tolist(), values, strict=False)):
        if label is None or (isinstance(label, float) and np.isnan(label)):
            continue
        if not hashes(label) or label not in place:
            near = get_close_matches(str(label), [str(p) for p in place], n=3)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            raise SolverInputError.at(row, column, label, f"a row of its table{hint}", table)
        found[i] = place[label]
    return found


def _supply_capacity(supplies: pd.DataFrame, shapes: _Profiles, days: FloatArray) -> FloatArray:
    """Return capacities, in which what is ordered now comes after its lead; before, only what was planned comes."""
    capacity = shapes.take("supply", _column(supplies, "capacity", "supplies", high=_INF))
    lead = _column(supplies, "lead_days", "supplies", 0.0)
    plan = shapes.take("plan", _column(supplies, "plan", "supplies", 0.0, high=_INF))
    begins = np.concatenate([[0.0], np.cumsum(days)[:-1]])
    early = begins[:, None] < lead[None, :] - 1e-9
    return np.where(early, np.minimum(capacity, plan), capacity)


def _contracts(contracts: pd.DataFrame, pipes: pd.DataFrame, supplies: pd.DataFrame) -> dict[str, IntArray]:
    """Return the rows that contracts are about; each names one pipe or one supply."""
    named = (("pipe", pipes), ("supply", supplies))
    found = {column: _rows_named(contracts, column, others, "contracts") for column, others in named}
    both = (found["pipe"] >= 0) == (found["supply"] >= 0)
    for i in np.flatnonzero(both)[:1].tolist():
        row = contracts.index.tolist()[i]
        raise SolverInputError(f"contracts row {row!r}: expected either a pipe or a supply")
    return found


class _Profiles:
    """What changes by period: tables with a row for each period and a column for each row that they are about."""

    def __init__(
        self, given: Mapping[str, pd.DataFrame] | None, tables: Mapping[str, pd.DataFrame], index: pd.Index[Any]
    ) -> None:
        self.given = dict(given or {})
        self.tables, self.index = tables, index
        for name, frame in self.given.items():
            self._check(name, frame)

    def _check(self, name: str, frame: Any) -> None:
        if name not in PROFILES:
            raise SolverInputError(f"profiles: got {name!r}, expected {_listed(list(PROFILES))}")
        if not isinstance(frame, pd.DataFrame):
            raise SolverInputError(f"profiles[{name!r}]: got {type(frame).__name__}, expected a DataFrame")
        if len(frame) != len(self.index) or not frame.index.equals(self.index):
            raise SolverInputError(f"profiles[{name!r}]: its index must be the {len(self.index)} periods")
        known = set(self.tables[PROFILES[name]].index.tolist())
        for column in frame.columns:
            if column not in known:
                near = get_close_matches(str(column), [str(k) for k in known], n=3)
                hint = f"; nearest: {', '.join(near)}" if near else ""
                raise SolverInputError(
                    f"profiles[{name!r}] column {column!r}: expected a row of {PROFILES[name]}{hint}"
                )

    def take(self, name: str, constant: FloatArray) -> FloatArray:
        """Return values by period and row."""
        found: FloatArray = np.tile(constant, (len(self.index), 1))
        frame = self.given.get(name)
        if frame is None:
            return found
        low = -_MAX if name == "price" else 0.0
        rows = {label: i for i, label in enumerate(self.tables[PROFILES[name]].index.tolist())}
        for column in frame.columns:
            said = _COST if name == "price" else _AMOUNT
            found[:, rows[column]] = numbers(frame, column, low, _INF, said, f"profiles[{name!r}]")
        return found


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
