"""Deterministic queue at a stop: length, delay and time to clear when arrivals outrun service for a while."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .errors import FloatArray, SolverInputError

__all__ = ["Queue", "deterministic_queue"]

_INF = math.inf

Steps = Sequence[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Queue:
    """A queue from its beginning until it is empty for good.

    Attributes
    ----------
    course : DataFrame
        ``hour``, ``queue``, ``arrived``, ``served`` (units, cumulative) at every kink; linear in between.
    longest : float
        Most units that wait at once; inf if the queue grows for ever.
    longest_hour : float
        When that is.
    clears_hour : float
        When the last queue is gone; inf if it never is, the first hour if there is none.
    delay_unit_h : float
        Hours waited, over all units: the area between arrivals and service.
    delayed : float
        Units that have to wait.
    longest_wait_h : float
        Longest wait of a unit, first come first served.
    """

    course: pd.DataFrame
    longest: float
    longest_hour: float
    clears_hour: float
    delay_unit_h: float
    delayed: float
    longest_wait_h: float

    @property
    def mean_wait_h(self) -> float:
        """Mean wait of the units that wait, h; zero if none does."""
        if math.isinf(self.delay_unit_h):
            return _INF
        return self.delay_unit_h / self.delayed if self.delayed > 0 else 0.0

    def __repr__(self) -> str:
        """Return the figures that matter in one line."""
        return (
            f"Queue(longest {self.longest:.6g} at {self.longest_hour:.6g} h, clears at {self.clears_hour:.6g} h, "
            f"mean wait {self.mean_wait_h:.4g} h, longest wait {self.longest_wait_h:.4g} h)"
        )


def deterministic_queue(arrivals: Steps, service: Steps, *, queue: float = 0.0) -> Queue:
    """Follow a first-come-first-served queue of a fluid, exactly.

    Parameters
    ----------
    arrivals, service : sequence of (hour, units per hour)
        Rates, each from its hour until that of the next; the last holds for ever. Both begin at the same
        hour. A service of zero is a closure.
    queue : float
        Units that wait at the beginning.

    Returns
    -------
    Queue

    Raises
    ------
    SolverInputError
        Hours that do not rise, rates below zero, different beginnings.

    Notes
    -----
    Newell (1982), "Applications of Queueing Theory", 2nd edition, chapter 2: cumulative arrivals and
    departures are piecewise linear; their vertical distance is the queue, their horizontal distance the wait,
    and the area between them the delay. Chance is left out, which is right for closures of hours or days and
    understates waits where service just keeps up with arrivals.
    """
    comes, goes = _rates("arrivals", arrivals), _rates("service", service)
    if comes[0][0] != goes[0][0]:
        found = f"arrivals begin at hour {comes[0][0]:g} and service at {goes[0][0]:g}"
        raise SolverInputError(f"{found}, expected the same hour")
    if not 0 <= queue < _INF:
        raise SolverInputError(f"queue: got {queue!r}, expected a number of zero or more")
    course = _follow(comes, goes, queue)
    return _measure(course, comes[-1][1], goes[-1][1])


def _rates(name: str, steps: Steps) -> list[tuple[float, float]]:
    found = [(float(hour), float(rate)) for hour, rate in steps]
    if not found:
        raise SolverInputError(f"{name}: got no steps, expected pairs (hour, units per hour), at least one")
    for i, (hour, rate) in enumerate(found):
        if not (math.isfinite(hour) and 0 <= rate < _INF) or (i and hour <= found[i - 1][0]):
            expected = "pairs (hour, units per hour) with hours that rise and rates of zero or more"
            raise SolverInputError(f"{name} step {i}: got {tuple(steps[i])!r}, expected {expected}")
    return found


def _follow(comes: list[tuple[float, float]], goes: list[tuple[float, float]], queue: float) -> pd.DataFrame:
    """Return the course from kink to kink, until nothing changes any more."""
    hours = sorted({hour for hour, _ in (*comes, *goes)})
    arrived, served = queue, 0.0
    rows = [(hours[0], queue, arrived, served)]
    for hour, end in zip(hours, [*hours[1:], _INF], strict=True):
        rate, capacity = _at(comes, hour), _at(goes, hour)
        at = hour
        if queue > 0 and rate < capacity and at + queue / (capacity - rate) < end:
            empty = at + queue / (capacity - rate)
            arrived, served, queue, at = arrived + rate * (empty - at), arrived + rate * (empty - at), 0.0, empty
            rows.append((at, queue, arrived, served))
        if math.isinf(end):
            break
        if queue > 0 or rate > capacity:
            served += capacity * (end - at)
        else:
            served += rate * (end - at)
        arrived += rate * (end - at)
        queue = max(arrived - served, 0.0)
        rows.append((end, queue, arrived, served))
    return pd.DataFrame(rows, columns=["hour", "queue", "arrived", "served"])


def _at(steps: list[tuple[float, float]], hour: float) -> float:
    return [rate for begin, rate in steps if begin <= hour][-1]


def _measure(course: pd.DataFrame, last_arrivals: float, last_service: float) -> Queue:
    hour, queue, arrived, served = (course[c].to_numpy() for c in ("hour", "queue", "arrived", "served"))
    width = np.diff(hour)
    area = float((width * (queue[1:] + queue[:-1]) / 2).sum())
    waits = (queue[1:] > 0) | (queue[:-1] > 0)
    delayed = float(np.diff(arrived)[waits].sum()) + float(queue[0])
    top = int(queue.argmax())
    if queue[-1] > 0 or last_arrivals > last_service:  # what would clear has cleared within the course
        stands = last_arrivals == last_service
        longest = float(queue[top]) if stands else _INF
        when = float(hour[top]) if stands else _INF
        wait = float(queue[-1]) / last_service if stands and last_service > 0 else _INF
        return Queue(course, longest, when, _INF, _INF, _INF, max(wait, _longest_wait(hour, arrived, served)))
    filled = np.flatnonzero(queue > 0)
    clears = float(hour[filled[-1] + 1]) if len(filled) else float(hour[0])
    return Queue(
        course, float(queue[top]), float(hour[top]), clears, area, delayed, _longest_wait(hour, arrived, served)
    )


def _longest_wait(hour: FloatArray, arrived: FloatArray, served: FloatArray) -> float:
    """Return the longest horizontal distance between both curves: it lies at a kink of one of them."""
    units = np.unique(np.concatenate([arrived, served]))
    units = units[(units >= arrived[0]) & (units <= served[-1])]
    if not len(units):
        return 0.0
    came = np.interp(units, *_rising(arrived, hour, first=True))
    # A unit that comes as service stops leaves when it starts again: the last hour at its count.
    left = np.interp(units, *_rising(served, hour, first=False))
    initial = float(np.interp(arrived[0], *_rising(served, hour, first=False))) - float(hour[0])
    return max(float((left - came).max(initial=0.0)), initial if arrived[0] > 0 else 0.0)


def _rising(count: FloatArray, hour: FloatArray, *, first: bool) -> tuple[FloatArray, FloatArray]:
    """Return counts and their hours without repetition: the first or the last hour of each count."""
    keep = np.append(True, np.diff(count) > 0) if first else np.append(np.diff(count) > 0, True)
    return count[keep], hour[keep]
