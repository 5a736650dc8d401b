"""What may stand at a path of a scenario, read from the models."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .gas_schema import GasScenarioModel
from .problems import Path, shown
from .schema import ScenarioModel

__all__ = [
    "SECTIONS",
    "TOP",
    "fields",
    "follow",
    "hint",
    "is_names",
    "item",
    "model_of",
    "read_path",
    "root_of",
    "settings",
    "step",
]

_COMPARED = 60  # names of a file that a wrong one is compared with
TOP = ("schema", "name", "title", "question", "extends", "against", "about", "note", "source")
"""Settings of one file, which others that extend it do not take over."""

_SYNONYMS = {
    "node": "place",
    "nodes": "place",
    "port": "place",
    "station": "place",
    "places": "place",
    "commodity": "goods",
    "commodities": "goods",
    "countries": "country",
    "borders": "border",
    "links": "link",
    "corridors": "corridor",
    "family": "corridor",
    "carrier": "mode",
    "pipe": "link",
    "pipes": "link",
    "line": "link",
    "source_of_gas": "supply",
    "supplies": "supply",
    "terminal": "supply",
    "volume": "capacity",
    "tariff_usd_per_mwh": "cost",
    "lead": "time",
    "bans_by": "refused_by",
    "modes": "mode",
    "start": "from",
    "begin": "from",
    "since": "from",
    "end": "to",
    "until": "to",
    "till": "to",
    "duration": "for",
    "lasts": "for",
    "month": "months",
    "draft": "draught",
    "depth": "draught",
    "toll": "fee",
    "charge": "fee",
    "charges": "fee",
    "tariff": "cost",
    "price": "cost",
    "delay": "wait",
    "waiting": "wait",
    "dwell": "wait",
    "duty": "fee",
    "closed": "use",
    "open": "use",
    "ban": "bans",
    "active": "enabled",
    "on": "enabled",
    "description": "note",
    "comment": "note",
    "notes": "note",
    "sources": "source",
    "reference": "source",
    "url": "source",
    "inherits": "extends",
    "include": "extends",
    "base": "extends",
    "counterfactual": "against",
    "baseline": "against",
    "compare": "against",
    "version": "schema",
    "disruption": "disruptions",
    "events": "disruptions",
    "shocks": "disruptions",
    "policies": "policy",
    "sanctions": "policy",
    "investment": "investments",
    "variations": "vary",
    "year": "years",
    "market": "markets",
    "chance": "probability",
    "share": "affects",
    "effects": "effect",
    "dates": "when",
    "period": "when",
    "location": "where",
    "selector": "where",
    "capex": "cost",
    "amount": "total",
    "vot": "value_of_time",
    "co2_price": "carbon_price",
    "growth_rate": "growth",
    "opening": "opens",
    "opens_year": "opens",
}


def root_of(data: Mapping[str, Any]) -> type[BaseModel]:
    """Return the model of a scenario as written: that of gas with ``task: gas``, else that of freight."""
    return GasScenarioModel if data.get("task") == "gas" else ScenarioModel


def item(annotation: Any) -> Any:
    """Return a type without what only annotates it: ``X`` of ``Annotated[X, …] | None``."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the settings of a model by the names that are written, note and source last."""
    found = {info.alias or name: info for name, info in model.model_fields.items()}
    for last in ("note", "source"):
        if last in found:
            found[last] = found.pop(last)
    return found


SECTIONS = tuple(name for name in fields(ScenarioModel) if name not in TOP)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a setting, or of the items of a list of them; None for values and named entries."""
    found = item(annotation)
    if get_origin(found) is tuple:
        found = item(get_args(found)[0])
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def is_names(annotation: Any) -> bool:
    """Return whether entries have names of the writer's choice there."""
    return get_origin(item(annotation)) is dict


def settings(annotation: Any) -> tuple[str, ...]:
    """Return the names of settings that may stand there; none for values and named entries."""
    model = model_of(annotation)
    return tuple(fields(model)) if model else ()


def step(annotation: Any, part: str | int) -> Any:
    """Return the type one level below, or None if nothing may stand there."""
    found = item(annotation)
    if get_origin(found) is tuple and str(part).isdecimal():
        return get_args(found)[0]
    if get_origin(found) is dict:
        return get_args(found)[1]
    model = model_of(found)
    info = fields(model).get(str(part)) if model else None
    return None if info is None else info.annotation


def follow(path: Path, root: type[BaseModel] = ScenarioModel) -> Any:
    """Return the type at a path, or None if nothing may stand there."""
    found: Any = root
    for part in path:
        found = None if found is None or found is Any else step(found, part)
    return found


def hint(word: str, path: Path, root: type[BaseModel] = ScenarioModel) -> str:
    """Return ``; did you mean 'x'?`` for a setting that may not stand below a path, or an empty string."""
    here = follow(path, root)
    known = settings(here)
    synonym = _SYNONYMS.get(word.lower().replace("-", "_"))
    if synonym in known:
        return f"; did you mean {synonym!r}?"
    near = get_close_matches(word.lower()[:80], known, 1, 0.6)
    below = next(_below(here, word), None)
    if below and (not near or near[0] != word):
        return f"; it belongs below {below!r}"
    if near:
        return f"; did you mean {near[0]!r}?"
    above = next((up for up in range(len(path) - 1, -1, -1) if word in settings(follow(path[:up], root))), None)
    if above is not None:
        return f"; it belongs {f'below {path[above - 1]!r}' if above else 'at the top, without indentation'}"
    return f"; known: {', '.join(known[:14])}" if known else ""


def _below(annotation: Any, word: str) -> Iterator[str]:
    model = model_of(annotation)
    for name, info in fields(model).items() if model else ():
        if word in settings(info.annotation) and word not in ("note", "source"):
            yield name


def read_path(text: str, data: Mapping[str, Any]) -> tuple[Path, str]:
    """Return a dotted path as a tuple, and what is wrong with it: an empty text if nothing.

    Parameters
    ----------
    text : str
        ``disruptions.russia.effect.capacity``; an item of a list by its number.
    data : dict
        What is written, in which named entries are looked up.
    """
    path: Path = ()
    root = root_of(data)
    here: Any = root
    value: Any = data
    for part in text.split("."):
        below = step(here, part)
        if below is None:
            return path, _no_step(here, part, path, root)
        if is_names(here) and model_of(below) and part not in (value if isinstance(value, dict) else ()):
            return path, _no_entry(part, path, value)
        if isinstance(value, list):
            number = int(part) if part.isdecimal() and len(part) < 6 else len(value)
            if number >= len(value):
                return path, f"{'.'.join(map(str, path))!r} has {len(value)} items, counted from 0; got {shown(part)}"
            path, value = (*path, number), value[number]
        else:
            path, value = (*path, part), value.get(part) if isinstance(value, dict) else None
        here = below
    return path, ""


def _no_step(here: Any, part: str, path: Path, root: type[BaseModel]) -> str:
    if not settings(here):
        return f"{'.'.join(map(str, path))!r} is a value and holds no {shown(part)}"
    return f"unknown setting {shown(part)}{hint(part, path, root)}"


def _no_entry(part: str, path: Path, value: Any) -> str:
    known = list(value) if isinstance(value, dict) else []
    near = get_close_matches(part, known[:_COMPARED], 1, 0.5)
    told = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known[:8])}" if known else ""
    return f"there is no {shown(part)} in {'.'.join(map(str, path))!r}{told}"
