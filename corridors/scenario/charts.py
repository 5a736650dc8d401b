"""Figures of runs: what each way carries, and what changes between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from ..style import AFLOAT, COLOURS, GREY, INK, pyplot
from .answers import way_title
from .results import NOT_SHIPPED, UNMET

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .contrast import Comparison
    from .results import Run

__all__ = ["change_chart", "flows_chart"]

_UNMET_RED = "#B00020"
_NOWHERE = (UNMET, NOT_SHIPPED)
_THIN = 0.8
_LABEL = 30  # letters of a line


def flows_chart(runs: Sequence[Run], by: str = "family", year: int | None = None) -> Figure:
    """Draw what each way carries in several runs: sea in millions, ways by land in thousands.

    Parameters
    ----------
    runs : sequence of Run
        Of the same unit; the first is drawn on top.
    by : str
        family, branch or corridor.
    year : int, optional
        The last of the first run by default.

    Returns
    -------
    matplotlib Figure
        Bars by way and run, whiskers from the lowest to the highest of `Run.ranges`.
    """
    at = runs[0].years[-1] if year is None else year
    tables = [run.ranges(by).xs(at, level="year") for run in runs]
    names = list(dict.fromkeys(name for table in tables for name in table.sort_values("central").index[::-1]))
    family = _families(runs, by)
    afloat = [name for name in names if family.get(name) in AFLOAT]
    land = [name for name in names if name not in afloat]
    unit = "t" if runs[0].unit == "t" else "TEU"
    panels = [(part, per, word) for part, per, word in ((afloat, 1e6, "million"), (land, 1e3, "thousand")) if part]
    height = 1.2 + 0.32 * len(runs) * sum(len(part) for part, _, _ in panels)
    figure: Figure
    figure, axes = pyplot().subplots(
        len(panels),
        1,
        figsize=(9.6, max(height, 3.2)),
        layout="constrained",
        height_ratios=[len(part) for part, _, _ in panels],
        squeeze=False,
    )
    for axis, (part, per, word) in zip(axes[:, 0], panels, strict=True):
        for number, table in enumerate(tables):
            _bars(axis, table, part, number, len(runs), per, family)
        axis.set_yticks(range(len(part)), [_label(name, by) for name in part])
        axis.set_ylim(len(part) - 0.5, -0.5)
        axis.set_xlim(left=0)
        axis.set_xlabel(f"{word} {unit} a year, {at}")
        axis.spines[["top", "right"]].set_visible(False)
    shades = [pyplot().Rectangle((0, 0), 1, 1, color=GREY, alpha=_shade(n, len(runs))) for n in range(len(runs))]
    titles = [run.title for run in runs]
    axes[-1, 0].legend(shades, titles, frameon=False, fontsize=9, loc="best", handlelength=1.2)
    return figure


def change_chart(found: Comparison, by: str = "family") -> Figure:
    """Draw the difference that each way sees, with its range.

    Parameters
    ----------
    found : Comparison
        Two runs.
    by : str
        family, branch or corridor.

    Returns
    -------
    matplotlib Figure
        Bars to the left lose, to the right gain, in thousands of the last year.
    """
    year = found.years[-1]
    flows = found.flows(by).xs(year, level="year")
    column = next(c for c in flows if c.startswith("difference_") and c != "difference_pct")
    shown = flows[flows[column].abs() >= 1].sort_values(column)
    ranges = found.ranges(by).xs(year, level="year")
    family = _families([found.base, found.run], by)
    figure: Figure
    figure, axis = pyplot().subplots(figsize=(9.6, 1.4 + 0.5 * max(len(shown), 1)), layout="constrained")
    change = shown[column].to_numpy() / 1e3
    colours = [_UNMET_RED if name in _NOWHERE else COLOURS[family.get(name, "other")] for name in shown.index]
    axis.barh(range(len(shown)), change, color=colours, height=0.6)
    for place, name in enumerate(shown.index):
        if name in ranges.index:
            axis.plot(ranges.loc[name, ["low", "high"]].astype(float) / 1e3, [place, place], color=INK, linewidth=1.4)
    room = float(np.abs(change).max()) if len(change) else 1.0
    for place, (name, value) in enumerate(zip(shown.index, change, strict=True)):
        ends = [value, *(ranges.loc[name, ["low", "high"]] / 1e3 if name in ranges.index else [])]
        at = max(ends) if value >= 0 else min(ends)
        side = "left" if value >= 0 else "right"
        axis.text(at + 0.015 * room * np.sign(value), place, f"{value:+,.1f}", va="center", ha=side, fontsize=9)
    axis.axvline(0, color=GREY, linewidth=_THIN)
    axis.margins(x=0.14)
    axis.set_yticks(range(len(shown)), [_label(str(name), by) for name in shown.index])
    unit = "t" if found.run.unit == "t" else "TEU"
    axis.set_xlabel(f"thousand {unit} in {year} more or less than in '{found.base.title}'; lines: range")
    axis.set_title(found.run.title, loc="left", fontsize=11)
    axis.spines[["top", "right", "left"]].set_visible(False)
    return figure


def _bars(
    axis: Axes,
    table: pd.DataFrame,
    names: Sequence[str],
    number: int,
    count: int,
    per: float,
    family: dict[str, str],
) -> None:
    """Draw the bars of one run beside those of the others."""
    height = _THIN / count
    places = np.arange(len(names)) + (number - (count - 1) / 2) * height
    values = table.reindex(names)[["central", "low", "high"]].astype(float).fillna(0.0).to_numpy() / per
    colours = [COLOURS[family.get(name, "other")] for name in names]
    axis.barh(places, values[:, 0], height=0.9 * height, color=colours, alpha=_shade(number, count))
    for place, (_, low, high) in zip(places, values, strict=True):
        if high > low:
            axis.plot([low, high], [place, place], color=INK, linewidth=1.2)


def _shade(number: int, count: int) -> float:
    return 1 - 0.6 * number / max(count - 1, 1)


def _families(runs: Sequence[Run], by: str) -> dict[str, str]:
    tables = [run.tables["ranges"][[by, "family"]].drop_duplicates() for run in runs]
    return {str(row[0]): str(row[-1]) for table in tables for row in table.itertuples(index=False)}


def _label(name: str, by: str) -> str:
    title = way_title(name, by)
    short = title[4:] if title.startswith("the ") else title
    return fill(short[:1].upper() + short[1:], _LABEL)
