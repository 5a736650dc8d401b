"""What the number of an answer is at both ends of each assumption that is varied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from .answers import about, way_title
from .charts import chosen_year
from .contrast import Comparison
from .variants import CENTRAL, VARY, VARY_HERE
from .ways_chart import NOWHERE

if TYPE_CHECKING:
    from .results import Run

__all__ = ["Subject", "drivers", "every_driver", "subject_of"]

_TITLES = {
    "sea": "deep-sea rates",
    "time": "what an hour less is worth",
    "parameters": "years that the choice of shippers is fitted to",
}
_COLUMNS = ["assumption", "at_low", "at_high", "low", "central", "high", "width", "unit", "by", "way"]
_LEAST = 1.0  # TEU or t a year


class Subject(NamedTuple):
    """The way that an answer is about.

    Attributes
    ----------
    by, name : str
        family, branch or corridor, and which; without a name the answer is about none.
    what : str
        The number, in words.
    """

    by: str
    name: str
    what: str


def drivers(found: Run | Comparison, year: int | None = None) -> pd.DataFrame:
    """Return what the number of the answer is at both ends of each assumption that moves it.

    Parameters
    ----------
    found : Run or Comparison
        The number is that of the way that the answer is about: what it carries, or how much more or less.
    year : int, optional
        The last by default.

    Returns
    -------
    DataFrame
        ``assumption``, ``at_low``, ``at_high`` (variants, ``as set`` for the assumption as it is), ``low``,
        ``central``, ``high``, ``width`` (of all three), ``unit``, ``by``, ``way``; the widest first. Empty where
        nothing that was varied moves it by 1 TEU (t of bulk) a year.

    Raises
    ------
    DataError
        The year was not run.

    Notes
    -----
    Values are those of `Run.varied`, or of `Comparison.varied`. Variants of the same assumption, such as lower and
    higher deep-sea rates, are one row.
    """
    table = every_driver(found, year)
    return table[table["width"] >= _LEAST].reset_index(drop=True)


def every_driver(found: Run | Comparison, year: int | None = None) -> pd.DataFrame:
    """Return the same with assumptions that move nothing."""
    at = chosen_year(found.years, year)
    run = found.run if isinstance(found, Comparison) else found
    subject = subject_of(found, at)
    wide = found.varied(subject.by)
    if (at, subject.name) not in wide.index:
        return pd.DataFrame(columns=_COLUMNS)
    values = wide.loc[(at, subject.name)].astype(float)
    central = float(values[CENTRAL])
    unit = f"{'t' if run.unit == 't' else 'TEU'} a year"
    rows = []
    for assumption, names in _paired([str(name) for name in values.index if name != CENTRAL]).items():
        ends = values[names] if len(names) > 1 else values[[CENTRAL, *names]]
        low, high = float(ends.min()), float(ends.max())
        width = max(high, central) - min(low, central)
        at_ends = str(ends.idxmin()), str(ends.idxmax())
        rows.append((assumption, *at_ends, low, central, high, width, unit, subject.by, subject.name))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.sort_values("width", ascending=False, kind="stable", ignore_index=True)


def subject_of(found: Run | Comparison, year: int) -> Subject:
    """Return the way that an answer is about: that which changes, or the fullest by land."""
    if isinstance(found, Comparison):
        by, name = about(found, year)
        return Subject(by, name, f"change of {_called(name, by, found.run.folder)}" if name else "")
    families = found.flows()
    by = "family" if len(set(families.index.get_level_values("family"))) > 1 else "branch"
    flows = found.flows(by)
    here = flows[flows.index.get_level_values("year") == year].droplevel("year").index
    ways = [str(name) for name in here if name not in NOWHERE]
    name = next((way for way in ways if way != "sea"), ways[0] if ways else "")
    return Subject(by, name, f"volume of {_called(name, by, found.folder)}" if name else "")


def _called(name: str, by: str, folder: str | Path | None) -> str:
    return "what is not sent" if name in NOWHERE else way_title(name, by, folder)


def _paired(names: list[str]) -> dict[str, list[str]]:
    """Return variants by assumption, as `corridors.scenario.variants` names them; those of a file stand alone."""
    found: dict[str, list[str]] = {}
    for name in names:
        own = name.startswith((VARY, VARY_HERE))
        key = f"'{name.split(': ', 1)[1]}'" if own else _TITLES.get(name.split(" ", 1)[0], name)
        found.setdefault(key, []).append(name)
    return found
