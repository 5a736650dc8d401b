"""The fitted parameters of shippers, as a scenario asks for them."""

from __future__ import annotations

from ..choice import Choice, load_choice
from .schema import Choice as Asked

__all__ = ["asked_choice"]

_SCALES = {"low": 0.5, "normal": 1.0, "high": 2.0}


def asked_choice(given: Asked, parameters: str | None = None) -> Choice:
    """Return the parameters with the sensitivity that is asked for; `parameters` instead of those asked for."""
    choice = load_choice(parameters or given.parameters)
    by = _SCALES[given.sensitivity]
    if by == 1:
        return choice
    markets = {name: m.model_copy(update={"scale_per_usd": m.scale_per_usd * by}) for name, m in choice.markets.items()}
    return choice.model_copy(update={"markets": markets})
