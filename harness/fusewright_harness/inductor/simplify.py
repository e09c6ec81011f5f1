"""Inductor's statements made fewer: no dead names, no aliases, no casts that change nothing, short expressions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from fusewright_harness.inductor.aliases import join_steps, propagate_aliases, settle_aliases
from fusewright_harness.inductor.bounds import fold_bounds, join_bounds
from fusewright_harness.inductor.shapes import Axes
from fusewright_harness.inductor.sharing import inline, share
from fusewright_harness.inductor.statements import blocks, remove_dead, replace, stores, target_of, walk
from fusewright_harness.inductor.types import Types
from fusewright_harness.inductor.zeros import Zeros

_INDEX = re.compile(r"([xyz]|r\d_)(\d+|index)")


def simplify(statements: list[ast.stmt], axes: Axes, types: Types) -> None:
    """Simplifies a kernel's body in place."""
    _forget_cache_hints(statements)
    remove_dead(statements)
    propagate_aliases(statements)
    _fold_constants(statements)
    _rewrite(statements, lambda value: types.without_casts(_Plain(types).visit(value)), types.learn)
    propagate_aliases(statements)
    _rewrite(statements, _Plain(types).visit, types.learn)
    fold_bounds(statements)
    _fold_truths(statements)
    _rewrite(statements, lambda value: axes.without_broadcasts(value, types.is_scalar), axes.learn)
    # What was broadcast may be a plain number now.
    _rewrite(statements, types.without_casts, types.learn)
    propagate_aliases(statements)
    share(statements)
    propagate_aliases(statements)
    remove_dead(statements)
    counts = stores(statements)
    zeros = Zeros({name for name, count in counts.items() if count == 1})
    _rewrite(statements, zeros.without_masking, zeros.learn)
    propagate_aliases(statements)
    remove_dead(statements)
    settle_aliases(statements)
    for block in blocks(statements):
        join_steps(block)
    while inline(statements):
        pass
    join_bounds(statements)
    remove_dead(statements)
    while inline(statements):
        pass
    remove_dead(statements)


def _fold_truths(statements: list[ast.stmt]) -> None:
    """Leaves out of masks what always holds."""
    folded = _Truths()
    while True:
        counts = stores(statements)
        truths = {
            name: statement.value
            for statement in walk(statements)
            if isinstance(statement, ast.Assign)
            and (name := target_of(statement)) is not None
            and counts[name] == 1
            and isinstance(statement.value, ast.Constant)
            and statement.value.value is True
        }
        if not truths:
            return
        replace(statements, truths)
        remove_dead(statements)
        for statement in statements:
            folded.visit(statement)


class _Truths(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case (
                ast.BinOp(left=ast.Constant(value=True), op=ast.BitAnd(), right=value)
                | ast.BinOp(left=value, op=ast.BitAnd(), right=ast.Constant(value=True))
            ):
                return value
        return node


class _Plain(ast.NodeTransformer):
    """Expressions without what has no effect."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """``1.0 * x`` is ``x`` where ``x`` is a floating number."""
        self.generic_visit(node)
        match node:
            case (
                ast.BinOp(left=ast.Constant(value=1.0), op=ast.Mult(), right=value)
                | ast.BinOp(left=value, op=ast.Mult(), right=ast.Constant(value=1.0))
            ) if self._types.of(value) in ("float32", "float64"):
                return value
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """An index is never negative."""
        self.generic_visit(node)
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.GtE()], comparators=[ast.Constant(value=0)]):
                return ast.Constant(True) if _INDEX.fullmatch(name) else node
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A number that fills the shape of another value is that number."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(attr="full"), args=[shape, ast.Constant() as number, dtype]) if (
                ast.unparse(shape).endswith(".shape") and ast.unparse(dtype).endswith(".dtype")
            ):
                return number
            case ast.Call(func=ast.Attribute(value=value, attr="to"), args=[type_]) if ast.unparse(
                type_
            ) == "tl.int32" and self._is_place(value):
                # Indices are 32 bits wide as it is.
                return value
        return node

    def _is_place(self, value: ast.expr) -> bool:
        """Whether a value is made of indices, numbers and sizes alone."""
        nodes = list(ast.walk(value))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        return not any(isinstance(node, ast.Call) for node in nodes) and all(
            _INDEX.fullmatch(name.id) or self._types.is_scalar(name) for name in names
        )


def _fold_constants(statements: list[ast.stmt]) -> None:
    """Writes a number where it is used: in Triton a number takes the type of what it is combined with."""
    counts = stores(statements)
    values = {
        name: number
        for statement in walk(statements)
        if isinstance(statement, ast.Assign)
        and (name := target_of(statement)) is not None
        and counts[name] == 1
        and (number := _number(statement.value)) is not None
    }
    replace(statements, values)
    remove_dead(statements)


def _number(value: ast.expr) -> ast.expr | None:
    match value:
        case ast.Call(func=ast.Attribute(attr="full"), args=[shape, number, dtype]):
            one = ast.unparse(shape) in ("[1]", "[1, 1]", "[1, 1, 1]", "[]")
            plain = ast.unparse(dtype) in ("tl.float32", "tl.int32", "tl.int64")
            try:
                literal = ast.literal_eval(number)
            except ValueError:
                return None
            small = isinstance(literal, (int, float)) and abs(literal) < 2**31
            return number if one and plain and small and not isinstance(literal, bool) else None
    return None


def _forget_cache_hints(statements: list[ast.stmt]) -> None:
    """Leaves out what Inductor guesses about the cache, by which two loads of one element differ."""
    for node in walk(statements):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "eviction_policy"]


def _rewrite(
    statements: list[ast.stmt],
    change: Callable[[ast.expr], ast.expr],
    learn: Callable[[ast.stmt], None],
) -> None:
    for statement in statements:
        if isinstance(statement, (ast.For, ast.If, ast.While, ast.With)):
            _rewrite(statement.body, change, learn)
        else:
            if getattr(statement, "value", None) is not None:
                statement.value = change(statement.value)
            learn(statement)
