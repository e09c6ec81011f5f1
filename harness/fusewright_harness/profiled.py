"""The audit's look at the candidate through CUPTI: what its own kernels take of the device's time."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fusewright_harness.case import Case
from fusewright_harness.faults import Fault

_MOST_FOREIGN = 0.5
_MOST_OVER = 1.5
_MOST_OVER_MS = 0.05
_LARGE_BYTES = 1 << 30
_LAUNCH_MS = 0.005
_MOST_FOREIGN_MS = 0.020


class Spent(NamedTuple):
    """What kernels of one name take in a call: milliseconds of the device, and launches."""

    ms: float
    launches: float


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
    elapsed_ms = fields.get("elapsed_ms")
    judge_profile(case, _spent_of(fields.get("spent")), elapsed_ms if _number(elapsed_ms) else 0.0)


def judge_profile(case: Case, spent: dict[str, Spent], elapsed_ms: float = 0.0) -> None:
    """Rules on what one call has executed, by the names of kernels; its own stream took ``elapsed_ms`` for it.

    That may be longer than when it was timed: a GPU's clock rises and falls.
    """
    fields = case.verdict.line()
    names = {kernel["name"] for kernel in fields["kernels"]}
    own_ms = sum(one.ms for name, one in spent.items() if name in names)
    busy_ms = sum(one.ms for one in spent.values())
    if own_ms <= 0 or busy_ms <= 0:
        return
    kernels = [
        {**kernel, "device_ms": round(spent[kernel["name"]].ms, 5) if kernel["name"] in spent else None}
        for kernel in fields["kernels"]
    ]
    foreign = 1 - own_ms / busy_ms
    case.verdict.set(foreign_fraction=round(foreign, 4), kernels=kernels)
    if foreign > _MOST_FOREIGN:
        _tell_foreign(case, {name: one for name, one in spent.items() if name not in names}, foreign, busy_ms)
    if fields["triton_ms"] is None:
        return
    timed_ms = max(fields["triton_ms"], elapsed_ms)
    if busy_ms > _MOST_OVER * timed_ms + _MOST_OVER_MS:
        message = (
            f"the GPU was busy for {busy_ms:.4f} ms of a call that the events on its stream timed at {timed_ms:.4f} "
            "ms; all work must be in the stream that the call was made in: use no other stream and no thread"
        )
        raise case.rejected("WorkOutsideTheStream", message)


def _tell_foreign(case: Case, others: dict[str, Spent], foreign: float, busy_ms: float) -> None:
    """Rejects a candidate whose work others' kernels do, and warns where they cost no more than being launched."""
    most = max(others, key=lambda name: others[name].ms)
    message = (
        f"{foreign:.0%} of the candidate's device time is not its own kernels' but others', above all `{most[:80]}`; "
        "compute that in the kernel"
    )
    # A launch takes some microseconds, whatever is in it: of a pair with few elements that is most of the time.
    worked_ms = sum(one.ms - _LAUNCH_MS * one.launches for one in others.values())
    if worked_ms > max(_MOST_FOREIGN * busy_ms, _MOST_FOREIGN_MS):
        raise case.rejected("NotComputedByKernel", message)
    case.warn("TorchCompute", message, case.function_line("triton"))


def _spent_of(reported: Any) -> dict[str, Spent]:
    found = {}
    for name, pair in reported.items() if isinstance(reported, dict) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(_number(part) for part in pair):
            found[str(name)] = Spent(*pair)
    return found


def _number(part: Any) -> bool:
    return isinstance(part, (int, float)) and math.isfinite(part) and part >= 0
