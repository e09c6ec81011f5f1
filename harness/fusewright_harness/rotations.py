"""Tables of cosines and sines that name each angle twice, as rotary embeddings hand them over.

A kernel that turns two halves of a head reads one half of such tables, and is right to: the other is the same numbers.
So it stays the same in variants of the inputs, and the size of a table stays even.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.renaming import NoVariant, undivided
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_LEAST = 4
_LEAST_ROWS = 2
_OFF = {2: 0.05, 4: 1e-4, 8: 1e-4}
"""How far squares of a cosine and a sine may add up to something else, by the bytes of their dtype."""


def tables_of(value: Any) -> dict[int, str]:
    """The tensors that are such tables, by number, and what is the same in them: "halves" or "pairs"."""
    with without_modes(), torch.no_grad():
        tensors = [tensor.detach() for tensor in take_apart(value)[1]]
        alike = {number: how for number, tensor in enumerate(tensors) if (how := _twice(tensor))}
        return {
            number: how
            for number, how in alike.items()
            if any(
                how == other and number != partner and _of_one_angle(tensors[number], tensors[partner])
                for partner, other in alike.items()
            )
        }


def kept_tables(made: Any, tables: dict[int, str]) -> Any:
    """``made`` with each of its ``tables`` naming each angle twice still.

    Raises :class:`NoVariant` where one has a size that cannot be halved.
    """
    number = iter(range(1 << 30))

    def visit(tensor: torch.Tensor) -> torch.Tensor:
        how = tables.get(next(number))
        if how is None or not tensor.ndim:
            return tensor
        size = tensor.shape[-1]
        if size % 2:
            raise NoVariant
        with without_modes(), torch.no_grad():
            places = torch.arange(size, device=tensor.device)
            places = places % (size // 2) if how == "halves" else places // 2 * 2
            kept = tensor.detach().clone()
            return kept.copy_(tensor.detach().index_select(-1, places)).requires_grad_(tensor.requires_grad)

    return map_tensors(made, visit) if tables else made


def even_sizes(value: Any, variants: list[dict[str, Any]], tables: dict[int, str]) -> list[dict[str, Any]]:
    """The ``variants``, with twice a prime in place of a prime where a table's length is renamed."""
    tensors = take_apart(value)[1]
    lengths = {tensors[number].shape[-1] for number in tables}

    def even(variant: dict[str, Any]) -> dict[str, Any]:
        if variant.get("from") not in lengths or variant["to"] % 2 == 0:
            return variant
        return {**variant, "to": 2 * undivided(variant["from"] // 2, variant["to"] // 2)}

    return [even(variant) for variant in variants]


def _twice(tensor: torch.Tensor) -> str | None:
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.ndim < _LEAST_ROWS:
        return None
    size = tensor.shape[-1]
    if size < _LEAST or size % 2 or tensor.numel() < _LEAST_ROWS * size:
        return None
    if torch.equal(tensor[..., : size // 2], tensor[..., size // 2 :]):
        return "halves"
    return "pairs" if torch.equal(tensor[..., ::2], tensor[..., 1::2]) else None


def _of_one_angle(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether the squares of two tensors add up to one number everywhere, the square of a radius."""
    if one.shape != other.shape or one.dtype is not other.dtype or torch.equal(one, other):
        return False
    squares = one.to(torch.float64).square() + other.to(torch.float64).square()
    radius = float(squares.max())
    return radius > 0 and float(squares.min()) >= radius * (1 - _OFF[one.dtype.itemsize])
