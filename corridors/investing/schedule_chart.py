"""The schedule of a portfolio: when projects are built, and what is spent by then against what each line holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks import DataError

from ..style import COLOURS, INK, RED, WHITE, drawn, folded, heading, legend, new_figure, plain_ticks, pyplot, short
from ..terminal import figure as figure_of
from .answer import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .frontier import Frontier
    from .timing import Timing

__all__ = ["schedule_chart"]

_LINES = [COLOURS[name] for name in ("middle", "sea", "southern", "instc", "arctic", "northern")]
_USED_UP = 0.999  # of what a line has paid out by then


@drawn
def schedule_chart(found: Frontier, timing: Timing) -> Figure:
    """Draw lead times of projects, from start to opening, and below what each line has spent.

    Parameters
    ----------
    found : Frontier
    timing : Timing
        As from `Frontier.schedule`.

    Returns
    -------
    matplotlib Figure
        Above a bar for each project, in the colour of the line that pays; below, for each line, bars of what is spent
        by the end of each year, red where that is all there is, against steps of what the line has paid out by then.

    Raises
    ------
    DataError
        Nothing is built.
    """
    table = timing.table.dropna(subset=["starts", "opens"])
    if table.empty:
        raise DataError([f"{found.scenario.name}: nothing is built, so there is no schedule ({timing.status})"])
    lines = [line for line in timing.spent.columns if timing.spent[line].sum() > 0] or list(timing.spent.columns)
    colours = {line: _LINES[number % len(_LINES)] for number, line in enumerate(timing.spent.columns)}
    years = np.arange(int(table["starts"].min()), int(table["opens"].max()) + 1)
    heights = [0.35 + 0.34 * len(table), *[1.7] * len(lines)]
    figure = new_figure(9.6, 1.4 + sum(heights) + 0.55 * len(lines))
    heading(
        figure,
        f"{short(found.title, 60)}: when to build what",
        f"Million {found.currency} of {found.price_year}; worth {figure_of(timing.worth_m)} million as a present value "
        f"at {percent(found.central.rate)}. The schedule that is worth most within what the lines have paid out.",
    )
    grid = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    _gantt(grid[0], table, {c.name: c.title for c in found.candidates}, colours)
    for axes, line in zip(grid[1:], lines, strict=True):
        _spending(axes, timing, line, years, colours[line], found.currency)
    grid[-1].set_xlabel("year")
    grid[-1].set_xlim(years[0] - 0.1, years[-1] + 1.1)
    grid[-1].set_xticks(years + 0.5, [str(year) for year in years] if len(years) <= 16 else _sparse(years))
    return figure


def _gantt(axes: Axes, table: pd.DataFrame, titles: dict[str, str], colours: dict[str, str]) -> None:
    places = np.arange(len(table))
    starts, opens = table["starts"].to_numpy(dtype=float), table["opens"].to_numpy(dtype=float)
    paint = [colours.get(str(line), COLOURS["other"]) for line in table["line"]]
    axes.barh(places, opens - starts, left=starts, height=0.55, color=paint)
    axes.plot(opens, places, linestyle="none", marker=">", color=INK, markersize=6)
    for place, row in zip(places, table.itertuples(), strict=True):
        told = f"opens {row.opens:.0f}, {figure_of(row.paid_m)} m"
        axes.annotate(told, (row.opens, place), (8, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(places, [folded(titles.get(str(name), name), 34) for name in table.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(table) - 0.45, -0.55)
    axes.set_title("From start to opening")
    axes.grid(axis="x")


def _spending(
    axes: Axes, timing: Timing, line: str, years: np.ndarray[tuple[int], np.dtype[np.int64]], colour: str, currency: str
) -> None:
    spent = timing.spent[line].reindex(years, fill_value=0.0)
    total = spent.cumsum().to_numpy(dtype=float)
    holds = timing.available[line].reindex(years).ffill().to_numpy(dtype=float)
    out = total >= _USED_UP * holds
    axes.bar(years + 0.5, total, width=0.8, color=np.where(out, RED, colour), alpha=0.35)
    axes.bar(years + 0.5, spent, bottom=total - spent, width=0.8, color=np.where(out, RED, colour))
    axes.step([*years, years[-1] + 1], [*holds, holds[-1]], where="post", color=INK, linewidth=1.4)
    for year, amount, much in zip(years, spent, total, strict=True):
        if amount > 0:
            told = f"+{figure_of(amount)}"
            axes.annotate(
                told, (year + 0.5, much), (0, 2), textcoords="offset points", ha="center", fontsize=8,
                bbox={"boxstyle": "round,pad=0.05", "facecolor": WHITE, "edgecolor": "none", "alpha": 0.75},
            )  # fmt: skip
    axes.set_ylim(0, 1.15 * max(holds.max(), total.max(), 1e-9))
    axes.set_ylabel(f"million {currency}")
    axes.set_title(f"{short(line, 50)}: {figure_of(total[-1])} of {figure_of(holds[-1])} million {currency}")
    axes.grid(axis="y")
    plain_ticks(axes.yaxis)
    marks = [
        pyplot().Rectangle((0, 0), 1, 1, color=colour),
        pyplot().Rectangle((0, 0), 1, 1, color=colour, alpha=0.35),
        pyplot().Line2D([], [], color=INK, linewidth=1.4),
    ]
    names = ["spent in the year", "before", "paid out by the line"]
    if out.any():
        marks, names = [*marks, pyplot().Rectangle((0, 0), 1, 1, color=RED)], [*names, "used up"]
    legend(axes, marks, names, loc="center left", bbox_to_anchor=(1, 0.5))


def _sparse(years: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """Return every fifth year, and nothing between."""
    return [str(year) if year % 5 == 0 else "" for year in years]
