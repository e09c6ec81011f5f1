"""The process that workers are forked from: torch and triton imported, and nothing of a pair in it.

A fork of it is ready in milliseconds where a fresh interpreter takes seconds. There is one zygote for each
mode, because Triton reads ``TRITON_INTERPRET`` when it is imported:

- ``cuda``: the kernels run on the GPU;
- ``interpreter``: Triton's interpreter runs them on the CPU;
- ``compile``: every launch is turned into a compilation for a chosen target;
- ``inductor``: TorchInductor writes a TRITON block, for a GPU that need not be there.

Invariant: a zygote never initialises CUDA (a process forked after cuInit has no CUDA), so it touches neither
``torch.cuda.is_available`` nor ``triton.runtime.driver.active``. ``tests/test_zygote.py`` holds it to that.

It runs no code of a pair, so it is the one to clean up: where the judge is killed its end of the control
channel closes, and the zygote ends all workers with what they started before it ends itself.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from fusewright_harness.channel import Channel, ChannelClosed
from fusewright_harness.containment.sandbox import Plan
from fusewright_harness.process_tree import adopt_orphans, children, kill_tree

MODES = ("cuda", "interpreter", "compile", "inductor")


def run_zygote(mode: str, control_fd: int) -> int:
    """Imports what workers need, then forks one for each request until the judge hangs up."""
    if mode not in MODES:
        print(f"unknown zygote mode {mode!r}", file=sys.stderr)
        return 2
    adopt_orphans()
    control = Channel(socket.socket(fileno=control_fd))
    try:
        problem, gaps = _import_all(mode)
        plan = Plan.of(mode)
    except Exception as error:
        control.send({"ready": False, "problem": f"{type(error).__name__}: {error}"})
        return 1
    gc.collect()
    gc.freeze()
    control.send({"ready": True, "problem": problem, "gaps": gaps})
    _Zygote(plan, control).serve()
    # Nothing is left to clean up, and the libraries' own tear-down takes long and complains.
    os._exit(0)


def _import_all(mode: str) -> tuple[str | None, list[str]]:
    """Why this mode cannot be used, or None, and what it cannot vouch for."""
    import torch
    import torch.testing
    import triton
    import triton.language  # noqa: F401

    torch.set_num_threads(1)
    import fusewright_harness.worker

    if mode == "interpreter":
        from fusewright_harness.interpreter import mend

        mend.apply()
        _import_roles()
        return mend.coverage(), mend.gaps()
    if mode == "inductor":
        from fusewright_harness.inductor import versions

        problem = versions.refusal()
        if problem is None:
            from fusewright_harness import author, inductor  # noqa: F401

            inductor.warm()
        return problem, []
    from fusewright_harness.warm import warm_compiler

    # A triton that it does not suit compiles its first kernel later, and slower.
    with suppress(Exception):
        warm_compiler()
    if mode == "compile":
        import fusewright_harness.interpreter.compile_check  # noqa: F401
    else:
        _import_roles()
    return None, []


def _import_roles() -> None:
    """What every worker would read from disk once its pair is there."""
    from fusewright_harness import candidate, reference  # noqa: F401


class _Zygote:
    def __init__(self, plan: Plan, control: Channel) -> None:
        self._plan = plan
        self._control = control
        self._workers: set[int] = set()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> None:
        """Forks and reaps until the judge hangs up; then ends every worker."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            while True:
                ready, _, _ = select.select([self._control, self._wake_read], [], [])
                if self._wake_read in ready:
                    self._drain_wakeups()
                    self._reap()
                if self._control in ready:
                    self._handle(*self._control.receive())
        except ChannelClosed:
            pass
        finally:
            for pid in list(self._workers):
                kill_tree(pid)
            self._end_orphans()

    def _handle(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "fork" in message and len(descriptors) == 1:
            self._fork(message, descriptors[0])
        elif isinstance(message.get("kill"), int) and message["kill"] in self._workers:
            kill_tree(message["kill"])

    def _fork(self, message: dict[str, Any], descriptor: int) -> None:
        pid = os.fork()
        if pid == 0:
            # The child must never return into the zygote's loop, whatever happens.
            try:
                # A group of its own, by which it is ended; seccomp keeps what it starts in there.
                os.setsid()
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                from fusewright_harness.worker import run_worker

                run_worker(self._plan, descriptor, message["scratch"])
            finally:
                os._exit(0)
        os.close(descriptor)
        self._workers.add(pid)
        self._control.send({"forked": pid})

    def _drain_wakeups(self) -> None:
        try:
            while os.read(self._wake_read, 4096):
                pass
        except BlockingIOError:
            pass

    def _reap(self) -> None:
        ended: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid in self._workers:
                self._workers.discard(pid)
                ended.append((pid, status))
        if ended:
            # What a worker left behind has become a child of this process.
            self._end_orphans()
        for pid, status in ended:
            self._control.send({"exited": pid, "status": os.waitstatus_to_exitcode(status)})

    def _end_orphans(self) -> None:
        # Orphans are this process's children. A compiler that a living worker starts meanwhile is that worker's.
        for pid in children(os.getpid()):
            if pid not in self._workers:
                kill_tree(pid)
