"""Where a function's definition stands in its file."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import types


def definition(function: types.FunctionType) -> ast.FunctionDef | None:
    """The syntax tree of ``function``'s ``def`` with the lines it has in its file; None where there is no source."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):
        return None
    ast.increment_lineno(tree, max(first, 1) - 1)
    found = tree.body[0] if tree.body else None
    return found if isinstance(found, ast.FunctionDef) else None


@lru_cache(maxsize=256)
def definition_line(function: types.FunctionType) -> int:
    """The line of the ``def`` itself: decorators stand above it."""
    found = definition(function)
    return function.__code__.co_firstlineno if found is None else found.lineno
