"""Loads a piece of a pair the way the harness does: lines of the pair's file, in linecache, a module of its own."""

import linecache
import sys
import textwrap
import types


def load(code: str, first_line: int = 1, file: str = "pair.py") -> types.ModuleType:
    """``code`` as a module whose first line is ``first_line`` of ``file``."""
    text = "\n" * (first_line - 1) + textwrap.dedent(code).lstrip("\n")
    name = f"pair_{abs(hash((text, file)))}"
    module = types.ModuleType(name)
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[name] = module
    exec(compile(text, file, "exec"), module.__dict__)
    return module


def line_with(module: types.ModuleType, text: str) -> int:
    """The line of the module's file that holds ``text``, which must stand there once."""
    lines = [number for number, line in enumerate(linecache.cache[module.__file__][2], 1) if text in line]
    assert len(lines) == 1, f"{text!r} stands on lines {lines}"
    return lines[0]
