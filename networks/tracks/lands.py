"""Which country a point lies in, and which points lie in or close to given countries."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HIGH_SEAS", "Lands"]

HIGH_SEAS = "XZ"
"""Code of the places of countries.csv that lie in no country."""

_KM_PER_DEG = 111.0
_COAST_KM = 370.4
_NO_POLYGONS_DEG = (-168.0, -30.0)


@dataclass(frozen=True, eq=False)
class Lands:
    """Polygons of countries.

    Attributes
    ----------
    shapes : dict
        ISO code to (multi)polygon, EPSG:4326.
    """

    shapes: dict[str, Any]
    _wide: dict[tuple[str, float], Any] = field(default_factory=dict)

    @classmethod
    def shipped(cls) -> Lands:
        """Return the borders that the toolkit draws maps with, simplified to about 5 km."""
        return _shipped()

    @classmethod
    def natural_earth(cls, source: Path) -> Lands:
        """Return borders at 1:10m from the zipped shapefile that `seeds.build_boundaries.source_path` finds."""
        import geopandas as gpd

        world = gpd.read_file(f"/vsizip/{source}", encoding="utf-8")
        codes = world["ISO_A2_EH"].where(world["ISO_A2_EH"] != "-99", world["ADM0_A3"])
        return cls(world.geometry.groupby(codes).agg(lambda parts: parts.union_all()).to_dict())

    def country(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str]:
        """Return the country of each point.

        Returns
        -------
        list of str
            Code of the polygon that a point lies in; at sea that of the nearest within 200 nautical miles, else
            `HIGH_SEAS`; empty in the Americas and the ocean before them, of which there are no polygons.
        """
        import shapely

        codes = list(self.shapes)
        tree = shapely.STRtree(list(self.shapes.values()))
        points: NDArray[Any] = np.asarray(shapely.points(lon, lat))
        inside, polygon = tree.query(points, predicate="intersects")
        country = dict(zip(inside[::-1].tolist(), polygon[::-1].tolist(), strict=True))
        found = []
        for number, point in enumerate(points):
            if number in country:
                found.append(codes[country[number]])
            elif _NO_POLYGONS_DEG[0] <= point.x <= _NO_POLYGONS_DEG[1]:
                found.append("")
            else:
                code = codes[int(tree.nearest(point))]
                found.append(code if _apart_km(point, self.shapes[code]) <= _COAST_KM else HIGH_SEAS)
        return found

    def near(
        self, codes: set[str], lon: NDArray[np.float64], lat: NDArray[np.float64], within_km: float
    ) -> NDArray[np.bool_]:
        """Return which points lie in one of the countries, or less than about `within_km` outside."""
        import shapely

        found = np.zeros(len(lon), dtype=bool)
        for code in sorted(codes & set(self.shapes)):
            found |= shapely.contains_xy(self._widened(code, within_km), lon, lat)
        return found

    def _widened(self, code: str, within_km: float) -> Any:
        import shapely

        key = (code, within_km)
        if key not in self._wide:
            simple = self.shapes[code].simplify(0.01)
            wide = simple.buffer(within_km / _KM_PER_DEG, quad_segs=2) if within_km else simple
            shapely.prepare(wide)
            self._wide[key] = wide
        return self._wide[key]


def _apart_km(point: Any, shape: Any) -> float:
    import shapely
    from pyproj import Geod

    return float(Geod(ellps="WGS84").geometry_length(shapely.shortest_line(point, shape))) / 1000


@lru_cache(maxsize=1)
def _shipped() -> Lands:
    import geopandas as gpd

    land = gpd.read_file(seeds.FOLDER / "boundaries.geojson")
    known = land[land["iso_a2"].notna()]
    return Lands(known.geometry.groupby(known["iso_a2"]).agg(lambda parts: parts.union_all()).to_dict())
