"""The reference as a graph of ATen operators, traced on fake tensors whose sizes are symbols.

The tensors are on the host, where "cuda" means the host too: torch's bindings ask CUDA's driver about tensors that
are on a GPU, even where these are fake, and there may be no driver.

Every dimension, and every stride of an input that is not contiguous, is a symbol of its own, and so is every number
among the arguments. What the reference's code asks of them (two sizes that have to be equal, a size that has to be a
number) is kept in the shape environment, and the wrapper checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

from fusewright_harness.cuda_on_cpu import cuda_on_cpu
from fusewright_harness.inductor.arguments import Arguments, Leaf
from fusewright_harness.inductor.loops import Loops
from fusewright_harness.inductor.origins import ORIGINS, Origin
from fusewright_harness.inductor.rewrites import decomposition_table
from fusewright_harness.inductor.unsupported import Unsupported
from fusewright_harness.inductor.window_operators import Windows


@dataclass
class Traced:
    """A graph, and what its symbols stand for."""

    graph: torch.fx.GraphModule
    environment: ShapeEnv
    fake_mode: FakeTensorMode
    inputs: list[Any]
    """The graph's inputs: fake tensors and symbols."""
    arguments: Arguments
    strided: bool
    """Whether inputs that are not contiguous kept strides of their own."""
    leaves: list[Leaf]
    """The graph's inputs as leaves of the arguments, in order."""
    origins: dict[sympy.Symbol, Origin] = field(default_factory=dict)
    conditions: list[Any] = field(default_factory=list)
    """What the reference's code asked of the symbols, and got to be true."""
    result: Any = None
    """The reference's result, with the number of the graph's output in each tensor's place."""
    buffers: dict[str, str] = field(default_factory=dict)
    """What Inductor's buffers hold, once the graph is lowered."""

    @property
    def windows(self) -> list[Leaf]:
        """The numbers among the arguments that say what a window is."""
        said = {o.leaf for o in self.origins.values() if o.what == "number" and o.least is not None}
        return [leaf for leaf in self.leaves if leaf in said]


class _Inputs:
    """Makes the symbolic inputs."""

    def __init__(self, environment: ShapeEnv, strided: bool) -> None:
        self._environment = environment
        self._strided = strided
        self.origins: dict[sympy.Symbol, Origin] = {}

    def fake(self, leaf: Leaf) -> Any:
        if leaf.is_tensor:
            return self._tensor(leaf)
        return self._number(leaf)

    def _tensor(self, leaf: Leaf) -> torch.Tensor:
        tensor = leaf.value
        if tensor.layout is not torch.strided or tensor.is_complex() or tensor.is_quantized:
            raise Unsupported(
                str(tensor.dtype if tensor.is_complex() else tensor.layout),
                f"`{leaf.path}` is a tensor of {tensor.dtype} and {tensor.layout}: "
                "kernels are written for dense tensors of real numbers alone",
            )
        sizes = [self._size(leaf, dimension, size) for dimension, size in enumerate(tensor.shape)]
        if tensor.is_contiguous() or not self._strided:
            return torch.empty(sizes, dtype=tensor.dtype)
        strides = [
            self._symbol(Origin(leaf, dimension, "stride"), stride, unspecified=True)
            for dimension, stride in enumerate(tensor.stride())
        ]
        return torch.empty_strided(sizes, strides, dtype=tensor.dtype)

    def _size(self, leaf: Leaf, dimension: int, size: int) -> Any:
        # A size of one may mean that the dimension is broadcast, one of nothing that there is nothing to do.
        return size if size < 2 else self._symbol(Origin(leaf, dimension, "size"), size)

    def _number(self, leaf: Leaf) -> Any:
        return self._symbol(Origin(leaf), leaf.value, unspecified=True)

    def _symbol(self, origin: Origin, value: float, unspecified: bool = False) -> Any:
        environment, source = self._environment, ConstantSource(origin.expression)
        if unspecified:
            symbol = environment.create_unspecified_symbol(value, source, DimDynamic.DYNAMIC)
        else:
            symbol = environment.create_symbol(value, source, DimDynamic.DYNAMIC)
        if not isinstance(symbol, sympy.Symbol):
            return value
        self.origins[symbol] = origin
        if isinstance(value, float):
            return environment.create_symfloatnode(symbol, hint=value, source=source)
        return environment.create_symintnode(symbol, hint=value, source=source)


def trace(reference: Callable[..., Any], arguments: Arguments, strided: bool = True) -> Traced:
    """Traces ``reference``.

    With ``strided`` inputs that are not contiguous keep strides of their own, otherwise the wrapper makes them
    contiguous. What the reference itself raises is passed through.

    Raises:
        Unsupported: the reference changes its arguments, or returns something else than tensors.

    """
    environment = ShapeEnv(duck_shape=False)
    fake_mode = FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)
    leaves = [leaf for leaf in arguments.leaves if leaf.is_tensor or leaf.is_number]
    results: list[Any] = []

    def flat(*values: Any) -> list[torch.Tensor]:
        given = iter(values)
        results.clear()
        filled = [
            next(given) if leaf.is_tensor or leaf.is_number else leaf.value for leaf in arguments.leaves
        ]
        outputs: list[torch.Tensor] = []
        with Loops(reference), Windows():
            returned = arguments.call(reference, filled)
        results.append(_numbered(returned, outputs))
        return outputs

    maker = _Inputs(environment, strided)
    ORIGINS.set(maker.origins)
    with fake_mode, torch.no_grad(), enable_python_dispatcher():
        inputs = [maker.fake(leaf) for leaf in leaves]
        with cuda_on_cpu(), _one_convolution_library():
            # Python first, with its autograd and its changes in place, then what that means without them.
            plain = make_fx(flat, tracing_mode="real")(*inputs)
            functional = torch.func.functionalize(plain, remove="mutations")
            graph = make_fx(functional, decomposition_table=decomposition_table(), tracing_mode="real")(
                *inputs
            )
        _refuse_mutation(graph, leaves)
        _refuse_random(graph)
    conditions = [guard.expr for guard in environment.guards]
    return Traced(
        graph,
        environment,
        fake_mode,
        inputs,
        arguments,
        strided,
        leaves,
        maker.origins,
        conditions,
        results[0],
    )


@contextmanager
def _one_convolution_library() -> Iterator[None]:
    """Has torch take one library for every convolution: which one it would take asks for the size of the batch."""
    original = torch._C._select_conv_backend
    torch._C._select_conv_backend = lambda *_, **__: torch._C._ConvBackend.Mkldnn
    try:
        yield
    finally:
        torch._C._select_conv_backend = original


def strides_matter(traced: Traced) -> bool:
    """Whether the trace holds for some strides of its inputs alone, so that it has to be made with contiguous ones."""

    def has_stride(expression: Any) -> bool:
        symbols = getattr(expression, "free_symbols", set())
        return any(s in traced.origins and traced.origins[s].what == "stride" for s in symbols)

    environment = traced.environment
    equalities = [guard.expr for guard in environment.guards if isinstance(guard.expr, sympy.Equality)]
    return any(
        has_stride(e) for e in [*equalities, *environment.replacements, *environment.replacements.values()]
    )


@dataclass(frozen=True)
class Output:
    """Stands in the reference's result for the graph's output of that number."""

    number: int


def _numbered(value: Any, outputs: list[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        outputs.append(value)
        return Output(len(outputs) - 1)
    if isinstance(value, dict):
        return {key: _numbered(part, outputs) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_numbered(part, outputs) for part in value)
    if isinstance(value, list):
        return [_numbered(part, outputs) for part in value]
    if value is None:
        raise Unsupported(
            "return", "the reference returns None: it has to return the tensors that it computes"
        )
    raise Unsupported(
        "return", f"the reference returns a {type(value).__name__}: it has to return tensors alone"
    )


def _refuse_random(graph: torch.fx.GraphModule) -> None:
    for node in graph.graph.nodes:
        if node.op == "call_function" and torch.Tag.nondeterministic_seeded in getattr(
            node.target, "tags", ()
        ):
            name = str(node.target).removeprefix("aten.").split(".")[0]
            raise Unsupported(
                name,
                f"the reference draws random numbers with `{name}`: hand the mask or the numbers over as an argument",
            )


def _refuse_mutation(graph: torch.fx.GraphModule, leaves: list[Leaf]) -> None:
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    for node in graph.graph.nodes:
        if node.op == "call_function" and node.args and node.args[0] in placeholders:
            schema = getattr(node.target, "_schema", None)
            if schema is not None and schema.is_mutable:
                leaf = leaves[placeholders.index(node.args[0])]
                raise Unsupported(
                    "in-place change",
                    f"the reference changes its argument `{leaf.path}` in place: return the new value instead",
                )
