"""The chart of a frontier: benefits by budget as steps, and what each step gains per money spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..style import COLOURS, GREY, INK, pyplot
from .answer import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .frontier import Frontier

__all__ = ["frontier_chart"]

_GREEN = COLOURS["middle"]
_BILLION = 1e3
_NAMED = 4
_LABELLED = 0.05  # of the highest benefit, from which on a step is named


def frontier_chart(found: Frontier) -> Figure:
    """Draw the best benefit for every budget, and what each step gains per money spent.

    Parameters
    ----------
    found : Frontier

    Returns
    -------
    matplotlib Figure
        Left: present value of benefits by budget, each point an optimal portfolio, with the lines' limits. Right: what
        each step gains per unit of money, with a line at one.
    """
    table = found.table()
    figure: Figure
    figure, (left, right) = pyplot().subplots(1, 2, figsize=(11.0, 4.2), layout="constrained", width_ratios=[3, 2])
    _steps(left, found, table)
    _gains(right, found, table)
    note = (
        f"{found.title}. Present values at {percent(found.central.rate)} in {found.currency} of {found.price_year}; "
        "every allowed portfolio was valued. Of the freight modelled only."
    )
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def _steps(axes: Axes, found: Frontier, table: pd.DataFrame) -> None:
    budget = table["budget_m"] / _BILLION
    top = found.budget_m / _BILLION
    axes.step([*budget, top], [*table["worth_m"], table["worth_m"].iloc[-1]], where="post", color=_GREEN, lw=2)
    axes.plot(budget, table["worth_m"], "o", color=_GREEN, ms=5)
    highest = max(table["worth_m"].max(), 1e-12)
    before = 0.0
    held: set[str] = set()
    for at, (_, row) in zip(budget, table.iterrows(), strict=True):
        if row["worth_m"] - before > _LABELLED * highest:
            now = set(row["projects"])
            words = [f"+ {name}" for name in sorted(now - held)] + [f"- {name}" for name in sorted(held - now)]
            axes.annotate(
                "\n".join(words[:_NAMED]),
                (at, row["worth_m"]),
                (6, -3),
                textcoords="offset points",
                fontsize=8,
                va="top",
                color=INK,
            )
            before, held = row["worth_m"], now
    axes.axvline(top, color=GREY, ls=":", lw=1)
    axes.annotate(
        f"budget\n{top:g} bn {found.currency}", (top, 0), (-4, 4), textcoords="offset points", fontsize=8, ha="right"
    )
    axes.set_title("Each point is the best portfolio for its budget", loc="left", fontsize=10, weight="bold")
    axes.set_xlabel(f"budget, bn {found.currency}")
    axes.set_ylabel(f"{found.aim}, present value, million {found.currency}")
    axes.set_ylim(bottom=min(0.0, table["worth_m"].min()), top=highest * 1.08)
    axes.spines[["top", "right"]].set_visible(False)


def _gains(axes: Axes, found: Frontier, table: pd.DataFrame) -> None:
    paid, gain = table["budget_m"].diff().iloc[1:], table["worth_m"].diff().iloc[1:]
    per = gain / paid
    axes.bar(
        table["budget_m"].iloc[:-1] / _BILLION,
        per,
        paid / _BILLION,
        align="edge",
        color=_GREEN,
        edgecolor="white",
        lw=1,
    )
    axes.axhline(1.0, color=INK, lw=1)
    axes.annotate(
        "pays for itself",
        (1.0, 1.0),
        (-2, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=8,
        ha="right",
        color=INK,
    )
    axes.set_yscale("log")
    axes.set_title("What each step gains", loc="left", fontsize=10, weight="bold")
    axes.set_xlabel(f"budget, bn {found.currency}")
    axes.set_ylabel(f"{found.currency} gained per {found.currency} spent")
    axes.spines[["top", "right"]].set_visible(False)
