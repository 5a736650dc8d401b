"""Logit assignment: shares of given routes under capacities, whose multipliers are waiting costs."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from ._logit_newton import can_be_carried, waiting_costs
from ._logit_problem import Choice, LogitProblem, crossing, path_size_of, read_logit
from .errors import FloatArray, check_table, numbers

if TYPE_CHECKING:
    from ._problem import IntArray

__all__ = ["LogitModel", "LogitResponse", "LogitSolution", "assign_logit", "path_sizes"]

_INF = float("inf")


@dataclass(frozen=True, eq=False)
class LogitSolution:
    """Flows of a logit assignment and what their capacities make shippers wait.

    Attributes
    ----------
    status : str
        ``converged``: `residual` is within what was asked. ``unconverged``: the best that was found.
        ``infeasible``: the routes cannot carry what must be served; there are no flows.
    routes : DataFrame by route
        ``demand``, ``path``, ``cost`` as given, ``waiting_cost``, ``path_size``, ``share`` of its demand,
        ``flow`` (quantity).
    arc_flow : Series by arc
        Load in units of capacity.
    waiting : Series by arc
        Cost of waiting for one unit of load on the arc, or its price, its group's included; zero where there is room.
    unmet : Series by demand
        Quantity that prefers the penalty.
    expected_cost : Series by demand
        Expected least cost of a unit, waiting included, as the demand's shippers feel it: -logsum / scale.
        It may lie below the cheapest route, since variety is worth something.
    residual : float
        Largest overload, or gap between load and capacity where there is waiting, relative to the capacity.
    rounds : int
        Newton steps.
    """

    status: str
    routes: pd.DataFrame
    arc_flow: pd.Series[float]
    waiting: pd.Series[float]
    unmet: pd.Series[float]
    expected_cost: pd.Series[float]
    residual: float
    rounds: int

    def __repr__(self) -> str:
        """Return status, residual and counts."""
        short = float(self.unmet.sum())
        full = int((self.waiting > 0).sum())
        return (
            f"LogitSolution({self.status}, {len(self.routes)} routes, residual {self.residual:.1e}, "
            f"waiting on {full} arcs, unmet {short:.6g}; {self.rounds} rounds)"
        )


class LogitResponse(NamedTuple):
    """Flows of a logit assignment as arrays.

    Attributes
    ----------
    flow : ndarray of float, shape (routes,)
        Quantity.
    expected_cost : ndarray of float, shape (demands,)
        As of `LogitSolution`.
    wait : ndarray of float
        Waiting costs, to begin another search at.
    """

    flow: FloatArray
    expected_cost: FloatArray
    wait: FloatArray


def assign_logit(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    *,
    scale: float | None = None,
    path_size: float = 1.0,
    unmet_penalty: float | None = None,
    price_power: float = 4.0,
    residual: float = 1e-8,
    max_rounds: int = 200,
) -> LogitSolution:
    r"""Split demands over given routes by a path-size logit, so that no capacity is exceeded.

    Parameters
    ----------
    arcs : DataFrame
        ``capacity`` (inf allowed) and, if wanted, ``length`` (what overlap is measured in; otherwise every arc
        counts alike), ``group`` and ``group_capacity`` (arcs of a group share a capacity), ``price`` (what a unit
        is charged when the arc is full; its capacity is then no limit, and the price rises with the load; inf or
        nothing: the capacity is a limit).
    demands : DataFrame
        ``quantity`` and, if wanted, ``scale`` (instead of the argument), ``rate`` (units of capacity that a
        unit takes), ``unmet_penalty`` (inf: must be served).
    routes : DataFrame
        ``demand`` (row of demands), ``path`` (list of rows of arcs) and ``cost`` of a unit, constants of
        preference included. If wanted, ``units`` (list: capacity of each arc of the path that a unit takes;
        otherwise one).
    scale : float
        How sharply cost decides, per unit of cost.
    path_size : float
        Weight of the logarithm of the path size; zero for a plain logit.
    unmet_penalty : float, optional
        Cost of a unit that is not sent, an alternative like a route, without capacity or overlap. None: all
        must be sent.
    price_power : float
        How steeply prices rise: price times (load / capacity) to this power, 1 to 4.
    residual : float
        Relative to the capacities, at which the assignment counts as converged.
    max_rounds : int
        Newton steps, at most.

    Returns
    -------
    LogitSolution

    Raises
    ------
    SolverInputError
        One message for the first thing that is wrong: table, row, column, value, what was expected.

    Notes
    -----
    Shares are :math:`P_r \propto \mathrm{PS}_r^\beta \exp(-\theta (c_r + w_r))` with the path size
    :math:`\mathrm{PS}_r = \sum_{a \in r} (l_a / L_r) / N_a`, :math:`N_a` the routes of the demand over arc a
    (Ben-Akiva and Bierlaire 1999, "Discrete choice methods and their applications to short term travel
    decisions", Handbook of Transportation Science, 5-33). The waiting costs w are the multipliers of the
    capacities in Fisk's (1980, Transportation Research Part B 14(3), 243-255) entropy programme, as queueing
    delays are in Bell (1995, Transportation Research Part B 29(2), 125-137). Its dual, smooth and convex in
    the multipliers alone, is solved by a projected Newton method (Bertsekas 1982, SIAM Journal on Control and
    Optimization 20(2), 221-246). A price that rises with load is the stochastic user equilibrium of the same
    programme (Fisk 1980), in the form of the volume-delay function of the Bureau of Public Roads (1964).
    Flows are unique; waiting costs are where no two full capacities serve exactly the same routes.
    """
    model = LogitModel(
        arcs, demands, routes, scale=scale, path_size=path_size, unmet_penalty=unmet_penalty, price_power=price_power
    )
    return model.solve(residual=residual, max_rounds=max_rounds)


def path_sizes(arcs: pd.DataFrame, routes: pd.DataFrame) -> pd.Series[float]:
    """Return the path size of each route, see `assign_logit`.

    Parameters
    ----------
    arcs : DataFrame
        ``length``, zero or more.
    routes : DataFrame
        ``demand`` (any label; routes of one label are a choice) and ``path`` (list of rows of arcs).

    Returns
    -------
    Series by route
        Above zero, at most one.

    Raises
    ------
    SolverInputError
        A length or a path is wrong.
    """
    check_table(arcs, ("length",))
    check_table(routes, ("demand", "path"), "routes")
    length = numbers(arcs, "length", 0, 1e15, "a number of zero or more")
    owner = pd.factorize(routes["demand"])[0].astype(np.int64)
    ways, way = crossing(routes, arcs)
    return pd.Series(path_size_of(ways[way], owner, length), routes.index, name="path_size")


class LogitModel:
    """A logit assignment that is read once and solved again with other figures.

    Parameters
    ----------
    arcs, demands, routes, scale, path_size, unmet_penalty, price_power
        As of `assign_logit`.

    Raises
    ------
    SolverInputError
        As `assign_logit`.
    """

    def __init__(
        self,
        arcs: pd.DataFrame,
        demands: pd.DataFrame,
        routes: pd.DataFrame,
        *,
        scale: float | None = None,
        path_size: float = 1.0,
        unmet_penalty: float | None = None,
        price_power: float = 4.0,
    ) -> None:
        self._tables = arcs, demands, routes
        self._cost: FloatArray | None = None  # instead of that of the routes
        self._path_size = path_size
        self._problem = read_logit(arcs, demands, routes, scale, path_size, unmet_penalty, price_power)
        self._log_size = np.log(self._problem.size)

    def with_(
        self,
        *,
        cost: FloatArray | None = None,
        quantity: FloatArray | None = None,
        scale: FloatArray | None = None,
        price: FloatArray | None = None,
        capacity: FloatArray | None = None,
        takes: tuple[IntArray, csr_array] | None = None,
    ) -> LogitModel:
        """Return the model with other figures; what is not given stays.

        Parameters
        ----------
        cost : ndarray of float, shape (routes,)
            Cost of a unit by each route.
        quantity, scale : ndarray of float, shape (demands,)
            Of each demand; above zero where it was.
        price, capacity : ndarray of float, shape (arcs,)
            Read where the arc had a finite one; above zero there.
        takes : (ndarray of int, shape (routes,), csr_array, shape (ways, arcs)), optional
            Way of each route, and what a unit of each way takes of each arc, instead of what paths and units say; none
            may take of an arc that has no capacity. `solve` shows paths as they were read.

        Returns
        -------
        LogitModel
            This one stays as it is.
        """
        old = self._problem
        changed: dict[str, Any] = {}
        if cost is not None:
            changed["cost"] = np.where(old.route >= 0, np.append(cost, 0.0)[old.route], old.cost)
        if quantity is not None:
            changed["quantity"] = np.asarray(quantity)[old.number]
        if scale is not None:
            changed["scale"] = np.asarray(scale)[old.number]
        limited = old.row_of_arc >= 0
        priced = limited & np.isfinite(np.append(old.price, np.inf))[old.row_of_arc]
        for name, given, own in (("price", price, priced), ("rhs", capacity, limited)):
            if given is not None:
                changed[name] = getattr(old, name).copy()
                changed[name][old.row_of_arc[own]] = np.asarray(given)[own]
        if takes is not None:
            way, ways = takes
            nothing = csr_array((1, ways.shape[1]))
            changed["ways"] = vstack([ways, nothing], format="csr")
            changed["load"] = csr_array(changed["ways"] @ old.rows.T)
            changed["way"] = np.append(way, ways.shape[0])[old.route]
        problem = old._replace(**changed)
        utility = -problem.scale[problem.demand] * problem.cost + self._path_size * self._log_size
        found = copy(self)
        found._problem = problem._replace(utility=utility)
        if cost is not None:
            found._cost = cost
        return found

    def flow(self, *, residual: float = 1e-8, max_rounds: int = 200) -> FloatArray:
        """Return the flow of each route, without the tables of `solve`.

        Parameters
        ----------
        residual, max_rounds
            As of `assign_logit`.

        Returns
        -------
        ndarray of float, shape (routes,)
            Quantity by each.

        Raises
        ------
        ArithmeticError
            The residual was not reached.
        """
        return self.respond(residual=residual, max_rounds=max_rounds).flow

    def respond(
        self, start: FloatArray | None = None, *, residual: float = 1e-8, max_rounds: int = 200
    ) -> LogitResponse:
        """Return the assignment as arrays, without the tables of `solve`.

        Parameters
        ----------
        start : ndarray of float, optional
            ``wait`` of a response of the same model with other figures, to begin at.
        residual, max_rounds
            As of `assign_logit`.

        Returns
        -------
        LogitResponse
            Flow by route, expected least cost by demand, waiting cost by capacity.

        Raises
        ------
        ArithmeticError
            The residual was not reached.
        """
        problem = self._problem
        choice, left, _ = waiting_costs(problem, residual, max_rounds, start)
        flow = problem.flow(choice)
        if left > residual:
            raise ArithmeticError(f"the logit assignment stopped at a residual of {left:.1e}, wanted {residual:.1e}")
        found, expected = np.zeros(len(self._tables[2])), np.zeros(len(self._tables[1]))
        there = problem.route >= 0
        found[problem.route[there]] = flow[there]
        expected[problem.number] = -choice.logsum / problem.scale
        return LogitResponse(found, expected, choice.wait)

    def solve(self, *, residual: float = 1e-8, max_rounds: int = 200) -> LogitSolution:
        """Return the assignment, see `assign_logit`.

        Parameters
        ----------
        residual, max_rounds
            As of `assign_logit`.

        Returns
        -------
        LogitSolution
            ``infeasible`` where capacities cannot carry what must go.
        """
        problem, (arcs, demands, routes) = self._problem, self._tables
        tables = arcs, demands, routes if self._cost is None else routes.assign(cost=self._cost)
        if problem.stuck:
            return _infeasible(*tables, 0)
        choice, left, rounds = waiting_costs(problem, residual, max_rounds)
        if left > residual and not can_be_carried(problem):
            return _infeasible(*tables, rounds)
        return _solution(problem, *tables, choice, left, residual, rounds)


def _solution(
    problem: LogitProblem,
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    choice: Choice,
    left: float,
    asked: float,
    rounds: int,
) -> LogitSolution:
    there = problem.route >= 0
    place = problem.route[there]
    table = _empty_routes(routes)
    flow = problem.flow(choice)
    for column, values in (
        ("waiting_cost", problem.waiting(choice.wait)),
        ("path_size", problem.size),
        ("share", problem.share(choice)),
        ("flow", flow),
    ):
        table.iloc[place, table.columns.get_loc(column)] = values[there]
    unmet = np.zeros(len(demands))
    unmet[problem.number[problem.demand[~there]]] = flow[~there]
    expected = np.zeros(len(demands))
    expected[problem.number] = -choice.logsum / problem.scale
    padded = np.append(choice.wait, 0.0)
    loads = problem.ways.T @ problem.by_way(flow)
    return LogitSolution(
        status="converged" if left <= asked else "unconverged",
        routes=table,
        arc_flow=pd.Series(loads, arcs.index, name="arc_flow"),
        waiting=pd.Series(padded[problem.row_of_arc] + padded[problem.row_of_group], arcs.index, name="waiting"),
        unmet=pd.Series(unmet, demands.index, name="unmet"),
        expected_cost=pd.Series(expected, demands.index, name="expected_cost"),
        residual=left,
        rounds=rounds,
    )


def _empty_routes(routes: pd.DataFrame) -> pd.DataFrame:
    return routes[["demand", "path", "cost"]].assign(waiting_cost=0.0, path_size=1.0, share=0.0, flow=0.0)


def _infeasible(arcs: pd.DataFrame, demands: pd.DataFrame, routes: pd.DataFrame, rounds: int) -> LogitSolution:
    none = pd.Series(np.nan, arcs.index)
    zero = pd.Series(np.nan, demands.index)
    table = _empty_routes(routes).assign(waiting_cost=np.nan, share=np.nan, flow=np.nan)
    return LogitSolution("infeasible", table, none, none, zero, zero, _INF, rounds)
