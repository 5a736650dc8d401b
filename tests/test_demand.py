"""Demand keeps the sourced totals and margins exactly, and its cells can be sent."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridors
import seeds
from networks import DataError, load_tables, read_table

YEARS = range(2019, 2026)


def rows_of(name: str) -> list[dict[str, str]]:
    with seeds.table_path(name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("year", YEARS)
def test_cells_sum_to_the_sourced_totals(year: int) -> None:
    """Read from the files themselves: parts of each market, summed, are what its cells sum to."""
    totals: dict[str, float] = defaultdict(float)
    for row in rows_of("demand"):
        if row["year"] == str(year):
            totals[row["market_id"]] += float(row["value"])
    found = corridors.demand(year).groupby("market")["quantity"].sum()
    assert set(found.index) == set(totals)
    for market, total in totals.items():
        assert found[market] == pytest.approx(total, rel=1e-12)


def test_margins_are_the_shares() -> None:
    table = corridors.demand(2023, ["cn-eu"])
    weights = {
        r["key"]: float(r["weight"])
        for r in rows_of("demand_shares")
        if r["market_id"] == "cn-eu" and r["end"] == "origin"
    }
    share = table.groupby("origin")["quantity"].sum() / table["quantity"].sum()
    for key, weight in weights.items():
        assert share[key] == pytest.approx(weight / sum(weights.values()), rel=1e-12)


def test_every_cell_names_places_and_goods_and_carries_the_worst_grade() -> None:
    tables = load_tables()
    table = corridors.demand(2024)
    for side in ("origin", "destination"):
        assert set(table[side]) <= set(tables.places.index)
    assert set(table["goods"]) <= set(tables.goods.index)
    assert set(table["grade"]) <= {"A", "B", "C", "EST"}
    assert (table["quantity"] >= 0).all()
    assert not table.duplicated(["market", "origin", "destination", "goods"]).any()
    assert (table["origin"] != table["destination"]).all()


def test_tonnes_become_teu_by_the_load_of_the_goods() -> None:
    table = corridors.demand(2023, ["caspian-bulk", "north-south"])
    load = load_tables().goods["load_t_per_teu"]
    assert set(table["unit"]) == {"t"} and table["goods"].nunique() > 2
    assert (table["teu_per_year"] * table["goods"].map(load)).tolist() == pytest.approx(table["quantity"].tolist())


def test_parts_counted_by_rail_are_the_observed_series() -> None:
    """Both directions by rail are the northern series that the model is held against."""
    observed = read_table("volumes")
    series = observed[observed["series"] == "China-EU by rail, Northern route"].set_index("year")["value"]
    parts = read_table("demand")
    rail = parts[(parts["part"] == "rail") & parts["market_id"].isin(["cn-eu", "eu-cn"])].groupby("year")["value"].sum()
    for year in YEARS:
        assert rail[year] == pytest.approx(series[year], rel=1e-4)


@pytest.mark.parametrize("year", YEARS)
def test_nothing_over_the_caspian_is_counted_twice(year: int) -> None:
    """Bulk both ways, boxes at the load of their goods and crude in tankers make the observed tonnes of the route."""
    load = load_tables().goods["load_t_per_teu"]
    parts = {(r["market_id"], r["part"]): float(r["value"]) for r in rows_of("demand") if r["year"] == str(year)}
    boxes = 0.0
    for market in ("caspian", "cn-eu", "eu-cn"):
        goods = corridors.demand(year, [market]).groupby("goods")["quantity"].sum()
        mean_load = (goods * load.reindex(goods.index)).sum() / goods.sum()
        boxes += parts[market, "caspian"] * mean_load
    bulk = parts["caspian-bulk", "caspian"] + parts["caspian-bulk-east", "caspian"]
    rows = [r for r in rows_of("volumes") if r["year"] == str(year) and r["period"] == "year"]
    observed = [
        float(r["value"]) for r in rows if r["series"] == "TITR (Middle Corridor)" and r["source_id"] == "TITR26"
    ]
    crude = sum(float(r["value"]) for r in rows if r["series"] == "Aktau-Baku crude")
    assert bulk + boxes + crude == pytest.approx(*observed, abs=1000), "bulk is given to the next thousand tonnes"


@pytest.mark.parametrize("part", ["western", "trans-caspian", "eastern"])
def test_branches_of_north_south_are_the_series(part: str) -> None:
    """Both directions of a branch are its series, in each year that has one."""
    name = f"INSTC {'Trans-Caspian' if part == 'trans-caspian' else part} (rail)"
    series = {r["year"]: float(r["value"]) for r in rows_of("volumes") if (r["series"], r["period"]) == (name, "year")}
    both = [r for r in rows_of("demand") if r["market_id"] in ("north-south", "south-north") and r["part"] == part]
    assert {r["year"] for r in both} == {str(year) for year in YEARS} and series
    for year, value in series.items():
        assert sum(float(r["value"]) for r in both if r["year"] == year) == value


def test_inferred_figures_say_so() -> None:
    """Who tests a model against a year must know whether its figure was observed."""
    for row in rows_of("demand"):
        if row["market_id"] in ("caspian-bulk", "caspian-bulk-east", "north-south", "south-north"):
            assert row["derivation"].startswith(("observed: ", "inferred: ", "inferred from ")), row["demand_id"]


def factors_of(scenario: str, market: str) -> dict[int, float]:
    rows = [r for r in rows_of("growth") if (r["scenario"], r["market_id"]) == (scenario, market)]
    return {int(r["year"]): float(r["factor"]) for r in rows}


@pytest.mark.parametrize("scenario", ["low", "central", "high"])
def test_later_totals_are_that_of_2025_times_the_factor(scenario: str) -> None:
    base = corridors.demand(2025).groupby("market")["quantity"].sum()
    for year in (2030, 2040):
        found = corridors.demand(year, growth=scenario).groupby("market")["quantity"].sum()
        assert set(found.index) == set(base.index)
        for market in base.index:
            assert found[market] == pytest.approx(base[market] * factors_of(scenario, market)[year], rel=1e-12)


def test_scenarios_are_in_order() -> None:
    low, central, high = (
        corridors.demand(2034, growth=scenario).groupby("market")["quantity"].sum()
        for scenario in ("low", "central", "high")
    )
    assert (low <= central).all() and (central <= high).all()


def test_growth_moves_nothing_but_the_total() -> None:
    now, later = corridors.demand(2025), corridors.demand(2033, growth="high")
    keys = ["market", "origin", "destination", "goods", "unit"]
    pd.testing.assert_frame_equal(now[keys], later[keys])
    share = [table["quantity"] / table.groupby("market")["quantity"].transform("sum") for table in (now, later)]
    assert share[0].tolist() == pytest.approx(share[1].tolist())
    assert set(later["grade"]) == {"EST"}, "a growth that is an estimate makes its years estimates"


def test_years_with_a_total_keep_it() -> None:
    pd.testing.assert_frame_equal(corridors.demand(2022), corridors.demand(2022, growth="high"))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 5), st.floats(0.2, 5), st.integers(2026, 2040))
def test_growth_is_geometric_between_its_years(
    tmp_path_factory: pytest.TempPathFactory, first: float, second: float, year: int
) -> None:
    folder = tmp_path_factory.mktemp("growth")
    own = pd.read_csv(seeds.table_path("growth"), dtype=str).query("scenario == 'low' and market_id == 'caspian'")
    own.assign(scenario="mine", factor=[repr(first), repr(second)]).to_csv(folder / "growth.csv", index=False)
    totals = [corridors.demand(y, ["caspian"], growth="mine", folder=folder)["quantity"].sum() for y in (2025, year)]
    rates = [np.log(first) / 5] * 5 + [np.log(second / first) / 10] * 10
    assert np.log(totals[1] / totals[0]) == pytest.approx(sum(rates[: year - 2025]), abs=1e-9)


def test_wrong_growth(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"got 2030, expected 2019 to 2025.*later years give growth.*low, central, high"
    ):
        corridors.demand(2030)
    with pytest.raises(DataError, match=r"no scenario is called 'centrel'; nearest: central"):
        corridors.demand(2030, growth="centrel")
    with pytest.raises(DataError, match="no scenario is called 'centrel'"):
        corridors.demand(2022, growth="centrel")
    with pytest.raises(DataError, match="year: got 2041, expected 2019 to 2040 for cn-eu with growth"):
        corridors.demand(2041, ["cn-eu"], growth="low")
    with pytest.raises(DataError, match="year: got 2018, expected 2019 to 2025"):
        corridors.demand(2018, growth="low")
    own = pd.read_csv(seeds.table_path("growth"), dtype=str)
    own[own["market_id"] != "caspian"].to_csv(tmp_path / "growth.csv", index=False)
    with pytest.raises(DataError, match=r"growth.csv: low has no factors for caspian$"):
        corridors.demand(2030, ["caspian"], growth="low", folder=tmp_path)
    pd.concat([own, own.iloc[[0]].assign(growth_id="again")]).to_csv(tmp_path / "growth.csv", index=False)
    with pytest.raises(DataError, match=r"growth.csv: low of cn-eu in 2030 stands twice"):
        corridors.demand(2030, ["caspian"], growth="low", folder=tmp_path)
    own.to_csv(tmp_path / "growth.csv", index=False)
    demand = pd.read_csv(seeds.table_path("demand"), dtype=str)
    demand[demand["year"] != "2025"].to_csv(tmp_path / "demand.csv", index=False)
    with pytest.raises(DataError, match="caspian has no total for 2025, which growth starts from"):
        corridors.demand(2030, ["caspian"], growth="low", folder=tmp_path)


def test_own_tables(tmp_path: Path) -> None:
    own = pd.read_csv(seeds.table_path("demand"), dtype=str)
    own.loc[own["market_id"] == "caspian", "value"] = "1000"
    own.to_csv(tmp_path / "demand.csv", index=False)
    assert corridors.demand(2021, ["caspian"], folder=tmp_path)["quantity"].sum() == pytest.approx(1000)


def test_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="year: got 2030, expected 2019 to 2025"):
        corridors.demand(2030)
    with pytest.raises(DataError, match=r"no market is called 'cn-ue'.*cn-eu"):
        corridors.demand(2023, ["cn-ue"])
    with pytest.raises(DataError, match="no such folder"):
        corridors.demand(2023, folder=tmp_path / "nowhere")
    shares = pd.read_csv(seeds.table_path("demand_shares"), dtype=str)
    shares[~((shares["market_id"] == "caspian") & (shares["end"] == "goods"))].to_csv(
        tmp_path / "demand_shares.csv", index=False
    )
    with pytest.raises(DataError, match="caspian has no shares by goods"):
        corridors.demand(2023, folder=tmp_path)


def test_demand_can_be_assigned() -> None:
    """A year's demand goes onto the network by plan: what is sent and what is not add up."""
    bulk = ["caspian-bulk", "caspian-bulk-east", "north-south", "south-north"]
    table = corridors.demand(2023, ["caspian", *bulk])
    found = corridors.assign(table, method="optimum", unmet_penalty=20_000.0)
    sent = found.flows()["teu_per_year"].sum()
    assert sent + found.unmet_teu_per_year == pytest.approx(table["teu_per_year"].sum())
    assert found.unmet_teu_per_year == pytest.approx(0, abs=1e-3)
