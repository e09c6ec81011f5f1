"""Ruling on times."""

from __future__ import annotations

import random

import pytest

from fusewright_harness.faults import Fault
from fusewright_harness.timing import (
    Room,
    Timing,
    device_times,
    evaluate,
    numbers,
    overhead_from_spins,
    plans_from_trials,
    ruling,
    trial_plan,
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
    with pytest.raises(Fault, match="times that are no numbers"):
        numbers({"device_ms": times}, "device_ms")


def plans(python_ms, triton_ms, room, enqueue_ms=0.02):
    trials = [
        {"device_ms": [9, ms, ms], "enqueue_ms": [9, enqueue_ms, enqueue_ms]} for ms in (python_ms, triton_ms)
    ]
    return plans_from_trials(trials, room, overhead_ms=0.0)


def test_a_slot_holds_fewer_calls_where_they_are_slow_or_large():
    plenty = 100 << 30
    assert [plan.rounds for plan in plans(0.1, 50, Room(1, plenty))] == [12, 3]
    assert plans(0.1, 0.1, Room(1 << 30, plenty))[0].rounds == 4
    assert plans(0.1, 0.1, Room(8 << 30, plenty))[0].rounds == 2
    assert plans(0.1, 0.1, Room(1 << 28, 8 << 30))[0].rounds == 4
    assert trial_plan(Room(8 << 30, plenty)).rounds == 2


def test_short_calls_are_timed_in_batches_of_one_size():
    python, triton = plans(0.05, 0.004, Room(1 << 20, 100 << 30))
    assert python.batch == triton.batch == 8
    assert python.wait_ms >= 8 * 0.02
    assert plans(0.05, 0.025, Room(1 << 20, 100 << 30))[0].batch == 1
    assert plans(0.05, 0.004, Room(1 << 28, 32 << 30))[0].batch == 4


def test_what_events_take_is_taken_off():
    assert device_times({"device_ms": [0.013, 0.023]}, 1, 0.003) == pytest.approx([0.01, 0.02])
    assert device_times({"device_ms": [0.013, 0.023]}, 3, 0.003) == pytest.approx([0.012, 0.022])
    assert overhead_from_spins([0.0135, 0.0136, 0.0137], [0.0237, 0.0238, 0.0237]) == pytest.approx(0.0035)
