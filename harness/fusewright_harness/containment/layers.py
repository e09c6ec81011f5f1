"""Which layers of containment are in force, and what it means that one is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fusewright_harness.containment.sandbox import LAYERS, Plan, Sandbox

BUBBLEWRAP = "bubblewrap"
_AROUND_US = "FUSEWRIGHT_BUBBLEWRAP"
_PROBE_LIMIT_S = 20.0

LACKING = {
    "files": "the code of a pair can read and write whatever this user can",
    "network": "it can reach the network",
    "signals": "it can end other processes of this user",
    "calls": "it can look into other processes of this user, and leave its process group",
    "privileges": "it has this user's privileges",
    "memory": "nothing but the judge's own watch limits its memory",
    "processes": "nothing but the judge's own watch limits how many processes it starts",
}
"""What a pair's code can do where a layer is missing."""


def in_force(of_workers: Iterable[list[str]]) -> list[str]:
    """The layers that all of a verdict's workers have, and those around the whole harness."""
    workers = [set(layers) for layers in of_workers]
    common = [layer for layer in LAYERS if workers and all(layer in one for one in workers)]
    return ([BUBBLEWRAP] if os.environ.get(_AROUND_US) == "on" else []) + common


def missing(layers: list[str]) -> str | None:
    """What is lacking, as the end of a sentence, or None where every layer of a worker is in force."""
    lacking = [layer for layer in LAYERS if layer not in layers]
    if not lacking:
        return None
    return "; ".join(f"`{layer}` is missing, so {LACKING[layer]}" for layer in lacking)


def probe(mode: str) -> list[str]:
    """The layers that a worker of ``mode`` would have here, found out by putting one up. None where that fails."""
    command = [sys.executable, "-m", "fusewright_harness", "sandbox", mode]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    try:
        ran = subprocess.run(
            command, capture_output=True, timeout=_PROBE_LIMIT_S, check=True, env=environment, cwd="/"
        )
        answer = ran.stdout
        return in_force([[str(layer) for layer in json.loads(answer)]])
    except (OSError, subprocess.SubprocessError, ValueError):
        return in_force([[]])


def put_up(mode: str) -> int:
    """Puts the sandbox up around this process and prints its layers; what :func:`probe` runs."""
    with tempfile.TemporaryDirectory() as scratch:
        child = os.fork()
        if child == 0:
            sandbox = Sandbox(Plan.of(mode), scratch)
            sandbox.before_cuda()
            sandbox.after_cuda(1 << 30)
            os.write(1, json.dumps(sandbox.layers).encode())
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
