"""What every portfolio of projects is worth to the shippers of a year: the change of their expected cost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from networks import DataError
from solvers import LogitModel

from ..assigned import crossings
from ..catalogue import Filters
from ..choice import Choice
from ..scenario.applying import Application
from ..year_model import YearModel
from ..year_routes import CELL, SEA, Values, delay_of, route_sums, shifted
from ..year_setting import Shift

__all__ = ["Worth"]

_RESIDUAL = 1e-7
_NEVER = 1e9  # USD/TEU, of a route that is not the cheapest of its corridor or not open: nobody takes it
_DOLLARS, _KG = 100.0, 1e4  # a year, below which a difference is what the residual leaves
_NO_LIMIT = 1e12  # TEU a year, of a capacity that a portfolio does not have
_LEAST = 1.0  # TEU a year, of a capacity that is shut: its routes are not open
_SUMS = ("tariff", "sea_tariff", "hours", "variance", "kgco2e_per_t")
_FIGURES = ["tariff_usd_per_teu", "hours", "spread_h", "kgco2e_per_t", "opens_year", "capacity_teu_per_year"]
_OF_ROUTES = _FIGURES[:-1]
_SLOT = ["state", "refuses", *CELL]
_MOST_TOGETHER = 8  # projects that change the same arcs; each doubles what is tried of them


class _Effect(NamedTuple):
    """What some projects do to the routes of the pool and to the capacities."""

    figures: Values  # of each route, shape (figures, routes): sums before shifts, and how many of its arcs are shut
    room: Values  # of each capacity, TEU a year

    def plus(self, other: _Effect, sign: float = 1.0) -> _Effect:
        return _Effect(self.figures + sign * other.figures, self.room + sign * other.room)

    @property
    def sums(self) -> dict[str, Values]:
        return dict(zip(_SUMS, self.figures, strict=False))

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.figures[-1] < 0.5
        return found


class _Outcome(NamedTuple):
    """What freight costs all, what it emits, and the prices of scarcity and waiting."""

    cost_usd: float
    kgco2e: float
    wait: Values


@dataclass(frozen=True, eq=False)
class Worth:
    """What portfolios are worth to the shippers of one year.

    Attributes
    ----------
    application : Application
        The scenario with none of the projects.
    year : int
        Of demand, prices and network.
    choice : Choice
        Parameters of the shippers.
    names : tuple of str
        Projects to be chosen; project i is in portfolio number p if bit i of p is set.
    pools : dict
        Routes found before, by what they depend on; filled here.

    Notes
    -----
    Surplus is the change of the logsum, which is exact for the logit and holds for routes that are new (Small and Rosen
    1981, Econometrica 49(1), 105-130; Williams 1977, Environment and Planning A 9(3), 285-344); where a route has flow
    before and after, the rule of a half is its second-order form. What shippers pay for scarcity and waiting is in it;
    what others gain is not.

    Routes are searched for nothing, each project alone and all together; every portfolio has of these the cheapest that
    it opens, for each corridor, as in a run. Projects that change the same arcs are applied together; what those that
    do not change is added up along each route.
    """

    application: Application
    year: int
    choice: Choice
    names: tuple[str, ...]
    pools: dict[str, pd.DataFrame]

    def of(self, portfolios: Iterable[int]) -> tuple[Values, Values]:
        """Return what portfolios bring.

        Parameters
        ----------
        portfolios : iterable of int
            Numbers.

        Returns
        -------
        (ndarray, ndarray), shape (portfolios,)
            Fall of what freight costs all shippers, in their own eyes, against the portfolio of nothing, million USD a
            year; and the change of emissions, kt CO2e a year.

        Raises
        ------
        DataError
            A portfolio for which no equilibrium is found.
        """
        none = self._outcome(0)
        found = []
        for number in portfolios:
            one = self._outcome(number)
            found.append((_beyond(none.cost_usd - one.cost_usd, _DOLLARS), _beyond(one.kgco2e - none.kgco2e, _KG)))
        table = np.array(found, dtype=float).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def _outcome(self, number: int) -> _Outcome:
        """Return the outcome of a portfolio, solved once, from that of one with a project less if it is known."""
        number &= self._acting
        if number not in self._known:
            less = [number ^ 1 << i for i in range(len(self.names)) if number >> i & 1]
            same = next((n for n in less if self._spare(n, (number ^ n).bit_length() - 1)), None)
            near = next((self._known[n].wait for n in less if n in self._known), None)
            self._known[number] = self._solved(number, near) if same is None else self._known[same]
        return self._known[number]

    def _spare(self, number: int, i: int) -> bool:
        """Say whether a portfolio is known to leave free all that a project would widen, and it does nothing else."""
        known = self._known.get(number)
        if i not in self._roomy:
            return False
        widened = self._more[i,].room != 0
        return known is not None and not known.wait[widened].any()

    @cached_property
    def _known(self) -> dict[int, _Outcome]:
        return {}

    @cached_property
    def _acting(self) -> int:
        """Return the portfolio of all that changes anything that a route or a capacity in use shows."""
        idle = [i for (i,), more in self._single.items() if not (more.room.any() or self._moves(i, more))]
        return int((2 ** len(self.names) - 1) & ~sum(1 << i for i in idle))

    @cached_property
    def _roomy(self) -> list[int]:
        """Return the projects that only widen capacities."""
        return [i for (i,), more in self._single.items() if not self._moves(i, more) and (more.room >= 0).all()]

    def _moves(self, i: int, effect: _Effect) -> bool:
        """Say whether with a project any route becomes another, opens or shuts."""
        return bool(effect.figures.any() or any(self._shifts[i]))

    @property
    def _single(self) -> dict[tuple[int], _Effect]:
        """Return what each project does that changes arcs which no other changes."""
        return {(cluster[0],): self._more[cluster] for cluster in self._clusters if len(cluster) == 1}

    def _solved(self, number: int, wait: Values | None) -> _Outcome:
        low = number & self._half
        effect = self._part(number - low)
        if low:
            effect = effect.plus(self._part(low), 1.0).plus(self._none, -1.0)
        sums = self._with_shifts(effect.sums, number)
        taken = self._cheapest(sums, effect.there)
        route = self._route
        cost = np.where(taken[route], self.model.costs(self.choice, sums), _NEVER)
        room = np.append(np.inf, np.maximum(effect.room, _LEAST))
        try:
            answer = self._logit.with_(cost=cost, capacity=room).respond(wait, residual=_RESIDUAL)
        except ArithmeticError as error:
            raise DataError([f"{self.year}: {self._words(number)} cannot be solved: {error}"]) from None
        emitted = answer.flow @ (sums["kgco2e_per_t"] * self.model.priced.load_t_per_teu)[route]
        return _Outcome(float(self._quantity @ answer.expected_cost), float(emitted), answer.wait)

    def _part(self, number: int) -> _Effect:
        """Return the effect of a portfolio out of one half of the projects, kept: there are few of these."""
        if number not in self._parts_of:
            effect = self._none
            for cluster in self._clusters:
                inside = tuple(i for i in cluster if number >> i & 1)
                if inside:
                    effect = effect.plus(self._more[inside])
            self._parts_of[number] = effect
        return self._parts_of[number]

    @cached_property
    def _half(self) -> int:
        """Return the portfolio of the projects of every other cluster."""
        return sum(1 << i for cluster in self._clusters[::2] for i in cluster)

    @cached_property
    def _parts_of(self) -> dict[int, _Effect]:
        return {}

    def _words(self, number: int) -> str:
        return " + ".join(n for i, n in enumerate(self.names) if number >> i & 1) or "nothing"

    def _cheapest(self, sums: Mapping[str, Values], there: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return which routes of the pool are the cheapest open one of their corridor to the mean shipper."""
        model = self.model
        carbon = sums["kgco2e_per_t"] * model.priced.load_t_per_teu * model.setting.carbon_usd_per_t / 1000
        cost = sums["tariff"] + self._hour * np.asarray(delay_of(sums, model.parameter)) + carbon
        cost = np.where(there, cost, np.inf)
        first, slot = self._slots
        least = np.minimum.reduceat(cost, first)
        best = np.flatnonzero(there & (cost == least[slot]))
        found = np.zeros(len(cost), dtype=bool)
        found[best[np.unique(slot[best], return_index=True)[1]]] = True
        return found

    def _with_shifts(self, sums: Mapping[str, Values], number: int) -> dict[str, Values]:
        """Return sums with what the parts of the year, and the projects, change of whole routes."""
        mine = [own for i, own in enumerate(self._shifts) if number >> i & 1]
        found = {name: values.copy() for name, values in sums.items()}
        for n, (state, (rows, _)) in enumerate(zip(self._alone[0].states, self._parts, strict=True)):
            more = tuple(shift for own in mine for shift in own[n])
            if not (more or state.shifts):
                continue
            part = {name: values[rows] for name, values in sums.items()}
            made = shifted(part, self._pool["corridor"].iloc[rows], state._replace(shifts=more + state.shifts))
            for name, values in made.items():
                found[name][rows] = values
        return found

    @cached_property
    def _shifts(self) -> list[list[tuple[Shift, ...]]]:
        """Return the changes of whole routes by each project in each part of the year."""
        none = self._alone[0].states
        return [
            [tuple(s for s in new.shifts if s not in old.shifts) for new, old in zip(model.states, none, strict=True)]
            for model in self._alone[1:]
        ]

    @cached_property
    def model(self) -> YearModel:
        """The shippers, with every route and every capacity that some portfolio has."""
        return self._model(self.names, self._pool)

    def _model(self, chosen: Sequence[str], routes: pd.DataFrame | None = None) -> YearModel:
        return self._bare.with_(self.application.with_(chosen).setting(self.year), routes)

    @cached_property
    def _bare(self) -> YearModel:
        return self.application.year_model(self.year)

    @cached_property
    def _logit(self) -> LogitModel:
        return self.model.logit(self.choice)

    @cached_property
    def _quantity(self) -> Values:
        return self.model.quantity(self.choice)

    @cached_property
    def _route(self) -> npt.NDArray[np.int64]:
        """Return the route of the pool of each alternative."""
        return np.asarray(self.model.alternatives.routes["route"])

    @cached_property
    def _hour(self) -> Values:
        return np.asarray(self._pool["goods"].map(self.model.hour), dtype=float)

    @cached_property
    def _alone(self) -> list[YearModel]:
        """The model of nothing, then that of each project alone."""
        none = self._model(())
        found = [none]
        for name in self.names:
            model = self._model((name,))
            if [s.shut for s in model.states] != [s.shut for s in none.states]:
                raise DataError([f"investments.projects.{name}: shuts a corridor; what is to be chosen may not"])
            found.append(model)
        return found

    @cached_property
    def _touched(self) -> list[list[npt.NDArray[np.bool_]]]:
        """Return which figures of which arcs each project changes in each part of the year."""
        none = self._alone[0].networks
        return [
            [_figures(new) != _figures(old) for new, old in zip(model.networks, none, strict=True)]
            for model in self._alone[1:]
        ]

    @cached_property
    def _clusters(self) -> list[tuple[int, ...]]:
        """Return the projects that change the same arcs, together."""
        groups: list[tuple[tuple[int, ...], npt.NDArray[np.bool_]]] = []
        for i, parts in enumerate(self._touched):
            arcs = np.concatenate([part.any(axis=1) for part in parts])
            near = [g for g in groups if (g[1] & arcs).any()]
            groups = [g for g in groups if not (g[1] & arcs).any()]
            members = (*(m for g in near for m in g[0]), i)
            groups.append((members, np.logical_or.reduce([arcs, *(g[1] for g in near)])))
        for members, _ in groups:
            if len(members) > _MOST_TOGETHER:
                named = ", ".join(self.names[i] for i in sorted(members))
                raise DataError(
                    [f"{named} change the same links: at most {_MOST_TOGETHER} can be chosen from together"]
                )
        return [tuple(sorted(members)) for members, _ in groups]

    @cached_property
    def _pool(self) -> pd.DataFrame:
        """Return the routes that some portfolio may have, each once, in the order of their slots."""
        key = self._key
        if key not in self.pools:
            of_routes = len(_OF_ROUTES)
            changing = [i for i, parts in enumerate(self._touched) if any(p[:, :of_routes].any() for p in parts)]
            tables = [self._alone[0].routes]
            if changing:
                tables.append(self._model(self.names).routes)
            if len(changing) > 1:
                passed = self._corridors_passed(tables[1])
                tables += [self._alone[1 + i].search(passed) for i in changing if passed]
            self.pools[key] = _once(pd.concat(tables, ignore_index=True))
        return self.pools[key]

    def _corridors_passed(self, routes: pd.DataFrame) -> set[str]:
        """Return the corridors with a route over an arc that some project changes, with all of them built.

        Projects make routes cheaper or open them: where none is passed with all, none is with some.
        """
        touched = np.logical_or.reduce([part.any(axis=1) for parts in self._touched for part in parts])
        return {c for c, path in zip(routes["corridor"], routes["path"], strict=True) if touched[list(path)].any()}

    @cached_property
    def _key(self) -> str:
        """Return what the routes depend on, as a hash."""
        none = self._alone[0]
        said = [
            none.markets,
            sorted(none.hour.items()),
            none.setting.carbon_usd_per_t,
            none.setting.planned,
            self.names,
        ]
        said += [(s.avoid, s.shut, s.shifts, sorted(s.refused)) for model in self._alone for s in model.states]
        digest = hashlib.sha256(repr(said).encode())
        for r in none.setting.refusals:
            touched = sorted(r.touched) if isinstance(r.touched, frozenset) else np.flatnonzero(r.touched).tolist()
            digest.update(repr((touched, r.bans, sorted(r.countries), r.goods, r.markets)).encode())
        digest.update(pd.util.hash_pandas_object(none.demand[CELL]).to_numpy().tobytes())
        for model in self._alone:
            for filters in model.networks:
                digest.update(_figures(filters).tobytes())
        return digest.hexdigest()

    @cached_property
    def _slots(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first route of each slot (what a shipper has one route of), and the slot of each route."""
        slot = self._pool.groupby([*_SLOT, "slot"], sort=False).ngroup().to_numpy()
        return np.flatnonzero(np.append(True, slot[1:] != slot[:-1])), slot

    @cached_property
    def _parts(self) -> list[tuple[npt.NDArray[np.int64], csr_array]]:
        """Return the routes of each part of the year, and how often each passes each arc."""
        state = self._pool["state"].to_numpy()
        size = len(self.application.filters.network.arcs)
        rows = [np.flatnonzero(state == number) for number in range(len(self._alone[0].states))]
        return [(mine, crossings(list(self._pool["path"].iloc[mine]), size)) for mine in rows]

    @cached_property
    def _none(self) -> _Effect:
        return self._effect(self._alone[0])

    @cached_property
    def _more(self) -> dict[tuple[int, ...], _Effect]:
        """Return what each part of each cluster changes."""
        found = {}
        for cluster in self._clusters:
            for number in range(1, 2 ** len(cluster)):
                inside = tuple(i for bit, i in enumerate(cluster) if number >> bit & 1)
                model = self._alone[1 + inside[0]] if len(inside) == 1 else self._model([self.names[i] for i in inside])
                found[inside] = self._effect(model).plus(self._none, -1.0)
        return found

    def _effect(self, model: YearModel) -> _Effect:
        """Return what the routes sum to on the networks of a model, and its capacities."""
        latest, rows_of = model.network_year, self.model.rows
        figures = np.zeros((len(_SUMS) + 1, len(self._pool)))
        room = rows_of["room"].to_numpy(copy=True)
        for number, (filters, (rows, crossed)) in enumerate(zip(model.networks, self._parts, strict=True)):
            arcs = filters.network.arcs
            shut = (arcs["opens_year"].to_numpy(dtype=float) > latest).astype(float)
            figures[:, rows] = [*route_sums(arcs, crossed).values(), crossed @ shut]
            limits = arcs[arcs["capacity_group"] != ""].groupby("capacity_group")["capacity_teu_per_year"].first()
            mine = ((rows_of["state"] == number) & ~rows_of["scarce"]).to_numpy()
            here = limits.reindex(rows_of["group"][mine]).fillna(_NO_LIMIT).to_numpy(dtype=float)
            room[mine] = here * model.states[number].share
        return _Effect(figures, room)


def _once(routes: pd.DataFrame) -> pd.DataFrame:
    """Return each route once, in the order of the slots, with the path size of its corridor in the first search."""
    table = routes.assign(slot=routes["corridor"].mask(routes["family"] == SEA, SEA))
    sizes = table.groupby([*_SLOT, "slot"])["log_size"].transform("first")
    once = table.assign(log_size=sizes).drop_duplicates([*_SLOT, "corridor", "path"])
    return once.sort_values([*_SLOT, "slot"], kind="stable", ignore_index=True)


def _beyond(difference: float, rounding: float) -> float:
    """Return a difference in millions, nothing if it is within the rounding of the equilibrium."""
    return 0.0 if abs(difference) < rounding else difference / 1e6


def _figures(filters: Filters) -> Values:
    """Return what projects may change of each arc; nothing on record counts as zero."""
    table = filters.network.arcs[_FIGURES].to_numpy(dtype=float)
    found: Values = np.nan_to_num(table, posinf=1e300, neginf=-1e300)
    return found
