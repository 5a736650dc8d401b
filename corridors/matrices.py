"""Demand matrices in and out: OMX files of transport models, CSV files long or square, as `corridors.demand` has it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import GRADES, DataError, PlaceError, PlaceNames, table_of
from networks.errors import nearest
from networks.names import plain

from .files import csv_rows, write_text, write_whole
from .matrices_omx import MOST, openmatrix, read_omx, write_omx

__all__ = ["Known", "demand_rows", "read_matrix", "write_matrix"]

_ENDS = ("origin", "destination")
_LONG = ("market", *_ENDS, "goods", "quantity", "unit", "grade")
_COLUMNS = ("market", *_ENDS, "goods", "quantity", "unit", "teu_per_year", "grade")
_UNITS = ("TEU", "t")
_SAME = 1e-9


def read_matrix(
    path: str | Path,
    *,
    goods: str | None = None,
    name: str | None = None,
    unit: str = "TEU",
    grade: str = GRADES[-1],
    zones: Mapping[Any, str] | None = None,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """Read who ships how much from where to where, for `corridors.assign`.

    Parameters
    ----------
    path : path
        ``.omx``, an Open Matrix file, whose lookup names the places of rows and columns; or ``.csv``: long, with
        columns ``origin``, ``destination``, ``quantity`` and perhaps ``goods``, ``unit``, ``market``, ``grade``; or
        square, with origins in the first column and destinations in the first row.
    goods : str, optional
        Row of ``goods.csv`` that the quantities are, where no column or attribute of the file says so. Otherwise the
        names of the matrices of an OMX file must say it.
    name : str, optional
        The one matrix of an OMX file to read; otherwise all, each of its goods.
    unit : str
        TEU or t a year, where the file does not say so.
    grade : str
        A, B, C or EST, where the file does not say so.
    zones : mapping, optional
        Place that each zone of the file stands for, where zones are numbers or have names of their own.
    folder : path, optional
        Folder with tables of your own, see `networks.load_tables`.

    Returns
    -------
    DataFrame
        Columns as of `corridors.demand`. Cells of zero are left out. ``market`` is the name of the file
        where it does not say so. Rows stand as in a long file; otherwise they go by market, origin, destination,
        goods, places as in the file.

    Raises
    ------
    DataError
        An unreadable file, openmatrix not installed, no lookup, a matrix that is not square, an unknown place or
        goods, a cell that is negative or no number, freight from a place to itself, a cell that stands twice.
    """
    file = Path(path)
    ending, known = _ending(file), Known.of(folder, zones)
    for said, word, allowed in (("unit", unit, _UNITS), ("grade", grade, GRADES)):
        if word not in allowed:
            expected = f"expected {', '.join(allowed[:-1])} or {allowed[-1]}{nearest(str(word), allowed)}"
            raise DataError([f"{said}: got {word!r}, {expected}"])
    if goods is not None and goods not in known.load.index:
        raise DataError([f"goods: {goods!r} is unknown{nearest(goods, known.load.index)}"])
    if not file.is_file():
        raise DataError([f"{file}: no such file"])
    usual = {"market": file.stem, "goods": goods, "unit": unit, "grade": grade}
    if ending == ".omx":
        return _checked(*read_omx(file, known, usual, name), known)
    if name is not None:
        raise DataError([f"name: got {name!r}, but {file.name} is a CSV file, which holds one matrix"])
    return _read_csv(file, known, usual)


def write_matrix(frame: pd.DataFrame, path: str | Path, *, folder: str | Path | None = None) -> None:
    """Write a demand as OMX or, by the ending of the file, as a long CSV; `read_matrix` gives it back.

    Parameters
    ----------
    frame : DataFrame
        ``origin``, ``destination``, ``goods``, and ``quantity`` with ``unit`` or ``teu_per_year``; perhaps ``market``
        and ``grade``.
    path : path
        ``.omx`` or ``.csv``. In OMX, each market, goods, unit and grade has a matrix, named by those that differ,
        with all four as attributes; the lookup ``place_id`` names the places.
    folder : path, optional
        Folder with tables of your own.

    Raises
    ------
    DataError
        Another ending, openmatrix not installed, something wrong in the frame, a file that cannot be written.
    """
    file = Path(path)
    ending, table = _ending(file), demand_rows(frame, {"market": file.stem}, folder)
    if ending == ".csv":
        write_text(file, table[list(_LONG)].to_csv(index=False))
    else:
        omx = openmatrix()
        write_whole(file, lambda part: write_omx(omx, part, table))


def demand_rows(frame: pd.DataFrame, usual: Mapping[str, str], folder: str | Path | None = None) -> pd.DataFrame:
    """Return a demand as `read_matrix` would, checked.

    Parameters
    ----------
    frame : DataFrame
        As of `write_matrix`.
    usual : mapping
        ``market`` and perhaps ``grade``, where the frame has no such column.
    folder : path, optional
        Folder with tables of your own.

    Raises
    ------
    DataError
        Something wrong in the frame, or no freight in it.
    """
    needed = [*_ENDS, "goods", "quantity" if "quantity" in frame else "teu_per_year"]
    missing = [c for c in needed if c not in frame]
    if missing:
        raise DataError([f"demand: column {c!r} is missing{nearest(c, map(str, frame.columns))}" for c in missing])
    raw = frame if "quantity" in frame else frame.assign(quantity=frame["teu_per_year"], unit="TEU")
    given = {"unit": "TEU", "grade": GRADES[-1], **usual}
    raw = raw.assign(**{c: value for c, value in given.items() if c not in raw})
    rows = raw.index.tolist()
    table = _checked(raw.reset_index(drop=True), lambda i: f"demand, row {rows[i]}", Known.of(folder, None))
    if table.empty:
        raise DataError(["demand: holds no freight, expected at least one quantity above zero"])
    return table


def _ending(file: Path) -> str:
    known, ending = (".omx", ".csv"), file.suffix.lower()
    if ending not in known:
        said = f"expected {' or '.join(known)}{nearest(ending, known)}"
        raise DataError([f"{file}: a matrix cannot be {ending or 'a file without ending'}, {said}"])
    return ending


@dataclass(frozen=True)
class Known:
    """What words in a file can mean: places, zones that stand for them, and goods with their load, t per TEU."""

    places: PlaceNames
    zones: Mapping[str, str]
    load: pd.Series[float]

    @classmethod
    def of(cls, folder: str | Path | None, zones: Mapping[Any, str] | None) -> Known:
        """Return what is known in the tables of a folder."""
        places = table_of("places", folder).set_index("place_id")
        goods = table_of("goods", folder).set_index("goods_id")
        meant = {str(zone): str(place) for zone, place in (zones or {}).items()}
        return cls(PlaceNames(places), meant, goods["load_t_per_teu"])

    def place(self, word: str) -> str:
        """Return the id of the place that a word means."""
        try:
            return self.places.find(self.zones.get(word, word))
        except PlaceError as error:
            hint = "; say by zones which place it is" if re.fullmatch(r"[\d.]+", word) else ""
            raise DataError([f"{error}{hint}"]) from None

    def placed(self, words: Sequence[str], where: Callable[[int], str]) -> list[str]:
        """Return the ids of places that stand once each in a header or lookup."""
        problems, ids = [], list[str]()
        for i, word in enumerate(words):
            try:
                ids.append(self.place(word))
            except DataError as error:
                problems.append(f"{where(i)}: {error}")
                continue
            if ids[-1] in ids[:-1]:
                problems.append(f"{where(i)}: {word!r} stands twice, as {self.places.label(ids[-1])}")
        if problems:
            raise DataError(problems)
        return ids

    def goods(self, name: str | None, said: str | None, where: str) -> str:
        """Return the goods that a matrix is about: what the user says, or what its name means."""
        if said is not None:
            return said
        ids: list[str] = list(self.load.index)
        meant = [g for g in ids if name is not None and plain(g) == plain(name)]
        if not meant:
            hint = nearest(name or "", ids)
            raise DataError([f"{where}: which goods it holds is not said; give goods, one of {', '.join(ids)}{hint}"])
        return meant[0]


def _checked(raw: pd.DataFrame, where: Callable[[int], str], known: Known) -> pd.DataFrame:
    """Return rows as `corridors.demand` does, checked; the index counts them for `where`."""
    problems: list[str] = []
    quantity = np.array([_number(value) for value in raw["quantity"]])
    for i in np.flatnonzero(~(quantity >= 0))[:MOST].tolist():
        got = raw["quantity"].tolist()[i]
        problems.append(f"{where(i)}, column quantity: got {got!r}, expected zero or more {raw['unit'][i]}")
    for column, allowed in (("goods", list(known.load.index)), ("unit", _UNITS), ("grade", GRADES)):
        for word, i in _first(raw[column]):
            if word not in allowed:
                said = f"{word!r} is unknown, expected one of {', '.join(allowed)}{nearest(word, allowed)}"
                problems.append(f"{where(i)}, column {column}: {said}")
    ids: dict[str, str] = {}
    for side in _ENDS:
        for word, i in _first(raw[side]):
            try:
                ids[word] = known.place(word)
            except DataError as error:
                problems.append(f"{where(i)}, column {side}: {error}")
    if problems:
        raise DataError(problems)
    table = raw.assign(quantity=quantity, **{side: raw[side].astype(str).map(ids) for side in _ENDS})
    per = table["goods"].map(known.load).where(table["unit"] == "t", 1.0)
    teu = table["quantity"] / per
    given = np.array([_number(v) for v in raw["teu_per_year"]]) if "teu_per_year" in raw else teu.to_numpy()
    problems += [
        f"{where(i)}, column teu_per_year: got {given[i]:g}, expected {teu[i]:g} for {quantity[i]:g} {raw['unit'][i]}"
        for i in np.flatnonzero(~np.isclose(given, teu, rtol=_SAME, atol=0.0)).tolist()
    ]
    table = table.assign(teu_per_year=teu)[list(_COLUMNS)]
    table = table[table["quantity"] > 0]
    inside = table.index[table["origin"] == table["destination"]]
    problems += [f"{where(i)}: {known.places.label(table.at[i, 'origin'])} ships to itself" for i in inside]
    twice = table.index[table.duplicated(["market", *_ENDS, "goods"])]
    problems += [
        f"{where(i)}: {' - '.join(table.loc[i, ['market', *_ENDS, 'goods']])} stands twice" for i in twice[:MOST]
    ]
    if len(twice) > MOST:
        problems.append(f"{len(twice) - MOST:,} more rows stand twice")
    if problems:
        raise DataError(problems)
    return table.reset_index(drop=True)


def _number(value: Any) -> float:
    """Return a finite number, or NaN."""
    try:
        number = math.nan if "_" in str(value) else float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _first(column: pd.Series[Any]) -> Iterator[tuple[str, int]]:
    """Yield each word of a column with the first row that has it."""
    words = column.astype(str)
    for i in words.index[~words.duplicated()].tolist():
        yield words[i], i


def _read_csv(file: Path, known: Known, usual: Mapping[str, Any]) -> pd.DataFrame:
    lines = _lines(file)
    header = lines[0][1]
    is_long = len(set(header) & {*_COLUMNS}) > 1 or bool(set(header[1:]) & {*_COLUMNS})
    return (_long if is_long else _square)(file, lines, known, usual)


def _lines(file: Path) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file that are not empty, with their numbers; all are as long as the first."""
    lines = csv_rows(file)
    if len(lines) < 2:
        raise DataError([f"{file}: holds no matrix, expected a header and rows"])
    wide = len(lines[0][1])
    if wide < 2:
        raise DataError([f"{file.name}, row 1: got one column, {lines[0][1][0]!r}, expected commas between columns"])
    wrong = [f"{file.name}, row {n}: has {len(row)} cells, expected {wide}" for n, row in lines if len(row) != wide]
    if wrong:
        raise DataError(wrong)
    return lines


def _long(file: Path, lines: list[tuple[int, list[str]]], known: Known, usual: Mapping[str, Any]) -> pd.DataFrame:
    header = lines[0][1]
    problems = [f"{file.name}: unknown column {c!r}{nearest(c, _COLUMNS)}" for c in header if c not in _COLUMNS]
    problems += [f"{file.name}: column {c!r} is missing" for c in (*_ENDS, "quantity") if c not in header]
    problems += [f"{file.name}: column {c!r} stands twice" for c in dict.fromkeys(header) if header.count(c) > 1]
    if "goods" in header and usual["goods"] is not None:
        problems.append(f"goods: got {usual['goods']!r}, but {file.name} has a column goods")
    if problems:
        raise DataError(problems)
    raw = pd.DataFrame([row for _, row in lines[1:]], columns=header)
    rows = [number for number, _ in lines[1:]]
    given = {c: value for c, value in usual.items() if c not in raw}
    if "goods" in given:
        given["goods"] = known.goods(None, usual["goods"], file.name)
    return _checked(raw.assign(**given), lambda i: f"{file.name}, row {rows[i]}", known)


def _square(file: Path, lines: list[tuple[int, list[str]]], known: Known, usual: Mapping[str, Any]) -> pd.DataFrame:
    (_, header), body = lines[0], lines[1:]
    columns = known.placed(header[1:], lambda i: f"{file.name}, row 1, column {i + 2}")
    rows = known.placed([row[0] for _, row in body], lambda i: f"{file.name}, row {body[i][0]}, column 1")
    lonely = sorted(set(rows) ^ set(columns))
    if lonely:
        where = "rows" if lonely[0] in columns else "columns"
        said = (
            f"{known.places.label(lonely[0])} is missing among the {where}; name columns origin, destination, quantity"
        )
        raise DataError([f"{file.name}: {len(rows)} rows and {len(columns)} columns are not square: {said}"])
    goods = known.goods(None, usual["goods"], file.name)
    cells = [text for _, row in body for text in row[1:]]
    pairs = [(origin, destination) for origin in rows for destination in columns]
    wide = len(columns)
    raw = pd.DataFrame(pairs, columns=list(_ENDS)).assign(**{**usual, "goods": goods}, quantity=cells)
    return _checked(raw, lambda i: f"{file.name}, row {body[i // wide][0]}, column {header[1 + i % wide]}", known)
