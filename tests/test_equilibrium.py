"""User equilibrium: by hand, against published flows of road networks, and what holds on every network."""

import math
import os
import re

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import SolverInputError, solve_equilibrium

from .instances import DATA, read_tntp

present = pytest.mark.skipif(not DATA.is_dir(), reason="public instances are not here; CORRIDORS_TESTDATA says where")
slow = pytest.mark.skipif(not os.environ.get("CORRIDORS_SLOW_TESTS"), reason="set CORRIDORS_SLOW_TESTS to run it")

ARCS = ("tail", "head", "free_time", "b", "capacity", "power")
DEMANDS = ("origin", "destination", "quantity")
# Published optima of Beckmann's objective. Chicago counts 0.02 minutes a cent and 0.04 minutes a mile.
KNOWN = {
    "SiouxFalls": 4_231_335.287,
    "Anaheim": 1_286_032.171,
    "Barcelona": 1_265_654.922,
    "ChicagoSketch": 17_313_018.739,
}
PER_CENT, PER_MILE = 0.02, 0.04


def roads(rows, columns=ARCS, **more):
    return pd.DataFrame(rows, columns=list(columns)).assign(**more)


def trips(*rows):
    return pd.DataFrame(list(rows), columns=list(DEMANDS))


def at_flow(arcs, x):
    """Return the time of each arc and Beckmann's objective, straight from their definitions."""
    cost = arcs.get("cost", 0.0)
    load = x / arcs["capacity"]
    time = arcs["free_time"] * (1 + arcs["b"] * load ** arcs["power"]) + cost
    area = arcs["free_time"] * (x + arcs["b"] * x * load ** arcs["power"] / (arcs["power"] + 1)) + cost * x
    return time, float(area.sum())


def check(arcs, demands, found, no_through=(), rel_gap=1e-6):
    """Hold a solution to the definition of an equilibrium, with shortest paths by networkx."""
    x = found.arc_flow
    assert x.index.equals(arcs.index) and found.pair_time.index.equals(demands.index)
    assert (x >= 0).all()
    time, objective = at_flow(arcs, x)
    np.testing.assert_allclose(found.arc_time, time, rtol=1e-12)
    assert found.objective == pytest.approx(objective, rel=1e-9, abs=1e-12)
    assert found.total_time == pytest.approx(float(x @ time), rel=1e-9, abs=1e-12)

    quickest = shortest(arcs.assign(time=time), demands, set(no_through))
    np.testing.assert_allclose(found.pair_time, quickest, rtol=1e-9)
    sent = demands["quantity"] > 0
    excess = found.total_time - float(demands.loc[sent, "quantity"] @ quickest[sent])
    room = 1e-9 * max(found.total_time, 1e-9)
    assert found.status == "optimal" and 0 <= found.relative_gap <= rel_gap
    assert found.relative_gap * found.total_time == pytest.approx(excess, abs=room)
    moving = demands.loc[demands["origin"] != demands["destination"], "quantity"].sum()
    assert found.average_excess_cost * moving == pytest.approx(excess, abs=room)
    assert found.bound <= found.objective <= found.bound + excess + room
    check_paths(arcs, demands, found, no_through, excess + room)


def check_paths(arcs, demands, found, no_through, excess):
    tail, head, time = arcs["tail"].to_dict(), arcs["head"].to_dict(), found.arc_time.to_dict()
    load, over = dict.fromkeys(arcs.index, 0.0), 0.0
    ends = demands[["origin", "destination"]].apply(tuple, axis=1).to_dict() if len(demands) else {}
    for demand, path, flow in found.paths.itertuples(index=False):
        assert flow > 0
        origin, destination = ends[demand]
        nodes = [origin, *(head[a] for a in path)]
        assert [tail[a] for a in path] == nodes[:-1] and nodes[-1] == destination
        assert len(set(nodes)) == len(nodes) and not set(nodes[1:-1]) & set(no_through)
        wait = sum(time[a] for a in path) - found.pair_time[demand] if path else 0.0
        assert wait * flow <= excess + 1e-9, "a used path that is slower than the gap allows"
        over += wait * flow
        for a in path:
            load[a] += flow
    assert over <= excess + 1e-9
    np.testing.assert_allclose(found.arc_flow, pd.Series(load), rtol=1e-9, atol=1e-9)
    served = found.paths.groupby("demand")["flow"].sum().reindex(demands.index, fill_value=0.0)
    np.testing.assert_allclose(served, demands["quantity"], rtol=1e-12)


def shortest(arcs, demands, closed):
    """Return the least time of each demand: one Dijkstra per origin without arcs out of nodes nobody may pass."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from([*arcs["tail"], *arcs["head"]])
    graph.add_weighted_edges_from(arcs[["tail", "head", "time"]].itertuples(index=False), weight="time")
    times = {}
    for origin in demands["origin"].unique():
        hidden = closed - {origin}
        view = nx.restricted_view(graph, [], [e for v in hidden for e in graph.out_edges(v, keys=True)])
        times[origin] = nx.single_source_dijkstra_path_length(view, origin, weight="time")
    pairs = demands[["origin", "destination"]].itertuples(index=False)
    return pd.Series([times[o].get(d, math.inf) for o, d in pairs], demands.index, dtype=float)


# By hand


def test_two_roads():
    """Times 10 (1 + x/10) and 15 (1 + y/15) are equal, with x + y = 15, at x = 10: 10 + x = 15 + y."""
    arcs = roads([("a", "b", 10.0, 1.0, 10.0, 1.0), ("a", "b", 15.0, 1.0, 15.0, 1.0)])
    demands = trips(("a", "b", 15.0))
    found = solve_equilibrium(arcs, demands, rel_gap=1e-12)
    assert found.arc_flow.tolist() == pytest.approx([10.0, 5.0])
    assert found.pair_time.tolist() == pytest.approx([20.0])
    # Areas: 10 x 10 + 100 / 2 and 15 x 5 + 25 / 2.
    assert found.objective == pytest.approx(150.0 + 87.5)
    check(arcs, demands, found)


def test_a_road_that_stays_empty():
    """The second takes 30 when empty, the first 25 with everybody on it."""
    arcs = roads([("a", "b", 10.0, 1.0, 10.0, 1.0), ("a", "b", 30.0, 1.0, 15.0, 1.0)])
    found = solve_equilibrium(arcs, trips(("a", "b", 15.0)))
    assert found.arc_flow.tolist() == [15.0, 0.0]


BRAESS = [("s", "v", 1.0, 10.0, 1.0, 1.0), ("v", "t", 50.0, 0.02, 1.0, 1.0), ("s", "w", 50.0, 0.02, 1.0, 1.0)]
BRAESS += [("w", "t", 1.0, 10.0, 1.0, 1.0), ("v", "w", 10.0, 0.1, 1.0, 1.0)]


@pytest.mark.parametrize(("roads_open", "over_the_bridge"), [(4, 0.0), (5, 24 / 13)])
def test_braess(roads_open, over_the_bridge):
    """Six want from s to t; times are 1 + 10 x on sv and wt, 50 + x on vt and sw, 10 + x on the bridge vw.

    With y over the bridge, 3 + y/2 take sv and wt and 3 - y/2 take vt and sw. Ways by one of the slow roads take
    31 + 5 y + 53 - y/2 and the way over the bridge 2 (31 + 5 y) + 10 + y: equal at y = 24/13. Without the bridge
    y = 0 and everybody takes 84.
    """
    y = over_the_bridge
    arcs, demands = roads(BRAESS[:roads_open]), trips(("s", "t", 6.0))
    found = solve_equilibrium(arcs, demands, rel_gap=1e-12)
    flows = [3 + y / 2, 3 - y / 2, 3 - y / 2, 3 + y / 2, y]
    assert found.arc_flow.tolist() == pytest.approx(flows[:roads_open])
    assert found.pair_time.tolist() == pytest.approx([84 + 4.5 * y])
    check(arcs, demands, found)


def test_the_bridge_of_braess_makes_everybody_slower():
    demands = trips(("s", "t", 6.0))
    without, with_it = (solve_equilibrium(roads(BRAESS[:m]), demands).total_time for m in (4, 5))
    assert with_it > without * 1.05


def test_constant_cost_counts_as_time():
    """The toll makes up for 5 of free time: 10 + x = 10 + 5 + y."""
    arcs = roads([("a", "b", 10.0, 1.0, 10.0, 1.0), ("a", "b", 10.0, 1.0, 10.0, 1.0)], cost=[0.0, 5.0])
    demands = trips(("a", "b", 15.0))
    found = solve_equilibrium(arcs, demands, rel_gap=1e-12)
    assert found.arc_flow.tolist() == pytest.approx([10.0, 5.0])
    check(arcs, demands, found)


def test_powers_of_zero_and_under_one_and_no_capacity():
    """3 is what is left: 1 + sqrt(x/4) = 2 at x = 4; power 0 doubles 1.5 to 3; without capacity 2 stays 2."""
    rows = [("a", "b", 1.0, 1.0, 4.0, 0.5), ("a", "b", 1.5, 1.0, 1.0, 0.0), ("a", "b", 2.0, 9.0, np.inf, 4.0)]
    found = solve_equilibrium(roads(rows), trips(("a", "b", 7.0)), rel_gap=1e-12)
    assert found.arc_flow.tolist() == pytest.approx([4.0, 0.0, 3.0])
    assert found.arc_time.tolist() == pytest.approx([2.0, 3.0, 2.0])


def test_zones_are_not_passed():
    """By z it takes 2, round it 9; who starts at z may use its roads, and who ends there too."""
    rows = [("a", "z", 1, 0, 1, 1), ("z", "b", 1, 0, 1, 1), ("a", "b", 9, 0, 1, 1)]
    arcs, demands = roads(rows), trips(("a", "b", 3), ("z", "b", 1), ("a", "z", 2), ("z", "z", 5))
    assert solve_equilibrium(arcs, demands).arc_flow.tolist() == [5.0, 4.0, 0.0]
    found = solve_equilibrium(arcs, demands, no_through=["z"])
    assert found.arc_flow.tolist() == [2.0, 1.0, 3.0]
    assert found.pair_time.tolist() == [9.0, 1.0, 1.0, 0.0]
    check(arcs, demands, found, ["z"])


def test_demands_of_one_pair_share_its_paths():
    arcs = roads([("a", "b", 10.0, 1.0, 10.0, 1.0), ("a", "b", 15.0, 1.0, 15.0, 1.0)]).set_axis(["x", "y"])
    demands = trips(("a", "b", 5.0), ("a", "b", 10.0), ("a", "a", 4.0), ("b", "a", 0.0)).set_axis([*"pqrs"])
    found = solve_equilibrium(arcs, demands, rel_gap=1e-12)
    assert found.pair_time.to_dict() == {"p": pytest.approx(20.0), "q": pytest.approx(20.0), "r": 0.0, "s": math.inf}
    by_row = {(d, tuple(p)): f for d, p, f in found.paths.itertuples(index=False)}
    assert by_row == {
        ("p", ("x",)): pytest.approx(10 / 3),
        ("p", ("y",)): pytest.approx(5 / 3),
        ("q", ("x",)): pytest.approx(20 / 3),
        ("q", ("y",)): pytest.approx(10 / 3),
        ("r", ()): 4.0,
    }


@pytest.mark.parametrize("rows", [[], [("a", "b", 0, 0, 1, 1)]])
def test_nothing_to_do(rows):
    found = solve_equilibrium(roads(rows), trips())
    assert (found.status, found.objective, found.relative_gap, len(found.paths)) == ("optimal", 0.0, 0.0, 0)


def test_no_time_at_all():
    found = solve_equilibrium(roads([("a", "b", 0, 1, 5, 4)] * 2), trips(("a", "b", 7)))
    assert (found.status, found.total_time, found.relative_gap, found.arc_flow.sum()) == ("optimal", 0.0, 0.0, 7.0)


def test_time_limit_gives_the_flow_so_far_and_its_gap():
    arcs = roads([("a", "b", 10.0, 1.0, 10.0, 1.0), ("a", "b", 15.0, 1.0, 15.0, 1.0)])
    found = solve_equilibrium(arcs, trips(("a", "b", 15.0)), time_limit_s=0)
    assert found.status == "time_limit"
    assert found.arc_flow.sum() == 15.0
    # All on the first: 25 each where 15 is possible.
    assert found.relative_gap == pytest.approx(10 / 25)
    assert found.bound <= 237.5 <= found.objective


def test_a_gap_beyond_rounding_is_said_to_be_missed_or_is_met():
    arcs = roads([("a", "b", 1.1, 0.15, 3.3, 4.0), ("a", "b", 1.3, 0.15, 2.7, 4.0), ("a", "b", 1.7, 0.3, 1.1, 2.0)])
    found = solve_equilibrium(arcs, trips(("a", "b", 15.7)), rel_gap=0)
    assert found.status in {"optimal", "inaccurate"}
    assert found.relative_gap < 1e-14


def test_repr():
    text = repr(solve_equilibrium(roads([("a", "b", 1, 0, 1, 1)]), trips(("a", "b", 7))))
    assert re.fullmatch(
        r"EquilibriumSolution\(optimal, objective 7, relative gap 0.0e\+00; 1 paths, 1 iterations, \d+\.\d\d s\)", text
    )


def test_same_input_same_output():
    rng = np.random.default_rng(5)
    arcs, demands = ring(rng, 12, 30, 40)
    one, other = (solve_equilibrium(arcs, demands, rel_gap=1e-9) for _ in range(2))
    pd.testing.assert_series_equal(one.arc_flow, other.arc_flow, check_exact=True)
    pd.testing.assert_frame_equal(one.paths, other.paths, check_exact=True)


# Errors

GOOD = [("Aktau", "Baku", 10.0, 0.15, 5.0, 4.0), ("Baku", "Poti", 6.0, 0.15, 5.0, 4.0)]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("free_time", -1.0, "arcs row 'first', column 'free_time': got -1.0, expected a number of zero or more"),
        ("b", np.nan, "arcs row 'first', column 'b': got nan, expected a number of zero or more"),
        ("capacity", 0.0, "arcs row 'first', column 'capacity': got 0.0, expected a number above zero, or inf"),
        ("power", -2.0, "arcs row 'first', column 'power': got -2.0, expected a number of zero or more"),
        ("cost", -3.0, "arcs row 'first', column 'cost': got -3.0, expected a number of zero or more"),
        ("tail", None, "arcs row 'first', column 'tail': got None, expected a node label"),
        ("capacity", 1e-60, "arcs row 'first': with capacity 1e-60, b 0.15 and power 4 its time under the flow"),
    ],
)
def test_wrong_arcs(column, value, said):
    arcs = roads(GOOD, cost=0.0).set_axis(["first", "second"]).astype({"tail": object})
    arcs.loc["first", column] = value
    with pytest.raises(SolverInputError, match=f"^{re.escape(said)}"):
        solve_equilibrium(arcs, trips(("Aktau", "Poti", 1.0)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("Aktau", "Potti", 1.0), "demands row 0: destination 'Potti' is unknown, .*nearest labels: 'Poti'"),
        (("Bakku", "Poti", 1.0), "demands row 0: origin 'Bakku' is unknown, .*nearest labels: 'Baku'"),
        (("Aktau", "Poti", -1.0), "demands row 0, column 'quantity': got -1.0, expected a number of zero or more"),
        (("Aktau", "Poti", np.inf), "demands row 0, column 'quantity': got inf, expected a number of zero or more"),
        ((None, "Poti", 1.0), "demands row 0, column 'origin': got None, expected a node label"),
        (("Poti", "Aktau", 2.0), "demands row 0: there is no path from 'Poti' to 'Aktau'; expected one, or a quantity"),
    ],
)
def test_wrong_demands(row, said):
    with pytest.raises(SolverInputError, match=f"^{said}"):
        solve_equilibrium(roads(GOOD), trips(row))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rel_gap": -1}, "rel_gap: got -1, expected a number from 0 to 1"),
        ({"rel_gap": "small"}, "rel_gap: got 'small', expected a number from 0 to 1"),
        ({"time_limit_s": -1}, "time_limit_s: got -1, expected a number from 0 to inf"),
        ({"no_through": "Baku"}, "no_through: got 'Baku', expected a list of node labels"),
        ({"no_through": 7}, "no_through: got 7, expected a list of node labels"),
        ({"no_through": ["Bako"]}, "no_through: node 'Bako' is unknown, .*nearest labels: 'Baku'"),
        ({"no_through": [["Baku"]]}, r"no_through: node \['Baku'\] is unknown"),
        ({"no_through": ["Baku"]}, "demands row 0: there is no path from 'Aktau' to 'Poti' that does not pass a node"),
    ],
)
def test_wrong_options(options, said):
    with pytest.raises(SolverInputError, match=f"^{said}"):
        solve_equilibrium(roads(GOOD), trips(("Aktau", "Poti", 1.0)), **options)


def test_wrong_tables():
    arcs, demands = roads(GOOD), trips(("Aktau", "Poti", 1.0))
    with pytest.raises(SolverInputError, match=r"^arcs: column 'power' is missing, expected 'tail', "):
        solve_equilibrium(arcs.drop(columns="power"), demands)
    with pytest.raises(SolverInputError, match=r"^demands: column 'quantity' is missing"):
        solve_equilibrium(arcs, demands.drop(columns="quantity"))
    with pytest.raises(SolverInputError, match=r"^arcs row 'x': its label appears 2 times"):
        solve_equilibrium(arcs.set_axis(["x", "x"]), demands)
    with pytest.raises(SolverInputError, match=r"^demands: got list, expected a DataFrame"):
        solve_equilibrium(arcs, [])


# Any network


def ring(rng, n, chords, pairs):
    """Make a ring both ways, on which everything can be reached, and chords; any number may be zero or odd."""
    around = [(i, (i + 1) % n) for i in range(n)]
    ends = np.array([*around, *((j, i) for i, j in around), *rng.integers(0, n, (chords, 2)).tolist()])
    m = len(ends)
    arcs = pd.DataFrame(
        {
            "tail": ends[:, 0],
            "head": ends[:, 1],
            "free_time": rng.choice([0.0, 1.0, 2.5, 7.0], m),
            "b": rng.choice([0.0, 0.15, 1.0, 2.0], m),
            "capacity": rng.choice([0.5, 2.0, 10.0, np.inf], m, p=[0.1, 0.4, 0.4, 0.1]),
            "power": rng.choice([0.0, 0.5, 1.0, 2.5, 4.0], m, p=[0.1, 0.1, 0.2, 0.2, 0.4]),
            "cost": rng.choice([0.0, 0.5, 3.0], m, p=[0.6, 0.2, 0.2]),
        },
        index=[f"arc {i}" for i in range(m)],
    )
    od = rng.integers(0, n, (pairs, 2))
    quantity = rng.choice([0.0, 0.5, 2.0, 6.0], pairs)
    demands = pd.DataFrame({"origin": od[:, 0], "destination": od[:, 1], "quantity": quantity})
    return arcs, demands.set_axis([f"demand {i}" for i in range(pairs)])


networks = st.builds(
    lambda seed, n, chords, pairs: ring(np.random.default_rng(seed), n, chords, pairs),
    st.integers(0, 2**32 - 1),
    st.integers(2, 9),
    st.integers(0, 20),
    st.integers(1, 15),
)
few = settings(max_examples=60, deadline=None)


@few
@given(networks)
def test_every_equilibrium_is_one(network):
    arcs, demands = network
    check(arcs, demands, solve_equilibrium(arcs, demands, rel_gap=1e-8), rel_gap=1e-8)


@few
@given(networks, st.integers(0, 8))
def test_every_equilibrium_with_a_zone_is_one(network, zone):
    arcs, demands = network
    zones = [zone % (int(arcs["tail"].max()) + 1)]
    try:
        found = solve_equilibrium(arcs, demands, rel_gap=1e-8, no_through=zones)
    except SolverInputError as error:
        assert "there is no path" in str(error)
        quickest = shortest(arcs.assign(time=1.0), demands, set(zones))
        assert np.isinf(quickest[demands["quantity"] > 0]).any()
    else:
        check(arcs, demands, found, zones, rel_gap=1e-8)


@few
@given(networks, st.integers(0, 14), st.floats(0.1, 9.0))
def test_more_demand_never_lowers_the_objective(network, which, more):
    arcs, demands = network
    greater = demands.copy()
    greater.iloc[which % len(demands), 2] += more
    before, after = (solve_equilibrium(arcs, d, rel_gap=1e-8) for d in (demands, greater))
    assert after.objective >= before.bound - 1e-9


@few
@given(networks)
def test_order_of_rows_does_not_matter(network):
    arcs, demands = network
    one = solve_equilibrium(arcs, demands, rel_gap=1e-9)
    other = solve_equilibrium(arcs.iloc[::-1], demands.iloc[::-1], rel_gap=1e-9)
    room = 1e-7 * max(one.total_time, 1.0)
    assert abs(one.objective - other.objective) <= room


# Published


def read(name):
    """Read a network, its trips, the zones that nobody may pass, and published flows and times."""
    folder = DATA / "tntp"
    text = (folder / f"{name}_net.tntp").read_text(encoding="ascii")
    through = int(re.search(r"<FIRST THRU NODE>\s*(\d+)", text)[1])
    rows = [line.split()[:9] for line in text.splitlines() if re.match(r"\s*\d", line)]
    figures = np.array(rows, dtype=float)
    known, demands = read_tntp(folder, name)
    whole = ["destination", "origin"]
    demands[whole] = demands[whole].map(lambda v: v[1] if isinstance(v, tuple) else v)
    arcs = pd.DataFrame(
        {
            "tail": figures[:, 0].astype(int),
            "head": figures[:, 1].astype(int),
            "capacity": figures[:, 2],
            "free_time": figures[:, 4],
            "b": figures[:, 5],
            "power": figures[:, 6],
            "cost": 0.0,
        }
    )
    if name == "ChicagoSketch":
        arcs["cost"] = PER_MILE * figures[:, 3] + PER_CENT * figures[:, 8]
    return arcs, demands, list(range(1, through)), known


@present
@pytest.mark.parametrize("name", KNOWN)
def test_published_equilibrium(name):
    """Times at equilibrium are unique, and flows where times rise: there both must be the published ones."""
    arcs, demands, zones, known = read(name)
    _, objective = at_flow(arcs, known["flow"])
    assert objective == pytest.approx(KNOWN[name], abs=6e-4)
    found = solve_equilibrium(arcs, demands, rel_gap=1e-12, no_through=zones)
    assert found.status == "optimal" and found.relative_gap <= 1e-12
    assert found.objective == pytest.approx(objective, rel=1e-10)
    assert found.bound == pytest.approx(objective, rel=1e-10)
    np.testing.assert_allclose(found.arc_time, known["time"], rtol=1e-6)
    rises = (arcs["b"] > 0) & (arcs["power"] > 0) & (arcs["free_time"] > 0)
    np.testing.assert_allclose(found.arc_flow[rises], known["flow"][rises], rtol=1e-6, atol=1e-2)


@present
@pytest.mark.parametrize("name", ["SiouxFalls", pytest.param("Anaheim", marks=slow)])
def test_paths_of_a_road_network(name):
    arcs, demands, zones, _ = read(name)
    check(arcs, demands, solve_equilibrium(arcs, demands, no_through=zones), zones)


@slow
@present
@pytest.mark.parametrize("name", ["Barcelona", "ChicagoSketch"])
def test_paths_of_a_large_road_network(name):
    arcs, demands, zones, _ = read(name)
    check(arcs, demands, solve_equilibrium(arcs, demands, no_through=zones, rel_gap=1e-8), zones, 1e-8)
