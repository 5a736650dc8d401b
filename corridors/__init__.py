"""What is asked: corridors compared by time, price, emissions and generalised cost.

Names are loaded on first use, so that the command line starts quickly.

>>> import corridors
>>> corridors.routes("Xi'an", "Duisburg")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .appraisal import Appraisal as Appraisal
    from .appraisal import Streams as Streams
    from .appraisal import appraise as appraise
    from .appraisal import present_value as present_value
    from .appraisal_charts import draw_cash_flow as draw_cash_flow
    from .appraisal_charts import draw_tornado as draw_tornado
    from .appraisal_rate import RateOfReturn as RateOfReturn
    from .appraisal_rate import rate_of_return as rate_of_return
    from .appraisal_risk import RiskAnalysis as RiskAnalysis
    from .appraisal_risk import grade_distributions as grade_distributions
    from .appraisal_risk import monte_carlo as monte_carlo
    from .appraisal_sensitivity import critical_variables as critical_variables
    from .appraisal_sensitivity import grade_ranges as grade_ranges
    from .appraisal_sensitivity import switching_values as switching_values
    from .appraisal_sensitivity import tornado as tornado
    from .appraisal_streams import carbon_value as carbon_value
    from .appraisal_streams import residual as residual
    from .appraisal_streams import residual_of_benefits as residual_of_benefits
    from .appraisal_streams import spend as spend
    from .appraisal_surplus import logsum_surplus as logsum_surplus
    from .appraisal_surplus import rule_of_a_half as rule_of_a_half
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
    from .demand_cells import write_demand as write_demand
    from .finder import compare_routes as compare_routes
    from .finder import routes as routes
    from .forecasting import forecast as forecast
    from .freight import demand as demand
    from .freight import demand_totals as demand_totals
    from .gas.case import GasCase as GasCase
    from .gas.case import gas_case as gas_case
    from .gas.checks import gas_checks as gas_checks
    from .gas.delivered import Delivery as Delivery
    from .gas.delivered import deliver as deliver
    from .gas.edits import GasBan as GasBan
    from .gas.edits import GasEdit as GasEdit
    from .gas.lines import pipeline_capacity as pipeline_capacity
    from .gas.lines import pipeline_checks as pipeline_checks
    from .gas.lines import pipeline_outages as pipeline_outages
    from .gas.measures import Mitigation as Mitigation
    from .gas.measures import mitigations as mitigations
    from .gas.outcome import GasOutcome as GasOutcome
    from .gas.pypsa_export import write_pypsa as write_pypsa
    from .gas.running import run_gas_case as run_gas_case
    from .gas.security import n_minus_1 as n_minus_1
    from .gas.security import remaining_flexibility as remaining_flexibility
    from .gas.security import security as security
    from .geometry_report import line_lengths as line_lengths
    from .importing import import_network as import_network
    from .investing.frontier import Frontier as Frontier
    from .investing.frontier import frontier as frontier
    from .matrices import read_matrix as read_matrix
    from .matrices import write_matrix as write_matrix
    from .past import past_arcs as past_arcs
    from .past import year_inputs as year_inputs
    from .planner import DesignCase as DesignCase
    from .planner import design_case as design_case
    from .reporting.reports import report as report
    from .resilience.criticality import Criticality as Criticality
    from .resilience.criticality import criticality as criticality
    from .resilience.recovery import Recovery as Recovery
    from .resilience.recovery import recover as recover
    from .resilience.recovery import room_profile as room_profile
    from .resilience.redundancy import redundancy as redundancy
    from .resilience.shock import recovery as recovery
    from .resilience.sweeping import Sweep as Sweep
    from .resilience.sweeping import sweep as sweep
    from .resilience.uncertainty import Uncertainty as Uncertainty
    from .resilience.uncertainty import uncertainty as uncertainty
    from .resilience.worst import WorstLoss as WorstLoss
    from .resilience.worst import worst_failures as worst_failures
    from .room import Headroom as Headroom
    from .room import headroom as headroom
    from .scenario.contrast import Comparison as Comparison
    from .scenario.contrast import compare as compare
    from .scenario.gas_contrast import GasComparison as GasComparison
    from .scenario.gas_outages import GasBacktest as GasBacktest
    from .scenario.gas_outages import gas_backtest as gas_backtest
    from .scenario.gas_results import GasRun as GasRun
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
        "appraisal": ["Appraisal", "Streams", "appraise", "present_value"],
        "appraisal_charts": ["draw_cash_flow", "draw_tornado"],
        "appraisal_rate": ["RateOfReturn", "rate_of_return"],
        "appraisal_risk": ["RiskAnalysis", "grade_distributions", "monte_carlo"],
        "appraisal_sensitivity": ["critical_variables", "grade_ranges", "switching_values", "tornado"],
        "appraisal_streams": ["carbon_value", "residual", "residual_of_benefits", "spend"],
        "appraisal_surplus": ["logsum_surplus", "rule_of_a_half"],
        "assigned": ["Assignment"],
        "assignment": ["ShipperClass", "assign"],
        "backtesting": ["Backtest", "backtest", "load_cases"],
        "calibration": ["Calibration", "calibrate", "observed_traffic"],
        "catalogue": ["Corridor", "load_catalogue"],
        "choice": ["Choice", "load_choice"],
        "comparison": ["RouteComparison"],
        "forecasting": ["forecast"],
        "demand_cells": ["write_demand"],
        "freight": ["demand", "demand_totals"],
        "finder": ["compare_routes", "routes"],
        "gas.case": ["GasCase", "gas_case"],
        "gas.checks": ["gas_checks"],
        "gas.delivered": ["Delivery", "deliver"],
        "gas.edits": ["GasBan", "GasEdit"],
        "gas.lines": ["pipeline_capacity", "pipeline_checks", "pipeline_outages"],
        "gas.measures": ["Mitigation", "mitigations"],
        "gas.outcome": ["GasOutcome"],
        "gas.running": ["run_gas_case"],
        "gas.security": ["n_minus_1", "remaining_flexibility", "security"],
        "gas.pypsa_export": ["write_pypsa"],
        "geometry_report": ["line_lengths"],
        "importing": ["import_network"],
        "investing.frontier": ["Frontier", "frontier"],
        "matrices": ["read_matrix", "write_matrix"],
        "past": ["past_arcs", "year_inputs"],
        "reporting.reports": ["report"],
        "resilience.criticality": ["Criticality", "criticality"],
        "resilience.recovery": ["Recovery", "recover", "room_profile"],
        "resilience.redundancy": ["redundancy"],
        "resilience.shock": ["recovery"],
        "resilience.sweeping": ["Sweep", "sweep"],
        "resilience.uncertainty": ["Uncertainty", "uncertainty"],
        "resilience.worst": ["WorstLoss", "worst_failures"],
        "planner": ["DesignCase", "design_case"],
        "room": ["Headroom", "headroom"],
        "scenario.contrast": ["Comparison", "compare"],
        "scenario.gas_outages": ["GasBacktest", "gas_backtest"],
        "scenario.gas_contrast": ["GasComparison"],
        "scenario.gas_results": ["GasRun"],
        "scenario.loading": ["Scenario", "load"],
        "scenario.results": ["Run"],
        "scenario.running": ["run"],
        "scenario.saving": ["read"],
        "tuning": ["Tuning", "fit_factors", "tuned_arcs"],
        "validation": ["route_checks"],
    },
)
