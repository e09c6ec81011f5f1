"""What torch's own operators did in one call: which, on how much memory, with how much arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_GATHERING = words(
    "index_select index gather take scatter scatter_ index_put_ index_put _index_put_impl_ index_copy index_copy_ "
    "embedding masked_select"
)

_REPEATING = words("upsample_nearest1d upsample_nearest2d upsample_nearest3d")


@dataclass
class Operator:
    """One operator's call. ``arithmetic`` counts operations, ``bytes`` what it reads and writes."""

    name: str
    kind: str
    line: int | None
    arithmetic: int
    bytes: int
    after_kernel: bool
    signature: tuple[Any, ...]
    reads: tuple[tuple[int, int, int], ...]
    writes: tuple[tuple[int, int, int], ...]
    whole: int
    """How many times the storage that is read holds what is read of it."""
    heavy: bool
    """Whether torch counts its arithmetic: products, convolutions, attention."""
    plain: bool
    """Whether it copies memory that is in order already."""


@dataclass
class Launched:
    """One launch, in the order of the operators: the storages it was given."""

    storages: tuple[int, ...]
    bytes: int


@dataclass
class Trace:
    """What one call did."""

    operators: list[Operator] = field(default_factory=list)
    launches: list[Launched] = field(default_factory=list)
    host_bytes: int = 0
    """What was carried to the host to be looked at there."""
    host_numbers: int = 0
    """How many floating-point numbers of it."""
    results: tuple[tuple[int, int, int], ...] = ()
    calls: int = 0
    outside_s: float = 0.0
    """Seconds of the thread between the operators, Python's own; a machine at work elsewhere does not count."""


def summary(trace: Trace) -> dict[str, Any]:
    """A trace in numbers, as JSON."""
    compute = [operator for operator in trace.operators if operator.kind == "compute"]
    whole = [operator for operator in compute if not operator.after_kernel]
    gathers = [
        operator
        for operator in trace.operators
        if operator.name in _GATHERING and operator.kind == "movement"
    ]
    moves = [
        operator
        for operator in trace.operators
        if operator.kind == "movement"
        or operator.name in _REPEATING
        or (operator.kind == "copy" and not operator.plain)
    ]
    largest = sorted([*compute, *gathers], key=lambda operator: -max(operator.arithmetic, operator.bytes))[:6]
    return {
        "count": len(trace.operators),
        "arithmetic": sum(operator.arithmetic for operator in whole),
        "reduced": sum(operator.arithmetic for operator in compute if operator.after_kernel),
        "bytes": sum(operator.bytes for operator in whole),
        "copied": sum(operator.bytes for operator in trace.operators if operator.kind == "copy"),
        "moved": sum(operator.bytes for operator in trace.operators if operator.kind == "movement"),
        "relaid": sum(operator.bytes for operator in moves),
        "movers": list(dict.fromkeys(operator.name for operator in moves)),
        "gathered": sum(operator.bytes for operator in gathers),
        "host": trace.host_bytes,
        "host_numbers": trace.host_numbers,
        "launched": sum(launch.bytes for launch in trace.launches),
        "names": list(dict.fromkeys(operator.name for operator in largest)),
        "line": largest[0].line if largest else None,
    }


def reached_bytes(tensor: torch.Tensor) -> int:
    """The memory that a view reaches: an expanded dimension is one row."""
    sizes = [size for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride]
    return math.prod(sizes) * tensor.dtype.itemsize if tensor.numel() else 0


def region(tensor: torch.Tensor) -> tuple[int, int, int]:
    """The storage of a view, and the first and the last byte that it reaches."""
    size = tensor.dtype.itemsize
    first = tensor.storage_offset() * size
    steps = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.stride(), strict=True) if n)
    return tensor.untyped_storage().data_ptr(), first, first + (steps + 1) * size
