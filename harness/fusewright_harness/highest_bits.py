"""Whole numbers that are bits, or keys, whose highest bits no input of the pair ever has set.

A kernel may take a byte for ASCII, leave out the sign of a packed number, or cut keys of 64 bits to 32: nothing shows
while TEST draws numbers that stop just below. What is only ever taken apart bit by bit may have any of its bits set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.fair_variants import only_computed_with
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart
from fusewright_harness.whole_number_watch import WholeNumberWatch

_WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_WIDTHS = (8, 16, 32, 64)
"""Numbers that fill one of these but for the highest bit are taken for bits that happen to end there."""
_BYTE = 8
_QUARTERS = 4
_LOOKED_AT = 1 << 14
_FEWEST = 8
_FEW_KINDS = 3
_BITWISE = words(
    "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __and__ __or__ __xor__ "
    "__lshift__ __rshift__ __iand__ __ior__ __ixor__ __ilshift__ __irshift__ bitwise_and_ bitwise_or_ bitwise_xor_"
)
_GOING_ROUND = _BITWISE | words("add add_ sub sub_ rsub mul mul_ neg clone")
_CARRYING = words("_to_copy clone copy_")
"""Operators whose result has the same bits, where it is of no narrower type."""
_ASKING = words("zeros_like ones_like empty_like full_like")
"""Operators that read a shape."""
_KEY_BITS = (29, 31)
_MORE_BITS = 28


class _Watch(WholeNumberWatch):
    """Finds the whole-number inputs that somebody reads otherwise than bit by bit; ``bitwise`` are read so at all."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__(inputs, _WHOLE)
        self.bitwise: set[int] = set()
        self.otherwise: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes who reads an input and runs the operator."""
        name = func._schema.name.rpartition("::")[2]
        result = func(*args, **(kwargs or {}))
        with without_modes():
            for tensor in args:
                if isinstance(tensor, (list, tuple)):
                    self.otherwise.update(self._numbers_of(tensor))
                for number in self._numbers_of([tensor]):
                    self._note(name, number, tensor, result)
        return result

    def _note(self, name: str, number: int, tensor: torch.Tensor, result: Any) -> None:
        if name in _BITWISE:
            self.bitwise.add(number)
        elif name in _CARRYING and _widened(tensor, result):
            self.carry(number, result)
        elif name not in _ASKING and not _is_view(tensor, result):
            self.otherwise.add(number)

    def _numbers_of(self, parts: Sequence[Any]) -> list[int]:
        return [number for part in parts if (number := self.number_of(part)) is not None]


def highest_bits(call: Call, inputs: Arguments, file: str = "") -> dict[int, int]:
    """The inputs that may have bits set which none of them has, by number: how many bits the numbers then fill.

    They are bits, with all but the highest of a byte or of 16, 32 or 64 in use; or what a reference only computes
    with: bytes that it adds, which go round beyond their range in whatever type a kernel adds them, and keys of 64
    bits, with and without a sign, that 32 bits would hold.
    """
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    with without_modes(), torch.no_grad():
        _tree, given = take_apart(arguments.as_value())
        filled = {number: used for number, tensor in enumerate(given) if (used := _bits_used(tensor))}
        parts = {
            number: width
            for number, used in filled.items()
            if (width := _width(given[number], used)) is not None
        }
        added = {number: width for number, width in parts.items() if given[number].dtype is torch.uint8}
        keys = [number for number, used in filled.items() if _may_be_keys(given[number], used)]
    found = {}
    if parts:
        watch = _Watch(given)
        with watch:
            call(arguments)
        found = {number: parts[number] for number in watch.bitwise - watch.otherwise if number in parts}
    if added and only_computed_with(call, inputs, file, _GOING_ROUND):
        found |= added
    if keys and only_computed_with(call, inputs, file):
        found |= dict.fromkeys(keys, 32 + _MORE_BITS)
    return found


def with_highest_bits(value: Any, numbers: dict[str, int]) -> Any:
    """A copy of ``value`` whose tensors of ``numbers``, by number, fill as many bits: some have the highest."""
    number = iter(range(1 << 30))

    def change(tensor: torch.Tensor) -> torch.Tensor:
        bits = numbers.get(str(next(number)))
        with without_modes(), torch.no_grad():
            return tensor if bits is None else _filled(tensor.detach(), bits)

    return map_tensors(clone_value(value), change)


def _filled(tensor: torch.Tensor, bits: int) -> torch.Tensor:
    if 32 < bits < 64:
        more = torch.randint(1, 1 << _MORE_BITS, tensor.shape, device=tensor.device, dtype=tensor.dtype)
        return tensor + more * (1 << 32)
    chosen = torch.randint(0, 2, tensor.shape, device=tensor.device).to(torch.bool)
    chosen.view(-1)[0] = True
    if bits == _BYTE:
        others = torch.randint(0, 1 << _BYTE, tensor.shape, device=tensor.device)
        others.view(-1)[0] |= 1 << (_BYTE - 1)
        return torch.where(chosen, others.to(tensor.dtype), tensor)
    top = 1 << (bits - 1)
    if tensor.dtype is not torch.uint8 and bits == 8 * tensor.dtype.itemsize:
        top -= 1 << bits
    return torch.where(chosen, tensor | torch.full_like(tensor, top), tensor)


def _bits_used(tensor: torch.Tensor) -> int:
    """How many bits the numbers of a tensor need; 0 where they are of few kinds, or some of them negative."""
    if tensor.dtype not in _WHOLE or tensor.numel() < _FEWEST:
        return 0
    if tensor.reshape(-1)[:_LOOKED_AT].unique().numel() <= _FEW_KINDS:
        return 0
    least, most = int(tensor.min()), int(tensor.max())
    if least < 0 and tensor.dtype is not torch.int64:
        return 0
    return max(abs(least), most).bit_length()


def _width(tensor: torch.Tensor, used: int) -> int | None:
    """How many bits numbers have that use all but the highest, or of bytes that lack a quarter; None for others."""
    if int(tensor.min()) < 0:
        return None
    if used == _BYTE:
        looked_at = tensor.reshape(-1)[:_LOOKED_AT]
        return None if (looked_at >> (_BYTE - 2)).unique().numel() == _QUARTERS else _BYTE
    return used + 1 if used + 1 in _WIDTHS and used + 1 <= _BYTE * tensor.dtype.itemsize else None


def _may_be_keys(tensor: torch.Tensor, used: int) -> bool:
    # Those that are never negative may be kept below a modulus, by products that 64 bits hold.
    return tensor.dtype is torch.int64 and _KEY_BITS[0] <= used <= _KEY_BITS[1] and int(tensor.min()) < 0


def _widened(tensor: torch.Tensor, result: Any) -> bool:
    return (
        isinstance(result, torch.Tensor)
        and result.dtype in _WHOLE
        and result.dtype.itemsize >= tensor.dtype.itemsize
    )


def _is_view(tensor: torch.Tensor, result: Any) -> bool:
    results = result if isinstance(result, (list, tuple)) else [result]
    storage = tensor.untyped_storage()._cdata
    return any(
        isinstance(part, torch.Tensor)
        and part.layout is torch.strided
        and part.untyped_storage()._cdata == storage
        for part in results
    )
