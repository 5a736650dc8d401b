"""Runs that are ended while they write: killed, told to end, or by Ctrl-C, at every kind of moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .asking import ask, ask_warm, command, environment
from .trying import Try, answered, expect
from .undisturbed import GOES_ON, NEW_ONLY, Undisturbed, hidden, hooked, ready, state, undisturbed
from .writing import WRITES, Write, prepare

__all__ = ["TITLE", "tries"]

TITLE = "Interrupted"

_NAMES = {signal.SIGKILL: "killed (SIGKILL)", signal.SIGTERM: "told to end (SIGTERM)", signal.SIGINT: "Ctrl-C (SIGINT)"}
_CODES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
_WRITES = (
    *("run --save", "export to GMNS", "export to GeoPackage", "export to GeoParquet", "gas export", "sweep --out"),
    *("routes --legs", "criticality --out", "study new", "places add", "demand import", "import", "run --plot"),
)
_BY_LIBRARY = ("export to GeoPackage", "export to GeoParquet", "sweep --out")
"""What other libraries write, which no hook of Python sees within a file."""
_ONE_BY_ONE = ("export to GMNS", "criticality --out", "places add", "demand import")
"""Files that are put in place one after the other when there are old ones: `kill -9` may come in between."""


def _at(write: Write, sent: signal.Signals, within: str, spot: float, over_old: bool, folder: Path) -> None:
    """Send a signal at a change of a file or within one, the n-th, or at a share of all."""
    known = undisturbed(write, over_old)
    most = known.changes if within == "change" else known.files
    expect(most, f"no {within} to disturb")
    number = min(most, int(spot) if spot >= 1 else 1 + int(spot * most))
    out = ready(write, over_old, folder)
    done = ask(*write.within(out), cwd=folder, env=hooked(out, f"{within} {number}", int(sent), folder))
    expect((folder / "mark").exists(), f"no signal came: {within} {number} of {most}")
    _ended(done.code, done.err, sent)
    _whole(write, known, out, sent, done.code, folder)


def _at_moment(write: Write, sent: signal.Signals, after: float, folder: Path) -> None:
    """Send a signal some seconds after Python has started and the command line has begun."""
    known = undisturbed(write, False)
    out = ready(write, False, folder)
    process = subprocess.Popen(
        command(*write.within(out)),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _wait_for_start(process)
    time.sleep(after)
    if process.poll() is None:
        os.killpg(process.pid, sent)
    err = process.communicate(timeout=60)[1].decode("utf-8", "replace")
    _ended(process.returncode, err, sent)
    _whole(write, known, out, sent, process.returncode, folder)


def _wait_for_start(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process catches SIGTERM, the first that the command line does."""
    status, bit = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & bit:
            return
        time.sleep(0.002)


def _ended(code: int, err: str, sent: signal.Signals) -> None:
    allowed = (0, _CODES[sent], -int(sent))  # the shell says 128 and the signal either way
    expect(code in allowed, f"exit code {code}: {err[-800:]}")
    expect("Traceback" not in err and "Exception ignored" not in err, err[-1500:])
    if code == 130:
        lines = [line for line in err.splitlines() if line.strip() and not line.startswith(("failures:", "runs:"))]
        expect(lines[-1:] == ["corridors: stopped"], err[-500:])


def _whole(write: Write, known: Undisturbed, out: Path, sent: signal.Signals, code: int, folder: Path) -> None:
    """Expect each file to be the old one or the new one, all of one kind, and the same command to work afterwards."""
    there, killed = state(out, folder), code in (-int(signal.SIGKILL), -int(signal.SIGTERM))
    for name in known.old:
        expect(name in there, f"{name} was lost")
    for name, content in there.items():
        expect(name in known.old or name in known.new or _part_of_sweep(write, name), f"{name} is neither old nor new")
        kept = any(name in then and content == then[name] for then in (known.old, known.new))
        expect(kept or _part_of_sweep(write, name), f"{name} is half written")
    differ = [n for n in known.new if known.new[n] != known.old.get(n, b"")]
    are_new = {n for n in differ if n in there and there[n] == known.new[n]}
    if write.name not in GOES_ON and not (killed and write.name in _ONE_BY_ONE):
        expect(len(are_new) in (0, len(differ)), f"only {sorted(are_new)} of {differ} are new")
        names = {n for n in there if n not in known.old}
        expect(names in (set(), known.new.keys() - known.old.keys()), f"only {sorted(names)} are there")
    if not killed:
        expect(not hidden(out), f"left behind: {hidden(out)}")
    again = ask_warm(*write.within(out), cwd=folder)
    if write.name in NEW_ONLY and again.code == 2:
        expect("is there already" in again.err, again.err)  # it had been done before the signal came
        return
    answered(again)
    after = state(out, folder)
    expect(after.keys() == known.new.keys(), f"there is {sorted(after)}, not {sorted(known.new)}")
    wrong = [n for n in after if after[n] != known.new[n]]
    expect(not wrong, f"another time gives other bytes: {wrong}")


def _part_of_sweep(write: Write, name: str) -> bool:
    """Say whether a file is one that a sweep clears away, or puts together, when it goes on."""
    return write.name in GOES_ON and name.endswith((".begun", ".parquet"))


def _goes_on(seed: int, folder: Path) -> None:
    """Kill a sweep again and again: it goes on, and ends with the bytes of one that was never killed."""
    rng = random.Random(seed)
    prepare(folder, runs=200)
    words = ("sweep", "sweep.yaml", "--jobs", "1", "--out")
    answered(ask(*words, "whole", cwd=folder))
    for _ in range(3):
        process = subprocess.Popen(
            command(*words, "killed"),
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(1.5, 4.5))
        process.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        process.wait(60)
    answered(ask(*words, "killed", cwd=folder))
    expect(
        state(folder / "whole", folder / "whole") == state(folder / "killed", folder / "killed"),
        "other bytes than a sweep that was not killed",
    )


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    rng = random.Random("signals")
    chosen = [write for write in WRITES if write.name in _WRITES]
    for write in chosen:
        for sent, name in _NAMES.items():
            kill = sent is signal.SIGKILL
            spots = [1.0, 2.0, 3.0, round(rng.random(), 2)]
            for spot in spots if kill else rng.sample(spots, 2):
                yield _try("change", f"{name} at a change of a file", write, sent, spot, spot != 3)
            if write.name not in _BY_LIBRARY:
                for spot in (1.0, round(rng.random(), 2)):
                    yield _try("file", f"{name} within a file", write, sent, spot, spot == 1)
            after = rng.uniform(0.01, 2.0)
            yield Try(
                f"{name} at a moment by chance", f"{write.name}, {after:.2f} s", partial(_at_moment, write, sent, after)
            )
    for seed in range(2):
        yield Try("a sweep stopped three times goes on to the same bytes", f"{seed}", partial(_goes_on, seed), True)


def _try(within: str, what: str, write: Write, sent: signal.Signals, spot: float, over_old: bool) -> Try:
    over_old = over_old and write.name not in NEW_ONLY
    named = f"{within} {int(spot)}" if spot >= 1 else f"{within} at {spot:.2f} of all"
    act = partial(_at, write, sent, within, spot, over_old)
    return Try(what, f"{write.name}{', over old ones' if over_old else ''}, {named}", act)
