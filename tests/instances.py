"""Flow instances of the literature as tables, and makers of others whose optimum is proved."""

import bz2
import os
from pathlib import Path
from typing import NamedTuple

import highspy
import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

DATA = Path(os.environ.get("CORRIDORS_TESTDATA") or Path(__file__).resolve().parents[2] / "shared" / "testdata")
GROUND = "ground"


class Instance(NamedTuple):
    """Arcs and demands as `solve_flow` takes them, and the optimum (None: infeasible)."""

    arcs: pd.DataFrame
    demands: pd.DataFrame
    optimum: float | None = None
    unmet_penalty: float | None = None


# From balances of nodes to pairs of origin and destination


def from_balances(arcs, balance, optimum=None):
    """Return an Instance with a super source and a super sink for each connected part of the network.

    Parameters
    ----------
    arcs : DataFrame
        Columns tail, head, cost, capacity and any other of `solve_flow`.
    balance : dict
        By node: supply if positive, demand if negative. It adds up to zero over each part.
    """
    number = {v: i for i, v in enumerate(dict.fromkeys([*arcs["tail"], *arcs["head"], *balance]))}
    ends = (arcs["tail"].map(number), arcs["head"].map(number))
    shape = (len(number), len(number))
    _, part = connected_components(coo_array((np.ones(len(arcs)), ends), shape=shape), directed=False)
    more, demands = [], {}
    for v, amount in balance.items():
        k = int(part[number[v]])
        ends = (("source", k), v) if amount > 0 else (v, ("sink", k))
        if amount:
            more.append((*ends, 0.0, float(abs(amount))))
        demands[k] = demands.get(k, 0.0) + max(amount, 0.0)
    for k in demands:
        left = sum(amount for v, amount in balance.items() if part[number[v]] == k)
        assert abs(left) <= 1e-9 * max(1.0, demands[k]), f"supplies of part {k} exceed its demands by {left}"
    extra = pd.DataFrame(more, columns=["tail", "head", "cost", "capacity"])
    if "lower" in arcs:
        extra["lower"] = 0.0
    rows = [(("source", k), ("sink", k), quantity) for k, quantity in demands.items() if quantity]
    return Instance(
        pd.concat([arcs, extra], ignore_index=True) if len(extra) else arcs,
        pd.DataFrame(rows, columns=["origin", "destination", "quantity"]),
        optimum,
    )


def with_ground(arcs, balance, sense="=="):
    """Return arcs and balance closed by a node that gives or takes what the others may have too much or too little of.

    Parameters
    ----------
    sense : {"==", ">=", "<="}
        Whether out minus in at each node is its balance, at least it, or at most it.
    """
    nodes = dict.fromkeys([*arcs["tail"], *arcs["head"], *balance])
    ends = {"==": [], ">=": [(GROUND, v) for v in nodes], "<=": [(v, GROUND) for v in nodes]}[sense]
    extra = pd.DataFrame(ends, columns=["tail", "head"]).assign(cost=0.0, capacity=np.inf)
    if "lower" in arcs:
        extra["lower"] = 0.0
    closed = pd.concat([arcs, extra], ignore_index=True) if ends else arcs
    return closed, {**balance, GROUND: -sum(balance.values())}


def turned(arcs, balance):
    """Return arcs, balance and a constant of the same problem without cycles of negative cost.

    A turned arc is full unless paid back: `capacity - flow` goes from head to tail at minus the cost, and the constant
    is what the full arcs cost (Ahuja, Magnanti and Orlin 1993, section 2.4). Arcs of groups stay, as a group has no
    least load, and so do the widest others that close no cycle; of the rest, those are turned that are worth it at the
    potentials of all that stay.
    """
    ends = list(zip(arcs["tail"], arcs["head"], strict=True))
    part = {v: i for i, nodes in enumerate(nx.strongly_connected_components(nx.DiGraph(ends))) for v in nodes}
    on_cycle = arcs["tail"].map(part) == arcs["head"].map(part)
    may_turn = on_cycle & arcs["group"].isna()
    stay = nx.DiGraph(ends[i] for i in np.flatnonzero(on_cycle & ~may_turn))
    for i in arcs.index[may_turn][np.argsort(-arcs.loc[may_turn, "capacity"], kind="stable")]:
        tail, head = ends[i]
        if head not in stay or tail not in stay or not nx.has_path(stay, head, tail):
            stay.add_edge(tail, head)
            may_turn[i] = False
    kept = arcs[~may_turn]
    potential = dict.fromkeys([*arcs["tail"], *arcs["head"]], 0.0)
    for _ in range(len(potential) + 1):
        before = dict(potential)
        for tail, head, cost in kept[["tail", "head", "cost"]].itertuples(index=False):
            potential[head] = min(potential[head], potential[tail] + cost)
        if before == potential:
            break
    assert before == potential, "a cycle of negative cost in arcs that stay"
    arcs, balance, constant = arcs.copy(), dict(balance), 0.0
    worth = may_turn & (arcs["cost"] + arcs["tail"].map(potential) - arcs["head"].map(potential) < 0)
    for i, (tail, head, cost, capacity) in arcs.loc[worth, ["tail", "head", "cost", "capacity"]].iterrows():
        arcs.loc[i, ["tail", "head", "cost"]] = [head, tail, -cost]
        balance[tail] = balance.get(tail, 0.0) - capacity
        balance[head] = balance.get(head, 0.0) + capacity
        constant += cost * capacity
    return arcs, balance, constant


# Files


def read_kennington(path, folder):
    """Read a multicommodity LP in MPS and find the network behind it: its arcs, and the balance of its nodes.

    A *joint* row bounds a sum of columns from above: an inequality, or an equality with a slack column, without a
    negative entry, whose columns each leave another row. All other rows are nodes; a column leaves the node where it
    has 1 and enters the node where it has -1, and one that has no second node ends at a ground of its own commodity.
    Commodities are the connected parts that are left without the joint rows.
    """
    plain = folder / path.name.removesuffix(".bz2")
    plain.write_bytes(bz2.decompress(path.read_bytes()))
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(plain)) == highspy.HighsStatus.kOk
    lp = highs.getLp()
    assert lp.sense_ == highspy.ObjSense.kMinimize and lp.offset_ == 0
    entries = pd.DataFrame({"row": lp.a_matrix_.index_, "value": lp.a_matrix_.value_})
    entries["column"] = np.repeat(np.arange(lp.num_col_), np.diff(lp.a_matrix_.start_))
    low, high = np.array(lp.row_lower_), np.array(lp.row_upper_)
    cost, most = np.array(lp.col_cost_), np.array(lp.col_upper_)
    assert not np.any(lp.col_lower_) and entries["value"].isin([1, -1]).all()

    count = np.bincount(entries["column"], minlength=lp.num_col_)
    slack = (count == 1) & (cost == 0)
    entries["slack"] = slack[entries["column"]]
    above = np.bincount(entries["column"], entries["value"] > 0, minlength=lp.num_col_)
    entries["also_elsewhere"] = above[entries["column"]] > 1
    by_row = entries.groupby("row")
    joint = (low != high) | by_row["slack"].any().reindex(range(lp.num_row_), fill_value=False).to_numpy()
    joint &= by_row["value"].min().reindex(range(lp.num_row_), fill_value=1).to_numpy() > 0
    joint &= (entries["also_elsewhere"] | entries["slack"]).groupby(entries["row"]).all().to_numpy()
    assert (low == high)[~joint].all(), "a node with an inequality"
    in_joint = joint[entries["row"]]
    slack &= np.isin(np.arange(lp.num_col_), entries.loc[in_joint, "column"])
    # A slack as large as the right-hand side leaves the load free from zero to it.
    slacks = entries[slack[entries["column"]]]
    assert (most[slacks["column"]] >= high[slacks["row"]]).all() and np.isin(low[joint], [-np.inf, *high[joint]]).all()

    def row_of(chosen):
        found = entries[chosen & ~slack[entries["column"]]]
        assert not found["column"].duplicated().any(), "a column twice in rows of one role"
        return found.set_index("column")["row"].reindex(np.flatnonzero(~slack))

    leaves, enters = row_of(~in_joint & (entries["value"] > 0)), row_of(~in_joint & (entries["value"] < 0))
    ties = row_of(in_joint)
    known = leaves.notna() & enters.notna()
    pairs = (leaves[known].astype(int), enters[known].astype(int))
    _, part = connected_components(coo_array((np.ones(known.sum()), pairs), shape=(lp.num_row_,) * 2), directed=False)
    balance = {f"R{r}": float(high[r]) for r in np.flatnonzero(~joint).tolist()}
    ends = {"tail": [], "head": []}
    for tail, head in zip(leaves, enters, strict=True):
        for side, here, there in (("tail", tail, head), ("head", head, tail)):
            ground = f"ground {part[int(there)]}" if np.isnan(here) else None
            ends[side].append(ground or f"R{int(here)}")
            if ground:
                balance[ground] = -sum(high[(part == part[int(there)]) & ~joint])
    arcs = pd.DataFrame({**ends, "cost": cost[~slack], "capacity": most[~slack]})
    tied = ties.notna().to_numpy()
    arcs["group"] = [f"R{int(r)}" if yes else None for r, yes in zip(ties, tied, strict=True)]
    arcs["group_capacity"] = np.where(tied, high[ties.fillna(0).astype(int)], np.nan)
    return arcs, balance


def read_dimacs(path):
    """Read a minimum-cost flow in DIMACS form: its arcs, and the balance of its nodes."""
    rows, balance = [], {}
    for line in path.read_text(encoding="ascii").splitlines():
        match line.split():
            case ["n", node, supply]:
                balance[int(node)] = float(supply)
            case ["a", tail, head, lower, capacity, cost]:
                rows.append((int(tail), int(head), float(cost), float(capacity), float(lower)))
    return pd.DataFrame(rows, columns=["tail", "head", "cost", "capacity", "lower"]), balance


def read_canad(path):
    """Read a fixed-charge design instance (tail, head, cost, capacity, fixed cost; origin, destination, quantity)."""
    first, *lines = [[float(x) for x in line.split()] for line in path.read_text(encoding="ascii").splitlines()[1:]]
    _, m, k = map(int, first)
    arcs = pd.DataFrame([row[:5] for row in lines[:m]], columns=["tail", "head", "cost", "capacity", "fixed_cost"])
    demands = pd.DataFrame([row[:3] for row in lines[m : m + k]], columns=["origin", "destination", "quantity"])
    return arcs.astype({"tail": int, "head": int}), demands.astype({"origin": int, "destination": int})


def read_tntp(folder, name):
    """Read a road network: arcs with free-flow time, published flow and its time; one demand per cell of the trips.

    Zones before the first through node may be begun and ended at, not passed: each is split in two.
    """
    net = (folder / f"{name}_net.tntp").read_text(encoding="ascii").splitlines()
    through = next(int(line.split(">")[1]) for line in net if line.startswith("<FIRST THRU NODE>"))
    links = [line.split() for line in net if line.strip().endswith(";") and line.split()[0].isdigit()]
    flows = [line.split() for line in (folder / f"{name}_flow.tntp").read_text(encoding="ascii").splitlines()[1:]]
    arcs = pd.DataFrame([(int(x[0]), int(x[1]), float(x[4])) for x in links], columns=["tail", "head", "free_time"])
    flow = pd.DataFrame(
        [(int(x[0]), int(x[1]), float(x[2]), float(x[3])) for x in flows if x], columns=["tail", "head", "flow", "time"]
    )
    arcs = arcs.merge(flow, on=["tail", "head"], how="left", validate="one_to_one")
    assert arcs["flow"].notna().all()
    arcs["head"] = [("into", v) if v < through else v for v in arcs["head"]]
    rows, origin = [], 0
    for line in (folder / f"{name}_trips.tntp").read_text(encoding="ascii").splitlines():
        if line.startswith("Origin"):
            origin = int(line.split()[1])
        elif origin:
            cells = [cell.split(":") for cell in line.split(";") if ":" in cell]
            rows += [(origin, int(d), float(q)) for d, q in cells if float(q) and int(d) != origin]
    demands = pd.DataFrame(rows, columns=["origin", "destination", "quantity"])
    demands["destination"] = [("into", v) if v < through else v for v in demands["destination"]]
    return arcs, demands


# Figures of books and manuals


def table(rows, columns=("tail", "head", "cost", "capacity")):
    """Make a table of arcs or demands from rows of figures."""
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({c: float for c in frame.columns if c in {"cost", "capacity", "lower", "quantity"}})


def two_commodities():
    """Six nodes, two commodities, two arcs that are too narrow for both.

    R. K. Ahuja, T. L. Magnanti and J. B. Orlin, Network Flows, Prentice Hall 1993, chapter 17; also Example 1 of the
    chapter on decomposition in SAS/OR, Mathematical Programming: 150.
    """
    rows = [(1, 2, 1, 5), (1, 3, 5, 30), (5, 3, 1, 30), (5, 6, 5, 30), (3, 4, 1, 10), (4, 2, 5, 30), (4, 6, 1, 30)]
    demands = table([(1, 2, 10), (5, 6, 20)], ("origin", "destination", "quantity"))
    return Instance(table(rows), demands, 150.0)


def pencils_and_pens():
    """Two products, two factories, three warehouses, shared capacity: netflow in the examples of Gurobi, 5,500."""
    capacity = {
        "Detroit": {"Boston": 100, "New York": 80, "Seattle": 120},
        "Denver": {"Boston": 120, "New York": 120, "Seattle": 120},
    }
    cost = {"Pencils": ((10, 20, 60), (40, 40, 30)), "Pens": ((20, 20, 80), (60, 70, 30))}
    supply = {"Pencils": (50, 60), "Pens": (60, 40)}
    demand = {"Pencils": (50, 50, 10), "Pens": (40, 30, 30)}
    return supply, demand, cost, capacity, 5500.0


def steel_products():
    """Three products, three mills, seven plants, 625 tons on each lane.

    R. Fourer, D. M. Gay and B. W. Kernighan, AMPL, 2nd ed., section 4.1: 199,500. The dearest plan, which the examples
    of JuMP give for the same figures, costs 225,700.
    """
    mills, plants = ("GARY", "CLEV", "PITT"), ("FRA", "DET", "LAN", "WIN", "STL", "FRE", "LAF")
    capacity = {mill: dict.fromkeys(plants, 625) for mill in mills}
    supply = {"bands": (400, 700, 800), "coils": (800, 1600, 1800), "plate": (200, 300, 300)}
    demand = {
        "bands": (300, 300, 100, 75, 650, 225, 250),
        "coils": (500, 750, 400, 250, 950, 850, 500),
        "plate": (100, 100, 0, 50, 200, 100, 250),
    }
    cost = {
        "bands": ((30, 10, 8, 10, 11, 71, 6), (22, 7, 10, 7, 21, 82, 13), (19, 11, 12, 10, 25, 83, 15)),
        "coils": ((39, 14, 11, 14, 16, 82, 8), (27, 9, 12, 9, 26, 95, 17), (24, 14, 17, 13, 28, 99, 20)),
        "plate": ((41, 15, 12, 16, 17, 86, 8), (29, 9, 13, 9, 28, 99, 18), (26, 14, 17, 13, 31, 104, 20)),
    }
    return supply, demand, cost, capacity, 199_500.0


def shipped(figures, *, shared):
    """Turn supplies, demands, costs and lanes by product into an Instance.

    With `shared` the products meet on one arc per lane, each with a cost column of its own; else each has its own arcs,
    tied by a group per lane.
    """
    supply, demand, cost, capacity, optimum = figures
    lanes = [(o, d, room) for o, row in capacity.items() for d, room in row.items()]
    prices = {p: [x for row in cost[p] for x in row] for p in cost}
    frames = []
    if shared:
        arcs = table([(o, d, 0, room) for o, d, room in lanes])
        frames.append(arcs.assign(**{f"cost_{p}": np.array(prices[p], dtype=float) for p in cost}))
    for p in cost:
        at = (lambda v: v) if shared else (lambda v, p=p: (v, p))
        if not shared:
            rows = [(at(o), at(d), price, np.inf) for (o, d, _), price in zip(lanes, prices[p], strict=True)]
            frames.append(table(rows).assign(group=lanes, group_capacity=[float(room) for *_, room in lanes]))
        begins = [(("from", p), at(o), 0, q) for o, q in zip(capacity, supply[p], strict=True)]
        ends = [(at(d), ("to", p), 0, q) for (_, d, _), q in zip(lanes, demand[p], strict=False)]
        free = table(begins + ends)
        frames.append(free.assign(**{f"cost_{x}": 0.0 for x in cost}) if shared else free)
    arcs = pd.concat(frames, ignore_index=True)
    rows = [(("from", p), ("to", p), sum(demand[p]), p) for p in cost]
    demands = table(rows, ("origin", "destination", "quantity", "class"))
    if not shared:
        demands = demands.drop(columns="class")
        arcs["group"] = arcs["group"].astype(object).where(arcs["group"].notna(), None)
    return Instance(arcs, demands, optimum)


def dearest(instance, optimum):
    """Return the same instance with its costs turned into gains; only for networks without cycles."""
    arcs = instance.arcs.copy()
    for name in [c for c in arcs if str(c).startswith("cost")]:
        arcs[name] = -arcs[name]
    return Instance(arcs, instance.demands, optimum)


def canning():
    """Two canneries that may have cases left, three markets.

    G. B. Dantzig, Linear Programming and Extensions, 1963, section 3.3; trnsport in the GAMS library, 153.675.
    """
    miles = {"Seattle": (2.5, 1.7, 1.8), "San Diego": (2.5, 1.8, 1.4)}
    markets = {"New York": 325, "Chicago": 300, "Topeka": 275}
    rows = [(o, d, 0.09 * x, np.inf) for o, row in miles.items() for d, x in zip(markets, row, strict=True)]
    begins = [("company", "Seattle", 0, 350), ("company", "San Diego", 0, 600)]
    demands = table([("company", d, q) for d, q in markets.items()], ("origin", "destination", "quantity"))
    return Instance(table(rows + begins), demands, 153.675)


def american_steel():
    """Two mills, four customers, least and most loads: case study of the documentation of PuLP, 15,005.

    A mill may keep steel, and steel may be left anywhere.
    """
    rows = [
        ("Youngstown", "Albany", 0.5, 1000, 0),
        ("Youngstown", "Cincinnati", 0.35, 3000, 0),
        ("Youngstown", "Kansas City", 0.45, 5000, 1000),
        ("Youngstown", "Chicago", 0.375, 5000, 0),
        ("Pittsburgh", "Cincinnati", 0.35, 2000, 0),
        ("Pittsburgh", "Kansas City", 0.45, 3000, 2000),
        ("Pittsburgh", "Chicago", 0.4, 4000, 0),
        ("Pittsburgh", "Gary", 0.45, 2000, 0),
        ("Cincinnati", "Albany", 0.35, 5000, 1000),
        ("Cincinnati", "Houston", 0.55, 6000, 0),
        ("Kansas City", "Houston", 0.375, 4000, 0),
        ("Kansas City", "Tempe", 0.65, 4000, 0),
        ("Chicago", "Tempe", 0.6, 2000, 0),
        ("Chicago", "Gary", 0.12, 4000, 0),
    ]
    balance = {"Youngstown": 10_000, "Pittsburgh": 15_000}
    balance |= {"Albany": -3000, "Houston": -7000, "Tempe": -4000, "Gary": -6000}
    arcs = table(rows, ("tail", "head", "cost", "capacity", "lower"))
    return from_balances(*with_ground(arcs, balance, "<="), 15_005.0)


def one_commodity():
    """Five nodes: S. P. Bradley, A. C. Hax and T. L. Magnanti, Applied Mathematical Programming, figure 8.1: 150."""
    rows = [(1, 2, 4, 15), (1, 3, 4, 8), (2, 3, 2, np.inf), (2, 4, 2, 4), (2, 5, 6, 10), (3, 4, 1, 15), (3, 5, 3, 5)]
    rows += [(4, 5, 2, np.inf), (5, 3, 1, 4)]
    return from_balances(table(rows), {1: 20.0, 4: -5.0, 5: -15.0}, 150.0)


def eight_nodes():
    """Two sources, three sinks: Ahuja, Magnanti and Orlin 1993; SAS/OR, example of the network simplex solver: 270."""
    rows = [(1, 4, 2, 15), (2, 1, 1, 10), (2, 3, 0, 10), (2, 6, 6, 10), (3, 4, 1, 5), (3, 5, 4, 10), (4, 7, 5, 10)]
    rows += [(5, 6, 2, 20), (5, 7, 7, 15), (6, 8, 8, 10), (7, 8, 9, 15)]
    return from_balances(table(rows), {1: 10.0, 2: 20.0, 4: -5.0, 7: -15.0, 8: -10.0}, 270.0)


def lemon():
    """Twelve nodes, several supplies and least loads: the test network of the graph library LEMON and its ten optima.

    Its supplies hold exactly, at least (a sink may get less, a node may send more) or at most.
    """
    rows = [
        (1, 2, 70, 11, 8), (1, 3, 150, 3, 1), (1, 4, 80, 15, 2), (2, 8, 80, 12, 0), (3, 5, 140, 5, 3),
        (4, 6, 60, 10, 1), (4, 7, 80, 2, 0), (4, 8, 110, 3, 0), (5, 7, 60, 14, 0), (5, 11, 120, 12, 0),
        (6, 3, 0, 3, 0), (6, 9, 140, 4, 0), (6, 10, 90, 8, 0), (7, 1, 30, 5, 0), (8, 12, 60, 16, 4),
        (9, 12, 50, 6, 0), (10, 12, 70, 13, 5), (10, 2, 100, 7, 0), (10, 7, 60, 10, 0), (11, 10, 20, 14, 6),
        (12, 11, 30, 10, 0),
    ]  # fmt: skip
    bounded = table(rows, ("tail", "head", "cost", "capacity", "lower"))
    free, unit = bounded.drop(columns="lower"), {"cost": 1.0, "capacity": np.inf}
    exact = {1: 20, 2: -4, 5: 9, 6: -6, 9: 3, 10: -2, 12: -20}
    single = {1: 27, 12: -27}
    scarce = {1: 20, 2: -8, 5: 6, 6: -5, 10: -7, 11: -10, 12: -30}
    ample = {1: 30, 2: -3, 5: 11, 6: -6, 8: 3, 10: -2, 12: -20}
    cases = {
        "exact": (free, exact, "==", 5240),
        "single": (free, single, "==", 7620),
        "exact, least loads": (bounded, exact, "==", 5970),
        "single, least loads": (bounded, single, "==", 8010),
        "exact, arcs counted": (free.assign(**unit), exact, "==", 74),
        "single, arcs counted, least loads": (bounded.assign(**unit), single, "==", 94),
        "scarce": (free, scarce, ">=", 3530),
        "scarce, least loads": (bounded, scarce, ">=", 4540),
        "ample, as if scarce": (bounded, ample, ">=", None),
        "ample": (free, ample, "<=", 5080),
        "ample, least loads": (bounded, ample, "<=", 5930),
        "scarce, as if ample": (bounded, scarce, "<=", None),
    }
    found = {}
    for name, (arcs, supply, sense, optimum) in cases.items():
        closed, balance = with_ground(arcs, {v: float(b) for v, b in supply.items()}, sense)
        found[name] = from_balances(closed, balance, optimum)
    return found


# Families whose optimum is proved


def two_by_three(penalty=5.0):
    """Complete bipartite graph of 2 and 3 nodes, edges of capacity 1 both ways together, a unit between nodes alike.

    H. Okamura and P. D. Seymour, Multicommodity flows in planar graphs, J. Comb. Theory B 31, 1981: every cut is wide
    enough, yet not all can be served. A unit takes 2 of the 6 edges, so at most 3 of the 4 units go; the three among
    b1, b2 and b3 do, half on each side, and not otherwise: 3 x 2 + penalty.
    """
    edges = [(a, b) for a in ("a1", "a2") for b in ("b1", "b2", "b3")]
    rows = [(*ends, 1, np.inf) for edge in edges for ends in (edge, edge[::-1])]
    arcs = table(rows).assign(group=[f"{a}{b}" for a, b in edges for _ in "to"], group_capacity=1.0)
    pairs = [("a1", "a2", 1), ("b1", "b2", 1), ("b2", "b3", 1), ("b3", "b1", 1)]
    return Instance(arcs, table(pairs, ("origin", "destination", "quantity")), 6 + penalty, penalty)


def product_assignment(n):
    """Assign n to n at cost i x j: opposite orders are cheapest (rearrangement inequality), sum of i x (n + 1 - i)."""
    rows = [(("i", i), ("j", j), i * j, 1) for i in range(1, n + 1) for j in range(1, n + 1)]
    balance = {("i", i): 1.0 for i in range(1, n + 1)} | {("j", j): -1.0 for j in range(1, n + 1)}
    return from_balances(table(rows), balance, float(sum(i * (n + 1 - i) for i in range(1, n + 1))))


def line_transport(n, seed):
    """Move piles along a line: the cost is the area between the two cumulated distributions."""
    rng = np.random.default_rng(seed)
    place = np.sort(rng.choice(1000, 2 * n, replace=False)).astype(float)
    amount = rng.permutation(np.r_[rng.multinomial(500, np.ones(n) / n), -rng.multinomial(500, np.ones(n) / n)])
    gives, takes = np.flatnonzero(amount > 0).tolist(), np.flatnonzero(amount < 0).tolist()
    rows = [(i, j, abs(place[i] - place[j]), np.inf) for i in gives for j in takes]
    area = float(np.sum(np.abs(np.cumsum(amount)[:-1]) * np.diff(place)))
    return from_balances(table(rows), {i: float(amount[i]) for i in [*gives, *takes]}, area)


def merit_order(n, seed, *, stepped):
    """Return parallel arcs, or one arc with as many steps: the cheapest are filled first."""
    rng = np.random.default_rng(seed)
    cost, room = np.sort(rng.choice(200, n, replace=False)), rng.integers(1, 9, n)
    wanted = int(room.sum() * 0.7)
    before = np.cumsum(room) - room
    optimum = float(np.sum(cost * np.clip(wanted - before, 0, room)))
    demands = table([("o", "d", wanted)], ("origin", "destination", "quantity"))
    if stepped:
        steps = [(float(start), float(extra)) for start, extra in zip(before[1:], cost[1:] - cost[0], strict=True)]
        one = table([("o", "d", cost[0], room.sum())])
        return Instance(one.assign(steps=[steps]), demands, optimum)
    order = rng.permutation(n)
    return Instance(table([("o", "d", cost[i], room[i]) for i in order]), demands, optimum)


def washington_rmf(a, b, seed, largest=20):
    """Make b square frames of a x a nodes one behind the other, wide inside and narrow between, at zero cost.

    After D. Goldfarb and M. D. Grigoriadis, A computational comparison of the Dinic and network simplex methods for
    maximum flow, Annals of Operations Research 13, 1988. All that does not reach the far corner is unmet at cost 1.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for z in range(b):
        cells = [(x, y) for x in range(a) for y in range(a)]
        for x, y in cells:
            near = [(x + dx, y + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            rows += [((x, y, z), (*v, z), 0, largest * a * a) for v in near if v in cells]
        if z + 1 < b:
            ahead = [cells[i] for i in rng.permutation(len(cells))]
            room = rng.integers(1, largest + 1, len(cells))
            rows += [((*u, z), (*v, z + 1), 0, r) for u, v, r in zip(cells, ahead, room, strict=True)]
    arcs, ends = table(rows), ((0, 0, 0), (a - 1, a - 1, b - 1))
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(arcs[["tail", "head", "capacity"]].itertuples(index=False), weight="capacity")
    wanted = 2 * largest * a * a
    most = nx.maximum_flow_value(graph, *ends)
    demands = table([(*ends, wanted)], ("origin", "destination", "quantity"))
    return Instance(arcs, demands, float(wanted - most), 1.0)


def torus(n, seed, commodities=1):
    """Make an n x n grid closed to a torus with random costs and capacities, and as many pairs of opposite nodes."""
    rng = np.random.default_rng(seed)
    ends = [((x, y), to) for x in range(n) for y in range(n) for to in (((x + 1) % n, y), (x, (y + 1) % n))]
    both = ends + [(head, tail) for tail, head in ends]
    cost, room = rng.integers(1, 1000, len(both)), rng.integers(5, 40, len(both))
    arcs = table([(*e, c, r) for e, c, r in zip(both, cost, room, strict=True)])
    at = rng.integers(0, n, (commodities, 2)).tolist()
    pairs = [((x, y), ((x + n // 2) % n, (y + n // 2) % n), 20) for x, y in at]
    return Instance(arcs, table(pairs, ("origin", "destination", "quantity")))


def simplex_optimum(arcs, balance):
    """Return the least cost of one commodity by networkx, for whole numbers."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((v, {"demand": -round(b)}) for v, b in balance.items())
    for tail, head, cost, capacity in arcs[["tail", "head", "cost", "capacity"]].itertuples(index=False):
        room = {} if np.isinf(capacity) else {"capacity": round(capacity)}
        graph.add_edge(tail, head, weight=round(cost), **room)
    return float(nx.network_simplex(graph)[0])
