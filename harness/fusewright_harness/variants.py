"""Which variants of a pair's inputs are worth trying: other values, other sizes, other strides.

A variant is described by a small dictionary, its ``kind`` first, of which :mod:`variant_inputs` makes inputs. What a
tensor stands for stays what it is: whole numbers, masks, float8 codes and rows that sum to one keep their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from fusewright_harness.contents import measured_whole
from fusewright_harness.enlarged import has_one_batch, with_more_groups
from fusewright_harness.lengths import parts_rows
from fusewright_harness.longer_lists import has_lists
from fusewright_harness.many_rows import columns_variants, rows_variants
from fusewright_harness.options import option_variants
from fusewright_harness.renaming import coordinates, sizes_of, told_apart, undivided
from fusewright_harness.tensor_kinds import blanks, counts_up, fixed, movable, twins
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_Variant = dict[str, Any]

_FEW_ELEMENTS = 1 << 20
_LARGE_BLOCK = 4096
_SMALL_ELEMENTS = 1 << 14
_SMALL_SIZE = 61
_USUAL_BLOCKS = (32, 64, 128, 256)
_FEW_ROWS = 16
SMALL = 0.001
_SMALLER = ((SMALL, 0.05), (0.0001, 0.005), (0.01, 0.1))
"""What values are multiplied by to be small: a product of two, or one alone, is then about as large as 0.0001."""


@dataclass(frozen=True)
class Known:
    """What a reference is known to do with its inputs; tensors are named by their numbers among them.

    ``whole_numbers`` says that it only computes with whole numbers, so that they may be any, ``special`` that it asks
    for NaN or infinity; ``words`` are those that its text has, ``codes`` numbers that it asks for, with the tensors
    that lack them, ``ranges`` how many places there are for each tensor that is an index into fewer; ``ranked`` says
    that it names places by rank; ``lengths`` how many places there are for each tensor that counts some of them,
    ``repeated`` for each that says where to add; ``bits`` how many bits there are for each that has the highest never
    set, ``asked`` the numbers that options, by their places, are compared with, ``shares`` the tensors of shares
    whose sum is of no account, and ``ignored`` those of labels of which a whole row may count for nothing.
    """

    whole_numbers: bool = False
    special: bool = False
    words: Sequence[str] = ()
    codes: Sequence[tuple[int, float | int]] = ()
    ranges: Mapping[int, int] = field(default_factory=dict)
    ranked: bool = False
    lengths: Mapping[int, int] = field(default_factory=dict)
    repeated: Mapping[int, int] = field(default_factory=dict)
    bits: Mapping[int, int] = field(default_factory=dict)
    asked: Mapping[int, list[float | int]] = field(default_factory=dict)
    shares: Sequence[int] = ()
    ignored: Sequence[int] = ()


NOTHING_KNOWN = Known()


def all_variants(value: Any, reduced: bool, known: Known = NOTHING_KNOWN) -> list[_Variant]:
    """The variants worth trying for these inputs; with ``reduced`` large dimensions are renamed to small ones first.

    A size that ``counts_blocks`` may be how many blocks another one has, as scales are made for each block of a matrix;
    one of ``coordinates`` is part of what the task is.
    """
    base = _reduced(sizes_of(value)) if reduced else {}
    with without_modes(), torch.no_grad():
        tensors = [tensor.detach() for tensor in take_apart(value)[1]]
        measured = any(movable(tensor) for tensor in tensors)
        found = _of_values(tensors, known, measured) + _of_meanings(tensors, known)
        if has_lists(value):
            found.append({"kind": "longer"})
        found += option_variants(value, frozenset(sizes_of(value)), list(known.words), known.asked)
        if known.whole_numbers and any(measured_whole(tensor) for tensor in tensors):
            found += [{"kind": "negative"}, {"kind": "larger"}, {"kind": "precise"}]
    few = 2 * sum(tensor.numel() for tensor in tensors) <= _FEW_ELEMENTS
    counts = _counts_of_blocks(value)
    found += _of_sizes(value, tensors, base, counts, few)
    if base:
        found = [{"kind": "size", "from": 0, "to": 0}, *found]
    if measured:
        # A part of a sum that a kernel leaves out is lost in 16 bits' tolerance, unless all of the sum lies there.
        places = 2 if any(_rows(tensor) > _FEW_ROWS for tensor in tensors) else 4
        found += [{"kind": "spiked", "place": place / places} for place in range(places)]
    if any(tensor.ndim and tensor.numel() > 1 for tensor in tensors):
        found.append({"kind": "strides"})
    many = rows_variants(value) + columns_variants(value)
    # What becomes of NaN is told and blamed on nobody, so all others come first.
    told = [{"kind": "nan", "base": base}] if measured else []
    return [{**variant, "base": base} for variant in found] + _beyond_blocks(base, counts) + many + told


def confirming(value: Any, variant: _Variant) -> list[_Variant]:
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
    numbers = [number for number, tensor in enumerate(take_apart(value)[1]) if movable(tensor.detach())]
    return [{**variant, "alone": number} for number in numbers] if len(numbers) > 1 else []


def _of_values(tensors: list[torch.Tensor], known: Known, measured: bool) -> list[_Variant]:
    """Measured values, and constants, elsewhere."""
    found: list[_Variant] = [{"kind": "parted"}] if twins(tensors) else []
    if any(fixed(tensor) for tensor in tensors):
        found.append({"kind": "drawn"})
    if measured or any(tensor.is_complex() for tensor in tensors):
        found.append({"kind": "negated"})
    if measured:
        found += [{"kind": "scaled", "by": by, "or": instead} for by, instead in _SMALLER]
        found += [{"kind": "scaled", "by": 50.0, "or": 3.0}, {"kind": "shifted", "by": 100.0, "or": 1.5}]
        found.append({"kind": "shifted", "by": -100.0, "or": -1.5})
        if any(movable(tensor) and tensor.dtype is torch.float16 for tensor in tensors):
            # Sums overflow there that are kept in float16; beside a spread that no variance is lost in.
            found.append({"kind": "shifted", "by": 2000.0, "or": 500.0, "spread": 0.25})
    if any(counts_up(tensor, tensors) for tensor in tensors):
        found.append({"kind": "reversed"})
    if measured and known.special:
        found.append({"kind": "special"})
    if measured:
        found.append({"kind": "tied" if known.ranked else "zeros"})
    return found


def _of_meanings(tensors: list[torch.Tensor], known: Known) -> list[_Variant]:
    """What stands for something else than a value: indices, lengths, offsets, masks, codes."""
    found: list[_Variant] = [
        {"kind": kind, "sizes": {str(number): size for number, size in places.items()}}
        for kind, places in (
            ("range", known.ranges),
            ("repeated", known.repeated),
            ("lengths", known.lengths),
            ("bits", known.bits),
        )
        if places
    ]
    if any(parts_rows(tensor, tensors) for tensor in tensors):
        found.append({"kind": "emptied"})
    if known.shares:
        found.append({"kind": "shares", "tensors": list(known.shares)})
    if any(blanks(tensor) for tensor in tensors):
        found.append({"kind": "unblanked"})
    ignored = [{"kind": "code", "tensor": number, "code": -100, "row": True} for number in known.ignored]
    return (
        found + [{"kind": "code", "tensor": number, "code": code} for number, code in known.codes] + ignored
    )


def _of_sizes(
    value: Any, tensors: list[torch.Tensor], base: dict[str, int], counts: set[int], few: bool
) -> list[_Variant]:
    """Each size that is not in ``base`` renamed, more batches and groups, and equal sizes told apart."""
    sizes = [size for size in sizes_of(value) if str(size) not in base]
    found: list[_Variant] = [
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
    return found


def _beyond_blocks(base: dict[str, int], counts: set[int]) -> list[_Variant]:
    """What was made small for the interpreter may be one row of a block: each by itself, beyond its block."""
    return [
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


def _counts_of_blocks(value: Any) -> set[int]:
    """How many blocks the sizes have, of the whole numbers among the arguments and the usual ones."""
    blocks = {*_whole_numbers(value), *_USUAL_BLOCKS}
    return {-(-large // block) for large in sizes_of(value) for block in blocks if 1 < block < large}


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


def _rows(tensor: torch.Tensor) -> int:
    return tensor.numel() // max(1, tensor.shape[-1]) if tensor.ndim else 1


def _whole_numbers(value: Any) -> set[int]:
    if isinstance(value, dict):
        return _whole_numbers(list(value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(_whole_numbers(part) for part in value))
    return {value} if isinstance(value, int) and not isinstance(value, bool) else set()
