"""The frontier as steps: the best portfolio for every budget, and what more money is worth at most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .portfolios import Numbers, Values

__all__ = ["Mix", "best", "best_mix", "steps"]

_SAME = 1e-9  # of the largest worth, up to which two are worth the same


def steps(numbers: Numbers, paid: Values, value: Values, least: float = 0.0) -> Numbers:
    """Return the portfolios that are best for some budget, cheapest first.

    Parameters
    ----------
    numbers : ndarray of int
        Portfolios that break no rule.
    paid, value : ndarray of float, same shape
        What each takes of the budget, and what is made largest.
    least : float
        By how much more a dearer one must be worth to count as better.

    Returns
    -------
    ndarray of int
        Each is worth more than every one that costs as much or less: the exact steps, found among all portfolios.
    """
    order = np.lexsort((numbers, -value, paid))
    least = max(least, _SAME * float(np.abs(value).max(initial=0.0)))
    found, reached = [], -np.inf
    for i in order.tolist():
        if value[i] > reached + least:
            found.append(int(numbers[i]))
            reached = float(value[i])
    return np.array(found, dtype=np.int64)


def best(numbers: Numbers, paid: Values, value: Values, allowed: npt.NDArray[np.bool_], least: float = 0.0) -> int:
    """Return the best allowed portfolio, the cheapest of those that are worth the same; arguments as of `steps`."""
    mine = np.flatnonzero(allowed)
    return int(steps(numbers[mine], paid[mine], value[mine], least)[-1])


class Mix(NamedTuple):
    """The best mix of portfolios for a budget: an upper bound, since a portfolio cannot be built in part.

    Attributes
    ----------
    value : float
        Worth of the mix.
    per_unit : float
        What one more unit of money is worth: the dual value of the budget.
    """

    value: float
    per_unit: float


def best_mix(paid: Values, value: Values, budget: float) -> Mix:
    """Return what a budget is worth at most, by the linear relaxation of the choice of one portfolio.

    Parameters
    ----------
    paid, value : ndarray of float, shape (portfolios,)
        Of those that break no rule but the budget; nothing, which costs nothing, is one of them.
    budget : float
        In the unit of `paid`.

    Notes
    -----
    Largest sum of worth times share, with shares that sum to one and cost no more than the budget. That is the concave
    envelope of the frontier, found as the upper hull of its points.
    """
    hull: list[tuple[float, float]] = []
    for p, v in sorted(zip(paid.tolist(), value.tolist(), strict=True), key=lambda point: (point[0], -point[1])):
        if hull and v <= hull[-1][1]:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], (p, v)):
            hull.pop()
        hull.append((p, v))
    before = [i for i, (p, _) in enumerate(hull) if p <= budget][-1]
    if before == len(hull) - 1:
        return Mix(hull[-1][1], 0.0)
    rate = _slope(hull[before], hull[before + 1])
    return Mix(hull[before][1] + rate * (budget - hull[before][0]), rate)


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])
