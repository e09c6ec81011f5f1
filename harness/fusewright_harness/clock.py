"""The judge's own clock, and what it says of the times that workers report.

Workers record the events, and a worker runs the pair's code: it could count too little (work on a stream that the
events do not see, a thread, forged numbers) or too much (a reference that seems slow). Of a slot of ``n`` rounds and
one of ``2 n`` the judge's clock tells what one round takes in all, whoever did it: flush, wait, and the calls. Flush
and wait are known from an empty call in the judge's own process; what is left must be what the events said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fusewright_harness import timing
from fusewright_harness.faults import Fault
from fusewright_harness.launch_cost import LaunchCosts
from fusewright_harness.stopwatch import Handles, Stopwatch

_CALIBRATION_ROUNDS = 24
_COST_SLOTS = 5
_SHORT_SPIN_MS = 0.01
_FEW_EMPTY, _MANY_EMPTY = 4, 12
_SLACK_SHARE = 0.5
_SLACK_MS = 0.3
"""What a round may differ by from what is known of it: this share of its calls' time, and this at least. Hosts stutter,
so a difference counts only where it is wide, and stays in the shortest of several slots."""


@dataclass(frozen=True)
class Round:
    """What is known of a round: how many calls, what events gave for one, the wait, and what enqueuing one took."""

    batch: int
    device_ms: float
    wait_ms: float
    enqueue_ms: float


class Clock:
    """The judge's clock for one device."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles
        self._stopwatch = Stopwatch(handles)
        self._idle_ms: dict[float, tuple[float, float]] = {}
        self.overhead_ms = self._overhead()
        """What lies between the two events of a round beside the kernels' own time."""
        self.costs = LaunchCosts()
        """What a launch takes in this process and in others on the device."""
        self.costs.learn([ms for _ in range(_COST_SLOTS) for ms in self._stopwatch.launch_ms()])

    def now_ms(self) -> float:
        """Milliseconds since some moment in the past."""
        return self._handles.clock() * 1e3

    def idle_round_ms(self, wait_ms: float) -> float:
        """What a round without calls takes in all."""
        if wait_ms not in self._idle_ms:
            self.measure_idle(wait_ms)
        few, many = self._idle_ms[wait_ms]
        return max(0.0, (many - few) / (_MANY_EMPTY - _FEW_EMPTY))

    def forget_idle(self, wait_ms: float) -> None:
        """Has it measured anew what rounds without calls take."""
        self._idle_ms.pop(wait_ms, None)

    def measure_idle(self, wait_ms: float) -> None:
        """Measures once more what rounds without calls take. A stutter only adds, so the shortest counts."""
        known = self._idle_ms.get(wait_ms, (math.inf, math.inf))
        found = (self._empty_slot_ms(rounds, wait_ms) for rounds in (_FEW_EMPTY, _MANY_EMPTY))
        few, many = (min(before, now) for before, now in zip(known, found, strict=True))
        self._idle_ms[wait_ms] = few, many

    def hidden_ms(self, round_ms: float, known: Round) -> float:
        """How much longer, or with a minus shorter, than known a round took, where the difference counts; else 0."""
        calls_ms = known.batch * known.device_ms
        enqueue_ms = known.batch * known.enqueue_ms
        slack_ms = max(_SLACK_SHARE * calls_ms, _SLACK_MS)
        least_ms = self.idle_round_ms(known.wait_ms) + calls_ms
        # A host that is slower than the GPU sets the pace.
        most_ms = max(least_ms, enqueue_ms + self.idle_round_ms(known.wait_ms))
        if round_ms > most_ms + slack_ms:
            return round_ms - most_ms
        if round_ms < least_ms - slack_ms:
            return round_ms - least_ms
        return 0.0

    def _overhead(self) -> float:
        def spinning(ms: float) -> list[float]:
            self._stopwatch.prepare([((), {})], _order(_CALIBRATION_ROUNDS, 0.1))
            return self._stopwatch.go(lambda: self._handles.spin_ms(ms))["device_ms"]

        spinning(_SHORT_SPIN_MS)
        return timing.overhead_from_spins(spinning(_SHORT_SPIN_MS), spinning(2 * _SHORT_SPIN_MS))

    def _empty_slot_ms(self, rounds: int, wait_ms: float) -> float:
        self._stopwatch.prepare([((), {})], _order(rounds, wait_ms))
        begun = self.now_ms()
        self._stopwatch.go(lambda: None)
        return self.now_ms() - begun


def _order(rounds: int, wait_ms: float) -> dict[str, Any]:
    contents = [0] * rounds
    return {
        "how": "device",
        "contents": contents,
        "batch": 1,
        "wait_ms": wait_ms,
        "keep": False,
        "filler": [],
        "reserve": 0,
        "large": False,
        "costs": False,
    }


def check_total(implementation: str, device_ms: list[float], wall_ms: float) -> None:
    """Raises :class:`Fault` where the events of a side's slot add up to more than the judge's own clock saw."""
    total = sum(device_ms)
    if total > wall_ms * 1.02 + 0.1:
        message = (
            f"events add up to {total:.3f} ms in a slot that took {wall_ms:.3f} ms by the judge's clock: the times "
            "that the pair's process reported are not what its calls took"
        )
        raise Fault(implementation, "trust", "ClockContradiction", message, verdict="rejected")


def contradiction(implementation: str, hidden_ms: float, known: Round) -> Fault:
    """The fault of a side whose rounds took that much longer (or shorter) than its events say."""
    call_ms, name = hidden_ms / known.batch, {"pytorch": "reference", "triton": "candidate"}[implementation]
    if hidden_ms > 0:
        message = (
            f"a call of the {name} takes {call_ms:.4f} ms longer by the judge's clock than the "
            f"{known.device_ms:.4f} ms that the events on its stream saw; all work must be in the stream that the call "
            "was made in: use no other stream and no thread"
        )
        return Fault(implementation, "trust", "WorkOutsideTheStream", message, verdict="rejected")
    message = (
        f"a call of the {name} takes {-call_ms:.4f} ms less by the judge's clock than the {known.device_ms:.4f} ms "
        "that its events say: the times that its process reported are not what its calls took"
    )
    return Fault(implementation, "trust", "ClockContradiction", message, verdict="rejected")
