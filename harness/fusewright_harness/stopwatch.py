"""Device times of single calls on a cold L2, measured where the calls are made.

Each call of a slot gets inputs of its own in fresh memory, so neither a cached result nor a warm cache serves it.
Before a call the L2 is flushed, and a kernel that only waits keeps the GPU busy while the host enqueues the call:
what lies between the two events is then the device's time, not the host's launch path (NVIDIA, "CUDA C++ Best
Practices Guide", timing by events; the waiting kernel as in torch's own benchmarks).
"""

from __future__ import annotations

import time
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.transfer import clone_value

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_Event = torch.cuda.Event
_sleep = torch.cuda._sleep
_clock = time.perf_counter

_CYCLES_PER_MS = 2_000_000
"""Clock cycles a millisecond, rounded up for the fastest cards: too long a wait costs time, not truth."""


class Stopwatch:
    """Times the calls of one process. Times are in milliseconds."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._kept: list[Any] = []
        self._flush: torch.Tensor | None = None
        if device.type == "cuda":
            l2_bytes = torch.cuda.get_device_properties(device).L2_cache_size
            self._flush = torch.empty(max(2 * l2_bytes, 32 << 20), dtype=torch.uint8, device=device)
            self._zero = self._flush.zero_

    def slot(
        self, function: Any, inputs: list[Any], order: dict[str, Any], keep: bool = False
    ) -> dict[str, Any]:
        """Times ``order["calls"]`` calls, each on a fresh copy of one of ``inputs`` in turn.

        ``order["wait_ms"]`` is how long the GPU waits before a call while the host enqueues it; ``order["hosted"]``
        times the calls from the host instead, synchronising around each. Returns ``device_ms`` and ``enqueue_ms`` (or
        ``host_ms``) a call, and which input each took. With ``keep`` the outputs stay for :meth:`kept_output`.
        """
        first = order["first_input"]
        numbers = [(first + call) % len(inputs) for call in range(order["calls"])]
        arguments = [Arguments.from_value(clone_value(inputs[number])) for number in numbers]
        self._kept = []
        finish(self._device)
        timed = self._from_host if order.get("hosted") else self._from_device
        times = timed(function, arguments, order, self._kept if keep else None)
        return {**times, "inputs": numbers}

    def kept_output(self, call: int) -> Any:
        """What the call of that number in the last slot returned."""
        return self._kept[call]

    def _from_device(
        self, function: Any, arguments: list[Arguments], order: dict[str, Any], kept: Any
    ) -> Any:
        wait_cycles = int(order["wait_ms"] * _CYCLES_PER_MS)
        events = [(_Event(enable_timing=True), _Event(enable_timing=True)) for _ in arguments]
        enqueue_ms = []
        for given, (begin, end) in zip(arguments, events, strict=True):
            self._zero()
            _sleep(wait_cycles)
            begin.record()
            started = _clock()
            result = given.call(function)
            enqueue_ms.append((_clock() - started) * 1e3)
            end.record()
            if kept is not None:
                kept.append(result)
        finish(self._device)
        return {"device_ms": [begin.elapsed_time(end) for begin, end in events], "enqueue_ms": enqueue_ms}

    def _from_host(self, function: Any, arguments: list[Arguments], _order: dict[str, Any], kept: Any) -> Any:
        host_ms = []
        for given in arguments:
            self._zero()
            finish(self._device)
            started = _clock()
            result = given.call(function)
            finish(self._device)
            host_ms.append((_clock() - started) * 1e3)
            if kept is not None:
                kept.append(result)
        return {"host_ms": host_ms}
