"""The shippers of one year: the routes that they have, what each costs them, and which they take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, build, goods_prices, load_tables, table_of
from networks.errors import nearest
from solvers import LogitModel

from .assigned import Assignment
from .catalogue import Filters, load_catalogue
from .choice import Choice
from .freight import demand
from .past import PAST_YEARS, documented, past_arcs, year_inputs
from .year_routes import CELL, Values, YearRoutes, delay_of
from .year_setting import Closure, Setting, State, combined
from .year_shippers import Kind, segments

__all__ = ["BOXES", "Alternatives", "YearFlows", "YearModel"]

_NORTHERN = "northern"
_OVERLAND = ("northern", "middle")
_FROM_CHINA = "cn-eu"
_TO_CHINA = "eu-cn"
_KARS = ("GE_KRT-TR_KAR-rail",)
_EAST_BRANCH = "instc-east"
_PER_CENT = 100
_POWER = 4  # of the volume-delay function of the Bureau of Public Roads
_RESIDUAL = 1e-7
_NOTHING = 1e-6  # share of a demand below which the penalty keeps nobody at home but in the tail of the logit
BOXES = "TEU/yr"  # a capacity in this unit is one of cranes and slots, which bulk does not take


@dataclass(frozen=True, eq=False)
class YearFlows:
    """What the shippers of a year do.

    Attributes
    ----------
    status : str
        As of `solvers.LogitSolution`.
    residual : float
        Of the capacities, relative.
    flow : ndarray of float, shape (routes,)
        TEU a year on each of `YearModel.routes`.
    waiting : ndarray of float, shape (routes,)
        Mean price of scarcity and waiting on each, USD/TEU.
    full : DataFrame
        ``state`` (number), ``group`` and ``waiting_usd_per_teu`` of each capacity in each part of the year.
    unmet, not_shipped : ndarray of float, shape (rows of demand,)
        TEU a year that have no way or no room at the price at which freight stays at home; and those whose
        shippers refuse every way that there is, or may not use it.
    cost_usd : float
        What it costs all shippers a year, in their own eyes: the expected least cost of the logit.
    """

    status: str
    residual: float
    flow: npt.NDArray[np.float64]
    waiting: npt.NDArray[np.float64]
    full: pd.DataFrame
    unmet: npt.NDArray[np.float64]
    not_shipped: npt.NDArray[np.float64]
    cost_usd: float


@dataclass(frozen=True)
class Alternatives:
    """Routes of each demand (row x shippers x state) as arrays; demands likewise."""

    demands: pd.DataFrame  # row, market, goods, kind, base, stays (every way is refused)
    routes: pd.DataFrame  # demand, route
    hour: npt.NDArray[np.float64]  # of each alternative, USD per TEU and hour at a time factor of one


class YearModel:
    """Choice of routes by the shippers of a year.

    Parameters
    ----------
    year : int
        2019 to 2025 with the prices and times documented for it; later years with those of 2025.
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
    setting : Setting, optional
        What a scenario changes.
    filters : Filters, optional
        The network of the base year, if it is at hand.
    routes : DataFrame, optional
        As of `routes`, instead of those that are the cheapest: shippers choose between all of them.
    folder : path, optional
        Tables of your own.

    Raises
    ------
    DataError
        Unknown year, market, series or word.

    Notes
    -----
    Within each market, goods, and pair of places shippers differ by their value of time (log-normal, by three points
    of Gauss and Hermite), by whether they think of a land route at all (captivity, as in Gaudry and Dagenais 1979,
    Transportation Research Part B 13(2), 105-111), and by whether they cross Russia. Each
    chooses by a path-size logit between the cheapest routes of the corridors of the market's families; by sea there
    is one, since carriers choose between Suez and the Cape. Path sizes are those of the network as usual. What
    trains cost rises with how many there are; see `solvers.assign_logit`. A market that no parameters were fitted
    for (over the Caspian) has no constants and the geometric mean of the scales of the others. Each part of the year
    has its share of the demand and of every capacity.
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
        setting: Setting | None = None,
        filters: Filters | None = None,
        routes: pd.DataFrame | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self.year, self.markets, self.folder, self.capacities = year, tuple(markets), folder, capacities
        self.setting = setting or Setting()
        self._known_routes = routes
        today = filters or Filters(build(load_tables(folder)))
        self.parameter = today.tables.parameter
        known = min(year, PAST_YEARS[-1])
        self.inputs = _inputs_with(year_inputs(folder=folder), known, inputs or {})
        past = known in PAST_YEARS and documented(today)
        arcs = past_arcs(today, known, self.inputs) if past else today.network.arcs
        self.filters = Filters(replace(today.network, arcs=arcs))
        self.families = _families(folder)
        wanted = self.setting.demand
        if wanted is None:
            wanted = demand(year, self.markets, growth=growth, folder=folder)
        self.demand = wanted.reset_index(drop=True)
        self.shippers = table_of("shippers", folder).set_index("goods_id")
        self.catalogue = load_catalogue(folder=folder)
        self._usual: list[pd.DataFrame] = []
        self._tasted: tuple[Choice, Values] | None = None
        self._shut = self._closures(closures)
        self.states = self.cut(self.setting.states)

    def cut(self, states: Sequence[State]) -> list[State]:
        """Return parts of the year, cut further by what is shut on record in them."""
        return combined(states, self._shut, self.catalogue)

    def with_(self, setting: Setting, routes: pd.DataFrame | None = None) -> YearModel:
        """Return the model of the same year, demand and prices with another setting, and with `routes` if given."""
        found = copy(self)
        for name in [n for n in vars(self) if isinstance(getattr(YearModel, n, None), cached_property)]:
            del found.__dict__[name]
        if _felt(setting) != _felt(self.setting):
            found._usual = []
        found.setting, found._known_routes, found._tasted = setting, routes, None
        found.states = self.cut(setting.states)
        return found

    def input(self, series: str, default: float = 0.0) -> float:
        """Return a series of the year; of later years the last that is known, otherwise the default."""
        column = self.inputs[series] if series in self.inputs else pd.Series(dtype=float)
        known = column[column.index == min(self.year, PAST_YEARS[-1])].dropna()
        return float(known.iloc[0]) if len(known) else default

    def _closures(self, closures: Sequence[Closure]) -> list[Closure]:
        """Return what is shut for a part of the year, that which is on record included."""
        every = [*closures]
        if not documented(self.filters):
            return every
        if self.input("kars-closed") and set(_KARS) <= set(self.filters.tables.links.index):
            every.append(Closure(self.input("kars-closed") / _PER_CENT, _KARS))
        idle = 1 - self.input("instc-east-service", _PER_CENT) / _PER_CENT
        if idle and any("instc" in self.families[m] for m in self.markets):
            every.append(Closure(idle, (_EAST_BRANCH,)))
        return every

    @property
    def network_year(self) -> int:
        """The year whose lines are there."""
        base = int(self.parameter("base_year"))
        return max(self.year, base) if self.setting.planned else base

    @cached_property
    def networks(self) -> list[Filters]:
        """The network of each part of the year."""
        return [self._network(state) for state in self.states]

    def _network(self, state: State) -> Filters:
        if state.change is None:
            return self.filters
        return Filters(replace(self.filters.network, arcs=state.change(self.filters.network.arcs)))

    @cached_property
    def routes(self) -> pd.DataFrame:
        """Return the cheapest route of each corridor for each pair, goods and state.

        Returns
        -------
        DataFrame
            ``state`` (number), ``refuses`` (number of the set of refusals, 0: none), ``market``, ``origin``,
            ``destination``, ``goods``, ``corridor``, ``branch`` (corridor whose variant it is: instc-west-iran is one
            of instc-west), ``family``, ``path`` (arc numbers), ``tariff``, ``hours``, ``variance`` (h^2),
            ``kgco2e_per_t``, ``crosses`` (Russia or Belarus), ``log_size`` (of its path).
        """
        return self.search() if self._known_routes is None else self._known_routes

    def search(self, corridors: Collection[str] | None = None) -> pd.DataFrame:
        """Return the routes by some corridors only, as of `routes`; their path sizes are those among each other."""
        return self._search_for(self.catalogue if corridors is None else corridors).table()

    def _usual_routes(self) -> pd.DataFrame:
        """Return the routes where nothing is shut, changed or new, searched once for this and what is made of it."""
        if not self._usual:
            self._usual.append(self._search_for(self.catalogue).as_usual())
        return self._usual[0]

    def _search_for(self, corridors: Collection[str]) -> YearRoutes:
        return YearRoutes(
            self.network_year,
            self.filters,
            self.networks,
            self.states,
            self.setting,
            self.demand,
            self.families,
            self.catalogue,
            self.hour,
            self._refusing,
            frozenset(corridors),
            self._usual_routes,
        )

    @cached_property
    def _refusing(self) -> list[frozenset[int]]:
        """Return the sets of refusals that some shippers make, nothing first."""
        every = set(segments(self._kinds(), self.setting.refusals)["refuses"])
        return [frozenset(), *sorted(every - {frozenset()}, key=sorted)]

    def _code(self, refused: frozenset[int]) -> int:
        return self._refusing.index(refused)

    @cached_property
    def hour(self) -> dict[str, float]:
        """Return the mean value of time of each kind of goods, USD per TEU and hour."""
        value = self.filters.tables.goods["value_usd_per_teu"]
        rate = self.shippers["rate_pct_per_day"] / _PER_CENT / 24
        factor = self.setting.hour_factor
        return {str(g): float(value[g] * rate[g]) * factor.get(str(g), 1.0) for g in rate.index}

    @cached_property
    def alternatives(self) -> Alternatives:
        """Lay out who chooses between what."""
        rows = self.demand.reset_index(names="row")[["row", *CELL, "teu_per_year"]]
        demands = rows.merge(segments(self._kinds(), self.setting.refusals), on=["market", "goods"])
        states = pd.DataFrame({"state": range(len(self.states)), "part": [s.share for s in self.states]})
        demands = demands.merge(states, how="cross")
        demands["base"] = demands["teu_per_year"] * demands["weight"] * demands["part"]
        demands = demands[demands["base"] > 0].reset_index(drop=True).rename_axis("demand").reset_index()
        demands["refuses"] = demands["refuses"].map(self._code)
        found = self.routes.rename_axis("route").reset_index()
        keys = ["state", *CELL, "refuses"]
        routes = demands[["demand", *keys, "kind", "hour"]].merge(found[[*keys, "route", "family", "crosses"]], on=keys)
        captive = (routes["kind"] == "captive") & routes["family"].isin(_OVERLAND)
        averse = (routes["kind"] == "averse") & routes["crosses"]
        kept = routes[~(captive | averse)].reset_index(drop=True)
        usual = found[found["refuses"] == 0]
        has_way = pd.MultiIndex.from_frame(demands[keys[:-1]]).isin(pd.MultiIndex.from_frame(usual[keys[:-1]]))
        stays = has_way & ~demands["demand"].isin(kept["demand"])
        return Alternatives(demands.assign(stays=stays), kept[["demand", "route"]], kept["hour"].to_numpy())

    def _kinds(self) -> list[Kind]:
        pairs = self.demand[["market", "goods"]].drop_duplicates().itertuples(index=False)
        return [
            Kind(
                market,
                goods,
                self.hour[goods],
                float(self.shippers.at[goods, "spread"]),
                self.overland_share(market),
                self._may_shun(market),
            )
            for market, goods in pairs
        ]

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

    def quantity(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return the TEU a year of each demand of `alternatives`."""
        demands = self.alternatives.demands
        shun = demands["market"].map({m: self._shunning(choice, m) for m in self.markets})
        part = pd.Series(1.0, demands.index)
        shuns = demands["market"].map({m: self._may_shun(m) for m in self.markets})
        part = part.mask(shuns & (demands["kind"] == "averse"), shun).mask(
            shuns & (demands["kind"] == "willing"), 1 - shun
        )
        found: npt.NDArray[np.float64] = (demands["base"] * part).clip(lower=1e-12).to_numpy()
        return found

    def _tariff(self, choice: Choice, sea: float = 1.0, sums: Mapping[str, Any] | None = None) -> Values:
        """Return the price of each route to the shipper before scarcity, USD/TEU; `sea`: factor on deep-sea rates."""
        sums = self.routes if sums is None else sums
        before = np.asarray(sums["tariff"] + (sea - 1) * sums["sea_tariff"])
        return np.asarray(before * (1 - choice.subsidy_passed_on * self._subsidised))

    @cached_property
    def _subsidised(self) -> Values:
        """Return the share of the price of each route that a subsidy may cover."""
        paid = (self.routes["market"] == _FROM_CHINA) & self.routes["family"].isin(_OVERLAND)
        return np.asarray(self.input("subsidy-cap") / _PER_CENT * paid.astype(float).to_numpy())

    @cached_property
    def _kinds_of_route(self) -> tuple[list[tuple[str, ...]], npt.NDArray[np.int64]]:
        """Return each market, corridor, branch and family that occur together, and which of them each route is."""
        table = self.routes[["market", "corridor", "branch", "family"]]
        number, kinds = pd.MultiIndex.from_frame(table).factorize()
        return [tuple(map(str, kind)) for kind in kinds], np.asarray(number)

    def _constant(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return the constant of each route: that of its corridor, branch or family, the first that has one."""
        of = {name: market.constants_usd_per_teu for name, market in choice.markets.items()}
        kinds, number = self._kinds_of_route
        found = [next((of[m][n] for n in names if n in of[m]), 0.0) if m in of else 0.0 for m, *names in kinds]
        return np.array(found, dtype=float)[number]

    def _scales(self, choice: Choice) -> dict[str, float]:
        """Return the scale of each market; one without its own takes the mean of the others."""
        known = {m: choice.markets[m].scale_per_usd for m in self.markets if m in choice.markets}
        mean = float(np.exp(np.mean([np.log(m.scale_per_usd) for m in choice.markets.values()])))
        return {m: known.get(m, mean) for m in self.markets}

    def costs(self, choice: Choice, sums: Mapping[str, Any] | None = None, sea: float = 1.0) -> Values:
        """Return what each alternative costs who has it, constants and path size in, scarcity not.

        Parameters
        ----------
        choice : Choice
            Parameters.
        sums : mapping of str to ndarray of float, optional
            ``tariff``, ``sea_tariff``, ``hours``, ``variance`` and ``kgco2e_per_t`` of each of `routes`, instead of its
            own.
        sea : float
            Factor on deep-sea rates.
        """
        sums = self.routes if sums is None else sums
        number = self.alternatives.routes["route"].to_numpy()
        fixed = self._tariff(choice, sea, sums) + self._carbon(sums["kgco2e_per_t"]) + self._taste(choice)
        delay = np.asarray(delay_of(sums, self.parameter))
        return np.asarray(fixed[number] + choice.time_factor * self.alternatives.hour * delay[number])

    def _taste(self, choice: Choice) -> Values:
        """Return what does not depend on prices and times: constants and path sizes, USD/TEU by route."""
        if self._tasted is None or self._tasted[0] is not choice:
            scale = self.routes["market"].map(self._scales(choice)).to_numpy(dtype=float)
            self._tasted = choice, self._constant(choice) - self.routes["log_size"].to_numpy() / scale
        return self._tasted[1]

    def _carbon(self, kgco2e_per_t: Any) -> Values:
        """Return what carbon costs on each route, USD/TEU."""
        return np.asarray(kgco2e_per_t) * self.load_t_per_teu * self.setting.carbon_usd_per_t / 1000

    @cached_property
    def load_t_per_teu(self) -> Values:
        """Tonnes in a TEU on each route."""
        return np.asarray(self.routes["goods"].map(self.filters.tables.goods["load_t_per_teu"]), dtype=float)

    @cached_property
    def _delay(self) -> Values:
        """Return the hours of each route, unreliability counted as hours."""
        return np.asarray(delay_of(self.routes, self.parameter))

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Return what has a price that rises or a capacity that binds: ``state``, ``group``, ``room``, ``scarce``."""
        room = self.parameter("scarcity_capacity_teu")
        rows: list[tuple[int, str, float, bool]] = []
        for number, state in enumerate(self.states):
            rows += [(number, market, room * state.share, True) for market in self._scarce]
            if self.capacities:
                limits = self._limits(number)
                rows += [(number, str(g), float(cap) * state.share, False) for g, cap in limits.items()]
        return pd.DataFrame(rows, columns=["state", "group", "room", "scarce"]).astype({"scarce": bool})

    def _limits(self, state: int) -> pd.Series[float]:
        """Return the capacities that the routes of a part of the year cross, TEU a year, by group."""
        arcs = self.networks[state].network.arcs
        mine = self.routes["path"][self.routes["state"] == state]
        known = arcs.loc[sorted({arc for path in mine for arc in path})]
        known = known[known["capacity_group"] != ""]
        return known.groupby("capacity_group")["capacity_teu_per_year"].first().dropna()

    @cached_property
    def _model(self) -> LogitModel:
        """Read the choice once; costs, quantities, scales and prices are put in for each set of parameters."""
        alt, rows = self.alternatives, self.rows
        arcs = pd.DataFrame(
            {
                "capacity": [np.inf, *rows["room"]],
                "price": [np.inf, *np.where(rows["scarce"], 1.0, np.inf)],
            }
        )
        takes = self._takes()
        number = alt.routes["route"].to_numpy()
        paths = [list(take) for take in takes]
        units = [list(take.values()) for take in takes]
        routes = pd.DataFrame(
            {
                "demand": alt.routes["demand"],
                "path": [paths[i] for i in number],
                "units": [units[i] for i in number],
                "cost": 0.0,
            }
        )
        demands = pd.DataFrame({"quantity": alt.demands["base"].to_numpy(), "scale": 1.0})
        penalty = self.setting.unmet_usd_per_teu
        return LogitModel(arcs, demands, routes, path_size=0.0, unmet_penalty=penalty, price_power=_POWER)

    def _takes(self) -> list[dict[int, float]]:
        """Return what a TEU on each route takes of each row of capacity, counted from one; row zero is free."""
        rows, routes = self.rows, self.routes
        number = {
            (int(state), str(group), bool(scarce)): i
            for i, (state, group, scarce) in enumerate(
                zip(rows["state"], rows["group"], rows["scarce"], strict=True), 1
            )
        }
        ratio = {_NORTHERN: 1.0, "middle": self.parameter("middle_scarcity_ratio")}
        scarce, bulk = set(self._scarce), self._bulk
        groups = [self._groups(filters) for filters in self.networks]
        found = []
        for s, m, f, path in zip(routes["state"], routes["market"], routes["family"], routes["path"], strict=True):
            take: dict[int, float] = {}
            if m in scarce and f in ratio:
                take[number[s, m, True]] = ratio[f]
            if self.capacities:
                here, boxes = groups[s]
                at = list(path)
                inside = here[at] != ""
                if m in bulk:
                    inside &= ~boxes[at]
                take |= {number[s, g, False]: 1.0 for g in here[at][inside] if (s, g, False) in number}
            found.append(take or {0: 1.0})
        return found

    def _groups(self, filters: Filters) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Return the capacity group of each arc, and whether it is one of boxes."""
        arcs = filters.network.arcs
        return arcs["capacity_group"].to_numpy(), (arcs["capacity_unit"] == BOXES).to_numpy()

    @property
    def _bulk(self) -> set[str]:
        """Markets that are not of boxes."""
        return set(self.demand["market"][self.demand["unit"] == "t"])

    def logit(self, choice: Choice, sea: float = 1.0) -> LogitModel:
        """Return the choice with some parameters; `sea`: factor on deep-sea rates."""
        return self._model.with_(
            cost=self.costs(choice, sea=sea),
            quantity=self.quantity(choice),
            scale=self.alternatives.demands["market"].map(self._scales(choice)).to_numpy(dtype=float),
            price=np.full(1 + len(self.rows), choice.scarcity_usd_per_teu),
        )

    def flows(self, choice: Choice, *, sea: float = 1.0) -> npt.NDArray[np.float64]:
        """Return the TEU a year on each of `routes`, converged to a residual of 1e-7.

        Parameters
        ----------
        choice : Choice
            Parameters.
        sea : float
            Factor on deep-sea rates, routes held fixed.
        """
        return self._by_route(self.logit(choice, sea).flow(residual=_RESIDUAL))

    def _by_route(self, flow: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        number = self.alternatives.routes["route"].to_numpy()
        return np.bincount(number, flow, minlength=len(self.routes)).astype(float)

    def solve(self, choice: Choice) -> YearFlows:
        """Return all that is known of what the shippers do."""
        answer = self.logit(choice).solve(residual=_RESIDUAL)
        demands = self.alternatives.demands
        stays = demands["stays"].to_numpy()
        unmet = np.where(answer.unmet < _NOTHING * demands["base"].to_numpy(), 0.0, answer.unmet)
        lost, kept = (
            np.bincount(demands["row"], part, minlength=len(self.demand)).astype(float)
            for part in (np.where(stays, 0.0, unmet), np.where(stays, unmet, 0.0))
        )
        rows = self.rows[["state", "group", "scarce"]].assign(waiting_usd_per_teu=answer.waiting.to_numpy()[1:])
        return YearFlows(
            answer.status,
            answer.residual,
            self._by_route(answer.routes["flow"].to_numpy()),
            self._mean_by_route(answer.routes),
            rows[~rows["scarce"]].drop(columns="scarce").reset_index(drop=True),
            lost,
            kept,
            float(self.quantity(choice) @ answer.expected_cost.to_numpy()),
        )

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
        """Return what scarcity adds to the price of a train of the Northern route in each market, USD/TEU.

        The mean over the parts of the year by the trains in them.
        """
        units = self.routes["family"].map({_NORTHERN: 1.0, "middle": self.parameter("middle_scarcity_ratio")})
        load = (units.fillna(0.0) * flow).groupby([self.routes["market"], self.routes["state"]]).sum()
        room = self.parameter("scarcity_capacity_teu")
        found = {}
        for market in self._scarce:
            loads = [float(load.get((market, s), 0.0)) for s in range(len(self.states))]
            paid = sum(x * (x / (room * s.share)) ** _POWER for x, s in zip(loads, self.states, strict=True))
            found[market] = choice.scarcity_usd_per_teu * paid / max(sum(loads), 1e-300)
        return found

    def price(self, choice: Choice, flow: npt.NDArray[np.float64], market: str, family: str) -> float:
        """Return the mean price of a family to its shippers in a market, scarcity in, USD/TEU."""
        mine = ((self.routes["market"] == market) & (self.routes["family"] == family)).to_numpy()
        paid = self._tariff(choice)[mine] @ flow[mine] / max(float(flow[mine].sum()), 1e-300)
        return float(paid) + self.scarcity(choice, flow).get(market, 0.0)

    def cheapest(self) -> npt.NDArray[np.float64]:
        """Return the TEU a year on each of `routes` if all took the cheapest: no constants, no scarcity."""
        cost = self.routes["tariff"] + self._delay * self.routes["goods"].map(self.hour)
        usual = self.routes[self.routes["refuses"] == 0]
        best = cost[usual.index].groupby([usual[k] for k in ("state", *CELL)]).idxmin()
        rows = self.demand.set_index(CELL)["teu_per_year"]
        flow = np.zeros(len(self.routes))
        for key, route in best.items():
            state, *rest = key
            flow[route] += float(rows.loc[tuple(rest)]) * self.states[int(state)].share
        return flow

    def route_costs(self, choice: Choice) -> pd.DataFrame:
        """Return what each of `routes` costs the mean shipper.

        Returns
        -------
        DataFrame by route
            ``tariff_usd_per_teu`` (to the shipper), ``cost_usd_per_teu`` (generalised, scarcity apart),
            ``carbon_usd_per_teu`` (of it), ``constant_usd_per_teu``, ``delay_h`` (hours, unreliability as hours).
        """
        hour = self.routes["goods"].map(self.hour).to_numpy(dtype=float) * choice.time_factor
        tariff, carbon = self._tariff(choice), self._carbon(self.routes["kgco2e_per_t"])
        return pd.DataFrame(
            {
                "tariff_usd_per_teu": tariff,
                "cost_usd_per_teu": tariff + hour * self._delay + carbon,
                "carbon_usd_per_teu": carbon,
                "constant_usd_per_teu": self._constant(choice),
                "delay_h": self._delay,
            },
            index=self.routes.index,
        )

    def assignment(self, choice: Choice) -> Assignment:
        """Return the routes and flows as an `Assignment`, shippers of one kind of goods together."""
        found = self.solve(choice)
        goods = list(dict.fromkeys(self.demand["goods"]))
        prices = [
            goods_prices(self.filters.tables, g, value_of_time_usd_per_teu_h=choice.time_factor * self.hour[g])
            for g in goods
        ]
        case = SimpleNamespace(
            network=self.filters.network,
            classes=[SimpleNamespace(goods=g) for g in goods],
            prices=prices,
            shown_year=self.year,
        )
        costs = self.route_costs(choice)
        table = self.routes.assign(
            **{"class": self.routes["goods"].map({g: i for i, g in enumerate(goods)})},
            cost_usd_per_teu=costs["cost_usd_per_teu"],
            constant_usd_per_teu=costs["constant_usd_per_teu"],
            waiting_usd_per_teu=found.waiting,
            teu_per_year=found.flow,
        )
        parts = self.demand.rename(columns={"teu_per_year": "teu"})
        full = found.full.groupby("group")["waiting_usd_per_teu"].max()
        unmet = pd.Series(found.unmet + found.not_shipped)
        return Assignment.of("logit", found.status, found.residual, case, table, parts, unmet, full)


def _felt(setting: Setting) -> tuple[object, ...]:
    """Return what decides which route is the cheapest where nothing is changed."""
    return dict(setting.hour_factor), setting.carbon_usd_per_t, setting.planned


def _families(folder: str | Path | None) -> dict[str, tuple[str, ...]]:
    table = table_of("markets", folder).set_index("market_id")
    return {str(m): tuple(f) for m, f in table["families"].items()}


def _inputs_with(inputs: pd.DataFrame, year: int, changes: Mapping[str, float]) -> pd.DataFrame:
    wrong = [f"inputs: no series is called {s!r}{nearest(s, inputs.columns)}" for s in changes if s not in inputs]
    if wrong:
        raise DataError(wrong)
    changed = inputs.copy()
    for series, value in changes.items():
        changed.loc[year, series] = value
    return changed
