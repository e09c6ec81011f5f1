"""Operators on windows whose sizes, steps, margins and spreads are symbols, which torch's own make constants of.

torch's operators for pooling take plain whole numbers, and its convolutions ask whether a spread is one. A call that is
given an argument of the reference in such a place becomes one of these instead, and is rewritten like torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
import torch
import torch.nn.functional as F  # noqa: N812
from torch._inductor import ir
from torch._inductor.lowering import register_lowering
from torch.overrides import TorchFunctionMode

from fusewright_harness.inductor import origins

_library = torch.library.Library("fusewright", "FRAGMENT")
_library.define("windows(Tensor x, SymInt[] window, SymInt[] stride, SymInt[] dilation) -> Tensor")
_library.define(
    "convolution(Tensor x, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] dilation, "
    "bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor"
)
_library.define(
    "max_pool(Tensor x, SymInt[] window, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool ceil_mode) "
    "-> (Tensor, Tensor)"
)
_library.define(
    "avg_pool(Tensor x, SymInt[] window, SymInt[] stride, SymInt[] padding, bool ceil_mode, bool count_include_pad, "
    "int? divisor_override) -> Tensor"
)


def windows(
    x: torch.Tensor, window: Sequence[Any], stride: Sequence[Any], dilation: Sequence[Any]
) -> torch.Tensor:
    """``x`` (A, B, *spatial) as (A, B, *places, *window): the elements under the window at each of its places."""
    return torch.ops.fusewright.windows(x, list(window), list(stride), list(dilation))


def pooled(size: Any, window: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    """How many places a pooling window has along a dimension of ``size``."""
    free = size + 2 * padding - dilation * (window - 1) - 1
    if not ceil_mode:
        return free // stride + 1
    # A window that would begin behind the input and its left margin is none.
    return torch.sym_min((free + stride - 1) // stride, (size + padding - 1) // stride) + 1


def convolved(size: Any, window: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """How many places a convolution's window has along a dimension of ``size``."""
    return (size + 2 * padding - dilation * (window - 1) - 1) // stride + 1


def widened(size: Any, window: Any, stride: Any, padding: Any, dilation: Any, more: Any) -> Any:
    """How long a transposed convolution makes a dimension of ``size``."""
    return (size - 1) * stride - 2 * padding + dilation * (window - 1) + more + 1


@torch.library.register_fake("fusewright::windows", lib=_library)
def _(x: torch.Tensor, window: Any, stride: Any, dilation: Any) -> torch.Tensor:
    parts = zip(x.shape[2:], window, stride, dilation, strict=True)
    places = [(size - spread * (taps - 1) - 1) // step + 1 for size, taps, step, spread in parts]
    return x.new_empty([*x.shape[:2], *places, *window])


@torch.library.register_fake("fusewright::convolution", lib=_library)
def _(
    x: torch.Tensor,
    weight: torch.Tensor,
    _bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: Any,
) -> torch.Tensor:
    parts = (x.shape[2:], weight.shape[2:], stride, padding, dilation)
    if transposed:
        sizes = [widened(*given) for given in zip(*parts, output_padding, strict=True)]
        return x.new_empty([x.shape[0], weight.shape[1] * groups, *sizes])
    return x.new_empty(
        [x.shape[0], weight.shape[0], *(convolved(*given) for given in zip(*parts, strict=True))]
    )


@torch.library.register_fake("fusewright::max_pool", lib=_library)
def _(x: torch.Tensor, *geometry: Any) -> tuple[torch.Tensor, torch.Tensor]:
    sizes = _pooled_sizes(x, *geometry)
    return x.new_empty(sizes), x.new_empty(sizes, dtype=torch.int64)


@torch.library.register_fake("fusewright::avg_pool", lib=_library)
def _(x: torch.Tensor, window: Any, stride: Any, padding: Any, ceil_mode: bool, *_more: Any) -> torch.Tensor:
    return x.new_empty(_pooled_sizes(x, window, stride, padding, [1] * len(window), ceil_mode))


def _pooled_sizes(
    x: torch.Tensor, window: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> list[Any]:
    parts = zip(x.shape[-len(window) :], window, stride, padding, dilation, strict=True)
    return [*x.shape[: -len(window)], *(pooled(*given, ceil_mode) for given in parts)]


@register_lowering(torch.ops.fusewright.windows.default, type_promotion_kind=None)
def _(x: Any, window: Any, stride: Any, dilation: Any) -> Any:
    sizes, dimensions = x.get_size(), len(window)
    parts = list(zip(sizes[2:], window, stride, dilation, strict=True))
    places = [
        ir.FloorDiv(size - spread * (taps - 1) - 1, step) + 1 if step != 1 else size - spread * (taps - 1)
        for size, taps, step, spread in parts
    ]

    def under(index: Sequence[sympy.Expr]) -> list[sympy.Expr]:
        at, taps = index[2 : 2 + dimensions], index[2 + dimensions :]
        return [*index[:2], *(p * s + t * d for p, t, s, d in zip(at, taps, stride, dilation, strict=True))]

    return ir.TensorBox(ir.GenericView.create(x.data, [*sizes[:2], *places, *window], under))


class Windows(TorchFunctionMode):
    """While it is entered, windows that are given by arguments of the reference stay symbols."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Calls one of these operators where a symbol says what a window is, and ``function`` otherwise."""
        named = kwargs or {}
        replacement = _REPLACED.get(function)
        result = NotImplemented if replacement is None else replacement(*args, **named)
        return function(*args, **named) if result is NotImplemented else result


def _given(dimensions: int, *values: Any, least: Sequence[int]) -> list[list[Any]] | None:
    """``values`` for each of the dimensions, as numbers of at least so much; None where none of them is a symbol."""
    lists = [list(value) if isinstance(value, (list, tuple)) else [value] for value in values]
    if not any(isinstance(number, torch.SymInt) for numbers in lists for number in numbers):
        return None
    for numbers, smallest in zip(lists, least, strict=True):
        for number in numbers:
            origins.window(number, smallest)
    return [numbers * dimensions if len(numbers) == 1 else numbers for numbers in lists]


def _convolution(dimensions: int) -> Callable[..., Any]:
    def call(
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: Any = 1,
    ) -> Any:
        margin = 0 if isinstance(padding, str) else padding
        given = _given(dimensions, stride, margin, dilation, least=(1, 0, 1))
        if given is None:
            return NotImplemented
        if padding == "same":
            reach = [apart * (size - 1) for apart, size in zip(given[2], weight.shape[2:], strict=True)]
            x = F.pad(x, [part for span in reversed(reach) for part in (span // 2, span - span // 2)])
        return _called(dimensions, x, weight, bias, *given, False, [0] * dimensions, groups)

    return call


def _transposed(dimensions: int) -> Callable[..., Any]:
    def call(
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: Any = 1,
        dilation: Any = 1,
    ) -> Any:
        given = _given(dimensions, stride, padding, dilation, output_padding, least=(1, 0, 1, 0))
        if given is None:
            return NotImplemented
        return _called(dimensions, x, weight, bias, *given[:3], True, given[3], groups)

    return call


def _called(dimensions: int, x: torch.Tensor, *given: Any) -> torch.Tensor:
    if x.dim() == dimensions + 2:
        return torch.ops.fusewright.convolution(x, *given)
    return torch.ops.fusewright.convolution(x.unsqueeze(0), *given).squeeze(0)


def _max_pool(dimensions: int, indices: bool) -> Callable[..., Any]:
    def call(
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        del return_indices  # The function that is called says it.
        steps = kernel_size if stride is None or stride == [] else stride
        given = _given(dimensions, kernel_size, steps, padding, dilation, least=(1, 1, 0, 1))
        if given is None:
            return NotImplemented
        found = torch.ops.fusewright.max_pool(x, *given, ceil_mode)
        return found if indices else found[0]

    return call


def _avg_pool(dimensions: int) -> Callable[..., Any]:
    def call(
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        steps = kernel_size if stride is None or stride == [] else stride
        given = _given(dimensions, kernel_size, steps, padding, least=(1, 1, 0))
        if given is None:
            return NotImplemented
        return torch.ops.fusewright.avg_pool(x, *given, ceil_mode, count_include_pad, divisor_override)

    return call


_REPLACED: dict[Any, Callable[..., Any]] = {
    torch.conv1d: _convolution(1),
    torch.conv2d: _convolution(2),
    torch.conv3d: _convolution(3),
    torch.conv_transpose1d: _transposed(1),
    torch.conv_transpose2d: _transposed(2),
    torch.conv_transpose3d: _transposed(3),
    F.avg_pool1d: _avg_pool(1),
    F.avg_pool2d: _avg_pool(2),
    F.avg_pool3d: _avg_pool(3),
}
for _n in (1, 2, 3):
    for _name in (f"max_pool{_n}d", f"max_pool{_n}d_with_indices"):
        _call = _max_pool(_n, _name.endswith("indices"))
        _REPLACED |= {getattr(owner, _name): _call for owner in (F, torch) if hasattr(owner, _name)}
