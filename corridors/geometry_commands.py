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
    mode: Annotated[list[str] | None, typer.Option(help="Of an extract: rail, road or ferry; otherwise rail.")] = None,
    data: Annotated[Path | None, _DATA] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; otherwise that of --data.")] = None,
    gap: Annotated[float, typer.Option(help="Widest gap in the tracks of an extract that is closed, km.", min=0)] = 1.0,
    snap: Annotated[float, typer.Option(help="How far a place may lie off the track, km.", min=0)] = 25.0,
    keep: Annotated[
        Path | None, typer.Option(help="Folder where extracts that were read are kept; otherwise .ways in the output.")
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt-lengths", help="Write lengths found into the links.csv of the study too.")
    ] = False,
) -> None:
    """Find the way of every link, along extracts of OpenStreetMap or the packages of the extra [geometry]."""
    from networks import DataError, load_tables

    from .files import write_texts

    target = out or data
    if target is None:
        raise DataError(["say where files go: --out FOLDER, or --data STUDY"])
    _check_asked(osm or overpass, mode or keep, adopt, data)
    tables = load_tables(data)
    target.mkdir(parents=True, exist_ok=True)
    if osm or overpass:
        made, texts = _along_osm(
            tables, osm or [], overpass, mode or ["rail"], gap, snap, keep or target / ".ways", target
        )
    else:
        made, texts = _from_packages(tables, data)
    report = made.report
    if osm or overpass or data is not None:  # the toolkit's own files stand without one
        texts[_REPORT] = _with_old(report, target / _REPORT)
    write_texts({target / name: text for name, text in texts.items()})
    _show(report)
    if adopt:
        _adopt(data, made, osm or [], overpass)
    typer.echo(", ".join(str(target / name) for name in texts))


@app.command()
def report(
    data: Annotated[Path | None, _DATA] = None,
    beyond: Annotated[float, typer.Option(help="Only links whose lengths differ by more, per cent.", min=0)] = 20.0,
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


def _check_asked(extract: object, of_extracts: object, adopt: bool, data: Path | None) -> None:
    """Refuse what does not go together before anything is read or written."""
    from networks import DataError, study_of

    if not extract and (of_extracts or adopt):
        raise DataError(["--mode, --keep and --adopt-lengths belong to an extract: give --osm FILE or --overpass AREA"])
    if adopt and (data is None or study_of(data) is None):
        raise DataError(["--adopt-lengths writes into a study: give --data STUDY, made by corridors study new"])


def _with_old(report: pd.DataFrame, file: Path) -> str:
    """Return the report as text, with the rows of other links that stand in the file."""
    import pandas as pd

    rows = report.reset_index()
    if file.is_file():
        old = pd.read_csv(file, keep_default_na=False, dtype=str)
        if list(old.columns) == list(rows.columns):
            again = pd.MultiIndex.from_frame(old[["network", "link_id"]]).isin(report.index)
            rows = pd.concat([old[~again], rows.astype(object)], ignore_index=True)
    return str(rows.to_csv(index=False))


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
    from networks.tracks.conflation import MODES, conflate, joined, read_extracts
    from networks.tracks.follow import Rules
    from networks.tracks.lands import Lands
    from networks.ways import HEADS, added_ways

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
    return made, added_ways(made.ways, target, dict.fromkeys(HEADS, f"OpenStreetMap: {names}"))


def _area(text: str) -> str | tuple[float, ...]:
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        return text
    return box if len(box) == 4 else text


def _from_packages(tables: Tables, data: Path | None) -> tuple[Built, dict[str, str]]:
    """Build the toolkit's own lines, or those that a study lacks: of new links, and of those whose places moved."""
    from networks import DataError, links_gdf, load_tables
    from networks.tracks.building import SOURCES, built_in, texts
    from networks.ways import added_ways

    if data is None:
        made = built_in(typer.echo)
        return made, texts(made)
    lacking = tables.links[(links_gdf(tables)["basis"] == "straight").to_numpy()]
    ours = load_tables()
    ends, own = (_ends(t) for t in (tables, ours))
    lacking = lacking[[ends[key] != own.get(key) for key in lacking.index]]  # the toolkit's straight ones stay so
    if lacking.empty:
        raise DataError([f"{data}: every link of its own has a line already"])
    made = built_in(typer.echo, replace(tables, links=lacking))
    return made, added_ways(made.ways, data, SOURCES)


def _ends(tables: Tables) -> dict[str, tuple[float, ...]]:
    """Return the coordinates of both places of each link."""
    import numpy as np

    at = tables.places[["lon", "lat"]].astype(float)
    sides = [at.loc[tables.links[end]].to_numpy() for end in ("from_place_id", "to_place_id")]
    return dict(zip(tables.links.index, map(tuple, np.hstack(sides).tolist()), strict=True))


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


def _adopt(data: Path | None, made: Built, files: list[Path], overpass: str) -> None:
    from .geometry_report import adopt_lengths

    if data is None:
        return  # refused before anything was written
    names = ", ".join([*(file.name for file in files), *([f"Overpass {overpass}"] if overpass else [])])
    count = adopt_lengths(data, made, names)
    typer.echo(f"{data / 'links.csv'}: {count} lengths")
