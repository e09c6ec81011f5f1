"""Configurations to choose among where one block size does not fit all: matrix products and long reductions.

The first one is what a machine without a GPU judges and compiles, so it is a plain one. All give the same result, since
they differ in tiles and not in what is summed in which type. A tile takes well under a second to compile: nobody waits
for a search that is longer than what it saves.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field

from fusewright_harness.inductor.program import Kernel

_NARROW = ("fp16", "bf16")
_LARGE = 1024


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
    if kernel.kind == "reduction":
        return _reductions(kernel)
    if kernel.kind == "pointwise":
        return _windows(kernel)
    if kernel.kind != "product":
        return []
    rows, columns = kernel.size_hints["y"], kernel.size_hints["x"]
    pointers = [type_.removeprefix("*") for type_ in kernel.signature.values() if type_.startswith("*")]
    narrow = any(type_ in _NARROW for type_ in pointers)
    large = min(rows, columns) >= _LARGE
    table = (_NARROW_LARGE if large else _NARROW_SMALL) if narrow else (_WIDE_LARGE if large else _WIDE_SMALL)
    fitting = [tile for tile in table if _fits(tile[0], rows) and _fits(tile[1], columns)]
    found = [Choice({"Y": tile[0], "X": tile[1], "R0_": tile[2]}, tile[3], tile[4]) for tile in fitting]
    if found:
        return found
    # Smaller than the smallest tile: one block over the short side, which `tl.dot` wants to be 16 at least.
    return [Choice({"Y": _short(rows), "X": _short(columns), "R0_": 64 if narrow else 32}, 4, 3)]


def warps(kernel: Kernel) -> int:
    """How many warps a program of ``kernel`` has, where its launch works its blocks out from the sizes.

    A thread holds 16 elements of a row, as far as that goes. With fewer most of the time goes into exchanging sums;
    more do not fit into registers.
    """
    length = math.prod(hint for axis, hint in kernel.size_hints.items() if axis.startswith("r"))
    return max(4, min(16, length // 512))


def _reductions(kernel: Kernel) -> list[Choice]:
    """For rows that are walked in steps."""
    summed = [axis.upper() for axis in kernel.size_hints if axis.startswith("r")]
    kept = [axis.upper() for axis in kernel.size_hints if not axis.startswith("r")]
    if len(summed) != 1 or kept != ["X"]:
        return []
    length, outputs = kernel.size_hints[summed[0].lower()], kernel.size_hints["x"]
    table = _ALONG if kernel.inner else _ACROSS
    found = [
        Choice({"X": tile[0], summed[0]: tile[1]}, tile[2], 1)
        for tile in table
        if tile[1] <= max(64, length) and tile[0] <= (1 if outputs == 1 else max(32, outputs))
    ]
    return found or [Choice({"X": table[0][0], summed[0]: table[0][1]}, table[0][2], 1)]


def reads_windows(kernel: Kernel) -> bool:
    """Whether an elementwise kernel reads many neighbours of each element."""
    loads = [
        node
        for node in ast.walk(kernel.function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tl.load"
    ]
    return kernel.kind == "pointwise" and len(loads) >= _MANY_LOADS and list(kernel.size_hints) == ["x"]


def _windows(kernel: Kernel) -> list[Choice]:
    """For kernels that read windows: with few elements a thread keeps them in registers."""
    if not reads_windows(kernel) or kernel.size_hints["x"] < _WORTH_CHOOSING:
        return []
    return [Choice({"X": block}, warps, 1) for block, warps in _WINDOWS]


def _fits(tile: int, hint: int) -> bool:
    return tile <= max(32, hint)


def _short(hint: int) -> int:
    return max(16, min(64, hint))


_MANY_LOADS = 6
_WORTH_CHOOSING = 1 << 17
# Elements of a program, warps.
_WINDOWS = ((512, 4), (256, 4), (128, 4), (1024, 4))
# Outputs, elements in a step, warps: along neighbouring elements, and across them.
_ALONG = ((1, 2048, 8), (1, 4096, 16), (1, 1024, 4), (4, 1024, 8))
_ACROSS = ((64, 32, 4), (32, 64, 8), (128, 16, 4), (32, 128, 16))
# Rows, columns, summed elements in a step, warps, stages: whole tiles of tensor cores, on cards since 2020. Where a
# matrix is small, a quarter of it in one tile would leave most of the card idle.
_NARROW_LARGE = ((128, 128, 64, 8, 3), (128, 256, 64, 8, 3), (64, 128, 64, 4, 4), (128, 64, 64, 4, 4))
_NARROW_SMALL = ((64, 64, 64, 4, 3), (128, 64, 64, 4, 4), (64, 32, 64, 4, 4), (32, 64, 64, 4, 4))
# In float32 a product is done without tensor cores: what counts is how many sums a thread holds for what it reads.
_WIDE_LARGE = ((64, 64, 16, 4, 3), (128, 64, 16, 4, 3), (64, 128, 16, 4, 3), (128, 128, 16, 8, 3))
_WIDE_SMALL = ((32, 32, 32, 4, 3), (64, 32, 32, 4, 3), (32, 64, 32, 4, 3), (64, 64, 16, 4, 3))
