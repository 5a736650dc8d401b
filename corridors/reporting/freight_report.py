"""The report of a freight run: where boxes go, what is full, what it emits, against its counterfactual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import load_tables
from networks.tables import table_of

from ..scenario.answers import remarks, told, way_title
from ..scenario.contrast import Comparison
from ..scenario.results import NOT_SHIPPED, UNMET, Run
from ..scenario.sankey_chart import journeys
from .common import basis, capital, facts, figure, given, map_rows, subject_of
from .document import DIGITS, Block, Chart, Column, Drawn, Report, Section, Table, Text, Tile
from .limits import limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["freight_report"]

_LEAST = 1.0  # TEU or t a year
_SAME = 1e-3
_LITTLE = 1e-6
_ROUTES = 60  # rows
_AFLOAT = ("sea", "arctic")
_NOWHERE = (UNMET, NOT_SHIPPED)


def freight_report(run: Run, command: str = "") -> Report:
    """Return the report of a run, against its counterfactual if it has one.

    Parameters
    ----------
    run : Run
    command : str
        By which it can be made again.
    """
    return _Freight(run).report(command)


@dataclass(frozen=True)
class _Freight:
    """The sections of one run."""

    run: Run

    def report(self, command: str) -> Report:
        run = self.run
        said = told(run)
        return Report(
            kind=f"Freight, {', '.join(map(str, run.years))}: {self.perimeter}",
            title=run.title,
            question=str(run.record["question"]),
            headline=f"{capital(subject_of(said[0], run.title))}.",
            points=[*(f"{capital(text)}." for text in said[1:]), *remarks(run)],
            tiles=list(self.tiles()),
            chart=self.first_chart(),
            table=self.flows(),
            switching=list(self.switching()),
            limits=limits_of("freight", run),
            grades=list(basis(run)),
            facts=facts(run, command),
            annexes=[section for section in self.annexes() if section.blocks],
        )

    @cached_property
    def pair(self) -> Comparison | None:
        return None if self.run.against is None else Comparison(self.run.against, self.run)

    @property
    def year(self) -> int:
        return self.run.years[-1]

    @property
    def unit(self) -> str:
        return "t" if self.run.unit == "t" else "TEU"

    @property
    def value(self) -> str:
        return "quantity" if self.unit == "t" else "teu_per_year"

    @property
    def money(self) -> str:
        return str(self.run.record["currency"])

    @cached_property
    def by(self) -> str:
        """Family, or branch where there is one family only."""
        runs = [self.run, *([self.run.against] if self.run.against else [])]
        return "family" if len({f for r in runs for f in r.tables["routes"]["family"]}) > 1 else "branch"

    @cached_property
    def tables(self) -> Any:
        return load_tables(self.run.folder)

    @cached_property
    def market_rows(self) -> pd.DataFrame:
        return table_of("markets", self.run.folder).set_index("market_id")

    @cached_property
    def markets(self) -> list[str]:
        titles = self.market_rows["title"]
        return [str(titles.get(name, name)) for name in self.run.record["markets"]]

    @property
    def perimeter(self) -> str:
        return self.markets[0] if len(self.markets) == 1 else f"{len(self.markets)} markets"

    @cached_property
    def places(self) -> Mapping[str, str]:
        return {str(key): str(name) for key, name in self.tables.places["name"].items()}

    @cached_property
    def busiest(self) -> tuple[str, str] | None:
        """The pair of places between which most goes by land here, or most changes."""
        ways = []
        for run in (self.run, self.run.against):
            if run is None:
                continue
            table = run.tables["routes"]
            land = table[~table["family"].isin(_AFLOAT) & (table["year"] == self.year)]
            ways.append(land.groupby(["origin", "destination", "corridor"])["teu_per_year"].sum())
        change = ways[0].sub(ways[1], fill_value=0.0).abs() if len(ways) > 1 else ways[0]
        sums = change.groupby(["origin", "destination"]).sum()
        routes = self.run.tables["routes"]
        here = pd.MultiIndex.from_frame(routes[routes["year"] == self.year][["origin", "destination"]])
        sums = sums[sums.index.isin(here)]
        if sums.empty:
            return None
        origin, destination = sums.idxmax()
        return str(origin), str(destination)

    def tiles(self) -> Iterator[Tile]:
        """Yield what it means for connectivity, decarbonisation and resilience."""
        yield self._connected()
        yield self._tile("Emissions", f"kt CO₂e, well to wheel, {self.year}", "kt", ",.0f")
        yield self._tile("Not sent", f"{self.unit} that find no way or are not shipped, {self.year}", "left", ",.0f")

    def _connected(self) -> Tile:
        """Return what goes by land, or, where that stays, how long it is on its way."""
        land = [self._sums(run)["land"] for run in (self.run, self.run.against) if run is not None]
        if len(land) > 1 and abs(land[0] - land[1]) < _SAME * land[1]:
            return self._tile("By land", f"days on the way, mean, {self.year}", "days", ",.1f")
        return self._tile("By land", f"{self.unit} a year by land, {self.year}", "land", ",.0f")

    def _tile(self, group: str, what: str, key: str, form: str) -> Tile:
        now = self._sums(self.run)[key]
        if self.run.against is None:
            return Tile(group, what, format(now, form))
        before = self._sums(self.run.against)[key]
        change = f"{100 * (now / before - 1):+.1f} %" if before > _LEAST else f"{now - before:+,.0f}"
        if format(now, form) == format(before, form):
            change = "as before"
        return Tile(group, what, format(now, form), format(before, form), change.replace("-", "−"))

    def _sums(self, run: Run) -> dict[str, float]:
        flows = run.flows().xs(self.year, level="year")
        value = "quantity" if self.unit == "t" else "teu_per_year"
        left = float(flows[value].reindex(list(_NOWHERE)).fillna(0.0).sum())
        sent = flows[~flows.index.isin(_NOWHERE)]
        land = sent[~sent.index.isin(_AFLOAT)]
        boxes = float(land["teu_per_year"].sum())
        return {
            "land": float(land[value].sum()),
            "days": float((land["days"] * land["teu_per_year"]).sum()) / boxes if boxes else float("nan"),
            "kt": float((sent["kgco2e_per_teu"] * sent["teu_per_year"]).sum()) / 1e6,
            "left": left if left >= _LEAST else 0.0,
        }

    def first_chart(self) -> Block | None:
        if self.pair is None:
            return self.shares_chart()
        changed = bool(self.pair.flows(self.by)[f"difference_{self.pair.value}"].abs().max() >= _LEAST)
        if not changed:
            return self.shares_chart()
        frame = self.pair.flows(self.by).join(self.pair.ranges(self.by)[["low", "high"]]).reset_index()
        return Chart(
            "change",
            f"What each way gains and loses, {self.unit} a year in {self.year}",
            lambda: self.run.plot.change(self.by),
            f"Bars of gains and losses against {self.pair.base.title}; the same numbers are in the table below.",
            frame,
        )

    def flows(self) -> Table:
        """Return the one table: what each way carries, without and with."""
        if self.pair is None:
            return self._flows_alone()
        value = self.pair.value
        frame = self.pair.flows(self.by).reset_index()
        ranges = self.pair.ranges(self.by).reset_index()
        frame = frame.merge(ranges[["year", self.by, "low", "high", "depends_on"]], how="left", on=["year", self.by])
        frame = frame[frame[[f"base_{value}", value]].max(axis=1) >= _LEAST]
        frame = frame.assign(way=self._ways(frame[self.by]), range=self._between(frame))
        columns = [
            *self._year_column(),
            Column("way", "way"),
            Column(f"base_{value}", f"without, {self.unit}/yr", ",.0f"),
            Column(value, f"with, {self.unit}/yr", ",.0f"),
            Column(f"difference_{value}", "difference", "+,.0f"),
            Column("difference_pct", "%", "+,.1f"),
            Column("range", "range of the difference"),
            Column("depends_on", "depends most on"),
        ]
        note = (
            f"Without: '{self.pair.base.title}'. With: '{self.run.title}'. Perimeter: {'; '.join(self.perimeters)}. "
            "Ranges: what is not known well, varied one at a time and alike in both."
        )
        return Table("flows", f"What each way carries, {self.unit} a year", frame, columns, note, 10)

    def _flows_alone(self) -> Table:
        low = self.money.lower()
        frame = self.run.flows(self.by).reset_index()
        ranges = self.run.ranges(self.by).reset_index()
        frame = frame.merge(ranges[["year", self.by, "low", "high", "depends_on"]], how="left", on=["year", self.by])
        frame = frame[frame["teu_per_year"] >= _LEAST]
        frame = frame.assign(way=self._ways(frame[self.by]), range=self._between(frame, "{:,.0f}"))
        value = "quantity" if self.unit == "t" else "teu_per_year"
        columns = [
            *self._year_column(),
            Column("way", "way"),
            Column(value, f"{self.unit}/yr", ",.0f"),
            Column("share", "share", ".2%"),
            Column("range", "range"),
            Column("days", "days", ",.1f"),
            Column(f"tariff_{low}_per_teu", f"tariff, {self.money}/TEU", ",.0f"),
            Column(f"cost_{low}_per_teu", f"generalised cost, {self.money}/TEU", ",.0f"),
            Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f"),
        ]
        note = f"Perimeter: {'; '.join(self.perimeters)}. Means over what goes; prices of 2018 to 2025, not deflated."
        return Table("flows", f"What each way carries, {self.unit} a year", frame, columns, note, 10)

    @cached_property
    def perimeters(self) -> list[str]:
        texts, titles = self.market_rows["perimeter"], self.market_rows["title"]
        return [f"{titles.get(m, m)}: {texts.get(m, '')}" for m in self.run.record["markets"]]

    def _year_column(self) -> list[Column]:
        return [Column("year", "year")] if len(self.run.years) > 1 else []

    def _ways(self, names: pd.Series[str]) -> pd.Series[str]:
        return names.map(lambda name: capital(way_title(str(name), self.by, self.run.folder).removeprefix("the ")))

    def _between(self, frame: pd.DataFrame, form: str = "{:+,.0f}") -> list[str]:
        pairs = zip(frame["low"], frame["high"], strict=True)
        told = [f"{form.format(a)} to {form.format(b)}" if b - a >= _LEAST else "" for a, b in pairs]
        return [re.sub(r"[+-]0\b(?!,)", "0", text).replace("-", "−") for text in told]

    def switching(self) -> Iterator[Block]:
        """Yield at which values the answer turns, and what it depends on."""
        table = (self.pair or self.run).switching()
        if len(table):
            where = str(table["where"].iloc[-1])
            apart = table["where"] != where
            named = table["figure"].where(~apart, table["figure"] + ": " + table["where"])
            per_box = " Per TEU: the load of a box of these goods." if self.unit == "t" else ""
            yield Table(
                "switching",
                f"Values at which it turns; two ways cost the same: {where}",
                table.assign(figure=named),
                [
                    Column("figure", "figure"),
                    Column("now", "now", DIGITS),
                    Column("switches_at", "switches at", DIGITS),
                    Column("unit", "unit"),
                    Column("change_pct", "change, %", "+,.0f"),
                    Column("means", "what it means"),
                ],
                "For the pair by land that carries most of what the answer is about. One figure at a time, routes held "
                f"fixed, preferences and scarcity apart. Empty: at no value above zero.{per_box}",
            )
        drivers = (self.pair or self.run).drivers()
        if len(drivers):
            yield Chart(
                "drivers",
                "What the answer depends on: its value at both ends of each assumption",
                lambda: self.run.plot.drivers(),
                "Tornado; the same numbers are in the CSV.",
                drivers,
            )

    def annexes(self) -> Iterator[Section]:
        """Yield the sections that the run has."""
        yield Section("map", "Map of flows", list(self.maps()))
        yield Section("routes", "Routes, time and cost by distance", list(self.routes()))
        yield Section("shares", "Shares by sea and by land", list(self.shares()))
        moves = "Who lost to whom" if self.pair is not None else "From where, by which way, to where"
        yield Section("diversion", moves, list(self.diversion()))
        yield Section("bottlenecks", "Bottlenecks, and what one more unit is worth", list(self.bottlenecks()))
        yield Section("unmet", "What is not sent, and what only waits", list(self.unmet()))
        yield Section("emissions", "Emissions", list(self.emissions()))
        yield Section("built", "What is built, and who pays", list(self.built()))
        yield Section("inputs", "What the scenario sets", list(given(self.run)))

    def maps(self) -> Iterator[Block]:
        from .freight_map import freight_map
        from .maps import svg

        drawn = freight_map(self.run, self.run.against, self.year)
        caption = f"Flows in {self.year}, {self.unit} a year"
        yield Drawn("map", caption, lambda name: svg(drawn, name), map_rows(drawn))

    def routes(self) -> Iterator[Block]:
        low = self.money.lower()
        if self.busiest is not None:
            origin, destination = self.busiest
            ends = self._ends(origin, destination, " to ")
            yield Chart(
                "tcd",
                f"{ends}: time and tariff by distance, {self.year}",
                lambda: self.run.plot.tcd(origin, destination, year=self.year),
                "Slopes are links, vertical steps are stops; legs and stops are in the CSV.",
                self.run.tcd(origin, destination, self.year),
                "The pair between which most goes by land, or most changes. Tariffs before subsidy and scarcity.",
            )
        table = self.run.routes()
        land = table[~table["family"].isin(_AFLOAT) & (table["year"] == self.year)]
        every = land if len(land) else table[table["year"] == self.year]
        if every.empty:
            yield Text([f"Nothing is sent in {self.year}."])
            return
        shown = every.head(_ROUTES)
        goods = self.tables.goods["title"]
        frame = shown.assign(
            between=[self._ends(str(a), str(b), " – ") for a, b in shown[["origin", "destination"]].to_numpy()],
            by=[way_title(str(c), "corridor", self.run.folder) for c in shown["corridor"]],
            what=shown["goods"].map(goods).fillna(shown["goods"]),
        )
        value = "quantity" if self.unit == "t" else "teu_per_year"
        yield Table(
            "routes",
            f"Fullest routes{' by land' if len(land) else ''}, {self.year}: {len(shown)} of {len(every):,}",
            frame,
            [
                Column("between", "from – to"),
                Column("by", "corridor"),
                Column("what", "goods"),
                Column(value, f"{self.unit}/yr", ",.0f"),
                Column("km", "km", ",.0f"),
                Column("days", "days", ",.1f"),
                Column(f"tariff_{low}_per_teu", f"tariff, {self.money}/TEU", ",.0f"),
                Column(f"cost_{low}_per_teu", f"generalised cost, {self.money}/TEU", ",.0f"),
                Column(f"waiting_{low}_per_teu", f"scarcity, {self.money}/TEU", ",.0f"),
                Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f"),
            ],
            "Tariff: what the shipper pays, subsidies off; tariffs of 2018 to 2025, not deflated. Generalised cost: "
            "tariff, time, its spread and carbon, of the mean shipper. Scarcity: the price of scarce trains between "
            "China and Europe and of full capacities.",
            10,
        )

    def _ends(self, origin: str, destination: str, between: str) -> str:
        return f"{self.places.get(origin, origin)}{between}{self.places.get(destination, destination)}"

    def shares_chart(self) -> Chart:
        return Chart(
            "shares",
            f"What each way carries in {self.year}: by sea in millions, by land in thousands",
            lambda: self.run.plot.shares(self.by),
            "Bars by way, with ranges; the same numbers are in the table.",
            self.run.shares().reset_index(),
        )

    def shares(self) -> Iterator[Block]:
        if self.pair is not None and getattr(self.first_chart(), "name", "") != "shares":
            yield self.shares_chart()
        frame = self._share_table(self.run)
        if self.run.against is not None:
            before = self._share_table(self.run.against).drop(columns=self.value).add_prefix("base_")
            frame = frame.join(before, how="outer").fillna({self.value: 0.0, "share": 0.0, "base_share": 0.0})
        frame = frame.reset_index()
        here = frame[frame["year"].isin(self.run.years)]
        frame = here[(here[self.value] >= _LEAST) | (here.get("base_share", 0.0) > _LITTLE)]
        frame = frame.assign(way=[capital(way_title(str(f)).removeprefix("the ")) for f in frame["family"]])
        before = [Column("base_share", "of all, without", ".2%")] if self.run.against is not None else []
        earlier = [Column("base_share_of_land", "of what goes by land, without", ".1%")] if before else []
        yield Table(
            "share-table",
            "Shares of all that is wanted, and of what goes by land",
            frame,
            [
                *self._year_column(),
                Column("way", "way"),
                Column(self.value, f"{self.unit}/yr", ",.0f"),
                *before,
                Column("share", "of all, with" if before else "of all", ".2%"),
                *earlier,
                Column("share_of_land", f"of what goes by land{', with' if before else ''}", ".1%"),
            ],
        )

    def _share_table(self, run: Run) -> pd.DataFrame:
        """Return volumes and shares of all and of what goes by land, by year and family."""
        table = run.shares()[["share", "share_of_land"]]
        return table.assign(**{self.value: run.flows()[self.value]})

    def diversion(self) -> Iterator[Block]:
        if self.pair is None:
            moved = None
        else:
            value = self.pair.value
            moved = self.pair.moved(self.by)
            moved = moved[moved[value] >= _LEAST]
        if moved is not None and moved.empty:
            yield Text(["Nothing moves from one way to another in a year."])
            return
        ways = "origins by ways to destinations" if moved is None else "who lost to who gained"
        words = f"Ribbons from {ways}"
        yield Chart(
            "sankey",
            f"{words}, {self.unit} a year in {self.year}",
            lambda: self.run.plot.sankey(),
            f"{words}; the same numbers are in the table.",
            moved if moved is not None else pd.concat(journeys(self.run, self.year)[:2]),
        )
        if moved is None or self.pair is None:
            return
        named = moved.assign(loser=self._ways(moved["lost_by"]), gainer=self._ways(moved["gained_by"]))
        yield Table(
            "diversion-table",
            f"Who lost to whom, {self.unit} a year",
            named,
            [
                *self._year_column(),
                Column("loser", "lost by"),
                Column("gainer", "gained by"),
                Column(self.pair.value, f"{self.unit}/yr", ",.0f"),
                Column("share", "of what was lost", ".1%"),
            ],
            "Totals are exact. Within a market, pair of places and goods, losses go to gainers in proportion. A way "
            "that nothing closes may lose to another whose trains have become less scarce.",
        )

    def bottlenecks(self) -> Iterator[Block]:
        table = self.run.bottlenecks(0.3)
        if table.empty:
            yield Text(["No capacity on record is used to three tenths."])
            return
        low = self.money.lower()
        if (table["utilisation"] >= 0.5).any():
            yield Chart(
                "bottlenecks",
                f"How full capacities are, {self.year}",
                lambda: self.run.plot.bottlenecks(),
                "Bars of utilisation; the same numbers are in the table.",
                table,
            )
        yield Table(
            "bottleneck-table",
            "Fullest capacities, and what one more TEU a year of each is worth",
            table.assign(link=table["group"].str.partition(">")[0]),
            [
                *self._year_column(),
                Column("element", "capacity"),
                *([Column("state", "when")] if len(set(table["state"])) > 1 else []),
                Column("teu_per_year", "TEU/yr", ",.0f"),
                Column("capacity_teu_per_year", "capacity, TEU/yr", ",.0f"),
                Column("utilisation", "used", ".0%"),
                Column(f"worth_{low}_per_teu", f"worth of one more, {self.money}/TEU", ",.0f"),
                Column("binds_at", "binds at × today's flows", ".2f"),
                Column("grade", "grade"),
            ],
            "Capacities on record, for all goods together. Worth holds at the margin; zero unless full. Trains between "
            "China and Europe are no line of it: they get dearer as they fill, see scarcity at the routes.",
            link="link",
        )

    def unmet(self) -> Iterator[Block]:
        short = self.run.short
        if len(short):
            yield Table(
                "short",
                "What is over before shippers turn round: they wait",
                short,
                [
                    *self._year_column(),
                    Column("title", "what"),
                    Column("days", "days", ",.0f"),
                    Column("times", "times a year", ",.2g"),
                    Column("teu_per_day", "TEU a day that pass there", ",.0f"),
                    Column("waiting_teu", "TEU that wait when it ends", ",.0f"),
                    Column("clears_days", "days until all are through", ",.0f"),
                ],
            )
        table = self._not_sent()
        left = table[table[["unmet", "not_shipped"]].sum(axis=1) >= _LEAST]
        if left.empty:
            wanted = table.groupby("year")["wanted"].sum()
            told = ", ".join(f"{figure(volume)} {self.unit} in {year}" for year, volume in wanted.items())
            yield Text([f"All that is wanted is sent: {told}."])
            return
        titles, goods = self.market_rows["title"], self.tables.goods["title"]
        left = left.assign(
            title=left["market"].map(titles).fillna(left["market"]),
            goods=left["goods"].map(goods).fillna(left["goods"]),
        )
        yield Table(
            "unmet-table",
            "What is not sent",
            left.sort_values("unmet", ascending=False),
            [
                *self._year_column(),
                Column("title", "market"),
                Column("goods", "goods"),
                Column("wanted", f"wanted, {self.unit}/yr", ",.0f"),
                Column("unmet", f"no way or no room, {self.unit}/yr", ",.0f"),
                Column("not_shipped", f"banned or refused, {self.unit}/yr", ",.0f"),
            ],
        )

    def _not_sent(self) -> pd.DataFrame:
        """Return what is wanted and not sent by year, market and goods, in the unit of the markets."""
        table = self.run.tables["demand"]
        per = table[self.value] / table["teu_per_year"].where(table["teu_per_year"] > 0, 1.0)
        parts = {"wanted": table[self.value], "unmet": table["unmet"] * per, "not_shipped": table["not_shipped"] * per}
        return (
            table[["year", "market", "goods"]].assign(**parts).groupby(["year", "market", "goods"]).sum().reset_index()
        )

    def emissions(self) -> Iterator[Block]:
        yield Chart(
            "emissions",
            f"Emissions by way, kt CO₂e in {self.year}, well to wheel",
            lambda: self.run.plot.emissions(),
            "Bars by way; the same numbers are in the table.",
            self.run.emissions().reset_index(),
        )
        frame = (self.run.emissions() if self.pair is None else self.pair.emissions()).reset_index()
        frame = frame.assign(way=[capital(way_title(str(f)).removeprefix("the ")) for f in frame["family"]])
        each = (
            [Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f")]
            if self.pair is None
            else [
                Column("difference_tco2e_per_year", "difference", "+,.0f"),
                Column("difference_pct", "%", "+,.1f"),
            ]
        )
        before = [] if self.pair is None else [Column("base_tco2e_per_year", "without, t CO₂e/yr", ",.0f")]
        yield Table(
            "emission-table",
            "Emissions by way",
            frame,
            [*self._year_column(), Column("way", "way"), *before, Column("tco2e_per_year", "t CO₂e/yr", ",.0f"), *each],
            "Factors by mode and country, loads by goods; not for comparing carriers.",
        )

    def built(self) -> Iterator[Block]:
        money = self.run.money
        if money.empty:
            return
        yield Table(
            "built-table",
            "Projects that the scenario builds",
            money,
            [
                Column("title", "project"),
                Column("cost_million", "cost, million", ",.0f"),
                Column("currency", "of"),
                Column("cost_million_eur", "million EUR", ",.0f"),
                Column("package", "package"),
                Column("line", "line"),
                Column("line_million_eur", "which holds, million EUR", ",.0f"),
            ],
            "Empty: not on record. Pledges that overlap are never added.",
        )
