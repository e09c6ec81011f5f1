"""Launches: blocks, grids, warps."""

from __future__ import annotations

import ast

from fusewright_harness.inductor import products
from fusewright_harness.inductor.kernel import StandaloneKernel
from fusewright_harness.inductor.layout import call_lines

_TILE = 2048
"""Elements that a program of a reduction holds at a time."""
_MOST_ROWS = 64
_COLUMNS = 32
"""Neighbouring elements that a program reads at once where it reduces across them."""
_MOST_HELD = 16384
_USUAL_WARPS = 4


def lines(kernel: StandaloneKernel, arguments: list[str], computed: dict[str, str]) -> list[str]:
    """The launch of ``kernel`` in the wrapper."""
    extents = {}
    for block in kernel.blocks:
        text = "1" if block.extent is None else ast.unparse(block.extent)
        extents[block.axis] = computed.get(text, text)
    names = {block.axis: block.name for block in kernel.blocks}
    tuned = len(kernel.choices) > 1
    if tuned:
        sizes = {axis: f'meta["{name}"]' for axis, name in names.items()}
        given = []
    elif kernel.choices:
        sizes = {axis: str(size) for axis, size in kernel.choices[0].blocks.items()}
        given = kernel.choices[0].arguments(names)
    else:
        chosen = _blocks(kernel)
        sizes = {axis: chosen[name] for axis, name in names.items()}
        given = [f"{name}={value}" for name, value in chosen.items()]
        if kernel.warps != _USUAL_WARPS:
            given.append(f"num_warps={kernel.warps}")
    if kernel.kind == products.KIND:
        # A program for each tile; the tiles of one of a batch lie in one dimension of the grid.
        parts = [f"triton.cdiv({extents['Y']}, {sizes['Y']}) * triton.cdiv({extents['X']}, {sizes['X']})"]
        parts += [extents["Z"]] if "Z" in extents else []
    else:
        held = {block.axis for block in kernel.blocks if block.whole}
        parts = [
            extents[axis]
            if "1" in (sizes[axis], extents[axis])
            else f"triton.cdiv({extents[axis]}, {sizes[axis]})"
            for axis in ("X", "Y", "Z")
            if axis in names and axis not in held
        ]
    grid = f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    launch = call_lines(f"{kernel.name}[grid](", [*arguments, *given], ")")
    if not tuned:
        return [f"grid = {grid}", *launch]
    return ["", *call_lines("def grid(", ["meta"], "):"), f"    return {grid}", "", *launch]


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
    outputs = kernel.size_hints.get("x", _MOST_ROWS)
    if kernel.across and outputs >= _COLUMNS and _COLUMNS * length <= _MOST_HELD:
        return str(_COLUMNS)
    return str(max(1, min(_MOST_ROWS, outputs, _TILE // max(1, length))))
