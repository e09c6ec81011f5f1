"""What torch.compile makes of the reference, in the reference's own process, which has nothing left to do by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_CALLS = 2
"""The first one compiles; the second shows whether that lasts."""
_TOLERANCE = 0.05
_LONGEST_PROBLEM = 300


class NotCompiled(Exception):
    """torch.compile makes nothing of the function that could be timed; the message says why."""


def compile_reference(
    function: Callable[..., Any], inputs: Any, device: torch.device, backend: str = "inductor"
) -> Callable[..., Any]:
    """The function as torch.compile has it, compiled for the shapes of ``inputs`` and called with them.

    Raises :class:`NotCompiled` where that fails, or gives something else than the function does.
    """
    try:
        import torch._dynamo
        import torch._inductor.config

        # Each process that it would start to compile in would be one more of the pair's.
        torch._inductor.config.compile_threads = 1
        expected = _call(function, inputs, device)
        compiled = torch.compile(function, dynamic=False, backend=backend)
        results = [_call(compiled, inputs, device) for _ in range(_CALLS)]
    except Exception as error:
        # What a backend raised comes wrapped, in a message that begins with the backend's name alone.
        cause = getattr(error, "inner_exception", None) or error
        lines = str(cause).strip().splitlines() or [""]
        raise NotCompiled(f"{type(cause).__name__}: {lines[0]}"[:_LONGEST_PROBLEM]) from error
    if not all(_alike(expected, result) for result in results):
        raise NotCompiled("what it makes gives another result than the reference")
    return compiled


def _call(function: Callable[..., Any], inputs: Any, device: torch.device) -> list[torch.Tensor]:
    arguments = Arguments.from_value(clone_value(inputs))
    result = arguments.call(function)
    finish(device)
    with without_modes():
        # A reference that returns nothing changes its arguments.
        return take_apart(result)[1] or take_apart(arguments.as_value())[1]


def _alike(expected: list[torch.Tensor], found: list[torch.Tensor]) -> bool:
    """Whether two results are about the same: whoever compiles reorders sums, and no more."""
    if len(expected) != len(found):
        return False
    with without_modes(), torch.no_grad():
        for left, right in zip(expected, found, strict=True):
            if left.shape != right.shape or left.dtype != right.dtype:
                return False
            if left.is_floating_point() and left.numel():
                near = torch.nan_to_num(left.double()), torch.nan_to_num(right.double())
                if (near[0] - near[1]).abs().mean() > _TOLERANCE * near[0].abs().mean() + 1e-6:
                    return False
    return True
