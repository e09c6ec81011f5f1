"""Judges mixed pairs, a quarter of them hostile, and checks every verdict and what is left afterwards.

    python tests/gpu/faults.py [--pairs 200] [--device cuda|interpreter] [--in-flight 8]

Speaks to the harness as the engine does. `FUSEWRIGHT_PYTHON` names the interpreter that has torch and
triton; without it, the one that runs this. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "harness" / "tests"), str(ROOT / "harness")]

from fusewright_harness.process_tree import descendants  # noqa: E402
from harness_client import Harness  # noqa: E402
from hostile import ANYWHERE, INTERPRETED, ON_GPU, Hostile, candidate  # noqa: E402

HOSTILE_LIMIT_S = 8
HONEST_LIMIT_S = 120
SETTLE_S = 30
# The zygotes, their spare workers, and what starts them.
RESTING_PROCESSES = 16
RESTING_GPU_BYTES = 1 << 30
HONEST = {"pass", "same", "slower", "untimed"}


@dataclass
class Survival:
    """What a run gave: how many pairs got their verdict, what went wrong, how long a pair took."""

    pairs: int = 0
    hostile: int = 0
    right: int = 0
    faults: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    processes: tuple[int, int] = (0, 0)
    """How many processes were below the harness before the run and after it, spare workers among them."""
    gpu_mib: tuple[int, int] | None = None
    """How much of the GPU's memory was in use before the run and after it."""
    outlived: int = 0
    """How many processes were left once the harness had ended."""
    layers: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        memory = f"GPU memory {self.gpu_mib[0]} -> {self.gpu_mib[1]} MiB, " if self.gpu_mib else ""
        text = (
            f"{self.right} of {self.pairs} verdicts as expected ({self.hostile} hostile) "
            f"in {self.seconds:.0f} s; {memory}processes {self.processes[0]} -> {self.processes[1]}, "
            f"{self.outlived} outlived the harness; layers: {', '.join(self.layers)}"
        )
        return "\n".join([text, *(f"    UNEXPECTED: {fault}" for fault in self.faults)])


def mixed(count: int, device: str, seed: int) -> list[Hostile]:
    """Draw ``count`` pairs, every fourth hostile, each kind of hostility as often as any other."""
    draw = random.Random(seed)
    plain, *hostile = [*ANYWHERE, *(ON_GPU if device == "cuda" else INTERPRETED)]
    draw.shuffle(hostile)
    hostile = (hostile * (count // 4 // len(hostile) + 1))[: count // 4]
    pairs = [plain] * (count - len(hostile)) + hostile
    draw.shuffle(pairs)
    return pairs


def survive(count: int = 200, device: str = "cuda", in_flight: int = 8, seed: int = 0) -> Survival:
    """Judge ``count`` mixed pairs with one harness, ``in_flight`` requests at a time."""
    result = Survival()
    started = time.monotonic()
    python = os.environ.get("FUSEWRIGHT_PYTHON", sys.executable)
    with Harness(python) as harness:
        first = harness.verdict(candidate(), device=device)
        result.layers = first["environment"].get("containment", [])
        before = gpu_bytes(python) if device == "cuda" else 0
        below_before = len(descendants(harness.process.pid))
        waiting: dict[int, Hostile] = {}
        for one in mixed(count, device, seed):
            if len(waiting) == in_flight:
                collect(harness, waiting, result)
            limit_s = HONEST_LIMIT_S if one.name == "plain" else HOSTILE_LIMIT_S
            waiting[
                harness.send("verify", pair=one.pair, options={"device": device, "timeout_s": limit_s})
            ] = one
        while waiting:
            collect(harness, waiting, result)
        last = harness.verdict(candidate(), device=device)
        if last["verdict"] not in HONEST:
            result.faults.append(f"the pair after all that: {last['verdict']}, {last['reason']}")
        look_for_leftovers(harness, python, before, device, result)
        below = descendants(harness.process.pid)
        result.processes = below_before, len(below)
    end = time.monotonic() + SETTLE_S
    while (left := [pid for pid in below if is_running(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    result.outlived = len(left)
    if left:
        result.faults.append(f"{len(left)} processes outlived the harness")
    result.seconds = time.monotonic() - started
    return result


def collect(harness: Harness, waiting: dict[int, Hostile], result: Survival) -> None:
    """Take the next final reply and hold it to what its pair must get."""
    while True:
        reply = harness.reply(HONEST_LIMIT_S * 2)
        if reply.get("id") in waiting and reply["event"] not in ("phase", "first"):
            break
    one = waiting.pop(reply["id"])
    line: dict[str, Any] = reply.get("verdict") or {"verdict": reply["event"], "reason": reply.get("message")}
    kind = (line.get("error") or {}).get("type")
    result.pairs += 1
    result.hostile += one.name != "plain"
    result.reasons[f"{line['verdict']} {kind or ''}".strip()] += 1
    if (line["verdict"], kind) in one.expected and one.says in (line.get("reason") or ""):
        result.right += 1
    else:
        result.faults.append(f"{one.name}: {line['verdict']} {kind}: {line.get('reason')}")


def look_for_leftovers(harness: Harness, python: str, before: int, device: str, result: Survival) -> None:
    """Wait until only zygotes and spare workers are left, and the GPU's memory is as free as it was."""
    end = time.monotonic() + SETTLE_S
    while (many := len(descendants(harness.process.pid))) > RESTING_PROCESSES and time.monotonic() < end:
        time.sleep(0.1)
    if many > RESTING_PROCESSES:
        result.faults.append(f"{many} processes are left below the harness")
    if device != "cuda":
        return
    while (grown := gpu_bytes(python) - before) > RESTING_GPU_BYTES and time.monotonic() < end:
        time.sleep(0.5)
    result.gpu_mib = before >> 20, (before + grown) >> 20
    if grown > RESTING_GPU_BYTES:
        result.faults.append(f"{grown >> 20} MiB of GPU memory are held that were free before")


def gpu_bytes(python: str) -> int:
    """Return how much of the GPU's memory is in use, by whomever."""
    ask = "import torch; free, total = torch.cuda.mem_get_info(); print(total - free)"
    return int(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> int:
    """Run it and print what came of it; 0 only if every verdict was as expected and nothing was left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    result = survive(arguments.pairs, arguments.device, arguments.in_flight, arguments.seed)
    for reason, times in result.reasons.most_common():
        print(f"{times:5} x {reason}")
    print(result)
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
