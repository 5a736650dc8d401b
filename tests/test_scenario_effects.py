"""What a scenario does to the network and its shippers: every effect by hand, conservation, refusals in words."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridors
from corridors.catalogue import Filters
from corridors.scenario.applying import Application
from corridors.scenario.edits import Edit, edited, teu_per_year
from corridors.scenario.interventions import make, ready
from corridors.scenario.running import run
from corridors.scenario.schema import Intervention, When, Where
from corridors.scenario.selecting import select
from corridors.scenario.units import quantity
from corridors.scenario.windows import days_on, lasts_days, lingering_days
from networks import DataError, build, load_tables

RUSSIA = {"where": {"country": ["RU", "BY"]}, "effect": {"use": "closed"}}


@pytest.fixture(scope="module")
def filters():
    return Filters(build(load_tables()))


@pytest.fixture(scope="module")
def base():
    return corridors.load("baseline-2025").with_({"study.markets": ["eu-cn"]})


@pytest.fixture(scope="module")
def before(base):
    return run(base, against=False, ranges=False)


def ran(base, **changes):
    return run(base.with_(changes), against=False, ranges=False)


def intervention(**entry):
    return Intervention.model_validate(entry)


def by_family(found):
    return found.flows()["teu_per_year"].droplevel("year")


def assert_conserved(found):
    rows = found.tables["demand"]
    total = rows["served"] + rows["unmet"] + rows["not_shipped"]
    np.testing.assert_allclose(total, rows["teu_per_year"], rtol=1e-5)
    assert (rows[["served", "unmet", "not_shipped"]] >= 0).all().all()
    assert found.flows()["share"].groupby(level="year").sum().to_numpy() == pytest.approx(1, rel=1e-6)


# -- days


@pytest.mark.parametrize(
    ("when", "days", "lasts"),
    [
        ({}, 365, math.inf),
        ({"from": "2027-07"}, 184, math.inf),
        ({"from": "2026-12-20", "to": "2027-01-10"}, 10, 22),
        ({"from": "2027-01-15", "for": "13 days"}, 13, 13),
        ({"to": "2027-02"}, 59, math.inf),
        ({"months": [12, 1, 2]}, 90, 90),
        ({"months": [12, 1, 2], "for": "4 days"}, 4, 4),
        ({"for": "4 months"}, 122, 365 / 3),
        ({"from": "2028"}, 0, math.inf),
        ({"from": "2026", "to": "2028"}, 365, 1096),
    ],
)
def test_days_are_those_of_the_calendar(when, days, lasts):
    found = When.model_validate(when)
    assert days_on(found, 2027).sum() == days
    assert lasts_days(found) == pytest.approx(lasts)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31)), st.integers(0, 900))
def test_days_of_all_years_are_the_length(first, more):
    last = first + dt.timedelta(days=more)
    when = When.model_validate({"from": first.isoformat(), "to": last.isoformat()})
    assert sum(days_on(when, year).sum() for year in range(2019, 2040)) == more + 1 == lasts_days(when)


def test_fading_counts_with_its_mean():
    assert lingering_days("linear", 180) == 90
    assert lingering_days("exponential", 180) == pytest.approx(57.1, abs=0.1)
    when = When.model_validate({"from": "2027-01-01", "for": "100 days"})
    assert days_on(when, 2027, 90).sum() == 190


# -- where


def test_a_border_is_crossed_both_ways_or_one(filters):
    both, there, back = (select(Where(border=(w,)), filters, "x") for w in ("BY-PL", "BY>PL", "PL>BY"))
    assert (both.arcs == (there.arcs | back.arcs)).all()
    assert not (there.arcs & back.arcs).any()
    arcs = filters.network.arcs
    home = filters.tables.places["country_id"]
    assert set(arcs.loc[there.once, "to_place_id"].map(home)) == {"PL"}
    assert (arcs.loc[there.once, "kind"] == "border").all()


def test_keys_hold_together_and_words_are_alternatives(filters):
    ships = select(Where(place=("Aktau", "Kuryk"), mode=("feeder", "ferry")), filters, "x")
    arcs = filters.network.arcs[ships.arcs]
    assert set(arcs["mode"]) == {"feeder", "ferry"}
    assert (arcs[["from_place_id", "to_place_id"]].isin(["KZ_AKU", "KZ_KUR"]).any(axis=1)).all()
    pair = select(Where(link=("Aktau - Alat",)), filters, "x")
    assert set(filters.network.arcs.loc[pair.arcs, "link_id"]) == {"KZ_AKU-AZ_ALT-feeder", "KZ_AKU-AZ_ALT-ferry"}


def test_families_and_branches_are_corridors(filters):
    assert "middle-aktau-kars" in select(Where(corridor=("middle",)), filters, "x").corridors
    assert select(Where(corridor=("instc-west",)), filters, "x").corridors == {"instc-west", "instc-west-iran"}


def test_nothing_selected_is_an_error(filters):
    with pytest.raises(DataError, match=r"disruptions.x: nothing in the network is Aktau and DE"):
        select(Where(place=("Aktau",), country=("DE",)), filters, "disruptions.x")


# -- what cannot be had


@pytest.mark.parametrize(
    ("where", "effect", "more", "said"),
    [
        ({"country": "RU"}, {"wait": "+48 h"}, {}, "again and again along a route"),
        ({"mode": "rail"}, {"time": "48 h"}, {}, "sets many figures at once"),
        ({"place": "Aktau"}, {"wait": "48 h"}, {}, "each of several stops in a row"),
        ({"corridor": "middle"}, {"capacity": "x 0.5"}, {}, "a corridor has none"),
        ({"corridor": "middle"}, {"time": "48 h"}, {}, "cannot be set for a corridor"),
        ({"place": "Suez Canal"}, {"capacity": "x 0.33"}, {}, "no capacity is on record for Suez Canal"),
        ({"country": "KZ"}, {"draught": "-1 m"}, {}, "is of ports"),
        ({"place": "Aktau", "goods": "general"}, {"wait": "+5 h"}, {}, "goods and market go with avoid"),
        ({"place": "Aktau"}, {"bans": "transit"}, {}, "bans are about countries"),
        ({"border": "BY-PL"}, {"use": "closed"}, {"affects": "20 %"}, "touches all who pass"),
    ],
)
def test_what_cannot_be_had_is_told(filters, where, effect, more, said):
    with pytest.raises(DataError, match=said):
        ready("disruptions.x", intervention(where=where, effect=effect, **more), filters)


def test_two_who_set_the_same_figure_are_told_apart(filters):
    arcs = filters.network.arcs
    there = (arcs["link_id"] == "KZ_AKU-AZ_ALT-feeder").to_numpy()
    with pytest.raises(DataError, match="a and b set the same figure"):
        edited(arcs, [Edit("hours", there, "set", 5.0, "a"), Edit("hours", there, "set", 6.0, "b")], [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prices.sea-days": "3000 USD/FEU"}, "another unit than the series, d"),
        ({"prices.sea-west": "30 %"}, "another unit than the series, USD/FEU"),
        ({"prices.wartime": "400 %"}, "makes it 400 % of the year"),
        ({"prices.sea-west": "-90000 USD/FEU"}, "makes it -"),
        ({"study.years": [2026, 2026]}, "years names one twice"),
        (
            {"investments.projects.p": {"title": "x", "where": {"country": "RU"}, "effect": {"avoid": "5 %"}}},
            "no avoid",
        ),
        ({"policy.p": {"where": {"country": "CN", "mode": "rail"}, "effect": {"bans": "origin"}}}, "whole countries"),
        (
            {"disruptions.p": {**RUSSIA, "when": {"for": "5 days"}, "probability": "4 times/yr"}},
            "name the places, borders or links",
        ),
        (
            {"disruptions.p": {**RUSSIA, "when": {"from": "2026-03-01", "for": "90 days"}, "probability": "150 %/yr"}},
            "more than certain",
        ),
        (
            {
                "disruptions.p": {
                    "where": {"border": "KZ-CN"},
                    "effect": {"wait": "1000 h"},
                    "when": {"for": "5 days"},
                    "probability": "4 times/yr",
                }
            },
            "comes and goes faster",
        ),
    ],
)
def test_what_makes_no_sense_is_told(base, changes, said):
    with pytest.raises(DataError, match=said):
        ran(base, **changes)


def test_money_counts_in_its_currency(base):
    rate = load_tables().parameter("usd_per_eur")
    where = {"corridor": "northern"}
    euro = ran(base, **{"disruptions.d": {"where": where, "effect": {"cost": "+1000 EUR/TEU"}}})
    dollar = ran(base, **{"disruptions.d": {"where": where, "effect": {"cost": f"+{1000 * rate:g} USD/TEU"}}})
    pd.testing.assert_series_equal(by_family(euro), by_family(dollar))


def test_a_dearer_canal_moves_the_ships(base):
    year = base.with_({"study": {"years": [2023], "markets": ["cn-eu"]}})
    found = ran(year, **{"disruptions.d": {"where": {"corridor": "sea-suez"}, "effect": {"cost": "+9000 USD/TEU"}}})
    assert found.flows("corridor")["teu_per_year"].xs("sea-cape", level="corridor").iloc[0] > 1e7


def test_what_shuts_often_and_what_is_not_in_force_are_told(base, before):
    often = {"where": {"corridor": "middle"}, "effect": {"use": "closed"}, "when": {"for": "5 days"}}
    found = ran(base, **{"disruptions.d": {**often, "probability": "4 times/yr"}})
    assert 0.9 < by_family(found)["middle"] / by_family(before)["middle"] < 1
    later = ran(base, **{"disruptions.d": {**RUSSIA, "when": {"from": "2030"}}})
    assert "Not in force in 2025: d." in corridors.compare(before, later).answer
    chance = ran(base, **{"disruptions.d": {**RUSSIA, "probability": "20 %"}})
    assert "expected ones" in corridors.compare(before, chance).answer


def test_a_value_of_time_is_what_is_written(base):
    from corridors.choice import load_choice
    from corridors.year_model import YearModel

    app = Application.of(base.with_({"choice.value_of_time": {"rail": "2 USD/TEU/h"}}).model)
    model = YearModel(2025, ["eu-cn"], setting=app.setting(2025), filters=app.filters)
    assert model.hour["rail"] * load_choice().time_factor == pytest.approx(2)


# -- what arcs become


@given(st.permutations(range(4)))
def test_the_order_of_edits_does_not_matter(order):
    arcs = pd.DataFrame(
        {
            "hours": [10.0, 20.0],
            "tariff_usd_per_teu": 1.0,
            "spread_h": 3.0,
            "capacity_teu_per_year": np.inf,
            "capacity_group": "",
            "opens_year": -np.inf,
        }
    )
    every = np.array([True, True])
    edits = [
        Edit("hours", every, "add", 5.0, "a", variance=16.0),
        Edit("hours", every, "factor", 2.0, "b"),
        Edit("hours", np.array([True, False]), "set", 7.0, "c"),
        Edit("hours", every, "add", -1.0, "d"),
    ]
    found = edited(arcs, [edits[i] for i in order], [])
    assert found["hours"].tolist() == [18.0, 44.0]
    assert found["spread_h"].tolist() == [5.0, 5.0]
    assert arcs["hours"].tolist() == [10.0, 20.0]


def extra_hours(filters, entry, pair, corridor, **options):
    """Hours that the cheapest route of a corridor takes more."""
    from corridors.finder import PairSearch
    from networks import generalised_cost, goods_prices

    cost = generalised_cost(filters.network.arcs, goods_prices(filters.tables))["cost_usd_per_teu"].to_numpy()
    search = PairSearch(filters, *pair, cost, (), 2026, True)
    path = list(search.routes(corridors.load_catalogue()[corridor], 1)[0])
    made = [make(one, filters, 2026, **options) for one in ready("x", intervention(**entry), filters)]
    arcs = edited(filters.network.arcs, [e for m in made for e in m.edits], [])
    return float(arcs["hours"].to_numpy()[path].sum() - filters.network.arcs["hours"].to_numpy()[path].sum())


@pytest.mark.parametrize(
    "where",
    [
        {"border": "KZ-CN"},
        {"place": "Aktau"},
        {"place": "Aktau", "mode": ["feeder", "ferry"]},
        {"place": "Tbilisi"},
        {"link": "KZ_AKU-AZ_ALT-feeder"},
    ],
)
def test_an_addition_is_paid_once(filters, where):
    entry = {"where": where, "effect": {"wait": "+48 h"}}
    assert extra_hours(filters, entry, ("CN_XIA", "RO_CND"), "middle-aktau-black-sea") == pytest.approx(48)
    assert extra_hours(filters, entry, ("RO_CND", "CN_XIA"), "middle-aktau-black-sea") == pytest.approx(48)


def test_what_touches_a_share_adds_its_mean_and_its_variance(filters):
    entry = {"where": {"border": "BY-PL"}, "effect": {"wait": "+100 h"}, "affects": "20 %"}
    assert extra_hours(filters, entry, ("CN_XIA", "PL_WAW"), "northern-kazakhstan") == pytest.approx(20)
    (one,) = ready("x", intervention(**entry), filters)
    (edit,) = make(one, filters, 2026).edits
    assert edit.variance == pytest.approx(0.2 * 0.8 * 100**2)


def test_what_often_shuts_shortly_makes_wait_half_its_length(filters):
    entry = {"where": {"place": "Aktau", "mode": "feeder"}, "effect": {"use": "closed"}, "when": {"for": "5 days"}}
    extra = extra_hours(filters, entry, ("CN_XIA", "RO_CND"), "middle-aktau-black-sea", times=4, days=5, part=20 / 365)
    assert extra == pytest.approx(20 / 365 * 2.5 * 24)


def test_capacities_turn_into_boxes_by_parameters(filters):
    tables = filters.tables
    assert teu_per_year(quantity("7 Mt/yr"), tables) == pytest.approx(7e6 / tables.parameter("t_per_teu"))
    assert teu_per_year(quantity("10 trains/d"), tables) == pytest.approx(3650 * tables.parameter("teu_per_train"))
    assert teu_per_year(quantity("46 wagons/d"), tables) == pytest.approx(46 * 365 * tables.parameter("teu_per_wagon"))
    assert teu_per_year(quantity("240 kTEU/yr"), tables) == pytest.approx(240_000)


# -- what shippers do


def test_the_baseline_is_the_forecast(before):
    plain = corridors.forecast(2025, ["eu-cn"]).flows()["teu_per_year"]
    pd.testing.assert_series_equal(by_family(before)[plain.index], plain, check_names=False, rtol=1e-6)
    assert_conserved(before)


def test_closed_for_good_half_a_year_and_by_chance(base, before):
    shut = ran(base, **{"disruptions.r": RUSSIA})
    assert by_family(shut).get("northern", 0.0) == 0
    half = ran(base, **{"disruptions.r": {**RUSSIA, "when": {"from": "2025-07-02"}}})
    assert half.tables["states"]["share"].tolist() == pytest.approx([182 / 365, 183 / 365])
    chance = ran(base, **{"disruptions.r": {**RUSSIA, "probability": "35 %"}})
    for found, share in ((half, 183 / 365), (chance, 0.35)):
        expected = (1 - share) * by_family(before) + share * by_family(shut).reindex(by_family(before).index).fillna(0)
        for family in ("northern", "sea"):
            assert by_family(found)[family] == pytest.approx(expected[family], rel=1e-4)
        assert_conserved(found)


def test_who_avoids_shares_in_and_all_who_avoid_close(base, before):
    """What all avoid still counts as an overlap of routes, so that the others are taken a little more."""
    some = ran(base, **{"disruptions.r": {"where": RUSSIA["where"], "effect": {"avoid": "34 %"}}})
    every = ran(base, **{"disruptions.r": {"where": RUSSIA["where"], "effect": {"avoid": "100 %"}}})
    shut = ran(base, **{"disruptions.r": RUSSIA})
    north = by_family(before)["northern"]
    assert 0.6 * north < by_family(some)["northern"] < 0.75 * north
    assert by_family(every).get("northern", 0.0) < 1e-6
    assert by_family(every)["middle"] == pytest.approx(by_family(shut)["middle"], rel=0.05)


def test_who_avoids_a_port_goes_round_it(base):
    """Harm rises with strength: what all avoid loses what it would lose if it were shut, no more."""
    port = {"where": {"place": "Aktau"}, "effect": {"use": "closed"}}
    caspian = base.with_({"study.markets": ["eu-cn", "caspian"]})
    lost = []
    for effect in ({"avoid": "50 %"}, {"avoid": "100 %"}, {"use": "closed"}):
        found = ran(caspian, **{"disruptions.a": {**port, "effect": effect}})
        lost.append(by_family(found)["middle"])
        assert_conserved(found)
    assert lost[0] > lost[1] == pytest.approx(lost[2], rel=1e-3)


def test_bans_of_transit_origin_and_destination(base):
    transit = {"where": {"country": ["RU", "BY"]}, "effect": {"bans": "transit"}}
    found = ran(base, **{"policy.ban": {**transit, "where": {**transit["where"], "goods": "parts"}}})
    routes = found.flows(["family", "goods"])["teu_per_year"].droplevel("year")
    assert routes.get(("northern", "parts"), 0.0) == 0
    assert routes["northern", "general"] > 0
    wanted = found.tables["demand"]
    home = load_tables().places["country_id"]
    for kind, end in (("origin", "origin"), ("destination", "destination")):
        country = "DE" if kind == "origin" else "CN"
        found = ran(base, **{"policy.ban": {"where": {"country": country}, "effect": {"bans": kind}}})
        left = found.tables["demand"]
        mine = left[end].map(home) == country
        assert left.loc[mine, "not_shipped"].sum() == pytest.approx(wanted.loc[mine, "teu_per_year"].sum(), rel=1e-6)
        assert left.loc[~mine, "not_shipped"].sum() == 0
        assert_conserved(found)


def test_a_border_shut_for_a_fortnight_changes_no_flow_and_says_so(base, before):
    entry = {
        "where": {"border": "BY-PL"},
        "effect": {"use": "closed"},
        "when": {"from": "2025-09-12", "for": "13 days"},
        "title": "Border shut",
    }
    found = ran(base, **{"disruptions.border": entry})
    pd.testing.assert_series_equal(by_family(found), by_family(before))
    (row,) = found.short.itertuples()
    passing = before.through("BY-PL")["teu_per_year"].sum() / 365
    assert row.teu_per_day == pytest.approx(passing, rel=1e-6)
    assert row.waiting_teu == pytest.approx(13 * passing, rel=1e-6)
    compared = corridors.compare(before, found)
    with pytest.raises(DataError, match=r"lasts 13 days, less than the 30 .* shows no diversion"):
        compared.diversion()
    assert "TEU wait when it ends" in compared.answer


def test_a_full_link_makes_wait_and_its_worth_is_what_one_more_saves(base):
    caspian = base.with_({"study.markets": ["caspian"]})
    open_, tight = run(caspian, against=False, ranges=False), None
    load = open_.bottlenecks(0.0).set_index("group").at["KZ_AKU-AZ_ALT-feeder", "teu_per_year"]
    capacity = {"where": {"link": "KZ_AKU-AZ_ALT-feeder"}, "effect": {"capacity": f"{0.5 * load:.0f} TEU/yr"}}
    tight = ran(caspian, **{"disruptions.c": capacity})
    row = tight.bottlenecks(0.9).set_index("group").loc["KZ_AKU-AZ_ALT-feeder"]
    assert row["teu_per_year"] == pytest.approx(0.5 * load, rel=1e-4)
    assert row["worth_usd_per_teu"] > 0
    assert row["grade"] == "EST"
    assert_conserved(tight)


def test_what_has_no_way_is_unmet(base):
    caspian = base.with_({"study.markets": ["caspian"]})
    found = ran(caspian, **{"disruptions.a": {"where": {"place": "Alat"}, "effect": {"use": "closed"}}})
    assert found.unmet()["unmet"].sum() == pytest.approx(found.tables["demand"]["teu_per_year"].sum(), rel=0.3)
    assert_conserved(found)
    assert "find no way" in corridors.compare(run(caspian, against=False, ranges=False), found).answer


def test_a_metre_less_lifts_less_for_more(base):
    from corridors.scenario.draught import lift_factor

    entry = {"where": {"place": "Aktau"}, "effect": {"draught": "-1 m"}}
    app = Application.of(base.with_({"disruptions.d": entry}).model)
    (state,) = app.setting(2025).states
    old, new = app.filters.network.arcs, state.change(app.filters.network.arcs)
    link = ((old["link_id"] == "KZ_AKU-AZ_ALT-feeder") & (old["kind"] == "link")).to_numpy()
    factor = lift_factor("KZ_AKU-AZ_ALT-feeder", {"KZ_AKU": -1.0})
    assert 0 < factor < 1
    np.testing.assert_allclose(new["capacity_teu_per_year"][link], old["capacity_teu_per_year"][link] * factor)
    np.testing.assert_allclose(new["tariff_usd_per_teu"][link], old["tariff_usd_per_teu"][link] / factor)
    twice = {"disruptions.d": entry, "disruptions.e": {**entry, "effect": {"draught": "-3 m"}}}
    (state,) = Application.of(base.with_(twice).model).setting(2025).states
    assert np.isinf(state.change(old)["opens_year"][link]).all()


def test_a_drift_counts_from_the_year_of_the_depths(base):
    entry = {"where": {"place": ["Aktau", "Alat"]}, "effect": {"draught": "-23 cm/yr"}}
    app = Application.of(base.with_({"disruptions.d": entry, "study.years": [2028]}).model)
    (one,) = app.items[0].ready
    assert make(one, app.filters, 2028).draughts == pytest.approx({"KZ_AKU": -0.69, "AZ_ALT": -0.69})
    assert make(one, app.filters, 2025).draughts == pytest.approx({"KZ_AKU": 0.0, "AZ_ALT": 0.0})


def test_projects_open_in_their_year_and_only_if_built(base):
    study = {"study": {"years": [2027, 2030], "markets": ["north-south"]}}
    built = {"investments.projects.ra": {"record": "I34"}}
    left = {"investments.projects.ra": {"record": "I34", "decision": "leave"}}
    without, with_it, not_built = (ran(base, **study, **extra) for extra in ({}, built, left))
    compared = corridors.compare(without, with_it).flows("branch")["difference_quantity"]
    assert abs(compared.xs(2027, level="year")).max() < 1
    assert compared[2030, "instc-west"] > 1000
    pd.testing.assert_frame_equal(without.flows(), not_built.flows())
    with pytest.raises(DataError, match=r"no project 'I99'"):
        corridors.load("baseline-2025", set={"investments.projects.x": {"record": "I99"}})


def test_growth_scale_prices_and_worth_of_time(base, before):
    more = ran(base, **{"demand.scale.eu-cn": "x 1.1"})
    total = before.tables["demand"]["teu_per_year"].sum()
    assert more.tables["demand"]["teu_per_year"].sum() == pytest.approx(1.1 * total)
    grown = ran(base, **{"study.years": [2027], "demand.growth.eu-cn": "5 %/yr"})
    assert grown.tables["demand"]["teu_per_year"].sum() == pytest.approx(1.05**2 * total)
    dear = ran(base, **{"prices.sea-east": "x 2"})
    assert by_family(dear)["northern"] > by_family(before)["northern"]
    hasty = ran(base, **{"choice.value_of_time": {"general": "x 3", "rail": "x 3"}})
    assert by_family(hasty)["northern"] > by_family(before)["northern"]
    taxed = ran(base, **{"choice.carbon_price": "300 EUR/tCO2e"})
    assert by_family(taxed)["northern"] != pytest.approx(by_family(before)["northern"], rel=1e-3)


def test_results_are_in_the_currency_of_the_study(base, before):
    euro = ran(base, **{"study.currency": "EUR"})
    rate = load_tables().parameter("usd_per_eur")
    usd, eur = before.flows()["cost_usd_per_teu"], euro.flows()["cost_eur_per_teu"]
    np.testing.assert_allclose(eur * rate, usd, rtol=1e-9)


@pytest.mark.parametrize("corridor", ["middle-aktau-kars", "northern-manzhouli", "middle"])
def test_what_shuts_loses_and_nobody_else_does(base, before, corridor):
    found = ran(base, **{"disruptions.k": {"where": {"corridor": corridor}, "effect": {"use": "closed"}}})
    family = corridors.load_catalogue()[corridor].family if corridor != "middle" else corridor
    change = corridors.compare(before, found).flows("corridor")["difference_teu_per_year"].droplevel("year")
    shut = [name for name in change.index if name.startswith(corridor)]
    assert change[shut].sum() < -1
    assert (change.drop(shut) > -0.01).all()
    assert by_family(found).get(family, 0.0) < by_family(before)[family]


def test_what_opens_has_one_size_whoever_refuses_something(base):
    """A new corridor stands once in each choice, however many kinds of shippers there are."""
    study = {"study": {"years": [2030], "markets": ["eu-cn"]}}
    records = {"investments.projects": {name: {"record": name} for name in ("I21", "I22", "I23", "I24")}}
    shy = {"disruptions.a": {"where": {"place": "Nhava Sheva"}, "effect": {"avoid": "50 %"}}}
    alone, besides = ran(base, **study, **records), ran(base, **study, **records, **shy)
    one, two = (found.flows("corridor")["teu_per_year"].xs("zangezur", level="corridor") for found in (alone, besides))
    assert two.iloc[0] == pytest.approx(one.iloc[0], rel=1e-5)


def test_what_opens_gains_for_its_family(base):
    planned = {"study": {"years": [2030], "markets": ["eu-cn"]}}
    records = {"investments.projects": {name: {"record": name} for name in ("I21", "I22", "I23", "I24")}}
    without, with_it = ran(base, **planned), ran(base, **planned, **records)
    change = corridors.compare(without, with_it).flows("corridor")["difference_teu_per_year"].droplevel("year")
    assert change["zangezur"] > 1
    assert (change.drop("zangezur") < 0.01).all()
    assert by_family(with_it)["middle"] > by_family(without)["middle"]


def test_ships_take_one_way(base, before):
    assert set(before.flows("corridor").xs("sea-cape", level="corridor").index) == {2025}
    found = ran(base, **{"disruptions.s": {"where": {"place": "Suez Canal"}, "effect": {"use": "open"}}})
    sea = found.tables["routes"].query("family == 'sea'")
    cell = ["market", "origin", "destination", "goods", "state"]
    assert not sea.duplicated(cell).any()
    assert by_family(found)["sea"] > by_family(before)["sea"]


def test_together_with_is_drawn_once(base):
    entry = {**RUSSIA, "probability": "30 %"}
    other = {"where": {"border": "AZ-GE"}, "effect": {"wait": "+48 h"}, "together_with": "r"}
    found = ran(base, **{"disruptions.r": entry, "disruptions.s": other})
    states = found.tables["states"].set_index("state")["share"]
    assert states.to_dict() == pytest.approx({"r + s": 0.3, "as usual": 0.7})


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_whatever_happens_everyone_is_counted_once(data):
    """Random closures, refusals, delays and capacities."""
    wheres = [{"country": "KZ"}, {"border": "AZ-GE"}, {"place": "Alat"}, {"link": "KZ_KUR-AZ_ALT-ferry"}]
    effects = [{"use": "closed"}, {"avoid": "40 %"}, {"time": "x 1.5"}, {"capacity": "5000 TEU/yr", "cost": "+20 %"}]
    entry = {"where": data.draw(st.sampled_from(wheres)), "effect": data.draw(st.sampled_from(effects))}
    if "capacity" in entry["effect"] and "country" in entry["where"]:
        entry["effect"] = {"use": "closed"}
    entry["when"] = data.draw(st.sampled_from([{}, {"from": "2025-04"}, {"months": [1, 2, 3]}]))
    caspian = corridors.load("baseline-2025").with_({"study.markets": ["caspian"], "disruptions.x": entry})
    assert_conserved(run(caspian, against=False, ranges=False))
