"""What the command line does with the gas network beside scenarios: ``corridors gas backtest`` and others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["app"]

app = typer.Typer(
    help="The gas network: back-test, capacity of lines, delivered cost, N-1, PyPSA.", no_args_is_help=True
)

_Data = Annotated[Path | None, typer.Option("--data", help="Folder with tables of your own.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print as CSV.")]
_Words = Annotated[list[str] | None, typer.Option(help="May be given several times.")]


@app.callback()
def _root() -> None:
    """Ask the gas network; scenarios of gas run with `corridors run`."""


@app.command()
def backtest(
    cases: Annotated[Path | None, typer.Argument(help="YAML file with cases of your own.")] = None,
    flows: Annotated[bool, typer.Option(help="Flows on record of 2023 to 2025 too.")] = True,
    data: _Data = None,
    csv: _Csv = False,
) -> None:
    """Hold the model against flows on record and documented outages, good or bad. Takes two minutes."""
    from ..scenario.gas_outages import gas_backtest
    from .checks import WITHIN, gas_checks

    found = gas_backtest(cases, folder=data)
    table = found.table.reset_index()[["case", "title", "observed", "modelled", "unit", "met", "grade", "why"]]
    if flows:
        seen = gas_checks(folder=data).reset_index().assign(why="")
        seen["case"] = seen["role"] + " " + seen["period"]
        columns = ["case", "title", "observed", "modelled", "unit", "met", "grade", "why"]
        table = _stacked(seen[columns], table)
    if csv:
        sys.stdout.write(table.to_csv(index=False))
        return
    shown = table.assign(
        observed=table["observed"].map("{:,.2f}".format),
        modelled=table["modelled"].map("{:,.2f}".format),
        met=table["met"].map({True: "met", False: "missed"}),
        why=table["why"].where(~table["met"], ""),
    )
    _print(shown, right=("observed", "modelled"))
    _say(f"{found.answer} Flows are met within {WITHIN:.0%}; the setting was chosen by those of fit alone.")


@app.command()
def capacity(
    line: Annotated[str, typer.Argument(help="scp, tanap or tap.")],
    year: Annotated[int, typer.Option(help="With the stations of that year.")] = 2026,
    ranges: Annotated[bool, typer.Option(help="Vary what is estimated.")] = True,
    data: _Data = None,
    csv: _Csv = False,
) -> None:
    """Say what a line carries by its hydraulics, with each compressor station out, and with all."""
    from .lines import pipeline_outages

    table = pipeline_outages(line, year=year, folder=data, ranges=ranges).reset_index()
    if csv:
        sys.stdout.write(table.to_csv(index=False))
        return
    shown = table.assign(bcm=table["bcm"].map("{:,.1f}".format))
    for column in ("share", "share_low", "share_high"):
        shown[column] = shown[column].map("{:.0%}".format)
    _print(shown, right=("bcm", "share", "share_low", "share_high"))
    _say("bcm a year at the state of the line's statistics, steady flow; pressures at the ends are estimates.")


@app.command()
def deliver(
    supply: Annotated[str, typer.Argument(help="Source: see `corridors list gas-supplies`.")],
    place: Annotated[str, typer.Argument(help="Place: see `corridors list gas-places`.")],
    year: Annotated[int, typer.Option(help="Network of that year.")] = 2026,
    build: _Words = None,
    avoid: _Words = None,
    least_bcm: Annotated[float, typer.Option(help="Pipes with less nameplate a year are not used.")] = 0.0,
    data: _Data = None,
    csv: _Csv = False,
) -> None:
    """Find the cheapest way of gas, paid in full, with pipes to be built if named."""
    from .case import gas_case
    from .delivered import deliver as find

    case = gas_case(year, folder=data)
    way = find(case, supply, place, build=build or (), avoid=avoid or (), least_bcm=least_bcm)
    legs = way.legs.reset_index()
    if csv:
        sys.stdout.write(legs.to_csv(index=False))
        return
    numbers = [c for c in legs if legs[c].dtype.kind == "f"]
    shown = legs.assign(**{c: legs[c].map(lambda v: "" if v != v else f"{v:,.2f}") for c in numbers})
    _print(shown.drop(columns="line"), right=numbers)
    cost, source = way.cost_usd_per_mwh, way.source_usd_per_mwh
    _say(f"{cost:,.1f} USD/MWh after {way.length_km:,.0f} km, {source:,.1f} at the source.")


@app.command()
def security(
    year: Annotated[int, typer.Option(help="Network of that year.")] = 2026,
    data: _Data = None,
    csv: _Csv = False,
) -> None:
    """Print N-1 by country, by the formula of Regulation (EU) 2017/1938."""
    from .case import gas_case
    from .security import security as find

    table = find(gas_case(year, folder=data)).reset_index()
    if csv:
        sys.stdout.write(table.to_csv(index=False))
        return
    numbers = [c for c in table if table[c].dtype.kind == "f"]
    _print(table.assign(**{c: table[c].map("{:,.0f}".format) for c in numbers}), right=numbers)
    _say("GWh a day; what could come without the largest pipe, source or terminal, over the highest day.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Made, or replaced where it holds a PyPSA network.")],
    year: Annotated[int, typer.Option(help="Network of that year.")] = 2025,
    step: Annotated[str, typer.Option(help="month or day.")] = "month",
    data: _Data = None,
) -> None:
    """Write the network of a year for PyPSA, and say what PyPSA cannot carry."""
    from .case import gas_case
    from .pypsa_export import write_pypsa

    notes = write_pypsa(gas_case(year, step, folder=data), folder)
    typer.echo(f"{folder}: gas network of {year} by {step}, for pypsa.Network")
    for note in notes:
        typer.echo(f"- {note}")


def _stacked(*tables: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def _print(table: pd.DataFrame, right: Any = ()) -> None:
    from ..terminal import console_here, table_of

    sides = [(str(c).replace("_", " "), "right" if c in right else "left") for c in table]
    console_here().print(table_of(sides, [[str(cell) for cell in row] for row in table.itertuples(index=False)]))


def _say(text: str) -> None:
    from ..terminal import console_here, dim

    dim(console_here(), text)
