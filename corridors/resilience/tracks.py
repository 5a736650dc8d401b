"""Cheapest routes of one corridor, found again where something changes: the network is laid out once and kept small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from networks import Supernetwork
from solvers import Graph

from ..route_sets import MOST_PLACES, Pair, Ways

__all__ = ["Routes", "Track", "joined", "replaced", "some_of"]

Ints = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_KEPT = 8  # layouts of the network by which places were left
_SLACK = 0.1  # of what the usual ways cost, by which others may be dearer and still be near


class Routes(NamedTuple):
    """Routes of some pairs: those of pair i are ``arcs[start[i]:start[i + 1]]``, none if there is no way."""

    start: Ints
    arcs: Ints

    @property
    def there(self) -> Flags:
        """Which pairs have a way."""
        return np.diff(self.start) > 0

    def passing(self, arcs: Flags) -> Flags:
        """Say which routes pass some arcs."""
        count = len(self.start) - 1
        owner = np.repeat(np.arange(count), np.diff(self.start))
        return np.bincount(owner, arcs[self.arcs], minlength=count) > 0

    def crossed(self, arcs: int) -> csr_array:
        """Return how often each route crosses each arc, shape (routes, arcs)."""
        return csr_array((np.ones(len(self.arcs)), self.arcs, self.start), shape=(len(self.start) - 1, arcs))


def joined(parts: Sequence[Routes]) -> Routes:
    """Return routes one after the other."""
    lengths = np.concatenate([np.zeros(0, dtype=np.int64), *(np.diff(p.start) for p in parts)])
    arcs = np.concatenate([np.zeros(0, dtype=np.int64), *(p.arcs for p in parts)])
    return Routes(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), arcs)


def some_of(routes: Routes, which: Ints) -> Routes:
    """Return some of the routes."""
    lengths = np.diff(routes.start)[which]
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    place = np.repeat(routes.start[:-1][which] - start[:-1], lengths) + np.arange(start[-1])
    return Routes(start, routes.arcs[place])


def replaced(routes: Routes, which: Ints, new: Routes) -> Routes:
    """Return routes with some of them replaced."""
    source = np.arange(len(routes.start) - 1)
    source[which] = len(source) + np.arange(len(which))
    return some_of(joined([routes, new]), source)


@dataclass(eq=False)
class Track:
    """One corridor for pairs that pass its steps in one order.

    Attributes
    ----------
    network : Supernetwork
        Where to search.
    market, corridor, family : str
        Whose it is.
    order : sequence of sets of str
        Places to pass.
    allowed : ndarray of bool, shape (arcs,)
        Arcs that the corridor may use, open or not.
    pairs : list of (str, str)
        Place ids of origin and destination.
    """

    network: Supernetwork
    market: str
    corridor: str
    family: str
    order: Sequence[frozenset[str]]
    allowed: Flags
    pairs: list[Pair]

    def __post_init__(self) -> None:
        """Begin without places that no route may come back to: they are found out."""
        self.once: list[str] = []
        self._usual: dict[str, _Usual] = {}
        self._strict: dict[tuple[str, ...], _Small] = {}

    def learn(self, costs: Mapping[str, Values]) -> None:
        """Find the usual routes, at the cost of each arc to each kind of goods, inf where it may not be used."""
        for cost in costs.values():
            open_ = self.allowed & np.isfinite(cost)
            ways = Ways(self.network, self.corridor, self.order, open_, True, self.pairs, list(self.once))
            ways.of(np.where(open_, cost, 0.0))
            self.once = ways.once
        product = self._product(tuple(self.once))
        self._usual = {goods: _Usual.of(self._wide, product, cost) for goods, cost in costs.items()}

    def routes(self, cost: Values, pairs: Ints, goods: str) -> Routes:
        """Return the cheapest route of some pairs for some goods at the cost of each arc, inf where it may not be used.

        Notes
        -----
        Ways near the usual ones are looked at first: what they find is the cheapest of all if it costs less than any
        way that leaves them. A route that comes back to a place is none: the network is then laid out anew by whether
        that place was left.
        """
        usual = self._usual[goods]
        found, far = usual.near.routes(cost, pairs)
        again = np.flatnonzero(~(far <= usual.certain[pairs] - self._gain(usual, cost)))
        if len(again):
            found = replaced(found, again, self._wide.routes(cost, pairs[again])[0])
        once = list(self.once)
        while True:
            wrong, places = self._returns(found)
            if not len(wrong):
                return found
            if len(once) == MOST_PLACES:
                return replaced(found, wrong, Routes(np.zeros(len(wrong) + 1, dtype=np.int64), found.arcs[:0]))
            once = (once + sorted(places - set(once)))[:MOST_PLACES]
            found = replaced(found, wrong, self._laid_out(tuple(once)).routes(cost, pairs[wrong])[0])

    def _gain(self, usual: _Usual, cost: Values) -> float:
        """Return by how much, at most, a way can cost less than usual."""
        with np.errstate(invalid="ignore"):
            gain = np.where(self.touched & (cost < usual.cost), usual.cost - cost, 0.0)
        if not gain.any():
            return 0.0
        way, links = self._ways_of_links
        by_way = np.bincount(way[way >= 0], gain[way >= 0], minlength=2 * links).reshape(links, 2)
        return float(by_way.max(axis=1).sum() + gain[way < 0].sum())

    @cached_property
    def _ways_of_links(self) -> tuple[Ints, int]:
        """Return the link and direction of each arc as one number, -1 for what is on none, and how many links."""
        code, names = pd.factorize(self.network.arcs["link_id"].mask(self.network.arcs["link_id"] == ""))
        starts, ends, _ = self._places
        return np.where(code >= 0, 2 * code + (starts < ends), -1), len(names)

    def _laid_out(self, once: tuple[str, ...]) -> _Small:
        """Return the copies of the network by which places were left, kept for the next time."""
        if once not in self._strict:
            if len(self._strict) == _KEPT:
                del self._strict[next(iter(self._strict))]
            product = self._product(once)
            self._strict[once] = _Small.of(*product, np.arange(len(product[0].tail)))
        return self._strict[once]

    def may_gain(self, goods: str, cost: Values, better: Flags, change: Values) -> Ints:
        """Return the pairs whose route may become another one as some arcs get cheaper or open.

        Parameters
        ----------
        goods : str
            Kind of goods.
        cost : ndarray of float, shape (arcs,)
            Of each arc, inf where it may not be used.
        better : ndarray of bool, shape (arcs,)
            Arcs that cost less than usual.
        change : ndarray of float, shape (pairs,)
            Of the cost of the usual route of each pair.

        Notes
        -----
        A way over an arc that got cheaper costs no less than the usual ways to it and from it and its new cost, less
        what all others of the way got cheaper; and a way that comes back to no place takes a link in one direction.
        """
        if not (better & self.touched).any():
            return np.zeros(0, dtype=np.int64)
        usual, wide = self._usual[goods], self._wide
        new, old = wide.own(cost), usual.own
        chains = np.flatnonzero(new < old)
        if not len(chains):
            return np.zeros(0, dtype=np.int64)
        if np.isinf(old[chains]).any():
            return np.flatnonzero((wide.source >= 0) & (wide.sink >= 0))
        others = np.maximum(self._gain(usual, cost) - (old[chains] - new[chains]), 0.0)
        least = np.full(usual.base.shape, np.inf)
        for chain, spared in zip(chains.tolist(), others.tolist(), strict=True):
            way = usual.ahead[:, wide.tail[chain]][:, None] + new[chain] + usual.back[:, wide.head[chain]] - spared
            np.minimum(least, way, out=least)
        row, column = usual.place
        able = np.flatnonzero((row >= 0) & (column >= 0))
        at = row[able], column[able]
        return able[least[at] < (usual.base[at] + change[able]) * (1 - 1e-10)]

    @cached_property
    def touched(self) -> Flags:
        """Which arcs some way of the corridor, open or not, could use, shape (arcs,)."""
        found = np.zeros(len(self.allowed), dtype=bool)
        found[self._wide.arcs[self._wide.arcs >= 0]] = True
        return found

    def _product(self, once: tuple[str, ...]) -> tuple[Graph, Ints, Ints, Ints]:
        """Return the copies of the network, the number of each arc, and the nodes of the ends of each pair."""
        product = Ways(self.network, self.corridor, self.order, self.allowed, True, self.pairs, list(once)).product
        source = np.array([product.source[o] for o, _ in self.pairs], dtype=np.int64)
        sink = np.array([product.sink[d] for _, d in self.pairs], dtype=np.int64)
        return product.graph, product.arcs, source, sink

    @cached_property
    def _wide(self) -> _Small:
        product = self._product(tuple(self.once))
        return _Small.of(*product, np.arange(len(product[0].tail)))

    def _returns(self, routes: Routes) -> tuple[Ints, set[str]]:
        """Return the routes that come back to a place that they left, and the first such place of each."""
        starts, ends, names = self._places
        count, size = len(routes.start) - 1, len(names)
        owner = np.repeat(np.arange(count), np.diff(routes.start))
        moves = starts[routes.arcs] != ends[routes.arcs]
        first = routes.start[:-1][routes.there]
        begun = np.flatnonzero(routes.there) * size + starts[routes.arcs[first]]
        passed = np.concatenate([begun, owner[moves] * size + ends[routes.arcs[moves]]])
        order = np.argsort(passed, kind="stable")
        again = order[1:][passed[order[1:]] == passed[order[:-1]]]
        if not len(again):
            return again, set()
        again.sort()
        wrong, place = np.unique(passed[again] // size, return_index=True)
        return wrong, {names[p] for p in (passed[again[place]] % size).tolist()}

    @cached_property
    def _places(self) -> tuple[Ints, Ints, list[str]]:
        """Number of the place that each arc leaves and enters, and the places."""
        starts, ends = self.network.arc_places
        number: dict[str, int] = {}
        both = [np.array([number.setdefault(p, len(number)) for p in side], dtype=np.int64) for side in (starts, ends)]
        return both[0], both[1], list(number)


@dataclass(frozen=True, eq=False)
class _Small:
    """The copies of a network that lie on some way between a source and a sink, chains of them taken as one arc.

    A chain goes over nodes that lead nowhere else. Chains are in the order of the last of their arcs, and count as many
    as they have, so that of ways that cost the same the one is found that `Graph.forest` finds.
    """

    nodes: int
    tail: Ints  # of each chain
    head: Ints
    start: Ints  # of each chain in `arcs`
    arcs: Ints  # of the network, -1 for what joins sources and sinks
    members: Ints  # the same in the copies
    source: Ints  # of each pair, -1: it has no way, open or not
    sink: Ints

    @classmethod
    def of(cls, graph: Graph, arcs: Ints, source: Ints, sink: Ints, some: Ints) -> _Small:
        ends = np.unique(np.concatenate([source, sink]))
        joined = (np.ones(len(some)), (graph.tail[some], graph.head[some]))
        forward = csr_array(joined, shape=(graph.n, graph.n))
        ahead, back = _reach(forward, np.unique(source)), _reach(csr_array(forward.T), np.unique(sink))
        inside = some[(ahead & back)[graph.tail[some]] & (ahead & back)[graph.head[some]]]
        chains = _chains(graph.tail[inside].tolist(), graph.head[inside].tolist(), set(ends.tolist()))
        chains.sort(key=lambda chain: chain[-1])
        first = inside[[chain[0] for chain in chains]] if chains else inside[:0]
        last = inside[[chain[-1] for chain in chains]] if chains else inside[:0]
        tail, head = graph.tail[first], graph.head[last]
        number = np.full(graph.n, -1, dtype=np.int64)
        kept = np.unique(np.concatenate([tail, head]))
        number[kept] = np.arange(len(kept))
        start = np.cumsum([0, *map(len, chains)])
        members = inside[[step for chain in chains for step in chain]] if chains else inside[:0]
        ends_of = number[source], number[sink]
        return cls(len(kept), number[tail], number[head], start, arcs[members], members, *ends_of)

    def own(self, cost: Values) -> Values:
        """Return the cost of each chain at that of each arc of the network."""
        if not len(self.tail):
            return np.zeros(0)
        found: Values = np.add.reduceat(np.append(cost, 0.0)[self.arcs], self.start[:-1])
        return found

    def routes(self, cost: Values, pairs: Ints) -> tuple[Routes, Values]:
        """Return the cheapest route of some pairs, and what it costs."""
        cheapest = np.full(len(pairs), np.inf)
        source, at = self.source[pairs], self.sink[pairs]
        able = np.flatnonzero((source >= 0) & (at >= 0))
        if not len(able):
            return Routes(np.zeros(len(pairs) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)), cheapest
        roots, row = np.unique(source[able], return_inverse=True)
        far, came = self._forest(self.own(cost), roots)
        cheapest[able] = far[row, at[able]]
        who, here = able, at[able]
        owners, steps = [], []
        while len(who):
            chain = came[row, here]
            on = chain >= 0
            who, row, chain = who[on], row[on], chain[on]
            here = self.tail[chain]
            owners.append(who)
            steps.append(chain)
        owner, chain = np.concatenate(owners[::-1]), np.concatenate(steps[::-1])
        order = np.argsort(owner, kind="stable")
        owner, chain = owner[order], chain[order]
        lengths = np.diff(self.start)[chain]
        begin = np.cumsum(lengths) - lengths
        step = self.arcs[np.repeat(self.start[chain] - begin, lengths) + np.arange(int(lengths.sum()))]
        owner = np.repeat(owner, lengths)[step >= 0]
        start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(pairs)))])
        return Routes(start.astype(np.int64), step[step >= 0]), cheapest

    def distances(self, cost: Values, roots: Ints, *, back: bool = False) -> Values:
        """Return the cost from (or, back, to) some roots, shape (roots, nodes), at that of each chain."""
        indptr, order = self._backward if back else self._forward
        on = self.tail if back else self.head
        graph = csr_array((cost[order], on[order], indptr), shape=(self.nodes, self.nodes))
        found: Values = dijkstra(graph, indices=roots)
        return found

    def _forest(self, cost: Values, roots: Ints) -> tuple[Values, Ints]:
        """Return the cost from each root to each node, and the chain by which it is reached, -1 where there is none."""
        _, order = self._forward
        shape = (self.nodes, self.nodes)
        far = self.distances(cost, roots)
        near = far[:, self.tail]
        open_ = np.isfinite(cost) & (near < np.inf)
        tight = open_ & (near + cost == far[:, self.head]) & (self.head != roots[:, None])
        for r in np.flatnonzero(tight.sum(axis=1) >= np.isfinite(far).sum(axis=1)).tolist():
            kept = order[tight[r][order]]
            counts = np.bincount(self.tail[kept], minlength=self.nodes)
            pointer = np.concatenate([[0], np.cumsum(counts)])
            graph = csr_array((self._length[kept], self.head[kept], pointer), shape=shape)
            hops = dijkstra(graph, indices=int(roots[r]))
            tight[r] &= hops[self.tail] + self._length == hops[self.head]
        row, chain = np.nonzero(tight[:, ::-1])
        chain = len(self.tail) - 1 - chain
        came = np.full(far.shape, -1, dtype=np.int64)
        came[row, self.head[chain]] = chain  # of several the lowest is written last
        return far, came

    @cached_property
    def _length(self) -> Values:
        return np.diff(self.start).astype(float)

    @cached_property
    def _forward(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.tail, kind="stable")
        return np.searchsorted(self.tail[order], np.arange(self.nodes + 1)), order

    @cached_property
    def _backward(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.head, kind="stable")
        return np.searchsorted(self.head[order], np.arange(self.nodes + 1)), order


@dataclass(frozen=True, eq=False)
class _Usual:
    """What ways cost as usual for some goods, and the copies that lie on ways near the cheapest.

    Attributes
    ----------
    cost : ndarray of float, shape (arcs,)
        Of each arc of the network.
    own : ndarray of float, shape (chains,)
        Of each chain of the wide copies.
    ahead, back : ndarray of float, shape (sources, nodes), (sinks, nodes)
        From each source, and to each sink.
    base : ndarray of float, shape (sources, sinks)
        Of the cheapest way.
    place : (ndarray of int, ndarray of int), shape (pairs,)
        Source and sink of each pair, -1 where there is none.
    near : _Small
        Copies on some way that costs no more than the cheapest of some pair and the slack.
    certain : ndarray of float, shape (pairs,)
        Cost up to which the cheapest of the near ways is the cheapest of all, when no arc costs less than usual.
    """

    cost: Values
    own: Values
    ahead: Values
    back: Values
    base: Values
    place: tuple[Ints, Ints]
    near: _Small
    certain: Values

    @classmethod
    def of(cls, wide: _Small, product: tuple[Graph, Ints, Ints, Ints], cost: Values) -> _Usual:
        own = wide.own(cost)
        sources, sinks = (np.unique(ends[ends >= 0]) for ends in (wide.source, wide.sink))
        ahead, back = wide.distances(own, sources), wide.distances(own, sinks, back=True)
        base = ahead[:, sinks]
        known = np.isfinite(base)
        slack = _SLACK * float(np.median(base[known])) if known.any() else 0.0
        excess = np.full(len(own), np.inf)
        for i, j in np.argwhere(known).tolist():
            np.minimum(excess, ahead[i, wide.tail] + own + back[j, wide.head] - base[i, j], out=excess)
        inside = np.repeat(excess <= slack, np.diff(wide.start))
        near = _Small.of(*product, np.sort(wide.members[inside]))
        place = tuple(
            np.where(ends >= 0, np.searchsorted(known_ends, ends), -1)
            for ends, known_ends in ((wide.source, sources), (wide.sink, sinks))
        )
        able = (place[0] >= 0) & (place[1] >= 0)
        certain = np.full(len(able), -np.inf)
        certain[able] = base[place[0][able], place[1][able]] + slack * (1 - 1e-9)
        certain[~np.isfinite(certain)] = -np.inf
        return cls(cost, own, ahead, back, base, (place[0], place[1]), near, certain)


def _reach(graph: csr_array, roots: Ints) -> Flags:
    """Say which nodes can be reached from some roots."""
    found: Flags = np.isfinite(dijkstra(graph, indices=roots, unweighted=True, min_only=True))
    return found


def _chains(tail: list[int], head: list[int], ends: set[int]) -> list[list[int]]:
    """Return chains of arcs, by number, each over nodes that have one way on: ahead, or ahead and back."""
    out: dict[int, list[int]] = {}
    into: dict[int, list[int]] = {}
    for i, (u, v) in enumerate(zip(tail, head, strict=True)):
        out.setdefault(u, []).append(i)
        into.setdefault(v, []).append(i)

    def passed(v: int) -> bool:
        if v in ends:
            return False
        before, after = [tail[i] for i in into.get(v, ())], [head[i] for i in out.get(v, ())]
        if len(before) == len(after) == 1:
            return before != after
        return len(before) == len(after) == 2 and len(set(before)) == 2 and set(before) == set(after)

    through = {v for v in {*tail, *head} if passed(v)}
    found = []
    for i, u in enumerate(tail):
        if u in through:
            continue
        chain = [i]
        while head[chain[-1]] in through:
            here, before = head[chain[-1]], tail[chain[-1]]
            chain.append(next(j for j in out[here] if head[j] != before))
        found.append(chain)
    return found
