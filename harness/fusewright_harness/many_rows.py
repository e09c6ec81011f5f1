"""More than a thousand rows, of a few elements each: what a kernel leaves out of so many shows in no smaller input."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import torch

from fusewright_harness.renaming import NoVariant, next_prime, one_axis_renamed, renamed, sizes_of
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_ROWS = 1024
"""Beyond the thousand of which one row may be left out."""
_MOST_VARIANTS = 2
_FEW_ELEMENTS = 1 << 14
_MOST_INTERPRETED = 1 << 17
_MOST_ELEMENTS = 1 << 22
_FLOOR = 8


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
    multiples = {size: size // old * new for size in sizes_of(value) if size % old == 0}
    with without_modes():
        tensors: list[torch.Tensor] = take_apart(value)[1]
        shapes = [tuple(tensor.shape) for tensor in tensors]
        in_interpreter = all(tensor.device.type == "cpu" for tensor in tensors)
    for names, first_alone in (({old: new}, False), ({old: new}, True), (multiples, False)):
        grown = [_grown(shape, names, first_alone) for shape in shapes]
        # Columns that have the rows' number are columns again once the rows have their own.
        kept = {new} if first_alone else {*names, *names.values()}
        smaller = _halved(grown, kept) if in_interpreter else {}
        most = _MOST_INTERPRETED if in_interpreter else _MOST_ELEMENTS
        if _elements(grown, smaller) > most or (first_alone and _elements(grown, {}) > _MOST_ELEMENTS):
            continue
        try:
            if first_alone:
                yield renamed(one_axis_renamed(value, old, new, 0), smaller)
            else:
                yield renamed(renamed(value, smaller), names)
        except NoVariant:
            continue


def _grown(shape: tuple[int, ...], names: dict[int, int], first_alone: bool) -> tuple[int, ...]:
    if not first_alone:
        return tuple(names.get(size, size) for size in shape)
    place = next((axis for axis, size in enumerate(shape) if size in names), None)
    if place is None:
        return shape
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
