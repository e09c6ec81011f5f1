"""Rounding errors that another right computation may make, put into a run of the reference.

Where a result jumps, at a threshold, between two steps of a quantisation, in the order of near values, a right kernel
may land on the other side. A run whose every operator errs by a few roundings shows which elements lie there.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operators import words

_ERRS = 4.0
"""An operator's result is moved by one to so many roundings."""
_LARGE = 1e300
_WHOLE_STEP = 0.4

_EXACT = words(
    "cat stack repeat repeat_interleave constant_pad_nd index_select index gather take slice_scatter select_scatter "
    "flip roll scatter scatter_ index_put_ index_put _index_put_impl_ index_copy index_copy_ embedding tril tril_ "
    "triu triu_ masked_select clone copy_ copy _to_copy lift_fresh where masked_fill masked_fill_ fill_ zero_ max "
    "min amax amin maximum minimum fmax fmin clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ relu relu_ "
    "threshold hardtanh hardshrink abs abs_ neg neg_ sign sgn floor ceil round round_ floor_ ceil_ trunc nan_to_num "
    "copysign cummax cummin topk sort kthvalue median mode max_pool2d_with_indices max_pool3d_with_indices im2col "
    "arange linspace rand randn rand_like randn_like uniform_ normal_ bernoulli bernoulli_ exponential_ frexp ldexp "
    "empty empty_like zeros zeros_like ones ones_like full full_like new_full new_zeros new_ones new_empty "
    "scalar_tensor _local_scalar_dense"
)
"""Operators that move, choose or draw numbers, and round none."""

_SUMS = words(
    "sum mean mm bmm addmm baddbmm addmv mv dot convolution cumsum index_add index_add_ scatter_add scatter_add_ "
    "nansum var std _embedding_bag segment_reduce einsum"
)
"""Operators whose terms may cancel, so that they err by the size of the other results rather than their own."""

_BOUNDED = words("tanh tanh_ erf erf_")
"""Functions that kernels make of exponentials, exact beside one and not beside nought."""

_ORDERING = words("sort topk")
_MOVED = (torch.float32, torch.float64, torch.complex64, torch.complex128)

# Bound before any code of the pair is loaded.
_rand = torch.rand


class Nudged(DispatchMode):
    """Moves what each operator gives by a few roundings of float32, or of ``exactness`` where it is finer.

    ``direction`` 1.0 and -1.0 move by opposite amounts. With ``ties`` equal numbers are put in a random order by
    operators that promise none; the opposite direction gives the opposite one.
    """

    def __init__(
        self, generator: torch.Generator, direction: float, exactness: torch.dtype, ties: bool
    ) -> None:
        super().__init__()
        self._generator = generator
        self._direction = direction
        self._exactness = exactness
        self._ties = ties

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operator and moves its result."""
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if self._ties and name in _ORDERING:
            ordered = self._in_some_order(func, args, kwargs)
            if ordered is not None:
                return ordered
        result = func(*args, **kwargs)
        if name in _EXACT:
            return result
        given = {id(argument) for argument in args}
        storages = {
            argument.untyped_storage().data_ptr() for argument in args if isinstance(argument, torch.Tensor)
        }
        for part in result if isinstance(result, (tuple, list)) else (result,):
            if not isinstance(part, torch.Tensor) or part.dtype not in _MOVED:
                continue
            # A view holds what was there before; what is changed in place is computed.
            if id(part) in given or part.untyped_storage().data_ptr() not in storages:
                numbers = torch.view_as_real(part) if part.is_complex() else part
                transformed = name.startswith("_fft")
                self._move(numbers, transformed or name in _SUMS, transformed, float(name in _BOUNDED))
        return result

    def _draw(self, tensor: torch.Tensor) -> torch.Tensor:
        place = self._generator.device
        draw = _rand(tensor.shape, generator=self._generator, dtype=torch.float64, device=place)
        return self._direction * (2 * draw - 1).to(tensor.device)

    def _move(self, tensor: torch.Tensor, summed: bool, transformed: bool, least: float) -> None:
        if not tensor.numel():
            return
        draw = self._draw(tensor)
        steps = draw.sign() * (1 + (_ERRS - 1) * draw.abs())
        size: Any = tensor.abs().clamp(min=least) if least else tensor
        if summed:
            sizes = torch.where(torch.isfinite(tensor), tensor, 0.0).abs()
            # Each of a transform's sums has all of the terms, and one of them has them all with one sign.
            size = tensor.abs().clamp(min=float(sizes.max() if transformed else sizes.square().mean().sqrt()))
        # What the narrower dtype holds exactly was not rounded; in that dtype itself it is known of whole numbers.
        wider = tensor.dtype is torch.float64 and self._exactness is not torch.float64
        narrow = tensor.to(self._exactness).to(tensor.dtype) if wider else tensor.round()
        # A transform's terms are rounded whatever comes of them.
        exact = ((tensor == narrow) & (not transformed)) | ~torch.isfinite(tensor)
        epsilon = max(torch.finfo(self._exactness).eps, torch.finfo(tensor.dtype).eps)
        moved = torch.where(exact, tensor, tensor + size * steps * epsilon)
        # Below the smallest normal number little is left but the sign, and on a GPU not even that.
        tiny = torch.finfo(self._exactness).tiny
        lost = (tensor.abs() < tiny) & (tensor != 0)
        tensor.copy_(torch.where(lost, tensor.sign() * tiny * (1 + draw) / 2, moved))

    def _in_some_order(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A sort or the k largest of keys without ties, where the operator leaves the order of equal ones open."""
        names = [argument.name for argument in func._schema.arguments]
        bound = {**dict(zip(names, args, strict=False)), **kwargs}
        tensor = bound.get("self")
        if bound.get("stable") or not isinstance(tensor, torch.Tensor) or not tensor.ndim:
            return None
        keys, draw = tensor.to(torch.float64), self._draw(tensor)
        if tensor.is_floating_point():
            info = torch.finfo(self._exactness)
            keys = keys.clamp(-_LARGE, _LARGE)
            keys = keys + draw * (keys.abs() * info.eps + info.tiny)
        else:
            keys = keys + _WHOLE_STEP * draw
        positional = [keys if argument is tensor else argument for argument in args]
        named = {name: keys if argument is tensor else argument for name, argument in kwargs.items()}
        _values, indices = func(*positional, **named)
        return tensor.gather(int(bound.get("dim", -1)), indices), indices
