"""Comparing what the candidate returned with what was expected of it, output by output."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch

from fusewright_harness.borders import FEW_ON_BORDERS, Borders
from fusewright_harness.elements import Elements
from fusewright_harness.expectation import Rule, rule_for
from fusewright_harness.values import describe_structure, leaf_number, leaves, take_apart

LATER_CALLS = 2.0
"""Slack for repeated and timed calls: stale results and skipped work are far off, one more draw a little."""

WRONG_BY_FAR = 0.5
"""A part of a small output's root mean square that a later call, or one on small inputs, may err: zeros err more."""

_ASTRONOMIC = {torch.bfloat16: 1e19, torch.float32: 1e19, torch.float64: 1e154}
"""At other inputs elements from here on are left out: their squares are infinite, and chance says which step is."""

ERRORS_ELSEWHERE = 5.0
"""With slack a candidate may err by so many times the reference's largest error: the ill-conditioned shows there."""


@dataclass
class Comparison:
    """The ``outputs`` of the verdict line, and what is wrong, as one sentence, or None."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    wrong: str | None = None
    slack: float = 1.0
    small: bool = False
    allowance: float = 0.0

    def blame(self, sentence: str) -> None:
        """Keeps the first thing that is wrong."""
        self.wrong = self.wrong or sentence

    def differs(self, at_most: float = 1.0) -> bool:
        """Whether elements are wrong, and of no output a greater part than ``at_most``, or more than a handful."""
        wrong = [output for output in self.outputs if output["mismatched"]]
        return bool(wrong) and all(
            output["mismatched"] <= max(FEW_ON_BORDERS, at_most * output["total"]) for output in wrong
        )


@dataclass
class Expected:
    """What the reference's runs gave for one set of inputs; see ``Reference`` for how they are made.

    ``declared`` is the run as the pair declares it, ``wide`` the one in float64 or None, ``borders`` more of the
    latter on inputs moved by their own rounding error. ``inputs`` are the dtypes of the tensors that went in.
    ``moved``, where somebody asked for it, are runs in float64 on inputs of 16 bits, moved by at most half a step, and
    ``nudged`` such in which inputs and operators err as their dtypes do.
    """

    declared: Any
    wide: Any
    borders: list[Any]
    inputs: tuple[torch.dtype, ...] = ()
    moved: list[Any] = field(default_factory=list)
    nudged: list[Any] = field(default_factory=list)


def compare(
    expected: Expected, candidate: Any, what: str = "output", slack: float = 1.0, small: bool = False
) -> Comparison:
    """Compares one result. ``what`` names it in sentences: "output", or "input after the call".

    An element may be off by ``slack`` times its tolerance. ``small`` says that the inputs were made small, so that
    what is absolute of the tolerance follows the output's size.
    """
    comparison = Comparison(slack=slack, small=small)
    tree, declared = take_apart(expected.declared)
    got_tree, got = take_apart(candidate)
    if describe_structure(tree) != describe_structure(got_tree):
        comparison.blame(
            f"the reference returned {describe_structure(tree)}, the candidate {describe_structure(got_tree)}"
        )
        return comparison
    wide = _matching(expected.wide, tree)
    borders = [tensors for tensors in (_matching(border, tree) for border in expected.borders) if tensors]
    moved = [tensors for tensors in (_matching(run, tree) for run in expected.moved) if tensors]
    nudged = [tensors for tensors in (_matching(run, tree) for run in expected.nudged) if tensors]
    for (path, leaf), (_path, got_leaf) in zip(leaves(tree), leaves(got_tree), strict=True):
        if "tensor" in leaf:
            number = leaf["tensor"]
            _compare_tensors(
                comparison,
                f"{what}{path}",
                path,
                declared[number],
                got[got_leaf["tensor"]],
                wide[number] if wide else None,
                [border[number] for border in borders],
                expected.inputs,
                [run[number] for run in moved],
                [run[number] for run in nudged],
            )
        else:
            _compare_numbers(comparison, f"{what}{path}", leaf, got_leaf)
    return comparison


def _matching(value: Any, tree: Any) -> list[torch.Tensor] | None:
    if value is None:
        return None
    other, tensors = take_apart(value)
    return tensors if describe_structure(other) == describe_structure(tree) else None


def _compare_numbers(comparison: Comparison, name: str, leaf: dict[str, Any], got: dict[str, Any]) -> None:
    expected, found = leaf_number(leaf), leaf_number(got)
    if expected is None or found is None:
        if leaf != got:
            comparison.blame(f"{name} is {got}, expected {leaf}")
    elif abs(expected - found) > 1e-5 + 1e-5 * abs(expected) or (expected != expected) != (found != found):
        comparison.blame(f"{name} is {found}, expected {expected}")


def _compare_tensors(
    comparison: Comparison,
    name: str,
    path: str,
    declared: torch.Tensor,
    got: torch.Tensor,
    wide: torch.Tensor | None,
    borders: list[torch.Tensor],
    inputs: tuple[torch.dtype, ...],
    moved: list[torch.Tensor],
    nudged: list[torch.Tensor],
) -> None:
    output: dict[str, Any] = {
        "path": path,
        "shape": list(got.shape),
        "dtype": str(got.dtype).removeprefix("torch."),
        "max_abs_error": None,
        "max_rel_error": None,
        "mismatched": 0,
        "total": got.numel(),
        "first_mismatch": None,
        "expected_from": "declared",
    }
    comparison.outputs.append(output)
    for kind, was, wanted in (
        ("shape", tuple(got.shape), tuple(declared.shape)),
        ("dtype", output["dtype"], str(declared.dtype).removeprefix("torch.")),
        ("device", got.device.type, declared.device.type),
    ):
        if was != wanted:
            output["mismatched"] = got.numel()
            comparison.blame(f"{name} has {kind} {was}, expected {wanted}")
            return
    if declared.numel() == 0:
        return
    shown = comparison.slack <= LATER_CALLS
    told_from_zeros = comparison.small or (shown and comparison.slack > 1)
    run, rule, on_borders = rule_for(
        declared,
        wide,
        borders,
        inputs,
        moved,
        nudged,
        elsewhere=comparison.slack > 1,
        shown=shown,
        small=WRONG_BY_FAR / comparison.slack if told_from_zeros else 0.0,
    )
    output["expected_from"] = rule.source
    if comparison.slack > 1 and wide is not None:
        comparison.allowance = ERRORS_ELSEWHERE * _largest_error(run, Elements.like(wide, declared))
    _measure(comparison, output, name, run, Elements(got), rule, on_borders)


def _measure(
    comparison: Comparison,
    output: dict[str, Any],
    name: str,
    run: Elements,
    got: Elements,
    rule: Rule,
    borders: Borders | None,
) -> None:
    exact = not got.dtype.is_floating_point and not got.dtype.is_complex
    count = strange = 0
    largest = largest_relative = 0.0
    first: tuple[int, torch.Tensor, torch.Tensor] | None = None
    for start in run.starts():
        expected, tolerance = rule.of(start)
        tolerance = tolerance * comparison.slack + comparison.allowance
        found, declared = got.wide(start), run.wide(start)
        finite = torch.isfinite(found) & torch.isfinite(expected)
        error = torch.where(finite, (found - expected).abs(), 0.0)
        size = torch.where(finite, expected, 0.0).abs()
        if exact:
            # Large integers do not fit a float64, so equality is asked of the integers themselves.
            bad = (got.part(start) != run.part(start)) & ~((tolerance > 0) & (error <= tolerance))
        else:
            same = (found == expected) | (found == declared) | (torch.isnan(found) & torch.isnan(declared))
            bad = ~same & ~(finite & (error <= tolerance))
            # Beside the largest number of its dtype a result that errs as little as it may is infinite.
            largest_number = torch.finfo(got.dtype).max
            beside = torch.isinf(found) & torch.isfinite(expected)
            bad &= ~(beside & ((found.clamp(-largest_number, largest_number) - expected).abs() <= tolerance))
        if comparison.slack > 1:
            # Elsewhere than where the pair was shown, what has no number has no answer.
            bad &= torch.isfinite(declared) & torch.isfinite(expected)
        if comparison.slack > LATER_CALLS and got.dtype in _ASTRONOMIC:
            bad &= expected.abs() < _ASTRONOMIC[got.dtype]
        if borders is not None:
            bad &= ~borders.allows(start, found, tolerance)
        largest = max(largest, float(error.max()))
        largest_relative = max(largest_relative, float(torch.where(size > 0, error / size, 0.0).max()))
        here = int(bad.sum())
        if here:
            strange += int((torch.isnan(found) & ~torch.isnan(declared)).sum())
            if first is None:
                place = int(torch.nonzero(bad)[0])
                first = start + place, expected[place], found[place]
        count += here
    output["max_abs_error"], output["max_rel_error"] = largest, largest_relative
    if first is not None:
        output["mismatched"] = min(count, output["total"])
        comparison.blame(_blame(output, name, got, first, strange))


def _largest_error(run: Elements, wide: Elements | None) -> float:
    """How far the declared run lies from the one in float64 where both are finite, at most."""
    largest = 0.0
    for start in run.starts() if wide is not None and run.dtype.is_floating_point else ():
        declared, exact = run.wide(start), wide.wide(start)
        finite = torch.isfinite(declared) & torch.isfinite(exact)
        finite &= exact.abs() < _ASTRONOMIC.get(run.dtype, math.inf)
        largest = max(largest, float(torch.where(finite, (declared - exact).abs(), 0.0).max()))
    return largest


def _blame(
    output: dict[str, Any],
    name: str,
    got: Elements,
    first: tuple[int, torch.Tensor, torch.Tensor],
    strange: int,
) -> str:
    flat, expected, found = first
    index = _unravel(flat // got.parts_of_one, got.shape)
    output["first_mismatch"] = {
        "index": index,
        "expected": _shown(expected, got.dtype),
        "got": _shown(found, got.dtype),
    }
    place = str(tuple(index)).replace(",)", ")")
    sentence = (
        f"{name} differs at {output['mismatched']} of {output['total']} elements; first at {place}: "
        f"expected {output['first_mismatch']['expected']}, got {output['first_mismatch']['got']}"
    )
    if strange:
        sentence += (
            f"; {strange} are NaN where the reference has a number, or memory that the kernel never wrote"
        )
    return sentence


def _unravel(flat: int, shape: list[int]) -> list[int]:
    index = []
    for size in reversed(shape):
        index.append(flat % size)
        flat //= size
    return index[::-1]


def _shown(value: torch.Tensor, dtype: torch.dtype) -> str:
    number = float(value)
    if dtype is torch.bool:
        return str(bool(number))
    if not dtype.is_floating_point and not dtype.is_complex:
        return str(int(number)) if number == number and abs(number) != float("inf") else str(number)
    return f"{number:.7g}"


def compare_inputs(expected: Expected, candidate: Any, unchanged: list[bool]) -> Comparison:
    """Compares the arguments after the call.

    What the reference left alone must be the same to the bit; what it changed in place is one more output.
    """
    comparison = compare(expected, candidate, what="input after the call ")
    _tree, wanted = take_apart(expected.declared)
    _tree, found = take_apart(candidate)
    if comparison.wrong is None and len(wanted) == len(found) == len(unchanged):
        for number, (left, right) in enumerate(zip(wanted, found, strict=True)):
            if unchanged[number] and not torch.allclose(left, right, rtol=0, atol=0, equal_nan=True):
                comparison.blame(
                    f"the candidate changed tensor {number} of its inputs, which the reference leaves alone"
                )
    comparison.outputs = [
        output for output, same in zip(comparison.outputs, unchanged, strict=False) if not same
    ]
    return comparison
