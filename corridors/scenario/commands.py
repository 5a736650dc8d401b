"""What the command line does with scenario files themselves: check, explain, schema, new, list."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["SET", "check", "explain", "list_", "new", "parse_sets", "register", "schema"]

SET = typer.Option("--set", help="Other value of a setting: --set study.years=[2026,2030]; may be given several times.")
"""Option of all commands that read a scenario; its values are for `parse_sets`."""

_DATA = typer.Option("--data", help="Folder with tables of your own.")
_MOST_RUNS = 200
_WIDTH = 70


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (check, explain, schema, new):
        app.command()(command)
    app.command("list")(list_)


def parse_sets(written: Iterable[str] | None) -> dict[str, Any]:
    """Return what stands after ``--set``, by path; values as in a scenario file.

    Raises
    ------
    DataError
        Not ``path=value``, a path twice, or a value that cannot be read.
    """
    from networks import DataError

    from .problems import shown
    from .yaml_text import parse_value

    found: dict[str, Any] = {}
    for text in written or ():
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign or not path:
            raise DataError([f"--set {shown(text)}: write path=value, for example --set study.currency=EUR"])
        if path in found:
            raise DataError([f"--set {path}: given twice"])
        found[path] = parse_value(value, f"--set {path}")
    return found


def check(
    files: Annotated[list[str], typer.Argument(help="Scenario files, or names of the toolkit's scenarios.")],
    set_: Annotated[list[str] | None, SET] = None,
    data: Annotated[Path | None, _DATA] = None,
) -> None:
    """Read scenarios and say what is wrong in them, all at once."""
    from networks.errors import DataError, PlaceError

    from .loading import load

    sets = parse_sets(set_)
    wrong = False
    for file in files:
        try:
            scenario = load(file, set=sets, folder=data)
            scenario.counterfactual()
            typer.echo(f"{file}: ok: {_held(scenario)}")
        except (DataError, PlaceError) as error:
            wrong = True
            typer.echo(str(error), err=True)
    if wrong:
        raise typer.Exit(2)


def explain(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or name of one of the toolkit's.")],
    path: Annotated[str, typer.Argument(help="Only this setting and what is below, for example study.")] = "",
    set_: Annotated[list[str] | None, SET] = None,
    data: Annotated[Path | None, _DATA] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """Print every value of a scenario and the line of the file that it comes from."""
    from .explaining import explain as rows_of
    from .loading import load

    rows = rows_of(load(scenario, set=parse_sets(set_), folder=data), path)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([("path", "value", "origin"), *rows])
        return
    wide = max(len(row.path) for row in rows)
    values = [row.value if len(row.value) <= _WIDTH else f"{row.value[: _WIDTH - 1]}…" for row in rows]
    far = max(map(len, values))
    for row, value in zip(rows, values, strict=True):
        typer.echo(f"{row.path:<{wide}}  {value:<{far}}  {row.origin}")


def schema(
    gas: Annotated[bool, typer.Option("--gas", help="That of scenarios with 'task: gas'.")] = False,
    write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Print the JSON Schema of scenario files, with which editors complete and check them."""
    from .schema_text import schema_text

    text = schema_text(gas=gas)
    if write is None:
        typer.echo(text, nl=False)
        return
    from ..files import write_text

    write_text(write, text)


def new(
    name: Annotated[str, typer.Argument(help="Of the folder that is made and of the scenario in it.")],
    gas: Annotated[bool, typer.Option("--gas", help="A scenario of gas instead of freight.")] = False,
) -> None:
    """Make a folder with a scenario to begin with, and the schema for your editor."""
    from .template import new_study

    folder = new_study(name, gas=gas)
    typer.echo(f"{folder / name}.yaml: change it, then corridors check {folder / name}.yaml")


def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="places, links, borders, countries, corridors, goods, markets, projects, packages, events, series "
            "or scenarios; "
            "gas-places, gas-pipes, gas-supplies, gas-storages or gas-events."
        ),
    ],
    text: Annotated[str, typer.Argument(help="Only rows with this text.")] = "",
    data: Annotated[Path | None, _DATA] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """List what can be typed elsewhere."""
    from .listing import near, rows

    heads, found = rows(what, text, folder=data)
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([heads, *found])
        return
    from ..terminal import console_here, table_of

    if not found and text:
        close = near(what, text, folder=data)
        hint = f"; nearest: {', '.join(close)}" if close else ""
        typer.echo(f"Nothing in {what} has {text!r} in it{hint}.", err=True)
        return
    console_here().print(table_of([(head, "left") for head in heads], found))


def _held(scenario: Any) -> str:
    """Return in short what a scenario holds."""
    from .varying import run_count

    model = scenario.model
    parts = [", ".join(map(str, model.study.years))]
    for name, entries in (("disruption", model.disruptions), ("policy", model.policy)):
        if entries:
            off = sum(not entry.enabled for entry in entries.values())
            parts.append(_count(len(entries), name) + (f" ({off} off)" if off else ""))
    projects = model.investments.projects
    if projects:
        parts.append(_count(len(projects), "project"))
    if model.vary:
        runs = run_count(model.vary)
        if runs <= _MOST_RUNS:
            scenario.variations()
        parts.append(f"{_count(runs, 'run')} by vary")
    return "; ".join([*parts, *([f"against {model.against}"] if model.against else [])])


def _count(number: int, what: str) -> str:
    many = "policies" if what == "policy" else f"{what}s"
    return f"{number} {what if number == 1 else many}"
