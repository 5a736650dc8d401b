"""Tuning: estimated tariffs and dwell times scaled, within bounds, to sourced end-to-end prices and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import lsq_linear

from networks import DataError, Supernetwork
from networks.errors import nearest

from .catalogue import Filters
from .validation import MEASURES, CheckedRoutes, checked_routes

__all__ = ["BOUNDS", "CHECK_SD", "FACTOR_SD", "Tuning", "factor_groups", "fit_factors", "tuned_arcs"]

BOUNDS = (0.5, 2.0)
"""Lowest and highest factor."""

CHECK_SD = 0.15
"""Standard deviation of a modelled price or time from a sourced one, as a share of the sourced one."""

FACTOR_SD = 0.25
"""Standard deviation of a factor from 1."""

_COLUMNS = ("tariff_usd_per_teu", "hours")
_ESTIMATE = "EST"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tuning:
    """Fitted factors and how far the model is from each check before and after.

    Attributes
    ----------
    factors : dict
        Factor by name, for `tuned_arcs`: ``tariff:<rate_id>`` or ``hours:<country_id>``.
    table : DataFrame
        Index ``factor``; ``value``, ``low`` and ``high`` (bounds), ``checks`` (how many it bears upon).
    residuals : DataFrame
        Index ``check_id``; ``title``, ``measure``, ``unit``, ``source``, ``before``, ``after`` and
        ``left_out`` (all in that unit; the last is predicted by a fit that has not seen the check), and
        ``error_before``, ``error_after``, ``error_left_out`` (shares of the source, above zero where the model
        is too high). NaN where the check has no route.
    """

    factors: dict[str, float]
    table: pd.DataFrame
    residuals: pd.DataFrame

    def __repr__(self) -> str:
        """Return the counts and the median errors."""
        errors = self.residuals[["error_before", "error_after", "error_left_out"]].abs().median()
        before, after, left_out = (f"{error:.1%}" for error in errors)
        counts = f"{len(self.factors)} factors, {len(self.residuals)} checks"
        return f"Tuning({counts}; median error {before} before, {after} after, {left_out} left out)"


class _Evidence(NamedTuple):
    """Checks as linear functions of the factors, fixed + parts @ factors; fixed is NaN where there is no route."""

    factors: list[str]
    fixed: Floats
    parts: Floats
    source: Floats


def fit_factors(*, folder: str | Path | None = None) -> Tuning:
    r"""Fit factors on estimated tariffs and dwell times to the prices and times of ``route_checks.csv``.

    Parameters
    ----------
    folder : path, optional
        Folder with tables of your own, see `networks.load_tables`. The checks are always the toolkit's.

    Returns
    -------
    Tuning
        One factor for each group of `factor_groups` that has a part in the figure of at least one check.

    Raises
    ------
    DataError
        A table of the folder is wrong, or the source of a check is not above zero.

    Notes
    -----
    The route of a check is the one that `corridors.validation.checked_routes` finds before the fit and is
    held, so a modelled figure is linear in the factors. Minimised is, within `BOUNDS`,

    .. math:: \sum_i \left(\frac{m_i(f) - s_i}{0.15\,s_i}\right)^2 + \sum_g \left(\frac{f_g - 1}{0.25}\right)^2

    with modelled figure m, source s (midpoint of low and high) and factors f; the standard deviations are
    `CHECK_SD` and `FACTOR_SD`. The second sum makes the minimum unique: it is what would be believed
    without checks (Tarantola 2005, Inverse Problem Theory, SIAM, chapter 3). The method for bounded
    variables is that of Stark and Parker (1995), Computational Statistics 10, 129-141. Leaving out one
    check at a time is cross-validation (Stone 1974, Journal of the Royal Statistical Society B 36(2),
    111-147); checks that share a route still tell about each other. Distances are no target, and speeds,
    fees and figures from a source are not touched.
    """
    found = _targets(checked_routes(folder))
    evidence = _evidence(found)
    seen = np.isfinite(evidence.fixed)
    values = _fit(evidence, seen)
    residuals = _residuals(found.checks, evidence, values, _left_out(evidence, seen))
    return Tuning(dict(zip(evidence.factors, values.tolist(), strict=True)), _table(evidence, values), residuals)


def tuned_arcs(network: Supernetwork | Filters, factors: Mapping[str, float]) -> pd.DataFrame:
    """Return the arcs of a network with estimated tariffs and dwell times scaled.

    Parameters
    ----------
    network : Supernetwork or Filters
        The network, or filters of one.
    factors : mapping of str to float
        Factor by name of `factor_groups`; what is not named keeps a factor of 1.

    Returns
    -------
    DataFrame
        ``network.arcs`` with ``tariff_usd_per_teu`` and ``hours`` scaled; standard deviations stay.

    Raises
    ------
    DataError
        A factor is not within `BOUNDS`, or its name stands for no estimate; all problems are listed.
    """
    network = network.network if isinstance(network, Filters) else network
    groups = factor_groups(network)
    _check(factors, _names(groups))
    scale = groups.apply(lambda names: names.map(factors).astype(float).fillna(1.0))
    return network.arcs.assign(**{column: network.arcs[column] * scale[column] for column in _COLUMNS})


def factor_groups(network: Supernetwork) -> pd.DataFrame:
    """Return the name of the factor that each tariff and each duration of a network is scaled by.

    Parameters
    ----------
    network : Supernetwork
        The network.

    Returns
    -------
    DataFrame
        Index of ``network.arcs``; ``tariff_usd_per_teu`` and ``hours``. Empty text: never scaled.

    Notes
    -----
    ``tariff:<rate_id>`` stands for the tariff of a link where the one of ``rates.csv`` is an estimate.
    ``hours:<country_id>`` stands for hours that are an estimate at borders, stops and, by the number of
    sailings, in the wait for a ship. A border belongs to the country that is entered, all else to the
    country of its place.
    """
    arcs, tables = network.arcs, network.tables
    rate = arcs["link_id"].map(tables.links["rate_id"])
    priced = (arcs["kind"] == "link") & (rate.map(tables.rates["tariff_grade"]) == _ESTIMATE)
    country = arcs["to_place_id"].map(tables.places["country_id"])
    dwell = _dwell_grades(network) == _ESTIMATE
    return pd.DataFrame(
        {
            "tariff_usd_per_teu": ("tariff:" + rate).where(priced, ""),
            "hours": ("hours:" + country).where(dwell, ""),
        }
    )


def _dwell_grades(network: Supernetwork) -> pd.Series[Any]:
    """Grade of the hours of each arc that is no link; NaN for links."""
    arcs, tables = network.arcs, network.tables
    grades = arcs["stop_id"].map(tables.stops["hours_grade"])
    border, wait = arcs["kind"] == "border", arcs["kind"] == "wait"
    grades = grades.mask(border, arcs["stop_id"].map(tables.borders["hours_grade"]))
    grades = grades.mask(wait, arcs["link_id"].map(tables.links["sailings_grade"]))
    return grades.mask(arcs["kind"] == "link")


def _names(groups: pd.DataFrame) -> list[str]:
    return sorted(set(groups.to_numpy().ravel()) - {""})


def _check(factors: Mapping[str, float], known: Iterable[str]) -> None:
    known = list(known)
    low, high = BOUNDS
    problems = [
        f"factor {name!r} stands for no estimated tariff or dwell time of the network{nearest(str(name), known)}"
        for name in factors
        if name not in known
    ]
    problems += [
        f"factor {name!r}: got {value!r}, expected a number within {low}..{high}"
        for name, value in factors.items()
        if not _is_within(value)
    ]
    if problems:
        raise DataError(problems)


def _is_within(value: Any) -> bool:
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return is_number and BOUNDS[0] <= value <= BOUNDS[1]


def _targets(found: CheckedRoutes) -> CheckedRoutes:
    """Keep checks of prices and times."""
    columns = found.checks["measure"].map(lambda measure: MEASURES[measure][0])
    kept = np.flatnonzero(columns.isin(_COLUMNS))
    checks = found.checks.iloc[kept].set_index("check_id")
    source = (checks["low"] + checks["high"]) / 2
    wrong = source[~(source > 0)]
    if len(wrong):
        raise DataError([f"route_checks.csv, {name}: low and high are not above zero" for name in wrong.index])
    return found._replace(checks=checks, routes=[found.routes[row] for row in kept])


def _evidence(found: CheckedRoutes) -> _Evidence:
    groups = factor_groups(found.network)
    each = zip(found.checks["measure"], found.routes, strict=True)
    sums = [_sums(found.network.arcs, groups, measure, route) for measure, route in each]
    parts = pd.DataFrame(sums, columns=["", *_names(groups)], dtype=float).fillna(0.0)
    fixed = parts.pop("").where([bool(route) for route in found.routes])
    parts = parts.loc[:, (parts != 0).any()]
    source = (found.checks["low"] + found.checks["high"]) / 2
    return _Evidence(list(parts.columns), fixed.to_numpy(), parts.to_numpy(), source.to_numpy())


def _sums(arcs: pd.DataFrame, groups: pd.DataFrame, measure: str, route: tuple[int, ...]) -> dict[str, float]:
    """Sum what each factor scales in the figure of a route, and under an empty name what none does."""
    column, divisor = MEASURES[measure]
    values, names = arcs[column].iloc[list(route)], groups[column].iloc[list(route)]
    return {str(name): float(total) for name, total in (values.groupby(names).sum() / divisor).items()}


def _fit(evidence: _Evidence, used: npt.NDArray[np.bool_]) -> Floats:
    count = len(evidence.factors)
    if not count:
        return np.ones(0)
    weight = 1 / (CHECK_SD * evidence.source[used])
    matrix = np.vstack([evidence.parts[used] * weight[:, None], np.eye(count) / FACTOR_SD])
    target = (evidence.source - evidence.fixed)[used] * weight
    target = np.concatenate([target, np.full(count, 1 / FACTOR_SD)])
    found: Floats = lsq_linear(matrix, target, BOUNDS, method="bvls", max_iter=100 * count).x
    return found.clip(*BOUNDS)


def _modelled(evidence: _Evidence, values: Floats) -> Floats:
    return evidence.fixed + evidence.parts @ values


def _left_out(evidence: _Evidence, seen: npt.NDArray[np.bool_]) -> Floats:
    """Predict each check by a fit to the others."""
    rows = np.arange(len(seen))
    return np.array([_modelled(evidence, _fit(evidence, seen & (rows != row)))[row] for row in rows])


def _table(evidence: _Evidence, values: Floats) -> pd.DataFrame:
    index = pd.Index(evidence.factors, name="factor", dtype=object)
    columns = {"value": values, "low": BOUNDS[0], "high": BOUNDS[1], "checks": (evidence.parts > 0).sum(axis=0)}
    return pd.DataFrame(columns, index=index)


def _residuals(checks: pd.DataFrame, evidence: _Evidence, values: Floats, left_out: Floats) -> pd.DataFrame:
    rows = checks[["title", "measure", "unit"]].assign(source=evidence.source)
    rows["before"] = _modelled(evidence, np.ones_like(values))
    rows["after"] = _modelled(evidence, values)
    rows["left_out"] = left_out
    for name in ("before", "after", "left_out"):
        rows[f"error_{name}"] = rows[name] / rows["source"] - 1
    return rows
