"""Which axes of its program a value extends along, so that broadcasting what is broadcast already can be left out."""

from __future__ import annotations

import ast
from collections.abc import Callable

_AXES = {"x": "X", "y": "Y", "z": "Z", "r0_": "R0_", "r1_": "R1_", "r2_": "R2_"}
_REDUCTIONS = ("tl.sum", "tl.max", "tl.min", "tl.reduce", "tl.xor_sum", "triton_helpers.")


class Axes:
    """The axes of names, learned statement by statement."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[str]] = {}
        for prefix, axis in _AXES.items():
            for suffix in ("index", "mask", "base"):
                self._of[f"{prefix}{suffix}"] = frozenset({axis})
            self._of[f"{axis}BLOCK"] = frozenset({axis})

    def learn(self, statement: ast.stmt) -> None:
        """Learns of the names that ``statement`` gives values to."""
        if not isinstance(statement, ast.Assign):
            return
        axes = self.of(statement.value)
        for node in ast.walk(statement.targets[0]):
            # What the names of indices stand for is known from the beginning.
            if isinstance(node, ast.Name) and not node.id.endswith(("index", "mask", "base")):
                before = self._of.get(node.id)
                self._of[node.id] = axes if before is None else before & axes

    def of(self, expression: ast.expr) -> frozenset[str]:
        """The axes that ``expression`` certainly extends along."""
        if isinstance(expression, ast.Name):
            return self._of.get(expression.id, frozenset())
        found: frozenset[str] = frozenset()
        for node in ast.iter_child_nodes(expression):
            if isinstance(node, ast.expr):
                found |= self.of(node)
            elif isinstance(node, ast.keyword):
                found |= self.of(node.value)
        if isinstance(expression, ast.Call) and ast.unparse(expression.func).startswith(_REDUCTIONS):
            found = (
                frozenset(axis for axis in found if not axis.startswith("R"))
                if _reduces(expression)
                else found
            )
        return found

    def without_broadcasts(self, expression: ast.expr, is_scalar: Callable[[ast.expr], bool]) -> ast.expr:
        """``expression`` without the broadcasts that do nothing; a scalar is broadcast wherever it is used."""
        return _Unbroadcast(self, is_scalar).visit(expression)


def _reduces(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    elementwise = ("maximum", "minimum", "div_floor_integer", "remainder_integer", "pow_integer", "frexp")
    return not name.endswith(elementwise) and not name.endswith(("welford_reduce", "welford_combine"))


class _Unbroadcast(ast.NodeTransformer):
    def __init__(self, axes: Axes, is_scalar: Callable[[ast.expr], bool]) -> None:
        self._axes = axes
        self._is_scalar = is_scalar

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(attr="broadcast_to"), args=[value, ast.List(elts=shape)]):
                wanted = frozenset(
                    axis for part in shape if isinstance(part, ast.Name) for axis in self._axes.of(part)
                )
                if wanted <= self._axes.of(value) or self._is_scalar(value):
                    return value
        return node
