"""Keeps a run in float64 where the reference says float32 itself, as `x.float()` and `dtype=torch.float32` do.

Most references of 16 bits widen their inputs by such words, and mean as exact as need be by them.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.dispatch_mode import DispatchMode

_WIDER = {torch.float32: torch.float64, torch.complex64: torch.complex128}


class KeptWide(DispatchMode):
    """Computes in float64 what is asked for in float32. Narrower types stay: a rounding to 16 bits is meant.

    Raises ``TypeError`` for a view of a number's bits, which float64 has others of.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operator with float64 in place of float32 among its named arguments."""
        kwargs = dict(kwargs or {})
        name = func.overloadpacket.__name__
        if name == "view" and len(args) > 1 and isinstance(args[1], torch.dtype):
            if torch.float64 in (args[0].dtype, args[1]) and args[0].dtype is not args[1]:
                raise TypeError("a view of bits")
            return func(*args, **kwargs)
        wider = _WIDER.get(kwargs.get("dtype"))
        if wider is not None:
            kwargs["dtype"] = wider
        result = func(*args, **kwargs)
        # A tensor made of Python's numbers.
        if name == "lift_fresh" and result.dtype in _WIDER:
            return result.to(_WIDER[result.dtype])
        return result
