"""The reference as a graph of ATen operators, traced on fake tensors whose sizes are symbols.

Every dimension, and every stride of an input that is not contiguous, is a symbol of its own, and so is every number
among the arguments. What the reference's code asks of them (two sizes that have to be equal, a size that has to be a
number) is kept in the shape environment, and the wrapper checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

from fusewright_harness.inductor.arguments import Arguments, Leaf
from fusewright_harness.inductor.rewrites import decomposition_table
from fusewright_harness.inductor.unsupported import Unsupported

_DEVICE = "cuda"


@dataclass(frozen=True)
class Origin:
    """Where a symbol's value comes from."""

    leaf: Leaf
    dimension: int = -1
    what: str = "number"
    """``size`` or ``stride`` of the leaf's dimension, or ``number``: the leaf itself."""

    @property
    def expression(self) -> str:
        """What the wrapper writes for it."""
        match self.what:
            case "size":
                return f"{self.leaf.path}.shape[{self.dimension}]"
            case "stride":
                return f"{self.leaf.path}.stride({self.dimension})"
        return self.leaf.path

    @property
    def hint(self) -> float:
        """The value that it has in the inputs."""
        match self.what:
            case "size":
                return self.leaf.value.shape[self.dimension]
            case "stride":
                return self.leaf.value.stride(self.dimension)
        return self.leaf.value


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
            return torch.empty(sizes, dtype=tensor.dtype, device=_DEVICE)
        strides = [
            self._symbol(Origin(leaf, dimension, "stride"), stride, unspecified=True)
            for dimension, stride in enumerate(tensor.stride())
        ]
        return torch.empty_strided(sizes, strides, dtype=tensor.dtype, device=_DEVICE)

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
        results.append(_numbered(reference(*arguments.rebuilt(filled)), outputs))
        return outputs

    maker = _Inputs(environment, strided)
    with fake_mode, torch.no_grad():
        inputs = [maker.fake(leaf) for leaf in leaves]
        functional = torch.func.functionalize(flat, remove="mutations_and_views")
        graph = make_fx(functional, decomposition_table=decomposition_table(), tracing_mode="real")(*inputs)
    _refuse_mutation(graph, leaves)
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
