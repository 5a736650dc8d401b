"""The shippers of one year: the routes that they have, what each costs them, and which they take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import build, load_tables, table_of
from solvers import LogitModel

from .catalogue import Filters, load_catalogue
from .choice import Choice
from .freight import demand
from .past import PAST_YEARS, documented, inputs_with, past_arcs, year_inputs
from .year_alternatives import Alternatives
from .year_costs import YearCosts, scales
from .year_flows import YearFlows
from .year_rooms import NORTHERN, POWER, YearRooms
from .year_routes import Values, YearRoutes, delay_of
from .year_setting import Closure, Setting, State, combined
from .year_shippers import Kind, segments

__all__ = ["YearModel"]

_TO_CHINA = "eu-cn"
_KARS = ("GE_KRT-TR_KAR-rail",)
_EAST_BRANCH = "instc-east"
_PER_CENT = 100
_RESIDUAL = 1e-7
_NOTHING = 1e-6  # share of a demand below which the penalty keeps nobody at home but in the tail of the logit


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
        self.inputs = inputs_with(year_inputs(folder=folder), known, inputs or {})
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
        found.setting, found._known_routes = setting, routes
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

    @cached_property
    def hour(self) -> dict[str, float]:
        """Return the mean value of time of each kind of goods, USD per TEU and hour."""
        value = self.filters.tables.goods["value_usd_per_teu"]
        rate = self.shippers["rate_pct_per_day"] / _PER_CENT / 24
        factor = self.setting.hour_factor
        return {str(g): float(value[g] * rate[g]) * factor.get(str(g), 1.0) for g in rate.index}

    @cached_property
    def alternatives(self) -> Alternatives:
        """Who chooses between what."""
        who = segments(self._kinds(), self.setting.refusals)
        return Alternatives.of(
            self.demand, who.assign(refuses=who["refuses"].map(self._refusing.index)), self.states, self.routes
        )

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
        return NORTHERN in self.families[market]

    @cached_property
    def scarce(self) -> list[str]:
        """Markets whose trains get dearer as they fill."""
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

    @cached_property
    def priced(self) -> YearCosts:
        """What each of `routes` costs those who take it."""
        return YearCosts(
            self.routes,
            self.markets,
            self.filters.tables.goods,
            self.input("subsidy-cap") / _PER_CENT,
            self.setting.carbon_usd_per_t,
            self.parameter,
        )

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
        fixed = self.priced.fixed(choice, sums, sea)
        delay = np.asarray(delay_of(sums, self.parameter))
        return np.asarray(fixed[number] + choice.time_factor * self.alternatives.hour * delay[number])

    @cached_property
    def rooms(self) -> YearRooms:
        """What shippers compete for."""
        return YearRooms(
            self.routes, self.states, self.networks, self.scarce, self.bulk, self.capacities, self.parameter
        )

    @cached_property
    def rows(self) -> pd.DataFrame:
        """What has a price that rises or a capacity that binds: ``state``, ``group``, ``room``, ``scarce``."""
        return self.rooms.rows()

    @cached_property
    def takes(self) -> list[dict[int, float]]:
        """What a TEU on each route takes of each of `rows`, counted from one; row zero is free."""
        return self.rooms.takes(self.rows)

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
        takes = self.takes
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
        return LogitModel(arcs, demands, routes, path_size=0.0, unmet_penalty=penalty, price_power=POWER)

    @property
    def bulk(self) -> set[str]:
        """Markets that are not of boxes."""
        return set(self.demand["market"][self.demand["unit"] == "t"])

    def logit(self, choice: Choice, sea: float = 1.0) -> LogitModel:
        """Return the choice with some parameters; `sea`: factor on deep-sea rates."""
        return self._model.with_(
            cost=self.costs(choice, sea=sea),
            quantity=self.quantity(choice),
            scale=self.alternatives.demands["market"].map(scales(choice, self.markets)).to_numpy(dtype=float),
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
        """Return what scarcity adds to the price of a train of the Northern route in each market, USD/TEU."""
        return self.rooms.scarcity(choice, flow)

    def price(self, choice: Choice, flow: npt.NDArray[np.float64], market: str, family: str) -> float:
        """Return the mean price of a family to its shippers in a market, scarcity in, USD/TEU."""
        mine = ((self.routes["market"] == market) & (self.routes["family"] == family)).to_numpy()
        paid = self.priced.tariff(choice)[mine] @ flow[mine] / max(float(flow[mine].sum()), 1e-300)
        return float(paid) + self.scarcity(choice, flow).get(market, 0.0)


def _felt(setting: Setting) -> tuple[object, ...]:
    """Return what decides which route is the cheapest where nothing is changed."""
    return dict(setting.hour_factor), setting.carbon_usd_per_t, setting.planned


def _families(folder: str | Path | None) -> dict[str, tuple[str, ...]]:
    table = table_of("markets", folder).set_index("market_id")
    return {str(m): tuple(f) for m, f in table["families"].items()}
