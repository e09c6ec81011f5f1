"""TorchInductor's Triton for a PYTHON block, turned into a standalone and readable TRITON block.

Importing this package imports neither torch nor triton; `write` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fusewright_harness.inductor.unsupported import Unsupported

if TYPE_CHECKING:
    from fusewright_harness.inductor.writer import Written

__all__ = ["Unsupported", "warm", "write"]


def write(
    reference: Callable[..., Any],
    inputs: tuple[Any, ...],
    named: dict[str, Any] | None = None,
    *,
    name: str,
    target: str,
) -> Written:
    """See :func:`fusewright_harness.inductor.writer.write`."""
    from fusewright_harness.inductor import writer

    return writer.write(reference, inputs, named, name=name, target=target)


def warm() -> None:
    """Loads what is slow to load, by writing a small kernel; touches no GPU."""
    import torch

    def scaled(x: torch.Tensor, factor: float) -> torch.Tensor:
        return torch.softmax(x * factor, dim=-1)

    write(scaled, (torch.zeros(4, 64), 0.5), name="scaled_triton", target="sm_90")
