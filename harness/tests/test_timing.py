"""Ruling on times."""

from __future__ import annotations

import random

import pytest

from fusewright_harness.faults import Fault
from fusewright_harness.timing import (
    Timing,
    check_against_clock,
    evaluate,
    numbers,
    plan_from_trial,
    ruling,
    trial_order,
)


def slots(center, draw, drift=0.0):
    return [[center * (1 + drift * pair + draw.gauss(0, 0.01)) for _ in range(6)] for pair in range(8)]


def test_a_clear_speedup_passes():
    draw = random.Random(1)
    timing = evaluate(slots(0.3, draw), slots(0.1, draw), seed=7)
    assert timing.speedup == pytest.approx(3.0, rel=0.02)
    assert ruling(timing, 1.0) == "pass"
    assert ruling(timing, 3.5) == "slower"


def test_the_interval_nearly_always_holds_the_truth():
    draw = random.Random(2)
    intervals = [evaluate(slots(0.3, draw), slots(0.1, draw), seed).interval for seed in range(40)]
    assert sum(low < 3.0 < high for low, high in intervals) >= 34


def test_equal_times_are_the_same():
    draw = random.Random(2)
    assert ruling(evaluate(slots(0.1, draw), slots(0.1, draw), seed=7), 1.0) == "same"


def test_drift_that_both_share_does_not_move_the_ratio():
    draw = random.Random(3)
    timing = evaluate(slots(0.2, draw, drift=0.05), slots(0.1, draw, drift=0.05), seed=7)
    assert timing.speedup == pytest.approx(2.0, rel=0.02)


def test_the_lower_end_decides():
    assert ruling(Timing(1, 1, 1.1, (0.99, 1.2)), 1.0) == "same"
    assert ruling(Timing(1, 1, 1.1, (1.01, 1.2)), 1.0) == "pass"
    assert ruling(Timing(1, 1, 0.9, (0.8, 0.99)), 1.0) == "slower"


@pytest.mark.parametrize(
    "times", [None, [], [1.0], [1.0, float("nan")], [1.0, -1.0], ["1", "2"], [1.0, float("inf")]]
)
def test_times_that_are_none_are_refused(times):
    with pytest.raises(Fault, match="times that are none"):
        numbers({"device_ms": times}, "device_ms")


def test_events_that_add_up_to_more_than_the_clock_are_refused():
    check_against_clock({"device_ms": [1.0, 1.0]}, wall_ms=2.5)
    with pytest.raises(Fault, match="judge's clock"):
        check_against_clock({"device_ms": [1.0, 1.0]}, wall_ms=1.5)


def test_a_slot_holds_fewer_calls_where_they_are_slow_or_large():
    quick = {"device_ms": [9, 0.01, 0.01], "enqueue_ms": [9, 0.02, 0.02]}
    slow = {"device_ms": [9, 50, 50], "enqueue_ms": [9, 0.02, 0.02]}
    assert plan_from_trial(quick, 1).calls == 12
    assert plan_from_trial(slow, 1).calls == 3
    assert plan_from_trial(quick, 2 << 30).calls == 4
    assert plan_from_trial(quick, 8 << 30).calls == 2
    assert trial_order(8 << 30)["calls"] == 2
