"""Inductor's statements made fewer: no dead names, no aliases, no casts that change nothing, short expressions."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator

from fusewright_harness.inductor.shapes import Axes
from fusewright_harness.inductor.types import Types
from fusewright_harness.inductor.zeros import Zeros

_INDEX = re.compile(r"([xyz]|r\d_)(\d+|index)")
_LONGEST_INLINED = 48
_LONGEST_LINE = 84
_INLINED = ("tmp", "xoffset", "yoffset", "zoffset")
# A row of these is evaluated in the order in which it is written.
_KEPT = ("tl.load", "tl.atomic", "tl.associative_scan", "tl.dot", "tl.reduce", "tl.sort", "tl.debug_barrier")


def blocks(statements: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Every list of statements, the outermost first."""
    yield statements
    for statement in statements:
        for field in ("body", "orelse"):
            inner = getattr(statement, field, None)
            if inner:
                yield from blocks(inner)


def walk(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Every node of the statements."""
    for statement in statements:
        yield from ast.walk(statement)


def loads(statements: list[ast.stmt]) -> Counter[str]:
    """How often each name is read."""
    return Counter(n.id for n in walk(statements) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def stores(statements: list[ast.stmt]) -> Counter[str]:
    """How often each name is given a value."""
    return Counter(n.id for n in walk(statements) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def target_of(statement: ast.stmt) -> str | None:
    """The one name that an assignment gives a value to."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


class Replace(ast.NodeTransformer):
    """Puts expressions in the places of names."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name that is read, or what stands for it."""
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return ast.parse(ast.unparse(self._values[node.id]), mode="eval").body
        return node


def replace(statements: list[ast.stmt], values: dict[str, ast.expr]) -> None:
    """Puts ``values`` in the places of names, everywhere."""
    if values:
        replacing = Replace(values)
        for statement in statements:
            replacing.visit(statement)


def simplify(statements: list[ast.stmt], axes: Axes, types: Types) -> None:
    """Simplifies a kernel's body in place."""
    _forget_cache_hints(statements)
    remove_dead(statements)
    propagate_aliases(statements)
    _fold_constants(statements)
    _rewrite(statements, lambda value: types.without_casts(_Plain(types).visit(value)), types.learn)
    propagate_aliases(statements)
    _rewrite(statements, _Plain(types).visit, types.learn)
    _fold_truths(statements)
    _rewrite(statements, lambda value: axes.without_broadcasts(value, types.is_scalar), axes.learn)
    # What was broadcast may be a plain number now.
    _rewrite(statements, types.without_casts, types.learn)
    propagate_aliases(statements)
    _share(statements)
    propagate_aliases(statements)
    remove_dead(statements)
    counts = stores(statements)
    zeros = Zeros({name for name, count in counts.items() if count == 1})
    _rewrite(statements, zeros.without_masking, zeros.learn)
    propagate_aliases(statements)
    remove_dead(statements)
    _settle_aliases(statements)
    for block in blocks(statements):
        _join_steps(block)
    while inline(statements):
        pass
    remove_dead(statements)


def _fold_truths(statements: list[ast.stmt]) -> None:
    """Leaves out of masks what always holds."""
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
    if truths:
        replace(statements, truths)
        remove_dead(statements)
        folded = _Truths()
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


def _settle_aliases(statements: list[ast.stmt]) -> None:
    """Reads a sum by its own name once it is complete."""
    counts = stores(statements)
    place = 0
    while place < len(statements):
        match statements[place]:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=source)) if (
                counts[name] == 1 and not stores(statements[place + 1 :])[source]
            ):
                replace(statements[place + 1 :], {name: ast.Name(source, ast.Load())})
                del statements[place]
                continue
        place += 1


def _join_steps(block: list[ast.stmt]) -> None:
    """Gives a running value its next one at once, where another name was between."""
    while _join_one_step(block):
        pass


def _join_one_step(block: list[ast.stmt]) -> bool:
    read, given = loads(block), stores(block)
    for place, statement in enumerate(block):
        match statement:
            case ast.Assign(targets=[ast.Name(id=running)], value=ast.Name(id=step)) if (
                read[step] == 1 and given[step] == 1
            ):
                before = next((n for n, s in enumerate(block[:place]) if target_of(s) == step), None)
                between = block[before + 1 : place] if before is not None else []
                if before is None or loads(between)[running] or stores(between)[running]:
                    continue
                block[before].targets[0].id = running
                del block[place]
                return True
    return False


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


def remove_dead(statements: list[ast.stmt]) -> None:
    """Removes what gives values to names that nobody reads."""
    changed = True
    while changed:
        changed = False
        read = loads(statements)
        for block in blocks(statements):
            kept = [statement for statement in block if not _is_dead(statement, read)]
            if len(kept) < len(block):
                block[:] = kept
                changed = True


def _is_dead(statement: ast.stmt, read: Counter[str]) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) or "device_assert" in ast.unparse(statement.value)
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    given = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    effect = "tl.atomic" in ast.unparse(statement)
    return bool(given) and not effect and not any(read[name] for name in given)


def propagate_aliases(statements: list[ast.stmt]) -> None:
    """Calls a value by one name where Inductor has two."""
    while True:
        given: dict[str, set[str | None]] = {}
        for node in walk(statements):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=source)):
                    given.setdefault(name, set()).add(source)
                case ast.Name(id=name, ctx=ast.Store()):
                    given.setdefault(name, set())
        counts = stores(statements)
        assignments = Counter(
            target_of(n)
            for n in walk(statements)
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)
        )
        values: dict[str, ast.expr] = {}
        for name, sources in given.items():
            source = next(iter(sources), None)
            alone = len(sources) == 1 and assignments[name] == counts[name] and source not in values
            # A name that changes may be read later, after it has changed; within a loop both change together.
            if alone and source is not None and counts[source] <= max(1, counts[name]):
                values = {name: ast.Name(source, ast.Load())}
                break
        if not values:
            return
        replace(statements, values)
        remove_dead(statements)


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


def _share(statements: list[ast.stmt]) -> None:
    """Computes once what is computed twice in one block of statements."""
    given = stores(statements)
    stored = {
        name
        for node in walk(statements)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("tl.store", "tl.atomic_add")
        for name in loads([ast.Expr(node.args[0])])
    }
    for block in blocks(statements):
        changed = True
        while changed:
            changed = False
            first: dict[str, str] = {}
            for statement in block:
                name = target_of(statement)
                if name is None or given[name] != 1 or isinstance(statement.value, (ast.Name, ast.Constant)):
                    continue
                text = ast.unparse(statement.value)
                if "tl.atomic" in text or _changing(statement.value, given):
                    continue
                if "tl.load" in text and _rewritten(statement.value, stored):
                    continue
                if text in first:
                    block.remove(statement)
                    replace(statements, {name: ast.Name(first[text], ast.Load())})
                    changed = True
                    break
                first[text] = name


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


def inline(statements: list[ast.stmt]) -> bool:
    """Writes a value where it is used, if that is once and the line stays short; tells whether anything changed."""
    read, given = loads(statements), stores(statements)
    for block in blocks(statements):
        for place, statement in enumerate(block):
            name = target_of(statement)
            if name is None or read[name] != 1 or given[name] != 1 or not name.startswith(_INLINED):
                continue
            value = statement.value
            text = ast.unparse(value)
            if any(kept in text for kept in _KEPT) or _changing(value, given):
                continue
            user = next((s for s in block[place + 1 :] if loads([s])[name]), None)
            if user is None or isinstance(user, (ast.For, ast.If, ast.While, ast.With)):
                continue
            atom = isinstance(value, (ast.Name, ast.Constant))
            if not atom and (
                len(text) > _LONGEST_INLINED or len(ast.unparse(user)) + len(text) > _LONGEST_LINE
            ):
                continue
            Replace({name: value}).visit(user)
            del block[place]
            return True
    return False


def _rewritten(value: ast.expr, stored: set[str]) -> bool:
    """Whether a load may read what the kernel stores."""
    pointers = {name for name in loads([ast.Expr(value)]) if "_ptr" in name}
    return bool(pointers & stored)


def _changing(value: ast.expr, given: Counter[str]) -> bool:
    return any(isinstance(node, ast.Name) and given[node.id] > 1 for node in ast.walk(value))
