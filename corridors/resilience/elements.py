"""What can fail: links, stops, borders and countries, each with the arcs that it takes along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from networks import DataError
from networks.errors import nearest

from ..catalogue import Filters
from .tracks import Flags

__all__ = ["KINDS", "Element", "element_named", "elements"]

_NOBODY = "XZ"  # international waters: no country, and no border
KINDS = ("link", "stop", "border", "country")


class Element(NamedTuple):
    """Something that can fail.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    element_id : str
        Link, place or country id; two country ids with a dash for a border.
    name : str
        In words.
    arcs : ndarray of bool, shape (arcs,)
        What does not work without it: both directions of a link with its waits and formalities; everything at a stop;
        all links between two countries; all that touches a country.
    """

    kind: str
    element_id: str
    name: str
    arcs: Flags


def elements(filters: Filters, kinds: Sequence[str] = KINDS) -> list[Element]:
    """Return everything that can fail.

    Parameters
    ----------
    filters : Filters
        The network.
    kinds : sequence of str
        Of `KINDS`.

    Raises
    ------
    DataError
        An unknown kind.
    """
    wrong = [f"kinds: got {k!r}, expected {', '.join(KINDS)}{nearest(str(k), KINDS)}" for k in kinds if k not in KINDS]
    if wrong:
        raise DataError(wrong)
    made = {"link": _links, "stop": _stops, "border": _borders, "country": _countries}
    return [element for kind in dict.fromkeys(kinds) for element in made[kind](filters)]


def element_named(text: str, known: Iterable[Element]) -> Element:
    """Return the element of an id or a name; DataError with the nearest if there is none."""
    listed = list(known)
    for element in listed:
        if text in (element.element_id, element.name):
            return element
    names = [*(e.element_id for e in listed), *(e.name for e in listed)]
    raise DataError([f"nothing that can fail is called {text!r}{nearest(text, names)}"])


def _links(filters: Filters) -> list[Element]:
    link = filters.network.arcs["link_id"].to_numpy()
    rows = filters.tables.links
    found = []
    for ident in sorted(set(link) - {""}):
        ends = [_place(filters, str(rows.at[ident, f"{side}_place_id"])) for side in ("from", "to")]
        found.append(Element("link", str(ident), f"{ends[0]} - {ends[1]} ({rows.at[ident, 'mode']})", link == ident))
    return found


def _stops(filters: Filters) -> list[Element]:
    starts, ends = (np.array(side, dtype=object) for side in filters.network.arc_places)
    return [
        Element("stop", place, _place(filters, place), (starts == place) | (ends == place))
        for place in sorted({*starts, *ends})
    ]


def _borders(filters: Filters) -> list[Element]:
    link = filters.network.arcs["link_id"].to_numpy()
    rows = filters.tables.links
    pairs: dict[tuple[str, str], list[str]] = {}
    for ident in sorted(set(link) - {""}):
        one, other = sorted(filters.home[str(rows.at[ident, f"{side}_place_id"])] for side in ("from", "to"))
        if one != other and _NOBODY not in (one, other):
            pairs.setdefault((one, other), []).append(ident)
    names = filters.tables.countries["name"]
    return [
        Element("border", f"{a}-{b}", f"{names[a]} - {names[b]}", np.isin(link.astype(str), inside))
        for (a, b), inside in sorted(pairs.items())
    ]


def _countries(filters: Filters) -> list[Element]:
    names = filters.tables.countries["name"]
    found = [Element("country", str(c), str(names[c]), ~filters.avoiding([str(c)])) for c in sorted(names.index)]
    return [element for element in found if element.element_id != _NOBODY and element.arcs.any()]


def _place(filters: Filters, place: str) -> str:
    return str(filters.tables.places.at[place, "name"])
