"""Programs of one launch that depend on each other: what one reads that another writes, and the order they run in.

A GPU runs them at the same time, in no order; the interpreter one after another, so that a result may be right that
a GPU would not give. When asked, it takes the last program first, and writes down who touched which memory. Programs
that agree by atomics or by memory that they wait for are left out: they may have an order of their own.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from triton.runtime.interpreter import InterpretedFunction

from . import lane_races

if TYPE_CHECKING:
    import types
    from collections.abc import Iterator

_MOST_BYTES = 64 << 20
_SEVERAL = -1


class DependsOnOrder(Exception):
    """Two programs of one launch touch the same memory, one of them writing, and nothing puts them in order."""

    def __init__(self, message: str, line: int | None) -> None:
        self.line = line
        super().__init__(message)


class _Memory:
    """Of each element of one storage: the program that wrote it and the one that read it, numbered from 1."""

    def __init__(self, start: int, end: int, step: int) -> None:
        self.start, self.step = start, step
        count = (end - start) // step + 1
        self.writer = np.zeros(count, dtype=np.int32)
        self.reader = np.zeros(count, dtype=np.int32)


class OrderWatch:
    """What is asked of the launches; one for the process, as one kernel runs at a time."""

    def __init__(self) -> None:
        self.asked = False
        self._program = 0
        self._synchronised = False
        self._memory: dict[int, _Memory | None] = {}
        self._found: tuple[str, int | None] | None = None
        self._file = ""
        self.lanes = lane_races.WATCH

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Runs the body's launches in the other order, and watches them."""
        self.asked = True
        try:
            yield
        finally:
            self.asked = False

    def begin(self, function: types.FunctionType, warps: int) -> None:
        """A launch begins, of programs of so many warps."""
        self.lanes.begin(warps)
        self._memory.clear()
        self._synchronised = False
        self._found = None
        self._file = function.__code__.co_filename

    def program(self, number: int) -> None:
        """The program of that number, from 0, runs from now on."""
        self._program = number + 1
        self.lanes.wait()

    def synchronised(self) -> None:
        """The launch's programs agree by atomics, or by memory that is read anew each time."""
        self._synchronised = True

    def touched(self, access: str, argument: Any, places: np.ndarray, lanes: np.ndarray, size: int) -> None:
        """Told of an access, with the addresses of the ``lanes`` that are on, all within ``argument``."""
        if self._found is not None or self._synchronised or not places.size:
            return
        memory = self._of(argument, size)
        if memory is None:
            return
        at = (places - np.uint64(memory.start)).astype(np.int64) // memory.step
        self.lanes.touched(access, argument, memory.writer.size, at, lanes, self._line())
        written = memory.writer[at]
        if access == "load":
            if bool(((written != 0) & (written != self._program)).any()):
                self._found = (
                    f"a program reads what another one of the same launch wrote to `{argument.name}`",
                    self._line(),
                )
                return
            read = memory.reader[at]
            memory.reader[at] = np.where((read == 0) | (read == self._program), self._program, _SEVERAL)
            return
        read = memory.reader[at]
        if bool(((read != 0) & (read != self._program)).any()):
            self._found = (
                f"a program writes what another one of the same launch read from `{argument.name}`",
                self._line(),
            )
            return
        memory.writer[at] = self._program

    def end(self) -> None:
        """The launch is over. Raises :class:`DependsOnOrder` for what was found."""
        found, self._found = self._found, None
        self._memory.clear()
        self.lanes.end()
        if found is not None and not self._synchronised:
            what, line = found
            raise DependsOnOrder(
                f"{what}; a GPU runs them in any order: let each program do without the others", line
            )

    def _of(self, argument: Any, size: int) -> _Memory | None:
        known = self._memory.get(argument.start)
        if argument.start in self._memory:
            # Memory that is looked at in two sizes is not followed.
            if known is not None and known.step != size:
                self._memory[argument.start] = known = None
            return known
        followed = argument.end - argument.start <= _MOST_BYTES
        self._memory[argument.start] = made = (
            _Memory(argument.start, argument.end, size) if followed else None
        )
        return made

    def _line(self) -> int | None:
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return frame.f_lineno
            frame = frame.f_back
        return None


@lru_cache(maxsize=64)
def waits(function: types.FunctionType) -> bool:
    """Whether a kernel, or a function that it calls, has a loop that ends when memory says so."""
    seen: set[Any] = set()
    pending = [function]
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(here)))
        except (OSError, TypeError, SyntaxError):
            return True
        if any(isinstance(node, ast.While) for node in ast.walk(tree)):
            return True
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            called = here.__globals__.get(name)
            if isinstance(called, InterpretedFunction):
                pending.append(called.fn)
    return False


# One kernel runs at a time in a process.
WATCH = OrderWatch()
