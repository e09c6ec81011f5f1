"""Following the whole-number inputs of a call through what carries them on: casts, copies, clones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch

from fusewright_harness.dispatch_mode import DispatchMode


class WholeNumberWatch(DispatchMode):
    """Knows which of a call's inputs a tensor is, or was carried on from; what is done with it its kinds note."""

    def __init__(self, inputs: list[torch.Tensor], dtypes: Collection[torch.dtype]) -> None:
        """Follows those of ``inputs``, named by their numbers, that are of one of ``dtypes``."""
        super().__init__()
        self._number = {
            tensor.untyped_storage()._cdata: number
            for number, tensor in enumerate(inputs)
            if tensor.dtype in dtypes and tensor.numel()
        }
        self._held: list[torch.Tensor] = []

    def number_of(self, part: Any) -> int | None:
        """The number of the input that ``part`` is or was carried on from; None for anything else."""
        if not isinstance(part, torch.Tensor) or part.layout is not torch.strided:
            return None
        return self._number.get(part.untyped_storage()._cdata)

    def carry(self, number: int, result: torch.Tensor) -> None:
        """Takes ``result`` for that input from now on."""
        self.hold(result)
        self._number[result.untyped_storage()._cdata] = number

    def hold(self, result: torch.Tensor) -> None:
        """Keeps ``result``: memory that is given back may be another tensor's next."""
        self._held.append(result)
