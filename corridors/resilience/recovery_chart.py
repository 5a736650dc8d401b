"""The resilience curve: share of demand that is served after a shock, what is lost, and the queue."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from ..style import COLOURS, GREY, INK, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .recovery import Recovery

__all__ = ["draw_recovery"]


def draw_recovery(
    recovery: Recovery, other: Recovery | None = None, *, labels: tuple[str, str] = ("as it is", "with the measure")
) -> Figure:
    """Draw the quality of each day with its loss shaded, that of a mitigation beside it, and the queues below.

    Parameters
    ----------
    recovery, other : Recovery
        The second is drawn as a broken line.
    labels : tuple of str
        What they are.

    Returns
    -------
    matplotlib Figure
    """
    figure: Figure = pyplot().figure(figsize=(10, 6), layout="constrained")
    top, low = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    shown = [(recovery, labels[0], COLOURS["northern"], "-")]
    if other is not None:
        shown.append((other, labels[1], COLOURS["sea"], "--"))
    first = recovery.days["quality_pct"]
    top.fill_between(first.index, first, 100, step="mid", color=COLOURS["northern"], alpha=0.2, linewidth=0)
    low.fill_between(first.index, recovery.days["waiting"], step="mid", color=COLOURS["northern"], alpha=0.3, lw=0)
    for one, label, colour, style in shown:
        day, quality = one.days.index, one.days["quality_pct"]
        name = f"{label}: lost {one.loss_pct_days:,.0f} %-days"
        top.step(day, quality, style, where="mid", color=colour, linewidth=2, label=name)
        low.step(day, one.days["waiting"], style, where="mid", color=colour, linewidth=1.2)
    _furnish(top, low, recovery)
    top.set_ylim(_floor(min(one.robustness_pct for one, *_ in shown)), 103)
    top.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, ncols=2, fontsize=10)
    figure.suptitle(_title(recovery, other, labels), x=0.01, ha="left", fontsize=11, color=INK)
    return figure


def _floor(least: float) -> float:
    """Return where the axis begins: at zero, or at tens below the least quality; ten per cent are always seen."""
    return 10 * math.floor(min(least, 90.0) / 10) - 2


def _furnish(top: Axes, low: Axes, recovery: Recovery) -> None:
    """Write what the axes are, and draw the line of 95 %."""
    top.axhline(95, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    top.annotate("95 %", (1, 95), (4, 0), fontsize=8, color=GREY, annotation_clip=False, **place)
    top.set_ylabel("demand served on time, %")
    low.set_ylabel(f"waiting, {recovery.unit}")
    low.set_xlabel("day")
    low.set_ylim(bottom=0)
    if recovery.longest_queue == 0:
        low.set_ylim(0, 1)
    for axes in (top, low):
        axes.spines[["top", "right"]].set_visible(False)


def _title(recovery: Recovery, other: Recovery | None, labels: tuple[str, str]) -> str:
    told = recovery.answer
    first, _, rest = told.partition("; ")
    if other is not None:
        saved = (recovery.loss_pct_days - other.loss_pct_days) / 100
        less = f"{abs(saved):,.1f} days of demand {'less' if saved >= 0 else 'more'}"
        rest = f"{labels[1]}: {less} are late or lost"
    return "\n".join(line for part in (f"{first};", rest) for line in textwrap.wrap(part, 110))
