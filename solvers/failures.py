"""Which failures hurt most: the worst loss of a few links at once, and what to protect against it."""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from . import _solver
from ._failure_flow import FlowRecourse, last_resort
from ._failure_gas import GasRecourse, gas_elements
from ._failure_model import by_programme
from ._gas_input import read_gas
from ._problem import Problem, read_problem
from .errors import SolverInputError, deadline_of
from .failure_search import Attack, Found, Search
from .flow import solve_flow

if TYPE_CHECKING:
    pass

__all__ = ["WorstFailures", "worst_failures", "worst_gas_failures"]

_METHODS = ("search", "programme")


@dataclass(frozen=True, eq=False)
class WorstFailures:
    """The failures that hurt most, with their proof.

    Attributes
    ----------
    status : str
        ``optimal``: nothing that may fail costs more, but for the gap. ``time_limit``: the worst found in time.
        ``inaccurate``: the worst found, whose gap the solver could not close.
    failed : list
        Labels of what fails: rows of arcs, or elements. Fewer than may fail where more would not hurt more.
    objective : float
        Cost of the best flow after the loss, penalties included.
    bound : float
        Proven: no failures cost more.
    gap : float
        (bound - objective) / abs(objective).
    without : float
        Cost of the best flow when nothing fails.
    rise : float
        ``objective - without``.
    protected : list
        Labels of what was chosen to be protected, which then does not fail.
    sets : int
        Sets of failures for which a best flow was found.
    seconds : float
        Wall time.
    """

    status: str
    failed: list[Hashable]
    objective: float
    bound: float
    gap: float
    without: float
    protected: list[Hashable]
    sets: int
    seconds: float

    @property
    def rise(self) -> float:
        """What the failures add to the cost."""
        return self.objective - self.without

    def __repr__(self) -> str:
        lost = ", ".join(map(str, self.failed)) or "nothing"
        kept = f"; protected: {', '.join(map(str, self.protected))}" if self.protected else ""
        return (
            f"WorstFailures({self.status}: {lost}; objective {self.objective:.10g}, {self.rise:+.6g}, "
            f"gap {self.gap:.1e}{kept}; {self.sets} sets, {self.seconds:.2f} s)"
        )


def worst_failures(
    arcs: pd.DataFrame,
    demands: pd.DataFrame,
    k: int | None = None,
    *,
    unmet_penalty: float | None = None,
    elements: Mapping[Hashable, Collection[Hashable]] | None = None,
    attack_cost: Mapping[Hashable, float] | pd.Series[float] | None = None,
    budget: float | None = None,
    protect: int = 0,
    method: Literal["search", "programme"] = "search",
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-6,
) -> WorstFailures:
    r"""Find the k failures after which the cheapest flow costs most.

    Parameters
    ----------
    arcs, demands, unmet_penalty
        As of `solve_flow`; every demand needs a finite penalty, and no arc may have a least load.
    k : int, optional
        How many may fail at once.
    elements : mapping of label to labels of arcs, optional
        What may fail, and the arcs that each takes along (both directions of a line, all at a port); an arc may be in
        several. Arcs in none cannot fail. None: every arc by itself.
    attack_cost : mapping or Series by label, optional
        What it costs to make each fail, above zero; 1 where it is not named. Needs `budget`.
    budget : float, optional
        What the costs of all that fails may sum to; with `k` both hold, k counted at a cost of one each.
    protect : int
        How many elements are protected beforehand, so that the worst that is left is least.
    method : str
        ``search``: branch and bound over best flows, for any size. ``programme``: one mixed-integer programme, for
        small networks; needs costs of zero or more, no `protect`.
    solver, time_limit_s
        As of `solve_flow`.
    gap : float
        Relative difference between cost and bound at which to stop.

    Returns
    -------
    WorstFailures

    Raises
    ------
    SolverInputError
        Wrong tables or arguments; one message that says where, and what was expected.
    FlowCheckError
        The solver broke, or what it says does not hold.

    Notes
    -----
    Whoever fails moves first and sees all; shippers then take the cheapest ways that are left. Both methods are exact:
    see `solvers.failure_search.Search` and `solvers._failure_model.by_programme`. What is protected is chosen by the
    implicit enumeration of Scaparra and Church (2008, "A bilevel mixed-integer program for critical infrastructure
    protection planning", Computers & Operations Research 35(6), 1905-1923): a better choice must protect something of
    the worst that fails without it.

    Examples
    --------
    >>> import pandas as pd
    >>> from solvers import worst_failures
    >>> arcs = pd.DataFrame({"tail": ["A", "A", "B"], "head": ["C", "B", "C"], "cost": [5.0, 3.0, 3.0],
    ...                      "capacity": [10.0, 8.0, 8.0]}, index=["direct", "first", "second"])
    >>> demands = pd.DataFrame({"origin": ["A"], "destination": ["C"], "quantity": [10.0]})
    >>> worst_failures(arcs, demands, 1, unmet_penalty=20).failed
    ['direct']
    """
    begin = time.perf_counter()
    problem = read_problem(arcs, demands, unmet_penalty)
    _check_penalties(problem)
    if method not in _METHODS:
        raise SolverInputError(f"method: got {method!r}, expected one of {', '.join(_METHODS)}")
    names, takes = _read_elements(problem, elements)
    attack = _attack(names, k, attack_cost, budget)
    name = _solver.solver_name(solver)
    deadline = deadline_of(begin, time_limit_s)
    if method == "programme":
        if protect:
            raise SolverInputError("protect: method 'programme' protects nothing, expected method 'search'")
        found = by_programme(problem, takes, attack, name, gap, deadline)
        without = solve_flow(arcs, demands, unmet_penalty=unmet_penalty, solver=solver).objective
        return _result(found, names, without, [], begin, gap)
    ceiling = last_resort(problem, takes, _most_failing(attack))
    search = Search(FlowRecourse(problem, takes, ceiling, name), len(names))
    return _searched(search, names, attack, protect, gap, deadline, begin)


def worst_gas_failures(
    nodes: pd.DataFrame,
    pipes: pd.DataFrame,
    k: int | None = None,
    *,
    supplies: pd.DataFrame | None = None,
    demands: pd.DataFrame | None = None,
    storages: pd.DataFrame | None = None,
    contracts: pd.DataFrame | None = None,
    periods: Any = 1,
    profiles: Mapping[str, pd.DataFrame] | None = None,
    elements: Mapping[Hashable, Iterable[tuple[str, Hashable]]] | None = None,
    attack_cost: Mapping[Hashable, float] | pd.Series[float] | None = None,
    budget: float | None = None,
    protect: int = 0,
    solver: str = "highs",
    time_limit_s: float | None = None,
    gap: float = 1e-6,
) -> WorstFailures:
    """Find the k failures of pipes, supplies or storages after which the cheapest flow of gas costs most.

    Parameters
    ----------
    nodes, pipes, supplies, demands, storages, contracts, periods, profiles
        As of `solve_gas_flow`; what lacks in a storage at the end needs a price.
    elements : mapping of label to (table, label) pairs, optional
        What may fail, and what each takes along: ``("pipe", label)``, ``("supply", label)`` (an LNG terminal, a field)
        or ``("storage", label)``. None: every pipe by itself, both ways.
    k, attack_cost, budget, protect, solver, time_limit_s, gap
        As of `worst_failures`. What fails does so over the whole horizon.

    Returns
    -------
    WorstFailures

    Raises
    ------
    SolverInputError
        Wrong tables or arguments.
    FlowCheckError
        The solver broke, or what it says does not hold.
    """
    begin = time.perf_counter()
    problem = read_gas(nodes, pipes, supplies, demands, storages, contracts, periods, profiles)
    members = gas_elements(problem, elements)
    names = list(members)
    attack = _attack(names, k, attack_cost, budget)
    recourse = GasRecourse(problem, list(members.values()), _solver.solver_name(solver))
    deadline = deadline_of(begin, time_limit_s)
    return _searched(Search(recourse, len(names)), names, attack, protect, gap, deadline, begin)


def _searched(
    search: Search, names: list[Hashable], attack: Attack, protect: int, gap: float, deadline: float, begin: float
) -> WorstFailures:
    if isinstance(protect, bool) or not isinstance(protect, int | np.integer) or protect < 0:
        raise SolverInputError(f"protect: got {protect!r}, expected a whole number of zero or more")
    kept, found = _protected(search, attack, int(protect), gap, deadline)
    first = search.known.get(frozenset())
    without = float("nan") if first is None else first.cost
    return _result(found, names, without, [names[e] for e in sorted(kept)], begin, gap, len(search.known))


def _result(
    found: Found,
    names: list[Hashable],
    without: float,
    protected: list[Hashable],
    begin: float,
    gap: float,
    sets: int | None = None,
) -> WorstFailures:
    apart = found.bound - found.cost
    relative = 0.0 if apart <= 0 else apart / max(abs(found.cost), 1e-300)
    close = relative <= max(gap, 1e-9)
    return WorstFailures(
        "time_limit" if not found.finished else "optimal" if close else "inaccurate",
        [names[e] for e in found.failed],
        found.cost,
        max(found.bound, found.cost),
        relative,
        without,
        protected,
        found.sets if sets is None else sets,
        time.perf_counter() - begin,
    )


def _protected(
    search: Search, attack: Attack, protect: int, gap: float, deadline: float
) -> tuple[frozenset[int], Found]:
    """Return what to protect, and the worst that is left; elements of the worst failures are tried, to a depth."""
    worst: dict[frozenset[int], Found] = {}

    def after(kept: frozenset[int]) -> Found:
        if kept not in worst:
            may = attack.may.copy()
            may[list(kept)] = False
            worst[kept] = search.worst(attack._replace(may=may), gap, deadline)
        return worst[kept]

    best = frozenset[int]()
    front = [best]
    for _ in range(protect):
        front = list(dict.fromkeys(kept | {e} for kept in front for e in after(kept).failed))
        for kept in front:
            if after(kept).cost < after(best).cost:
                best = kept
    return best, _proven(after(best), worst, protect)


def _proven(best: Found, worst: dict[frozenset[int], Found], protect: int) -> Found:
    """Return the worst that is left; finished only if every search was."""
    if protect and not all(found.finished for found in worst.values()):
        return Found(best.failed, best.cost, best.bound, best.sets, False)
    return best


def _check_penalties(problem: Problem) -> None:
    if np.isinf(problem.penalty).any():
        raise SolverInputError("unmet_penalty: some demand must be served, expected a finite penalty for each")
    if problem.has_lower:
        raise SolverInputError("arcs: column 'lower': least loads cannot be kept when arcs fail, expected none")


def _read_elements(
    problem: Problem, elements: Mapping[Hashable, Collection[Hashable]] | None
) -> tuple[list[Hashable], csr_array]:
    """Return labels of what may fail, and the segments that each takes along, shape (elements, segments)."""
    number = {label: i for i, label in enumerate(problem.arcs)}
    given = {label: [label] for label in problem.arcs} if elements is None else elements
    if not isinstance(given, Mapping):
        raise SolverInputError(f"elements: got {type(given).__name__}, expected a mapping of label to labels of arcs")
    pairs = []
    for e, (name, inside) in enumerate(given.items()):
        for label in inside:
            if label not in number:
                raise SolverInputError(f"elements {name!r}: {label!r} is no row of arcs")
            pairs.append((e, number[label]))
    row, column = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    of_arc = csr_array(coo_array((np.ones(len(row)), (row, column)), shape=(len(given), len(problem.arcs))))
    size = (len(problem.arcs), len(problem.tail))
    segments = csr_array((np.ones(len(problem.arc)), (problem.arc, np.arange(len(problem.arc)))), shape=size)
    takes = csr_array(of_arc @ segments)
    takes.data[:] = 1.0
    return list(given), takes


def _attack(
    names: list[Hashable],
    k: int | None,
    attack_cost: Mapping[Hashable, float] | pd.Series[float] | None,
    budget: float | None,
) -> Attack:
    may = np.ones(len(names), dtype=bool)
    if (k is None) == (budget is None):
        raise SolverInputError("k, budget: expected one of both, how many may fail or what may be spent on it")
    if budget is None:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 0:
            raise SolverInputError(f"k: got {k!r}, expected a whole number of zero or more")
        if attack_cost is not None:
            raise SolverInputError("attack_cost: has no meaning for a number k, expected a budget")
        return Attack(np.ones(len(names)), float(k), may)
    if not _is_number(budget) or not budget >= 0:
        raise SolverInputError(f"budget: got {budget!r}, expected a number of zero or more")
    price = np.ones(len(names))
    known = {name: e for e, name in enumerate(names)}
    for name, cost in dict(attack_cost if attack_cost is not None else {}).items():
        if name not in known:
            raise SolverInputError(f"attack_cost: {name!r} is nothing that may fail")
        if not _is_number(cost) or not cost > 0:
            raise SolverInputError(f"attack_cost {name!r}: got {cost!r}, expected a number above zero")
        price[known[name]] = cost
    may &= np.isfinite(price)
    return Attack(np.where(may, price, 1.0), float(budget), may)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _most_failing(attack: Attack) -> int:
    """Return how many can fail at once."""
    cheapest = np.sort(attack.price[attack.may])
    return int((np.cumsum(cheapest) <= attack.budget * (1 + 1e-12) + 1e-12).sum())
