"""One failure: what the shippers of a year do without a link, stop, border or country, and what it costs whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ..year_routes import Values, delay_of
from ..year_setting import State
from .elements import Element
from .warm_parts import Part
from .warm_year import WarmYear

if TYPE_CHECKING:
    from .tracks import Flags

__all__ = ["COLUMNS", "COUNTRY_COLUMNS", "TRANSIT_COLUMNS", "Failure", "Shut", "Study"]

_Row = tuple[Any, ...]

_MILLION = 1e6
_HOURS = 24
_SMALL = 1e-3  # TEU a year that count as none
_CLEARING = 10.0  # times the failure that it takes to clear a queue, at most: then those who wait find other ways

COLUMNS = [
    "kind",
    "element",
    "name",
    "effect",
    "days",
    "teu_per_year",
    "cost_rise_musd",
    "of_it_waiting_musd",
    "cost_rise_pct",
    "unmet_teu",
    "not_shipped_teu",
    "teu_hours",
    "hours_per_teu",
    "second_best_ratio",
    "worst_country",
    "worst_country_pct",
    "assumed",
]
COUNTRY_COLUMNS = ["kind", "element", "effect", "days", "country", "cost_rise_musd", "unmet_teu", "loss_pct"]
TRANSIT_COLUMNS = ["kind", "element", "effect", "country", "teu_per_year"]


@dataclass(frozen=True)
class Shut:
    """What shuts arcs, after another change."""

    mask: Flags
    before: Callable[[pd.DataFrame], pd.DataFrame] | None

    def __call__(self, arcs: pd.DataFrame) -> pd.DataFrame:
        """Return the arcs with those shut."""
        found = arcs if self.before is None else self.before(arcs)
        return found.assign(opens_year=found["opens_year"].mask(self.mask, np.inf))


@dataclass(frozen=True, eq=False)
class Study:
    """A year with everything that each failure is held against."""

    warm: WarmYear
    states: tuple[State, ...]
    days: tuple[int, ...]
    effects: tuple[str, ...]

    @cached_property
    def usual(self) -> list[Part]:
        """Each part of the year without the failure."""
        return [self.warm.part(state._replace(share=1.0)) for state in self.states]

    @cached_property
    def turn(self) -> float:
        """Days up to which a failure is waited for."""
        return float(self.warm.filters.tables.parameter("queue_days"))

    @cached_property
    def penalty(self) -> float:
        """What it costs to leave a TEU at home, USD."""
        return self.warm.model.setting.unmet_usd_per_teu

    def uses(self, element: Element) -> bool:
        """Say whether anything passes an element as usual; what nothing passes is missed by nobody."""
        return any(self._passing(part, element) > _SMALL for part in self.usual)

    def _passing(self, part: Part, element: Element) -> float:
        return float(part.flow[part.routes.passing(element.arcs)].sum())

    def idle(self, element: Element) -> list[tuple[Any, ...]]:
        """Return the rows of what nothing passes."""
        head = (element.kind, element.element_id, element.name)
        return [
            (*head, effect, days, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, np.nan, "", 0.0, False)
            for effect in self.effects
            for days in self.days
        ]

    # Rows of demand and countries

    @cached_property
    def countries(self) -> tuple[list[str], csr_array]:
        """Return countries, and how each row of demand is shared out to them, shape (rows, countries)."""
        demand, home = self.warm.model.demand, self.warm.filters.home
        ends = [demand[side].map(home) for side in ("origin", "destination")]
        names = sorted(set(ends[0]) | set(ends[1]))
        number = {c: i for i, c in enumerate(names)}
        row = np.tile(np.arange(len(demand)), 2)
        column = np.concatenate([end.map(number).to_numpy() for end in ends])
        return names, csr_array((np.full(len(row), 0.5), (row, column)), shape=(len(demand), len(names)))

    def costs(self, part: Part) -> Values:
        """Return the generalised cost of each route for the mean shipper, USD/TEU; inf where there is none."""
        hour = self.warm.choice.time_factor * self.warm._hour
        cost = part.sums["tariff"] + hour * delay_of(part.sums, self.warm.filters.tables.parameter)
        return np.where(part.routes.there, cost, np.inf)

    def hours(self, part: Part) -> Values:
        """Return the TEU-hours on the way of each row of demand, a year."""
        long = np.where(part.routes.there, part.flow * part.sums["hours"], 0.0)
        return np.bincount(self.warm.row_of_slot, long, minlength=len(self.warm.model.demand)).astype(float)

    @cached_property
    def spent(self) -> Values:
        """What each row of demand costs as usual, USD a year: generalised cost of what is sent."""
        total = np.zeros(len(self.warm.model.demand))
        for state, part in zip(self.states, self.usual, strict=True):
            cost = np.where(part.flow > 0, self.costs(part), 0.0)
            total += state.share * np.bincount(self.warm.row_of_slot, part.flow * cost, minlength=len(total))
        return total

    # One failure

    def failure(self, element: Element) -> Failure:
        """Return what the loss of an element does in a year of it."""
        parts = [
            (
                state.share,
                before,
                self.warm.part(state._replace(share=1.0, change=Shut(element.arcs, state.change))),
            )
            for state, before in zip(self.states, self.usual, strict=True)
        ]
        return Failure(self, element, parts)

    def capacities(self, element: Element) -> tuple[str, ...]:
        """Return the capacities on record of what fails: of a stop its own, of a link its tracks."""
        arcs = self.warm.arcs[element.arcs]
        known = arcs[(arcs["capacity_group"] != "") & arcs["capacity_teu_per_year"].notna()]
        if element.kind == "stop":
            known = known[known["link_id"] == ""]
        return tuple(sorted(set(known["capacity_group"])))

    @cached_property
    def estimates(self) -> float:
        """Share of estimates among the figures behind the usual routes, by TEU."""
        shares = [state.share for state in self.states]
        return self.warm.estimates(list(zip(shares, self.usual, strict=True)))

    @cached_property
    def of_country(self) -> tuple[list[str], csr_array]:
        """Return countries, and which arcs are in each, shape (arcs, countries)."""
        starts, ends = self.warm.filters.network.arc_places
        home = self.warm.filters.home
        names = sorted({home[p] for p in {*starts, *ends}})
        number = {c: i for i, c in enumerate(names)}
        both = [np.array([number[home[p]] for p in side]) for side in (starts, ends)]
        row = np.tile(np.arange(len(starts)), 2)
        entries = (np.ones(len(row)), (row, np.concatenate(both)))
        return names, csr_array(entries, shape=(len(starts), len(names)))

    def transit(self, part: Part) -> Values:
        """Return the TEU a year that pass through each country and neither begin nor end there."""
        names, of_arc = self.of_country
        passes = csr_array(part.routes.crossed(of_arc.shape[0]) @ of_arc)
        passes.data[:] = 1.0
        total = np.asarray(passes.T @ part.flow)
        number = {c: i for i, c in enumerate(names)}
        for side in ("origin", "destination"):
            own = self.warm.slots[side].map(self.warm.filters.home).map(number).to_numpy()
            total -= np.bincount(own, np.where(part.routes.there, part.flow, 0.0), minlength=len(names))
        return total

    def link_flows(self) -> pd.DataFrame:
        """Return the flow over each link as usual."""
        arcs = self.warm.arcs
        load = np.zeros(len(arcs))
        for state, part in zip(self.states, self.usual, strict=True):
            load += state.share * np.asarray(part.routes.crossed(len(arcs)).T @ part.flow)
        line = (arcs["kind"] == "link").to_numpy()
        table = arcs.loc[line, ["link_id", "from_place_id", "to_place_id", "mode"]].assign(teu_per_year=load[line])
        by_link = table.groupby("link_id", sort=False)
        return by_link.agg(
            {"from_place_id": "first", "to_place_id": "first", "mode": "first", "teu_per_year": "sum"}
        ).reset_index()


class _Loss(NamedTuple):
    """What a year without an element does to each row of demand."""

    served_usd: Values  # what those pay more who are still served
    lost: Values  # TEU without a way or room
    stays: Values  # TEU whose shippers refuse what is left
    hours: float  # TEU-hours that all who are still served are longer on the way


@dataclass(frozen=True, eq=False)
class Failure:
    """What the loss of an element does: share of the year, part with it, part without it."""

    study: Study
    element: Element
    parts: list[tuple[float, Part, Part]]

    def _change(self, figure: Callable[[Part], Any]) -> Any:
        return sum(share * (figure(after) - figure(before)) for share, before, after in self.parts)

    def _usually(self, figure: Callable[[Part], Values]) -> Values:
        """Return a figure of each row of demand as usual, for a TEU of it."""
        wanted = self.study.warm.model.demand["teu_per_year"].to_numpy(dtype=float)
        total = np.asarray(sum(share * figure(before) for share, before, _ in self.parts))
        return np.asarray(total / np.maximum(wanted, 1e-300))

    def rows(
        self, effects: Sequence[str]
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Return rows of the table, of countries, and of transit."""
        study, element = self.study, self.element
        lost, stays = self._change(lambda p: p.unmet), self._change(lambda p: p.not_shipped)
        lost, stays = (np.where(np.abs(x) < _SMALL, 0.0, x) for x in (lost, stays))
        gone = lost + stays
        paid = self._change(lambda p: p.cost_usd)
        year = _Loss(
            served_usd=paid - (study.penalty - self._usually(lambda p: p.cost_usd)) * gone,
            lost=lost,
            stays=stays,
            hours=float(self._change(study.hours).sum() + (gone * self._usually(study.hours)).sum()),
        )
        ratio, moved = self._second_best(), self._change(study.transit)
        table: list[_Row] = []
        countries: list[_Row] = []
        transit: list[_Row] = []
        for effect in effects:
            stopped, assumed = self._stopped(effect)
            for days in study.days:
                row, who = self._of_days(effect, days, year, stopped)
                table.append((*row[:-2], ratio, *row[-2:], assumed))
                countries += who
            transit += [
                (element.kind, element.element_id, effect, c, float(x) * stopped)
                for c, x in zip(study.of_country[0], moved, strict=True)
                if abs(x) * stopped > 1
            ]
        return table, countries, transit

    def _of_days(self, effect: str, days: int, year: _Loss, stopped: float) -> tuple[_Row, list[_Row]]:
        """Return the row of a failure of so many days, ratio and assumption left out, and those of countries."""
        study, element = self.study, self.element
        names, shares = study.countries
        part = stopped * days / 365 if days > study.turn else 0.0
        waited_days, waited_usd, passing = self._waiting(days, stopped)
        by_row = part * year.served_usd + waited_usd
        gone = part * (year.lost + year.stays)
        spent = study.spent * days / 365
        loss = shares.T @ (by_row + study.penalty * gone)
        of_trade = 100 * loss / np.maximum(shares.T @ spent, 1e-9)
        worst = int(np.argmax(of_trade)) if (loss > 1).any() else -1
        hours = part * year.hours + _HOURS * waited_days
        row = (
            element.kind,
            element.element_id,
            element.name,
            effect,
            days,
            passing,
            float(by_row.sum()) / _MILLION,
            float(waited_usd.sum()) / _MILLION,
            100 * float(by_row.sum()) / max(float(spent.sum()), 1e-9),
            max(part * float(year.lost.sum()), 0.0),
            max(part * float(year.stays.sum()), 0.0),
            hours / _MILLION,
            hours / (passing * days / 365),
            names[worst] if worst >= 0 else "",
            float(of_trade[worst]) if worst >= 0 else 0.0,
        )
        by_country, left = shares.T @ by_row, shares.T @ gone
        who = (element.kind, element.element_id, effect, days)
        return row, [
            (*who, names[i], float(by_country[i]) / _MILLION, float(left[i]), float(of_trade[i]))
            for i in np.flatnonzero(np.abs(loss) > 1).tolist()
        ]

    def _stopped(self, effect: str) -> tuple[float, bool]:
        """Return the share of what passes that cannot any more, and whether that is for want of a capacity on record.

        Of what is halved, as much as its capacity on record is short of the load; half where none is on record.
        """
        if effect == "removed":
            return 1.0, False
        rooms = self._rooms()
        if not len(rooms):
            return 0.5, True
        total = short = 0.0
        for share, before, _ in self.parts:
            total += share * float(before.flow[before.routes.passing(self.element.arcs)].sum())
            for group, room in rooms.items():
                mine = (self.study.warm.arcs["capacity_group"] == group).to_numpy()
                load = float(before.flow[before.routes.passing(mine)].sum())
                short += share * max(load - room / 2, 0.0)
        return min(short / total, 1.0) if total > 0 else 0.0, False

    def _rooms(self) -> pd.Series[float]:
        """Return the capacities on record of the element, TEU a year."""
        arcs = self.study.warm.arcs
        mine = arcs[arcs["capacity_group"].isin(self.study.capacities(self.element))]
        return mine.groupby("capacity_group")["capacity_teu_per_year"].first()

    def _waiting(self, days: int, stopped: float) -> tuple[float, Values, float]:
        """Return the TEU-days that wait in a failure of so many days, what that costs each row, and the TEU a year.

        A queue of what is stopped grows day by day until all is over or shippers turn; then, if all is over, it is
        worked off at what the capacity on record has to spare.
        """
        study, rows = self.study, len(self.study.warm.model.demand)
        room = float(self._rooms().sum()) if len(self._rooms()) else np.inf
        passing, per_day, by_row, spare = 0.0, 0.0, np.zeros(rows), np.inf
        hour = study.warm.choice.time_factor * study.warm._hour * _HOURS
        for share, before, _ in self.parts:
            flow = np.where(before.routes.passing(self.element.arcs), before.flow, 0.0)
            total = float(flow.sum())
            passing += share * total
            per_day += share * stopped * total / 365
            by_row += share * stopped / 365 * np.bincount(study.warm.row_of_slot, flow * hour, minlength=rows)
            spare = min(spare, max(room - total, 0.0) / 365)
        clearing = 0.0
        if days <= study.turn and per_day > 0:
            clearing = min(per_day / spare if spare > 0 else np.inf, _CLEARING)
        stretch = min(float(days), study.turn) ** 2 / 2 * (1 + clearing)
        return per_day * stretch, by_row * stretch, passing

    def _second_best(self) -> float:
        """Return the generalised cost of the best way without the element over that with it, mean by flow."""
        study = self.study
        weight, ratio = 0.0, 0.0
        for share, before, after in self.parts:
            uses = before.routes.passing(self.element.arcs)
            old, new = study.costs(before), study.costs(after)
            new = np.where(after.routes.passing(self.element.arcs), np.inf, new)
            rows = len(study.warm.model.demand)
            best_old, best_new = np.full(rows, np.inf), np.full(rows, np.inf)
            np.minimum.at(best_old, study.warm.row_of_slot, old)
            np.minimum.at(best_new, study.warm.row_of_slot, new)
            holds = uses & np.isfinite(old) & (old <= best_old[study.warm.row_of_slot] * (1 + 1e-9))
            flow = np.bincount(study.warm.row_of_slot, np.where(holds, before.flow, 0.0), minlength=rows)
            through = flow > _SMALL
            if through.any():
                weight += share * float(flow[through].sum())
                ratio += share * float((flow[through] * (best_new[through] / best_old[through])).sum())
        return ratio / weight if weight else float("nan")
