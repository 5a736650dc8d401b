"""What solve_design gives back: what is built, the flow over it, and the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ._design_input import Design
    from .errors import BoolArray
    from .flow_solution import FlowSolution


@dataclass(frozen=True, eq=False)
class DesignSolution:
    """A design with its checked flow and its proof, or the statement that there is none.

    Attributes
    ----------
    status : str
        ``optimal``: the gap is within what was asked. ``time_limit``: the best design found in time.
        ``inaccurate``: a checked design whose gap the solver could not close. ``infeasible``: proved that no design
        can serve what must be. ``no_solution``: nothing found in time. Only the first three carry numbers.
    objective : float
        Cost of the flow, penalties included, weighted by period, plus fixed costs unless a budget limits them;
        recomputed from the flow.
    bound : float
        Proven: no design costs less. inf if infeasible.
    gap : float
        (objective - bound) / abs(objective).
    built : Series of bool by arc
        Whether the arc belongs to a project that is built; False for arcs that are there already.
    projects : DataFrame by project
        ``built``, ``period`` decided (None if not built, or if there are no periods), ``fixed_cost``, ``line``.
    fixed_cost : float
        Of all that is built.
    arc_flow : Series by arc, or DataFrame of arcs by periods
        Load in units of capacity.
    paths : DataFrame
        ``demand`` (label), ``path`` (list of arc labels), ``flow`` (quantity).
    unmet : Series by demand
        Quantity not served.
    shadow_price : Series by arc, or DataFrame of arcs by periods
        Fall of the objective per unit more of capacity with the design as it is; for arcs that are not open, what a
        first unit would save on each of them alone, its project not paid.
    budget_price : Series by budget
        Fall of the objective per unit more of money in the linear relaxation, by line or period, or ``total``: what
        the next unit of money saves as a rate if projects could be built in part. Empty without a budget.
    seconds : float
        Wall time.
    """

    status: str
    objective: float
    bound: float
    gap: float
    built: pd.Series[bool]
    projects: pd.DataFrame
    fixed_cost: float
    arc_flow: pd.Series[float] | pd.DataFrame
    paths: pd.DataFrame
    unmet: pd.Series[float]
    shadow_price: pd.Series[float] | pd.DataFrame
    budget_price: pd.Series[float]
    seconds: float
    chosen: BoolArray = field(repr=False)
    flow: FlowSolution = field(repr=False)
    design: Design = field(repr=False)

    def __repr__(self) -> str:
        unmet = f", unmet {self.unmet.sum():g}" if self.unmet.sum() > 0 else ""
        return (
            f"DesignSolution({self.status}, objective {self.objective:.10g}, gap {self.gap:.1e}{unmet}; "
            f"{self.projects['built'].sum()} of {len(self.projects)} projects for {self.fixed_cost:.10g}, "
            f"{self.seconds:.2f} s)"
        )

    def explain(self) -> str:
        """Say in words which demands are not served over the design; for none, whether building all would serve."""
        if self.status != "infeasible":
            return self.flow.explain()
        if self.flow.status == "infeasible":
            return f"Even if everything were built: {self.flow.explain()}"
        return (
            "What must be served could be if everything were built, but the budget, the lead times or what projects "
            "require and exclude do not allow it."
        )
