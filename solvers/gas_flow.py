"""Least-cost flow of gas by day or month: pipes, supplies, contracts, storages, LNG, and who is short."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from . import _solver
from ._gas_input import GasProblem, read_gas
from ._gas_model import GasModel
from ._gas_sharing import equal_shares, serving_order, waiting_penalty
from ._solver import Outcome
from .errors import FloatArray, FlowCheckError, SolverInputError, deadline_of
from .gas_solution import GasFlow

__all__ = ["solve_gas_flow"]

_RULES = ("least_cost", "cooperative", "own_first")
_BALANCE = 1e-6
_SHORT = 1e-6  # of all demand, below which nobody is short


def solve_gas_flow(
    nodes: pd.DataFrame,
    pipes: pd.DataFrame,
    *,
    supplies: pd.DataFrame | None = None,
    demands: pd.DataFrame | None = None,
    storages: pd.DataFrame | None = None,
    contracts: pd.DataFrame | None = None,
    periods: Any = 1,
    profiles: Mapping[str, pd.DataFrame] | None = None,
    sharing: str = "least_cost",
    order: pd.Series[int] | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
) -> GasFlow:
    r"""Find the cheapest way to serve gas demand over a horizon, and who goes short where it cannot be served.

    Amounts are in any one unit of energy (or of gas of one quality), rates in that unit a day.

    Parameters
    ----------
    nodes : DataFrame
        ``node`` (labels, each once); optional ``group``, whose it is (country). With `supplies` or `demands` not given,
        columns ``supply`` with ``price``, and ``demand`` with ``penalty``, stand for them.
    pipes : DataFrame
        ``tail``, ``head``, ``capacity`` (most that enters a day, inf: no limit). Optional: ``cost`` of a unit that
        enters, ``loss`` (share that does not arrive: fuel gas and losses), ``reverse_capacity`` (0: one way only),
        ``reverse_cost``, ``shares``: another pipe whose capacity this one uses too, each way, for gas of several kinds
        in one pipe. The index names the pipes.
    supplies : DataFrame, optional
        ``node``, ``price``, ``capacity`` a day; a supply curve is several rows at one node. Optional: ``most_total``
        over the horizon; ``lead_days`` and ``plan``: before the lead is over no more comes a day than was planned, as
        with cargoes of LNG.
    demands : DataFrame, optional
        ``node``, ``quantity`` a day, ``penalty`` of each unit not served; optional ``tier``, for example protected,
        industry and power: rows with a lower penalty go short first.
    storages : DataFrame, optional
        ``node``, ``working`` (amount when full), ``injection`` and ``withdrawal`` a day. Optional: ``start`` (default:
        full), ``end`` (least at the end; default: as at the start), ``end_price`` of each unit that lacks then
        (default: inf, none may), ``withdrawal_empty`` (rate at which the last unit comes out; between it falls in
        proportion to the level at the start of a period), ``injection_full`` (the same for the last unit in),
        ``loss`` (share of what is injected), ``cost`` of injection, ``withdrawal_cost``.
    contracts : DataFrame, optional
        Take or pay: ``least`` to be taken over the horizon from a ``supply`` or through a ``pipe`` (its index labels),
        ``price`` paid for each unit of it that is not.
    periods : int, sequence or Series
        Number of days; or lengths of periods in days, with labels if a Series.
    profiles : mapping of str to DataFrame, optional
        What changes by period: ``pipe``, ``reverse``, ``supply``, ``plan``, ``price``, ``demand``, ``withdrawal``,
        ``injection``; each a table with the periods as index, whose columns are index labels of the table concerned.
    sharing : str
        ``least_cost``: whoever is cheapest to leave short. ``cooperative``: groups share what lacks of a tier in a
        period by equal rates as far as pipes allow. ``own_first``: each group serves all that it wants before it lets
        gas go on to others.
    order : Series by group, optional
        For ``own_first``: who comes first; otherwise by how early gas reaches groups when nobody acts so.
    solver, time_limit_s
        As of `solvers.solve_flow`.

    Returns
    -------
    GasFlow

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.

    Notes
    -----
    A linear programme over periods t of :math:`d_t` days. With :math:`f` entering pipes, :math:`\lambda` lost,
    :math:`s` supplied, :math:`u` unmet, :math:`i, w` into and out of storage, each node balances in each period,

    .. math:: \sum_{in} (1 - \lambda_a) f_{at} - \sum_{out} f_{at} + s_{nt} + w_{nt} - i_{nt} + u_{nt} = q_{nt}

    and levels follow :math:`l_t = l_{t-1} + d_t ((1 - \lambda) i_t - w_t)`. Everything is known in advance over the
    horizon: a shock that nobody foresees is a horizon of its own that starts with the levels of the one before.

    What lacks is shared in two steps: a second programme says who is short, with the rule as aim; then cost is least
    with nobody shorter than that, which gives flows and prices. Equal rates are the lexicographic least: K. Nace,
    M. Pioro, "Max-min fairness and its applications to routing and load-balancing in communication networks", IEEE
    Communications Surveys & Tutorials 10(4), 2008. The two rules are those of ENTSOG's "optimal" and "sub-optimal"
    crisis management (TYNDP 2017, annex F).

    Examples
    --------
    >>> import pandas as pd
    >>> from solvers import solve_gas_flow
    >>> nodes = pd.DataFrame({"node": ["Baku", "Erzurum"], "supply": [60.0, 0.0], "price": [6.0, 0.0],
    ...                       "demand": [20.0, 50.0], "penalty": [200.0, 200.0]})
    >>> pipes = pd.DataFrame({"tail": ["Baku"], "head": ["Erzurum"], "capacity": [45.0], "cost": [2.0]})
    >>> solve_gas_flow(nodes, pipes).unmet_total()
    10.0
    """
    begin = time.perf_counter()
    if sharing not in _RULES:
        raise SolverInputError(f"sharing: got {sharing!r}, expected {', '.join(_RULES[:-1])} or {_RULES[-1]}")
    problem = read_gas(nodes, pipes, supplies, demands, storages, contracts, periods, profiles)
    deadline = deadline_of(begin, time_limit_s)
    gas = GasModel(problem, _solver.solver_name(solver))
    model = gas.live()
    outcome = model.run(deadline)
    if outcome.status != _solver.OPTIMAL:
        return _nothing(gas, _STATUS.get(outcome.status, "failed"), sharing, begin)
    least = _solution(gas, outcome, gas.lower, sharing, begin)
    if sharing == "least_cost" or least.unmet_total() <= _SHORT * float(problem.days @ problem.quantity.sum(axis=1)):
        return least
    shared, ranks = _shared(gas, least, sharing, order, deadline)
    if shared is None:
        return _nothing(gas, "time_limit", sharing, begin)
    lower = gas.lower.copy()
    noise = shared < _SHORT * problem.quantity
    lower[gas.columns["unmet"]] = np.where(noise, 0.0, np.clip(shared * (1 - 1e-9), 0.0, problem.quantity))
    model.set_bounds(np.arange(gas.n_columns), lower, gas.upper)
    outcome = model.run(deadline)
    if outcome.status != _solver.OPTIMAL:
        return _nothing(gas, _STATUS.get(outcome.status, "failed"), sharing, begin)
    return _solution(gas, outcome, lower, sharing, begin, least.objective, ranks)


_STATUS = {_solver.INFEASIBLE: "infeasible", _solver.STOPPED: "time_limit"}


def _shared(
    gas: GasModel, least: GasFlow, sharing: str, order: pd.Series[int] | None, deadline: float
) -> tuple[FloatArray | None, pd.Series[int] | None]:
    """Return who is short by the rule, shape (T, demands), or None when the time is over; and the order of groups."""
    if sharing == "cooperative":
        return equal_shares(gas, least.unmet.to_numpy(), deadline), None
    ranks = serving_order(least) if order is None else _given_order(gas.problem, order)
    cost = gas.cost.copy()
    cost[gas.columns["unmet"]] = gas.problem.days[:, None] * waiting_penalty(gas.problem, ranks)
    outcome = gas.live(cost).run(deadline)
    found = outcome.x[gas.columns["unmet"]] if outcome.status == _solver.OPTIMAL else None
    return found, ranks


def _given_order(problem: GasProblem, order: pd.Series[int]) -> pd.Series[int]:
    missing = [g for g in dict.fromkeys(problem.groups) if g not in order.index]
    if missing:
        raise SolverInputError(f"order: group {missing[0]!r} is missing, expected one number for each group")
    return order


def _nothing(gas: GasModel, status: str, sharing: str, begin: float) -> GasFlow:
    p = gas.problem
    tables = {
        name: pd.DataFrame(index=p.periods[:0], columns=pd.Index(labels), dtype=float)
        for name, labels in _labels(p).items()
    }
    nan = float("nan")
    return GasFlow(
        status=status,
        objective=nan,
        least_cost=nan,
        bound=np.inf if status == "infeasible" else nan,
        gap=nan,
        **tables,
        not_taken=pd.Series(dtype=float),
        end_lacking=pd.Series(dtype=float),
        costs=pd.Series(dtype=float),
        sharing=sharing,
        order=pd.Series(dtype=int),
        balance_error=nan,
        seconds=time.perf_counter() - begin,
        problem=p,
    )


def _labels(p: GasProblem) -> dict[str, list[Any]]:
    return {
        "forward": p.pipes,
        "backward": p.pipes,
        "supply": p.supplies,
        "unmet": p.demands,
        "injection": p.storages,
        "withdrawal": p.storages,
        "level": p.storages,
        "price": p.nodes,
        "worth": p.pipes,
    }


def _solution(
    gas: GasModel,
    outcome: Outcome,
    lower: FloatArray,
    sharing: str,
    begin: float,
    least_cost: float | None = None,
    order: pd.Series[int] | None = None,
) -> GasFlow:
    p, x, c = gas.problem, np.clip(outcome.x, lower, gas.upper), gas.columns
    reduced = gas.reduced_cost(outcome.row_dual)
    objective = float(gas.cost @ x)
    bound = _bound(gas, outcome.row_dual, reduced, lower)
    values = {name: x[c[name]] for name in ("forward", "supply", "unmet", "injection", "withdrawal", "level")}
    values["backward"] = np.zeros_like(values["forward"])
    values["backward"][:, gas.back] = x[c["backward"]]
    values["price"] = outcome.row_dual[gas.balance] / p.days[:, None]
    values["worth"] = np.maximum(0.0, -reduced[c["forward"]]) / p.days[:, None]
    values["worth"][:, gas.back] += np.maximum(0.0, -reduced[c["backward"]]) / p.days[:, None]
    for (leader, _), rows in gas.shared.items():
        values["worth"][:, leader] += np.maximum(0.0, -outcome.row_dual[rows]) / p.days
    error = _check_balance(gas, x)
    tables = {name: pd.DataFrame(values[name], p.periods, labels) for name, labels in _labels(p).items()}
    return GasFlow(
        status="optimal",
        objective=objective,
        least_cost=objective if least_cost is None else least_cost,
        bound=bound,
        gap=abs(objective - bound) / max(abs(objective), 1e-9),
        **tables,
        not_taken=pd.Series(x[c["lacking"]][0], p.contracts, name="not_taken"),
        end_lacking=pd.Series(x[c["end_lacking"]][0], p.storages, name="end_lacking"),
        costs=_cost_parts(gas, x),
        sharing=sharing,
        order=pd.Series(dtype=int) if order is None else order,
        balance_error=error,
        seconds=time.perf_counter() - begin,
        problem=p,
    )


def _bound(gas: GasModel, dual: FloatArray, reduced: FloatArray, lower: FloatArray) -> float:
    """Return the value of the dual, which no flow can be cheaper than: prices of limits that cannot be are left out."""
    rhs = gas.rhs
    y = dual.copy()
    inequality = np.ones(len(rhs), dtype=bool)
    first = 0
    for part, equal in zip(gas._rhs, gas._equal, strict=True):
        inequality[first : first + len(part)] = not equal
        first += len(part)
    wrong = inequality & (y > 0)
    if wrong.any():
        y[wrong] = 0.0
        reduced = gas.reduced_cost(y)
    upper = gas.upper
    at_upper = reduced < 0
    held = np.where(at_upper, upper, lower)
    tiny = 1e-9 * max(1.0, float(np.abs(gas.cost).max(initial=0.0)))
    part = np.where(np.isinf(held) & (np.abs(reduced) <= tiny), 0.0, reduced * np.where(np.isinf(held), 0.0, held))
    if (np.isinf(held) & (np.abs(reduced) > tiny)).any():
        return -np.inf
    return float(rhs @ y + part.sum())


def _check_balance(gas: GasModel, x: FloatArray) -> float:
    """Return the largest error of balance of a node; raise if it is one that matters."""
    rows = gas.balance.ravel()
    off = np.abs((gas.matrix @ x)[rows] - gas.rhs[rows])
    error = float(off.max(initial=0.0))
    size = max(1.0, float(np.abs(x[gas.columns["forward"]]).max(initial=0.0)))
    if error > _BALANCE * size:
        t, node = divmod(int(off.argmax()), len(gas.problem.nodes))
        place = f"node {gas.problem.nodes[node]!r}, period {gas.problem.periods[t]!r}"
        raise FlowCheckError(f"{place}: what comes and what goes differ by {error:g} a day")
    return error


def _cost_parts(gas: GasModel, x: FloatArray) -> pd.Series[float]:
    parts = {
        "transport": ("forward", "backward"),
        "supply": ("supply",),
        "storage": ("injection", "withdrawal"),
        "not_taken": ("lacking",),
        "end_lacking": ("end_lacking",),
        "unmet": ("unmet",),
    }
    cost = gas.cost * x
    found = {part: sum(float(cost[gas.columns[n]].sum()) for n in names) for part, names in parts.items()}
    return pd.Series(found, name="cost")
