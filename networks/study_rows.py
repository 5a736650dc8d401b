"""Rows added to a study folder: checked together with everything else before a file is touched."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import seeds

from .errors import DataError, nearest
from .gas_tables import load_gas_tables
from .safely import alone, begun, real, replace_all
from .study import STUDY_FILE, references, study_of
from .tables import check_references, load_tables, read_parts, read_table, table_of
from .ways import read_ways

__all__ = ["OWN_SOURCE", "add_rows", "check_study", "make_study", "own_source", "schema_of", "text_of_cell"]

OWN_SOURCE = "OWN"
"""Source of figures that a study states without naming another."""

_STUDY = """\
# A study: tables in this folder are laid over the toolkit's. 'corridors places add', 'corridors links add' and so on
# write rows; any table of the toolkit may stand here with rows of your own, one with the same key replaces the
# toolkit's. Pass the folder with --data.
schema: 1
title: {title}
base: {base}          # toolkit: its network and yours; none: only yours
#remove:              # rows of the toolkit that the study does without; rows that name them go too
#  links: [KZ_AKU-AZ_ALT-ferry]
"""


def make_study(
    folder: str | Path, *, title: str = "", base: str = "toolkit", remove: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """Make a folder a study, with a commented ``study.yaml``.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    title : str
        Otherwise the name of the folder.
    base : str
        ``toolkit`` or ``none``, see `Study`.
    remove : mapping, optional
        Table to keys of rows that the study does without.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        It is a study already, or cannot be written.
    """
    home = Path(folder)
    if base not in ("toolkit", "none"):
        raise DataError([f"base: got {base!r}, expected toolkit or none{nearest(base, ('toolkit', 'none'))}"])
    file = home / STUDY_FILE
    if file.exists():
        raise DataError([f"{file}: is there already"])
    text = _STUDY.format(title=_quoted(title or real(home).name), base=base)
    if remove:
        text += f"remove: {json.dumps({name: list(keys) for name, keys in remove.items()}, ensure_ascii=False)}\n"
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        if not home.exists():
            with begun(home.parent, home.name) as made:
                part = made / "new"
                part.mkdir()
                (part / STUDY_FILE).write_text(text, encoding="utf-8")
                with suppress(OSError):  # another run was quicker
                    part.rename(home)
                    return file
        home.mkdir(exist_ok=True)  # raises where something else stands
        with alone(home), begun(home, "new") as made:
            if file.exists():
                raise DataError([f"{file}: is there already"])
            (made / STUDY_FILE).write_text(text, encoding="utf-8")
            (made / STUDY_FILE).replace(file)
    except OSError as error:
        raise DataError([f"{file}: cannot be written ({error.strerror})"]) from None
    return file


def add_rows(folder: str | Path, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Path]:
    """Add rows to tables of a study; a row with a known key replaces the one that stands there.

    Parameters
    ----------
    folder : path
        With a ``study.yaml``.
    rows : mapping
        Table to rows, each a mapping from column to value; lists and tuples are joined by ``;``.

    Returns
    -------
    list of Path
        Files that were written.

    Raises
    ------
    DataError
        The folder is no study, a column is unknown, or the study would be wrong; then nothing is written.
    """
    home, study = Path(folder), study_of(folder)
    if study is None:
        raise DataError([_no_study(home)])
    try:
        with alone(home):
            return _added(home, rows)
    except UnicodeDecodeError as error:
        raise DataError([f"{home}: a table is not UTF-8 (byte {error.start}); save it as CSV UTF-8"]) from None
    except OSError as error:
        raise DataError([f"{error.filename or home}: cannot be read or written ({error.strerror})"]) from None


def _no_study(home: Path) -> str:
    return f"{home}: no study here; make it one with: corridors study new {home}"


def _added(home: Path, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Path]:
    with begun(home, "add") as part:
        for file in (*home.glob("*.csv"), home / STUDY_FILE):
            shutil.copyfile(file, part / file.name)
        try:
            for name, new in rows.items():
                _merge(name, part / f"{name}.csv", [_cells(name, row) for row in new])
            check_study(part, gas=any(name.startswith("gas_") for name in rows))
        except DataError as error:
            raise DataError(problem.replace(f"{part}/", f"{home}/") for problem in error.problems) from None
        files = {home / f"{name}.csv": part / f"{name}.csv" for name in rows}
        replace_all(files)
        return list(files)


def check_study(folder: str | Path, *, gas: bool = True) -> dict[str, int]:
    """Check all tables of a folder together with those of the toolkit.

    Parameters
    ----------
    folder : path
    gas : bool
        Whether the gas network is checked too, where the study has one.

    Returns
    -------
    dict
        Table to the number of rows that the folder has of its own.

    Raises
    ------
    DataError
        Everything that is wrong.
    """
    study = study_of(folder)
    if study is None:
        raise DataError([_no_study(Path(folder))])
    load_tables(folder)
    own = {file.stem for file in Path(folder).glob("*.csv")}
    unknown = sorted(name for name in own if name in _misspelt(own))
    if unknown:
        known = seeds.descriptor()
        raise DataError([f"{name}.csv: no table is called so{nearest(name, known)}" for name in unknown])
    if gas and (study.has("gas_pipes") or "gas_pipes" in own):
        load_gas_tables(folder)
    tables = sorted(own & set(seeds.descriptor()))
    targets = {target for name in tables for target in _targets(name)}
    check_references(tables, read_parts({*tables, *targets}, folder))
    read_ways(folder=folder)
    return {name: sum(1 for _ in _read(Path(folder) / f"{name}.csv")) for name in tables}


def _targets(name: str) -> set[str]:
    """Return the tables that a table names rows of."""
    schema = schema_of(name)
    lists = {field["references"].split(".")[0] for field in schema["fields"] if "references" in field}
    return lists | {target for _, target in references(schema)}


def own_source(folder: str | Path, title: str = "Figures of this study") -> list[dict[str, Any]]:
    """Return the row of ``sources.csv`` for figures that name no source; empty where it is there."""
    if OWN_SOURCE in set(table_of("sources", folder)["source_id"]):
        return []
    return [{"source_id": OWN_SOURCE, "publisher": "(this study)", "title": title, "grade": "EST"}]


def text_of_cell(value: Any) -> str:
    """Return a value as a cell: lists joined by ``;``, whole numbers without a point, nothing for what is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (list, tuple)):
        return ";".join(map(str, value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _cells(name: str, row: Mapping[str, Any]) -> dict[str, str]:
    columns = [field["name"] for field in schema_of(name)["fields"]]
    unknown = [column for column in row if column not in columns]
    if unknown:
        raise DataError([f"{name}: there is no column {column!r}{nearest(column, columns)}" for column in unknown])
    return {column: text_of_cell(row.get(column)) for column in columns}


def _merge(name: str, file: Path, new: Sequence[dict[str, str]]) -> None:
    schema = schema_of(name)
    columns = [field["name"] for field in schema["fields"]]
    key = schema["primaryKey"]
    if file.exists():
        read_table(name, file)  # refuses columns and cells that would be lost
    old = list(_read(file, columns))
    rows = {tuple(row[k] for k in key): row for row in old}
    if len(rows) < len(old):
        raise DataError([f"{file}: rows with the same {' and '.join(key)} stand twice"])
    rows |= {tuple(row[k] for k in key): row for row in new}
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows.values())


def _read(file: Path, columns: Sequence[str] = ()) -> Iterable[dict[str, str]]:
    if not file.exists():
        return
    with file.open(encoding="utf-8-sig", newline="") as stream:  # Excel begins with a mark
        for row in csv.DictReader(stream):
            if any(row.values()):
                yield dict.fromkeys(columns, "") | {k: v or "" for k, v in row.items() if k}


def schema_of(name: str) -> Mapping[str, Any]:
    """Return the schema of a table; DataError where none is called so."""
    known = seeds.descriptor()
    if name not in known:
        raise DataError([f"there is no table {name!r}{nearest(name, known)}"])
    schema: Mapping[str, Any] = known[name]["schema"]
    return schema


def _misspelt(names: Iterable[str]) -> set[str]:
    """Return the names that are no table but nearly one; other CSV files may lie in the folder."""
    known = seeds.descriptor()
    return {name for name in names if name not in known and nearest(name, known)}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
