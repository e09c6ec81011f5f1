"""Triangular matrices among a pair's inputs, zero on one side of the diagonal and nowhere else; symmetric ones.

Where the reference's own text says so that is what the task is about: a kernel skips the zeros, or reads one half, and
is right to, so variants of the inputs keep them. Where it does not, who makes use of what TEST draws is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_LEAST = 8
_MOST_ZEROS = 0.05
_ROUNDINGS = 8

_Cut = Callable[[torch.Tensor], torch.Tensor]
# Bound before any code of the pair is loaded.
_triu, _tril = torch.triu, torch.tril
_CUTS: tuple[_Cut, ...] = (_triu, _tril)


_WORDS = re.compile(r"tri[ul]|triang|symm|hermit|cholesk|eigh|eigvalsh|adjoint", re.IGNORECASE)
_ASYMMETRIC = re.compile(r"[ua]n?symm\w*", re.IGNORECASE)


def triangles_of(value: Any, code: str) -> dict[int, _Cut]:
    """The tensors that hold such matrices, by number, and what makes a matrix one of them.

    There are none where the reference's ``code``, its comments included, speaks of no such matrices.
    """
    if not _WORDS.search(_ASYMMETRIC.sub("", code)):
        return {}
    with without_modes(), torch.no_grad():
        tensors = [tensor.detach() for tensor in take_apart(value)[1]]
        return {number: cut for number, tensor in enumerate(tensors) if (cut := _cut_of(tensor)) is not None}


def kept_triangles(made: Any, triangles: dict[int, _Cut]) -> Any:
    """``made`` with zeros on the same side of the diagonal of each of its ``triangles``, or both sides alike."""
    number = iter(range(1 << 30))

    def visit(tensor: torch.Tensor) -> torch.Tensor:
        cut = triangles.get(next(number))
        if cut is None or tensor.ndim < 2 or tensor.shape[-1] != tensor.shape[-2]:
            return tensor
        with without_modes(), torch.no_grad():
            kept = tensor.detach().clone()
            return kept.copy_(cut(tensor.detach())).requires_grad_(tensor.requires_grad)

    return map_tensors(made, visit) if triangles else made


def _cut_of(tensor: torch.Tensor) -> _Cut | None:
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.ndim < 2:
        return None
    size = tensor.shape[-1]
    if size < _LEAST or tensor.shape[-2] != size or not tensor.numel():
        return None
    for cut in _CUTS:
        if torch.equal(cut(tensor), tensor):
            within = tensor.numel() // size * (size + 1) // 2
            return cut if int((tensor != 0).sum()) >= (1 - _MOST_ZEROS) * within else None
    if bool((tensor == tensor.reshape(-1)[0]).all()):
        return None
    apart = float((tensor - tensor.transpose(-1, -2)).abs().max())
    # Both halves are computed, each with its own roundings.
    return (
        mirrored if apart <= _ROUNDINGS * torch.finfo(tensor.dtype).eps * float(tensor.abs().max()) else None
    )


def mirrored(tensor: torch.Tensor) -> torch.Tensor:
    """Symmetric matrices of the upper halves of others."""
    upper = _triu(tensor)
    return upper + _triu(tensor, 1).transpose(-1, -2)
