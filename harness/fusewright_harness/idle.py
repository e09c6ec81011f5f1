"""A step of the audit: of several kernels each must do something.

Each is replaced by nothing in turn. One whose absence changes no output is a warning, for it costs time and teaches a
model to launch for nothing; that the kernels together make the result is the proof's to show.
"""

from __future__ import annotations

from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.proof import call_without

_MOST_KERNELS = 8
_PATTERNS = (0, 1)
"""What fresh memory holds may be right by chance, so a kernel is idle only where it is so with both."""


def look_for_idle_kernels(case: Case) -> None:
    """Warns of each launched kernel without which every output is still right."""
    kernels = case.verdict.line()["kernels"]
    if not 1 < len(kernels) <= _MOST_KERNELS:
        return
    if not case.affords(len(_PATTERNS) * len(kernels), "leaving out one kernel at a time"):
        return
    case.report("audit", "leaving out one kernel at a time")
    with case.phase("audit"):
        idle = [kernel for kernel in kernels if not case.team.candidate.ended and _is_idle(case, kernel)]
    for kernel in idle:
        message = (
            f"`{kernel['name']}` changes no output: with its launches replaced by nothing all are still right; "
            "leave it out"
        )
        case.warn("IdleKernel", message, kernel["line"])


def _is_idle(case: Case, kernel: dict[str, Any]) -> bool:
    for pattern in _PATTERNS:
        found = call_without(case, case.oldest, pattern, kernel)
        if found is None or not found[0] or not all(found[0]):
            return False
    return True
