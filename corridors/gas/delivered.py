"""What gas costs where it arrives, by one way after another: tariffs in full, fuel, and the capital of new pipes."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest

from .case import GasCase
from .energy import DAYS_A_YEAR

__all__ = ["Delivery", "deliver"]


@dataclass(frozen=True, eq=False)
class Delivery:
    """The cheapest way from a source to a place.

    Attributes
    ----------
    legs : DataFrame by pipe_id
        ``title``, ``line``, ``length_km``, ``tariff_usd_per_mwh``, ``capital_usd_per_mwh`` (of pipes to be built),
        ``fuel_pct``, ``cost_usd_per_mwh`` (of a MWh at the end of the leg), ``nameplate_bcm`` (a year; NaN: not known).
    source_usd_per_mwh, cost_usd_per_mwh : float
        Where the gas enters, and where it arrives.
    length_km : float
    narrowest : str
        Pipe of the way with the least nameplate.
    """

    legs: pd.DataFrame
    source_usd_per_mwh: float
    cost_usd_per_mwh: float
    length_km: float
    narrowest: str


def deliver(
    case: GasCase,
    supply: str,
    place: str,
    *,
    build: Collection[str] = (),
    avoid: Collection[str] = (),
    least_bcm: float = 0.0,
    discount_rate: float = 0.05,
    years: int = 25,
) -> Delivery:
    """Find the cheapest way of gas from a source to a place by what is paid in full.

    Parameters
    ----------
    case : GasCase
        Pipes in service at its end are used.
    supply : str
        Id of gas_supplies.
    place : str
        Id of gas_places.
    build : collection of str
        Pipes, or lines, that are used although not in service.
    avoid : collection of str
        Pipes, lines or countries that are not used.
    least_bcm : float
        Pipes with a nameplate below this, a year, are not used.
    discount_rate, years : float, int
        Of the annuity that brings the cost of a pipe to be built to a MWh of its nameplate.

    Returns
    -------
    Delivery

    Raises
    ------
    DataError
        A word that is not there, or no way.

    Notes
    -----
    A pipe makes of the cost c at its start (c + tariff + capital) / (1 - fuel share) at its end; as that rises with c,
    the labels of Dijkstra's algorithm stay right. Sunk costs are in tariffs, so that this is not what decides flows
    from day to day: see `GasCase` for that.
    """
    pipes = case.pipes
    known = {*pipes.index, *pipes["line"], *case.nodes["group"]}
    for word in (*build, *avoid):
        if word not in known:
            raise DataError([f"{word!r} is no gas pipe, line or country{nearest(word, sorted(known))}"])
    for word, table, what in ((supply, case.supplies, "gas supply"), (place, case.nodes, "gas place")):
        if word not in table.index:
            raise DataError([f"no {what} is called {word!r}{nearest(word, list(table.index))}"])
    if not 0 <= least_bcm < np.inf:
        raise DataError([f"least_bcm: got {least_bcm:g}, expected bcm a year from 0"])
    wide = _nameplate_bcm(case.pipes).fillna(np.inf) >= least_bcm
    arcs = _arcs(case, build, [*avoid, *wide.index[~wide]], _annuity(discount_rate, years))
    start = str(case.supplies.at[supply, "node"])
    price = float(case.supplies.at[supply, "price"])
    best, came = _labels(arcs, start, price)
    if place not in best:
        raise DataError([f"no way from {supply} ({start}) to {place} by the pipes that are open"])
    legs = _legs(arcs, came, best, start, place, pipes)
    nameplate = legs["nameplate_bcm"]
    narrowest = str(nameplate.idxmin()) if nameplate.notna().any() else ""
    return Delivery(legs, price, best[place], float(legs["length_km"].sum()), narrowest)


def _annuity(rate: float, years: int) -> float:
    return 1.0 / years if rate == 0 else rate / (1.0 - (1.0 + rate) ** -years)


def _nameplate_bcm(pipes: pd.DataFrame) -> pd.Series[float]:
    return pipes["nameplate"] * DAYS_A_YEAR / (pipes["kwh_per_m3"] * 1000.0)


def _arcs(case: GasCase, build: Collection[str], avoid: Collection[str], annuity: float) -> pd.DataFrame:
    """Return pipes both ways where gas may go: start, stop, what is added to the cost, fuel share."""
    pipes = case.pipes
    last = case.last_day - 1
    open_ = pd.DataFrame(index=pipes.index)
    for figure, column in (("pipe", "capacity"), ("reverse", "reverse_capacity")):
        values = pipes[column].copy()
        profile = case.daily[figure]
        values[profile.columns] = profile.iloc[last]
        open_[figure] = values > 0
    wanted = pipes.index.isin(list(build)) | pipes["line"].isin(list(build))
    shut = pipes.index.isin(list(avoid)) | pipes["line"].isin(list(avoid))
    shut |= pipes["from_country"].isin(list(avoid)) | pipes["to_country"].isin(list(avoid))
    capex = case.tables.pipes["capex_m_usd"].reindex(pipes.index)
    yearly = pipes["nameplate"] * DAYS_A_YEAR * 1000.0  # MWh
    capital = (capex * 1e6 * annuity / yearly).where(wanted & capex.notna(), 0.0)
    both = []
    for way, start, stop in (("pipe", "tail", "head"), ("reverse", "head", "tail")):
        mine = (open_[way] | (wanted & (pipes[_CAPACITY[way]] > 0))) & ~shut
        frame = pd.DataFrame({"start": pipes[start], "stop": pipes[stop], "tariff": pipes["tariff"], "capital": capital,
                              "fuel": pipes["loss"]})  # fmt: skip
        both.append(frame[mine])
    return pd.concat(both)


_CAPACITY = {"pipe": "capacity", "reverse": "reverse_capacity"}


def _labels(arcs: pd.DataFrame, start: str, price: float) -> tuple[dict[str, float], dict[str, tuple[str, int]]]:
    """Return the least cost at each place, and the place and the row of arcs that it came by."""
    after: dict[str, list[tuple[str, float, float, int]]] = {}
    for row, (a, b, tariff, capital, fuel) in enumerate(arcs.itertuples(index=False)):
        after.setdefault(a, []).append((b, tariff + capital, fuel, row))
    best, came, heap = {start: price}, {}, [(price, start)]
    while heap:
        cost, place = heapq.heappop(heap)
        if cost > best[place]:
            continue
        for stop, added, fuel, row in after.get(place, ()):
            arrives = (cost + added) / (1.0 - fuel)
            if arrives < best.get(stop, np.inf):
                best[stop], came[stop] = arrives, (place, row)
                heapq.heappush(heap, (arrives, stop))
    return best, came


def _legs(
    arcs: pd.DataFrame,
    came: dict[str, tuple[str, int]],
    best: dict[str, float],
    start: str,
    place: str,
    pipes: pd.DataFrame,
) -> pd.DataFrame:
    rows, here = [], place
    while here != start:
        before, row = came[here]
        rows.append((arcs.index[row], arcs.iloc[row], best[here]))
        here = before
    rows.reverse()
    ids = [name for name, _, _ in rows]
    mine = pipes.loc[ids]
    return pd.DataFrame(
        {
            "title": mine["title"],
            "line": mine["line"],
            "length_km": mine["length_km"],
            "tariff_usd_per_mwh": [arc["tariff"] for _, arc, _ in rows],
            "capital_usd_per_mwh": [arc["capital"] for _, arc, _ in rows],
            "fuel_pct": [100.0 * arc["fuel"] for _, arc, _ in rows],
            "cost_usd_per_mwh": [cost for _, _, cost in rows],
            "nameplate_bcm": _nameplate_bcm(mine),
        },
        index=pd.Index(ids, name="pipe_id"),
    )
