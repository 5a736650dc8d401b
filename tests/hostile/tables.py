"""Broken CSV tables: in a folder that replaces the toolkit's, laid over them by a study, by command line and Python."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import networks.tables
import seeds
from networks import DataError

from .asking import ask, ask_warm
from .trying import FailedError, Try, expect, refused, untouched

__all__ = ["ODD", "TITLE", "make_odd", "reader", "study", "table_text", "tries"]

TITLE = "Tables"

_ROUTE = ("routes", "xian", "duisburg", "--corridor", "sea-suez")
_READERS = {
    "freight": (_ROUTE, networks.tables.NETWORK),
    "demand": (("demand", "show"), ("markets", "demand", "demand_shares", "demand_cells")),
    "projects": (("list", "projects"), ("projects",)),
    "events": (("list", "events"), ("events",)),
    "gas": (
        ("gas", "security"),
        ("gas_places", "gas_pipes", "gas_supplies", "gas_contracts", "gas_demand", "gas_demand_months", "gas_peaks"),
    ),
}
_NO_NUMBER = ("nan", "inf", "-inf", "1e400", "1,000", "1_000", "0x10", "1 000", "--1", "1.2.3", "1e", "many", "１２")
_CUTS = 4


def reader(name: str) -> tuple[str, ...] | None:
    """Return the command that reads a table first of all, if one does."""
    return next((words for words, names in _READERS.values() if name in names), None)


@cache
def _rows(name: str) -> list[list[str]]:
    with seeds.table_path(name).open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def _text(rows: list[list[str]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def table_text(name: str) -> str:
    """Return a table of the toolkit as text."""
    return _text(_rows(name)).decode()


def _fields(name: str) -> list[Mapping[str, Any]]:
    fields: list[Mapping[str, Any]] = seeds.descriptor()[name]["schema"]["fields"]
    return fields


def _column(name: str, column: str) -> int:
    return _rows(name)[0].index(column)


# ---- what is done to a table: content, and the words that must be in the message

Broken = tuple[bytes, tuple[str, ...]]


def _forms(name: str, rng: random.Random) -> Iterator[tuple[str, Broken]]:
    """Yield tables whose form is wrong."""
    rows, file = _rows(name), f"{name}.csv"
    head, body = rows[0], rows[1:]
    needed = [f["name"] for f in _fields(name) if f.get("constraints", {}).get("required")]
    gone = _column(name, rng.choice(needed))
    yield "nothing in it", (b"", (file,))
    yield "NUL bytes alone", (bytes(4096), (file, "NUL"))
    yield "a NUL byte in a cell", (_text(rows).replace(b"\n", b"\0\n", 1), (file, "NUL"))
    yield "random bytes", (rng.randbytes(5000), (file,))
    yield "no header", (_text(body or [["x"] * len(head)]), (file, "column"))
    yield "a column left out", (_text([r[:gone] + r[gone + 1 :] for r in rows]), (file, repr(head[gone]), "missing"))
    yield "a column misspelt", (_text([[*head[:-1], head[-1] + "x"], *body]), (file, repr(head[-1] + "x"), "nearest"))
    yield "a column twice", (_text([[*r, r[0]] for r in rows]), (file, head[0]))
    yield "semicolons between columns", (_text(rows, ";"), (file, "semicolons"))
    yield "tabs between columns", (_text(rows, "\t"), (file,))
    line = rng.randrange(len(body)) + 1 if body else 0
    if line:
        more = [[*r, "x"] if i == line else r for i, r in enumerate(rows)]
        less = [r[:-1] if i == line else r for i, r in enumerate(rows)]
        yield "a cell too many", (_text(more), (file, "more cells than the header"))
        yield "a cell too few", (_text(less), (file, f"row {line + 1} has {len(head) - 1} cells"))
        again = [*rows, rows[line]]
        yield "a row twice", (_text(again), (file, f"row {len(again)}", "twice"))
        quoted = [[f'"{r[0]}', *r[1:]] if i == line else r for i, r in enumerate(rows)]
        open_ended = "\n".join(",".join(r) if i >= line else "" for i, r in enumerate(quoted) if i >= line)
        yield "quotes that never end", (_text(rows[:line]) + open_ended.encode(), (file,))
    other = rng.choice([n for n in seeds.descriptor() if n != name])
    yield "another table under its name", (_text(_rows(other)), (file, "column"))


def _values(name: str, rng: random.Random) -> Iterator[tuple[str, Broken]]:
    """Yield tables with one wrong value."""
    rows, file = _rows(name), f"{name}.csv"
    if len(rows) < 2:
        return
    for field in _fields(name):
        rule, where = field.get("constraints", {}), field["name"]
        wrong: list[tuple[str, str]] = []
        if field["type"] in ("number", "integer"):
            wrong += [("no number", rng.choice(_NO_NUMBER)), ("no number", rng.choice(_NO_NUMBER))]
        if field["type"] == "integer":
            wrong.append(("no whole number", "2020.5"))
        if "minimum" in rule:
            wrong.append(("below the least", str(rule["minimum"] - 1)))
        if "maximum" in rule:
            wrong.append(("above the most", f"{rule['maximum'] + 1}"))
        if "maximum" in rule and field["type"] == "number":
            wrong.append(("absurd", "1e300"))
        if rule.get("required"):
            wrong.append(("empty", ""))
        if "enum" in rule or "items" in field:
            wrong.append(("an unknown word", "nonsense"))
        for what, value in wrong:
            line = rng.randrange(1, len(rows))
            at = _column(name, where)
            changed = [[*r[:at], value, *r[at + 1 :]] if i == line else r for i, r in enumerate(rows)]
            yield f"{what}: {where} {value!r}", (_text(changed), (file, f"row {line + 1}", f"column {where}"))


def _unknown(name: str, rng: random.Random) -> Iterator[tuple[str, Broken]]:
    """Yield tables that name a row of another table that is not there."""
    rows, file = _rows(name), f"{name}.csv"
    schema = seeds.descriptor()[name]["schema"]
    columns = [f["name"] for f in schema["fields"] if "references" in f]
    columns += [key["fields"][0] for key in schema.get("foreignKeys", ())]
    filled = [c for c in columns if any(r[_column(name, c)] for r in rows[1:])]
    for column in filled:
        at = _column(name, column)
        line = rng.choice([i for i, r in enumerate(rows) if i and r[at]])
        word = rows[line][at].split(";")[0] + "Q"
        changed = [[*r[:at], word, *r[at + 1 :]] if i == line else r for i, r in enumerate(rows)]
        yield f"{column} {word!r}", (_text(changed), (file, word))


def _cut(name: str, rng: random.Random) -> Iterator[tuple[str, bytes, bool]]:
    """Yield tables that end early, and whether that can be seen: the last row is not whole."""
    whole = _text(_rows(name))
    width = len(_rows(name)[0])
    for at in sorted(rng.sample(range(1, len(whole)), min(_CUTS, len(whole) - 1))):
        part = whole[:at]
        text = part.decode("utf-8", "ignore")
        last = list(csv.reader(io.StringIO(text)))[-1]
        seen = len(text.encode()) != len(part) or (any(last) and len(last) < width) or text.count('"') % 2 == 1
        yield f"after {at} bytes", part, seen


# ---- how it is tried


def _by_python(name: str, broken: Broken, folder: Path) -> None:
    (folder / f"{name}.csv").write_bytes(broken[0])
    _told(lambda: networks.table_of(name, folder), broken[1])


def _told(read: Callable[[], object], said: tuple[str, ...]) -> None:
    try:
        read()
    except DataError as error:
        for word in said:
            expect(word in str(error), f"{word!r} is not in: {str(error)[:600]}")
        return
    raise FailedError("was read as if nothing were wrong")


def _cut_by_python(name: str, part: bytes, seen: bool, folder: Path) -> None:
    (folder / f"{name}.csv").write_bytes(part)
    try:
        networks.table_of(name, folder)
    except DataError as error:
        expect(f"{name}.csv" in str(error), error)
        return
    expect(not seen, "a file that was cut off was read as if nothing were wrong")


def _garbled_by_python(name: str, seed: str, folder: Path) -> None:
    rng = random.Random(seed)
    data = bytearray(_text(_rows(name)))
    for _ in range(rng.choice([1, 3, 20])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    (folder / f"{name}.csv").write_bytes(bytes(data))
    try:
        networks.table_of(name, folder)
    except DataError as error:
        expect(f"{name}.csv" in str(error), error)


def _by_command(name: str, broken: Broken, folder: Path) -> None:
    (folder / f"{name}.csv").write_bytes(broken[0])
    words = reader(name)
    assert words is not None
    with untouched(folder):
        refused(ask_warm(*words, "--data", folder, cwd=folder), *broken[1])


def study(folder: Path) -> Path:
    """Make a study without rows."""
    home = folder / "mine"
    home.mkdir()
    (home / "study.yaml").write_text("schema: 1\ntitle: Mine\nbase: toolkit\n", encoding="utf-8")
    return home


def _in_study(name: str, broken: Broken, folder: Path) -> None:
    home = study(folder)
    (home / f"{name}.csv").write_bytes(broken[0])
    with untouched(folder):
        refused(ask_warm("study", "check", home, cwd=folder), *broken[1])


def _then_added_to(name: str, broken: Broken, folder: Path) -> None:
    home = study(folder)
    (home / f"{name}.csv").write_bytes(broken[0])
    row = ("places", "add", "KZ_NEW", "name=New port", "lon=51.3", "lat=43.2", "kind=port", "--data", home)
    with untouched(folder):
        refused(ask_warm(*row, cwd=folder), f"{name}.csv")


def _odd_file(name: str, kind: str, folder: Path) -> None:
    make_odd(folder / f"{name}.csv", kind)
    words = reader(name)
    assert words is not None
    with untouched(folder):
        refused(ask(*words, "--data", folder, cwd=folder, timeout=20), f"{name}.csv")


def make_odd(file: Path, kind: str) -> None:
    """Put something that is no regular file in the place of a file."""
    if kind == "a folder":
        file.mkdir()
    elif kind == "links in a circle":
        file.symlink_to(file.with_name("other"))
        file.with_name("other").symlink_to(file)
    elif kind == "a pipe nobody writes to":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero" if kind == "an endless device" else "/dev/full")


ODD = ("a folder", "links in a circle", "a pipe nobody writes to", "an endless device", "a device")


def _swapped(first: str, second: str, folder: Path) -> None:
    for name, other in ((first, second), (second, first)):
        (folder / f"{name}.csv").write_bytes(_text(_rows(other)))
    words = reader(first)
    assert words is not None
    with untouched(folder):
        refused(ask_warm(*words, "--data", folder, cwd=folder), f"{first}.csv", "column")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    rng = random.Random("tables")
    for name in seeds.descriptor():
        forms, values, unknown = (list(make(name, rng)) for make in (_forms, _values, _unknown))
        for said, broken in forms:
            yield Try("form of a table wrong, read by Python", f"{name}: {said}", partial(_by_python, name, broken))
        for said, broken in values:
            yield Try("one value wrong, read by Python", f"{name}: {said}", partial(_by_python, name, broken))
        for said, part, seen in _cut(name, rng):
            yield Try("cut off at some byte", f"{name} {said}", partial(_cut_by_python, name, part, seen))
        for number in range(3):
            seed = f"{name}-{number}"
            yield Try("bytes changed at random", seed, partial(_garbled_by_python, name, seed))
        if reader(name) is not None:
            loose = name in ("projects", "events")  # listed as they are; values are looked at where they are used
            picked = [f for f in forms if not loose or f[0] not in ("a row twice", "quotes that never end")]
            for said, broken in rng.sample(picked, 3) + rng.sample(values, 0 if loose else min(3, len(values))):
                row = "instead of the toolkit's, by the command line"
                yield Try(row, f"{name}: {said}", partial(_by_command, name, broken))
        laid = rng.sample(forms, 1) + rng.sample(values, min(1, len(values))) + unknown[:1]
        for said, broken in laid:
            yield Try("laid over by a study, by `study check`", f"{name}: {said}", partial(_in_study, name, broken))
        if name in ("places", "links", "sources", "stops"):
            for said, broken in forms:
                row = "a study with a broken table is added to"
                yield Try(row, f"{name}: {said}", partial(_then_added_to, name, broken))
    for name in ("places", "links", "demand", "gas_pipes"):
        for kind in ODD:
            yield Try("no regular file in its place", f"{name}: {kind}", partial(_odd_file, name, kind))
    pairs = (("places", "links"), ("stops", "borders"), ("demand", "markets"), ("gas_places", "gas_pipes"))
    for first, second in pairs:
        yield Try("two files under each other's name", f"{first}, {second}", partial(_swapped, first, second))
