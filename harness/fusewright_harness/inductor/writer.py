"""From a PYTHON block's reference and inputs to the text of a TRITON block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch._inductor import config

from fusewright_harness.inductor import arguments, emit, helpers, program, rewrites
from fusewright_harness.inductor.fake_device import fake_device
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.rewrites_norms import plain_norms
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.trace import trace
from fusewright_harness.inductor.unsupported import Unsupported
from fusewright_harness.inductor.wrapper import Wrapper


@dataclass(frozen=True)
class Written:
    """A TRITON block."""

    code: str
    kernels: list[str]
    """The kernels' names, in the order of the text."""
    launches: int
    """How many launches a call of the wrapper makes."""


def write(reference: Callable[..., Any], inputs: tuple[Any, ...], *, name: str, target: str) -> Written:
    """A TRITON block whose wrapper, called ``name``, computes what ``reference`` does.

    ``inputs`` are the arguments of one call, on any device; sizes and numbers are not burnt in. ``target`` is the card
    to write for, such as ``sm_90``. What the reference itself raises is passed through.

    Raises:
        Unsupported: no kernel can be written; says which operator stands in the way.
        ValueError: the target is not known.

    """
    taken = arguments.take_apart(reference, inputs)
    settings = emit.settings(rewrites.config_patches())
    with fake_device(target), config.patch(settings), rewrites.rewritten(), plain_norms():
        traced = trace(reference, taken)
        text = emit.emit(traced)
    names = Names(
        {leaf.name for leaf in taken.leaves} | {p.name for p in taken.parameters} | helpers.NAMES | {"grid"}
    )
    names.take(name)
    sizes = Sizes(traced, reference, names)
    read = program.read(text, sizes.symbols)
    if not read.launches:
        raise Unsupported("nothing to compute", "the reference computes nothing that a kernel could do")
    wrapper = Wrapper(name, reference, traced, read, sizes, names, names)
    lines = wrapper.lines()
    return Written(_block(wrapper, lines), [kernel.name for kernel in wrapper.kernels], len(read.launches))


def _block(wrapper: Wrapper, lines: list[str]) -> str:
    needed = set().union(*(kernel.helpers for kernel in wrapper.kernels))
    functions = [text for kernel in wrapper.kernels for text in kernel.functions]
    parts = [
        *helpers.sources(needed),
        *functions,
        *(kernel.source for kernel in wrapper.kernels),
        "\n".join(lines),
    ]
    body = "\n\n\n".join(parts)
    version = ".".join(torch.__version__.split("+")[0].split(".")[:2])
    head = [
        f"# Written by TorchInductor (torch {version}) and made standalone by Fusewright.",
        *(["import math", ""] if "math." in "\n".join(lines) else []),
        "import torch",
        "import triton",
        "import triton.language as tl",
    ]
    if "libdevice." in body:
        head.append("from triton.language.extra import libdevice")
    return "\n".join(head) + "\n\n\n" + body + "\n"
