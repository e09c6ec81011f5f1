"""TorchInductor's own text for a traced graph: a module with its Triton kernels and the calls that launch them.

Nothing is launched or compiled here. The settings ask for what a person would write: one kernel for as much as
possible, one row of a reduction held at once where it fits, nothing that is measured or depends on the machine.
"""

from __future__ import annotations

import contextlib
from typing import Any

import sympy
import torch
from torch._inductor import config
from torch._inductor.choices import InductorChoices
from torch._inductor.codegen.triton import TritonKernel
from torch._inductor.codegen.wrapper import PythonWrapperCodegen
from torch._inductor.debug import DebugContext
from torch._inductor.fx_passes.post_grad import post_grad_passes, view_to_reshape
from torch._inductor.graph import GraphLowering
from torch._inductor.ir import Buffer, ComputedBuffer, Pointwise
from torch._inductor.virtualized import V
from torch.utils._pytree import tree_map
from torch.utils._sympy import functions

from fusewright_harness.inductor.buffers import buffer_names
from fusewright_harness.inductor.trace import Traced

_DEVICE = torch.device("cuda", 0)
LONGEST_HELD_ROW = 16384
"""Elements of a row that a program holds at once; longer rows are walked in steps."""
LONGEST_HELD_COLUMN = 512
"""The same where what is summed lies apart, so that a program holds several columns side by side."""

_WORTH_SPLITTING = 1 << 20
"""Elements from which on two launches may take less than one of few programs."""
_COLUMNS_OF_A_PROGRAM = 32
_HALF_OF_A_CARD = 64

_SETTINGS: dict[str, Any] = {
    "compile_threads": 1,
    "fx_graph_cache": False,
    "force_disable_caches": True,
    "split_reductions": True,
    "combo_kernels": False,
    "benchmark_kernel": False,
    "max_autotune": False,
    "max_autotune_gemm": False,
    "shape_padding": False,
    "coordinate_descent_tuning": False,
    "triton.multi_kernel": 0,
    "triton.cooperative_reductions": False,
    "triton.persistent_reductions": True,
    "triton.use_block_ptr": False,
    "triton.unique_kernel_names": True,
    "triton.descriptive_names": "original_aten",
    "triton.store_cubin": False,
    "triton.cudagraphs": False,
    "size_asserts": False,
    "nan_asserts": False,
    "scalar_asserts": False,
    "alignment_asserts": False,
    "assert_indirect_indexing": False,
    "generate_intermediate_hooks": False,
    "memory_planning": False,
    "allow_buffer_reuse": False,
    "inplace_buffers": False,
    "implicit_fallbacks": True,
    "online_softmax": False,
    "comment_origin": False,
    "emulate_precision_casts": False,
    "worker_start_method": "subprocess",
}


def settings(extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """Inductor's settings for one emission; those that this version does not have are left out."""
    wanted = {**_SETTINGS, **(extra or {})}
    return {name: value for name, value in wanted.items() if _has(name)}


def _has(name: str) -> bool:
    owner: Any = config
    for part in name.split("."):
        if not hasattr(owner, part):
            return False
        owner = getattr(owner, part)
    return True


class _Choices(InductorChoices):
    """Inductor's choices, but rows are held at once although their length is a symbol."""

    @staticmethod
    def should_use_persistent_reduction(features: Any, cooperative_reduction: bool) -> bool:
        numel = features.reduction_numel
        hint = V.graph._fusewright_hint(numel)
        inner = str(getattr(features.get_reduction_hint(), "name", "")) in ("INNER", "DEFAULT", "OUTER_TINY")
        if cooperative_reduction or hint is None or _multiplies(features):
            return False
        return hint <= (LONGEST_HELD_ROW if inner else LONGEST_HELD_COLUMN)

    def reduction_split_factor(
        self, device: Any, reduction_numel_hint: int, numel_hint: int, inner_reduction: bool
    ) -> int:
        """Into how many parts a reduction is split; one launch is kept where it fills half of a card."""
        programs = numel_hint if inner_reduction else numel_hint // _COLUMNS_OF_A_PROGRAM
        if reduction_numel_hint * numel_hint < _WORTH_SPLITTING or programs >= _HALF_OF_A_CARD:
            return 1
        return super().reduction_split_factor(device, reduction_numel_hint, numel_hint, inner_reduction)


def _multiplies(features: Any) -> bool:
    """Whether a kernel multiplies matrices, which is done in steps of the summed index."""
    nodes = [getattr(node, "node", None) for node in features.node_schedule]
    return any(getattr(node, "get_reduction_type", lambda: None)() == "dot" for node in nodes)


@contextlib.contextmanager
def _symbolic_rows() -> Any:
    """Lets a row of symbolic length be held at once: the text says how long the block is for the hint's length."""
    original = TritonKernel.__dict__["_get_persistent_RBLOCK"]

    def block(numel: Any) -> int:
        hint = V.graph._fusewright_hint(V.graph.sizevars.simplify(numel))
        if hint is None:
            return original.__func__(numel)
        return 1 << (max(1, hint) - 1).bit_length()

    TritonKernel._get_persistent_RBLOCK = staticmethod(block)
    try:
        yield
    finally:
        TritonKernel._get_persistent_RBLOCK = original


@contextlib.contextmanager
def _whole_bits() -> Any:
    """Lets bitwise operations on numbers among the arguments be whole, where Inductor would make floats of them."""
    kinds = [kind for name, kind in vars(functions).items() if name.startswith("BitwiseFn_")]
    before = [kind.is_integer for kind in kinds]
    for kind in kinds:
        kind.is_integer = True
    try:
        yield
    finally:
        for kind, value in zip(kinds, before, strict=True):
            kind.is_integer = value


@contextlib.contextmanager
def _parts_known(traced: Traced) -> Any:
    """Lets a size be a number of parts or places: older versions want every symbol to be the size of some dimension."""
    parts = {
        symbol for symbol, origin in traced.origins.items() if origin.what in ("part", "places", "count")
    }
    original = PythonWrapperCodegen.codegen_input_symbol_assignment

    def assign(wrapper: Any, name: Any, value: Any, bound_vars: Any, *more: Any, **named: Any) -> Any:
        bound_vars.update(parts)
        return original(wrapper, name, value, bound_vars, *more, **named)

    PythonWrapperCodegen.codegen_input_symbol_assignment = assign
    try:
        yield
    finally:
        PythonWrapperCodegen.codegen_input_symbol_assignment = original


@contextlib.contextmanager
def _long_chains_once() -> Any:
    """Has a long chain that reads nothing, such as random bits made of places, computed once.

    Inductor would write it out wherever it is read, which doubles with every step of a chain like a cipher's rounds.
    """
    original = ComputedBuffer.make_loader

    def make_loader(buffer: ComputedBuffer) -> Any:
        if isinstance(buffer.data, Pointwise) and buffer.data.has_large_inner_fn():
            return Buffer.make_loader(buffer)
        return original(buffer)

    ComputedBuffer.make_loader = make_loader
    try:
        yield
    finally:
        ComputedBuffer.make_loader = original


def emit(traced: Traced) -> str:
    """The text of the module that Inductor would compile for ``traced``; called with the device faked."""
    hints = {symbol: sympy.sympify(origin.hint) for symbol, origin in traced.origins.items()}

    def hint_of(expression: Any) -> int | None:
        value = sympy.sympify(expression).xreplace(traced.environment.replacements).xreplace(hints)
        return int(value) if value.is_number else None

    graph = traced.graph
    choices = V.set_choices_handler(_Choices())
    modes = contextlib.ExitStack()
    for mode in (choices, V.set_fake_mode(traced.fake_mode), DebugContext(), torch.no_grad()):
        modes.enter_context(mode)
    with modes, _symbolic_rows(), _parts_known(traced), _whole_bits(), _long_chains_once():
        view_to_reshape(graph)
        post_grad_passes(graph, is_inference=True)
        with traced.fake_mode:
            inputs = [_on_device(value) for value in traced.inputs]
            _move(graph)
        graph.graph.lint()
        graph.recompile()
        lowering = GraphLowering(
            graph,
            example_inputs=inputs,
            is_inference=True,
            shape_env=traced.environment,
            cpp_wrapper=False,
        )
        lowering._fusewright_hint = hint_of
        with V.set_graph_handler(lowering), V.set_extern_kernel_nodes([]):
            lowering.run(*inputs)
            text = lowering.codegen()
        traced.buffers = buffer_names(lowering, [leaf.name for leaf in traced.leaves])
    text = text[0] if isinstance(text, tuple) else text
    return getattr(text, "value", text)


def _on_device(value: Any) -> Any:
    """The like of a fake tensor on the host, or of a device, on the faked device; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=_DEVICE)
    return _DEVICE if isinstance(value, torch.device) else value


def _move(graph: torch.fx.GraphModule) -> None:
    """Has the graph's tensors on the faked device, which is where its kernels are for."""
    for node in graph.graph.nodes:
        node.args = tree_map(_on_device, node.args)
        node.kwargs = tree_map(_on_device, node.kwargs)
        if "val" in node.meta:
            node.meta["val"] = tree_map(_on_device, node.meta["val"])
