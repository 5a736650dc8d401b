"""Running a scenario: each year is applied, solved and laid out as tables."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError
from solvers.errors import SolverInputError

from ..catalogue import Filters
from ..choice import Choice
from ..year_flows import YearFlows
from .applying import Application, Short
from .choices import asked_choice
from .explaining import inputs_of
from .gas_results import GasRun
from .gas_schema import GasScenarioModel
from .results import Run
from .variants import CENTRAL, VARY, VARY_HERE, variants
from .varying import run_count

if TYPE_CHECKING:
    from .loading import Scenario

__all__ = ["run"]

_MOST_VARIED = 24  # runs of `vary`, beyond which a range is not taken over them
_ASKED = ("study.years", "study.markets", "study.currency")
_COMMON = ("study", "demand", "prices", "choice")
_Variation = tuple[str, Any, Mapping[str, Any]]  # label, scenario, changes
_FULL = 1e-6  # of a capacity, below which nothing is to spare
_LEAST = 1e-9  # TEU a year; rows with less are rounding of a share near zero
_CELL = ["market", "origin", "destination", "goods"]


def run(
    scenario: Scenario | str | Path,
    *,
    against: bool = True,
    ranges: bool = True,
    cache: bool = False,
    folder: str | Path | None = None,
) -> Run | GasRun:
    """Run a scenario, and its counterfactual.

    Parameters
    ----------
    scenario : Scenario, str or path
        As of `corridors.load`.
    against : bool
        Whether the counterfactual is run too.
    ranges : bool
        Whether what is not known well is varied, for `Run.ranges` and the range of the answer; and the runs of
        `vary`, up to 24 of the same years and markets, with what they change of prices, demand and choice changed in
        the counterfactual too.
    cache : bool
        Whether a run with the same hash is read from the user's cache, and this one is written to it.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Run
        `GasRun` of a scenario with ``task: gas``.

    Raises
    ------
    DataError
        The scenario is wrong or cannot be applied; all is told at once.

    Notes
    -----
    Flows are those of `corridors.forecast`: the choice of shippers fitted to observed traffic, with capacities on
    record as limits. Each year is cut into parts by what holds in them; what may or may not happen is a part of the
    year as long as its chance, so that flows are expected ones. What is over within ``queue_days`` of
    ``parameters.csv`` changes no flow, see `Run.short`.
    """
    from .loading import load

    wanted = load(scenario, folder=folder) if isinstance(scenario, (str, Path)) else scenario
    if isinstance(wanted.model, GasScenarioModel):
        from .gas_running import run_gas

        return run_gas(wanted, against=against, ranges=ranges, cache=cache, folder=folder)
    varied = _varied(wanted) if ranges else []
    other = wanted.counterfactual() if against else None
    counter = None
    if other is not None:
        alike = [(label, other.with_(_common(changes)), changes) for label, _, changes in varied if _common(changes)]
        counter = _run(other, None, ranges, cache, folder, alike)
    return _run(wanted, counter, ranges, cache, folder, varied)


def _varied(scenario: Scenario) -> list[_Variation]:
    """Return the runs of `vary` that the range is taken over: those of the same years and markets, if not too many."""
    if not scenario.freight.vary or run_count(scenario.freight.vary) > _MOST_VARIED:
        return []
    found = scenario.variations()
    start = f"{scenario.name}: "
    return [
        (varied.name.removeprefix(start), varied, changes)
        for changes, varied in found
        if not any(path.startswith(_ASKED) for path in changes)
    ]


def _not_varied(scenario: Scenario) -> int:
    """Return how many runs of `vary` no range is taken over, because they are too many."""
    count = run_count(scenario.freight.vary) if scenario.freight.vary else 0
    return count if count > _MOST_VARIED else 0


def _common(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a variation holds in the counterfactual too: not what the scenario itself adds."""
    return {path: value for path, value in changes.items() if path.split(".")[0] in _COMMON}


def _run(
    scenario: Scenario,
    counter: Run | None,
    ranges: bool,
    cache: bool,
    folder: str | Path | None,
    varied: Sequence[_Variation] = (),
) -> Run:
    from .saving import cached, run_hash, to_cache

    key = run_hash(scenario, ranges, folder, [f"{label} {other.hash}" for label, other, _ in varied])
    found = cached(key) if cache else None
    if isinstance(found, Run):
        return _named(found, scenario, counter, folder)
    began = time.perf_counter()
    application = Application.of(scenario.freight, folder)
    application.check()
    choice = asked_choice(scenario.freight.choice)
    years = [_Year(application, year, choice) for year in scenario.freight.study.years]
    tables = _tables(years, scenario, ranges)
    others = [_run(other, None, False, cache, folder).tables["ranges"] for _, other, _ in varied]
    named = [
        table.assign(variant=f"{VARY if _common(changes) else VARY_HERE}{label}")
        for table, (label, _, changes) in zip(others, varied, strict=True)
    ]
    tables["ranges"] = pd.concat([tables["ranges"], *named], ignore_index=True)
    record = _record(scenario, years, key, time.perf_counter() - began, application)
    solved = Run(record, tables, scenario.text, counter, folder)
    if cache:
        to_cache(solved)
    return solved


def _named(found: Run, scenario: Scenario, counter: Run | None, folder: str | Path | None) -> Run:
    """Return a run under the words of a scenario that has the same numbers."""
    record = {**found.record, **_words(scenario)}
    return Run(record, {**found.tables, "inputs": inputs_of(scenario)}, scenario.text, counter, folder)


def _words(scenario: Scenario) -> dict[str, Any]:
    model = scenario.freight
    return {
        "name": model.name,
        "title": model.title or model.name,
        "question": model.question or "",
        "about": model.about or "",
        "not_varied": _not_varied(scenario),
    }


@dataclass
class _Year:
    """One year, solved."""

    application: Application
    year: int
    choice: Choice

    def __post_init__(self) -> None:
        self.model = self.application.year_model(self.year)
        try:
            self.found: YearFlows = self.model.solve(self.choice)
        except (SolverInputError, ArithmeticError) as error:
            raise DataError([f"{self.year}: cannot be solved with these figures: {error}"]) from None
        if self.found.status != "converged":
            raise DataError([f"{self.year}: no equilibrium was found ({self.found.status}); figures may be extreme"])

    def routes(self) -> pd.DataFrame:
        """Return the routes that carry something."""
        routes, costs = self.model.routes, self.model.priced.table(self.choice, self.model.hour)
        load = routes["goods"].map(self.model.filters.tables.goods["load_t_per_teu"])
        arcs_km = self.model.filters.network.arcs["km"].to_numpy()
        unit = self.model.demand.drop_duplicates("market").set_index("market")["unit"]
        kept = self.found.flow > _LEAST
        table = pd.DataFrame(
            {
                "year": self.year,
                "state": routes["state"].map({i: s.name or "as usual" for i, s in enumerate(self.model.states)}),
                **{c: routes[c] for c in (*_CELL, "corridor", "branch", "family")},
                "teu_per_year": self.found.flow,
                "quantity": self.found.flow * self.model.units,
                "unit": routes["market"].map(unit),
                "km": [arcs_km[list(path)].sum() for path in routes["path"]],
                "days": routes["hours"] / 24,
                "tariff_usd_per_teu": costs["tariff_usd_per_teu"],
                "cost_usd_per_teu": costs["cost_usd_per_teu"],
                "carbon_usd_per_teu": costs["carbon_usd_per_teu"],
                "waiting_usd_per_teu": self.found.waiting,
                "kgco2e_per_teu": routes["kgco2e_per_t"] * load,
                "delay_h": costs["delay_h"],
                "path": [" ".join(map(str, path)) for path in routes["path"]],
            }
        )
        return table[kept].reset_index(drop=True)

    def demand(self) -> pd.DataFrame:
        """Return what is wanted, and what becomes of it."""
        wanted = self.model.demand
        flow = self.model.routes[_CELL].assign(served=self.found.flow).groupby(_CELL)["served"].sum()
        served = flow.reindex(pd.MultiIndex.from_frame(wanted[_CELL])).fillna(0.0).to_numpy()
        return wanted[[*_CELL, "teu_per_year", "quantity", "unit", "grade"]].assign(
            year=self.year, served=served, unmet=self.found.unmet, not_shipped=self.found.not_shipped
        )[["year", *_CELL, "teu_per_year", "served", "unmet", "not_shipped", "quantity", "unit", "grade"]]

    def capacities(self) -> pd.DataFrame:
        """Return the load of every capacity that is used, by part of the year."""
        rows = []
        bulk = self.model.bulk
        routes = self.model.routes
        for number, (state, filters) in enumerate(zip(self.model.states, self.model.networks, strict=True)):
            arcs = filters.network.arcs
            groups = arcs["capacity_group"].to_numpy()
            boxes = (arcs["capacity_unit"] == "TEU/yr").to_numpy()
            load = np.zeros(len(arcs))
            mine = (routes["state"] == number).to_numpy()
            for path, market, teu in zip(
                routes["path"][mine], routes["market"][mine], self.found.flow[mine], strict=True
            ):
                at = np.asarray(path)
                at = at[groups[at] != ""]
                np.add.at(load, at[~boxes[at]] if market in bulk else at, teu)
            used = pd.DataFrame(
                {"group": groups, "teu": load, "room": arcs["capacity_teu_per_year"], "grade": arcs["capacity_grade"]}
            )
            used = used[used["teu"] > _LEAST].groupby("group").agg({"teu": "sum", "room": "first", "grade": "first"})
            full = self.found.full[self.found.full["state"] == number].set_index("group")["waiting_usd_per_teu"]
            rows.append(
                pd.DataFrame(
                    {
                        "year": self.year,
                        "state": state.name or "as usual",
                        "element": [_element(str(g), filters) for g in used.index],
                        "group": used.index,
                        "teu_per_year": used["teu"].to_numpy() / state.share,
                        "capacity_teu_per_year": used["room"].to_numpy(),
                        "worth_usd_per_teu": full.reindex(used.index).fillna(0.0).to_numpy(),
                        "grade": used["grade"].to_numpy(),
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def arcs(self, routes: pd.DataFrame) -> pd.DataFrame:
        """Return the arcs that routes use, as they are in each part of the year."""
        places = self.model.filters.tables.places
        parts = []
        for state, filters in zip(self.model.states, self.model.networks, strict=True):
            name = state.name or "as usual"
            mine = routes["path"][routes["state"] == name]
            used = sorted({int(arc) for path in mine for arc in path.split()})
            arcs = filters.network.arcs.loc[used]
            ends = {side: arcs[f"{side}_place_id"] for side in ("from", "to")}
            names = {side: ends[side].map(places["name"]) for side in ends}
            line = (arcs["kind"] == "link").to_numpy()
            label = np.where(line, names["from"] + " - " + names["to"], names["to"])
            parts.append(
                pd.DataFrame(
                    {
                        "year": self.year,
                        "state": name,
                        "arc": arcs.index,
                        "kind": arcs["kind"],
                        "name": label,
                        "mode": arcs["mode"],
                        "link_id": arcs["link_id"],
                        "from_place_id": ends["from"],
                        "to_place_id": ends["to"],
                        "from_country_id": ends["from"].map(places["country_id"]),
                        "to_country_id": ends["to"].map(places["country_id"]),
                        "km": arcs["km"],
                        "hours": arcs["hours"],
                        "spread_h": arcs["spread_h"],
                        "tariff_usd_per_teu": arcs["tariff_usd_per_teu"],
                        "kgco2e_per_t": arcs["kgco2e_per_t"],
                        "grade": arcs["grade"],
                        "figures": arcs["figures"],
                        "estimates": arcs["estimates"],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def states(self) -> pd.DataFrame:
        """Return the parts of the year."""
        names = [s.name or "as usual" for s in self.model.states]
        return pd.DataFrame({"year": self.year, "state": names, "share": [s.share for s in self.model.states]})

    def ranges(self, other: Choice | None) -> pd.DataFrame:
        """Return flows by corridor for each variant of what is not known well."""
        varied = [
            self._by_corridor(variant.name, self.model.flows(variant.choice, sea=variant.sea))
            for variant in variants(self.choice, other)
        ]
        return pd.concat([self._by_corridor(CENTRAL, self.found.flow), *varied], ignore_index=True)

    def _by_corridor(self, name: str, flow: Any) -> pd.DataFrame:
        keys = ["market", "corridor", "branch", "family"]
        flows = self.model.routes[keys].assign(teu_per_year=flow, quantity=flow * self.model.units)
        table = flows.groupby(keys)[["teu_per_year", "quantity"]].sum().reset_index()
        table.insert(0, "variant", name)
        table.insert(0, "year", self.year)
        return table

    def short(self) -> pd.DataFrame:
        """Return what is over before shippers turn round."""
        turn = self.model.parameter("queue_days")
        rows = [self._queue(one, turn) for one in self.application.short(self.year)]
        columns = ["year", "name", "title", "days", "times", "teu_per_day", "waiting_teu", "clears_days", "said"]
        return pd.DataFrame(rows, columns=columns)

    def _queue(self, one: Short, turn: float) -> tuple[Any, ...]:
        """Return what passes where something is shut for a short time, what waits, and how long it takes to clear."""
        days_a_year = self.model.parameter("days_per_year")
        passing = self._passing(one) / days_a_year
        shuts = any(part.effect.use == "closed" for part in one.ready)
        waiting = passing * one.days if shuts else np.nan
        clears = self._clears(one) if shuts else np.nan
        said = _said(one, turn, passing, waiting, clears)
        return self.year, one.name, one.title, one.days, one.times, passing, waiting, clears, said

    def _clears(self, one: Short) -> float:
        """Return the days until the last who waited are through, by the capacity that takes longest; NaN: none known.

        What came while it was shut, load x days, is worked off at what the capacity has to spare.
        """
        arcs = self.model.filters.network.arcs
        there = np.logical_or.reduce([part.selection.arcs for part in one.ready])
        groups = arcs.loc[there & (arcs["capacity_group"] != "").to_numpy(), "capacity_group"].unique()
        usual = self.capacities().groupby("group")[["teu_per_year", "capacity_teu_per_year"]].mean()
        used = usual[usual.index.isin(groups)]
        spare = used["capacity_teu_per_year"] - used["teu_per_year"]
        full = spare <= _FULL * used["capacity_teu_per_year"]
        days = (one.days * used["teu_per_year"] / spare.where(~full)).fillna(np.inf)
        return float(days.max()) if len(days) else np.nan

    def _passing(self, one: Short) -> float:
        """Return the TEU a year on routes that any part of it touches, of the goods and markets that it is about."""
        routes = self.model.routes
        there = np.zeros(len(routes), dtype=bool)
        for part in one.ready:
            chosen = part.selection
            if chosen.corridors:
                mine = routes["corridor"].isin(chosen.corridors).to_numpy()
            else:
                mine = np.array([chosen.arcs[list(path)].any() for path in routes["path"]], dtype=bool)
            for column, words in (("goods", chosen.goods), ("market", chosen.markets)):
                if words:
                    mine &= routes[column].isin(words).to_numpy()
            there |= mine
        return float(self.found.flow[there].sum())

    @property
    def estimates(self) -> tuple[float, float]:
        """Estimates and figures behind the routes, by TEU."""
        arcs = self.model.filters.network.arcs
        figures, guessed = arcs["figures"].to_numpy(dtype=float), arcs["estimates"].to_numpy(dtype=float)
        sums = np.array([(guessed[list(p)].sum(), figures[list(p)].sum()) for p in self.model.routes["path"]])
        both = self.found.flow @ sums if len(sums) else np.zeros(2)
        return float(both[0]), float(both[1])


def _said(one: Short, turn: float, passing: float, waiting: float, clears: float) -> str:
    """Return in words what a run by year can and cannot show of something short."""
    lasts = f"{one.title} lasts {one.days:g} days"
    head = f"{lasts}, less than the {turn:g} after which shippers turn round: a run by year shows no diversion by it."
    if one.times:
        head = f"{lasts} and comes {one.times:g} times a year: its mean wait is in the times, a diversion by it is not."
    told = [head, f"{passing:,.0f} TEU a day pass there."]
    if np.isfinite(waiting):
        told.append(f"{waiting:,.0f} TEU wait when it ends, the first of them for {one.days:g} days.")
        told.append(_clearing(clears))
    return " ".join(told)


def _clearing(days: float) -> str:
    if np.isnan(days):
        return "How fast they clear is not known: no capacity is on record there."
    if np.isinf(days):
        return "They never clear: what they wait for is full without them."
    return f"The last are through after {max(days, 1):,.0f} day{'' if round(days) <= 1 else 's'} more."


def _element(group: str, filters: Filters) -> str:
    """Return a capacity in words: ``Aktau - Alat (feeder)``, ``port of Alat``."""
    tables = filters.tables
    link, _, to = group.partition(">")
    name = tables.places["name"].str.replace(r"\s*\([^)]*\)", "", regex=True)
    if link in tables.links.index:
        row = tables.links.loc[link]
        ends = [row["from_place_id"], row["to_place_id"]]
        ends = ends[::-1] if to and to == ends[0] else ends
        return f"{name[ends[0]]} {'to' if to else '-'} {name[ends[1]]} ({row['mode']})"
    return f"port of {name[group]}" if group in name.index else group


def _tables(years: Sequence[_Year], scenario: Scenario, ranges: bool) -> dict[str, pd.DataFrame]:
    routes = [year.routes() for year in years]
    given = scenario.freight.choice
    other = asked_choice(given, "backtest") if given.parameters == "default" else None
    varied = [y.ranges(other) if ranges else y._by_corridor(CENTRAL, y.found.flow) for y in years]
    found = {
        "routes": routes,
        "demand": [year.demand() for year in years],
        "capacities": [year.capacities() for year in years],
        "arcs": [year.arcs(table) for year, table in zip(years, routes, strict=True)],
        "states": [year.states() for year in years],
        "short": [year.short() for year in years],
        "ranges": varied,
    }
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    return {**tables, "money": years[0].application.money, "inputs": inputs_of(scenario)}


def _record(
    scenario: Scenario, years: Sequence[_Year], key: str, seconds: float, application: Application
) -> dict[str, Any]:
    from .saving import versions

    parts = np.array([year.estimates for year in years]).sum(axis=0)
    return {
        **_words(scenario),
        "hash": key,
        "scenario_hash": scenario.hash,
        "years": list(scenario.freight.study.years),
        "markets": list(scenario.freight.study.markets),
        "currency": scenario.freight.study.currency,
        "usd_per_eur": application.filters.tables.parameter("usd_per_eur"),
        "turn_days": application.filters.tables.parameter("queue_days"),
        "idle": application.idle(),
        "touches": application.touches(),
        "uncertain": application.uncertain(),
        "method": "logit",
        "solver": "projected Newton",
        "status": years[-1].found.status,
        "gap": max(year.found.residual for year in years),
        "seed": None,
        "estimates": float(parts[0] / parts[1]) if parts[1] else None,  # nothing is sent
        "seconds": round(seconds, 3),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **versions(),
    }
