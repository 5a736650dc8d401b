"""Runs and comparisons: what they add up to, how they are kept on disk, and what the command line prints."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import corridors
from corridors.scenario import running
from corridors.scenario.applying import Application
from corridors.scenario.charts import change_chart, flows_chart
from corridors.scenario.money import funding
from networks import DataError, load_tables

RUSSIA = {"where": {"country": ["RU", "BY"]}, "effect": {"use": "closed"}}


@pytest.fixture(scope="module")
def base():
    changes = {"study.markets": ["eu-cn", "caspian"], "title": "As it is"}
    return corridors.load("baseline-2025").with_(changes)


@pytest.fixture(scope="module")
def before(base):
    return corridors.run(base, against=False)


@pytest.fixture(scope="module")
def after(base):
    changed = base.with_({"disruptions.russia": RUSSIA, "title": "Russia closed", "question": "Where do boxes go?"})
    return corridors.run(changed, against=False)


@pytest.fixture(scope="module")
def found(before, after):
    return corridors.compare(before, after)


# -- what adds up


def test_flows_sum_to_what_is_wanted_however_they_are_cut(after):
    wanted = after.tables["demand"]["teu_per_year"].sum()
    for by in ("family", "branch", "corridor", ["family", "goods"], ["market", "corridor"]):
        flows = after.flows(by)
        assert flows["teu_per_year"].sum() == pytest.approx(wanted, rel=1e-6)
        assert flows["share"].sum() == pytest.approx(1, rel=1e-6)
    rows = after.unmet()
    np.testing.assert_allclose(rows[["served", "unmet", "not_shipped"]].sum(axis=1), rows["teu_per_year"], rtol=1e-6)


def test_means_are_those_of_the_routes(after):
    routes = after.routes()
    sea = routes[routes["family"] == "sea"]
    mean = np.average(sea["days"], weights=sea["teu_per_year"])
    assert after.flows()["days"].xs("sea", level="family").iloc[0] == pytest.approx(mean)
    assert after.routes("Rotterdam", "CNSHA")["origin"].unique().tolist() == ["NL_RTM"]


def test_land_shares_leave_out_the_sea(after):
    shares = after.shares()["share_of_land"].droplevel("year")
    assert np.isnan(shares["sea"])
    assert shares.sum() == pytest.approx(1)


def test_who_lost_and_who_gained_balance(found):
    moved = found.diversion()
    change = found.flows()["difference_teu_per_year"].droplevel("year")
    net = (
        moved.groupby("gained_by")["teu_per_year"]
        .sum()
        .sub(moved.groupby("lost_by")["teu_per_year"].sum(), fill_value=0.0)
    )
    for name, value in net.items():
        assert value == pytest.approx(change[name], abs=1)
    assert moved.groupby("lost_by")["share"].sum().to_numpy() == pytest.approx(1)


def test_every_comparison_has_difference_and_per_cent(found, before):
    for table, name in (
        (found.flows(), "teu_per_year"),
        (found.emissions(), "tco2e_per_year"),
        (found.bottlenecks(), "utilisation"),
    ):
        np.testing.assert_allclose(table[f"difference_{name}"], table[name] - table[f"base_{name}"])
        known = table[table[f"base_{name}"] > 1e-3]
        np.testing.assert_allclose(known["difference_pct"], 100 * known[f"difference_{name}"] / known[f"base_{name}"])
    assert {"difference_unmet", "difference_not_shipped_pct"} <= set(found.unmet().columns)
    routes = found.routes("DE_DUI", "Xi'an")
    gone = routes.xs("northern-kazakhstan", level="corridor")
    assert (gone["teu_per_year"] == 0).all() and gone["days"].isna().all() and (gone["base_days"] > 10).all()
    assert found.routes()["difference_teu_per_year"].sum() == pytest.approx(0, abs=1)


def test_more_demand_is_told_apart_from_diversion(base, before):
    grown = corridors.run(base.with_({"demand.scale": {"eu-cn": "x 1.1"}}), against=False, ranges=False)
    moved = corridors.compare(before, grown).moved()
    extra = grown.tables["demand"]["teu_per_year"].sum() - before.tables["demand"]["teu_per_year"].sum()
    came = moved.loc[moved["lost_by"] == "more demand", "teu_per_year"].sum()
    assert came == pytest.approx(extra, rel=1e-6)


def test_a_border_has_what_routes_cross_it(before, found):
    over = before.through("AZ-GE")["teu_per_year"].sum()
    there, back = (before.through(f"{a}>{b}")["teu_per_year"].sum() for a, b in (("AZ", "GE"), ("GE", "AZ")))
    assert there + back == pytest.approx(over)
    parts = found.through("AZ-GE")
    assert parts["teu_per_year"].sum() == pytest.approx(found.run.through("AZ-GE")["teu_per_year"].sum(), rel=1e-5)
    assert parts.index.get_level_values("diverted_from")[0] == "as before"
    with pytest.raises(DataError, match="'XX' is no country"):
        before.through("XX-GE")


def test_legs_sum_to_their_route(before):
    legs = before.tcd("DE_DUI", "Xi'an")
    routes = before.routes("DE_DUI", "Xi'an")
    for corridor, rows in legs.groupby("corridor"):
        best = routes[routes["corridor"] == corridor].iloc[0]
        assert rows["km_cum"].iloc[-1] == pytest.approx(best["km"])
        assert rows["h_cum"].iloc[-1] / 24 == pytest.approx(best["days"])


def test_emissions_are_flows_times_their_rate(before):
    found = before.emissions()
    np.testing.assert_allclose(
        found["tco2e_per_year"], found["kgco2e_per_teu"] * before.flows()["teu_per_year"][found.index] / 1000
    )


def test_ranges_hold_the_central_value(before, found):
    for table in (before.ranges(), before.ranges("corridor"), found.ranges()):
        assert (table["low"] <= table["central"]).all() and (table["central"] <= table["high"]).all()
        assert set(table["depends_on"]) - {""}
    flows = before.flows()["teu_per_year"]
    central = before.ranges()["central"]
    np.testing.assert_allclose(central, flows.reindex(central.index), rtol=1e-6)


def test_wrong_words_get_one_message(before, found):
    for call in (lambda: before.flows("famly"), lambda: before.ranges("goods"), lambda: found.ranges("market")):
        with pytest.raises(DataError, match="expected"):
            call()
    with pytest.raises(DataError, match="names no counterfactual"):
        corridors.compare(before)
    with pytest.raises(DataError, match="compared in the same years and markets"):
        corridors.compare(before, corridors.run(corridors.load("baseline-2025"), ranges=False))


def test_nothing_found_can_be_changed(before):
    with pytest.raises(TypeError):
        before.record["name"] = "x"
    with pytest.raises(TypeError):
        before.tables["routes"] = None
    with pytest.raises(AttributeError):
        before.record = {}


# -- answers


def test_the_answer_has_number_unit_year_range_and_what_it_depends_on(before, found):
    assert re.search(
        r"Russia closed, 2025: the Northern route through Russia carries nothing, [\d,]+ TEU a year in 'As it is'; "
        r"range [\d,]+ to [\d,]+ less; of that \d+ % to the sea",
        found.answer,
    )
    assert re.search(r"the change depends most on .+; \d+ % of the figures behind are estimates\.", found.answer)
    assert re.search(r"As it is: of [\d.]+ million TEU in 2025, .* \(range [\d,]+ to [\d,]+\)", before.answer)


def test_what_changes_nothing_is_told(base, before):
    vain = {
        "disruptions.suez": {"where": {"place": "Suez Canal"}, "effect": {"use": "closed"}, "title": "No Suez"},
        "disruptions.alat": {"where": {"place": "Alat"}, "effect": {"capacity": "x 0.9"}, "title": "Alat smaller"},
        "disruptions.russia": RUSSIA,
    }
    said = corridors.compare(before, corridors.run(base.with_({**vain, "title": "T"}), against=False)).answer
    assert "No freight goes by what 'No Suez' is about, with it or without." in said
    assert "The capacity that 'Alat smaller' leaves is nowhere reached." in said
    assert "russia" not in said.split("estimates.")[1]
    tight = {"disruptions.alat": {"where": {"place": "Alat"}, "effect": {"capacity": "x 0.05"}}, "title": "T"}
    said = corridors.compare(before, corridors.run(base.with_(tight), against=False)).answer
    assert "nowhere reached" not in said and "No freight" not in said and "limits nothing" not in said
    for effect, when in (("x 0", {}), ("x 0.01", {"from": "2025-03", "for": "10 d"})):
        alat = {"where": {"place": "Alat"}, "effect": {"capacity": effect}, **({"when": when} if when else {})}
        run = corridors.run(base.with_({"disruptions.a": alat, "title": "T"}), against=False)
        assert "nowhere reached" not in corridors.compare(before, run).answer
        assert "nowhere reached" not in corridors.compare(run, run).answer
    border = {"disruptions.b": {"where": {"border": "KZ-CN"}, "effect": {"capacity": "x 0.01"}}, "title": "T"}
    said = corridors.compare(before, corridors.run(base.with_(border), against=False)).answer
    assert re.search(r"'b' limits nothing at .*Altynkol.* \(rail\): no capacity is on record there\.", said)


def test_one_scenario_under_two_names_is_no_change(before, base):
    same = corridors.run(base.with_({"title": "Nothing new"}), against=False)
    assert "yearly flows stay as they are in 'As it is'" in corridors.compare(before, same).answer


def test_what_varies_makes_the_range(base):
    changes = {"disruptions.r": RUSSIA, "vary": {"prices.sea-east": ["x 1", "x 3"]}}
    file = base.with_(changes)
    run = corridors.run(file.with_({"against": "baseline-2025"}))
    assert {v for v in run.tables["ranges"]["variant"] if v.startswith("vary")} == {
        "vary: sea-east x 1",
        "vary: sea-east x 3",
    }
    dear = corridors.run(base.with_({"prices.sea-east": "x 3"}), against=False, ranges=False)
    low = corridors.compare(run.against, run).ranges().loc[(2025, "northern"), "low"]
    assert low == pytest.approx(-dear.flows().xs("northern", level="family")["teu_per_year"].iloc[0], rel=1e-4)
    assert "depends most on 'sea-east x 3'" in run.answer


# -- on disk


@pytest.mark.parametrize(
    "parquet",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                not __import__("importlib.util").util.find_spec("pyarrow"), reason="pyarrow is not installed"
            ),
        ),
    ],
)
def test_a_saved_run_is_read_as_it_was(tmp_path, base, parquet):
    changed = base.with_({"disruptions.russia": RUSSIA})
    run = running._run(changed, corridors.run(base, against=False, ranges=False), False, False, None)
    back = corridors.read(run.save(tmp_path / "out", parquet=parquet))
    for name, table in run.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], table, check_dtype=False)
    assert dict(back.record) == dict(run.record)
    assert back.answer == run.answer
    assert back.against.title == "As it is"
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    for key in (
        "hash",
        "status",
        "gap",
        "solver",
        "seed",
        "data",
        "code",
        "corridors",
        "python",
        "libraries",
        "seconds",
    ):
        assert key in record
    described = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert {r["name"] for r in described["resources"]} == set(run.tables)
    for resource in described["resources"]:
        assert (tmp_path / "out" / resource["path"]).is_file()
        units = {f["name"]: f.get("unit") for f in resource["schema"]["fields"]}
        assert all(units[c] for c in units if c.endswith(("_usd_per_teu", "teu_per_year", "_h", "hours", "km")))
    again = corridors.load(tmp_path / "out" / "scenario.yaml")
    assert again.hash == run.record["scenario_hash"]


def test_saving_replaces_a_run_and_nothing_else(tmp_path, before, after):
    before.save(tmp_path / "out")
    after.save(tmp_path / "out")
    assert corridors.read(tmp_path / "out").title == "Russia closed"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.docx").write_text("x")
    with pytest.raises(DataError, match="holds something that is no run"):
        before.save(mine)
    assert (mine / "thesis.docx").read_text() == "x"
    with pytest.raises(DataError, match="does not exist"):
        before.save(tmp_path / "no" / "out")


def test_a_write_that_fails_leaves_the_old_run(tmp_path, before, after, monkeypatch):
    before.save(tmp_path / "out")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(DataError, match="No space left on device"):
        after.save(tmp_path / "out")
    monkeypatch.undo()
    assert corridors.read(tmp_path / "out").title == "As it is"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_damaged_run_gets_one_message(tmp_path, before):
    out = before.save(tmp_path / "out")
    with pytest.raises(DataError, match="no run is here"):
        corridors.read(tmp_path)
    (out / "routes.csv").write_text("year,state\n1")
    with pytest.raises(DataError, match="damaged"):
        corridors.read(out)
    (out / "run.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        corridors.read(out)


def test_the_same_run_is_read_from_the_cache(tmp_path, base, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = corridors.run(base, against=False, ranges=False, cache=True)
    monkeypatch.setattr(Application, "year_model", lambda *_: pytest.fail("solved again"))
    again = corridors.run(base.with_({"title": "Under another name"}), against=False, ranges=False, cache=True)
    assert again.title == "Under another name"
    pd.testing.assert_frame_equal(again.flows(), first.flows())
    with pytest.raises(pytest.fail.Exception):
        corridors.run(base.with_({"demand.scale": {"eu-cn": "x 1.1"}}), against=False, ranges=False, cache=True)


def test_a_cache_that_cannot_be_written_does_not_stop_a_run(tmp_path, base, monkeypatch):
    (tmp_path / "corridors").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert corridors.run(base, against=False, ranges=False, cache=True).status == "converged"


# -- money


def money_of(tmp_path, text):
    file = tmp_path / "money.yaml"
    file.write_text(text)
    from corridors.scenario.applying import Application

    return Application.of(corridors.load(file).model)


PACKAGES = """schema: 1
name: money
study: {years: [2026], markets: [caspian]}
investments:
  packages:
    eu: {total: 3 bn EUR, lines: {transport: {amount: %s, eligible: [KZ]}, rest: {amount: %s}}}
    pk2: {record: PK02, overlaps: [eu]}
  projects:
    line: {record: I03, package: eu, line: transport}
    port: {title: Port, cost: 10 mn EUR, where: {place: %s}, effect: {wait: -5 h}, package: %s, line: transport}
"""


def test_money_is_told_by_line(tmp_path):
    table = money_of(tmp_path, PACKAGES % ("2 bn EUR", "1 bn EUR", "Aktau", "eu")).money.set_index("project")
    rate = load_tables().parameter("usd_per_eur")
    deflator = 128.4 / 131.8  # us-gdp-deflator: I03 is in prices of 2026
    assert table.at["line", "cost_million_eur"] == pytest.approx(1410 * deflator / rate)
    assert table.at["port", "line_million_eur"] == 2000
    assert funding.__doc__


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("2 bn EUR", "1 bn EUR", "Alat", "eu"), r"port: lies in AZ; line transport of eu pays in KZ"),
        (("1 bn EUR", "2 bn EUR", "Aktau", "eu"), r"lines.transport: holds 1 bn EUR, its projects cost 1.23"),
        (("2 bn EUR", "1 bn EUR", "Aktau", "pk2"), r"eu and pk2 share an unknown part of their money"),
    ],
)
def test_money_is_neither_misspent_nor_counted_twice(tmp_path, values, said):
    text = PACKAGES % values
    if "pk2" in values:
        text = text.replace("pk2, line: transport", "pk2")
    with pytest.raises(DataError, match=said):
        money_of(tmp_path, text).check()


# -- figures


def test_figures_are_drawn(tmp_path, before, after, found):
    for number, figure in enumerate(
        (flows_chart([before, after]), change_chart(found), flows_chart([after], "branch"))
    ):
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 10_000
        labels = [t.get_text() for axis in figure.axes for t in axis.get_yticklabels()]
        assert any("Middle" in label for label in labels)


# -- the command line


def corridors_cli(*words, cache, **options):
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "corridors", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=300, **options)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "shut.yaml").write_text(
        "schema: 1\nname: shut\ntitle: Shut\nquestion: What if?\nextends: baseline-2025\nagainst: baseline-2025\n"
        "study: {markets: [caspian]}\ndisruptions:\n  a:\n    where: {border: AZ-GE}\n    effect: {use: closed}\n"
    )
    return folder


def test_run_and_compare_from_the_shell(study, tmp_path):
    one = corridors_cli("compare", "shut.yaml", cwd=study, cache=tmp_path)
    two = corridors_cli("compare", "shut.yaml", cwd=study, cache=tmp_path)
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout and "What if?" in one.stdout and "Shut, 2025" in one.stdout
    saved = corridors_cli(
        "run", "shut.yaml", "--save", tmp_path / "out", "--plot", tmp_path / "x.png", cwd=study, cache=tmp_path
    )
    assert saved.returncode == 0, saved.stderr
    assert corridors.read(tmp_path / "out").against.name == "baseline-2025"
    assert (tmp_path / "x.png").stat().st_size > 10_000
    told = corridors_cli("compare", "shut.yaml", "--json", "--through", "AZ-GE", cwd=study, cache=tmp_path)
    content = json.loads(told.stdout)
    assert content["through"] and content["answer"].startswith("Shut, 2025")
    table = corridors_cli("run", "shut.yaml", "--csv", "--by", "corridor", cwd=study, cache=tmp_path)
    assert table.stdout.startswith("year,corridor,teu_per_year")


def test_a_mistake_ends_in_one_message(study, tmp_path):
    for words, said in (
        (("run", "shot.yaml"), "no scenario file"),
        (("run", "shut.yaml", "--set", "study.years=[1999]"), "study.years"),
        (("run", "shut.yaml", "--set", "disruptions.a.effect.wait=48"), "has no unit"),
        (("run", "shut.yaml", "--by", "famly"), "expected one of family"),
        (("compare", "baseline-2025"), "names no counterfactual"),
        (("run", str(study)), "is a folder, expected a scenario file; it holds"),
    ):
        found = corridors_cli(*words, cwd=study, cache=tmp_path)
        assert found.returncode == 2, found.stdout
        assert said in found.stderr and "Traceback" not in found.stderr
