"""Values computed once where Inductor computes them twice, and written where they are used if that is once."""

from __future__ import annotations

import ast
from collections import Counter

from fusewright_harness.inductor.bounds import is_mask
from fusewright_harness.inductor.statements import Replace, blocks, loads, replace, stores, target_of, walk

_LONGEST_INLINED = 48
_LONGEST_LINE = 84
_INLINED = ("tmp", "xoffset", "yoffset", "zoffset")
# A row of these is evaluated in the order in which it is written.
_KEPT = ("tl.load", "tl.atomic", "tl.associative_scan", "tl.dot", "tl.reduce", "tl.sort", "tl.debug_barrier")


def share(statements: list[ast.stmt]) -> None:
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
            # The masks of a load are on a line of their own.
            atom = isinstance(value, (ast.Name, ast.Constant)) or (
                is_mask(value) and "tl.load" in ast.unparse(user)
            )
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
