"""The audit's look at the candidate through CUPTI: what its own kernels take of the device's time."""

from __future__ import annotations

import math
from typing import Any

from fusewright_harness.case import Case, new_seed
from fusewright_harness.faults import Fault
from fusewright_harness.kernel_cache import share_compiled
from fusewright_harness.workers import Worker

_MOST_FOREIGN = 0.5
_MOST_OVER = 1.5
_MOST_OVER_MS = 0.05
_LARGE_BYTES = 1 << 30


def profiled(case: Case) -> None:
    """Sets ``foreign_fraction`` and the kernels' ``device_ms``; raises :class:`Fault` where they tell against a pair.

    Where no worker is warm for it, or the profiler does not work, it is left out: nobody is blamed for that.
    """
    auditor = case.team.auditor() if case.team.auditor is not None else None
    if auditor is None or case.call_bytes > _LARGE_BYTES:
        return
    case.report("audit", "profiling the candidate")
    with case.phase("audit"):
        try:
            spent = _profile(case, auditor)
        except Fault:
            # What the candidate does wrong, it did in its own process too, where it was judged.
            return
    if spent:
        judge_profile(case, spent)


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


def _profile(case: Case, auditor: Worker) -> dict[str, float]:
    # What the same pair compiled a moment ago.
    share_compiled(case.team.candidate.folder, auditor.folder)
    auditor.assign("candidate", "triton", case.deadline)
    pair = {key: case.pair[key] for key in ("file", "triton", "entry")}
    auditor.ask("load", "importing TRITON", pair=pair)
    auditor.answer()
    reference = case.team.reference
    reference.ask("inputs", "making inputs", seed=new_seed())
    inputs = reference.answer()
    reference.keep(inputs)
    try:
        call = {"value": inputs.value, "candidate": inputs.fields.get("candidate")}
        auditor.ask("call", "running the candidate", inputs.descriptors, **call)
        auditor.answer().close()
    finally:
        inputs.close()
        reference.let_go(inputs)
    auditor.ask("profile", "being profiled")
    spent = auditor.answer().fields.get("spent")
    return {str(name): ms for name, ms in spent.items() if _time(ms)} if isinstance(spent, dict) else {}


def _time(ms: Any) -> bool:
    return isinstance(ms, (int, float)) and math.isfinite(ms) and ms >= 0


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 5)
