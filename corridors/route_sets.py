"""Route sets: the cheapest route of every corridor, for many pairs of places and classes of shippers at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import Supernetwork
from solvers import Graph

from .catalogue import Corridor, Filters
from .finder import Course
from .search import layered, returned_to

__all__ = ["MOST_PLACES", "Pair", "Product", "Ways", "by_order", "route_sets"]

MOST_PLACES = 8
"""Places of a corridor that are kept from being passed twice; each doubles its copies.

A pair whose cheapest way still comes back to some other place has no route by the corridor.
"""

Costs = Mapping[str, npt.NDArray[np.float64]]
Pair = tuple[str, str]


def route_sets(
    filters: Filters,
    pairs: Iterable[Pair],
    costs: Costs,
    corridors: Sequence[Corridor],
    *,
    year: int,
    avoid: Iterable[str] = (),
    handling: bool = True,
) -> pd.DataFrame:
    """Return the cheapest route of each corridor that serves a pair, for each class of shippers.

    Parameters
    ----------
    filters : Filters
        Words to places and arcs of the network.
    pairs : iterable of (str, str)
        Place ids of origin and destination.
    costs : mapping of str to ndarray of float, shape (arcs,)
        Generalised cost of each arc for each class, zero or more, USD/TEU.
    corridors : sequence of Corridor
        Those that may be used.
    year : int
        State of the network.
    avoid : iterable of str
        What no route may use.
    handling : bool
        Whether loading at the origin and unloading at the destination are counted.

    Returns
    -------
    DataFrame
        ``origin``, ``destination``, ``class``, ``corridor``, ``family``, ``path`` (tuple of arc numbers of the
        network), one row per route; a corridor without a way has none.

    Notes
    -----
    One shortest-path tree per corridor, class and origin, on the network copied for each number of steps
    passed. A path that comes back to a place is no route: where one does, the network is copied again by
    whether that place was left (see `layered`), and the search repeated.
    """
    wanted = list(dict.fromkeys(pairs))
    free = filters.avoiding(avoid) & (filters.network.arcs["opens_year"].to_numpy(dtype=float) <= year)
    best: dict[tuple[str, ...], tuple[float, tuple[int, ...]]] = {}
    for corridor in corridors:
        for order, group in by_order(Course(filters, corridor), wanted):
            allowed = free & filters.avoiding(corridor.avoid)
            supply = Ways(filters.network, corridor.corridor_id, order, allowed, handling, group)
            for name, cost in costs.items():
                for pair, path in supply.of(cost):
                    key = (*pair, name, corridor.corridor_id, corridor.family)
                    total = float(cost[list(path)].sum())
                    if key not in best or total < best[key][0]:  # of a corridor that may be passed in either order
                        best[key] = total, path
    columns = ["origin", "destination", "class", "corridor", "family", "path"]
    rows = [(*key, path) for key, (_, path) in best.items()]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:4], kind="stable", ignore_index=True)


def by_order(course: Course, pairs: Sequence[Pair]) -> list[tuple[list[frozenset[str]], list[Pair]]]:
    """Return the pairs that a corridor serves by the order in which they pass its steps; those without one by both."""
    groups: dict[tuple[frozenset[str], ...], list[Pair]] = {}
    for pair in pairs:
        orders = course.orders(*pair) if course.serves(*pair) else ()
        for order in dict.fromkeys(map(tuple, orders)):
            groups.setdefault(order, []).append(pair)
    return [(list(order), group) for order, group in groups.items()]


@dataclass
class Ways:
    """Cheapest routes of one corridor for pairs that pass its steps in one order.

    Attributes
    ----------
    network : Supernetwork
        Where to search.
    corridor_id : str
        For messages.
    order : sequence of sets of str
        Places to pass, in order.
    allowed : ndarray of bool, shape (arcs,)
        Arcs that may be used.
    handling : bool
        Whether loading and unloading are counted.
    pairs : list of (str, str)
        Place ids of origin and destination.
    once : list of str
        Places that no route may come back to, as far as found out.
    """

    network: Supernetwork
    corridor_id: str
    order: Sequence[frozenset[str]]
    allowed: npt.NDArray[np.bool_]
    handling: bool
    pairs: list[Pair]
    once: list[str] = field(default_factory=list)

    def of(self, cost: npt.NDArray[np.float64]) -> list[tuple[Pair, tuple[int, ...]]]:
        """Return the cheapest route at the given costs of each pair that has one."""
        while True:
            found = self.product.paths(cost)
            returned = {pair: returned_to(self.network, path) for pair, path in found}
            more = sorted({place for place in returned.values() if place} - set(self.once))
            if not any(returned.values()) or len(self.once) == MOST_PLACES:
                return [(pair, path) for pair, path in found if not returned[pair]]
            self.once = (self.once + more)[:MOST_PLACES]
            del self.product

    @cached_property
    def product(self) -> Product:
        """The copies of the network."""
        net, handling = self.network, self.handling
        copies = layered(net, self.order, self.allowed, self.once)
        source = {o: copies.size + i for i, o in enumerate(dict.fromkeys(o for o, _ in self.pairs))}
        size = copies.size + len(source)
        sink = {d: size + i for i, d in enumerate(dict.fromkeys(d for _, d in self.pairs))}
        starts = {node: copies.enter[net.ends(place, handling=handling)[0]] for place, node in source.items()}
        finishes = {
            node: copies.leave[:, net.ends(place, handling=handling)[1]].ravel() for place, node in sink.items()
        }
        tail = [copies.tail, *(np.full(len(to), node) for node, to in starts.items()), *finishes.values()]
        head = [copies.head, *starts.values(), *(np.full(len(at), node) for node, at in finishes.items())]
        tails, heads = np.concatenate(tail), np.concatenate(head)
        numbers = np.concatenate([copies.arcs, np.full(len(tails) - len(copies.arcs), -1)])
        graph = Graph.from_arrays(size + len(sink), tails, heads, np.zeros(len(tails)))
        return Product(graph, numbers, source, sink, self.pairs)


@dataclass(frozen=True)
class Product:
    """The copies of the network of one corridor, with a source and a sink for each place.

    Attributes
    ----------
    graph : Graph
        Copies, sources and sinks.
    arcs : ndarray of int
        Number in the network of each arc, -1 of those that join sources and sinks.
    source, sink : dict of str to int
        Node of each place.
    pairs : list of (str, str)
        Places of origin and destination.
    """

    graph: Graph
    arcs: npt.NDArray[np.int64]
    source: dict[str, int]
    sink: dict[str, int]
    pairs: list[Pair]

    def paths(self, cost: npt.NDArray[np.float64]) -> list[tuple[Pair, tuple[int, ...]]]:
        """Return the cheapest path of each pair that has one."""
        graph = self.graph.with_cost(np.where(self.arcs >= 0, cost[self.arcs], 0.0))
        far, came = graph.forest(list(self.source.values()))
        row = {origin: i for i, origin in enumerate(self.source)}
        return [
            ((origin, destination), self._back(came[row[origin]], self.sink[destination]))
            for origin, destination in self.pairs
            if np.isfinite(far[row[origin], self.sink[destination]])
        ]

    @cached_property
    def _steps(self) -> list[tuple[int, int]]:
        """Number in the network and tail of each arc."""
        return list(zip(self.arcs.tolist(), self.graph.tail.tolist(), strict=True))

    def _back(self, came: npt.NDArray[np.int64], goal: int) -> tuple[int, ...]:
        """Return the arcs of the network on the way to the goal."""
        found, joining = [], came.item(goal)
        while joining >= 0:
            arc, tail = self._steps[joining]
            if arc >= 0:
                found.append(arc)
            joining = came.item(tail)
        return tuple(found[::-1])
