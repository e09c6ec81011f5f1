"""Expressions of a matrix product over three or four dimensions, as ones over two."""

from __future__ import annotations

import ast

from fusewright_harness.inductor.statements import parsed

SUMMED = ("r0_index", "r0_mask")
"""What a product's loop calls the summed indices, and those of them that are there."""


class OtherForm(Exception):
    """The kernel is written in a way that is not known here."""


class Flatten(ast.NodeTransformer):
    """Expressions over three or four dimensions as ones over two: those of an operand, or of what is stored."""

    def __init__(self, rank: int, side: str, batched: bool) -> None:
        self._rank = rank
        self._side = side
        self._batched = batched

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The summed index across in the left operand, down in the right one."""
        if node.id not in SUMMED:
            return node
        if self._side == "out":
            raise OtherForm
        return parsed(f"{node.id}[None, :]" if self._side == "left" else f"{node.id}[:, None]")

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """``mask & zmask`` is the mask alone: a program has one batch."""
        if isinstance(node.op, ast.BitAnd):
            for mask, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(mask, ast.Name) and mask.id == "zmask":
                    return self.visit(other)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Forms for ``tl.dot`` are left out, shapes get two dimensions."""
        name = ast.unparse(node.func)
        if name == "tl.load" and ast.unparse(node.args[1]) == "zmask":
            node.args[1] = ast.Constant(None)
        if name == "tl.store" and ast.unparse(node.args[2]) == "zmask":
            node.args[2] = ast.Constant(None)
        if name in ("tl.trans", "tl.reshape"):
            # An operand's form for `tl.dot`, which it has already.
            return self.visit(node.args[0])
        self.generic_visit(node)
        if name in ("tl.full", "tl.broadcast_to"):
            at = 0 if name == "tl.full" else 1
            node.args[at] = self._shape(node.args[at])
        elif (
            name in ("tl.sum", "tl.max", "tl.min", "tl.expand_dims", "tl.permute")
            or "triton_helpers.max2" in name
        ):
            raise OtherForm
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Dimensions that were added to have three or four."""
        text = ast.unparse(node.slice)
        if text in ("(:, :, None)", "(None, :, :, None)", ":, :, None", "None, :, :, None"):
            return self.visit(node.value)
        if text in ("(None, :)", "(:, None)", "None, :", ":, None"):
            return node
        raise OtherForm

    def _shape(self, shape: ast.expr) -> ast.expr:
        if isinstance(shape, ast.Attribute) and shape.attr == "shape":
            return shape
        if not isinstance(shape, (ast.List, ast.Tuple)):
            raise OtherForm
        if len(shape.elts) <= 2:
            return ast.List(shape.elts, ast.Load())
        if len(shape.elts) != self._rank:
            raise OtherForm
        row, column, summed = shape.elts[-3:]
        parts = {"left": (row, summed), "right": (summed, column), "out": (row, column)}[self._side]
        return ast.List(list(parts), ast.Load())
