"""What is wrong in a scenario, told at once: file, line, column, setting, the line itself and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from networks import DataError

__all__ = ["Mark", "Path", "Problem", "ScenarioError", "dotted", "printable", "shown"]

Path = tuple[str | int, ...]

_SHOWN = 20
_MESSAGE, _PATH, _LINE, _VALUE = 360, 120, 110, 40


class Mark(NamedTuple):
    """Where something is written; lines and columns count from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    message : str
        What was found and what is expected.
    path : tuple
        Of the setting; empty for the file as a whole.
    mark : Mark or None
        Where it is written; None for what was set from outside.
    """

    message: str
    path: Path = ()
    mark: Mark | None = None


class ScenarioError(DataError):
    """A scenario is wrong; the message lists everything that was found, with its place in the file."""

    def __init__(
        self, problems: Iterable[Problem], name: str, lines: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        found = sorted(problems, key=lambda p: _order(p, name))
        self.problems = [_told(p, lines or {}) for p in found[:_SHOWN]]
        more = len(found) - len(self.problems)
        told = [*self.problems, *([f"... and {more} more"] if more else [])]
        if any(p.mark for p in found):
            told.append(f"{len(found)} error{'s'[: len(found) != 1]} in {printable(name, _PATH)}")
        ValueError.__init__(self, "\n".join(told))


def printable(text: str, most: int = _MESSAGE) -> str:
    """Return a text of at most `most` characters that a terminal can take: others are escaped."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def shown(value: Any) -> str:
    """Return a value as it stands in messages: short, in one line, text in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return printable(f"{{{', '.join(str(key) for key in list(value)[:4])}}}", _VALUE)
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= _VALUE else f"{value[: _VALUE - 1]}…")
    return printable(str(value), _VALUE)


def dotted(path: Path) -> str:
    """Return a path as it is written on a command line: ``study.years.0``."""
    return ".".join(str(part) for part in path)


def _order(problem: Problem, name: str) -> tuple[bool, str, int, int]:
    mark = problem.mark
    return (False, "", 0, 0) if mark is None else (mark.file != name, *mark)


def _told(problem: Problem, lines: Mapping[str, Sequence[str]]) -> str:
    path, mark = printable(dotted(problem.path), _PATH), problem.mark
    message = f"{path}: {printable(problem.message)}" if path else printable(problem.message)
    if mark is None:
        return message
    head = f"{printable(mark.file, _PATH)}:{mark.line}:{mark.column}: {message}"
    known = lines.get(mark.file, ())
    return f"{head}\n{_quoted(known[mark.line - 1], mark)}" if mark.line <= len(known) else head


def _quoted(line: str, mark: Mark) -> str:
    """Return the line with its number and a caret below; of a long line what is around the column."""
    start = max(0, mark.column - 1 - _LINE // 2) if len(line) > _LINE else 0
    part = line[start : start + _LINE]
    spot = min(mark.column - 1 - start, len(part))
    before, after = (_escaped(text) for text in (part[:spot], part[spot:]))
    lead = "…" if start else ""
    tail = "…" if start + _LINE < len(line) else ""
    return f"{mark.line:>6} | {lead}{before}{after}{tail}\n       | {' ' * len(lead + before)}^"


def _escaped(text: str) -> str:
    return printable(text.replace("\t", " "), len(text) + 1)
