"""What triton's versions, 3.2 to the present, name or do differently, under one name each."""

from __future__ import annotations

import importlib
import inspect
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import triton
import triton.language as tl

if TYPE_CHECKING:
    from collections.abc import Callable


def interprets() -> bool:
    """Whether this process's triton interprets kernels instead of compiling them."""
    # Old versions read the environment at each use; new ones keep it in `triton.knobs`.
    knobs = getattr(triton, "knobs", None)
    if knobs is not None:
        return bool(knobs.runtime.interpret)
    return os.environ.get("TRITON_INTERPRET", "0") == "1"


def tensor_descriptor() -> Any:
    """The host's class of tensor descriptors, or a class without instances where this triton has none."""
    try:
        return importlib.import_module("triton.tools.tensor_descriptor").TensorDescriptor
    except ImportError:
        return type("NoTensorDescriptor", (), {})


def to_tensor(value: Any, check_type: bool = True) -> Any:
    """``value`` as a triton tensor if it is a number; unchanged otherwise.

    Raises:
        TypeError: ``check_type`` is set and it is neither a number nor a tensor.

    """
    return _to_tensor(value, check_type)


def type_of(value: Any) -> Any:
    """The triton type of an argument of a launch."""
    return _parse_type(triton.runtime.jit.mangle_type(value))


def declared_type(parameter: inspect.Parameter) -> Any:
    """The triton type that a kernel's parameter is annotated with and a number takes on at the launch, or None.

    The versions differ in what they heed: 3.2 knows whole numbers and booleans alone.
    """
    name = triton.runtime.jit.KernelParam(0, parameter, False, False).annotation_type
    return _parse_type(name) if name and not name.startswith("*") else None


def make_tensor_descriptor(**arguments: Any) -> Any:
    """The kernel's view of a tensor descriptor made on the host."""
    import triton.runtime.interpreter as interpreter

    make = interpreter.interpreter_semantic.make_tensor_descriptor
    known = inspect.signature(make).parameters
    return make(**{name: value for name, value in arguments.items() if name in known})


def semantic_keywords() -> dict[str, Any]:
    """What triton's builtins take beside their arguments: who carries them out."""
    import triton.runtime.interpreter as interpreter

    semantic = getattr(interpreter, "interpreter_semantic", None)
    return {"_builder": interpreter.interpreter_builder} if semantic is None else {"_semantic": semantic}


def install() -> None:
    """Give an older interpreter what the mending takes for granted."""
    from triton.runtime import interpreter

    if not hasattr(interpreter, "_validate_np_data_size"):
        interpreter._validate_np_data_size = _fits
    if not hasattr(interpreter.TensorHandle, "__post_init__"):
        _check_handles_when_made(interpreter.TensorHandle)
    if not hasattr(interpreter.InterpreterBuilder, "get_int1_ty"):
        interpreter.InterpreterBuilder.get_int1_ty = lambda _builder: tl.int1
    if not hasattr(interpreter, "_unwrap_tensor"):
        interpreter._unwrap_tensor = _unwrap_tensor
    _let_launches_run_through_a_method(interpreter.InterpretedFunction)
    global _to_tensor, _parse_type
    _to_tensor = _find_to_tensor()
    _parse_type = _find_parse_type()


_to_tensor: Callable[[Any, bool], Any]
_parse_type: Callable[[str], Any]


def _find_to_tensor() -> Callable[[Any, bool], Any]:
    from triton.runtime import interpreter

    semantic = getattr(interpreter, "interpreter_semantic", None)
    if semantic is not None:
        return semantic.to_tensor
    from triton.language import semantic as functions

    builder = interpreter.interpreter_builder
    return lambda value, check_type: functions.to_tensor(value, builder, check_type)


def _find_parse_type() -> Callable[[str], Any]:
    try:
        tl.str_to_ty("i32", None)
    except TypeError:
        return tl.str_to_ty
    return lambda name: tl.str_to_ty(name, None)


def _fits(data: np.ndarray, dtype: Any) -> bool:
    return isinstance(dtype, tl.pointer_type) or data.itemsize * 8 <= max(8, dtype.primitive_bitwidth)


def _unwrap_tensor(tensor: Any) -> Any:
    return tensor.base if isinstance(tensor, triton.runtime.jit.TensorWrapper) else tensor


def _check_handles_when_made(handle: Any) -> None:
    original = handle.__init__

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, *arguments, **keywords)
        self.__post_init__()

    handle.__post_init__ = lambda self: None
    handle.__init__ = init


def _let_launches_run_through_a_method(function: Any) -> None:
    original = function.__init__

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, *arguments, **keywords)
        # Triton 3.2 gives every function a `run` of its own, which would hide the class's.
        self.__dict__.pop("run", None)
        self.__dict__.setdefault("pre_run_hooks", [])

    function.__init__ = init
    function.__getitem__ = lambda self, grid: (
        lambda *arguments, **keywords: self.run(*arguments, grid=grid, warmup=False, **keywords)
    )
