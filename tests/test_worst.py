"""The worst failures of trade by the choice of shippers: equal to enumeration, told with what lowers them."""

import itertools

import numpy as np
import pytest

import corridors
from corridors.resilience.elements import elements
from corridors.resilience.failing import Shut
from corridors.resilience.warm_year import WarmYear
from corridors.resilience.worst_chart import draw_worst
from corridors.scenario.applying import Application
from corridors.scenario.choices import asked_choice
from corridors.year_setting import State
from networks import DataError


@pytest.fixture(scope="module")
def caspian():
    return corridors.load("baseline-2026").with_({"study.markets": ["caspian"]})


@pytest.fixture(scope="module")
def found(caspian):
    return corridors.worst_failures(caspian, 3, within=["GE"], jobs=1)


def test_the_worst_of_up_to_three_is_that_of_enumeration(caspian, found):
    warm = WarmYear(Application.of(caspian.freight).year_model(2026), asked_choice(caspian.freight.choice))
    demand = warm.model.demand
    ends = {*demand["origin"], *demand["destination"]}
    home = warm.filters.home
    usual = warm.usual
    inside = []
    for element in elements(warm.filters, ("link", "stop")):
        if element.kind == "stop":
            near = home[element.element_id] == "GE" and element.element_id not in ends
        else:
            row = warm.filters.tables.links.loc[element.element_id]
            near = "GE" in {home[row["from_place_id"]], home[row["to_place_id"]]}
        if near:
            inside.append(element)
    used = [e for e in inside if usual.routes.passing(e.arcs).any()][:9]
    base = usual.cost_usd.sum()

    def loss(failed):
        mask = np.logical_or.reduce([e.arcs for e in failed])
        return float(warm.part(State(1.0, change=Shut(mask, None))).cost_usd.sum() - base) / 1e6

    sets = [s for size in (1, 2, 3) for s in itertools.combinations(used, size)]
    truth = max(loss(s) for s in sets)
    assert found.table["loss_musd"].iloc[0] >= truth - 1e-6
    told = [e for e in inside if e.name in found.table["failed"].iloc[0]]
    assert loss(told) == pytest.approx(found.table["loss_musd"].iloc[0], rel=1e-6)
    every = loss(inside)
    assert found.table["loss_musd"].iloc[0] <= every + 1e-6


def test_what_is_told_adds_up(found):
    row = found.table.iloc[0]
    assert row["proved"] and row["sets"] == len(found.sets)
    losses = list(row["loss_by_count_musd"])
    assert losses == sorted(losses) and losses[-1] == pytest.approx(row["loss_musd"], abs=1e-3)
    steps = found.by_count()
    assert list(steps.index) == [1, 2, 3]
    assert steps["loss_musd"].iloc[-1] == pytest.approx(row["loss_musd"], abs=2e-3)
    assert found.sets["loss_musd"].is_monotonic_decreasing
    assert "proved" in found.answer and "estimates" in found.answer
    assert found.best_project is None


def test_projects_are_held_against_the_worst(tmp_path):
    scenario = corridors.load("examples/scenarios/joint-portfolio.yaml").with_({"study.markets": ["caspian"]})
    several = corridors.worst_failures(
        scenario, 1, within=["GE"], kinds=["link"], projects=["baku-boyuk-kesik", "digital-documents"], jobs=2
    )
    assert several.table["project"].tolist() == ["", "baku-boyuk-kesik", "digital-documents"]
    base = several.table["cost_musd"].iloc[0]
    best = several.best_project
    assert best is None or best["cost_musd"] < base
    draw_worst(several).savefig(tmp_path / "worst.png", dpi=60)
    assert (tmp_path / "worst.png").stat().st_size > 10_000


def test_wrong_words_are_told(caspian):
    for wrong, told in (
        ({"k": 0}, "k: got 0"),
        ({"within": []}, "within: expected"),
        ({"within": ["Atlantis"]}, "Atlantis"),
        ({"markets": ["cn-eu"]}, "markets: 'cn-eu' is not in the study"),
        ({"projects": ["tunnel"]}, "projects: 'tunnel' is none"),
        ({"year": 1850}, "year: got 1850"),
        ({"time_limit_s": 0.0}, "time_limit_s: got 0.0"),
        ({"kinds": ["bridge"]}, "kinds: got 'bridge'"),
    ):
        with pytest.raises(DataError, match=told):
            corridors.worst_failures(caspian, **{"k": 1, "within": ["GE"], "jobs": 1, **wrong})
