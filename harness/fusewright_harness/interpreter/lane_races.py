"""Lanes of one program that depend on each other through memory, with nothing between that makes them wait.

The interpreter runs a program one operation at a time, for all lanes; the threads of a GPU do not wait for each other
between a store and a load. What one lane writes and another reads, or the other way round, needs a barrier between:
``tl.debug_barrier()``, or an operation that exchanges values between threads and so has one of its own.

Told and not blamed: which thread has which lane is the compiler's choice. Neighbouring lanes count as one, for they are
in one warp, whose threads hardly part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_SEVERAL = -1
_NEIGHBOURS = 32
_EXCHANGING = (
    "create_barrier",
    "create_dot",
    "create_dot_scaled",
    "create_trans",
    "create_histogram",
    "create_gather",
)
"""The builder's operations in which values pass from thread to thread by shared memory, and so with a barrier."""


@dataclass(frozen=True)
class Race:
    """What lanes of a program do to each other, in words, and the line of the later access."""

    what: str
    line: int | None


class _Memory:
    """Of each element of one storage: the lane that wrote it last and the one that read it, and when that was."""

    def __init__(self, count: int) -> None:
        self.written_at = np.zeros(count, dtype=np.int32)
        self.read_at = np.zeros(count, dtype=np.int32)
        self.writer = np.zeros(count, dtype=np.int32)
        self.reader = np.zeros(count, dtype=np.int32)


class LaneWatch:
    """Follows the accesses of one launch's programs; a time ends at a barrier, and with each program.

    One for the process, as one kernel runs at a time.
    """

    def __init__(self) -> None:
        self._following = False
        self._time = 0
        self._memory: dict[int, _Memory] = {}
        self._races: list[Race] = []

    def begin(self, warps: int) -> None:
        """A launch begins, of programs of so many warps. The threads of a single one hardly part."""
        self._following = warps > 1
        self._memory.clear()

    def wait(self) -> None:
        """All lanes wait for each other, or another program begins."""
        self._time += 1

    def end(self) -> None:
        """The launch is over."""
        self._following = False
        self._memory.clear()

    def take(self) -> list[Race]:
        """What was found since somebody asked last, one for each memory and way."""
        races, self._races = self._races, []
        return list({race.what: race for race in reversed(races)}.values())

    def touched(
        self, access: str, argument: Any, elements: int, at: np.ndarray, lanes: np.ndarray, line: int | None
    ) -> None:
        """Told of an access of ``lanes`` to the elements ``at`` of an argument's memory, which has so many."""
        if not self._following:
            return
        lanes = lanes // _NEIGHBOURS
        memory = self._memory.get(argument.start)
        if memory is None:
            memory = self._memory[argument.start] = _Memory(elements)
        if access == "load":
            self._read(memory, argument.name, at, lanes, line)
        else:
            self._written(memory, argument.name, at, lanes, line)

    def _read(self, memory: _Memory, name: str, at: np.ndarray, lanes: np.ndarray, line: int | None) -> None:
        if bool(((memory.written_at[at] == self._time) & (memory.writer[at] != lanes)).any()):
            self._races.append(Race(f"read of `{name}` what others of it have just stored", line))
        before = np.where(memory.read_at[at] == self._time, memory.reader[at], lanes)
        memory.read_at[at] = self._time
        memory.reader[at] = np.where(before == lanes, lanes, _SEVERAL)
        # Several lanes may have read one element here.
        memory.reader[at[memory.reader[at] != lanes]] = _SEVERAL

    def _written(
        self, memory: _Memory, name: str, at: np.ndarray, lanes: np.ndarray, line: int | None
    ) -> None:
        if bool(((memory.read_at[at] == self._time) & (memory.reader[at] != lanes)).any()):
            self._races.append(Race(f"store to `{name}` where others of it have just read", line))
        memory.written_at[at] = self._time
        memory.writer[at] = lanes


# One kernel runs at a time in a process.
WATCH = LaneWatch()


def install(builder: Any) -> None:
    """Follows the operations of the interpreter's ``builder`` that exchange values between lanes."""
    for name in _EXCHANGING:
        operation = getattr(builder, name, None)
        if operation is not None:
            setattr(builder, name, _exchanging(operation))


def _exchanging(operation: Any) -> Any:
    def exchange(*arguments: Any, **keywords: Any) -> Any:
        WATCH.wait()
        return operation(*arguments, **keywords)

    return exchange
