"""More than a thousand rows, or columns: what a kernel leaves out of so many shows in no smaller input."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.renaming import (
    NoVariant,
    measured,
    next_prime,
    one_axis_renamed,
    renamed,
    sizes_of,
    sums_to_one,
    undivided,
)
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_ROWS = 1024
"""Beyond the thousand of which one row may be left out."""
_FEW_COLUMNS = 64
"""Shorter rows are heads, states or channels, of which a kernel holds all at once."""
_LEAST_PART = 0.7
_MOST_VARIANTS = 2
_FEW_ELEMENTS = 1 << 14
_MOST_INTERPRETED = 1 << 17
_MOST_ELEMENTS = 1 << 22
_FLOOR = 8
_SHORT = (torch.bool, torch.int8, torch.uint8)
"""Types of flags and codes, which neither count nor name anything."""


def rows_variants(value: Any) -> list[dict[str, Any]]:
    """The variants that lengthen a leading dimension until there are a thousand rows, for tensors that have fewer.

    Each element of an index counts for a row: that many are read.
    """
    with without_modes():
        tensors: list[torch.Tensor] = take_apart(value)[1]
        leading = [
            tuple(tensor.shape[: tensor.ndim - tensor.is_floating_point()])
            for tensor in tensors
            if tensor.ndim
        ]
        counted = {count for tensor in tensors for count in _counts(tensor.detach())}
    sizes, found = sizes_of(value), []
    if counted.intersection(sizes):
        # Of rows that offsets part, one part would be longer than whoever gives the longest one's length allows.
        return []
    for size in sizes:
        rows = max((prod(shape) for shape in leading if size in shape), default=_ROWS)
        # So few may be channels, which a kernel counts by number as its reference does.
        if rows < _ROWS and size > _FLOOR:
            found.append({"kind": "rows", "from": size, "to": next_prime(_ROWS * size // rows), "base": {}})
    return found[:_MOST_VARIANTS]


def columns_variants(value: Any) -> list[dict[str, Any]]:
    """The variants that lengthen a last dimension beyond the thousand elements that one block may hold."""
    with without_modes():
        tensors: list[torch.Tensor] = take_apart(value)[1]
        last = {
            tensor.shape[-1]
            for tensor in tensors
            if tensor.ndim and (tensor.is_floating_point() or tensor.dtype in _SHORT)
        }
        counted = {count for tensor in tensors for count in _counts(tensor.detach())}
    sizes = sizes_of(value)
    if counted.intersection(sizes):
        return []
    return [
        {"kind": "columns", "from": size, "to": undivided(size, _ROWS), "base": {}}
        for size in sizes
        if size in last and _FEW_COLUMNS <= size < _ROWS
    ][:_MOST_VARIANTS]


def with_many_columns(value: Any, old: int, new: int) -> Iterator[Any]:
    """``value`` with the dimensions of size ``old`` renamed, or the last of each tensor's alone; see the rows'.

    What would repeat is made to differ: of equal numbers any may come first, or be the last that is kept.
    """
    for made in _lengthened(value, old, new, axis=1):
        yield map_tensors(made, _parted)


def _parted(tensor: torch.Tensor) -> torch.Tensor:
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if plain.ndim and plain.shape[-1] >= _ROWS and plain.dtype in _SHORT:
            return _with_one_flag(plain) if plain.dtype is torch.bool else _mixed(plain)
        shares = sums_to_one(plain)
        if not plain.ndim or plain.shape[-1] < _ROWS or not (shares or measured(plain)):
            return tensor
        # None becomes larger: values may have bounds.
        factors = torch.empty(plain.shape, device=plain.device, dtype=torch.float32).uniform_(_LEAST_PART, 1)
        parted = plain * factors
        if shares:
            parted = parted / parted.sum(-1, keepdim=True)
        return parted.to(plain.dtype).requires_grad_(wanted)


def _mixed(tensor: torch.Tensor) -> torch.Tensor:
    return tensor[..., torch.randperm(tensor.shape[-1], device=tensor.device)]


def _with_one_flag(tensor: torch.Tensor) -> torch.Tensor:
    """Flags of which each row has one, in its last half, that is not as most are: who asks for any has to find it."""
    rows, length = tensor.numel() // tensor.shape[-1], tensor.shape[-1]
    usual = 2 * int(tensor.sum()) > tensor.numel()
    flags = torch.full((rows, length), usual, dtype=torch.bool, device=tensor.device)
    places = torch.randint(length // 2, length, (rows, 1), device=tensor.device)
    return flags.scatter_(1, places, not usual).view(tensor.shape)


def _counts(tensor: torch.Tensor) -> tuple[int, ...]:
    """What whole numbers may count: all that they add up to, as lengths do, and the last of them, as offsets do."""
    if tensor.ndim != 1 or not tensor.numel() or tensor.dtype not in (torch.int32, torch.int64):
        return ()
    return int(tensor.sum()), int(tensor.max())


def with_many_rows(value: Any, old: int, new: int) -> Iterator[Any]:
    """``value`` with the leading dimensions of size ``old`` renamed: all that have it, or one of each tensor's.

    In Triton's interpreter, whose tensors are on the CPU, the other dimensions are made small, by halves, so that what
    a block or a head divides it still does. On a GPU they stay: a kernel is compiled for them.
    """
    return _lengthened(value, old, new, axis=0)


def _lengthened(value: Any, old: int, new: int, axis: int) -> Iterator[Any]:
    multiples = {size: size // old * new for size in sizes_of(value) if size % old == 0}
    with without_modes():
        tensors: list[torch.Tensor] = take_apart(value)[1]
        shapes = [tuple(tensor.shape) for tensor in tensors]
        in_interpreter = all(tensor.device.type == "cpu" for tensor in tensors)
    for names, one_alone in (({old: new}, False), ({old: new}, True), (multiples, False)):
        grown = [_grown(shape, names, axis if one_alone else None) for shape in shapes]
        # Columns that have the rows' number are columns again once the rows have their own.
        kept = {new} if one_alone else {*names, *names.values()}
        smaller = _halved(grown, kept) if in_interpreter else {}
        most = _MOST_INTERPRETED if in_interpreter else _MOST_ELEMENTS
        if _elements(grown, smaller) > most or (one_alone and _elements(grown, {}) > _MOST_ELEMENTS):
            continue
        try:
            if one_alone:
                yield renamed(one_axis_renamed(value, old, new, axis), smaller)
            else:
                yield renamed(renamed(value, smaller), names)
        except NoVariant:
            continue


def _grown(shape: tuple[int, ...], names: dict[int, int], axis: int | None) -> tuple[int, ...]:
    """``shape`` renamed; with an ``axis`` in its first such dimension alone (0), or in its last one (1)."""
    if axis is None:
        return tuple(names.get(size, size) for size in shape)
    places = [place for place, size in enumerate(shape) if size in names]
    if not places:
        return shape
    place = places[-1] if axis else places[0]
    return (*shape[:place], names[shape[place]], *shape[place + 1 :])


def _halved(shapes: list[tuple[int, ...]], kept: set[int]) -> dict[int, int]:
    """What the sizes beside those ``kept`` are made, all divided by the same power of two."""
    names: dict[int, int] = {}
    sizes = {size for shape in shapes for size in shape} - kept
    for halvings in range(1, 32):
        if _elements(shapes, names) <= _FEW_ELEMENTS:
            break
        names = {size: max(_FLOOR, size >> halvings) for size in sizes if size > _FLOOR}
    return names


def _elements(shapes: list[tuple[int, ...]], names: dict[int, int]) -> int:
    return sum(prod(names.get(size, size) for size in shape) for shape in shapes)
