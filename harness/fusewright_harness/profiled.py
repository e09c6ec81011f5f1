"""The audit's look at the candidate through CUPTI: what its own kernels take of the device's time."""

from __future__ import annotations

import math
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.faults import Fault

_MOST_FOREIGN = 0.5
_MOST_OVER = 1.5
_MOST_OVER_MS = 0.05
_LARGE_BYTES = 1 << 30


def profiled(case: Case) -> None:
    """Sets ``foreign_fraction`` and the kernels' ``device_ms``; raises :class:`Fault` where they tell against a pair.

    The candidate's own process is asked, which has been timed by now. Where CUPTI does not work it is left out, with a
    finding: nobody is blamed for that.
    """
    if case.interpreted or case.call_bytes > _LARGE_BYTES:
        return
    case.report("audit", "profiling the candidate")
    try:
        with case.phase("audit"):
            case.team.candidate.ask("profile", "being profiled")
            fields = case.team.candidate.answer().fields
    except Fault as fault:
        if fault.kind != "ProcessEnded":
            raise
        # The pair has run a hundred times by now; CUPTI has not.
        fields = {"problem": fault.message}
    if "problem" in fields:
        message = f"the device time of single kernels is not known: {str(fields['problem'])[:200]}"
        case.verdict.find_once("NotProfiled", "info", message)
        return
    spent = fields.get("spent")
    judge_profile(case, {str(k): v for k, v in spent.items() if _time(v)} if isinstance(spent, dict) else {})


def judge_profile(case: Case, spent: dict[str, float]) -> None:
    """Rules on the device milliseconds of one call by the names of kernels."""
    fields = case.verdict.line()
    names = {kernel["name"] for kernel in fields["kernels"]}
    own_ms = sum(ms for name, ms in spent.items() if name in names)
    busy_ms = sum(spent.values())
    if own_ms <= 0 or busy_ms <= 0:
        return
    foreign = 1 - own_ms / busy_ms
    kernels = [{**kernel, "device_ms": _rounded(spent.get(kernel["name"]))} for kernel in fields["kernels"]]
    case.verdict.set(foreign_fraction=round(foreign, 4), kernels=kernels)
    if foreign > _MOST_FOREIGN:
        others = sorted((name for name in spent if name not in names), key=lambda name: -spent[name])
        message = (
            f"{foreign:.0%} of the candidate's device time is not its own kernels' but others', above all "
            f"`{others[0][:80]}`; compute that in the kernel"
        )
        raise case.rejected("NotComputedByKernel", message)
    timed_ms = fields["triton_ms"]
    if timed_ms is not None and busy_ms > _MOST_OVER * timed_ms + _MOST_OVER_MS:
        message = (
            f"the GPU was busy for {busy_ms:.4f} ms of a call that the events on its stream timed at {timed_ms:.4f} "
            "ms; all work must be in the stream that the call was made in: use no other stream and no thread"
        )
        raise case.rejected("WorkOutsideTheStream", message)


def _time(ms: Any) -> bool:
    return isinstance(ms, (int, float)) and math.isfinite(ms) and ms >= 0


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 5)
