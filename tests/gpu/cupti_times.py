"""Device times by CUPTI, for comparison: runs a pair's TRITON block in this process under torch's profiler.

Prints one JSON object: the median milliseconds from the first kernel's start to the last one's end of a call
on a cold L2. Run it on pairs that you trust: nothing contains it.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

import torch
from pairs import read_pair, text_of
from torch.profiler import ProfilerActivity, profile

CALLS = 30


def load(code: str, folder: Path, name: str) -> dict[str, object]:
    """Runs one block as a file of its own: triton reads its kernels' source from there."""
    path = folder / f"{name}.py"
    path.write_text(code, encoding="utf-8")
    space: dict[str, object] = {"__name__": name, "__file__": str(path)}
    exec(compile(code, str(path), "exec"), space)
    return space


def spans(function: object, arguments: tuple[object, ...]) -> list[float]:
    """The milliseconds of each call, by CUPTI."""
    flush = torch.empty(256 << 20, dtype=torch.uint8, device="cuda")
    function(*arguments)
    torch.cuda.synchronize()
    found = []
    for _ in range(CALLS):
        copies = [part.clone() if isinstance(part, torch.Tensor) else part for part in arguments]
        flush.zero_()
        torch.cuda.synchronize()
        with profile(activities=[ProfilerActivity.CUDA]) as profiler:
            torch.cuda._sleep(200_000)
            function(*copies)
            torch.cuda.synchronize()
        kernels = [
            event
            for event in profiler.events()
            if event.device_type == torch.autograd.DeviceType.CUDA and "spin" not in event.name
        ]
        if kernels:
            begin = min(event.time_range.start for event in kernels)
            found.append((max(event.time_range.end for event in kernels) - begin) / 1e3)
    return found


def main() -> int:
    """Measures the pairs named as arguments, in their larger form."""
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(sys.argv[1:]):
            pair = read_pair(name, text_of(name, larger=True))
            triton = load(pair["triton"]["code"], Path(folder), f"triton_{number}")
            test = load(pair["test"]["code"], Path(folder), f"test_{number}")
            given = test["get_test_inputs"]()
            given = given if isinstance(given, tuple) else (given,)
            times[name] = statistics.median(spans(triton[pair["entry"]["candidate"]], given))
    print(json.dumps(times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
