"""Scenario files of gas: words and units, what effects become, runs, comparisons, and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import corridors
from corridors.cli import app
from corridors.scenario.finding import BUILTIN
from corridors.scenario.gas_applying import GasApplied, apply_gas
from networks import DataError

GAS = sorted(file.stem for file in BUILTIN.glob("*gas*.yaml"))
BY_DAY = {"gas-tanap-half", "gas-shah-deniz-outage"}

HEAD = "schema: 1\nname: mine\ntask: gas\nextends: baseline-gas-2026\nagainst: baseline-gas-2026\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def applied(folder: Path, text: str, year: int = 2026) -> GasApplied:
    return apply_gas(corridors.load(written(folder, text)).gas, year)


def one(folder: Path, where: str, effect: str, when: str = "{from: 2026-01, to: 2026-03}") -> GasApplied:
    return applied(folder, f"disruptions:\n  x:\n    where: {where}\n    effect: {effect}\n    when: {when}\n")


def shut(where: str, when: str) -> str:
    return f"disruptions:\n  x:\n    where: {where}\n    effect: {{use: closed}}\n    when: {when}\n"


# -- words and units ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study: {step: dy}", "'dy' is not one of 'day' or 'month'; did you mean 'day'?"),
        ("study: {years: 2019}", "2019 is out of range; write 2023 or later"),
        ("disruptions: {x: {where: {link: tanop}, effect: {use: closed}}}", "there is no gas pipe or line 'tanop'"),
        ("disruptions: {x: {where: {border: GE-IT}, effect: {use: closed}}}", "no border that a pipe crosses 'GE-IT'"),
        ("disruptions: {x: {where: {supply: shah}, effect: {use: closed}}}", "no gas source or LNG terminal 'shah'"),
        (
            "disruptions: {x: {where: {pipe: tanap}, effect: {use: closed}}}",
            "unknown setting 'pipe'; did you mean 'link'?",
        ),
        ("disruptions: {x: {where: {link: tap}, effect: {capacity: 5 bcma}}}", "unknown unit 'bcma'; write bcm/yr"),
        ("disruptions: {x: {where: {link: tap}, effect: {capacity: 5 bcm}}}", "is a volume of gas (no '/yr')"),
        ("disruptions: {x: {where: {link: tap}, effect: {capacity: 30 %}}}", "is ambiguous"),
        ("disruptions: {x: {where: {link: tap, supply: sd}, effect: {use: closed}}}", "a pipe and a source or storage"),
        ("disruptions: {x: {where: {link: tap}, effect: {}}}", "give at least one effect"),
        ("prices: {ttf: 50 EUR}", "is money; this setting takes USD/MWh or EUR/MWh"),
        ("prices: {tft: 50 EUR/MWh}", "there is no series of gas prices 'tft'; did you mean 'ttf'?"),
        ("demand: {scale: {FR: x 1.1}}", "there is no country with demand for gas 'FR'"),
        ("investments: {projects: {a: {record: G99}}}", "there is no project of gas_project_pipes.csv 'G99'"),
        ("investments: {projects: {a: {title: A}}}", "give title, where and effect, or the record"),
        ("choice: {sensitivity: low}", "unknown setting 'choice'"),
        ("disruptions: {x: {where: {country: RU}, effect: {refused_by: EUU}}}", "country or group of countries 'EUU'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        corridors.load(written(tmp_path, text))
    assert says in str(caught.value), caught.value
    assert "mine.yaml:6:" in str(caught.value)


def test_another_task_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("schema: 1\nname: a\ntask: gass\n", encoding="utf-8")
    with pytest.raises(DataError, match="'gass' is not one of 'freight' or 'gas'; did you mean 'gas'"):
        corridors.load(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("where", "effect", "says"),
    [
        ("{supply: sd}", "{use: open}", "only pipes can be opened"),
        ("{supply: sd}", "{cost: +1 USD/MWh}", "is of pipes; for what a source asks write 'price'"),
        ("{country: TR, link: tanap}", "{demand: +10 %}", "is of countries"),
        ("{country: CN}", "{demand: +10 %}", "no demand for gas is on record in CN"),
        ("{supply: sd}", "{time: +4 days}", "is the lead of LNG"),
        (
            "{country: AZ, storage: TR_SILI}",
            "{capacity: x 0.5}",
            "there is no storage with all of country: AZ, storage",
        ),
        ("{carrier: lng}", "{refused_by: EU}", "no pipeline gas is meant"),
    ],
)
def test_what_cannot_be_applied_is_told_by_its_path(where: str, effect: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        one(tmp_path, where, effect)
    assert caught.value.problems[0].startswith("disruptions.x.effect.")
    assert says in caught.value.problems[0]


# -- what effects become -----------------------------------------------------------------------------


def test_a_factor_holds_both_ways_and_a_set_value_ahead_only(tmp_path: Path) -> None:
    both = one(tmp_path, "{link: STRA_TRBG}", "{capacity: x 0.5}").edits
    assert {e.figure for e in both} == {"pipe", "reverse"}
    ahead = one(tmp_path, "{link: STRA_TRBG}", "{capacity: 10 mcm/d}").edits
    kwh = one(tmp_path, "{link: STRA_TRBG}", "{capacity: 10 mcm/d}").case.pipes.at["STRA_TRBG", "kwh_per_m3"]
    assert [(e.figure, e.kind) for e in ahead] == [("pipe", "set")]
    assert ahead[0].value == pytest.approx(10 * kwh)  # 10 million m3 a day, GWh a day


@pytest.mark.parametrize(
    ("text", "gwh_per_day"),
    [("3.65 bcm/yr", 10.0 * 11.0), ("10 mcm/d", 10.0 * 11.0), ("110 GWh/d", 110.0), ("40.15 TWh/yr", 110.0)],
)
def test_rates_of_gas_become_energy_by_the_value_on_record(text: str, gwh_per_day: float, tmp_path: Path) -> None:
    found = one(tmp_path, "{link: IGB}", f"{{capacity: {text}}}")
    kwh = found.case.pipes.at["IGB", "kwh_per_m3"]
    expected = gwh_per_day * (kwh / 11.0 if "m/" in text or "bcm" in text or "mcm" in text else 1.0)
    assert found.edits[0].value == pytest.approx(expected)


def test_stages_of_a_terminal_share_what_is_set(tmp_path: Path) -> None:
    found = one(tmp_path, "{supply: IT_PIOM}", "{capacity: 100 GWh/d}")
    rows = [s for s in found.case.supplies.index if s.startswith("IT_PIOM.")]
    edited = found.case.edited(found.edits)
    assert edited.daily["supply"][rows].iloc[10].sum() == pytest.approx(100.0)
    assert edited.daily["supply"][rows].iloc[200].sum() == pytest.approx(
        found.case.supplies.loc[rows, "capacity"].sum()
    )


def test_more_of_a_source_is_more_in_the_year(tmp_path: Path) -> None:
    always = "{from: 2026-01-01, to: 2026-12-31}"
    found = one(tmp_path, "{supply: sd}", "{capacity: +8 bcm/yr}", always)
    before, after = found.case.supplies, found.case.edited(found.edits).supplies
    kwh = found.case.tables.bases.at["az-ministry", "gcv_kwh_per_m3"]
    assert after.at["sd", "most_total"] - before.at["sd", "most_total"] == pytest.approx(8 * kwh * 1000)


def test_borders_countries_and_lines_are_met_together(tmp_path: Path) -> None:
    rows = one(tmp_path, "{border: GE>TR}", "{use: closed}").edits[0].rows
    assert set(rows) == {"VALE_TURK"}
    rows = one(tmp_path, "{border: GE-TR, link: [tanap, scp]}", "{use: closed}").edits[0].rows
    assert set(rows) == {"VALE_TURK"}
    rows = one(tmp_path, "{place: IT_MELE}", "{use: closed}").edits[0].rows
    assert {"TAP_E", "MELE_IT"} <= set(rows)


def test_disruptions_are_surprises_and_policy_is_known(tmp_path: Path) -> None:
    text = "    where: {link: tap}\n    effect: {use: closed}\n    when: {from: 2026-03, to: 2026-06}\n"
    found = applied(tmp_path, f"disruptions:\n  a:\n{text}  b:\n{text}    known: true\npolicy:\n  c:\n{text}")
    assert {e.name: e.surprise for e in found.edits} == {
        "disruptions.a": True, "disruptions.b": False, "policy.c": False,
    }  # fmt: skip
    long = f"disruptions:\n  a:\n{text.replace('2026-03', '2025-03')}"
    assert not any(e.surprise for e in applied(tmp_path, long).edits), "what began the year before is known"


def test_what_fades_is_less_from_day_to_day(tmp_path: Path) -> None:
    text = (
        "disruptions:\n  a:\n    where: {link: tap}\n    effect: {capacity: x 0.5}\n"
        "    when: {from: 2026-01-01, to: 2026-01-10}\n    recovery: linear\n    recover_over: 4 days\n"
    )
    strength = applied(tmp_path, text).edits[0].strength
    assert strength[:10].tolist() == [1.0] * 10
    assert strength[10:15] == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.0])
    fast = applied(tmp_path, text.replace("linear", "exponential")).edits[0].strength
    assert fast[13] == pytest.approx(0.05)


def test_projects_open_in_their_year(tmp_path: Path) -> None:
    text = "study: {years: [2026, 2030]}\ninvestments:\n  projects:\n    tap: {record: G11, opens: 2030}\n"
    before, after = applied(tmp_path, text, 2026).case, applied(tmp_path, text, 2030).case
    bcm = after.pipes.at["TAP_A", "nameplate"] * 365 / (after.pipes.at["TAP_A", "kwh_per_m3"] * 1000)
    assert bcm == pytest.approx(20.0)
    assert before.pipes.at["TAP_A", "nameplate"] < after.pipes.at["TAP_A", "nameplate"]
    left = text.replace("opens: 2030", "opens: 2030, decision: leave")
    assert applied(tmp_path, left, 2030).case.pipes.at["TAP_A", "nameplate"] == before.pipes.at["TAP_A", "nameplate"]


def test_prices_are_set_or_changed(tmp_path: Path) -> None:
    usual = corridors.gas_case(2026).supplies.at["IT_PIOM.more", "price"]
    doubled = applied(tmp_path, "prices: {ttf: x 2}").case.supplies.at["IT_PIOM.more", "price"]
    assert doubled == pytest.approx(2 * usual)
    dollars = applied(tmp_path, "prices: {ttf: 50 USD/MWh}").case
    assert dollars.supplies.at["IT_PIOM.more", "price"] == pytest.approx(
        50 * dollars.tables.parameter("gas_lng_more_factor")
    )


# -- runs --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> corridors.GasRun:
    found = corridors.run("gas-scp-out")
    assert isinstance(found, corridors.GasRun)
    return found


def test_a_run_keeps_its_books(run: corridors.GasRun) -> None:
    assert run.status == "optimal"
    assert run.record["balance_error"] < 1e-6
    assert run.record["gap"] < 1e-6
    assert 0 < run.record["estimates"] < 1
    sources = run.sources()
    countries = run.unmet()
    served = (countries["demand_gwh"] - countries["unmet_gwh"]).sum()
    assert sources["gwh"].sum() > served, "fuel gas, hubs and what storages keep come on top"
    assert run.tables["money"].empty


def test_what_is_shut_carries_nothing_while_it_is(run: corridors.GasRun) -> None:
    flows = run.tables["flows"]
    shut = flows[flows["pipe"].isin(["SCP", "SCPX", "SCP_GE"]) & (flows["day"] < "2026-04-01")]
    assert shut["gwh_per_day"].abs().max() < 1e-6 or shut.empty
    assert run.flows("pipe").loc[(2026, "SCPX"), "change_bcm"] < -2


def test_the_answer_says_year_amounts_and_what_it_rests_on(run: corridors.GasRun) -> None:
    assert run.answer.startswith("South Caucasus line out, 2026: ")
    for words in ("bcm less", "million USD more", "optimal, gap", "% of the figures behind are estimates"):
        assert words in run.answer
    assert len(run.ranges()) == 3
    assert run.ranges()["cost_million_usd"].is_monotonic_increasing


def test_a_comparison_stands_on_the_same_pipes(run: corridors.GasRun) -> None:
    found = corridors.compare(run)
    assert isinstance(found, corridors.GasComparison)
    table = found.flows("pipe")
    assert (table["bcm"] - table["base_bcm"] - table["difference_bcm"]).abs().max() < 1e-12
    lines = found.flows()
    assert lines["difference_bcm"].abs().max() == pytest.approx(table["difference_bcm"].abs().max())
    assert float(found.costs()["difference_cost_million_usd"].iloc[0]) > 0
    assert found.prices().shape[1] == 4


def test_dependence_adds_up(run: corridors.GasRun) -> None:
    shares = run.dependence().drop(columns="hhi")
    assert shares.sum(axis=1).to_numpy() == pytest.approx(np.full(len(shares), 100.0))
    assert run.dependence()["hhi"].between(1e4 / shares.shape[1], 1e4 + 1e-6).all()
    with pytest.raises(DataError, match="nearest: transits"):
        run.dependence("transit")


def test_a_saved_run_reads_back_the_same(run: corridors.GasRun, tmp_path: Path) -> None:
    run.save(tmp_path / "saved")
    back = corridors.read(tmp_path / "saved")
    assert isinstance(back, corridors.GasRun)
    assert back.answer == run.answer
    for name, frame in run.tables.items():
        pd.testing.assert_frame_equal(
            back.tables[name].reset_index(drop=True), frame.reset_index(drop=True), check_dtype=False
        )
    described = json.loads((tmp_path / "saved" / "datapackage.json").read_text(encoding="utf-8"))
    units = {f["name"]: f.get("unit") for r in described["resources"] for f in r["schema"]["fields"]}
    assert units["bcm"] == "bcm/yr" and units["usd_per_mwh"] == "USD/MWh"


def test_money_can_be_in_euro(tmp_path: Path) -> None:
    found: Any = corridors.run(written(tmp_path, "study: {currency: EUR}\n"), against=False)
    dollars: Any = corridors.run("baseline-gas-2026")
    rate = dollars.record["usd_per_eur"]
    assert found.unmet().loc[(2026, "IT"), "eur_per_mwh"] * rate == pytest.approx(
        dollars.unmet().loc[(2026, "IT"), "usd_per_mwh"]
    )


def test_freight_and_gas_are_not_compared() -> None:
    with pytest.raises(DataError, match="one is of freight and one of gas"):
        corridors.compare("baseline-2026", "baseline-gas-2026")


def test_a_short_surprise_by_month_is_refused(tmp_path: Path) -> None:
    text = shut("{link: tap}", "{from: 2026-02-01, for: 10 days}")
    with pytest.raises(DataError, match=r"disruptions.x: lasts 10 days; .* use step: day"):
        corridors.run(written(tmp_path, text))


@pytest.mark.parametrize("name", [n for n in GAS if n not in BY_DAY and n != "gas-scp-out"])
def test_a_built_in_scenario_runs_and_answers(name: str) -> None:
    found: Any = corridors.run(name, ranges=False)
    assert found.status == "optimal"
    assert found.record["balance_error"] < 1e-6
    assert found.answer.startswith(f"{found.title}, 20")


@pytest.mark.parametrize("name", sorted(BY_DAY))
def test_what_lasts_days_is_applied_by_day(name: str) -> None:
    scenario = corridors.load(name)
    year = scenario.gas.study.years[0]
    found = apply_gas(scenario.gas, year)
    assert found.case.step == "day"
    assert any(e.surprise for e in found.edits)


def test_no_russian_gas_is_used_where_it_is_refused() -> None:
    found: Any = corridors.run("gas-no-russian-2027", against=False)
    shares = found.dependence().xs(2028, level="year")["RU"]
    assert shares.reindex(["HU", "SK", "BG", "GR", "IT", "AT"]).fillna(0.0).max() < 1e-6
    assert shares["RS"] > 50 and shares["TR"] > 20
    before = found.flows("pipe").loc[(2028, "BLUES"), "bcm"]
    assert before == pytest.approx(12.8, abs=0.3), "contracts of Türkiye are taken as before"


# -- the command line --------------------------------------------------------------------------------


def cli(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_run_and_compare_print_and_write(tmp_path: Path) -> None:
    shown = cli("run", "gas-iran-cut", "--plot", str(tmp_path / "a.png"))
    assert shown.exit_code == 0
    for words in ("No gas from Iran, 2026", "N-1", "HHI", "cheapest first", "gap"):
        assert words in shown.output
    assert (tmp_path / "a.png").stat().st_size > 10_000
    compared = cli("compare", "gas-iran-cut")
    assert compared.exit_code == 0 and "difference" in compared.output
    content = json.loads(cli("run", "gas-iran-cut", "--json").output)
    assert content["record"]["task"] == "gas" and {"unmet", "security", "measures"} <= set(content)
    table = cli("run", "gas-iran-cut", "--by", "pipe", "--csv").output
    assert table.startswith("year,pipe,title,planned_bcm,bcm")


def test_unmet_demand_can_end_with_a_code(tmp_path: Path) -> None:
    file = written(tmp_path, shut("{country: BA}", "{from: 2026-01, to: 2026-06}"))
    assert cli("run", str(file), "--fail-on-unmet").exit_code == 1
    assert cli("run", str(file)).exit_code == 0
    assert cli("run", "baseline-gas-2026", "--fail-on-unmet").exit_code == 0


@pytest.mark.parametrize(
    ("what", "text", "row"),
    [
        ("gas-pipes", "tanap", "TANAP0"),
        ("gas-places", "Sangachal", "AZ_SANG"),
        ("gas-supplies", "Piombino", "IT_PIOM"),
        ("gas-storages", "Silivri", "TR_SILI"),
        ("gas-events", "Iran", "iran-2022"),
    ],
)
def test_what_can_be_named_is_listed(what: str, text: str, row: str) -> None:
    assert row in cli("list", what, text).output


def test_a_new_study_of_gas_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("new", "first", "--gas").exit_code == 0
    scenario = corridors.load(tmp_path / "first" / "first.yaml")
    assert scenario.gas.study.step == "month"
    apply_gas(scenario.gas, 2026)
    schema = json.loads((tmp_path / "first" / "scenario.schema.json").read_text(encoding="utf-8"))
    assert schema["title"] == "Scenario of gas" and "gas" in json.dumps(schema["properties"]["task"])
    assert cli("schema", "--gas").output == (tmp_path / "first" / "scenario.schema.json").read_text(encoding="utf-8")


def test_a_surprise_late_in_the_year_is_compared_over_the_whole_year(tmp_path: Path) -> None:
    text = shut("{link: tap}", "{from: 2026-10, to: 2026-12}").replace("use: closed", "capacity: x 0.99")
    found: Any = corridors.compare(written(tmp_path, text))
    prices = found.prices()["difference_pct"].abs()
    assert prices.max() < 2.0, "a means over three winter months would not be the mean of the year"
    emissions = found.emissions()["difference_pct"].abs()
    lines = found.base.emissions().sum(axis=1)
    assert emissions[lines[lines > 1000].index].max() < 10.0
    demand = [r.unmet()["demand_gwh"].sum() for r in (found.base, found.run)]
    assert demand[0] == pytest.approx(demand[1])


def test_what_comes_back_by_months_is_a_surprise_each_year(tmp_path: Path) -> None:
    text = "disruptions:\n  x:\n    where: {link: tap}\n    effect: {use: closed}\n    when: {months: [1, 2]}\n"
    assert applied(tmp_path, text).edits[0].surprise
    always = "disruptions:\n  x:\n    where: {link: tap}\n    effect: {use: closed}\n"
    assert not applied(tmp_path, always).edits[0].surprise, "what always holds is known"
