"""The chart of a frontier: benefits by budget as steps, and what each step gains per money spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from networks import DataError

from ..appraisal_charts import STREAM_NAMES, draw_tornado
from ..style import COLOURS, GREY, INK, WHITE, apart, drawn, heading, new_figure, plain_ticks, short
from .answer import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .frontier import Frontier

__all__ = ["frontier_chart", "frontier_tornado"]

_GREEN = COLOURS["middle"]
_BILLION = 1e3
_NAMED = 4
_LABELLED = 0.03  # of the highest benefit, from which on a step is named
_REACH = 1.5  # times the last step, up to which the budget is drawn
_LINE = 0.048  # of the height, that a line of a label needs


@drawn
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
    figure = new_figure(11.0, 4.6)
    note = (
        f"Present values at {percent(found.central.rate)} in {found.currency} of {found.price_year}; "
        "every allowed portfolio was valued. Of the freight modelled only."
    )
    heading(figure, f"{short(found.title, 60)}: what each budget is worth", note)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    _steps(left, found, table)
    _gains(right, found, table)
    return figure


@drawn
def frontier_tornado(found: Frontier, projects: Sequence[str] | None = None) -> Figure:
    """Draw what the net present value of a portfolio depends on, see `Frontier.tornado`.

    Raises
    ------
    DataError
        The portfolio has neither costs nor benefits.
    """
    table = found.tornado(projects)
    if table.empty:
        raise DataError([f"{found.scenario.name}: nothing is built, so its value depends on nothing"])
    return draw_tornado(
        table.rename(index=STREAM_NAMES),
        unit=f"million {found.currency}, prices of {found.price_year}, at {percent(found.central.rate)}",
        measure="net present value",
        title=f"{short(found.title, 50)}: what its value depends on",
        note=short(f"Portfolio: {', '.join(found.chosen if projects is None else projects)}.", 120),
    )


def _steps(axes: Axes, found: Frontier, table: pd.DataFrame) -> None:
    budget = table["budget_m"] / _BILLION
    limit = found.budget_m / _BILLION
    last = float(budget.iloc[-1])
    top = limit if not last or limit <= _REACH * last else _REACH * last
    axes.step(
        [*budget, max(top, last)], [*table["worth_m"], table["worth_m"].iloc[-1]], where="post", color=_GREEN, lw=2
    )
    axes.plot(budget, table["worth_m"], "o", color=_GREEN, ms=5)
    highest = max(table["worth_m"].max(), 1e-12)
    low = min(0.0, float(table["worth_m"].min()))
    axes.set_ylim(low, highest * 1.08)
    named = _named(table, _LABELLED * highest)
    height = 1.08 * highest - low
    gap = _LINE * height * max([text.count("\n") + 1 for *_, text in named], default=1)
    places = apart([worth - 0.6 * gap for _, worth, _ in named], gap)
    over = max((place - worth + 0.6 * gap for place, (_, worth, _) in zip(places, named, strict=True)), default=0.0)
    for (at, worth, text), place in zip(named, places, strict=True):
        axes.annotate(
            text,
            (at, worth),
            (at + 0.03 * max(top, last), place - over),
            fontsize=8,
            va="center",
            color=INK,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": WHITE, "edgecolor": "none", "alpha": 0.8},
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5},
        )
    if top == limit:
        axes.axvline(limit, color=GREY, ls=":", lw=1)
    said = f"budget {limit:,g} bn {found.currency}" + ("" if top == limit else " →\nno better up to there")
    axes.annotate(
        said, (1.0, 0.0), (-4, 4), xycoords="axes fraction", textcoords="offset points", fontsize=8, ha="right"
    )
    axes.set_title("Each point is the best portfolio for its budget")
    axes.set_xlabel(f"budget, bn {found.currency}")
    axes.set_ylabel(f"{found.aim}, present value, million {found.currency}")
    plain_ticks(axes.yaxis)


def _named(table: pd.DataFrame, least: float) -> list[tuple[float, float, str]]:
    """Return budget, benefit and what enters and leaves of each step that is worth a label."""
    found = []
    before, held = 0.0, set[str]()
    for row in table.itertuples():
        if row.worth_m - before <= least:
            continue
        now = set(row.projects)
        words = [f"+ {short(n, 30)}" for n in sorted(now - held)] + [f"− {short(n, 30)}" for n in sorted(held - now)]
        more = [f"and {len(words) - _NAMED + 1} more"] if len(words) > _NAMED else []
        shown = words[: _NAMED - 1] if more else words
        found.append((float(row.budget_m) / _BILLION, float(row.worth_m), "\n".join([*shown, *more])))
        before, held = float(row.worth_m), now
    return found


def _gains(axes: Axes, found: Frontier, table: pd.DataFrame) -> None:
    paid, gain = table["budget_m"].diff().iloc[1:], table["worth_m"].diff().iloc[1:]
    axes.bar(
        table["budget_m"].iloc[:-1] / _BILLION,
        gain / paid,
        paid / _BILLION,
        align="edge",
        color=_GREEN,
        edgecolor=WHITE,
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
    plain_ticks(axes.yaxis)
    axes.set_title("What each step gains")
    axes.set_xlabel(f"budget, bn {found.currency}")
    axes.set_ylabel(f"{found.currency} gained per {found.currency} spent")
