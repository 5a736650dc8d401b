"""Flow problem as arrays: the checked tables of arcs and demands, steps as parallel segments, capacities as rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from .errors import BoolArray, FloatArray, SolverInputError, check_table, demand_nodes, node_labels, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

IntArray = npt.NDArray[np.int64]

CAPACITY, GROUP, LOWER = 0, 1, 2
"""Kinds of rows: load of one segment, load of a group of arcs, least load of one arc."""

_MAX = 1e15
_INF = float("inf")


def sums(group: IntArray, weight: FloatArray, size: int) -> FloatArray:
    """Return the sum of the weights of each group, shape (size,)."""
    total: FloatArray = np.bincount(group, weight, minlength=size).astype(np.float64, copy=False)
    return total


class Rows(NamedTuple):
    """Constraints on loads: ``incidence @ load <= rhs``; a least load stands there with both signs turned."""

    incidence: csr_array  # (rows, segments), entries 1 or -1
    rhs: FloatArray
    kind: IntArray
    owner: IntArray  # segment of a capacity, arc of a least load, number of a group


@dataclass(frozen=True, eq=False)
class Problem:
    """Least-cost multicommodity flow as arrays.

    A *segment* is an arc, or the part of it between two of its cost steps; as later parts cost more, a
    cheapest flow fills them in order. A *kind* of goods is a pair of costs and loads on all segments. A
    *commodity* joins all demands of one kind, origin, destination and penalty.

    Attributes
    ----------
    nodes, arcs, demands : sequences of labels
        Of nodes, and of the rows of both tables.
    tail, head, arc : ndarray of int, shape (s,)
        Ends of each segment, and the number of its arc.
    cost, load : ndarray of float, shape (kinds, s)
        Cost and used capacity of one unit of each kind; cost is inf where it may not go.
    capacity : ndarray of float, shape (s,)
        Of each segment.
    closed : ndarray of bool, shape (s,)
        Whether it has no capacity, or its group has none (``group_shut``).
    group : ndarray of int, shape (s,)
        Number of its group, -1 for none.
    rows : Rows
        Capacities, groups and least loads that could bind.
    origin, destination, kind : ndarray of int, shape (k,)
        Of each commodity.
    quantity, penalty : ndarray of float, shape (k,)
        Units to send, and cost of each unit that is not (inf: it must be).
    commodity : ndarray of int, shape (d,)
        Commodity of each demand, -1 for one that is nothing to send or is where it wants to be.
    amount : ndarray of float, shape (d,)
        Quantity of each demand.
    classes : sequence
        Class labels.
    class_of_kind, rate_of_kind : ndarray, shape (kinds,)
        Number of the class of each kind, and the rate of its demands.
    """

    nodes: Sequence[Hashable]
    arcs: Sequence[Hashable]
    demands: Sequence[Hashable]
    tail: IntArray
    head: IntArray
    arc: IntArray
    cost: FloatArray
    load: FloatArray
    capacity: FloatArray
    closed: BoolArray
    group: IntArray
    group_shut: BoolArray
    rows: Rows
    groups: Sequence[Hashable]
    arc_capacity: FloatArray
    origin: IntArray
    destination: IntArray
    kind: IntArray
    quantity: FloatArray
    penalty: FloatArray
    commodity: IntArray
    amount: FloatArray
    classes: Sequence[Hashable]
    class_of_kind: IntArray
    rate_of_kind: FloatArray

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def k(self) -> int:
        """Number of commodities."""
        return len(self.quantity)

    @property
    def has_lower(self) -> bool:
        """Whether some arc has a least load."""
        return bool((self.rows.kind == LOWER).any())

    def with_penalty(self, cost: FloatArray, penalty: FloatArray) -> Problem:
        """Return the same problem with other costs and penalties."""
        return replace(self, cost=cost, penalty=penalty)


def read_problem(arcs: pd.DataFrame, demands: pd.DataFrame, unmet_penalty: Any) -> Problem:
    """Check both tables and turn them into arrays; see `solvers.solve_flow` for what they hold.

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.
    """
    check_table(arcs, ("tail", "head", "cost", "capacity"))
    check_table(demands, ("origin", "destination", "quantity"), "demands")
    arc_rows: list[Hashable] = arcs.index.tolist()
    ids: dict[Hashable, int] = {}
    tails, heads = (node_labels(arcs, side, arc_rows) for side in ("tail", "head"))
    ends = np.array(
        [ids.setdefault(v, len(ids)) for pair in zip(tails, heads, strict=True) for v in pair], dtype=np.int64
    )
    tail, head = ends[::2], ends[1::2]

    goods = _Goods.read(arcs, demands)
    amount, penalty = _amounts(demands, unmet_penalty)
    origin, destination = (demand_nodes(demands, side, ids) for side in ("origin", "destination"))
    commodity, first = _commodities(origin, destination, goods.kind_of_demand, penalty, amount)
    quantity = sums(commodity[commodity >= 0], amount[commodity >= 0], len(first))

    capacity = _bounded(arcs, "capacity")
    lower = _bounded(arcs, "lower", absent=0.0)
    for i in np.flatnonzero(lower > capacity)[:1].tolist():
        raise SolverInputError.at(arc_rows[i], "lower", float(lower[i]), f"at most its capacity, {capacity[i]:g}")
    parts = _segments(arcs, capacity)
    labels, group, group_capacity = read_groups(arcs)
    load = goods.rate[:, parts.arc]
    most = _most_load(quantity, goods.kind_of_demand[first], load)
    rows = _rows(parts, lower, group, group_capacity, most)
    of_part = group[parts.arc]
    shut = (of_part >= 0) & np.append(group_capacity == 0, False)[of_part]
    return Problem(
        nodes=list(ids),
        arcs=arc_rows,
        demands=demands.index.tolist(),
        tail=tail[parts.arc],
        head=head[parts.arc],
        arc=parts.arc,
        cost=goods.cost[:, parts.arc] + parts.extra * load,
        load=load,
        capacity=parts.capacity,
        closed=(parts.capacity == 0) | shut,
        group=of_part,
        group_shut=shut,
        rows=rows,
        groups=labels,
        arc_capacity=capacity,
        origin=origin[first],
        destination=destination[first],
        kind=goods.kind_of_demand[first],
        quantity=quantity,
        penalty=penalty[first],
        commodity=commodity,
        amount=amount,
        classes=goods.classes,
        class_of_kind=goods.class_of_kind,
        rate_of_kind=goods.rate_of_kind,
    )


@dataclass(frozen=True)
class _Goods:
    """What each kind of goods costs on, and takes of, each arc."""

    cost: FloatArray  # (kinds, arcs)
    rate: FloatArray  # (kinds, arcs)
    kind_of_demand: IntArray
    classes: list[Hashable]
    class_of_kind: IntArray
    rate_of_kind: FloatArray

    @classmethod
    def read(cls, arcs: pd.DataFrame, demands: pd.DataFrame) -> _Goods:
        named: list[Hashable] = [None] * len(demands)
        if "class" in demands:
            named = node_labels(demands, "class", demands.index.tolist(), "demands")
        weight = np.ones(len(demands))
        if "rate" in demands:
            weight = numbers(demands, "rate", 0, _MAX, "a number of zero or more", "demands")
        kinds: dict[tuple[Hashable, float], int] = {}
        of_demand = [kinds.setdefault(pair, len(kinds)) for pair in zip(named, weight.tolist(), strict=True)]
        classes = list(dict.fromkeys(named)) or [None]
        _refuse_lonely(arcs, classes)
        base = numbers(arcs, "cost", -_MAX, _INF, "a number, or inf where nothing may go")
        cost = {
            c: _column(arcs, f"cost_{c}", base, -_MAX, _INF, "a number, or inf where it may not go") for c in classes
        }
        one = np.ones(len(arcs))
        rate = {c: _column(arcs, f"rate_{c}", one, 0, _MAX, "a number of zero or more") for c in classes}
        pairs = list(kinds) or [(None, 1.0)]
        return cls(
            np.array([cost[c] for c, _ in pairs]).reshape(len(pairs), len(arcs)),
            np.array([rate[c] * w for c, w in pairs]).reshape(len(pairs), len(arcs)),
            np.array(of_demand, dtype=np.int64),
            classes,
            np.array([classes.index(c) for c, _ in pairs], dtype=np.int64),
            np.array([w for _, w in pairs]),
        )


def _refuse_lonely(arcs: pd.DataFrame, classes: list[Hashable]) -> None:
    """Raise if a class has no column where another column has no class: most likely one of both is misspelt."""
    known = {str(c) for c in classes if c is not None}
    for prefix in ("cost_", "rate_"):
        named = {str(c).removeprefix(prefix) for c in arcs.columns if str(c).startswith(prefix)}
        for label in sorted(known - named):
            if named - known:
                column = prefix + get_close_matches(label, sorted(named - known), 1, 0.0)[0]
                raise SolverInputError(
                    f"arcs: there is no column '{prefix}{label}' for class {label!r} of demands, but there is "
                    f"{column!r}, whose class no demand has; expected the same name in both"
                )


def _column(frame: pd.DataFrame, name: str, absent: FloatArray, low: float, high: float, expected: str) -> FloatArray:
    if name not in frame:
        return absent
    check_table(frame, (name,))
    return numbers(frame, name, low, high, expected)


def _bounded(arcs: pd.DataFrame, column: str, absent: float | None = None) -> FloatArray:
    if column not in arcs:
        return np.full(len(arcs), absent)
    high, text = (_INF, "zero or more, or inf") if absent is None else (_MAX, "zero or more")
    return numbers(arcs, column, 0, high, f"a number of {text}")


def _amounts(demands: pd.DataFrame, unmet_penalty: Any) -> tuple[FloatArray, FloatArray]:
    amount = numbers(demands, "quantity", 0, _MAX, "a number of zero or more", "demands")
    if "unmet_penalty" in demands:
        text = "a number of zero or more, or inf where it must be served"
        return amount, numbers(demands, "unmet_penalty", 0, _INF, text, "demands")
    if unmet_penalty is None:
        return amount, np.full(len(demands), _INF)
    penalty = np.asarray(unmet_penalty)
    if penalty.ndim or penalty.dtype.kind not in "iuf" or not penalty >= 0:
        raise SolverInputError(
            f"unmet_penalty: got {unmet_penalty!r}, expected None (all must be served) or one number of zero or "
            "more (a column 'unmet_penalty' of demands sets it row by row)"
        )
    return amount, np.full(len(demands), float(penalty))


def _commodities(
    origin: IntArray, destination: IntArray, kind: IntArray, penalty: FloatArray, amount: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return the commodity of each demand (-1: none) and a demand of each commodity."""
    commodity = np.full(len(amount), -1, dtype=np.int64)
    sent = np.flatnonzero((amount > 0) & (origin != destination))
    keys = np.column_stack([kind[sent], origin[sent], destination[sent], penalty[sent]])
    if not len(sent):
        return commodity, sent
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    commodity[sent] = number.ravel()
    return commodity, sent[first]


class _Parts(NamedTuple):
    """Segments of arcs."""

    arc: IntArray
    extra: FloatArray  # cost per unit of load above that of the arc
    capacity: FloatArray
    last: IntArray  # last segment of each arc


def _segments(arcs: pd.DataFrame, capacity: FloatArray) -> _Parts:
    if "steps" not in arcs:
        every = np.arange(len(arcs))
        return _Parts(every, np.zeros(len(arcs)), capacity, every)
    parts: list[tuple[int, float, float]] = []
    last = []
    for i, (row, steps) in enumerate(zip(arcs.index.tolist(), arcs["steps"].tolist(), strict=True)):
        parts += [(i, extra, width) for extra, width in _split(row, steps, float(capacity[i]))]
        last.append(len(parts) - 1)
    number, extra, width = zip(*parts, strict=True) if parts else ((), (), ())
    return _Parts(np.array(number, dtype=np.int64), np.array(extra, float), np.array(width, float), np.array(last))


def _split(row: Hashable, steps: Any, capacity: float) -> Iterator[tuple[float, float]]:
    """Yield extra cost and width of each part of an arc."""
    begins, paid = 0.0, 0.0
    for start, extra in _pairs(row, steps):
        if not (begins <= start < _INF and paid <= extra < _INF) or (start == begins and begins > 0):
            expected = "pairs (from_load, extra_cost) that rise in both, e.g. [(800, 15.0), (1000, 60.0)]"
            raise SolverInputError.at(row, "steps", steps, expected)
        if start >= capacity:
            break
        if start > begins:
            yield paid, start - begins
        begins, paid = start, extra
    yield paid, capacity - begins


def _pairs(row: Hashable, steps: Any) -> list[tuple[float, float]]:
    if steps is None or (isinstance(steps, float) and np.isnan(steps)):
        return []
    try:
        return [(float(start), float(extra)) for start, extra in steps]
    except (TypeError, ValueError):
        raise SolverInputError.at(row, "steps", steps, "None or a list of pairs (from_load, extra_cost)") from None


def read_groups(arcs: pd.DataFrame) -> tuple[list[Hashable], IntArray, FloatArray]:
    """Return labels of groups, the group of each arc (-1: none) and what each group can take."""
    if "group" not in arcs:
        return [], np.full(len(arcs), -1, dtype=np.int64), np.zeros(0)
    check_table(arcs, ("group", "group_capacity"))
    inside = arcs["group"].notna().to_numpy()
    number, labels = pd.factorize(arcs["group"])
    room = np.full(len(arcs), np.nan)
    expected = "a number of zero or more, or inf"
    room[inside] = numbers(arcs[inside], "group_capacity", 0, _INF, expected)
    shared = np.full(len(labels), np.nan)
    shared[number[inside]] = room[inside]
    for i in np.flatnonzero(inside & (room != shared[np.maximum(number, 0)]) if len(labels) else inside)[:1].tolist():
        told = f"{shared[number[i]]:g}, as on other arcs of group {arcs['group'].tolist()[i]!r}"
        raise SolverInputError.at(arcs.index.tolist()[i], "group_capacity", float(room[i]), told)
    return list(labels), number.astype(np.int64), shared


def _most_load(quantity: FloatArray, kind: IntArray, load: FloatArray) -> FloatArray:
    """Return the load of each segment if every commodity went over it once."""
    most: FloatArray = sums(kind, quantity, len(load)) @ load
    return most


def _rows(parts: _Parts, lower: FloatArray, group: IntArray, group_capacity: FloatArray, most: FloatArray) -> Rows:
    """Make the rows that could bind: a simple path takes an arc once, so a load cannot pass `most`."""
    # With least loads goods may go in circles, so that any capacity could bind.
    circles = bool((lower > 0).any())
    tight = np.flatnonzero((parts.capacity < most) | (circles & np.isfinite(parts.capacity)))
    owners, entries, rhs, kinds = [tight], [(np.arange(len(tight)), tight, 1.0)], [parts.capacity[tight]], [CAPACITY]
    if len(group_capacity):
        of_part = group[parts.arc]
        total = sums(of_part[of_part >= 0], most[of_part >= 0], len(group_capacity))
        binding = (group_capacity < total) | (circles & np.isfinite(group_capacity))
        shared = np.flatnonzero(binding)
        place = np.full(len(group_capacity) + 1, -1)
        place[shared] = np.arange(len(shared))
        members = np.flatnonzero(place[of_part] >= 0)
        owners.append(shared)
        entries.append((place[of_part[members]], members, 1.0))
        rhs.append(group_capacity[shared])
        kinds.append(GROUP)
    least = np.flatnonzero(lower > 0)
    place = np.full(len(lower), -1)
    place[least] = np.arange(len(least))
    members = np.flatnonzero(place[parts.arc] >= 0)
    owners.append(least)
    entries.append((place[parts.arc[members]], members, -1.0))
    rhs.append(-lower[least])
    kinds.append(LOWER)
    sizes = [len(x) for x in owners]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    row = np.concatenate([start + r for start, (r, _, _) in zip(starts, entries, strict=False)])
    column = np.concatenate([c for _, c, _ in entries])
    sign = np.concatenate([np.full(len(r), s) for r, _, s in entries])
    incidence = csr_array((sign, (row, column)), shape=(int(starts[-1]), len(parts.arc)))
    return Rows(incidence, np.concatenate(rhs), np.repeat(kinds, sizes), np.concatenate(owners).astype(np.int64))
