"""The element types of a kernel's values, so that casts to the type that a value has already can be left out."""

from __future__ import annotations

import ast
from collections.abc import Callable

# Triton's names for the types of parameters, and what a value of each is once Inductor has loaded it.
_LOADED = {
    "fp32": "float32",
    "fp64": "float64",
    "fp16": "float16",
    "bf16": "bfloat16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
    "i1": "int1",
}
_SAME_AS_FIRST = (
    "tl.sum", "tl.broadcast_to", "tl.abs", "tl.exp", "tl.log", "tl.sqrt", "tl.sigmoid", "tl.maximum", "tl.minimum",
    "triton_helpers.max2", "triton_helpers.min2", "triton_helpers.maximum", "triton_helpers.minimum", "tl.reshape",
)  # fmt: skip
_SAME_BY_PREFIX = ("libdevice.", "tl_math.")
_TO_INTEGER = ("llrint", "isnan", "isinf", "signbit", "finite", "ilogb", "isfinited", "rint2int", "float_as")


class Types:
    """The types of names, learned statement by statement; a type that is not certain is None."""

    def __init__(self, signature: dict[str, str], is_scalar: Callable[[str], bool]) -> None:
        self._pointers = {
            name: _LOADED.get(type_.removeprefix("*")) for name, type_ in signature.items() if type_[0] == "*"
        }
        self._is_scalar = is_scalar
        self._of: dict[str, str | None] = {}
        self._scalars: set[str] = set()

    def learn(self, statement: ast.stmt) -> None:
        """Learns of the name that ``statement`` gives a value to."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                type_ = self.of(value)
                known = name not in self._of or self._of[name] == type_
                self._of[name] = type_ if known else None
                if known and self.is_scalar(value):
                    self._scalars.add(name)

    def of(self, expression: ast.expr) -> str | None:
        """The type of ``expression``, or None."""
        match expression:
            case ast.Name(id=name):
                return self._of.get(name)
            case ast.Compare():
                return "int1"
            case ast.UnaryOp(operand=operand):
                return self.of(operand)
            case ast.Subscript(value=value):
                return self.of(value)
            case ast.BinOp(left=left, right=right, op=op):
                return self._combined(self.of(left), self.of(right), left, right, isinstance(op, ast.Div))
            case ast.Call(func=ast.Attribute(attr="to"), args=[ast.Attribute(attr=type_)]):
                return type_
            case ast.Call(func=function, args=[first, *rest]):
                return self._called(ast.unparse(function), first, rest)
        return None

    def _combined(
        self, left: str | None, right: str | None, first: ast.expr, second: ast.expr, division: bool
    ) -> str | None:
        if left == right and not (division and left is not None and not left.startswith(("float", "bfloat"))):
            return left
        for type_, other in ((left, second), (right, first)):
            if type_ in ("float32", "float64") and (isinstance(other, ast.Constant) or self.is_scalar(other)):
                return type_
        return None

    def _called(self, name: str, first: ast.expr, rest: list[ast.expr]) -> str | None:
        if name == "tl.load":
            pointers = [n.id for n in ast.walk(first) if isinstance(n, ast.Name) and n.id in self._pointers]
            return self._pointers[pointers[0]] if len(pointers) == 1 else None
        if name == "tl.dot":
            return self.of(rest[1]) if len(rest) > 1 else None
        if name == "tl.full":
            return rest[1].attr if len(rest) > 1 and isinstance(rest[1], ast.Attribute) else None
        if name == "tl.where" and len(rest) == 2:
            return self._combined(self.of(rest[0]), self.of(rest[1]), rest[0], rest[1], False)
        plain = name.startswith(_SAME_BY_PREFIX) and not any(part in name for part in _TO_INTEGER)
        type_ = self.of(first)
        if name in ("tl.maximum", "tl.minimum") and type_ is None and rest:
            type_ = self.of(rest[0])
        # A sum of short integers is wider than they are.
        if name == "tl.sum" and type_ not in ("float32", "float64", "int64", "int32"):
            return None
        return type_ if name in _SAME_AS_FIRST or plain else None

    def is_scalar(self, expression: ast.expr) -> bool:
        """Whether ``expression`` is made of sizes and numbers among the arguments alone."""
        names = [node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and node.id != "tl"]
        return bool(names) and all(name in self._scalars or self._is_scalar(name) for name in names)

    def without_casts(self, expression: ast.expr) -> ast.expr:
        """``expression`` without the casts that do nothing."""
        return _Uncast(self).visit(expression)


class _Uncast(ast.NodeTransformer):
    def __init__(self, types: Types) -> None:
        self._types = types

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="to"), args=[ast.Attribute(attr=type_)]):
                # A number takes the type of what it is combined with; `to` would fail where it is a constant.
                if self._types.of(value) == type_ or self._types.is_scalar(value):
                    return value
        return node
