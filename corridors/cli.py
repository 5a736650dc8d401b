"""The command line: ``corridors routes …``."""

from __future__ import annotations

import _thread
import contextlib
import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

from . import demand_commands, exchange_commands, geometry_commands, study_commands
from .gas import commands as gas_commands
from .investing import commands as invest_commands
from .reporting import commands as report_commands
from .resilience import commands as resilience_commands
from .scenario import commands, run_commands

if TYPE_CHECKING:
    import pandas as pd

    from .comparison import RouteComparison
    from .room import Headroom

__all__ = ["app", "main"]

_LONGEST = 1000
_SOON_S = 0.02

app = typer.Typer(
    name="corridors",
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _root(
    told: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Compare freight corridors between China, Central Asia and Europe, and where Caspian gas goes.

    To begin: routes compares ways between two places, new makes a scenario, run runs it, report writes its report.
    """
    del told


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
    corridor: Annotated[list[str] | None, typer.Option(help="Corridor id or family; may be repeated.")] = None,
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
        avoid=_words(avoid),
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


@app.command()
def headroom(
    origin: Annotated[str, typer.Argument(help="Place: name, UN/LOCODE or id, for example Xi'an or CNSIA.")],
    destination: Annotated[str, typer.Argument(help="Place, for example Duisburg.")],
    corridor: Annotated[str, typer.Option(help="Corridor id, or a family: all of its corridors together.")] = "middle",
    against: Annotated[str, typer.Option(help="Corridor id or family to compare with.")] = "sea",
    goods: Annotated[str, typer.Option(help="Class of goods; see `corridors list goods`.")] = "general",
    value_of_time: Annotated[
        float | None, typer.Option(help="Worth of one hour less per TEU, in USD, instead of that of the goods.")
    ] = None,
    carbon_price: Annotated[float | None, typer.Option(help="Price of a tonne of CO2e, in USD.")] = None,
    avoid: Annotated[
        str, typer.Option(help="Countries, groups, places, links or modes not to use, separated by commas: RU,BY.")
    ] = "",
    year: Annotated[int | None, typer.Option(help="Network of that year, with the projects opened by then.")] = None,
    handling: Annotated[
        bool, typer.Option(help="Count loading at the origin and unloading at the destination.")
    ] = True,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    corridors: Annotated[Path | None, typer.Option(help="YAML file with corridors of your own.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the step curve to this PNG, SVG or PDF.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the steps as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Find how much a corridor can take before one more TEU costs more than by another, and what binds."""
    from .room import headroom as find

    room = find(
        corridor,
        against=against,
        origin=origin,
        destination=destination,
        goods=goods,
        value_of_time=value_of_time,
        carbon_price=carbon_price,
        avoid=_words(avoid),
        year=year,
        handling=handling,
        folder=data,
        catalogue=corridors,
    )
    if plot is not None:
        from .files import save_figure

        save_figure(plot, room.plot)
    if json:
        _print_headroom(room)
    elif csv:
        sys.stdout.write(room.steps().to_csv(index=False))
    else:
        from .display import show_headroom

        show_headroom(room)


@app.command()
def forecast(
    year: Annotated[int, typer.Argument(help="2019 to 2025, or later with --growth.")],
    market: Annotated[
        list[str] | None, typer.Option(help="Market id; may be given several times; otherwise China-Europe both ways.")
    ] = None,
    close: Annotated[
        str, typer.Option(help="Places, links, countries, modes or corridors that are shut, separated by commas.")
    ] = "",
    days: Annotated[float, typer.Option(help="For how many days of the year they are shut.")] = 365,
    growth: Annotated[str | None, typer.Option(help="Growth scenario for years to come: low, central, high.")] = None,
    parameters: Annotated[str, typer.Option(help="default, backtest, or a file.")] = "default",
    by: Annotated[str, typer.Option(help="family, corridor, goods, origin or destination.")] = "family",
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the flows as CSV.")] = False,
) -> None:
    """Say which corridors the freight of a year takes, and what changes when something is shut."""
    from .forecasting import CHINA_EUROPE
    from .forecasting import forecast as run

    found = run(
        year,
        market or CHINA_EUROPE,
        close=_words(close),
        closed_days=days,
        growth=growth,
        parameters=parameters,
        folder=data,
    )
    if csv:
        sys.stdout.write(found.flows(by).to_csv())
    else:
        from .display import show_flows

        show_flows(found, by)


@app.command()
def backtest(
    cases: Annotated[Path | None, typer.Argument(help="YAML file with cases; otherwise the toolkit's.")] = None,
    parameters: Annotated[
        str, typer.Option(help="backtest (fitted to 2019, 2021, 2023), default (to all years) or a file.")
    ] = "backtest",
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the whole table as CSV.")] = False,
) -> None:
    """Hold the model against shocks that its calibration never saw, beside naive forecasts."""
    from .backtesting import backtest as run

    found = run(cases, parameters=parameters, folder=data)
    if csv:
        sys.stdout.write(found.table.to_csv())
    else:
        from .display import show_backtest

        show_backtest(found)


@app.command()
def calibrate(
    write: Annotated[Path | None, typer.Option(help="Write the parameters to this YAML file.")] = None,
    year: Annotated[list[int] | None, typer.Option(help="Year to fit to; may be given several times.")] = None,
    to_last: Annotated[
        bool, typer.Option(help="Meet the last year closely and the others loosely, for a baseline of today.")
    ] = False,
    chart: Annotated[
        Path | None, typer.Option(help="Write a chart of all years, fitted and not, to this PNG, SVG or PDF.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the residuals as CSV.")] = False,
) -> None:
    """Fit the choice of shippers to observed traffic, and print what is left between both. Takes minutes."""
    from .calibration import CALIBRATION_YEARS, residuals
    from .calibration import calibrate as run
    from .choice import write_choice

    found = run(year or CALIBRATION_YEARS, to_last=to_last, folder=data)
    if write is not None:
        write_choice(found.choice, write, comment=found.comment)
    if chart is not None:
        from .files import save_figure
        from .fit_chart import fit_chart
        from .past import PAST_YEARS

        every = residuals(found.choice, PAST_YEARS, folder=data)
        save_figure(chart, lambda: fit_chart(every, found.choice.fitted_to))
    if csv:
        sys.stdout.write(found.residuals.to_csv(index=False))
    else:
        from .display import show_calibration

        show_calibration(found)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("corridors"))


commands.register(app)
study_commands.register(app)
exchange_commands.register(app)
app.command()(run_commands.run)
app.command()(run_commands.compare)
app.command()(invest_commands.frontier)
app.command()(report_commands.report)
app.command("open")(report_commands.open_)
app.command()(resilience_commands.criticality)
app.command()(resilience_commands.sweep)
app.command()(resilience_commands.uncertainty)
app.command()(resilience_commands.recover)
app.add_typer(gas_commands.app, name="gas")
app.add_typer(geometry_commands.app, name="geometry")
app.add_typer(demand_commands.app, name="demand")


def main() -> NoReturn:
    """Run the command line; a mistake of the user ends in one message and exit code 2, Ctrl-C in 130."""
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()  # None if closed, as by >&-
    signal.signal(signal.SIGTERM, _ended)
    before, sys.unraisablehook = sys.unraisablehook, _once_more
    try:
        code = _code()
    except KeyboardInterrupt:
        code = 130
    finally:
        sys.unraisablehook = before
    if code == 130:
        typer.echo("corridors: stopped", err=True)
    sys.exit(_flushed(code))


def _once_more(ignored: sys.UnraisableHookArgs) -> None:
    """Deliver Ctrl-C and SIGTERM again where a library has swallowed what they raise."""
    sent = {KeyboardInterrupt: signal.SIGINT, SystemExit: signal.SIGTERM}.get(ignored.exc_type)
    if sent is None:
        sys.__unraisablehook__(ignored)
        return
    again = threading.Timer(_SOON_S, _thread.interrupt_main, (sent,))
    again.daemon = True
    again.start()


def _ended(*_: object) -> NoReturn:
    """End as an error would, so that what was begun is cleared away."""
    sys.exit(128 + signal.SIGTERM)


def _flushed(code: int) -> int:
    """Write out what is printed, as far as that is possible, and return the exit code."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave(sys.stdout)
        return code or 1
    except (OSError, ValueError) as error:
        _leave(sys.stdout)
        with contextlib.suppress(OSError, ValueError):
            typer.echo(f"corridors: the answer cannot be written ({getattr(error, 'strerror', error)})", err=True)
        return 2
    return code


def _leave(stream: TextIO) -> None:
    """Send what a stream still holds nowhere, where it would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _code() -> int:
    from networks.errors import DataError, PlaceError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe may not take every letter
    try:
        app(standalone_mode=True)
        return 0
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except (DataError, PlaceError) as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename or 'the answer'}: {error.strerror or error}"
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "corridors", "networks", "seeds", "solvers"):
            raise
        told = f"the package {package} is missing; install the toolkit again, or: pip install {package}"
    except MemoryError:
        told = "the memory of this machine does not do for that"
    typer.echo(f"corridors: {_bounded(told)}", err=True)
    return 2


def _bounded(told: str) -> str:
    """Return a message that can be printed, with lines as long as anyone reads, whatever was typed."""
    plain = "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in told)
    lines = plain.split("\n")
    return "\n".join(line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-100:]}" for line in lines)


def _write_files(comparison: RouteComparison, tcd: Path | None, chart_map: Path | None, legs: Path | None) -> None:
    from .files import save_figure, write_text

    if legs is not None:
        write_text(legs, comparison.tcd().to_csv(index=False))
    if tcd is not None:
        save_figure(tcd, comparison.plot.tcd)
    if chart_map is not None:
        save_figure(chart_map, comparison.plot.map)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _print_json(comparison: RouteComparison) -> None:
    import json

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
        "routes": _rows(table),
        "break_even": _rows(comparison.break_even()),
        "legs": _rows(comparison.tcd()),
    }
    typer.echo(json.dumps(out, ensure_ascii=False, indent=1))


def _print_headroom(room: Headroom) -> None:
    import json
    import math

    def known(number: float) -> float | None:
        return number if math.isfinite(number) else None

    steps, pair = room.steps(), room.corridor.searches[0]
    out = {
        "answer": room.answer,
        "corridor": room.corridor.title,
        "against": room.against.title,
        "origin": pair.origin,
        "destination": pair.destination,
        "year": room.year,
        "goods": room.prices.goods,
        "value_of_time_usd_per_teu_h": room.prices.value_of_time_usd_per_teu_h,
        "headroom_teu_per_year": known(room.headroom_teu_per_year),
        "break_even_usd_per_teu_h": known(room.break_even()),
        "units": steps.attrs["units"],
        "steps": _rows(steps),
    }
    typer.echo(json.dumps(out, ensure_ascii=False, indent=1))


def _rows(frame: pd.DataFrame) -> object:
    import json

    return json.loads(frame.to_json(orient="records", double_precision=6))
