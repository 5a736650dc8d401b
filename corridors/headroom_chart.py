"""Step curve of a corridor's cost by volume, against another's."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from .style import COLOURS, GREY, INK, pyplot

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .room import Headroom

__all__ = ["draw"]


def draw(room: Headroom) -> Figure:
    """Draw the chart; see `Headroom.plot`."""
    plt = pyplot()
    figure: Figure = plt.figure(figsize=(13.5, 6.2), layout="constrained")
    axes, side = figure.subplots(1, 2, width_ratios=[1.0, 0.55])
    steps, most = room.steps(), room.headroom_teu_per_year
    ends = steps["to_teu"].to_numpy()
    reach = 1.25 * max(steps["from_teu"].max(), *ends[np.isfinite(ends)], 1.0)
    steps = steps.assign(to_teu=steps["to_teu"].clip(upper=reach))
    colour, rival = COLOURS[room.family], COLOURS[room.against_family]
    _line(axes, steps, "cost_usd_per_teu", colour, "-")
    _line(axes, steps, "against_usd_per_teu", rival if rival != colour else INK, "--")
    named = steps[steps["binds"] != ""]
    _numbers(axes, steps)
    _list(side, named, colour)
    if 0 < most < np.inf:
        axes.axvspan(0, most / 1000, color=colour, alpha=0.08, linewidth=0)
    _names(axes, room, steps, reach)
    hour = room.prices.value_of_time_usd_per_teu_h
    figure.suptitle(_wrapped(f"{room.ends}, {room.year}: {_headline(room)}", 125), x=0.01, ha="left", fontsize=12)
    axes.set_xlabel("volume, thousand TEU a year")
    axes.set_ylabel("generalised cost of one more TEU, USD")
    axes.set_xlim(0, reach / 1000)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    note = (
        f"{hour:.2f} USD per TEU and hour. Worth: of one TEU a year more of it, on the next step. Capacities are those "
        "on record, of whole lines and ports, all goods together: an upper bound."
    )
    figure.supxlabel(_wrapped(note, 150), x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def _headline(room: Headroom) -> str:
    name, rival, most = room.corridor.title, room.against.title, room.headroom_teu_per_year
    if most == 0:
        return f"{name} is dearer than {rival} at any volume"
    if np.isinf(most):
        return f"no limit known before {name} costs more than {rival}"
    return f"{name} takes at most {most:,.0f} TEU a year before one more costs more than {rival}"


def _line(axes: Axes, steps: pd.DataFrame, column: str, colour: str, style: str) -> None:
    x = steps[["from_teu", "to_teu"]].to_numpy().ravel() / 1000
    y = steps[column].replace(np.inf, np.nan).to_numpy().repeat(2)
    axes.plot(x, y, style, color=colour, linewidth=2.0)


def _numbers(axes: Axes, steps: pd.DataFrame) -> None:
    """Write numbers at the ends of the steps where something becomes scarce."""
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.05 * (high - low), high + 0.08 * (high - low))
    then = steps["cost_usd_per_teu"].shift(-1).fillna(steps["cost_usd_per_teu"])
    middle = (steps["cost_usd_per_teu"] + then) / 2
    ends = steps.assign(middle=middle)[steps["binds"] != ""]
    for number, row in enumerate(ends.itertuples(), 1):
        axes.annotate(
            str(number),
            (row.to_teu / 1000, row.middle),
            fontsize=8,
            ha="center",
            va="center",
            color=INK,
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": INK, "linewidth": 0.6},
        )


def _list(axes: Axes, ends: pd.DataFrame, colour: str) -> None:
    """List what becomes scarce at each number."""
    axes.axis("off")
    axes.set_title("What becomes scarce", loc="left", fontsize=11, fontweight="bold", color=colour)
    for at, text, place in (
        (0.0, "", "left"),
        (0.07, "line or port (grade of its capacity)", "left"),
        (0.78, "TEU/yr", "right"),
        (1.0, "worth, USD", "right"),
    ):
        axes.text(at, 0.98, text, ha=place, va="top", fontsize=8.5, fontweight="bold", transform=axes.transAxes)
    high = 0.92
    for number, row in enumerate(ends.itertuples(), 1):
        name = _wrapped(f"{row.binds} ({row.binds_grade})", 34)
        worth = f"{row.worth_usd_per_teu:,.0f}" if np.isfinite(row.worth_usd_per_teu) else ""
        cells = ((0.0, str(number), "left"), (0.07, name, "left"), (0.78, f"{row.to_teu:,.0f}", "right"))
        for at, text, place in (*cells, (1.0, worth, "right")):
            axes.text(at, high, text, ha=place, va="top", fontsize=8.5, transform=axes.transAxes)
        high -= 0.045 * (name.count("\n") + 1) + 0.02


def _names(axes: Axes, room: Headroom, steps: pd.DataFrame, reach: float) -> None:
    """Write the name of each line at its right end."""
    for column, title, family in (
        ("cost_usd_per_teu", room.corridor.title, room.family),
        ("against_usd_per_teu", room.against.title, room.against_family),
    ):
        seen = steps[np.isfinite(steps[column])]
        if len(seen):
            axes.annotate(
                _wrapped(title, 24),
                (seen["to_teu"].iloc[-1] / 1000, seen[column].iloc[-1]),
                (6, 0),
                textcoords="offset points",
                color=COLOURS[family],
                fontsize=8.5,
                fontweight="bold",
                va="center",
                annotation_clip=False,
            )


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))
