"""Generic network optimisers: arrays and tables in, tables out.

Names are loaded on first use, so that ``import solvers`` stays light.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ._graph import Graph as Graph
    from .design import design_steps as design_steps
    from .design import solve_design as solve_design
    from .design_solution import DesignSolution as DesignSolution
    from .equilibrium import solve_equilibrium as solve_equilibrium
    from .equilibrium_solution import EquilibriumSolution as EquilibriumSolution
    from .errors import FlowCheckError as FlowCheckError
    from .errors import SolverInputError as SolverInputError
    from .failures import WorstFailures as WorstFailures
    from .failures import worst_failures as worst_failures
    from .failures import worst_gas_failures as worst_gas_failures
    from .flow import solve_flow as solve_flow
    from .flow_solution import FlowSolution as FlowSolution
    from .gas_flow import solve_gas_flow as solve_gas_flow
    from .gas_line import LineCapacity as LineCapacity
    from .gas_line import line_capacity as line_capacity
    from .gas_line import linepack_kg as linepack_kg
    from .gas_physics import Gas as Gas
    from .gas_solution import GasFlow as GasFlow
    from .hydraulics import HydraulicState as HydraulicState
    from .hydraulics import steady_state as steady_state
    from .logit import LogitModel as LogitModel
    from .logit import LogitSolution as LogitSolution
    from .logit import assign_logit as assign_logit
    from .logit import path_sizes as path_sizes
    from .parametric import linear_pieces as linear_pieces
    from .parametric import parametric_flow as parametric_flow
    from .paths import (
        iter_shortest_paths as iter_shortest_paths,
    )
    from .paths import (
        k_shortest_paths as k_shortest_paths,
    )
    from .paths import (
        shortest_paths as shortest_paths,
    )
    from .queueing import Queue as Queue
    from .queueing import deterministic_queue as deterministic_queue
    from .scheduling import Schedule as Schedule
    from .scheduling import schedule_projects as schedule_projects
    from .two_stage import solve_two_stage as solve_two_stage
    from .two_stage_solution import TwoStageSolution as TwoStageSolution

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_graph": ["Graph"],
        "design": ["design_steps", "solve_design"],
        "design_solution": ["DesignSolution"],
        "equilibrium": ["solve_equilibrium"],
        "equilibrium_solution": ["EquilibriumSolution"],
        "errors": ["FlowCheckError", "SolverInputError"],
        "failures": ["WorstFailures", "worst_failures", "worst_gas_failures"],
        "flow": ["solve_flow"],
        "flow_solution": ["FlowSolution"],
        "gas_flow": ["solve_gas_flow"],
        "gas_line": ["LineCapacity", "line_capacity", "linepack_kg"],
        "gas_physics": ["Gas"],
        "gas_solution": ["GasFlow"],
        "hydraulics": ["HydraulicState", "steady_state"],
        "logit": ["LogitModel", "LogitSolution", "assign_logit", "path_sizes"],
        "parametric": ["linear_pieces", "parametric_flow"],
        "paths": ["iter_shortest_paths", "k_shortest_paths", "shortest_paths"],
        "queueing": ["Queue", "deterministic_queue"],
        "scheduling": ["Schedule", "schedule_projects"],
        "two_stage": ["solve_two_stage"],
        "two_stage_solution": ["TwoStageSolution"],
    },
)
