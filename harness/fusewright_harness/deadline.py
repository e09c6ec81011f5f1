"""When a verdict must be there, and whether it is still wanted."""

from __future__ import annotations

import threading
import time


class Deadline:
    """When a verdict must be there, and whether it is still wanted."""

    def __init__(self, limit_s: float) -> None:
        self.cancelled = threading.Event()
        self.start(limit_s)

    def start(self, limit_s: float) -> None:
        """Lets ``limit_s`` seconds begin now."""
        self.limit_s = limit_s
        self._end = time.monotonic() + limit_s

    def extend(self, more_s: float) -> None:
        """Moves the deadline by that many seconds, which were not the pair's own."""
        self._end += more_s

    @staticmethod
    def within(limit_s: float, other: Deadline) -> Deadline:
        """One of its own, which is cancelled with the ``other``."""
        deadline = Deadline(limit_s)
        deadline.cancelled = other.cancelled
        return deadline

    def left_s(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._end - time.monotonic())
