"""What is said of a candidate that does not do on a variant what the reference does: a rejection, or a finding."""

from __future__ import annotations

import re
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.compare import Expected
from fusewright_harness.near_zero import computes_by_formula
from fusewright_harness.variant_comparison import nan_told
from fusewright_harness.variant_outcome import name_of

_SIZES = ("size", "batches", "groups", "rows", "columns")
_MOST_CHARACTERS = 400
_DROPS_NAN = re.compile(r"\b(maximum|minimum|clamp|max|min)\(")


def blame(case: Case, variant: dict[str, Any], sentence: str, line: int | None) -> None:
    """Raises :class:`Fault` for a candidate that is wrong; where only strides are other ones, it warns."""
    kind = variant["kind"]
    if kind == "strides":
        # What is changed in place has to be changed where it is.
        mend = (
            "pass the strides on, or refuse them" if "after the call" in sentence else "call `.contiguous()`"
        )
        message = f"the candidate ignores its inputs' strides: with others {sentence}; {mend}"
        case.warn("StridesIgnored", message[:_MOST_CHARACTERS], case.function_line("triton"))
        return
    if kind in _SIZES:
        what = name_of(variant)
        if kind == "size":
            what = "sizes" if variant["from"] == 0 else f"the size {variant['from']} made {variant['to']}"
        raise case.rejected(
            "WrongAtSize",
            f"with {what} the wrapper runs, but {sentence}; mask the tail, or refuse the size with an error",
            line=line,
        )
    raise case.rejected("WrongAtValues", f"with {name_of(variant)} {sentence}", line=line)


def warn_of_refusal(case: Case, variant: dict[str, Any], error: str) -> None:
    """Tells of an error that the candidate refuses a variant with, which the reference takes."""
    kind = "SizeRefused" if variant["kind"] in _SIZES else "VariantRefused"
    message = f"the candidate refuses {name_of(variant)}, which the reference takes: {error}"
    # Who asks for contiguous tensors is asked for nothing more.
    severity = "info" if variant["kind"] == "strides" else "warning"
    case.verdict.find_once(kind, severity, message[:_MOST_CHARACTERS], case.function_line("triton"))


def warn_of_formula(
    case: Case, variant: dict[str, Any], result: Expected, formulas: list[Any], found: Any
) -> bool:
    """Warns of a formula in the place of log1p or expm1, and no more: of so small numbers few kernels are asked."""
    told = computes_by_formula(result, formulas, found)
    if told is not None:
        message = f"with {name_of(variant)} {told}"
        case.warn("InexactNearZero", message, case.function_line("triton"))
    return told is not None


def tell_of_nan(case: Case, expected: tuple[Expected, Expected], candidate: dict[str, Any]) -> bool:
    """Says where the candidate makes other numbers of NaN: `tl.maximum` does, and is honest."""
    told = nan_told([run.declared for run in expected], [candidate.get("result"), candidate.get("after")])
    if told is not None:
        message = f"with NaN among the inputs the candidate gives {told}"
        if told.startswith("numbers") and _DROPS_NAN.search(case.pair["triton"]["code"]):
            message += (
                "; `tl.maximum`, `tl.minimum` and `tl.clamp` drop NaN unless they are told "
                "`propagate_nan=tl.PropagateNan.ALL`, and `tl.max` and `tl.min` always do"
            )
        case.verdict.find_once("OtherNaN", "info", message, case.function_line("triton"))
    return told is not None
