"""Every word of a scenario that names something, held against what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from .gas_schema import GasDemand, GasEffect, GasProject, GasScenarioModel, GasWhere
from .problems import Path, Problem, shown
from .schema import Choice, Demand, Line, Package, Project, ScenarioModel, Study, Where
from .shape import fields, is_names, model_of, read_path, root_of, step
from .vocabulary import Vocabulary

__all__ = ["check_words", "line_name"]

_VALUES: dict[tuple[type[BaseModel], str], str] = {
    **{(Where, key): key for key in ("country", "border", "place", "link", "corridor", "mode", "goods", "market")},
    (ScenarioModel, "about"): "corridor",
    (Study, "markets"): "market",
    (Line, "eligible"): "country",
    (Project, "record"): "project",
    (Project, "countries"): "country",
    (Package, "record"): "package",
    (GasWhere, "country"): "country",
    **{(GasWhere, key): f"gas {key}" for key in ("border", "place", "link", "supply", "carrier", "storage")},
    (GasEffect, "refused_by"): "country",
    (GasProject, "record"): "gas project",
}
"""Settings whose value is a word of a kind, or a list of such words."""

_KEYS: dict[tuple[type[BaseModel], str], str] = {
    (Line, "at_most"): "country",
    (Demand, "growth"): "market",
    (Demand, "scale"): "market",
    (ScenarioModel, "prices"): "series",
    (Choice, "value_of_time"): "goods",
    (GasDemand, "growth"): "gas market",
    (GasDemand, "scale"): "gas market",
    (GasScenarioModel, "prices"): "gas price",
}
"""Settings whose entries are called by words of a kind."""

_HINTS = 40
_COMPARED = 60  # names of a file that a wrong one is compared with
_LONGEST_CHAIN = 20
_VARIED = ("study", "demand", "prices", "choice", "disruptions", "policy", "investments")


class _Word(NamedTuple):
    kind: str
    path: Path
    word: str


def check_words(data: Mapping[str, Any], known: Vocabulary) -> list[Problem]:
    """Return every word that means nothing, with the nearest that does.

    Parameters
    ----------
    data : dict
        A scenario as written, which need not be valid.
    known : Vocabulary
        What there is.
    """
    problems: list[Problem] = []
    seen: dict[tuple[str, str], str] = {}
    for kind, path, word in _words(data, root_of(data), ()):
        if (kind, word) not in seen:
            seen[kind, word] = known.wrong(kind, word, near=len(problems) < _HINTS)
        if seen[kind, word]:
            problems.append(Problem(seen[kind, word], path))
    return [*problems, *_references(data, known), *_paths(data)]


def _words(value: Any, annotation: Any, path: Path) -> Iterator[_Word]:
    """Yield the words of a part of a scenario; what has the wrong form is passed over."""
    model = model_of(annotation)
    if model is not None and isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _words(inside, model, (*path, number))
    elif not isinstance(value, dict):
        return
    elif model is not None:
        known = fields(model)
        for key, inside in value.items():
            if key in known:
                yield from _of_setting(model, key, inside, (*path, key))
                yield from _words(inside, known[key].annotation, (*path, key))
    elif is_names(annotation) and path != ("vary",):
        for key, inside in value.items():
            yield from _words(inside, step(annotation, key), (*path, key))


def _of_setting(model: type[BaseModel], key: str, value: Any, path: Path) -> Iterator[_Word]:
    kind = "source" if key == "source" else _VALUES.get((model, key))
    if kind and isinstance(value, str):
        yield _Word(kind, path, value)
    elif kind and isinstance(value, list):
        yield from (_Word(kind, (*path, n), word) for n, word in enumerate(value) if isinstance(word, str))
    kind = _KEYS.get((model, key))
    if kind and isinstance(value, dict):
        yield from (_Word(kind, (*path, word), word) for word in value)


def _references(data: Mapping[str, Any], known: Vocabulary) -> Iterator[Problem]:
    """Yield names of disruptions, packages and lines that are not in the scenario."""
    sections = {section: _dict(data.get(section)) for section in ("disruptions", "policy")}
    entries = {**sections["policy"], **sections["disruptions"]}
    for section, inside in sections.items():
        for name in inside:
            yield from _together(entries, section, name)
    investments = _dict(data.get("investments"))
    packages = _dict(investments.get("packages"))
    projects = _dict(investments.get("projects"))
    for name, project in projects.items():
        for key in ("requires", "excludes"):
            words = _dict(project).get(key)
            for number, word in enumerate(
                [words] if isinstance(words, str) else words if isinstance(words, list) else ()
            ):
                if isinstance(word, str) and word not in projects:
                    yield Problem(_none("project", word, projects), ("investments", "projects", name, key, number))
        yield from _paid(_dict(project), ("investments", "projects", name), packages, known)
    for name, package in packages.items():
        overlaps = _dict(package).get("overlaps")
        for number, word in enumerate(overlaps if isinstance(overlaps, list) else ()):
            if isinstance(word, str) and word not in packages and known.wrong("package", word):
                path = ("investments", "packages", name, "overlaps", number)
                yield Problem(_none("package", word, packages), path)


def _together(entries: Mapping[str, Any], section: str, name: str) -> Iterator[Problem]:
    path = (section, name, "together_with")
    seen = [name]
    while isinstance(other := _dict(entries.get(seen[-1])).get("together_with"), str):
        if other not in entries:
            if len(seen) == 1:
                yield Problem(_none("disruption or policy", other, entries), path)
            return
        if other in seen or len(seen) > _LONGEST_CHAIN:
            if other == name:
                yield Problem(f"goes in a circle: {' -> '.join([*seen[:6], other])}", path)
            return
        seen.append(other)


def _paid(project: Mapping[str, Any], path: Path, packages: Mapping[str, Any], known: Vocabulary) -> Iterator[Problem]:
    package, line = project.get("package"), project.get("line")
    if isinstance(package, str) and package not in packages:
        yield Problem(_none("package", package, packages), (*path, "package"))
    elif isinstance(package, str) and isinstance(line, str):
        written = _dict(packages[package])
        lines = {**_dict(written.get("lines")), **dict.fromkeys(_recorded_lines(written.get("record"), known))}
        if line not in lines:
            yield Problem(_none("line", line, lines), (*path, "line"))
    elif package is None and isinstance(line, str):
        yield Problem("a line needs its package: give 'package' too", (*path, "line"))


def _recorded_lines(record: Any, known: Vocabulary) -> list[str]:
    return [line_name(row["line"]) for row in known.table("packages") if record and row["parent_id"] == record]


def line_name(words: str) -> str:
    """Return what a line of packages.csv is called in a file: ``critical-raw-materials``."""
    return "-".join(re.findall(r"\w+", words))


def _paths(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the paths of `vary` that lead nowhere."""
    vary = _dict(data.get("vary"))
    for head, lists in ((("vary",), vary), (("vary", "together"), _dict(vary.get("together")))):
        for path in lists:
            if path == "together" and head == ("vary",):
                continue
            wrong = read_path(path, data)[1] if len(path) < 400 else "is too long for a path"
            if not wrong and path.split(".")[0] not in _VARIED:
                wrong = f"cannot be varied; only what is in {', '.join(_VARIED)}"
            if not wrong and head != ("vary",) and path in vary:
                wrong = "stands twice, once in 'together'"
            if wrong:
                yield Problem(wrong, (*head, path))


def _none(what: str, word: str, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word[:80], list(known)[:_COMPARED], 1, 0.5)
    told = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(list(known)[:8])}" if known else ""
    return f"there is no {what} {shown(word)} in the scenario{told}"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
