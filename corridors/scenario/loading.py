"""Scenarios: files, what they build on and what is set from outside, as one checked model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from networks import DataError

from .finding import find, find_first
from .gas_schema import GasScenarioModel
from .merging import chain, merged, overlaid
from .problems import Mark, Problem, ScenarioError
from .problems import Path as Setting
from .schema import ScenarioModel
from .units import Change, Quantity
from .validating import AnyScenario, mark_of, validate
from .varying import combinations, single_values
from .vocabulary import Vocabulary, vocabulary
from .words import check_words
from .yaml_text import paths_below, write

__all__ = ["Scenario", "load", "model_hash"]

_NO_NUMBERS = {"name", "title", "question", "note", "source", "vary", "extends", "against", "about"}
_CHECKED = 100_000


@dataclass(frozen=True, eq=False)
class Scenario:
    """A scenario that was read and checked.

    Attributes
    ----------
    model : ScenarioModel or GasScenarioModel
        Everything by its type, defaults included.
    resolved : dict
        What is written, in plain values: this file over those that it extends.
    path : Path
        The file.
    """

    model: AnyScenario = field(repr=False)
    resolved: dict[str, Any] = field(repr=False)
    path: Path
    _marks: dict[Setting, Mark | None] = field(repr=False)
    _lines: dict[str, tuple[str, ...]] = field(repr=False)
    _vocabulary: Vocabulary = field(repr=False)

    @property
    def name(self) -> str:
        """Its name."""
        return self.model.name

    @property
    def freight(self) -> ScenarioModel:
        """The model of a scenario of freight.

        Raises
        ------
        DataError
            It is one of gas.
        """
        if isinstance(self.model, GasScenarioModel):
            raise DataError([f"{self.name}: is a scenario of gas; this is for freight"])
        return self.model

    @property
    def gas(self) -> GasScenarioModel:
        """The model of a scenario of gas.

        Raises
        ------
        DataError
            It is one of freight.
        """
        if not isinstance(self.model, GasScenarioModel):
            raise DataError([f"{self.name}: is a scenario of freight; this is for gas ('task: gas')"])
        return self.model

    @property
    def question(self) -> str | None:
        """What it answers."""
        return self.model.question

    @property
    def against(self) -> str | None:
        """Name of the counterfactual."""
        return self.model.against

    @cached_property
    def origins(self) -> dict[Setting, str]:
        """Path of each setting to ``file:line:column``, or ``set`` for what was set from outside."""
        return {path: "set" if mark is None else str(mark) for path, mark in self._marks.items()}

    @property
    def text(self) -> str:
        """The scenario as one file, with all that it takes over from others."""
        return write({key: value for key, value in self.resolved.items() if key != "extends"})

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what decides the numbers; names, titles, notes, sources, `vary` and `against` do not."""
        return model_hash(self.model)

    def with_(self, changes: Mapping[str, Any] | None = None, **sections: Any) -> Scenario:
        """Return the scenario with other values.

        Parameters
        ----------
        changes : mapping, optional
            Dotted path to value: ``{"disruptions.russia.effect.capacity": "x 0.5"}``. Mappings merge by key, as in
            a file that extends this one; everything else replaces.
        **sections
            The same by section: ``study={"years": [2030]}``.

        Raises
        ------
        ScenarioError
            The result is no valid scenario.
        """
        data, marks = overlaid(deepcopy(self.resolved), self._marks, {**(changes or {}), **sections}, self.path.name)
        return _checked(data, marks, self._lines, self.path, self._vocabulary)

    def counterfactual(self) -> Scenario | None:
        """Return the scenario named by `against`, asked the same: with the `study` of this one.

        Raises
        ------
        DataError
            There is no such scenario, or it is wrong.
        """
        if self.against is None:
            return None
        file = _counterpart(self.against, self.path)
        data, marks, lines = merged(chain(file, self.path.parent))
        own = ("study",)
        for path in [path for path in marks if path[:1] == own]:
            del marks[path]
        data.pop("study", None)
        if "study" in self.resolved:
            data["study"] = self.resolved["study"]
            inside = [own, *paths_below(self.resolved["study"], own)]
            marks.update({path: self._marks[path] for path in inside if path in self._marks})
        return _checked(data, marks, {**self._lines, **lines}, file, self._vocabulary)

    def variations(self) -> list[tuple[dict[str, Any], Scenario]]:
        """Return the runs of `vary`, each as its changes and its scenario; none without `vary`.

        Raises
        ------
        ScenarioError
            Values that are wrong only together.
        """
        alone = self.alone()
        return [
            (changes, alone.with_({**changes, "name": name}))
            for name, changes in combinations(self.resolved.get("vary") or {}, self.name)
        ]

    def alone(self) -> Scenario:
        """Return the scenario without `vary`."""
        data = {key: value for key, value in self.resolved.items() if key != "vary"}
        marks = {path: mark for path, mark in self._marks.items() if path[:1] != ("vary",)}
        return _checked(data, marks, self._lines, self.path, self._vocabulary)


def model_hash(model: AnyScenario) -> str:
    """Return the hash of what decides the numbers of a scenario, see `Scenario.hash`."""
    return hashlib.sha256(json.dumps(_plain(model), sort_keys=True).encode()).hexdigest()


def load(
    name_or_path: str | Path, *, set: Mapping[str, Any] | None = None, folder: str | Path | None = None
) -> Scenario:
    """Read a scenario and check every word of it.

    Parameters
    ----------
    name_or_path : str or path
        File, or the name of one in this folder or among the toolkit's.
    set : mapping, optional
        Dotted path to value, over what the files say.
    folder : path, optional
        Folder with tables of your own, whose words may be used.

    Returns
    -------
    Scenario

    Raises
    ------
    DataError
        No such file, or anything wrong in it or in those that it extends: all is told at once, with its place.
    """
    file = find_first(name_or_path).absolute()
    data, marks, lines = merged(chain(file, file.parent))
    if set:
        data, marks = overlaid(data, marks, set, file.name)
    return _checked(data, marks, lines, file, vocabulary(folder))


def _checked(
    data: dict[str, Any],
    marks: dict[Setting, Mark | None],
    lines: dict[str, tuple[str, ...]],
    file: Path,
    known: Vocabulary,
) -> Scenario:
    found = validate(data, marks, lines)
    problems = found if isinstance(found, list) else []
    problems = [*problems, *_words(data, marks, file, known)]
    if not isinstance(found, list) and not problems:
        problems = _varied(data, marks, lines, file, known)
    if problems or isinstance(found, list):
        raise ScenarioError(problems, file.name, lines)
    return Scenario(found, data, file, marks, lines, known)


def _counterpart(name: str, file: Path) -> Path:
    """Return the file that `against` names: another one, or the file itself as it is written."""
    try:
        return find(name, file.parent, file)
    except DataError:
        if name.removesuffix(file.suffix) == file.stem:
            return file
        raise


def _words(data: dict[str, Any], marks: dict[Setting, Mark | None], file: Path, known: Vocabulary) -> list[Problem]:
    problems = [Problem(p.message, p.path, mark_of(p.path, marks)) for p in check_words(data, known)]
    if isinstance(data.get("against"), str):
        try:
            _counterpart(data["against"], file)
        except DataError as error:
            problems.append(Problem(str(error), ("against",), mark_of(("against",), marks)))
    return problems


def _varied(
    data: dict[str, Any],
    marks: dict[Setting, Mark | None],
    lines: dict[str, tuple[str, ...]],
    file: Path,
    known: Vocabulary,
) -> list[Problem]:
    """Check each value of `vary` alone, as many as a file of usual size has; the others are checked when they run."""
    bare = {key: value for key, value in data.items() if key != "vary"}
    budget = _CHECKED
    problems: list[Problem] = []
    for where, path, value in single_values(data.get("vary") or {}):
        budget -= len(marks)
        if budget < 0:
            break
        try:
            varied, _ = overlaid(bare, {}, {path: value}, file.name)
        except DataError as error:
            problems.append(Problem(str(error), where, mark_of(where, marks)))
            continue
        found = validate(varied, {}, lines)
        wrong = [*(found if isinstance(found, list) else []), *check_words(varied, known)]
        problems += [Problem(p.message, where, mark_of(where, marks)) for p in wrong]
    return problems


def _plain(value: Any) -> Any:
    """Return what decides the numbers, as JSON has it."""
    if isinstance(value, BaseModel):
        return {key: _plain(inside) for key, inside in value if key not in _NO_NUMBERS}
    if isinstance(value, Mapping):
        return {str(key): _plain(inside) for key, inside in value.items()}
    if isinstance(value, Change):
        return [value.kind, _plain(value.quantity)]
    if isinstance(value, Quantity):
        return [value.value, value.dimension, value.price_year]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inside) for inside in value]
    return value
