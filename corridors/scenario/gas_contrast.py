"""Two runs of gas scenarios compared: what flows, who is short, what gas costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from ..reported import Reported, notebook_html
from .contrast import side_by_side
from .gas_results import GasRun

if TYPE_CHECKING:
    from .plots import GasPlots

__all__ = ["GasComparison"]


@dataclass(frozen=True, eq=False, repr=False)
class GasComparison(Reported):
    """A run of a gas scenario against its counterfactual.

    Attributes
    ----------
    base, run : GasRun
    """

    base: GasRun
    run: GasRun

    @property
    def years(self) -> list[int]:
        """Years that both have."""
        return [year for year in self.run.years if year in self.base.years]

    @cached_property
    def answer(self) -> str:
        """Who is short by how much, what moves and what it costs more, in a few sentences."""
        from .gas_answers import gas_contrast

        return gas_contrast(self)

    def flows(self, by: str = "line") -> pd.DataFrame:
        """Return what goes through pipes in both.

        Parameters
        ----------
        by : str
            ``line`` (the pipe of it that differs most) or ``pipe``.

        Returns
        -------
        DataFrame by year and `by`
            ``title``, ``base_bcm``, ``bcm``, ``difference_bcm``, ``difference_pct``.

        Raises
        ------
        DataError
            Another word.
        """
        tables = [r.flows("pipe") for r in (self.base, self.run)]
        found = side_by_side(tables[0]["bcm"], tables[1]["bcm"], "bcm")
        known = pd.concat([r.tables["pipes"] for r in (self.base, self.run)]).drop_duplicates("pipe").set_index("pipe")
        pipe = found.index.get_level_values("pipe")
        found.insert(0, "title", known["title"].reindex(pipe).to_numpy())
        if by == "pipe":
            return found
        self.run.flows(by)  # refuses another word
        named = found.assign(line=known["line"].reindex(pipe).to_numpy()).reset_index()
        size = named["difference_bcm"].abs() + 1e-9 * named[["base_bcm", "bcm"]].abs().max(axis=1)
        chosen = size.groupby([named["year"], named["line"]], sort=False).idxmax()
        return named.loc[chosen].drop(columns="pipe").set_index(["year", "line"])

    def switching(self, year: int | None = None) -> pd.DataFrame:
        """Return peaks at which the N-1 index is 100 %, and costs at which full lines empty.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        DataFrame
            As of `GasRun.switching`.
        """
        return self.run.switching(year)

    def unmet(self) -> pd.DataFrame:
        """Return ``base_unmet_gwh``, ``unmet_gwh`` and differences by year and country."""
        return self._beside("unmet", "unmet_gwh")

    def prices(self) -> pd.DataFrame:
        """Return mean prices of both by year and country, in the currency of the study.

        ``base_<price>``, ``<price>``, ``difference_<price>``, ``difference_pct``, with ``usd_per_mwh`` or
        ``eur_per_mwh`` for ``<price>``.
        """
        return self._beside("unmet", self._named("usd_per_mwh"))

    def sources(self) -> pd.DataFrame:
        """Return what sources give in both by year and supply.

        ``base_gwh``, ``gwh``, ``difference_gwh``, ``difference_pct``.
        """
        return self._beside("sources", "gwh")

    def costs(self) -> pd.DataFrame:
        """Return the cost of the year in both by year, in the currency of the study.

        ``base_<cost>``, ``<cost>``, ``difference_<cost>``, ``difference_pct``, with ``cost_million_usd`` or
        ``cost_million_eur`` for ``<cost>``.
        """
        return self._beside("costs", self._named("cost_million_usd"))

    def emissions(self) -> pd.DataFrame:
        """Return the emissions of moving gas in both by year and line.

        ``base_tco2e``, ``tco2e``, ``difference_tco2e``, ``difference_pct``.
        """
        tables = [r.emissions().sum(axis=1) for r in (self.base, self.run)]
        return side_by_side(tables[0], tables[1], "tco2e")

    def _named(self, column: str) -> str:
        return column if self.run.record["currency"] == "USD" else column.replace("usd", "eur")

    def _beside(self, what: str, column: str, *words: str) -> pd.DataFrame:
        one, other = (getattr(r, what)(*words)[column] for r in (self.base, self.run))
        return side_by_side(one, other, column)

    @property
    def plot(self) -> GasPlots:
        """Figures of both; see `GasPlots`."""
        from .plots import GasPlots

        return GasPlots(self.run, self.base)

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.flows().round(2))

    def __repr__(self) -> str:
        """Answer, then lines of both."""
        return f"{self.answer}\n\n{self.flows().round(2).to_string()}"
