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
from .writing import WRITES, Write, prepare, save_a_run

__all__ = ["TITLE", "tries"]

TITLE = "Interrupted"

_NAMES = {signal.SIGKILL: "killed (SIGKILL)", signal.SIGTERM: "told to end (SIGTERM)", signal.SIGINT: "Ctrl-C (SIGINT)"}
_CODES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
_WRITES = (
    *("run --save", "export to GMNS", "export to GeoPackage", "export to GeoParquet", "gas export", "sweep --out"),
    *("routes --legs", "criticality --out", "study new", "places add", "demand import", "import", "run --plot"),
)
_MOMENTS = 4

_HOOK = '''\
"""Sends a signal to this process at its n-th change of a file under a folder, before that is done."""
import os, sys

folder = os.environ["HOSTILE_FOLDER"]
number, sent = int(os.environ["HOSTILE_NUMBER"]), int(os.environ["HOSTILE_SIGNAL"])
seen = 0

def hook(event, args):
    global seen
    if event == "open":
        path, mode, flags = args
        if not flags & (os.O_WRONLY | os.O_RDWR):
            return
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"):
        path = args[1] if event == "os.rename" else args[0]
    else:
        return
    if isinstance(path, str) and path.startswith(folder) and seen <= number:
        seen += 1
        if seen == number:
            os.kill(os.getpid(), sent)

sys.addaudithook(hook)
'''


def _files(folder: Path) -> dict[str, bytes]:
    """Return what a user sees in a folder: no hidden files."""
    found = {p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {str(name): p.read_bytes() for name, p in found.items() if not any(x.startswith(".") for x in name.parts)}


def _hidden(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob(".*")]


def _ready(write: Write, folder: Path) -> Path:
    out = folder / "out"
    out.mkdir()
    prepare(folder, out)
    if "saved" in write.words:
        save_a_run(folder)
    return out


def _at_change(write: Write, sent: signal.Signals, number: int, over_old: bool, folder: Path) -> None:
    """Send a signal at the n-th change of a file: what is there is old or new, and writing again works."""
    out = _ready(write, folder)
    if over_old:
        answered(ask_warm(*write.within(out), cwd=folder))
    old = _files(out)
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    env = environment(HOSTILE_FOLDER=str(out), HOSTILE_NUMBER=str(number), HOSTILE_SIGNAL=str(int(sent)))
    env["PYTHONPATH"] = f"{hooks}{os.pathsep}{env['PYTHONPATH']}"
    done = ask(*write.within(out), cwd=folder, env=env)
    _ended(done.code, done.err, sent)
    _whole(write, out, old, sent, done.code, folder)


def _at_moment(write: Write, sent: signal.Signals, after: float, folder: Path) -> None:
    """Send a signal some seconds after Python has started and the command line has begun."""
    out = _ready(write, folder)
    old = _files(out)
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
    _whole(write, out, old, sent, process.returncode, folder)


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


def _whole(write: Write, out: Path, old: dict[str, bytes], sent: signal.Signals, code: int, folder: Path) -> None:
    there = _files(out)
    for name, content in old.items():
        expect(name in there, f"{name} was lost")
        expect(content == there[name] or _readable(there[name]), f"{name} is half written")
    if sent is not signal.SIGKILL and code != -int(signal.SIGTERM):
        left = [name for name in _hidden(out) if not name.startswith(".ways")]
        expect(not left, f"left behind: {left}")
    again = ask_warm(*write.within(out), cwd=folder)
    if write.name in ("study new", "import") and again.code == 2:
        expect("is there already" in again.err, again.err)  # it had been done before the signal came
        return
    answered(again)
    for made in write.makes:
        expect((out / made).exists(), f"{made} was not made")


def _readable(content: bytes) -> bool:
    return bool(content) and (content.endswith((b"\n", b"}", b"PAR1")) or content[:4] in (b"\x89PNG", b"SQLi"))


def _goes_on(seed: int, folder: Path) -> None:
    """Kill a sweep again and again: it goes on, and ends with the bytes of one that was never killed."""
    rng = random.Random(seed)
    prepare(folder, runs=200)
    words = ("sweep", "sweep.yaml", "--jobs", "1", "--out")
    answered(ask_warm(*words, "whole", cwd=folder))
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
    answered(ask_warm(*words, "killed", cwd=folder))
    expect(_files(folder / "whole") == _files(folder / "killed"), "other bytes than a sweep that was not killed")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    rng = random.Random("signals")
    chosen = [write for write in WRITES if write.name in _WRITES]
    for write in chosen:
        for sent, name in _NAMES.items():
            numbers = [1, 2, 3, *rng.sample(range(4, 40), 1)]
            over_old = write.name not in ("study new", "import")
            for number in numbers if sent is signal.SIGKILL else rng.sample(numbers, 2):
                act = partial(_at_change, write, sent, number, over_old and number != 3)
                yield Try(f"{name} at a change of a file", f"{write.name}, change {number}", act)
            after = rng.uniform(0.01, 2.0)
            yield Try(
                f"{name} at a moment by chance", f"{write.name}, {after:.2f} s", partial(_at_moment, write, sent, after)
            )
    for seed in range(2):
        yield Try("a sweep stopped three times goes on to the same bytes", f"{seed}", partial(_goes_on, seed), True)
