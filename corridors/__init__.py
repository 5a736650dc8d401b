"""What is asked: corridors compared by time, price, emissions and generalised cost.

Names are loaded on first use, so that the command line starts quickly.

>>> import corridors
>>> corridors.routes("Xi'an", "Duisburg")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .assigned import Assignment as Assignment
    from .assignment import ShipperClass as ShipperClass
    from .assignment import assign as assign
    from .catalogue import Corridor as Corridor
    from .catalogue import load_catalogue as load_catalogue
    from .comparison import RouteComparison as RouteComparison
    from .finder import compare_routes as compare_routes
    from .finder import routes as routes
    from .freight import demand as demand
    from .freight import demand_totals as demand_totals
    from .past import past_arcs as past_arcs
    from .past import year_inputs as year_inputs
    from .room import Headroom as Headroom
    from .room import headroom as headroom
    from .validation import route_checks as route_checks

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "assigned": ["Assignment"],
        "assignment": ["ShipperClass", "assign"],
        "catalogue": ["Corridor", "load_catalogue"],
        "comparison": ["RouteComparison"],
        "freight": ["demand", "demand_totals"],
        "finder": ["compare_routes", "routes"],
        "past": ["past_arcs", "year_inputs"],
        "room": ["Headroom", "headroom"],
        "validation": ["route_checks"],
    },
)
