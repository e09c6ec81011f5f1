"""Where pairs are judged: the zygotes of this machine, spare workers, and whose turn it is.

One pair is timed at a time on a GPU, so pairs take turns there; in the interpreter as many run as there are cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch

from fusewright_harness import environment
from fusewright_harness.case import Options, Team
from fusewright_harness.faults import Cancelled, Fault, harness_fault
from fusewright_harness.judge import Judge
from fusewright_harness.scratch import Scratch
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Deadline, Worker, Zygote

Send = Callable[..., None]


class Bench:
    """Serves requests for verdicts. Safe for use by several threads, but for :meth:`prepare`."""

    def __init__(self) -> None:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
        self._scratch = Scratch()
        self._zygotes: dict[str, Zygote] = {}
        self._spares: dict[str, list[Worker]] = {}
        self._lock = threading.Lock()
        self._teams: dict[int, Team] = {}
        self._turns = {
            "cuda": threading.Semaphore(1),
            "interpreter": threading.Semaphore(max(1, (os.cpu_count() or 2) // 2)),
        }
        self._device: dict[str, Any] | None = None
        self._looked = False

    def prepare(self, request: dict[str, Any]) -> None:
        """Starts the zygotes that a request needs. Only from the thread that lives as long as the bench."""
        if request["verb"] == "environment":
            return
        for mode in self._modes(request):
            zygote = self._zygotes.get(mode)
            if zygote is None or not zygote.alive():
                self._zygotes[mode] = Zygote(mode, self._scratch)
                self._spares[mode] = []

    def environment(self) -> dict[str, Any]:
        """What this machine offers."""
        return {
            **environment.versions(),
            "device": self._cuda(),
            "interpreter": self._interpreter_problem() or True,
        }

    def verify(self, request: dict[str, Any], deadline: Deadline, send: Send) -> None:
        """Judges ``request``'s pair and sends the verdict line, before the workers are put away."""
        options = Options.of(request.get("options", {}))
        mode = self._mode(request)
        with self._turn(mode, deadline, send):
            device = self._cuda() if mode == "cuda" else environment.interpreter_device(options.target)
            verdict = Verdict(device or {}, environment.versions())
            send("phase", phase="workers", message="starting workers")
            with verdict.phases.phase("workers"):
                problem = self._zygotes[mode].wait_ready()
                if problem and mode == "interpreter":
                    raise harness_fault(problem, "InterpreterNotCovered")
                team = self._team(mode, deadline)
            # Only now: waiting for a turn, or for a first import of torch, is not the pair's own time.
            deadline.start(options.timeout_s)
            try:
                judge = Judge(
                    request["pair"],
                    options,
                    team,
                    verdict,
                    lambda phase, message: send("phase", phase=phase, message=message),
                    deadline,
                )
                judge.rule(lambda line: send("first", verdict=line))
                if deadline.cancelled.is_set():
                    raise Cancelled
                send("verdict", verdict=verdict.line())
            finally:
                self._dismiss(team, deadline)

    def compile(self, request: dict[str, Any], deadline: Deadline, send: Send) -> None:
        """Sends the kernels' resources and the first compile error of ``request``'s pair, which is not run."""
        options = Options.of(request.get("options", {}))
        verdict = Verdict({}, {})
        with self._turn("interpreter", deadline, send):
            with verdict.phases.phase("workers"):
                team = self._team("interpreter", deadline)
            deadline.start(options.timeout_s)
            try:
                judge = Judge(request["pair"], options, team, verdict, lambda *_: None, deadline)
                send("compiled", kernels=judge.compile_only(), error=None)
            except Fault as fault:
                send("compiled", kernels=[], error=fault.as_dict())
            finally:
                self._dismiss(team, deadline)

    def interrupt(self, deadline: Deadline) -> None:
        """Ends the team that works towards ``deadline``."""
        with self._lock:
            team = self._teams.get(id(deadline))
            members = team.members() if team is not None else []
        for worker in members:
            worker.interrupt()

    def stop(self) -> None:
        """Ends all zygotes and their workers."""
        for zygote in self._zygotes.values():
            zygote.stop()
        self._scratch.remove()

    def _modes(self, request: dict[str, Any]) -> list[str]:
        return ["cuda"] if self._mode(request) == "cuda" else ["interpreter", "compile"]

    def _mode(self, request: dict[str, Any]) -> str:
        if request["verb"] == "compile":
            return "interpreter"
        wanted = request.get("options", {}).get("device", "auto")
        if wanted == "interpreter":
            return "interpreter"
        if wanted not in ("auto", "cuda"):
            raise harness_fault(f"there is no device {wanted!r}; use auto, cuda or interpreter", "BadOption")
        if self._cuda() is not None:
            return "cuda"
        if wanted == "cuda":
            raise harness_fault("no CUDA device is to be seen here; `fusewright doctor` says why", "NoDevice")
        return "interpreter"

    def _cuda(self) -> dict[str, Any] | None:
        with self._lock:
            if not self._looked:
                self._device = environment.cuda_device()
                self._looked = True
            return self._device

    def _interpreter_problem(self) -> str | None:
        try:
            import triton  # noqa: F401
        except ImportError as error:
            return str(error)
        return None

    @contextmanager
    def _turn(self, mode: str, deadline: Deadline, send: Send) -> Any:
        turn = self._turns[mode]
        # The last pair's workers are still being put away when its verdict is out: that is no queue.
        if not turn.acquire(timeout=0.5):
            send("phase", phase="queue", message="waiting for another pair")
            while not turn.acquire(timeout=0.05):
                if deadline.cancelled.is_set():
                    raise Cancelled
        try:
            if deadline.cancelled.is_set():
                raise Cancelled
            yield
        finally:
            turn.release()

    def _team(self, mode: str, deadline: Deadline) -> Team:
        reference, candidate = self._worker(mode), self._worker(mode)
        compiler = self._worker("compile") if mode == "interpreter" else None
        team = Team(reference, candidate, compiler, lambda: self._recruit(mode, team))
        with self._lock:
            self._teams[id(deadline)] = team
        return team

    def _recruit(self, mode: str, team: Team) -> Worker:
        worker = self._worker(mode)
        with self._lock:
            team.recruits.append(worker)
        return worker

    def _worker(self, mode: str) -> Worker:
        with self._lock:
            spares = self._spares[mode]
            if spares:
                return spares.pop()
        return self._zygotes[mode].fork()

    def _dismiss(self, team: Team, deadline: Deadline) -> None:
        with self._lock:
            self._teams.pop(id(deadline), None)
        for worker in team.members():
            worker.end()
        for mode in ("cuda",) if team.compiler is None else ("interpreter", "compile"):
            self._keep_spares(mode, 2 if mode != "compile" else 1)

    def _keep_spares(self, mode: str, wanted: int) -> None:
        """Forks the next pair's workers ahead, so that their CUDA contexts are made while nobody waits."""
        zygote = self._zygotes[mode]
        while zygote.alive() and len(self._spares[mode]) < wanted:
            try:
                spare = zygote.fork()
            except Fault:
                return
            with self._lock:
                self._spares[mode].append(spare)
