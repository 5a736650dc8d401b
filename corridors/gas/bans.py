"""Gas that some countries refuse: a layer of the network for it, which it leaves only where it may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError

if TYPE_CHECKING:
    from .case import GasCase
    from .edits import GasBan

__all__ = ["layered"]

_MARK = "|"
_USE = "!"  # in the name of a place where gas is used and from which none goes on


def layered(call: dict[str, Any], case: GasCase) -> dict[str, Any]:
    """Return solver tables in which refused gas has nodes and pipes of its own.

    Parameters
    ----------
    call : dict
        Keyword arguments of `solvers.solve_gas_flow`.
    case : GasCase
        With its bans; a country that refuses does so on the days of the ban, and takes such gas on the others.

    Returns
    -------
    dict
        The same, with a copy of every place that the gas can reach and of the pipes between them, which share the
        capacities of the pipes themselves; at markets that use it, it joins the other gas where that leaves the
        network to be used. It is not stored.
    """
    found = _with_uses(call, case)
    taken: set[str] = set()
    for number, ban in enumerate(case.bans):
        if taken & set(ban.supplies):
            raise DataError([f"{ban.name}: refuses gas that another ban is about; write one ban for both"])
        taken |= set(ban.supplies)
        found = _with_layer(found, case, ban, f"{_MARK}{number}")
    return found


def _with_uses(call: dict[str, Any], case: GasCase) -> dict[str, Any]:
    """Return solver tables in which gas is used at places of their own, so that none of it goes on."""
    places = list(dict.fromkeys(case.demands["node"]))
    nodes = case.nodes.loc[places]
    uses = nodes.assign(node=nodes["node"] + _USE).set_axis([f"{p}{_USE}" for p in places])
    taps = pd.DataFrame(
        {
            "tail": places,
            "head": [f"{p}{_USE}" for p in places],
            "capacity": np.inf,
            "reverse_capacity": 0.0,
            "cost": 0.0,
            "loss": 0.0,
        },
        index=pd.Index([f"{p}{_USE}" for p in places], name="pipe_id"),
    )
    return {
        **call,
        "nodes": pd.concat([call["nodes"], uses]),
        "pipes": pd.concat([call["pipes"], taps]),
        "demands": case.demands.assign(node=case.demands["node"] + _USE),
    }


def _with_layer(call: dict[str, Any], case: GasCase, ban: GasBan, mark: str) -> dict[str, Any]:
    pipes, supplies, nodes = call["pipes"], call["supplies"], call["nodes"]
    reached = _reached(case.pipes, set(supplies.loc[list(ban.supplies), "node"]))
    mine = case.pipes[case.pipes["tail"].isin(reached) & case.pipes["head"].isin(reached)]
    copies = mine.assign(tail=mine["tail"] + mark, head=mine["head"] + mark, shares=mine.index)
    copies.index = copies.index + mark
    doors, room = _doors(call, case, ban, reached, mark)
    node_copies = nodes[nodes["node"].isin(reached)].copy()
    node_copies["node"] += mark
    node_copies.index = node_copies.index + mark
    moved = supplies.copy()
    moved.loc[list(ban.supplies), "node"] += mark
    profiles = dict(call["profiles"])
    for name in ("pipe", "reverse"):
        known = profiles.get(name, pd.DataFrame(index=call["periods"].index))
        own = known[[p for p in mine.index if p in known]].add_suffix(mark)
        profiles[name] = pd.concat([known, own, room] if name == "pipe" else [known, own], axis=1)
    return {
        **call,
        "nodes": pd.concat([nodes, node_copies]),
        "pipes": pd.concat([pipes, copies, doors]),
        "supplies": moved,
        "profiles": profiles,
    }


def _reached(pipes: pd.DataFrame, start: set[str]) -> set[str]:
    """Return the places that gas can come to from some, by pipes that carry anything."""
    ahead = pipes[pipes["capacity"] > 0]
    back = pipes[pipes["reverse_capacity"] > 0]
    edges = pd.concat([ahead[["tail", "head"]], back[["head", "tail"]].set_axis(["tail", "head"], axis=1)])
    after = edges.groupby("tail")["head"].agg(set)
    found, front = set(start), set(start)
    while front:
        front = set().union(*(after.get(place, set()) for place in front)) - found
        found |= front
    return found


def _doors(
    call: dict[str, Any], case: GasCase, ban: GasBan, reached: set[str], mark: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return pipes from the layer to markets, and how much passes: what they want while they do not refuse."""
    demands, wanted = case.demands, call["profiles"]["demand"]
    free = 1.0 - _by_period(ban, case, call["periods"])
    rows, room = [], {}
    for place in dict.fromkeys(demands["node"]):
        if place not in reached:
            continue
        here = demands.index[demands["node"] == place]
        refuses = demands.loc[here[0], "country"] in ban.refused_by
        share = free if refuses else np.ones(len(free))
        if not share.any():
            continue
        name = f"{place}{mark}>"
        rows.append((name, f"{place}{mark}", f"{place}{_USE}"))
        room[name] = wanted[list(here)].sum(axis=1).to_numpy() * share
    frame = pd.DataFrame(rows, columns=["pipe_id", "tail", "head"]).set_index("pipe_id")
    doors = frame.assign(capacity=np.inf, reverse_capacity=0.0, cost=0.0, loss=0.0)
    return doors, pd.DataFrame(room, index=call["periods"].index)


def _by_period(ban: GasBan, case: GasCase, periods: pd.Series[float]) -> Any:
    daily = pd.Series(ban.strength[case.first_day : case.last_day], case.days)
    if case.step == "day":
        return daily.to_numpy()
    return daily.groupby(daily.index.month).mean().to_numpy()
