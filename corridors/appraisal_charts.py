"""Figures of an appraisal: tornado, and cash flow by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .appraisal import BENEFITS, COSTS
from .appraisal_rate import discount_factors
from .style import COLOURS, GREY, INK, WHITE, drawn, heading, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .appraisal import Streams

__all__ = ["STREAM_NAMES", "draw_cash_flow", "draw_tornado"]

_WORSE, _BETTER = COLOURS["northern"], COLOURS["sea"]
_STREAM_COLOURS = {
    "capex": COLOURS["northern"],
    "o_and_m": COLOURS["southern"],
    "shippers_surplus": COLOURS["sea"],
    "carbon": COLOURS["middle"],
    "other_benefits": COLOURS["instc"],
    "residual": COLOURS["arctic"],
}
STREAM_NAMES = {
    "capex": "capital cost",
    "o_and_m": "operation and maintenance",
    "shippers_surplus": "shippers' surplus",
    "carbon": "carbon",
    "other_benefits": "other benefits",
    "residual": "residual value",
}
_DASHES = ("-", "--", ":", "-.")


@drawn
def draw_tornado(
    table: pd.DataFrame,
    *,
    unit: str,
    measure: str = "ENPV",
    labels: Mapping[str, str] | None = None,
    title: str = "What the answer depends on",
    note: str = "",
) -> Figure:
    """Draw what the ENPV is at both ends of each variable's range.

    Parameters
    ----------
    table : DataFrame
        As from `tornado`, the widest first.
    unit : str
        Of the ENPV, with price year and discount rate, such as "million EUR, prices of 2025, at 3 %".
    measure : str
        What is drawn instead of the ENPV.
    labels : mapping, optional
        Name of each variable, its range included; by default its name and the two values, the one with the lower
        ENPV first, as changes in per cent where the base is 1.
    title, note : str
        Above and below.

    Returns
    -------
    matplotlib Figure
        Orange falls short of the base, blue exceeds it; the values are written at the ends.
    """
    base = float(table["enpv_base"].iloc[0])
    ends = table[["enpv_low", "enpv_high"]].to_numpy(dtype=float)
    low, high = ends.min(axis=1), ends.max(axis=1)
    figure = new_figure(9.2, 1.7 + 0.45 * len(table))
    heading(figure, title, note)
    axes = figure.subplots()
    places = np.arange(len(table))
    axes.barh(places, np.minimum(low, base) - base, left=base, height=0.75, color=_WORSE)
    axes.barh(places, np.maximum(high, base) - base, left=base, height=0.75, color=_BETTER)
    digits = _digits(max(high.max(), base) - min(low.min(), base))
    for place, (least, most) in enumerate(zip(low, high, strict=True)):
        _values(axes, place, least, most, base, digits)
    axes.axvline(base, color=INK, linewidth=1.0)
    axes.annotate(
        f"base {base:,.{digits}f}", (base, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", fontsize=9, fontweight="bold", color=INK,
    )  # fmt: skip
    if axes.get_xlim()[0] < 0 < axes.get_xlim()[1]:
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
    names = labels or {}
    axes.set_yticks(places, [names.get(row.Index, _range_label(row)) for row in table.itertuples()])
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{measure}, {unit}")
    return figure


@drawn
def draw_cash_flow(
    streams: Streams,
    *,
    rates: Sequence[float] = (0.03, 0.06, 0.09),
    base_year: int | None = None,
    title: str = "Costs and benefits by year",
) -> Figure:
    """Draw costs and benefits by year, and below what they have come to, discounted.

    Parameters
    ----------
    streams : Streams
        Costs and benefits.
    rates : sequence of float
        Discount rates, at most four.
    base_year : int, optional
        As in `appraise`.
    title : str
        Above.

    Returns
    -------
    matplotlib Figure
        Bars are undiscounted. A line ends at the ENPV; the year in which it passes zero for good is the discounted
        payback, unless the residual value of the last year lifts it.
    """
    table = streams.table
    base = int(table.index[0]) if base_year is None else base_year
    signed = table.assign(**{name: -table[name] for name in COSTS})
    figure = new_figure(9.6, 6.4)
    note = f"Prices of {streams.price_year}. Above undiscounted; below discounted to {base}, residual value included."
    heading(figure, title, note)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, 0.8])
    _bars(top, signed)
    top.set_ylabel(f"million {streams.currency} a year")
    top.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for rate, dash in zip(rates, _DASHES, strict=False):
        total = (streams.net * discount_factors(table.index, rate, base)).cumsum()
        bottom.plot(total.index, total, dash, color=INK, linewidth=1.6)
        bottom.annotate(
            f"{100 * rate:g} %: {total.iloc[-1]:,.{_digits(np.ptp(total))}f}",
            (total.index[-1], total.iloc[-1]),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
    bottom.set_ylabel(f"ENPV so far, million {streams.currency}")
    bottom.set_xlabel("year")
    for axes in (top, bottom):
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.grid(axis="y")
    return figure


def _values(axes: Axes, place: int, least: float, most: float, base: float, digits: int) -> None:
    """Write both values at the ends of a bar; on one side of the base, both at its far end, the nearer one ticked."""
    style: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": INK}
    if least <= base <= most:
        axes.annotate(f"{least:,.{digits}f}", (least, place), (-4, 0), ha="right", **style)
        axes.annotate(f"{most:,.{digits}f}", (most, place), (4, 0), ha="left", **style)
        return
    near, far = (least, most) if least > base else (most, least)
    axes.plot([near, near], [place - 0.37, place + 0.37], color=WHITE, linewidth=1.6)
    shift, side = ((4, 0), "left") if far > base else ((-4, 0), "right")
    axes.annotate(f"{least:,.{digits}f} … {most:,.{digits}f}", (far, place), shift, ha=side, **style)


def _bars(axes: Axes, signed: pd.DataFrame) -> None:
    """Stack what is positive above zero and what is negative below."""
    above, below = np.zeros(len(signed)), np.zeros(len(signed))
    for name in (*COSTS, *BENEFITS):
        values = signed[name].to_numpy()
        if not values.any():
            continue
        start = np.where(values > 0, above, below)
        axes.bar(signed.index, values, bottom=start, width=0.8, color=_STREAM_COLOURS[name], label=STREAM_NAMES[name])
        above += np.maximum(values, 0)
        below += np.minimum(values, 0)


def _range_label(row: tuple[object, ...]) -> str:
    """Return the name and both values, the one with the lower ENPV first."""
    values = [row.low, row.high]  # type: ignore[attr-defined]
    if row.enpv_low > row.enpv_high:  # type: ignore[attr-defined]
        values.reverse()
    if row.base == 1:  # type: ignore[attr-defined]
        first, second = (f"{100 * (value - 1):+.3g}" for value in values)
        return f"{row.Index}  {first} … {second} %"  # type: ignore[attr-defined]
    return f"{row.Index}  {values[0]:g} … {values[1]:g}"  # type: ignore[attr-defined]


def _digits(span: float) -> int:
    """Return how many decimals tell values over a span apart."""
    return int(np.clip(1 - np.floor(np.log10(span)), 0, 3)) if span > 0 else 1
