"""Figures of gas runs: what lines carry, and what differs from the counterfactual."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from ..style import COLOURS, GREY, INK, pyplot

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["gas_flows_chart"]

_MOST = 14
_THICK = 0.8


def gas_flows_chart(run: GasRun, base: GasRun | None = None, year: int | None = None) -> Figure:
    """Draw what the largest lines carry, beside the counterfactual, with their nameplates.

    Parameters
    ----------
    run : GasRun
    base : GasRun, optional
        The counterfactual.
    year : int, optional
        The last by default.

    Returns
    -------
    matplotlib Figure
        Bars in bcm a year, one pipe for each line: those with the largest differences, or flows; ticks are nameplates,
        those far beyond what flows are left out.
    """
    at = run.years[-1] if year is None else year
    table = _chosen(run, base, at)
    names = list(table.index)[::-1]
    figure: Figure
    figure, axis = pyplot().subplots(figsize=(9.6, 1.3 + 0.42 * len(names)), layout="constrained")
    parts = [(table["bcm"], COLOURS["middle"], run.title)]
    if base is not None:
        parts = [(table["base_bcm"], GREY, base.title), *parts]
    height = _THICK / len(parts)
    places = np.arange(len(names))
    for number, (values, colour, title) in enumerate(parts):
        offset = ((len(parts) - 1) / 2 - number) * height
        axis.barh(places + offset, values[names], height=0.9 * height, color=colour, label=title)
    flows = table[["bcm", "base_bcm"]]
    axis.set_xlim(min(1.08 * float(flows.min().min()), 0.0), 1.3 * float(flows.max().max()))
    most = table["nameplate_bcm"][names].where(lambda bcm: bcm < axis.get_xlim()[1]).to_numpy()
    axis.plot(most, places, linestyle="none", marker="|", markersize=16, color=INK, label="nameplate")
    axis.set_yticks(places, [shorten(str(table.at[n, "title"]), 52, placeholder="…") for n in names])
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_xlabel(f"bcm in {at}, net; below 0: the other way")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def _chosen(run: GasRun, base: GasRun | None, year: int) -> pd.DataFrame:
    """Return title, flows and nameplate of the pipes that are drawn."""
    if base is None:
        table = run.flows().xs(year, level="year").assign(base_bcm=0.0)
        order = table["bcm"].abs()
    else:
        from .gas_contrast import GasComparison

        table = GasComparison(base, run).flows().xs(year, level="year")
        pipes = run.flows("pipe").xs(year, level="year").drop_duplicates("title").set_index("title")
        table = table.assign(nameplate_bcm=table["title"].map(pipes["nameplate_bcm"]))
        order = table["difference_bcm"].abs()
    return table.loc[order.sort_values(ascending=False).index[:_MOST]]
