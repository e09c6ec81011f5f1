"""Pairs whose code attacks the harness, breaks its own process or takes too much, and what each must get.

None of them does harm where containment fails: signals are 0, nothing is deleted, what is written is a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness_client import pair

PYTHON = """
import torch

def reference(x):
    return x * 2 + 1
"""

TEST = """
import torch

def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)
"""

TRITON = """
import ctypes, mmap, os, signal, socket, subprocess, sys, threading, time
import torch, triton
import triton.language as tl

@triton.jit
def double_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(out_ptr + at, x * 2 + 1, mask=at < n)

{more}

def candidate(x):
{body}
    out = torch.empty_like(x)
    double_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out
"""


def candidate(body: str = "", more: str = "") -> dict[str, Any]:
    """A pair that is right but for ``body``, which its wrapper runs first; ``more`` stands at its top level."""
    lines = [f"    {line}" for line in body.strip("\n").split("\n")] if body else []
    return pair(PYTHON, TRITON.format(body="\n".join(lines), more=more), TEST)


def reference(body: str) -> dict[str, Any]:
    """A pair whose reference runs ``body`` first."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    python = PYTHON.replace("import torch", "import os, socket, torch").replace(
        "    return", lines + "    return"
    )
    return pair(python, TRITON.format(body="", more=""), TEST)


@dataclass(frozen=True)
class Hostile:
    """A pair and the verdict it must get: one of ``expected``, each ``(verdict, type)``."""

    name: str
    pair: dict[str, Any]
    expected: tuple[tuple[str, str | None], ...]
    says: str = ""
    """A part of the reason."""


def _rejected(name: str, *kinds: str) -> Hostile:
    """What the sandbox refuses; the process's own witness may tell of it first, by a word of its own."""
    return Hostile(
        name, candidate(REFUSED[name]), tuple(("rejected", kind) for kind in ("Contained", *kinds))
    )


def _error(name: str, body: str, kind: str, says: str = "", also: str = "") -> Hostile:
    expected = (("error", kind), *((("rejected", also),) if also else ()))
    return Hostile(name, candidate(body), expected, "" if also else says)


_LOOK = "FileAccess"
_SIGNAL = "ProcessStarted"

REFUSED = {
    "parent signalled": "os.kill(os.getppid(), 0)",
    "all signalled": "os.kill(-1, 0)",
    "group signalled": "os.killpg(os.getppid(), 0)",
    "session left": "os.setsid()",
    "group left": "os.setpgid(0, os.getppid())",
    "network": 'socket.create_connection(("127.0.0.1", 9))',
    "local socket": "socket.socket(socket.AF_UNIX)",
    "secrets read": 'open("/etc/shadow")',
    "processes listed": 'os.listdir("/proc")',
    "judge's memory": 'open(f"/proc/{os.getppid()}/mem", "rb")',
    "judge's environment": 'open(f"/proc/{os.getppid()}/environ", "rb")',
    "judge's descriptors": 'os.listdir(f"/proc/{os.getppid()}/fd")',
    "others' scratch": "os.listdir(os.path.dirname(os.getcwd()))",
    "torch overwritten": 'open(torch.__file__, "r+")',
    "module planted": 'open(os.path.join(os.path.dirname(torch.__file__), "planted.py"), "w")',
    "library planted": 'open("/etc/ld.so.preload", "a")',
    "shared memory": 'open("/dev/shm/fusewright", "w")',
    "symlink": 'os.symlink("/etc/shadow", "link")\nopen("link")',
    "hard link": 'os.link("/etc/passwd", "passwd")',
    "other's priority": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "other's processors": "os.sched_setaffinity(os.getppid(), {0})",
}
"""What the kernel refuses a worker with PermissionError, by name: statements of Python."""


_FORGE = """
for fd in range(1024):
    for text in (b'{"ok": {"kernels": []}}\\n', b'{"event": "verdict", "verdict": {"verdict": "pass"}}\\n'):
        try:
            os.write(fd, text)
        except OSError:
            pass
"""

ANYWHERE = (
    Hostile("plain", candidate(), (("untimed", None), ("pass", None), ("same", None), ("slower", None))),
    _error("endless loop", "while True:\n    pass", "Timeout", "still running the candidate"),
    _error("endless output", 'while True:\n    print("x" * 4000)\n    os.write(2, b"x" * 4000)', "Timeout"),
    _error("segfault", "ctypes.string_at(0)", "ProcessEnded", "SIGSEGV"),
    _error("abort", "os.abort()", "ProcessEnded", "SIGABRT"),
    _error("killed by itself", "os.kill(os.getpid(), signal.SIGKILL)", "ProcessEnded"),
    _error("exit", "os._exit(0)", "ProcessEnded", "exit status 0"),
    _error("sys.exit", "sys.exit(0)", "SystemExit"),
    # What nobody touches costs the machine nothing, and counts all the same.
    _error(
        "memory",
        "held = []\nwhile True:\n    held.append(mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE))",
        "MemoryLimit",
        also="MemoryScan",
    ),
    _error("memory of torch", "held = torch.empty(1 << 42, device='cpu')", "MemoryLimit", "16384.0 GiB"),
    _error(
        "threads",
        "while True:\n    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
        "ProcessLimit",
        also="BackgroundThread",
    ),
    _error(
        "disk",
        "file = open('fill', 'wb')\nos.posix_fallocate(file.fileno(), 0, 3 << 30)\ntime.sleep(100)",
        "DiskLimit",
        "GiB to the disk",
    ),
    _error(
        "files",
        "for number in range(8_000):\n    os.mkdir(str(number))\ntime.sleep(100)",
        "DiskLimit",
        "files",
    ),
    Hostile("forged answers", candidate(_FORGE + "os._exit(0)"), (("rejected", "ForgedAnswer"),)),
    Hostile("forged answers, and on", candidate(_FORGE), (("rejected", "ForgedAnswer"),)),
    _error("descriptors closed", "os.closerange(3, 4096)\nos._exit(0)", "ProcessEnded"),
    _rejected("parent signalled", _SIGNAL),
    _rejected("all signalled", _SIGNAL),
    _rejected("group signalled", _SIGNAL),
    _rejected("session left"),
    _rejected("group left"),
    _rejected("network", "NetworkAccess"),
    _rejected("local socket", "NetworkAccess"),
    _rejected("secrets read", _LOOK),
    _rejected("processes listed", _LOOK),
    _rejected("judge's memory", _LOOK),
    _rejected("judge's environment", _LOOK),
    _rejected("judge's descriptors", _LOOK),
    _rejected("others' scratch", _LOOK),
    _rejected("torch overwritten", _LOOK),
    _rejected("module planted", _LOOK),
    _rejected("library planted", _LOOK),
    _rejected("shared memory", _LOOK),
    _rejected("symlink", _LOOK),
    _rejected("hard link"),
    _rejected("other's priority"),
    _rejected("other's processors"),
    Hostile(
        "reference reads secrets",
        reference('open("/etc/shadow")'),
        (("rejected", "Contained"), ("rejected", _LOOK)),
    ),
    Hostile(
        "reference on the network",
        reference("socket.socket()"),
        (("rejected", "Contained"), ("rejected", "NetworkAccess")),
    ),
    Hostile("reference forges", reference(_FORGE), (("rejected", "ForgedAnswer"),)),
    Hostile("import hangs", candidate(more="while True:\n    pass"), (("error", "Timeout"),)),
)
"""What must end alike with and without a GPU."""

INTERPRETED = (
    # The candidate's process may start none; the compiler's, which runs beside it, may start a few.
    Hostile(
        "fork bomb",
        candidate("while True:\n    os.fork()"),
        (("rejected", "Contained"), ("rejected", _SIGNAL), ("error", "ProcessLimit"), ("error", "Timeout")),
    ),
    Hostile(
        "program started",
        candidate('subprocess.Popen(["/bin/true"])'),
        (("rejected", "Contained"), ("rejected", _SIGNAL)),
    ),
)
"""Where no kernel is compiled in the candidate's process, it starts none."""

_SPIN = """
@triton.jit
def spin_kernel(flag_ptr):
    while tl.load(flag_ptr, volatile=True) == 0:
        pass
"""

_WILD = """
@triton.jit
def wild_kernel(x_ptr):
    tl.store(x_ptr + (1 << 45), 1.0)
"""

ON_GPU = (
    Hostile(
        "hung kernel",
        candidate("spin_kernel[(1,)](torch.zeros(1, dtype=torch.int32, device='cuda'))", _SPIN),
        (("error", "Timeout"),),
    ),
    Hostile(
        "illegal access",
        candidate("wild_kernel[(1,)](x)", _WILD),
        (("error", "AcceleratorError"), ("error", "RuntimeError")),
    ),
    _error("GPU memory", "held = torch.empty(1 << 42, device='cuda')", "OutOfMemoryError"),
    Hostile(
        "GPU memory in pieces",
        candidate("held = []\nwhile True:\n    held.append(torch.empty(1 << 30, device='cuda'))"),
        (("error", "OutOfMemoryError"),),
    ),
    Hostile(
        "fork bomb",
        candidate("while True:\n    try:\n        os.fork()\n    except OSError:\n        pass"),
        (("error", "ProcessLimit"), ("error", "Timeout"), ("rejected", _SIGNAL)),
    ),
    Hostile(
        "processes left",
        candidate(
            'for _ in range(3):\n    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])'
        ),
        (("rejected", _SIGNAL), ("error", "ProcessLimit")),
    ),
)
"""What needs a GPU, or a process that compiles."""
