"""The freight network as a design problem: its tables, and that it can be solved."""

import numpy as np
import pytest

from corridors.planner import design_case
from networks import DataError
from solvers import solve_flow, solve_two_stage

FEW = ("N02", "N05", "N17", "N31", "N38")


@pytest.fixture(scope="module")
def small():
    return design_case(markets=["eu-cn", "caspian"], projects=FEW, scenarios=4, budget_share=0.7)


def test_all_projects_and_scenarios():
    case = design_case()
    assert len(case.projects) == 40 and len(case.scenarios) == 50
    assert case.scenarios["probability"].sum() == pytest.approx(1.0)
    assert 0.5 < case.covered < 1
    assert set(case.arcs["project"].dropna()) == set(case.projects.index)
    assert case.arcs.index.is_unique and (case.projects["estimates"] <= case.projects["figures"]).all()
    assert case.budget == pytest.approx(case.projects["fixed_cost"].sum() / 3)
    first, second = case.scenarios["probability"].iloc[:2]
    assert first >= second > 0


def test_projects_change_what_they_say(small):
    arcs = small.arcs
    costs = [c for c in arcs if c.startswith("cost_")]
    there = arcs[arcs["project"].isna() & (arcs["base"] >= 0)].set_index("base")[costs]
    faster = arcs[arcs["project"] == "N31"].set_index("base")[costs]
    assert (faster <= there.loc[faster.index] + 1e-9).all().all() and (faster < there.loc[faster.index]).any().any()
    opened = arcs[arcs["project"] == "N17"]
    assert len(opened) and not opened["base"].isin(there.index).any()
    assert (arcs.loc[arcs["project"] == "N05", "group_capacity"] == 100_000).all()


def test_what_risks_close(small):
    wide = design_case(markets=["eu-cn"], projects=["N02"], scenarios=20)
    red_sea = wide.scenarios.loc["V01"]
    assert len(red_sea["closed"]) and not wide.scenarios.loc["none", "closed"]
    low = wide.scenarios.loc["V05", "group_capacity"]
    rooms = wide.arcs.groupby("group")["group_capacity"].first()
    assert low and all(value == pytest.approx(0.75 * rooms[group]) for group, value in low.items())
    assert set(small.scenarios.columns) == {"risks", "probability", "closed", "group_capacity"}


def test_it_is_solved(small):
    found = solve_two_stage(
        small.arcs,
        small.demands,
        small.scenarios,
        projects=small.projects,
        budget=small.budget,
        unmet_penalty=small.unmet_penalty,
        gap=1e-4,
    )
    assert found.status == "optimal" and found.fixed_cost <= small.budget
    nothing = small.arcs[small.arcs["project"].isna()]
    before = solve_flow(nothing, small.demands, unmet_penalty=small.unmet_penalty)
    everything = solve_flow(small.arcs, small.demands, unmet_penalty=small.unmet_penalty)
    assert everything.bound <= found.by_scenario.loc["none", "cost"] + 1e-3
    assert found.by_scenario.loc["none", "cost"] <= before.objective * (1 + 1e-4)
    assert np.isfinite(found.value_of_perfect_information)


def test_required_projects_come_along():
    assert set(design_case(markets=["caspian"], projects=["N14"], scenarios=1).projects.index) == {"N13", "N14"}


def test_unknown_projects_are_named():
    with pytest.raises(DataError, match="N99"):
        design_case(projects=["N99"])
