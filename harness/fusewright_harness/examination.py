"""What the reference's process can tell of its task: of the inputs, of each one's part in the result, of needless work.

The judge rules on it, in :mod:`plain_work`; here it is only found.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import Trace
from fusewright_harness.idle_work import idle_work
from fusewright_harness.needless import needless_work
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.outcomes import equal_contents, farther, outcome_of, same_outcome
from fusewright_harness.overwrites import overwriting
from fusewright_harness.randomness import draws_numbers
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart
from fusewright_harness.variant_inputs import elsewhere
from fusewright_harness.wasted import wasted_work

_DIGEST_ELEMENTS = 1 << 18
_MOST_INPUTS = 24
_SHORT_S = 0.002
_SHORT_S_A_CALL = 1e-4
_PAUSES_S = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, 0.16)
# Bound before any code of the pair is loaded, which may replace it.
_sleep = time.sleep


def input_facts(value: Any) -> list[dict[str, Any]]:
    """Of each tensor: its elements, whether they are all the same, the share of NaN, and a digest of its contents."""
    with without_modes(), torch.no_grad():
        _tree, tensors = take_apart(value)
        return [_facts(tensor.detach()) for tensor in tensors]


def _facts(tensor: torch.Tensor) -> dict[str, Any]:
    flat = tensor.reshape(-1)[:_DIGEST_ELEMENTS]
    floating = tensor.is_floating_point()
    facts = {"numel": tensor.numel(), "float": floating, "constant": True, "nan": 0.0, "digest": 0}
    if flat.numel():
        raw = flat.contiguous().view(torch.uint8).cpu()
        facts["digest"] = zlib.crc32(raw.numpy().tobytes())
        size = flat.dtype.itemsize
        facts["constant"] = bool(raw.view(-1, size).eq(raw[:size]).all())
        if floating and tensor.dtype.itemsize > 1:
            facts["nan"] = float(torch.isnan(flat).double().mean())
    return facts


def unused_inputs(call: Call, inputs: Arguments, others: Arguments | None) -> list[int]:
    """The tensors among the inputs whose contents make no difference to the result.

    Each is replaced alone, by what another seed gave for it and then by something farther away. What the reference
    refuses is left out, and so is a tensor that it writes to, and one for which nothing else is known.
    """
    _tree, given = take_apart(inputs.as_value())
    _tree, drawn = take_apart(others.as_value()) if others is not None else (None, [])
    plain = outcome_of(call, inputs)
    unused = []
    for number, tensor in enumerate(given[:_MOST_INPUTS]):
        if tensor.numel() == 0 or plain is None or not equal_contents(plain.inputs[number], tensor.detach()):
            continue
        other = drawn[number] if number < len(drawn) and drawn[number].shape == tensor.shape else None
        replacements = [
            replacement
            for replacement in ([other] if other is not None else []) + [farther(tensor)]
            if not equal_contents(tensor.detach(), replacement.detach())
        ]
        used = not replacements
        for replacement in replacements:
            outcome = outcome_of(call, inputs, number, replacement)
            if outcome is None or not same_outcome(plain, outcome, number):
                used = True
                break
        if not used:
            unused.append(number)
    return unused


def work_facts(call: Call, inputs: Arguments, file: str, drawn: Sequence[Arguments] = ()) -> dict[str, Any]:
    """What further calls show: needless operators, and the time that Python takes between them.

    ``drawn`` are the pair's other draws of its inputs.
    """
    trace = _watched(call, inputs, file)
    others = elsewhere(inputs.as_value())
    facts = {"idle": idle_work(call, inputs, Arguments.from_value(others), file, drawn), "calls": trace.calls}
    facts |= {"wasted": wasted_work(call, inputs, others), **needless_work(call, inputs, others)}
    facts["draws"] = draws_numbers(call, inputs)
    facts["overwritten"] = overwriting(call, inputs)
    return {**facts, "outside_s": _outside_s(call, inputs, file, trace)}


def _outside_s(call: Call, inputs: Arguments, file: str, trace: Trace) -> float:
    """The least time that Python takes between the operators of several calls.

    A host with much to do slows some of them down; so the calls lie ever farther apart, until one was quick.
    """
    least_s, enough_s = trace.outside_s, _SHORT_S + _SHORT_S_A_CALL * trace.calls
    for pause_s in _PAUSES_S:
        if least_s <= enough_s:
            break
        _sleep(pause_s)
        least_s = min(least_s, _watched(call, inputs, file).outside_s)
    return least_s


def _watched(call: Call, inputs: Arguments, file: str) -> Trace:
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    watch = OperatorWatch(file)
    with watch.host_mode(), watch:
        result = call(arguments)
    with without_modes():
        _tree, outputs = take_apart((result, arguments.as_value()))
        watch.returned(outputs)
    return watch.trace
