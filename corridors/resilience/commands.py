"""The commands ``corridors criticality``, ``corridors sweep``, ``corridors uncertainty`` and ``corridors recover``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..scenario.commands import SET, parse_sets

if TYPE_CHECKING:
    from .criticality import Criticality

__all__ = ["criticality", "recover", "sweep", "uncertainty"]

_CRITICAL_HELP = "File, or a name from `corridors list scenarios`."


def criticality(
    scenario: Annotated[str, typer.Argument(help=_CRITICAL_HELP)],
    set_: Annotated[list[str] | None, SET] = None,
    days: Annotated[int, typer.Option(help="Days that a failure lasts: 7, 30, 180 or 365.")] = 180,
    effect: Annotated[str, typer.Option(help="removed or halved.")] = "removed",
    lens: Annotated[str, typer.Option(help="What the map shows: cost, unmet or country (the one worst off).")] = "cost",
    kind: Annotated[str, typer.Option(help="link, stop, border or country; otherwise all.")] = "",
    top: Annotated[int, typer.Option(min=1, help="Rows of each ranking.")] = 15,
    year: Annotated[int | None, typer.Option(help="Of the study; the first by default.")] = None,
    map_: Annotated[Path, typer.Option("--map", help="Where to write the map: PNG, SVG or PDF.")] = Path(
        "criticality.png"
    ),
    out: Annotated[Path | None, typer.Option(help="Write all tables as CSV to this folder.")] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Draw none.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; otherwise one for each core.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the whole table as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print answer and table as JSON.")] = False,
) -> None:
    """Remove and halve every link, stop, border and country; rank what hurts most and draw the map."""
    from ..scenario.loading import load
    from .criticality import DAYS
    from .criticality import criticality as find
    from .elements import KINDS

    if out is not None:
        from ..investing.tables import check_folder

        check_folder(out)
    wanted = load(scenario, set=parse_sets(set_), folder=data)
    every = tuple(sorted({*DAYS, days}))
    kinds = KINDS if not kind else (kind,) if no_map else tuple(dict.fromkeys((kind, "link", "stop")))
    with _bar("failures") as told:
        found = find(wanted, year=year, days=every, kinds=kinds, jobs=jobs, folder=data, progress=told)
    found.ranking(lens, days=days, effect=effect)
    if not no_map:
        from ..files import save_figure

        save_figure(map_, lambda: found.plot_map(lens, days=days, effect=effect))
    if out is not None:
        from .show import write_tables

        write_tables(found, out)
    if csv:
        sys.stdout.write(found.table.to_csv(index=False))
    elif json:
        _print_json(found)
    else:
        from .show import show_criticality

        show_criticality(found, days, effect, kind or None, top, None if no_map else map_)


def sweep(
    scenario: Annotated[str, typer.Argument(help=_CRITICAL_HELP)],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="Path and values instead of the file's: demand.growth.cn-eu='2 %/yr,4 %/yr'; "
            "may be given several times."
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Values of --vary go in step, not each with each.")
    ] = False,
    set_: Annotated[list[str] | None, SET] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; otherwise one for each core.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for Parquet files; a sweep that was stopped goes on there.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler instead of processes here, tcp://host:8786.")
    ] = None,
    measure: Annotated[
        str, typer.Option(help="What to show: cost, unmet, days, tariff, co2e, flow:middle, through:AZ-GE, …")
    ] = "",
    rows: Annotated[str, typer.Option(help="Path for the rows of the table; the first by default.")] = "",
    columns: Annotated[str, typer.Option(help="Path for its columns; the second by default.")] = "",
    plot: Annotated[Path | None, typer.Option(help="Write the response to this PNG, SVG or PDF.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print all runs as CSV.")] = False,
    fail_on_error: Annotated[bool, typer.Option("--fail-on-error", help="Exit code 1 if a run failed.")] = False,
) -> None:
    """Run every combination of what varies, on all cores or a Dask cluster."""
    from ..scenario.loading import load
    from .sweeping import sweep as find

    wanted = load(scenario, set=parse_sets(set_), folder=data)
    values = _values(vary) if vary else None
    with _bar("runs") as told:
        found = find(
            wanted, values, together=together, jobs=jobs, out=out, scheduler=scheduler, folder=data, progress=told
        )
    first = rows or found.varied[0]
    shown = measure or ("unmet_gwh" if "unmet_gwh" in found.runs else "cost")
    if plot is not None:
        from ..files import save_figure

        save_figure(plot, lambda: found.plot_response(shown, first))
    if csv:
        sys.stdout.write(found.runs.to_csv(index=False))
    else:
        from .show import show_sweep

        second = columns or next(iter(found.crossed(first)), None)
        show_sweep(found, shown, first, second, out)
    if fail_on_error and len(found.failed):
        raise typer.Exit(1)


def uncertainty(
    scenario: Annotated[str, typer.Argument(help=_CRITICAL_HELP)],
    set_: Annotated[list[str] | None, SET] = None,
    draws: Annotated[int, typer.Option(min=2, help="How many.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same draws.")] = 1,
    output: Annotated[
        str, typer.Option(help="What convergence, tornado and sensitivity are about: cost_musd, middle_teu, …")
    ] = "cost_musd",
    sensitivity: Annotated[str, typer.Option(help="sobol or morris, beside the tornado.")] = "",
    size: Annotated[int, typer.Option(min=4, help="Base sample of sobol, trajectories of morris.")] = 64,
    year: Annotated[int | None, typer.Option(help="Of the study; the first by default.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write mean and distribution to this PNG, SVG or PDF.")] = None,
    tornado: Annotated[Path | None, typer.Option(help="Write the tornado to this PNG, SVG or PDF.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; otherwise one for each core.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print all draws as CSV.")] = False,
) -> None:
    """Draw events and every figure within its grade; distributions, and what the answer depends on."""
    from ..scenario.loading import load
    from .show import show_uncertainty
    from .uncertainty import uncertainty as find

    wanted = load(scenario, set=parse_sets(set_), folder=data)
    with _bar("draws") as told:
        found = find(wanted, draws=draws, seed=seed, year=year, jobs=jobs, folder=data, progress=told)
    table = found.convergence(output)
    shares = None
    if sensitivity:
        with _bar("answers") as told:
            shares = found.sensitivity(output, method=sensitivity, size=size, jobs=jobs, progress=told)  # type: ignore[arg-type]
    if plot is not None or tornado is not None:
        from ..files import save_figure

        if plot is not None:
            save_figure(plot, lambda: found.plot_convergence(output))
        if tornado is not None:
            save_figure(tornado, lambda: found.plot_tornado(output))
    if csv:
        sys.stdout.write(found.outputs.join(found.draws).to_csv(index=False))
    else:
        show_uncertainty(found, output, table, shares)


def recover(
    scenario: Annotated[str, typer.Argument(help=_CRITICAL_HELP)],
    name: Annotated[str, typer.Option(help="Which disruption, if there are several.")] = "",
    set_: Annotated[list[str] | None, SET] = None,
    days: Annotated[float | None, typer.Option(help="How long it lasts, instead of the file's.")] = None,
    stock: Annotated[float, typer.Option(help="Days of usual use in stock, held against none.")] = 0.0,
    catch_up: Annotated[float, typer.Option(help="Spare room where no capacity is on record, 0.2 for a fifth.")] = 0.2,
    year: Annotated[int | None, typer.Option(help="Of the study; the first by default.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the curve to this PNG, SVG or PDF.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print all days as CSV.")] = False,
) -> None:
    """Follow a disruption day by day: what waits, goes round and is served, and when all is as before."""
    from ..scenario.loading import load
    from .shock import recovery

    wanted = load(scenario, set=parse_sets(set_), folder=data)
    call = {"lasts_days": days, "catch_up": catch_up, "year": year, "folder": data}
    found = recovery(wanted, name or None, **call)  # type: ignore[arg-type]
    other = recovery(wanted, name or None, stock_days=stock, **call) if stock else None  # type: ignore[arg-type]
    if plot is not None:
        from ..files import save_figure

        save_figure(plot, lambda: found.plot(other, labels=("as it is", f"with stocks for {stock:g} days")))
    if csv:
        sys.stdout.write((other or found).days.to_csv())
    else:
        from .show import show_recovery

        show_recovery(found, other, stock)


def _values(texts: list[str]) -> dict[str, list[object]]:
    """Read ``path=a,b,c``; a value in brackets or braces is YAML."""
    from ..scenario.commands import parse_sets

    found: dict[str, list[object]] = {}
    for path, value in parse_sets(texts).items():
        if isinstance(value, list):
            found[path] = value
        elif isinstance(value, str):
            found[path] = [part.strip() for part in value.split(",")]
        else:
            found[path] = [value]
    return found


def _print_json(found: Criticality) -> None:
    import json

    table = json.loads(found.table.to_json(orient="records"))
    typer.echo(json.dumps({"answer": found.answer, **found.record, "table": table}, ensure_ascii=False, indent=1))


class _bar:  # noqa: N801
    """Tells how far it is: a bar with rate and time left on a terminal, a plain line now and then otherwise."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> Any:
        import time

        from rich.console import Console

        self._console = Console(stderr=True)
        self._began = self._told = time.monotonic()
        self._bar: Any = None
        if self._console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task(self.what, total=None, rate="")
            self._bar.start()
        return self._tell

    def _tell(self, done: int, of: int) -> None:
        import time

        now = time.monotonic()
        rate = done / max(now - self._began, 1e-9)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=of, rate=f"{rate:.0f}/s")
        elif now - self._told >= _EVERY_S or done == of:
            self._told = now
            left = (of - done) / rate if rate else 0.0
            self._console.print(
                f"{self.what}: {done:,} of {of:,}, {rate:.1f} a second, {left:.0f} s left", highlight=False
            )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


_EVERY_S = 10.0
