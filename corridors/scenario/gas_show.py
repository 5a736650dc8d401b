"""Runs and comparisons of gas scenarios on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..terminal import console_here, dim, maybe, table_of
from .gas_answers import country_name
from .show import head, sides

if TYPE_CHECKING:
    from rich.console import Console

    from .gas_contrast import GasComparison
    from .gas_results import GasRun

__all__ = ["show_gas_comparison", "show_gas_run"]

_MOST = 16
_SHOWN_BCM = 0.05
_SHARE = 5.0  # per cent from which a seller is named


def show_gas_run(run: GasRun, by: str = "line") -> None:
    """Print the answer, lines, countries, measures and what the figures rest on."""
    console = console_here()
    head(console, run.record["question"], run.answer)
    _lines(console, run, by)
    _countries(console, run)
    _measures(console, run)
    _ranges(console, run)
    _money(console, run)
    _rests(console, run)


def show_gas_comparison(found: GasComparison, by: str = "line") -> None:
    """Print the answer, lines of both side by side, and who pays how much more."""
    console = console_here()
    head(console, found.run.record["question"], found.answer)
    flows = found.flows(by)
    order = flows["difference_bcm"].abs().sort_values(ascending=False).index[:_MOST]
    rows = [
        [
            str(year),
            row["title"] if by == "pipe" else f"{name}: {row['title']}",
            f"{row['base_bcm']:,.2f}",
            f"{row['bcm']:,.2f}",
            f"{row['difference_bcm']:+,.2f}",
            maybe(row["difference_pct"], "+,.0f"),
        ]
        for (year, name), row in flows.loc[order].iterrows()
        if abs(row["difference_bcm"]) >= _SHOWN_BCM
    ]
    heads = ["year", by, f"{found.base.title}\nbcm/yr", f"{found.run.title}\nbcm/yr", "difference", "%"]
    if rows:
        console.print(table_of(sides(heads, 2), rows))
    _countries(console, found.run, found.base)
    _measures(console, found.run)
    _rests(console, found.run)


def _lines(console: Console, run: GasRun, by: str) -> None:
    currency = run.record["currency"]
    worth = f"worth_{currency.lower()}_per_mwh"
    table = run.flows(by)
    size = table[["planned_bcm", "bcm"]].abs().max(axis=1)
    shown = table[size >= _SHOWN_BCM].assign(size=size)
    surprise = bool((run.tables["costs"]["surprise"] != "").any())
    rows = []
    for year in run.years:
        mine = shown.xs(year, level="year")
        for name, row in mine.sort_values("size", ascending=False).head(_MOST).iterrows():
            cells = [str(year), row["title"] if by == "pipe" else f"{name}: {row['title']}", f"{row['bcm']:,.2f}"]
            cells += [f"{row['change_bcm']:+,.2f}"] if surprise else []
            cells += [maybe(row["nameplate_bcm"], ",.1f"), f"{row['full_pct']:.0f}", f"{row[worth]:,.2f}", row["grade"]]
            rows.append(cells)
    heads = ["year", by, "bcm/yr", *(["than\nplanned"] if surprise else []), "nameplate", "full, %\nof the time"]
    console.print(table_of(sides([*heads, f"worth of one\nmore, {currency}/MWh", "grade"], 2), rows))


def _countries(console: Console, run: GasRun, base: GasRun | None = None) -> None:
    """Print demand, what lacks by both rules, prices, N-1 and on whom countries depend."""
    currency = str(run.record["currency"])
    price = f"{currency.lower()}_per_mwh"
    first = str(run.record["sharing"])
    second = "own_first" if first == "cooperative" else "cooperative"
    table, other = run.unmet(), run.unmet(second)
    before = base.unmet()[price] if base is not None else table[f"planned_{price}"]
    dependence, secure = run.dependence(), run.security()
    rows = []
    for year, country in table[table["demand_gwh"] > 0].index:
        key = (year, country)
        row = table.loc[key]
        rows.append(
            [
                str(year),
                country_name(str(country)),
                f"{row['demand_gwh'] / 1000:,.0f}",
                f"{row['unmet_mcm']:,.0f}",
                f"{other.at[key, 'unmet_mcm']:,.0f}",
                f"{row['days_short']:,.0f}",
                maybe(float(before.get(key, float("nan"))), ",.1f"),
                f"{row[price]:,.1f}",
                f"{row[f'highest_{price}']:,.1f}",
                _sellers(dependence, key),
                maybe(dependence["hhi"].get(key, float("nan")), ",.0f"),
                maybe(secure["n_minus_1_pct"].get(key, float("nan")), ",.0f"),
            ]
        )
    heads = [
        "year",
        "country",
        "demand\nTWh",
        f"lacks, mcm\n{_said(first)}",
        f"lacks, mcm\n{_said(second)}",
        "days\nshort",
    ]
    was = base.title if base is not None else "planned"
    heads += [f"{was}\n{currency}/MWh", f"price\n{currency}/MWh", "highest", "sellers, %", "HHI", "N-1, %"]
    console.print(table_of(sides(heads, 2), rows))


def _said(sharing: str) -> str:
    return "shared" if sharing == "cooperative" else "own first"


def _sellers(dependence: pd.DataFrame, key: tuple[int, str]) -> str:
    if key not in dependence.index:
        return ""
    shares = dependence.loc[key].drop("hhi")
    return " ".join(f"{c} {v:.0f}" for c, v in shares.sort_values(ascending=False).items() if v >= _SHARE)


def _measures(console: Console, run: GasRun) -> None:
    table = run.measures()
    if table.empty:
        return
    price = f"{run.record['currency'].lower()}_per_mwh"
    rows = [
        [
            str(row["year"]),
            str(row["kind"]),
            str(row["measure"]),
            str(row["country"]),
            f"{row['gwh']:,.0f}",
            f"{row['most_gwh_per_day']:,.1f}",
            f"{row[price]:,.1f}",
            f"{row['lead_days']:,.0f}",
        ]
        for _, row in table.iterrows()
    ]
    heads = [
        "year",
        "cheapest first",
        "what makes up for it",
        "country",
        "GWh",
        "GWh/d\nat most",
        f"{run.record['currency']}/MWh",
    ]
    console.print(table_of(sides([*heads, "lead, days"], 4), rows))


def _ranges(console: Console, run: GasRun) -> None:
    table = run.ranges()
    if table.empty:
        return
    cost = f"cost_million_{run.record['currency'].lower()}"
    rows = []
    for (label, year), row in table.iterrows():
        most = country_name(row["most"]) if row["most"] else ""
        lines = [f"{row[f'{line}_bcm']:,.1f}" for line in ("scp", "tanap", "tap")]
        rows.append([str(label), str(year), *lines, f"{row['unmet_gwh']:,.0f}", most, f"{row[cost]:,.0f}"])
    heads = ["varied", "year", "scp\nbcm/yr", "tanap", "tap", "lacks\nGWh", "most in"]
    heads += [f"cost of the year\nmillion {run.record['currency']}"]
    console.print(table_of([(h, "left" if n in (0, 1, 6) else "right") for n, h in enumerate(heads)], rows))


def _money(console: Console, run: GasRun) -> None:
    table = run.tables["money"]
    if table.empty:
        return
    rows = [
        [row.title, "not on record" if pd.isna(row.cost_million) else f"{row.cost_million:,.0f} m {row.currency}"]
        for row in table.itertuples()
    ]
    console.print(table_of([("built", "left"), ("cost", "right")], rows))


def _rests(console: Console, run: GasRun) -> None:
    record = run.record
    if record["not_varied"]:
        dim(console, f"The {record['not_varied']:,} runs of 'vary' were left out: more than 24 are not run with it.")
    dim(
        console,
        f"Least cost by {record['step']}, {record['status']}, gap {record['gap']:.0e}, balance closed to "
        f"{record['balance_error']:.0e}; {record['estimates']:.0%} of the figures behind are estimates. bcm are those "
        f"of the statistics of each pipe; prices are marginal, not contract prices. Run {record['hash'][:12]}.",
    )
