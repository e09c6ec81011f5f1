"""Poisoned memory: what nobody wrote shows as NaN or as the largest number.

A kernel that leaves a part of its output unwritten may look right, because memory that was just freed still
holds an earlier, right result. While poison is on, every tensor that torch hands out uninitialised is filled
first, and on a GPU the allocator's free blocks are filled too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch

from fusewright_harness.transfer import without_modes

_BLOCK_SIZES = (512 << 10, 512 << 10, 512 << 10, 512 << 10)


class Poison:
    """Replaces torch's ``empty`` family for the life of the process; poisons only inside :meth:`on`."""

    def __init__(self) -> None:
        self._fill: Callable[[torch.Tensor], None] | None = None

    def install(self) -> None:
        """Puts the replacements in place, before any code of the pair is loaded."""
        for owner, name in (
            (torch, "empty"),
            (torch, "empty_like"),
            (torch, "empty_strided"),
            (torch, "empty_permuted"),
            (torch.Tensor, "new_empty"),
            (torch.Tensor, "new_empty_strided"),
        ):
            setattr(owner, name, self._poisoning(getattr(owner, name)))

    def _poisoning(self, function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        @wraps(function)
        def poisoned(*args: Any, **kwargs: Any) -> torch.Tensor:
            tensor = function(*args, **kwargs)
            if self._fill is not None and isinstance(tensor, torch.Tensor) and not tensor.is_meta:
                self._fill(tensor)
            return tensor

        # It would lead the pair's code to what it stands for.
        del poisoned.__wrapped__
        return poisoned

    @contextmanager
    def on(self, device: torch.device, expected_bytes: int, pattern: int | None = None) -> Any:
        """Poisons what is allocated meanwhile; ``expected_bytes`` of free GPU memory are filled ahead.

        With a ``pattern`` it is harmless numbers, other ones for each pattern: what code does with NaN, it need not do
        with them, and where they are taken for sizes or indices they are small.
        """
        if device.type == "cuda":
            _poison_free_blocks(device, expected_bytes)
        self._fill = fill_poison if pattern is None else (lambda tensor: fill_numbers(tensor, pattern))
        try:
            yield
        finally:
            self._fill = None


def fill_poison(tensor: torch.Tensor) -> None:
    """Fills ``tensor`` with NaN, or with its dtype's largest number where it has no NaN."""
    with without_modes(), torch.no_grad():
        if tensor.numel() == 0:
            return
        if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
            tensor.fill_(float("nan"))
        elif tensor.dtype is torch.bool:
            # A boolean has no third value; half of either is wrong somewhere in all but the smallest outputs.
            tensor.bernoulli_(0.5)
        else:
            tensor.fill_(torch.iinfo(tensor.dtype).max)


def fill_numbers(tensor: torch.Tensor, pattern: int) -> None:
    """Fills ``tensor`` with small numbers that no result is likely to hold; the even pattern differs from the odd."""
    with without_modes(), torch.no_grad():
        if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
            tensor.fill_(1.734375 if pattern % 2 == 0 else -1.234375)
        else:
            tensor.fill_(pattern % 2)


def _poison_free_blocks(device: torch.device, expected_bytes: int) -> None:
    with without_modes(), torch.no_grad():
        free, _total = torch.cuda.mem_get_info(device)
        large = min(2 * expected_bytes + (64 << 20), free // 4)
        blocks = [
            torch.full((size,), 0xFF, dtype=torch.uint8, device=device) for size in (large, *_BLOCK_SIZES)
        ]
        del blocks
