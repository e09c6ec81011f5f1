"""What a zygote must never do."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from fusewright_harness import zygotes
from fusewright_harness.deadline import Deadline
from fusewright_harness.scratch import Scratch
from fusewright_harness.zygotes import Zygote


@pytest.mark.parametrize("mode", ["cuda", "interpreter", "compile"])
def test_a_zygote_never_loads_the_cuda_driver(mode):
    scratch = Scratch()
    zygote = Zygote(mode, scratch)
    try:
        zygote.wait_ready()
        maps = Path(f"/proc/{zygote._process.pid}/maps").read_text()
        assert "libtorch" in maps
        assert "libcuda.so" not in maps
    finally:
        zygote.stop()
        scratch.remove()


def test_a_zygote_that_is_still_starting_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(zygotes, "_END_LIMIT_S", 3600.0)
    scratch = Scratch()
    zygote = Zygote("interpreter", scratch)
    # On a loaded machine, importing torch takes longer than anybody waits.
    os.kill(zygote._process.pid, signal.SIGSTOP)
    stopping = threading.Thread(target=zygote.stop, daemon=True)
    stopping.start()
    stopping.join(60)
    ended = zygote._process.poll()
    zygote._process.kill()
    scratch.remove()
    assert ended == -signal.SIGKILL


LOOK_AROUND = """
import os
raise RuntimeError(repr([sorted(os.environ), os.listdir("/proc/self/fd"), os.getcwd()]))
"""


def test_a_worker_has_a_bare_environment_and_nothing_open(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    scratch = Scratch()
    zygote = Zygote("interpreter", scratch)
    try:
        worker = zygote.fork()
        worker.assign("candidate", "triton", Deadline(20))
        looking = {
            "file": "pair.py",
            "entry": {"convention": "functions", "reference": "r", "candidate": "c"},
            "triton": {
                "code": LOOK_AROUND,
                "first_line": 1,
            },
        }
        worker.ask("load", "looking around", pair=looking)
        with pytest.raises(Exception, match="triton") as seen:
            worker.answer()
        message = str(seen.value)
        assert "OPENAI_API_KEY" not in message
        environment, descriptors, folder = eval(message[message.index("[[") :])
        assert "TRITON_CACHE_DIR" in environment
        assert len(descriptors) <= 5, "standard streams, the channel, and the folder being listed"
        assert Path(folder).parent.name.startswith("fusewright-harness-")
        worker.end()
        # It is removed behind the verdict's back.
        end = time.monotonic() + 10
        while Path(folder).exists() and time.monotonic() < end:
            time.sleep(0.01)
        assert not Path(folder).exists()
    finally:
        zygote.stop()
        scratch.remove()
