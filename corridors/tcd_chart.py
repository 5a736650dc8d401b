"""Time/cost-distance chart: links are slopes, stops are vertical steps (UNESCAP method)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError

from .style import AFLOAT, COLOURS, GREY, INK, STYLES, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .comparison import RouteComparison

__all__ = ["TcdChart"]

_LEAST = 3
"""Overland routes drawn if there are as many, whatever their families."""


@dataclass(frozen=True)
class TcdChart:
    """Draws the chart of one comparison."""

    comparison: RouteComparison

    def draw(self, corridors: Iterable[str] | None = None, focus: str | None = None) -> Figure:
        """Draw the chart; parameters as in `Plots.tcd`."""
        plt = pyplot()
        drawn = self._chosen(corridors)
        focal = focus or self._focal(drawn)
        if focal not in drawn:
            raise DataError([f"focus {focal!r} is not among the corridors drawn: {', '.join(drawn)}"])
        frame = self.comparison.tcd(drawn)
        figure: Figure = plt.figure(figsize=(13.5, 6.2), layout="constrained")
        left, middle, right = figure.subplots(1, 3, width_ratios=[1.0, 1.0, 0.62])
        money = self.comparison.currency
        self._panel(left, frame, focal, "h_cum", 24.0, "Time against distance", "days since departure", "d")
        self._panel(
            middle,
            frame,
            focal,
            f"{money.lower()}_cum",
            1.0,
            "Tariff against distance",
            f"{money} per TEU, cumulative",
            money,
        )
        self._stop_table(right, frame[frame["corridor_id"] == focal], focal)
        names = self.comparison.network.tables.places["name"]
        ends = f"{names[self.comparison.origin]} - {names[self.comparison.destination]}"
        title = f"{ends}, one TEU, network of {self.comparison.year}"
        figure.suptitle(f"{title}: slopes are links, vertical steps are stops", x=0.01, ha="left", fontsize=12)
        figure.supxlabel(
            "Rail and road solid and dotted, ships dashed. Mean times; prices of 2018-2025, not deflated. "
            f"{self._estimates()}",
            x=0.01,
            ha="left",
            fontsize=8,
            color=GREY,
        )
        return figure

    def _chosen(self, corridors: Iterable[str] | None) -> list[str]:
        having = self.comparison.having(corridors)
        if corridors is not None:
            return having
        table = self.comparison.table()
        best = list(table.loc[table["rank"] == 1, "corridor_id"])
        afloat = [c for c in best if self._family(c) == "sea"]
        ashore = [c for c in best if self._family(c) not in AFLOAT]
        first = list({self._family(c): c for c in reversed(ashore)}.values())
        more = [c for c in ashore if c not in first][: max(_LEAST - len(first), 0)]
        return [c for c in best if c in [*first, *more, *afloat]] or best

    def _focal(self, drawn: Sequence[str]) -> str:
        middle = [c for c in drawn if self._family(c) == "middle"]
        overland = [c for c in drawn if self._family(c) not in AFLOAT]
        return (middle or overland or list(drawn))[0]

    def _family(self, corridor_id: str) -> str:
        return self.comparison.found[corridor_id][0].family

    def _title(self, corridor_id: str) -> str:
        return self.comparison.found[corridor_id][0].title

    def _estimates(self) -> str:
        table = self.comparison.table()
        share = table.loc[table["rank"] == 1, "estimates_pct"].mean()
        return f"{share:.0f} % of the figures behind these routes are estimates (grade EST)."

    def _panel(
        self, axes: Axes, frame: pd.DataFrame, focal: str, column: str, per: float, title: str, label: str, unit: str
    ) -> None:
        ends: list[tuple[float, float, str, str]] = []
        drawn = list(dict.fromkeys(frame["corridor_id"]))
        ashore = [c for c in drawn if self._family(c) not in AFLOAT]
        reach = frame.loc[frame["corridor_id"].isin(ashore), "km_cum"].max() / 1000 if ashore else 1.0
        for corridor_id, legs in frame.groupby("corridor_id", sort=False):
            name, colour = str(corridor_id), COLOURS[self._family(str(corridor_id))]
            total = legs[column].iloc[-1] / per
            end = legs["km_cum"].iloc[-1] / 1000
            if ashore and name not in ashore:
                axes.plot([0, reach], [total, total], "--", color=colour, linewidth=1.4)
                end = reach
            else:
                _staircase(axes, legs, column, per, colour)
            ends.append((end, total, f"{self._short(name, drawn)} {total:,.0f} {unit}", colour))
        _end_labels(axes, ends)
        _stop_numbers(axes, frame[frame["corridor_id"] == focal], column, per)
        names = self.comparison.network.tables.places["name"]
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
        axes.set_xlabel(f"distance from {names[self.comparison.origin]}, thousand km")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", integer=True)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)

    def _short(self, corridor_id: str, drawn: Iterable[str]) -> str:
        """Return the title up to its comma, or all of it where another one drawn starts alike."""
        title = self._title(corridor_id)
        start = title.split(",")[0]
        alike = [c for c in drawn if self._title(c).split(",")[0] == start]
        return start if len(alike) == 1 else title

    def _stop_table(self, axes: Axes, legs: pd.DataFrame, focal: str) -> None:
        axes.axis("off")
        stops = _stops(legs)
        money = f"{self.comparison.currency.lower()}_per_teu"
        colour = COLOURS[self._family(focal)] if focal else INK
        axes.set_title(
            _wrapped(f"Stops: {self._title(focal)}", 28), loc="left", fontsize=11, fontweight="bold", color=colour
        )
        heads = [
            (0.0, "", "left"),
            (0.08, "stop", "left"),
            (0.78, "h", "right"),
            (1.0, self.comparison.currency, "right"),
        ]
        rows = [[str(i), s["name"], f"{s['h']:.0f}", f"{s[money]:,.0f}"] for i, s in enumerate(stops, 1)]
        total_h, total_m = sum(s["h"] for s in stops), sum(s[money] for s in stops)
        rows.append(["", "all stops", f"{total_h:.0f}", f"{total_m:,.0f}"])
        share = [100 * total_h / legs["h"].sum(), 100 * total_m / legs[money].sum()]
        rows.append(["", "share of total", f"{share[0]:.0f} %", f"{share[1]:.0f} %"])
        step = min(0.052, 0.95 / (len(rows) + 2))
        for at, text, side in heads:
            axes.text(at, 0.97, text, ha=side, va="top", fontsize=9, fontweight="bold", transform=axes.transAxes)
        for line, row in enumerate(rows, 1):
            bold = "bold" if line > len(stops) else "normal"
            for (at, _, side), text in zip(heads, row, strict=True):
                axes.text(
                    at,
                    0.97 - step * line,
                    _cut(text, 34),
                    ha=side,
                    va="top",
                    fontsize=8.5,
                    fontweight=bold,
                    transform=axes.transAxes,
                )


def _staircase(axes: Axes, legs: pd.DataFrame, column: str, per: float, colour: str) -> None:
    km = np.concatenate([[0.0], legs["km_cum"].to_numpy() / 1000])
    y = np.concatenate([[0.0], legs[column].to_numpy() / per])
    for i, leg in enumerate(legs.itertuples()):
        moving = leg.kind == "link"
        style = STYLES[str(leg.mode)] if moving else "-"
        axes.plot(
            km[i : i + 2], y[i : i + 2], style, color=colour, linewidth=2.0 if moving else 5.0, solid_capstyle="butt"
        )


def _end_labels(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write the name of each line at its end, moved apart where they would overlap."""
    if not ends:
        return
    top = max(axes.get_ylim()[1], *(y for _, y, _, _ in ends))
    gap, floor = top * 0.045, -np.inf
    reach = max(x for x, *_ in ends)
    for x, y, text, colour in sorted(ends, key=lambda end: end[1]):
        floor = max(y, floor + gap)
        axes.annotate(
            text,
            (x, y),
            (reach * 1.03, floor),
            color=colour,
            fontsize=8.5,
            fontweight="bold",
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6},
        )
    axes.set_xlim(right=reach * 1.5)


def _stops(legs: pd.DataFrame) -> list[dict[str, Any]]:
    """Neighbouring stops at one place as one, with their hours and money; pure zero stops left out."""
    money = next(c for c in legs.columns if c.endswith("_per_teu"))
    stop = legs["kind"] != "link"
    run = (stop & ~stop.shift(fill_value=False)).cumsum()[stop]
    merged = [
        {
            "name": part["name"].iloc[0],
            "km": part["km_cum"].iloc[0],
            "h": part["h"].sum(),
            money: part[money].sum(),
            "from": part.index[0],
            "to": part.index[-1],
        }
        for _, part in legs[stop].groupby(run)
    ]
    return [s for s in merged if s["h"] > 0 or s[money] > 0]


def _stop_numbers(axes: Axes, legs: pd.DataFrame, column: str, per: float) -> None:
    last = (-np.inf, -np.inf)
    reach = axes.get_xlim()[1]
    top = axes.get_ylim()[1]
    for number, stop in enumerate(_stops(legs), 1):
        x, y = stop["km"] / 1000, legs.loc[stop["to"], column] / per
        close = abs(x - last[0]) < reach * 0.02 and abs(y - last[1]) < top * 0.035
        last = (x, y)
        axes.annotate(
            str(number),
            (x, y),
            (-8 if not close else 8, 2 if not close else -7),
            textcoords="offset points",
            fontsize=7.5,
            ha="center",
            color=INK,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7},
        )


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
