"""Route comparison: for each corridor its best routes between two places, and why one has none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, build, generalised_cost, goods_prices, load_tables, table_of
from networks.errors import nearest

from .catalogue import ANY, Corridor, Filters, load_catalogue
from .comparison import RouteComparison
from .search import Query, Route, alternatives

__all__ = ["CURRENCIES", "Course", "PairSearch", "compare_routes", "open_year", "routes"]

CURRENCIES = ("USD", "EUR")
_LAST_YEAR = 2060


def compare_routes(
    origin: str,
    destination: str,
    *,
    goods: str = "general",
    value_of_time: float | None = None,
    carbon_price: float | None = None,
    avoid: Iterable[str] = (),
    year: int | None = None,
    k: int = 1,
    corridors: Sequence[str] | None = None,
    currency: str = "USD",
    handling: bool = True,
    folder: str | Path | None = None,
    catalogue: str | Path | None = None,
) -> RouteComparison:
    """Compare the corridors between two places.

    Parameters
    ----------
    origin, destination : str
        Places: id, UN/LOCODE or name, forgiving of case, accents and punctuation.
    goods : str
        Class of goods, a row of ``goods.csv``; sets load and value of time.
    value_of_time : float, optional
        Worth of one hour less, in `currency` per TEU, instead of that of the goods.
    carbon_price : float, optional
        In `currency` per tonne of CO2e.
    avoid : iterable of str
        Countries, groups, places, links or modes that no route may use.
    year : int, optional
        State of the network: links and projects opened by then; not before the base year, which is the
        default.
    k : int
        Routes per corridor, differing in gateways.
    corridors : sequence of str, optional
        Corridor ids or families; otherwise those that serve the pair, or the whole network if none does.
    currency : str
        USD or EUR.
    handling : bool
        Whether loading at the origin and unloading at the destination are counted.
    folder : path, optional
        Folder with tables of your own, see `networks.load_tables`.
    catalogue : path, optional
        YAML file with corridors of your own.

    Returns
    -------
    RouteComparison
        With ``.table()``, ``.break_even()``, ``.tcd()``, ``.answer`` and ``.plot``.

    Raises
    ------
    PlaceError
        Unknown or ambiguous place.
    DataError
        Anything else that was typed wrong, or wrong tables.
    """
    _check(k, currency)
    tables = load_tables(folder)
    year = open_year(year, int(tables.parameter("base_year")))
    network = build(tables)
    filters = Filters(network)
    start, end = filters.names.find(origin), filters.names.find(destination)
    if start == end:
        raise DataError([f"origin and destination are both {tables.places.at[start, 'name']}"])
    usd = 1.0 if currency == "USD" else tables.parameter("usd_per_eur")
    prices = goods_prices(
        tables,
        goods,
        value_of_time_usd_per_teu_h=None if value_of_time is None else value_of_time * usd,
        carbon_price_usd_per_t=None if carbon_price is None else carbon_price * usd,
    )
    cost = generalised_cost(network.arcs, prices)["cost_usd_per_teu"].to_numpy()
    search = PairSearch(filters, start, end, cost, tuple(avoid), year, handling)
    found: dict[str, tuple[Corridor, list[Route]]] = {}
    reasons: dict[str, str] = {}
    for corridor in _chosen(load_catalogue(catalogue, folder), corridors, search):
        routes_found = search.routes(corridor, k)
        found[corridor.corridor_id] = corridor, routes_found
        if not routes_found:
            reasons[corridor.corridor_id] = search.reason(corridor)
    return RouteComparison(start, end, year, prices, currency, network, found, reasons, _events(year, folder))


def routes(origin: str, destination: str, **options: Any) -> pd.DataFrame:
    """Return the routes of each corridor between two places as a table.

    Parameters
    ----------
    origin, destination : str
        Ids, UN/LOCODEs or names.
    **options
        The other parameters of `compare_routes`.

    Returns
    -------
    DataFrame
        One row per route, columns as of `RouteComparison.table`.

    Raises
    ------
    PlaceError
        Unknown or ambiguous place.
    DataError
        As of `compare_routes`.
    """
    return compare_routes(origin, destination, **options).table()


@dataclass(frozen=True)
class Course:
    """Where a corridor leads, in the places and countries of a network.

    Attributes
    ----------
    filters : Filters
        Words to places and arcs of the network.
    corridor : Corridor
        Whose words they are.
    """

    filters: Filters
    corridor: Corridor

    @cached_property
    def _steps(self) -> list[frozenset[str]]:
        return [self.filters.places(step) for step in self.corridor.via]

    @cached_property
    def _sides(self) -> list[frozenset[str]]:
        return [self.filters.countries(side) for side in self.corridor.between or ()]

    def serves(self, origin: str, destination: str) -> bool:
        """Say whether the corridor is meant for traffic between two places."""
        return not self._sides or self._way(origin, destination) is not None

    def orders(self, origin: str, destination: str) -> list[list[frozenset[str]]]:
        """Return the steps in the order of travel; both orders if the corridor does not say."""
        steps, way = self._steps, self._way(origin, destination)
        return [steps, steps[::-1]] if way is None else [steps if way else steps[::-1]]

    def _way(self, origin: str, destination: str) -> bool | None:
        """Return True along ``via``, False backwards, None if the corridor does not say."""
        if not self._sides:
            return None
        start, end = self.filters.home[origin], self.filters.home[destination]
        one, other = self._sides
        if start in one and end in other:
            return True
        return False if start in other and end in one else None


@dataclass(frozen=True)
class PairSearch:
    """Searches of one pair of places, and the reasons why one fails.

    Attributes
    ----------
    filters : Filters
        Words to places and arcs of the network.
    origin, destination : str
        Place ids.
    cost : ndarray of float, shape (arcs,)
        Generalised cost of each arc, USD/TEU.
    avoid : tuple of str
        What no route may use.
    year : int
        State of the network.
    handling : bool
        Whether loading at the origin and unloading at the destination are counted.
    """

    filters: Filters
    origin: str
    destination: str
    cost: npt.NDArray[np.float64]
    avoid: tuple[str, ...]
    year: int
    handling: bool

    @cached_property
    def _opens(self) -> npt.NDArray[np.float64]:
        years: npt.NDArray[np.float64] = self.filters.network.arcs["opens_year"].to_numpy(dtype=float)
        return years

    @cached_property
    def _kept(self) -> npt.NDArray[np.bool_]:
        return self.filters.avoiding(self.avoid)

    def serves(self, corridor: Corridor) -> bool:
        """Say whether a corridor is meant for traffic between the two places."""
        return Course(self.filters, corridor).serves(self.origin, self.destination)

    def routes(self, corridor: Corridor, k: int) -> list[Route]:
        """Return the `k` cheapest routes of a corridor that differ in gateways."""
        return self._find(corridor, k, self._kept & (self._opens <= self.year))

    def reason(self, corridor: Corridor) -> str:
        """Say in words why a corridor has no route."""
        later = sorted({y for y in self._opens if y > self.year and math.isfinite(y)})
        for opens in later:
            if self._find(corridor, 1, self._kept & (self._opens <= opens)):
                return f"not open before {opens:.0f}"
        if self._find(corridor, 1, self._kept):
            return "no opening date known"
        free = self._find(corridor, 1, np.ones(len(self._opens), dtype=bool))
        if free and self.avoid:
            return f"closed: needs {self._needed(free[0])}"
        return "no route"

    def _needed(self, route: Route) -> str:
        needed = [w for w in self.avoid if not self.filters.avoiding([w])[list(route)].all()]
        return ", ".join(needed)

    def _find(self, corridor: Corridor, k: int, allowed: npt.NDArray[np.bool_]) -> list[Route]:
        allowed = allowed & self.filters.avoiding(corridor.avoid)
        net = self.filters.network
        tries = [
            alternatives(Query(net, self.cost, self.origin, self.destination, self.handling, order, allowed), k)
            for order in self.orders(corridor)
        ]
        return min(tries, key=lambda found: self.cost[list(found[0])].sum() if found else math.inf)

    def allowed(self, corridor: Corridor) -> npt.NDArray[np.bool_]:
        """Return the arcs that are open in the year and that neither the corridor nor the user avoids."""
        return self._kept & (self._opens <= self.year) & self.filters.avoiding(corridor.avoid)

    def orders(self, corridor: Corridor) -> list[list[frozenset[str]]]:
        """Return the steps of a corridor in the order of travel; both orders if it does not say."""
        return Course(self.filters, corridor).orders(self.origin, self.destination)


def _chosen(catalogue: Mapping[str, Corridor], wanted: Sequence[str] | None, search: PairSearch) -> list[Corridor]:
    if wanted is None:
        return [corridor for corridor in catalogue.values() if search.serves(corridor)] or [ANY]
    families: dict[str, list[str]] = {}
    for name, corridor in catalogue.items():
        families.setdefault(corridor.family, []).append(name)
    known = {**families, **{name: [name] for name in catalogue}}
    unknown = [f"no corridor or family is called {w!r}{nearest(w, known)}" for w in wanted if w not in known]
    if unknown:
        raise DataError([*unknown, f"corridors: {', '.join(catalogue)}; families: {', '.join(families)}"])
    return [catalogue[name] for name in dict.fromkeys(name for w in wanted for name in known[w])]


def _check(k: int, currency: str) -> None:
    if k < 1:
        raise DataError([f"k: got {k}, expected a number of routes of one or more"])
    if currency not in CURRENCIES:
        raise DataError([f"currency: got {currency!r}, expected one of {', '.join(CURRENCIES)}"])


def open_year(year: int | None, base: int) -> int:
    """Return the year asked for, or the base year; DataError where nothing is known of it."""
    if year is None:
        return base
    if not base <= year <= _LAST_YEAR:
        why = "the tables do not say when the lines that exist were opened" if year < base else "nothing is known of it"
        raise DataError([f"year: got {year}, expected {base} to {_LAST_YEAR}; {why}"])
    return year


def _events(year: int, folder: str | Path | None) -> pd.DataFrame:
    """Disruptions that touch the year and have a state to flag."""
    events = table_of("events", folder)
    ends = events["end"].where(events["end"] != "", "9999")
    on = (events["start"].str[:4].astype(int) <= year) & (ends.str[:4].astype(int) >= year)
    return events[on & (events["state"] != "none")]
