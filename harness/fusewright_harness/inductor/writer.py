"""From a PYTHON block's reference and inputs to the text of a TRITON block."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch._inductor import config
from torch._inductor.exc import LoweringException
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from fusewright_harness.inductor import arguments, emit, helpers, program, rewrites
from fusewright_harness.inductor.fake_device import fake_device
from fusewright_harness.inductor.modules import in_class
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.quotes import double_quoted
from fusewright_harness.inductor.rewrites_norms import plain_norms
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.trace import strides_matter, trace
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


def write(
    reference: Callable[..., Any],
    inputs: tuple[Any, ...],
    named: dict[str, Any] | None = None,
    *,
    name: str,
    target: str,
) -> Written:
    """A TRITON block whose wrapper, called ``name``, computes what ``reference`` does.

    ``inputs`` and, by name, ``named`` are the arguments of one call, on any device; sizes and numbers are not burnt
    in. ``target`` is the card to write for, such as ``sm_90``. What the reference itself raises is passed through.

    Raises:
        Unsupported: no kernel can be written; says which operator stands in the way.
        ValueError: the target is not known.

    """
    taken = arguments.take_apart(reference, inputs, named)
    settings = emit.settings(rewrites.config_patches())
    with fake_device(target), config.patch(settings), rewrites.rewritten(), plain_norms(), _named_refusals():
        traced = trace(reference, taken)
        text = emit.emit(traced)
        if strides_matter(traced):
            traced = trace(reference, taken, strided=False)
            text = emit.emit(traced)
    names = Names(
        {leaf.name for leaf in taken.leaves} | {p.name for p in taken.parameters} | helpers.NAMES | {"grid"}
    )
    names.take(name)
    names.take("self")
    sizes = Sizes(traced, reference, names)
    read = program.read(text, sizes.symbols)
    if not read.launches:
        raise Unsupported("nothing to compute", "the reference computes nothing that a kernel could do")
    wrapper = Wrapper(name, reference, traced, read, sizes, names, names)
    lines, imports = wrapper.lines(), []
    if taken.module is not None:
        imports, lines = in_class(taken.module, name, lines)
    return Written(
        _block(wrapper, lines, imports), [kernel.name for kernel in wrapper.kernels], len(read.launches)
    )


@contextlib.contextmanager
def _named_refusals() -> Iterator[None]:
    """Turns what torch's own tracing and lowering refuse into a sentence that names the operator."""
    try:
        yield
    except LoweringException as error:
        found = re.search(r"target: (?:aten\.)?([\w.]+)", str(error))
        operator = found.group(1).removesuffix(".default") if found else "unknown"
        raise Unsupported(
            operator,
            f"TorchInductor cannot write `{operator}` for these arguments: write this part differently",
        ) from error
    except (GuardOnDataDependentSymNode, DataDependentOutputException, DynamicOutputShapeException) as error:
        raise Unsupported(
            "data-dependent shape",
            "the reference's shapes or its Python depend on the contents of a tensor, which no kernel can be written "
            "for ahead: use masks of fixed shapes",
        ) from error


def _block(wrapper: Wrapper, lines: list[str], imports: list[str]) -> str:
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
    head += [text for text in imports if text not in head]
    return double_quoted("\n".join(head) + "\n\n\n" + body + "\n")
