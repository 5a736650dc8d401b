"""The schedule of a portfolio: when to start what, against the money that each line holds by then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from solvers import schedule_projects

from ..appraisal_streams import residual
from .portfolios import Candidate, Numbers, Rules, Values, bits

if TYPE_CHECKING:
    from .futures import Future

__all__ = ["Timing", "timed"]

_WINDOW = 12  # years from the decision within which everything starts
_SECONDS = 120.0
_POCKET = "budget"
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Timing:
    """When to start what.

    Attributes
    ----------
    status : str
        ``optimal``, ``time_limit``, ``infeasible`` (the money does not come in time) or ``no_solution``.
    table : DataFrame by project
        ``starts``, ``opens`` (years), ``paid_m``, ``line``; the earliest first.
    spent : DataFrame, years by lines
        What each line pays, million.
    available : DataFrame, years by lines
        What each line has paid out by then, million.
    worth_m, bound_m : float
        Present value of what is gained, and what no schedule exceeds.
    """

    status: str
    table: pd.DataFrame
    spent: pd.DataFrame
    available: pd.DataFrame
    worth_m: float
    bound_m: float


def timed(future: Future, number: int) -> Timing:
    """Return the schedule of a portfolio that is worth most.

    Parameters
    ----------
    future : Future
        Worth of portfolios.
    number : int
        The portfolio.

    Notes
    -----
    Starts are those of `solvers.schedule_projects`, with the worth of every part of the portfolio in every year of the
    horizon. All start within twelve years.
    """
    rules, value = future.rules, future.value
    mine = [i for i in range(len(rules.candidates)) if number >> i & 1]
    chosen = [rules.candidates[i] for i in mine]
    years = value.calendar
    parts = np.arange(2 ** len(mine))
    numbers = bits(parts, len(mine)).astype(np.int64) @ np.array([1 << i for i in mine], dtype=np.int64)
    gained = value.by_year(_usable(numbers, rules), future.rate, emissions=future.objective != "shippers")
    worth = pd.DataFrame(gained, index=years)
    projects = pd.DataFrame(
        {
            "lead": [c.opens - future.slate.start for c in chosen],
            "life": [math.ceil(c.life_years) for c in chosen],
            "spend": [tuple(c.paid_m * share for share in c.spend) for c in chosen],
            "line": [c.line or _POCKET for c in chosen],
        },
        index=[c.name for c in chosen],
    )
    available = _available(future, years, sorted(set(projects["line"])))
    pairs = [(c.name, other) for c in chosen for other in c.requires if other in projects.index]
    own = _own(future, chosen, years)
    found = schedule_projects(
        projects,
        worth,
        available,
        start_worth=own,
        requires=pairs,
        last_start=min(_WINDOW, len(years) - 1),
        time_limit_s=_SECONDS,
    )
    starts = found.starts.reindex(projects.index)
    _prove(found.spent, available)
    table = pd.DataFrame(
        {
            "starts": starts,
            "opens": starts + projects["lead"],
            "paid_m": [c.paid_m for c in chosen],
            "line": projects["line"],
        }
    ).rename_axis("project")
    spent = found.spent[found.spent.sum(axis=1) > 0]
    return Timing(found.status, table.sort_values(["starts", "opens"]), spent, available, found.objective, found.bound)


def _prove(spent: pd.DataFrame, available: pd.DataFrame) -> None:
    """Raise AssertionError if a line has paid out more by some year than it holds: a fault of the solver."""
    beyond = spent.cumsum() - available
    if (beyond > _ROUNDING * available.clip(lower=1.0)).any(axis=None):
        raise AssertionError(f"more is spent than there is: {beyond.max().to_dict()} million")


def _usable(numbers: Numbers, rules: Rules) -> Numbers:
    """Return portfolios without the projects that something they require is missing for: they bring nothing."""
    place = {name: i for i, name in enumerate(rules.names)}
    found, before = numbers, numbers + 1
    while (found != before).any():
        before = found
        for i, c in enumerate(rules.candidates):
            for other in c.requires:
                lacks = (found >> i & 1 == 1) & (found >> place[other] & 1 == 0)
                found = np.where(lacks, found & ~np.int64(1 << i), found)
            if c.requires_any:
                none = np.logical_and.reduce([found >> place[other] & 1 == 0 for other in c.requires_any])
                found = np.where(none, found & ~np.int64(1 << i), found)
    return found


def _own(future: Future, chosen: Sequence[Candidate], years: Numbers) -> pd.DataFrame:
    """Return the present value of each project by itself if it starts in a year, as far as the objective counts it."""
    count, rows = len(years), {}
    discount = (1 + future.rate) ** -np.arange(count, dtype=float)
    for c in chosen:
        yearly = c.benefit_m - (c.upkeep * c.cost_m if future.objective in ("running", "enpv") else 0.0)
        lead, life = c.opens - future.slate.start, math.ceil(c.life_years)
        row = np.array([yearly * discount[s + lead : s + lead + life].sum() for s in range(count)])
        if future.objective == "enpv":
            row -= [_capital(c, s, lead, discount) for s in range(count)]
        rows[c.name] = row.tolist()
    return pd.DataFrame.from_dict(rows, orient="index", columns=years)


def _capital(c: Candidate, start: int, lead: int, discount: Values) -> float:
    """Return the present value of works that start in a period, less what is left of them at the end."""
    count = len(discount)
    paid = sum(c.cost_m * part * discount[min(start + t, count - 1)] for t, part in enumerate(c.spend))
    return float(paid) - residual(c.cost_m, c.life_years, start + lead, count - 1) * float(discount[-1])


def _available(future: Future, years: Numbers, lines: Sequence[str]) -> pd.DataFrame:
    """Return what each line has paid out by each year."""
    found = {}
    for name in lines:
        line = future.rules.lines.get(name)
        amount = future.rules.budget_m if line is None else line.amount_m
        if line is None or line.years is None:
            found[name] = np.full(len(years), amount)
            continue
        first, last = line.years
        found[name] = amount * np.clip((years - first + 1) / (last - first + 1), 0.0, 1.0)
    return pd.DataFrame(found, index=years)
