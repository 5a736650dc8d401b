"""What breaks, and how badly: what is reported adds up, ranks and draws, and the command does what it says."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
from corridors.resilience.elements import KINDS, element_named, elements
from corridors.resilience.pool import cores, run_tasks
from networks import DataError, PlaceError

CASPIAN = {"study.markets": ["caspian"]}


@cache
def caspian():
    """Return the criticality of the trade over the Caspian alone, which is quick."""
    return corridors.criticality(corridors.load("baseline-2026").with_(CASPIAN), jobs=1)


def rows_of(element, effect="removed"):
    table = caspian().table
    return table[(table["element"] == element) & (table["effect"] == effect)].set_index("days")


def test_every_link_stop_border_and_country_is_there_with_every_effect_and_length():
    table = caspian().table
    warm_elements = table.drop_duplicates(["kind", "element"])
    assert set(warm_elements["kind"]) == set(KINDS)
    assert len(table) == len(warm_elements) * 2 * 4
    assert not table.duplicated(["kind", "element", "effect", "days"]).any()
    assert "XZ" not in set(table["element"])


def test_what_nobody_uses_costs_nothing():
    idle = caspian().table[caspian().table["teu_per_year"] == 0]
    assert len(idle) and (idle[["cost_rise_musd", "unmet_teu", "teu_hours"]] == 0).all().all()


def test_countries_add_up_to_the_whole():
    found = caspian()
    keys = ["kind", "element", "effect", "days"]
    by_country = found.countries.groupby(keys)[["cost_rise_musd", "unmet_teu"]].sum()
    whole = found.table.set_index(keys)
    big = whole[whole["cost_rise_musd"] > 0.1]
    assert by_country.loc[big.index, "cost_rise_musd"].to_numpy() == pytest.approx(big["cost_rise_musd"], rel=1e-3)


def test_short_failures_are_waited_for_and_cost_as_the_square_of_their_days():
    alat = rows_of("AZ_ALT")
    assert alat.loc[7, "unmet_teu"] == 0 and alat.loc[30, "unmet_teu"] == 0
    assert alat.loc[7, "cost_rise_musd"] == pytest.approx(alat.loc[7, "of_it_waiting_musd"])
    ratio = alat.loc[30, "cost_rise_musd"] / alat.loc[7, "cost_rise_musd"]
    assert ratio == pytest.approx((30 / 7) ** 2, rel=1e-6)  # room to clear is as ample in both
    assert alat.loc[180, "unmet_teu"] > 0
    assert alat.loc[365, "unmet_teu"] == pytest.approx(alat.loc[180, "unmet_teu"] * 365 / 180)
    table = caspian().table
    wide = table.pivot_table(index=["kind", "element", "effect"], columns="days", values="cost_rise_musd")
    assert (wide[30] >= wide[7] - 1e-9).all()


def test_half_hurts_less_than_all():
    found = caspian().table
    wide = found[found["days"] == 365].pivot_table(
        index=["kind", "element"], columns="effect", values=["unmet_teu", "not_shipped_teu"]
    )
    lost = wide.T.groupby("effect").sum().T
    assert (lost["halved"] <= lost["removed"] + 1e-6).all()
    assumed = found[(found["effect"] == "halved") & (found["teu_per_year"] > 0)].set_index(["kind", "element", "days"])
    whole = found[found["effect"] == "removed"].set_index(["kind", "element", "days"]).loc[assumed.index]
    half = assumed["assumed"]
    assert assumed.loc[half, "unmet_teu"].to_numpy() == pytest.approx(whole.loc[half, "unmet_teu"] / 2)


def test_the_second_best_way_is_no_better_and_there_is_none_where_all_is_cut():
    table = caspian().table
    known = table[table["second_best_ratio"].notna()]
    assert (known["second_best_ratio"] >= 1 - 1e-9).all()
    assert rows_of("AZ_ALT").loc[365, "second_best_ratio"] == np.inf
    assert rows_of("AZ_ALT").loc[365, "worst_country"] != ""


def test_rankings_by_three_lenses():
    found = caspian()
    for lens, column in (("cost", "cost_rise_musd"), ("unmet", "unmet_teu"), ("country", "worst_country_pct")):
        ranked = found.ranking(lens, days=365, kind="stop")
        assert ranked[column].is_monotonic_decreasing and len(ranked)
    assert "AZ_ALT" in set(found.ranking("unmet", days=365, kind="stop")["element"])
    assert "As it is" in found.answer or "2026" in found.answer
    for wrong, told in (({"lens": "best"}, "lens"), ({"days": 8}, "days"), ({"kind": "sea"}, "kind")):
        with pytest.raises(DataError, match=told):
            found.ranking(**wrong)


def test_redundancy_counts_routes_and_cuts():
    table = caspian().redundancy
    assert (table["disjoint_routes"] >= table["disjoint_without_sea"]).all()
    assert (table["disjoint_routes"] >= 1).all()
    assert table["hhi_corridors"].dropna().between(0, 1 + 1e-9).all()
    assert (table["cut_over_demand"] > 0).all()


def test_the_map_is_drawn(tmp_path):
    for lens in ("cost", "unmet", "country"):
        caspian().plot_map(lens, days=365).savefig(tmp_path / f"{lens}.png", dpi=60)
        assert (tmp_path / f"{lens}.png").stat().st_size > 10_000


def test_the_number_of_workers_changes_nothing():
    scenario = corridors.load("baseline-2026").with_(CASPIAN)
    both = corridors.criticality(scenario, jobs=2, kinds=("border",), days=(180,))
    alone = corridors.criticality(scenario, jobs=1, kinds=("border",), days=(180,))
    pd.testing.assert_frame_equal(both.table, alone.table, check_exact=True)


def test_wrong_words_are_told():
    for wrong, told in (
        ({"days": (0,)}, "days: got 0"),
        ({"days": ()}, "expected one of each"),
        ({"effects": ("broken",)}, "effects: got 'broken'"),
        ({"kinds": ("bridge",)}, "kinds: got 'bridge'"),
        ({"year": 1999}, "year: got 1999"),
        ({"jobs": 0}, "jobs: got 0"),
    ):
        with pytest.raises(DataError, match=told):
            corridors.criticality("baseline-2026", **wrong)
    with pytest.raises(DataError, match="nearest"):
        element_named("Alatt (Port of Baku)", elements(_filters(), ("stop",)))


def _filters():
    from corridors.scenario.applying import Application

    return Application.of(corridors.load("baseline-2026").freight).filters


def test_the_command_prints_rankings_and_writes_the_map(tmp_path):
    file = Path(__file__).resolve().parent.parent / "examples" / "scenarios" / "baseline.yaml"
    call = [sys.executable, "-m", "corridors", "criticality", str(file), "--set", "study.markets=[caspian]"]
    done = subprocess.run([*call, "--out", "tables"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "By cost" in done.stdout and "By what has no way" in done.stdout and "worst off" in done.stdout
    assert (tmp_path / "criticality.png").stat().st_size > 10_000
    assert {f.name for f in (tmp_path / "tables").iterdir()} >= {"table.csv", "countries.csv", "redundancy.csv"}
    more = [*call, "--json", "--no-map", "--kind", "border"]
    told = subprocess.run(more, cwd=tmp_path, capture_output=True, text=True, check=True)
    content = json.loads(told.stdout)
    assert content["turn_days"] == 30 and content["table"]


# The pool


def _square(x):
    return x * x


class _Falls:
    """Loses its worker for one task, the first time or always."""

    def __init__(self, marker, always):
        self.marker, self.always = Path(marker), always

    def __call__(self, x):
        import os
        import signal

        if x == 3 and (self.always or not self.marker.exists()):
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return x


def test_tasks_are_all_done_whatever_the_number_of_workers():
    for jobs in (1, 3):
        assert sorted((t, r) for t, r, _ in run_tasks(_square, range(20), jobs)) == [(i, i * i) for i in range(20)]
    assert cores(None) >= 1


def test_a_lost_worker_is_replaced_and_its_task_done_again(tmp_path):
    found = {t: (r, e) for t, r, e in run_tasks(_Falls(tmp_path / "once", always=False), range(12), 2)}
    assert {t: r for t, (r, _) in found.items()} == {i: i for i in range(12)}


def test_a_task_that_always_loses_its_worker_is_told_and_all_others_are_done(tmp_path):
    found = {t: (r, e) for t, r, e in run_tasks(_Falls(tmp_path / "ever", always=True), range(12), 2)}
    assert "lost" in found[3][1]
    assert {t: r for t, (r, _) in found.items() if t != 3} == {i: i for i in range(12) if i != 3}


def _raises(x):
    raise DataError([f"{x} is wrong", "and more"])


def _no_place(x):
    raise PlaceError("no such place", ["a", "b"])


def test_errors_come_through_as_they_were():
    with pytest.raises(DataError, match="is wrong\nand more"):
        list(run_tasks(_raises, [1, 2], 2))
    with pytest.raises(PlaceError, match="no such place"):
        list(run_tasks(_no_place, [1, 2], 2))
