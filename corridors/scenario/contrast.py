"""Two runs compared: differences, who lost, who gained, and what is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from networks import DataError

from ..reported import Reported, notebook_html
from .gas_results import GasRun
from .results import NOT_SHIPPED, UNMET, Run
from .running import run
from .variants import CENTRAL, VARY, VARY_HERE, spread

if TYPE_CHECKING:
    from .gas_contrast import GasComparison
    from .loading import Scenario
    from .plots import RunPlots

    AnyRun = Run | GasRun
    Asked = AnyRun | Scenario | str | Path

__all__ = ["MORE", "Comparison", "compare", "side_by_side"]

MORE, LESS = "more demand", "less demand"
_CELL = ["year", "market", "origin", "destination", "goods"]
_TINY = 1e-3  # TEU a year


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Reported):
    """A run against its counterfactual.

    Attributes
    ----------
    base, run : Run
        The counterfactual, and what is compared with it.
    """

    base: Run
    run: Run

    @property
    def years(self) -> list[int]:
        """Years that both have."""
        return [year for year in self.run.years if year in self.base.years]

    @property
    def value(self) -> str:
        """Column that volumes stand in: ``quantity`` (t) where all markets are of bulk, else ``teu_per_year``."""
        return "quantity" if self.run.unit == "t" else "teu_per_year"

    @cached_property
    def answer(self) -> str:
        """One sentence: what changes by how much, with its range, and what that depends on most."""
        from .answers import contrast

        return contrast(self)

    def flows(self, by: str | Sequence[str] = "family") -> pd.DataFrame:
        """Return flows of both, side by side.

        Parameters
        ----------
        by : str or sequence of str
            As of `Run.flows`.

        Returns
        -------
        DataFrame by year and `by`
            ``base_teu_per_year``, ``teu_per_year``, ``difference_teu_per_year``, ``difference_pct`` (NaN where there
            was less than one); with ``quantity`` instead of ``teu_per_year`` where all markets are of bulk.
        """
        value = self.value
        found = side_by_side(self.base.flows(by)[value], self.run.flows(by)[value], value)
        found = found[found.index.get_level_values("year").isin(self.years)]
        found["difference_pct"] = found["difference_pct"].where(found[f"base_{value}"] >= 1.0)
        return found.sort_values(["year", f"base_{value}"], ascending=[True, False], kind="stable")

    def emissions(self) -> pd.DataFrame:
        """Return the emissions of both by year and family: ``base_``, ``difference_`` and ``difference_pct``, tCO2e."""
        name = "tco2e_per_year"
        return side_by_side(self.base.emissions()[name], self.run.emissions()[name], name)

    def bottlenecks(self, at_least: float = 0.5) -> pd.DataFrame:
        """Return how full capacities are in both, in their fullest part of the year.

        Parameters
        ----------
        at_least : float
            Utilisation from which an element is listed, in either; 1 is full.

        Returns
        -------
        DataFrame by year and element
            ``base_utilisation``, ``utilisation``, ``difference_utilisation``, ``difference_pct``, as of
            `Run.bottlenecks`.
        """
        name = "utilisation"
        one, other = (r.bottlenecks(0.0).groupby(["year", "element"])[name].max() for r in (self.base, self.run))
        found = side_by_side(one, other, name)
        kept = found[found[[f"base_{name}", name]].max(axis=1) >= at_least]
        return kept.sort_values(["year", name], ascending=[True, False], kind="stable")

    def unmet(self) -> pd.DataFrame:
        """Return ``unmet`` and ``not_shipped`` of both, TEU a year, by year and market, with difference and %."""
        base, now = self.base.unmet(), self.run.unmet()
        parts = [side_by_side(base[name], now[name], name) for name in ("unmet", "not_shipped")]
        named = [
            part.rename(columns={"difference_pct": f"difference_{name}_pct"})
            for part, name in zip(parts, ("unmet", "not_shipped"), strict=True)
        ]
        return pd.concat(named, axis=1)

    def routes(self, origin: str | None = None, destination: str | None = None) -> pd.DataFrame:
        """Return what each corridor carries between places in both, and how long it takes.

        Parameters
        ----------
        origin, destination : str, optional
            As of `Run.routes`.

        Returns
        -------
        DataFrame by year, market, origin, destination, goods and corridor
            ``base_teu_per_year``, ``teu_per_year``, ``difference_teu_per_year``, ``difference_pct``, ``base_days``,
            ``days`` (means over the year; NaN where it carries nothing).
        """
        keys = [*_CELL, "corridor"]
        flows, days = [], []
        for found in (self.base, self.run):
            table = found.routes(origin, destination)
            groups = table.assign(weighted=table["days"] * table["teu_per_year"]).groupby(keys)
            sums = groups[["teu_per_year", "weighted"]].sum()
            flows.append(sums["teu_per_year"])
            days.append(sums["weighted"] / sums["teu_per_year"])
        table = side_by_side(flows[0], flows[1], "teu_per_year")
        return table.assign(base_days=days[0].reindex(table.index), days=days[1].reindex(table.index))

    def diversion(self) -> pd.DataFrame:
        """Return who lost to whom.

        Returns
        -------
        DataFrame
            ``year``, ``lost_by``, ``gained_by`` (families, ``unmet``, ``not shipped``, ``more demand``,
            ``less demand``), ``teu_per_year`` (or ``quantity``, see `value`), ``share`` (of what was lost).

        Raises
        ------
        DataError
            All that changes is over before shippers turn round, so that a run by year shows no diversion.

        Notes
        -----
        Within each year, market, pair of places and goods, what the losers lost goes to the gainers in proportion to
        what they gained; totals are exact, the pairing within such a cell is not observed.
        """
        if self._only_short:
            raise DataError([" ".join([*self.run.short["said"], "Use `short` of the run for the queue."])])
        return self.moved()

    @property
    def _only_short(self) -> bool:
        """Whether the runs differ in nothing but what shippers wait for."""
        same = self.run.record["scenario_hash"] != self.base.record["scenario_hash"]
        short = len(self.run.short) > len(self.base.short)
        return bool(same and short and _largest(self.flows()) < _TINY)

    def moved(self, by: str = "family") -> pd.DataFrame:
        """Return who lost to whom, as `diversion`, whatever changed it.

        Parameters
        ----------
        by : str
            family, branch or corridor.

        Returns
        -------
        DataFrame
            Columns as of `diversion`.
        """
        return self._moved([], by)

    def through(self, border: str, by: str = "diverted_from") -> pd.DataFrame:
        """Return what crosses a border, and where the difference comes from.

        Parameters
        ----------
        border : str
            ``AZ-IR`` or ``AZ>IR``.
        by : str
            ``diverted_from``: the families that lost it (branches, where there is one family only); or as of
            `Run.through`.

        Returns
        -------
        DataFrame
            By ``year`` and `by`: volumes of both, difference and %, as `flows`. For ``diverted_from`` rows ``as
            before``, one for each source and ``more demand``, which sum to what crosses.
        """
        value = self.value
        if by != "diverted_from":
            base, now = (r.through(border, by).set_index("unit", append=True)[value] for r in (self.base, self.run))
            return side_by_side(base, now, value)
        crossing = [self.base.crossing(border), self.run.crossing(border)]
        one_family = len(set(self.run.tables["routes"]["family"])) == 1
        moved = self._moved(crossing, "branch" if one_family else "family")
        over = {side: moved[side].str.startswith(_ACROSS) for side in ("lost_by", "gained_by")}
        came = moved[over["gained_by"] & ~over["lost_by"]].groupby(["year", "lost_by"])[value].sum()
        gone = moved[over["lost_by"] & ~over["gained_by"]].groupby("year")[value].sum()
        before = self.base.tables["routes"][crossing[0]].groupby("year")[value].sum()
        stays = {year: before.get(year, 0.0) - gone.get(year, 0.0) for year in self.years}
        rows = [(year, "as before", before.get(year, 0.0), stays[year]) for year in self.years]
        rows += [(year, str(source), 0.0, volume) for (year, source), volume in came.items()]
        table = pd.DataFrame(rows, columns=["year", "diverted_from", f"base_{value}", value])
        return _difference(table.set_index(["year", "diverted_from"]), value)

    def _moved(self, crossing: Sequence[pd.Series[bool]], by: str) -> pd.DataFrame:
        """Return what went from whom to whom, in cells; `crossing` marks routes apart in either run."""
        value = self.value
        sums = [self._ways(r, crossing[n] if crossing else None, by) for n, r in enumerate((self.base, self.run))]
        change = sums[1].sub(sums[0], fill_value=0.0)
        totals = change.groupby(_CELL).sum()
        extra = [
            -part.to_frame("more").assign(way=name).set_index("way", append=True)["more"]
            for part, name in ((totals[totals > _TINY], MORE), (totals[totals < -_TINY], LESS))
        ]
        change = pd.concat([change, *extra]).rename_axis([*_CELL, "way"])
        lost = (-change[change < -_TINY]).rename("lost").reset_index("way").rename(columns={"way": "lost_by"})
        gained = change[change > _TINY].rename("gained").reset_index("way").rename(columns={"way": "gained_by"})
        total = gained.groupby(_CELL)["gained"].sum()
        pairs = lost.join(gained, how="inner")
        pairs = pairs.assign(**{value: pairs["lost"] * pairs["gained"] / total.reindex(pairs.index).to_numpy()})
        table = pairs.reset_index().groupby(["year", "lost_by", "gained_by"])[value].sum().reset_index()
        table = table[table["lost_by"] != table["gained_by"]]
        share = table[value] / table.groupby(["year", "lost_by"])[value].transform("sum")
        order = ["year", value]
        return table.assign(share=share).sort_values(order, ascending=[True, False], kind="stable", ignore_index=True)

    def _ways(self, found: Run, crossing: pd.Series[bool] | None, by: str) -> pd.Series[float]:
        """Return volumes by cell and way, with what is not sent."""
        table, value = found.tables["routes"], self.value
        way = table[by].astype(str)
        if crossing is not None:
            way = way.where(~crossing.to_numpy(), _ACROSS + way)
        demand = found.tables["demand"]
        per = demand[value] / demand["teu_per_year"]
        left = [
            demand[_CELL].assign(way=name, **{value: demand[column] * per})
            for column, name in (("unmet", UNMET), ("not_shipped", NOT_SHIPPED))
        ]
        every = pd.concat([table.assign(way=way)[[*_CELL, "way", value]], *left])
        sums: pd.Series[float] = every[every["year"].isin(self.years)].groupby([*_CELL, "way"])[value].sum()
        return sums

    def switching(self, year: int | None = None) -> pd.DataFrame:
        """Return the values at which the way that the answer is about costs as much as its nearest rival.

        `year` and columns as of `Run.switching`.
        """
        from .switching import switching_of

        return switching_of(self, year)

    def ranges(self, by: str = "family") -> pd.DataFrame:
        """Return how the difference varies with what is not known well, varied alike in both.

        Parameters
        ----------
        by : str
            family, branch or corridor.

        Returns
        -------
        DataFrame by year and `by`
            ``central``, ``low``, ``high``, ``depends_on``; see `Run.ranges`.
        """
        return spread(self.varied(by))

    def varied(self, by: str = "family") -> pd.DataFrame:
        """Return differences by year and `by` (rows) and variant (columns), TEU a year; see `ranges`."""
        base, now = self.base.varied(by), self.run.varied(by)
        told = [n for n in dict.fromkeys([*base, *now]) if n in now or not n.startswith(VARY_HERE)]
        here = [n for n in told if n.startswith(VARY_HERE) or not n.startswith(VARY) or (n in base and n in now)]
        base, now = (t.assign(**{n: t[CENTRAL] for n in here if n not in t})[here] for t in (base, now))
        found = now.sub(base, fill_value=0.0).fillna(0.0)
        return found[found.index.get_level_values("year").isin(self.years)]

    def drivers(self, year: int | None = None) -> pd.DataFrame:
        """Return what the number of the answer is at both ends of each assumption that moves it, the widest first.

        `year` and columns as of `Run.drivers`.
        """
        from .drivers import drivers

        return drivers(self, year)

    @property
    def plot(self) -> RunPlots:
        """Figures of both; see `RunPlots`."""
        from .plots import RunPlots

        return RunPlots(self.run, self.base)

    def __repr__(self) -> str:
        """Answer, then flows."""
        return f"{self.answer}\n\n{self.flows().round(1).to_string()}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.flows().round(1))


_ACROSS = "across: "


def compare(
    base: Asked,
    other: Asked | None = None,
    *,
    cache: bool = False,
    folder: str | Path | None = None,
) -> Comparison | GasComparison:
    """Compare two scenarios, or one with its counterfactual.

    Parameters
    ----------
    base : Run, Scenario, str or path
        The counterfactual; or, alone, a scenario that names its own in `against`.
    other : Run, Scenario, str or path, optional
        What is compared with it; it says which years and markets.
    cache : bool
        As of `corridors.run`.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Comparison
        `GasComparison` of scenarios with ``task: gas``.

    Raises
    ------
    DataError
        Nothing to compare with, runs of different years or markets, or of freight and gas.
    """
    if other is None:
        found = base if isinstance(base, Run | GasRun) else run(base, cache=cache, folder=folder)
        if found.against is None:
            raise DataError([f"{found.name}: names no counterfactual; say 'against', or give two scenarios"])
        return _pair(found.against, found)
    after = other if isinstance(other, Run | GasRun) else run(other, against=False, cache=cache, folder=folder)
    if isinstance(base, Run | GasRun):
        before = base
    else:
        before = run(_asked(base, other, folder), against=False, cache=cache, folder=folder)
    common = [year for year in after.years if year in before.years]
    if not common or any(before.record.get(key) != after.record.get(key) for key in ("markets", "step")):
        raise DataError(
            [
                f"{before.name} has {_asks(before)} and {after.name} {_asks(after)}: "
                "runs are compared in the same years and markets, or by the same step"
            ]
        )
    return _pair(before, after)


def _pair(before: AnyRun, after: AnyRun) -> Comparison | GasComparison:
    from .gas_contrast import GasComparison

    if isinstance(before, GasRun) and isinstance(after, GasRun):
        return GasComparison(before, after)
    if isinstance(before, Run) and isinstance(after, Run):
        return Comparison(before, after)
    raise DataError([f"{before.name} and {after.name}: one is of freight and one of gas"])


def _largest(flows: pd.DataFrame) -> float:
    return float(flows.filter(regex="^difference_(teu|quantity)").abs().max().max())


def _asked(base: Scenario | str | Path, other: Asked, folder: str | Path | None) -> Scenario:
    """Return the counterfactual, asked the same as the other."""
    from .loading import load

    before = load(base, folder=folder) if isinstance(base, (str, Path)) else base
    if isinstance(other, Run | GasRun):
        keys = ("years", "markets") if isinstance(other, Run) else ("years", "step")
        return before.with_({f"study.{key}": other.record[key] for key in keys})
    after = load(other, folder=folder) if isinstance(other, (str, Path)) else other
    if type(before.model) is not type(after.model):
        raise DataError([f"{before.name} and {after.name}: one is of freight and one of gas"])
    return before.with_(study=after.model.study.model_dump(mode="json", exclude_none=True))


def _asks(found: AnyRun) -> str:
    how = found.record.get("markets") or [f"by {found.record['step']}"]
    return f"{', '.join(map(str, found.years))} ({', '.join(how)})"


def side_by_side(base: pd.Series[float], now: pd.Series[float], column: str) -> pd.DataFrame:
    """Return a figure of both runs, in the years that both have."""
    years = [set(part.index.get_level_values("year")) for part in (base, now)]
    both = pd.concat([base.rename(f"base_{column}"), now.rename(column)], axis=1).fillna(0.0)
    common = years[0] & years[1] if all(years) else years[0] | years[1]
    return _difference(both[both.index.get_level_values("year").isin(common)], column)


def _difference(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add the difference to the base and its per cent."""
    base, now = table[f"base_{column}"], table[column]
    known = base.abs() > _TINY
    pct = np.where(known, 100 * (now - base) / base.where(known, 1.0), np.nan)
    return table.assign(**{f"difference_{column}": now - base, "difference_pct": pct})
