"""Demand keeps the sourced totals and margins exactly, and its cells can be sent."""

import csv
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

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
    table = corridors.demand(2023, ["north-south"])
    load = load_tables().goods.at["heavy", "load_t_per_teu"]
    assert set(table["unit"]) == {"t"}
    assert table["teu_per_year"].sum() == pytest.approx(table["quantity"].sum() / load)


def test_parts_counted_by_rail_are_the_observed_series() -> None:
    """Both directions by rail are the northern series that the model is held against."""
    observed = read_table("volumes")
    series = observed[observed["series"] == "China-EU by rail, Northern route"].set_index("year")["value"]
    parts = read_table("demand")
    rail = parts[(parts["part"] == "rail") & parts["market_id"].isin(["cn-eu", "eu-cn"])].groupby("year")["value"].sum()
    for year in YEARS:
        assert rail[year] == pytest.approx(series[year], rel=1e-4)


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
    table = corridors.demand(2023, ["caspian", "north-south"])
    found = corridors.assign(table, method="optimum", unmet_penalty=20_000.0)
    sent = found.flows()["teu_per_year"].sum()
    assert sent + found.unmet_teu_per_year == pytest.approx(table["teu_per_year"].sum())
    assert found.unmet_teu_per_year == pytest.approx(0, abs=1e-3)
