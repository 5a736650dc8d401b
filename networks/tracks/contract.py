"""Graphs simplified: ways that merely go on become one, so that nodes are junctions, ends and changes of tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .graph import TrackGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["contracted"]

_ALIKE = ("mode", "direction", "gauge_mm", "electrified", "tracks", "maxspeed_kmh", "usage", "bridged")


def contracted(graph: TrackGraph) -> TrackGraph:
    """Return the graph without nodes where one way goes on as another with the same tags.

    Parameters
    ----------
    graph : TrackGraph

    Returns
    -------
    TrackGraph
        The nodes between become bends; lengths are sums, other columns those of the first way. A ring without a
        junction keeps one node. Every route between nodes that are left is as long as before.
    """
    inner = _goes_on(graph)
    at = _ways_at(graph, inner)
    used = np.zeros(len(graph.tail), dtype=bool)
    chains: list[list[tuple[int, bool]]] = []
    for starts in (np.flatnonzero(~(inner[graph.tail] & inner[graph.head])), np.arange(len(used))):
        chains.extend(_chain(graph, inner, at, used, way) for way in starts.tolist() if not used[way])
    return _merged(graph, chains)


def _goes_on(graph: TrackGraph) -> NDArray[np.bool_]:
    """Return the nodes with two ends of two ways that have the same tags and the same sense."""
    ends = np.concatenate([graph.tail, graph.head])
    way = np.tile(np.arange(len(graph.tail)), 2)
    degree = np.bincount(ends, minlength=graph.size)
    order = np.argsort(ends, kind="stable")
    first = np.cumsum(degree) - degree
    two = np.flatnonzero(degree == 2)
    one, other = order[first[two]], order[first[two] + 1]
    a, b = way[one], way[other]
    kind = graph.ways.groupby(list(_ALIKE), dropna=False, sort=False).ngroup().to_numpy()
    forward = (graph.ways["direction"] == "forward").to_numpy(dtype=bool)
    begins = np.concatenate([np.ones(len(graph.tail), dtype=bool), np.zeros(len(graph.tail), dtype=bool)])
    sense = ~(forward[a] | forward[b]) | (begins[one] != begins[other])
    found = np.zeros(graph.size, dtype=bool)
    found[two] = (a != b) & (kind[a] == kind[b]) & sense
    return found


def _ways_at(graph: TrackGraph, inner: NDArray[np.bool_]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for end in (graph.tail, graph.head):
        for way in np.flatnonzero(inner[end]).tolist():
            found.setdefault(int(end[way]), []).append(way)
    return found


def _chain(
    graph: TrackGraph, inner: NDArray[np.bool_], at: dict[int, list[int]], used: NDArray[np.bool_], way: int
) -> list[tuple[int, bool]]:
    """Return the ways that go on from one, each with whether it is passed backwards, and mark them as used."""
    turned = bool(inner[graph.tail[way]]) and not inner[graph.head[way]]
    chain = []
    while True:
        chain.append((way, turned))
        used[way] = True
        node = int(graph.tail[way] if turned else graph.head[way])
        following = [w for w in at.get(node, ()) if not used[w]]
        if not inner[node] or not following:
            break
        way = following[0]
        turned = bool(graph.head[way] == node)
    if (graph.ways["direction"].iat[chain[0][0]] == "forward") and chain[0][1]:
        return [(w, not t) for w, t in reversed(chain)]
    return chain


def _merged(graph: TrackGraph, chains: list[list[tuple[int, bool]]]) -> TrackGraph:
    first = np.array([chain[0][0] for chain in chains], dtype=np.int64)
    tail, head, lengths, lines = [], [], [], []
    for chain in chains:
        ways, turned = (np.array(part) for part in zip(*chain, strict=True))
        tail.append(graph.head[ways[0]] if turned[0] else graph.tail[ways[0]])
        head.append(graph.tail[ways[-1]] if turned[-1] else graph.head[ways[-1]])
        lengths.append(graph.length_km[ways].sum())
        lines.append(graph.line(ways, turned)[1:-1])
    nodes, number = np.unique(np.concatenate([tail, head]), return_inverse=True)
    counts = [len(line) for line in lines]
    return replace(
        graph,
        lon=graph.lon[nodes],
        lat=graph.lat[nodes],
        tail=number[: len(chains)],
        head=number[len(chains) :],
        length_km=np.array(lengths, dtype=float),
        ways=graph.ways.iloc[first].reset_index(drop=True),
        bends=np.vstack(lines) if sum(counts) else np.empty((0, 2)),
        first_bend=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )
