"""Equilibrium as arrays: the checked tables of arcs and demands, nodes that nobody may pass split in two."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._congestion import LinkTimes
from ._route_search import RouteSearch
from .errors import FloatArray, SolverInputError, check_table, demand_nodes, node_labels, numbers

IntArray = npt.NDArray[np.int64]

_MAX = 1e15
_MAX_TIME = 1e200  # leaves room for products with flows
_ZERO_OR_MORE = "a number of zero or more"


@dataclass(frozen=True, eq=False)
class EquilibriumInput:
    """Network and trips as arrays.

    Attributes
    ----------
    n : int
        Number of nodes, split ones twice.
    tail, head : ndarray of int, shape (m,)
        Ends of each arc.
    times : LinkTimes
        Time of each arc at any flow.
    origin, destination, quantity : ndarray, shape (k,)
        Pairs with something to send, sorted by origin and destination.
    from_node, to_node, amount : ndarray, shape (d,)
        Ends and quantity of each demand.
    pair : ndarray of int, shape (d,)
        Pair of each demand, -1 if it is served where it is or nothing is sent.
    stays : ndarray of bool, shape (d,)
        Demands from a node to itself.
    """

    n: int
    tail: IntArray
    head: IntArray
    times: LinkTimes
    origin: IntArray
    destination: IntArray
    quantity: FloatArray
    from_node: IntArray
    to_node: IntArray
    amount: FloatArray
    pair: IntArray
    stays: npt.NDArray[np.bool_]

    def search(self) -> RouteSearch:
        """Return a search for the quickest routes of all pairs."""
        return RouteSearch(self.n, self.tail, self.head, self.origin, self.destination)

    def demand_time(self, time: FloatArray) -> FloatArray:
        """Return the time of the quickest route of each demand, inf where there is none, shape (d,)."""
        found = np.zeros(len(self.amount))
        goes = np.flatnonzero(~self.stays)
        search = RouteSearch(self.n, self.tail, self.head, self.from_node[goes], self.to_node[goes])
        found[goes] = search.quickest(time).time
        return found


def read_input(arcs: Any, demands: Any, no_through: Any) -> EquilibriumInput:
    """Check the tables and turn them into arrays; raise `SolverInputError` for what is wrong in them."""
    check_table(arcs, ("tail", "head", "free_time", "b", "capacity", "power"))
    check_table(demands, ("origin", "destination", "quantity"), "demands")
    rows: list[Hashable] = arcs.index.tolist()
    ids: dict[Hashable, int] = {}
    ends = [node_labels(arcs, side, rows) for side in ("tail", "head")]
    tail, head = (np.array([ids.setdefault(v, len(ids)) for v in side], dtype=np.int64) for side in ends)
    amount = numbers(demands, "quantity", 0, _MAX, _ZERO_OR_MORE, "demands")
    from_node, to_node = (demand_nodes(demands, side, ids) for side in ("origin", "destination"))
    times = _times(arcs, float(amount.sum()))

    # The copy of a split node is where arcs and trips end; nothing leaves it, so that nothing passes.
    into = np.arange(len(ids))
    split = _nodes(no_through, ids)
    into[split] = len(ids) + np.arange(len(split))
    stays = from_node == to_node
    head, to_node = into[head], into[to_node]
    sent = np.flatnonzero(~stays & (amount > 0))
    n = len(ids) + len(split)
    keys, number = np.unique(from_node[sent] * n + to_node[sent], return_inverse=True)
    pair = np.full(len(amount), -1, dtype=np.int64)
    pair[sent] = number.ravel()
    found = EquilibriumInput(
        n=n,
        tail=tail,
        head=head,
        times=times,
        origin=keys // max(n, 1),
        destination=keys % max(n, 1),
        quantity=np.bincount(number.ravel(), amount[sent], len(keys)).astype(np.float64),
        from_node=from_node,
        to_node=to_node,
        amount=amount,
        pair=pair,
        stays=stays,
    )
    _refuse_unreachable(found, demands, bool(len(split)))
    return found


def _times(arcs: pd.DataFrame, most: float) -> LinkTimes:
    free_time, b, power = (numbers(arcs, c, 0, _MAX, _ZERO_OR_MORE) for c in ("free_time", "b", "power"))
    capacity = numbers(arcs, "capacity", np.nextafter(0, 1), np.inf, "a number above zero, or inf")
    cost = np.zeros(len(arcs))
    if "cost" in arcs:
        check_table(arcs, ("cost",))
        cost = numbers(arcs, "cost", 0, _MAX, _ZERO_OR_MORE)
    times = LinkTimes.make(free_time, b, capacity, power, cost)
    with np.errstate(over="ignore"):
        at_most = times.time(np.full(len(arcs), most))
        steepest = np.maximum(times.slope(np.full(len(arcs), most)), times.slope(np.zeros(len(arcs))))
    for i in np.flatnonzero(~((at_most <= _MAX_TIME) & (steepest <= _MAX_TIME)))[:1].tolist():
        raise SolverInputError(
            f"arcs row {arcs.index.tolist()[i]!r}: with capacity {capacity[i]:g}, b {b[i]:g} and power {power[i]:g} "
            f"its time under the flow of all demands, {most:g}, would be {at_most[i]:.0e} or rise by {steepest[i]:.0e} "
            f"per unit, expected at most {_MAX_TIME:.0e}; are capacity and quantity in the same unit?"
        )
    return times


def _nodes(labels: Any, ids: dict[Hashable, int]) -> IntArray:
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise SolverInputError(f"no_through: got {labels!r}, expected a list of node labels")
    found = []
    for label in labels:
        if not isinstance(label, Hashable) or label not in ids:
            raise SolverInputError.unknown_node("no_through: node", label, ids)
        found.append(ids[label])
    return np.unique(np.array(found, dtype=np.int64))


def _refuse_unreachable(found: EquilibriumInput, demands: pd.DataFrame, split: bool) -> None:
    time = found.search().quickest(found.times.fixed).time
    sent = np.flatnonzero(found.pair >= 0)
    for i in sent[np.isinf(time[found.pair[sent]])][:1].tolist():
        origin, destination, quantity = (demands[c].tolist()[i] for c in ("origin", "destination", "quantity"))
        rule = " that does not pass a node of no_through" if split else ""
        raise SolverInputError(
            f"demands row {demands.index.tolist()[i]!r}: there is no path from {origin!r} to {destination!r}{rule}; "
            f"expected one, or a quantity of zero instead of {quantity!r}"
        )
