"""Which sources a result rests on, and the grades of its figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from networks import GRADES
from networks.tables import table_of

from ..scenario.contrast import Comparison
from ..scenario.gas_contrast import GasComparison
from .rows_used import rows_used

if TYPE_CHECKING:
    from pathlib import Path

    from ..investing.frontier import Frontier
    from ..scenario.gas_results import GasRun
    from ..scenario.results import Run
    from .reports import Result

__all__ = ["grades_of", "sources_of"]

_FIGURES = ["what", "grade", "source_ids"]


def sources_of(result: Result) -> pd.DataFrame:
    """Return the sources that a result really uses, those behind most figures first.

    Parameters
    ----------
    result : Run, GasRun, Comparison, GasComparison or Frontier
        Of a comparison its run counts.

    Returns
    -------
    DataFrame
        ``source_id``, ``publisher``, ``title``, ``year``, ``url``, ``grade`` (of the document), ``used_for`` (words,
        most figures first), ``figures`` (how many rest on it, alone or with others).

    Notes
    -----
    A figure is a cell, or the few cells of a row that share a source, such as the speed of a rate; each counts once
    however many routes use it. Counted are, of freight: links and stops on routes that carry something, with the rates
    of their modes; capacities that are used; demand, shares, growth and goods of the markets and years; prices and
    times of the year; projects that are built. Of gas: pipes, supplies and terminals that carry or give something,
    prices, demand, storages, contracts, calorific values. Of a frontier: the records of its candidates, what is usual
    for their works, packages, indices, carbon prices and demand; not the links, which differ by portfolio. Of all: the
    parameters of the method, and ids that the scenario itself cites (links to web pages are in the scenario only).
    """
    known = table_of("sources", _folder(result)).set_index("source_id")
    used = _figures(result).explode("source_ids").rename(columns={"source_ids": "source_id"})
    used = used[used["source_id"].isin(known.index)]
    counts = used.groupby(["source_id", "what"], sort=False).size().rename("n").reset_index()
    counts = counts.sort_values(["n", "what"], ascending=[False, True], kind="stable")
    by = counts.groupby("source_id")
    found = pd.DataFrame({"used_for": by["what"].agg(", ".join), "figures": by["n"].sum()})
    table = known.join(found, how="inner").rename_axis("source_id").reset_index()
    return table.sort_values(["figures", "source_id"], ascending=[False, True], ignore_index=True)


def grades_of(result: Result) -> pd.DataFrame:
    """Return how many figures behind a result have which grade, by kind of figure.

    Parameters
    ----------
    result : Run, GasRun, Comparison, GasComparison or Frontier
        Of a comparison its run counts.

    Returns
    -------
    DataFrame
        ``what`` (lengths, speeds, tariffs, capacities, demand, ...), ``A``, ``B``, ``C``, ``EST`` (numbers of figures),
        ``share_estimates`` (0 to 1); the kinds with most figures first, ``all together`` last.

    Notes
    -----
    Figures are those of `sources_of`, and each row of a table counts once. The share of estimates of a run
    (``record["estimates"]``) is another number: it counts the figures of links and stops alone, as often as freight
    passes them, or, of gas, what the plan was solved with.
    """
    figures = _figures(result)
    counts = pd.crosstab(figures["what"], figures["grade"]).reindex(columns=GRADES, fill_value=0)
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    counts = pd.concat([counts.loc[order], counts.sum().rename("all together").to_frame().T]).astype(int)
    table = counts.rename_axis("what").rename_axis(None, axis=1).reset_index()
    return table.assign(share_estimates=table["EST"] / table[list(GRADES)].sum(axis=1).clip(lower=1))


def _figures(result: Result) -> pd.DataFrame:
    """Return one row a figure: ``what``, ``grade``, ``source_ids`` (tuple)."""
    of = table_of("sources", _folder(result)).set_index("source_id")["grade"].to_dict()
    rows = []
    for part in rows_used(_one(result)):
        for name, what in part.what.items():
            start = f"{name}_" if name else ""
            ids = part.rows[f"{start}source_id"]
            grades = part.rows[f"{start}grade"] if f"{start}grade" in part.rows else [""] * len(ids)
            rows += [
                (what, g or _worst(of.get(i, "") for i in cell), cell) for cell, g in zip(ids, grades, strict=True)
            ]
    return pd.DataFrame([row for row in rows if row[2] and row[1]], columns=_FIGURES)


def _worst(grades: Iterable[str]) -> str:
    """Return the worst of the grades that are known; empty if none is."""
    return max((g for g in grades if g in GRADES), key=GRADES.index, default="")


def _one(result: Result) -> Run | GasRun | Frontier:
    return result.run if isinstance(result, Comparison | GasComparison) else result


def _folder(result: Result) -> str | Path | None:
    return _one(result).folder
