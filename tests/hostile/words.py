"""The command line itself: wrong words and numbers, strange terminals and streams, no home, another language."""

from __future__ import annotations

import random
import string
import subprocess
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from .asking import ask, ask_warm, command, environment
from .trying import Try, answered, expect, in_words, refused, untouched
from .writing import prepare

__all__ = ["TITLE", "tries"]

TITLE = "Command line"

_ROUTE = ("routes", "xian", "duisburg", "--corridor", "sea-suez")
_NUMBERS = ("nan", "inf", "-inf", "1e400", "-1", "1,000", "many", "", "０", "1e-400", "99999999999999999999")
_WITH_NUMBER = (
    (*_ROUTE, "--value-of-time"),
    (*_ROUTE, "--carbon-price"),
    (*_ROUTE, "--year"),
    (*_ROUTE, "-k"),
    ("forecast", "2025", "--days"),
    ("forecast",),
    ("demand", "show", "--year"),
    ("gas", "security", "--year"),
    ("gas", "export", "out", "--year"),
    ("gas", "deliver", "galkynysh", "IT_MARK", "--least-bcm"),
    ("recover", "shut.yaml", "--days"),
    ("recover", "shut.yaml", "--stock"),
    ("recover", "shut.yaml", "--catch-up"),
    ("uncertainty", "shut.yaml", "--draws"),
    ("sweep", "sweep.yaml", "--jobs"),
    ("criticality", "shut.yaml", "--top"),
    ("frontier", "frontier.yaml", "--no-vary", "--budget"),
)
_MAY_BE = {"0", "1e-400", "０", "99999999999999999999"}
_STRANGE = {
    "LC_ALL=C": {"LC_ALL": "C", "LANG": "C"},
    "LC_ALL=C without UTF-8": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a locale that is not there": {"LC_ALL": "xx_YY.UTF-8"},
    "German numbers": {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
    "Turkish letters": {"LC_ALL": "tr_TR.UTF-8"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii"},
    "no HOME": {"HOME": None, "XDG_CACHE_HOME": None},
    "a HOME that is not there": {"HOME": "/no/such", "XDG_CACHE_HOME": None},
    "TERM=dumb": {"TERM": "dumb"},
    "no TERM": {"TERM": None},
    "COLUMNS=1": {"COLUMNS": "1"},
    "COLUMNS=0": {"COLUMNS": "0"},
    "COLUMNS=wide": {"COLUMNS": "wide"},
    "COLUMNS=100000": {"COLUMNS": "100000"},
    "NO_COLOR": {"NO_COLOR": "1"},
    "FORCE_COLOR": {"FORCE_COLOR": "1"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "python -OO": {"PYTHONOPTIMIZE": "2"},
    "hashes at random": {"PYTHONHASHSEED": "12345"},
    "no folder for temporary files of one's own": {"TMPDIR": "/no/such"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
_SAME = {
    "LC_ALL=C",
    "a locale that is not there",
    "German numbers",
    "Turkish letters",
    "no HOME",
    "NO_COLOR",
    "one thread",
}
_SAME |= {"another time zone", "python -OO", "hashes at random", "a HOME that is not there"}


def _unknown(words: tuple[str, ...], folder: Path) -> None:
    with untouched(folder):
        done = ask_warm(*words, cwd=folder)
        refused(done)
        expect(any(word in done.err.lower() for word in ("no-such", "no_such", "'year'")), done.err[:300])


def _number(words: tuple[str, ...], value: str, folder: Path) -> None:
    prepare(folder)
    with untouched(folder, ("out", "out/*", "criticality.png")):
        done = ask_warm(*words, value, cwd=folder, timeout=90)
        in_words(done)
        expect(done.code == 2 or value in _MAY_BE, f"{value!r} was taken: {done.out[:300]}")


def _long(words: tuple[str, ...], size: int, folder: Path) -> None:
    with untouched(folder):
        refused(ask_warm(*words, "x" * size, cwd=folder))


def _many(count: int, folder: Path) -> None:
    with untouched(folder):
        in_words(ask_warm(*_ROUTE, *(["--corridor", "sea-suez"] * count), cwd=folder))


def _garbage(seed: int, folder: Path) -> None:
    """Put random words behind a command."""
    rng = random.Random(f"words-{seed}")
    first = rng.choice(_COMMANDS)
    letters = string.printable.replace("\x0b", "").replace("\x0c", "") + "üЖ中\u202e\ufeff"
    words = ["".join(rng.choices(letters, k=rng.choice([1, 5, 30]))) for _ in range(rng.choice([1, 2, 4]))]
    words = [word.replace("/", "_") for word in words]
    with untouched(folder, ("*",)):
        in_words(ask_warm(*first, *words, cwd=folder))


_COMMANDS = (
    *(("routes",), ("headroom",), ("forecast",), ("check",), ("explain",), ("schema",), ("list",), ("export",)),
    *(("import",), ("run",), ("compare",), ("report",), ("open",), ("sweep",), ("recover",), ("places", "add")),
    *(
        ("links", "add"),
        ("study", "add"),
        ("study", "check"),
        ("gas", "capacity"),
        ("gas", "deliver"),
        ("demand", "export"),
    ),
)


def _strange(env: Mapping[str, str | None], same: bool, folder: Path) -> None:
    usual = ask_warm(*_ROUTE, cwd=folder)
    answered(usual)
    with untouched(folder):
        done = ask(*_ROUTE, cwd=folder, env=environment(**env))
        answered(done)
    expect(not same or done.out == usual.out, "another answer")


def _closed(stream: str, words: tuple[str, ...], folder: Path) -> None:
    """Start with a stream closed, as `>&-` does."""
    handle = {"stdin": 0, "stdout": 1, "stderr": 2}[stream]
    shell = f'exec {handle}>&- ; exec "$@"' if handle else 'exec 0<&- ; exec "$@"'
    done = ask(cwd=folder, whole=["sh", "-c", shell, "sh", *command(*words)], env=environment())
    expect(done.code in (0, 1, 2), f"exit code {done.code}")
    expect("Traceback" not in done.err + done.out, done.err[-600:])


def _reader_leaves(words: tuple[str, ...], folder: Path) -> None:
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    err = process.stderr.read().decode()
    process.wait(60)
    process.stderr.close()
    expect("Traceback" not in err and "Exception ignored" not in err, err[-600:])


def _gone(folder: Path) -> None:
    """Run in a folder that was removed."""
    shell = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = ask(cwd=folder, whole=["sh", "-c", shell, "sh", *command(*_ROUTE)], env=environment())
    in_words(done)


def _no_handles(folder: Path) -> None:
    import resource

    done = ask(*_ROUTE, cwd=folder, setup=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)))
    in_words(done)


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    wrong = [(*first, "no-such-thing", "no-such-other") for first in _COMMANDS if first not in (("schema",), ("open",))]
    wrong += [("no-such",), ("gas", "no-such"), ("--no-such",), (*_ROUTE, "--no-such"), ("list", "no-such")]
    wrong += [
        (*_ROUTE[:3], f"--{o}", "no-such") for o in ("goods", "avoid", "corridor", "currency", "data", "corridors")
    ]
    wrong += [("run", "baseline-2026", "--set", s) for s in ("no-such=1", "no-such", "study.no-such=1", "=no-such")]
    for words in wrong:
        yield Try("an unknown word", " ".join(words), partial(_unknown, words))
    for words in _WITH_NUMBER:
        for value in _NUMBERS if words[0] in ("routes", "forecast") else _NUMBERS[:6]:
            yield Try("a wrong number", f"{' '.join(words)} {value}", partial(_number, words, value))
    for words in (("check",), ("run",), ("routes", "xian"), ("list",), (*_ROUTE, "--goods"), (*_ROUTE, "--data")):
        for size in (300, 5_000, 100_000):
            yield Try("a word of up to 100,000 letters", f"{words[0]} {size}", partial(_long, words, size))
    yield Try("an option a thousand times", "--corridor", partial(_many, 1000))
    for seed in range(60):
        yield Try("random letters", f"{seed}", partial(_garbage, seed))
    for name, env in _STRANGE.items():
        yield Try("another language, terminal or home", name, partial(_strange, env, name in _SAME))
    for stream in ("stdin", "stdout", "stderr"):
        for words in (_ROUTE, ("check", "russia-closed"), ("routes", "xian", "no-such")):
            yield Try("a stream is closed", f"{stream}: {words[0]} {words[-1]}", partial(_closed, stream, words))
    for words in (
        ("list", "links"),
        ("schema",),
        ("routes", "xian", "duisburg", "--json"),
        ("demand", "show", "--csv"),
    ):
        yield Try("the reader leaves early", " ".join(words), partial(_reader_leaves, words))
    yield Try("in a folder that was removed", "routes", _gone)
    yield Try("no more than 24 open files", "routes", _no_handles)
