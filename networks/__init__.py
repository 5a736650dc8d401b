"""What there is: the multimodal network from checked tables, as arcs for solvers and graphs for people.

Names are loaded on first use, so that ``import networks`` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cost import PARTS, Prices, generalised_cost, goods_prices
    from .errors import DataError, PlaceError
    from .exchange import from_networkx, links_gdf, places_gdf, to_networkx
    from .geometry import distance_km, great_circle
    from .names import PlaceNames
    from .supernetwork import Supernetwork, build
    from .tables import Tables, load_tables, read_table

_HOME = {
    "PARTS": "cost",
    "Prices": "cost",
    "generalised_cost": "cost",
    "goods_prices": "cost",
    "DataError": "errors",
    "PlaceError": "errors",
    "from_networkx": "exchange",
    "links_gdf": "exchange",
    "places_gdf": "exchange",
    "to_networkx": "exchange",
    "distance_km": "geometry",
    "great_circle": "geometry",
    "PlaceNames": "names",
    "Supernetwork": "supernetwork",
    "build": "supernetwork",
    "Tables": "tables",
    "load_tables": "tables",
    "read_table": "tables",
}
__all__ = [
    "PARTS",
    "DataError",
    "PlaceError",
    "PlaceNames",
    "Prices",
    "Supernetwork",
    "Tables",
    "build",
    "distance_km",
    "from_networkx",
    "generalised_cost",
    "goods_prices",
    "great_circle",
    "links_gdf",
    "load_tables",
    "places_gdf",
    "read_table",
    "to_networkx",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List public names, loaded or not."""
    return sorted({*globals(), *__all__})
