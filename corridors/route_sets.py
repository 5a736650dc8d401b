"""Route sets: the cheapest route of every corridor, for many pairs of places and classes of shippers at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError
from solvers import Graph

from .catalogue import Corridor, Filters
from .finder import PairSearch
from .search import layered, returned_to

__all__ = ["route_sets"]

_MOST_PLACES = 8
"""Places of a corridor that are kept from being passed twice; each doubles its copies."""

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
    searches = {pair: PairSearch(filters, *pair, _any(costs), tuple(avoid), year, handling) for pair in wanted}
    rows = []
    for corridor in corridors:
        served = [pair for pair in wanted if searches[pair].serves(corridor)]
        for order, group in _by_order(corridor, served, searches):
            supply = _Ways(filters, searches[group[0]], corridor, order, group)
            for name, cost in costs.items():
                rows += [(*pair, name, corridor.corridor_id, corridor.family, path) for pair, path in supply.of(cost)]
    columns = ["origin", "destination", "class", "corridor", "family", "path"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:4], kind="stable", ignore_index=True)


def _any(costs: Costs) -> npt.NDArray[np.float64]:
    return next(iter(costs.values()))


def _by_order(
    corridor: Corridor, pairs: Sequence[Pair], searches: Mapping[Pair, PairSearch]
) -> list[tuple[list[frozenset[str]], list[Pair]]]:
    """Return the pairs by the order in which they pass the steps; those of no order of their own by both."""
    groups: dict[tuple[frozenset[str], ...], list[Pair]] = {}
    for pair in pairs:
        for order in searches[pair].orders(corridor):
            groups.setdefault(tuple(order), []).append(pair)
    return [(list(order), group) for order, group in groups.items()]


@dataclass
class _Ways:
    """Cheapest routes of one corridor for pairs that pass its steps in one order."""

    filters: Filters
    search: PairSearch
    corridor: Corridor
    order: Sequence[frozenset[str]]
    pairs: list[Pair]
    once: list[str] = field(default_factory=list)

    def of(self, cost: npt.NDArray[np.float64]) -> list[tuple[Pair, tuple[int, ...]]]:
        """Return the cheapest route at the given costs of each pair that has one."""
        while True:
            found = self._product.paths(cost)
            returned = {returned_to(self.filters.network, path) for _, path in found} - {""}
            if not returned:
                return found
            self.once += sorted(returned)
            if len(self.once) > _MOST_PLACES:
                where = ", ".join(self.once)
                raise DataError([f"{self.corridor.corridor_id}: ways come back to too many places: {where}"])
            del self._product

    @cached_property
    def _product(self) -> _Product:
        net, handling = self.filters.network, self.search.handling
        copies = layered(net, self.order, self.search.allowed(self.corridor), self.once)
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
        return _Product(graph, numbers, source, sink, self.pairs)


@dataclass(frozen=True)
class _Product:
    """The copies of the network of one corridor, with a source and a sink for each place."""

    graph: Graph
    arcs: npt.NDArray[np.int64]
    source: dict[str, int]
    sink: dict[str, int]
    pairs: list[Pair]

    def paths(self, cost: npt.NDArray[np.float64]) -> list[tuple[Pair, tuple[int, ...]]]:
        """Return the cheapest path of each pair that has one."""
        graph = self.graph.with_cost(np.where(self.arcs >= 0, cost[self.arcs], 0.0))
        found = []
        for origin, root in self.source.items():
            tree = graph.tree(root)
            for pair in self.pairs:
                goal = self.sink[pair[1]]
                if pair[0] == origin and np.isfinite(tree.cost[goal]):
                    found.append((pair, self._back(tree.arc, goal, root)))
        return found

    def _back(self, came: npt.NDArray[np.int64], goal: int, root: int) -> tuple[int, ...]:
        steps, node = [], goal
        while node != root:
            arc = int(came[node])
            if self.arcs[arc] >= 0:
                steps.append(int(self.arcs[arc]))
            node = int(self.graph.tail[arc])
        return tuple(steps[::-1])
