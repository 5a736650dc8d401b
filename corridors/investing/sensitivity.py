"""What the net present value of a portfolio depends on: ranges of its figures, switching values, tornado, draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..appraisal_risk import RiskAnalysis, Spec, monte_carlo
from ..appraisal_sensitivity import GRADE_HALF_WIDTHS, Evaluate, switching_values, tornado

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["ranges_of", "risk_of", "switching_of", "tornado_of"]

_GUESS = GRADE_HALF_WIDTHS["EST"]
_SURE = GRADE_HALF_WIDTHS["B"]
_FURTHEST = 1e5  # times a figure, up to which a switching value is looked for: benefits may lie far below costs


def ranges_of(found: Frontier, projects: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the range of each stream of a portfolio, as multiples of it.

    Notes
    -----
    Costs: 15 % less to the mean overrun of works of their kind (`appraisal.csv`). Shippers' surplus: its least and its
    largest over the futures, and half of it either way at least, as for every estimate. The rest: half either way.
    """
    streams = found.streams(projects).table
    wide = dict.fromkeys(("o_and_m", "shippers_surplus", "carbon", "other_benefits"), (1 - _GUESS, 1 + _GUESS))
    wide["capex"] = (1 - _SURE, 1 + max(_overrun(found, projects)[0], 0.0))
    gained = found.surplus(projects)
    if gained.iloc[0]:
        ratio = gained / gained.iloc[0]
        low, high = wide["shippers_surplus"]
        wide["shippers_surplus"] = (min(low, float(ratio.min())), max(high, float(ratio.max())))
    return {name: wide[name] for name in streams if name in wide and streams[name].any()}


def tornado_of(found: Frontier, projects: Sequence[str]) -> pd.DataFrame:
    """Return the net present value at both ends of each range, see `corridors.tornado`."""
    return tornado(_evaluate(found, projects), ranges_of(found, projects))


def switching_of(found: Frontier, projects: Sequence[str]) -> pd.DataFrame:
    """Return the multiple of each stream at which the net present value is zero, see `corridors.switching_values`."""
    names = ranges_of(found, projects)
    return switching_values(_evaluate(found, projects), list(names), dict.fromkeys(names, (0.0, _FURTHEST)))


def risk_of(found: Frontier, projects: Sequence[str], n: int, seed: int) -> RiskAnalysis:
    """Return draws of the net present value.

    Notes
    -----
    Costs: log-normal with the mean and the spread of overruns of works of their kind. Everything else: triangular over
    its range. Independent of each other.
    """
    specs: dict[str, Spec] = {
        name: ("triangular", low, 1.0, high) for name, (low, high) in ranges_of(found, projects).items()
    }
    mean, spread = _overrun(found, projects)
    variance = np.log(1 + (spread / (1 + mean)) ** 2)
    specs["capex"] = ("lognormal", float((1 + mean) / np.exp(variance / 2)), float(np.sqrt(variance)))
    return monte_carlo(_evaluate(found, projects), specs, n, seed, vectorised=True)


def _evaluate(found: Frontier, projects: Sequence[str]) -> Evaluate:
    return found.streams(projects).evaluator(found.central.rate)


def _overrun(found: Frontier, projects: Sequence[str]) -> tuple[float, float]:
    """Return mean and standard deviation of the overrun of a portfolio's cost, its projects going wrong together."""
    mine = [c for c in found.candidates if c.name in projects]
    total = sum(c.cost_m for c in mine)
    if not total:
        return 0.0, 0.0
    return sum(c.cost_m * c.overrun for c in mine) / total, sum(c.cost_m * c.overrun_spread for c in mine) / total
