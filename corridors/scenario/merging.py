"""One scenario from several files: what a file extends first, then the file, then what is set from outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from networks import DataError

from .finding import find, label, read
from .problems import Mark, Problem, ScenarioError, printable, shown
from .problems import Path as Setting
from .schema import SCHEMA_VERSION
from .shape import TOP
from .units import Change, Quantity
from .yaml_text import CONTROL, MOST_BYTES, MOST_DEPTH, Document, parse, paths_below

__all__ = ["MOST_FILES", "chain", "merged", "overlaid"]

MOST_FILES = 20
_MOST_BYTES = 2 * MOST_BYTES
_FIXED = ("schema", "extends")

Marks = dict[Setting, Mark | None]
Lines = dict[str, tuple[str, ...]]


def chain(file: Path, folder: Path) -> list[Document]:
    """Return the files of a scenario, those first that others build on; each once.

    Parameters
    ----------
    file : path
        Of the scenario; the last in the list.
    folder : path
        Of the study.

    Raises
    ------
    DataError
        A file is missing, wrong as YAML or outside the folder; a circle; more than 20 files.
    """
    reader = _Reader(folder)
    reader.visit(file, ())
    return reader.documents


def merged(documents: list[Document]) -> tuple[dict[str, Any], Marks, Lines]:
    """Return values, positions and lines of files, later ones over earlier ones.

    Mappings merge by key at every depth; everything else replaces. What is said about one file, such as its name and
    title, is that of the last.
    """
    data: dict[str, Any] = {}
    marks: Marks = {}
    for document in documents:
        last = document is documents[-1]
        own = {key: value for key, value in document.value.items() if last or key not in TOP}
        _merge(data, marks, own, document.marks, ())
    marks[()] = documents[-1].marks[()]
    return data, marks, {document.name: document.lines for document in documents}


def overlaid(
    data: Mapping[str, Any], marks: Mapping[Setting, Mark | None], changes: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], Marks]:
    """Return values and positions with changes from outside, by dotted path.

    Raises
    ------
    ScenarioError
        A path leads nowhere, or a value is not text, a number, true, false, nothing, or a list or mapping of them.
    """
    found, where = _copied(data), dict(marks)
    problems: list[Problem] = []
    for path, value in changes.items():
        try:
            _assign(found, where, path, _plain(value, 1))
        except DataError as error:
            problems.append(Problem(str(error), (printable(str(path), 80),)))
    if problems:
        raise ScenarioError(problems, name)
    return found, where


@dataclass
class _Reader:
    """Reads a file and those that it extends."""

    folder: Path
    documents: list[Document] = field(default_factory=list)
    done: dict[Path, str] = field(default_factory=dict)
    read: int = 0

    def visit(self, file: Path, above: tuple[tuple[Path, str], ...]) -> None:
        name = label(file, self.folder)
        key = self._real(file)
        if key in self.done:
            return
        names = [*(n for _, n in above), name]
        if key in [path for path, _ in above]:
            raise DataError([f"scenarios extend each other in a circle: {_arrows(names)}"])
        if len(names) > MOST_FILES or len(self.done) >= MOST_FILES:
            raise DataError([f"more than {MOST_FILES} files build on each other: {_arrows(names)}"])
        document = self._parsed(file, name)
        for number, word in enumerate(_extends(document)):
            self.visit(self._find(word, number, file, document), (*above, (key, name)))
        self.done[key] = name
        self.documents.append(document)

    def _parsed(self, file: Path, name: str) -> Document:
        content = read(file, self.folder)
        self.read += len(content)
        if self.read > _MOST_BYTES:
            raise DataError(
                [f"{printable(name)}: with the files that it builds on, larger than {_MOST_BYTES // 1000} kB"]
            )
        document = _parsed_once(content, name)
        _check_top(document)
        return document

    def _find(self, word: str, number: int, file: Path, document: Document) -> Path:
        try:
            return find(word, self.folder, file)
        except DataError as error:
            path: Setting = ("extends", number) if ("extends", number) in document.marks else ("extends",)
            problem = Problem(str(error), path, document.marks[path])
            raise ScenarioError([problem], document.name, {document.name: document.lines}) from None

    def _real(self, file: Path) -> Path:
        try:
            return file.resolve()
        except (OSError, RuntimeError):
            raise DataError([f"{printable(label(file, self.folder))}: cannot be read (links in a circle)"]) from None


@lru_cache(maxsize=64)
def _parsed_once(content: bytes, name: str) -> Document:
    """Return a document, which nobody changes: many scenarios build on the same files."""
    return parse(content, name)


def _check_top(document: Document) -> None:
    """Refuse a file that is no scenario at all, or one of a later version."""
    problems = []
    if not isinstance(document.value, dict):
        got = shown(document.value)
        problems.append(
            Problem(f"expected settings such as 'schema: 1' and 'name: …', got {got}", (), Mark(document.name, 1, 1))
        )
    elif "schema" not in document.value:
        problems.append(Problem("'schema' is missing; begin with 'schema: 1'", ("schema",), document.marks[()]))
    elif document.value["schema"] != SCHEMA_VERSION or isinstance(document.value["schema"], bool):
        got = shown(document.value["schema"])
        problems.append(
            Problem(f"got {got}; this version reads schema {SCHEMA_VERSION}", ("schema",), document.marks["schema",])
        )
    if problems:
        raise ScenarioError(problems, document.name, {document.name: document.lines})


def _extends(document: Document) -> list[str]:
    """Return what a file builds on; what is no list of names is left to the model, if it is the last file."""
    written = document.value.get("extends")
    words = [written] if isinstance(written, str) else written
    if words is None:
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        problem = Problem(
            f"expected a name or a list of names, got {shown(written)}", ("extends",), document.marks["extends",]
        )
        raise ScenarioError([problem], document.name, {document.name: document.lines})
    return words


def _arrows(names: list[str]) -> str:
    shown_names = names if len(names) <= 6 else [*names[:3], "…", *names[-2:]]
    return " -> ".join(printable(name, 60) for name in shown_names)


def _merge(
    data: dict[str, Any], marks: Marks, new: Mapping[str, Any], where: Mapping[Setting, Mark | None], at: Setting
) -> None:
    for key, value in new.items():
        path = (*at, key)
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            marks[path] = where.get(path)
            _merge(data[key], marks, value, where, path)
            continue
        for old in paths_below(data.get(key), path):
            marks.pop(old, None)
        data[key] = _copied(value)
        marks[path] = where.get(path)
        marks.update({below: where.get(below) for below in paths_below(value, path)})


def _assign(data: dict[str, Any], marks: Marks, path: str, value: Any) -> None:
    """Put a value at a dotted path, as a file with nothing else in it would."""
    parts = _parts(path)
    if parts[0] in _FIXED:
        raise DataError([f"{parts[0]!r} is read from the file and cannot be set"])
    inside: Any = data
    at: Setting = ()
    for place, part in enumerate(parts):
        if isinstance(inside, list):
            number = int(part) if part.isdecimal() and len(part) < 6 else len(inside)
            if number >= len(inside):
                raise DataError([f"there is no item {shown(part)}; the list has {len(inside)}, counted from 0"])
            if place + 1 < len(parts):
                inside, at = inside[number], (*at, number)
                continue
            inside[number] = value
            marks.update(dict.fromkeys([(*at, number), *paths_below(value, (*at, number))]))
            return
        if place + 1 == len(parts) or not isinstance(inside.get(part), dict | list):
            for rest in reversed(parts[place + 1 :]):
                value = {rest: value}
            _merge(inside, marks, {part: value}, {}, at)
            return
        inside, at = inside[part], (*at, part)


def _parts(path: str) -> list[str]:
    parts = path.split(".") if isinstance(path, str) else [""]
    if parts[0] == "vary" and len(parts) > 1:
        parts = ["vary", "together", ".".join(parts[2:])] if parts[1] == "together" else ["vary", ".".join(parts[1:])]
        parts = [part for part in parts if part]
    if not all(parts) or len(parts) > MOST_DEPTH:
        raise DataError(["expected a path of settings, for example study.years"])
    return parts


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inside) for key, inside in value.items()}
    return [_copied(inside) for inside in value] if isinstance(value, list) else value


def _plain(value: Any, depth: int) -> Any:
    """Return a value of Python as a file would hold it."""
    if depth > MOST_DEPTH:
        raise DataError([f"nested deeper than {MOST_DEPTH} levels"])
    if isinstance(value, Quantity | Change):
        return value.text
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    if isinstance(value, Mapping):
        return {str(key): _plain(inside, depth + 1) for key, inside in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(inside, depth + 1) for inside in value]
    if isinstance(value, str):
        if CONTROL.search(value):
            raise DataError([f"control characters in {shown(value)}"])
        return str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) or hasattr(value, "item"):
        number = value.item() if hasattr(value, "item") else value
        if isinstance(number, int | float) and abs(number) < 1e18:
            return number
    raise DataError([f"expected text, a number, true, false, or lists and settings of them, got {shown(value)}"])
