"""Which values are zero wherever a mask is false, so that masking them once more before a sum can be left out."""

from __future__ import annotations

import ast

_KEEPING = ("tl.abs", "tl_math.abs", "libdevice.abs", "tl.broadcast_to", "libdevice.sqrt", "tl.sqrt")
"""Functions of zero that are zero."""


class Zeros:
    """The masks outside which names are zero, learned statement by statement."""

    def __init__(self, once: set[str]) -> None:
        self._once = once
        """Names that are given one value alone."""
        self._outside: dict[str, frozenset[str]] = {}
        self._values: dict[str, ast.expr] = {}

    def learn(self, statement: ast.stmt) -> None:
        """Learns of the name that ``statement`` gives a value to."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self._once:
                self._outside[name] = self._of(value)
                self._values[name] = value

    def without_masking(self, expression: ast.expr) -> ast.expr:
        """``expression`` without the ``tl.where`` that changes nothing."""
        match expression:
            case ast.Call(args=[condition, value, other]) if ast.unparse(expression.func) == "tl.where":
                masks = _masks(condition)
                if self._is_zero(other) and masks <= self._of(value):
                    return value
                # A sum that goes on, or stays what it was where nothing is added.
                added = self._values.get(value.id) if isinstance(value, ast.Name) else value
                match added:
                    case ast.BinOp(left=ast.Name() as total, op=ast.Add(), right=term) if ast.unparse(
                        total
                    ) == ast.unparse(other) and masks <= self._of(term):
                        return value
        return expression

    def _of(self, expression: ast.expr) -> frozenset[str]:
        match expression:
            case ast.Name(id=name):
                return self._outside.get(name, frozenset())
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._of(operand)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Add() | ast.Sub(), right=right):
                number = isinstance(expression.op, ast.Mult)
                if number and isinstance(left, ast.Constant):
                    return self._of(right)
                if number and isinstance(right, ast.Constant):
                    return self._of(left)
                # Zero times what is not known may be NaN.
                return self._of(left) & self._of(right)
            case ast.Call(func=ast.Attribute(attr="to"), args=[_]):
                return self._of(expression.func.value)
            case ast.Call(func=function, args=[first, *rest]):
                return self._called(ast.unparse(function), first, rest, expression.keywords)
        return frozenset()

    def _is_zero(self, value: ast.expr) -> bool:
        return _is_zero(self._values.get(value.id, value) if isinstance(value, ast.Name) else value)

    def _called(
        self, name: str, first: ast.expr, rest: list[ast.expr], keywords: list[ast.keyword]
    ) -> frozenset[str]:
        if name == "tl.load" and rest:
            # A load without a value for what is masked out is given zero.
            others = [keyword.value for keyword in keywords if keyword.arg == "other"]
            return _masks(rest[0]) if all(map(_is_zero, others)) else frozenset()
        if name == "tl.where" and len(rest) == 2 and self._is_zero(rest[1]):
            return self._of(rest[0]) | _masks(first)
        return self._of(first) if name in _KEEPING else frozenset()


def _masks(condition: ast.expr) -> frozenset[str]:
    match condition:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return _masks(left) | _masks(right)
        case ast.Constant(value=None):
            return frozenset()
    return frozenset({ast.unparse(condition)})


def _is_zero(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not isinstance(value.value, bool) and value.value == 0
