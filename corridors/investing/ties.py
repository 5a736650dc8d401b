"""What candidates need and exclude among each other, and which fall out by that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ..scenario.schema import Project
from .portfolios import Candidate

__all__ = ["tied"]


def tied(
    found: Sequence[Candidate], projects: Mapping[str, Project], records: pd.DataFrame
) -> tuple[list[Candidate], dict[str, str]]:
    """Return candidates with what they need and exclude by name, and why others cannot be chosen.

    Parameters
    ----------
    found : sequence of Candidate
        With names of the file and ids of records in `requires`, `requires_any` and `excludes`.
    projects : mapping of str to Project
        All of the file.
    records : DataFrame
        ``projects.csv`` by id.

    Notes
    -----
    What a record names counts where the file has a project with that record. Candidates of one record are
    alternatives. What is built satisfies a requirement, and an alternative to it cannot be chosen.
    """
    names = _Names.of(projects)
    lost: dict[str, str] = {}
    left = []
    for c in found:
        others = names.all_of(c.excludes) | names.siblings(c.name, projects)
        barred = (others | names.barring(c.name, projects, records)) & names.built
        if barred:
            lost[c.name] = f"is an alternative to {', '.join(sorted(barred))}, which is built"
        left.append(replace(c, excludes=tuple(sorted(others - {c.name}))))
    while True:
        there = {c.name for c in left} - lost.keys()
        why = {c.name: _lacks(c, names, there) for c in left if c.name in there}
        new = {name: words for name, words in why.items() if words}
        if not new:
            break
        lost |= new
    return [_settled(c, names, there) for c in left if c.name in there], lost


@dataclass(frozen=True)
class _Names:
    """Projects of the file by name and by record."""

    of_record: Mapping[str, list[str]]
    known: frozenset[str]
    built: frozenset[str]

    @classmethod
    def of(cls, projects: Mapping[str, Project]) -> _Names:
        of_record: dict[str, list[str]] = {}
        for name, p in projects.items():
            if p.record is not None and p.decision != "leave":
                of_record.setdefault(p.record, []).append(name)
        built = frozenset(n for n, p in projects.items() if p.decision == "build")
        return cls(of_record, frozenset(projects), built)

    def of_word(self, word: str) -> list[str]:
        return [word] if word in self.known else self.of_record.get(word, [])

    def all_of(self, words: Iterable[str]) -> set[str]:
        return {name for word in words for name in self.of_word(word)}

    def siblings(self, name: str, projects: Mapping[str, Project]) -> set[str]:
        record = projects[name].record
        return set(self.of_record.get(record, [])) if record is not None else set()

    def barring(self, name: str, projects: Mapping[str, Project], records: pd.DataFrame) -> set[str]:
        """Return what is built and excludes, or contains, a project."""
        found = set()
        for other in self.built:
            p = projects[other]
            row: Mapping[str, Any] = records.loc[p.record].to_dict() if p.record in records.index else {}
            words = (*(p.excludes or ()), *row.get("excludes", ()), *row.get("contains", ()))
            if name in self.all_of(words):
                found.add(other)
        return found


def _lacks(c: Candidate, names: _Names, there: set[str]) -> str:
    """Return what a candidate needs and cannot have, in words; nothing if it can have all."""
    usable = there | names.built
    for word in c.requires:
        options = names.of_word(word)
        if options and not usable & set(options):
            return f"requires {word}, which cannot be chosen"
    options = sorted(names.all_of(c.requires_any))
    if options and not usable & set(options):
        return f"requires one of {', '.join(options)}, none of which can be chosen"
    return ""


def _settled(c: Candidate, names: _Names, there: set[str]) -> Candidate:
    """Return a candidate that names other candidates only."""
    needed = []
    for word in c.requires:
        options = names.of_word(word)
        if options and not names.built & set(options):
            needed.append(next(name for name in options if name in there))
    either = names.all_of(c.requires_any)
    some = set() if either & names.built else either & there
    return replace(
        c,
        requires=tuple(dict.fromkeys(sorted(needed))),
        requires_any=tuple(sorted(some)),
        excludes=tuple(e for e in c.excludes if e in there),
    )
