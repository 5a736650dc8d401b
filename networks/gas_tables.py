"""Gas tables in: places, pipes, supplies, demand, storages, contracts, checked like the tables of freight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import DataError, nearest
from .tables import check_references, file_row, read_parts

__all__ = ["GasTables", "load_gas_tables"]

_SHARES = ("gas_demand_months", "gas_tiers")
_ROUNDING_PCT = 0.2  # of twelve months or three tiers


@dataclass(frozen=True)
class GasTables:
    """The tables of the gas network; columns as in ``datapackage.json``, numbers, lists and text as in `Tables`.

    Attributes
    ----------
    bases, places, pipes, lines, compressors, storages, terminals, contracts, flows, events : DataFrame
        ``gas_bases.csv``, ``gas_places.csv`` and so on, each indexed by its id.
    profiles, supplies, prices, demand, demand_months, tiers, peaks, fill, project_pipes : DataFrame
        ``gas_profiles.csv`` and so on, indexed by number.
    countries, parameters, sources : DataFrame
        As in `Tables`.
    """

    bases: pd.DataFrame
    places: pd.DataFrame
    pipes: pd.DataFrame
    lines: pd.DataFrame
    compressors: pd.DataFrame
    profiles: pd.DataFrame
    supplies: pd.DataFrame
    contracts: pd.DataFrame
    prices: pd.DataFrame
    demand: pd.DataFrame
    demand_months: pd.DataFrame
    tiers: pd.DataFrame
    peaks: pd.DataFrame
    storages: pd.DataFrame
    fill: pd.DataFrame
    terminals: pd.DataFrame
    flows: pd.DataFrame
    events: pd.DataFrame
    project_pipes: pd.DataFrame
    countries: pd.DataFrame
    parameters: pd.DataFrame
    sources: pd.DataFrame

    def parameter(self, name: str) -> float:
        """Return one parameter of the method, in the unit that its row states.

        Parameters
        ----------
        name : str
            Row of ``parameters.csv``.
        """
        return float(self.parameters.at[name, "value"])


_SHARED = ("countries", "parameters", "sources", "projects")
_KEYED = (
    *("bases", "places", "pipes", "lines", "compressors", "contracts", "storages", "terminals", "flows", "events"),
    *_SHARED,
)


def load_gas_tables(folder: str | Path | None = None) -> GasTables:
    """Read and check the tables of the gas network.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own, named as in ``seeds/``. A table that is not there is taken from the toolkit.

    Returns
    -------
    GasTables

    Raises
    ------
    DataError
        The folder or a file cannot be read, or a value is wrong; all problems are listed.
    """
    names = [f.name if f.name in _SHARED else f"gas_{f.name}" for f in fields(GasTables)] + ["projects"]
    frames = read_parts(names, folder)
    gas = [name for name in names if name not in _SHARED]
    problems = [p for name in gas for p in _repeated(name, frames[name])]
    problems += _problems(frames)
    if problems:
        raise DataError(problems)
    check_references(gas, frames)
    return GasTables(**{f.name: _named(f.name, frames) for f in fields(GasTables)})


def _named(name: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    frame = frames[name if name in _SHARED else f"gas_{name}"]
    return frame.set_index(frame.columns[0]) if name in _KEYED else frame


def _repeated(name: str, frame: pd.DataFrame) -> Iterator[str]:
    import seeds

    key = seeds.descriptor()[name]["schema"]["primaryKey"]
    twice = frame.duplicated(key)
    for row in frame.index[twice]:
        values = ", ".join(str(frame.at[row, k]) for k in key)
        yield f"{name}.csv, row {file_row(row)}: {', '.join(key)} {values} stands twice"


def _problems(frames: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Yield what is wrong between rows: ends of pipes, shares, pipes that flows name, places that are not reached."""
    yield from _pipes(frames["gas_pipes"])
    yield from _unreached(frames)
    for name in _SHARES:
        sums = frames[name].groupby("country_id")["share_pct"].sum()
        for country, total in sums[(sums - 100).abs() > _ROUNDING_PCT].items():
            yield f"{name}.csv: the shares of {country} add up to {total:g}, not 100"
    known = dict.fromkeys(frames["gas_pipes"]["pipe_id"])
    flows = frames["gas_flows"]
    for row, ids in flows["pipe_ids"].items():
        for word in ids:
            if word.removeprefix("-") not in known:
                hint = nearest(word.removeprefix("-"), known)
                yield f"gas_flows.csv, row {file_row(row)}, column pipe_ids: {word!r} is no pipe{hint}"
    wanted = set(frames["gas_demand"]["country_id"])
    for name in _SHARES:
        for country in sorted(wanted - set(frames[name]["country_id"])):
            yield f"{name}.csv: {country} has demand in gas_demand.csv and no row here"
    yield from _series(frames)
    yield from _strings(frames["gas_lines"], known)


def _strings(lines: pd.DataFrame, known: dict[str, None]) -> Iterator[str]:
    """Yield strings of lines that are no pipe and kilometre."""
    for row, words in lines["strings"].items():
        for word in words:
            pipe, _, km = word.partition("@")
            if pipe not in known or not km.replace(".", "", 1).isdigit():
                hint = nearest(pipe, known)
                yield f"gas_lines.csv, row {file_row(row)}, column strings: {word!r} is no pipe@km{hint}"


def _pipes(pipes: pd.DataFrame) -> Iterator[str]:
    """Yield pipes that lead nowhere, carry nothing or close before they open."""
    either = pipes["both_ways"] == "yes"
    wrong = {
        "begins and ends at one place": pipes["from_place_id"] == pipes["to_place_id"],
        "has a capacity of 0; leave it empty where it is not known": pipes["capacity_bcm_per_year"] == 0,
        "has a capacity back and both_ways is no": pipes["reverse_capacity_bcm_per_year"].notna() & ~either,
        "closes before it opens": (pipes["closes"] != "") & (pipes["closes"] < pipes["opens"]),
    }
    for fault, found in wrong.items():
        for row in pipes.index[found]:
            yield f"gas_pipes.csv, row {file_row(row)}: {pipes.at[row, 'pipe_id']} {fault}"


def _unreached(frames: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Yield places with demand that no source reaches over pipes that exist, whatever their dates."""
    pipes = frames["gas_pipes"][frames["gas_pipes"]["status"] == "existing"]
    ways = list(zip(pipes["from_place_id"], pipes["to_place_id"], strict=True))
    ways += [(b, a) for (a, b), both in zip(ways, pipes["both_ways"], strict=True) if both == "yes"]
    after: dict[str, set[str]] = {}
    for tail, head in ways:
        after.setdefault(tail, set()).add(head)
    found = {*frames["gas_supplies"]["place_id"], *frames["gas_terminals"]["place_id"]}
    front = set(found)
    while front:
        front = {head for tail in front for head in after.get(tail, ())} - found
        found |= front
    demand = frames["gas_demand"].drop_duplicates("place_id")
    for row in demand.index[~demand["place_id"].isin(found)]:
        place = demand.at[row, "place_id"]
        yield f"gas_demand.csv, row {file_row(row)}: no source reaches {place} over pipes that exist"


def _series(frames: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Yield price series that are named and not there."""
    known = dict.fromkeys(frames["gas_prices"]["series"])
    for name in ("gas_supplies", "gas_contracts"):
        frame: Any = frames[name]
        for row in frame.index[(frame["price_series"] != "") & ~frame["price_series"].isin(list(known))]:
            word = frame.at[row, "price_series"]
            yield f"{name}.csv, row {file_row(row)}, column price_series: {word!r} is no series{nearest(word, known)}"
