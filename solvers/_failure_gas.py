"""The cheapest flow of gas that answers to failures: one linear programme, kept warm from one set to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from . import _solver
from ._gas_model import GasModel
from .errors import FlowCheckError, SolverInputError
from .failure_search import Answer

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from ._gas_input import GasProblem
    from ._problem import IntArray
    from .errors import FloatArray

__all__ = ["GasRecourse", "gas_elements"]

_FLOWS = ("forward", "backward", "supply", "injection", "withdrawal")


class GasRecourse:
    """Least-cost flow of gas without some of its pipes, supplies and storages.

    Parameters
    ----------
    problem : GasProblem
        What is lacking in storages at the end has a price.
    members : sequence of (str, int) for each element
        Table, ``pipe``, ``supply`` or ``storage``, and row of what it takes along.
    solver : str
        PuLP's name.
    """

    def __init__(self, problem: GasProblem, members: list[list[tuple[str, int]]], solver: str) -> None:
        self.gas = GasModel(problem, solver)
        self.model = self.gas.live()
        columns = [_columns(self.gas, inside) for inside in members]
        row = np.repeat(np.arange(len(columns)), [len(c) for c in columns])
        entries = (np.ones(len(row)), (row, np.concatenate([np.zeros(0, dtype=np.int64), *columns])))
        self._takes = csr_array(entries, shape=(len(columns), self.gas.n_columns))
        self._open = self.gas.upper.copy()
        p = problem
        dearest = max(float(p.penalty.max(initial=0.0)), float(p.end_price.max(initial=0.0)))
        self._worth = dearest + float(p.contract_price.max(initial=0.0))
        if not np.isfinite(self._worth):
            raise SolverInputError("storages: column 'end_price': what lacks at the end needs a price, expected no inf")
        if min(float(x.min(initial=0.0)) for x in (p.pipe_cost, p.reverse_cost, p.supply_price)) < 0:
            raise SolverInputError(
                "pipes, supplies: what costs less than nothing cannot be bounded, expected no such cost"
            )
        self._worth *= 1 + _slower(p)
        days = np.zeros(self.gas.n_columns)
        for name in _FLOWS:
            days[self.gas.columns[name]] = p.days[:, None]
        self._days = days
        self._shut = np.zeros(self.gas.n_columns, dtype=bool)

    def answer(self, failed: IntArray, deadline: float) -> Answer | None:
        """Return the cheapest flow without some elements; None when the time is over."""
        shut = np.zeros(self.gas.n_columns, dtype=bool)
        for e in failed.tolist():
            shut[self._takes.indices[self._takes.indptr[e] : self._takes.indptr[e + 1]]] = True
        changed = np.flatnonzero(shut != self._shut)
        if len(changed):
            upper = np.where(shut[changed], self.gas.lower[changed], self._open[changed])
            self.model.set_bounds(changed, self.gas.lower[changed], upper)
            self._shut = shut
        outcome = self.model.run(deadline)
        if outcome.status == _solver.STOPPED:
            return None
        if outcome.status == _solver.FAILED:
            raise FlowCheckError(f"the flow of gas without elements {failed.tolist()}: the solver failed")
        if outcome.status != _solver.OPTIMAL:
            raise SolverInputError(f"the flow of gas without elements {failed.tolist()} is {outcome.status}")
        cost = float(self.gas.cost @ outcome.x)
        harm: FloatArray = self._takes @ (self._worth * self._days * outcome.x)
        harm[failed] = 0.0
        return Answer(cost, cost, np.where(harm > 1e-9 * max(abs(cost), 1.0), harm, 0.0))


def _slower(problem: GasProblem) -> float:
    """Return how much less can be withdrawn over the horizon, at most, for each unit that a storage has less.

    The rate falls with the level, so that giving up gas on its way to a storage keeps other gas in it.
    """
    p = problem
    if not p.storages:
        return 0.0
    slope = p.withdrawal * (1.0 - p.empty_share) / np.maximum(p.working, 1e-300)
    return float((p.days[:, None] * np.where(p.working > 0, slope, 0.0)).sum(axis=0).max())


def gas_elements(
    problem: GasProblem, elements: Mapping[Hashable, Iterable[tuple[str, Hashable]]] | None
) -> dict[Hashable, list[tuple[str, int]]]:
    """Return what each element takes along, by table and row; every pipe alone if nothing is given."""
    if elements is None:
        return {label: [("pipe", i)] for i, label in enumerate(problem.pipes)}
    rows = {
        "pipe": {label: i for i, label in enumerate(problem.pipes)},
        "supply": {label: i for i, label in enumerate(problem.supplies)},
        "storage": {label: i for i, label in enumerate(problem.storages)},
    }
    found: dict[Hashable, list[tuple[str, int]]] = {}
    for name, inside in elements.items():
        found[name] = []
        for table, label in inside:
            if table not in rows:
                raise SolverInputError(f"elements {name!r}: got table {table!r}, expected pipe, supply or storage")
            if label not in rows[table]:
                raise SolverInputError(f"elements {name!r}: there is no {table} {label!r}")
            found[name].append((table, rows[table][label]))
    return found


def _columns(gas: GasModel, inside: list[tuple[str, int]]) -> IntArray:
    """Return the columns that stop when pipes, supplies or storages fail; gas in a storage stays where it is."""
    found = []
    place = {int(pipe): i for i, pipe in enumerate(gas.back)}
    for table, row in inside:
        if table == "pipe":
            found.append(gas.columns["forward"][:, row])
            if row in place:
                found.append(gas.columns["backward"][:, place[row]])
        elif table == "supply":
            found.append(gas.columns["supply"][:, row])
        else:
            found += [gas.columns["injection"][:, row], gas.columns["withdrawal"][:, row]]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
