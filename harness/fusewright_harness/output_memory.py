"""Whether the candidate's outputs have memory of their own, for each element, in the order that was asked for."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.faults import Fault
from fusewright_harness.values import take_apart


def refuse_shared_storage(declared: Any, after: Any, candidate: dict[str, Any]) -> None:
    """An output that shares memory with an input is an input returned, unless the reference does the same."""
    allowed = _aliases(declared, after)
    for number, aliased in enumerate(_aliases(candidate.get("result"), candidate.get("after"))):
        if aliased and not allowed[number]:
            message = (
                f"output {number} of the candidate shares its memory with an input, the reference's does not"
            )
            raise Fault("triton", "check", "SharedStorage", message, verdict="wrong")


def refuse_partial_memory(declared: Any, candidate: Any, moves_only: bool) -> None:
    """An output must have memory for each element, in the order asked for where the task is to move memory.

    What is expanded was not written. A pair without arithmetic (``moves_only``) asks for nothing but the order.
    """
    _tree, wanted = take_apart(declared)
    _tree, outputs = take_apart(candidate)
    for number, (left, right) in enumerate(zip(wanted, outputs, strict=False)):
        if left.shape != right.shape:
            continue
        if _expanded(right) and not _expanded(left):
            message = (
                f"output {number} of the candidate has strides {tuple(right.stride())}, so several of its elements "
                "are one; the reference's has memory for each, and the kernel has to write it"
            )
            raise Fault("triton", "check", "SharedElements", message, verdict="wrong")
        if moves_only and left.is_contiguous() and _order(left) != _order(right):
            message = (
                f"output {number} of the candidate has strides {tuple(right.stride())}, the reference's has "
                f"{tuple(left.stride())}; where all the work is to move memory a view of another order is not that "
                "work"
            )
            raise Fault("triton", "check", "OtherLayout", message, verdict="wrong")


def _expanded(tensor: torch.Tensor) -> bool:
    return any(size > 1 and stride == 0 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))


def _order(tensor: torch.Tensor) -> list[int]:
    axes = [axis for axis, size in enumerate(tensor.shape) if size > 1]
    return sorted(axes, key=lambda axis: -tensor.stride(axis))


def _aliases(result: Any, inputs: Any) -> list[bool]:
    _tree, outputs = take_apart(result)
    _tree, given = take_apart(inputs)
    known = {tensor.untyped_storage().data_ptr() for tensor in given if tensor.untyped_storage().nbytes()}
    return [tensor.untyped_storage().data_ptr() in known for tensor in outputs]
