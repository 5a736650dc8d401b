"""Writes scenarios-reference.md, the list of everything that a scenario file may say, from the models themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from corridors.scenario.gas_schema import GasScenarioModel
from corridors.scenario.schema import ScenarioModel
from corridors.scenario.schema_text import json_schema, meaning, models
from corridors.scenario.shape import fields, item
from corridors.scenario.units import CURRENCIES, UNITS

_WHERE = {
    "ScenarioModel": ("At the top", ""),
    "Study": ("study", "study"),
    "Demand": ("demand", "demand"),
    "Choice": ("choice", "choice"),
    "Intervention": ("disruptions and policy", "disruptions.<name> or policy.<name>"),
    "Where": ("where", "where of a disruption, policy or project: one, or a list of them"),
    "Effect": ("effect", "effect of a disruption, policy or project"),
    "When": ("when", "when of a disruption or policy"),
    "Investments": ("investments", "investments"),
    "Package": ("packages", "investments.packages.<name>"),
    "Line": ("lines", "investments.packages.<name>.lines.<name>"),
    "Project": ("projects", "investments.projects.<name>"),
}
_GAS_WHERE = {
    "GasScenarioModel": ("Gas: at the top", ""),
    "GasStudy": ("Gas: study", "study"),
    "GasDemand": ("Gas: demand", "demand"),
    "GasIntervention": ("Gas: disruptions and policy", "disruptions.<name> or policy.<name>"),
    "GasWhere": ("Gas: where", "where of a disruption, policy or project: one, or a list of them"),
    "GasEffect": ("Gas: effect", "effect of a disruption, policy or project"),
    "GasInvestments": ("Gas: investments", "investments"),
    "GasProject": ("Gas: projects", "investments.projects.<name>"),
}
_GAS = """## Scenarios of gas

With `task: gas` a scenario is one of the gas network ([gas.md](gas.md)); `corridors new my-study --gas` writes one, `corridors schema --gas` prints its format. `extends`, `against`, `vary`, numbers, `when` and words work as above; what can be named is listed by `corridors list gas-pipes`, `gas-places`, `gas-supplies` and `gas-storages`.

A disruption is a surprise unless `known: true` is said: the year goes as planned until its first day, storages then stand as the plan left them, and LNG that was not ordered comes only after its lead (30 days). Policy is known from the start of the year. By month a surprise must last 60 days: for shorter ones say `step: day`.

`capacity` without a sign sets the most that goes through each pipe named; nameplates on record are passed by a documented tolerance of 15 %. A factor works both ways of a pipe and on what a storage takes and gives. Volumes become energy by the calorific value on record of the pipe, source or storage. More `capacity` of a source is more gas in the year too.
"""

_INTRO = """# Scenario files: reference

Made by `docs/make_reference.py` from the models in `corridors/scenario/schema.py`; change those, not this page.

A scenario is one YAML file. `corridors new my-study` writes one that runs, `corridors check my-study.yaml` says all
that is wrong with its place, `corridors explain my-study.yaml` prints every value and where it comes from,
`corridors schema` prints the format for editors.

## What builds on what

`extends` names one or several scenarios, of the same folder (`name` or `sub/name`) or of the toolkit. Mappings merge by
key at every depth; everything else, lists too, replaces. Later ones win; each file counts once, after those that it
builds on itself. `schema`, `name`, `title`, `question`, `extends`, `against`, `note` and `source` at the top are about
one file and are not taken over. Nothing can be deleted: switch off with `enabled: false`.

`--set path=value` on the command line goes over the files, `with_` in Python over both.

`against` names the counterfactual. It is run with the whole `study` of the scenario that names it.

`vary` adds runs: every combination of the values given by path, those below `together` in step.

## Numbers

`<number> [thousand|mn|bn] <unit>[/<unit>…]`: `48 h`, `8 Mt/yr`, `12 bn EUR`, `3 %/yr`, `250 EUR2023/TEU`. `/` divides,
nothing multiplies. No commas in numbers, no number without its unit. A year has 8,760 hours.

Where something changes, no sign sets (`48 h`), `+` and `-` change (`-30 %`, `+48 h`, `-1 m`), `x` multiplies (`x 0.5`).

Units: {units}. Currencies: {currencies}, with the year of their prices if it matters: `EUR2023`.

Days are written as 2027, 2027-01 or 2027-01-31.

## Settings

`note` and `source` may stand with everything: `note` is what a reader should know, `source` an id of `sources.csv` or
`events.csv`, several with `;` between, a link, or a sentence. An asterisk marks what must be given.
"""


def page() -> str:
    """Return the page."""
    units = ", ".join(f"`{unit}`" for unit in UNITS)
    parts = [_INTRO.format(units=units, currencies=", ".join(f"`{c}`" for c in CURRENCIES))]
    parts += [_section(model) for model in sorted(models(), key=lambda m: [*_WHERE].index(m.__name__))]
    gas = [model for model in models(GasScenarioModel) if model.__name__ in _GAS_WHERE]
    parts += [_GAS, *(_section(m, gas=True) for m in sorted(gas, key=lambda m: [*_GAS_WHERE].index(m.__name__)))]
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("scenarios-reference.md").write_text(page(), encoding="utf-8")


def _section(model: type[BaseModel], *, gas: bool = False) -> str:
    title, where = (_GAS_WHERE if gas else _WHERE)[model.__name__]
    text = (model.__doc__ or "").strip().split("\n")[0]
    lines = [f"### {title}", "", f"{text}{f' Stands at `{where}`.' if where and ' ' not in where else ''}", ""]
    if " " in where:
        lines[2] = f"{text} Stands at {where}.".replace("<name>", "*name*")
    lines += ["| setting | type | default | meaning | example |", "|---|---|---|---|---|"]
    schema = json_schema(gas=gas)
    here = schema if model in (ScenarioModel, GasScenarioModel) else schema["$defs"][model.__name__]
    for name, info in fields(model).items():
        if name not in ("note", "source"):
            written = here["properties"][name]
            star = "*" if info.is_required() else ""
            cells = [
                f"`{name}`{star}",
                _type(info.annotation, written),
                _default(written),
                meaning(info),
                _example(written),
            ]
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _type(annotation: Any, written: dict[str, Any]) -> str:
    inner = item(annotation)
    if get_origin(inner) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(inner))
    if get_origin(inner) is dict:
        return "by name"
    if get_origin(inner) is tuple:
        inside = item(get_args(inner)[0])
        kinds = {int: "year", str: "word"}
        kind = "month" if written["title"] == "months" else kinds.get(inside, "settings")
        return f"{kind} or list" if "anyOf" in written else f"list of {kind}s"
    if isinstance(written.get("type"), list):
        return "day"
    known = {bool: "true or false", int: "year", str: "text"}
    if inner in known:
        return known[inner]
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "settings"
    unit = written["description"].rsplit(" (", 1)
    return unit[1][:-1] if len(unit) == 2 and unit[1].endswith(")") else "number with unit"


def _default(written: dict[str, Any]) -> str:
    if "default" not in written:
        return ""
    return f"`{json.dumps(written['default']).replace(chr(34), '')}`"


def _example(written: dict[str, Any]) -> str:
    examples = written.get("examples") or next(iter(written.get("patternProperties", {}).values()), {}).get("examples")
    if not examples:
        return ""
    example = examples[0]
    return f"`{example}`" if isinstance(example, str) else f"`{json.dumps(example).replace(chr(34), '')}`"


if __name__ == "__main__":
    main()
