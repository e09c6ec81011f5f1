"""More of what a pair's inputs have one of: batches, and heads that share the keys of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart


def has_one_batch(value: Any) -> bool:
    """Whether the first dimension of each tensor of the most dimensions is one: there is one batch, or one row."""
    most = _most_dimensions(value)
    return most >= 2 and all(t.shape[0] == 1 and t.numel() > 1 for t in _tensors(value) if t.ndim == most)


def with_two_batches(value: Any) -> list[Any]:
    """``value`` with a second batch of other contents: in each tensor that has one, or in the largest ones alone."""
    most = _most_dimensions(value)
    return [map_tensors(value, lambda t, least=least: _doubled(t, least)) for least in (min(2, most), most)]


def with_more_groups(value: Any) -> Iterator[Any]:
    """``value`` with the first tensor's batches or heads doubled, for each of these dimensions that others share."""
    tensors = _tensors(value)
    number, others = first_and_kin(tensors)
    if number is None:
        return
    first, kin = tensors[number], [tensors[other] for other in others]
    for axis in range(first.ndim - 2):
        if any(other.shape[axis] > 1 and first.shape[axis] % other.shape[axis] == 0 for other in kin):
            yield map_tensors(value, lambda t, axis=axis: _twice(t, axis) if t is first else t)


def first_and_kin(tensors: list[torch.Tensor]) -> tuple[int | None, list[int]]:
    """The number of the first tensor of three dimensions or more, None where none is, and those of as many."""
    first = next((number for number, tensor in enumerate(tensors) if tensor.ndim >= 3), None)
    if first is None:
        return None, []
    return first, [
        number
        for number, tensor in enumerate(tensors)
        if number != first and tensor.ndim == tensors[first].ndim
    ]


def _tensors(value: Any) -> list[torch.Tensor]:
    return take_apart(value)[1]


def _most_dimensions(value: Any) -> int:
    return max((tensor.ndim for tensor in _tensors(value)), default=0)


def _doubled(tensor: torch.Tensor, least: int) -> torch.Tensor:
    return _twice(tensor, 0) if tensor.ndim >= least and tensor.shape[0] == 1 else tensor


def _twice(tensor: torch.Tensor, axis: int) -> torch.Tensor:
    """``tensor`` and, along ``axis``, the same in another order."""
    with without_modes(), torch.no_grad():
        plain = tensor.detach()
        # Of float8 torch knows little but its bytes.
        codes = plain.view(torch.uint8) if plain.is_floating_point() and plain.dtype.itemsize == 1 else plain
        other = codes.roll(1, -1 if axis == 0 and plain.ndim == 2 else axis + 1)
        return torch.cat([codes, other], axis).view(plain.dtype).requires_grad_(tensor.requires_grad)
