"""Time after a shock: nothing is lost from day to day, stocks and detours help, the curve says what the days say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import corridors
from corridors.cli import app
from networks import DataError
from solvers import deterministic_queue

CALM = {"study.markets": ["caspian"]}


def shut(days, **more):
    return corridors.load("baseline-2026").with_(
        {**CALM, "disruptions": {"aktau": {"where": {"place": "Aktau"}, "effect": {"use": "closed"}, **more}}}
        | ({"disruptions.aktau.when": {"for": f"{days} d"}} if days else {})
    )


def test_a_closure_that_all_wait_for_is_the_queue_of_the_textbook():
    room = corridors.room_profile(80, 5, 12, 150.0)
    found = corridors.recover(100.0, room, turn_days=1000)
    queue = deterministic_queue([(0, 100 / 24)], [(0, 150 / 24), (5 * 24, 0.0), (17 * 24, 150 / 24)])
    assert found.longest_queue == pytest.approx(queue.longest) == pytest.approx(1200)
    assert found.days["waiting"].iloc[36] == pytest.approx(200)  # from day 17 on fifty a day are worked off
    assert found.days["waiting"].iloc[40:].max() == pytest.approx(0)
    assert found.robustness_pct == 0 and found.days_to_95 == 17
    assert found.loss_pct_days == pytest.approx(12 * 100)
    assert found.rapidity_pct_per_day == pytest.approx(100.0)


def test_stocks_bridge_a_short_closure_and_are_refilled():
    room = corridors.room_profile(60, 5, 10, 200.0)
    found = corridors.recover(100.0, room, turn_days=1000, stock_days=10)
    assert found.loss_pct_days == pytest.approx(0.0) and found.days_to_95 == 0
    assert found.days["stock"].min() == pytest.approx(0.0)
    assert found.days["stock"].iloc[-1] == pytest.approx(1000.0)
    assert "never less than 100 %" in found.answer


def test_those_who_turn_arrive_later_by_the_detour():
    room = corridors.room_profile(100, 0, 40, 100.0)
    found = corridors.recover(100.0, room, turn_days=10, detour_days=6.5)
    quality = found.days["quality_pct"]
    assert (quality.iloc[:16] == 0).all() and quality.iloc[16] == pytest.approx(50)
    assert (quality.iloc[17:40] == 100).all()
    assert found.days["went_round"].sum() == pytest.approx(30 * 100)
    assert found.longest_queue == pytest.approx(1000)


def test_recovery_profiles():
    for profile, half in (("step", 100.0), ("linear", 100 * (1 - 5 / 11)), ("exponential", 100 * (1 - 20**-0.6))):
        room = corridors.room_profile(40, 5, 10, 100.0, recovery=profile, over_days=10)
        assert room[:5].tolist() == [100.0] * 5 and room[5:15].tolist() == [0.0] * 10
        assert room[20] == pytest.approx(half) and room[25:].tolist() == [100.0] * 15
    assert corridors.room_profile(9, 2, 3, math.inf, left=0.5)[3] == math.inf


@given(
    usual=st.floats(1, 1000),
    spare=st.floats(0, 2),
    lasts=st.integers(0, 60),
    left=st.floats(0, 1),
    turn=st.integers(0, 40),
    share=st.floats(0, 1),
    detour=st.floats(0, 20),
    stock=st.floats(0, 30),
)
@settings(deadline=None)
def test_nothing_gets_lost_and_more_stock_never_hurts(usual, spare, lasts, left, turn, share, detour, stock):
    room = corridors.room_profile(150, 3, lasts, usual * (1 + spare), left=left)
    call = {"turn_days": turn, "goes_round": share, "detour_days": detour}
    found = corridors.recover(usual, room, stock_days=stock, **call)
    days = found.days
    total = days[["passed", "went_round", "not_sent"]].sum().sum() + days["waiting"].iloc[-1]
    assert total == pytest.approx(usual * 150, rel=1e-9)
    assert days["quality_pct"].between(-1e-9, 100 + 1e-9).all()
    assert (days["passed"] <= days["room"] + 1e-9).all()
    more = corridors.recover(usual, room, stock_days=stock + 5, **call)
    assert (more.days["quality_pct"] >= days["quality_pct"] - 1e-6).all()
    longer = corridors.recover(usual, corridors.room_profile(150, 3, lasts + 5, usual * (1 + spare), left=left), **call)
    assert longer.days["passed"].sum() <= days["passed"].sum() + 1e-6


def test_a_disruption_of_a_scenario_is_followed(tmp_path):
    found = corridors.recovery(shut(60), stock_days=0)
    turn = 30
    assert found.days["went_round"].iloc[: 5 + turn].sum() == 0
    assert found.days["went_round"].iloc[5 + turn : 65].gt(0).all()
    assert found.longest_queue == pytest.approx(turn * found.usual_per_day)
    short = corridors.recovery(shut(20))
    assert short.days["went_round"].sum() == 0
    assert corridors.recovery(shut(20), stock_days=20).loss_pct_days == pytest.approx(0.0, abs=1e-6)
    assert corridors.recovery(shut(None), lasts_days=20).loss_pct_days == pytest.approx(short.loss_pct_days)
    found.plot(corridors.recovery(shut(60), stock_days=15)).savefig(tmp_path / "r.png", dpi=60)
    assert (tmp_path / "r.png").stat().st_size > 10_000
    assert "Aktau" in found.answer or "aktau" in found.answer


def test_projects_and_what_is_shut_on_record_are_in_the_usual_year():
    past = corridors.load("baseline-2026").with_(
        {
            "study": {"years": [2023], "markets": ["eu-cn"]},
            "disruptions": {
                "kars": {
                    "where": {"link": "GE_KRT-TR_KAR-rail"},
                    "effect": {"use": "closed"},
                    "when": {"for": "20 d"},
                }
            },
        }
    )
    found = corridors.recovery(past)
    routes = corridors.run(past.with_({"disruptions.kars.enabled": False}), against=False, ranges=False)
    by_kars = routes.flows("corridor").xs(2023)["teu_per_year"].filter(like="kars").sum() / 365
    assert found.usual_per_day == pytest.approx(by_kars, rel=0.2)  # nearly all over Kars takes this line
    assert found.usual_per_day <= by_kars * (1 + 1e-6)


def test_what_cannot_be_followed_is_told():
    for scenario, call, told in (
        (corridors.load("baseline-2026"), {}, "has 0 disruptions"),
        (shut(10), {"name": "baku"}, "no disruption is called 'baku'"),
        (shut(None), {}, "has no end"),
        (shut(10), {"catch_up": -1}, "catch_up: got -1"),
        (shut(10, effect={"cost": "x 2"}), {}, "neither shuts anything"),
    ):
        with pytest.raises(DataError, match=told):
            corridors.recovery(scenario, **call)
    for call, told in (
        ({"usual_per_day": 0.0}, "usual_per_day: got 0.0"),
        ({"goes_round": 2.0}, "goes_round: got 2.0"),
        ({"room_per_day": np.array([-1.0])}, "room_per_day"),
    ):
        with pytest.raises(DataError, match=told):
            corridors.recover(**{"usual_per_day": 1.0, "room_per_day": np.ones(3), "turn_days": 1.0, **call})
    with pytest.raises(DataError, match="recovery: got 'slow'"):
        corridors.room_profile(10, 0, 1, 1.0, recovery="slow")


def test_the_command_prints_and_draws(tmp_path):
    (tmp_path / "s.yaml").write_text(
        "schema: 1\nname: s\nextends: baseline-2026\nstudy: {markets: [caspian]}\ndisruptions:\n  a:\n"
        "    where: {place: Aktau}\n    effect: {use: closed}\n    when: {for: 45 d}\n"
    )
    call = ["recover", str(tmp_path / "s.yaml"), "--stock", "10", "--plot", str(tmp_path / "p.png")]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert "stocks for 10 days" in done.output and "Longest queue" in done.output
    assert (tmp_path / "p.png").stat().st_size > 10_000
