"""The judge's own watch over what its workers take: processes, threads, memory, room on the disk.

The kernel's limits hold for one process, and some of them not for root; what a tree of processes takes
together, and memory that is shared or in files, is looked at here many times a second. A worker that takes too
much is ended with its whole process group, which it cannot leave: the kernel delivers such a signal to a
process that is being forked too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fusewright_harness.containment.limits import available_bytes

_INTERVAL_S = 0.05
_DISK_EVERY = 8
_RESERVE_BYTES = 512 << 20
"""What has to stay available on the machine: below it the worker that takes most is ended."""

MAX_PROCESSES = 32
MAX_THREADS = 2048
MAX_FILES = 5_000
MAX_DISK_BYTES = 2 << 30


@dataclass(frozen=True)
class Excess:
    """What a worker took too much of: a short name and the end of a sentence that begins with its process."""

    kind: str
    what: str


@dataclass
class _Watched:
    memory_bytes: int
    scratch: str
    end: Callable[[], None]
    baseline_bytes: int
    taken_bytes: int = 0
    excess: Excess | None = None


class Watch:
    """Watches any number of workers on one thread, which runs while there are any."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._groups: dict[int, int] = {}
        self._rounds = 0

    def add(self, pid: int, memory_bytes: int, scratch: str, end: Callable[[], None]) -> None:
        """Watches the process group of ``pid``; ``end`` is called, once, where it takes too much.

        What the process takes now does not count: no code of a pair must have run in it.
        """
        with self._lock:
            baseline = _status(pid).get("RssAnon", 0) << 10
            self._watched[pid] = _Watched(memory_bytes, scratch, end, baseline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()
        self._wake.set()

    def remove(self, pid: int) -> None:
        """Ends the watch over ``pid``."""
        with self._lock:
            self._watched.pop(pid, None)

    def excess(self, pid: int) -> Excess | None:
        """Why ``pid`` was ended, or None where this watch did not."""
        with self._lock:
            watched = self._watched.get(pid)
            return watched.excess if watched else None

    def _run(self) -> None:
        while True:
            with self._lock:
                watched = dict(self._watched)
            if not watched:
                self._wake.clear()
                self._wake.wait()
                continue
            self._look(watched)
            time.sleep(_INTERVAL_S)

    def _look(self, watched: dict[int, _Watched]) -> None:
        self._rounds += 1
        members = self._members(set(watched))
        for pid, one in watched.items():
            if one.excess is None:
                excess = self._excess(one, members.get(pid, [pid]))
                if excess is None and self._rounds % _DISK_EVERY == 0:
                    excess = _disk_excess(one.scratch)
                if excess is not None:
                    self._end(one, excess)
        if available_bytes() < _RESERVE_BYTES:
            most = max(watched.values(), key=lambda one: one.taken_bytes)
            if most.excess is None and most.taken_bytes > _RESERVE_BYTES:
                self._end(most, Excess("MemoryLimit", "took the last of this machine's memory"))

    def _end(self, one: _Watched, excess: Excess) -> None:
        one.excess = excess
        one.end()

    def _excess(self, one: _Watched, pids: list[int]) -> Excess | None:
        if len(pids) > MAX_PROCESSES:
            return Excess("ProcessLimit", f"started more than {MAX_PROCESSES} processes")
        threads = taken = shared = 0
        for pid in pids:
            status = _status(pid)
            private = status.get("RssAnon", 0) << 10
            # A fork shares with its parent what both have not changed.
            taken += max(0, private - one.baseline_bytes)
            shared = max(shared, status.get("RssShmem", 0) << 10)
            threads += status.get("Threads", 0)
        one.taken_bytes = taken + shared
        if threads > MAX_THREADS:
            return Excess("ProcessLimit", f"started more than {MAX_THREADS} threads")
        if one.taken_bytes > one.memory_bytes:
            return Excess("MemoryLimit", f"took more than {one.memory_bytes / (1 << 30):.1f} GiB of memory")
        return None

    def _members(self, leaders: set[int]) -> dict[int, list[int]]:
        """The processes of each worker's group. A process's group is read once: it can't be changed."""
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self._groups = {pid: group for pid, group in self._groups.items() if pid in pids}
        for pid in pids - self._groups.keys():
            # A worker becomes its group's leader a moment after it is forked.
            self._groups[pid] = pid if pid in leaders else _group(pid)
        members: dict[int, list[int]] = {}
        for pid, group in self._groups.items():
            if group in leaders:
                members.setdefault(group, []).append(pid)
        return members


def _group(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(stat.rpartition(")")[2].split()[2])
    except (OSError, ValueError, IndexError):
        return 0


def _status(pid: int) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                if name in ("RssAnon", "RssShmem", "Threads"):
                    found[name] = int(rest.split()[0])
    except (OSError, ValueError, IndexError):
        # It ended while it was looked at.
        pass
    return found


def _disk_excess(scratch: str) -> Excess | None:
    files = size = 0
    for entry in _files(scratch):
        files += 1
        try:
            size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
        if files > MAX_FILES:
            return Excess("DiskLimit", f"wrote more than {MAX_FILES} files")
        if size > MAX_DISK_BYTES:
            return Excess("DiskLimit", f"wrote more than {MAX_DISK_BYTES >> 30} GiB to the disk")
    return None


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Everything below ``folder``, without following links and without recursion: a pair may nest deeply."""
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:
            continue
