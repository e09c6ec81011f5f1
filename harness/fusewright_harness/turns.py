"""Whose turn it is on a GPU: any number of pairs may run there, or one pair alone is timed.

What another pair runs meanwhile would be in the times. Checks are shared turns, so they go on side by side; timing
waits until they are over, and whoever wants to begin another waits for the timing first. Between its steps a shared
turn gives way (:meth:`Turn.step`), and what keeps the host busy and not the GPU, compiling above all, needs none
(:meth:`Turn.aside`): so a timing waits for milliseconds, and goes on while others compile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled

_POLL_S = 0.05


class Quiet:
    """What of this harness keeps the driver or the host busy beside the turns, and how to have none of it for a while.

    The driver serves one process after another, on all GPUs: whoever makes a context makes others wait.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._noises = 0
        self._held = False

    @contextmanager
    def noise(self) -> Iterator[None]:
        """What runs inside makes others wait; it waits itself while somebody has quiet."""
        with self._change:
            while self._held:
                self._change.wait()
            self._noises += 1
        try:
            yield
        finally:
            with self._change:
                self._noises -= 1
                self._change.notify_all()

    @contextmanager
    def held(self, limit_s: float) -> Iterator[bool]:
        """Quiet for what runs inside: no noise begins, and all that went on is over. False where that takes longer."""
        end = time.monotonic() + limit_s
        with self._change:
            mine = self._change.wait_for(lambda: not self._held, limit_s)
            self._held = self._held or mine
            silent = mine and self._change.wait_for(
                lambda: not self._noises, max(0.0, end - time.monotonic())
            )
        try:
            yield silent
        finally:
            if mine:
                with self._change:
                    self._held = False
                    self._change.notify_all()


class Turns:
    """The turns on one device. Waiting for one is not the pair's own time: its deadline moves."""

    def __init__(self, quiet: Quiet | None = None) -> None:
        """``quiet`` is common to all devices of a harness."""
        self.quiet = quiet or Quiet()
        self._change = threading.Condition()
        self._shared = 0
        self._alone = False
        self._want_alone = 0

    @contextmanager
    def shared(self, deadline: Deadline | None = None) -> Iterator[Turn]:
        """A turn beside others. Raises :class:`Cancelled`."""
        turn = Turn(self, deadline)
        turn.enter()
        try:
            yield turn
        finally:
            turn.leave()

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

    def enter(self, deadline: Deadline | None) -> None:
        """Begins a shared turn, which :meth:`leave` ends. Raises :class:`Cancelled`."""
        with self._change:
            self._wait(lambda: not self._alone and not self._want_alone, deadline)
            self._shared += 1

    def leave(self) -> None:
        """Ends a shared turn."""
        with self._change:
            self._shared -= 1
            self._change.notify_all()

    def waited_for(self) -> bool:
        """Whether somebody waits to be alone."""
        return self._want_alone > 0

    def _wait(self, free: Callable[[], bool], deadline: Deadline | None) -> None:
        left_s = deadline.left_s() if deadline is not None else 0.0
        while not self._change.wait_for(free, _POLL_S):
            if deadline is not None and deadline.cancelled.is_set():
                raise Cancelled
        if deadline is not None:
            deadline.extend(left_s - deadline.left_s())


class Turn:
    """A shared turn, which one thread holds. One that waits again without success (:class:`Cancelled`) is over."""

    def __init__(self, turns: Turns, deadline: Deadline | None) -> None:
        self._turns = turns
        self._deadline = deadline
        self._held = False

    def enter(self) -> None:
        """Begins it. Raises :class:`Cancelled`."""
        self._turns.enter(self._deadline)
        self._held = True

    def leave(self) -> None:
        """Ends it; one that is over stays so."""
        if self._held:
            self._held = False
            self._turns.leave()

    def step(self) -> None:
        """Lets those go first who wait to be alone. Raises :class:`Cancelled`."""
        if self._turns.waited_for():
            self.leave()
            self.enter()
