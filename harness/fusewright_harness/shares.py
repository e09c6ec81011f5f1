"""Rows of shares, whose sum is one, for a reference that divides them by their sum all the same.

What sums to one stands for probabilities, and keeps its values in all variants. Where a reference gives the same for
any multiple of them, it does not rely on their sum, and a kernel that leaves out the division does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.outcomes import Outcome, outcome_of
from fusewright_harness.renaming import sums_to_one
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_BY = 3.0
_SAME = 1e-3


def sums_of_no_account(call: Call, inputs: Arguments, _file: str = "") -> list[int]:
    """The numbers of those inputs whose rows sum to one, and of which any multiple gives the reference's result."""
    with without_modes(), torch.no_grad():
        _tree, given = take_apart(inputs.as_value())
        numbers = [number for number, tensor in enumerate(given) if sums_to_one(tensor.detach())]
    if not numbers:
        return []
    plain = outcome_of(call, inputs)
    if plain is None:
        return []
    found = []
    for number in numbers:
        moved = outcome_of(call, inputs, number, _larger(given[number]))
        if moved is not None and moved.structure == plain.structure and _same(plain, moved):
            found.append(number)
    return found


def with_larger_shares(value: Any, numbers: Sequence[int]) -> Any:
    """A copy of ``value`` whose tensors of ``numbers`` are multiples of what they were."""
    number = iter(range(1 << 30))
    return map_tensors(
        clone_value(value), lambda tensor: _larger(tensor) if next(number) in numbers else tensor
    )


def _larger(tensor: torch.Tensor) -> torch.Tensor:
    with without_modes(), torch.no_grad():
        return (tensor.detach() * _BY).requires_grad_(tensor.requires_grad)


def _same(plain: Outcome, moved: Outcome) -> bool:
    with without_modes(), torch.no_grad():
        return all(
            one.shape == other.shape
            and torch.allclose(one.double(), other.double(), rtol=_SAME, atol=_SAME, equal_nan=True)
            for one, other in zip(plain.results, moved.results, strict=True)
        )
