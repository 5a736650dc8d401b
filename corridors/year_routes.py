"""The routes that the shippers of a year have: the cheapest of each corridor, in each part of the year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from networks import generalised_cost, goods_prices
from solvers import path_sizes

from .assigned import crossings
from .catalogue import Corridor, Filters
from .route_sets import route_sets
from .year_setting import Refusal, Setting, State

__all__ = ["AVERSE_TO", "CELL", "SEA", "YearRoutes", "branch_of", "delay_of", "route_sums", "shifted"]

CELL = ["market", "origin", "destination", "goods"]
SEA = "sea"
AVERSE_TO = ("RU", "BY")  # countries that shippers who stay away since February 2022 do not cross
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class YearRoutes:
    """Search for the routes of a year.

    Attributes
    ----------
    year : int
        Of the network: lines are there that open by then.
    filters : Filters
        The network of the year where nothing is changed.
    networks : sequence of Filters
        That of each part of the year.
    states : sequence of State
        Parts of the year.
    setting : Setting
        What a scenario changes.
    demand : DataFrame
        As of `demand`.
    families : mapping of str to tuple of str
        Market to the families of corridors that its shippers may take.
    catalogue : mapping of str to Corridor
        Corridors by id.
    hour : mapping of str to float
        Goods to the mean value of time, USD per TEU and hour.
    refusing : sequence of frozenset of int
        Sets of refusals that some shippers make, nothing first.
    wanted : frozenset of str
        Corridors that are searched.
    usual : callable
        Returns the routes where nothing is shut, changed or new, as of `as_usual`.
    """

    year: int
    filters: Filters
    networks: Sequence[Filters]
    states: Sequence[State]
    setting: Setting
    demand: pd.DataFrame
    families: Mapping[str, tuple[str, ...]]
    catalogue: Mapping[str, Corridor]
    hour: Mapping[str, float]
    refusing: Sequence[frozenset[int]]
    wanted: frozenset[str]
    usual: Callable[[], pd.DataFrame]

    def as_usual(self) -> pd.DataFrame:
        """Return the routes where nothing is shut, changed or new, without their sizes."""
        return self._search(State(1.0), self.filters)

    def table(self) -> pd.DataFrame:
        """Return the routes, see `YearModel.routes`."""
        parts = [
            self._search(state, filters).assign(state=number, refuses=0)
            for number, (state, filters) in enumerate(zip(self.states, self.networks, strict=True))
        ]
        table = pd.concat([*parts, *self._detours(parts)], ignore_index=True)
        clear = self.filters.avoiding(AVERSE_TO)
        return table.assign(
            branch=table["corridor"].map({c: branch_of(c, self.catalogue) for c in set(table["corridor"])}),
            crosses=[not clear[list(path)].all() for path in table["path"]],
            log_size=np.log(self._sizes(table, parts)),
        )

    def _search(self, state: State, filters: Filters) -> pd.DataFrame:
        """Return the routes of a part of the year, with what their arcs sum to."""
        arcs = filters.network.arcs
        costs = {goods: self._cost(goods, arcs) for goods in sorted(set(self.demand["goods"]))}
        sets = []
        for market, rows in self.demand.groupby("market", sort=False):
            wanted = self._corridors(str(market), state)
            pairs = dict.fromkeys(zip(rows["origin"], rows["destination"], strict=True))
            mine = {g: costs[g] for g in sorted(set(rows["goods"]))}
            found = route_sets(filters, pairs, mine, wanted, year=self.year, avoid=state.avoid, handling=True)
            sets.append(found.assign(market=market))
        table = pd.concat(sets, ignore_index=True).rename(columns={"class": "goods"})
        return self._by_one_sea(_with_sums(table, arcs, state))

    def _by_one_sea(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return routes with the cheapest way by sea only: carriers, not shippers, choose between Suez and the Cape."""
        sea = table[table["family"] == SEA]
        cost = sea["tariff"] + sea["goods"].map(self.hour).astype(float) * delay_of(sea, self.filters.tables.parameter)
        worse = cost > cost.groupby([sea[key] for key in CELL]).transform("min")
        return table.drop(index=sea.index[worse]).reset_index(drop=True)

    def _detours(self, parts: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
        """Return the routes of those who refuse something: the best without it, in each part of the year."""
        found = []
        for number, (state, filters, part) in enumerate(zip(self.states, self.networks, parts, strict=True)):
            for code, refused in enumerate(self.refusing[1:], 1):
                holds = [self.setting.refusals[n] for n in refused if n in state.refused]
                if not holds:
                    found.append(part.assign(refuses=code))
                    continue
                left = self._without(state, filters, holds, part)
                found.append(left.assign(state=number, refuses=code))
        return found

    def _without(
        self, state: State, filters: Filters, refusals: Sequence[Refusal], usual: pd.DataFrame
    ) -> pd.DataFrame:
        """Return the routes that are left without what is refused; those that no ban is about stay as they are."""
        home = self.filters.tables.places["country_id"].to_dict()
        nowhere = np.zeros(len(filters.network.arcs), dtype=bool)
        masks = [r.touched for r in refusals if not isinstance(r.touched, frozenset)]
        touched = np.logical_or.reduce([nowhere, *masks])
        corridors = frozenset().union(*(r.touched for r in refusals if isinstance(r.touched, frozenset)))
        arcs = filters.network.arcs
        narrowed = arcs.assign(opens_year=arcs["opens_year"].mask(touched, np.inf))
        shut = state._replace(shut=(*state.shut, *corridors))
        found = self._search(shut, Filters(replace(filters.network, arcs=narrowed)))
        kept = ~np.logical_or.reduce([r.routes(usual, home) for r in refusals])
        keys = [*CELL, "corridor"]
        own = usual[kept]
        more = found[~np.logical_or.reduce([r.routes(found, home) for r in refusals])]
        told = pd.MultiIndex.from_frame(own[keys])
        return pd.concat([own, more[~pd.MultiIndex.from_frame(more[keys]).isin(told)]], ignore_index=True)

    def _sizes(self, table: pd.DataFrame, parts: Sequence[pd.DataFrame]) -> npt.NDArray[np.float64]:
        """Return the path size of each route: that of its corridor where nothing is shut, changed or new.

        If the size went by the routes of the moment, what shuts would make those beside it look better than before to
        those who never took it, and what opens would drive its neighbours' shippers to sea. A corridor that is new
        has the size that it has beside those.
        """
        usual = next((n for n, s in enumerate(self.states) if _is_usual(s)), None)
        known = parts[usual] if usual is not None else self.usual()
        keys = [*CELL, "way"]
        table, known = (t.assign(way=t["corridor"].mask(t["family"] == SEA, SEA)) for t in (table, known))
        reference = known[[*keys, "path"]].assign(size=self._overlap(known))
        sizes = table[keys].merge(reference[[*keys, "size"]], on=keys, how="left")["size"]
        found: npt.NDArray[np.float64] = sizes.to_numpy(dtype=float, copy=True)
        new = np.isnan(found)
        choice = table.groupby(["state", "refuses"]).ngroup().to_numpy()
        for number in np.unique(choice[new]):
            mine = new & (choice == number)
            beside = pd.concat([reference, table.loc[mine, [*keys, "path"]]], ignore_index=True)
            found[mine] = self._overlap(beside)[len(reference) :]
        return found

    def _overlap(self, routes: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the path size of each route among those of its cell."""
        length = pd.DataFrame({"length": self.filters.network.arcs["km"].fillna(0.0).clip(lower=0.0).to_numpy()})
        owner = pd.MultiIndex.from_frame(routes[CELL]).factorize()[0]
        paths = [list(path) for path in routes["path"]]
        found: npt.NDArray[np.float64] = path_sizes(length, pd.DataFrame({"demand": owner, "path": paths})).to_numpy()
        return found

    def _cost(self, goods: str, arcs: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the generalised cost of each arc for the mean shipper of the goods."""
        prices = goods_prices(
            self.filters.tables,
            goods,
            value_of_time_usd_per_teu_h=self.hour[goods],
            carbon_price_usd_per_t=self.setting.carbon_usd_per_t,
        )
        cost: npt.NDArray[np.float64] = generalised_cost(arcs, prices)["cost_usd_per_teu"].to_numpy()
        return cost

    def _corridors(self, market: str, state: State) -> list[Corridor]:
        families, wanted = self.families[market], self.wanted - set(state.shut)
        return [c for c in self.catalogue.values() if c.family in families and c.corridor_id in wanted]


def _is_usual(state: State) -> bool:
    return not (state.avoid or state.shut or state.change or state.shifts)


def delay_of(sums: Mapping[str, Any], parameter: Callable[[str], float]) -> Any:
    """Return the hours of each route, unreliability counted as hours; `parameter` reads parameters.csv."""
    per_variance = parameter("reliability_ratio") / parameter("reference_spread_h")
    return sums["hours"] + per_variance * sums["variance"]


def route_sums(arcs: Mapping[Any, Any] | pd.DataFrame, crossed: csr_array) -> dict[str, Values]:
    """Return what the arcs of each route sum to.

    Parameters
    ----------
    arcs : DataFrame, or mapping of str to array
        The network of a part of the year: its tariffs, hours, spreads, emissions and modes.
    crossed : sparse array, shape (routes, arcs)
        How often each route passes each arc.

    Returns
    -------
    dict of str to ndarray of float, shape (routes,)
        ``tariff`` and ``sea_tariff`` (USD/TEU), ``hours``, ``variance`` (h^2), ``kgco2e_per_t``.
    """
    tariff = np.asarray(arcs["tariff_usd_per_teu"], dtype=float)
    return {
        "tariff": crossed @ tariff,
        "sea_tariff": crossed @ np.where(np.asarray(arcs["mode"] == SEA), tariff, 0.0),
        "hours": crossed @ np.asarray(arcs["hours"], dtype=float),
        "variance": crossed @ np.asarray(arcs["spread_h"], dtype=float) ** 2,
        "kgco2e_per_t": crossed @ np.asarray(arcs["kgco2e_per_t"], dtype=float),
    }


def shifted(sums: Mapping[str, Values], corridors: pd.Series[Any], state: State) -> dict[str, Values]:
    """Return sums of routes, as of `route_sums`, with what a part of the year changes of whole routes.

    Parameters
    ----------
    sums : mapping of str to ndarray of float
        As of `route_sums`.
    corridors : Series of str by route
        Corridor ids.
    state : State
        The part of the year.
    """
    found = dict(sums)
    for shift in state.shifts:
        mine = corridors.isin(shift.corridors).to_numpy()
        old = found[shift.column]
        found[shift.column] = np.where(mine, np.maximum(old * shift.factor + shift.more, 0.0), old)
        if shift.column == "tariff":
            found["sea_tariff"] = np.where(mine, found["sea_tariff"] * shift.factor, found["sea_tariff"])
    return found


def _with_sums(routes: pd.DataFrame, arcs: pd.DataFrame, state: State) -> pd.DataFrame:
    crossed = crossings(list(routes["path"]), len(arcs))
    return routes.assign(**shifted(route_sums(arcs, crossed), routes["corridor"], state))


def branch_of(corridor: str, known: Iterable[str]) -> str:
    """Return the corridor that begins the name of one, the shortest; itself if none does."""
    return min((c for c in known if corridor == c or corridor.startswith(f"{c}-")), key=len)
