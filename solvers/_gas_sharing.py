"""Who is short when gas lacks: by equal shares as far as pipes allow, or each group first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from . import _solver
from ._gas_input import GasProblem
from .errors import FloatArray

if TYPE_CHECKING:
    from ._gas_model import GasModel
    from .gas_solution import GasFlow

__all__ = ["equal_shares", "serving_order", "waiting_penalty"]

_SHORT = 1e-6  # of the demand, below which none is short
_MORE = 0.05  # of what lacks: how much more may lack so that it is shared, as gas that goes further loses more
_PRICED = 1e-6  # of the weight of a rate, above which a row holds it up
_LADDER, _RANGE = 30.0, 1e5  # weight of a tier over that of the next one, and of the first over that of the last
_SLACK = 1e-9  # on rates found, so that the next round is not shut out by rounding
_MOST_ROUNDS = 40
_STEP = 1.2  # of the dearest penalty, between the penalties of one group and of the one that is served after it


def equal_shares(gas: GasModel, unmet: FloatArray, deadline: float) -> FloatArray | None:
    """Return unmet demand, shape (T, demands), shared by equal rates as far as pipes allow.

    By tier and period with unmet demand the rates of groups are made lowest in order: first the highest, then the
    highest of those that it does not hold, and so on. By tier and period no less is unmet than `unmet`, a least-cost
    answer, says, and hardly more: what losses on longer ways take. Returns None when the time is over.
    """
    p = gas.problem
    places, tier_of, pairs = _places(p)
    size = _sums(p.quantity, places, len(pairs))
    n_tiers = int(tier_of.max(initial=-1)) + 1
    by_tier = _sums(_sums(unmet, places, len(pairs)), tier_of, n_tiers)
    wanted = _sums(size, tier_of, n_tiers)
    is_short = by_tier > _SHORT * np.maximum(wanted, 1e-300)
    short = np.argwhere(is_short)  # rows (period, tier)
    if not len(short):
        return unmet
    model = gas.live(np.zeros(gas.n_columns))
    columns = gas.columns["unmet"]
    most = np.where(is_short[:, tier_of[places]], p.quantity, unmet)
    model.set_bounds(columns.ravel(), np.zeros(columns.size), np.clip(most, 0.0, p.quantity).ravel())
    lacks = by_tier[short[:, 0], short[:, 1]]
    of_tier = _all_of(gas, short, places, tier_of)
    model.add_rows(-lacks * (1 - 1e-9), equal=False, entries=-of_tier)
    model.add_rows(lacks * (1 + _MORE), equal=False, entries=of_tier)
    owner, period, place = _owners(short, tier_of, size)
    free = np.ones(len(owner), dtype=bool)
    weight = _weights(p, places, tier_of)[short[:, 1]]
    n_columns, n_rows = gas.n_columns, gas.n_rows + 2 * len(short)
    found: FloatArray | None = None
    for _ in range(_MOST_ROUNDS):
        kept = np.flatnonzero(free)
        model.add_rows(np.zeros(len(kept)), equal=False, entries=_uses(gas, kept, period, place, places, n_columns))
        entries = _rates(kept, owner, size[period, place], n_rows, len(short))
        model.add_columns(weight, np.zeros(len(short)), np.ones(len(short)), entries)
        outcome = model.run(deadline)
        if outcome.status != _solver.OPTIMAL:
            return found
        found = outcome.x[columns]
        rate = outcome.x[n_columns : n_columns + len(short)]
        dual = outcome.row_dual[n_rows : n_rows + len(kept)]
        held = -dual * size[period, place][kept] > _PRICED * weight[owner[kept]]
        free[kept[held]] = False
        free[rate[owner] <= _SHORT] = False
        fixed = np.minimum(rate + _SLACK, 1.0)
        model.set_bounds(np.arange(n_columns, n_columns + len(short)), fixed, fixed)
        n_columns, n_rows = n_columns + len(short), n_rows + len(kept)
        if not free.any() or not held.any():
            break
    return found


def _places(p: GasProblem) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[tuple[Hashable, Hashable]]]:
    """Return the number of group and tier of each demand, the tier of each such pair, and the pairs."""
    keys = [(p.groups[n], tier) for n, tier in zip(p.demand_node.tolist(), p.tiers, strict=True)]
    pairs = list(dict.fromkeys(keys))
    tiers = list(dict.fromkeys(p.tiers))
    number = {pair: i for i, pair in enumerate(pairs)}
    of_tier = np.array([tiers.index(tier) for _, tier in pairs], dtype=np.int64)
    return np.array([number[key] for key in keys], dtype=np.int64), of_tier, pairs


def _weights(p: GasProblem, places: Any, tier_of: Any) -> FloatArray:
    """Return a weight for the rate of each tier, so that a tier of higher penalty is never cut to spare another."""
    penalty = np.zeros(int(tier_of.max(initial=-1)) + 1)
    np.maximum.at(penalty, tier_of[places], p.penalty)
    rank = np.unique(penalty, return_inverse=True)[1]
    step = min(_LADDER, _RANGE ** (1.0 / max(1, int(rank.max(initial=0)))))
    found: FloatArray = step ** rank.astype(float)
    return found


def _sums(values: FloatArray, group: Any, count: int) -> FloatArray:
    """Return sums of columns by group, shape (T, count)."""
    found = np.zeros((len(values), count))
    for column, number in enumerate(np.asarray(group).tolist()):
        found[:, number] += values[:, column]
    return found


def _all_of(gas: GasModel, short: Any, places: Any, tier_of: Any) -> csc_array:
    """Return entries of: all that is unmet of a tier in a period."""
    rows, columns = [], []
    for row, (t, tier) in enumerate(short.tolist()):
        of = np.flatnonzero(tier_of[places] == tier)
        columns.append(gas.columns["unmet"][t, of])
        rows.append(np.full(len(of), row))
    where = (np.concatenate(rows), np.concatenate(columns))
    found: csc_array = coo_array((np.ones(len(where[0])), where), shape=(len(short), gas.n_columns)).tocsc()
    return found


def _owners(short: Any, tier_of: Any, size: FloatArray) -> tuple[Any, Any, Any]:
    """Return, for each group that has demand in a short tier and period, the row of `short`, period and pair."""
    owner, period, place = [], [], []
    for row, (t, tier) in enumerate(short.tolist()):
        for pair in np.flatnonzero((tier_of == tier) & (size[t] > 0)).tolist():
            owner.append(row)
            period.append(t)
            place.append(pair)
    return np.array(owner), np.array(period), np.array(place)


def _uses(gas: GasModel, kept: Any, period: Any, place: Any, places: Any, width: int) -> csc_array:
    """Return entries of: what is unmet of a group and tier in a period."""
    rows, columns = [], []
    for row, item in enumerate(kept.tolist()):
        of = np.flatnonzero(places == place[item])
        columns.append(gas.columns["unmet"][period[item], of])
        rows.append(np.full(len(of), row))
    where = (np.concatenate(rows), np.concatenate(columns))
    found: csc_array = coo_array((np.ones(len(where[0])), where), shape=(len(kept), width)).tocsc()
    return found


def _rates(kept: Any, owner: Any, size: FloatArray, first: int, count: int) -> csc_array:
    """Return entries of the common rates in the rows of groups."""
    rows = first + np.arange(len(kept))
    where = (rows, owner[kept])
    found: csc_array = coo_array((-size[kept], where), shape=(first + len(kept), count)).tocsc()
    return found


def serving_order(flow: GasFlow) -> pd.Series[int]:
    """Return who is served first when each serves itself first: groups by how early gas reaches them, from 0.

    Over the horizon of the flow, a group comes before those that it sends more to than it gets from. Where that goes
    round in a circle, the smallest net export in it is left out.
    """
    sent = flow.net_exports()
    graph = nx.DiGraph()
    graph.add_nodes_from(sent.index)
    scale = max(float(sent.to_numpy().max(initial=0.0)), 1e-300)
    for a, b in np.argwhere(sent.to_numpy() > _SHORT * scale).tolist():
        graph.add_edge(sent.index[a], sent.columns[b], amount=float(sent.iloc[a, b]))
    while not nx.is_directed_acyclic_graph(graph):
        circle = nx.find_cycle(graph)
        weakest = min(circle, key=lambda edge: graph.edges[edge[:2]]["amount"])
        graph.remove_edge(*weakest[:2])
    order = {g: number for number, layer in enumerate(nx.topological_generations(graph)) for g in layer}
    return pd.Series(order, name="order").reindex(sent.index)


def waiting_penalty(problem: GasProblem, order: pd.Series[int]) -> FloatArray:
    """Return penalties by demand under which every tier of a group comes before any of those served after it."""
    step = _STEP * float(problem.penalty.max(initial=0.0))
    place = np.array([order[problem.groups[n]] for n in problem.demand_node.tolist()], dtype=float)
    found: FloatArray = problem.penalty + step * (place.max(initial=0.0) - place)
    return found
