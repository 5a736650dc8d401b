"""GasLib in: a network (.net) and a nomination (.scn) as tables that hydraulics take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from .errors import DataError, nearest

__all__ = ["GasLibNetwork", "read_gaslib"]

_ATMOSPHERE_BAR = 1.01325
_ZERO_C = 273.15
_NODES = ("source", "sink", "innode")
_ARCS = ("pipe", "shortPipe", "resistor", "valve", "controlValve", "compressorStation")
_MOST_BYTES = 200_000_000
_UNITS: dict[str, dict[str, Callable[[float], float]]] = {
    "bar": {
        "bar": lambda x: x,
        "barg": lambda x: x + _ATMOSPHERE_BAR,
        "Pa": lambda x: x / 1e5,
        "kPa": lambda x: x / 100.0,
        "MPa": lambda x: x * 10.0,
    },
    "m": {
        "m": lambda x: x,
        "meter": lambda x: x,
        "km": lambda x: x * 1000.0,
        "mm": lambda x: x / 1000.0,
        "cm": lambda x: x / 100.0,
    },
    "height": {"m": lambda x: x, "meter": lambda x: x, "": lambda x: x, "km": lambda x: x * 1000.0},
    "norm m3/s": {
        "1000m_cube_per_hour": lambda x: x * 1000.0 / 3600.0,
        "m_cube_per_hour": lambda x: x / 3600.0,
        "m_cube_per_s": lambda x: x,
    },
    "K": {"K": lambda x: x, "Celsius": lambda x: x + _ZERO_C, "C": lambda x: x + _ZERO_C},
    "kg/m3": {"kg_per_m_cube": lambda x: x},
    "kg/kmol": {"kg_per_kmol": lambda x: x},
    "MJ/m3": {"MJ_per_m_cube": lambda x: x},
    "1": {"": lambda x: x},
}
"""Units of GasLib by what they are turned into; flows are volumes at 0 °C and 1.01325 bar."""


@dataclass(frozen=True, eq=False)
class GasLibNetwork:
    """A GasLib network with a nomination.

    Attributes
    ----------
    nodes : DataFrame by id
        ``kind`` (source, sink, innode), ``elevation_m``, ``pressure_min_bar``, ``pressure_max_bar`` (absolute),
        ``injection_kg_per_s`` (of the nomination; 0 without one).
    pipes : DataFrame by id
        ``tail``, ``head``, ``length_km``, ``diameter_mm``, ``roughness_mm``.
    others : DataFrame by id
        Short pipes, resistors, valves, control valves and compressor stations: ``kind``, ``tail``, ``head``,
        ``drag_factor``, ``diameter_mm``, ``pressure_loss_bar``, ``inlet_min_bar``, ``outlet_max_bar``.
    gas : dict
        ``molar_mass_kg_per_kmol``, ``temperature_k``, ``critical_pressure_bar``, ``critical_temperature_k``: means of
        the sources, by what they are nominated for where there is a nomination; ``norm_density_kg_per_m3``,
        ``calorific_value_mj_per_m3`` too.
    """

    nodes: pd.DataFrame
    pipes: pd.DataFrame
    others: pd.DataFrame
    gas: Mapping[str, float]

    def hydraulic_tables(
        self,
        pressure_bar: Mapping[str, float],
        *,
        ratio: Mapping[str, float] | None = None,
        outlet_bar: Mapping[str, float] | None = None,
        closed: frozenset[str] | set[str] = frozenset(),
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return nodes, pipes and compressors for `solvers.steady_state`.

        Parameters
        ----------
        pressure_bar : mapping
            Absolute pressures that are given, by node.
        ratio, outlet_bar : mapping, optional
            What compressor stations and control valves do, by id; the others are open, with equal pressures.
        closed : set of str, optional
            Valves, stations and pipes that are shut.

        Returns
        -------
        tuple of three DataFrames
            With the columns that `solvers.steady_state` asks of ``nodes``, ``pipes`` and ``compressors``.

        Raises
        ------
        DataError
            An id that is not there; a resistor of constant loss.
        """
        known = {*self.pipes.index, *self.others.index}
        for name in (*(ratio or {}), *(outlet_bar or {}), *closed):
            if name not in known:
                raise DataError([f"no element of the network is called {name!r}{nearest(name, sorted(known))}"])
        for name in pressure_bar:
            if name not in self.nodes.index:
                raise DataError([f"no node of the network is called {name!r}{nearest(name, list(self.nodes.index))}"])
        nodes = pd.DataFrame(
            {
                "node": self.nodes.index,
                "pressure_bar": [pressure_bar.get(n, np.nan) for n in self.nodes.index],
                "injection_kg_per_s": self.nodes["injection_kg_per_s"].to_numpy(),
                "elevation_m": self.nodes["elevation_m"].to_numpy(),
            }
        )
        open_ = self.others[~self.others.index.isin(list(closed))]
        drag = open_[(open_["kind"] == "resistor") & open_["drag_factor"].notna()]
        lossy = open_[(open_["kind"] == "resistor") & (open_["pressure_loss_bar"] > 0)]
        if len(lossy):
            raise DataError(
                [f"resistor {lossy.index[0]}: a constant pressure loss is not supported; give a drag factor"]
            )
        pipes = self.pipes[~self.pipes.index.isin(list(closed))]
        resistors = drag.assign(length_km=0.001, roughness_mm=np.nan, friction_factor=_as_friction(drag), rise_m=0.0)
        columns = ["tail", "head", "length_km", "diameter_mm", "roughness_mm", "friction_factor", "rise_m"]
        lines = pd.concat([pipes.assign(friction_factor=np.nan, rise_m=np.nan)[columns], resistors[columns]])
        rest = open_.drop(index=drag.index)
        return nodes, lines, _stations(rest, ratio or {}, outlet_bar or {})


def _as_friction(drag: pd.DataFrame) -> pd.Series[float]:
    """Return the friction factor at which a metre of pipe loses what a resistor does: drag by diameter over length."""
    return drag["drag_factor"] * drag["diameter_mm"] / 1000.0


def _stations(rest: pd.DataFrame, ratio: Mapping[str, float], outlet: Mapping[str, float]) -> pd.DataFrame:
    """Return what acts, and what joins two nodes of equal pressure once: of several side by side the first."""
    rows: list[tuple[Any, ...]] = []
    group: dict[str, str] = {}

    def root(node: str) -> str:
        while group.get(node, node) != node:
            node = group[node]
        return node

    for name, row in rest.iterrows():
        if name in ratio or name in outlet:
            rows.append((name, row["tail"], row["head"], ratio.get(str(name), np.nan), outlet.get(str(name), np.nan)))
            continue
        start, stop = root(row["tail"]), root(row["head"])
        if start != stop:
            group[start] = stop
            rows.append((name, row["tail"], row["head"], 1.0, np.nan))
    columns = ["id", "tail", "head", "ratio", "outlet_bar"]
    return pd.DataFrame(rows, columns=columns).set_index("id")


def read_gaslib(net: str | Path, scn: str | Path | None = None, *, scenario: str | None = None) -> GasLibNetwork:
    """Read a GasLib network, and a nomination.

    Parameters
    ----------
    net : path
        Topology and data of elements (``.net``).
    scn : path, optional
        Nominations (``.scn``).
    scenario : str, optional
        Its id, where the file holds several.

    Returns
    -------
    GasLibNetwork

    Raises
    ------
    DataError
        Unreadable files; an element without what it needs, a unit or node that is not known: file, element and value.

    Notes
    -----
    Format: M. Schmidt et al., "GasLib - A Library of Gas Network Instances", Data 2(4), 2017, 40. Volumes are at 0 °C
    and 1.01325 bar; they become masses by the norm density of the sources.
    """
    file = Path(net)
    root = _parsed(file)
    nodes = {n.id: n for n in _elements(root, _NODES, file)}
    arcs = list(_elements(root, _ARCS, file))
    problems = [_no_node(a, side, list(nodes)) for a in arcs for side in ("from", "to") if a.ends[side] not in nodes]
    if problems:
        raise DataError(problems)
    volumes = pd.Series(0.0, list(nodes)) if scn is None else _nominated(Path(scn), scenario, list(nodes))
    gas = _mixed([n for n in nodes.values() if n.tag == "source"], volumes, file)
    density = gas["norm_density_kg_per_m3"]
    table = pd.DataFrame(
        {
            "kind": [n.tag for n in nodes.values()],
            "elevation_m": [n.number("height", "height", 0.0) for n in nodes.values()],
            "pressure_min_bar": [n.number("pressureMin", "bar", math.nan) for n in nodes.values()],
            "pressure_max_bar": [n.number("pressureMax", "bar", math.nan) for n in nodes.values()],
            "injection_kg_per_s": volumes.to_numpy() * density,
        },
        index=pd.Index(nodes, name="id"),
    )
    pipes, others = _arc_tables(arcs)
    return GasLibNetwork(table, pipes, others, gas)


@dataclass(frozen=True)
class _Element:
    tag: str
    id: str
    ends: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    file: Path

    def number(self, name: str, wanted: str, default: float | None = None) -> float:
        """Return a value in the unit wanted; without a default it must be there."""
        found = self.values.get(name)
        where = f"{self.file.name}, {self.tag} {self.id}"
        if found is None:
            if default is None:
                raise DataError([f"{where}: {name!r} is missing"])
            return default
        text, unit = found.get("value", ""), found.get("unit", "")
        known = _UNITS[wanted]
        if unit not in known:
            hint = nearest(unit, [u for u in known if u])
            raise DataError([f"{where}, {name}: unit {unit!r} is not known here, expected {_listed(known)}{hint}"])
        try:
            value = float(text)
        except ValueError:
            raise DataError([f"{where}, {name}: value {text!r} is no number"]) from None
        return known[unit](value)


def _listed(known: Mapping[str, Any]) -> str:
    return " or ".join(u or "none" for u in known)


def _no_node(arc: _Element, side: str, nodes: list[str]) -> str:
    end = arc.ends[side]
    return f"{arc.file.name}, {arc.tag} {arc.id}: {side!r} is {end!r}, which is no node{nearest(end, nodes)}"


def _parsed(file: Path) -> ElementTree.Element:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise DataError([f"{file}: larger than {_MOST_BYTES // 1_000_000} MB; no GasLib network is"])
        return ElementTree.parse(file).getroot()
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError) as error:
        raise DataError([f"{file}: is no XML ({error})"]) from None


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]


def _elements(root: ElementTree.Element, tags: tuple[str, ...], file: Path) -> Iterator[_Element]:
    seen: set[str] = set()
    for element in root.iter():
        tag = _local(element.tag)
        if tag not in tags:
            continue
        name = element.get("id")
        if not name or name in seen:
            state = f"{name!r} stands twice" if name else "has no id"
            raise DataError([f"{file.name}: a {tag} {state}"])
        seen.add(name)
        ends = {side: element.get(side, "") for side in ("from", "to")}
        values = {_local(child.tag): dict(child.attrib) for child in element}
        yield _Element(tag, name, ends, values, file)
    if not seen:
        raise DataError([f"{file.name}: holds no {', '.join(tags[:-1])} or {tags[-1]}; is it a GasLib network?"])


def _arc_tables(arcs: list[_Element]) -> tuple[pd.DataFrame, pd.DataFrame]:
    pipes = [
        (a.id, a.ends["from"], a.ends["to"], a.number("length", "m") / 1000.0, a.number("diameter", "m") * 1000.0,
         a.number("roughness", "m") * 1000.0)
        for a in arcs
        if a.tag == "pipe"
    ]  # fmt: skip
    others = [
        (a.id, a.tag, a.ends["from"], a.ends["to"], a.number("dragFactor", "1", math.nan),
         a.number("diameter", "m", math.nan) * 1000.0, a.number("pressureLoss", "bar", math.nan),
         a.number("pressureInMin", "bar", math.nan), a.number("pressureOutMax", "bar", math.nan))
        for a in arcs
        if a.tag != "pipe"
    ]  # fmt: skip
    columns = ["id", "tail", "head", "length_km", "diameter_mm", "roughness_mm"]
    more = [
        "id",
        "kind",
        "tail",
        "head",
        "drag_factor",
        "diameter_mm",
        "pressure_loss_bar",
        "inlet_min_bar",
        "outlet_max_bar",
    ]
    return pd.DataFrame(pipes, columns=columns).set_index("id"), pd.DataFrame(others, columns=more).set_index("id")


def _mixed(sources: list[_Element], volumes: pd.Series[float], file: Path) -> dict[str, float]:
    """Return the gas of the sources, those that give more counting more."""
    if not sources:
        raise DataError([f"{file.name}: holds no source, so that its gas is not known"])
    weight = np.array([max(volumes[s.id], 0.0) for s in sources])
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(sources), 1.0 / len(sources))
    wanted = {
        "molar_mass_kg_per_kmol": ("molarMass", "kg/kmol", 18.5674),
        "temperature_k": ("gasTemperature", "K", 283.15),
        "critical_pressure_bar": ("pseudocriticalPressure", "bar", 45.9293),
        "critical_temperature_k": ("pseudocriticalTemperature", "K", 188.549),
        "norm_density_kg_per_m3": ("normDensity", "kg/m3", None),
        "calorific_value_mj_per_m3": ("calorificValue", "MJ/m3", math.nan),
    }
    return {
        name: float(weight @ np.array([s.number(tag, unit, default) for s in sources]))
        for name, (tag, unit, default) in wanted.items()
    }


def _nominated(file: Path, scenario: str | None, nodes: list[str]) -> pd.Series[float]:
    """Return volumes that enter at nodes, norm m3 a second; what leaves is negative."""
    root = _parsed(file)
    found = [e for e in root.iter() if _local(e.tag) == "scenario"]
    ids = [str(e.get("id", "")) for e in found]
    if scenario is None and len(found) != 1:
        raise DataError([f"{file.name}: holds {len(found)} scenarios ({', '.join(ids[:6])}); say which"])
    if scenario is not None and scenario not in ids:
        raise DataError([f"{file.name}: no scenario is called {scenario!r}{nearest(scenario, ids)}"])
    chosen = found[0] if scenario is None else found[ids.index(scenario)]
    volumes = pd.Series(0.0, nodes)
    for element in chosen:
        if _local(element.tag) != "node":
            continue
        name, kind = str(element.get("id", "")), str(element.get("type", ""))
        if name not in volumes.index:
            raise DataError([f"{file.name}, node {name!r}: is not in the network{nearest(name, nodes)}"])
        if kind not in ("entry", "exit"):
            raise DataError([f"{file.name}, node {name}: type {kind!r}, expected entry or exit"])
        volumes[name] += (1.0 if kind == "entry" else -1.0) * _flow(element, name, file)
    return volumes


def _flow(element: ElementTree.Element, name: str, file: Path) -> float:
    """Return the flow of a node: the one value, or the one that both bounds have."""
    bounds: dict[str, float] = {}
    for child in element:
        if _local(child.tag) == "flow":
            one = _Element("node", name, {}, {"flow": dict(child.attrib)}, file)
            bounds[child.get("bound", "both")] = one.number("flow", "norm m3/s")
    if "both" in bounds:
        return bounds["both"]
    if not bounds:
        return 0.0
    low, high = bounds.get("lower", 0.0), bounds.get("upper", bounds.get("lower", 0.0))
    if not math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12):
        raise DataError([f"{file.name}, node {name}: flow from {low:g} to {high:g} norm m3/s, expected one value"])
    return high
