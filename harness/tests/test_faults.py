"""Hostile pairs: each gets its own verdict in time, the next pair a clean worker, and nothing is left behind."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from harness_client import Harness
from hostile import ANYWHERE, INTERPRETED, Hostile, candidate

from fusewright_harness.containment.sandbox import LAYERS
from fusewright_harness.process_tree import descendants

LIMIT_S = 4
HOSTILE = [*ANYWHERE, *INTERPRETED]


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        # The layers are the machine's; where one is missing the tests below would do what they only try.
        verdict = running.verdict(candidate(), device="interpreter")
        missing = set(LAYERS) - set(verdict["environment"]["containment"])
        if missing:
            pytest.skip(f"this machine can't contain: {sorted(missing)} missing")
        yield running


def scratch_folders(harness):
    root = next(Path("/tmp").glob(f"fusewright-harness-{harness.process.pid}-*"))
    return list(root.iterdir())


def settled(harness, most=12):
    """Whether only the zygotes and their spare workers are left, each with a folder of its own."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if len(descendants(harness.process.pid)) <= most and len(scratch_folders(harness)) <= most:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_pair_gets_its_own_verdict_and_leaves_nothing(harness, hostile: Hostile):
    verdict = harness.verdict(hostile.pair, device="interpreter", timeout_s=LIMIT_S)
    kind = (verdict["error"] or {}).get("type")
    assert (verdict["verdict"], kind) in hostile.expected, verdict
    assert hostile.says in (verdict["reason"] or ""), verdict["reason"]
    assert settled(harness), descendants(harness.process.pid)


def test_a_clean_pair_after_all_that(harness):
    verdict = harness.verdict(candidate(), device="interpreter")
    assert verdict["verdict"] == "untimed", verdict


def test_a_worker_has_no_socket_but_its_own_channel(harness):
    body = """
import stat
sockets, files = [], []
for number in range(4096):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    (sockets if stat.S_ISSOCK(mode) else files if stat.S_ISREG(mode) else []).append(number)
if len(sockets) != 1 or len(files) > 1:
    raise RuntimeError(repr((sockets, files)))
"""
    verdict = harness.verdict(candidate(body), device="interpreter")
    assert verdict["verdict"] == "untimed", verdict


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_judges_end_is_everybodys_end(number):
    """Whatever ends the judge ends the workers too, with what they run."""
    with Harness() as harness:
        request = harness.send(
            "verify",
            pair=candidate("while True:\n    pass"),
            options={"device": "interpreter", "timeout_s": 600},
        )
        while harness.reply().get("phase") != "check":
            pass
        time.sleep(0.3)
        started = descendants(harness.process.pid)
        assert len(started) >= 4, (request, started)
        harness.process.send_signal(number)
        harness.process.wait(10)
        end = time.monotonic() + 10
        while any(is_running(pid) for pid in started) and time.monotonic() < end:
            time.sleep(0.05)
        assert not [pid for pid in started if is_running(pid)]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
