"""From the times of single rounds to a ruling: the judge's side of the clock.

Reference and candidate are timed in alternating slots of one run, so that drift of clocks and heat falls on both
alike. The first round of a slot is dropped. The speedup is the ratio of the medians; its interval comes from
resampling the pairs of neighbouring slots (Efron's percentile bootstrap).
"""

from __future__ import annotations

import math
import secrets
import statistics
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness.faults import Fault

FIRST_SLOT_PAIRS = 4
"""How many slots of each side the first result is from."""
_FURTHER_PAIRS = 4, 8
_FURTHER_MS = 600.0
_SLOT_MS = 12.0
_MOST_ROUNDS = 12
_FEW_ROUNDS = 3
_FEW_LARGE_ROUNDS = 2
_SHORT_MS = 0.020
"""A call shorter than this is timed in batches: events tell half a microsecond."""
_BATCH = 8
_BATCHED_ROUNDS = 5
_FEW_BATCHED_ROUNDS = 4
_LARGE_BYTES = 1 << 30
_DOUBT_MS = 0.0002
_MOST_DOUBT = 0.05
"""How far short calls' times differ between processes that do the same, though they are evened out by what launches
take (:mod:`launch_cost`): two tenths of a microsecond (measured on an H200). As a share of the shorter side's time, the
interval is wider by it on both ends."""
BUSY_SLOT_PAIRS = 7
_BUSY_ROUNDS = 6
_BUSY_BATCH = 4
"""The first call of a round finds no code in the caches: a kernel of nine microseconds takes four percent longer by it.
So the share of such calls is the same in all verdicts (measured on an H200)."""
_KERNELS_TELL_MS = 0.050
"""Of calls shorter than this CUPTI tells better than events what their kernels take."""
_BETWEEN_MS = -0.0002, 0.0025
_BESIDE_MS = 0.0005
_DIFFERING = 0.03
"""How far events may lie from what CUPTI says: for each kernel, for a call, and as a share of the kernels' own time."""
_BUSY_DOUBT_MS = 0.00006
"""As ``_DOUBT_MS``, of what kernels take by CUPTI: half a percent of eight microseconds, and once more."""
_RESAMPLES = 2_000
_INTERVAL = 0.95
_WAIT_LIMIT_MS = 5.0
_TRIAL_WAIT_MS = 2.0
_MOST_FILLERS = 16
_MOST_FILLER_BYTES = 6 << 20
_MEMORY_LIMIT = 8 << 30
_COPIES = 4
"""What a call in flight takes beyond its share, in multiples of its inputs and outputs: inputs, outputs, the outputs'
copies, and as much again for what lies between."""


@dataclass(frozen=True)
class Room:
    """What bounds a slot's memory: the bytes of one call's inputs and outputs, and the GPU's free bytes."""

    call_bytes: int
    free_bytes: int

    @property
    def large(self) -> bool:
        """Whether a call is so large that slots make do with few."""
        return self.call_bytes > _LARGE_BYTES

    def calls(self) -> int:
        """How many calls a slot has room for; at least one."""
        # Both sides hold a slot at once.
        budget = min(_MEMORY_LIMIT, self.free_bytes // 4)
        return max(1, budget // max(_COPIES * self.call_bytes // 2, 1))

    def reserve_bytes(self, plan: Plan, keep: bool) -> int:
        """What a slot's calls allocate: outputs, where they are kept a copy of them, and what lies between."""
        calls = plan.rounds * plan.batch if keep else plan.batch
        return min(self.free_bytes // 4, (calls + 1) * self.call_bytes)


@dataclass(frozen=True)
class Plan:
    """How many rounds a slot has, how many calls a round, and how long the GPU waits before each round."""

    rounds: int
    batch: int
    wait_ms: float


@dataclass
class Timing:
    """What was measured: milliseconds, and the ratio with its interval."""

    python_ms: float
    triton_ms: float
    speedup: float
    interval: tuple[float, float]


def trial_plan(room: Room) -> Plan:
    """The slot that warms up and tells how long a call takes."""
    return Plan(_fewest_rounds(room), 1, _TRIAL_WAIT_MS)


def filler() -> list[int]:
    """The sizes of blocks to put before a slot's memory, drawn anew for each slot.

    Where memory lies moves the times of small kernels by percents; so that none lies the same way in all slots, and a
    verdict depends on it less.
    """
    return [secrets.randbelow(_MOST_FILLER_BYTES) for _ in range(secrets.randbelow(_MOST_FILLERS))]


def plans_from_trials(trials: list[dict[str, Any]], room: Room, overhead_ms: float) -> list[Plan]:
    """The plans of both sides from their trial slots: the same batch for both, so that neither has an advantage."""
    device_ms = [max(statistics.median(device_times(trial, 1, overhead_ms)[1:]), 1e-3) for trial in trials]
    enqueue_ms = [statistics.median(numbers(trial, "enqueue_ms")[1:]) for trial in trials]
    batch = 1
    if min(device_ms) < _SHORT_MS:
        batch = min(_BATCH, max(1, room.calls() // _FEW_BATCHED_ROUNDS))
    plans = []
    for device, enqueue in zip(device_ms, enqueue_ms, strict=True):
        most = _MOST_ROUNDS if batch == 1 else _BATCHED_ROUNDS
        rounds = min(most, math.ceil(_SLOT_MS / (device * batch)), room.calls() // batch)
        wait_ms = min(1.5 * enqueue * batch + 0.03, _WAIT_LIMIT_MS)
        plans.append(Plan(max(_fewest_rounds(room), rounds), batch, wait_ms))
    return plans


def busy_plan(plan: Plan, room: Room) -> Plan:
    """The plan of a slot whose kernels CUPTI times, for calls that are to be timed by events as ``plan`` says."""
    rounds = max(_FEW_ROUNDS, min(_BUSY_ROUNDS, room.calls()))
    batch = min(_BUSY_BATCH, max(1, room.calls() // rounds))
    return Plan(rounds, batch, min(plan.wait_ms * batch / plan.batch, _WAIT_LIMIT_MS))


def host_rounds(room: Room) -> int:
    """How many calls are timed as the host sees them."""
    return _FEW_LARGE_ROUNDS if room.large else 2 * _FEW_ROUNDS


def _fewest_rounds(room: Room) -> int:
    return _FEW_LARGE_ROUNDS if room.large else _FEW_ROUNDS


def numbers(slot: dict[str, Any], key: str) -> list[float]:
    """The times a worker reports, or a :class:`Fault` where they are none: a worker is not trusted."""
    times = slot.get(key)
    if (
        not isinstance(times, list)
        or len(times) < 2
        or not all(isinstance(time, (int, float)) and math.isfinite(time) and time >= 0 for time in times)
    ):
        raise Fault(
            "triton",
            "timing",
            "BadTimes",
            "the candidate's process reported times that are no numbers; let its code compute alone",
        )
    return [float(time) for time in times]


def launch_times(slot: dict[str, Any]) -> list[float]:
    """What a launch took in the windows of a slot, as the worker reports; none where there are none to believe."""
    windows = slot.get("launch_ms")
    if not isinstance(windows, list):
        return []
    return [float(ms) for ms in windows if isinstance(ms, (int, float)) and math.isfinite(ms) and ms >= 0]


def device_times(slot: dict[str, Any], batch: int, overhead_ms: float) -> list[float]:
    """The device time of a call in each round, without what the events of a round take themselves."""
    return [max(time - overhead_ms / batch, 1e-6) for time in numbers(slot, "device_ms")]


@dataclass(frozen=True)
class Busy:
    """What the kernels of a side's calls took by CUPTI, slot by slot in milliseconds, and how many a call had."""

    slots: list[list[float]]
    records: float

    def plausible(self, event_slots: list[list[float]], launches: int) -> bool:
        """Whether that can be so of calls that took what events say, and that launched so many kernels at least.

        Between kernels lies what a launch takes, and no more than that.
        """
        busy_ms, event_ms = (
            statistics.median(time for times in slots for time in times)
            for slots in (self.slots, event_slots)
        )
        least, most = _BETWEEN_MS
        between_ms = event_ms - busy_ms
        # Two clocks tell the same kernel's length, which differs from one set of rounds to the next.
        least_ms = least * self.records - _BESIDE_MS - _DIFFERING * busy_ms
        return self.records >= launches and least_ms <= between_ms <= most * self.records + _BESIDE_MS


def further_pairs(pair_ms: float) -> int:
    """How many slots of each side follow the first result, where one of each takes so long: more of quick ones."""
    fewest, most = _FURTHER_PAIRS
    return max(fewest, min(most, int(_FURTHER_MS / max(pair_ms, 1.0))))


def told_by_kernels(event_ms: list[float]) -> bool:
    """Whether the kernels' own times are to be asked for, of calls that take so long by events."""
    return min(event_ms) < _KERNELS_TELL_MS


def overhead_from_spins(short_ms: list[float], long_ms: list[float]) -> float:
    """What lies between two events around a kernel of no length, from kernels of one length and of twice that."""
    return max(0.0, 2 * statistics.median(short_ms) - statistics.median(long_ms))


def evaluate(
    python_slots: list[list[float]], triton_slots: list[list[float]], seed: int, by_kernels: bool = False
) -> Timing:
    """Medians, speedup and interval from the slots' times, the first round of each slot already dropped.

    ``by_kernels`` they are CUPTI's, which differ less from process to process.
    """
    python, triton = (torch.tensor(slots, dtype=torch.float64) for slots in (python_slots, triton_slots))
    python_ms, triton_ms = python.quantile(0.5).item(), triton.quantile(0.5).item()
    draw = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(python), (_RESAMPLES, len(python)), generator=draw)
    above, below = (slots[drawn].flatten(1).quantile(0.5, dim=1) for slots in (python, triton))
    ratios = (above / below.clamp_min(1e-6)).sort().values.tolist()
    cut = (1 - _INTERVAL) / 2
    low, high = ratios[int(cut * _RESAMPLES)], ratios[int((1 - cut) * _RESAMPLES) - 1]
    # What differs from process to process no resampling of one run can show.
    doubt_ms = _BUSY_DOUBT_MS if by_kernels else _DOUBT_MS
    doubt = min(_MOST_DOUBT, doubt_ms / max(min(python_ms, triton_ms), 1e-6))
    low, high = low * (1 - doubt), high * (1 + doubt)
    return Timing(python_ms, triton_ms, python_ms / max(triton_ms, 1e-6), (low, high))


def ruling(timing: Timing, min_speedup: float) -> str:
    """The ruling "pass", "same" or "slower", by where the interval lies."""
    low, high = timing.interval
    if low > min_speedup:
        return "pass"
    return "slower" if high < min_speedup else "same"
