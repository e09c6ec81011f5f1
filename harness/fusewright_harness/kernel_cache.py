"""Compiled kernels that outlive the worker that compiled them.

Invariant: what a process could have written is read only by a process that runs the same code. The seed, which every
worker starts from, comes from a worker that never met a pair. What a candidate's process left in its own cache is given
only to a later candidate of the very same TRITON block, Triton version and card: a block that plants something there
poisons nobody but itself, and could have done in its own process whatever it does that way.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from collections import OrderedDict

from fusewright_harness.containment.limits import hand_over

CACHES = ("triton", ".nv/ComputeCache")
"""Where a worker's folder, which is its home, holds Triton's compiled code and the driver's."""

_MOST_BLOCKS = 64
_MOST_BYTES = 64 << 20
_MOST_FILES = 2_000
_MOST_DEPTH = 3


class KernelCache:
    """The folders of one harness. Safe for use by several threads."""

    def __init__(self, folder: str) -> None:
        """Uses ``folder``, which is the judge's own: no worker may write there."""
        self.seed = os.path.join(folder, "seed")
        """What every worker starts from; not there until :meth:`plant`."""
        self._folder = folder
        self._blocks: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self._number = 0

    def plant(self, worker_folder: str) -> None:
        """Makes the seed from the cache of a worker that ran no code of any pair."""
        fresh = os.path.join(self._folder, "seed.new")
        for name in CACHES:
            target = os.path.join(fresh, name)
            if not copy_plain(os.path.join(worker_folder, name), target):
                shutil.rmtree(target, ignore_errors=True)
        if os.path.isdir(fresh) and not os.path.exists(self.seed):
            os.rename(fresh, self.seed)
        shutil.rmtree(fresh, ignore_errors=True)

    def give(self, block: str, worker_folder: str) -> None:
        """Puts what the same block compiled before into a worker's cache, before the worker loads it."""
        with self._lock:
            known = self._blocks.get(block)
            if known is not None:
                self._blocks.move_to_end(block)
                _give(known, worker_folder)

    def take(self, block: str, worker_folder: str) -> None:
        """Keeps what a block's candidate compiled, for the same block's next candidate."""
        with self._lock:
            if block in self._blocks:
                return
            self._number += 1
            folder = os.path.join(self._folder, f"block-{self._number}")
            if not copy_plain(os.path.join(worker_folder, "triton"), folder):
                shutil.rmtree(folder, ignore_errors=True)
                return
            self._blocks[block] = folder
            while len(self._blocks) > _MOST_BLOCKS:
                shutil.rmtree(self._blocks.popitem(last=False)[1], ignore_errors=True)


def share_compiled(from_folder: str, to_folder: str) -> None:
    """Puts what one worker compiled into the cache of another that runs the same pair."""
    _give(os.path.join(from_folder, "triton"), to_folder)


def _give(compiled: str, worker_folder: str) -> None:
    cache = os.path.join(worker_folder, "triton")
    copy_plain(compiled, cache)
    owner = os.stat(worker_folder).st_uid
    if owner != os.getuid() and os.path.isdir(cache):
        hand_over(cache, owner)


def block_key(code: str, versions: dict[str, str | None], capability: str) -> str:
    """What a block's compiled kernels belong to."""
    digest = hashlib.sha256()
    for part in (code, str(versions.get("triton")), str(versions.get("torch")), capability):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def copy_plain(source: str, target: str) -> bool:
    """Copies plain files and folders; False where there is anything else, or too much.

    The source may belong to a hostile process that changes it meanwhile: no link is followed, nothing that is not a
    plain file is opened for reading, and no more is read than may be kept.
    """
    left = [_MOST_BYTES, _MOST_FILES]
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return _copy_folder(descriptor, target, left, _MOST_DEPTH)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _copy_folder(source: int, target: str, left: list[int], depth: int) -> bool:
    os.makedirs(target, mode=0o755, exist_ok=True)
    for name in os.listdir(source):
        left[1] -= 1
        if left[1] < 0 or depth == 0:
            return False
        kind = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
        if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
            return False
        # O_NONBLOCK: a pipe put there meanwhile must not hold the judge up.
        entry = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
        try:
            below = os.path.join(target, name)
            if stat.S_ISDIR(os.fstat(entry).st_mode):
                if not _copy_folder(entry, below, left, depth - 1):
                    return False
            elif not stat.S_ISREG(os.fstat(entry).st_mode) or not _copy_file(entry, below, left):
                return False
        finally:
            os.close(entry)
    return True


def _copy_file(source: int, target: str, left: list[int]) -> bool:
    if os.path.lexists(target):
        return True
    with open(target, "xb") as into:
        while data := os.read(source, 1 << 20):
            left[0] -= len(data)
            if left[0] < 0:
                return False
            into.write(data)
    return True
