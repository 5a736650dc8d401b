"""The annexes of a freight report: map, routes, shares, who lost to whom, bottlenecks, emissions, what is built."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..scenario.answers import way_title
from ..scenario.results import NOT_SHIPPED, UNMET, Run
from ..scenario.sankey_chart import journeys
from .common import capital, figure, given, map_rows
from .document import Block, Chart, Column, Drawn, Section, Table, Text
from .freight_facts import AFLOAT, LEAST, FreightFacts

__all__ = ["annexes", "shares_chart"]

_LITTLE = 1e-6
_ROUTES = 60  # rows


def annexes(of: FreightFacts, first: Block | None) -> Iterator[Section]:
    """Yield the sections of a run; what the `first` chart of the report shows is not shown again."""
    yield Section("map", "Map of flows", list(_maps(of)))
    yield Section("routes", "Routes, time and cost by distance", list(_routes(of)))
    yield Section("shares", "Shares by sea and by land", list(_shares(of, first)))
    moves = "Who lost to whom" if of.pair is not None else "From where, by which way, to where"
    yield Section("diversion", moves, list(_diversion(of)))
    yield Section("bottlenecks", "Bottlenecks, and what one more unit is worth", list(_bottlenecks(of)))
    yield Section("unmet", "What is not sent, and what only waits", list(_unmet(of)))
    yield Section("emissions", "Emissions", list(_emissions(of)))
    yield Section("built", "What is built, and who pays", list(_built(of)))
    yield Section("inputs", "What the scenario sets", list(given(of.run)))


def _maps(of: FreightFacts) -> Iterator[Block]:
    from .freight_map import freight_map
    from .maps import svg

    drawn = freight_map(of.run, of.run.against, of.year)
    caption = f"Flows in {of.year}, {of.unit} a year"
    yield Drawn("map", caption, lambda name: svg(drawn, name), map_rows(drawn))


def _routes(of: FreightFacts) -> Iterator[Block]:
    low = of.money.lower()
    if of.busiest is not None:
        origin, destination = of.busiest
        ends = of.ends(origin, destination, " to ")
        yield Chart(
            "tcd",
            f"{ends}: time and tariff by distance, {of.year}",
            lambda: of.run.plot.tcd(origin, destination, year=of.year),
            "Slopes are links, vertical steps are stops; legs and stops are in the CSV.",
            of.run.tcd(origin, destination, of.year),
            "The pair between which most goes by land, or most changes. Tariffs before subsidy and scarcity.",
        )
    table = of.run.routes()
    land = table[~table["family"].isin(AFLOAT) & (table["year"] == of.year)]
    every = land if len(land) else table[table["year"] == of.year]
    if every.empty:
        yield Text([f"Nothing is sent in {of.year}."])
        return
    shown = every.head(_ROUTES)
    goods = of.tables.goods["title"]
    parts = len(set(every["state"])) > 1
    frame = shown.assign(
        between=[of.ends(str(a), str(b), " – ") for a, b in shown[["origin", "destination"]].to_numpy()],
        by=[way_title(str(c), "corridor", of.run.folder) for c in shown["corridor"]],
        what=shown["goods"].map(goods).fillna(shown["goods"]),
    )
    yield Table(
        "routes",
        f"Fullest routes{' by land' if len(land) else ''}, {of.year}: {len(shown)} of {len(every):,}",
        frame,
        [
            Column("between", "from – to"),
            Column("by", "corridor"),
            Column("what", "goods"),
            *([Column("state", "part of the year")] if parts else []),
            Column(of.value, f"{of.unit}/yr", ",.0f"),
            Column("km", "km", ",.0f"),
            Column("days", "days", ",.1f"),
            Column(f"tariff_{low}_per_teu", f"tariff, {of.money}/TEU", ",.0f"),
            Column(f"cost_{low}_per_teu", f"generalised cost, {of.money}/TEU", ",.0f"),
            Column(f"waiting_{low}_per_teu", f"scarcity, {of.money}/TEU", ",.0f"),
            Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f"),
        ],
        f"{'A year has parts, each with its own rows and volumes. ' if parts else ''}Tariff: what the shipper pays, "
        "subsidies deducted; tariffs of 2018 to 2025, not deflated. Generalised cost: tariff, time, its spread and "
        "carbon, of the mean shipper. Scarcity comes on top: the price of scarce trains between China and Europe and "
        "of full capacities, which falls where fewer trains are wanted.",
        10,
    )


def shares_chart(of: FreightFacts) -> Chart:
    """Return the chart of what each way carries."""
    return Chart(
        "shares",
        f"What each way carries in {of.year}: by sea in millions, by land in thousands",
        lambda: of.run.plot.shares(of.by),
        "Bars by way, with ranges; the same numbers are in the table.",
        of.run.shares().reset_index(),
    )


def _shares(of: FreightFacts, first: Block | None) -> Iterator[Block]:
    if of.pair is not None and getattr(first, "name", "") != "shares":
        yield shares_chart(of)
    frame = _share_table(of, of.run)
    if of.run.against is not None:
        before = _share_table(of, of.run.against).drop(columns=of.value).add_prefix("base_")
        frame = frame.join(before, how="outer").fillna({of.value: 0.0, "share": 0.0, "base_share": 0.0})
    frame = frame.reset_index()
    here = frame[frame["year"].isin(of.run.years)]
    frame = here[(here[of.value] >= LEAST) | (here.get("base_share", 0.0) > _LITTLE)]
    frame = frame.assign(way=[capital(way_title(str(f)).removeprefix("the ")) for f in frame["family"]])
    before = [Column("base_share", "of all, without", ".2%")] if of.run.against is not None else []
    earlier = [Column("base_share_of_land", "of what goes by land, without", ".1%")] if before else []
    yield Table(
        "share-table",
        "Shares of all that is wanted, and of what goes by land",
        frame,
        [
            *of.year_column(),
            Column("way", "way"),
            Column(of.value, f"{of.unit}/yr", ",.0f"),
            *before,
            Column("share", "of all, with" if before else "of all", ".2%"),
            *earlier,
            Column("share_of_land", f"of what goes by land{', with' if before else ''}", ".1%"),
        ],
    )
    yield from _by_corridor(of)


def _by_corridor(of: FreightFacts) -> Iterator[Block]:
    """Yield what each corridor carries: a family adds up its corridors, so that moves between them do not show."""
    value = of.value
    frame = (of.run if of.pair is None else of.pair).flows("corridor").reset_index()
    frame = frame[frame["year"].isin(of.run.years) & ~frame["corridor"].isin((UNMET, NOT_SHIPPED))]
    shown = [value] if of.pair is None else [f"base_{value}", value]
    frame = frame[frame[shown].max(axis=1) >= LEAST]
    frame = frame.assign(way=[way_title(str(c), "corridor", of.run.folder) for c in frame["corridor"]])
    differ = [
        Column(f"base_{value}", f"without, {of.unit}/yr", ",.0f"),
        Column(value, f"with, {of.unit}/yr", ",.0f"),
        Column(f"difference_{value}", "difference", "+,.0f"),
        Column("difference_pct", "%", "+,.1f"),
    ]
    alone = [Column(value, f"{of.unit}/yr", ",.0f")]
    columns = [*of.year_column(), Column("way", "corridor"), *(alone if of.pair is None else differ)]
    yield Table("corridor-table", f"What each corridor carries, {of.unit} a year", frame, columns, most=10)


def _share_table(of: FreightFacts, run: Run) -> pd.DataFrame:
    """Return volumes and shares of all and of what goes by land, by year and family."""
    table = run.shares()[["share", "share_of_land"]]
    return table.assign(**{of.value: run.flows()[of.value]})


def _diversion(of: FreightFacts) -> Iterator[Block]:
    if of.pair is None:
        moved = None
    else:
        value = of.pair.value
        moved = of.pair.moved(of.by)
        moved = moved[moved[value] >= LEAST]
    if moved is not None and moved.empty:
        yield Text(["Nothing moves from one way to another in a year."])
        return
    ways = "origins by ways to destinations" if moved is None else "who lost to who gained"
    words = f"Ribbons from {ways}"
    yield Chart(
        "sankey",
        f"{words}, {of.unit} a year in {of.year}",
        lambda: of.run.plot.sankey(),
        f"{words}; the same numbers are in the table.",
        moved if moved is not None else pd.concat(journeys(of.run, of.year)[:2]),
    )
    if moved is None or of.pair is None:
        return
    named = moved.assign(loser=of.ways(moved["lost_by"]), gainer=of.ways(moved["gained_by"]))
    yield Table(
        "diversion-table",
        f"Who lost to whom, {of.unit} a year",
        named,
        [
            *of.year_column(),
            Column("loser", "lost by"),
            Column("gainer", "gained by"),
            Column(of.pair.value, f"{of.unit}/yr", ",.0f"),
            Column("share", "of what was lost", ".1%"),
        ],
        "Totals are exact. Within a market, pair of places and goods, losses go to gainers in proportion. A way "
        "that nothing closes may lose to another whose trains have become less scarce.",
    )


def _bottlenecks(of: FreightFacts) -> Iterator[Block]:
    table = of.run.bottlenecks(0.3)
    if table.empty:
        yield Text(["No capacity on record is used to three tenths."])
        return
    low = of.money.lower()
    if (table["utilisation"] >= 0.5).any():
        yield Chart(
            "bottlenecks",
            f"How full capacities are, {of.year}",
            lambda: of.run.plot.bottlenecks(),
            "Bars of utilisation; the same numbers are in the table.",
            table,
        )
    yield Table(
        "bottleneck-table",
        "Fullest capacities, and what one more TEU a year of each is worth",
        table.assign(link=table["group"].str.partition(">")[0]),
        [
            *of.year_column(),
            Column("element", "capacity"),
            *([Column("state", "when")] if len(set(table["state"])) > 1 else []),
            Column("teu_per_year", "TEU/yr", ",.0f"),
            Column("capacity_teu_per_year", "capacity, TEU/yr", ",.0f"),
            Column("utilisation", "used", ".0%"),
            Column(f"worth_{low}_per_teu", f"worth of one more, {of.money}/TEU", ",.0f"),
            Column("binds_at", "binds at × today's flows", ".2f"),
            Column("grade", "grade"),
        ],
        "Capacities on record, for all goods together. Worth holds at the margin; zero unless full. Trains between "
        "China and Europe are no line of it: they get dearer as they fill, see scarcity at the routes.",
        link="link",
    )


def _unmet(of: FreightFacts) -> Iterator[Block]:
    short = of.run.short
    if len(short):
        yield Table(
            "short",
            "What is over before shippers turn round: they wait",
            short.assign(often=[f"{n:.2g}" if n else "once" for n in short["times"]]),
            [
                *of.year_column(),
                Column("title", "what"),
                Column("days", "days", ",.0f"),
                Column("often", "times a year"),
                Column("teu_per_day", "TEU a day that pass there", ",.0f"),
                Column("waiting_teu", "TEU that wait when it ends", ",.0f"),
                Column("clears_days", "days until all are through", ",.0f"),
            ],
        )
    table = _not_sent(of)
    left = table[table[["unmet", "not_shipped"]].sum(axis=1) >= LEAST]
    if left.empty:
        wanted = table.groupby("year")["wanted"].sum()
        told = ", ".join(f"{figure(volume)} {of.unit} in {year}" for year, volume in wanted.items())
        yield Text([f"All that is wanted is sent: {told}."])
        return
    titles, goods = of.market_rows["title"], of.tables.goods["title"]
    left = left.assign(
        title=left["market"].map(titles).fillna(left["market"]),
        goods=left["goods"].map(goods).fillna(left["goods"]),
    )
    yield Table(
        "unmet-table",
        "What is not sent",
        left.sort_values("unmet", ascending=False),
        [
            *of.year_column(),
            Column("title", "market"),
            Column("goods", "goods"),
            Column("wanted", f"wanted, {of.unit}/yr", ",.0f"),
            Column("unmet", f"no way or no room, {of.unit}/yr", ",.0f"),
            Column("not_shipped", f"banned or refused, {of.unit}/yr", ",.0f"),
        ],
    )


def _not_sent(of: FreightFacts) -> pd.DataFrame:
    """Return what is wanted and not sent by year, market and goods, in the unit of the markets."""
    table = of.run.tables["demand"]
    per = table[of.value] / table["teu_per_year"].where(table["teu_per_year"] > 0, 1.0)
    parts = {"wanted": table[of.value], "unmet": table["unmet"] * per, "not_shipped": table["not_shipped"] * per}
    return table[["year", "market", "goods"]].assign(**parts).groupby(["year", "market", "goods"]).sum().reset_index()


def _emissions(of: FreightFacts) -> Iterator[Block]:
    yield Chart(
        "emissions",
        f"Emissions by way, kt CO₂e in {of.year}, well to wheel",
        lambda: of.run.plot.emissions(),
        "Bars by way; the same numbers are in the table.",
        of.run.emissions().reset_index(),
    )
    frame = (of.run.emissions() if of.pair is None else of.pair.emissions()).reset_index()
    frame = frame.assign(way=[capital(way_title(str(f)).removeprefix("the ")) for f in frame["family"]])
    each = (
        [Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f")]
        if of.pair is None
        else [
            Column("difference_tco2e_per_year", "difference", "+,.0f"),
            Column("difference_pct", "%", "+,.1f"),
        ]
    )
    before = [] if of.pair is None else [Column("base_tco2e_per_year", "without, t CO₂e/yr", ",.0f")]
    yield Table(
        "emission-table",
        "Emissions by way",
        frame,
        [*of.year_column(), Column("way", "way"), *before, Column("tco2e_per_year", "t CO₂e/yr", ",.0f"), *each],
        "Factors by mode and country, loads by goods; not for comparing carriers.",
    )


def _built(of: FreightFacts) -> Iterator[Block]:
    money = of.run.money
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
