"""The back-test: cases are read, run, compared with what happened and with naive forecasts, and none is hidden."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
import seeds
from corridors.backtesting import CASES, backtest, load_cases
from corridors.calibration import residuals
from networks import DataError

DOCS = Path(__file__).resolve().parents[1] / "docs"
CASE = """\
schema: 1
cases:
  mine:
    title: Trains through Russia in 2020
    year: 2020
    markets: eu-cn
    corridor: northern
    unit: TEU
    perimeter: mine
    observed: {value: 100000, source: EST, grade: EST, last: 50000}
"""


@pytest.fixture(scope="module")
def found():
    return corridors.backtest()


def cases_in(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


# -- the toolkit's cases


def test_every_case_is_in_the_table(found):
    assert list(found.table.index) == list(load_cases())
    assert found.table["model"].notna().all()
    assert found.fitted_to == (2019, 2021, 2023)


def test_forecasts_are_twice_as_good_as_naive_ones(found):
    """Median error of the years that calibration has not seen, against the better of both naive forecasts."""
    summary = found.summary()
    assert summary["cases"] >= 15
    assert summary["ratio"] <= 0.5


def test_what_counts_is_a_forecast(found):
    counted = found.table[found.table["counted"]]
    assert not set(counted["year"]) & set(found.fitted_to)
    assert set(counted["measure"]) <= {"volume", "ratio"}
    left_out = found.table[~found.table["counted"] & found.table["measure"].isin(["volume", "ratio"])]
    assert left_out["note"].ne("").all(), "a volume that does not count says why"


def test_the_middle_corridor_catches_a_small_part_of_what_the_northern_loses(found):
    """2022: as many boxes per box lost as observed, within a factor of two, by either perimeter."""
    rows = found.table[found.table["measure"] == "diversion"]
    ratio = rows["model"] / rows["observed"]
    assert ratio.between(0.5, 2).all(), ratio


def test_short_closures_and_null_shocks_move_nothing(found):
    effects = found.table[found.table["measure"] == "effect"]
    assert len(effects) >= 6
    assert effects["model"].abs().max() < 1e-9
    assert (found.table.loc[found.table["measure"].isin(["queue", "waiting"]), "model"] > 0).all()


def test_sources_of_cases_are_known():
    known = set(pd.read_csv(seeds.table_path("sources"))["source_id"])
    named = {s for case in load_cases().values() if case.observed for s in case.observed.source}
    assert named <= known


def test_the_page_is_what_the_model_gives_now(found):
    sys.path.insert(0, str(DOCS))
    try:
        import make_backtest
    finally:
        sys.path.remove(str(DOCS))
    choice = corridors.load_choice("backtest")
    page = make_backtest.page(found, choice, residuals(choice, choice.fitted_to))
    assert (DOCS / "backtest.md").read_text(encoding="utf-8") == page, "run python docs/make_backtest.py"


# -- cases of one's own


def test_a_case_by_hand(tmp_path):
    table = backtest(cases_in(tmp_path, CASE)).table.loc["mine"]
    assert table["error"] == pytest.approx(table["model"] / 100000 - 1)
    assert table["last_year"] == 50000
    assert table["last_year_error"] == pytest.approx(-0.5)
    assert table["counted"]


def test_the_same_volume_from_the_seeds(tmp_path):
    text = re.sub(r"    observed:.*\n", "", CASE)
    table = backtest(cases_in(tmp_path, text)).table.loc["mine"]
    seen = corridors.observed_traffic()
    assert table["observed"] == seen.at[("eu-cn", 2020, "northern"), "quantity"]
    assert table["last_year"] == seen.at[("eu-cn", 2019, "northern"), "quantity"]


def test_a_shock_to_an_input_and_a_long_closure(tmp_path):
    effect = CASE.replace("year: 2020", "year: 2020\n    measure: effect").replace(", last: 50000", "")
    for shock, up in (
        ("{inputs: {sea-east: 5000}}", True),
        ("{close: [BY], days: 120}", False),
        ("{close: [BY], days: 20}", None),
    ):
        text = effect.replace("unit:", f"shock: {shock}\n    unit:")
        value = backtest(cases_in(tmp_path, text)).table["model"].iloc[0]
        assert np.sign(round(value, 9)) == {True: 1, False: -1, None: 0}[up], shock


def test_ratio_through_a_link(tmp_path):
    text = CASE.replace("corridor: northern", "through: BY_BRE-PL_MAL-rail\n    measure: ratio\n    before: 2019")
    row = backtest(cases_in(tmp_path, text)).table.iloc[0]
    assert row["last_year"] == 1.0
    assert row["model"] > 0


def test_a_queue_by_hand(tmp_path):
    # 8 trains a day for 13 days are 104; at 18 a day, 8 of them new, they take 104 / 10 days.
    text = """\
schema: 1
cases:
  length: {title: t, measure: queue, year: 2025, unit: trains, perimeter: p, queue: &q {arrivals_per_day: 8,
    served_per_day: 18, closed_days: 13}, observed: &o {value: 1, source: EST, grade: EST}}
  days: {title: t, measure: queue_days, year: 2025, unit: d, perimeter: p, queue: *q, observed: *o}
"""
    assert backtest(cases_in(tmp_path, text)).table["model"].tolist() == pytest.approx([104, 10.4])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("year: 2020", "year: 2031", r"mine: year: .*2025.*got 2031"),
        ("corridor:", "coridor:", r"mine: coridor: no such key.*corridor"),
        ("corridor: northern", "corridor: nothern", r"no corridor or family is called 'nothern'.*northern"),
        ("markets: eu-cn", "markets: eu-nc", r"no market is called 'eu-nc'.*eu-cn"),
        ("grade: EST", "grade: D", r"mine: observed.grade: .*got 'D'"),
        ("corridor: northern", "through: Atlantis", r"Atlantis"),
        ("    unit: TEU\n", "", r"mine: unit: Field required"),
        ("schema: 1", "schema: 2", r"expected 'schema: 1'"),
        ("cases:", "cases: [", r"cannot be read"),
        ("corridor: northern", "corridor: northern\n    to: middle", r"to: expected for the measure diversion"),
        ("unit:", "shock: {inputs: {sea-wets: 1}}\n    unit:", r"no series is called 'sea-wets'.*sea-west"),
        ("unit:", "shock: {close: [Suez Cannal], days: 9}\n    unit:", r"Suez Cannal.*Suez Canal"),
    ],
)
def test_wrong_cases_get_one_message(tmp_path, old, new, said):
    from networks import PlaceError

    with pytest.raises((DataError, PlaceError), match=said):
        backtest(cases_in(tmp_path, CASE.replace(old, new, 1)))


def test_all_mistakes_are_told_at_once(tmp_path):
    text = CASE.replace("year: 2020", "year: 1999").replace("grade: EST", "grade: D")
    with pytest.raises(DataError) as caught:
        load_cases(cases_in(tmp_path, text))
    assert len(caught.value.problems) == 2


# -- the command line


def run(*args):
    return subprocess.run(
        [sys.executable, "-m", "corridors", *map(str, args)], capture_output=True, text=True, encoding="utf-8"
    )


def test_command_line(tmp_path):
    file = cases_in(tmp_path, CASE)
    shown = run("backtest", file)
    assert shown.returncode == 0, shown.stderr
    assert "mine" in shown.stdout and "Median error of 1 forecasts" in shown.stdout
    as_csv = run("backtest", file, "--csv")
    assert as_csv.stdout.startswith("case,title,")
    wrong = run("backtest", tmp_path / "none.yaml")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "no such file" in wrong.stderr and "Traceback" not in wrong.stderr


def test_forecast_on_the_command_line():
    shown = run("forecast", 2025, "--market", "eu-cn", "--csv")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[0].startswith("family,teu_per_year")
    wrong = run("forecast", 2031)
    assert wrong.returncode == 2 and "growth" in wrong.stderr


def test_the_toolkits_cases_stand_in_the_seeds():
    assert CASES.parent == seeds.FOLDER
