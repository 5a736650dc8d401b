"""Tables on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from .terminal import console_here, dim, figure, maybe, signed, table_of

if TYPE_CHECKING:
    from .assigned import Assignment
    from .backtesting import Backtest
    from .calibration import Calibration
    from .comparison import RouteComparison
    from .room import Headroom

__all__ = ["show_backtest", "show_calibration", "show_flows", "show_headroom", "show_routes"]

_WIDE = 150


def show_routes(comparison: RouteComparison, *, break_even: bool) -> None:
    """Print the answer, the route table, break-even values and what the figures rest on."""
    console = console_here()
    table = comparison.table()
    cur = comparison.currency
    low = cur.lower()
    console.print(comparison.answer, highlight=False, markup=False)
    console.print()
    wide = console.width >= _WIDE
    columns = [(head, side) for head, side, always in _columns(cur) if always or wide]
    kept = [always or wide for *_, always in _columns(cur)]
    rows = [
        [cell for cell, keep in zip(_route_row(r, low), kept, strict=True) if keep] for r in table.to_dict("records")
    ]
    console.print(table_of(columns, rows))
    _notes(console, comparison, table)
    if break_even:
        _break_even(console, comparison)


def show_headroom(room: Headroom) -> None:
    """Print the answer, the steps and what they leave out."""
    console = console_here()
    console.print(room.answer, highlight=False, markup=False)
    console.print()
    heads = ("from\nTEU/yr", "to\nTEU/yr", "cost of one\nmore, USD/TEU", "against\nUSD/TEU")
    columns = [*((head, "right") for head in heads), ("becomes scarce then", "left"), ("worth\nUSD/TEU", "right")]
    rows = [
        [
            f"{row.from_teu:,.0f}",
            "no limit known" if row.to_teu == float("inf") else f"{row.to_teu:,.0f}",
            f"{row.cost_usd_per_teu:,.0f}",
            "cannot" if row.against_usd_per_teu == float("inf") else f"{row.against_usd_per_teu:,.0f}",
            f"{row.binds} ({row.binds_grade})" if row.binds else "",
            "" if pd.isna(row.worth_usd_per_teu) else f"{row.worth_usd_per_teu:,.0f}",
        ]
        for row in room.steps().itertuples()
    ]
    console.print(table_of([*columns], rows))
    dim(
        console,
        "An upper bound: capacities are those on record, of whole lines and ports, and other goods use them too; where "
        "none is on record nothing binds. The worth is what one TEU a year more of what is scarce saves; in brackets "
        "the grade of its capacity. The table ends where one more TEU cannot go or costs a fifth more than the dearer "
        "side's first.",
    )


def show_flows(found: Assignment, by: str) -> None:
    """Print where the freight goes and what the figures rest on."""
    console = console_here()
    table = found.flows(by)
    heads = (by, "TEU/yr", "share", "days", "cost\nUSD/TEU", "scarcity\nUSD/TEU", "kg CO2e\n/TEU")
    rows = [
        [
            str(name),
            f"{row['teu_per_year']:,.0f}",
            f"{row['share']:.2%}",
            maybe(row["days"], ",.1f"),
            maybe(row["cost_usd_per_teu"], ",.0f"),
            maybe(row["waiting_usd_per_teu"], ",.0f"),
            maybe(row["kgco2e_per_teu"], ",.0f"),
        ]
        for name, row in table.iterrows()
    ]
    console.print(table_of([(h, "left" if i == 0 else "right") for i, h in enumerate(heads)], rows))
    dim(
        console,
        f"{found.year}: {found.demand_teu_per_year:,.0f} TEU a year wanted, {found.unmet_teu_per_year:,.0f} not sent; "
        f"{found.status}, residual {found.gap:.0e}; {found.estimates:.0%} of the figures behind are estimates. Cost is "
        "generalised, for the mean shipper; scarcity is what trains cost more for there being so many.",
    )


def show_backtest(found: Backtest) -> None:
    """Print every case, what happened, the naive forecasts, and the medians."""
    console = console_here()
    heads = ("case", "year", "unit", "model", "observed", "error", "last\nyear", "cheapest\nway", "grade")
    rows = [
        [
            str(name) + ("" if row["counted"] else " *"),
            str(row["year"]),
            row["unit"],
            figure(row["model"]),
            figure(row["observed"]),
            signed(row["error"]),
            signed(row["last_year_error"]),
            signed(row["cheapest_error"]),
            row["grade"],
        ]
        for name, row in found.table.iterrows()
    ]
    left = ("case", "unit", "grade")
    console.print(table_of([(h, "left" if h in left else "right") for h in heads], rows))
    s = found.summary()
    fitted = ", ".join(map(str, found.fitted_to))
    if s["cases"]:
        console.print(
            f"Median error of {s['cases']:.0f} forecasts: model {s['model']:.1%}, last year's value "
            f"{s['last_year']:.1%}, cheapest way {s['cheapest']:.1%}; model over the better of them {s['ratio']:.2f}.",
            highlight=False,
        )
    dim(
        console,
        f"Parameters fitted to {fitted}. Errors are relative to what was observed, or the value itself where that is "
        "zero; of naive forecasts likewise. * not in the median: no forecast of volume, a year fitted to, or demand "
        "that the model is given. Perimeters and sources: --csv.",
    )


def show_calibration(found: Calibration) -> None:
    """Print the parameters and the residuals."""
    console = console_here()
    heads = ("traffic", "corridor", "year", "model", "observed", "unit", "error", "grade")
    rows = [
        [
            row.traffic,
            row.corridor,
            str(row.year),
            figure(row.model),
            figure(row.observed),
            row.unit,
            signed(row.error),
            row.grade,
        ]
        for row in found.residuals.itertuples()
    ]
    left = ("traffic", "corridor", "unit", "grade")
    console.print(table_of([(h, "left" if h in left else "right") for h in heads], rows))
    choice = found.choice
    console.print(
        f"aversion {choice.aversion_share:.3g} of shippers, subsidy passed on {choice.subsidy_passed_on:.3g}, "
        f"time factor {choice.time_factor:.3g}, scarcity {choice.scarcity_usd_per_teu:,.0f} USD/TEU; scales "
        + ", ".join(f"{m} {p.scale_per_usd:.2g}/USD" for m, p in choice.markets.items()),
        highlight=False,
    )


def _columns(cur: str) -> list[tuple[str, Any, bool]]:
    """Head, side and whether the column is shown on a narrow terminal too."""
    return [
        ("Corridor", "left", True),
        ("km", "right", True),
        ("bor-\nders", "right", True),
        ("tran-\nship-\nments", "right", True),
        ("gauge\nchan-\nges", "right", True),
        ("days\np50", "right", True),
        ("days\np90", "right", True),
        (f"tariff\n{cur}\n/TEU", "right", True),
        ("kg\nCO2e\n/TEU", "right", True),
        (f"time\n{cur}\n/TEU", "right", False),
        (f"reliab.\n{cur}\n/TEU", "right", False),
        (f"carbon\n{cur}\n/TEU", "right", False),
        (f"general.\ncost\n{cur}/TEU", "right", True),
        ("worst\ngrade\n(EST %)", "right", True),
        ("status", "left", True),
    ]


def _route_row(row: dict[Any, Any], low: str) -> list[str]:
    def number(value: Any, digits: int = 0) -> str:
        return "" if pd.isna(value) else f"{value:,.{digits}f}"

    name = row["corridor"] if pd.isna(row["rank"]) or row["rank"] == 1 else f"  alternative {row['rank']:.0f}"
    share = "" if pd.isna(row["estimates_pct"]) else f" ({row['estimates_pct']:.0f})"
    money = [number(row[f"{part}_{low}_per_teu"]) for part in ("time", "reliability", "carbon", "cost")]
    counts = [number(row[c]) for c in ("km", "borders", "transhipments", "gauge_changes", "days_p50", "days_p90")]
    tariff = number(row[f"tariff_{low}_per_teu"])
    return [name, *counts, tariff, number(row["kgco2e_per_teu"]), *money, f"{row['worst_grade']}{share}", row["status"]]


def _notes(console: Console, comparison: RouteComparison, table: pd.DataFrame) -> None:
    found = table[table["rank"].notna()]
    for row in found.itertuples():
        name = row.corridor if row.rank == 1 else f"  alternative {row.rank:.0f}"
        console.print(f"{name}: {row.gateways}", highlight=False, markup=False, style="dim")
    events = dict.fromkeys(e for cell in found["events"] for e in cell.split("; ") if e)
    if events:
        console.print(
            f"\nDisruptions on record for {comparison.year}, flagged and not applied: " + "; ".join(events),
            highlight=False,
            markup=False,
        )
    opened = comparison.opened()
    if len(opened):
        projects = dict.fromkeys(f"{row.project} ({row.opens_year})" for row in opened.itertuples())
        console.print(f"\nOpened by {comparison.year}: " + "; ".join(projects), highlight=False, markup=False)
    prices = comparison.prices
    console.print(
        f"\nOne TEU is half a 40-foot container. Tariffs are those of 2018-2025, not deflated; goods {prices.goods}, "
        f"{prices.load_t_per_teu:g} t/TEU. Generalised cost = tariff + time + reliability + carbon. Grades: "
        "A official, B press, C weak, EST estimate; in brackets the share of estimates among the figures of the route.",
        highlight=False,
        markup=False,
        style="dim",
    )


def _break_even(console: Console, comparison: RouteComparison) -> None:
    pairs = comparison.break_even()
    value = pairs.columns[2]
    crossing = pairs.dropna().sort_values(value)
    if crossing.empty:
        return
    titles = {cid: corridor.title for cid, (corridor, _) in comparison.found.items()}
    console.print(
        f"\nBreak-even value of time, {comparison.currency} per TEU and hour: above it the faster corridor is better",
        style="bold",
        highlight=False,
    )
    rows = [[f"{r[value]:,.2f}", titles[r["faster"]], titles[r["cheaper"]]] for _, r in crossing.iterrows()]
    console.print(
        table_of([(value.split("_per_")[0].replace("_", "-"), "right"), ("faster", "left"), ("cheaper", "left")], rows)
    )
    beaten = pairs[pairs[value].isna()]
    if len(beaten):
        console.print(
            f"{len(beaten)} further pairs have no break-even: one is both cheaper and faster.",
            style="dim",
            highlight=False,
        )
