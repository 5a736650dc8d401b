"""Every value of a scenario with the file and line that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from networks import DataError

from .loading import Scenario
from .problems import Path, dotted
from .shape import fields, read_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explained", "explain", "inputs_of"]

_DEFAULT = "default"


class Explained(NamedTuple):
    """One value: its dotted path, itself as text, and ``file:line:column``, ``set`` or ``default``."""

    path: str
    value: str
    origin: str


def explain(scenario: Scenario, path: str = "") -> list[Explained]:
    """Return every value of a scenario and where it comes from.

    Parameters
    ----------
    scenario : Scenario
        As of `load`.
    path : str
        Only what is at this dotted path or below, for example ``disruptions.russia``.

    Returns
    -------
    list of Explained
        In the order of the reference; settings without a value are left out.

    Raises
    ------
    DataError
        No such path; the nearest is named.
    """
    rows = list(_rows(scenario.model, scenario.resolved, (), scenario.origins))
    if not path:
        return rows
    found = [row for row in rows if row.path == path or row.path.startswith(f"{path}.")]
    if found:
        return found
    read, wrong = read_path(path, scenario.resolved)
    if wrong:
        raise DataError([f"{path}: {wrong}"])
    value = _at(scenario.resolved, read)
    if value is not None and not isinstance(value, dict | list):
        return [Explained(path, _text(value), scenario.origins.get(read, _DEFAULT))]
    return [Explained(path, "nothing", _DEFAULT)]


def inputs_of(scenario: Scenario) -> pd.DataFrame:
    """Return the same as a table of text, `explain`'s fields as columns."""
    import pandas as pd

    return pd.DataFrame(explain(scenario), columns=list(Explained._fields), dtype=str)


def _rows(value: Any, written: Any, path: Path, origins: Mapping[Path, str]) -> Iterator[Explained]:
    if isinstance(value, BaseModel):
        for name in fields(type(value)):
            inside = getattr(value, f"{name}_" if f"{name}_" in type(value).model_fields else name)
            yield from _rows(inside, _at(written, (name,)), (*path, name), origins)
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _rows(inside, _at(written, (key,)), (*path, key), origins)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, inside in enumerate(value):
            listed = isinstance(written, list)
            at = (*path, number) if listed else path
            yield from _rows(inside, written[number] if listed else written, at, origins)
    elif value is not None and value != ():
        yield Explained(dotted(path), _text(value), origins.get(path, _DEFAULT))


def _at(written: Any, path: Path) -> Any:
    for part in path:
        try:
            written = written[part]
        except (KeyError, IndexError, TypeError):
            return None
    return written


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(_text(inside) for inside in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_text(inside)}' for key, inside in value.items())}}}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split()) if value is not None else "nothing"
