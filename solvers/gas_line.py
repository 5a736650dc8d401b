"""One line of pipe and compressor stations: what it can carry, with a station out too, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import FloatArray, SolverInputError, check_table, numbers
from .gas_physics import AVERAGES, FRICTIONS, Gas, average_z, friction_factor, mean_pressure, pipe_terms, power_mw

__all__ = ["LineCapacity", "line_capacity", "linepack_kg"]

_BAR = 1e5
_AT_ONCE = 15  # flows that are tried together, which cuts the interval to a sixteenth
_ROUNDS = 60
_SAME = 1e-13


@dataclass(frozen=True, eq=False)
class LineCapacity:
    """The most that a line can carry.

    Attributes
    ----------
    kg_per_s : float
        That enters; nothing where even a little does not arrive with the pressure asked.
    sections : DataFrame
        By section at that flow: ``flow_kg_per_s``, ``suction_bar`` (before a station), ``start_bar``, ``end_bar``,
        ``ratio``, ``power_mw``, ``limit`` of its station: ``discharge``, ``ratio``, ``power``, or nothing.
    gas : Gas
    """

    kg_per_s: float
    sections: pd.DataFrame
    gas: Gas = field(repr=False)

    def mcm_per_day(self, temperature_c: float = 15.0) -> float:
        """Return the flow in million m3 a day at a reference temperature and one atmosphere.

        Parameters
        ----------
        temperature_c : float
            Of the cubic metre, degrees Celsius.
        """
        return self.kg_per_s * 86_400.0 / self.gas.density_at(temperature_c) / 1e6


def line_capacity(
    sections: pd.DataFrame,
    *,
    inlet_bar: float,
    outlet_bar: float,
    gas: Gas | None = None,
    friction: str = "colebrook",
    average: str = "exact",
) -> LineCapacity:
    """Find the largest steady flow of a line.

    Parameters
    ----------
    sections : DataFrame
        In their order: ``length_km``, ``diameter_mm`` (inner), ``roughness_mm``; optional ``rise_m`` (end above start),
        ``offtake_kg_per_s`` at its end, and the station at its start: ``max_discharge_bar`` (empty: no station),
        ``max_ratio``, ``max_power_mw``, ``efficiency`` (0.8), ``in_service``. The index names them.
    inlet_bar : float
        Absolute pressure at which gas comes to the first section, before its station if it has one.
    outlet_bar : float
        Least absolute pressure at the end.
    gas, friction, average
        As of `solvers.steady_state`; not the law ``given``.

    Returns
    -------
    LineCapacity
        Each station raises the pressure as far as discharge, ratio and power allow.

    Raises
    ------
    SolverInputError
        A wrong table, pressure or law.
    """
    line = _read(sections, inlet_bar, outlet_bar, gas or Gas(), friction, average)
    low, high = float(line.offtake.sum()) * (1.0 + 1e-9), _upper(line)
    if low > 0 and not _arrives(line, np.array([low]))[0]:
        return LineCapacity(0.0, _profile(line, 0.0), line.gas)
    for _ in range(_ROUNDS):
        flows = np.linspace(low, high, _AT_ONCE + 2)[1:-1]
        arrived = int(np.count_nonzero(np.logical_and.accumulate(_arrives(line, flows))))
        edges = [low, *flows, high]
        low, high = float(edges[arrived]), float(edges[arrived + 1])
        if high - low <= _SAME * high:
            break
    low = 0.0 if low <= float(line.offtake.sum()) * (1.0 + 1e-9) else low
    return LineCapacity(low, _profile(line, low), line.gas)


def linepack_kg(
    length_km: float, diameter_mm: float, start_bar: float, end_bar: float, gas: Gas | None = None
) -> float:
    """Return the mass of gas in a pipe between two pressures: its volume at the mean pressure along it.

    Parameters
    ----------
    length_km, diameter_mm : float
        Of the pipe, inside.
    start_bar, end_bar : float
        Absolute pressures at its ends.
    gas : Gas, optional
        What flows.

    Returns
    -------
    float
        kg.
    """
    used = gas or Gas()
    pressure = float(mean_pressure(np.array(start_bar * _BAR), np.array(end_bar * _BAR)))
    volume = np.pi / 4.0 * (diameter_mm / 1000.0) ** 2 * length_km * 1000.0
    return float(volume * used.density(pressure))


@dataclass(frozen=True, eq=False)
class _Line:
    names: pd.Index[str]
    length: FloatArray
    diameter: FloatArray
    roughness: FloatArray
    rise: FloatArray
    offtake: FloatArray
    discharge: FloatArray  # Pa; NaN: no station, or one that is out
    ratio: FloatArray
    power: FloatArray
    efficiency: FloatArray
    inlet: float
    outlet: float
    gas: Gas
    friction: str
    average: str


def _read(sections: pd.DataFrame, inlet: float, outlet: float, gas: Gas, friction: str, average: str) -> _Line:
    if friction not in FRICTIONS or friction == "given":
        raise SolverInputError(f"friction: got {friction!r}, expected one of {', '.join(FRICTIONS[1:])}")
    if average not in AVERAGES:
        raise SolverInputError(f"average: got {average!r}, expected {' or '.join(AVERAGES)}")
    check_table(sections, ("length_km", "diameter_mm", "roughness_mm"), "sections")
    if not len(sections):
        raise SolverInputError("sections: none given, expected at least one")
    for name, value in (("inlet_bar", inlet), ("outlet_bar", outlet)):
        if not 0 < value < 1e4:
            raise SolverInputError(f"{name}: got {value!r}, expected a pressure above 0")

    def column(name: str, default: float, low: float, high: float) -> FloatArray:
        if name not in sections:
            return np.full(len(sections), default)
        there = sections[name].notna()
        found = np.full(len(sections), default)
        said = f"a number from {low:g} to {high:g}"
        found[there.to_numpy()] = numbers(sections[there], name, low, high, said, "sections")
        return found

    out = ~sections["in_service"].to_numpy(dtype=bool) if "in_service" in sections else np.zeros(len(sections), bool)
    return _Line(
        names=sections.index,
        length=1000.0 * column("length_km", np.nan, 1e-6, 1e5),
        diameter=column("diameter_mm", np.nan, 1.0, 5000.0) / 1000.0,
        roughness=column("roughness_mm", np.nan, 1e-6, 100.0) / 1000.0,
        rise=column("rise_m", 0.0, -9000.0, 9000.0),
        offtake=column("offtake_kg_per_s", 0.0, 0.0, 1e6),
        discharge=np.where(out, np.nan, _BAR * column("max_discharge_bar", np.nan, 0.01, 1e4)),
        ratio=column("max_ratio", np.inf, 1.0, np.inf),
        power=column("max_power_mw", np.inf, 0.0, np.inf),
        efficiency=column("efficiency", 0.8, 0.05, 1.0),
        inlet=inlet * _BAR,
        outlet=outlet * _BAR,
        gas=gas,
        friction=friction,
        average=average,
    )


def _upper(line: _Line) -> float:
    """Return a flow that cannot pass the first section: twice what would at its highest pressure into nothing."""
    start = np.array([max(np.nan_to_num(line.discharge[0], nan=line.inlet), line.inlet)])
    flow = np.array([1e4])
    _, resistance = _terms(line, 0, _friction(line, 0, flow), start**2, np.ones(1))
    return 4.0 * float(start[0] / np.sqrt(resistance[0])) + float(line.offtake.sum())


def _friction(line: _Line, k: int, flow: FloatArray) -> FloatArray:
    reynolds = 4.0 * flow / (np.pi * line.diameter[k] * line.gas.viscosity_pa_s)
    like = np.ones_like(flow)
    return friction_factor(line.friction, reynolds, line.diameter[k] * like, line.roughness[k] * like)


def _terms(
    line: _Line, k: int, friction: FloatArray, start: FloatArray, stop: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return weight and resistance of a section for squared pressures at its ends, Pa2."""
    z = average_z(line.gas, start, stop, line.average)
    like = np.ones_like(z)
    return pipe_terms(line.gas, line.length[k] * like, line.diameter[k] * like, line.rise[k] * like, friction, z)


def _end(line: _Line, k: int, flow: FloatArray, start_pa: FloatArray) -> FloatArray:
    """Return the pressure at the end of a section, Pa, by flow; nothing where gas does not get there."""
    friction = _friction(line, k, flow)
    start, stop = start_pa**2, start_pa**2
    for _ in range(_ROUNDS):
        weight, resistance = _terms(line, k, friction, start, np.maximum(stop, 1.0))
        found = (start - resistance * flow * np.abs(flow)) / weight
        if (np.abs(found - stop) <= _SAME * start).all():
            break
        stop = found
    return np.sqrt(np.maximum(found, 0.0))


def _raised(line: _Line, k: int, flow: FloatArray, suction: FloatArray) -> tuple[FloatArray, Any]:
    """Return the pressure after the station of a section, and what limits it, by flow."""
    if np.isnan(line.discharge[k]):
        return suction, np.full(len(suction), "")
    limits = {"discharge": np.maximum(line.discharge[k], suction), "ratio": suction * line.ratio[k]}
    if np.isfinite(line.power[k]):
        share = (line.gas.heat_ratio - 1.0) / line.gas.heat_ratio
        doubled = power_mw(line.gas, flow, suction, suction * 2.0 ** (1.0 / share), line.efficiency[k])
        with np.errstate(divide="ignore"):
            limits["power"] = suction * (1.0 + line.power[k] / doubled) ** (1.0 / share)
    values = np.array(list(limits.values()))
    return values.min(axis=0), np.array(list(limits))[values.argmin(axis=0)]


def _arrives(line: _Line, flow: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which inflows arrive at the end with the pressure asked."""
    pressure, flow = np.full(len(flow), line.inlet), flow.copy()
    alive = np.ones(len(flow), bool)
    for k in range(len(line.length)):
        pressure = _end(line, k, flow, _raised(line, k, flow, pressure)[0])
        flow = flow - line.offtake[k]
        alive &= (pressure > 0) & (flow >= 0)
        pressure, flow = np.where(alive, pressure, line.inlet), np.maximum(flow, 0.0)
    return alive & (pressure >= line.outlet)


def _profile(line: _Line, inflow: float) -> pd.DataFrame:
    rows, pressure, flow = [], np.array([line.inlet]), np.array([inflow])
    for k in range(len(line.length)):
        start, limit = _raised(line, k, flow, pressure)
        end = _end(line, k, flow, start)
        out = np.isnan(line.discharge[k])
        power = 0.0 if out else float(power_mw(line.gas, flow, pressure, start, line.efficiency[k])[0])
        bars = [float(p[0]) / _BAR for p in (pressure, start, end)]
        rows.append((float(flow[0]), *bars, float(start[0] / pressure[0]), power, str(limit[0])))
        flow, pressure = flow - line.offtake[k], np.maximum(end, 1.0)
    columns = ["flow_kg_per_s", "suction_bar", "start_bar", "end_bar", "ratio", "power_mw", "limit"]
    return pd.DataFrame(rows, columns=columns, index=line.names)
