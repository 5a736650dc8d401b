"""The investment frontier of a scenario: what to build for every budget, in which order, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from networks import DataError, load_tables

from ..appraisal import Appraisal, Streams, appraise
from ..appraisal_risk import RiskAnalysis
from ..prices import Prices
from ..reported import Reported, notebook_html
from ..scenario.loading import Scenario, load
from .budgets import RATES, Marginal, amount_m, best_by_budget, marginal_of
from .futures import CENTRAL, Future
from .memory import Memory
from .portfolios import Candidate
from .ranking import order_of, paying_of
from .robustness import regret_of, spread_of, surplus_of
from .sensitivity import risk_of, switching_of, tornado_of
from .timing import Timing, timed
from .varied import varied

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Frontier", "Marginal", "frontier"]

_AIMS = {
    "benefit": "benefits",
    "shippers": "benefits without emissions",
    "running": "benefits less upkeep",
    "enpv": "net present value",
}


def frontier(
    scenario: Scenario | str | Path,
    budgets: Sequence[str | float] | None = None,
    *,
    vary: bool = True,
    cache: bool = False,
    folder: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Frontier:
    """Find the best portfolio for every budget.

    Parameters
    ----------
    scenario : Scenario, str or path
        With projects whose decision is ``choose``.
    budgets : sequence of str or float, optional
        Budgets to show, as ``"1.5 bn EUR"`` or in million of the currency of the study; otherwise every budget at which
        the best portfolio changes.
    vary : bool
        Whether the runs of ``vary`` are futures in which portfolios are held against each other.
    cache : bool
        Whether the worth of portfolios is read from the user's cache, and written to it.
    folder : path, optional
        Tables of your own.
    progress : callable, optional
        Is told in words what is solved next.

    Returns
    -------
    Frontier

    Raises
    ------
    DataError
        The scenario is wrong, there is nothing to choose from, or too much.

    Notes
    -----
    Every portfolio that breaks no rule is valued with the shippers of `corridors.run`, so that the best ones are exact
    for that model: no approximation, no gap. Projects help and hinder each other as they do there.
    """
    wanted = load(scenario, folder=folder) if isinstance(scenario, (str, Path)) else scenario
    step = progress or (lambda _: None)
    memory = Memory(cache)
    central = Future.of(CENTRAL, wanted, folder, memory, all_=True, step=step)
    names = central.rules.names
    others = [
        Future.of(name, s, folder, memory, all_=False, expected=names, step=step)
        for name, s in (varied(wanted) if vary else [])
    ]
    prices = Prices(load_tables(folder), wanted.model.study.currency, folder)
    asked = None if budgets is None else [amount_m(b, prices) for b in budgets]
    return Frontier(wanted, (central, *others), prices, asked, folder)


@dataclass(frozen=True, eq=False)
class Frontier(Reported):
    """Best portfolios of a scenario.

    Attributes
    ----------
    scenario : Scenario
        What was asked.
    futures : tuple of Future
        The scenario as it is in the file, then the runs of ``vary``.
    prices : Prices
        What brought all money to one currency and year.
    asked : sequence of float or None
        Budgets to show.
    folder : path or None
        Tables of your own.
    """

    scenario: Scenario
    futures: tuple[Future, ...]
    prices: Prices
    asked: Sequence[float] | None = None
    folder: str | Path | None = None

    @property
    def currency(self) -> str:
        """Of all money, which is in million."""
        return self.prices.currency

    @property
    def price_year(self) -> int:
        """Year of the prices of all money."""
        return self.prices.year

    @property
    def central(self) -> Future:
        """The scenario as it is in the file."""
        return self.futures[0]

    @property
    def aim(self) -> str:
        """What the choice makes largest, in words."""
        return _AIMS[self.central.objective]

    @property
    def title(self) -> str:
        """What the scenario is called."""
        return self.scenario.freight.title or self.scenario.name

    @property
    def candidates(self) -> Sequence[Candidate]:
        """Projects that can be chosen."""
        return self.central.rules.candidates

    @property
    def outside(self) -> pd.DataFrame:
        """Projects that are on the list and cannot be chosen: ``project``, ``title``, ``cost_m``, ``why``."""
        return self.central.slate.outside

    @property
    def budget_m(self) -> float:
        """Budget of the scenario, million."""
        return self.central.rules.budget_m

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """Projects of the best portfolio for the budget of the scenario."""
        return self.central.rules.names_of(self.central.best())

    def number_of(self, projects: Sequence[str]) -> int:
        """Return the number of a portfolio.

        Parameters
        ----------
        projects : sequence of str
            Its projects.

        Raises
        ------
        DataError
            A project that cannot be chosen.
        """
        names = self.central.rules.names
        unknown = [p for p in projects if p not in names]
        if unknown:
            raise DataError([f"{unknown[0]}: cannot be chosen; expected some of {', '.join(names)}"])
        return sum(1 << names.index(p) for p in projects)

    def table(self) -> pd.DataFrame:
        """Return the best portfolio for every budget.

        Returns
        -------
        DataFrame
            ``budget_m`` (from which on), ``paid_m``, ``worth_m`` (what is made largest), ``benefit_m`` (present value
            of all benefits), ``enpv_3_m``, ``enpv_6_m``, ``enpv_9_m``, ``benefit_per_cost`` (present values, at the
            rate of the study), ``projects``, ``entered`` and ``left`` (names, against the row before), and ``unused_m
            <line>`` for each line.
        """
        return best_by_budget(self)

    def marginal(self, budget: str | float | None = None, step: str | float = "1 bn EUR") -> Marginal:
        """Return what the next money is worth.

        Parameters
        ----------
        budget : str or float, optional
            From where on; otherwise the budget of the scenario.
        step : str or float
            How much more.

        Returns
        -------
        Marginal
            Lines, eligibility and requirements hold: money that nothing may be bought with is worth nothing.
        """
        return marginal_of(self, budget, step)

    def order(self) -> pd.DataFrame:
        """Return the projects in the order in which to build them.

        Returns
        -------
        DataFrame by project
            ``title``, ``cost_m``, ``paid_m``, ``line``, ``chosen_pct`` (of all futures and of four budgets up to that
            of the scenario, how often the best portfolio holds it), ``shippers_m`` and ``carbon_m`` (what shippers gain
            and what emissions saved are worth with what it needs and nothing else), ``first_in_m``, ``last_in_m`` (what
            it adds to nothing, and to all others, within the lines; nothing if it is better left), ``shapley_m`` (mean
            over every order), ``per_cost`` (that by what it costs), ``opens``, ``needs``.

        Notes
        -----
        First those that are chosen in half of the cases or more, by what they add per money spent; then the others.
        """
        return order_of(self)

    def spread(self, projects: Sequence[str] | None = None) -> pd.DataFrame:
        """Return what a portfolio is worth in each future.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best for the budget.

        Returns
        -------
        DataFrame by future
            ``worth_m`` (what is made largest), ``benefit_m``, ``enpv_m`` (at the rate of each), ``best`` (the best
            portfolio there).
        """
        return spread_of(self, self.chosen if projects is None else projects)

    def paying(self) -> pd.Series[int]:
        """Return in how many futures each project has a net present value above zero, with what it requires.

        Returns
        -------
        Series by ``project``
            Number of futures.
        """
        return paying_of(self)

    def regret(self, budget: str | float | None = None) -> pd.DataFrame:
        """Return what each portfolio that is best in some future loses in the others.

        Parameters
        ----------
        budget : str or float, optional
            Otherwise that of each future.

        Returns
        -------
        DataFrame, portfolios by futures
            Million below the best of the future; NaN where it breaks a rule (it costs more there than there is). Last
            columns ``largest``, least first, and ``in`` (the future of the largest).
        """
        return regret_of(self, None if budget is None else amount_m(budget, self.prices))

    def schedule(self, budget: str | float | None = None) -> Timing:
        """Return when to start each project of the best portfolio, against what each line holds by then.

        Parameters
        ----------
        budget : str or float, optional
            Otherwise that of the scenario.
        """
        limit = None if budget is None else amount_m(budget, self.prices)
        return timed(self.central, self.central.best(limit))

    def appraisal(self, projects: Sequence[str] | None = None) -> Appraisal:
        """Return the appraisal of a portfolio at 3, 6 and 9 %.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.
        """
        return appraise(self.streams(projects), RATES, self.central.slate.start)

    def streams(self, projects: Sequence[str] | None = None) -> Streams:
        """Return costs and benefits of a portfolio by year.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Raises
        ------
        DataError
            A project that cannot be chosen.
        """
        number = self.number_of(self.chosen if projects is None else projects)
        return Streams(self.central.value.streams(number), self.currency, self.price_year)

    def surplus(self, projects: Sequence[str] | None = None) -> pd.Series[float]:
        """Return the present value of what shippers gain by a portfolio in each future.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Returns
        -------
        Series by ``future``
            Million, in the currency and prices of the study.
        """
        return surplus_of(self, self.chosen if projects is None else projects)

    def tornado(self, projects: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the net present value of a portfolio at both ends of the range of each of its streams.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Returns
        -------
        DataFrame by stream
            Columns as of `corridors.tornado`; values are multiples of the stream.
        """
        return tornado_of(self, self.chosen if projects is None else projects)

    def switching(self, projects: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the multiple of each stream of a portfolio at which it just pays.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Returns
        -------
        DataFrame by stream
            As of `corridors.switching_values`.
        """
        return switching_of(self, self.chosen if projects is None else projects)

    def risk(self, projects: Sequence[str] | None = None, n: int = 10_000, seed: int = 0) -> RiskAnalysis:
        """Return draws of the net present value of a portfolio, with the probability that it is below zero.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.
        n, seed : int
            Draws; the same seed gives the same.
        """
        return risk_of(self, self.chosen if projects is None else projects, n, seed)

    @property
    def estimates(self) -> float:
        """Share of the figures behind the candidates that are estimates."""
        return sum(c.estimates for c in self.candidates) / max(sum(c.figures for c in self.candidates), 1)

    @property
    def answer(self) -> str:
        """What to build, in words."""
        from .answer import answer

        return answer(self)

    def __repr__(self) -> str:
        """Answer, then projects in the order in which to build them."""
        return f"{self.answer}\n\n{self.order().round(1).to_string()}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.order().round(1))

    def plot(self) -> Figure:
        """Return the chart: benefit by budget, and what each step adds per money."""
        from .frontier_chart import frontier_chart

        return frontier_chart(self)

    def plot_schedule(self, budget: str | float | None = None) -> Figure:
        """Return the chart of `schedule`: lead times, and spending by year against what each line holds.

        Parameters
        ----------
        budget : str or float, optional
            Otherwise that of the scenario.

        Raises
        ------
        DataError
            Nothing is built.
        """
        from .schedule_chart import schedule_chart

        return schedule_chart(self, self.schedule(budget))

    def plot_tornado(self, projects: Sequence[str] | None = None) -> Figure:
        """Return the chart of `tornado`: what the net present value of a portfolio depends on.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Raises
        ------
        DataError
            The portfolio is empty, or holds what cannot be chosen.
        """
        from .frontier_chart import frontier_tornado

        return frontier_tornado(self, projects)
