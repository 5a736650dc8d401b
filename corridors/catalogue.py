"""The catalogue of corridors: named filters on the network, read from YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from networks import DataError, PlaceError, PlaceNames, Supernetwork, Tables
from networks.errors import nearest
from networks.names import plain

__all__ = ["ANY", "CATALOGUE", "Corridor", "Filters", "load_catalogue"]

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
_MODES = ("rail", "road", "sea", "feeder", "ferry", "inland")


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


def load_catalogue(path: str | Path | None = None) -> dict[str, Corridor]:
    """Read a catalogue of corridors.

    Parameters
    ----------
    path : path, optional
        YAML file of corridors to add to the toolkit's; one of the same id replaces it.

    Returns
    -------
    dict
        Corridor id to corridor, in the order of the files.

    Raises
    ------
    DataError
        The file cannot be read or an entry is wrong; file, corridor and key are named.
    """
    found = _read(CATALOGUE)
    return found if path is None else {**found, **_read(Path(path))}


def _read(path: Path) -> dict[str, Corridor]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError([f"{path}: cannot be read ({error.strerror})"]) from None
    except UnicodeDecodeError as error:
        raise DataError([f"{path}: byte {error.start} is not UTF-8"]) from None
    except YAMLError as error:
        raise DataError([f"{path}: not readable as YAML: {' '.join(str(error).split())}"]) from None
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


@dataclass(frozen=True)
class Filters:
    """Turns the words of a catalogue or a command line into places and arcs of one network."""

    network: Supernetwork

    @property
    def tables(self) -> Tables:
        """Tables of the network."""
        return self.network.tables

    @cached_property
    def names(self) -> PlaceNames:
        """Finder of place names."""
        return PlaceNames(self.tables.places)

    @cached_property
    def groups(self) -> dict[str, frozenset[str]]:
        """Countries by code, by name and by group."""
        found: dict[str, set[str]] = {}
        for country in self.tables.countries.itertuples():
            for word in (country.Index, country.name, *country.groups):
                found.setdefault(str(word), set()).add(str(country.Index))
        return {word: frozenset(members) for word, members in found.items()}

    def countries(self, words: Iterable[str]) -> frozenset[str]:
        """Return the countries that codes and groups name; DataError on an unknown one."""
        wanted: frozenset[str] = frozenset()
        for word in words:
            if word not in self.groups:
                raise DataError([f"{word!r} is no country or group{nearest(word, self.groups)}"])
            wanted |= self.groups[word]
        return wanted

    def places(self, words: Iterable[str]) -> frozenset[str]:
        """Return the places that names stand for; a country code or group stands for all its places."""
        wanted: set[str] = set()
        for word in words:
            if word in self.groups:
                home = self.tables.places["country_id"].isin(self.groups[word])
                wanted |= set(self.tables.places.index[home])
            else:
                wanted.add(self.names.find(word))
        return frozenset(wanted)

    def avoiding(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Return, for each arc, whether it stays clear of everything that the words name.

        Raises
        ------
        DataError
            A word is no country, group, mode, link or place.
        """
        arcs = self.network.arcs
        clear = np.ones(len(arcs), dtype=bool)
        for word in words:
            clear &= ~self._touched(str(word))
        return clear

    def _touched(self, word: str) -> Any:
        arcs = self.network.arcs
        if word.lower() in _MODES:
            return (arcs["mode"] == word.lower()).to_numpy()
        if word in self.tables.links.index:
            return (arcs["link_id"] == word).to_numpy()
        group = next((group for group in self.groups if plain(group) == plain(word)), None)
        if group is not None:
            countries = self.groups[group]
            ruled = arcs["via_country_ids"].map(lambda ids: not countries.isdisjoint(ids)).to_numpy(dtype=bool)
            return self._at(self.places([group])) | ruled
        try:
            return self._at(frozenset([self.names.find(word)]))
        except PlaceError as error:
            if error.ambiguous:
                raise DataError([f"cannot avoid {error}"]) from None
            hint = nearest(word, [*self.groups, *_MODES]) or "".join(f"; {p}" for p in error.candidates)
            raise DataError(
                [f"cannot avoid {word!r}: no country, group, mode, link or place is called so{hint}"]
            ) from None

    def _at(self, places: frozenset[str]) -> Any:
        arcs = self.network.arcs
        return (arcs["from_place_id"].isin(places) | arcs["to_place_id"].isin(places)).to_numpy()
