"""Projects to be chosen: from the scenario, the records and what is usual for their kind, or why they cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from networks import DataError, table_of
from networks.errors import nearest

from ..appraisal_streams import spend
from ..catalogue import Filters
from ..prices import Prices
from ..scenario.applying import Application
from ..scenario.interventions import ready
from ..scenario.money import countries_of, line_of, lines_of, shared
from ..scenario.projects import as_intervention, cost, effect_known, has_effect, project_records
from ..scenario.schema import Investments, Line, Project
from .portfolios import Candidate, MoneyLine, Rules
from .ties import tied

__all__ = ["Slate", "slate"]

_MOST = 12
_QUARTERS = ("spend_q1", "spend_q2", "spend_q3", "spend_q4")
_HOURS_A_YEAR = 8760.0
_SPREAD = 0.3  # of the overrun of works for which none is on record (judgement: that of roads)


class _Built(NamedTuple):
    """What is built anyway."""

    line: str
    paid_m: float
    countries: frozenset[str]


@dataclass(frozen=True)
class Slate:
    """What may be chosen, and what may not.

    Attributes
    ----------
    rules : Rules
        Candidates, lines and budget.
    outside : DataFrame
        ``project``, ``title``, ``cost_m`` (NaN: not on record), ``why``: what is on the list and cannot be chosen.
    start, years : int
        Year of decision, and years of the appraisal.
    """

    rules: Rules
    outside: pd.DataFrame
    start: int
    years: int


def slate(application: Application, prices: Prices) -> Slate:
    """Return the projects to be chosen, with the rules and the money for them.

    Parameters
    ----------
    application : Application
        The scenario.
    prices : Prices
        What brings money to the currency and the price year of the study.

    Raises
    ------
    DataError
        Nothing to choose from, too much, or figures that are missing; all is told at once.
    """
    return _Reader(application, prices).slate()


def _share(pct: Any, otherwise: float) -> float:
    return otherwise if pct is None or pd.isna(pct) else float(pct) / 100


class _Reader:
    """Reads the candidates of a scenario."""

    def __init__(self, application: Application, prices: Prices) -> None:
        self.application, self.prices = application, prices
        self.money: Investments = application.model.investments
        self.filters: Filters = application.filters
        self.folder: str | Path | None = application.folder
        base = int(self.filters.tables.parameter("base_year"))
        self.start = base + 1 if self.money.start is None else self.money.start
        horizon = self.money.horizon
        self.years = 30 if horizon is None else max(1, round(horizon.value / _HOURS_A_YEAR))

    @cached_property
    def records(self) -> pd.DataFrame:
        return project_records(self.folder)

    @cached_property
    def usual(self) -> pd.DataFrame:
        """What is usual for each kind of works."""
        return table_of("appraisal", self.folder).set_index("kind")

    def slate(self) -> Slate:
        asked = {n: p for n, p in self.money.projects.items() if p.decision == "choose"}
        if not asked:
            raise DataError(["investments.projects: nothing is to be chosen; write 'decision: choose' for some"])
        found, problems, outside = [], [], []
        for name, project in asked.items():
            try:
                why = self._outside(name, project)
                if why:
                    outside.append((name, self._title(name, project), self._cost(project), why))
                else:
                    found.append(self._candidate(name, project))
            except DataError as error:
                problems += error.problems
        if len(found) > _MOST:
            problems.append(
                f"investments.projects: {len(found)} are to be chosen from, at most {_MOST}; decide the others"
            )
        problems += self._shared()
        if problems:
            raise DataError(problems)
        candidates, lost = tied(found, self.money.projects, self.records)
        outside += [(c.name, c.title, c.cost_m, lost[c.name]) for c in found if c.name in lost]
        table = pd.DataFrame(outside, columns=["project", "title", "cost_m", "why"])
        if not candidates:
            raise DataError(
                ["investments.projects: none of those to be chosen can be", *(f"{t}: {w}" for _, t, _, w in outside)]
            )
        built = self._built()
        rules = Rules(candidates, self._lines(candidates, built), self._budget(candidates, built))
        return Slate(rules, table, self.start, self.years)

    def _record(self, project: Project) -> Mapping[str, Any]:
        if project.record is None or project.record not in self.records.index:
            return {}
        row: Mapping[str, Any] = self.records.loc[project.record].to_dict()
        return row

    def _title(self, name: str, project: Project) -> str:
        return project.title or str(self._record(project).get("title", name))

    @property
    def _overrun(self) -> float:
        """What is spent for one planned, at least a trace, as it divides."""
        return max(self.money.overrun.value, 1e-9)

    def _cost(self, project: Project) -> float:
        """Return the cost in million of the currency and price year of the study; NaN if none is on record."""
        paid = cost(project, self.records)
        return math.nan if paid is None else self.prices.million(*paid) * self.money.overrun.value

    def _outside(self, name: str, project: Project) -> str:
        """Return why a project cannot be chosen, or nothing."""
        return "; ".join(self._reasons(name, project))

    def _reasons(self, name: str, project: Project) -> Iterator[str]:
        known = project.benefit is not None or effect_known(project, self.records)
        if math.isnan(self._cost(project)):
            yield "no cost on record"
        if not known:
            yield "nothing on record says what it changes"
        if not self.money.packages or (project.package is None and self.money.budget is not None):
            return
        line = line_of(project, self.money, self.folder)
        if line is None:
            yield "no line of the packages pays for it"
            return
        there = self._countries(name, project) if known or self._record(project).get("countries") else frozenset()
        if line.eligible and not there <= self.filters.countries(line.eligible):
            yield f"lies in {', '.join(sorted(there))}; its line pays in {', '.join(line.eligible)}"

    def _countries(self, name: str, project: Project) -> frozenset[str]:
        if project.countries:
            return frozenset(self.filters.countries(project.countries))
        known = self._record(project).get("countries", ())
        if known:
            return frozenset(known)
        if not has_effect(project, self.records):
            return frozenset()
        path = f"investments.projects.{name}"
        made = as_intervention(path, project, self.records)
        return frozenset(countries_of(ready(path, made, self.filters), self.filters))

    def _candidate(self, name: str, project: Project) -> Candidate:
        row = self._record(project)
        kind = project.kind or row.get("kind")
        if kind is not None and kind not in self.usual.index:
            hint = nearest(str(kind), self.usual.index)
            raise DataError([f"investments.projects.{name}: no kind of works is called {kind!r}{hint}"])
        usual = self.usual.loc[kind] if kind is not None else pd.Series(dtype=object)
        amount = self._cost(project)
        lead = self._years(name, "lead_time", project.lead_time, row.get("lead_years"), usual.get("lead_years"))
        life = self._years(name, "life", project.life, row.get("life_years"), usual.get("life_years"))
        slip = self.money.slippage.value
        works = max(math.ceil(lead * slip - 1e-9), 0)
        opens = self.start + works
        if project.opens is not None:
            opens = project.opens + math.ceil(lead * (slip - 1) - 1e-9)
            if opens < self.start:
                raise DataError([f"investments.projects.{name}.opens: {opens} is before the decision in {self.start}"])
            works = min(works, opens - self.start)
        grades = list(self._grades(project, row, usual))
        return Candidate(
            name=name,
            title=self._title(name, project),
            cost_m=amount,
            paid_m=amount * self._paid(project),
            line="" if project.line is None else f"{project.package}.{project.line}",
            countries=self._countries(name, project),
            lead_years=lead * slip,
            life_years=life,
            opens=opens,
            upkeep=self._upkeep(name, project, usual),
            spend=(0.0,) * (opens - self.start - max(works, 1)) + self._spend(project, usual, works),
            benefit_m=0.0 if project.benefit is None else self._benefit(project),
            requires=tuple(project.requires or ()) + tuple(row.get("requires", ())),
            excludes=tuple(project.excludes or ()) + tuple(row.get("excludes", ())) + tuple(row.get("contains", ())),
            requires_any=tuple(row.get("requires_any", ())),
            overrun=max((1 + _share(usual.get("overrun_pct"), 0.0)) / self._overrun - 1, 0.0),
            overrun_spread=_share(usual.get("overrun_sd_pct"), _SPREAD),
            estimates=sum(grade == "EST" for grade in grades),
            figures=len(grades),
            note=project.note or "",
        )

    def _years(self, name: str, what: str, given: Any, known: Any, usual: Any) -> float:
        if given is not None:
            return float(given.value) / _HOURS_A_YEAR
        for value in (known, usual):
            if value is not None and not pd.isna(value):
                return float(value)
        raise DataError([f"investments.projects.{name}.{what}: none is on record; give it, or the kind of works"])

    def _upkeep(self, name: str, project: Project, usual: pd.Series[Any]) -> float:
        if project.upkeep is not None:
            return project.upkeep.per_year
        if "om_pct_per_year" in usual:
            return float(usual["om_pct_per_year"]) / 100
        raise DataError([f"investments.projects.{name}.upkeep: none is on record; give it, or the kind of works"])

    def _spend(self, project: Project, usual: pd.Series[Any], years: int) -> tuple[float, ...]:
        """Return the share of the cost in each year of works."""
        if project.spend is not None:
            whole = sum(part.value for part in project.spend)
            profile = [part.value / whole for part in project.spend]
        else:
            profile = [float(usual[q]) for q in _QUARTERS] if _QUARTERS[0] in usual else [1.0]
        return tuple(spend(1.0, 0, max(years, 1), profile).tolist())

    def _paid(self, project: Project) -> float:
        return 1.0 if project.pays is None else project.pays.value

    def _benefit(self, project: Project) -> float:
        assert project.benefit is not None
        return self.prices.million(
            project.benefit.per_year, project.benefit.dimension.split("/")[0], project.benefit.price_year
        )

    def _grades(self, project: Project, row: Mapping[str, Any], usual: pd.Series[Any]) -> Iterator[str]:
        """Return the grades of cost, lead time, life and upkeep; what the file says itself is an estimate."""
        yield "EST" if project.cost is not None else str(row.get("capex_grade", "EST"))
        for given, own, value, of_kind in (
            (project.lead_time, "lead_grade", "lead_years", "lead_grade"),
            (project.life, "life_grade", "life_years", "life_grade"),
            (project.upkeep, "", "", "om_grade"),
        ):
            known = row.get(value)
            if given is None and known is not None and not pd.isna(known):
                yield str(row[own])
            else:
                yield "EST" if given is not None else str(usual.get(of_kind, "EST"))

    def _built(self) -> list[_Built]:
        """Return what is built anyway and paid for by a line."""
        return [
            _Built(f"{p.package}.{p.line}", self._cost(p) * self._paid(p), self._countries(n, p))
            for n, p in self.money.projects.items()
            if p.decision == "build" and p.line is not None and not math.isnan(self._cost(p))
        ]

    def _lines(self, found: Sequence[Candidate], built: Sequence[_Built]) -> dict[str, MoneyLine]:
        lines = {}
        for package, money in self.money.packages.items():
            for name, line in lines_of(money, self.folder).items():
                key = f"{package}.{name}"
                if any(c.line == key for c in found):
                    lines[key] = self._line(key, line, [b for b in built if b.line == key])
        return lines

    def _line(self, key: str, line: Line, built: Sequence[_Built]) -> MoneyLine:
        amount = self.prices.million(line.amount.value, line.amount.dimension, line.amount.price_year)
        left = amount - sum(b.paid_m for b in built)
        if left < 0:
            told = f"holds {amount:,.0f} m, what is built takes {amount - left:,.0f}"
            raise DataError([f"investments.packages.{key.replace('.', '.lines.')}: {told}"])
        most = []
        for word, share in line.at_most.items():
            there = frozenset(self.filters.countries((word,)))
            taken = sum(b.paid_m for b in built if b.countries & there)
            if taken > share.value * amount:
                raise DataError(
                    [f"{key}: what is built in {word} takes {taken:,.0f} m, at most {share.value * amount:,.0f}"]
                )
            most.append((there, share.value * amount - taken))
        where = None if line.eligible is None else frozenset(self.filters.countries(line.eligible))
        return MoneyLine(key, left, line.years, tuple(most), where)

    def _budget(self, found: Sequence[Candidate], built: Sequence[_Built]) -> float:
        given = self.money.budget
        if given is not None:
            spent = sum(b.paid_m for b in built)
            amount = self.prices.million(given.value, given.dimension, given.price_year)
            if amount < spent:
                raise DataError([f"investments.budget: {given.text} is less than the {spent:,.0f} m of what is built"])
            return amount - spent
        if any(not c.line for c in found):
            raise DataError(["investments.budget: say how much may be spent, for example '3 bn EUR'"])
        return sum(line.amount_m for line in self._lines(found, built).values())

    def _shared(self) -> Iterator[str]:
        """Return packages that both may pay although they hold some of the same money."""
        paying = [p.package or "" for p in self.money.projects.values() if p.decision != "leave"]
        yield from shared(pd.DataFrame({"package": paying}), self.money.packages, self.folder)
