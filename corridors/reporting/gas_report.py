"""The report of a gas run: who is short, which way gas goes, what makes up for it, against its counterfactual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ..scenario.gas_answers import country_name, gas_told
from ..scenario.gas_balance_chart import balance
from ..scenario.gas_contrast import GasComparison
from ..scenario.gas_results import GasRun
from .common import basis, capital, changes, facts, given, map_rows, subject_of
from .document import DIGITS, Block, Chart, Column, Drawn, Report, Section, Table, Text, Tile
from .limits import limits_of

__all__ = ["gas_report"]

_LEAST_MCM = 0.05
_LEAST_BCM = 0.005
_LEAST_GWH = 0.5
_MOVED = 0.05  # bcm a year, from which a change is drawn
_SELLER = 5.0  # per cent from which a seller is named
_SELLERS = {"DE": "North-West European hub", "stock": "stored before"}
_RULES = {"cooperative": "shared by all", "own_first": "own demand first"}


def gas_report(run: GasRun, command: str = "") -> Report:
    """Return the report of a gas run, against its counterfactual if it has one.

    Parameters
    ----------
    run : GasRun
    command : str
        By which it can be made again.
    """
    return _Gas(run).report(command)


@dataclass(frozen=True)
class _Gas:
    """The sections of one run."""

    run: GasRun

    def report(self, command: str) -> Report:
        run = self.run
        said = gas_told(run)
        return Report(
            kind=f"Gas, {', '.join(map(str, run.years))}, by {run.record['step']}",
            title=run.title,
            question=str(run.record["question"]),
            headline=f"{capital(subject_of(said[0], run.title))}{self.range_in_words()}",
            points=[*said[1:], *changes(run)],
            tiles=list(self.tiles()),
            chart=self.first_chart(),
            table=self.countries(),
            switching=list(self.switching()),
            limits=limits_of("gas", run),
            grades=list(basis(run)),
            facts=[*facts(run, command), ("Balance closed to", f"{run.record['balance_error']:.0e}")],
            annexes=[section for section in self.annexes() if section.blocks],
        )

    @cached_property
    def pair(self) -> GasComparison | None:
        return None if self.run.against is None else GasComparison(self.run.against, self.run)

    @property
    def year(self) -> int:
        return self.run.years[-1]

    @property
    def money(self) -> str:
        return str(self.run.record["currency"])

    @property
    def price(self) -> str:
        return f"{self.money.lower()}_per_mwh"

    @property
    def second(self) -> str:
        return "own_first" if self.run.record["sharing"] == "cooperative" else "cooperative"

    def range_in_words(self) -> str:
        """Return over which range it varies, where something does."""
        table = self.run.ranges()
        if table.empty:
            return ""
        here = table.xs(self.year, level="year")["unmet_gwh"]
        low, high = float(here.min()), float(here.max())
        if high < _LEAST_GWH:
            return f" In none of the {len(here)} runs of what varies is anybody short."
        return f" In the {len(here)} runs of what varies, {low:,.0f} to {high:,.0f} GWh lack."

    def tiles(self) -> Iterator[Tile]:
        """Yield what it means for connectivity, decarbonisation and resilience."""
        at, rule = self.year, _RULES[str(self.run.record["sharing"])]
        yield self._tile("Cost", f"million {self.money} in {at}, all gas of the network, penalties", self._cost, ",.0f")
        yield self._tile("Emissions", f"kt CO₂e of moving gas, {at}", self._emitted, ",.0f")
        yield self._tile("Short", f"mcm that lack in {at}, {rule}", self._lacks, ",.0f")

    def _tile(self, group: str, what: str, of: Callable[[GasRun], float], form: str) -> Tile:
        now = of(self.run)
        if self.run.against is None:
            return Tile(group, what, format(now, form))
        before = of(self.run.against)
        change = (
            f"{now - before:+{form}}".replace("-", "−") if format(now, form) != format(before, form) else "as before"
        )
        return Tile(group, what, format(now, form), format(before, form), change)

    def _cost(self, run: GasRun) -> float:
        return float(run.costs().loc[self.year, f"cost_million_{self.money.lower()}"])

    def _emitted(self, run: GasRun) -> float:
        return float(run.emissions().xs(self.year, level="year").to_numpy().sum()) / 1e3

    def _lacks(self, run: GasRun) -> float:
        return float(run.unmet().xs(self.year, level="year")["unmet_mcm"].sum())

    def first_chart(self) -> Block:
        return Chart(
            "lines",
            f"What lines carry, bcm in {self.year}",
            lambda: self.run.plot.flows(),
            "Bars by line, beside the counterfactual; the same numbers are in the table of lines.",
            (self.run.flows() if self.pair is None else self.pair.flows()).reset_index(),
        )

    def countries(self) -> Table:
        """Return the one table: the countries that lack most, or whose price changes most."""
        frame = self._by_country()
        order = [c for c in ("unmet_mcm", "other_mcm") if frame[c].max() > _LEAST_MCM] or ["change"]
        size = frame[order].abs().max(axis=1)
        frame = frame.assign(size=size).sort_values(["year", "size"], ascending=[True, False], kind="stable")
        frame = frame.drop(columns="size")
        was = "without" if self.pair is not None else "planned"
        columns = [
            *self._year_column(),
            Column("name", "country"),
            Column("demand_twh", "demand, TWh", ",.1f"),
            Column("unmet_mcm", f"lacks, mcm: {_RULES[str(self.run.record['sharing'])]}", ",.0f"),
            Column("other_mcm", f"lacks, mcm: {_RULES[self.second]}", ",.0f"),
            Column("before", f"price {was}, {self.money}/MWh", ",.1f"),
            Column(self.price, f"price with, {self.money}/MWh", ",.1f"),
            Column("change", "difference", "+,.2f"),
            Column("n_minus_1_pct", "N-1, %", ",.0f"),
            Column("sellers", "largest sellers, %"),
        ]
        note = (
            "Prices are marginal, not contract prices, in money of the year. "
            "N-1 by the formula of Regulation (EU) 2017/1938: 100 % and more "
            "means that the peak could be met without the largest infrastructure."
        )
        return Table("countries", f"Countries, {', '.join(map(str, self.run.years))}", frame, columns, note, 8)

    def _by_country(self) -> pd.DataFrame:
        run = self.run
        table = run.unmet()
        table = table[table["demand_gwh"] > 0]
        other = run.unmet(self.second)["unmet_mcm"].reindex(table.index)
        before = (
            self.run.against.unmet()[self.price] if self.run.against is not None else table[f"planned_{self.price}"]
        ).reindex(table.index)
        dependence = run.dependence()
        frame = table.assign(
            other_mcm=other,
            before=before,
            change=table[self.price] - before,
            demand_twh=table["demand_gwh"] / 1e3,
            n_minus_1_pct=run.security()["n_minus_1_pct"].reindex(table.index),
            sellers=[_sellers(dependence, key) for key in table.index],
            hhi=dependence["hhi"].reindex(table.index),
        ).reset_index()
        return frame.assign(name=[country_name(c) for c in frame["country"]])

    def _year_column(self) -> list[Column]:
        return [Column("year", "year")] if len(self.run.years) > 1 else []

    def switching(self) -> Iterator[Block]:
        """Yield at which values the answer turns."""
        table = self.run.switching()
        if table.empty:
            return
        yield Table(
            "switching",
            "Values at which a country could no longer meet its peak, or gas leaves a full line",
            table,
            [
                Column("figure", "figure"),
                Column("where", "country or line"),
                Column("now", "now", DIGITS),
                Column("switches_at", "switches at", DIGITS),
                Column("unit", "unit"),
                Column("change_pct", "change, %", "+,.0f"),
                Column("means", "what it means"),
            ],
            "One figure at a time, all else as it is.",
            6,
        )

    def annexes(self) -> Iterator[Section]:
        """Yield the sections that the run has."""
        yield Section("map", "Map of gas", list(self.maps()))
        yield Section("balance", "Balance by country", list(self.balance()))
        yield Section("unmet", "Who is short", list(self.unmet()))
        yield Section("lines", "Lines, and what one more unit is worth", list(self.lines()))
        yield Section("measures", "What makes up for it", list(self.measures()))
        yield Section("security", "Security and dependence", list(self.security()))
        yield Section("emissions", "Emissions", list(self.emissions()))
        yield Section("varied", "What varies", list(self.varied()))
        yield Section("inputs", "What the scenario sets", list(given(self.run)))

    def maps(self) -> Iterator[Block]:
        from .gas_map import gas_map
        from .maps import svg

        drawn = gas_map(self.run, self.run.against, self.year)
        yield Drawn("map", f"Gas in {self.year}, bcm", lambda name: svg(drawn, name), map_rows(drawn))

    def balance(self) -> Iterator[Block]:
        yield Chart(
            "balance",
            f"Whose gas each country uses, TWh in {self.year}",
            lambda: self.run.plot.balance(),
            "Stacked bars by country and seller; the same numbers are in the table.",
            balance(self.run, self.year).add_suffix(" TWh").reset_index(),
        )
        yield Table(
            "source-table",
            "What sources give",
            self._sources(),
            [
                *self._year_column(),
                Column("title", "source"),
                Column("seller", "seller"),
                Column("carrier", "by"),
                *([Column("base_gwh", "without, GWh", ",.0f")] if self.pair is not None else []),
                Column("gwh", "with, GWh" if self.pair is not None else "GWh", ",.0f"),
                *([Column("difference_gwh", "difference", "+,.0f")] if self.pair is not None else []),
                Column(self.price, f"{self.money}/MWh", ",.1f"),
            ],
            "The North-West European hub sells more than the countries above take: half of it is used there, a market "
            "beside the model that the cost of the year holds too.",
            10,
        )

    def _sources(self) -> pd.DataFrame:
        table = self.run.sources()
        if self.pair is not None:
            table = table.join(self.pair.sources()[["base_gwh", "difference_gwh"]])
        found = table[table["gwh"] > 0].reset_index().sort_values(["year", "gwh"], ascending=[True, False])
        return found.assign(seller=found["seller"].map(lambda code: seller_name(str(code))))

    def unmet(self) -> Iterator[Block]:
        lacks = max(self._lacks(self.run), float(self.run.unmet(self.second)["unmet_mcm"].sum()))
        if lacks <= _LEAST_MCM:
            yield Text(["Nobody is short, by neither rule of sharing."])
            return
        yield Chart(
            "unmet",
            f"Who is short in {self.year}, by both rules of sharing",
            lambda: self.run.plot.unmet(),
            "Bars by country and rule; the same numbers are in the table of countries.",
            self._by_country()[["year", "country", "name", "unmet_mcm", "unmet_pct", "other_mcm"]],
        )
        short = self.run.short()
        if len(short):
            frame = short.sort_values("unmet_gwh", ascending=False).head(200)
            yield Table(
                "short",
                f"When, by {self.run.record['step']}",
                frame.assign(name=[country_name(c) for c in frame["country"]]),
                [
                    Column("day", "day" if self.run.record["step"] == "day" else "month from"),
                    Column("name", "country"),
                    Column("tier", "who"),
                    Column("demand_gwh", "demand, GWh", ",.1f"),
                    Column("unmet_gwh", "lacks, GWh", ",.1f"),
                ],
                most=8,
            )

    def lines(self) -> Iterator[Block]:
        table = self.run.flows("pipe")
        size = table[["planned_bcm", "bcm"]].abs().max(axis=1)
        if self.pair is not None:
            table = table.join(self.pair.flows("pipe")[["base_bcm", "difference_bcm"]])
            moved = table["difference_bcm"].abs()
            size = moved.where(moved >= _MOVED, 0.0) * 1e3 + size
        frame = table.assign(size=size)[size >= _LEAST_BCM].reset_index()
        frame = frame.sort_values(["year", "size"], ascending=[True, False]).drop(columns="size")
        pairs = self.pair is not None
        yield Table(
            "pipes",
            "Pipes, those that change most first" if pairs else "Pipes, the largest first",
            frame,
            [
                *self._year_column(),
                Column("title", "pipe"),
                *([Column("base_bcm", "without, bcm", ",.2f")] if pairs else []),
                Column("bcm", "with, bcm" if pairs else "bcm", ",.2f"),
                *([Column("difference_bcm", "difference", "+,.2f")] if pairs else []),
                Column("nameplate_bcm", "nameplate, bcm", ",.1f"),
                Column("full_pct", "full, % of the time", ",.0f"),
                Column(f"worth_{self.price}", f"worth of one more, {self.money}/MWh", ",.2f"),
                Column("grade", "grade"),
            ],
            "Below 0: the other way. Worth holds at the margin. bcm are those of the statistics of each pipe.",
            12,
            "pipe",
        )

    def measures(self) -> Iterator[Block]:
        table = self.run.measures()
        if table.empty:
            return
        yield Chart(
            "measures",
            "What makes up for what would lack, cheapest first",
            lambda: self.run.plot.measures(),
            "Steps of price against what is given; the same numbers are in the table.",
            table,
        )
        yield Table(
            "measure-table",
            "What makes up for it, cheapest first",
            table.assign(country=[country_name(str(c)) for c in table["country"]]),
            [
                *self._year_column(),
                Column("kind", "kind"),
                Column("measure", "measure"),
                Column("country", "country"),
                Column("gwh", "GWh", ",.0f"),
                Column("most_gwh_per_day", "GWh/d at most", ",.1f"),
                Column(self.price, f"{self.money}/MWh", ",.1f"),
                Column("lead_days", "days until it comes", ",.0f"),
            ],
        )

    def security(self) -> Iterator[Block]:
        frame = self.run.security().reset_index()
        frame = frame.assign(name=[country_name(c) for c in frame["country"]]).sort_values("n_minus_1_pct")
        yield Table(
            "security",
            "N-1: whether the peak could be met without the largest infrastructure",
            frame,
            [
                *self._year_column(),
                Column("name", "country"),
                Column("n_minus_1_pct", "N-1, %", ",.0f"),
                Column("peak_gwh_per_day", "peak, GWh/d", ",.0f"),
                Column("pipe", "pipes, GWh/d", ",.0f"),
                Column("production", "fields, GWh/d", ",.0f"),
                Column("storage", "storages, GWh/d", ",.0f"),
                Column("lng", "LNG, GWh/d", ",.0f"),
                Column("largest", "largest infrastructure"),
                Column("largest_gwh_per_day", "which has, GWh/d", ",.0f"),
                Column("grade", "grade"),
            ],
            "Arithmetic of capacities by the formula of Regulation (EU) 2017/1938, Annex II.",
        )
        frame = self._by_country()[["year", "country", "name", "sellers", "hhi"]].sort_values("hhi", ascending=False)
        yield Table(
            "dependence",
            "On whom countries depend",
            frame,
            [
                *self._year_column(),
                Column("name", "country"),
                Column("sellers", "largest sellers, %"),
                Column("hhi", "HHI", ",.0f"),
            ],
            "HHI: sum of the squares of the sellers' shares in per cent; 10,000 where all is one's.",
        )

    def emissions(self) -> Iterator[Block]:
        frame = self.run.emissions().reset_index()
        frame = frame.assign(all_=frame["fuel_tco2e"] + frame["methane_tco2e"])
        frame = frame[frame["all_"] >= 1].sort_values(["year", "all_"], ascending=[True, False])
        yield Table(
            "emission-table",
            "Emissions of moving gas, by line",
            frame,
            [
                *self._year_column(),
                Column("line", "line"),
                Column("fuel_tco2e", "fuel of compressors, t CO₂e", ",.0f"),
                Column("methane_tco2e", "methane, t CO₂e", ",.0f"),
                Column("all_", "together", ",.0f"),
            ],
            "Those of burning the gas are not in them.",
            10,
        )

    def varied(self) -> Iterator[Block]:
        table = self.run.ranges()
        if table.empty:
            return
        cost = f"cost_million_{self.money.lower()}"
        frame = table.reset_index()
        yield Table(
            "varied",
            "Runs of what varies",
            frame.assign(most=[country_name(c) if c else "" for c in frame["most"]]),
            [
                Column("variant", "varied"),
                Column("year", "year"),
                Column("scp_bcm", "South Caucasus line, bcm", ",.1f"),
                Column("tanap_bcm", "TANAP, bcm", ",.1f"),
                Column("tap_bcm", "TAP, bcm", ",.1f"),
                Column("unmet_gwh", "lacks, GWh", ",.0f"),
                Column("most", "most in"),
                Column(cost, f"cost of the year, million {self.money}", ",.0f"),
            ],
        )


def _sellers(dependence: pd.DataFrame, key: tuple[int, str]) -> str:
    """Return the largest sellers with their shares."""
    if key not in dependence.index:
        return ""
    shares = dependence.loc[key].drop("hhi").sort_values(ascending=False)
    return ", ".join(f"{seller_name(str(seller))} {share:.0f}" for seller, share in shares.items() if share >= _SELLER)


def seller_name(code: str) -> str:
    """Return what a seller is called: the hub stands for all that North-West Europe sells on."""
    return _SELLERS.get(code) or country_name(code)
