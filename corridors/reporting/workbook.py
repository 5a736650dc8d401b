"""The workbook of a result: its answer, the tables of its report whole, what was set, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..files import XLSX, checked_path, write_whole
from ..investing.frontier import Frontier
from ..route_map import DISCLAIMER
from ..scenario.contrast import Comparison
from ..scenario.explaining import inputs_of
from ..scenario.gas_contrast import GasComparison
from ..scenario.gas_results import GasRun
from ..scenario.results import Run
from ..scenario.saving import UNITS, versions
from .common import versions_in_words
from .document import Chart, Column, Drawn, Report, Table
from .reports import document_of
from .sources import grades_of, sources_of
from .xlsx import Sheet, Shown, sheet_names, xlsx

if TYPE_CHECKING:
    from .more_sections import More
    from .reports import Result

__all__ = ["write_workbook"]

_SIDES = ("base_", "difference_")
_ENDS = ("central", "low", "high")  # of a range, in the unit of what stands beside
_INPUTS = (Column("path", "setting"), Column("value", "value"), Column("origin", "file:line:column, or default"))
_ITEMS = (Column("item", "what"), Column("value", "value"))
_LICENCE = (
    "Tables of the toolkit: CC BY 4.0; the figures belong to the sources that they name, see the sheet of sources. "
    "Positions of places: partly GeoNames, CC BY 4.0. Code: MIT."
)
_CELLS = (
    "Numbers hold 16 digits; formats only show fewer. An empty cell: unknown, none, or without limit. "
    "Units stand in the heads. Filters and links are the only things that are active: there is no formula and no macro."
)
_GRADES = "A official, operator, development bank or peer-reviewed; B press and agencies; C weak; EST own estimate."


def write_workbook(path: str | Path, result: Result, *more: More, command: str = "") -> Path:
    """Write a result to a workbook with the numbers of its report, all rows and columns of each table.

    Parameters
    ----------
    path : path
        Ending in ``.xlsx``; what was there is replaced whole or left as it was.
    result : Run, GasRun, Comparison, GasComparison or Frontier
        As of `corridors.report`.
    more : Criticality, Uncertainty, Recovery, WorstLoss, Backtest or Frontier
        What was asked beside it.
    command : str
        By which it can be made again, for the reader.

    Returns
    -------
    Path
        Of the file. Sheets: ``answer``, with what the others show; each table of the report, and what its charts and
        maps show beside; ``inputs``, every setting with the file and line that it comes from; ``sources``,
        ``grades``; ``about``. The same run gives the same bytes.

    Raises
    ------
    DataError
        Another kind of result, another ending, or the file cannot be written.
    """
    target = checked_path(path, XLSX, "a workbook")
    report = document_of(result, *more, command=command)
    sheets = [*_tables(report, _money(result)), *_whole(result), *_basis(result)]
    about = _text_sheet("about", _about(result, report), "Versions, what is not modelled, licence")
    names = sheet_names(["answer", *(sheet.name for sheet in sheets), about.name])
    named = [replace(sheet, name=name) for sheet, name in zip([*sheets, about], names[1:], strict=True)]
    answer = _text_sheet(names[0], [*_answer(result, report, command), *_contents(named)])
    data = xlsx([answer, *named], report.title, _made(result))
    write_whole(target, lambda part: part.write_bytes(data))
    return target


def _run_of(result: Result) -> Run | GasRun | None:
    one = result.run if isinstance(result, Comparison | GasComparison) else result
    return None if isinstance(one, Frontier) else one


def _made(result: Result) -> datetime | None:
    run = _run_of(result)
    return None if run is None else datetime.fromisoformat(str(run.record["made_at"]))


def _money(result: Result) -> str:
    """Return the unit of columns that end in ``_m``."""
    if isinstance(result, Frontier):
        return f"million {result.currency} of {result.price_year}"
    run = _run_of(result)
    return "" if run is None else f"million {run.record['currency']}"


def _tables(report: Report, money: str) -> Iterator[Sheet]:
    """Yield the tables of a report, and what its charts and maps show that no table does."""
    first = [report.table, report.chart]
    rest = [block for section in report.annexes if section.name != "inputs" for block in section.blocks]
    blocks: list[Any] = [*first, *report.switching, *rest]
    known = [block.frame for block in blocks if isinstance(block, Table)]
    for block in blocks:
        if isinstance(block, Table):
            yield _sheet(block, block.frame, block.columns, money)
        elif isinstance(block, Chart | Drawn) and block.frame is not None and not _shown(block.frame, known):
            known.append(block.frame)
            yield _sheet(block, block.frame, (), money)


def _whole(result: Result) -> Iterator[Sheet]:
    """Yield the tables of a run that its report shows in part, or not at all."""
    run = _run_of(result)
    if isinstance(run, Run):
        found = {
            "flows by corridor": (run.flows("corridor").reset_index(), "What each corridor carries, all years"),
            "all routes": (run.routes(), "Every route that carries something"),
            "demand": (run.tables["demand"], "What is wanted, and what becomes of it"),
            "variants": (run.tables["ranges"], "Flows by corridor for each variant of what is not known well"),
        }
    elif run is not None:
        found = {
            "costs": (run.costs().reset_index(), "Cost of the year, and what a surprise adds to it"),
            "storages": (run.tables["storages"], "What storages hold at the start, at the least and at the end"),
            "not served": (run.tables["short"], "What is not served, by both rules of sharing"),
            "transits": (run.tables["transits"], "Through which countries the gas of each has come"),
        }
    else:
        return
    for name, (frame, caption) in found.items():
        if len(frame):
            yield _sheet(Table(name, caption, frame, ()), frame, (), _money(result))


def _shown(frame: pd.DataFrame, known: Sequence[pd.DataFrame]) -> bool:
    """Say whether all rows and columns of a table stand in one of some others."""
    mine = _rows(frame, frame.columns)
    return any(set(frame.columns) <= set(other.columns) and mine <= _rows(other, frame.columns) for other in known)


def _rows(frame: pd.DataFrame, columns: Any) -> set[tuple[str, ...]]:
    return {tuple(map(_text, row)) for row in frame[list(columns)].itertuples(index=False)}


def _text(cell: Any) -> str:
    return ", ".join(map(str, cell)) if isinstance(cell, tuple | list) else str(cell)


def _sheet(block: Table | Chart | Drawn, frame: pd.DataFrame, shown: Sequence[Column], money: str) -> Sheet:
    """Return a table as a sheet: the columns that the report shows first, then the others with their units."""
    if all(name is not None and name not in frame.columns for name in frame.index.names):
        frame = frame.reset_index()
    columns = list({column.name: column for column in shown}.values())
    heads = {column.head for column in columns}
    for name in frame.columns.difference([column.name for column in columns], sort=False):
        unit = _unit(str(name), columns if shown else frame.columns, money)
        head = str(name) if unit in ("", "1", name) else f"{name}, {unit}"
        if head in heads:
            head = f"{head} ({'id' if frame[name].dtype.kind not in 'iuf' else name})"
        columns.append(Column(name, head, _form(frame[name], str(name))))
        heads.add(head)
    return Sheet(block.name, frame, columns, block.caption, block.note)


def _unit(name: str, beside: Iterable[Column | str], money: str) -> str:
    """Return the unit of a column that the report does not show, where it is known."""
    name = _bare(name)
    if name in _ENDS:
        return next((unit for unit in map(_rate, beside) if unit), "")
    if name.partition(" ")[0].endswith("_m"):
        return money
    return UNITS.get(name) or UNITS.get(name.replace("_eur", "_usd"), "").replace("USD", "EUR")


def _bare(name: str) -> str:
    for side in _SIDES:
        name = name.removeprefix(side)
    return name


def _rate(column: Column | str) -> str:
    """Return the unit of a column if it is a number per something, such as TEU/yr."""
    if isinstance(column, Column):
        unit = column.head.rpartition(", ")[2] if column.right else ""
    else:
        unit = UNITS.get(_bare(str(column)), "")
    return unit if "/" in unit else ""


def _form(values: pd.Series[Any], name: str) -> str:
    """Return a percent format for shares between nothing and all."""
    if values.dtype.kind != "f" or "share" not in name.split("_") or name.endswith("pct"):
        return ""
    return ".1%" if bool(values.dropna().between(0.0, 1.0 + 1e-9).all()) else ""


def _basis(result: Result) -> Iterator[Sheet]:
    """Yield what was set, and the sources and grades behind."""
    run = _run_of(result)
    inputs = inputs_of(result.scenario) if isinstance(result, Frontier) else run.tables["inputs"]  # type: ignore[union-attr]
    yield Sheet("inputs", inputs, _INPUTS, "Every setting of the scenario, with the file and line that it comes from")
    sources = sources_of(result)
    words = {"source_id": "id", "used_for": "used for", "figures": "figures that rest on it"}
    columns = [Column(str(name), words.get(str(name), str(name))) for name in sources.columns]
    yield Sheet("sources", sources, columns, "Sources behind this result, those behind most figures first", _GRADES)
    grades = grades_of(result)
    heads = {"what": "kind of figure", "share_estimates": "share of estimates"}
    columns = [
        Column(name, heads.get(name, f"figures of grade {name}"), ".0%" if name == "share_estimates" else "")
        for name in map(str, grades.columns)
    ]
    yield Sheet("grades", grades, columns, "Grades of the figures behind it: each row of a table counts once", _GRADES)


def _text_sheet(name: str, rows: Sequence[tuple[Any, Any]], caption: str = "") -> Sheet:
    frame = pd.DataFrame({"item": [row[0] for row in rows], "value": [row[1] for row in rows]}, dtype=object)
    return Sheet(name, frame, _ITEMS, caption, wraps=True)


def _answer(result: Result, report: Report, command: str) -> list[tuple[Any, Any]]:
    """Return what a reader wants to know first."""
    rows: list[tuple[Any, Any]] = [
        ("Title", report.title),
        ("Question", report.question),
        ("What it is about", report.kind),
        ("Answer", report.headline),
        *(("", point) for point in report.points),
    ]
    for tile in report.tiles:
        before = f" (without: {tile.before}; {tile.change})" if tile.before else ""
        rows.append((tile.group, f"{tile.now} {tile.what}{before}"))
    rows += _solved(result)
    rows += [("Command to repeat it", command)] if command else []
    return rows


def _solved(result: Result) -> Iterator[tuple[str, Any]]:
    """Yield how well it is solved, what is unmet, how much is estimated, and by what it can be told apart."""
    run = _run_of(result)
    if isinstance(result, Frontier) or run is None:
        assert isinstance(result, Frontier)
        yield "Status", "optimal: every allowed portfolio was valued"
        yield "Gap", Shown(0.0, "0")
        yield "Share of estimates among the figures on projects", Shown(result.estimates, "0%")
        yield "Scenario hash", result.scenario.hash
        return
    gas = isinstance(run, GasRun)
    against = result.base if isinstance(result, Comparison | GasComparison) else run.against
    yield "Counterfactual", "none" if against is None else against.title
    yield "Status", run.status
    yield "Gap" if gas else "Largest residual", Shown(float(run.record["gap"]), "0.0E+00")
    yield from _unmet(run)
    share = run.record["estimates"]
    yield "Share of estimates among the figures behind", "nothing is sent" if share is None else Shown(share, "0%")
    yield "Run hash", str(run.record["hash"])


def _unmet(run: Run | GasRun) -> Iterator[tuple[str, Any]]:
    """Yield what is wanted and not served, by year."""
    if isinstance(run, GasRun):
        table = run.tables["countries"]
        sums = table[table["sharing"] == run.record["sharing"]].groupby("year")["unmet_gwh"].sum()
        what, unit = "Unmet", "GWh"
    else:
        table, unit = run.tables["demand"], "t" if run.unit == "t" else "TEU"
        left = table["unmet"] + table["not_shipped"]
        per = table["quantity"] / table["teu_per_year"] if unit == "t" else 1.0
        sums, what = (left * per).groupby(table["year"]).sum(), "Unmet or not shipped"
    for year, value in sums.items():
        yield f"{what} in {year}, {unit}", Shown(float(value), "#,##0")


def _contents(sheets: Sequence[Sheet]) -> Iterator[tuple[Any, Any]]:
    """Yield the sheets with what they show."""
    yield "", ""
    yield "Sheets", "what they show"
    for sheet in sheets:
        told = ". ".join(text.rstrip(".") for text in (sheet.caption, sheet.note) if text)
        yield Shown(sheet.name, sheet=sheet.name), told


def _about(result: Result, report: Report) -> list[tuple[Any, Any]]:
    """Return by what it was made, what is not in it, and what may be done with it."""
    run = _run_of(result)
    limits = [("What is not modelled" if not i else "", text) for i, text in enumerate(report.limits)]
    made = [] if run is None else [("Made", str(run.record["made_at"]))]
    return [
        *made,
        ("Made with", versions_in_words(versions() if run is None else run.record)),
        *limits,
        ("Cells", _CELLS),
        ("Grades", _GRADES),
        ("Licence", _LICENCE),
        ("Boundaries", DISCLAIMER.replace("\n", " ")),
    ]
