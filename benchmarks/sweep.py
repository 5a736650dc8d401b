"""Ten thousand single changes of the freight network in one sweep, against a fresh arc model in PuLP for each.

    python -m benchmarks.sweep [--runs 10000] [--jobs 2] [--peers 2]

The sweep solves the calibrated choice of shippers (logit with capacities and scarcity); the peer is the simplest way to
run such a scenario without the toolkit: the least-cost flow of the same trade on the same network, one variable for
each arc and pair of origin and goods, built in PuLP from nothing and solved by HiGHS. It answers less.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pulp

import corridors
from corridors.planner import design_case
from networks import load_tables

from .measured import Measured, in_times, markdown

EFFECTS: list[dict[str, Any]] = [
    {"effect": {"use": "closed"}, "when": {"for": "60 d"}},
    {"effect": {"use": "closed"}, "when": {"for": "180 d"}},
    {"effect": {"use": "closed"}},
    *({"effect": {"cost": f"x {factor}"}} for factor in (0.75, 0.9, 1.1, 1.25, 1.5, 2, 3)),
    *({"effect": {"time": f"+{hours} h"}} for hours in (12, 24, 48, 96)),
]


def single_changes(count: int) -> list[dict[str, Any]]:
    """Return changes of one link or one stop each."""
    tables = load_tables()
    places = [{"link": link} for link in tables.links.index] + [{"place": place} for place in tables.places.index]
    return [{"x": {"where": where, **effect}} for where in places for effect in EFFECTS][:count]


def arc_model() -> float:
    """Build and solve the arc model once; return its least cost."""
    case = design_case("central", year=2026, markets=["cn-eu", "eu-cn", "caspian"])
    arcs = case.arcs[case.arcs["project"].isna()]
    problem = pulp.LpProblem("arcs", pulp.LpMinimize)
    nodes = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"]]))}
    tail, head = arcs["tail"].map(nodes).tolist(), arcs["head"].map(nodes).tolist()
    groups: dict[tuple[Any, str], dict[int, float]] = {}
    for row in case.demands.itertuples():
        ends = groups.setdefault((row.origin, row[4]), {})
        ends[nodes[row.destination]] = ends.get(nodes[row.destination], 0.0) + row.quantity
    objective: list[tuple[Any, float]] = []
    shared: dict[str, list[Any]] = {}
    for k, ((origin, goods), ends) in enumerate(groups.items()):
        cost = arcs[f"cost_{goods}"].tolist()
        x = [problem.add_variable(f"x{k}_{a}", 0) for a in range(len(arcs))]
        u = {v: problem.add_variable(f"u{k}_{v}", 0, q) for v, q in ends.items()}
        objective += [(x[a], cost[a]) for a in range(len(arcs))]
        objective += [(var, case.unmet_penalty) for var in u.values()]
        balance: list[list[tuple[Any, float]]] = [[] for _ in nodes]
        for a, (i, j) in enumerate(zip(tail, head, strict=True)):
            balance[i].append((x[a], -1.0))
            balance[j].append((x[a], 1.0))
        for v, terms in enumerate(balance):
            rhs = ends.get(v, 0.0)
            if v == nodes[origin]:
                terms += [(var, -1.0) for var in u.values()]
                rhs -= sum(ends.values())
            if v in u:
                terms.append((u[v], 1.0))
            problem.addConstraint(pulp.lpSum(c * var for var, c in terms) == rhs)
        for a, group in enumerate(arcs["group"]):
            if isinstance(group, str):
                shared.setdefault(group, []).append(x[a])
    rooms = arcs.dropna(subset=["group_capacity"]).groupby("group")["group_capacity"].first()
    for group, variables in shared.items():
        if np.isfinite(rooms.get(group, np.inf)):
            problem.addConstraint(pulp.lpSum(variables) <= rooms[group])
    problem.setObjective(pulp.lpSum(c * var for var, c in objective))
    problem.solve(pulp.getSolver("HiGHS", msg=False))
    return float(pulp.value(problem.objective))


class Memory(threading.Thread):
    """Follows the memory of this process and its children, MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[float, float]] = []
        self.going = True

    def run(self) -> None:
        """Look twice a second."""
        begun = time.monotonic()
        while self.going:
            self.seen.append((time.monotonic() - begun, sum(map(_resident_mb, _family(os.getpid())))))
            time.sleep(0.5)


def _family(parent: int) -> list[int]:
    found = [parent]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _resident_mb(pid: int) -> float:
    """Return what a process has for itself, and its part of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def measure(runs: int, jobs: int, peers: int) -> list[Measured]:
    """Run the sweep, and the arc model some times, of which the least counts."""
    changes = single_changes(runs)
    scenario = corridors.load("baseline-2026")
    memory = Memory()
    memory.start()
    with tempfile.TemporaryDirectory(prefix="sweep-") as place:
        begun = time.perf_counter()
        found = corridors.sweep(scenario, {"disruptions": changes}, jobs=jobs, out=Path(place) / "out")
        seconds = time.perf_counter() - begun
    memory.going = False
    used = pd.Series(dict(memory.seen))
    parts = [used[(used.index > a * seconds) & (used.index <= b * seconds)].mean() for a, b in ((0.2, 0.4), (0.8, 1.0))]
    failed = found.failed["run"].nunique()
    note = (
        f"{len(changes):,} runs in {seconds:.0f} s on {jobs} processes, {failed:,} of them failed; all processes "
        f"hold {parts[0]:.0f} MB from 20 to 40 % of the time, {parts[1]:.0f} MB from 80 to 100 %"
    )
    size = "single changes of links and places"
    rows = [
        Measured("sweep", "sweep", "`corridors.sweep`, a run", size, seconds=seconds / len(changes), note=note),
        Measured("sweep", "sweep", "fresh arc model in PuLP, by HiGHS", size, seconds=_arc_model_s(peers)),
    ]
    return in_times(rows)


def _arc_model_s(peers: int) -> float:
    times = []
    for _ in range(peers):
        begun = time.perf_counter()
        arc_model()
        times.append(time.perf_counter() - begun)
    return min(times, default=math.nan)


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", type=int, default=2)
    asked = parser.parse_args()
    print(markdown(measure(asked.runs, asked.jobs, asked.peers)))


if __name__ == "__main__":
    main()
