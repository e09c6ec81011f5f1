"""Memory accesses outside of a kernel's arguments, named instead of carried out.

While a kernel runs, a pointer argument is the tensor's real address with the argument's number in the 16 bits that
addresses do not use. Pointer arithmetic leaves the number where it is, so every lane of every access can be held
against the very argument it came from, even if it would land in another argument's memory.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

_TAG_SHIFT = 48
ADDRESS = np.uint64((1 << _TAG_SHIFT) - 1)
# Processes have addresses below this; what is larger and has no tag came from a tagged address by subtraction.
_USER_SPACE = 1 << 47
# Tags stay below this so that a tagged pointer is a positive int64.
_MOST_ARGUMENTS = 1 << 15


class OutOfBounds(Exception):
    """A lane of a load, store or atomic fell outside of the tensor that its pointer belongs to.

    ``program`` is the program's index in the grid, ``lane`` the first such lane's index in the block, ``lanes`` how
    many there were, ``argument`` the parameter's name, ``offset`` the element the lane would have touched, counted
    from the tensor's first element, and ``elements`` how many there are from that element to the end of its storage.
    """

    def __init__(
        self,
        access: str,
        program: tuple[int, ...],
        lane: tuple[int, ...],
        lanes: int,
        argument: str | None,
        offset: int | None,
        elements: int | None,
    ) -> None:
        self.access = access
        self.program = program
        self.lane = lane
        self.lanes = lanes
        self.argument = argument
        self.offset = offset
        self.elements = elements
        super().__init__(self._message())

    def _message(self) -> str:
        lane = (
            "its only lane" if not self.lane else f"lane {self.lane[0] if len(self.lane) == 1 else self.lane}"
        )
        more = f", the first of {self.lanes}," if self.lanes > 1 else ""
        place = f"{self.access} out of bounds in program {self.program}: {lane}{more} touches"
        if self.argument is None:
            return f"{place} memory that belongs to no tensor"
        return (
            f"{place} element {self.offset} of `{self.argument}`, which has elements 0 to {self.elements - 1}"
            if self.elements
            else f"{place} element {self.offset} of `{self.argument}`, which is empty"
        )


@dataclass
class _Argument:
    name: str
    data_ptr: int
    start: int
    end: int


@dataclass
class ArgumentTable:
    """The tensors of the launch at hand, by tag; tag 0 is for addresses that came from somewhere else."""

    arguments: list[_Argument] = field(default_factory=list)
    _elsewhere: list[tuple[int, int]] | None = None

    def clear(self) -> None:
        """Forget the last launch."""
        self.arguments.clear()
        self._elsewhere = None

    def tag(self, name: str, tensor: Any) -> int:
        """The tagged address of ``tensor``'s first element, for the parameter ``name``."""
        with torch._C.DisableTorchFunction():
            storage = tensor.untyped_storage()
            start, data_ptr = storage.data_ptr(), tensor.data_ptr()
            size = storage.nbytes()
        if len(self.arguments) + 1 >= _MOST_ARGUMENTS:
            raise ValueError(
                f"a kernel with more than {_MOST_ARGUMENTS} tensor arguments cannot be interpreted"
            )
        self.arguments.append(_Argument(name, data_ptr, start, start + size))
        return data_ptr | len(self.arguments) << _TAG_SHIFT

    def resolve(
        self, access: str, program: tuple[int, ...], pointers: Any, mask: np.ndarray | None
    ) -> np.ndarray:
        """The real addresses (uint64) of ``pointers``.

        Raises:
            OutOfBounds: a lane that ``mask`` leaves on is outside of its tensor's storage.

        """
        addresses = pointers.data
        size = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        active = addresses if mask is None else addresses[mask]
        if active.size and not self._within_one(active, size):
            self._check_each(access, program, addresses, mask, size)
        return addresses & ADDRESS

    def argument_of(self, addresses: np.ndarray) -> _Argument | None:
        """The one argument that all of some tagged addresses belong to, or None."""
        if not addresses.size:
            return None
        tag = int(addresses.flat[0]) >> _TAG_SHIFT
        if not 0 < tag <= len(self.arguments) or bool((addresses >> np.uint64(_TAG_SHIFT) != tag).any()):
            return None
        return self.arguments[tag - 1]

    def _within_one(self, active: np.ndarray, size: int) -> bool:
        low, high = int(active.min()), int(active.max())
        tag = low >> _TAG_SHIFT
        if tag == 0 or tag > len(self.arguments):
            return False
        argument = self.arguments[tag - 1]
        base = tag << _TAG_SHIFT
        return base + argument.start <= low and high + size <= base + argument.end

    def _check_each(
        self, access: str, program: tuple[int, ...], addresses: np.ndarray, mask: np.ndarray | None, size: int
    ) -> None:
        bad = np.zeros(addresses.shape, dtype=bool)
        tags = addresses >> np.uint64(_TAG_SHIFT)
        plain = addresses & ADDRESS
        for tag in np.unique(tags):
            here = tags == tag
            if 0 < tag <= len(self.arguments):
                argument = self.arguments[int(tag) - 1]
                inside = (plain >= np.uint64(argument.start)) & (
                    plain + np.uint64(size) <= np.uint64(argument.end)
                )
            elif tag == 0:
                inside = self._inside_any_tensor(plain, size)
            else:
                inside = np.zeros(addresses.shape, dtype=bool)
            bad |= here & ~inside
        if mask is not None:
            bad &= mask
        if not bad.any():
            return
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        tag = int(tags[first])
        lane = () if addresses.size == 1 else first
        count = int(bad.sum())
        if 0 < tag <= len(self.arguments):
            argument = self.arguments[tag - 1]
            offset = (int(plain[first]) - argument.data_ptr) // size
            elements = (argument.end - argument.data_ptr) // size
            raise OutOfBounds(access, program, lane, count, argument.name, offset, elements)
        raise self._stray(access, program, lane, count, int(addresses[first]), size)

    def _stray(
        self,
        access: str,
        program: tuple[int, ...],
        lane: tuple[int, ...],
        count: int,
        address: int,
        size: int,
    ) -> OutOfBounds:
        # An offset of more than 2^48 bytes, negative ones beyond the tensor's address included, changes the tag:
        # the argument whose tagged address is nearest is the one it started from.
        def distance(numbered: tuple[int, _Argument]) -> int:
            tag, argument = numbered
            return abs(address - (tag << _TAG_SHIFT | argument.data_ptr))

        if not self.arguments or address < _USER_SPACE:
            return OutOfBounds(access, program, lane, count, None, None, None)
        tag, argument = min(enumerate(self.arguments, start=1), key=distance)
        offset = (address - (tag << _TAG_SHIFT | argument.data_ptr)) // size
        elements = (argument.end - argument.data_ptr) // size
        return OutOfBounds(access, program, lane, count, argument.name, offset, elements)

    def _inside_any_tensor(self, addresses: np.ndarray, size: int) -> np.ndarray:
        # Kernels may read addresses of tensors from memory (grouped matrix products do). Finding all live tensors
        # is slow, so it is done only when such an address is met.
        if self._elsewhere is None:
            self._elsewhere = []
            with torch._C.DisableTorchFunction():
                for item in gc.get_objects():
                    if issubclass(type(item), torch.Tensor) and item.layout == torch.strided:
                        storage = item.untyped_storage()
                        self._elsewhere.append((storage.data_ptr(), storage.data_ptr() + storage.nbytes()))
        inside = np.zeros(addresses.shape, dtype=bool)
        for start, end in self._elsewhere:
            inside |= (addresses >= np.uint64(start)) & (addresses + np.uint64(size) <= np.uint64(end))
        return inside


# One kernel runs at a time in a process.
TABLE = ArgumentTable()
