"""``tl.dot`` as tensor cores compute it: exact products of narrow operands, added up in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import casts


def round_to_tf32(values: np.ndarray) -> np.ndarray:
    """Float32 ``values`` rounded to the 10 mantissa bits of TF32, ties to even; infinities and NaN as they are."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    even = (bits >> np.uint32(13)) & np.uint32(1)
    rounded = ((bits + np.uint32(0xFFF) + even) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(values), rounded, values)


def _operand(handle: TensorHandle, tf32: bool) -> np.ndarray:
    scalar = handle.dtype.scalar
    if scalar.is_fp8():
        return casts.float8_to_float32(handle.data, scalar)
    if scalar.is_int():
        # 8-bit products summed over any block are exact in float64, which BLAS multiplies and integers it does not.
        return handle.data.astype(np.float64)
    if handle.data.dtype == np.float16:
        return handle.data.astype(np.float32)
    return round_to_tf32(handle.data) if tf32 and scalar.is_fp32() else handle.data


def _dot(
    _builder: Any,
    a: TensorHandle,
    b: TensorHandle,
    accumulator: TensorHandle,
    precision: Any,
    _imprecise: Any,
) -> TensorHandle:
    # On a GPU float32 operands are TF32 unless the kernel says otherwise: a result that only the CPU's full
    # precision makes right must not pass.
    tf32 = getattr(precision, "name", "") == "TF32"
    product = np.matmul(_operand(a, tf32), _operand(b, tf32))
    scalar = accumulator.dtype.scalar
    if scalar.is_int():
        total = product.astype(np.int64) + accumulator.data
    else:
        total = product + accumulator.data.astype(product.dtype)
    return TensorHandle(total.astype(accumulator.data.dtype), scalar)


def install() -> None:
    """Replace the builder's ``create_dot``."""
    InterpreterBuilder.create_dot = _dot
