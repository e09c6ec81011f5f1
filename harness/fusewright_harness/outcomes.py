"""What a call gives when one of its inputs is replaced, and whether that is the same to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its results, the tensors of its inputs afterwards, and the structure around the results."""

    results: list[torch.Tensor]
    inputs: list[torch.Tensor]
    structure: str


def outcome_of(
    call: Call, inputs: Arguments, number: int | None = None, replacement: torch.Tensor | None = None
) -> Outcome | None:
    """What ``call`` gives for a copy of ``inputs``, with their tensor ``number`` replaced; None where it fails."""
    value = clone_value(inputs.as_value())
    with without_modes(), torch.no_grad():
        _tree, tensors = take_apart(value)
        if number is not None and replacement is not None:
            wanted = tensors[number]
            if any(
                size > 1 and stride == 0 for size, stride in zip(wanted.shape, wanted.stride(), strict=True)
            ):
                # An expanded tensor has not the memory for contents of its own.
                apart = replacement.detach().clone().requires_grad_(wanted.requires_grad)
                value = map_tensors(value, lambda tensor: apart if tensor is wanted else tensor)
                _tree, tensors = take_apart(value)
            else:
                wanted.copy_(replacement)
    arguments = Arguments.from_value(value)
    try:
        tree, outputs = take_apart(call(arguments))
    except (Exception, Untransferable):
        return None
    return Outcome(
        [output.detach() for output in outputs], [tensor.detach() for tensor in tensors], repr(tree)
    )


def same_outcome(plain: Outcome, other: Outcome, replaced: int | None = None, slack: float = 0.0) -> bool:
    """Whether two calls gave the same, and left the same in their inputs but for the one that was ``replaced``.

    ``slack`` is what may differ, as a part of each tensor's root mean square.
    """
    if plain.structure != other.structure:
        return False
    with without_modes(), torch.no_grad():
        pairs = list(zip(plain.results, other.results, strict=True))
        pairs += [
            pair
            for number, pair in enumerate(zip(plain.inputs, other.inputs, strict=True))
            if number != replaced
        ]
        return all(equal_contents(left, right, slack) for left, right in pairs)


def equal_contents(left: torch.Tensor, right: torch.Tensor, slack: float = 0.0) -> bool:
    """Whether two tensors hold the same numbers, up to ``slack`` of the first's root mean square; NaN equals NaN."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if left.is_floating_point() and left.dtype.itemsize > 1:
        least = 0.0
        if slack and left.numel():
            least = slack * float(left.double().nan_to_num(0, 0, 0).square().mean().sqrt())
        return torch.allclose(left, right, rtol=0, atol=least, equal_nan=True)
    if left.dtype.itemsize == 1 and left.is_floating_point():
        left, right = left.view(torch.uint8), right.view(torch.uint8)
    return torch.equal(left, right)


def farther(tensor: torch.Tensor) -> torch.Tensor:
    """Contents unlike the tensor's own, of a kind that it could hold; the same where whole numbers are all zero."""
    with without_modes(), torch.no_grad():
        tensor = tensor.detach()
        if tensor.dtype is torch.bool:
            return ~tensor
        if tensor.is_floating_point() and tensor.dtype.itemsize > 1:
            steps = torch.arange(tensor.numel(), device=tensor.device).reshape(tensor.shape)
            return tensor * 2 + (0.25 + 0.5 * (steps % 3)).to(tensor.dtype)
        # Indices and codes stay in their range.
        codes = tensor.view(torch.uint8) if tensor.is_floating_point() else tensor
        others = codes.reshape(-1).flip(0).roll(1).reshape(tensor.shape)
        if torch.equal(others, codes):
            others = torch.zeros_like(codes)
        return others.view(tensor.dtype)
