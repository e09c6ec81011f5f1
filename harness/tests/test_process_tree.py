"""Ending a process with all that it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from fusewright_harness.process_tree import descendants, kill_tree

# Starts a child that leaves its session and has a child of its own, then prints all their numbers.
TREE = """
import subprocess, sys, time
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(child.pid, flush=True)
else:
    again = [sys.executable, "-c", sys.orig_argv[2], "inner"]
    child = subprocess.Popen(again, start_new_session=True, stdout=subprocess.PIPE)
    print(child.pid, child.stdout.readline().decode().strip(), flush=True)
time.sleep(60)
"""


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_children_that_left_the_session_end_too():
    process = subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE)
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert set(descendants(process.pid)) == set(pids)
    assert set(descendants(os.getpid())) >= {process.pid, *pids}
    kill_tree(process.pid)
    process.wait()
    end = time.monotonic() + 5
    while any(is_running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(is_running(pid) for pid in pids)


def test_a_process_that_is_gone_is_no_error():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    kill_tree(process.pid)
    assert descendants(process.pid) == []
