"""Making ready what a verdict needs, before there is a pair."""

from __future__ import annotations

import sys
from pathlib import Path

from harness_client import Harness

from fusewright_harness.process_tree import descendants


def scratch_folders(harness):
    """The folders of the workers that are there, by their processes' working directories."""
    folders = set()
    for pid in descendants(harness.process.pid):
        try:
            folders.add(str(Path(f"/proc/{pid}/cwd").readlink()))
        except OSError:
            continue
    return {folder for folder in folders if "fusewright-harness-" in folder}


def test_workers_are_ready_before_the_first_pair():
    with Harness(sys.executable) as harness:
        reply = harness.result(harness.send("prewarm", options={"device": "interpreter"}))
        assert reply["event"] == "warm"
        # A reference, a candidate and the compile check's worker, at least.
        assert len(scratch_folders(harness)) >= 3
        assert harness.result(harness.send("prewarm", options={"device": "interpreter"}))["event"] == "warm"


def test_a_device_that_is_not_there_is_told():
    with Harness(sys.executable) as harness:
        reply = harness.result(harness.send("prewarm", options={"device": "abacus"}))
        assert reply["event"] == "failed"
        assert "'abacus'" in reply["message"]
