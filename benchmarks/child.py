"""Run one solver on one case and print the outcome as one line of JSON: `python -m benchmarks.child CASE SOLVER`.

Each run is a process of its own, so that its peak memory is the solver's. The solver first solves a toy problem, so
that neither imports nor what is done on first use count. Runs that take less than a second are repeated, and the
least time is given.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

if any(word.startswith("OR-tools") for word in sys.argv):  # first: its copy of HiGHS does not load beside highspy's
    with suppress(ImportError):
        import ortools.graph.python.min_cost_flow
        import ortools.linear_solver.python.model_builder  # noqa: F401

from . import design, gas
from .cases import Change, Job, Pairs, find
from .equilibrium import toy as toy_roads
from .instances import AbsentError, Roads, geometric, one_commodity, tightened
from .peers import Answer, NotTriedError

__all__ = ["run_child"]

_ROOT = Path(__file__).resolve().parent.parent
_GRACE_S = 120.0
_MEMORY_GB = 6.0
_REPEATS = 5
_SHORT_S = 1.0


def outcome(case: str, solver: str, *, quick: bool, data: Path | None, limit_s: float) -> dict[str, Any]:
    """Solve and return what is printed."""
    found = find(case)
    try:
        problem = found.build(quick, data)
    except AbsentError as error:
        return {"absent": str(error)}
    about = {"size": problem.size, "known": problem.known, **getattr(problem, "counts", {})}
    job = found.jobs[solver]
    try:
        _warm_up(job, problem)
        before = peak_mb()
        answers = _repeated(job, problem, limit_s)
    except ImportError as error:
        return {**about, "note": "not there yet" if "solve_flow" in str(error) else "not installed"}
    except NotTriedError as error:
        return {**about, "note": f"not run: {error}"}
    last = answers[-1]
    seconds = min(answer.seconds for answer in answers)
    numbers = {"objective": last.objective, "gap": last.gap, "tolerance": last.tolerance}
    stated = {key: value for key, value in numbers.items() if math.isfinite(value)}
    peak = peak_mb()
    return {**about, **stated, "seconds": seconds, "note": last.note, "peak_mb": peak, "own_mb": peak - before}


def run_child(case: str, solver: str, *, quick: bool, data: Path | None, limit_s: float) -> dict[str, Any]:
    """Run one solver on one case in a process of its own and return what it said."""
    command = [sys.executable, "-m", "benchmarks.child", case, solver, "--limit", str(limit_s)]
    command += ["--quick"] if quick else []
    command += ["--data", str(data)] if data else []
    try:
        done = subprocess.run(
            command, cwd=_ROOT, capture_output=True, text=True, timeout=limit_s * 2 + _GRACE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        return {"note": f"stopped after {error.timeout:.0f} s"}
    if done.returncode:
        if re.search(r"MemoryError|bad_alloc|Cannot allocate memory|Unable to allocate", done.stderr):
            return {"note": f"more memory than {_MEMORY_GB:g} GB", "failed": True}
        return {"note": f"failed: {_reason(done.stderr) or f'exit code {done.returncode}'}", "failed": True}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _reason(stderr: str) -> str:
    """Last line that names an exception, or else the last line."""
    lines = stderr.strip().splitlines()
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (named or lines or [""])[-1][:120]


def peak_mb() -> float:
    """Most memory that this process or one of its children has held, MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) / unit


def _warm_up(job: Job, problem: Any) -> None:
    if isinstance(problem, Roads):
        job(toy_roads(), 10.0)
    elif isinstance(problem, gas.GasYear):
        job(gas.small(), 10.0)
    elif isinstance(problem, Pairs):
        toy = geometric(12, 6, 1)
        ends = list(toy.demands[["origin", "destination"]].head(1).itertuples(index=False, name=None))
        job(Pairs(toy, ends, 2), 10.0)
    elif isinstance(problem, Change):
        toy = geometric(12, 6, 1)
        job(Change(toy, tightened(toy)[0]), 10.0)
    elif "fixed_cost" in problem.arcs:
        job(design.toy(), 10.0)
    elif len(problem.demands) == 1:
        job(one_commodity(12, 30, 1), 10.0)
    else:
        job(geometric(12, 6, 1), 10.0)


def _repeated(job: Job, problem: Any, limit_s: float) -> list[Answer]:
    answers = [job(problem, limit_s)]
    while len(answers) < _REPEATS and answers[0].seconds < _SHORT_S:
        answers.append(job(problem, limit_s))
    return answers


def main() -> None:
    """Read the arguments, solve, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("solver")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--memory", type=float, default=_MEMORY_GB, help="address space, GB")
    given = parser.parse_args()
    room = int(given.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    found = outcome(given.case, given.solver, quick=given.quick, data=given.data, limit_s=given.limit)
    print("\n" + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
