"""Shippers of a market: how they differ, and what some of them refuse."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .year_setting import Refusal

__all__ = ["Kind", "segments"]

_QUANTILES = 3


class Kind(NamedTuple):
    """Shippers of one kind of goods in a market.

    Attributes
    ----------
    market, goods : str
        Ids.
    hour : float
        Mean value of time, USD per TEU and hour at a time factor of one.
    spread : float
        Standard deviation of its logarithm.
    land : float
        Share that thinks of a land route, 0 to 1.
    shuns : bool
        Whether some of them do not cross Russia.
    """

    market: str
    goods: str
    hour: float
    spread: float
    land: float
    shuns: bool


def segments(kinds: Iterable[Kind], refusals: Sequence[Refusal]) -> pd.DataFrame:
    """Return the segments of shippers.

    Parameters
    ----------
    kinds : iterable of Kind
        Who there is.
    refusals : sequence of Refusal
        What some of them refuse, in addition to Russia.

    Returns
    -------
    DataFrame
        ``market``, ``goods``, ``kind`` (captive, willing, averse), ``hour`` (USD per TEU and hour),
        ``refuses`` (frozenset of numbers of refusals) and ``weight``; weights
        of the willing sum to one, and so do those of the averse, times the share that thinks of a land route.

    Notes
    -----
    Value of time log-normal, by three points of Gauss and Hermite.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(_QUANTILES)
    points = list(zip(node.tolist(), (weight / weight.sum()).tolist(), strict=True))
    rows = []
    for kind in kinds:
        chosen = _refusing(kind, refusals)
        if kind.land < 1:
            rows += [
                (kind.market, kind.goods, "captive", kind.hour, refuses, (1 - kind.land) * part)
                for refuses, part in chosen
            ]
        names = ("willing", "averse") if kind.shuns else ("willing",)
        for (z, w), (refuses, part) in itertools.product(points, chosen):
            hour = kind.hour * float(np.exp(kind.spread * z - kind.spread**2 / 2))
            rows += [(kind.market, kind.goods, name, hour, refuses, kind.land * w * part) for name in names]
    return pd.DataFrame(rows, columns=["market", "goods", "kind", "hour", "refuses", "weight"])


def _refusing(kind: Kind, refusals: Sequence[Refusal]) -> list[tuple[frozenset[int], float]]:
    """Return which refusals shippers make together, and the share of those who do."""
    mine = [(number, r.share) for number, r in enumerate(refusals) if r.concerns(kind.market, kind.goods)]
    found = []
    for pick in itertools.product((True, False), repeat=len(mine)):
        part = float(np.prod([share if on else 1 - share for (_, share), on in zip(mine, pick, strict=True)]))
        if part > 0:
            found.append((frozenset(number for (number, _), on in zip(mine, pick, strict=True) if on), part))
    return found
