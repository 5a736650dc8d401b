"""What every budget buys: the best portfolio for each, what is left over, and what the next money is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from networks import DataError

from ..prices import Prices
from ..scenario.units import UnitError, quantity
from .steps import best_mix

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["RATES", "Marginal", "amount_m", "best_by_budget", "marginal_of"]

RATES = (0.03, 0.06, 0.09)


@dataclass(frozen=True)
class Marginal:
    """What more money is worth.

    Attributes
    ----------
    budget_m, step_m : float
        From where, and how much more, million.
    gain_m : float
        Difference between the best portfolios, exact.
    bound_m : float
        What a mix of portfolios would gain at most: the linear relaxation, which is no less.
    entered, left : tuple of str
        Projects.
    """

    budget_m: float
    step_m: float
    gain_m: float
    bound_m: float
    entered: tuple[str, ...]
    left: tuple[str, ...]


def amount_m(given: str | float, prices: Prices) -> float:
    """Return money in million of the currency of the study."""
    if isinstance(given, (int, float)):
        return float(given)
    try:
        found = quantity(given)
    except UnitError as error:
        raise DataError([f"budget: {error}"]) from None
    if found.dimension not in ("EUR", "USD"):
        raise DataError([f"budget: {given!r} is no money; write for example '3 bn EUR'"])
    return prices.million(found.value, found.dimension, found.price_year)


def best_by_budget(found: Frontier) -> pd.DataFrame:
    """Return the best portfolio for every budget, see `Frontier.table`."""
    future, before = found.central, 0
    rows = []
    for budget, number in _rows(found):
        held = np.array([number])
        cost = float(future.value.cost(held, future.rate)[0])
        benefit = float(future.value.benefit(held, future.rate)[0])
        enpv = {f"enpv_{r * 100:g}_m": float(future.value.enpv(held, r)[0]) for r in RATES}
        rows.append(
            {
                "budget_m": budget,
                "paid_m": float(future.paid_m[number]),
                "worth_m": float(future.worth[number]),
                "benefit_m": benefit,
                **enpv,
                "benefit_per_cost": benefit / cost if cost else np.nan,
                "projects": found.central.rules.names_of(number),
                "entered": found.central.rules.names_of(number & ~before),
                "left": found.central.rules.names_of(before & ~number),
                **_unused(found, number),
            }
        )
        before = number
    return pd.DataFrame(rows)


def _rows(found: Frontier) -> list[tuple[float, int]]:
    future = found.central
    if found.asked is not None:
        return [(budget, future.best(budget)) for budget in found.asked]
    return [(float(future.paid_m[n]), n) for n in future.steps().tolist()]


def _unused(found: Frontier, number: int) -> dict[str, float]:
    mine = [c for i, c in enumerate(found.candidates) if number >> i & 1]
    lines = found.central.rules.lines.values()
    return {f"unused_m {x.name}": x.amount_m - sum(c.paid_m for c in mine if c.line == x.name) for x in lines}


def marginal_of(found: Frontier, budget: str | float | None, step: str | float) -> Marginal:
    """Return what the next money is worth, see `Frontier.marginal`."""
    prices = found.prices
    at = found.budget_m if budget is None else amount_m(budget, prices)
    more = amount_m(step, prices)
    future = found.central
    old, new = future.best(at), future.best(at + more)
    fine = np.flatnonzero(future.allowed(np.inf))
    mix = best_mix(future.paid_m[fine], future.worth[fine], at + more)
    gain = float(future.worth[new] - future.worth[old])
    bound = max(mix.value - float(future.worth[old]), gain)
    return Marginal(
        at, more, gain, bound, found.central.rules.names_of(new & ~old), found.central.rules.names_of(old & ~new)
    )
