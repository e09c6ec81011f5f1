"""Operations on elements, where those of some version of triton are wrong, slow or missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import triton.language as tl
import triton.runtime.interpreter as interpreter
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


def _binary(_builder: Any, lhs: TensorHandle, rhs: TensorHandle, operation: Any) -> TensorHandle:
    scalar = lhs.dtype.scalar
    left, right = lhs.data, rhs.data
    if left.dtype == np.bool_ and right.dtype == np.bool_ and operation not in _OF_BITS:
        # One-bit integers wrap around; numpy's booleans saturate, or refuse.
        data = (operation(left.astype(np.int8), right.astype(np.int8)) & 1).astype(np.bool_)
        return TensorHandle(data, scalar)
    data = operation(left, right)
    expected = interpreter._get_np_dtype(scalar)
    # Old versions keep what numpy widened, which a later store then writes over its neighbours.
    return TensorHandle(data if data.dtype == expected else data.astype(expected), scalar)


_OF_BITS = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)


def _ternary(
    _builder: Any, first: TensorHandle, second: TensorHandle, third: TensorHandle, operation: Any
) -> TensorHandle:
    data = operation(first.data, second.data, third.data)
    expected = interpreter._get_np_dtype(third.dtype.scalar)
    return TensorHandle(data if data.dtype == expected else data.astype(expected), third.dtype.scalar)


def _named(operation: Any) -> Callable[..., TensorHandle]:
    return lambda builder, lhs, rhs: _binary(builder, lhs, rhs, operation)


def _arithmetic_shift(builder: Any, lhs: TensorHandle, rhs: TensorHandle) -> TensorHandle:
    signed = np.dtype(f"i{lhs.data.dtype.itemsize}")
    data = np.right_shift(lhs.data.view(signed), rhs.data.astype(signed))
    return TensorHandle(data.view(lhs.data.dtype), lhs.dtype.scalar)


def _high_product(_builder: Any, lhs: TensorHandle, rhs: TensorHandle) -> TensorHandle:
    """The upper half of the product of two unsigned numbers; signed operands take part with their bits."""
    dtype = lhs.data.dtype
    width = dtype.itemsize * 8
    unsigned = np.dtype(f"u{dtype.itemsize}")
    left, right = lhs.data.view(unsigned), rhs.data.astype(dtype).view(unsigned)
    if width == 64:
        data = _high_product_of_64_bits(left, right)
    else:
        data = ((left.astype(np.uint64) * right.astype(np.uint64)) >> np.uint64(width)).astype(unsigned)
    return TensorHandle(data.view(dtype), lhs.dtype.scalar)


def _high_product_of_64_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    a, b, c, d = left >> half, left & low, right >> half, right & low
    middle = ((b * d) >> half) + ((a * d) & low) + ((b * c) & low)
    return a * c + ((a * d) >> half) + ((b * c) >> half) + (middle >> half)


def _clamp(
    _builder: Any, value: TensorHandle, low: TensorHandle, high: TensorHandle, propagate_nan: Any
) -> TensorHandle:
    if getattr(propagate_nan, "name", "NONE") == "NONE":
        data = np.fmin(np.fmax(value.data, low.data), high.data)
    else:
        data = np.minimum(np.maximum(value.data, low.data), high.data)
    return TensorHandle(data.astype(value.data.dtype, copy=False), value.dtype.scalar)


def _histogram(
    _builder: Any, data: TensorHandle, bins: int, mask: TensorHandle | None = None
) -> TensorHandle:
    values = data.data.reshape(-1)
    # What is in no bin is not counted.
    counted = (values >= 0) & (values < bins)
    if mask is not None:
        counted &= np.broadcast_to(mask.data, data.data.shape).reshape(-1)
    counts = np.bincount(values[counted].astype(np.int64), minlength=bins)
    return TensorHandle(counts.astype(np.int32), tl.int32)


def _gather(_builder: Any, source: TensorHandle, indices: TensorHandle, axis: int) -> TensorHandle:
    return TensorHandle(np.take_along_axis(source.data, indices.data, axis=axis), source.dtype.scalar)


def _absolute(_builder: Any, value: TensorHandle) -> TensorHandle:
    return TensorHandle(np.abs(value.data), value.dtype.scalar)


def _inverse_root(_builder: Any, value: TensorHandle) -> TensorHandle:
    return TensorHandle((1 / np.sqrt(value.data)).astype(value.data.dtype, copy=False), value.dtype.scalar)


def _all_ones(_builder: Any, dtype: Any) -> TensorHandle:
    np_type = interpreter._get_np_dtype(dtype)
    if np_type.kind not in "iub":
        raise TypeError(f"{dtype} has no value of all ones")
    return TensorHandle(np.invert(np.zeros(1, dtype=np_type)), dtype.scalar)


def install() -> None:
    """Replace the builder's operations on elements."""
    InterpreterBuilder.binary_op = _binary
    InterpreterBuilder.ternary_op = _ternary
    InterpreterBuilder.create_frem = _named(np.fmod)
    InterpreterBuilder.create_minnumf = _named(np.fmin)
    InterpreterBuilder.create_maxnumf = _named(np.fmax)
    InterpreterBuilder.create_ashr = _arithmetic_shift
    InterpreterBuilder.create_umulhi = _high_product
    InterpreterBuilder.create_clampf = _clamp
    InterpreterBuilder.create_histogram = _histogram
    InterpreterBuilder.create_gather = _gather
    InterpreterBuilder.create_iabs = _absolute
    InterpreterBuilder.create_rsqrt = _inverse_root
    InterpreterBuilder.get_all_ones_value = _all_ones
    for name, operation in _COMPARISONS.items():
        compare = _comparison(operation)
        for prefix in ("icmpS", "icmpU", "icmp", "fcmpO", "fcmpU"):
            if hasattr(InterpreterBuilder, f"create_{prefix}{name}"):
                setattr(InterpreterBuilder, f"create_{prefix}{name}", compare)
    InterpreterBuilder.create_fma = _fma
    InterpreterBuilder.create_fabs = _fabs
    InterpreterBuilder.create_erf = _erf
