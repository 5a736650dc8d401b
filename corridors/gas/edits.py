"""What a scenario changes in a gas network, day by day: what its interventions become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["GasBan", "GasEdit", "GasFigure"]

FloatArray = npt.NDArray[np.float64]

GasFigure = Literal[
    "pipe", "reverse", "tariff", "supply", "price", "lead", "demand", "withdrawal", "injection", "working"
]
"""What is changed: capacity of pipes one way or the other (GWh/d) and their tariff (USD/MWh); what can be supplied
(GWh/d), its price (USD/MWh) and lead (days); demand (GWh/d); what storages give and take (GWh/d) and hold (GWh)."""


@dataclass(frozen=True, eq=False)
class GasEdit:
    """One figure of some rows, changed on some days.

    Attributes
    ----------
    name : str
        Path in the scenario: ``disruptions.tanap-half``.
    title : str
        What it is called in results.
    figure : str
        See `GasFigure`.
    rows : tuple of str
        Ids of pipes, supplies, countries (of demand) or storages.
    kind : str
        ``factor``, ``add`` or ``set``.
    value : float
        In the unit of the figure; a capacity to be opened whatever the tables say is ``set`` to it.
    strength : ndarray, shape (days of the year,)
        How much of it holds on each day, 0 to 1.
    surprise : bool
        Whether nobody knows of it before its first day.
    """

    name: str
    title: str
    figure: GasFigure
    rows: tuple[str, ...]
    kind: Literal["factor", "add", "set"]
    value: float
    strength: FloatArray
    surprise: bool = False


@dataclass(frozen=True, eq=False)
class GasBan:
    """Gas of some supplies that some countries no longer use; others may, and it may pass through all.

    Attributes
    ----------
    name, title : str
        Of what bans it, and what people call that.
    supplies : tuple of str
        Whose gas.
    refused_by : frozenset of str
        Country ids.
    strength : ndarray, shape (days of the year,)
        1 on days on which it holds, else 0.
    """

    name: str
    title: str
    supplies: tuple[str, ...]
    refused_by: frozenset[str]
    strength: FloatArray
