"""What is asked: corridors compared by time, price, emissions and generalised cost.

Names are loaded on first use, so that the command line starts quickly.

>>> import corridors
>>> corridors.routes("Xi'an", "Duisburg")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import Corridor, load_catalogue
    from .comparison import RouteComparison
    from .finder import compare_routes, routes
    from .validation import route_checks

_HOME = {
    "Corridor": "catalogue",
    "load_catalogue": "catalogue",
    "RouteComparison": "comparison",
    "compare_routes": "finder",
    "routes": "finder",
    "route_checks": "validation",
}
__all__ = ["Corridor", "RouteComparison", "compare_routes", "load_catalogue", "route_checks", "routes"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    """List public names, loaded or not."""
    return sorted({*globals(), *__all__})
