"""What costs by scenario count for: their expectation, conditional value at risk, worst case or regret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .errors import FloatArray

RISKS = ("expected", "cvar", "worst", "regret")


@dataclass(frozen=True, eq=False)
class Risk:
    """A measure of costs by scenario.

    Attributes
    ----------
    kind : str
        One of `RISKS`.
    probability : ndarray, shape (s,)
        Of the scenarios.
    level, weight : float
        Of the conditional value at risk, and what it counts beside the expected cost.
    least, most : ndarray, shape (s,)
        For regret: what the best cost of each scenario alone is proved to be at least, and is known to be at most.
    """

    kind: str
    probability: FloatArray
    level: float = 0.95
    weight: float = 1.0
    least: FloatArray = field(default_factory=lambda: np.zeros(0))
    most: FloatArray = field(default_factory=lambda: np.zeros(0))

    def measure(self, cost: FloatArray) -> float:
        """Return the measure of costs, shape (s,); regret against the least that the best costs can be."""
        if self.kind == "worst":
            return float(cost.max())
        if self.kind == "regret":
            return float((cost - self.least).max())
        expected = float(self.probability @ cost)
        if self.kind == "expected":
            return expected
        return (1 - self.weight) * expected + self.weight * conditional(cost, self.probability, self.level)

    def doubt(self, cost: FloatArray) -> float:
        """Return how far the measure is unknown because the best costs of single scenarios are."""
        if self.kind != "regret":
            return 0.0
        return float((cost - self.least).max() - (cost - self.most).max())

    def alone(self) -> Risk:
        """Return the measure for one scenario for certain."""
        return Risk("expected", np.ones(1))


def conditional(cost: FloatArray, probability: FloatArray, level: float) -> float:
    """Return the mean of the dearest share ``1 - level`` of a distribution (Rockafellar and Uryasev 2000)."""
    order = np.argsort(-cost, kind="stable")
    left = np.clip(1.0 - level - np.concatenate([[0.0], np.cumsum(probability[order])[:-1]]), 0.0, None)
    share = np.minimum(probability[order], left)
    return float(share @ cost[order] / share.sum())
