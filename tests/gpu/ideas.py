"""Ten shipped ideas through the loop, TorchInductor writing: what became of each, and how fast it is."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from product import RIGHT, ROOT

SHIPPED = ROOT / "server/engine/src/workspace/assets/fusion_ideas.txt"
TEN = (
    "bias, gelu",
    "scale, softmax",
    "add residual, rmsnorm",
    "layernorm, gelu",
    "cosine similarity of two rows",
    "huber loss, mean",
    "split in halves, silu, multiply",
    "channel scale, channel bias, relu",
    "linear, gelu",
    "matmul, bias, tanh",
)
"""Of several families, each a line of the shipped file."""
LIMIT_S = 300


def loop(binary: Path, device: str) -> bool:
    """Runs the loop in a workspace of its own and prints its report; whether every idea's kernel is right."""
    missing = set(TEN) - set(SHIPPED.read_text(encoding="utf-8").splitlines())
    if missing:
        raise ValueError(f"no longer among the shipped ideas: {', '.join(sorted(missing))}")
    with tempfile.TemporaryDirectory(prefix="fusewright-ideas-") as folder:
        root = Path(folder)
        _run(binary, root, "init", ".")
        data = root / "triton_training_data"
        (data / "fusion_ideas.txt").write_text("\n".join(TEN) + "\n", encoding="utf-8")
        (root / "fusewright.toml").write_text(
            f'[verify]\ndevice = "{device}"\n[dataset]\nallow_inductor = true\nallow_untimed = true\n',
            encoding="utf-8",
        )
        begun = time.monotonic()
        ran = _run(binary, root, "run", "--all", "--provider", "inductor")
        took_s = time.monotonic() - begun
        print(f"the loop: {len(TEN)} ideas, TorchInductor writing, in {took_s:.0f} s")
        fine = _report(data)
        print("   " + "\n   ".join(ran.stdout.strip().splitlines()[-1:]))
        listed = _run(binary, root, "ideas").stdout.strip()
        print("   " + "\n   ".join(listed.splitlines()))
        return fine


def _report(data: Path) -> bool:
    attempts = {}
    for line in (data / "output" / "attempts.jsonl").read_text(encoding="utf-8").splitlines():
        attempt = json.loads(line)
        attempts[attempt["about"]] = attempt
    speedups, right = [], 0
    for idea in TEN:
        verdict: dict[str, Any] = (attempts.get(idea) or {}).get("verdict") or {}
        word = verdict.get("verdict")
        right += word in (*RIGHT, "untimed")
        if verdict.get("speedup"):
            speedups.append(verdict["speedup"])
        launches = sum(kernel["launches"] for kernel in verdict.get("kernels") or [])
        times = " ".join(f"{verdict[key]:.4f}" for key in ("python_ms", "triton_ms") if verdict.get(key))
        speedup = f"{verdict['speedup']:.2f}x" if verdict.get("speedup") else "-"
        why = verdict.get("reason") or ""
        print(f"   {idea:36} {word!s:9} {speedup:>7}  {times:16} ms, {launches} launches  {why[:120]}")
    if speedups:
        print(f"   median speedup {statistics.median(speedups):.2f}x over {len(speedups)} timed")
    print(f"   {right} of {len(TEN)} right")
    return right == len(TEN)


def _run(binary: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Nobody's own settings, verdicts or trust.
    environment = {**os.environ, "FUSEWRIGHT_HOME": str(root / "home")}
    return subprocess.run(
        [str(binary), *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
