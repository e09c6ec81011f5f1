"""What follows the audit on a GPU, where it is wanted: the reference once more, as torch.compile has it.

A speedup over plain torch says little where torch.compile would have given it for nothing. It takes seconds, so the
line is sent before with all but that, and what it found of a reference is kept by its blocks: no more than a time, or
why there is none.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.kernel_cache import block_key
from fusewright_harness.timed import time_reference

PENDING = "torch_compile"

_LIMIT_S = 40.0
_MARGIN_S = 5.0
"""What of the pair's own time has to be left besides."""
_MOST_BYTES = 2 << 30
_MOST_KEPT = 1_000
_SUSPICIOUS = 10.0
_LONGEST_PROBLEM = 300


@dataclass(frozen=True)
class Compiled:
    """What is known of one reference: milliseconds of a call, or why it has none."""

    ms: float | None
    problem: str | None = None


class CompiledTimes:
    """The references that were compiled, by what they were. Safe for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Compiled] = OrderedDict()

    def get(self, key: str) -> Compiled | None:
        """What is known of the reference of that key."""
        with self._lock:
            return self._known.get(key)

    def put(self, key: str, compiled: Compiled) -> None:
        """Keeps it, and gives the oldest up where there are too many."""
        with self._lock:
            self._known[key] = compiled
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)


def compare_with_compiled(
    case: Case, times: CompiledTimes | None, send: Callable[[dict[str, Any]], None]
) -> None:
    """Sets ``torch_compile_ms`` and ``speedup_vs_compile``, or adds a finding that says why they are not known.

    ``send`` gets the line before anything is compiled. Raises :class:`Cancelled` alone: it takes no verdict back.
    """
    triton_ms = case.verdict.line()["triton_ms"]
    if times is None or not case.options.torch_compile or not triton_ms or case.call_bytes > _MOST_BYTES:
        return
    key = _key(case)
    known = times.get(key)
    if known is None:
        case.verdict.set(pending=[PENDING])
        send(case.verdict.line())
        known = _compile(case)
        times.put(key, known)
    if known.ms is None:
        message = f"there is no time of torch.compile to compare with: {known.problem}"
        case.verdict.find_once("NotCompiled", "info", message, case.function_line("pytorch"))
        return
    _tell(case, known.ms, triton_ms)


def _compile(case: Case) -> Compiled:
    case.report("torch_compile", "compiling the reference with torch.compile")
    limit_s = min(_LIMIT_S, case.deadline.left_s() - _MARGIN_S)
    if limit_s <= 0:
        return Compiled(None, "the time limit of the pair leaves none for it")
    reference = case.team.reference
    try:
        with case.phase("torch_compile"):
            # Its code has had its say in the verdict, so what it does now ends this step and nothing else.
            reference.hurry(Deadline.within(limit_s, case.deadline))
            reference.ask("compile", "being compiled by torch.compile")
            problem = reference.answer().fields.get("problem")
        if problem is not None:
            return Compiled(None, str(problem)[:_LONGEST_PROBLEM])
        with case.turn(alone=True), case.phase("torch_compile"):
            return Compiled(time_reference(case, compiled=True))
    except Cancelled:
        raise
    except Fault as fault:
        return Compiled(None, fault.message[:_LONGEST_PROBLEM])


def _tell(case: Case, compiled_ms: float, triton_ms: float) -> None:
    against = compiled_ms / triton_ms
    case.verdict.set(torch_compile_ms=round(compiled_ms, 5), speedup_vs_compile=round(against, 4))
    python_ms = case.verdict.line()["python_ms"]
    if python_ms and python_ms > _SUSPICIOUS * compiled_ms:
        message = (
            f"torch.compile makes the reference {python_ms / compiled_ms:.0f} times as fast as it is written: a "
            "speedup over it says little, so look whether it does more than it has to"
        )
        case.verdict.find_once("SlowReference", "warning", message, case.function_line("pytorch"))
    if against < 1:
        message = f"torch.compile's own code is faster: the candidate reaches {against:.2f} of its speed"
        case.verdict.find_once("SlowerThanCompiled", "info", message, case.function_line("triton"))


def _key(case: Case) -> str:
    """The reference with its inputs, whose shapes it is compiled for, and where it was timed."""
    subject = [case.pair.get(name) for name in ("python", "test", "main", "entry", "inputs")]
    line = case.verdict.line()
    return block_key(
        json.dumps(subject, sort_keys=True), line["environment"], str((line["device"] or {}).get("name"))
    )
