"""What a trace's symbols stand for: sizes, strides and numbers of the arguments, and what sizes are made of.

A rewrite may say of a size that it is a number of equal parts, or of a window's places: what is computed of it from
then on is not rounded, and needs no number written down.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
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
    """``size`` or ``stride`` of the leaf's dimension, ``part`` of the size, ``places`` of a window along it, or
    ``number``: the leaf itself."""
    parts: sympy.Expr | None = None
    """How many parts the size has, or how many elements there are from place to place."""
    value: int | None = None
    """How large a part is, or how many places there are, in the inputs."""
    rest: int = 0
    """What the size has beyond a step for each place."""

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
                if self.rest:
                    whole = f"{whole} {'-' if self.rest > 0 else '+'} {abs(self.rest)}"
                if self.parts == 1:
                    return whole
                return f"({whole}) // {self.parts}" if self.rest else f"{whole} // {self.parts}"
        return self.leaf.path

    @property
    def hint(self) -> float:
        """The value that it has in the inputs."""
        match self.what:
            case "size":
                return self.leaf.value.shape[self.dimension]
            case "stride":
                return self.leaf.value.stride(self.dimension)
            case "part" | "places":
                return self.value
        return self.leaf.value


ORIGINS: ContextVar[dict[sympy.Symbol, Origin]] = ContextVar("ORIGINS")
"""Of the trace in progress, what each symbol stands for."""


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


def places(size: Any, step: int, beside: int) -> None:
    """Has a size be ``step`` times the number of places of a window, and what is left over as in the inputs.

    A window whose first and last elements are ``beside`` further apart than the size, margins included, has
    ``(size + beside) // step + 1`` places. These become the symbol, so that the output's size is one and not a sum.
    Nothing happens where ``size``, a whole number of the trace in progress, is no symbol or the output's is the same.
    """
    if not isinstance(size, torch.SymInt) or not isinstance(size.node.expr, sympy.Symbol):
        return
    whole, environment = size.node.expr, size.node.shape_env
    origins = ORIGINS.get({})
    origin, hint = origins.get(whole), int(size.node.hint)
    value = (hint + beside) // step + 1
    rest = hint - step * value
    if origin is None or origin.what not in ("size", "places") or value < 2:
        return
    if (step, rest) == (1, 0) or whole in environment.replacements:
        return
    parts, more = sympy.Integer(step), rest
    if origin.what == "places":
        # A window over what an earlier window made: the size has so many elements for each of the later's places.
        parts, more = origin.parts * step, origin.parts * rest + origin.rest
    place = Origin(origin.leaf, origin.dimension, "places", parts, value, int(more))
    symbol = environment.create_symbol(value, ConstantSource(place.expression), DimDynamic.DYNAMIC)
    origins[symbol] = place
    environment._set_replacement(whole, step * symbol + rest, "places")


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
