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
_KEPT = 1 << 22
"""Of so many elements the numbers that decide are kept from one mixture to the next."""


class Mixer:
    """Mixes the inputs of two seeds, as often as it is asked to."""

    def __init__(self, first: Any, second: Any) -> None:
        """Looks at both; neither may change as long as this is used."""
        self._first, self._second = first, second
        with without_modes(), torch.no_grad():
            _tree, tensors = take_apart(first)
            _tree, others = take_apart(second)
            same = len(tensors) == len(others)
            self._wholes = list(map(_whole_from, tensors, others)) if same else None
        self._numbers: dict[int, torch.Tensor] = {}

    def mixture(self, seed: int) -> Any:
        """A copy of the first, in fresh memory, with about half of its floating elements taken from the second.

        The same ``seed``, of up to 62 bits, gives the same mixture in every process on the same device. Where the two
        differ in structure or size, the first alone is copied.
        """
        mixture = clone_value(self._first)
        if self._wholes is None:
            return mixture
        with without_modes(), torch.no_grad():
            _tree, into = take_apart(mixture)
            _tree, others = take_apart(self._second)
            done: set[int] = set()
            for number, (tensor, other) in enumerate(zip(into, others, strict=True)):
                mine, theirs = _flat(tensor), _flat(other)
                if mine is None or theirs is None or mine.dtype != theirs.dtype or mine.shape != theirs.shape:
                    continue
                if mine.data_ptr() in done:
                    continue
                done.add(mine.data_ptr())
                self._mix(number, tensor, mine, theirs, seed)
        return mixture

    def _mix(
        self, number: int, tensor: torch.Tensor, mine: torch.Tensor, theirs: torch.Tensor, seed: int
    ) -> None:
        assert self._wholes is not None  # Asked by `mixture`.
        whole = self._wholes[number]
        if whole < tensor.ndim:
            # Of a layout with gaps one seed gives all.
            dense = tensor.is_contiguous() and tensor.numel() == mine.numel()
            slices = tensor.shape[:whole].numel() if dense else 1
            shape = (slices, -1)
            if number not in self._numbers:
                self._numbers[number] = _of_slices(_numbers(mine, theirs), slices)
            taken = _taken(self._numbers[number], seed)
            mine.copy_(_where(taken, mine.reshape(shape), theirs.reshape(shape)).reshape(-1))
            return
        if mine.numel() <= _KEPT:
            if number not in self._numbers:
                self._numbers[number] = _numbers(mine, theirs)
            mine.copy_(_where(_taken(self._numbers[number], seed), mine, theirs))
            return
        for start in range(0, mine.numel(), _PART):
            part, others = mine[start : start + _PART], theirs[start : start + _PART]
            part.copy_(_where(_taken(_numbers(part, others), seed), part, others))


def mix(first: Any, second: Any, seed: int) -> Any:
    """One mixture alone; see :meth:`Mixer.mixture`."""
    return Mixer(first, second).mixture(seed)


def _whole_from(one: torch.Tensor, other: torch.Tensor) -> int:
    if not one.is_floating_point() or one.dtype.itemsize < 2 or one.shape != other.shape:
        return one.ndim
    return whole_from(one.detach(), other.detach())


def _numbers(mine: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """A number (int32) for each element, made of both seeds' bits there; products wrap around."""
    bits = _bits(mine) * _ODD[0] + _bits(theirs) * _ODD[1]
    bits = (bits ^ (bits >> 15)) * _ODD[2]
    return (bits ^ (bits >> 13)) * _ODD[0]


def _of_slices(numbers: torch.Tensor, slices: int) -> torch.Tensor:
    """A number (int32) for each slice, as a column."""
    numbers = numbers.reshape(slices, -1)
    # Else all rows of one one and many zeros would have one number.
    places = _arange(numbers.shape[1], device=numbers.device, dtype=torch.int32)
    numbers = (numbers ^ (places * _ODD[1])) * _ODD[2]
    sums = (numbers ^ (numbers >> 15)).sum(1, keepdim=True, dtype=torch.int64)
    return ((sums ^ (sums >> _HALF)) & _LOW).to(torch.int32) * _ODD[0]


def _taken(numbers: torch.Tensor, seed: int) -> torch.Tensor:
    """Where the first one's elements are taken: by the topmost bit of a secret multiple; ``seed`` is any of 62 bits."""
    return (numbers ^ (seed & _LOW)) * ((seed >> _HALF) | 1) < 0


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
