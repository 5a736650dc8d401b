"""``corridors export`` and ``corridors import``: the network to and from formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]

_DATA = typer.Option("--data", help="Folder with tables of your own.")


def export(
    path: Annotated[
        Path, typer.Argument(help="File .gpkg, .geojson, .graphml, folder .parquet, or a folder for GMNS.")
    ],
    kind: Annotated[
        str | None, typer.Option(help="gmns, geopackage, geoparquet, geojson or graphml, whatever the name ends in.")
    ] = None,
    data: Annotated[Path | None, _DATA] = None,
) -> None:
    """Write the network for QGIS, GMNS tools, geopandas, Gephi and others, and say what the format cannot carry."""
    from networks import load_tables
    from networks.formats import export as write

    tables = load_tables(data)
    missing = write(tables, path, kind)
    typer.echo(f"{path}: {len(tables.places)} places, {len(tables.links)} links")
    for sentence in missing:
        typer.echo(f"not in it: {sentence}")


def import_(
    source: Annotated[
        Path, typer.Argument(help="GMNS folder; GeoPackage with layers of nodes and links; what export wrote.")
    ],
    study: Annotated[Path, typer.Argument(help="Folder that becomes a study of its own network.")],
    crs: Annotated[str | None, typer.Option(help="Coordinate system, for example EPSG:32633.")] = None,
    length_unit: Annotated[str | None, typer.Option(help="km, mile, m, foot.")] = None,
    speed_unit: Annotated[str | None, typer.Option(help="km/h or mph.")] = None,
    country: Annotated[str | None, typer.Option(help="Country of all places; otherwise by their position.")] = None,
    mode: Annotated[
        list[str] | None, typer.Option(help="Mode of a use or facility type: truck=road; x= leaves such links out.")
    ] = None,
    rate: Annotated[list[str] | None, typer.Option(help="Rate of a mode: road=road_europe.")] = None,
) -> None:
    """Make a study of a network of your own, for commands that take --data STUDY; name its markets and corridors."""
    from .importing import import_network

    result = import_network(
        source,
        study,
        crs=crs,
        length_unit=length_unit,
        speed_unit=speed_unit,
        country=country,
        modes=_pairs(mode),
        rates=_pairs(rate),
    )
    typer.echo(f"{study}: {result.places} places, {result.links} links")
    for note in result.notes:
        typer.echo(f"note: {note}")


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(export)
    app.command("import")(import_)


def _pairs(words: list[str] | None) -> dict[str, str]:
    found = {}
    for word in words or []:
        left, equals, right = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r}: expected left=right")
        found[left.strip()] = right.strip()
    return found
