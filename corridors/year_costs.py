"""What each route of a year costs those who take it, in their own eyes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .choice import Choice
from .year_routes import Values, delay_of

__all__ = ["OVERLAND", "YearCosts", "scales"]

OVERLAND = ("northern", "middle")
_FROM_CHINA = "cn-eu"


@dataclass(frozen=True, eq=False)
class YearCosts:
    """Costs of the routes of a year.

    Attributes
    ----------
    routes : DataFrame
        As of `YearModel.routes`.
    markets : sequence of str
        Market ids.
    goods : DataFrame
        ``goods.csv`` by id.
    subsidy : float
        Share of the price of trains from China that a subsidy may cover, 0 to 1.
    carbon_usd_per_t : float
        What a tonne of CO2e costs.
    parameter : callable
        Returns a parameter of the method by its name.
    """

    routes: pd.DataFrame
    markets: Sequence[str]
    goods: pd.DataFrame
    subsidy: float
    carbon_usd_per_t: float
    parameter: Callable[[str], float]
    _tasted: list[tuple[Choice, Values]] = field(default_factory=list, repr=False)

    def fixed(self, choice: Choice, sums: Mapping[str, Any], sea: float = 1.0) -> Values:
        """Return what each route costs whoever takes it, time apart, USD/TEU: price, carbon, constant, path size."""
        return self.tariff(choice, sea, sums) + self._carbon(sums["kgco2e_per_t"]) + self._taste(choice)

    def tariff(self, choice: Choice, sea: float = 1.0, sums: Mapping[str, Any] | None = None) -> Values:
        """Return the price of each route to the shipper before scarcity, USD/TEU; `sea`: factor on deep-sea rates."""
        sums = self.routes if sums is None else sums
        before = np.asarray(sums["tariff"] + (sea - 1) * sums["sea_tariff"])
        return np.asarray(before * (1 - choice.subsidy_passed_on * self._subsidised))

    @cached_property
    def _subsidised(self) -> Values:
        """Return the share of the price of each route that a subsidy may cover."""
        paid = (self.routes["market"] == _FROM_CHINA) & self.routes["family"].isin(OVERLAND)
        return np.asarray(self.subsidy * paid.astype(float).to_numpy())

    def _carbon(self, kgco2e_per_t: Any) -> Values:
        """Return what carbon costs on each route, USD/TEU."""
        return np.asarray(kgco2e_per_t) * self.load_t_per_teu * self.carbon_usd_per_t / 1000

    @cached_property
    def load_t_per_teu(self) -> Values:
        """Tonnes in a TEU on each route."""
        return np.asarray(self.routes["goods"].map(self.goods["load_t_per_teu"]), dtype=float)

    def _taste(self, choice: Choice) -> Values:
        """Return what does not depend on prices and times: constants and path sizes, USD/TEU by route."""
        if not self._tasted or self._tasted[0][0] is not choice:
            scale = self.routes["market"].map(scales(choice, self.markets)).to_numpy(dtype=float)
            self._tasted[:] = [(choice, self._constant(choice) - self.routes["log_size"].to_numpy() / scale)]
        return self._tasted[0][1]

    def _constant(self, choice: Choice) -> Values:
        """Return the constant of each route: that of its corridor, branch or family, the first that has one."""
        of = {name: market.constants_usd_per_teu for name, market in choice.markets.items()}
        kinds, number = self._kinds
        found = [next((of[m][n] for n in names if n in of[m]), 0.0) if m in of else 0.0 for m, *names in kinds]
        return np.array(found, dtype=float)[number]

    @cached_property
    def _kinds(self) -> tuple[list[tuple[str, ...]], npt.NDArray[np.int64]]:
        """Return each market, corridor, branch and family that occur together, and which of them each route is."""
        table = self.routes[["market", "corridor", "branch", "family"]]
        number, kinds = pd.MultiIndex.from_frame(table).factorize()
        return [tuple(map(str, kind)) for kind in kinds], np.asarray(number)

    @cached_property
    def delay(self) -> Values:
        """Return the hours of each route, unreliability counted as hours."""
        return np.asarray(delay_of(self.routes, self.parameter))

    def table(self, choice: Choice, hour: Mapping[str, float]) -> pd.DataFrame:
        """Return what each route costs the mean shipper.

        Parameters
        ----------
        choice : Choice
            Parameters.
        hour : mapping of str to float
            Goods to the mean value of time, USD per TEU and hour.

        Returns
        -------
        DataFrame by route
            ``tariff_usd_per_teu`` (to the shipper), ``cost_usd_per_teu`` (generalised, scarcity apart),
            ``carbon_usd_per_teu`` (of it), ``constant_usd_per_teu``, ``delay_h`` (hours, unreliability as hours).
        """
        worth = self.routes["goods"].map(hour).to_numpy(dtype=float) * choice.time_factor
        tariff, carbon = self.tariff(choice), self._carbon(self.routes["kgco2e_per_t"])
        return pd.DataFrame(
            {
                "tariff_usd_per_teu": tariff,
                "cost_usd_per_teu": tariff + worth * self.delay + carbon,
                "carbon_usd_per_teu": carbon,
                "constant_usd_per_teu": self._constant(choice),
                "delay_h": self.delay,
            },
            index=self.routes.index,
        )


def scales(choice: Choice, markets: Sequence[str]) -> dict[str, float]:
    """Return the scale of each market; one without its own takes the mean of the others."""
    known = {m: choice.markets[m].scale_per_usd for m in markets if m in choice.markets}
    mean = float(np.exp(np.mean([np.log(m.scale_per_usd) for m in choice.markets.values()])))
    return {m: known.get(m, mean) for m in markets}
