"""Comparing what the candidate returned with what was expected of it, output by output."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from fusewright_harness.tolerance import RTOL_ATOL, agrees, base_tolerance, reference_tolerance
from fusewright_harness.values import describe_structure, leaf_number, leaves, take_apart


@dataclass
class Comparison:
    """The ``outputs`` of the verdict line, and what is wrong, as one sentence, or None."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    wrong: str | None = None

    def blame(self, sentence: str) -> None:
        """Keeps the first thing that is wrong."""
        self.wrong = self.wrong or sentence


@dataclass
class Expected:
    """What the reference's runs gave for one set of inputs; see ``Reference`` for how they are made.

    ``declared`` is the run as the pair declares it, ``wide`` the one in float64 or None, ``borders`` more of the
    latter on inputs moved by their own rounding error.
    """

    declared: Any
    wide: Any
    borders: list[Any]


def compare(expected: Expected, candidate: Any, what: str = "output") -> Comparison:
    """Compares one result. ``what`` names it in sentences: "output", or "input after the call"."""
    comparison = Comparison()
    tree, declared = take_apart(expected.declared)
    got_tree, got = take_apart(candidate)
    if describe_structure(tree) != describe_structure(got_tree):
        comparison.blame(
            f"the reference returned {describe_structure(tree)}, the candidate {describe_structure(got_tree)}"
        )
        return comparison
    wide = _matching(expected.wide, tree)
    borders = [tensors for tensors in (_matching(border, tree) for border in expected.borders) if tensors]
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
    got, declared = got.detach(), declared.detach()
    if declared.dtype in RTOL_ATOL:
        expected, tolerance, source = _floating(declared, wide)
    else:
        expected, tolerance, source = _stepwise(declared, wide, borders)
    output["expected_from"] = source
    _measure(comparison, output, name, got, expected, tolerance, declared)


def _floating(declared: torch.Tensor, wide: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor, str]:
    run = _as_float64(declared)
    if wide is not None and wide.shape == declared.shape and (wide.is_floating_point() or wide.is_complex()):
        exact = _as_float64(wide.detach())
        if exact.shape == run.shape and agrees(run, exact, declared.dtype):
            allowed = torch.maximum(base_tolerance(exact, declared.dtype), reference_tolerance(exact, run))
            return exact, allowed, "float64"
    return run, base_tolerance(run, declared.dtype), "declared"


def _stepwise(
    declared: torch.Tensor, wide: torch.Tensor | None, borders: list[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, str]:
    run = _as_float64(declared)
    allowed = torch.zeros_like(run)
    for other in [wide, *borders] if wide is not None else borders:
        if other.shape != declared.shape:
            continue
        value = _as_float64(other.detach().to(declared.dtype))
        moved = torch.where(torch.isfinite(value) & torch.isfinite(run), (value - run).abs(), 0.0)
        # An element that the inputs' own rounding error moves lies on a border: one quantum, or as far as it moved.
        allowed = torch.maximum(allowed, moved)
    if declared.dtype.is_floating_point:
        quantum = run.abs() * torch.finfo(declared.dtype).eps
        allowed = torch.where(allowed > 0, torch.maximum(allowed, quantum), allowed)
    return run, allowed, "declared"


def _measure(
    comparison: Comparison,
    output: dict[str, Any],
    name: str,
    got: torch.Tensor,
    expected: torch.Tensor,
    tolerance: torch.Tensor,
    declared: torch.Tensor,
) -> None:
    found = _as_float64(got)
    run = _as_float64(declared)
    same = (found == expected) | (found == run) | (torch.isnan(found) & torch.isnan(run))
    finite = torch.isfinite(found) & torch.isfinite(expected)
    error = torch.where(finite, (found - expected).abs(), 0.0)
    if got.is_floating_point() or got.is_complex():
        bad = ~same & ~(finite & (error <= tolerance))
    else:
        # Large integers do not fit a float64, so equality is asked of the integers themselves.
        bad = (got != declared) & ~((tolerance > 0) & (error <= tolerance))
    output["max_abs_error"] = float(error.max())
    size = torch.where(finite, expected, 0.0).abs()
    output["max_rel_error"] = float(torch.where(size > 0, error / size, 0.0).max())
    count = int(bad.sum())
    if count == 0:
        return
    flat = int(torch.nonzero(bad.reshape(-1))[0])
    parts = 2 if got.is_complex() else 1
    index = _unravel(flat // parts, list(got.shape))
    output["mismatched"] = min(count, got.numel())
    output["first_mismatch"] = {
        "index": index,
        "expected": _shown(expected.reshape(-1)[flat], declared.dtype),
        "got": _shown(found.reshape(-1)[flat], declared.dtype),
    }
    place = str(tuple(index)).replace(",)", ")")
    sentence = (
        f"{name} differs at {output['mismatched']} of {got.numel()} elements; first at {place}: "
        f"expected {output['first_mismatch']['expected']}, got {output['first_mismatch']['got']}"
    )
    strange = int((torch.isnan(found) & ~torch.isnan(run)).sum())
    if strange:
        sentence += (
            f"; {strange} are NaN where the reference has a number, or memory that the kernel never wrote"
        )
    comparison.blame(sentence)


def _as_float64(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_complex():
        return torch.view_as_real(tensor.to(torch.complex128))
    return tensor.to(torch.float64)


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
