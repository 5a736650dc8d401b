"""Exact fixed-charge multicommodity network design: what to build, and the best flow over it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import _solver
from ._design_input import read_design
from ._design_report import Reporter
from ._design_search import Search
from .design_solution import DesignSolution
from .errors import SolverInputError, deadline_of
from .flow import _check_number

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ._design_input import Design
    from .errors import BoolArray


def solve_design(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    *,
    projects: pd.DataFrame | None = None,
    budget: float | Mapping[Hashable, float] | pd.Series[float] | None = None,
    unmet_penalty: float | None = None,
    periods: pd.DataFrame | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-6,
    previous: DesignSolution | None = None,
) -> DesignSolution:
    r"""Find what to build, and the flow over it, at least cost: fixed-charge multicommodity network design.

    Parameters
    ----------
    arcs : DataFrame of m rows
        As for `solve_flow`, without ``steps`` and ``lower``, and with columns:

        - ``fixed_cost``: zero or NaN for an arc that is there already; above zero for one that may be built,
          paid once if it is.
        - ``project``, optional: arcs with the same label are built together; None or NaN: an arc that costs
          something is a project of its own, called as the arc is.
    demands : DataFrame of d rows
        As for `solve_flow`; with periods also a column ``period``.
    projects : DataFrame by project, optional
        Columns, all optional: ``fixed_cost`` (NaN: the sum of its arcs'), ``requires`` (list of labels that must
        be built too), ``excludes`` (list of labels that must not), ``line`` (label of the budget line that pays
        for it), ``lead`` (whole periods between decision and opening; of no effect without periods). Projects of
        arcs that are not listed have none of these; projects without arcs may be required by others.
        A capacity in steps is parallel arcs whose projects require each other.
    budget : number or mapping by line, optional
        None: fixed costs are part of the objective. A number: limit on their sum. A mapping: limit of each line,
        one of which every project must name that costs something. With limits, fixed costs are not in the
        objective.
    unmet_penalty : float, optional
        Cost of one unit of demand that is not served; None: all must be.
    periods : DataFrame by period in order, optional
        ``weight``: of the cost of flow and of penalties of that period. ``budget``, optional: money that comes in
        that period; what is not spent is kept. Each project is decided in one period at most; its fixed cost,
        not weighted, falls in that period and it is open from ``lead`` periods later on.
    solver : str
        Solver by PuLP's name: ``highs``, ``cbc``, ...
    time_limit_s : float, optional
        Seconds after which the best design found is returned with its gap; None: no limit.
    gap : float
        Relative difference between cost and bound at which to stop.
    previous : DesignSolution, optional
        Solution of a similar problem, whose design is tried first.

    Returns
    -------
    DesignSolution
        ``.status``, ``.objective``, ``.bound``, ``.gap``, ``.built``, ``.projects``, ``.fixed_cost``,
        ``.arc_flow``, ``.paths``, ``.unmet``, ``.shadow_price``, ``.budget_price``; the flow comes from
        `solve_flow` over the design, checked against the tables.

    Raises
    ------
    SolverInputError
        Wrong tables or arguments; one message that says where, and what was expected.
    FlowCheckError
        The solver's answer does not fit the tables: a fault of the solver or of this library.

    Notes
    -----
    Cut and branch. The model has a flow for each commodity and arc; the rows "flow of commodity k on arc a at most
    its quantity times the decision on a", which make its relaxation tight (Gendron, Crainic and Frangioni 1999,
    "Multicommodity capacitated network design"), are brought in where the relaxation breaks them, as in Chouman,
    Crainic and Gendron 2017 (Transportation Science 51), before branching. Commodities go one way between two
    nodes, so both directions of one project share such a row. Costa 2005 (Computers & Operations Research 32) reviews
    the field. With a budget, decisions of no use are taken back, but a cheaper design of the same objective may
    exist: `design_steps` finds the cheapest.
    """
    begin = time.perf_counter()
    _check_number("gap", gap, 0.0, 1.0)
    if time_limit_s is not None:
        _check_number("time_limit_s", time_limit_s, 0.0, np.inf)
    if previous is not None and not isinstance(previous, DesignSolution):
        raise SolverInputError(f"previous: got {type(previous).__name__}, expected a DesignSolution or None")
    name = _solver.solver_name(solver)
    design = read_design(arcs, demands, projects, budget, unmet_penalty, periods)
    deadline = deadline_of(begin, time_limit_s)
    start = None if previous is None else _chosen_before(design, previous)
    found = Search(design, name, deadline).best(gap, start)
    report = Reporter(design, arcs, unmet_penalty, solver)
    return report.solution(found, gap, begin)


def _chosen_before(design: Design, previous: DesignSolution) -> BoolArray:
    """Return the decisions of another solution that there still are."""
    before = previous.design
    made = {
        (before.projects.labels[p], before.periods.labels[t])
        for p, t, chosen in zip(before.project.tolist(), before.period.tolist(), previous.chosen.tolist(), strict=True)
        if chosen
    }
    pairs = zip(design.project.tolist(), design.period.tolist(), strict=True)
    return np.array([(design.projects.labels[p], design.periods.labels[t]) in made for p, t in pairs], dtype=bool)


def design_steps(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    budgets: tuple[float, float] | None = None,
    *,
    projects: pd.DataFrame | None = None,
    unmet_penalty: float | None = None,
    periods: pd.DataFrame | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-6,
) -> pd.DataFrame:
    """Find all levels of money at which more money buys a better design, and the cheapest design of each.

    Parameters
    ----------
    arcs, demands, projects, unmet_penalty, periods, solver
        As for `solve_design`.
    budgets : pair of numbers, optional
        Least and most money looked at; None: from nothing to the cost of all projects.
    time_limit_s : float, optional
        Seconds for each step; None: no limit.
    gap : float
        Relative difference between cost and bound at which a step stops; designs whose objectives differ by less
        count as equal.

    Returns
    -------
    DataFrame
        A row for each step, by rising ``budget``, the least money that buys it, up to that of the next row:
        ``objective`` (cost of flow and penalties), ``bound``, ``built`` (list of projects), ``entered`` and ``left``
        (projects built here and not in the row before, and the other way round), ``status``. No row where no
        design serves what must be served.

    Raises
    ------
    SolverInputError
        As for `solve_design`, or limits that are no pair of rising numbers.

    Notes
    -----
    The epsilon-constraint method: solve at the highest budget, then just below the cost of the cheapest best design,
    and so on (Haimes, Lasdon and Wismer 1971). Just below is a millionth of the dearest project.
    """
    low, high = _limits(budgets)
    name = _solver.solver_name(solver)
    steps: list[dict[str, object]] = []
    chosen: BoolArray | None = None
    while high >= low:
        begin = time.perf_counter()
        deadline = deadline_of(begin, time_limit_s)
        design = read_design(arcs, demands, projects, high, unmet_penalty, periods)
        search = Search(design, name, deadline)
        found = search.best(gap / 2, chosen)
        if found.chosen is None:
            break
        report = Reporter(design, arcs, unmet_penalty, solver)
        first = report.solution(found, gap, begin)
        found.chosen = search.cheapest(first.objective, gap / 2, first.chosen)
        best = report.solution(found, gap, begin)
        steps.append(
            {
                "budget": best.fixed_cost,
                "objective": best.objective,
                "bound": best.bound,
                "built": best.projects.index[best.projects["built"]].tolist(),
                "status": best.status,
            }
        )
        chosen, high = best.chosen, best.fixed_cost - 1e-6 * design.budget_scale
    return _with_changes(steps[::-1])


def _limits(budgets: tuple[float, float] | None) -> tuple[float, float]:
    if budgets is None:
        return 0.0, np.inf
    try:
        low, high = (float(limit) for limit in budgets)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0 <= low <= high:
        raise SolverInputError(f"budgets: got {budgets!r}, expected a pair of numbers (least, most), zero or more")
    return low, high


def _with_changes(steps: list[dict[str, object]]) -> pd.DataFrame:
    """Return the table of steps with what each builds that the one before does not, and the other way round."""
    columns = ["budget", "objective", "bound", "built", "entered", "left", "status"]
    table = pd.DataFrame(steps, columns=columns).astype({"budget": float, "objective": float, "bound": float})
    sets: list[list[Hashable]] = table["built"].tolist()
    before = [[], *sets[:-1]] if sets else []
    pairs = list(zip(before, sets, strict=True))
    table["entered"] = pd.Series([[p for p in now if p not in old] for old, now in pairs], dtype=object)
    table["left"] = pd.Series([[p for p in old if p not in now] for old, now in pairs], dtype=object)
    return table
