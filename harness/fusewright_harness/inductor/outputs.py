"""What the reference calls its results."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from fusewright_harness.inductor.trace import Output


def result_names(reference: Callable[..., Any], result: Any) -> dict[int, str]:
    """Names for the outputs of these numbers: the keys of a dictionary, or the variables that are returned."""
    if isinstance(result, dict):
        named = result.items()
    else:
        parts = list(result) if isinstance(result, (tuple, list)) else [result]
        named = zip(_returned(reference, len(parts)), parts, strict=False)
    return {
        part.number: key
        for key, part in named
        if isinstance(part, Output) and isinstance(key, str) and key.isidentifier()
    }


def _returned(reference: Callable[..., Any], number: int) -> list[str | None]:
    """The variables that the reference's last ``return`` hands back; None where it is another expression."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(reference, "forward", reference))))
    except (OSError, TypeError, SyntaxError):
        return []
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    returns = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None
    ]
    if not returns:
        return []
    last = returns[-1]
    parts = last.elts if isinstance(last, (ast.Tuple, ast.List)) else [last]
    if len(parts) != number:
        return []
    return [part.id if isinstance(part, ast.Name) and part.id not in parameters else None for part in parts]
