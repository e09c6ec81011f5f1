"""What a trace's symbols stand for: sizes, strides and numbers of the arguments, and what sizes are made of.

A rewrite may say of a size that it is a number of equal parts, or of a window's places: what is computed of it from
then on is not rounded, and needs no number written down.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import sympy
import torch
from torch._dynamo.source import ConstantSource
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges

from fusewright_harness.inductor.arguments import Leaf


@dataclass(frozen=True)
class Origin:
    """Where a symbol's value comes from."""

    leaf: Leaf
    dimension: int = -1
    what: str = "number"
    """``size`` or ``stride`` of the leaf's dimension, ``part`` of the size, ``places`` of a window along it, a
    ``count`` that is worked out from the size, or ``number``: the leaf itself."""
    parts: sympy.Expr | None = None
    """How many parts the size has, or how a count is worked out."""
    value: int | None = None
    """How large a part is, or how many places there are, in the inputs."""
    rest: int = 0
    """What the size has beyond one for each place."""
    word: str = ""
    """What a size is called, where a rewrite knows better than its place among the dimensions."""
    least: int | None = None
    """Of a number or size that says what a window is: the smallest that it may be."""

    @property
    def expression(self) -> str:
        """What the wrapper writes for it."""
        match self.what:
            case "size":
                return f"{self.leaf.path}.shape[{self.dimension}]"
            case "stride":
                return f"{self.leaf.path}.stride({self.dimension})"
            case "part":
                return f"{self.leaf.path}.shape[{self.dimension}] // {self.parts}"
            case "places":
                whole = f"{self.leaf.path}.shape[{self.dimension}]"
                return f"{whole} {'-' if self.rest > 0 else '+'} {abs(self.rest)}" if self.rest else whole
            case "count":
                return str(self.parts)
        return self.leaf.path

    @property
    def hint(self) -> float:
        """The value that it has in the inputs."""
        match self.what:
            case "size":
                return self.leaf.value.shape[self.dimension]
            case "stride":
                return self.leaf.value.stride(self.dimension)
            case "part" | "places" | "count":
                return self.value
        return self.leaf.value


ORIGINS: ContextVar[dict[sympy.Symbol, Origin]] = ContextVar("ORIGINS")
"""Of the trace in progress, what each symbol stands for."""


def call(size: Any, word: str) -> None:
    """Has a size of the trace in progress be called ``word``, where it is that of an argument."""
    if isinstance(size, torch.SymInt) and isinstance(size.node.expr, sympy.Symbol):
        origins = ORIGINS.get({})
        origin = origins.get(size.node.expr)
        if origin is not None and origin.what == "size":
            origins[size.node.expr] = replace(origin, word=word)


def window(number: Any, least: int, word: str = "") -> None:
    """Has a whole number of the trace in progress say what a window is: it is ``least`` or more.

    Kernels take such numbers as constants: what is divided by them takes no time, and loops over them are short.
    Nothing happens where it is a plain number, or is worked out from others.
    """
    if not isinstance(number, torch.SymInt) or not isinstance(number.node.expr, sympy.Symbol):
        return
    symbol, environment, origins = number.node.expr, number.node.shape_env, ORIGINS.get({})
    origin = origins.get(symbol)
    if origin is None or origin.what not in ("number", "size"):
        return
    if origin.what == "size":
        origins[symbol] = replace(origin, least=least, word=word)
        return
    if origin.leaf.value < least:
        raise ValueError(f"{origin.leaf.name} has to be {least} or more, and is {origin.leaf.value}")
    if origin.least is None:
        known = replace(origin, least=least)
        origins[symbol] = known
        if least > 0:
            _positive(symbol, environment, origins)
        else:
            environment._update_var_to_range(symbol, ValueRanges(0, int_oo))


def part(size: Any, parts: Any) -> None:
    """Has a size be a number of equal parts: what is computed of it from now on is not rounded.

    ``size`` and ``parts`` are whole numbers of the trace in progress. Nothing happens where the size is no symbol.
    """
    if not isinstance(size, torch.SymInt) or not isinstance(size.node.expr, sympy.Symbol):
        return
    whole, environment = size.node.expr, size.node.shape_env
    number = parts.node.expr if isinstance(parts, torch.SymInt) else sympy.Integer(parts)
    origins = ORIGINS.get({})
    origin = origins.get(whole)
    value, rest = divmod(
        int(size.node.hint), int(parts.node.hint if isinstance(parts, torch.SymInt) else parts)
    )
    if origin is None or origin.what != "size" or rest or value < 2 or whole in environment.replacements:
        return
    if isinstance(number, sympy.Symbol):
        number = _positive(number, environment, origins)
    piece = Origin(origin.leaf, origin.dimension, "part", number, value)
    symbol = environment.create_symbol(value, ConstantSource(piece.expression), DimDynamic.DYNAMIC)
    origins[symbol] = piece
    environment._set_replacement(whole, number * symbol, "parts")


def places(size: Any, beside: int) -> None:
    """Has a size be the number of places of a window that takes steps of one, and a constant.

    There are ``size + beside`` places. These become the symbol, so that the output's size is one and not a sum.
    Nothing happens where ``size``, a whole number of the trace in progress, is no symbol or the output's is the same.
    """
    if not isinstance(size, torch.SymInt) or not isinstance(size.node.expr, sympy.Symbol):
        return
    whole, environment = size.node.expr, size.node.shape_env
    origins = ORIGINS.get({})
    origin, value = origins.get(whole), int(size.node.hint) + beside
    if origin is None or origin.what not in ("size", "places") or value < 2:
        return
    if beside == 0 or whole in environment.replacements:
        return
    place = Origin(origin.leaf, origin.dimension, "places", value=value, rest=origin.rest - beside)
    symbol = environment.create_symbol(value, ConstantSource(place.expression), DimDynamic.DYNAMIC)
    origins[symbol] = place
    environment._set_replacement(whole, symbol - beside, "places")


def counted(number: Any, of: Any) -> Any:
    """A whole number of the trace in progress as a symbol of its own, which the wrapper works out from the others.

    It is a size of what is computed, made of the size ``of`` by steps: a product of two such sums could not be taken
    apart again. What is no sum stays what it is.
    """
    if not isinstance(number, torch.SymInt) or not isinstance(of, torch.SymInt):
        return number
    expression, environment, value = number.node.expr, number.node.shape_env, int(number.node.hint)
    origins = ORIGINS.get({})
    origin = next((origins[s] for s in of.node.expr.free_symbols if s in origins), None)
    if expression.is_Symbol or expression.is_number or origin is None or value < 2:
        return number
    known = next((s for s, o in origins.items() if o.what == "count" and o.parts == expression), None)
    if known is None:
        count = Origin(origin.leaf, origin.dimension, "count", expression, value)
        known = environment.create_symbol(value, ConstantSource(str(expression)), DimDynamic.DYNAMIC)
        origins[known] = count
        for symbol, replacement in environment.replacements.items():
            if replacement == expression:
                environment.replacements[symbol] = known
    # The number keeps its place in the graph, which says how it is computed, and gets another name there.
    number.node._expr = known
    number.node._expr_cache = None
    return number


def _positive(
    number: sympy.Symbol, environment: ShapeEnv, origins: dict[sympy.Symbol, Origin]
) -> sympy.Symbol:
    """A symbol in the place of that of a number among the arguments, but known to be positive."""
    origin = origins[number]
    if origin.what != "number":
        return number
    symbol = environment.create_symbol(
        origin.leaf.value,
        ConstantSource(f"{origin.expression} > 0"),
        DimDynamic.DYNAMIC,
        do_not_specialize_zero_one=True,
    )
    origins[symbol] = origin
    environment._update_var_to_range(number, ValueRanges(1, int_oo))
    environment._update_var_to_range(symbol, ValueRanges(1, int_oo))
    environment._set_replacement(number, symbol, "positive")
    return symbol
