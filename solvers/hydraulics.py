"""Steady flow of gas in a network of pipes and compressors: pressures for given injections."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import bmat, coo_array, csc_array, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from .errors import FloatArray, SolverInputError, check_table, node_labels, numbers
from .gas_physics import AVERAGES, FRICTIONS, Gas, average_z, friction_factor, pipe_terms, power_mw

__all__ = ["HydraulicState", "steady_state"]

_BAR = 1e5
_MOST_ROUNDS = 200
_CLOSED = 1e-11  # relative residual at which the equations hold
_LEAST_SLOPE = 1e-9  # of the steepest, so that pipes without flow leave the system regular
_SHORTEST = 2.0**-20


@dataclass(frozen=True, eq=False)
class HydraulicState:
    """Pressures and flows.

    Attributes
    ----------
    pressure_bar : Series by node
        Absolute.
    injection_kg_per_s : Series by node
        As given; where the pressure was given, as it comes out.
    flow_kg_per_s : Series by pipe
        Positive from tail to head.
    velocity_m_per_s : Series by pipe
        The higher of its ends.
    compressors : DataFrame
        ``flow_kg_per_s``, ``inlet_bar``, ``outlet_bar``, ``ratio``, ``power_mw``, ``within`` (ratio and power are no
        more than the most that was given, and gas goes forward).
    rounds : int
        Newton steps.
    residual : float
        Largest error of balance of a node, relative to the largest flow.
    gas : Gas
    """

    pressure_bar: pd.Series[float]
    injection_kg_per_s: pd.Series[float]
    flow_kg_per_s: pd.Series[float]
    velocity_m_per_s: pd.Series[float]
    compressors: pd.DataFrame
    rounds: int
    residual: float
    gas: Gas = field(repr=False)


def steady_state(
    nodes: pd.DataFrame,
    pipes: pd.DataFrame,
    *,
    compressors: pd.DataFrame | None = None,
    gas: Gas | None = None,
    friction: str = "colebrook",
    average: str = "exact",
) -> HydraulicState:
    r"""Find pressures and flows of a gas network in steady state.

    Parameters
    ----------
    nodes : DataFrame
        ``node``; ``pressure_bar`` (absolute) where it is given, at one node of each connected part at least, empty
        elsewhere; ``injection_kg_per_s`` elsewhere (negative: withdrawal; empty: none); optional ``elevation_m``.
    pipes : DataFrame
        ``tail``, ``head``, ``length_km``, ``diameter_mm`` (inner), and ``roughness_mm``; where ``friction_factor``
        (Darcy) is there it counts instead of the law, with the law ``given`` everywhere. Optional
        ``rise_m`` instead of what the elevations of its ends say. The index names them.
    compressors : DataFrame, optional
        ``tail``, ``head`` and one of ``ratio`` (outlet over inlet) and ``outlet_bar``; optional ``max_ratio``,
        ``max_power_mw``, ``efficiency`` (0.8).
    gas : Gas, optional
    friction : str
        ``given``, ``nikuradse``, ``colebrook``, ``hofer`` or ``weymouth``; see `solvers.gas_physics.friction_factor`.
    average : str
        How compressibility is averaged along a pipe: ``exact`` or ``mean_pressure``.

    Returns
    -------
    HydraulicState

    Raises
    ------
    SolverInputError
        Wrong tables; a part without a given pressure; injections that no pressures can carry: it says where the
        pressure would fall below nothing.

    Notes
    -----
    Unknown are the squares of pressures :math:`\pi` and flows q. Pipes: :math:`\pi_i = E \pi_j + R q |q|`; compressors:
    :math:`r^2 \pi_i = \pi_j` or :math:`\pi_j` given; nodes: what comes equals what goes. Newton steps on all of them at
    once with a step length that lowers the residual (E. Todini, S. Pilati, "A gradient method for the solution of
    looped pipe networks", 1988); friction and compressibility follow flows and mean pressures from step to step.
    """
    return _solve(_read(nodes, pipes, compressors, gas or Gas(), friction, average))


@dataclass(frozen=True, eq=False)
class _Network:
    nodes: list[Hashable]
    pipes: pd.Index[Any]
    stations: pd.Index[Any]
    tail: Any
    head: Any
    length: FloatArray
    diameter: FloatArray
    roughness: FloatArray
    given_friction: FloatArray
    rise: FloatArray
    ratio: FloatArray
    outlet: FloatArray
    most_ratio: FloatArray
    most_power: FloatArray
    efficiency: FloatArray
    fixed: Any
    pressure: FloatArray
    injection: FloatArray
    gas: Gas
    friction: str
    average: str

    @property
    def n_pipes(self) -> int:
        return len(self.pipes)


def _read(
    nodes: pd.DataFrame, pipes: pd.DataFrame, compressors: pd.DataFrame | None, gas: Gas, friction: str, average: str
) -> _Network:
    if average not in AVERAGES:
        raise SolverInputError(f"average: got {average!r}, expected {' or '.join(AVERAGES)}")
    if friction not in FRICTIONS:
        raise SolverInputError(f"friction: got {friction!r}, expected one of {', '.join(FRICTIONS)}")
    check_table(nodes, ("node", "pressure_bar"), "nodes")
    needed = ("tail", "head", "length_km", "diameter_mm")
    column = {"given": "friction_factor", "weymouth": "length_km"}.get(friction, "roughness_mm")
    check_table(pipes, tuple(dict.fromkeys((*needed, column))), "pipes")
    stations = pd.DataFrame(columns=["tail", "head"]) if compressors is None else compressors
    check_table(stations, ("tail", "head"), "compressors")
    names = node_labels(nodes, "node", nodes.index.tolist(), "nodes")
    place = {name: i for i, name in enumerate(names)}
    if len(place) < len(names):
        raise SolverInputError("nodes: a node stands there twice, expected each once")
    tail, head = (
        np.concatenate([_ends(pipes, side, place, "pipes"), _ends(stations, side, place, "compressors")])
        for side in ("tail", "head")
    )
    height = _optional(nodes, "elevation_m", 0.0, -1000.0, 9000.0, "nodes")
    pressure = _optional(nodes, "pressure_bar", np.nan, 0.01, 1e4, "nodes")
    m = len(pipes)
    found = _Network(
        nodes=names,
        pipes=pipes.index,
        stations=stations.index,
        tail=tail,
        head=head,
        length=1000.0 * numbers(pipes, "length_km", 1e-6, 1e5, "a length above 0", "pipes"),
        diameter=numbers(pipes, "diameter_mm", 1.0, 5000.0, "a diameter from 1 to 5000", "pipes") / 1000.0,
        roughness=_optional(pipes, "roughness_mm", 0.01, 1e-6, 100.0, "pipes") / 1000.0,
        given_friction=_optional(pipes, "friction_factor", np.nan, 0.0, 1e9, "pipes"),
        rise=_optional_rise(pipes, (height[head] - height[tail])[:m]),
        ratio=_optional(stations, "ratio", np.nan, 0.1, 20.0, "compressors"),
        outlet=_BAR * _optional(stations, "outlet_bar", np.nan, 0.01, 1e4, "compressors"),
        most_ratio=_optional(stations, "max_ratio", np.inf, 1.0, np.inf, "compressors"),
        most_power=_optional(stations, "max_power_mw", np.inf, 0.0, np.inf, "compressors"),
        efficiency=_optional(stations, "efficiency", 0.8, 0.05, 1.0, "compressors"),
        fixed=~np.isnan(pressure),
        pressure=_BAR * pressure,
        injection=_optional(nodes, "injection_kg_per_s", 0.0, -1e6, 1e6, "nodes"),
        gas=gas,
        friction=friction,
        average=average,
    )
    _check(found)
    return found


def _ends(frame: pd.DataFrame, side: str, place: dict[Hashable, int], table: str) -> Any:
    rows = frame.index.tolist()
    labels = node_labels(frame, side, rows, table)
    for row, label in zip(rows, labels, strict=True):
        if label not in place:
            raise SolverInputError.at(row, side, label, "a node of table nodes", table)
    return np.array([place[label] for label in labels], dtype=np.int64)


def _optional(frame: pd.DataFrame, column: str, default: float, low: float, high: float, table: str) -> FloatArray:
    if column not in frame:
        return np.full(len(frame), default)
    there = frame[column].notna()
    found = np.full(len(frame), default)
    found[there.to_numpy()] = numbers(frame[there], column, low, high, f"a number from {low:g} to {high:g}", table)
    return found


def _optional_rise(pipes: pd.DataFrame, by_nodes: FloatArray) -> FloatArray:
    own = _optional(pipes, "rise_m", np.nan, -9000.0, 9000.0, "pipes")
    return np.where(np.isnan(own), by_nodes, own)


def _check(net: _Network) -> None:
    both = np.isnan(net.ratio) == np.isnan(net.outlet)
    for i in np.flatnonzero(both)[:1].tolist():
        row = net.stations[i]
        raise SolverInputError(f"compressors row {row!r}: expected either a ratio or an outlet_bar")
    if net.friction == "given" and np.isnan(net.given_friction).any():
        row = net.pipes[int(np.flatnonzero(np.isnan(net.given_friction))[0])]
        raise SolverInputError.at(row, "friction_factor", np.nan, "a friction factor", "pipes")
    n = len(net.nodes)
    graph = coo_array((np.ones(len(net.tail)), (net.tail, net.head)), shape=(n, n))
    count, part = connected_components(graph, directed=False)
    for number in range(count):
        if not net.fixed[part == number].any():
            name = net.nodes[int(np.flatnonzero(part == number)[0])]
            size = int((part == number).sum())
            raise SolverInputError(f"nodes: none of the {size} joined with {name!r} has a given pressure_bar")


def _solve(net: _Network) -> HydraulicState:
    n, m, free = len(net.nodes), len(net.tail), np.flatnonzero(~net.fixed)
    incidence = coo_array(
        (np.r_[-np.ones(m), np.ones(m)], (np.r_[net.tail, net.head], np.r_[np.arange(m), np.arange(m)])), shape=(n, m)
    ).tocsc()
    highest = float(np.nanmax(net.pressure)) ** 2
    squares = np.where(net.fixed, net.pressure**2, highest)
    scale = max(1.0, float(np.abs(net.injection).sum()))
    flow = np.full(m, scale / max(4, m))
    rounds, moved = 0, np.inf
    while moved >= _CLOSED and rounds < _MOST_ROUNDS:
        rounds += 1
        weight, resistance = _terms(net, flow, squares)
        error = _errors(net, incidence, free, flow, squares, weight, resistance)
        slope = np.zeros(m)
        steep = 2.0 * resistance * np.abs(flow[: net.n_pipes])
        slope[: net.n_pipes] = np.maximum(steep, _LEAST_SLOPE * max(float(steep.max(initial=0.0)), 1.0))
        step = splu(_jacobian(net, incidence, free, weight, slope)).solve(-error)
        length, before = 1.0, _size(error, scale, highest, m)
        while True:
            tried = flow + length * step[:m], squares.copy()
            tried[1][free] += length * step[m:]
            after = _size(_errors(net, incidence, free, *tried, weight, resistance), scale, highest, m)
            if after <= before or length <= _SHORTEST:
                break
            length /= 2.0
        moved = max(
            float(np.abs(tried[0] - flow).max(initial=0.0)) / scale, float(np.abs(tried[1] - squares).max()) / highest
        )
        flow, squares = tried
    _check_pressures(net, squares)
    return _state(net, incidence, flow, squares, rounds, scale)


def _terms(net: _Network, flow: FloatArray, squares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weight and resistance of pipes at flows and pressures."""
    p = net.n_pipes
    gas = net.gas
    z = average_z(gas, squares[net.tail[:p]], squares[net.head[:p]], net.average)
    factor = net.given_friction
    if net.friction != "given":
        reynolds = 4.0 * np.abs(flow[:p]) / (np.pi * net.diameter * gas.viscosity_pa_s)
        by_law = friction_factor(net.friction, reynolds, net.diameter, net.roughness)
        factor = np.where(np.isnan(net.given_friction), by_law, net.given_friction)
    return pipe_terms(gas, net.length, net.diameter, net.rise, factor, z)


def _errors(
    net: _Network,
    incidence: csc_array,
    free: Any,
    flow: FloatArray,
    squares: FloatArray,
    weight: FloatArray,
    resistance: FloatArray,
) -> FloatArray:
    """Return what the equations are off by: of pipes and compressors, Pa2, then of nodes of no given pressure, kg/s."""
    p = net.n_pipes
    q = flow[:p]
    along = squares[net.tail[:p]] - weight * squares[net.head[:p]] - resistance * q * np.abs(q)
    inlet, outlet = squares[net.tail[p:]], squares[net.head[p:]]
    raised = np.where(
        np.isnan(net.ratio), np.nan_to_num(net.outlet) ** 2 - outlet, np.nan_to_num(net.ratio) ** 2 * inlet - outlet
    )
    balance = (incidence @ flow + net.injection)[free]
    return np.concatenate([along, raised, balance])


def _jacobian(net: _Network, incidence: csc_array, free: Any, weight: FloatArray, slope: FloatArray) -> csc_array:
    p, m = net.n_pipes, len(net.tail)
    start = np.concatenate([np.ones(p), np.where(np.isnan(net.ratio), 0.0, np.nan_to_num(net.ratio) ** 2)])
    stop = np.concatenate([-weight, -np.ones(m - p)])
    rows = np.r_[np.arange(m), np.arange(m)]
    by_square = coo_array((np.r_[start, stop], (rows, np.r_[net.tail, net.head])), shape=(m, len(net.nodes))).tocsc()
    found: csc_array = bmat([[diags(-slope), by_square[:, free]], [incidence.tocsr()[free], None]], format="csc")
    return found


def _size(error: FloatArray, scale: float, highest: float, m: int) -> float:
    return float(np.sqrt(((error[:m] / highest) ** 2).sum() + ((error[m:] / scale) ** 2).sum()))


def _check_pressures(net: _Network, squares: FloatArray) -> None:
    worst = int(np.argmin(squares))
    if squares[worst] > 0:
        return
    low = [str(net.nodes[i]) for i in np.argsort(squares) if squares[i] <= 0]
    named = ", ".join(low[:4]) + (f" and {len(low) - 4} more" if len(low) > 4 else "")
    raise SolverInputError(
        f"these injections cannot be carried: the pressure would fall below nothing at {named}; lower the withdrawals "
        "there, raise the given pressures or add compressors"
    )


def _state(
    net: _Network, incidence: csc_array, flow: FloatArray, squares: FloatArray, rounds: int, scale: float
) -> HydraulicState:
    pressure, p = np.sqrt(squares), net.n_pipes
    balance = incidence @ flow
    injection = np.where(net.fixed, -balance, net.injection)
    lower = np.minimum(pressure[net.tail[:p]], pressure[net.head[:p]])
    velocity = np.abs(flow[:p]) / (net.gas.density(lower) * np.pi / 4.0 * net.diameter**2)
    inlet, outlet, through = pressure[net.tail[p:]], pressure[net.head[p:]], flow[p:]
    power = power_mw(net.gas, through, inlet, outlet, net.efficiency)
    ratio = outlet / inlet
    within = (
        (ratio <= net.most_ratio * (1 + 1e-9)) & (power <= net.most_power * (1 + 1e-9)) & (through >= -1e-9 * scale)
    )
    stations = pd.DataFrame(
        {
            "flow_kg_per_s": through,
            "inlet_bar": inlet / _BAR,
            "outlet_bar": outlet / _BAR,
            "ratio": ratio,
            "power_mw": power,
            "within": within,
        },
        index=net.stations,
    )
    off = np.abs((balance + net.injection)[~net.fixed]).max(initial=0.0) / scale
    return HydraulicState(
        pressure_bar=pd.Series(pressure / _BAR, pd.Index(net.nodes, name="node"), name="pressure_bar"),
        injection_kg_per_s=pd.Series(injection, pd.Index(net.nodes, name="node"), name="injection_kg_per_s"),
        flow_kg_per_s=pd.Series(flow[:p], net.pipes, name="flow_kg_per_s"),
        velocity_m_per_s=pd.Series(velocity, net.pipes, name="velocity_m_per_s"),
        compressors=stations,
        rounds=rounds,
        residual=float(off),
        gas=net.gas,
    )
