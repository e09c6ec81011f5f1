"""Scratch folders: the only place that a worker may write to, gone when it ends.

All of a harness's folders stand in one, named after its process, which holds a lock on it. A harness that was killed
could not remove its own, so the next one does. It goes by the lock and not by the name, for a process in another
container that shares the folder of temporary files has a number that means nothing here.
"""

from __future__ import annotations

import fcntl
import os
import queue
import re
import shutil
import tempfile
import threading
from pathlib import Path

_NAME = re.compile(r"fusewright-harness-\d+-")


class Scratch:
    """The folder of this process's scratch folders. Safe for use by several threads."""

    def __init__(self) -> None:
        _remove_left_behind()
        self._root, self._lock = _locked_folder()
        # A worker may have a user of its own, who passes through to its own folder and sees no other's name.
        os.chmod(self._root, 0o711)
        self._discarded: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._sweep, name="scratch", daemon=True).start()

    def folder(self) -> str:
        """A new, empty folder that only this user can enter."""
        return tempfile.mkdtemp(dir=self._root)

    def discard(self, folder: str) -> None:
        """Has a folder removed, while the next pair is judged: a pair may have left many files."""
        self._discarded.put(folder)

    def remove(self) -> None:
        """Removes them all."""
        _remove(self._root)
        os.close(self._lock)

    def _sweep(self) -> None:
        while True:
            _remove(self._discarded.get())


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.exists(folder):
        # A pair may have closed folders of its own to their owner, who is us where we are not root.
        for path, _folders, _files in os.walk(folder, followlinks=False):
            os.chmod(path, 0o700)
        shutil.rmtree(folder, ignore_errors=True)


def _locked_folder() -> tuple[str, int]:
    while True:
        folder = tempfile.mkdtemp(prefix=f"fusewright-harness-{os.getpid()}-")
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(folder):
            return folder, lock
        # Another harness took it for one left behind, before it was locked.
        os.close(lock)


def _remove_left_behind() -> None:
    for entry in Path(tempfile.gettempdir()).glob("fusewright-harness-*"):
        try:
            if not _NAME.match(entry.name) or entry.stat().st_uid != os.getuid():
                continue
            lock = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(str(entry))
        except OSError:
            # It is in use.
            pass
        finally:
            os.close(lock)
