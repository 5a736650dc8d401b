"""What a solver claims is held against the model before it counts: broken answers never become optima."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solvers import FlowCheckError, _solver, solve_design, solve_flow, solve_gas_flow, solve_two_stage, worst_failures

_ARCS = pd.DataFrame(
    {
        "tail": ["A", "A", "B", "C"],
        "head": ["C", "B", "C", "D"],
        "cost": [5.0, 3.0, 3.0, 1.0],
        "capacity": [6.0, 8.0, 8.0, 20.0],
        "fixed_cost": [3.0, 0.0, 2.0, 0.0],
    }
)
_DEMANDS = pd.DataFrame({"origin": ["A", "B"], "destination": ["D", "D"], "quantity": [10.0, 2.0]})
_BOTH = pd.DataFrame({"probability": [0.4, 0.6], "quantity": [None, {0: 12.0}]}, index=["usual", "more"])
_CALLS: dict[str, Callable[[], Any]] = {
    "arc": lambda: solve_flow(_ARCS, _DEMANDS, method="arc", unmet_penalty=50.0),
    "path": lambda: solve_flow(_ARCS, _DEMANDS, method="path", unmet_penalty=50.0),
    "design": lambda: solve_design(_ARCS, _DEMANDS, unmet_penalty=50.0),
    "failures": lambda: worst_failures(_ARCS, _DEMANDS, 1, unmet_penalty=50.0),
    "two stages": lambda: solve_two_stage(_ARCS, _DEMANDS, _BOTH, unmet_penalty=50.0, gap=1e-7),
    "regret": lambda: solve_two_stage(_ARCS, _DEMANDS, _BOTH, risk="regret", unmet_penalty=50.0, gap=1e-7),
    "programme": lambda: worst_failures(_ARCS, _DEMANDS, 1, unmet_penalty=50.0, method="programme"),
}
_SPOILED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": np.zeros_like,
    "too much": lambda x: x + 7.0,
    "not a number": lambda x: np.full_like(x, np.nan),
    "without end": lambda x: np.full_like(x, np.inf),
    "too short": lambda x: x[:-1],
}


@pytest.mark.parametrize("spoiled", list(_SPOILED))
@pytest.mark.parametrize("call", list(_CALLS))
def test_a_point_that_breaks_rows_is_never_an_optimum(call: str, spoiled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = _CALLS[call]()
    assert true.status == "optimal"
    honest, whole = _solver.Model._run_highs, _solver.Model._integer_highs
    spoil = _SPOILED[spoiled]

    def run(self: _solver.Model, *args: Any, **options: Any) -> _solver.Outcome:
        found = honest(self, *args, **options)
        return _solver.Outcome(found.status, spoil(found.x), found.row_dual)

    def run_whole(self: _solver.Model, *args: Any) -> _solver.IntegerOutcome:
        found = whole(self, *args)
        return _solver.IntegerOutcome(found.status, None if found.x is None else spoil(found.x), found.bound)

    monkeypatch.setattr(_solver.Model, "_run_highs", run)
    monkeypatch.setattr(_solver.Model, "_integer_highs", run_whole)
    try:
        found = _CALLS[call]()
    except FlowCheckError as error:
        assert "solver" in str(error)
        return
    assert found.status == "inaccurate" or found.objective == pytest.approx(true.objective)


def test_a_point_that_is_not_the_best_is_no_optimum_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _solver.Model._run_highs

    def run(self: _solver.Model, *args: Any, **options: Any) -> _solver.Outcome:
        """Serve nobody, at honest prices."""
        found = honest(self, *args, **options)
        x = np.zeros(len(found.x))
        x[: len(_DEMANDS)] = _DEMANDS["quantity"]
        return _solver.Outcome(found.status, x, found.row_dual)

    monkeypatch.setattr(_solver.Model, "_run_highs", run)
    with pytest.raises(FlowCheckError, match="the solver is wrong"):
        worst_failures(_ARCS, _DEMANDS, 1, unmet_penalty=50.0)


def test_prices_that_are_no_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _solver.Model._run_highs

    def run(self: _solver.Model, *args: Any, **options: Any) -> _solver.Outcome:
        found = honest(self, *args, **options)
        return _solver.Outcome(found.status, found.x, found.row_dual * np.nan)

    monkeypatch.setattr(_solver.Model, "_run_highs", run)
    assert solve_flow(_ARCS, _DEMANDS, method="arc", unmet_penalty=50.0).status == "inaccurate"
    nodes = pd.DataFrame({"node": ["Baku", "Erzurum"], "supply": [60.0, 0.0], "demand": [0.0, 50.0]})
    pipes = pd.DataFrame({"tail": ["Baku"], "head": ["Erzurum"], "capacity": [45.0], "cost": [2.0]})
    assert solve_gas_flow(nodes, pipes).status == "failed"
