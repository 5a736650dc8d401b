"""Deterministic instances: flows on random, built-in and public networks, and road networks with their trips."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "BEST_KNOWN",
    "FOLDER_VARIABLE",
    "AbsentError",
    "Instance",
    "Limits",
    "Roads",
    "all_or_nothing",
    "barcelona",
    "built_in",
    "geometric",
    "one_commodity",
    "roads",
    "tightened",
]

FOLDER_VARIABLE = "CORRIDORS_TESTDATA"
"""Environment variable naming the folder of public test instances, used where no folder is given."""

BEST_KNOWN = {"SiouxFalls": 4_231_335.287, "Anaheim": 1_286_032.171, "ChicagoSketch": 17_313_018.739}
"""Road networks with the least value of Beckmann's objective that their repository publishes."""

_MINUTES = {"ChicagoSketch": (0.04, 0.02)}  # that a mile and a cent of toll count for in the published solution
_WESTWARD = 2 / 3

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class AbsentError(Exception):
    """The files of an instance are not on this machine."""


@dataclass(frozen=True)
class Instance:
    """What every solver is given.

    Attributes
    ----------
    name : str
        Short name.
    arcs : DataFrame
        Columns ``tail``, ``head``, ``cost``, ``capacity`` and, optional, ``group`` and ``group_capacity``, as
        `solvers.solve_flow` takes them.
    demands : DataFrame
        Columns ``origin``, ``destination``, ``quantity``.
    unmet_penalty : float or None
        Cost of one unit of demand not served; None if all must be served.
    known : float or None
        Least cost known from an independent solution.
    """

    name: str
    arcs: pd.DataFrame
    demands: pd.DataFrame
    unmet_penalty: float | None
    known: float | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Number of nodes, arcs, demands and origins."""
        nodes = pd.concat([self.arcs["tail"], self.arcs["head"]]).nunique()
        origins = self.demands["origin"].nunique()
        return {"nodes": nodes, "arcs": len(self.arcs), "demands": len(self.demands), "origins": origins}

    @property
    def size(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count:,} {what}" for what, count in self.counts.items())


@dataclass(frozen=True)
class Limits:
    """Capacities of arcs and groups as rows: the load of the arcs of a row may not exceed its room.

    Attributes
    ----------
    arc, row : ndarray of int
        Position of each arc that a row holds, and of the row.
    room : ndarray, shape (rows,)
        Capacity of each row.
    group : list
        Label of the group of each row; None: of one arc.
    """

    arc: IntArray
    row: IntArray
    room: FloatArray
    group: list[Hashable | None]

    @classmethod
    def of(cls, arcs: pd.DataFrame) -> Limits:
        """Read the finite capacities of a table of arcs."""
        capacity = arcs["capacity"].to_numpy(dtype=float)
        single = np.flatnonzero(np.isfinite(capacity))
        if "group" not in arcs:
            return cls(single, np.arange(len(single)), capacity[single], [None] * len(single))
        member = np.flatnonzero(arcs["group"].notna() & np.isfinite(arcs["group_capacity"].astype(float)))
        number, labels = pd.factorize(arcs["group"].iloc[member])
        together = arcs["group_capacity"].iloc[member].astype(float).groupby(number).first().to_numpy()
        return cls(
            np.concatenate([single, member]),
            np.concatenate([np.arange(len(single)), len(single) + number]),
            np.concatenate([capacity[single], together]),
            [None] * len(single) + list(labels),
        )


@dataclass(frozen=True)
class Roads:
    """A road network whose times rise with traffic, its trips, and the gap at which to stop.

    Attributes
    ----------
    arcs, demands : DataFrame
        As `solvers.solve_equilibrium` takes them; nodes are whole numbers from 1.
    zones : list of int
        Nodes that may not be passed.
    rel_gap : float
        Relative gap.
    known : float or None
        Least value of Beckmann's objective, as published.
    """

    arcs: pd.DataFrame
    demands: pd.DataFrame
    zones: list[int]
    rel_gap: float
    known: float | None = None

    @property
    def size(self) -> str:
        """The counts in words."""
        return f"{len(self.arcs):,} links, {len(self.demands):,} pairs, relative gap {self.rel_gap:.0e}"


def geometric(n: int, k: int, seed: int, squeeze: float = 0.6, neighbours: int = 4) -> Instance:
    """Points in the unit square joined to their nearest, with less room than the cheapest routes want.

    Parameters
    ----------
    n : int
        Number of nodes.
    k : int
        Number of demands drawn; those from a node to itself or without a path are dropped.
    seed : int
        Of the random numbers.
    squeeze : float
        Capacity as a share of the load when every demand takes its cheapest path, at least 15.
    neighbours : int
        Nearest points each point is joined to, both ways.
    """
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2))
    near = cKDTree(xy).query(xy, k=neighbours + 1)[1][:, 1:]
    there = np.column_stack([np.repeat(np.arange(n), neighbours), near.ravel()])
    ends = np.unique(np.vstack([there, there[:, ::-1]]), axis=0)  # sorted by tail, then head
    tail, head = ends.T
    length = np.hypot(*(xy[tail] - xy[head]).T)
    cost = length * 1000 * (0.8 + 0.4 * rng.random(len(ends)))
    od = rng.integers(0, n, (k, 2))
    od = od[od[:, 0] != od[:, 1]]
    quantity = rng.integers(1, 20, len(od)).astype(float)
    load, served = all_or_nothing(n, tail, head, cost, od, quantity)
    capacity = np.where(load > 0, np.maximum(load * squeeze, 15), 15.0)
    label = np.array([f"N{v}" for v in range(n)])
    od = od[served]
    return Instance(
        f"geometric-{n}",
        pd.DataFrame({"tail": label[tail], "head": label[head], "cost": cost, "capacity": capacity}),
        pd.DataFrame({"origin": label[od[:, 0]], "destination": label[od[:, 1]], "quantity": quantity[served]}),
        unmet_penalty=1e4,
    )


def all_or_nothing(
    n: int, tail: IntArray, head: IntArray, cost: FloatArray, od: IntArray, quantity: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Load of each arc when every demand takes its cheapest path, and which demands have one.

    Parameters
    ----------
    n : int
        Number of nodes.
    tail, head, cost : ndarray, shape (m,)
        Arcs between nodes 0..n-1, cost above zero. Of parallel arcs the cheapest is used.
    od : ndarray of int, shape (k, 2)
        Origin and destination of each demand.
    quantity : ndarray, shape (k,)
        Size of each demand.

    Returns
    -------
    load : ndarray, shape (m,)
        Quantity on each arc.
    served : ndarray of bool, shape (k,)
        Whether there is a path.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    cheapest = np.lexsort((cost, head, tail))
    first = np.r_[True, np.diff(tail[cheapest] * n + head[cheapest]) != 0]
    kept = cheapest[first]
    arc = dict(zip(zip(tail[kept].tolist(), head[kept].tolist(), strict=True), kept.tolist(), strict=True))
    matrix = csr_array((cost[kept], (tail[kept], head[kept])), shape=(n, n))
    origins, row = np.unique(od[:, 0], return_inverse=True)
    distance, before = dijkstra(matrix, indices=origins, return_predecessors=True)
    served = np.isfinite(distance[row, od[:, 1]])
    load = np.zeros(len(cost))
    for j in np.flatnonzero(served):
        at, start = int(od[j, 1]), int(od[j, 0])
        while at != start:
            came = int(before[row[j], at])
            load[arc[came, at]] += quantity[j]
            at = came
    return load, served


def barcelona(folder: str | Path | None = None) -> Instance:
    """Barcelona of the Transportation Networks for Research repository, with capacities that bind.

    Costs are free-flow times; capacity is 1.02 x the published equilibrium flow + 1, to 3 decimals. Traffic
    may not pass through a zone: zone z is split into ``("o", z)`` and ``("d", z)``.

    Parameters
    ----------
    folder : path, optional
        Where ``Barcelona_net.tntp``, ``_flow.tntp`` and ``_trips.tntp`` lie, at any depth; the environment
        variable ``CORRIDORS_TESTDATA`` by default.

    Raises
    ------
    AbsentError
        No folder is given, or the files are not in it.
    """
    network, volumes, trips = (_find(folder, f"Barcelona_{part}.tntp") for part in ("net", "flow", "trips"))
    through = int(_header(network, "FIRST THRU NODE"))
    links = pd.DataFrame(list(_rows(network)), dtype=float)
    time = {(int(r[0]), int(r[1])): float(r[4]) for r in links.itertuples(index=False)}
    flow = {(int(r[0]), int(r[1])): float(r[2]) for r in _rows(volumes)}

    def node(label: int, zone: str) -> Hashable:
        return (zone, label) if label < through else label

    arcs = pd.DataFrame(
        {
            "tail": pd.Series([node(t, "o") for t, _ in time], dtype=object),
            "head": pd.Series([node(h, "d") for _, h in time], dtype=object),
            "cost": list(time.values()),
            "capacity": [round(1.02 * flow[pair] + 1, 3) for pair in time],
        }
    )
    cells = [(o, d, q) for o, d, q in _trips(trips) if q > 0 and o != d]
    demands = pd.DataFrame(
        {
            "origin": pd.Series([("o", o) for o, _, _ in cells], dtype=object),
            "destination": pd.Series([("d", d) for _, d, _ in cells], dtype=object),
            "quantity": [q for _, _, q in cells],
        }
    )
    return Instance("barcelona", arcs, demands, unmet_penalty=None, known=1_243_094.7863)


def roads(folder: str | Path | None, name: str, rel_gap: float) -> Roads:
    """Read a road network of the Transportation Networks for Research repository.

    Parameters
    ----------
    folder : path, optional
        Where its ``_net.tntp`` and ``_trips.tntp`` lie, as for `barcelona`.
    name : str
        A key of `BEST_KNOWN`.
    rel_gap : float
        Relative gap at which to stop.

    Raises
    ------
    AbsentError
        No folder is given, or the files are not in it.
    """
    network, trips = (_find(folder, f"{name}_{part}.tntp") for part in ("net", "trips"))
    links = pd.DataFrame([row[:9] for row in _rows(network)], dtype=float)
    per_mile, per_cent = _MINUTES.get(name, (0.0, 0.0))
    arcs = links[[0, 1, 2, 4, 5, 6]].set_axis(["tail", "head", "capacity", "free_time", "b", "power"], axis=1)
    arcs = arcs.astype({"tail": int, "head": int}).assign(cost=per_mile * links[3] + per_cent * links[8])
    cells = [(o, d, q) for o, d, q in _trips(trips) if q > 0 and o != d]
    demands = pd.DataFrame(cells, columns=["origin", "destination", "quantity"])
    zones = list(range(1, int(_header(network, "FIRST THRU NODE"))))
    return Roads(arcs, demands, zones, rel_gap, BEST_KNOWN[name])


def _find(folder: str | Path | None, name: str) -> Path:
    given = folder or os.environ.get(FOLDER_VARIABLE)
    if not given:
        raise AbsentError(f"{name}: give its folder by --data or {FOLDER_VARIABLE}")
    found = sorted(Path(given).rglob(name))
    if not found:
        raise AbsentError(f"{name}: not in {given}")
    return found[0]


def _header(path: Path, key: str) -> str:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"<{key}>"):
            return line.split(">", 1)[1].strip()
    raise ValueError(f"{path.name}: no <{key}>")


def _rows(path: Path) -> Iterator[list[str]]:
    """Rows of numbers of a TNTP table."""
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split("~")[0].replace(";", " ").split()
        if cells and cells[0].isdigit():
            yield cells


def _trips(path: Path) -> Iterator[tuple[int, int, float]]:
    origin = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("Origin"):
            origin = int(line.split()[1])
            continue
        for cell in line.split(";") if origin else ():
            if ":" in cell:
                destination, trips = cell.split(":")
                yield origin, int(destination), float(trips)


def built_in(trade_teu: float = 1.5e6) -> Instance:
    """Build the built-in network in its base year, with trade between the terminals of China and of the EU.

    Costs are generalised costs of general goods in USD/TEU; capacities, where known, in TEU per year, most of
    them shared by a group of arcs.

    Parameters
    ----------
    trade_teu : float
        TEU a year in all, two thirds westward, split over all pairs of a Chinese and an EU rail terminal, port or
        dry port in proportion to fixed weights of the two.
    """
    import networks

    tables = networks.load_tables()
    network = networks.build(tables)
    cost = networks.generalised_cost(network.arcs, networks.goods_prices(tables, "general"))["cost_usd_per_teu"]
    room, group = network.arcs["capacity_teu_per_year"], network.arcs["capacity_group"]
    grouped = group != ""
    arcs = network.arcs[["tail", "head"]].assign(
        cost=cost,
        capacity=room.mask(grouped, np.inf),
        group=group.astype(object).where(grouped, None),
        group_capacity=room.where(grouped, np.inf),
    )
    arcs = arcs[network.arcs["opens_year"] <= tables.parameter("base_year")]
    places = tables.places[tables.places["kind"].isin(["rail_terminal", "port", "dry_port"])]
    in_eu = places["country_id"].map(lambda country: "EU" in tables.countries.at[country, "groups"])
    used = set(arcs["tail"]) | set(arcs["head"])
    east, west = (
        _weighted(network, places.index[side], used) for side in (places["country_id"] == "CN", in_eu.astype(bool))
    )
    pairs = east.merge(west, how="cross", suffixes=("_east", "_west"))
    share = pairs["weight_east"] * pairs["weight_west"]
    teu = trade_teu * share / share.sum()
    westward = pairs[["node_east", "node_west"]].set_axis(["origin", "destination"], axis=1)
    eastward = pairs[["node_west", "node_east"]].set_axis(["origin", "destination"], axis=1)
    demands = pd.concat(
        [westward.assign(quantity=teu * _WESTWARD), eastward.assign(quantity=teu * (1 - _WESTWARD))], ignore_index=True
    )
    return Instance("built-in", arcs, demands, unmet_penalty=20_000.0)


def _weighted(network: Any, places: pd.Index[Any], used: set[Hashable]) -> pd.DataFrame:
    """Yard of each place and a fixed weight, 1 to 5."""
    nodes = [network.node_number.get((place, "yard")) for place in places]
    kept = [node for node in nodes if node in used]
    return pd.DataFrame({"node": kept, "weight": [1 + i % 5 for i in range(len(kept))]})


def tightened(instance: Instance) -> tuple[Instance, Hashable]:
    """Halve the room that binds most when every demand takes its cheapest path.

    Returns
    -------
    Instance
        The same with one capacity changed.
    label
        Of that arc or group: the one with the greatest load among those with a capacity. It gets half of its
        load or of its capacity, whichever is less.
    """
    arcs, demands = instance.arcs, instance.demands
    ids = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"]]))}
    tail, head, origin, destination = (
        column.map(ids).to_numpy(dtype=np.int64)
        for column in (arcs["tail"], arcs["head"], demands["origin"], demands["destination"])
    )
    od, quantity = np.column_stack([origin, destination]), demands["quantity"].to_numpy(dtype=float)
    cost = np.maximum(arcs["cost"].to_numpy(dtype=float), 1e-9)
    load, _ = all_or_nothing(len(ids), tail, head, cost, od, quantity)
    limits = Limits.of(arcs)
    loads = np.bincount(limits.row, weights=load[limits.arc], minlength=len(limits.room))
    row = int(np.argmax(loads))
    room, group = 0.5 * min(limits.room[row], loads[row]), limits.group[row]
    if group is None:
        label = arcs.index[limits.arc[limits.row == row][0]]
        changed = arcs.assign(capacity=arcs["capacity"].where(arcs.index != label, room))
    else:
        label = group
        changed = arcs.assign(group_capacity=arcs["group_capacity"].where(arcs["group"] != group, room))
    return Instance(f"{instance.name}, one capacity halved", changed, demands, instance.unmet_penalty), label


def one_commodity(n: int, m: int, seed: int, terminals: int | None = None) -> Instance:
    """Random minimum-cost flow of one commodity with integer costs, capacities and supplies.

    In the manner of NETGEN (Klingman, Napier and Stutz 1974): a skeleton of chains from sources to sinks that
    can carry all supplies, dear so that it is not the answer, and random arcs beside it. Sources and sinks
    are joined to one origin ``"source"`` and one destination ``"sink"``.

    Parameters
    ----------
    n, m : int
        Number of nodes, and of arcs beside those of origin and destination.
    seed : int
        Of the random numbers.
    terminals : int, optional
        Number of sources and of sinks; a twentieth of the nodes by default.
    """
    rng = np.random.default_rng(seed)
    ends = terminals or max(2, n // 20)
    supply = rng.integers(50, 1000, ends)
    order = ends + rng.permutation(n - 2 * ends)
    skeleton: list[tuple[int, int, int, int]] = []
    for i, inner in enumerate(np.array_split(order, ends)):
        chain = [i, *inner.tolist(), n - 1 - i]
        skeleton += [(u, v, int(rng.integers(500, 1000)), int(supply[i])) for u, v in pairwise(chain)]
    free = m - len(skeleton)
    u = rng.integers(0, n, free)
    v = (u + rng.integers(1, n, free)) % n
    random = np.column_stack([u, v, rng.integers(1, 1000, free), rng.integers(10, 500, free)])
    joins: list[tuple[Any, Any, int, int]] = [("source", i, 0, int(supply[i])) for i in range(ends)]
    joins += [(n - 1 - i, "sink", 0, int(supply[i])) for i in range(ends)]
    rows = [*joins, *skeleton, *(tuple(row) for row in random.tolist())]
    arcs = pd.DataFrame(rows, columns=["tail", "head", "cost", "capacity"]).astype({"cost": float, "capacity": float})
    demands = pd.DataFrame({"origin": ["source"], "destination": ["sink"], "quantity": [float(supply.sum())]})
    return Instance(f"one-commodity-{n}", arcs, demands, unmet_penalty=None)
