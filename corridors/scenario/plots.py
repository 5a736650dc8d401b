"""Figures of runs and comparisons, by name: what `plot` gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from networks import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .contrast import Comparison
    from .gas_results import GasRun
    from .results import Run

__all__ = ["GasPlots", "RunPlots"]


@dataclass(frozen=True)
class RunPlots:
    """Draws figures of a run of freight, beside its counterfactual if there is one; never shows and never saves.

    Attributes
    ----------
    run : Run
    base : Run or None
        The counterfactual.

    Notes
    -----
    `year` is one that was run in both, the last by default. Every method raises DataError for another year, for a
    word that is not listed, and where there is nothing to draw.
    """

    run: Run
    base: Run | None = None

    def shares(self, by: str = "family", year: int | None = None) -> Figure:
        """Draw what each way carries: the sea and ways by land on scales of their own.

        Parameters
        ----------
        by : str
            family, branch or corridor.
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in million and thousand TEU (t of bulk) a year, the counterfactual pale and on top; lines from the
            lowest to the highest of `Run.ranges`; what is not sent hatched in red.
        """
        from .charts import flows_chart

        runs = [self.run] if self.base is None else [self.base, self.run]
        return flows_chart(runs, by, self._year(year))

    def change(self, by: str = "family", year: int | None = None) -> Figure:
        """Draw what each way carries more or less than in the counterfactual.

        Parameters
        ----------
        by : str
            family, branch or corridor.
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in thousand TEU (t of bulk) a year with their range.

        Raises
        ------
        DataError
            There is no counterfactual.
        """
        from .charts import change_chart

        return change_chart(self._against("change"), by, year)

    def tcd(
        self,
        origin: str,
        destination: str,
        corridors: Iterable[str] | None = None,
        focus: str | None = None,
        year: int | None = None,
    ) -> Figure:
        """Draw time and tariff against distance of the routes that carry most.

        Parameters
        ----------
        origin, destination : str
            Places of the demand; any spelling of `networks.PlaceNames`.
        corridors : iterable of str, optional
            Corridor ids; otherwise the best by land of each family, the next up to three, and all by sea.
        focus : str, optional
            Corridor whose stops are numbered and listed; otherwise a Middle Corridor, or the fullest by land.
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Days and money per TEU against thousand km: links are slopes, stops vertical steps, a route by sea a
            horizontal line to beat; beside a table of stops.

        Raises
        ------
        DataError
            Nothing goes between the two, or a corridor carries nothing there.
        PlaceError
            Unknown or ambiguous place.
        """
        from .run_tcd_chart import run_tcd_chart

        return run_tcd_chart(self.run, origin, destination, corridors, focus, self._year(year))

    def sankey(self, year: int | None = None) -> Figure:
        """Draw who loses and who gains; without a counterfactual what goes from where by which way to where.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Ribbons as wide as TEU (t of bulk) a year, at most twelve between two columns, what is not sent hatched in
            red. By family, or by branch or corridor where the answer is about one.
        """
        from .sankey_chart import diversion_chart, journeys_chart

        if self.base is None:
            return journeys_chart(self.run, year)
        return diversion_chart(self._against("sankey"), year)

    def bottlenecks(self, at_least: float = 0.5, top: int = 12, year: int | None = None) -> Figure:
        """Draw how full capacities are, and what one more TEU a year is worth where nothing more fits.

        Parameters
        ----------
        at_least : float
            Utilisation from which a capacity is drawn, in the run or its counterfactual.
        top : int
            Most that are drawn.
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in per cent of the capacity in its fullest part of the year, red at 100; grey ticks: counterfactual.
        """
        from .bottlenecks_chart import bottlenecks_chart

        return bottlenecks_chart(self.run, self.base, at_least, top, self._year(year))

    def emissions(self, year: int | None = None) -> Figure:
        """Draw emissions by family, well to wheel.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in kt CO2e a year, the counterfactual pale and on top.
        """
        from .emissions_chart import emissions_chart

        return emissions_chart(self.run, self.base, self._year(year))

    def drivers(self, year: int | None = None) -> Figure:
        """Draw what the number of the answer is at both ends of each assumption that was varied.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            A tornado in thousand TEU (t of bulk) a year, the widest on top.
        """
        from .drivers_chart import drivers_chart

        return drivers_chart(self.run if self.base is None else self._against("drivers"), self._year(year))

    def map(self, scenario: str = "with", year: int | None = None, groups: Iterable[str] | None = None) -> Figure:
        """Draw what goes over each link on a map.

        Parameters
        ----------
        scenario : str
            ``with``, or beside a counterfactual ``without`` or ``difference``.
        year : int, optional
            The last by default.
        groups : iterable of str, optional
            Ids of the families that are drawn (of the branches, where there is one family only); all by default.

        Returns
        -------
        matplotlib Figure
            Lines as wide as the square root of TEU (t of bulk) a year; in the difference more is blue and less orange.

        Raises
        ------
        DataError
            Another scenario or group.
        """
        from ..reporting.freight_map import freight_map
        from ..reporting.map_figure import map_figure

        return map_figure(freight_map(self.run, self.base, self._year(year)), scenario, groups)

    def _year(self, year: int | None) -> int:
        """Return the year: one that the counterfactual has too."""
        from .charts import chosen_year

        return chosen_year(self.run.years if self.base is None else self._against("years").years, year)

    def _against(self, what: str) -> Comparison:
        from .contrast import Comparison

        if self.base is None:
            raise DataError(
                [f"{self.run.name}: {what} needs a counterfactual; say 'against', or use corridors.compare"]
            )
        return Comparison(self.base, self.run)


@dataclass(frozen=True)
class GasPlots:
    """Draws figures of a run of gas, beside its counterfactual if there is one; never shows and never saves.

    Attributes
    ----------
    run : GasRun
    base : GasRun or None
        The counterfactual.

    Notes
    -----
    `year` is one that was run in both, the last by default. Every method raises DataError for another year, for a
    word that is not listed, and where there is nothing to draw.
    """

    run: GasRun
    base: GasRun | None = None

    def flows(self, year: int | None = None) -> Figure:
        """Draw what the largest lines carry, or those that differ most from the counterfactual.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in bcm a year, one pipe for each line; ticks are nameplates, those far beyond what flows are left out.
        """
        from .gas_charts import gas_flows_chart

        return gas_flows_chart(self.run, self.base, self._year(year))

    def balance(self, year: int | None = None) -> Figure:
        """Draw whose gas each country uses, and what it lacks.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in TWh a year by seller, what is not served hatched in red.
        """
        from .gas_balance_chart import gas_balance_chart

        return gas_balance_chart(self.run, self._year(year))

    def unmet(self, year: int | None = None) -> Figure:
        """Draw who is short by either rule of sharing.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Bars in per cent of the demand of each country, with million m3.
        """
        from .gas_unmet_chart import gas_unmet_chart

        return gas_unmet_chart(self.run, self._year(year))

    def measures(self, year: int | None = None) -> Figure:
        """Draw what makes up for a surprise, cheapest first.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Steps: price per MWh against GWh beyond the plan, on the days on which gas would lack; the largest are
            named, with the most that they give on a day.
        """
        from .gas_measures_chart import gas_measures_chart

        return gas_measures_chart(self.run, self._year(year))

    def prices(self, year: int | None = None) -> Figure:
        """Draw mean prices by country, here and in the counterfactual.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        matplotlib Figure
            Points in money per MWh, the dearest country on top; differences are written where they reach a cent.
        """
        from .gas_prices_chart import gas_prices_chart

        return gas_prices_chart(self.run, self.base, self._year(year))

    def map(self, scenario: str = "with", year: int | None = None, groups: Iterable[str] | None = None) -> Figure:
        """Draw what pipes carry and who is short on a map.

        Parameters
        ----------
        scenario : str
            ``with``, or beside a counterfactual ``without`` or ``difference``.
        year : int, optional
            The last by default.
        groups : iterable of str, optional
            Ids of the lines that are drawn, ``lng``, ``storage`` or ``other``; all by default.

        Returns
        -------
        matplotlib Figure
            Lines as wide as the square root of bcm a year; countries are coloured by the share of their demand that is
            not met.

        Raises
        ------
        DataError
            Another scenario or group.
        """
        from ..reporting.gas_map import gas_map
        from ..reporting.map_figure import map_figure

        return map_figure(gas_map(self.run, self.base, self._year(year)), scenario, groups)

    def _year(self, year: int | None) -> int:
        """Return the year: one that the counterfactual has too."""
        from .charts import chosen_year

        years = self.run.years if self.base is None else [y for y in self.run.years if y in self.base.years]
        return chosen_year(years, year)
