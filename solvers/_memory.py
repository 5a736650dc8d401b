"""What a solve leaves for the next one: columns, rows that mattered and a basis, carried over by label."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._pricing import Paths
from ._problem import CAPACITY, GROUP, LOWER
from ._solver import Basis

if TYPE_CHECKING:
    from ._columns import Columns
    from ._problem import IntArray, Problem


@dataclass(frozen=True)
class Memory:
    """Columns of a solved problem, the rows of its master in order, and the last basis."""

    problem: Problem
    columns: Columns
    rows: IntArray
    basis: Basis | None


class Start(NamedTuple):
    """Rows and basis to begin with."""

    rows: IntArray
    basis: Basis | None


def recall(memory: Memory, columns: Columns) -> Start:
    """Add the columns that still exist to a new pool; return the rows and basis to begin with.

    Arcs, nodes, classes and groups are known again by their labels, so that arcs and demands may have come,
    gone or changed in between.
    """
    old, new = memory.columns, columns.problem
    k = memory.problem.k
    segment = _renamed(_segment_keys(memory.problem), _segment_keys(new))
    commodity = np.append(_renamed(_commodity_keys(memory.problem), _commodity_keys(new)), -1)
    kind = _renamed(_kind_keys(memory.problem), _kind_keys(new))
    who, goods = commodity[old.commodity], kind[old.kind]
    lost = (goods < 0) | ((who < 0) & (old.commodity >= 0))
    lengths = old.lengths
    places = segment[old.segments]
    goods_of = np.repeat(goods, lengths)
    gone = (places < 0) | (goods_of < 0)
    gone |= new.closed[places] | np.isinf(new.cost[goods_of, places])
    lost |= np.bincount(np.repeat(np.arange(len(old)), lengths), gone, minlength=len(old)) > 0
    lost[:k] = True  # what is not served has its own columns
    kept = np.flatnonzero(~lost)
    inside = np.repeat(~lost, lengths)
    start = np.concatenate([[0], np.cumsum(lengths[kept])])
    columns.add(Paths(who[kept], start, places[inside]), kind=goods[kept])
    rows = _renamed(_row_keys(memory.problem), _row_keys(new))[memory.rows]
    if memory.basis is None or len(columns) != new.k + len(kept) or (new.rows.kind == LOWER).any():
        return Start(rows[rows >= 0], None)
    basic = np.zeros(len(columns), dtype=bool)
    of_old = memory.basis.columns[-len(old) :]
    unserved = commodity[:k] >= 0
    basic[commodity[:k][unserved]] = of_old[:k][unserved]
    basic[new.k :] = of_old[kept]
    rows_basic = np.zeros(new.k + int((rows >= 0).sum()), dtype=bool)
    rows_basic[commodity[:k][unserved]] = memory.basis.rows[:k][unserved]
    rows_basic[new.k :] = memory.basis.rows[k:][rows >= 0]
    return Start(rows[rows >= 0], Basis(basic, rows_basic))


def _renamed(before: list[Hashable], after: list[Hashable]) -> IntArray:
    """Return the new number of each old key, -1 where it is gone."""
    if before == after:
        return np.arange(len(before))
    number = {key: i for i, key in enumerate(after)}
    return np.array([number.get(key, -1) for key in before], dtype=np.int64)


def _segment_keys(problem: Problem) -> list[Hashable]:
    first = np.searchsorted(problem.arc, problem.arc)
    part = (np.arange(len(problem.arc)) - first).tolist()
    return [(problem.arcs[a], p) for a, p in zip(problem.arc.tolist(), part, strict=True)]


def _kind_keys(problem: Problem) -> list[Hashable]:
    seen: dict[Hashable, int] = {}
    keys: list[Hashable] = []
    for c in problem.class_of_kind.tolist():
        seen[c] = seen.get(c, 0) + 1
        keys.append((problem.classes[c], seen[c]))
    return keys


def _commodity_keys(problem: Problem) -> list[Hashable]:
    kinds = _kind_keys(problem)
    ends = zip(problem.origin.tolist(), problem.destination.tolist(), problem.kind.tolist(), strict=True)
    return [(problem.nodes[o], problem.nodes[d], kinds[g]) for o, d, g in ends]


def _row_keys(problem: Problem) -> list[Hashable]:
    segments = _segment_keys(problem)
    labels = {CAPACITY: segments, GROUP: problem.groups, LOWER: problem.arcs}
    pairs = zip(problem.rows.kind.tolist(), problem.rows.owner.tolist(), strict=True)
    return [(kind, labels[kind][owner]) for kind, owner in pairs]
