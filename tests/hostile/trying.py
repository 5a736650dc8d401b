"""What a try is, what counts as passed, and how many are run."""

from __future__ import annotations

import hashlib
import random
import shutil
import stat
import tempfile
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from .asking import Done

__all__ = ["FailedError", "Outcome", "Try", "answered", "expect", "in_words", "refused", "run", "sample", "untouched"]

_LONGEST = 12_000


class FailedError(AssertionError):
    """Something that was promised does not hold."""


@dataclass(frozen=True)
class Try:
    """One hostile thing.

    Attributes
    ----------
    what : str
        Row of the page it counts in.
    name : str
        Of the variant.
    act : callable
        Gets an empty folder; raises if something does not hold.
    slow : bool
        Takes more than a few seconds, so that the quick sample leaves it out.
    """

    what: str
    name: str
    act: Callable[[Path], None]
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a try ended; `failed` is empty if all held."""

    group: str
    what: str
    name: str
    failed: str
    seconds: float


def expect(holds: object, told: object) -> None:
    """Raise unless something holds."""
    if not holds:
        raise FailedError(str(told))


def in_words(done: Done) -> None:
    """Expect that a command ended by itself, without a traceback, and told only what can be printed."""
    both = done.out + done.err
    expect(done.code in (0, 1, 2), f"exit code {done.code}: {done.err[-600:]}")
    for word in ("Traceback", "Exception ignored", "Error:\n", " object at 0x", "Segmentation"):
        expect(word not in both, f"{word!r} in {both[-1500:]}")
    odd = {c for c in done.err if unicodedata.category(c) in ("Cc", "Cs", "Co") and c not in "\n\r\t"}
    expect(not odd, f"cannot be printed: {odd}")
    expect(len(done.err) < _LONGEST, f"{len(done.err)} letters of message")


def refused(done: Done, *said: str, code: int = 2) -> None:
    """Expect one clear message with some words in it, and an exit code."""
    in_words(done)
    expect(done.code == code, f"exit code {done.code}, not {code}: {done.err[-600:] or done.out[-300:]}")
    expect(done.err.strip(), "no message")
    for word in said:
        expect(word in done.err, f"{word!r} is not in: {done.err[:800]}")


def answered(done: Done, *said: str) -> None:
    """Expect an answer with some words in it, and nothing of a mistake."""
    in_words(done)
    expect(done.code == 0, f"exit code {done.code}: {done.err[-600:]}")
    for word in said:
        expect(word in done.out, f"{word!r} is not in: {done.out[:800]}")


@contextmanager
def untouched(folder: Path, new: Sequence[str] = ()) -> Iterator[None]:
    """Expect that files of a folder stay as they are, and that no others come but those of the patterns `new`."""
    before = _state(folder)
    yield
    after = _state(folder)
    for name, content in before.items():
        expect(after.get(name) == content, f"{name} was {'changed' if name in after else 'lost'}")
    more = [name for name in after if name not in before and not any(fnmatch(name, wanted) for wanted in new)]
    expect(not more, f"left behind: {', '.join(more[:5])}")


def _state(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind):
        return oct(stat.S_IFMT(kind))
    if path.stat().st_size > 1 << 28:
        return str(path.stat().st_size)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sample(tries: Sequence[Try], most: int, rng: random.Random) -> list[Try]:
    """Return some quick tries, of as many rows of the page as possible."""
    quick = [one for one in tries if not one.slow]
    rng.shuffle(quick)
    first = {one.what: one for one in reversed(quick)}
    rows = list(first.values())
    rng.shuffle(rows)
    return rows[:most]


def run(tries: Iterable[tuple[str, Try]], jobs: int, told: Callable[[Outcome], object]) -> list[Outcome]:
    """Run tries, each in a folder of its own that goes afterwards."""
    with ThreadPoolExecutor(jobs) as pool:
        found = []
        for outcome in pool.map(lambda pair: _one(*pair), tries):
            told(outcome)
            found.append(outcome)
    return found


def _one(group: str, one: Try) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    folder.chmod(0o755)
    began, failed = time.perf_counter(), ""
    try:
        one.act(folder)
    except FailedError as error:
        failed = str(error)
    except Exception:
        failed = traceback.format_exc(limit=-3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(group, one.what, one.name, failed, time.perf_counter() - began)
