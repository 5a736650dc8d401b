"""Generic network optimisers: arrays and tables in, tables out.

Names are loaded on first use, so that ``import solvers`` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._graph import Graph
    from .errors import SolverInputError
    from .paths import iter_shortest_paths, k_shortest_paths, shortest_paths

__all__ = ["Graph", "SolverInputError", "iter_shortest_paths", "k_shortest_paths", "shortest_paths"]

_HOME = {
    "Graph": "_graph",
    "SolverInputError": "errors",
    "iter_shortest_paths": "paths",
    "k_shortest_paths": "paths",
    "shortest_paths": "paths",
}


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
