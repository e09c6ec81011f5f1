"""What an operator costs, in bytes: those that it moves, or those that its arithmetic is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

BYTES_PER_OPERATION = 0.07
"""What an operation costs in bytes moved, on a card that does fourteen in the time of one byte."""


def is_counted(func: Any) -> bool:
    """Whether torch counts an operator's arithmetic: products, convolutions, attention."""
    return flop_registry.get(func.overloadpacket) is not None


def operations_of(func: Any, args: Any, kwargs: Mapping[str, Any] | None, result: Any) -> int | None:
    """How many operations one call computed by torch's counter; None for what it does not count."""
    count = flop_registry.get(func.overloadpacket)
    if count is None:
        return None
    try:
        return int(count(*args, **(kwargs or {}), out_val=result))
    except Exception:
        # A signature that the counter does not know in this version of torch.
        return None


def cost_of(
    func: Any, args: Any, kwargs: Mapping[str, Any] | None, result: Any, tensors: Iterable[torch.Tensor]
) -> float:
    """The cost of one call that read and wrote ``tensors``."""
    moved = float(sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors))
    return max(moved, (operations_of(func, args, kwargs, result) or 0) * BYTES_PER_OPERATION)
