"""Addresses as a person writes them: the pointer, then what is far apart times its stride, then what is near."""

from __future__ import annotations

import ast
import math
from collections import Counter

from fusewright_harness.inductor.places import Places, sum_from, sum_of
from fusewright_harness.inductor.statements import parsed


class Addresses(ast.NodeTransformer):
    """Puts the terms of every pointer's sum in order."""

    def __init__(self, sizes: set[str], products: dict[str, ast.expr], indices: set[str]) -> None:
        """``sizes`` are the kernel's numbers; ``products`` those of them that are products of others."""
        self._indices = indices
        self._sizes = sizes
        self._places = Places()
        found = {name: _factors(value) for name, value in products.items()}
        self._products = sorted(
            ((name, Counter(factors)) for name, factors in found.items() if factors and len(factors) > 1),
            key=lambda item: -sum(item[1].values()),
        )

    def written(self, expression: ast.expr, places: Places) -> ast.expr:
        """``expression`` with its addresses in order; ``places`` are the sums that have names."""
        self._places = places
        return self.visit(expression)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A load or a store."""
        self.generic_visit(node)
        if ast.unparse(node.func) in ("tl.load", "tl.store", "tl.atomic_add") and node.args:
            node.args[0] = self._address(node.args[0])
        match node:
            case ast.Call(func=ast.Attribute(value=ast.BinOp(op=ast.Add()) as place, attr="to")) if (
                self._is_place_of_sizes(place)
            ):
                # The number of an element, which is an address but for the pointer.
                terms = sorted(
                    (self._term(term) for term in self._gathered(_terms(place))), key=self._nearness
                )
                node.func.value = _sum(terms)
        return node

    def _is_place_of_sizes(self, expression: ast.expr) -> bool:
        names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
        plain = not any(isinstance(node, (ast.Call, ast.Compare)) for node in ast.walk(expression))
        return plain and bool(names & self._sizes) and names <= self._sizes | self._indices

    def _address(self, address: ast.expr) -> ast.expr:
        terms = _terms(address)
        pointers = [term for term in terms if isinstance(term, ast.Name) and term.id.endswith("_ptr")]
        if len(pointers) != 1 or len(terms) < 2:
            return address
        offsets = self._gathered(_uncancelled([term for term in terms if term is not pointers[0]]))
        rest = sorted((self._term(term) for term in offsets), key=self._nearness)
        return _sum([pointers[0], *rest])

    def _gathered(self, terms: list[ast.expr]) -> list[ast.expr]:
        """The terms with one for each stride, where several have the same or their sum has a name."""
        groups: dict[tuple[str, ...], list[ast.expr]] = {}
        sums: dict[tuple[str, ...], Counter[str]] = {}
        for term in terms:
            operands = _operands(term)
            stride = tuple(
                sorted(ast.unparse(o) for o in operands if isinstance(o, ast.Name) and self._is_size(o))
            )
            number, places = 1, []
            for operand in operands:
                whole = sum_of(operand)
                if whole is not None and set(whole) == {"1"}:
                    number *= whole["1"]
                elif not (isinstance(operand, ast.Name) and self._is_size(operand)):
                    places.append(operand)
            groups.setdefault(stride, []).append(term)
            sums.setdefault(stride, Counter())[ast.unparse(_product(places)) if places else "1"] += number
        result = []
        for stride, group in groups.items():
            index = self._index(sums[stride], bool(stride) and len(group) > 1)
            if index is None:
                result += group
            else:
                result.append(_product([index, *(parsed(size) for size in stride)]))
        return result

    def _index(self, terms: Counter[str], strided: bool) -> ast.expr | None:
        """What a stride is multiplied by; None where that is best left apart."""
        divisor = math.gcd(*terms.values())
        for times in dict.fromkeys([1, divisor or 1]):
            name = self._places.name_of(Counter({term: n // times for term, n in terms.items()}))
            if name is not None:
                index: ast.expr = ast.Name(name, ast.Load())
                return index if times == 1 else ast.BinOp(ast.Constant(times), ast.Mult(), index)
        return sum_from(terms) if strided else None

    def _nearness(self, term: ast.expr) -> tuple[int, int]:
        """Sorts terms: those with strides first, the longest first; numbers and sizes alone are last."""
        names = {node.id for node in ast.walk(term) if isinstance(node, ast.Name)}
        if not names - self._sizes:
            return (2, 0)
        product = isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult)
        variables = [o for o in _operands(term) if not isinstance(o, ast.Constant)]
        return (0, -len(variables)) if product and len(variables) > 1 else (1, 0)

    def _term(self, term: ast.expr) -> ast.expr:
        """``index * stride`` with a product of sizes that has a name called by it."""
        operands = _operands(term)
        if len(operands) < 2:
            return term
        places = [operand for operand in operands if not self._is_size(operand)]
        sizes = Counter(ast.unparse(operand) for operand in operands if self._is_size(operand))
        for name, factors in self._products:
            if factors <= sizes:
                sizes = sizes - factors + Counter([name])
        strides = [parsed(text) for text, number in sizes.items() for _ in range(number)]
        strides.sort(key=lambda stride: not isinstance(stride, ast.Constant))
        if len(places) != 1 or not strides:
            ordered = [*strides, *places]
        elif isinstance(strides[0], ast.Constant) or _negated(strides[0]) is not None:
            ordered = [strides[0], *places, *strides[1:]]
        else:
            ordered = [*places, *strides]
        result = ordered[0]
        for factor in ordered[1:]:
            result = ast.BinOp(result, ast.Mult(), factor)
        return result

    def _is_size(self, operand: ast.expr) -> bool:
        match operand:
            case ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
                return True
            case ast.Name(id=name):
                return name in self._sizes
        return False


def _sum(terms: list[ast.expr]) -> ast.expr:
    result = terms[0]
    for term in terms[1:]:
        less = _negated(term)
        result = ast.BinOp(result, ast.Add(), term) if less is None else ast.BinOp(result, ast.Sub(), less)
    return result


def _product(factors: list[ast.expr]) -> ast.expr:
    result = factors[0]
    for factor in factors[1:]:
        result = ast.BinOp(result, ast.Mult(), factor)
    return result


def _terms(expression: ast.expr) -> list[ast.expr]:
    match expression:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [*_terms(left), *_terms(right)]
    return [expression]


def _uncancelled(terms: list[ast.expr]) -> list[ast.expr]:
    """The terms without those that are added and subtracted again."""
    kept: list[ast.expr] = []
    for term in terms:
        less = _negated(term)
        opposite = next(
            (
                one
                for one in kept
                if (less is not None and ast.unparse(one) == ast.unparse(less))
                or ((other := _negated(one)) is not None and ast.unparse(other) == ast.unparse(term))
            ),
            None,
        )
        if opposite is None:
            kept.append(term)
        else:
            kept.remove(opposite)
    return kept


def _operands(expression: ast.expr) -> list[ast.expr]:
    match expression:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return [*_operands(left), *_operands(right)]
    return [expression]


def _factors(expression: ast.expr) -> list[str] | None:
    """The names whose product an expression is; None where it is something else."""
    operands = _operands(expression)
    return [o.id for o in operands] if all(isinstance(o, ast.Name) for o in operands) else None


def _negated(term: ast.expr) -> ast.expr | None:
    """What is subtracted, where a term is a negative number or a multiple of minus one."""
    match term:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand
        case ast.Constant(value=int() as value) if value < 0:
            return ast.Constant(-value)
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if ast.unparse(left) == "-1":
            return right
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            less = _negated(left)
            return None if less is None else ast.BinOp(less, ast.Mult(), right)
    return None
