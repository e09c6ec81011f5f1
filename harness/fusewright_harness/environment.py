"""What the machine and its Python offer: versions, the GPU, and what cannot be done here."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

_COVERAGE_LIMIT_S = 120.0


def versions() -> dict[str, str | None]:
    """The versions of python, torch, triton and the NVIDIA driver; None for what is not there."""
    return {
        "python": platform.python_version(),
        "torch": _distribution("torch"),
        "triton": _distribution("triton"),
        "driver": _driver(),
    }


def cuda_devices() -> list[dict[str, Any]]:
    """The GPUs that pairs would be judged on. Initialises CUDA in this process."""
    import torch

    if not torch.cuda.is_available():
        return []
    return [
        _cuda_device(torch.cuda.get_device_properties(number)) for number in range(torch.cuda.device_count())
    ]


def _cuda_device(properties: Any) -> dict[str, Any]:
    return {
        "name": properties.name,
        "mode": "cuda",
        "capability": f"sm_{properties.major}{properties.minor}",
        "memory_bytes": properties.total_memory,
        "multiprocessors": properties.multi_processor_count,
        "l2_bytes": properties.L2_cache_size,
    }


def interpreter_coverage() -> dict[str, Any]:
    """``interpreter``: True, or why it cannot be used at all; ``interpreter_gaps``: what it cannot vouch for."""
    # Triton interprets for a whole process, so the check has one of its own.
    surroundings = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "fusewright_harness.interpreter.coverage"],
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
            timeout=_COVERAGE_LIMIT_S,
        )
        found = json.loads(answer.stdout.splitlines()[-1])
        return {"interpreter": found["problem"] or True, "interpreter_gaps": found["gaps"]}
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return {"interpreter": last, "interpreter_gaps": []}
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError) as error:
        return {"interpreter": f"{type(error).__name__}: {error}", "interpreter_gaps": []}


def interpreter_device(target: str) -> dict[str, Any]:
    """The CPU, as Triton's interpreter uses it; kernels are compiled for ``target`` beside it."""
    return {"name": _processor() or platform.machine(), "mode": "interpreter", "compiled_for": target}


def _distribution(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _driver() -> str | None:
    try:
        text = Path("/proc/driver/nvidia/version").read_text(errors="replace")
    except OSError:
        return None
    words = text.split("\n", 1)[0].split()
    return next((word for word in words if word[:1].isdigit() and "." in word), None)


def _processor() -> str | None:
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return None
