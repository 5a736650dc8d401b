"""Who chooses between what: the shippers of each part of a year, and the routes that each of them thinks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .year_costs import OVERLAND
from .year_routes import CELL
from .year_setting import State

__all__ = ["Alternatives"]


@dataclass(frozen=True)
class Alternatives:
    """Routes of each demand (row x shippers x state) as arrays; demands likewise.

    Attributes
    ----------
    demands : DataFrame
        ``row``, ``market``, ``goods``, ``kind``, ``base`` (TEU a year), ``stays`` (every way is refused).
    routes : DataFrame
        ``demand``, ``route``.
    hour : ndarray of float, shape (alternatives,)
        USD per TEU and hour at a time factor of one.
    """

    demands: pd.DataFrame
    routes: pd.DataFrame
    hour: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls, demand: pd.DataFrame, shippers: pd.DataFrame, states: Sequence[State], routes: pd.DataFrame
    ) -> Alternatives:
        """Lay them out.

        Parameters
        ----------
        demand : DataFrame
            As of `YearModel.demand`.
        shippers : DataFrame
            As of `segments`, ``refuses`` as it is numbered in the routes.
        states : sequence of State
            Parts of the year.
        routes : DataFrame
            As of `YearModel.routes`.
        """
        rows = demand.reset_index(names="row")[["row", *CELL, "teu_per_year"]]
        demands = rows.merge(shippers, on=["market", "goods"])
        parts = pd.DataFrame({"state": range(len(states)), "part": [s.share for s in states]})
        demands = demands.merge(parts, how="cross")
        demands["base"] = demands["teu_per_year"] * demands["weight"] * demands["part"]
        demands = demands[demands["base"] > 0].reset_index(drop=True).rename_axis("demand").reset_index()
        found = routes.rename_axis("route").reset_index()
        keys = ["state", *CELL, "refuses"]
        each = demands[["demand", *keys, "kind", "hour"]].merge(found[[*keys, "route", "family", "crosses"]], on=keys)
        captive = (each["kind"] == "captive") & each["family"].isin(OVERLAND)
        averse = (each["kind"] == "averse") & each["crosses"]
        kept = each[~(captive | averse)].reset_index(drop=True)
        usual = found[found["refuses"] == 0]
        has_way = pd.MultiIndex.from_frame(demands[keys[:-1]]).isin(pd.MultiIndex.from_frame(usual[keys[:-1]]))
        stays = has_way & ~demands["demand"].isin(kept["demand"])
        return cls(demands.assign(stays=stays), kept[["demand", "route"]], kept["hour"].to_numpy())
