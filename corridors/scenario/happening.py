"""What may happen in a scenario: each intervention with its days and its chance, and what holds at the same time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from networks import DataError

from ..catalogue import Filters
from .interventions import Ready, ready
from .schema import Intervention, ScenarioModel, When
from .windows import days_on, lasts_days, lingering_days, runs_of_months

__all__ = ["MOST_STATES", "Item", "items_of", "shares_of"]

MOST_STATES = 32


@dataclass(frozen=True, eq=False)
class Item:
    """An intervention with its days and its chance.

    Attributes
    ----------
    name : str
        Path in the scenario.
    intervention : Intervention
        As it is written.
    ready : tuple of Ready
        What it does.
    when : When
        Days on which it may hold.
    chance : float
        That it happens, given its days.
    times : float
        How often a year, of what comes and goes; 0: no such thing.
    lingering : float
        Days for which it fades.
    draw : str
        What decides whether it happens: its own name, or that of whom it goes together with.
    """

    name: str
    intervention: Intervention
    ready: tuple[Ready, ...]
    when: When
    chance: float
    times: float
    lingering: float
    draw: str

    @property
    def days(self) -> float:
        """How long it lasts at a stretch."""
        return lasts_days(self.when)


def items_of(model: ScenarioModel, filters: Filters) -> list[Item]:
    """Return all disruptions and policies of a scenario that are enabled; DataError for what is wrong, all at once."""
    found, problems = [], []
    named = {**_named("disruptions", model.disruptions), **_named("policy", model.policy)}
    for name, intervention in named.items():
        try:
            if intervention.enabled and named[_leader(name, intervention, named)].enabled:
                found.append(_item(name, intervention, named, filters))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return found


def _item(name: str, intervention: Intervention, named: Mapping[str, Intervention], filters: Filters) -> Item:
    draw = _leader(name, intervention, named)
    leader = named[draw]
    chance, times = _chance(leader)
    over = 0.0 if intervention.recover_over is None else intervention.recover_over.days
    lingering = lingering_days(intervention.recovery, over)
    if times > 1:
        lingering += (times - 1) * lasts_days(leader.when)
    parts = tuple(ready(name, intervention, filters))
    return Item(name, intervention, parts, leader.when, chance, times, lingering, draw)


def _named(section: str, entries: Mapping[str, Intervention]) -> dict[str, Intervention]:
    return {f"{section}.{name}": entry for name, entry in entries.items()}


def _leader(name: str, intervention: Intervention, named: Mapping[str, Intervention]) -> str:
    """Return the path of the intervention whose days and chance hold."""
    seen = [name]
    while intervention.together_with is not None:
        other = next((n for n in named if n.split(".", 1)[1] == intervention.together_with), None)
        if other is None or other in seen:
            why = "there is none" if other is None else "they name each other"
            raise DataError([f"{name}.together_with: {intervention.together_with!r}: {why}"])
        seen.append(other)
        intervention = named[other]
    return seen[-1]


def _chance(intervention: Intervention) -> tuple[float, float]:
    """Return the chance that it happens on its days, and how often a year it comes, zero if it does not come back."""
    chance = intervention.probability
    if chance is None:
        months = intervention.when.months
        return 1.0, float(runs_of_months(months)) if months is not None and intervention.when.from_ is None else 0.0
    if chance.dimension == "share":
        return chance.value, 0.0
    return min(chance.per_year, 1.0), chance.per_year


def shares_of(long: Sequence[Item], year: int) -> dict[tuple[str, ...], float]:
    """Return the share of a year of each set of what holds, by name in the order of the file."""
    on = [days_on(item.when, year, item.lingering) for item in long]
    count = len(on[0]) if on else 1
    days = np.stack(on) if on else np.zeros((0, 1), dtype=bool)
    found: dict[tuple[str, ...], float] = {}
    patterns, times = np.unique(days, axis=1, return_counts=True) if on else (days, np.array([1]))
    for pattern, length in zip(patterns.T, times, strict=True):
        held = [item for item, holds in zip(long, pattern, strict=True) if holds]
        for names, share in _chances(held):
            found[names] = found.get(names, 0.0) + share * float(length) / count
    return {names: share for names, share in found.items() if share > 0}


def _chances(held: Sequence[Item]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Return which of those that may hold do, and the chance of that; those that go together do it together."""
    draws: dict[Any, float] = {}
    for item in held:
        draws[item.draw] = item.chance
    open_ = sum(0 < chance < 1 for chance in draws.values())
    if 2**open_ > MOST_STATES:
        raise DataError([f"{open_} things that may or may not happen at a time, at most 5; disable some"])
    for pick in itertools.product((True, False), repeat=len(draws)):
        holds = dict(zip(draws, pick, strict=True))
        share = math.prod(c if on else 1 - c for c, on in zip(draws.values(), pick, strict=True))
        if share > 0:
            yield tuple(item.name for item in held if holds[item.draw]), share
