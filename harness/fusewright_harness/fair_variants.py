"""Questions about a reference whose answers say which variants of its inputs are fair."""

from __future__ import annotations

from collections.abc import Container

import torch

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import Operator, words
from fusewright_harness.enlarged import first_and_kin
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.outcomes import Outcome, equal_contents, farther, outcome_of
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_COMPUTING = words(
    "add add_ sub sub_ rsub mul mul_ div div_ floor_divide remainder fmod neg abs sign square pow sum cumsum prod "
    "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __and__ __or__ __xor__ "
    "__lshift__ __rshift__ maximum minimum clamp clamp_min clamp_max max min amax amin gcd _to_copy clone"
)
"""Operators that take any whole number. Comparisons are none of them: a number that is compared may be a length."""

_MOST_KIN = 3
_ASKING = words("nan_to_num nan_to_num_ isnan isinf nansum nanmean nanmedian isposinf isneginf")


def asks_for_special(call: Call, inputs: Arguments, file: str) -> bool:
    """Whether the reference has an operator that is there for NaN or infinity."""
    watch = OperatorWatch(file)
    with watch:
        call(Arguments.from_value(clone_value(inputs.as_value())))
    return any(operator.name in _ASKING for operator in watch.trace.operators)


def only_computed_with(
    call: Call, inputs: Arguments, file: str, operators: Container[str] = _COMPUTING
) -> bool:
    """Whether the reference does nothing with whole numbers but compute, so that they may have any value.

    Computing is what ``operators`` do.
    """
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
            if operator.name not in operators:
                return False
            if not _gives_float(operator):
                counts.update(region[0] for region in operator.writes)
    return True


def _gives_float(operator: Operator) -> bool:
    """Whether an operator on whole numbers makes floating-point ones, by what it is given."""
    given = [part[-1] for part in operator.signature[1:-1]]
    return any(dtype.is_floating_point for dtype in given) or "float" in operator.signature[-1]


def shares(call: Call, inputs: Arguments, _file: str = "") -> bool:
    """Whether a result is made of the first tensor of several dimensions and of another, as heads share their keys.

    Where the two only meet in one call, as queries and keys do that are turned in place, more of the one tell nothing.
    """
    _tree, given = take_apart(inputs.as_value())
    first, kin = first_and_kin(given)
    plain = outcome_of(call, inputs)
    if first is None or plain is None:
        return True
    moved = [outcome_of(call, inputs, number, farther(given[number])) for number in (first, *kin[:_MOST_KIN])]
    if any(outcome is None or outcome.structure != plain.structure for outcome in moved):
        return True
    of_first, *of_kin = (
        _depending(plain, outcome, given, number)
        for outcome, number in zip(moved, (first, *kin), strict=False)
        if outcome is not None
    )
    return any(of_first & of_one for of_one in of_kin)


def _depending(plain: Outcome, outcome: Outcome, given: list[torch.Tensor], replaced: int) -> set[int]:
    """The numbers of the results, and of the inputs that are written to, which another tensor ``replaced`` changes."""
    with without_modes(), torch.no_grad():
        written = [
            not equal_contents(tensor.detach(), after)
            for tensor, after in zip(given, plain.inputs, strict=True)
        ]
        results = len(plain.results)
        found = {
            number
            for number, (left, right) in enumerate(zip(plain.results, outcome.results, strict=True))
            if not equal_contents(left, right)
        }
        return found | {
            results + number
            for number, (left, right) in enumerate(zip(plain.inputs, outcome.inputs, strict=True))
            if written[number] and (number == replaced or not equal_contents(left, right))
        }
