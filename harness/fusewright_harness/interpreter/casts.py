"""Conversions between types, rounded as the GPU rounds them.

Triton's interpreter cuts float32 to bfloat16 off, and converts to float8 by hand with an inexact rounding. Here
numpy and torch convert, to the nearest value with ties to even; float8 saturates as ``cvt.rn.satfinite`` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import bfloat16

_FLOAT8 = {
    tl.float8e5: torch.float8_e5m2,
    tl.float8e4nv: torch.float8_e4m3fn,
    tl.float8e4b8: torch.float8_e4m3fnuz,
    tl.float8e5b16: torch.float8_e5m2fnuz,
}
# The largest finite value: on NVIDIA hardware conversions to these two saturate.
_SATURATED = {tl.float8e4nv: 448.0, tl.float8e5: 57344.0}


def float8_to_float32(data: np.ndarray, dtype: Any) -> np.ndarray:
    """The float32 values of float8 bit patterns (uint8) of triton type ``dtype``."""
    if dtype == tl.float8e4b15:
        wide = interpreter._convert_float(data, dtype, tl.float16, None).view(np.float16)
        return wide.astype(np.float32)
    bits = torch.from_numpy(np.ascontiguousarray(data).view(np.uint8).copy())
    return bits.view(_FLOAT8[dtype]).to(torch.float32).numpy().reshape(np.shape(data))


def _float32_to_float8(values: np.ndarray, dtype: Any) -> np.ndarray:
    if dtype == tl.float8e4b15:
        narrow = values.astype(np.float16)
        return interpreter._convert_float(narrow, tl.float16, dtype, None).view(np.uint8)
    wide = torch.from_numpy(np.array(values, dtype=np.float32))
    if dtype in _SATURATED:
        limit = _SATURATED[dtype]
        wide = torch.where(wide.isnan(), wide, wide.clamp(-limit, limit))
    return wide.to(_FLOAT8[dtype]).view(torch.uint8).numpy().reshape(np.shape(values))


def _is_float8(dtype: Any) -> bool:
    return dtype in _FLOAT8 or dtype == tl.float8e4b15


def _toward_zero(values: np.ndarray, dtype: Any) -> np.ndarray:
    if dtype == tl.bfloat16:
        return bfloat16.round_toward_zero(values)
    narrow = values.astype(interpreter._get_np_dtype(dtype))
    beyond = np.abs(narrow.astype(np.float64)) > np.abs(values.astype(np.float64))
    return np.where(beyond, np.nextafter(narrow, np.zeros_like(narrow)), narrow)


def convert_float(handle: TensorHandle, target: Any, toward_zero: bool = False) -> TensorHandle:
    """``handle`` converted from its floating-point type to another, ``target``."""
    source, target = handle.dtype.scalar, target.scalar
    if source == target:
        return TensorHandle(handle.data, target)
    data = float8_to_float32(handle.data, source) if _is_float8(source) else handle.data
    if _is_float8(target):
        return TensorHandle(_float32_to_float8(data, target), target)
    if toward_zero:
        return TensorHandle(_toward_zero(data, target), target)
    return TensorHandle(data.astype(interpreter._get_np_dtype(target)), target)


def _float_to_integer(data: np.ndarray, target: np.dtype) -> np.ndarray:
    # A GPU's conversion saturates and gives 0 for NaN; C's, which numpy uses, is undefined there.
    if target == np.bool_:
        return data != 0
    limits = np.iinfo(target)
    wide = np.trunc(data.astype(np.float64))
    # float64 cannot hold the largest 64-bit integers: compare before converting.
    low, high = wide <= float(limits.min), wide >= float(limits.max)
    safe = np.where(low | high | np.isnan(wide), 0.0, wide).astype(target)
    return np.where(low, limits.min, np.where(high, limits.max, safe)).astype(target)


def _cast(_builder: Any, handle: TensorHandle, target: Any) -> TensorHandle:
    source, scalar = handle.dtype.scalar, target.scalar
    # Comparisons yield booleans whatever the handle is labelled with.
    from_float = source.is_floating() and handle.data.dtype != np.bool_
    if from_float and scalar.is_floating():
        return convert_float(handle, scalar)
    np_target = interpreter._get_np_dtype(scalar)
    if from_float:
        data = float8_to_float32(handle.data, source) if _is_float8(source) else handle.data
        return TensorHandle(_float_to_integer(data, np_target), scalar)
    if _is_float8(scalar):
        return TensorHandle(_float32_to_float8(handle.data.astype(np.float32), scalar), scalar)
    return TensorHandle(handle.data.astype(np_target), scalar)


def _bitcast(_builder: Any, handle: TensorHandle, target: Any) -> TensorHandle:
    source, scalar = handle.dtype, target.scalar
    data = handle.data
    if bfloat16.is_bfloat16(source):
        data = bfloat16.to_bits(data)
    if scalar == tl.bfloat16:
        return TensorHandle(bfloat16.from_bits(data).reshape(data.shape), scalar)
    return TensorHandle(np.ascontiguousarray(data).view(interpreter._get_np_dtype(target)), scalar)


def _fp_to_fp(_builder: Any, handle: TensorHandle, target: Any, rounding: Any) -> TensorHandle:
    return convert_float(handle, target, toward_zero=getattr(rounding, "name", "RTNE") == "RTZ")


def install() -> None:
    """Replace the interpreter's conversions."""
    InterpreterBuilder.cast_impl = _cast
    InterpreterBuilder.create_fp_to_fp = _fp_to_fp
    InterpreterBuilder.create_bitcast = _bitcast
    InterpreterBuilder.create_int_to_ptr = _bitcast
    InterpreterBuilder.create_ptr_to_int = _bitcast
