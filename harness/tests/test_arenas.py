"""Shared memory that is handed over sealed."""

from __future__ import annotations

import errno
import mmap
import os
import threading
import time

import pytest

from fusewright_harness import arenas
from fusewright_harness.arenas import MemoryFileArena


def test_memory_that_is_busy_for_a_moment_is_sealed_afterwards():
    arena = MemoryFileArena(4096)
    # The kernel counts a writable mapping as it counts a page that it is moving.
    held = mmap.mmap(arena._descriptor, 4096)
    release = threading.Timer(0.1, held.close)
    release.start()
    begun = time.monotonic()
    described, (descriptor,) = arena.handle()
    assert time.monotonic() - begun >= 0.09
    release.join()
    assert described == {"kind": "memfd", "bytes": 4096}
    with pytest.raises(PermissionError):
        mmap.mmap(descriptor, 4096)
    arena.close()


def test_memory_that_stays_busy_is_an_error(monkeypatch):
    monkeypatch.setattr(arenas, "_BUSY_S", 0.05)
    arena = MemoryFileArena(4096)
    held = mmap.mmap(arena._descriptor, 4096)
    with pytest.raises(OSError, match=os.strerror(errno.EBUSY)):
        arena.handle()
    held.close()
    arena.close()
