"""Running a gas scenario: each year is applied, solved by both rules of sharing and laid out as tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError, read_table
from solvers.errors import SolverInputError

from ..gas.energy import DAYS_A_YEAR
from ..gas.measures import mitigations
from ..gas.outcome import RULES, GasOutcome
from ..gas.running import run_gas_case
from ..gas.security import security
from .explaining import inputs_of
from .gas_answers import variant_row
from .gas_applying import apply_gas, projects_built
from .gas_results import GAS_TABLES, GasRun
from .varying import run_count

if TYPE_CHECKING:
    from .loading import Scenario

__all__ = ["run_gas"]

_MOST_VARIED = 24  # runs of `vary`, as for freight
_LEAST_GWH = 1e-3
_PRICES = {"planned": "planned_usd_per_mwh", "now": "usd_per_mwh", "highest": "highest_usd_per_mwh"}
_USD_PER_THOUSAND = 1e3


def run_gas(
    scenario: Scenario,
    *,
    against: bool = True,
    ranges: bool = True,
    cache: bool = False,
    folder: str | Path | None = None,
) -> GasRun:
    """Run a scenario of gas, and its counterfactual; parameters as of `corridors.run`.

    Raises
    ------
    DataError
        The scenario cannot be applied, or its counterfactual is one of freight.
    """
    other = scenario.counterfactual() if against else None
    counter = None
    if other is not None:
        other.gas  # noqa: B018  told before hours of work
        counter = _run(other, None, cache, folder, ())
    return _run(scenario, counter, cache, folder, _varied(scenario) if ranges else ())


def _varied(scenario: Scenario) -> list[tuple[str, Scenario]]:
    if not scenario.model.vary or run_count(scenario.model.vary) > _MOST_VARIED:
        return []
    start = f"{scenario.name}: "
    return [(found.name.removeprefix(start), found) for _, found in scenario.variations()]


def _run(
    scenario: Scenario,
    counter: GasRun | None,
    cache: bool,
    folder: str | Path | None,
    varied: Sequence[tuple[str, Scenario]],
) -> GasRun:
    from .saving import cached, run_hash, to_cache

    key = run_hash(scenario, bool(varied), folder, [f"{label} {other.hash}" for label, other in varied])
    found = cached(key) if cache else None
    if isinstance(found, GasRun):
        tables = {**found.tables, "inputs": inputs_of(scenario)}
        return GasRun({**found.record, **_words(scenario)}, tables, scenario.text, counter, folder)
    began = time.perf_counter()
    years = [_Year.solved(scenario, year, folder) for year in scenario.gas.study.years]
    tables = {
        name: pd.concat([getattr(year, name)() for year in years], ignore_index=True)
        for name in GAS_TABLES
        if name not in ("ranges", "money", "inputs")
    }
    tables["money"] = _money(scenario)
    tables["inputs"] = inputs_of(scenario)
    variants = [variant_row(_run(other, None, cache, folder, ()), label) for label, other in varied]
    columns = ["variant", "year", "unmet_gwh", "cost_million_usd", "most", "scp_bcm", "tanap_bcm", "tap_bcm"]
    tables["ranges"] = pd.concat(variants, ignore_index=True) if variants else pd.DataFrame(columns=columns)
    record = _record(scenario, years, key, time.perf_counter() - began)
    run = GasRun(record, {name: tables[name] for name in GAS_TABLES}, scenario.text, counter, folder)
    if cache:
        to_cache(run)
    return run


def _words(scenario: Scenario) -> dict[str, Any]:
    model = scenario.gas
    count = run_count(model.vary) if model.vary else 0
    return {
        "task": "gas",
        "name": model.name,
        "title": model.title or model.name,
        "question": model.question or "",
        "not_varied": count if count > _MOST_VARIED else 0,
    }


def _record(scenario: Scenario, years: Sequence[_Year], key: str, seconds: float) -> dict[str, Any]:
    from .saving import versions

    study = scenario.gas.study
    parts = [year.outcome.estimates for year in years]
    flows = [flow for year in years for flow in (year.outcome.plan, *year.outcome.flows.values())]
    return {
        **_words(scenario),
        "hash": key,
        "scenario_hash": scenario.hash,
        "years": list(study.years),
        "step": study.step,
        "sharing": study.sharing,
        "currency": study.currency,
        "usd_per_eur": years[0].outcome.case.tables.parameter("usd_per_eur"),
        "method": "least cost by linear programming",
        "solver": "HiGHS by PuLP",
        "status": flows[-1].status,
        "gap": max(flow.gap for flow in flows),
        "balance_error": max(flow.balance_error for flow in flows),
        "seed": None,
        "estimates": sum(p[0] for p in parts) / sum(p[1] for p in parts),
        "seconds": round(seconds, 3),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **versions(),
    }


def _money(scenario: Scenario) -> pd.DataFrame:
    """Return the projects that are built in any year, with their cost."""
    model = scenario.gas
    known = read_table("projects").set_index("project_id")
    rows = []
    for name, project in projects_built(model, max(model.study.years)).items():
        amount, currency, title = float("nan"), "", project.title or name
        if project.record in known.index:
            row = known.loc[project.record]
            amount, currency = float(row["capex_m"]), str(row["currency"])
            title = project.title or str(row["title"])
        if project.cost is not None:
            amount, currency = project.cost.value / 1e6, project.cost.dimension
        rows.append({"project": name, "title": title, "cost_million": amount, "currency": currency})
    return pd.DataFrame(rows, columns=["project", "title", "cost_million", "currency"]).astype({"cost_million": float})


@dataclass(frozen=True, eq=False)
class _Year:
    """One year, solved; its methods give the tables of a run."""

    year: int
    outcome: GasOutcome

    @classmethod
    def solved(cls, scenario: Scenario, year: int, folder: str | Path | None) -> _Year:
        applied = apply_gas(scenario.gas, year, folder)
        try:
            return cls(year, run_gas_case(applied.case, applied.edits, applied.bans))
        except SolverInputError as error:
            raise DataError([f"{year}: cannot be solved with these figures: {error}"]) from None

    @property
    def _days(self) -> pd.Series[float]:
        return self.outcome.plan.days

    def _rules(self) -> list[str]:
        return list(RULES)

    def countries(self) -> pd.DataFrame:
        parts = []
        for rule in self._rules():
            rows = self.outcome.demand_rows(rule)
            sums = rows.groupby("country", sort=False)[["demand_gwh", "unmet_gwh"]].sum()
            by_day = rows.groupby(["country", "day"], sort=False).agg(
                unmet=("unmet_gwh", "sum"), days=("days", "first")
            )
            short = by_day[by_day["unmet"] > 0.1]
            prices = self._prices(rule)
            sums["unmet_mcm"] = sums["unmet_gwh"] / self.outcome.country_gcv.reindex(sums.index)
            sums["unmet_pct"] = 100 * (sums["unmet_gwh"] / sums["demand_gwh"].where(sums["demand_gwh"] > 0)).fillna(0.0)
            sums["days_short"] = short["days"].groupby("country").sum().reindex(sums.index).fillna(0.0)
            worst = (short["unmet"] / short["days"]).groupby("country").max()
            sums["worst_gwh_per_day"] = worst.reindex(sums.index).fillna(0.0)
            for column, name in _PRICES.items():
                sums[name] = prices[column].reindex(sums.index)
            parts.append(sums.reset_index().assign(year=self.year, sharing=rule))
        return _first(pd.concat(parts), "year", "sharing", "country")

    def _prices(self, rule: str) -> pd.DataFrame:
        """Return mean prices of the whole year at the market of each country: ``planned``, ``now``, ``highest``."""
        markets = self.outcome.case.demands.drop_duplicates("country").set_index("country")["node"]
        weight = self._days / self._days.sum()
        now = self.outcome.whole("price", rule)[markets].set_axis(markets.index, axis=1)
        planned = self.outcome.plan.price[markets].set_axis(markets.index, axis=1)
        means = {"planned": planned.mul(weight, axis=0).sum(), "now": now.mul(weight, axis=0).sum()}
        return pd.DataFrame({**means, "highest": now.max()})

    def short(self) -> pd.DataFrame:
        parts = []
        for rule in self._rules():
            rows = self.outcome.demand_rows(rule)
            rows = rows[rows["unmet_gwh"] > _LEAST_GWH]
            parts.append(rows.assign(year=self.year, sharing=rule, day=rows["day"].map(lambda d: d.date().isoformat())))
        columns = ["year", "sharing", "day", "country", "tier", "demand_gwh", "unmet_gwh"]
        return pd.concat(parts)[columns]

    def pipes(self) -> pd.DataFrame:
        case = self.outcome.case
        pipes = case.pipes
        per_bcm = pipes["kwh_per_m3"] * 1000.0
        planned = self._of_pipes(self.outcome.plan.flow).mul(self._days, axis=0).sum() / per_bcm
        parts = []
        for rule in self._rules():
            net = self._of_pipes(self.outcome.whole("flow", rule)).mul(self._days, axis=0).sum() / per_bcm
            worth = self._of_pipes(self.outcome.whole("worth", rule))
            frame = pd.DataFrame(
                {
                    "year": self.year,
                    "sharing": rule,
                    "pipe": pipes.index,
                    "line": pipes["line"].to_numpy(),
                    "title": pipes["title"].to_numpy(),
                    "planned_bcm": planned.to_numpy(),
                    "bcm": net.to_numpy(),
                    "change_bcm": (net - planned).to_numpy(),
                    "nameplate_bcm": (pipes["nameplate"] * DAYS_A_YEAR / per_bcm).to_numpy(),
                    "full_pct": (100 * worth.gt(1e-6).mul(self._days, axis=0).sum() / self._days.sum()).to_numpy(),
                    "worth_usd_per_mwh": (worth.mul(self._days, axis=0).sum() / self._days.sum()).to_numpy(),
                    "grade": pipes["grade"].to_numpy(),
                }
            )
            parts.append(frame[(frame["bcm"].abs() > 1e-6) | (frame["planned_bcm"].abs() > 1e-6)])
        return pd.concat(parts)

    def _of_pipes(self, rates: pd.DataFrame) -> pd.DataFrame:
        named = rates.columns.astype(str).str.split("|").str[0]
        return rates.T.groupby(named).sum().T.reindex(columns=self.outcome.case.pipes.index, fill_value=0.0)

    def flows(self) -> pd.DataFrame:
        rates = self._of_pipes(self.outcome.whole("flow"))
        long = rates.rename_axis(index="day").reset_index().melt("day", var_name="pipe", value_name="gwh_per_day")
        long = long[long["gwh_per_day"].abs() > _LEAST_GWH]
        return _first(long.assign(year=self.year, day=long["day"].map(lambda d: d.date().isoformat())), "year")

    def sources(self) -> pd.DataFrame:
        case = self.outcome.case
        planned = self.outcome.plan.supply.mul(self._days, axis=0).sum()
        parts = []
        for rule in self._rules():
            given = self.outcome.whole("supply", rule).mul(self._days, axis=0).sum()
            rows = case.supplies
            parts.append(
                pd.DataFrame(
                    {
                        "year": self.year,
                        "sharing": rule,
                        "supply": rows.index,
                        "title": rows["title"].to_numpy(),
                        "seller": rows["country"].to_numpy(),
                        "carrier": rows["carrier"].to_numpy(),
                        "planned_gwh": planned.reindex(rows.index).fillna(0.0).to_numpy(),
                        "gwh": given.reindex(rows.index).fillna(0.0).to_numpy(),
                        "usd_per_mwh": rows["price"].to_numpy(),
                    }
                )
            )
        return pd.concat(parts)

    def storages(self) -> pd.DataFrame:
        rows = self.outcome.planned_case.storages
        parts = []
        for rule in self._rules():
            level = self.outcome.whole("level", rule)
            parts.append(
                pd.DataFrame(
                    {
                        "year": self.year,
                        "sharing": rule,
                        "storage": rows.index,
                        "country": rows["country"].to_numpy(),
                        "start_gwh": rows["start"].to_numpy(),
                        "lowest_gwh": level.min().reindex(rows.index).to_numpy(),
                        "end_gwh": level.iloc[-1].reindex(rows.index).to_numpy(),
                    }
                )
            )
        return pd.concat(parts)

    def origins(self) -> pd.DataFrame:
        return self._shares(self.outcome.origins(), "seller")

    def transits(self) -> pd.DataFrame:
        return self._shares(self.outcome.transits(), "through")

    def _shares(self, wide: pd.DataFrame, name: str) -> pd.DataFrame:
        table = wide.drop(columns="hhi").rename_axis(index="country").reset_index()
        long = table.melt("country", var_name=name, value_name="share_pct")
        found = long[long["share_pct"] > 1e-6].sort_values(["country", name], ignore_index=True)
        return _first(found.assign(year=self.year), "year")

    def security(self) -> pd.DataFrame:
        return _first(security(self.outcome.case).reset_index().assign(year=self.year), "year")

    def measures(self) -> pd.DataFrame:
        numbers = ["gwh", "most_gwh_per_day", "usd_per_mwh", "lead_days", "cumulative_gwh"]
        columns = ["kind", "measure", "country", *numbers]
        nothing = pd.DataFrame(columns=columns)
        found = nothing if self.outcome.day is None else mitigations(self.outcome).table[columns]
        typed = found.assign(year=self.year).astype({"year": int, **dict.fromkeys(numbers, float)})
        return _first(typed, "year")

    def emissions(self) -> pd.DataFrame:
        found = self.outcome.emissions().rename(columns={"fuel": "fuel_tco2e", "methane": "methane_tco2e"})
        return _first(found.reset_index().assign(year=self.year), "year", "line")

    def costs(self) -> pd.DataFrame:
        extra = self.outcome.extra_cost / _USD_PER_THOUSAND
        day = "" if self.outcome.day is None else self._days.index[0] + pd.Timedelta(days=self.outcome.day)
        return pd.DataFrame(
            {
                "year": [self.year],
                "cost_million_usd": [self.outcome.plan.objective / _USD_PER_THOUSAND + extra],
                "extra_million_usd": [extra],
                "surprise": [day.date().isoformat() if isinstance(day, pd.Timestamp) else ""],
            }
        )


def _first(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a table with these columns first."""
    return frame[[*columns, *(c for c in frame.columns if c not in columns)]]
