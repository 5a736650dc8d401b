"""A GMNS network of others in our columns: modes from uses, countries from polygons, ids of our form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

import seeds

from ..errors import DataError, nearest
from ..tables import Tables, load_tables
from .cells import kinds
from .countries import countries_of
from .gmns_files import GmnsFiles

__all__ = ["MODES", "RATES", "imported"]

_ROAD = """auto automobile car cars truck trucks hgv freight bus motorcycle taxi motor sov hov hov2 hov3 hov3+
road motorway freeway highway arterial ramp all"""
MODES = {
    **dict.fromkeys(_ROAD.split(), "road"),
    **dict.fromkeys(("rail", "railway", "railroad", "train", "freight rail"), "rail"),
    **dict.fromkeys(("ferry", "car ferry", "rail ferry"), "ferry"),
    **dict.fromkeys(("ship", "sea", "vessel"), "sea"),
    **dict.fromkeys(("barge", "inland", "waterway"), "inland"),
    "feeder": "feeder",
    "": "road",
}
"""Mode of each use and facility type, in small letters; "" is a link that says nothing."""

RATES = {
    "rail": "rail_eu",
    "road": "road_europe",
    "sea": "sea_regional",
    "feeder": "feeder_short_sea",
    "ferry": "ferry_black_sea",
    "inland": "inland_volga",
}
"""Rate whose tariff, spread and emission links of a mode get."""

_LETTERS = 26
_PLACES_A_COUNTRY = _LETTERS**3
_BY_TIMETABLE = ("feeder", "ferry")
_SAILINGS_A_WEEK = 7.0
_SLOWEST_KMH, _FASTEST_KMH, _SHORTEST_KM = 1.0, 120.0, 0.001


def imported(
    files: GmnsFiles, modes: Mapping[str, str], rates: Mapping[str, str], country: str | None, source_id: str
) -> tuple[Tables, list[str]]:
    """Return tables of a GMNS network, and notes on what was left out or assumed.

    Parameters
    ----------
    files : GmnsFiles
        The network, in our units.
    modes, rates, country, source_id
        As of `networks.formats.gmns.read_gmns`.

    Raises
    ------
    DataError
        A mode, rate, source or country is unknown, a node lies where no polygons are, or there are more nodes
        in a country than ids.
    """
    ours = load_tables()
    rate_of = _checked_names(ours, modes, {**RATES, **rates}, source_id)
    notes = list(files.notes)
    countries, names = countries_of(files, country)
    places = _places(files, countries, source_id)
    id_of = dict(zip(files.nodes["node_id"], places.index, strict=True))
    links = _links(files, id_of, {**MODES, **{k.lower(): v for k, v in modes.items()}}, rate_of, source_id, notes)
    unknown = sorted(set(countries) - set(ours.countries.index))
    added = pd.DataFrame({"name": [names.get(c, c) for c in unknown], "groups": [()] * len(unknown)}, index=unknown)
    tables = replace(
        ours,
        places=places,
        links=links,
        countries=pd.concat([ours.countries, added]).rename_axis("country_id") if unknown else ours.countries,
        borders=ours.borders.iloc[:0],
        stops=ours.stops[ours.stops["place_id"] == ""],
    )
    used = sorted(set(links["mode"]))
    return tables, notes + [f"Links by {m} have tariff, spread and emission of the rate {rate_of[m]}." for m in used]


def _checked_names(ours: Tables, modes: Mapping[str, str], rates: Mapping[str, str], source: str) -> dict[str, str]:
    problems = [
        f"modes: {mode!r} of {use!r} is not one of {', '.join(RATES)}{nearest(mode, RATES)}"
        for use, mode in modes.items()
        if mode and mode not in RATES
    ]
    problems += [f"rates: {mode!r} is not a mode{nearest(mode, RATES)}" for mode in rates if mode not in RATES]
    for mode, rate in rates.items():
        of_mode = ours.rates.index[ours.rates["mode"] == mode]
        if mode in RATES and rate not in of_mode:
            problems.append(f"rates: {rate!r} is not one of {mode}, {', '.join(of_mode)}{nearest(rate, of_mode)}")
    if source not in ours.sources.index:
        problems.append(f"source_id: {source!r} is not in sources.csv{nearest(source, ours.sources.index)}")
    if problems:
        raise DataError(problems)
    return dict(rates)


def _places(files: GmnsFiles, countries: list[str], source_id: str) -> pd.DataFrame:
    nodes = files.nodes
    originals = nodes["node_id"].tolist()
    named = [name or f"node {node}" for name, node in zip(nodes["name"], originals, strict=True)]
    twice = {name for name, times in Counter(named).items() if times > 1}
    allowed = _rule("kind")["enum"]
    kind = nodes["node_type"].str.lower().str.replace(" ", "_")
    columns = {
        "name": [f"{n} ({i})" if n in twice else n for n, i in zip(named, originals, strict=True)],
        "aliases": [(node.replace(";", ","),) for node in originals],
        "country_id": countries,
        "lon": nodes["lon"].to_numpy(),
        "lat": nodes["lat"].to_numpy(),
        "kind": kind.where(kind.isin(allowed), "junction").to_numpy(),
        "position_source_id": [(source_id,)] * len(nodes),
        "position_grade": "EST",
        "note": [f"GMNS node {node}" for node in originals],
    }
    return _filled("places", columns, _place_ids(files, originals, countries))


def _place_ids(files: GmnsFiles, originals: list[str], countries: list[str]) -> list[str]:
    """Return ids of the form of ``places.csv``: the node's own if it has that form, else country and a number."""
    for country, nodes in Counter(countries).items():
        if nodes > _PLACES_A_COUNTRY:
            most = f"a country has ids for {_PLACES_A_COUNTRY:,}"
            raise DataError([f"{files.folder / 'node.csv'}: {nodes:,} nodes are in {country}, {most}"])
    kept = {node for node in originals if re.fullmatch(_rule("place_id")["pattern"], node)}
    numbers: dict[str, Iterator[int]] = {country: count() for country in countries}
    return [
        node if node in kept else _free(country, numbers[country], kept)
        for node, country in zip(originals, countries, strict=True)
    ]


def _rule(column: str) -> dict[str, Any]:
    """Return what ``datapackage.json`` asks of a column of ``places.csv``."""
    fields = seeds.descriptor()["places"]["schema"]["fields"]
    return next(dict(field["constraints"]) for field in fields if field["name"] == column)


def _free(country: str, numbers: Iterator[int], kept: set[str]) -> str:
    """Return the next id of a country that no node has as its own."""
    return next(code for code in (f"{country}_{_letters(number)}" for number in numbers) if code not in kept)


def _letters(number: int) -> str:
    return "".join(chr(ord("A") + number // _LETTERS**power % _LETTERS) for power in (2, 1, 0))


def _links(
    files: GmnsFiles,
    id_of: dict[str, str],
    mode_of: Mapping[str, str],
    rate_of: Mapping[str, str],
    source_id: str,
    notes: list[str],
) -> pd.DataFrame:
    rows = files.links.assign(mode=_modes(files, mode_of))
    closed = rows["mode"].map(len) == 0
    if closed.any():
        uses = sorted(set(rows.loc[closed, "allowed_uses"].replace("", "no use")))
        notes.append(f"{closed.sum():,} links are open to no mode of ours and left out; uses: {' | '.join(uses)}.")
    loops = (rows["from_node_id"] == rows["to_node_id"]) & ~closed
    if loops.any():
        notes.append(f"{loops.sum():,} links end where they start and are left out.")
    rows = rows[~closed & ~loops].explode("mode", ignore_index=True)
    rows["id"] = _unique(_link_ids(rows))
    speed = rows["speed_kmh"].where(rows["speed_kmh"] >= _SLOWEST_KMH)
    timed = rows["mode"].isin(_BY_TIMETABLE)
    _note_values(rows, speed, notes)
    columns = {
        "from_place_id": rows["from_node_id"].map(id_of).tolist(),
        "to_place_id": rows["to_node_id"].map(id_of).tolist(),
        "direction": np.where(rows["directed"].astype(bool), "forward", "both"),
        "mode": rows["mode"].tolist(),
        "gauge_mm": [("1435",) if mode == "rail" else () for mode in rows["mode"]],
        "length_km": rows["length_km"].to_numpy(),
        "length_source_id": [(source_id,)] * len(rows),
        "length_grade": "EST",
        "rate_id": rows["mode"].map(dict(rate_of)).to_numpy(),
        "speed_kmh": speed.clip(upper=_FASTEST_KMH).to_numpy(),
        "speed_source_id": [(source_id,) if given else () for given in speed.notna()],
        "speed_grade": np.where(speed.notna(), "EST", ""),
        "sailings_per_week": np.where(timed, _SAILINGS_A_WEEK, np.nan),
        "sailings_source_id": [(source_id,) if by_timetable else () for by_timetable in timed],
        "sailings_grade": np.where(timed, "EST", ""),
        "status": "existing",
        "note": _link_notes(rows),
    }
    return _filled("links", columns, rows["id"].tolist())


def _modes(files: GmnsFiles, mode_of: Mapping[str, str]) -> list[list[str]]:
    """Return the modes each link is open to: those of its facility type if that is known, else of its uses."""
    groups = {name.lower(): uses for name, uses in files.groups.items()}
    memory: dict[tuple[str, str], list[str]] = {}
    found = []
    for key in zip(files.links["facility_type"].str.lower(), files.links["allowed_uses"].str.lower(), strict=True):
        if key not in memory:
            facility, uses = key
            words = [facility] if facility in mode_of and facility else _words(uses, groups) or [""]
            memory[key] = sorted({mode_of[word] for word in words if mode_of.get(word)})
        found.append(memory[key])
    return found


def _words(uses: str, groups: Mapping[str, str], depth: int = 9) -> list[str]:
    """Return single uses of a list, groups resolved."""
    words = [word.strip().lower() for word in re.split("[,;]", uses) if word.strip()]
    if not depth:
        return words
    return [one for word in words for one in (_words(groups[word], groups, depth - 1) if word in groups else [word])]


def _link_ids(rows: pd.DataFrame) -> list[str]:
    """Return the foreign ids without blanks and semicolons, and with the mode where a link has several."""
    safe = rows["link_id"].str.replace(r"[\s;]+", "_", regex=True)
    mode = ("-" + rows["mode"]).where(rows["link_id"].duplicated(), "")
    return [str(key) for key in safe + mode]


def _unique(keys: Iterable[str]) -> list[str]:
    made: dict[str, None] = {}
    for key in keys:
        one, number = key, 1
        while one in made:
            number += 1
            one = f"{key}_{number}"
        made[one] = None
    return list(made)


def _note_values(rows: pd.DataFrame, speed: pd.Series[Any], notes: list[str]) -> None:
    fast, short = int((speed > _FASTEST_KMH).sum()), int((rows["length_km"] < _SHORTEST_KM).sum())
    rail, timed = int((rows["mode"] == "rail").sum()), int(rows["mode"].isin(_BY_TIMETABLE).sum())
    if fast:
        notes.append(f"{fast:,} links are faster than {_FASTEST_KMH:g} km/h, the most of links.csv, and set to it.")
    if short:
        notes.append(f"{short:,} links are shorter than {_SHORTEST_KM:g} km, the least a file links.csv may hold.")
    if rail:
        notes.append(f"{rail:,} links by rail are taken to be of gauge 1,435 mm.")
    if timed:
        notes.append(f"{timed:,} links by ferry or feeder are taken to sail {_SAILINGS_A_WEEK:g} times a week.")


def _link_notes(rows: pd.DataFrame) -> list[str]:
    changed = rows["id"] != rows["link_id"]
    ids = ("GMNS link " + rows["link_id"]).where(changed, "")
    pairs = zip(rows["name"], ids, strict=True)
    return [", ".join(text for text in pair if text) for pair in pairs]


def _filled(name: str, columns: Mapping[str, Any], index: list[str]) -> pd.DataFrame:
    """Return a table with all its columns, empty where nothing is given."""
    key, *others = kinds(name)
    empty: dict[str, Any] = {"number": np.nan, "integer": np.nan, "string": "", "list": [()] * len(index)}
    made = {column: columns.get(column, empty[kinds(name)[column]]) for column in others}
    return pd.DataFrame(made, index=pd.Index(index, name=key, dtype=str))
