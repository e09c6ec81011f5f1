"""``tl.reduce`` and ``tl.associative_scan`` with a combine function of the pair's own, on whole blocks at a time.

Upstream calls the function once an element. It is associative, so neighbours can be combined pairwise, level by
level, in the order they stand in. A function that branches on its operands cannot take blocks and goes element-wise.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpretedFunction, ReduceOps, ScanOps, TensorHandle

from .rewriting import AmbiguousTruthError

if TYPE_CHECKING:
    from collections.abc import Callable

    Arrays = tuple[np.ndarray, ...]
    Combine = Callable[[Arrays, Arrays], Arrays]


def _tensor(data: np.ndarray, dtype: Any) -> Any:
    scalar = dtype.scalar
    return tl.tensor(
        TensorHandle(data, scalar), tl.block_type(scalar, list(data.shape)) if data.size != 1 else scalar
    )


def _combiner(combine_fn: Any, dtypes: list[Any]) -> Combine:
    function = combine_fn.rewrite() if isinstance(combine_fn, InterpretedFunction) else combine_fn

    def combine(left: Arrays, right: Arrays) -> Arrays:
        shape = left[0].shape
        arguments = [
            _tensor(data, dtype) for side in (left, right) for data, dtype in zip(side, dtypes, strict=True)
        ]
        results = function(*arguments)
        results = results if isinstance(results, (tuple, list, tl.tuple)) else (results,)
        converted = []
        for result, dtype in zip(results, dtypes, strict=True):
            tensor = interpreter.interpreter_semantic.to_tensor(result)
            # What the region returns must have the operands' type: it is what the next level takes.
            data = tensor.handle.data.astype(interpreter._get_np_dtype(dtype.scalar))
            converted.append(np.broadcast_to(data, shape))
        return tuple(converted)

    return combine


def _elementwise(combine: Combine) -> Combine:
    def each(left: Arrays, right: Arrays) -> Arrays:
        results = [np.empty_like(data) for data in left]
        for index in np.ndindex(left[0].shape):
            single = combine(
                tuple(data[index].reshape(1) for data in left),
                tuple(data[index].reshape(1) for data in right),
            )
            for result, data in zip(results, single, strict=True):
                result[index] = data[0]
        return tuple(results)

    return each


def _reduce(arrays: Arrays, combine: Combine) -> Arrays:
    """Reduce the last axis to nothing."""
    while arrays[0].shape[-1] > 1:
        # An axis of a block always has a power of two of elements.
        arrays = combine(tuple(a[..., 0::2] for a in arrays), tuple(a[..., 1::2] for a in arrays))
    return tuple(a[..., 0] for a in arrays)


def _scan(arrays: Arrays, combine: Combine) -> Arrays:
    """Inclusive scan of the last axis (Hillis and Steele)."""
    length = arrays[0].shape[-1]
    distance = 1
    while distance < length:
        # Blocks must have a power of two of elements: the first ones are combined too, and then left as they were.
        earlier = tuple(np.roll(a, distance, axis=-1) for a in arrays)
        combined = combine(earlier, arrays)
        keep = np.arange(length) < distance
        arrays = tuple(np.where(keep, a, c) for a, c in zip(arrays, combined, strict=True))
        distance *= 2
    return arrays


def _with_fallback(
    operation: Callable[[Arrays, Combine], Arrays], arrays: Arrays, combine: Combine
) -> Arrays:
    try:
        return operation(arrays, combine)
    except AmbiguousTruthError:
        return operation(arrays, _elementwise(combine))


def _generic_reduce(self: ReduceOps, inputs: tuple[Any, ...]) -> list[Any]:
    rank = len(inputs[0].handle.data.shape)
    arrays = tuple(
        t.handle.data.reshape(-1) if self.axis is None else np.moveaxis(t.handle.data, self.axis, -1)
        for t in inputs
    )
    dtypes = [t.dtype for t in inputs]
    reduced = _with_fallback(_reduce, arrays, _combiner(self.combine_fn, dtypes))
    if self.keep_dims:
        axes = tuple(builtins.range(rank)) if self.axis is None else (self.axis,)
        reduced = tuple(np.expand_dims(a, axes) for a in reduced)
    return [self.to_tensor(a if a.shape else a[()], dtype) for a, dtype in zip(reduced, dtypes, strict=True)]


def _generic_scan(self: ScanOps, inputs: tuple[Any, ...]) -> list[Any]:
    # The caller has turned a reverse scan's input round, and turns the result back.
    arrays = tuple(np.moveaxis(t.handle.data, self.axis, -1) for t in inputs)
    dtypes = [t.dtype for t in inputs]
    scanned = _with_fallback(_scan, arrays, _combiner(self.combine_fn, dtypes))
    return [
        self.to_tensor(np.ascontiguousarray(np.moveaxis(a, -1, self.axis)), dtype)
        for a, dtype in zip(scanned, dtypes, strict=True)
    ]


def _sum(self: ReduceOps, value: Any) -> Any:
    # numpy widens a sum of small integers, and adds bfloat16's float32 without rounding in between; both are then
    # brought back to the operand's type, as the hardware's wider accumulators are.
    data = value.handle.data
    wide = np.float32 if data.dtype == np.float16 else data.dtype
    return self.to_tensor(np.sum(data, axis=self.axis, keepdims=self.keep_dims, dtype=wide), value.dtype)


def install() -> None:
    """Replace the element-wise reduce and scan."""
    ReduceOps.generic_reduce = _generic_reduce
    ReduceOps.sum = _sum
    ScanOps.generic_scan = _generic_scan
