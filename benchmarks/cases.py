"""What is compared: problems and the solvers tried on them, the first of which the others are compared to."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from . import design, gas
from .equilibrium import aequilibrae
from .equilibrium import ours as our_equilibrium
from .instances import BEST_KNOWN, Instance, Roads, barcelona, built_in, geometric, one_commodity, roads, tightened
from .peers import SOLVERS, Answer, arc_model, pass_to_highs

__all__ = ["CASES", "Case", "Job", "find", "geometric_name"]

Job = Callable[[Any, float], Answer]


@dataclass(frozen=True)
class Change:
    """A network before and after one change of capacity."""

    before: Instance
    after: Instance
    known: ClassVar[None] = None

    @property
    def size(self) -> str:
        """The counts in words."""
        return self.after.size


@dataclass(frozen=True)
class Pairs:
    """Pairs of nodes between which the `k` cheapest loopless paths are wanted."""

    instance: Instance
    ends: list[tuple[Any, Any]]
    k: int
    known: ClassVar[None] = None

    @property
    def size(self) -> str:
        """The counts in words."""
        counts = self.instance.counts
        return f"{counts['nodes']:,} nodes, {counts['arcs']:,} arcs, {len(self.ends)} pairs, k = {self.k}"


@dataclass(frozen=True)
class Case:
    """One problem and the solvers tried on it.

    Attributes
    ----------
    build : callable
        Makes the problem from ``quick`` (a small one?) and the folder of public instances.
    jobs : dict
        Solvers by name; the first is what the others are compared to.
    slow : tuple of str
        Solvers left out of quick runs.
    """

    build: Callable[[bool, Path | None], Any]
    jobs: dict[str, Job]
    slow: tuple[str, ...] = field(default=())

    def names(self, *, quick: bool) -> list[str]:
        """Solvers of a full or a quick run."""
        return [name for name in self.jobs if not (quick and name in self.slow)]


def geometric_name(n: int, k: int, seed: int, neighbours: int) -> str:
    """Name by which `find` makes a geometric network of any size."""
    return f"geometric/{n}/{k}/{seed}/{neighbours}"


def find(name: str) -> Case:
    """Return a case by its name in `CASES`, or of a `geometric_name`."""
    if name in CASES:
        return CASES[name]
    n, k, seed, neighbours = (int(part) for part in name.split("/")[1:])
    return Case(lambda quick, data: geometric(n, k, seed, neighbours=neighbours), SOLVERS)


def _jobs(*names: str) -> dict[str, Job]:
    return {name: SOLVERS[name] for name in names}


def _again(change: Change, limit_s: float) -> Answer:
    """Solve after the change, given the solution before it."""
    from solvers import solve_flow

    before, after = change.before, change.after
    options: dict[str, Any] = {"method": "path", "unmet_penalty": after.unmet_penalty, "time_limit_s": limit_s}
    first = solve_flow(before.arcs, before.demands, **options)
    started = time.perf_counter()
    found = solve_flow(after.arcs, after.demands, previous=first, **options)
    seconds = time.perf_counter() - started
    note = "first solve not counted" if found.status == "optimal" else found.status
    return Answer(float(found.objective) if found.status == "optimal" else math.nan, seconds, note, float(found.gap))


def _simplex_again(change: Change, limit_s: float) -> Answer:
    """Solve the arc model before the change by HiGHS and go on from its basis after it."""
    import highspy

    model = arc_model(change.before)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "simplex")
    solver.setOptionValue("time_limit", limit_s)
    pass_to_highs(solver, model)
    solver.run()
    started = time.perf_counter()
    changed = arc_model(change.after)
    if changed.matrix.shape == model.matrix.shape:
        for row in np.flatnonzero(changed.upper != model.upper):
            solver.changeRowBounds(int(row), changed.lower[row], changed.upper[row])
    else:
        pass_to_highs(solver, changed)
    solver.run()
    changed.load(solver.getSolution().col_value)
    seconds = time.perf_counter() - started
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return Answer(math.nan, seconds, solver.modelStatusToString(solver.getModelStatus()).lower())
    return Answer(solver.getObjectiveValue(), seconds, "first solve not counted")


def _after(name: str) -> Job:
    return lambda change, limit_s: SOLVERS[name](change.after, limit_s)


def _change(quick: bool, data: Path | None) -> Change:
    before = built_in()
    return Change(before, tightened(before)[0])


def _pairs(quick: bool, data: Path | None) -> Pairs:
    instance = geometric(200, 100, 7) if quick else geometric(1000, 500, 7)
    ends = instance.demands[["origin", "destination"]].head(3 if quick else 5)
    return Pairs(instance, list(ends.itertuples(index=False, name=None)), 20 if quick else 50)


def _ours_k_shortest(pairs: Pairs, limit_s: float) -> Answer:
    """Sum of the costs of all paths by `solvers.k_shortest_paths`."""
    from solvers import Graph, k_shortest_paths

    started = time.perf_counter()
    graph = Graph.from_arcs(pairs.instance.arcs)
    total = sum(float(k_shortest_paths(graph, o, d, pairs.k)["cost"].sum()) for o, d in pairs.ends)
    return Answer(total, time.perf_counter() - started, "objective: sum of all costs")


def _networkx_k_shortest(pairs: Pairs, limit_s: float) -> Answer:
    """Sum of the costs of all paths by `networkx.shortest_simple_paths`."""
    import networkx as nx

    started = time.perf_counter()
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(pairs.instance.arcs[["tail", "head", "cost"]].itertuples(index=False))
    total = 0.0
    for o, d in pairs.ends:
        paths = itertools.islice(nx.shortest_simple_paths(graph, o, d, weight="weight"), pairs.k)
        total += sum(nx.path_weight(graph, path, "weight") for path in paths)
    return Answer(total, time.perf_counter() - started)


def _equilibrium(name: str, rel_gap: float) -> Case:
    def build(quick: bool, data: Path | None) -> Roads:
        return roads(data, name, rel_gap)

    jobs: dict[str, Job] = {"solve_equilibrium": our_equilibrium}
    if rel_gap >= 1e-6:  # Frank-Wolfe takes hours beyond it
        jobs["AequilibraE"] = aequilibrae
    return Case(build, jobs, slow=("AequilibraE",))


_DESIGN: dict[str, Job] = {"solve_design": design.ours, "PuLP strong": design.strong, "PuLP weak": design.weak}


def _canad(name: str, known: float) -> Case:
    return Case(lambda quick, data: design.canad(data, name, known), _DESIGN, slow=("PuLP strong", "PuLP weak"))


def _drawn(n: int, m: int, k: int, capacity_ratio: float, fixed_ratio: float) -> Instance:
    return design.generated(n, m, k, capacity_ratio=capacity_ratio, fixed_ratio=fixed_ratio, seed=1)


_GAS_SLOW = ("PyPSA ipm", "PyPSA optimize")
_GAS: dict[str, Job] = {
    "solve_gas_flow": gas.ours,
    "PyPSA": gas.pypsa,
    "PyPSA ipm": partial(gas.pypsa, solver="ipm"),
    "PyPSA optimize": partial(gas.pypsa, whole=True),
}


def _gas(step: str, quick_days: int | None = None) -> Case:
    def build(quick: bool, data: Path | None) -> gas.GasYear:
        return gas.gas_year(step, quick_days if quick else None)

    return Case(build, _GAS, slow=_GAS_SLOW)


_OURS = ("solve_flow path", "solve_flow auto", "solve_flow arc")
_FLOW = (*_OURS, "HiGHS simplex", "HiGHS ipx", "HiGHS hipo", "HiGHS pdlp")
_PEERS = ("linopy", "PyPSA", "OR-tools GLOP", "OR-tools PDLP")
_SLOW = ("HiGHS hipo", "HiGHS pdlp", "OR-tools PDLP")

CASES: dict[str, Case] = {
    "geometric-300": Case(
        lambda quick, data: geometric(60, 50, 5) if quick else geometric(300, 300, 5),
        _jobs(*_FLOW, *_PEERS),
        slow=_SLOW,
    ),
    "geometric-1000": Case(
        lambda quick, data: geometric(120, 90, 7) if quick else geometric(1000, 500, 7),
        _jobs(*_FLOW, *_PEERS),
        slow=("solve_flow auto", "solve_flow arc", "HiGHS ipx", *_SLOW, *_PEERS),
    ),
    "barcelona": Case(
        lambda quick, data: barcelona(data),
        _jobs(*_FLOW, *_PEERS),
        slow=("solve_flow auto", "solve_flow arc", *_FLOW[3:], *_PEERS),
    ),
    "built-in": Case(
        lambda quick, data: built_in(),
        _jobs(*_FLOW, *_PEERS),
        slow=("solve_flow auto", "HiGHS ipx", *_SLOW, *_PEERS),
    ),
    "built-in-crowded": Case(
        lambda quick, data: built_in(1.5e7),
        _jobs(*_FLOW, *_PEERS),
        slow=("solve_flow auto", "solve_flow arc", "HiGHS ipx", *_SLOW, *_PEERS),
    ),
    "built-in-again": Case(
        _change,
        {
            "solve_flow path": _after("solve_flow path"),
            "solve_flow path, previous=": _again,
            "HiGHS simplex": _after("HiGHS simplex"),
            "HiGHS simplex, from basis": _simplex_again,
        },
    ),
    "one-commodity": Case(
        lambda quick, data: one_commodity(200, 1500, 1) if quick else one_commodity(2000, 20_000, 1),
        _jobs(*_OURS, "HiGHS simplex", "networkx simplex", "OR-tools flow"),
    ),
    "k-shortest": Case(_pairs, {"k_shortest_paths": _ours_k_shortest, "networkx simple paths": _networkx_k_shortest}),
    **{f"equilibrium-{name}-{gap:.0e}": _equilibrium(name, gap) for gap in (1e-4, 1e-6, 1e-10) for name in BEST_KNOWN},
    **{f"design-{name}": _canad(name, known) for name, known in design.OPTIMA.items()},
    "design-loose": Case(
        lambda quick, data: _drawn(12, 60, 12, 1, 0.1) if quick else _drawn(30, 400, 100, 2, 0.1), _DESIGN
    ),
    "design-tight": Case(
        lambda quick, data: _drawn(12, 60, 12, 8, 0.1) if quick else _drawn(30, 400, 100, 8, 0.1), _DESIGN
    ),
    "design-transport": Case(
        lambda quick, data: design.fixed_charge_transport(*((6, 10, 1) if quick else (20, 40, 1))), _DESIGN
    ),
    "gas-small": Case(lambda quick, data: gas.small(), _GAS, slow=_GAS_SLOW),
    "gas-month": _gas("month"),
    "gas-day": _gas("day", quick_days=31),
}
"""Every case by its name."""
