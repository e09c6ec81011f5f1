"""Lines of a block, broken where they would be too long."""

from __future__ import annotations

import ast

_WIDTH = 96
_LONGEST_PART = 84


def call_lines(head: str, parts: list[str], tail: str) -> list[str]:
    """``head``, the parts with commas between them and ``tail``: on one line, on three, or with a line for each."""
    joined = ", ".join(parts)
    if ("\n" not in joined and len(head) + len(joined) + len(tail) <= _WIDTH) or not parts:
        return [head + joined + tail]
    if "\n" not in joined and len(joined) + 4 <= _WIDTH:
        return [head, "    " + joined, tail]
    return [head, *(line for part in parts for line in f"    {part},".split("\n")), tail]


def statement_lines(statement: ast.stmt) -> list[str]:
    """A statement's text, the arguments of long calls on lines of their own."""
    match statement:
        case ast.For(body=body):
            head = f"for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}:"
            return [head, *("    " + line for inner in body for line in statement_lines(inner))]
        case ast.If(test=test, body=body, orelse=[]):
            inner_lines = [line for inner in body for line in statement_lines(inner)]
            return [f"if {ast.unparse(test)}:", *("    " + line for line in inner_lines)]
        case ast.Expr(value=ast.Call() as call):
            return _call("", call, "")
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Call() as call) if len(names) > 1:
            return _call(f"{', '.join(map(ast.unparse, names))} = ", call, "")
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=total), op=ast.Add(), right=added)
        ) if name == total:
            return [f"{name} += {ast.unparse(added)}"]
        case ast.Assign(targets=[target], value=ast.Call() as call):
            return _call(f"{ast.unparse(target)} = ", call, "")
    return ast.unparse(statement).split("\n")


def _call(before: str, call: ast.Call, after: str) -> list[str]:
    match call.func:
        case ast.Attribute(value=ast.Call() as inner, attr=attribute) if len(call.args) < 2:
            # What is broken over lines is the load and not its cast.
            arguments = ", ".join(ast.unparse(part) for part in [*call.args, *call.keywords])
            return _call(before, inner, f".{attribute}({arguments}){after}")
    parts = [_broken(part) for part in [*call.args, *call.keywords]]
    return call_lines(f"{before}{ast.unparse(call.func)}(", parts, f"){after}")


def _broken(part: ast.expr | ast.keyword) -> str:
    """The text of an argument, a long sum with its terms on lines of their own."""
    text = ast.unparse(part)
    if len(text) <= _LONGEST_PART:
        return text
    terms: list[str] = []
    while isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Add, ast.Sub)):
        right = ast.unparse(part.right)
        if isinstance(part.right, ast.BinOp) and isinstance(part.right.op, (ast.Add, ast.Sub)):
            right = f"({right})"
        terms.insert(0, f"{'+' if isinstance(part.op, ast.Add) else '-'} {right}")
        part = part.left
    return "\n    ".join([ast.unparse(part), *terms]) if terms else text
