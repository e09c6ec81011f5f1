# Runs on a machine that has nothing of Fusewright: unpacks the package it was sent and becomes the harness.
# `files` (path -> text) and `name` (which changes with the content) are given by the first line of input.
import os
import sys
import tempfile


def place(root):
    """Returns the folder under ``root`` that holds the package, unpacked whole or not at all."""
    target = os.path.join(root, name)  # noqa: F821
    if not os.path.isdir(target):
        os.makedirs(root, mode=0o700, exist_ok=True)
        partial = tempfile.mkdtemp(prefix=name + ".partial-", dir=root)  # noqa: F821
        for path, text in files.items():  # noqa: F821
            path = os.path.join(partial, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        try:
            os.rename(partial, target)
        except OSError:
            if not os.path.isdir(target):
                raise
    return target


try:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = place(os.path.join(cache, "fusewright"))
except OSError:
    folder = place(tempfile.mkdtemp(prefix="fusewright-"))
os.chdir(folder)
os.environ["PYTHONPATH"] = folder
os.environ["PYTHONUNBUFFERED"] = "1"
os.execv(sys.executable, [sys.executable, "-m", "fusewright_harness", "serve"])
