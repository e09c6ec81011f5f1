"""Elements that a reference writes more than once in one operator, with other values: nobody knows which stays.

A GPU's threads write in no order, so two runs may differ, though on a CPU they never do.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import words
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.transfer import clone_value, without_modes

_PUTTING = words("index_put index_put_ _index_put_impl_ _unsafe_index_put")
_SCATTERING = words("scatter scatter_")
_COPYING = words("index_copy index_copy_")


class _Watch(DispatchMode):
    """Reads back what operators have written by an index; ``lost`` names the first that lost something of it."""

    lost: str | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator, and looks at what it wrote."""
        name = func._schema.name.rpartition("::")[2]
        result = func(*args, **(kwargs or {}))
        if self.lost is None and isinstance(result, torch.Tensor):
            with without_modes(), torch.no_grad():
                try:
                    pair = _read_back(name, result.detach(), args, kwargs or {})
                except (IndexError, RuntimeError, TypeError):
                    # A form of the operator that is not known here.
                    pair = None
                if pair is not None and not _equal(*pair):
                    self.lost = name
        return result


def overwriting(call: Call, inputs: Arguments) -> str | None:
    """The operator of a call that writes an element twice, with other values; None where there is none."""
    watch = _Watch()
    try:
        with watch:
            call(Arguments.from_value(clone_value(inputs.as_value())))
    except Exception:
        return None
    return watch.lost


def _read_back(name: str, result: torch.Tensor, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """What lies where an operator has written, and what it was given to write there."""
    if kwargs:
        # A reduction, or sums.
        return None
    if name in _PUTTING:
        accumulates = len(args) > 3 and bool(args[3])
        return None if accumulates else (torch.ops.aten.index(result, args[1]), args[2])
    if name in _SCATTERING and len(args) == 4 and isinstance(args[3], torch.Tensor):
        cut = args[3][tuple(slice(0, size) for size in args[2].shape)]
        return result.gather(args[1], args[2]), cut
    if name in _COPYING:
        return result.index_select(args[1], args[2]), args[3]
    return None


def _equal(found: torch.Tensor, given: torch.Tensor) -> bool:
    given = given.detach().to(found.dtype).expand_as(found)
    if found.dtype.itemsize == 1 and found.is_floating_point():
        found, given = found.contiguous().view(torch.uint8), given.contiguous().view(torch.uint8)
    same = found == given
    if found.is_floating_point() or found.is_complex():
        same |= found.isnan() & given.isnan()
    return bool(same.all())
