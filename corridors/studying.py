"""Rows for a study made from what was typed: what can be known of a place or link is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError, distance_km, table_of
from networks.errors import nearest
from networks.study_rows import OWN_SOURCE, add_rows, own_source, schema_of, text_of_cell

__all__ = ["add_to_study"]

_SHORT = {"links": {"from": "from_place_id", "to": "to_place_id", "rate": "rate_id", "gauge": "gauge_mm"}}


def add_to_study(
    folder: str | Path,
    table: str,
    key: str,
    columns: Mapping[str, str],
    *,
    like: str | None = None,
    source: str | None = None,
    grade: str = "EST",
) -> dict[str, str]:
    """Add a row to a table of a study and return it as it was written.

    Parameters
    ----------
    folder : path
        Study, with a ``study.yaml``.
    table : str
        Table of ``datapackage.json``: places, links, projects, sources, stops, …
    key : str
        Id of the row.
    columns : mapping
        Column to text. For links ``from``, ``to``, ``rate`` and ``gauge`` will do.
    like : str, optional
        Id of a row whose other columns are taken over; otherwise those of the row that has the key already. A link
        with other ends keeps neither length nor countries on the way nor the derivation of the one it is like.
    source, grade : str
        Of the figures that have a column for both; otherwise ``OWN``, which is added to the sources of the study.

    Returns
    -------
    dict
        Column to text, without empty cells.

    Raises
    ------
    DataError
        The folder is no study, a column or value is wrong, or something does not fit together; nothing is written.

    Notes
    -----
    The country of a place is that of the polygon it lies in, at sea of the nearest within 200 nautical miles. A link
    without a length gets the great circle times what the toolkit's links of its mode take in the median (graded EST,
    with the derivation); its rate and gauge are those of most of the toolkit's links of that mode in the same country.
    """
    schema = schema_of(table)
    names = [field["name"] for field in schema["fields"]]
    given = {_SHORT.get(table, {}).get(column, column): value for column, value in columns.items()}
    unknown = [column for column in given if column not in names]
    if unknown:
        raise DataError([f"{table}: there is no column {column!r}{nearest(column, names)}" for column in unknown])
    old = _taken_over(folder, table, schema["primaryKey"], like, key)
    row = {**old, **given, schema["primaryKey"][0]: key}
    if table == "places":
        row = _place(row)
    if table == "links":
        row = _link(row, given, old, folder)
    cited = source or OWN_SOURCE
    row = _with_sources(row, given, names, cited, grade)
    rows: dict[str, list[dict[str, Any]]] = {table: [row]}
    if cited == OWN_SOURCE and table != "sources" and any(OWN_SOURCE in value for value in row.values()):
        rows = {"sources": own_source(folder), **rows}
    add_rows(folder, {name: new for name, new in rows.items() if new})
    return {column: row[column] for column in names if row.get(column)}


def _taken_over(folder: str | Path, table: str, keys: Sequence[str], like: str | None, key: str) -> dict[str, str]:
    """Return the row that is to be like, or that has the key already, as text; nothing where there is none."""
    frame = table_of(table, folder)
    same = frame[frame[keys[0]] == (key if like is None else like)]
    if like is not None and same.empty:
        raise DataError([f"{table}: there is no row {like!r}{nearest(like, frame[keys[0]])}"])
    if like is not None and len(same) > 1:
        raise DataError([f"{table}: {len(same)} rows have {keys[0]} {like!r}, told apart by {', '.join(keys[1:])}"])
    if len(same) != 1:
        return {}
    return {str(column): text_of_cell(value) for column, value in same.iloc[0].items()}


def _with_sources(
    row: dict[str, str], given: Mapping[str, str], names: list[str], source: str, grade: str
) -> dict[str, str]:
    """Return the row with a source and a grade for every figure that was typed, or that has none yet."""
    filled = dict(row)
    for column in names:
        stem = column.removesuffix("_source_id")
        if stem == column or f"{stem}_grade" not in names:
            continue
        figures = _figures(stem, names)
        typed = any(given.get(name) for name in figures) and not given.get(column)
        if typed or (not filled.get(column) and any(filled.get(name) for name in figures)):
            filled[column] = source
            filled[f"{stem}_grade"] = given.get(f"{stem}_grade") or grade
    for column, value in (("source_id", source), ("grade", grade)):
        if column in names and column != names[0] and not filled.get(column):
            filled[column] = value
    return filled


def _figures(stem: str, names: list[str]) -> list[str]:
    """Return the columns whose source stands in ``<stem>_source_id``."""
    beside = {f"{stem}_source_id", f"{stem}_grade", f"{stem}_unit"}
    own = (n for n in names if n == stem or n.startswith(f"{stem}_") or n.split("_")[0] == stem)
    return [n for n in (*own, *_FIGURES.get(stem, ())) if n not in beside]


_OF_THE_WAY = ("length_km", "length_source_id", "length_grade", "via_country_ids", "derivation", "note")
_FIGURES = {"position": ("lon", "lat"), "life": ("opens", "closes"), "emission": ("gco2e_per_tkm",)}


def _place(row: dict[str, str]) -> dict[str, str]:
    if row.get("country_id") or not row.get("lon") or not row.get("lat"):
        return row
    from networks.tracks.lands import Lands

    try:
        lon, lat = float(row["lon"]), float(row["lat"])
    except ValueError:
        return row  # said with row and column when the table is checked
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return row
    code = Lands.shipped().country(np.array([lon]), np.array([lat]))[0]
    if not code:
        raise DataError([f"places: no country is known at {lon:g}, {lat:g}; say it with country_id="])
    return {**row, "country_id": code}


def _link(row: dict[str, str], given: Mapping[str, str], old: Mapping[str, str], folder: str | Path) -> dict[str, str]:
    places = table_of("places", folder).set_index("place_id")
    row = {"direction": "both", "status": "existing", **{k: v for k, v in row.items() if v}}
    for end in ("from_place_id", "to_place_id"):
        if end in row:
            row[end] = _place_id(row[end], places)
    if old and any(row.get(end) != old[end] for end in ("from_place_id", "to_place_id")):
        row = {k: v for k, v in row.items() if k in given or k not in _OF_THE_WAY}
        row["derivation"] = "; ".join(x for x in (given.get("derivation"), f"otherwise as {old['link_id']}") if x)
    elif "length_km" in given and "derivation" not in given:
        before = f"; before: {old['derivation']}" if old.get("derivation") else ""
        row["derivation"] = f"length: as given{before}"
    ends = [row.get(end, "") for end in ("from_place_id", "to_place_id")]
    if not all(end in places.index for end in ends) or "mode" not in row:
        return row
    if "length_km" not in row:
        why = row.get("derivation")
        row |= _length(row["mode"], *(places.loc[end] for end in ends))
        row["derivation"] += f"; {why}" if why else ""
    home = {str(places.at[end, "country_id"]) for end in ends}
    for column in ("rate_id", "gauge_mm"):
        if column not in row and (usual := _usual(column, row["mode"], home, places)):
            row[column] = usual
    return row


def _place_id(word: str, places: pd.DataFrame) -> str:
    """Return the id of a place that was typed by id or name."""
    if word in places.index:
        return word
    from networks import PlaceNames

    return PlaceNames(places).find(word)


def _length(mode: str, first: pd.Series[Any], last: pd.Series[Any]) -> dict[str, str]:
    straight = distance_km((float(first["lon"]), float(first["lat"])), (float(last["lon"]), float(last["lat"])))
    factor = _detour(mode)
    return {
        "length_km": f"{straight * factor:.0f}",
        "length_source_id": "EST-GC",
        "length_grade": "EST",
        "derivation": f"length: great circle of {straight:.0f} km times {factor:.2f}",
    }


def _detour(mode: str) -> float:
    """Return the median of length over great circle of the toolkit's links of a mode."""
    links, places = table_of("links"), table_of("places").set_index("place_id")[["lon", "lat"]].astype(float)
    links = links[links["mode"] == mode]
    if links.empty:
        return 1.0  # an unknown mode is told when the table is checked
    ends = (places.loc[links[end]].to_numpy() for end in ("from_place_id", "to_place_id"))
    straight = [distance_km(tuple(a), tuple(b)) for a, b in zip(*ends, strict=True)]
    return float(np.median(links["length_km"].to_numpy() / straight))


def _usual(column: str, mode: str, countries: set[str], places: pd.DataFrame) -> str:
    """Return what most of the toolkit's links of a mode in the same countries have, or in any."""
    links = table_of("links")
    links = links[(links["mode"] == mode) & (links[column].astype(str) != "()") & (links[column].astype(str) != "")]
    ends = links[["from_place_id", "to_place_id"]].map(lambda p: str(places["country_id"].get(p, p[:2])))
    near = links[ends.isin(countries).any(axis=1)]
    values = (near if len(near) else links)[column].map(text_of_cell)
    return "" if values.empty else str(values.mode().iloc[0])
