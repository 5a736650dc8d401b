"""Scenario files that are broken, endless, circular, bombs, or no files at all."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .asking import LOWERED, ROOT, ask, ask_warm
from .tables import ODD, make_odd
from .trying import Try, answered, expect, in_words, refused, untouched

__all__ = ["TITLE", "tries"]

TITLE = "Scenario files"

_HEAD = "schema: 1\nname: x\ntitle: X\nquestion: What?\nextends: baseline-2026\n"
_COMMANDS = (("check",), ("explain",), ("run",), ("compare",), ("report",), ("sweep",), ("frontier",), ("criticality",))
_HUGE = 2 * 1024**3
_MOST_MB = 500
_MOST_S = 20


def _laugh(kind: str) -> str:
    """Return a bomb of anchors: 10 to the 12th values in a few lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    if kind == "merge keys":
        lines = ["a0: &a0 {x: 1}"] + [f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    if kind == "an anchor in itself":
        lines = ["a: &a [*a, *a]"]
    if kind == "an anchor in itself, again":
        lines = ["a: &a [1]", "b: &a [*a, *a]"]
    if kind == "no anchor":
        lines = ["a: *nobody*"]
    return "\n".join(lines) + "\n"


_BOMBS = ("lists", "merge keys", "an anchor in itself", "an anchor in itself, again", "no anchor")


def _wrong() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what is wrong, the text, and words of the message."""
    for depth in (30, 1_000, 50_000):
        yield f"lists {depth:,} deep", f"{_HEAD}vary:\n  x: {'[' * depth}{']' * depth}\n", ("x.yaml",)
        yield f"braces {depth:,} deep", f"{_HEAD}study: {'{a: ' * depth}1{'}' * depth}\n", ("x.yaml",)
    yield "indented 300 deep", _HEAD + "".join(f"{'  ' * i}a:\n" for i in range(300)), ("x.yaml",)
    yield "a key twice", f"{_HEAD}title: Y\n", ("x.yaml:6", "title")
    yield "a key twice inside", f"{_HEAD}study:\n  years: [2026]\n  years: [2027]\n", ("x.yaml:8", "years")
    yield "it extends itself", _HEAD.replace("baseline-2026", "x"), ("x",)
    yield (
        "it extends what is not there",
        _HEAD.replace("baseline-2026", "baseline-2062"),
        ("baseline-2062", "baseline-2026"),
    )
    yield "it extends a file elsewhere", _HEAD.replace("baseline-2026", "/etc/passwd"), ("/etc/passwd",)
    yield "it extends a file above", _HEAD.replace("baseline-2026", "../../x"), ("../../x",)
    yield "two documents", f"{_HEAD}---\n{_HEAD}", ("x.yaml",)
    yield "a tag that makes objects", f"{_HEAD}study: !!python/object/apply:os.system [true]\n", ("x.yaml",)
    yield "a list at the top", "- a\n- b\n", ("x.yaml",)
    yield "a word at the top", "hello\n", ("x.yaml",)
    yield "nothing in it", "", ("x.yaml",)
    yield "comments alone", "# nothing\n", ("x.yaml",)
    yield "tabs", f"{_HEAD}study:\n\tyears: [2026]\n", ("x.yaml:7",)
    yield "a key of 100,000 letters", f"{_HEAD}{'a' * 100_000}: 1\n", ("x.yaml",)
    yield "a value of 100,000 letters", f"{_HEAD}growth: {'a' * 100_000}\n", ("x.yaml",)
    yield "a number of 10,000 digits", f"{_HEAD}study:\n  years: [{'9' * 10_000}]\n", ("x.yaml",)
    for number in ("nan", ".nan", ".inf", "1e400", "-1", "1,000", "2026.5", "two thousand"):
        yield f"a year {number}", f"{_HEAD}study:\n  years: [{number}]\n", ("x.yaml",)
    for amount in ("x nan", "x -1", "x inf", "x 1e400", "-101 %", "5 apples", "1,5 m", "x", "[]", "{}"):
        text = f"{_HEAD}disruptions:\n  d:\n    where: {{place: Aktau}}\n    effect: {{capacity: {amount}}}\n"
        yield f"an effect {amount}", text, ("x.yaml",)
    yield "an unknown setting", f"{_HEAD}studdy:\n  years: [2026]\n", ("x.yaml:6", "studdy", "study")
    yield (
        "an unknown place",
        f"{_HEAD}disruptions:\n  d:\n    where: {{place: Aktua}}\n    effect: closed\n",
        ("Aktua", "Aktau"),
    )


def _is_refused(text: str, said: tuple[str, ...], words: tuple[str, ...], folder: Path) -> None:
    (folder / "x.yaml").write_text(text, encoding="utf-8")
    with untouched(folder):
        done = ask_warm(*words, "x.yaml", cwd=folder, timeout=40)
        refused(done, *said)
        expect(done.peak_mb < 2 * _MOST_MB, f"{done.peak_mb:.0f} MB")


def _circle(length: int, folder: Path) -> None:
    for i in range(length):
        text = _HEAD.replace("name: x", f"name: x{i}").replace("baseline-2026", f"x{(i + 1) % length}")
        (folder / f"x{i}.yaml").write_text(text, encoding="utf-8")
    with untouched(folder):
        refused(ask_warm("check", "x0.yaml", cwd=folder), "x0")


def _chain(length: int, folder: Path) -> None:
    for i in range(length):
        text = _HEAD.replace("name: x", f"name: x{i}").replace(
            "baseline-2026", f"x{i + 1}" if i < length - 1 else "baseline-2026"
        )
        (folder / f"x{i}.yaml").write_text(text, encoding="utf-8")
    with untouched(folder):
        in_words(ask_warm("check", "x0.yaml", cwd=folder))


def _cut(name: str, at: float, folder: Path) -> None:
    """Read a scenario of the toolkit that ends early: read where a line ended, or refused."""
    whole = (ROOT / "corridors" / "scenario" / "builtin" / f"{name}.yaml").read_bytes()
    (folder / "x.yaml").write_bytes(whole[: int(at * len(whole))])
    with untouched(folder):
        in_words(ask_warm("check", "x.yaml", cwd=folder))


def _bomb(kind: str, where: str, folder: Path) -> None:
    file = folder / "x.yaml"
    words: tuple[object, ...] = ("check", file)
    text = _laugh(kind)
    if where == "study.yaml":
        file = folder / "study.yaml"
        text, words = f"{text}title: *a11\n" if kind == "lists" else text, ("study", "check", folder)
    elif where == "corridors":
        words = ("routes", "xian", "duisburg", "--corridors", file)
    elif where == "cases":
        words = ("backtest", file)
    elif where == "parameters":
        words = ("forecast", "2025", "--parameters", file)
    file.write_text(text, encoding="utf-8")
    with untouched(folder):
        done = ask_warm(*words, cwd=folder, timeout=_MOST_S)
        refused(done, file.name)
        expect(done.peak_mb < _MOST_MB, f"{done.peak_mb:.0f} MB")


def _odd(words: tuple[str, ...], kind: str, folder: Path) -> None:
    make_odd(folder / "x.yaml", kind)
    with untouched(folder):
        refused(ask_warm(*words, "x.yaml", cwd=folder, timeout=_MOST_S), "x.yaml")


def _straight(device: str, folder: Path) -> None:
    with untouched(folder):
        refused(ask("check", device, cwd=folder, timeout=_MOST_S), device)


def _huge(kind: str, where: str, folder: Path) -> None:
    """Hand in two gigabytes; where the disk lacks them, as many as half of what is free."""
    file = folder / ("study.yaml" if where == "study.yaml" else "x.yaml")
    size = min(_HUGE, shutil.disk_usage(folder).free // 2)
    block = b"x: [1, 2, 3]  # junk\n" * 50_000
    with file.open("wb") as out:
        if kind == "sparse":
            out.truncate(size)
        else:
            for _ in range(size // len(block)):
                out.write(block)
    words: dict[str, tuple[object, ...]] = {
        "scenario": ("check", file),
        "study.yaml": ("study", "check", folder),
        "corridors": ("routes", "xian", "duisburg", "--corridors", file),
        "cases": ("backtest", file),
    }
    done = ask_warm(*words[where], cwd=folder, timeout=_MOST_S)
    refused(done, file.name)
    expect(done.peak_mb < _MOST_MB, f"{done.peak_mb:.0f} MB")


def _no_rights(folder: Path) -> None:
    (folder / "x.yaml").write_text(_HEAD, encoding="utf-8")
    (folder / "x.yaml").chmod(0)
    refused(ask("check", "x.yaml", cwd=folder, before=LOWERED), "x.yaml")


def _is_fine(folder: Path) -> None:
    (folder / "x.yaml").write_text(_HEAD, encoding="utf-8")
    answered(ask_warm("check", "x.yaml", cwd=folder), "ok")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    rng = random.Random("scenarios")
    yield Try("what is right is read", "x.yaml", _is_fine)
    for said, text, words in _wrong():
        yield Try("wrong, told by `check`", said, partial(_is_refused, text, words, ("check",)))
        other = rng.choice(_COMMANDS[1:])
        yield Try("wrong, told by another command", f"{other[0]}: {said}", partial(_is_refused, text, words, other))
    for length in (2, 3, 10, 100):
        yield Try("circles of `extends`", f"{length} files", partial(_circle, length))
    for length in (5, 50, 500):
        yield Try("long chains of `extends`", f"{length} files", partial(_chain, length))
    names = sorted(file.stem for file in (ROOT / "corridors" / "scenario" / "builtin").glob("*.yaml"))
    for name in names:
        for _ in range(3):
            at = rng.random()
            yield Try("cut off at some byte", f"{name} at {at:.3f}", partial(_cut, name, at))
    for kind in _BOMBS:
        for where in ("scenario", "study.yaml", "corridors", "cases", "parameters"):
            yield Try(
                "anchors that grow to 10^12 values, or lead nowhere", f"{where}: {kind}", partial(_bomb, kind, where)
            )
    for words in _COMMANDS:
        for kind in ODD:
            yield Try("no regular file", f"{words[0]}: {kind}", partial(_odd, words, kind))
    for device in ("/dev/zero", "/dev/urandom", "/dev/full", "/proc/self/mem", "/dev/stdin"):
        yield Try("a device by its name", device, partial(_straight, device))
    yield Try("no right to read it", "x.yaml", _no_rights)
    for kind in ("sparse", "written"):
        for where in ("scenario", "study.yaml", "corridors", "cases"):
            slow = kind == "written"
            yield Try("two gigabytes of junk", f"{where}: {kind}", partial(_huge, kind, where), slow)
