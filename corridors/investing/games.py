"""What each project adds to the others: first in, last in, and the mean over every order (Shapley)."""

from __future__ import annotations

from math import factorial

import numpy as np
import numpy.typing as npt

from .portfolios import Numbers, Values

__all__ = ["contributions", "value_of_offers"]


def value_of_offers(value: Values, allowed: npt.NDArray[np.bool_]) -> Values:
    """Return what the best allowed portfolio out of each set of projects on offer is worth.

    Parameters
    ----------
    value : ndarray of float, shape (2^n,)
        Of each portfolio by number; that of nothing is zero.
    allowed : ndarray of bool, shape (2^n,)
        Whether it breaks no rule.

    Returns
    -------
    ndarray of float, shape (2^n,)
        It never falls when more is on offer.
    """
    best: Values = np.where(allowed, value, -np.inf)
    best[0] = max(best[0], 0.0)
    numbers = np.arange(len(value))
    for i in range(len(value).bit_length() - 1):
        with_ = numbers[numbers >> i & 1 == 1]
        best[with_] = np.maximum(best[with_], best[with_ ^ 1 << i])
    return best


def contributions(offers: Values) -> tuple[Values, Values, Values]:
    """Return what each project adds to nothing, to all others, and in the mean over every order.

    Parameters
    ----------
    offers : ndarray of float, shape (2^n,)
        As of `value_of_offers`.

    Returns
    -------
    (ndarray, ndarray, ndarray), each of shape (n,)
        First in, last in, and Shapley value; the last sum to the worth of all.

    Notes
    -----
    Shapley (1953), "A value for n-person games", Contributions to the Theory of Games II, 307-317: project i gets the
    sum over sets S without it of |S|! (n - |S| - 1)! / n! times what it adds to S.
    """
    count = len(offers).bit_length() - 1
    numbers: Numbers = np.arange(len(offers))
    size = np.array([int(n).bit_count() for n in numbers])
    weight = np.array(
        [factorial(s) * factorial(count - s - 1) / factorial(count) if s < count else 0.0 for s in range(count + 1)]
    )
    first, last, shapley = np.zeros(count), np.zeros(count), np.zeros(count)
    everything = len(offers) - 1
    for i in range(count):
        without = numbers[numbers >> i & 1 == 0]
        added = offers[without | 1 << i] - offers[without]
        first[i], last[i] = offers[1 << i] - offers[0], offers[everything] - offers[everything ^ 1 << i]
        shapley[i] = weight[size[without]] @ added
    return first, last, shapley
