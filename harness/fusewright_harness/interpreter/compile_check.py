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
import time
from typing import TYPE_CHECKING, Any

import triton

from . import driver, upstream
from .compile_instead import compile_all
from .compile_report import CheckError, CompiledKernel, CompileReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WRAPPER = "the wrapper"


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
    deadline = time.monotonic() + limit_s
    report = CompileReport(target)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve_child(run, capability, file, writing)
    os.close(writing)
    try:
        _collect(report, reading, deadline, limit_s)
    finally:
        os.close(reading)
        _end(child)
    return report


def _serve_child(run: Callable[[], object], capability: int, file: str | None, writing: int) -> None:
    """Run the check, write what is found to ``writing`` as JSON lines, and end the process."""
    status = 1
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as channel:
            compile_all(
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
