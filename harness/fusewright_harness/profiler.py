"""Device time by kernel, from CUPTI through torch's profiler.

Its first use in a process takes seconds, each later one milliseconds, so it is used only in workers that were warmed
ahead for it and that nothing is timed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from fusewright_harness.call import Arguments
from fusewright_harness.transfer import clone_value

_CALLS = 5
_FLUSH_BYTES = 256 << 20

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_synchronize = torch._C._cuda_synchronize if hasattr(torch._C, "_cuda_synchronize") else None
_CUDA = torch.autograd.DeviceType.CUDA


def warm_profiler() -> None:
    """Uses the profiler once."""
    with profile(activities=[ProfilerActivity.CUDA]):
        torch.zeros(1, device="cuda")
        torch.cuda.synchronize()


def profile_calls(function: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """The device milliseconds of a call on a cold L2, by the names of kernels and copies, averaged over a few calls."""
    flush = torch.empty(_FLUSH_BYTES, dtype=torch.uint8, device="cuda")
    spent: dict[str, float] = {}
    assert _synchronize is not None  # There is CUDA where anything is profiled.
    for _ in range(_CALLS):
        given = Arguments.from_value(clone_value(inputs))
        flush.zero_()
        _synchronize()
        with profile(activities=[ProfilerActivity.CUDA]) as profiler:
            function(*given.positional, **given.named)
            _synchronize()
        for event in profiler.events():
            if event.device_type == _CUDA:
                spent[event.name[:200]] = (
                    spent.get(event.name[:200], 0.0) + event.device_time_total / 1e3 / _CALLS
                )
    return {"spent": spent}
