"""A folder of one's own with ``study.yaml``: its rows are laid over the toolkit's tables, or stand alone."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

import seeds

from .errors import DataError, nearest
from .given import given_yaml

__all__ = ["KNOWLEDGE", "REMOVABLE", "STUDY_FILE", "Study", "gone", "references", "study_of"]

STUDY_FILE = "study.yaml"
"""File that makes a folder a study. Without it a table in the folder replaces the toolkit's as a whole."""

KNOWLEDGE = (
    *("sources", "countries", "rates", "goods", "shippers", "parameters", "packages", "appraisal"),
    *("carbon_prices", "price_indices", "year_inputs", "gas_bases"),
)
"""Tables that hold for any network: a study of a network of its own has the toolkit's too."""


REMOVABLE = ("links", "borders", "stops", "projects", "events", "markets", "demand", "demand_shares", "growth")
"""Tables whose rows a study may do without: what else refers to them hangs on them alone, or lists them."""


class Study(BaseModel):
    """What ``study.yaml`` says.

    Attributes
    ----------
    title : str
        Of the study.
    base : str
        ``toolkit``: rows of the folder's tables are added to the toolkit's, or replace those with the same key.
        ``none``: a network of its own; only what holds for any network is the toolkit's.
    remove : dict
        Table, one of `REMOVABLE`, to keys of the toolkit's rows that the study does without. Rows that name one of them
        go too; lists lose it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    title: str = ""
    base: Literal["toolkit", "none"] = "toolkit"
    remove: dict[str, tuple[str, ...]] = {}

    @field_validator("remove", mode="before")
    @classmethod
    def _nothing_below(cls, value: Any) -> Any:
        return {} if value is None else value

    def has(self, name: str) -> bool:
        """Return whether the toolkit's rows of a table belong to the study.

        Parameters
        ----------
        name : str
            Of the table, without ``.csv``.
        """
        return self.base == "toolkit" or name in KNOWLEDGE


def study_of(folder: str | Path | None) -> Study | None:
    """Return the study that a folder holds; None where it has no ``study.yaml``.

    Parameters
    ----------
    folder : path or None
        Where to look.

    Raises
    ------
    DataError
        The file cannot be read or holds something else.
    """
    if folder is None:
        return None
    file = Path(folder) / STUDY_FILE
    try:
        state = file.stat()
    except OSError as error:
        if file.is_symlink():  # that leads nowhere
            raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
        return None
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _read(file: Path, _changed: int, _size: int) -> Study:
    try:
        raw = given_yaml(file) or {}
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    if not isinstance(raw, Mapping):
        raise DataError([f"{file}: expected keys such as title and base, got {type(raw).__name__}"])
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise DataError([_told(file, wrong) for wrong in error.errors()]) from None
    problems = [_not_removable(file, name) for name in study.remove if name not in REMOVABLE]
    problems += [told for name in study.remove if name in REMOVABLE for told in _not_there(file, name, study)]
    if problems:
        raise DataError(problems)
    return study


def _not_removable(file: Path, name: str) -> str:
    known = seeds.descriptor()
    if name not in known:
        return f"{file}, remove: there is no table {name!r}{nearest(name, known)}"
    way = "remove its links" if name == "places" else f"put a changed row into {name}.csv"
    return f"{file}, remove: rows of {name} cannot go, expected one of {', '.join(REMOVABLE)}; {way} instead"


def _not_there(file: Path, name: str, study: Study) -> Iterable[str]:
    """Yield the keys that are to go and are not in the toolkit's table."""
    key = seeds.descriptor()[name]["schema"]["primaryKey"][0]
    with seeds.table_path(name).open(encoding="utf-8", newline="") as stream:
        known = dict.fromkeys(row[key] for row in csv.DictReader(stream))
    for word in study.remove[name]:
        if word not in known:
            yield f"{file}, remove: {name} has no {word!r}{nearest(word, known)}"


def _told(file: Path, wrong: Mapping[str, Any]) -> str:
    where = ".".join(map(str, wrong["loc"]))
    known = ("schema", "title", "base", "remove")
    hint = nearest(where, known) if wrong["type"] == "extra_forbidden" else ""
    return f"{file}, {where}: {wrong['msg']}, got {str(wrong['input'])[:60]!r}{hint}"


def gone(study: Study, name: str) -> dict[str, frozenset[str]]:
    """Return the values by column that lose a row of a toolkit's table: removed itself, or what it hangs on.

    Parameters
    ----------
    study : Study
    name : str
        Table.
    """
    schema = seeds.descriptor()[name]["schema"]
    found: dict[str, frozenset[str]] = {}
    if name in study.remove:
        found[schema["primaryKey"][0]] = frozenset(study.remove[name])
    for column, target in references(schema):
        if target in study.remove:
            found[column] = found.get(column, frozenset()) | frozenset(study.remove[target])
    return found


def references(schema: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the columns of a table that name one row of another, and that table."""
    for field in schema["fields"]:
        if "references" in field and field["type"] != "list":
            yield field["name"], field["references"].split(".")[0]
    for key in schema.get("foreignKeys", ()):
        yield key["fields"][0], key["reference"]["resource"]
