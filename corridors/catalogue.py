"""The catalogue of corridors: named filters on the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from networks import DataError, PlaceError, PlaceNames, Supernetwork, Tables
from networks.errors import nearest
from networks.names import plain

from .catalogue_file import ANY, CATALOGUE, Corridor, load_catalogue

__all__ = ["ANY", "CATALOGUE", "Corridor", "Filters", "load_catalogue"]

_MODES = ("rail", "road", "sea", "feeder", "ferry", "inland")


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

    @cached_property
    def home(self) -> dict[str, str]:
        """Country of each place."""
        found: dict[str, str] = self.tables.places["country_id"].to_dict()
        return found

    @cached_property
    def _group_of(self) -> dict[str, str]:
        """Word for countries by its plain spelling, the first of those spelt alike."""
        return {plain(word): word for word in reversed(self.groups)}

    @cached_property
    def _met(self) -> list[frozenset[str]]:
        """Countries of each arc: those of its ends, and those that rule on the way."""
        starts, ends = self.network.arc_places
        ruling = self.network.arcs["via_country_ids"]
        return [frozenset((self.home[a], self.home[b], *via)) for a, b, via in zip(starts, ends, ruling, strict=True)]

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
                wanted |= {place for place, country in self.home.items() if country in self.groups[word]}
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
        group = self._group_of.get(plain(word))
        if group is not None:
            countries = self.groups[group]
            return np.array([not countries.isdisjoint(met) for met in self._met], dtype=bool)
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
