"""Least-cost flows of the literature: every method finds the optimum that is published or proved."""

import os

import numpy as np
import pytest

from solvers import solve_flow

from . import instances
from .flow_checks import arc_lp, check_flow, pruned
from .instances import DATA, Instance, from_balances

METHODS = ("arc", "path", "auto")
GAP = 1e-8
present = pytest.mark.skipif(not DATA.is_dir(), reason="public instances are not here; CORRIDORS_TESTDATA says where")
slow = pytest.mark.skipif(not os.environ.get("CORRIDORS_SLOW_TESTS"), reason="set CORRIDORS_SLOW_TESTS to run it")
# Columns are many where one source feeds all of a network, as in instances that are made from balances of nodes.
METHODS_OF_BALANCES = ("arc", pytest.param("path", marks=slow), "auto")

BOOKS = {
    "two commodities": instances.two_commodities(),
    "pencils and pens, shared arcs": instances.shipped(instances.pencils_and_pens(), shared=True),
    "pencils and pens, groups": instances.shipped(instances.pencils_and_pens(), shared=False),
    "steel products, shared arcs": instances.shipped(instances.steel_products(), shared=True),
    "steel products, groups": instances.shipped(instances.steel_products(), shared=False),
    "steel products, dearest, shared arcs": instances.dearest(
        instances.shipped(instances.steel_products(), shared=True), -225_700.0
    ),
    "steel products, dearest, groups": instances.dearest(
        instances.shipped(instances.steel_products(), shared=False), -225_700.0
    ),
    "canning": instances.canning(),
    "american steel": instances.american_steel(),
    "one commodity": instances.one_commodity(),
    "eight nodes": instances.eight_nodes(),
    **{f"lemon, {name}": instance for name, instance in instances.lemon().items()},
    "two by three": instances.two_by_three(),
    "product assignment": instances.product_assignment(12),
    **{f"piles on a line, {seed}": instances.line_transport(15, seed) for seed in range(3)},
    **{f"merit order, {seed}": instances.merit_order(12, seed, stepped=False) for seed in range(3)},
    **{f"merit order by steps, {seed}": instances.merit_order(12, seed, stepped=True) for seed in range(3)},
    **{f"frames, {seed}": instances.washington_rmf(4, 5, seed) for seed in range(2)},
}


def check(instance: Instance, method: str, **options):
    """Solve an instance and hold the solution to its optimum and to the definition of a flow."""
    arcs, demands, optimum, penalty = instance
    found = solve_flow(arcs, demands, method=method, unmet_penalty=penalty, gap=GAP, **options)
    if optimum is None:
        assert found.status == "infeasible"
        return found
    assert found.status == "optimal"
    assert found.objective == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    assert found.bound <= optimum + 1e-6 * max(1.0, abs(optimum))
    assert 0 <= found.gap <= 1e-6
    check_flow(arcs, demands, found, penalty)
    return found


@pytest.mark.parametrize("name", BOOKS)
def test_an_independent_lp_agrees_with_the_figures(name):
    arcs, demands, optimum, penalty = BOOKS[name]
    least = arc_lp(arcs, demands, penalty)
    assert least == (optimum if optimum is None else pytest.approx(optimum, rel=1e-8))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", BOOKS)
def test_textbook_optimum(name, method):
    check(BOOKS[name], method)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_infeasible_is_explained(method):
    arcs, demands, *_ = BOOKS["lemon, ample, as if scarce"]
    assert solve_flow(arcs, demands, method=method).explain().strip()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(2))
def test_torus_of_one_commodity_equals_network_simplex(seed, method):
    rng = np.random.default_rng(seed)
    arcs = instances.torus(10, seed).arcs
    nodes = list(dict.fromkeys(arcs["tail"]))
    amount = np.r_[rng.integers(1, 25, 15), np.zeros(len(nodes) - 30, dtype=int)]
    balance = np.r_[amount, -rng.permutation(amount[:15])]
    balance = {nodes[i]: float(b) for i, b in zip(rng.permutation(len(nodes)), balance, strict=True)}
    check(from_balances(arcs, balance, instances.simplex_optimum(arcs, balance)), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("size", "commodities", "seed"), [(6, 12, 0), (8, 25, 1)])
def test_torus_of_many_commodities_equals_an_arc_lp(size, commodities, seed, method):
    instance = instances.torus(size, seed, commodities)
    penalty = 5000.0
    least = arc_lp(instance.arcs, instance.demands, penalty)
    found = check(instance._replace(optimum=least, unmet_penalty=penalty), method)
    assert (found.shadow_price > 0).sum() > 5, "an easy instance: capacities should bind"


@present
@pytest.mark.parametrize("method", METHODS)
def test_netgen(method):
    arcs, balance = instances.read_dimacs(DATA / "mincost" / "netgen_8_08a.min")
    assert instances.simplex_optimum(arcs, balance) == 142_274_536
    check(from_balances(arcs, balance, 142_274_536.0), method)


@present
@pytest.mark.parametrize("method", METHODS_OF_BALANCES)
@pytest.mark.parametrize(
    ("name", "optimum"), [("pds-02", 28_857_862_010.0), pytest.param("pds-06", 27_761_037_600.0, marks=slow)]
)
def test_patient_distribution(name, optimum, method, tmp_path):
    """Kennington's evacuation of patients by air: eleven commodities on a network in time."""
    arcs, balance = instances.read_kennington(DATA / "kennington" / f"kennington-{name}.mps.bz2", tmp_path)
    instance = from_balances(arcs, balance, optimum)
    assert len(instance.demands) == 11
    check(instance, method)


@present
@pytest.mark.parametrize("method", METHODS_OF_BALANCES)
def test_ken_07(method, tmp_path):
    """Kennington's 49 commodities, with gains on arcs and on cycles: the cycles are turned first."""
    arcs, balance = instances.read_kennington(DATA / "kennington" / "kennington-ken-07.mps.bz2", tmp_path)
    arcs, balance, constant = instances.turned(arcs, balance)
    instance = from_balances(arcs, balance, -679_520_443.38 - constant)
    assert len(instance.demands) == 49
    found = check(instance, method)
    assert found.objective + constant == pytest.approx(-679_520_443.38, rel=1e-6)


@present
@pytest.mark.parametrize("name", ["ken-07", "pds-02"])
def test_an_independent_lp_agrees_with_the_conversion(name, tmp_path):
    arcs, balance = instances.read_kennington(DATA / "kennington" / f"kennington-{name}.mps.bz2", tmp_path)
    arcs, demands, *_ = from_balances(arcs, balance)
    optimum = {"ken-07": -679_520_443.38, "pds-02": 28_857_862_010.0}[name]
    assert arc_lp(arcs, demands, usable=pruned(arcs, demands)) == pytest.approx(optimum, rel=1e-9)


@present
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "best_design"), [("c33", 423_848.0), ("c35", 371_475.0), ("c41", 429_398.0)])
def test_design_without_its_integers_is_below_the_best_design(name, best_design, method):
    """Fixed costs spread over the capacity: a relaxation, so below the published optimum of the design."""
    arcs, demands = instances.read_canad(DATA / "canad" / f"{name}.dow")
    arcs["cost"] += arcs["fixed_cost"] / arcs["capacity"]
    least = arc_lp(arcs, demands)
    assert least < best_design
    check(Instance(arcs, demands, least), method)


@present
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["SiouxFalls", pytest.param("Anaheim", marks=slow)])
def test_user_equilibrium_is_cheapest_at_its_own_times(name, method):
    """At the published equilibrium all trips are on quickest routes, so no flow takes less at these times (Wardrop)."""
    arcs, demands = instances.read_tntp(DATA / "tntp", name)
    total = float(arcs["flow"] @ arcs["time"])
    arcs = arcs.assign(cost=arcs["time"], capacity=np.inf)
    found = solve_flow(arcs, demands, method=method)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(total, rel=1e-5)
    check_flow(arcs, demands, found)


@slow
@present
@pytest.mark.parametrize("method", ["path", "auto"])
def test_barcelona_with_capacities(method):
    """7,900 pairs over 2,500 arcs with hardly more room than the equilibrium takes: an arc LP of 245,000 columns."""
    arcs, demands = instances.read_tntp(DATA / "tntp", "Barcelona")
    arcs = arcs.assign(cost=arcs["free_time"], capacity=(1.02 * arcs["flow"] + 1).round(3))
    check(Instance(arcs, demands, 1_243_094.7863), method)
