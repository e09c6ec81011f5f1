"""What a candidate gives on a variant beside what the reference gives, and what of it is told and not blamed."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.compare import Comparison, Expected, compare
from fusewright_harness.outcomes import equal_contents
from fusewright_harness.values import take_apart

_SLACK = 20.0
"""Other values may lie where every kernel errs more; what is wrong there is wrong by far."""
_MOST_STEPS_OFF = 0.005
INEXACT = 0.01
"""What a shifted result may err, as a part of the output's root mean square, before it counts as wrong by far."""
_FEW_CHANNELS = 16


def compared(
    variant: dict[str, Any], result: Expected, after: Expected, candidate: dict[str, Any]
) -> Comparison:
    """What the candidate gave beside what it should, and its arguments after the call."""
    small = variant["kind"] == "scaled" and variant["by"] < 1
    comparison = compare(result, candidate.get("result"), slack=_SLACK, small=small)
    changed = compare(after, candidate.get("after"), what="input after the call ", slack=_SLACK, small=small)
    if changed.wrong:
        comparison.blame(changed.wrong)
    return comparison


def may_be_unread(variant: dict[str, Any]) -> bool:
    """Whether a size may be one that the reference takes by number: how many blocks there are, or a few channels.

    Nor need a reference read one more tensor of a list, where it goes by another list beside it.
    """
    few = variant["kind"] == "size" and 0 < variant["from"] <= _FEW_CHANNELS
    return bool(variant.get("counts_blocks")) or few or variant["kind"] == "longer"


def nearly(expected: tuple[Expected, Expected], candidate: dict[str, Any]) -> bool:
    """Whether all that was given and changed is off by a little.

    A variance that is made as a difference of squares loses digits far from zero, and is a variance still.
    """
    wanted_tree, wanted = take_apart([run.declared for run in expected])
    found_tree, found = take_apart([candidate.get("result"), candidate.get("after")])
    return wanted_tree == found_tree and all(map(_near, wanted, found))


def _near(wanted: torch.Tensor, found: torch.Tensor) -> bool:
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        return False
    if not wanted.dtype.is_floating_point or wanted.dtype.itemsize == 1:
        return equal_contents(wanted, found)
    counted = torch.isfinite(wanted)
    wanted, error = wanted[counted].double(), (found - wanted)[counted].double().abs()
    # Where NaN is found the comparison is false, as it should be.
    return wanted.numel() == 0 or bool(error.max() <= INEXACT * wanted.square().mean().sqrt())


def nan_told(wanted: Any, found: Any) -> str | None:
    """What became of NaN among the inputs where a candidate made something else of it than the reference, in words."""
    wanted_tree, wanted = take_apart(wanted)
    found_tree, found = take_apart(found)
    if wanted_tree != found_tree:
        return None
    lost = made = 0
    for right, left in zip(wanted, found, strict=True):
        if right.is_floating_point() and right.shape == left.shape and right.dtype is left.dtype:
            right, left = torch.isnan(right.float()), torch.isnan(left.float())
            lost += int((right & ~left).sum())
            made += int((left & ~right).sum())
    told = [
        f"numbers at {lost} elements where the reference gives NaN" if lost else "",
        f"NaN at {made} elements where the reference gives numbers" if made else "",
    ]
    return " and ".join(filter(None, told)) or None


def few_steps_off(variant: dict[str, Any], comparison: Comparison) -> bool:
    """Whether all that differs are a few elements of whole-number outputs, which other values put on a border."""
    if variant["kind"] == "precise":
        # One number of each row is beyond float32, and whole numbers are exact.
        return False
    wrong = [output for output in comparison.outputs if output["mismatched"]]
    return bool(wrong) and all(
        output["dtype"].startswith(("int", "uint", "bool", "float8"))
        and output["mismatched"] <= _MOST_STEPS_OFF * output["total"]
        for output in wrong
    )
