"""A kernel's statements: walking through them, what they read and give values to, and which of them nobody needs."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator


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


def is_call(node: ast.AST | None, name: str) -> bool:
    """Whether a node calls the function of that name."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def parsed(text: str) -> ast.expr:
    """The expression that a text is."""
    return ast.parse(text, mode="eval").body


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
