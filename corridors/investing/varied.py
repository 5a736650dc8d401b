"""The other futures of a scenario: the runs of `vary`, called by what they change of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from networks import DataError

from ..scenario.varying import run_count

if TYPE_CHECKING:
    from ..scenario.loading import Scenario

__all__ = ["varied"]

_MOST_FUTURES = 24
_AS_IS = "x 1"
_NOT_COMPARED = (
    "study.years",
    "study.markets",
    "study.currency",
    "investments.objective",
    "investments.start",
    "investments.horizon",
    "investments.discount_rate",
)


def varied(scenario: Scenario) -> list[tuple[str, Scenario]]:
    """Return the runs of ``vary`` that differ from the file, each with what it changes in words.

    Raises
    ------
    DataError
        Too many, or they differ in what makes them incomparable.
    """
    if not scenario.freight.vary:
        return []
    count = run_count(scenario.freight.vary)
    if count > _MOST_FUTURES:
        raise DataError([f"vary: {count} runs; the frontier takes at most {_MOST_FUTURES}"])
    odd = [path for path in _paths(scenario.freight.vary) if path.startswith(_NOT_COMPARED)]
    if odd:
        raise DataError([f"vary.{odd[0]}: futures that differ in it cannot be held against each other; leave it out"])
    bare = scenario.with_({"vary": {}})
    found: dict[str, tuple[dict[str, Any], Scenario]] = {}
    for changes, one in scenario.variations():
        if one.hash != bare.hash:  # the others are the file itself
            found.setdefault(one.hash, (changes, one))
    names = [_told(changes, bare) for changes, _ in found.values()]
    if len(set(names)) < len(names) or "" in names:
        names = [", ".join(f"{path} {value}" for path, value in changes.items()) for changes, _ in found.values()]
    return [(name, one) for name, (_, one) in zip(names, found.values(), strict=True)]


def _paths(vary: Mapping[str, Any]) -> list[str]:
    together = vary.get("together", {})
    return [path for path in vary if path != "together"] + list(together)


def _told(changes: Mapping[str, Any], bare: Scenario) -> str:
    """Return what a run changes of the file, in words: ``caspian 8.5 %/yr, overrun x 1.45``."""
    real = [
        (path, value)
        for path, value in changes.items()
        if not (value == _AS_IS and path.startswith("prices.")) and bare.with_({path: value}).hash != bare.hash
    ]
    return ", ".join(_named(path, value, bare) for path, value in real)


def _named(path: str, value: Any, bare: Scenario) -> str:
    """Return a setting in words: by its title where it switches something on or off, else its last name and value."""
    *before, last = path.split(".")
    if last in ("enabled", "decision") and len(before) > 1:
        section = getattr(bare.model, before[0])
        for name in before[1:]:
            section = section[name] if isinstance(section, Mapping) else getattr(section, name)
        title = section.title or before[-1]
        return title if value in (True, "build") else f"{title}: {'off' if value is False else value}"
    return f"{last} {value}"
