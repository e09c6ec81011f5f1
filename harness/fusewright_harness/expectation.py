"""What is expected of each element of an output, and how far a candidate may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from fusewright_harness.borders import MOST_ON_BORDERS, Borders
from fusewright_harness.elements import Elements
from fusewright_harness.tolerance import RTOL_ATOL, ReferenceErrors, base_tolerance, coarsest

if TYPE_CHECKING:
    from collections.abc import Iterable


_LEAST_SMALL = 1e-5
"""An output's root mean square below which terms of ordinary size that cancel may have left nothing but rounding."""
_MANY_ELEMENTS = 32


class Rule(Protocol):
    """What is expected of the elements of one part, and how far a candidate may be off; both in float64."""

    source: str

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Expected values and tolerances of the part that begins at ``start``."""
        ...


class _Declared:
    """The declared run, within the dtype's tolerance."""

    source = "declared"

    def __init__(self, run: Elements, dtype: torch.dtype, elsewhere: bool, most: float | None = None) -> None:
        self._run = run
        self._dtype = dtype
        self._middle = run.middle()
        self._typical = 0.0 if elsewhere else run.typical()
        self._most = most

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        expected = self._run.wide(start)
        return expected, base_tolerance(expected, self._dtype, self._middle, self._typical, self._most)


class _InFloat64:
    """The float64 evaluation, within the dtype's tolerance or what the reference itself errs."""

    source = "float64"

    def __init__(
        self,
        wide: Elements,
        errors: ReferenceErrors,
        dtype: torch.dtype,
        typical: float,
        most: float | None = None,
    ) -> None:
        self._wide = wide
        self._errors = errors
        self._dtype = dtype
        self._middle = wide.middle()
        self._typical = typical
        self._most = most

    def of(self, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        expected = self._wide.wide(start)
        own = base_tolerance(expected, self._dtype, self._middle, self._typical, self._most)
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
    inputs: tuple[torch.dtype, ...],
    moved: Iterable[Elements],
    nudged: list[Elements],
    elsewhere: bool,
    shown: bool,
    small: float,
) -> tuple[Rule, Borders | None]:
    if wide is None:
        return _Declared(run, dtype, elsewhere, _most_absolute(run, dtype, inputs, small, shown)), None
    typical = wide.typical()
    borders = Borders([wide, run, *nudged], dtype, typical) if nudged else None
    if borders is not None and borders.share() > MOST_ON_BORDERS:
        borders = None
    most = _most_absolute(wide, dtype, inputs, small, shown)
    errors = ReferenceErrors(dtype, run.device(), typical, coarsest(inputs, dtype))
    for start in run.starts():
        declared, exact = run.wide(start), wide.wide(start)
        # What lies on the other side of a border is no error.
        errors.add(declared if borders is None else torch.where(borders.mask(start), exact, declared), exact)
    if not errors.agree():
        return _Declared(run, dtype, elsewhere, most), borders
    for other in moved:
        for start in run.starts():
            errors.add_moved(other.wide(start), wide.wide(start))
    if nudged and not shown:
        # There any number may lie on borders, and what cancels is far smaller than what is typical.
        runs = [wide, *nudged] if borders is None else [wide, run, *nudged]
        borders = Borders(runs, dtype, most=most)
    return _InFloat64(wide, errors, dtype, 0.0 if elsewhere else typical, most), borders


def _most_absolute(
    wide: Elements, dtype: torch.dtype, inputs: Iterable[torch.dtype], part: float, shown: bool
) -> float | None:
    """What the absolute tolerance may be at most: a ``part`` of the output's size, where one is asked for.

    None where the output has so few elements that the reference may have erred less than it usually does; or where, at
    other inputs than the pair has ``shown``, no more than rounding may be left of it: it is below what terms of
    ordinary size err, or float16, in which intermediate results vanish.
    """
    typical = wide.typical()
    told = wide.count() >= _MANY_ELEMENTS and typical > 0
    if not shown:
        told &= typical >= _LEAST_SMALL and torch.float16 not in (dtype, *inputs)
    return part * typical if part and told else None


def rule_for(
    declared: torch.Tensor,
    wide: torch.Tensor | None,
    borders: Iterable[torch.Tensor],
    inputs: Iterable[torch.dtype] = (),
    moved: Iterable[torch.Tensor] = (),
    nudged: Iterable[torch.Tensor] = (),
    elsewhere: bool = False,
    shown: bool = True,
    small: float = 0.0,
) -> tuple[Elements, Rule, Borders | None]:
    """The elements of the declared run, the rule that a candidate's are held to, and the borders that excuse it.

    ``wide`` is the same output evaluated in float64, ``borders`` are more of them on inputs moved by their own rounding
    error; what has another form is left aside. ``inputs`` are the dtypes of the tensors that the output was made of.
    ``moved`` are evaluations in float64 on inputs of 16 bits that were moved by at most half a step, ``nudged`` such in
    which inputs and operators err as their dtypes do. Where the run is ``elsewhere`` than the pair shows, results may
    be so small that nothing is left of them. At inputs that the pair has ``shown`` few elements may lie on borders, at
    others any number. Of the output's root mean square the absolute tolerance is no more than the part ``small``,
    unless that is 0.
    """
    run = Elements(declared)
    double = Elements.like(wide, declared) if wide is not None else None
    shaken = _alike(nudged, declared)
    if declared.dtype in RTOL_ATOL:
        rule, found = _floating(
            run,
            declared.dtype,
            double,
            tuple(inputs),
            _alike(moved, declared),
            shaken,
            elsewhere,
            shown,
            small,
        )
        return run, rule, found
    others = [*([double] if double is not None else []), *_alike(borders, declared)]
    found = Borders([run, *others, *shaken], declared.dtype) if shaken else None
    if found is not None and shown and found.share() > MOST_ON_BORDERS:
        found = None
    return run, _Stepwise(run, others, declared.dtype), found


def _alike(tensors: Iterable[torch.Tensor], declared: torch.Tensor) -> list[Elements]:
    return [found for tensor in tensors if (found := Elements.like(tensor, declared)) is not None]
