"""What a benchmark says of one solver on one case; how such rows are kept, shown and compared with those of a rerun."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from corridors.files import write_text

__all__ = ["Measured", "differences", "in_times", "markdown", "read_rows", "write_rows"]

_SLACK = 2.0
"""How many times longer or shorter than before a solver may take, compared with the first of its case."""
_LEAST_S = 0.05
"""Times below it are not compared: they are of the clock and the machine."""


@dataclass(frozen=True)
class Measured:
    """One solver on one case.

    Attributes
    ----------
    section, case, solver : str
        Which.
    size : str
        Of the case, in words.
    objective, tolerance : float
        What was found, and by how much of it a rerun may differ; NaN if nothing is compared.
    seconds, peak_mb : float
        Of the run; NaN if not measured.
    times : float
        Seconds as a multiple of the first of the case.
    stopped : bool
        The run was ended by its time limit, so that `seconds` and `times` are the least they could be.
    note : str
        What else there is to say.
    made_with : str
        Versions and cores.
    """

    section: str
    case: str
    solver: str
    size: str = ""
    objective: float = math.nan
    tolerance: float = 1e-6
    seconds: float = math.nan
    peak_mb: float = math.nan
    times: float = math.nan
    stopped: bool = False
    note: str = ""
    made_with: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Section, case and solver."""
        return self.section, self.case, self.solver


def in_times(rows: Sequence[Measured]) -> list[Measured]:
    """Return rows with their times as multiples of the first of their case."""
    first: dict[str, float] = {}
    for row in rows:
        if row.seconds > 0:
            first.setdefault(row.case, row.seconds)
    return [replace(row, times=row.seconds / first.get(row.case, math.nan)) for row in rows]


def write_rows(file: Path, rows: Iterable[Measured]) -> None:
    """Write rows as CSV, numbers to six digits, objectives to eleven."""
    digits = {"objective": ".11g"}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(Measured)]
    writer.writerow(names)
    for row in rows:
        values = ((name, getattr(row, name)) for name in names)
        writer.writerow([format(v, digits.get(n, ".6g")) if isinstance(v, float) else v for n, v in values])
    write_text(file, out.getvalue())


def read_rows(file: Path) -> list[Measured]:
    """Read what `write_rows` wrote; nothing if the file is not there."""
    if not file.exists():
        return []
    kinds = {field.name: field.type for field in fields(Measured)}
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    return [Measured(**{name: _value(str(kinds[name]), word) for name, word in row.items()}) for row in rows]


def _value(kind: str, word: str) -> Any:
    if kind == "float":
        return float(word)
    return word == "True" if kind == "bool" else word


def differences(before: Sequence[Measured], now: Sequence[Measured]) -> list[str]:
    """Return in words where a rerun differs by more than it may; rows that were not run again are not looked at."""
    known = {row.key: row for row in before}
    found = []
    for row in now:
        if row.key not in known:
            found.append(f"{_named(row)}: not on the page")
            continue
        told = known[row.key]
        lost = math.isnan(row.objective) and not math.isnan(told.objective) and not row.stopped
        if lost or (row.note != told.note and row.note.startswith("not installed")):
            found.append(f"{_named(row)}: {row.note or 'no objective'}, on the page {told.objective:.11g}")
            continue
        if abs(row.objective - told.objective) > told.tolerance * max(1.0, abs(told.objective)):
            found.append(f"{_named(row)}: objective {row.objective:.11g}, on the page {told.objective:.11g}")
        if told.seconds >= _LEAST_S and not _near(row, told):
            found.append(f"{_named(row)}: {_times(row)} times the first, on the page {_times(told)}")
    return found


def _near(row: Measured, told: Measured) -> bool:
    if math.isnan(told.times) or math.isnan(row.times):
        return math.isnan(told.times) == math.isnan(row.times)
    above = row.stopped or row.times >= told.times / _SLACK
    return above and (told.stopped or row.times <= told.times * _SLACK)


def _named(row: Measured) -> str:
    return f"{row.section}, {row.case}, {row.solver}"


def markdown(rows: Sequence[Measured]) -> str:
    """Return the rows of a section as a table, columns without any value left out."""
    heads = ["case", "solver", "objective", "seconds", "peak MB", "times", "note"]
    lines, last = [], ""
    for row in rows:
        size = f" ({row.size})" if row.size else ""
        case = "" if row.case == last else f"`{row.case}`{size}"
        objective = "" if math.isnan(row.objective) else _amount(row.objective)
        peak = "" if math.isnan(row.peak_mb) else f"{row.peak_mb:,.0f}"
        lines.append([case, row.solver, objective, _seconds(row), peak, _times(row), row.note])
        last = row.case
    used = [i for i in range(len(heads)) if any(line[i] for line in lines)]
    rule = ["---" if i in (0, 1, 6) else "---:" for i in used]
    shown = [[heads[i] for i in used], rule, *([line[i] for i in used] for line in lines)]
    made_with = "; ".join(dict.fromkeys(row.made_with for row in rows if row.made_with))
    told = ["", f"Measured with {made_with}."] if made_with else []
    return "\n".join([*(f"| {' | '.join(line)} |" for line in shown), *told])


def _amount(value: float) -> str:
    size = abs(value)
    return f"{value:,.{0 if size >= 1e7 else 2 if size >= 10 else 4}f}"


def _seconds(row: Measured) -> str:
    return "" if math.isnan(row.seconds) else f"{'over ' if row.stopped else ''}{_short(row.seconds)}"


def _times(row: Measured) -> str:
    return "" if math.isnan(row.times) else f"{'over ' if row.stopped else ''}{_short(row.times)}"


def _short(value: float) -> str:
    """Return a number to three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")
