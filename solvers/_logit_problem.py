"""A logit choice as arrays: alternatives of each demand, what they take of each capacity, and its dual."""

from __future__ import annotations

from collections.abc import Hashable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from ._problem import read_groups, sums
from .errors import FloatArray, SolverInputError, check_table, numbers

if TYPE_CHECKING:
    from ._problem import IntArray

_INF = float("inf")
_MAX = 1e15
_STEEPEST = 4  # power of a price beyond which small loads have a price lost in rounding
_LEAST = 1e-16  # of the price at capacity, below which a price that rises with load counts as none


class Choice(NamedTuple):
    """What shippers choose at some costs of waiting."""

    wait: FloatArray
    logsum: FloatArray  # of each demand
    weight: FloatArray  # of each alternative, one for the best of its demand
    total: FloatArray  # of the weights of each demand


class LogitProblem(NamedTuple):
    """Alternatives (routes, and not being sent) in order of their demands, as arrays.

    Many routes take the same of the same capacities: they are of one way, and rows are summed over ways.
    """

    quantity: FloatArray  # of each demand that has any
    scale: FloatArray
    rate: FloatArray  # units of capacity that a unit takes
    demand: IntArray  # of each alternative
    first: IntArray  # alternative of each demand
    cost: FloatArray
    utility: FloatArray  # without waiting
    size: FloatArray
    way: IntArray  # of each alternative
    ways: csr_array  # (ways, arcs): what a unit of capacity sent takes of each arc; the last way takes nothing
    load: csr_array  # (ways, rows): likewise of each row
    rows: csr_array  # (rows, arcs): which arcs each row limits
    rhs: FloatArray
    price: FloatArray  # of a unit when a row is full; inf: the row is a limit
    power: float  # how steeply the price rises
    route: IntArray  # row of routes of each alternative, -1 for what is not sent
    number: IntArray  # row of demands of each demand that has any
    stuck: bool  # a demand that must be served has every route shut
    row_of_arc: IntArray
    row_of_group: IntArray  # of each arc's group

    def waiting(self, wait: FloatArray) -> FloatArray:
        """Return what a unit of each alternative pays for waiting."""
        found: FloatArray = self.rate[self.demand] * (self.load @ wait)[self.way]
        return found

    def blunted(self, by: float) -> LogitProblem:
        """Return the same choice with a scale so many times as sharp."""
        return self._replace(scale=self.scale * by, utility=self.utility * by)

    def choose(self, wait: FloatArray) -> Choice:
        utility = self.utility - (self.scale * self.rate)[self.demand] * (self.load @ wait)[self.way]
        top = np.maximum.reduceat(utility, self.first) if len(utility) else utility
        weight = np.exp(utility - top[self.demand])
        total = sums(self.demand, weight, len(top))
        return Choice(wait, top + np.log(total), weight, total)

    def share(self, choice: Choice) -> FloatArray:
        found: FloatArray = choice.weight / choice.total[self.demand]
        return found

    def flow(self, choice: Choice) -> FloatArray:
        found: FloatArray = (self.quantity / choice.total)[self.demand] * choice.weight
        return found

    def by_way(self, flow: FloatArray) -> FloatArray:
        """Return the units of capacity sent by each way."""
        return sums(self.way, self.rate[self.demand] * flow, self.load.shape[0])

    def loads(self, flow: FloatArray) -> FloatArray:
        """Return the load of each row."""
        found: FloatArray = self.load.T @ self.by_way(flow)
        return found

    def value(self, choice: Choice) -> float:
        """Return the dual objective, to be made least."""
        return float((self.quantity / self.scale * choice.logsum).sum() + self._rent(choice.wait).sum())

    def rising(self) -> npt.NDArray[np.bool_]:
        """Say which rows are no limit but have a price that rises as they fill."""
        return np.isfinite(self.price)

    def least(self) -> FloatArray:
        """Return the price below which a row counts as free: zero, but where a slope is needed."""
        return np.where(self.rising(), _LEAST * np.where(self.rising(), self.price, 0.0), 0.0)

    def room(self, wait: FloatArray) -> FloatArray:
        """Return the load of each row at which it has a price."""
        found = self.rhs.copy()
        soft = self.rising()
        found[soft] *= (wait[soft] / self.price[soft]) ** (1 / self.power)
        return found

    def price_of(self, load: FloatArray) -> FloatArray:
        """Return the price of each row whose price rises at a load, zero for the others."""
        found = np.zeros(len(self.rhs))
        soft = self.rising()
        found[soft] = self.price[soft] * (load[soft] / self.rhs[soft]) ** self.power
        return found

    def _rent(self, wait: FloatArray) -> FloatArray:
        """Return what the rows earn less what it costs them: the convex conjugate of their cost."""
        share = np.where(self.rising(), self.power / (self.power + 1), 1.0)
        found: FloatArray = share * wait * self.room(wait)
        return found

    def stiffness(self, wait: FloatArray) -> FloatArray:
        """Return how much more load a unit of price brings forth in each row."""
        found = np.zeros(len(self.rhs))
        soft = self.rising()
        found[soft] = self.room(wait)[soft] / (self.power * wait[soft])
        return found

    def curvature(self, flow: FloatArray, rows: IntArray) -> FloatArray:
        """Return second derivatives of the value over some rows."""
        load = self.load[:, rows].toarray()
        own = self.scale * self.rate**2
        spread = sums(self.way, own[self.demand] * flow, len(load))
        starts = np.append(self.first, len(flow))
        mean = csr_array((flow, self.way, starts), shape=(len(self.quantity), len(load))) @ load
        second: FloatArray = load.T @ (spread[:, None] * load) - mean.T @ ((own / self.quantity)[:, None] * mean)
        return second

    def residual(self, wait: FloatArray, load: FloatArray) -> float:
        excess = load - self.room(wait)
        off = np.where(wait > self.least(), np.abs(excess), np.maximum(excess, 0.0))
        return float((off[self.rhs > 0] / self.rhs[self.rhs > 0]).max(initial=0.0))

    def spread(self) -> float:
        """Return how far costs lie apart, with the width of the logit."""
        costs = np.append(self.cost, self.cost[:1])
        return float(np.ptp(costs) if len(costs) else 0.0) + float((1 / self.scale).max(initial=0.0)) + 1e-300


def read_logit(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    scale: float | None,
    path_size: float,
    unmet_penalty: float | None,
    price_power: float,
) -> LogitProblem:
    """Check the tables and turn them into arrays."""
    check_table(arcs, ("capacity",))
    check_table(demands, ("quantity",), "demands")
    check_table(routes, ("demand", "path", "cost"), "routes")
    quantity = numbers(demands, "quantity", 0, _MAX, "a number of zero or more", "demands")
    scales = _scales(demands, scale)
    penalty = _penalties(demands, unmet_penalty)
    if not 0 <= path_size < _INF:
        raise SolverInputError(f"path_size: got {path_size!r}, expected a number of zero or more")
    if not 1 <= price_power <= _STEEPEST:
        raise SolverInputError(f"price_power: got {price_power!r}, expected a number from 1 to {_STEEPEST}")
    cost = numbers(routes, "cost", -_MAX, _MAX, "a number", "routes")
    owner = owners(routes, demands)
    ways, way = crossing(routes, arcs)
    size = path_size_of(ways[way], owner, _lengths(arcs))
    sent = quantity > 0
    _refuse_unserved(demands, sent, owner, penalty)
    rows, rhs, row_of_arc, row_of_group = _capacities(arcs)
    price = _prices(arcs, rhs, row_of_arc)
    load, rate = csr_array(ways @ rows.T), _rates(demands)
    # No waiting cost brings a flow to nothing: routes over what is shut are left out.
    shut = rate[owner] * (load @ (rhs == 0).astype(float))[way] > 0
    used = np.flatnonzero(sent[owner] & ~shut)
    out = np.flatnonzero(sent & np.isfinite(penalty))
    number, demand = np.unique(np.concatenate([owner[used], out]), return_inverse=True)
    order = np.argsort(demand, kind="stable")
    demand = demand[order]
    all_cost = np.concatenate([cost[used], penalty[out]])[order]
    all_size = np.concatenate([size[used], np.ones(len(out))])[order]
    return LogitProblem(
        quantity=quantity[number],
        scale=scales[number],
        rate=rate[number],
        demand=demand,
        first=np.flatnonzero(np.append(True, demand[1:] != demand[:-1])),
        cost=all_cost,
        utility=-scales[number][demand] * all_cost + path_size * np.log(all_size),
        size=all_size,
        way=np.concatenate([way[used], np.full(len(out), ways.shape[0] - 1)])[order],
        ways=ways,
        load=load,
        rows=rows,
        rhs=rhs,
        price=price,
        power=float(price_power),
        route=np.concatenate([used, np.full(len(out), -1)])[order],
        number=number,
        stuck=bool((quantity > 0).sum() > len(number)),
        row_of_arc=row_of_arc,
        row_of_group=row_of_group,
    )


def _scales(demands: pd.DataFrame, scale: float | None) -> FloatArray:
    if "scale" in demands:
        return numbers(demands, "scale", 1e-300, _MAX, "a number above zero", "demands")
    if scale is None or not 0 < scale < _INF:
        raise SolverInputError(f"scale: got {scale!r}, expected a number above zero, or a column 'scale' of demands")
    return np.full(len(demands), float(scale))


def _penalties(demands: pd.DataFrame, unmet_penalty: float | None) -> FloatArray:
    if "unmet_penalty" in demands:
        text = "a number of zero or more, or inf where it must be served"
        return numbers(demands, "unmet_penalty", 0, _INF, text, "demands")
    if unmet_penalty is not None and not unmet_penalty >= 0:
        raise SolverInputError(f"unmet_penalty: got {unmet_penalty!r}, expected None or a number of zero or more")
    return np.full(len(demands), _INF if unmet_penalty is None else float(unmet_penalty))


def _rates(demands: pd.DataFrame) -> FloatArray:
    if "rate" not in demands:
        return np.ones(len(demands))
    return numbers(demands, "rate", 0, _MAX, "a number of zero or more", "demands")


def _lengths(arcs: pd.DataFrame) -> FloatArray:
    return numbers(arcs, "length", 0, _MAX, "a number of zero or more") if "length" in arcs else np.ones(len(arcs))


def owners(routes: pd.DataFrame, demands: pd.DataFrame) -> IntArray:
    """Return the row number of the demand of each route."""
    labels: list[Hashable] = routes["demand"].tolist()
    found: IntArray = np.asarray(demands.index.get_indexer(pd.Index(labels)), dtype=np.int64)
    for i in np.flatnonzero(found < 0)[:1].tolist():
        expected = f"a row of demands{_near(labels[i], demands.index)}"
        raise SolverInputError.at(routes.index.tolist()[i], "demand", labels[i], expected, "routes")
    return found


def crossing(routes: pd.DataFrame, arcs: pd.DataFrame) -> tuple[csr_array, IntArray]:
    """Return the units of each arc that each way takes, shape (ways, arcs), and the way of each route.

    Routes of the same path and units are of one way; the last way takes nothing.
    """
    number = {label: i for i, label in enumerate(arcs.index.tolist())}
    known: dict[tuple[Any, Any], int] = {}
    found, steps, taken, start = [], [], [], [0]
    units = routes["units"].tolist() if "units" in routes else [()] * len(routes)
    for i, (path, amounts) in enumerate(zip(routes["path"].tolist(), units, strict=True)):
        listed = isinstance(path, list | tuple) and isinstance(amounts, list | tuple)
        way = known.get((tuple(path), tuple(amounts))) if listed else None
        if way is None:
            _check_way(routes, i, path, amounts, arcs.index, number)
            way = known[tuple(path), tuple(amounts)] = len(known)
            steps += [number[label] for label in path]
            taken += [float(a) for a in amounts] or [1.0] * len(path)
            start.append(len(steps))
        found.append(way)
    ways = (np.array(taken), np.array(steps, dtype=np.int64), [*start, len(steps)])
    return csr_array(ways, shape=(len(known) + 1, len(arcs))), np.array(found, dtype=np.int64)


def _check_way(
    routes: pd.DataFrame, i: int, path: Any, amounts: Any, arcs: pd.Index[Any], number: dict[Hashable, int]
) -> None:
    """Refuse a path that is no list of arcs, and units that are not those of its arcs."""
    (row,) = routes.index[i : i + 1].tolist()
    if not isinstance(path, list | tuple) or not path:
        raise SolverInputError.at(row, "path", path, "a list of rows of arcs, at least one", "routes")
    for label in path:
        if label not in number:
            expected = f"rows of arcs only; {label!r} is none{_near(label, arcs)}"
            raise SolverInputError.at(row, "path", path, expected, "routes")
    if "units" not in routes:
        return
    if not isinstance(amounts, list | tuple) or len(amounts) != len(path) or not all(0 < a < _INF for a in amounts):
        expected = f"a list of {len(path)} numbers above zero, one for each arc of the path"
        raise SolverInputError.at(row, "units", amounts, expected, "routes")


def _near(label: Any, known: pd.Index[Any]) -> str:
    near = get_close_matches(str(label), [str(k) for k in known.tolist()], n=1)
    return f"; nearest: {near[0]!r}" if near else ""


def path_size_of(crossed: csr_array, owner: IntArray, length: FloatArray) -> FloatArray:
    """Return the share of each route's length that it does not owe to other routes of its demand."""
    if not len(owner):
        return np.zeros(0)
    routes = np.repeat(np.arange(len(owner)), np.diff(crossed.indptr))
    cells = owner[routes] * len(length) + crossed.indices
    which, _ = pd.factorize(cells)
    part = 1.0 / np.bincount(which)[which]
    long = length[crossed.indices]
    total = np.add.reduceat(long, crossed.indptr[:-1])
    alone = np.add.reduceat(long * part, crossed.indptr[:-1])
    even = np.add.reduceat(part, crossed.indptr[:-1]) / np.diff(crossed.indptr)
    size: FloatArray = np.where(total > 0, alone / np.maximum(total, 1e-300), even)
    return size


def _refuse_unserved(demands: pd.DataFrame, sent: Any, owner: IntArray, penalty: FloatArray) -> None:
    stuck = sent & np.isinf(penalty)
    stuck[owner] = False
    for i in np.flatnonzero(stuck)[:1].tolist():
        row = demands.index.tolist()[i]
        raise SolverInputError(f"routes: demand {row!r} has no route, expected one at least, or an unmet_penalty")


def _capacities(arcs: pd.DataFrame) -> tuple[csr_array, FloatArray, IntArray, IntArray]:
    """Return incidence (rows, arcs) and limits of arcs and groups, and the row of each arc and its group, or -1."""
    capacity = numbers(arcs, "capacity", 0, _INF, "a number of zero or more, or inf")
    own = np.flatnonzero(np.isfinite(capacity))
    row_of_arc = np.full(len(arcs), -1)
    row_of_arc[own] = np.arange(len(own))
    _, group, shared = read_groups(arcs)
    finite = np.flatnonzero(np.isfinite(shared))
    place = np.full(len(shared) + 1, -1)  # the last stands for no group
    place[finite] = len(own) + np.arange(len(finite))
    row_of_group = place[group]
    rhs = np.concatenate([capacity[own], shared[finite]])
    arc = np.concatenate([own, np.flatnonzero(row_of_group >= 0)])
    row = np.concatenate([row_of_arc[own], row_of_group[row_of_group >= 0]])
    return csr_array((np.ones(len(arc)), (row, arc)), shape=(len(rhs), len(arcs))), rhs, row_of_arc, row_of_group


def _prices(arcs: pd.DataFrame, rhs: FloatArray, row_of_arc: IntArray) -> FloatArray:
    """Return the price at which each row is full, inf where it is a limit."""
    price = np.full(len(rhs), _INF)
    if "price" not in arcs:
        return price
    text = "a number above zero, or inf where the capacity is a limit"
    asked = numbers(arcs.assign(price=arcs["price"].fillna(_INF)), "price", 1e-300, _INF, text)
    for i in np.flatnonzero(np.isfinite(asked) & ((row_of_arc < 0) | (rhs[row_of_arc] == 0) if len(rhs) else True))[:1]:
        label = arcs.index.tolist()[int(i)]
        told = "a capacity above zero and finite where there is a price"
        raise SolverInputError.at(label, "capacity", float(arcs["capacity"].tolist()[int(i)]), told)
    own = np.flatnonzero(row_of_arc >= 0)
    price[row_of_arc[own]] = asked[own]
    return price
