"""Two-stage design against the extensive form: `python -m benchmarks.two_stage`.

The network is geometric, with projects of one to three arcs (new links, more capacity, cheaper parallel arcs) and
scenarios that close or halve arcs or all arcs about a place. The extensive form, one model of all scenarios with a
flow on every arc for every origin, is given to HiGHS as arrays. ``--freight`` takes the freight network, its projects
and disruptions instead.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from scipy.sparse import coo_array

from .instances import Instance, geometric
from .measured import Measured, in_times

__all__ = ["Case", "Outcome", "extensive", "freight_case", "main", "measure", "ours", "random_case"]

_SQUEEZE = 1.2  # capacity as a share of the load when every demand takes its cheapest path
_LONGEST = 3  # arcs of a project, one way, at most
_WIDE = 1.0  # capacity of a project over the greatest of what is there
_SIZE = (300, 150, 40, 50)  # nodes, demands, projects, scenarios
Risk = Literal["expected", "cvar", "worst", "regret"]
RISKS: tuple[Risk, ...] = get_args(Risk)


class Case(NamedTuple):
    """What `solvers.solve_two_stage` is asked."""

    arcs: pd.DataFrame
    demands: pd.DataFrame
    scenarios: pd.DataFrame
    budget: float
    unmet_penalty: float
    projects: pd.DataFrame | None = None

    @property
    def size(self) -> str:
        """The counts in words."""
        projects = self.arcs["project"].nunique()
        counts = f"{len(self.arcs):,} arcs, {len(self.demands):,} demands"
        return f"{counts}, {projects} projects, {len(self.scenarios)} scenarios"


class Outcome(NamedTuple):
    """What a solver found."""

    objective: float
    gap: float
    seconds: float
    note: str


def random_case(nodes: int, demands: int, projects: int, scenarios: int, seed: int) -> Case:
    """Draw a case.

    Parameters
    ----------
    nodes, demands, projects, scenarios : int
        How many of each; demands without a path are dropped.
    seed : int
        Of the random numbers.
    """
    base = geometric(nodes, demands, seed, squeeze=_SQUEEZE)
    rng = np.random.default_rng(seed + 1)
    arcs = base.arcs.set_axis([f"a{i}" for i in range(len(base.arcs))], axis=0)
    new = [_project(rng, base, arcs, p) for p in range(projects)]
    every = pd.concat([arcs.assign(project=None, fixed_cost=0.0), *new])
    rows = [_scenario(rng, every) for _ in range(scenarios)]
    chance = rng.dirichlet(np.full(scenarios, 2.0))
    table = pd.DataFrame(rows, columns=["closed", "capacity"]).assign(probability=chance)
    budget = float(every["fixed_cost"].sum() / 3)
    return Case(every, base.demands, table.set_axis([f"s{i}" for i in range(scenarios)], axis=0), budget, 3000.0)


def freight_case(*, quick: bool) -> Case:
    """Take the freight network of the toolkit with its projects and the most likely disruptions."""
    from corridors.planner import design_case

    found = design_case(markets=["eu-cn", "caspian"], scenarios=8) if quick else design_case()
    return Case(found.arcs, found.demands, found.scenarios, found.budget, found.unmet_penalty, found.projects)


def _project(rng: np.random.Generator, base: Instance, arcs: pd.DataFrame, number: int) -> pd.DataFrame:
    """Draw one project along part of the cheapest route of a demand: a new link, more room, or cheaper arcs."""
    from solvers import shortest_paths

    demand = base.demands.iloc[int(rng.integers(len(base.demands)))]
    route = shortest_paths(arcs, demand["origin"], demand["destination"])["path"].iloc[0]
    first = int(rng.integers(len(route)))
    chain = arcs.loc[route[first : first + 1 + int(rng.integers(_LONGEST))]]
    kind = number % 3
    room = _WIDE * float(chain["capacity"].max())
    if kind == 0:
        ends = [(chain["tail"].iloc[0], chain["head"].iloc[-1], 0.6 * float(chain["cost"].sum()))]
    else:
        factor = 1.0 if kind == 1 else 0.6
        ways = zip(chain["tail"], chain["head"], factor * chain["cost"], strict=True)
        ends = [(str(tail), str(head), float(cost)) for tail, head, cost in ways]
    both = [(*way, cost, room) for tail, head, cost in ends for way in ((tail, head), (head, tail))]
    rows = pd.DataFrame(both, columns=["tail", "head", "cost", "capacity"])
    money = float(rng.uniform(0.5, 1.5) * rows["cost"].sum()) / len(rows)
    rows = rows.assign(project=f"p{number}", fixed_cost=money)
    return rows.set_axis([f"p{number}.{i}" for i in range(len(rows))], axis=0)


def _scenario(rng: np.random.Generator, arcs: pd.DataFrame) -> tuple[list[str], dict[str, float]]:
    """Draw what one scenario closes and halves: one to five arcs, or all about one or two places."""
    if rng.random() < 0.4:
        places = set(rng.choice(arcs["tail"].to_numpy(), int(rng.integers(1, 3))).tolist())
        hit = arcs.index[arcs["tail"].isin(places) | arcs["head"].isin(places)].tolist()
    else:
        hit = rng.choice(arcs.index.to_numpy(), int(rng.integers(1, 6)), replace=False).tolist()
    if rng.random() < 0.5:
        return hit, {}
    return [], {a: float(arcs.at[a, "capacity"]) / 2 for a in hit}


def extensive(case: Case, limit_s: float, rel_gap: float) -> Outcome:
    """Solve the extensive form for the expected cost by HiGHS."""
    import highspy

    begin = time.perf_counter()
    model = _Extensive(case)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", rel_gap)
    solver.setOptionValue("time_limit", limit_s)
    solver.passModel(model.lp())
    solver.run()
    info = solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    value = info.objective_function_value if found else math.nan
    note = f"{model.columns:,} columns, {model.rows:,} rows, {solver.modelStatusToString(solver.getModelStatus())}"
    gap = (value - info.mip_dual_bound) / abs(value) if found else math.inf
    return Outcome(value, gap, time.perf_counter() - begin, note)


class _Extensive:
    """One model of all scenarios, as arrays: projects, then flows by scenario, origin and arc, then what is unmet."""

    def __init__(self, case: Case) -> None:
        self.case = case
        arcs, demands = case.arcs, case.demands
        ids = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"]]))}
        self.tail, self.head = (arcs[side].map(ids).to_numpy(dtype=np.int64) for side in ("tail", "head"))
        self.origin, self.destination = (
            demands[s].map(ids).to_numpy(dtype=np.int64) for s in ("origin", "destination")
        )
        self.roots, self.root = np.unique(self.origin, return_inverse=True)
        self.n, self.m, self.k = len(ids), len(arcs), len(demands)
        self.project, labels = pd.factorize(arcs["project"])
        self.p = len(labels)
        self.charge = np.bincount(self.project[self.project >= 0], arcs["fixed_cost"][self.project >= 0], self.p)
        self.block = len(self.roots) * self.m + self.k
        self.columns = self.p + len(case.scenarios) * self.block
        self.height = len(self.roots) * self.n + self.m
        self.rows = 1 + len(case.scenarios) * self.height

    def lp(self) -> Any:
        """Return the model as HiGHS takes it."""
        import highspy

        blocks = [self._block(i) for i in range(len(self.case.scenarios))]
        row = np.concatenate([np.zeros(self.p, dtype=np.int64), *(b[0] for b in blocks)])
        column = np.concatenate([np.arange(self.p), *(b[1] for b in blocks)])
        value = np.concatenate([self.charge, *(b[2] for b in blocks)])
        sheet = coo_array((value, (row, column)), shape=(self.rows, self.columns)).tocsc()
        chance = self.case.scenarios["probability"].to_numpy()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = np.concatenate([np.zeros(self.p), *(c * b[3] for c, b in zip(chance, blocks, strict=True))])
        lp.col_lower_ = np.zeros(self.columns)
        lp.col_upper_ = np.concatenate([np.ones(self.p), np.full(self.columns - self.p, np.inf)])
        lp.row_lower_ = np.concatenate([[-np.inf], *(b[4] for b in blocks)])
        lp.row_upper_ = np.concatenate([[self.case.budget], *(b[5] for b in blocks)])
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger] * self.p + [kinds.kContinuous] * (self.columns - self.p)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = sheet.indptr, sheet.indices, sheet.data
        return lp

    def _block(self, number: int) -> tuple[npt.NDArray[Any], ...]:
        """Return entries, costs and limits of one scenario."""
        case, scenario = self.case, self.case.scenarios.iloc[number]
        capacity = case.arcs["capacity"].copy()
        for arc, room in scenario["capacity"].items():
            capacity[arc] = room
        capacity[scenario["closed"]] = 0.0
        first_row, first = 1 + number * self.height, self.p + number * self.block
        o, a = np.divmod(np.arange(len(self.roots) * self.m), self.m)
        x = first + np.arange(len(o))
        unmet = first + len(o) + np.arange(self.k)
        room = capacity.to_numpy(dtype=float)
        mine = np.flatnonzero(self.project >= 0)
        shared = first_row + len(self.roots) * self.n
        balance = first_row + o * self.n
        at_origin, at_end = (first_row + self.root * self.n + v for v in (self.origin, self.destination))
        rows = [balance + self.tail[a], balance + self.head[a], shared + a, at_origin, at_end, shared + mine]
        columns = [x, x, x, unmet, unmet, self.project[mine]]
        signs = (1.0, -1.0, 1.0, 1.0, -1.0)
        values = [np.full(len(r), s) for r, s in zip(rows[:5], signs, strict=True)] + [-room[mine]]
        supply = np.zeros(len(self.roots) * self.n)
        quantity = case.demands["quantity"].to_numpy(dtype=float)
        np.add.at(supply, at_origin - first_row, quantity)
        np.add.at(supply, at_end - first_row, -quantity)
        cost = np.concatenate([case.arcs["cost"].to_numpy()[a], np.full(self.k, case.unmet_penalty)])
        low = np.concatenate([supply, np.full(self.m, -np.inf)])
        high = np.concatenate([supply, np.where(self.project >= 0, 0.0, room)])
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values), cost, low, high


def ours(case: Case, risk: Risk, limit_s: float, gap: float) -> Outcome:
    """Solve by `solvers.solve_two_stage`."""
    from solvers import solve_two_stage

    options: dict[str, Any] = {"budget": case.budget, "unmet_penalty": case.unmet_penalty, "time_limit_s": limit_s}
    options["projects"] = case.projects
    found = solve_two_stage(case.arcs, case.demands, case.scenarios, risk=risk, gap=gap, **options)
    low, high = found.value_of_stochastic_solution_between
    knowing = found.value_of_perfect_information_between
    note = f"{found.status}, {found.rounds} rounds, stochastic {low:,.0f} to {high:,.0f}"
    return Outcome(
        found.objective, found.gap, found.seconds, f"{note}, information {knowing[0]:,.0f} to {knowing[1]:,.0f}"
    )


def measure(limit_s: float, gap: float = 5e-3) -> list[Measured]:
    """Solve both cases by all measures of risk, the random one by the extensive form too."""
    found = []
    for name, case in (("random", random_case(*_SIZE, seed=20)), ("freight", freight_case(quick=False))):
        outcomes: list[tuple[str, Outcome]] = [(risk, ours(case, risk, limit_s, gap)) for risk in RISKS]
        if name == "random":
            outcomes.insert(1, ("extensive form of expected, HiGHS", extensive(case, limit_s, gap)))
        found += [_measured(name, solver, case.size, outcome, limit_s, gap) for solver, outcome in outcomes]
    return in_times(found)


def _measured(name: str, solver: str, size: str, found: Outcome, limit_s: float, gap: float) -> Measured:
    stopped = found.seconds >= limit_s and not found.gap <= gap
    reached = f"gap {found.gap:.2%}" if math.isfinite(found.gap) else "no answer"
    return Measured(
        "two-stage",
        f"two-stage-{name}",
        solver,
        size,
        math.nan if stopped else found.objective,
        2 * gap,
        found.seconds,
        stopped=stopped,
        note=f"{reached}; {found.note.split(', stochastic')[0]}",
    )


def main(given: Sequence[str] | None = None) -> int:
    """Solve the case by all and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_stage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small case")
    parser.add_argument("--limit", type=float, default=300.0, metavar="SECONDS", help="time limit of a run")
    parser.add_argument("--gap", type=float, default=5e-3, help="relative gap at which to stop")
    parser.add_argument("--risk", choices=RISKS, action="append", help="only this measure; may be repeated")
    parser.add_argument("--freight", action="store_true", help="the freight network")
    parser.add_argument("--no-extensive", action="store_true", help="leave out the extensive form")
    options = parser.parse_args(given)
    size = (60, 30, 10, 8) if options.quick else _SIZE
    case = freight_case(quick=options.quick) if options.freight else random_case(*size, seed=20)
    console = Console(width=200)
    console.print(case.size)
    for risk in options.risk or RISKS:
        found = ours(case, risk, options.limit, options.gap)
        console.print(f"{risk:10} {found.objective:14,.1f}  gap {found.gap:.2e}  {found.seconds:7.1f} s  {found.note}")
        if risk == "expected" and not options.no_extensive and not options.freight:
            peer = extensive(case, options.limit, options.gap)
            ratio = peer.seconds / found.seconds
            numbers = f"{peer.objective:14,.1f}  gap {peer.gap:.2e}  {peer.seconds:7.1f} s"
            console.print(f"extensive  {numbers}  {ratio:.1f} times, {peer.note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
