"""Runs and comparisons on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..terminal import console_here, dim, maybe, table_of
from .answers import way_title

if TYPE_CHECKING:
    from rich.console import Console

    from .contrast import Comparison
    from .results import Run

__all__ = ["head", "show_comparison", "show_run", "sides"]

_FULL_FROM = 0.7
_SHOWN = 1.0  # TEU or t a year
_MOST = 8


def show_run(run: Run, by: str = "family") -> None:
    """Print the answer, flows, what is full and what the figures rest on."""
    console = console_here()
    head(console, run.record["question"], run.answer)
    cur = run.record["currency"]
    low = cur.lower()
    by = _told_by(run, by)
    table = run.flows(by)
    heads = ["year", by, "TEU/yr", "share", "days", f"tariff\n{cur}/TEU", f"cost\n{cur}/TEU", f"waiting\n{cur}/TEU"]
    columns = ["tariff", "cost", "waiting"]
    rows = [
        [
            str(year),
            way_title(str(name), by, run.folder),
            f"{row['teu_per_year']:,.0f}",
            f"{row['share']:.2%}",
            maybe(row["days"], ",.1f"),
            *(maybe(row[f"{c}_{low}_per_teu"], ",.0f") for c in columns),
            maybe(row["kgco2e_per_teu"], ",.0f"),
        ]
        for (year, name), row in table.iterrows()
        if row["teu_per_year"] >= _SHOWN
    ]
    console.print(table_of(sides([*heads, "kg CO2e\n/TEU"], 2), rows))
    _bottlenecks(console, run)
    _money(console, run)
    _rests(console, run)


def show_comparison(found: Comparison, by: str = "family", through: str = "") -> None:
    """Print the answer, flows of both side by side, who lost to whom, and what is full."""
    console = console_here()
    run = found.run
    head(console, run.record["question"], found.answer)
    by = _told_by(run, by)
    flows = found.flows(by)
    unit = "t" if run.unit == "t" else "TEU"
    ranges = found.ranges(by) if by in ("family", "branch", "corridor") else pd.DataFrame(columns=["low", "high"])
    rows = [
        [
            str(year),
            way_title(str(name), by, run.folder),
            *(f"{value:,.0f}" for value in row.iloc[:2]),
            f"{row.iloc[2]:+,.0f}",
            maybe(row["difference_pct"], "+,.1f"),
            _between(ranges, (year, name)),
        ]
        for (year, name), row in flows.iterrows()
        if row.iloc[:2].max() >= _SHOWN
    ]
    heads = ["year", by, f"{found.base.title}\n{unit}/yr", f"{run.title}\n{unit}/yr", "difference", "%", "range of it"]
    console.print(table_of(sides(heads, 2), rows))
    if through:
        _through(console, found, through)
    way = "branch" if by == "branch" else "family"
    moved = found.moved(way)
    moved = moved[(moved["share"] >= 0.005) & (moved[found.value] >= 1)].head(_MOST)
    if len(moved):
        rows = [
            [
                str(year),
                way_title(loser, way, run.folder),
                way_title(gainer, way, run.folder),
                f"{volume:,.0f}",
                f"{share:.0%}",
            ]
            for year, loser, gainer, volume, share in moved.itertuples(index=False)
        ]
        heads = ["year", "lost by", "gained by", f"{unit}/yr", "of what\nwas lost"]
        console.print(table_of(sides(heads, 3), rows))
    _bottlenecks(console, run)
    _money(console, run)
    _rests(console, run)


def _told_by(run: Run, by: str) -> str:
    """Return by what flows are told: by branch instead of family where there is one family only."""
    return "branch" if by == "family" and len(set(run.tables["routes"]["family"])) == 1 else by


def head(console: Console, question: str, answer: str) -> None:
    """Print the question and the answer."""
    if question:
        dim(console, " ".join(question.split()))
        console.print()
    console.print(answer, highlight=False, markup=False)
    console.print()


def sides(heads: Sequence[str], left: int) -> list[tuple[str, Any]]:
    """Return heads of columns with their sides: so many at the left, the others at the right."""
    return [(head, "left" if number < left else "right") for number, head in enumerate(heads)]


def _between(ranges: pd.DataFrame, key: Any) -> str:
    if key not in ranges.index:
        return ""
    low, high = ranges.loc[key, "low"], ranges.loc[key, "high"]
    return f"{low:+,.0f} to {high:+,.0f}" if high - low >= 1 else ""


def _bottlenecks(console: Console, run: Run) -> None:
    table = run.bottlenecks(_FULL_FROM).head(_MOST)
    if table.empty:
        return
    cur = run.record["currency"]
    rows = [
        [
            str(row["year"]),
            row["element"],
            row["state"],
            f"{row['teu_per_year']:,.0f}",
            f"{row['capacity_teu_per_year']:,.0f}",
            f"{row['utilisation']:.0%}",
            f"{row[f'worth_{cur.lower()}_per_teu']:,.0f}",
            row["grade"],
        ]
        for _, row in table.iterrows()
    ]
    heads = ["year", "fullest", "when", "TEU/yr", "capacity", "used", f"worth of one\nmore, {cur}", "grade"]
    console.print(table_of(sides(heads, 3), rows))


def _money(console: Console, run: Run) -> None:
    table = run.money
    if table.empty:
        return
    rows = [
        [
            row.title,
            "not on record" if pd.isna(row.cost_million) else f"{row.cost_million:,.0f} m {row.currency}",
            maybe(row.cost_million_eur / 1e3, ".3f"),
            f"{row.package}, {row.line}" if row.line else row.package,
            maybe(row.line_million_eur / 1e3, ".3f"),
        ]
        for row in table.itertuples()
    ]
    heads = ["built", "cost", "bn EUR", "paid by", "which holds\nbn EUR"]
    console.print(table_of(sides(heads, 1), rows))


def _through(console: Console, found: Comparison, border: str) -> None:
    table = found.through(border)
    rows = [
        [
            str(year),
            way_title(str(name), "branch" if name not in ("northern", "middle", "sea", "instc") else "family"),
            *(f"{value:,.0f}" for value in row.iloc[:2]),
            f"{row.iloc[2]:+,.0f}",
        ]
        for (year, name), row in table.iterrows()
    ]
    unit = "t" if found.run.unit == "t" else "TEU"
    both = [f"{r.title}\n{unit}/yr" for r in (found.base, found.run)]
    heads = ["year", f"through {border},\ndiverted from", *both]
    console.print(table_of(sides([*heads, "difference"], 2), rows))


def _rests(console: Console, run: Run) -> None:
    record = run.record
    wanted = run.tables["demand"].groupby("year")[["teu_per_year", "unmet", "not_shipped"]].sum()
    share = record["estimates"]
    rests = "nothing is sent" if share is None else f"{share:.0%} of the figures behind are estimates"
    told = "; ".join(
        f"{year}: {teu:,.0f} TEU wanted, {unmet:,.0f} unmet, {kept:,.0f} not shipped"
        for year, teu, unmet, kept in wanted.itertuples()
    )
    left = record["not_varied"]
    if left:
        dim(console, f"The range leaves out the {left:,} runs of 'vary': more than 24 are not run with the scenario.")
    dim(
        console,
        f"{told}. {record['status'].capitalize()}, residual {record['gap']:.0e}; {rests}. Cost is "
        "generalised, for the mean shipper; waiting is what scarce trains and full capacities add. "
        f"Run {record['hash'][:12]}.",
    )
