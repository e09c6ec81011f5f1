"""The reference in float64: on its inputs as they are, and on inputs moved by some of their own rounding errors."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish, map_tensors
from fusewright_harness.kept_wide import KeptWide
from fusewright_harness.nudge import Nudged
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_BORDER_PATTERNS = 3
_BORDER_STEPS = {2: (1.0, 3.0), 4: (4.0, 12.0), 8: (4.0, 12.0)}
"""How far inputs are moved to find borders, in units of their rounding error, by the bytes of their dtype. Kernels
compute in float32 what came in 16 bits, so those move less."""

_HALF_A_STEP = {2: (0.0, 0.5)}
"""How far numbers of 16 bits are moved to see what their own rounding does; the others stay."""
_MOVED_RUNS = 3

_NUDGED_STEPS = {2: (0.0, 0.5), 4: (1.0, 4.0), 8: (1.0, 4.0)}
_NUDGED_PATTERNS = 4

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_Generator = torch.Generator
_rand = torch.rand


@dataclass(frozen=True)
class Move:
    """Moves every floating input by some of its rounding errors, as many as ``steps`` says for its dtype's bytes.

    ``pattern`` says which elements go which way, and ``direction`` (1.0 or -1.0) turns them all around. Where ``ties``
    is given each operator errs too; see :class:`Nudged`.
    """

    pattern: int
    direction: float
    steps: dict[int, tuple[float, float]]
    ties: bool | None = None


def in_float64(
    function: Any, inputs: Arguments, device: torch.device, move: Move | None = None
) -> dict[str, Any] | None:
    """The result and the arguments afterwards, computed in float64, or None where that cannot be done."""
    generator = _Generator(device)
    generator.manual_seed(17 + (move.pattern if move else 0))

    def widen(tensor: torch.Tensor) -> torch.Tensor:
        with without_modes(), torch.no_grad():
            if not tensor.is_floating_point():
                return tensor.clone()
            wide = tensor.detach().to(torch.float64)
            if move and tensor.dtype.itemsize in move.steps:
                low, high = move.steps[tensor.dtype.itemsize]
                draw = _rand(wide.shape, generator=generator, dtype=wide.dtype, device=device)
                draw = 2 * draw.to(wide.device) - 1
                step = draw.sign() * (low + (high - low) * draw.abs())
                wide = wide * (1 + move.direction * step * torch.finfo(tensor.dtype).eps)
            return wide

    default = torch.get_default_dtype()
    try:
        # An alias between two inputs is lost here; a reference that needs it falls back to the declared run.
        arguments = Arguments.from_value(map_tensors(inputs.as_value(), widen))
        if isinstance(function, torch.nn.Module):
            function = copy.deepcopy(function).double()
        torch.set_default_dtype(torch.float64)
        exactness = _exactness(inputs)
        erring: Any = nullcontext()
        if move and move.ties is not None:
            erring = Nudged(generator, move.direction, exactness, move.ties)
        # A cast of what came in float64 rounds, and is meant to.
        with KeptWide() if exactness is torch.float32 else nullcontext(), erring:
            result = arguments.call(function)
        finish(device)
        take_apart(result)
        return {"result": result, "after": arguments.as_value()}
    except Exception:
        # Too little memory, views of bits, operators without float64: the declared run counts.
        return None
    finally:
        torch.set_default_dtype(default)


def border_runs(function: Any, inputs: Arguments, device: torch.device) -> list[dict[str, Any]]:
    """Results on moved inputs: elements of stepwise outputs that differ among them lie on a border.

    Each pattern is tried in both directions, so that what depends on one input moves either way; patterns differ,
    so that what depends on several (a value over its row's largest, say) moves in one of them.
    """
    runs = [
        in_float64(function, inputs, device, Move(pattern, direction, _BORDER_STEPS))
        for pattern in range(_BORDER_PATTERNS)
        for direction in (1.0, -1.0)
    ]
    return [
        {
            "result": map_tensors(
                run["result"], lambda tensor: tensor if is_stepwise(tensor) else tensor.new_empty(0)
            )
        }
        for run in runs
        if run is not None
    ]


def moved_runs(function: Any, inputs: Arguments, device: torch.device) -> list[Any]:
    """Results on inputs of 16 bits that are moved by what rounding to 16 bits may have moved them."""
    runs = [
        in_float64(function, inputs, device, Move(pattern, 1.0, _HALF_A_STEP))
        for pattern in range(_MOVED_RUNS)
    ]
    return [run["result"] for run in runs if run is not None]


def nudged_runs(
    function: Any, inputs: Arguments, device: torch.device, ties: bool, patterns: int = _NUDGED_PATTERNS
) -> list[dict[str, Any]]:
    """Results, and arguments afterwards, where inputs and operators err by roundings: as many one way as the other.

    With ``ties`` equal numbers come in a random order where an operator promises none. There are two runs of each of
    the ``patterns`` by which they err.
    """
    runs = [
        in_float64(function, inputs, device, Move(pattern, direction, _NUDGED_STEPS, ties))
        for pattern in range(patterns)
        for direction in (1.0, -1.0)
    ]
    return [run for run in runs if run is not None]


def _exactness(inputs: Arguments) -> torch.dtype:
    """What the arithmetic rounds to: float64 where there is such an input, else float32, as kernels compute."""
    _tree, tensors = take_apart(inputs.as_value())
    return torch.float64 if any(tensor.dtype is torch.float64 for tensor in tensors) else torch.float32


def has_steps(result: Any) -> bool:
    """Whether a tensor among the results is stepwise."""
    _tree, tensors = take_apart(result)
    return any(is_stepwise(tensor) for tensor in tensors)


def is_stepwise(tensor: torch.Tensor) -> bool:
    """Whether a tensor's values are steps: integers, booleans, or float8, whose steps are as coarse."""
    return not (tensor.is_floating_point() or tensor.is_complex()) or tensor.dtype.itemsize == 1
