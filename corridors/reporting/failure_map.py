"""The map of what breaks: width is flow, colour how much the loss of a link or a stop hurts, in five classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import lines_of

from ..resilience.criticality_map import (
    HUE,
    LEAST_TEU,
    UNITS,
    UNUSED,
    class_edges,
    class_labels,
    class_of,
    losses,
    title_of,
)
from .map_parts import WITH, Flow, Group, Line, Map, Scale, Scenario, Spot
from .map_text import clipped

if TYPE_CHECKING:
    from ..resilience.criticality import Criticality

__all__ = ["failure_map"]

_SCALE = "flow"
_NONE = "nothing"


def failure_map(found: Criticality, lens: str = "cost", days: int = 180, effect: str = "removed") -> Map:
    """Return the map of what breaks.

    Parameters
    ----------
    found : Criticality
    lens : str
        ``cost``, ``unmet`` or ``country``, see `Criticality.ranking`.
    days : int
    effect : str
        ``removed`` or ``halved``.

    Returns
    -------
    Map
        Links that carry something, in TEU a year, both directions together; groups are classes of loss, as of
        `Criticality.plot_map`. Dots are stops from the third class on.

    Raises
    ------
    DataError
        A word or number that was not run, or nothing that changes anything.
    """
    ranked, links, stops = losses(found, lens, days=days, effect=effect)
    used = _links(found, links)
    loss = used["loss"]
    ashore = used["mode"] != "sea"
    main = loss[ashore] if loss[ashore].any() else loss
    edges = class_edges(main.to_numpy() if main.any() else stops.to_numpy())
    unit = UNITS[lens]
    ends = used["from_place_id"], used["to_place_id"]
    shapes = [shape for shape, _ in lines_of(used.index, *ends, found.places, found.folder)]
    lines = [
        Line(str(link), shape, str(mode), _told(found, link, used, loss[link], unit), bool(land or not ashore.any()))
        for link, shape, mode, land in zip(used.index, shapes, used["mode"], ashore, strict=True)
    ]
    return Map(
        title=clipped(title_of(found, ranked, lens, days, effect), 240),
        note=f"Each is {effect} alone, for {days} days; both directions together. Dots are stops.",
        scenarios=[Scenario(WITH, f"{effect} for {days} days")],
        scales=[Scale(_SCALE, "Width", "TEU a year", float(used["teu_per_year"].max()) if len(used) else 0.0)],
        groups=_groups(edges, unit),
        groups_label="Loss",
        lines=lines,
        flows=[
            Flow(str(link), _class(value, edges), {WITH: float(teu)})
            for link, value, teu in zip(used.index, loss, used["teu_per_year"], strict=True)
        ],
        spots=_stops(found, stops, edges, used, unit),
        edged=True,
    )


def _links(found: Criticality, links: pd.Series[float]) -> pd.DataFrame:
    """Return ends, mode, flow and loss of the links in use, by link id, the most hurtful last, which lie on top."""
    arcs = found.arcs.set_index("link_id")
    used = arcs[arcs["teu_per_year"] > LEAST_TEU]
    used = used.assign(loss=links.reindex(used.index).fillna(0.0))
    return used.sort_values(["loss", "teu_per_year"], kind="stable")


def _groups(edges: Any, unit: str) -> list[Group]:
    labels = class_labels(edges, unit)
    classes = [Group(str(n), label, colour, _SCALE) for n, (label, colour) in enumerate(zip(labels, HUE, strict=True))]
    return [*classes[::-1], Group(_NONE, "nothing", UNUSED, _SCALE)]


def _class(loss: float, edges: Any) -> str:
    number = class_of(loss, edges)
    return _NONE if number is None else str(number)


def _name(found: Criticality, place: Any) -> str:
    return clipped(str(found.places.at[place, "name"]).split(" (")[0], 40)


def _told(found: Criticality, link: Any, used: pd.DataFrame, loss: float, unit: str) -> str:
    row = used.loc[link]
    head = f"{_name(found, row['from_place_id'])} - {_name(found, row['to_place_id'])} ({row['mode']})"
    return f"{head}\n{row['teu_per_year']:,.0f} TEU/yr\nits loss: {_figure(loss)} {unit}"


def _stops(found: Criticality, stops: pd.Series[float], edges: Any, used: pd.DataFrame, unit: str) -> list[Spot]:
    """Return the stops that hurt most, the worst first."""
    spots = []
    for place, loss in stops[stops > edges[1]].items():
        at = (used["from_place_id"] == place) | (used["to_place_id"] == place)
        if at.any() and place in found.places.index:
            row, name = found.places.loc[place], _name(found, place)
            text = f"{name} (stop)\nits loss: {_figure(loss)} {unit}"
            spots.append(Spot(str(place), name, float(row["lon"]), float(row["lat"]), text, _class(loss, edges)))
    return spots


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
