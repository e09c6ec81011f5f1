"""Matrix products that ``tl.dot`` cannot do: of float64 and of wide integers, and with a side of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true

_aten = torch.ops.aten
_DOT_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def mm(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``left`` (M, K) times ``right`` (K, N) as a sum, where ``tl.dot`` has no answer."""
    if _is_for_dot(left, right):
        return NotImplemented
    return _sum_of_products(left.unsqueeze(2), right.unsqueeze(0), 1)


def bmm(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``left`` (B, M, K) times ``right`` (B, K, N) as a sum, where ``tl.dot`` has no answer."""
    if _is_for_dot(left, right):
        return NotImplemented
    return _sum_of_products(left.unsqueeze(3), right.unsqueeze(1), 2)


def addmm(
    added: torch.Tensor, left: torch.Tensor, right: torch.Tensor, *, beta: Any = 1, alpha: Any = 1
) -> torch.Tensor:
    """``beta * added + alpha * left @ right``."""
    return _plus(added, left @ right, beta, alpha)


def baddbmm(
    added: torch.Tensor, left: torch.Tensor, right: torch.Tensor, *, beta: Any = 1, alpha: Any = 1
) -> torch.Tensor:
    """``beta * added + alpha * left @ right`` for each of a batch."""
    return _plus(added, torch.bmm(left, right), beta, alpha)


def mv(matrix: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """A matrix times a vector, as a sum of each row."""
    return _sum_of_products(matrix, vector, 1)


def dot(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The inner product of two vectors."""
    return _sum_of_products(left, right, 0)


def addmv(
    added: torch.Tensor, matrix: torch.Tensor, vector: torch.Tensor, *, beta: Any = 1, alpha: Any = 1
) -> torch.Tensor:
    """``beta * added + alpha * matrix @ vector``."""
    return _plus(added, mv(matrix, vector), beta, alpha)


def int_mm(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """A product of int8 matrices, summed in int32."""
    return (left.to(torch.int32).unsqueeze(2) * right.to(torch.int32).unsqueeze(0)).sum(1, dtype=torch.int32)


PRODUCTS: dict[Any, Callable[..., Any]] = {
    _aten.mm.default: mm,
    _aten.bmm.default: bmm,
    _aten.addmm.default: addmm,
    _aten.baddbmm.default: baddbmm,
    _aten.mv.default: mv,
    _aten.dot.default: dot,
    _aten.addmv.default: addmv,
    _aten._int_mm.default: int_mm,
}


def _is_for_dot(left: torch.Tensor, right: torch.Tensor) -> bool:
    sides = (left.shape[-2], left.shape[-1], right.shape[-1])
    return (
        left.dtype in _DOT_DTYPES
        and right.dtype == left.dtype
        and not any(statically_known_true(side <= 1) for side in sides)
    )


def _sum_of_products(left: torch.Tensor, right: torch.Tensor, dimension: int) -> torch.Tensor:
    # Half precision is summed in float32, as a library does it.
    wide = torch.float32 if left.dtype in (torch.float16, torch.bfloat16) else left.dtype
    return (left.to(wide) * right.to(wide)).sum(dimension, dtype=wide).to(left.dtype)


def _plus(added: torch.Tensor, product: torch.Tensor, beta: Any, alpha: Any) -> torch.Tensor:
    product = product if alpha == 1 else alpha * product
    # What is multiplied by zero is not even looked at: it may be NaN.
    if beta == 0:
        return product
    return product + (added if beta == 1 else beta * added)
