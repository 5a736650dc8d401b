"""Runs besides the scenario: every combination of the values in `vary`, named by what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from .problems import Path, printable

__all__ = ["combinations", "run_count", "single_values"]

_PARTS, _LENGTH = 8, 40
_TOGETHER = "together"


def combinations(vary: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return a name and the changes of each run; the lists of `together` go in step.

    Parameters
    ----------
    vary : mapping
        Dotted path to values, as checked by the model.
    name : str
        Of the scenario, with which the names begin.
    """
    axes: list[list[dict[str, Any]]] = [
        [{path: v} for v in values] for path, values in vary.items() if path != _TOGETHER
    ]
    together = vary.get(_TOGETHER) or {}
    if together:
        axes.append([dict(zip(together, values, strict=True)) for values in zip(*together.values(), strict=True)])
    if not axes:
        return []
    labels = _labels([path for axis in axes if len(axis) > 1 for path in axis[0]][:_PARTS])
    found: list[tuple[str, dict[str, Any]]] = []
    taken: dict[str, int] = {}
    for choice in product(*axes):
        changes = {path: value for part in choice for path, value in part.items()}
        told = ", ".join(f"{label} {_value(changes[path])}" for path, label in labels.items())
        full = f"{name}: {told}" if told else name
        taken[full] = taken.get(full, 0) + 1
        found.append((full if taken[full] == 1 else f"{full} ({taken[full]})", changes))
    return found


def run_count(vary: Mapping[str, Any]) -> int:
    """Return how many runs `vary` asks for; see `combinations`."""
    together = vary.get(_TOGETHER) or {}
    alone = prod(len(values) for path, values in vary.items() if path != _TOGETHER)
    return alone * (len(next(iter(together.values()))) if together else 1)


def single_values(vary: Mapping[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    """Yield each value of `vary`: where it stands, the path that it changes, and itself."""
    for head, lists in ((("vary",), vary), (("vary", _TOGETHER), vary.get(_TOGETHER) or {})):
        for path, values in lists.items():
            if path != _TOGETHER or head != ("vary",):
                yield from (((*head, path, number), path, value) for number, value in enumerate(values))


def _labels(paths: list[str]) -> dict[str, str]:
    """Return the shortest endings by which paths can be told apart."""
    found = {}
    for path in paths:
        parts = path.split(".")
        for count in range(1, len(parts) + 1):
            label = ".".join(parts[-count:])
            if sum(other in (path, label) or other.endswith(f".{label}") for other in paths) == 1:
                break
        found[path] = label
    return found


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        text = " ".join(f"{key} {_value(inside)}" for key, inside in value.items())
    elif isinstance(value, list):
        text = "+".join(_value(inside) for inside in value)
    else:
        text = str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)
    return printable(" ".join(text.split()), _LENGTH)
