"""What goes wrong with a pair, as data: the ``error`` object of the verdict line.

A :class:`Fault` is raised wherever a pair fails and travels between processes as its ``as_dict()``. Workers
are not trusted, so :func:`fault_from_message` takes nothing from a message but bounded text and known words.
"""

from __future__ import annotations

import linecache
import traceback
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

from fusewright_harness.containment.refusal import refusal

STAGES = ("parse", "import", "inputs", "compile", "run", "check", "timing", "trust", "timeout")

_MESSAGE_LIMIT = 4_000
_TRACEBACK_LIMIT = 8_000


@dataclass
class Fault(Exception):
    """A pair's failure.

    ``implementation`` and ``stage`` are words of the verdict line; ``kind`` is the exception's type or a short
    name of the fault; ``line`` is a 1-based line of the pair file, or None; ``verdict`` is the ruling that
    follows: "error", "wrong", "rejected", or None where the pair could not be judged.
    """

    implementation: str
    stage: str
    kind: str
    message: str
    line: int | None = None
    traceback: str = ""
    verdict: str | None = "error"

    def __str__(self) -> str:
        return f"{self.implementation} ({self.stage}): {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The fault as the verdict line's ``error`` object, without the ruling."""
        fields = asdict(self)
        del fields["verdict"]
        fields["type"] = fields.pop("kind")
        return {
            key: fields[key] for key in ("implementation", "stage", "type", "message", "line", "traceback")
        }


class Cancelled(Exception):
    """The user asked to end this verdict."""


def harness_fault(message: str, kind: str = "HarnessError") -> Fault:
    """A fault of ours or of the machine: the pair could not be judged."""
    return Fault("harness", "run", kind, message, verdict=None)


def out_of_memory() -> Fault:
    """The GPU had no room for what judging takes beside the pair itself."""
    message = (
        "the GPU's memory ran out while the pair was judged, which takes about twenty times the bytes of its inputs "
        "and outputs; make the inputs smaller, or free the GPU"
    )
    return harness_fault(message, "OutOfMemory")


def pair_line(trace: TracebackType | None, filename: str) -> int | None:
    """The line of the innermost frame of ``trace`` that runs code of the pair file, or None."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def pair_traceback(error: BaseException, filename: str) -> str:
    """The traceback of ``error``, cut to the pair's own frames: the rest is torch's and ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    text = "".join(traceback.format_list(frames)) + "".join(traceback.format_exception_only(error))
    return text[-_TRACEBACK_LIMIT:]


def fault_from_exception(error: BaseException, implementation: str, stage: str, filename: str) -> Fault:
    """The fault that an exception raised by the pair's own code stands for."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, SyntaxError):
        return Fault(
            implementation, "parse", type(error).__name__, error.msg or "invalid syntax", error.lineno
        )
    if isinstance(error, SystemExit):
        message = f"`sys.exit` was called, with exit status {error.code!r}: a pair has to return"
        return Fault(implementation, stage, "SystemExit", message, pair_line(error.__traceback__, filename))
    kind = type(error).__name__
    code = _code_at(error.__traceback__, filename)
    text = str(error).strip() or (f"`{code}` says no more" if code else "no more is said")
    refused = refusal(error, code)
    if refused is not None:
        kind, text, stage = refused.kind, refused.message, refused.stage or stage
    return Fault(
        implementation,
        stage,
        kind,
        text[:_MESSAGE_LIMIT],
        pair_line(error.__traceback__, filename),
        pair_traceback(error, filename),
    )


def _code_at(trace: TracebackType | None, filename: str) -> str:
    line = pair_line(trace, filename)
    return linecache.getline(filename, line).strip() if line else ""


def fault_from_message(message: dict[str, Any], implementation: str) -> Fault:
    """The fault that a worker reports. ``implementation`` is what the judge knows the worker to run."""
    stage = message.get("stage")
    line = message.get("line")
    named = message.get("implementation")
    # The reference's process runs two blocks, so it may say which, and any may say that it was our own fault:
    # a pair that could not be judged is not archived either. No other claim is taken.
    if named == "harness" or (named == "test" and implementation == "pytorch"):
        implementation = named
    return Fault(
        implementation,
        stage if stage in STAGES else "run",
        str(message.get("type", "Error"))[:200],
        str(message.get("message", ""))[:_MESSAGE_LIMIT],
        line if isinstance(line, int) and 0 < line < 10_000_000 else None,
        str(message.get("traceback", ""))[:_TRACEBACK_LIMIT],
        verdict=None if implementation == "harness" else "rejected" if stage == "trust" else "error",
    )
