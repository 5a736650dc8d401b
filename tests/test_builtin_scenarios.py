"""The scenarios that come with the toolkit: sound, documented, and with an answer."""

import functools
import re
import sys
from pathlib import Path

import pytest

import corridors
from corridors.scenario.applying import Application
from corridors.scenario.finding import BUILTIN
from networks import read_table, table_file

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(file.stem for file in BUILTIN.glob("*.yaml"))
GAS = [name for name in NAMES if "gas" in name]
FREIGHT = [name for name in NAMES if name not in GAS]
EVENTS = {  # of history, each in a year of its own: one waited for, one for a part of a year, one by corridor
    "d03-ever-given": 2021,
    "d17a-dostyk-to-china": 2024,
    "d02c-sea-rates": 2023,
}


@functools.cache
def scenario(name):
    return corridors.load(name)


@functools.cache
def _solved(key, name):
    """Return a run of what a scenario names as its counterfactual; the same one is run once."""
    return corridors.run(scenario(name).counterfactual(), against=False, ranges=False)


FIRST = {}


@functools.cache
def compared(name):
    mine = corridors.run(scenario(name), against=False, ranges=False)
    other = scenario(name).counterfactual()
    if other is None:
        return mine, mine.answer
    asker = FIRST.setdefault((other.name, other.hash), name)
    return mine, corridors.Comparison(_solved((other.name, other.hash), asker), mine).answer


def conserves(run):
    demand = run.tables["demand"]
    parts = demand["served"] + demand["unmet"] + demand["not_shipped"]
    assert (demand[["served", "unmet", "not_shipped"]] >= -1e-6).all().all()
    assert (parts - demand["teu_per_year"]).abs().max() < 1e-6 * demand["teu_per_year"].sum()
    routes = run.tables["routes"]["teu_per_year"].sum()
    assert routes == pytest.approx(demand["served"].sum(), rel=1e-6, abs=1e-3)


def test_there_are_scenarios() -> None:
    assert len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_says_what_it_is(name: str) -> None:
    found = scenario(name)
    assert found.name == name
    assert found.model.title
    assert len(found.model.title) < 60
    assert found.question
    assert found.question.strip().endswith("?")
    assert found.against or name.startswith("baseline-")
    text = (BUILTIN / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# "), "facts stand at the head of the file"
    assert all(len(line) <= 120 for line in text.splitlines())


def test_titles_differ() -> None:
    titles = [scenario(name).model.title for name in NAMES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_builds_on_and_is_held_against_is_built_in(name: str) -> None:
    text = (BUILTIN / f"{name}.yaml").read_text(encoding="utf-8")
    for key in ("extends", "against"):
        for other in re.findall(rf"^{key}: (.+)$", text, flags=re.MULTILINE):
            assert other in NAMES


@pytest.mark.parametrize("name", FREIGHT)
def test_every_variation_can_be_applied(name: str, network_filters) -> None:
    for _, varied in scenario(name).variations():
        Application(varied.model, network_filters).check()


@pytest.fixture(scope="session")
def network_filters(network):
    from corridors.catalogue import Filters

    return Filters(network)


def test_every_event_on_record_is_named_in_history() -> None:
    text = (BUILTIN / "history.yaml").read_text(encoding="utf-8")
    events = read_table("events", table_file("events", None))["event_id"]
    missing = [event for event in events if not re.search(rf"\b{event}\b", text)]
    assert not missing


def test_sources_of_history_are_events_with_their_dates() -> None:
    events = read_table("events", table_file("events", None)).set_index("event_id")
    for key, entry in scenario("history").model.disruptions.items():
        assert not entry.enabled, key
        assert entry.note, key
        first = events.loc[entry.source.split("; ")[0]]
        assert key.startswith(entry.source.split("; ")[0].lower().rstrip("ab") if "; " in entry.source else "d"), key
        assert entry.when.from_ == str(first["start"])[: len(entry.when.from_)], key


def test_each_event_of_history_touches_something(network_filters) -> None:
    history = scenario("history")
    for key, entry in history.model.disruptions.items():
        year = min(max(int(entry.when.from_[:4]), 2019), 2026)
        on = history.with_({f"disruptions.{key}.enabled": True, "study.years": [year]})
        items = Application(on.model, network_filters).items
        assert len(items) == 1, key
        for part in items[0].ready:
            assert part.selection.arcs.any() or part.selection.corridors, key


@pytest.mark.parametrize("name", FREIGHT)
def test_a_scenario_runs_and_answers(name: str) -> None:
    run, answer = compared(name)
    assert run.status == "converged"
    conserves(run)
    assert re.search(r"\b20\d\d\b", answer), answer
    assert re.search(r"\d[\d,.]*( million)? (TEU|t)\b|stay as they are", answer), answer


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_of_history_runs_in_its_year(event: str) -> None:
    on = scenario("history").with_({f"disruptions.{event}.enabled": True, "study.years": [EVENTS[event]]})
    run = corridors.run(on, against=False, ranges=False)
    conserves(run)
    assert len(run.short) == (event == "d03-ever-given")


def test_a_closure_of_13_days_is_refused_in_words() -> None:
    _, answer = compared("poland-border")
    assert "stay as they are" in answer
    assert "13 days" in answer
    assert "no diversion" in answer


def test_the_pair_of_the_red_sea_is_one_question_asked_twice() -> None:
    opened, closed = (compared(name)[0] for name in ("red-sea-open", "red-sea-closed"))
    base = compared("baseline-2026")[0]
    assert closed.flows()["teu_per_year"].to_dict() == pytest.approx(base.flows()["teu_per_year"].to_dict(), rel=1e-6)
    assert opened.flows().loc[(2026, "sea"), "teu_per_year"] > closed.flows().loc[(2026, "sea"), "teu_per_year"]


def test_packages_add_up_and_projects_keep_to_their_lines() -> None:
    records = read_table("projects", table_file("projects", None)).set_index("project_id")
    for name in ("eu-package", "eu-package-article"):
        investments = scenario(name).model.investments
        package = investments.packages["samarkand-2025"]
        assert sum(line.amount.value for line in package.lines.values()) == package.total.value == 12e9
        for project in investments.projects.values():
            place = records.loc[project.record, "from_place_id"]
            assert place[:2] in package.lines[project.line].eligible


@pytest.fixture(scope="session")
def pages():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_claims
    finally:
        sys.path.pop(0)
    return make_claims


def test_the_catalogue_holds_every_scenario(pages) -> None:
    assert sorted(pages.names()) == NAMES
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"### {name}\n" in text, "run python docs/make_claims.py"


@pytest.mark.parametrize("name", ["baseline-north-south", "az-iran-border"])
def test_the_catalogue_is_what_the_files_and_the_model_give_now(pages, name: str) -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert pages._entry(name) in text, "run python docs/make_claims.py"


def test_the_page_of_claims_holds_every_claim() -> None:
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    for claim in read_table("claims", table_file("claims", None))["claim_id"]:
        assert re.search(rf"\b{claim}\b", text), claim
