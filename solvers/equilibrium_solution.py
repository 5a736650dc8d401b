"""What solve_equilibrium gives back: flows and times of arcs, paths, and how far from equilibrium they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ._equilibrium_input import EquilibriumInput
    from ._route_set import RouteSet


@dataclass(frozen=True, eq=False)
class EquilibriumSolution:
    """User equilibrium: nobody could save time by another path, but for what the gap says.

    Attributes
    ----------
    status : str
        ``optimal``: the gap is within what was asked. ``time_limit``: the best flow found in time. ``inaccurate``:
        the best flow, which rounding keeps from the gap that was asked.
    relative_gap : float
        (sum over arcs of flow x time - sum over demands of quantity x quickest time) / sum over arcs of flow x time.
    objective : float
        Beckmann's: sum over arcs of the area under the time from zero to the flow; quantity x time.
    bound : float
        Proven: no flow has a lower objective.
    arc_flow : Series by arc
        Quantity on each arc.
    arc_time : Series by arc
        Time of each arc at its flow, with its constant cost.
    total_time : float
        Sum over arcs of flow x time.
    average_excess_cost : float
        Time that an average unit of demand would save on its quickest path: the numerator of the gap / all that is
        sent from one node to another.
    pair_time : Series by demand
        Time of the quickest path at these flows; inf where there is none, which is allowed where nothing is sent.
    iterations : int
        Times that all quickest paths were searched.
    seconds : float
        Wall time.
    """

    status: str
    relative_gap: float
    objective: float
    bound: float
    arc_flow: pd.Series[float]
    arc_time: pd.Series[float]
    total_time: float
    average_excess_cost: float
    pair_time: pd.Series[float]
    iterations: int
    seconds: float
    problem: EquilibriumInput = field(repr=False)
    routes: RouteSet = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"EquilibriumSolution({self.status}, objective {self.objective:.10g}, "
            f"relative gap {self.relative_gap:.1e}; {len(self.routes.pair)} paths, "
            f"{self.iterations} iterations, {self.seconds:.2f} s)"
        )

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Used paths, made when first asked for: ``demand`` (label), ``path`` (list of arc labels), ``flow``.

        Demands of one pair share its paths in proportion. Flows of arcs are unique where times rise, those of paths
        need not be: these are one valid choice. A demand from a node to itself has an empty path.
        """
        from ._route_set import in_order

        problem, routes = self.problem, self.routes
        arcs = in_order(routes.arcs, problem.tail, problem.head, problem.origin[routes.pair]).tolist()
        labels = self.arc_flow.index.tolist()
        ends = routes.arcs.indptr.tolist()
        named = [[labels[a] for a in arcs[i:j]] for i, j in pairwise(ends)]
        first = [*routes.first.tolist(), len(named)]
        flow = routes.flow.tolist()
        rows: list[tuple[object, list[object], float]] = []
        demands = zip(self.pair_time.index.tolist(), problem.pair.tolist(), problem.amount.tolist(), strict=True)
        for label, k, amount in demands:
            if k >= 0:
                share = amount / problem.quantity[k]
                rows += [(label, list(named[i]), flow[i] * share) for i in range(first[k], first[k + 1])]
            elif amount > 0:
                rows.append((label, [], amount))
        return pd.DataFrame(rows, columns=["demand", "path", "flow"]).astype({"flow": float})
