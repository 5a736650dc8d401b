"""Directed multigraph as CSR arrays: built once from a table of arcs, searched many times."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import (
    BoolArray,
    FloatArray,
    SolverInputError,
    check_costs,
    check_ends,
    check_mask,
    check_table,
    hashes,
    node_labels,
)

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int64]


class Tree(NamedTuple):
    """Shortest paths between one root and every node.

    Attributes
    ----------
    cost : ndarray of float, shape (n,)
        Of the path, inf where there is none.
    hops : ndarray of float, shape (n,)
        Fewest arcs among the cheapest paths, inf where there is no path.
    arc : ndarray of int, shape (n,)
        Arc that joins the node to the tree, -1 at the root and where there is no path.
    """

    cost: FloatArray
    hops: FloatArray
    arc: IntArray


@dataclass(frozen=True, eq=False)
class _Shape:
    """Who is joined to whom; shared by all views of a graph whatever their costs and masks."""

    n: int
    tail: IntArray
    head: IntArray

    @cached_property
    def forward(self) -> tuple[IntArray, IntArray]:
        return _csr(self.n, self.tail)

    @cached_property
    def backward(self) -> tuple[IntArray, IntArray]:
        return _csr(self.n, self.head)

    @cached_property
    def heads(self) -> list[int]:
        heads: list[int] = self.head.tolist()
        return heads

    @cached_property
    def out(self) -> list[list[int]]:
        indptr, order = self.forward
        ends, arcs = indptr.tolist(), order.tolist()
        return [arcs[ends[v] : ends[v + 1]] for v in range(self.n)]


@dataclass(frozen=True, eq=False)
class Graph:
    """Directed graph with parallel arcs and non-negative costs; nodes 0..n-1, arcs 0..m-1 in row order.

    Build it with `from_arcs` or `from_arrays`; `only`, `without` and `with_cost` give views that share
    its structure, so that searching many filtered or repriced versions costs no rebuilding.

    Attributes
    ----------
    cost : ndarray of float, shape (m,)
        Cost of each arc, any additive unit.
    nodes : sequence of hashable, length n
        Label of each node, in order of first appearance (tails and heads of a row together).
    arcs : sequence of hashable, length m
        Label of each arc: the index of the table.
    ids : mapping
        Number of each node label.
    allowed : ndarray of bool, shape (m,), or None
        Arcs a search may use; None means all.
    """

    shape: _Shape
    cost: FloatArray
    nodes: Sequence[Hashable]
    arcs: Sequence[Hashable]
    ids: dict[Hashable, int]
    allowed: BoolArray | None = None

    @classmethod
    def from_arcs(cls, arcs: pd.DataFrame, cost: Hashable = "cost") -> Graph:
        """Build the graph of a table of arcs.

        Parameters
        ----------
        arcs : DataFrame, one row per arc
            Columns ``tail``, ``head`` (any hashable labels, tuples included) and `cost`; others are
            ignored. The index is unique and names the arcs.
        cost : hashable
            Column of costs, any additive unit, zero or more.

        Returns
        -------
        Graph
            All arcs allowed.

        Raises
        ------
        SolverInputError
            Missing column, duplicate index, missing or unhashable node label, bad cost.
        """
        check_table(arcs, ("tail", "head", cost), kinds="a DataFrame or a Graph")
        labels: list[Hashable] = arcs.index.tolist()
        columns = [node_labels(arcs, side, labels) for side in ("tail", "head")]
        ids: dict[Hashable, int] = {}
        ends = [[ids.setdefault(v, len(ids)) for v in row] for row in zip(*columns, strict=True)]
        pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
        shape = _Shape(len(ids), pairs[:, 0].copy(), pairs[:, 1].copy())
        return cls(shape, check_costs(arcs[cost], labels, cost), list(ids), labels, ids)

    @classmethod
    def from_arrays(cls, n: int, tail: npt.ArrayLike, head: npt.ArrayLike, cost: npt.ArrayLike) -> Graph:
        """Build a graph whose labels are the integers themselves.

        Parameters
        ----------
        n : int
            Number of nodes.
        tail, head : array_like of int, shape (m,)
            Ends of each arc, in 0..n-1.
        cost : array_like of float, shape (m,)
            Cost of each arc, any additive unit, zero or more.

        Returns
        -------
        Graph
            Nodes are labelled 0..n-1 and arcs 0..m-1.

        Raises
        ------
        SolverInputError
            Lengths differ, an end is not an integer in 0..n-1, bad cost.
        """
        sides = {name: np.asarray(side) for name, side in (("tail", tail), ("head", head))}
        labels = range(len(sides["tail"]))
        for name, side in sides.items():
            check_ends(name, side, n, len(labels))
        shape = _Shape(n, *(side.astype(np.int64) for side in sides.values()))
        nodes = range(n)
        return cls(shape, check_costs(cost, labels, "cost"), nodes, labels, {v: v for v in nodes})

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.shape.n

    @property
    def tail(self) -> IntArray:
        """Node each arc leaves, shape (m,)."""
        return self.shape.tail

    @property
    def head(self) -> IntArray:
        """Node each arc enters, shape (m,)."""
        return self.shape.head

    @property
    def indptr(self) -> IntArray:
        """Where the arcs of each node start in `order`, shape (n + 1,)."""
        return self.shape.forward[0]

    @property
    def order(self) -> IntArray:
        """Arcs sorted by tail, then by row, shape (m,)."""
        return self.shape.forward[1]

    @cached_property
    def open_cost(self) -> list[float]:
        """Cost of each arc as a list, inf where the arc is not allowed."""
        cost = self.cost if self.allowed is None else np.where(self.allowed, self.cost, np.inf)
        listed: list[float] = cost.tolist()
        return listed

    def only(self, allowed: npt.ArrayLike) -> Graph:
        """View of the graph restricted to the arcs where `allowed` is true (and already allowed here).

        Parameters
        ----------
        allowed : array_like of bool, shape (m,)
            In row order.

        Raises
        ------
        SolverInputError
            Another shape or type.
        """
        mask = check_mask(allowed, len(self.arcs))
        return replace(self, allowed=mask if self.allowed is None else mask & self.allowed)

    def without(self, arcs: npt.ArrayLike) -> Graph:
        """View of the graph with the arcs where the mask `arcs` is true banned.

        Parameters
        ----------
        arcs : array_like of bool, shape (m,)
            In row order.

        Raises
        ------
        SolverInputError
            Another shape or type.
        """
        return self.only(~check_mask(arcs, len(self.arcs)))

    def with_cost(self, cost: npt.ArrayLike) -> Graph:
        """View of the graph with other costs.

        Parameters
        ----------
        cost : array_like of float, shape (m,)
            In row order.

        Raises
        ------
        SolverInputError
            Another shape, or a cost that is negative or no number.
        """
        return replace(self, cost=check_costs(cost, self.arcs, "cost"))

    def node(self, label: object, role: str) -> int:
        """Return the number of a label.

        Parameters
        ----------
        label : hashable
            Of a node.
        role : str
            What the node is in the message: ``source``, ``origin``.

        Raises
        ------
        SolverInputError
            No such node; near labels are named.
        """
        found = self.ids.get(label) if isinstance(label, Hashable) and hashes(label) else None
        if found is None:
            raise SolverInputError.unknown_node(role, label, self.nodes)
        return found

    def tree(self, root: int, *, reverse: bool = False) -> Tree:
        """Find the shortest paths from node `root` to every node, or to it from every node if `reverse`.

        Parameters
        ----------
        root : int
            Number of the node.
        reverse : bool
            Search against the arcs: ``arc`` is then the first arc of each node's path to the root.

        Returns
        -------
        Tree
            Ties go to fewer arcs, then to the lowest row for the arc at the node.

        Notes
        -----
        Dijkstra (1959), "A note on two problems in connexion with graphs", Numerische Mathematik 1,
        269-271, run by scipy. An arc is tight when it closes the difference of its ends' costs exactly
        as Dijkstra added it; counting hops over tight arcs alone makes cycles of cost zero harmless.
        """
        near, far = (self.head, self.tail) if reverse else (self.tail, self.head)
        cost = self._dijkstra(root, self.allowed, reverse=reverse)
        tight = self._tight(cost, near, far)
        hops = self._dijkstra(root, tight, reverse=reverse, unweighted=True)
        return Tree(cost, hops, self._joining(tight & (hops[near] + 1 == hops[far]), far))

    def forest(self, roots: Sequence[int]) -> tuple[FloatArray, IntArray]:
        """Find the shortest paths from each of some nodes to every node.

        Parameters
        ----------
        roots : sequence of int
            Numbers of the nodes, one at least.

        Returns
        -------
        cost, arc : ndarray, shape (roots, n)
            As in the `tree` of each root.
        """
        cost = self._dijkstra(roots, self.allowed)
        arc = np.empty(cost.shape, dtype=np.int64)
        for row, root in enumerate(roots):
            tight = self._tight(cost[row], self.tail, self.head) & (self.head != root)
            if np.count_nonzero(tight) >= np.isfinite(cost[row]).sum():  # more than one for each node but the root
                hops = self._dijkstra(root, tight, unweighted=True)
                tight &= hops[self.tail] + 1 == hops[self.head]
            arc[row] = self._joining(tight, self.head)
        return cost, arc

    def _joining(self, steps: BoolArray, far: IntArray) -> IntArray:
        """Return the lowest of some arcs at the far end of each, -1 at other nodes."""
        rows = np.flatnonzero(steps)[::-1]
        arc = np.full(self.n, -1, dtype=np.int64)
        arc[far[rows]] = rows  # the last one written, hence the lowest row, stays
        return arc

    def _tight(self, cost: FloatArray, near: IntArray, far: IntArray) -> BoolArray:
        tight: BoolArray = np.isfinite(cost[near]) & (cost[near] + self.cost == cost[far])
        return tight if self.allowed is None else tight & self.allowed

    def _dijkstra(
        self, root: int | Sequence[int], kept: BoolArray | None, *, reverse: bool = False, unweighted: bool = False
    ) -> FloatArray:
        from scipy.sparse import csr_array  # type: ignore[import-untyped, unused-ignore]
        from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped, unused-ignore]

        indptr, order = self.shape.backward if reverse else self.shape.forward
        far = self.tail if reverse else self.head
        if kept is not None:
            use = kept[order]
            indptr, order = np.concatenate(([0], np.cumsum(use)))[indptr], order[use]
        # Given as CSR, stored zeros stay arcs of cost zero and parallel arcs are not summed.
        matrix = csr_array((self.cost[order], far[order], indptr), shape=(self.n, self.n))
        found: FloatArray = dijkstra(matrix, indices=root, unweighted=unweighted)
        return found


def _csr(n: int, side: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(side, kind="stable")
    return np.searchsorted(side[order], np.arange(n + 1)).astype(np.int64), order.astype(np.int64)
