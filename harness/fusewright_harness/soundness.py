"""Whether a task can be judged at all, and whether a right result is the candidate's own."""

from __future__ import annotations

from typing import Any

from fusewright_harness.compare import Expected, compare
from fusewright_harness.faults import Fault
from fusewright_harness.values import take_apart


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


def _aliases(result: Any, inputs: Any) -> list[bool]:
    _tree, outputs = take_apart(result)
    _tree, given = take_apart(inputs)
    known = {tensor.untyped_storage().data_ptr() for tensor in given if tensor.untyped_storage().nbytes()}
    return [tensor.untyped_storage().data_ptr() in known for tensor in outputs]
