"""Figures of runs: what each way carries, and what changes between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from networks import DataError

from ..style import GREY, HATCH, INK, drawn, heading, new_figure, plain_ticks, short
from .ways_chart import NOWHERE, Panel, colour_of, draw_ways, families, split, way_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .contrast import Comparison
    from .results import Run

__all__ = ["change_chart", "chosen_year", "flows_chart"]

_LEAST = 1.0  # TEU or t a year
_SAID = 0.05  # thousand, below which single ones are written
_MANY = 2e6  # from which on millions are written


@drawn
def flows_chart(runs: Sequence[Run], by: str = "family", year: int | None = None) -> Figure:
    """Draw what each way carries in several runs of the same unit, the counterfactual first; see `RunPlots.shares`."""
    at = chosen_year(runs[0].years, year)
    tables = [_carried(run, by, at) for run in runs]
    most = pd.concat([table["central"] for table in tables], axis=1).max(axis=1)
    names = [str(name) for name in most[most >= _LEAST].index]
    if not names:
        raise DataError([f"{runs[-1].name}: nothing is wanted in {at}"])
    family = families(runs, by)
    unit = _unit(runs[0])
    panels = []
    for part, word in zip(split(names, family), ("sea", "overland"), strict=True):
        per, much = (1e6, "million") if part and most[part].max() >= _MANY else (1e3, "thousand")
        panels.append(Panel(part, per, f"{word}, {much} {unit} in {at}"))
    note = "Lines: range of what is not known well." if any(_ranged(table) for table in tables) else ""
    return draw_ways(tables, [run.title for run in runs], panels, family, by, _what(runs, at), note, runs[0].folder)


@drawn
def change_chart(found: Comparison, by: str = "family", year: int | None = None) -> Figure:
    """Draw the difference that each way sees, with its range; see `RunPlots.change`."""
    at = chosen_year(found.years, year)
    flows = found.flows(by).xs(at, level="year")
    column = f"difference_{found.value}"
    shown = flows[flows[column].abs() >= _LEAST].sort_values(column)
    ranges = found.ranges(by).xs(at, level="year")
    family = families([found.base, found.run], by)
    figure = new_figure(9.6, 1.7 + 0.45 * max(len(shown), 1))
    heading(figure, f"{found.run.title}: what each way carries more or less, {at}")
    axes = figure.subplots()
    change = shown[column].to_numpy(dtype=float) / 1e3
    for place, (name, value) in enumerate(zip(map(str, shown.index), change, strict=True)):
        look = HATCH if name in NOWHERE else {"color": colour_of(name, family)}
        axes.barh(place, value, height=0.6, **look)
        ends = [value, *(ranges.loc[name, ["low", "high"]].astype(float) / 1e3 if name in ranges.index else [])]
        if len(ends) > 1:
            axes.plot(ends[1:], [place, place], color=INK, linewidth=1.4)
        right = value >= 0
        said = f"{value:+,.1f}" if abs(value) >= _SAID else f"{1e3 * value:+,.0f} {_unit(found.run)}"
        axes.annotate(
            said.replace("-", "−"),
            (max(ends) if right else min(ends), place),
            (4 if right else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if right else "right",
            fontsize=9,
        )
    if not len(shown):
        axes.set_xlim(-1, 1)
        axes.text(0.5, 0.5, "nothing changes", transform=axes.transAxes, ha="center", va="center", color=GREY)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.margins(x=0.14)
    axes.set_yticks(range(len(shown)), [way_label(str(name), by, folder=found.run.folder) for name in shown.index])
    axes.tick_params(axis="y", length=0)
    against = short(found.base.title, 50)
    axes.set_xlabel(f"thousand {_unit(found.run)} in {at} more or less than in '{against}'; lines: range")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    plain_ticks(axes.xaxis)
    return figure


def chosen_year(years: Sequence[int], year: int | None) -> int:
    """Return the year that is drawn: the last, unless one is asked for.

    Raises
    ------
    DataError
        It was not run.
    """
    if year is None:
        return int(years[-1])
    if year not in years:
        raise DataError([f"year: got {year}, expected one of {', '.join(map(str, years))}"])
    return int(year)


def _carried(run: Run, by: str, year: int) -> pd.DataFrame:
    """Return what ways carry with its range, then what is not sent; the most first."""
    flows = run.flows(by)
    flows = flows[flows.index.get_level_values("year") == year].droplevel("year")
    ranges = run.ranges(by)
    ranges = ranges[ranges.index.get_level_values("year") == year].droplevel("year")
    left = flows.loc[[name for name in NOWHERE if name in flows.index], "quantity" if run.unit else "teu_per_year"]
    nowhere = pd.DataFrame({"central": left, "low": np.nan, "high": np.nan})
    carried = ranges[["central", "low", "high"]].astype(float).sort_values("central", ascending=False)
    return pd.concat([carried, nowhere.astype(float)])


def _ranged(table: pd.DataFrame) -> bool:
    return bool((table["high"] > table["low"]).any())


def _what(runs: Sequence[Run], year: int) -> str:
    title = f"What each way carries, {year}"
    return title if len(runs) > 1 else f"{runs[0].title}: what each way carries, {year}"


def _unit(run: Run) -> str:
    return "t" if run.unit == "t" else "TEU"
