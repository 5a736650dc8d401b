"""Map of what breaks: width is flow, colour how much the loss of a link hurts, in five classes of one hue."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError, lines_of

from ..route_map import DISCLAIMER, extent_of, land, projection
from ..style import GREY, INK, pyplot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .criticality import Criticality

__all__ = [
    "HUE",
    "LEAST_TEU",
    "UNITS",
    "UNUSED",
    "class_edges",
    "class_labels",
    "class_of",
    "draw_map",
    "losses",
    "title_of",
]

HUE = ("#fee5d9", "#fcae91", "#fb6a4a", "#de2d26", "#a50f15")
"""Classes of loss, mildest first."""

UNUSED = "#c9c9c9"
"""What loses nothing."""

UNITS = {"cost": "m USD", "unmet": "TEU unmet", "country": "% of the trade of the country worst off"}
"""Unit of each lens."""

LEAST_TEU = 1.0
"""Links with less a year are not drawn."""

_NAMED = 8
_SHAPE = 13.5 / 8.0
_INSET = (0.0, 0.0, 0.2, 0.36)


def draw_map(found: Criticality, lens: str, *, days: int, effect: str) -> Figure:
    """Draw the map; see `Criticality.plot_map`."""
    import geopandas as gpd

    ranked, links, stops = losses(found, lens, days=days, effect=effect)
    places = found.places
    used = found.arcs[found.arcs["teu_per_year"] > LEAST_TEU].copy()
    used["loss"] = used["link_id"].map(links).fillna(0.0)
    drawn = lines_of(used["link_id"], used["from_place_id"], used["to_place_id"], places, found.folder)
    lines = gpd.GeoDataFrame(used, geometry=[line for line, _ in drawn], crs="EPSG:4326")
    ashore = lines[lines["mode"] != "sea"]
    main = ashore if len(ashore) else lines
    edges = class_edges(main["loss"].to_numpy() if main["loss"].any() else lines["loss"].to_numpy())
    figure: Figure = pyplot().figure(figsize=(13.5, 8.0), layout="constrained")
    axes = figure.subplots()
    crs = projection(main)
    _draw(axes, lines, crs, extent_of(main.to_crs(crs).total_bounds, _SHAPE), edges)
    _stops(axes, stops[stops.index.isin({*main["from_place_id"], *main["to_place_id"]})], edges, places, crs)
    if 0 < len(ashore) < len(lines):
        small = axes.inset_axes(_INSET)
        whole = projection(lines)
        _draw(small, lines, whole, extent_of(lines.to_crs(whole).total_bounds, 0.9), edges)
    _legend(axes, edges, UNITS[lens], float(lines["teu_per_year"].max()))
    axes.set_title(title_of(found, ranked, lens, days, effect), loc="left", fontsize=12)
    figure.supxlabel(DISCLAIMER, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def _draw(axes: Any, lines: Any, crs: str, extent: tuple[float, float, float, float], edges: Any) -> None:
    """Draw land and lines, those that hurt most on top; the square root of the flow is the width."""
    shown = lines.to_crs(crs).sort_values("loss", kind="stable")
    axes.set_facecolor("#eaf1f6")
    land(crs, extent).plot(ax=axes, color="#f7f5f0", edgecolor="#b9b4a8", linewidth=0.5, zorder=1)
    width = 0.8 + 5.2 * np.sqrt(shown["teu_per_year"] / shown["teu_per_year"].max())
    colours = [_colour(loss, edges) for loss in shown["loss"]]
    shown.plot(ax=axes, color=colours, linewidth=width.to_numpy(), zorder=3, capstyle="round")
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")


def losses(
    found: Criticality, lens: str, *, days: int, effect: str
) -> tuple[pd.DataFrame, pd.Series[float], pd.Series[float]]:
    """Return the ranking by a lens, and of it what the loss of links and of stops does, by their ids.

    Raises
    ------
    DataError
        A word or number that was not run, or nothing that changes anything.
    """
    from .criticality import LENSES

    ranked = found.ranking(lens, days=days, effect=effect, top=10**6)
    measure = LENSES[lens]
    links, stops = (ranked[ranked["kind"] == kind].set_index("element")[measure] for kind in ("link", "stop"))
    if links.empty and stops.empty:
        raise DataError([f"nothing that is {effect} for {days} days changes anything by lens {lens!r}: no map to draw"])
    return ranked, links, stops


def class_edges(values: Any) -> Any:
    """Return four edges between five classes, in even steps of the logarithm from a thousandth of the greatest."""
    most = float(values.max())
    return most * np.array([1e-3, 1e-2, 1e-1, 10**-0.5])


def class_of(loss: float, edges: Any) -> int | None:
    """Return the number of the class of a loss; None of none."""
    return None if loss <= 0 else int(np.searchsorted(edges, loss))


def class_labels(edges: Any, unit: str) -> list[str]:
    """Return what the classes are called, mildest first."""
    labels = [f"up to {_figure(edges[0])} {unit}"]
    labels += [f"{_figure(a)} to {_figure(b)}" for a, b in pairwise(edges)]
    return [*labels, f"more than {_figure(edges[-1])}"]


def _colour(loss: float, edges: Any) -> str:
    number = class_of(loss, edges)
    return UNUSED if number is None else HUE[number]


def _stops(axes: Any, stops: pd.Series[float], edges: Any, places: pd.DataFrame, crs: str) -> None:
    """Draw the stops that hurt most as dots, the worst with their names."""
    import geopandas as gpd

    worst = stops[stops > edges[1]]
    if worst.empty:
        return
    here = places.loc[worst.index]
    points = gpd.GeoSeries(gpd.points_from_xy(here["lon"], here["lat"]), crs="EPSG:4326").to_crs(crs)
    axes.scatter(
        points.x, points.y, s=34, color=[_colour(v, edges) for v in worst], edgecolor=INK, linewidth=0.6, zorder=5
    )
    taken: list[Any] = []
    axes.figure.canvas.draw()
    renderer = axes.figure.canvas.get_renderer()
    for place, x, y in list(zip(worst.index, points.x, points.y, strict=True))[:_NAMED]:
        for dx, dy, side, base in ((6, 4, "left", "bottom"), (-6, 4, "right", "bottom"), (6, -4, "left", "top")):
            text = axes.annotate(
                str(places.at[place, "name"]).split(" (")[0],
                (x, y),
                (dx, dy),
                textcoords="offset points",
                ha=side,
                va=base,
                fontsize=8.5,
                color=INK,
                zorder=6,
            )
            box = text.get_window_extent(renderer)
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()


def _legend(axes: Any, edges: Any, unit: str, most_teu: float) -> None:
    from matplotlib.lines import Line2D

    labels = class_labels(edges, unit)
    handles = [Line2D([], [], color=c, linewidth=4, label=t) for c, t in zip(HUE, labels, strict=True)]
    handles.append(Line2D([], [], color=UNUSED, linewidth=4, label="nothing"))
    handles.append(Line2D([], [], color=GREY, linewidth=6, label=f"width: up to {most_teu:,.0f} TEU a year"))
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.205, 0.0), fontsize=9, framealpha=0.95)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def title_of(found: Criticality, ranked: pd.DataFrame, lens: str, days: int, effect: str) -> str:
    """Return what a map of losses shows, with the worst of them."""
    row = ranked[ranked["kind"].isin(["link", "stop"])].iloc[0]
    from .criticality import LENSES

    value = f"{_figure(float(row[LENSES[lens]]))} {UNITS[lens]}"
    return f"{found.record['title']}, {found.record['year']}: {effect} for {days} days, most by {row['name']}, {value}"
