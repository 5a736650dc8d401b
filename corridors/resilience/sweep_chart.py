"""A measure of a sweep against what varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks import DataError

from ..style import GREY, INK, pyplot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .sweeping import Sweep

__all__ = ["draw_response"]

_MOST = 60  # values of a path that can be told apart
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#777777")
_UNITS = {
    "unmet": "unmet demand, TEU a year",
    "not shipped": "not shipped, TEU a year",
    "cost": "cost to all shippers, m USD a year",
    "days": "days on the way, mean",
    "tariff": "tariff, USD per TEU, mean",
    "co2e": "kt CO2e a year",
    "sent": "sent, TEU a year",
}


def draw_response(found: Sweep, what: str, path: str) -> Figure:
    """Draw one line for each value of the next path that varies; see `Sweep.plot_response`."""
    others = [other for other in found.varied if other != path and found.runs[other].nunique() > 1]
    lines = others[0] if others else None
    table = found.table(what, path, lines)
    if len(table) > _MOST:
        raise DataError([f"{path}: has {len(table)} values, at most {_MOST} can be drawn; use table()"])
    figure: Figure = pyplot().figure(figsize=(9.5, 5.2), layout="constrained")
    axes = figure.subplots()
    labels = [str(value) for value in table.index]
    place = np.arange(len(labels))
    for number, column in enumerate(table.columns):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(place, table[column], marker="o", color=colour, label=str(column) if lines else None)
        if number >= len(_COLOURS) - 1:
            break
    axes.set_xticks(
        place, labels, rotation=30 if max(map(len, labels)) > 8 else 0, ha="right" if len(labels) > 8 else "center"
    )
    axes.set_xlabel(path)
    axes.set_ylabel(_label(found, what))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    if lines:
        axes.legend(title=lines, fontsize=9, frameon=False)
    low, high = float(np.nanmin(table.to_numpy())), float(np.nanmax(table.to_numpy()))
    axes.set_title(
        f"{found.title}: {_label(found, what)}, {low:,.0f} to {high:,.0f}", loc="left", fontsize=11, color=INK
    )
    if others[1:]:
        figure.supxlabel(f"Means over {', '.join(others[1:])}", fontsize=8, color=GREY)
    return figure


def _label(found: Sweep, what: str) -> str:
    head, _, name = what.partition(":")
    if head == "flow":
        return f"by {name}, {'bcm' if 'bcm' in found.flows else 'TEU'} a year"
    if head == "through":
        return f"over the border {name}, TEU a year"
    return _UNITS.get(what, what.replace("_", " "))
