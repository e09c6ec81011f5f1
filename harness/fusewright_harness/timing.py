"""From the times of single calls to a ruling: the judge's side of the clock.

Reference and candidate are timed in alternating slots of one run, so that drift of clocks and heat falls on both
alike. The first call of a slot is dropped. The speedup is the ratio of the medians; its interval comes from
resampling the pairs of neighbouring slots (Efron's percentile bootstrap).
"""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import dataclass
from typing import Any

from fusewright_harness.faults import Fault

SLOT_PAIRS = 8
_SLOT_MS = 12.0
_MOST_CALLS = 12
_FEW_CALLS = 3
_FEW_LARGE_CALLS = 2
_LARGE_BYTES = 1 << 30
_RESAMPLES = 2_000
_INTERVAL = 0.95
_WAIT_LIMIT_MS = 5.0
_MEMORY_LIMIT = 8 << 30


@dataclass
class Plan:
    """How many calls a slot makes, and how long the GPU waits before each so that the host is ahead of it."""

    calls: int
    wait_ms: float

    def order(self, first_input: int) -> dict[str, Any]:
        """The fields of a ``slot`` message."""
        return {"calls": self.calls, "wait_ms": self.wait_ms, "first_input": first_input}


@dataclass
class Timing:
    """What was measured: milliseconds, and the ratio with its interval."""

    python_ms: float
    triton_ms: float
    speedup: float
    interval: tuple[float, float]


def trial_order(call_bytes: int) -> dict[str, Any]:
    """The ``slot`` message that warms up and tells how long a call takes."""
    return Plan(_fewest_calls(call_bytes), _WAIT_LIMIT_MS).order(0)


def _fewest_calls(call_bytes: int) -> int:
    return _FEW_LARGE_CALLS if call_bytes > _LARGE_BYTES else _FEW_CALLS


def plan_from_trial(trial: dict[str, Any], call_bytes: int) -> Plan:
    """The plan for one side from its trial slot; ``call_bytes`` is what one call's inputs and outputs take."""
    device_ms, enqueue_ms = numbers(trial, "device_ms")[1:], numbers(trial, "enqueue_ms")[1:]
    calls = math.ceil(_SLOT_MS / max(statistics.median(device_ms), 0.01))
    calls = max(_fewest_calls(call_bytes), min(_MOST_CALLS, calls, _MEMORY_LIMIT // max(call_bytes, 1)))
    return Plan(calls, min(1.5 * statistics.median(enqueue_ms) + 0.03, _WAIT_LIMIT_MS))


def host_order(call_bytes: int) -> dict[str, Any]:
    """The ``slot`` message for times as the host sees them."""
    calls = 2 * _FEW_CALLS if call_bytes <= _LARGE_BYTES else _FEW_LARGE_CALLS
    return {"calls": calls, "first_input": 0, "hosted": True}


def numbers(slot: dict[str, Any], key: str) -> list[float]:
    """The times a worker reports, or a :class:`Fault` where they are none: a worker is not trusted."""
    times = slot.get(key)
    if (
        not isinstance(times, list)
        or len(times) < 2
        or not all(isinstance(time, (int, float)) and math.isfinite(time) and time >= 0 for time in times)
    ):
        raise Fault("triton", "timing", "BadTimes", "the candidate's process reported times that are none")
    return [float(time) for time in times]


def check_against_clock(slot: dict[str, Any], wall_ms: float) -> None:
    """Raises :class:`Fault` where the events of a slot add up to more than the judge's own clock saw."""
    total = sum(numbers(slot, "device_ms"))
    if total > wall_ms * 1.02 + 0.1:
        message = f"events add up to {total:.3f} ms in a slot that took {wall_ms:.3f} ms by the judge's clock"
        raise Fault("triton", "timing", "ClockContradiction", message)


def evaluate(python_slots: list[list[float]], triton_slots: list[list[float]], seed: int) -> Timing:
    """Medians, speedup and interval from the slots' times, the first call of each slot already dropped."""
    python_ms = statistics.median(time for slot in python_slots for time in slot)
    triton_ms = statistics.median(time for slot in triton_slots for time in slot)
    draw = random.Random(seed)
    pairs = list(zip(python_slots, triton_slots, strict=True))
    ratios = []
    for _ in range(_RESAMPLES):
        drawn = draw.choices(pairs, k=len(pairs))
        above = statistics.median(time for slot, _ in drawn for time in slot)
        below = statistics.median(time for _, slot in drawn for time in slot)
        ratios.append(above / max(below, 1e-6))
    ratios.sort()
    cut = (1 - _INTERVAL) / 2
    low, high = ratios[int(cut * _RESAMPLES)], ratios[int((1 - cut) * _RESAMPLES) - 1]
    return Timing(python_ms, triton_ms, python_ms / max(triton_ms, 1e-6), (low, high))


def ruling(timing: Timing, min_speedup: float) -> str:
    """The ruling "pass", "same" or "slower", by where the interval lies."""
    low, high = timing.interval
    if low > min_speedup:
        return "pass"
    return "slower" if high < min_speedup else "same"
