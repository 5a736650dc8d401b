"""What a run of a gas scenario gives back: tables that do not change, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from networks import DataError
from networks.errors import nearest

from ..reported import notebook_html
from .solved import Solved

if TYPE_CHECKING:
    from .plots import GasPlots

__all__ = ["GAS_TABLES", "GasRun"]

GAS_TABLES = {
    "countries": "Demand, what is not served of it and prices, by country and rule of sharing.",
    "short": "What is not served, by day or month, country and tier.",
    "pipes": "What goes through each pipe in the year, beside the plan.",
    "flows": "What goes through each pipe, by day or month; by the first rule.",
    "sources": "What each source gives, beside the plan.",
    "storages": "What storages hold at the start, at the least and at the end of the year.",
    "origins": "Whose gas each country uses.",
    "transits": "Through which countries the gas of each has come.",
    "security": "N-1 by the formula of Regulation (EU) 2017/1938.",
    "measures": "What makes up for a surprise, cheapest first.",
    "emissions": "Emissions of moving gas, by line.",
    "costs": "Cost of the year, and what a surprise adds to it.",
    "ranges": "The same for each run of vary.",
    "money": "What the projects that are built cost.",
    "inputs": "Every setting of the scenario, with the file and line that it comes from.",
}
_BY = ("line", "pipe")


@dataclass(frozen=True, eq=False, repr=False)
class GasRun(Solved):
    """Results of a gas scenario.

    Attributes
    ----------
    record : mapping
        What ``run.json`` holds: name, title, question, hash, status, gap, balance error, versions, times, share of
        estimates, years, step, rule of sharing, currency.
    tables : mapping of str to DataFrame
        See `GAS_TABLES`; read by the methods.
    resolved : str
        The scenario with everything that it inherits, as YAML.
    against : GasRun or None
        The counterfactual.
    """

    @cached_property
    def answer(self) -> str:
        """Who is short by how much, what moves and what it costs, in a few sentences."""
        from .gas_answers import gas_answer

        return gas_answer(self)

    @property
    def unmet_gwh(self) -> float:
        """What is not served in all years, by the rule of the study."""
        table = self._mine(self.tables["countries"])
        return float(table["unmet_gwh"].sum())

    def unmet(self, sharing: str | None = None) -> pd.DataFrame:
        """Return demand and what is not served of it.

        Parameters
        ----------
        sharing : str, optional
            ``cooperative`` or ``own_first``; otherwise that of the study.

        Returns
        -------
        DataFrame by year and country
            ``demand_gwh``, ``unmet_gwh``, ``unmet_mcm``, ``unmet_pct``, ``days_short``, ``worst_gwh_per_day``, and mean
            prices at the market: ``planned_usd_per_mwh``, ``usd_per_mwh``, ``highest_usd_per_mwh`` (in EUR if the study
            asks for it).

        Raises
        ------
        DataError
            Another word.
        """
        return self._money(self._mine(self.tables["countries"], sharing).set_index(["year", "country"]))

    def short(self, sharing: str | None = None) -> pd.DataFrame:
        """Return what is not served by ``year``, ``day`` (or first day of the month), ``country`` and ``tier``.

        Parameters
        ----------
        sharing : str, optional
            As of `unmet`.
        """
        return self._mine(self.tables["short"], sharing)

    def flows(self, by: str = "line", sharing: str | None = None) -> pd.DataFrame:
        """Return what goes through pipes in the year.

        Parameters
        ----------
        by : str
            ``line`` (the pipe of it that carries most) or ``pipe``.
        sharing : str, optional
            As of `unmet`.

        Returns
        -------
        DataFrame by year and `by`
            ``title``, ``planned_bcm``, ``bcm``, ``change_bcm`` (net), ``nameplate_bcm`` (NaN: not known), ``full_pct``
            (of the time), ``worth_usd_per_mwh`` (of one more unit of capacity), ``grade`` (of the capacity).

        Raises
        ------
        DataError
            Another word.
        """
        if by not in _BY:
            raise DataError([f"by: got {by!r}, expected {' or '.join(_BY)}{nearest(by, _BY)}"])
        table = self._mine(self.tables["pipes"], sharing)
        if by == "line":
            size = table[["planned_bcm", "bcm"]].abs().max(axis=1)
            table = table.loc[size.groupby([table["year"], table["line"]], sort=False).idxmax()]
        return self._money(table.set_index(["year", by]).drop(columns=[w for w in _BY if w != by]))

    def sources(self, sharing: str | None = None) -> pd.DataFrame:
        """Return what sources give by year and supply: ``planned_gwh``, ``gwh``, ``usd_per_mwh`` and who sells.

        Parameters
        ----------
        sharing : str, optional
            As of `unmet`.
        """
        return self._money(self._mine(self.tables["sources"], sharing).set_index(["year", "supply"]))

    def dependence(self, on: str = "origins") -> pd.DataFrame:
        """Return on whom countries depend.

        Parameters
        ----------
        on : str
            ``origins`` (sellers) or ``transits`` (countries passed).

        Returns
        -------
        DataFrame by year and country
            Per cent by seller or country, and ``hhi``, the sum of their squares: 10,000 where all is one's.

        Raises
        ------
        DataError
            Another word.
        """
        if on not in ("origins", "transits"):
            raise DataError([f"on: got {on!r}, expected origins or transits{nearest(on, ('origins', 'transits'))}"])
        long = self.tables[on]
        wide = long.pivot_table(index=["year", "country"], columns=long.columns[2], values="share_pct", sort=False)
        wide = wide.fillna(0.0)
        return wide.assign(hhi=(wide**2).sum(axis=1))

    def security(self) -> pd.DataFrame:
        """Return ``n_minus_1_pct`` and what it comes from by year and country, see `corridors.security`."""
        return self.tables["security"].set_index(["year", "country"])

    def switching(self, year: int | None = None) -> pd.DataFrame:
        """Return the peak demands at which the N-1 index is 100 %, and by how much dearer full lines could be.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        DataFrame
            Columns as of `Run.switching`; GWh a day, and money per MWh: see
            `corridors.scenario.switching.gas_switching_of`.
        """
        from .switching import gas_switching_of

        return gas_switching_of(self, year)

    def measures(self) -> pd.DataFrame:
        """Return what makes up for a surprise, cheapest first: ``table`` of `corridors.Mitigation` by year."""
        return self._money(self.tables["measures"])

    def emissions(self) -> pd.DataFrame:
        """Return ``fuel_tco2e`` and ``methane_tco2e`` by year and line."""
        return self.tables["emissions"].set_index(["year", "line"])

    def costs(self) -> pd.DataFrame:
        """Return ``cost_million_usd`` (all that is paid, and penalties) and ``extra_million_usd`` by year."""
        return self._money(self.tables["costs"].set_index("year"))

    def ranges(self) -> pd.DataFrame:
        """Return ``unmet_gwh``, ``cost_million_usd``, who lacks most and three flows for each run of `vary`."""
        return self._money(self.tables["ranges"].set_index(["variant", "year"]))

    @property
    def plot(self) -> GasPlots:
        """Figures of it, beside its counterfactual if it has one; see `GasPlots`."""
        from .plots import GasPlots

        return GasPlots(self, self.against)

    def __repr__(self) -> str:
        """Answer, then lines."""
        return f"{self.answer}\n\n{self.flows().round(2).to_string()}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.flows().round(2))

    def _mine(self, table: pd.DataFrame, sharing: str | None = None) -> pd.DataFrame:
        """Return the rows of a rule of sharing."""
        wanted = str(self.record["sharing"]) if sharing is None else sharing
        known = list(dict.fromkeys(self.tables["countries"]["sharing"]))
        if wanted not in known:
            raise DataError([f"sharing: got {wanted!r}, expected {' or '.join(known)}{nearest(wanted, known)}"])
        return table[table["sharing"] == wanted].drop(columns="sharing").reset_index(drop=True)
