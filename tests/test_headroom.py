"""Headroom agrees with listing every route of a small network and solving for each volume."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from typer.testing import CliRunner

import corridors
import networks
import seeds
from corridors.cli import app
from corridors.search import layered, returned_to
from networks import DataError, PlaceError

CORRIDORS = """
middle-v:
  title: By V
  via: [V]
middle-w:
  title: By W
  via: [W]
sea-suez:
  title: By S
  family: sea
  via: [S]
sea-cape:
  title: By T
  family: sea
  via: [T]
none:
  title: By N
  family: southern
  via: [N]
"""
"""The family "other" is by V or W; those of the sea take the place of the toolkit's."""

PLACES = {"A": "CN", "B": "CN", "M": "KZ", "V": "KZ", "W": "KZ", "X": "KZ", "S": "SG", "T": "SG", "D": "DE", "N": "RU"}
LINKS = [  # ends, mode, km, capacity, unit
    ("A", "M", "rail", 1000, "", ""),
    ("B", "M", "rail", 500, "", ""),
    ("M", "V", "rail", 100, "", ""),
    ("V", "X", "rail", 2500, 20_000, "TEU/yr"),
    ("X", "D", "rail", 2500, 20_000, "TEU/yr"),
    ("V", "D", "rail", 5600, 30_000, "TEU/yr"),
    ("V", "W", "rail", 800, 1, "train pairs/d"),
    ("W", "D", "rail", 5000, 0.7, "Mt/yr"),
    ("M", "D", "rail", 4000, "", ""),
    ("M", "W", "road", 700, "", ""),
    ("A", "S", "rail", 600, "", ""),
    ("B", "S", "rail", 800, "", ""),
    ("S", "D", "sea", 5000, "", ""),
    ("A", "T", "rail", 500, "", ""),
    ("B", "T", "rail", 500, "", ""),
    ("T", "D", "sea", 5200, 25_000, "TEU/yr"),
]
RATES = {"rail": "rail_1520", "road": "road_ca", "sea": "sea_headhaul"}


def at(letter):
    return f"{PLACES[letter]}_{letter * 3}"


def write(folder, name, rows):
    fields = [f["name"] for f in seeds.descriptor()[name]["schema"]["fields"]]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, restval="")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a folder with a small network, and its corridors beside it."""
    folder = tmp_path_factory.mktemp("small")
    kinds = dict.fromkeys(PLACES, "rail_terminal") | dict.fromkeys("DST", "port")
    places = [
        {
            "place_id": at(p),
            "name": f"{p} {p}ville",
            "aliases": p,
            "country_id": c,
            "lon": 10 + i,
            "lat": 50,
            "kind": kinds[p],
        }
        for i, (p, c) in enumerate(PLACES.items())
    ]
    position = {"position_source_id": "EST", "position_grade": "EST"}
    write(folder, "places", [place | position for place in places])
    rates = pd.read_csv(seeds.table_path("rates"))["rate_id"].tolist()
    used = {
        mode: rate if rate in rates else next(r for r in rates if r.startswith(mode)) for mode, rate in RATES.items()
    }
    links = [
        {
            "link_id": f"{at(a)}-{at(b)}-{mode}",
            "from_place_id": at(a),
            "to_place_id": at(b),
            "direction": "forward" if b in "ST" else "both",
            "mode": mode,
            "gauge_mm": "1520" if mode == "rail" else "",
            "length_km": km,
            "length_source_id": "EST",
            "length_grade": "EST",
            "rate_id": used[mode],
            "capacity": capacity,
            "capacity_unit": unit,
            "capacity_source_id": "EST" if unit else "",
            "capacity_grade": "B" if unit else "",
            "status": "existing",
        }
        for a, b, mode, km, capacity, unit in LINKS
    ]
    write(folder, "links", links)
    write(folder, "borders", [])
    with seeds.table_path("stops").open(encoding="utf-8", newline="") as file:
        write(folder, "stops", [row for row in csv.DictReader(file) if not row["place_id"]])
    (folder / "corridors.yaml").write_text(CORRIDORS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def find(small):
    def found(corridor, against="sea-suez", pair=("A", "D"), **options):
        if "demand" not in options:
            options |= {"origin": pair[0], "destination": pair[1]}
        options = {"folder": small, "catalogue": small / "corridors.yaml"} | options
        return corridors.headroom(corridor, against=against, **options)

    return found


@pytest.fixture(scope="module")
def net(small):
    return networks.build(networks.load_tables(small))


def all_routes(net, origin, destination, through):
    """List every route that passes one of the places and comes back to none, by depth-first search."""
    arcs = net.arcs
    out = {v: part.index.tolist() for v, part in arcs.groupby("tail")}
    head, here = arcs["head"].tolist(), arcs["to_place_id"].tolist()
    starts, finishes = net.ends(origin, handling=True)[0], set(net.ends(destination, handling=True)[1])
    found = []

    def go(node, place, path, left, nodes):
        if node in finishes and place == destination and path:
            if (left | {place}) & through:
                found.append(path)
            return
        for a in out.get(node, ()):
            moved = here[a] != place
            if head[a] in nodes or (moved and here[a] in left):
                continue
            go(head[a], here[a], [*path, a], left | ({place} if moved else set()), nodes | {head[a]})

    for start in starts:
        go(start, origin, [], frozenset(), frozenset([start]))
    return found


def least(net, hour, pairs, through):
    """Return a function of TEU a year, shared among pairs: the least cost of carrying them over listed routes."""
    prices = networks.goods_prices(net.tables, value_of_time_usd_per_teu_h=hour)
    cost = networks.generalised_cost(net.arcs, prices)["cost_usd_per_teu"].to_numpy()
    passed = {at(letter) for letter in through}
    listed = [(j, r) for j, (o, d, _) in enumerate(pairs) for r in all_routes(net, at(o), at(d), passed)]
    group, room = net.arcs["capacity_group"], net.arcs.groupby("capacity_group")["capacity_teu_per_year"].first()
    room = room[np.isfinite(room)]
    use = np.array([[(group.iloc[r] == g).sum() for _, r in listed] for g in room.index])
    serve = np.array([[float(j == i) for j, _ in listed] for i in range(len(pairs))])
    costs = [cost[r].sum() for _, r in listed]

    def total(volume):
        shares = [volume * share for *_, share in pairs]
        done = linprog(costs, use, room, serve, shares, method="highs")
        return done.fun if done.status == 0 else math.inf

    return total


def brute(net, hour, pairs, ours, theirs, most=150_000):
    """Return the volume from which the next TEU costs more by our places, by bisection; -1 if there is none."""

    mine, other = least(net, hour, pairs, ours), least(net, hour, pairs, theirs)

    def next_one(total, volume):
        after = total(volume + 1)
        return after - total(volume) if after < math.inf else math.inf

    def dearer(volume):
        cost = next_one(mine, volume)
        return cost == math.inf or cost > next_one(other, volume) * (1 + 1e-9)

    if dearer(0):
        return 0
    if not dearer(most):
        return -1
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if dearer(middle) else (middle, high)
    return high


def test_the_trap_is_there(net):
    """By V and back to M is cheaper than any route by V, so that a layered graph alone would take it."""
    arcs = net.arcs
    kept = np.ones(len(arcs), dtype=bool)
    copies = layered(net, [frozenset([at("V")])], kept)
    assert len(copies.tail) == 2 * len(arcs)
    by_rail = arcs[(arcs["kind"] == "link") & (arcs["mode"] == "rail")]
    path = [
        by_rail.index[(by_rail["from_place_id"] == at(a)) & (by_rail["to_place_id"] == at(b))][0]
        for a, b in ("AM", "MV", "VM", "MD")
    ]
    assert returned_to(net, path) == at("M") and returned_to(net, path[:2]) == ""


@pytest.mark.parametrize("hour", [9.0, 25.0])
@pytest.mark.parametrize(("corridor", "ours"), [("middle-v", {"V"}), ("middle-w", {"W"}), ("other", {"V", "W"})])
@pytest.mark.parametrize(("against", "theirs"), [("sea-suez", {"S"}), ("sea", {"S", "T"}), ("sea-cape", {"T"})])
def test_headroom_is_that_of_brute_force(find, net, hour, corridor, ours, against, theirs):
    room = find(corridor, against, value_of_time=hour)
    expected = brute(net, hour, [("A", "D", 1.0)], ours, theirs)
    got = room.headroom_teu_per_year
    assert (got == math.inf and expected == -1) or got == pytest.approx(expected, abs=1.01), room


def test_pairs_grow_in_proportion(find, net):
    demand = pd.DataFrame({"origin": ["A", "B"], "destination": ["D", "D"], "teu_per_year": [3000.0, 1000.0]})
    room = find("middle-v", "sea", demand=demand, value_of_time=25.0)
    expected = brute(net, 25.0, [("A", "D", 0.75), ("B", "D", 0.25)], {"V"}, {"S", "T"})
    assert expected > 0
    assert room.headroom_teu_per_year == pytest.approx(expected, abs=1.01)
    assert "2 pairs of places" in room.answer and f"{expected / 4000:.2f} x the demand" in room.answer


def test_steps_add_up_to_the_least_cost(find, net):
    steps = find("middle-v", "sea-suez", value_of_time=25.0).steps()
    assert steps["from_teu"].tolist()[1:] == steps["to_teu"].tolist()[:-1]
    assert (steps["cost_usd_per_teu"].diff().dropna() > 0).all()
    expected, total = least(net, 25.0, [("A", "D", 1.0)], {"V"}), 0.0
    for row in steps.itertuples():
        total += (row.to_teu - row.from_teu) * row.cost_usd_per_teu
        assert total == pytest.approx(expected(row.to_teu * (1 - 1e-9)), rel=1e-6)


def test_what_binds_is_named_with_its_worth_and_grade(find):
    steps = find("middle-v", "sea-suez", value_of_time=25.0).steps()
    first = steps.iloc[0]
    assert first["to_teu"] == pytest.approx(20_000)
    assert set(first["binds"].split(" and ")) == {"rail V Vville - X Xville", "rail X Xville - D Dville"}, "in series"
    assert first["worth_usd_per_teu"] == pytest.approx(steps["cost_usd_per_teu"][1] - first["cost_usd_per_teu"])
    assert first["binds_grade"] == "B"
    assert steps.attrs["units"]["to_teu"] == "TEU/yr"


def test_copies_of_one_line_share_its_capacity(find):
    """Both corridors of the family may use the line V-D, yet it carries 30,000 once."""
    alone, together = (find(c, "sea-suez", value_of_time=25.0).steps() for c in ("middle-v", "other"))
    assert together["to_teu"].max() <= alone["to_teu"].max() + 50_001


def test_the_answer_says_what_is_true(find):
    dear = find("middle-v", "sea-suez", value_of_time=0.5)
    assert dear.headroom_teu_per_year == 0 and "dearer than By S at any volume" in dear.answer
    free = find("sea-suez", "middle-v", value_of_time=0.5)
    assert free.headroom_teu_per_year == math.inf and "no limit is known" in free.answer
    some = find("middle-v", "sea-suez", value_of_time=25.0)
    assert 0 < some.headroom_teu_per_year < math.inf
    assert (
        f"at most {some.headroom_teu_per_year:,.0f} TEU a year" in some.answer and "bind first at 20,000" in some.answer
    )
    assert some.answer in repr(some)


def test_break_even_is_where_the_first_box_costs_the_same(find):
    room = find("middle-v", "sea-suez", value_of_time=25.0)
    even = room.break_even()
    below, above = (find("middle-v", "sea-suez", value_of_time=v) for v in (even - 0.01, even + 0.01))
    assert below.headroom_teu_per_year == 0 and above.headroom_teu_per_year > 0
    assert f"zero below a value of time of {even:.2f}" in room.answer
    assert f"cheaper above a value of time of {even:.2f}" in below.answer
    assert math.isnan(find("middle-v", "middle-v").break_even())


def test_no_corridor_is_dearer_than_itself(find):
    room = find("middle-v", "middle-v", value_of_time=6.0)
    assert room.headroom_teu_per_year == pytest.approx(room.steps()["to_teu"].max())


def test_the_first_cost_is_that_of_the_route(small):
    options = {"folder": small, "catalogue": small / "corridors.yaml"}
    table = corridors.routes("A", "D", corridors=["middle-v"], **options)
    room = corridors.headroom("middle-v", against="sea-suez", origin="A", destination="D", **options)
    assert room.steps()["cost_usd_per_teu"][0] == pytest.approx(table["cost_usd_per_teu"][0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"corridor": "midle"}, "no corridor or family is called 'midle'; nearest: middle"),
        ({"against": "see"}, "nearest: sea"),
        ({"goods": "partz"}, "nearest: parts"),
        ({"pair": ("A", "A")}, "are both"),
        ({"corridor": "none"}, "By N has no route from A Aville to D Dville in 2026: no route"),
        ({"avoid": ["V"], "corridor": "middle-v"}, "closed: needs V"),
        ({"year": 1990}, "year: got 1990"),
        ({"pair": (None, None)}, "expected an origin and a destination"),
        ({"demand": pd.DataFrame({"origin": ["A"], "destination": ["D"], "teu": [1]})}, "'teu_per_year' is missing"),
        ({"demand": pd.DataFrame({"origin": ["A"], "destination": ["D"], "teu_per_year": [-1]})}, "row 0"),
        ({"demand": pd.DataFrame({"origin": ["A"], "destination": ["D"], "teu_per_year": [0]})}, "at least one pair"),
    ],
)
def test_mistakes_are_named(find, changes, words):
    with pytest.raises(DataError, match=words):
        find(**({"corridor": "middle-v"} | changes))


def test_an_unknown_place_is_named(find):
    with pytest.raises(PlaceError, match="Aville"):
        find("middle-v", pair=("Avile", "D"))


def test_the_plot_shows_both_lines_and_the_number(find):
    room = find("middle-v", "sea-suez", value_of_time=25.0)
    figure = room.plot()
    words = " ".join(text.get_text() for axes in figure.axes for text in axes.texts).replace("\n", " ")
    assert "rail V Vville - X Xville" in words and "By S" in words
    assert f"{room.headroom_teu_per_year:,.0f} TEU" in figure.get_suptitle().replace("\n", " ")


def run(small, *words):
    return CliRunner().invoke(
        app, ["headroom", "A", "D", "--data", str(small), "--corridors", str(small / "corridors.yaml"), *words]
    )


def test_the_command_prints_writes_and_draws(small, tmp_path):
    args = ("--corridor", "middle-v", "--against", "sea-suez", "--value-of-time", "25")
    shown = run(small, *args, "--plot", str(tmp_path / "steps.png"))
    assert shown.exit_code == 0 and "at most" in shown.stdout and "upper bound" in shown.stdout
    assert (tmp_path / "steps.png").stat().st_size > 10_000
    table = pd.read_csv(pd.io.common.StringIO(run(small, *args, "--csv").stdout))
    out = json.loads(run(small, *args, "--json").stdout)
    assert table["to_teu"].tolist() == pytest.approx([row["to_teu"] for row in out["steps"]])
    assert out["headroom_teu_per_year"] in table["to_teu"].tolist() and out["break_even_usd_per_teu_h"] < 25


def test_an_unlimited_answer_is_valid_json(small):
    out = json.loads(
        run(small, "--corridor", "sea-suez", "--against", "middle-v", "--value-of-time", "0.5", "--json").stdout
    )
    assert out["headroom_teu_per_year"] is None and out["steps"][-1]["to_teu"] is None
