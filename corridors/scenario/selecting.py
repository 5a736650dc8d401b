"""Where: from the words of a scenario to arcs of the network, or to corridors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from networks import DataError
from networks.errors import nearest

from ..catalogue import Filters, load_catalogue
from .schema import Where
from .vocabulary import LAND

__all__ = ["Selection", "select"]

_SHIPS = ("sea", "feeder", "ferry", "inland")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Selection:
    """What a `Where` means.

    Attributes
    ----------
    arcs : ndarray of bool, shape (arcs,)
        Arcs that it touches; none where it names corridors.
    once : ndarray of bool or None
        Arcs of which a route through the place, border or link uses one, so that an addition on them is paid once;
        None where many lie on a route.
    elements : tuple of str
        The places, borders or links, as they are called in tables, one by one; empty for countries and modes.
    corridors : frozenset of str
        Corridor ids.
    countries : frozenset of str
        Country ids, for bans.
    goods, markets : tuple of str
        Whose freight.
    title : str
        In words.
    """

    arcs: Mask
    once: Mask | None
    elements: tuple[str, ...]
    corridors: frozenset[str]
    countries: frozenset[str]
    goods: tuple[str, ...]
    markets: tuple[str, ...]
    title: str
    narrowed: bool = False  # something besides countries, goods and markets is named

    def groups(self, filters: Filters) -> tuple[str, ...]:
        """Return the capacities on record of what is selected: of the ports, or of the links."""
        arcs = filters.network.arcs
        named = arcs["capacity_group"].isin(self.elements) & self.arcs
        mine = named if named.any() else self.arcs & (arcs["kind"] == "link") & (arcs["capacity_group"] != "")
        return tuple(dict.fromkeys(arcs.loc[mine, "capacity_group"]))

    def unlimited(self, filters: Filters) -> tuple[str, ...]:
        """Return the selected links without a capacity on record, beside others that have one."""
        arcs = filters.network.arcs
        if (arcs["capacity_group"].isin(self.elements) & self.arcs).any():
            return ()
        mine = self.arcs & (arcs["kind"] == "link") & (arcs["capacity_group"] == "")
        return tuple(dict.fromkeys(arcs.loc[mine, "link_id"]))


def select(where: Where, filters: Filters, path: str) -> Selection:
    """Return what a part of a scenario applies to.

    Parameters
    ----------
    where : Where
        Keys hold together, words of a list are alternatives.
    filters : Filters
        The network of the base year.
    path : str
        Where it stands in the scenario, for messages.

    Raises
    ------
    DataError
        Nothing fits all the keys, or a word means nothing.
    """
    goods, markets = where.goods or (), where.market or ()
    title = _title(where)
    if where.corridor:
        ids = _corridors(where.corridor, filters)
        none = np.zeros(len(filters.network.arcs), dtype=bool)
        return Selection(none, None, (), ids, frozenset(), goods, markets, title)
    parts = [_key(where, key, filters) for key in ("country", "border", "place", "link", "mode")]
    arcs = np.logical_and.reduce([part for part in parts if part is not None])
    if not arcs.any():
        raise DataError([f"{path}: nothing in the network is {title}"])
    once, elements = _once(where, filters, arcs)
    countries = filters.countries(_spelt(where.country or (), filters))
    narrowed = bool(where.given - {"country", "goods", "market"})
    return Selection(arcs, once, elements, frozenset(), countries, goods, markets, title, narrowed)


def _title(where: Where) -> str:
    words = [
        "/".join(getattr(where, key))
        for key in ("corridor", "border", "place", "link", "country")
        if getattr(where, key)
    ]
    if where.mode:
        words.append(f"by {'/'.join(where.mode)}")
    return " and ".join(words)


def _corridors(words: Iterable[str], filters: Filters) -> frozenset[str]:
    known = load_catalogue(folder=filters.tables.folder)
    families = {c.family for c in known.values()}
    found: set[str] = set()
    for word in words:
        mine = {c.corridor_id for c in known.values() if word in (c.corridor_id, c.family)}
        mine |= {name for name in known if name.startswith(f"{word}-")}
        if not mine:
            raise DataError([f"no corridor or family is called {word!r}{nearest(word, [*known, *families])}"])
        found |= mine
    return frozenset(found)


def _key(where: Where, key: str, filters: Filters) -> Mask | None:
    words = getattr(where, key)
    if not words:
        return None
    if key == "border":
        return np.asarray(np.logical_or.reduce([_border(word, filters) for word in words]))
    if key == "link":
        return np.asarray(np.logical_or.reduce([_link(word, filters) for word in words]))
    if key == "country":
        words = _spelt(words, filters)
    return ~filters.avoiding(words)


def _spelt(words: Sequence[str], filters: Filters) -> tuple[str, ...]:
    """Return countries and groups as the tables spell them."""
    known = {name.casefold(): name for name in filters.groups}
    return tuple(known.get(word.casefold(), word) for word in words)


def border_countries(word: str) -> tuple[str, str, bool]:
    """Return the two countries of ``KZ-CN`` (both ways, True) or ``KZ>CN`` (one way, False)."""
    sign = ">" if ">" in word else "-"
    left, _, right = word.partition(sign)
    return left.strip(), right.strip(), sign == "-"


def _border(word: str, filters: Filters) -> Mask:
    """Return the crossings of a land border: links over it and the formalities on them."""
    left, right, both = border_countries(word)
    one, other = (filters.countries(_spelt([side], filters)) for side in (left, right))
    arcs, home = filters.network.arcs, filters.tables.places["country_id"]
    start, end = arcs["from_place_id"].map(home), arcs["to_place_id"].map(home)
    over = arcs["mode"].isin(LAND) & (arcs["kind"] == "link")
    there = start.isin(one) & end.isin(other)
    back = start.isin(other) & end.isin(one)
    crossing = over & ((there | back) if both else there)
    ids = filters.tables.borders
    left_home, right_home = ids["from_place_id"].map(home), ids["to_place_id"].map(home)
    rows = left_home.isin(one) & right_home.isin(other)
    if both:
        rows |= left_home.isin(other) & right_home.isin(one)
    formal = (arcs["kind"] == "border") & arcs["stop_id"].isin(ids.index[rows])
    return np.asarray(crossing | formal)


def _link(word: str, filters: Filters) -> Mask:
    arcs = filters.network.arcs
    if word in filters.tables.links.index:
        return np.asarray(arcs["link_id"] == word)
    left, _, right = word.partition(" - ")
    ends = [filters.places([side.strip()]) for side in (left, right)]
    start, end = arcs["from_place_id"], arcs["to_place_id"]
    there = (start.isin(ends[0]) & end.isin(ends[1])) | (start.isin(ends[1]) & end.isin(ends[0]))
    ids = set(arcs.loc[there & (arcs["kind"] == "link"), "link_id"])
    return np.asarray(arcs["link_id"].isin(ids))


def _once(where: Where, filters: Filters, arcs: Mask) -> tuple[Mask | None, tuple[str, ...]]:
    """Return the arcs on which an addition is paid once, and the elements by name."""
    table = filters.network.arcs
    line = (table["kind"] == "link").to_numpy()
    if where.border:
        formal = arcs & (table["kind"] == "border").to_numpy()
        served = set(zip(table.loc[formal, "link_id"], table.loc[formal, "to_place_id"], strict=True))
        ends = list(zip(table["link_id"], table["to_place_id"], strict=True))
        bare = arcs & line & np.array([end not in served for end in ends])
        return formal | bare, tuple(f"border {word}" for word in where.border)
    if where.link:
        return arcs & line, tuple(dict.fromkeys(table.loc[arcs & line, "link_id"]))
    if where.place:
        places = filters.places(where.place)
        ends = table["to_place_id"].isin(places).to_numpy()
        by_ship = bool(where.mode) and all(mode in _SHIPS for mode in where.mode or ())
        return arcs & line & (ends | by_ship), tuple(sorted(places))
    return None, ()
