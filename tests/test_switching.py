"""What would change an answer: at a switching value both ways cost the same, and N-1 is 100 per cent."""

import dataclasses

import numpy as np
import pytest

import corridors
from corridors.scenario.gas_applying import apply_gas
from corridors.scenario.switching import COLUMNS


@pytest.fixture(scope="module")
def run():
    return corridors.run("rasht-astara")


def ways(run, table):
    """Return the two routes that a table of switching values is about, as rows of the run."""
    row = table.iloc[0]
    names = corridors.load_catalogue()
    routes = run.tables["routes"]
    titles = routes["corridor"].map(lambda c: names[c].title)
    mine = table["figure"].iloc[1].removeprefix("tariff by ")
    from networks import load_tables

    tables = load_tables()
    place = tables.places["name"]
    ends = routes["origin"].map(place) + " to " + routes["destination"].map(place)
    where = ends + ", " + routes["goods"].map(tables.goods["title"])
    here = routes[where == row["where"]]
    other = here[titles[here.index] != mine]
    one = here[titles[here.index] == mine]
    rivals = other[other["branch"] != one["branch"].iloc[0]]
    return [part.loc[part["cost_usd_per_teu"].idxmin()] for part in (one, rivals)]


def cost(way, hour, price, tariff=None, delay=None):
    """Return the generalised cost of a route with other values."""
    money = way["tariff_usd_per_teu"] if tariff is None else tariff
    hours = way["delay_h"] if delay is None else delay
    return money + hour * hours + price * way["kgco2e_per_teu"] / 1000


def test_at_a_switching_value_both_ways_cost_the_same(run):
    table = run.switching()
    assert list(table.columns) == COLUMNS and len(table) == 4
    mine, other = ways(run, table)
    hour = (mine["cost_usd_per_teu"] - mine["tariff_usd_per_teu"] - mine["carbon_usd_per_teu"]) / mine["delay_h"]
    price = 1000 * mine["carbon_usd_per_teu"] / mine["kgco2e_per_teu"]
    assert table["now"].to_numpy() == pytest.approx([hour, mine["tariff_usd_per_teu"], mine["days"], price])
    for way in (mine, other):
        assert cost(way, hour, price) == pytest.approx(way["cost_usd_per_teu"], rel=1e-12)
    at = table["switches_at"].to_numpy()
    assert np.isfinite(at).sum() >= 2
    same = {
        0: lambda v: (cost(mine, v, price), cost(other, v, price)),
        1: lambda v: (cost(mine, hour, price, tariff=v), cost(other, hour, price)),
        2: lambda v: (
            cost(mine, hour, price, delay=mine["delay_h"] + 24 * (v - mine["days"])),
            cost(other, hour, price),
        ),
        3: lambda v: (cost(mine, hour, v), cost(other, hour, v)),
    }
    for number, value in enumerate(at):
        if np.isfinite(value):
            left, right = same[number](value)
            assert left == pytest.approx(right, rel=1e-9)
    known = np.isfinite(at) & (table["now"] > 0).to_numpy()
    change = 100 * (at[known] / table["now"].to_numpy()[known] - 1)
    assert table["change_pct"].to_numpy()[known] == pytest.approx(change)


def test_the_other_way_round_the_difference_has_no_range_of_its_own(run):
    """What only the counterfactual varies is no range of the comparison."""
    there, back = corridors.Comparison(run.against, run), corridors.Comparison(run, run.against)
    one, other = there.varied("branch"), back.varied("branch")
    assert set(other) < set(one) and "as set" in other
    assert other.to_numpy() == pytest.approx(-one[list(other)].reindex(other.index).to_numpy(), abs=1e-6)


def test_in_euros_money_is_in_euros(run):
    in_euros = corridors.run(corridors.load("rasht-astara", set={"study.currency": "EUR"}), against=False, ranges=False)
    in_dollars = corridors.run("rasht-astara", against=False, ranges=False)
    euros, dollars = in_euros.switching(), in_dollars.switching()
    rate = in_euros.record["usd_per_eur"]
    money = [0, 1, 3]
    assert (dollars["now"] / euros["now"])[money].dropna().to_numpy() == pytest.approx(rate)
    assert euros["switches_at"].iloc[2] == pytest.approx(dollars["switches_at"].iloc[2], nan_ok=True)
    assert set(euros["unit"]) == {"EUR/TEU/h", "EUR/TEU", "days", "EUR/tCO2e"}


def test_a_peak_at_its_switching_value_is_just_met():
    run = corridors.run("gas-iran-cut", against=False)
    table = run.switching()
    table = table[table["figure"] == "peak demand"]
    security = run.security().xs(2026, level="year")
    assert len(table) >= 3
    supply = security[["pipe", "production", "storage", "lng"]].sum(axis=1) - security["largest_gwh_per_day"]
    for row in table.itertuples():
        mine = security.index[np.isclose(security["peak_gwh_per_day"], row.now)][0]
        assert 100 * supply[mine] / row.switches_at == pytest.approx(100, rel=1e-9)


def test_a_full_line_stays_full_while_it_is_dearer_by_less_than_its_worth():
    scenario = corridors.load("baseline-gas-2026")
    table = corridors.run(scenario, against=False, ranges=False).switching()
    lines = table[table["figure"].str.contains("full line")].set_index("where")["switches_at"]
    assert len(lines) == 2
    case = apply_gas(scenario.gas, 2026).case
    plan = case.solve()
    for title, at in lines.items():
        pipe = case.pipes.index[case.pipes["title"] == title][0]
        mine = [column for column in plan.worth if column.split("|")[0] == pipe]
        worth, flow = plan.worth[mine].sum(axis=1), plan.total(plan.flow)[pipe]
        assert at == pytest.approx((worth * plan.days).sum() / plan.days.sum(), rel=1e-9)
        for more, leaves in ((0.99 * worth.min(), False), (1.01 * worth.max(), True)):
            cost = case.pipes["cost"].where(case.pipes.index != pipe, case.pipes["cost"] + more)
            after = dataclasses.replace(case, pipes=case.pipes.assign(cost=cost)).solve()
            now = after.total(after.flow)[pipe]
            assert now < 0.9 * flow if leaves else now == pytest.approx(flow, rel=1e-9)
            if not leaves:
                assert after.objective - plan.objective == pytest.approx(more * flow, rel=1e-6)


def test_the_inputs_of_a_run_are_kept_with_their_lines(tmp_path):
    run = corridors.run(corridors.load("gas-iran-cut", set={"study.currency": "EUR"}), against=False)
    table = run.tables["inputs"].set_index("path")
    assert table.loc["study.currency", ["value", "origin"]].tolist() == ["EUR", "set"]
    assert table.at["task", "origin"].startswith(("gas-iran-cut.yaml:", "baseline-gas"))
    run.save(tmp_path / "saved")
    read = corridors.read(tmp_path / "saved").tables["inputs"]
    assert read.equals(run.tables["inputs"].astype(read.dtypes))
