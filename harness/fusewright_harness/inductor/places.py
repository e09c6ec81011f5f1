"""Places within tensors, written as their names where they have one.

Inductor multiplies every address out: with ``row = 2 * (columns // width) + inner // 3 % 3 - 1`` it writes
``2 * stride * (columns // width) + stride * (inner // 3 % 3) - stride`` and not ``row * stride``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable

from fusewright_harness.inductor.statements import parsed, stores, target_of


class Places:
    """The sums of indices that have names, in one block of statements."""

    def __init__(self, outer: Places | None = None) -> None:
        """``outer`` are the names outside of a loop."""
        self._names: dict[frozenset[tuple[str, int]], str] = dict(outer._names) if outer is not None else {}
        self._sums: dict[str, Counter[str]] = dict(outer._sums) if outer is not None else {}

    def learn(self, name: str, value: ast.expr) -> None:
        """Learns that ``name`` is ``value``, if that is a sum."""
        terms = sum_of(value)
        if terms is not None and (len(terms) > 1 or max(map(abs, terms.values())) > 1):
            terms = self._spelled_out(terms)
            self._names.setdefault(_key(terms), name)
            self._sums[name] = terms

    def name_of(self, terms: Counter[str]) -> str | None:
        """The name of the sum of ``terms``."""
        return self._names.get(_key(self._spelled_out(terms)))

    def _spelled_out(self, terms: Counter[str]) -> Counter[str]:
        total: Counter[str] = Counter()
        for term, number in terms.items():
            for part, times in self._sums.get(term, {term: 1}).items():
                total[part] += number * times
        return total

    def named(self, expression: ast.expr) -> ast.expr:
        """``expression`` with names in the places of sums."""
        return _Named(self).visit(expression) if self._names else expression


def _key(terms: Counter[str]) -> frozenset[tuple[str, int]]:
    return frozenset((_factors_in_order(term), number) for term, number in terms.items() if number)


def _factors_in_order(term: str) -> str:
    factors, left = [], parsed(term)
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
        factors.append(ast.unparse(left.right))
        left = left.left
    return " * ".join(sorted([ast.unparse(left), *factors])) if factors else term


class _Named(ast.NodeTransformer):
    def __init__(self, places: Places) -> None:
        self._places = places

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            terms = sum_of(node)
            name = None if terms is None else self._places.name_of(terms)
            if name is not None:
                return ast.Name(name, ast.Load())
        self.generic_visit(node)
        return node


def name_places(
    statements: list[ast.stmt],
    is_place: set[str],
    rewrite: Callable[[ast.expr, Places], ast.expr],
    outer: Places | None = None,
) -> None:
    """Reads sums of indices by their names; ``is_place`` are the names of indices, sizes and blocks.

    ``rewrite`` is given every value with the names that are known before it.
    """
    given = stores(statements)
    places = Places(outer)
    for statement in statements:
        if isinstance(statement, (ast.For, ast.If, ast.While, ast.With)):
            name_places(statement.body, is_place, rewrite, places)
            continue
        value = getattr(statement, "value", None)
        if value is None:
            continue
        statement.value = rewrite(places.named(value), places)
        name = target_of(statement)
        if name is not None and given[name] == 1 and _of_places(value, is_place):
            statement.value = in_order(statement.value)
            places.learn(name, value)
            is_place.add(name)


def in_order(expression: ast.expr) -> ast.expr:
    """A sum of whole numbers with what is subtracted, and the number itself, at its end."""
    return _Ordered().visit(expression)


class _Ordered(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, (ast.Add, ast.Sub)):
            return node
        terms = sum_of(node)
        return node if terms is None else sum_from(terms)


def sum_from(terms: Counter[str]) -> ast.expr:
    """The sum of ``terms``."""
    parts = [(term, number) for term, number in terms.items() if number]
    parts.sort(key=lambda part: (part[1] < 0, part[0] == "1"))
    result: ast.expr | None = None
    for term, number in parts:
        many = abs(number)
        times = ast.Constant(many) if term == "1" else ast.parse(term, mode="eval").body
        if many != 1 and term != "1":
            times = ast.BinOp(ast.Constant(many), ast.Mult(), times)
        if result is None:
            negative = number < 0
            result = times if not negative else ast.BinOp(ast.Constant(-many), ast.Mult(), times)
            if negative and (term == "1" or many == 1):
                result = ast.UnaryOp(ast.USub(), times)
        else:
            result = ast.BinOp(result, ast.Sub() if number < 0 else ast.Add(), times)
    return ast.Constant(0) if result is None else result


def sum_of(expression: ast.expr) -> Counter[str] | None:
    """How often each term is in a sum of whole multiples; the number itself counts for the term ``1``."""
    match expression:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            first, second = sum_of(left), sum_of(right)
            if first is None or second is None:
                return None
            total = Counter(first)
            for term, number in second.items():
                total[term] += -number if isinstance(op, ast.Sub) else number
            return total
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return Counter({"1": number})
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = sum_of(operand)
            return None if inner is None else Counter({term: -number for term, number in inner.items()})
        case ast.BinOp(left=ast.Constant(value=int() as number), op=ast.Mult(), right=right):
            return Counter({ast.unparse(right): number})
        case ast.BinOp(
            left=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)),
            op=ast.Mult(),
            right=right,
        ):
            return Counter({ast.unparse(right): -number})
        case ast.BinOp(left=ast.BinOp(op=ast.Mult()) as left, op=ast.Mult(), right=right):
            inner = sum_of(left)
            if inner is not None and list(inner.values()) != [1]:
                # ``-1 * a * b``: the number is the first of the factors.
                ((term, number),) = inner.items()
                return Counter({ast.unparse(ast.BinOp(parsed(term), ast.Mult(), right)): number})
    return Counter({ast.unparse(expression): 1})


def _of_places(value: ast.expr, is_place: set[str]) -> bool:
    """Whether a value is made of indices and sizes alone."""
    nodes = list(ast.walk(value))
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    plain = not any(isinstance(node, (ast.Call, ast.Compare, ast.BoolOp)) for node in nodes)
    return isinstance(value, ast.BinOp) and plain and bool(names) and set(names) <= is_place
