"""Triangular matrices among a pair's inputs: zero on one side of the diagonal, and nowhere else.

That is what the task is about: a kernel skips the zeros, and is right to. So variants of the inputs keep them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_LEAST = 8
_MOST_ZEROS = 0.05

_Cut = Callable[[torch.Tensor], torch.Tensor]
# Bound before any code of the pair is loaded.
_CUTS: tuple[_Cut, ...] = (torch.triu, torch.tril)


def triangles_of(value: Any) -> dict[int, _Cut]:
    """The tensors that hold triangular matrices, by number, and what makes a matrix such a one."""
    with without_modes(), torch.no_grad():
        tensors = [tensor.detach() for tensor in take_apart(value)[1]]
        return {number: cut for number, tensor in enumerate(tensors) if (cut := _cut_of(tensor)) is not None}


def kept_triangles(made: Any, triangles: dict[int, _Cut]) -> Any:
    """``made`` with zeros on the same side of the diagonal of each of its ``triangles``."""
    number = iter(range(1 << 30))

    def visit(tensor: torch.Tensor) -> torch.Tensor:
        cut = triangles.get(next(number))
        if cut is None or tensor.ndim < 2:
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
    return None
