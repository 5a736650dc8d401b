"""Which projects to build while routes may close: the tables of the freight network for design under uncertainty."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, build, generalised_cost, goods_prices, load_tables, table_of

from .catalogue import Filters
from .freight import demand

__all__ = ["DesignCase", "design_case"]

_CLOSING = 0.5  # of an unknown capacity: what leaves less than that counts as closed
_WILLING = {"cn-eu": "overland_share_cn_eu", "eu-cn": "overland_share_eu_cn"}
"""Parameter of the share of a market whose shippers think of land at all; the rest goes by sea whatever is built."""

_PARTS = {"load": ("load", "unload"), "border": ("border",), "wait": ("wait",)}


@dataclass(frozen=True, eq=False)
class DesignCase:
    """What `solvers.solve_design` and `solvers.solve_two_stage` are asked.

    Attributes
    ----------
    arcs, demands : DataFrame
        Arcs of the supernetwork, TEU a year and USD per TEU by class of goods, and the trade of the year that may
        go by land. Arcs of a project are new ones, or lie beside those that it improves.
    projects : DataFrame by project
        ``title``, ``fixed_cost`` (million USD), ``requires``, ``excludes``, ``estimates`` of ``figures``.
    scenarios : DataFrame by scenario
        ``probability``, ``risks``, and what they close or make narrower.
    budget : float
        Million USD.
    unmet_penalty : float
        USD per TEU.
    covered : float
        Probability that one of the scenarios comes true if risks are independent, before it was set to one.
    """

    arcs: pd.DataFrame
    demands: pd.DataFrame
    projects: pd.DataFrame
    scenarios: pd.DataFrame
    budget: float
    unmet_penalty: float
    covered: float


def design_case(
    growth: str | None = "central",
    *,
    year: int = 2035,
    markets: Sequence[str] | None = None,
    projects: Sequence[str] | None = None,
    scenarios: int = 50,
    budget_share: float = 1 / 3,
    carbon_price: float | None = None,
    folder: str | Path | None = None,
) -> DesignCase:
    """Put together projects, trade and disruptions as tables for the solvers.

    Parameters
    ----------
    growth : str, optional
        Scenario of ``growth.csv``.
    year : int
        Of the trade. The network is that of the base year, so that what opens later is a project or is not there.
    markets : sequence of str, optional
        Market ids; otherwise all.
    projects : sequence of str, optional
        Ids of ``design_case.csv``; otherwise all. Those that they require come with them.
    scenarios : int
        The most likely combinations of the risks of ``design_risks.csv``, taken as independent.
    budget_share : float
        Of the cost of all projects.
    carbon_price : float, optional
        USD per tonne of CO2e.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DesignCase

    Raises
    ------
    DataError
        Unknown projects, markets or growth, or wrong tables.
    """
    tables = load_tables(folder)
    filters = Filters(build(tables))
    offered = _offered(table_of("design_case", folder).set_index("design_id"), projects)
    trade = demand(year, markets, growth=growth, folder=folder)
    willing = {market: tables.parameter(name) for market, name in _WILLING.items()}
    trade["teu_per_year"] *= trade["market"].map(willing).fillna(1.0)
    trade = trade[trade["teu_per_year"] > 0].groupby(["origin", "destination", "goods"], as_index=False)
    flows = trade["teu_per_year"].sum()
    arcs = _arcs(filters, offered, sorted(set(flows["goods"])), carbon_price)
    risks = table_of("design_risks", folder).set_index("risk_id")
    table, covered = _scenarios(filters, arcs, risks, scenarios)
    arcs = pd.concat([arcs, _connectors(filters, flows, [c for c in arcs if c.startswith("cost_")])])
    demands = pd.DataFrame(
        {
            "origin": [("from", place) for place in flows["origin"]],
            "destination": [("to", place) for place in flows["destination"]],
            "quantity": flows["teu_per_year"],
            "class": flows["goods"],
        }
    )
    grades = offered[["capacity_grade", "hours_grade", "cost_grade"]]
    listed = pd.DataFrame(
        {
            "title": offered["title"],
            "fixed_cost": offered["cost_m_usd"],
            "requires": [[r for r in ids if r in offered.index] for ids in offered["requires"]],
            "excludes": [[e for e in ids if e in offered.index] for ids in offered["excludes"]],
            "estimates": (grades == "EST").sum(axis=1),
            "figures": (grades != "").sum(axis=1),
        }
    )
    budget = budget_share * float(offered["cost_m_usd"].sum())
    penalty = tables.parameter("unmet_penalty_usd_per_teu")
    return DesignCase(arcs, demands, listed, table, budget, penalty, covered)


def _offered(table: pd.DataFrame, wanted: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of the projects asked for and of those they require."""
    if wanted is None:
        return table
    wrong = [f"projects: no design project is called {w!r}; known: {', '.join(table.index)}" for w in wanted]
    wrong = [text for text, w in zip(wrong, wanted, strict=True) if w not in table.index]
    if wrong:
        raise DataError(wrong)
    todo, kept = list(wanted), set()
    while todo:
        one = todo.pop()
        if one not in kept:
            kept.add(one)
            todo += list(table.at[one, "requires"])
    return table[table.index.isin(kept)]


def _arcs(filters: Filters, offered: pd.DataFrame, goods: Sequence[str], carbon_price: float | None) -> pd.DataFrame:
    """Return arcs of the network and of projects; ``base`` is the number of the arc that each stands for or beside."""
    net = filters.network
    new = set(itertools.chain.from_iterable(offered.loc[offered["change"] == "opens", "ids"]))
    state = filters.tables.parameter("base_year")
    there = (net.arcs["opens_year"].to_numpy(dtype=float) <= state) & ~net.arcs["link_id"].isin(new).to_numpy()
    parts = [_priced(filters, net.arcs[there], goods, carbon_price).assign(project=None)]
    for name, row in offered.iterrows():
        changed = _changed(filters, row)
        priced = _priced(filters, changed, goods, carbon_price).assign(project=name)
        capacity = row["capacity_teu_per_year"]
        if not pd.isna(capacity):
            own = changed["capacity_group"].where(changed["capacity_group"] != "", changed["link_id"])
            own = own.where(own != "", changed["from_place_id"])
            priced["group"] = [f"{name} {group}" for group in own]
            priced["group_capacity"] = float(capacity)
        parts.append(priced.set_axis([f"{name} {number}" for number in changed.index], axis=0))
    return pd.concat(parts)


def _changed(filters: Filters, row: pd.Series[Any]) -> pd.DataFrame:
    """Return the arcs that a project opens or improves, with its hours."""
    arcs, ids = filters.network.arcs, set(row["ids"])
    hit = arcs["link_id"].isin(ids).to_numpy()
    for part in row["parts"]:
        kinds = _PARTS.get(part, ())
        at = arcs["from_place_id"].isin(ids) | arcs["to_place_id"].isin(ids)
        hit = hit | (arcs["kind"].isin(kinds) & at).to_numpy()
    if not hit.any():
        raise DataError([f"design_case.csv: {row.name} changes no arc; ids: {', '.join(sorted(ids))}"])
    saved = 0.0 if pd.isna(row["hours_saved"]) else float(row["hours_saved"])
    share = saved / len(ids) if "links" in row["parts"] else saved
    chosen = arcs[hit]
    return chosen.assign(hours=(chosen["hours"] - share).clip(lower=0.0))


def _priced(filters: Filters, arcs: pd.DataFrame, goods: Sequence[str], carbon_price: float | None) -> pd.DataFrame:
    """Return arcs as the solvers take them, with the generalised cost of each goods."""
    shared = arcs["capacity_group"] != ""
    table = pd.DataFrame(
        {
            "tail": arcs["tail"].astype(object),
            "head": arcs["head"].astype(object),
            "cost": 0.0,
            "capacity": np.inf,
            "group": arcs["capacity_group"].where(shared, None),
            "group_capacity": arcs["capacity_teu_per_year"].where(shared),
            "base": arcs.index,
        }
    )
    for name in goods:
        prices = goods_prices(filters.tables, name, carbon_price_usd_per_t=carbon_price)
        table[f"cost_{name}"] = generalised_cost(arcs, prices)["cost_usd_per_teu"].to_numpy()
    return table


def _connectors(filters: Filters, flows: pd.DataFrame, costs: Sequence[str]) -> pd.DataFrame:
    """Return free arcs from each origin into the network, and out of it to each destination."""
    net = filters.network
    ends: list[tuple[Any, Any]] = []
    for place in dict.fromkeys(flows["origin"]):
        ends += [(("from", place), node) for node in net.ends(place, handling=True)[0]]
    for place in dict.fromkeys(flows["destination"]):
        ends += [(node, ("to", place)) for node in net.ends(place, handling=True)[1]]
    frame = pd.DataFrame(
        {side: pd.Series([e[i] for e in ends], dtype=object) for i, side in enumerate(("tail", "head"))}
    )
    frame.index = pd.Index([f"end {i}" for i in range(len(ends))])
    free: dict[str, Any] = dict.fromkeys(costs, 0.0)
    return frame.assign(cost=0.0, capacity=np.inf, group=None, group_capacity=np.nan, base=-1, project=None, **free)


def _scenarios(filters: Filters, arcs: pd.DataFrame, risks: pd.DataFrame, count: int) -> tuple[pd.DataFrame, float]:
    """Return the most likely combinations of risks, and how likely they are together."""
    hit = {name: ~filters.avoiding(tuple(row["element_ids"])) for name, row in risks.iterrows()}
    ranked = sorted(_combinations(risks["probability_per_year"]), key=lambda pair: (-pair[1], pair[0]))[:count]
    covered = sum(chance for _, chance in ranked)
    rows = []
    for chosen, chance in ranked:
        left = np.ones(len(filters.network.arcs))
        for name in chosen:
            left *= np.where(hit[name], float(risks.at[name, "capacity_factor"]), 1.0)
        closed, narrow = _effects(arcs, left)
        rows.append((" ".join(chosen) or "none", chance / covered, closed, narrow))
    table = pd.DataFrame(rows, columns=["risks", "probability", "closed", "group_capacity"])
    return table.set_index("risks", drop=False), covered


def _combinations(chance: pd.Series[float]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield all sets of independent risks with their probability."""
    names = chance.index.tolist()
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            yield chosen, float(np.prod([chance[n] if n in chosen else 1 - chance[n] for n in names]))


def _effects(arcs: pd.DataFrame, left: npt.NDArray[np.float64]) -> tuple[list[Any], dict[Any, float]]:
    """Return arcs that are closed, and capacities of groups, where a share of each arc of the network is left."""
    share = pd.Series(left[arcs["base"].to_numpy()], arcs.index)
    grouped = arcs["group"].notna()
    closed = arcs.index[(share <= 0) | (~grouped & (share < _CLOSING))].tolist()
    part = grouped & (share > 0) & (share < 1)
    rooms = arcs[part].assign(share=share[part]).groupby("group").agg({"group_capacity": "first", "share": "min"})
    return closed, (rooms["group_capacity"] * rooms["share"]).to_dict()
