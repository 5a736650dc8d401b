"""Several runs at once into one place: nothing is lost or half written, or one of them is told."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from .asking import Done, ask, ask_warm
from .tables import study
from .trying import Try, answered, expect, in_words, refused
from .undisturbed import Undisturbed, hidden, ready, state, undisturbed
from .writing import SMALL, WRITES, Write, prepare

__all__ = ["TITLE", "tries"]

TITLE = "At once"

_WRITES = (
    "run --save",
    "export to GMNS",
    "export to GeoPackage",
    "gas export",
    "routes --legs",
    "routes --tcd",
    "demand export to OMX",
)


def _together(commands: Sequence[Sequence[object]], folder: Path) -> list[Done]:
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda words: ask_warm(*words, cwd=folder), commands))


def _same_place(write: Write, count: int, folder: Path) -> None:
    alone = undisturbed(write)
    out = ready(write, False, folder)
    for done in _together([write.within(out)] * count, folder):
        in_words(done)
        expect(done.code == 0 or "cannot be written" in done.err, done.err)
    _as_alone(alone, out, folder)
    answered(ask_warm(*write.within(out), cwd=folder))
    _as_alone(alone, out, folder)


def _as_alone(alone: Undisturbed, out: Path, folder: Path) -> None:
    """Expect the files of one run that was alone, byte by byte but for the time in GeoPackages and OMX."""
    there = state(out, folder)
    expect(there.keys() == alone.new.keys(), f"there is {sorted(there)}")
    wrong = [name for name in there if there[name] != alone.new[name]]
    expect(not wrong, f"other bytes than of a run that is alone: {wrong}")
    expect(not hidden(out), f"left behind: {hidden(out)}")


def _places(count: int, folder: Path) -> None:
    home = study(folder)
    keys = [f"KZ_NE{letter}" for letter in "ABCDEFGH"[:count]]
    row = ("lat=43.2", "kind=port", "--data", home)
    commands = [("places", "add", key, f"name=New {key}", f"lon={51 + i / 10}", *row) for i, key in enumerate(keys)]
    for done in _together(commands, folder):
        answered(done)
    with (home / "places.csv").open(encoding="utf-8", newline="") as stream:
        expect({r["place_id"] for r in csv.DictReader(stream)} == set(keys), "a row was lost")
    answered(ask_warm("study", "check", home, cwd=folder), f"places {count}")


def _markets(count: int, folder: Path) -> None:
    home = study(folder)
    (folder / "m.csv").write_text("origin,destination,goods,quantity\nXi'an,Duisburg,general,10\n", encoding="utf-8")
    words = ("--title", "Mine", "--year", "2025", "--data", home, "--source", "GEO")
    for done in _together([("demand", "import", "m.csv", "--market", f"m{i}", *words) for i in range(count)], folder):
        answered(done)
    with (home / "markets.csv").open(encoding="utf-8", newline="") as stream:
        expect({r["market_id"] for r in csv.DictReader(stream)} == {f"m{i}" for i in range(count)}, "a market was lost")


def _one_wins(words: Sequence[str], count: int, folder: Path) -> None:
    """Let several make the same: one does, the others are told that it is there."""
    done = _together([words] * count, folder)
    expect(sum(d.code == 0 for d in done) == 1, f"exit codes {[d.code for d in done]}: {[d.err for d in done]}")
    for other in done:
        if other.code:
            refused(other)
    expect(not [p.name for p in folder.iterdir() if p.name.startswith(".")], "something was left behind")


def _sweeps(count: int, folder: Path) -> None:
    prepare(folder, runs=100)
    words = ("sweep", "sweep.yaml", "--jobs", "1", "--out")
    answered(ask_warm(*words, "alone", cwd=folder))
    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(lambda _: ask(*words, "shared", cwd=folder), range(count)))
    expect(any(d.code == 0 for d in found), f"none was done: {[d.err for d in found]}")
    for done in found:
        if done.code:
            refused(done, "another run is writing here")
    for name in ("runs", "flows", "borders"):
        files = [folder / place / f"{name}.parquet" for place in ("alone", "shared")]
        expect(files[0].read_bytes() == files[1].read_bytes(), f"{name} differs from a sweep that was alone")


def _one_cache(count: int, folder: Path) -> None:
    """Run the same scenario, a new one, several times at once: the same answer, whoever writes the cache."""
    words = ("run", "baseline-2026", *SMALL, "--set", f"study.years=[{2026 + count}]")
    found = _together([words] * count, folder)
    for done in found:
        answered(done)
    expect(len({d.out for d in found}) == 1, "different answers")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    for count in (2, 4):
        for write in WRITES:
            if write.name in _WRITES:
                row = f"{count} runs write to the same place"
                yield Try(row, write.name, partial(_same_place, write, count), count > 2)
        yield Try("places added to one study", f"{count}", partial(_places, count))
        yield Try("matrices imported into one study", f"{count}", partial(_markets, count))
        yield Try("the same study is made", f"{count}", partial(_one_wins, ("study", "new", "mine"), count))
        yield Try("the same scenario folder is made", f"{count}", partial(_one_wins, ("new", "mine"), count))
        yield Try("sweeps into one folder", f"{count}", partial(_sweeps, count), True)
        yield Try("one cache", f"{count}", partial(_one_cache, count))
    yield Try("places added to one study", "8", partial(_places, 8))
