"""When to start each of some projects, when money comes by the year and what they are worth depends on each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from . import _solver
from ._solver import Model
from .errors import FloatArray, SolverInputError, deadline_of

__all__ = ["Schedule", "schedule_projects"]

_MOST = 12  # projects; each doubles the columns
_WHOLE = 0.5


@dataclass(frozen=True, eq=False)
class Schedule:
    """Starts of projects with their proof.

    Attributes
    ----------
    status : str
        ``optimal``; ``time_limit``: the best found in time; ``infeasible``: the money does not come in time for all;
        ``no_solution``.
    starts : Series by project
        Period of the start; empty if there is no schedule.
    objective, bound, gap : float
        Worth of the schedule, what none exceeds, and the difference relative to the worth.
    spent : DataFrame, periods by lines
        What each line pays in each period.
    """

    status: str
    starts: pd.Series[Any]
    objective: float
    bound: float
    gap: float
    spent: pd.DataFrame


def schedule_projects(
    projects: pd.DataFrame,
    worth: pd.DataFrame,
    available: pd.DataFrame,
    *,
    start_worth: pd.DataFrame | None = None,
    requires: Sequence[tuple[Any, Any]] = (),
    last_start: int | None = None,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-9,
) -> Schedule:
    r"""Find when to start each project so that the sum of what is in service is worth most and no line is overdrawn.

    Parameters
    ----------
    projects : DataFrame of n rows
        The index names them. Columns ``lead`` (whole periods from start to service), ``spend`` (sequence: what is paid
        in each period from the start on), ``line`` (who pays) and, optional, ``life`` (whole periods in service).
    worth : DataFrame, periods by portfolios
        Worth in each period, discounted, of each portfolio in service, in columns 0 to 2^n - 1: project i is in
        portfolio p if bit i of p is set.
    available : DataFrame, periods by lines
        What each line holds by each period, in all: what is not spent is kept.
    start_worth : DataFrame, projects by periods, optional
        What a start in a period is worth by itself.
    requires : sequence of (project, project)
        The first does not go into service before the second.
    last_start : int, optional
        Number of the last period in which a project may start; otherwise the last but its lead.
    solver, time_limit_s, gap
        As of `solvers.solve_flow`.

    Returns
    -------
    Schedule
        Every project is started once.

    Raises
    ------
    SolverInputError
        Tables that do not fit each other, or more than 12 projects.

    Notes
    -----
    A mixed-integer programme: :math:`y_{is}` starts project i in period s, and shares :math:`z_{tP}` of portfolios with
    :math:`\sum_P z_{tP} = 1` and :math:`\sum_{P \ni i} z_{tP} = \sum_{s + l_i \le t} y_{is}`. Where all starts are
    whole so are the shares, since only one portfolio holds what is in service and nothing else.
    """
    begin = time.perf_counter()
    _check(projects, worth, available)
    model, columns = _model(projects, worth, available, start_worth, requires, last_start, _solver.solver_name(solver))
    deadline = deadline_of(begin, time_limit_s)
    found = model.run_integer(deadline, gap)
    if found.x is None:
        status = "infeasible" if found.status == _solver.INFEASIBLE else "no_solution"
        nothing = pd.DataFrame(0.0, available.index, available.columns)
        return Schedule(status, pd.Series(dtype=object), np.nan, np.inf, np.nan, nothing)
    chosen = columns[found.x[: len(columns)] > _WHOLE]
    starts = pd.Series([worth.index[s] for _, s in chosen], projects.index[[i for i, _ in chosen]], name="start")
    value = -float(model.cost @ found.x)
    bound = max(-found.bound, value)
    status = "optimal" if found.status == _solver.OPTIMAL else "time_limit"
    off = 0.0 if bound == value else (bound - value) / max(abs(value), 1e-300)
    return Schedule(status, starts.reindex(projects.index), value, bound, off, _spent(projects, chosen, available))


def _check(projects: pd.DataFrame, worth: pd.DataFrame, available: pd.DataFrame) -> None:
    count = len(projects)
    if count > _MOST:
        raise SolverInputError(f"projects: got {count}, expected {_MOST} at most")
    if worth.shape[1] != 2**count:
        raise SolverInputError(f"worth: got {worth.shape[1]} columns, expected {2**count} for {count} projects")
    for name, table in (("worth", worth), ("available", available)):
        if not np.isfinite(table.to_numpy(dtype=float)).all():
            raise SolverInputError(f"{name}: has a cell that is no finite number")
    if not worth.index.equals(available.index):
        raise SolverInputError("available: its periods are others than those of worth")
    unknown = [line for line in projects["line"] if line not in available.columns]
    if unknown:
        raise SolverInputError(f"projects, line {unknown[0]!r}: expected a column of available")


def _model(
    projects: pd.DataFrame,
    worth: pd.DataFrame,
    available: pd.DataFrame,
    start_worth: pd.DataFrame | None,
    requires: Sequence[tuple[Any, Any]],
    last_start: int | None,
    solver: str,
) -> tuple[Model, Any]:
    """Return the programme and, for its first columns, project and period of the start."""
    periods, portfolios = worth.shape
    leads = projects["lead"].astype(int).tolist()
    latest = periods - 1 if last_start is None else last_start
    starts = np.array(
        [(i, s) for i, lead in enumerate(leads) for s in range(min(latest, periods - 1 - lead) + 1)], dtype=np.int64
    ).reshape(-1, 2)
    count, model = len(projects), Model(solver)
    model.add_rows(np.ones(count), equal=True)  # every project starts once
    model.add_rows(np.ones(periods), equal=True)  # shares of portfolios
    model.add_rows(np.zeros(count * periods), equal=True)  # who is in service
    model.add_rows(available.to_numpy(dtype=float).T.ravel(), equal=False)
    pairs = [(projects.index.get_loc(a), projects.index.get_loc(b)) for a, b in requires]
    model.add_rows(np.zeros(len(pairs) * periods), equal=False)
    rows = len(model.rhs)
    own = (
        np.zeros(len(starts)) if start_worth is None else start_worth.to_numpy(dtype=float)[starts[:, 0], starts[:, 1]]
    )
    entries = _start_entries(projects, starts, leads, periods, list(available.columns), pairs, rows)
    model.add_columns(-own, np.zeros(len(starts)), np.ones(len(starts)), entries, integer=True)
    shares = periods * portfolios
    entries = _share_entries(count, periods, portfolios, rows)
    model.add_columns(-worth.to_numpy(dtype=float).ravel(), np.zeros(shares), np.ones(shares), entries)
    return model, starts


def _start_entries(
    projects: pd.DataFrame,
    starts: Any,
    leads: Sequence[int],
    periods: int,
    lines: Sequence[Any],
    pairs: Sequence[tuple[int, int]],
    rows: int,
) -> csc_array:
    count = len(projects)
    lives = [int(life) for life in projects["life"]] if "life" in projects else [periods] * count
    service, money = count + periods, count + periods + count * periods
    order = money + len(lines) * periods
    found: list[tuple[int, int, float]] = []
    for column, (i, s) in enumerate(starts.tolist()):
        on = range(s + leads[i], periods)
        found.append((i, column, 1.0))
        found += [(service + i * periods + t, column, -1.0) for t in on[: lives[i]]]
        line = lines.index(projects["line"].iloc[i])
        paid = np.cumsum(_spend(projects["spend"].iloc[i], s, periods))
        found += [(money + line * periods + t, column, p) for t, p in enumerate(paid.tolist()) if p]
        for number, (later, sooner) in enumerate(pairs):
            sign = float(i == later) - float(i == sooner)
            found += [(order + number * periods + t, column, sign) for t in on if sign]
    return _sheet(found, rows, len(starts))


def _share_entries(count: int, periods: int, portfolios: int, rows: int) -> csc_array:
    period, portfolio = np.divmod(np.arange(periods * portfolios), portfolios)
    parts = [np.stack([count + period, np.arange(len(period))])]
    for i in range(count):
        inside = np.flatnonzero(portfolio >> i & 1)
        parts.append(np.stack([count + periods + i * periods + period[inside], inside]))
    at = np.concatenate(parts, axis=1)
    return csc_array(coo_array((np.ones(at.shape[1]), (at[0], at[1])), shape=(rows, len(period))))


def _sheet(found: Sequence[tuple[int, int, float]], rows: int, columns: int) -> csc_array:
    at, of, value = zip(*found, strict=True) if found else ((), (), ())
    return csc_array(coo_array((np.array(value), (np.array(at, dtype=int), np.array(of, dtype=int))), (rows, columns)))


def _spend(spend: Sequence[float], start: int, periods: int) -> FloatArray:
    """Return what is paid in each period; what falls after the last is paid in the last."""
    found = np.zeros(periods)
    for year, amount in enumerate(spend):
        found[min(start + year, periods - 1)] += amount
    return found


def _spent(projects: pd.DataFrame, chosen: Any, available: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame(0.0, available.index, available.columns)
    for i, s in chosen.tolist():
        found[projects["line"].iloc[i]] += _spend(projects["spend"].iloc[i], s, len(available))
    return found
