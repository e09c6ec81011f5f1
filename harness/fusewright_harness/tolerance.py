"""How far a candidate's element may lie from the expected one.

Two allowances, the larger counts: the dtype's own (the defaults of ``torch.testing.assert_close``), and three times
the largest error that the reference itself makes among elements of the same binade, measured against its evaluation
in float64. The second is what makes a sum over a long axis, or a difference of near values, fair to judge.
"""

from __future__ import annotations

import torch

RTOL_ATOL: dict[torch.dtype, tuple[float, float]] = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex32: (1e-3, 1e-5),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}
"""Relative and absolute tolerance by dtype, as ``torch.testing.assert_close`` documents them."""

REFERENCE_ERRORS = 3.0
"""A candidate may err by so many times what the reference errs."""

AGREEMENT = 4.0
"""The float64 evaluation counts where the declared run agrees with it within so many tolerances."""

_SPARSE = 32
_LOWEST_EXPONENT = -1100
_EXPONENTS = 2200


def base_tolerance(expected: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The dtype's tolerance for each element; float64, in the shape of ``expected``."""
    rtol, atol = RTOL_ATOL[dtype]
    return atol + rtol * expected.abs()


def reference_tolerance(expected: torch.Tensor, declared: torch.Tensor) -> torch.Tensor:
    """What the reference's own errors allow for each element; both arguments and the result are float64.

    A binade with few elements says little of its largest error, so it borrows from the one above.
    """
    finite = torch.isfinite(expected) & torch.isfinite(declared)
    error = torch.where(finite, (declared - expected).abs(), 0.0)
    exponent = torch.frexp(torch.where(finite, expected, 0.0)).exponent.long()
    bucket = torch.where(expected == 0, 0, exponent - _LOWEST_EXPONENT).clamp_(0, _EXPONENTS - 1).reshape(-1)
    largest = torch.zeros(_EXPONENTS, dtype=torch.float64, device=expected.device)
    largest.scatter_reduce_(0, bucket, error.reshape(-1), reduce="amax")
    count = torch.bincount(bucket, minlength=_EXPONENTS)
    allowed = _borrow_from_above(largest.cpu(), count.cpu()).to(expected.device)
    return (REFERENCE_ERRORS * allowed)[bucket].reshape(expected.shape)


def agrees(declared: torch.Tensor, wide: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether the float64 evaluation is the declared one, only more exact. Both arguments are float64.

    Nearly all elements must agree within :data:`AGREEMENT` tolerances of their own size. The rest, where rounding met
    cancellation, must agree within as many tolerances of the largest element.
    """
    if not torch.equal(torch.isfinite(declared), torch.isfinite(wide)):
        return False
    finite = torch.isfinite(wide)
    error = torch.where(finite, (declared - wide).abs(), 0.0)
    size = torch.where(finite, wide, 0.0).abs()
    if error.numel() == 0:
        return True
    rtol, atol = RTOL_ATOL[dtype]
    near = error <= AGREEMENT * (atol + rtol * size)
    if bool((error > AGREEMENT * (atol + rtol * size.max())).any()):
        return False
    return int((~near).sum()) <= 0.05 * error.numel()


def _borrow_from_above(largest: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    allowed = largest.clone()
    filled = torch.nonzero(count).reshape(-1).tolist()
    above: int | None = None
    for bucket in reversed(filled):
        if count[bucket] < _SPARSE and above is not None:
            allowed[bucket] = max(allowed[bucket], allowed[above])
        above = bucket
    return allowed
