"""Map of routes over borders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import seeds
from networks import CREDIT, lines_of

from .search import gateways
from .style import AFLOAT, COLOURS, GREY, INK, STYLES, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .comparison import RouteComparison

__all__ = ["DISCLAIMER", "RouteMap", "extent_of", "land", "place_names", "projection"]

DISCLAIMER = (
    "Boundaries and names are those of Natural Earth 5.1.1 in its German point of view and imply no opinion "
    f"on the status of any territory.\n{CREDIT}. Ships keep off land; where no track is at hand lines are straight."
)

_INSET = (0.2, 0.36)


@dataclass(frozen=True)
class RouteMap:
    """Draws the map of one comparison."""

    comparison: RouteComparison

    def draw(self, corridors: Iterable[str] | None = None) -> Figure:
        """Draw the map; parameters as in `Plots.map`."""
        import geopandas as gpd

        plt = pyplot()
        drawn = self.comparison.having(corridors)
        lines = gpd.GeoDataFrame(pd.concat([self._lines(c) for c in drawn]), geometry="geometry", crs="EPSG:4326")
        ashore = lines[~lines["family"].isin(AFLOAT)]
        main = ashore if len(ashore) else lines
        crs = projection(main)
        figure: Figure = plt.figure(figsize=(13.5, 8.0), layout="constrained")
        axes = figure.subplots()
        extent = extent_of(main.to_crs(crs).total_bounds, 13.5 / 8.0)
        self._draw(axes, lines, crs, extent, 1.8)
        inset, legend = _free_spots(lines.to_crs(crs), extent)
        covers: list[Any] = [self._legend(axes, drawn, lines, legend)]
        if 0 < len(ashore) < len(lines):
            small = axes.inset_axes((*inset, *_INSET))
            whole = projection(lines)
            self._draw(small, lines, whole, extent_of(lines.to_crs(whole).total_bounds, 0.9), 1.0)
            covers.append(small)
        self._label_places(axes, lines, crs, extent, covers)
        names = self.comparison.network.tables.places["name"]
        axes.set_title(
            f"{names[self.comparison.origin]} - {names[self.comparison.destination]}: best route of each corridor, "
            f"network of {self.comparison.year}",
            loc="left",
            fontsize=12,
        )
        figure.supxlabel(DISCLAIMER, x=0.01, ha="left", fontsize=8, color=GREY)
        return figure

    def _family(self, corridor_id: str) -> str:
        return self.comparison.found[corridor_id][0].family

    def _lines(self, corridor_id: str) -> pd.DataFrame:
        arcs = self.comparison.arcs_of(corridor_id)
        links = arcs[arcs["kind"] == "link"]
        tables = self.comparison.network.tables
        ends = links["from_place_id"], links["to_place_id"]
        lines = lines_of(links["link_id"], *ends, tables.places, tables.folder)
        return pd.DataFrame(
            {
                "corridor_id": corridor_id,
                "family": self._family(corridor_id),
                "mode": links["mode"].to_numpy(),
                "geometry": [line for line, _ in lines],
            }
        )

    def _draw(self, axes: Axes, lines: Any, crs: str, extent: tuple[float, float, float, float], width: float) -> None:
        axes.set_facecolor("#eaf1f6")
        land(crs, extent).plot(ax=axes, color="#f7f5f0", edgecolor="#b9b4a8", linewidth=0.5, zorder=1)
        for (family, mode), part in lines.to_crs(crs).groupby(["family", "mode"]):
            part.plot(ax=axes, color=COLOURS[family], linestyle=STYLES[mode], linewidth=width, alpha=0.9, zorder=3)
        axes.set_xlim(extent[0], extent[2])
        axes.set_ylim(extent[1], extent[3])
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")

    def _label_places(
        self, axes: Axes, lines: Any, crs: str, extent: tuple[float, float, float, float], covers: Sequence[Any]
    ) -> None:
        import geopandas as gpd

        comparison = self.comparison
        shown = {comparison.origin: True, comparison.destination: True}
        for corridor_id in dict.fromkeys(lines["corridor_id"]):
            for place in gateways(comparison.network, comparison.found[corridor_id][1][0]):
                shown.setdefault(place, False)
        places = comparison.network.tables.places.loc[list(shown)]
        points = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs="EPSG:4326").to_crs(crs)
        inside = (points.x.between(extent[0], extent[2]) & points.y.between(extent[1], extent[3])).to_numpy()
        spots = np.column_stack([points.x, points.y])[inside]
        ends = np.array(list(shown.values()))[inside]
        axes.scatter(spots[:, 0], spots[:, 1], s=np.where(ends, 36, 12), color=INK, zorder=5)
        place_names(axes, spots, list(places["name"][inside]), list(ends), covers)

    def _legend(self, axes: Axes, drawn: Sequence[str], lines: Any, spot: tuple[float, float]) -> Any:
        from matplotlib.lines import Line2D

        families = {
            "other": "Other",
            "sea": "Sea",
            "arctic": "Northern Sea Route",
            "northern": "Northern",
            "middle": "Middle",
            "instc": "INSTC",
            "southern": "Southern",
        }
        used = dict.fromkeys(self._family(c) for c in drawn)
        colours = [Line2D([], [], color=COLOURS[f], linewidth=2.2, label=families[f]) for f in used]
        used_modes = {m if m in ("rail", "road") else "ship" for m in lines["mode"]}
        styles = [(name, style) for name, style in (("rail", "-"), ("road", ":"), ("ship", "--")) if name in used_modes]
        modes = [Line2D([], [], color=GREY, linestyle=style, label=name) for name, style in styles]
        top = spot[1] > 0.5
        anchor = (spot[0], spot[1] + _INSET[1] if top else spot[1])
        side = "upper left" if top else "lower left"
        return axes.legend(
            handles=[*colours, *modes],
            loc=side,
            bbox_to_anchor=anchor,
            ncols=2,
            fontsize=9,
            framealpha=0.95,
            borderaxespad=0,
        )


def projection(lines: Any) -> str:
    """Lambert azimuthal equal-area around the middle of the lines, counting longitudes eastward from 60° W."""
    points = lines.get_coordinates()
    east = points["x"].where(points["x"] >= -60, points["x"] + 360)
    lon = (east.min() + east.max()) / 2
    lat = min(max((points["y"].min() + points["y"].max()) / 2, 0), 50)
    return f"+proj=laea +lon_0={lon:.1f} +lat_0={lat:.1f} +datum=WGS84 +units=m"


def extent_of(bounds: Any, shape: float) -> tuple[float, float, float, float]:
    """Frame around the bounds with a margin, width over height as `shape`."""
    west, south, east, north = bounds
    width = max((east - west) * 1.12, (north - south) * 1.2 * shape)
    height = width / shape
    x, y = (west + east) / 2, (south + north) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _free_spots(lines: Any, extent: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """Two spots on the rim of the frame, as fractions, that cover the least length of line and not each other."""
    from shapely import box

    west, south, east, north = extent
    wide, high = east - west, north - south

    def length(spot: tuple[float, float]) -> float:
        x, y = west + spot[0] * wide, south + spot[1] * high
        return float(lines.clip(box(x, y, x + _INSET[0] * wide, y + _INSET[1] * high)).length.sum())

    rim = [(x, y) for y in (0.005, 0.995 - _INSET[1]) for x in np.linspace(0.005, 0.995 - _INSET[0], 9)]
    spots = sorted(rim, key=length)
    other = next(s for s in spots if s[1] != spots[0][1] or abs(s[0] - spots[0][0]) > _INSET[0] + 0.05)
    return [spots[0], other]


def land(crs: str, extent: tuple[float, float, float, float]) -> Any:
    """Country polygons in the projection, cut to what can be drawn in it."""
    import geopandas as gpd
    from shapely import box

    land = gpd.read_file(seeds.FOLDER / "boundaries.geojson")
    projected = land.to_crs(crs)
    return projected.set_geometry(projected.make_valid()).clip(box(*extent))


def place_names(axes: Axes, spots: Any, names: Sequence[str], bold: Sequence[bool], covers: Sequence[Any]) -> None:
    """Write names beside their points, on the first side where they cover nothing and stay in the frame.

    Parameters
    ----------
    axes : Axes
    spots : array (n, 2)
        Points, in data coordinates.
    names : sequence of str
    bold : sequence of bool
        Which are written first, larger and in bold.
    covers : sequence
        Artists that no name may cover.
    """
    canvas: Any = axes.figure.canvas
    canvas.draw()
    renderer = canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    taken = [cover.get_window_extent(renderer) for cover in covers]
    sides = [(6, 3, "left", "bottom"), (-6, 3, "right", "bottom"), (6, -3, "left", "top"), (-6, -3, "right", "top")]
    for i in sorted(range(len(names)), key=lambda i: not bold[i]):
        weight, size = ("bold", 9.5) if bold[i] else ("normal", 7.5)
        for dx, dy, side, base in sides:
            text = axes.annotate(
                names[i],
                spots[i],
                (dx, dy),
                textcoords="offset points",
                ha=side,
                va=base,
                fontsize=size,
                fontweight=weight,
                color=INK,
                zorder=6,
            )
            box = text.get_window_extent(renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
