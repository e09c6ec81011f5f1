"""The judge's side of having TorchInductor write a kernel: asking the author, and taking what it answers.

The author's process has run code of the pair, so its answer is taken for text of bounded length and nothing else.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from fusewright_harness.deadline import Deadline
from fusewright_harness.environment import versions
from fusewright_harness.faults import Fault
from fusewright_harness.workers import Worker

_LONGEST_BLOCK = 1 << 20
_LONGEST_TEXT = 4_000
_MOST_LAUNCHES = 10_000


@dataclass
class Solo:
    """The one worker of a request that needs no team."""

    worker: Worker

    def members(self) -> list[Worker]:
        """All of it."""
        return [self.worker]


def ask_author(worker: Worker, pair: dict[str, Any], target: str, deadline: Deadline) -> dict[str, Any]:
    """The fields of the event "written": ``kernel`` or ``error``, and the other None."""
    worker.assign("author", "pytorch", deadline)
    subject = {key: pair.get(key) for key in ("file", "python", "test", "main", "entry", "inputs")}
    try:
        worker.ask("write", "being rewritten by TorchInductor", pair=subject, target=target)
        fields = worker.answer().fields
        if isinstance(fields.get("unsupported"), dict):
            return {"kernel": None, "error": _unsupported(fields["unsupported"])}
        return {"kernel": _kernel(fields), "error": None}
    except Fault as fault:
        return {"kernel": None, "error": {**fault.as_dict(), "operator": None}}


def not_covered(problem: str) -> dict[str, Any]:
    """The error for an environment whose TorchInductor is not understood."""
    fault = Fault("harness", "import", "TorchNotCovered", problem)
    return {**fault.as_dict(), "operator": None}


def _kernel(fields: dict[str, Any]) -> dict[str, Any]:
    code, kernels, launches = fields.get("triton"), fields.get("kernels"), fields.get("launches")
    if not (
        isinstance(code, str)
        and len(code) <= _LONGEST_BLOCK
        and isinstance(kernels, list)
        and all(isinstance(name, str) and name.isidentifier() for name in kernels)
        and isinstance(launches, int)
        and 0 < launches <= _MOST_LAUNCHES
        and _parses(code)
    ):
        message = "what the process that asks TorchInductor answered is no TRITON block"
        raise Fault("harness", "run", "DamagedMessage", message)
    return {"triton": code, "kernels": kernels, "launches": launches, "torch": versions()["torch"]}


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _unsupported(refusal: dict[str, Any]) -> dict[str, Any]:
    line = refusal.get("line")
    fault = Fault(
        "pytorch",
        "run",
        "Unsupported",
        str(refusal.get("message"))[:_LONGEST_TEXT],
        line if isinstance(line, int) and 0 < line < 10_000_000 else None,
    )
    return {**fault.as_dict(), "operator": str(refusal.get("operator"))[:200]}
