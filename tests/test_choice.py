"""The choice of shippers: its parameters, its year model, its calibration and its forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import corridors
from corridors.calibration import CALIBRATION_YEARS, PRIORS, calibrate, carried, residuals
from corridors.choice import CHOICES, Choice, load_choice, write_choice
from corridors.year_flows import cheapest_flow
from corridors.year_model import YearModel
from corridors.year_setting import Closure
from networks import DataError

CHINA_EUROPE = ("cn-eu", "eu-cn")


@pytest.fixture(scope="module")
def choice():
    return load_choice("backtest")


@pytest.fixture(scope="module")
def model():
    return YearModel(2023, CHINA_EUROPE)


@pytest.fixture(scope="module")
def fitted(choice):
    return residuals(choice, CALIBRATION_YEARS)


# -- parameters


def test_parameters_say_what_they_were_fitted_to(choice):
    assert choice.fitted_to == CALIBRATION_YEARS
    assert load_choice().fitted_to == tuple(range(2019, 2026))


def test_parameters_come_back_as_they_were_written(tmp_path, choice):
    file = tmp_path / "mine.yaml"
    write_choice(choice, file, comment="two\nlines")
    assert load_choice(file) == choice
    assert file.read_text().startswith("# two\n# lines\n")


def test_wrong_parameters_get_one_message(tmp_path):
    with pytest.raises(DataError, match=r"backtset: no such parameters.*nearest: backtest"):
        load_choice("backtset")
    text = CHOICES["backtest"].read_text()
    for wrong, said in (
        (text.replace("aversion_share: 0", "aversion_share: 7"), "aversion_share: .*less than or equal to 1"),
        (text.replace("aversion_share", "aversion"), "aversion: Extra inputs"),
        ("a: [", "cannot be read"),
    ):
        file = tmp_path / "wrong.yaml"
        file.write_text(wrong)
        with pytest.raises(DataError, match=said):
            load_choice(file)


# -- one year


def test_everyone_is_sent_once(model, choice):
    flow = model.flows(choice)
    assert (flow >= 0).all()
    rows = model.routes.assign(flow=flow).groupby(["market", "origin", "destination", "goods"])["flow"].sum()
    wanted = model.demand.set_index(["market", "origin", "destination", "goods"])["teu_per_year"]
    pd.testing.assert_series_equal(rows.sort_index(), wanted.sort_index(), check_names=False, rtol=1e-6)


def test_the_price_of_trains_is_that_of_their_number(model, choice):
    flow = model.flows(choice)
    units = model.routes["family"].map({"northern": 1.0, "middle": model.parameter("middle_scarcity_ratio")}).fillna(0)
    for market in CHINA_EUROPE:
        load = (units * flow)[model.routes["market"] == market].groupby(model.routes["state"]).sum()
        room = model.parameter("scarcity_capacity_teu") * pd.Series([state.share for state in model.states])
        assert len(load) == 2
        mean = float((load * (load / room) ** 4).sum() / load.sum())
        assert model.scarcity(choice, flow)[market] == pytest.approx(choice.scarcity_usd_per_teu * mean)


def test_who_is_averse_does_not_cross_russia(model, choice):
    """If all were, nobody would go by the Northern route; those who think of no land route go by sea."""
    all_averse = choice.model_copy(update={"aversion_share": 1.0})
    found = carried(model, model.flows(all_averse), "family")
    assert found["cn-eu", "northern"] == pytest.approx(0, abs=1)
    assert found["cn-eu", "middle"] > carried(model, model.flows(choice), "family")["cn-eu", "middle"]
    land = found["cn-eu", "middle"]
    assert land <= model.overland_share("cn-eu") * model.demand.query("market == 'cn-eu'")["teu_per_year"].sum()


def test_dearer_sea_sends_more_by_land_and_makes_trains_dearer(model, choice):
    dear = YearModel(2023, CHINA_EUROPE, inputs={"sea-west": 2 * model.input("sea-west")})
    before, after = model.flows(choice), dear.flows(choice)
    assert carried(dear, after, "family")["cn-eu", "northern"] > carried(model, before, "family")["cn-eu", "northern"]
    assert dear.scarcity(choice, after)["cn-eu"] > model.scarcity(choice, before)["cn-eu"]
    assert carried(dear, after, "family")["eu-cn", "northern"] == pytest.approx(
        carried(model, before, "family")["eu-cn", "northern"], rel=1e-6
    )


def test_a_closure_of_half_a_year_takes_half_of_what_one_of_a_year_takes():
    """The parts of a year do not know of each other."""
    light = load_choice("backtest")

    def north(*closures):
        model = YearModel(2019, ["cn-eu"], closures=closures)
        return carried(model, model.flows(light), "family").get(("cn-eu", "northern"), 0.0)

    full, none = north(), north(Closure(1.0, ("RU",)))
    assert none == 0
    assert north(Closure(0.5, ("RU",))) == pytest.approx(full / 2, rel=1e-5)


def test_cheapest_way_takes_all_by_it(model):
    flow = cheapest_flow(model)
    assert flow.sum() == pytest.approx(model.demand["teu_per_year"].sum())
    used = model.routes[flow > 0]
    assert not used.duplicated(["state", "market", "origin", "destination", "goods"]).any()


def test_wrong_words_get_one_message():
    with pytest.raises(DataError, match=r"no series is called 'sea-wets'.*sea-west"):
        YearModel(2023, ["cn-eu"], inputs={"sea-wets": 1.0})
    with pytest.raises(DataError, match="no market is called"):
        YearModel(2023, ["cn-ue"])


# -- calibration


def test_the_model_meets_the_years_that_it_was_fitted_to(fitted):
    """Observed traffic of the calibration years within 5 %; inferred figures of the branches are not observed."""
    china = fitted[fitted["traffic"] == "China-Europe"]
    assert set(china["corridor"]) == {"northern", "middle", "sea"}
    assert china["error"].abs().max() <= 0.05
    land = china[china["corridor"] != "sea"].groupby("year")[["model", "observed"]].sum()
    assert (land["model"] / land["observed"] - 1).abs().max() <= 0.05
    north = fitted[(fitted["corridor"] == "northern") & fitted["traffic"].str.contains("bound")]
    assert north["error"].abs().max() <= 0.05
    branches = fitted[fitted["traffic"] == "North-South"]
    assert branches.loc[branches["year"] == max(CALIBRATION_YEARS), "error"].abs().max() <= 0.05
    assert branches.loc[branches["corridor"] == "instc-west", "error"].abs().max() <= 0.05


def test_the_default_parameters_start_from_the_last_year():
    table = residuals(load_choice(), [2025])
    main = table[(table["traffic"] == "China-Europe") | (table["traffic"] == "North-South")]
    assert main["error"].abs().max() <= 0.05


def test_fitting_again_stays_where_it_was(choice):
    """The file is the answer of the search: from there it moves no further."""
    again = calibrate(start=choice)
    assert again.choice.aversion_share == pytest.approx(choice.aversion_share, rel=0.02)
    for market in CHINA_EUROPE:
        assert again.choice.markets[market].scale_per_usd == pytest.approx(
            choice.markets[market].scale_per_usd, rel=0.02
        )
    assert again.residuals["error"].abs().median() < 0.02


def test_priors_name_their_reasons():
    assert all(prior.low < prior.high and len(prior.why) > 20 for prior in PRIORS.values())
    common = set(Choice.model_fields) - {"fitted_to", "markets"}
    assert common | {"scale_per_usd"} == set(PRIORS)


# -- forecasts


def test_forecast_reports_what_an_assignment_does():
    found = corridors.forecast(2025)
    assert found.status == "converged"
    assert found.unmet_teu_per_year == pytest.approx(0, abs=1)
    assert 0 < found.estimates < 1
    assert found.flows()["teu_per_year"].sum() == pytest.approx(found.demand_teu_per_year)
    assert found.totals()["tco2e_per_year"] > 0


def test_a_short_closure_is_waited_for_and_a_long_one_driven_round():
    open_, short, long = (
        corridors.forecast(2025, ["cn-eu"], close=close, closed_days=days).flows()["teu_per_year"]
        for close, days in (((), 365), (["BY"], 13), (["BY"], 200))
    )
    pd.testing.assert_series_equal(open_, short)
    assert long["northern"] < open_["northern"]
    assert long["middle"] > open_["middle"]


def test_capacities_of_today_are_kept_by_waiting():
    """With Russia shut the ships between Aktau and Alat are full, and who wants them waits."""
    found = corridors.forecast(2028, [*CHINA_EUROPE, "caspian"], close=["RU"], growth="high")
    full = found.bottlenecks(0.99)
    assert len(full) and (full["utilisation"] <= 1 + 1e-6).all()
    assert (full["scarcity_usd_per_teu"] > 0).all()
    assert found.flows()["waiting_usd_per_teu"]["middle"] > 0


def test_growth_scales_years_to_come():
    now = corridors.forecast(2025, ["cn-eu"])
    later = corridors.forecast(2030, ["cn-eu"], growth="central")
    assert later.demand_teu_per_year > now.demand_teu_per_year
    dear = corridors.forecast(2030, ["cn-eu"], growth="central", inputs={"sea-west": 6000})
    assert dear.flows()["teu_per_year"]["northern"] > later.flows()["teu_per_year"]["northern"]


def test_same_input_same_output(choice):
    one, two = (YearModel(2021, ["eu-cn"]).flows(choice) for _ in range(2))
    np.testing.assert_array_equal(one, two)
