"""Cells of tables as formats hold them, and tables made again, and checked, from what formats give back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

import seeds

from ..errors import DataError
from ..tables import NETWORK, Tables, load_tables
from ..ways import CREDIT, FILES

__all__ = ["at_points", "checked", "credit", "flat", "kinds", "left_out", "write_tables"]


def kinds(name: str) -> dict[str, str]:
    """Return the type of each column of a table: string, number, integer or list."""
    return {field["name"]: field["type"] for field in seeds.descriptor()[name]["schema"]["fields"]}


def flat(name: str, frame: pd.DataFrame, delimiter: str | None = ";") -> pd.DataFrame:
    """Return a table with its key as first column, each column of one plain type.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : DataFrame
        Indexed by its key, as in `Tables`, or with the key among its columns.
    delimiter : str, optional
        What stands between the values of a list; None: lists stay Python lists.

    Returns
    -------
    DataFrame
        Index 0, 1, …; text is never missing, numbers are floats with NaN.
    """
    plain = frame.reset_index() if frame.index.name == _key(name) else frame.reset_index(drop=True)
    for column, kind in kinds(name).items():
        if column not in plain:
            continue
        if kind == "list":
            values = [() if isinstance(cell, float) or cell is None else cell for cell in plain[column]]
            cells = [list(cell) if delimiter is None else _joined(cell, delimiter) for cell in values]
            plain[column] = pd.Series(cells, index=plain.index, dtype=object if delimiter is None else str)
        elif kind == "string":
            plain[column] = plain[column].astype(object).where(plain[column].notna(), "").astype(str)
        else:
            plain[column] = plain[column].astype(float)
    return plain


def checked(frames: Mapping[str, pd.DataFrame], where: Path, rest: Tables | None = None) -> Tables:
    """Return tables from what a file gave, checked like tables read by `networks.load_tables`.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by name, as `flat` takes them. Columns that may be empty can be missing; others than those of
        the table are not read.
    where : Path
        The file that they come from, for messages.
    rest : Tables, optional
        Where tables that are not given are taken from; without it, the toolkit's. Its borders, stops
        and links that name a place or a link that is not there are dropped.

    Raises
    ------
    DataError
        A column or a value is wrong, or names a row that is not there; rows are counted from 2.
    """
    whole = dict(frames)
    if rest is not None:
        whole = {name: getattr(rest, name) for name in NETWORK} | whole
        places, links = set(_keys("places", whole["places"])), set(_keys("links", whole["links"]))
        whole["borders"] = whole["borders"][whole["borders"]["link_id"].isin(links)]
        whole["stops"] = whole["stops"][whole["stops"]["place_id"].isin(places | {""})]
    with tempfile.TemporaryDirectory() as folder:
        try:
            write_tables(whole, Path(folder))
            return replace(load_tables(folder), folder=rest.folder if rest else None)
        except DataError as error:
            told = (problem.replace(f"{folder}/", "").replace(".csv", "", 1) for problem in error.problems)
            raise DataError(f"{where}: {problem}" for problem in told) from None


def at_points(places: Any) -> pd.DataFrame:
    """Return places whose ``lon`` and ``lat``, degrees, are those of their points; without the points."""
    points = places.geometry.to_crs("EPSG:4326")
    return pd.DataFrame(places.drop(columns=[places.geometry.name, "bbox"], errors="ignore")).assign(
        lon=points.x, lat=points.y
    )


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as CSV files that `networks.load_tables` reads."""
    for name, frame in frames.items():
        plain = flat(name, frame)
        plain = plain[[column for column in kinds(name) if column in plain]]
        plain.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


def credit(links: pd.DataFrame) -> str:
    """Return whom lines of links are owed to, or "" if they follow nothing of others."""
    return CREDIT if "basis" in links and links["basis"].isin(FILES).any() else ""


def left_out(tables: Tables, carried: tuple[str, ...], title: str) -> list[str]:
    """Return a sentence for each table with rows that a format does not carry."""
    lost = [(name, len(getattr(tables, name))) for name in NETWORK if name not in carried]
    return [f"{title} does not carry the table {name} ({count:,} rows)." for name, count in lost if count]


def _key(name: str) -> str:
    return str(seeds.descriptor()[name]["schema"]["primaryKey"][0])


def _keys(name: str, frame: pd.DataFrame) -> pd.Index | pd.Series[Any]:
    return frame.index if frame.index.name == _key(name) else frame.get(_key(name), frame.index)


def _joined(cell: object, delimiter: str) -> str:
    return cell if isinstance(cell, str) else delimiter.join(str(value) for value in cell)  # type: ignore[attr-defined]
