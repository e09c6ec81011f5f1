"""Inputs that say how much of a dimension counts, as the lengths of padded sequences do, and other lengths for them.

A pair's inputs may all be as long as the dimension, and a kernel never look at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart
from fusewright_harness.whole_number_watch import WholeNumberWatch

_WHOLE = (torch.int32, torch.int64)
_SHORTEST = 3
_FEWEST_OFFSETS = 4
_COMPARING = words("lt le gt ge lt_ le_ gt_ ge_")
_CARRYING = words("_to_copy clone")


class _Watch(WholeNumberWatch):
    """Finds which whole-number inputs a call compares with all places of a dimension, and how many these are."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__(inputs, _WHOLE)
        self._places: dict[int, int] = {}
        self.found: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes ranges of places, and what is compared with them, and runs the operator."""
        name = func._schema.name.rpartition("::")[2]
        result = func(*args, **(kwargs or {}))
        with without_modes():
            given = [part for part in args if isinstance(part, torch.Tensor)]
            if isinstance(result, torch.Tensor) and name == "arange":
                self.hold(result)
                self._places[result.untyped_storage()._cdata] = result.numel()
            elif isinstance(result, torch.Tensor) and name in _CARRYING and given:
                self.hold(result)
                key, old = result.untyped_storage()._cdata, given[0].untyped_storage()._cdata
                for known in (self._number, self._places):
                    if old in known:
                        known[key] = known[old]
            elif name in _COMPARING and len(given) == 2:
                keys = [tensor.untyped_storage()._cdata for tensor in given]
                for one, other in (keys, reversed(keys)):
                    if one in self._number and other in self._places:
                        number, size = self._number[one], self._places[other]
                        self.found[number] = min(size, self.found.get(number, size))
        return result


def lengths_of(call: Call, inputs: Arguments, _file: str = "") -> dict[int, int]:
    """How many places there are for each input that counts some of them, and that is one and the same number."""
    _tree, given = take_apart(inputs.as_value())
    with without_modes(), torch.no_grad():
        still = {number for number, tensor in enumerate(given) if _is_one_number(tensor.detach())}
    if not still:
        return {}
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    _tree, copies = take_apart(arguments.as_value())
    watch = _Watch(copies)
    with watch:
        call(arguments)
    return {number: size for number, size in watch.found.items() if number in still and size >= _SHORTEST}


def with_lengths(value: Any, sizes: Mapping[str, int]) -> Any:
    """``value`` with numbers from one to one less than its size in each tensor of ``sizes``, by its number; a copy."""
    number = iter(range(1 << 30))

    def change(tensor: torch.Tensor) -> torch.Tensor:
        size = sizes.get(str(next(number)))
        if size is None:
            return tensor
        with without_modes(), torch.no_grad():
            return torch.randint(1, size, tensor.shape, device=tensor.device).to(tensor.dtype)

    return map_tensors(clone_value(value), change)


def parts_rows(tensor: torch.Tensor, others: list[torch.Tensor]) -> bool:
    """Whether a tensor holds where parts of another's rows begin and end, no part being empty."""
    if tensor.ndim != 1 or tensor.numel() < _FEWEST_OFFSETS or tensor.dtype not in _WHOLE:
        return False
    steps = tensor[1:] - tensor[:-1]
    rows = {other.shape[0] for other in others if other.is_floating_point() and other.ndim}
    return int(tensor[0]) == 0 and int(steps.min()) > 0 and int(tensor[-1]) in rows


def with_empty_part(tensor: torch.Tensor) -> torch.Tensor:
    """Offsets whose shortest part is empty, its rows being others'; no part becomes longer than the longest is."""
    with without_modes(), torch.no_grad():
        steps = (tensor[1:] - tensor[:-1]).tolist()
        longest, empty = max(steps), steps.index(min(steps))
        left, steps[empty] = steps[empty], 0
        for place in range(len(steps)):
            more = min(left, longest - steps[place]) if place != empty else 0
            steps[place] += more
            left -= more
        if left:
            return tensor
        ends = torch.tensor([0, *steps], device=tensor.device).cumsum(0)
        return ends.to(tensor.dtype)


def _is_one_number(tensor: torch.Tensor) -> bool:
    return tensor.dtype in _WHOLE and tensor.numel() > 0 and bool((tensor == tensor.reshape(-1)[0]).all())
