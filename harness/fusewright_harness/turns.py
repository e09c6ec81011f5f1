"""Whose turn it is on a GPU: any number of pairs may run there, or one pair alone is timed.

What another pair runs meanwhile would be in the times. Loading, compiling and checking are shared turns, so they go on
side by side; timing waits until they are over, and whoever wants to begin another waits for the timing first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fusewright_harness.faults import Cancelled
from fusewright_harness.workers import Deadline

_POLL_S = 0.05


class Turns:
    """The turns on one device. Waiting for one is not the pair's own time: its deadline moves."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._shared = 0
        self._alone = False
        self._want_alone = 0

    @contextmanager
    def shared(self, deadline: Deadline | None = None) -> Iterator[None]:
        """A turn beside others. Raises :class:`Cancelled`."""
        with self._change:
            self._wait(lambda: not self._alone and not self._want_alone, deadline)
            self._shared += 1
        try:
            yield
        finally:
            with self._change:
                self._shared -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self, deadline: Deadline | None = None) -> Iterator[None]:
        """A turn with the device to oneself. Raises :class:`Cancelled`."""
        with self._change:
            self._want_alone += 1
            try:
                self._wait(lambda: not self._alone and not self._shared, deadline)
                self._alone = True
            finally:
                self._want_alone -= 1
                self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._alone = False
                self._change.notify_all()

    def _wait(self, free: Callable[[], bool], deadline: Deadline | None) -> None:
        left_s = deadline.left_s() if deadline is not None else 0.0
        while not self._change.wait_for(free, _POLL_S):
            if deadline is not None and deadline.cancelled.is_set():
                raise Cancelled
        if deadline is not None:
            deadline.extend(left_s - deadline.left_s())
