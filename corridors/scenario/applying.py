"""A scenario applied: the setting of each year, and what a run by year cannot show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError, build, load_tables, table_of

from ..catalogue import Filters
from ..choice import load_choice
from ..freight import demand
from ..year_model import YearModel
from ..year_setting import Refusal, Setting, State
from .changed_inputs import changed_inputs
from .draught import lifted
from .edits import ArcsChange
from .happening import MOST_STATES, Item, items_of, shares_of
from .interventions import Made, Ready, make, ready, refusal
from .money import funding
from .projects import as_intervention, has_effect, opening_year, project_records
from .schema import ScenarioModel
from .units import Change
from .windows import days_on

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Application", "Short"]

_MOST_REFUSALS = 5  # each doubles the kinds of shippers
_MOST_ARCS = 500
_GROWTH_BASE = 2025


@dataclass(frozen=True, eq=False)
class Short:
    """Something that is over before shippers turn round, so that a run by year cannot show where they go.

    Attributes
    ----------
    name, title : str
        Path in the scenario, and what it is called.
    days : float
        How long at a stretch.
    times : float
        How often in a year; 0: once, on given days.
    ready : tuple of Ready
        What it does.
    """

    name: str
    title: str
    days: float
    times: float
    ready: tuple[Ready, ...]


@dataclass(frozen=True, eq=False)
class Application:
    """A scenario on a network.

    Attributes
    ----------
    model : ScenarioModel
        What is asked and what changes.
    filters : Filters
        The network of the base year.
    folder : path, optional
        Tables of your own.
    chosen : frozenset of str
        Projects to be chosen that are built, open in every year.

    Raises
    ------
    DataError
        From `check` and `setting`: what cannot be applied, all at once.
    """

    model: ScenarioModel
    filters: Filters
    folder: str | Path | None = None
    chosen: frozenset[str] = frozenset()
    _settings: dict[int, Setting] = field(default_factory=dict, repr=False)
    _demands: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, model: ScenarioModel, folder: str | Path | None = None) -> Application:
        """Apply a scenario to the toolkit's network, or to that of your own tables."""
        return cls(model, _toolkit() if folder is None else Filters(build(load_tables(folder))), folder)

    @cached_property
    def _turn_days(self) -> float:
        return self.filters.tables.parameter("queue_days")

    @cached_property
    def items(self) -> list[Item]:
        """All that is enabled."""
        return items_of(self.model, self.filters)

    def short(self, year: int | None = None) -> list[Short]:
        """Return what is over before shippers turn round; of a year, only what happens in it."""
        return [
            Short(i.name, i.ready[0].title, i.days, i.times, i.ready)
            for i in self.items
            if self._is_short(i) and (year is None or days_on(i.when, year).any())
        ]

    def _is_short(self, item: Item) -> bool:
        fading = item.lingering if item.times <= 1 else 0.0
        return max(item.days, fading) <= self._turn_days

    def idle(self) -> list[str]:
        """Return what is enabled or built and holds on no day of the years of the study, by name."""
        years = self.model.study.years
        found = [item.name for item in self.items if not any(days_on(item.when, year).any() for year in years)]
        found += [name for opens, name, _ in self._projects if opens > max(years)]
        return [name.split(".")[-1] for name in found]

    def touches(self) -> dict[str, dict[str, Any]]:
        """Return what each disruption and policy in force touches: arcs, corridors, capacities, links that have none.

        What touches very many arcs, as a country does, or freight of some goods or markets only, is left out.
        """
        years, found = self.model.study.years, {}
        for item in self.items:
            chosen = [one.selection for one in item.ready]
            arcs = sorted({int(a) for s in chosen for a in np.flatnonzero(s.arcs)})
            narrow = any(s.goods or s.markets for s in chosen)
            if narrow or len(arcs) > _MOST_ARCS or not any(days_on(item.when, year).any() for year in years):
                continue
            ready = () if self._is_short(item) else item.ready  # what is over soon limits no yearly flow
            limits = [(one.selection, one.effect.capacity) for one in ready if one.effect.capacity is not None]
            found[item.name] = {
                "title": item.ready[0].title,
                "arcs": arcs,
                "corridors": sorted({c for s in chosen for c in s.corridors}),
                "capacities": sorted({g for s, _ in limits for g in s.groups(self.filters)}),
                "unlimited": sorted({x for s, c in limits if c.kind != "set" for x in s.unlimited(self.filters)}),
            }
        return found

    def uncertain(self) -> bool:
        """Say whether something may or may not happen."""
        return any(0 < item.chance < 1 and not self._is_short(item) for item in self.items)

    @cached_property
    def _records(self) -> pd.DataFrame:
        return project_records(self.folder)

    @cached_property
    def money(self) -> pd.DataFrame:
        """What is built costs, and what pays for it; see `funding`."""
        effects = {name.split(".")[-1]: parts for _, name, parts in self._projects}
        return funding(self.model.investments, effects, self._records, self.filters, self.folder)

    @cached_property
    def _projects(self) -> list[tuple[float, str, tuple[Ready, ...]]]:
        """Return first year, path and effects of what is built."""
        records = self._records
        found, problems = [], []
        for key, project in self.model.investments.projects.items():
            name = f"investments.projects.{key}"
            if not (project.decision == "build" or key in self.chosen):
                continue
            try:
                if not has_effect(project, records):
                    continue
                made = as_intervention(name, project, records)
                opens = None if key in self.chosen else opening_year(project, records)
                if made.effect.avoid is not None or made.effect.bans is not None:
                    raise DataError([f"{name}.effect: a project has no avoid and no bans; write them as a policy"])
                found.append((-math.inf if opens is None else opens, name, tuple(ready(name, made, self.filters))))
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        return found

    def like(self, model: ScenarioModel) -> Application:
        """Return the application of another scenario of the same study and demand; what depends on them is shared."""
        found = replace(self, model=model, chosen=frozenset(), _settings={})
        found.__dict__["_records"] = self._records
        return found

    def with_(self, chosen: Iterable[str]) -> Application:
        """Return the same with these of the projects that are to be chosen; what does not depend on them is shared."""
        found = replace(self, chosen=frozenset(chosen), _settings={})
        for name in ("items", "_records"):
            found.__dict__[name] = getattr(self, name)
        return found

    def check(self) -> None:
        """Raise DataError if anything cannot be applied."""
        problems: list[str] = []
        for step in (lambda: self.items, lambda: self._projects, lambda: self.money, *self._yearly()):
            try:
                step()
            except DataError as error:
                problems += [p for p in error.problems if p not in problems]
        if problems:
            raise DataError(problems)

    def _yearly(self) -> list[Callable[[], object]]:
        return [lambda y=year: self.setting(y) for year in self.model.study.years]  # type: ignore[misc]

    def year_model(self, year: int) -> YearModel:
        """Return the shippers of a year, with the capacities on record as limits."""
        return YearModel(
            year,
            self.model.study.markets,
            inputs=self.inputs(year),
            capacities=True,
            setting=self.setting(year),
            filters=self.filters,
            folder=self.folder,
        )

    def setting(self, year: int) -> Setting:
        """Return what the scenario makes of a year."""
        if year not in self._settings:
            self._settings[year] = self._setting(year)
        return self._settings[year]

    def _setting(self, year: int) -> Setting:
        choice, study = self.model.choice, self.model.study
        rate = self.filters.tables.parameter("usd_per_eur")
        refusals, holders = self._refusals()
        carbon = choice.carbon_price
        penalty = choice.unmet_penalty
        default = self.filters.tables.parameter("unmet_penalty_usd_per_teu")
        return Setting(
            states=tuple(self._states(year, holders)),
            refusals=refusals,
            demand=self.demand(year),
            hour_factor=self._hours(rate),
            carbon_usd_per_t=0.0 if carbon is None else carbon.value * (rate if "EUR" in carbon.dimension else 1.0),
            planned=study.planned,
            unmet_usd_per_teu=default if penalty is None else _usd(penalty.value, penalty.dimension, rate),
        )

    def inputs(self, year: int) -> dict[str, float]:
        """Return the series of a year that the scenario changes, in their own units."""
        return changed_inputs(self.model.prices, year, self.folder)

    def demand(self, year: int) -> pd.DataFrame:
        """Return the demand of a year with the scenario's growth and scales."""
        if year not in self._demands:
            self._demands[year] = self._demand(year)
        return self._demands[year]

    def _demand(self, year: int) -> pd.DataFrame:
        study, given = self.model.study, self.model.demand
        own = [m for m in study.markets if m in given.growth and year > _GROWTH_BASE]
        rest = [m for m in study.markets if m not in own]
        parts = [demand(year, rest, growth=study.growth, folder=self.folder)] if rest else []
        parts += [demand(_GROWTH_BASE, own, folder=self.folder)] if own else []
        table = pd.concat(parts, ignore_index=True)
        factor = {m: (1 + given.growth[m].per_year) ** (year - _GROWTH_BASE) for m in own}
        factor = {m: factor.get(m, 1.0) * (given.scale[m].value if m in given.scale else 1.0) for m in study.markets}
        by = table["market"].map(factor)
        return table.assign(quantity=table["quantity"] * by, teu_per_year=table["teu_per_year"] * by)

    def _hours(self, rate: float) -> dict[str, float]:
        """Return what the value of time of each kind of goods is multiplied by."""
        if not self.model.choice.value_of_time:
            return {}
        goods = self.filters.tables.goods
        rates = table_of("shippers", self.folder).set_index("goods_id")["rate_pct_per_day"]
        found = {}
        for name, change in self.model.choice.value_of_time.items():
            if change.kind == "factor":
                found[name] = change.value
                continue
            fitted = load_choice(self.model.choice.parameters).time_factor
            now = float(goods.at[name, "value_usd_per_teu"] * rates[name]) / 2400 * fitted
            given = _usd(change.value, change.quantity.dimension, rate)
            found[name] = max(given + (now if change.kind == "add" else 0.0), 0.0) / now
        return found

    def _refusals(self) -> tuple[list[Refusal], dict[str, frozenset[int]]]:
        """Return what shippers refuse, and by whom it is asked for."""
        refusals: list[Refusal] = []
        holders: dict[str, set[int]] = {}
        for item in self.items:
            for one in item.ready:
                found = refusal(one)
                if found is not None and not self._is_short(item):
                    holders.setdefault(item.name, set()).add(len(refusals))
                    refusals.append(found)
        if len(refusals) > _MOST_REFUSALS:
            raise DataError([f"{len(refusals)} things are avoided or banned, at most {_MOST_REFUSALS}; disable some"])
        return refusals, {name: frozenset(numbers) for name, numbers in holders.items()}

    def _states(self, year: int, holders: Mapping[str, frozenset[int]]) -> Iterator[State]:
        """Return the parts of a year by what holds in them."""
        always = self._always(year)
        by_name = {item.name: item for item in self.items}
        shares = shares_of([item for item in self.items if not self._is_short(item)], year)
        if len(shares) > MOST_STATES:
            raise DataError(
                [f"{len(shares)} combinations of what may hold in {year}, at most {MOST_STATES}; disable some"]
            )
        for names, share in shares.items():
            mine = [by_name[name] for name in names]
            made = [*always, *(make(one, self.filters, year) for item in mine for one in item.ready)]
            yield self._state(share, made, names, holders)

    def state_with(self, names: Iterable[str], year: int) -> State:
        """Return what a year is like while some of `items` hold, by name, as if it lasted all year."""
        wanted = set(names)
        mine = [item for item in self.items if item.name in wanted]
        made = [*self._always(year), *(make(one, self.filters, year) for item in mine for one in item.ready)]
        return self._state(1.0, made, tuple(item.name for item in mine), self._refusals()[1])

    def _always(self, year: int) -> list[Made]:
        """Return what holds all year: what is built, and what comes and goes faster than shippers turn round."""
        made = [make(one, self.filters, year) for opens, _, parts in self._projects if opens <= year for one in parts]
        for item in self.items:
            if self._is_short(item) and item.times and days_on(item.when, year).any():
                _refuse_without_mean(item)
                part = min(item.times * item.days / 365, 1.0)
                made += [
                    make(one, self.filters, year, part=part, times=item.times, days=item.days) for one in item.ready
                ]
        return made

    def _state(
        self, share: float, made: Sequence[Made], names: tuple[str, ...], holders: Mapping[str, frozenset[int]]
    ) -> State:
        edits = [edit for m in made for edit in m.edits]
        capacities = [edit for m in made for edit in m.capacities]
        tariffs, rooms = lifted([m.draughts or {} for m in made], self.filters.network.arcs, self.folder)
        edits += tariffs
        capacities += rooms
        change = ArcsChange(tuple(edits), tuple(capacities)) if edits or capacities else None
        return State(
            share,
            shut=tuple(sorted(frozenset().union(*(m.shut for m in made)))),
            change=change,
            shifts=tuple(shift for m in made for shift in m.shifts),
            refused=frozenset().union(*(holders.get(name, frozenset()) for name in names)),
            name=" + ".join(name.split(".")[-1] for name in names),
        )


@cache
def _toolkit() -> Filters:
    """Return the toolkit's network, which nothing changes."""
    return Filters(build(load_tables()))


def _refuse_without_mean(item: Item) -> None:
    """Raise DataError for an effect that comes and goes and has no mean over the year."""
    for one in item.ready:
        for key in sorted(one.effect.given):
            value = getattr(one.effect, key)
            if (
                key in ("draught", "reliability")
                or value == "open"
                or (isinstance(value, Change) and value.kind == "set")
            ):
                why = "comes and goes faster than shippers turn round; write a change, '+24 h'"
                raise DataError([f"{item.name}.effect.{key}: {why}"])


def _usd(value: float, dimension: str, rate: float) -> float:
    return value * rate if dimension.startswith("EUR") else value
