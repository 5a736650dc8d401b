"""Present values of portfolios: what is modelled in some years becomes benefits and costs of a whole horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..appraisal_streams import residual
from .portfolios import Candidate, Numbers, Values, bits

__all__ = ["PresentValue"]


@dataclass(frozen=True, eq=False)
class PresentValue:
    """Streams of portfolios, and what they are worth in the year of decision.

    Attributes
    ----------
    candidates : sequence of Candidate
        Candidate i is in portfolio number p if bit i of p is set.
    modelled : sequence of int
        Years for which the worth of freight is known, ascending.
    surplus_m, co2e_kt : ndarray of float, shape (modelled years, portfolios)
        What shippers gain, million of the currency a year; and the change of emissions, kt CO2e a year.
    carbon_price : Series by year
        What a tonne of CO2e costs society beyond what shippers pay, in the currency.
    start : int
        Year of decision, to which all is discounted.
    years : int
        Of the horizon, the first is `start`.

    Notes
    -----
    Between modelled years all is taken along a straight line, before the first and after the last as there: growth
    stops with the last. What is not open yet in a year, or over, or lacks what it requires, is not in the portfolio of
    that year. Works are paid for as
    spent; upkeep from the opening on; what is left of a project's life at the end of the horizon is worth that share of
    its cost (European Commission 2014, Guide to Cost-Benefit Analysis, section 2.7.4, straight-line form). A project
    whose life ends within the horizon brings nothing after that.
    """

    candidates: Sequence[Candidate]
    modelled: Sequence[int]
    surplus_m: Values
    co2e_kt: Values
    carbon_price: pd.Series[float]
    start: int
    years: int

    @cached_property
    def calendar(self) -> npt.NDArray[np.int64]:
        """Years of the horizon."""
        return np.arange(self.start, self.start + self.years)

    @cached_property
    def _weights(self) -> Values:
        """Return the weight of each modelled year in each year, shape (years, modelled)."""
        columns = [np.interp(self.calendar, self.modelled, row) for row in np.eye(len(self.modelled))]
        return np.stack(columns, axis=1)

    @cached_property
    def _in_service(self) -> npt.NDArray[np.int64]:
        """Return the portfolio of all that is in service in each year."""
        found = np.zeros(self.years, dtype=np.int64)
        for i, on in enumerate(self._on):
            found |= on.astype(np.int64) << i
        return found

    @cached_property
    def _on(self) -> list[npt.NDArray[np.bool_]]:
        """Return in which years each project is in service: open, not over, and what it requires likewise."""
        place = {c.name: i for i, c in enumerate(self.candidates)}
        found = [(self.calendar >= c.opens) & (self.calendar < c.opens + c.life_years) for c in self.candidates]
        for _ in self.candidates:  # one more step of a chain of requirements each time
            for i, c in enumerate(self.candidates):
                for other in c.requires:
                    found[i] = found[i] & found[place[other]]
                if c.requires_any:
                    found[i] = found[i] & np.logical_or.reduce([found[place[other]] for other in c.requires_any])
        return found

    def _is_on(self, c: Candidate) -> npt.NDArray[np.bool_]:
        return self._on[[other.name for other in self.candidates].index(c.name)]

    def parts(self, numbers: Numbers) -> Numbers:
        """Return every portfolio that is in service in some year when these are chosen, ascending."""
        return np.unique(np.concatenate([numbers & on for on in np.unique(self._in_service)]))

    @cached_property
    def _price(self) -> Values:
        known = self.carbon_price.sort_index()
        return np.asarray(np.interp(self.calendar, known.index.to_numpy(dtype=float), known.to_numpy(dtype=float)))

    def freight(self, numbers: Numbers, rate: float) -> tuple[Values, Values]:
        """Return the present value of what shippers gain, and of the emissions saved, of each portfolio."""
        discount = (1 + rate) ** -np.arange(self.years)
        surplus, carbon = np.zeros(len(numbers)), np.zeros(len(numbers))
        for open_ in np.unique(self._in_service):
            mine = self._in_service == open_
            part = numbers & open_
            surplus += (discount[mine] @ self._weights[mine]) @ self.surplus_m[:, part]
            carbon -= ((discount * self._price)[mine] @ self._weights[mine]) @ self.co2e_kt[:, part] / 1e3
        return surplus, carbon

    def by_year(self, numbers: Numbers, rate: float, *, emissions: bool = True) -> Values:
        """Return what shippers gain (and emissions saved), discounted, if a portfolio were in service in every year.

        Returns
        -------
        ndarray of float, shape (years, portfolios)
            Million.
        """
        discount = (1 + rate) ** -np.arange(self.years)[:, None]
        gained = self._weights @ self.surplus_m[:, numbers]
        emitted = self._weights @ self.co2e_kt[:, numbers]
        found: Values = discount * (gained - (emitted * self._price[:, None] / 1e3 if emissions else 0.0))
        return found

    def benefit(self, numbers: Numbers, rate: float) -> Values:
        """Return the present value of all benefits of each portfolio, million."""
        surplus, carbon = self.freight(numbers, rate)
        return surplus + carbon + self._sum(numbers, [self._other(c) for c in self.candidates], rate)

    def upkeep(self, numbers: Numbers, rate: float) -> Values:
        """Return the present value of operation and maintenance of each portfolio, million."""
        return self._sum(numbers, [self._upkeep(c) for c in self.candidates], rate)

    def enpv(self, numbers: Numbers, rate: float) -> Values:
        """Return benefits and residual value less capital cost and upkeep, discounted, million."""
        costs = [self._residual(c) - self._capex(c) - self._upkeep(c) for c in self.candidates]
        return self.benefit(numbers, rate) + self._sum(numbers, costs, rate)

    def cost(self, numbers: Numbers, rate: float) -> Values:
        """Return the present value of capital cost and upkeep, million."""
        return self._sum(numbers, [self._capex(c) + self._upkeep(c) for c in self.candidates], rate)

    def _sum(self, numbers: Numbers, streams: Sequence[Values], rate: float) -> Values:
        discount = (1 + rate) ** -np.arange(self.years)
        alone = np.array([discount @ stream for stream in streams], dtype=float)
        found: Values = bits(numbers, len(self.candidates)) @ alone.reshape(len(self.candidates))
        return found

    def streams(self, number: int) -> pd.DataFrame:
        """Return the streams of a portfolio by year.

        Returns
        -------
        DataFrame by year
            ``capex``, ``o_and_m``, ``shippers_surplus``, ``carbon``, ``other_benefits``, ``residual``: million of the
            currency, costs and benefits both above zero.
        """
        part = number & self._in_service
        surplus = np.einsum("ty,yt->t", self._weights, self.surplus_m[:, part])
        kt = np.einsum("ty,yt->t", self._weights, self.co2e_kt[:, part])
        mine = [c for i, c in enumerate(self.candidates) if number >> i & 1]
        none = np.zeros(self.years)
        return pd.DataFrame(
            {
                "capex": sum((self._capex(c) for c in mine), none),
                "o_and_m": sum((self._upkeep(c) for c in mine), none),
                "shippers_surplus": surplus,
                "carbon": -kt * self._price / 1e3,
                "other_benefits": sum((self._other(c) for c in mine), none),
                "residual": sum((self._residual(c) for c in mine), none),
            },
            index=pd.Index(self.calendar, name="year"),
        )

    def _capex(self, c: Candidate) -> Values:
        found = np.zeros(self.years)
        spend = np.array(c.spend, dtype=float)[: self.years]
        found[: len(spend)] = c.cost_m * spend
        return found

    def _upkeep(self, c: Candidate) -> Values:
        return np.where(self._is_on(c), c.cost_m * c.upkeep, 0.0)

    def _other(self, c: Candidate) -> Values:
        return np.where(self._is_on(c), c.benefit_m, 0.0)

    def _residual(self, c: Candidate) -> Values:
        found = np.zeros(self.years)
        found[-1] = residual(self._capex(c).sum(), c.life_years, c.opens, self.start + self.years - 1)
        return found
