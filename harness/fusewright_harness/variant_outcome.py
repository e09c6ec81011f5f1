"""What became of the variants of a pair's inputs, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fusewright_harness.variant_comparison import INEXACT

_SENTENCES = (
    ("held", "right also with {}"),
    ("left_out", "left out, for the reference refuses them: {}"),
    ("unread", "left out, for the reference does not read what was added: {}"),
    ("extreme", "other than the reference only where several inputs hold {} at once"),
    ("other_shape", "right with {} where that is as large as the input, but not for a row"),
    ("coordinates", "made for one number of coordinates, so not for {}"),
    ("once", "other than the reference on one of two draws with {}"),
    ("inexact", f"less exact than the reference, by less than {INEXACT:.0%}, with {{}}"),
    ("refused", "refused by the candidate: {}"),
    ("late", "not tried for want of time: {}"),
)
"""What is said of the variants that something became of."""


@dataclass
class Outcome:
    """What became of the variants, by their names in words."""

    held: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    extreme: list[str] = field(default_factory=list)
    other_shape: list[str] = field(default_factory=list)
    coordinates: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The outcome for the line."""
        # Several inputs may have been varied in the same way.
        told = {name: ", ".join(dict.fromkeys(getattr(self, name))) for name, _sentence in _SENTENCES}
        return "; ".join(sentence.format(told[name]) for name, sentence in _SENTENCES if told[name])


def name_of(variant: dict[str, Any]) -> str:
    """A variant in words."""
    if variant.get("backwards"):
        return f"{name_of({**variant, 'backwards': False})}, the last program first"
    kind = variant.get("kind")
    if kind == "size":
        one = "one " if variant.get("part") else ""
        if not variant["from"]:
            return "reduced sizes" if variant["base"] else "the declared sizes"
        return f"{one}{variant['from']} -> {variant['to']}"
    if kind == "rows":
        return f"more than a thousand rows ({variant['from']} -> {variant['to']})"
    if kind == "columns":
        return f"more than a thousand columns ({variant['from']} -> {variant['to']})"
    if kind == "option":
        beside = " beside small values" if variant["small"] else ""
        return f"something else than {variant['was']} among the arguments{beside}"
    if kind == "code":
        return f"{variant['code']} among the values, for which the reference asks,"
    if kind == "scaled" and variant.get("by", 1) < 1:
        return "small values"
    if kind == "shifted" and variant.get("by", 0) < 0:
        return "values shifted down"
    if kind == "spiked" and variant.get("place"):
        return "other elements of each row far larger"
    return {
        "reversed": "an index turned round",
        "parted": "different tensors in place of equal ones",
        "drawn": "random numbers in place of constants",
        "negated": "signs drawn at random",
        "scaled": "scaled values",
        "spiked": "one element of each row far larger than the others",
        "near zero": "values near zero",
        "nan": "NaN among the values",
        "special": "NaN and infinities, for which the reference asks,",
        "lengths": "other lengths",
        "repeated": "places that an index names twice",
        "emptied": "an empty part",
        "zeros": "zeros among the values",
        "unblanked": "other numbers than zero in an additive mask",
        "longer": "one more tensor in each list",
        "negative": "negative whole numbers",
        "larger": "larger whole numbers",
        "bits": "whole numbers with their highest bits set",
        "shares": "shares that add up to more than one",
        "tied": "equal numbers among the values",
        "precise": "whole numbers that float32 does not hold",
        "range": "indices drawn from the whole of their range",
        "parameters": "random numbers in place of the module's constant parameters",
        "shifted": "shifted values",
        "strides": "other strides",
        "batches": "two batches",
        "groups": "twice as many batches or heads in the first tensor",
    }.get(str(kind), "a variant")
