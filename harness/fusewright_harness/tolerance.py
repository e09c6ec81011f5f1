"""How far a candidate's element may lie from the expected one.

Two allowances, the larger counts: the dtype's own (the defaults of ``torch.testing.assert_close``), and three times
the largest error that the reference itself makes among elements of the same binade, measured against its evaluation
in float64; more where errors have accumulated. The second is what makes a sum over a long axis, or a difference of near
values, fair to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

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

ACCUMULATED_ERRORS = 30.0
"""As many where they are more than the result's own rounding: in long sums the order of the terms is everything."""

AGREEMENT = 4.0
"""The float64 evaluation counts where the declared run agrees with it within so many tolerances."""

_FAR_SHARE = 0.05
_SMALL_PART = 0.01
_ACCUMULATED_TOLERANCES = 16.0
_SPARSE = 32
_LOWEST_EXPONENT = -1100
_EXPONENTS = 2200


class ReferenceErrors:
    """What the reference itself errs, measured part by part against its evaluation in float64.

    Feed it the parts of one output by :meth:`add`; then :meth:`agree` tells whether the float64 evaluation counts, and
    :meth:`tolerance` how far a candidate's elements may lie from it. ``typical`` is the output's root mean square,
    ``coarser`` an input's dtype that is less exact than the output's.
    """

    def __init__(
        self,
        dtype: torch.dtype,
        device: torch.device,
        typical: float = 0.0,
        coarser: torch.dtype | None = None,
    ) -> None:
        self._dtype = dtype
        self._exactness = [RTOL_ATOL[kind] for kind in (dtype, coarser) if kind is not None]
        self._typical = typical
        self._largest = torch.zeros(_EXPONENTS, dtype=torch.float64, device=device)
        self._count = torch.zeros(_EXPONENTS, dtype=torch.int64, device=device)
        self._allowed: torch.Tensor | None = None
        self._same_finite = True
        self._far = [0] * len(self._exactness)
        self._elements = 0
        self._error = 0.0
        self._size = 0.0

    def add(self, declared: torch.Tensor, wide: torch.Tensor) -> None:
        """Takes one part: the declared run and the float64 evaluation, both one-dimensional and float64."""
        if declared.numel() == 0:
            return
        finite = torch.isfinite(wide)
        self._same_finite &= torch.equal(torch.isfinite(declared), finite)
        error = torch.where(finite & torch.isfinite(declared), (declared - wide).abs(), 0.0)
        size = torch.where(finite, wide, 0.0).abs()
        # What is left where terms cancel is as inexact as the terms, which are about as large as the other elements.
        own = size.clamp(min=self._typical)
        for number, (rtol, atol) in enumerate(self._exactness):
            self._far[number] += int((error > AGREEMENT * (atol + rtol * own)).sum())
        self._elements += error.numel()
        self._error = max(self._error, float(error.max()))
        self._size = max(self._size, float(size.max()))
        bucket = _bucket(wide)
        self._largest.scatter_reduce_(0, bucket, error, reduce="amax")
        self._count += torch.bincount(bucket, minlength=_EXPONENTS)

    def add_moved(self, moved: torch.Tensor, wide: torch.Tensor) -> None:
        """Takes one part of a float64 evaluation on inputs that were moved by their own rounding error.

        Who computes with numbers of 16 bits rounds a few intermediate ones to 16 bits too, as tensor cores want their
        operands, and so errs about as much as such inputs do already.
        """
        finite = torch.isfinite(wide) & torch.isfinite(moved)
        error = torch.where(finite, (moved - wide).abs(), 0.0)
        self._largest.scatter_reduce_(0, _bucket(wide), error, reduce="amax")

    def agree(self) -> bool:
        """Whether the float64 evaluation is the declared run, only more exact.

        Nearly all elements must agree within :data:`AGREEMENT` tolerances of their own or the typical size, the larger
        of the two. The rest must agree within as many tolerances of the largest element. A product of float16 matrices
        that is widened to float32 is no more exact than float16, so the tolerances of a coarser input do as well.
        """
        return self._same_finite and any(
            self._error <= AGREEMENT * (atol + rtol * self._size) and far <= _FAR_SHARE * self._elements
            for (rtol, atol), far in zip(self._exactness, self._far, strict=True)
        )

    def tolerance(self, expected: torch.Tensor) -> torch.Tensor:
        """What the reference's own errors allow for each element of a part."""
        if self._allowed is None:
            self._allowed = self._allow().to(expected.device)
        return self._allowed[_bucket(expected)]

    def _allow(self) -> torch.Tensor:
        """What each binade's elements may err.

        A sum over thousands of terms, added one after the other, errs many times as much as the same sum in blocks, and
        both are right. So errors that no rounding of the result explains count more, up to some tolerances of the
        output's typical size, which is far below what TF32 errs. Results of 16 bits are summed up in float32, whose
        errors their own rounding hides.
        """
        errors = _borrow_from_above(self._largest.cpu(), self._count.cpu())
        epsilon = torch.finfo(self._dtype).eps
        if epsilon > torch.finfo(torch.float32).eps:
            return REFERENCE_ERRORS * errors
        exponents = torch.arange(_EXPONENTS, dtype=torch.float64) + _LOWEST_EXPONENT
        unit_in_last_place = epsilon * torch.exp2(exponents - 1)
        most = _ACCUMULATED_TOLERANCES * self._exactness[0][0] * self._typical
        accumulated = torch.where(
            errors > unit_in_last_place, (ACCUMULATED_ERRORS * errors).clamp(max=most), 0.0
        )
        return torch.maximum(REFERENCE_ERRORS * errors, accumulated)


def coarsest(dtypes: Iterable[torch.dtype], than: torch.dtype) -> torch.dtype | None:
    """The least exact of ``dtypes`` that is less exact than one of them, ``than``; None where none is."""
    known = [dtype for dtype in dtypes if dtype in RTOL_ATOL and RTOL_ATOL[dtype][0] > RTOL_ATOL[than][0]]
    return max(known, key=lambda dtype: RTOL_ATOL[dtype][0], default=None)


def base_tolerance(
    expected: torch.Tensor,
    dtype: torch.dtype,
    middle: float = 0.0,
    typical: float = 0.0,
    most: float | None = None,
) -> torch.Tensor:
    """The dtype's tolerance for each element; float64, in the shape of ``expected``.

    ``middle`` is the median of the output's sizes. Where terms cancel, what is left is as inexact as the terms, which
    are about as large as the other elements; a median, unlike a mean, is not carried off by a few large ones. What 16
    bits leave of an element says little of such terms, so there it does not count.

    Where all of an output is small (``typical``, its root mean square) zeros would be within the absolute tolerance,
    so there that is a part of it. It is ``most`` at most, where that is given.
    """
    rtol, atol = RTOL_ATOL[dtype]
    info = torch.finfo(dtype)
    least = 2 * info.tiny * info.eps
    if most is not None:
        atol = min(atol, max(most, least))
    if typical > 0:
        atol = min(atol, max(_SMALL_PART * typical, least))
    if dtype.itemsize > 2 and dtype is not torch.complex32:
        return atol + rtol * expected.abs().clamp(min=middle)
    return atol + rtol * expected.abs()


def _bucket(values: torch.Tensor) -> torch.Tensor:
    """The number of each element's binade; zero, infinity and NaN have the lowest."""
    countable = torch.isfinite(values) & (values != 0)
    exponent = torch.frexp(torch.where(countable, values, 0.0)).exponent.long()
    return torch.where(countable, exponent - _LOWEST_EXPONENT, 0).clamp_(0, _EXPONENTS - 1)


def _borrow_from_above(largest: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """A binade with few elements says little of its largest error, so it borrows from the one above."""
    allowed = largest.clone()
    above: int | None = None
    for bucket in reversed(torch.nonzero(count).reshape(-1).tolist()):
        if count[bucket] < _SPARSE and above is not None:
            allowed[bucket] = max(allowed[bucket], allowed[above])
        above = bucket
    return allowed
