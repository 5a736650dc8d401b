"""What gas costs by country, here and in the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from networks import DataError

from ..style import COLOURS, GREY, INK, drawn, folded, heading, legend, new_figure, plain_ticks, short
from .charts import chosen_year
from .gas_answers import country_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["gas_prices_chart"]

_FAR = 3.0  # times the middle half of prices, from which on a price is off the scale
_LEAST = 0.005  # money per MWh


@drawn
def gas_prices_chart(run: GasRun, base: GasRun | None = None, year: int | None = None) -> Figure:
    """Draw the mean price of the year at the market of each country; see `GasPlots.prices`."""
    at = chosen_year(run.years, year)
    table = _prices(run, at).to_frame("now")
    table["before"] = _prices(base, at).reindex(table.index) if base is not None else np.nan
    table = table.dropna(subset="now").sort_values("now", ascending=False, kind="stable")
    if table.empty:
        raise DataError([f"{run.name}: there is no price in {at}"])
    currency = run.record["currency"]
    figure = new_figure(9.6, 1.9 + 0.27 * len(table))
    note = "Means over the year of what one MWh more at the market would cost. Scale does not begin at zero."
    heading(figure, f"{short(run.title, 60)}: what gas costs, {at}", note)
    axes = figure.subplots()
    places = np.arange(len(table))
    low, high = _span(table)
    shown = table.clip(low, high)
    axes.hlines(places, shown["before"].fillna(shown["now"]), shown["now"], color=GREY, linewidth=1.4)
    marks = axes.plot(shown["now"], places, "o", color=COLOURS["sea"], markersize=6)
    titles = [run.title]
    if base is not None:
        marks = [*axes.plot(shown["before"], places, "|", color=INK, markersize=12, markeredgewidth=1.6), *marks]
        titles = [base.title, run.title]
    for place, (row, at_) in enumerate(zip(table.itertuples(), shown.itertuples(), strict=True)):
        off = ", off the scale" if row.now != at_.now else ""
        axes.annotate(
            f"{_said(float(row.now), float(row.before))}{off}", (np.nanmax([at_.now, at_.before]), place), (8, 0),
            textcoords="offset points", va="center", fontsize=8.5,
        )  # fmt: skip
    axes.set_yticks(places, [folded(country_name(str(c)), 26) for c in table.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(table) - 0.45, -0.55)
    axes.margins(x=0.1)
    axes.set_xlabel(f"{currency} per MWh in {at}, gross calorific value")
    axes.grid(axis="both")
    plain_ticks(axes.xaxis)
    legend(axes, marks, titles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0.1)
    return figure


def _prices(run: GasRun, year: int) -> pd.Series[float]:
    table = run.unmet()
    column = next(c for c in table if str(c) in ("usd_per_mwh", "eur_per_mwh"))
    here = table.loc[table.index.get_level_values("year") == year, column].droplevel("year")
    found: pd.Series[float] = here.astype(float)
    return found


def _span(table: pd.DataFrame) -> tuple[float, float]:
    """Return between which prices points are drawn where they are: those far from the others would squeeze them."""
    first, third = (float(q) for q in np.nanquantile(table["now"], [0.25, 0.75]))
    reach = _FAR * max(third - first, 0.02 * abs(third))
    return first - reach, third + reach


def _said(now: float, before: float) -> str:
    change = now - before
    if np.isnan(change) or abs(change) < _LEAST:
        return f"{now:,.2f}"
    return f"{now:,.2f} ({change:+.2f})".replace("-", "−")
