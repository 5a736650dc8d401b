"""Names of places: forgiving on input, one spelling on output."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from .errors import PlaceError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlaceNames", "PlaceRow", "plain"]


class PlaceRow(NamedTuple):
    """A place as far as its names go; fields as in a row of ``Tables.places``."""

    Index: str
    name: str
    aliases: tuple[str, ...]
    locode: str
    country_id: str


def plain(name: str) -> str:
    """Return `name` without accents, case, punctuation and spaces, as names are compared."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[^\w]|_", "", "".join(c for c in letters if not unicodedata.combining(c)))


class PlaceNames:
    """Finds the place that a user means by an id, a UN/LOCODE, a name or another name.

    Parameters
    ----------
    places : DataFrame, or iterable of rows
        ``places.csv`` by ``place_id``: ``name``, ``country_id``, ``locode``, ``aliases``.
    """

    def __init__(self, places: pd.DataFrame | Iterable[PlaceRow]) -> None:
        rows = list(places if not hasattr(places, "itertuples") else places.itertuples())
        self._label = {p.Index: f"{p.name} ({p.country_id}, {p.Index})" for p in rows}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._spelt: dict[str, str] = {}
        for place in rows:
            bare = re.sub(r"\s*\([^)]*\)", "", str(place.name))
            for name in (place.Index, place.locode, place.name, bare, *place.aliases):
                if name:
                    self._exact[plain(str(name))].add(str(place.Index))
                    self._spelt.setdefault(plain(str(name)), str(name))

    def find(self, name: str) -> str:
        """Return the ``place_id`` that `name` means.

        Parameters
        ----------
        name : str
            Id (``CN_XIA``), UN/LOCODE (``CNSIA``), name or other name, in any case, with or without
            accents and punctuation. The start of a name is enough if only one place has it.

        Returns
        -------
        str
            Id of the place.

        Raises
        ------
        PlaceError
            Unknown or ambiguous; ``candidates`` and the message list what could be meant.
        """
        key, found = plain(name), self.meant(name)
        if len(found) == 1:
            return found[0]
        if found:
            raise self._error(f"{name!r} is ambiguous, it could be", found, ambiguous=True)
        near = get_close_matches(key, self._exact, n=5, cutoff=0.6)
        ids = sorted({p for text in near for p in self._exact[text]}, key=lambda p: self._label[p])
        raise self._error(f"no place is called {name!r}; nearest" if ids else f"no place is called {name!r}", ids)

    def meant(self, name: str) -> list[str]:
        """Return the ids of all places that `name` could mean, sorted; none if it is unknown."""
        key = plain(name)
        found = self._exact.get(key, set())
        if not found and len(key) >= 3:
            found = {p for text, ids in self._exact.items() if text.startswith(key) for p in ids}
        return sorted(found)

    def nearest(self, name: str, most: int = 3) -> list[str]:
        """Return the labels of places with a name like `name`, the nearest first.

        Parameters
        ----------
        name : str
            What was typed.
        most : int
            How many at most.

        Returns
        -------
        list of str
            As of `label`; empty if nothing is near.
        """
        near: list[str] = []
        for cutoff in (0.75, 0.6):
            near = near or get_close_matches(plain(name[:80]), self._exact, n=most, cutoff=cutoff)
        return list(dict.fromkeys(self._label[p] for text in near for p in sorted(self._exact[text])))[:most]

    def label(self, place_id: str) -> str:
        """Return name, country and id of a place, as they stand in messages.

        Parameters
        ----------
        place_id : str
            Of a place that is there.

        Raises
        ------
        KeyError
            No such id.
        """
        return self._label[place_id]

    def _error(self, what: str, place_ids: list[str], *, ambiguous: bool = False) -> PlaceError:
        candidates = [self._label[p] for p in place_ids]
        message = f"{what}: {', '.join(candidates)}" if candidates else what
        return PlaceError(message, candidates, ambiguous=ambiguous)
