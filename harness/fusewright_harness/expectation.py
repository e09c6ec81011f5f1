"""What is expected of each element of an output, and how far a candidate may be off.

Outputs may hold gigabytes, so they are looked at in parts: each element takes some hundred bytes meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from fusewright_harness.tolerance import RTOL_ATOL, ReferenceErrors, base_tolerance, coarsest

if TYPE_CHECKING:
    from collections.abc import Iterable

PART = 1 << 24
"""Elements that are looked at at a time."""

_LOOKED_AT = 1 << 14


class Elements:
    """The elements of a tensor in row-major order, part by part, so that gigabytes need few of them at a time."""

    def __init__(self, tensor: torch.Tensor) -> None:
        tensor = tensor.detach()
        self.shape = list(tensor.shape)
        self.dtype = tensor.dtype
        self.parts_of_one = 2 if tensor.is_complex() else 1
        self._flat = (torch.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)

    @staticmethod
    def like(tensor: torch.Tensor | None, declared: torch.Tensor) -> Elements | None:
        """The elements of another run of the reference, or None where it gave something of another form."""
        if tensor is None or tensor.shape != declared.shape or tensor.is_complex() != declared.is_complex():
            return None
        if declared.is_floating_point() and declared.dtype.itemsize > 1 and not tensor.is_floating_point():
            return None
        return Elements(tensor)

    def starts(self) -> range:
        """Where the parts begin."""
        return range(0, self._flat.numel(), PART)

    def part(self, start: int) -> torch.Tensor:
        """A part as it is."""
        return self._flat[start : start + PART]

    def wide(self, start: int) -> torch.Tensor:
        """A part in float64."""
        return self.part(start).to(torch.float64)

    def typical(self) -> float:
        """The root mean square of the finite elements; 0 where there is none."""
        total, count = 0.0, 0
        for start in self.starts():
            part = self.wide(start)
            part = part[torch.isfinite(part)]
            total += float(part.square().sum())
            count += part.numel()
        return (total / count) ** 0.5 if count else 0.0

    def middle(self) -> float:
        """The median of the finite elements' sizes, of some thousands of them; 0 where there is none."""
        looked_at = self._flat[:: max(1, self._flat.numel() // _LOOKED_AT)].to(torch.float64).abs()
        looked_at = looked_at[torch.isfinite(looked_at)]
        return float(looked_at.median()) if looked_at.numel() else 0.0

    def device(self) -> torch.device:
        """Where the elements are."""
        return self._flat.device


class Rule(Protocol):
    """What is expected of the elements of one part, and how far a candidate may be off; both in float64."""

    source: str

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Expected values and tolerances of the part that begins at ``start``."""
        ...


class _Declared:
    """The declared run, within the dtype's tolerance."""

    source = "declared"

    def __init__(self, run: Elements, dtype: torch.dtype, elsewhere: bool) -> None:
        self._run = run
        self._dtype = dtype
        self._middle = run.middle()
        self._typical = 0.0 if elsewhere else run.typical()

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        expected = self._run.wide(start)
        return expected, base_tolerance(expected, self._dtype, self._middle, self._typical)


class _InFloat64:
    """The float64 evaluation, within the dtype's tolerance or what the reference itself errs."""

    source = "float64"

    def __init__(self, wide: Elements, errors: ReferenceErrors, dtype: torch.dtype, typical: float) -> None:
        self._wide = wide
        self._errors = errors
        self._dtype = dtype
        self._middle = wide.middle()
        self._typical = typical

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        expected = self._wide.wide(start)
        own = base_tolerance(expected, self._dtype, self._middle, self._typical)
        return expected, torch.maximum(own, self._errors.tolerance(expected))


class _Stepwise:
    """The declared run of an integer, boolean or float8 output: equal, but for elements on a border.

    An element that the inputs' own rounding error moves lies on one: it may be as far off as it moved.
    """

    source = "declared"

    def __init__(self, run: Elements, others: list[Elements], dtype: torch.dtype) -> None:
        self._run = run
        self._others = others
        self._dtype = dtype

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        run = self._run.wide(start)
        allowed = torch.zeros_like(run)
        for other in self._others:
            value = other.part(start).to(self._dtype).to(torch.float64)
            moved = torch.where(torch.isfinite(value) & torch.isfinite(run), (value - run).abs(), 0.0)
            allowed = torch.maximum(allowed, moved)
        if self._dtype.is_floating_point:
            quantum = run.abs() * torch.finfo(self._dtype).eps
            allowed = torch.where(allowed > 0, torch.maximum(allowed, quantum), allowed)
        return run, allowed


def _floating(
    run: Elements,
    dtype: torch.dtype,
    wide: Elements | None,
    inputs: Iterable[torch.dtype],
    moved: Iterable[Elements],
    elsewhere: bool,
) -> Rule:
    if wide is not None:
        typical = wide.typical()
        errors = ReferenceErrors(dtype, run.device(), typical, coarsest(inputs, dtype))
        for start in run.starts():
            errors.add(run.wide(start), wide.wide(start))
        if errors.agree():
            for other in moved:
                for start in run.starts():
                    errors.add_moved(other.wide(start), wide.wide(start))
            return _InFloat64(wide, errors, dtype, 0.0 if elsewhere else typical)
    return _Declared(run, dtype, elsewhere)


def rule_for(
    declared: torch.Tensor,
    wide: torch.Tensor | None,
    borders: list[torch.Tensor],
    inputs: Iterable[torch.dtype] = (),
    moved: Iterable[torch.Tensor] = (),
    elsewhere: bool = False,
) -> tuple[Elements, Rule]:
    """The elements of the declared run, and the rule that a candidate's are held to.

    ``wide`` is the same output evaluated in float64, ``borders`` are more of them on inputs moved by their own rounding
    error; what has another form is left aside. ``inputs`` are the dtypes of the tensors that the output was made of.
    ``moved`` are evaluations in float64 on inputs of 16 bits that were moved by at most half a step. Where the run is
    ``elsewhere`` than the pair shows, results may be so small that nothing is left of them.
    """
    run = Elements(declared)
    if declared.dtype in RTOL_ATOL:
        nudged = [found for other in moved if (found := Elements.like(other, declared)) is not None]
        return run, _floating(run, declared.dtype, Elements.like(wide, declared), inputs, nudged, elsewhere)
    others = [Elements.like(other, declared) for other in (wide, *borders)]
    return run, _Stepwise(run, [other for other in others if other is not None], declared.dtype)
