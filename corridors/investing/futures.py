"""One way the world may go: the worth of every portfolio in it, its rules and its money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from networks import DataError

from ..prices import Prices
from ..scenario.applying import Application
from ..scenario.choices import asked_choice
from .candidates import Slate, slate
from .memory import Memory
from .portfolios import Numbers, Rules, Values
from .present_value import PresentValue
from .steps import best, steps
from .worth import Worth

if TYPE_CHECKING:
    from ..scenario.loading import Scenario

__all__ = ["CENTRAL", "Future"]

CENTRAL = "as in the file"
_LEAST = 1e-3  # million, by which a dearer portfolio must be worth more: less is rounding of the equilibrium
_RATE = "discount_rate_ec_pct"


@dataclass(frozen=True, eq=False)
class Future:
    """A scenario with its portfolios valued.

    Attributes
    ----------
    name : str
        What differs from the scenario.
    slate : Slate
        Candidates, rules, what is outside.
    rate : float
        Discount rate, a year.
    objective : str
        What is made largest: ``benefit``, ``shippers`` (without emissions), ``running`` (less upkeep) or ``enpv``.
    value : PresentValue
        Streams of portfolios; NaN for those that were not valued.
    """

    name: str
    slate: Slate
    rate: float
    objective: str
    value: PresentValue

    @classmethod
    def of(
        cls,
        name: str,
        scenario: Scenario,
        folder: Any,
        memory: Memory,
        *,
        all_: bool,
        expected: Sequence[str] | None = None,
        step: Callable[[str], None],
    ) -> Future:
        """Value the portfolios of a scenario.

        Parameters
        ----------
        name : str
            What it is called.
        scenario : Scenario
            With projects to be chosen.
        folder : path or None
            Tables of your own.
        memory : Memory
            What was found before.
        all_ : bool
            Whether portfolios beyond the budget are valued too.
        expected : sequence of str, optional
            Candidates that there must be.
        step : callable
            Is told what is solved next.

        Raises
        ------
        DataError
            The scenario cannot be applied or valued.
        """
        application = Application.of(scenario.freight, folder)
        application.check()
        prices = Prices(application.filters.tables, scenario.freight.study.currency, folder)
        offered = slate(application, prices)
        rules = offered.rules
        if expected is not None and rules.names != expected:
            raise DataError([f"vary: in {name} other projects can be chosen than in the file"])
        numbers = rules.numbers
        wanted = numbers[rules.allowed(numbers, np.inf if all_ else None)]
        years = sorted(scenario.freight.study.years)
        paid = 0.0 if scenario.freight.choice.carbon_price is None else application.setting(years[0]).carbon_usd_per_t
        shape = (len(years), len(numbers))
        value = PresentValue(
            rules.candidates,
            years,
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            prices.carbon(paid),
            offered.start,
            offered.years,
        )
        needed = np.union1d(value.parts(wanted), wanted)
        choice = asked_choice(scenario.freight.choice)
        rate = 1e6 * prices.million(1.0, "USD")
        for i, year in enumerate(years):
            key = memory.key(scenario.freight, year, rules.names, folder)
            known = memory.known(key)
            missing = [n for n in needed.tolist() if n not in known]
            if missing:
                step(f"{name}, {year}")
                surplus, co2e = Worth(application, year, choice, rules.names, memory.pools).of(missing)
                memory.learn(key, dict(zip(missing, zip(surplus.tolist(), co2e.tolist(), strict=True), strict=True)))
            table = np.array([known[n] for n in needed.tolist()])
            value.surplus_m[i, needed], value.co2e_kt[i, needed] = table[:, 0] * rate, table[:, 1]
        given = scenario.freight.investments
        discount = application.filters.tables.parameter(_RATE) / 100
        if given.discount_rate is not None:
            discount = (
                given.discount_rate.per_year if "time" in given.discount_rate.dimension else given.discount_rate.value
            )
        return cls(name, offered, discount, given.objective, value)

    @property
    def rules(self) -> Rules:
        """What a portfolio may hold."""
        return self.slate.rules

    @cached_property
    def worth(self) -> Values:
        """What the choice makes largest, of each portfolio, million; NaN for those that were not valued."""
        numbers = self.rules.numbers
        if self.objective == "enpv":
            return self.value.enpv(numbers, self.rate)
        off = np.zeros(len(numbers))
        if self.objective == "shippers":
            off = self.value.freight(numbers, self.rate)[1]
        elif self.objective == "running":
            off = self.value.upkeep(numbers, self.rate)
        return self.value.benefit(numbers, self.rate) - off

    @cached_property
    def paid_m(self) -> Values:
        """What each portfolio takes of the budget, million."""
        return self.rules.paid_m(self.rules.numbers)

    def allowed(self, budget_m: float | None = None) -> npt.NDArray[np.bool_]:
        """Say which portfolios break no rule and were valued.

        Parameters
        ----------
        budget_m : float, optional
            Million; otherwise that of the scenario.

        Returns
        -------
        ndarray of bool, shape (portfolios,)
        """
        return self.rules.allowed(self.rules.numbers, budget_m) & np.isfinite(self.worth)

    def best(self, budget_m: float | None = None) -> int:
        """Return the number of the best portfolio for a budget, proved against every rule.

        Parameters
        ----------
        budget_m : float, optional
            Million; otherwise that of the scenario.
        """
        found = best(self.rules.numbers, self.paid_m, self.worth, self.allowed(budget_m), _LEAST)
        self.rules.prove(self.rules.names_of(found), budget_m)
        return found

    def steps(self) -> Numbers:
        """Return the portfolios that are best for some budget up to that of the scenario, cheapest first."""
        fine = np.flatnonzero(self.allowed())
        found = steps(self.rules.numbers[fine], self.paid_m[fine], self.worth[fine], _LEAST)
        for number in found.tolist():
            self.rules.prove(self.rules.names_of(number))
        return found
