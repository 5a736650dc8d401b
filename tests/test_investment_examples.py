"""The EUR 12 bn as a user asks: both files pass the check, the command answers, and no line pays what it may not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import corridors
from corridors.scenario.money import line_of
from networks import read_table, table_file

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = ROOT / "examples" / "scenarios"
READINGS = ("eu-12bn", "eu-12bn-azerbaijan")
QUICK = ("--no-vary", "--set", "study.years=[2040]")
LINE = "unused_m samarkand-2025.transport"
FORUM = ("investments.projects.aktau-hub.package=forum-2024", "investments.projects.aktau-hub.line=ebrd")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Return what the command prints for arguments, from a cache of this module's own."""
    home = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "COLUMNS": "250"}

    def asked(*arguments):
        command = [sys.executable, "-m", "corridors", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=home, cwd=SCENARIOS)

    return asked


@pytest.fixture(scope="module")
def found(ask):
    """Return the JSON of both readings."""
    done = {name: ask("frontier", f"{name}.yaml", *QUICK, "--json") for name in READINGS}
    assert all(d.returncode == 0 for d in done.values()), [d.stderr for d in done.values()]
    return {name: json.loads(d.stdout) for name, d in done.items()}


@pytest.mark.parametrize("name", [*READINGS, "joint-portfolio"])
def test_the_files_pass_the_check(ask, name):
    done = ask("check", f"{name}.yaml")
    assert done.returncode == 0, done.stderr


def test_the_two_readings_differ_in_one_line_of_the_package():
    one, other = (corridors.load(SCENARIOS / f"{name}.yaml").model.investments for name in READINGS)
    assert one.projects == other.projects
    lines = [m.packages["samarkand-2025"].lines for m in (one, other)]
    assert {k for k in lines[0] if lines[0][k] != lines[1][k]} == {"transport"}
    assert lines[0]["transport"].amount == lines[1]["transport"].amount
    assert {w: share.value for w, share in lines[1]["transport"].at_most.items()} == {"AZ": 0.5}


def test_every_project_says_where_its_figures_come_from():
    money = corridors.load(SCENARIOS / "joint-portfolio.yaml").model.investments
    records = read_table("projects", table_file("projects", None)).set_index("project_id")
    for name, project in money.projects.items():
        assert project.record in records.index, name
        if project.cost is not None or project.benefit is not None:
            assert project.source and project.note and len(project.note) > 80, name
        if name.startswith(("container", "digital", "baku-port-1", "baku-port-2", "caspian-gas")):
            assert project.note.startswith("Estimate"), name


@pytest.mark.parametrize("name", READINGS)
def test_the_line_pays_what_it_holds_where_it_may(found, name):
    money = corridors.load(SCENARIOS / f"{name}.yaml").model.investments
    records = read_table("projects", table_file("projects", None)).set_index("project_id")
    cost = {row["project"]: row["cost_m"] for row in found[name]["order"]}
    assert len(cost) <= 12
    for row in found[name]["frontier"]:
        chosen = [p for p in row["projects"].split(", ") if p]
        paid = sum(cost[p] for p in chosen)
        assert row["paid_m"] == pytest.approx(paid)
        assert row[LINE] == pytest.approx(3000 - paid) and row[LINE] >= 0
        there = 0.0
        for project in chosen:
            countries = set(records.loc[money.projects[project].record, "countries"])
            assert countries <= set(line_of(money.projects[project], money).eligible)
            there += cost[project] * ("AZ" in countries)
        assert there <= 1500 * (1 + 1e-9)
        assert "baku-port-2" not in chosen or "baku-port-1" in chosen


def test_what_lies_elsewhere_stays_outside_and_says_so(found):
    outside = {name: {r["project"]: r["why"] for r in found[name]["outside"]} for name in READINGS}
    assert set(outside["eu-12bn"]) - set(outside["eu-12bn-azerbaijan"]) == {
        "baku-port-1",
        "baku-port-2",
        "baku-boyuk-kesik",
    }
    assert "AZ" in outside["eu-12bn"]["baku-port-1"] and "cost" in outside["eu-12bn"]["horadiz-aghband"]
    assert all("GE" in where["anaklia"] and "CN" in where["cku"] for where in outside.values())


def test_money_for_azerbaijan_adds_to_the_choice_and_never_takes_from_it(found):
    best = {name: found[name]["frontier"][-1] for name in READINGS}
    assert best["eu-12bn-azerbaijan"]["benefit_m"] > best["eu-12bn"]["benefit_m"] * (1 + 1e-6)
    assert "baku" not in best["eu-12bn"]["projects"] and "baku" in best["eu-12bn-azerbaijan"]["projects"]


def test_the_command_prints_what_an_officer_asks_for(ask, found):
    done = ask("frontier", "eu-12bn.yaml", *QUICK)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "Only 3 bn EUR of the 12 bn EUR can pay for transport" in text
    assert "The next 1 bn EUR" in text and "not in the choice" in text
    for row in found["eu-12bn"]["order"]:
        assert row["title"] in text
    for word in ("cost", "chosen", "transport", "benefit", "schedule", "mn EUR"):
        assert word in text


@pytest.mark.skipif(not os.environ.get("CORRIDORS_SLOW_TESTS"), reason="set CORRIDORS_SLOW_TESTS to run it")
def test_runs_of_vary_say_how_often_a_project_is_chosen(ask):
    done = ask("frontier", "joint-portfolio.yaml", "--set", "study.years=[2040]", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["futures"]) == 3
    assert {row["chosen_pct"] <= 100 for row in told["order"]} == {True}
    gas = next(row for row in told["order"] if row["project"] == "caspian-gas-link")
    assert gas["chosen_pct"] > 0 and gas["line"] == "gas-owners.gas"
    for row in told["frontier"]:
        assert not {"caspian-gas-link", "caspian-gas-line"} <= set(row["projects"].split(", "))


def test_money_that_two_packages_share_is_refused(ask):
    sets = [word for path in FORUM for word in ("--set", path)]
    done = ask("frontier", "joint-portfolio.yaml", "--no-vary", *sets)
    assert done.returncode == 2
    assert "never added" in done.stderr and "Traceback" not in done.stderr


def test_the_page_holds_what_the_files_give_now():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_investment
    finally:
        sys.path.pop(0)
    text = (ROOT / "docs" / "investment.md").read_text(encoding="utf-8")
    assert make_investment.joint() in text, "run python docs/make_investment.py"
    for part in (make_investment.HEAD, make_investment.READINGS, make_investment.JOINT, make_investment.REST):
        assert part in text, "run python docs/make_investment.py"


def test_what_the_page_says_in_short_is_in_its_tables():
    text = (ROOT / "docs" / "investment.md").read_text(encoding="utf-8")
    paying = [row.split("|")[6].strip() for row in text.splitlines() if row.startswith("| net present value | eu-12bn")]
    assert paying == ["digital-documents", "digital-documents"]
    documented, other = text.split("### EUR 12 bn, half")[0], text.split("### EUR 12 bn, half")[1]
    faster = next(row for row in documented.splitlines() if row.startswith("| caspian 8.5 %/yr |"))
    assert float(faster.split("|")[2]) < 0
    regret = [row.split("|") for row in other.split("| portfolio | largest regret | if |")[1].splitlines()[2:6]]
    assert "baku-port-1" in regret[0][1] and "baku-port-1" not in regret[2][1] + regret[3][1]
    assert float(regret[2][2].replace(",", "")) > 10 * float(regret[0][2])
