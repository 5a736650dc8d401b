"""Scenario files from hostile or clumsy hands: each is read or refused in words, soon, and nothing else is touched."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from corridors.scenario.explaining import explain
from corridors.scenario.finding import BUILTIN
from corridors.scenario.loading import load
from corridors.scenario.running import run
from corridors.scenario.yaml_text import MOST_BYTES, parse, write
from networks import DataError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and alarms")

FILES, PARTS = 5_000, 10
ROOT = Path(__file__).resolve().parents[1]
SECONDS = 5
LONGEST = 20_000

FULL = """\
schema: 1
name: full
title: Everything at once
question: What then?
extends: baseline-2026
against: base
note: Made up.
source: https://example.org
study: {years: [2026, 2030], markets: [cn-eu, eu-cn], growth: low, planned: true, currency: EUR}
demand:
  growth: {cn-eu: 3 %/yr}
  scale: {eu-cn: x 1.1, caspian: +10 %}
prices: {sea-west: 3000 USD/FEU, wartime: 20 %}
choice:
  parameters: backtest
  sensitivity: high
  value_of_time: {general: x 1.5}
  carbon_price: 100 EUR/tCO2e
  unmet_penalty: 20000 USD/TEU
disruptions:
  russia:
    where: {country: [RU, BY], mode: rail}
    effect: {use: closed}
    when: {from: 2026-01-15, to: 2026-12}
    probability: 35 %
    recovery: linear
    recover_over: 6 months
  wind:
    where: [{place: Aktau}, {link: Aktau - Alat}, {border: KZ-CN}]
    effect: {capacity: x 0.45, wait: +48 h, draught: -23 cm/yr}
    when: {months: [12, 1, 2], for: 4 days}
    probability: 4 times/yr
  with-it:
    where: {corridor: middle}
    effect: {avoid: 30 %}
    together_with: wind
policy:
  ban:
    where: {country: RU}
    effect: {bans: transit}
    enabled: false
    affects: 20 %
investments:
  packages:
    eu: {title: A, total: 12 bn EUR, lines: {a: {amount: 3 bn EUR, eligible: [KZ]}, b: {amount: 9 bn EUR}}}
  projects:
    line: {record: I03, package: eu, line: a}
    port: {title: P, cost: 1 bn USD, where: {place: Aktau}, effect: {wait: -3 h}, opens: 2030, decision: leave}
vary:
  disruptions.russia.effect.use: [closed, open]
  together:
    study.growth: [low, high]
    disruptions.wind.effect.wait: [+1 h, +2 h]
"""

PATHS = [
    "/etc/passwd", "/dev/zero", "../x", "../../etc/passwd", "..", ".", "/", "-", "sub/../..", "sub/../base", "a\\b",
    "~",
    "~root/x", "C:\\x", "//etc/passwd", "file:///etc/passwd", "http://example.org/x", "x\0y", "", " ", "base",
    "base.yaml",
    "sub/inner", "sub/inner.yaml", "passwd", "zero", "outside", "pipe", "folder", "loop", "circle-a", "circle-b", "big",
    "base.yml", "nothing", "a" * 300, "/proc/self/mem", "sub", "baseline-2025", "builtin/baseline-2025", "\u202e", "*",
]  # fmt: skip
SCALARS = [
    "null", "~", "true", "NO", "yes", "1", "-1", "0", "0777", "0x10", "1e308", "1e999", "-1e999", ".inf", ".nan",
    "9" * 18,
    "9" * 19, "9" * 5000, "1_000", "12:30", "2026-02-31", "2026-13", "9999", "0000", "''", '""', "'a'", "48 h", "48",
    "-30 %",
    "30 %", "-130 %", "x 0.5", "x 1e9", "x", "+1 m", "1e15 h", "1e16 h", "1 h/h/h/h/h/h", "1,4 bn USD", "8 Mtpa",
    "3 ton",
    "\u0661\u0662 h", "€5", "[]", "{}", "[[]]", "[null]", "[1, [2, [3]]]", "{a: 1}", "{a}", "{a: {b: {c: {d: 1}}}}",
    "RU", "XX", "[RU, XX]", "Aktau", "Astara", "Aktau - Alat", "KZ-CN", "KZ>PL", ">", "-", "- -", "middle", "rail",
    "cn-eu", "closed", "open", "low", "&a 1", "*a", "!!python/object/apply:os.system [ls]", "!!int 1", "! x",
    "!<tag:x> y",
    "!!python/name:os.system", "!!binary aGk=", "!!set {a}", "<<", "{<<: {a: 1}}", "|", ">", "|9", "@x", "`x", "%x",
    '"\\x1b[31m"', '"\\0"', '"\\ud800"', '"\\UFFFFFFFF"', '"\\', "'", '"', "\u202e", "\u2028", "é" * 2000, "a" * 9_000,
]  # fmt: skip
KEYS = [
    "schema", "name", "extends", "against", "study", "years", "markets", "demand", "growth", "prices", "choice",
    "where",
    "effect", "when", "from", "to", "for", "country", "node", "place", "use", "capacity", "enabled", "vary", "together",
    "task", "note", "source", "investments", "projects", "packages", "record", "lines", "__class__", "model_config",
    "1",
    "null", "<<", "a b", "é", "", "? x", "'q'", '"q"', "x" * 200, "years.0", "__proto__", "disruptions", "policy",
]  # fmt: skip
UNITS = [
    "[",
    "{",
    "- ",
    "? ",
    ": ",
    "a: ",
    '"',
    "'",
    "&a ",
    "*a ",
    "!",
    "%",
    "#",
    "\\",
    "\n",
    "\t",
    "{a: ",
    "[a, ",
    "|\n ",
    "x",
]

opened: list[str] = []
watching = False


def _watch(event: str, details: tuple[Any, ...]) -> None:
    if watching and event in (
        "open",
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.symlink",
        "subprocess.Popen",
        "os.system",
    ):
        flags = details[2] if event == "open" and isinstance(details[2], int) else 0
        if event != "open" or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            opened.append(f"write: {event} {details}")
        elif isinstance(details[0], str | bytes | os.PathLike):
            opened.append(os.fsdecode(details[0]))


sys.addaudithook(_watch)


class _LateError(BaseException):
    """It took longer than it may."""


@contextmanager
def limited() -> Iterator[None]:
    """Stop after some seconds, and note every file that is opened meanwhile."""
    global watching

    def late(*_: Any) -> None:
        raise _LateError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    watching = True
    try:
        yield
    finally:
        watching = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study with everything in it that must not be read."""
    found = tmp_path_factory.mktemp("outer") / "study"
    (found / "sub").mkdir(parents=True)
    (found.parent / "outside.yaml").write_text("schema: 1\nname: outside\n")
    (found / "base.yaml").write_text("schema: 1\nname: base\nextends: baseline-2025\nstudy: {currency: EUR}\n")
    (found / "sub" / "inner.yaml").write_text("schema: 1\nname: inner\nextends: base\n")
    (found / "circle-a.yaml").write_text("schema: 1\nname: a\nextends: circle-b\n")
    (found / "circle-b.yaml").write_text("schema: 1\nname: b\nextends: [base, circle-a]\n")
    (found / "big.yaml").write_bytes(b"schema: 1\n" + b"a: b\n" * MOST_BYTES)
    for name, target in (
        ("passwd", "/etc/passwd"),
        ("zero", "/dev/zero"),
        ("outside", "../outside.yaml"),
        ("loop", "loop.yaml"),
    ):
        (found / f"{name}.yaml").symlink_to(target)
    os.mkfifo(found / "pipe.yaml")
    (found / "folder.yaml").mkdir()
    for name in ("baseline-2026", "russia-closed-2027"):  # so that what is read once is not opened later
        explain(load(name))
    return found


SEEDS = [FULL, *(file.read_text(encoding="utf-8") for file in sorted(BUILTIN.glob("*.yaml")))]


# ---- what is done to files


def _line(text: str, rng: random.Random) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, rng.randrange(len(lines))


def change_value(text: str, rng: random.Random) -> str:
    lines, n = _line(text, rng)
    head, sign, _ = lines[n].partition(": ")
    lines[n] = f"{head}: {rng.choice(SCALARS)}" if sign else f"{head} {rng.choice(SCALARS)}"
    return "\n".join(lines)


def change_word(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    words[rng.randrange(len(words))] = rng.choice(SCALARS + KEYS)
    return " ".join(words)


def change_key(text: str, rng: random.Random) -> str:
    lines, n = _line(text, rng)
    indent = lines[n][: len(lines[n]) - len(lines[n].lstrip())]
    lines[n] = f"{indent}{rng.choice(KEYS)}:{lines[n].partition(':')[2]}"
    return "\n".join(lines)


def double_line(text: str, rng: random.Random) -> str:
    lines, n = _line(text, rng)
    lines.insert(rng.randrange(len(lines)), lines[n])
    return "\n".join(lines)


def drop_line(text: str, rng: random.Random) -> str:
    lines, n = _line(text, rng)
    del lines[n]
    return "\n".join(lines)


def shift_line(text: str, rng: random.Random) -> str:
    lines, n = _line(text, rng)
    lines[n] = rng.choice([" ", "  ", "\t", "    ", "- ", "? ", ""]) + lines[n].lstrip(rng.choice(["", " "]))
    return "\n".join(lines)


def nest(text: str, rng: random.Random) -> str:
    depth, mark = rng.choice([3, 15, 19, 25, 300]), rng.choice(["[]", "{}"])
    inner = "".join("[" if mark == "[]" else "{a: " for _ in range(depth)) + "1" + mark[1] * depth
    lines, n = _line(text, rng)
    lines[n] = f"{lines[n].partition(': ')[0]}: {inner}"
    return "\n".join(lines)


def build_on(text: str, rng: random.Random) -> str:
    names = [rng.choice(PATHS) for _ in range(rng.choice([1, 1, 1, 2, 30]))]
    quoted = [f'"{n.encode("unicode_escape").decode()}"' if rng.random() < 0.9 else n for n in names]
    key = rng.choice(["extends", "extends", "against"])
    kept = [line for line in text.split("\n") if not line.startswith(f"{key}:")]
    return "\n".join([f"{key}: {quoted[0] if len(names) == 1 else '[' + ', '.join(quoted) + ']'}", *kept])


def laugh(text: str, rng: random.Random) -> str:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    return bomb + text if rng.random() < 0.5 else text + bomb


def repeat(text: str, rng: random.Random) -> str:
    size = rng.choice([100, 2_000, 10_000, MOST_BYTES if rng.random() < 0.05 else 500])
    junk = rng.choice(UNITS) * size
    width = rng.choice([80, 5_000, 1_000_000])
    junk = "\n".join(junk[n : n + width] for n in range(0, len(junk), width))
    spot = rng.randrange(len(text))
    return text[:spot] + junk[:size] + text[spot:]


def many_names(text: str, rng: random.Random) -> str:
    count = rng.choice([50, 200])
    entry = rng.choice(
        ["{where: {place: nowhere%d}, effect: {use: closed}}", "{where: {country: X%d}}", "u%d", "{u%d: 1}"]
    )
    return text + "\ndisruptions:\n" + "".join(f"  d{n}: {entry % n}\n" for n in range(count))


def many_values(text: str, rng: random.Random) -> str:
    values = ", ".join(rng.choice(SCALARS[:40]) for _ in range(rng.choice([1, 30, 900])))
    path = rng.choice(
        ["study.years", "study.growth", "disruptions.russia.effect", "x.y", "a", "choice.sensitivity", ""]
    )
    return "\n".join([*(x for x in text.split("\n") if not x.startswith("vary")), f"vary: {{'{path}': [{values}]}}"])


def two_documents(text: str, rng: random.Random) -> str:
    return (
        rng.choice(["%YAML 1.1\n---\n", "--- \n", "...\n", "%TAG ! x:\n---\n"])
        + text
        + rng.choice(["", "\n---\n", "\n...\nx"])
    )


def truncate(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


def splice(text: str, rng: random.Random) -> str:
    other = rng.choice(SEEDS)
    return text[: rng.randrange(len(text))] + other[rng.randrange(len(other)) :]


def tree(text: str, rng: random.Random) -> str:
    """Put one part of a valid file in the place of another."""
    try:
        value = parse(text.encode(), "x").value
    except DataError:
        return text
    spots: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        here = pending.pop()
        for key, inside in (
            here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        ):
            spots.append((here, key))
            pending.append(inside)
    if len(spots) < 2:
        return text
    (to, key), (source, other) = rng.sample(spots, 2)
    taken = parse(write({"x": source[other]}).encode(), "x").value["x"]
    to[key] = taken
    return write(value)


TEXTS: list[Callable[[str, random.Random], str]] = [
    change_value, change_value, change_value, change_word, change_word, change_key, change_key, double_line, drop_line,
    shift_line, nest, build_on, build_on, laugh, repeat, many_names, many_values, two_documents, truncate, splice,
    tree, tree,
]  # fmt: skip


def flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 20])):
        if found:
            found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def encode(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    name = rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp1251", "utf-7"])
    return text.encode(name, "replace")


def binary(data: bytes, rng: random.Random) -> bytes:
    return rng.choice(
        [b"", b"\0" * 50, bytes(range(256)), rng.randbytes(2_000), data + b"\0", data.replace(b"\n", b"\r")]
    )


BYTES: list[Callable[[bytes, random.Random], bytes]] = [flip, flip, flip, encode, binary]


def mutated(rng: random.Random) -> bytes:
    text = rng.choice(SEEDS)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        text = rng.choice(TEXTS)(text or "x", rng)
    data = text.encode("utf-8", "surrogatepass")
    return rng.choice(BYTES)(data, rng) if rng.random() < 0.15 else data


def settings(rng: random.Random) -> dict[str, Any] | None:
    if rng.random() < 0.8:
        return None
    paths = [
        "study.years",
        "study",
        "disruptions.russia.effect.capacity",
        "x",
        "",
        ".",
        "study..x",
        "vary",
        "extends",
        "a" * 999,
    ]
    values = [
        1,
        -1.5,
        None,
        True,
        "x 0.5",
        [2026],
        {"a": {"b": []}},
        "\x1b[31m",
        float("inf"),
        10**30,
        object(),
        "\ud800",
    ]
    return {rng.choice(paths): rng.choice(values) for _ in range(rng.choice([1, 2, 5]))}


# ---- what must hold


@pytest.mark.parametrize("part", range(PARTS))
def test_every_file_is_read_or_refused_in_words_and_nothing_else_is_touched(folder, monkeypatch, part):
    monkeypatch.chdir(folder)
    there = sorted(folder.rglob("*"))
    seen = {"read": 0, "refused": 0}
    slowest = 0.0
    for number in range(FILES // PARTS):
        rng = random.Random(f"{part}-{number}")
        (folder / "x.yaml").write_bytes(data := mutated(rng))
        opened.clear()
        began = time.perf_counter()
        try:
            with limited():
                told = _used(folder / "x.yaml", settings(rng))
        except DataError as error:
            seen["refused"] += 1
            told = str(error)
            assert told.strip(), data
        else:
            seen["read"] += 1
        slowest = max(slowest, time.perf_counter() - began)
        odd = {c for c in told if not c.isprintable() and c != "\n"}
        assert not odd and len(told.encode()) <= LONGEST, (part, number, odd, len(told))
        _check_opened(folder, (part, number))
    (folder / "x.yaml").unlink()
    assert sorted(folder.rglob("*")) == there, "something was written"
    assert seen["read"] > 30 and seen["refused"] > 200, seen
    assert slowest < SECONDS, slowest


def _used(file: Path, changes: dict[str, Any] | None) -> str:
    """Do all that is done with a scenario before it runs."""
    scenario = load(file, set=changes)
    assert len(scenario.hash) == 64
    rows = explain(scenario)
    scenario.counterfactual()
    scenario.variations()
    assert parse(scenario.text.encode(), "x").value == {k: v for k, v in scenario.resolved.items() if k != "extends"}
    return " ".join(row.path for row in rows)[:1000]


def _check_opened(folder: Path, case: tuple[int, int]) -> None:
    for path in opened:
        real = os.path.realpath(path)
        inside = Path(real).is_relative_to(folder.resolve()) or Path(real).is_relative_to(ROOT)
        assert inside and not path.startswith("write:"), (case, path)


@pytest.mark.parametrize("part", range(2))
def test_what_is_read_runs_or_is_refused_in_words(folder, monkeypatch, part):
    """Runs of one market and one year of what the mutations leave valid: a run that counts everyone, or a reason."""
    monkeypatch.chdir(folder)
    ran = refused = number = 0
    while ran + refused < 25:
        rng = random.Random(f"run-{part}-{number}")
        number += 1
        (folder / "x.yaml").write_bytes(mutated(rng))
        try:
            scenario = load(folder / "x.yaml")
            short = scenario.with_({"study": {"years": [scenario.model.study.years[0]], "markets": ["caspian"]}})
        except DataError:
            continue
        try:
            found = run(short, against=False, ranges=False)
        except DataError as error:
            refused += 1
            assert str(error).strip()
            continue
        ran += 1
        rows = found.tables["demand"]
        total = rows[["served", "unmet", "not_shipped"]].sum(axis=1)
        assert total.to_numpy() == pytest.approx(rows["teu_per_year"].to_numpy(), rel=1e-5), number
        assert found.answer.isprintable() or "\n" in found.answer
    assert ran >= 10, (ran, refused)
