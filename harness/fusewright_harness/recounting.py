"""Whole numbers that name places of a renamed dimension, or count its elements, made to fit its new size.

An index that was drawn from a whole table is spread over the whole of the smaller one: numbers that were merely cut
off at its end would nearly all name its last place, and then hardly any kernel is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fusewright_harness.values import take_apart

_FEW_STEPS = 1 << 16

Bounds = frozenset[tuple[int, int]]
"""What may bound whole numbers, before and after the renaming: sizes, products of neighbouring ones, plain numbers."""


def bounds_of(value: Any, names: Mapping[int, int], numbers: bool = True) -> Bounds:
    """The bounds in ``value``; with ``numbers`` whole numbers beside tensors are renamed too."""
    found: set[tuple[int, int]] = set()
    for tensor in take_apart(value)[1]:
        shape = tensor.shape
        for first in range(len(shape)):
            before = after = 1
            for size in shape[first:]:
                before, after = before * size, after * names.get(size, size)
                found.add((before, after))
    return frozenset(found | {(n, names.get(n, n) if numbers else n) for n in _numbers(value)})


def recounted(tensor: torch.Tensor, names: Mapping[int, int], bounds: Bounds) -> None:
    """Counts the whole numbers of ``tensor`` anew, in place; negative ones stay, as codes for padding do."""
    if not tensor.numel():
        return
    values = tensor.to(torch.int64)
    counted = _lengths(values, names)
    if counted is None:
        counted = _ends(values, names, bounds)
    if counted is None:
        counted = _places(values, bounds)
    if counted is not None:
        tensor.copy_(counted)


def _numbers(value: Any) -> set[int]:
    if isinstance(value, dict):
        return set().union(*map(_numbers, value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(_numbers, value))
    return {value} if isinstance(value, int) and not isinstance(value, bool) and value > 1 else set()


def _lengths(values: torch.Tensor, names: Mapping[int, int]) -> torch.Tensor | None:
    """Lengths of the parts of a renamed dimension, which still make up the whole; None for anything else."""
    if values.ndim != 1 or values.numel() > _FEW_STEPS or int(values.min()) < 0:
        return None
    old = int(values.sum())
    if old not in names or int(values.max()) >= old:
        return None
    new = names[old]
    if new < old:
        shorter = values * new // old
        # What was not empty still is not, where there is room for that.
        filled = torch.where(values > 0, shorter.clamp(min=1), 0)
        for counted in (filled, shorter):
            counted[values.argmax()] += new - counted.sum()
        return filled if int(filled.min()) >= int(values.clamp(max=1).min()) else shorter
    longer = values.clone()
    longer[-1] += new - old
    return longer


def _ends(values: torch.Tensor, names: Mapping[int, int], bounds: Bounds) -> torch.Tensor | None:
    """Offsets that end at a bound, or lengths as long as it; None for anything else."""
    largest = int(values.max())
    if values.ndim == 1 and values.numel() <= _FEW_STEPS and names.get(largest, 0) > largest:
        return torch.where(values == largest, names[largest], values)
    smaller = [after for before, after in bounds if before == largest and after < before]
    if not smaller:
        return None
    # What was not empty still is not.
    return torch.where(values > 0, (values * min(smaller) // largest).clamp(min=1), values)


def _places(values: torch.Tensor, bounds: Bounds) -> torch.Tensor | None:
    """An index into what became smaller; None where it still fits, and for numbers beyond all bounds."""
    largest = int(values.max())
    above = [(after, before) for before, after in bounds if before > largest]
    if not above or largest < min(above)[0]:
        return None
    size, before = min(above)
    named = values >= 0
    places = values[named]
    if places.numel() <= size and places.unique().numel() == places.numel():
        # An index without repetition has none now: what is written twice has no order.
        order = places.argsort()
        fitted = torch.empty_like(places)
        fitted[order] = torch.arange(len(places), device=places.device) * size // len(places)
    elif bool((places[1:] >= places[:-1]).all()):
        fitted = places * size // before
    elif bool(named.all()) and _apart_in_rows(values) and values.shape[-1] <= size:
        return _kept_apart_in_rows(values % size, size)
    else:
        fitted = places % size
    return values.masked_scatter(named, fitted)


def _apart_in_rows(values: torch.Tensor) -> bool:
    """Whether no row of several places names one twice, as the k largest of each row do not."""
    if values.ndim < 2 or values.shape[-1] < 2 or values.shape[-1] > _FEW_STEPS:
        return False
    ordered = values.sort(-1).values
    return not bool((ordered[..., 1:] == ordered[..., :-1]).any())


def _kept_apart_in_rows(values: torch.Tensor, size: int) -> torch.Tensor:
    """``values`` below ``size`` with what a row names a second time moved on to a place that it does not name."""
    result = values.clone()
    for column in range(1, values.shape[-1]):
        before = result[..., :column]
        for _ in range(column):
            taken = (before == result[..., column : column + 1]).any(-1)
            if not bool(taken.any()):
                break
            result[..., column] = torch.where(taken, (result[..., column] + 1) % size, result[..., column])
    return result
