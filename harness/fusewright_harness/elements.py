"""The elements of an output, looked at in parts.

Outputs may hold gigabytes, and each element takes some hundred bytes while it is compared.
"""

from __future__ import annotations

import torch

PART = 1 << 24
"""Elements that are looked at at a time."""

_LOOKED_AT = 1 << 14


class Elements:
    """The elements of a tensor in row-major order, part by part, so that gigabytes need few of them at a time."""

    def __init__(self, tensor: torch.Tensor) -> None:
        tensor = tensor.detach()
        self.shape = list(tensor.shape)
        self.dtype = tensor.dtype
        self.parts_of_one = 2 if tensor.is_complex() else 1
        self._flat = (torch.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)

    @staticmethod
    def like(tensor: torch.Tensor | None, declared: torch.Tensor) -> Elements | None:
        """The elements of another run of the reference, or None where it gave something of another form."""
        if tensor is None or tensor.shape != declared.shape or tensor.is_complex() != declared.is_complex():
            return None
        if declared.is_floating_point() and declared.dtype.itemsize > 1 and not tensor.is_floating_point():
            return None
        return Elements(tensor)

    def starts(self) -> range:
        """Where the parts begin."""
        return range(0, self._flat.numel(), PART)

    def part(self, start: int) -> torch.Tensor:
        """A part as it is."""
        return self._flat[start : start + PART]

    def wide(self, start: int) -> torch.Tensor:
        """A part in float64."""
        return self.part(start).to(torch.float64)

    def count(self) -> int:
        """How many there are."""
        return self._flat.numel()

    def typical(self) -> float:
        """The root mean square of the finite elements; 0 where there is none."""
        total, count = 0.0, 0
        for start in self.starts():
            part = self.wide(start)
            part = part[torch.isfinite(part)]
            total += float(part.square().sum())
            count += part.numel()
        return (total / count) ** 0.5 if count else 0.0

    def middle(self) -> float:
        """The median of the finite elements' sizes, of some thousands of them; 0 where there is none."""
        looked_at = self._flat[:: max(1, self._flat.numel() // _LOOKED_AT)].to(torch.float64).abs()
        looked_at = looked_at[torch.isfinite(looked_at)]
        return float(looked_at.median()) if looked_at.numel() else 0.0

    def device(self) -> torch.device:
        """Where the elements are."""
        return self._flat.device
