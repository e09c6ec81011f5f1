"""Products and convolutions of the reference that change nothing in its result, found by altering what they give."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import Trace
from fusewright_harness.outcomes import Outcome, outcome_of, same_outcome
from fusewright_harness.transfer import without_modes

_MOST_ALTERED = 8
_LARGE_PART = 0.1
_PARTS = ((0.0, 0.6), (0.4, 1.0))
"""The greater part of a product's elements, from the first on and up to the last."""


class _Altering(TorchDispatchMode):
    """Runs a call with the results of one operator altered; ``same`` says whether one was one of its own inputs.

    ``altered`` says whether there was anything to alter.
    ``part`` says from where to where, in parts of one, of the elements in row-major order.
    """

    def __init__(self, wanted: int, part: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__()
        self._wanted = wanted
        self._part = part
        self._seen = 0
        self.altered = self.same = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator, and alters what it gives if it is the one."""
        result = func(*args, **(kwargs or {}))
        if flop_registry.get(func.overloadpacket) is not None:
            self._seen += 1
            if self._seen == self._wanted:
                with without_modes():
                    given = [part for part in args if isinstance(part, torch.Tensor)]
                    # Attention gives what its backward pass needs beside the result.
                    result = map_tensors(result, lambda tensor: self._alter(tensor, given))
        return result

    def _alter(self, tensor: torch.Tensor, given: list[torch.Tensor]) -> torch.Tensor:
        if not tensor.is_floating_point() and not tensor.is_complex():
            return tensor
        self.altered = True
        self.same |= any(_nearly(part, tensor) for part in given)
        flat = tensor.clone().reshape(-1)
        first, last = (int(share * flat.numel()) for share in self._part)
        flat[first:last] = flat[first:last] * 2 + 1
        return flat.reshape(tensor.shape)


def _nearly(left: torch.Tensor, right: torch.Tensor) -> bool:
    return (
        left.shape == right.shape
        and left.dtype == right.dtype
        and torch.allclose(left, right, rtol=1e-6, atol=0)
    )


def idle_product(call: Call, inputs: Arguments, trace: Trace) -> dict[str, Any] | None:
    """A product or convolution, a large part of the work, that changes nothing: altered, or left out.

    Says its name and line, and ``part`` where only the greater part of what it gives is without use.
    """
    total = sum(operator.arithmetic for operator in trace.operators)
    heavy = [operator for operator in trace.operators if operator.heavy]
    plain = outcome_of(call, inputs)
    if plain is None:
        return None
    for number, operator in enumerate(heavy[:_MOST_ALTERED], 1):
        if operator.arithmetic < total * _LARGE_PART:
            continue
        found = {"name": operator.name, "line": operator.line}
        altering, unmoved = _altered(call, inputs, plain, _Altering(number))
        if altering.same or unmoved:
            return found
        if any(_altered(call, inputs, plain, _Altering(number, part))[1] for part in _PARTS):
            return {**found, "part": True}
    return None


def _altered(call: Call, inputs: Arguments, plain: Outcome, altering: _Altering) -> tuple[_Altering, bool]:
    """The alteration once it was tried, and whether the outcome was the same in spite of it."""
    with altering:
        outcome = outcome_of(call, inputs)
    return altering, altering.altered and outcome is not None and same_outcome(plain, outcome)
