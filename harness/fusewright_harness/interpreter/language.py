"""``triton.language`` for the interpreter, put in place once for the whole process.

Triton patches its language module anew for every launch and every call of a device function, which costs more than
the operations themselves, and misses names that a kernel's file imported one by one. A process that interprets never
compiles, so the patches are made once, before the pair's code is loaded.
"""

from __future__ import annotations

import builtins
import operator
from typing import TYPE_CHECKING, Any

import triton.language as tl
import triton.runtime.interpreter as interpreter

from . import upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def to_tensor(value: Any) -> Any:
    """``value`` as a triton tensor if it is a number; unchanged otherwise."""
    return upstream.to_tensor(value, False)


class DeviceRange:
    """``range`` in a kernel: its variable is a tensor of int32, or int64 where a bound is."""

    def __init__(self, first: Any, last: Any = None, step: Any = None, **_hints: Any) -> None:
        start, stop = (0, first) if last is None else (first, last)
        bounds = (start, stop, 1 if step is None else step)
        self._range = builtins.range(*(operator.index(getattr(b, "value", b)) for b in bounds))
        wide = any(isinstance(b, tl.tensor) and b.dtype.int_bitwidth == 64 for b in bounds)
        self._wide = wide

    def __iter__(self) -> Iterator[Any]:
        for index in self._range:
            value = to_tensor(index)
            yield value.to(tl.int64) if self._wide else value


def static_range(first: Any, last: Any = None, step: Any = None, **_hints: Any) -> builtins.range:
    """``tl.static_range``: its variable is a number that the compiler knows."""
    start, stop = (0, first) if last is None else (first, last)
    return builtins.range(
        *(operator.index(getattr(b, "value", b)) for b in (start, stop, 1 if step is None else step))
    )


def _static_assert(condition: Any, message: str = "") -> None:
    if not condition:
        raise AssertionError(message or "tl.static_assert failed")


def _static_print(*values: Any, **options: Any) -> None:
    # The bare `print`, which upstream puts here, has no signature before Python 3.11, and triton asks for one.
    print(*values, **options)  # noqa: T201 - it is what the kernel asks for


_OPERATORS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "pow",
    "lt",
    "gt",
    "le",
    "ge",
    "eq",
    "ne",
    "radd",
    "rsub",
    "rmul",
    "rtruediv",
    "rfloordiv",
    "rmod",
    "rand",
    "ror",
    "rxor",
]


def _defers_to_tensors(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operate(self: Any, other: Any) -> Any:
        # The constant would wrap the resulting tensor in a constant, which no operation takes.
        return NotImplemented if isinstance(other, tl.tensor) else method(self, other)

    return operate


def install() -> None:
    """Patch ``triton.language`` for the interpreter, for good."""

    class EverySpelling:
        __globals__ = {"tl": tl, "core": tl.core}  # noqa: RUF012 - the interpreter looks for modules here

    # The scope that would undo the patches is dropped: they stay.
    interpreter._patch_lang(EverySpelling)
    tl.tensor.__index__ = lambda self: int(self.handle.data.item())
    for name in _OPERATORS:
        method = getattr(tl.constexpr, f"__{name}__", None)
        if method is not None:
            setattr(tl.constexpr, f"__{name}__", _defers_to_tensors(method))
    for module in (tl, tl.core):
        module.range = DeviceRange
        module.static_range = static_range
        module.static_assert = _static_assert
        module.static_print = _static_print
