"""The text of a kernel: its decorators, its parameters, what one program does, and its statements."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from fusewright_harness.inductor import configs, products
from fusewright_harness.inductor.indices import Indices
from fusewright_harness.inductor.layout import call_lines, statement_lines
from fusewright_harness.inductor.parameters import Parameters
from fusewright_harness.inductor.program import Kernel
from fusewright_harness.inductor.statements import walk


@dataclass(frozen=True)
class Block:
    """A block's extent: a constant of the kernel that the launch decides."""

    name: str
    axis: str
    """Inductor's axis: ``X``, ``Y``, ``Z``, ``R0_``, ``R1_``."""
    extent: ast.expr | None
    """How many elements there are along the axis, in the wrapper's names."""
    whole: bool
    """Whether one block holds the whole extent."""


def kernel_text(
    name: str,
    kernel: Kernel,
    body: list[ast.stmt],
    parameters: Parameters,
    blocks: list[Block],
    indices: Indices,
    doubles: set[str],
) -> str:
    """The kernel called ``name`` with the statements of ``body``; ``doubles`` are the parameters taken in float64."""
    used = parameters.used(body)
    divisors = _divisors(body) if configs.reads_windows(kernel) else set()
    constants = divisors | parameters.windows
    types = dict.fromkeys(doubles, ": tl.float64") | dict.fromkeys(constants, ": tl.constexpr")
    taken = [f"{one}{types.get(one, '')}" for one, _value in used]
    taken += [f"{block.name}: tl.constexpr" for block in blocks if block.name]
    lines = [
        *_autotuning(kernel, parameters, [one for one, _value in used], blocks),
        "@triton.jit",
        *call_lines(f"def {name}(", taken, "):"),
        f'    """{_about(kernel, blocks, indices)}"""',
    ]
    for statement in body:
        ast.fix_missing_locations(statement)
        lines += ["    " + line for line in statement_lines(statement)]
    # `unparse` knows single quotes alone.
    return re.sub(r"'(-?inf|nan)'", r'"\1"', "\n".join(lines))


def _autotuning(kernel: Kernel, parameters: Parameters, used: list[str], blocks: list[Block]) -> list[str]:
    """The decorator that chooses among several configurations, where there is a choice."""
    found = configs.choices(kernel)
    if len(found) < 2:
        return []
    names = {block.axis: block.name for block in blocks}
    lines = ["@triton.autotune(", "    configs=["]
    lines += [f"        {choice.text(names)}," for choice in found]
    renamed = parameters.renamed
    wanted = {renamed[name] for name in renamed if name.endswith("numel")}
    keys = ", ".join(f'"{name}"' for name in used if name in wanted)
    return [*lines, "    ],", f"    key=[{keys}],", ")"]


def _divisors(body: list[ast.stmt]) -> set[str]:
    """The sizes that places are divided by. As constants of the compiled kernel they are divided by in no time."""
    found = set()
    for node in walk(body):
        match node:
            case ast.BinOp(op=ast.FloorDiv() | ast.Mod(), right=ast.Name(id=name)):
                found.add(name)
    return found


def _about(kernel: Kernel, blocks: list[Block], indices: Indices) -> str:
    """What one program does, as a sentence."""
    reduced = [block for block in blocks if block.axis.startswith("R")]
    kept = [block for block in blocks if block.name and not block.axis.startswith("R")]
    if kernel.kind == products.KIND:
        return (
            f"A tile of the product, summed in steps of {reduced[0].name}; tiles nearby run at the same time."
        )
    if not reduced or len(kept) != 1:
        sizes = " by ".join(block.name for block in kept)
        return f"{sizes} elements in each program."
    along = " and ".join(indices.words[block.axis][0] for block in reduced)
    each = f"{kept[0].name} {indices.words[kept[0].axis][0]} in each program"
    if all(block.whole for block in reduced):
        return f"{each}, with all {along} held at once."
    return f"{each}, their {along} in steps of {reduced[-1].name}."
