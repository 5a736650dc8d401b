"""The command line: ``corridors routes …``."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from .comparison import RouteComparison

__all__ = ["app", "main"]

app = typer.Typer(
    name="corridors",
    help="Compare freight corridors between China, Central Asia and Europe.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_LISTS = ("places", "corridors", "goods", "links")


@app.callback()
def _root() -> None:
    """Compare freight corridors between China, Central Asia and Europe."""


@app.command()
def routes(
    origin: Annotated[str, typer.Argument(help="Place: name, UN/LOCODE or id, for example Xi'an or CNSIA.")],
    destination: Annotated[str, typer.Argument(help="Place, for example Duisburg.")],
    goods: Annotated[str, typer.Option(help="Class of goods; see `corridors list goods`.")] = "general",
    value_of_time: Annotated[
        float | None,
        typer.Option(help="Worth of one hour less per TEU, in the currency, instead of that of the goods."),
    ] = None,
    carbon_price: Annotated[float | None, typer.Option(help="Price of a tonne of CO2e, in the currency.")] = None,
    avoid: Annotated[
        str, typer.Option(help="Countries, groups, places, links or modes not to use, separated by commas: RU,BY.")
    ] = "",
    year: Annotated[int | None, typer.Option(help="Network of that year, with the projects opened by then.")] = None,
    k: Annotated[int, typer.Option("--k", "-k", help="Routes per corridor, differing in gateways.")] = 1,
    corridor: Annotated[list[str] | None, typer.Option(help="Corridor id; may be given several times.")] = None,
    currency: Annotated[str, typer.Option(help="USD or EUR.")] = "USD",
    handling: Annotated[
        bool, typer.Option(help="Count loading at the origin and unloading at the destination.")
    ] = True,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    corridors: Annotated[Path | None, typer.Option(help="YAML file with corridors of your own.")] = None,
    break_even: Annotated[bool, typer.Option(help="Show the value of time at which corridors cost the same.")] = True,
    tcd: Annotated[
        Path | None, typer.Option(help="Write the time/cost-distance chart to this PNG, SVG or PDF.")
    ] = None,
    chart_map: Annotated[Path | None, typer.Option("--map", help="Write a map to this PNG, SVG or PDF.")] = None,
    legs: Annotated[Path | None, typer.Option(help="Write legs and stops with running totals to this CSV.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the whole table as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare the corridors between two places: time, price, emissions, borders, and what decides."""
    from .finder import compare_routes

    comparison = compare_routes(
        origin,
        destination,
        goods=goods,
        value_of_time=value_of_time,
        carbon_price=carbon_price,
        avoid=[word.strip() for word in avoid.split(",") if word.strip()],
        year=year,
        k=k,
        corridors=corridor,
        currency=currency.upper(),
        handling=handling,
        folder=data,
        catalogue=corridors,
    )
    _write_files(comparison, tcd, chart_map, legs)
    if json:
        _print_json(comparison)
    elif csv:
        sys.stdout.write(comparison.table().to_csv(index=False))
    else:
        from .display import show_routes

        show_routes(comparison, break_even=break_even)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="places, corridors, goods or links.")],
    text: Annotated[str, typer.Argument(help="Only rows with this text.")] = "",
) -> None:
    """List what can be typed elsewhere."""
    from networks import DataError
    from networks.errors import nearest

    if what not in _LISTS:
        raise DataError(
            [f"nothing to list is called {what!r}, expected one of {', '.join(_LISTS)}{nearest(what, _LISTS)}"]
        )
    from .display import show_list

    show_list(what, text)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("corridors"))


def main() -> NoReturn:
    """Run the command line; a mistake of the user ends in one message and exit code 2."""
    from networks.errors import DataError, PlaceError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe may not take every letter
    try:
        app(standalone_mode=True)
    except (DataError, PlaceError) as error:
        typer.echo(f"corridors: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"corridors: {error.filename or ''}: {error.strerror}", err=True)
        sys.exit(2)
    sys.exit(0)


def _write_files(comparison: RouteComparison, tcd: Path | None, chart_map: Path | None, legs: Path | None) -> None:
    from .files import save_figure, write_text

    if legs is not None:
        write_text(legs, comparison.tcd().to_csv(index=False))
    if tcd is not None:
        save_figure(tcd, comparison.plot.tcd)
    if chart_map is not None:
        save_figure(chart_map, comparison.plot.map)


def _print_json(comparison: RouteComparison) -> None:
    import json

    def rows(frame: object) -> object:
        return json.loads(frame.to_json(orient="records", double_precision=6))  # type: ignore[attr-defined]

    table = comparison.table()
    prices = comparison.prices
    out = {
        "answer": comparison.answer,
        "origin": comparison.origin,
        "destination": comparison.destination,
        "year": comparison.year,
        "currency": comparison.currency,
        "goods": prices.goods,
        "value_of_time_per_teu_h": prices.value_of_time_usd_per_teu_h * comparison.rate,
        "units": table.attrs["units"],
        "routes": rows(table),
        "break_even": rows(comparison.break_even()),
        "legs": rows(comparison.tcd()),
    }
    typer.echo(json.dumps(out, ensure_ascii=False, indent=1))
