"""``tl.map_elementwise``: a function of scalars, which may branch, over the elements of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpretedFunction, TensorHandle

from . import upstream
from .rewriting import unwrap


def map_elementwise(scalar_fn: Any, *operands: Any, pack: Any = 1, **_context: Any) -> Any:
    """One tensor, or a tuple of them, as ``scalar_fn`` gives; it takes ``pack`` elements of each operand at a time."""
    pack = unwrap(pack)
    function = scalar_fn.rewrite() if isinstance(scalar_fn, InterpretedFunction) else scalar_fn
    arrays = np.broadcast_arrays(*(operand.handle.data for operand in operands))
    kinds = [operand.dtype.scalar for operand in operands]
    flat = [np.ascontiguousarray(array).reshape(-1, pack) for array in arrays]
    rows: list[tuple[Any, ...]] = []
    single = False
    for row in range(flat[0].shape[0]):
        scalars = [
            tl.tensor(TensorHandle(array[row, part : part + 1], kind), kind)
            for array, kind in zip(flat, kinds, strict=True)
            for part in range(pack)
        ]
        given = function(*scalars)
        single = not isinstance(given, (tuple, list, getattr(tl, "tuple", tuple)))
        rows.append(tuple(upstream.to_tensor(value) for value in ((given,) if single else given)))
    results = []
    for first in range(0, len(rows[0]), pack):
        kind = rows[0][first].dtype.scalar
        data = [[row[first + part].handle.data.item() for part in range(pack)] for row in rows]
        block = np.array(data, dtype=interpreter._get_np_dtype(kind)).reshape(arrays[0].shape)
        results.append(tl.tensor(TensorHandle(block, kind), tl.block_type(kind, list(block.shape))))
    return results[0] if single else tuple(results)


def install() -> None:
    """Put it in place where this version of the language has it."""
    for module in (tl, tl.core):
        if hasattr(module, "map_elementwise"):
            module.map_elementwise = map_elementwise
