"""What the reference gives: run as it is declared, in float64, and with rounding errors of other runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.call_trace import summary
from fusewright_harness.exact import border_runs, has_steps, in_float64, moved_runs, nudged_runs
from fusewright_harness.faults import fault_from_exception
from fusewright_harness.intact import Intact
from fusewright_harness.module_state import buffers_of, state_change
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.seeds import SecretSeeds
from fusewright_harness.trace_facts import trace_facts
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart

_LESS_FINITE = 0.01
_HALF = 0.5
_LITTLE = 0.01
_ENORMOUS = 0.8
"""Beyond this part of the largest number's exponent the next product may be infinite: 1e31 in float32."""


class ReferenceRuns:
    """Runs a reference, and requires after each run that nothing was tampered with.

    ``file`` is the pair's, for the lines of faults; ``stepwise`` says whether the output first evaluated has steps, and
    ``divisors``, once somebody asked, which inputs the reference only divides by.
    """

    def __init__(self, device: torch.device, seeds: SecretSeeds, intact: Intact) -> None:
        self.file = ""
        self.stepwise = False
        self.divisors: list[int] | None = None
        self._finite = -1.0
        self._enormous = False
        self._device = device
        self._seeds = seeds
        self._intact = intact

    def run(self, function: Any, arguments: Arguments) -> Any:
        """Calls ``function`` on ``arguments`` themselves. Raises what goes wrong there as the PYTHON block's fault."""
        try:
            result = arguments.call(function)
            finish(self._device)
            return result
        except BaseException as error:
            self._intact.require()
            raise fault_from_exception(error, "pytorch", "run", self.file) from error

    def evaluate(
        self, function: Any, inputs: Arguments, salt: int = 0, watched: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ``inputs`` should give: the declared run, the one in float64, and where they are near a border.

        With a ``salt`` it is run again with other random state; a ``watched`` run tells its operators.
        """
        arguments = Arguments.from_value(clone_value(inputs.as_value()))
        answer: dict[str, Any] = {}
        # The candidate's module is made for its first call, so their states are compared after that.
        before = buffers_of(function) if self._finite < 0 else {}
        with full_precision():
            if watched:
                operators = OperatorWatch(self.file)
                with operators.host_mode(), operators:
                    result = self.run(function, arguments)
                with without_modes(), suppress(Untransferable):
                    # What cannot be taken apart is refused when it is sent.
                    operators.returned(take_apart((result, arguments.as_value()))[1])
                answer["operators"] = summary(operators.trace)
                answer["work"] = trace_facts(operators.trace, inputs)
                del operators
            else:
                result = self.run(function, arguments)
            value = {"declared": result, "after": arguments.as_value(), "float64": None, "borders": []}
            value["state"] = state_change(before, function)
            unchanged = _unchanged(inputs, arguments)
            double = in_float64(function, inputs, self._device)
            if double is not None:
                if all(unchanged):
                    # Nothing was computed there, and inputs in float64 are large.
                    double["after"] = None
                value["float64"] = double
                if has_steps(result):
                    value["borders"] = border_runs(function, inputs, self._device)
            if salt:
                again = Arguments.from_value(clone_value(inputs.as_value()))
                self._seeds.stir(salt)
                value["again"] = self.run(function, again)
        self._intact.require()
        answer["unchanged"] = unchanged
        if self._finite < 0:
            self._finite, self.stepwise = _finite_share(value), has_steps(result)
            self._enormous = _has_enormous(value)
        return answer, value

    def less_finite(self, value: dict[str, Any]) -> bool:
        """Whether clearly fewer numbers of an evaluation's ``value`` are finite than of the first one's, or will be.

        Beside enormous numbers, where there were none, it is the order of a product that tells whether it overflows.
        """
        if _has_enormous(value) and not self._enormous:
            return True
        return _finite_share(value) < self._finite - _LESS_FINITE

    def moved(self, function: Any, inputs: Arguments) -> list[Any]:
        """What the reference gives in float64 on ``inputs`` moved by some of their own rounding errors."""
        with full_precision():
            moved = moved_runs(function, inputs, self._device)
        self._intact.require()
        return moved

    def nudged(self, function: Any, inputs: Arguments, ties: bool) -> list[Any]:
        """Runs with rounding errors of their own; with ``ties`` equal numbers come in any order."""
        with full_precision():
            runs = nudged_runs(function, inputs, self._device, ties=ties)
        self._intact.require()
        return runs

    def is_steady(self, function: Any, inputs: Arguments) -> bool:
        """Whether each number of the result is more than rounding: no nought divided by nought, or next to it."""
        with full_precision():
            runs = nudged_runs(function, inputs, self._device, ties=False, patterns=1)
        self._intact.require()
        with without_modes(), torch.no_grad():
            results = [take_apart(run["result"])[1] for run in runs]
            return all(map(_alike, *results)) if len(results) > 1 else True


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether what two runs with rounding errors of their own give differs by less than the half of it.

    What is far below the others' size is so by chance, where its terms cancel.
    """
    if one.shape != other.shape or not one.is_floating_point() or one.dtype.itemsize == 1:
        return True
    usual = one.square().mean().sqrt()
    size = torch.maximum(one.abs(), other.abs()).clamp(min=float(_LITTLE * usual))
    return bool(((one - other).abs() <= _HALF * size).all())


def _unchanged(before: Arguments, after: Arguments) -> list[bool]:
    with without_modes(), torch.no_grad():
        _tree, old = take_apart(before.as_value())
        _tree, new = take_apart(after.as_value())
        return [
            a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
            for a, b in zip(old, new, strict=True)
        ]


def _finite_share(value: dict[str, Any]) -> float:
    """The share of finite numbers in what the declared run gave."""
    with without_modes(), torch.no_grad():
        numbers = _numbers(value)
        finite = sum(int(torch.isfinite(tensor.float()).sum()) for tensor in numbers)
        return finite / max(1, sum(tensor.numel() for tensor in numbers)) if numbers else 1.0


def _has_enormous(value: dict[str, Any]) -> bool:
    """Whether what the declared run gave holds finite numbers close to its dtype's largest; float16's is small."""
    with without_modes(), torch.no_grad():
        for tensor in _numbers(value):
            most = torch.finfo(tensor.dtype).max
            if tensor.dtype is not torch.float16 and tensor.dtype.itemsize > 1:
                size = tensor.detach().abs()
                if bool(((size > most**_ENORMOUS) & (size < most)).any()):
                    return True
        return False


def _numbers(value: dict[str, Any]) -> list[torch.Tensor]:
    """The floating tensors that the declared run gave."""
    # Where nothing is returned, what was changed in place is the result.
    _tree, tensors = take_apart(value["declared"])
    tensors = tensors or take_apart(value["after"])[1]
    return [tensor for tensor in tensors if tensor.numel() and tensor.is_floating_point()]


@contextmanager
def full_precision() -> Iterator[None]:
    """Switches TF32 off, which eager convolution uses by default: an exact candidate would seem wrong beside it."""
    saved = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = saved
