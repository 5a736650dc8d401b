"""``corridors geometry``: lines of links for maps, from packages of the registry or from OpenStreetMap extracts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from networks import Tables
    from networks.tracks.building import Built

__all__ = ["app"]

app = typer.Typer(name="geometry", help="Lines of links for maps, and what they say of lengths.", no_args_is_help=True)

_DATA = typer.Option("--data", help="Study folder with tables of your own.")
_REPORT = "geometry.csv"
_SHOWN = 25


@app.command()
def build(
    osm: Annotated[
        list[Path] | None,
        typer.Option(help="Extract: .osm, .osm.pbf, or lines as GeoParquet, GeoPackage, GeoJSON; may be given again."),
    ] = None,
    overpass: Annotated[
        str, typer.Option(help="Instead of a file, ask Overpass for a place or a box west,south,east,north.")
    ] = "",
    mode: Annotated[list[str] | None, typer.Option(help="rail, road or ferry; otherwise rail.")] = None,
    data: Annotated[Path | None, _DATA] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; otherwise that of --data.")] = None,
    gap: Annotated[float, typer.Option(help="Widest gap in the tracks of an extract that is closed, km.")] = 1.0,
    snap: Annotated[float, typer.Option(help="How far a place may lie off the track, km.")] = 25.0,
    keep: Annotated[
        Path | None, typer.Option(help="Folder where extracts that were read are kept; otherwise .ways in the output.")
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt-lengths", help="Write lengths found into the links.csv of the study too.")
    ] = False,
) -> None:
    """Find the way of every link, along extracts of OpenStreetMap or the packages of the extra [geometry]."""
    from networks import DataError, load_tables

    from .files import write_text

    target = out or data
    if target is None:
        raise DataError(["say where files go: --out FOLDER, or --data STUDY"])
    tables = load_tables(data)
    target.mkdir(parents=True, exist_ok=True)
    if osm or overpass:
        made, texts = _along_osm(
            tables, osm or [], overpass, mode or ["rail"], gap, snap, keep or target / ".ways", target
        )
    else:
        made, texts = _from_packages(tables, data)
    for name, text in texts.items():
        write_text(target / name, text)
    report = made.report
    told = [*texts]
    if osm or overpass or data is not None:  # the toolkit's own files stand without one
        write_text(target / _REPORT, report.reset_index().to_csv(index=False))
        told.append(_REPORT)
    _show(report)
    if adopt:
        _adopt(data, made, osm or [], overpass)
    typer.echo(", ".join(str(target / name) for name in told))


@app.command()
def report(
    data: Annotated[Path | None, _DATA] = None,
    beyond: Annotated[float, typer.Option(help="Only links whose lengths differ by more, per cent.")] = 20.0,
    csv: Annotated[bool, typer.Option("--csv", help="Print all links as CSV.")] = False,
) -> None:
    """Hold the lengths of lines against those of the table, which are what counts in every result."""
    from .geometry_report import line_lengths

    table = line_lengths(data)
    if csv:
        typer.echo(table.reset_index().to_csv(index=False), nl=False)
        return
    counts = table["basis"].value_counts()
    typer.echo(f"{len(table)} links: {', '.join(f'{count} {basis}' for basis, count in counts.items())}")
    far = table[table["difference_pct"].abs() > beyond]
    order = far["difference_pct"].abs().sort_values(ascending=False).index
    _print(far.loc[order, ["basis", "table_km", "way_km", "difference_pct"]])


def _along_osm(
    tables: Tables,
    files: list[Path],
    overpass: str,
    modes: list[str],
    gap: float,
    snap: float,
    keep: Path,
    target: Path,
) -> tuple[Built, dict[str, str]]:
    from networks import DataError
    from networks.errors import nearest
    from networks.tracks.conflation import MODES, conflate, joined, read_extracts, way_files
    from networks.tracks.follow import Rules
    from networks.tracks.lands import Lands

    for mode in modes:
        if mode not in MODES:
            raise DataError([f"mode: got {mode!r}, expected one of {', '.join(MODES)}{nearest(mode, MODES)}"])
    graphs = read_extracts(files, modes, keep) if files else {}
    if overpass:
        from networks.tracks.osmnx_graph import download

        for mode in modes:
            fetched = download(_area(overpass), mode)
            graphs[mode] = joined([graphs[mode], fetched]) if mode in graphs else fetched
    made = conflate(tables, graphs, lands=Lands.shipped(), rules=Rules(snap_km=snap), gap_km=gap)
    if not made.rows:
        where = "; ".join(
            f"{mode}: {g.lon.min():.2f}..{g.lon.max():.2f} E, {g.lat.min():.2f}..{g.lat.max():.2f} N"
            for mode, g in graphs.items()
        )
        raise DataError([f"no link has both its places in the extract ({where})"])
    names = ", ".join([*(file.name for file in files), *([f"Overpass, {overpass}"] if overpass else [])])
    return made, way_files(made, target, f"OpenStreetMap: {names}")


def _area(text: str) -> str | tuple[float, ...]:
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        return text
    return box if len(box) == 4 else text


def _from_packages(tables: Tables, data: Path | None) -> tuple[Built, dict[str, str]]:
    """Build the toolkit's own lines, or those that a study lacks: of new links, and of those whose places moved."""
    from networks import DataError, links_gdf
    from networks.tracks.building import built_in, texts
    from networks.tracks.conflation import way_files

    if data is None:
        made = built_in(typer.echo)
        return made, texts(made)
    lacking = tables.links[(links_gdf(tables)["basis"] == "straight").to_numpy()]
    if lacking.empty:
        raise DataError([f"{data}: every link has a line already"])
    made = built_in(typer.echo, replace(tables, links=lacking))
    return made, way_files(made, data, "scgraph-data 2.0.0 (from OpenStreetMap) and searoute (PyPI)")


def _show(table: pd.DataFrame) -> None:
    found = table[table["problem"] == ""]
    typer.echo(f"{len(found)} of {len(table)} links follow a track, lane or towns")
    difference = found["difference_pct"].abs().dropna()
    if len(difference):
        typer.echo(
            f"length against the table: half within {difference.median():.1f} %, greatest {difference.max():.0f} %"
        )
    far = found[found["difference_pct"].abs() > 10].sort_values("difference_pct", key=abs, ascending=False)
    _print(far.reset_index("network", drop=True)[["basis", "table_km", "way_km", "difference_pct"]])
    _print(table[table["problem"] != ""].reset_index("network", drop=True)[["table_km", "straight_km", "problem"]])


def _print(table: pd.DataFrame) -> None:
    if not len(table):
        return
    from .terminal import console_here, table_of

    heads = [("link", "left"), *((str(column), "right") for column in table.columns)]
    rows = [
        [str(key), *(f"{v:,.0f}" if isinstance(v, float) else str(v) for v in row)] for key, *row in table.itertuples()
    ]
    console_here().print(table_of(heads, rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        typer.echo(f"… and {len(rows) - _SHOWN} more")


def _cell(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def _adopt(data: Path | None, made: Built, files: list[Path], overpass: str) -> None:
    from networks import DataError

    from .geometry_report import adopt_lengths

    if data is None:
        raise DataError(["--adopt-lengths writes into a study: give --data STUDY"])
    names = ", ".join([*(file.name for file in files), *([overpass] if overpass else [])]) or "packages"
    count = adopt_lengths(data, made, names)
    typer.echo(f"{data / 'links.csv'}: {count} lengths")
