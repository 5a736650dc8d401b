"""What shippers gain: rule of a half, and difference of expected least costs where routes are new."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError

__all__ = ["logsum_surplus", "rule_of_a_half"]

Numbers: TypeAlias = "npt.ArrayLike | pd.Series[float]"


def rule_of_a_half(
    cost_without: Numbers, cost_with: Numbers, flow_without: Numbers, flow_with: Numbers
) -> pd.Series[float]:
    r"""Return the users' surplus of a fall in generalised cost, row by row.

    Parameters
    ----------
    cost_without, cost_with : number, array or Series
        Generalised cost of a unit without and with the project, by route, OD or shipper class.
    flow_without, flow_with : number, array or Series
        Units a year.

    Returns
    -------
    Series
        :math:`\tfrac12 (c_0 - c_1)(q_0 + q_1)` a year, in the unit of the cost, by the index of the first Series given;
        sum it for the total. Rows that nobody uses before or after are zero, whatever their cost.

    Raises
    ------
    DataError
        Series differ in their index, a flow is negative or not finite, or a row that is used has no finite cost.

    Notes
    -----
    Exact for demand that is linear in cost between the two states, and good for small changes otherwise; summed over
    routes or modes it holds where all their costs change little (Williams 1977, On the formation of travel demand
    models and economic evaluation measures of user benefit, Environment and Planning A 9(3), 285-344; European
    Commission 2014, Guide to Cost-Benefit Analysis of Investment Projects, chapter 3).

    It does not hold for a route that is new or is shut: without it there is no cost at which nobody took it, and a
    made-up one decides the answer. Such rows, with a cost that is missing or infinite, are refused: take
    `logsum_surplus` of all routes together. A route that was open and unused is accepted; the rule then gives too much
    where the cost at which its first user would come lies below the one without the project.
    """
    given = {
        "cost_without": cost_without,
        "cost_with": cost_with,
        "flow_without": flow_without,
        "flow_with": flow_with,
    }
    table = _table(given)
    flows = table[["flow_without", "flow_with"]]
    bad = table.index[~(np.isfinite(flows) & (flows >= 0)).all(axis=1)]
    if len(bad):
        raise DataError([f"surplus, row {row!r}: flows {list(flows.loc[row])}; expected numbers from 0" for row in bad])
    used = flows.sum(axis=1) > 0
    costs = table[["cost_without", "cost_with"]]
    unknown = table.index[used & ~np.isfinite(costs).all(axis=1)]
    if len(unknown):
        raise DataError(
            f"surplus, row {row!r}: costs {list(costs.loc[row])}; a route that is new or shut has no cost on one side: "
            "use logsum_surplus over all routes of the shippers"
            for row in unknown
        )
    fall = (table["cost_without"] - table["cost_with"]).where(used, 0.0)
    return (0.5 * fall * flows.sum(axis=1)).rename("surplus")


def logsum_surplus(expected_cost_without: Numbers, expected_cost_with: Numbers, quantity: Numbers) -> pd.Series[float]:
    r"""Return the users' surplus of a choice among routes, whichever of them are new or shut.

    Parameters
    ----------
    expected_cost_without, expected_cost_with : number, array or Series
        Expected least cost of a unit by OD and shipper class, :math:`-\tfrac{1}{\theta} \ln \sum_r e^{-\theta c_r}`
        over the routes there are, constants and waiting included: ``expected_cost`` of `solvers.assign_logit`. Both
        of the same model, scale and units.
    quantity : number, array or Series
        Units a year that choose, those that are not sent included.

    Returns
    -------
    Series
        :math:`q (E_0 - E_1)` a year by row of what is given, in the unit of the cost; sum it for the total.

    Raises
    ------
    DataError
        As in `rule_of_a_half`.

    Notes
    -----
    Exact for a logit with a given quantity and constant worth of money (Small and Rosen 1981, Applied welfare
    economics with discrete choice models, Econometrica 49(1), 105-130; Williams 1977). A new route brings a gain even
    where it is dearer than the others, as some prefer it: that is the model's taste for variety, and two routes that
    are nearly one must not count twice (path size). Where the quantity answers to cost, use `rule_of_a_half` with
    expected costs and both quantities.
    """
    return rule_of_a_half(expected_cost_without, expected_cost_with, quantity, quantity)


def _table(given: dict[str, Numbers]) -> pd.DataFrame:
    """Return columns of the same rows."""
    named = {name: value for name, value in given.items() if isinstance(value, pd.Series)}
    if not named:
        wide = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=float)) for value in given.values()))
        return pd.DataFrame(dict(zip(given, wide, strict=True)))
    first, rows = next((name, value.index) for name, value in named.items())
    for name, value in given.items():
        if name not in named and np.ndim(value) and np.shape(value) != (len(rows),):
            raise DataError([f"surplus: {name} has shape {np.shape(value)}; expected a number or {len(rows)} of them"])
    for name, value in named.items():
        if rows.has_duplicates or set(value.index) != set(rows) or len(value) != len(rows):
            raise DataError([f"surplus: rows of {name} are not those of {first}; expected the same, each once"])
    return pd.DataFrame(given, index=rows).astype(float)
