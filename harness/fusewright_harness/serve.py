"""The harness as the engine sees it: requests and replies, one JSON object a line, on standard input and output.

Requests: ``prewarm`` what a verdict needs, ``verify`` and ``compile`` a pair, have ``inductor`` write one's kernel,
``cancel`` one of these, tell the ``environment``. Replies carry the request's ``id`` and an ``event``: "warm", "phase",
"first", "verdict", "compiled", "written", "environment" or "failed". Standard error is the log. The end of standard
input ends the harness and every process that it started.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import traceback
from typing import Any

from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.process_tree import adopt_orphans, descendants, kill_tree

_QUEUE_LIMIT_S = 24 * 3600.0


class Replies:
    """Writes replies whole, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, reply: dict[str, Any]) -> None:
        """Writes one line; an engine that no longer reads is no error here."""
        data = json.dumps(_speakable(reply), ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                pass


def _speakable(value: Any) -> Any:
    """JSON has no NaN and no infinity: such a number is left out."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _speakable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_speakable(part) for part in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def serve() -> int:
    """Serves until standard input ends; returns the exit status."""
    # Whatever else this process or its children print must not get between the replies.
    replies = Replies(os.dup(1))
    os.dup2(2, 1)
    requests, null = os.fdopen(os.dup(0), "rb"), os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    adopt_orphans()
    replies.send({"event": "ready"})
    server = Server(replies)
    try:
        for line in requests:
            server.handle(line)
    finally:
        server.stop()
        for pid in descendants(os.getpid()):
            kill_tree(pid)
    # Threads of requests that were given up may still wait; nothing is left for them to do.
    os._exit(0)


class Server:
    """Reads requests on one thread and serves each on a thread of its own."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._bench: Any = None
        self._running: dict[Any, Deadline] = {}
        self._lock = threading.Lock()

    def handle(self, line: bytes) -> None:
        """Takes one request. One that is damaged is answered, not fatal."""
        try:
            request = json.loads(line)
            verb, number = request["verb"], request.get("id")
        except (ValueError, KeyError, TypeError, RecursionError):
            sys.stderr.write("a request is not a JSON object with a verb\n")
            return
        if verb == "cancel":
            self._cancel(number)
        elif verb in ("prewarm", "verify", "compile", "inductor", "environment"):
            try:
                # Zygotes end with the thread that started them, so it is this one, which lives longest.
                bench = self._start(request)
            except Exception as error:
                self._fail(number, error)
                return
            deadline = Deadline(_QUEUE_LIMIT_S)
            with self._lock:
                self._running[number] = deadline
            arguments = (bench, request, deadline)
            threading.Thread(
                target=self._serve, args=arguments, name=f"request-{number}", daemon=True
            ).start()
        else:
            self._replies.send({"id": number, "event": "failed", "message": f"there is no verb {verb!r}"})

    def stop(self) -> None:
        """Ends every worker and zygote."""
        if self._bench is not None:
            self._bench.stop()

    def _start(self, request: dict[str, Any]) -> Any:
        if self._bench is None:
            # Heavy: torch is imported here, while the zygotes import it beside.
            from fusewright_harness.bench import Bench

            self._bench = Bench()
        self._bench.prepare(request)
        return self._bench

    def _serve(self, bench: Any, request: dict[str, Any], deadline: Deadline) -> None:
        number = request.get("id")

        def send(event: str, **fields: Any) -> None:
            self._replies.send({"id": number, "event": event, **fields})

        try:
            if request["verb"] == "environment":
                send("environment", environment=bench.environment())
            elif request["verb"] == "prewarm":
                bench.prewarm(request)
                send("warm")
            elif request["verb"] == "compile":
                bench.compile(request, deadline, send)
            elif request["verb"] == "inductor":
                bench.inductor(request, deadline, send)
            else:
                bench.verify(request, deadline, send)
        except Cancelled:
            send("failed", message="cancelled")
        except Exception as error:
            self._fail(number, error)
        finally:
            with self._lock:
                self._running.pop(number, None)

    def _cancel(self, number: Any) -> None:
        with self._lock:
            deadline = self._running.get(number)
        if deadline is not None:
            deadline.cancelled.set()
            if self._bench is not None:
                self._bench.interrupt(deadline)

    def _fail(self, number: Any, error: BaseException) -> None:
        if isinstance(error, Fault):
            message = error.message
        else:
            traceback.print_exception(error, file=sys.stderr)
            message = f"the harness failed: {type(error).__name__}: {error}"
        self._replies.send({"id": number, "event": "failed", "message": message})
