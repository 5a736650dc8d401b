"""The gas model held against outages on record: what happened, what the model says, good or bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import seeds
from networks import DataError, GasTables, load_gas_tables
from networks.errors import nearest
from networks.given import check_given
from solvers import Gas, linepack_kg

from ..gas.checks import flow_gwh
from ..gas.energy import gcv, volume_bcm
from ..gas.outcome import GasOutcome
from ..gas.running import run_gas_case
from .gas_applying import apply_gas
from .gas_schema import GasScenarioModel
from .yaml_text import MOST_BYTES, parse

__all__ = ["GasBacktest", "Observation", "Outage", "gas_backtest", "gas_cases"]

_MCM_PER_BCM = 1000.0


class Observation(BaseModel):
    """What was observed of an outage, and how it is found in the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    measure: Literal["flow", "change", "unmet", "lasts"]
    of: tuple[str, ...]
    tiers: tuple[str, ...] = ()
    from_: str = Field("", alias="from")
    to: str = ""
    unit: Literal["mcm/d", "bcm", "%", "days"]
    basis: str = ""
    observed: float
    within: float
    source: str = ""
    why: str
    from_bar: tuple[float, float] = (0.0, 0.0)
    to_bar: float = 0.0
    flow_mcm_per_day: float = 0.0


class Outage(BaseModel):
    """One case of ``gas_backtest.yaml``, by the id of its event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int = 2025
    step: Literal["day", "month"] = "month"
    scenario: dict[str, Any] = Field({})
    observations: dict[str, Observation]


@dataclass(frozen=True, eq=False)
class GasBacktest:
    """The model beside what was observed.

    Attributes
    ----------
    table : DataFrame by case
        ``title``, ``start`` (of the event), ``network`` (year of it), ``observed``, ``modelled``, ``unit``,
        ``within`` (how far off counts as met), ``met``, ``grade`` (of the event), ``source``, ``why``.
    """

    table: pd.DataFrame

    @property
    def answer(self) -> str:
        """How many are met."""
        met = int(self.table["met"].sum())
        missed = ", ".join(self.table.index[~self.table["met"]])
        return f"{met} of {len(self.table)} observations of outages are met" + (
            f"; missed: {missed}." if missed else "."
        )

    def __repr__(self) -> str:
        """Answer, then the cases."""
        columns = ["title", "observed", "modelled", "unit", "met"]
        return f"{self.answer}\n\n{self.table[columns].round(2).to_string()}"


def gas_cases(file: str | Path | None = None) -> dict[str, Outage]:
    """Read cases of the back-test.

    Parameters
    ----------
    file : path, optional
        YAML file as ``seeds/gas_backtest.yaml``, which is read otherwise.

    Raises
    ------
    DataError
        It cannot be read, or a case is wrong; all is told at once.
    """
    path = Path(file) if file is not None else seeds.FOLDER / "gas_backtest.yaml"
    try:
        check_given(path)
        content = parse(path.read_bytes()[: MOST_BYTES + 1], path.name).value
    except OSError as error:
        raise DataError([f"{path}: cannot be read ({error.strerror})"]) from None
    cases = content.get("cases") if isinstance(content, dict) else None
    if not isinstance(cases, dict) or not cases:
        raise DataError([f"{path}: expected 'cases' with the id of an event for each"])
    found: dict[str, Outage] = {}
    problems: list[str] = []
    for name, written in cases.items():
        try:
            found[str(name)] = Outage.model_validate(written)
        except ValidationError as error:
            problems += [f"{path.name}: {told}" for told in _told(str(name), error)]
    if problems:
        raise DataError(problems)
    return found


def _told(name: str, error: ValidationError) -> list[str]:
    return [f"{name}.{'.'.join(map(str, w['loc']))}: {w['msg']}" for w in error.errors(include_url=False)]


def gas_backtest(file: str | Path | None = None, *, folder: str | Path | None = None) -> GasBacktest:
    """Run the cases of the back-test; a minute or two.

    Parameters
    ----------
    file : path, optional
        As of `gas_cases`.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    GasBacktest

    Raises
    ------
    DataError
        A case is wrong or cannot be run.
    """
    tables = load_gas_tables(folder)
    rows = {}
    for name, case in gas_cases(file).items():
        if name not in tables.events.index:
            raise DataError([f"no event is called {name!r}{nearest(name, list(tables.events.index))}"])
        event = tables.events.loc[name]
        outcome = _run(name, case, folder) if any(o.measure != "lasts" for o in case.observations.values()) else None
        for word, seen in case.observations.items():
            modelled = _lasts(seen, tables) if outcome is None or seen.measure == "lasts" else _measured(seen, outcome)
            rows[f"{name}: {word}"] = {
                "title": seen.title,
                "start": str(event["start"]),
                "network": "" if outcome is None else str(case.year),
                "observed": seen.observed,
                "modelled": modelled,
                "unit": seen.unit,
                "within": seen.within,
                "met": bool(abs(modelled - seen.observed) <= seen.within + 1e-9),
                "grade": event["grade"],
                "source": seen.source or ";".join(event["source_id"]),
                "why": seen.why,
            }
    return GasBacktest(pd.DataFrame.from_dict(rows, orient="index").rename_axis("case"))


def _run(name: str, case: Outage, folder: str | Path | None) -> GasOutcome:
    written: Mapping[str, Any] = {
        "schema": 1,
        "name": name,
        "task": "gas",
        "study": {"years": [case.year], "step": case.step},
        **case.scenario,
    }
    try:
        model = GasScenarioModel.model_validate(written)
    except ValidationError as error:
        raise DataError(_told(f"{name}.scenario", error)) from None
    applied = apply_gas(model, case.year, folder)
    return run_gas_case(applied.case, applied.edits, applied.bans)


def _measured(case: Observation, outcome: GasOutcome) -> float:
    start, stop = pd.Timestamp(case.from_), pd.Timestamp(case.to)
    if case.measure == "unmet":
        rows = outcome.demand_rows()
        mine = rows[rows["country"].isin(case.of) & (rows["day"] >= start) & (rows["day"] <= stop)]
        mine = mine[mine["tier"].isin(case.tiers)] if case.tiers else mine
        return float(100.0 * mine["unmet_gwh"].sum() / mine["demand_gwh"].sum())
    now = _through(case, outcome, outcome.whole("flow"), start, stop)
    if case.measure == "flow":
        return now
    return now - _through(case, outcome, outcome.plan.flow, start, stop)


def _through(
    case: Observation, outcome: GasOutcome, flow: pd.DataFrame, start: pd.Timestamp, stop: pd.Timestamp
) -> float:
    """Return what goes through the pipes of a case between two days, in its unit."""
    days = outcome.plan.days
    mine = (flow.index >= start) & (flow.index <= stop)
    total = flow_gwh(flow[mine], days[flow.index[mine]], case.of)
    bcm = float(volume_bcm(total, gcv(outcome.case.tables.bases, [case.basis])[0]))
    return bcm if case.unit == "bcm" else bcm * _MCM_PER_BCM / float(days[flow.index[mine]].sum())


def _lasts(case: Observation, tables: GasTables) -> float:
    """Return for how many days a flow goes on from what pipes hold, until their pressure is as low as stated."""
    gas = Gas(molar_mass_kg_per_kmol=tables.parameter("gas_line_molar_mass_kg_per_kmol"))
    wall = 1.0 - tables.parameter("gas_line_wall_pct") / 100.0
    held = 0.0
    for pipe in case.of:
        length, diameter = tables.pipes.loc[pipe, ["length_km", "diameter_mm"]].astype(float)
        held += linepack_kg(length, diameter * wall, *case.from_bar, gas)
        held -= linepack_kg(length, diameter * wall, case.to_bar, case.to_bar, gas)
    celsius = float(tables.bases.at[case.basis, "reference_temperature_c"])
    return float(np.round(held / gas.density_at(celsius) / 1e6 / case.flow_mcm_per_day, 6))
