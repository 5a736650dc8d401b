"""The shippers of one year: the routes that they have, what each costs them, and which they take."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, build, generalised_cost, goods_prices, load_tables, read_table, table_file
from networks.errors import nearest
from solvers import LogitModel, path_sizes

from .assigned import Assignment
from .catalogue import Corridor, Filters, load_catalogue
from .choice import Choice
from .freight import demand
from .past import PAST_YEARS, past_arcs, year_inputs
from .route_sets import route_sets

__all__ = ["Closure", "YearModel", "lasting"]

_PAIR = ["origin", "destination"]
_NORTHERN = "northern"
_OVERLAND = ("northern", "middle")
_AVERSE_TO = ("RU", "BY")  # countries that shippers who stay away since February 2022 do not cross
_FROM_CHINA = "cn-eu"
_TO_CHINA = "eu-cn"
_KARS = ("GE_KRT-TR_KAR-rail",)
_EAST_BRANCH = "instc-east"
_QUANTILES = 3
_UNMET_PENALTY = 1e5  # USD/TEU, dearer than any way: what has one takes it
_PER_CENT = 100
_GUMBEL_SD = np.pi / np.sqrt(6)  # of the part of utility that nothing explains, which costs are scaled to
_POWER = 4  # of the volume-delay function of the Bureau of Public Roads


class Closure(NamedTuple):
    """What is shut for a part of a year.

    Attributes
    ----------
    share : float
        Of the year, 0 to 1.
    words : tuple of str
        Places, links, countries, groups, modes; or corridor ids.
    """

    share: float
    words: tuple[str, ...]


def lasting(words: Iterable[str], days: float, filters: Filters) -> tuple[Closure, ...]:
    """Return what a closure of so many days shuts in the step of a year: nothing if shippers wait for it.

    Parameters
    ----------
    words : iterable of str
        Places, links, countries, groups, modes; or corridor ids.
    days : float
        How long; up to ``queue_days`` of ``parameters.csv`` shippers wait.
    filters : Filters
        Words to places and arcs.

    Raises
    ------
    PlaceError, DataError
        A word that nothing is called.
    """
    shut, parameter = tuple(words), filters.tables.parameter
    filters.avoiding([w for w in shut if w not in load_catalogue()])
    if not shut or days <= parameter("queue_days"):
        return ()
    return (Closure(min(days / parameter("days_per_year"), 1.0), shut),)


class _State(NamedTuple):
    share: float
    avoid: tuple[str, ...]
    shut: tuple[str, ...]  # corridors


@dataclass(frozen=True)
class _Alternatives:
    """Routes of each demand (row x shippers x state) as arrays; demands likewise."""

    demands: pd.DataFrame  # row, market, goods, kind, base
    routes: pd.DataFrame  # demand, route
    hour: npt.NDArray[np.float64]  # of each alternative, USD per TEU and hour at a time factor of one
    taste: npt.NDArray[np.float64]  # for a land route, in standard deviations; zero of routes by sea


class YearModel:
    """Choice of routes by the shippers of a year.

    Parameters
    ----------
    year : int
        2019 to 2025 with the prices and times documented for it; later years with those of the network.
    markets : sequence of str
        Market ids.
    inputs : mapping of str to float, optional
        Series of ``year_inputs.csv`` to change for the year.
    closures : sequence of Closure
        What is shut, for which part of the year; see `lasting`.
    growth : str, optional
        Growth scenario for years after the last total, see `demand`.
    capacities : bool
        Whether the capacities on record, which are today's, are limits that shippers wait at.
    folder : path, optional
        Tables of your own.

    Raises
    ------
    DataError
        Unknown year, market, series or word.

    Notes
    -----
    Within each market, goods, and pair of places shippers differ by their value of time (log-normal), by their
    taste for land routes (normal; both by three points of Gauss and Hermite), by whether they think of a land route
    at all (captivity, as in Gaudry and Dagenais 1979, Transportation Research Part B 13(2), 105-111), and by
    whether they cross Russia. The taste is an error component (Brownstone and Train 1999, Journal of Econometrics
    89(1-2), 109-129): who leaves one land route is likelier to take another than one who never took any. Each
    chooses by a path-size logit between the cheapest routes of the corridors of the market's families. What
    trains cost rises with how many there are; see `solvers.assign_logit`. A market that no parameters were fitted
    for (over the Caspian) has no constants and the geometric mean of the scales of the others.
    """

    def __init__(
        self,
        year: int,
        markets: Sequence[str],
        *,
        inputs: Mapping[str, float] | None = None,
        closures: Sequence[Closure] = (),
        growth: str | None = None,
        capacities: bool = False,
        folder: str | Path | None = None,
    ) -> None:
        self.year, self.markets, self.folder, self.capacities = year, tuple(markets), folder, capacities
        tables = load_tables(folder)
        self.parameter = tables.parameter
        self.inputs = _inputs_with(year_inputs(folder=folder), year, inputs or {})
        filters = Filters(build(tables))
        if year in PAST_YEARS:
            arcs = past_arcs(filters, year, self.inputs)
            filters = Filters(replace(filters.network, arcs=arcs))
        elif inputs:
            raise DataError([f"year: got {year}; inputs can be changed for {PAST_YEARS[0]} to {PAST_YEARS[-1]}"])
        self.filters = filters
        self.families = _families(folder)
        self.demand = demand(year, self.markets, growth=growth, folder=folder).reset_index(drop=True)
        self.shippers = read_table("shippers", table_file("shippers", folder)).set_index("goods_id")
        self.catalogue = load_catalogue()
        self.states = self._states(closures)

    def input(self, series: str, default: float = 0.0) -> float:
        """Return a series of the year; of later years the last that is known, otherwise the default."""
        column = self.inputs[series] if series in self.inputs else pd.Series(dtype=float)
        known = column[column.index == min(self.year, PAST_YEARS[-1])].dropna()
        return float(known.iloc[0]) if len(known) else default

    def _states(self, closures: Sequence[Closure]) -> list[_State]:
        """Return the parts of the year by what is shut in them, closures taken as independent of each other."""
        every = [*closures]
        if self.input("kars-closed"):
            every.append(Closure(self.input("kars-closed") / _PER_CENT, _KARS))
        idle = 1 - self.input("instc-east-service", _PER_CENT) / _PER_CENT
        if idle and any("instc" in self.families[m] for m in self.markets):
            every.append(Closure(idle, (_EAST_BRANCH,)))
        found = []
        for pick in itertools.product((True, False), repeat=len(every)):
            share = float(np.prod([c.share if shut else 1 - c.share for c, shut in zip(every, pick, strict=True)]))
            words = tuple(w for c, shut in zip(every, pick, strict=True) if shut for w in c.words)
            shut = tuple(w for w in words if w in self.catalogue)
            if share > 0:
                found.append(_State(share, tuple(w for w in words if w not in shut), shut))
        return found

    @cached_property
    def routes(self) -> pd.DataFrame:
        """Return the cheapest route of each corridor for each pair, goods and state.

        Returns
        -------
        DataFrame
            ``state`` (number), ``market``, ``origin``, ``destination``, ``goods``, ``corridor``, ``branch``
            (corridor whose variant it is: instc-west-iran is one of instc-west), ``family``, ``path`` (arc
            numbers), ``tariff``, ``hours``, ``variance`` (h^2), ``crosses`` (Russia or Belarus), ``log_size`` (of
            its path).
        """
        arcs = self.filters.network.arcs
        costs = {goods: self._cost(goods) for goods in sorted(set(self.demand["goods"]))}
        found = []
        base = int(self.parameter("base_year"))
        for number, state in enumerate(self.states):
            for market, rows in self.demand.groupby("market", sort=False):
                wanted = self._corridors(str(market), state)
                pairs = dict.fromkeys(zip(rows["origin"], rows["destination"], strict=True))
                mine = {g: costs[g] for g in sorted(set(rows["goods"]))}
                sets = route_sets(
                    self.filters, pairs, mine, wanted, year=max(self.year, base), avoid=state.avoid, handling=True
                )
                found.append(sets.assign(state=number, market=market))
        table = pd.concat(found, ignore_index=True).rename(columns={"class": "goods"})
        clear = self.filters.avoiding(_AVERSE_TO)
        paths = [list(path) for path in table["path"]]
        label = list(zip(table["state"], table["market"], table["origin"], table["destination"], strict=True))
        owner = pd.Series(label, index=table.index).astype(str) + table["goods"]
        length = pd.DataFrame({"length": arcs["km"].fillna(0.0).clip(lower=0.0).to_numpy()})
        return table.assign(
            branch=table["corridor"].map({c: _branch(c, self.catalogue) for c in set(table["corridor"])}),
            tariff=_sums(arcs["tariff_usd_per_teu"], paths),
            hours=_sums(arcs["hours"], paths),
            variance=_sums(arcs["spread_h"] ** 2, paths),
            crosses=[not clear[path].all() for path in paths],
            log_size=np.log(path_sizes(length, pd.DataFrame({"demand": owner, "path": paths})).to_numpy()),
        )

    def _cost(self, goods: str) -> npt.NDArray[np.float64]:
        """Return the generalised cost of each arc for the mean shipper of the goods."""
        prices = goods_prices(self.filters.tables, goods, value_of_time_usd_per_teu_h=self._hour(goods))
        cost: npt.NDArray[np.float64] = generalised_cost(self.filters.network.arcs, prices)[
            "cost_usd_per_teu"
        ].to_numpy()
        return cost

    def _hour(self, goods: str) -> float:
        """Return the mean value of time of a kind of goods, USD per TEU and hour."""
        value = float(self.filters.tables.goods.at[goods, "value_usd_per_teu"])
        return value * float(self.shippers.at[goods, "rate_pct_per_day"]) / _PER_CENT / 24

    def _corridors(self, market: str, state: _State) -> list[Corridor]:
        wanted = self.families[market]
        return [c for c in self.catalogue.values() if c.family in wanted and c.corridor_id not in state.shut]

    @cached_property
    def _alternatives(self) -> _Alternatives:
        """Lay out who chooses between what."""
        rows = self.demand.reset_index(names="row")[["row", "market", *_PAIR, "goods", "teu_per_year"]]
        demands = rows.merge(self._segments(), on=["market", "goods"])
        states = pd.DataFrame({"state": range(len(self.states)), "part": [s.share for s in self.states]})
        demands = demands.merge(states, how="cross")
        demands["base"] = demands["teu_per_year"] * demands["weight"] * demands["part"]
        demands = demands[demands["base"] > 0].reset_index(drop=True).rename_axis("demand").reset_index()
        found = self.routes.rename_axis("route").reset_index()
        keys = ["state", "market", *_PAIR, "goods"]
        routes = demands[["demand", *keys, "kind", "hour", "taste"]].merge(
            found[[*keys, "route", "family", "crosses"]], on=keys
        )
        captive = (routes["kind"] == "captive") & routes["family"].isin(_OVERLAND)
        averse = (routes["kind"] == "averse") & routes["crosses"]
        routes = routes[~(captive | averse)].reset_index(drop=True)
        taste = np.where(routes["family"].isin(_OVERLAND), routes["taste"], 0.0)
        return _Alternatives(demands, routes[["demand", "route"]], routes["hour"].to_numpy(), taste)

    def _segments(self) -> pd.DataFrame:
        """Return the shippers of each market and goods: kind, value of an hour, weight within the kind."""
        node, weight = np.polynomial.hermite_e.hermegauss(_QUANTILES)
        weight = weight / weight.sum()
        rows = []
        for market, goods in self.demand[["market", "goods"]].drop_duplicates().itertuples(index=False):
            spread, mean = float(self.shippers.at[goods, "spread"]), self._hour(goods)
            free = self.overland_share(market)
            if free < 1:
                rows.append((market, goods, "captive", mean, 0.0, 1 - free))
            kinds = ("willing", "averse") if self._may_shun(market) else ("willing",)
            tastes = list(zip(node, weight, strict=True)) if self._may_shun(market) else [(0.0, 1.0)]
            for (z, w), (taste, part) in itertools.product(zip(node, weight, strict=True), tastes):
                hour = mean * float(np.exp(spread * z - spread**2 / 2))
                rows += [(market, goods, kind, hour, taste, free * w * part) for kind in kinds]
        return pd.DataFrame(rows, columns=["market", "goods", "kind", "hour", "taste", "weight"])

    def _may_shun(self, market: str) -> bool:
        return _NORTHERN in self.families[market]

    @cached_property
    def _scarce(self) -> list[str]:
        """Return the markets whose trains get dearer as they fill."""
        return [m for m in self.markets if self._may_shun(m)]

    def overland_share(self, market: str) -> float:
        """Return the share of a market's boxes whose shippers think of a land route."""
        name = f"overland_share_{market.replace('-', '_')}"
        known = self.filters.tables.parameters.index
        return float(self.parameter(name)) if name in known else 1.0

    def _shunning(self, choice: Choice, market: str) -> float:
        """Return the share of those who think of a land route that cannot or will not cross Russia."""
        averse = choice.aversion_share * self.input("wartime") / _PER_CENT
        banned = self.input("transit-ban-east") / _PER_CENT if market == _TO_CHINA else 0.0
        return 1 - (1 - averse) * (1 - banned)

    def _quantity(self, choice: Choice) -> npt.NDArray[np.float64]:
        demands = self._alternatives.demands
        shun = demands["market"].map({m: self._shunning(choice, m) for m in self.markets})
        part = pd.Series(1.0, demands.index)
        shuns = demands["market"].map({m: self._may_shun(m) for m in self.markets})
        part = part.mask(shuns & (demands["kind"] == "averse"), shun).mask(
            shuns & (demands["kind"] == "willing"), 1 - shun
        )
        found: npt.NDArray[np.float64] = (demands["base"] * part).clip(lower=1e-12).to_numpy()
        return found

    def _tariff(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return the price of each route to the shipper before scarcity, USD/TEU."""
        routes = self.routes
        cap = self.input("subsidy-cap") / _PER_CENT
        paid = (routes["market"] == _FROM_CHINA) & routes["family"].isin(_OVERLAND)
        found: npt.NDArray[np.float64] = (
            routes["tariff"] * (1 - choice.subsidy_passed_on * cap * paid.astype(float))
        ).to_numpy()
        return found

    def _constant(self, choice: Choice) -> npt.NDArray[np.float64]:
        routes = self.routes
        of = {name: market.constants_usd_per_teu for name, market in choice.markets.items()}
        found = [
            of[m].get(c, of[m].get(b, of[m].get(f, 0.0))) if m in of else 0.0
            for m, c, b, f in zip(routes["market"], routes["corridor"], routes["branch"], routes["family"], strict=True)
        ]
        return np.array(found, dtype=float)

    def _scales(self, choice: Choice) -> dict[str, float]:
        """Return the scale of each market; one without its own takes the mean of the others."""
        known = {m: choice.markets[m].scale_per_usd for m in self.markets if m in choice.markets}
        mean = float(np.exp(np.mean([np.log(m.scale_per_usd) for m in choice.markets.values()])))
        return {m: known.get(m, mean) for m in self.markets}

    def _costs(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return what each alternative costs who has it, constants and path size in, scarcity not."""
        number = self._alternatives.routes["route"].to_numpy()
        scale = self.routes["market"].map(self._scales(choice)).to_numpy(dtype=float)
        fixed = self._tariff(choice) + self._constant(choice) - self.routes["log_size"].to_numpy() / scale
        shared = self.parameter("land_taste_correlation")
        spread = np.sqrt(shared / (1 - shared)) * _GUMBEL_SD / scale
        felt = choice.time_factor * self._alternatives.hour * self._delay[number]
        return np.asarray(fixed[number] + felt - self._alternatives.taste * spread[number])

    @cached_property
    def _delay(self) -> npt.NDArray[np.float64]:
        """Return the hours of each route, unreliability counted as hours."""
        per_variance = self.parameter("reliability_ratio") / self.parameter("reference_spread_h")
        found: npt.NDArray[np.float64] = (self.routes["hours"] + per_variance * self.routes["variance"]).to_numpy()
        return found

    @cached_property
    def _model(self) -> LogitModel:
        """Read the choice once; costs, quantities, scales and prices are put in for each set of parameters."""
        alt, ratio = self._alternatives, self.parameter("middle_scarcity_ratio")
        scarce = self._scarce
        rooms = self._limits if self.capacities else pd.Series(dtype=float)
        arcs = pd.DataFrame(
            {
                "capacity": [np.inf, *([self.parameter("scarcity_capacity_teu")] * len(scarce)), *rooms],
                "price": [np.inf, *([1.0] * len(scarce)), *([np.inf] * len(rooms))],
            },
            index=pd.Index(["free", *scarce, *rooms.index], dtype=object),
        )
        ways = zip(self.routes["market"], self.routes["family"], self.routes["path"], strict=True)
        takes = [self._takes(m, f, p, rooms, ratio) for m, f, p in ways]
        number = alt.routes["route"].to_numpy()
        routes = pd.DataFrame(
            {
                "demand": alt.routes["demand"],
                "path": [list(takes[i]) for i in number],
                "units": [list(takes[i].values()) for i in number],
                "cost": 0.0,
            }
        )
        demands = pd.DataFrame({"quantity": alt.demands["base"].to_numpy(), "scale": 1.0})
        return LogitModel(arcs, demands, routes, path_size=0.0, unmet_penalty=_UNMET_PENALTY, price_power=_POWER)

    @cached_property
    def _limits(self) -> pd.Series[float]:
        """Return the capacities that the routes cross, TEU a year, by group."""
        arcs = self.filters.network.arcs
        used = sorted({arc for path in self.routes["path"] for arc in path})
        known = arcs.loc[used]
        known = known[known["capacity_group"] != ""]
        return known.groupby("capacity_group")["capacity_teu_per_year"].first().dropna()

    def _takes(
        self, market: str, family: str, path: tuple[int, ...], rooms: pd.Series[float], ratio: float
    ) -> dict[str, float]:
        """Return what a TEU on a route takes of each row of capacity."""
        found: dict[str, float] = {}
        if market in self._scarce and family in _OVERLAND:
            found[market] = 1.0 if family == _NORTHERN else ratio
        if len(rooms):
            groups = self._groups[list(path)]
            found.update({g: 1.0 for g in groups if g in rooms.index})
        return found or {"free": 1.0}

    @cached_property
    def _groups(self) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = self.filters.network.arcs["capacity_group"].to_numpy()
        return found

    def _with(self, choice: Choice) -> LogitModel:
        count = 1 + len(self._scarce) + (len(self._limits) if self.capacities else 0)
        return self._model.with_(
            cost=self._costs(choice),
            quantity=self._quantity(choice),
            scale=self._alternatives.demands["market"].map(self._scales(choice)).to_numpy(dtype=float),
            price=np.full(count, choice.scarcity_usd_per_teu),
        )

    def flows(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return the TEU a year on each of `routes`, converged to a residual of 1e-7."""
        return self._by_route(self._with(choice).flow(residual=1e-7))

    def _by_route(self, flow: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        number = self._alternatives.routes["route"].to_numpy()
        return np.bincount(number, flow, minlength=len(self.routes)).astype(float)

    @cached_property
    def units(self) -> npt.NDArray[np.float64]:
        """Return the quantity, in the unit of its market, that a TEU on each of `routes` stands for."""
        per = self.demand["quantity"] / self.demand["teu_per_year"]
        unit = per.groupby([self.demand["market"], self.demand["goods"]]).first()
        pairs = pd.MultiIndex.from_frame(self.routes[["market", "goods"]])
        found: npt.NDArray[np.float64] = unit.reindex(pairs).to_numpy(dtype=float)
        return found

    def _mean_by_route(self, answer: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the mean price of scarcity and waiting on each of `routes`, weighted by who takes it."""
        weight = answer["flow"].to_numpy() + 1e-9
        paid = self._by_route(weight * answer["waiting_cost"].to_numpy())
        return np.asarray(paid / np.maximum(self._by_route(weight), 1e-300))

    def scarcity(self, choice: Choice, flow: npt.NDArray[np.float64]) -> dict[str, float]:
        """Return what scarcity adds to the price of a train of the Northern route in each market, USD/TEU."""
        units = self.routes["family"].map({"northern": 1.0, "middle": self.parameter("middle_scarcity_ratio")})
        load = (units.fillna(0.0) * flow).groupby(self.routes["market"]).sum()
        room = self.parameter("scarcity_capacity_teu")
        return {m: choice.scarcity_usd_per_teu * float(load.get(m, 0.0) / room) ** _POWER for m in self._scarce}

    def price(self, choice: Choice, flow: npt.NDArray[np.float64], market: str, family: str) -> float:
        """Return the mean price of a family to its shippers in a market, scarcity in, USD/TEU."""
        mine = ((self.routes["market"] == market) & (self.routes["family"] == family)).to_numpy()
        paid = self._tariff(choice)[mine] @ flow[mine] / max(float(flow[mine].sum()), 1e-300)
        return float(paid) + self.scarcity(choice, flow).get(market, 0.0)

    def cheapest(self) -> npt.NDArray[np.float64]:
        """Return the TEU a year on each of `routes` if all took the cheapest: no constants, no scarcity, no tastes."""
        cost = self.routes["tariff"] + self._delay * self.routes["goods"].map(self._hour)
        keys = ["state", "market", *_PAIR, "goods"]
        best = cost.groupby([self.routes[k] for k in keys]).idxmin()
        rows = self.demand.set_index(["market", *_PAIR, "goods"])["teu_per_year"]
        flow = np.zeros(len(self.routes))
        for key, route in best.items():
            state, *rest = key
            flow[route] += float(rows.loc[tuple(rest)]) * self.states[int(state)].share
        return flow

    def assignment(self, choice: Choice) -> Assignment:
        """Return the routes and flows as an `Assignment`, shippers of one kind of goods together."""
        answer = self._with(choice).solve(residual=1e-7)
        flow = self._by_route(answer.routes["flow"].to_numpy())
        goods = list(dict.fromkeys(self.demand["goods"]))
        prices = [
            goods_prices(self.filters.tables, g, value_of_time_usd_per_teu_h=choice.time_factor * self._hour(g))
            for g in goods
        ]
        case = SimpleNamespace(
            network=self.filters.network,
            classes=[SimpleNamespace(goods=g) for g in goods],
            prices=prices,
            shown_year=self.year,
        )
        hour = self.routes["goods"].map(self._hour).to_numpy() * choice.time_factor
        table = self.routes.assign(
            **{"class": self.routes["goods"].map({g: i for i, g in enumerate(goods)})},
            cost_usd_per_teu=self._tariff(choice) + hour * self._delay,
            constant_usd_per_teu=self._constant(choice),
            waiting_usd_per_teu=self._mean_by_route(answer.routes),
            teu_per_year=flow,
        )
        parts = self.demand.rename(columns={"teu_per_year": "teu"})
        full = answer.waiting.drop(["free", *self._scarce])
        return Assignment.of("logit", answer.status, answer.residual, case, table, parts, answer.unmet, full)


def _branch(corridor: str, known: Iterable[str]) -> str:
    """Return the corridor that begins the name of one, the shortest; itself if none does."""
    return min((c for c in known if corridor == c or corridor.startswith(f"{c}-")), key=len)


def _families(folder: str | Path | None) -> dict[str, tuple[str, ...]]:
    table = read_table("markets", table_file("markets", folder)).set_index("market_id")
    return {str(m): tuple(f) for m, f in table["families"].items()}


def _inputs_with(inputs: pd.DataFrame, year: int, changes: Mapping[str, float]) -> pd.DataFrame:
    wrong = [f"inputs: no series is called {s!r}{nearest(s, inputs.columns)}" for s in changes if s not in inputs]
    if wrong:
        raise DataError(wrong)
    changed = inputs.copy()
    for series, value in changes.items():
        changed.loc[year, series] = value
    return changed


def _sums(values: pd.Series[Any], paths: Sequence[list[int]]) -> npt.NDArray[np.float64]:
    figures = values.to_numpy(dtype=float)
    return np.array([figures[path].sum() for path in paths])
