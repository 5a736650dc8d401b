"""A scenario of gas applied to a year: its words become changes of the network, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from networks import DataError, read_table

from ..gas.case import GasCase, gas_case
from ..gas.edits import FloatArray, GasBan, GasEdit, GasFigure
from ..gas.energy import gcv
from ..gas.season import days_of
from ..gas.supply_tables import series_prices
from .gas_schema import GasEffect, GasIntervention, GasProject, GasScenarioModel, GasWhere
from .readings import When
from .selecting import border_countries
from .units import Change
from .vocabulary import Vocabulary, vocabulary
from .windows import fading

__all__ = ["GasApplied", "apply_gas", "projects_built"]

_M3_KWH_PER_GWH = 1e6
_MWH_PER_GWH = 1e3
_FACTOR: Literal["factor"] = "factor"


@dataclass(frozen=True, eq=False)
class GasApplied:
    """What `corridors.run_gas_case` takes."""

    case: GasCase
    edits: tuple[GasEdit, ...]
    bans: tuple[GasBan, ...]


@dataclass(frozen=True, eq=False)
class _One:
    """One intervention or project, with the days on which it holds."""

    path: str
    title: str
    effect: GasEffect
    strength: FloatArray
    surprise: bool


def apply_gas(model: GasScenarioModel, year: int, folder: str | Path | None = None) -> GasApplied:
    """Return the network of a year and what a scenario changes in it.

    Parameters
    ----------
    model : GasScenarioModel
    year : int
    folder : path, optional
        Tables of your own.

    Raises
    ------
    DataError
        Something cannot be applied; all is told at once.
    """
    growth = {country: rate.per_year for country, rate in model.demand.growth.items()}
    case = gas_case(year, model.study.step, folder=folder, growth=growth, prices=_prices(model, year, folder))
    records = [p.record for p in projects_built(model, year).values() if p.record is not None]
    case = case.built(records) if records else case
    words = _Words(case, vocabulary(folder))
    always = np.ones(len(days_of(year)))
    edits = [
        GasEdit(f"demand.scale.{country}", f"Demand of {country}", "demand", (country,), _FACTOR, change.value, always)
        for country, change in model.demand.scale.items()
    ]
    bans: list[GasBan] = []
    problems: list[str] = []
    for one, wheres in _parts(model, year):
        for where in wheres:
            found, banned, wrong = words.edits(one, where)
            edits += found
            bans += banned
            problems += wrong
    if problems:
        raise DataError(list(dict.fromkeys(problems)))
    return GasApplied(case, tuple(edits), tuple(bans))


def projects_built(model: GasScenarioModel, year: int) -> dict[str, GasProject]:
    """Return the projects that are in service in a year, by name."""
    opens = read_table("projects").set_index("project_id")["commission_year"]
    first = min(model.study.years)
    found = {}
    for name, project in model.investments.projects.items():
        known = opens.get(project.record) if project.record else None
        starts = project.opens or (int(known) if known is not None and pd.notna(known) else first)
        if project.decision == "build" and starts <= year:
            found[name] = project
    return found


def _prices(model: GasScenarioModel, year: int, folder: str | Path | None) -> dict[str, float]:
    from networks import load_gas_tables

    if not model.prices:
        return {}
    tables = load_gas_tables(folder)
    rate = tables.parameter("usd_per_eur")
    usual = series_prices(tables, year, rate)
    return {series: _changed(float(usual[series]), change, rate) for series, change in model.prices.items()}


def _changed(value: float, change: Change, usd_per_eur: float) -> float:
    if change.kind == "factor":
        return value * change.value
    amount = _usd(change, usd_per_eur)
    return max(value + amount, 0.0) if change.kind == "add" else amount


def _usd(change: Change, usd_per_eur: float) -> float:
    return change.value * (usd_per_eur if change.quantity.dimension.startswith("EUR") else 1.0)


def _parts(model: GasScenarioModel, year: int) -> Iterator[tuple[_One, tuple[GasWhere, ...]]]:
    """Yield what holds on some day of the year, projects first."""
    for name, project in projects_built(model, year).items():
        if project.where is not None and project.effect is not None:
            path = f"investments.projects.{name}"
            always = np.ones(len(days_of(year)))
            yield _One(path, project.title or name, project.effect, always, False), project.where
    for section in ("policy", "disruptions"):
        entries: dict[str, GasIntervention] = getattr(model, section)
        for name, entry in entries.items():
            over = entry.recover_over.days if entry.recover_over is not None else 0.0
            strength = fading(entry.when, year, entry.recovery, over)
            if not entry.enabled or not strength.any():
                continue
            known = entry.known if entry.known is not None else section == "policy"
            surprise = not known and _begins_in(entry.when, strength, year)
            yield _One(f"{section}.{name}", entry.title or name, entry.effect, strength, surprise), entry.where


def _begins_in(when: When, strength: FloatArray, year: int) -> bool:
    """Say whether something begins within a year; what has begun before, or always holds, is known at its start."""
    begins = when.from_ is not None and when.from_.startswith(str(year))
    return begins or when.months is not None or bool(strength[0] == 0)


class _Words:
    """Reads where and effect against the network of a year."""

    def __init__(self, case: GasCase, known: Vocabulary) -> None:
        self.case = case
        self.rate = case.tables.parameter("usd_per_eur")
        self.countries = {word.casefold(): members for word, members in known.countries.items()}
        places = case.tables.places
        self.places = {**{name: place for place, name in places["name"].items()}, **{p: p for p in places.index}}

    def edits(self, one: _One, where: GasWhere) -> tuple[list[GasEdit], list[GasBan], list[str]]:
        """Return the edits and bans of one effect at one place, and what is wrong."""
        edits: list[GasEdit] = []
        bans: list[GasBan] = []
        problems: list[str] = []
        for key in type(one.effect).model_fields:
            value = getattr(one.effect, key)
            if value is None or key in ("note", "source"):
                continue
            try:
                if key == "refused_by":
                    bans.append(self._ban(one, where, value))
                else:
                    edits += getattr(self, f"_{key}")(one, where, value)
            except DataError as error:
                problems += [f"{one.path}.effect.{key}: {problem}" for problem in error.problems]
        return edits, bans, problems

    # -- effects -------------------------------------------------------------------------------------

    def _use(self, one: _One, where: GasWhere, value: str) -> list[GasEdit]:
        if value == "closed":
            return [_edit(one, figure, rows, _FACTOR, 0.0) for figure, rows in self._rooms(where)]
        if where.kind != "pipe":
            raise DataError(["only pipes can be opened; give a source or storage a 'capacity'"])
        found = []
        for pipe in self._pipes(where):
            for figure, column in (("pipe", "capacity"), ("reverse", "reverse_capacity")):
                room = float(self.case.pipes.at[pipe, column])
                if room > 0:
                    found.append(_edit(one, figure, (pipe,), "set", room))  # type: ignore[arg-type]
        return found

    def _capacity(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        rooms = self._rooms(where)
        if change.kind == "factor":
            return [_edit(one, figure, rows, _FACTOR, change.value) for figure, rows in rooms]
        if where.kind == "source":
            return self._of_sources(one, rooms[0][1], change)
        figure, rows = rooms[0]
        kwh = self.case.pipes["kwh_per_m3"] if figure == "pipe" else self._storage_kwh()
        return [_edit(one, figure, (row,), change.kind, _gwh_per_day(change, float(kwh[row]))) for row in rows]

    def _of_sources(self, one: _One, rows: Sequence[str], change: Change) -> list[GasEdit]:
        """Return edits of sources; the stages of a terminal share what is set or added as they share its send-out."""
        supplies, found = self.case.supplies, []
        for _, mine in supplies.loc[list(rows)].groupby(supplies["node"] + supplies["carrier"], sort=False):
            total = float(mine["capacity"].sum())
            amount = _gwh_per_day(change, self._supply_kwh(str(mine.index[0])))
            if len(mine) == 1:
                found.append(_edit(one, "supply", (str(mine.index[0]),), change.kind, amount))
                continue
            wanted = max(total + amount, 0.0) if change.kind == "add" else amount
            if total <= 0:
                raise DataError([f"{mine.index[0]} gives nothing in {self.case.year}: nothing can be added to it"])
            found.append(_edit(one, "supply", tuple(mine.index), _FACTOR, wanted / total))
        return found

    def _cost(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        if where.kind != "pipe":
            raise DataError(["is of pipes; for what a source asks write 'price'"])
        value = change.value if change.kind == "factor" else _usd(change, self.rate)
        return [_edit(one, "tariff", self._pipes(where), change.kind, value)]

    def _price(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        value = change.value if change.kind == "factor" else _usd(change, self.rate)
        return [_edit(one, "price", self._sources(where), change.kind, value)]

    def _demand(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        if where.given != {"country"}:
            raise DataError(["is of countries: name them in 'country', and nothing else"])
        here = set(self.case.demands["country"])
        rows = tuple(sorted(self._members(where.country or ()) & here))
        if not rows:
            raise DataError([f"no demand for gas is on record in {', '.join(where.country or ())}"])
        value = change.value if change.kind == "factor" else change.quantity.per_day / _MWH_PER_GWH
        return [_edit(one, "demand", rows, change.kind, value)]

    def _time(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        rows = [s for s in self._sources(where) if self.case.supplies.at[s, "carrier"] == "lng"]
        if not rows:
            raise DataError(["is the lead of LNG; name terminals, or 'carrier: lng'"])
        value = change.value if change.kind == "factor" else change.quantity.days
        return [_edit(one, "lead", tuple(rows), change.kind, value)]

    def _working(self, one: _One, where: GasWhere, change: Change) -> list[GasEdit]:
        value = change.value if change.kind == "factor" else change.value / _MWH_PER_GWH
        return [_edit(one, "working", self._storages(where), change.kind, value)]

    def _ban(self, one: _One, where: GasWhere, words: Sequence[str]) -> GasBan:
        by = self._members(words) & set(self.case.nodes["group"])
        rows = tuple(s for s in self._sources(where) if self.case.supplies.at[s, "carrier"] != "lng")
        if not rows:
            raise DataError(["no pipeline gas is meant; LNG has no seller on record"])
        return GasBan(one.path, one.title, rows, frozenset(by), (one.strength > 0).astype(float))

    # -- where ---------------------------------------------------------------------------------------

    def _rooms(self, where: GasWhere) -> list[tuple[GasFigure, tuple[str, ...]]]:
        """Return the capacities that are meant: both ways of pipes, sources, or storages out and in."""
        if where.kind == "source":
            return [("supply", self._sources(where))]
        if where.kind == "storage":
            rows = self._storages(where)
            return [("withdrawal", rows), ("injection", rows)]
        rows = self._pipes(where)
        back = tuple(p for p in rows if self.case.pipes.at[p, "reverse_capacity"] > 0)
        return [("pipe", rows), *([("reverse", back)] if back else [])]  # type: ignore[list-item]

    def _pipes(self, where: GasWhere) -> tuple[str, ...]:
        pipes = self.case.pipes
        on = pd.Series(True, pipes.index)
        if where.country:
            members = self._members(where.country)
            on &= pipes["from_country"].isin(members) | pipes["to_country"].isin(members)
        if where.border:
            on &= np.logical_or.reduce([self._over(word) for word in where.border])
        if where.place:
            places = [self.places[word] for word in where.place]
            on &= pipes["tail"].isin(places) | pipes["head"].isin(places)
        if where.link:
            on &= pipes.index.isin(where.link) | pipes["line"].isin(where.link)
        return _some(pipes.index[on], "pipe", where)

    def _over(self, word: str) -> pd.Series[bool]:
        """Return which pipes cross a border."""
        pipes = self.case.pipes
        left, right, both = border_countries(word)
        one, other = self._members([left]), self._members([right])
        start, end = pipes["from_country"], pipes["to_country"]
        there = start.isin(one) & end.isin(other)
        back = start.isin(other) & end.isin(one)
        return there | back if both else there

    def _sources(self, where: GasWhere) -> tuple[str, ...]:
        supplies = self.case.supplies
        on = pd.Series(True, supplies.index)
        if where.country:
            members = self._members(where.country)
            on &= supplies["country"].isin(members) | supplies["node"].map(self.case.nodes["group"]).isin(members)
        if where.place:
            on &= supplies["node"].isin([self.places[word] for word in where.place])
        if where.supply:
            on &= supplies.index.str.split(".").str[0].isin(where.supply)
        if where.carrier:
            on &= supplies["carrier"].isin(where.carrier)
        return _some(supplies.index[on], "source", where)

    def _storages(self, where: GasWhere) -> tuple[str, ...]:
        storages = self.case.storages
        on = pd.Series(True, storages.index)
        if where.country:
            on &= storages["country"].isin(self._members(where.country))
        if where.place:
            on &= storages["node"].isin([self.places[word] for word in where.place])
        if where.storage:
            on &= storages.index.isin(where.storage)
        return _some(storages.index[on], "storage", where)

    def _members(self, words: Sequence[str]) -> frozenset[str]:
        return frozenset().union(*(self.countries[word.casefold()] for word in words))

    def _supply_kwh(self, supply: str) -> float:
        tables, place = self.case.tables, supply.split(".")[0]
        lng = tables.terminals[tables.terminals["place_id"] == place]
        rows = lng if len(lng) else tables.supplies[tables.supplies["supply_id"] == supply]
        return float(gcv(tables.bases, [rows["basis_id"].iloc[-1]])[0])

    def _storage_kwh(self) -> pd.Series[float]:
        rows = self.case.tables.storages.drop_duplicates("place_id").set_index("place_id")
        return pd.Series(gcv(self.case.tables.bases, rows["basis_id"]), rows.index)


def _edit(
    one: _One, figure: GasFigure, rows: tuple[str, ...], kind: Literal["factor", "add", "set"], value: float
) -> GasEdit:
    return GasEdit(one.path, one.title, figure, rows, kind, value, one.strength, one.surprise)


def _gwh_per_day(change: Change, kwh_per_m3: float) -> float:
    rate = change.quantity.per_day
    volume = change.quantity.dimension == "volume/time"
    return rate * kwh_per_m3 / _M3_KWH_PER_GWH if volume else rate / _MWH_PER_GWH


def _some(rows: pd.Index[str], what: str, where: GasWhere) -> tuple[str, ...]:
    if len(rows) == 0:
        said = ", ".join(f"{key}: {', '.join(getattr(where, key))}" for key in sorted(where.given))
        raise DataError([f"there is no {what} with all of {said}"])
    return tuple(map(str, rows))
