"""Scratch folders."""

from __future__ import annotations

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
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = temporary / f"fusewright-harness-{ended.pid}-abc"
    running = temporary / f"fusewright-harness-{os.getppid()}-abc"
    foreign = temporary / "fusewright-harness-notes"
    for folder in (left, running, foreign):
        folder.mkdir()
    Scratch().remove()
    assert sorted(temporary.iterdir()) == sorted([running, foreign])
