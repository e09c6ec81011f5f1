"""The whole sandbox of one worker, and which of its layers are in force.

It is put up in two steps. User, privileges and files come before CUDA is initialised, since they hold for the
thread that asks and those it starts later, the driver's own too. Limits and system calls come after: the driver
makes sockets while it starts, and never again (seen on CUDA 13: neither shared memory nor the profiler needs
one). No code of a pair is loaded between.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

from fusewright_harness.containment import landlock, limits, seccomp

FILES, NETWORK, SIGNALS, CALLS, PRIVILEGES, MEMORY, PROCESSES = (
    "files",
    "network",
    "signals",
    "calls",
    "privileges",
    "memory",
    "processes",
)
LAYERS = (FILES, NETWORK, SIGNALS, CALLS, PRIVILEGES, MEMORY, PROCESSES)
"""All that a worker can have, by what each keeps from it or holds it to."""

_OWN_TASKS = 1024
"""Processes and threads that a user of the worker's own may have."""
_MORE_TASKS = 2048
"""The same beside what the user ran already when the zygote started, where the worker shares the judge's user."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/libkineto.conf",
    "/etc/nvidia",
    "/etc/passwd",
    "/etc/vulkan",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/driver",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/stat",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/sys",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Plan:
    """What all workers of one zygote have in common, worked out once."""

    mode: str
    access: landlock.Access
    tasks: int
    """Processes and threads that this user runs."""
    users: range
    """Numbers that a worker may take for a user of its own; none where it can't or must not."""
    reads_everything: bool
    """Whether such a user needs the privilege to read what root may: Python may lie in root's home."""

    @staticmethod
    def of(mode: str) -> Plan:
        """The plan for workers of ``mode``; call it once torch and triton are imported."""
        access = _access(mode)
        closed = not all(limits.open_to_all(path) for path in (*access.run, tempfile.gettempdir()))
        # Without Landlock a user that may read everything would be worse than none.
        possible = os.getuid() == 0 and _devices_open(access) and not (closed and landlock.version() == 0)
        users = limits.FREE_USERS if possible else range(0)
        return Plan(mode, access, limits.tasks_of(os.getuid()), users, closed)


class Sandbox:
    """One worker's sandbox in the making; ``layers`` are those in force."""

    def __init__(self, plan: Plan, scratch: str) -> None:
        self._plan = plan
        self._scratch = scratch
        self._landlock = 0
        self._own_user = False
        self.layers: list[str] = []

    def before_cuda(self) -> None:
        """A user of its own where that can be had, privileges, files: what the driver's threads inherit."""
        plan = self._plan
        limits.end_first_when_memory_is_short()
        if plan.users:
            self._own_user = limits.become_user(
                plan.users[os.getpid() % len(plan.users)], self._scratch, plan.reads_everything
            )
        if limits.drop_privileges(keep_reading=self._own_user and plan.reads_everything):
            self.layers.append(PRIVILEGES)
        self._landlock = landlock.restrict(plan.access.and_also(read=_own_files(), write=self._writable()))
        if self._landlock >= 1:
            self.layers.append(FILES)

    def after_cuda(self, memory_bytes: int) -> None:
        """Limits, signals, system calls. The process may take ``memory_bytes`` more than it has by now."""
        mode = self._plan.mode
        limits.limit_resources(memory_bytes)
        self.layers.append(MEMORY)
        counted = limits.limit_tasks(_OWN_TASKS if self._own_user else self._plan.tasks + _MORE_TASKS)
        filtered = seccomp.available()
        starts_none = mode in ("interpreter", "inductor")
        if counted or (filtered and starts_none):
            self.layers.append(PROCESSES)
        inside = self._landlock >= 6
        if inside or self._own_user or (filtered and mode != "compile"):
            self.layers.append(SIGNALS)
        if filtered:
            # The compile check ends a compiler that takes too long, so there signals are left to the other layers.
            seccomp.install(seccomp.Rules(processes=not starts_none, signals=inside or mode == "compile"))
            self.layers += [CALLS, NETWORK]

    def _writable(self) -> list[str]:
        # The driver names its threads, which is done by writing to a file of each.
        return [self._scratch, f"/proc/{os.getpid()}/task"]


def _own_files() -> list[str]:
    return [f"/proc/{os.getpid()}"]


def _access(mode: str) -> landlock.Access:
    """What every worker may touch: Python and what it imports, the driver, a C compiler."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_paths()["include"]]
    packages = [entry for entry in sys.path if entry]
    # Packages that are developed in place lie elsewhere.
    for name in ("torch", "triton", "numpy", "fusewright_harness"):
        module = sys.modules.get(name)
        if module is not None and getattr(module, "__file__", None):
            packages.append(os.path.dirname(os.path.abspath(module.__file__)))
    named = [os.environ.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX")]
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    run = [*_SYSTEM, *prefixes, *packages, *named, *libraries, *_compilers(), *_folders_of_libraries()]
    return landlock.Access(
        read=_there(_SYSTEM_FILES),
        run=_there(path for path in run if not _too_much(path)),
        device=[*_DEVICES, *(_graphics_devices() if mode == "cuda" else ())],
    )


def _there(paths: Iterable[str]) -> list[str]:
    """The folders and files among ``paths`` that exist, each once, none below another."""
    real = sorted({os.path.realpath(path) for path in paths if os.path.isabs(path) and os.path.exists(path)})
    kept: list[str] = []
    for path in real:
        if not kept or not path.startswith(kept[-1] + "/"):
            kept.append(path)
    return kept


def _devices_open(access: landlock.Access) -> bool:
    return all(os.stat(path).st_mode & 0o006 == 0o006 for path in access.device if not os.path.isdir(path))


def _compilers() -> list[str]:
    """The folders of the C compilers that Triton may call, each with the libraries beside it."""
    found = []
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang", "ld", "as"):
        path = shutil.which(name) if name else None
        if path is not None:
            for folder in (os.path.dirname(path), os.path.dirname(os.path.realpath(path))):
                found += [folder, os.path.dirname(folder)]
    return found


def _too_much(path: str) -> bool:
    """Whether a folder would open what the sandbox is there to close, however it came into the environment."""
    real = os.path.realpath(path)
    return real in ("/", "/tmp", "/var", "/proc", "/home") or (_home() + "/").startswith(real + "/")


def _home() -> str:
    try:
        return os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        # A container's user need not have a name, and has no home then.
        return "/root"


def _folders_of_libraries() -> list[str]:
    """Where the libraries come from that this process has mapped."""
    folders = set()
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if ".so" in path:
                folders.add("/" + os.path.dirname(path))
    return sorted(folders)


def _graphics_devices() -> list[str]:
    found = []
    for name in os.listdir("/dev"):
        if name.startswith("nvidia") or name in ("dxg", "dri"):
            found.append(os.path.join("/dev", name))
    return found
