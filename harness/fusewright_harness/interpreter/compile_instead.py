"""Compiling instead of launching, in the process forked for it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import traceback
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from triton.compiler.code_generator import CodeGenerator
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources
from triton.runtime.jit import JITFunction

from fusewright_harness.compile_error import explain_compile_error, line_of_definition
from fusewright_harness.cuda_on_cpu import cuda_on_cpu

from . import autotuning, driver
from .compile_report import CheckError, CompiledKernel
from .cubin import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SharedMemoryError(Exception):
    """A kernel needs more shared memory than a block of the target has."""


class _CompileFailure(BaseException):
    """Carries the compiler's error, its cause, past a wrapper that would catch it and fall back to torch."""

    def __init__(self, log: str) -> None:
        super().__init__()
        self.log = log


def compile_all(
    run: Callable[[], object], capability: int, file: str | None, send: Callable[..., None]
) -> None:
    """Calls ``run`` with every launch turned into a compilation, and sends what is found as it is found.

    Changes triton for good: only in a process that ends afterwards. Messages are ``compiling``, ``launch``, ``error``,
    ``note`` and, at the end, ``done``.
    """
    driver.install(capability)
    autotuning.install(try_next=_passed_over)
    autotuning.forget()
    _compile_instead_of_launching(capability, send)
    _locate_errors()
    try:
        with cuda_on_cpu(
            capability=divmod(capability, 10), shared_bytes=driver.shared_memory_limit(capability)
        ):
            run()
    except _CompileFailure as failure:
        send(error=asdict(_error("compile", failure, file, failure.log)))
    except BaseException as error:  # Whatever the pair's code raises is the finding
        send(error=asdict(_error("run", error, file)))
    for choice in autotuning.choices():
        send(note=str(choice))
    send(done=True)


def _passed_over(error: BaseException) -> bool:
    return isinstance(error, _CompileFailure) and isinstance(
        error.__cause__, (SharedMemoryError, OutOfResources)
    )


def _error(stage: str, error: BaseException, file: str | None, log: str = "") -> CheckError:
    explained = explain_compile_error(error, file, log)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if file in (None, frame.filename)]
    if file and explained.line and all(frame.lineno != explained.line for frame in frames):
        # The compiler reads the kernel without running it: its line is in no frame.
        frames.append(traceback.FrameSummary(file, explained.line, "kernel"))
    text = "Traceback (most recent call last):\n" + "".join(traceback.format_list(frames))
    return CheckError(
        stage,
        explained.type,
        explained.message,
        explained.line,
        f"{text}{explained.type}: {explained.message}\n",
    )


def _compile_instead_of_launching(capability: int, send: Callable[..., None]) -> None:
    compile_only = JITFunction.run
    limit = driver.shared_memory_limit(capability)

    def run(self: JITFunction, *arguments: Any, grid: Any, warmup: bool = False, **keywords: Any) -> Any:
        send(compiling=self.fn.__name__, line=line_of_definition(self))
        if callable(grid):
            grid({**dict(zip(self.arg_names, arguments, strict=False)), **keywords})
        with _captured_errors() as log:
            try:
                kernel = compile_only(self, *arguments, grid=grid, warmup=True, **keywords)
                _refuse_too_much_shared_memory(kernel, limit, self)
            except Exception as error:
                # Once a launch cannot be compiled nothing after it has a meaning.
                raise _CompileFailure(log()) from error
        if not warmup:
            send(launch=asdict(_compiled(self, kernel, line_of_definition(self))))
        return kernel

    JITFunction.run = run


def _locate_errors() -> None:
    """Give errors about nodes that triton made up, and older versions gave no place, the place they were made for."""
    visit = CodeGenerator.visit

    def locating(self: CodeGenerator, node: Any) -> Any:
        try:
            return visit(self, node)
        except CompilationError as error:
            if not hasattr(error.node, "lineno") and hasattr(node, "lineno"):
                error.node = node
            raise

    CodeGenerator.visit = locating


def _refuse_too_much_shared_memory(kernel: Any, limit: int, function: Any) -> None:
    if kernel.metadata.shared > limit:
        raise SharedMemoryError(
            f"`{function.fn.__name__}` needs {kernel.metadata.shared} bytes of shared memory, the target has "
            f"{limit}: smaller blocks or fewer num_stages need less"
        )


def _compiled(function: Any, kernel: Any, line: int) -> CompiledKernel:
    used = resources(kernel.asm["cubin"])
    return CompiledKernel(
        function.fn.__name__, line, 1, used.registers, kernel.metadata.shared, used.stack_bytes // 4
    )


@contextlib.contextmanager
def _captured_errors() -> Iterator[Callable[[], str]]:
    """Standard error into a file while compiling: MLIR's diagnostics are printed, not raised."""
    with tempfile.TemporaryFile() as log:
        kept = os.dup(2)
        os.dup2(log.fileno(), 2)

        def text() -> str:
            log.seek(0)
            return log.read().decode("utf-8", "replace")

        try:
            yield text
        finally:
            os.dup2(kept, 2)
            os.close(kept)
