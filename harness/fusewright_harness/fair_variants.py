"""Questions about a reference whose answers say which variants of its inputs are fair."""

from __future__ import annotations

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import Operator, words
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_COMPUTING = words(
    "add add_ sub sub_ rsub mul mul_ div div_ floor_divide remainder fmod neg abs sign square pow sum cumsum prod "
    "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __and__ __or__ __xor__ "
    "__lshift__ __rshift__ maximum minimum clamp clamp_min clamp_max max min amax amin gcd _to_copy clone"
)
"""Operators that take any whole number. Comparisons are none of them: a number that is compared may be a length."""

_ASKING = words("nan_to_num nan_to_num_ isnan isinf nansum nanmean nanmedian isposinf isneginf")


def asks_for_special(call: Call, inputs: Arguments, file: str) -> bool:
    """Whether the reference has an operator that is there for NaN or infinity."""
    watch = OperatorWatch(file)
    with watch:
        call(Arguments.from_value(clone_value(inputs.as_value())))
    return any(operator.name in _ASKING for operator in watch.trace.operators)


def only_computed_with(call: Call, inputs: Arguments, file: str) -> bool:
    """Whether the reference does nothing with whole numbers but compute, so that they may have any value."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    with without_modes():
        _tree, given = take_apart(arguments.as_value())
        counts = {
            tensor.untyped_storage().data_ptr()
            for tensor in given
            if tensor.numel() and not tensor.is_floating_point() and not tensor.is_complex()
        }
    watch = OperatorWatch(file)
    with watch:
        call(arguments)
    for operator in watch.trace.operators:
        if any(region[0] in counts for region in operator.reads):
            if operator.name not in _COMPUTING:
                return False
            if not _gives_float(operator):
                counts.update(region[0] for region in operator.writes)
    return True


def _gives_float(operator: Operator) -> bool:
    """Whether an operator on whole numbers makes floating-point ones, by what it is given."""
    given = [part[-1] for part in operator.signature[1:-1]]
    return any(dtype.is_floating_point for dtype in given) or "float" in operator.signature[-1]
