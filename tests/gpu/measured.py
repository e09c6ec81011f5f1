"""What is measured of the harness itself: repeatability, agreement with CUPTI, latency, verdicts a minute."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from busy import Busy
from pairs import LARGER, MIDDLING, ORDINARY, ROOT, Pair, made_anew, middling_text, read_pair, text_of

sys.path.insert(0, str(ROOT / "harness" / "tests"))
from harness_client import Harness

HERE = Path(__file__).resolve().parent
VERDICTS = 10
MOST_SPREAD = 0.02
MOST_DISAGREEMENT = 0.03
AGREE_ABOVE_MS = 0.020
RIGHT = ("pass", "same", "slower", "untimed")

Line = dict[str, Any]


class Timed:
    """A verdict with the moments at which its two lines arrived, in seconds from the request."""

    def __init__(self, first_s: float, final_s: float, first: Line, final: Line) -> None:
        self.first_s = first_s
        self.final_s = final_s
        self.first = first
        self.final = final


def verdicts(harness: Harness, pairs: list[Pair], in_flight: int, device: str) -> list[Timed]:
    """The verdicts on all pairs, so many in flight, in the order in which they came."""
    waiting, running, found = list(pairs), {}, []
    firsts: dict[int, tuple[float, Line]] = {}
    while waiting or running:
        while waiting and len(running) < in_flight:
            number = harness.send("verify", pair=waiting.pop(0), options={"device": device})
            running[number] = time.perf_counter()
        reply = harness.reply()
        number, event = reply["id"], reply["event"]
        if event == "first":
            firsts[number] = (time.perf_counter() - running[number], reply["verdict"])
        elif event == "verdict":
            final_s = time.perf_counter() - running.pop(number)
            first_s, first = firsts.get(number, (final_s, reply["verdict"]))
            found.append(Timed(first_s, final_s, first, reply["verdict"]))
        elif event == "failed":
            raise RuntimeError(f"the harness could not judge: {reply['message']}")
    return found


def repeatability(harness: Harness, device: str) -> bool:
    """Ten verdicts of one pair, for several pairs: how far their speedups differ."""
    print(f"repeatability: {VERDICTS} verdicts of one pair, largest speedup over smallest")
    fine = True
    texts = [
        (name, text_of(name)) for name in ("linear_gelu_residual", "cross_entropy", "demo/bias_gelu_scale")
    ]
    texts += [(f"{MIDDLING[0]}, middling", middling_text())]
    texts += [(f"{name}, larger", text_of(name, larger=True)) for name in LARGER]
    for name, text in texts:
        found = verdicts(harness, [read_pair(name, text)] * VERDICTS, 1, device)
        speedups = [timed.final["speedup"] for timed in found if timed.final["speedup"]]
        if len(speedups) < VERDICTS:
            reasons = {str(timed.final["reason"]) for timed in found if not timed.final["speedup"]}
            print(f"   {name:32} {len(speedups)} of {VERDICTS} timed: {'; '.join(reasons)}")
            fine = fine and device != "cuda"
            continue
        triton_ms = statistics.median(timed.final["triton_ms"] for timed in found)
        spread = _spread(speedups)
        kept = spread < MOST_SPREAD
        sides = [_spread([timed.final[side] for timed in found]) for side in ("python_ms", "triton_ms")]
        fine = fine and kept
        word = "" if kept else "   UNEXPECTED"
        print(
            f"   {name:32} {triton_ms:8.4f} ms {statistics.median(speedups):6.2f}x {spread:6.2%} "
            f"(reference {sides[0]:.2%}, candidate {sides[1]:.2%}){word}"
        )
    return fine


def _spread(values: list[float]) -> float:
    return max(values) / min(values) - 1


def agreement(harness: Harness, device: str) -> bool:
    """Device times of verdicts against CUPTI's, for kernels over 20 microseconds."""
    print("agreement with CUPTI: device time of the candidate, verdict and torch's profiler")
    run = subprocess.run(
        [harness.process.args[0], str(HERE / "cupti_times.py"), *LARGER],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if run.returncode != 0:
        print(f"   UNEXPECTED: the profiler did not run: {run.stderr[-500:]}")
        return False
    fine = True
    for name, cupti_ms in json.loads(run.stdout.splitlines()[-1]).items():
        (timed,) = verdicts(harness, [read_pair(name, text_of(name, larger=True))], 1, device)
        ours = timed.final["triton_ms"]
        if not ours:
            print(f"   {name:32} UNEXPECTED: not timed: {timed.final['reason']}")
            fine = False
            continue
        differs = ours / cupti_ms - 1
        kept = abs(differs) < MOST_DISAGREEMENT or cupti_ms < AGREE_ABOVE_MS
        fine = fine and kept
        word = "" if kept else "   UNEXPECTED"
        print(f"   {name:32} {ours:8.4f} ms  CUPTI {cupti_ms:8.4f} ms  {differs:+.2%}{word}")
    return fine


def latency(harness: Harness, device: str) -> bool:
    """From request to first result and final line, warm, with the phases; beside a plain cold script."""
    print("latency, warm, in ms: first result, final line, first without compiling, and the first's phases")
    rows, fine = [], True
    for number, name in enumerate(ORDINARY):
        # Somebody writes a kernel between two verdicts: the next pair's workers are warm by then.
        time.sleep(1.5)
        pair = made_anew(read_pair(name, text_of(name)), 1000 + number)
        (timed,) = verdicts(harness, [pair], 1, device)
        phases = timed.first["duration_ms"]
        spent = {phase: round(ms) for phase, ms in phases.items() if ms >= 1 and phase != "total"}
        own = timed.first_s * 1e3 - phases.get("compile", 0) - phases.get("autotune", 0)
        rows.append((timed.first_s * 1e3, timed.final_s * 1e3, own))
        if timed.final["verdict"] not in RIGHT:
            fine = False
            print(f"   {name:32} UNEXPECTED: {timed.final['verdict']}: {timed.final['reason']}")
        print(f"   {name:32} {rows[-1][0]:6.0f} {rows[-1][1]:6.0f} {own:6.0f}  {spent}")
    first, final, own = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"   median: first {first:.0f} (wanted <= 1500), final {final:.0f} (<= 4000), own {own:.0f} (<= 700)"
    )
    fine = fine and (device != "cuda" or (first <= 1500 and final <= 4000 and own <= 700))
    return cold(harness, first, device) and fine


def cold(harness: Harness, first_ms: float, device: str) -> bool:
    """The plain script's time on three of the pairs."""
    if device != "cuda":
        return True
    took = []
    for name in ORDINARY[:3]:
        with_cache = {**os.environ, "TRITON_CACHE_DIR": f"/tmp/fusewright-cold-{os.getpid()}-{len(took)}"}
        begun = time.perf_counter()
        run = subprocess.run(
            [
                harness.process.args[0],
                str(ROOT / "bench" / "cold_benchmark.py"),
                str(ROOT / f"examples/{name}.py"),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=with_cache,
        )
        took.append((time.perf_counter() - begun) * 1e3)
        print(f"   cold script on {name}: {took[-1]:.0f}  {run.stdout.strip() or run.stderr[-200:]}")
    times = statistics.median(took) / first_ms
    print(f"   a plain script in a cold process takes {times:.1f} times the first result (wanted >= 4)")
    return times >= 4


def rate(harness: Harness, device: str) -> bool:
    """Verdicts a minute with several pairs in flight, and how near the GPUs are to being the limit."""
    gpus = gpus_of(harness) if device == "cuda" else 1
    over = f" over {gpus} GPUs" if gpus > 1 else ""
    print(f"verdicts a minute{over}, each compiled anew; how long a GPU is held by a timing, or runs kernels")
    fine, number = True, 0
    for in_flight, count in ((1, 10), (4, 20), (8, 32)) if gpus == 1 else ((8, 24), (16, 48)):
        pairs = []
        for place in range(count):
            number += 1
            name = ORDINARY[place % len(ORDINARY)]
            pairs.append(made_anew(read_pair(name, text_of(name)), number))
        begun = time.perf_counter()
        with Busy() as busy:
            found = verdicts(harness, pairs, in_flight, device)
        took = time.perf_counter() - begun
        # A timing has its GPU to itself, so these phases add up to how long the GPUs were held.
        held = sum(timed.final["duration_ms"].get("timing", 0) for timed in found) / 1e3 / gpus / took
        running = busy.share()
        final_s = statistics.median(timed.final_s for timed in found)
        print(
            f"   {in_flight:2} in flight: {60 * count / took:5.0f} a minute ({count} in {took:.0f} s, "
            f"each in {final_s:.1f} s), GPU held for timing {held:4.0%}, running kernels "
            f"{'unknown' if running is None else f'{running:4.0%}'}"
        )
        print(f"      a verdict's time: {', '.join(_largest_phases(found))}")
        wrong = [timed.final for timed in found if timed.final["verdict"] not in RIGHT]
        for line in wrong:
            print(f"      UNEXPECTED: {line['verdict']}: {line['reason']}")
        unprofiled = sum(1 for timed in found if timed.final.get("foreign_fraction") is None)
        if unprofiled and device == "cuda":
            print(f"      UNEXPECTED: {unprofiled} of {count} were not profiled")
        fine = fine and not wrong and (device != "cuda" or not unprofiled)
    return fine


def _largest_phases(found: list[Timed], most: int = 7) -> list[str]:
    """The phases that take most of a verdict's time, in words, with their means."""
    names = {name for timed in found for name in timed.final["duration_ms"] if name != "total"}
    means = {
        name: statistics.fmean(timed.final["duration_ms"].get(name, 0) for timed in found) for name in names
    }
    largest = sorted(means, key=lambda name: means[name], reverse=True)[:most]
    return [f"{name} {means[name]:.0f} ms" for name in largest]


def gpus_of(harness: Harness) -> int:
    """How many GPUs the harness's Python sees."""
    ask = [harness.process.args[0], "-c", "import torch; print(torch.cuda.device_count())"]
    return int(subprocess.run(ask, capture_output=True, text=True, timeout=60, check=True).stdout)
