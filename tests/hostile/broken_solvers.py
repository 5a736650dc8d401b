"""Solvers that are missing, slow, killed, or lie: a clear message or an honest status, never a wrong optimum."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .asking import ask, ask_python, environment
from .trying import Try, answered, expect, in_words, refused
from .writing import SMALL, prepare

__all__ = ["TITLE", "tries"]

TITLE = "Solvers"

_NETWORK = """
import numpy as np, pandas as pd, solvers
rng = np.random.default_rng(1)
n = {size}
tail, head = rng.integers(0, n, 6 * n), rng.integers(0, n, 6 * n)
keep = tail != head
arcs = pd.DataFrame({{"tail": tail[keep], "head": head[keep]}})
arcs["cost"] = rng.uniform(1, 9, len(arcs)); arcs["capacity"] = rng.uniform(1, 9, len(arcs))
arcs["fixed_cost"] = rng.uniform(1, 50, len(arcs)).round()
demands = pd.DataFrame({{"origin": rng.integers(0, n // 2, n), "destination": rng.integers(n // 2, n, n)}})
demands["quantity"] = 2.0
few = arcs.assign(fixed_cost=np.where(np.arange(len(arcs)) % 6, 0.0, arcs["fixed_cost"]))
both = pd.DataFrame({{"probability": [0.5, 0.5], "quantity": [None, {{0: 4.0, 1: 3.0}}]}}, index=["usual", "more"])
"""
_CALLS = {
    "solve_flow by arcs": 'solvers.solve_flow(arcs, demands, method="arc", unmet_penalty=500.0, {more})',
    "solve_flow by paths": 'solvers.solve_flow(arcs, demands, method="path", unmet_penalty=500.0, {more})',
    "solve_design": "solvers.solve_design(arcs, demands, unmet_penalty=500.0, {more})",
    "solve_two_stage": "solvers.solve_two_stage(few, demands, both, unmet_penalty=500.0, gap=1e-7, {more})",
    "solve_two_stage by regret": (
        'solvers.solve_two_stage(few, demands, both, unmet_penalty=500.0, gap=1e-7, risk="regret", {more})'
    ),
    "worst_failures": "solvers.worst_failures(arcs, demands.iloc[:4], 2, unmet_penalty=500.0, {more})",
}
_SIGN = {"worst_failures": -1}  # looks for the greatest
_SAY = """
try:
    found = {call}
except (solvers.SolverInputError, solvers.FlowCheckError, RuntimeError, ImportError, ValueError) as error:
    print("told:", " ".join(str(error).split())[:300])
else:
    print("found:", found.status, repr(float(found.objective)), repr(float(found.bound)))
"""
_LIES = (
    *("it throws", "it does nothing and says optimal", "it says that it failed"),
    *("its answer is noise", "its answer is not a number", "its answer is nought"),
)
_LYING = """\
import random
import highspy

real, how = highspy.Highs, {how!r}

class Highs(real):
    def run(self):
        print("(a lie)", flush=True)
        if how == "it throws":
            raise RuntimeError("the solver fell over")
        if how == "it does nothing and says optimal":
            return highspy.HighsStatus.kOk
        return super().run()

    def getModelStatus(self):
        if how == "it says that it failed":
            return highspy.HighsModelStatus.kSolveError
        return highspy.HighsModelStatus.kOptimal

    def getSolution(self):
        found = super().getSolution()
        draw = random.Random(1)
        value = dict(zip(
            ("its answer is noise", "its answer is not a number", "its answer is nought"),
            (lambda: draw.uniform(-9, 9), lambda: float("nan"), lambda: 0.0),
        )).get(how)
        if value:
            found.col_value = [value() for _ in range(self.getNumCol())]
            found.row_dual = [value() for _ in range(self.getNumRow())]
        return found

highspy.Highs = highspy.highs.Highs = Highs
"""
_LIE = "(a lie)\n"  # told whenever the solver runs, so that a try in which it does not run is none
_MISSING = """\
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


def _with(folder: Path, code: str, **more: str) -> dict[str, str]:
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(code, encoding="utf-8")
    env = environment(**more)
    return {**env, "PYTHONPATH": f"{hooks}{os.pathsep}{env['PYTHONPATH']}"}


def _code(call: str, size: int, more: str = "") -> str:
    return _NETWORK.format(size=size) + _SAY.format(call=_CALLS[call].format(more=more))


def _truth(call: str, size: int, folder: Path) -> float:
    done = ask_python(_code(call, size), cwd=folder, env=environment())
    answered(done, "found: optimal")
    return float(done.out.split()[2])


def _no_wrong_optimum(out: str, true: float, sign: int = 1) -> None:
    """Expect words, another status than optimal, or the optimum; bounds never above it, points never below."""
    said = out.split()
    if out.startswith("told:"):
        expect(len(out) > 12, "no words")
        return
    expect(said[0] == "found:", out[:500])
    objective, bound = sign * float(said[2]), sign * float(said[3])
    true *= sign
    near = 1e-6 * abs(true) + 1e-9
    if said[1] == "optimal":
        expect(abs(objective - true) <= near, f"optimal {objective}, but the optimum is {true}")
    if objective == objective:
        expect(objective >= true - near, f"{objective} is below the optimum {true}")
    if said[1] != "infeasible":
        expect(not bound > true + near, f"bound {bound} is above the optimum {true}")


def _in_time(call: str, seconds: float, folder: Path) -> None:
    true = _truth(call, 14, folder)
    done = ask_python(_code(call, 14, f"time_limit_s={seconds}"), cwd=folder, env=environment())
    in_words(done)
    _no_wrong_optimum(done.out, true, _SIGN.get(call, 1))


def _wrong_limit(call: str, value: str, folder: Path) -> None:
    done = ask_python(_code(call, 12, f"time_limit_s={value}"), cwd=folder, env=environment())
    in_words(done)
    expect(done.out.startswith("told:") and "time_limit_s" in done.out, done.out[:300])


def _missing(name: str, words: tuple[str, ...], folder: Path) -> None:
    prepare(folder)
    done = ask(*words, cwd=folder, env=_with(folder, _MISSING.format(name=name)))
    in_words(done)
    expect(done.code in (0, 2) and (done.code == 0 or name in done.err), f"{done.code} {done.err[-500:]}")


_SOLUTION = 'for a in "$@"; do case "$a" in *.sol) echo "%s" > "$a";; esac; done'
_FAKES = {
    "it is killed": "kill -9 $$",
    "it ends with an error": "echo broken >&2; exit 3",
    "it writes nothing": "exit 0",
    "it writes noise": _SOLUTION % "@#% 17 x y",
    "it says optimal and nothing more": _SOLUTION % "Optimal - objective value 0",
    "it says infeasible": _SOLUTION % "Infeasible - objective value 0",
}


def _fake(how: str, call: str, folder: Path) -> None:
    """Put another program in the place of CBC."""
    true = _truth(call, 12, folder)
    place = folder / "bin"
    place.mkdir()
    (place / "cbc").write_text(f"#!/bin/sh\n{_FAKES[how]}\n", encoding="utf-8")
    (place / "cbc").chmod(stat.S_IRWXU)
    rest = folder / "rest"
    rest.mkdir()
    env = environment(PATH=f"{place}{os.pathsep}{os.environ['PATH']}", TMPDIR=str(rest), TMP=None, TEMP=None)
    done = ask_python(_code(call, 12, 'solver="COIN_CMD"'), cwd=folder, env=env)
    in_words(done)
    expect(not list(rest.iterdir()), f"left behind: {list(rest.iterdir())}")
    _no_wrong_optimum(done.out, true, _SIGN.get(call, 1))


def _lies(call: str, how: str, folder: Path) -> None:
    true = _truth(call, 12, folder)
    done = ask_python(_code(call, 12), cwd=folder, env=_with(folder, _LYING.format(how=how)), timeout=60)
    expect(_LIE in done.out, "the solver was not asked")
    in_words(done)
    _no_wrong_optimum(done.out.replace(_LIE, ""), true, _SIGN.get(call, 1))


def _lies_to(words: tuple[str, ...], how: str, folder: Path) -> None:
    """Expect words of a command whose solver lies, and no answer."""
    prepare(folder)
    done = ask(*words, cwd=folder, env=_with(folder, _LYING.format(how=how)), timeout=60)
    expect(_LIE in done.out, "the solver was not asked")
    refused(done, "the solver does not work here")


def _unknown(name: object, folder: Path) -> None:
    done = ask_python(_code("solve_flow by arcs", 12, f"solver={name!r}"), cwd=folder, env=environment())
    in_words(done)
    expect(done.out.startswith("told: solver: ") and "expected one of" in done.out, done.out[:300])


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    for name in ("highspy", "pulp", "scipy", "pandas", "pyarrow", "matplotlib", "openmatrix"):
        for words in (
            ("routes", "xian", "duisburg"),
            ("run", "baseline-2026", *SMALL, "--no-cache"),
            ("gas", "security"),
        ):
            yield Try("a package is missing", f"{name}: {words[0]}", partial(_missing, name, words))
    for words in (
        ("sweep", "sweep.yaml", "--out", "o"),
        ("demand", "export", "d.omx"),
        ("run", "shut.yaml", "--plot", "x.png"),
    ):
        for name in ("pyarrow", "matplotlib", "openmatrix"):
            yield Try(
                "a package is missing", f"{name}: {words[0]}", partial(_missing, name, words), words[0] == "sweep"
            )
    for call in _CALLS:
        for seconds in (0.001, 0.01, 0.1):
            yield Try("it has no time", f"{call}: {seconds} s", partial(_in_time, call, seconds))
        for value in ("-1", "float('nan')", "'soon'"):
            yield Try("a time limit that is none", f"{call}: {value}", partial(_wrong_limit, call, value))
        for how in _LIES:
            yield Try("the solver lies", f"{call}: {how}", partial(_lies, call, how))
    for how in _LIES:
        yield Try("the solver lies", f"gas backtest: {how}", partial(_lies_to, ("gas", "backtest"), how))
    for call in _CALLS:
        for how in _FAKES:
            yield Try("another program in the place of CBC", f"{call}: {how}", partial(_fake, how, call))
    for name in ("highs!", "", None, 7, "GUROBI_CMD", "cplex"):
        yield Try("a solver that is not there", repr(name), partial(_unknown, name))
