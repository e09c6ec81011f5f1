"""Configurations to choose among where one block size does not fit all: matrix products.

The first one is what a machine without a GPU judges and compiles, so it is a plain one. All give the same result, since
they differ in tiles and not in what is summed in which type. A tile takes well under a second to compile: nobody waits
for a search that is longer than what it saves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fusewright_harness.inductor.program import Kernel

_NARROW = ("fp16", "bf16")


@dataclass(frozen=True)
class Choice:
    """Blocks by axis (``Y``, ``X``, ``R0_``), and how a program is run."""

    blocks: dict[str, int] = field(hash=False)
    warps: int = 4
    stages: int = 3

    def text(self, names: dict[str, str]) -> str:
        """The ``triton.Config`` for blocks that are called ``names``."""
        blocks = ", ".join(f'"{names[axis]}": {size}' for axis, size in self.blocks.items())
        return f"triton.Config({{{blocks}}}, num_warps={self.warps}, num_stages={self.stages})"

    def arguments(self, names: dict[str, str]) -> list[str]:
        """What a launch in this one configuration is given."""
        blocks = [f"{names[axis]}={size}" for axis, size in self.blocks.items()]
        return [*blocks, f"num_warps={self.warps}", f"num_stages={self.stages}"]


def choices(kernel: Kernel) -> list[Choice]:
    """The configurations for ``kernel``; none where its launch works its blocks out from the sizes."""
    if kernel.kind != "product":
        return []
    rows, columns = kernel.size_hints["y"], kernel.size_hints["x"]
    pointers = [type_.removeprefix("*") for type_ in kernel.signature.values() if type_.startswith("*")]
    narrow = any(type_ in _NARROW for type_ in pointers)
    table = _NARROW_TILES if narrow else _WIDE_TILES
    fitting = [tile for tile in table if _fits(tile[0], rows) and _fits(tile[1], columns)]
    found = [Choice({"Y": tile[0], "X": tile[1], "R0_": tile[2]}, tile[3], tile[4]) for tile in fitting]
    if found:
        return found
    # Smaller than the smallest tile: one block over the short side, which `tl.dot` wants to be 16 at least.
    return [Choice({"Y": _short(rows), "X": _short(columns), "R0_": 64 if narrow else 32}, 4, 3)]


def _fits(tile: int, hint: int) -> bool:
    return tile <= max(32, hint)


def _short(hint: int) -> int:
    return max(16, min(64, hint))


# Rows, columns, summed elements in a step, warps, stages. Whole tiles of tensor cores, on cards since 2020.
_NARROW_TILES = (
    (64, 64, 64, 4, 3),
    (128, 128, 64, 8, 3),
    (128, 64, 64, 4, 4),
    (64, 128, 64, 4, 4),
    (128, 256, 64, 8, 3),
    (32, 64, 64, 4, 4),
    (64, 32, 64, 4, 4),
)
# In float32 a product is done without tensor cores, and registers hold less.
_WIDE_TILES = (
    (64, 64, 16, 4, 3),
    (32, 32, 32, 4, 3),
    (64, 32, 32, 4, 3),
    (32, 64, 32, 4, 3),
    (128, 64, 16, 8, 3),
)
