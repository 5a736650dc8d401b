"""Measure all that is stated in benchmarks/README.md and write its tables, or compare them with a rerun.

    python -m benchmarks.page [--only SECTION] [--data FOLDER]     # benchmarks/results.csv and the tables anew
    python -m benchmarks.page --check [--only SECTION]             # exit code 1 if a rerun differs by more than it may
    python -m benchmarks.page --tables                             # only the tables, from benchmarks/results.csv

A rerun may differ in objectives by what is asked of the solvers (1e-6, a gap), and in times, as multiples of the first
solver of a case, by a factor of two. Rows of cases whose files are not there stay as they were.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from corridors.files import write_text

from . import extract, failures, run, sweep, two_stage
from .cases import CASES
from .measured import Measured, differences, in_times, markdown, read_rows, write_rows

__all__ = ["PAGE", "RESULTS", "main", "page"]

PAGE = Path(__file__).with_name("README.md")
RESULTS = Path(__file__).with_name("results.csv")
_END = "<!-- end -->"
_LIMIT_S = 60.0
_TWO_STAGE_LIMIT_S = 150.0
_APART = ("equilibrium", "design", "gas")
_PEERS = ("PuLP", "highspy", "pypsa", "linopy", "ortools", "aequilibrae", "osmnx")


def _cases(section: str) -> list[str]:
    if section == "flows":
        return [name for name in CASES if not name.startswith(_APART)]
    return [name for name in CASES if name.startswith(section)]


def _sections(data: Path | None, solvers: Sequence[str] | None) -> dict[str, Callable[[], list[Measured]]]:
    measure = partial(run.measure, solvers=solvers, data=data, limit_s=_LIMIT_S)
    return {
        **{name: partial(measure, name, _cases(name)) for name in ("flows", *_APART)},
        "two-stage": partial(two_stage.measure, _TWO_STAGE_LIMIT_S),
        "sweep": partial(sweep.measure, 10_000, 2, 2),
        "failures": partial(failures.measure, 14),
        "extract": extract.measure,
    }


def page(text: str, rows: Sequence[Measured]) -> str:
    """Return the page with its tables anew; each stands between a mark of its section and one of its end."""
    for section in dict.fromkeys(row.section for row in rows):
        table = markdown([row for row in rows if row.section == section])
        mark = f"<!-- {section} -->"
        if mark not in text:
            raise SystemExit(f"{PAGE.name}: no place for {section}, expected {mark}")
        before, after = text.split(f"{mark}\n", 1)
        text = f"{before}{mark}\n{table}\n{after[after.index(_END) :]}"
    return text


def _versions() -> str:
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores"]
    for name in _PEERS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _alone(job: Callable[[], list[Measured]]) -> list[Measured]:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(job).result()


def main(given: Sequence[str] | None = None) -> int:
    """Measure, then write or compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--only", action="append", metavar="SECTION", help="may be repeated")
    parser.add_argument("--data", type=Path, help="folder of public instances (default: $CORRIDORS_TESTDATA)")
    parser.add_argument("--solver", action="append", metavar="NAME", help="with NAME in it (flows to gas)")
    parser.add_argument("--check", action="store_true", help="compare with the page, write nothing")
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    asked = parser.parse_args(given)
    sections = _sections(asked.data.resolve() if asked.data else None, asked.solver)
    if unknown := set(asked.only or ()) - set(sections):
        print(f"--only: no section {', '.join(unknown)}, expected {', '.join(sections)}", file=sys.stderr)
        return 2
    before = read_rows(RESULTS)
    if asked.tables:
        write_text(PAGE, page(PAGE.read_text(encoding="utf-8"), before))
        return 0
    made_with = _versions()
    wrong: list[str] = []
    rows, measured = before, 0
    for name in asked.only or sections:
        now = [replace(row, made_with=made_with) for row in _alone(sections[name])]
        rows = _merged(rows, now, list(sections))
        again = {row.key for row in now}
        measured += len(now)
        now = [row for row in rows if row.key in again]
        print(f"{name}\n{markdown(now)}\n", flush=True)
        wrong += differences(before, now)
        if not asked.check:
            write_rows(RESULTS, rows)
    if not measured:
        print("nothing was measured: no such solver, or no instances (--data)", file=sys.stderr)
        return 2
    if asked.check:
        print("\n".join(wrong) or "A rerun gives what the page says.")
        return int(bool(wrong))
    write_text(PAGE, page(PAGE.read_text(encoding="utf-8"), read_rows(RESULTS)))
    return 0


def _merged(before: Sequence[Measured], now: Sequence[Measured], sections: Sequence[str]) -> list[Measured]:
    """Return rows with those in `now` in their places, times anew."""
    rows = {row.key: row for row in (*before, *now)}
    cases = list(dict.fromkeys((*CASES, *(case for _, case, _ in rows))))

    def place(row: Measured) -> tuple[int, int, int]:
        solvers = list(CASES[row.case].jobs) if row.case in CASES else []
        at = solvers.index(row.solver) if row.solver in solvers else 0
        return sections.index(row.section), cases.index(row.case), at

    return in_times(sorted(rows.values(), key=place))


if __name__ == "__main__":
    sys.exit(main())
