"""Device times of calls on a cold L2, measured where the calls are made.

Each call of a slot gets inputs of its own in fresh memory, whose contents no call has seen, so neither a cached result
nor a warm cache serves it. Before a round the L2 is flushed, and a kernel that only waits keeps the GPU busy while the
host enqueues the round: what lies between the two events is then the device's time, not the host's launch path (NVIDIA,
"CUDA C++ Best Practices Guide", timing by events; the waiting kernel as in torch's own benchmarks). A round is one call
or, where one is too short for the events' resolution, several on distinct inputs.

A slot has two steps, so that the judge's own clock encloses the calls alone: ``prepare`` makes the inputs, ``go`` makes
the calls. Outputs that the judge may ask for are copied in the stream, right behind the event that ends a round: work
that the stream did not wait for is missing in the copy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.cupti import Activities, Unavailable
from fusewright_harness.mixing import Mixer
from fusewright_harness.own_kernels import TOUCHES, load_kernels
from fusewright_harness.transfer import clone_value
from fusewright_harness.values import take_apart

VERBS = ("prepare", "go", "stash", "timed_output")

# Bound before any code of the pair is loaded, which may replace it in torch's namespace.
_empty = torch.empty

_TOUCH_WINDOWS = 3
_TOUCH_WAIT_MS = 0.15
_CYCLES_PER_MS = 2_000_000
"""Clock cycles a millisecond, rounded up for the fastest cards: too long a wait costs time, not truth."""


@dataclass(frozen=True)
class Handles:
    """What a clock needs of CUDA, in C and bound before any code of the pair is loaded, which may replace the rest."""

    new_event: Callable[[], Any]
    record: Callable[[Any], None]
    elapsed_ms: Callable[[Any, Any], float]
    wait_ms: Callable[[float], None]
    """Keeps the stream, and where it can be the whole GPU, busy that long; returns at once."""
    spin_ms: Callable[[float], None]
    """The same on one multiprocessor, for a time that is proportional to what was asked for."""
    touch: Callable[[int], None] | None
    """Launches a kernel that does next to nothing on the memory of that number; None where there is none."""
    flush: Callable[[], Any]
    """Empties the L2 cache, in the stream."""
    finish: Callable[[], None]
    """Returns once all streams of the device are done."""
    clock: Callable[[], float]
    """Seconds."""


def cuda_handles(device: torch.device) -> Handles:
    """The handles of a CUDA device, on the stream that is current now."""
    base = torch._C._CudaEventBase
    record, elapsed, sleep = base.record, base.elapsed_time, torch._C._cuda_sleep
    stream = torch.cuda.current_stream(device)
    l2_bytes = torch.cuda.get_device_properties(device).L2_cache_size
    buffer = torch.empty(max(2 * l2_bytes, 32 << 20), dtype=torch.uint8, device=device)

    own = load_kernels(device, stream.cuda_stream)

    def spin(ms: float) -> None:
        sleep(int(ms * _CYCLES_PER_MS))

    return Handles(
        new_event=lambda: base(enable_timing=True),
        record=lambda event: record(event, stream),
        elapsed_ms=elapsed,
        wait_ms=own.wait_ms if own is not None else spin,
        spin_ms=spin,
        touch=own.touch if own is not None else None,
        flush=buffer.zero_,
        finish=torch._C._cuda_synchronize,
        clock=time.perf_counter,
    )


_prepared: dict[torch.device, Handles] = {}


def prepare_handles(device: torch.device) -> None:
    """Makes a device's handles ahead of need, for the first stopwatch on it: a tenth of a second at first."""
    handles = _prepared[device] = cuda_handles(device)
    # A kernel's first launch takes longer.
    Stopwatch(handles, device).launch_ms()


class Stopwatch:
    """Times the calls of one process. Times are in milliseconds."""

    def __init__(
        self,
        handles: Handles | None,
        device: torch.device | None = None,
        activities: Activities | None = None,
    ) -> None:
        self.handles = handles
        self.activities = activities
        self._device = device or torch.device("cpu")
        self._order: dict[str, Any] = {}
        self._arguments: list[Arguments] = []
        self._kept: list[Any] = []
        self._stashed: list[Any] = []
        self._filler: list[torch.Tensor] = []
        self._mixers: dict[tuple[int, int], Mixer] = {}

    @staticmethod
    def on(device: torch.device) -> Stopwatch:
        """A stopwatch for a device; one without CUDA answers no verb."""
        if device.type != "cuda":
            return Stopwatch(None, device)
        handles = _prepared.pop(device, None) or cuda_handles(device)
        return Stopwatch(handles, device, Activities.of_torch())

    def prepare(self, inputs: list[Any], order: dict[str, Any]) -> dict[str, Any]:
        """Makes the inputs of a slot: ``order["rounds"]`` times ``order["batch"]`` calls.

        ``order["contents"]`` names, for each round, the number of the inputs that its calls get, or the numbers of two
        and a seed to mix them with. ``order["filler"]`` lists the bytes of blocks to put before them, so that slots
        differ in where their memory lies, and ``order["reserve"]`` the bytes that the calls will allocate.
        """
        self.rest()
        self._order = order
        self._filler = [_empty(size, dtype=torch.uint8, device=self._device) for size in order["filler"]]
        for content in order["contents"]:
            value = self._content(inputs, content)
            # The mixture is in fresh memory already; further calls of the round take copies.
            copies = [value, *(clone_value(value) for _ in range(order["batch"] - 1))]
            self._arguments += [Arguments.from_value(copy) for copy in copies]
        # Fetched from the driver now and left to torch, or the first calls of a slot would wait for the driver.
        _empty(order["reserve"], dtype=torch.uint8, device=self._device)
        assert self.handles is not None  # A judge without a GPU times nothing.
        self.handles.finish()
        return {}

    def go(self, function: Any) -> dict[str, Any]:
        """Makes the calls that were prepared, as ``order["how"]`` says.

        - ``device``: ``device_ms`` and ``enqueue_ms`` of each round, divided by its calls; the GPU waits
          ``order["wait_ms"]`` before a round. With ``order["keep"]`` the outputs stay for :meth:`stash`. With
          ``order["costs"]`` there is ``launch_ms`` too: what a launch took in each of a few windows before the calls.
        - ``kernels``: ``busy_ms`` and ``records`` of each round, divided by its calls: what the kernels took by CUPTI,
          without what lies between them, and how many there were; or a ``problem``.
        - ``host``: ``host_ms`` of each call, synchronising around it.
        """
        arguments, self._arguments = self._arguments, []
        ways = {"device": self._from_device, "kernels": self._from_kernels, "host": self._from_host}
        return ways[self._order["how"]](function, arguments)

    def stash(self, call: int) -> dict[str, Any]:
        """Keeps what the call of that number in the last slot gave, as the stream had it when the call was over.

        That is what it returned, or its arguments where it returned no tensor. Handing it over takes the driver, which
        may be busy with another process; so that is done once nobody waits.
        """
        self._stashed.append(self._kept[call])
        return {"index": len(self._stashed) - 1}

    def stashed_output(self, index: int) -> Any:
        """What was stashed as number ``index``; it is given up."""
        output, self._stashed[index] = self._stashed[index], None
        return output

    def rest(self) -> None:
        """Gives the last slot's memory up."""
        self._arguments, self._kept, self._filler = [], [], []
        if self._order.get("large") and self._device.type == "cuda":
            # Blocks of gigabytes do not fit into one another's gaps: kept, they would pile up slot by slot.
            torch.cuda.empty_cache()

    def _from_device(self, function: Any, arguments: list[Arguments]) -> dict[str, Any]:
        assert self.handles is not None  # As in `prepare`.
        record, flush, wait, clock = (
            self.handles.record,
            self.handles.flush,
            self.handles.wait_ms,
            self.handles.clock,
        )
        launch_ms = self.launch_ms() if self._order["costs"] else []
        batch, wait_ms, keep = self._order["batch"], self._order["wait_ms"], self._order["keep"]
        events = [(self.handles.new_event(), self.handles.new_event()) for _ in self._order["contents"]]
        enqueue_ms = []
        for number, (begin, end) in enumerate(events):
            calls = arguments[number * batch : (number + 1) * batch]
            results = None
            flush()
            wait(wait_ms)
            record(begin)
            started = clock()
            results = [function(*given.positional, **given.named) for given in calls]
            enqueue_ms.append((clock() - started) * 1e3 / batch)
            record(end)
            if keep:
                self._kept += [
                    clone_value(_outputs(result, given)) for result, given in zip(results, calls, strict=True)
                ]
        self.handles.finish()
        elapsed = self.handles.elapsed_ms
        device_ms = [elapsed(begin, end) / batch for begin, end in events]
        return {"device_ms": device_ms, "enqueue_ms": enqueue_ms, "launch_ms": launch_ms}

    def launch_ms(self) -> list[float]:
        """What a launch takes in this process, a few times: kernels that do next to nothing, one after another.

        The device is idle before, so nothing that a call left behind is in it.
        """
        assert self.handles is not None  # As in `prepare`.
        touch = self.handles.touch
        if touch is None:
            return []
        events = [(self.handles.new_event(), self.handles.new_event()) for _ in range(_TOUCH_WINDOWS)]
        for begin, end in events:
            self.handles.flush()
            self.handles.wait_ms(_TOUCH_WAIT_MS)
            self.handles.record(begin)
            for number in range(TOUCHES):
                touch(number)
            self.handles.record(end)
        self.handles.finish()
        return [self.handles.elapsed_ms(begin, end) / TOUCHES for begin, end in events]

    def _from_kernels(self, function: Any, arguments: list[Arguments]) -> dict[str, Any]:
        assert self.handles is not None  # As in `prepare`.
        if self.activities is None:
            return {"problem": "torch came without CUPTI"}
        batch, busy_ms, records = self._order["batch"], [], []
        try:
            self.activities.begin()
            for number in range(len(self._order["contents"])):
                calls = arguments[number * batch : (number + 1) * batch]
                self.handles.finish()
                self.activities.take()
                self.handles.flush()
                # CUPTI makes each launch take the host longer.
                self.handles.wait_ms(2 * self._order["wait_ms"])
                results = [function(*given.positional, **given.named) for given in calls]
                self.handles.finish()
                executed = self.activities.take_after_wait()
                if self._order["keep"]:
                    self._kept += [
                        clone_value(_outputs(result, given))
                        for result, given in zip(results, calls, strict=True)
                    ]
                busy_ms.append(sum(ms for _name, ms in executed) / batch)
                records.append(len(executed) / batch)
        except Unavailable as refusal:
            return {"problem": str(refusal)}
        finally:
            self.activities.end()
        return {"busy_ms": busy_ms, "records": records}

    def _content(self, inputs: list[Any], content: Any) -> Any:
        match content:
            case [int(first), int(second), int(seed)]:
                if (first, second) not in self._mixers:
                    self._mixers[first, second] = Mixer(inputs[first], inputs[second])
                return self._mixers[first, second].mixture(seed)
            case int(number):
                return clone_value(inputs[number])
        raise ValueError(f"no inputs are called {content!r}")

    def _from_host(self, function: Any, arguments: list[Arguments]) -> dict[str, Any]:
        assert self.handles is not None  # As in `prepare`.
        flush, finish, clock = self.handles.flush, self.handles.finish, self.handles.clock
        host_ms = []
        for given in arguments:
            flush()
            finish()
            started = clock()
            function(*given.positional, **given.named)
            finish()
            host_ms.append((clock() - started) * 1e3)
        return {"host_ms": host_ms}


def _outputs(result: Any, given: Arguments) -> Any:
    return result if take_apart(result)[1] else given.as_value()
