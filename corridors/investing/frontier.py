"""The investment frontier of a scenario: what to build for every budget, in which order, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError, load_tables

from ..appraisal import Appraisal, Streams, appraise
from ..appraisal_risk import RiskAnalysis
from ..prices import Prices
from ..reported import Reported
from ..scenario.loading import Scenario, load
from ..scenario.units import UnitError, quantity
from .futures import CENTRAL, Future
from .games import contributions, value_of_offers
from .memory import Memory
from .portfolios import Candidate, bits
from .sensitivity import risk_of, switching_of, tornado_of
from .steps import best_mix
from .timing import Timing, timed
from .varied import varied

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Frontier", "Marginal", "frontier"]

RATES = (0.03, 0.06, 0.09)
_AIMS = {
    "benefit": "benefits",
    "shippers": "benefits without emissions",
    "running": "benefits less upkeep",
    "enpv": "net present value",
}
_MOSTLY = 50  # per cent of the cases
_LEVELS = 4  # budgets, in equal steps up to that of the scenario, at which a project may be chosen


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
    asked = None if budgets is None else [_amount(b, prices) for b in budgets]
    return Frontier(wanted, (central, *others), prices, asked, folder)


def _amount(given: str | float, prices: Prices) -> float:
    """Return money in million of the currency of the study."""
    if isinstance(given, (int, float)):
        return float(given)
    try:
        found = quantity(given)
    except UnitError as error:
        raise DataError([f"budget: {error}"]) from None
    if found.dimension not in ("EUR", "USD"):
        raise DataError([f"budget: {given!r} is no money; write for example '3 bn EUR'"])
    return prices.million(found.value, found.dimension, found.price_year)


@dataclass(frozen=True)
class Marginal:
    """What more money is worth.

    Attributes
    ----------
    budget_m, step_m : float
        From where, and how much more, million.
    gain_m : float
        Difference between the best portfolios, exact.
    bound_m : float
        What a mix of portfolios would gain at most: the linear relaxation, which is no less.
    entered, left : tuple of str
        Projects.
    """

    budget_m: float
    step_m: float
    gain_m: float
    bound_m: float
    entered: tuple[str, ...]
    left: tuple[str, ...]


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
        """Projects that are on the list and cannot be chosen, and why."""
        return self.central.slate.outside

    @property
    def budget_m(self) -> float:
        """Budget of the scenario, million."""
        return self.central.rules.budget_m

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """Projects of the best portfolio for the budget of the scenario."""
        return self._names(self.central.best())

    def _names(self, number: int) -> tuple[str, ...]:
        return self.central.rules.names_of(number)

    def _number(self, projects: Sequence[str]) -> int:
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
        future, before = self.central, 0
        rows = []
        for budget, number in self._rows():
            held = np.array([number])
            cost = float(future.value.cost(held, future.rate)[0])
            benefit = float(future.value.benefit(held, future.rate)[0])
            enpv = {f"enpv_{r * 100:g}_m": float(future.value.enpv(held, r)[0]) for r in RATES}
            rows.append(
                {
                    "budget_m": budget,
                    "paid_m": float(future.paid_m[number]),
                    "worth_m": float(future.worth[number]),
                    "benefit_m": benefit,
                    **enpv,
                    "benefit_per_cost": benefit / cost if cost else np.nan,
                    "projects": self._names(number),
                    "entered": self._names(number & ~before),
                    "left": self._names(before & ~number),
                    **self._unused(number),
                }
            )
            before = number
        return pd.DataFrame(rows)

    def _rows(self) -> list[tuple[float, int]]:
        future = self.central
        if self.asked is not None:
            return [(budget, future.best(budget)) for budget in self.asked]
        return [(float(future.paid_m[n]), n) for n in future.steps().tolist()]

    def _unused(self, number: int) -> dict[str, float]:
        mine = [c for i, c in enumerate(self.candidates) if number >> i & 1]
        lines = self.central.rules.lines.values()
        return {f"unused_m {x.name}": x.amount_m - sum(c.paid_m for c in mine if c.line == x.name) for x in lines}

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
        prices = self.prices
        at = self.budget_m if budget is None else _amount(budget, prices)
        more = _amount(step, prices)
        future = self.central
        old, new = future.best(at), future.best(at + more)
        fine = np.flatnonzero(future.allowed(np.inf))
        mix = best_mix(future.paid_m[fine], future.worth[fine], at + more)
        gain = float(future.worth[new] - future.worth[old])
        bound = max(mix.value - float(future.worth[old]), gain)
        return Marginal(at, more, gain, bound, self._names(new & ~old), self._names(old & ~new))

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
        future = self.central
        allowed = future.allowed(np.inf)
        offers = value_of_offers(np.where(allowed, future.worth, 0.0), allowed)
        first, last, shapley = contributions(offers)
        chosen = self._often()
        shippers, carbon = future.value.freight(np.array([self._with_needs(i) for i in range(len(first))]), future.rate)
        rows = [
            {
                "project": c.name,
                "title": c.title,
                "cost_m": c.cost_m,
                "paid_m": c.paid_m,
                "line": c.line,
                "chosen_pct": 100 * chosen[i],
                "shippers_m": shippers[i],
                "carbon_m": carbon[i],
                "first_in_m": first[i],
                "last_in_m": last[i],
                "shapley_m": shapley[i],
                "per_cost": shapley[i] / c.paid_m if c.paid_m else np.inf if shapley[i] > 0 else 0.0,
                "opens": c.opens,
                "needs": ", ".join(c.requires),
            }
            for i, c in enumerate(self.candidates)
        ]
        table = pd.DataFrame(rows).set_index("project")
        mostly = table["chosen_pct"] >= _MOSTLY
        return (
            table.assign(mostly=mostly)
            .sort_values(["mostly", "per_cost", "chosen_pct"], ascending=False, kind="stable")
            .drop(columns="mostly")
        )

    def _with_needs(self, i: int) -> int:
        """Return the cheapest portfolio that was valued with a project and what it requires."""
        future = self.central
        fine = np.flatnonzero(future.allowed(np.inf) & (future.rules.numbers >> i & 1 == 1))
        return int(fine[np.argmin(future.paid_m[fine])]) if len(fine) else 0

    def _often(self) -> Any:
        """Return the share of futures and budgets in which each project is chosen."""
        levels = np.arange(1, _LEVELS + 1) / _LEVELS
        held = [f.best(level * f.rules.budget_m) for f in self.futures for level in levels]
        return bits(np.array(held), len(self.candidates)).mean(axis=0)

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
        number = np.array([self._number(self.chosen if projects is None else projects)])
        rows = {
            f.name: {
                "worth_m": float(f.worth[number[0]]),
                "benefit_m": float(f.value.benefit(number, f.rate)[0]),
                "enpv_m": float(f.value.enpv(number, f.rate)[0]),
                "best": self._names(f.best()),
            }
            for f in self.futures
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("future")

    def paying(self) -> pd.Series[int]:
        """Return in how many futures each project has a net present value above zero, with what it requires."""
        found = {}
        for i, c in enumerate(self.candidates):
            held = np.array([self._with_needs(i)])
            found[c.name] = sum(bool(f.value.enpv(held, f.rate)[0] > 0) for f in self.futures)
        return pd.Series(found, name="futures").rename_axis("project")

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
        limit = None if budget is None else _amount(budget, self.prices)
        tried = list(dict.fromkeys([0, *(f.best(limit) for f in self.futures)]))
        rows = {}
        for number in tried:
            cells = {
                f.name: float(f.worth[f.best(limit)] - f.worth[number]) if f.allowed(limit)[number] else np.nan
                for f in self.futures
            }
            known = list(cells.values())
            rows[" + ".join(self._names(number)) or "nothing"] = {
                **cells,
                "largest": np.inf if np.isnan(known).any() else max(known),
                "in": next((f for f, v in cells.items() if np.isnan(v)), max(cells, key=lambda f: cells[f])),
            }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("portfolio")
        return table.sort_values("largest", kind="stable")

    def schedule(self, budget: str | float | None = None) -> Timing:
        """Return when to start each project of the best portfolio, against what each line holds by then.

        Parameters
        ----------
        budget : str or float, optional
            Otherwise that of the scenario.
        """
        limit = None if budget is None else _amount(budget, self.prices)
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
        """Return costs and benefits of a portfolio by year; otherwise of the best for the budget."""
        number = self._number(self.chosen if projects is None else projects)
        return Streams(self.central.value.streams(number), self.currency, self.price_year)

    def surplus(self, projects: Sequence[str] | None = None) -> pd.Series[float]:
        """Return the present value of what shippers gain by a portfolio in each future, million."""
        number = np.array([self._number(self.chosen if projects is None else projects)])
        found = {f.name: float(f.value.freight(number, f.rate)[0][0]) for f in self.futures}
        return pd.Series(found, name="surplus_m").rename_axis("future")

    def tornado(self, projects: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the net present value of a portfolio at both ends of the range of each of its streams.

        Parameters
        ----------
        projects : sequence of str, optional
            Otherwise the best portfolio for the budget.

        Returns
        -------
        DataFrame by stream
            As of `corridors.tornado`; values are multiples of the stream.
        """
        return tornado_of(self, self.chosen if projects is None else projects)

    def switching(self, projects: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the multiple of each stream of a portfolio at which it just pays, see `corridors.switching_values`."""
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
        from html import escape

        html: str = self.order().round(1).to_html(escape=True)
        return f"<p>{escape(self.answer)}</p>{html}"

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
