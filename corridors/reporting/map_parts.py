"""What a map holds: lines with flows by scenario and group, coloured countries, places; not how it is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapely import LineString, MultiLineString

__all__ = [
    "DASHES",
    "DIFFERENCE",
    "FAINT_PX",
    "LESS",
    "MORE",
    "NOTHING",
    "RIM_PX",
    "THIN_PX",
    "WITH",
    "WITHOUT",
    "Area",
    "Flow",
    "Group",
    "Line",
    "Map",
    "Scale",
    "Scenario",
    "Shade",
    "Spot",
    "Stroke",
]

WITH, WITHOUT, DIFFERENCE = "with", "without", "difference"
MORE, LESS = "#0072B2", "#D55E00"
"""Colours of what a difference adds and takes away."""

NOTHING = -1
"""Class of a country that is not coloured."""

THIN_PX = 1.2
"""Narrowest line, px at the width that the map starts with."""

RIM_PX = 1.6
"""How much wider a stroke is than the one on it, at the least."""

FAINT_PX = 0.02
"""What would be narrower is not drawn: some millionths of the widest."""

DASHES = {
    "rail": ("rail", ""),
    "road": ("road", "1.5 3"),
    "sea": ("ship", "10 4"),
    "feeder": ("ship", "10 4"),
    "ferry": ("ship", "10 4"),
    "inland": ("ship", "10 4"),
    "pipe": ("pipe", ""),
    "offshore": ("pipe under the sea", "9 3"),
}
"""What a mode is called in the legend, and its dashes in px."""

_STEPS = (1, 4, 20)


@dataclass(frozen=True)
class Scenario:
    """What a reader can switch to.

    Attributes
    ----------
    id : str
        `WITH`, `WITHOUT`, `DIFFERENCE` or another.
    label : str
    signed : bool
        Whether values are differences: more than 0 is drawn as `MORE`, less as `LESS`.
    """

    id: str
    label: str
    signed: bool = False


@dataclass(frozen=True)
class Scale:
    """How wide a flow is drawn: as its square root, the same in all scenarios.

    Attributes
    ----------
    id, label : str
    unit : str
        Of values.
    most : float
        Value of the widest line.
    widest : float
        Its width, px.
    """

    id: str
    label: str
    unit: str
    most: float
    widest: float = 8.0

    def width(self, value: float) -> float:
        """Return the width of a value in px, before it is made `THIN_PX` at the least; 0 below `FAINT_PX`."""
        width = self.widest * math.sqrt(abs(value) / self.most) if value and self.most else 0.0
        return width if width >= FAINT_PX else 0.0

    @property
    def samples(self) -> list[float]:
        """Three round values for a legend, greatest first; fewer where they are the same."""
        return list(dict.fromkeys(_round_below(self.most / step) for step in _STEPS)) if self.most > 0 else []


@dataclass(frozen=True)
class Group:
    """What a reader can show or hide: a family of corridors, a line of gas, a class of loss.

    Attributes
    ----------
    id, label : str
    colour : str
        ``#rrggbb``.
    scale : str
        Id of its scale.
    """

    id: str
    label: str
    colour: str
    scale: str


@dataclass(frozen=True)
class Line:
    """A link or a pipe, stored once.

    Attributes
    ----------
    id : str
        Of the link, as tables have it.
    geometry : LineString or MultiLineString
        Longitude and latitude, degrees; in parts where it crosses the antimeridian.
    mode : str
        A key of `DASHES`.
    text : str
        What is told of it, in lines.
    focus : bool
        Whether the map starts with it in view.
    """

    id: str
    geometry: LineString | MultiLineString = field(repr=False)
    mode: str
    text: str
    focus: bool = True


@dataclass(frozen=True)
class Flow:
    """What a group carries over a line.

    Attributes
    ----------
    line, group : str
        Ids.
    by_scenario : mapping of str to float
        Values in the unit of the group's scale; a difference may be below 0.
    """

    line: str
    group: str
    by_scenario: Mapping[str, float]


@dataclass(frozen=True)
class Stroke:
    """How a flow is drawn: its value in a scenario, and the width in px of it and all that lies on it."""

    flow: Flow
    value: float
    width: float


@dataclass(frozen=True)
class Area:
    """A country that may be coloured.

    Attributes
    ----------
    id : str
        ISO 3166 code of two letters, as in ``boundaries.geojson``.
    classes : mapping of str to int
        By scenario: number in `Map.shades`, or `NOTHING`.
    text : str
        What is told of it, in lines.
    """

    id: str
    classes: Mapping[str, int]
    text: str


@dataclass(frozen=True)
class Shade:
    """A class of countries: label and colour."""

    label: str
    colour: str


@dataclass(frozen=True)
class Spot:
    """A place with a dot and a name.

    Attributes
    ----------
    id, name : str
    lon, lat : float
        Degrees.
    text : str
        What is told of it, in lines.
    group : str
        Gives its dot a colour, and keeps the dot where there is no room for the name.
    lines : sequence of str
        Ids of lines: it is shown where one of them is; always where there is none.
    """

    id: str
    name: str
    lon: float
    lat: float
    text: str
    group: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Map:
    """A map.

    Attributes
    ----------
    title, note : str
    scenarios : sequence of Scenario
        The first is shown at the start.
    scales : sequence of Scale
    groups : sequence of Group
    groups_label : str
        What groups are, for the legend.
    lines : sequence of Line
        In the order in which they are drawn.
    flows : sequence of Flow
    spots : sequence of Spot
        Those that matter most first.
    areas : sequence of Area
    shades : sequence of Shade
        Classes of areas, mildest first.
    shades_label : str
        What the shades show, with the unit.
    edged : bool
        Whether lines have an edge of ink, so that light ones stand out.
    """

    title: str
    note: str
    scenarios: Sequence[Scenario]
    scales: Sequence[Scale]
    groups: Sequence[Group]
    groups_label: str
    lines: Sequence[Line]
    flows: Sequence[Flow]
    spots: Sequence[Spot] = ()
    areas: Sequence[Area] = ()
    shades: Sequence[Shade] = ()
    shades_label: str = ""
    edged: bool = False

    def scale(self, group: str) -> Scale:
        """Return the scale of a group."""
        wanted = next(g.scale for g in self.groups if g.id == group)
        return next(s for s in self.scales if s.id == wanted)

    def strokes(self, flows: Iterable[Flow], scenario: Scenario) -> list[Stroke]:
        """Return how the flows of one line are drawn, from the lowest stroke, which is widest, to the topmost.

        A stroke is as wide as all that lie on it and itself together, so that the lowest tells the total: by the square
        root, widths add as the root of the sum of squares. Thin ones are wider, so that each can be seen. Differences
        of groups of the same scale are added up and drawn as one stroke, in the place of the flow that counts most.
        """
        mine = [(flow, flow.by_scenario.get(scenario.id, 0.0)) for flow in flows]
        if scenario.signed:
            mine = self._net(mine)
        own = [(flow, value, self.scale(flow.group).width(value)) for flow, value in mine]
        found: list[Stroke] = []
        squares = 0.0
        for flow, value, width in sorted((row for row in own if row[2]), key=lambda row: row[2]):
            squares += max(width, THIN_PX) ** 2
            above = found[-1].width + RIM_PX if found else 0.0
            found.append(Stroke(flow, value, max(math.sqrt(squares), above)))
        return found[::-1]

    def _net(self, flows: Sequence[tuple[Flow, float]]) -> list[tuple[Flow, float]]:
        """Return the sums of differences by scale, each with the flow that differs most."""
        found = []
        for scale in self.scales:
            mine = [(flow, value) for flow, value in flows if value and self.scale(flow.group).id == scale.id]
            if mine:
                found.append((max(mine, key=lambda pair: abs(pair[1]))[0], sum(value for _, value in mine)))
        return found


def _round_below(value: float) -> float:
    """Return the greatest of 1, 2, 5 times a power of ten that is not above."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)) * power
