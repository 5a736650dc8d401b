"""A year solved again and again: every answer is that of the year solved from nothing, whatever was solved before."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import corridors
from corridors.resilience.elements import element_named, elements
from corridors.resilience.failing import Shut
from corridors.resilience.warm_rooms import Limit
from corridors.resilience.warm_year import WarmYear
from corridors.scenario.applying import Application
from corridors.scenario.choices import asked_choice
from corridors.year_setting import State
from networks import DataError


@cache
def case():
    scenario = corridors.load("baseline-2026")
    application = Application.of(scenario.freight)
    model = application.year_model(2026)
    return scenario, model, asked_choice(scenario.freight.choice)


@cache
def warm():
    _, model, choice = case()
    return WarmYear(model, choice)


def part_of(changes, year=2026):
    """Return the setting of a scenario with changes, and its last part as if it lasted all year."""
    scenario = case()[0].with_(changes)
    setting = Application.of(scenario.freight).setting(year)
    return setting, setting.states[-1]._replace(share=1.0)


def by_corridor(table, flow):
    return table.assign(flow=flow).groupby(["market", "goods", "corridor"])["flow"].sum()


def assert_same(setting, state):
    _, model, choice = case()
    fresh = model.with_(replace(setting, states=(state,)))
    truth, found = fresh.solve(choice), warm().part(state)
    mine, theirs = by_corridor(warm().slots, found.flow), by_corridor(fresh.routes, truth.flow)
    both = mine.to_frame("mine").join(theirs.to_frame("theirs"), how="outer").fillna(0.0)
    assert both["mine"].to_numpy() == pytest.approx(both["theirs"].to_numpy(), abs=1.0, rel=1e-5)
    assert found.unmet.sum() == pytest.approx(truth.unmet.sum(), rel=1e-5, abs=0.1)
    assert found.not_shipped.sum() == pytest.approx(truth.not_shipped.sum(), rel=1e-5, abs=0.1)


EFFECTS = {
    "closed": {"use": "closed"},
    "dearer": {"cost": "x 1.3"},
    "cheaper": {"cost": "x 0.7"},
    "slower": {"time": "+36 h"},
}


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    "where",
    [{"link": "KZ_DOS-KZ_AKT-rail"}, {"place": "Alat"}, {"place": "Singapore"}, {"link": "GE_MRB-GE_AKH-rail"}],
    ids=lambda w: next(iter(w.values())),
)
def test_every_part_is_that_of_the_year_solved_from_nothing(where, effect):
    assert_same(*part_of({"disruptions.x": {"where": where, "effect": EFFECTS[effect]}}))


@pytest.mark.parametrize(
    "changes",
    [
        {"disruptions.x": {"where": {"country": "RU"}, "effect": {"use": "closed"}}},
        {"disruptions.x": {"where": {"corridor": "middle"}, "effect": {"cost": "+500 USD/TEU"}}},
        {"disruptions.x": {"where": {"corridor": "northern-kazakhstan"}, "effect": {"use": "closed"}}},
        {"disruptions.x": {"where": {"place": "Alat"}, "effect": {"capacity": "x 0.3"}}},
        {"disruptions.x": {"where": {"place": "Urumqi"}, "effect": {"capacity": "20000 TEU/yr"}}},
        {"disruptions.x": {"where": {"place": "Suez"}, "effect": {"use": "open"}}},
    ],
    ids=["country", "corridor dearer", "corridor closed", "capacity", "new capacity", "opens"],
)
def test_other_changes_too(changes):
    assert_same(*part_of(changes))


def test_answers_do_not_depend_on_what_was_solved_before():
    _, first = part_of({"disruptions.x": {"where": {"place": "Aktau"}, "effect": {"use": "closed"}}})
    _, other = part_of({"disruptions.x": {"where": {"country": "KZ"}, "effect": {"cost": "x 2"}}})
    fresh = WarmYear(*case()[1:])
    alone = fresh.part(first)
    warm().part(other)
    again = warm().part(first)
    assert np.array_equal(alone.flow, again.flow)
    assert np.array_equal(alone.cost_usd, again.cost_usd)


def test_a_limit_binds_and_counts_as_a_capacity():
    element = element_named("AZ_ALT", elements(warm().filters, ("stop",)))
    usual = warm().usual
    passing = usual.flow[usual.routes.passing(element.arcs)].sum()
    half = warm().part(State(1.0), Limit(element.arcs, passing / 2))
    assert half.flow[half.routes.passing(element.arcs)].sum() == pytest.approx(passing / 2, rel=1e-4)
    free = warm().part(State(1.0), Limit(element.arcs, passing * 2))
    assert free.flow == pytest.approx(usual.flow, abs=1.0)


def test_what_nobody_uses_is_missed_by_nobody():
    usual = warm().usual
    unused = next(e for e in elements(warm().filters, ("link",)) if not usual.routes.passing(e.arcs).any())
    without = warm().part(State(1.0, change=Shut(unused.arcs, None)))
    assert np.array_equal(without.flow, usual.flow)


def test_what_shippers_refuse_is_left_to_the_year_model():
    changed = case()[0].with_({"policy.x": {"where": {"country": "RU"}, "effect": {"avoid": "30 %"}}})
    model = Application.of(changed.freight).year_model(2026)
    with pytest.raises(DataError, match="refuse"):
        WarmYear(model, case()[2])
