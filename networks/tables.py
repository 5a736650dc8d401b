"""Tables in: read CSV files, check every value against the description, say what is wrong where."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

import seeds

from .errors import DataError, nearest
from .given import check_table
from .study import Study, gone, study_of

__all__ = [
    "GRADES",
    "NETWORK",
    "Tables",
    "check_references",
    "file_row",
    "load_tables",
    "read_parts",
    "read_table",
    "table_file",
    "table_of",
]

GRADES = ("A", "B", "C", "EST")
"""Grades of figures, best first: official, press, weak, own estimate."""

NETWORK = ("sources", "countries", "places", "rates", "links", "borders", "stops", "goods", "parameters")
"""Names of the tables that make a network."""


_OWN = 10**7  # rows of a folder's own file are counted from here where they are laid over others


@dataclass(frozen=True)
class Tables:
    """The tables that make a network, each indexed by its key; columns as in ``datapackage.json``.

    Lists (``aliases``, ``gauge_mm``, ``*_source_id``) are tuples of strings; numbers are floats with
    NaN for missing; text is a string, empty for missing.

    Attributes
    ----------
    countries, places, rates, links, borders, stops, goods, parameters, sources : DataFrame
        ``countries.csv`` and so on.
    folder : Path or None
        Folder with tables of one's own that they were read from.
    """

    countries: pd.DataFrame
    places: pd.DataFrame
    rates: pd.DataFrame
    links: pd.DataFrame
    borders: pd.DataFrame
    stops: pd.DataFrame
    goods: pd.DataFrame
    parameters: pd.DataFrame
    sources: pd.DataFrame
    folder: Path | None = None

    def parameter(self, name: str) -> float:
        """Return one parameter of the method, in the unit that its row states.

        Parameters
        ----------
        name : str
            Row of ``parameters.csv``.
        """
        return float(self.parameters.at[name, "value"])


def load_tables(folder: str | Path | None = None) -> Tables:
    """Read and check the tables of a network.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own, named as in ``seeds/``. A table that is not there is taken from the toolkit.
        With a ``study.yaml`` in it, rows of your tables are laid over the toolkit's, see `networks.study`. Without a
        folder all are the toolkit's.

    Returns
    -------
    Tables

    Raises
    ------
    DataError
        The folder or a file cannot be read, or a value is wrong; all problems are listed.
    """
    frames = read_parts(NETWORK, folder)
    check_references(NETWORK, frames)
    keyed = {name: _keyed(name, frame) for name, frame in frames.items()}
    return Tables(**keyed, folder=None if folder is None else Path(folder))


def table_of(name: str, folder: str | Path | None = None) -> pd.DataFrame:
    """Return one table as a folder of one's own has it; references to other tables are not followed.

    Parameters
    ----------
    name : str
        Name of the table in ``datapackage.json``.
    folder : path, optional
        As in `load_tables`.

    Returns
    -------
    DataFrame
        One row per row, index 0, 1, …; columns as in ``datapackage.json``.

    Raises
    ------
    DataError
        No such folder, unreadable file, wrong columns or wrong values.
    """
    return _laid(name, folder).reset_index(drop=True)


def read_parts(names: Iterable[str], folder: str | Path | None) -> dict[str, pd.DataFrame]:
    """Return tables by name, indexed such that `file_row` tells the row of the file.

    Raises
    ------
    DataError
        What is wrong in any of them.
    """
    frames: dict[str, pd.DataFrame] = {}
    problems: list[str] = []
    if folder is not None and not Path(folder).is_dir():
        raise DataError([_no_folder(folder)])
    for name in names:
        try:
            frames[name] = _laid(name, folder)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return frames


def file_row(row: Any) -> int:
    """Return the row of the file, counted from the header as row 1, of a row of `read_parts`."""
    return int(row) % _OWN + 2


def _laid(name: str, folder: str | Path | None) -> pd.DataFrame:
    """Return the toolkit's table, the folder's, or the folder's rows laid over the toolkit's."""
    file, study = table_file(name, folder), study_of(folder)
    if study is None:
        return read_table(name, file)
    ours = seeds.table_path(name)
    base = _kept(name, read_table(name, ours), study)
    if file == ours:
        return base
    own = read_table(name, file)
    own.index += _OWN
    key = seeds.descriptor()[name]["schema"]["primaryKey"]
    replaced = pd.MultiIndex.from_frame(base[key]).isin(pd.MultiIndex.from_frame(own[key]))
    rest = base[~replaced]
    whole = pd.concat([rest, own]) if len(rest) else own
    _check_unique(name, whole, own)
    return whole


def _check_unique(name: str, whole: pd.DataFrame, own: pd.DataFrame) -> None:
    """Check what must be unique over the toolkit's rows and the folder's together."""
    problems = []
    for field in seeds.descriptor()[name]["schema"]["fields"]:
        if field.get("constraints", {}).get("unique"):
            cells = whole[field["name"]]
            twice = cells.index[cells.duplicated(keep=False) & (cells != "")]
            problems += [
                f"{_at(seeds.table_path(name), row, field)}: {cells[row]!r} stands in the toolkit's table too"
                for row in twice.intersection(own.index)
            ]
    if problems:
        raise DataError(problems)


def _kept(name: str, base: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the toolkit's rows that a study builds on."""
    if not study.has(name):
        base = base[base["place_id"] == ""] if name == "stops" else base.iloc[:0]
    for column, values in gone(study, name).items():
        base = base[~base[column].isin(values)]
    for field in seeds.descriptor()[name]["schema"]["fields"]:
        lost = frozenset(study.remove.get(field.get("references", "").split(".")[0], ()))
        if lost and field["type"] == "list":
            kept = base[field["name"]].map(lambda cell, lost=lost: tuple(x for x in cell if x not in lost))
            base = base.assign(**{field["name"]: kept})
    return base


def read_table(name: str, path: str | Path | None = None) -> pd.DataFrame:
    """Read one table and check its values; references to other tables are not followed.

    Parameters
    ----------
    name : str
        Name of the table in ``datapackage.json``.
    path : path, optional
        File to read instead of the toolkit's.

    Returns
    -------
    DataFrame
        One row per row of the file, index 0, 1, …; columns as in ``datapackage.json``.

    Raises
    ------
    DataError
        Unreadable file, wrong columns or wrong values.
    """
    file = Path(path) if path else seeds.table_path(name)
    try:
        state = file.stat()
    except OSError:
        return _read(name, file)  # which says what is wrong
    return _remembered(name, file, state.st_mtime_ns, state.st_size).copy()


@lru_cache(maxsize=64)
def _remembered(name: str, file: Path, _changed: int, _size: int) -> pd.DataFrame:
    """Return a table, read once as long as its file stays as it is."""
    return _read(name, file)


def _read(name: str, file: Path) -> pd.DataFrame:
    fields = {f["name"]: f for f in seeds.descriptor()[name]["schema"]["fields"]}
    raw = _read_text(file)
    _check_columns(file, raw, fields)
    raw = raw.reindex(columns=list(fields), fill_value="").apply(lambda column: column.str.strip())
    typed = pd.DataFrame({c: _typed(raw[c], f["type"]) for c, f in fields.items()})
    problems = [p for c, f in fields.items() for p in _wrong_type(file, raw[c], typed[c], f)]
    for column, field in fields.items():
        check = _bad_list if field["type"] == "list" else _broken_constraints
        problems += check(file, raw[column], typed[column], field)
    problems += _twice(name, file, raw)
    if problems:
        raise DataError(problems)
    return typed


def _twice(name: str, file: Path, raw: pd.DataFrame) -> Iterator[str]:
    """Yield what is wrong with a key of several columns; one of a single column is said to be unique."""
    key = seeds.descriptor()[name]["schema"]["primaryKey"]
    if len(key) < 2:
        return
    for row in raw.index[raw.duplicated(key)]:
        values = ", ".join(f"{column} {raw.at[row, column]!r}" for column in key)
        yield f"{file.name}, row {file_row(row)}: {values} stands twice, expected to be unique"


def table_file(name: str, folder: str | Path | None) -> Path:
    """Return the file of a table: the user's if the folder has one, else the toolkit's.

    Parameters
    ----------
    name : str
        Of the table, without ``.csv``.
    folder : path or None
        Folder with tables of one's own.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    DataError
        No such folder.
    """
    if folder is None:
        return seeds.table_path(name)
    own = Path(folder)
    if not own.is_dir():
        raise DataError([_no_folder(folder)])
    file = own / f"{name}.csv"
    return file if file.exists() or file.is_symlink() else seeds.table_path(name)


def _no_folder(folder: str | Path) -> str:
    return f"{folder}: no such folder; expected one with CSV files such as places.csv"


def _read_text(file: Path) -> pd.DataFrame:
    check_table(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the header are not dropped
            raw = pd.read_csv(
                file, dtype=str, keep_default_na=False, encoding="utf-8", skip_blank_lines=False, index_col=False
            )
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        raise DataError([f"{file}: {where} is not UTF-8; save the file as CSV UTF-8"]) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        raise DataError([f"{file}: not a readable CSV table ({str(error).strip()})"]) from None
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
    return raw[(raw.fillna("") != "").any(axis=1)].fillna("")


def _check_columns(file: Path, raw: pd.DataFrame, fields: Mapping[str, Any]) -> None:
    needed = [c for c, f in fields.items() if f.get("constraints", {}).get("required")]
    problems = [f"{file}: column {c!r} is missing" for c in needed if c not in raw]
    unknown = [str(column) for column in raw.columns if column not in fields]
    problems += [f"{file}: unknown column {column!r}{nearest(column, fields)}" for column in unknown]
    if problems:
        raise DataError(problems)


def _typed(text: pd.Series[str], kind: str) -> pd.Series[Any]:
    if kind in ("number", "integer"):
        known = pd.to_numeric(text.where(text != ""), errors="coerce").notna()
        number = text[known].astype(float).reindex(text.index)  # exact, which to_numeric of pandas 2 is not
        return number.mask(number.abs() == float("inf"))
    if kind == "list":
        return text.map(lambda cell: tuple(x.strip() for x in cell.split(";") if x.strip()))
    return text


def _wrong_type(file: Path, text: pd.Series[str], typed: pd.Series[Any], field: Mapping[str, Any]) -> Iterator[str]:
    if field["type"] not in ("number", "integer"):
        return
    bad = (text != "") & typed.isna()
    if field["type"] == "integer":
        bad |= typed.notna() & (typed % 1 != 0)
    for row in bad[bad].index:
        yield f"{_at(file, row, field)}: {text[row]!r} is not a {_wanted(field)}"


def _broken_constraints(
    file: Path, text: pd.Series[str], typed: pd.Series[Any], field: Mapping[str, Any]
) -> Iterator[str]:
    rule = field.get("constraints", {})
    given = text != ""
    bad = pd.Series(False, index=text.index)
    if "enum" in rule:
        bad |= given & ~text.isin(rule["enum"])
    if "pattern" in rule:
        bad |= given & ~text.str.fullmatch(rule["pattern"])
    if "minimum" in rule:
        bad |= typed < rule["minimum"]
    if "maximum" in rule:
        bad |= typed > rule["maximum"]
    for row in bad[bad].index:
        yield f"{_at(file, row, field)}: {_not_allowed(text[row], field)}"
    if rule.get("required"):
        for row in text.index[~given]:
            yield f"{_at(file, row, field)}: is empty, expected {_wanted(field)}"
    if rule.get("unique"):
        for row in text.index[given & text.duplicated()]:
            yield f"{_at(file, row, field)}: {text[row]!r} stands twice, expected to be unique"


def _not_allowed(value: str, field: Mapping[str, Any]) -> str:
    allowed = _allowed(field)
    hint = nearest(value, allowed) if allowed else ""
    return f"{value!r} is not allowed, expected {_wanted(field)}{hint}"


def _bad_list(file: Path, text: pd.Series[str], typed: pd.Series[Any], field: Mapping[str, Any]) -> Iterator[str]:
    rule = field.get("constraints", {})
    if rule.get("required"):
        for row in text.index[text == ""]:
            yield f"{_at(file, row, field)}: is empty, expected at least one value"
    if "items" not in field:
        return
    values = typed.explode().dropna()
    for row, value in values[~values.isin(field["items"])].items():
        yield f"{_at(file, row, field)}: {_not_allowed(value, field)}"


def check_references(names: Iterable[str], frames: Mapping[str, pd.DataFrame]) -> None:
    """Check that the cells of tables name rows of others that are there.

    Raises
    ------
    DataError
        Every cell that does not.
    """
    problems = [p for name in names for p in _dangling(name, frames)]
    if problems:
        raise DataError(problems)


def _dangling(name: str, frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    schema = seeds.descriptor()[name]["schema"]
    targets = {f["name"]: tuple(f["references"].split(".")) for f in schema["fields"] if "references" in f}
    for key in schema.get("foreignKeys", ()):
        targets[key["fields"][0]] = (key["reference"]["resource"], key["reference"]["fields"][0])
    fields = {f["name"]: f for f in schema["fields"]}
    for column, (table, target) in targets.items():
        known = set(frames[table][target])
        cells = frames[name][column].explode()
        for row, value in cells[cells.notna() & (cells != "") & ~cells.isin(known)].items():
            where = _at(seeds.table_path(name), row, fields[column])
            yield f"{where}: {value!r} is not in {table}.csv{nearest(str(value), known)}"


def _keyed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    key = seeds.descriptor()[name]["schema"]["primaryKey"][0]
    return frame.set_index(key)


def _at(file: Path, row: Any, field: Mapping[str, Any]) -> str:
    return f"{file.name}, row {file_row(row)}, column {field['name']}"


def _allowed(field: Mapping[str, Any]) -> list[str]:
    words: list[str] = field.get("items") or field.get("constraints", {}).get("enum", [])
    return words


def _wanted(field: Mapping[str, Any]) -> str:
    rule = field.get("constraints", {})
    if _allowed(field):
        return f"one of {', '.join(_allowed(field))}"
    if "minimum" in rule or "maximum" in rule:
        bounds = f"{rule.get('minimum', '')}..{rule.get('maximum', '')}"
        return f"{field['type']} within {bounds} {field.get('unit', '')}".strip()
    if "pattern" in rule:
        return f"text of the form {rule['pattern']}"
    return f"{field['type']}" + (f" in {field['unit']}" if "unit" in field else "")
