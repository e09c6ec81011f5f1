"""The real compiler for a chosen target, on a machine that need not have a GPU.

The wrapper runs on CPU tensors with every launch turned into a compile, specialised on the arguments as the launch
would be. It runs in a process forked for it: LLVM cannot be interrupted, and a large tile may take it minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import triton
from triton.compiler.code_generator import CodeGenerator
from triton.compiler.errors import CompilationError
from triton.runtime.errors import OutOfResources
from triton.runtime.jit import JITFunction

from fusewright_harness.compile_error import explain_compile_error, line_of_definition
from fusewright_harness.cuda_on_cpu import cuda_on_cpu

from . import autotuning, driver, upstream
from .cubin import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_WRAPPER = "the wrapper"


@dataclass
class CompiledKernel:
    """One kernel as compiled for the target, the last specialisation where there were several.

    ``spills`` counts 32-bit registers that live in memory, as triton's ``n_spills`` does.
    """

    name: str
    line: int
    launches: int
    registers: int
    shared_bytes: int
    spills: int


@dataclass
class CheckError:
    """The first error: ``stage`` is "compile" for the compiler's own, "run" for the wrapper's, "timeout", or "target".

    The last is not the pair's: this triton cannot compile for the target at all.
    """

    stage: str
    type: str
    message: str
    line: int | None
    traceback: str


@dataclass
class CompileReport:
    """What `compile_launches` found; ``notes`` say what was not looked at."""

    target: str
    kernels: list[CompiledKernel] = field(default_factory=list)
    error: CheckError | None = None
    notes: list[str] = field(default_factory=list)
    duration_ms: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return asdict(self)


class SharedMemoryError(Exception):
    """A kernel needs more shared memory than a block of the target has."""


class _CompileFailure(BaseException):
    """Carries the compiler's error, its cause, past a wrapper that would catch it and fall back to torch."""

    def __init__(self, log: str) -> None:
        super().__init__()
        self.log = log


def prepare(target: str) -> None:
    """Let this process's triton see ``target``; old versions ask for the device when a tuned kernel is defined.

    Raises:
        ValueError: the target is not known.

    """
    driver.install(driver.capability_of(target))


def compile_launches(
    run: Callable[[], object], target: str, limit_s: float, file: str | None = None
) -> CompileReport:
    """Compile every kernel that ``run()`` launches, for ``target`` such as ``sm_90``, in at most ``limit_s`` seconds.

    ``run`` is called in a forked process with ``cuda`` meaning the CPU; what it does to memory is lost. ``file`` is
    the file name that the pair's code was compiled with, for lines of errors. Must be called in a process without
    ``TRITON_INTERPRET``.

    Raises:
        ValueError: the target is not known.
        RuntimeError: triton was imported to interpret.

    """
    capability = driver.capability_of(target)
    if upstream.interprets():
        raise RuntimeError("TRITON_INTERPRET is set: the compile check needs a process of its own without it")
    start = time.monotonic()
    report = CompileReport(target)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve_child(run, capability, file, writing)
    os.close(writing)
    try:
        _collect(report, reading, start + limit_s, limit_s)
    finally:
        os.close(reading)
        _end(child)
    report.duration_ms = (time.monotonic() - start) * 1e3
    return report


def _serve_child(run: Callable[[], object], capability: int, file: str | None, writing: int) -> None:
    """Run the check, write what is found to ``writing`` as JSON lines, and end the process."""
    status = 1
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as channel:
            _check(
                run, capability, file, lambda **message: print(json.dumps(message), file=channel, flush=True)
            )
        status = 0
    finally:
        # No exit handlers, no flushing of what the parent buffered: the process is a copy.
        os._exit(status)


def _collect(report: CompileReport, reading: int, deadline: float, limit_s: float) -> None:
    kernels: dict[tuple[str, int], CompiledKernel] = {}
    compiling, line = _WRAPPER, None
    finished = False
    for message in _messages(reading, deadline):
        if "compiling" in message:
            compiling, line = f"`{message['compiling']}`", message["line"]
        elif "launch" in message:
            kernel = CompiledKernel(**message["launch"])
            previous = kernels.get((kernel.name, kernel.line))
            kernel.launches += previous.launches if previous else 0
            kernels[kernel.name, kernel.line] = kernel
        elif "error" in message:
            report.error = CheckError(**message["error"])
        elif "note" in message:
            report.notes.append(message["note"])
        elif "done" in message:
            finished = True
    report.kernels = list(kernels.values())
    if report.error and report.error.stage == "compile" and (why := driver.refusal(report.target)):
        report.error = CheckError("target", "TargetNotKnown", why, None, "")
    if finished or report.error:
        return
    if time.monotonic() >= deadline:
        text = f"compiling {compiling} took more than {limit_s:g} s; smaller blocks compile faster"
        report.error = CheckError("timeout", "TimeoutError", text, line, "")
    elif compiling == _WRAPPER:
        text = f"the compiler's process ended while at {compiling}"
        report.error = CheckError("run", "ProcessError", text, None, "")
    else:
        text = f"the compiler of triton {triton.__version__} crashed on {compiling}"
        report.error = CheckError("compile", "CompilerCrash", text, line, "")


def _messages(reading: int, deadline: float) -> Iterator[dict[str, Any]]:
    """The child's messages until it closes the pipe or the time is up."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                return
            chunk = os.read(reading, 65536)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            yield from map(json.loads, lines)


def _end(child: int) -> None:
    # ptxas runs as a child of the child, and would go on.
    for process in (*_descendants(child), child):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    os.waitpid(child, 0)


def _descendants(process: int) -> list[int]:
    found = []
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as children:
            for child in map(int, children.read().split()):
                found += [*_descendants(child), child]
    except OSError:
        pass
    return found


def _check(run: Callable[[], object], capability: int, file: str | None, send: Callable[..., None]) -> None:
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
