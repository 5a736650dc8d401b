"""What reports of all kinds share: grades, inputs, sources, facts of a run, numbers in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from .document import Block, Column, Table

if TYPE_CHECKING:
    from ..scenario.solved import Solved
    from .map_parts import Map

__all__ = [
    "basis",
    "capital",
    "changes",
    "facts",
    "figure",
    "given",
    "map_rows",
    "setting_table",
    "subject_of",
    "versions_in_words",
]

_DEFAULT = "default"
_TOLD = ("schema", "name", "title", "question")  # at the head of the report
_HEADS = {"share_estimates": "share of estimates"}
_CELL = 300  # letters
_FEW_CHANGES = 3
_QUALIFIED = ("affects", "probability", "recovery", "recover_over")


def capital(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def subject_of(said: str, title: str) -> str:
    """Return the first clause of an answer without the title that it begins with: that is above it already."""
    rest = said.removeprefix(title)
    return re.sub(r"^(, \d{4})?: ", "", rest) if rest != said else said


def figure(value: float) -> str:
    """Return a number with the digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def basis(result: Any) -> Iterator[Block]:
    """Yield what a result rests on: grades by kind of figure, then the sources."""
    from .sources import grades_of, sources_of

    grades = grades_of(result)
    if len(grades):
        caption = "Grades of the figures behind: A official, B press, C weak, EST estimate"
        note = "Each figure counts once. The share of estimates below is weighted by flow, or that of projects."
        yield Table("grades-table", caption, grades, _columns(grades), note, most=30)
    sources = sources_of(result)
    if len(sources):
        yield Table(
            "sources-table",
            f"The {len(sources)} sources behind",
            sources,
            [
                Column("source_id", "id"),
                Column("publisher", "publisher"),
                Column("title", "title"),
                Column("year", "year"),
                Column("grade", "grade"),
                Column("used_for", "used for"),
                Column("url", "where"),
            ],
            most=8,
        )


def _columns(frame: Any) -> list[Column]:
    """Return the columns of a small table as they are: numbers whole or as a share, words as words."""
    found = []
    for name in map(str, frame.columns):
        number = frame[name].dtype.kind in "if"
        form = ".0%" if number and name.startswith("share") else ",.0f" if number else ""
        found.append(Column(name, _HEADS.get(name, name.replace("_", " ")), form))
    return found


def changes(run: Solved) -> list[str]:
    """Return in words what disruptions and policies change, each with where, what, when and how; none if many do."""
    inputs = run.tables["inputs"]
    rows = inputs["path"].str.extract(r"^((?:disruptions|policy)\.[^.]+)\.(.+)$")
    found: dict[str, dict[str, str]] = {}
    for name, path, value in zip(rows[0], rows[1], inputs["value"], strict=True):
        if isinstance(name, str):
            found.setdefault(name, {})[path] = str(value).strip("[]")
    active = {name: words for name, words in found.items() if words.get("enabled") != "false"}
    if not active or len(active) > _FEW_CHANGES:
        return []
    said = [f"{words.get('title', name.split('.')[1])} ({_in_words(words)})" for name, words in active.items()]
    return [f"What is set: {'; '.join(said)}."]


def _in_words(words: Mapping[str, str]) -> str:
    """Return the settings of a disruption or policy: where, effect and when, then what qualifies them."""
    parts: dict[str, list[str]] = {"where": [], "effect": [], "when": [], "": []}
    for path, value in words.items():
        head, _, rest = path.partition(".")
        key = " ".join(word.replace("_", " ") for word in rest.split(".") if not word.isdigit())
        if rest and head in parts:
            parts[head].append(f"{key} {value}")
        elif head in _QUALIFIED and value != "step":
            parts[""].append(f"{head.replace('_', ' ')} {value}")
    return "; ".join(", ".join(part) for part in parts.values() if part)


def given(run: Solved) -> Iterator[Block]:
    """Yield what the scenario of a run sets."""
    yield from setting_table(run.tables["inputs"])


def setting_table(inputs: pd.DataFrame) -> Iterator[Block]:
    """Yield what a scenario sets, with the line of the file that it comes from."""
    mine = inputs[(inputs["origin"] != _DEFAULT) & ~inputs["path"].isin(_TOLD)]
    if mine.empty:
        return
    yield Table(
        "inputs-rows",
        "Values that are not the defaults, and where they come from",
        mine,
        [Column("path", "setting"), Column("value", "value", _clipped), Column("origin", "file:line:column")],
    )


def _clipped(value: Any) -> str:
    """Return a value for a cell; the whole of it is in the CSV."""
    text = str(value)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def map_rows(drawn: Map) -> pd.DataFrame:
    """Return what a map shows: ``line`` (link or pipe), ``group``, its value in each scenario, ``unit``."""
    units = {scale.id: scale.unit for scale in drawn.scales}
    unit_of = {group.id: units[group.scale] for group in drawn.groups}
    rows = [
        {"line": flow.line, "group": flow.group, **flow.by_scenario, "unit": unit_of[flow.group]}
        for flow in drawn.flows
    ]
    return pd.DataFrame(rows, columns=["line", "group", *(scenario.id for scenario in drawn.scenarios), "unit"])


def facts(run: Solved, command: str) -> list[tuple[str, str]]:
    """Return by what a run can be told apart and repeated."""
    record, base = run.record, run.against
    gap = f"{record['gap']:.1e}"
    share = record["estimates"]
    rows = [
        ("Scenario", run.name),
        ("Title", run.title),
        ("Counterfactual", "none" if base is None else f"{base.title}, run {base.record['hash']}"),
        ("Status", f"{run.status}; {'gap' if record.get('task') == 'gas' else 'largest residual'} {gap}"),
        ("Estimates", "nothing is sent" if share is None else f"{share:.0%} of the figures behind, weighted by flow"),
        ("Method", f"{record['method']}, solved by {record['solver']}"),
        ("Run", str(record["hash"])),
        ("Made", str(record["made_at"])),
        ("Versions", versions_in_words(record)),
    ]
    return [*rows, ("Again", command)] if command else rows


def versions_in_words(told: Mapping[str, Any]) -> str:
    """Return the versions behind a result, as of `corridors.scenario.saving.versions`."""
    libraries = ", ".join(f"{name} {version}" for name, version in told["libraries"].items())
    own = f"corridors {told['corridors']} (code {told['code']}, data {told['data']})"
    return f"{own}, Python {told['python']}, {libraries}"
