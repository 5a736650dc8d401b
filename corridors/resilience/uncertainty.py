"""How surely: Monte Carlo of events and inputs, what it converges to, and what the answer depends on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest

from .asking import ask_year, opened
from .doubts import Doubtful, Input, doubtful
from .pool import cores, run_tasks
from .warm_year import WarmYear

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..scenario.loading import Scenario
    from ..year_routes import Values

__all__ = ["Uncertainty", "uncertainty"]

_CHUNK = 20
_Z95 = 1.959963984540054
_QUANTILES = (0.05, 0.5, 0.95)
_STEPS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_METHODS = ("sobol", "morris")


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Draws of a year.

    Attributes
    ----------
    draws : DataFrame, shape (n, inputs)
        Numbers from 0 to 1 that stand for each input; see `inputs`.
    outputs : DataFrame, shape (n, outputs)
        ``cost_musd`` (million USD a year, to all shippers in their own eyes, unmet demand at the penalty),
        ``unmet_teu``, ``not_shipped_teu``, ``days_per_teu``, TEU a year by each family of corridors (``middle_teu``),
        ``days of events`` (of the year on which some event holds), ``events waited for``.
    inputs : DataFrame by input
        ``kind``, ``half_width`` (of its range, relative).
    base : Series by output
        With all figures as they are and events as in their most likely draw.
    record : mapping
        Title, year, seed, seconds, share of estimates.
    """

    draws: pd.DataFrame
    outputs: pd.DataFrame
    inputs: pd.DataFrame
    base: pd.Series[float]
    record: Mapping[str, Any]
    year: Doubtful

    def summary(self) -> pd.DataFrame:
        """Return the distribution of each output.

        Returns
        -------
        DataFrame by output
            ``as_is`` (no draw), ``mean``, ``error`` (half width of its 95 % interval), ``sd``, ``p5``, ``p50``,
            ``p95``.
        """
        found = self.outputs
        quantiles = found.quantile(list(_QUANTILES)).T.set_axis(["p5", "p50", "p95"], axis=1)
        error = _Z95 * found.std() / np.sqrt(len(found))
        told = {"as_is": self.base, "mean": found.mean(), "error": error, "sd": found.std()}
        return pd.DataFrame(told).join(quantiles)

    def convergence(self, output: str = "cost_musd") -> pd.DataFrame:
        """Return what the draws had come to after so many of them.

        Parameters
        ----------
        output : str
            Column of `outputs`.

        Returns
        -------
        DataFrame by number of draws
            ``mean``, ``error`` (half width of its 95 % interval), ``error_pct`` (of the mean), ``p5``, ``p95``.
        """
        values = self.outputs[self._known(output)].to_numpy()
        rows = []
        for n in [*(s for s in _STEPS if s < len(values)), len(values)]:
            head = values[:n]
            error = _Z95 * head.std(ddof=1) / np.sqrt(n)
            mean = float(head.mean())
            of_mean = 100 * error / abs(mean) if mean else np.nan
            rows.append((n, mean, error, of_mean, *np.quantile(head, (0.05, 0.95)).tolist()))
        columns = ["draws", "mean", "error", "error_pct", "p5", "p95"]
        return pd.DataFrame(rows, columns=columns).set_index("draws")

    def sensitivity(
        self,
        output: str = "cost_musd",
        *,
        method: Literal["sobol", "morris"] = "sobol",
        size: int = 64,
        jobs: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> pd.DataFrame:
        """Return how much of the variance of an output each input accounts for, or moves it on the average.

        Parameters
        ----------
        output : str
            Column of `outputs`.
        method : str
            ``sobol``: shares of variance, of an input alone and with all that it goes together with; needs
            ``size * (inputs + 2)`` answers. ``morris``: mean size of elementary effects, ``size * (inputs + 1)``.
        size : int
            Base sample (a power of two for ``sobol``), or number of trajectories.
        jobs : int, optional
            Processes.
        progress : callable, optional
            Told how many of how many answers are done.

        Returns
        -------
        DataFrame by input, what matters most first
            ``first``, ``first_error``, ``total``, ``total_error`` (half widths of 95 % intervals); or ``mu_star``,
            ``mu_star_error``, ``sigma``.

        Raises
        ------
        DataError
            Another output, method or size.

        Notes
        -----
        Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Computer Physics Communications 181(2),
        259-270; Morris (1991), Technometrics 33(2), 161-174; by SALib (Herman and Usher 2017, Journal of Open Source
        Software 2(9), 97).
        """
        column = self._known(output)
        if method not in _METHODS:
            raise DataError([f"method: got {method!r}, expected {', '.join(_METHODS)}{nearest(method, _METHODS)}"])
        if isinstance(size, bool) or not isinstance(size, int) or size < 4:
            raise DataError([f"size: got {size!r}, expected a whole number of four or more"])
        names = list(self.inputs.index)
        problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
        seed = int(self.record["seed"])
        if method == "sobol":
            from SALib.analyze import sobol
            from SALib.sample import sobol as sample

            points = sample.sample(problem, size, calc_second_order=False, seed=seed)
            values = _evaluated(self.year, points, jobs, progress)[column].to_numpy()
            got = sobol.analyze(problem, values, calc_second_order=False, seed=seed)
            told = {
                "first": got["S1"],
                "first_error": got["S1_conf"],
                "total": got["ST"],
                "total_error": got["ST_conf"],
            }
            order = "total"
        else:
            from SALib.analyze import morris
            from SALib.sample import morris as trajectories

            points = trajectories.sample(problem, size, seed=seed)
            values = _evaluated(self.year, points, jobs, progress)[column].to_numpy()
            got = morris.analyze(problem, points, values, seed=seed)
            told = {"mu_star": got["mu_star"], "mu_star_error": got["mu_star_conf"], "sigma": got["sigma"]}
            order = "mu_star"
        table = pd.DataFrame({key: np.asarray(value, dtype=float) for key, value in told.items()}, index=names)
        return table.rename_axis("input").sort_values(order, ascending=False, kind="stable")

    def tornado(self, output: str = "cost_musd") -> pd.DataFrame:
        """Return an output at the ends of the 90 % range of each input, all others as they are.

        Returns
        -------
        DataFrame by input, the widest first
            ``low``, ``high`` (of the input: relative to the figure, or 0 to 1 for events), ``at_low``, ``base``,
            ``at_high``, ``width``.
        """
        column, middle = self._known(output), self.year.middle()
        points = np.array([_moved(middle, i, end) for i in range(len(middle)) for end in (0.05, 0.95)])
        values = _evaluated(self.year, points, 1, None)[column].to_numpy().reshape(-1, 2)
        base = float(self.base[column])
        rows = []
        for one, (low, high) in zip(self.year.inputs, values.tolist(), strict=True):
            ends = (-1, 1) if one.kind == "figure" else (0.05, 0.95)
            size = one.half_width * (1 - np.sqrt(0.1)) if one.kind == "figure" else 1.0
            width = max(low, high, base) - min(low, high, base)
            rows.append((one.name, ends[0] * size, ends[1] * size, low, base, high, width))
        columns = ["input", "low", "high", "at_low", "base", "at_high", "width"]
        table = pd.DataFrame(rows, columns=columns).set_index("input")
        return table.sort_values("width", ascending=False, kind="stable")

    @cached_property
    def answer(self) -> str:
        """One sentence: how far cost and the Middle Corridor may be off."""
        told = self.summary()
        cost = told.loc["cost_musd"]
        parts = [f"cost {cost['p50']:,.0f} m USD a year, nine in ten draws {cost['p5']:,.0f} to {cost['p95']:,.0f}"]
        if "middle_teu" in told.index:
            middle = told.loc["middle_teu"]
            parts.append(
                f"by the Middle Corridor {middle['p50']:,.0f} TEU ({middle['p5']:,.0f} to {middle['p95']:,.0f})"
            )
        return (
            f"{self.record['title']}, {self.record['year']}, {len(self.outputs):,} draws: {'; '.join(parts)}; the mean "
            f"cost is known to {100 * cost['error'] / cost['mean']:.2g} %; {self.record['estimates']:.0%} of the "
            "figures behind are estimates."
        )

    def plot_convergence(self, output: str = "cost_musd") -> Figure:
        """Draw the running mean with its 95 % interval, and the histogram.

        Parameters
        ----------
        output : str
            Column of ``outputs``.
        """
        from .uncertainty_chart import draw_convergence

        return draw_convergence(self, self._known(output))

    def plot_tornado(self, output: str = "cost_musd", top: int = 12) -> Figure:
        """Draw what moves an output most.

        Parameters
        ----------
        output : str
            Column of ``outputs``.
        top : int
            How many inputs.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        DataError
            No such output.
        """
        from ..appraisal_charts import draw_tornado

        table = self.tornado(output).head(top)
        table = table.assign(enpv_low=table["at_low"], enpv_base=table["base"], enpv_high=table["at_high"])
        labels = {str(name): _label(str(name), row) for name, row in table.iterrows()}
        return draw_tornado(
            table,
            unit=output,
            measure=str(self.record["title"]),
            labels=labels,
            title="What the answer depends on",
            note="Ends of the range that nine in ten draws are within, one input at a time.",
        )

    def __repr__(self) -> str:
        """Answer, then the summary."""
        return f"{self.answer}\n\n{self.summary().to_string(float_format='{:,.2f}'.format)}"

    def _known(self, output: str) -> str:
        known = list(self.outputs.columns)
        if output not in known:
            raise DataError([f"output: got {output!r}, expected one of {', '.join(known)}{nearest(output, known)}"])
        return output


def uncertainty(
    scenario: Scenario | str | Path,
    *,
    draws: int = 500,
    seed: int = 1,
    year: int | None = None,
    half_widths: Mapping[str, float] | None = None,
    jobs: int | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Uncertainty:
    """Draw events, their days and every figure within its grade, and find the answer of the shippers for each draw.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario of freight whose shippers refuse nothing. Its interventions with ``probability`` may happen; those
        with ``for`` may last between half and twice as long, and start on any day if none is given.
    draws : int
        How many.
    seed : int
        The same seed gives the same draws, whatever the number of processes.
    year : int, optional
        Of the study; the first by default.
    half_widths : mapping of str to float, optional
        Relative half width of the range of a figure by grade; otherwise those of `corridors.grade_ranges`, which are a
        judgement: A 5 %, B 15 %, C 30 %, EST 50 %.
    jobs : int, optional
        Processes.
    folder : path, optional
        Tables of your own.
    progress : callable, optional
        Told how many draws of how many are done.

    Returns
    -------
    Uncertainty

    Raises
    ------
    DataError
        A wrong number, or a scenario that cannot be run.

    Notes
    -----
    See `corridors.resilience.doubts.Doubtful` for what is drawn and what is held.
    """
    began = time.perf_counter()
    for name, value, least in (("draws", draws, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise DataError([f"{name}: got {value!r}, expected a whole number of {least} or more"])
    asked = ask_year(opened(scenario, folder), year, folder, "uncertainty")
    warm = WarmYear(asked.model, asked.choice)
    found = doubtful(asked.application, warm, asked.year, half_widths)
    names = [one.name for one in found.inputs]
    points = np.random.default_rng(seed).random((draws, len(names)))
    base = pd.Series(found.run(found.middle()))
    outputs = _evaluated(found, points, jobs, progress)
    record = {
        "title": asked.title,
        "year": asked.year,
        "seed": seed,
        "estimates": warm.estimates([(1.0, warm.usual)]),
        "seconds": round(time.perf_counter() - began, 1),
    }
    table = pd.DataFrame(found.inputs, columns=list(Input._fields)).set_index("name").rename_axis("input")
    return Uncertainty(pd.DataFrame(points, columns=names), outputs, table, base, record, found)


@dataclass(frozen=True, eq=False)
class _Evaluate:
    """Evaluates some draws."""

    year: Doubtful
    points: Values

    def __call__(self, chunk: int) -> list[dict[str, float]]:
        return [self.year.run(point) for point in self.points[chunk * _CHUNK : (chunk + 1) * _CHUNK]]


def _evaluated(
    year: Doubtful, points: Values, jobs: int | None, progress: Callable[[int, int], object] | None
) -> pd.DataFrame:
    """Return the outputs of each draw, in order."""
    chunks = -(-len(points) // _CHUNK)
    found: dict[int, Any] = {}
    for chunk, rows, error in run_tasks(_Evaluate(year, points), range(chunks), cores(jobs)):
        if error is not None:
            raise DataError([f"draws {chunk * _CHUNK} to {(chunk + 1) * _CHUNK}: {error}"])
        found[chunk] = rows
        if progress is not None:
            progress(min(len(found) * _CHUNK, len(points)), len(points))
    return pd.DataFrame([row for chunk in range(chunks) for row in found[chunk]])


def _moved(middle: Values, place: int, end: float) -> Values:
    found = middle.copy()
    found[place] = end
    return found


def _label(name: str, row: Any) -> str:
    if abs(row["low"]) == abs(row["high"]):
        return f"{name}  ±{100 * row['high']:.0f} %"
    return f"{name}  {row['low']:g} … {row['high']:g}"
