"""A map as markup of a page: an SVG and its legend, whole without a script; ``map.js`` adds zoom, hover, toggles."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..route_map import DISCLAIMER
from .map_colours import LAND_DARK, on_land
from .map_ground import START, Box, Drawing, drawn
from .map_parts import (
    DASHES,
    LESS,
    MORE,
    NOTHING,
    THIN_PX,
    Flow,
    Line,
    Map,
    Scale,
    Scenario,
)
from .map_text import SIDES, Side, clipped, placed, told

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["svg"]

_NOMINAL_PX = 1000
"""Width of a map at which names have their size without a script, px."""

_HIT_PX = 11


def svg(found: Map, name: str) -> str:
    """Return a map as markup for a page.

    Parameters
    ----------
    found : Map
    name : str
        Begins the ids, so that several maps on a page do not clash.

    Returns
    -------
    str
        Controls, which a script shows; the drawing; legend, note and disclaimer. The first scenario and all groups are
        shown. All text of users is escaped; nothing is fetched. ``map.css`` and ``map.js`` belong to it. A click on an
        element with ``data-link`` anywhere on the page shows the line or the place of that id.
    """
    key = re.sub(r"[^A-Za-z0-9_-]+", "-", name) or "map"
    drawing = drawn(found)
    return "\n".join(
        [
            f'<div class="mapbox of-{key}" data-scales="{_scales(found)}"{_signed(found.scenarios[:1])}>',
            *_controls(found, key),
            '<div class="map-stage">',
            *_picture(found, drawing, key),
            '<div class="map-tip" dir="auto" aria-hidden="true" hidden></div>',
            "</div>",
            *_legend(found, key),
            f'<p class="map-fine">{told(found.note)}</p>' if found.note else "",
            f'<p class="map-fine">{told(DISCLAIMER)}</p>',
            "</div>",
        ]
    )


def _scales(found: Map) -> str:
    """Return the number of the scale of each group."""
    ids = [scale.id for scale in found.scales]
    return _spaced([ids.index(group.scale) for group in found.groups])


def _signed(scenarios: Sequence[Scenario]) -> str:
    return " data-signed" if scenarios and scenarios[0].signed else ""


# ---- controls and legend


def _controls(found: Map, key: str) -> Iterator[str]:
    yield '<div class="map-controls" hidden>'
    if len(found.scenarios) > 1:
        yield '<fieldset class="map-switch"><legend>Shown</legend>'
        for number, scenario in enumerate(found.scenarios):
            checked = " checked" if number == 0 else ""
            signed = " data-signed" if scenario.signed else ""
            yield (
                f'<label><input type="radio" name="{key}-scenario" value="{number}"{signed}{checked}> '
                f"<span>{told(scenario.label)}</span></label>"
            )
        yield "</fieldset>"
    yield '<div class="map-buttons" role="group" aria-label="View">'
    for act, sign, label in (("in", "+", "Zoom in"), ("out", "−", "Zoom out")):
        yield f'<button type="button" data-act="{act}" aria-label="{label}">{sign}</button>'
    yield '<button type="button" data-act="start">Start</button><button type="button" data-act="all">All</button>'
    yield f'<label><input type="checkbox" id="{key}-borders"> borders</label></div></div>'


def _legend(found: Map, key: str) -> Iterator[str]:
    yield '<div class="map-legend">'
    if found.groups:
        yield f"<fieldset><legend>{told(found.groups_label)}</legend>"
        for number, group in enumerate(found.groups):
            yield (
                f'<label><input type="checkbox" data-group="{number}" checked hidden> '
                f'<i class="map-key g{number}"></i>{told(group.label)}</label>'
            )
        yield "</fieldset>"
    if any(scenario.signed for scenario in found.scenarios):
        yield '<p class="map-change">Difference <span><i class="map-key more"></i>more</span>'
        yield ' <span><i class="map-key less"></i>less</span></p>'
    for scale in found.scales:
        yield _widths(scale)
    yield _modes(found.lines)
    if found.shades:
        yield f"<p>{told(found.shades_label)}"
        for number, shade in enumerate(found.shades):
            yield f' <span><i class="map-fill a{number}"></i>{told(shade.label)}</span>'
        yield "</p>"
    yield "</div>"
    yield (
        '<p class="map-help" hidden>Zoom with the buttons, two fingers, or the wheel after a click on the map; drag or '
        "arrow keys move it; Page Down goes from line to line.</p>"
    )


def _widths(scale: Scale) -> str:
    samples = [
        f' <span><i class="map-wide" style="--w:{max(scale.width(value), THIN_PX):.1f}"></i>{value:,.10g}</span>'
        for value in scale.samples
    ]
    return f"<p>{told(scale.label)}, {told(scale.unit)}{''.join(samples)}</p>" if samples else ""


def _modes(lines: Sequence[Line]) -> str:
    """Return the styles of line that are there, where there is more than one."""
    kinds = {DASHES[line.mode] for line in lines if line.mode in DASHES}
    keys = [
        f' <span><svg width="34" height="6" aria-hidden="true"><path d="M0 3h34" stroke-width="2.5"{_dashes(dash)}/>'
        f"</svg>{told(label)}</span>"
        for label, dash in sorted(kinds)
    ]
    return f'<p class="map-modes">{"".join(keys)}</p>' if len(keys) > 1 else ""


def _dashes(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


# ---- the drawing


def _picture(found: Map, drawing: Drawing, key: str) -> Iterator[str]:
    scale = START[0] / _NOMINAL_PX
    views = {"start": drawing.start, "whole": drawing.whole, "limit": drawing.limit}
    data = " ".join(f'data-{name}="{_view(view)}"' for name, view in views.items())
    yield (
        f'<svg class="map of-{key}" xmlns="http://www.w3.org/2000/svg" viewBox="{_view(drawing.start)}" {data} '
        f'tabindex="0" role="group" aria-label="Map: {told(clipped(found.title, 200))}">'
    )
    yield f"<style>{_colours(found, key)}</style>"
    yield f'<path class="land" fill-rule="evenodd" d="{_path(drawing.land)}"/>'
    if found.areas:
        yield '<g class="areas">'
        first = found.scenarios[0].id
        for area in found.areas:
            if area.id not in drawing.areas:
                continue
            classes = [area.classes.get(scenario.id, NOTHING) for scenario in found.scenarios]
            yield (
                f'<path class="map-t{_shade(area.classes.get(first, NOTHING))}" data-a="{_spaced(classes)}" '
                f'd="{_path(drawing.areas[area.id])}"><title>{told(area.text)}</title></path>'
            )
        yield "</g>"
    yield f'<path class="borders" display="none" d="{_path(drawing.borders)}"/>'
    yield "<defs>"
    for number, shape in enumerate(drawing.lines):
        yield f'<path id="{key}-l{number}" vector-effect="non-scaling-stroke" d="{_path(shape)}"/>'
    yield "</defs>"
    yield '<g class="lines">'
    yield from _lines(found, drawing, key)
    yield "</g>"
    yield '<g class="spots">'
    yield from _spots(found, drawing, scale)
    yield "</g></svg>"


def _colours(found: Map, key: str) -> str:
    """Return the rules that colour groups and shades of this map, bright and dark."""
    bright = "".join(f"--g{n}:{g.colour if found.edged else on_land(g.colour)};" for n, g in enumerate(found.groups))
    dark = "".join(
        f"--g{n}:{g.colour if found.edged else on_land(g.colour, LAND_DARK)};" for n, g in enumerate(found.groups)
    )
    bright += f"--more:{on_land(MORE)};--less:{on_land(LESS)};"
    dark += f"--more:{on_land(MORE, LAND_DARK)};--less:{on_land(LESS, LAND_DARK)};"
    rules = [f".of-{key}{{{bright}}}"]
    rules += [f".of-{key} .g{n}{{stroke:var(--g{n});--c:var(--g{n})}}" for n in range(len(found.groups))]
    rules += [f".of-{key} .a{n}{{fill:{shade.colour};--c:{shade.colour}}}" for n, shade in enumerate(found.shades)]
    rules.append(f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]) .of-{key}{{{dark}}}}}")
    rules.append(f"@media screen{{:root[data-theme=dark] .of-{key}{{{dark}}}}}")
    return "".join(rules)


def _lines(found: Map, drawing: Drawing, key: str) -> Iterator[str]:
    flows: defaultdict[str, list[Flow]] = defaultdict(list)
    for flow in found.flows:
        flows[flow.line].append(flow)
    numbers = {group.id: number for number, group in enumerate(found.groups)}
    first = found.scenarios[0]
    for number, (line, shape) in enumerate(zip(found.lines, drawing.lines, strict=True)):
        strokes = found.strokes(flows[line.id], first)
        drawn_of = {id(stroke.flow): stroke for stroke in strokes}
        widest = strokes[0].width if strokes else 0.0
        use = f'<use href="#{key}-l{number}"'
        x, y = _middle(shape)
        style = _dashes(DASHES[line.mode][1]) if line.mode in DASHES else ""
        yield (
            f'<g class="map-t" data-line="{told(line.id)}" data-at="{x} {y}"{style}{_hidden(not strokes)}>'
            f"<title>{told(line.text)}</title>"
        )
        yield f'{use} class="hit" stroke-width="{max(_HIT_PX, widest + 4):.1f}"/>'
        if found.edged:
            yield f'{use} class="edge" stroke-width="{widest + 1.6:.1f}"/>'
        for flow in [*(s.flow for s in strokes), *(f for f in flows[line.id] if id(f) not in drawn_of)]:
            stroke = drawn_of.get(id(flow))
            sign = (" more" if stroke.value > 0 else " less") if stroke and first.signed else ""
            width = f"{stroke.width:.1f}" if stroke else "0"
            yield (
                f'{use} class="g{numbers[flow.group]}{sign}" stroke-width="{width}" data-w="{_widths_of(found, flow)}"'
                f"{_hidden(stroke is None)}/>"
            )
        yield "</g>"


def _widths_of(found: Map, flow: Flow) -> str:
    """Return the width of a flow by itself in each scenario, below 0 where its value is."""
    scale = found.scale(flow.group)
    values = [flow.by_scenario.get(scenario.id, 0.0) for scenario in found.scenarios]
    return " ".join(f"{math.copysign(scale.width(value), value):.2f}".rstrip("0").rstrip(".") for value in values)


def _spots(found: Map, drawing: Drawing, scale: float) -> Iterator[str]:
    groups = {group.id: number for number, group in enumerate(found.groups)}
    numbers = {line.id: number for number, line in enumerate(found.lines)}
    sides = _sides(found, drawing, scale)
    for spot, (x, y), side in zip(found.spots, drawing.spots, sides, strict=True):
        group = f" g{groups[spot.group]}" if spot.group in groups else ""
        dx, dy, anchor = side or SIDES[0]
        lines = _spaced(sorted(numbers[line] for line in spot.lines if line in numbers))
        yield (
            f'<g class="map-t" transform="translate({x} {y})" data-spot="{told(spot.id)}" data-lines="{lines}"'
            f"{_hidden(not (side or group))}>"
            f'<title>{told(spot.text)}</title><g transform="scale({scale:.3g})">'
            f'<circle class="dot{group}" r="{4.5 if group else 2.4}"/>'
            f'<text x="{dx:g}" y="{dy:g}" text-anchor="{anchor}"{_hidden(not side)}>{told(spot.name)}</text></g></g>'
        )


def _sides(found: Map, drawing: Drawing, scale: float) -> list[Side | None]:
    """Return where names of places stand at the start; None for those that have no room or nothing flows by."""
    first = found.scenarios[0].id
    flowing = {flow.line for flow in found.flows if flow.by_scenario.get(first)}
    at = [((x - drawing.start[0]) / scale, (y - drawing.start[1]) / scale) for x, y in drawing.spots]
    here = [n for n, spot in enumerate(found.spots) if not spot.lines or not flowing.isdisjoint(spot.lines)]
    size = drawing.start[2] / scale, drawing.start[3] / scale
    sides = placed([found.spots[n].name for n in here], [at[n] for n in here], size)
    chosen = dict(zip(here, sides, strict=True))
    return [chosen.get(n) for n in range(len(found.spots))]


# ---- numbers


def _path(shape: Geometry) -> str:
    """Return a geometry in whole units as path data, each vertex from the one before."""
    from shapely import get_parts

    pieces: list[str] = []
    for part in get_parts(shape):
        rings: list[tuple[Any, str]] = (
            [(ring, "z") for ring in (part.exterior, *part.interiors)] if part.geom_type == "Polygon" else [(part, "")]
        )
        pieces += [_ring(np.rint(np.asarray(ring.coords)).astype(int), end) for ring, end in rings]
    return "".join(pieces)


def _ring(points: Any, end: str) -> str:
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if end:
        steps = steps[:-1]
    if not len(steps):
        return ""
    numbers = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{points[0, 0]} {points[0, 1]}l{numbers}{end}"


def _middle(shape: Any) -> tuple[int, int]:
    """Return a point in the middle of a line: of its longest part."""
    longest = max(shape.geoms, key=lambda part: part.length)
    point = longest.interpolate(0.5, normalized=True)
    return round(point.x), round(point.y)


def _view(view: Box) -> str:
    return " ".join(f"{number:.0f}" for number in view)


def _spaced(numbers: Sequence[object]) -> str:
    return " ".join(map(str, numbers))


def _hidden(yes: bool) -> str:
    return ' display="none"' if yes else ""


def _shade(number: int) -> str:
    return "" if number == NOTHING else f" a{number}"
