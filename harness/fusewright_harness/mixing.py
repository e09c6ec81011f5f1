"""Contents that no call has seen, from the distribution that the pair itself draws from.

A timed call must not be served from a cache that knows its inputs by their contents, and drawing new inputs for each
of a hundred calls takes longer than the calls. So the inputs of two seeds are mixed: every floating element comes
from one of the two, by a secret coin. Ranges, signs, infinities and what both seeds have in common (masks, tables,
ones) stay; whole numbers and booleans, which may be indices, are the first seed's.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_Generator = torch.Generator
_empty = torch.empty
_where = torch.where


def mix(first: Any, second: Any, seed: int) -> Any:
    """A copy of ``first``, in fresh memory, with about half of its floating elements taken from ``second``.

    The same ``seed`` gives the same mixture in every process on the same device. Where the two differ in structure
    or size, ``first`` alone is copied.
    """
    mixture = clone_value(first)
    with without_modes(), torch.no_grad():
        _tree, into = take_apart(mixture)
        _tree, others = take_apart(second)
        if len(into) != len(others):
            return mixture
        done: set[int] = set()
        for number, (tensor, other) in enumerate(zip(into, others, strict=True)):
            mine, theirs = _flat(tensor), _flat(other)
            if mine is None or theirs is None or mine.dtype != theirs.dtype or mine.shape != theirs.shape:
                continue
            if mine.data_ptr() in done:
                continue
            done.add(mine.data_ptr())
            generator = _Generator(device=mine.device)
            generator.manual_seed((seed + number) & ((1 << 62) - 1))
            coin = _empty(mine.shape, dtype=torch.bool, device=mine.device)
            coin.bernoulli_(0.5, generator=generator)
            mine.copy_(_where(coin, mine, theirs))
    return mixture


def _flat(tensor: torch.Tensor) -> torch.Tensor | None:
    """All elements of a floating tensor's storage, or None where there are none to mix."""
    storage = tensor.untyped_storage()
    if not tensor.is_floating_point() or tensor.dtype.itemsize < 2 or not storage.nbytes():
        return None
    elements = storage.nbytes() // tensor.dtype.itemsize
    flat = _empty(0, dtype=tensor.dtype, device=tensor.device)
    return flat.set_(storage, 0, (elements,), (1,))
