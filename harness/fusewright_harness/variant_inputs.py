"""The inputs that a variant of a pair's inputs stands for, made in the reference's process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.codes import with_code
from fusewright_harness.contents import (
    counted,
    spiked,
    standardized,
    with_nan,
    with_special,
    with_zeros,
)
from fusewright_harness.enlarged import with_more_groups, with_two_batches
from fusewright_harness.highest_bits import with_highest_bits
from fusewright_harness.index_ranges import with_repetition, with_whole_ranges
from fusewright_harness.lengths import parts_rows, with_empty_part, with_lengths
from fusewright_harness.longer_lists import with_longer_lists
from fusewright_harness.many_rows import with_many_columns, with_many_rows
from fusewright_harness.moved_values import moved, parted, restrided, unblanked
from fusewright_harness.near_zero import near_zero
from fusewright_harness.options import with_option
from fusewright_harness.rankings import with_ties
from fusewright_harness.renaming import NoVariant, one_axis_renamed, renamed, sizes_of
from fusewright_harness.shares import with_larger_shares
from fusewright_harness.tensor_kinds import counts_up, turned_round
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart
from fusewright_harness.variants import SMALL

_Variant = dict[str, Any]
_Maker = Callable[[Any, _Variant], list[Any]]


def attempts(value: Any, variant: _Variant, gently: bool) -> list[Any]:
    """The inputs of a variant, and others to take in turn where the reference refuses them.

    ``gently`` moves values a little: far away whole-number outputs overflow, which each processor does in its own way.
    """
    base = {int(size): new for size, new in variant["base"].items()}
    if base:
        value = renamed(value, base)
    kind = variant["kind"]
    if kind in _EACH:
        return [map_tensors(clone_value(value), _EACH[kind])]
    if kind in _WHOLE:
        return _WHOLE[kind](clone_value(value), variant)
    if kind == "size":
        return _with_size(value, variant)
    return _moved_by(clone_value(value), variant, gently)


def elsewhere(value: Any) -> Any:
    """Contents far from the pair's own, of the same shapes: constants drawn, signs drawn, a thousand times as large."""
    for kind, by in (("drawn", 0.0), ("negated", 0.0), ("scaled", 1000.0)):
        value = map_tensors(value, lambda tensor, kind=kind, by=by: moved(tensor, kind, by))
    return value


def _moved_by(value: Any, variant: _Variant, gently: bool) -> list[Any]:
    """``value`` with its measured values moved: as far as the variant says, or else less far."""
    steps = [variant["by"], variant["or"]][gently:] if "by" in variant else [0.0]
    spread = variant.get("spread", 0.0)
    return [
        _changed(
            value, variant.get("alone"), partial(moved, kind=variant["kind"], by=step, spread=spread * step)
        )
        for step in steps
    ]


def _with_size(value: Any, variant: _Variant) -> list[Any]:
    """``value`` with one size renamed wherever it stands, in a product too, in tensors alone, or in one axis."""
    old, new = variant["from"], variant["to"]
    if not old:
        return [value]
    if variant.get("part"):
        makers = [lambda axis=axis: one_axis_renamed(value, old, new, axis) for axis in variant["axes"]]
        return _those_made(makers)
    makers = [lambda loud=loud: renamed(value, {old: new}, loud=loud) for loud in (True, False)]
    multiples = {size: size // old * new for size in sizes_of(value) if size % old == 0}
    if len(multiples) > 1:
        makers.append(lambda: renamed(value, multiples))
    return _those_made([*makers, lambda: renamed(value, {old: new}, numbers=False)])


def _those_made(makers: list[Callable[[], Any]]) -> list[Any]:
    made = []
    for make in makers:
        try:
            made.append(make())
        except NoVariant:
            continue
    return made


def _spiked(value: Any, variant: _Variant) -> list[Any]:
    """``value`` with spikes in every tensor, or low ones in the one that the variant names ``alone``."""
    alone, place = variant.get("alone"), variant["place"]
    return [
        _changed(
            clone_value(value),
            alone,
            partial(spiked, place=place, apart=apart, low=alone is not None),
            standardized if apart else None,
        )
        for apart in (True, False)
    ]


def _changed(
    value: Any,
    alone: int | None,
    change: Callable[[torch.Tensor], torch.Tensor],
    otherwise: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> Any:
    """``value`` with every tensor changed, or with the one that is to be ``alone`` and the others ``otherwise``."""
    number = iter(range(1 << 30))

    def visit(tensor: torch.Tensor) -> torch.Tensor:
        if alone in (None, next(number)):
            return change(tensor)
        return otherwise(tensor) if otherwise else tensor

    return map_tensors(value, visit)


def _with_options(value: Any, variant: _Variant) -> list[Any]:
    if variant["small"]:
        value = map_tensors(value, lambda tensor: moved(tensor, "scaled", SMALL))
    return [with_option(clone_value(value), variant["place"], choice) for choice in variant["to"]]


def _with_zeros(value: Any, variant: _Variant) -> list[Any]:
    """With a row of zeros, which a reference may have a guard against; without one, where it has none."""
    return [
        map_tensors(clone_value(value), partial(with_zeros, rows=True)),
        map_tensors(clone_value(value), with_zeros),
    ]


def _emptied(value: Any, variant: _Variant) -> list[Any]:
    return [_among_others(value, parts_rows, with_empty_part)]


def _reversed(value: Any, variant: _Variant) -> list[Any]:
    return [_among_others(value, counts_up, lambda tensor: turned_round(tensor, take_apart(value)[1]))]


def _among_others(
    value: Any,
    chosen: Callable[[torch.Tensor, list[torch.Tensor]], bool],
    change: Callable[[torch.Tensor], torch.Tensor],
) -> Any:
    """``value`` with those tensors changed that are ``chosen`` beside all of them."""
    with without_modes(), torch.no_grad():
        tensors = take_apart(value)[1]
        return map_tensors(value, lambda tensor: change(tensor) if chosen(tensor, tensors) else tensor)


_EACH: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "special": with_special,
    "nan": with_nan,
    "negative": lambda tensor: counted(tensor, "negative"),
    "larger": lambda tensor: counted(tensor, "larger"),
    "precise": lambda tensor: counted(tensor, "precise"),
    "unblanked": unblanked,
    "strides": restrided,
}
"""Variants that change each tensor for itself."""

_WHOLE: dict[str, _Maker] = {
    "spiked": _spiked,
    "code": lambda value, variant: [
        with_code(value, variant["tensor"], variant["code"], variant.get("row", False))
    ],
    "near zero": lambda value, variant: [near_zero(value, variant["by"])],
    "tied": lambda value, variant: [with_ties(value)],
    "zeros": _with_zeros,
    "bits": lambda value, variant: [with_highest_bits(value, variant["sizes"])],
    "shares": lambda value, variant: [with_larger_shares(value, variant["tensors"])],
    "range": lambda value, variant: [with_whole_ranges(value, variant["sizes"])],
    "repeated": lambda value, variant: [with_repetition(value, variant["sizes"])],
    "lengths": lambda value, variant: [with_lengths(value, variant["sizes"])],
    "rows": lambda value, variant: list(with_many_rows(value, variant["from"], variant["to"])),
    "columns": lambda value, variant: list(with_many_columns(value, variant["from"], variant["to"])),
    "longer": lambda value, variant: with_longer_lists(value),
    "option": _with_options,
    "batches": lambda value, variant: with_two_batches(value),
    "groups": lambda value, variant: list(with_more_groups(value)),
    "emptied": _emptied,
    "reversed": _reversed,
    "parted": lambda value, variant: [parted(value)],
}
"""Variants that look at all of the inputs."""
