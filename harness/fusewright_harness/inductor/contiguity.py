"""Whether a tensor of given sizes and strides, which are expressions, is contiguous."""

from __future__ import annotations

import ast

import sympy

from fusewright_harness.inductor.statements import parsed


def is_contiguous(shape: list[str], strides: list[str]) -> bool:
    """Whether each stride is the product of the sizes behind it; False where that cannot be told."""
    product = sympy.Integer(1)
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        try:
            extent, step = _symbolic(size), _symbolic(_without_max(stride))
            if size != "1" and sympy.simplify(step - product) != 0:
                return False
            product *= extent
        except (sympy.SympifyError, TypeError, SyntaxError, AttributeError):
            return False
    return True


def _symbolic(text: str) -> sympy.Expr:
    # Sizes may be called N or S, which mean something to sympy.
    names = {node.id for node in ast.walk(parsed(text)) if isinstance(node, ast.Name)}
    return sympy.sympify(text, locals={name: sympy.Symbol(name, integer=True) for name in names})


class _WithoutMax(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="max"), args=[ast.Constant(value=1), size]):
                return size
        return node


def _without_max(text: str) -> str:
    """A stride as it is for tensors that have elements: ``max(1, n)`` is ``n`` then."""
    return ast.unparse(_WithoutMax().visit(parsed(text)))
