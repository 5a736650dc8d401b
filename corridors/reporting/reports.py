"""A report of any result, and of what was asked beside it, as one HTML file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from networks import DataError

from ..files import HTML, checked_path, write_text
from ..investing.frontier import Frontier
from ..scenario.contrast import Comparison
from ..scenario.gas_contrast import GasComparison
from ..scenario.gas_results import GasRun
from ..scenario.results import Run
from .document import Report
from .freight_report import freight_report
from .gas_report import gas_report
from .investment_report import investment_report
from .more_sections import More, section_of
from .page import html

__all__ = ["Result", "document_of", "report"]

Result = Run | GasRun | Comparison | GasComparison | Frontier


def report(result: Result, *more: More, path: str | Path, command: str = "") -> Path:
    """Write the report of a result to an HTML file that needs no network.

    Parameters
    ----------
    result : Run, GasRun, Comparison, GasComparison or Frontier
        What the report is about; a run is held against its counterfactual if it has one.
    more : Criticality, Uncertainty, Recovery, WorstLoss, Backtest or Frontier
        What was asked beside it: a section each, after its own.
    path : path
        Of the file, ending in ``.html``; what was there is replaced whole or left as it was.
    command : str
        By which it can be made again, for the reader.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    DataError
        Another kind of result, another ending, or the file cannot be written.
    """
    target = checked_path(path, HTML, "a report")
    write_text(target, html(document_of(result, *more, command=command)))
    return target


def document_of(result: Result, *more: More, command: str = "") -> Report:
    """Return what the report of a result holds; see `report`."""
    found = _main(result, command)
    return replace(found, annexes=[*found.annexes, *(section for extra in more for section in section_of(extra))])


def _main(result: Result, command: str) -> Report:
    if isinstance(result, Comparison):
        return freight_report(replace(result.run, against=result.base), command)
    if isinstance(result, GasComparison):
        return gas_report(replace(result.run, against=result.base), command)
    if isinstance(result, Run):
        return freight_report(result, command)
    if isinstance(result, GasRun):
        return gas_report(result, command)
    if isinstance(result, Frontier):
        return investment_report(result, command)
    raise DataError([f"report: of a {type(result).__name__} there is none; give a run, a comparison or a frontier"])
