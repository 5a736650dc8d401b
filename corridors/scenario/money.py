"""Money of projects: what is built costs, which line pays, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError, table_of

from ..catalogue import Filters
from ..prices import Prices
from .interventions import Ready
from .projects import cost
from .schema import Investments, Line, Package, Project
from .units import CURRENCIES, quantity
from .words import line_name

__all__ = ["countries_of", "funding", "line_of", "lines_of", "shared"]

_COLUMNS = ["project", "title", "cost_million", "currency", "cost_million_eur", "package", "line", "line_million_eur"]


def funding(
    investments: Investments,
    effects: Mapping[str, Sequence[Ready]],
    records: pd.DataFrame,
    filters: Filters,
    folder: Any = None,
) -> pd.DataFrame:
    """Return what the projects that are built cost and what pays for them.

    Parameters
    ----------
    investments : Investments
        Packages and projects of a scenario.
    effects : mapping of str to sequence of Ready
        Name of each project that is built to its effects, which say where it lies.
    records : DataFrame
        ``projects.csv`` by id.
    filters : Filters
        The network of the base year.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DataFrame
        ``project``, ``title``, ``cost_million`` and ``currency`` (NaN and empty: not on record),
        ``cost_million_eur`` (at prices of `Prices.year`; NaN where no rate of exchange is on record), ``package``,
        ``line``, ``line_million_eur`` (its amount).

    Raises
    ------
    DataError
        A line pays where it may not, or more than it holds; or two packages that share money both pay.
    """
    rows, problems = [], []
    prices = Prices(filters.tables, "EUR", folder)
    for name, parts in effects.items():
        project = investments.projects[name]
        paid = cost(project, records)
        amount, currency, year = paid if paid is not None else (np.nan, "EUR", None)
        line = line_of(project, investments, folder)
        there = filters.countries(project.countries) if project.countries else countries_of(parts, filters)
        if line is not None and line.eligible and not there <= filters.countries(line.eligible):
            problems.append(
                f"investments.projects.{name}: lies in {', '.join(sorted(there))}; line {project.line} of "
                f"{project.package} pays in {', '.join(line.eligible)}"
            )
        euros = _euros(prices, amount, currency, year)
        size = np.nan if line is None else _euros(prices, line.amount.value, line.amount.dimension, None)
        title = parts[0].title if parts else name
        written = currency if paid is not None else ""
        row = (name, title, amount / 1e6, written, euros, project.package or "", project.line or "", size)
        rows.append(row)
    table = pd.DataFrame(rows, columns=_COLUMNS)
    problems += [*_unlined(table, investments.packages), *_overspent(table, investments)]
    problems += shared(table, investments.packages, folder)
    if problems:
        raise DataError(problems)
    return table


def lines_of(package: Package, folder: Any = None) -> dict[str, Line]:
    """Return the lines of a package by name: those of its record, then those of the file, which go before."""
    recorded = {}
    if package.record is not None:
        known = set(table_of("countries", folder)["country_id"])
        rows = table_of("packages", folder)
        for row in rows[rows["parent_id"] == package.record].to_dict("records"):
            if row["currency_or_unit"] in CURRENCIES and row["line"]:
                where = tuple(word for word in str(row["geography"]).split(";") if word in known)
                amount = f"{row['amount_m']:g} mn {row['currency_or_unit']}"
                recorded[line_name(row["line"])] = Line(amount=quantity(amount), eligible=where or None)
    return {**recorded, **package.lines}


def line_of(project: Project, investments: Investments, folder: Any = None) -> Line | None:
    """Return the line of a package that pays for a project, if one is named."""
    package = investments.packages.get(project.package or "")
    return None if package is None else lines_of(package, folder).get(project.line or "")


def countries_of(parts: Sequence[Ready], filters: Filters) -> set[str]:
    """Return the countries where a project lies: of its port, or of the land ends of its links."""
    arcs, home = filters.network.arcs, filters.tables.places["country_id"]
    found: set[str] = set()
    for part in parts:
        named = [e for e in part.selection.elements if e in home.index]
        ends = arcs.loc[part.selection.arcs & (arcs["kind"] == "link").to_numpy(), ["from_place_id", "to_place_id"]]
        places = named or list(pd.unique(ends.to_numpy().ravel()))
        found |= {str(home[place]) for place in places}
    return found


def _unlined(table: pd.DataFrame, packages: Mapping[str, Package]) -> Iterator[str]:
    """Return projects whose money cannot be held against a line."""
    for row in table[table["package"] != ""].itertuples():
        name = f"investments.projects.{row.project}"
        if not row.line and packages[str(row.package)].lines:
            yield f"{name}: say which line of {row.package} pays: {', '.join(packages[str(row.package)].lines)}"
        if row.currency and np.isnan(float(row.cost_million_eur)):
            yield f"{name}: no rate of {row.currency} is on record; write its cost in EUR or USD"


def _overspent(table: pd.DataFrame, investments: Investments) -> Iterator[str]:
    """Return lines of which more is asked than they hold, by what of each cost they pay."""
    pays = [investments.projects[name].pays for name in table["project"]]
    share = np.array([1.0 if part is None else part.value for part in pays])
    asked_of = table.assign(asked=table["cost_million_eur"] * share * investments.overrun.value)
    for (package, line), rows in asked_of[asked_of["line"] != ""].groupby(["package", "line"]):
        asked, amount = rows["asked"].sum(), rows["line_million_eur"].iloc[0]
        if asked > amount * (1 + 1e-9):
            yield (
                f"investments.packages.{package}.lines.{line}: holds {amount / 1e3:g} bn EUR, "
                f"its projects cost {asked / 1e3:.3g}"
            )


def shared(table: pd.DataFrame, packages: Mapping[str, Package], folder: Any) -> Iterator[str]:
    """Return packages that both pay although they hold some of the same money."""
    paying = [name for name in packages if (table["package"] == name).any()]
    known = table_of("packages", folder).set_index("package_id")["overlaps"]
    for one, other in combinations(paying, 2):
        names = [{name, packages[name].record or name} for name in (one, other)]
        shared = [set(packages[name].overlaps) for name in (one, other)]
        for number, name in enumerate((one, other)):
            record = packages[name].record
            if record in known.index:
                shared[number] |= set(known[record])
        if shared[0] & names[1] or shared[1] & names[0]:
            yield f"investments.packages: {one} and {other} share an unknown part of their money, so it is never added"


def _euros(prices: Prices, amount: float, currency: str, year: int | None) -> float:
    """Return million EUR, NaN where no rate of exchange is on record."""
    try:
        return prices.million(amount, currency, year)
    except DataError:
        return np.nan
