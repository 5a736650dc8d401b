"""The format as JSON Schema, for editors that complete and check scenario files while they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from .gas_schema import GasScenarioModel
from .schema import ScenarioModel
from .shape import fields, item, model_of, step
from .vocabulary import MODES, Vocabulary, vocabulary

__all__ = ["LINE", "SCHEMA_FILE", "json_schema", "meaning", "models", "schema_text"]

SCHEMA_FILE = "scenario.schema.json"
LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
"""First line of a scenario beside the file of the schema, by which editors find it."""

_EXAMPLES = {
    ("ScenarioModel", "name"): ["russia-closed-2027"],
    ("ScenarioModel", "extends"): ["baseline-2026"],
    ("ScenarioModel", "against"): ["baseline-2026"],
    ("ScenarioModel", "vary"): [{"disruptions.russia.effect.capacity": ["-30 %", "-60 %"]}],
    ("Study", "years"): [[2026, 2030]],
    ("Where", "country"): ["RU", "Central_Asia"],
    ("Where", "border"): ["KZ-CN", "KZ>CN"],
    ("Where", "place"): ["Aktau", "Suez Canal"],
    ("Where", "link"): ["Aktau - Alat"],
    ("When", "months"): [[12, 1, 2]],
    ("Project", "record"): ["I03"],
    ("Package", "record"): ["PK01"],
    ("GasScenarioModel", "name"): ["tanap-half"],
    ("GasScenarioModel", "extends"): ["baseline-gas-2026"],
    ("GasScenarioModel", "against"): ["baseline-gas-2026"],
    ("GasScenarioModel", "vary"): [{"disruptions.tanap.effect.capacity": ["x 0.75", "x 0.5"]}],
    ("GasStudy", "years"): [[2026, 2027]],
    ("GasWhere", "country"): ["RU", "EU"],
    ("GasWhere", "border"): ["GE-TR", "GE>TR"],
    ("GasWhere", "link"): ["tanap", "IGB"],
    ("GasWhere", "supply"): ["sd", "iran", "IT_PIOM"],
    ("GasWhere", "carrier"): ["lng", "pipeline"],
    ("GasProject", "record"): ["G11"],
}


def schema_text(*, gas: bool = False) -> str:
    """Return the JSON Schema as text, of scenarios of freight or of gas."""
    return json.dumps(json_schema(gas=gas), ensure_ascii=False, indent=1) + "\n"


@cache
def json_schema(*, gas: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of scenario files; what may be written in two ways is allowed in both."""
    root = GasScenarioModel if gas else ScenarioModel
    schema: dict[str, Any] = root.model_json_schema(by_alias=True)
    known = vocabulary()
    for model in models(root):
        here = schema if model is root else schema["$defs"][model.__name__]
        for name, info in fields(model).items():
            here["properties"][name] = _setting(here["properties"][name], model, name, info, known)
    schema["title"] = "Scenario of gas" if gas else "Scenario of corridors"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def models(root: type[BaseModel] = ScenarioModel) -> list[type[BaseModel]]:
    """Return the models of a scenario, the outermost first."""
    found: dict[type[BaseModel], None] = {}
    pending: list[type[BaseModel]] = [root]
    while pending:
        model = pending.pop(0)
        if model not in found:
            found[model] = None
            pending.extend(_inside(model))
    return list(found)


def meaning(info: FieldInfo) -> str:
    """Return what a setting means: its own words, or those of what stands in it."""
    inner = _inner(info)
    return info.description or (_first(inner) if inner else "")


def _inside(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for info in fields(model).values():
        inner = _inner(info)
        if inner is not None:
            yield inner


def _inner(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a setting, of its items or of its named entries."""
    annotation = info.annotation
    if get_origin(item(annotation)) is dict:
        annotation = step(annotation, "x")
    return None if annotation is Any else model_of(annotation)


def _first(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]


def _setting(
    written: dict[str, Any], model: type[BaseModel], name: str, info: FieldInfo, known: Vocabulary
) -> dict[str, Any]:
    """Return a property in its shortest form, with what it means and examples."""
    inner = _not_null(written)
    unit = inner.pop("description", "") if inner is not written else ""
    text = meaning(info) or unit
    found = {key: value for key, value in inner.items() if key not in ("title", "default", "description")}
    if "patternProperties" in found:
        found["additionalProperties"] = False
    if found.get("type") == "array" and "minLength" in found:
        found["minItems"] = found.pop("minLength")
    if found.get("type") == "array" and any(isinstance(m, BeforeValidator) for m in _metadata(info)):
        found = {"anyOf": [found["items"], found]}
    examples = _EXAMPLES.get((model.__name__, name)) or _words(model, name, known) or found.pop("examples", None)
    found = {"title": name, "description": f"{text} ({unit})" if unit and unit != text else text, **found}
    if examples:
        found["examples"] = examples
    if isinstance(written.get("default"), str | int | list) and written["default"] != []:
        found["default"] = written["default"]
    return found


def _metadata(info: FieldInfo) -> list[Any]:
    inner = [m for part in getattr(info.annotation, "__args__", ()) for m in getattr(part, "__metadata__", ())]
    return [*info.metadata, *inner]


def _not_null(written: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in written.get("anyOf", ()) if choice != {"type": "null"}]
    return {**choices[0]} if len(choices) == 1 else written


def _words(model: type[BaseModel], name: str, known: Vocabulary) -> list[str]:
    if (model.__name__, name) == ("Where", "mode"):
        return list(MODES)
    if (model.__name__, name) == ("Where", "corridor"):
        return list(dict.fromkeys([*(c.family for c in known.corridors.values()), *known.corridors]))
    if name in ("market", "markets"):
        return list(known.ids("markets", "market_id"))
    return list(known.ids("goods", "goods_id")) if (model.__name__, name) == ("Where", "goods") else []
