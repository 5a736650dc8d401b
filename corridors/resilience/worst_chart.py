"""The worst failures by how many there are, and what trade pays then with each project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..style import GREY, INK, pyplot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .worst import WorstLoss

__all__ = ["draw_worst"]

_LOSS, _BETTER, _SAME = "#D55E00", "#009E73", "#BBBBBB"


def draw_worst(found: WorstLoss) -> Figure:
    """Draw losses by number of failures (left) and cost after the worst with each project (right, if there are any)."""
    steps = found.by_count()
    projects = found.table.iloc[1:].sort_values("cost_musd", ascending=False)
    ratio = [1, 1.5] if len(projects) else [1]
    figure: Figure = pyplot().figure(figsize=(12 if len(projects) else 6.5, 4.8), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(ratio), width_ratios=ratio))
    place = np.arange(len(steps))
    axes[0].bar(place, steps["loss_musd"], color=_LOSS, width=0.6)
    for x, row in zip(place, steps.itertuples(), strict=True):
        axes[0].annotate(
            f"{row.loss_musd:,.1f}", (x, row.loss_musd), (0, 3), textcoords="offset points", ha="center", fontsize=9
        )
    axes[0].set_xticks(
        place, [f"{n}\n{_wrapped(failed)}" for n, failed in zip(steps.index, steps["failed"], strict=True)]
    )
    axes[0].tick_params(axis="x", labelsize=8)
    axes[0].set_ylabel("loss, m USD a year")
    axes[0].set_title(f"Worst failures in {found.record['region']}", loc="left", fontsize=11, color=INK)
    if len(projects):
        base = float(found.table["cost_musd"].iloc[0])
        lower = projects["cost_musd"] < base * (1 - 1e-6)
        axes[1].barh(projects["title"], projects["cost_musd"], color=np.where(lower, _BETTER, _SAME), height=0.6)
        axes[1].axvline(base, color=INK, linewidth=1)
        axes[1].annotate(
            "nothing built", (base, 1), (-3, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="right", fontsize=8, color=GREY,
        )  # fmt: skip
        axes[1].tick_params(axis="y", labelsize=8)
        axes[1].set_xlabel("what trade pays more after its worst failures, m USD a year")
        axes[1].set_title("With one project each", loc="left", fontsize=11, color=INK)
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure


def _wrapped(failed: tuple[str, ...]) -> str:
    """Return names on lines of their own, what stands in brackets left out."""
    return "\n".join(name.split(" (")[0] if " - " not in name else name for name in failed)
