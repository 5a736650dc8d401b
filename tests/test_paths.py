"""Shortest and k shortest paths against networkx and plain enumeration."""

import math
import subprocess
import sys
from decimal import Decimal
from itertools import islice, pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import Graph, SolverInputError, iter_shortest_paths, k_shortest_paths, shortest_paths

NODES = 6
arc_lists = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, 3)), max_size=14)
masked_arcs = arc_lists.flatmap(
    lambda arcs: st.tuples(st.just(arcs), st.lists(st.booleans(), min_size=len(arcs), max_size=len(arcs)))
)


def table(rows, index=None):
    """Make a table of arcs from (tail, head, cost) rows."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    series = {name: pd.Series(list(c), dtype=object) for name, c in zip(("tail", "head"), columns, strict=False)}
    frame = pd.DataFrame({**series, "cost": pd.Series(list(columns[2]), dtype=float)})
    return frame if index is None else frame.set_axis(index, axis=0)


def graph_of(rows):
    """Make a Graph of NODES nodes from integer rows."""
    ends = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Graph.from_arrays(NODES, ends[:, 0], ends[:, 1], ends[:, 2].astype(float))


def enumerate_paths(rows, source, target):
    """List (cost, number of arcs, rows) of all loopless paths by depth-first search, in order."""
    found = []

    def visit(v, path, seen):
        if v == target:
            found.append((float(sum(rows[a][2] for a in path)), len(path), path))
            return
        for a, (tail, head, _) in enumerate(rows):
            if tail == v and head not in seen:
                visit(head, [*path, a], seen | {head})

    visit(source, [], {source})
    return sorted(found)


@pytest.fixture
def small():
    """Two routes of two arcs, a direct arc, and a node with no way in."""
    rows = [("a", "b", 1), ("b", "d", 2), ("a", "c", 0), ("c", "d", 4), ("a", "d", 3.5), ("island", "a", 1)]
    return table(rows, ["ab", "bd", "ac", "cd", "ad", "ia"])


@given(arc_lists)
def test_all_paths_equal_enumeration_in_order(rows):
    """Zero costs, parallel arcs, self-loops and ties: the very same sequence, ties included."""
    ours = [(cost, len(path), path) for cost, path in iter_shortest_paths(graph_of(rows), 0, NODES - 1)]
    assert ours == enumerate_paths(rows, 0, NODES - 1)


@given(st.integers(0, 10**6), st.integers(2, 12), st.floats(0.1, 0.6), st.integers(1, 10))
def test_costs_equal_networkx(seed, n, density, top):
    """Cost sequences on random digraphs with integer costs, zeros among them."""
    rng = np.random.default_rng(seed)
    pairs = np.argwhere((rng.random((n, n)) < density) & ~np.eye(n, dtype=bool))
    cost = rng.integers(0, top, len(pairs)).astype(float)
    other = nx.DiGraph()
    other.add_nodes_from(range(n))
    other.add_weighted_edges_from((u, v, c) for (u, v), c in zip(pairs.tolist(), cost, strict=True))
    graph = Graph.from_arrays(n, pairs[:, 0], pairs[:, 1], cost)
    ours = k_shortest_paths(graph, 0, n - 1, 30)["cost"].tolist()
    if not nx.has_path(other, 0, n - 1):
        assert ours == []
        return
    theirs = islice(nx.shortest_simple_paths(other, 0, n - 1, weight="weight"), 30)
    assert ours == [nx.path_weight(other, path, "weight") for path in theirs]


@given(st.integers(0, 10**6))
def test_float_costs_are_ordered_sums_of_loopless_distinct_paths(seed):
    """Reported costs are the sums along the paths and never decrease, whatever the rounding."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 9, (30, 2))
    cost = rng.choice([0.1, 0.2, 0.3, 0.7, 1e-9, 1e9, rng.random()], 30)
    arcs = pd.DataFrame({"tail": ends[:, 0], "head": ends[:, 1], "cost": cost})
    source, target = ends[0, 0], ends[1, 1]
    found = k_shortest_paths(arcs, source, target, 60)
    assert found["cost"].is_monotonic_increasing
    assert len(set(map(tuple, found["path"]))) == len(found)
    for total, path in found.itertuples(index=False):
        rows = arcs.loc[path]
        nodes = [source, *rows["head"]]
        assert nodes[:-1] == rows["tail"].tolist()
        assert nodes[-1] == target
        assert len(set(nodes)) == len(nodes)
        assert math.isclose(total, rows["cost"].sum(), rel_tol=1e-12)
    everything = enumerate_paths(arcs.to_numpy().tolist(), source, target)[: len(found)]
    assert np.allclose(found["cost"], [total for total, _, _ in everything], rtol=1e-12, atol=0)


@given(masked_arcs)
def test_banned_arcs_are_never_used(case):
    """A mask gives the paths of the graph rebuilt without the banned arcs."""
    rows, banned = case
    mask = np.array(banned, dtype=bool)
    graph = graph_of(rows)
    kept = [i for i, out in enumerate(banned) if not out]
    rebuilt = [
        (cost, [kept[a] for a in path]) for cost, _, path in enumerate_paths([rows[i] for i in kept], 0, NODES - 1)
    ]
    assert list(iter_shortest_paths(graph.without(mask), 0, NODES - 1)) == rebuilt
    assert list(iter_shortest_paths(graph, 0, NODES - 1, allowed=~mask)) == rebuilt
    best = shortest_paths(graph, 0, allowed=~mask)
    assert not {a for path in best["path"].dropna() for a in path} - set(kept)
    assert best["cost"].iloc[-1] == (rebuilt[0][0] if rebuilt else math.inf)


def test_masks_add_up_and_share_structure():
    """A view of a view bans both masks' arcs; the graph itself is left as it was."""
    graph = Graph.from_arrays(2, [0, 0, 0], [1, 1, 1], [1, 2, 3])
    view = graph.without(np.array([True, False, False]))
    twice = view.only(np.array([True, False, True]))
    assert [graph_view.shape is graph.shape for graph_view in (view, twice)] == [True, True]
    costs = [k_shortest_paths(g, 0, 1, 9)["cost"].tolist() for g in (graph, view, twice)]
    assert costs == [[1, 2, 3], [2, 3], [3]]
    assert k_shortest_paths(twice.with_cost([0, 0, 0.5]), 0, 1, 9)["cost"].tolist() == [0.5]


@given(arc_lists)
def test_shortest_paths_equal_networkx_dijkstra(rows):
    """Every pair, with parallel arcs, self-loops and zero costs; paths add up to their costs."""
    other = nx.MultiDiGraph()
    other.add_nodes_from(range(NODES))
    other.add_weighted_edges_from(rows)
    truth = dict(nx.all_pairs_dijkstra_path_length(other))
    found = shortest_paths(graph_of(rows), range(NODES))
    assert len(found) == NODES**2
    for source, target, cost, path in found.itertuples(index=False):
        assert cost == truth[source].get(target, math.inf)
        if path is None:
            assert cost == math.inf
            continue
        nodes = [source, *(rows[a][1] for a in path)]
        assert nodes[-1] == target
        assert nodes[:-1] == [rows[a][0] for a in path]
        assert sum(rows[a][2] for a in path) == cost


@given(arc_lists)
def test_tree_reaches_the_same_nodes_both_ways(rows):
    """Fewest hops are known exactly where a cost is, and a reverse tree is the tree of reversed arcs."""
    graph = graph_of(rows)
    turned = graph_of([(head, tail, cost) for tail, head, cost in rows])
    for v in range(NODES):
        tree, back = graph.tree(v, reverse=True), turned.tree(v)
        assert all(np.array_equal(x, y) for x, y in zip(tree, back, strict=True))
        assert np.array_equal(np.isfinite(tree.cost), np.isfinite(tree.hops))
        assert np.array_equal(np.isfinite(tree.cost), (tree.arc >= 0) | (np.arange(NODES) == v))


def test_zero_cost_arcs_are_kept():
    """A stored zero is an arc of cost zero, not a missing arc; parallel arcs are not summed."""
    graph = Graph.from_arrays(3, [0, 1, 0, 0, 1], [1, 2, 2, 1, 0], [0, 0, 1, 5, 0])
    assert shortest_paths(graph, 0, 2)["path"].tolist() == [[0, 1]]
    assert k_shortest_paths(graph, 0, 2, 9)["cost"].tolist() == [0, 1, 5]


def test_paths_are_lazy():
    """Three paths of a complete graph with astronomically many."""
    n = 60
    tail, head = np.argwhere(~np.eye(n, dtype=bool)).T
    cost = np.random.default_rng(0).integers(0, 50, len(tail)).astype(float)
    found = list(islice(iter_shortest_paths(Graph.from_arrays(n, tail, head, cost), 0, n - 1), 3))
    assert len({tuple(path) for _, path in found}) == 3
    assert all(a[0] <= b[0] for a, b in pairwise(found))


@given(arc_lists, st.randoms(use_true_random=False))
def test_row_order_does_not_matter_and_runs_repeat(rows, random):
    """The same input gives the same output; shuffled rows give the same costs and the same set."""
    arcs = table([(0, 1, 1), (NODES - 2, NODES - 1, 1), *rows])
    shuffled = arcs.loc[random.sample(list(arcs.index), len(arcs))]
    first, again, other = (list(iter_shortest_paths(a, 0, NODES - 1)) for a in (arcs, arcs.copy(), shuffled))
    assert first == again
    assert [cost for cost, _ in first] == [cost for cost, _ in other]
    assert sorted(first) == sorted(other)


def test_labels_of_mixed_kinds():
    """Tuples, strings and integers are nodes side by side; a tuple is one node, a list several."""
    rows = [
        (("x", 1), "s", 1),
        ("s", 7, 1),
        (7, ("x", 2), 1),
        (("x", 1), ("x", 2), 5),
        (frozenset("z"), 7, 1),
    ]
    arcs = table(rows)
    assert k_shortest_paths(arcs, ("x", 1), ("x", 2), 5)["path"].tolist() == [[0, 1, 2], [3]]
    best = shortest_paths(arcs, ("x", 1), [7, ("x", 2), "s", 7])
    assert best["source"].tolist() == [("x", 1)] * 3
    assert best["target"].tolist() == [7, ("x", 2), "s"]
    assert best["cost"].tolist() == [2, 3, 1]
    assert shortest_paths(arcs, (7, "s"), "s")["cost"].tolist() == [math.inf, 0]
    assert shortest_paths(arcs, frozenset("z"))["target"].tolist() == [
        ("x", 1),
        "s",
        7,
        ("x", 2),
        frozenset("z"),
    ]


@pytest.mark.parametrize(
    "index",
    [
        ["p", "q", "r"],
        [30, 10, 20],
        pd.MultiIndex.from_tuples([("rail", 1), ("rail", 2), ("sea", 1)]),
        [("t", 1), "u", 3],
    ],
)
def test_paths_hold_row_labels(index):
    """Whatever the unique index, a path selects its rows."""
    arcs = table([("a", "b", 1), ("b", "c", 2), ("a", "c", 9)], index)
    labels = arcs.index.tolist()
    found = k_shortest_paths(arcs, "a", "c", 5)
    assert found["path"].tolist() == [labels[:2], labels[2:]]
    assert arcs.loc[found["path"][0], "cost"].sum() == found["cost"][0]


def test_another_cost_column_and_a_graph_used_twice(small):
    """The cost column has a name; other columns are ignored."""
    timed = small.assign(hours=[5, 5, 1, 1, 9, 1], note="x")
    assert k_shortest_paths(timed, "a", "d", 1, cost="hours")["path"].tolist() == [["ac", "cd"]]
    graph = Graph.from_arcs(timed, cost="hours")
    assert k_shortest_paths(graph, "a", "d", 3)["cost"].tolist() == [2, 9, 10]
    assert shortest_paths(graph, "a", "d")["path"].tolist() == [["ac", "cd"]]
    assert np.array_equal(graph.tail[graph.order], np.sort(graph.tail))
    assert np.array_equal(np.diff(graph.indptr), np.bincount(graph.tail, minlength=graph.n))


def test_source_is_target(small):
    """The single path is empty and free."""
    assert list(iter_shortest_paths(small, "a", "a")) == [(0.0, [])]
    assert k_shortest_paths(small, "a", "a", 5)["path"].tolist() == [[]]
    assert shortest_paths(small, "a", "a")[["cost", "path"]].to_numpy().tolist() == [[0.0, []]]


def test_unreachable(small):
    """No path: no rows, or infinite cost and None."""
    found = k_shortest_paths(small, "d", "a", 5)
    assert found.empty
    assert found.columns.tolist() == ["cost", "path"]
    row = shortest_paths(small, ["a"], ["island"]).iloc[0]
    assert row["cost"] == math.inf
    assert row["path"] is None
    assert shortest_paths(small, []).columns.tolist() == ["source", "target", "cost", "path"]
    assert k_shortest_paths(small, "a", "d", 0).empty


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "nan"), (-2.0, "-2.0"), (math.inf, "inf"), ("12", "'12'"), (None, "None")]
)
def test_bad_cost_names_row_column_value(small, value, shown):
    """One message says where, what, and what was expected."""
    small["cost"] = small["cost"].astype(object)
    small.loc["ac", "cost"] = value
    with pytest.raises(SolverInputError) as error:
        k_shortest_paths(small, "a", "d", 2)
    assert str(error.value) == f"arcs row 'ac', column 'cost': got {shown}, expected a number from 0 to 1e+300"


def test_bad_tables(small):
    """Missing column, repeated column, duplicate index, bad labels, no table at all."""
    with pytest.raises(SolverInputError, match=r"column 'head' is missing, expected 'tail', 'head' and 'cost'"):
        shortest_paths(small.drop(columns="head"), "a")
    with pytest.raises(SolverInputError, match=r"column 'hours' is missing.*found \['tail', 'head', 'cost'\]"):
        shortest_paths(small, "a", cost="hours")
    with pytest.raises(SolverInputError, match=r"column 'cost' appears 2 times"):
        shortest_paths(pd.concat([small, small[["cost"]]], axis=1), "a")
    with pytest.raises(SolverInputError, match=r"arcs row 'ab': its label appears 2 times in the index"):
        shortest_paths(pd.concat([small, small.iloc[:1]]), "a")
    with pytest.raises(SolverInputError, match=r"row 1, column 'tail': got None, expected a node label"):
        shortest_paths(table([("a", "b", 1), (None, "b", 1)]), "a")
    with pytest.raises(SolverInputError, match=r"row 0, column 'head': got \['b'\], expected a hashable"):
        shortest_paths(table([("a", ["b"], 1)]), "a")
    with pytest.raises(SolverInputError, match="got list, expected a DataFrame or a Graph"):
        shortest_paths([("a", "b", 1)], "a")


def test_unknown_labels(small):
    """The message names the role, the label and its nearest neighbours, at the call itself."""
    with pytest.raises(SolverInputError, match=r"source 'iland' is unknown.*nearest labels: 'island'"):
        iter_shortest_paths(small, "iland", "d")
    with pytest.raises(SolverInputError, match=r"target 99 is unknown.*no label is close"):
        k_shortest_paths(small, "a", 99, 2)
    with pytest.raises(SolverInputError, match=r"target 'q' is unknown"):
        shortest_paths(small, "a", ["b", "q"])
    with pytest.raises(SolverInputError, match=r"source \('a', \[\]\) is unknown"):
        k_shortest_paths(small, ("a", []), "d", 2)
    with pytest.raises(SolverInputError, match=r"source 4 is unknown.*"):
        k_shortest_paths(Graph.from_arrays(2, [0], [1], [1]), 4, 1, 2)


def test_bad_arguments(small):
    """Number of paths, masks, arrays, and a cost column given with a Graph."""
    graph = Graph.from_arcs(small)
    for k in (-1, 2.5, "3"):
        with pytest.raises(SolverInputError, match=r"k: got .* expected an integer, zero or more"):
            k_shortest_paths(graph, "a", "d", k)
    with pytest.raises(SolverInputError, match=r"mask: got bool of shape \(2,\), expected bool of shape \(6,\)"):
        graph.without([True, False])
    with pytest.raises(SolverInputError, match=r"mask: got int64"):
        graph.only([1] * 6)
    with pytest.raises(SolverInputError, match=r"cost: got column 'hours', expected none with a Graph"):
        shortest_paths(graph, "a", cost="hours")
    with pytest.raises(SolverInputError, match=r"got 2 costs, expected 6"):
        graph.with_cost([1, 2])
    with pytest.raises(SolverInputError, match=r"row 'bd', column 'cost': got -1"):
        graph.with_cost([0, -1, 0, 0, 0, 0])
    with pytest.raises(SolverInputError, match=r"row 1, column 'head': got 2, expected a node in 0\.\.1"):
        Graph.from_arrays(2, [0, 1], [1, 2], [1, 1])
    with pytest.raises(SolverInputError, match=r"head: got .* of shape \(1,\), expected integers of shape \(2,\)"):
        Graph.from_arrays(2, [0, 1], [1], [1, 1])
    assert issubclass(SolverInputError, ValueError)


def test_costs_of_other_number_types():
    """Nullable, categorical and object columns holding numbers are costs; decimals are not."""
    arcs = table([("a", "b", 1), ("b", "c", 2)])
    for kind in ("Int64", "Float64", "int8", object, "category"):
        assert k_shortest_paths(arcs.astype({"cost": kind}), "a", "c", 2)["cost"].tolist() == [3]
    with pytest.raises(SolverInputError, match="Decimal"):
        k_shortest_paths(arcs.assign(cost=[Decimal(1), Decimal(2)]), "a", "c", 2)


def test_import_is_light():
    """Importing the package loads neither pandas nor scipy; public names are listed all the same."""
    heavy = "{'pandas', 'scipy', 'numpy'}"
    code = f"import sys, solvers; assert not {heavy} & set(sys.modules); print(*dir(solvers))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"Graph", "SolverInputError", "k_shortest_paths"} <= set(done.stdout.split())
