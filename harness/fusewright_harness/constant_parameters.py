"""A module's parameters and buffers that hold one number alone, as scales and gates begin."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.moved_values import drawn
from fusewright_harness.tensor_kinds import constant
from fusewright_harness.transfer import without_modes


def has_constants(state: dict[str, Any]) -> bool:
    """Whether a module's state holds parameters or buffers of one number alone, as scales and gates begin."""
    with without_modes(), torch.no_grad():
        return any(
            _constant_parameter(tensor) for tensor in state.values() if isinstance(tensor, torch.Tensor)
        )


def with_drawn_constants(state: dict[str, Any]) -> dict[str, Any]:
    """A module's state with random numbers in place of each constant parameter or buffer."""
    with without_modes(), torch.no_grad():
        return {
            name: drawn(part.detach())
            if isinstance(part, torch.Tensor) and _constant_parameter(part)
            else part
            for name, part in state.items()
        }


def _constant_parameter(tensor: torch.Tensor) -> bool:
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or not tensor.numel():
        return False
    return tensor.numel() == 1 or constant(tensor)
