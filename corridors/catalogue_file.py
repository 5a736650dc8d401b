"""The catalogue of corridors as it is written: YAML in, checked entries out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from networks import DataError
from networks.errors import nearest
from networks.given import given_yaml
from networks.study import study_of

__all__ = ["ANY", "CATALOGUE", "OWN_CORRIDORS", "Corridor", "load_catalogue"]

OWN_CORRIDORS = "corridors.yaml"
"""File of a study with corridors of its own."""

CATALOGUE = Path(__file__).with_name("catalogue.yaml")


class Corridor(BaseModel):
    """A named family of routes.

    Attributes
    ----------
    corridor_id, title : str
        Short id and name.
    family : str
        Decides the colour in charts.
    via : tuple of tuples of str
        Places or countries to pass, in order; each step is a choice.
    avoid : tuple of str
        Countries, groups, places, links and modes that may not be used.
    between : two tuples of str, or None
        Countries or groups at either end; None: any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    corridor_id: str
    title: str
    family: Literal["sea", "northern", "middle", "instc", "southern", "arctic", "other"] = "other"
    via: tuple[tuple[str, ...], ...]
    avoid: tuple[str, ...] = ()
    between: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    @field_validator("via", mode="before")
    @classmethod
    def _steps(cls, value: Any) -> Any:
        return [[step] if isinstance(step, str) else step for step in value] if isinstance(value, list) else value


ANY = Corridor(corridor_id="any", title="Any way", via=())
"""The network without a filter, for pairs that no corridor serves."""


def load_catalogue(path: str | Path | None = None, folder: str | Path | None = None) -> dict[str, Corridor]:
    """Read a catalogue of corridors.

    Parameters
    ----------
    path : path, optional
        YAML file of corridors to add to the toolkit's; one of the same id replaces it.
    folder : path, optional
        Study: its ``corridors.yaml`` is added too. A study of a network of its own has only that, or `ANY`.

    Returns
    -------
    dict
        Corridor id to corridor, in the order of the files.

    Raises
    ------
    DataError
        The file cannot be read or an entry is wrong; file, corridor and key are named.
    """
    study = study_of(folder)
    alone = study is not None and study.base == "none"
    own = Path(folder or ".") / OWN_CORRIDORS
    found = {} if alone else dict(_toolkit())
    if study is not None and own.is_file():
        found |= _read(own)
    if path is not None:
        found |= _read(Path(path))
    return found or {ANY.corridor_id: ANY}


@cache
def _toolkit() -> dict[str, Corridor]:
    return _read(CATALOGUE)


def _read(path: Path) -> dict[str, Corridor]:
    try:
        data = given_yaml(path)
    except FileNotFoundError as error:
        raise DataError([f"{path}: cannot be read ({error.strerror})"]) from None
    if not isinstance(data, Mapping):
        raise DataError([f"{path}: expected corridor ids with their keys, got {type(data).__name__}"])
    problems: list[str] = []
    found: dict[str, Corridor] = {}
    for name, entry in data.items():
        try:
            corridor = found[str(name)] = Corridor(corridor_id=str(name), **entry)
            if not corridor.via or not all(corridor.via):
                problems.append(f"{path.name}, {name}, via: expected at least one place in every step")
        except TypeError:
            problems.append(f"{path.name}, {name}: expected keys title and via")
        except ValidationError as error:
            for wrong in error.errors():
                key = ".".join(str(part) for part in wrong["loc"])
                hint = nearest(key, Corridor.model_fields) if wrong["type"] == "extra_forbidden" else ""
                problems.append(f"{path.name}, {name}, {key}: {wrong['msg']}{hint}")
    if problems:
        raise DataError(problems)
    return found
