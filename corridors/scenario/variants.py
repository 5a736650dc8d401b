"""What a result may depend on: the assumptions that are varied to find its range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from ..choice import Choice

__all__ = ["CENTRAL", "VARY", "VARY_HERE", "Variant", "spread", "variants"]

CENTRAL = "as set"
VARY, VARY_HERE = "vary: ", "vary here: "  # in the counterfactual too, and in the scenario alone
_SEA = 0.3
_TIME = 2.0


class Variant(NamedTuple):
    """Another value of something that is not known well.

    Attributes
    ----------
    name, title : str
        What is varied to what, and what is varied, in words.
    choice : Choice
        Parameters.
    sea : float
        Factor on deep-sea rates.
    """

    name: str
    title: str
    choice: Choice
    sea: float = 1.0


_TITLES = {
    "parameters": "the years that the choice of shippers is fitted to",
    "time": "what shippers pay for an hour less",
    "sea": "deep-sea rates",
}


def variants(choice: Choice, other: Choice | None) -> Iterator[Variant]:
    """Return what is varied: deep-sea rates by 30 %, the worth of time by a factor of two, the years fitted to.

    Parameters
    ----------
    choice : Choice
        Parameters of the run.
    other : Choice, optional
        Parameters fitted to other years.
    """
    yield Variant(f"sea {1 - _SEA:g}", "sea", choice, 1 - _SEA)
    yield Variant(f"sea {1 + _SEA:g}", "sea", choice, 1 + _SEA)
    for factor in (1 / _TIME, _TIME):
        changed = choice.model_copy(update={"time_factor": choice.time_factor * factor})
        yield Variant(f"time {factor:g}", "time", changed)
    if other is not None:
        yield Variant("parameters backtest", "parameters", other)


def spread(varied: pd.DataFrame) -> pd.DataFrame:
    """Return central value, lowest, highest, and what moves it most, of a table with a column for each variant."""
    return pd.DataFrame(
        {
            "central": varied[CENTRAL],
            "low": varied.min(axis=1),
            "high": varied.max(axis=1),
            "depends_on": [_moved_most(row) for _, row in varied.iterrows()],
        }
    )


def _moved_most(values: pd.Series[float]) -> str:
    moves = (values.drop(CENTRAL) - values[CENTRAL]).abs()
    if moves.empty or not moves.max() > 0:
        return ""
    name = str(moves.idxmax())
    if name.startswith((VARY, VARY_HERE)):
        return f"'{name.split(': ', 1)[1]}'"
    return _TITLES[name.split(" ", 1)[0]]
