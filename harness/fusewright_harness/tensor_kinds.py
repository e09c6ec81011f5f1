"""What a tensor of a pair's inputs stands for, as its contents tell: measured values, a constant, a mask, an index."""

from __future__ import annotations

import torch

from fusewright_harness.renaming import sums_to_one

_LOOKED_AT = 1 << 14
"""The first so many elements tell; sorting a gigabyte would take seconds."""
_BLANK = -1000.0
"""What a mask adds where it is to leave an element out: this, or less."""


def movable(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds measured values, which may be any, and not codes of a few kinds."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < 2:
        return False
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    if constant(tensor) or sums_to_one(tensor):
        return False
    return flat.numel() < 8 or flat.unique().numel() > 3


def fixed(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds one number, which may be another."""
    return drawable(tensor) and (tensor.numel() == 1 or constant(tensor))


def constant(tensor: torch.Tensor) -> bool:
    """Whether several elements all hold one number."""
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    if flat.numel() < 2 or (tensor.is_floating_point() and tensor.dtype.itemsize == 1):
        return False
    return bool((flat == flat[0]).all())


def drawable(tensor: torch.Tensor) -> bool:
    """Whether a tensor is of a type that other contents are drawn for: flags, and floating point but for codes."""
    return tensor.dtype is torch.bool or (tensor.is_floating_point() and tensor.dtype.itemsize > 1)


def counts_up(tensor: torch.Tensor, others: list[torch.Tensor]) -> bool:
    """Whether a tensor numbers a dimension's elements: 0, 1, 2, … as an index that happens to change nothing."""
    return _counted_along(tensor, others) is not None


def turned_round(tensor: torch.Tensor, others: list[torch.Tensor]) -> torch.Tensor:
    """A tensor that :func:`counts_up`, from its end to its beginning: all of it, or each row of it."""
    if _counted_along(tensor, others) == tensor.numel():
        return tensor.reshape(-1).flip(0).reshape(tensor.shape)
    return tensor.flip(-1)


def _counted_along(tensor: torch.Tensor, others: list[torch.Tensor]) -> int | None:
    """How many elements a tensor numbers, in all of it or in each row of it; None where it does not."""
    if tensor.ndim == 0 or tensor.dtype not in (torch.int32, torch.int64):
        return None
    for size in dict.fromkeys((tensor.numel(), tensor.shape[-1])):
        if size < 3 or not any(size in other.shape for other in others if other.is_floating_point()):
            continue
        places = torch.arange(size, device=tensor.device, dtype=tensor.dtype)
        if torch.equal(tensor.reshape(-1, size), places.expand(tensor.numel() // size, size)):
            return size
    return None


def blanks(tensor: torch.Tensor) -> bool:
    """Whether a tensor is added to others to leave out some of them: zero in places, and minus infinity or near it."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < 2:
        return False
    kinds = tensor.reshape(-1)[:_LOOKED_AT].unique()
    return kinds.numel() == 2 and float(kinds[1]) == 0 and float(kinds[0]) <= _BLANK


def twins(tensors: list[torch.Tensor]) -> set[int]:
    """The tensors that hold what an earlier one holds."""
    floats = [number for number, tensor in enumerate(tensors) if movable(tensor)]
    return {
        later
        for place, later in enumerate(floats)
        for earlier in floats[:place]
        if tensors[earlier].shape == tensors[later].shape
        and tensors[earlier].dtype == tensors[later].dtype
        and torch.equal(tensors[earlier], tensors[later])
    }
