"""Inputs that are all above zero and that the reference only divides by: temperatures, steps of a quantisation.

Below zero they mean nothing, and a right kernel may take the largest before it divides.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operators import words
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_DIVIDING = words("div div_")
_COPYING = words("_to_copy clone expand repeat_interleave")
_LEAST = 2


def divisors(call: Call, inputs: Arguments, _file: str = "") -> list[int]:
    """The numbers of the tensors that are such."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    with without_modes(), torch.no_grad():
        _tree, given = take_apart(arguments.as_value())
        above = [
            number
            for number, tensor in enumerate(given)
            if tensor.is_floating_point()
            and tensor.dtype.itemsize > 1
            and tensor.numel() >= _LEAST
            and bool((tensor.detach() > 0).all())
        ]
    if not above:
        return []
    uses = _Uses({number: _place(given[number]) for number in above})
    with uses:
        call(arguments)
    return sorted(uses.dividing - uses.otherwise)


def kept_above_zero(made: Any, numbers: Collection[int]) -> Any:
    """``made`` with the tensors of these ``numbers`` without their signs."""
    number = iter(range(1 << 30))

    def visit(tensor: torch.Tensor) -> torch.Tensor:
        if next(number) not in numbers:
            return tensor
        with without_modes(), torch.no_grad():
            kept = tensor.detach().clone()
            return kept.copy_(tensor.detach().abs()).requires_grad_(tensor.requires_grad)

    return map_tensors(made, visit) if numbers else made


def _place(tensor: torch.Tensor) -> int:
    with without_modes():
        return tensor.untyped_storage().data_ptr()


class _Uses(DispatchMode):
    """Sees which tensors operators divide by, and which are used otherwise; views and copies are the same tensor."""

    def __init__(self, places: dict[int, int]) -> None:
        super().__init__()
        self.dividing: set[int] = set()
        self.otherwise: set[int] = set()
        self._numbers = {place: number for number, place in places.items()}
        self._kept: list[torch.Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operator, and notes what it does with the tensors looked at."""
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        for position, argument in enumerate((*args, *(kwargs or {}).values())):
            for tensor in argument if isinstance(argument, (list, tuple)) else (argument,):
                number = self._numbers.get(_place(tensor)) if isinstance(tensor, torch.Tensor) else None
                if number is None:
                    continue
                if isinstance(result, torch.Tensor) and _place(result) == _place(tensor):
                    if func.is_view:
                        continue
                elif name in _COPYING and isinstance(result, torch.Tensor):
                    # Kept, so that no other tensor comes to lie there.
                    self._kept.append(result)
                    self._numbers[_place(result)] = number
                    continue
                (self.dividing if name in _DIVIDING and position == 1 else self.otherwise).add(number)
        return result
