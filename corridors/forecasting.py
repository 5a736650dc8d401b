"""Forecast: where the freight of a year goes, by the fitted choice of shippers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from networks import DataError, build, load_tables

from .assigned import Assignment
from .catalogue import Filters
from .choice import load_choice
from .year_flows import assignment_of
from .year_model import YearModel
from .year_setting import lasting

__all__ = ["forecast"]

CHINA_EUROPE = ("cn-eu", "eu-cn")
_DAYS = 365
_CAPACITIES_SINCE = 2025  # the capacities on record are those of about this year


def forecast(
    year: int,
    markets: Sequence[str] = CHINA_EUROPE,
    *,
    close: Iterable[str] = (),
    closed_days: float = _DAYS,
    inputs: Mapping[str, float] | None = None,
    growth: str | None = None,
    parameters: str | Path = "default",
    folder: str | Path | None = None,
) -> Assignment:
    """Say which routes the shippers of a year take.

    Parameters
    ----------
    year : int
        2019 to 2025, with what was documented of it, or later, with `growth` and the prices and times of 2025.
    markets : sequence of str
        Market ids, rows of ``markets.csv``.
    close : iterable of str
        Places, links, countries, groups, modes or corridors that are shut.
    closed_days : float
        For how many days of the year; up to ``queue_days`` of ``parameters.csv`` shippers wait and the flows of
        the year stay, see `Assignment.queue` for what they wait.
    inputs : mapping, optional
        Series of ``year_inputs.csv`` with another value, for example ``{"sea-west": 6000}``.
    growth : str, optional
        Growth scenario of ``growth.csv``, for years without totals of their own.
    parameters : str or path
        ``default``, fitted to all years to 2025; ``backtest``; or a file, see `load_choice`.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Assignment
        Flows in TEU a year; bulk in TEU of its load. Its waiting cost is what scarcity adds to the price of trains
        and, from 2025 on, waiting where a capacity on record is full; years before have capacities of their own,
        which the tables do not hold.

    Raises
    ------
    PlaceError, DataError
        Anything that was typed wrong.
    """
    if not 0 < closed_days <= _DAYS + 1:
        raise DataError([f"closed_days: got {closed_days!r}, expected days above zero, 365 at most"])
    choice, network = load_choice(parameters), Filters(build(load_tables(folder)))
    model = YearModel(
        year,
        markets,
        inputs=inputs,
        closures=lasting(close, closed_days, network),
        growth=growth,
        capacities=year >= _CAPACITIES_SINCE,
        folder=folder,
    )
    return assignment_of(model, choice)
