"""Ending a process with all that it started.

A worker leads a process group that seccomp keeps it and its children in, and a group is ended at one stroke:
the kernel delivers the signal to a process that is being forked meanwhile too. Where there is no seccomp,
children may have left, so the tree is walked by parent as well. The zygote that started the worker is a
subreaper: what loses its parent meanwhile becomes the zygote's child and is found there.
"""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Has the kernel kill this process when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The present descendants of ``pid``, parents before their children."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    queue = children.get(pid, [])
    while queue:
        child = queue.pop(0)
        found.append(child)
        queue.extend(children.get(child, []))
    return found


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started, or adopted."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == pid]


def _parent(pid: str) -> int | None:
    try:
        # The command's name may hold anything, so the fields are counted from its closing parenthesis.
        fields = Path("/proc", pid, "stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[1])
    except (OSError, ValueError, IndexError):
        # The process ended while it was looked at.
        return None


def kill_group(pid: int) -> None:
    """Kills the process group that ``pid`` leads; none of that number is no error."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def kill_tree(pid: int) -> None:
    """Kills ``pid``, the group that it leads, and its descendants, until no new one appears."""
    _signal(pid, signal.SIGSTOP)
    seen: set[int] = set()
    while True:
        fresh = [child for child in descendants(pid) if child not in seen]
        if not fresh:
            break
        for child in fresh:
            # Stopped first, so that a process that forks without end does not outrun the walk.
            _signal(child, signal.SIGSTOP)
            seen.add(child)
    kill_group(pid)
    for child in (*seen, pid):
        _signal(child, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
