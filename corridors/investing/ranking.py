"""In which order to build: what each project adds, how often it is chosen, and where it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .games import contributions, value_of_offers
from .portfolios import bits

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["order_of", "paying_of"]

_MOSTLY = 50  # per cent of the cases
_LEVELS = 4  # budgets, in equal steps up to that of the scenario, at which a project may be chosen


def order_of(found: Frontier) -> pd.DataFrame:
    """Return the projects in the order in which to build them, see `Frontier.order`."""
    future = found.central
    allowed = future.allowed(np.inf)
    offers = value_of_offers(np.where(allowed, future.worth, 0.0), allowed)
    first, last, shapley = contributions(offers)
    chosen = _often(found)
    shippers, carbon = future.value.freight(np.array([_with_needs(found, i) for i in range(len(first))]), future.rate)
    rows = [
        {
            "project": c.name,
            "title": c.title,
            "cost_m": c.cost_m,
            "paid_m": c.paid_m,
            "line": c.line,
            "chosen_pct": 100 * chosen[i],
            "shippers_m": shippers[i],
            "carbon_m": carbon[i],
            "first_in_m": first[i],
            "last_in_m": last[i],
            "shapley_m": shapley[i],
            "per_cost": shapley[i] / c.paid_m if c.paid_m else np.inf if shapley[i] > 0 else 0.0,
            "opens": c.opens,
            "needs": ", ".join(c.requires),
        }
        for i, c in enumerate(found.candidates)
    ]
    table = pd.DataFrame(rows).set_index("project")
    mostly = table["chosen_pct"] >= _MOSTLY
    return (
        table.assign(mostly=mostly)
        .sort_values(["mostly", "per_cost", "chosen_pct"], ascending=False, kind="stable")
        .drop(columns="mostly")
    )


def paying_of(found: Frontier) -> pd.Series[int]:
    """Return in how many futures each project pays with what it requires, see `Frontier.paying`."""
    often = {}
    for i, c in enumerate(found.candidates):
        held = np.array([_with_needs(found, i)])
        often[c.name] = sum(bool(f.value.enpv(held, f.rate)[0] > 0) for f in found.futures)
    return pd.Series(often, name="futures").rename_axis("project")


def _with_needs(found: Frontier, i: int) -> int:
    """Return the cheapest portfolio that was valued with a project and what it requires."""
    future = found.central
    fine = np.flatnonzero(future.allowed(np.inf) & (future.rules.numbers >> i & 1 == 1))
    return int(fine[np.argmin(future.paid_m[fine])]) if len(fine) else 0


def _often(found: Frontier) -> Any:
    """Return the share of futures and budgets in which each project is chosen."""
    levels = np.arange(1, _LEVELS + 1) / _LEVELS
    held = [f.best(level * f.rules.budget_m) for f in found.futures for level in levels]
    return bits(np.array(held), len(found.candidates)).mean(axis=0)
