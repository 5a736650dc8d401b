"""The report of a freight run: where boxes go, what is full, what it emits, against its counterfactual."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ..scenario.answers import remarks, told
from ..scenario.results import NOT_SHIPPED, UNMET, Run
from .common import basis, capital, changes, facts, subject_of
from .document import DIGITS, Block, Chart, Column, Report, Table, Tile
from .freight_annexes import annexes, shares_chart
from .freight_facts import AFLOAT, LEAST, FreightFacts
from .limits import limits_of

__all__ = ["freight_report"]

_SAME = 1e-3
_NOWHERE = (UNMET, NOT_SHIPPED)


def freight_report(run: Run, command: str = "") -> Report:
    """Return the report of a run, against its counterfactual if it has one.

    Parameters
    ----------
    run : Run
    command : str
        By which it can be made again.
    """
    of = FreightFacts(run)
    first = _first_chart(of)
    said = told(run)
    return Report(
        kind=f"Freight, {', '.join(map(str, run.years))}: {of.perimeter}",
        title=run.title,
        question=str(run.record["question"]),
        headline=f"{capital(subject_of(said[0], run.title))}.",
        points=[*(f"{capital(text)}." for text in said[1:]), *remarks(run), *changes(run)],
        tiles=list(_tiles(of)),
        chart=first,
        table=_flows(of),
        switching=list(_switching(of)),
        limits=limits_of("freight", run),
        grades=list(basis(run)),
        facts=facts(run, command),
        annexes=[section for section in annexes(of, first) if section.blocks],
    )


def _tiles(of: FreightFacts) -> Iterator[Tile]:
    """Yield what it means for connectivity, decarbonisation and resilience."""
    yield _connected(of)
    yield _tile(of, "Emissions", f"kt CO₂e, well to wheel, {of.year}", "kt", ",.0f")
    yield _tile(of, "Not sent", f"{of.unit} that find no way or are not shipped, {of.year}", "left", ",.0f")


def _connected(of: FreightFacts) -> Tile:
    """Return what goes by land, or, where that stays, how long it is on its way."""
    land = [_sums(of, run)["land"] for run in (of.run, of.run.against) if run is not None]
    if len(land) > 1 and abs(land[0] - land[1]) < _SAME * land[1]:
        return _tile(of, "By land", f"days on the way, mean, {of.year}", "days", ",.1f")
    return _tile(of, "By land", f"{of.unit} a year by land, {of.year}", "land", ",.0f")


def _tile(of: FreightFacts, group: str, what: str, key: str, form: str) -> Tile:
    now = _sums(of, of.run)[key]
    if of.run.against is None:
        return Tile(group, what, format(now, form))
    before = _sums(of, of.run.against)[key]
    change = f"{100 * (now / before - 1):+.1f} %" if before > LEAST else f"{now - before:+,.0f}"
    if format(now, form) == format(before, form):
        change = "as before"
    return Tile(group, what, format(now, form), format(before, form), change.replace("-", "−"))


def _sums(of: FreightFacts, run: Run) -> dict[str, float]:
    flows = run.flows().xs(of.year, level="year")
    left = float(flows[of.value].reindex(list(_NOWHERE)).fillna(0.0).sum())
    sent = flows[~flows.index.isin(_NOWHERE)]
    land = sent[~sent.index.isin(AFLOAT)]
    boxes = float(land["teu_per_year"].sum())
    return {
        "land": float(land[of.value].sum()),
        "days": float((land["days"] * land["teu_per_year"]).sum()) / boxes if boxes else float("nan"),
        "kt": float((sent["kgco2e_per_teu"] * sent["teu_per_year"]).sum()) / 1e6,
        "left": left if left >= LEAST else 0.0,
    }


def _first_chart(of: FreightFacts) -> Block | None:
    if of.pair is None:
        return shares_chart(of)
    changed = bool(of.pair.flows(of.by)[f"difference_{of.pair.value}"].abs().max() >= LEAST)
    if not changed:
        return shares_chart(of)
    frame = of.pair.flows(of.by).join(of.pair.ranges(of.by)[["low", "high"]]).reset_index()
    return Chart(
        "change",
        f"What each way gains and loses, {of.unit} a year in {of.year}",
        lambda: of.run.plot.change(of.by),
        f"Bars of gains and losses against {of.pair.base.title}; the same numbers are in the table below.",
        frame,
    )


def _flows(of: FreightFacts) -> Table:
    """Return the one table: what each way carries, without and with."""
    if of.pair is None:
        return _flows_alone(of)
    value = of.pair.value
    frame = of.pair.flows(of.by).reset_index()
    ranges = of.pair.ranges(of.by).reset_index()
    frame = frame.merge(ranges[["year", of.by, "low", "high", "depends_on"]], how="left", on=["year", of.by])
    frame = frame[frame[[f"base_{value}", value]].max(axis=1) >= LEAST]
    frame = frame.assign(way=of.ways(frame[of.by]), range=_between(of, frame))
    columns = [
        *of.year_column(),
        Column("way", "way"),
        Column(f"base_{value}", f"without, {of.unit}/yr", ",.0f"),
        Column(value, f"with, {of.unit}/yr", ",.0f"),
        Column(f"difference_{value}", "difference", "+,.0f"),
        Column("difference_pct", "%", "+,.1f"),
        Column("range", "range of the difference"),
        Column("depends_on", "depends most on"),
    ]
    note = (
        f"Without: '{of.pair.base.title}'. With: '{of.run.title}'. Perimeter: {'; '.join(of.perimeters)}. "
        "Ranges: what is not known well, varied one at a time and alike in both."
    )
    return Table("flows", f"What each way carries, {of.unit} a year", frame, columns, note, 10)


def _flows_alone(of: FreightFacts) -> Table:
    low = of.money.lower()
    frame = of.run.flows(of.by).reset_index()
    ranges = of.run.ranges(of.by).reset_index()
    frame = frame.merge(ranges[["year", of.by, "low", "high", "depends_on"]], how="left", on=["year", of.by])
    frame = frame[frame["teu_per_year"] >= LEAST]
    frame = frame.assign(way=of.ways(frame[of.by]), range=_between(of, frame, "{:,.0f}"))
    columns = [
        *of.year_column(),
        Column("way", "way"),
        Column(of.value, f"{of.unit}/yr", ",.0f"),
        Column("share", "share", ".2%"),
        Column("range", "range"),
        Column("days", "days", ",.1f"),
        Column(f"tariff_{low}_per_teu", f"tariff, {of.money}/TEU", ",.0f"),
        Column(f"cost_{low}_per_teu", f"generalised cost, {of.money}/TEU", ",.0f"),
        Column("kgco2e_per_teu", "kg CO₂e/TEU", ",.0f"),
    ]
    note = f"Perimeter: {'; '.join(of.perimeters)}. Means over what goes; prices of 2018 to 2025, not deflated."
    return Table("flows", f"What each way carries, {of.unit} a year", frame, columns, note, 10)


def _between(of: FreightFacts, frame: pd.DataFrame, form: str = "{:+,.0f}") -> list[str]:
    pairs = zip(frame["low"], frame["high"], strict=True)
    told = [f"{form.format(a)} to {form.format(b)}" if b - a >= LEAST else "" for a, b in pairs]
    return [re.sub(r"[+-]0\b(?!,)", "0", text).replace("-", "−") for text in told]


def _switching(of: FreightFacts) -> Iterator[Block]:
    """Yield at which values the answer turns, and what it depends on."""
    table = (of.pair or of.run).switching()
    if len(table):
        where = str(table["where"].iloc[-1])
        apart = table["where"] != where
        named = table["figure"].where(~apart, table["figure"] + ": " + table["where"])
        per_box = " Per TEU: the load of a box of these goods." if of.unit == "t" else ""
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
            "fixed, preferences and scarcity apart. Value of time: what shippers pay for an hour less, as the model is "
            f"fitted; that of `corridors routes` is the rate of the goods. Empty: at no value above zero.{per_box}",
        )
    drivers = (of.pair or of.run).drivers()
    if len(drivers):
        yield Chart(
            "drivers",
            "What the answer depends on: its value at both ends of each assumption",
            lambda: of.run.plot.drivers(),
            "Tornado; the same numbers are in the CSV.",
            drivers,
        )
