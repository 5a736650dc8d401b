"""Monte Carlo of an appraisal: how likely the ENPV is below zero, and how far it may be off."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError

from .appraisal_sensitivity import GRADE_HALF_WIDTHS, Evaluate, grade_ranges

__all__ = ["RiskAnalysis", "grade_distributions", "monte_carlo"]

_FloatArray = npt.NDArray[np.float64]
Spec = tuple[Any, ...]

_SHAPES = {
    "triangular": ("low", "mode", "high"),
    "uniform": ("low", "high"),
    "normal": ("mean", "standard deviation"),
    "lognormal": ("median", "standard deviation of the logarithm"),
}
_Z95 = 1.959963984540054
_STEPS = (100, 200, 500)


@dataclass(frozen=True, eq=False)
class RiskAnalysis:
    """Draws of the ENPV.

    Attributes
    ----------
    enpv : array (n,)
        In the unit of the function that was evaluated.
    draws : DataFrame (n rows)
        Values of the variables.
    seed : int
        That draws them again.
    """

    enpv: _FloatArray = field(repr=False)
    draws: pd.DataFrame = field(repr=False)
    seed: int

    @property
    def probability_negative(self) -> float:
        """Share of draws with an ENPV below zero."""
        return float((self.enpv < 0).mean())

    def summary(self, percentiles: Sequence[float] = (5, 10, 50, 90, 95)) -> pd.Series[float]:
        r"""Return mean, percentiles and the probability of loss with its error of sampling.

        Parameters
        ----------
        percentiles : sequence of float
            0 to 100.

        Returns
        -------
        Series
            ``n``, ``mean``, ``standard_deviation``, ``p5`` … , ``probability_negative``, ``standard_error`` of the
            probability, :math:`\sqrt{p (1 - p) / n}`, and ``probability_low`` and ``probability_high``: its 95 %
            interval after Wilson (1927, Journal of the American Statistical Association 22, 209-212), which is not
            empty where no draw, or every one, is below zero. The error is that of drawing, not of the ranges drawn
            from.
        """
        n, p = len(self.enpv), self.probability_negative
        centre, half = (p + _Z95**2 / (2 * n)), _Z95 * np.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n**2))
        shrink = 1 + _Z95**2 / n
        values = {"n": n, "mean": self.enpv.mean(), "standard_deviation": self.enpv.std(ddof=1) if n > 1 else np.nan}
        values |= {f"p{at:g}": np.percentile(self.enpv, at) for at in percentiles}
        values |= {
            "probability_negative": p,
            "standard_error": np.sqrt(p * (1 - p) / n),
            "probability_low": max(0.0, (centre - half) / shrink),
            "probability_high": min(1.0, (centre + half) / shrink),
        }
        return pd.Series(values, dtype=float)

    def convergence(self) -> pd.DataFrame:
        """Return what the first 100, 200, 500, 1000 … draws say.

        Returns
        -------
        DataFrame by n
            ``mean``, ``standard_error_of_mean``, ``probability_negative``, ``standard_error``; the last row is of all.
        """
        total = len(self.enpv)
        steps = [step * 10**power for power in range(len(str(total))) for step in _STEPS]
        rows = {}
        for n in [*(step for step in steps if step < total), total]:
            part = self.enpv[:n]
            p = float((part < 0).mean())
            error = part.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
            rows[n] = {
                "mean": part.mean(),
                "standard_error_of_mean": error,
                "probability_negative": p,
                "standard_error": np.sqrt(p * (1 - p) / n),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("n")

    def __repr__(self) -> str:
        """Return the probability of loss and the middle of the draws."""
        found = self.summary()
        return (
            f"RiskAnalysis(P(ENPV < 0) = {found['probability_negative']:.1%} ± {found['standard_error']:.1%}, median "
            f"{found['p50']:,.1f}, p10 {found['p10']:,.1f}, p90 {found['p90']:,.1f}; {len(self.enpv)} draws)"
        )


def monte_carlo(
    evaluate: Evaluate,
    distributions: Mapping[str, Spec],
    n: int = 10_000,
    seed: int = 0,
    *,
    vectorised: bool = False,
) -> RiskAnalysis:
    """Draw all variables at once, again and again, and evaluate the ENPV.

    Parameters
    ----------
    evaluate : callable
        Takes a mapping of all variables to values and returns the ENPV.
    distributions : mapping of str to tuple
        ``("triangular", low, mode, high)``, ``("uniform", low, high)``, ``("normal", mean, standard deviation)`` or
        ``("lognormal", median, standard deviation of the logarithm)``; `grade_distributions` makes them from grades.
    n : int
        Draws.
    seed : int
        Same seed, same draws. Each variable has a stream of its own, named by it: adding one, or another order,
        leaves the draws of the others as they are, so that two designs can be compared draw by draw.
    vectorised : bool
        Call `evaluate` once with arrays of n values, as `Streams.evaluator` allows, instead of n times.

    Returns
    -------
    RiskAnalysis

    Raises
    ------
    DataError
        A distribution is unknown or has impossible parameters, `n` is not above zero, or an ENPV is no number.

    Notes
    -----
    Variables are drawn independently of each other. Costs and delays that go wrong together make the spread wider
    than this says: make them one variable of the function. European Commission (2014), Guide to Cost-Benefit Analysis
    of Investment Projects, section 2.9; Pouliquen (1970), Risk analysis in project appraisal, World Bank.
    """
    if n < 1:
        raise DataError([f"Monte Carlo with n = {n!r} draws; expected at least 1"])
    draws = {name: _draw(name, spec, n, seed) for name, spec in distributions.items()}
    if vectorised:
        enpv = np.asarray(evaluate(draws), dtype=float)
        if enpv.shape != (n,):
            raise DataError([f"evaluate gave shape {enpv.shape} for arrays of {n}; use vectorised=False"])
    else:
        enpv = np.array([evaluate({name: values[i] for name, values in draws.items()}) for i in range(n)], dtype=float)
    wrong = np.flatnonzero(np.isnan(enpv))
    if len(wrong):
        values = {name: float(drawn[wrong[0]]) for name, drawn in draws.items()}
        raise DataError([f"ENPV is no number in {len(wrong)} of {n} draws, the first at {values}"])
    return RiskAnalysis(enpv, pd.DataFrame(draws, index=range(n)), seed)


def grade_distributions(
    grades: Mapping[str, str],
    base: Mapping[str, float] | None = None,
    half_widths: Mapping[str, float] = GRADE_HALF_WIDTHS,
) -> dict[str, Spec]:
    """Return triangular distributions around the base of each variable, as wide as `grade_ranges` has it.

    Parameters
    ----------
    grades, base, half_widths
        As of `grade_ranges`.

    Returns
    -------
    dict
        Variable to ``("triangular", low, base, high)``, as `monte_carlo` takes it.

    Raises
    ------
    DataError
        A grade that has no range.
    """
    centre = dict.fromkeys(grades, 1.0) | dict(base or {})
    ranges = grade_ranges(grades, base, half_widths)
    return {name: ("triangular", low, centre[name], high) for name, (low, high) in ranges.items()}


def _draw(name: str, spec: Spec, n: int, seed: int) -> _FloatArray:
    kind, *numbers = spec
    if kind not in _SHAPES:
        raise DataError([f"distribution of {name!r} is {kind!r}; expected one of {', '.join(_SHAPES)}"])
    if len(numbers) != len(_SHAPES[kind]) or not np.isfinite(numbers).all():
        raise DataError([f"{kind} distribution of {name!r} has {numbers}; expected {', '.join(_SHAPES[kind])}"])
    low, high = numbers[0], numbers[-1]
    wrong = {
        "triangular": not low <= numbers[1] <= high,
        "uniform": not low <= high,
        "normal": high < 0,
        "lognormal": low <= 0 or high < 0,
    }
    if wrong[kind]:
        raise DataError([f"{kind} distribution of {name!r} has {numbers}: impossible {', '.join(_SHAPES[kind])}"])
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if kind == "normal":
        return random.normal(low, high, n)
    if kind == "lognormal":
        return random.lognormal(np.log(low), high, n)
    if low == high:
        return np.full(n, float(low))
    return random.uniform(low, high, n) if kind == "uniform" else random.triangular(low, numbers[1], high, n)
