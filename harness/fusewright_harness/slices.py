"""Slices of a tensor that mean something as a whole: sorted numbers, probabilities, directions, symmetric matrices.

Judged by a few lines along each dimension, and symmetry by all.
"""

from __future__ import annotations

import torch

_SHORTEST = 3
_LINES = 3
_FEW = 4
_NO_CHANCE = 0.05
"""Sums of independent numbers differ by more than this part of what they are expected to."""
_OFF = 4e-3
_ROUNDINGS = 8


def whole_from(one: torch.Tensor, other: torch.Tensor) -> int:
    """The first dimension along which both tensors have an order or a sum; their number of dimensions where none has.

    Slices from there on are to be left whole.
    """
    for dimension, size in enumerate(one.shape):
        if size < _SHORTEST or one.numel() == 0:
            continue
        lines = [_lines(tensor, dimension) for tensor in (one, other)]
        if all(map(_are_ordered, lines)) or all(map(_add_up, lines)):
            return dimension
        if dimension == one.ndim - 2 and all(map(_is_symmetric, (one, other))):
            return dimension
    return one.ndim


def _is_symmetric(matrices: torch.Tensor) -> bool:
    """Whether they are the same as turned over, but for the roundings with which each half was computed."""
    rows, columns = matrices.shape[-2:]
    if rows != columns or not torch.allclose(matrices[..., 0, :], matrices[..., :, 0], rtol=1e-2, atol=1e-6):
        return False
    most = _ROUNDINGS * torch.finfo(matrices.dtype).eps * matrices.abs().max()
    return bool(((matrices - matrices.transpose(-1, -2)).abs() <= most).all())


def _lines(tensor: torch.Tensor, dimension: int) -> torch.Tensor:
    """Some of a tensor's lines along a dimension: float64, two-dimensional."""
    for axis, size in enumerate(tensor.shape):
        if axis != dimension and size > _FEW:
            places = torch.linspace(0, size - 1, _FEW, device=tensor.device).long()
            tensor = tensor.index_select(axis, places)
    return tensor.movedim(dimension, -1).reshape(-1, tensor.shape[dimension]).double()


def _are_ordered(lines: torch.Tensor) -> bool:
    """Whether the numbers of all lines only grow, or only fall, and do so somewhere."""
    before, after = lines[:, :-1], lines[:, 1:]
    rising, falling = bool((before <= after).all()), bool((before >= after).all())
    return rising != falling


def _add_up(lines: torch.Tensor) -> bool:
    """Whether the numbers of each line, or their squares, add up to the same."""
    for terms in (lines, lines.square()):
        sums = terms.sum(1)
        if not bool(torch.isfinite(sums).all()) or not float(sums.min()) > 0:
            continue
        if len(sums) < _LINES:
            # Two sums may be the same by chance.
            alike = bool(((sums - 1).abs() <= _OFF).all())
        else:
            expected = (terms.var() * terms.shape[1]).sqrt()
            alike = bool(sums.max() - sums.min() <= _NO_CHANCE * expected)
        if alike:
            return True
    return False
