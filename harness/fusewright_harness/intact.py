"""Whether the pair's code left the process as it was: libraries unpatched, switches unturned, nothing started.

Two witnesses. An audit hook (PEP 578) hears of threads, processes, files, native code and scans of memory, and cannot
be removed from Python. A copy of the tables of the modules that judging rests on, taken before the pair is loaded,
shows what was replaced in them.
"""

from __future__ import annotations

import _thread
import builtins
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.attention
import torch.utils.dlpack

from fusewright_harness.deeds import DIRECT, EVENTS, THROUGH_LIBRARIES, Deed
from fusewright_harness.faults import Fault
from fusewright_harness.switches import PRECISION, SLOW, TAMPERING, switches_now

_MODULES = (
    "builtins",
    "gc",
    "inspect",
    "linecache",
    "random",
    "sys",
    "threading",
    "time",
    "torch",
    "torch.Tensor",
    "torch._C",
    "torch._tensor",
    "torch.autograd",
    "torch.autograd.Function",
    "torch.cuda",
    "torch.cuda.Event",
    "torch.cuda.Stream",
    "torch.cuda.graphs",
    "torch.cuda.streams",
    "torch.functional",
    "torch.linalg",
    "torch.nn.functional",
    "torch.overrides",
    "torch.special",
    "torch.testing",
    "torch.utils._python_dispatch",
    "triton",
    "triton.compiler.compiler",
    "triton.compiler.compiler.CompiledKernel",
    "triton.language",
    "triton.language.core",
    "triton.runtime.autotuner",
    "triton.runtime.autotuner.Autotuner",
    "triton.runtime.autotuner.Heuristics",
    "triton.runtime.interpreter",
    "triton.runtime.interpreter.InterpretedFunction",
    "triton.runtime.jit",
    "triton.runtime.jit.JITFunction",
    "triton.runtime.jit.KernelInterface",
    "triton.testing",
)

_COMPILERS = ("/triton/", "/torch/_inductor/", "/torch/_dynamo/", "/fusewright_harness/")
_PREFIXES = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
_SITE = ("/site-packages/", "/dist-packages/")
_TORCH = str(torch.__path__[0])
_HARMLESS = (
    "/importlib/metadata/__init__.py",
    "/linecache.py",
    "/warnings.py",
    "/traceback.py",
    "/torch/library.py",
    "/torch/_library/utils.py",
)
_FRAMES = frozenset(["inspect.py", "traceback.py"])

# Bound before any code of the pair is loaded.
_getattr = builtins.getattr


class Intact:
    """Watches one process for the life of a pair, for ``whose`` code: "triton" or "pytorch"."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._file = ""
        self._deeds: list[Deed] = []
        self._tables: dict[str, tuple[Any, dict[str, Any]]] = {}
        self._threads: set[threading.Thread] = set()
        self._switches: dict[str, Any] = {}
        self._hooked = False

    def begin(self, file: str) -> None:
        """Starts to watch, before the code of the pair at ``file`` is loaded."""
        self._file = file
        self._note_threads()
        if self._whose == "pytorch":
            self._note_waits()
        else:
            self._note_hiding()
        for name in _MODULES:
            owner = _find(name)
            if owner is not None:
                table = {key: value for key, value in vars(owner).items() if callable(value)}
                self._tables[name] = owner, table
        for name in [name for name in sys.modules if name.startswith("fusewright_harness")]:
            module = sys.modules[name]
            self.protect(name, module)
            for key, value in list(vars(module).items()):
                if isinstance(value, type) and value.__module__ == name:
                    self.protect(f"{name}.{key}", value)
        self._threads = set(threading.enumerate())
        self._switches = switches_now()
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._hear)

    def _note_waits(self) -> None:
        """Hears of the calls by which a reference waits, which raise no event."""
        for owner, name, what in (
            (time, "sleep", "sleeps, which makes it slow and computes nothing"),
            (torch.cuda, "_sleep", "lets the GPU wait, which makes it slow and computes nothing"),
            (torch.cuda, "synchronize", "waits for the GPU, which makes it slow and computes nothing"),
        ):
            setattr(owner, name, self._noting(_getattr(owner, name), what))
        what = "asks for the slowest attention there is; leave the choice to torch"
        chosen = self._noting(torch.nn.attention.sdpa_kernel, what, concerns=_asks_for_math)
        # Torch's compiler knows it by what it wraps.
        chosen.__wrapped__ = torch.nn.attention.sdpa_kernel.__wrapped__
        torch.nn.attention.sdpa_kernel = chosen

    def _note_threads(self) -> None:
        """Hears of threads in Pythons whose audit hooks do not."""
        for owner, name in (
            (_thread, "start_new_thread"),
            (_thread, "start_new"),
            (_thread, "start_joinable_thread"),
            (threading, "_start_new_thread"),
            (threading, "_start_joinable_thread"),
        ):
            known = _getattr(owner, name, None)
            if known is not None:
                setattr(owner, name, self._noting_thread(known))

    def _noting_thread(self, function: Any) -> Any:
        def noted(*args: Any, **kwargs: Any) -> Any:
            self._hear("_thread.start_new_thread", ())
            return function(*args, **kwargs)

        return noted

    def _note_hiding(self) -> None:
        """Hears of the calls that would hide operators or memory from those who watch."""
        dispatch = sys.modules["torch.utils._python_dispatch"]
        for owner, names in (
            (
                torch._C,
                "_DisableTorchDispatch _ExcludeDispatchKeyGuard _IncludeDispatchKeyGuard _ForceDispatchKeyGuard",
            ),
            (torch._C, "_pop_torch_dispatch_stack _set_dispatch_mode _unset_dispatch_mode _to_dlpack"),
            (torch._C, "_dispatch_tls_set_dispatch_key_excluded _dispatch_tls_set_dispatch_key_included"),
            (torch._C, "_DisableTorchFunction DisableTorchFunction DisableTorchFunctionSubclass"),
            (dispatch, "_disable_current_modes _pop_mode _pop_mode_temporarily _get_current_dispatch_mode"),
            (dispatch, "_get_current_dispatch_mode_stack"),
            (torch.utils.dlpack, "to_dlpack"),
        ):
            for name in names.split():
                known = _getattr(owner, name, None)
                if known is not None:
                    what = f"calls `{name}`, which hides what is computed; a pair only computes"
                    setattr(owner, name, self._noting(known, what, "HiddenWork", "TRITON"))

    def _noting(
        self,
        function: Any,
        what: str,
        kind: str = "SlowReference",
        who: str = "the reference",
        concerns: Callable[..., bool] = lambda *_args, **_kwargs: True,
    ) -> Any:
        def noted(*args: Any, **kwargs: Any) -> Any:
            if not concerns(*args, **kwargs):
                return function(*args, **kwargs)
            frame = _own_frame().f_back
            while frame is not None and frame.f_code.co_filename.endswith(
                ("/contextlib.py", "/functools.py")
            ):
                frame = frame.f_back
            if frame is not None and frame.f_code.co_filename == self._file and len(self._deeds) < 8:
                self._deeds.append(Deed(kind, f"{who} {what}", frame.f_lineno))
            return function(*args, **kwargs)

        noted.__name__ = _getattr(function, "__name__", "noted")
        return noted

    def protect(self, name: str, owner: Any) -> None:
        """Adds a module or class whose functions the pair's code must not replace."""
        self._tables[name] = owner, {key: value for key, value in vars(owner).items() if callable(value)}

    def require(self) -> list[dict[str, Any]]:
        """Raises :class:`Fault` (stage "trust") for what the pair did; returns findings that are no more than that."""
        findings: list[dict[str, Any]] = []
        deeds = list(self._deeds)
        for name, value in switches_now().items():
            before = self._switches.get(name)
            if value == before:
                continue
            shown = f" from {before} to {value}" if isinstance(value, (bool, int, str, torch.dtype)) else ""
            message = f"`{name}` was changed{shown}; leave the process's switches as they are"
            if self._whose == "triton" and name in PRECISION | TAMPERING:
                deeds.append(Deed("ChangedSwitch", message, None))
            elif self._whose == "pytorch" and name in SLOW and value == SLOW[name]:
                deeds.append(Deed("SlowReference", f"{message}: torch is slower so", None))
            elif self._whose == "triton":
                findings.append({"code": "ChangedSwitch", "message": message, "line": None})
            self._switches[name] = value
        # A switch replaces functions itself, so it is named first.
        deeds += [*self._patched(), *self._running()] if not deeds else []
        if deeds:
            deed = deeds[0]
            raise Fault(self._whose, "trust", deed.kind, deed.message, deed.line, verdict="rejected")
        return findings

    def _patched(self) -> list[Deed]:
        for name, (owner, table) in self._tables.items():
            now = vars(owner)
            for key, value in table.items():
                new = now.get(key)
                if new is not value and not _wrapped_by_torch(new, value):
                    what = f"{name}.{key}"
                    return [
                        Deed(
                            "PatchedLibrary", f"`{what}` was replaced; leave the libraries as they are", None
                        )
                    ]
        return []

    def _running(self) -> list[Deed]:
        for thread in threading.enumerate():
            if thread not in self._threads and thread is not threading.current_thread():
                return [
                    Deed("BackgroundThread", f"the thread {thread.name!r} still runs after the call", None)
                ]
        return []

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        known = EVENTS.get(event)
        if event == "os.putenv" and bytes(arguments[0]) == b"TRITON_INTERPRET":
            known = ("ChangedSwitch", "changes how Triton runs")
        if event == "object.__setattr__" and arguments[1:2] != ("__code__",):
            return
        if known is None:
            if event == "import" and str(arguments[0]).startswith("fusewright_harness"):
                known = ("HarnessAccess", "imports the harness")
            elif event.startswith(("ctypes.", "socket.")):
                known = (
                    ("NativeCode", "reaches memory and functions past Python") if event[0] == "c" else None
                )
            if known is None:
                return
        if len(self._deeds) < 8:
            line = self._line_of_pair(event)
            if line is not None:
                who = "TRITON" if self._whose == "triton" else "PYTHON or TEST"
                self._deeds.append(Deed(known[0], f"{who} {known[1]}; a pair only computes", line))

    def _line_of_pair(self, event: str) -> int | None:
        """The pair's line where the pair itself, through nothing but the standard library, did this.

        Threads, processes and files count through any library too, but for Triton and torch's compilers.
        """
        frame = _own_frame().f_back.f_back
        if frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        while frame is not None:
            name = frame.f_code.co_filename
            if name == self._file or (name.startswith("<") and not name.startswith("<frozen")):
                if name == self._file:
                    return frame.f_lineno
            elif name.startswith("<frozen importlib") or name.endswith(_HARMLESS):
                # An import statement; the text of a line for a warning or for an error.
                return None
            elif event in THROUGH_LIBRARIES and not any(part in name for part in _COMPILERS):
                pass
            elif any(folder in name for folder in _SITE) or not name.startswith((*_PREFIXES, "<frozen")):
                return None
            else:
                if event in DIRECT and name.rpartition("/")[2] not in _FRAMES:
                    return None
            frame = frame.f_back
        return None


def _wrapped_by_torch(new: Any, old: Any) -> bool:
    """Torch's compiler, once it is imported, wraps a few of torch's functions in its own."""
    code = _getattr(new, "__code__", None)
    return (
        code is not None and _getattr(new, "__wrapped__", None) is old and code.co_filename.startswith(_TORCH)
    )


def _own_frame() -> Any:
    """The caller's frame. ``sys._getframe`` would be heard by the hook that asks."""
    try:
        raise LookupError
    except LookupError as error:
        return error.__traceback__.tb_frame.f_back  # type: ignore[union-attr]


def _find(name: str) -> Any:
    """The module or class of that name, where it has been imported."""
    if name in sys.modules:
        return sys.modules[name]
    module, _, attribute = name.rpartition(".")
    owner = sys.modules.get(module)
    if owner is None and module:
        owner = _find(module)
    return _getattr(owner, attribute, None) if owner is not None else None


def _asks_for_math(backends: Any = (), *_args: Any, **_kwargs: Any) -> bool:
    chosen = list(backends) if isinstance(backends, (list, tuple)) else [backends]
    return bool(chosen) and all(one == torch.nn.attention.SDPBackend.MATH for one in chosen)
