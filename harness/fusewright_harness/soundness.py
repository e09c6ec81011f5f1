"""Whether a task can be judged at all: inputs that tell something, and one answer that depends on them."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.case import Case
from fusewright_harness.compare import Expected, compare
from fusewright_harness.faults import Fault
from fusewright_harness.values import take_apart
from fusewright_harness.workers import Answer, receive_answer

_MOST_NAN = 0.5
_FEW = 16


def require_sound_inputs(case: Case) -> None:
    """Raises :class:`Fault` for inputs that tell nothing: empty, the same for each seed, all one number, or NaN."""
    first = [fact for fact in case.inputs[0] if fact["numel"]]
    if not first:
        raise case.rejected(
            "DegenerateInputs",
            "the inputs hold no element, so nothing is compared; draw tensors of ordinary sizes",
            "test",
        )
    floats = [fact for fact in first if fact["float"]]
    if any(fact["nan"] > _MOST_NAN for fact in first):
        raise case.rejected(
            "DegenerateInputs",
            "an input is NaN for the most part, and NaN equals any NaN; draw numbers",
            "test",
        )
    unchanged = case.after[0].unchanged or [True] * len(case.inputs[0])
    read = [
        fact
        for fact, same in zip(case.inputs[0], unchanged, strict=False)
        if same and fact["numel"] > 1 and (fact["float"] or not floats)
    ]
    elements = sum(fact["numel"] for fact in read)
    still = sum(fact["numel"] for fact in read if fact["constant"])
    if read and 2 * still > elements:
        raise case.rejected(
            "DegenerateInputs",
            "the greater part of the inputs is one and the same number, for which many wrong kernels are right; draw "
            "random numbers",
            "test",
        )
    digests = [[fact["digest"] for fact in facts] for facts in case.inputs]
    if len(digests) > 1 and all(digest == digests[0] for digest in digests):
        raise case.rejected(
            "DegenerateInputs",
            "the inputs are the same whatever seed they are drawn with, so a stored answer would do; draw them with "
            "torch's own functions (`torch.randn`)",
            "test",
        )


def require_varied_output(case: Case) -> None:
    """Raises :class:`Fault` where no output depends on the seed, or none holds a number."""
    seeds = [expected for expected in case.expected if expected.declared is not None]
    after = [entry.expected for entry in case.after[case.oldest :]]
    outputs = [_outputs(expected, later, case) for expected, later in zip(seeds, after, strict=False)]
    if not outputs or not outputs[0]:
        return
    if not any(_some_finite(tensor) for tensor in outputs[0]):
        raise case.rejected(
            "DegenerateInputs",
            "the reference gives no finite number for these inputs; draw inputs from its domain",
            "test",
        )
    if len(outputs) < 2 or not all(len(other) == len(outputs[0]) for other in outputs):
        return
    if all(_close(outputs[0][i], other[i]) for i in range(len(outputs[0])) for other in outputs[1:]):
        raise case.rejected(
            "ConstantOutput",
            "the reference's result is the same for all inputs, so a kernel that stores it would be right; let the "
            "result depend on the inputs, or draw other inputs",
            "pytorch",
        )
    for number, first in enumerate(outputs[0]):
        if _is_one_number(first) and all(_close(first, other[number]) for other in outputs[1:]):
            raise case.rejected(
                "ConstantOutput",
                f"result {number} of the reference is one and the same number for all inputs, so a kernel that stores "
                "it would be right; leave it out, or let it depend on the inputs",
                "pytorch",
            )


def _is_one_number(tensor: torch.Tensor) -> bool:
    """Whether measured results are one and the same number, as the sums of shares are, but for rounding."""
    if tensor.numel() < 2 or not tensor.is_floating_point() or tensor.dtype.itemsize == 1:
        return False
    return bool(torch.isfinite(tensor).all()) and _close(tensor, tensor.reshape(-1)[0].expand_as(tensor))


def _some_finite(tensor: torch.Tensor) -> bool:
    # On a GPU few operators know float8.
    wide = tensor.float() if tensor.dtype.itemsize == 1 else tensor
    return tensor.numel() == 0 or bool(torch.isfinite(wide).any())


def _outputs(expected: Expected, after: Expected, case: Case) -> list[torch.Tensor]:
    """The results and what was changed in place, in float64 where there is such a run."""
    _tree, results = take_apart(expected.wide if expected.wide is not None else expected.declared)
    _tree, declared = take_apart(expected.declared)
    _tree, later = take_apart(after.declared)
    unchanged = case.after[case.oldest].unchanged
    changed = [tensor for tensor, same in zip(later, unchanged, strict=False) if not same]
    if len(results) != len(declared) or any(
        a.shape != b.shape for a, b in zip(results, declared, strict=True)
    ):
        results = declared
    return [tensor.detach() for tensor in (*results, *changed)]


def _close(left: torch.Tensor, right: torch.Tensor) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if not left.is_floating_point() and not left.is_complex():
        # A few small numbers agree by chance.
        return left.numel() > _FEW and torch.equal(left, right)
    if left.dtype.itemsize < 4:
        left, right = left.double(), right.double()
        return left.numel() > _FEW and torch.equal(left, right)
    precise = left.dtype in (torch.float64, torch.complex128)
    tolerance = 1e-9 if precise else 3e-7
    return torch.allclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)


def expected_of(reference: dict[str, Any]) -> tuple[Expected, Expected]:
    """What the reference's runs gave: the result, and the arguments after the call."""
    wide = reference.get("float64") or {}
    borders = [border.get("result") for border in reference.get("borders", [])]
    _tree, given = take_apart(reference.get("after"))
    inputs = tuple({tensor.dtype for tensor in given})
    result = Expected(reference.get("declared"), wide.get("result"), borders, inputs)
    return result, Expected(reference.get("after"), wide.get("after"), [], inputs)


def take_nudged(answer: Answer, result: Expected, after: Expected) -> None:
    """Takes the reference's runs with rounding errors of their own, which tell what lies on a border."""
    runs = receive_answer(answer, "reference", "pytorch").get("nudged", [])
    result.nudged = [run.get("result") for run in runs]
    # Without a run in float64 nothing was changed in place.
    after.nudged = [run.get("after") for run in runs] if after.wide is not None else []


def require_deterministic(expected: Expected, again: Any) -> None:
    """The reference, run twice on the same inputs with other random state, must agree with itself."""
    if compare(Expected(expected.declared, None, []), again).wrong is None:
        return
    # Atomic sums differ by rounding from run to run; that is no randomness.
    if compare(expected, again).wrong is None:
        return
    raise Fault(
        "pytorch",
        "trust",
        "StochasticReference",
        "the reference gives another result each time, so no kernel can be compared with it; make it a function of "
        "its inputs: pass the random mask, or a seed, as an argument",
        verdict="rejected",
    )
