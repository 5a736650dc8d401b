"""The same network design by this project and as textbooks write it: weak and strong forcing rows, in PuLP with HiGHS.

The weak model couples the flow of all commodities on an arc with its decision, by its capacity; the strong one adds a
row for each commodity and arc. Both have one flow per commodity and arc, go to HiGHS with its defaults (presolve, all
threads it wants) and the same relative gap, and keep commodities apart, as the strong rows need it.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pulp

from .instances import Instance
from .instances import _find as find_file
from .peers import Answer

__all__ = ["OPTIMA", "canad", "fixed_charge_transport", "generated", "ours", "strong", "toy", "weak"]

GAP = 1e-6

OPTIMA = {
    "c33": 423_848.0,
    "c35": 371_475.0,
    "c36": 643_036.0,
    "c41": 429_398.0,
    "c42": 586_077.0,
    "c43": 464_509.0,
    "c44": 604_198.0,
}
"""Canad instances of 20 nodes and 40 commodities and their optima: c33, c35 and c41 as known for these files; the
others are what `solve_design` and both textbook models prove, in agreement, and were not checked against a paper."""


def ours(instance: Instance, limit_s: float) -> Answer:
    """Solve by `solvers.solve_design`."""
    from solvers import solve_design

    started = time.perf_counter()
    found = solve_design(
        instance.arcs, instance.demands, unmet_penalty=instance.unmet_penalty, time_limit_s=limit_s, gap=GAP
    )
    seconds = time.perf_counter() - started
    if found.status != "optimal":
        return Answer(math.nan, seconds, f"{found.status}, best {found.objective:,.2f}, gap {found.gap:.2%}", found.gap)
    return Answer(float(found.objective), seconds, f"{found.built.sum()} arcs built", float(found.gap))


def weak(instance: Instance, limit_s: float) -> Answer:
    """Solve the model with one forcing row per arc."""
    return _textbook(instance, limit_s, strong=False)


def strong(instance: Instance, limit_s: float) -> Answer:
    """Solve the model with a forcing row per commodity and arc as well."""
    return _textbook(instance, limit_s, strong=True)


def _textbook(instance: Instance, limit_s: float, *, strong: bool) -> Answer:
    started = time.perf_counter()
    problem, flow, built = _model(instance, strong=strong)
    solver = pulp.HiGHS(msg=False, timeLimit=limit_s, gapRel=GAP)
    problem.solve(solver)
    value = pulp.value(problem.objective)
    load = np.array([sum(x.varValue or 0.0 for x in on_arc) for on_arc in flow])
    chosen = np.array([bool(y is not None and (y.varValue or 0.0) > 0.5) for y in built])
    seconds = time.perf_counter() - started
    info = problem.solverModel.getInfo()
    if problem.sol_status != pulp.LpSolutionOptimal or seconds > limit_s:
        return Answer(
            math.nan, seconds, f"stopped, best {value or math.nan:,.2f}, gap {info.mip_gap:.2%}", info.mip_gap
        )
    assert (load[~chosen & (instance.arcs["fixed_cost"].to_numpy() > 0)] <= 1e-4).all()
    return Answer(float(value), seconds, f"{chosen.sum()} arcs built, {info.mip_node_count:,} nodes", info.mip_gap)


def _model(
    instance: Instance, *, strong: bool
) -> tuple[pulp.LpProblem, list[list[pulp.LpVariable]], list[pulp.LpVariable | None]]:
    arcs, demands, penalty = instance.arcs, instance.demands, instance.unmet_penalty
    problem = pulp.LpProblem("design", pulp.LpMinimize)
    rows = list(arcs[["tail", "head", "cost", "capacity", "fixed_cost"]].itertuples(index=False, name=None))
    wanted = list(demands[["origin", "destination", "quantity"]].itertuples(index=False, name=None))
    flow: list[list[pulp.LpVariable]] = []
    built: list[pulp.LpVariable | None] = []
    cost: list[tuple[pulp.LpVariable, float]] = []
    out: dict[tuple[int, object], list[tuple[pulp.LpVariable, float]]] = {}
    for a, (tail, head, price, capacity, fixed) in enumerate(rows):
        x = [problem.add_variable(f"x_{a}_{k}", 0) for k in range(len(wanted))]
        flow.append(x)
        for k, variable in enumerate(x):
            out.setdefault((k, tail), []).append((variable, 1.0))
            out.setdefault((k, head), []).append((variable, -1.0))
            cost.append((variable, price))
        y = problem.add_variable(f"y_{a}", 0, 1, pulp.LpInteger) if fixed > 0 else None
        built.append(y)
        size = min(capacity, sum(q for _, _, q in wanted))
        load = [(variable, 1.0) for variable in x]
        if y is None:
            problem.addConstraint(pulp.LpAffineExpression(load) <= size, f"room_{a}")
            continue
        cost.append((y, fixed))
        problem.addConstraint(pulp.LpAffineExpression([*load, (y, -size)]) <= 0, f"room_{a}")
        for k, (_, _, quantity) in enumerate(wanted if strong else []):
            row = pulp.LpAffineExpression([(x[k], 1.0), (y, -min(quantity, size))])
            problem.addConstraint(row <= 0, f"force_{a}_{k}")
    nodes = dict.fromkeys([*arcs["tail"], *arcs["head"]])
    for k, (origin, destination, quantity) in enumerate(wanted):
        unmet = problem.add_variable(f"u_{k}", 0, quantity if penalty is not None else 0)
        if penalty is not None:
            cost.append((unmet, penalty))
        out.setdefault((k, origin), []).append((unmet, 1.0))
        out.setdefault((k, destination), []).append((unmet, -1.0))
        for node in nodes:
            if (k, node) not in out:
                continue
            sent = quantity * ((node == origin) - (node == destination))
            problem.addConstraint(pulp.LpAffineExpression(out[k, node]) == sent)
    problem.setObjective(pulp.LpAffineExpression(cost))
    return problem, flow, built


def canad(folder: str | Path | None, name: str, known: float | None) -> Instance:
    """Read one of the instances of Crainic, Frangioni and Gendron.

    Raises
    ------
    AbsentError
        No folder is given, or the file is not in it.
    """
    lines = find_file(folder, f"{name}.dow").read_text(encoding="ascii").splitlines()[1:]
    first, *rows = [[float(x) for x in line.split()] for line in lines if line.strip()]
    _, m, k = map(int, first)
    arcs = pd.DataFrame([row[:5] for row in rows[:m]], columns=["tail", "head", "cost", "capacity", "fixed_cost"])
    demands = pd.DataFrame([row[:3] for row in rows[m : m + k]], columns=["origin", "destination", "quantity"])
    arcs, demands = arcs.astype({"tail": int, "head": int}), demands.astype({"origin": int, "destination": int})
    return Instance(name, arcs, demands, None, known)


def generated(n: int, m: int, k: int, *, capacity_ratio: float, fixed_ratio: float, seed: int) -> Instance:
    """Draw a random instance in the manner of Crainic, Frangioni and Gendron (2001).

    Arcs join random pairs, once each, and a ring through all nodes; costs, capacities, fixed costs and quantities are
    uniform, then capacities and fixed costs are scaled. Unmet demand costs more than any path.

    Parameters
    ----------
    n, m, k : int
        Number of nodes, arcs and commodities.
    capacity_ratio : float
        Arcs times quantity in all over capacity in all: 1 is loose, 8 tight.
    fixed_ratio : float
        Commodities times fixed cost in all over quantity in all times cost in all: from 0.01 to 0.1.
    seed : int
        Of the random numbers.

    Notes
    -----
    Crainic, Frangioni and Gendron 2001, "Bundle-based relaxation methods for multicommodity capacitated fixed charge
    network design", Discrete Applied Mathematics 112.
    """
    rng = np.random.default_rng(seed)
    ring = rng.permutation(n)
    chosen = dict.fromkeys(zip(ring.tolist(), np.roll(ring, 1).tolist(), strict=True))
    while len(chosen) < m:
        tail, head = rng.choice(n, 2, replace=False).tolist()
        chosen.setdefault((tail, head))
    quantity = rng.integers(10, 100, k).astype(float)
    cost = rng.integers(1, 50, m).astype(float)
    capacity = rng.uniform(50, 150, m)
    capacity = np.ceil(capacity * m * quantity.sum() / (capacity_ratio * capacity.sum()))
    fixed = rng.uniform(50, 150, m)
    fixed = np.ceil(fixed * fixed_ratio * quantity.sum() * cost.sum() / (k * fixed.sum()))
    ends = np.array(list(chosen))
    arcs = pd.DataFrame(
        {"tail": ends[:, 0], "head": ends[:, 1], "cost": cost, "capacity": capacity, "fixed_cost": fixed}
    )
    od = np.array([rng.choice(n, 2, replace=False) for _ in range(k)])
    demands = pd.DataFrame({"origin": od[:, 0], "destination": od[:, 1], "quantity": quantity})
    name = f"generated-{n}-{m}-{k}-{capacity_ratio:g}-{fixed_ratio:g}"
    return Instance(name, arcs, demands, unmet_penalty=50.0 * n)


def fixed_charge_transport(sources: int, sinks: int, seed: int) -> Instance:
    """Draw a fixed-charge transportation problem: every source may ship to every sink, for a charge and a rate.

    Supplies go from an origin to the sources, and each sink is a commodity; supplies exceed demands by a fifth. Charges
    are 50 to 200, rates 3 to 8, as in the classical test problems of Sun, Aronson, McKeown and Drinka 1998, "A tabu
    search heuristic procedure for the fixed charge transportation problem", EJOR 106.
    """
    rng = np.random.default_rng(seed)
    demand = rng.integers(10, 60, sinks).astype(float)
    supply = rng.uniform(0.5, 1.5, sources)
    supply = np.ceil(supply * 1.2 * demand.sum() / supply.sum())
    rows: list[tuple[str, str, float, float, float]] = []
    rows += [("origin", f"s{i}", 0.0, float(supply[i]), 0.0) for i in range(sources)]
    for i in range(sources):
        for j in range(sinks):
            room = float(min(supply[i], demand[j]))
            rows.append((f"s{i}", f"t{j}", float(rng.integers(3, 9)), room, float(rng.integers(50, 201))))
    arcs = pd.DataFrame(rows, columns=["tail", "head", "cost", "capacity", "fixed_cost"])
    demands = pd.DataFrame([("origin", f"t{j}", demand[j]) for j in range(sinks)])
    demands.columns = ["origin", "destination", "quantity"]
    return Instance(f"transport-{sources}-{sinks}", arcs, demands, None)


def toy() -> Instance:
    """Two ways between two nodes, to be solved before the clock runs."""
    columns = ["tail", "head", "cost", "capacity", "fixed_cost"]
    arcs = pd.DataFrame([("a", "b", 1.0, 5.0, 9.0), ("a", "b", 3.0, 9.0, 0.0)], columns=columns)
    demands = pd.DataFrame([("a", "b", 5.0)], columns=["origin", "destination", "quantity"])
    return Instance("toy", arcs, demands, None)
