"""Draws of a year: the running mean with its interval, and the distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..style import COLOURS, GREY, INK, pyplot
from ..terminal import figure as figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .uncertainty import Uncertainty

__all__ = ["draw_convergence"]

_Z95 = 1.959963984540054
_FIRST = 10  # draws from which on a mean is drawn


def draw_convergence(found: Uncertainty, output: str) -> Figure:
    """Draw the running mean with its 95 % interval (left) and the histogram with its quantiles (right)."""
    values = found.outputs[output].to_numpy(dtype=float)
    count = np.arange(1, len(values) + 1)
    mean = values.cumsum() / count
    spread = np.sqrt(np.maximum((values**2).cumsum() / count - mean**2, 0.0))
    error = _Z95 * spread / np.sqrt(count)
    figure: Figure = pyplot().figure(figsize=(11.5, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1])
    shown = slice(min(_FIRST, len(values) - 1), None)
    left.fill_between(count[shown], (mean - error)[shown], (mean + error)[shown], color=COLOURS["sea"], alpha=0.25)
    left.plot(count[shown], mean[shown], color=COLOURS["sea"])
    left.axhline(float(found.base[output]), color=GREY, linestyle=":", linewidth=1)
    left.annotate(
        "figures as they are", (count[-1], float(found.base[output])), (0, 3), textcoords="offset points", ha="right",
        fontsize=8, color=GREY,
    )  # fmt: skip
    left.set_xlabel("draws")
    left.set_ylabel(f"mean of {output}")
    left.set_title(f"Mean {figure_of(mean[-1])} ± {figure_of(error[-1])} (95 %)", loc="left", fontsize=11, color=INK)
    right.hist(values, bins=min(40, max(10, len(values) // 12)), color=COLOURS["arctic"])
    for quantile in (0.05, 0.5, 0.95):
        at = float(np.quantile(values, quantile))
        right.axvline(at, color=INK, linewidth=1, linestyle="-" if quantile == 0.5 else "--")
    low, middle, high = (float(np.quantile(values, q)) for q in (0.05, 0.5, 0.95))
    range_ = f"{figure_of(low)} to {figure_of(high)}"
    right.set_title(f"Median {figure_of(middle)}, nine in ten {range_}", loc="left", fontsize=10, color=INK)
    right.set_xlabel(output)
    right.set_ylabel("draws")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{found.record['title']}, {found.record['year']}", x=0.01, ha="left", fontsize=12)
    return figure
