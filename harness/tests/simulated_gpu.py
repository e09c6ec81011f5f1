"""A simulated GPU with a clock of its own: streams of work without a card, so that ruling on times can be tested.

Nothing here is measured. Host and GPU advance a virtual time; work that is enqueued occupies its stream for as long as
it says.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.own_kernels import WAIT_NAME
from fusewright_harness.stopwatch import Handles, Stopwatch
from fusewright_harness.timekeeper import Timekeeper
from fusewright_harness.timing import Timing

FLUSH_MS = 0.04
EVENT_MS = 0.0015
LAUNCH_MS = 0.002
TOUCH_MS = 0.0005


class SimulatedGpu:
    """Virtual time in milliseconds; ``streams`` says when each stream is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.streams: dict[str, float] = {}
        self.whole = 0.0
        self.launch_ms = LAUNCH_MS
        """What a launch takes in the process whose turn it is."""
        self.kernels: list[tuple[str, float]] = []
        """What was executed, by the name that a profiler would give it, and its own milliseconds."""

    def work(self, ms: float, stream: str = "main", host_ms: float = 0.005, whole: bool = False) -> None:
        """Enqueues a kernel of that length, which costs the host a little.

        One that takes the ``whole`` GPU starts when all streams are done, and none starts beside it.
        """
        self.now += host_ms
        begin = max(self.streams.get(stream, 0.0), self.now, self.whole)
        if whole:
            begin = max([begin, *self.streams.values()])
            self.whole = begin + self.launch_ms + ms
        self.streams[stream] = begin + self.launch_ms + ms
        self.kernels.append((WAIT_NAME if whole else "kernel", ms))

    def event(self, event: dict[str, float]) -> None:
        self.streams["main"] = max(self.streams.get("main", 0.0), self.now) + EVENT_MS
        event["ms"] = self.streams["main"]

    def finish(self) -> None:
        self.now = max(self.now, *self.streams.values(), 0.0) + 0.01

    def handles(self) -> Handles:
        return Handles(
            new_event=dict,
            record=self.event,
            elapsed_ms=lambda begin, end: end["ms"] - begin["ms"],
            wait_ms=lambda ms: self.work(ms, whole=True),
            spin_ms=lambda ms: self.work(ms),
            touch=lambda _number: self.work(TOUCH_MS, host_ms=0.002),
            flush=lambda: self.work(FLUSH_MS),
            finish=self.finish,
            clock=lambda: self.now / 1e3,
        )


class SimulatedActivities:
    """What a simulated GPU executed, as CUPTI would tell; ``share`` of it, where that is to be wrong."""

    def __init__(self, gpu: SimulatedGpu, share: float = 1.0) -> None:
        self.gpu = gpu
        self.share = share

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def take(self) -> list[tuple[str, float]]:
        records, self.gpu.kernels = self.gpu.kernels, []
        return [(name, self.share * ms) for name, ms in records]

    def take_after_wait(self) -> list[tuple[str, float]]:
        records = self.take()
        return records[[name for name, _ms in records].index(WAIT_NAME) + 1 :]


class SimulatedWorker:
    """Answers the stopwatch's verbs in this process, as a worker would whose launches take ``launch_ms``."""

    def __init__(
        self, gpu: SimulatedGpu, function: Any, launches: int | None = None, launch_ms: float = LAUNCH_MS
    ) -> None:
        self.stopwatch = Stopwatch(gpu.handles())
        self.function = function
        self.gpu = gpu
        self.launches = launches
        self.launch_ms = launch_ms
        self.inputs = [((torch.full((4,), float(number)),), {}) for number in range(3)]
        self.reply: dict[str, Any] = {}
        self.calls = 0

    def ask(self, verb: str, _doing: str, **order: Any) -> None:
        self.gpu.now += 0.05
        if verb == "prepare":
            self.reply = self.stopwatch.prepare(self.inputs, order)
            self.calls = len(order["contents"]) * order["batch"]
        elif verb == "go":
            self.gpu.launch_ms = self.launch_ms
            self.reply = dict(self.stopwatch.go(self.function))
            self.gpu.launch_ms = LAUNCH_MS
            if self.launches is not None:
                self.reply["launches"] = self.launches * self.calls
        else:
            raise ValueError(verb)

    def answer(self) -> Any:
        self.gpu.now += 0.05
        return type("Answer", (), {"fields": self.reply})()


def whole_timing(keeper: Timekeeper) -> tuple[Timing, dict[str, float]]:
    """What a verdict's final line says of the times."""
    keeper.first()
    return keeper.confirm()
