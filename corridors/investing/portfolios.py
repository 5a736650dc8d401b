"""Portfolios by number: which are allowed, what they cost, and the proof that a chosen one breaks no rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Candidate", "MoneyLine", "Rules", "bits"]

Numbers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
_ROUNDING = 1e-9


class MoneyLine(NamedTuple):
    """A line of a package.

    Attributes
    ----------
    name : str
        ``package.line``.
    amount_m : float
        Million, after what is built anyway.
    years : (int, int) or None
        First and last year in which it is paid out, as much in each; None: all at once.
    at_most : tuple of (frozenset of str, float)
        Countries, and the million that what lies in any of them may take.
    eligible : frozenset of str or None
        Countries in which it pays; None: in all.
    """

    name: str
    amount_m: float
    years: tuple[int, int] | None = None
    at_most: tuple[tuple[frozenset[str], float], ...] = ()
    eligible: frozenset[str] | None = None


@dataclass(frozen=True)
class Candidate:
    """A project that may be built.

    Attributes
    ----------
    name, title : str
        In the scenario, and in results.
    cost_m : float
        Million of the currency of the study, whoever pays.
    paid_m : float
        What of it the line, or the budget, pays.
    line : str
        Name of the line; empty: none.
    countries : frozenset of str
        Where it lies.
    lead_years, life_years : float
        From decision to opening; in service.
    opens : int
        First year in service.
    upkeep : float
        Of the cost, a year.
    spend : tuple of float
        Share of the cost in each year from the decision on.
    benefit_m : float
        Million a year beyond the freight modelled.
    requires, excludes : tuple of str
        Names of other candidates: all that it needs, and those that it is an alternative to.
    requires_any : tuple of str
        Candidates of which it needs one at least; empty: none.
    overrun, overrun_spread : float
        Mean of what works of its kind cost beyond plan, and the standard deviation, as shares of the plan.
    estimates, figures : int
        How many figures behind it are estimates, and how many there are.
    note : str
        What a reader should know.
    """

    name: str
    title: str
    cost_m: float
    paid_m: float
    line: str
    countries: frozenset[str]
    lead_years: float
    life_years: float
    opens: int
    upkeep: float
    spend: tuple[float, ...]
    benefit_m: float = 0.0
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    requires_any: tuple[str, ...] = ()
    overrun: float = 0.0
    overrun_spread: float = 0.0
    estimates: int = 0
    figures: int = 0
    note: str = ""


@dataclass(frozen=True)
class Rules:
    """What a portfolio may hold.

    Attributes
    ----------
    candidates : sequence of Candidate
        Candidate i is in portfolio number p if bit i of p is set.
    lines : mapping of str to MoneyLine
        By name.
    budget_m : float
        Million that may be spent in all; inf: what the lines hold.
    """

    candidates: Sequence[Candidate]
    lines: Mapping[str, MoneyLine] = field(default_factory=dict)
    budget_m: float = np.inf

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the candidates."""
        return tuple(c.name for c in self.candidates)

    @property
    def numbers(self) -> Numbers:
        """Every portfolio, nothing first."""
        return np.arange(2 ** len(self.candidates), dtype=np.int64)

    def paid_m(self, numbers: Numbers) -> Values:
        """Return what each portfolio takes of the budget.

        Parameters
        ----------
        numbers : ndarray of int, shape (portfolios,)
            Portfolios: bit i is candidate i.

        Returns
        -------
        ndarray of float, shape (portfolios,)
            Million.
        """
        found: Values = bits(numbers, len(self.candidates)) @ np.array([c.paid_m for c in self.candidates], dtype=float)
        return found

    def allowed(self, numbers: Numbers, budget_m: float | None = None) -> npt.NDArray[np.bool_]:
        """Say which portfolios break no rule.

        Parameters
        ----------
        numbers : ndarray of int, shape (portfolios,)
            As of `paid_m`.
        budget_m : float, optional
            Million, instead of the budget.

        Returns
        -------
        ndarray of bool, shape (portfolios,)
        """
        inside = bits(numbers, len(self.candidates)).astype(bool)
        limit = self.budget_m if budget_m is None else budget_m
        fine = self.paid_m(numbers) <= limit + _slack(limit)
        place = {name: i for i, name in enumerate(self.names)}
        for i, candidate in enumerate(self.candidates):
            for other in candidate.requires:
                fine &= ~inside[:, i] | inside[:, place[other]]
            if candidate.requires_any:
                fine &= ~inside[:, i] | inside[:, [place[other] for other in candidate.requires_any]].any(axis=1)
            for other in candidate.excludes:
                fine &= ~(inside[:, i] & inside[:, place[other]])
        for line in self.lines.values():
            fine &= self._taken(inside, line, None) <= line.amount_m + _slack(line.amount_m)
            fine &= ~inside[:, [not _eligible(c, line) for c in self.candidates]].any(axis=1)
            for countries, most in line.at_most:
                fine &= self._taken(inside, line, countries) <= most + _slack(most)
        return fine

    def _taken(self, inside: npt.NDArray[np.bool_], line: MoneyLine, countries: frozenset[str] | None) -> Values:
        """Return what each portfolio takes of a line, in some countries."""
        mine = [
            c.paid_m if c.line == line.name and (countries is None or c.countries & countries) else 0.0
            for c in self.candidates
        ]
        found: Values = inside.astype(float) @ np.array(mine, dtype=float)
        return found

    def names_of(self, number: int) -> tuple[str, ...]:
        """Return the projects of a portfolio.

        Parameters
        ----------
        number : int
            As of `paid_m`.
        """
        return tuple(name for i, name in enumerate(self.names) if number >> i & 1)

    def prove(self, names: Sequence[str], budget_m: float | None = None) -> None:
        """Check a portfolio rule by rule, independently of `allowed`.

        Parameters
        ----------
        names : sequence of str
            Its projects.
        budget_m : float, optional
            Million, instead of the budget.

        Raises
        ------
        AssertionError
            The rule that is broken: a fault of this library.
        """
        known = {c.name: c for c in self.candidates}
        built = [known[name] for name in names]
        limit = self.budget_m if budget_m is None else budget_m
        spent = sum(c.paid_m for c in built)
        if spent > limit + _slack(limit):
            raise AssertionError(f"{spent:g} m is spent of a budget of {limit:g} m")
        for one in built:
            missing = [r for r in one.requires if r not in names]
            if one.requires_any and not set(one.requires_any) & set(names):
                missing += ["one of", *one.requires_any]
            beside = [e for e in one.excludes if e in names]
            if missing or beside:
                raise AssertionError(f"{one.name} is built without {missing} and beside {beside}")
        for line in self.lines.values():
            paid = [c for c in built if c.line == line.name]
            if sum(c.paid_m for c in paid) > line.amount_m + _slack(line.amount_m):
                raise AssertionError(f"{line.name} pays {sum(c.paid_m for c in paid):g} of {line.amount_m:g} m")
            abroad = [c.name for c in paid if line.eligible is not None and c.countries - line.eligible]
            if abroad:
                raise AssertionError(f"{line.name} pays for {', '.join(abroad)}, which lies in other countries")
            for countries, most in line.at_most:
                there = sum(c.paid_m for c in paid if c.countries & countries)
                if there > most + _slack(most):
                    raise AssertionError(f"{line.name} pays {there:g} m in {sorted(countries)}, at most {most:g}")


def _eligible(candidate: Candidate, line: MoneyLine) -> bool:
    return candidate.line != line.name or line.eligible is None or candidate.countries <= line.eligible


def bits(numbers: Numbers, count: int) -> Values:
    """Return which of `count` candidates each portfolio holds, shape (portfolios, candidates)."""
    return (np.asarray(numbers)[:, None] >> np.arange(count) & 1).astype(float)


def _slack(limit: float) -> float:
    return _ROUNDING * max(1.0, abs(limit)) if np.isfinite(limit) else 0.0
