"""Elements of an output that rounding errors alone move far: a right kernel may land on either side.

A threshold keeps or drops what lies on it, a quantisation takes the one step or the next, near values come in the one
order or the other. Where the reference's runs with errors of their own jump, a candidate may give what lies between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from fusewright_harness.tolerance import RTOL_ATOL

if TYPE_CHECKING:
    from fusewright_harness.elements import Elements

MOST_ON_BORDERS = 0.1
"""Where more of an output jumps at the pair's own inputs, the reference is chaotic, and nobody is excused by it."""

FEW_ON_BORDERS = 4
"""So many elements are not too many, however few there are."""

_FAR = 4.0
"""So many tolerances apart runs differ by more than an error of the result."""


class Borders:
    """The elements where the ``runs`` of a reference, of which the first is the one that counts, lie far apart.

    ``typical`` is a size that no element's tolerance is reckoned below: what cancels moves by errors of its terms.
    ``most`` is what the absolute tolerance is at most, where that is given.
    """

    def __init__(
        self, runs: list[Elements], dtype: torch.dtype, typical: float = 0.0, most: float | None = None
    ) -> None:
        self._runs = runs
        self._dtype = dtype
        self._typical = typical
        self._most = most
        self._whole = not (dtype.is_floating_point or dtype.is_complex)
        self._range: tuple[float, float] | None = self._range_of_indices() if self._whole else None

    def share(self) -> float:
        """The part of the output that lies on borders; 0 where that is a handful of elements."""
        on_border = total = 0
        for start in self._runs[0].starts():
            mask = self.mask(start)
            on_border += int(mask.sum())
            total += mask.numel()
        return on_border / max(1, total) if on_border > FEW_ON_BORDERS else 0.0

    def mask(self, start: int) -> torch.Tensor:
        """Which elements of a part lie on borders."""
        low, high, ragged = self._between(start)
        if self._dtype not in RTOL_ATOL:
            return (high > low) | ragged
        value = self._runs[0].wide(start)
        rtol, atol = RTOL_ATOL[self._dtype]
        if self._most is not None:
            atol = min(atol, self._most)
        size = torch.where(torch.isfinite(value), value, 0.0).abs().clamp(min=self._typical)
        return (high - low > _FAR * (atol + rtol * size)) | ragged

    def allows(self, start: int, found: torch.Tensor, tolerance: torch.Tensor) -> torch.Tensor:
        """Which elements of a part lie on borders and are what they may be there; all float64."""
        mask = self.mask(start)
        if self._range is not None:
            lowest, highest = self._range
            return mask & (found >= lowest) & (found <= highest)
        low, high, _ragged = self._between(start)
        right = (found >= low - tolerance) & (found <= high + tolerance)
        for run in self._runs:
            value = self._value(run, start)
            right |= ~torch.isfinite(value) & ((found == value) | (torch.isnan(found) & torch.isnan(value)))
        return mask & right

    def _value(self, run: Elements, start: int) -> torch.Tensor:
        part = run.part(start)
        return (part if self._dtype in RTOL_ATOL else part.to(self._dtype)).to(torch.float64)

    def _between(self, start: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The least and the greatest finite value of the runs, and where some of them are finite and some are not."""
        values = [self._value(run, start) for run in self._runs]
        finite = [torch.isfinite(value) for value in values]
        low, high = values[0].clone(), values[0].clone()
        some, every = finite[0].clone(), finite[0].clone()
        for value, number in zip(values[1:], finite[1:], strict=True):
            low = torch.where(number & (~some | (value < low)), value, low)
            high = torch.where(number & (~some | (value > high)), value, high)
            some, every = some | number, every & number
        return low, high, some & ~every

    def _range_of_indices(self) -> tuple[float, float] | None:
        """From where to where an output reaches whose elements name places, so that a border makes them any other.

        Steps of a quantisation are next to each other; what jumps farther names a place.
        """
        lowest, highest, jumps = float("inf"), float("-inf"), False
        for start in self._runs[0].starts():
            low, high, _ragged = self._between(start)
            if low.numel():
                jumps |= bool((high - low > 1).any())
                lowest, highest = min(lowest, float(low.min())), max(highest, float(high.max()))
        return (lowest, highest) if jumps else None
