"""Demand: who ships how much from where to where, cell by cell or split from the sourced totals of each market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from networks import GRADES, DataError, table_of
from networks.errors import nearest

from .catalogue import Filters
from .demand_cells import own_cells

__all__ = ["demand", "demand_of", "demand_totals"]

_ENDS = ("origin", "destination", "goods")
_GROWTH_BASE = 2025  # the year whose total the factors of growth.csv multiply


def demand(
    year: int,
    markets: Sequence[str] | None = None,
    *,
    growth: str | None = None,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """Return the freight of a year by origin, destination and goods.

    Parameters
    ----------
    year : int
        Year of the totals in ``demand.csv``; with `growth`, also a later one.
    markets : sequence of str, optional
        Market ids; otherwise all.
    growth : str, optional
        Scenario of ``growth.csv``: low, central or high. Years with a total of their own keep it.
    folder : path, optional
        Folder with tables of your own: ``demand.csv``, ``demand_shares.csv``, ``demand_cells.csv``, ``growth.csv``,
        ``markets.csv`` and those of `networks.load_tables`; what is not there is taken from the toolkit.

    Returns
    -------
    DataFrame
        ``market``, ``origin``, ``destination`` (place ids), ``goods``, ``quantity`` and ``unit`` (TEU or t a
        year), ``teu_per_year`` (tonnes divided by the load of the goods), ``grade`` (worst of the figures
        behind the cell). The cells of a market sum to its total.

    Raises
    ------
    DataError
        Unknown year, market or scenario, or wrong tables.

    Notes
    -----
    A market that stands in ``demand_cells.csv`` has its cells from there, as they are. Each cell of another is the
    market's total times the shares of its origin, its destination and its goods: a gravity model in which distance
    has no say, because no origin-destination table of these markets is public. It keeps every sourced margin exactly.

    After 2025 the total of a market is that of 2025 times a factor of the scenario; between 2025 and the years
    of the factors the growth rate is constant. Shares stay as they are.
    """
    own = own_cells(folder)
    totals = _totals(own, folder)
    factors = _factors(growth, folder)
    shares = _shares(folder)
    load = table_of("goods", folder).set_index("goods_id")["load_t_per_teu"]
    tables = []
    for market in _chosen(markets, totals):
        cells = own[own["market"] == market]
        step = _step(totals.loc[market], market, year, factors, "demand_cells.csv" if len(cells) else "demand.csv")
        if len(cells):
            tables.append(step.grown(cells[cells["year"] == step.base]))
        else:
            total = step.grown(totals.loc[market].loc[[step.base]]).iloc[0]
            tables.append(_cells(total, market, shares.get(market, {})))
    table = pd.concat(tables, ignore_index=True)
    per = table["goods"].map(load).where(table["unit"] == "t", 1.0)
    return table.assign(teu_per_year=table["quantity"] / per)[
        ["market", "origin", "destination", "goods", "quantity", "unit", "teu_per_year", "grade"]
    ]


def demand_totals(*, folder: str | Path | None = None) -> pd.DataFrame:
    """Return the total of each market and year.

    Parameters
    ----------
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DataFrame by market and year
        ``quantity``, ``unit``, ``grade`` (worst of its parts), ``source_ids``.

    Raises
    ------
    DataError
        Wrong tables.
    """
    return _totals(own_cells(folder), folder)


def demand_of(demand: pd.DataFrame, filters: Filters, *, goods: bool = True) -> pd.DataFrame:
    """Return a demand table with place ids, checked; rows without quantity are left out."""
    for column in ("origin", "destination", "teu_per_year", *(["goods"] if goods else [])):
        if column not in demand:
            raise DataError([f"demand: column {column!r} is missing{nearest(column, map(str, demand.columns))}"])
    teu = pd.to_numeric(demand["teu_per_year"], errors="coerce")
    for row in demand.index[~((teu >= 0) & np.isfinite(teu))][:1]:
        got = demand["teu_per_year"].tolist()[demand.index.get_loc(row)]
        raise DataError([f"demand, row {row}, column teu_per_year: got {got!r}, expected zero or more TEU a year"])
    known = filters.tables.goods.index
    for row, name in demand["goods"].items() if goods else ():
        if name not in known:
            raise DataError([f"demand, row {row}, column goods: {name!r} is unknown{nearest(str(name), known)}"])
    words = {word: filters.names.find(str(word)) for side in ("origin", "destination") for word in set(demand[side])}
    table = demand.assign(teu_per_year=teu, **{side: demand[side].map(words) for side in ("origin", "destination")})
    for row in table.index[table["origin"] == table["destination"]][:1]:
        name = filters.tables.places.at[table.at[row, "origin"], "name"]
        where = f"demand, row {row}: " if len(table) > 1 else ""
        raise DataError([f"{where}origin and destination are both {name}"])
    return table[table["teu_per_year"] > 0]


def _totals(own: pd.DataFrame, folder: str | Path | None) -> pd.DataFrame:
    """Return the total of each market and year, of parts and of cells."""
    parts = table_of("demand", folder).rename(columns={"market_id": "market", "value": "quantity"})
    if len(own):
        parts = pd.concat([parts, own], ignore_index=True) if len(parts) else own
    if parts.empty:
        raise DataError(["no market has any freight; expected rows in demand.csv or demand_cells.csv"])
    units = table_of("markets", folder).set_index("market_id")["unit"]
    groups = parts.assign(year=parts["year"].astype(int)).groupby(["market", "year"])
    table = pd.DataFrame(
        {
            "quantity": groups["quantity"].sum(),
            "grade": groups["grade"].agg(_worst),
            "source_ids": groups["source_id"].agg(lambda ids: tuple(dict.fromkeys(i for one in ids for i in one))),
        }
    )
    table.insert(1, "unit", table.index.get_level_values("market").map(units))
    return table


def _chosen(markets: Sequence[str] | None, totals: pd.DataFrame) -> list[str]:
    known = list(dict.fromkeys(totals.index.get_level_values("market")))
    for market in markets or ():
        if market not in known:
            raise DataError([f"no market is called {market!r}{nearest(market, known)}", f"markets: {', '.join(known)}"])
    return list(markets) if markets is not None else known


@dataclass(frozen=True)
class _Growth:
    """What a scenario makes of the totals."""

    scenario: str | None
    scenarios: tuple[str, ...]
    rows: pd.DataFrame  # of the scenario: market_id, year, factor, grade


def _factors(growth: str | None, folder: str | Path | None) -> _Growth:
    table = table_of("growth", folder).sort_values("year")
    for row in table[table.duplicated(["scenario", "market_id", "year"])].itertuples():
        raise DataError([f"growth.csv: {row.scenario} of {row.market_id} in {row.year:.0f} stands twice"])
    known = tuple(dict.fromkeys(table.sort_index()["scenario"]))
    if not known:  # a study of a network of its own may have none
        growth = None
    if growth is not None and growth not in known:
        raise DataError(
            [f"growth: no scenario is called {growth!r}{nearest(str(growth), known)}", f"scenarios: {', '.join(known)}"]
        )
    return _Growth(growth, known, table[table["scenario"] == growth])


class _Step(NamedTuple):
    """How the freight of a year follows from that of another."""

    base: int  # year
    factor: float = 1.0
    grades: tuple[str, ...] = ()  # of the factors

    def grown(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``quantity`` and ``grade`` of the year from those of the base year."""
        grades = [_worst([grade, *self.grades]) for grade in rows["grade"]]
        return rows.assign(quantity=rows["quantity"] * self.factor, grade=grades)


def _step(totals: pd.DataFrame, market: str, year: int, growth: _Growth, file: str) -> _Step:
    """Return how a year of a market comes from one that is known: as it stands, or by a factor of growth."""
    if year in totals.index:
        return _Step(year)
    first, last = min(totals.index), max(totals.index)
    span = f"{first} to {last}" if len(totals) == 1 + last - first > 1 else ", ".join(map(str, sorted(totals.index)))
    expected = f"year: got {year}, expected {span}, for which {market} is known"
    if year <= last:
        raise DataError([expected])
    if growth.scenario is None:
        known = f"growth, one of {', '.join(growth.scenarios)}" if growth.scenarios else "rows in growth.csv"
        raise DataError([f"{expected}; for later years give {known}"])
    rows = growth.rows[growth.rows["market_id"] == market]
    if rows.empty:
        raise DataError([f"growth.csv: {growth.scenario} has no factors for {market}"])
    if year > rows["year"].max():
        raise DataError([f"year: got {year}, expected {first} to {rows['year'].max():.0f} for {market} with growth"])
    if _GROWTH_BASE not in totals.index:
        raise DataError([f"{file}: {market} has no total for {_GROWTH_BASE}, which growth starts from"])
    years = np.array([_GROWTH_BASE, *rows["year"]])
    factor = float(np.exp(np.interp(year, years, np.log([1.0, *rows["factor"]]))))
    return _Step(_GROWTH_BASE, factor, tuple(rows["grade"][: np.searchsorted(rows["year"], year) + 1]))


def _shares(folder: str | Path | None) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the shares of each end of each market: ``share`` and ``grade`` by key."""
    table = table_of("demand_shares", folder)
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for (market, end), rows in table.groupby(["market_id", "end"], sort=False):
        total = rows["weight"].sum()
        if not total > 0:
            raise DataError(
                [f"demand_shares.csv: weights of {end} of {market} sum to {total:g}, expected more than zero"]
            )
        frame = pd.DataFrame({end: rows["key"], "share": rows["weight"] / total, "grade": rows["grade"]})
        found.setdefault(str(market), {})[str(end)] = frame
    return found


def _cells(total: pd.Series, market: str, shares: dict[str, pd.DataFrame]) -> pd.DataFrame:  # type: ignore[type-arg, unused-ignore]
    missing = [end for end in _ENDS if end not in shares]
    if missing:
        raise DataError([f"demand_shares.csv: {market} has no shares by {' and by '.join(missing)}"])
    table = shares["origin"]
    for end in _ENDS[1:]:
        table = table.merge(shares[end], how="cross", suffixes=("", "_more"))
        table["share"] *= table.pop("share_more")
        table["grade"] = table[["grade", "grade_more"]].agg(_worst, axis=1)
        table = table.drop(columns="grade_more")
    table["grade"] = [_worst([grade, total["grade"]]) for grade in table["grade"]]
    return table.assign(market=market, quantity=table["share"] * total["quantity"], unit=total["unit"])


def _worst(grades: Iterable[str]) -> str:
    return max(grades, key=GRADES.index)
