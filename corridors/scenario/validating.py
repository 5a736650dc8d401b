"""From plain values to the model; what does not fit is told in the words of the file, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .gas_schema import GasScenarioModel
from .problems import Mark, Path, Problem, shown
from .schema import ScenarioModel
from .shape import follow, hint, is_names, item, model_of, root_of

__all__ = ["AnyScenario", "mark_of", "validate"]

AnyScenario = ScenarioModel | GasScenarioModel
Marks = Mapping[Path, Mark | None]
Lines = Mapping[str, Iterable[str]]

_LIKE = {
    "where": "{place: Aktau}",
    "effect": "{use: closed}",
    "when": "{from: 2026-01, to: 2026-06}",
    "study": "{years: [2026]}",
}


def validate(
    data: Mapping[str, Any], marks: Marks, lines: Mapping[str, tuple[str, ...]]
) -> AnyScenario | list[Problem]:
    """Return the model of a scenario, or everything that does not fit.

    Parameters
    ----------
    data : dict
        As written, merged.
    marks : dict
        Path to where it is written.
    lines : dict
        File to its lines.
    """
    try:
        return cast("AnyScenario", root_of(data).model_validate(dict(data)))
    except ValidationError as error:
        found: dict[tuple[Path, str], Problem] = {}
        for wrong in error.errors(include_url=False):
            problem = _problem(wrong, data, marks, lines)
            found.setdefault((problem.path, problem.message), problem)
        return list(found.values())


def mark_of(path: Path, marks: Marks) -> Mark | None:
    """Return where a setting is written, or the innermost of those around it."""
    while path and path not in marks:
        path = path[:-1]
    return marks.get(path)


def _problem(
    wrong: ErrorDetails, data: Mapping[str, Any], marks: Marks, lines: Mapping[str, tuple[str, ...]]
) -> Problem:
    path = _written(wrong["loc"], data)
    mark = mark_of(path, marks)
    if wrong["type"] == "missing":
        return Problem(f"{shown(wrong['loc'][-1])} is missing", (*path, wrong["loc"][-1]), mark)
    message = _message(wrong, path, root_of(data))
    if wrong["type"] == "extra_forbidden" and mark is not None:
        message += _comma(path, wrong["input"], mark, lines)
    return Problem(message, path, mark)


def _written(loc: tuple[int | str, ...], data: Any) -> Path:
    """Return a place in the models as a path in the file: without what only the models have."""
    path: Path = ()
    for part in loc:
        known = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if part in known:
            path, data = (*path, part), data[part]
    return path


def _comma(path: Path, value: Any, mark: Mark, lines: Mapping[str, tuple[str, ...]]) -> str:
    text = lines.get(mark.file, ())
    before = text[mark.line - 1][: mark.column - 1] if mark.line <= len(text) else ""
    return "; unquoted comma?" if "{" in before and (value is None or " " in str(path[-1])) else ""


def _message(wrong: ErrorDetails, path: Path, root: type[BaseModel]) -> str:
    kind, value, context = wrong["type"], wrong["input"], wrong.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", wrong["msg"]))
    if kind == "extra_forbidden":
        return f"unknown setting {shown(str(path[-1]))}{hint(str(path[-1]), path[:-1], root)}"
    if kind == "literal_error":
        return _literal(value, str(context["expected"]), path)
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} as a name: letters, digits, '-' and '_' only, 80 at most"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"{context['ge']} or later" if kind == "greater_than_equal" else f"{context['le']} or earlier"
        if path and "months" in path:
            return f"{shown(value)} is no month; write 1 to 12"
        return f"{shown(value)} is out of range; write {bound}"
    if kind in ("too_short", "string_too_short"):
        return "is empty; write at least one" if kind == "too_short" else "is empty; write a text"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']:,} characters"
    return f"expected {_expected(kind, path, root)}, got {shown(value)}"


def _literal(value: Any, expected: str, path: Path) -> str:
    if path == ("schema",):
        return f"got {shown(value)}; this version reads schema 1"
    words = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(str(value)[:80].lower(), words, 1, 0.6)
    told = f"; did you mean {near[0]!r}?" if near else ""
    return f"{shown(value)} is not one of {expected}{told}" if len(words) > 1 else f"{shown(value)} is not {expected}"


def _expected(kind: str, path: Path, root: type[BaseModel]) -> str:
    """Return in words what stands at a path, by the models where they know it."""
    here = follow(path, root)
    if kind == "bool_type":
        return "true or false"
    if kind == "string_type":
        return "text"
    if kind.startswith("int_"):
        return "a month, 1 to 12" if "months" in path else "a year such as 2027"
    if here is not None and here is not Any:
        if is_names(here):
            return "names with their settings, indented below"
        if model_of(here):
            like = next((_LIKE[str(word)] for word in reversed(path) if str(word) in _LIKE), "{…: …}")
            return f"settings, indented below or as {like}"
        if get_origin(item(here)) is tuple:
            inner = item(get_args(item(here))[0])
            years = "a list of months, 1 to 12" if "months" in path else "a year such as 2027, or a list of years"
            return years if inner is int else "a word or a list of words"
    return {"dict_type": "settings", "tuple_type": "a list"}.get(kind, "something else")
