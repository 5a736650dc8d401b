"""The investment frontier: portfolios valued as a run values them, chosen by rules that are proved, told in money."""

import itertools
import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridors
from corridors.choice import load_choice
from corridors.investing.candidates import slate
from corridors.investing.games import contributions, value_of_offers
from corridors.investing.memory import Memory
from corridors.investing.portfolios import Candidate, MoneyLine, Rules
from corridors.investing.present_value import PresentValue
from corridors.investing.steps import best_mix, steps
from corridors.investing.worth import Worth
from corridors.prices import Prices
from corridors.scenario.applying import Application
from corridors.year_model import YearModel
from networks import DataError, load_tables

LINE = {"package": "samarkand-2025", "line": "transport"}
CHOSEN = {
    "moiynty-kyzylzhar": {"decision": "choose"},
    "almaty-bypass": {"decision": "choose"},
    "aktau-dredging": {"decision": "choose"},
    "aktau-hub": {"decision": "leave"},
    "papers": {
        "decision": "choose",
        "title": "Digital papers on the Middle Corridor",
        "cost": "40 mn EUR",
        "kind": "soft",
        "where": {"corridor": "middle"},
        "effect": {"time": "-24 h"},
        **LINE,
    },
    "vessels": {
        "decision": "choose",
        "title": "More sailings Aktau-Alat",
        "cost": "120 mn EUR",
        "kind": "fleet",
        "where": {"link": "KZ_AKU-AZ_ALT-feeder"},
        "effect": {"time": "-10 %", "cost": "-5 %"},
        "requires": ["aktau-dredging"],
        "countries": ["KZ"],
        **LINE,
    },
    "cku": {"decision": "choose", "record": "I33", **LINE},
}


BIG = {
    "investments.projects.big": {
        "decision": "build",
        "title": "Big line",
        "cost": "2 bn EUR",
        "kind": "rail",
        "where": {"place": "Aktau"},
        "effect": {"wait": "-1 h"},
        **LINE,
    }
}
GAS = {"cost": "100 mn EUR", "benefit": "20 mn EUR/yr", "source": "EST", "countries": ["KZ"], **LINE}


def scenario(**more):
    base = corridors.load("eu-package", set={"study.markets": ["caspian", "eu-cn"], "study.years": [2030, 2040]})
    changes = {f"investments.projects.{name}": project for name, project in CHOSEN.items()}
    return base.with_({"study.currency": "EUR", "name": "test", **changes, **more})


@pytest.fixture(scope="module")
def found():
    lead = {"investments.slippage": ["x 1.5"], "study.growth": ["high"], "choice.sensitivity": ["high"]}
    return corridors.frontier(scenario(vary={"together": lead, "investments.overrun": ["x 1", "x 30"]}))


# -- worth


def test_portfolios_are_worth_what_a_model_of_their_own_says():
    """Each portfolio is searched, built and solved by itself, without pool, sums by cluster or warm start."""
    application = Application.of(scenario().model)
    choice = load_choice("default")
    names = tuple(n for n, p in CHOSEN.items() if p["decision"] == "choose" and n != "cku")
    numbers = [1, 4, 5, 8, 20, 28, 29, 31]
    surplus, co2e = Worth(application, 2030, choice, names, {}).of(numbers)

    def alone(number):
        built = application.with_([n for i, n in enumerate(names) if number >> i & 1])
        model = YearModel(
            2030,
            application.model.study.markets,
            inputs=application.inputs(2030),
            capacities=True,
            setting=built.setting(2030),
            filters=application.filters,
        )
        answer = model.logit(choice).respond(residual=1e-10)
        route = model.alternatives.routes["route"].to_numpy()
        kg = (model.routes["kgco2e_per_t"].to_numpy() * model.priced.load_t_per_teu)[route]
        return model.quantity(choice) @ answer.expected_cost, answer.flow @ kg

    cost, kg = alone(0)
    for number, gained, emitted in zip(numbers, surplus, co2e, strict=True):
        cost_with, kg_with = alone(number)
        assert gained == pytest.approx((cost - cost_with) / 1e6, rel=1e-5, abs=1e-4), number
        assert emitted == pytest.approx((kg_with - kg) / 1e6, rel=1e-4, abs=1e-2), number


def test_surplus_agrees_with_the_rule_of_a_half_where_little_changes(found):
    """The logsum's change is the rule of a half over all routes, up to third-order terms."""
    application = Application.of(scenario().model)
    choice = load_choice("default")
    worth = Worth(application, 2030, choice, ("papers",), {})
    surplus, _ = worth.of([1])
    models = [worth._model(()), worth._model(("papers",))]
    answers = [m.logit(choice).solve(residual=1e-9) for m in models]
    gone, come = (a.routes["cost"] + a.routes["waiting_cost"] for a in answers)
    before, after = (a.routes["flow"] for a in answers)
    half = corridors.rule_of_a_half(gone, come, before, after)
    total = half.sum() if hasattr(half, "sum") else half
    assert surplus[0] == pytest.approx(float(total) / 1e6, rel=0.02)


# -- rules


@st.composite
def rules(draw):
    count = draw(st.integers(1, 6))
    names = [f"p{i}" for i in range(count)]
    numbers = st.floats(0, 10)
    candidates = [
        Candidate(
            name,
            name,
            cost := draw(numbers),
            cost,
            draw(st.sampled_from(["a", "b", ""])),
            frozenset(draw(st.sets(st.sampled_from(["KZ", "AZ", "GE"]), max_size=2))),
            2.0,
            25.0,
            2029,
            0.02,
            (0.5, 0.5),
            requires=tuple(draw(st.sets(st.sampled_from(names), max_size=1)) - {name}),
            excludes=tuple(draw(st.sets(st.sampled_from(names), max_size=1)) - {name}),
            requires_any=tuple(sorted(draw(st.sets(st.sampled_from(names), max_size=2)) - {name})),
        )
        for name in names
    ]
    where = draw(st.sampled_from([None, frozenset({"KZ", "AZ"})]))
    line = MoneyLine("a", draw(numbers), None, ((frozenset({"AZ"}), draw(numbers)),), where)
    return Rules(candidates, {"a": line, "b": MoneyLine("b", draw(numbers))}, draw(st.floats(0, 30)))


@settings(max_examples=150, deadline=None)
@given(rules())
def test_what_is_allowed_is_what_can_be_proved(some):
    allowed = some.allowed(some.numbers)
    assert allowed[0]
    for number, fine in zip(some.numbers.tolist(), allowed, strict=True):
        try:
            some.prove(some.names_of(number))
        except AssertionError:
            assert not fine
        else:
            assert fine


# -- steps and mixes


tenths = st.integers(-500, 1000).map(lambda n: n / 10)
points = st.lists(st.tuples(tenths.map(abs), tenths), min_size=0, max_size=30)


@settings(max_examples=200, deadline=None)
@given(points, tenths.map(abs))
def test_steps_are_the_best_for_every_budget(some, budget):
    paid = np.array([0.0, *(p for p, _ in some)])
    value = np.array([0.0, *(v for _, v in some)])
    found = steps(np.arange(len(paid)), paid, value)
    affordable = [n for n in found.tolist() if paid[n] <= budget]
    assert value[affordable[-1]] == pytest.approx(value[paid <= budget].max(), abs=1e-6)
    assert (np.diff(paid[found]) >= 0).all() and (np.diff(value[found]) > 0).all()


@settings(max_examples=40, deadline=None)
@given(points, tenths.map(abs))
def test_the_best_mix_is_the_linear_programme(some, budget):
    paid = np.array([0.0, *(p for p, _ in some)])
    value = np.array([0.0, *(v for _, v in some)])
    problem = pulp.LpProblem("mix", pulp.LpMaximize)
    share = [problem.add_variable(f"s{i:03d}", 0) for i in range(len(paid))]
    problem.setObjective(pulp.lpSum(v * s for v, s in zip(value.tolist(), share, strict=True)))
    problem.addConstraint(pulp.lpSum(share) == 1)
    problem.addConstraint(pulp.lpSum(p * s for p, s in zip(paid.tolist(), share, strict=True)) <= budget)
    problem.solve(pulp.getSolver("HiGHS", msg=False))
    mix = best_mix(paid, value, budget)
    assert mix.value == pytest.approx(pulp.value(problem.objective), abs=1e-5)
    assert mix.per_unit >= 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=16, max_size=16), st.lists(st.booleans(), min_size=16, max_size=16))
def test_shapley_is_the_mean_over_all_orders(values, allowed):
    value, fine = np.array(values), np.array(allowed)
    value[0], fine[0] = 0.0, True
    offers = value_of_offers(value, fine)
    for number in range(16):
        inside = [n for n in range(16) if n & number == n and fine[n]]
        assert offers[number] == max(value[inside])
    first, last, shapley = contributions(offers)
    orders = list(itertools.permutations(range(4)))
    mean = np.zeros(4)
    for order in orders:
        have = 0
        for project in order:
            mean[project] += (offers[have | 1 << project] - offers[have]) / len(orders)
            have |= 1 << project
    assert shapley == pytest.approx(mean, abs=1e-9)
    assert shapley.sum() == pytest.approx(offers[15] - offers[0], abs=1e-9)
    assert first == pytest.approx([offers[1 << i] for i in range(4)]) and last[0] == offers[15] - offers[14]


# -- money


def test_present_values_are_those_of_the_streams(found):
    future = found.central
    for number in (1, 4, 5, 20, 28):
        if not np.isfinite(future.worth[number]):
            continue
        names = future.rules.names_of(number)
        appraisal = found.appraisal(names)
        for rate in (0.03, 0.06, 0.09):
            enpv = float(future.value.enpv(np.array([number]), rate)[0])
            assert appraisal.enpv(rate) == pytest.approx(enpv, rel=1e-9, abs=1e-6)


def test_a_project_brings_nothing_before_it_opens_nor_after_its_life():
    late = Candidate("a", "a", 100.0, 100.0, "", frozenset(), 3.0, 4.0, 2030, 0.01, (0.2, 0.3, 0.5))
    value = PresentValue(
        [late],
        [2030],
        np.array([[0.0, 10.0]]),
        np.array([[0.0, -2.0]]),
        pd.Series({2020: 100.0, 2050: 100.0}),
        2027,
        10,
    )
    table = value.streams(1)
    assert table["capex"].tolist() == [20, 30, 50, *[0] * 7]
    assert table["shippers_surplus"].tolist() == [0, 0, 0, 10, 10, 10, 10, 0, 0, 0]
    assert table["carbon"].tolist() == pytest.approx([0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0, 0, 0])
    assert table["o_and_m"].tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert table["residual"].sum() == 0


def test_what_is_left_of_a_life_is_worth_its_share_of_the_cost():
    long = Candidate("a", "a", 100.0, 100.0, "", frozenset(), 2.0, 20.0, 2029, 0.0, (0.5, 0.5))
    value = PresentValue([long], [2030], np.zeros((1, 2)), np.zeros((1, 2)), pd.Series({2030: 0.0}), 2027, 12)
    assert value.streams(1)["residual"].iloc[-1] == pytest.approx(100 * (20 - 10) / 20)


def test_money_is_brought_to_one_currency_and_year(tables):
    euros, dollars = Prices(tables, "EUR"), Prices(tables, "USD")
    rate = tables.parameter("usd_per_eur")
    assert euros.million(1e6, "EUR") == 1
    assert dollars.million(1e6, "EUR") == pytest.approx(rate)
    assert euros.million(1e6, "EUR", 2019) == pytest.approx(130.2 / 103.4)  # eu-hicp
    assert euros.million(5.203e8, "KZT", 2025) == pytest.approx(1 / rate)
    assert euros.million(4.576e8, "KZT", 2023) == pytest.approx(128.4 / 122.3 / rate)  # us-gdp-deflator
    with pytest.raises(DataError, match="no rate of XXX"):
        euros.million(1.0, "XXX")
    with pytest.raises(DataError, match="prices of 1990"):
        euros.million(1.0, "EUR", 1990)


def test_carbon_that_shippers_pay_is_not_counted_twice(tables):
    prices = Prices(tables, "EUR")
    full, rest = prices.carbon(), prices.carbon(113.0)
    assert (full - rest).to_numpy() == pytest.approx(113.0 / tables.parameter("usd_per_eur"))


# -- the frontier


def test_the_frontier_rises_and_keeps_to_its_rules(found):
    table = found.table()
    assert (table["budget_m"].diff().dropna() > 0).all() and (table["benefit_m"].diff().dropna() > 0).all()
    assert (table["unused_m samarkand-2025.transport"] >= -1e-6).all()
    assert (table["paid_m"] <= found.budget_m).all()
    for projects in table["projects"]:
        found.central.rules.prove(projects)
        assert "cku" not in projects  # it lies in China too
        assert "vessels" not in projects or "aktau-dredging" in projects
    held: set[str] = set()
    for entered, left, projects in zip(table["entered"], table["left"], table["projects"], strict=True):
        held = held - set(left) | set(entered)
        assert held == set(projects)


def test_the_best_is_the_best_of_all(found):
    future = found.central
    for budget in (0.0, 45.0, 90.0, 160.0, 300.0, 1500.0, 3000.0):
        best = future.best(budget)
        fine = future.rules.allowed(future.rules.numbers, budget)
        assert future.worth[best] == pytest.approx(np.nanmax(future.worth[fine]), abs=2e-3)
        assert future.paid_m[best] <= budget + 1e-6


def test_the_next_billion_is_an_exact_difference_below_its_bound(found):
    for budget in ("0 EUR", "60 mn EUR", "200 mn EUR", "3 bn EUR"):
        next_ = found.marginal(budget, "1 bn EUR")
        future = found.central
        gain = future.worth[future.best(next_.budget_m + 1000)] - future.worth[future.best(next_.budget_m)]
        assert next_.gain_m == pytest.approx(float(gain))
        assert next_.bound_m >= next_.gain_m >= 0
    assert found.marginal("5 bn EUR").gain_m == 0  # no line pays beyond


def test_order_names_every_project_once(found):
    order = found.order()
    assert sorted(order.index) == sorted(found.central.rules.names)
    assert order["chosen_pct"].between(0, 100).all()
    assert order["chosen_pct"].is_monotonic_decreasing
    assert order.loc["vessels", "needs"] == "aktau-dredging"
    assert order.loc["vessels", "first_in_m"] == 0  # nothing without the dredging
    assert order.loc["papers", "shapley_m"] > 0


def test_regret_is_nothing_where_a_portfolio_is_best(found):
    table = found.regret()
    cells = table.drop(columns=["largest", "in"])
    assert (cells.min() == 0).all()  # each future has its best among the rows
    assert (cells.fillna(0) >= -1e-9).all(axis=None)
    assert table["largest"].is_monotonic_increasing


def test_dearer_works_and_later_openings_change_what_is_chosen(found):
    dear = next(f for f in found.futures if "x 30" in f.name)
    assert dear.rules.candidates[0].cost_m == pytest.approx(30 * found.candidates[0].cost_m)
    assert dear.rules.candidates[0].opens > found.candidates[0].opens
    assert set(dear.rules.names_of(dear.best())) != set(found.chosen)


def test_the_schedule_keeps_to_what_the_line_pays_by_then():
    paid_out = {"amount": "3 bn EUR", "eligible": ["KZ"], "years": [2027, 2036]}
    slow = corridors.frontier(scenario(**{"investments.packages.samarkand-2025.lines.transport": paid_out}), vary=False)
    timing = slow.schedule()
    assert timing.status == "optimal"
    assert (timing.table["opens"] > timing.table["starts"]).all()
    assert (
        timing.spent.cumsum().reindex(timing.available.index, method="ffill").fillna(0) <= timing.available + 1e-6
    ).all(axis=None)
    quick = corridors.frontier(scenario(), vary=False).schedule()
    assert quick.worth_m >= timing.worth_m - 1e-9
    assert quick.table["starts"].min() == 2027
    assert (quick.table["starts"] <= timing.table["starts"].reindex(quick.table.index)).all()


def test_sensitivities_of_a_portfolio(found):
    base = found.appraisal().enpv(found.central.rate)
    tornado = found.tornado()
    assert tornado["enpv_base"].to_numpy() == pytest.approx(base)
    assert tornado["width"].is_monotonic_decreasing
    switching = found.switching()
    at = switching.loc["shippers_surplus", "switching_value"]
    assert found.streams().evaluator(found.central.rate)({"shippers_surplus": at}) == pytest.approx(0, abs=1e-6)
    risk = found.risk(n=500, seed=3)
    assert risk.summary().equals(found.risk(n=500, seed=3).summary())
    assert 0 <= risk.probability_negative <= 1


def test_the_answer_opens_with_what_the_package_may_pay(found):
    assert found.answer.startswith("Only 3 bn EUR of the 12 bn EUR can pay for transport, in KZ, KG, TM, UZ.")
    assert "Digital papers" in found.answer and "estimates" in found.answer
    assert list(found.outside["project"]) == ["cku"]


def test_gas_and_freight_share_one_portfolio():
    gas = {
        "decision": "choose",
        "title": "Trans-Caspian short link",
        "cost": "400 mn EUR",
        "kind": "gas_pipeline",
        "benefit": "60 mn EUR/yr",
        "source": "EST",
    }
    both = corridors.frontier(
        scenario(
            **{
                "investments.projects.gas": gas,
                "investments.packages.other": {"title": "Other", "lines": {"energy": {"amount": "500 mn EUR"}}},
                "investments.projects.gas.package": "other",
                "investments.projects.gas.line": "energy",
            }
        ),
        vary=False,
    )
    assert both.chosen and "gas" in both.chosen
    alone = both.appraisal(["gas"])
    assert alone.streams.table["other_benefits"].max() == 60
    assert alone.streams.table["shippers_surplus"].abs().max() == 0
    assert alone.enpv(0.03) > 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"investments.projects": {n: {"decision": "leave"} for n in CHOSEN}}, "nothing is to be chosen"),
        ({"investments.projects.papers.kind": "softt"}, "no kind of works is called 'softt'"),
        ({"vary": {"investments.objective": ["benefit", "enpv"]}}, "cannot be held against each other"),
        ({"investments.projects.papers.opens": 2026}, "2026 is before the decision"),
        ({"investments.budget": "1 bn EUR", **BIG}, "less than the 2,000 m of what is built"),
        ({"investments.overrun": "x 1.6", **BIG}, "holds 3 bn EUR, its projects cost 3.2"),
        (
            {f"investments.projects.copy{i}": CHOSEN["papers"] for i in range(10)},
            "at most 12; decide the others",
        ),
    ],
)
def test_what_cannot_be_chosen_from_is_told(changes, told):
    with pytest.raises(DataError, match=told):
        corridors.frontier(scenario(**changes), vary="vary" in changes)


def slate_of(**changes):
    one = scenario(**changes)
    return slate(Application.of(one.model), Prices(load_tables(), "EUR"))


def why_outside(**changes):
    table = slate_of(**changes).outside
    return dict(zip(table["project"], table["why"], strict=True))


def test_what_hangs_on_others_falls_out_with_them_and_says_why():
    assert "requires cku" in why_outside(**{"investments.projects.papers.requires": ["cku"]})["papers"]
    barred = why_outside(**BIG, **{"investments.projects.papers.excludes": ["big"]})
    assert "alternative to big, which is built" in barred["papers"]
    barred = why_outside(**BIG, **{"investments.projects.big.excludes": ["papers"]})
    assert "alternative to big" in barred["papers"]
    either = why_outside(**{"investments.projects.tanap": {"record": "G09", "decision": "choose", **GAS}})
    assert "tanap" not in either  # nothing that it requires is in the file


def test_candidates_of_one_record_are_alternatives():
    twice = {"investments.projects.again": {"record": "I03", "effect": {"use": "open"}, "decision": "choose", **LINE}}
    by_name = {c.name: c for c in slate_of(**twice).rules.candidates}
    assert "again" in by_name["moiynty-kyzylzhar"].excludes and "moiynty-kyzylzhar" in by_name["again"].excludes


def test_what_is_built_takes_from_the_line_and_from_its_countries():
    line = {"amount": "3 bn EUR", "eligible": ["KZ"], "at_most": {"KZ": "80 %"}}
    rules = slate_of(**BIG, **{"investments.packages.samarkand-2025.lines.transport": line}).rules
    (money,) = rules.lines.values()
    assert money.amount_m == pytest.approx(1000) and money.at_most[0][1] == pytest.approx(400)
    assert rules.budget_m == pytest.approx(1000)


def test_works_end_when_a_project_opens():
    late = {"investments.projects.papers": {**CHOSEN["papers"], "opens": 2033}}
    papers = next(c for c in slate_of(**late).rules.candidates if c.name == "papers")
    assert papers.opens == 2033 and len(papers.spend) == 6 and sum(papers.spend) == pytest.approx(1)
    assert papers.spend[:4] == (0, 0, 0, 0)  # lead of a soft measure: 1.5 years
    soon = {"investments.projects.papers": {**CHOSEN["papers"], "opens": 2028}}
    papers = next(c for c in slate_of(**soon).rules.candidates if c.name == "papers")
    assert papers.opens == 2028 and papers.spend == (1.0,)


def test_nothing_is_gained_while_a_requirement_is_not_in_service():
    short = Candidate("a", "a", 10.0, 10.0, "", frozenset(), 4.0, 3.0, 2031, 0.0, (1.0,))
    leans = Candidate("b", "b", 10.0, 10.0, "", frozenset(), 1.0, 20.0, 2028, 0.0, (1.0,), 5.0, requires=("a",))
    worth = np.array([[0.0, 1.0, 7.0, 9.0]])
    value = PresentValue([short, leans], [2030], worth, np.zeros((1, 4)), pd.Series({2030: 0.0}), 2027, 12)
    table = value.streams(3)
    assert table["shippers_surplus"].tolist() == [0] * 4 + [9] * 3 + [0] * 5
    assert table["other_benefits"].tolist() == [0] * 4 + [5] * 3 + [0] * 5


def test_projects_that_never_serve_together_are_scheduled():
    apart = {
        "investments.projects.papers": {**CHOSEN["papers"], "life": "1 year"},
        "investments.projects.vessels.opens": 2040,
        "study.markets": ["caspian"],
        "study.years": [2030],
    }
    found = corridors.frontier(scenario(**apart), vary=False)
    assert np.isfinite(found.central.worth[found.central.rules.allowed(found.central.rules.numbers, np.inf)]).all()
    assert found.schedule().status == "optimal"
    assert found.tornado([]).empty


def test_packages_that_share_money_are_not_added():
    shared = {
        "investments.packages.forum": {"record": "PK02", "lines": {"transport": {"amount": "10 bn EUR"}}},
        "investments.projects.papers.package": "forum",
    }
    with pytest.raises(DataError, match="never added"):
        corridors.frontier(scenario(**shared), vary=False)


def test_worths_are_kept_where_only_money_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = scenario().model
    dear = scenario(**{"investments.overrun": "x 2", "investments.slippage": "x 1.5", "investments.budget": "1 bn EUR"})
    other = scenario(**{"investments.projects.papers.effect": {"time": "-30 h"}})
    memory = Memory(cache=True)
    names = ("papers", "vessels")
    key = memory.key(model, 2030, names, None)
    assert key == memory.key(dear.model, 2030, names, None)
    assert key != memory.key(other.model, 2030, names, None) and key != memory.key(model, 2040, names, None)
    assert key != memory.key(model, 2030, names[::-1], None)  # portfolios go by number
    memory.learn(key, {1: (math.pi, -2.5)})
    assert Memory(cache=True).known(key) == {1: (math.pi, -2.5)}
    assert Memory(cache=False).known(key) == {}


def test_the_command_prints_ranks_steps_and_why_not(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(scenario().text, encoding="utf-8")
    command = [sys.executable, "-m", "corridors", "frontier", str(file), "--no-vary"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    for words in ("Only 3 bn EUR", "Digital papers", "chosen", "Shapley", "ENPV 6 %", "lies in CN, KG, UZ", "starts"):
        assert words in shown
    out = subprocess.run(
        [*command, "--json", "--budget", "0:3:1bn", "--out", str(tmp_path / "out"), "--plot", str(tmp_path / "f.svg")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    content = json.loads(out.stdout)
    assert [row["budget_m"] for row in content["frontier"]] == [0, 1000, 2000, 3000]
    assert {file.stem for file in (tmp_path / "out").glob("*.csv")} >= {"frontier", "order", "schedule", "appraisal"}
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<?xml")
    wrong = subprocess.run([*command, "--budget", "3"], capture_output=True, text=True, timeout=300)
    assert wrong.returncode == 2 and "from:to:step" in wrong.stderr and "Traceback" not in wrong.stderr
