"""Where pairs are judged: the lanes of this machine, one for each GPU and one for the interpreter.

On a GPU several pairs are in flight, of which one alone is timed (:mod:`turns`); in the interpreter as many as there
are cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch

from fusewright_harness import environment
from fusewright_harness.commission import Solo, ask_author, not_covered
from fusewright_harness.compiled_reference import CompiledTimes
from fusewright_harness.containment import layers
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault, harness_fault
from fusewright_harness.judge import Judge, Options, Team
from fusewright_harness.kernel_cache import KernelCache, block_key
from fusewright_harness.lanes import Lane
from fusewright_harness.scratch import Scratch
from fusewright_harness.sizes import OtherSizes, Sizes
from fusewright_harness.turns import Quiet
from fusewright_harness.verdict import Phases, Verdict
from fusewright_harness.workers import Worker, team_layers

Send = Callable[..., None]

_MOST_IN_FLIGHT = 12
_RULINGS_TO_KEEP = ("pass", "same", "slower")


class Bench:
    """Serves requests for verdicts. Safe for use by several threads, but for :meth:`prepare`."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 2
        torch.set_num_threads(max(1, cores // 2))
        self._scratch = Scratch()
        self._cache = KernelCache(self._scratch.folder())
        self._lock = threading.Lock()
        self._lanes: dict[str, list[Lane]] = {}
        self._teams: dict[int, Team | Solo] = {}
        self._compiled = CompiledTimes()
        self._quiet = Quiet()
        # A pair on a GPU keeps about two cores busy: its reference and its compiler.
        self._in_flight = {
            "cuda": max(1, min(_MOST_IN_FLIGHT, 3 * cores // 4)),
            "interpreter": max(1, cores // 2),
            "inductor": max(1, cores // 2),
        }
        self._free = {mode: threading.Semaphore(0) for mode in self._in_flight}
        self._devices: list[dict[str, Any]] | None = None

    def prepare(self, request: dict[str, Any]) -> None:
        """Starts the zygotes that a request needs. Only from the thread that lives as long as the bench."""
        if request["verb"] == "environment":
            return
        for mode in self._modes(request):
            if mode not in self._lanes:
                count = len(self._cuda()) if mode == "cuda" else 1
                numbers = range(count) if mode == "cuda" else [None]
                self._lanes[mode] = [
                    Lane(mode, self._scratch, self._cache, number, self._quiet) for number in numbers
                ]
                if mode in self._free:
                    self._free[mode].release(count * self._in_flight[mode])
            for lane in self._lanes[mode]:
                lane.start()

    def prewarm(self, request: dict[str, Any]) -> None:
        """Returns once all is ready that ``request``'s verdict would wait for. Runs no pair.

        Raises :class:`Fault` where the Python side does not start.
        """
        for mode in self._modes(request):
            for lane in self._lanes[mode]:
                lane.wait_warm()

    def environment(self) -> dict[str, Any]:
        """What this machine offers."""
        devices = self._cuda()
        contained = layers.probe("cuda" if devices else "interpreter")
        return {
            **environment.versions(),
            "device": devices[0] if devices else None,
            **environment.interpreter_coverage(),
            "containment": contained,
            "containment_missing": layers.missing(contained),
        }

    def verify(self, request: dict[str, Any], deadline: Deadline, send: Send) -> None:
        """Judges ``request``'s pair and sends the verdict line, before the workers are put away."""
        options = Options.of(request.get("options", {}))
        mode = self._mode(request)
        with self._place(mode, deadline, send) as lane:
            lane.use()
            device = self._device(lane, options.target)
            versions = environment.versions()
            phases = Phases()
            key = block_key(request["pair"]["triton"]["code"], versions, str(device.get("capability")))
            send("phase", phase="workers", message="starting workers")
            with phases.phase("workers"):
                problem = lane.wait_ready()
                if problem and mode == "interpreter":
                    raise harness_fault(problem, "InterpreterNotCovered")
                if gaps := lane.gaps():
                    versions["interpreter_gaps"] = gaps
            sizes = Sizes() if mode == "interpreter" else None
            while True:
                try:
                    verdict = Verdict(device, versions, phases)
                    self._judge(lane, request, deadline, verdict, sizes, key, send)
                    return
                except OtherSizes as other:
                    assert sizes is not None  # They alone raise it.
                    sizes = sizes.next(other)

    def _judge(
        self,
        lane: Lane,
        request: dict[str, Any],
        deadline: Deadline,
        verdict: Verdict,
        sizes: Sizes | None,
        key: str,
        send: Send,
    ) -> None:
        """Judges with a team of its own and sends the verdict line, unless it raises :class:`OtherSizes`."""
        options, versions = Options.of(request.get("options", {})), verdict.line()["environment"]
        with verdict.phases.phase("workers"):
            team = self._team(lane, deadline)
        try:
            with verdict.phases.phase("workers"):
                contained = {"containment": team_layers(team.members(), request)}
                verdict.set(environment={**versions, **contained})
                if lane.mode == "cuda":
                    self._cache.give(key, team.candidate.folder)
            if sizes is None or sizes.first:
                # Only now: waiting for a place, or for a first import of torch, is not the pair's own time.
                deadline.start(options.timeout_s)
            judge = Judge(
                request["pair"],
                options,
                team,
                verdict,
                lambda phase, message: send("phase", phase=phase, message=message),
                deadline,
                self._compiled,
                sizes,
            )

            def first(line: dict[str, Any]) -> None:
                send("first", verdict=line)
                # While this pair is audited, which nobody times.
                lane.fill()

            judge.rule(first)
            if deadline.cancelled.is_set():
                raise Cancelled
            line = verdict.line()
            send("verdict", verdict=line)
            if lane.mode == "cuda" and line["verdict"] in _RULINGS_TO_KEEP:
                self._cache.take(key, team.candidate.folder)
        finally:
            self._dismiss(lane, team, deadline)

    def compile(self, request: dict[str, Any], deadline: Deadline, send: Send) -> None:
        """Sends the kernels' resources and the first compile error of ``request``'s pair, which is not run."""
        options = Options.of(request.get("options", {}))
        verdict = Verdict({}, {})
        with self._place("interpreter", deadline, send) as lane:
            with verdict.phases.phase("workers"):
                team = self._team(lane, deadline)
            deadline.start(options.timeout_s)
            try:
                judge = Judge(request["pair"], options, team, verdict, lambda *_: None, deadline)
                send("compiled", kernels=judge.compile_only(), error=None)
            except Fault as fault:
                send("compiled", kernels=[], error=fault.as_dict())
            finally:
                self._dismiss(lane, team, deadline)

    def inductor(self, request: dict[str, Any], deadline: Deadline, send: Send) -> None:
        """Sends the TRITON block that TorchInductor writes for ``request``'s pair, or why it writes none."""
        options = Options.of(request.get("options", {}))
        with self._place("inductor", deadline, send) as lane:
            send("phase", phase="workers", message="starting TorchInductor")
            if problem := lane.wait_ready():
                send("written", kernel=None, error=not_covered(problem))
                return
            worker = lane.worker()
            with self._lock:
                self._teams[id(deadline)] = Solo(worker)
            try:
                team_layers([worker], request)
                deadline.start(options.timeout_s)
                send("phase", phase="inductor", message="asking TorchInductor for the kernel")
                send("written", **ask_author(worker, request["pair"], options.target, deadline))
            finally:
                with self._lock:
                    self._teams.pop(id(deadline), None)
                worker.end()

    def interrupt(self, deadline: Deadline) -> None:
        """Ends the team that works towards ``deadline``."""
        with self._lock:
            team = self._teams.get(id(deadline))
            members = team.members() if team is not None else []
        for worker in members:
            worker.interrupt()

    def stop(self) -> None:
        """Ends all zygotes and their workers."""
        for lanes in self._lanes.values():
            for lane in lanes:
                lane.stop()
        self._scratch.remove()

    def _modes(self, request: dict[str, Any]) -> list[str]:
        if request["verb"] == "inductor":
            return ["inductor"]
        return ["cuda", "interpreter"] if self._mode(request) == "cuda" else ["interpreter", "compile"]

    def _mode(self, request: dict[str, Any]) -> str:
        if request["verb"] == "compile":
            return "interpreter"
        wanted = request.get("options", {}).get("device", "auto")
        if wanted == "interpreter":
            return "interpreter"
        if wanted not in ("auto", "cuda"):
            raise harness_fault(f"there is no device {wanted!r}; use auto, cuda or interpreter", "BadOption")
        if self._cuda():
            return "cuda"
        if wanted == "cuda":
            raise harness_fault("no CUDA device is to be seen here; `fusewright doctor` says why", "NoDevice")
        return "interpreter"

    def _cuda(self) -> list[dict[str, Any]]:
        with self._lock:
            if self._devices is None:
                self._devices = environment.cuda_devices()
            return self._devices

    def _device(self, lane: Lane, target: str) -> dict[str, Any]:
        if lane.number is None:
            return environment.interpreter_device(target)
        return self._cuda()[lane.number]

    @contextmanager
    def _place(self, mode: str, deadline: Deadline, send: Send) -> Any:
        """A place on the lane of that mode that has the fewest pairs in flight."""
        free = self._free[mode]
        # The last pair's workers are still being put away when its verdict is out: that is no queue.
        if not free.acquire(timeout=0.5):
            send("phase", phase="queue", message="waiting for another pair")
            while not free.acquire(timeout=0.05):
                if deadline.cancelled.is_set():
                    raise Cancelled
        try:
            if deadline.cancelled.is_set():
                raise Cancelled
            with self._lock:
                lane = min(self._lanes[mode], key=lambda lane: lane.in_flight)
                lane.entered()
            try:
                yield lane
            finally:
                lane.left()
                lane.fill()
        finally:
            free.release()

    def _team(self, lane: Lane, deadline: Deadline) -> Team:
        reference, candidate = lane.workers(2)
        compiler = self._lanes["compile"][0].worker() if lane.mode == "interpreter" else None
        team = Team(reference, candidate, compiler, lambda: self._recruit(lane, team), turns=lane.turns)
        if lane.mode == "cuda":
            team.understudies = lambda opinion: self._understudies(team, opinion)
        with self._lock:
            self._teams[id(deadline)] = team
        return team

    def _understudies(self, team: Team, deadline: Deadline) -> Team:
        """A team of the interpreter's lane; its candidate is recruited when it is wanted."""
        lane = self._lanes["interpreter"][0]
        if problem := lane.wait_ready():
            raise harness_fault(problem, "InterpreterNotCovered")
        reference = lane.worker()
        second = Team(reference, reference, None, lambda: self._recruit(lane, second))
        with self._lock:
            team.second = second
        lane.fill()
        if deadline.cancelled.is_set():
            # Whoever ends the team may have done so before these were on it.
            reference.end()
            raise Cancelled
        return second

    def _recruit(self, lane: Lane, team: Team) -> Worker:
        worker = lane.worker()
        with self._lock:
            team.recruits.append(worker)
        return worker

    def _dismiss(self, lane: Lane, team: Team, deadline: Deadline) -> None:
        with self._lock:
            self._teams.pop(id(deadline), None)
        with lane.turns.quiet.noise():
            for worker in team.members():
                worker.kill()
            for worker in team.members():
                worker.end()
        if team.compiler is not None:
            self._lanes["compile"][0].fill()
