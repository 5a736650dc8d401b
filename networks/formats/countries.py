"""The country that nodes of a foreign network lie in, by the polygons behind maps."""

from __future__ import annotations

import re
from typing import Any

import seeds

from ..errors import DataError
from .gmns_files import GmnsFiles

__all__ = ["countries_of"]

_COAST_KM = 370.4
_HIGH_SEAS = "XZ"
_NO_POLYGONS_DEG = (-168.0, -30.0)


def countries_of(files: GmnsFiles, country: str | None) -> tuple[list[str], dict[str, str]]:
    """Return the country of each node, and the names of countries.

    Parameters
    ----------
    files : GmnsFiles
        The network. A node outside all polygons belongs to the nearest country within 200 nautical miles, else
        to the high seas.
    country : str, optional
        Country of all nodes.

    Raises
    ------
    DataError
        The country is no code, or a node lies in the western hemisphere, of which there are no polygons.
    """
    import geopandas as gpd

    land = gpd.read_file(seeds.FOLDER / "boundaries.geojson").dropna(subset="iso_a2").reset_index(drop=True)
    names = dict(zip(land["iso_a2"], land["name"], strict=True))
    if country is not None:
        if not re.fullmatch("[A-Z]{2}", country):
            raise DataError([f"country: {country!r} is not a code of ISO 3166-1, two capital letters"])
        return [country] * len(files.nodes), names
    points = gpd.GeoSeries(gpd.points_from_xy(files.nodes["lon"], files.nodes["lat"]), crs="EPSG:4326")
    node, polygon = land.sindex.query(points, predicate="intersects")
    inside = dict(zip(node[::-1].tolist(), polygon[::-1].tolist(), strict=True))
    found, nowhere = [], []
    for number, point in enumerate(points):
        if number in inside:
            found.append(str(land.at[inside[number], "iso_a2"]))
        elif _NO_POLYGONS_DEG[0] <= point.x <= _NO_POLYGONS_DEG[1]:
            nowhere.append(number)
        else:
            found.append(_offshore(point, land))
    if nowhere:
        raise DataError([_no_country(files, nowhere)])
    return found, names


def _no_country(files: GmnsFiles, numbers: list[int]) -> str:
    node = files.nodes.iloc[numbers[0]]
    where = f"{files.folder / 'node.csv'}, row {numbers[0] + 2}, column x_coord: node {node['node_id']!r}, "
    where += f"longitude {node['lon']:.4f}, latitude {node['lat']:.4f}, lies where boundaries.geojson has no country"
    return f"{where}; state it by country=, for example 'US'; {len(numbers):,} of {len(files.nodes):,} nodes lie so"


def _offshore(point: Any, land: Any) -> str:
    import shapely
    from pyproj import Geod

    number = int(land.sindex.nearest(point, return_all=False)[1][0])
    line = shapely.shortest_line(point, land.geometry.iloc[number])
    km = Geod(ellps="WGS84").geometry_length(line) / 1000
    return str(land.at[number, "iso_a2"]) if km <= _COAST_KM else _HIGH_SEAS
