"""A compiler's complaint in one sentence, and the line of the pair's file it is about."""

from __future__ import annotations

import ast
import gc
import inspect
import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# "softmax.py:14:20: error: 'tt.dot' op ..." and loc("softmax.py":14:20): error: ...: what MLIR prints.
_MLIR = re.compile(r'(?:loc\(")?(?P<file>[^\s"()]+\.py)"?:(?P<line>\d+):\d+\)?: error: (?P<message>.+)')
# What triton's checks begin with when they pass a message on.
_WRAPPED = re.compile(
    r"""^(?P<type>[A-Za-z_]+(?:Error|Exception|Impl))\((?P<quote>['"])(?P<message>.*)(?P=quote),?\)$""", re.S
)

# Errors that only compiling and loading a kernel raise; their bases are looked at too.
_OF_THE_COMPILER = frozenset(
    {"CompilationError", "OutOfResources", "PTXASError", "AutotunerError", "MLIRError"}
)

# No statement of a kernel is to blame for these.
_OF_THE_WHOLE_KERNEL = ("OutOfResources", "SharedMemoryError", "PTXASError")


@dataclass(frozen=True)
class CompileError:
    """What went wrong: the innermost exception's type, one sentence, and the absolute line, where there is one."""

    type: str
    message: str
    line: int | None


def is_compile_error(error: BaseException) -> bool:
    """Whether compiling a kernel raised ``error``, or an error that it was raised from."""
    for link in _chain(error):
        if any(base.__name__ in _OF_THE_COMPILER for base in type(link).__mro__):
            return True
        # MLIR's passes raise a bare RuntimeError.
        if isinstance(link, RuntimeError) and "PassManager::run failed" in str(link):
            return True
    return False


def explain_compile_error(error: BaseException, file: str | None = None, log: str = "") -> CompileError:
    """The shortest true account of ``error``, which compiling or launching a kernel raised.

    ``file`` is the name that the pair's code was compiled with; lines of other files are passed over, and without it
    the kernel's own file is taken. ``log`` is what the compiler printed to standard error, where that was kept: some
    passes say only there what they refused. The line is the failing statement's: in a device function that a
    kernel calls, the statement inside of that function.
    """
    chain = list(_chain(error))
    found = _from_mlir(log, file)
    innermost = chain[-1]
    line = _line_of_node(chain, file) or _line_of_visit(chain, file) or (found[0] if found else None)
    if line is None and type(innermost).__name__ in _OF_THE_WHOLE_KERNEL:
        line = _line_of_kernel(chain)
    line = line or _line_of_frames(chain, file) or _line_of_kernel(chain)
    kind, message = _account(innermost)
    if found and (type(innermost) is RuntimeError or not message):
        message = found[1]
    return CompileError(kind, message, line)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, its cause, the cause's cause and so on, as they were raised."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def _account(error: BaseException) -> tuple[str, str]:
    """The type and the message of one exception."""
    kind = type(error).__name__
    text = getattr(error, "error_message", None) or str(error)
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])
    wrapped = _WRAPPED.match(text.strip())
    if wrapped:
        kind, text = wrapped["type"], wrapped["message"]
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if kind == "PTXASError":
        lines = [line for line in lines if line.startswith("ptxas")] or lines
    return kind, lines[0] if lines else kind


def _line_of_node(chain: list[BaseException], file: str | None) -> int | None:
    """The line of the innermost node that lies in the pair's file."""
    for error in reversed(chain):
        node, source = getattr(error, "node", None), getattr(error, "src", None)
        if source is None or not hasattr(node, "lineno"):
            continue
        for kernel_file, first_line in _definitions_of(source):
            if file is None or kernel_file == file:
                return first_line + node.lineno - 1
    return None


def _line_of_visit(chain: list[BaseException], file: str | None) -> int | None:
    """The line of the node that triton was looking at when an error arose that it did not wrap."""
    for error in reversed(chain):
        kernel = line = None
        for frame, _line in traceback.walk_tb(error.__traceback__):
            owner, node = frame.f_locals.get("self"), frame.f_locals.get("node")
            if hasattr(owner, "starting_line_number"):
                kernel, line = owner, None
            elif kernel is not None and isinstance(owner, ast.NodeVisitor) and hasattr(node, "lineno"):
                line = line_of_definition(kernel) + node.lineno - 1
        if line is not None and file in (None, kernel.fn.__code__.co_filename):
            return line
    return None


def _definitions_of(source: str) -> Iterator[tuple[str, int]]:
    """File and line of the ``def`` of every triton function with this very source."""
    # Triton hands on the function's text but neither its file nor its line. Functions made in functions are in no
    # module, so all there are are looked through; this happens once, after an error.
    from triton.runtime.jit import JITFunction

    for item in gc.get_objects():
        if type(item) is JITFunction and item.src == source:
            yield item.fn.__code__.co_filename, line_of_definition(item)


def line_of_definition(kernel: Any) -> int:
    """The line of the ``def`` of a triton function (``JITFunction``), decorators skipped."""
    lines, first = getattr(kernel, "raw_src", None), kernel.starting_line_number
    if lines is None:  # Before triton 3.5
        lines, first = inspect.getsourcelines(kernel.fn)
    for offset, line in enumerate(lines):
        if line.strip().startswith("def "):
            return first + offset
    return first


def _line_of_frames(chain: list[BaseException], file: str | None) -> int | None:
    if file is None:
        return None
    for error in reversed(chain):
        lines = [
            number
            for frame, number in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename == file
        ]
        if lines:
            return lines[-1]
    return None


def _line_of_kernel(chain: list[BaseException]) -> int | None:
    """The ``def`` of the kernel whose launch raised the error."""
    from triton.runtime.jit import JITFunction

    for error in chain:
        for frame, _line in traceback.walk_tb(error.__traceback__):
            kernel = frame.f_locals.get("self")
            if isinstance(kernel, JITFunction):
                return line_of_definition(kernel)
    return None


def _from_mlir(log: str, file: str | None) -> tuple[int, str] | None:
    for match in _MLIR.finditer(log):
        if file is None or match["file"] == file or match["file"].endswith("/" + file):
            return int(match["line"]), match["message"].strip()
    return None
