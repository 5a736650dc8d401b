"""Cheapest routes of a corridor: k shortest paths on the network times the steps still to pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from networks import Supernetwork
from solvers import Graph, iter_shortest_paths

__all__ = ["Layers", "Query", "alternatives", "gateways", "layered", "returned_to", "routes_in_order"]

_TRIED = 2000
"""Paths looked at, those that come back to a place included, before a search is given up."""

Route = tuple[int, ...]


@dataclass(frozen=True)
class Query:
    """One search: from where to where, what it costs, what may be used, what must be passed.

    Attributes
    ----------
    network : Supernetwork
        Where to search.
    cost : ndarray of float, shape (arcs,)
        Cost of each arc, zero or more.
    origin, destination : str
        Place ids.
    handling : bool
        Whether loading at the origin and unloading at the destination belong to the route.
    steps : sequence of sets of str
        Places to pass, in order; each step is a choice.
    allowed : ndarray of bool, shape (arcs,)
        Arcs that may be used.
    """

    network: Supernetwork
    cost: npt.NDArray[np.float64]
    origin: str
    destination: str
    handling: bool
    steps: Sequence[frozenset[str]]
    allowed: npt.NDArray[np.bool_]


def routes_in_order(query: Query) -> Iterator[Route]:
    """Yield routes as arc numbers of the network, cheapest first; none comes back to a place it left.

    The search ends after 2,000 paths, so that steps which no such route can pass are found out.

    Notes
    -----
    The network is copied once for each number of steps passed; arriving at a place of the next step
    leads into the next copy. A path in this product from the first copy to the last is a route that
    passes the steps in order, so the k shortest loopless paths of the product, less those that return
    to a place, are the k cheapest routes of the corridor.
    """
    graph, arcs, source, sink = _product(query)
    for _, path in islice(iter_shortest_paths(graph, source, sink), _TRIED):
        route = tuple(a for a in arcs[np.array(path, dtype=np.int64)].tolist() if a >= 0)
        if route and not returned_to(query.network, route):
            yield route


def alternatives(query: Query, k: int) -> list[Route]:
    """Return up to `k` routes, cheapest first, that differ in the gateways they use.

    Gateways are the borders, gauge changes, ports and canals of a route; routes that differ only in the
    track between two gateways are one alternative, of which the cheapest is returned.
    """
    found: dict[tuple[str, ...], Route] = {}
    for route in routes_in_order(query):
        found.setdefault(gateways(query.network, route), route)
        if len(found) == k:
            break
    return list(found.values())


def gateways(network: Supernetwork, route: Route) -> tuple[str, ...]:
    """Return the places of a route where it crosses a border, changes train or ship, or passes a strait.

    A border is named by its border station, on the far side if both ends are one. Borders without
    formalities, inside Schengen, do not count.
    """
    places = network.tables.places
    groups = network.tables.countries["groups"]
    found: dict[str, None] = {}
    left = ""
    for arc in network.arcs.iloc[list(route)].itertuples():
        here = str(arc.to_place_id)
        if arc.kind == "link":
            left = str(arc.from_place_id)
            if places.at[here, "kind"] == "strait":
                found[here] = None
        elif arc.kind == "border":
            both = [places.at[end, "country_id"] for end in (left, here)]
            if not all("Schengen" in groups[country] for country in both):
                station = places.at[here, "kind"] in ("border_crossing", "gauge_break")
                found[here if station or places.at[left, "kind"] != "border_crossing" else left] = None
        elif arc.kind != "wait":
            found[here] = None
    return tuple(found)


class Layers(NamedTuple):
    """The network copied for each number of steps passed; arriving at a place of the next leads on.

    Attributes
    ----------
    tail, head, arcs : ndarray of int, shape (m,)
        Ends of each copied arc, and its number in the network.
    enter : ndarray of int, shape (nodes,)
        Copy of each node of the network where a route starts.
    leave : ndarray of int, shape (states, nodes)
        Copies of each node where it may end.
    size : int
        Number of copied nodes.
    """

    tail: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    arcs: npt.NDArray[np.int64]
    enter: npt.NDArray[np.int64]
    leave: npt.NDArray[np.int64]
    size: int


def layered(
    network: Supernetwork,
    steps: Sequence[frozenset[str]],
    allowed: npt.NDArray[np.bool_],
    once: Sequence[str] = (),
) -> Layers:
    """Copy the network for each number of steps passed.

    Parameters
    ----------
    network : Supernetwork
        What to copy.
    steps : sequence of sets of str
        Places to pass, in order; each step is a choice.
    allowed : ndarray of bool, shape (arcs,)
        Arcs that may be used.
    once : sequence of str
        Places that no path may come back to; each doubles the copies, by whether it has been left.

    Returns
    -------
    Layers
        Its paths from ``enter`` to ``leave`` are those of the network that pass the steps in order.
    """
    n, count, states = len(network.nodes), len(steps) + 1, 2 ** len(once)
    kept = np.flatnonzero(allowed)
    arcs = network.arcs.iloc[kept]
    tail, head = arcs["tail"].to_numpy(), arcs["head"].to_numpy()
    start, end = arcs["from_place_id"].to_numpy(), arcs["to_place_id"].to_numpy()
    arrived = [_passed(steps, layer, network) for layer in range(count)]
    tails, heads, numbers = [], [], []
    for state in range(states):
        free = np.ones(len(kept), dtype=bool)
        after = np.full(len(kept), state)
        for bit, place in enumerate(once):
            after[(start == place) & (end != place)] |= 1 << bit
            if state >> bit & 1:
                free &= (end != place) | (start == place)
        for layer in range(count):
            tails.append((state * count + layer) * n + tail[free])
            heads.append((after[free] * count + arrived[layer][head[free]]) * n + head[free])
            numbers.append(kept[free])
    last = (np.arange(states) * count + count - 1) * n
    return Layers(
        np.concatenate(tails),
        np.concatenate(heads),
        np.concatenate(numbers),
        arrived[0] * n + np.arange(n),
        last[:, None] + np.arange(n),
        states * count * n,
    )


def returned_to(network: Supernetwork, route: Sequence[int]) -> str:
    """Return the first place that a route, given as arc numbers, comes back to; empty if it does not."""
    starts, ends = network.arc_places
    here = starts[route[0]]
    seen = {here}
    for arc in route:
        if ends[arc] != here:
            here = ends[arc]
            if here in seen:
                return here
            seen.add(here)
    return ""


def _product(query: Query) -> tuple[Graph, npt.NDArray[np.int64], int, int]:
    net = query.network
    copies = layered(net, query.steps, query.allowed)
    source, sink = copies.size, copies.size + 1
    starts, _ = net.ends(query.origin, handling=query.handling)
    _, finishes = net.ends(query.destination, handling=query.handling)
    first, last = copies.enter[starts], copies.leave[0, finishes]
    numbers = np.concatenate([copies.arcs, np.full(len(first) + len(last), -1)])
    graph = Graph.from_arrays(
        sink + 1,
        np.concatenate([copies.tail, np.full(len(first), source), last]),
        np.concatenate([copies.head, first, np.full(len(last), sink)]),
        np.where(numbers >= 0, query.cost[numbers], 0.0),
    )
    return graph, numbers, source, sink


def _passed(steps: Sequence[frozenset[str]], layer: int, net: Supernetwork) -> npt.NDArray[np.int64]:
    """Return the steps passed on arrival at each node, when `layer` steps were passed before."""
    places = net.nodes["place_id"]
    passed = np.full(len(places), layer, dtype=np.int64)
    for number in range(layer, len(steps)):
        here = places.isin(steps[number]).to_numpy() & (passed == number)
        passed[here] = number + 1
    return passed
