"""Scratch folders: the only place that a worker may write to, gone when it ends.

All of a harness's folders stand in one, named after its process. A harness that was killed could not remove its
own, so the next one does.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"fusewright-harness-(\d+)-")


class Scratch:
    """The folder of this process's scratch folders."""

    def __init__(self) -> None:
        _remove_left_behind()
        self._root = tempfile.mkdtemp(prefix=f"fusewright-harness-{os.getpid()}-")

    def folder(self) -> str:
        """A new, empty folder that only this user can enter."""
        return tempfile.mkdtemp(dir=self._root)

    def remove(self) -> None:
        """Removes them all."""
        shutil.rmtree(self._root, ignore_errors=True)


def _remove_left_behind() -> None:
    for entry in Path(tempfile.gettempdir()).glob("fusewright-harness-*"):
        match = _NAME.match(entry.name)
        try:
            ours = entry.stat().st_uid == os.getuid()
        except OSError:
            continue
        if match and ours and not Path("/proc", match[1]).exists():
            shutil.rmtree(entry, ignore_errors=True)
