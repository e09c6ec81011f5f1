"""Contents that no call has seen, from the distribution that the pair itself draws from.

A timed call must not be served from a cache that knows its inputs by their contents, and drawing new inputs for each
of a hundred calls takes longer than the calls. So the inputs of two seeds are mixed: every floating element comes
from one of the two, by a secret coin. Ranges, signs, infinities and what both seeds have in common (masks, tables,
ones) stay; whole numbers and booleans, which may be indices, are the first seed's.

What is the same in both seeds' elements has the same coin, so what repeats itself still does: the halves of a table of
cosines, a head's rows for each of its groups, a symmetric matrix. And what has an order or a sum along a dimension, as
sorted numbers, probabilities and one-hot rows do, keeps it: there a whole slice comes from one seed.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.slices import whole_from
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_arange = torch.arange
_empty = torch.empty
_where = torch.where
_HALF = 31
_LOW = (1 << _HALF) - 1
_ODD = (0x1E3779B1, 0x05EBCA77, 0x42B2AE3D)
"""Odd factors below two to the 31st, which spread the bits of what they multiply."""
_PART = 1 << 24
"""So many elements are mixed at once, as the numbers that decide take more memory than they do."""


def mix(first: Any, second: Any, seed: int, wholes: list[int] | None = None) -> Any:
    """A copy of ``first``, in fresh memory, with about half of its floating elements taken from ``second``.

    The same ``seed``, of up to 62 bits, gives the same mixture in every process on the same device. Where the two
    differ in structure or size, ``first`` alone is copied. ``wholes`` is what :func:`wholes_of` says of the two, for
    whoever mixes them more than once.
    """
    mixture = clone_value(first)
    wholes = wholes_of(first, second) if wholes is None else wholes
    with without_modes(), torch.no_grad():
        _tree, into = take_apart(mixture)
        _tree, others = take_apart(second)
        if len(into) != len(others):
            return mixture
        done: set[int] = set()
        for tensor, other, whole in zip(into, others, wholes, strict=True):
            mine, theirs = _flat(tensor), _flat(other)
            if mine is None or theirs is None or mine.dtype != theirs.dtype or mine.shape != theirs.shape:
                continue
            if mine.data_ptr() in done:
                continue
            done.add(mine.data_ptr())
            if whole >= tensor.ndim:
                for start in range(0, mine.numel(), _PART):
                    into_part, other_part = mine[start : start + _PART], theirs[start : start + _PART]
                    coins = _coins(_hashed(into_part, other_part, seed))
                    into_part.copy_(_where(coins, into_part, other_part))
                continue
            dense = tensor.is_contiguous() and tensor.numel() == mine.numel()
            # Of other layouts one seed gives all.
            slices = tensor.shape[:whole].numel() if dense else 1
            hashed = _hashed(mine, theirs, seed).reshape(slices, -1)
            # Else all rows of one one and many zeros would have one coin.
            hashed = _stirred(hashed + _arange(hashed.shape[1], device=hashed.device, dtype=torch.int32), 0)
            hashed = hashed.sum(1, keepdim=True, dtype=torch.int64)
            coins = _coins(_stirred((hashed & _LOW).to(torch.int32), seed & _LOW))
            mine.copy_(_where(coins, mine.reshape(slices, -1), theirs.reshape(slices, -1)).reshape(-1))
    return mixture


def wholes_of(first: Any, second: Any) -> list[int]:
    """For each tensor the dimension from which on its slices are to be left whole; see :func:`slices.whole_from`."""
    with without_modes(), torch.no_grad():
        _tree, tensors = take_apart(first)
        _tree, others = take_apart(second)
        return [
            whole_from(one.detach(), other.detach())
            if one.is_floating_point() and one.dtype.itemsize > 1 and one.shape == other.shape
            else one.ndim
            for one, other in zip(tensors, others, strict=False)
        ]


def _hashed(mine: torch.Tensor, theirs: torch.Tensor, seed: int) -> torch.Tensor:
    """A number (int32) for each element, made of both seeds' bits there and of the secret."""
    return _stirred(_stirred(_bits(mine), seed & _LOW) + _bits(theirs), seed >> _HALF)


def _coins(hashed: torch.Tensor) -> torch.Tensor:
    return (hashed >> 19) & 1 == 0


def _stirred(bits: torch.Tensor, key: int) -> torch.Tensor:
    """``bits`` (int32), each spread over its number with a secret key; products wrap around."""
    for factor in _ODD:
        bits = (bits ^ key) * factor
        bits = bits ^ (bits >> 15)
    return bits


def _bits(flat: torch.Tensor) -> torch.Tensor:
    """The bits of floating numbers as int32; of wider ones what both halves make."""
    if flat.dtype.itemsize == 2:
        return flat.view(torch.int16).to(torch.int32)
    if flat.dtype.itemsize == 4:
        return flat.view(torch.int32)
    whole = flat.view(torch.int64)
    return (whole ^ (whole >> 32)).to(torch.int32)


def _flat(tensor: torch.Tensor) -> torch.Tensor | None:
    """All elements of a floating tensor's storage, or None where there are none to mix."""
    storage = tensor.untyped_storage()
    if not tensor.is_floating_point() or tensor.dtype.itemsize < 2 or not storage.nbytes():
        return None
    elements = storage.nbytes() // tensor.dtype.itemsize
    flat = _empty(0, dtype=tensor.dtype, device=tensor.device)
    return flat.set_(storage, 0, (elements,), (1,))
