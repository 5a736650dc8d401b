"""What solve_two_stage gives back: what to build, what it costs in each scenario, and how good that is proved to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TwoStageSolution:
    """A choice of projects, checked by a flow in each scenario, with its proof.

    Attributes
    ----------
    status : str
        ``optimal``: the gap is within what was asked. ``time_limit``: the best choice found in time.
        ``inaccurate``: the gap could not be closed for want of numerical accuracy.
    objective : float
        The measure of risk of the costs by scenario, and without a budget fixed costs too. For regret: what it is at
        most, as the best costs of single scenarios are known with a gap themselves.
    bound : float
        Proven: no choice does better.
    gap : float
        (objective - bound) / abs(objective), or by a millionth of the greatest cost if that is more.
    built : Series of bool by arc
        Whether the arc is there: always for arcs of no project.
    projects : DataFrame by project
        ``built``, ``fixed_cost``, ``line``.
    fixed_cost : float
        Of the projects built.
    by_scenario : DataFrame by scenario
        ``probability``; ``cost`` of the flow, penalties included; ``unmet`` quantity; ``best_cost``, of the best choice
        for this scenario alone, and ``best_bound``, what that is proved to be at least; ``regret``: by how much the
        scenario is dearer than ``best_bound``. Without a budget fixed costs count in the last three. NaN where
        single scenarios were not solved.
    expected, cvar, worst : float
        Of ``cost``: mean, mean of the dearest share ``1 - level``, greatest.
    value_of_stochastic_solution : float
        By how much the measure of risk would be worse for the choice that is best in the mean scenario; inf if that
        choice does not serve all that must be; NaN if not asked for.
    value_of_perfect_information : float
        By how much it would be better if the scenario were known before building: for ``expected`` the mean of
        ``best_cost`` instead of the objective, for other risks their measure of it; for regret the whole objective.
    value_of_stochastic_solution_between, value_of_perfect_information_between : tuple of two float
        Between which numbers both are proved to be.
    seconds : float
        Wall time.
    rounds : int
        Times that all scenarios were solved.
    risk : str
        What was made least.
    """

    status: str
    objective: float
    bound: float
    gap: float
    built: pd.Series[bool]
    projects: pd.DataFrame
    fixed_cost: float
    by_scenario: pd.DataFrame
    expected: float
    cvar: float
    worst: float
    value_of_stochastic_solution: float
    value_of_perfect_information: float
    value_of_stochastic_solution_between: tuple[float, float]
    value_of_perfect_information_between: tuple[float, float]
    seconds: float
    rounds: int
    risk: str

    def __repr__(self) -> str:
        names = [str(label) for label, there in self.projects["built"].items() if there]
        return (
            f"TwoStageSolution({self.status}, {self.risk} {self.objective:.10g}, gap {self.gap:.1e}; "
            f"{len(names)} of {len(self.projects)} projects built for {self.fixed_cost:g}, "
            f"{len(self.by_scenario)} scenarios, {self.rounds} rounds, {self.seconds:.2f} s)"
        )
