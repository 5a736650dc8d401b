"""A year of gas with what happens in it: first as planned, then from the day on which something fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from networks import DataError
from solvers import GasFlow

from .case import GasCase
from .edits import GasBan, GasEdit
from .outcome import RULES, GasOutcome
from .season import days_of

__all__ = ["frozen", "run_gas_case"]

_LONG_DAYS = 60  # a monthly step shows what lasts as long


def run_gas_case(case: GasCase, edits: Sequence[GasEdit] = (), bans: Sequence[GasBan] = ()) -> GasOutcome:
    """Solve a year, and what is left of it after a surprise, by each rule of sharing.

    Parameters
    ----------
    case : GasCase
        The year as it would be.
    edits : sequence of GasEdit
        Changes; those that are a surprise are known from their first day on, the others from the start of the year.
    bans : sequence of GasBan
        Who refuses whose gas, known from the start.

    Returns
    -------
    GasOutcome

    Raises
    ------
    DataError
        A surprise too short for a monthly step; a row that is not there; a year that cannot be solved.

    Notes
    -----
    The plan is the cheapest way to serve the year as it is known at its start. A surprise finds storages as the plan
    has left them on its first day, and no more LNG than the plan has ordered until the lead of a cargo is over; from
    then on its end is known.
    """
    known = [e for e in edits if not e.surprise]
    surprises = [e for e in edits if e.surprise and e.strength.any()]
    base = case.edited(known, bans)
    plan = _solved(base, "cooperative", "as planned")
    if not surprises:
        other = _solved(base, "own_first", "as planned") if plan.unmet_total() > 0 else plan
        return GasOutcome(base, base, plan, {RULES[0]: plan, RULES[1]: other}, None)
    _check_step(case, surprises)
    day = int(min(np.flatnonzero(e.strength > 0)[0] for e in surprises))
    if case.step == "month":
        day -= int(days_of(case.year)[day].day) - 1
    after = base.going_on(day, plan).edited(surprises)
    shocked = {RULES[0]: _solved(after, RULES[0], "after the surprise")}
    short = shocked[RULES[0]].unmet_total() > 0
    shocked[RULES[1]] = _solved(after, RULES[1], "after the surprise") if short else shocked[RULES[0]]
    return GasOutcome(base, after, plan, shocked, day)


def frozen(outcome: GasOutcome) -> GasFlow:
    """Solve what is left of the year with nobody doing more than planned: no source, storage or reverse flow."""
    case, plan = outcome.case, outcome.plan
    days = days_of(case.year)

    def spread(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.reindex(days, method="ffill").bfill()

    caps = {
        "supply": _least(case, "supply", case.supplies["capacity"], spread(plan.supply)),
        "withdrawal": _least(case, "withdrawal", case.storages["withdrawal"], spread(plan.withdrawal)),
        "reverse": _least(case, "reverse", case.pipes["reverse_capacity"], spread(plan.backward[case.pipes.index])),
    }
    return _solved(replace(case, daily={**case.daily, **caps}), "least_cost", "with nothing done")


def _least(case: GasCase, figure: str, usual: pd.Series[float], planned: pd.DataFrame) -> pd.DataFrame:
    """Return limits by day: what there is, and no more than was planned."""
    now = case.daily.get(figure, pd.DataFrame(index=planned.index))
    limits = {
        column: np.minimum(now[column] if column in now else usual[column], planned[column] + 1e-6)
        for column in planned.columns
    }
    others = now.drop(columns=[c for c in planned.columns if c in now])
    return pd.concat([others, pd.DataFrame(limits, index=planned.index)], axis=1)


def _solved(case: GasCase, sharing: str, when: str) -> GasFlow:
    found = case.solve(sharing)
    if found.status != "optimal":
        why = "figures may be extreme" + (", or the solver does not work here" if found.status == "failed" else "")
        raise DataError([f"gas {case.year}, {when}: no flow was found ({found.status}); {why}"])
    return found


def _check_step(case: GasCase, surprises: Sequence[GasEdit]) -> None:
    if case.step == "day":
        return
    for edit in surprises:
        lasts = int((edit.strength > 0).sum())
        if lasts < _LONG_DAYS:
            raise DataError(
                [
                    f"{edit.name}: lasts {lasts} days; by month, half a month of storage hides the peak: use step: day "
                    f"(from {_LONG_DAYS} days on a monthly step will do)"
                ]
            )
