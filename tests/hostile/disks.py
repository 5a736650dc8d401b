"""Disks that are full or may not be written to: every command that writes leaves what was there, and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .asking import LOWERED, ask, ask_warm, environment
from .tables import make_odd
from .trying import Try, answered, expect, in_words, refused, untouched
from .writing import SMALL, WRITES, Write, prepare, save_a_run

__all__ = ["TITLE", "tries"]

TITLE = "Disks"

_ROOM = 0
_GOES_ON = ("sweep*",)  # a sweep that was stopped goes on where it was


@contextmanager
def _disk(folder: Path, size: str) -> Iterator[Path]:
    """Give a disk of its own, in memory; needs root."""
    place = folder / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def _before(folder: Path, out: Path, write: Write) -> None:
    prepare(folder, out)
    if "saved" in write.words:
        save_a_run(folder)


def _fill(place: Path, left: int) -> None:
    """Fill a disk up to some bytes."""
    room = os.statvfs(place)
    with (place / "filling").open("wb") as out:
        out.write(bytes(max(0, room.f_bavail * room.f_frsize - left)))


def _full(write: Write, folder: Path) -> None:
    with _disk(folder, "300k") as out:
        _before(folder, out, write)
        _fill(out, _ROOM)
        with untouched(out, _GOES_ON):
            refused(ask_warm(*write.within(out), cwd=folder), "cannot be")


def _full_over_old(write: Write, folder: Path) -> None:
    """Fill the disk after the first time: what was written stays, whole."""
    with _disk(folder, "40m") as out:
        _before(folder, out, write)
        answered(ask_warm(*write.within(out), cwd=folder))
        _fill(out, _ROOM)
        with untouched(out):
            in_words(ask_warm(*write.within(out), cwd=folder))


def _read_only_disk(write: Write, folder: Path) -> None:
    with _disk(folder, "4m") as out:
        _before(folder, out, write)
        subprocess.run(["mount", "-o", "remount,ro", out], check=True)
        with untouched(out):
            refused(ask_warm(*write.within(out), cwd=folder), "Read-only")


def _no_right(write: Write, folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    _before(folder, out, write)
    for place in (out, *out.iterdir()):
        place.chmod(0o555)
    with untouched(out):
        refused(ask(*write.within(out), cwd=folder, before=LOWERED), "Permission denied")


def _too_large(write: Write, folder: Path) -> None:
    """Let no file grow beyond a few bytes, as quotas do."""
    out = folder / "out"
    out.mkdir()
    _before(folder, out, write)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))

    with untouched(out, _GOES_ON):
        refused(ask(*write.within(out), cwd=folder, setup=limit), "cannot be")


def _odd(write: Write, kind: str, folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    _before(folder, out, write)
    make_odd(out / write.makes[0], kind)
    with untouched(out):
        refused(ask_warm(*write.within(out), cwd=folder, timeout=30), write.makes[0])


def _no_folder(write: Write, folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    _before(folder, out, write)
    with untouched(out):
        refused(ask_warm(*write.within(out / "no" / "such"), cwd=folder), "no/such")


def _through_link(write: Write, folder: Path) -> None:
    """Follow a link to a file that is there: the file is written, the link stays."""
    out = folder / "out"
    out.mkdir()
    _before(folder, out, write)
    (folder / "real").write_text("old", encoding="utf-8")
    (out / write.makes[0]).symlink_to(folder / "real")
    answered(ask_warm(*write.within(out), cwd=folder))
    expect((out / write.makes[0]).is_symlink(), "the link was lost")
    expect((folder / "real").read_bytes() != b"old", "was not written")


def _answer_nowhere(words: tuple[str, ...], folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        refused(ask(*words, cwd=folder, stdout=full), "No space left")


def _no_cache(kind: str, folder: Path) -> None:
    """Answer without a cache where none can be kept."""
    words = ("run", "baseline-2026", *SMALL)
    first = ask_warm(*words, cwd=folder)
    answered(first)
    cache = folder / "cache"
    cache.mkdir()
    if kind == "a file in its place":
        cache.rmdir()
        cache.write_text("", encoding="utf-8")
    else:
        cache.chmod(0o555)
    env = environment(XDG_CACHE_HOME=str(cache))
    with untouched(folder):
        again = ask(*words, cwd=folder, env=env, before=LOWERED)
        answered(again)
    expect(again.out == first.out, "another answer")


def _new(kind: str, folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    if kind == "no right":
        home.chmod(0o555)
        with untouched(folder):
            refused(ask("new", "mine", cwd=home, before=LOWERED), "mine", "Permission denied")
        return
    with _disk(folder, "64k") as out:
        _fill(out, _ROOM)
        with untouched(out):
            refused(ask_warm("new", "mine", cwd=out), "mine", "No space left")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    for write in WRITES:
        row = "the disk is full (a disk of 300 kB in memory)"
        yield Try(row, write.name, partial(_full, write), True)
        yield Try("no right to write to the folder", write.name, partial(_no_right, write), write.slow)
        if write.slow:
            continue
        yield Try("the disk is read-only", write.name, partial(_read_only_disk, write), True)
        yield Try("no file may be larger than 16 bytes (a quota)", write.name, partial(_too_large, write))
        row = "the disk is full when it is written a second time"
        if write.name in _TWICE:
            yield Try(row, write.name, partial(_full_over_old, write), True)
        single = "." in write.makes[0] and write.name != "export to GeoParquet"
        if write.makes != ("mine",):
            for kind in ("a pipe nobody writes to", "a device", "links in a circle", "a folder")[: 4 if single else 3]:
                yield Try("something else stands there", f"{write.name}: {kind}", partial(_odd, write, kind))
        if single:
            yield Try("the folder is not there", write.name, partial(_no_folder, write))
            yield Try("a link to a file is followed", write.name, partial(_through_link, write))
    for words in (("routes", "xian", "duisburg"), ("list", "places"), ("schema",), ("explain", "russia-closed")):
        row = "the answer goes to a full disk (`/dev/full`)"
        yield Try(row, " ".join(words), partial(_answer_nowhere, words))
    for words in (("demand", "show", "--csv"), ("gas", "security", "--csv"), ("check", "russia-closed"), ("--help",)):
        yield Try("the answer goes to a full disk (`/dev/full`)", " ".join(words), partial(_answer_nowhere, words))
    for kind in ("no right", "a file in its place"):
        yield Try("no cache can be kept", kind, partial(_no_cache, kind))
    for kind in ("no right", "full"):
        yield Try("`new` where nothing can be written", kind, partial(_new, kind), kind == "full")


_TWICE = (
    *(
        "run --save",
        "run --plot",
        "export to GeoPackage",
        "export to GMNS",
        "export to GeoParquet",
        "demand export to OMX",
    ),
    *("routes --legs", "gas export", "sweep --out", "criticality --out", "places add", "demand import"),
)
