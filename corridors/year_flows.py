"""What the shippers of a year do: flows on routes, what they wait, who stays at home."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import goods_prices

from .assigned import Assignment
from .year_routes import CELL

if TYPE_CHECKING:
    from .choice import Choice
    from .year_model import YearModel

__all__ = ["YearFlows", "assignment_of", "cheapest_flow"]


@dataclass(frozen=True, eq=False)
class YearFlows:
    """What the shippers of a year do.

    Attributes
    ----------
    status : str
        As of `solvers.LogitSolution`.
    residual : float
        Of the capacities, relative.
    flow : ndarray of float, shape (routes,)
        TEU a year on each of `YearModel.routes`.
    waiting : ndarray of float, shape (routes,)
        Mean price of scarcity and waiting on each, USD/TEU.
    full : DataFrame
        ``state`` (number), ``group`` and ``waiting_usd_per_teu`` of each capacity in each part of the year.
    unmet, not_shipped : ndarray of float, shape (rows of demand,)
        TEU a year that have no way or no room at the price at which freight stays at home; and those whose
        shippers refuse every way that there is, or may not use it.
    cost_usd : float
        What it costs all shippers a year, in their own eyes: the expected least cost of the logit.
    """

    status: str
    residual: float
    flow: npt.NDArray[np.float64]
    waiting: npt.NDArray[np.float64]
    full: pd.DataFrame
    unmet: npt.NDArray[np.float64]
    not_shipped: npt.NDArray[np.float64]
    cost_usd: float


def assignment_of(model: YearModel, choice: Choice) -> Assignment:
    """Return the routes and flows of a year as an `Assignment`, shippers of one kind of goods together."""
    found = model.solve(choice)
    goods = list(dict.fromkeys(model.demand["goods"]))
    prices = [
        goods_prices(model.filters.tables, g, value_of_time_usd_per_teu_h=choice.time_factor * model.hour[g])
        for g in goods
    ]
    case = SimpleNamespace(
        network=model.filters.network,
        classes=[SimpleNamespace(goods=g) for g in goods],
        prices=prices,
        shown_year=model.year,
    )
    costs = model.priced.table(choice, model.hour)
    table = model.routes.assign(
        **{"class": model.routes["goods"].map({g: i for i, g in enumerate(goods)})},
        cost_usd_per_teu=costs["cost_usd_per_teu"],
        constant_usd_per_teu=costs["constant_usd_per_teu"],
        waiting_usd_per_teu=found.waiting,
        teu_per_year=found.flow,
    )
    parts = model.demand.rename(columns={"teu_per_year": "teu"})
    full = found.full.groupby("group")["waiting_usd_per_teu"].max()
    unmet = pd.Series(found.unmet + found.not_shipped)
    return Assignment.of("logit", found.status, found.residual, case, table, parts, unmet, full)


def cheapest_flow(model: YearModel) -> npt.NDArray[np.float64]:
    """Return the TEU a year on each route of a year if all took the cheapest: no constants, no scarcity."""
    cost = model.routes["tariff"] + model.priced.delay * model.routes["goods"].map(model.hour)
    usual = model.routes[model.routes["refuses"] == 0]
    best = cost[usual.index].groupby([usual[k] for k in ("state", *CELL)]).idxmin()
    rows = model.demand.set_index(CELL)["teu_per_year"]
    flow = np.zeros(len(model.routes))
    for key, route in best.items():
        state, *rest = key
        flow[route] += float(rows.loc[tuple(rest)]) * model.states[int(state)].share
    return flow
