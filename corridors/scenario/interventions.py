"""Interventions ready to be made: what each effect does to arcs, corridors and shippers, or why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from networks import DataError

from ..catalogue import Filters
from ..year_setting import Refusal, Shift
from .edits import CapacityEdit, Edit, teu_per_year
from .schema import Effect, Intervention
from .selecting import Selection, select
from .units import Change

__all__ = ["Made", "Ready", "make", "ready", "refusal"]

_COLUMNS = {"time": "hours", "wait": "hours", "cost": "tariff_usd_per_teu", "fee": "tariff_usd_per_teu"}
_OF_LINKS = ("time", "cost")
_SHIFTED: dict[str, Literal["tariff", "hours", "variance"]] = {
    "time": "hours",
    "wait": "hours",
    "cost": "tariff",
    "fee": "tariff",
}
_HOURS_A_DAY = 24
EACH_WAY = ">"  # in the name of a capacity of one direction


@dataclass(frozen=True, eq=False)
class Ready:
    """One effect at one selection.

    Attributes
    ----------
    name : str
        Path in the scenario: ``disruptions.russia-closed``.
    title : str
        What it is called in results.
    selection : Selection
        Where.
    effect : Effect
        What.
    affects : float
        Share of shipments, 0 to 1.
    """

    name: str
    title: str
    selection: Selection
    effect: Effect
    affects: float = 1.0


@dataclass(frozen=True, eq=False)
class Made:
    """What a `Ready` does in a year.

    Attributes
    ----------
    edits, capacities : tuple
        Of arcs.
    shifts : tuple of Shift
        Of routes of corridors.
    shut : frozenset of str
        Corridors.
    draughts : dict
        Place id to the change of depth, m.
    """

    edits: tuple[Edit, ...] = ()
    capacities: tuple[CapacityEdit, ...] = ()
    shifts: tuple[Shift, ...] = ()
    shut: frozenset[str] = frozenset()
    draughts: Mapping[str, float] | None = None


def ready(name: str, intervention: Intervention, filters: Filters) -> list[Ready]:
    """Return the effects of an intervention, one for each `where`; checked.

    Raises
    ------
    DataError
        An effect that cannot be had where it is asked for; all are listed.
    """
    found, problems = [], []
    title = intervention.title or name.split(".")[-1]
    affects = 1.0 if intervention.affects is None else intervention.affects.value
    for where in intervention.where:
        try:
            one = Ready(name, title, select(where, filters, name), intervention.effect, affects)
        except DataError as error:
            problems += error.problems
            continue
        problems += _problems(one, filters)
        found.append(one)
    if problems:
        raise DataError(problems)
    return found


def refusal(one: Ready) -> Refusal | None:
    """Return what shippers refuse by an effect, if any do."""
    effect, selection = one.effect, one.selection
    touched: Any = selection.corridors or selection.arcs
    if effect.bans is not None:
        return Refusal(one.affects, touched, effect.bans, selection.countries, selection.goods, selection.markets)
    some = bool(selection.goods or selection.markets)
    if effect.avoid is None and not (effect.use == "closed" and some):
        return None
    share = 1.0 if effect.avoid is None else effect.avoid.value
    return Refusal(share, touched, goods=selection.goods, markets=selection.markets)


def make(one: Ready, filters: Filters, year: int, *, part: float = 1.0, times: float = 0.0, days: float = 0.0) -> Made:
    """Return what an effect does to the network in a year.

    Parameters
    ----------
    one : Ready
        The effect.
    filters : Filters
        The network of the base year.
    year : int
        For what changes by year.
    part : float
        Share of the time that it holds, where it comes and goes faster than shippers turn round: additions and
        factors are then taken with their mean.
    times, days : float
        How often in a year, and for how long, something shuts that shippers wait for.

    Notes
    -----
    What happens to a share p of shipments is added as its mean p v and its variance p (1 - p) v^2. A closure of d
    days that comes n times a year makes who finds it shut wait d / 2 in the mean and d^2 / 3 in the mean square, so
    that all together wait f d / 2 with a variance of f d^2 / 3 less that squared, f = n d / 365; the queue that
    is left behind is not in it.
    """
    effect, selection = one.effect, one.selection
    share = one.affects * part
    if selection.corridors:
        return _corridor_made(one, filters, share, times, days)
    edits = list(_edits(one, filters, share))
    if effect.use is not None and not (selection.goods or selection.markets):
        if times:
            edits.append(_waited(one, times, days))
        else:
            value = np.inf if effect.use == "closed" else -np.inf
            edits.append(Edit("opens_year", selection.arcs, "set", value, one.name))
    capacities = tuple(_capacities(one, filters, part))
    return Made(tuple(edits), capacities, draughts=_draughts(one, year))


def _corridor_made(one: Ready, filters: Filters, share: float, times: float, days: float) -> Made:
    effect, corridors = one.effect, one.selection.corridors
    shifts = []
    for name, column in _SHIFTED.items():
        change: Change | None = getattr(effect, name)
        if change is None:
            continue
        value = _in_usd(change, filters)
        if change.kind == "factor":
            shifts.append(Shift(column, corridors, factor=1 + share * (value - 1)))
        else:
            shifts.append(Shift(column, corridors, more=share * value))
            if column == "hours" and share < 1:
                shifts.append(Shift("variance", corridors, more=share * (1 - share) * value**2))
    if effect.reliability is not None:
        shifts.append(Shift("variance", corridors, factor=effect.reliability.value**2))
    closed = effect.use == "closed" and not (one.selection.goods or one.selection.markets)
    if closed and times:
        mean, variance = _mean_wait(times, days)
        shifts += [Shift("hours", corridors, more=mean), Shift("variance", corridors, more=variance)]
    return Made(shifts=tuple(shifts), shut=corridors if closed and not times else frozenset())


def _edits(one: Ready, filters: Filters, share: float) -> Iterator[Edit]:
    """Return the edits of time, wait, cost, fee and reliability."""
    effect, selection = one.effect, one.selection
    line = (filters.network.arcs["kind"] == "link").to_numpy()
    once = np.zeros(len(line), dtype=bool) if selection.once is None else selection.once
    for name, column in _COLUMNS.items():
        change: Change | None = getattr(effect, name)
        if change is None:
            continue
        at = selection.arcs & (line if name in _OF_LINKS else ~line)
        value = _in_usd(change, filters)
        if change.kind == "factor":
            yield Edit(column, at, "factor", 1 + share * (value - 1), one.name)
        elif change.kind == "add":
            variance = share * (1 - share) * value**2 if column == "hours" else 0.0
            yield Edit(column, once, "add", share * value, one.name, variance)
        else:
            yield Edit(column, at, "set", value, one.name)
    if effect.reliability is not None:
        more = effect.reliability
        at = selection.arcs if more.kind == "factor" else once
        yield Edit("spread_h", at, more.kind, more.value, one.name)


def _in_usd(change: Change, filters: Filters) -> float:
    """Return the value of a change, money in USD."""
    return change.value * (filters.tables.parameter("usd_per_eur") if "EUR" in change.quantity.dimension else 1.0)


def _waited(one: Ready, times: float, days: float) -> Edit:
    """Return the mean wait, and its variance, at something that shuts often and shortly."""
    once = one.selection.once
    if once is None:
        raise DataError([f"{one.name}: shuts often and shortly; name the places, borders or links where it makes wait"])
    mean, variance = _mean_wait(times, days)
    return Edit("hours", once, "add", mean, one.name, variance)


def _mean_wait(times: float, days: float) -> tuple[float, float]:
    """Return mean and variance, h and h^2, of the wait by closures of some days so many times a year; see `make`."""
    share = times * days / 365
    mean = share * days / 2 * _HOURS_A_DAY
    return mean, max(share * (days * _HOURS_A_DAY) ** 2 / 3 - mean**2, 0.0)


def _capacities(one: Ready, filters: Filters, part: float) -> Iterator[CapacityEdit]:
    change = one.effect.capacity
    if change is None:
        return
    groups = one.selection.groups(filters)
    once = one.selection.once
    new = np.zeros(len(one.selection.arcs), dtype=bool) if once is None else once
    name = one.selection.title
    if change.kind == "factor":
        yield CapacityEdit(groups, new, name, "factor", 1 - part * (1 - change.value), "", one.name)
        return
    unit = "TEU/yr" if change.quantity.dimension == "TEU/time" else change.quantity.dimension
    value = teu_per_year(change.quantity, filters.tables)
    by_way = tuple(group for group in groups if EACH_WAY in group)
    both = tuple(group for group in groups if EACH_WAY not in group)
    if by_way:
        yield CapacityEdit(by_way, new, name, change.kind, value / 2, unit, one.name)
    if both or not groups:
        yield CapacityEdit(both, new, name, change.kind, value, unit, one.name)


def _draughts(one: Ready, year: int) -> Mapping[str, float] | None:
    change = one.effect.draught
    if change is None:
        return None
    metres = change.value
    if change.quantity.dimension == "length/time":
        metres = change.quantity.per_year * max(0, year - _DEPTHS_OF)
    return dict.fromkeys(one.selection.elements, metres)


_DEPTHS_OF = 2025  # the year whose depths stand in berths.csv


def _problems(one: Ready, filters: Filters) -> Iterator[str]:
    """Return what cannot be had where it is asked for."""
    effect, selection, name = one.effect, one.selection, one.name
    given = effect.given
    if selection.corridors:
        for key in sorted(given & {"capacity", "draught", "bans"}):
            yield f"{name}.effect.{key}: a corridor has none; name places, borders or links"
        if effect.use == "open":
            yield f"{name}.effect.use: a corridor cannot be opened; name its links"
    if (selection.goods or selection.markets) and given - {"avoid", "bans", "use"}:
        wrong = ", ".join(sorted(given - {"avoid", "bans", "use"}))
        yield f"{name}.where: goods and market go with avoid, bans and 'use: closed' only, not with {wrong}"
    if effect.bans and not selection.countries:
        yield f"{name}.where: bans are about countries; say which in 'country'"
    if effect.bans in ("origin", "destination") and selection.narrowed:
        yield f"{name}.where: a ban of {effect.bans} holds for whole countries; leave out what else is named"
    if one.affects < 1:
        for key in ("time", "wait", "cost", "fee"):
            change = getattr(effect, key)
            if change is not None and change.kind == "set":
                yield f"{name}.effect.{key}: {change.text!r} sets it for all; with 'affects' write a change"
    if one.affects < 1 and given & {"use", "capacity", "draught", "avoid"}:
        wrong = ", ".join(sorted(given & {"use", "capacity", "draught", "avoid"}))
        yield f"{name}.affects: {wrong} touches all who pass; use 'avoid' for a share of shippers"
    yield from _changes_that_do_not_fit(one, filters)


def _changes_that_do_not_fit(one: Ready, filters: Filters) -> Iterator[str]:
    effect, selection, name = one.effect, one.selection, one.name
    for key in ("time", "wait", "cost", "fee", "reliability"):
        change: Change | None = getattr(effect, key)
        if change is None or change.kind == "factor":
            continue
        where = f"{name}.effect.{key}: {change.text!r}"
        if selection.corridors:
            if change.kind == "set" or key == "reliability":
                yield f"{where} cannot be set for a corridor; write a change such as '+20 %'"
        elif change.kind == "add" and selection.once is None:
            yield f"{where} would be added again and again along a route; name places, borders or links, or a corridor"
        elif change.kind == "set" and (key == "reliability" or selection.once is None):
            yield f"{where} sets many figures at once; write a change, for example '+20 %'"
        elif change.kind == "set" and key in ("wait", "fee") and not _one_stop(selection, filters):
            yield f"{where} sets each of several stops in a row; write a change, for example '+24 h' or 'x 1.5'"
    if effect.reliability is not None and one.affects < 1:
        yield f"{name}.affects: reliability is one of all who pass"
    if effect.draught is not None and not _is_of_ports(selection, filters):
        yield f"{name}.effect.draught: is of ports; name them in 'place'"
    if effect.capacity is not None and not selection.corridors and not selection.groups(filters):
        if effect.capacity.kind != "set":
            yield (
                f"{name}.effect.capacity: no capacity is on record for {selection.title}; "
                "set one, for example '5 Mt/yr', or say 'avoid' or 'use: closed'"
            )
        elif selection.once is None:
            yield f"{name}.effect.capacity: {effect.capacity.text!r} is one of a place, border or link; name them"


def _one_stop(selection: Selection, filters: Filters) -> bool:
    arcs = filters.network.arcs
    return bool((arcs.loc[selection.arcs & (arcs["kind"] != "link").to_numpy(), "kind"] == "border").all())


def _is_of_ports(selection: Selection, filters: Filters) -> bool:
    places = filters.tables.places
    return bool(selection.elements) and all(
        e in places.index and places.at[e, "kind"] == "port" for e in selection.elements
    )
