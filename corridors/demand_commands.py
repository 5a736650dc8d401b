"""What the command line does with demand: ``corridors demand show``, ``export`` and ``import``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["app"]

app = typer.Typer(help="Who ships how much from where to where: show, export, import.", no_args_is_help=True)

_Year = Annotated[int, typer.Option(help="2019 to 2025, or later with --growth.")]
_Markets = Annotated[
    list[str] | None, typer.Option("--market", help="Market id; may be given several times; otherwise all.")
]
_Growth = Annotated[str | None, typer.Option(help="Growth scenario for years to come: low, central, high.")]
_Data = Annotated[Path | None, typer.Option("--data", help="Folder with tables of your own.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print as CSV.")]

_BY = ("market", "origin", "destination", "goods")


@app.callback()
def _root() -> None:
    """Ask for the freight of a year, hand it to other tools, and take theirs."""


@app.command()
def show(
    year: _Year = 2025,
    market: _Markets = None,
    by: Annotated[str, typer.Option(help="market, origin, destination or goods.")] = "market",
    growth: _Growth = None,
    data: _Data = None,
    csv: _Csv = False,
) -> None:
    """Print the freight of a year."""
    from networks import DataError
    from networks.errors import nearest

    from .freight import demand

    if by not in _BY:
        raise DataError([f"by: got {by!r}, expected one of {', '.join(_BY)}{nearest(by, _BY)}"])
    table = _summed(demand(year, market, growth=growth, folder=data), by, data)
    if csv:
        sys.stdout.write(table.to_csv(index=False))
        return
    from .terminal import console_here, dim, table_of

    numbers = ("quantity", "teu_per_year")
    shown = table.assign(**{c: table[c].map("{:,.0f}".format) for c in numbers})
    heads = [(str(c).replace("_", " "), "right" if c in numbers else "left") for c in shown]
    console = console_here()
    console.print(table_of(heads, shown.astype(str).to_numpy().tolist()))
    total = table["teu_per_year"].sum()
    dim(
        console, f"{total:,.0f} TEU in {year}; tonnes become TEU by the load of the goods. Grades are the worst behind."
    )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="FILE.omx, an Open Matrix file, or FILE.csv, one row a cell.")],
    year: _Year = 2025,
    market: _Markets = None,
    growth: _Growth = None,
    data: _Data = None,
) -> None:
    """Write the freight of a year as matrices that transport models read."""
    from .freight import demand
    from .matrices import write_matrix

    table = demand(year, market, growth=growth, folder=data)
    write_matrix(table, file, folder=data)
    cells, teu = (table["quantity"] > 0).sum(), table["teu_per_year"].sum()
    typer.echo(f"{file}: {cells:,} cells, {teu:,.0f} TEU in {year}")


@app.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="OMX file, or CSV file, long or square.")],
    data: Annotated[Path, typer.Option("--data", help="Study folder, with a study.yaml, to write to.")],
    market: Annotated[str, typer.Option(help="Id of the market that the freight becomes.")],
    title: Annotated[str, typer.Option(help="What the market is.")],
    year: Annotated[int, typer.Option(help="Year of the freight.")],
    unit: Annotated[str | None, typer.Option(help="TEU or t a year; otherwise what the file says, or TEU.")] = None,
    goods: Annotated[str | None, typer.Option(help="Goods that the file is about, where it does not say so.")] = None,
    name: Annotated[str | None, typer.Option(help="The one matrix of an OMX file to read.")] = None,
    zones: Annotated[Path | None, typer.Option(help="CSV file with columns zone and place.")] = None,
    source: Annotated[str, typer.Option(help="Row of sources.csv; several separated by semicolons.")] = "EST",
    grade: Annotated[str, typer.Option(help="A, B, C or EST, where the file does not say so.")] = "EST",
) -> None:
    """Read an origin-destination table into a study, as a market of its own."""
    from .demand_cells import read_zones, write_demand
    from .matrices import read_matrix

    meant = None if zones is None else read_zones(zones)
    frame = read_matrix(file, goods=goods, name=name, unit=unit or "TEU", grade=grade, zones=meant, folder=data)
    write_demand(
        frame,
        data,
        market,
        title=title,
        year=year,
        source_id=[word.strip() for word in source.split(";") if word.strip()],
        grade=grade,
        unit=unit or next(iter(frame["unit"]), "TEU"),
        derivation=f"read from {file.name}",
    )
    teu = frame["teu_per_year"].sum()
    typer.echo(f"{data}: {len(frame):,} cells, {teu:,.0f} TEU of {market} in {year}")


def _summed(table: pd.DataFrame, by: str, folder: Path | None) -> pd.DataFrame:
    """Return the freight by a column and unit, most first, with titles."""
    from networks import GRADES, table_of

    groups = table.groupby([by, "unit"], sort=False)
    found = groups[["quantity", "teu_per_year"]].sum()
    found["grade"] = groups["grade"].agg(lambda grades: max(grades, key=GRADES.index))
    found = found.sort_values("teu_per_year", ascending=False, kind="stable").reset_index()
    name, key, title = {
        "market": ("markets", "market_id", "title"),
        "goods": ("goods", "goods_id", "title"),
    }.get(by, ("places", "place_id", "name"))
    titles = table_of(name, folder).set_index(key)[title]
    found.insert(1, "title", found[by].map(titles))
    return found[[by, "title", "quantity", "unit", "teu_per_year", "grade"]]
