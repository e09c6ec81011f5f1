"""Inputs of other sizes, made from a pair's own: one dimension renamed wherever it stands.

A size stands in the shapes of tensors, in whole numbers beside them, and in the contents of whole-number tensors as
an index, an offset or a length. All are renamed alike, so that what belonged together still does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.recounting import Bounds, bounds_of, recounted
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_MOST_SIZES = 6
_FEW_STEPS = 1 << 16
_PARTS = (3, 5, 7, 9)
_LOUDER = 3.0
_LOOKED_AT = 1 << 14
_FEW_VALUES = 3
_MOST_COORDINATES = 4


def sizes_of(value: Any) -> list[int]:
    """The sizes that tensors of ``value`` have, the most frequent in its largest tensors first."""
    weight: dict[int, int] = {}
    with without_modes():
        for tensor in take_apart(value)[1]:
            for size in tensor.shape:
                if size > 1:
                    weight[size] = weight.get(size, 0) + tensor.numel()
    return sorted(weight, key=lambda size: -weight[size])[:_MOST_SIZES]


def coordinates(tensors: list[torch.Tensor], size: int) -> bool:
    """Whether ``size`` may be how many coordinates a point has, or corners a box: a tensor's last dimension, up to 4.

    Who computes with points of three coordinates writes the three down, and is right to: there are no others.
    """
    return size <= _MOST_COORDINATES and any(
        tensor.ndim > 1 and tensor.shape[-1] == size for tensor in tensors
    )


def told_apart(tensors: list[torch.Tensor], size: int) -> list[int]:
    """Which dimensions of ``size`` are to be renamed without the others: 0 for a tensor's first, 1 for its last.

    Coordinates stay what they are; where they have the size by chance another dimension is renamed alone.
    """
    if coordinates(tensors, size):
        return [0] if any(size in _before_coordinates(tensor, size) for tensor in tensors) else []
    return [0, 1] if any(list(tensor.shape).count(size) > 1 for tensor in tensors) else []


def _before_coordinates(tensor: torch.Tensor, size: int) -> tuple[int, ...]:
    """A tensor's dimensions but for the last, or the last two where it holds square matrices of that size."""
    square = tensor.ndim > 1 and tensor.shape[-2:] == (size, size)
    return tuple(tensor.shape[: -2 if square else -1])


def next_prime(size: int) -> int:
    """The smallest prime above ``size``: no block of more than one element divides it."""
    number = size + 1
    while any(number % divisor == 0 for divisor in range(2, int(number**0.5) + 1)):
        number += 1
    return number


def undivided(size: int, beyond: int = 0) -> int:
    """A size above ``size`` and ``beyond`` that no block divides: a prime, times the small odd factor that it may have.

    What has such a factor may be made of as many parts, as a projection to queries, keys and values is.
    """
    power = size & -size
    parts = size // power if power >= 4 and size // power in _PARTS else 1
    return parts * next_prime(max(size, beyond) // parts)


def renamed(value: Any, names: dict[int, int], numbers: bool = True, loud: bool = False) -> Any:
    """``value`` with the sizes that ``names`` has renamed; with ``numbers`` whole numbers beside tensors too.

    ``loud`` makes measured values that are new larger than those before, so that a row's largest is among them.
    """
    bounds = bounds_of(value, names, numbers)

    def walk(item: Any) -> Any:
        if isinstance(item, torch.Tensor):
            with without_modes(), torch.no_grad():
                return _resized(item, names, bounds, loud=loud)
        if isinstance(item, int) and not isinstance(item, bool) and numbers:
            return names.get(item, item)
        return rebuilt(item, walk)

    return walk(value)


def one_axis_renamed(value: Any, old: int, new: int, axis: int) -> Any:
    """``value`` with one of two dimensions of the size ``old`` renamed: the first or the last in each tensor of both.

    Of a tensor that has one such dimension, it is the last one's where it is the tensor's last dimension.
    """
    bounds = bounds_of(value, {old: new})

    def walk(item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            return rebuilt(item, walk)
        places = [place for place, size in enumerate(item.shape) if size == old]
        last = bool(places) and places[-1] == item.ndim - 1
        if not places or (len(places) == 1 and last != (axis == 1)):
            return item.detach().clone().requires_grad_(item.requires_grad)
        with without_modes(), torch.no_grad():
            return _resized(item, {old: new}, bounds, only=places[-1] if axis else places[0])

    return walk(value)


def rebuilt(item: Any, walk: Callable[[Any], Any]) -> Any:
    """A list, tuple or dictionary with ``walk`` of each part; anything else as it is."""
    if isinstance(item, dict):
        return {key: walk(part) for key, part in item.items()}
    if isinstance(item, (list, tuple)):
        parts = [walk(part) for part in item]
        return parts if isinstance(item, list) else tuple(parts)
    return item


def _resized(
    tensor: torch.Tensor,
    names: dict[int, int],
    bounds: Bounds,
    only: int | None = None,
    loud: bool = False,
) -> torch.Tensor:
    wanted = tensor.requires_grad
    result = tensor.detach()
    shares = sums_to_one(result)
    order = sorted(range(result.ndim), key=lambda axis: -result.stride(axis))
    result = result.permute(order)
    for axis, size in enumerate(result.shape):
        if size in names and only in (None, order[axis]):
            count = names[size]
            places = torch.arange(count, device=result.device) % size
            if _ascends(result, axis):
                # From its first to its last: the borders of what is smaller or larger now.
                shorter = 1 < count < size
                places = places * (size - 1) // (count - 1) if shorter else places.sort().values
            result = _selected(result, axis, places)
            if loud and names[size] > size and measured(result):
                result.narrow(axis, size, names[size] - size).mul_(_LOUDER)
    result = result.contiguous().clone()
    result = result.permute([order.index(axis) for axis in range(result.ndim)])
    if not result.is_floating_point() and not result.is_complex() and result.dtype is not torch.bool:
        result = _kept_distinct(tensor.detach(), result)
        recounted(result, names, bounds)
    elif shares and result.shape != tensor.shape:
        result = result / result.sum(-1, keepdim=True)
    return result.requires_grad_(wanted)


def _selected(tensor: torch.Tensor, axis: int, places: torch.Tensor) -> torch.Tensor:
    if tensor.dtype.itemsize == 1 and tensor.is_floating_point():
        return tensor.view(torch.uint8).index_select(axis, places).view(tensor.dtype)
    return tensor.index_select(axis, places)


def _ascends(tensor: torch.Tensor, axis: int) -> bool:
    """Whether a table is in order, as offsets and borders are."""
    if tensor.ndim != 1 or tensor.dtype is torch.bool or tensor.is_complex() or tensor.dtype.itemsize == 1:
        return False
    return tensor.numel() > 2 and bool((tensor[1:] >= tensor[:-1]).all()) and axis == 0


def measured(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds measured numbers, which may be any, and neither codes, shares nor what is not finite."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < 2:
        return False
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    if not bool(torch.isfinite(flat).all()) or sums_to_one(tensor):
        return False
    return flat.numel() < 8 or flat.unique().numel() > _FEW_VALUES


def sums_to_one(tensor: torch.Tensor) -> bool:
    """Whether a tensor's rows are shares of one: probabilities, weights of a mean."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.ndim == 0 or tensor.numel() < 2:
        return False
    return tensor.shape[-1] > 1 and bool((tensor >= 0).all() and ((tensor.sum(-1) - 1).abs() < 1e-2).all())


class NoVariant(Exception):
    """There are no such inputs of another size."""


def _kept_distinct(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """A longer index, still without repetition where it had none: what is written twice has no order."""
    if new.numel() <= old.numel() or new.numel() > _FEW_STEPS or old.numel() < 2:
        return new
    before = old.reshape(-1).tolist()
    if len(set(before)) < len(before) or min(before) < 0:
        return new
    top = max(before) + 1 if max(before) + 1 > len(before) else new.numel()
    taken = set(before)
    free = (number for number in range(top) if number not in taken)
    seen: set[int] = set()
    values = []
    for value in new.reshape(-1).tolist():
        number = next(free, None) if value in seen else value
        if number is None:
            raise NoVariant
        seen.add(number)
        values.append(number)
    if before == sorted(before):
        # Offsets: in order, whatever stands between them.
        values.sort()
    return torch.tensor(values, dtype=new.dtype, device=new.device).reshape(new.shape)
