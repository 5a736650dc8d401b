"""Who is short of gas by how much, by both rules of sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError

from ..style import HATCH, RED, drawn, folded, heading, legend, new_figure, plain_ticks, pyplot, short
from ..terminal import figure as figure_of
from .charts import chosen_year
from .gas_answers import country_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["gas_unmet_chart"]

_RULES = {"cooperative": "if all countries share", "own_first": "if each country serves itself first"}
_LEAST_MCM = 0.05
_THICK = 0.74


@drawn
def gas_unmet_chart(run: GasRun, year: int | None = None) -> Figure:
    """Draw what is not served of the demand of each country; see `GasPlots.unmet`."""
    at = chosen_year(run.years, year)
    rules = list(dict.fromkeys(map(str, run.tables["countries"]["sharing"])))
    pct, mcm = (_wide(run, rules, column, at) for column in ("unmet_pct", "unmet_mcm"))
    short_of = mcm[mcm.max(axis=1) >= _LEAST_MCM].index
    if not len(short_of):
        raise DataError([f"{run.name}: nobody is short of gas in {at}, by either rule of sharing"])
    pct = pct.loc[short_of]
    pct = pct.loc[pct.max(axis=1).sort_values(ascending=False, kind="stable").index]
    figure = new_figure(9.6, 1.9 + 0.28 * len(rules) * len(pct))
    worst = "Of the whole year; a short cut may be far larger on its worst day."
    heading(figure, f"{short(run.title, 60)}: who is short of gas, {at}", worst)
    axes = figure.subplots()
    height = _THICK / len(rules)
    for number, rule in enumerate(rules):
        places = np.arange(len(pct)) + (number - (len(rules) - 1) / 2) * height
        axes.barh(places, pct[rule].to_numpy(), height=0.88 * height, **_look(number))
        for place, country in zip(places, pct.index, strict=True):
            share, volume = float(pct.at[country, rule]), float(mcm.at[country, rule])
            told = f"{figure_of(share)} %, {figure_of(volume)} mcm" if volume >= _LEAST_MCM else "nothing"
            axes.annotate(told, (share, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(range(len(pct)), [folded(country_name(str(c)), 26) for c in pct.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(pct) - 0.45, -0.55)
    axes.set_xlim(0, 1.2 * float(pct.max().max()))
    axes.set_xlabel(f"% of the demand of {at} that is not served; mcm: million m3")
    axes.grid(axis="x")
    plain_ticks(axes.xaxis)
    swatches = [pyplot().Rectangle((0, 0), 1, 1, **_look(n)) for n in range(len(rules))]
    titles = [_RULES.get(rule, rule) for rule in rules]
    legend(axes, swatches, titles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0.1)
    return figure


def _wide(run: GasRun, rules: list[str], column: str, year: int) -> pd.DataFrame:
    table = run.tables["countries"]
    table = table[(table["year"] == year) & table["sharing"].isin(rules)]
    return table.pivot_table(index="country", columns="sharing", values=column, sort=False).fillna(0.0)


def _look(number: int) -> dict[str, Any]:
    return HATCH if number == 0 else {"facecolor": RED, "edgecolor": RED, "linewidth": 1.0}
