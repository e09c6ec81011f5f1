"""Scratch folders."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fusewright_harness.scratch import Scratch


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_are_private_and_go_with_their_process(temporary):
    scratch = Scratch()
    first, second = Path(scratch.folder()), Path(scratch.folder())
    assert first != second
    assert first.stat().st_mode & 0o077 == 0
    (first / "file").write_text("x")
    scratch.remove()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_harness_left_is_removed_and_a_running_ones_is_kept(temporary):
    running = Scratch()
    kept = Path(running.folder())
    left = temporary / f"fusewright-harness-{os.getpid()}-abc"
    foreign = temporary / "fusewright-harness-notes"
    link = temporary / "fusewright-harness-1-link"
    for folder in (left, left / "worker", foreign):
        folder.mkdir()
    link.symlink_to(foreign)
    Scratch().remove()
    assert sorted(temporary.iterdir()) == sorted([kept.parent, foreign, link])
    assert kept.exists()
    running.remove()


def test_a_killed_harness_leaves_its_folder_unlocked(temporary):
    program = (
        "import os, sys, tempfile\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "from fusewright_harness.scratch import Scratch\n"
        "scratch = Scratch()\n"
        "scratch.folder()\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(temporary)], check=False)
    assert len(list(temporary.iterdir())) == 1
    Scratch().remove()
    assert list(temporary.iterdir()) == []


def test_a_folder_that_was_taken_before_its_lock_is_made_anew(temporary, monkeypatch):
    made = []
    really = tempfile.mkdtemp

    def taken_once(**given):
        folder = really(**given)
        if not made:
            monkeypatch.setattr(
                fcntl, "flock", lambda *_: os.rmdir(folder) if os.path.exists(folder) else None
            )
        made.append(folder)
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", taken_once)
    scratch = Scratch()
    assert [Path(folder).exists() for folder in made] == [False, True]
    scratch.remove()
