"""A module of its own for a reference that is one: the same parameters under the same names, another `forward`."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap

import torch

from fusewright_harness.inductor.unsupported import Unsupported


def in_class(module: torch.nn.Module, name: str, forward: list[str]) -> tuple[list[str], list[str]]:
    """The imports that a class called ``name`` takes, and its lines.

    It is made as the reference's class is and computes by ``forward``, the lines of a method.

    Raises:
        Unsupported: the class is made of more than imports and its own methods.

    """
    kind = type(module)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        imports = _imports(kind)
    except (OSError, TypeError, SyntaxError) as error:
        raise Unsupported("module", f"the source of `{kind.__name__}` cannot be read") from error
    assert isinstance(tree, ast.ClassDef)  # It is the source of a class.
    methods = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name != "forward"]
    taken = _free_names(methods) | _free_names(tree.bases)
    known = {name for names in imports.values() for name in names}
    foreign = sorted(taken - known - set(dir(builtins)) - {kind.__name__})
    if foreign:
        raise Unsupported(
            "module",
            f"`{kind.__name__}` is made with `{foreign[0]}` of the PYTHON block, which the TRITON block does not have: "
            "make it of torch.nn's modules and parameters alone",
        )
    bases = ", ".join(ast.unparse(base) for base in tree.bases)
    lines = [f"class {name}({bases}):"]
    for number, method in enumerate(methods):
        for node in ast.walk(method):
            if isinstance(node, ast.Name) and node.id == kind.__name__:
                node.id = name
        lines += [""] if number else []
        lines += ["    " + line if line else "" for line in ast.unparse(method).split("\n")]
    lines += ["", *("    " + line if line else "" for line in forward)]
    return [text for text, names in imports.items() if set(names) & taken], lines


def _imports(kind: type) -> dict[str, list[str]]:
    """The imports of the block that defines a class, by text, and the names that each brings."""
    source = inspect.getsource(sys.modules[kind.__module__])
    found: dict[str, list[str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found[ast.unparse(node)] = [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return found


def _free_names(nodes: list[ast.AST]) -> set[str]:
    """Names that are read and not given a value in the same function."""
    found: set[str] = set()
    for node in nodes:
        own = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        own |= {part.id for part in names if isinstance(part.ctx, ast.Store)}
        found |= {part.id for part in names if part.id not in own}
    return found
