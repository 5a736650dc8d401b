"""The country that nodes of a foreign network lie in, by the polygons behind maps."""

from __future__ import annotations

import json
import re

import seeds

from ..errors import DataError
from ..tracks.lands import Lands
from .gmns_files import GmnsFiles

__all__ = ["countries_of"]


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
    if country is not None:
        if not re.fullmatch("[A-Z]{2}", country):
            raise DataError([f"country: {country!r} is not a code of ISO 3166-1, two capital letters"])
        return [country] * len(files.nodes), _names()
    found = Lands.shipped().country(files.nodes["lon"].to_numpy(dtype=float), files.nodes["lat"].to_numpy(dtype=float))
    nowhere = [number for number, code in enumerate(found) if not code]
    if nowhere:
        raise DataError([_no_country(files, nowhere)])
    return found, _names()


def _names() -> dict[str, str]:
    land = json.loads((seeds.FOLDER / "boundaries.geojson").read_text(encoding="utf-8"))["features"]
    return {about["iso_a2"]: about["name"] for about in (f["properties"] for f in land) if about["iso_a2"]}


def _no_country(files: GmnsFiles, numbers: list[int]) -> str:
    node = files.nodes.iloc[numbers[0]]
    where = f"{files.folder / 'node.csv'}, row {numbers[0] + 2}, column x_coord: node {node['node_id']!r}, "
    where += f"longitude {node['lon']:.4f}, latitude {node['lat']:.4f}, lies where boundaries.geojson has no country"
    return f"{where}; state it by country=, for example 'US'; {len(numbers):,} of {len(files.nodes):,} nodes lie so"
