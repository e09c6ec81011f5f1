"""One device's zygote, its spare workers, and the turns on it."""

from __future__ import annotations

import os
import threading

import torch

from fusewright_harness.compare import Expected, compare
from fusewright_harness.faults import Fault
from fusewright_harness.kernel_cache import KernelCache
from fusewright_harness.scratch import Scratch
from fusewright_harness.timed import judges_clock
from fusewright_harness.turns import Quiet, Turns
from fusewright_harness.workers import Worker
from fusewright_harness.zygotes import Zygote

_SPARES = 4
"""A pair takes two workers, and the next one's are ready before it has ended."""
_MAKERS = max(1, min(4, (os.cpu_count() or 2) // 4))
"""How many workers are made at once: the driver makes contexts one after another, and what goes before and after takes
the processor several times as long."""
_CONTEXT_BYTES = 600 << 20
"""About what a process's CUDA context takes of the GPU's memory."""
_CONTEXT_SHARE = 0.06
"""What spare workers may take of it together."""


class Lane:
    """Where pairs of one mode are worked on: ``cuda`` on one GPU, or one of the zygote's other modes."""

    def __init__(
        self,
        mode: str,
        scratch: Scratch,
        cache: KernelCache,
        number: int | None = None,
        quiet: Quiet | None = None,
    ) -> None:
        """Starts nothing; :meth:`start` does. ``number`` is the GPU's, as this process counts them."""
        self.mode = mode
        self.number = number
        self.turns = Turns(quiet)
        self.in_flight = 0
        self._scratch = scratch
        self._cache = cache
        self._zygote: Zygote | None = None
        self._spares: list[Worker] = []
        self._making = 0
        self._preparing: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts the zygote where none runs. Zygotes end with the thread that started them."""
        if self._zygote is not None and self._zygote.alive():
            return
        environment = {"TRITON_CACHE_DIR": self._scratch.folder()}
        if self.mode == "inductor":
            # What it writes is the same with and without a GPU, since it sees none.
            environment["CUDA_VISIBLE_DEVICES"] = ""
            environment["TORCHINDUCTOR_CACHE_DIR"] = environment["TRITON_CACHE_DIR"]
        if self.mode == "cuda":
            environment["FUSEWRIGHT_KERNEL_SEED"] = self._cache.seed
            environment["CUDA_VISIBLE_DEVICES"] = _visible(self.number or 0)
            # A context has its hardware queues from the start. With the usual eight, a worker that is made keeps the
            # driver busy three times as long (measured on an H200), and all others wait for the driver meanwhile.
            environment["CUDA_DEVICE_MAX_CONNECTIONS"] = "1"
        self._zygote = Zygote(self.mode, self._scratch, environment)
        with self._lock:
            self._spares = []
        self._preparing = threading.Thread(target=self._prepare, name=f"prepare-{self.mode}", daemon=True)
        self._preparing.start()

    def wait_ready(self) -> str | None:
        """Waits for the zygote; returns what it cannot do, or None. Raises :class:`Fault` where it did not start."""
        return self._running().wait_ready()

    def wait_warm(self) -> None:
        """Waits for the first pair's workers too. Raises :class:`Fault` where the zygote did not start."""
        self.wait_ready()
        if self._preparing is not None:
            self._preparing.join()

    def gaps(self) -> list[str]:
        """The operations that its zygote, which is ready, cannot vouch for."""
        return self._running().gaps()

    def use(self) -> None:
        """Makes this lane's GPU the present thread's."""
        if self.number is not None:
            torch.cuda.set_device(self.number)

    def worker(self) -> Worker:
        """A fresh worker, warm where one was ready."""
        (worker,) = self.workers(1)
        return worker

    def workers(self, count: int) -> list[Worker]:
        """So many fresh workers, warm where some were ready; the others get ready side by side."""
        with self._lock:
            found, self._spares = self._spares[:count], self._spares[count:]
        if len(found) == count:
            return found
        with self.turns.quiet.noise():
            try:
                while len(found) < count:
                    found.append(self._running().fork())
                for worker in found if self.mode == "cuda" else ():
                    worker.layers()
            except Fault:
                for worker in found:
                    worker.end()
                raise
        return found

    def entered(self) -> None:
        """One more pair is in flight here."""
        with self._lock:
            self.in_flight += 1

    def left(self) -> None:
        """One pair fewer is in flight here."""
        with self._lock:
            self.in_flight -= 1

    def fill(self) -> None:
        """Has the next pairs' workers made ready while nobody waits for them."""
        for _ in range(_MAKERS):
            threading.Thread(target=self._fill, name=f"fill-{self.mode}", daemon=True).start()

    def stop(self) -> None:
        """Ends the zygote and its workers."""
        if self._zygote is not None:
            self._zygote.stop()

    def _running(self) -> Zygote:
        assert self._zygote is not None  # Set by `start`, which comes before every use.
        return self._zygote

    def _prepare(self) -> None:
        if self.mode == "cuda":
            self.use()
            self._plant_seed()
            warm_judge(self.turns)
        self._fill()

    def _plant_seed(self) -> None:
        try:
            worker = self._ready_worker()
            self._cache.plant(worker.folder)
            worker.end()
        except Fault:
            # A machine on which no worker starts says so to the first pair.
            pass

    def _fill(self) -> None:
        self._shrink()
        while self._begin_making():
            spare: Worker | None = None
            try:
                # No turn: what a process does to a GPU as it starts does not show in the medians of a timing.
                with self.turns.quiet.noise():
                    spare = self._ready_worker()
            except Fault:
                # Whoever needs a worker next is told why there is none.
                return
            finally:
                with self._lock:
                    self._making -= 1
                    self._spares += [spare] if spare is not None else []

    def _ready_worker(self) -> Worker:
        worker = self._running().fork()
        try:
            worker.ask("ready", "starting")
            worker.answer()
        except Fault:
            worker.end()
            raise
        return worker

    def _begin_making(self) -> bool:
        """Counts one more worker that is being made, where one is missing and no more are made at once than may be."""
        wanted = self._wanted() if self._running().alive() else 0
        with self._lock:
            if self._making >= _MAKERS or len(self._spares) + self._making >= wanted:
                return False
            self._making += 1
            return True

    def _shrink(self) -> None:
        """Ends the spares that only a crowd of pairs in flight needed, once it is gone."""
        while True:
            with self._lock:
                if self.in_flight or len(self._spares) <= self._wanted():
                    return
                surplus = self._spares.pop()
            surplus.end()

    def _wanted(self) -> int:
        if self.mode in ("compile", "inductor"):
            return max(1, self.in_flight)
        wanted = max(_SPARES, 2 * self.in_flight)
        if self.mode != "cuda":
            return wanted
        memory = torch.cuda.get_device_properties(self.number or 0).total_memory
        return max(2, min(wanted, int(_CONTEXT_SHARE * memory / _CONTEXT_BYTES)))


def warm_judge(turns: Turns) -> None:
    """Has the judge's own process pay on the GPU what a first comparison and a first timing pay."""
    with turns.shared():
        for dtype in (torch.float32, torch.float16, torch.int64):
            declared = (torch.rand(64, 64, device="cuda") * 8).to(dtype)
            wide = declared.double() if dtype.is_floating_point else None
            compare(Expected(declared, wide, []), declared.clone())
    with turns.alone():
        judges_clock()


def _visible(number: int) -> str:
    """What ``CUDA_VISIBLE_DEVICES`` must be for a process to see that GPU alone."""
    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return named[number].strip() if number < len(named) else str(number)
