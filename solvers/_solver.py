"""The one place that knows linear-programming solvers: PuLP models, solver names, statuses, time limits."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
from scipy.sparse import csr_array

from .errors import FloatArray, SolverInputError

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csc_array

    from ._problem import IntArray

OPTIMAL, INFEASIBLE, STOPPED, FAILED = "optimal", "infeasible", "stopped", "failed"
"""What a run ended with; anything that is not proved optimal or infeasible is STOPPED or FAILED."""

_WARM = "HiGHS"
_BROKE = "Broke"
_PROVED, _FOUND = 1, 2  # PuLP's codes of a solution: optimal, or the best when the time was over
_NO_HEURISTICS = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
_WHOLE = 1e-9  # distance from a whole number that counts as none
_KEPT = 1e-5  # share of its size by which a row or bound may be broken; solvers promise 1e-6 of scaled rows

_NOTHING = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))

# The constructor of PuLP 3 takes what a method of PuLP 4 does.
_affine = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)


@dataclass(frozen=True)
class Outcome:
    """What a solver gave back; values are there only when it says that it is optimal."""

    status: str
    x: FloatArray
    row_dual: FloatArray


@dataclass(frozen=True)
class Basis:
    """Which columns and rows are basic; True means basic."""

    columns: npt.NDArray[np.bool_]
    rows: npt.NDArray[np.bool_]


def solver_name(name: str) -> str:
    """Return PuLP's spelling of a solver's name; raise `SolverInputError` if it is not there."""
    listed = {known.lower(): known for known in pulp.listSolvers()}
    found: str | None = listed.get(name.lower()) if isinstance(name, str) else None
    available = pulp.listSolvers(onlyAvailable=True)
    if found is None and isinstance(name, str) and name.lower() == "cbc":
        found = next((known for known in available if known in ("COIN_CMD", "PULP_CBC_CMD", "CYLP")), "COIN_CMD")
    if found is None:
        near = get_close_matches(str(name).lower(), listed, n=1)
        hint = f"; nearest: {listed[near[0]]}" if near else ""
        raise SolverInputError(f"solver: got {name!r}, expected one of {', '.join(available)}{hint}")
    if found not in available:
        raise SolverInputError(f"solver: {found} is not installed here; expected one of {', '.join(available)}")
    return found


@dataclass(frozen=True)
class IntegerOutcome:
    """What a run with whole numbers gave back: the best point found (None: none) and what no point costs less than."""

    status: str
    x: FloatArray | None
    bound: float


class Model:
    """Linear programme that grows by columns and rows: built in PuLP, kept warm where the solver can.

    With HiGHS the PuLP model is handed over once; columns and rows that come later go straight into the live
    solver, which starts from its last basis. With any other solver the PuLP model is built anew for each run.
    Columns of whole numbers count as such in `run_integer` only, which is for models that are run once.
    """

    def __init__(self, solver: str) -> None:
        self.solver = solver
        self.warm = solver == _WARM
        self.cost: FloatArray = np.zeros(0)
        self.lower: FloatArray = np.zeros(0)
        self.upper: FloatArray = np.zeros(0)
        self.integer: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.rhs: FloatArray = np.zeros(0)
        self.equal: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._live: Any = None
        self._ran = False

    def add_rows(self, rhs: FloatArray, *, equal: bool, entries: csc_array | None = None) -> None:
        """Append rows ``entries @ x <= rhs``, or ``==``; entries, shape (rows, columns so far), may be none."""
        first = len(self.rhs)
        self.rhs = np.concatenate([self.rhs, rhs])
        self.equal = np.concatenate([self.equal, np.full(len(rhs), equal)])
        sheet = csr_array((len(rhs), len(self.cost))) if entries is None else entries.tocsr()
        self._remember(first + np.repeat(np.arange(len(rhs)), np.diff(sheet.indptr)), sheet.indices, sheet.data)
        if self._live is not None:
            least = rhs if equal else np.full(len(rhs), -np.inf)
            starts, index = sheet.indptr[:-1].astype(np.int32), sheet.indices.astype(np.int32)
            self._live.addRows(len(rhs), least, rhs, len(index), starts, index, sheet.data)

    def add_columns(
        self, cost: FloatArray, lower: FloatArray, upper: FloatArray, entries: csc_array, *, integer: bool = False
    ) -> None:
        """Append columns with costs, bounds and entries, shape (rows so far, new columns)."""
        first = len(self.cost)
        self.integer = np.concatenate([self.integer, np.full(len(cost), integer)])
        self.cost = np.concatenate([self.cost, cost])
        self.lower = np.concatenate([self.lower, lower])
        self.upper = np.concatenate([self.upper, upper])
        sheet = entries.tocsc()
        columns = np.repeat(np.arange(len(cost)), np.diff(sheet.indptr))
        self._remember(sheet.indices, first + columns, sheet.data)
        if self._live is not None:
            starts = sheet.indptr[:-1].astype(np.int32)
            index = sheet.indices.astype(np.int32)
            self._live.addCols(len(cost), cost, lower, upper, len(index), starts, index, sheet.data)

    def _remember(self, rows: IntArray, columns: IntArray, values: FloatArray) -> None:
        if len(values):
            row, column = (np.asarray(part, dtype=np.int64) for part in (rows, columns))
            self._entries.append((row, column, np.asarray(values, dtype=float)))

    def set_bounds(self, columns: IntArray, lower: FloatArray, upper: FloatArray) -> None:
        """Give columns other bounds."""
        self.lower[columns], self.upper[columns] = lower, upper
        if self._live is not None:
            self._live.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def branching(
        self, rows: int, entries: csc_array, columns: IntArray, lower: FloatArray, upper: FloatArray
    ) -> Model:
        """Return a copy to run with whole numbers once, made from the live model of the solver without PuLP.

        It keeps the first `rows` rows, gets rows ``entries @ x <= 0`` over all columns, and keeps some columns, with
        other bounds. Only with a solver that has the model live.
        """
        import highspy

        self.hand_over()
        found = Model(self.solver)
        found.cost, found.integer = self.cost[columns], self.integer[columns]
        found.lower, found.upper = lower, upper
        found._take_rows(self, rows, entries, columns)
        with _silence():
            live = highspy.Highs()
        live.setOptionValue("output_flag", False)
        live.passModel(self._live.getModel())
        more = np.arange(rows, len(self.rhs), dtype=np.int32)
        live.deleteRows(len(more), more)
        sheet = entries.tocsr()
        starts, index = sheet.indptr[:-1].astype(np.int32), sheet.indices.astype(np.int32)
        none = np.zeros(sheet.shape[0])
        live.addRows(len(none), none - np.inf, none, len(index), starts, index, sheet.data)
        gone = np.setdiff1d(np.arange(len(self.cost)), columns).astype(np.int32)
        live.deleteCols(len(gone), gone)
        live.changeColsBounds(len(columns), np.arange(len(columns), dtype=np.int32), lower, upper)
        whole = np.flatnonzero(found.integer).astype(np.int32)
        kind = np.full(len(whole), highspy.HighsVarType.kInteger)
        live.changeColsIntegrality(len(whole), whole, kind)
        found._live = live
        return found

    def _take_rows(self, other: Model, rows: int, entries: csc_array, columns: IntArray) -> None:
        """Take the first rows of another model, and ``entries @ x <= 0``, both for some of its columns."""
        place = np.full(len(other.cost), -1, dtype=np.int64)
        place[columns] = np.arange(len(columns))
        more = entries.shape[0]
        self.rhs = np.concatenate([other.rhs[:rows], np.zeros(more)])
        self.equal = np.concatenate([other.equal[:rows], np.zeros(more, dtype=bool)])
        for row, column, value in other._entries:
            kept = (row < rows) & (place[column] >= 0)
            self._remember(row[kept], place[column[kept]], value[kept])
        sheet = entries.tocoo()
        kept = place[sheet.col] >= 0
        self._remember(rows + sheet.row[kept], place[sheet.col[kept]], sheet.data[kept])

    def to_pulp(self, *, whole: bool = False) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
        """Return the PuLP problem and its variables in order; its constraints are named r0, r1 and so on."""
        problem = pulp.LpProblem("flow", pulp.LpMinimize)
        low, high = (_open(bounds) for bounds in (self.lower, self.upper))
        width = len(str(len(low)))  # PuLP 3 sorts variables by name
        kind = np.where(self.integer & whole, pulp.LpInteger, pulp.LpContinuous).tolist()
        x = [problem.add_variable(f"x{j:0{width}d}", low[j], high[j], kind[j]) for j in range(len(low))]
        problem.setObjective(_affine(list(zip(x, self.cost.tolist(), strict=True))))
        terms: list[list[tuple[pulp.LpVariable, float]]] = [[] for _ in self.rhs]
        for rows, columns, values in self._entries:
            for i, j, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
                terms[i].append((x[j], value))
        for i, (rhs, equal) in enumerate(zip(self.rhs.tolist(), self.equal.tolist(), strict=True)):
            left = _affine(terms[i])
            problem.addConstraint(left == rhs if equal else left <= rhs, f"r{i}")
        return problem, x

    def start_from(self, basis: Basis) -> None:
        """Begin the next run at a basis, which may be incomplete or singular; only HiGHS can."""
        if not self.warm:
            return
        import highspy

        status = highspy.HighsBasisStatus
        self.hand_over()
        start = highspy.HighsBasis()
        start.col_status = [status.kBasic if b else status.kLower for b in basis.columns.tolist()]
        rows = zip(basis.rows.tolist(), self.equal.tolist(), strict=True)
        start.row_status = [status.kBasic if b else status.kLower if e else status.kUpper for b, e in rows]
        start.valid = True
        start.alien = True
        self._live.setBasis(start)

    def basis(self) -> Basis | None:
        """Return the last basis, if the solver has one to give."""
        if self._live is None or not self._ran:
            return None
        import highspy

        basic = highspy.HighsBasisStatus.kBasic
        last = self._live.getBasis()
        return Basis(
            np.array([s == basic for s in last.col_status], dtype=bool),
            np.array([s == basic for s in last.row_status], dtype=bool),
        )

    def run(self, deadline: float, *, primal: bool = False, steps: int | None = None) -> Outcome:
        """Solve; `primal` hints that the last basis is feasible, `steps` limits pivots where the solver can."""
        left = max(0.01, deadline - time.perf_counter())
        found = self._run_highs(left, steps, primal=primal) if self.warm else self._run_pulp(left)
        if found.status == OPTIMAL and not (self._holds(found.x) and self._prices(found.row_dual)):
            return Outcome(FAILED, np.zeros(0), np.zeros(0))
        return found

    def _prices(self, dual: FloatArray) -> bool:
        """Say whether there is a price for each row."""
        return len(dual) == len(self.rhs) and bool(np.isfinite(dual).all())

    def _holds(self, x: FloatArray, *, whole: bool = False) -> bool:
        """Say whether a point keeps all rows and bounds: a solver that has broken may say anything."""
        if len(x) != len(self.cost) or not np.isfinite(x).all():
            return False
        if len(self._entries) > 1:
            rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
            self._entries = [(rows, columns, values)]
        rows, columns, values = self._entries[0] if self._entries else _NOTHING
        terms = values * x[columns]
        over = np.bincount(rows, terms, len(self.rhs)) - self.rhs
        over = np.where(self.equal, np.abs(over), over)
        size = np.bincount(rows, np.abs(terms), len(self.rhs))
        beyond = np.maximum(self.lower - x, x - self.upper)
        if whole:
            beyond = np.maximum(beyond, np.where(self.integer, np.abs(x - np.round(x)), 0.0))
        kept = (over <= _KEPT * np.maximum(1.0, size)).all() and (beyond <= _KEPT * np.maximum(1.0, np.abs(x))).all()
        return bool(kept)

    def run_integer(
        self,
        deadline: float,
        gap: float,
        start: FloatArray | None = None,
        *,
        presolve: bool = True,
        heuristics: bool = True,
        nodes: int | None = None,
    ) -> IntegerOutcome:
        """Solve with whole numbers to a relative gap, from a feasible start if there is one.

        Only HiGHS takes the start, leaves a model alone that has been reduced before (`presolve`), looks for nothing
        better than its nodes give (`heuristics`), and stops after a number of nodes.
        """
        left = max(0.01, deadline - time.perf_counter())
        found = self._run_integer(left, gap, start, presolve, heuristics, nodes)
        if found.x is not None and not self._holds(found.x, whole=True):
            return IntegerOutcome(FAILED, None, -np.inf)
        return found

    def _run_integer(
        self, left: float, gap: float, start: FloatArray | None, presolve: bool, heuristics: bool, nodes: int | None
    ) -> IntegerOutcome:
        if not self.warm:
            return self._integer_pulp(left, gap)
        self.hand_over(whole=True)
        self._live.setOptionValue("presolve", "on" if presolve else "off")
        if not heuristics:
            for option, value in _NO_HEURISTICS.items():
                self._live.setOptionValue(option, value)
        self._live.setOptionValue("mip_max_nodes", 2**31 - 1 if nodes is None else nodes)
        return self._integer_highs(left, gap, start)

    def _integer_highs(self, seconds: float, gap: float, start: FloatArray | None) -> IntegerOutcome:
        import highspy

        live = self._live
        if np.isfinite(seconds):
            live.setOptionValue("time_limit", live.getRunTime() + seconds)
        live.setOptionValue("mip_rel_gap", gap)
        live.setOptionValue("mip_abs_gap", 0.0)
        live.setOptionValue("mip_feasibility_tolerance", _WHOLE)
        if start is not None:
            point = highspy.HighsSolution()
            point.col_value = start.tolist()
            live.setSolution(point)
        if not _runs(live):
            return IntegerOutcome(FAILED, None, -np.inf)
        ended, info = live.getModelStatus(), live.getInfo()
        if ended == highspy.HighsModelStatus.kInfeasible:
            return IntegerOutcome(INFEASIBLE, None, np.inf)
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        x = np.array(live.getSolution().col_value) if found else None
        return IntegerOutcome(_ended(ended), x, float(info.mip_dual_bound))

    def _integer_pulp(self, seconds: float, gap: float) -> IntegerOutcome:
        _, x, code, name = self._solve_pulp(seconds, whole=True, gapRel=gap)
        if "nfeasible" in name:
            return IntegerOutcome(INFEASIBLE, None, np.inf)
        if code not in (_PROVED, _FOUND):
            return IntegerOutcome(FAILED if name == _BROKE else STOPPED, None, -np.inf)
        values = np.array([v.varValue or 0.0 for v in x])
        if code == _FOUND:
            return IntegerOutcome(STOPPED, values, -np.inf)
        # PuLP hands over no bound: what it calls optimal is within the gap that was asked.
        cost = float(self.cost @ values)
        return IntegerOutcome(OPTIMAL, values, cost - gap * abs(cost))

    def hand_over(self, *, whole: bool = False) -> None:
        """Give the model as it stands to HiGHS, if that is the solver and does not have it yet."""
        if self._live is not None or not self.warm:
            return
        with _uncollected():
            problem, _ = self.to_pulp(whole=whole)
            agent = pulp.getSolver(self.solver, msg=False)
            with _silence():
                agent.createAndConfigureSolver(problem)
            problem.solverModel.setOptionValue("output_flag", False)
            agent.buildSolverModel(problem)
            self._live = problem.solverModel

    def _run_highs(self, seconds: float, steps: int | None, *, primal: bool) -> Outcome:
        import highspy

        self.hand_over()
        live = self._live
        live.setOptionValue("time_limit", live.getRunTime() + seconds if np.isfinite(seconds) else highspy.kHighsInf)
        if self._ran:
            live.setOptionValue("presolve", "off")
        live.setOptionValue("simplex_iteration_limit", 2**31 - 1 if steps is None else steps)
        live.setOptionValue("simplex_strategy", 4 if primal else 1)
        status = _ended(live.getModelStatus()) if _runs(live) else FAILED
        if status != OPTIMAL:
            return Outcome(status, np.zeros(0), np.zeros(0))
        self._ran = True
        found = live.getSolution()
        return Outcome(status, np.array(found.col_value), np.array(found.row_dual))

    def _solve_pulp(
        self, seconds: float, *, whole: bool = False, **options: Any
    ) -> tuple[pulp.LpProblem, list[pulp.LpVariable], int, str]:
        """Build and solve by PuLP; return also PuLP's code of the solution, and the name of the status."""
        problem, x = self.to_pulp(whole=whole)
        if np.isfinite(seconds):
            options["timeLimit"] = max(1, int(seconds))
        with warnings.catch_warnings():
            # PuLP 3 warns that its own CBC goes away in PuLP 4: whoever asks for CBC gets what is there.
            warnings.simplefilter("ignore", DeprecationWarning)
            agent = pulp.getSolver(self.solver, msg=False, **options)
            try:
                ended = _solve_and_clear(problem, agent)
            except (pulp.PulpSolverError, OSError):  # it crashed, was killed, or left no answer
                return problem, x, 0, _BROKE
        # PuLP 3 returns a number that also stands for runs cut short, and keeps the truth in sol_status.
        code = int(getattr(problem, "sol_status", 0)) if isinstance(ended, int) else int(ended.status)
        if code == 1 and isinstance(ended, int) and problem.status != 1:
            code = 0
        return problem, x, code, str(getattr(ended, "status", pulp.LpStatus.get(problem.status, "")))

    def _run_pulp(self, seconds: float) -> Outcome:
        problem, x, code, name = self._solve_pulp(seconds)
        if code != _PROVED:
            status = INFEASIBLE if "nfeasible" in name else FAILED if name == _BROKE else STOPPED
            return Outcome(status, np.zeros(0), np.zeros(0))
        values = np.array([v.varValue or 0.0 for v in x])
        duals = np.array([problem.get_constraint_by_name(f"r{i}").pi or 0.0 for i in range(len(self.rhs))])
        return Outcome(OPTIMAL, values, duals)


def _runs(live: Any) -> bool:
    """Run HiGHS; say whether it came to an end by itself."""
    try:
        live.run()
    except RuntimeError:  # what the binding makes of any error within
        return False
    return True


def _ended(status: Any) -> str:
    """Return how a run of HiGHS ended by what it says of its model."""
    import highspy

    known = highspy.HighsModelStatus
    stopped = known.kTimeLimit, known.kIterationLimit, known.kSolutionLimit, known.kInterrupt
    return {known.kOptimal: OPTIMAL, known.kInfeasible: INFEASIBLE, **dict.fromkeys(stopped, STOPPED)}.get(
        status, FAILED
    )


def _solve_and_clear(problem: pulp.LpProblem, agent: Any) -> Any:
    """Solve; files for a solver that is a program go to a folder of their own, as PuLP leaves them if it crashes."""
    if not hasattr(agent, "tmpDir"):
        return problem.solve(agent)
    with tempfile.TemporaryDirectory(prefix="corridors-solver-") as place:
        agent.tmpDir = place
        return problem.solve(agent)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the many small objects of a model, all of use, from setting off a search of all memory for garbage."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the banner that HiGHS writes past Python when it is first made out of what a user pipes on."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _open(bounds: FloatArray) -> list[float | None]:
    return [float(b) if np.isfinite(b) else None for b in bounds]
