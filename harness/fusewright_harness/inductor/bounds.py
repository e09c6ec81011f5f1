"""Masks of places within a size: what always holds is left out, and both ends of a size are one mask."""

from __future__ import annotations

import ast
from collections.abc import Callable

from fusewright_harness.inductor.statements import blocks, stores, target_of, walk


def fold_bounds(statements: list[ast.stmt]) -> None:
    """Writes down as true that a remainder is less than its divisor."""
    given = stores(statements)
    divisors = {}
    for node in walk(statements):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.Mod(), right=divisor)):
                if given[name] == 1:
                    divisors[name] = ast.unparse(divisor)
    fold = _Folded(divisors)
    for statement in statements:
        fold.visit(statement)


class _Folded(ast.NodeTransformer):
    def __init__(self, divisors: dict[str, str]) -> None:
        self._divisors = divisors

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Lt()], comparators=[size]):
                if self._divisors.get(name) == ast.unparse(size):
                    return ast.Constant(True)
        return node


def join_bounds(statements: list[ast.stmt]) -> None:
    """Makes one mask of the two that hold a place against the beginning and the end of a size."""
    given = stores(statements)
    for block in blocks(statements):
        for first, last in _pairs(block, given.__getitem__):
            low, high = (_place_of(name, block) for name in (first, last))
            place, both = max(low, high) + 1, f"{first}_inside"
            join = _Joined({first, last}, both)
            for statement in block[place:]:
                join.visit(statement)
            if join.found:
                value = f"({ast.unparse(block[low].value)}) & ({ast.unparse(block[high].value)})"
                block.insert(place, ast.parse(f"{both} = {value}").body[0])


def is_mask(value: ast.expr) -> bool:
    """Whether a value is made of masks that have names."""
    match value:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return all(isinstance(part, ast.Name) or is_mask(part) for part in (left, right))
    return False


def bounded(value: ast.expr) -> str | None:
    """The place that a mask holds against both ends of a size."""
    match value:
        case ast.BinOp(
            left=ast.Compare(left=ast.Name(id=low), ops=[ast.GtE()]),
            op=ast.BitAnd(),
            right=ast.Compare(left=ast.Name(id=high), ops=[ast.Lt()]),
        ) if low == high:
            return low
    return None


def _pairs(block: list[ast.stmt], given: Callable[[str], int]) -> list[tuple[str, str]]:
    """The names of masks that hold one place against nothing and against a size."""
    low: dict[str, str] = {}
    high: dict[str, str] = {}
    for statement in block:
        name = target_of(statement)
        if name is None or given(name) != 1:
            continue
        match statement.value:
            case ast.Compare(left=ast.Name(id=place), ops=[ast.GtE()], comparators=[ast.Constant(value=0)]):
                low.setdefault(place, name)
            case ast.Compare(left=ast.Name(id=place), ops=[ast.Lt()], comparators=[ast.Name()]):
                high.setdefault(place, name)
    return [(name, high[place]) for place, name in low.items() if place in high and given(place) <= 1]


def _place_of(name: str, block: list[ast.stmt]) -> int:
    return next(number for number, statement in enumerate(block) if target_of(statement) == name)


class _Joined(ast.NodeTransformer):
    """Reads one name in the place of two that are both asked for."""

    def __init__(self, pair: set[str], both: str) -> None:
        self._pair = pair
        self._both = both
        self.found = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, ast.BitAnd):
            self.generic_visit(node)
            return node
        parts = _parts(node)
        names = [part.id if isinstance(part, ast.Name) else "" for part in parts]
        if not self._pair <= set(names):
            self.generic_visit(node)
            return node
        self.found = True
        kept: list[ast.expr] = []
        for part, name in zip(parts, names, strict=True):
            if name not in self._pair:
                kept.append(part)
            elif not any(isinstance(one, ast.Name) and one.id == self._both for one in kept):
                kept.append(ast.Name(self._both, ast.Load()))
        result = kept[0]
        for part in kept[1:]:
            result = ast.BinOp(result, ast.BitAnd(), part)
        return result


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return [*_parts(left), *_parts(right)]
    return [node]
