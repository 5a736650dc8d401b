"""Days after a shock by hand: the queue of the textbook, stocks that bridge, detours that lag, what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridors.resilience.recovery import recover, room_profile
from corridors.resilience.recovery_chart import draw_recovery
from corridors.scenario.readings import When
from corridors.scenario.windows import fading
from networks import DataError
from solvers import deterministic_queue

NEVER = math.inf
NO_SHOCK = room_profile(20, 0, 0, 100.0)


def lost_and_found(found):
    days = found.days
    return float(days[["passed", "went_round", "not_sent"]].to_numpy().sum() + days["waiting"].iloc[-1])


@pytest.mark.parametrize(("start", "lasts", "room"), [(0, 4, 125.0), (3, 10, 160.0), (7, 1, 400.0)])
def test_a_closure_without_a_detour_is_the_deterministic_queue(start, lasts, room):
    found = recover(100.0, room_profile(80, start, lasts, room), turn_days=NEVER)
    service = [(0, room), *([(start, 0.0)] if start else []), (start + lasts, room)]
    service = service if start else [(0, 0.0), (lasts, room)]
    queue = deterministic_queue([(0, 100.0)], service)  # its hours are days here
    ends = np.arange(1, 81)
    course = np.interp(ends, queue.course["hour"], queue.course["queue"], right=0.0)
    np.testing.assert_allclose(found.days["waiting"], course, atol=1e-9)
    assert found.longest_queue == pytest.approx(queue.longest) == pytest.approx(100 * lasts)
    assert found.loss_pct_days == pytest.approx(100 * lasts)


def test_a_closure_by_hand():
    # Ten days at 40 of 100: 60 more wait each day, then 50 a day are worked off, in 12 days.
    found = recover(100.0, room_profile(40, 5, 10, 150.0, left=0.4 / 1.5), turn_days=NEVER)
    assert found.days["waiting"].iloc[14] == pytest.approx(600)
    assert found.days["waiting"].iloc[25] == pytest.approx(50) and found.days["waiting"].iloc[26] == pytest.approx(0)
    assert found.waiting_unit_days == pytest.approx(60 * 55 + 50 * 66)
    assert found.robustness_pct == pytest.approx(40)
    assert found.loss_pct_days == pytest.approx(60 * 10)
    assert found.days_to_95 == 15
    assert found.rapidity_pct_per_day == pytest.approx(60)


def test_half_a_room_and_a_linear_return_by_hand():
    # None for a day, then a quarter, half, three quarters: 100 + 75 + 50 + 25 per cent times days.
    found = recover(100.0, room_profile(20, 2, 1, 100.0, recovery="linear", over_days=3), turn_days=NEVER)
    assert found.days["quality_pct"].iloc[2:7].tolist() == pytest.approx([0, 25, 50, 75, 100])
    assert found.loss_pct_days == pytest.approx(250)
    assert found.days_to_95 == 6
    assert found.rapidity_pct_per_day == pytest.approx(25)  # from nothing on day 2 to all on day 6


def test_a_stock_bridges_a_short_closure():
    room = room_profile(60, 5, 7, 200.0)
    found = recover(100.0, room, turn_days=NEVER, stock_days=7)
    assert (found.days["quality_pct"] == 100).all() and found.days_to_95 == 0
    assert found.days["stock"].iloc[11] == pytest.approx(0)
    assert found.days["stock"].iloc[18] == pytest.approx(700)  # refilled by the queue, a hundred a day
    assert math.isnan(found.rapidity_pct_per_day)
    short = recover(100.0, room, turn_days=NEVER, stock_days=6.75)
    assert short.loss_pct_days == pytest.approx(25) and short.robustness_pct == pytest.approx(75)


@pytest.mark.parametrize("detour", [0.0, 1.0, 4.0, 2.25, 9.5])
def test_a_detour_makes_a_dip_as_long_as_it_is(detour):
    # All turn at once, and all go round: only what is still on its way lacks.
    found = recover(100.0, room_profile(60, 5, 30, 100.0), turn_days=0, detour_days=detour)
    quality = found.days["quality_pct"].to_numpy()
    assert found.loss_pct_days == pytest.approx(100 * detour)
    assert (quality[5 : 5 + int(detour)] == 0).all()
    assert (np.delete(quality, np.s_[5 : 6 + int(detour)]) == 100).all()
    assert found.longest_queue == 0
    assert found.days["went_round"].sum() == pytest.approx(3000)


def test_half_go_round_and_half_are_not_sent():
    found = recover(100.0, room_profile(60, 5, 30, 100.0), turn_days=10, goes_round=0.5, detour_days=3)
    days = found.days
    assert days["went_round"].sum() == found.not_sent == pytest.approx(50 * 20)
    assert found.longest_queue == pytest.approx(1000)
    assert days["quality_pct"].iloc[18:35].tolist() == pytest.approx([50] * 17)
    assert found.loss_pct_days == pytest.approx(100 * 13 + 50 * 17)
    assert lost_and_found(found) == pytest.approx(6000)


def test_never_back_within_the_days():
    found = recover(100.0, room_profile(20, 5, 30, 100.0), turn_days=NEVER)
    assert found.days_to_95 == math.inf and math.isnan(found.rapidity_pct_per_day)
    assert "not within the days shown" in found.answer


def test_without_a_limit_nothing_happens():
    found = recover(100.0, np.full(10, math.inf), turn_days=0)
    assert (found.loss_pct_days, found.longest_queue, found.days_to_95) == (0, 0, 0)
    assert found.days["arrived"].tolist() == [100.0] * 10


@pytest.mark.parametrize("recovery", ["step", "linear", "exponential"])
@pytest.mark.parametrize("lasts", [0.3, 1, 2.5, 3.5, 20])
@pytest.mark.parametrize("over", [1, 2.5, 10, 36])
def test_the_profile_is_that_of_scenarios(recovery, lasts, over):
    when = When.model_validate({"from": "2026-01-06", "for": f"{lasts} days"})
    lacking = fading(when, 2026, recovery, over)[:90]
    room = room_profile(90, 5, lasts, 50.0, left=0.2, recovery=recovery, over_days=over)
    np.testing.assert_allclose(room, 50 * (1 - 0.8 * lacking))


shocks = st.fixed_dictionaries(
    {
        "lasts": st.integers(0, 40),
        "left": st.floats(0, 1),
        "recovery": st.sampled_from(["step", "linear", "exponential"]),
        "over_days": st.integers(0, 20),
    }
)
calls = st.fixed_dictionaries(
    {
        "turn_days": st.floats(0, 50),
        "goes_round": st.floats(0, 1),
        "detour_days": st.floats(0, 30),
        "stock_days": st.floats(0, 40),
    }
)


@settings(deadline=None)
@given(usual=st.floats(0.1, 1e4), spare=st.floats(1, 3), shock=shocks, call=calls)
def test_units_are_conserved_and_quality_is_a_share(usual, spare, shock, call):
    found = recover(usual, room_profile(100, 4, usual_room=usual * spare, **shock), **call)
    days = found.days
    assert lost_and_found(found) == pytest.approx(100 * usual)
    assert days["quality_pct"].between(0, 100).all()
    assert (days >= -1e-9 * usual).all().all()
    assert (days["stock"] <= call["stock_days"] * usual * (1 + 1e-12)).all()
    assert days["arrived"].sum() <= (days["passed"] + days["went_round"]).sum() * (1 + 1e-9)
    assert 0 <= found.loss_pct_days <= 100 * 100
    # What is served came, or was in stock.
    used = days["arrived"].sum() + call["stock_days"] * usual - days["stock"].iloc[-1]
    assert days["served"].sum() <= used + 1e-9 * usual * 100


@settings(deadline=None)
@given(room=st.lists(st.floats(0, 300), min_size=1, max_size=60), call=calls)
def test_units_are_conserved_whatever_the_room(room, call):
    found = recover(100.0, np.array(room), **call)
    assert lost_and_found(found) == pytest.approx(100 * len(room))
    assert found.days["quality_pct"].between(0, 100).all()
    assert (found.days["passed"] <= found.days["room"] + 1e-9).all()


@settings(deadline=None)
@given(shock=shocks, call=calls, more=st.floats(0, 20))
def test_more_stock_never_lowers_the_quality(shock, call, more):
    room = room_profile(100, 4, usual_room=120.0, **shock)
    less = recover(100.0, room, **call).days["quality_pct"]
    with_more = recover(100.0, room, **{**call, "stock_days": call["stock_days"] + more}).days["quality_pct"]
    assert (with_more >= less - 1e-9).all()


@settings(deadline=None)
@given(spare=st.floats(1, 3), lasts=st.integers(0, 40), longer=st.integers(0, 30), left=st.floats(0, 1), call=calls)
def test_a_longer_closure_never_loses_less(spare, lasts, longer, left, call):
    one, two = (
        recover(100.0, room_profile(100, 4, days, 100.0 * spare, left=left), **call) for days in (lasts, lasts + longer)
    )
    assert two.loss_pct_days >= one.loss_pct_days - 1e-6
    assert two.longest_queue >= one.longest_queue - 1e-9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"usual_per_day": 0.0}, "usual_per_day: got 0.0, expected"),
        ({"usual_per_day": math.inf}, "usual_per_day: got inf"),
        ({"room_per_day": np.array([1.0, -1.0])}, "room_per_day: expected one number of zero or more"),
        ({"room_per_day": np.array([math.nan])}, "room_per_day"),
        ({"room_per_day": np.ones((2, 2))}, "room_per_day"),
        ({"room_per_day": np.array([])}, "room_per_day"),
        ({"usual_per_day": None}, "usual_per_day: got None"),
        ({"room_per_day": ["a"]}, "room_per_day"),
        ({"turn_days": "x"}, "turn_days: got 'x'"),
        ({"turn_days": -1.0}, "turn_days: got -1.0, expected 0 to inf"),
        ({"turn_days": math.nan}, "turn_days: got nan"),
        ({"goes_round": 1.5}, "goes_round: got 1.5, expected 0 to 1"),
        ({"detour_days": math.inf}, "detour_days: got inf"),
        ({"stock_days": -2.0}, "stock_days: got -2.0"),
    ],
)
def test_what_cannot_be_followed(change, told):
    with pytest.raises(DataError) as caught:
        recover(**{"usual_per_day": 1.0, "room_per_day": np.ones(3), "turn_days": 1.0, **change})
    assert told in str(caught.value) and len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"days": 0}, "days: got 0"),
        ({"days": 10.5}, "days: got 10.5"),
        ({"days": "10"}, "days: got '10'"),
        ({"usual_room": -5.0}, "usual_room: got -5.0"),
        ({"usual_room": math.nan}, "usual_room: got nan"),
        ({"start": -1}, "start: got -1"),
        ({"start": 11}, "start: got 11"),
        ({"lasts": -1.0}, "lasts: got -1.0, expected 0 to inf"),
        ({"left": 2.0}, "left: got 2.0, expected 0 to 1"),
        ({"over_days": -3.0}, "over_days: got -3.0"),
        ({"recovery": "slow"}, "recovery: got 'slow', expected step, linear, exponential"),
    ],
)
def test_what_is_no_profile(change, told):
    with pytest.raises(DataError) as caught:
        room_profile(**{"days": 10, "start": 2, "lasts": 3.0, "usual_room": 5.0, **change})
    assert told in str(caught.value)


@pytest.mark.parametrize("mitigated", [False, True])
def test_the_chart_is_written(tmp_path, mitigated):
    room = room_profile(60, 10, 15, 130.0, left=0.4, recovery="linear", over_days=20)
    found = recover(100.0, room, turn_days=12, goes_round=0.7, detour_days=6.5, title="Closure")
    other = recover(100.0, room, turn_days=12, goes_round=0.7, detour_days=6.5, stock_days=8) if mitigated else None
    figure = draw_recovery(found, other, labels=("as it is", "with storage"))
    assert len(figure.axes) == 2 and figure.axes[1].get_ylabel() == "waiting, TEU"
    words = " ".join([figure.axes[0].get_title(loc="left"), figure.get_suptitle()])
    assert "at worst 52 %" in words and ("with storage" in words) == mitigated
    figure.savefig(tmp_path / "recovery.png", dpi=60)
    assert (tmp_path / "recovery.png").stat().st_size > 5_000


def test_a_chart_of_nothing_lost_is_written_too(tmp_path):
    draw_recovery(recover(100.0, NO_SHOCK, turn_days=1)).savefig(tmp_path / "calm.png", dpi=60)
    assert (tmp_path / "calm.png").stat().st_size > 5_000
