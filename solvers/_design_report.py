"""From decisions to tables: the flow over a design, what of it is of no use, and everything by the user's labels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._design_search import dependents
from .design_solution import DesignSolution
from .flow import solve_flow

if TYPE_CHECKING:
    from ._design_input import Design
    from ._design_search import Found
    from .errors import BoolArray
    from .flow_solution import FlowSolution

_FLOW_GAP = 1e-9
_TRACE = 1e-9  # share of the largest load below which an arc is not used


class Reporter:
    """Turns what a search found into a checked solution."""

    def __init__(self, design: Design, arcs: pd.DataFrame, unmet_penalty: float | None, solver: str) -> None:
        self.design, self.arcs = design, arcs
        self.options: dict[str, Any] = {"solver": solver, "gap": _FLOW_GAP}
        if not design.periods.given:
            self.options["unmet_penalty"] = unmet_penalty

    def flow(self, chosen: BoolArray) -> FlowSolution:
        """Solve the flow over a design."""
        return solve_flow(self.design.tables_with(chosen), self.design.demands, **self.options)

    def solution(self, found: Found, gap: float, begin: float) -> DesignSolution:
        """Return the solution by the user's labels; numbers are those of the flow, which is audited."""
        design = self.design
        none = np.zeros(design.n_decisions, dtype=bool)
        if found.chosen is None:
            limit = None if found.status == "infeasible" else 1.0
            flow = solve_flow(design.arcs, design.demands, **self.options, time_limit_s=limit)
            return self._tables(found, flow, none, np.nan, gap, begin)
        flow = self.flow(found.chosen)
        if np.isnan(flow.objective):
            return self._tables(found, flow, none, np.nan, gap, begin)
        chosen = without_idle(design, found.chosen, flow)
        value = flow.objective + float(design.cost[chosen].sum())
        return self._tables(found, flow, chosen, value, gap, begin)

    def _tables(
        self, found: Found, flow: FlowSolution, chosen: BoolArray, value: float, gap: float, begin: float
    ) -> DesignSolution:
        design, projects = self.design, self.design.projects
        status, bound, at = _verdict(found, value, gap)
        nothing = np.isnan(value)
        built = np.zeros(len(projects), dtype=bool)
        built[design.project[chosen]] = True
        by_arc = np.append(built, False)[projects.of_arc]
        when: list[Any] = [None] * len(projects)
        if design.periods.given:
            for j in np.flatnonzero(chosen)[::-1].tolist():
                when[design.project[j]] = design.periods.labels[design.period[j]]
        table = pd.DataFrame(
            {
                "built": built,
                "period": pd.Series(when, projects.index, dtype=object),
                "fixed_cost": projects.fixed_cost,
                "line": pd.Series(projects.line, projects.index, dtype=object),
            },
            index=projects.index,
        )
        return DesignSolution(
            status=status,
            objective=value,
            bound=bound,
            gap=at,
            built=pd.Series(by_arc, self.arcs.index, name="built"),
            projects=table,
            fixed_cost=np.nan if nothing else float(projects.fixed_cost[built].sum()),
            arc_flow=self._by_arc(flow.arc_flow, nothing),
            paths=self._paths(flow) if not nothing else flow.paths.iloc[:0],
            unmet=flow.unmet * np.nan if nothing else flow.unmet,
            shadow_price=self._by_arc(flow.shadow_price, nothing),
            budget_price=pd.Series(
                found.budget_price, pd.Index(design.budgets, name="budget", tupleize_cols=False), name="budget_price"
            ),
            seconds=time.perf_counter() - begin,
            chosen=chosen,
            flow=flow,
            design=design,
        )

    def _by_arc(self, values: pd.Series[float], nothing: bool) -> pd.Series[float] | pd.DataFrame:
        """Return values by the user's arcs, a column for each period if there are any."""
        values = values * np.nan if nothing else values
        if not self.design.periods.given:
            return values
        sheet = values.to_numpy().reshape(len(self.design.periods), len(self.arcs)).T
        labels = pd.Index(self.design.periods.labels, name="period", tupleize_cols=False)
        return pd.DataFrame(sheet, self.arcs.index, labels)

    def _paths(self, flow: FlowSolution) -> pd.DataFrame:
        if not self.design.periods.given:
            return flow.paths
        labels = self.arcs.index.tolist()
        named = [[labels[a % len(labels)] for a in path] for path in flow.paths["path"].tolist()]
        return flow.paths.assign(path=pd.Series(named, flow.paths.index, dtype=object))


def _verdict(found: Found, value: float, gap: float) -> tuple[str, float, float]:
    """Return status, bound and gap of a value that was recomputed."""
    if np.isnan(value):
        infeasible = found.status == "infeasible"
        return ("infeasible", np.inf, np.nan) if infeasible else ("no_solution", found.bound, np.inf)
    # Rounding may lift the bound a little above the cost.
    bound = min(found.bound, value)
    at = 0.0 if value == bound else (value - bound) / max(abs(value), 1e-300)
    if at <= max(gap, 1e-9) or value - bound < 1e-9:
        return "optimal", bound, at
    return "time_limit" if found.status == "stopped" else "inaccurate", bound, at


def without_idle(design: Design, chosen: BoolArray, flow: FlowSolution) -> BoolArray:
    """Drop, and put off, decisions whose arcs carry nothing, together with those that need them and carry nothing."""
    sent = flow.flow_by_class.sum(axis=1).to_numpy()  # not loads: what takes no capacity uses an arc all the same
    used = np.zeros(design.n_decisions, dtype=bool)
    busy = (sent > _TRACE * max(1.0, sent.max(initial=0.0))) & (design.switch >= 0)
    used[design.switch[busy]] = True
    needs = design.needs()
    kept = chosen.copy()
    while True:
        before = int(kept.sum())
        for j in np.flatnonzero(kept & ~used).tolist():
            gone = kept & dependents(needs, j)
            if not (gone & used).any() and design.allows(kept & ~gone):
                kept &= ~gone
        if int(kept.sum()) == before:
            return kept
