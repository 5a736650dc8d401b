"""How far the model was off in each case of a back-test, beside both naive forecasts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError

from .style import COLOURS, GREY, INK, LIGHT, drawn, folded, heading, legend, new_figure, pyplot

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .backtesting import Backtest

__all__ = ["backtest_chart"]

_MARKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "error": ("the model", "o", {"color": COLOURS["sea"], "markersize": 6.5, "zorder": 4}),
    "last_year_error": ("as last year", "D", {"color": COLOURS["southern"], "markersize": 5}),
    "cheapest_error": ("all by the cheapest way", "x", {"color": GREY, "markersize": 5.5, "markeredgewidth": 1.6}),
}
_SHORT = {"model": "model", "last_year": "as last year", "cheapest": "cheapest way"}
_NOT = "Not counted: what the model is given, what the fit has seen, and what is no forecast of a volume."
_LINEAR = 100.0  # per cent, beyond which the scale is logarithmic
_YEAR = re.compile(r"\b20\d\d\b")
_LABEL = 62  # letters of a line


@drawn
def backtest_chart(found: Backtest) -> Figure:
    """Draw errors by case in the order of the file: first the forecasts that count, then what does not count.

    Parameters
    ----------
    found : Backtest

    Returns
    -------
    matplotlib Figure
        Per cent of what was observed: zero is right, below too little, beyond 100 % on a logarithmic scale.

    Raises
    ------
    DataError
        There are no cases.
    """
    table = found.table
    if table.empty:
        raise DataError(["there are no cases"])
    parts = [(table[table["counted"]], "Counted"), (table[~table["counted"]], "Not counted")]
    parts = [(part, title) for part, title in parts if len(part)]
    labels = [[_label(row) for row in part.itertuples()] for part, _ in parts]
    heights = [0.5 + 0.16 * sum(label.count("\n") + 1.5 for label in part) for part in labels]
    figure = new_figure(11.0, 1.3 + sum(heights))
    years = ", ".join(map(str, found.fitted_to))
    heading(
        figure,
        "Back-test: how far forecasts were off",
        f"{_medians(found)}Parameters fitted to {years}. {_NOT} Errors in per cent of what was observed (of the model "
        "where that is zero); beyond 100 % on a logarithmic scale.",
    )
    grid = figure.subplots(len(parts), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (part, title), names in zip(grid, parts, labels, strict=True):
        _cases(axes, part, names)
        axes.set_title(title)
    grid[-1].set_xlabel("error, %")
    handles = [pyplot().Line2D([], [], linestyle="none", marker=m, **look) for _, m, look in _MARKS.values()]
    titles = [name for name, *_ in _MARKS.values()]
    legend(figure, handles, titles, loc="outside upper right", ncols=3, borderpad=0.1)
    return figure


def _medians(found: Backtest) -> str:
    """Return the median errors of what counts in a sentence; nothing where nothing counts."""
    s = found.summary()
    medians = ", ".join(f"{said} {100 * s[name]:,.0f} %" for name, said in _SHORT.items())
    return f"Median errors of what counts: {medians}. " if s["cases"] else ""


def _cases(axes: Axes, part: pd.DataFrame, names: list[str]) -> None:
    from matplotlib.ticker import FixedLocator

    places = np.arange(len(part))
    for column, (_, mark, look) in _MARKS.items():
        axes.plot(100 * part[column].astype(float), places, linestyle="none", marker=mark, **look)
    for place, error in zip(places, 100 * part["error"].astype(float), strict=True):
        axes.plot([0, error], [place, place], color=COLOURS["sea"], linewidth=1.6)
    axes.axvline(0, color=INK, linewidth=1.0)
    axes.set_xscale("symlog", linthresh=_LINEAR, linscale=2.0)
    axes.xaxis.set_major_locator(FixedLocator([-100, -50, 0, 50, 100, 1000, 10_000, 100_000]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(lambda value, _: _signed(value))
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.set_ylim(len(part) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.hlines(places, *axes.get_xlim(), color=LIGHT, linewidth=0.5, zorder=0)


def _label(row: Any) -> str:
    """Return the title with the year and the error of the model."""
    error = "" if np.isnan(row.error) else f"  {_signed(100 * row.error)} %"
    year = "" if _YEAR.search(row.title) else f", {row.year}"
    return f"{folded(f'{row.title}{year}', _LABEL)}{error}"


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "−") if abs(value) >= 0.5 else "0"
