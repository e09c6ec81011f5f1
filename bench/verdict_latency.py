"""How soon a verdict is there without a GPU: small pairs in Triton's interpreter, and beside a plain script.

    python bench/verdict_latency.py [--check]     PYTHON must have torch and triton

A warm harness judges ten small pairs, one after another: the time to the first result, which is all of the
verdict but the audit, and to the final line. The compile check of the same pairs follows, then the first
verdict of a harness that was just started, with what it needs made ready before it and not. The plain script
runs in a process of its own, as `bench/cold_benchmark.py` has it. On a GPU `make gpu-test GPU_TEST='--only
latency'` measures the same. A quiet machine makes the numbers mean something.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "harness" / "tests"), str(ROOT / "tests" / "gpu")]

from harness_client import Harness  # noqa: E402
from pairs import made_anew, read_pair  # noqa: E402

SMALL = [
    "activation_dictionary",
    "bias_gelu_residual_bfloat16",
    "column_sum_partials",
    "cross_entropy_ignore_index",
    "group_norm_silu",
    "int8_rows_quantise_scale",
    "logsumexp_columns",
    "rope_interleaved_query_key",
    "row_statistics_tuple",
    "softmax_persistent_rows",
]
"""Ten pairs of about a thousand elements, by their names in the honest corpus."""

WANTED_FIRST_MS = 500
WANTED_COMPILE_MS = 500
WANTED_TIMES = 4
OPTIONS = {"device": "interpreter"}
RIGHT = "untimed"
_AHEAD_S = 1.0

Pair = dict[str, Any]


class WrongVerdict(Exception):
    """A pair did not get the verdict that makes its time worth anything."""


def file_of(name: str) -> Path:
    """The file of a small pair."""
    return ROOT / "tests" / "corpus" / "honest" / f"{name}.py"


def small_pair(name: str, number: int) -> Pair:
    """A small pair whose kernel no cache has seen."""
    return made_anew(read_pair(name, file_of(name).read_text(encoding="utf-8")), number)


def judge(harness: Harness, pair: Pair) -> tuple[float, float]:
    """The milliseconds from request to first result and to final line."""
    begun = time.perf_counter()
    number, first_ms = harness.send("verify", pair=pair, options=OPTIONS), None
    while True:
        reply = harness.reply()
        if reply.get("id") != number or reply["event"] == "phase":
            continue
        now_ms = (time.perf_counter() - begun) * 1e3
        if reply["event"] == "first":
            first_ms = now_ms
            continue
        line = reply.get("verdict") or {}
        if line.get("verdict") != RIGHT or first_ms is None:
            raise WrongVerdict(f"{pair['file']}: {line.get('reason') or reply}")
        return first_ms, now_ms


def compile_alone(harness: Harness, pair: Pair) -> float:
    """The milliseconds that a compile check takes."""
    begun = time.perf_counter()
    reply = harness.result(harness.send("compile", pair=pair, options={**OPTIONS, "target": "sm_90"}))
    if reply["event"] != "compiled" or reply["error"] is not None:
        raise WrongVerdict(f"{pair['file']}: {reply}")
    return (time.perf_counter() - begun) * 1e3


def first_of_all(pair: Pair, prewarmed: bool) -> float:
    """The milliseconds to the first result of a harness that was started for it."""
    begun = time.perf_counter()
    with Harness(sys.executable) as harness:
        if prewarmed:
            harness.result(harness.send("prewarm", options=OPTIONS))
            # Somebody reads the pair meanwhile.
            time.sleep(_AHEAD_S)
            begun = time.perf_counter()
        number = harness.send("verify", pair=pair, options=OPTIONS)
        while (reply := harness.reply()).get("id") != number or reply["event"] not in ("first", "verdict"):
            if reply["event"] == "failed":
                raise WrongVerdict(reply["message"])
        return (time.perf_counter() - begun) * 1e3


def plain_script(path: Path) -> float:
    """The milliseconds of the plain script in a cold process; its own verdict does not matter."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, str(ROOT / "bench" / "cold_benchmark.py"), "--interpreter", str(path)],
        env=os.environ,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return (time.perf_counter() - begun) * 1e3


def told(label: str, values: list[float], target: str = "", met: bool | None = None) -> None:
    """Prints a row: the median, the smallest and the largest."""
    row = f"{label:46}{statistics.median(values):8.0f}  ({min(values):.0f} to {max(values):.0f})"
    print(row + (f"   {target}: {'met' if met else 'MISSED'}" if met is not None else ""))


def main() -> int:
    """Measures, prints the table, and returns 1 if a target is missed and `--check` was given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    arguments = parser.parse_args()
    with Harness(sys.executable) as harness:
        harness.result(harness.send("prewarm", options=OPTIONS))
        judge(harness, small_pair(SMALL[0], 0))
        judged = []
        for number, name in enumerate(SMALL, 1):
            # The next pair's workers are made while the one before is audited, and right after.
            time.sleep(0.3)
            judged.append(judge(harness, small_pair(name, number)))
        compiled = [compile_alone(harness, small_pair(name, 100 + n)) for n, name in enumerate(SMALL)]
    cold = [first_of_all(small_pair(SMALL[0], 200 + number), False) for number in range(2)]
    ahead = [first_of_all(small_pair(SMALL[0], 300 + number), True) for number in range(2)]
    scripts = [plain_script(file_of(name)) for name in SMALL[:3]]

    first, final = ([row[column] for row in judged] for column in (0, 1))
    soon = statistics.median(first) <= WANTED_FIRST_MS
    quick = statistics.median(compiled) <= WANTED_COMPILE_MS
    times = statistics.median(scripts) / statistics.median(first)
    print("\nverdicts in Triton's interpreter, milliseconds: median (smallest to largest)\n")
    told("first result, warm", first, f"at most {WANTED_FIRST_MS}", soon)
    told("final line, warm", final)
    told("compile check, warm", compiled, f"at most {WANTED_COMPILE_MS}", quick)
    told("first result of a harness just started", cold)
    told("the same, prewarmed when the file was opened", ahead)
    told("plain script in a cold process", scripts, f"{times:.1f} x the first result", times >= WANTED_TIMES)
    met = soon and quick and times >= WANTED_TIMES
    return 1 if arguments.check and not met else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WrongVerdict as wrong:
        print(f"verdict_latency: {wrong}", file=sys.stderr)
        sys.exit(2)
