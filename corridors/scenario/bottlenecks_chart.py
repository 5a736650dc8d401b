"""How full capacities are, and what one more unit of those that bind is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks import DataError

from ..style import GREY, INK, RED, drawn, folded, heading, legend, new_figure, pyplot, short
from ..terminal import figure as figure_of
from .charts import chosen_year

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["bottlenecks_chart", "fullest"]

_FULL = 0.999
_WORTH = (
    "Worth: what shippers gain by one more TEU a year there, from the multipliers of full capacities; true of small "
    "changes only, at prices of 2018-2025, not deflated."
)
_FURTHEST = 1.5  # of a capacity; beyond, bars are cut


def fullest(run: Run, base: Run | None, at_least: float, top: int, year: int) -> pd.DataFrame:
    """Return the fullest capacities of a year in their fullest part of it, here or in the counterfactual.

    Returns
    -------
    DataFrame by element
        ``utilisation``, ``base_utilisation`` (NaN without a counterfactual), ``worth`` (in the currency of the study,
        of one more TEU a year), ``grade``; fullest first.
    """
    tables = [_peaks(found, year) for found in (run, base) if found is not None]
    table = tables[0].reindex(list(dict.fromkeys(name for part in tables for name in part.index)))
    was = tables[1]["utilisation"].reindex(table.index) if base is not None else np.nan
    table = table.assign(base_utilisation=was)
    kept = table[table[["utilisation", "base_utilisation"]].max(axis=1) >= at_least]
    return kept.sort_values(["utilisation", "worth"], ascending=False, kind="stable").head(top)


@drawn
def bottlenecks_chart(
    run: Run, base: Run | None = None, at_least: float = 0.5, top: int = 12, year: int | None = None
) -> Figure:
    """Draw utilisation, and what one more TEU a year would be worth; see `RunPlots.bottlenecks`."""
    at = chosen_year(run.years, year)
    table = fullest(run, base, at_least, top, at)
    if table.empty:
        raise DataError([f"{run.name}: no capacity is used to {100 * at_least:g} % or more in {at}"])
    figure = new_figure(9.6, 1.75 + 0.4 * len(table))
    full = table["utilisation"].to_numpy(dtype=float) >= _FULL
    title = f"{short(run.title, 60)}: how full capacities are, {at}"
    heading(figure, title, f"In the fullest part of the year. {_WORTH if full.any() else ''}")
    axes = figure.subplots()
    used = table["utilisation"].fillna(0.0).clip(upper=_FURTHEST).to_numpy(dtype=float)
    places = np.arange(len(table))
    axes.barh(places[full], 100 * used[full], height=0.62, color=RED)
    axes.barh(places[~full], 100 * used[~full], height=0.62, color=GREY, alpha=0.45)
    was = table["base_utilisation"].clip(upper=_FURTHEST).to_numpy(dtype=float)
    if base is not None:
        axes.vlines(100 * was, places - 0.4, places + 0.4, color=GREY, linewidth=2.2)
    currency = run.record["currency"]
    right = 100 * np.fmax(np.fmax(used, np.nan_to_num(was)), 1.0)
    for place, row in enumerate(table.itertuples()):
        axes.annotate(
            _said(float(row.utilisation), float(row.worth), currency), (right[place], place), (6, 0),
            textcoords="offset points", va="center", fontsize=8.5,
        )  # fmt: skip
    axes.axvline(100, color=INK, linewidth=1.0)
    axes.set_xlim(0, 1.005 * right.max())
    axes.set_yticks(places, [folded(str(name)[:1].upper() + str(name)[1:], 34) for name in table.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(table) - 0.45, -0.55)
    axes.set_xlabel("% of capacity used")
    if base is not None:
        tick = pyplot().Line2D([], [], color=GREY, linewidth=2.2, marker="|", markersize=10, linestyle="none", mew=2.2)
        before = f"in '{short(base.title, 50)}'"
        legend(axes, [tick], [before], loc="lower left", bbox_to_anchor=(0, 1), borderpad=0.1)
    return figure


def _peaks(run: Run, year: int) -> pd.DataFrame:
    """Return the fullest part of the year of each capacity."""
    table = run.bottlenecks(0.0)
    worth = next(column for column in table if column.startswith("worth_"))
    table = table[table["year"] == year].rename(columns={worth: "worth"})
    table = table.sort_values(["utilisation", "worth"], ascending=False, kind="stable").drop_duplicates("element")
    return table.set_index("element")[["utilisation", "worth", "grade"]]


def _said(used: float, worth: float, currency: str) -> str:
    if np.isnan(used):
        return "not in use here"
    if np.isinf(used):
        return "shut: no capacity"
    if used < _FULL:
        return f"{100 * used:.0f} %"
    return f"{100 * used:.0f} %, one more TEU a year is worth {figure_of(worth)} {currency}"
