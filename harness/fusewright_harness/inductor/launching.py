"""Launches: blocks, grids, warps."""

from __future__ import annotations

import ast

from fusewright_harness.inductor import products
from fusewright_harness.inductor.kernel import StandaloneKernel
from fusewright_harness.inductor.layout import call_lines

_TILE = 2048
"""Elements that a program of a reduction holds at a time."""


def lines(kernel: StandaloneKernel, arguments: list[str], computed: dict[str, str]) -> list[str]:
    """The launch of ``kernel`` in the wrapper."""
    if kernel.kind == products.KIND:
        return _product(kernel, arguments, computed)
    chosen = _blocks(kernel)
    text = []
    grid = []
    for block in kernel.blocks:
        value = chosen[block.name]
        if not block.whole and not block.axis.startswith("R"):
            extent = "1" if block.extent is None else ast.unparse(block.extent)
            extent = computed.get(extent, extent)
            grid.append((block.axis, f"triton.cdiv({extent}, {value})"))
    order = {"X": 0, "Y": 1, "Z": 2}
    parts = [part for _axis, part in sorted(grid, key=lambda item: order.get(item[0], 3))]
    grid_text = f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    arguments = [*arguments, *(f"{name}={value}" for name, value in chosen.items())]
    text.append(f"grid = {grid_text}")
    text += call_lines(f"{kernel.name}[grid](", arguments, ")")
    return text


def _product(kernel: StandaloneKernel, arguments: list[str], computed: dict[str, str]) -> list[str]:
    """The launch of a matrix product: a program for each tile, the tiles of a batch in one dimension of the grid."""
    found = kernel.choices
    names = {block.axis: block.name for block in kernel.blocks}
    extents = {}
    for block in kernel.blocks:
        text = "1" if block.extent is None else ast.unparse(block.extent)
        extents[block.axis] = computed.get(text, text)
    tuned = len(found) > 1
    sizes = {axis: f'meta["{names[axis]}"]' if tuned else str(found[0].blocks[axis]) for axis in ("Y", "X")}
    tiles = f"triton.cdiv({extents['Y']}, {sizes['Y']}) * triton.cdiv({extents['X']}, {sizes['X']})"
    grid = f"({tiles}, {extents['Z']})" if "Z" in extents else f"({tiles},)"
    if not tuned:
        arguments = [*arguments, *found[0].arguments(names)]
        return [f"grid = {grid}", *call_lines(f"{kernel.name}[grid](", arguments, ")")]
    return [
        "",
        *call_lines("def grid(", ["meta"], "):"),
        f"    return {grid}",
        "",
        *call_lines(f"{kernel.name}[grid](", arguments, ")"),
    ]


def _blocks(kernel: StandaloneKernel) -> dict[str, str]:
    free = [block for block in kernel.blocks if not block.axis.startswith("R")]
    chosen = {}
    reduced = any(block.axis.startswith("R") for block in kernel.blocks)
    for block in kernel.blocks:
        if block.whole:
            chosen[block.name] = (
                f"triton.next_power_of_2({ast.unparse(block.extent)})" if block.extent else "1"
            )
        elif block.axis.startswith("R"):
            # A tile of both; large ones take the compiler half a minute.
            chosen[block.name] = str(max(16, _TILE // int(_rows(kernel))))
        elif reduced:
            chosen[block.name] = _rows(kernel)
        else:
            chosen[block.name] = "1024" if len(free) == 1 else "32"
    return chosen


def _rows(kernel: StandaloneKernel) -> str:
    """How many rows a program reduces: more where they are short."""
    length = 1
    for axis, hint in kernel.size_hints.items():
        if axis.startswith("r"):
            length *= hint
    return str(max(1, min(64, _TILE // max(1, length))))
