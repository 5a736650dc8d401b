"""Headroom: how much a corridor can take before one more box costs more than by another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, Prices, Supernetwork, build, generalised_cost, goods_prices, load_tables
from networks.errors import nearest
from solvers.parametric import linear_pieces

from .catalogue import Corridor, Filters, load_catalogue
from .finder import PairSearch, open_year
from .freight import demand_of
from .supply import Curve, Supply

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Headroom", "headroom"]

_FAMILIES = {
    "sea": "Sea",
    "northern": "Northern routes",
    "middle": "Middle Corridor",
    "instc": "INSTC",
    "southern": "Southern land routes",
    "arctic": "Arctic sea routes",
    "other": "Other corridors",
}
_UNITS = ("TEU/yr", "TEU/yr", "USD/TEU", "USD/TEU", "", "USD/TEU", "")
_NAMED = 3
_CEILING, _NEVER = 1.2, 1e6
_SAME = 1e-9
_ORDINALS = ("first", "second", "third")


def headroom(
    corridor: str,
    *,
    against: str = "sea",
    origin: str | None = None,
    destination: str | None = None,
    demand: pd.DataFrame | None = None,
    goods: str = "general",
    value_of_time: float | None = None,
    carbon_price: float | None = None,
    avoid: Iterable[str] = (),
    year: int | None = None,
    handling: bool = True,
    folder: str | Path | None = None,
    catalogue: str | Path | None = None,
) -> Headroom:
    """Find how much a corridor can take before one more TEU costs its shipper more than by another.

    Parameters
    ----------
    corridor : str
        Corridor id, or a family such as ``middle``: then all corridors of the family together.
    against : str
        Corridor id or family to compare with; its own capacities count when it carries as much.
    origin, destination : str, optional
        Places, if it is one pair.
    demand : DataFrame, optional
        Many pairs that grow in proportion, instead of one: columns ``origin``, ``destination`` (places) and
        ``teu_per_year``.
    goods : str
        Class of goods, a row of ``goods.csv``; sets load and value of time.
    value_of_time : float, optional
        USD per TEU and hour, instead of that of the goods.
    carbon_price : float, optional
        USD per tonne of CO2e.
    avoid : iterable of str
        Countries, groups, places, links or modes that no route may use.
    year : int, optional
        State of the network, see `compare_routes`.
    handling : bool
        Whether loading at the origin and unloading at the destination are counted.
    folder, catalogue : path, optional
        Tables and corridors of your own.

    Returns
    -------
    Headroom
        With ``.answer``, ``.steps()``, ``.headroom_teu_per_year``, ``.break_even()`` and ``.plot()``.

    Raises
    ------
    PlaceError
        Unknown or ambiguous place.
    DataError
        Anything else that was typed wrong, or a corridor that has no route.

    Notes
    -----
    The marginal cost by volume is that of a least-cost flow, found step by step exactly
    (`solvers.parametric_flow`). Capacities are those of whole lines and ports, all goods together, and only
    those on record: the headroom is an upper bound.
    """
    tables = load_tables(folder)
    state = open_year(year, int(tables.parameter("base_year")))
    corridors = load_catalogue(catalogue, folder)
    sides = [_chosen(name, corridors) for name in (corridor, against)]
    filters = Filters(build(tables))
    prices = goods_prices(tables, goods, value_of_time_usd_per_teu_h=value_of_time, carbon_price_usd_per_t=carbon_price)
    cost = generalised_cost(filters.network.arcs, prices)["cost_usd_per_teu"].to_numpy()
    pairs = _pairs(filters, origin, destination, demand)
    searches = [PairSearch(filters, o, d, cost, tuple(avoid), state, handling) for o, d in pairs.index]
    shares = (pairs / pairs.sum()).to_numpy()
    one, other = (Supply(title, found, searches, shares) for title, _, found in sides)
    for supply in (one, other):
        _refuse_missing(supply, state)
    return Headroom(one, other, sides[0][1], sides[1][1], state, prices, None if demand is None else float(pairs.sum()))


@dataclass(frozen=True)
class Headroom:
    """What a corridor can take before another is cheaper.

    Attributes
    ----------
    corridor, against : Supply
        The two sides.
    family, against_family : str
        Their families, which decide colours.
    year : int
        State of the network.
    prices : Prices
        Worth of time, reliability and carbon.
    demand_teu_per_year : float or None
        Sum of the demand table, TEU/yr.
    """

    corridor: Supply
    against: Supply
    family: str
    against_family: str
    year: int
    prices: Prices
    demand_teu_per_year: float | None = field(default=None)

    @property
    def network(self) -> Supernetwork:
        """The network under both."""
        return self.corridor.network

    @cached_property
    def _curves(self) -> tuple[Curve, Curve]:
        """Both curves, followed as far as it takes to know where they cross."""
        cost = self._cost(self.prices.value_of_time_usd_per_teu_h)
        ceiling = _CEILING * np.maximum(*(side.first(cost, cost)[0] for side in (self.corridor, self.against)))
        while True:
            ours, theirs = self.corridor.curve(cost, ceiling), self.against.curve(cost, ceiling)
            if _decided(ours, theirs) or ceiling.min() > _NEVER:
                return ours, theirs
            ceiling = 10 * ceiling

    @cached_property
    def _steps(self) -> pd.DataFrame:
        (ours, _), (theirs, _) = self._curves
        frame = _side_by_side(ours, theirs)
        binds = [self._name(groups) for groups in frame["binds"]]
        grades = [self._grade(groups[0]) if groups else "" for groups in frame["binds"]]
        return frame.assign(binds=binds, binds_grade=grades)

    def steps(self) -> pd.DataFrame:
        """Return the steps of the cost of one more TEU.

        Returns
        -------
        DataFrame
            ``from_teu``, ``to_teu`` (TEU/yr; inf: no limit known), ``cost_usd_per_teu`` (generalised, of the
            corridor's next TEU), ``against_usd_per_teu`` (of the other side's, if it carried as much; inf where
            it cannot), ``binds`` (what becomes scarce at ``to_teu``, dearest first; lines of one capacity, one
            behind the other, together), ``worth_usd_per_teu`` (what one TEU a year more of it saves, on the
            next step; NaN where that is much dearer or there is none) and ``binds_grade`` (of its capacity).
            Units in ``attrs["units"]``. The table ends where one more TEU cannot go or costs a fifth more than
            the dearer side's first.
        """
        frame = self._steps.copy()
        frame.attrs["units"] = dict(zip(frame.columns, _UNITS, strict=True))
        return frame

    @property
    def headroom_teu_per_year(self) -> float:
        """Volume at which the next TEU costs more than by the other side, TEU/yr; 0: at once, inf: no limit known."""
        return _crossing(self._steps)

    def break_even(self, upto: float = 1000.0) -> float:
        """Return the value of time at which the headroom becomes, or ceases to be, zero.

        Parameters
        ----------
        upto : float
            Highest value of time looked at, USD per TEU and hour.

        Returns
        -------
        float
            USD per TEU and hour, the nearest to the present one; NaN if there is none.

        Notes
        -----
        The cost of the first TEU of either side is a concave piecewise linear function of the value of time,
        all of whose pieces are found (`solvers.linear_pieces`); routes are chosen anew on each.
        """
        crossings = self._crossings(upto)
        now = self.prices.value_of_time_usd_per_teu_h
        return min(crossings, key=lambda v: abs(v - now), default=float("nan"))

    def plot(self) -> Figure:
        """Draw the cost of the next TEU by volume.

        Returns
        -------
        matplotlib Figure
            A step curve, the other side's as a dashed line, and what becomes scarce at the end of each step; the
            title states the number.
        """
        from .headroom_chart import draw

        return draw(self)

    @cached_property
    def answer(self) -> str:
        """One sentence: how much, what binds, and at which value of time the answer becomes zero."""
        steps, most = self.steps(), self.headroom_teu_per_year
        hour = self.prices.value_of_time_usd_per_teu_h
        ours, theirs = steps["cost_usd_per_teu"].iloc[0], steps["against_usd_per_teu"].iloc[0]
        at = f"{theirs:,.0f} USD/TEU at {hour:.2f} USD per TEU and hour"
        head, name, rival = f"{self.ends}, {self.year}", self.corridor.title, self.against.title
        even = self.break_even()
        if most == 0:
            text = f"{head}: {name} is dearer than {rival} at any volume, {ours:,.0f} against {at}"
            side = "above" if even > hour else "below"
            return f"{text}; it is cheaper {side} a value of time of {even:.2f}." if even == even else f"{text}."
        if np.isinf(most):
            text = (
                f"{head}: no limit is known to what {name} can take before it costs more than {rival}: "
                f"{steps['cost_usd_per_teu'].iloc[-1]:,.0f} against {at}"
            )
        else:
            times = "" if self.demand_teu_per_year is None else f" ({most / self.demand_teu_per_year:.2f} x the demand)"
            text = (
                f"{head}: {name} can take at most {most:,.0f} TEU a year{times} before one more costs its shipper "
                f"more than {rival} ({at})"
            )
        text += self._limits(most)
        if even == even:
            text += f"; zero {'below' if even < hour else 'above'} a value of time of {even:.2f}"
        return f"{text}."

    @property
    def ends(self) -> str:
        """Between which places, in words."""
        place, first = self.network.tables.places["name"], self.corridor.searches[0]
        if len(self.corridor.searches) > 1:
            return f"{len(self.corridor.searches)} pairs of places"
        return f"{place[first.origin]} to {place[first.destination]}"

    def __repr__(self) -> str:
        """Answer and steps."""
        return f"{self.answer}\n{self.steps().to_string()}"

    def _limits(self, most: float) -> str:
        """Say what binds up to the headroom, in order, as part of a sentence."""
        steps = self.steps()
        steps = steps[(steps["binds"] != "") & (steps["to_teu"] <= most)].head(_NAMED)
        parts = [
            f"{row.binds} {'bind' if ' and ' in row.binds else 'binds'} {word} at {row.to_teu:,.0f}"
            + (f" (worth {row.worth_usd_per_teu:,.0f} USD a TEU)" if np.isfinite(row.worth_usd_per_teu) else "")
            for word, row in zip(_ORDINALS, steps.itertuples(), strict=False)
        ]
        return f"; {', '.join(parts)}" if parts else ""

    def _name(self, groups: Iterable[str]) -> str:
        """Name capacities for people."""
        tables = self.network.tables
        names = tables.places["name"]
        found = []
        for group in groups:
            link_id, _, towards = group.partition(">")
            if link_id in tables.places.index:
                found.append(f"port of {names[link_id]}")
            else:
                link: Any = tables.links.loc[link_id]
                way = f" towards {names[towards]}" if towards else ""
                found.append(f"{link['mode']} {names[link['from_place_id']]} - {names[link['to_place_id']]}{way}")
        return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)

    def _grade(self, group: str) -> str:
        arcs = self.network.arcs
        return str(arcs.loc[arcs["capacity_group"] == group, "capacity_grade"].iloc[0])

    def _crossings(self, upto: float) -> list[float]:
        """Values of time at which the first TEU costs the same on both sides."""
        ours, theirs = (self._by_value_of_time(supply, upto) for supply in (self.corridor, self.against))
        marks = sorted({0.0, upto, *ours, *theirs})
        gap = [self._first(self.corridor, v)[0] - self._first(self.against, v)[0] for v in marks]
        found = []
        for (v, a), (w, b) in zip(zip(marks, gap, strict=True), list(zip(marks, gap, strict=True))[1:], strict=False):
            if (a > 0) != (b > 0):
                found.append(v + (w - v) * a / (a - b))
        return found

    def _by_value_of_time(self, supply: Supply, upto: float) -> list[float]:
        def upside_down(v: float) -> tuple[float, float]:
            value, slope = self._first(supply, v)
            return -value, -slope

        return [end for _, end, _ in linear_pieces(upside_down, 0.0, upto)]

    def _first(self, supply: Supply, hour: float) -> tuple[float, float]:
        """Return the cost of the first TEU at a value of time, and how that changes it."""
        cost, hours = supply.first(self._cost(hour), self._hours)
        return float(supply.shares @ cost), float(supply.shares @ hours)

    def _cost(self, hour: float) -> npt.NDArray[np.float64]:
        prices = replace(self.prices, value_of_time_usd_per_teu_h=hour)
        cost: npt.NDArray[np.float64] = generalised_cost(self.network.arcs, prices)["cost_usd_per_teu"].to_numpy()
        return cost

    @cached_property
    def _hours(self) -> npt.NDArray[np.float64]:
        return self._cost(1.0) - self._cost(0.0)


def _side_by_side(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Cut the steps of one side where those of the other end."""
    end, limit = ours["to_teu"].max(), theirs["to_teu"].max()
    cuts = sorted({*ours["from_teu"], *(x for x in (*theirs["from_teu"], limit) if x < end)})
    rows = []
    for start, stop in zip(cuts, [*cuts[1:], end], strict=True):
        step = ours[ours["from_teu"] <= start].iloc[-1]
        last = step["to_teu"] == stop
        rows.append(
            {
                "from_teu": start,
                "to_teu": stop,
                "cost_usd_per_teu": step["cost_usd_per_teu"],
                "against_usd_per_teu": theirs.loc[theirs["from_teu"] <= start, "cost_usd_per_teu"].iloc[-1]
                if start < limit
                else np.inf,
                "binds": step["binds"] if last else [],
                "worth_usd_per_teu": step["worth_usd_per_teu"] if last else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _crossing(steps: pd.DataFrame) -> float:
    dearer = steps["cost_usd_per_teu"] > steps["against_usd_per_teu"] * (1 + _SAME)
    return float(steps.loc[dearer, "from_teu"].iloc[0] if dearer.any() else steps["to_teu"].iloc[-1])


def _decided(ours: Curve, theirs: Curve) -> bool:
    """Say whether what lies above the ceilings cannot change where the curves cross."""
    steps = _side_by_side(ours.steps, theirs.steps)
    most = _crossing(steps)
    passed = steps[(steps["from_teu"] < most) & np.isinf(steps["against_usd_per_teu"])]
    if (passed["cost_usd_per_teu"] > theirs.beyond).any():
        return False
    if most < ours.steps["to_teu"].max() or np.isinf(most):
        return True
    after = theirs.steps[theirs.steps["to_teu"] > most]
    return len(after) > 0 and ours.beyond > after["cost_usd_per_teu"].iloc[0]


def _chosen(name: str, catalogue: Mapping[str, Corridor]) -> tuple[str, str, list[Corridor]]:
    """Return title, family and corridors of an id or a family."""
    if name in catalogue:
        return catalogue[name].title, catalogue[name].family, [catalogue[name]]
    found = [corridor for corridor in catalogue.values() if corridor.family == name]
    if found:
        return _FAMILIES[name], name, found
    families = list(dict.fromkeys(corridor.family for corridor in catalogue.values()))
    known = [*catalogue, *families]
    raise DataError(
        [
            f"no corridor or family is called {name!r}{nearest(name, known)}",
            f"corridors: {', '.join(catalogue)}",
            f"families: {', '.join(families)}",
        ]
    )


def _pairs(filters: Filters, origin: str | None, destination: str | None, demand: pd.DataFrame | None) -> Any:
    """Return TEU a year by pair of place ids."""
    if demand is None:
        if origin is None or destination is None:
            raise DataError(["expected an origin and a destination, or a demand table"])
        demand = pd.DataFrame({"origin": [origin], "destination": [destination], "teu_per_year": [1.0]})
    elif origin is not None or destination is not None:
        raise DataError(["expected either an origin and a destination or a demand table, not both"])
    pairs = demand_of(demand, filters, goods=False).groupby(["origin", "destination"])["teu_per_year"].sum()
    if pairs.empty:
        raise DataError(["demand: expected at least one pair with more than zero TEU a year"])
    return pairs


def _refuse_missing(supply: Supply, year: int) -> None:
    """Raise where a pair has no way by a side."""
    place = supply.network.tables.places["name"]
    for search in supply.missing():
        serving = [c for c in supply.corridors if len(supply.corridors) == 1 or search.serves(c)]
        reasons = dict.fromkeys(search.reason(corridor) for corridor in serving)
        why = "; ".join(reasons) or "none of its corridors serves the pair"
        ends = f"{place[search.origin]} to {place[search.destination]}"
        raise DataError([f"{supply.title} has no route from {ends} in {year}: {why}"])
