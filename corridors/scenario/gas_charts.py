"""Figures of gas runs: what lines carry, and what differs from the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError

from ..style import COLOURS, GREY, INK, drawn, folded, heading, legend, new_figure, plain_ticks, short
from .charts import chosen_year

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["gas_flows_chart"]

_MOST = 14
_THICK = 0.8
_NOTE = "Each line by the one of its pipes that carries or differs most. Nameplates far beyond flows are left out."


@drawn
def gas_flows_chart(run: GasRun, base: GasRun | None = None, year: int | None = None) -> Figure:
    """Draw what the largest lines carry, beside the counterfactual; see `GasPlots.flows`."""
    at = chosen_year(run.years, year)
    table = _chosen(run, base, at)
    if table.empty:
        raise DataError([f"{run.name}: nothing flows in {at}"])
    names = list(table.index)[::-1]
    figure = new_figure(9.6, 1.9 + 0.36 * len(names))
    what = "what the largest lines carry" if base is None else "lines that carry most more or less"
    heading(figure, f"{short(run.title, 60)}: {what}, {at}", _NOTE)
    axes = figure.subplots()
    parts = [(table["bcm"], 1.0, run.title)]
    if base is not None:
        parts = [(table["base_bcm"], 0.35, base.title), *parts]
    height = _THICK / len(parts)
    places = np.arange(len(names))
    marks: list[Any] = []
    for number, (values, alpha, _) in enumerate(parts):
        offset = ((len(parts) - 1) / 2 - number) * height
        marks.append(axes.barh(places + offset, values[names], height=0.9 * height, color=COLOURS["sea"], alpha=alpha))
    flows = table[["bcm", "base_bcm"]]
    furthest = max(1.3 * float(flows.max().max()), 1e-3)
    axes.set_xlim(min(1.08 * float(flows.min().min()), 0.0), furthest)
    most = table["nameplate_bcm"][names].where(lambda bcm: bcm < furthest).to_numpy(dtype=float)
    marks += axes.plot(most, places, linestyle="none", marker="|", markersize=16, markeredgewidth=1.4, color=INK)
    axes.set_yticks(places, [folded(table.at[n, "title"], 34) for n in names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.55, len(names) - 0.45)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel(f"bcm in {at}, net; below 0: the other way")
    axes.grid(axis="x")
    plain_ticks(axes.xaxis)
    titles = [*(title for *_, title in parts), "nameplate"]
    legend(axes, marks, titles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderpad=0.1)
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
