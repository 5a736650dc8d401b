"""What a command that writes does when nothing disturbs it, and a hook that disturbs it at a given moment."""

from __future__ import annotations

import functools
import os
import re
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .asking import ask, ask_warm, environment
from .trying import answered, expect
from .writing import Write, prepare, save_a_run

__all__ = ["GOES_ON", "NEW_ONLY", "State", "Undisturbed", "hidden", "hooked", "ready", "state", "undisturbed"]

State = dict[str, bytes | None]
"""What a user sees in a folder: name to content, None for a folder; without hidden files."""

NEW_ONLY = ("study new", "import")
GOES_ON = ("sweep --out",)
"""What keeps what is done and goes on from there."""

_HOOK = '''\
"""Sends a signal to this process at its n-th change of a file under a folder, or within the n-th file it writes."""
import builtins, io, os, sys

folder = os.environ["HOSTILE_FOLDER"]
within, number = os.environ["HOSTILE_AT"].split()
number, sent = int(number), int(os.environ["HOSTILE_SIGNAL"])
seen = {"change": 0, "file": 0}

def come(kind):
    seen[kind] += 1
    if kind == within and seen[kind] == number:
        os.close(os.open(os.environ["HOSTILE_MARK"], os.O_CREAT | os.O_WRONLY))
        os.kill(os.getpid(), sent)

def mine(path):
    return isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(folder)

def hook(event, args):
    if event == "open":
        path, mode, flags = args
        if not flags & (os.O_WRONLY | os.O_RDWR):
            return
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"):
        path = args[1] if event == "os.rename" else args[0]
    else:
        return
    if mine(path):
        come("change")

sys.addaudithook(hook)
opened = io.open

def open(file, mode="r", *args, **options):
    stream = opened(file, mode, *args, **options)
    if not mine(file) or not set(mode) & set("wx+a"):
        return stream
    write, begun = stream.write, []

    def halves(data):
        if begun:
            return write(data)
        begun.append(True)
        half = len(data) // 2
        write(data[:half])
        stream.flush()
        come("file")
        return half + write(data[half:])

    stream.write = halves
    return stream

io.open = builtins.open = open

if number == 0:
    import atexit

    def told():
        with opened(os.environ["HOSTILE_MARK"], "w") as out:
            out.write(f"{seen['change']} {seen['file']}")

    atexit.register(told)
'''


@dataclass(frozen=True)
class Undisturbed:
    """What a write does when nothing disturbs it.

    Attributes
    ----------
    old, new : dict
        Before and after.
    changes, files : int
        How often a file is changed, and how many are written by Python.
    """

    old: State
    new: State
    changes: int
    files: int


def state(folder: Path, home: Path) -> State:
    """Return what a user sees in a folder, with paths as if all were in one place."""
    found: State = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts):
            found[str(name)] = _content(path).replace(str(home).encode(), b"HOME") if path.is_file() else None
    return found


def _content(path: Path) -> bytes:
    """Return the bytes of a file; of one whose format holds the time, if it can be read, all else that is in it."""
    raw = path.read_bytes()
    read = {".gpkg": _geopackage, ".omx": _matrices}.get(path.suffix)
    if read is None:
        return raw
    try:
        return read(path) + b"\n" * raw.endswith(b"\n")  # by which old files are told from new ones
    except Exception:  # half of a file; any library has its own errors
        return raw


def _geopackage(path: Path) -> bytes:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as base:
        expect(base.execute("PRAGMA integrity_check").fetchone() == ("ok",), "not a whole database")
        return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:[\d:.]+Z?", "TIME", "\n".join(base.iterdump())).encode()


def _matrices(path: Path) -> bytes:
    import tables

    with tables.open_file(str(path)) as store:
        parts = [(leaf._v_pathname.encode(), leaf.read().tobytes()) for leaf in store.walk_nodes("/", "Leaf")]
    return b"\n".join(part for pair in sorted(parts) for part in pair)


def hidden(folder: Path) -> list[str]:
    """Return the hidden files in a folder, but for that of lines of links."""
    return [p.name for p in folder.rglob(".*") if not p.name.startswith(".ways")]


def ready(write: Write, over_old: bool, folder: Path) -> Path:
    """Prepare a folder; old files are those of the same write, with an empty line more, so that new ones differ."""
    out = folder / "out"
    out.mkdir()
    prepare(folder, out)
    if "saved" in write.words:
        save_a_run(folder)
    if over_old:
        answered(ask_warm(*write.within(out), cwd=folder))
        if write.name not in GOES_ON:
            for file in sorted(out.rglob("*")):
                if file.is_file() and file.name != "study.yaml":
                    with file.open("ab") as stream:
                        stream.write(b"\n")
    return out


def hooked(out: Path, at: str, sent: int, folder: Path) -> dict[str, str]:
    """Return an environment in which a signal comes at a change or within a file; the file `mark` tells that it did."""
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    mark = str(folder / "mark")
    env = environment(HOSTILE_FOLDER=str(out), HOSTILE_AT=at, HOSTILE_SIGNAL=str(sent), HOSTILE_MARK=mark)
    return {**env, "PYTHONPATH": f"{hooks}{os.pathsep}{env['PYTHONPATH']}"}


_measuring = threading.Lock()


def undisturbed(write: Write, over_old: bool = False) -> Undisturbed:
    """Return what a write does when nothing disturbs it, in an empty folder or over old files; measured once."""
    with _measuring:
        return _measured(write, over_old)


@functools.cache
def _measured(write: Write, over_old: bool) -> Undisturbed:
    """Run a write twice, each time in a folder of its own."""
    found = []
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="hostile-") as place:
            folder = Path(place)
            out = ready(write, over_old, folder)
            old = state(out, folder)
            if found:
                time.sleep(1.1)  # so that times in seconds differ
            answered(ask(*write.within(out), cwd=folder, env=hooked(out, "change 0", 0, folder)))
            changes, files = map(int, (folder / "mark").read_text().split())
            found.append((old, state(out, folder), changes, files))
    (old, new, changes, files), (old_again, new_again, *_) = found
    differ = [n for n in {**new, **new_again} if new.get(n) != new_again.get(n) or old.get(n) != old_again.get(n)]
    expect(not differ, f"two runs differ in {differ}")
    return Undisturbed(old, new, changes, files)
