"""One run of a sweep: what is wanted of it as a few rows, by the quickest way that gives the same numbers."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from networks import DataError, PlaceError
from solvers.errors import SolverInputError

from ..scenario.applying import Application
from ..scenario.choices import asked_choice
from ..scenario.gas_schema import GasScenarioModel
from ..year_routes import Values
from ..year_setting import State
from .warm_parts import Part, SeveralLimitsError
from .warm_year import WarmYear

if TYPE_CHECKING:
    from ..scenario.loading import Scenario
    from ..year_model import YearModel

__all__ = ["COMMON", "TABLES", "Outcome", "Runner", "Task", "chunk_rows", "common"]

COMMON = ("study", "demand", "prices", "choice")
"""Sections of a scenario that another year has to be laid out for."""

TABLES: dict[str, dict[str, dict[str, str]]] = {
    "freight": {
        "runs": {
            "year": "int64",
            "status": "string",
            "error": "string",
            "wanted_teu": "double",
            "sent_teu": "double",
            "unmet_teu": "double",
            "not_shipped_teu": "double",
            "cost_musd": "double",
            "days_per_teu": "double",
            "tariff_usd_per_teu": "double",
            "kt_co2e": "double",
            "waited_for": "int64",
        },
        "flows": {
            "year": "int64",
            "market": "string",
            "corridor": "string",
            "family": "string",
            "teu_per_year": "double",
        },
        "borders": {"year": "int64", "border": "string", "teu_per_year": "double"},
    },
    "gas": {
        "runs": {
            "year": "int64",
            "status": "string",
            "error": "string",
            "unmet_gwh": "double",
            "cost_musd": "double",
            "extra_musd": "double",
        },
        "flows": {"year": "int64", "line": "string", "bcm": "double"},
    },
}
"""Columns and types of the tables of a sweep; number and name of the run come before those of the first."""

_LAID_OUT = 3  # years that are kept laid out
_REMEMBERED = 64  # parts of years whose sums are kept
_MILLION = 1e6


class Task(NamedTuple):
    """A run: its number, its name, what it changes, and whether years are laid out for it."""

    number: int
    name: str
    changes: Mapping[str, Any]
    warm: bool


class Outcome(NamedTuple):
    """Rows of a run: of all, by corridor, by border."""

    runs: list[tuple[Any, ...]]
    flows: list[tuple[Any, ...]]
    borders: list[tuple[Any, ...]]


def common(changes: Mapping[str, Any]) -> str:
    """Return what of some changes another year has to be laid out for, as text."""
    mine = {path: value for path, value in changes.items() if path.split(".")[0] in COMMON}
    return json.dumps(mine, sort_keys=True, default=str)


class Runner:
    """Runs variations of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Without `vary`.
    folder : path, optional
        Tables of your own.
    """

    def __init__(self, scenario: Scenario, folder: str | Path | None = None) -> None:
        self.scenario, self.folder = scenario, folder
        self._years: OrderedDict[tuple[str, int], _Sums] = OrderedDict()
        self._applied: OrderedDict[str, Application] = OrderedDict()

    def run(self, task: Task) -> Outcome:
        """Return the rows of a run; what is wrong with it is told in them."""
        try:
            scenario = self.scenario.with_({**task.changes, "name": task.name})
            if isinstance(scenario.model, GasScenarioModel):
                return self._gas(scenario)
            found = Outcome([], [], [])
            for year in scenario.freight.study.years:
                for into, rows in zip(found, self._year(scenario, year, task), strict=True):
                    into += rows
        except (DataError, PlaceError, SolverInputError) as error:
            return self.failed(str(error))
        return found

    def prepare(self, task: Task) -> None:
        """Lay out the years of a run, so that processes that are forked have them."""
        if isinstance(self.scenario.model, GasScenarioModel):
            return
        try:
            scenario = self.scenario.with_({**task.changes, "name": task.name})
            for year in scenario.freight.study.years:
                application = self._application(scenario, task.changes)
                self._sums(scenario, application, year, task.changes).of(State(1.0))
        except (DataError, PlaceError, SolverInputError):
            return  # told in the row of the run

    def _application(self, scenario: Scenario, changes: Mapping[str, Any]) -> Application:
        """Return the application of a run, with the demand and records of one like it."""
        key = common(changes)
        if key not in self._applied:
            alike = {path: value for path, value in changes.items() if path.split(".")[0] in COMMON}
            base = self.scenario.with_(alike) if alike else self.scenario
            self._applied[key] = Application.of(base.freight, self.folder)
            while len(self._applied) > _LAID_OUT:
                self._applied.popitem(last=False)
        self._applied.move_to_end(key)
        return self._applied[key].like(scenario.freight)

    def _year(self, scenario: Scenario, year: int, task: Task) -> Outcome:
        application = self._application(scenario, task.changes)
        if application.model.investments.projects:
            application.check()
        setting = application.setting(year)
        waited = len(application.short(year))
        if setting.refusals or not task.warm:
            return self._fresh(application, year, waited)
        sums = self._sums(scenario, application, year, task.changes)
        total, unmet = None, np.zeros(2)
        try:
            for state in sums.warm.model.cut(setting.states):
                part, lost = sums.of(state)
                total = state.share * part if total is None else total + state.share * part
                unmet += state.share * lost
        except SeveralLimitsError:
            return self._fresh(application, year, waited)
        assert total is not None
        return sums.rows(total, unmet, waited)

    def _sums(self, scenario: Scenario, application: Application, year: int, changes: Mapping[str, Any]) -> _Sums:
        key = common(changes), year
        if key not in self._years:
            alike = {path: value for path, value in changes.items() if path.split(".")[0] in COMMON}
            base = self.scenario.with_(alike) if alike else self.scenario
            model = self._application(base, changes).year_model(year)
            plain = model.with_(replace(model.setting, refusals=(), states=(State(1.0),)))
            self._years[key] = _Sums(WarmYear(plain, asked_choice(base.freight.choice)), year)
            while len(self._years) > _LAID_OUT:
                self._years.popitem(last=False)
        self._years.move_to_end(key)
        return self._years[key]

    def _fresh(self, application: Application, year: int, waited: int) -> Outcome:
        """Solve a year from nothing."""
        choice = asked_choice(application.model.choice)
        model = application.year_model(year)
        try:
            found = model.solve(choice)
        except (SolverInputError, ArithmeticError) as error:
            raise DataError([f"{year}: cannot be solved with these figures: {error}"]) from None
        if found.status != "converged":
            raise DataError([f"{year}: no equilibrium was found ({found.status}); figures may be extreme"])
        tables = _Tables(model.routes, model, year)
        ends = np.cumsum([0, *map(len, model.routes["path"])])
        arcs = np.array([arc for path in model.routes["path"] for arc in path], dtype=np.int64)
        sums = {name: np.asarray(model.routes[name], dtype=float) for name in ("tariff", "hours", "kgco2e_per_t")}
        total = tables.total(found.flow, sums, ends, arcs, found.cost_usd)
        return tables.rows(total, np.array([found.unmet.sum(), found.not_shipped.sum()]), waited)

    def _gas(self, scenario: Scenario) -> Outcome:
        from ..scenario.running import run

        found = run(scenario, against=False, ranges=False, folder=self.folder)
        countries, costs = found.tables["countries"], found.tables["costs"].set_index("year")
        unmet = countries[countries["sharing"] == "cooperative"].groupby("year")["unmet_gwh"].sum()
        runs = [
            (
                year,
                found.status,
                "",
                float(unmet.get(year, 0.0)),
                float(costs.at[year, "cost_million_usd"]),
                float(costs.at[year, "extra_million_usd"]),
            )
            for year in found.years
        ]
        pipes = found.tables["pipes"]
        lines = pipes[pipes["sharing"] == "cooperative"].groupby(["year", "line"], sort=True)["bcm"].max()
        return Outcome(runs, [(*map(_plain, key), float(bcm)) for key, bcm in lines.items()], [])

    def failed(self, error: str) -> Outcome:
        """Return the row of a run that is wrong."""
        columns = TABLES["gas" if isinstance(self.scenario.model, GasScenarioModel) else "freight"]["runs"]
        empty = {"status": "failed", "error": " ".join(error.split())}
        row = tuple(empty.get(name, 0 if kind == "int64" else np.nan) for name, kind in columns.items())
        return Outcome([row], [], [])


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int | np.integer) else str(value)


class _Tables:
    """How routes are summed up to rows."""

    def __init__(self, routes: pd.DataFrame, model: YearModel, year: int) -> None:
        self.year = year
        keys = pd.MultiIndex.from_frame(routes[["market", "corridor", "family"]])
        self._code, kinds = keys.factorize()
        self._kinds = [tuple(map(str, kind)) for kind in kinds]
        self._load = routes["goods"].map(model.filters.tables.goods["load_t_per_teu"]).to_numpy(dtype=float)
        self._wanted = float(model.demand["teu_per_year"].sum())
        arcs, home = model.filters.network.arcs, model.filters.home
        ends = [arcs[side].map(home).astype(str) for side in ("from_place_id", "to_place_id")]
        over = ((arcs["kind"] == "link") & (ends[0] != ends[1])).to_numpy()
        label = np.where(ends[0] < ends[1], ends[0] + "-" + ends[1], ends[1] + "-" + ends[0])
        self._borders = sorted({str(x) for x in label[over]})
        number = {name: i for i, name in enumerate(self._borders)}
        self._border = np.array([number[str(x)] if on else -1 for x, on in zip(label, over, strict=True)])

    def total(self, flow: Values, sums: Mapping[str, Values], start: Any, arcs: Any, cost_usd: float) -> Values:
        """Return flows by kind of route and by border, then sums, as one array that adds up."""
        by_kind = np.bincount(self._code, flow, minlength=len(self._kinds))
        lengths = np.diff(start)
        border = self._border[arcs]
        crossing = border >= 0
        carried = np.repeat(flow, lengths)[crossing]
        by_border = np.bincount(border[crossing], carried, minlength=len(self._borders))
        there = np.where(lengths > 0, flow, 0.0)
        tail = [
            float(there.sum()),
            cost_usd,
            float(there @ sums["hours"]),
            float(there @ sums["tariff"]),
            float(there @ (sums["kgco2e_per_t"] * self._load)),
        ]
        return np.concatenate([by_kind, by_border, tail])

    def rows(self, total: Values, unmet: Values, waited: int) -> Outcome:
        """Return the rows of a year."""
        kinds, borders = len(self._kinds), len(self._borders)
        sent, cost, hours, tariff, kg = total[kinds + borders :].tolist()
        per = max(sent, 1e-300)
        lost, stays = (float(x) for x in unmet)
        run = (
            self.year,
            "converged",
            "",
            self._wanted,
            sent,
            lost,
            stays,
            cost / _MILLION,
            hours / per / 24,
            tariff / per,
            kg / _MILLION,
            waited,
        )
        flows = [
            (self.year, *kind, teu) for kind, teu in zip(self._kinds, total[:kinds].tolist(), strict=True) if teu > 1e-3
        ]
        over = zip(self._borders, total[kinds : kinds + borders].tolist(), strict=True)
        return Outcome([run], flows, [(self.year, border, teu) for border, teu in over if teu > 1e-3])


class _Sums(_Tables):
    """Parts of a laid-out year, summed up and remembered by what holds in them."""

    def __init__(self, warm: WarmYear, year: int) -> None:
        super().__init__(warm.slots, warm.model, year)
        self.warm = warm
        self._known: OrderedDict[bytes, tuple[Values, Values]] = OrderedDict()

    def of(self, state: State) -> tuple[Values, Values]:
        """Return the sums of a part of the year as if it lasted all year, and what is unmet and not shipped."""
        key = _key(state)
        if key not in self._known:
            part = self.warm.part(state)
            self._known[key] = self._usual if part is self.warm.usual else self._summed(part)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    @cached_property
    def _usual(self) -> tuple[Values, Values]:
        return self._summed(self.warm.usual)

    def _summed(self, part: Part) -> tuple[Values, Values]:
        sums = self.total(part.flow, part.sums, part.routes.start, part.routes.arcs, float(part.cost_usd.sum()))
        return sums, np.array([part.unmet.sum(), part.not_shipped.sum()])


def _key(state: State) -> bytes:
    """Return what holds in a part of the year as a hash."""
    digest = hashlib.sha256(
        repr((sorted(state.avoid), sorted(state.shut), state.shifts, sorted(state.refused))).encode()
    )
    if state.change is not None:
        change: Any = state.change  # that of a scenario, which can be told from others
        digest.update(change.fingerprint)
    return digest.digest()


def chunk_rows(outcomes: Sequence[tuple[Task, Outcome]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of some runs by table, with the number and the name of the run before them."""
    return {
        "runs": [(task.number, task.name, *row) for task, found in outcomes for row in found.runs],
        "flows": [(task.number, *row) for task, found in outcomes for row in found.flows],
        "borders": [(task.number, *row) for task, found in outcomes for row in found.borders],
    }
