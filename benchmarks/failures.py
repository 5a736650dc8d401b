"""The worst failures against enumeration of all sets of up to three, on the networks of freight and gas.

    python -m benchmarks.failures [--elements 20]

Freight: the trade by land of 2030 on the whole network, the elements over which most boxes go. Gas: the year 2025 by
month, the lines that carry most. The sets are enumerated by solving each anew (from the solution before).
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import corridors
from corridors.planner import design_case
from networks import build, load_tables
from solvers import solve_flow, solve_gas_flow, worst_failures, worst_gas_failures


def enumerated(names: Sequence[str], cost: Callable[[tuple[str, ...]], float]) -> tuple[list[float], int]:
    """Return the greatest cost of up to one, two and three failures, and how many sets there are."""
    best, count, found = -np.inf, 0, []
    for size in (0, 1, 2, 3):
        for lost in itertools.combinations(names, size):
            best = max(best, cost(lost))
            count += 1
        if size:
            found.append(best)
    return found, count


def freight(size: int) -> None:
    """Compare on the freight network, and prove three failures of all links and stops."""
    case = design_case("central", year=2030)
    arcs = case.arcs[case.arcs["project"].isna()]
    base = build(load_tables()).arcs
    inside = arcs[arcs["base"] >= 0]
    of = inside["base"].to_numpy()
    ends = {place for _, place in [*case.demands["origin"], *case.demands["destination"]]}
    elements: dict[str, list[Any]] = {}
    for column, kind in (("link_id", "link"), ("from_place_id", "stop"), ("to_place_id", "stop")):
        values = base[column].to_numpy()[of]
        for value in sorted(set(values) - {""} - (ends if kind == "stop" else set())):
            elements.setdefault(f"{kind} {value}", []).extend(inside.index[values == value].tolist())
    usual = solve_flow(arcs, case.demands, unmet_penalty=case.unmet_penalty)
    load = {name: float(usual.arc_flow.loc[members].max()) for name, members in elements.items()}
    some = sorted(elements, key=lambda name: -load[name])[:size]
    place = {name: arcs.index.get_indexer(np.array(elements[name], dtype=object)) for name in some}
    last = usual

    def cost(lost: tuple[str, ...]) -> float:
        nonlocal last
        capacity = arcs["capacity"].to_numpy(copy=True)
        for name in lost:
            capacity[place[name]] = 0.0
        last = solve_flow(arcs.assign(capacity=capacity), case.demands, unmet_penalty=case.unmet_penalty, previous=last)
        return last.objective

    begun = time.perf_counter()
    truth, count = enumerated(some, cost)
    slow = time.perf_counter() - begun
    for k in (1, 2, 3):
        found = worst_failures(
            arcs, case.demands, k, unmet_penalty=case.unmet_penalty, elements={n: elements[n] for n in some}
        )
        _tell(f"freight, {len(some)} elements", k, found, truth[k - 1])
    print(f"freight: {count:,} sets enumerated in {slow:.0f} s")
    for k in (1, 2, 3):
        print(
            "all links and stops:",
            worst_failures(arcs, case.demands, k, unmet_penalty=case.unmet_penalty, elements=elements),
        )


def gas(size: int) -> None:
    """Compare on the gas network, and prove three failures of all pipes."""
    call = corridors.gas_case(2025).solver_tables()
    usual = solve_gas_flow(**call)
    days = call["periods"].to_numpy()
    carried = (usual.forward.mul(days, axis=0).sum() + usual.backward.mul(days, axis=0).sum()).sort_values(
        ascending=False
    )
    some = [str(p) for p in carried.index[:size]]

    def cost(lost: tuple[str, ...]) -> float:
        pipes, profiles = call["pipes"].copy(), dict(call["profiles"])
        pipes.loc[list(lost), ["capacity", "reverse_capacity"]] = 0.0
        for table in ("pipe", "reverse"):
            if table in profiles:
                frame = profiles[table].copy()
                frame.loc[:, [c for c in lost if c in frame]] = 0.0
                profiles[table] = frame
        return float(solve_gas_flow(**{**call, "pipes": pipes, "profiles": profiles}).objective)

    begun = time.perf_counter()
    truth, count = enumerated(some, cost)
    slow = time.perf_counter() - begun
    for k in (1, 2, 3):
        found = worst_gas_failures(**call, k=k, elements={p: [("pipe", p)] for p in some})
        _tell(f"gas, {len(some)} pipes", k, found, truth[k - 1])
    print(f"gas: {count:,} sets enumerated in {slow:.0f} s")
    for k in (1, 2, 3):
        print("all pipes:", worst_gas_failures(**call, k=k))


def _tell(what: str, k: int, found: Any, truth: float) -> None:
    off = abs(found.objective - truth) / abs(truth)
    print(f"{what}, k = {k}: {found.status}, off by {off:.1e}, {found.sets} sets, {found.seconds:.1f} s")
    if off > 1e-6 or found.status != "optimal":
        raise SystemExit(f"{what}, k = {k}: {found.objective} is not what enumeration finds, {truth}")


def main() -> None:
    """Compare both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=20)
    size = parser.parse_args().elements
    gas(size)
    freight(size)


if __name__ == "__main__":
    main()
