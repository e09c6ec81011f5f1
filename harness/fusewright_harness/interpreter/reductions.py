"""``tl.reduce`` and ``tl.associative_scan``, on whole blocks at a time.

Upstream calls a combine function of the pair's own once an element. It is associative, so neighbours can be combined
pairwise, level by level, in the order they stand in. A function that branches on its operands cannot take blocks and
goes element-wise.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpretedFunction, TensorHandle

from . import lane_races, upstream
from .rewriting import AmbiguousTruthError, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

    Arrays = tuple[np.ndarray, ...]
    Combine = Callable[[Arrays, Arrays], Arrays]


# Triton has had tuples of its own since 3.3.
_TUPLES = (tuple, list, getattr(tl, "tuple", tuple))


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
        results = results if isinstance(results, _TUPLES) else (results,)
        converted = []
        for result, dtype in zip(results, dtypes, strict=True):
            tensor = upstream.to_tensor(result)
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


def _scan_with(operation: Any, data: np.ndarray, axis: int) -> np.ndarray:
    """The scan of numpy's own ``operation``.

    A GPU scans in a tree of lanes. Numbers that round are scanned so here too: one after the other they would err
    many times as much, in a sum of a thousand by more than a right kernel may.
    """
    if data.dtype.kind != "f":
        return operation.accumulate(data, axis=axis, dtype=data.dtype)
    (scanned,) = _scan((np.moveaxis(data, axis, -1),), lambda left, right: (operation(left[0], right[0]),))
    return np.moveaxis(scanned, -1, axis)


def _with_fallback(
    operation: Callable[[Arrays, Combine], Arrays], arrays: Arrays, combine: Combine
) -> Arrays:
    try:
        return operation(arrays, combine)
    except AmbiguousTruthError:
        return operation(arrays, _elementwise(combine))


def _sum(data: np.ndarray, axis: int | None, keepdims: bool) -> np.ndarray:
    # numpy widens a sum of small integers, and adds bfloat16's float32 without rounding in between; both are then
    # brought back to the operand's type, as the hardware's wider accumulators are.
    dtype = np.float32 if data.dtype == np.float16 else data.dtype
    if axis is None or data.dtype.kind != "f" or axis in (-1, data.ndim - 1):
        return np.sum(data, axis=axis, keepdims=keepdims, dtype=dtype)
    # It adds pairs of pairs along the last axis alone, and along others one after the other, as no GPU does.
    total = np.sum(np.ascontiguousarray(np.moveaxis(data, axis, -1)), axis=-1, dtype=dtype)
    return np.expand_dims(total, axis) if keepdims else total


def _product(data: np.ndarray, **where: Any) -> np.ndarray:
    return np.prod(data, dtype=data.dtype, **where)


# What triton's own combine functions compute. The GPU's maximum and minimum pass over NaN, as `fmax` does.
_OPERATIONS: dict[str, Callable[..., np.ndarray]] = {
    "_sum_combine": _sum,
    "_prod_combine": _product,
    "_elementwise_max": np.fmax.reduce,
    "_elementwise_min": np.fmin.reduce,
    "_xor_combine": np.bitwise_xor.reduce,
    "_or_combine": np.bitwise_or.reduce,
    "_and_combine": np.bitwise_and.reduce,
}
_POSITIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    f"_arg{which}_combine_tie_break_{tie}": functions
    for which, functions in {"min": (np.min, np.argmin), "max": (np.max, np.argmax)}.items()
    for tie in ("left", "fast")
}
_SCANS: dict[str, Any] = {
    "_sum_combine": np.add,
    "_prod_combine": np.multiply,
}


def _own_name(combine_fn: Any, names: dict[str, Any]) -> str | None:
    """The name of triton's own combine function that ``combine_fn`` is, if it is among ``names``."""
    name = getattr(combine_fn, "__name__", None)
    return name if name in names and combine_fn is getattr(tl.standard, name, None) else None


def _block(data: Any, dtype: Any) -> Any:
    """``data`` as a tensor of scalar type ``dtype``; what has no axis is a scalar."""
    scalar = dtype.scalar
    array = np.asarray(data).astype(interpreter._get_np_dtype(scalar))
    if array.ndim == 0:
        return tl.tensor(TensorHandle(array.reshape(1), scalar), scalar)
    return tl.tensor(TensorHandle(array, scalar), tl.block_type(scalar, list(array.shape)))


def _inputs(operand: Any, axis: int | None) -> tuple[tuple[Any, ...], bool]:
    """The operands as a tuple, and whether one was given bare."""
    single = isinstance(operand, tl.tensor)
    inputs = (operand,) if single else tuple(operand)
    for item in inputs:
        if not isinstance(item, tl.tensor):
            raise TypeError(f"a reduction or scan takes tensors, not {type(item).__name__}")
        rank = len(item.shape)
        if axis is not None and not -rank <= axis < rank:
            raise ValueError(f"axis {axis} is out of bounds for a block of shape {_sizes(item)}")
    return inputs, single


def _sizes(value: Any) -> list[int]:
    return [unwrap(size) for size in value.shape]


def reduce(operand: Any, axis: Any, combine_fn: Any, keep_dims: Any = False, **_context: Any) -> Any:
    """``tl.reduce``: one tensor for a tensor, a tuple for a tuple."""
    axis, keep_dims = unwrap(axis), bool(unwrap(keep_dims))
    lane_races.WATCH.wait()
    inputs, single = _inputs(operand, axis)
    first = inputs[0].handle.data
    where = {"axis": axis, "keepdims": keep_dims}
    if (name := _own_name(combine_fn, _OPERATIONS)) and len(inputs) == 1:
        results = (_block(_OPERATIONS[name](first, **where), inputs[0].dtype),)
    elif (name := _own_name(combine_fn, _POSITIONS)) and _are_positions(inputs, axis):
        value, position = (function(first, **where) for function in _POSITIONS[name])
        results = (_block(value, inputs[0].dtype), _block(position, inputs[1].dtype))
    else:
        results = _reduce_with(inputs, axis, combine_fn, keep_dims)
    return results[0] if single else results


def _are_positions(inputs: tuple[Any, ...], axis: int | None) -> bool:
    """Whether values without NaN, about which the combine functions depend on the order, come with their positions."""
    values, positions = (item.handle.data for item in inputs)
    if values.dtype.kind == "f" and np.isnan(values).any():
        return False
    along = positions.reshape(-1) if axis is None else np.moveaxis(positions, axis, -1)
    return bool((along == np.arange(along.shape[-1])).all())


def _reduce_with(inputs: tuple[Any, ...], axis: int | None, combine_fn: Any, keep_dims: bool) -> Any:
    rank = len(inputs[0].shape)
    arrays = tuple(
        t.handle.data.reshape(-1) if axis is None else np.moveaxis(t.handle.data, axis, -1) for t in inputs
    )
    dtypes = [t.dtype for t in inputs]
    reduced = _with_fallback(_reduce, arrays, _combiner(combine_fn, dtypes))
    if keep_dims:
        axes = tuple(builtins.range(rank)) if axis is None else (axis,)
        reduced = tuple(np.expand_dims(a, axes) for a in reduced)
    return tuple(_block(a, dtype) for a, dtype in zip(reduced, dtypes, strict=True))


def scan(operand: Any, axis: Any, combine_fn: Any, reverse: Any = False, **_context: Any) -> Any:
    """``tl.associative_scan``: one tensor for a tensor, a tuple for a tuple."""
    axis, reverse = unwrap(axis), bool(unwrap(reverse))
    lane_races.WATCH.wait()
    inputs, single = _inputs(operand, axis)
    arrays = tuple(t.handle.data for t in inputs)
    dtypes = [t.dtype for t in inputs]
    if reverse:
        arrays = tuple(np.flip(a, axis) for a in arrays)
    if (name := _own_name(combine_fn, _SCANS)) and len(inputs) == 1:
        arrays = (_scan_with(_SCANS[name], arrays[0], axis),)
    else:
        moved = tuple(np.moveaxis(a, axis, -1) for a in arrays)
        scanned = _with_fallback(_scan, moved, _combiner(combine_fn, dtypes))
        arrays = tuple(np.moveaxis(a, -1, axis) for a in scanned)
    if reverse:
        arrays = tuple(np.flip(a, axis) for a in arrays)
    results = tuple(_block(np.ascontiguousarray(a), dtype) for a, dtype in zip(arrays, dtypes, strict=True))
    return results[0] if single else results


def install() -> None:
    """Replace reductions and scans."""
    for module in (tl, tl.core):
        module.reduce = reduce
        module.associative_scan = scan
