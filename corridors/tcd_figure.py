"""Time/cost-distance of routes: links are slopes, stops are vertical steps (UNESCAP method), the sea a line to beat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError

from .style import AFLOAT, COLOURS, INK, STYLES, WHITE, apart, drawn, folded, heading, new_figure, plain_ticks, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TcdFigure", "usual_corridors"]

_LEAST = 3
"""Overland routes drawn if there are as many, whatever their families."""
_NAME = 40  # letters of the name of a line
_LINE = 22  # letters


def usual_corridors(best: Sequence[str], family: Mapping[str, str]) -> list[str]:
    """Return the corridors that are drawn: the best by land of each family, the next up to three, all by sea.

    Parameters
    ----------
    best : sequence of str
        Corridors with a route, the best first.
    family : mapping of str to str
        Family of each.
    """
    afloat = [c for c in best if family[c] == "sea"]
    ashore = [c for c in best if family[c] not in AFLOAT]
    first = list({family[c]: c for c in reversed(ashore)}.values())
    more = [c for c in ashore if c not in first][: max(_LEAST - len(first), 0)]
    return [c for c in best if c in [*first, *more, *afloat]] or list(best)


@dataclass(frozen=True)
class TcdFigure:
    """Routes between two places, one for each corridor.

    Attributes
    ----------
    legs : DataFrame
        ``corridor_id``, ``kind``, ``name``, ``mode``, ``km``, ``h``, money per TEU, and running ``km_cum``, ``h_cum``
        and money, as of `RouteComparison.tcd`.
    family, titles : mapping of str to str
        By corridor.
    origin : str
        Name of the place where routes begin.
    currency : str
    title, note : str
        Above and below.
    """

    legs: pd.DataFrame
    family: Mapping[str, str]
    titles: Mapping[str, str]
    origin: str
    currency: str
    title: str
    note: str

    @drawn
    def draw(self, focus: str | None = None) -> Figure:
        """Draw time and cost against distance, beside a table of stops.

        Parameters
        ----------
        focus : str, optional
            Corridor whose stops are numbered and listed; otherwise a Middle Corridor, or the first by land.

        Raises
        ------
        DataError
            It is not among the corridors drawn.
        """
        corridors = list(dict.fromkeys(map(str, self.legs["corridor_id"])))
        focal = focus or self._focal(corridors)
        if focal not in corridors:
            raise DataError([f"focus {focal!r} is not among the corridors drawn: {', '.join(corridors)}"])
        figure = new_figure(13.5, 6.2)
        left, middle, right = figure.subplots(1, 3, width_ratios=[1.0, 1.0, 0.62])
        money = self.currency
        self._panel(left, focal, "h_cum", 24.0, ("Time against distance", "days since departure", "d"))
        told = ("Tariff against distance", f"{money} per TEU, cumulative", money)
        self._panel(middle, focal, f"{money.lower()}_cum", 1.0, told)
        self._stop_table(right, self.legs[self.legs["corridor_id"] == focal], focal)
        heading(figure, self.title, self.note)
        return figure

    def _focal(self, corridors: Sequence[str]) -> str:
        middle = [c for c in corridors if self.family[c] == "middle"]
        overland = [c for c in corridors if self.family[c] not in AFLOAT]
        return (middle or overland or list(corridors))[0]

    def _colour(self, corridor_id: str) -> str:
        return COLOURS.get(self.family[corridor_id], COLOURS["other"])

    def _panel(self, axes: Axes, focal: str, column: str, per: float, told: tuple[str, str, str]) -> None:
        title, label, unit = told
        ends: list[tuple[float, float, str, str]] = []
        corridors = list(dict.fromkeys(map(str, self.legs["corridor_id"])))
        ashore = [c for c in corridors if self.family[c] not in AFLOAT]
        reach = self.legs.loc[self.legs["corridor_id"].isin(ashore), "km_cum"].max() / 1000 if ashore else 1.0
        for corridor_id, legs in self.legs.groupby("corridor_id", sort=False):
            name = str(corridor_id)
            colour = self._colour(name)
            total = legs[column].iloc[-1] / per
            end = legs["km_cum"].iloc[-1] / 1000
            if ashore and name not in ashore:
                axes.plot([0, reach], [total, total], "--", color=colour, linewidth=1.4)
                end = reach
            else:
                _staircase(axes, legs, column, per, colour)
            ends.append((end, total, _ended(self._short(name, corridors), f"{total:,.0f} {unit}"), colour))
        _end_labels(axes, ends)
        _stop_numbers(axes, self.legs[self.legs["corridor_id"] == focal], column, per)
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(f"distance from {short(self.origin, 30)}, thousand km")
        axes.set_ylabel(label)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", integer=True)
        axes.grid(axis="y")
        plain_ticks(axes.yaxis)

    def _short(self, corridor_id: str, corridors: Iterable[str]) -> str:
        """Return the title up to its comma, or what comes after it where another one drawn starts alike."""
        title = self.titles[corridor_id]
        start, comma, rest = title.partition(", ")
        alike = [c for c in corridors if self.titles[c].split(",")[0] == start]
        return short(start if len(alike) == 1 or not comma else f"{rest[:1].upper()}{rest[1:]}", _NAME)

    def _stop_table(self, axes: Axes, legs: pd.DataFrame, focal: str) -> None:
        axes.axis("off")
        stops = _stops(legs)
        money = f"{self.currency.lower()}_per_teu"
        axes.set_title(folded(f"Stops: {self.titles[focal]}", 26, 4), color=self._colour(focal))
        heads = [(0.0, "", "left"), (0.1, "stop", "left"), (0.78, "h", "right"), (1.0, self.currency, "right")]
        rows = [[str(i), s["name"], f"{s['h']:.0f}", f"{s[money]:,.0f}"] for i, s in enumerate(stops, 1)]
        total_h, total_m = sum(s["h"] for s in stops), sum(s[money] for s in stops)
        rows.append(["", "all stops", f"{total_h:.0f}", f"{total_m:,.0f}"])
        rows.append(["", "share of total", _share(total_h, legs["h"].sum()), _share(total_m, legs[money].sum())])
        step = min(0.052, 0.95 / (len(rows) + 2))
        for at, text, side in heads:
            axes.text(at, 0.97, text, ha=side, va="top", fontsize=9, fontweight="bold", transform=axes.transAxes)
        for line, row in enumerate(rows, 1):
            bold = "bold" if line > len(stops) else "normal"
            for (at, _, side), text in zip(heads, row, strict=True):
                axes.text(
                    at,
                    0.97 - step * line,
                    short(text, 28),
                    ha=side,
                    va="top",
                    fontsize=8.5,
                    fontweight=bold,
                    transform=axes.transAxes,
                )


def _ended(name: str, value: str) -> str:
    """Return a folded name with a value behind it, on a line of its own where the last has no room."""
    told = folded(name, _LINE)
    room = _LINE - len(told.rsplit("\n", 1)[-1])
    return f"{told}{' ' if len(value) < room else chr(10)}{value}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


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
    reach = max(x for x, *_ in ends)
    gap = (0.01 + 0.037 * max(text.count("\n") + 1 for *_, text, _ in ends)) * top
    for (x, y, text, colour), place in zip(ends, apart([y for _, y, _, _ in ends], gap), strict=True):
        axes.annotate(
            text,
            (x, y),
            (reach * 1.03, place),
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
            bbox={"boxstyle": "round,pad=0.1", "fc": WHITE, "ec": "none", "alpha": 0.7},
        )
