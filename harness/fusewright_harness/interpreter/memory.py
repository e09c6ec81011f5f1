"""Loads, stores and atomics: checked against the arguments' bounds, and right on bfloat16."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import bfloat16, order
from .bounds import ADDRESS, TABLE

_native = interpreter._interpreter


def _mask_of(mask: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    if mask is None:
        return None
    # Block pointers of older versions hand over the bare array.
    data = mask.data if isinstance(mask, TensorHandle) else mask
    return np.broadcast_to(np.asarray(data, dtype=bool), shape)


def _resolve(builder: Any, access: str, pointers: TensorHandle, mask: Any) -> tuple[np.ndarray, np.ndarray]:
    active = _mask_of(mask, pointers.data.shape)
    addresses = TABLE.resolve(access, tuple(builder.grid_idx), pointers, active)
    if active is None:
        active = np.ones(addresses.shape, dtype=bool)
    if order.WATCH.asked:
        _tell_order(access, pointers, active)
    return addresses, active


def _tell_order(access: str, pointers: TensorHandle, active: np.ndarray) -> None:
    if access == "atomic":
        order.WATCH.synchronised()
        return
    touched = pointers.data[active]
    argument = TABLE.argument_of(touched)
    if argument is not None:
        size = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        order.WATCH.touched(access, argument, touched & ADDRESS, np.flatnonzero(active), size)


def _in_memory(data: np.ndarray, dtype: Any) -> np.ndarray:
    return bfloat16.to_bits(data) if dtype == tl.bfloat16 else data


def _masked_load(
    builder: Any, pointers: TensorHandle, mask: Any = None, other: Any = None, *_cache: Any, **_options: Any
) -> TensorHandle:
    element = pointers.get_element_ty()
    if _options.get("is_volatile") or (_cache and _cache[-1] is True):
        # What is read anew each time is how programs wait for each other.
        order.WATCH.synchronised()
    addresses, active = _resolve(builder, "load", pointers, mask)
    stored = np.dtype(np.uint16) if element == tl.bfloat16 else interpreter._get_np_dtype(element)
    if other is None:
        rest = np.zeros(addresses.shape, dtype=stored)
    else:
        rest = np.ascontiguousarray(np.broadcast_to(_in_memory(other.data, element), addresses.shape))
    values = _native.load(addresses, active, rest, stored)
    return TensorHandle(bfloat16.from_bits(values) if element == tl.bfloat16 else values, element)


def _masked_store(
    builder: Any, pointers: TensorHandle, value: TensorHandle, mask: Any = None, *_cache: Any
) -> None:
    addresses, active = _resolve(builder, "store", pointers, mask)
    data = _in_memory(value.data, pointers.get_element_ty())
    _native.store(addresses, np.ascontiguousarray(np.broadcast_to(data, addresses.shape)), active)


def _load(builder: Any, pointers: TensorHandle, *cache: Any, **options: Any) -> TensorHandle:
    return _masked_load(builder, pointers, None, None, *cache, **options)


def _store(builder: Any, pointers: TensorHandle, value: TensorHandle, *_cache: Any) -> None:
    _masked_store(builder, pointers, value)


def _narrow_float_add(
    element: Any, addresses: np.ndarray, values: np.ndarray, active: np.ndarray
) -> np.ndarray:
    # One lane after the other, since several may name the same address; each sum is rounded, as on a GPU.
    old = np.zeros(addresses.shape, dtype=np.float32)
    on = np.ones(1, dtype=bool)
    stored = np.dtype(np.uint16) if element == tl.bfloat16 else np.dtype(np.float16)
    for lane in np.ndindex(addresses.shape):
        if not active[lane]:
            continue
        address = addresses[lane].reshape(1)
        raw = _native.load(address, on, np.zeros(1, dtype=stored), stored)
        before = bfloat16.from_bits(raw) if element == tl.bfloat16 else raw.astype(np.float32)
        after = before + values[lane].astype(np.float32)
        _native.store(
            address, _in_memory(after, element) if element == tl.bfloat16 else after.astype(stored), on
        )
        old[lane] = before[0]
    return old


def _atomic_rmw(
    builder: Any,
    operation: Any,
    pointers: TensorHandle,
    value: TensorHandle,
    mask: Any,
    ordering: Any,
    _scope: Any,
) -> TensorHandle:
    element = pointers.get_element_ty()
    addresses, active = _resolve(builder, "atomic", pointers, mask)
    data = np.ascontiguousarray(np.broadcast_to(value.data, addresses.shape))
    scalar = value.dtype.scalar
    if element in (tl.bfloat16, tl.float16):
        # The language has no other atomic on these types.
        if operation.name != "FADD":
            raise NotImplementedError(f"there is no atomic {operation.name.lower()} on {element}")
        old = _narrow_float_add(element, addresses, data, active)
        return TensorHandle(old.astype(interpreter._get_np_dtype(scalar)), scalar)
    native_operation = builder.ir_rmw_op_to_interpreter_rmw_op[operation]
    native_ordering = builder.ir_sem_to_interpreter_sem[ordering]
    old = _native.atomic_rmw(native_operation, addresses, data, np.ascontiguousarray(active), native_ordering)
    return TensorHandle(old, scalar)


def _atomic_cas(
    builder: Any,
    pointers: TensorHandle,
    expected: TensorHandle,
    value: TensorHandle,
    ordering: Any,
    _scope: Any,
) -> TensorHandle:
    element = pointers.get_element_ty()
    addresses, _active = _resolve(builder, "atomic", pointers, None)
    scalar = expected.dtype.scalar
    old = _native.atomic_cas(
        addresses,
        _in_memory(expected.data, element),
        _in_memory(value.data, element),
        builder.ir_sem_to_interpreter_sem[ordering],
    )
    return TensorHandle(bfloat16.from_bits(old) if element == tl.bfloat16 else old, scalar)


def _descriptor_reduce(
    builder: Any, kind: Any, descriptor: Any, value: TensorHandle, offsets: list[TensorHandle]
) -> None:
    pointers, mask = descriptor.materialize_pointers(offsets)
    element = pointers.get_element_ty()
    unsigned = element.is_int() and not element.is_int_signed()
    name = kind.name
    if name == "ADD" and element.is_floating():
        name = "FADD"
    elif name in ("MIN", "MAX") and unsigned:
        name = f"U{name}"
    operations = {operation.name: operation for operation in builder.ir_rmw_op_to_interpreter_rmw_op}
    relaxed = next(order for order in builder.ir_sem_to_interpreter_sem if order.name == "RELAXED")
    data = TensorHandle(value.data.astype(interpreter._get_np_dtype(element), copy=False), element)
    _atomic_rmw(builder, operations[name], pointers, data, mask, relaxed, None)


def _within_block(self: Any, boundary_check: tuple[int, ...]) -> tuple[TensorHandle, Any]:
    """A block pointer's addresses, and which of them lie inside of its tensor along the checked dimensions."""
    shape = list(getattr(self, "block_shape", None) or self.tensor_shape)
    pointers = np.broadcast_to(self.base.data, shape)
    width = max(1, self.base.get_element_ty().primitive_bitwidth // 8)
    inside = np.ones(shape, dtype=bool)
    for axis, size in enumerate(shape):
        along = [1] * len(shape)
        along[axis] = size
        positions = (self.offsets[axis].data.astype(np.int64) + np.arange(size)).reshape(along)
        pointers = pointers + (width * positions * self.strides[axis].data).astype(np.uint64)
        if axis in boundary_check:
            # Upstream looks at the far end alone.
            inside = inside & (positions >= 0) & (positions < self.shape[axis].data)
    return TensorHandle(pointers, self.base.dtype.scalar), TensorHandle(inside, tl.int1)


def install() -> None:
    """Replace the builder's memory operations."""
    InterpreterBuilder.create_descriptor_reduce = _descriptor_reduce
    if hasattr(interpreter, "BlockPointerHandle"):
        interpreter.BlockPointerHandle.materialize_pointers = _within_block
    InterpreterBuilder.create_load = _load
    InterpreterBuilder.create_store = _store
    InterpreterBuilder.create_masked_load = _masked_load
    InterpreterBuilder.create_masked_store = _masked_store
    InterpreterBuilder.create_atomic_rmw = _atomic_rmw
    InterpreterBuilder.create_atomic_cas = _atomic_cas
