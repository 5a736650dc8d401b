"""Shortest and k shortest loopless paths over a table of arcs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import islice
from math import fsum, inf
from operator import index
from typing import Any, NamedTuple

import numpy.typing as npt
import pandas as pd

from ._graph import Graph, Tree
from .errors import SolverInputError, hashes

_SEARCH, _FOUND = 0, 1  # at equal keys an unfinished search goes first: it may hide a better tie


def shortest_paths(
    arcs: pd.DataFrame | Graph,
    sources: Any,
    targets: Any = None,
    *,
    cost: Hashable = "cost",
    allowed: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Find a cheapest path from every source to every target.

    Parameters
    ----------
    arcs : DataFrame of m rows, or Graph
        Columns ``tail``, ``head`` and `cost`; the index, unique, names the arcs.
    sources, targets : label or iterable of labels
        Repeated labels count once. What is itself a node label is taken as that node, so that a tuple
        can be one; None for `targets` means every node.
    cost : hashable
        Column of costs, any additive unit, zero or more. A Graph has its own.
    allowed : array_like of bool, shape (m,), optional
        Arcs that may be used, in row order.

    Returns
    -------
    DataFrame
        One row per pair, sources outermost: ``source``, ``target``, ``cost`` (in the unit of `cost`, inf
        if there is no path) and ``path`` (list of arc labels; None if there is no path).

    Raises
    ------
    SolverInputError
        Bad table, mask or cost, or a label that is no node.

    Notes
    -----
    One Dijkstra (1959) per distinct source. Ties go to fewer arcs, then, from the target back, to the
    lowest row.
    """
    graph = _graph(arcs, cost, allowed)
    starts = _numbers(graph, sources, "source")
    ends = list(range(graph.n)) if targets is None else _numbers(graph, targets, "target")
    rows: list[tuple[Hashable, Hashable, float, list[Hashable] | None]] = []
    tails: list[int] = graph.tail.tolist()
    for s in starts:
        tree = graph.tree(s)
        joins = tree.arc.tolist()
        for t in ends:
            path = _climb(joins, tails, s, t)
            total = inf if path is None else fsum(graph.open_cost[a] for a in path)
            named = None if path is None else [graph.arcs[a] for a in path]
            rows.append((graph.nodes[s], graph.nodes[t], total, named))
    return _frame(("source", "target", "cost", "path"), rows)


def k_shortest_paths(
    arcs: pd.DataFrame | Graph,
    source: Hashable,
    target: Hashable,
    k: int,
    *,
    cost: Hashable = "cost",
    allowed: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Find the k cheapest loopless paths from one node to another.

    Parameters
    ----------
    arcs, source, target, cost, allowed
        As in `iter_shortest_paths`, which does the work.
    k : int
        How many paths are wanted, zero or more.

    Returns
    -------
    DataFrame
        ``cost`` (in the unit of `cost`, non-decreasing) and ``path`` (list of arc labels); fewer than k
        rows if there are fewer paths.

    Raises
    ------
    SolverInputError
        Bad table, mask, cost or k, or a label that is no node.
    """
    try:
        wanted = index(k)
    except TypeError:
        wanted = -1
    if wanted < 0:
        raise SolverInputError(f"k: got {k!r}, expected an integer, zero or more")
    found = list(islice(iter_shortest_paths(arcs, source, target, cost=cost, allowed=allowed), wanted))
    return _frame(("cost", "path"), found)


def iter_shortest_paths(
    arcs: pd.DataFrame | Graph,
    source: Hashable,
    target: Hashable,
    *,
    cost: Hashable = "cost",
    allowed: npt.ArrayLike | None = None,
) -> Iterator[tuple[float, list[Hashable]]]:
    """Generate all loopless paths from one node to another, cheapest first, each when asked for.

    Parameters
    ----------
    arcs : DataFrame of m rows, or Graph
        Columns ``tail``, ``head`` and `cost`; the index, unique, names the arcs. Parallel arcs make
        distinct paths.
    source, target : hashable
        Node labels. If they are the same node, the one path is empty and costs zero.
    cost : hashable
        Column of costs, any additive unit, zero or more. A Graph has its own.
    allowed : array_like of bool, shape (m,), optional
        Arcs that may be used, in row order.

    Returns
    -------
    iterator of (float, list)
        Cost (in the unit of `cost`, non-decreasing) and path (list of arc labels). Ties go to fewer
        arcs, then to the lower rows.

    Raises
    ------
    SolverInputError
        Bad table, mask or cost, or a label that is no node; raised by the call itself.

    Notes
    -----
    Yen (1971), "Finding the k shortest loopless paths in a network", Management Science 17(11), 712-716,
    with the partition of Lawler (1972), "A procedure for computing the k best solutions...", Management
    Science 18(7), 401-405: each path found splits the set it came from into disjoint ones, by the arc
    where they leave it, so that no path is met twice. Each set is searched by A*; its potential, the exact
    cost and hops to the target by one reverse Dijkstra (1959), stays consistent when arcs and nodes are
    removed. A search stops as soon as its bound passes that of another and resumes when its turn comes.

    Sums of costs are rounded once; paths that differ by less than the rounding of a sum may come in
    either order, the later one then being reported at the cost of the earlier.
    """
    graph = _graph(arcs, cost, allowed)
    start, end = graph.node(source, "source"), graph.node(target, "target")
    return ((total, [graph.arcs[a] for a in path]) for total, path in _yen(graph, start, end))


class _Space(NamedTuple):
    """Paths that begin with the first `fixed` arcs of `arcs` and then take none of `banned`."""

    arcs: tuple[int, ...]
    nodes: tuple[int, ...]
    fixed: int
    banned: frozenset[int]


class _Field:
    """What all searches of one call share: plain lists, and the potential towards the target."""

    def __init__(self, graph: Graph, target: int) -> None:
        tree: Tree = graph.tree(target, reverse=True)
        self.target = target
        self.out, self.heads, self.cost = graph.shape.out, graph.shape.heads, graph.open_cost
        self.rest: list[float] = tree.cost.tolist()
        self.hops: list[float] = tree.hops.tolist()

    def split(self, space: _Space) -> Iterator[tuple[tuple[float, float], _Space]]:
        """Part what remains of the space once the path it holds is out, with a bound on each part."""
        seen = set(space.nodes[: space.fixed])
        done = sum(self.cost[a] for a in space.arcs[: space.fixed])
        for i in range(space.fixed, len(space.arcs)):
            seen.add(space.nodes[i])
            banned = frozenset((space.arcs[i],)) | (space.banned if i == space.fixed else frozenset())
            cost, hops = self._bound(space.nodes[i], banned, seen)
            if cost < inf:
                yield (done + cost, i + hops), _Space(space.arcs, space.nodes, i, banned)
            done += self.cost[space.arcs[i]]

    def _bound(self, v: int, banned: frozenset[int], seen: set[int]) -> tuple[float, float]:
        return min(
            (
                (self.cost[a] + self.rest[self.heads[a]], 1 + self.hops[self.heads[a]])
                for a in self.out[v]
                if a not in banned and self.heads[a] not in seen
            ),
            default=(inf, inf),
        )


@dataclass
class _Search:
    """A* for the best path of a space; it can be left and taken up again."""

    shared: _Field
    space: _Space
    heap: list[tuple[float, float, int, int, float]] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    label: dict[int, tuple[float, int]] = field(default_factory=dict)
    parent: dict[int, tuple[int, int]] = field(default_factory=dict)

    def advance(self, limit: tuple[float, float]) -> _Space | None:
        """Search until the path is found, or nothing is left within `limit` (cost, hops)."""
        if not self.label:
            self._begin()
        heap = self.heap
        while heap and heap[0][:2] <= limit:
            _, _, hops, v, done = heappop(heap)
            if v in self.closed or (done, hops) != self.label[v]:
                continue
            if v == self.shared.target:
                return self._path()
            self.closed.add(v)
            self._expand(v, done, hops + 1)
        return None

    def _begin(self) -> None:
        space, fixed = self.space, self.space.fixed
        v = space.nodes[fixed]
        self.closed = set(space.nodes[: fixed + 1])
        done = sum(self.shared.cost[a] for a in space.arcs[:fixed])
        self.label[v] = done, fixed
        self._expand(v, done, fixed + 1)

    def _expand(self, v: int, done: float, hops: int) -> None:
        shared, closed, banned = self.shared, self.closed, self.space.banned
        for a in shared.out[v]:
            w = shared.heads[a]
            total = done + shared.cost[a]
            bound = total + shared.rest[w]
            if bound == inf or w in closed or a in banned:
                continue
            new, old = (total, hops), self.label.get(w)
            if old is None or new < old:
                self.label[w], self.parent[w] = new, (a, v)
                heappush(self.heap, (bound, hops + shared.hops[w], hops, w, total))
            elif new == old and self._lower(a, v, w):
                self.parent[w] = a, v

    def _lower(self, a: int, v: int, w: int) -> bool:
        """Say whether reaching w by a from v takes lower rows than its present path of as many arcs."""
        b, u = self.parent[w]
        while v != u:
            (a, v), (b, u) = self.parent[v], self.parent[u]
        return a < b

    def _path(self) -> _Space:
        space, v = self.space, self.shared.target
        arcs, nodes = [], [v]
        while v in self.parent:
            a, v = self.parent[v]
            arcs.append(a)
            nodes.append(v)
        fixed = space.fixed
        whole = (*space.arcs[:fixed], *reversed(arcs)), (*space.nodes[:fixed], *reversed(nodes))
        return _Space(*whole, fixed, space.banned)


def _yen(graph: Graph, source: int, target: int) -> Iterator[tuple[float, tuple[int, ...]]]:
    if source == target:
        yield 0.0, ()
        return
    shared = _Field(graph, target)
    first = _Search(shared, _Space((), (source,), 0, frozenset()))
    queue: list[tuple[float, float, int, tuple[int, ...], Any]] = [(0.0, 0.0, _SEARCH, (0,), first)]
    made, floor = 0, 0.0
    while queue:
        cost, _, kind, order, item = heappop(queue)
        if kind == _FOUND:
            floor = max(floor, cost)
            yield floor, item.arcs
            for bound, space in shared.split(item):
                made += 1
                heappush(queue, (*bound, _SEARCH, (made,), _Search(shared, space)))
            continue
        path = item.advance(queue[0][:2] if queue else (inf, inf))
        if path is not None:
            total = fsum(shared.cost[a] for a in path.arcs)
            heappush(queue, (total, len(path.arcs), _FOUND, path.arcs, path))
        elif item.heap:
            heappush(queue, (*item.heap[0][:2], _SEARCH, order, item))


def _graph(arcs: pd.DataFrame | Graph, cost: Hashable, allowed: npt.ArrayLike | None) -> Graph:
    if isinstance(arcs, Graph) and cost != "cost":
        raise SolverInputError(f"cost: got column {cost!r}, expected none with a Graph, which has its costs")
    graph = arcs if isinstance(arcs, Graph) else Graph.from_arcs(arcs, cost)
    return graph if allowed is None else graph.only(allowed)


def _numbers(graph: Graph, labels: Any, role: str) -> list[int]:
    lone = isinstance(labels, str) or not isinstance(labels, Iterable)
    lone = lone or (hashes(labels) and labels in graph.ids)
    return list(dict.fromkeys(graph.node(v, role) for v in ([labels] if lone else labels)))


def _climb(joins: list[int], tails: list[int], source: int, target: int) -> list[int] | None:
    if target != source and joins[target] < 0:
        return None
    path, v = [], target
    while v != source:
        path.append(joins[v])
        v = tails[joins[v]]
    return path[::-1]


def _frame(names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    kinds = {"cost": float, "path": object}
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=kinds.get(name, None if rows else object))
            for name, column in zip(names, columns, strict=True)
        }
    )
