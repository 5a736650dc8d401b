"""Modelled routes against sourced end-to-end times, prices and distances."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from networks import Supernetwork, build, generalised_cost, goods_prices, load_tables, read_table

from .catalogue import Filters, load_catalogue
from .search import Query, routes_in_order

__all__ = ["MEASURES", "TOLERANCE", "CheckedRoutes", "checked_routes", "route_checks"]

MEASURES = {"time_d": ("hours", 24.0), "tariff_usd_per_teu": ("tariff_usd_per_teu", 1.0), "km": ("km", 1.0)}
"""Column of ``network.arcs`` that each measure sums, and what the sum is divided by."""

TOLERANCE = {"time_d": 0.25, "tariff_usd_per_teu": 0.30, "km": 0.10}
"""Distance from 1 that the ratio of model to source may have, by measure."""


class CheckedRoutes(NamedTuple):
    """The routes that checks are about.

    Attributes
    ----------
    network : Supernetwork
        Network that they were searched in.
    checks : DataFrame
        Rows of ``route_checks.csv``.
    routes : list of tuple of int
        Arc numbers of each row's route; empty where there is none.
    """

    network: Supernetwork
    checks: pd.DataFrame
    routes: list[tuple[int, ...]]


def route_checks(folder: str | Path | None = None) -> pd.DataFrame:
    """Hold modelled routes against ``route_checks.csv``.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own, see `networks.load_tables`.

    Returns
    -------
    DataFrame
        The rows of ``route_checks.csv`` with ``model`` (same unit), ``source`` (midpoint of low and high),
        ``ratio`` and ``inside`` (ratio within `TOLERANCE`).

    Raises
    ------
    DataError
        Wrong tables.

    Notes
    -----
    The route is the one of least generalised cost for average goods that keeps to the row's corridor,
    via and avoid; the network is that of the base year. Times are mean times.
    """
    network, rows, routes = checked_routes(folder)

    def model(measure: str, route: tuple[int, ...]) -> float:
        column, divisor = MEASURES[measure]
        return float(network.arcs.iloc[list(route)][column].sum() / divisor) if route else float("nan")

    rows["model"] = [model(*each) for each in zip(rows["measure"], routes, strict=True)]
    rows["source"] = (rows["low"] + rows["high"]) / 2
    rows["ratio"] = rows["model"] / rows["source"]
    rows["inside"] = (rows["ratio"] - 1).abs() <= rows["measure"].map(TOLERANCE)
    return rows


def checked_routes(folder: str | Path | None = None) -> CheckedRoutes:
    """Find the route of each row of ``route_checks.csv``, as `route_checks` describes it.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own, see `networks.load_tables`.

    Raises
    ------
    DataError
        A table of the folder is wrong.
    """
    tables = load_tables(folder)
    network = build(tables)
    filters, catalogue = Filters(network), load_catalogue(folder=folder)
    cost = generalised_cost(network.arcs, goods_prices(tables))["cost_usd_per_teu"].to_numpy()
    is_open = (network.arcs["opens_year"] <= tables.parameter("base_year")).to_numpy()

    def found(row: Any) -> tuple[int, ...]:
        corridor = catalogue.get(row.corridor_id)
        steps = [frozenset([place]) for place in row.via]
        avoid = list(row.avoid)
        if corridor is not None:
            way = [filters.places(step) for step in corridor.via]
            home = tables.places["country_id"]
            along = corridor.between is None or home[row.origin_place_id] in filters.countries(corridor.between[0])
            steps = (way if along else way[::-1]) + steps
            avoid += corridor.avoid
        ends = row.origin_place_id, row.destination_place_id
        query = Query(network, cost, *ends, row.scope == "terminals", steps, is_open & filters.avoiding(avoid))
        return next(routes_in_order(query), ())

    rows = read_table("route_checks")
    return CheckedRoutes(network, rows, [found(row) for row in rows.itertuples()])
