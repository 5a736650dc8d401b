"""What lies under a map: the projection, the views, land and borders, all in whole units of the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..route_map import extent_of, projection

if TYPE_CHECKING:
    from shapely import Geometry

    from .map_parts import Line, Map

__all__ = ["START", "Drawing", "drawn"]

START = (8000, 4400)
"""Width and height of the view at the start in units: a px of it is eight units at 1000 px."""

_FINE, _COARSE = 5.0, 18.0  # units: what is lost inside and outside the start view
_ISLAND = 150.0  # square units: smaller islands far out are left out
_AROUND = 0.25  # of the views, that can be seen beyond them
_LAND_BOX = (20.0, 22.0, 110.0, 58.0)  # degrees, where there is no line: inner Eurasia

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawing:
    """A map in the plane: x to the right, y down, in units.

    Attributes
    ----------
    start, whole, limit : tuple of float
        Views as x, y, width, height: at the start, of everything, and the farthest.
    land : MultiPolygon
        Without borders.
    borders : MultiLineString
    areas : mapping of str to (Multi)Polygon
        By country.
    lines : sequence of (Multi)LineString
        As `Map.lines`.
    spots : sequence of (int, int)
        As `Map.spots`.
    """

    start: Box
    whole: Box
    limit: Box
    land: Geometry
    borders: Geometry
    areas: Mapping[str, Geometry]
    lines: Sequence[Geometry]
    spots: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class _Plane:
    """From degrees to units: a projection, its west and north edge at the start, metres, and metres a unit."""

    crs: str
    west: float
    north: float
    metre: float

    def of(self, series: Any) -> Any:
        """Return geometries, given as GeoSeries in degrees, in units."""
        found = series.to_crs(self.crs).affine_transform(
            [1 / self.metre, 0, 0, -1 / self.metre, -self.west / self.metre, self.north / self.metre]
        )
        return np.asarray(found.array)


def drawn(found: Map) -> Drawing:
    """Project a map, around the lines that it starts with.

    Parameters
    ----------
    found : Map

    Returns
    -------
    Drawing

    Notes
    -----
    Lambert azimuthal equal-area around the middle of the start view (`corridors.route_map.projection`): lines over the
    antimeridian stay whole. Land is that of ``boundaries.geojson``; what is smaller than half a px at eight times the
    start is left out inside the start view, and more outside.
    """
    import geopandas as gpd

    def series(geometries: Iterable[Any]) -> Any:
        return gpd.GeoSeries(list(geometries), crs="EPSG:4326")

    everything = [line.geometry for line in found.lines] or [_inner_eurasia()]
    focus = [line.geometry for line in found.lines if line.focus] or everything
    crs = projection(series(focus))
    shape = START[0] / START[1]
    near = extent_of(series(focus).to_crs(crs).total_bounds, shape)
    far = extent_of(series(everything).to_crs(crs).total_bounds, shape)
    plane = _Plane(crs, near[0], near[3], (near[2] - near[0]) / START[0])
    start = (0.0, 0.0, float(START[0]), float(START[1]))
    whole = _inside(far, plane)
    limit = _around(start, _square(start), whole)
    ground = _ground(plane, start, limit)
    wanted = tuple(area.id for area in found.areas)
    spots = plane.of(gpd.GeoSeries.from_xy([s.lon for s in found.spots], [s.lat for s in found.spots], crs="EPSG:4326"))
    return Drawing(
        start=start,
        whole=whole,
        limit=limit,
        land=ground.land,
        borders=ground.borders,
        areas=dict(ground.countries(wanted).items()),
        lines=_lines(found.lines, plane, start),
        spots=[(round(p.x), round(p.y)) for p in spots],
    )


def _inner_eurasia() -> Any:
    from shapely import box

    return box(*_LAND_BOX).exterior


def _inside(extent: Box, plane: _Plane) -> Box:
    """Return an extent in metres as a view in units."""
    west, south, east, north = extent
    x, y = (west - plane.west) / plane.metre, (plane.north - north) / plane.metre
    return round(x), round(y), round((east - west) / plane.metre), round((north - south) / plane.metre)


def _square(view: Box) -> Box:
    """Return a view as high as it is wide, as narrow screens show it."""
    x, y, wide, high = view
    return x, y - (wide - high) / 2, wide, wide


def _around(*views: Box) -> Box:
    """Return the view that holds these and a margin."""
    west, north = min(v[0] for v in views), min(v[1] for v in views)
    east, south = max(v[0] + v[2] for v in views), max(v[1] + v[3] for v in views)
    dx, dy = _AROUND * (east - west), _AROUND * (south - north)
    return round(west - dx / 2), round(north - dy / 2), round(east - west + dx), round(south - north + dy)


def _lines(lines: Sequence[Line], plane: _Plane, start: Box) -> list[Any]:
    import geopandas as gpd
    from shapely import line_merge

    if not lines:
        return []
    inside = _rectangle(start)
    return [
        _thinned(line_merge(shape), inside)
        for shape in plane.of(gpd.GeoSeries([line.geometry for line in lines], crs="EPSG:4326"))
    ]


def _rectangle(view: Box) -> Any:
    from shapely import box

    return box(view[0], view[1], view[0] + view[2], view[1] + view[3])


def _thinned(line: Any, inside: Any) -> Any:
    """Return a line without the vertices that cannot be seen: fewer outside the start view, its ends as they are."""
    from shapely import MultiLineString, get_parts, line_merge

    pieces = [
        piece
        for part, tolerance in ((line.intersection(inside), _FINE), (line.difference(inside), _COARSE))
        for piece in get_parts(part.simplify(tolerance))
        if piece.geom_type == "LineString" and not piece.is_empty
    ]
    merged = line_merge(MultiLineString(pieces))
    return MultiLineString([merged]) if merged.geom_type == "LineString" else merged


@dataclass(frozen=True)
class _Ground:
    """Land and borders, and countries for those who colour them."""

    land: Any
    borders: Any
    shapes: Mapping[str, Any]

    def countries(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Return the countries of these codes that are there."""
        return {code: self.shapes[code] for code in wanted if code in self.shapes}


@lru_cache(maxsize=4)
def _ground(plane: _Plane, start: Box, limit: Box) -> _Ground:
    """Read the countries and draw their land as one, and their borders apart."""
    import geopandas as gpd
    from shapely import boundary, coverage_simplify, coverage_union_all, union_all

    import seeds

    countries = gpd.read_file(seeds.FOLDER / "boundaries.geojson")
    frame, inside = _rectangle(limit), _rectangle(start)
    polygons = [_polygonal(shape) for shape in plane.of(countries.geometry)]
    near = [(code, p) for code, p in zip(countries["iso_a2"], polygons, strict=True) if p.intersects(frame)]
    shapes = [shape for _, shape in near]
    one = coverage_union_all(shapes)
    borders = union_all(boundary(shapes)).difference(boundary(one))
    coloured = coverage_simplify(shapes, _FINE)
    return _Ground(
        land=_land(one, frame, inside),
        borders=_thinned(_linear(borders.intersection(frame)), inside),
        shapes={code: shape for (code, _), shape in zip(near, coloured, strict=True) if code},
    )


def _land(one: Any, frame: Any, inside: Any) -> Any:
    """Return the land inside the frame, ring by ring with the vertices that can be seen."""
    from shapely import MultiPolygon, Polygon, get_parts

    kept = []
    for polygon in get_parts(_polygonal(one.intersection(frame))):
        if polygon.area < _ISLAND and not polygon.intersects(inside):
            continue
        rings = [_ring(ring, inside) for ring in (polygon.exterior, *polygon.interiors)]
        if len(rings[0]) > 3:
            kept.append(Polygon(rings[0], [ring for ring in rings[1:] if len(ring) > 3]))
    return MultiPolygon(kept)


def _ring(ring: Any, inside: Any) -> Any:
    """Return the vertices of a ring that can be seen; none where it shrinks to a line."""
    from shapely import LineString, get_parts

    parts = get_parts(_thinned(LineString(ring.coords), inside))
    longest = max(parts, key=lambda part: part.length, default=None)
    if longest is None or not longest.is_ring:
        return np.array(ring.simplify(_FINE).coords)
    return np.array(longest.coords)


def _polygonal(shape: Any) -> Any:
    """Return the polygons of a geometry, made valid."""
    from shapely import MultiPolygon, get_parts, make_valid

    parts = [q for p in get_parts(make_valid(shape)) for q in get_parts(p)]
    return MultiPolygon([p for p in parts if p.geom_type == "Polygon"])


def _linear(shape: Any) -> Any:
    """Return the lines of a geometry, joined where they meet."""
    from shapely import MultiLineString, get_parts, line_merge

    return line_merge(MultiLineString([p for p in get_parts(shape) if p.geom_type == "LineString"]))
