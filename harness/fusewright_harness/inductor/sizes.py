"""Names for the sizes, strides and numbers that a kernel is given, and what the wrapper reads them from."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy
from torch.utils._sympy.printers import PythonPrinter

from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.origins import Origin
from fusewright_harness.inductor.places import in_order
from fusewright_harness.inductor.trace import Traced

# What dimensions are called where the reference does not name them, by the number of dimensions.
_DIMENSIONS = {
    1: ["elements"],
    2: ["rows", "columns"],
    3: ["batches", "rows", "columns"],
    4: ["batches", "channels", "rows", "columns"],
}


class Sizes:
    """The symbols of a trace by name. A symbol gets its name, and its place in the wrapper, when it is first used."""

    def __init__(self, traced: Traced, reference: Callable[..., Any], names: Names) -> None:
        self._names = names
        self._written = _written_names(reference)
        self._replacements = traced.environment.replacements
        self._origins = traced.origins
        self._by_text = {str(symbol): symbol for symbol in traced.origins}
        self._chosen: dict[sympy.Symbol, str] = {}

    @property
    def symbols(self) -> set[str]:
        """The symbols' own names in Inductor's text."""
        return set(self._by_text)

    def canonical(self, symbol: sympy.Symbol) -> sympy.Expr:
        """What the trace found ``symbol`` to be equal to: another symbol, or a number."""
        return self._settled(self._replacements.get(symbol, symbol))

    def origin(self, symbol: sympy.Symbol) -> Origin:
        """Where the wrapper reads ``symbol``: of equal sizes, that of the tensor with the most dimensions."""
        first = self._origins[symbol]
        if first.what in ("part", "count"):
            # The size itself is no name of its own then: the number of parts and the part are.
            return replace(first, parts=self.text(first.parts))
        if first.what != "size":
            return first
        equal = [
            origin
            for other, origin in self._origins.items()
            if self.canonical(other) == symbol and origin.what == "size"
        ]
        named = [origin for origin in equal if self._written_name(origin)]
        return max(named or equal, key=lambda origin: origin.leaf.value.ndim)

    def name(self, symbol: sympy.Symbol) -> str:
        """The name of a symbol in the wrapper and in the kernels."""
        if symbol not in self._chosen:
            origin = self.origin(symbol)
            number = origin.what == "number"
            self._chosen[symbol] = (
                origin.leaf.name if number else self._names.fresh(*self._candidates(origin))
            )
        return self._chosen[symbol]

    def is_number(self, text: str) -> bool:
        """Whether Inductor's name is that of a number among the arguments."""
        return text in self._by_text and self._origins[self._by_text[text]].what == "number"

    def is_float(self, text: str) -> bool:
        """Whether Inductor's name is that of a floating number among the arguments."""
        return self.is_number(text) and isinstance(self._origins[self._by_text[text]].leaf.value, float)

    def is_window(self, value: ast.expr) -> bool:
        """Whether an expression in our names is made of what says how large a window is, and how it moves."""
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        known = {name for symbol, name in self._chosen.items() if self._origins[symbol].least is not None}
        return bool(names) and names <= known

    def renamed(self, expression: ast.expr) -> ast.expr:
        """An expression of Inductor's text with our names in it."""
        return ast.fix_missing_locations(_Rename(self).visit(_copy(expression)))

    def symbol(self, text: str) -> sympy.Symbol | None:
        """The symbol that Inductor's text calls ``text``."""
        return self._by_text.get(text)

    def definitions(self) -> list[tuple[str, Origin]]:
        """The names that the wrapper has to define, in the order of the arguments."""
        order = {symbol: number for number, symbol in enumerate(self._origins)}
        found: dict[sympy.Symbol, tuple[str, Origin]] = {}
        # A count is worked out from other sizes, which get their names when it is written down.
        while len(found) < len(self._chosen):
            found |= {symbol: (name, self.origin(symbol)) for symbol, name in list(self._chosen.items())}
        read = {symbol: order[symbol] for symbol in found}
        defined = [found[symbol] for symbol in sorted(found, key=read.__getitem__)]
        return [(name, origin) for name, origin in defined if origin.expression != name]

    def text(self, expression: sympy.Expr) -> str:
        """A sympy expression in Python, in our names."""
        expression = self._settled(expression)
        parsed = ast.parse(PythonPrinter().doprint(expression), mode="eval").body
        return ast.unparse(in_order(self.renamed(parsed)))

    def _settled(self, expression: Any) -> sympy.Expr:
        """``expression`` in symbols that stand for themselves: what one is equal to may have been settled later."""
        settled = sympy.sympify(expression)
        while any(symbol in self._replacements for symbol in settled.free_symbols):
            settled = settled.xreplace(self._replacements)
        return settled

    def _candidates(self, origin: Origin) -> list[str]:
        leaf, dimension = origin.leaf, origin.dimension
        if origin.what == "stride":
            return [f"{leaf.name}_stride_{dimension}"]
        if origin.what == "part":
            return ["group_width", f"{leaf.name}_part"]
        if origin.what in ("places", "count"):
            bases = _DIMENSIONS.get(leaf.value.ndim)
            return [
                f"output_{bases[dimension] if bases else f'size_{dimension}'}",
                f"{leaf.name}_places_{dimension}",
            ]
        written = self._written_name(origin)
        others = sum(other.leaf is not leaf for other in self._origins.values() if other.what == "size")
        if leaf.value.ndim == 1 and others:
            return [*([written] if written else []), f"n_{leaf.name}", f"{leaf.name}_elements"]
        bases = _DIMENSIONS.get(leaf.value.ndim)
        if origin.word:
            return [*([written] if written else []), origin.word, f"{leaf.name}_{origin.word}"]
        base = bases[dimension] if bases else f"size_{dimension}"
        return [*([written] if written else []), f"n_{base}" if bases else base, f"{leaf.name}_{base}"]

    def _written_name(self, origin: Origin) -> str | None:
        ndim = origin.leaf.value.ndim
        for dimension in (origin.dimension, origin.dimension - ndim):
            name = self._written.get((origin.leaf.path, dimension))
            if name:
                return name
        return None


class _Rename(ast.NodeTransformer):
    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        symbol = self._sizes.symbol(node.id)
        if symbol is None:
            return node
        value = self._sizes.canonical(symbol)
        if isinstance(value, sympy.Symbol):
            return ast.Name(self._sizes.name(value), ast.Load())
        return ast.parse(self._sizes.text(value), mode="eval").body


def _copy(expression: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(expression), mode="eval").body


def _written_names(reference: Callable[..., Any]) -> dict[tuple[str, int], str]:
    """What the reference itself calls sizes of its parameters, by parameter and dimension."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(reference, "forward", reference))))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[tuple[str, int], str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            targets, values = [node.targets[0]], [node.value]
            if isinstance(targets[0], ast.Tuple) and isinstance(values[0], ast.Tuple):
                targets, values = targets[0].elts, values[0].elts
            for target, value in zip(targets, values, strict=False):
                _note(target, value, found)
    return found


def _note(target: ast.expr, value: ast.expr, found: dict[tuple[str, int], str]) -> None:
    match target, value:
        case ast.Tuple(elts=names), ast.Attribute(value=ast.Name(id=tensor), attr="shape"):
            for dimension, name in enumerate(names):
                if isinstance(name, ast.Name) and name.id.strip("_"):
                    found[tensor, dimension] = name.id
        case (
            ast.Name(id=name),
            ast.Subscript(value=ast.Attribute(value=ast.Name(id=tensor), attr="shape"), slice=place),
        ):
            dimension = _number(place)
            if dimension is not None:
                found[tensor, dimension] = name
        case (
            ast.Name(id=name),
            ast.Call(func=ast.Attribute(value=ast.Name(id=tensor), attr="size"), args=[place]),
        ):
            dimension = _number(place)
            if dimension is not None:
                found[tensor, dimension] = name


def _number(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None
