"""What a launch takes on the device, which is another time in each process, and how times are evened out by it.

This is for short calls where CUPTI does not tell what their kernels take without their launches.

A process keeps for life where its queue, its constants and its code lie in the GPU's memory, and each of its launches
takes a little more or less by that: 1.60 to 1.72 microseconds for a kernel that does nothing, 2.3 to 2.5 for one that
touches memory (measured on an H200). Of a kernel of five microseconds that is three percent, of a reference of four
launches as much. So each worker measures what a launch takes in it, in the same slots as the calls and before them;
where it differs from what is typical of the card, a call's time is corrected by the greater part of that, for each
launch of the call. What a launch typically takes stays in: a user's program pays it as well. What differs beyond that
no other kernel tells: it is left to the interval (:mod:`timing`).
"""

from __future__ import annotations

import statistics
from collections import deque

_REMEMBERED = 64
_MOST_EXCESS_MS = 0.00025
"""No process was found further from the typical. Who reports more is not believed, and nothing is corrected."""
_MOST_SHARE = 0.1
_SHARED = 0.7
"""How much of what the measured launches take more is in those of other kernels: on average of both sides in forty
verdicts on four pairs (an H200)."""
_FEWEST_WINDOWS = 6


class LaunchCosts:
    """What a launch takes in the processes that were seen on one card, in milliseconds."""

    def __init__(self) -> None:
        self._known: deque[float] = deque(maxlen=_REMEMBERED)

    def learn(self, windows: list[float]) -> float | None:
        """What a launch takes in a process by its windows, kept for what is typical; None where they are too few."""
        if len(windows) < _FEWEST_WINDOWS:
            return None
        cost_ms = statistics.median(windows)
        self._known.append(cost_ms)
        return cost_ms

    def excess_ms(self, cost_ms: float | None) -> float:
        """How much more, or with a minus less, than is typical that is; 0 where it is not to be believed."""
        if cost_ms is None or not self._known:
            return 0.0
        excess_ms = cost_ms - self.typical_ms()
        return excess_ms if abs(excess_ms) <= _MOST_EXCESS_MS else 0.0

    def typical_ms(self) -> float:
        """The median of the processes seen; there must have been one."""
        return statistics.median(self._known)


def evened(times_ms: list[float], launches: int, excess_ms: float) -> list[float]:
    """Calls' times without what their process's launches take more or less than is typical, a tenth of them at most."""
    correction_ms = _SHARED * max(1, launches) * excess_ms
    return [time - max(-_MOST_SHARE * time, min(_MOST_SHARE * time, correction_ms)) for time in times_ms]
