"""Registers and spills of a compiled kernel, read from its cubin.

A cubin is an ELF file whose section ``.nv.info`` lists attributes of each function; the numbers are those that
``ptxas -v`` prints, without running it again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Attribute formats and numbers as nvdisasm names them.
_SIZED_VALUE = 0x04
_REGCOUNT = 0x2F
_FRAME_SIZE = 0x11


@dataclass(frozen=True)
class Resources:
    """Registers a thread uses, and bytes of its stack: triton's kernels have none but for spilled registers."""

    registers: int
    stack_bytes: int


def resources(cubin: bytes) -> Resources:
    """The resources of the one kernel in ``cubin``.

    Raises:
        ValueError: the bytes are no cubin, or one without these attributes.

    """
    try:
        attributes = _attributes(_section(cubin, b".nv.info"))
    except (struct.error, IndexError) as error:
        raise ValueError("the compiled kernel is not a cubin that can be read") from error
    if _REGCOUNT not in attributes:
        raise ValueError("the compiled kernel does not say how many registers it uses")
    return Resources(attributes[_REGCOUNT], attributes.get(_FRAME_SIZE, 0))


def _section(elf: bytes, name: bytes) -> bytes:
    if elf[:5] != b"\x7fELF\x02":
        raise ValueError("the compiled kernel is not a 64-bit ELF file")
    table = struct.unpack_from("<Q", elf, 0x28)[0]
    entry_size, count, names_index = struct.unpack_from("<HHH", elf, 0x3A)

    def header(index: int) -> tuple[int, int, int]:
        base = table + index * entry_size
        return (
            struct.unpack_from("<I", elf, base)[0],
            *struct.unpack_from("<QQ", elf, base + 0x18),
        )

    _, names_offset, names_size = header(names_index)
    names = elf[names_offset : names_offset + names_size]
    for index in range(count):
        name_offset, offset, size = header(index)
        if names[name_offset : names.index(b"\0", name_offset)] == name:
            return elf[offset : offset + size]
    raise ValueError(f"the compiled kernel has no section {name.decode()}")


def _attributes(info: bytes) -> dict[int, int]:
    """Attribute number to its largest value over all functions of the cubin."""
    found: dict[int, int] = {}
    position = 0
    while position + 4 <= len(info):
        layout, attribute, size = struct.unpack_from("<BBH", info, position)
        position += 4
        if layout != _SIZED_VALUE:
            continue
        if size == 8 and attribute in (_REGCOUNT, _FRAME_SIZE):
            value = struct.unpack_from("<I", info, position + 4)[0]
            found[attribute] = max(found.get(attribute, 0), value)
        position += size
    return found
