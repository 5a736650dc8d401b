"""Which projects to build before it is known which routes close: two-stage stochastic network design."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from . import _solver
from ._benders import Found, Search
from ._benders_input import Scenarios, read_scenarios
from ._benders_master import Terms
from ._benders_pool import Pool
from ._benders_recourse import Recourse
from ._benders_risk import RISKS, Risk, conditional
from ._projects import read_budget, read_projects
from .errors import FlowCheckError, SolverInputError
from .flow import solve_flow
from .two_stage_solution import TwoStageSolution

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ._problem import Problem
    from ._projects import Projects
    from .errors import BoolArray, FloatArray
    from .flow_solution import FlowSolution

_SHARPER = 0.2  # of its gap, to which the best of a scenario that decides a regret is sought anew
_REFINEMENTS = 12
_ROUNDING = 1e-8  # of the greatest cost, by which two numbers may differ for want of accuracy
_STAND_INS = (1.0, 1e1, 1e2, 1e3, 1e4)  # tried in turn for penalties of what must be served


def solve_two_stage(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    scenarios: pd.DataFrame,
    *,
    projects: pd.DataFrame | None = None,
    budget: float | Mapping[Hashable, float] | None = None,
    risk: Literal["expected", "cvar", "worst", "regret"] = "expected",
    level: float = 0.95,
    weight: float = 1.0,
    unmet_penalty: float | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-4,
    previous: TwoStageSolution | None = None,
    values: bool = True,
) -> TwoStageSolution:
    r"""Choose the projects to build now, so that flows are cheap whichever scenario comes.

    Parameters
    ----------
    arcs, demands, projects, budget, unmet_penalty
        As for `solvers.solve_design`: arcs with a ``fixed_cost`` above zero or a ``project`` are there only if
        they are built, once, before the scenario is known. Least loads (``lower``) are not possible here. Without a
        budget fixed costs are added to the measure of risk; with one they are limited instead.
    scenarios : DataFrame of s rows
        The index, unique, names the scenarios. Column ``probability`` (sums to 1) and any of the following, None or
        NaN where the scenario changes nothing:

        - ``capacity``: mapping of arcs to their capacity in the scenario, 0 for none;
        - ``group_capacity``: mapping of groups to their capacity;
        - ``closed``: list of arcs that have no capacity;
        - ``cost``, ``cost_<class>``: mapping of arcs to their cost, as in the column of arcs of that name;
        - ``quantity``: mapping of demands to their quantity.
    risk : str
        What is made least: ``"expected"`` cost; ``"cvar"``, the mean of the dearest share ``1 - level`` of scenarios;
        the ``"worst"`` cost; ``"regret"``, the greatest difference over scenarios to the cost of the best choice for
        that scenario alone under the same budget.
    level, weight : float
        Of ``"cvar"``: level from 0 to below 1, and how much it counts: ``(1 - weight) * expected + weight * cvar``.
    solver : str
        By PuLP's name; it must be able to deal with whole numbers.
    time_limit_s : float, optional
        Seconds after which the best choice found is returned with its gap; None: no limit.
    gap : float
        Relative difference between objective and bound at which to stop.
    previous : TwoStageSolution, optional
        Solution of a similar problem, whose projects are tried first.
    values : bool
        Whether to find the values of the stochastic solution and of perfect information too, which takes a search for
        the mean scenario and for each alone. For regret the latter is done in any case.

    Returns
    -------
    TwoStageSolution
        ``.status``, ``.objective``, ``.bound``, ``.gap``, ``.built``, ``.projects``, ``.by_scenario`` and more.

    Raises
    ------
    SolverInputError
        Wrong tables or arguments, or demands that must be served and cannot be in some scenario; one message that
        says where, and what was expected.
    FlowCheckError
        The solver broke, or what it says does not hold.

    Notes
    -----
    L-shaped method with one cut per scenario (Van Slyke and Wets 1969, "L-shaped linear programs with applications
    to optimal control and stochastic programming", SIAM Journal on Applied Mathematics 17(4), 638-663). A cut of
    scenario s comes from prices :math:`\mu\ge 0` of all capacities u, open and closed, and is proved by one Dijkstra
    per origin: with shares y built, quantities q, cheapest priced costs d and penalties p the scenario costs at
    least :math:`\sum_k q_k\min(d_k(\mu), p_k) - \sum_a \mu_a u_a y_a`. Paths that one scenario finds are columns in
    all others. Conditional value at risk is written as by Rockafellar and Uryasev (2000, "Optimization of
    conditional value-at-risk", Journal of Risk 2(3), 21-41). The final choice is evaluated by `solve_flow`.
    """
    begin = time.perf_counter()
    _check(risk, level, weight, gap, time_limit_s, previous)
    name = _solver.solver_name(solver)
    offered = read_projects(arcs, projects)
    terms = Terms.of(offered, read_budget(budget, offered))
    read = read_scenarios(arcs, demands, scenarios, offered, unmet_penalty)
    deadline = np.inf if time_limit_s is None else begin + time_limit_s
    measure = Risk(risk, read.probability, level, weight)
    known = [] if previous is None else [_again(offered, previous)]
    if np.isinf(read.shared.penalty).any():
        _refuse_impossible(read, unmet_penalty, solver)
    for stand_in in _STAND_INS:
        study = _Study(read, offered, terms, measure, name, gap, deadline, _penalties(read, stand_in))
        study.solve(known, values=values)
        if study.found.status != "inaccurate" or not study.must:
            break
    if study.found.built is None and not study.must:  # to build nothing is always a choice
        raise FlowCheckError("no choice of projects was found: the solver failed")
    if study.found.built is None:
        raise SolverInputError(
            "demands: no choice of projects was found that serves all that must be in all scenarios; expected a "
            "finite unmet_penalty, or a budget and projects that suffice"
        )
    return study.solution(study.found.built > 0.5, arcs, unmet_penalty, solver, begin)


def _check(risk: Any, level: Any, weight: Any, gap: Any, time_limit_s: Any, previous: Any) -> None:
    if risk not in RISKS:
        raise SolverInputError(f"risk: got {risk!r}, expected one of {', '.join(RISKS)}")
    limit = 0.0 if time_limit_s is None else time_limit_s
    for name, value, high in (
        ("level", level, 1.0),
        ("weight", weight, 1.0),
        ("gap", gap, 1.0),
        ("time_limit_s", limit, np.inf),
    ):
        number = not isinstance(value, bool) and isinstance(value, int | float | np.number)
        if not number or not 0.0 <= value <= high:
            raise SolverInputError(f"{name}: got {value!r}, expected a number from 0 to {high:g}")
    if level == 1.0:
        raise SolverInputError("level: got 1, expected a number below 1 (risk='worst' is the limit)")
    if previous is not None and not isinstance(previous, TwoStageSolution):
        raise SolverInputError(f"previous: got {type(previous).__name__}, expected a TwoStageSolution or None")


def _refuse_impossible(read: Scenarios, unmet_penalty: Any, solver: str) -> None:
    """Raise for a scenario in which not all that must be served can be, whatever is built."""
    for label, (arcs, demands) in zip(read.index.tolist(), read.tables, strict=True):
        flow = solve_flow(arcs, demands, unmet_penalty=unmet_penalty, solver=solver)
        if flow.status == "infeasible":
            raise SolverInputError(
                f"scenarios row {label!r}: not all that must be served can be, even if everything is built; expected "
                f"a finite unmet_penalty. {flow.explain()}"
            )


def _again(offered: Projects, previous: TwoStageSolution) -> FloatArray:
    """Return the choice of an earlier solution, for the projects that are still there."""
    built = dict(zip(previous.projects.index.tolist(), previous.projects["built"].tolist(), strict=True))
    return np.array([float(built.get(label, False)) for label in offered.labels])


def _penalties(read: Scenarios, stand_in: float) -> FloatArray:
    """Return the penalty of each commodity, where it must be served one that is dearer than any likely way."""
    cost = read.shared.cost[np.isfinite(read.shared.cost)]
    dear = stand_in * max(float(np.abs(cost).max(initial=0.0)), 1e-6) * min(read.shared.n, 20)
    finite = read.shared.penalty[np.isfinite(read.shared.penalty)]
    return np.where(np.isinf(read.shared.penalty), max(dear, 2 * float(finite.max(initial=0.0))), read.shared.penalty)


class _Study:
    """The search for the choice asked for, for the mean scenario and for each alone, with one pool of columns."""

    def __init__(
        self,
        read: Scenarios,
        offered: Projects,
        terms: Terms,
        risk: Risk,
        solver: str,
        gap: float,
        deadline: float,
        penalty: FloatArray,
    ) -> None:
        self.read, self.offered, self.terms, self.risk = read, offered, terms, risk
        self.solver, self.gap, self.deadline, self.penalty = solver, gap, deadline, penalty
        self.must = bool(np.isinf(read.shared.penalty).any())
        self.pool = Pool(read.shared, penalty, offered.of_arc[read.shared.arc])
        self.recourses = [self._recourse(problem) for problem in read.problems]
        self.alone: list[Found] = []
        self.solved: Recourse | None = None  # from which one that is new may begin
        self.of_mean = np.nan

    def _recourse(self, problem: Problem) -> Recourse:
        return Recourse(problem, self.read.project, len(self.offered), self.pool, self.penalty, self.solver)

    def _search(self, recourses: list[Recourse], risk: Risk, gap: float) -> Search:
        search = Search(recourses, risk, self.terms, gap, self.solver, self.deadline, self.solved)
        self.solved = recourses[-1]
        return search

    def solve(self, known: list[FloatArray], *, values: bool) -> None:
        """Search for all that was asked for."""
        if self.risk.kind == "regret":
            self._solve_alone(known, self.gap)
            if none := next((found for found in self.alone if found.built is None), None):
                self.found = none
                return
            self._know_best()
        # The mean scenario is quick to solve, and a good place to begin even if its value is not asked for.
        first = self._search([self._recourse(self.read.mean)], self.risk.alone(), self.gap)
        mean = first.run(known).built
        search = self._search(self.recourses, self.risk, self.gap)
        search.inside = first.inside
        tried = known if mean is None else [*known, mean]
        self.found = search.run(tried)
        for _ in range(_REFINEMENTS):
            if self.found.built is None or not self._sharpen(self.found.built):
                break
            again = self._search(self.recourses, self.risk, self.gap)
            again.inside = search.inside
            search, self.found = again, again.run([*tried, self.found.built])
        if values and mean is not None:
            self.of_mean = search.tried.get(mean.tobytes(), np.nan)
        if values and not self.alone and self.found.built is not None:
            self._solve_alone([self.found.built], self.gap)

    def _best(self) -> tuple[FloatArray, FloatArray]:
        """Return the cost of the best choice for each scenario alone, and what it is proved to be at least."""
        return np.array([f.objective for f in self.alone]), np.array([f.bound for f in self.alone])

    def _know_best(self) -> None:
        most, least = self._best()
        self.risk = replace(self.risk, most=most, least=least)

    def _sharpen(self, built: FloatArray) -> bool:
        """Find the best of the scenarios that decide the greatest regret more exactly; say whether there were any."""
        found, wanted = self.found, self.gap * abs(self.found.objective)
        if self.risk.kind != "regret" or found.objective - found.bound <= wanted or time.perf_counter() > self.deadline:
            return False
        most, least = self._best()
        doubt = most - least
        regret = found.cost + float(self.terms.price @ built) - least
        vague = np.flatnonzero((regret > found.bound + 0.5 * wanted) & (doubt > max(0.1 * wanted, 1e-9 * most.max())))
        for s in vague.tolist():
            gap = max(_SHARPER * doubt[s] / abs(most[s]), 1e-9)
            known = [choice for choice in (self.alone[s].built, built) if choice is not None]
            self.alone[s] = self._search([self.recourses[s]], self.risk.alone(), gap).run(known)
        self._know_best()
        return bool(len(vague))

    def _solve_alone(self, known: list[FloatArray], gap: float) -> None:
        """Find the best choice for each scenario alone."""
        for recourse in self.recourses:
            tried = [*known, *([self.alone[-1].built] if self.alone and self.alone[-1].built is not None else [])]
            self.alone.append(self._search([recourse], self.risk.alone(), gap).run(tried))

    def solution(
        self, built: BoolArray, arcs: pd.DataFrame, unmet_penalty: Any, solver: str, begin: float
    ) -> TwoStageSolution:
        """Evaluate the choice by flows and report it."""
        found, read, risk = self.found, self.read, self.risk
        there = self.offered.open_arcs(built)
        flows = self._flows(there, unmet_penalty, solver)
        cost = np.array([flow.objective for flow in flows])
        paid = float(self.terms.price @ built)
        objective = paid + risk.measure(cost)
        bound = min(found.bound, objective)
        off = objective - bound
        close = 1.01 * self.gap * abs(objective) + _ROUNDING * float(np.abs(cost).max())
        gap = 0.0 if off == 0 else off / max(abs(objective), 1e-6 * float(np.abs(cost).max()), 1e-300)
        by_scenario = self._by_scenario(flows, cost + paid)
        return TwoStageSolution(
            status="inaccurate" if found.status == "optimal" and off > close else found.status,
            objective=objective,
            bound=bound,
            gap=gap,
            built=pd.Series(there, arcs.index, name="built"),
            projects=pd.DataFrame(
                {"built": built, "fixed_cost": self.offered.fixed_cost, "line": self.offered.line},
                self.offered.index,
            ),
            fixed_cost=float(self.offered.fixed_cost @ built),
            by_scenario=by_scenario,
            expected=float(read.probability @ cost),
            cvar=conditional(cost, read.probability, risk.level),
            worst=float(cost.max()),
            seconds=time.perf_counter() - begin,
            rounds=found.rounds,
            risk=risk.kind,
            **self._worths(objective, bound),
        )

    def _flows(self, there: Any, unmet_penalty: Any, solver: str) -> list[FlowSolution]:
        flows: list[FlowSolution] = []
        for arcs, demands in self.read.tables:
            open_now = arcs.assign(capacity=arcs["capacity"].where(there, 0.0))
            last = flows[-1] if flows and flows[-1].memory is not None else None
            options: dict[str, Any] = {"unmet_penalty": unmet_penalty, "solver": solver, "previous": last}
            flows.append(solve_flow(open_now, demands, gap=min(1e-6, 0.1 * self.gap), **options))
        return flows

    def _by_scenario(self, flows: list[FlowSolution], charged: FloatArray) -> pd.DataFrame:
        best, least = self._best() if self.alone else np.full((2, len(flows)), np.nan)
        return pd.DataFrame(
            {
                "probability": self.read.probability,
                "cost": [flow.objective for flow in flows],
                "unmet": [float(flow.unmet.sum()) for flow in flows],
                "best_cost": best,
                "best_bound": least,
                "regret": charged - least,
            },
            self.read.index,
        )

    def _worths(self, objective: float, bound: float) -> dict[str, Any]:
        """Return the values of the stochastic solution and of perfect information."""
        of_mean = self.of_mean
        most = least = 0.0 if self.alone else np.nan  # whoever knows the scenario regrets nothing
        if self.alone and self.risk.kind != "regret":
            most, least = (self.risk.measure(costs) for costs in self._best())
        return {
            "value_of_stochastic_solution": max(0.0, of_mean - objective) if not np.isnan(of_mean) else np.nan,
            "value_of_stochastic_solution_between": (max(0.0, of_mean - objective), of_mean - bound),
            "value_of_perfect_information": max(objective - most, 0.0),
            "value_of_perfect_information_between": (max(0.0, bound - most), objective - least),
        }
