"""A map as a figure, for PNG, SVG and PDF: the same content, projection and widths as in a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError
from networks.errors import nearest

from ..route_map import DISCLAIMER, place_names
from ..style import GREY, INK, columns_that_fit, drawn, legend, new_figure, short
from .map_colours import LAND, on_land
from .map_ground import START, Box, Drawing
from .map_ground import drawn as projected
from .map_parts import DASHES, LESS, MORE, NOTHING, THIN_PX, Flow, Map, Scale, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["map_figure"]

_WATER, _EDGE = "#dfe9f0", "#a9a498"
_WIDE_IN = 11.0
_POINTS = 72 * _WIDE_IN * 0.97 / 1000  # points a px of a map of 1000 px
_INSET = (0.22, 0.36)
_NAMED = 34
_KEY_IN, _KEY_LETTERS = 0.21, 36  # height of a row of the legend, letters of a title
_LETTERS = 136  # of a line of the legend
_LENGTH = 24  # letters of a name


@drawn
def map_figure(found: Map, scenario: str | None = None, groups: Iterable[str] | None = None) -> Figure:
    """Draw a map in one of its scenarios.

    Parameters
    ----------
    found : Map
    scenario : str, optional
        Id of a scenario; the first otherwise.
    groups : iterable of str, optional
        Ids of the groups that are drawn; all otherwise.

    Returns
    -------
    matplotlib Figure
        The view that the map starts with, and all of it in a corner where it goes on beyond.

    Raises
    ------
    DataError
        The map has no such scenario or group.
    """
    shown = found.scenarios[0] if scenario is None else _named(scenario, found.scenarios, "scenario")
    kept = {group.id for group in found.groups}
    if groups is not None:
        kept = {_named(group, found.groups, "group").id for group in groups}
    return _Figure(found, projected(found), shown, frozenset(kept)).draw()


def _named(word: str, known: Sequence[Any], what: str) -> Any:
    for one in known:
        if one.id == word:
            return one
    ids = [str(one.id) for one in known]
    raise DataError([f"{what}: got {word!r}, expected one of {', '.join(ids) or 'none'}{nearest(str(word), ids)}"])


@dataclass(frozen=True, eq=False)
class _Figure:
    found: Map
    drawing: Drawing
    scenario: Scenario
    groups: frozenset[str]

    def draw(self) -> Figure:
        keys = list(self._keys())
        high = _WIDE_IN * START[1] / START[0]
        columns = columns_that_fit([title for _, title in keys], 5, _LETTERS)
        keys_high = _KEY_IN * (-(-len(keys) // columns) + 0.5)
        figure = new_figure(_WIDE_IN, high + keys_high + 0.9)
        axes, below = figure.subplots(2, 1, height_ratios=[high, keys_high])
        self._fill(axes, self.drawing.start, 1.0)
        covers = []
        if self.drawing.whole[2] > 1.4 * self.drawing.start[2]:
            small = axes.inset_axes((*self._free_spot(), *_INSET))
            self._fill(small, _shaped(self.drawing.whole, START[0] * _INSET[0] / (START[1] * _INSET[1])), 0.5)
            covers.append(small)
        below.set_axis_off()
        if keys:
            handles, titles = zip(*keys, strict=True)
            below_it = legend(
                below, handles, titles, loc="upper left", ncols=columns, letters=_LETTERS,
                handlelength=2.4, columnspacing=1.6, bbox_to_anchor=(0.005, 1), borderaxespad=0, borderpad=0,
            )  # fmt: skip
            below_it.set_in_layout(False)
        first = self.scenario is self.found.scenarios[0]
        told = self.found.title if first else f"{self.found.title} ({self.scenario.label})"
        axes.set_title(short(told, 130), loc="left")
        figure.supxlabel(DISCLAIMER, x=0.01, ha="left", fontsize=7.5, color=GREY)
        self._names(axes, covers)
        return figure

    def _fill(self, axes: Axes, view: Box, thick: float) -> None:
        """Draw land, countries, lines and dots of a view."""
        from matplotlib.patches import PathPatch

        axes.set_facecolor(_WATER)
        axes.add_artist(
            PathPatch(_outline(self.drawing.land), facecolor=LAND, edgecolor=_EDGE, linewidth=0.4, zorder=1)
        )
        for area in self.found.areas:
            number = area.classes.get(self.scenario.id, NOTHING)
            if number != NOTHING and area.id in self.drawing.areas:
                shape = _outline(self.drawing.areas[area.id])
                colour = self.found.shades[number].colour
                axes.add_artist(
                    PathPatch(shape, facecolor=colour, edgecolor=_EDGE, linewidth=0.4, alpha=0.85, zorder=2)
                )
        for points, width, colour, dash in self._strokes():
            _line(axes, points, width * thick * _POINTS, colour, dash)
        self._dots(axes, thick)
        axes.set_xlim(view[0], view[0] + view[2])
        axes.set_ylim(view[1] + view[3], view[1])
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color(_EDGE)

    def _strokes(self) -> Iterator[tuple[Any, float, str, str]]:
        """Yield points, width in px, colour and dashes of what is drawn, in its order."""
        from shapely import get_parts

        flows: defaultdict[str, list[Flow]] = defaultdict(list)
        for flow in self.found.flows:
            if flow.group in self.groups:
                flows[flow.line].append(flow)
        colours = {group.id: self._colour(group.colour) for group in self.found.groups}
        for line, shape in zip(self.found.lines, self.drawing.lines, strict=True):
            strokes = self.found.strokes(flows[line.id], self.scenario)
            points = [np.asarray(part.coords) for part in get_parts(shape)]
            dash = DASHES.get(line.mode, ("", ""))[1]
            if strokes and self.found.edged:
                yield points, strokes[0].width + 1.6, INK, dash
            for stroke in strokes:
                sign = on_land(MORE if stroke.value > 0 else LESS)
                yield points, stroke.width, sign if self.scenario.signed else colours[stroke.flow.group], dash

    def _colour(self, colour: str) -> str:
        return colour if self.found.edged else on_land(colour)

    def _flowing(self) -> set[str]:
        """Return the lines that are drawn."""
        return {f.line for f in self.found.flows if f.group in self.groups and f.by_scenario.get(self.scenario.id)}

    def _shown(self) -> list[int]:
        """Return the places of which a line is drawn, or that are drawn in any case, by number."""
        flowing = self._flowing()
        kept = [not spot.group or spot.group in self.groups for spot in self.found.spots]
        return [
            n
            for n, spot in enumerate(self.found.spots)
            if kept[n] and (not spot.lines or not flowing.isdisjoint(spot.lines))
        ]

    def _dots(self, axes: Axes, thick: float) -> None:
        """Draw the dots that have a class; the others are drawn with their names."""
        colours = {group.id: group.colour for group in self.found.groups}
        for number in self._shown():
            spot = self.found.spots[number]
            if spot.group in colours:
                x, y = self.drawing.spots[number]
                axes.scatter(
                    [x], [y], s=38 * thick**2, color=colours[spot.group], edgecolor=INK, linewidth=0.7 * thick, zorder=5
                )

    def _names(self, axes: Axes, covers: list[Any]) -> None:
        """Write the names of places that are in view, with an edge of land so that they stand out on lines."""
        from matplotlib.patheffects import withStroke

        x, y, wide, high = self.drawing.start
        inside = [
            n
            for n in self._shown()
            if x <= self.drawing.spots[n][0] <= x + wide and y <= self.drawing.spots[n][1] <= y + high
        ][:_NAMED]
        if not inside:
            return
        points = np.array([self.drawing.spots[n] for n in inside], dtype=float)
        plain = [n for n, number in enumerate(inside) if not self.found.spots[number].group]
        axes.scatter(points[plain, 0], points[plain, 1], s=6, color=INK, zorder=5)
        names = [short(self.found.spots[n].name, _LENGTH) for n in inside]
        place_names(axes, points, names, [False] * len(names), covers)
        for text in axes.texts:
            text.set_path_effects([withStroke(linewidth=2.2, foreground=LAND)])

    def _free_spot(self) -> tuple[float, float]:
        """Return the spot on the rim of the axes with the least line in it, as fractions of it."""
        from shapely import box, union_all

        x, y, wide, high = self.drawing.start
        across, down = _INSET[0] * wide, _INSET[1] * high
        flowing = self._flowing()
        lines = [shape for line, shape in zip(self.found.lines, self.drawing.lines, strict=True) if line.id in flowing]
        every = union_all(lines)

        def length(spot: tuple[float, float]) -> float:
            left, top = x + spot[0] * wide, y + (1 - spot[1]) * high - down
            return float(every.intersection(box(left, top, left + across, top + down)).length)

        rim = [(float(u), v) for v in (0.0, 1 - _INSET[1]) for u in np.linspace(0, 1 - _INSET[0], 40)]
        return min(rim, key=length)

    def _keys(self) -> Iterator[tuple[Any, str]]:
        """Yield handles and titles of the legend."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        if self.scenario.signed:
            for colour, word in ((MORE, "more"), (LESS, "less")):
                yield Line2D([], [], color=on_land(colour), linewidth=3), word
        else:
            for group in self.found.groups:
                if group.id in self.groups:
                    key = Line2D([], [], color=self._colour(group.colour), linewidth=3)
                    yield key, short(group.label, _KEY_LETTERS)
        kinds = sorted({DASHES[line.mode] for line in self.found.lines if line.mode in DASHES})
        for label, dash in kinds if len(kinds) > 1 else []:
            yield Line2D([], [], color=GREY, linewidth=1.6, linestyle=_style(dash, 1.6)), label
        for scale in self.found.scales:
            yield from self._widths(scale)
        for shade in self.found.shades:
            title = short(f"{self.found.shades_label}: {shade.label}", _KEY_LETTERS)
            yield Patch(facecolor=shade.colour, edgecolor=_EDGE), title

    def _widths(self, scale: Scale) -> Iterator[tuple[Any, str]]:
        from matplotlib.lines import Line2D

        head = "" if len(self.found.scales) == 1 else f"{scale.label}: "
        for value in scale.samples:
            width = max(scale.width(value), THIN_PX) * _POINTS
            title = short(f"{head}{value:,.10g} {scale.unit}", _KEY_LETTERS)
            yield Line2D([], [], color=GREY, linewidth=width), title


def _outline(shape: Any) -> Any:
    """Return polygons as one path."""
    from matplotlib.path import Path
    from shapely import get_parts

    rings = [np.asarray(r.coords) for p in get_parts(shape) for r in (p.exterior, *p.interiors)]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def _line(axes: Axes, points: Sequence[Any], width: float, colour: str, dash: str) -> None:
    from matplotlib.collections import LineCollection

    style = _style(dash, width)
    axes.add_collection(
        LineCollection(list(points), linewidths=width, colors=colour, linestyles=[style], capstyle="butt", zorder=3),
        autolim=False,
    )


def _style(dash: str, width: float) -> Any:
    """Return dashes in px as a style of matplotlib, which counts them in widths of the line."""
    return (0, [float(part) * _POINTS / width for part in dash.split()]) if dash else "-"


def _shaped(view: Box, shape: float) -> Box:
    """Return the view that holds this one and has the shape of width over height."""
    x, y, wide, high = view
    wider, higher = max(wide, high * shape), max(high, wide / shape)
    return x - (wider - wide) / 2, y - (higher - high) / 2, wider, higher
