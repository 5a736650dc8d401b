"""The commands ``corridors report`` and ``corridors open``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from networks.errors import DataError, nearest

from ..scenario.commands import SET, parse_sets

if TYPE_CHECKING:
    from .more_sections import More
    from .reports import Result

__all__ = ["open_", "report"]

_MORE = ("criticality", "uncertainty", "backtest", "frontier")
_Tell = Callable[[str], None]


def report(
    scenario: Annotated[
        str, typer.Argument(help="File, a name from `corridors list scenarios`, or a folder that a run was saved to.")
    ],
    other: Annotated[
        str | None, typer.Argument(help="A second one, held against the first instead of its counterfactual.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path("report.html"),
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="What else to ask: criticality, uncertainty, backtest or frontier; may be given several times.",
        ),
    ] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook with the same numbers too.")] = None,
    set_: Annotated[list[str] | None, SET] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    cache: Annotated[bool, typer.Option(help="Read runs from the cache if they were made before.")] = True,
    open_after: Annotated[bool, typer.Option("--open", help="Open it in the browser afterwards.")] = False,
) -> None:
    """Write a report: the answer first, then tables, charts and a map, in one HTML file that needs no network."""
    from ..files import HTML, XLSX, checked_path

    target = checked_path(out, HTML, "a report")
    if xlsx is not None:
        checked_path(xlsx, XLSX, "a workbook")
    asked = list(dict.fromkeys(with_ or ()))
    for word in asked:
        if word not in _MORE:
            raise DataError([f"--with {word}: expected one of {', '.join(_MORE)}{nearest(word, _MORE)}"])
    command = shlex.join(["corridors", *sys.argv[1:]])
    with _telling() as tell:
        from .reports import report as write

        found = _found(scenario, other, set_, data, cache, tell)
        more = [_more(word, scenario, set_, data, cache, tell) for word in asked]
        tell("drawing")
        write(found, *more, path=target, command=command)
        if xlsx is not None:
            from .workbook import write_workbook

            tell("writing the workbook")
            write_workbook(xlsx, found, *more, command=command)
    typer.echo(f"{target}{f', {xlsx}' if xlsx else ''}")
    if open_after:
        open_(target)


def open_(
    file: Annotated[Path, typer.Argument(help="HTML file, such as report.html.")] = Path("report.html"),
) -> None:
    """Open a report in the browser; where there is none, print where it is."""
    import webbrowser

    if not file.is_file():
        raise DataError([f"{file}: is no file; write one with corridors report"])
    address = file.resolve().as_uri()
    try:
        opened = _has_screen() and webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    typer.echo(f"{'opened' if opened else 'open in a browser:'} {address}")


def _has_screen() -> bool:
    import os

    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _found(
    scenario: str, other: str | None, sets: list[str] | None, data: Path | None, cache: bool, tell: _Tell
) -> Result:
    """Return what the report is about."""
    if (Path(scenario) / "run.json").is_file():
        return _saved(scenario, other, sets)
    from ..scenario.contrast import compare
    from ..scenario.loading import load
    from ..scenario.running import run

    if other is not None:
        tell(f"running {scenario} and {other}")
        return compare(load(scenario, folder=data), _wanted(other, sets, data), cache=cache, folder=data)
    wanted = _wanted(scenario, sets, data)
    if _chooses(wanted):
        from ..investing.frontier import frontier

        return frontier(wanted, cache=cache, folder=data, progress=lambda what: tell(f"valuing portfolios: {what}"))
    tell(f"running {wanted.name}")
    return run(wanted, cache=cache, folder=data)


def _wanted(name: str, sets: list[str] | None, data: Path | None) -> Any:
    from ..scenario.loading import load

    return load(name, set=parse_sets(sets), folder=data)


def _chooses(scenario: Any) -> bool:
    """Say whether projects are left to be chosen, so that a frontier is asked for."""
    projects = scenario.model.investments.projects.values()
    return any(getattr(project, "decision", "") == "choose" for project in projects)


def _saved(folder: str, other: str | None, sets: list[str] | None) -> Result:
    from ..scenario.contrast import compare
    from ..scenario.saving import read

    if sets:
        raise DataError([f"--set: {folder} is a run that was saved; give its scenario to run it with other values"])
    if other is None:
        return read(folder)
    if not (Path(other) / "run.json").is_file():
        raise DataError([f"{other}: holds no run.json, as {folder} does; give two saved runs or two scenarios"])
    return compare(read(folder), read(other))


def _more(word: str, scenario: str, sets: list[str] | None, data: Path | None, cache: bool, tell: _Tell) -> More:
    """Return a further result."""
    if word == "backtest":
        from ..backtesting import backtest

        tell("back-testing")
        return backtest(folder=data)
    if (Path(scenario) / "run.json").is_file():
        raise DataError([f"--with {word}: needs a scenario; {scenario} is a run that was saved"])
    wanted = _wanted(scenario, sets, data)
    if word == "criticality":
        from ..resilience.criticality import criticality

        return criticality(wanted, folder=data, progress=lambda done, of: tell(f"criticality: {done} of {of}"))
    if word == "uncertainty":
        from ..resilience.uncertainty import uncertainty

        return uncertainty(wanted, folder=data, progress=lambda done, of: tell(f"uncertainty: {done} of {of}"))
    from ..investing.frontier import frontier

    return frontier(wanted, cache=cache, folder=data, progress=lambda what: tell(f"valuing portfolios: {what}"))


@contextmanager
def _telling() -> Iterator[_Tell]:
    """Give what tells on a terminal what is done next, in one line that goes away."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield status.update
