"""What can be named, as rows for a table: places, links, corridors, goods and all else that scenarios refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from networks.errors import DataError, near_words, nearest
from networks.names import plain

from .finding import BUILTIN, names, read
from .problems import printable
from .vocabulary import LAND, Vocabulary, vocabulary
from .yaml_text import parse

__all__ = ["LISTS", "near", "rows"]

_LONG_NAME = 60

Rows = tuple[list[str], list[list[str]]]


def rows(what: str, text: str = "", *, folder: str | Path | None = None) -> Rows:
    """Return heads and rows of a list, those with a text in any cell.

    Parameters
    ----------
    what : str
        places, links, borders, countries, corridors, goods, markets, projects, packages, events, series or scenarios;
        of gas: gas-places, gas-pipes, gas-supplies, gas-storages or gas-events.
    text : str
        In any spelling: accents, case, spaces and punctuation do not count. Links and borders also by other names of
        their places.
    folder : path, optional
        Tables of your own.

    Raises
    ------
    DataError
        There is no such list; the nearest is named.
    """
    if what not in LISTS:
        expected = f"expected one of {', '.join(LISTS)}{nearest(what, LISTS)}"
        raise DataError([f"nothing to list is called {what!r}, {expected}"])
    known = vocabulary(folder)
    heads, found = LISTS[what](known)
    return heads, _with(found, [text, *(_called(known, text) if text and what in ("links", "borders") else ())])


def _with(found: Sequence[list[str]], texts: Sequence[str]) -> list[list[str]]:
    wanted = [plain(text) for text in texts]
    return [row for row in found if any(text in plain(" ".join(row)) for text in wanted)]


def _called(known: Vocabulary, text: str) -> list[str]:
    """Return the names of places of which another name has a text in it."""
    wanted = plain(text)
    return [p["name"] for p in known.places.values() if wanted in plain(p["aliases"])]


def near(what: str, text: str, *, folder: str | Path | None = None) -> list[str]:
    """Return the names in a list that are nearest to a text, three at most."""
    _, found = LISTS[what](vocabulary(folder))
    words = {word.strip() for row in found for cell in row for word in re.split(r";| - |[()]", cell)}
    plainly = {plain(word): word for word in sorted(words) if 0 < len(word) < _LONG_NAME}
    return [plainly[word] for word in near_words(plain(text), plainly)]


def _places(known: Vocabulary) -> Rows:
    heads = ["id", "name", "other names", "UN/LOCODE", "country", "kind"]
    cells = ("place_id", "name", "aliases", "locode", "country_id", "kind")
    found = [[p[c].replace(";", "; ") if c == "aliases" else p[c] for c in cells] for p in known.places.values()]
    return heads, found


def _corridors(known: Vocabulary) -> Rows:
    found = [
        [c.corridor_id, c.title, " > ".join("/".join(step) for step in c.via), ", ".join(c.avoid)]
        for c in known.corridors.values()
    ]
    return ["id", "title", "must pass", "may not pass"], found


def _goods(known: Vocabulary) -> Rows:
    found = []
    for row in known.table("goods"):
        value, rate = float(row["value_usd_per_teu"]), float(row["value_of_time_pct_per_day"])
        load = f"{float(row['load_t_per_teu']):g}"
        found.append([row["goods_id"], row["title"], f"{value:,.0f}", load, f"{rate:g}", f"{value * rate / 2400:.2f}"])
    return ["id", "title", "USD/TEU", "t/TEU", "%/day", "USD/TEU-h"], found


def _links(known: Vocabulary) -> Rows:
    title = {place: row["name"] for place, row in known.places.items()}
    found = [
        [
            x["link_id"],
            f"{title[x['from_place_id']]} - {title[x['to_place_id']]}",
            x["mode"],
            f"{float(x['length_km']):,.0f}",
            x["status"],
            x["opens_year"],
        ]
        for x in known.links.values()
    ]
    return ["id", "between", "mode", "km", "status", "opens"], found


def _borders(known: Vocabulary) -> Rows:
    home = {place: row["country_id"] for place, row in known.places.items()}
    title = {place: row["name"] for place, row in known.places.items()}
    found: dict[str, list[str]] = {}
    for row in known.links.values():
        ends = row["from_place_id"], row["to_place_id"]
        pair = sorted(home[end] for end in ends)
        if row["mode"] in LAND and pair[0] != pair[1]:
            where = f"{title[ends[0]]} - {title[ends[1]]} ({row['mode']})"
            found.setdefault("-".join(pair), []).append(where)
    return ["id", "crossings"], [[border, "; ".join(where)] for border, where in sorted(found.items())]


def _countries(known: Vocabulary) -> Rows:
    return _columns(known, "countries", id="country_id", name="name", groups="groups")


def _markets(known: Vocabulary) -> Rows:
    return _columns(known, "markets", id="market_id", title="title", unit="unit", perimeter="perimeter")


def _projects(known: Vocabulary) -> Rows:
    heads, found = _columns(
        known, "projects", id="project_id", title="title", kind="kind", links="link_ids", opens="commission_year",
        state="state", cost="capex_m", currency="currency",
    )  # fmt: skip
    return [*heads[:-2], "cost"], [
        [*row[:3], row[3].replace(";", "; "), *row[4:-2], _millions(*row[-2:])] for row in found
    ]


def _packages(known: Vocabulary) -> Rows:
    heads, found = _columns(
        known, "packages", id="package_id", title="title", line="line", date="date", nature="nature",
        amount="amount_m", currency="currency_or_unit",
    )  # fmt: skip
    return heads[:-1], [[*row[:-2], _millions(*row[-2:])] for row in found]


def _events(known: Vocabulary) -> Rows:
    heads, found = _columns(
        known, "events", id="event_id", title="title", start="start", end="end", effect="effect", value="value",
        unit="unit",
    )  # fmt: skip
    return heads[:-1], [[*row[:-2], " ".join(row[-2:]).strip()] for row in found]


def _series(known: Vocabulary) -> Rows:
    found: dict[str, list[str]] = {}
    for row in known.table("year_inputs"):
        one = found.setdefault(row["series"], [row["series"], row["unit"], row["year"], row["year"], ""])
        one[2], one[3] = min(one[2], row["year"]), max(one[3], row["year"])
        one[4] = row["value"] if row["year"] == one[3] else one[4]
    return ["id", "unit", "from", "to", "last"], list(found.values())


def _scenarios(known: Vocabulary) -> Rows:
    del known
    return ["name", "title", "where"], [*_titles(BUILTIN, "the toolkit's"), *_titles(Path.cwd(), "this folder")]


def _titles(folder: Path, where: str) -> Iterator[list[str]]:
    for name in names(folder):
        file = next((folder / f"{name}{end}" for end in (".yaml", ".yml") if (folder / f"{name}{end}").exists()), None)
        if file is None:
            continue
        try:
            value = parse(read(file, folder), file.name).value
        except DataError:
            value = None
        if isinstance(value, dict) and "schema" in value and "name" in value:  # other files may lie there too
            yield [name, printable(str(value.get("title") or ""), 120), where]


def _gas_places(known: Vocabulary) -> Rows:
    return _columns(known, "gas_places", id="place_id", name="name", country="country_id", kind="kind")


def _gas_pipes(known: Vocabulary) -> Rows:
    names = {p["place_id"]: p["name"] for p in known.table("gas_places")}
    heads, found = _columns(
        known, "gas_pipes", id="pipe_id", line="line", title="title", start="from_place_id", end="to_place_id",
        km="length_km", bcm="capacity_bcm_per_year", status="status", opens="opens", closes="closes",
    )  # fmt: skip
    return heads, [[*row[:3], names[row[3]], names[row[4]], *row[5:]] for row in found]


def _gas_supplies(known: Vocabulary) -> Rows:
    last = {row["supply_id"]: row for row in known.table("gas_supplies")}
    found = [
        [x[c] for c in ("supply_id", "title", "seller_country_id", "year", "available_bcm")] for x in last.values()
    ]
    found += [
        [x["place_id"], f"LNG at {x['title']}", "", x["opens"][:4], x["capacity_bcm_per_year"]]
        for x in known.table("gas_terminals")
    ]
    return ["id", "title", "seller", "year", "bcm"], found


def _gas_storages(known: Vocabulary) -> Rows:
    return _columns(
        known, "gas_storages", id="place_id", title="title", country="country_id", bcm="working_bcm", status="status"
    )


def _gas_events(known: Vocabulary) -> Rows:
    return _columns(
        known, "gas_events", id="event_id", title="title", start="start", end="end", what="element_ids",
        response="observed_response",
    )  # fmt: skip


def _columns(known: Vocabulary, table: str, **columns: str) -> Rows:
    return list(columns), [[row.get(column, "") for column in columns.values()] for row in known.table(table)]


def _millions(amount: str, unit: str) -> str:
    try:
        number = float(amount)
    except ValueError:
        return ""
    return f"{number / 1000:,.4g} bn {unit}" if number >= 1000 else f"{number:,.4g} mn {unit}"


LISTS: dict[str, Callable[[Vocabulary], Rows]] = {
    "places": _places,
    "corridors": _corridors,
    "goods": _goods,
    "links": _links,
    "borders": _borders,
    "countries": _countries,
    "markets": _markets,
    "projects": _projects,
    "packages": _packages,
    "events": _events,
    "series": _series,
    "scenarios": _scenarios,
    "gas-places": _gas_places,
    "gas-pipes": _gas_pipes,
    "gas-supplies": _gas_supplies,
    "gas-storages": _gas_storages,
    "gas-events": _gas_events,
}
