"""The queue at a stop equals what can be worked out by hand or counted unit by unit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import SolverInputError, deterministic_queue


def test_closure_by_hand():
    # 10 an hour come, 15 can go, closed for two days: 480 wait, then 5 an hour are worked off in 96 h.
    queue = deterministic_queue([(0, 10)], [(0, 15), (24, 0), (72, 15)])
    assert queue.longest == pytest.approx(480)
    assert queue.longest_hour == pytest.approx(72)
    assert queue.clears_hour == pytest.approx(168)
    assert queue.delay_unit_h == pytest.approx(480 * (48 + 96) / 2)
    assert queue.delayed == pytest.approx(10 * 144)
    assert queue.mean_wait_h == pytest.approx(24)
    assert queue.longest_wait_h == pytest.approx(48)
    assert "clears at 168 h" in repr(queue)


def test_no_queue_without_a_reason():
    queue = deterministic_queue([(0, 10)], [(0, 10)])
    assert (queue.longest, queue.clears_hour, queue.mean_wait_h, queue.longest_wait_h) == (0, 0, 0, 0)


def test_queue_that_grows_or_stands_for_ever():
    grows = deterministic_queue([(0, 10)], [(0, 8)])
    assert math.isinf(grows.longest) and math.isinf(grows.clears_hour) and math.isinf(grows.mean_wait_h)
    stands = deterministic_queue([(0, 10)], [(0, 10), (5, 0), (6, 10)])
    assert stands.longest == pytest.approx(10)
    assert math.isinf(stands.clears_hour)
    assert stands.longest_wait_h == pytest.approx(1)


def test_queue_at_the_beginning():
    queue = deterministic_queue([(0, 0)], [(0, 10)], queue=50)
    assert queue.clears_hour == pytest.approx(5)
    assert queue.longest_wait_h == pytest.approx(5)
    assert queue.mean_wait_h == pytest.approx(2.5)


steps = st.lists(st.integers(0, 9), min_size=1, max_size=6)


@settings(deadline=None, max_examples=50)
@given(comes=steps, goes=steps, initial=st.integers(0, 20))
def test_equals_a_count_in_small_steps(comes, goes, initial):
    """Arrivals end, service goes on: the queue of the fluid is the limit of one counted in short intervals."""
    arrivals = [(10 * i, rate) for i, rate in enumerate(comes)] + [(10 * len(comes), 0)]
    service = [(10 * i, rate) for i, rate in enumerate(goes)] + [(10 * len(goes), 5)]
    queue = deterministic_queue(arrivals, service, queue=initial)
    short, end = 0.05, 10 * 7 + 60 * 9 / 5 + 30
    hours = np.arange(0, end, short)
    rate_in = np.array([r for _, r in arrivals])[np.searchsorted([h for h, _ in arrivals], hours, "right") - 1]
    rate_out = np.array([r for _, r in service])[np.searchsorted([h for h, _ in service], hours, "right") - 1]
    length, area, most = float(initial), 0.0, float(initial)
    for came, goes_out in zip(rate_in, rate_out, strict=True):
        before = length
        length = max(length + (came - goes_out) * short, 0.0)
        area += (before + length) / 2 * short
        most = max(most, length)
    assert queue.longest == pytest.approx(most, abs=0.5)
    assert queue.delay_unit_h == pytest.approx(area, abs=3 + 0.02 * area)
    course = queue.course
    assert (course["queue"] >= 0).all()
    np.testing.assert_allclose(course["arrived"] - course["served"], course["queue"], atol=1e-9)
    assert queue.mean_wait_h <= queue.longest_wait_h + 1e-9


@pytest.mark.parametrize(
    ("arrivals", "service", "initial", "words"),
    [
        ([], [(0, 1)], 0, "arrivals: got no steps"),
        ([(0, 1), (0, 2)], [(0, 1)], 0, "arrivals step 1: got (0, 2)"),
        ([(0, 1)], [(0, -1)], 0, "service step 0: got (0, -1)"),
        ([(0, 1)], [(1, 1)], 0, "arrivals begin at hour 0 and service at 1"),
        ([(0, 1)], [(0, 1)], -1, "queue: got -1"),
        ([(0, math.nan)], [(0, 1)], 0, "arrivals step 0"),
    ],
)
def test_wrong_input(arrivals, service, initial, words):
    with pytest.raises(SolverInputError) as caught:
        deterministic_queue(arrivals, service, queue=initial)
    assert words in str(caught.value)
