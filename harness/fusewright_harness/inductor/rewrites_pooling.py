"""Pooling with output sizes that are symbols, over windows of any size; and by output size."""

from __future__ import annotations

import copy
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch._decomp import decomposition_table

from fusewright_harness.inductor.origins import counted
from fusewright_harness.inductor.rewrites_convolution import few, views_of_windows
from fusewright_harness.inductor.window_operators import pooled

_aten = torch.ops.aten
_MOST_TAPS = 25
"""The elements of a window up to which they are written out; larger ones are a loop."""


def max_pool(
    x: torch.Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
    *,
    whole: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """``aten.max_pool2d_with_indices`` and its kin: the largest element under the window, and which it is.

    Unless the window is ``whole``, one of a single number is a square.
    """
    geometry = _Geometry.of(x, kernel_size, stride, padding, dilation, ceil_mode, whole)
    least = -math.inf if x.dtype.is_floating_point else torch.iinfo(x.dtype).min
    if few(geometry.window, _MOST_TAPS):
        largest, index = None, None
        for taps, element in geometry.elements(x, least):
            at = geometry.index_of(taps).expand(element.shape)
            if largest is None or index is None:
                largest, index = element, at
            else:
                # The first of the largest, but the last that is not a number, as torch has it.
                index = torch.where((element > largest) | (element != element), at, index)
                largest = torch.maximum(largest, element)
        assert largest is not None  # A window has at least one element.
        assert index is not None
        return geometry.unbatched(largest), geometry.unbatched(index)
    views = geometry.views(x, least).flatten(-geometry.dimensions)
    taps = views.argmax(-1)
    if x.dtype.is_floating_point:
        number = torch.arange(views.shape[-1], device=x.device)
        last = torch.where(views != views, number, -1).amax(-1)
        taps = torch.where(last >= 0, last, taps)
    return geometry.unbatched(views.amax(-1)), geometry.unbatched(geometry.places_of(taps))


def avg_pool(
    x: torch.Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    whole: bool = False,
) -> torch.Tensor:
    """``aten.avg_pool2d`` and its kin: the mean of the elements under the window; ``whole`` as in :func:`max_pool`."""
    geometry = _Geometry.of(x, kernel_size, stride, padding, (1,), ceil_mode, whole)
    wide = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    if few(geometry.window, _MOST_TAPS):
        total = functools.reduce(torch.add, (element.to(wide) for _, element in geometry.elements(x, 0)))
    else:
        total = geometry.views(x, 0).to(wide).sum(dim=tuple(range(-geometry.dimensions, 0)))
    if divisor_override:
        mean = total / divisor_override
    elif not ceil_mode and (count_include_pad or geometry.has_no_margin):
        mean = total / math.prod(geometry.window)
    elif all(isinstance(size, int) for size in geometry.window):
        mean = total / geometry.counts(count_include_pad, wide)
    else:
        # In one loop with the sum.
        inner = tuple(range(-geometry.dimensions, 0))
        mean = total / geometry.counted(x, count_include_pad, wide).sum(dim=inner)
    return geometry.unbatched(mean.to(x.dtype))


def adaptive_avg_pool2d(x: torch.Tensor, output_size: Sequence[int]) -> torch.Tensor:
    """``aten._adaptive_avg_pool2d``: by windows of one size where they are, else by gathering."""
    window = _even_windows(x, output_size)
    if window is not None:
        return F.avg_pool2d(x, window)
    return decomposition_table[_aten._adaptive_avg_pool2d.default](_sized(x, 2), output_size)


def adaptive_avg_pool3d(x: torch.Tensor, output_size: Sequence[int]) -> torch.Tensor:
    """``aten._adaptive_avg_pool3d``, by windows of one size."""
    window = _even_windows(x, output_size)
    return NotImplemented if window is None else F.avg_pool3d(x, window)


def adaptive_max_pool2d(x: torch.Tensor, output_size: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """``aten.adaptive_max_pool2d``, by windows of one size."""
    window = _even_windows(x, output_size)
    return NotImplemented if window is None else _aten.max_pool2d_with_indices(x, window)


def adaptive_max_pool3d(x: torch.Tensor, output_size: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """``aten.adaptive_max_pool3d``, by windows of one size."""
    window = _even_windows(x, output_size)
    return NotImplemented if window is None else _aten.max_pool3d_with_indices(x, window)


POOLING: dict[Any, Callable[..., Any]] = {
    torch.ops.fusewright.max_pool.default: functools.partial(max_pool, whole=True),
    torch.ops.fusewright.avg_pool.default: functools.partial(avg_pool, whole=True),
    _aten.max_pool2d_with_indices.default: max_pool,
    _aten.max_pool3d_with_indices.default: max_pool,
    _aten.avg_pool2d.default: avg_pool,
    _aten.avg_pool3d.default: avg_pool,
    _aten._adaptive_avg_pool2d.default: adaptive_avg_pool2d,
    _aten._adaptive_avg_pool3d.default: adaptive_avg_pool3d,
    _aten.adaptive_max_pool2d.default: adaptive_max_pool2d,
    _aten.adaptive_max_pool3d.default: adaptive_max_pool3d,
}


class _Geometry:
    """Where a window stands over an input, with or without a batch."""

    def __init__(
        self,
        sizes: list[Any],
        window: list[int],
        stride: list[int],
        padding: list[int],
        dilation: list[int],
        outputs: list[Any],
        batched: bool,
    ) -> None:
        self.sizes, self.window, self.stride = sizes, window, stride
        self.padding, self.dilation, self.outputs = padding, dilation, outputs
        self.dimensions = len(window)
        self._batched = batched
        self._device: Any = None

    @property
    def has_no_margin(self) -> bool:
        """Whether it is known that no window reaches beyond the input."""
        return all(isinstance(margin, int) and margin == 0 for margin in self.padding)

    @staticmethod
    def of(
        x: torch.Tensor,
        window: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        ceil_mode: bool,
        whole: bool,
    ) -> _Geometry:
        dimensions = 2 if len(window) == 1 and x.dim() == 3 and not whole else len(window)
        sizes = list(x.shape[-dimensions:])
        taps, spread = _for_each(window, dimensions), _for_each(dilation, dimensions)
        steps, margins = _for_each(stride or window, dimensions), _for_each(padding, dimensions)
        outputs = []
        for size, tap, step, margin, apart in zip(sizes, taps, steps, margins, spread, strict=True):
            outputs.append(counted(pooled(size, tap, step, margin, apart, ceil_mode), size))
        found = _Geometry(sizes, taps, steps, margins, spread, outputs, x.dim() == dimensions + 2)
        found._device = x.device
        return found

    def views(self, x: torch.Tensor, margin: float) -> torch.Tensor:
        """(N, C, *outputs, *window), with ``margin`` beyond the input."""
        return views_of_windows(self._padded(x, margin), self.window, self.stride, self.dilation)

    def elements(self, x: torch.Tensor, margin: float) -> Iterator[tuple[tuple[int, ...], torch.Tensor]]:
        """Each place in the window, and the elements there, (N, C, *outputs), with ``margin`` beyond the input."""
        x = self._padded(x, margin)
        for taps in itertools.product(*map(range, self.window)):
            view = x
            for dimension, tap in enumerate(taps):
                first, step = tap * self.dilation[dimension], self.stride[dimension]
                last = first + step * (self.outputs[dimension] - 1) + 1
                view = torch.ops.aten.slice.Tensor(view, 2 + dimension, first, last, step)
            yield taps, view

    def _padded(self, x: torch.Tensor, margin: float) -> torch.Tensor:
        """What lies under the windows, with a batch."""
        if not self._batched:
            x = x.unsqueeze(0)
        pads: list[Any] = []
        for dimension in reversed(range(self.dimensions)):
            reach = self.dilation[dimension] * (self.window[dimension] - 1) + 1
            needed = (self.outputs[dimension] - 1) * self.stride[dimension] + reach
            pads += [self.padding[dimension], needed - self.sizes[dimension] - self.padding[dimension]]
        # A negative margin cuts off what no window reaches.
        if any(not isinstance(pad, int) or pad != 0 for pad in pads):
            x = F.pad(x, pads, value=margin)
        return x

    def counts(self, with_padding: bool, dtype: torch.dtype) -> torch.Tensor:
        """How many elements count at each place."""
        total: Any = 1
        for dimension, output in enumerate(self.outputs):
            size, margin = self.sizes[dimension], self.padding[dimension]
            first = torch.arange(output, device=self._device) * self.stride[dimension] - margin
            last = (first + self.window[dimension]).clamp(max=size + margin)
            if not with_padding:
                first, last = first.clamp(min=0), last.clamp(max=size)
            after = self.dimensions - 1 - dimension
            total = total * (last - first).to(dtype).reshape(-1, *[1] * after)
        return total

    def counted(self, x: torch.Tensor, with_padding: bool, dtype: torch.dtype) -> torch.Tensor:
        """:meth:`views` of an input like ``x`` of ones, with or without its margins; zero where nothing counts."""
        wider = copy.copy(self)
        if with_padding:
            wider.sizes = [size + 2 * padding for size, padding in zip(self.sizes, self.padding, strict=True)]
            wider.padding = [0] * self.dimensions
        shape = [*x.shape[: -self.dimensions], *wider.sizes]
        return wider.views(torch.ones(shape, dtype=dtype, device=x.device), 0)

    def places_of(self, taps: torch.Tensor) -> torch.Tensor:
        """The flat indices, in the input, of elements numbered within their windows."""
        parts = []
        for size in reversed(self.window[1:]):
            # Numbers are positive, so that nothing is rounded down.
            outer = torch.div(taps, size, rounding_mode="trunc")
            parts.append(taps - outer * size)
            taps = outer
        return self.index_of([taps, *reversed(parts)])

    def index_of(self, taps: Sequence[Any]) -> torch.Tensor:
        """The flat indices, in the input, of the elements at one place in every window."""
        index: Any = 0
        for dimension, tap in enumerate(taps):
            place = torch.arange(self.outputs[dimension], device=self._device)
            place = place.reshape(-1, *[1] * (self.dimensions - 1 - dimension))
            apart = self.dilation[dimension]
            tap = tap if isinstance(apart, int) and apart == 1 else tap * apart
            at = place * self.stride[dimension] + (tap - self.padding[dimension])
            index = at if dimension == 0 else index * self.sizes[dimension] + at
        return index

    def unbatched(self, y: torch.Tensor) -> torch.Tensor:
        """``y`` without the batch that an input without one was given."""
        return y if self._batched else y.squeeze(0)


def _even_windows(x: torch.Tensor, output_size: Sequence[int]) -> list[int] | None:
    """The size of the windows where all are alike. Input sizes become constants, since windows do."""
    sizes = [int(size) for size in x.shape[-len(output_size) :]]
    if any(size % output for size, output in zip(sizes, output_size, strict=True)):
        return None
    return [size // output for size, output in zip(sizes, output_size, strict=True)]


def _sized(x: torch.Tensor, dimensions: int) -> torch.Tensor:
    return x.reshape(*x.shape[:-dimensions], *[int(size) for size in x.shape[-dimensions:]])


def _for_each(values: Sequence[Any], dimensions: int) -> list[Any]:
    given = list(values)
    return given * dimensions if len(given) == 1 else given
