"""What a plain benchmark script does with a pair, in a cold process: for comparison with a verdict.

It imports torch and triton, runs the three blocks, compares one pair of outputs with a wide tolerance, and
times a hundred calls of each side, one after the other, on the host's clock. It checks far less than
`fusewright verify` and contains nothing: run it on pairs that you trust.

    python bench/cold_benchmark.py FILE     prints {"status", "correct", "speedup", "python_ms", "triton_ms"}
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MARKER = re.compile(r"^# <(/?)(PYTHON|TRITON|TEST)>[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"^def (\w+_(?:pytorch|torch|triton_wrapper|triton))\(", re.MULTILINE)
_WARM_UP, _CALLS = 10, 100
_TOLERANCE = 1e-2


def blocks_of(text: str) -> dict[str, str]:
    """The text of each block."""
    marks = list(_MARKER.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[2]: text[mark.end() : end] for mark, end in zip(marks, ends, strict=True) if not mark[1]}


def run_block(code: str, folder: str, name: str) -> dict[str, Any]:
    """Runs one block as a file of its own: triton reads a kernel's source from there."""
    path = Path(folder, f"{name}.py")
    path.write_text(code, encoding="utf-8")
    space: dict[str, Any] = {"__name__": name, "__file__": str(path)}
    exec(compile(code, str(path), "exec"), space)
    return space


def milliseconds(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """The mean time of a call as the host sees a hundred of them."""
    import torch

    for _ in range(_WARM_UP):
        function(*arguments)
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(_CALLS):
        function(*arguments)
    torch.cuda.synchronize()
    return (time.perf_counter() - begun) / _CALLS * 1e3


def benchmark(path: Path) -> dict[str, Any]:
    """The line on one pair."""
    import torch

    blocks = blocks_of(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        python, triton, test = (
            run_block(blocks[name], folder, name.lower()) for name in ("PYTHON", "TRITON", "TEST")
        )
        reference = python[_NAME.findall(blocks["PYTHON"])[-1]]
        candidate = triton[_NAME.findall(blocks["TRITON"])[-1]]
        given = test["get_test_inputs"]()
        arguments = given if isinstance(given, tuple) else (given,)
        expected, got = reference(*arguments), candidate(*arguments)
        pairs = zip(expected, got, strict=True) if isinstance(expected, tuple) else [(expected, got)]
        correct = all(torch.allclose(a.float(), b.float(), _TOLERANCE, _TOLERANCE) for a, b in pairs)
        python_ms, triton_ms = milliseconds(reference, arguments), milliseconds(candidate, arguments)
    return {
        "status": "SUCCESS",
        "correct": correct,
        "speedup": round(python_ms / triton_ms, 3),
        "python_ms": round(python_ms, 5),
        "triton_ms": round(triton_ms, 5),
    }


def main() -> int:
    """Prints the line on the file named by the only argument."""
    if len(sys.argv) != 2:
        print("usage: cold_benchmark.py FILE", file=sys.stderr)
        return 2
    try:
        line = benchmark(Path(sys.argv[1]))
    except Exception as error:
        line = {"status": "FAILED", "reason": f"{type(error).__name__}: {error}"}
    print(json.dumps(line))
    return 0 if line["status"] == "SUCCESS" else 1


if __name__ == "__main__":
    sys.exit(main())
