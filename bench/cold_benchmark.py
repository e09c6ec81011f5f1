"""What a plain benchmark script does with a pair, in a cold process: for comparison with a verdict.

It imports torch and triton, runs the three blocks, compares one pair of outputs with a wide tolerance, and
times a hundred calls of each side, one after the other, on the host's clock. It checks far less than
`fusewright verify` and contains nothing: run it on pairs that you trust.

    python bench/cold_benchmark.py [--interpreter] FILE

It prints {"status", "correct", "speedup", "python_ms", "triton_ms"}. Without a GPU it runs in Triton's
interpreter, with the inputs on the CPU, and times a few calls.
"""

from __future__ import annotations

import argparse
import json
import os
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
_FEW_WARM_UP, _FEW_CALLS = 1, 3
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

    interpreted = "TRITON_INTERPRET" in os.environ
    finish = (lambda: None) if interpreted else torch.cuda.synchronize
    warm_up, calls = (_FEW_WARM_UP, _FEW_CALLS) if interpreted else (_WARM_UP, _CALLS)
    for _ in range(warm_up):
        function(*arguments)
    finish()
    begun = time.perf_counter()
    for _ in range(calls):
        function(*arguments)
    finish()
    return (time.perf_counter() - begun) / calls * 1e3


def benchmark(path: Path) -> dict[str, Any]:
    """The line on one pair."""
    import torch

    text = path.read_text(encoding="utf-8")
    if "TRITON_INTERPRET" in os.environ:
        text = text.replace('"cuda"', '"cpu"')
    blocks = blocks_of(text)
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interpreter", action="store_true", help="run the kernels on the CPU")
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    if given.interpreter:
        # Triton reads it when it is imported, which the blocks do.
        os.environ["TRITON_INTERPRET"] = "1"
    try:
        line = benchmark(given.file)
    except Exception as error:
        line = {"status": "FAILED", "reason": f"{type(error).__name__}: {error}"}
    print(json.dumps(line))
    return 0 if line["status"] == "SUCCESS" else 1


if __name__ == "__main__":
    sys.exit(main())
