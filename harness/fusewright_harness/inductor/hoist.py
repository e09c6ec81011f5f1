"""What a kernel would compute of numbers among the arguments alone, computed by the wrapper instead.

Python computes it once and in float64; the kernel would do so in every program and in float32.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.statements import Replace, blocks, stores, target_of

_FUNCTIONS = {"sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "log2", "floor", "ceil"}


class Hoist:
    """Finds the expressions, names them, and keeps what the wrapper has to compute."""

    def __init__(
        self, number_of: Callable[[str], str | None], is_float: Callable[[str], bool], names: Names
    ) -> None:
        self._number_of = number_of
        self._is_float = is_float
        self._names = names
        self.given: list[tuple[str, ast.expr]] = []
        """The names in the kernel, and the expressions in the wrapper's names."""

    def apply(self, statements: list[ast.stmt]) -> None:
        """Puts names in the expressions' places."""
        # Values in Inductor's names, so that what is made of them is recognised too.
        known: dict[str, ast.expr] = {}
        counts = stores(statements)
        finder = _Finder(self, known)
        for block in blocks(statements):
            for statement in block:
                if isinstance(statement, (ast.For, ast.If, ast.While)):
                    continue
                value = getattr(statement, "value", None)
                if value is None:
                    continue
                target = target_of(statement)
                inner = _replaced(value, known)
                python = self._python(inner)
                if python is not None and target is not None and counts[target] == 1:
                    known[target] = inner
                    if isinstance(python, ast.Name):
                        continue
                statement.value = finder.visit(value)

    def name_for(self, python: ast.expr) -> str:
        """The name that the kernel knows an expression by."""
        text = ast.unparse(python)
        for name, value in self.given:
            if ast.unparse(value) == text:
                return name
        first = next(node.id for node in ast.walk(python) if isinstance(node, ast.Name) and node.id != "math")
        name = self._names.fresh(f"{first}_term")
        self.given.append((name, python))
        return name

    def _python(self, value: ast.expr) -> ast.expr | None:
        """``value`` as the wrapper would write it, or None where it is not made of numbers alone.

        Plain arithmetic on sizes stays in the kernel: there it is part of addresses.
        """
        converted = _to_python(value, self._number_of)
        if converted is None:
            return None
        has_number = any(isinstance(node, ast.Name) and node.id != "math" for node in ast.walk(converted))
        floats = any(isinstance(node, ast.Name) and self._is_float(node.id) for node in ast.walk(value))
        rounded = any(isinstance(node, (ast.Pow, ast.Call)) for node in ast.walk(converted))
        return converted if has_number and (floats or rounded) else None

    def python(self, value: ast.expr, known: dict[str, ast.expr]) -> ast.expr | None:
        """``value`` for the wrapper, where that is more than a number's name."""
        names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
        if not any(self._number_of(name) or name in known for name in names):
            return None
        converted = self._python(_replaced(value, known))
        return None if isinstance(converted, ast.Name) else converted


def _replaced(value: ast.expr, known: dict[str, ast.expr]) -> ast.expr:
    return Replace(known).visit(ast.parse(ast.unparse(value), mode="eval").body)


class _Finder(ast.NodeTransformer):
    def __init__(self, hoist: Hoist, known: dict[str, ast.expr]) -> None:
        self._hoist = hoist
        self._known = known

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp, ast.Name)) and not (
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ):
            python = self._hoist.python(node, self._known)
            if python is not None:
                return ast.Name(self._hoist.name_for(python), ast.Load())
        return self.generic_visit(node)


def _to_python(value: ast.expr, number_of: Callable[[str], str | None]) -> ast.expr | None:
    def walk(node: ast.expr) -> ast.expr | None:
        return _to_python(node, number_of)

    match value:
        case ast.Constant(value=int() | float()):
            return value
        case ast.Name(id=name):
            ours = number_of(name)
            return None if ours is None else ast.parse(ours, mode="eval").body
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = walk(operand)
            return None if inner is None else ast.UnaryOp(ast.USub(), inner)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            first, second = walk(left), walk(right)
            return None if first is None or second is None else ast.BinOp(first, value.op, second)
        case ast.Call(func=ast.Attribute(attr="to"), args=[ast.Attribute(attr="float32" | "float64")]):
            return walk(value.func.value)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="tl"), attr="full"), args=[shape, number, _]):
            return walk(number) if ast.unparse(shape) in ("[]", "[1]", "[1, 1]") else None
        case ast.Call(func=ast.Attribute(value=ast.Name(id="libdevice"), attr="pow"), args=[left, right]):
            first, second = walk(left), walk(right)
            return None if first is None or second is None else ast.BinOp(first, ast.Pow(), second)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="libdevice"), attr=name), args=[operand]):
            inner = walk(operand)
            if inner is None or name not in _FUNCTIONS:
                return None
            return ast.Call(ast.parse(f"math.{name}", mode="eval").body, [inner], [])
    return None
