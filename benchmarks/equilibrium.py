"""The same user equilibrium by this project and by AequilibraE, at the same relative gap."""

from __future__ import annotations

import math
import os
import time

import numpy as np
import pandas as pd

from .instances import Roads
from .peers import Answer, FloatArray

__all__ = ["aequilibrae", "ours", "toy"]

_MOST_ITERATIONS = 100_000
_KNOWN_TO = 1e-9  # digits of the published objectives
_LEAST_TIME = 1e-6  # instead of zero, which AequilibraE refuses


def toy() -> Roads:
    """Two roads between two zones, to be solved before the clock runs."""
    columns = ["tail", "head", "capacity", "free_time", "b", "power", "cost"]
    arcs = pd.DataFrame([(1, 3, 9, 1, 0.15, 4, 0), (3, 2, 9, 1, 0.15, 4, 0), (1, 2, 9, 2, 0.15, 4, 0)], columns=columns)
    demands = pd.DataFrame([(1, 2, 9.0)], columns=["origin", "destination", "quantity"])
    return Roads(arcs.astype({"free_time": float, "capacity": float}), demands, [], 1e-4)


def beckmann(roads: Roads, flow: FloatArray) -> float:
    """Beckmann's objective of a flow, with the times of the instance."""
    arcs = roads.arcs
    load = flow / arcs["capacity"].to_numpy()
    risen = arcs["b"].to_numpy() / (arcs["power"].to_numpy() + 1) * load ** arcs["power"].to_numpy()
    return float(flow @ (arcs["free_time"].to_numpy() * (1 + risen) + arcs["cost"].to_numpy()))


def ours(roads: Roads, limit_s: float) -> Answer:
    """Solve by `solvers.solve_equilibrium`."""
    from solvers import solve_equilibrium

    started = time.perf_counter()
    found = solve_equilibrium(
        roads.arcs, roads.demands, rel_gap=roads.rel_gap, time_limit_s=limit_s, no_through=roads.zones
    )
    seconds = time.perf_counter() - started
    note = f"{found.iterations} iterations"
    if found.status != "optimal":
        return Answer(math.nan, seconds, f"{found.status}, {note}", found.relative_gap)
    objective = beckmann(roads, found.arc_flow.to_numpy())
    return Answer(objective, seconds, note, found.relative_gap, max(2 * roads.rel_gap, _KNOWN_TO))


def aequilibrae(roads: Roads, limit_s: float) -> Answer:
    """Solve by AequilibraE: bi-conjugate Frank-Wolfe on all cores, its default. It has no time limit."""
    from aequilibrae.matrix import AequilibraeMatrix
    from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

    arcs, demands = roads.arcs, roads.demands
    started = time.perf_counter()
    graph = Graph()
    graph.mode = "c"
    graph.network = pd.DataFrame(
        {
            "link_id": np.arange(1, len(arcs) + 1),
            "a_node": arcs["tail"].to_numpy(),
            "b_node": arcs["head"].to_numpy(),
            "direction": 1,
            "free_flow_time": arcs["free_time"].clip(lower=_LEAST_TIME).to_numpy(),
            **{column: arcs[column].to_numpy(dtype=float) for column in ("capacity", "b", "power", "cost")},
        }
    )
    zones = np.unique(demands[["origin", "destination"]])
    graph.prepare_graph(zones)
    graph.set_graph("free_flow_time")
    graph.set_blocked_centroid_flows(bool(roads.zones))
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=len(zones), matrix_names=["trips"], memory_only=True)
    matrix.index[:] = zones
    trips = np.zeros((len(zones), len(zones)))
    place = (np.searchsorted(zones, demands[end].to_numpy()) for end in ("origin", "destination"))
    trips[tuple(place)] = demands["quantity"].to_numpy()
    matrix.matrix["trips"][:, :] = trips
    matrix.computational_view(["trips"])
    cars = TrafficClass("c", graph, matrix)
    if (arcs["cost"] > 0).any():
        cars.set_fixed_cost("cost")
    assignment = TrafficAssignment()
    assignment.set_classes([cars])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow_time")
    assignment.set_algorithm("bfw")
    assignment.max_iter, assignment.rgap_target = _MOST_ITERATIONS, roads.rel_gap
    assignment.set_cores(os.cpu_count() or 1)
    assignment.execute()
    flow = assignment.results()["trips_ab"].reindex(graph.network["link_id"]).to_numpy()
    seconds = time.perf_counter() - started
    report = assignment.report()
    gap = float(report["rgap"].iloc[-1])
    return Answer(beckmann(roads, flow), seconds, f"{len(report)} iterations", gap, 2 * roads.rel_gap)
