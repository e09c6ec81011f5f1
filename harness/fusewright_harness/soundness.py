"""Whether a task can be judged at all, and whether a right result is the candidate's own."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.case import Case
from fusewright_harness.compare import Expected, compare
from fusewright_harness.faults import Fault
from fusewright_harness.loading import is_lost, replace_reference
from fusewright_harness.values import take_apart

_MOST_NAN = 0.5
_FEW = 16
_MOST_ROWS = 12
_MOST_SLICES = 64
_MOST_REPEATED = 6
_MOST_UNUSED = 0.3
_MOST_COPIES = 3
_HOST_BYTES = 1 << 12
_PYTHON_S = 0.0025
_PYTHON_S_A_CALL = 1.5e-4


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


def examine(case: Case) -> None:
    """A step of the audit: each input's part in the result, and work that no honest reference does."""
    if not case.affords(1, "the examination of the reference"):
        return
    case.report("audit", "examining the reference")
    with case.phase("audit"):
        case.team.reference.ask("examine", "being examined", index=case.oldest)
        try:
            fields = case.team.reference.answer().fields
        except Fault as fault:
            if not is_lost(fault):
                raise
            # An index that was put elsewhere may be none any more, and on a GPU that ends the process.
            replace_reference(case)
            case.warn(
                "NotAudited", "what each input is for was not asked: other contents end the reference", None
            )
            return
    for number in fields.get("unused", []):
        raise case.rejected(
            "UnusedInput",
            f"the reference's result does not depend on tensor {number} of its inputs (counted from 0); take it away, "
            "or pass its shape alone where that is all that is used",
            "pytorch",
        )
    require_plain_work(case, fields.get("work", {}))


def require_plain_work(case: Case, work: Any) -> None:
    """Raises :class:`Fault` for work that no honest reference does, from what its process found."""
    try:
        _rule_on_work(case, work)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"the reference's process sent a report that is none ({error})"
        raise case.rejected("DamagedMessage", message, "pytorch") from error


def _rule_on_work(case: Case, work: dict[str, Any]) -> None:
    loop, repeated, unused, copies = (work.get(key) or {} for key in ("loop", "repeated", "unused", "copies"))
    if work.get("host", 0) > max(_HOST_BYTES, case.call_bytes // 16):
        message = "the reference carries its tensors to the CPU and back; compute where they are"
        raise case.rejected("SlowReference", message, "pytorch")
    idle = work.get("idle")
    if idle:
        message = f"`{idle['name']}` in the reference changes nothing in its result; leave it out"
        if idle.get("part"):
            message = (
                f"the greater part of what `{idle['name']}` gives reaches no result of the reference; compute what is "
                "used"
            )
        raise case.rejected("SlowReference", message, "pytorch", idle["line"])
    trip, same = work.get("roundtrip"), work.get("same")
    if trip:
        message = (
            f"what `{trip['name']}` does in the reference is undone again: {trip['share']:.0%} of the work leads back "
            "to where it began; leave it out"
        )
        raise case.rejected("SlowReference", message, "pytorch")
    if same:
        message = f"the reference computes the same values by `{same['name']}` {same['count']} times; once is enough"
        raise case.rejected("SlowReference", message, "pytorch")
    if work.get("input"):
        message = (
            "the reference gives its inputs back as they came, so a copy would be right; compute something"
        )
        raise case.rejected("IdleReference", message, "pytorch")
    if loop:
        limit = _MOST_ROWS if loop["rows"] else _MOST_SLICES
        message = (
            f"the reference calls `{loop['name']}` {loop['count']} times on slices of one tensor; compute the whole at "
            "once, as a fair baseline would"
        )
        if loop["count"] >= limit and not loop["chained"]:
            raise case.rejected("SlowReference", message, "pytorch", loop["line"])
        if loop["chained"]:
            message = (
                f"the reference calls `{loop['name']}` {loop['count']} times on slices of one tensor, each on what the "
                "one before gave: a speedup over such a loop counts launches more than work"
            )
        if 2 * loop["count"] >= limit:
            case.warn("SlowReference", message, loop["line"])
    if repeated and repeated["count"] >= _MOST_REPEATED:
        message = (
            f"the reference computes the same `{repeated['name']}` {repeated['count']} times; once is enough"
        )
        raise case.rejected("SlowReference", message, "pytorch", repeated["line"])
    if unused and unused["share"] > _MOST_UNUSED:
        message = (
            f"{unused['share']:.0%} of what the reference computes (`{unused['name']}` for one) reaches no result; "
            "leave it out"
        )
        raise case.rejected("SlowReference", message, "pytorch", unused["line"])
    if copies and copies["count"] >= _MOST_COPIES:
        message = f"the reference makes {copies['count']} copies that nothing needs; leave them out"
        raise case.rejected("SlowReference", message, "pytorch", copies["line"])
    if work.get("outside_s", 0.0) > _PYTHON_S + _PYTHON_S_A_CALL * work.get("calls", 0):
        message = (
            f"the reference spends {work['outside_s'] * 1e3:.0f} ms in Python between its operators, with which no "
            "kernel is to be compared; let torch's operators do the work"
        )
        raise case.rejected("SlowReference", message, "pytorch")
    if work.get("double"):
        double = work["double"]
        message = (
            f"the reference computes `{double['name']}` in float64, which none of its inputs is; that is slow"
        )
        case.warn("SlowReference", message, double["line"])


def expected_of(reference: dict[str, Any]) -> tuple[Expected, Expected]:
    """What the reference's runs gave: the result, and the arguments after the call."""
    wide = reference.get("float64") or {}
    borders = [border.get("result") for border in reference.get("borders", [])]
    _tree, given = take_apart(reference.get("after"))
    inputs = tuple({tensor.dtype for tensor in given})
    result = Expected(reference.get("declared"), wide.get("result"), borders, inputs)
    return result, Expected(reference.get("after"), wide.get("after"), [], inputs)


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


def refuse_shared_storage(declared: Any, after: Any, candidate: dict[str, Any]) -> None:
    """An output that shares memory with an input is an input returned, unless the reference does the same."""
    allowed = _aliases(declared, after)
    for number, aliased in enumerate(_aliases(candidate.get("result"), candidate.get("after"))):
        if aliased and not allowed[number]:
            message = (
                f"output {number} of the candidate shares its memory with an input, the reference's does not"
            )
            raise Fault("triton", "check", "SharedStorage", message, verdict="wrong")


def refuse_partial_memory(declared: Any, candidate: Any, moves_only: bool) -> None:
    """An output must have memory for each element, in the order asked for where the task is to move memory.

    What is expanded was not written. A pair without arithmetic (``moves_only``) asks for nothing but the order.
    """
    _tree, wanted = take_apart(declared)
    _tree, outputs = take_apart(candidate)
    for number, (left, right) in enumerate(zip(wanted, outputs, strict=False)):
        if left.shape != right.shape:
            continue
        if _expanded(right) and not _expanded(left):
            message = (
                f"output {number} of the candidate has strides {tuple(right.stride())}, so several of its elements "
                "are one; the reference's has memory for each, and the kernel has to write it"
            )
            raise Fault("triton", "check", "SharedElements", message, verdict="wrong")
        if moves_only and left.is_contiguous() and _order(left) != _order(right):
            message = (
                f"output {number} of the candidate has strides {tuple(right.stride())}, the reference's has "
                f"{tuple(left.stride())}; where all the work is to move memory a view of another order is not that "
                "work"
            )
            raise Fault("triton", "check", "OtherLayout", message, verdict="wrong")


def _expanded(tensor: torch.Tensor) -> bool:
    return any(size > 1 and stride == 0 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))


def _order(tensor: torch.Tensor) -> list[int]:
    axes = [axis for axis, size in enumerate(tensor.shape) if size > 1]
    return sorted(axes, key=lambda axis: -tensor.stride(axis))


def _aliases(result: Any, inputs: Any) -> list[bool]:
    _tree, outputs = take_apart(result)
    _tree, given = take_apart(inputs)
    known = {tensor.untyped_storage().data_ptr() for tensor in given if tensor.untyped_storage().nbytes()}
    return [tensor.untyped_storage().data_ptr() in known for tensor in outputs]
