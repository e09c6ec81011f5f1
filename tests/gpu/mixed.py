"""Many pairs in one run, a quarter of them hostile: right verdicts, and nothing left behind."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from measured import RIGHT, Harness
from pairs import ORDINARY, made_anew, read_pair, text_of

HOSTILE = {
    "hung kernel": (
        "kernel",
        "while tl.load(out_ptr) == tl.load(out_ptr) or n > 0:\n        pass",
        {"timeout"},
    ),
    "illegal access": (
        "kernel",
        "tl.store(out_ptr + (n.to(tl.int64) << 40), 1.0)",
        {"run", "check", "trust"},
    ),
    "out of memory": ("wrapper", "held = [torch.empty(1 << 40, device=x.device)]", {"run"}),
    "segmentation fault": ("wrapper", "import ctypes\n    ctypes.string_at(0)", {"run", "trust"}),
    "own end": ("wrapper", "import os\n    os._exit(3)", {"run", "trust"}),
    "endless output": (
        "wrapper",
        "import os, time\n    end = time.time() + 1\n    while time.time() < end: os.write(1, bytes(1 << 16))",
        {"timing", "trust", "run", None},
    ),
    "memory bomb": (
        "wrapper",
        "held = [bytearray(1 << 30) for _ in range(1 << 12)]",
        {"run", "timeout", "trust"},
    ),
    "many processes": (
        "wrapper",
        "import os, time\n    children = [os.fork() or time.sleep(60) for _ in range(1 << 12)]",
        {"run", "timeout", "trust"},
    ),
}
"""What goes wrong, where it stands in the candidate, and at which stage it may be told."""

_PYTHON = "import torch\n\n\ndef twice_torch(x):\n    return x * 2\n"
_TEST = "import torch\n\n\ndef get_test_inputs():\n    return (torch.randn(4096, device='cuda'),)\n"
_TRITON = """import torch
import triton
import triton.language as tl


@triton.jit
def twice_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    {kernel}
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=offsets < n) * 2, mask=offsets < n)


def twice_triton(x):
    {wrapper}
    out = torch.empty_like(x)
    twice_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out
"""

Pair = dict[str, Any]


def hostile_pair(name: str) -> Pair:
    """The pair of that fault."""
    place, code, _stages = HOSTILE[name]
    filled = {"kernel": "pass", "wrapper": "pass", place: code}
    if filled["kernel"] == "pass":
        filled["kernel"] = "n = n"
    blocks = {
        block: {"code": text, "first_line": 1}
        for block, text in (("python", _PYTHON), ("triton", _TRITON.format(**filled)), ("test", _TEST))
    }
    entry = {"convention": "functions", "reference": "twice_torch", "candidate": "twice_triton"}
    return {
        "file": f"{name}.py",
        "hash": "0" * 64,
        **blocks,
        "main": None,
        "entry": entry,
        "inputs": "get_test_inputs",
    }


def used_mib() -> int | None:
    """The memory of the GPU that is in use, in MiB, as the driver tells."""
    try:
        run = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return sum(int(number) for number in run.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def below(pid: int) -> list[int]:
    """The processes that descend from one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [child for child, of in parents.items() if of == parent]
        found += children
        queue += children
    return found


def survived(device: str, count: int, in_flight: int = 4) -> bool:
    """Judges ``count`` pairs, a quarter of them hostile; prints what each kind got and what is left."""
    print(f"faults survived: {count} pairs in one run, a quarter of them hostile, {in_flight} in flight")
    draw = random.Random(7)
    kinds = [list(HOSTILE)[place % len(HOSTILE)] if place % 4 == 0 else "honest" for place in range(0, count)]
    draw.shuffle(kinds)
    got: Counter[tuple[str, str]] = Counter()
    unexpected = []
    with Harness() as harness:
        before_mib = None
        running: dict[int, str] = {}
        waiting = list(enumerate(kinds))
        while waiting or running:
            while waiting and len(running) < in_flight:
                place, kind = waiting.pop(0)
                name = ORDINARY[place % len(ORDINARY)]
                pair = (
                    made_anew(read_pair(name, text_of(name)), place)
                    if kind == "honest"
                    else hostile_pair(kind)
                )
                options = {"device": device, "timeout_s": 12 if kind != "honest" else 60}
                running[harness.send("verify", pair=pair, options=options)] = kind
            reply = harness.reply()
            if reply["event"] not in ("verdict", "failed"):
                continue
            kind = running.pop(reply["id"])
            line = reply.get("verdict") or {"verdict": None, "error": None, "reason": reply.get("message")}
            error = line["error"] or {}
            got[kind, str(error.get("type") or line["verdict"])] += 1
            allowed = HOSTILE[kind][2] if kind != "honest" else {None}
            right = line["verdict"] in RIGHT
            if error.get("stage") not in allowed or (kind == "honest" and not right):
                unexpected.append(
                    f"{kind}: {line['verdict']} {error.get('stage')} {error.get('type')}: {line['reason']}"
                )
            before_mib = before_mib or used_mib()
        time.sleep(4)
        left = [pid for pid in below(harness.process.pid) if _is_pairs_own(pid)]
    for (kind, reason), number in sorted(got.items()):
        print(f"   {kind:20} {reason:24} {number}")
    for text in unexpected[:12]:
        print(f"   UNEXPECTED {text}")
    if left:
        print(f"   UNEXPECTED: {len(left)} processes of pairs were left")
    time.sleep(1)
    print(f"   GPU memory in use: {before_mib} MiB at the first verdict, {used_mib()} MiB after its end")
    return not unexpected and not left


def _is_pairs_own(pid: int) -> bool:
    """Whether a process is one that a pair started: the harness's own run as its package."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return bool(command) and b"fusewright_harness" not in command and pid != os.getpid()
