"""Parts of a year: laid out, with other figures, and answered to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from scipy.sparse import csr_array

from networks import DataError

from ..year_routes import Values
from ..year_setting import State
from .tracks import Flags, Ints, Routes

__all__ = ["Doubt", "Laid", "Part", "SeveralLimitsError"]


@dataclass(frozen=True, eq=False)
class Part:
    """What a part of the year is like, as if it lasted all year.

    Attributes
    ----------
    flow : ndarray of float, shape (slots,)
        TEU a year by each route.
    sums : mapping of str to ndarray of float, shape (slots,)
        ``tariff``, ``hours``, ``variance`` (h^2), ``kgco2e_per_t`` of each route.
    cost_usd : ndarray of float, shape (rows of demand,)
        What it costs all shippers of a row, in their own eyes, a year: the expected least cost of the logit, waiting
        and scarcity included, and the penalty for what is not sent.
    unmet, not_shipped : ndarray of float, shape (rows of demand,)
        TEU a year, as of `YearFlows`.
    wait : ndarray of float
        Prices of scarcity and waiting, by capacity.
    routes : Routes
        Arcs of each route.
    """

    flow: Values
    sums: Mapping[str, Values]
    cost_usd: Values
    unmet: Values
    not_shipped: Values
    wait: Values
    routes: Routes


class SeveralLimitsError(DataError):
    """A part of the year sets several capacities where none is on record."""


class Laid(NamedTuple):
    """Routes and rooms of a part of the year, ready to be answered to.

    Attributes
    ----------
    state : State
        What holds.
    routes : Routes
        One for each slot.
    sums : mapping of str to ndarray of float, shape (slots,)
        What their arcs sum to, see `corridors.year_routes.route_sums`.
    there, crosses : ndarray of bool, shape (slots,)
        Whether there is a route, and whether it crosses Russia or Belarus.
    resized : ndarray of float, shape (slots,)
        What the size of a route that is not usual adds to its cost, USD/TEU.
    rooms : ndarray of float
        Capacities, TEU a year.
    takes : (ndarray of int, sparse array)
        Way of each slot, and what each way takes of each capacity.
    usual : bool
        Whether nothing that is used differs from the year as usual.
    """

    state: State
    routes: Routes
    sums: Mapping[str, Values]
    there: Flags
    crosses: Flags
    resized: Values
    rooms: Values
    takes: tuple[Ints, csr_array]
    usual: bool


class Doubt(NamedTuple):
    """Figures that are not those of the tables.

    Attributes
    ----------
    sums : mapping of str to ndarray of float, shape (slots,)
        ``tariff``, ``hours``, ``variance`` of each route.
    time_factor : float
        On the worth of time.
    demand : ndarray of float, shape (rows of demand,)
        Factors.
    room : ndarray of float or float
        Factors on capacities.
    """

    sums: Mapping[str, Values]
    time_factor: float
    demand: Values
    room: Values | float
