"""Failures on a terminal: three rankings, who pays, and how many ways there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..files import write_folder
from ..terminal import console_here, dim, figure, table_of

if TYPE_CHECKING:
    import pandas as pd

    from .criticality import Criticality
    from .recovery import Recovery
    from .sweeping import Sweep
    from .uncertainty import Uncertainty

__all__ = ["show_criticality", "show_recovery", "show_sweep", "show_uncertainty", "write_tables"]

_TABLES = ("table", "countries", "transit", "redundancy", "arcs")
_HEADS = {
    "cost": "By cost of those who are still served",
    "unmet": "By what has no way and no room",
    "country": "By the country that is worst off",
}


def show_criticality(
    found: Criticality, days: int, effect: str, kind: str | None, top: int, drawn: Path | None
) -> None:
    """Print answer, rankings and remarks."""
    console = console_here()
    console.print(found.answer, highlight=False, markup=False)
    from .criticality import LENSES

    for lens in LENSES:
        ranked = found.ranking(lens, days=days, effect=effect, kind=kind, top=top)
        console.print(f"\n{_HEADS[lens]}: {effect} for {days} days", style="bold", highlight=False)
        if ranked.empty:
            console.print("nothing")
            continue
        console.print(_ranking(ranked))
    narrow = found.redundancy.sort_values(["disjoint_routes", "teu_per_year"], ascending=[True, False]).head(5)
    console.print("Pairs with the fewest routes of which no two share a link", style="bold")
    console.print(_redundancy(narrow))
    if drawn is not None:
        dim(console, f"Map: {drawn}")
    turn = found.record["turn_days"]
    dim(
        console,
        f"{found.record['solves']:,} answers of the shippers in {found.record['seconds']:g} s. Up to {turn:g} days a "
        "failure is waited for, longer ones are driven round. Unmet demand is not in the cost; half of what a box "
        "costs more is borne at each end.",
    )


def _ranking(ranked: pd.DataFrame) -> object:
    columns = [
        ("", "right"),
        ("What", "left"),
        ("", "left"),
        ("1000 TEU/yr", "right"),
        ("Cost m USD", "right"),
        ("%", "right"),
        ("Unmet TEU", "right"),
        ("h/TEU", "right"),
        ("2nd best", "right"),
        ("Worst off", "left"),
        ("loss %", "right"),
    ]
    rows = [
        (
            str(number),
            str(row.name),
            f"{row.kind}, assumed" if row.assumed else str(row.kind),
            f"{row.teu_per_year / 1000:,.1f}",
            figure(row.cost_rise_musd),
            f"{row.cost_rise_pct:.2g}",
            f"{row.unmet_teu + row.not_shipped_teu:,.0f}",
            f"{row.hours_per_teu:+,.0f}",
            _ratio(row.second_best_ratio),
            str(row.worst_country),
            f"{row.worst_country_pct:,.0f}",
        )
        for number, row in enumerate(ranked.set_index("name", drop=False).itertuples(index=False), 1)
    ]
    return table_of(columns, rows)


def _ratio(value: float) -> str:
    return "" if value != value else "none" if value == float("inf") else f"{value:.2f}"


def _redundancy(narrow: pd.DataFrame) -> object:
    columns = [
        ("From", "left"),
        ("To", "left"),
        ("1000 TEU/yr", "right"),
        ("Routes", "right"),
        ("not by sea", "right"),
        ("Narrowest cut / demand", "right"),
        ("HHI corridors", "right"),
    ]
    rows = [
        (
            str(row.origin),
            str(row.destination),
            f"{row.teu_per_year / 1000:,.1f}",
            str(row.disjoint_routes),
            str(row.disjoint_without_sea),
            "not on record" if row.cut_over_demand == float("inf") else f"{row.cut_over_demand:.2f}",
            f"{row.hhi_corridors:.2f}",
        )
        for row in narrow.itertuples()
    ]
    return table_of(columns, rows)


def write_tables(found: Criticality, folder: Path) -> None:
    """Write all tables as CSV, all or none."""
    write_folder(folder, {f"{name}.csv": getattr(found, name).to_csv(index=False) for name in _TABLES})


def show_sweep(found: Sweep, measure: str, rows: str, columns: str | None, folder: Path | None) -> None:
    """Print a measure by what varies, and what failed."""
    console = console_here()
    console.print(repr(found), highlight=False, markup=False)
    if len(found.failed) < len(found.runs):
        wide = found.table(measure, rows, columns)
        heads = [(rows, "left"), *((str(c), "right") for c in wide.columns)]
        lines = [[str(index), *(figure(float(v)) for v in values)] for index, *values in wide.itertuples()]
        rest = [path for path in found.crossed(rows) if path != columns]
        if "year" not in (rows, columns) and len(set(found.runs["year"])) > 1:
            rest.append("years")
        over = f", mean over {' and '.join(rest)}" if rest else ""
        unit = found.unit(measure)
        title = f"\n{measure}" + (f", {unit}" if unit else "") + (f", by {columns}" if columns else "") + over
        console.print(title, style="bold", highlight=False, markup=False)
        console.print(table_of(heads, lines[:_SHOWN]))
        if len(lines) > _SHOWN:
            dim(console, f"and {len(lines) - _SHOWN:,} more rows")
    for error, count in found.failed["error"].value_counts().head(_ERRORS).items():
        console.print(f"failed, {count:,} times: {error}", highlight=False, markup=False)
    if folder is not None:
        dim(
            console,
            f"All runs: {folder}/runs.parquet, flows.parquet" + (", borders.parquet" if len(found.borders) else ""),
        )


_SHOWN, _ERRORS = 40, 5


def show_uncertainty(found: Uncertainty, output: str, convergence: pd.DataFrame, shares: pd.DataFrame | None) -> None:
    """Print distributions, how well the mean is known, and what it depends on."""
    console = console_here()
    console.print(found.answer, highlight=False, markup=False)
    summary = found.summary()
    heads = [("", "left"), *((c.replace("_", " "), "right") for c in summary.columns)]
    console.print(table_of(heads, [[str(n), *(figure(float(v)) for v in row)] for n, *row in summary.itertuples()]))
    console.print(f"Mean of {output} after so many draws", style="bold", highlight=False)
    heads = [("draws", "right"), *((c.replace("_", " "), "right") for c in convergence.columns)]
    console.print(
        table_of(heads, [[f"{n:,}", *(figure(float(v)) for v in row)] for n, *row in convergence.itertuples()])
    )
    tornado = found.tornado(output).head(_INPUTS)
    console.print(f"{output} at the ends of the 90 % range of each input", style="bold", highlight=False)
    lines = [
        [str(name), f"{low:+.0%}" if low < 0 else f"{low:g}", f"{high:+.0%}" if low < 0 else f"{high:g}"]
        + [figure(float(v)) for v in (at_low, base, at_high)]
        for name, low, high, at_low, base, at_high, _ in tornado.itertuples()
    ]
    sides = [("input", "left"), *((c, "right") for c in ("low", "high", "at low", "as it is", "at high"))]
    console.print(table_of(sides, lines))
    if shares is None:
        return
    console.print(f"Sensitivity of {output}", style="bold", highlight=False)
    heads = [("input", "left"), *((c.replace("_", " "), "right") for c in shares.columns)]
    console.print(
        table_of(heads, [[str(n), *(figure(float(v)) for v in row)] for n, *row in shares.head(_INPUTS).itertuples()])
    )


_INPUTS = 12


def show_recovery(found: Recovery, other: Recovery | None, stock: float) -> None:
    """Print the answer and its numbers, beside those with stocks."""
    console = console_here()
    console.print(found.answer, highlight=False, markup=False)
    both = [("as it is", found), *([(f"stocks for {stock:g} days", other)] if other is not None else [])]
    rows = [
        ("Least demand served, %", [f"{r.robustness_pct:.0f}" for _, r in both]),
        ("95 % is served again from day", [_days(r.days_to_95) for _, r in both]),
        ("Late or lost, days of demand", [f"{r.loss_pct_days / 100:.1f}" for _, r in both]),
        ("Longest queue, TEU", [f"{r.longest_queue:,.0f}" for _, r in both]),
        ("Waited, TEU-days", [f"{r.waiting_unit_days:,.0f}" for _, r in both]),
        ("Go round, TEU", [f"{float(r.days['went_round'].sum()):,.0f}" for _, r in both]),
        ("Not sent, TEU", [f"{float(r.days['not_sent'].sum()):,.0f}" for _, r in both]),
    ]
    heads = [("", "left"), *((name, "right") for name, _ in both)]
    console.print(table_of(heads, [[what, *values] for what, values in rows]))


def _days(value: float) -> str:
    return "not within the days followed" if value == float("inf") else f"{value:.0f}"
