"""The failures that hurt most as one mixed-integer programme: the dual of the flow, with what fails as its choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array

from . import _solver
from .errors import FlowCheckError, SolverInputError
from .failure_search import Found

if TYPE_CHECKING:
    from ._problem import Problem
    from .failure_search import Attack

__all__ = ["by_programme"]


def by_programme(problem: Problem, takes: csr_array, attack: Attack, solver: str, gap: float, deadline: float) -> Found:
    r"""Return the worst failures by a programme in PuLP.

    Notes
    -----
    The least cost of a flow whose failed arcs cost P more, the greatest penalty, is that without them, as no path
    over one of them is worth taking. Its dual is linear in what fails (Israeli and Wood 2002, see `Search`): with
    potentials of each origin and kind of goods, :math:`0 \le \pi \le P`, and prices of capacities,

    .. math:: \max \sum_k q_k \min(p_k, \pi_{d_k}) - \mu u, \quad
        \pi_j - \pi_i - \mu_a \le c_a + P \sum_{e \ni a} x_e.
    """
    if (problem.cost[np.isfinite(problem.cost)] < 0).any():
        raise SolverInputError("arcs: method 'programme' needs costs of zero or more; use method 'search'")
    if not problem.k:
        return Found((), 0.0, 0.0, 0, True)
    elements, most = takes.shape[0], float(problem.penalty.max())
    trees = {
        pair: i
        for i, pair in enumerate(dict.fromkeys(zip(problem.kind.tolist(), problem.origin.tolist(), strict=True)))
    }
    n, rows = problem.n, len(problem.rows.rhs)
    first_s = elements
    first_pi = first_s + problem.k
    first_mu = first_pi + len(trees) * n
    size = first_mu + rows
    cost = np.zeros(size)
    cost[first_s:first_pi] = -problem.quantity
    cost[first_mu:] = problem.rows.rhs
    upper = np.full(size, np.inf)
    upper[:elements] = attack.may.astype(float)
    upper[first_s:first_pi] = problem.penalty
    upper[first_pi:first_mu] = most
    for (_, origin), i in trees.items():
        upper[first_pi + i * n + origin] = 0.0
    parts, rhs, height = [], [], 0
    toll = csr_array(problem.rows.incidence.T)
    of_segment = csr_array(takes.T)
    for (g, _), i in trees.items():
        use = np.flatnonzero(np.isfinite(problem.cost[g]) & ~problem.closed & (problem.tail != problem.head))
        row = height + np.arange(len(use))
        price, stop = coo_array(toll[use]), coo_array(of_segment[use])
        load = problem.load[g, use]
        parts += [
            (row, first_pi + i * n + problem.head[use], np.ones(len(use))),
            (row, first_pi + i * n + problem.tail[use], -np.ones(len(use))),
            (row[price.row], first_mu + price.col, -price.data * load[price.row]),
            (row[stop.row], stop.col, np.full(len(stop.row), -most)),
        ]
        rhs.append(problem.cost[g, use])
        height += len(use)
    served = np.arange(problem.k)
    tree = np.array([trees[pair] for pair in zip(problem.kind.tolist(), problem.origin.tolist(), strict=True)])
    parts += [
        (height + served, first_s + served, np.ones(problem.k)),
        (height + served, first_pi + tree * n + problem.destination, -np.ones(problem.k)),
        (np.full(elements, height + problem.k), np.arange(elements), attack.price),
    ]
    rhs += [np.zeros(problem.k), np.array([attack.budget])]
    row, column, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
    matrix = csc_array(coo_array((value, (row, column)), shape=(height + problem.k + 1, size)))
    model = _solver.Model(solver)
    model.add_rows(np.concatenate(rhs), equal=False)
    whole = matrix[:, :elements]
    model.add_columns(cost[:elements], np.zeros(elements), upper[:elements], whole, integer=True)
    model.add_columns(cost[elements:], np.zeros(size - elements), upper[elements:], matrix[:, elements:])
    outcome = model.run_integer(deadline, gap)
    if outcome.status == _solver.FAILED:
        raise FlowCheckError("the programme of failures was not solved: the solver failed")
    if outcome.x is None:
        return Found((), -np.inf, np.inf, 1, False)
    failed = tuple(np.flatnonzero(outcome.x[:elements] > 0.5).tolist())
    return Found(failed, -float(cost @ outcome.x), -outcome.bound, 1, outcome.status == _solver.OPTIMAL)
