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

from .measured import Measured, in_times, markdown

_SECTION = "failures"


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


def freight(size: int) -> list[Measured]:
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

    def worst(k: int, names: Sequence[str]) -> Any:
        members: dict[Any, Any] = {name: elements[name] for name in names}
        return worst_failures(arcs, case.demands, k, unmet_penalty=case.unmet_penalty, elements=members)

    about = f"{len(case.demands):,} demands, {len(arcs):,} arcs"
    return _compared("freight", about, some, list(elements), cost, worst)


def gas(size: int) -> list[Measured]:
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

    def worst(k: int, names: Sequence[str]) -> Any:
        return worst_gas_failures(**call, k=k, elements={p: [("pipe", p)] for p in names})

    about = f"2025 by month, {len(call['nodes'])} nodes, {len(call['pipes'])} pipes"
    return _compared("gas", about, some, [str(p) for p in call["pipes"].index], cost, worst)


def _compared(
    what: str,
    about: str,
    some: Sequence[str],
    every: Sequence[str],
    cost: Callable[[tuple[str, ...]], float],
    worst: Callable[[int, Sequence[str]], Any],
) -> list[Measured]:
    """Enumerate sets of some elements, search among them, then among all."""
    begun = time.perf_counter()
    truth, count = enumerated(some, cost)
    slow = time.perf_counter() - begun
    few, all_of_them = f"failures-{what}-{len(some)}", f"failures-{what}-all"
    found = [Measured(_SECTION, few, f"all {count:,} sets, one by one", about, truth[2], seconds=slow)]
    for case, names in ((few, some), (all_of_them, every)):
        for k in (1, 2, 3):
            best = worst(k, names)
            off = abs(best.objective - truth[k - 1]) / abs(truth[k - 1]) if case == few else 0.0
            if off > 1e-6 or best.status != "optimal":
                raise SystemExit(f"{case}, k = {k}: {best.status}, {best.objective}; enumeration finds {truth[k - 1]}")
            size = f"{about}; {len(names):,} elements"
            note = f"{best.sets:,} sets looked at"
            found.append(
                Measured(_SECTION, case, f"search, k = {k}", size, best.objective, seconds=best.seconds, note=note)
            )
    return in_times(found)


def measure(size: int) -> list[Measured]:
    """Compare on both networks."""
    return [*gas(size), *freight(size)]


def main() -> None:
    """Compare both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=20)
    print(markdown(measure(parser.parse_args().elements)))


if __name__ == "__main__":
    main()
