"""The scenario file as pydantic models: the one place for what may be written, its defaults and its meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .readings import (
    Changed,
    Day,
    Duration,
    Flag,
    Measure,
    Model,
    Money,
    MoneyPerYear,
    Named,
    Rate,
    Scale,
    SeriesChange,
    Share,
    Time,
    When,
    Words,
    read_listed,
    read_varied,
    read_words,
    read_yearly,
)
from .units import HOURS_A_YEAR, Change, Quantity, change

__all__ = [
    "SCHEMA_VERSION",
    "Choice",
    "Day",
    "Demand",
    "Effect",
    "Intervention",
    "Investments",
    "Line",
    "Package",
    "Project",
    "ScenarioModel",
    "Study",
    "When",
    "Where",
]

SCHEMA_VERSION = 1
FIRST_YEAR, LAST_YEAR = 2019, 2040
DAYS_A_YEAR = 365

_CAPACITY = ("TEU/time", "mass/time", "train/time", "pair/time", "truck/time", "wagon/time")
_FEE = ("EUR/TEU", "USD/TEU")

Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]
Series = Annotated[Change, SeriesChange(("USD/TEU", "time", "TEU/time"), "3000 USD/FEU")]
Capacity = Annotated[Change, Changed(_CAPACITY, "-30 %")]
Price = Annotated[Change, Changed(_FEE, "+150 USD/TEU")]
PerTEU = Annotated[Quantity, Measure(_FEE, "20000 USD/TEU")]


class Where(Model):
    """What a change applies to: all keys hold together, any word of a list is enough."""

    country: Words | None = Field(None, description="Countries or groups of countries: RU, EU, Central_Asia.")
    border: Words | None = Field(None, description="Land borders: KZ-CN for both ways, KZ>CN for one.")
    place: Words | None = Field(None, description="Ports, stations, straits: Aktau, Suez Canal.")
    link: Words | None = Field(None, description="Ids of links, or 'Aktau - Alat' for all links between two places.")
    corridor: Words | None = Field(None, description="Corridors or families: middle, instc-west, sea.")
    mode: Words | None = Field(None, description="rail, road, sea, feeder, ferry, inland.")
    goods: Words | None = Field(None, description="Goods, for avoid and bans only.")
    market: Words | None = Field(None, description="Markets, for avoid and bans only.")

    @model_validator(mode="after")
    def _some(self) -> Where:
        if not self.given - {"goods", "market"}:
            raise ValueError("say where: country, border, place, link, corridor or mode")
        if self.corridor and self.given - {"corridor", "goods", "market"}:
            raise ValueError("a corridor stands alone: leave out the other keys, or name places and links instead")
        return self


class Effect(Model):
    """What changes there. No sign sets, + and - change, x multiplies."""

    use: Literal["closed", "open"] | None = Field(None, description="Shut, or open whatever the tables say.")
    capacity: Capacity | None = Field(None, description="Of each link, border or port.")
    time: Duration | None = Field(None, description="Running time.")
    wait: Duration | None = Field(None, description="Time at borders, ports and stations.")
    cost: Price | None = Field(None, description="Tariff of trains, trucks and ships.")
    fee: Price | None = Field(None, description="Charges at borders and in ports.")
    draught: Annotated[Change, Changed(("length", "length/time"), "-1 m", only_add=True)] | None = Field(
        None, description="Water depth at ports, once or by year; ships load less."
    )
    reliability: Duration | None = Field(None, description="Standard deviation of time.")
    avoid: Share | None = Field(None, description="Share of shippers who use it at no price.")
    bans: Literal["transit", "origin", "destination"] | None = Field(
        None, description="What may no longer cross, leave or reach the countries."
    )

    @model_validator(mode="after")
    def _some(self) -> Effect:
        if not self.given:
            raise ValueError("give at least one effect, for example 'use: closed' or 'capacity: -30 %'")
        return self


class Intervention(Model):
    """A disruption or a change of policy: where, effect, when."""

    where: Annotated[tuple[Where, ...], BeforeValidator(read_listed), Field(min_length=1)]
    effect: Effect
    when: When = When()
    title: str | None = Field(None, description="What it is called in results.")
    enabled: Flag = Field(True, description="Whether it is applied.")
    affects: Share | None = Field(None, description="Share of shipments that it touches.")
    probability: Annotated[Quantity, Measure(("share", "share/time", "count/time"), "5 %/yr")] | None = Field(
        None, description="Chance that it happens, once (35 %), per year (60 %/yr) or how often (4 times/yr)."
    )
    recovery: Literal["step", "linear", "exponential"] = Field("step", description="How it fades after its end.")
    recover_over: Time | None = Field(None, description="How long it takes to fade; exponential: to 95 %.")
    together_with: Named | None = Field(None, description="Disruption on whose days and chance it happens.")

    @model_validator(mode="after")
    def _fits(self) -> Intervention:
        if (self.recovery != "step") != (self.recover_over is not None):
            raise ValueError("recovery 'linear' or 'exponential' and 'recover_over' belong together")
        if self.together_with is not None and (self.when.given or self.probability is not None):
            raise ValueError("with 'together_with' the days and the chance are those of the other: leave them out")
        chance = self.probability
        if chance is not None and chance.dimension == "share" and chance.value > 1:
            raise ValueError(f"'{chance.text}' is more than certain")
        if chance is not None and chance.dimension == "share/time" and self.when.from_ and chance.per_year > 1:
            raise ValueError(f"'{chance.text}' is more than certain, as its days are given")
        each = self.when.for_
        often = 0.0 if chance is None or chance.dimension == "share" else chance.per_year
        if each is not None and often * each.days > DAYS_A_YEAR:
            raise ValueError(f"{often:g} times a year {each.text} are more than the year has")
        if self.when.months is not None and self.recovery != "step":
            raise ValueError("recovery goes with days that end once, not with months of every year")
        if chance is not None and chance.dimension == "count/time" and self.when.for_ is None:
            raise ValueError("how often needs how long: give 'for' in 'when', for example 'for: 5 days'")
        return self


class Study(Model):
    """What is asked: years, markets, currency."""

    years: Annotated[tuple[Year, ...], BeforeValidator(read_yearly), Field(min_length=1)] = Field(
        (2026,), description="Years that are run, 2019 to 2040."
    )
    markets: Words = Field(("cn-eu", "eu-cn", "caspian"), description="Whose freight: see 'corridors list markets'.")
    growth: Literal["low", "central", "high"] = Field("central", description="Of demand after 2025.")
    planned: Flag = Field(False, description="Whether lines under construction open in the years on record.")
    currency: Literal["USD", "EUR"] = Field("USD", description="Of money in results.")

    @model_validator(mode="after")
    def _once(self) -> Study:
        for name in ("years", "markets"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names one twice")
        return self


class Demand(Model):
    """Other growth or volumes than the toolkit's."""

    growth: dict[Named, Annotated[Quantity, Measure(("share/time",), "3 %/yr", least=-1e-4)]] = Field(
        {}, description="By market, from 2025 on, instead of the growth of the study."
    )
    scale: dict[Named, Scale] = Field({}, description="By market: 'x 1.1' or '+10 %'.")


class Choice(Model):
    """How shippers choose."""

    parameters: Literal["default", "backtest"] = Field("default", description="Which fitted parameters.")
    sensitivity: Literal["low", "normal", "high"] = Field(
        "normal", description="How sharply cost decides: half, as fitted, double."
    )
    value_of_time: dict[Named, Annotated[Change, Changed(("USD/TEU/time", "EUR/TEU/time"), "x 1.5")]] = Field(
        {}, description="By goods: worth of one hour less."
    )
    carbon_price: Annotated[Quantity, Measure(("EUR/CO2e", "USD/CO2e"), "100 EUR/tCO2e")] | None = Field(
        None, description="Paid by shippers."
    )
    unmet_penalty: PerTEU | None = Field(None, description="From which cost on freight stays at home.")


class Line(Model):
    """Line of a package of money."""

    amount: Money = Field(description="Of this line.")
    eligible: Words | None = Field(None, description="Countries whose projects it may pay for.")
    at_most: dict[Named, Share] = Field({}, description="Of the amount, by country or group: 'AZ: 50 %'.")
    years: tuple[Year, Year] | None = Field(
        None, description="First and last year in which it is paid out, as much in each; otherwise all at the start."
    )

    @model_validator(mode="after")
    def _order(self) -> Line:
        if self.years is not None and self.years[1] < self.years[0]:
            raise ValueError(f"its last year ({self.years[1]}) is before its first ({self.years[0]})")
        return self


class Package(Model):
    """Money: a pledge, a loan, a fund."""

    title: str | None = Field(None, description="What it is called in results.")
    record: str | None = Field(None, description="Id in packages.csv, whose title and amount it takes.")
    total: Money | None = Field(None, description="Of all lines together.")
    lines: dict[Named, Line] = Field({}, description="What it is for, by name.")
    overlaps: tuple[str, ...] = Field((), description="Packages that hold some of the same money.")

    @model_validator(mode="after")
    def _adds_up(self) -> Package:
        if self.total is None or not self.lines:
            return self
        if len({line.amount.dimension for line in self.lines.values()} | {self.total.dimension}) > 1:
            raise ValueError("total and lines stand in different currencies")
        amount = sum(line.amount.value for line in self.lines.values())
        if abs(amount - self.total.value) > 1e-3 * abs(self.total.value):
            raise ValueError(f"lines add up to {amount / 1e9:g} bn but total is {self.total.text}")
        return self


class Project(Model):
    """An investment: what it costs, what it changes, from when."""

    title: str | None = Field(None, description="What it is called in results.")
    record: str | None = Field(None, description="Id in projects.csv, whose title, cost, links and year it takes.")
    cost: Money | None = Field(None, description="Of building it.")
    where: Annotated[tuple[Where, ...], BeforeValidator(read_listed)] | None = None
    effect: Effect | None = None
    opens: Year | None = Field(None, description="First year in service; otherwise that on record, or the first run.")
    decision: Literal["build", "leave", "choose"] = Field(
        "build", description="Whether it is built; choose: if it is worth its money, see 'corridors frontier'."
    )
    package: Named | None = Field(None, description="Package that pays.")
    line: Named | None = Field(None, description="Its line.")
    countries: Words | None = Field(
        None,
        description="Where it counts as lying, for eligibility: of ships, the owner's; otherwise where it is built.",
    )
    pays: Share | None = Field(None, description="Share of the cost that the line pays; otherwise all.")
    kind: Named | None = Field(None, description="Kind of works, see appraisal.csv: what is usual for it is taken.")
    requires: Words | None = Field(None, description="Projects without which it is not built.")
    excludes: Words | None = Field(None, description="Projects beside which it is not built: alternatives.")
    lead_time: Time | None = Field(None, description="From decision to opening; otherwise that on record or usual.")
    spend: tuple[Share, ...] | None = Field(None, min_length=1, description="Share of the cost in each year of works.")
    life: Time | None = Field(None, description="In service; otherwise that usual for its kind.")
    upkeep: Annotated[Quantity, Measure(("share/time",), "2 %/yr", most=1.0)] | None = Field(
        None, description="Operation and maintenance, share of the cost per year; otherwise that usual for its kind."
    )
    benefit: MoneyPerYear | None = Field(
        None, description="Worth per year beyond the freight modelled (gas, power), in service; with a source."
    )

    @model_validator(mode="after")
    def _whole(self) -> Project:
        if self.spend is not None and abs(sum(part.value for part in self.spend) - 1) > 1e-6:
            raise ValueError(f"spend adds up to {100 * sum(p.value for p in self.spend):g} %, not 100 %")
        if self.benefit is not None and self.source is None:
            raise ValueError("a benefit beyond the freight modelled needs a source, if only EST with a note")
        if self.record is None and (self.title is None or self.cost is None) and self.decision == "choose":
            raise ValueError("what is to be chosen needs title and cost, or the record of projects.csv that holds them")
        if self.record is None and self.benefit is None and not (self.title and self.where and self.effect):
            raise ValueError("give title, where and effect, or the record of projects.csv that holds them")
        if (self.where is None) != (self.effect is None) and self.record is None:
            raise ValueError("where and effect go together")
        return self


class Investments(Model):
    """Projects and the money for them."""

    packages: dict[Named, Package] = Field({})
    projects: dict[Named, Project] = Field({})
    budget: Money | None = Field(
        None, description="To be spent in all, on what is built anyway too; otherwise what the lines hold."
    )
    start: Year | None = Field(None, description="Year of decision; otherwise that after the year of the tables.")
    horizon: Annotated[Quantity, Measure(("time",), "30 years", 1.0, 100 * HOURS_A_YEAR)] | None = Field(
        None, description="Years of appraisal from the decision on."
    )
    discount_rate: Rate | None = Field(None, description="Per year; tables show 3, 6 and 9 % beside it.")
    slippage: Scale = Field(change("x 1"), description="On all lead times: 'x 1.5'.")
    overrun: Scale = Field(change("x 1"), description="On all costs: 'x 1.3'.")
    objective: Literal["benefit", "shippers", "running", "enpv"] = Field(
        "benefit",
        description="What is made largest: benefits; those without emissions; those less upkeep; net present value.",
    )


class ScenarioModel(Model):
    """A scenario."""

    schema_: Literal[1] = Field(alias="schema", description="Version of the format.")
    name: Annotated[str, Field(min_length=1, max_length=20_000)] = Field(description="What it is called elsewhere.")
    task: Literal["freight", "gas"] = Field("freight", description="What is modelled; gas has settings of its own.")
    title: str | None = Field(None, description="What it is called in results.")
    question: str | None = Field(None, description="What it answers.")
    extends: Annotated[tuple[str, ...], BeforeValidator(read_words)] = Field(
        (), description="Scenarios that it builds on; later ones win."
    )
    against: str | None = Field(None, description="The counterfactual, run in the same years and markets.")
    about: str | None = Field(None, description="Family or corridor that the answer begins with.", examples=["middle"])
    study: Study = Study()
    demand: Demand = Demand()
    prices: dict[Named, Series] = Field({}, description="Series of year_inputs.csv with other values.")
    choice: Choice = Choice()
    disruptions: dict[Named, Intervention] = Field({})
    policy: dict[Named, Intervention] = Field({})
    investments: Investments = Investments()
    vary: Annotated[dict[str, Any], BeforeValidator(read_varied)] = Field(
        {}, description="Runs besides: each path with its values, all combinations; those in 'together' in step."
    )
