"""Modelled routes against sourced end-to-end times, prices and distances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from networks import build, generalised_cost, goods_prices, load_tables, read_table

from .catalogue import Filters, load_catalogue
from .search import Query, routes_in_order

__all__ = ["TOLERANCE", "route_checks"]

TOLERANCE = {"time_d": 0.25, "tariff_usd_per_teu": 0.30, "km": 0.10}
"""Distance from 1 that the ratio of model to source may have, by measure."""


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

    Notes
    -----
    The route is the one of least generalised cost for average goods that keeps to the row's corridor,
    via and avoid; the network is that of the base year. Times are mean times.
    """
    tables = load_tables(folder)
    network = build(tables)
    filters, catalogue = Filters(network), load_catalogue()
    cost = generalised_cost(network.arcs, goods_prices(tables))["cost_usd_per_teu"].to_numpy()
    is_open = (network.arcs["opens_year"] <= tables.parameter("base_year")).to_numpy()

    def model(row: Any) -> float:
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
        route = next(routes_in_order(query), None)
        if route is None:
            return float("nan")
        arcs = network.arcs.iloc[list(route)]
        totals = {
            "time_d": arcs["hours"].sum() / 24,
            "tariff_usd_per_teu": arcs["tariff_usd_per_teu"].sum(),
            "km": arcs["km"].sum(),
        }
        return float(totals[row.measure])

    rows = read_table("route_checks")
    rows["model"] = [model(row) for row in rows.itertuples()]
    rows["source"] = (rows["low"] + rows["high"]) / 2
    rows["ratio"] = rows["model"] / rows["source"]
    rows["inside"] = (rows["ratio"] - 1).abs() <= rows["measure"].map(TOLERANCE)
    return rows
