"""The judge's side of its zygotes: starting one, having it fork workers, ending it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from typing import Any

from fusewright_harness.channel import Channel, ChannelClosed, ChannelGarbled
from fusewright_harness.faults import Fault, harness_fault
from fusewright_harness.process_tree import kill_tree
from fusewright_harness.scratch import Scratch
from fusewright_harness.workers import AGAIN, Worker

_START_LIMIT_S = 120.0
_END_LIMIT_S = 5.0

# The folder that a process starts in is not a place to import from; older Pythons start in "/" instead.
_UNPATHED = ("-P",) if sys.version_info >= (3, 11) else ()

# What torch and triton need of the user's environment; everything else, keys above all, stays outside.
_PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_VISIBLE_DEVICES",
    "LANG",
    "LC_ALL",
    "CC",
    "VIRTUAL_ENV",
)


class Zygote:
    """One running zygote. Safe for use by several threads."""

    def __init__(self, mode: str, scratch: Scratch, more: dict[str, str] | None = None) -> None:
        """Starts the process, with ``more`` in its environment; :meth:`wait_ready` tells when it can fork."""
        self.mode = mode
        self.scratch = scratch
        self._channel, theirs = Channel.pair()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            "PYTHONUNBUFFERED": "1",
        }
        if mode == "interpreter":
            environment["TRITON_INTERPRET"] = "1"
        environment |= more or {}
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *_UNPATHED,
                    "-m",
                    "fusewright_harness",
                    "zygote",
                    mode,
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                # Whoever ends the judge with its group leaves the zygote the time to end its workers.
                start_new_session=True,
            )
        self._send_lock = threading.Lock()
        self._news = threading.Condition()
        self._forked: list[int] = []
        self._exited: dict[int, int] = {}
        self._ready: dict[str, Any] | None = None
        self._gone = False
        self._fork_lock = threading.Lock()
        threading.Thread(target=self._listen, name=f"zygote-{mode}", daemon=True).start()

    def wait_ready(self) -> str | None:
        """Waits until it can fork; returns what it cannot do, as a sentence, or None.

        Raises :class:`Fault` where it did not start.
        """
        with self._news:
            self._news.wait_for(lambda: self._ready is not None or self._gone, _START_LIMIT_S)
            if self._ready is None or not self._ready.get("ready"):
                why = (self._ready or {}).get("problem") or "its process ended before it was ready"
                raise harness_fault(f"the Python side did not start: {why}", "StartError")
            return self._ready.get("problem")

    def gaps(self) -> list[str]:
        """The operations that it cannot vouch for, once it is ready."""
        return list((self._ready or {}).get("gaps", []))

    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._gone

    def fork(self) -> Worker:
        """A fresh worker, which has yet to be assigned a role."""
        self.wait_ready()
        channel, theirs = Channel.pair()
        scratch = self.scratch.folder()
        with self._fork_lock, theirs:
            self._send({"fork": True, "scratch": scratch}, [theirs.fileno()])
            with self._news:
                if not self._news.wait_for(lambda: self._forked or self._gone, _END_LIMIT_S) or self._gone:
                    raise harness_fault(f"a worker could not be started: {AGAIN}")
                pid = self._forked.pop()
        try:
            return Worker(self, channel, pid, scratch)
        except ChannelClosed as error:
            raise harness_fault(f"a worker ended as soon as it was started: {AGAIN}") from error

    def kill(self, pid: int) -> None:
        """Ends a worker with all that it started."""
        try:
            self._send({"kill": pid})
        except Fault:
            # The zygote is gone, and its workers with it: they end with their parent.
            pass

    def wait(self, pid: int, limit_s: float) -> int | None:
        """The exit status of a worker that ended (negative: by that signal), or None while it runs."""
        with self._news:
            self._news.wait_for(lambda: pid in self._exited or self._gone, limit_s)
            return self._exited.get(pid)

    def stop(self) -> None:
        """Ends the zygote and its workers."""
        self._channel.shut()
        try:
            # While it imports it hears nothing, and has no workers to end.
            self._process.wait(_END_LIMIT_S if self._ready is not None else 0.0)
        except subprocess.TimeoutExpired:
            kill_tree(self._process.pid)
            self._process.wait()

    def _send(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        with self._send_lock:
            try:
                self._channel.send(message, descriptors)
            except ChannelClosed as error:
                raise harness_fault(f"the process that starts workers has ended: {AGAIN}") from error

    def _listen(self) -> None:
        receiver = Channel(socket.socket(fileno=os.dup(self._channel.fileno())))
        try:
            while True:
                message, _descriptors = receiver.receive()
                with self._news:
                    if "ready" in message:
                        self._ready = message
                    elif isinstance(message.get("forked"), int):
                        self._forked.append(message["forked"])
                    elif isinstance(message.get("exited"), int):
                        self._exited[message["exited"]] = message.get("status", 0)
                    self._news.notify_all()
        except (ChannelClosed, ChannelGarbled):
            with self._news:
                self._gone = True
                self._news.notify_all()
        finally:
            receiver.close()
            self._process.poll()
