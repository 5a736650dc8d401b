"""Appraisals give what published examples give, and what follows from their definitions."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import corridors
from corridors.appraisal_sensitivity import GRADE_HALF_WIDTHS
from networks import DataError


def series(values: list[float], start: int = 2026) -> pd.Series:
    return pd.Series(values, index=range(start, start + len(values)), dtype=float)


def streams(start: int = 2026, **columns: list[float]) -> corridors.Streams:
    table = pd.DataFrame({name: series(values, start) for name, values in columns.items()})
    return corridors.Streams(table, "EUR", 2025)


def tunnel(years: int = 50) -> corridors.Streams:
    """Tunnel for commuters, million USD; Patton, Sawicki and Clark, Basic Methods of Policy Analysis and Planning."""
    works = [0.02 + (0.5 if year % 10 == 0 else 0.0) for year in range(1, years + 1)]
    return streams(
        0,
        capex=[64.0] + [0.0] * years,
        o_and_m=[0.0, *works],
        shippers_surplus=[0.0] + [6.625] * years,
    )


# Published examples


def test_tunnel_of_a_textbook():
    # Page 269: NPV 16,393,277 at 8 %, IRR between 10 and 11 %, no gain with a life under 20 years. The book has an
    # annuity factor of 12.2355; (1 - 1.08^-50) / 0.08 is 12.2335, which makes the NPV 13,000 less.
    found = corridors.appraise(tunnel(), rates=(0.08, 0.10, 0.11), base_year=0)
    assert found.enpv(0.08) == pytest.approx(16.393277 - 6.605 * (12.2355 - 12.23348), abs=1e-4)
    assert found.enpv(0.08) == pytest.approx(16.393277, rel=1e-3)
    works = tunnel().table["o_and_m"] - 0.02
    assert corridors.present_value(works[works > 0], 0.08, 0) == pytest.approx(0.5 * 0.8444, abs=5e-5)
    assert 0.10 < found.eirr < 0.11
    assert found.enpv(0.10) > 0 > found.enpv(0.11)
    years_of_use = found.by_rate.loc[0.08, "discounted_payback_years"] - 1  # the year of building comes first
    assert 19 < years_of_use < 20
    assert corridors.appraise(tunnel(19), rates=(0.08,)).enpv(0.08) < 0


def test_benefits_of_a_project_of_the_adb():
    # ADB, Economics and Research Department, Introductory course on economic analysis of investment projects, session
    # 2.4, sample EIRR calculation 1: gross benefits 2004-2034, million USD, and their present values at 12 %. The
    # first year is discounted too; inputs are rounded to 0.1.
    nonincremental = [0.0] * 5 + [1.5, 10.2, 11.0, 11.9] + [12.4] * 21 + [10.3]
    incremental = [0.0] * 5 + [36.2, 243.3] + [239.6] * 23 + [247.6]
    total = [0.0] * 5 + [37.7, 253.5, 250.5, 251.4] + [251.9] * 21 + [257.9]
    for benefits, published in ((nonincremental, 48.1), (incremental, 972.2), (total, 1020.3)):
        found = corridors.appraise(streams(2004, other_benefits=benefits), rates=(0.12,), base_year=2003)
        assert found.by_rate.loc[0.12, "pv_benefits"] == pytest.approx(published, abs=0.15)


def test_rule_of_a_half_of_the_european_commission():
    # Guide to Cost-Benefit Analysis of Investment Projects (2008), case study of a railway: demand of table 4.14
    # (million passengers, million t a year), gains of a unit and surplus (million EUR) of table 4.17, options 1 and 2.
    rows = ["passengers 1", "passengers 2", "freight 1", "freight 2"]
    fall = pd.Series([3.58, 6.27, 5.16, 5.16], index=rows)
    before, after = [6.3, 6.3, 0.308, 0.308], [10.8, 17.28, 1.584, 3.168]
    found = corridors.rule_of_a_half(30 + fall, 30.0, before, after)
    assert found.round(1).tolist() == [30.6, 73.9, 4.9, 9.0]


@pytest.mark.parametrize(("years", "published"), [(5, 0.087), (4, -0.021), (2, -0.444)])
def test_rates_of_return_of_a_spreadsheet_manual(years, published):
    # Microsoft, IRR function: an outlay of 700,000 and five years of income.
    flows = [-700_000, 120_000, 150_000, 180_000, 210_000, 260_000]
    assert corridors.rate_of_return(series(flows[: years + 1])).rate == pytest.approx(published, abs=5e-4)


def test_no_single_rate_where_flows_change_sign_three_times():
    # Hazen (2003, The Engineering Economist 48), as in MathWorks, irr: -4.88 %, 100 % and 204.88 %; -196.0932 at 10 %.
    project = streams(capex=[1000, 0, 10900, 0], shippers_surplus=[0, 6000, 0, 5800])
    found = corridors.appraise(project, rates=(0.1,))
    assert found.enpv(0.1) == pytest.approx(-196.0932, abs=5e-5)
    assert math.isnan(found.eirr)
    assert found.rate_of_return.roots == pytest.approx((-0.0488, 1.0, 2.0488), abs=5e-5)
    assert "3 times" in found.reasons["eirr"] and "100.00%" in found.reasons["eirr"]


def test_switching_values_of_an_accountancy_course():
    # expertsmind.com, Show calculation of project net present value: 50,000 buys five years of 20,000 units at 12 %;
    # NPV 11,285; zero at 11.6 % less volume, 5.2 % less price or 9.5 % more variable cost. Factor 3.605.
    def npv(at):
        return ((at["price"] - at["cost"]) * at["units"] - 10_000) * 3.605 - 50_000

    base = {"units": 20_000, "price": 3.0, "cost": 1.65}
    assert npv(base) == pytest.approx(11_285)
    found = corridors.switching_values(npv, base)
    assert found["change_pct"].round(1).to_dict() == {"units": -11.6, "price": -5.2, "cost": 9.5}
    assert found.loc["units", "switching_value"] == pytest.approx(17_681, abs=1)
    assert found.loc["price", "switching_value"] == pytest.approx(2.843, abs=5e-4)


def test_sensitivity_indicator_is_the_reciprocal_of_the_switching_value():
    # ADB, Financial Management and Analysis of Projects, 7.11.3: indicator 13.34, switching value 7.5 %.
    def fnpv(at):
        return 1 - 13.34 * (at["investment"] - 1)

    assert corridors.critical_variables(fnpv, ["investment"]).loc["investment", "elasticity"] == pytest.approx(-13.34)
    found = corridors.switching_values(fnpv, ["investment"]).loc["investment", "change_pct"]
    assert found == pytest.approx(7.5, abs=0.05)


# Appraisal


def project() -> corridors.Streams:
    return streams(
        capex=[60, 40] + [0] * 10,
        o_and_m=[0, 0] + [2] * 10,
        shippers_surplus=[0, 0] + [14] * 10,
        carbon=[0, 0] + [1] * 10,
        residual=[0] * 11 + [50],
    )


def test_table_by_hand():
    found = corridors.appraise(project(), rates=(0.0, 0.05))
    row = found.table().iloc[0]
    assert row["pv_costs_million_eur"] == pytest.approx(120)
    assert row["pv_benefits_million_eur"] == pytest.approx(200)
    assert row["enpv_million_eur"] == pytest.approx(80)
    assert row["bc_ratio"] == pytest.approx(200 / 120), "the residual value is a benefit, not less capital cost"
    assert row["payback_years"] == pytest.approx(2 + 100 / 13), "the residual value does not pay back"
    assert found.table().attrs["unit"] == "million EUR, prices of 2025"
    assert found.present_values()[0.05].mul([-1, -1, 1, 1, 1, 1]).sum() == pytest.approx(found.enpv(0.05))
    assert "EIRR" in repr(found)


def test_a_later_base_year_compounds():
    early, late = (corridors.appraise(project(), rates=(0.05,), base_year=year).enpv(0.05) for year in (2026, 2031))
    assert late == pytest.approx(early * 1.05**5)


def test_figures_that_do_not_exist_have_a_reason():
    found = corridors.appraise(streams(capex=[10, 0], shippers_surplus=[0, 1], o_and_m=[0, 2]), rates=(0.03,))
    assert math.isnan(found.eirr) and "never change sign" in found.reasons["eirr"]
    assert "not recovered" in found.reasons["payback_years"] and "discounted_payback_years @ 0.03" in found.reasons
    free = corridors.appraise(streams(shippers_surplus=[1, 1]), rates=(0.03,))
    assert math.isnan(free.by_rate.loc[0.03, "bc_ratio"]) and "bc_ratio @ 0.03" in free.reasons
    lent = corridors.rate_of_return(series([100, -120]))
    assert math.isnan(lent.rate) and "benefits come before costs" in lent.reason
    assert corridors.rate_of_return(series([0, 0])).reason == "all flows are zero"
    with pytest.raises(DataError, match="without gap"):
        corridors.rate_of_return(pd.Series({2026: -1.0, 2028: 2.0}))


def test_one_rate_where_a_renewal_interrupts_the_benefits():
    flows = series([-100] + [15] * 10 + [-20] + [15] * 10)
    found = corridors.rate_of_return(flows)
    assert "Norstrom" in found.reason
    assert corridors.present_value(flows, found.rate, 2026) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"capx": [1.0]}, index=[2026]), "unknown column 'capx'; nearest: capex"),
        (pd.DataFrame({"capex": [1.0, 2.0]}, index=[2026, 2028]), "from year 2026 to 2028"),
        (pd.DataFrame({"capex": [1.0, np.nan]}, index=[2026, 2027]), "year 2027, capex"),
        (pd.DataFrame({"capex": [1.0]}, index=["soon"]), "expected whole years"),
        (pd.DataFrame({"capex": []}), "empty"),
    ],
)
def test_streams_say_what_is_wrong(table, message):
    with pytest.raises(DataError, match=message):
        corridors.Streams(table, "EUR", 2025)


@pytest.mark.parametrize("rates", [(), (-1.0,), (0.03, 0.03), (math.nan,)])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(DataError, match="discount rates"):
        corridors.appraise(project(), rates=rates)


money = st.floats(0.1, 1000)


@settings(deadline=None, max_examples=60)
@given(costs=st.lists(money, min_size=1, max_size=6), gains=st.lists(money, min_size=1, max_size=30))
def test_enpv_is_zero_at_the_eirr(costs, gains):
    flows = series([-cost for cost in costs] + gains)
    found = corridors.rate_of_return(flows)
    largest = corridors.present_value(flows.abs(), found.rate, 2026)
    assert corridors.present_value(flows, found.rate, 2026) == pytest.approx(0, abs=1e-9 * largest)


@settings(deadline=None, max_examples=60)
@given(cost=money, gains=st.lists(money, min_size=1, max_size=30), low=st.floats(-0.5, 0.5), step=st.floats(1e-3, 1))
def test_enpv_falls_as_the_rate_rises(cost, gains, low, step):
    table = streams(capex=[cost] + [0.0] * len(gains), shippers_surplus=[0.0, *gains])
    found = corridors.appraise(table, rates=(low, low + step))
    assert found.enpv(low) > found.enpv(low + step)


@settings(deadline=None, max_examples=60)
@given(
    costs=st.lists(money, min_size=1, max_size=4),
    gains=st.lists(money, min_size=1, max_size=20),
    rate=st.floats(0, 0.2),
)
def test_flows_up_to_the_payback_are_worth_nothing(costs, gains, rate):
    table = streams(
        capex=costs + [0.0] * len(gains),
        shippers_surplus=[0.0] * len(costs) + gains,
    )
    years = corridors.appraise(table, rates=(rate,)).by_rate.loc[rate, "discounted_payback_years"]
    factors = (1 + rate) ** -np.arange(len(table.net), dtype=float)
    total = np.concatenate([[0.0], np.cumsum(table.net.to_numpy() * factors)])
    if math.isnan(years):
        assert total[-1] <= 0
    else:
        assert np.interp(years, range(len(total)), total) == pytest.approx(0, abs=1e-9 * np.abs(total).max())


# Surplus


@settings(deadline=None, max_examples=60)
@given(
    intercept=st.floats(100, 1000),
    slope=st.floats(0.01, 1),
    costs=st.tuples(st.floats(0, 100), st.floats(0, 100)),
)
def test_rule_of_a_half_is_the_integral_of_linear_demand(intercept, slope, costs):
    def demand(cost):
        return intercept - slope * cost

    without, with_it = costs
    area, _ = quad(demand, with_it, without)
    found = corridors.rule_of_a_half(without, with_it, demand(without), demand(with_it))
    assert found.sum() == pytest.approx(area, abs=1e-6)


def logsum(costs, scale):
    return -np.log(np.exp(-scale * np.asarray(costs)).sum()) / scale


@settings(deadline=None, max_examples=40)
@given(
    scale=st.floats(0.005, 0.1), others=st.lists(st.floats(100, 200), min_size=1, max_size=3), new=st.floats(50, 250)
)
def test_logsum_is_the_area_left_of_the_demand_for_a_route(scale, others, new):
    """From a cost at which nobody takes it, a route comes down to its cost (Small and Rosen 1981)."""

    def demand(cost):
        return 1000 * np.exp(scale * (logsum([*others, cost], scale) - cost))

    area, _ = quad(demand, new, new + 60 / scale, limit=200)
    found = corridors.logsum_surplus(logsum(others, scale), logsum([*others, new], scale), 1000)
    assert found.sum() == pytest.approx(area, rel=1e-6, abs=1e-6)


def test_small_changes_of_a_logit_follow_the_rule_of_a_half():
    scale, before, after = 0.02, np.array([100.0, 120.0, 150.0]), np.array([98.0, 120.0, 149.0])

    def flows(costs):
        return 1000 * np.exp(scale * (logsum(costs, scale) - costs))

    exact = corridors.logsum_surplus(logsum(before, scale), logsum(after, scale), 1000).sum()
    half = corridors.rule_of_a_half(before, after, flows(before), flows(after)).sum()
    assert half == pytest.approx(exact, rel=1e-3)


def test_new_routes_are_refused_and_unused_ones_count_nothing():
    cost = pd.Series({"old": 10.0, "new": np.inf})
    flow = pd.Series({"new": 0.0, "old": 5.0})
    with pytest.raises(DataError, match=r"row 'new'.*logsum_surplus"):
        corridors.rule_of_a_half(cost, 9.0, flow, pd.Series({"old": 3.0, "new": 2.0}))
    found = corridors.rule_of_a_half(cost, 9.0, flow, flow)
    assert found.to_dict() == {"old": 5.0, "new": 0.0}


def test_rows_of_the_surplus_must_agree():
    with pytest.raises(DataError, match="not those of cost_without"):
        corridors.rule_of_a_half(pd.Series({"a": 1.0}), pd.Series({"b": 1.0}), 1, 1)
    with pytest.raises(DataError, match="flow_with has shape"):
        corridors.rule_of_a_half(pd.Series({"a": 1.0}), 1, 1, [1, 2])
    with pytest.raises(DataError, match="numbers from 0"):
        corridors.rule_of_a_half(1, 1, -1, 1)


# Streams


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("even", [25, 25, 25, 25]),
        ("front", [43.75, 31.25, 18.75, 6.25]),
        ("s-curve", [15.625, 34.375, 34.375, 15.625]),
        ([0.1, 0.2, 0.3, 0.4], [10, 20, 30, 40]),
    ],
)
def test_spending_by_year(profile, expected):
    found = corridors.spend(100, 2026, 4, profile)
    assert found.to_numpy() == pytest.approx(expected)
    assert found.index.tolist() == [2026, 2027, 2028, 2029]


def test_slippage_stretches_the_profile_and_overrun_adds_to_it():
    found = corridors.spend(100, 2026, 4, slippage=1.5, overrun=1.2)
    assert found.to_numpy() == pytest.approx([20] * 6)


@settings(deadline=None, max_examples=60)
@given(
    lead=st.floats(0.2, 15),
    profile=st.sampled_from(["even", "front", "s-curve", (0.5, 0.0, 0.5)]),
    slippage=st.floats(0.5, 3),
    overrun=st.floats(0.5, 3),
)
def test_shares_of_spending_sum_to_one(lead, profile, slippage, overrun):
    found = corridors.spend(1.0, 2026, lead, profile, slippage=slippage, overrun=overrun)
    assert found.sum() == pytest.approx(overrun)
    assert (found >= 0).all()
    assert lead * slippage <= len(found) + 1e-6 < lead * slippage + 1 + 2e-6


@pytest.mark.parametrize("profile", ["fast", [0.5, 0.6], [1.5, -0.5], []])
def test_impossible_profiles_are_refused(profile):
    with pytest.raises(DataError, match="spending has"):
        corridors.spend(100, 2026, 4, profile)


def test_residual_value_by_straight_line():
    assert corridors.residual(100, 40, opened=2030, end=2049) == pytest.approx(50)
    assert corridors.residual(100, 20, opened=2030, end=2055) == 0
    assert corridors.residual(100, 20, opened=2030, end=2029) == 100
    with pytest.raises(DataError, match="life"):
        corridors.residual(100, 0, opened=2030, end=2049)


@settings(deadline=None, max_examples=40)
@given(life=st.integers(1, 60), rate=st.floats(0, 0.2), growth=st.floats(-0.05, 0.1))
def test_residual_value_of_benefits_is_that_of_the_years_left(life, rate, growth):
    found = corridors.residual_of_benefits(10, life, 2030, 2049, rate, growth)
    left = series([10 * (1 + growth) ** (k + 1) for k in range(max(life - 20, 0))], start=2050)
    assert found == pytest.approx(corridors.present_value(left, rate, 2049))


def test_carbon_is_priced_along_its_path():
    path = pd.Series({2025: 100.0, 2030: 150.0, 2035: 300.0})
    found = corridors.carbon_value(pd.Series({2026: 2e6, 2030: 1e6, 2034: -1e6}), path)
    assert found.to_dict() == pytest.approx({2026: 220.0, 2030: 150.0, 2034: -270.0})
    late = pd.Series({2036: 1e6})
    with pytest.raises(DataError, match="2036 is outside"):
        corridors.carbon_value(late, path)
    assert corridors.carbon_value(late, path, beyond="hold").to_dict() == {2036: 300.0}
    with pytest.raises(DataError, match="carbon price"):
        corridors.carbon_value(late, pd.Series({2025: np.nan}))


# Sensitivity


@settings(deadline=None, max_examples=40)
@given(shift=st.floats(0.5, 3), power=st.floats(0.5, 3))
def test_enpv_is_zero_at_switching_values(shift, power):
    def enpv(at):
        return 10 * at["volume"] ** power * at["worth"] - 10 * shift * at["cost"]

    found = corridors.switching_values(enpv, ["volume", "worth", "cost"])
    for name, value in found["switching_value"].dropna().items():
        at = {"volume": 1.0, "worth": 1.0, "cost": 1.0, name: value}
        assert enpv(at) == pytest.approx(0, abs=1e-6)
    assert found.loc["worth", "switching_value"] == pytest.approx(shift)


def test_switching_values_of_streams_are_ratios_of_present_values():
    found = corridors.appraise(project(), rates=(0.05,))
    worth, enpv = found.present_values()[0.05], found.enpv(0.05)
    table = corridors.switching_values(project().evaluator(0.05), ["capex", "shippers_surplus"], bracket=(-10, 10))
    assert table.loc["capex", "switching_value"] == pytest.approx(1 + enpv / worth["capex"])
    assert table.loc["shippers_surplus", "switching_value"] == pytest.approx(1 - enpv / worth["shippers_surplus"])


def test_no_switching_value_has_a_reason_and_the_closest_of_two_is_given():
    def enpv(at):
        return (at["x"] - 0.5) * (at["x"] - 2.5) + 0 * at["y"]

    found = corridors.switching_values(enpv, ["x", "y"])
    assert found.loc["x", "switching_value"] == pytest.approx(0.5)
    assert math.isnan(found.loc["y", "switching_value"]) and "from 0 to 5" in found.loc["y", "reason"]
    with pytest.raises(DataError, match="no bracket"):
        corridors.switching_values(enpv, ["x", "y"], bracket={"x": (0, 1)})


def test_critical_variables():
    def enpv(at):
        return 2.0 * at["strong"] + 1.0 * at["just"] - 1.5 * at["cost"] + 0.1 * at["weak"] - 0.6

    found = corridors.critical_variables(enpv, ["weak", "just", "strong", "cost"])
    assert found.index.tolist() == ["strong", "cost", "just", "weak"]
    assert found["elasticity"].to_numpy() == pytest.approx([2.0, -1.5, 1.0, 0.1])
    assert found["critical"].tolist() == [True, True, True, False]


def test_tornado_puts_the_widest_first():
    found = corridors.tornado(
        project().evaluator(0.05),
        corridors.grade_ranges({"capex": "B", "shippers_surplus": "EST", "carbon": "A"}),
    )
    worth = corridors.appraise(project(), rates=(0.05,)).present_values()[0.05]
    assert found.index.tolist() == ["shippers_surplus", "capex", "carbon"]
    assert found.loc["shippers_surplus", "width"] == pytest.approx(worth["shippers_surplus"])
    assert found.loc["capex", "enpv_low"] - found.loc["capex", "enpv_high"] == pytest.approx(0.3 * worth["capex"])


def test_ranges_by_grade():
    assert corridors.grade_ranges({"x": "C"}, {"x": -10.0}) == {"x": pytest.approx((-13.0, -7.0))}
    widths = list(GRADE_HALF_WIDTHS.values())
    assert widths == sorted(widths), "a weaker grade has a wider range"
    assert corridors.grade_distributions({"x": "A"}, {"x": 20.0}) == {"x": ("triangular", 19.0, 20.0, 21.0)}
    with pytest.raises(DataError, match="grade 'D'"):
        corridors.grade_ranges({"x": "D"})


# Risk


SPREADS = {
    "capex": ("triangular", 0.9, 1.0, 3.0),  # European Commission (2008), figure 4.4
    "shippers_surplus": ("normal", 1.0, 0.2),
    "carbon": ("uniform", 0.5, 1.5),
    "o_and_m": ("lognormal", 1.0, 0.3),
}


def test_same_seed_same_draws_whatever_the_order():
    evaluate = project().evaluator(0.05)
    first = corridors.monte_carlo(evaluate, SPREADS, n=500, seed=7, vectorised=True)
    again = corridors.monte_carlo(evaluate, dict(reversed(SPREADS.items())), n=500, seed=7)
    other = corridors.monte_carlo(evaluate, SPREADS, n=500, seed=8, vectorised=True)
    assert first.enpv == pytest.approx(again.enpv, rel=1e-12)
    assert (first.draws["capex"] == again.draws["capex"]).all()
    assert not np.allclose(first.enpv, other.enpv)


def test_draws_have_the_moments_of_their_distributions():
    drawn = corridors.monte_carlo(lambda at: at["capex"], SPREADS, n=40_000, vectorised=True).draws
    assert drawn["capex"].mean() == pytest.approx((0.9 + 1 + 3) / 3, rel=0.01)
    assert drawn["shippers_surplus"].std() == pytest.approx(0.2, rel=0.03)
    assert drawn["carbon"].var() == pytest.approx(1 / 12, rel=0.03)
    assert np.log(drawn["o_and_m"]).std() == pytest.approx(0.3, rel=0.03)
    assert drawn.corr().to_numpy()[np.triu_indices(4, 1)] == pytest.approx(0, abs=0.03)


def test_probability_of_loss_and_its_error():
    found = corridors.monte_carlo(lambda at: at["x"] - 0.3, {"x": ("uniform", 0, 1)}, n=10_000, seed=1, vectorised=True)
    summary = found.summary()
    error = math.sqrt(0.3 * 0.7 / 10_000)
    assert found.probability_negative == pytest.approx(0.3, abs=4 * error)
    assert summary["standard_error"] == pytest.approx(error, rel=0.02)
    assert summary["probability_low"] < found.probability_negative < summary["probability_high"]
    assert summary["p50"] == pytest.approx(0.2, abs=0.02)
    steps = found.convergence()
    assert steps.index.tolist() == [100, 200, 500, 1000, 2000, 5000, 10_000]
    assert steps["standard_error"].iloc[0] > 5 * steps["standard_error"].iloc[-1]
    assert steps["mean"].iloc[-1] == pytest.approx(found.enpv.mean())


def test_no_loss_among_the_draws_is_not_certainty():
    found = corridors.monte_carlo(lambda at: at["x"], {"x": ("uniform", 1, 2)}, n=100).summary()
    assert found["probability_negative"] == found["standard_error"] == 0
    assert found["probability_low"] == pytest.approx(0, abs=1e-12)
    assert found["probability_high"] == pytest.approx(1.96**2 / (100 + 1.96**2), rel=1e-3)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (("beta", 0, 1), "expected one of"),
        (("triangular", 0, 2, 1), "impossible low, mode, high"),
        (("normal", 1), "expected mean, standard deviation"),
        (("lognormal", 0, 1), "impossible median"),
    ],
)
def test_impossible_distributions_are_refused(spec, message):
    with pytest.raises(DataError, match=message):
        corridors.monte_carlo(lambda at: at["x"], {"x": spec}, n=10)


def test_functions_that_fail_say_so():
    with pytest.raises(DataError, match="vectorised=False"):
        corridors.monte_carlo(lambda at: 1.0, {"x": ("uniform", 0, 1)}, n=10, vectorised=True)
    with pytest.raises(DataError, match="no number in"):
        corridors.monte_carlo(lambda at: math.nan, {"x": ("uniform", 0, 1)}, n=10)
    with pytest.raises(DataError, match="no column 'capx'; nearest: capex"):
        project().evaluator(0.05)({"capx": 1.1})


# Figures


def texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_tornado_prints_both_values_and_marks_the_base():
    table = pd.DataFrame(
        {
            "low": [0.6, 0.03, 900.0],
            "base": [1.0, 0.03, 2000.0],
            "high": [1.4, 0.09, 4000.0],
            "enpv_low": [3.7, 2.0, 2.4],
            "enpv_base": 2.0,
            "enpv_high": [-0.6, 1.3, 2.9],
        },
        index=["capital cost", "discount rate", "sea freight rate, EUR/TEU"],
    )
    figure = corridors.draw_tornado(table, unit="billion EUR, prices of 2025", labels={"discount rate": "rate 9 … 3 %"})
    axes = figure.axes[0]
    assert texts(figure) == ["-0.6", "3.7", "1.3", "2.0", "2.4 … 2.9", "base 2.0"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["capital cost  +40 … -40 %", "rate 9 … 3 %", "sea freight rate, EUR/TEU  900 … 4000"]
    assert axes.get_xlabel() == "ENPV, billion EUR, prices of 2025"
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx([-2.6, -0.7, 0, 1.7, 0, 0.9])


def test_cash_flow_ends_at_the_enpv():
    figure = corridors.draw_cash_flow(project(), rates=(0.03, 0.06))
    found = corridors.appraise(project(), rates=(0.03, 0.06))
    bottom = figure.axes[1]
    ends = [line.get_ydata()[-1] for line in bottom.lines[:2]]
    assert ends == pytest.approx([found.enpv(0.03), found.enpv(0.06)])
    assert texts(figure)[0].startswith("3 %: ")
    top = figure.axes[0]
    total = sum(bar.get_height() for bar in top.patches)
    assert total == pytest.approx(project().net.sum())
    assert "million EUR a year" in top.get_ylabel()
