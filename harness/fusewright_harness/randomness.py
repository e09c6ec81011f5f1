"""Whether a call draws random numbers: by the state of the generators that it leaves behind."""

from __future__ import annotations

import torch

from fusewright_harness.call import Arguments, Call
from fusewright_harness.transfer import clone_value

# Bound before any code of the pair is loaded, and before its seeds are taken away from it.
_on_cpu = torch.default_generator


def draws_numbers(call: Call, inputs: Arguments) -> bool:
    """Whether the call takes numbers from torch's own generators, however little they change its result."""
    before = _states()
    try:
        call(Arguments.from_value(clone_value(inputs.as_value())))
    except Exception:
        return False
    return any(not torch.equal(one, other) for one, other in zip(before, _states(), strict=False))


def _states() -> list[torch.Tensor]:
    on_gpus = torch.cuda.default_generators if torch.cuda.is_initialized() else ()
    return [generator.get_state() for generator in (_on_cpu, *on_gpus)]
