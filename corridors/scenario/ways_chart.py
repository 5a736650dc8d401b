"""Bars of several runs by way: what goes by sea and what goes by land on scales of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..style import AFLOAT, COLOURS, GREY, HATCH, INK, RED, folded, heading, legend, new_figure, plain_ticks, pyplot
from ..terminal import figure as figure_of
from .answers import way_title
from .results import NOT_SHIPPED, UNMET

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["NOWHERE", "Panel", "colour_of", "draw_ways", "families", "split", "way_label"]

NOWHERE = (UNMET, NOT_SHIPPED)
_STAYS = {UNMET: "No way or no room", NOT_SHIPPED: "Not shipped: banned or refused"}
_THICK = 0.8
_LABEL = 30  # letters of a line
_SAID = 0.1  # of the unit of a panel, below which a value is only said to be less
_PALE = 0.35


class Panel(NamedTuple):
    """Ways that share a scale.

    Attributes
    ----------
    names : sequence of str
    per : float
        What values are divided by.
    label : str
        Of the axis, with its unit.
    """

    names: Sequence[str]
    per: float
    label: str


def draw_ways(
    tables: Sequence[pd.DataFrame],
    titles: Sequence[str],
    panels: Sequence[Panel],
    family: Mapping[str, str],
    by: str,
    title: str,
    note: str = "",
    folder: str | Path | None = None,
) -> Figure:
    """Draw bars by way, one of each way for each run, the last in full colour.

    Parameters
    ----------
    tables : sequence of DataFrame by way
        ``central``, ``low``, ``high`` of each run.
    titles : sequence of str
        What the runs are called.
    panels : sequence of Panel
        Those without ways are left out.
    family : mapping of str to str
        Family of each way.
    by : str
        family, branch or corridor.
    title, note : str
        Above and below.
    folder : path, optional
        Tables of one's own, with corridors.
    """
    shown = [panel for panel in panels if panel.names]
    rows = [max(len(panel.names) * (0.35 + 0.24 * len(tables)), 0.5) for panel in shown]
    figure = new_figure(9.6, 1.1 + 0.55 * len(shown) + 0.22 * (len(tables) > 1) + sum(rows))
    heading(figure, title, note)
    grid = figure.subplots(max(len(shown), 1), 1, height_ratios=rows or [1], squeeze=False)
    for axes, panel in zip(grid[:, 0], shown, strict=False):
        _panel(axes, tables, panel, family, by, folder)
    if len(tables) > 1:
        count = len(tables)
        swatches = [pyplot().Rectangle((0, 0), 1, 1, color=GREY, alpha=_shade(n, count)) for n in range(count)]
        legend(grid[0, 0], swatches, titles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0.1)
    return figure


def split(names: Sequence[str], family: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return ways by sea, and the others."""
    afloat = [name for name in names if family.get(name) in AFLOAT]
    return afloat, [name for name in names if name not in afloat]


def families(runs: Sequence[Run], by: str) -> dict[str, str]:
    """Return the family of each way of some runs."""
    tables = [run.tables["ranges"][[by, "family"]].drop_duplicates() for run in runs]
    return {str(row[0]): str(row[-1]) for table in tables for row in table.itertuples(index=False)}


def colour_of(name: str, family: Mapping[str, str]) -> str:
    """Return the colour of a way, red for what is not sent."""
    return RED if name in NOWHERE else COLOURS.get(family.get(name, "other"), COLOURS["other"])


def way_label(name: str, by: str, width: int = _LABEL, folder: str | Path | None = None) -> str:
    """Return what a way is called in a figure, folded."""
    title = _STAYS.get(name) or way_title(name, by, folder)
    plain = title[4:] if title.startswith("the ") else title
    return folded(plain[:1].upper() + plain[1:], width, 3)


def _panel(
    axes: Axes,
    tables: Sequence[pd.DataFrame],
    panel: Panel,
    family: Mapping[str, str],
    by: str,
    folder: str | Path | None,
) -> None:
    height = _THICK / len(tables)
    most = 0.0
    for number, table in enumerate(tables):
        offset = (number - (len(tables) - 1) / 2) * height
        values = table.reindex(panel.names)[["central", "low", "high"]].astype(float).fillna(0.0).to_numpy()
        most = max(most, float(values.max(initial=0.0)) / panel.per)
        for place, (name, row) in enumerate(zip(panel.names, values / panel.per, strict=True)):
            _bar(axes, place + offset, row, 0.9 * height, _look(name, family, _shade(number, len(tables))))
    axes.set_yticks(range(len(panel.names)), [way_label(name, by, folder=folder) for name in panel.names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(panel.names) - 0.45, -0.55)
    axes.set_xlim(0, 1.1 * most or 1.0)
    axes.set_xlabel(panel.label)
    axes.grid(axis="x")
    plain_ticks(axes.xaxis)


def _bar(axes: Axes, place: float, row: Sequence[float], height: float, look: Mapping[str, Any]) -> None:
    """Draw a bar with its range and its value."""
    central, low, high = row
    axes.barh(place, central, height=height, **look)
    if high > low:
        axes.plot([low, high], [place, place], color=INK, linewidth=1.2)
    said = figure_of(central) if central >= _SAID or not central else f"<{_SAID:g}"
    axes.annotate(said, (max(central, high), place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)


def _look(name: str, family: Mapping[str, str], alpha: float) -> dict[str, Any]:
    return {**HATCH, "alpha": alpha} if name in NOWHERE else {"color": colour_of(name, family), "alpha": alpha}


def _shade(number: int, count: int) -> float:
    return 1.0 if count == 1 else _PALE + (1 - _PALE) * number / (count - 1)
