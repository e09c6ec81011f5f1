"""References that call log1p or expm1, which are there for values near zero, on values near zero.

A kernel that takes the logarithm of 1 + x, or 1 from an exponential, has rounded x away: of 1e-9 nothing is left. It
shows by giving what the reference gives with its function replaced by that formula: digit for digit at a few steps of
float32 beside 1, where each logarithm rounds alike. An exponential does not, but far below a step it is 1, and all is
zero. That says as much only where nothing else that the reference computes may vanish, as a tanh by exponentials does.
Other kernels are inexact in other ways, and nothing is said of them here.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.compare import Expected
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

A_FEW_STEPS, FAR_BELOW_A_STEP = 3e-7, 1e-9
"""What values are multiplied by, in steps of float32 beside 1."""

_CALLS = re.compile(r"\b(log1p|expm1)\b")
_NAMES = ("log1p", "expm1")
_APART = 0.01
"""A part of an output's root mean square that the formula has to cost, or it is as good as the function."""
_SAME = 0.1
"""A part of what it costs, up to which a candidate gives what the formula gives."""
_MANY_ELEMENTS = 8

_PLAIN = words(
    "log1p expm1 add sub mul div neg abs sign sum mean where maximum minimum clamp clamp_min clamp_max relu gt ge lt "
    "le eq ne view _unsafe_view reshape expand unsqueeze squeeze permute transpose t slice select clone copy_ _to_copy "
    "mm bmm addmm zeros_like full_like scalar_tensor detach alias"
)
"""Operators that leave nothing of near zero to vanish, however they are computed."""

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_log, _exp = torch.log, torch.exp


class _Formulas(DispatchMode):
    """Computes log1p and expm1 by their formulas; ``called`` has the names of all operators."""

    def __init__(self) -> None:
        super().__init__()
        self.called: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operator, or its formula."""
        name = func.overloadpacket.__name__
        self.called.add(name)
        if name in _NAMES and not kwargs:
            return _log(1 + args[0]) if name == "log1p" else _exp(args[0]) - 1
        return func(*args, **(kwargs or {}))


def speaks_of_near_zero(code: str, value: Any) -> bool:
    """Whether a reference's text calls one of the functions, on inputs of at least float32."""
    tensors = [tensor for tensor in take_apart(value)[1] if tensor.is_floating_point()]
    return (
        bool(tensors)
        and all(tensor.dtype.itemsize >= 4 for tensor in tensors)
        and _CALLS.search(code) is not None
    )


def by_formulas(
    call: Call, inputs: Arguments, _file: str = "", plain: bool = False
) -> list[torch.Tensor] | None:
    """The results of a call that computes by the formulas; None where it does without the functions.

    None, too, where it is to be ``plain`` and has operators whose results may vanish near zero.
    """
    arguments, watch = Arguments.from_value(clone_value(inputs.as_value())), _Formulas()
    with watch:
        result = call(arguments)
    if watch.called.isdisjoint(_NAMES) or (plain and watch.called - _PLAIN):
        return None
    return take_apart(result)[1]


def near_zero(value: Any, by: float) -> Any:
    """A copy of ``value`` whose floating-point numbers are multiplied ``by`` a number near zero."""

    def move(tensor: torch.Tensor) -> torch.Tensor:
        with without_modes(), torch.no_grad():
            if not tensor.is_floating_point():
                return tensor
            return (tensor.detach() * by).requires_grad_(tensor.requires_grad)

    return map_tensors(clone_value(value), move)


def computes_by_formula(expected: Expected, formulas: list[torch.Tensor], found: Any) -> str | None:
    """What is wrong with a result that is made by the formulas, as a sentence; None where it is not."""
    exact = take_apart(expected.wide if expected.wide is not None else expected.declared)[1]
    found = take_apart(found)[1]
    if not len(exact) == len(formulas) == len(found):
        return None
    for number, (right, formula, given) in enumerate(zip(exact, formulas, found, strict=True)):
        if not (given.is_floating_point() and right.shape == formula.shape == given.shape):
            continue
        right, formula, given = (tensor.detach().double().reshape(-1) for tensor in (right, formula, given))
        cost, off = _size(formula - right), _size(given - formula)
        if right.numel() >= _MANY_ELEMENTS and cost > _APART * _size(right) and off < _SAME * cost:
            return (
                f"output {number} is off by {cost / _size(right):.0%} of its size, just as far as log(1 + x) is from "
                "log1p(x), or exp(x) - 1 from expm1(x): use `libdevice.log1p` or `libdevice.expm1`"
            )
    return None


def _size(tensor: torch.Tensor) -> float:
    return float(tensor.square().mean().sqrt())
