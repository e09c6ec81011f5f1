"""Proof that the candidate's own kernels do the pair's work.

Three questions, each of a call of its own or of one that was made anyway. Which kernels were launched? With every
launch replaced by nothing, is any output still right: then something else made it. And what did torch's operators do
beside the kernels, held against what the reference's do?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness.case import Case
from fusewright_harness.compare import compare
from fusewright_harness.faults import Fault
from fusewright_harness.loading import is_lost
from fusewright_harness.moving import refuse_moves
from fusewright_harness.operator_cost import BYTES_PER_OPERATION
from fusewright_harness.values import take_apart
from fusewright_harness.workers import receive_answer

_MOST_ARITHMETIC = 0.15
_MOST_REDUCED = 0.6
_MOST_TIME = 0.3
_REPORTED = 0.05
_HOST_BYTES = 1 << 12
_HOST_NUMBERS = 16
_SMALL_OUTPUT = 0.05


def prove(case: Case) -> None:
    """Raises :class:`Fault` (verdict "rejected") where the kernels do not do the pair's work."""
    case.report("proof", "replacing the launches by nothing")
    case.step()
    with case.phase("proof"):
        unmoved = _without_kernels(case)
        if unmoved is not None:
            raise case.rejected("NotComputedByKernel", unmoved + _instead(case.candidate_work))
        judge_foreign_work(case, case.candidate_work)


@dataclass
class Share:
    """How much of the pair's work torch's operators did in the candidate's call, each in parts of one.

    ``arithmetic`` and ``reduced`` (sums and the like over what a kernel wrote) against the reference's arithmetic,
    ``time`` as part of what the candidate's call takes by a rough count of bytes, ``moved`` that part of what it only
    moves: to other places, into another order, or to several.
    """

    arithmetic: float
    reduced: float
    time: float
    moved: float


def share_of(reference: dict[str, Any], candidate: dict[str, Any], call_bytes: int) -> Share:
    """The share of torch's operators, from both sides' :func:`call_trace.summary`."""
    whole = max(1.0, reference.get("arithmetic", 0) + reference.get("reduced", 0))
    computed, moved = candidate.get("arithmetic", 0), candidate.get("bytes", 0)
    reduced = candidate.get("reduced", 0)
    if not reference.get("arithmetic"):
        # The pair itself does nothing but move memory, so that is its work.
        whole = max(1.0, float(reference.get("copied", 0) + reference.get("moved", 0)))
        moved += candidate.get("copied", 0) + candidate.get("moved", 0)
        computed = max(computed, candidate.get("copied", 0) + candidate.get("moved", 0))
    elif reference.get("gathered"):
        # To find elements by an index is work of the pair's too where the reference does it.
        moved += candidate.get("gathered", 0)
    torch_cost = max(moved, computed * BYTES_PER_OPERATION)
    launched = min(candidate.get("launched", 0), 4 * max(call_bytes, 1))
    own = max(launched, call_bytes, max(0.0, whole - computed) * BYTES_PER_OPERATION)
    relaid = candidate.get("relaid", 0)
    return Share(
        computed / whole,
        reduced / whole,
        torch_cost / max(1.0, torch_cost + own),
        relaid / max(1.0, relaid + own),
    )


def judge_foreign_work(case: Case, work: dict[str, Any]) -> None:
    """Rejects a call whose work torch does beside the kernels; a little of it is a warning."""
    share = share_of(case.reference_work, work, case.call_bytes)
    names = ", ".join(f"`{name}`" for name in work.get("names", [])[:4]) or "copies"
    line = work.get("line")
    few = work.get("host_numbers", 0) <= _HOST_NUMBERS
    if not few or work.get("host", 0) > max(_HOST_BYTES, case.call_bytes // 16):
        message = (
            f"the candidate carries {work['host']} bytes of its tensors into Python, where anything may be "
            "computed with them; keep the data on the GPU and compute in the kernel"
        )
        raise case.rejected("HostTrip", message, line=line)
    part = max(share.arithmetic, share.time)
    if share.arithmetic > _MOST_ARITHMETIC or share.reduced > _MOST_REDUCED or share.time > _MOST_TIME:
        message = (
            f"torch does the pair's work beside the kernel: {names} take about {max(part, share.reduced):.0%} of it; "
            "compute that in the kernel"
        )
        raise case.rejected("NotComputedByKernel", message, line=line)
    refuse_moves(case, work, share.moved)
    if part > _REPORTED:
        message = f"{names} in torch take about {part:.0%} of the work beside the kernels; fuse that too"
        case.warn("TorchCompute", message, line if line is not None else case.function_line("triton"))


def _without_kernels(case: Case) -> str | None:
    """What is right without any kernel, as the beginning of a sentence; None where the kernels are needed."""
    # A fill may hit the result by chance, and atomics into zeros may leave zeros that are right: so another fill, and
    # other inputs, before anybody is blamed.
    first = case.oldest
    trials = [(first, 0), (first, 1), *[(number, 0) for number in range(first + 1, len(case.expected))][:1]]
    right: list[bool] | None = None
    sizes: list[int] = []
    for index, pattern in trials:
        found = call_without(case, index, pattern)
        if found is None:
            return None
        outputs, sizes = found
        right = outputs if right is None else [a and b for a, b in zip(right, outputs, strict=False)]
        if not any(right):
            return None
    if right is None or not sizes:
        return None
    if all(right):
        return "with every kernel launch replaced by nothing the outputs are still right: the kernels make none of them"
    given = _passed_through(case)
    unmoved = [number for number, still in enumerate(right) if still and not given[number]]
    if sum(sizes[number] for number in unmoved) > _SMALL_OUTPUT * sum(sizes):
        return f"with every kernel launch replaced by nothing output {unmoved[0]} is still right: no kernel makes it"
    return None


def call_without(
    case: Case, index: int, pattern: int, kernel: dict[str, Any] | None = None
) -> tuple[list[bool], list[int]] | None:
    """Which outputs are right without the launches of ``kernel``, or of all, and their sizes.

    None where the call needs them to end at all. ``pattern`` says what fresh memory is filled with. What a kernel left
    out would have counted may be the place that another one writes to: where that ends the process's CUDA it is ended.
    """
    worker = case.team.candidate
    left_out = None if kernel is None else [kernel["name"], kernel["line"]]
    worker.ask("without", "running without its kernels", index=index, pattern=pattern, kernel=left_out)
    try:
        answer = worker.answer()
    except Fault as fault:
        if fault.stage in ("trust", "timeout") or fault.kind == "ProcessEnded":
            raise
        if kernel is not None and is_lost(fault):
            worker.kill()
            worker.ended = True
        return None
    candidate = receive_answer(answer, "candidate", "triton")
    expected, after = case.expected[index], case.after[index]
    outputs = compare(expected, candidate.get("result")).outputs
    changed = compare(after.expected, candidate.get("after")).outputs
    outputs += [output for output, same in zip(changed, after.unchanged, strict=False) if not same]
    return [output["mismatched"] == 0 for output in outputs], [output["total"] for output in outputs]


def _passed_through(case: Case) -> list[bool]:
    """Which outputs are an input's memory, or the same for all inputs: nobody needs to compute those."""
    _tree, outputs = take_apart(case.expected[case.oldest].declared)
    _tree, inputs = take_apart(case.after[case.oldest].expected.declared)
    storages = {tensor.untyped_storage().data_ptr() for tensor in inputs if tensor.numel()}
    given = []
    for tensor in outputs:
        same = any(_alike(tensor, other) for other in inputs)
        given.append(tensor.numel() == 0 or same or tensor.untyped_storage().data_ptr() in storages)
    changed = sum(not same for same in case.after[case.oldest].unchanged)
    return given + [False] * changed


def _alike(left: torch.Tensor, right: torch.Tensor) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if left.dtype.itemsize == 1:
        # On a GPU few operators know float8.
        left, right = left.contiguous().view(torch.uint8), right.contiguous().view(torch.uint8)
    return left.equal(right)


def _instead(work: dict[str, Any]) -> str:
    names = ", ".join(f"`{name}`" for name in work.get("names", [])[:4])
    return f" (torch's {names} do)" if names else ""
