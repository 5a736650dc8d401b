"""Generalised cost: four parts, each worth what the prices say."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import networks
from networks import PARTS, DataError, Prices, generalised_cost, goods_prices

amounts = st.floats(0, 1e5)
arc = st.tuples(amounts, amounts, st.floats(0, 1e3), amounts)
COLUMNS = ["tariff_usd_per_teu", "hours", "spread_h", "kgco2e_per_t"]
PRICES = Prices("test", 8.0, 6.0, 0.8, 96.0, 50.0)


def table(rows):
    return pd.DataFrame(rows, columns=COLUMNS, dtype=float)


@given(rows=st.lists(arc, min_size=1, max_size=5), vot=st.floats(0, 100), carbon=st.floats(0, 500))
def test_parts_sum_to_the_total(rows, vot, carbon):
    cost = generalised_cost(
        table(rows), replace(PRICES, value_of_time_usd_per_teu_h=vot, carbon_price_usd_per_t=carbon)
    )
    assert list(cost.columns) == [*PARTS, "cost_usd_per_teu"]
    assert cost["cost_usd_per_teu"].tolist() == pytest.approx(sum(cost[part] for part in PARTS).tolist())


def test_parts_of_one_arc_by_hand():
    cost = generalised_cost(table([(100, 10, 12, 20)]), PRICES).iloc[0]
    assert cost[PARTS[0]] == 100
    assert cost[PARTS[1]] == 60
    assert cost[PARTS[2]] == pytest.approx(0.8 * 6 * 144 / 96)
    assert cost[PARTS[3]] == pytest.approx(20 * 8 / 1000 * 50)


@given(rows=st.lists(arc, min_size=1, max_size=5))
def test_without_a_value_of_time_tariff_and_carbon_are_left(rows):
    cost = generalised_cost(table(rows), replace(PRICES, value_of_time_usd_per_teu_h=0.0))
    assert (cost[[PARTS[1], PARTS[2]]] == 0).all(axis=None)
    left = (cost[PARTS[0]] + cost[PARTS[3]]).tolist()
    assert cost["cost_usd_per_teu"].tolist() == pytest.approx(left)


@given(rows=st.lists(arc, min_size=1, max_size=5), factor=st.floats(0, 50))
def test_time_and_reliability_are_linear_in_the_value_of_time(rows, factor):
    one = generalised_cost(table(rows), replace(PRICES, value_of_time_usd_per_teu_h=1.0))
    many = generalised_cost(table(rows), replace(PRICES, value_of_time_usd_per_teu_h=factor))
    for part in PARTS[1:3]:
        assert many[part].tolist() == pytest.approx((one[part] * factor).tolist())
    for part in (PARTS[0], PARTS[3]):
        assert many[part].tolist() == one[part].tolist()


@given(rows=st.lists(arc, min_size=1, max_size=5), factor=st.floats(0, 500))
def test_carbon_is_linear_in_its_price_and_in_the_load(rows, factor):
    one = generalised_cost(table(rows), replace(PRICES, carbon_price_usd_per_t=1.0))
    dear = generalised_cost(table(rows), replace(PRICES, carbon_price_usd_per_t=factor))
    heavy = generalised_cost(table(rows), replace(PRICES, carbon_price_usd_per_t=1.0, load_t_per_teu=80.0))
    assert dear[PARTS[3]].tolist() == pytest.approx((one[PARTS[3]] * factor).tolist())
    assert heavy[PARTS[3]].tolist() == pytest.approx((one[PARTS[3]] * 10).tolist())
    assert dear[list(PARTS[:3])].equals(one[list(PARTS[:3])])


@given(reference=st.floats(1, 500), ratio=st.floats(0, 3), vot=st.floats(0, 100))
def test_the_variance_form_is_the_usual_one_at_the_reference(reference, ratio, vot):
    prices = replace(PRICES, reference_spread_h=reference, reliability_ratio=ratio, value_of_time_usd_per_teu_h=vot)
    cost = generalised_cost(table([(0, 0, reference, 0)]), prices)["reliability_usd_per_teu"].iloc[0]
    assert cost == pytest.approx(ratio * vot * reference)


@given(parts=st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_reliability_adds_along_a_route_as_variances_do(parts):
    rows = generalised_cost(table([(0, 0, s, 0) for s in parts]), PRICES)["reliability_usd_per_teu"].sum()
    whole = sum(s**2 for s in parts) ** 0.5
    assert rows == pytest.approx(generalised_cost(table([(0, 0, whole, 0)]), PRICES)["reliability_usd_per_teu"].iloc[0])


def test_the_index_of_the_arcs_is_kept():
    assert generalised_cost(table([(1, 1, 1, 1)] * 2).set_axis([7, 3]), PRICES).index.tolist() == [7, 3]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["value_of_time_usd_per_teu_h", "reliability_ratio", "carbon_price_usd_per_t"])
def test_prices_below_zero_or_no_numbers_are_refused(name, bad):
    with pytest.raises(DataError) as caught:
        replace(PRICES, **{name: bad})
    assert name in str(caught.value) and str(bad) in str(caught.value) and "zero or more" in str(caught.value)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["load_t_per_teu", "reference_spread_h"])
def test_load_and_reference_must_be_above_zero(name, bad):
    with pytest.raises(DataError, match=f"{name}: got .* above zero"):
        replace(PRICES, **{name: bad})


def test_zero_prices_are_allowed():
    assert replace(PRICES, value_of_time_usd_per_teu_h=0.0, carbon_price_usd_per_t=0.0, reliability_ratio=0.0)


def test_value_of_time_of_goods_is_value_times_loss_per_day(tables):
    prices = goods_prices(tables, "general")
    assert prices.value_of_time_usd_per_teu_h == pytest.approx(41000 * 0.001 / 24)
    assert prices.load_t_per_teu == 7.9
    assert (prices.reliability_ratio, prices.reference_spread_h, prices.carbon_price_usd_per_t) == (0.8, 96, 0)
    assert goods_prices(tables, "parts").value_of_time_usd_per_teu_h == pytest.approx(57600 * 0.021 / 24)


def test_prices_given_take_the_place_of_the_tables(tables):
    prices = goods_prices(tables, "heavy", value_of_time_usd_per_teu_h=0.0, carbon_price_usd_per_t=90.0)
    assert (prices.value_of_time_usd_per_teu_h, prices.carbon_price_usd_per_t) == (0.0, 90.0)
    assert prices.load_t_per_teu == 18.2
    with pytest.raises(DataError, match="value_of_time_usd_per_teu_h: got -3"):
        goods_prices(tables, value_of_time_usd_per_teu_h=-3)


def test_unknown_goods_name_the_nearest(tables):
    with pytest.raises(DataError) as caught:
        networks.goods_prices(tables, "heavi")
    message = str(caught.value)
    assert "'heavi'" in message and "nearest: heavy" in message
    assert all(goods in message for goods in tables.goods.index)
