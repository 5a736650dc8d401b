"""Monte Carlo of a year: draws repeat, distributions hold what they say, sensitivities find what moves."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import corridors
from corridors.cli import app
from corridors.resilience.doubts import _poisson, _triangular
from networks import DataError

EVENTS = {
    "shut": {
        "where": {"country": "GE"},
        "effect": {"use": "closed"},
        "probability": "30 %",
        "when": {"for": "120 d"},
    },
    "storm": {
        "where": {"place": "Aktau"},
        "effect": {"use": "closed"},
        "probability": "2 times/yr",
        "when": {"for": "20 d"},
    },
}


@cache
def calm():
    return corridors.load("baseline-2026").with_({"study.markets": ["caspian"]})


@cache
def found():
    return corridors.uncertainty(calm().with_({"disruptions": EVENTS}), draws=200, seed=3, jobs=1)


def test_the_same_seed_gives_the_same_draws_whatever_the_workers():
    scenario = calm().with_({"disruptions": EVENTS})
    again = corridors.uncertainty(scenario, draws=200, seed=3, jobs=2)
    pd.testing.assert_frame_equal(found().outputs, again.outputs, check_exact=True)
    other = corridors.uncertainty(scenario, draws=200, seed=4, jobs=2)
    assert not np.array_equal(other.outputs["cost_musd"], again.outputs["cost_musd"])


def test_without_doubt_every_draw_is_the_run():
    sure = dict.fromkeys(("A", "B", "C", "EST"), 0.0)
    flat = corridors.uncertainty(calm(), draws=5, half_widths=sure, jobs=1)
    run = corridors.run(calm(), against=False, ranges=False)
    middle = run.flows().loc[(2026, "middle"), "teu_per_year"]
    assert flat.outputs["middle_teu"].to_numpy() == pytest.approx(middle, rel=1e-5)
    assert flat.outputs["cost_musd"].std() == pytest.approx(0.0, abs=1e-6)


def test_events_come_as_often_and_as_long_as_the_file_says():
    events = corridors.uncertainty(calm().with_({"disruptions": {"shut": EVENTS["shut"]}}), draws=600, seed=5, jobs=2)
    came = events.outputs["days of events"] > 0
    assert came.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 600))
    days = events.outputs.loc[came, "days of events"]
    assert days.between(60, 240).all()
    assert days.mean() == pytest.approx(120 * (0.5 + 1 + 2) / 3, rel=0.08)
    with_it, without = events.outputs[came], events.outputs[~came]
    assert with_it["unmet_teu"].mean() > without["unmet_teu"].mean()


def test_storms_that_are_over_soon_are_waited_for():
    storms = corridors.uncertainty(calm().with_({"disruptions": {"storm": EVENTS["storm"]}}), draws=100, jobs=1)
    assert storms.outputs["events waited for"].max() >= 2
    long = storms.outputs["days of events"]
    assert (long == 0).any() and (long > 30).any()  # twenty days may last forty


def test_summary_and_convergence_say_how_well_the_mean_is_known():
    told = found().summary()
    values = found().outputs["middle_teu"]
    assert told.loc["middle_teu", "mean"] == pytest.approx(values.mean())
    assert told.loc["middle_teu", "p5"] <= told.loc["middle_teu", "p50"] <= told.loc["middle_teu", "p95"]
    steps = found().convergence("middle_teu")
    assert list(steps.index) == [50, 100, 200]
    assert steps["error"].iloc[-1] < steps["error"].iloc[0]
    assert steps["error"].iloc[-1] == pytest.approx(1.96 * values.std() / np.sqrt(200), rel=1e-3)
    assert "200 draws" in found().answer and "estimates" in found().answer


def test_tornado_and_sensitivities_find_what_moves_the_answer():
    bars = found().tornado("middle_teu")
    assert bars["width"].is_monotonic_decreasing
    assert bars.index[0] in ("demand caspian", "shut happens")
    assert bars.loc["demand caspian", "at_high"] > bars.loc["demand caspian", "at_low"]
    calm_year = corridors.uncertainty(calm(), draws=10, jobs=1)
    sobol = calm_year.sensitivity("middle_teu", size=32, jobs=2)
    assert sobol.index[0] == "demand caspian"
    assert sobol.loc["demand caspian", "total"] == pytest.approx(1.0, abs=0.3)
    morris = calm_year.sensitivity("middle_teu", method="morris", size=6, jobs=2)
    assert morris.index[0] == "demand caspian" and (morris["mu_star"] >= 0).all()
    again = calm_year.sensitivity("middle_teu", method="morris", size=6, jobs=1)
    pd.testing.assert_frame_equal(morris, again)


@given(u=st.floats(0, 1), rate=st.floats(0.1, 12))
@settings(deadline=None)
def test_quantiles_of_times_and_lengths(u, rate):
    from scipy.stats import poisson, triang

    assert 0.5 <= _triangular(u, 0.5, 1.0, 2.0) <= 2.0
    assert _triangular(u, 0.5, 1.0, 2.0) == pytest.approx(triang.ppf(u, 1 / 3, 0.5, 1.5), abs=1e-9)
    got = _poisson(u, rate)
    assert got >= 0
    if 1e-6 < u < 1 - 1e-6 and min(abs(poisson.cdf(got, rate) - u), abs(poisson.cdf(got - 1, rate) - u)) > 1e-9:
        assert got == int(poisson.ppf(u, rate))


def test_figures_are_drawn(tmp_path):
    for name, draw in (("a", found().plot_convergence), ("b", found().plot_tornado)):
        draw("middle_teu").savefig(tmp_path / f"{name}.png", dpi=60)
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_what_is_asked_wrongly_is_told():
    for wrong, told in (
        ({"draws": 1}, "draws: got 1"),
        ({"seed": -1}, "seed: got -1"),
        ({"year": 1900}, "year: got 1900"),
        ({"half_widths": {"A": 0.1}}, "half_widths: grade 'B' has none"),
        ({"half_widths": {"A": 0.1, "B": 0.1, "C": 0.1, "EST": 2.0}}, "half_widths: 'EST'"),
    ):
        with pytest.raises(DataError, match=told):
            corridors.uncertainty(calm(), **{"draws": 2, "jobs": 1, **wrong})
    with pytest.raises(DataError, match="output: got 'joy'"):
        found().convergence("joy")
    with pytest.raises(DataError, match="method"):
        found().sensitivity(method="guess")


def test_the_command_prints_distributions_and_draws(tmp_path):
    call = ["uncertainty", "baseline-2026", "--set", "study.markets=[caspian]", "--draws", "40", "--jobs", "1"]
    more = ["--output", "middle_teu", "--sensitivity", "morris", "--size", "4", "--plot", str(tmp_path / "p.png")]
    done = CliRunner().invoke(app, [*call, *more, "--tornado", str(tmp_path / "t.png")])
    assert done.exit_code == 0, done.output
    assert "40 draws" in done.output and "mu star" in done.output
    assert (tmp_path / "p.png").stat().st_size > 10_000 and (tmp_path / "t.png").stat().st_size > 10_000
