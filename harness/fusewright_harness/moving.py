"""Memory that torch moves in the kernel's place: to other places, into another order, or to several.

A layout that a kernel asks for may be made, once for each tensor. But where the task is to move memory, as a shift
or a nearest neighbour's upsampling is, whoever has torch do it leaves the kernel nothing.
"""

from __future__ import annotations

from typing import Any

from fusewright_harness.case import Case

_MOST = 0.55
_MOST_OF_THE_TASK = 0.25
"""What torch may move beside the kernels, as part of all that is moved; less where the task is to move as much."""
_BYTES_OF_A_MOVE = 2.4
"""A task is to move memory where it computes less than an operation for so many bytes that it moves."""
_READ_AND_WRITTEN = 2
_JOINING = {"cat", "stack"}


def refuse_moves(case: Case, work: dict[str, Any], share: float) -> None:
    """Rejects a call in which torch moves the memory; ``share`` is that part of what the call takes."""
    wanted, found = case.reference_work.get("relaid", 0), work.get("relaid", 0)
    if _is_the_task(case.reference_work, work):
        most = _MOST_OF_THE_TASK if wanted >= found else _MOST
    elif found <= _READ_AND_WRITTEN * case.call_bytes:
        return
    else:
        most = _MOST
    if share <= most:
        return
    movers = ", ".join(f"`{name}`" for name in work.get("movers", [])[:4])
    message = (
        f"torch moves the pair's memory beside the kernel: {movers} take about {share:.0%} of the call; let the kernel "
        "read each element where it lies"
    )
    raise case.rejected("NotComputedByKernel", message, line=work.get("line"))


def _is_the_task(reference: dict[str, Any], candidate: dict[str, Any]) -> bool:
    """Whether the reference moves memory more than it computes."""
    movers = set(reference.get("movers", []))
    # Who turns the halves of a vector joins them again, which says nothing of its axes.
    if not (movers - _JOINING or movers & set(candidate.get("movers", []))):
        return False
    return reference.get("arithmetic", 0) * _BYTES_OF_A_MOVE <= reference.get("relaid", 0)
