"""Variants of a pair's inputs, made in the reference's process: other values, other sizes, other strides.

A variant is described by a small dictionary, its ``kind`` first. What a tensor stands for stays what it is: whole
numbers, masks, float8 codes and rows that sum to one keep their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.codes import with_code
from fusewright_harness.contents import (
    counted,
    has_lists,
    measured_whole,
    spiked,
    standardized,
    with_longer_lists,
    with_nan,
    with_special,
    with_zeros,
)
from fusewright_harness.enlarged import has_one_batch, with_more_groups, with_two_batches
from fusewright_harness.index_ranges import with_repetition, with_whole_ranges
from fusewright_harness.lengths import parts_rows, with_empty_part, with_lengths
from fusewright_harness.many_rows import (
    columns_variants,
    rows_variants,
    with_many_columns,
    with_many_rows,
)
from fusewright_harness.near_zero import near_zero
from fusewright_harness.options import option_variants, with_option
from fusewright_harness.rankings import with_ties
from fusewright_harness.renaming import (
    NoVariant,
    coordinates,
    one_axis_renamed,
    renamed,
    sizes_of,
    sums_to_one,
    told_apart,
    undivided,
)
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_FEW_ELEMENTS = 1 << 20
_LARGE_BLOCK = 4096
_LOOKED_AT = 1 << 14
_SMALL_ELEMENTS = 1 << 14
_SMALL_SIZE = 61
_USUAL_BLOCKS = (32, 64, 128, 256)
_FEW_ROWS = 16
_BLANK = -1000.0
"""What a mask adds where it is to leave an element out: this, or less."""
_SMALL = 0.001
_SMALLER = ((_SMALL, 0.05), (0.0001, 0.005), (0.01, 0.1))
"""What values are multiplied by to be small: a product of two, or one alone, is then about as large as 0.0001."""


def all_variants(
    value: Any,
    reduced: bool,
    whole_numbers: bool = False,
    special: bool = False,
    words: Sequence[str] = (),
    codes: Sequence[tuple[int, float | int]] = (),
    ranges: Mapping[int, int] | None = None,
    ranked: bool = False,
    lengths: Mapping[int, int] | None = None,
    repeated: Mapping[int, int] | None = None,
) -> list[dict[str, Any]]:
    """The variants worth trying for these inputs; with ``reduced`` large dimensions are renamed to small ones first.

    ``whole_numbers`` says that the reference only computes with whole numbers, so that they may be any, ``special``
    that it asks for NaN or infinity; ``words`` are those that its text has, ``codes`` numbers that it asks for, with
    the tensors that lack them, ``ranges`` how many places there are for each tensor that is an index into fewer;
    ``ranked`` says that the reference names places by rank; ``lengths`` how many places there are for each tensor that
    counts some of them, ``repeated`` for each that says where to add.

    A size that ``counts_blocks`` may be how many blocks another one has, as scales are made for each block of a matrix;
    one of ``coordinates`` is part of what the task is.
    """
    base = _reduced(sizes_of(value)) if reduced else {}
    with without_modes(), torch.no_grad():
        tensors = [tensor.detach() for tensor in take_apart(value)[1]]
        found: list[dict[str, Any]] = [{"kind": "parted"}] if _twins(tensors) else []
        if any(_fixed(tensor) for tensor in tensors):
            found.append({"kind": "drawn"})
        if any(_movable(tensor) or tensor.is_complex() for tensor in tensors):
            found += [{"kind": "negated"}]
        if any(_movable(tensor) for tensor in tensors):
            found += [{"kind": "scaled", "by": by, "or": instead} for by, instead in _SMALLER]
            found += [{"kind": "scaled", "by": 50.0, "or": 3.0}, {"kind": "shifted", "by": 100.0, "or": 1.5}]
            found += [{"kind": "shifted", "by": -100.0, "or": -1.5}]
            if any(_movable(tensor) and tensor.dtype is torch.float16 for tensor in tensors):
                # Sums overflow there that are kept in float16; beside a spread that no variance is lost in.
                found.append({"kind": "shifted", "by": 2000.0, "or": 500.0, "spread": 0.25})
        if any(_counts_up(tensor, tensors) for tensor in tensors):
            found.append({"kind": "reversed"})
        if special and any(_movable(tensor) for tensor in tensors):
            found.append({"kind": "special"})
        if not ranked and any(_movable(tensor) for tensor in tensors):
            found.append({"kind": "zeros"})
        if ranked and any(_movable(tensor) for tensor in tensors):
            found.append({"kind": "tied"})
        if ranges:
            sizes_by_name = {str(number): size for number, size in ranges.items()}
            found.append({"kind": "range", "sizes": sizes_by_name})
        if repeated:
            sizes_by_name = {str(number): size for number, size in repeated.items()}
            found.append({"kind": "repeated", "sizes": sizes_by_name})
        if lengths:
            found.append(
                {"kind": "lengths", "sizes": {str(number): size for number, size in lengths.items()}}
            )
        if any(parts_rows(tensor, tensors) for tensor in tensors):
            found.append({"kind": "emptied"})
        if any(_blanks(tensor) for tensor in tensors):
            found.append({"kind": "unblanked"})
        found += [{"kind": "code", "tensor": number, "code": code} for number, code in codes]
        if has_lists(value):
            found.append({"kind": "longer"})
        found += option_variants(value, frozenset(sizes_of(value)), list(words))
        if whole_numbers and any(measured_whole(tensor) for tensor in tensors):
            found += [{"kind": "negative"}, {"kind": "larger"}, {"kind": "precise"}]
    sizes = [size for size in sizes_of(value) if str(size) not in base]
    few = 2 * sum(tensor.numel() for tensor in tensors) <= _FEW_ELEMENTS
    blocks = {*_whole_numbers(value), *_USUAL_BLOCKS}
    counts = {-(-large // block) for large in sizes_of(value) for block in blocks if 1 < block < large}
    found += [
        {
            "kind": "size",
            "from": size,
            "to": _renamed_to(size, few),
            "counts_blocks": size in counts,
            "coordinates": coordinates(tensors, size),
        }
        for size in sizes
    ]
    if has_one_batch(value):
        found.append({"kind": "batches"})
    if any(True for _ in with_more_groups(value)):
        found.append({"kind": "groups"})
    # Two dimensions that happen to have one size are told apart.
    found += [
        {"kind": "size", "from": size, "to": _renamed_to(size, few), "part": True, "axes": axes}
        for size in sizes
        if (axes := told_apart(tensors, size))
    ]
    if base:
        found = [{"kind": "size", "from": 0, "to": 0}, *found]
    if any(_movable(tensor) for tensor in tensors):
        # A part of a sum that a kernel leaves out is lost in 16 bits' tolerance, unless all of the sum lies there.
        places = 2 if any(_rows(tensor) > _FEW_ROWS for tensor in tensors) else 4
        found += [{"kind": "spiked", "place": place / places} for place in range(places)]
    if any(tensor.ndim and tensor.numel() > 1 for tensor in tensors):
        found.append({"kind": "strides"})
    # What was made small for the interpreter may be one row of a block: each by itself, beyond its block.
    beyond = [
        {
            "kind": "size",
            "from": int(size),
            "to": _renamed_to(int(size), True),
            "counts_blocks": int(size) in counts,
            "base": {other: new for other, new in base.items() if other != size},
        }
        for size in base
        if int(size) <= _LARGE_BLOCK
    ]
    many = rows_variants(value) + columns_variants(value)
    # What becomes of NaN is told and blamed on nobody, so all others come first.
    told = [{"kind": "nan", "base": base}] if any(_movable(tensor) for tensor in tensors) else []
    return [{**variant, "base": base} for variant in found] + beyond + many + told


def confirming(value: Any, variant: dict[str, Any]) -> list[dict[str, Any]]:
    """The variants that a candidate has to be wrong on too, before it is blamed for ``variant``.

    Where several tensors of ``value`` are moved away from zero together, each is moved alone: the product of two large
    numbers is beyond all that a kernel takes for infinite, such as the -1e6 of a mask, and says nothing against it.
    What a kernel leaves out shows in one tensor alone. Where nothing was given for an option, what a kernel takes may
    be a row, or a tensor as large as another.
    """
    kind = variant["kind"]
    if kind == "option" and variant["to"] == [{"row": True}]:
        return [{**variant, "to": [{"full": True}]}]
    far = kind in ("spiked", "shifted") or (kind == "scaled" and variant["by"] > 1)
    if not far or variant.get("alone") is not None:
        return []
    movable = [number for number, tensor in enumerate(take_apart(value)[1]) if _movable(tensor.detach())]
    return [{**variant, "alone": number} for number in movable] if len(movable) > 1 else []


def attempts(value: Any, variant: dict[str, Any], gently: bool) -> list[Any]:
    """The inputs of a variant, and others to take in turn where the reference refuses them.

    ``gently`` moves values a little: far away whole-number outputs overflow, which each processor does in its own way.
    """
    base = {int(size): new for size, new in variant["base"].items()}
    if base:
        value = renamed(value, base)
    kind = variant["kind"]
    if kind == "spiked":
        return [_spiked(value, variant, apart) for apart in (True, False)]
    if kind == "code":
        return [with_code(value, variant["tensor"], variant["code"])]
    if kind == "special":
        return [map_tensors(clone_value(value), with_special)]
    if kind == "zeros":
        return [map_tensors(clone_value(value), with_zeros)]
    if kind == "near zero":
        return [near_zero(value, variant["by"])]
    if kind == "nan":
        return [map_tensors(clone_value(value), with_nan)]
    if kind in ("negative", "larger", "precise"):
        return [map_tensors(clone_value(value), lambda tensor: counted(tensor, kind))]
    if kind == "tied":
        return [with_ties(value)]
    if kind == "range":
        return [with_whole_ranges(value, variant["sizes"])]
    if kind == "repeated":
        return [with_repetition(value, variant["sizes"])]
    if kind == "lengths":
        return [with_lengths(value, variant["sizes"])]
    if kind == "unblanked":
        return [map_tensors(clone_value(value), _unblanked)]
    if kind == "rows":
        return list(with_many_rows(clone_value(value), variant["from"], variant["to"]))
    if kind == "columns":
        return list(with_many_columns(clone_value(value), variant["from"], variant["to"]))
    if kind == "longer":
        return [with_longer_lists(clone_value(value))]
    if kind == "option":
        if variant["small"]:
            value = map_tensors(clone_value(value), lambda tensor: _moved(tensor, "scaled", _SMALL))
        return [with_option(clone_value(value), variant["place"], choice) for choice in variant["to"]]
    if kind == "batches":
        return with_two_batches(clone_value(value))
    if kind == "groups":
        return list(with_more_groups(clone_value(value)))
    if kind == "size":
        old, new = variant["from"], variant["to"]
        if not old:
            return [value]
        makers = [lambda loud=loud: renamed(value, {old: new}, loud=loud) for loud in (True, False)]
        multiples = {size: size // old * new for size in sizes_of(value) if size % old == 0}
        if len(multiples) > 1:
            makers.append(lambda: renamed(value, multiples))
        if variant.get("part"):
            makers = [lambda axis=axis: one_axis_renamed(value, old, new, axis) for axis in variant["axes"]]
        else:
            makers.append(lambda: renamed(value, {old: new}, numbers=False))
        return [made for make in makers for made in _made(make)]
    value = clone_value(value)
    if kind == "strides":
        return [map_tensors(value, _restrided)]
    if kind == "emptied":
        with without_modes(), torch.no_grad():
            tensors = take_apart(value)[1]
            return [map_tensors(value, lambda one: with_empty_part(one) if parts_rows(one, tensors) else one)]
    if kind == "reversed":
        with without_modes(), torch.no_grad():
            tensors = take_apart(value)[1]
            return [
                map_tensors(value, lambda tensor: tensor.flip(0) if _counts_up(tensor, tensors) else tensor)
            ]
    if kind == "parted":
        return [_parted(value)]
    steps = [variant["by"], variant["or"]][gently:] if "by" in variant else [0.0]
    spread = variant.get("spread", 0.0)
    return [
        _changed(value, variant.get("alone"), partial(_moved, kind=kind, by=step, spread=spread * step))
        for step in steps
    ]


def _spiked(value: Any, variant: dict[str, Any], apart: bool) -> Any:
    """``value`` with spikes in every tensor, or low ones in the one that the variant names ``alone``."""
    alone, place = variant.get("alone"), variant["place"]
    change = partial(spiked, place=place, apart=apart, low=alone is not None)
    return _changed(clone_value(value), alone, change, standardized if apart else None)


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


def elsewhere(value: Any) -> Any:
    """Contents far from the pair's own, of the same shapes: constants drawn, signs drawn, a thousand times as large."""
    for kind, by in (("drawn", 0.0), ("negated", 0.0), ("scaled", 1000.0)):
        value = map_tensors(value, lambda tensor, kind=kind, by=by: _moved(tensor, kind, by))
    return value


def _reduced(sizes: list[int]) -> dict[str, int]:
    """The large ones of ``sizes`` with small odd ones in their place, which keep the grid at several programs.

    The fewer are large, the larger they stay: together some ten thousand elements.
    """
    many = sum(size > _SMALL_SIZE for size in sizes)
    small = max(_SMALL_SIZE, int(_SMALL_ELEMENTS ** (1 / max(1, many))) - 1 | 1)
    return {str(size): small - 2 * place for place, size in enumerate(sizes) if size > 3 * small // 2}


def _renamed_to(size: int, few: bool) -> int:
    """A size that no block divides; where there are few elements, beyond the block that holds the size too."""
    return undivided(size, 1 << (size - 1).bit_length() if few and size <= _LARGE_BLOCK else 0)


def _made(make: Callable[[], Any]) -> list[Any]:
    try:
        return [make()]
    except NoVariant:
        return []


def _twins(tensors: list[torch.Tensor]) -> set[int]:
    """The tensors that hold what an earlier one holds."""
    floats = [number for number, tensor in enumerate(tensors) if _movable(tensor)]
    return {
        later
        for place, later in enumerate(floats)
        for earlier in floats[:place]
        if tensors[earlier].shape == tensors[later].shape
        and tensors[earlier].dtype == tensors[later].dtype
        and torch.equal(tensors[earlier], tensors[later])
    }


def _parted(value: Any) -> Any:
    """``value`` with equal tensors made different: the later one's elements change places."""
    with without_modes(), torch.no_grad():
        twins = _twins([tensor.detach() for tensor in take_apart(value)[1]])
    number = iter(range(1 << 30))

    def part(tensor: torch.Tensor) -> torch.Tensor:
        with without_modes(), torch.no_grad():
            plain = tensor.detach()
            if next(number) in twins:
                plain = plain.reshape(-1).roll(1).flip(0).reshape(plain.shape)
            return plain.clone().requires_grad_(tensor.requires_grad)

    return map_tensors(value, part)


def _moved(tensor: torch.Tensor, kind: str, by: float, spread: float = 0.0) -> torch.Tensor:
    with without_modes(), torch.no_grad():
        wanted, tensor = tensor.requires_grad, tensor.detach()
        if kind == "drawn" and _fixed(tensor):
            tensor = _drawn(tensor)
        elif tensor.is_complex() and kind == "negated":
            angle = torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32).uniform_(-3.14, 3.14)
            tensor = tensor * torch.polar(torch.ones_like(angle), angle).to(tensor.dtype)
        elif _movable(tensor):
            if kind == "negated":
                # Each on its own: signs that turn together may cancel.
                signs = (
                    torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32)
                    .uniform_(-1, 1)
                    .sign()
                )
                tensor = tensor * signs.to(tensor.dtype)
            elif kind == "scaled":
                tensor = tensor * by
            elif kind == "shifted":
                tensor = tensor * max(1.0, spread) + by
        return tensor.requires_grad_(wanted)


def _blanks(tensor: torch.Tensor) -> bool:
    """Whether a tensor is added to others to leave out some of them: zero in places, and minus infinity or near it."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < 2:
        return False
    kinds = tensor.reshape(-1)[:_LOOKED_AT].unique()
    return kinds.numel() == 2 and float(kinds[1]) == 0 and float(kinds[0]) <= _BLANK


def _unblanked(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that leaves out elements with numbers about zero where it leaves none out."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if _blanks(plain):
            draw = torch.empty(plain.shape, device=plain.device, dtype=torch.float32).uniform_(-1, 1)
            plain = torch.where(plain == 0, draw.to(plain.dtype), plain)
        return plain.requires_grad_(wanted)


def _rows(tensor: torch.Tensor) -> int:
    return tensor.numel() // max(1, tensor.shape[-1]) if tensor.ndim else 1


def _constant(tensor: torch.Tensor) -> bool:
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    if flat.numel() < 2 or (tensor.is_floating_point() and tensor.dtype.itemsize == 1):
        return False
    return bool((flat == flat[0]).all())


def _fixed(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds one number, which may be another."""
    return _drawable(tensor) and (tensor.numel() == 1 or _constant(tensor))


def _drawable(tensor: torch.Tensor) -> bool:
    return tensor.dtype is torch.bool or (tensor.is_floating_point() and tensor.dtype.itemsize > 1)


def _drawn(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers around a constant: they stay on its side of zero, as a mask of ones or a variance has to."""
    if tensor.numel() == 1:
        if tensor.dtype is torch.bool:
            return ~tensor
        return torch.where(tensor == 0, torch.full_like(tensor, 0.4), tensor * 0.6)
    draw = torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32).uniform_(-1, 1)
    if tensor.dtype is torch.bool:
        return (draw < 0.5) if bool(tensor.reshape(-1)[0]) else (draw > 0.5)
    first = float(tensor.reshape(-1)[0])
    if not abs(first) < float("inf"):
        return tensor
    return ((0.5 * draw) if first == 0 else first * (1 + 0.5 * draw)).to(tensor.dtype)


def has_constants(state: dict[str, Any]) -> bool:
    """Whether a module's state holds parameters or buffers of one number alone, as scales and gates begin."""
    with without_modes(), torch.no_grad():
        return any(
            _constant_parameter(tensor) for tensor in state.values() if isinstance(tensor, torch.Tensor)
        )


def with_drawn_constants(state: dict[str, Any]) -> dict[str, Any]:
    """A module's state with random numbers in place of each constant parameter or buffer."""
    with without_modes(), torch.no_grad():
        return {
            name: _drawn(part.detach())
            if isinstance(part, torch.Tensor) and _constant_parameter(part)
            else part
            for name, part in state.items()
        }


def _constant_parameter(tensor: torch.Tensor) -> bool:
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or not tensor.numel():
        return False
    return tensor.numel() == 1 or _constant(tensor)


def _movable(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds measured values, which may be any, and not codes of a few kinds."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < 2:
        return False
    flat = tensor.reshape(-1)[:_LOOKED_AT]
    if _constant(tensor) or sums_to_one(tensor):
        return False
    return flat.numel() < 8 or flat.unique().numel() > 3


def _counts_up(tensor: torch.Tensor, others: list[torch.Tensor]) -> bool:
    """Whether a tensor numbers a dimension's elements: 0, 1, 2, … as an index that happens to change nothing."""
    if tensor.ndim != 1 or tensor.numel() < 3 or tensor.dtype not in (torch.int32, torch.int64):
        return False
    places = torch.arange(tensor.numel(), device=tensor.device, dtype=tensor.dtype)
    measured = any(tensor.numel() in other.shape for other in others if other.is_floating_point())
    return measured and torch.equal(tensor, places)


def _whole_numbers(value: Any) -> set[int]:
    if isinstance(value, dict):
        return _whole_numbers(list(value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(_whole_numbers(part) for part in value))
    return {value} if isinstance(value, int) and not isinstance(value, bool) else set()


def _restrided(tensor: torch.Tensor) -> torch.Tensor:
    """The same contents with other strides: the last two dimensions change places, or every second element is taken."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if plain.ndim >= 2:
            plain = plain.transpose(-1, -2).contiguous().transpose(-1, -2)
        elif plain.ndim == 1 and plain.numel() > 1:
            wide = torch.zeros(2 * plain.numel(), dtype=plain.dtype, device=plain.device)
            wide[::2].copy_(plain)
            plain = wide[::2]
        return plain.requires_grad_(wanted)
