"""Compare the solvers with their peers: `python -m benchmarks.run [--quick] [--data FOLDER] [--only NAME]`.

Every run is a process of its own. Objectives must agree to 1e-6 of their size, first-order methods (PDLP) to 1e-4
and equilibria to twice the gap that was asked; the exit code is 1 if they do not, or if a solver of this project fails.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from . import growth
from .cases import CASES
from .child import run_child
from .instances import AbsentError
from .measured import Measured

__all__ = ["Row", "main", "measure", "solve_case"]

_TOLERANCE = 1e-6
_PLAIN_WIDTH = 170
_OURS = ("solve_flow", "k_shortest_paths", "solve_equilibrium", "solve_design", "solve_gas_flow")
GROWTH = "growth"
_ALONE = {"geometric-1000": ["solve_flow path"]}
"""Cases that the page gives for some solvers only: the arc models of others have 1.9 million columns."""


@dataclass(frozen=True)
class Row:
    """One solver on one case.

    Attributes
    ----------
    case, solver : str
        Which.
    found : dict
        What the child said: ``objective``, ``gap``, ``tolerance``, ``seconds``, ``peak_mb``, ``own_mb`` where there
        are such, and ``note``.
    difference : float
        Relative difference from the objective of reference; NaN if there is none.
    agrees : bool
        Whether it is small enough, or there is none.
    time_ratio, memory_ratio : float
        As a multiple of the first solver that finished.
    """

    case: str
    solver: str
    found: dict[str, Any]
    difference: float = math.nan
    agrees: bool = True
    time_ratio: float = math.nan
    memory_ratio: float = math.nan

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong: the objective agrees, and a solver of ours did not fail."""
        return self.agrees and not ("failed" in self.found and self.solver.startswith(_OURS))


def compared(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a case with differences, and ratios to its first solver that finished."""
    first = next((row.found for row in rows if "objective" in row.found), {})
    known = next((r.found["known"] for r in rows if r.found.get("known") is not None), None)
    exact = [r.found for r in rows if "objective" in r.found and r.found["tolerance"] <= _TOLERANCE]
    reference = known if known is not None else next((found["objective"] for found in exact), None)
    return [_compared(row, first, reference) for row in rows]


def _compared(row: Row, first: dict[str, Any], reference: float | None) -> Row:
    found = row.found
    difference, agrees = math.nan, True
    if reference is not None and "objective" in found:
        difference = abs(found["objective"] - reference) / max(1.0, abs(reference))
        agrees = difference <= found["tolerance"]
    ratios = [
        found[key] / first[key] if first.get(key) and found.get(key) is not None else math.nan
        for key in ("seconds", "peak_mb")
    ]
    return Row(row.case, row.solver, found, difference, agrees, *ratios)


def table(title: str, rows: Iterable[Row]) -> Table:
    """Make the table of a case."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in ("case", "solver"):
        shown.add_column(head)
    for head in ("objective", "off by", "gap", "seconds", "time\nratio", "peak\nMB", "of it\nsolving", "memory\nratio"):
        shown.add_column(head, justify="right")
    shown.add_column("note", overflow="fold")
    for row in rows:
        shown.add_row(*_cells(row), style=None if row.sound else "bold red")
    return shown


def _cells(row: Row) -> list[str]:
    found = row.found
    note = str(found.get("note", "")) if row.agrees else f"DISAGREES, allowed {found['tolerance']:.0e}"
    return [
        row.case,
        row.solver,
        _number(found.get("objective"), ",.4f"),
        _number(row.difference, ".0e"),
        _number(found.get("gap"), ".0e"),
        _number(found.get("seconds"), ",.3f"),
        _number(row.time_ratio, ",.2f"),
        _number(found.get("peak_mb"), ",.0f"),
        _number(found.get("own_mb"), ",.0f"),
        _number(row.memory_ratio, ",.2f"),
        note,
    ]


def _number(value: float | None, form: str) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return "0" if value == 0 and form.endswith("e") else format(value, form)


def _write(path: Path, rows: Iterable[Row]) -> None:
    heads = ["objective", "gap", "seconds", "peak_mb", "own_mb", "size", "note"]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["case", "solver", *heads, "difference", "time_ratio", "memory_ratio"])
        for row in rows:
            numbers = [row.difference, row.time_ratio, row.memory_ratio]
            out.writerow([row.case, row.solver, *(row.found.get(head, "") for head in heads), *numbers])


def solve_case(
    name: str, solvers: Sequence[str] | None = None, *, quick: bool, data: Path | None, limit_s: float
) -> list[Row]:
    """Run the solvers of a case, or those with one of some words in their name.

    Raises
    ------
    AbsentError
        The files of the case are not there.
    """
    rows = []
    for solver in CASES[name].names(quick=quick):
        if solvers is not None and not any(part in solver for part in solvers):
            continue
        found = run_child(name, solver, quick=quick, data=data, limit_s=limit_s)
        if "absent" in found:
            raise AbsentError(found["absent"])
        rows.append(Row(name, solver, found))
    return compared(rows)


def measure(
    section: str, names: Iterable[str], *, solvers: Sequence[str] | None = None, data: Path | None, limit_s: float
) -> list[Measured]:
    """Run cases and return what was found, cases without files left out; only some solvers if words are given."""
    found: list[Measured] = []
    for name in names:
        try:
            rows = solve_case(name, _chosen(name, solvers), quick=False, data=data, limit_s=limit_s)
        except AbsentError as error:
            print(f"{name}: skipped, {error}", file=sys.stderr)
            continue
        if wrong := [row.solver for row in rows if not row.sound]:
            raise SystemExit(f"{name}: {', '.join(wrong)} failed or disagrees; try --only {name}")
        found += [_measured(section, row, _size(rows)) for row in rows]
    return found


def _chosen(name: str, solvers: Sequence[str] | None) -> Sequence[str] | None:
    """Return which solvers the page gives a case for, of those that are asked for."""
    alone = _ALONE.get(name)
    if alone is None or not solvers:
        return alone or solvers
    return [one for one in alone if any(word in one for word in solvers)]


def _measured(section: str, row: Row, size: str) -> Measured:
    found = row.found
    return Measured(
        section,
        row.case,
        row.solver,
        size,
        found.get("objective", math.nan),
        found.get("tolerance", _TOLERANCE),
        found.get("seconds", math.nan),
        found.get("peak_mb", math.nan),
        row.time_ratio,
        stopped="objective" not in found and "seconds" in found,
        note=str(found.get("note", "")),
    )


def _size(rows: Sequence[Row]) -> str:
    return next((str(row.found["size"]) for row in rows if "size" in row.found), "")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, about two minutes in all")
    parser.add_argument("--data", type=Path, help="folder of public instances (default: $CORRIDORS_TESTDATA)")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="cases whose name has this in it; may be repeated"
    )
    parser.add_argument("--solver", action="append", metavar="NAME", help="solvers whose name has this in it")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="time limit of a run (default: 300, quick: 30)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the rows here too")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the cases, print their tables, return the exit code."""
    options = _arguments(given)
    limit_s = options.limit or (30.0 if options.quick else 300.0)
    data = options.data.resolve() if options.data else None
    names = [name for name in (*CASES, GROWTH) if not options.only or any(part in name for part in options.only)]
    if not names:
        print(f"--only: no such case, expected part of one of {', '.join((*CASES, GROWTH))}", file=sys.stderr)
        return 2
    console = Console()
    console = console if console.is_terminal else Console(width=_PLAIN_WIDTH)
    everything: list[Row] = []
    wrong: list[str] = []
    for name in names:
        if name == GROWTH:
            points = list(growth.measured(quick=options.quick, limit_s=limit_s))
            console.print(growth.table(points), highlight=False)
            wrong += [f"growth of {p.axis}, {p.solver}: {p.note}" for p in points if p.failed]
            continue
        try:
            rows = solve_case(name, options.solver, quick=options.quick, data=data, limit_s=limit_s)
        except AbsentError as error:
            console.print(f"{name}: skipped, {error}\n", highlight=False)
            continue
        if rows:
            console.print(table(f"{name}: {_size(rows)}", rows), highlight=False)
        everything += rows
    if options.csv:
        _write(options.csv, everything)
    wrong += [f"{row.case}, {row.solver}" for row in everything if not row.sound]
    return _verdict(console, everything, wrong)


def _verdict(console: Console, rows: Sequence[Row], wrong: Sequence[str]) -> int:
    if wrong:
        console.print("Wrong:", *wrong, sep="\n", style="bold red", highlight=False)
        return 1
    count = sum("objective" in row.found for row in rows)
    console.print(
        f"{count} objectives agree to 1e-6 (PDLP: 1e-4, equilibria: twice their gap). "
        "Ratios are multiples of the first solver that finished.",
        highlight=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
