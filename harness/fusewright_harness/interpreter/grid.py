"""A kernel launch, interpreted: arguments as the compiler would type them, and every program of the grid in turn."""

from __future__ import annotations

import inspect
import math
import operator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpretedFunction, TensorHandle

from . import order, rewriting, upstream
from .bounds import TABLE

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

# Called before each launch with (function, grid); the launch is left out where one answers False.
OBSERVERS: list[Callable[[types.FunctionType, tuple[int, int, int]], bool]] = []

_TensorDescriptor = upstream.tensor_descriptor()

# gridDim.y and gridDim.z are 16-bit numbers on every CUDA device.
_USUAL_WARPS = 4
_GRID_LIMITS = (2**31 - 1, 65535, 65535)


@lru_cache(maxsize=1)
def _launch_options() -> frozenset[str]:
    from triton.backends.nvidia.compiler import CUDAOptions

    return frozenset(CUDAOptions.__dataclass_fields__) | {"num_buffers_warp_spec", "num_consumer_groups"}


def _is_constexpr(annotation: Any) -> bool:
    return annotation is tl.constexpr or (
        isinstance(annotation, str) and annotation.split(".")[-1] == "constexpr"
    )


@lru_cache(maxsize=64)
def _declared_types(function: types.FunctionType) -> dict[str, Any]:
    """The types that a kernel's annotations give to numbers, by parameter."""
    parameters = inspect.signature(function).parameters.values()
    numbers = [parameter for parameter in parameters if not _is_constexpr(parameter.annotation)]
    types = {parameter.name: upstream.declared_type(parameter) for parameter in numbers}
    return {name: dtype for name, dtype in types.items() if dtype is not None}


def _typed(name: str, value: Any, declared: Any) -> Any:
    """A launch's argument as the kernel sees it, a number in the type that its parameter declares."""
    if declared is None or not isinstance(value, (int, float) if declared.is_floating() else int):
        return _argument(name, value)
    return _scalar(value, declared)


def _scalar(value: float, dtype: Any) -> Any:
    data = np.array([value], dtype=interpreter._get_np_dtype(dtype))
    return tl.tensor(TensorHandle(data, dtype), dtype)


def _argument(name: str, value: Any) -> Any:
    """``value`` as the kernel sees it: pointers tagged with ``name``, numbers as tensors of the compiler's type."""
    if isinstance(value, tl.constexpr):
        return value.value
    if isinstance(value, bool):
        return _scalar(value, tl.int1)
    if isinstance(value, int):
        return _scalar(value, upstream.type_of(value))
    if isinstance(value, float):
        # A number that is no compile-time constant is float32 on the GPU: beside float16 it makes the result float32.
        return _scalar(value, tl.float32)
    if isinstance(value, _TensorDescriptor):
        return _descriptor(name, value)
    if hasattr(value, "data_ptr"):
        return _pointer(name, value)
    if isinstance(value, tuple):
        items = [_argument(f"{name}[{index}]", item) for index, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def _pointer(name: str, value: Any) -> Any:
    dtype = upstream.type_of(value)
    tensor = interpreter._unwrap_tensor(value)
    address = TABLE.tag(name, tensor)
    return tl.tensor(TensorHandle(np.array([address], dtype=np.uint64), dtype), dtype)


def _descriptor(name: str, value: Any) -> Any:
    strides = [_argument(name, stride) for stride in value.strides]
    strides[-1] = tl.constexpr(1)
    result = upstream.make_tensor_descriptor(
        base=_argument(name, value.base),
        shape=[_argument(name, size) for size in value.shape],
        strides=strides,
        block_shape=[tl.constexpr(size) for size in value.block_shape],
        padding_option=getattr(value, "padding", "zero"),
    )
    if hasattr(value, "round_f32_to_tf32"):
        result.handle.round_f32_to_tf32 = value.round_f32_to_tf32
    return result


def _grid_of(grid: Any, arguments: dict[str, Any]) -> tuple[int, int, int]:
    sizes = grid(arguments) if callable(grid) else grid
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"a grid is a tuple of one to three sizes, not {type(sizes).__name__}")
    if not 1 <= len(sizes) <= 3:
        raise ValueError(f"a grid has one to three sizes, not {len(sizes)}")
    full = tuple(operator.index(size) for size in sizes) + (1,) * (3 - len(sizes))
    for axis, (size, limit) in enumerate(zip(full, _GRID_LIMITS, strict=True)):
        if size > limit:
            raise ValueError(f"the grid's axis {axis} has {size} programs; a GPU takes at most {limit} there")
        if size < 0:
            raise ValueError(f"the grid's axis {axis} has a negative size, {size}")
    return full


def _bind(
    function: InterpretedFunction, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> dict[str, Any]:
    signature = inspect.signature(function.fn)
    own = {name: value for name, value in keywords.items() if name in signature.parameters}
    for name in keywords.keys() - own.keys():
        if name not in _launch_options():
            # The compiler's own words.
            raise KeyError(f"Keyword argument {name} was specified but unrecognised")
    bound = signature.bind(*arguments, **own)
    bound.apply_defaults()
    return dict(bound.arguments)


def _run(
    self: InterpretedFunction, *arguments: Any, grid: Any, warmup: bool = False, **keywords: Any
) -> None:
    if warmup:
        return
    for hook in self.__dict__.get("pre_run_hooks", ()):
        hook(*arguments, **keywords)
    bound = _bind(self, arguments, keywords)
    sizes = _grid_of(grid, bound)
    # Every observer is told, whether or not an earlier one leaves the launch out.
    answers = [observer(self.fn, sizes) for observer in OBSERVERS]
    if not all(answers):
        return
    kernel = self.rewrite()
    annotations, declared = inspect.get_annotations(self.fn), _declared_types(self.fn)
    TABLE.clear()
    with torch._C.DisableTorchFunction(), np.errstate(all="ignore"):
        typed = {
            name: rewriting.unwrap(value)
            if _is_constexpr(annotations.get(name))
            else _typed(name, value, declared.get(name))
            for name, value in bound.items()
        }
        if order.WATCH.asked:
            _execute_backwards(self.fn, kernel, typed, sizes, int(keywords.get("num_warps") or _USUAL_WARPS))
        else:
            _execute(kernel, typed, sizes)


def _execute(kernel: Callable[..., Any], arguments: dict[str, Any], sizes: tuple[int, int, int]) -> None:
    builder = interpreter.interpreter_builder
    builder.set_grid_dim(*sizes)
    for x in range(sizes[0]):
        for y in range(sizes[1]):
            for z in range(sizes[2]):
                builder.set_grid_idx(x, y, z)
                kernel(**arguments)


def _execute_backwards(
    function: types.FunctionType,
    kernel: Callable[..., Any],
    arguments: dict[str, Any],
    sizes: tuple[int, int, int],
    warps: int,
) -> None:
    """Runs the last program first, and raises :class:`order.DependsOnOrder` where one needs another."""
    builder = interpreter.interpreter_builder
    builder.set_grid_dim(*sizes)
    order.WATCH.begin(function, warps)
    programs = math.prod(sizes)
    numbers = range(programs) if order.waits(function) else reversed(range(programs))
    for number in numbers:
        rest, z = divmod(number, sizes[2])
        builder.set_grid_idx(*divmod(rest, sizes[1]), z)
        order.WATCH.program(number)
        kernel(**arguments)
    order.WATCH.end()


def _rewrite(self: InterpretedFunction) -> Callable[..., Any]:
    rewritten = self.__dict__.get("_fusewright_rewritten")
    if rewritten is None:
        rewritten = self._fusewright_rewritten = rewriting.rewrite(self.fn)
    return rewritten


def _call(self: InterpretedFunction, *arguments: Any, **keywords: Any) -> Any:
    unwrapped = {name: rewriting.unwrap(value) for name, value in keywords.items()}
    return self.rewrite()(*(rewriting.unwrap(value) for value in arguments), **unwrapped)


def install() -> None:
    """Replace the way in which kernels are launched and device functions called."""
    InterpretedFunction.run = _run
    InterpretedFunction.rewrite = _rewrite
    InterpretedFunction.__call__ = _call
