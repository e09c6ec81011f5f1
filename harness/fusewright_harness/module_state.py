"""What a module keeps from one call to the next: buffers that the reference's call changes, as running statistics do.

Both sides begin their first call with one and the same state, so what they hold after it is compared like an input that
is changed in place.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.compare import Comparison, Expected, compare
from fusewright_harness.transfer import without_modes

_MOST_BYTES = 64 << 20
"""Buffers that take more are left out: copies of them would cost more than they tell."""
_SLACK = 20.0
"""What was not updated is off by far; a running variance that sums in another order is off by a little."""

State = dict[str, torch.Tensor]


def buffers_of(function: Any) -> State:
    """Copies of a module's buffers that its state names; nothing for a function, or where they are large."""
    if not isinstance(function, torch.nn.Module):
        return {}
    with without_modes(), torch.no_grad():
        kept = function.state_dict()
        found = {name: buffer.detach() for name, buffer in function.named_buffers() if name in kept}
        if sum(buffer.numel() * buffer.element_size() for buffer in found.values()) > _MOST_BYTES:
            return {}
        return {name: buffer.clone() for name, buffer in found.items()}


def state_change(before: State, function: Any) -> dict[str, State]:
    """What a call made of the buffers of ``function``, which were ``before``.

    ``kept`` are those that it left alone; the others are in ``old`` as they were and in ``new`` as they are.
    """
    after = buffers_of(function) if before else {}
    names = [name for name in after if name in before]
    kept = {name: before[name] for name in names if _same(before[name], after[name])}
    moved = [name for name in names if name not in kept]
    return {
        "kept": kept,
        "old": {name: before[name] for name in moved},
        "new": {name: after[name] for name in moved},
    }


def compare_state(change: dict[str, State], found: Any) -> tuple[Comparison, list[str]]:
    """Compares the buffers that a candidate holds after its first call, ``found``, with what the reference's became.

    Returns the names of whole-number buffers too that differ: they count the calls, and a result seldom needs them.
    """
    held: State = found if isinstance(found, dict) else {}
    new = change["new"]
    with without_modes(), torch.no_grad():
        counters = [
            name
            for name, wanted in new.items()
            if not wanted.is_floating_point() and not _same(wanted, held.get(name))
        ]
        measured = {name: wanted for name, wanted in new.items() if wanted.is_floating_point()}
        got = {name: held.get(name) for name in measured}
        comparison = compare(Expected(measured, None, []), got, what="state after the call ", slack=_SLACK)
        for name in measured if comparison.wrong is None else ():
            if _same(change["old"][name], got[name]):
                comparison.blame(f"the candidate leaves `{name}` of its module as it was")
        if comparison.wrong is not None:
            comparison.wrong += (
                f"; a call of the reference updates {_listed(measured)} of its module, so update it too"
            )
        for name, wanted in change["kept"].items():
            if not _same(wanted, held.get(name)):
                comparison.blame(
                    f"the candidate changes `{name}` of its module, which the reference leaves alone"
                )
    return comparison, counters


def _listed(state: State) -> str:
    names = [f"`{name}`" for name in state]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _same(one: torch.Tensor, other: Any) -> bool:
    if not isinstance(other, torch.Tensor) or one.shape != other.shape or one.dtype is not other.dtype:
        return False
    left, right = (tensor.float() if tensor.dtype.itemsize == 1 else tensor for tensor in (one, other))
    return torch.allclose(left, right, rtol=0, atol=0, equal_nan=True)
