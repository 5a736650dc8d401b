"""Least-cost multicommodity flow with capacities, shadow prices and unmet demand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from . import _solver
from ._arc_flow import arc_size, solve_arc
from ._audit import audit
from ._closed import closed_worth
from ._columns import Columns
from ._path_flow import RawFlow, solve_path
from ._pricing import Pricer
from ._problem import CAPACITY, GROUP, LOWER, read_problem, sums
from .errors import SolverInputError
from .flow_solution import FlowSolution

if TYPE_CHECKING:
    from ._problem import Problem
    from .errors import FloatArray

_METHODS = ("auto", "arc", "path")
_ARC_LIMIT = 200_000  # flow variables up to which the arc model is quicker for bulky commodities


def solve_flow(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    *,
    method: Literal["auto", "arc", "path"] = "auto",
    unmet_penalty: float | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-6,
    previous: FlowSolution | None = None,
) -> FlowSolution:
    r"""Find the cheapest way to send all demands over a network with capacities.

    Parameters
    ----------
    arcs : DataFrame of m rows
        The index, unique, names the arcs; parallel arcs are allowed. Columns:

        - ``tail``, ``head``: any hashable node labels.
        - ``cost``: of one unit of demand, any unit of money; may be negative but on no cycle; inf where
          nothing may go.
        - ``capacity``: zero or more, in units of capacity; inf for none.
        - ``lower``, optional: least load (committed trains, take-or-pay), in units of capacity.
        - ``steps``, optional: None or list of pairs (from_load, extra_cost), rising in both: each unit of
          load beyond ``from_load`` costs ``extra_cost`` more than ``cost`` (congestion, overtime).
        - ``group`` and ``group_capacity``, optional: arcs of one group share a capacity (both directions of
          a single track, a berth).
        - ``cost_<class>``, ``rate_<class>``, optional: cost, and units of capacity used, by one unit of a
          class of goods; otherwise ``cost`` and 1.
    demands : DataFrame of d rows
        The index, unique, names the demands; several may share a pair. Columns ``origin``,
        ``destination``, ``quantity`` (zero or more) and, optional, ``class``, ``rate`` (units of capacity
        used per unit, times ``rate_<class>``), ``unmet_penalty`` (instead of the argument).
    method : str
        ``"arc"``: the textbook model, a flow on every arc for every origin. ``"path"``: column generation.
        ``"auto"``: path, unless single demands must spread over very many paths.
    unmet_penalty : float, optional
        Cost of one unit of demand that is not served; None: all must be.
    solver : str
        Linear-programming solver by PuLP's name: ``highs``, ``cbc``, ...
    time_limit_s : float, optional
        Seconds after which the best flow found is returned with its gap; None: no limit.
    gap : float
        Relative difference between cost and bound at which to stop.
    previous : FlowSolution, optional
        Solution of a similar problem to start from: its columns and basis are used again, whatever has
        changed in between. It changes how long the search takes, not what it proves.

    Returns
    -------
    FlowSolution
        ``.status``, ``.objective``, ``.bound``, ``.gap``, ``.arc_flow``, ``.paths``, ``.shadow_price``,
        ``.unmet``, ``.explain()`` and more; checked against the tables before it is handed out.

    Raises
    ------
    SolverInputError
        Wrong tables or arguments; one message that says where, and what was expected.
    FlowCheckError
        The solver's answer does not fit the tables: a fault of the solver or of this library.

    Notes
    -----
    Column generation prices paths by one Dijkstra per kind of goods and origin. Prices come from a
    primal-dual interior point of the restricted master (Gondzio, Gonzalez-Brevis and Munari 2016); the last
    masters are PuLP models solved by simplex. For prices :math:`\mu\ge 0` of capacities u the bound is
    :math:`\sum_k q_k \min(d_k(\mu), p_k) - \mu u`, with quantities q, cheapest priced costs d and penalties p
    (Lagrangian relaxation; Ahuja, Magnanti and Orlin 1993, "Network Flows", chapter 17). Goods may go in
    circles to fill a least load: see ``.circulation``.
    """
    begin = time.perf_counter()
    if method not in _METHODS:
        raise SolverInputError(f"method: got {method!r}, expected one of {', '.join(_METHODS)}")
    _check_number("gap", gap, 0.0, 1.0)
    if time_limit_s is not None:
        _check_number("time_limit_s", time_limit_s, 0.0, np.inf)
    if previous is not None and not isinstance(previous, FlowSolution):
        raise SolverInputError(f"previous: got {type(previous).__name__}, expected a FlowSolution or None")
    name = _solver.solver_name(solver)
    problem = read_problem(arcs, demands, unmet_penalty)
    deadline = np.inf if time_limit_s is None else begin + time_limit_s
    chosen = _choose(problem, previous) if method == "auto" else method
    if not problem.k:
        raw = _nothing_to_send(problem)
    elif chosen == "arc":
        raw = solve_arc(problem, solver=name, deadline=deadline)
    else:
        memory = None if previous is None else previous.memory
        raw = solve_path(problem, solver=name, gap=gap, deadline=deadline, previous=memory)
    call = {"unmet_penalty": unmet_penalty, "solver": solver, "method": chosen}
    return _Report(problem, raw, arcs, demands).solution(call, gap, time.perf_counter() - begin)


def _nothing_to_send(problem: Problem) -> RawFlow:
    """Report the empty flow, or that least loads ask for goods that there are none of."""
    least = -problem.rows.rhs[problem.rows.kind == LOWER]
    price, none = np.zeros(len(problem.rows.rhs)), np.zeros(0)
    if len(least):
        return RawFlow("infeasible", None, none, price, np.inf, missing=least)
    return RawFlow("optimal", Columns(problem, none), none, price, 0.0)


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not low <= value <= high:
        raise SolverInputError(f"{name}: got {value!r}, expected a number from {low:g} to {high:g}")


def _choose(problem: Problem, previous: FlowSolution | None) -> str:
    """Choose the arc model if some demand fills many paths and there are few origins."""
    if previous is not None:
        return "path"
    pricer = Pricer(problem)
    if not len(pricer.bulky):
        return "path"
    return "arc" if arc_size(problem, pricer) <= _ARC_LIMIT else "path"


class _Report:
    """Turns a raw flow into tables by label."""

    def __init__(self, problem: Problem, raw: RawFlow, arcs: pd.DataFrame, demands: pd.DataFrame) -> None:
        self.problem, self.raw, self.arcs, self.demands = problem, raw, arcs, demands

    def solution(self, call: dict[str, Any], gap: float, seconds: float) -> FlowSolution:
        problem, raw = self.problem, self.raw
        if raw.columns is None:
            return self._empty(call, seconds)
        x, unmet = self._tidy(raw.columns, raw.x)
        loads = raw.columns.segment_load(x)
        value = float(raw.columns.cost[problem.k :] @ x[problem.k :])
        lost = unmet > 0
        value += float(problem.penalty[lost] @ unmet[lost])
        # Rounding may lift the bound a little above the cost; more than that is for the check to find.
        bound = min(raw.bound, value) if raw.bound <= value + 1e-6 * max(1.0, abs(value)) else raw.bound
        found = 0.0 if value == bound else (value - bound) / max(abs(value), 1e-300)
        status = (
            raw.status if raw.status != "optimal" or found <= max(gap, 1e-9) or value - bound < 1e-9 else "inaccurate"
        )
        by_demand = self._by_demand(unmet)
        solution = FlowSolution(
            status=status,
            objective=value,
            bound=bound,
            gap=found,
            arc_flow=pd.Series(sums(problem.arc, loads, len(problem.arcs)), self.arcs.index, name="flow"),
            flow_by_class=self._by_class(raw.columns, x),
            paths=self._paths(raw.columns, x),
            circulation=self._circulation(raw.columns, x),
            **self._prices(),
            unmet=by_demand,
            seconds=seconds,
            rounds=raw.rounds,
            memory=raw.memory,
            raw=raw,
            problem=problem,
            arcs=self.arcs.copy(),
            demands=self.demands.copy(),
            call=call,
        )
        audit(solution)
        return solution

    def _tidy(self, columns: Columns, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Drop traces of flow and make what is served and what is not add up exactly."""
        problem = self.problem
        k = problem.k
        served = columns.commodity >= 0
        size = np.ones(len(x))
        size[served] = problem.quantity[columns.commodity[served]]
        tidy = np.where(x > 1e-10 * size, x, 0.0)
        tidy[:k] = 0.0
        sent = sums(columns.commodity[served], tidy[served], k)
        full = np.isinf(problem.penalty) | (np.abs(sent - problem.quantity) <= 1e-9 * problem.quantity)
        scale = np.where(full & (sent > 0), problem.quantity / np.where(sent > 0, sent, 1.0), 1.0)
        scale = np.where(sent > problem.quantity, problem.quantity / np.where(sent > 0, sent, 1.0), scale)
        tidy[served] *= scale[columns.commodity[served]]
        unmet = np.where(full & (sent > 0), 0.0, np.maximum(problem.quantity - sent, 0.0))
        return tidy, unmet

    def _by_demand(self, unmet: FloatArray) -> pd.Series[float]:
        problem = self.problem
        share = np.zeros(len(problem.amount))
        in_one = problem.commodity >= 0
        share[in_one] = (unmet / problem.quantity)[problem.commodity[in_one]]
        return pd.Series(share * problem.amount, self.demands.index, name="unmet")

    def _paths(self, columns: Columns, x: FloatArray) -> pd.DataFrame:
        """List the paths of each demand; demands of one commodity share its paths in proportion."""
        problem = self.problem
        used = problem.k + np.flatnonzero((x[problem.k :] > 0) & (columns.commodity[problem.k :] >= 0))
        used = used[np.argsort(columns.commodity[used], kind="stable")]
        first = np.searchsorted(columns.commodity[used], np.arange(problem.k + 1))
        names = [self._names(columns, j) for j in used.tolist()]
        flows = x[used]
        rows: list[tuple[Any, list[Any], float]] = []
        of_demand = zip(problem.demands, problem.commodity.tolist(), problem.amount.tolist(), strict=True)
        for label, k, amount in of_demand:
            if k < 0:
                if amount > 0:
                    rows.append((label, [], amount))
                continue
            part = amount / problem.quantity[k]
            rows += [(label, names[i], flows[i] * part) for i in range(first[k], first[k + 1])]
        frame = pd.DataFrame(rows, columns=["demand", "path", "flow"])
        return frame.astype({"flow": float})

    def _names(self, columns: Columns, j: int) -> list[Any]:
        segments = columns.segments[columns.start[j] : columns.start[j + 1]]
        return [self.problem.arcs[a] for a in self.problem.arc[segments].tolist()]

    def _circulation(self, columns: Columns, x: FloatArray) -> pd.DataFrame:
        problem = self.problem
        rings = np.flatnonzero((columns.commodity < 0) & (x > 0))
        kinds = columns.kind[rings]
        return pd.DataFrame(
            {
                "cycle": [self._names(columns, j) for j in rings.tolist()],
                "flow": x[rings],
                "class": [problem.classes[c] for c in problem.class_of_kind[kinds].tolist()],
                "rate": problem.rate_of_kind[kinds],
            }
        )

    def _by_class(self, columns: Columns, x: FloatArray) -> pd.DataFrame:
        problem = self.problem
        lengths = columns.lengths
        flow = np.repeat(x, lengths)
        class_of = np.repeat(problem.class_of_kind[columns.kind], lengths)
        arc = problem.arc[columns.segments]
        size = len(problem.arcs)
        total = sums(class_of * size + arc, flow, size * len(problem.classes))
        names = ["all" if c is None else c for c in problem.classes]
        return pd.DataFrame(total.reshape(len(names), size).T, self.arcs.index, names)

    def _prices(self) -> dict[str, pd.Series[float]]:
        """Return the prices of arcs, groups and least loads."""
        problem, price = self.problem, self.raw.row_price
        kind, owner = problem.rows.kind, problem.rows.owner
        arc = np.zeros(len(problem.arcs))
        mine = kind == CAPACITY
        last = np.append(problem.arc[1:] != problem.arc[:-1], True)
        ends = mine & last[np.where(mine, owner, 0)]
        arc[problem.arc[owner[ends]]] = price[ends]
        closed = closed_worth(problem, price)
        alone = (problem.capacity == 0) & ~problem.group_shut
        np.maximum.at(arc, problem.arc[alone], closed[alone])
        group = np.zeros(len(problem.groups))
        group[owner[kind == GROUP]] = price[kind == GROUP]
        members = problem.group_shut & (problem.capacity > 0)
        np.maximum.at(group, problem.group[members], closed[members])
        least = np.zeros(len(problem.arcs))
        least[owner[kind == LOWER]] = price[kind == LOWER]
        return {
            "shadow_price": pd.Series(arc, self.arcs.index, name="shadow_price"),
            "group_price": pd.Series(
                group, pd.Index(problem.groups, name="group", tupleize_cols=False), name="group_price"
            ),
            "lower_price": pd.Series(least, self.arcs.index, name="lower_price"),
        }

    def _empty(self, call: dict[str, Any], seconds: float) -> FlowSolution:
        """Report that there is no flow: no number is handed out that might be taken for one."""
        raw, problem = self.raw, self.problem
        nothing = pd.Series(np.nan, self.arcs.index)
        infeasible = raw.status == "infeasible"
        names = ["all" if c is None else c for c in problem.classes]
        return FlowSolution(
            status=raw.status,
            objective=np.nan,
            bound=np.inf if infeasible else raw.bound,
            gap=np.nan if infeasible else np.inf,
            arc_flow=nothing.rename("flow"),
            flow_by_class=pd.DataFrame(np.nan, self.arcs.index, names),
            paths=pd.DataFrame({"demand": [], "path": [], "flow": pd.Series(dtype=float)}),
            circulation=pd.DataFrame(columns=["cycle", "flow", "class", "rate"]).astype({"flow": float, "rate": float}),
            shadow_price=nothing.rename("shadow_price"),
            group_price=pd.Series(
                np.nan, pd.Index(problem.groups, name="group", tupleize_cols=False), name="group_price"
            ),
            lower_price=nothing.rename("lower_price"),
            unmet=pd.Series(np.nan, self.demands.index, name="unmet"),
            seconds=seconds,
            rounds=raw.rounds,
            memory=None,
            raw=raw,
            problem=problem,
            arcs=self.arcs.copy(),
            demands=self.demands.copy(),
            call=call,
        )
