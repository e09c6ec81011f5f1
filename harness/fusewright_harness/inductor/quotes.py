"""Quotes as a person writes them: `ast.unparse` knows single ones alone."""

from __future__ import annotations

import io
import tokenize


def double_quoted(text: str) -> str:
    """``text`` with every plain string in double quotes."""
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        string = token.string
        if token.type != tokenize.STRING or not string.startswith("'") or string.startswith("'''"):
            continue
        if '"' in string or "\\" in string or token.start[0] != token.end[0]:
            continue
        line = lines[token.start[0] - 1]
        lines[token.start[0] - 1] = f'{line[: token.start[1]]}"{string[1:-1]}"{line[token.end[1] :]}'
    return "\n".join(lines)
