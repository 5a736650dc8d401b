"""Whatever a user can reach says what it does, what it takes and what comes back; nothing is untyped."""

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

PACKAGES = ("seeds", "networks", "solvers", "corridors")
TABLE = re.compile(r"\b(Geo)?(DataFrame|Series)\b")
NAMED = re.compile(r"``|`[\w.]+`|\bby \w+")
OURS = re.compile(r"\braise (\w*Error)\b")


class Member(NamedTuple):
    """A public function, or one of a public class; a property counts as a function without parameters."""

    name: str
    function: Any

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def parameters(self) -> list[str]:
        names = inspect.signature(self.function).parameters
        return [name for name in names if name not in ("self", "cls") and not name.startswith("_")]


def ours(something: Any) -> bool:
    return something.__module__.split(".")[0] in PACKAGES


@cache
def classes() -> dict[str, set[type]]:
    """Return the classes of the packages by their name, to find those that annotations speak of."""
    found: dict[str, set[type]] = defaultdict(set)
    for package in map(importlib.import_module, PACKAGES):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("__main__", "build_boundaries")):
                continue
            names = vars(importlib.import_module(module.name))
            for name, value in names.items():
                if inspect.isclass(value) and ours(value):
                    found[name].add(value)
    return found


def returned_by(function: Any) -> Iterator[type]:
    """Give the classes of ours that a function returns; a name that several have is that of its own module."""
    for word in re.findall(r"\b[A-Z]\w+", str(function.__annotations__.get("return", ""))):
        mine = function.__globals__.get(word)
        yield from {mine} if mine in classes().get(word, set()) else classes().get(word, set())


def function_of(attribute: Any) -> Any:
    if isinstance(attribute, property):
        return attribute.fget
    if isinstance(attribute, cached_property):
        return attribute.func
    return getattr(attribute, "__func__", attribute)


@cache
def public() -> tuple[list[type], list[Member]]:
    """Return classes and functions that are public, or that a public one gives back."""
    waiting = [
        getattr(importlib.import_module(p), name) for p in PACKAGES for name in importlib.import_module(p).__all__
    ]
    kinds: dict[type, None] = {}
    functions: list[Member] = []
    for thing in waiting:  # grows while it is walked
        if inspect.isclass(thing) and thing not in kinds:
            kinds[thing] = None
            mine = [
                Member(f"{thing.__module__}.{thing.__name__}.{name}", function_of(value))
                for name, value in vars(thing).items()
                if not name.startswith("_") and inspect.isfunction(function_of(value))
            ]
            waiting += [base for base in thing.__mro__[1:] if ours(base) and not base.__name__.startswith("_")]
        elif inspect.isroutine(thing) or hasattr(thing, "__wrapped__"):
            mine = [Member(f"{thing.__module__}.{thing.__name__}", inspect.unwrap(thing))]
        else:
            continue
        functions += mine
        for member in mine:
            waiting += returned_by(member.function)
    return list(kinds), functions


def wrong(member: Member) -> Iterator[str]:
    """Say what the documentation of a function lacks."""
    if not member.doc:
        yield "has no docstring"
        return
    for name in member.parameters:
        if not re.search(rf"\b{name}\b", member.doc):
            yield f"does not say what {name!r} is"
    if len(member.parameters) > 1 and not re.search(r"^Parameters\n-+$", member.doc, re.MULTILINE):
        yield "has no section 'Parameters'"
    returned = str(member.function.__annotations__.get("return", ""))
    if TABLE.search(returned) and not NAMED.search(told_of_what_comes_back(member.doc)):
        yield f"does not name the columns or the index of what it returns ({returned})"
    raised = OURS.findall(inspect.getsource(member.function))
    if raised and not re.search(r"^Raises\n-+$", member.doc, re.MULTILINE):
        yield f"does not say when it raises {raised[0]}"
    if "folder" in member.parameters and "Raises\n" not in member.doc:
        yield "reads tables of a user, and does not say what it raises if they are wrong"


def told_of_what_comes_back(doc: str) -> str:
    """Return the first line and the section 'Returns', or all that stands before the sections."""
    parts = re.split(r"^(\w+)\n-{3,}$", doc, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return parts[0] + sections.get("Returns", "") + sections.get("Yields", "")


def test_what_is_public_is_found() -> None:
    kinds, functions = public()
    names = {member.name for member in functions}
    assert {"RunPlots", "PriceRange", "FlowSolution"} <= {kind.__name__ for kind in kinds}
    assert {"solvers.flow.solve_flow", "corridors.scenario.plots.GasPlots.map", "seeds.table_path"} <= names


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_say_what_they_take_and_give(package: str) -> None:
    mine = [member for member in public()[1] if member.name.split(".")[0] == package]
    assert [f"{member.name} {problem}" for member in mine for problem in wrong(member)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_untyped(package: str) -> None:
    untyped = [
        f"{member.name}: {name}"
        for member in public()[1]
        for name in [*inspect.signature(member.function).parameters, "return"]
        if member.name.split(".")[0] == package
        and name not in ("self", "cls")
        and name not in member.function.__annotations__
    ]
    assert untyped == []


def test_classes_say_what_they_hold() -> None:
    problems = []
    for kind in public()[0]:
        doc = vars(kind).get("__doc__") or ""
        if not doc or doc.startswith(f"{kind.__name__}("):  # what dataclass writes by itself
            problems.append(f"{kind.__module__}.{kind.__name__} has no docstring")
        problems += [f"{kind.__module__}.{kind.__name__} does not say what {name!r} is" for name in unsaid(kind, doc)]
    assert problems == []


def unsaid(kind: type, doc: str) -> list[str]:
    """Return what is public of a class, or asked when it is made, and not named; inner parts have no repr."""
    if issubclass(kind, BaseModel):  # says it field by field, in `corridors schema`
        return []
    own = vars(kind).get("__annotations__", {})
    names = [f.name for f in fields(kind) if f.repr and f.name in own] if is_dataclass(kind) else [*own]
    if not own and not is_dataclass(kind) and "__init__" in vars(kind):
        names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]  # type: ignore[misc]
    return [name for name in names if not name.startswith("_") and not re.search(rf"\b{name}\b", doc)]


@pytest.mark.parametrize(
    ("doc", "problem"),
    [
        ("", "has no docstring"),
        ("Return the flows.", "does not say what 'by' is"),
        ("Return the flows by all of `by`.\n\nRaises\n------\nDataError\n    No.", "has no section 'Parameters'"),
        ("Return a table.\n\nParameters\n----------\nby, most\n    Words.", "does not name the columns or the index"),
        ("Return ``a``.\n\nParameters\n----------\nby, most\n    Words.", "does not say when it raises ValueError"),
    ],
)
def test_a_poor_docstring_is_found(doc: str, problem: str) -> None:
    def flows(by: str, most: int) -> "DataFrame":  # noqa: F821
        raise ValueError(by * most)

    flows.__doc__ = doc
    assert any(told.startswith(problem) for told in wrong(Member("flows", flows)))
