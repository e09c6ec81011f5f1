"""What the GPU executed, kernel by kernel, from CUPTI's activity records.

The library itself is ready in some twenty milliseconds, where torch's profiler, which stands on it, takes four seconds
of the processor at its first use in a process (measured on an H200). So it can be used in any worker, once its pair is
timed. Of a record only what has stood at the same place since CUDA 9 is read: its kind, begin and end, and a kernel's
name (NVIDIA, "CUPTI documentation", activity records).
"""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from fusewright_harness.call import Arguments
from fusewright_harness.own_kernels import WAIT_NAME
from fusewright_harness.transfer import clone_value

if TYPE_CHECKING:
    from fusewright_harness.stopwatch import Handles

_CALLS = 5
_AWAKE_MS = 2.0

_MEMCPY, _MEMSET, _KERNEL, _CONCURRENT_KERNEL = 1, 2, 3, 10
_KINDS = (_CONCURRENT_KERNEL, _MEMCPY, _MEMSET)
_NAMES = {_MEMCPY: "copy", _MEMSET: "fill"}
_START, _END, _NAME = 16, 24, 104
"""Where a record holds its begin and end, in nanoseconds, and the pointer to a kernel's name."""
_BUFFER_BYTES = 1 << 20
_ALIGNMENT = 64
_FORCED = 1
_MOST_NAME = 200
_LIBRARY = re.compile(r"(/\S*/libcupti\.so\S*)")

_Request = ctypes.CFUNCTYPE(
    None, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)
)
_Completed = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t
)

Record = tuple[str, float]
"""The name of a kernel, "copy" or "fill", and what it took, in milliseconds."""


class Unavailable(Exception):
    """CUPTI is not there, or refuses."""


class Activities:
    """What one process's GPU work was, from :meth:`begin` on. Not for use by two threads at once."""

    def __init__(self, library: Any) -> None:
        """``library`` has CUPTI's functions. Comes before any code of a pair, which might replace what this needs."""
        self._enable = library.cuptiActivityEnable
        self._disable = library.cuptiActivityDisable
        self._flush = library.cuptiActivityFlushAll
        self._register = library.cuptiActivityRegisterCallbacks
        self._next = library.cuptiActivityGetNextRecord
        self._buffers: dict[int, Any] = {}
        self._records: list[Record] = []
        self._callbacks = _Request(self._request), _Completed(self._completed)

    @staticmethod
    def of_torch() -> Activities | None:
        """The library that torch has loaded; None where it came with none."""
        try:
            with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
                found = next((match[1] for line in maps if (match := _LIBRARY.search(line))), None)
            return Activities(ctypes.CDLL(found)) if found is not None else None
        except (OSError, AttributeError):
            return None

    def begin(self) -> None:
        """Has CUPTI watch from now on. Raises :class:`Unavailable`."""
        self._check(self._register(*self._callbacks), "its callbacks")
        for kind in _KINDS:
            self._check(self._enable(ctypes.c_int(kind)), f"activities of kind {kind}")

    def take(self) -> list[Record]:
        """What was executed since the last time; the device must be idle. Raises :class:`Unavailable`."""
        self._check(self._flush(ctypes.c_uint32(_FORCED)), "a flush")
        records, self._records = self._records, []
        return records

    def take_after_wait(self) -> list[Record]:
        """Of that, what followed the kernel that waits. Raises :class:`Unavailable`."""
        records = self.take()
        names = [name for name, _ms in records]
        if WAIT_NAME not in names:
            raise Unavailable("CUPTI left out the kernel that waits")
        return records[names.index(WAIT_NAME) + 1 :]

    def end(self) -> None:
        """Has CUPTI watch no longer."""
        for kind in _KINDS:
            self._disable(ctypes.c_int(kind))

    def _check(self, status: int, what: str) -> None:
        if status != 0:
            raise Unavailable(f"CUPTI refused {what}: status {status}")

    def _request(self, buffer: Any, size: Any, most_records: Any) -> None:
        memory = ctypes.create_string_buffer(_BUFFER_BYTES + _ALIGNMENT)
        address = -(-ctypes.addressof(memory) // _ALIGNMENT) * _ALIGNMENT
        self._buffers[address] = memory
        buffer[0], size[0], most_records[0] = address, _BUFFER_BYTES, 0

    def _completed(self, _context: Any, _stream: int, buffer: int, _size: int, filled: int) -> None:
        record = ctypes.c_void_p()
        memory = self._buffers.pop(buffer, None)
        while (
            memory is not None
            and filled
            and self._next(ctypes.c_void_p(buffer), ctypes.c_size_t(filled), ctypes.byref(record)) == 0
            and record.value
        ):
            read = _read(record.value)
            if read is not None:
                self._records.append(read)


def _read(address: int) -> Record | None:
    kind = ctypes.c_uint32.from_address(address).value
    begin = ctypes.c_uint64.from_address(address + _START).value
    end = ctypes.c_uint64.from_address(address + _END).value
    if kind in (_KERNEL, _CONCURRENT_KERNEL):
        raw = ctypes.c_char_p.from_address(address + _NAME).value or b""
        name = readable(raw.decode("utf-8", "replace"))[:_MOST_NAME]
    else:
        name = _NAMES.get(kind, "")
    return (name, (end - begin) / 1e6) if name and end >= begin else None


@functools.lru_cache(maxsize=4096)
def readable(symbol: str) -> str:
    """A symbol as its source has it, where it is one of C++."""
    if not symbol.startswith("_Z"):
        return symbol
    try:
        library = ctypes.CDLL("libstdc++.so.6")
        demangle, free = library.__cxa_demangle, ctypes.CDLL(None).free
    except (OSError, AttributeError):
        return symbol
    demangle.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    status = ctypes.c_int()
    found = demangle(symbol.encode(), None, None, ctypes.byref(status))
    if not found or status.value != 0:
        return symbol
    text = ctypes.string_at(found).decode("utf-8", "replace")
    free(found)
    return text


class Profile(NamedTuple):
    """What one call had executed: by name the device milliseconds and how often, and how long its stream took."""

    spent: dict[str, tuple[float, float]]
    elapsed_ms: float


def profile_calls(
    function: Callable[..., Any], inputs: Any, activities: Activities, handles: Handles
) -> Profile:
    """The fastest of a few calls on a cold L2. Raises :class:`Unavailable`.

    A GPU that was idle runs at a fraction of its clock for a while, and a call of milliseconds may take twice as long
    then: so the GPU is woken before each, and what its stream took is measured around the very same call.
    """
    fastest: Profile | None = None
    try:
        activities.begin()
        for _ in range(_CALLS):
            given = Arguments.from_value(clone_value(inputs))
            begin, end = handles.new_event(), handles.new_event()
            handles.flush()
            handles.finish()
            activities.take()
            handles.wait_ms(_AWAKE_MS)
            handles.record(begin)
            function(*given.positional, **given.named)
            handles.record(end)
            handles.finish()
            spent: dict[str, tuple[float, float]] = {}
            for name, ms in activities.take():
                if name != WAIT_NAME:
                    before = spent.get(name, (0.0, 0.0))
                    spent[name] = before[0] + ms, before[1] + 1
            call = Profile(spent, handles.elapsed_ms(begin, end))
            if fastest is None or _busy_ms(call) < _busy_ms(fastest):
                fastest = call
    finally:
        activities.end()
    assert fastest is not None  # There is more than one call.
    return fastest


def _busy_ms(call: Profile) -> float:
    return sum(ms for ms, _launches in call.spent.values())
