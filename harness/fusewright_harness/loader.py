"""Running a block of a pair file as a module of its own, with the file's own line numbers.

The block is padded with empty lines up to the line it starts on, so that tracebacks, ``inspect`` (through which
Triton reads a kernel's source) and compile errors all name lines of the pair file, while the process holds
nothing of the other blocks' text.
"""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from fusewright_harness.faults import Fault, fault_from_exception


def load_block(
    block: dict[str, Any],
    filename: str,
    implementation: str,
    namespace: dict[str, Any] | None = None,
    name: str | None = None,
) -> types.ModuleType:
    """Runs ``block`` (``code`` and ``first_line``) and returns its module.

    ``namespace`` is defined in the module beforehand. Raises :class:`Fault` with stage "parse" or "import".
    """
    name = name or f"fusewright_{implementation}_block"
    source = "\n" * (block["first_line"] - 1) + block["code"]
    module = types.ModuleType(name)
    module.__file__ = filename
    module.__dict__.update(namespace or {})
    sys.modules[name] = module
    _show_in_tracebacks(source, filename)
    try:
        code = compile(source, filename, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        raise fault_from_exception(error, implementation, "import", filename) from error
    return module


def entry_point(module: types.ModuleType, name: str, implementation: str) -> Callable[..., Any]:
    """The callable that a block defines under ``name``. Raises :class:`Fault` where there is none."""
    found = module.__dict__.get(name)
    if callable(found):
        return found
    what = "is not there" if found is None else f"is a {type(found).__name__} and cannot be called"
    raise Fault(
        implementation,
        "import",
        "EntryPoint",
        f"`{name}` {what} once the block has run; define it at the top level",
    )


def _show_in_tracebacks(source: str, filename: str) -> None:
    lines = source.split("\n")
    lines = [line + "\n" for line in lines]
    entry = linecache.cache.get(filename)
    known = entry[2] if entry is not None and len(entry) == 4 else []
    merged = [
        line if line.strip() else (known[index] if index < len(known) else line)
        for index, line in enumerate(lines)
    ]
    merged += known[len(lines) :]
    # Without a modification time the entry is never checked against a file of that name.
    linecache.cache[filename] = (sum(map(len, merged)), None, merged, filename)
