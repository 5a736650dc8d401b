"""What the sections of a freight report share: the run and its counterfactual, units, names, the busiest pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from networks import load_tables
from networks.tables import table_of

from ..scenario.answers import way_title
from ..scenario.contrast import Comparison
from ..scenario.results import Run
from .common import capital
from .document import Column

__all__ = ["AFLOAT", "LEAST", "FreightFacts"]

LEAST = 1.0
"""TEU or t a year, from which on something is told."""
AFLOAT = ("sea", "arctic")
"""Families that do not go by land."""


@dataclass(frozen=True)
class FreightFacts:
    """Facts of a run of freight, for its report.

    Attributes
    ----------
    run : Run
    """

    run: Run

    @cached_property
    def pair(self) -> Comparison | None:
        """The run and its counterfactual."""
        return None if self.run.against is None else Comparison(self.run.against, self.run)

    @property
    def year(self) -> int:
        """The last that was run."""
        return self.run.years[-1]

    @property
    def unit(self) -> str:
        """TEU or t."""
        return "t" if self.run.unit == "t" else "TEU"

    @property
    def value(self) -> str:
        """Column of `Run.flows` in that unit."""
        return "quantity" if self.unit == "t" else "teu_per_year"

    @property
    def money(self) -> str:
        """Currency of the study."""
        return str(self.run.record["currency"])

    @cached_property
    def by(self) -> str:
        """Family, or branch where there is one family only."""
        runs = [self.run, *([self.run.against] if self.run.against else [])]
        return "family" if len({f for r in runs for f in r.tables["routes"]["family"]}) > 1 else "branch"

    @cached_property
    def tables(self) -> Any:
        """Tables that the run stands on."""
        return load_tables(self.run.folder)

    @cached_property
    def market_rows(self) -> pd.DataFrame:
        """``markets.csv`` by id."""
        return table_of("markets", self.run.folder).set_index("market_id")

    @cached_property
    def markets(self) -> list[str]:
        """Titles of the markets of the run."""
        titles = self.market_rows["title"]
        return [str(titles.get(name, name)) for name in self.run.record["markets"]]

    @property
    def perimeter(self) -> str:
        """The markets in a word."""
        return self.markets[0] if len(self.markets) == 1 else f"{len(self.markets)} markets"

    @cached_property
    def perimeters(self) -> list[str]:
        """What each market counts, in words."""
        texts, titles = self.market_rows["perimeter"], self.market_rows["title"]
        return [f"{titles.get(m, m)}: {texts.get(m, '')}" for m in self.run.record["markets"]]

    @cached_property
    def places(self) -> Mapping[str, str]:
        """Names of places by id."""
        return {str(key): str(name) for key, name in self.tables.places["name"].items()}

    @cached_property
    def busiest(self) -> tuple[str, str] | None:
        """The pair of places between which most goes by land here, or most changes."""
        ways = []
        for run in (self.run, self.run.against):
            if run is None:
                continue
            table = run.tables["routes"]
            land = table[~table["family"].isin(AFLOAT) & (table["year"] == self.year)]
            ways.append(land.groupby(["origin", "destination", "corridor"])["teu_per_year"].sum())
        change = ways[0].sub(ways[1], fill_value=0.0).abs() if len(ways) > 1 else ways[0]
        sums = change.groupby(["origin", "destination"]).sum()
        routes = self.run.tables["routes"]
        here = pd.MultiIndex.from_frame(routes[routes["year"] == self.year][["origin", "destination"]])
        sums = sums[sums.index.isin(here)]
        if sums.empty:
            return None
        origin, destination = sums.idxmax()
        return str(origin), str(destination)

    def ends(self, origin: str, destination: str, between: str) -> str:
        """Return the names of two places, with `between` between them."""
        return f"{self.places.get(origin, origin)}{between}{self.places.get(destination, destination)}"

    def ways(self, names: pd.Series[str]) -> pd.Series[str]:
        """Return titles of ways from their ids."""
        return names.map(lambda name: capital(way_title(str(name), self.by, self.run.folder).removeprefix("the ")))

    def year_column(self) -> list[Column]:
        """Return the column of years, where there are several."""
        return [Column("year", "year")] if len(self.run.years) > 1 else []
