"""Failures on a terminal: three rankings, who pays, and how many ways there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..files import write_text
from ..terminal import console_here, dim, figure, table_of

if TYPE_CHECKING:
    import pandas as pd

    from .criticality import Criticality
    from .sweeping import Sweep

__all__ = ["show_criticality", "show_sweep", "write_folder"]

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


def write_folder(found: Criticality, folder: Path) -> None:
    """Write all tables as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _TABLES:
        write_text(folder / f"{name}.csv", getattr(found, name).to_csv(index=False))


def show_sweep(found: Sweep, measure: str, rows: str, columns: str | None, folder: Path | None) -> None:
    """Print a measure by what varies, and what failed."""
    console = console_here()
    console.print(repr(found), highlight=False, markup=False)
    if len(found.failed) < len(found.runs):
        wide = found.table(measure, rows, columns)
        heads = [(rows, "left"), *((str(c), "right") for c in wide.columns)]
        lines = [[str(index), *(figure(float(v)) for v in values)] for index, *values in wide.itertuples()]
        console.print(
            f"\n{measure}" + (f" by {columns}" if columns else ""), style="bold", highlight=False, markup=False
        )
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
