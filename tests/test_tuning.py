"""Tuning scales estimates only, within bounds, to the optimum it states, and its left-out errors are honest."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import seeds
from corridors import route_checks, tuning, validation
from corridors.catalogue import Filters
from corridors.tuning import BOUNDS, CHECK_SD, FACTOR_SD, fit_factors, tuned_arcs
from corridors.validation import MEASURES, checked_routes
from networks import DataError, build, load_tables, read_table

SCALED = ["tariff_usd_per_teu", "hours"]


@pytest.fixture(scope="module")
def tuned():
    return fit_factors()


@pytest.fixture(scope="module")
def found():
    """Return network, checks and routes without the checks of distances."""
    network, checks, routes = checked_routes()
    kept = [row for row, measure in enumerate(checks["measure"]) if measure != "km"]
    return network, checks.iloc[kept].set_index("check_id"), [list(routes[row]) for row in kept]


def modelled(found, arcs):
    """Sum the arcs of each check's route, in the unit of the check."""
    _, checks, routes = found
    pairs = zip(checks["measure"], routes, strict=True)
    return np.array([arcs[MEASURES[m][0]].iloc[route].sum() / MEASURES[m][1] for m, route in pairs])


@pytest.fixture(scope="module")
def design(found, tuned):
    """Return base and slopes of the checks' figures, from the arcs that each factor alone gives, and sources."""
    network, checks, _ = found
    base = modelled(found, network.arcs)
    slopes = np.column_stack([modelled(found, tuned_arcs(network, {name: 2.0})) - base for name in tuned.factors])
    source = ((checks["low"] + checks["high"]) / 2).to_numpy()
    return base, slopes, source


def objective(values, design, used):
    base, slopes, source = design
    errors = (base + slopes @ (values - 1))[used] / source[used] - 1
    pull = (values - 1) / FACTOR_SD
    return errors @ errors / CHECK_SD**2 + pull @ pull


def gradient(values, design, used):
    base, slopes, source = design
    scaled = slopes[used] / source[used][:, None]
    errors = (base + slopes @ (values - 1))[used] / source[used] - 1
    return 2 * scaled.T @ errors / CHECK_SD**2 + 2 * (values - 1) / FACTOR_SD**2


def names_of(network):
    return sorted(set(tuning.factor_groups(network).to_numpy().ravel()) - {""})


def own_tables(folder, **changes):
    """Write the tables named into a folder, with columns set to a value in the rows that a function picks."""
    for name, (column, picked, value) in changes.items():
        table = pd.read_csv(seeds.table_path(name), dtype=str, keep_default_na=False)
        table.loc[picked(table), column] = value
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


# ---- arcs


def test_factors_of_one_and_no_factors_give_the_same_arcs(network):
    ones = dict.fromkeys(names_of(network), 1.0)
    for factors in ({}, ones):
        pd.testing.assert_frame_equal(tuned_arcs(network, factors), network.arcs, check_exact=True)


def test_filters_stand_for_their_network(network, tuned):
    pd.testing.assert_frame_equal(tuned_arcs(Filters(network), tuned.factors), tuned_arcs(network, tuned.factors))


def test_the_network_itself_stays_as_it_was(network):
    before = network.arcs.copy()
    tuned_arcs(network, dict.fromkeys(names_of(network), 2.0))
    pd.testing.assert_frame_equal(network.arcs, before, check_exact=True)


def test_figures_from_a_source_are_never_scaled(network):
    arcs = tuned_arcs(network, dict.fromkeys(names_of(network), 2.0))
    tables, before = network.tables, network.arcs
    for arc in arcs.itertuples():
        tariff, hours = before.at[arc.Index, "tariff_usd_per_teu"], before.at[arc.Index, "hours"]
        if arc.kind == "link":
            grade = tables.rates.at[tables.links.at[arc.link_id, "rate_id"], "tariff_grade"]
            assert arc.tariff_usd_per_teu == (2 * tariff if grade == "EST" else tariff)
            assert arc.hours == hours
            continue
        if arc.kind == "wait":
            grade = tables.links.at[arc.link_id, "sailings_grade"]
        else:
            grade = (tables.borders if arc.kind == "border" else tables.stops).at[arc.stop_id, "hours_grade"]
        assert arc.hours == (2 * hours if grade == "EST" else hours)
        assert arc.tariff_usd_per_teu == tariff
    others = [column for column in arcs if column not in SCALED]
    pd.testing.assert_frame_equal(arcs[others], before[others], check_exact=True)


def test_a_border_belongs_to_the_country_that_is_entered(network):
    borders, places = network.tables.borders, network.tables.places
    estimated = borders[(borders["hours_grade"] == "EST") & (borders["hours"] > 0)]
    for key, row in estimated.head(20).iterrows():
        country = places.at[row["to_place_id"], "country_id"]
        arcs = tuned_arcs(network, {f"hours:{country}": 2.0})
        at = (network.arcs["kind"] == "border") & (network.arcs["stop_id"] == key)
        assert at.any() and (arcs.loc[at, "hours"] == 2 * row["hours"]).all()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_factors_scale_apart_from_each_other(network, data):
    names = names_of(network)
    drawn = st.dictionaries(st.sampled_from(names), st.floats(*BOUNDS), max_size=8)
    factors = data.draw(drawn)
    plain, together = network.arcs[SCALED].to_numpy(), tuned_arcs(network, factors)[SCALED].to_numpy()
    alone = [tuned_arcs(network, {name: value})[SCALED].to_numpy() for name, value in factors.items()]
    np.testing.assert_allclose(together - plain, sum((each - plain for each in alone), 0 * plain), atol=1e-8)
    low, high = min([1.0, *factors.values()]), max([1.0, *factors.values()])
    assert (together >= plain * low).all() and (together <= plain * high).all()


# ---- errors for people


def test_an_unknown_factor_is_named_with_the_nearest(network):
    with pytest.raises(DataError, match=r"'tariff:rail_tk'.*nearest: .*tariff:rail_tr"):
        tuned_arcs(network, {"tariff:rail_tk": 1.1})


def test_a_tariff_with_a_source_has_no_factor(network):
    rates = network.tables.rates
    sourced = rates.index[rates["tariff_grade"] != "EST"]
    assert len(sourced)
    for rate in sourced:
        with pytest.raises(DataError, match="no estimated tariff"):
            tuned_arcs(network, {f"tariff:{rate}": 1.0})


@pytest.mark.parametrize("value", [0.0, -1.0, BOUNDS[0] - 1e-9, BOUNDS[1] + 1e-9, np.inf, np.nan, "1", None, True])
def test_a_factor_outside_the_bounds_is_refused(network, value):
    with pytest.raises(DataError, match=r"'hours:KZ': got .*, expected a number within 0\.5\.\.2\.0"):
        tuned_arcs(network, {"hours:KZ": value})


def test_all_wrong_factors_are_listed(network):
    with pytest.raises(DataError) as caught:
        tuned_arcs(network, {"hours:KZ": 3.0, "hours:QQ": 1.0, "fee:KZ": 9.0})
    assert len(caught.value.problems) == 4


def test_bounds_themselves_are_allowed(network):
    for bound in BOUNDS:
        assert len(tuned_arcs(network, {"hours:KZ": bound})) == len(network.arcs)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        fit_factors(folder=tmp_path / "none")


def test_a_check_without_a_figure_above_zero_is_refused(monkeypatch):
    wrong = read_table("route_checks").assign(low=-1.0, high=1.0)
    monkeypatch.setattr(validation, "read_table", lambda name: wrong.copy())
    with pytest.raises(DataError, match=r"route_checks\.csv, K01"):
        fit_factors()


# ---- fit


def test_factors_are_within_their_bounds_and_named_after_estimates_that_checks_use(tuned, network, design):
    assert set(tuned.factors) <= set(names_of(network))
    assert all(BOUNDS[0] <= value <= BOUNDS[1] for value in tuned.factors.values())
    assert tuned.table["value"].to_dict() == tuned.factors
    assert (tuned.table["low"] == BOUNDS[0]).all() and (tuned.table["high"] == BOUNDS[1]).all()
    assert tuned.table["checks"].tolist() == (design[1] > 0).sum(axis=0).tolist() and (tuned.table["checks"] > 0).all()


def test_estimates_that_no_check_uses_get_no_factor(tuned, network, found):
    base = modelled(found, network.arcs)
    others = dict.fromkeys(set(names_of(network)) - set(tuned.factors), 2.0)
    assert others and modelled(found, tuned_arcs(network, others)).tolist() == base.tolist()


def test_residuals_are_those_of_the_arcs(tuned, network, found):
    checks, rows = route_checks().set_index("check_id"), tuned.residuals
    checks = checks[checks["measure"] != "km"]
    assert rows.index.tolist() == checks.index.tolist()
    assert rows["before"].tolist() == pytest.approx(checks["model"].tolist())
    assert rows["source"].tolist() == checks["source"].tolist()
    assert rows["after"].tolist() == pytest.approx(modelled(found, tuned_arcs(network, tuned.factors)).tolist())
    for name in ("before", "after", "left_out"):
        assert rows[f"error_{name}"].tolist() == pytest.approx((rows[name] / rows["source"] - 1).tolist())


def test_the_fit_does_not_worsen_the_sum_of_squares(tuned):
    squares = (tuned.residuals[["error_before", "error_after"]] ** 2).sum()
    assert squares["error_after"] <= squares["error_before"]


def test_no_factor_could_be_moved_to_advantage(tuned, design):
    values = np.array(list(tuned.factors.values()))
    slope = gradient(values, design, slice(None))
    at_low, at_high = values == BOUNDS[0], values == BOUNDS[1]
    assert np.abs(slope[~at_low & ~at_high]).max() < 1e-6
    assert (slope[at_low] >= 0).all() and (slope[at_high] <= 0).all()


def test_leaving_out_is_honest(tuned, design):
    base, slopes, _ = design
    start = np.ones(len(tuned.factors))
    for row, name in enumerate(tuned.residuals.index):
        used = np.arange(len(base)) != row
        bounds = [BOUNDS] * len(start)
        options = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 2000}
        arguments = {"args": (design, used), "jac": gradient, "bounds": bounds, "options": options}
        values = minimize(objective, start, method="L-BFGS-B", **arguments).x
        predicted = base[row] + slopes[row] @ (values - 1)
        assert tuned.residuals.at[name, "left_out"] == pytest.approx(predicted, rel=1e-4), name


def test_a_prediction_left_out_does_not_hang_on_the_figure_left_out(tuned, monkeypatch):
    name = tuned.residuals["error_before"].abs().idxmax()
    rows = read_table("route_checks")
    rows.loc[rows["check_id"] == name, ["low", "high"]] *= 7
    monkeypatch.setattr(validation, "read_table", lambda table: rows.copy())
    again = fit_factors()
    assert again.residuals.at[name, "left_out"] == pytest.approx(tuned.residuals.at[name, "left_out"])
    assert again.factors != tuned.factors


def test_what_the_model_says_already_needs_no_factors(monkeypatch):
    rows = route_checks()
    rows["low"] = rows["high"] = rows["model"]
    monkeypatch.setattr(validation, "read_table", lambda name: rows.copy())
    met = fit_factors()
    assert list(met.factors.values()) == pytest.approx([1.0] * len(met.factors))
    assert met.residuals["left_out"].tolist() == pytest.approx(met.residuals["source"].tolist())


@pytest.mark.parametrize("times", [1e-3, 3.0])
def test_no_check_drives_a_factor_past_its_bounds(monkeypatch, times):
    rows = route_checks()
    rows["low"] = rows["high"] = rows["model"] * times
    monkeypatch.setattr(validation, "read_table", lambda name: rows.copy())
    values = list(fit_factors().factors.values())
    assert min(values) >= BOUNDS[0] and max(values) <= BOUNDS[1]
    assert (BOUNDS[0] if times < 1 else BOUNDS[1]) in values


def test_a_tariff_that_gets_a_source_loses_its_factor(tuned, tmp_path):
    name = next(name for name in tuned.factors if name.startswith("tariff:"))
    rate = name.removeprefix("tariff:")
    own_tables(tmp_path, rates=("tariff_grade", lambda table: table["rate_id"] == rate, "A"))
    assert set(fit_factors(folder=tmp_path).factors) == set(tuned.factors) - {name}


def test_without_estimates_there_is_nothing_to_tune(tmp_path):
    def everywhere(table):
        return slice(None)

    changes = dict.fromkeys(("borders", "stops"), ("hours_grade", everywhere, "B"))
    links = ("sailings_grade", lambda table: table["sailings_grade"] != "", "B")
    own_tables(tmp_path, rates=("tariff_grade", everywhere, "B"), links=links, **changes)
    sourced = fit_factors(folder=tmp_path)
    assert sourced.factors == {} and sourced.table.empty
    assert sourced.residuals["before"].tolist() == sourced.residuals["after"].tolist()
    assert sourced.residuals["before"].tolist() == sourced.residuals["left_out"].tolist()
    assert names_of(build(load_tables(tmp_path))) == []


def test_a_check_without_a_route_is_shown_and_not_used(tuned, monkeypatch):
    whole = checked_routes()
    gone = whole.checks.index[whole.checks["measure"] != "km"][3]
    routes = [() if row == gone else route for row, route in enumerate(whole.routes)]
    monkeypatch.setattr(tuning, "checked_routes", lambda folder: whole._replace(routes=routes))
    without = fit_factors().residuals
    name = whole.checks.at[gone, "check_id"]
    figures = without[["before", "after", "left_out", "error_before", "error_after", "error_left_out"]]
    assert figures.loc[name].isna().all() and figures.drop(name).notna().to_numpy().all()
    assert without.at[name, "source"] == tuned.residuals.at[name, "source"]


def test_the_same_factors_come_every_time_and_soon(tuned):
    start = time.perf_counter()
    again = fit_factors()
    assert time.perf_counter() - start < 10
    assert again.factors == tuned.factors
    pd.testing.assert_frame_equal(again.residuals, tuned.residuals, check_exact=True)


def test_a_tuning_says_what_it_is_and_cannot_be_changed(tuned):
    assert f"{len(tuned.factors)} factors, {len(tuned.residuals)} checks" in repr(tuned)
    with pytest.raises(dataclasses.FrozenInstanceError):
        tuned.factors = {}


# ---- routes of checks


def test_the_routes_of_checks_run_from_end_to_end():
    network, checks, routes = checked_routes()
    for check, route in zip(checks.itertuples(), routes, strict=True):
        arcs = network.arcs.iloc[list(route)]
        assert arcs["tail"].tolist()[1:] == arcs["head"].tolist()[:-1]
        assert arcs["from_place_id"].iloc[0] == check.origin_place_id
        assert arcs["to_place_id"].iloc[-1] == check.destination_place_id
        assert set(check.via) <= set(arcs["to_place_id"])
