"""Files in other encodings than UTF-8: tables, studies, scenarios, corridors, cases, parameters, matrices."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from .asking import ROOT, Done, ask_warm
from .tables import ODD, make_odd, study, table_text
from .trying import Try, answered, expect, in_words, refused, untouched

__all__ = ["KINDS", "TITLE", "put", "tries"]

TITLE = "Encodings"

_WRONG = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1251", "shift_jis", "cp037")
_RIGHT = ("utf-8-sig", "lines end as in Windows")
_LETTERS = {"cp1251": "Ж", "shift_jis": "駅"}

_SCENARIO = """\
schema: 1
name: x
title: Größe
question: How many?
extends: baseline-2026
study: {markets: [caspian]}
"""
_CASES = (ROOT / "seeds" / "backtest.yaml").read_text(encoding="utf-8")
_GAS_CASES = (ROOT / "seeds" / "gas_backtest.yaml").read_text(encoding="utf-8")
_CHOICE = (ROOT / "corridors" / "choice.yaml").read_text(encoding="utf-8")
_CORRIDORS = """\
# Größe
mine:
  title: Mine ü
  via: [[Aktau]]
"""
_MATRIX = "origin,destination,goods,quantity\nXi'an,Duisburg,general,10\nXi'an,Lodz,general,5\n"
_ZONES = "zone,place\n1,Xi'an\n2,Lodz\n"


def _table(name: str, *words: str) -> Callable[[Path, str], tuple[Path, str, list[object]]]:
    def found(folder: Path, _: str) -> tuple[Path, str, list[object]]:
        return folder / f"{name}.csv", table_text(name), [*words, "--data", folder]

    return found


def _study_table(folder: Path, _: str) -> tuple[Path, str, list[object]]:
    return study(folder) / "places.csv", table_text("places"), ["study", "check", folder / "mine"]


def _study_file(folder: Path, _: str) -> tuple[Path, str, list[object]]:
    text = "# Größe\nschema: 1\ntitle: Größe\nbase: toolkit\n"
    return study(folder) / "study.yaml", text, ["study", "check", folder / "mine"]


def _yaml(name: str, text: str, *words: object) -> Callable[[Path, str], tuple[Path, str, list[object]]]:
    def found(folder: Path, _: str) -> tuple[Path, str, list[object]]:
        return folder / name, text, [folder / name if word == "FILE" else word for word in words]

    return found


def _matrix(folder: Path, _: str) -> tuple[Path, str, list[object]]:
    words = ["--data", study(folder), "--market", "mine", "--title", "Mine", "--year", "2025", "--source", "GEO"]
    return folder / "m.csv", _MATRIX, ["demand", "import", folder / "m.csv", *words]


_ROUTE = ("routes", "xian", "duisburg", "--corridor", "sea-suez")
KINDS: dict[str, Callable[[Path, str], tuple[Path, str, list[object]]]] = {
    "places.csv": _table("places", *_ROUTE),
    "goods.csv": _table("goods", *_ROUTE),
    "demand.csv": _table("demand", "demand", "show"),
    "gas_places.csv": _table("gas_places", "gas", "security"),
    "places.csv of a study": _study_table,
    "study.yaml": _study_file,
    "a scenario": _yaml("x.yaml", _SCENARIO, "check", "FILE"),
    "corridors of one's own": _yaml("c.yaml", _CORRIDORS, *_ROUTE, "--corridors", "FILE"),
    "cases of a back-test": _yaml("b.yaml", _CASES, "backtest", "FILE"),
    "cases of a gas back-test": _yaml("g.yaml", _GAS_CASES, "gas", "backtest", "--no-flows", "FILE"),
    "parameters": _yaml("p.yaml", _CHOICE, "forecast", "2025", "--market", "caspian", "--parameters", "FILE"),
    "a matrix": _matrix,
}
"""What a user hands in: gives the file, a right text for it and the command that reads it."""

_SLOW = ("cases of a back-test", "cases of a gas back-test")


def put(kind: str, folder: Path) -> tuple[Path, str, list[object]]:
    """Return file, text and command of a kind of input, the file not written yet."""
    return KINDS[kind](folder, kind)


def _other(kind: str, encoding: str, folder: Path) -> None:
    file, text, words = put(kind, folder)
    mark = _LETTERS.get(encoding, "ü")
    text = text.rstrip() + ("" if file.suffix == ".csv" else "  # ") + mark * 3 + "\n"
    file.write_bytes(text.encode(encoding, "replace"))
    with untouched(folder):
        refused(ask_warm(*words, cwd=folder), file.name)


def _same(kind: str, encoding: str, folder: Path) -> None:
    file, text, words = put(kind, folder)
    file.write_bytes(text.encode())
    first = ask_warm(*words, cwd=folder)
    answered(first)
    (folder / "mine" / "markets.csv").unlink(missing_ok=True)
    (folder / "mine" / "demand_cells.csv").unlink(missing_ok=True)
    file.write_bytes(text.encode("utf-8-sig") if encoding == "utf-8-sig" else text.replace("\n", "\r\n").encode())
    again = ask_warm(*words, cwd=folder)
    expect((again.code, again.out) == (0, first.out), again.err or "another answer")


def _odd(kind: str, odd: str, folder: Path) -> None:
    file, _, words = put(kind, folder)
    if file.exists():
        file.unlink()
    make_odd(file, odd)
    with untouched(folder):
        refused(_bounded(words, folder), file.name)


def _bounded(words: list[object], folder: Path) -> Done:
    done = ask_warm(*words, cwd=folder, timeout=30)
    expect(done.peak_mb < 1000, f"{done.peak_mb:.0f} MB")
    return done


def _garbled(kind: str, seed: str, folder: Path) -> None:
    rng = random.Random(seed)
    file, text, words = put(kind, folder)
    data = bytearray(text.encode())
    for _ in range(rng.choice([1, 2, 10])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    file.write_bytes(bytes(data[: rng.randrange(1, len(data))] if rng.random() < 0.4 else data))
    in_words(ask_warm(*words, cwd=folder))


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    for kind in KINDS:
        for encoding in _WRONG:
            yield Try("another encoding is told", f"{kind}: {encoding}", partial(_other, kind, encoding))
        if kind not in _SLOW:
            for encoding in _RIGHT:
                row = "UTF-8 with a mark or line ends of Windows is read as it is"
                yield Try(row, f"{kind}: {encoding}", partial(_same, kind, encoding))
        for odd in ODD:
            yield Try("no regular file", f"{kind}: {odd}", partial(_odd, kind, odd))
        if kind not in _SLOW:
            for number in range(4):
                row = "bytes changed or cut off at random"
                yield Try(row, f"{kind} {number}", partial(_garbled, kind, f"{kind}-{number}"))
