"""Resource limits and privileges of one worker's process.

``RLIMIT_AS`` is not among them: CUDA reserves more address space than any machine has memory. ``RLIMIT_DATA``
counts private memory that can be written to, which is what a memory bomb made of tensors takes. What is shared
(memfd, files in memory) is left to the judge's own watch over the tree.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
from pathlib import Path

from fusewright_harness.containment.syscall import prctl, syscall
from fusewright_harness.process_tree import end_with_parent

_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAPSET = {"x86_64": 126, "aarch64": 91}
_OPEN_FILES = 4096

FREE_USERS = range(60_600, 61_100)
"""Numbers that systemd's table of users leaves to nobody; within what a container's user namespace maps, as a rule."""


def limit_resources(memory_bytes: int) -> None:
    """Limits private memory beyond what the process has now to ``memory_bytes``, core dumps, open files, queues."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_MSGQUEUE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_DATA, data_bytes() + memory_bytes)
    # A shared arena is a file of its own in memory, so files may be as large as memory may.
    _lower(resource.RLIMIT_FSIZE, memory_bytes)


def limit_tasks(count: int) -> bool:
    """Lets this process's user have ``count`` processes and threads in all; False for root, whom nobody counts."""
    if os.getuid() == 0:
        return False
    _lower(resource.RLIMIT_NPROC, count)
    return True


def become_user(user: int, scratch: str, keep_reading: bool) -> bool:
    """Has root become ``user``, who owns ``scratch`` and nothing else; False, and nothing changed, where it can't.

    ``keep_reading`` leaves it able to hold, until :func:`drop_privileges`, the privilege to read what root may.
    """
    try:
        hand_over(scratch, user)
        if keep_reading:
            prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:
        # A container may know no other users, or not let root become one.
        return False
    # The kernel forgets it when a process changes its user.
    end_with_parent()
    return True


def hand_over(folder: str, user: int) -> None:
    """Gives ``folder`` and what is in it to ``user``; follows no link."""
    os.chown(folder, user, user)
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(path, name), user, user, follow_symlinks=False)


def open_to_all(path: str) -> bool:
    """Whether every user may enter ``path`` and read what is in it."""
    mode = os.stat(path).st_mode
    if mode & 0o005 != 0o005:
        return False
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 0o001:
            return False
    return True


def end_first_when_memory_is_short() -> None:
    """Has the kernel end this process, and not the judge or the editor, when the machine's memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        pass


def drop_privileges(keep_reading: bool = False) -> bool:
    """Gives up every capability for good, with ``keep_reading`` all but the one to read files. True where it did."""
    kept = 1 << _CAP_DAC_READ_SEARCH if keep_reading else 0
    capability = 0
    while True:
        try:
            if prctl(_PR_CAPBSET_READ, capability) and not kept >> capability & 1:
                prctl(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno == errno.EINVAL:
                break
            # Only who is privileged may narrow the bounding set; to others `no_new_privs` makes it void.
        capability += 1
    header = ctypes.create_string_buffer(struct.pack("<Ii", _CAPABILITY_VERSION_3, 0), 8)
    # Effective, permitted, inheritable: 32 capabilities, then the rest.
    wanted = ctypes.create_string_buffer(struct.pack("<6I", kept, kept, kept, 0, 0, 0), 24)
    try:
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
        syscall(_CAPSET[os.uname().machine], header, wanted)
        if keep_reading:
            # The compilers that a worker starts lie where Python does.
            prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)
    except (OSError, KeyError):
        return False
    return True


def data_bytes() -> int:
    """The private writable memory of this process, as ``RLIMIT_DATA`` counts it."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return 0


def available_bytes() -> int:
    """The memory that the machine could give to programs now; half of all where it does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def tasks_of(user: int) -> int:
    """How many processes and threads ``user`` has now."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    return count


def _lower(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
