"""How many ways there are: routes that share no link, what the narrowest cut lets through, how flows concentrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from ..year_setting import State
from .asking import ask_year, opened
from .warm_year import WarmYear

if TYPE_CHECKING:
    from ..scenario.loading import Scenario
    from .tracks import Flags, Ints

__all__ = ["redundancy", "redundancy_of"]

_ENDLESS = 2**30  # TEU a year, of a link whose capacity is not on record


def redundancy(scenario: Scenario | str | Path, *, folder: str | Path | None = None) -> pd.DataFrame:
    """Return how many ways each pair of places has.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario of freight.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DataFrame
        ``market``, ``origin``, ``destination``, ``teu_per_year`` (wanted), ``disjoint_routes`` (most routes of which no
        two share a link), ``disjoint_without_sea`` (the same without deep-sea links), ``min_cut_teu_per_year`` (what
        the narrowest cut by links of known capacity lets through, without deep sea; inf where some way has none on
        record), ``cut_over_demand``, ``hhi_corridors`` and ``hhi_borders`` (sum of squared shares of flows: 1 is all by
        one; of borders by what crosses each, over all crossings).

    Raises
    ------
    DataError
        A scenario that cannot be run.
    """
    asked = ask_year(opened(scenario, folder), None, folder, "redundancy")
    return redundancy_of(WarmYear(asked.model, asked.choice))


def redundancy_of(warm: WarmYear) -> pd.DataFrame:
    """Return the redundancy of a year as usual; see `redundancy`."""
    arcs = warm.arcs
    line = (arcs["kind"] == "link").to_numpy() & (arcs["opens_year"].to_numpy(dtype=float) <= warm.year)
    ashore = line & (arcs["mode"] != "sea").to_numpy()
    places = sorted({*arcs["from_place_id"], *arcs["to_place_id"]})
    number = {p: i for i, p in enumerate(places)}
    every, dry = _unit_graph(warm, line, number), _unit_graph(warm, ashore, number)
    rooms = _room_graph(warm, ashore, number)
    demand = (
        warm.model.demand.groupby(["market", "origin", "destination"], sort=False)["teu_per_year"].sum().reset_index()
    )
    rows, known = [], {}
    for market, o, d, teu in demand.itertuples(index=False):
        pair = number[o], number[d]
        if pair not in known:
            cut = _flow(rooms, *pair)
            known[pair] = (_flow(every, *pair), _flow(dry, *pair), np.inf if cut >= _ENDLESS else float(cut))
        first, second, cut_teu = known[pair]
        rows.append((market, o, d, teu, first, second, cut_teu, cut_teu / teu if teu > 0 else np.inf))
    columns = ["market", "origin", "destination", "teu_per_year", "disjoint_routes", "disjoint_without_sea"]
    table = pd.DataFrame(rows, columns=[*columns, "min_cut_teu_per_year", "cut_over_demand"])
    keys = ["market", "origin", "destination"]
    return table.merge(_concentration(warm), on=keys, how="left")


def _ends(warm: WarmYear, mask: Flags, number: dict[str, int]) -> tuple[Ints, Ints]:
    arcs = warm.arcs[mask]
    return (
        arcs["from_place_id"].map(number).to_numpy(dtype=np.int64),
        arcs["to_place_id"].map(number).to_numpy(dtype=np.int64),
    )


def _unit_graph(warm: WarmYear, mask: Flags, number: dict[str, int]) -> csr_array:
    """Return how many links lead from each place to each other."""
    ends = _ends(warm, mask, number)
    return _whole(np.ones(int(mask.sum())), ends, len(number))


def _room_graph(warm: WarmYear, mask: Flags, number: dict[str, int]) -> csr_array:
    """Return the capacity on record from each place to each other, that of a track in both directions in each."""
    rooms = warm.arcs.loc[mask, "capacity_teu_per_year"].to_numpy(dtype=float)
    grouped = (warm.arcs.loc[mask, "capacity_group"] != "").to_numpy()
    room = np.where(grouped & np.isfinite(rooms), np.minimum(rooms, _ENDLESS), _ENDLESS)
    return _whole(room, _ends(warm, mask, number), len(number))


def _whole(room: np.ndarray[tuple[int], np.dtype[np.float64]], ends: tuple[Ints, Ints], size: int) -> csr_array:
    total = coo_array((room, ends), shape=(size, size)).tocsr()
    total.data = np.minimum(total.data, _ENDLESS)
    return csr_array(total.astype(np.int32))


def _flow(graph: csr_array, origin: int, destination: int) -> int:
    if origin == destination:
        return 0
    from scipy.sparse import csr_matrix

    return int(maximum_flow(csr_matrix(graph), origin, destination).flow_value)


def _concentration(warm: WarmYear) -> pd.DataFrame:
    """Return the sum of squared shares of corridors and of borders, by pair of places."""
    part = warm.part(State(1.0))
    keys = ["market", "origin", "destination"]
    flows = warm.slots[[*keys, "corridor"]].assign(teu=part.flow)
    by_corridor = flows.groupby([*keys, "corridor"])["teu"].sum()
    borders = _border_flows(warm, part.flow)
    return pd.DataFrame({"hhi_corridors": _hhi(by_corridor, keys), "hhi_borders": _hhi(borders, keys)}).reset_index()


def _hhi(flows: pd.Series[float], keys: list[str]) -> pd.Series[float]:
    total = flows.groupby(keys).transform("sum")
    return ((flows / total.where(total > 0)) ** 2).groupby(keys).sum(min_count=1)


def _border_flows(warm: WarmYear, flow: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pd.Series[float]:
    """Return the flow over each border, by pair of places."""
    arcs, home = warm.arcs, warm.filters.home
    ends = [arcs[side].map(home) for side in ("from_place_id", "to_place_id")]
    crossing = ((arcs["kind"] == "link") & (ends[0] != ends[1])).to_numpy()
    label = np.where(ends[0] < ends[1], ends[0] + "-" + ends[1], ends[1] + "-" + ends[0])
    routes = warm.usual_routes
    owner = np.repeat(np.arange(len(warm.slots)), np.diff(routes.start))
    over = crossing[routes.arcs]
    keys = ["market", "origin", "destination"]
    table = warm.slots.iloc[owner[over]][keys].assign(border=label[routes.arcs[over]], teu=flow[owner[over]])
    return table.groupby([*keys, "border"])["teu"].sum()
