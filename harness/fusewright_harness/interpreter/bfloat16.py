"""The value of a bfloat16 in the interpreter: float32 data that is always representable in bfloat16.

Triton keeps bfloat16 as its 16 raw bits and computes with them as if they were integers, so ``x + y`` is a
different number altogether. Here every handle of bfloat16 type holds float32 values which are rounded to the
nearest bfloat16, ties to even, whenever a handle is made. Since float32 has more than twice the precision of
bfloat16 plus two bits, computing in float32 and rounding once more gives the exactly rounded sum, difference,
product, quotient and square root.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import triton.language as tl
import triton.runtime.interpreter as interpreter


def round_to_nearest(values: np.ndarray) -> np.ndarray:
    """Float32 ``values`` rounded to bfloat16, ties to even, as float32; NaN stays NaN."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    bits = values.view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = ((bits + np.uint32(0x7FFF) + even) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isnan(values), _nan(bits), rounded)


def _nan(bits: np.ndarray) -> np.ndarray:
    # Rounding could carry a NaN's bits into the sign, and cutting them off could leave an infinity.
    kept = bits & np.uint32(0xFFFF0000)
    return np.where(bits & np.uint32(0x007F0000), kept, kept | np.uint32(0x00400000)).view(np.float32)


def round_toward_zero(values: np.ndarray) -> np.ndarray:
    """Float32 ``values`` cut off to bfloat16, as float32; NaN stays NaN."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    bits = values.view(np.uint32)
    cut = (bits & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isnan(values), _nan(bits), cut)


def to_bits(values: np.ndarray) -> np.ndarray:
    """The 16 bits (uint16), as they stand in memory, of float32 values that are rounded on the way."""
    rounded = np.ascontiguousarray(round_to_nearest(values))
    return (rounded.view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def from_bits(bits: np.ndarray) -> np.ndarray:
    """The float32 values of bfloat16 ``bits`` (uint16)."""
    return (np.ascontiguousarray(bits).view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)


def is_bfloat16(dtype: Any) -> bool:
    """Whether ``dtype`` (a triton scalar or block type, not a pointer) is bfloat16."""
    return getattr(dtype, "scalar", dtype) == tl.bfloat16


def install() -> None:
    """Make float32 the interpreter's storage of bfloat16, and rounding part of making a handle."""
    original_np_dtype = interpreter._get_np_dtype
    original_validate = interpreter._validate_np_data_size

    # Upstream makes its table anew at every call, of which there is one an operation.
    known: dict[str, np.dtype] = {}

    def np_dtype(dtype: Any) -> np.dtype:
        element = dtype.element_ty if isinstance(dtype, tl.block_type) else dtype
        if isinstance(element, tl.pointer_type):
            return np.dtype(np.uint64)
        if element.name not in known:
            known[element.name] = (
                np.dtype(np.float32) if element == tl.bfloat16 else original_np_dtype(element)
            )
        return known[element.name]

    def validate(data: np.ndarray, dtype: Any) -> bool:
        if isinstance(dtype, tl.pointer_type) or not is_bfloat16(dtype):
            return original_validate(data, dtype)
        return data.dtype in (np.float32, np.bool_)

    # Whether a type is bfloat16, by its name: a handle is made at every operation.
    pointers: set[str] = set()
    narrow: dict[str, bool] = {}

    def post_init(self: Any) -> None:
        name = self.dtype.name
        if name in pointers:
            return
        if name not in narrow:
            if isinstance(self.dtype, tl.pointer_type):
                pointers.add(name)
                return
            narrow[name] = is_bfloat16(self.dtype)
        if narrow[name]:
            if self.data.dtype.kind == "f":
                self.data = round_to_nearest(self.data)
            elif self.data.dtype.kind != "b":
                raise TypeError(
                    f"bfloat16 values were given as {self.data.dtype}: this is a gap in the interpreter"
                )
        elif not original_validate(self.data, self.dtype):
            raise ValueError(f"values of {self.data.dtype} do not fit into {self.dtype}")

    def get_bf16(_builder: Any, value: float) -> Any:
        return interpreter.TensorHandle(np.array([value], dtype=np.float32), tl.bfloat16)

    interpreter._get_np_dtype = np_dtype
    interpreter._validate_np_data_size = validate
    interpreter.TensorHandle.__post_init__ = post_init
    interpreter.InterpreterBuilder.get_bf16 = get_bf16
