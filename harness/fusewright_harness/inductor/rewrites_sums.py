"""Reductions of a large tensor to one number, in two steps: each row by a program of its own, then what the rows gave.

One program would have to walk over all of it, alone on its multiprocessor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

_aten = torch.ops.aten
_LARGE = 1 << 17
"""Elements from which on one program takes longer than a second launch."""
_ENOUGH_ROWS = 64
"""Programs that the first step has to have; with fewer it takes TorchInductor's own way of splitting."""
_MANY_ROWS = 512
_HALF = (torch.float16, torch.bfloat16)


def sum_of_all(x: torch.Tensor, *, dtype: torch.dtype | None = None) -> torch.Tensor:
    """``aten.sum`` of every element."""
    return sum_over(x, None, dtype=dtype)


def sum_over(
    x: torch.Tensor, dim: Sequence[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """``aten.sum.dim_IntList``, where that is over everything."""
    inner = _inner_dimensions(x, dim)
    if inner is None:
        return NotImplemented
    result = dtype or (x.dtype if x.dtype.is_floating_point else torch.int64)
    wide = torch.float32 if result in _HALF else result
    total = x.sum(inner, dtype=wide).sum().to(result)
    return total.reshape([1] * x.dim()) if keepdim else total


def mean_of_all(x: torch.Tensor, *, dtype: torch.dtype | None = None) -> torch.Tensor:
    """``aten.mean`` of every element."""
    return mean_over(x, None, dtype=dtype)


def mean_over(
    x: torch.Tensor, dim: Sequence[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """``aten.mean.dim``, where that is over everything."""
    if _inner_dimensions(x, dim) is None:
        return NotImplemented
    result = dtype or x.dtype
    wide = torch.float32 if result in _HALF else result
    return (sum_over(x, dim, keepdim, dtype=wide) / x.numel()).to(result)


def _largest(x: torch.Tensor, dim: Sequence[int] | None = None, keepdim: bool = False) -> torch.Tensor:
    return _extreme(x, dim, keepdim, torch.amax)


def _smallest(x: torch.Tensor, dim: Sequence[int] | None = None, keepdim: bool = False) -> torch.Tensor:
    return _extreme(x, dim, keepdim, torch.amin)


def _extreme(
    x: torch.Tensor, dim: Sequence[int] | None, keepdim: bool, of: Callable[..., torch.Tensor]
) -> torch.Tensor:
    inner = _inner_dimensions(x, dim)
    if inner is None:
        return NotImplemented
    found = of(of(x, inner))
    return found.reshape([1] * x.dim()) if keepdim else found


SUMS: dict[Any, Callable[..., Any]] = {
    _aten.sum.default: sum_of_all,
    _aten.sum.dim_IntList: sum_over,
    _aten.mean.default: mean_of_all,
    _aten.mean.dim: mean_over,
    _aten.amax.default: _largest,
    _aten.amin.default: _smallest,
    _aten.max.default: _largest,
    _aten.min.default: _smallest,
}


def _inner_dimensions(x: torch.Tensor, dim: Sequence[int] | None) -> list[int] | None:
    """The dimensions that the first step reduces; None where one step does."""
    if x.dim() < 2 or (dim and len({d % x.dim() for d in dim}) < x.dim()):
        return None
    sizes = [int(size.node.hint) if isinstance(size, torch.SymInt) else size for size in x.shape]
    if math.prod(sizes) < _LARGE:
        return None
    # Rows are made long, as far as there are still many of them.
    kept = next((n for n in range(1, x.dim()) if math.prod(sizes[:n]) >= _MANY_ROWS), x.dim() - 1)
    return list(range(kept, x.dim())) if math.prod(sizes[:kept]) >= _ENOUGH_ROWS else None
