"""Past years cost and take what was documented of them, and nothing else changes."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

import corridors
import seeds
from corridors.catalogue import Filters, load_catalogue
from corridors.finder import PairSearch
from corridors.past import PAST_YEARS, past_arcs, year_inputs
from networks import DataError, build, generalised_cost, goods_prices, load_tables


@pytest.fixture(scope="module")
def filters():
    return Filters(build(load_tables()))


@pytest.fixture(scope="module")
def documented():
    """Figures by series and year, read from the file itself."""
    with seeds.table_path("year_inputs").open(encoding="utf-8") as file:
        return {(row["series"], int(row["year"])): float(row["value"]) for row in csv.DictReader(file)}


def path_of(filters, pair, corridor):
    cost = generalised_cost(filters.network.arcs, goods_prices(filters.tables))["cost_usd_per_teu"].to_numpy()
    return list(PairSearch(filters, *pair, cost, (), 2026, True).routes(load_catalogue()[corridor], 1)[0])


@pytest.mark.parametrize("year", PAST_YEARS)
def test_lanes_cost_and_take_what_is_documented(filters, documented, year):
    arcs = past_arcs(filters, year)
    rate = filters.tables.links["rate_id"].reindex(arcs["link_id"]).fillna("").to_numpy()
    way = "sea-cape" if year >= 2024 else "sea-suez"
    for pair, name, price in (
        (("CN_SHA", "NL_RTM"), "sea_headhaul", "sea-west"),
        (("NL_RTM", "CN_SHA"), "sea_backhaul", "sea-east"),
    ):
        deep = [a for a in path_of(filters, pair, way) if rate[a] == name]
        assert arcs["tariff_usd_per_teu"].iloc[deep].sum() == pytest.approx(documented[price, year] / 2)
    west = [a for a in path_of(filters, ("CN_SHA", "NL_RTM"), way) if rate[a] == "sea_headhaul"]
    assert arcs["hours"].iloc[west].sum() == pytest.approx(24 * documented["sea-days", year])
    north = path_of(filters, ("CN_XIA", "PL_WAW"), "northern-kazakhstan")
    checked = documented.get(("northern-checks", year), 0.0) / 100
    waited = checked * filters.tables.parameter("checked_days")
    assert arcs["hours"].iloc[north].sum() == pytest.approx(24 * (documented["northern-days", year] + waited))
    back = path_of(filters, ("PL_WAW", "CN_XIA"), "northern-kazakhstan")
    assert arcs["hours"].iloc[back].sum() == pytest.approx(24 * (documented["northern-days-east", year] + waited))
    if ("middle-days", year) in documented:
        middle = path_of(filters, ("CN_XIA", "GE_PTI"), "middle-aktau-black-sea")
        assert arcs["hours"].iloc[middle].sum() == pytest.approx(24 * documented["middle-days", year])
    assert (arcs["hours"] >= 0).all() and (arcs["tariff_usd_per_teu"] >= 0).all()


def test_nothing_else_changes(filters):
    before, after = filters.network.arcs, past_arcs(filters, 2021)
    assert before.equals(build(load_tables()).arcs), "the network itself is left as it was"
    touched = (before["hours"] != after["hours"]) | (before["tariff_usd_per_teu"] != after["tariff_usd_per_teu"])
    assert set(before.loc[touched, "kind"]) <= {"link", "border", "load", "unload", "wait"}
    assert not touched[before["mode"] == "road"].any()
    spread = before["spread_h"] != after["spread_h"]
    assert set(before.loc[spread, "mode"]) == {"sea"}, "ships were late"
    same = before.columns.difference(["hours", "tariff_usd_per_teu", "spread_h"])
    pd.testing.assert_frame_equal(before[same], after[same])


def test_suez_is_shut_from_2024_on(filters):
    for year in (2023, 2024):
        shut = past_arcs(filters, year)["opens_year"] - filters.network.arcs["opens_year"] == np.inf
        assert shut.any() == (year >= 2024)


def test_same_inputs_same_year_and_dearer_sea_sends_more_by_rail():
    demand = pd.DataFrame(
        {"origin": ["Xi'an"], "destination": ["Duisburg"], "goods": ["rail"], "teu_per_year": [1000.0]}
    )

    def shares(year):
        found = corridors.assign(demand, year=year, scale=0.001, unmet_penalty=100_000.0)
        assert found.year == year
        return found.flows()["share"]

    assert shares(2019).equals(shares(2019))
    assert shares(2021)["sea"] < shares(2019)["sea"], "sea cost seven times as much"
    by_corridor = corridors.assign(demand, year=2024, scale=0.001, unmet_penalty=100_000.0).flows("corridor")
    assert by_corridor["teu_per_year"].get("sea-suez", 0.0) == 0
    assert by_corridor["teu_per_year"]["sea-cape"] > 0


def test_own_inputs(tmp_path):
    own = pd.read_csv(seeds.table_path("year_inputs"), dtype=str)
    own.loc[own["input_id"] == "sea-west-2021", "value"] = "999"
    own.to_csv(tmp_path / "year_inputs.csv", index=False)
    assert year_inputs(folder=tmp_path).at[2021, "sea-west"] == 999
    again = own[own["input_id"] == "sea-west-2021"].assign(input_id="again")
    pd.concat([own, again]).to_csv(tmp_path / "year_inputs.csv", index=False)
    with pytest.raises(DataError, match="sea-west of 2021 stands twice"):
        year_inputs(folder=tmp_path)


def test_wrong_input(filters):
    with pytest.raises(DataError, match="year: got 2018, expected 2019 to 2025"):
        past_arcs(filters, 2018)
    with pytest.raises(DataError, match="2022 has no sea-west"):
        past_arcs(filters, 2022, year_inputs().assign(**{"sea-west": np.nan}))
    with pytest.raises(DataError, match="middle-aktau-black-sea: 2 d cannot be met"):
        past_arcs(filters, 2022, year_inputs().assign(**{"middle-days": 2.0}))
    with pytest.raises(DataError, match="year: got 2018"):
        corridors.assign(
            pd.DataFrame({"origin": [], "destination": [], "goods": [], "teu_per_year": []}),
            year=2018,
            scale=1.0,
            unmet_penalty=1.0,
        )
