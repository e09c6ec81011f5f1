"""Convolutions of every kind as what TorchInductor writes a kernel for.

- Depthwise: a sum over the window of shifted inputs times weights, elementwise.
- Otherwise, for each of the batch, the product of the weights, as a matrix, with the shifted views of the input
  ("im2col"). The views are on the right, with the places along the rows: neighbouring threads read and write
  neighbouring elements, and the product has the layout of the result.
- Transposed: the same over the input with zeros between its elements, and the window mirrored. For strides above one
  most of that is multiplied in vain.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from fusewright_harness.inductor import origins
from fusewright_harness.inductor.origins import counted, places
from fusewright_harness.inductor.window_operators import windows

_MOST_TAPS = 64
"""The largest window that is written out; larger ones are a loop."""
_WORDS = {
    1: ("kernel_width",),
    2: ("kernel_rows", "kernel_columns"),
    3: ("kernel_depth", "kernel_rows", "kernel_columns"),
}
_CHANNELS = {False: ("out_channels", "in_channels"), True: ("in_channels", "out_channels")}


def convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: Any,
) -> torch.Tensor:
    """``aten.convolution`` of ``x`` (N, C, *spatial) with ``weight`` (O, C / groups, *window).

    Transposed it is (C, O / groups, *window). The output's sizes become symbols of their own.
    """
    dimensions = x.dim() - 2
    stride, padding, dilation, output_padding = (
        _for_each(values, dimensions) for values in (stride, padding, dilation, output_padding)
    )
    depthwise = isinstance(weight.shape[1], int) and weight.shape[1] == 1 and groups > 1
    known = all(isinstance(number, int) for number in (*stride, *padding, *dilation))
    if depthwise and known and not transposed:
        # Written out it is elementwise, and one launch with whatever follows.
        window = [int(size) for size in weight.shape[2:]]
    else:
        window = list(weight.shape[2:])
        for size, word in zip(window, _WORDS[dimensions], strict=True):
            origins.window(size, 1, word)
        for channels, word in zip(weight.shape, _CHANNELS[transposed], strict=False):
            origins.call(channels, word)
    reach = [apart * (size - 1) for apart, size in zip(dilation, window, strict=True)]
    if transposed:
        outputs = [
            (size - 1) * step - 2 * pad + span + more + 1
            for size, step, pad, span, more in zip(
                x.shape[2:], stride, padding, reach, output_padding, strict=True
            )
        ]
        before = [span - pad for span, pad in zip(reach, padding, strict=True)]
        sizes, steps = x.shape[2:], stride
        x = _with_zeros_between(x, stride)
        weight = _mirrored(weight, groups)
        stride = [1] * dimensions
    else:
        sizes, steps, before = x.shape[2:], stride, padding
        outputs = [
            (size + 2 * pad - span - 1) // step + 1
            for size, step, pad, span in zip(sizes, stride, padding, reach, strict=True)
        ]
    at = [_places(output, size, step) for output, size, step in zip(outputs, sizes, steps, strict=True)]
    x = _under_windows(x, at, stride, reach, before)
    if depthwise:
        y = _depthwise(x, weight, window, stride, dilation, groups)
    else:
        y = _as_product(x, weight, window, stride, dilation, groups)
    if bias is not None:
        y = y + bias.reshape(1, -1, *[1] * dimensions)
    return y


def views_of_windows(
    x: torch.Tensor, window: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> torch.Tensor:
    """``x`` (A, B, *spatial) as (A, B, *places, *window): the elements under the window at each of its places."""
    if not all(isinstance(number, int) for number in (*window, *stride, *dilation)):
        return windows(x, window, stride, dilation)
    for dimension, (size, step, spread) in enumerate(zip(window, stride, dilation, strict=True)):
        x = x.unfold(2 + dimension, spread * (size - 1) + 1, step)
        if spread > 1:
            x = x[..., ::spread]
    return x


def few(window: Sequence[Any], most: int) -> bool:
    """Whether a window is known to have no more than so many elements."""
    return all(isinstance(size, int) for size in window) and math.prod(window) <= most


def _depthwise(
    x: torch.Tensor,
    weight: torch.Tensor,
    window: list[Any],
    stride: list[Any],
    dilation: list[Any],
    groups: Any,
) -> torch.Tensor:
    dimensions, dtype = len(window), x.dtype
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    if weight.shape[0] != groups:
        # Several outputs of each input channel.
        batch, channels, *spatial = x.shape
        each = weight.shape[0] // groups
        x = x.unsqueeze(2).expand(batch, channels, each, *spatial).reshape(batch, channels * each, *spatial)
    if not few(window, _MOST_TAPS):
        views = views_of_windows(x, window, stride, dilation).to(wide)
        factors = weight.to(wide).reshape(1, -1, *[1] * dimensions, *window)
        return (views * factors).sum(dim=tuple(range(-dimensions, 0))).to(dtype)
    places = [
        (size - spread * (taps - 1) - 1) // step + 1
        for size, taps, step, spread in zip(x.shape[2:], window, stride, dilation, strict=True)
    ]
    total: torch.Tensor | None = None
    for taps in itertools.product(*map(range, window)):
        view = x
        for dimension, tap in enumerate(taps):
            first = tap * dilation[dimension]
            last = first + stride[dimension] * (places[dimension] - 1) + 1
            view = torch.ops.aten.slice.Tensor(view, 2 + dimension, first, last, stride[dimension])
        term = view.to(wide) * weight[(slice(None), 0, *taps)].to(wide).reshape(1, -1, *[1] * dimensions)
        total = term if total is None else total + term
    assert total is not None  # A window has at least one element.
    return total.to(dtype)


def _places(output: Any, size: Any, step: Any) -> Any:
    """How many places a window has, as a symbol where ``size``, that of the input, is one."""
    if (
        isinstance(step, int)
        and step == 1
        and isinstance(output, torch.SymInt)
        and isinstance(size, torch.SymInt)
    ):
        beside = output.node.expr - size.node.expr
        if beside.is_Integer:
            places(size, int(beside))
    return counted(output, size)


def _under_windows(
    x: torch.Tensor, places_: list[Any], stride: list[Any], reach: list[Any], before: list[Any]
) -> torch.Tensor:
    """``x`` from ``before`` elements before its first to the last one under a window, and zero where there is none."""
    margins = []
    for size, count, step, span, first in zip(x.shape[2:], places_, stride, reach, before, strict=True):
        margins.append((first, step * (count - 1) + span + 1 - size - first))
    return _padded(x, margins)


def _as_product(
    x: torch.Tensor,
    weight: torch.Tensor,
    window: list[Any],
    stride: list[Any],
    dilation: list[Any],
    groups: Any,
) -> torch.Tensor:
    dimensions, outputs = len(window), weight.shape[0]
    views = views_of_windows(x, window, stride, dilation)
    batch, channels, *places = views.shape[: 2 + dimensions]
    at_places, at_window = range(2, 2 + dimensions), range(2 + dimensions, 2 + 2 * dimensions)
    columns = views.permute(0, 1, *at_window, *at_places)
    # Where nothing is grouped no index is divided by the number of groups.
    parts = 1 if isinstance(groups, int) and groups == 1 else groups
    summed, spatial = channels // parts * math.prod(window), math.prod(places)
    columns = columns.reshape(batch * parts, summed, spatial)
    rows = weight.reshape(parts, outputs // parts, summed)
    if isinstance(columns.shape[0], int) and columns.shape[0] == 1:
        y = rows[0] @ columns[0]
    else:
        if parts != 1:
            rows = rows.unsqueeze(0).expand(batch, *rows.shape).reshape(batch * parts, *rows.shape[1:])
        y = torch.bmm(rows.expand(batch * parts, *rows.shape[1:]), columns)
    return y.reshape(batch, outputs, *places)


def _with_zeros_between(x: torch.Tensor, stride: list[Any]) -> torch.Tensor:
    """``x`` with ``step - 1`` zeros after each element of a dimension."""
    between: torch.Tensor | None = None
    for dimension, step in enumerate(stride):
        if isinstance(step, int) and step == 1:
            continue
        axis = 2 + dimension
        shape = list(x.shape)
        shape[axis] = shape[axis] * step
        x = x.unsqueeze(axis + 1)
        x = x.expand(*x.shape[: axis + 1], step, *x.shape[axis + 2 :]).reshape(shape)
        element = (torch.arange(step, device=x.device) == 0).expand(shape[axis] // step, step)
        element = element.reshape(-1, *[1] * (x.dim() - axis - 1))
        between = element if between is None else between & element
    return x if between is None else torch.where(between, x, torch.zeros((), dtype=x.dtype, device=x.device))


def _mirrored(weight: torch.Tensor, groups: Any) -> torch.Tensor:
    """Weights of a transposed convolution as those of the direct one over the widened input."""
    channels, each, *window = weight.shape
    weight = weight.flip(list(range(2, weight.dim())))
    weight = weight.reshape(groups, channels // groups, each, *window).transpose(1, 2)
    return weight.reshape(groups * each, channels // groups, *window)


def _padded(x: torch.Tensor, margins: list[tuple[int, int]]) -> torch.Tensor:
    if all(isinstance(margin, int) and margin == 0 for pair in margins for margin in pair):
        return x
    return F.pad(x, [margin for pair in reversed(margins) for margin in pair])


def _for_each(values: Sequence[Any], dimensions: int) -> list[Any]:
    given = list(values)
    return given * dimensions if len(given) == 1 else given
