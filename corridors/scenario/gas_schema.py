"""The scenario file of gas as pydantic models: what may be written with ``task: gas``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .readings import (
    Changed,
    Duration,
    Flag,
    Measure,
    Model,
    Money,
    Named,
    Scale,
    Time,
    When,
    Words,
    read_listed,
    read_varied,
    read_words,
    read_yearly,
)
from .units import Change, Quantity

__all__ = [
    "GasDemand",
    "GasEffect",
    "GasIntervention",
    "GasInvestments",
    "GasProject",
    "GasScenarioModel",
    "GasStudy",
    "GasWhere",
]

FIRST_YEAR, LAST_YEAR = 2023, 2040
_RATES = ("volume/time", "energy/time")
_PRICES = ("USD/energy", "EUR/energy")


GasYear = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]
GasRate = Annotated[Change, Changed(_RATES, "30 mcm/d")]
GasPrice = Annotated[Change, Changed(_PRICES, "+5 USD/MWh")]


class GasWhere(Model):
    """What a change applies to: all keys hold together, any word of a list is enough."""

    country: Words | None = Field(
        None, description="Countries or groups: pipes with an end there, sources and storages in them, their demand."
    )
    border: Words | None = Field(None, description="Borders that pipes cross: GE-TR for both ways, GE>TR for one.")
    place: Words | None = Field(None, description="Ids of gas places: pipes with an end there, what stands there.")
    link: Words | None = Field(None, description="Pipes or lines: SCPX, tanap.")
    supply: Words | None = Field(None, description="Sources: sd, iran; LNG terminals: IT_PIOM.")
    carrier: Words | None = Field(None, description="pipeline or lng: sources of that kind.")
    storage: Words | None = Field(None, description="Ids of storages.")

    @model_validator(mode="after")
    def _some(self) -> GasWhere:
        if not self.given:
            raise ValueError("say where: country, border, place, link, supply, carrier or storage")
        if self.storage and (self.supply or self.carrier):
            raise ValueError("a source and a storage are two things: make two entries, or a list in 'where'")
        if (self.supply or self.carrier or self.storage) and (self.link or self.border):
            raise ValueError("a pipe and a source or storage are two things: make two entries, or a list in 'where'")
        return self

    @property
    def kind(self) -> Literal["source", "storage", "pipe"]:
        """What is meant where the effect does not say: a source or storage if one is named, else pipes."""
        if self.supply or self.carrier:
            return "source"
        return "storage" if self.storage else "pipe"


class GasEffect(Model):
    """What changes there. No sign sets, + and - change, x multiplies."""

    use: Literal["closed", "open"] | None = Field(
        None, description="Shut; or open a pipe whatever the tables say, with the capacity on record."
    )
    capacity: GasRate | None = Field(
        None, description="Of each pipe (both ways, if it is a factor), source or storage (in and out)."
    )
    cost: GasPrice | None = Field(None, description="What decides the way through a pipe: fees, charges.")
    price: GasPrice | None = Field(None, description="Of sources.")
    demand: Annotated[Change, Changed(("energy/time",), "+15 %")] | None = Field(None, description="Of countries.")
    time: Duration | None = Field(None, description="Lead of LNG.")
    working: Annotated[Change, Changed(("energy",), "-20 %")] | None = Field(
        None, description="Working volume of storages."
    )
    refused_by: Words | None = Field(None, description="Countries that no longer use the gas of these sources.")

    @model_validator(mode="after")
    def _some(self) -> GasEffect:
        if not self.given:
            raise ValueError("give at least one effect, for example 'use: closed' or 'capacity: x 0.5'")
        return self


class GasIntervention(Model):
    """A disruption or a change of policy: where, effect, when."""

    where: Annotated[tuple[GasWhere, ...], BeforeValidator(read_listed), Field(min_length=1)]
    effect: GasEffect
    when: When = When()
    title: str | None = Field(None, description="What it is called in results.")
    enabled: Flag = Field(True, description="Whether it is applied.")
    known: Flag | None = Field(
        None, description="Whether it is known from the start of the year; otherwise policy is, disruptions are not."
    )
    recovery: Literal["step", "linear", "exponential"] = Field("step", description="How it fades after its end.")
    recover_over: Time | None = Field(None, description="How long it takes to fade; exponential: to 95 %.")

    @model_validator(mode="after")
    def _fits(self) -> GasIntervention:
        if (self.recovery != "step") != (self.recover_over is not None):
            raise ValueError("recovery 'linear' or 'exponential' and 'recover_over' belong together")
        if self.recovery != "step" and (self.when.months is not None or not self.when.given & {"to", "for_"}):
            raise ValueError("recovery goes with days that end once: give 'to' or 'for' in 'when', and no months")
        return self


class GasStudy(Model):
    """What is asked: years, step, whose rule of sharing."""

    years: Annotated[tuple[GasYear, ...], BeforeValidator(read_yearly), Field(min_length=1)] = Field(
        (2026,), description="Years that are run, 2023 to 2040; each begins with storages as on record or usual."
    )
    step: Literal["day", "month"] = Field("month", description="By day for surprises shorter than two months.")
    sharing: Literal["cooperative", "own_first"] = Field(
        "cooperative", description="Rule that tables begin with: all lack the same share, or each serves itself first."
    )
    currency: Literal["USD", "EUR"] = Field("USD", description="Of money in results.")

    @model_validator(mode="after")
    def _once(self) -> GasStudy:
        if len(set(self.years)) < len(self.years):
            raise ValueError("years names one twice")
        return self


class GasDemand(Model):
    """Other growth or volumes than those on record."""

    growth: dict[Named, Annotated[Quantity, Measure(("share/time",), "-1 %/yr", least=-1e-4)]] = Field(
        {}, description="By country, beyond the record."
    )
    scale: dict[Named, Scale] = Field({}, description="By country, all the year: 'x 1.1' or '+10 %'.")


class GasProject(Model):
    """An investment: what it changes, from when."""

    title: str | None = Field(None, description="What it is called in results.")
    record: str | None = Field(None, description="Id in gas_project_pipes.csv, whose pipes and capacities it takes.")
    cost: Money | None = Field(None, description="Of building it; otherwise that on record.")
    where: Annotated[tuple[GasWhere, ...], BeforeValidator(read_listed)] | None = None
    effect: GasEffect | None = None
    opens: GasYear | None = Field(
        None, description="First year in service; otherwise that on record, or the first run."
    )
    decision: Literal["build", "leave"] = Field("build", description="Whether it is built.")

    @model_validator(mode="after")
    def _whole(self) -> GasProject:
        if (self.where is None) != (self.effect is None):
            raise ValueError("where and effect go together")
        if self.record is None and not (self.title and self.where):
            raise ValueError("give title, where and effect, or the record of gas_project_pipes.csv")
        return self


class GasInvestments(Model):
    """Projects."""

    projects: dict[Named, GasProject] = Field({})


class GasScenarioModel(Model):
    """A scenario of gas."""

    schema_: Literal[1] = Field(alias="schema", description="Version of the format.")
    name: Annotated[str, Field(min_length=1, max_length=20_000)] = Field(description="What it is called elsewhere.")
    task: Literal["gas"] = Field(description="What is modelled: gas.")
    title: str | None = Field(None, description="What it is called in results.")
    question: str | None = Field(None, description="What it answers.")
    extends: Annotated[tuple[str, ...], BeforeValidator(read_words)] = Field(
        (), description="Scenarios that it builds on; later ones win."
    )
    against: str | None = Field(None, description="The counterfactual, run with the same study.")
    study: GasStudy = GasStudy()
    demand: GasDemand = GasDemand()
    prices: dict[Named, GasPrice] = Field({}, description="Series of gas_prices.csv with other values.")
    disruptions: dict[Named, GasIntervention] = Field({})
    policy: dict[Named, GasIntervention] = Field({})
    investments: GasInvestments = GasInvestments()
    vary: Annotated[dict[str, Any], BeforeValidator(read_varied)] = Field(
        {}, description="Runs besides: each path with its values, all combinations; those in 'together' in step."
    )
