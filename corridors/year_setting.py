"""What a year is made of: parts of the year by what holds in them, and what some shippers refuse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .catalogue import Filters, load_catalogue

__all__ = ["Closure", "Refusal", "Setting", "Shift", "State", "combined", "lasting"]


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


class Shift(NamedTuple):
    """A change of all routes of some corridors: first the factor, then the addition.

    Attributes
    ----------
    column : str
        ``tariff`` (USD/TEU), ``hours`` or ``variance`` (h^2).
    corridors : frozenset of str
        Corridor ids.
    factor, more : float
        What the figure is multiplied by, and what is added.
    """

    column: Literal["tariff", "hours", "variance"]
    corridors: frozenset[str]
    factor: float = 1.0
    more: float = 0.0


class State(NamedTuple):
    """A part of the year.

    Attributes
    ----------
    share : float
        Of the year, 0 to 1; also the chance of what is uncertain.
    avoid : tuple of str
        What nobody may use.
    shut : tuple of str
        Corridor ids.
    change : callable, optional
        Arcs of the network to those that hold in this part of the year; rows stay.
    shifts : tuple of Shift
        Changes of routes.
    refused : frozenset of int
        Refusals of the setting that hold.
    name : str
        What holds, in words.
    """

    share: float
    avoid: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    change: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    shifts: tuple[Shift, ...] = ()
    refused: frozenset[int] = frozenset()
    name: str = ""


@dataclass(frozen=True)
class Refusal:
    """What a share of shippers uses at no price.

    Attributes
    ----------
    share : float
        Of the shippers, 0 to 1, whoever they are: refusals are taken as independent of each other.
    touched : ndarray of bool, shape (arcs,), or frozenset of str
        Arcs that they do not use, or corridors.
    bans : str or None
        ``transit``: only on routes that neither begin nor end in `countries`. ``origin``, ``destination``: all that
        begins, or ends, there. None: any route that touches.
    countries : frozenset of str
        Country ids that the ban is about.
    goods, markets : tuple of str
        What it is about; empty: all.
    """

    share: float
    touched: npt.NDArray[np.bool_] | frozenset[str]
    bans: Literal["transit", "origin", "destination"] | None = None
    countries: frozenset[str] = frozenset()
    goods: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()

    def concerns(self, market: str, goods: str) -> bool:
        """Say whether shippers of some goods in a market may refuse."""
        return (not self.goods or goods in self.goods) and (not self.markets or market in self.markets)

    def routes(self, routes: pd.DataFrame, home: Mapping[str, str]) -> npt.NDArray[np.bool_]:
        """Return which of some routes are refused; `home` has the country of each place."""
        starts = routes["origin"].map(home).isin(self.countries).to_numpy()
        ends = routes["destination"].map(home).isin(self.countries).to_numpy()
        if self.bans == "origin":
            return np.asarray(starts)
        if self.bans == "destination":
            return np.asarray(ends)
        if isinstance(self.touched, frozenset):
            touched = routes["corridor"].isin(self.touched).to_numpy()
        else:
            arcs = self.touched
            touched = np.array([arcs[list(path)].any() for path in routes["path"]], dtype=bool)
        return np.asarray(touched & ~(starts | ends) if self.bans == "transit" else touched)


@dataclass(frozen=True)
class Setting:
    """What is different from the year as it was documented, or goes on.

    Attributes
    ----------
    states : sequence of State
        Parts of the year; their shares sum to one.
    refusals : sequence of Refusal
        What some shippers refuse.
    demand : DataFrame, optional
        As of `demand`, instead of the toolkit's.
    hour_factor : mapping of str to float
        By goods: what the value of time is multiplied by.
    carbon_usd_per_t : float
        Price of carbon that shippers pay, USD per tonne of CO2e.
    planned : bool
        Whether lines that are not built are open from the year on record.
    unmet_usd_per_teu : float
        Cost from which on freight stays at home.
    """

    states: Sequence[State] = (State(1.0),)
    refusals: Sequence[Refusal] = ()
    demand: pd.DataFrame | None = None
    hour_factor: Mapping[str, float] = field(default_factory=dict)
    carbon_usd_per_t: float = 0.0
    planned: bool = True
    unmet_usd_per_teu: float = 1e5


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
    filters.avoiding([w for w in shut if w not in load_catalogue(folder=filters.tables.folder)])
    if not shut or days <= parameter("queue_days"):
        return ()
    return (Closure(min(days / parameter("days_per_year"), 1.0), shut),)


def combined(states: Sequence[State], closures: Sequence[Closure], corridors: Iterable[str]) -> list[State]:
    """Return the parts of the year, closures taken as independent of the states and of each other."""
    known = set(corridors)
    found = []
    for state in states:
        for pick in itertools.product((True, False), repeat=len(closures)):
            share = float(np.prod([c.share if on else 1 - c.share for c, on in zip(closures, pick, strict=True)]))
            words = tuple(w for c, on in zip(closures, pick, strict=True) if on for w in c.words)
            if state.share * share > 0:
                more = state._replace(
                    share=state.share * share,
                    avoid=state.avoid + tuple(w for w in words if w not in known),
                    shut=state.shut + tuple(w for w in words if w in known),
                    name=" + ".join(filter(None, [state.name, *words])),
                )
                found.append(more)
    return found
