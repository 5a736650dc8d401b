"""The words that a scenario may name: places, links, borders, corridors, goods, markets and what is on record."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

import seeds
from networks.errors import DataError, nearest
from networks.given import check_table
from networks.names import PlaceNames, PlaceRow
from networks.study import gone, study_of

from ..catalogue_file import Corridor, load_catalogue
from .problems import shown

__all__ = ["LAND", "MODES", "Vocabulary", "vocabulary"]

MODES = ("rail", "road", "sea", "feeder", "ferry", "inland")
LAND = ("rail", "road")
_TITLES = {
    "country": "country or group of countries",
    "border": "land border",
    "place": "place",
    "link": "link",
    "corridor": "corridor or family",
    "mode": "mode",
    "goods": "goods",
    "market": "market",
    "series": "series",
    "project": "project",
    "package": "package",
    "source": "source or event",
    "gas border": "border that a pipe crosses",
    "gas place": "gas place",
    "gas link": "gas pipe or line",
    "gas supply": "gas source or LNG terminal",
    "gas carrier": "carrier of gas",
    "gas storage": "gas storage",
    "gas market": "country with demand for gas",
    "gas price": "series of gas prices",
    "gas project": "project of gas_project_pipes.csv",
}
_LONGEST = 80

Table = list[dict[str, str]]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words of the tables, read when they are needed.

    Attributes
    ----------
    folder : path or None
        Tables of the user's; those that are not there are the toolkit's.
    """

    folder: Path | None = None

    def table(self, name: str) -> Table:
        """Return the rows of a table as text.

        Raises
        ------
        DataError
            The file cannot be read.
        """
        own = None if self.folder is None else self.folder / f"{name}.csv"
        has_own = own is not None and own.is_file()
        study = study_of(self.folder)
        if study is None:
            return _rows(own if own is not None and has_own else seeds.table_path(name))
        key = seeds.descriptor()[name]["schema"]["primaryKey"]
        rows = _rows(own) if own is not None and has_own else []
        mine = {tuple(row.get(k, "") for k in key) for row in rows}
        lost = gone(study, name)
        kept = [
            row
            for row in _rows(seeds.table_path(name))
            if (study.has(name) or (name == "stops" and not row["place_id"]))
            and tuple(row[k] for k in key) not in mine
            and not any(row[column] in values for column, values in lost.items())
        ]
        return kept + rows

    def ids(self, name: str, column: str) -> dict[str, None]:
        """Return the different values of a column, in their order."""
        return dict.fromkeys(row[column] for row in self.table(name) if row.get(column))

    @cached_property
    def places(self) -> dict[str, dict[str, str]]:
        """Rows of places by id."""
        return {row["place_id"]: row for row in self.table("places")}

    @cached_property
    def names(self) -> PlaceNames:
        """Finder of place names."""
        return PlaceNames(
            PlaceRow(p["place_id"], p["name"], tuple(_listed(p["aliases"])), p["locode"], p["country_id"])
            for p in self.places.values()
        )

    @cached_property
    def countries(self) -> dict[str, frozenset[str]]:
        """Codes, names and groups of countries, to codes."""
        found: dict[str, set[str]] = {}
        for row in self.table("countries"):
            for word in (row["country_id"], row["name"], *_listed(row["groups"])):
                found.setdefault(word, set()).add(row["country_id"])
        return {word: frozenset(members) for word, members in found.items()}

    @cached_property
    def corridors(self) -> dict[str, Corridor]:
        """Corridors of the catalogue by id."""
        return load_catalogue(folder=self.folder)

    @cached_property
    def links(self) -> dict[str, dict[str, str]]:
        """Rows of links by id."""
        return {row["link_id"]: row for row in self.table("links")}

    @cached_property
    def between(self) -> frozenset[frozenset[str]]:
        """Pairs of places with a link."""
        return frozenset(frozenset((x["from_place_id"], x["to_place_id"])) for x in self.links.values())

    @cached_property
    def crossings(self) -> frozenset[tuple[str, str]]:
        """Pairs of countries with a land border that freight crosses, by direction."""
        home = {place: row["country_id"] for place, row in self.places.items()}
        found = set()
        for row in self.links.values():
            pair = home.get(row["from_place_id"], ""), home.get(row["to_place_id"], "")
            if row["mode"] in LAND and pair[0] != pair[1]:
                found |= {pair, pair[::-1]} if row["direction"] == "both" else {pair}
        for row in self.table("borders"):
            found.add((home.get(row["from_place_id"], ""), home.get(row["to_place_id"], "")))
        return frozenset(found)

    @cached_property
    def _known(self) -> dict[str, dict[str, None]]:
        families = [c.family for c in self.corridors.values()]
        return {
            "country": dict.fromkeys(self.countries),
            "corridor": dict.fromkeys([*self.corridors, *families]),
            "mode": dict.fromkeys(MODES),
            "goods": self.ids("goods", "goods_id"),
            "market": self.ids("markets", "market_id"),
            "series": self.ids("year_inputs", "series"),
            "project": self.ids("projects", "project_id"),
            "package": self.ids("packages", "package_id"),
            "link": dict.fromkeys(self.links),
            "border": dict.fromkeys(f"{a}-{b}" for a, b in sorted(self.crossings)),
            "gas place": {**self.ids("gas_places", "place_id"), **self.ids("gas_places", "name")},
            "gas link": {**self.ids("gas_pipes", "pipe_id"), **self.ids("gas_pipes", "line")},
            "gas supply": {**self.ids("gas_supplies", "supply_id"), **self.ids("gas_terminals", "place_id")},
            "gas carrier": dict.fromkeys(("pipeline", "lng")),
            "gas storage": self.ids("gas_storages", "place_id"),
            "gas market": self.ids("gas_demand", "country_id"),
            "gas price": self.ids("gas_prices", "series"),
            "gas project": self.ids("gas_project_pipes", "project_id"),
        }

    @cached_property
    def gas_crossings(self) -> frozenset[tuple[str, str]]:
        """Pairs of countries with a pipe between them, both ways round."""
        home = {row["place_id"]: row["country_id"] for row in self.table("gas_places")}
        pairs = {(home[x["from_place_id"]], home[x["to_place_id"]]) for x in self.table("gas_pipes")}
        return frozenset(pair for a, b in pairs for pair in ((a, b), (b, a)) if a != b)

    @cached_property
    def _sources(self) -> dict[str, None]:
        return {**self.ids("sources", "source_id"), **self.ids("events", "event_id"), **self.ids("events", "group_id")}

    def wrong(self, kind: str, word: str, *, near: bool = True) -> str:
        """Return what is wrong with a word, with the nearest ones; an empty text if nothing is.

        Parameters
        ----------
        kind : str
            country, border, place, link, corridor, mode, goods, market, series, project, package or source; and those
            of gas: ``gas link`` and so on.
        word : str
            As written.
        near : bool
            Whether the nearest words are looked for, which takes time.
        """
        if kind == "place":
            return self._place(word, near)
        if kind == "link":
            return self._link(word, near)
        if kind == "border":
            return self._border(word, near, self.crossings, "land border")
        if kind == "gas border":
            return self._border(word, near, self.gas_crossings, "border that a pipe crosses")
        if kind == "source":
            return self._source(word, near)
        known = self._known[kind]
        if word in known or (kind == "mode" and word.lower() in known):
            return ""
        if kind == "country" and word.casefold() in self._folded:
            return ""
        if kind == "corridor" and any(name.startswith(f"{word}-") for name in self.corridors):
            return ""
        return _no(kind, word, known if near else ())

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {word.casefold(): word for word in self.countries}

    def _place(self, word: str, near: bool) -> str:
        meant = self.names.meant(word[:_LONGEST])
        if len(meant) > 1:
            return f"{shown(word)} is ambiguous: {_several([self.names.label(place) for place in meant])}"
        if meant:
            return ""
        found = self.names.nearest(word) if near else []
        return f"there is no place {shown(word)}" + (f"; did you mean {_several(found)}?" if found else "")

    def _link(self, word: str, near: bool) -> str:
        if word in self.links:
            return ""
        if " - " not in word:
            told = _no("link", word, self.links if near else ())
            return told if "did you" in told else f"{told}; write an id, or two places: 'Aktau - Alat'"
        ends = [end.strip() for end in word.split(" - ", 1)]
        wrong = [told for end in ends if (told := self._place(end, near))]
        if wrong:
            return wrong[0]
        pair = frozenset(self.names.find(end[:_LONGEST]) for end in ends)
        return "" if pair in self.between else f"there is no link {shown(word)}; see 'corridors list links'"

    def _border(self, word: str, near: bool, crossings: frozenset[tuple[str, str]], what: str) -> str:
        sign = ">" if ">" in word else "-"
        sides = [side.strip() for side in word.split(sign, 1)]
        if len(sides) < 2:
            return f"{shown(word)} is no {what}; write KZ-CN for both ways or KZ>CN for one"
        codes = [self.countries.get(self._folded.get(side.casefold(), ""), frozenset()) for side in sides]
        for side, found in zip(sides, codes, strict=True):
            if not found:
                return _no("country", side, self._known["country"] if near else ())
        pairs = {(a, b) for a in codes[0] for b in codes[1]}
        pairs |= {(b, a) for a, b in pairs} if sign == "-" else set()
        if pairs & crossings:
            return ""
        ours = [f"{a}-{b}" for a, b in sorted(crossings) if a in codes[0] or a in codes[1]]
        told = f"; {sides[0]} and {sides[1]} have crossings {', '.join(ours[:6])}" if ours and near else ""
        return f"there is no {what} {shown(word)}{told}"

    def _source(self, word: str, near: bool) -> str:
        text = word.strip()
        ids = [part.strip() for part in text.split(";") if part.strip()]
        if any(" " in part for part in ids) or text.startswith(("https://", "http://")):
            return ""
        unknown = [part for part in ids if part not in self._sources]
        if not unknown:
            return ""
        told = _no("source", unknown[0], self._sources if near else ())
        return f"{told}; write an id of sources.csv or events.csv, a link, or a sentence"


def vocabulary(folder: str | Path | None = None) -> Vocabulary:
    """Return the words of the toolkit, or of tables of your own.

    Raises
    ------
    DataError
        No such folder.
    """
    if folder is not None and not Path(folder).is_dir():
        raise DataError([f"{folder}: no such folder; expected one with CSV files such as places.csv"])
    return _toolkit() if folder is None else Vocabulary(Path(folder))


@cache
def _toolkit() -> Vocabulary:
    return Vocabulary(None)


def _rows(file: Path) -> Table:
    check_table(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:  # Excel begins with a mark
            rows = csv.DictReader(stream)
            _check_columns(file, rows.fieldnames or ())
            return [{k: (v or "").strip() for k, v in row.items() if k} for row in rows]
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError([f"{file}: cannot be read as CSV ({error})"]) from None


def _check_columns(file: Path, head: Sequence[str]) -> None:
    fields = seeds.descriptor()[file.stem]["schema"]["fields"] if file.stem in seeds.descriptor() else []
    needed = [field["name"] for field in fields if field.get("constraints", {}).get("required")]
    known = [field["name"] for field in fields]
    problems = [f"{file}: column {name!r} is missing" for name in needed if name not in head]
    problems += [f"{file}: unknown column {name!r}{nearest(name, known)}" for name in head if name not in known]
    problems += [f"{file}: column {name!r} stands twice" for name in dict.fromkeys(head) if head.count(name) > 1]
    if fields and problems:
        raise DataError(problems)


def _no(kind: str, word: str, known: Iterable[str]) -> str:
    names = list(known)
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(word[:_LONGEST].casefold(), folded, 1, 0.6)
    if near:
        return f"there is no {_TITLES[kind]} {shown(word)}; did you mean {folded[near[0]]!r}?"
    told = f"; known: {', '.join(names)}" if 0 < len(names) <= 8 else ""
    return f"there is no {_TITLES[kind]} {shown(word)}{told}"


def _several(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]
