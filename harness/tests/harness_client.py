"""A client of the harness for tests: the real process, spoken to as the engine speaks to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

HARNESS = Path(__file__).resolve().parents[1]


class Harness:
    """A running ``python -m fusewright_harness serve``; use it as a context manager."""

    def __init__(self, python: str = sys.executable) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "fusewright_harness", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(HARNESS)},
        )
        self._replies: Queue[dict[str, Any]] = Queue()
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()
        assert self.reply(60) == {"event": "ready"}

    def __enter__(self) -> Harness:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.stdin.close()
        self.process.wait(20)

    def send(self, verb: str, **fields: Any) -> int:
        """Sends a request and returns its number."""
        self._number += 1
        line = json.dumps({"verb": verb, "id": self._number, **fields})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self._number

    def cancel(self, number: int) -> None:
        """Cancels a request."""
        self.process.stdin.write(json.dumps({"verb": "cancel", "id": number}).encode() + b"\n")
        self.process.stdin.flush()

    def reply(self, timeout_s: float = 120) -> dict[str, Any]:
        """The next reply of any request."""
        try:
            return self._replies.get(timeout=timeout_s)
        except Empty:
            raise AssertionError(
                f"no reply within {timeout_s} s; exit status {self.process.poll()}"
            ) from None

    def result(self, number: int, timeout_s: float = 120) -> dict[str, Any]:
        """The reply that ends a request; what comes before it is passed over."""
        while True:
            reply = self.reply(timeout_s)
            if reply["id"] == number and reply["event"] not in ("phase", "first"):
                return reply

    def verdict(self, pair: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The final verdict line on a pair."""
        reply = self.result(self.send("verify", pair=pair, options=options))
        assert reply["event"] == "verdict", reply
        return reply["verdict"]

    def _read(self) -> None:
        for line in self.process.stdout:
            self._replies.put(json.loads(line))


def pair(
    python: str,
    triton: str,
    test: str = "",
    main: str = "",
    entry: tuple[str, str] = ("reference", "candidate"),
    convention: str = "functions",
    inputs: str = "",
) -> dict[str, Any]:
    """A request's PAIR from the blocks' texts, as they would follow one another in a file."""
    line = 1
    blocks: dict[str, Any] = {}
    for name, code in (("python", python), ("triton", triton), ("test", test), ("main", main)):
        code = code.lstrip("\n")
        blocks[name] = {"code": code, "first_line": line + 1} if code else None
        line += code.count("\n") + 2
    return {
        "file": "pair.py",
        "hash": "0" * 64,
        **blocks,
        "entry": {"convention": convention, "reference": entry[0], "candidate": entry[1]},
        "inputs": inputs
        or ("main" if main else "get_inputs" if convention == "modules" else "get_test_inputs"),
    }
