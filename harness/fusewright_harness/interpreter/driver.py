"""A triton driver for a machine without a GPU, so that autotune, `driver.active` and the compiler find a target."""

from __future__ import annotations

import glob
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.backends.driver import DriverBase

if TYPE_CHECKING:
    from collections.abc import Callable

# Shared memory that one block may have once the kernel asks for it, in bytes, by compute capability: the row "maximum
# amount of shared memory per thread block" of the table of technical specifications in NVIDIA's CUDA C++ programming
# guide, 96, 64, 163, 99 or 227 KiB.
_SHARED_BYTES = {
    70: 98304,
    72: 98304,
    75: 65536,
    80: 166912,
    86: 101376,
    87: 166912,
    89: 101376,
    90: 232448,
    100: 232448,
    103: 232448,
    110: 232448,
    120: 101376,
    121: 101376,
}
# Of the largest card of each, for kernels that are as many programs as there are multiprocessors.
_MULTIPROCESSORS = {
    70: 80,
    72: 8,
    75: 72,
    80: 108,
    86: 84,
    87: 16,
    89: 142,
    90: 132,
    100: 148,
    103: 148,
    110: 20,
    120: 170,
    121: 48,
}


def capability_of(target: str) -> int:
    """The compute capability, as triton counts it (90 for 9.0), of a target such as ``sm_90`` or ``sm_90a``.

    Raises:
        ValueError: the target is not of that form or not known.

    """
    digits = target.removeprefix("sm_").rstrip("af")
    if not target.startswith("sm_") or not digits.isdigit() or int(digits) not in _SHARED_BYTES:
        known = ", ".join(f"sm_{capability}" for capability in _SHARED_BYTES)
        raise ValueError(f"the target {target!r} is not known: choose one of {known}")
    return int(digits)


def shared_memory_limit(capability: int) -> int:
    """Bytes of shared memory that one block may have on a card of this compute capability."""
    return _SHARED_BYTES[capability]


def refusal(target: str) -> str | None:
    """Why this triton's own tools cannot compile for ``target``, in one sentence, or None where they can."""
    architecture = f"sm_{capability_of(target)}"
    # Some versions bring a second assembler for the newest cards.
    assemblers = glob.glob(
        os.path.join(os.path.dirname(triton.__file__), "backends", "nvidia", "bin", "ptxas*")
    )
    if not assemblers or any(_knows(assembler, architecture) for assembler in assemblers):
        return None
    return (
        f"triton {triton.__version__} knows no {architecture}: set `verify.target` to an older one, "
        "or use a newer triton"
    )


def _knows(assembler: str, architecture: str) -> bool:
    command = [assembler, f"--gpu-name={architecture}", os.devnull, "-o", os.devnull]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return True
    # Where it knows the architecture it finds fault with the empty input.
    return "is not defined for option 'gpu-name'" not in answer.stderr


class _Utilities:
    def __init__(self, capability: int) -> None:
        self._capability = capability

    def get_device_properties(self, _device: int) -> dict[str, int]:
        return {
            "max_shared_mem": shared_memory_limit(self._capability),
            "max_num_regs": 65536,
            "multiprocessor_count": _MULTIPROCESSORS[self._capability],
            "warpSize": 32,
            "sm_clock_rate": 1980000,
            "mem_clock_rate": 2619000,
            "mem_bus_width": 5120,
        }


class SimulatedDriver(DriverBase):
    """Answers triton's questions about the device as a card of the given compute capability would."""

    def __init__(self, capability: int = 90) -> None:
        self._capability = capability
        self.utils = _Utilities(capability)

    @classmethod
    def is_active(cls) -> bool:
        """Whether the driver can be used: always."""
        return True

    def map_python_to_cpp_type(self, ty: str) -> str:
        """The C type of a triton type; only a launcher would need it."""
        return ty

    def get_current_target(self) -> GPUTarget:
        """The target that kernels are compiled for."""
        return GPUTarget("cuda", self._capability, 32)

    def get_active_torch_device(self) -> torch.device:
        """Where tensors live: the CPU."""
        return torch.device("cpu")

    def get_current_device(self) -> int:
        """The device's number."""
        return 0

    def set_current_device(self, _device: int) -> None:
        """Do nothing: there is one device."""

    def get_current_stream(self, _device: int | None = None) -> int:
        """The stream's handle."""
        return 0

    def get_device_capability(self, _device: int | None = None) -> tuple[int, int]:
        """The compute capability."""
        return self._capability // 10, self._capability % 10

    def get_device_interface(self) -> Any:
        """The module with events and `synchronize`; `cuda_on_cpu` makes it work without a GPU."""
        return torch.cuda

    def get_empty_cache_for_benchmark(self) -> torch.Tensor:
        """A buffer to flush a cache with: none to flush."""
        return torch.empty(1)

    def clear_cache(self, _cache: torch.Tensor) -> None:
        """Do nothing."""

    def get_benchmarker(self) -> Callable[..., Any]:
        """A benchmarker that runs a kernel once by the host's clock: there is no device time to measure."""

        def benchmark(kernel_call: Callable[[], object], *, quantiles: Any = None, **_options: Any) -> Any:
            start = time.perf_counter()
            kernel_call()
            milliseconds = (time.perf_counter() - start) * 1e3
            return [milliseconds] * len(quantiles) if quantiles else milliseconds

        return benchmark


def install(capability: int = 90) -> None:
    """Make the simulated driver triton's active one."""
    triton.runtime.driver.set_active(SimulatedDriver(capability))
