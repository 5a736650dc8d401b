"""Origin-destination tables of one's own: cells of a market in ``demand_cells.csv``, read, checked and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import seeds
from networks import GRADES, DataError, table_of
from networks.errors import nearest
from networks.safely import alone
from networks.study import STUDY_FILE, study_of
from networks.tables import check_references, file_row, read_parts, read_table

from .files import csv_rows, write_texts
from .matrices import demand_rows

__all__ = ["own_cells", "read_zones", "write_demand"]

_TABLE = "demand_cells"
_NEEDED = (_TABLE, "demand", "markets", "places", "goods", "sources")
_KEY = ["market_id", "year", "origin", "destination", "goods"]
_YEARS = (1990, 2050)


def own_cells(folder: str | Path | None = None) -> pd.DataFrame:
    """Return the cells of markets that are known cell by cell.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own.

    Returns
    -------
    DataFrame
        ``market``, ``year``, ``origin``, ``destination`` (place ids), ``goods``, ``quantity`` and ``unit`` (TEU or t a
        year), ``grade``, ``source_id`` (tuple); no rows where there is none.

    Raises
    ------
    DataError
        Wrong tables: a market, place, goods or source that is unknown, freight from a place to itself, a cell that
        stands twice, a market that stands in ``demand.csv`` too.
    """
    if table_of(_TABLE, folder).empty:
        return pd.DataFrame(columns=["market", *_KEY[1:], "quantity", "unit", "grade", "source_id"])
    frames = read_parts(_NEEDED, folder)
    check_references((_TABLE,), frames)
    cells = frames[_TABLE]
    problems = [*_wrong_cells(cells), *_in_both(cells, frames["demand"])]
    if problems:
        raise DataError(problems)
    unit = cells["market_id"].map(frames["markets"].set_index("market_id")["unit"])
    table = cells.assign(unit=unit, year=cells["year"].astype(int)).rename(columns={"market_id": "market"})
    return table.drop(columns=["cell_id", "derivation"]).reset_index(drop=True)


def _wrong_cells(cells: pd.DataFrame) -> Iterator[str]:
    for row in cells.index[cells["origin"] == cells["destination"]]:
        place = cells.at[row, "origin"]
        yield f"{_TABLE}.csv, row {file_row(row)}: {place} ships to itself, expected two places"
    for row in cells.index[cells.duplicated(_KEY)]:
        cell = " - ".join(f"{value:.0f}" if isinstance(value, float) else value for value in cells.loc[row, _KEY])
        yield f"{_TABLE}.csv, row {file_row(row)}: {cell} stands twice"


def _in_both(cells: pd.DataFrame, demand: pd.DataFrame) -> Iterator[str]:
    first = cells[~cells.duplicated("market_id")]
    for row, market in first.loc[first["market_id"].isin(demand["market_id"]), "market_id"].items():
        where = f"{_TABLE}.csv, row {file_row(row)}, column market_id"
        yield f"{where}: {market!r} has totals in demand.csv, expected a market with cells only"


def write_demand(
    frame: pd.DataFrame,
    folder: str | Path,
    market: str,
    *,
    title: str,
    year: int,
    source_id: str | Sequence[str],
    grade: str = "EST",
    unit: str = "TEU",
    families: Sequence[str] | None = None,
    derivation: str = "",
) -> None:
    """Write a demand into a study, as the cells of a market in a year.

    Parameters
    ----------
    frame : DataFrame
        As `corridors.matrices.read_matrix` returns it; ``market`` does not count.
    folder : path
        Study, with a ``study.yaml``. ``markets.csv`` and ``demand_cells.csv`` are written, both or none. Rows of other
        markets and years stay; those of the market in that year are replaced.
    market : str
        Id of a market that has no totals in ``demand.csv``.
    title : str
        Of the market.
    year : int
        Year of the quantities.
    source_id : str or sequence of str
        Rows of ``sources.csv``.
    grade : str
        A, B, C or EST, where the frame has no column ``grade``.
    unit : str
        TEU or t, that of the frame.
    families : sequence of str, optional
        Families of corridors between which the market chooses; otherwise those that it has, or those of any market.
    derivation : str
        How the quantities were reached.

    Raises
    ------
    DataError
        The folder is no study, something is unknown or wrong, the market has totals in ``demand.csv``, or has cells of
        other years in another unit; nothing is written then.
    """
    home = Path(folder)
    if study_of(home) is None:
        raise DataError([f"{home}: holds no {STUDY_FILE}, expected a study, whose rows are laid over the toolkit's"])
    sources = [source_id] if isinstance(source_id, str) else list(source_id)
    _check(home, market, title, year, sources, grade)
    with alone(home):
        frames = read_parts(("markets", "demand", _TABLE), home)
        known = frames["markets"].set_index("market_id")
        table = demand_rows(frame.drop(columns="market", errors="ignore"), {"market": market, "grade": grade}, home)
        kept = [row for row in _rows(home, _TABLE) if (row["market_id"], int(float(row["year"]))) != (market, year)]
        if market in set(frames["demand"]["market_id"]):
            raise DataError([f"market: {market!r} has totals in demand.csv, expected a market with cells only"])
        _check_unit(
            unit, table, known["unit"].get(market, unit) if any(row["market_id"] == market for row in kept) else unit
        )
        entry = {"market_id": market, "title": title, "unit": unit, **_choice(home, known, market, families)}
        stays = [row for row in _rows(home, "markets") if row["market_id"] != market]
        cells = [*kept, *_cells(table, market, year, ";".join(sources), derivation)]
        texts = {"markets": _text("markets", [*stays, entry]), _TABLE: _text(_TABLE, cells)}
        write_texts({home / f"{name}.csv": text for name, text in texts.items()})


def read_zones(path: str | Path) -> dict[str, str]:
    """Return the place of each zone by a CSV file with columns ``zone`` and ``place``.

    Raises
    ------
    DataError
        The file cannot be read, has other columns, an empty cell, or a zone that stands twice.
    """
    file = Path(path)
    (_, header), *rows = csv_rows(file) or [(1, [""])]
    if header != ["zone", "place"]:
        raise DataError([f"{file}, row 1: got {','.join(header)!r}, expected the columns zone,place"])
    found: dict[str, str] = {}
    problems = []
    for number, row in rows:
        if len(row) != 2 or not all(row):
            problems.append(f"{file.name}, row {number}: got {','.join(row)!r}, expected a zone and a place")
        elif row[0] in found:
            problems.append(f"{file.name}, row {number}, column zone: {row[0]!r} stands twice")
        else:
            found[row[0]] = row[1]
    if problems:
        raise DataError(problems)
    return found


def _check(home: Path, market: str, title: str, year: int, sources: Sequence[str], grade: str) -> None:
    """Check what is said about a frame.

    Raises
    ------
    DataError
        All that is wrong.
    """
    known = set(table_of("sources", home)["source_id"])
    problems = [f"source: {s!r} is not in sources.csv{nearest(s, known)}" for s in sources if s not in known]
    if not sources:
        problems.append("source: got none, expected at least one row of sources.csv")
    for name, text in (("market", market), ("title", title)):
        if not text.strip() or text != text.strip():
            problems.append(f"{name}: got {text!r}, expected text without spaces around it")
    first, last = _YEARS
    if not first <= year <= last or year != int(year):
        problems.append(f"year: got {year}, expected {first} to {last}")
    if grade not in GRADES:
        problems.append(f"grade: got {grade!r}, expected one of {', '.join(GRADES)}{nearest(grade, GRADES)}")
    if problems:
        raise DataError(problems)


def _check_unit(unit: str, table: pd.DataFrame, elsewhere: str) -> None:
    """Check that a frame, and the cells of other years, are in the unit of the market."""
    for row in table.index[table["unit"] != unit][:1]:
        cell = " - ".join(map(str, table.loc[row, ["origin", "destination", "goods"]]))
        raise DataError([f"unit: got {unit!r}, but {cell} is in {table.at[row, 'unit']}"])
    if unit != elsewhere:
        raise DataError([f"unit: got {unit!r}, but the cells of the market in other years are in {elsewhere}"])


def _choice(home: Path, known: pd.DataFrame, market: str, families: Sequence[str] | None) -> dict[str, str]:
    """Return what a market chooses between and what is counted: as said, as it was, or as other markets choose."""
    from .catalogue_file import load_catalogue

    every = list(dict.fromkeys(corridor.family for corridor in load_catalogue(None, home).values()))
    for family in families or ():
        if family not in every:
            raise DataError([f"families: {family!r} is unknown{nearest(family, every)}"])
    had = known.loc[market] if market in known.index else None
    others = dict.fromkeys(family for row in known["families"] for family in row if family in every)
    usual = list(others or every) if had is None else had["families"]
    perimeter = "an origin-destination table" if had is None else str(had["perimeter"])
    return {"families": ";".join(families or usual), "perimeter": perimeter}


def _cells(table: pd.DataFrame, market: str, year: int, source: str, derivation: str) -> list[dict[str, str]]:
    common = {"market_id": market, "year": str(year), "source_id": source, "derivation": derivation}
    return [
        {
            **common,
            "cell_id": f"{market}-{year}-{row.origin}-{row.destination}-{row.goods}",
            **{c: str(getattr(row, c)) for c in ("origin", "destination", "goods", "grade")},
            "quantity": repr(float(row.quantity)),
        }
        for row in table.itertuples()
    ]


def _rows(home: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a study's own table as they stand, checked; none where there is no such file."""
    file = home / f"{name}.csv"
    if not file.exists():
        return []
    read_table(name, file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return [{k: v.strip() for k, v in row.items()} for row in csv.DictReader(stream) if any(row.values())]


def _text(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    columns = [field["name"] for field in seeds.descriptor()[name]["schema"]["fields"]]
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
