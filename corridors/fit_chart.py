"""Chart of fitted and forecast traffic beside what was observed, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .style import COLOURS, GREY, INK, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fit_chart"]

_PANELS = (
    ("China-Europe, westbound", "northern", "Northern route, China to the EU"),
    ("China-Europe, eastbound", "northern", "Northern route, EU to China"),
    ("China-Europe", "middle", "Middle Corridor, China-Europe boxes"),
    ("North-South", "instc-west", "INSTC western branch"),
)
_SCALE = {"TEU": 1e3, "t": 1e3}
_UNIT = {"TEU": "thousand TEU", "t": "thousand t"}


def fit_chart(residuals: pd.DataFrame, fitted_to: tuple[int, ...]) -> Figure:
    """Draw model and observation by year.

    Parameters
    ----------
    residuals : DataFrame
        As from `calibration.residuals`.
    fitted_to : tuple of int
        Years that the parameters have seen: filled marks; the others are hollow.

    Returns
    -------
    matplotlib Figure
    """
    figure: Figure
    figure, axes = pyplot().subplots(2, 2, figsize=(9.6, 6.4), layout="constrained")
    for axis, (traffic, corridor, title) in zip(axes.ravel(), _PANELS, strict=True):
        rows = residuals[(residuals["traffic"] == traffic) & (residuals["corridor"] == corridor)].sort_values("year")
        _panel(axis, rows, fitted_to, title, COLOURS["instc" if corridor.startswith("instc") else corridor])
    axes[1, 0].legend(loc="upper left", frameon=False, fontsize=9)
    return figure


def _panel(axis: Axes, rows: pd.DataFrame, fitted_to: tuple[int, ...], title: str, colour: str) -> None:
    unit = str(rows["unit"].iloc[0])
    per = _SCALE[unit]
    seen = rows["year"].isin(fitted_to)
    axis.plot(
        rows["year"], rows["observed"] / per, color=INK, linewidth=1.2, marker="_", markersize=12, label="observed"
    )
    for chosen, face, label in ((seen, colour, "model, year fitted to"), (~seen, "white", "model, year not seen")):
        part = rows[chosen]
        axis.plot(
            part["year"],
            part["model"] / per,
            linestyle="none",
            marker="o",
            markersize=7,
            markeredgewidth=1.6,
            color=colour,
            markerfacecolor=face,
            label=label,
        )
    axis.set_title(title, loc="left", fontsize=11)
    axis.set_ylabel(_UNIT[unit], color=GREY)
    axis.set_ylim(bottom=0)
    axis.set_xticks(sorted(rows["year"]))
    axis.spines[["top", "right"]].set_visible(False)
