"""Judges every shipped pair on a CUDA machine and checks each verdict against what it should be.

The good pairs (`examples/*.py`, `examples/demo/*.py`) must get "pass" on the GPU. Each pair in
`examples/broken/` names in its docstring what it must get:

    # expect: verdict=error implementation=triton stage=compile line=25

Standard library only. `FUSEWRIGHT_BINARY` names the binary to test; `FUSEWRIGHT_PYTHON`, read by the
binary, the interpreter that has torch and triton. Arguments choose pairs by a part of their path.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
EXPECTATION = re.compile(r"^# expect: (.+)$", re.MULTILINE)
# More than one verdict may need: its own limits end it long before.
LIMIT_S = 300

Line = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One pair and the fields that its verdict line must have."""

    path: Path
    expected: dict[str, str]


def expectation(path: Path) -> dict[str, str]:
    """Read what a broken pair must get; ValueError where it does not say."""
    match = EXPECTATION.search(path.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{path}: no line `# expect: verdict=…`")
    return dict(part.split("=", 1) for part in match.group(1).split())


def cases(wanted: list[str]) -> list[Case]:
    """Collect the pairs whose path holds one of the wanted parts; all of them where nothing is wanted."""
    good = [*sorted((EXAMPLES / "demo").glob("*.py")), *sorted(EXAMPLES.glob("*.py"))]
    broken = sorted((EXAMPLES / "broken").glob("*.py"))
    found = [Case(path, {"verdict": "pass"}) for path in good]
    found += [Case(path, expectation(path)) for path in broken]
    return [case for case in found if not wanted or any(part in str(case.path) for part in wanted)]


def default_binary() -> Path:
    """Return the binary to test: the one asked for, else the release build, else the debug build."""
    if named := os.environ.get("FUSEWRIGHT_BINARY"):
        return Path(named).resolve()
    builds = [ROOT / "target" / profile / "fusewright" for profile in ("release", "debug")]
    return next((path for path in builds if path.is_file()), builds[0])


def verify(binary: Path, path: Path) -> Line:
    """Have one pair judged on the GPU. A run that prints no verdict line becomes one that says so."""
    command = [str(binary), "verify", "--json", "--device", "cuda", str(path)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return {"verdict": None, "reason": f"no verdict within {LIMIT_S} s"}
    lines = run.stdout.splitlines()
    try:
        (line,) = [json.loads(text) for text in lines]
    except ValueError:
        return {"verdict": None, "reason": f"{len(lines)} lines instead of one verdict: {run.stderr[-500:]}"}
    return line


def faults(case: Case, line: Line) -> list[str]:
    """List how a verdict line differs from what the case expects."""
    error = line.get("error") or {}
    found = []
    for key, expected in case.expected.items():
        got = line.get(key) if key == "verdict" else error.get(key)
        if str(got) != expected:
            found.append(f"{key} is {got}, not {expected}")
    mode = (line.get("device") or {}).get("mode")
    if error.get("stage") != "parse" and mode != "cuda":
        found.append(f"judged on {mode}, not on cuda")
    if case.expected["verdict"] == "pass" and line.get("pending"):
        found.append(f"not final: {line['pending']} still to come")
    return found


def number(value: float | None, digits: int) -> str:
    """Format a number that may be missing."""
    return "-" if value is None else f"{value:.{digits}f}"


def row(case: Case, line: Line) -> str:
    """Format one row of the table."""
    low, high = line.get("speedup_ci") or (None, None)
    interval = "-" if low is None else f"{low:.2f}..{high:.2f}"
    total = (line.get("duration_ms") or {}).get("total")
    return (
        f"{case.path.relative_to(EXAMPLES)!s:32} {line.get('verdict') or '(none)':9}"
        f" {number(line.get('speedup'), 2):>8} {interval:>14}"
        f" {number(line.get('python_ms'), 4):>10} {number(line.get('triton_ms'), 4):>10}"
        f" {number(total, 0):>9}"
    )


HEADER = (
    f"{'pair':32} {'verdict':9} {'speedup':>8} {'95 % interval':>14}"
    f" {'python ms':>10} {'triton ms':>10} {'took ms':>9}"
)


def main() -> int:
    """Run the cases and print the table; 0 only if every verdict is the expected one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", nargs="*", help="judge only pairs with one of these in their path")
    parser.add_argument("--lines", type=Path, metavar="FILE", help="write the verdict lines to this file too")
    arguments = parser.parse_args()
    binary = default_binary()
    if not binary.is_file():
        print(f"gpu-test: no binary at {binary}: build it, or set FUSEWRIGHT_BINARY", file=sys.stderr)
        return 2
    chosen = cases(arguments.pairs)
    if not chosen:
        print("gpu-test: no shipped pair has that in its path", file=sys.stderr)
        return 2

    print(HEADER)
    started = time.monotonic()
    failed = 0
    lines = []
    for case in chosen:
        line = verify(binary, case.path)
        lines.append(line)
        print(row(case, line), flush=True)
        wrong = faults(case, line)
        failed += bool(wrong)
        for fault in wrong:
            print(f"    UNEXPECTED: {fault}")
        if wrong and line.get("reason"):
            print(f"    reason: {line['reason']}")
        if wrong and line.get("error"):
            print(f"    error: {json.dumps(line['error'])}")
    if arguments.lines:
        arguments.lines.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    took = time.monotonic() - started
    print(f"{len(chosen) - failed} of {len(chosen)} verdicts as expected, {failed} not, in {took:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
