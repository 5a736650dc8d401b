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
    from .backtesting import Backtest as Backtest
    from .backtesting import backtest as backtest
    from .backtesting import load_cases as load_cases
    from .calibration import Calibration as Calibration
    from .calibration import calibrate as calibrate
    from .calibration import observed_traffic as observed_traffic
    from .catalogue import Corridor as Corridor
    from .catalogue import load_catalogue as load_catalogue
    from .choice import Choice as Choice
    from .choice import load_choice as load_choice
    from .comparison import RouteComparison as RouteComparison
    from .finder import compare_routes as compare_routes
    from .finder import routes as routes
    from .forecasting import forecast as forecast
    from .freight import demand as demand
    from .freight import demand_totals as demand_totals
    from .past import past_arcs as past_arcs
    from .past import year_inputs as year_inputs
    from .room import Headroom as Headroom
    from .room import headroom as headroom
    from .scenario.contrast import Comparison as Comparison
    from .scenario.contrast import compare as compare
    from .scenario.loading import Scenario as Scenario
    from .scenario.loading import load as load
    from .scenario.results import Run as Run
    from .scenario.running import run as run
    from .scenario.saving import read as read
    from .tuning import Tuning as Tuning
    from .tuning import fit_factors as fit_factors
    from .tuning import tuned_arcs as tuned_arcs
    from .validation import route_checks as route_checks

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "assigned": ["Assignment"],
        "assignment": ["ShipperClass", "assign"],
        "backtesting": ["Backtest", "backtest", "load_cases"],
        "calibration": ["Calibration", "calibrate", "observed_traffic"],
        "catalogue": ["Corridor", "load_catalogue"],
        "choice": ["Choice", "load_choice"],
        "comparison": ["RouteComparison"],
        "forecasting": ["forecast"],
        "freight": ["demand", "demand_totals"],
        "finder": ["compare_routes", "routes"],
        "past": ["past_arcs", "year_inputs"],
        "room": ["Headroom", "headroom"],
        "scenario.contrast": ["Comparison", "compare"],
        "scenario.loading": ["Scenario", "load"],
        "scenario.results": ["Run"],
        "scenario.running": ["run"],
        "scenario.saving": ["read"],
        "tuning": ["Tuning", "fit_factors", "tuned_arcs"],
        "validation": ["route_checks"],
    },
)
