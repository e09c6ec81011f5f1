"""Results of float64 that a kernel computes in float32: within the tolerance, and with no more than half the digits.

That tolerance is wide, since Triton takes a Python number for a float32, which errs by 3e-8 at most. So a kernel is
blamed where it errs by more, or where its text names a narrower type and it errs by a tenth: otherwise than by one
factor, as a rounded number among its arguments makes it err. A reference that names such a type asks for it.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from fusewright_harness.values import take_apart

_MOST_ERROR = 4e-9
"""Of a result's root mean square: a float32 errs by 3e-8, and sums of a million float64 by far less."""
_MOST_ERROR_UNNAMED = 4e-8
_FEWEST = 8
_NARROW = re.compile(r"\b(float32|float16|bfloat16|fp32|fp16|bf16|half)\b|\.float\(\)")


def narrowed(
    inputs: tuple[torch.dtype, ...], wanted: Any, found: Any, pytorch: str, triton: str
) -> str | None:
    """What is wrong with results that are float64 by their type alone; None where nothing is.

    ``inputs`` are the dtypes that go in, ``wanted`` what the reference gives and ``found`` what the candidate does,
    ``pytorch`` and ``triton`` the texts of both.
    """
    narrow = any(dtype.is_floating_point and dtype is not torch.float64 for dtype in inputs)
    if narrow or torch.float64 not in inputs or _NARROW.search(pytorch):
        return None
    most = _MOST_ERROR if _NARROW.search(triton) else _MOST_ERROR_UNNAMED
    _tree, references = take_apart(wanted)
    _tree, candidates = take_apart(found)
    for number, (reference, candidate) in enumerate(zip(references, candidates, strict=False)):
        error = _error(reference.detach(), candidate.detach())
        if error > most:
            return (
                f"output {number} is float64, and errs by {error:.0e} of its size, as what is computed in float32 "
                "does: compute in `tl.float64`"
            )
    return None


def _error(reference: torch.Tensor, candidate: torch.Tensor) -> float:
    """The root mean square of the errors, less what one factor makes of them, as a part of the result's."""
    if reference.dtype is not torch.float64 or candidate.dtype is not torch.float64:
        return 0.0
    reference, candidate = reference.reshape(-1), candidate.reshape(-1)
    if reference.shape != candidate.shape:
        return 0.0
    counted = torch.isfinite(reference) & torch.isfinite(candidate)
    reference, candidate = reference[counted], candidate[counted]
    size = float(reference.square().mean()) if reference.numel() >= _FEWEST else 0.0
    if not 0 < size < float("inf"):
        return 0.0
    error = candidate - reference
    error = error - reference * ((error * reference).mean() / size)
    return (float(error.square().mean()) / size) ** 0.5
