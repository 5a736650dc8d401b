"""Commands that make a study folder and add places, links, projects, sources and other rows to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["register"]

_DATA = typer.Option("--data", help="Study folder, with a study.yaml.")
_PAIRS = typer.Argument(help="Columns of the table: name='New port' lon=51.2 lat=43.6 kind=port.")
_LIKE = typer.Option(help="Row whose other columns are taken over.")
_SOURCE = typer.Option(help="Source of the figures; a row of sources.csv. Otherwise OWN, which is added.")
_GRADE = typer.Option(help="Grade of the figures: A, B, C or EST.")

study = typer.Typer(name="study", help="A folder of your own, laid over the toolkit's tables.", no_args_is_help=True)


@study.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="Made if it is not there.")],
    title: Annotated[str, typer.Option(help="What it is about.")] = "",
    base: Annotated[str, typer.Option(help="toolkit: its network and yours; none: only yours.")] = "toolkit",
) -> None:
    """Make a folder a study."""
    from networks.study_rows import make_study

    file = make_study(folder, title=title, base=base)
    typer.echo(f"{file}: add to it with corridors places add … --data {folder}")


@study.command("check")
def check(folder: Annotated[Path, typer.Argument(help="Study folder.")]) -> None:
    """Check all tables of a study together with the toolkit's."""
    from networks.study_rows import check_study

    from .catalogue_file import load_catalogue
    from .demand_cells import own_cells

    counts = check_study(folder)
    load_catalogue(folder=folder)
    own_cells(folder)
    rows = ", ".join(f"{name} {count}" for name, count in counts.items()) or "no rows of its own"
    typer.echo(f"{folder}: ok: {rows}")


@study.command("add")
def add_any(
    table: Annotated[str, typer.Argument(help="Table of the toolkit, for example stops.")],
    key: Annotated[str, typer.Argument(help="Id of the row.")],
    pairs: Annotated[list[str] | None, _PAIRS] = None,
    data: Annotated[Path, _DATA] = Path(),
    like: Annotated[str | None, _LIKE] = None,
    source: Annotated[str | None, _SOURCE] = None,
    grade: Annotated[str, _GRADE] = "EST",
) -> None:
    """Add a row to any table of a study."""
    _add(table, key, pairs or [], data, like, source, grade)


def register(app: typer.Typer) -> None:
    """Add ``study``, ``places add``, ``links add``, ``projects add`` and ``sources add`` to the command line."""
    app.add_typer(study, name="study")
    for table, what in (("places", "place"), ("links", "link"), ("projects", "project"), ("sources", "source")):
        one = typer.Typer(help=f"{table.capitalize()} of a study.", no_args_is_help=True)
        one.callback()(_nothing)
        one.command("add", help=f"Add a {what} to a study, or change it.")(_adder(table))
        app.add_typer(one, name=table)


def _nothing() -> None:
    """Keep ``add`` a word of its own where it is the only command."""


def _adder(table: str) -> Any:
    def add(
        key: Annotated[str, typer.Argument(help="Id, for example KZ_NEW.")],
        pairs: Annotated[list[str] | None, _PAIRS] = None,
        data: Annotated[Path, _DATA] = Path(),
        like: Annotated[str | None, _LIKE] = None,
        source: Annotated[str | None, _SOURCE] = None,
        grade: Annotated[str, _GRADE] = "EST",
    ) -> None:
        _add(table, key, pairs or [], data, like, source, grade)

    return add


def _add(table: str, key: str, pairs: list[str], data: Path, like: str | None, source: str | None, grade: str) -> None:
    from .studying import add_to_study

    row = add_to_study(data, table, key, _columns(pairs), like=like, source=source, grade=grade)
    shown = ", ".join(f"{column} {value}" for column, value in row.items() if value)
    typer.echo(f"{data / table}.csv: {shown}")


def _columns(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        column, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r}: expected column=value")
        found[column.strip()] = value.strip()
    return found
