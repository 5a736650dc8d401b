"""Writes data-dictionary.md, every table and column of seeds/, from its Data Package."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import seeds

_HEAD = """# Data dictionary

Made by `docs/make_dictionary.py` from `seeds/datapackage.json` (Data Package 2.0), which the toolkit itself checks every table against. {tables} tables, {rows:,} rows, {columns} columns. Where sources contradict each other, what was chosen and why is in [tables and choices](../seeds/README.md).

An empty cell means unknown, never zero. Lists within a cell are separated by `;`. Grades: A official, B press, C weak, EST an estimate with its derivation. An asterisk marks what must be given; unit 1 is a plain number or a share; a unit in `this type` is the column that says it row by row.

Licence of all tables: [{licence}]({address}); the figures belong to the sources that they name.

{contents}
"""
_BOUNDS = {"minimum": "from", "maximum": "to"}


def page() -> str:
    """Return the page."""
    package = json.loads((seeds.FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    tables = sorted((r for r in package["resources"] if "schema" in r), key=lambda table: table["name"])
    head = _HEAD.format(
        tables=len(tables),
        rows=sum(_rows(table) for table in tables),
        columns=sum(len(table["schema"]["fields"]) for table in tables),
        licence=package["licenses"][0]["title"],
        address=package["licenses"][0]["path"],
        contents=" · ".join(f"[{table['name']}](#{table['name']})" for table in tables),
    )
    return "\n".join([head, *map(_table, tables)])


def _rows(table: dict[str, Any]) -> int:
    with (seeds.FOLDER / table["path"]).open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _table(table: dict[str, Any]) -> str:
    schema = table["schema"]
    about = " ".join(f"{table[key].strip().rstrip('.')}." for key in ("title", "description") if table.get(key))
    keys = ", ".join(f"`{key}`" for key in _listed(schema.get("primaryKey", [])))
    refers = {
        field: other["reference"]["resource"] or table["name"]
        for other in schema.get("foreignKeys", [])
        for field in _listed(other["fields"])
    }
    fields = {field["name"] for field in schema["fields"]}
    lines = [
        f"## {table['name']}",
        "",
        about,
        "",
        f"`seeds/{table['path']}`, {_rows(table):,} rows{keys and f'; key {keys}'}.",
        "",
        "| column | type | unit | meaning |",
        "|---|---|---|---|",
        *(_column(field, refers, fields) for field in schema["fields"]),
        "",
    ]
    return "\n".join(lines)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _column(field: dict[str, Any], refers: dict[str, str], fields: set[str]) -> str:
    rules = field.get("constraints", {})
    other = refers.get(field["name"]) or field.get("references", "").partition(".")[0]
    told = [
        str(field["description"]).rstrip("."),
        f"a row of [{other}](#{other})" if other else "",
        f"of the form `{rules['pattern']}`" if "pattern" in rules else "",
        "no two alike" if rules.get("unique") else "",
    ]
    name = f"`{field['name']}`{'*' if rules.get('required') else ''}"
    cells = (name, _kind(field), _unit(field, fields), "; ".join(part for part in told if part))
    return " | ".join(["", *(cell.replace("|", "\\|").replace("\n", " ") for cell in cells), ""]).strip()


def _kind(field: dict[str, Any]) -> str:
    rules = field.get("constraints", {})
    kind = ", ".join(f"`{word}`" for word in rules["enum"]) if "enum" in rules else field["type"]
    return " ".join([kind, *(f"{word} {rules[key]}" for key, word in _BOUNDS.items() if key in rules)])


def _unit(field: dict[str, Any], fields: set[str]) -> str:
    """Return the unit of a column, or the column that says it row by row."""
    unit = str(field.get("unit", "")).removeprefix("see ")
    if unit in fields:
        return f"`{unit}`"
    return "" if unit == "unit" else unit


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("data-dictionary.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
