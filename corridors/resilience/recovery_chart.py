"""The resilience curve: share of demand that is served after a shock, what is lost, and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..style import COLOURS, GREY, INK, pyplot

if TYPE_CHECKING:
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
        The second is drawn as a line.
    labels : tuple of str
        What they are.

    Returns
    -------
    matplotlib Figure
    """
    figure: Figure = pyplot().figure(figsize=(10, 6), layout="constrained")
    top, low = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    day = recovery.days.index.to_numpy()
    quality = recovery.days["quality_pct"].to_numpy()
    top.fill_between(day, quality, 100, step="mid", color=COLOURS["northern"], alpha=0.2)
    top.step(day, quality, where="mid", color=COLOURS["northern"], linewidth=2, label=labels[0])
    if recovery.loss_pct_days > 0:
        worst = int(np.argmin(quality))
        top.annotate(
            f"{recovery.loss_pct_days / 100:,.1f} days of demand late or lost",
            (day[worst], (quality[worst] + 100) / 2),
            (14, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )
    low.fill_between(day, recovery.days["waiting"], step="mid", color=COLOURS["northern"], alpha=0.35)
    if other is not None:
        top.step(
            other.days.index, other.days["quality_pct"], where="mid", color=COLOURS["sea"], linewidth=2, label=labels[1]
        )
        low.step(other.days.index, other.days["waiting"], where="mid", color=COLOURS["sea"])
        top.legend(loc="lower right", frameon=False)
    top.axhline(95, color=GREY, linewidth=0.8, linestyle=":")
    top.annotate(
        "95 %", (day[-1], 95), (0, -3), textcoords="offset points", ha="right", va="top", fontsize=8, color=GREY
    )
    top.set_ylim(min(-2, quality.min() - 2), 106)
    top.set_ylabel("demand served on time, %")
    low.set_ylabel(f"waiting, {recovery.unit}")
    low.set_xlabel("days")
    for axes in (top, low):
        axes.spines[["top", "right"]].set_visible(False)
    top.set_title(_title(recovery, other, labels), loc="left", fontsize=11, color=INK)
    return figure


def _title(recovery: Recovery, other: Recovery | None, labels: tuple[str, str]) -> str:
    told = recovery.answer
    if other is None:
        first, _, rest = told.partition("; ")
        return f"{first};\n{rest}"
    saved = (recovery.loss_pct_days - other.loss_pct_days) / 100
    return f"{told.partition('; ')[0]};\n{labels[1]}: {saved:,.1f} days of demand less are late or lost"
