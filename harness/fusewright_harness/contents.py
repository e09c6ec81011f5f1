"""Other contents for a pair's inputs that show what a kernel leaves out: spikes, whole numbers."""

from __future__ import annotations

import secrets
from functools import lru_cache

import torch

from fusewright_harness.renaming import measured
from fusewright_harness.transfer import without_modes

_LOOKED_AT = 1 << 14
_MOST = {torch.float16: 16384.0}
_LARGEST_SPIKE = 1e5
_LOW_SPIKE = 1000.0
_MOST_WEIGHT = 1000.0
_FEW_VALUES = 3
_RARE = 1 / 32
_ZEROS = 1 / 8
_SEVERAL_ROWS = 4
_FACTOR = 1000
_LARGE_NUMBER = 1 << 20
"""Whole numbers beyond this are hashes or packed bits: a thousand times as much overflows."""
_BEYOND_FLOAT32 = 1 << 26
"""Above 2**24 float32 has no odd numbers."""

# Bound before any code of the pair is loaded, and before its seeds are taken away from it.
_Generator = torch.Generator


@lru_cache(maxsize=1)
def _secret() -> int:
    return secrets.randbits(48)


def spiked(tensor: torch.Tensor, place: float, apart: bool, low: bool = False) -> torch.Tensor:
    """``tensor`` with one element of each row so large that every sum over the row depends on it alone.

    A kernel that leaves out part of a long sum is within the tolerance of 16 bits on numbers that are all alike. The
    spikes of another ``place``, a part of one, are so much of the row away, and an odd number of elements. With
    ``apart`` the contents are :func:`standardized` first, so that no tensor drowns in another. ``low`` keeps the
    spikes as low as a row's length asks for, or 1000 deviations.
    """
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        wide = _widened(plain)
        if wide is None:
            return plain.requires_grad_(wanted)
        if apart:
            wide = (wide - wide.mean()) / wide.std()
        length = plain.shape[-1] if plain.ndim else 1
        rows = wide.view(-1, length)
        generator = _Generator(device=plain.device).manual_seed(_secret())
        shape = (rows.shape[0], 1)
        places = torch.randint(0, length, shape, generator=generator, device=plain.device)
        # An odd number of elements away, so that those who read every second one meet a spike too.
        places = (places + (int(place * length) | 1 if place else 0)) % length
        most = _MOST.get(plain.dtype, _LARGEST_SPIKE)
        if low:
            most = min(most, max(_LOW_SPIKE, 2.0 * length))
        # A few rows outweigh all others, for sums that go over rows too.
        weight = (
            torch.rand(shape, generator=generator, device=plain.device)
            .clamp(min=1 / _MOST_WEIGHT)
            .reciprocal()
        )
        height = (float(length) * weight).clamp(max=most).to(wide.dtype) * wide.std()
        before = rows.gather(1, places)
        rows.scatter_(1, places, before.sign() * height + before)
        return _narrowed(wide, plain).requires_grad_(wanted)


def standardized(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` brought to mean 0 and deviation 1, where it holds measured values."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        wide = _widened(plain)
        if wide is not None:
            plain = _narrowed((wide - wide.mean()) / wide.std(), plain)
        return plain.requires_grad_(wanted)


def _widened(tensor: torch.Tensor) -> torch.Tensor | None:
    """A copy of measured values in float32 or wider; None for others, and for those that do not differ."""
    if not measured(tensor):
        return None
    wide = tensor.to(torch.float32 if tensor.dtype.itemsize < 8 else tensor.dtype).contiguous().clone()
    deviation = wide.std()
    return wide if bool(torch.isfinite(deviation)) and float(deviation) != 0 else None


def _narrowed(wide: torch.Tensor, plain: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(plain).copy_(wide.view(plain.shape))


def with_special(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` with NaN and both infinities in place of some elements."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if not measured(plain):
            return plain.requires_grad_(wanted)
        result = plain.clone()
        draw = torch.rand(plain.shape, device=plain.device)
        for number, value in enumerate((float("nan"), float("inf"), float("-inf"))):
            result.masked_fill_((draw >= _RARE * number) & (draw < _RARE * (number + 1)), value)
        return result.requires_grad_(wanted)


def with_zeros(tensor: torch.Tensor, rows: bool = False) -> torch.Tensor:
    """``tensor`` with nought in place of some of its elements, one at least; with ``rows``, of all of one row too."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if not measured(plain):
            return plain.requires_grad_(wanted)
        draw = torch.rand(plain.shape, device=plain.device)
        some = (draw < _ZEROS) | (draw == draw.min())
        if rows and plain.ndim > 1 and plain.numel() >= _SEVERAL_ROWS * plain.shape[-1]:
            least = draw.sum(-1)
            some = some | (least == least.min())[..., None]
        return plain.clone().masked_fill_(some, 0.0).requires_grad_(wanted)


def with_nan(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` with NaN in place of a few of its elements, one at least."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if not measured(plain):
            return plain.requires_grad_(wanted)
        draw = torch.rand(plain.shape, device=plain.device)
        few = (draw < _RARE) | (draw == draw.min())
        return plain.clone().masked_fill_(few, float("nan")).requires_grad_(wanted)


def measured_whole(tensor: torch.Tensor) -> bool:
    """Whether whole numbers of a type that has a sign are of many kinds, and neither hashes nor packed bits."""
    if tensor.dtype not in (torch.int8, torch.int16, torch.int32, torch.int64) or tensor.numel() < 8:
        return False
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    far = int(flat.min()) <= -_LARGE_NUMBER or int(flat.max()) >= _LARGE_NUMBER
    return not far and flat.unique().numel() > _FEW_VALUES


def counted(tensor: torch.Tensor, kind: str) -> torch.Tensor:
    """Measured whole numbers, others in their place.

    They get signs drawn at random (``negative``), are a thousand times as large, or as large as a short type holds
    (``larger``), or one of each row is beyond what float32 holds exactly and far below what 32 bits do (``precise``).
    """
    with without_modes(), torch.no_grad():
        if not measured_whole(tensor):
            return tensor
        if kind == "larger":
            return tensor * (_FACTOR if tensor.dtype.itemsize >= 4 else _room(tensor))
        if kind == "precise":
            return _precise(tensor) if tensor.dtype.itemsize >= 4 else tensor
        signs = torch.randint(0, 2, tensor.shape, device=tensor.device, dtype=tensor.dtype) * 2 - 1
        return tensor * signs


def _room(tensor: torch.Tensor) -> int:
    """How many times a short type holds the numbers of a tensor."""
    return max(1, torch.iinfo(tensor.dtype).max // max(1, abs(int(tensor.max())), abs(int(tensor.min()))))


def _precise(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` with a number of 27 bits, the last of them a one, in one place of each row."""
    result = tensor.detach().clone().contiguous()
    rows = result.view(-1, result.shape[-1] if result.ndim else 1)
    shape = (rows.shape[0], 1)
    places = torch.randint(0, rows.shape[1], shape, device=tensor.device)
    odd = torch.randint(0, _LARGE_NUMBER, shape, device=tensor.device, dtype=tensor.dtype) * 2 + 1
    rows.scatter_(1, places, odd + _BEYOND_FLOAT32)
    return result
