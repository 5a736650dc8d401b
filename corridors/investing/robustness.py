"""How portfolios fare in each future: what they are worth there, and what they lose against the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["regret_of", "spread_of", "surplus_of"]


def spread_of(found: Frontier, projects: Sequence[str]) -> pd.DataFrame:
    """Return what a portfolio is worth in each future, see `Frontier.spread`."""
    number = np.array([found.number_of(projects)])
    rows = {
        f.name: {
            "worth_m": float(f.worth[number[0]]),
            "benefit_m": float(f.value.benefit(number, f.rate)[0]),
            "enpv_m": float(f.value.enpv(number, f.rate)[0]),
            "best": found.central.rules.names_of(f.best()),
        }
        for f in found.futures
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("future")


def surplus_of(found: Frontier, projects: Sequence[str]) -> pd.Series[float]:
    """Return what shippers gain by a portfolio in each future, see `Frontier.surplus`."""
    number = np.array([found.number_of(projects)])
    gained = {f.name: float(f.value.freight(number, f.rate)[0][0]) for f in found.futures}
    return pd.Series(gained, name="surplus_m").rename_axis("future")


def regret_of(found: Frontier, limit_m: float | None) -> pd.DataFrame:
    """Return what portfolios that are best in some future lose in the others, see `Frontier.regret`."""
    tried = list(dict.fromkeys([0, *(f.best(limit_m) for f in found.futures)]))
    rows = {}
    for number in tried:
        cells = {
            f.name: float(f.worth[f.best(limit_m)] - f.worth[number]) if f.allowed(limit_m)[number] else np.nan
            for f in found.futures
        }
        known = list(cells.values())
        rows[" + ".join(found.central.rules.names_of(number)) or "nothing"] = {
            **cells,
            "largest": np.inf if np.isnan(known).any() else max(known),
            "in": next((f for f, v in cells.items() if np.isnan(v)), max(cells, key=lambda f: cells[f])),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("portfolio")
    return table.sort_values("largest", kind="stable")
