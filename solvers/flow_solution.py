"""What solve_flow gives back: flows, prices, what is not served and why."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ._memory import Memory
    from ._path_flow import RawFlow
    from ._price_range import PriceRange
    from ._problem import Problem


@dataclass(frozen=True, eq=False)
class FlowSolution:
    """A checked flow with its proof, or the statement that there is none.

    Attributes
    ----------
    status : str
        ``optimal``: the gap is within what was asked. ``time_limit``: the best flow found in time.
        ``inaccurate``: a checked flow whose gap the solver could not close. ``infeasible``: proved that what must
        be served cannot be. ``no_solution``: nothing found. Only the first three carry numbers.
    objective : float
        Cost of the flow, penalties included, as recomputed from it.
    bound : float
        Proven: no flow costs less. inf if infeasible.
    gap : float
        (objective - bound) / abs(objective).
    arc_flow : Series by arc
        Load in units of capacity (the quantity itself where no rates are given).
    flow_by_class : DataFrame, arcs by classes
        Quantities of each class of goods; one column ``all`` if there are no classes.
    paths : DataFrame
        ``demand`` (label), ``path`` (list of arc labels), ``flow`` (quantity). Demands that share origin,
        destination, class and penalty share the paths in proportion.
    circulation : DataFrame
        ``cycle`` (list of arc labels), ``flow``, ``class`` and ``rate`` of the goods: runs that serve no
        demand, made to fill a least load.
    shadow_price : Series by arc
        Fall of the objective per unit more of capacity; zero where it is not full. Where it is not unique
        this is one valid value: see `price_range`. For arcs of no capacity it is what a first unit would
        save on each of them alone.
    group_price : Series by group
        The same for the capacity of a group.
    lower_price : Series by arc
        Rise of the objective per unit more of least load.
    unmet : Series by demand
        Quantity not served.
    seconds : float
        Wall time.
    rounds : int
        Times that all paths were priced.
    """

    status: str
    objective: float
    bound: float
    gap: float
    arc_flow: pd.Series[float]
    flow_by_class: pd.DataFrame
    paths: pd.DataFrame
    circulation: pd.DataFrame
    shadow_price: pd.Series[float]
    group_price: pd.Series[float]
    lower_price: pd.Series[float]
    unmet: pd.Series[float]
    seconds: float
    rounds: int
    memory: Memory | None = field(repr=False)
    raw: RawFlow = field(repr=False)
    problem: Problem = field(repr=False)
    arcs: pd.DataFrame = field(repr=False)
    demands: pd.DataFrame = field(repr=False)
    call: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        unmet = f", unmet {self.unmet.sum():g}" if self.unmet.sum() > 0 else ""
        return (
            f"FlowSolution({self.status}, objective {self.objective:.10g}, gap {self.gap:.1e}{unmet}; "
            f"{len(self.paths)} paths, method {self.call['method']}, {self.rounds} rounds, {self.seconds:.2f} s)"
        )

    def explain(self) -> str:
        """Say in words which demands are not served, how much, and which full or closed arcs stop them."""
        from ._explain import explain

        return explain(self)

    def price_range(self, arc: Hashable) -> PriceRange:
        """Find between which capacities of an arc its shadow price holds, by solving again.

        Parameters
        ----------
        arc : hashable
            Label of the arc.

        Returns
        -------
        PriceRange
            ``low`` and ``high``: what one more unit is worth, and what one unit less would cost; they
            differ where the price is not unique. ``capacity_from``, ``capacity_to``: where it holds.
            ``str()`` of it says so in words.

        Raises
        ------
        SolverInputError
            Unknown arc, or a solution without numbers.
        """
        from ._price_range import price_range

        return price_range(self, arc)
