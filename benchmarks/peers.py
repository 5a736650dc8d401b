"""The same linear programme by this project and by the peers a user would pick.

Each solver takes an instance and a time limit in seconds and returns an `Answer`. The clock runs from the tables
to the objective with flows read back; imports are not counted. Unless noted otherwise the model is the arc model
aggregated by origin, the smallest of the textbook ones: one flow per origin and arc, conservation per origin and
node, one capacity row per arc or group of arcs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .instances import Instance, Limits

__all__ = ["SOLVERS", "Answer", "ArcModel", "NotTriedError", "arc_model"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PYPSA_COLUMNS = 60_000
_LOOSE = 1e-4


class NotTriedError(Exception):
    """Why a solver is not tried on an instance."""


class Answer(NamedTuple):
    """What a solver found.

    Attributes
    ----------
    objective : float
        Least cost; NaN if none was found.
    seconds : float
        From the tables to the objective.
    note : str
        What to know about this run.
    gap : float
        Relative gap proven by the solver; NaN if it states none.
    tolerance : float
        Relative difference from the right objective that its stopping rule allows.
    """

    objective: float
    seconds: float
    note: str = ""
    gap: float = math.nan
    tolerance: float = 1e-6


@dataclass(frozen=True)
class ArcModel:
    """Least `cost` x with `lower` <= A x <= `upper`, 0 <= x <= `top`; columns by origin and arc, then unmet pairs."""

    cost: FloatArray
    top: FloatArray
    matrix: Any
    lower: FloatArray
    upper: FloatArray
    origins: int
    arcs: int

    def load(self, x: npt.ArrayLike) -> FloatArray:
        """Quantity on each arc."""
        flow = np.asarray(x, dtype=float)[: self.origins * self.arcs]
        total: FloatArray = flow.reshape(self.origins, self.arcs).sum(axis=0)
        return total


class _Numbered(NamedTuple):
    """An instance with nodes and origins as numbers and demands of a pair together."""

    n: int
    tail: IntArray
    head: IntArray
    cost: FloatArray
    limits: Limits
    origins: IntArray
    by: IntArray
    to: IntArray
    quantity: FloatArray


def _numbered(instance: Instance) -> _Numbered:
    arcs, demands = instance.arcs, instance.demands
    ids = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"]]))}
    tail, head = (arcs[end].map(ids).to_numpy(dtype=np.int64) for end in ("tail", "head"))
    origin, to = (demands[end].map(ids).to_numpy(dtype=np.int64) for end in ("origin", "destination"))
    origins, by = np.unique(origin, return_inverse=True)
    pairs, row = np.unique(np.column_stack([by, to]), axis=0, return_inverse=True)
    quantity = np.zeros(len(pairs))
    np.add.at(quantity, row.ravel(), demands["quantity"].to_numpy(dtype=float))
    cost = arcs["cost"].to_numpy(dtype=float)
    return _Numbered(len(ids), tail, head, cost, Limits.of(arcs), origins, pairs[:, 0], pairs[:, 1], quantity)


def arc_model(instance: Instance) -> ArcModel:
    """Build the arc model aggregated by origin."""
    import scipy.sparse as sp

    p = _numbered(instance)
    m, k = len(p.tail), len(p.origins)
    ones = np.ones(m)
    into = sp.coo_array(
        (np.r_[ones, -ones], (np.r_[p.head, p.tail], np.r_[np.arange(m), np.arange(m)])), shape=(p.n, m)
    )
    balance = sp.kron(sp.eye_array(k), into, format="csr")
    rows = len(p.limits.room)
    held = sp.coo_array((np.ones(len(p.limits.arc)), (p.limits.row, p.limits.arc)), shape=(rows, m))
    shared = sp.kron(np.ones((1, k)), held, format="csr")
    wanted = np.zeros((k, p.n))
    wanted[p.by, p.to] = p.quantity
    rest = np.ones((k, p.n), dtype=bool)
    rest[np.arange(k), p.origins] = False  # the row of the origin follows from the others
    cost, top = np.tile(p.cost, k), np.full(k * m, np.inf)
    if instance.unmet_penalty is not None:
        short = len(p.quantity)
        unmet = sp.coo_array((np.ones(short), (p.by * p.n + p.to, np.arange(short))), shape=(k * p.n, short))
        balance = sp.hstack([balance, unmet], format="csr")
        shared = sp.hstack([shared, sp.csr_array((rows, short))], format="csr")
        cost, top = np.r_[cost, np.full(short, instance.unmet_penalty)], np.r_[top, p.quantity]
    matrix = sp.vstack([balance[rest.ravel()], shared], format="csr")
    supply = wanted[rest]
    return ArcModel(cost, top, matrix, np.r_[supply, np.full(rows, -np.inf)], np.r_[supply, p.limits.room], k, m)


def ours(instance: Instance, limit_s: float, method: Literal["auto", "arc", "path"]) -> Answer:
    """Solve by `solvers.solve_flow`."""
    from solvers import solve_flow

    started = time.perf_counter()
    found = solve_flow(
        instance.arcs, instance.demands, method=method, unmet_penalty=instance.unmet_penalty, time_limit_s=limit_s
    )
    seconds = time.perf_counter() - started
    if found.status == "optimal":
        return Answer(float(found.objective), seconds, gap=float(found.gap))
    return Answer(math.nan, seconds, f"{found.status}, gap {found.gap:.1e}", float(found.gap))


def highs(instance: Instance, limit_s: float, algorithm: str) -> Answer:
    """Solve the arc model by HiGHS, handed over as arrays."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    if not _accepts(solver, algorithm):
        raise NotTriedError(f"{algorithm} is not in this build of HiGHS {solver.version()}")
    started = time.perf_counter()
    model = arc_model(instance)
    solver.setOptionValue("time_limit", limit_s)
    pass_to_highs(solver, model)
    solver.run()
    model.load(solver.getSolution().col_value)
    seconds = time.perf_counter() - started
    status = solver.getModelStatus()
    size = f"{len(model.cost):,} columns"
    if status != highspy.HighsModelStatus.kOptimal:
        return Answer(math.nan, seconds, f"{solver.modelStatusToString(status).lower()}, {size}")
    return Answer(solver.getObjectiveValue(), seconds, size, tolerance=_LOOSE if algorithm == "pdlp" else 1e-6)


def _accepts(solver: Any, algorithm: str) -> bool:
    import highspy

    solver.setOptionValue("log_to_console", False)
    return bool(solver.setOptionValue("solver", algorithm) == highspy.HighsStatus.kOk)


def pass_to_highs(solver: Any, model: ArcModel) -> None:
    """Give an arc model to a HiGHS object."""
    import highspy

    columns = model.matrix.tocsc()
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = columns.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, np.zeros(len(model.cost)), model.top
    lp.row_lower_, lp.row_upper_ = model.lower, model.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = columns.indptr, columns.indices, columns.data
    solver.passModel(lp)


def or_tools(instance: Instance, limit_s: float, algorithm: str) -> Answer:
    """Solve the arc model by OR-tools' GLOP or PDLP, handed over as arrays."""
    from ortools.linear_solver.python import model_builder

    solver = model_builder.Solver(algorithm)
    if not solver.solver_is_supported():
        raise NotTriedError(f"{algorithm} is not in this build of OR-tools")
    started = time.perf_counter()
    model = arc_model(instance)
    given = model_builder.Model()
    given.helper.fill_model_from_sparse_data(
        np.zeros(len(model.cost)), model.top, model.cost, model.lower, model.upper, _scipy_matrix(model.matrix)
    )
    solver.set_time_limit_in_seconds(limit_s)
    status = solver.solve(given)
    size = f"{len(model.cost):,} columns"
    if status != model_builder.SolveStatus.OPTIMAL:
        return Answer(math.nan, time.perf_counter() - started, f"{status.name.lower().replace('_', ' ')}, {size}")
    model.load(solver.values(given.get_variables()).to_numpy())
    seconds = time.perf_counter() - started
    tolerance = _LOOSE if algorithm == "PDLP" else 1e-6
    return Answer(solver.objective_value, seconds, size, tolerance=tolerance)


def _scipy_matrix(matrix: Any) -> Any:
    """Return the same as a matrix of 32-bit indices, which is what OR-tools reads."""
    import scipy.sparse as sp

    same = sp.csr_matrix(matrix)
    same.indices, same.indptr = same.indices.astype(np.int32), same.indptr.astype(np.int32)
    return same


def linopy(instance: Instance, limit_s: float) -> Answer:
    """Solve the arc model written in linopy, by HiGHS."""
    import linopy as lp
    import xarray as xr

    started = time.perf_counter()
    p = _numbered(instance)
    origins, nodes = pd.RangeIndex(len(p.origins), name="origin"), pd.RangeIndex(p.n, name="node")
    rows = pd.RangeIndex(len(p.tail), name="arc")
    model = lp.Model()
    flow = model.add_variables(lower=0, coords=[origins, rows], name="flow")
    leaving = flow.groupby(xr.DataArray(p.tail, coords=[rows], name="node")).sum().reindex(node=nodes).fillna(0)
    coming = flow.groupby(xr.DataArray(p.head, coords=[rows], name="node")).sum().reindex(node=nodes).fillna(0)
    wanted = np.zeros((len(origins), p.n))
    wanted[p.by, p.to] = p.quantity
    balance = coming - leaving
    objective = (flow * xr.DataArray(p.cost, coords=[rows])).sum()
    if instance.unmet_penalty is not None:
        supply = xr.DataArray(wanted, coords=[origins, nodes])
        unmet = model.add_variables(lower=0, upper=supply, mask=supply > 0, name="unmet")
        balance = balance + unmet.fillna(0)
        objective = objective + instance.unmet_penalty * unmet.sum()
    elsewhere = np.ones_like(wanted, dtype=bool)
    elsewhere[np.arange(len(origins)), p.origins] = False
    model.add_constraints(
        balance == xr.DataArray(wanted, coords=[origins, nodes]),
        mask=xr.DataArray(elsewhere, coords=[origins, nodes]),
        name="balance",
    )
    row = xr.DataArray(p.limits.row, coords={"arc": p.limits.arc}, name="row")
    load = flow.sel(arc=p.limits.arc).sum("origin").groupby(row).sum()
    model.add_constraints(load <= xr.DataArray(p.limits.room, dims="row"), name="capacity")
    model.add_objective(objective)
    status, condition = model.solve("highs", io_api="direct", time_limit=limit_s, output_flag=False, progress=False)
    flow.solution.sum("origin").to_numpy()
    seconds = time.perf_counter() - started
    if (status, condition) != ("ok", "optimal"):
        return Answer(math.nan, seconds, f"{condition.replace('_', ' ')}, {model.nvars:,} columns")
    return Answer(float(model.objective.value), seconds, f"{model.nvars:,} columns")


def pypsa(instance: Instance, limit_s: float) -> Answer:
    """Solve in PyPSA by HiGHS: a copy of the buses and links per origin, capacity shared by extra constraints.

    The model is solved without ``Network.optimize``'s post-processing, which visits every bus and would take far
    longer than everything else.
    """
    import pypsa as psa
    import xarray as xr

    p = _numbered(instance)
    n, m, k = p.n, len(p.tail), len(p.origins)
    if k * m > _PYPSA_COLUMNS:
        raise NotTriedError(f"needs {k * m:,} links, tried up to {_PYPSA_COLUMNS:,}")
    started = time.perf_counter()
    bus = np.array([f"{o}/{v}" for o in range(k) for v in range(n)])
    link = np.array([f"{o}/{a}" for o in range(k) for a in range(m)])
    copy = np.repeat(np.arange(k), m) * n
    total = float(p.quantity.sum())
    network = psa.Network()
    network.add("Carrier", "goods")
    network.add("Bus", bus, carrier="goods")
    network.add(
        "Link",
        link,
        carrier="goods",
        bus0=bus[copy + np.tile(p.tail, k)],
        bus1=bus[copy + np.tile(p.head, k)],
        marginal_cost=np.tile(p.cost, k),
        p_nom=total,
    )
    ends = bus[p.by * n + p.to]
    network.add("Load", ends, suffix=" load", bus=ends, p_set=p.quantity)
    sources = bus[np.arange(k) * n + p.origins]
    network.add("Generator", sources, suffix=" supply", bus=sources, carrier="goods", p_nom=total)
    if instance.unmet_penalty is not None:
        short = {"p_nom": p.quantity, "marginal_cost": instance.unmet_penalty}
        network.add("Generator", ends, suffix=" unmet", bus=ends, carrier="goods", **short)
    model = network.optimize.create_model(include_objective_constant=False)
    sent = model.variables["Link-p"]
    name = sent.dims[-1]
    columns = (p.limits.arc[:, None] + m * np.arange(k)).ravel()
    row = xr.DataArray(np.repeat(p.limits.row, k), coords={name: link[columns]}, name="row")
    load = sent.isel(snapshot=0).sel({name: link[columns]}).groupby(row).sum()
    model.add_constraints(load <= xr.DataArray(p.limits.room, dims="row"), name="shared")
    status, condition = model.solve("highs", io_api="direct", time_limit=limit_s, output_flag=False, progress=False)
    sent.solution.to_numpy().reshape(k, m).sum(axis=0)
    seconds = time.perf_counter() - started
    size = f"{k * m:,} links"
    if (status, condition) != ("ok", "optimal"):
        return Answer(math.nan, seconds, f"{condition.replace('_', ' ')}, {size}")
    return Answer(float(model.objective.value), seconds, size)


def network_simplex(instance: Instance, limit_s: float) -> Answer:
    """Solve one commodity by networkx's network simplex on integers."""
    import networkx as nx

    arcs, origin, destination, quantity = _one(instance)
    started = time.perf_counter()
    graph = nx.MultiDiGraph()
    graph.add_node(origin, demand=-quantity)
    graph.add_node(destination, demand=quantity)
    graph.add_edges_from(
        (row.tail, row.head, {"weight": int(row.cost), "capacity": int(row.capacity)})
        for row in arcs.itertuples(index=False)
    )
    cost, _ = nx.network_simplex(graph)
    return Answer(float(cost), time.perf_counter() - started, "one commodity")


def min_cost_flow(instance: Instance, limit_s: float) -> Answer:
    """Solve one commodity by OR-tools' cost-scaling minimum-cost flow on integers."""
    from ortools.graph.python import min_cost_flow as mcf

    arcs, origin, destination, quantity = _one(instance)
    started = time.perf_counter()
    ids = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"]]))}
    tail, head = (arcs[end].map(ids).to_numpy(dtype=np.int32) for end in ("tail", "head"))
    solver = mcf.SimpleMinCostFlow()
    given = solver.add_arcs_with_capacity_and_unit_cost(
        tail, head, arcs["capacity"].to_numpy(dtype=np.int64), arcs["cost"].to_numpy(dtype=np.int64)
    )
    supply = np.zeros(len(ids), dtype=np.int64)
    supply[ids[origin]], supply[ids[destination]] = quantity, -quantity
    solver.set_nodes_supplies(np.arange(len(ids), dtype=np.int32), supply)
    status = solver.solve()
    solver.flows(given)
    seconds = time.perf_counter() - started
    if status != solver.OPTIMAL:
        return Answer(math.nan, seconds, str(status))
    return Answer(float(solver.optimal_cost()), seconds, "one commodity")


def _one(instance: Instance) -> tuple[pd.DataFrame, Any, Any, int]:
    if len(instance.demands) != 1:
        raise NotTriedError("solves one commodity only")
    row: Any = instance.demands.iloc[0]
    return instance.arcs, row["origin"], row["destination"], int(row["quantity"])


SOLVERS: dict[str, Callable[[Instance, float], Answer]] = {
    "solve_flow path": partial(ours, method="path"),
    "solve_flow auto": partial(ours, method="auto"),
    "solve_flow arc": partial(ours, method="arc"),
    "HiGHS simplex": partial(highs, algorithm="simplex"),
    "HiGHS ipx": partial(highs, algorithm="ipx"),
    "HiGHS hipo": partial(highs, algorithm="hipo"),
    "HiGHS pdlp": partial(highs, algorithm="pdlp"),
    "linopy": linopy,
    "PyPSA": pypsa,
    "OR-tools GLOP": partial(or_tools, algorithm="GLOP"),
    "OR-tools PDLP": partial(or_tools, algorithm="PDLP"),
    "networkx simplex": network_simplex,
    "OR-tools flow": min_cost_flow,
}
"""Every solver of an instance by the name it has in the tables."""
