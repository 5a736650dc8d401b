"""Days on which something holds: from the words of a scenario to days of a year."""

from __future__ import annotations

import calendar
import datetime as dt
import math

import numpy as np
import numpy.typing as npt

from .readings import When

__all__ = ["days_on", "fading", "lasts_days", "lingering_days", "runs_of_months"]

_MEAN_LEFT = {"step": 0.0, "linear": 1 / 2, "exponential": 0.95 / math.log(20)}
"""Mean of what is left while it fades, over the time that fading takes; exponential: to a twentieth."""


def days_on(when: When, year: int, lingering: float = 0.0) -> npt.NDArray[np.bool_]:
    """Return on which days of a year something holds.

    Parameters
    ----------
    when : When
        From, to, for, months. A length without a first day begins with the year, or with the first of the months.
    year : int
        Calendar year.
    lingering : float
        Days that it goes on after its end, see `lingering_days`.

    Returns
    -------
    ndarray of bool, shape (365 or 366,)
    """
    first = dt.date(year, 1, 1)
    count = 366 if calendar.isleap(year) else 365
    days = [first + dt.timedelta(days=n) for n in range(count)]
    start = _first_day(when.from_) if when.from_ is not None else None
    end = _last_day(when, start)
    if end is not None:
        end += dt.timedelta(days=min(round(lingering), (dt.date.max - end).days))
    on = np.array([(start is None or day >= start) and (end is None or day <= end) for day in days])
    if when.months is not None:
        on &= np.array([day.month in when.months for day in days])
    if when.for_ is not None and start is None:
        on &= np.cumsum(on) <= round(when.for_.days + lingering)
    return on


def fading(when: When, year: int, recovery: str, over_days: float) -> npt.NDArray[np.float64]:
    """Return how much of something holds on each day of a year: all until its end, then less from day to day.

    Parameters
    ----------
    when : When
        As of `days_on`.
    year : int
        Calendar year.
    recovery : str
        ``step``, ``linear`` (to nothing) or ``exponential`` (to a twentieth).
    over_days : float
        Time that it takes.

    Returns
    -------
    ndarray, shape (365 or 366,)
        0 to 1.
    """
    strength = days_on(when, year).astype(float)
    end = _last_day(when, _first_day(when.from_) if when.from_ is not None else None)
    if recovery == "step" or end is None:
        return strength
    since = np.arange(len(strength)) - (end - dt.date(year, 1, 1)).days
    left = 1 - since / (over_days + 1) if recovery == "linear" else np.exp(-math.log(20) * since / over_days)
    return np.where((since > 0) & (since <= over_days), np.clip(left, 0.0, 1.0), strength)


def lasts_days(when: When) -> float:
    """Return for how many days at a stretch it holds; inf without an end."""
    if when.for_ is not None:
        return when.for_.days
    longest = math.inf
    if when.months is not None:
        longest = _longest_run(when.months)
    if when.from_ is not None and when.to is not None:
        end = _last_day(when, None) or dt.date.max
        longest = min(longest, (end - _first_day(when.from_)).days + 1)
    return longest


def lingering_days(recovery: str, over_days: float) -> float:
    """Return how many days more at full strength have the same effect in a year as the fading.

    Parameters
    ----------
    recovery : str
        ``step``, ``linear`` (to nothing) or ``exponential`` (to a twentieth).
    over_days : float
        Time that it takes.
    """
    return _MEAN_LEFT[recovery] * over_days


def _first_day(day: str) -> dt.date:
    return dt.date.fromisoformat(f"{day}-01-01"[:10] if len(day) == 4 else f"{day}-01"[:10])


def _last_day(when: When, start: dt.date | None) -> dt.date | None:
    if when.to is None:
        if when.for_ is None or start is None:
            return None
        return start + dt.timedelta(days=min(max(round(when.for_.days), 1) - 1, (dt.date.max - start).days))
    parts = [int(part) for part in when.to.split("-")]
    if len(parts) == 3:
        return dt.date(*parts)
    year, month = parts[0], parts[1] if len(parts) == 2 else 12
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def runs_of_months(months: tuple[int, ...]) -> int:
    """Return how many times a year months begin that do not follow another of them."""
    return sum((m - 2) % 12 + 1 not in months for m in set(months))


def _longest_run(months: tuple[int, ...]) -> float:
    """Return the days of the longest run of months that follow each other, the turn of the year included."""
    length = [calendar.monthrange(2025, m)[1] for m in range(1, 13)]
    chosen = [m in months for m in range(1, 13)]
    if all(chosen):
        return math.inf
    longest = run = 0
    for month in range(24):
        run = run + length[month % 12] if chosen[month % 12] else 0
        longest = max(longest, run)
    return float(longest)
