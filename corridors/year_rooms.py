"""What the shippers of a year compete for: trains that get dearer as they fill, and capacities that are full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .catalogue import Filters
from .choice import Choice
from .year_setting import State

__all__ = ["BOXES", "NORTHERN", "POWER", "YearRooms"]

NORTHERN = "northern"
POWER = 4  # of the volume-delay function of the Bureau of Public Roads
BOXES = "TEU/yr"  # a capacity in this unit is one of cranes and slots, which bulk does not take


@dataclass(frozen=True, eq=False)
class YearRooms:
    """Rooms of a year, and what a TEU on each route takes of them.

    Attributes
    ----------
    routes : DataFrame
        As of `YearModel.routes`.
    states : sequence of State
        Parts of the year.
    networks : sequence of Filters
        The network of each.
    scarce : sequence of str
        Markets whose trains get dearer as they fill.
    bulk : collection of str
        Markets that are not of boxes.
    capacities : bool
        Whether the capacities on record are limits.
    parameter : callable
        Returns a parameter of the method by its name.
    """

    routes: pd.DataFrame
    states: Sequence[State]
    networks: Sequence[Filters]
    scarce: Sequence[str]
    bulk: Collection[str]
    capacities: bool
    parameter: Callable[[str], float]

    def rows(self) -> pd.DataFrame:
        """Return what has a price that rises or a capacity that binds: ``state``, ``group``, ``room``, ``scarce``."""
        room = self.parameter("scarcity_capacity_teu")
        rows: list[tuple[int, str, float, bool]] = []
        for number, state in enumerate(self.states):
            rows += [(number, market, room * state.share, True) for market in self.scarce]
            if self.capacities:
                limits = self._limits(number)
                rows += [(number, str(g), float(cap) * state.share, False) for g, cap in limits.items()]
        return pd.DataFrame(rows, columns=["state", "group", "room", "scarce"]).astype({"scarce": bool})

    def _limits(self, state: int) -> pd.Series[float]:
        """Return the capacities that the routes of a part of the year cross, TEU a year, by group."""
        arcs = self.networks[state].network.arcs
        mine = self.routes["path"][self.routes["state"] == state]
        known = arcs.loc[sorted({arc for path in mine for arc in path})]
        known = known[known["capacity_group"] != ""]
        return known.groupby("capacity_group")["capacity_teu_per_year"].first().dropna()

    def takes(self, rows: pd.DataFrame) -> list[dict[int, float]]:
        """Return what a TEU on each route takes of each of `rows`, counted from one; row zero is free."""
        routes = self.routes
        number = {
            (int(state), str(group), bool(scarce)): i
            for i, (state, group, scarce) in enumerate(
                zip(rows["state"], rows["group"], rows["scarce"], strict=True), 1
            )
        }
        ratio = {NORTHERN: 1.0, "middle": self.parameter("middle_scarcity_ratio")}
        scarce = set(self.scarce)
        groups = [_groups(filters) for filters in self.networks]
        found = []
        for s, m, f, path in zip(routes["state"], routes["market"], routes["family"], routes["path"], strict=True):
            take: dict[int, float] = {}
            if m in scarce and f in ratio:
                take[number[s, m, True]] = ratio[f]
            if self.capacities:
                here, boxes = groups[s]
                at = list(path)
                inside = here[at] != ""
                if m in self.bulk:
                    inside &= ~boxes[at]
                take |= {number[s, g, False]: 1.0 for g in here[at][inside] if (s, g, False) in number}
            found.append(take or {0: 1.0})
        return found

    def scarcity(self, choice: Choice, flow: npt.NDArray[np.float64]) -> dict[str, float]:
        """Return what scarcity adds to the price of a train of the Northern route in each market, USD/TEU.

        The mean over the parts of the year by the trains in them; `flow` is TEU a year on each of the routes.
        """
        units = self.routes["family"].map({NORTHERN: 1.0, "middle": self.parameter("middle_scarcity_ratio")})
        load = (units.fillna(0.0) * flow).groupby([self.routes["market"], self.routes["state"]]).sum()
        room = self.parameter("scarcity_capacity_teu")
        found = {}
        for market in self.scarce:
            loads = [float(load.get((market, s), 0.0)) for s in range(len(self.states))]
            paid = sum(x * (x / (room * s.share)) ** POWER for x, s in zip(loads, self.states, strict=True))
            found[market] = choice.scarcity_usd_per_teu * paid / max(sum(loads), 1e-300)
        return found


def _groups(filters: Filters) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the capacity group of each arc, and whether it is one of boxes."""
    arcs = filters.network.arcs
    return arcs["capacity_group"].to_numpy(), (arcs["capacity_unit"] == BOXES).to_numpy()
