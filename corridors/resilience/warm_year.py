"""The shippers of a year, answered again and again: what changes is searched anew, all else stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from networks import DataError, goods_prices
from solvers import LogitModel

from ..choice import Choice
from ..finder import Course
from ..route_sets import by_order
from ..year_costs import scales
from ..year_model import YearModel
from ..year_routes import AVERSE_TO, CELL, SEA, Values, branch_of, delay_of, route_sums, shifted
from ..year_setting import Setting, State
from .tracks import Flags, Ints, Routes, Track, joined, replaced, some_of
from .warm_parts import Doubt, Laid, Part, SeveralLimitsError
from .warm_rooms import Limit, Rooms

__all__ = ["WarmYear"]

_RESIDUAL = 1e-7
_NEVER = 1e9  # USD/TEU, of a route that is not there: nobody takes it
_RATES = ("tariff_usd_per_teu", "hours", "spread_h", "kgco2e_per_t")
_SUMS = ("tariff", "sea_tariff", "hours", "variance", "kgco2e_per_t")
_NOTHING = 1e-6  # share of a demand below which the penalty keeps nobody at home but in the tail of the logit


class WarmYear:
    """A year whose parts are solved from where the year as usual ended.

    Parameters
    ----------
    model : YearModel
        The year; its parts are not used. Shippers refuse nothing.
    choice : Choice
        Parameters of the shippers.

    Notes
    -----
    A *slot* is a corridor for the shippers of some goods between two places. Its cheapest route is searched anew where
    an arc of it gets dearer or shuts, and where some arc that it could use gets cheaper or opens; all others stay. The
    logit starts at the prices of the year as usual, whatever was solved before, so that the same part always has the
    same answer. It is the answer of `YearModel`, but for the residual.

    Raises
    ------
    DataError
        Shippers refuse something.
    """

    def __init__(self, model: YearModel, choice: Choice) -> None:
        if model.setting.refusals:
            raise DataError(["what shippers refuse cannot be solved again and again"])
        self.choice = choice
        self._last_choice: tuple[float, Choice] | None = None
        self._given = model
        self.filters = model.filters
        self.arcs = model.filters.network.arcs
        self.year = model.network_year
        self._prices = {
            goods: goods_prices(
                model.filters.tables,
                goods,
                value_of_time_usd_per_teu_h=model.hour[goods],
                carbon_price_usd_per_t=model.setting.carbon_usd_per_t,
            )
            for goods in sorted(set(model.demand["goods"]))
        }
        self._open = self.arcs["opens_year"].to_numpy(dtype=float) <= self.year
        self._rates = {name: self.arcs[name].to_numpy(dtype=float) for name in (*_RATES, "capacity_teu_per_year")}
        self._mode, self._grouped = self.arcs["mode"].to_numpy(), self.arcs["capacity_group"].to_numpy()
        self._cost = {goods: self._costs(goods, self._rates) for goods in self._prices}
        self._lay_out()

    # What is there as usual

    def _lay_out(self) -> None:
        """Search the usual routes and number the slots."""
        demand = self._given.demand
        search = self._given._search_for(self._given.catalogue)
        tracks: list[Track] = []
        tables, routes = [], []
        first = 0
        self._slots_of: list[dict[str, Ints]] = []
        for market, rows in demand.groupby("market", sort=False):
            wanted = search._corridors(str(market), State(1.0))
            pairs = list(dict.fromkeys(zip(rows["origin"], rows["destination"], strict=True)))
            cells = set(zip(rows["origin"], rows["destination"], rows["goods"], strict=True))
            for corridor in wanted:
                for order, group in by_order(Course(self.filters, corridor), pairs):
                    allowed = self.filters.avoiding(corridor.avoid)
                    track = Track(
                        self.filters.network, str(market), corridor.corridor_id, corridor.family, order, allowed, group
                    )
                    slots: dict[str, Ints] = {}
                    usual = {
                        goods: np.where(self._open, self._cost[goods], np.inf) for goods in sorted(set(rows["goods"]))
                    }
                    track.learn(usual)
                    for goods in sorted(set(rows["goods"])):
                        mine = np.array([i for i, pair in enumerate(group) if (*pair, goods) in cells], dtype=np.int64)
                        slots[goods] = np.full(len(group), -1)
                        slots[goods][mine] = first + np.arange(len(mine))
                        first += len(mine)
                        routes.append(track.routes(usual[goods], mine, goods))
                        ends = pd.DataFrame([group[i] for i in mine.tolist()], columns=["origin", "destination"])
                        told = {"market": track.market, "corridor": track.corridor, "family": track.family}
                        tables.append(ends.assign(goods=goods, track=len(tracks), **told))
                    tracks.append(track)
                    self._slots_of.append(slots)
        self.tracks = tracks
        self.slots: pd.DataFrame = pd.concat(tables, ignore_index=True)
        self.usual_routes = joined(routes)
        lengths = np.diff(self.usual_routes.start)
        self._owner = np.repeat(np.arange(len(lengths)), lengths)
        self._crossed = self.usual_routes.crossed(len(self.arcs)).tocsc()
        self.rooms = Rooms(self._given, self.arcs, self.slots, self.usual_routes)

    @cached_property
    def model(self) -> YearModel:
        """The shippers with one route in each slot."""
        sums = route_sums(self.arcs, self._crossed.tocsr())
        reference, sizes = self._reference(sums)
        table = self.slots.assign(
            state=0,
            refuses=0,
            crosses=False,
            path=[()] * len(self.slots),
            branch=self.slots["corridor"].map(
                {c: branch_of(c, self._given.catalogue) for c in set(self.slots["corridor"])}
            ),
            log_size=np.log(sizes.fillna(1.0).to_numpy(dtype=float)),
            **sums,
        )
        self._sized = sizes.notna().to_numpy()
        self._known_sizes = reference
        found = self._given.with_(self._alike(), table)
        found.states = [State(1.0)]
        found.__dict__["networks"] = [self.filters]
        found.__dict__["rows"] = self.rooms.rows
        return found

    def _alike(self) -> Setting:
        given = self._given.setting
        return Setting(
            demand=given.demand,
            hour_factor=given.hour_factor,
            carbon_usd_per_t=given.carbon_usd_per_t,
            planned=given.planned,
            unmet_usd_per_teu=given.unmet_usd_per_teu,
        )

    def _reference(self, sums: Mapping[str, Values]) -> tuple[pd.DataFrame, pd.Series[float]]:
        """Return the usual routes that have a size, and the size of each slot, NaN where none is usual."""
        there = self.usual_routes.there & ~self._worse_by_sea(sums, self.usual_routes.there)
        usual = self.slots[there].assign(path=self._paths(self.usual_routes, np.flatnonzero(there)))
        overlap = self._given._search_for(())._overlap(usual)
        ways = [*CELL, "way"]
        known = usual.assign(way=usual["corridor"].mask(usual["family"] == SEA, SEA), size=overlap)
        keys = self.slots[CELL].assign(way=self.slots["corridor"].mask(self.slots["family"] == SEA, SEA))
        by_way = known.drop_duplicates(ways)[[*ways, "size"]]
        return known, keys.merge(by_way, on=ways, how="left")["size"]

    @staticmethod
    def _paths(routes: Routes, slots: Ints) -> list[tuple[int, ...]]:
        arcs, start = routes.arcs.tolist(), routes.start.tolist()
        return [tuple(arcs[start[s] : start[s + 1]]) for s in slots.tolist()]

    @cached_property
    def _hour(self) -> Values:
        return np.asarray(self.slots["goods"].map(self._given.hour), dtype=float)

    @cached_property
    def _sea(self) -> tuple[Ints, Ints]:
        """Return the slots by sea, and the number of the cell of each."""
        sea = np.flatnonzero((self.slots["family"] == SEA).to_numpy())
        return sea, self.slots.iloc[sea].groupby(CELL).ngroup().to_numpy()

    def _worse_by_sea(self, sums: Mapping[str, Values], there: Flags) -> Flags:
        """Say which ways by sea are not the cheapest: carriers, not shippers, choose between Suez and the Cape."""
        sea, cell = self._sea
        cost = np.asarray(sums["tariff"] + self._hour * delay_of(sums, self._given.parameter))
        own = np.where(there[sea], cost[sea], np.inf)
        least = np.full(int(cell.max(initial=-1)) + 1, np.inf)
        np.minimum.at(least, cell, own)
        found = np.zeros(len(self.slots), dtype=bool)
        found[sea] = own > least[cell]
        return found

    @cached_property
    def _alternatives(self) -> tuple[Ints, Ints, Flags]:
        """Return the demand and the slot of each alternative, and whether its shippers cross neither RU nor BY."""
        found = self.model.alternatives
        demand = found.routes["demand"].to_numpy()
        kind = found.demands["kind"].to_numpy()
        return demand, found.routes["route"].to_numpy(), (kind == "averse")[demand]

    @cached_property
    def _logit(self) -> LogitModel:
        self.model.__dict__["takes"] = [{0: 1.0}] * len(self.slots)
        return self.model.logit(self.choice)

    @cached_property
    def _quantity(self) -> Values:
        return self.model.quantity(self.choice)

    @cached_property
    def _scale(self) -> Values:
        return np.asarray(self.slots["market"].map(scales(self.choice, self.model.markets)).to_numpy(dtype=float))

    @cached_property
    def usual(self) -> Part:
        """The year as usual."""
        return self.answer(self._laid(State(1.0), self.arcs, None), None)

    def part(self, state: State, limit: Limit | None = None) -> Part:
        """Return what a part of the year is like, as if it lasted all year.

        Parameters
        ----------
        state : State
            What holds; its share is not used. It may set one capacity where none is on record.
        limit : Limit, optional
            That capacity.

        Raises
        ------
        DataError
            Several capacities where none is on record, or no equilibrium.
        """
        laid = self.laid(state, limit)
        return self.usual if laid.usual else self.answer(laid, self.usual.wait)

    def laid(self, state: State, limit: Limit | None = None) -> Laid:
        """Return the routes and rooms of a part of the year; parameters and errors as of `part`."""
        if state.change is None:
            return self._laid(state, self.arcs, limit)
        arcs = state.change(self.arcs)
        groups = arcs["capacity_group"].to_numpy()
        new = groups != self._grouped
        if new.any():
            if limit is not None or len(set(groups[new])) > 1:
                name = state.name or "a scenario"
                raise SeveralLimitsError([f"{name}: sets several capacities where none is on record"])
            limit = Limit(new, float(arcs["capacity_teu_per_year"].to_numpy()[new][0]))
        return self._laid(state, arcs, limit)

    def _laid(self, state: State, arcs: pd.DataFrame, limit: Limit | None) -> Laid:
        routes, sums, changed = self._rerouted(state, arcs)
        there = routes.there
        if state.shut:
            there = there & ~self.slots["corridor"].isin(state.shut).to_numpy()
        rooms = self.rooms.at(arcs, limit)
        touched = limit is not None or state.shut or state.shifts or len(changed) or (rooms != self._usual_rooms).any()
        return Laid(
            state,
            routes,
            shifted(sums, self.slots["corridor"], state),
            there,
            self._crosses(routes, changed),
            self._resized(routes, there),
            rooms,
            self.rooms.taken(routes, changed, limit),
            not touched and all((sums[name] == self._usual_sums[name]).all() for name in _SUMS),
        )

    @cached_property
    def _usual_rooms(self) -> Values:
        return self.rooms.at(self.arcs, None)

    @cached_property
    def _usual_sums(self) -> dict[str, Values]:
        return {name: np.asarray(self.model.routes[name], dtype=float) for name in _SUMS}

    def answer(self, laid: Laid, wait: Values | None, doubt: Doubt | None = None) -> Part:
        """Return what shippers do with the routes and rooms of a part of the year.

        Parameters
        ----------
        laid : Laid
            As of `laid`.
        wait : ndarray of float, optional
            Prices of scarcity and waiting to begin at.
        doubt : Doubt, optional
            Other figures than those of the tables; routes stay as they are.

        Raises
        ------
        DataError
            No equilibrium.
        """
        sums = laid.sums if doubt is None else {**laid.sums, **doubt.sums}
        choice = self.choice if doubt is None else self._impatient(doubt.time_factor)
        there = laid.there & ~self._worse_by_sea(sums, laid.there)
        _, slot, averse = self._alternatives
        open_ = there[slot] & ~(averse & laid.crosses[slot])
        cost = np.where(open_, self.model.costs(choice, sums) + laid.resized[slot], _NEVER)
        way, ways = laid.takes
        quantity = self._quantity if doubt is None else self._quantity * doubt.demand[self._row]
        rooms = laid.rooms if doubt is None else laid.rooms * doubt.room
        logit = self._logit.with_(
            cost=cost, quantity=quantity, capacity=np.append(np.inf, rooms), takes=(way[slot], ways)
        )
        try:
            answer = logit.respond(wait, residual=_RESIDUAL)
        except ArithmeticError as error:
            name = laid.state.name or "as usual"
            raise DataError([f"{self.year}: {name}: cannot be solved: {error}"]) from None
        flow = np.bincount(slot, answer.flow, minlength=len(self.slots)).astype(float)
        unmet, not_shipped = self._left(answer.flow, open_, there, quantity)
        paid = np.bincount(self._row, quantity * answer.expected_cost, minlength=len(self.model.demand)).astype(float)
        return Part(flow, sums, paid, unmet, not_shipped, answer.wait, laid.routes)

    def _impatient(self, factor: float) -> Choice:
        """Return the choice of shippers with another worth of time, the last one kept."""
        if self._last_choice is None or self._last_choice[0] != factor:
            changed = self.choice.model_copy(update={"time_factor": self.choice.time_factor * factor})
            self._last_choice = factor, changed
        return self._last_choice[1]

    @cached_property
    def _row(self) -> Ints:
        """Row of the demand of each demand of the alternatives."""
        return np.asarray(self.model.alternatives.demands["row"].to_numpy())

    def _left(self, flow: Values, open_: Flags, there: Flags, quantity: Values) -> tuple[Values, Values]:
        """Return what is not sent by row of demand: for want of a way or room, and because its shippers refuse all."""
        demand, _, _ = self._alternatives
        size, rows = len(quantity), len(self.model.demand)
        left = quantity - np.bincount(demand, flow, minlength=size)
        left = np.where(left < _NOTHING * quantity, 0.0, left)
        able = np.bincount(demand, open_, minlength=size) > 0
        way = np.bincount(self._cell_of_slot[there], minlength=len(self._cells)) > 0
        stays = ~able & way[self._cell_of_demand]
        return (
            np.bincount(self._row, np.where(stays, 0.0, left), minlength=rows).astype(float),
            np.bincount(self._row, np.where(stays, left, 0.0), minlength=rows).astype(float),
        )

    @cached_property
    def row_of_slot(self) -> Ints:
        """Row of the demand of each slot."""
        rows = pd.MultiIndex.from_frame(self.model.demand[CELL])
        return np.asarray(rows.get_indexer(pd.MultiIndex.from_frame(self.slots[CELL])))

    def estimates(self, parts: Sequence[tuple[float, Part]]) -> float:
        """Return the share of estimates among the figures behind the routes of parts of the year, by TEU."""
        load = np.zeros(len(self.arcs))
        for share, part in parts:
            load += share * np.asarray(part.routes.crossed(len(self.arcs)).T @ part.flow)
        guessed, figures = (float(load @ self.arcs[c].to_numpy(dtype=float)) for c in ("estimates", "figures"))
        return guessed / figures if figures else 0.0

    @cached_property
    def _cells(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_frame(self.model.demand[CELL]).unique()

    @cached_property
    def _cell_of_slot(self) -> Ints:
        return np.asarray(self._cells.get_indexer(pd.MultiIndex.from_frame(self.slots[CELL])))

    @cached_property
    def _cell_of_demand(self) -> Ints:
        return np.asarray(self._cells.get_indexer(pd.MultiIndex.from_frame(self.model.alternatives.demands[CELL])))

    # What changes

    def _rerouted(self, state: State, arcs: pd.DataFrame) -> tuple[Routes, dict[str, Values], Ints]:
        """Return the routes of a part of the year, what their arcs sum to, and the slots whose route is another."""
        open_ = arcs["opens_year"].to_numpy(dtype=float) <= self.year
        if state.avoid:
            open_ &= self.filters.avoiding(state.avoid)
        rates = self._rates if arcs is self.arcs else {name: arcs[name].to_numpy(dtype=float) for name in _RATES}
        moved = np.logical_or.reduce([rates[name] != self._rates[name] for name in _RATES])
        usual = self._usual_sums
        if not moved.any() and (open_ == self._open).all():
            return self.usual_routes, usual, np.zeros(0, dtype=np.int64)
        found: list[tuple[Ints, Routes]] = []
        for goods, before in self._cost.items():
            after = before.copy()
            if moved.any():
                after[moved] = self._costs(goods, {name: values[moved] for name, values in rates.items()})
            old, new = np.where(self._open, before, np.inf), np.where(open_, after, np.inf)
            worse, better = new > old, new < old
            if worse.any() or better.any():
                found += self._searched(goods, old, new, worse, better)
        changed = np.concatenate([np.zeros(0, dtype=np.int64), *(slots for slots, _ in found)])
        routes = replaced(self.usual_routes, changed, joined([r for _, r in found]))
        sums = self._sums(usual, rates, moved)
        fresh = route_sums({**rates, "mode": self._mode}, some_of(routes, changed).crossed(len(arcs)))
        for name in _SUMS:
            sums[name][changed] = fresh[name]
        return routes, sums, changed

    def _searched(
        self, goods: str, before: Values, cost: Values, worse: Flags, better: Flags
    ) -> list[tuple[Ints, Routes]]:
        """Return the slots of some goods whose route may be another, and the routes."""
        hit = np.zeros(len(self.slots), dtype=bool)
        hit[self._crossed[:, np.flatnonzero(worse)].indices] = True
        found, change = [], None
        if better.any():
            at = np.flatnonzero((worse | better) & np.isfinite(before) & np.isfinite(cost))
            change = self._crossed[:, at] @ (cost[at] - before[at])
        for track, slots in zip(self.tracks, self._slots_of, strict=True):
            mine = slots.get(goods)
            if mine is None:
                continue
            there = (mine >= 0) & hit[np.maximum(mine, 0)]
            if change is not None:
                there[track.may_gain(goods, cost, better, change[np.maximum(mine, 0)])] = True
                there &= mine >= 0
            pairs = np.flatnonzero(there)
            if len(pairs):
                found.append((mine[pairs], track.routes(cost, pairs, goods)))
        return found

    def _sums(self, usual: Mapping[str, Values], rates: Mapping[str, Values], moved: Flags) -> dict[str, Values]:
        """Return what the usual routes sum to with other figures of some arcs."""
        if not moved.any():
            return {name: values.copy() for name, values in usual.items()}
        at = np.flatnonzero(moved)
        some = self._crossed[:, at].tocsr()
        new, old = (
            route_sums({"mode": self._mode[at], **{name: r[name][at] for name in _RATES}}, some)
            for r in (rates, self._rates)
        )
        return {name: usual[name] + new[name] - old[name] for name in _SUMS}

    def _costs(self, goods: str, rates: Mapping[str, Values]) -> Values:
        """Return the generalised cost of arcs, as `networks.generalised_cost` does."""
        p = self._prices[goods]
        hour = p.value_of_time_usd_per_teu_h
        return np.asarray(
            rates["tariff_usd_per_teu"]
            + hour * rates["hours"]
            + p.reliability_ratio * hour / p.reference_spread_h * rates["spread_h"] ** 2
            + p.load_t_per_teu * p.carbon_price_usd_per_t / 1000 * rates["kgco2e_per_t"]
        )

    @cached_property
    def _barred(self) -> Flags:
        """Arcs that shippers who stay away since February 2022 do not use."""
        return ~self.filters.avoiding(AVERSE_TO)

    @cached_property
    def _usually_crosses(self) -> Flags:
        return np.bincount(self._owner, self._barred[self.usual_routes.arcs], minlength=len(self.slots)) > 0

    def _crosses(self, routes: Routes, changed: Ints) -> Flags:
        if not len(changed):
            return self._usually_crosses
        some = some_of(routes, changed)
        owner = np.repeat(np.arange(len(changed)), np.diff(some.start))
        found = self._usually_crosses.copy()
        found[changed] = np.bincount(owner, self._barred[some.arcs], minlength=len(changed)) > 0
        return found

    def _resized(self, routes: Routes, there: Flags) -> Values:
        """Return what the size of a route that is not usual adds to its cost; see `YearRoutes`."""
        found = np.zeros(len(self.slots))
        new = np.flatnonzero(there & ~self._sized)
        if len(new):
            known = self._known_sizes[[*CELL, "path"]]
            more = self.slots.iloc[new][CELL].assign(path=self._paths(routes, new))
            cells = pd.MultiIndex.from_frame(more[CELL])
            known = known[pd.MultiIndex.from_frame(known[CELL]).isin(cells)]
            overlap = self._given._search_for(())._overlap(pd.concat([known, more], ignore_index=True))
            found[new] = -np.log(overlap[len(known) :]) / self._scale[new]
        return found

    def passing(self, routes: Routes, arcs: Flags) -> Flags:
        """Say which routes pass some arcs, shape (slots,)."""
        return routes.passing(arcs)
