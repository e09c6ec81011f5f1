"""Operations that the interpreter's own versions get wrong or slow: comparisons, fma, abs, erf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import triton.language as tl
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import bfloat16

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARISONS = {
    "LT": np.less,
    "GT": np.greater,
    "LE": np.less_equal,
    "GE": np.greater_equal,
    "EQ": np.equal,
    "NE": np.not_equal,
}


def _comparison(operation: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., TensorHandle]:
    def compare(_builder: Any, lhs: TensorHandle, rhs: TensorHandle) -> TensorHandle:
        # Upstream labels the booleans with the operands' type, which makes a later cast misread them.
        return TensorHandle(operation(lhs.data, rhs.data), tl.int1)

    return compare


def _fma(_builder: Any, x: TensorHandle, y: TensorHandle, z: TensorHandle) -> TensorHandle:
    dtype = z.data.dtype
    if dtype == np.float64:
        product = x.data.astype(np.longdouble) * y.data
        return TensorHandle((product + z.data).astype(np.float64), z.dtype.scalar)
    product = x.data.astype(np.float64) * y.data
    exact = product + z.data
    if dtype != np.float32 or bfloat16.is_bfloat16(z.dtype):
        return TensorHandle(exact.astype(dtype), z.dtype.scalar)
    return TensorHandle(_round_once(product, z.data.astype(np.float64), exact), z.dtype.scalar)


def _round_once(product: np.ndarray, addend: np.ndarray, total: np.ndarray) -> np.ndarray:
    """``product + addend`` rounded to float32 in one step, given the float64 rounding of it, ``total``."""
    # Two roundings differ from one where the first lands on the middle between two float32 values. Rounding the
    # first to odd (Boldo and Melquiond) removes that: the error of the sum tells on which side the truth lies.
    with np.errstate(all="ignore"):
        back = total - product
        error = (product - (total - back)) + (addend - back)
        even = (np.ascontiguousarray(total).view(np.uint64) & np.uint64(1)) == 0
        toward = np.where(error > 0, np.inf, -np.inf)
        odd = np.where((error != 0) & even & np.isfinite(error), np.nextafter(total, toward), total)
    return odd.astype(np.float32)


def _fabs(_builder: Any, arg: TensorHandle) -> TensorHandle:
    if arg.dtype.scalar.is_fp8():
        return TensorHandle(arg.data & np.uint8(0x7F), arg.dtype.scalar)
    return TensorHandle(np.abs(arg.data), arg.dtype.scalar)


def _erf(_builder: Any, arg: TensorHandle) -> TensorHandle:
    # Upstream calls math.erf once an element.
    data = torch.special.erf(torch.from_numpy(np.array(arg.data)))
    return TensorHandle(data.numpy().reshape(arg.data.shape), arg.dtype.scalar)


def install() -> None:
    """Replace the builder's comparisons, fma, abs and erf."""
    for name, operation in _COMPARISONS.items():
        compare = _comparison(operation)
        for prefix in ("icmpS", "icmpU", "icmp", "fcmpO", "fcmpU"):
            if hasattr(InterpreterBuilder, f"create_{prefix}{name}"):
                setattr(InterpreterBuilder, f"create_{prefix}{name}", compare)
    InterpreterBuilder.create_fma = _fma
    InterpreterBuilder.create_fabs = _fabs
    InterpreterBuilder.create_erf = _erf
