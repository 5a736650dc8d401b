"""The files of a GMNS folder, read and checked: nodes in degrees, links in km and km/h."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..given import check_table

__all__ = ["LENGTHS_KM", "SPEEDS_KMH", "GmnsFiles"]

LENGTHS_KM = {"km": 1.0, "m": 0.001, "mile": 1.609344, "foot": 0.0003048, "yard": 0.0009144, "nautical mile": 1.852}
"""Kilometres of each unit of length."""

SPEEDS_KMH = {"km/h": 1.0, "mph": 1.609344, "knot": 1.852, "m/s": 3.6, "foot/s": 1.09728}
"""km/h of each unit of speed."""

_SPELLINGS = {
    **dict.fromkeys(("kilometer", "kilometers", "kilometre", "kilometres", "kms"), "km"),
    **dict.fromkeys(("meter", "meters", "metre", "metres"), "m"),
    **dict.fromkeys(("miles", "mi", "statute mile"), "mile"),
    **dict.fromkeys(("feet", "ft"), "foot"),
    **dict.fromkeys(("yards", "yd"), "yard"),
    **dict.fromkeys(("nautical miles", "nmi", "nm"), "nautical mile"),
    **dict.fromkeys(("kph", "kmh", "kmph", "km per hour", "kilometers per hour", "kilometres per hour"), "km/h"),
    **dict.fromkeys(("mi/h", "mile/h", "miles/h", "miles per hour", "mile per hour"), "mph"),
    **dict.fromkeys(("knots", "kn", "kt"), "knot"),
    **dict.fromkeys(("mps", "m/sec"), "m/s"),
    **dict.fromkeys(("ft/s", "fps", "feet/s"), "foot/s"),
}
_NEEDED = {"node": ("node_id", "x_coord", "y_coord"), "link": ("link_id", "from_node_id", "to_node_id")}
_NUMBERS = {"node": ("x_coord", "y_coord"), "link": ("length", "free_speed")}
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
_FITS = 3.0


@dataclass(frozen=True)
class GmnsFiles:
    """What the files say, in our units.

    Attributes
    ----------
    folder : Path
        Where they are.
    nodes : DataFrame
        Columns ``node_id``, ``name``, ``node_type``, ``lon``, ``lat`` (degrees, EPSG:4326).
    links : DataFrame
        Columns ``link_id``, ``from_node_id``, ``to_node_id``, ``name``, ``directed``, ``facility_type``,
        ``allowed_uses``, ``length_km`` and ``speed_kmh`` (NaN where there is none).
    groups : dict of str to str
        Uses of each group of ``use_group.csv``, comma-separated.
    notes : list of str
        What was assumed or left out.
    """

    folder: Path
    nodes: pd.DataFrame
    links: pd.DataFrame
    groups: dict[str, str]
    notes: list[str] = field(default_factory=list)

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        crs: str | int | None = None,
        length_unit: str | None = None,
        speed_unit: str | None = None,
        ours: bool = False,
    ) -> GmnsFiles:
        """Read the files; parameters and errors as of `networks.formats.gmns.read_gmns`.

        Units of files that are `ours` are taken as they stand, those of others must fit the distances of nodes.
        """
        if not folder.is_dir():
            raise DataError([f"{folder}: no such folder; expected one with node.csv and link.csv"])
        nodes, links = _table(folder / "node.csv"), _table(folder / "link.csv")
        problems = [*_wrong("node", folder, nodes), *_wrong("link", folder, links)]
        if not problems:
            problems = _dangling(folder, nodes, links)
        if not ours:
            problems += [
                f"{folder / name}.csv: holds no {name}s" for name, t in (("node", nodes), ("link", links)) if t.empty
            ]
        if problems:
            raise DataError(problems)
        config = _config(folder)
        stated = str(crs) if crs is not None else config.get("crs", "")
        notes = _without_column(nodes, links)
        nodes = _in_degrees(folder, nodes, stated)
        links = _in_units(folder, links, config, length_unit, speed_unit)
        straight = _straight_km(nodes, links)
        if length_unit is None and not ours:
            _check_unit(folder, links["length_km"], straight, config.get("long_length", ""))
        missing = links["length_km"].isna()
        if missing.any():
            links.loc[missing, "length_km"] = _measured_km(folder, links[missing], straight[missing], stated)
            notes.append(f"{missing.sum():,} links had no length; it is that of their geometry, on WGS 84.")
        named = _pairs(folder / "use_group.csv", "use_group", "uses")
        if (links["geometry"] != "").any() or (links["geometry_id"] != "").any():
            notes.append("Shapes of links give lengths that are missing and are not kept: maps draw great circles.")
        return cls(folder, nodes, links, named, notes)


def _pairs(file: Path, key: str, value: str) -> dict[str, str]:
    """Return two columns of a file as a mapping; nothing where there is no such file."""
    if not file.exists():
        return {}
    frame = _table(file)
    for column in (key, value):
        if column not in frame:
            raise DataError([f"{file}: column {column!r} is missing{nearest(column, frame.columns)}"])
    return dict(zip(frame[key], frame[value], strict=True))


def _table(file: Path) -> pd.DataFrame:
    """Return a CSV file as text, "" for what is missing."""
    check_table(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the header are not dropped
            frame = pd.read_csv(
                file, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True, index_col=False
            )
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    except UnicodeDecodeError as error:
        raise DataError([f"{file}: byte {error.start} is not UTF-8; save the file as CSV UTF-8"]) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        raise DataError([f"{file}: not a readable CSV table ({str(error).strip()})"]) from None
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
    frame = frame.apply(lambda column: column.fillna("").str.strip())
    return frame.mask(frame == "NaN", "")


def _wrong(name: str, folder: Path, frame: pd.DataFrame) -> list[str]:
    file = folder / f"{name}.csv"
    lacking = [column for column in _NEEDED[name] if column not in frame]
    if lacking:
        return [f"{file}: column {column!r} is missing{nearest(column, frame.columns)}" for column in lacking]
    problems = []
    for column in _NEEDED[name]:
        problems += [f"{_at(file, row, column)}: is empty" for row in frame.index[frame[column] == ""]]
    key = _NEEDED[name][0]
    twice = frame.index[frame[key].duplicated() & (frame[key] != "")]
    problems += [f"{_at(file, row, key)}: {frame.at[row, key]!r} stands twice, expected to be unique" for row in twice]
    for column in set(_NUMBERS[name]) & set(frame.columns):
        given = frame[column] != ""
        number = pd.to_numeric(frame[column].where(given), errors="coerce").astype(float)
        bad = given & (~np.isfinite(number) | ((number < 0) & (name == "link")))
        wanted = "number" if name == "node" else "number, 0 or more"
        problems += [f"{_at(file, row, column)}: {frame.at[row, column]!r} is not a {wanted}" for row in bad[bad].index]
    if name == "link" and "directed" in frame:
        unknown = frame["directed"][~frame["directed"].str.lower().isin([*_TRUE, *_FALSE, ""])]
        problems += [f"{_at(file, row, 'directed')}: {cell!r}, expected true or false" for row, cell in unknown.items()]
    return problems


def _dangling(folder: Path, nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    known = set(nodes["node_id"])
    return [
        f"{_at(folder / 'link.csv', row, column)}: {cell!r} is not in node.csv{nearest(cell, known)}"
        for column in ("from_node_id", "to_node_id")
        for row, cell in links[column][~links[column].isin(known)].items()
    ]


def _config(folder: Path) -> dict[str, str]:
    if not (folder / "config.csv").exists():
        return {}
    frame = _table(folder / "config.csv")
    if len(frame) != 1:
        raise DataError([f"{folder / 'config.csv'}: has {len(frame)} rows, expected one"])
    return {str(column): str(cell) for column, cell in frame.iloc[0].items()}


def _without_column(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Return a note on columns with values that have no place in our tables."""
    taken = {"node_id", "name", "x_coord", "y_coord", "node_type", "link_id", "from_node_id", "to_node_id", "directed"}
    taken |= {"geometry_id", "geometry", "dir_flag", "length", "facility_type", "free_speed", "allowed_uses"}
    notes = []
    for name, frame in (("node.csv", nodes), ("link.csv", links)):
        lost = [str(column) for column in frame if column not in taken and (frame[column] != "").any()]
        if lost:
            notes.append(f"Columns of {name} that our tables have no place for: {', '.join(lost)}.")
    return notes


def _in_degrees(folder: Path, nodes: pd.DataFrame, stated: str) -> pd.DataFrame:
    xy = nodes[["x_coord", "y_coord"]].astype(float)
    lon, lat = _to_degrees(xy["x_coord"].to_numpy(), xy["y_coord"].to_numpy(), stated)
    bad = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if bad.any():
        row = nodes.index[bad][0]
        pair = f"{nodes.at[row, 'x_coord']}, {nodes.at[row, 'y_coord']}"
        where = f"{_at(folder / 'node.csv', row, 'x_coord')}: {pair}"
        other = f"is not a place on earth in the coordinate system {stated}; state the right one by crs="
        none = "are not degrees; state their coordinate system by crs= or in config.csv, for example crs='EPSG:32643'"
        raise DataError([f"{where} {other if stated else none}; {bad.sum():,} of {len(nodes):,} nodes are so"])
    text = {column: nodes.get(column, "") for column in ("name", "node_type")}
    return nodes[["node_id"]].assign(**text, lon=lon, lat=lat)


def _to_degrees(x: Any, y: Any, stated: str) -> tuple[Any, Any]:
    """Return longitudes and latitudes; EPSG:4326 and no statement leave coordinates as they are."""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError

    if not stated:
        return x, y
    try:
        system = CRS.from_user_input(int(stated) if re.fullmatch(r"\d+", stated) else stated)
    except CRSError:
        raise DataError([f"crs: {stated!r} is not a coordinate system that pyproj knows, such as EPSG:4326"]) from None
    if system.to_epsg() == 4326:
        return x, y
    return Transformer.from_crs(system, "EPSG:4326", always_xy=True).transform(x, y)


def _in_units(
    folder: Path, links: pd.DataFrame, config: dict[str, str], length_unit: str | None, speed_unit: str | None
) -> pd.DataFrame:
    length, speed = (_number(links, column) for column in ("length", "free_speed"))
    unit = length_unit or config.get("long_length", "")
    pace = speed_unit or config.get("speed", "") or ({"km": "km/h", "mile": "mph"}.get(_plain(unit), ""))
    km = _factor(folder, "length", unit, LENGTHS_KM, "length_unit", "long_length") if length.notna().any() else 1.0
    kmh = _factor(folder, "free_speed", pace, SPEEDS_KMH, "speed_unit", "speed") if speed.notna().any() else 1.0
    text = ("name", "facility_type", "allowed_uses", "geometry", "geometry_id", "directed")
    made = {column: links.get(column, "") for column in text}
    made["directed"] = ~pd.Series(made["directed"], index=links.index).str.lower().isin(_FALSE)
    ends = links[["link_id", "from_node_id", "to_node_id"]]
    return ends.assign(**made, length_km=length * km, speed_kmh=speed * kmh)


def _number(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    if column not in frame:
        return pd.Series(np.nan, index=frame.index)
    return frame[column].where(frame[column] != "", "nan").astype(float)


def _plain(unit: str) -> str:
    word = " ".join(unit.lower().split())
    return _SPELLINGS.get(word, word)


def _factor(folder: Path, column: str, unit: str, known: dict[str, float], argument: str, entry: str) -> float:
    if not unit:
        way = f"state it by {argument}= or as {entry} in config.csv"
        raise DataError([f"{folder / 'link.csv'}: column {column} has no unit; {way}, one of {', '.join(known)}"])
    if _plain(unit) not in known:
        words = [*known, *_SPELLINGS]
        raise DataError([f"{argument}: {unit!r} is not one of {', '.join(known)}{nearest(unit.lower(), words)}"])
    return known[_plain(unit)]


def _straight_km(nodes: pd.DataFrame, links: pd.DataFrame) -> pd.Series[Any]:
    """Return the geodesic distance between the ends of each link, km."""
    from pyproj import Geod

    at = nodes.set_index("node_id")[["lon", "lat"]]
    start, end = at.loc[links["from_node_id"]].to_numpy(), at.loc[links["to_node_id"]].to_numpy()
    metres = Geod(ellps="WGS84").inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return pd.Series(np.asarray(metres) / 1000, index=links.index)


def _check_unit(folder: Path, length: pd.Series[Any], straight: pd.Series[Any], unit: str) -> None:
    """Refuse a unit under which half of all links are far from as long as their ends are apart."""
    ratio = (length / straight)[(straight > 0) & (length > 0)].median()
    if np.isnan(ratio) or 1 / _FITS <= ratio <= _FITS:
        return
    right = LENGTHS_KM[_plain(unit)] / ratio
    best = min(LENGTHS_KM, key=lambda name: abs(np.log(LENGTHS_KM[name] / right)))
    times = f"links are {ratio:,.4g} times as long as their ends are apart, in the median"
    way = f"the unit {unit!r} of config.csv cannot be right; state it by length_unit=, {best!r} would fit"
    raise DataError([f"{folder / 'link.csv'}, column length: {times}; {way}"])


def _measured_km(folder: Path, links: pd.DataFrame, straight: pd.Series[Any], stated: str) -> pd.Series[Any]:
    """Return the length of the geometry of links, km; without one, the distance of their ends."""
    import shapely
    from pyproj import Geod

    shapes, texts = _pairs(folder / "geometry.csv", "geometry_id", "geometry"), links["geometry"]
    if shapes:
        texts = texts.where(texts != "", links["geometry_id"].map(shapes).fillna(""))
    length = straight.copy()
    for row, text in texts[texts != ""].items():
        try:
            line = shapely.from_wkt(text)
        except shapely.errors.GEOSException:
            raise DataError([f"{_at(folder / 'link.csv', row, 'geometry')}: {text[:40]!r} is not WKT"]) from None
        line = shapely.transform(line, lambda xy: np.column_stack(_to_degrees(xy[:, 0], xy[:, 1], stated)))
        length[row] = Geod(ellps="WGS84").geometry_length(line) / 1000
    return length


def _at(file: Path, row: Any, column: str) -> str:
    return f"{file}, row {int(row) + 2}, column {column}"
